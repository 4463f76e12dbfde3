"""Tencent's replies: daily bars two years at a time, and the week in which a history begins."""

from __future__ import annotations

import json
from datetime import date
from functools import cache
from typing import Any

from screener.domain.listing import Exchange, Listing
from tests.support.canned.market import CannedMarket
from tests.support.transport import Router, Sent

# Prefixes whose volume comes in shares; it comes in lots for all others.
IN_SHARES = ("sh688", "sz399", "sh000")


def serve(router: Router, market: CannedMarket) -> None:
    """Answer for the Shanghai and Shenzhen listings and indices; Tencent has none of Beijing."""
    known = {
        f"{item.exchange.lower()}{item.code}": item
        for item in (*market.listings, *market.indices)
        if item.exchange in (Exchange.SH, Exchange.SZ)
    }

    @cache
    def rows_of(symbol: str) -> list[tuple[date, list[object]]]:
        listing = known.get(symbol)
        return [] if listing is None else _rows(market, listing, symbol)

    def trends(sent: Sent) -> str:
        rows = rows_of(sent.query["code"])
        points = [[f"{rows[0][0]}", "0.1"], [f"{rows[-1][0]}", "0.2"]] if rows else []
        return _said(sent, points)

    def klines(sent: Sent) -> str:
        symbol, _, first, last, count, *_ = sent.query["param"].split(",")
        start = date.fromisoformat(first or "1900-01-01")
        end = date.fromisoformat(last or "2999-12-31")
        found: dict[str, Any] = {"qt": {}, "mx_price": {}, "version": "16"}
        if rows := rows_of(symbol):
            found["day"] = [row for day, row in rows if start <= day <= end][-int(count) :]
        return _said(sent, {symbol: found})

    router.add("web.ifzq.gtimg.cn/other/klineweb/klineWeb/weekTrends", trends)
    router.add("proxy.finance.qq.com/ifzqgtimg/appstock/app/newfqkline/get", klines)


def _said(sent: Sent, data: object) -> str:
    reply = {"code": 0, "msg": "", "data": data}
    return f"{sent.query['_var']}={json.dumps(reply, separators=(',', ':'))}"


def _rows(market: CannedMarket, listing: Listing, symbol: str) -> list[tuple[date, list[object]]]:
    index = listing in market.indices
    per_lot = 1 if symbol.startswith(IN_SHARES) else 100
    return [
        (row["session"], _index_row(row) if index else _row(row, per_lot))
        for row in market.traded(listing.id)
    ]


def _prices(row: dict[str, Any]) -> list[object]:
    return [
        f"{row['session']}",
        *(f"{row[field]:.3f}" for field in ("open", "close", "high", "low")),
    ]


def _row(row: dict[str, Any], per_lot: int) -> list[object]:
    volume, amount = f"{row['volume'] / per_lot:.3f}", f"{row['amount'] / 10_000:.2f}"
    return [*_prices(row), volume, {}, "0.60", amount, ""]


def _index_row(row: dict[str, Any]) -> list[object]:
    return [*_prices(row), f"{row['amount'] / 1_000:.3f}"]
