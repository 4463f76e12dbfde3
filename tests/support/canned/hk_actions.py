"""Eastmoney's replies: Hong Kong dividends, with the plan as a sentence."""

from __future__ import annotations

from typing import Any

from screener.data.lake.schema import TableName
from screener.domain.listing import Exchange
from tests.support.canned.eastmoney_values import code_in
from tests.support.canned.market import CannedMarket
from tests.support.transport import Router, Sent


def serve(router: Router, market: CannedMarket) -> None:
    """Answer for the Hong Kong listings; one without dividends has no result."""
    known = {item.code: item for item in market.listings if item.exchange is Exchange.HK}

    def answer(sent: Sent) -> dict[str, Any]:
        listing = known.get(code_in(sent))
        rows = [] if listing is None else market.rows(TableName.ACTIONS, listing.id)
        return reply([record(row, plan(row, place)) for place, row in enumerate(rows)])

    router.add("RPT_HKF10_MAIN_DIVBASIC", answer)


def reply(records: list[dict[str, Any]]) -> dict[str, Any]:
    """The whole reply."""
    return {"result": {"pages": 1, "data": records} if records else None, "success": bool(records)}


def record(row: dict[str, Any], text: str) -> dict[str, Any]:
    """One record; the register is closed for some days, the last of which counts."""
    closed = f"{row['record_date']:%Y/%m/%d}"
    return {
        "SECURITY_CODE": "00000",
        "UPDATE_DATE": f"{row['announced']} 00:00:00",
        "REPORT_TYPE": "年度分配",
        "EX_DIVIDEND_DATE": f"{row['ex_session']:%Y/%m/%d}",
        "DIVIDEND_DATE": f"{row['pay_date']:%Y/%m/%d}",
        "TRANSFER_END_DATE": f"2000/01/03-{closed}" if row["ex_session"].day % 2 else closed,
        "YEAR": f"{row['ex_session'].year - 1}",
        "PLAN_EXPLAIN": text,
        "IS_BFP": "0",
    }


def plan(row: dict[str, Any], style: int) -> str:
    """The plan in one of several wordings."""
    cash, split, bonus = float(row["cash"]), float(row["split"]), float(row["bonus"])
    amount = f"{cash:.10g}"
    wordings = (
        f"每股派港币{amount}元",
        f"每股派{amount}港元",
        f"每股派人民币9元(相当于港币{amount}元)",
    )
    parts = [wordings[style % len(wordings)]] if cash else []
    if bonus:
        parts.append(f"每10股送{bonus * 10:.10g}股")
    if split > 1:
        parts.append(f"每1股拆细为{split:.10g}股")
    if split < 1:
        parts.append(f"每{1 / split:.10g}股合并为1股")
    return ",".join(parts)
