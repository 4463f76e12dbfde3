"""Eastmoney's list of the halts that are in force on a day."""

from __future__ import annotations

import re
from datetime import date
from functools import cache
from typing import Any

from screener.domain.listing import Listing
from screener.market.calendars import calendar_of
from tests.support.canned.market import CannedMarket
from tests.support.transport import Router, Sent

Row = dict[str, Any]
WITHIN = ("600998", "盘中停牌")
"""A share in no table that is halted for an hour every day."""


def serve(router: Router, market: CannedMarket) -> None:
    """Answer for any day with the suspensions that are in force."""

    @cache
    def rows() -> list[Row]:
        mainland = [item for item in market.listings if item.exchange.mainland]
        return [row for listing in mainland for row in _spells(market, listing)]

    router.add("RPT_CUSTOM_SUSPEND_DATA_INTERFACE", lambda sent: _reply(rows(), sent))


def halt(code: str, first: date, last: date | None, term: str, resume: date | None = None) -> Row:
    """Return a row of the reply: 12 fields in the vendor's order, times of whole sessions."""
    return {
        "SECURITY_CODE": code,
        "SECURITY_NAME_ABBR": f"样本{code}",
        "SUSPEND_START_TIME": f"{first} 09:30:00",
        "SUSPEND_END_TIME": None if last is None else f"{last} 15:00:00",
        "SUSPEND_EXPIRE": term,
        "SUSPEND_REASON": "刊登重要公告",
        "TRADE_MARKET": "交易所主板",
        "SUSPEND_START_DATE": f"{first} 00:00:00",
        "PREDICT_RESUME_DATE": None if resume is None else f"{resume} 00:00:00",
        "TRADE_MARKET_CODE": "069001001001",
        "SECURITY_TYPE_CODE": "058001001",
        "SECUCODE": code,
    }


def reply(rows: list[Row]) -> Row:
    """Return the reply that holds some rows."""
    if not rows:
        return {"result": None, "success": False, "message": "返回数据为空", "code": 9201}
    return {"result": {"pages": 1, "data": rows, "count": len(rows)}, "success": True}


def _reply(rows: list[Row], sent: Sent) -> Row:
    found = re.search(r"DATETIME='(\d{4}-\d\d-\d\d)'", sent.query["filter"])
    day = date.fromisoformat(found[1]) if found else date.min
    in_force = [row for row in rows if _covers(row, day)]
    return reply([*in_force, halt(WITHIN[0], day, day, WITHIN[1])])


def _covers(row: Row, day: date) -> bool:
    last = row["SUSPEND_END_TIME"]
    return row["SUSPEND_START_TIME"][:10] <= str(day) and (last is None or str(day) <= last[:10])


def _spells(market: CannedMarket, listing: Listing) -> list[Row]:
    calendar = calendar_of(listing.exchange)
    sessions = calendar.sessions.tolist()
    place = {day: at for at, day in enumerate(sessions)}
    spells: list[list[date]] = []
    for day in sorted(market.suspended(listing.id)):
        if spells and place[spells[-1][-1]] == place[day] - 1:
            spells[-1].append(day)
        else:
            spells.append([day])
    end = market.sessions((".SH", ".SZ", ".BJ"))[-1]
    return [
        halt(
            listing.code,
            spell[0],
            None if spell[-1] == end else spell[-1],
            "停牌一天" if len(spell) == 1 else "连续停牌",
            None if spell[-1] == end else calendar.after(spell[-1]),
        )
        for spell in spells
    ]
