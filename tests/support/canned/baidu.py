"""Baidu's replies: one indicator of a Hong Kong security by calendar day, through curl_cffi."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any
from unittest import mock

import curl_cffi.requests
import requests

from screener.data.lake.schema import TableName
from screener.domain.listing import Exchange
from tests.support.canned.market import CannedMarket
from tests.support.transport import Router, Sent

FIELDS = {
    "总市值": ("market_cap", 1e-8),
    "市盈率(TTM)": ("pe_ttm", 1),
    "市盈率(静)": ("pe_static", 1),
    "市净率": ("pb", 1),
    "市现率": ("pcf_ttm", 1),
}
"""Field of each indicator, and what brings ours to Baidu's unit."""

_FRIDAY = 4


def serve(router: Router, market: CannedMarket) -> None:
    """Answer for the Hong Kong listings; a Friday's value stands on the weekend too."""
    known = {item.code: item for item in market.listings if item.exchange is Exchange.HK}

    def answer(sent: Sent) -> dict[str, Any]:
        listing = known.get(sent.query["code"])
        field, factor = FIELDS[sent.query["tag"]]
        rows = [] if listing is None else market.rows(TableName.VALUATION, listing.id)
        points = [(day, _scaled(row[field], factor)) for row in rows for day in _days(row)]
        return reply(points)

    router.add("finance.baidu.com/opendata", answer)


def reply(points: list[tuple[date, float | None]]) -> dict[str, Any]:
    """The whole reply."""
    body = [[f"{day}", None if value is None else f"{value!r}"] for day, value in points]
    result = {"tplData": {"result": {"chartInfo": [{"body": body}]}}}
    return {"ResultCode": "0", "Result": [{"DisplayData": {"resultData": result}}]}


@contextmanager
def curl(router: Router, market: CannedMarket) -> Iterator[Router]:
    """Send what is asked through curl_cffi to the router."""

    def get(url: str, **options: Any) -> requests.Response:
        request = requests.Request("GET", url, params=options.get("params")).prepare()
        return router.send(request, options.get("timeout"))

    with mock.patch.object(curl_cffi.requests, "get", get):
        yield router


def _scaled(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def _days(row: dict[str, Any]) -> list[date]:
    after = 2 if row["session"].weekday() == _FRIDAY else 0
    return [row["session"] + timedelta(days=step) for step in range(after + 1)]
