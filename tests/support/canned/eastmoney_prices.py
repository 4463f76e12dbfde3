"""Eastmoney's replies: daily bars as comma-separated lines, and the list of Hong Kong indices."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any

from screener.domain.listing import Exchange, Listing
from tests.support.canned.market import CannedMarket
from tests.support.transport import Router, Sent

MARKETS = {Exchange.SH: "1", Exchange.SZ: "0", Exchange.BJ: "0", Exchange.HK: "116"}
HK_INDICES = "100"


def serve(router: Router, market: CannedMarket) -> None:
    """Answer for every listing and index, under Eastmoney's market numbers."""
    known = {_secid(item, index=False): item for item in market.listings}
    known |= {_secid(item, index=True): item for item in market.indices}

    @cache
    def lines_of(secid: str) -> list[tuple[date, list[str]]]:
        listing = known[secid]
        lot = 100 if listing.exchange.mainland else 1
        return [(row["session"], _cells(row, lot)) for row in market.traded(listing.id)]

    def klines(sent: Sent) -> dict[str, Any]:
        secid = sent.query["secid"]
        if secid not in known:
            return {"rc": 100, "data": None}
        start, end = sent.query.get("beg", "19700101"), sent.query["end"]
        width = sum(1 for field in sent.query["fields2"].split(",") if field != "f116")
        lines = [
            ",".join([*cells, *["0.00"] * width][:width])
            for day, cells in lines_of(secid)
            if start <= f"{day:%Y%m%d}" <= end
        ]
        return {"rc": 0, "data": {"code": secid.split(".")[1], "klines": lines}}

    def hong_kong_indices(_: Sent) -> dict[str, Any]:
        rows = [_listed_index(item.code) for item in market.indices if item.exchange is Exchange.HK]
        return {"rc": 0, "data": {"total": len(rows), "diff": rows}}

    router.add("push2his.eastmoney.com/api/qt/stock/kline/get", klines)
    router.add("15.push2.eastmoney.com/api/qt/clist/get", hong_kong_indices)


def _secid(listing: Listing, *, index: bool) -> str:
    if index and listing.exchange is Exchange.HK:
        return f"{HK_INDICES}.{listing.code}"
    return f"{MARKETS[listing.exchange]}.{listing.code}"


def _cells(row: dict[str, Any], lot: int) -> list[str]:
    volume = row["volume"] if row["volume"] is not None else row["amount"] / 10
    return [
        f"{row['session']}",
        *(f"{row[field]:.3f}" for field in ("open", "close", "high", "low")),
        f"{volume / lot:.0f}",
        f"{row['amount']:.2f}",
    ]


def _listed_index(code: str) -> dict[str, Any]:
    numbers = {f"f{number}": 1.0 for number in (2, 3, 4, 5, 6, 15, 16, 17, 18)}
    return {**numbers, "f12": code, "f13": int(HK_INDICES), "f14": code}
