"""Shenwan Research's replies: the history of an industry's index, told as that of the market."""

from __future__ import annotations

from functools import cache
from typing import Any

from screener.market.industries import industry_indices
from tests.support.canned.market import CannedMarket
from tests.support.transport import Router, Sent

TOLD_AS = "000300.SH"
"""Index of the simulated market whose bars stand for those of every industry."""


def serve(router: Router, market: CannedMarket) -> None:
    """Answer for the indices of the first level; others have no rows."""
    known = {item.listing.code for item in industry_indices()}

    @cache
    def rows() -> list[dict[str, Any]]:
        return [_row(row) for row in market.traded(TOLD_AS)]

    def trend(sent: Sent) -> dict[str, Any]:
        code = sent.query["swindexcode"]
        found = [{"swindexcode": code, **row} for row in rows()] if code in known else []
        return {"code": 200, "data": found}

    router.add("www.swsresearch.com/institute-sw/api/index_publish/trend", trend)


def _row(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "bargaindate": f"{row['session']:%Y-%m-%d}",
        "openindex": row["open"],
        "maxindex": row["high"],
        "minindex": row["low"],
        "closeindex": row["close"],
        "hike": 0.0,
        "markup": 0.0,
        "bargainamount": 1.5,
        "bargainsum": 20.0,
    }
