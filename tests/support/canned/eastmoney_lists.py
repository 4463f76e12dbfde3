"""Eastmoney's lists of a whole market: pages of 100, named by place, padded to a market's size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from functools import cache, partial
from itertools import count
from typing import Any
from unittest import mock

import pyarrow.compute as pc

from screener.data.lake.schema import TableName
from screener.data.sources.online.providers.eastmoney_lists import (
    EastmoneyHkSessionList,
    EastmoneySessionList,
)
from screener.data.update import session_list
from screener.domain.listing import Exchange, Listing
from tests.support.canned.exchanges import padded
from tests.support.canned.market import CannedMarket
from tests.support.transport import Router, Sent
from tests.support.wire_replies import SPOT_KEYS

SIZES = {True: 4520, False: 2040}
HOSTS = {True: "82.push2.eastmoney.com", False: "72.push2.eastmoney.com"}
ELIGIBLE = 310
ELIGIBLE_KEYS = (
    *(f"f{number}" for number in range(1, 27)),
    *("f33", "f62", "f115", "f128", "f140", "f141", "f136", "f152"),
)

Row = dict[str, Any]


@contextmanager
def small() -> Iterator[None]:
    """Let one name be many, and lists of two pages be those of a market."""
    providers = (EastmoneySessionList, EastmoneyHkSessionList)
    with ExitStack() as stack:
        stack.enter_context(mock.patch.object(session_list, "MANY", 1))
        stack.enter_context(mock.patch.dict(SIZES, {True: 120, False: 110}))
        for provider in providers:
            stack.enter_context(mock.patch.dict(provider.upstream.extra, {"floor": 100}))
        yield


def serve(router: Router, market: CannedMarket, day: date | None = None) -> None:
    """Answer with the lists as they stand after a session; the market's last one by default."""
    last = day or pc.max(market.tables[TableName.BARS]["session"]).as_py()
    for mainland, host in HOSTS.items():
        made = cache(partial(listed, market, last, mainland=mainland))
        router.add(f"{host}/api/qt/clist/get", lambda sent, made=made: _page(made(), sent))
    asked = cache(partial(eligible, market))
    router.add("33.push2.eastmoney.com/api/qt/clist/get", lambda sent: _page(asked(), sent))


def eligible(market: CannedMarket, *, without: Iterable[str] = ()) -> list[Row]:
    """Return the securities that mainland investors may buy: every one of Hong Kong's here."""
    own = [item.code for item in market.listings if not item.exchange.mainland]
    named = [{"code": code} for code in own if code not in set(without)]
    rows = padded(market, named, _codes(mainland=False), ELIGIBLE)
    return [{**dict.fromkeys(ELIGIBLE_KEYS, 0.5), "f12": row["code"]} for row in rows]


def listed(market: CannedMarket, day: date, *, mainland: bool) -> list[Row]:
    """Return the rows of one list."""
    own = [item for item in market.listings if item.exchange.mainland == mainland]
    rows = [row for item in own if (row := _row(market, item, day)) is not None]
    lot = 100 if mainland else 1
    others = padded(
        market, ({"code": row["f12"]} for row in rows), _codes(mainland), SIZES[mainland]
    )
    named = {row["f12"]: row for row in rows}
    return [named.get(row["code"]) or _quote(row["code"], "样本", _FILLER, lot) for row in others]


_FILLER = {
    **dict.fromkeys(("open", "high", "low", "close", "reference"), 10.0),
    "volume": 1e6,
    "amount": 1e7,
    "pb": 1.5,
    "market_cap": 1e9,
    "float_cap": 5e8,
}


def _codes(mainland: bool) -> Iterable[str]:
    start, width = (600000, 6) if mainland else (1, 5)
    return (f"{number:0{width}d}" for number in count(start))


def _row(market: CannedMarket, listing: Listing, day: date) -> Row | None:
    bars = [row for row in market.rows(TableName.BARS, listing.id) if row["session"] <= day]
    if len(bars) < 2:
        return None
    lot, mainland = (100, True) if listing.exchange.mainland else (1, False)
    if bars[-1]["session"] != day or day in market.suspended(listing.id):
        told = {"close": bars[-1]["close"], "reference": bars[-1]["close"]}
        return _quote(listing.code, market.name(listing.id), told, lot)
    values = [row for row in market.rows(TableName.VALUATION, listing.id) if row["session"] == day]
    told = {**bars[-1], "reference": _reference(market, listing, bars[-2]["close"], day)}
    if mainland and values:
        told |= {key: values[0][key] for key in ("pb", "market_cap", "float_cap")}
    return _quote(listing.code, market.name(listing.id), told, lot)


def _reference(market: CannedMarket, listing: Listing, close: float, day: date) -> float:
    """The close before, less what is distributed on the day where an exchange takes it down."""
    if listing.exchange is Exchange.HK:
        return close
    for row in market.rows(TableName.ACTIONS, listing.id):
        if row["ex_session"] == day:
            new = 1 + (row["bonus"] or 0)
            return round((close - (row["cash"] or 0)) / new * (row["split"] or 1), 2)
    return close


def _quote(code: str, name: str, told: Row, lot: int) -> Row:
    volume = told.get("volume")
    cells = {
        "f2": told["close"],
        "f5": None if volume is None else round(volume / lot),
        "f6": told.get("amount"),
        "f12": code,
        "f14": name,
        "f15": told.get("high"),
        "f16": told.get("low"),
        "f17": told.get("open"),
        "f18": told["reference"],
        "f20": told.get("market_cap"),
        "f21": told.get("float_cap"),
        "f23": told.get("pb"),
    }
    sent = {key: "-" if value is None else value for key, value in cells.items()}
    return {**dict.fromkeys(SPOT_KEYS, 0.5), **sent}


def _pages(rows: list[Row]) -> Any:
    return lambda sent: _page(rows, sent)


def _page(rows: list[Row], sent: Sent) -> Row:
    size, number = int(sent.query["pz"]), int(sent.query["pn"])
    part = rows[(number - 1) * size : number * size]
    return {"rc": 0, "data": {"total": len(rows), "diff": part} if part else None}
