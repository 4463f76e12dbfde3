"""Cninfo's replies: distributions of A-shares that were carried out."""

from __future__ import annotations

from typing import Any

from screener.data.lake.schema import TableName
from screener.domain.listing import Listing
from tests.support.canned.market import CannedMarket
from tests.support.transport import Router, Sent


def serve(router: Router, market: CannedMarket) -> None:
    """Answer for the mainland's shares; one without distributions has no record."""
    known = mainland(market)

    def answer(sent: Sent) -> dict[str, Any]:
        listing = known.get(sent.query["scode"])
        rows = [] if listing is None else market.rows(TableName.ACTIONS, listing.id)
        records = [record(row) for row in rows]
        return {"resultcode": 200, "total": len(records), "records": records}

    router.add("webapi.cninfo.com.cn/api/sysapi/p_sysapi1139", answer)


def mainland(market: CannedMarket) -> dict[str, Listing]:
    """Mainland listings by code."""
    return {item.code: item for item in market.listings if item.exchange.mainland}


def per_ten(value: Any) -> float | None:
    """A term for 10 shares, empty for nothing, as vendors write it."""
    return round(float(value) * 10, 10) or None


def split_bonus(bonus: Any) -> tuple[float | None, float | None]:
    """Bonus and conversion for 10 shares that add up to a bonus per share."""
    shares = round(float(bonus) * 10, 10)
    given = float(int(shares // 2))
    return given or None, round(shares - given, 10) or None


def plan_text(row: dict[str, Any]) -> str:
    """The plan as a sentence."""
    given, converted = split_bonus(row["bonus"])
    parts = [
        f"{word}{value:g}{unit}"
        for word, value, unit in (
            ("送", given, "股"),
            ("转增", converted, "股"),
            ("派", per_ten(row["cash"]), "元(含税)"),
        )
        if value
    ]
    return "10" + "".join(parts)


def record(row: dict[str, Any]) -> dict[str, Any]:
    """One record of the reply."""
    given, converted = split_bonus(row["bonus"])
    return {
        "F001V": f"{row['ex_session'].year - 1}年报",
        "F006D": f"{row['announced']}",
        "F007V": plan_text(row),
        "F010N": given,
        "F011N": converted,
        "F012N": per_ten(row["cash"]),
        "F018D": f"{row['record_date']}",
        "F020D": f"{row['ex_session']}",
        "F023D": f"{row['pay_date']}",
        "F025D": f"{row['ex_session']}" if row["bonus"] else None,
        "F044V": "年度分红",
    }
