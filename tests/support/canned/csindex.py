"""China Securities Index's replies: the performance table of an index."""

from __future__ import annotations

from functools import cache
from typing import Any

from screener.domain.listing import Exchange
from tests.support.canned.market import CannedMarket
from tests.support.transport import Router, Sent


def serve(router: Router, market: CannedMarket) -> None:
    """Answer for the indices written with a Shanghai code."""
    known = {item.code: item.id for item in market.indices if item.exchange is Exchange.SH}

    @cache
    def rows_of(code: str) -> list[dict[str, Any]]:
        return [_row(row, code) for row in market.traded(known[code])] if code in known else []

    def perf(sent: Sent) -> dict[str, Any]:
        start, end = sent.query["startDate"], sent.query["endDate"]
        rows = rows_of(sent.query["indexCode"])
        return {"code": "200", "data": [row for row in rows if start <= row["tradeDate"] <= end]}

    router.add("www.csindex.com.cn/csindex-home/perf/index-perf", perf)


def _row(row: dict[str, Any], code: str) -> dict[str, Any]:
    return {
        "tradeDate": f"{row['session']:%Y%m%d}",
        "indexCode": code,
        "indexNameCnAll": code,
        "indexNameCn": code,
        "indexNameEnAll": code,
        "indexNameEn": code,
        "open": row["open"],
        "high": row["high"],
        "low": row["low"],
        "close": row["close"],
        "change": 0.0,
        "changePct": 0.0,
        "tradingVol": round(row["amount"] / 1e7, 2),
        "tradingValue": round(row["amount"] / 1e8, 2),
        "consNumber": 300,
        "peg": 12.34,
    }
