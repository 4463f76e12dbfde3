"""Replies of Sina's snapshot of Hong Kong, and of Eastmoney's profiles."""

from __future__ import annotations

import re
from itertools import count
from typing import Any

from screener.data.lake.schema import TableName
from screener.domain.listing import Exchange
from tests.support.canned.exchanges import padded, present
from tests.support.canned.market import CannedMarket
from tests.support.transport import Router, Sent

SIZE = 2040
SINA_KEYS = (
    *("symbol", "name", "engname", "tradetype", "lasttrade", "prevclose", "open", "high", "low"),
    *("volume", "currentvolume", "amount", "ticktime", "buy", "sell", "high_52week"),
    *("low_52week", "eps", "dividend", "stocks_sum", "pricechange", "changepercent"),
    *("market_value", "pe_ratio"),
)
"""The wrapper names the columns by their place."""


def serve(router: Router, market: CannedMarket) -> None:
    """Answer for the market's snapshots and for each listing's profile."""
    codes = (f"{number:05d}" for number in count(1))
    rows = padded(market, present(market, Exchange.HK), codes, SIZE)
    router.add("Market_Center.getHKStockData", lambda sent: _sina(rows, sent))
    router.add("RPT_HKF10_INFO_SECURITYINFO", lambda sent: _profile(market, sent))


def english(code: str) -> str:
    """Return the English name that Sina's reply gives to a code."""
    return f"SAMPLE {code}"


def _sina(rows: list[dict[str, Any]], sent: Sent) -> list[dict[str, Any]]:
    size = int(sent.query["num"])
    first = (int(sent.query["page"]) - 1) * size
    return [
        dict.fromkeys(SINA_KEYS, "0")
        | {
            "symbol": row["code"],
            "name": row["name"],
            "engname": english(row["code"]),
            "tradetype": "EQTY",
        }
        for row in rows[first : first + size]
    ]


def _profile(market: CannedMarket, sent: Sent) -> dict[str, Any]:
    found = re.search(r"\d{5}\.HK", sent.query["filter"])
    name = found[0] if found else ""
    lots, listed = market.rows(TableName.BOARD_LOTS, name), market.rows(TableName.LISTINGS, name)
    if not lots:
        return {"result": None, "success": False, "message": "返回数据为空"}
    list_date = listed[0]["list_date"]
    row = {
        "SECUCODE": name,
        "SECURITY_CODE": name[:5],
        "SECURITY_NAME_ABBR": market.name(name),
        "SECURITY_TYPE": "非H股",
        "LISTING_DATE": f"{list_date} 00:00:00",
        "TRADE_UNIT": lots[-1]["lot"],
        **dict.fromkeys(("ISSUE_PRICE", "ISSUE_NUM", "PAR_VALUE"), 1.0),
        **dict.fromkeys(("TRADE_MARKET", "BOARD", "YEAR_SETTLE_DAY", "ISIN_CODE"), "-"),
        **dict.fromkeys(("GANGGUTONGBIAODIHU", "GANGGUTONGBIAODISHEN"), "是"),
    }
    return {"result": {"data": [row]}, "success": True}
