"""Eastmoney's replies: plans of distribution of A-shares, in every state."""

from __future__ import annotations

from typing import Any

from screener.data.lake.schema import TableName
from tests.support.canned.cninfo import mainland, per_ten, plan_text, split_bonus
from tests.support.canned.eastmoney_values import code_in
from tests.support.canned.market import CannedMarket
from tests.support.transport import Router, Sent

FIELDS = (
    *("SECUCODE", "SECURITY_NAME_ABBR", "SECURITY_INNER_CODE", "ORG_CODE", "SECURITY_CODE"),
    *("BONUS_IT_RATIO", "BONUS_RATIO", "IT_RATIO", "PRETAX_BONUS_RMB", "PUBLISH_DATE"),
    *("EQUITY_RECORD_DATE", "EX_DIVIDEND_DATE", "REPORT_DATE", "ASSIGN_PROGRESS"),
    *("IMPL_PLAN_PROFILE", "NOTICE_DATE", "IS_UNASSIGN", "ASSIGN_OBJECT", "IS_LAST"),
    *("BASIC_EPS", "BVPS", "PER_CAPITAL_RESERVE", "PER_UNASSIGN_PROFIT", "PNP_YOY_RATIO"),
    *("TOTAL_SHARES", "PLAN_NOTICE_DATE", "DIVIDENT_RATIO", "BD10", "D10", "D30"),
)
"""The wrapper names the columns by their place."""


def serve(router: Router, market: CannedMarket) -> None:
    """Answer for the mainland's shares: what was carried out, a proposal, and a year of nothing."""
    known = mainland(market)

    def answer(sent: Sent) -> dict[str, Any]:
        listing = known.get(code_in(sent))
        rows = [] if listing is None else market.rows(TableName.ACTIONS, listing.id)
        if not rows:
            return {"result": None, "success": False, "message": "返回数据为空"}
        plans = [_open("董事会决议通过", 9.9), _open("不分配", None), *map(plan, rows)]
        return {"result": {"pages": 1, "data": plans, "count": len(plans)}, "success": True}

    router.add("RPT_SHAREBONUS_DET", answer)


def plan(row: dict[str, Any]) -> dict[str, Any]:
    """One plan that was carried out."""
    given, converted = split_bonus(row["bonus"])
    return dict.fromkeys(FIELDS) | {
        "BONUS_IT_RATIO": per_ten(row["bonus"]),
        "BONUS_RATIO": given,
        "IT_RATIO": converted,
        "PRETAX_BONUS_RMB": per_ten(row["cash"]),
        "EQUITY_RECORD_DATE": f"{row['record_date']} 00:00:00",
        "EX_DIVIDEND_DATE": f"{row['ex_session']} 00:00:00",
        "REPORT_DATE": f"{row['ex_session'].year - 1}-12-31 00:00:00",
        "ASSIGN_PROGRESS": "实施分配",
        "IMPL_PLAN_PROFILE": plan_text(row),
        "NOTICE_DATE": f"{row['announced']} 00:00:00",
    }


def _open(state: str, cash: float | None) -> dict[str, Any]:
    return dict.fromkeys(FIELDS) | {
        "PRETAX_BONUS_RMB": cash,
        "REPORT_DATE": "2025-12-31 00:00:00",
        "ASSIGN_PROGRESS": state,
        "NOTICE_DATE": "2026-04-10 00:00:00",
    }
