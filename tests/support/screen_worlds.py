"""A planted market for screens over time: what each name does is known by construction.

Seven names of Shanghai over half a year, all worth one book value. One tells of growth late, one
is delisted, one changes its industry, one jumps at the end of each month, one is suspended.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from screener.data.lake.batch import Batch
from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.domain.listing import Exchange
from screener.market.calendars import calendar_of
from screener.workspace.locate import Workspace
from tests.support.lake_rows import Row, table

__all__ = [
    "DELISTED",
    "FIRST",
    "FLAT",
    "GROWING",
    "HALTED",
    "INDEX",
    "JUMPING",
    "LAST",
    "MOVING",
    "days",
    "fill",
]

FIRST, LAST = date(2024, 12, 2), date(2025, 6, 30)
FLAT, OTHER = "600000.SH", "600005.SH"
GROWING, DELISTED, MOVING = "600001.SH", "600002.SH", "600003.SH"
JUMPING, HALTED = "600004.SH", "600006.SH"
INDEX = "000300.SH"
GONE = date(2025, 5, 15)
TOLD = date(2025, 4, 28)
"""Day on which the growing name publishes the quarter that ended in March."""
MOVED = date(2025, 3, 10)
HALT = (date(2025, 3, 3), date(2025, 3, 5))


def days(last: date = LAST) -> list[date]:
    return [day.item() for day in calendar_of(Exchange.SH).between(FIRST, last)]


def ends_month(day: date) -> bool:
    later = [item for item in days(date(2025, 7, 31)) if item > day]
    return bool(later) and later[0].month != day.month


def _rise(first: date, last: date, step: float) -> Callable[[date], float]:
    return lambda day: step if first <= day <= last else 0.0


MOVES: dict[str, Callable[[date], float]] = {
    FLAT: lambda day: 0.0,
    OTHER: lambda day: 0.0,
    GROWING: _rise(date(2025, 4, 1), date(2025, 4, 28), 0.01),
    DELISTED: _rise(date(2025, 4, 10), date(2025, 4, 30), -0.05),
    MOVING: _rise(date(2025, 2, 5), date(2025, 2, 28), 0.01),
    JUMPING: lambda day: 0.05 if ends_month(day) else 0.0,
    HALTED: lambda day: 0.0,
}
"""Return of each name from the open of a day to its close; each opens at the close before."""


def fill(place: Workspace, last: date = LAST) -> None:
    """Fill a workspace with the market as it was recorded on a day."""
    bars: list[Row] = []
    for name, move in {**MOVES, INDEX: lambda day: 0.0}.items():
        price = 10.0
        for day in days(last):
            if (name == DELISTED and day >= GONE) or (name == HALTED and HALT[0] <= day <= HALT[1]):
                continue
            opened, price = price, round(price * (1 + move(day)), 2)
            bars.append(
                {
                    "listing": name,
                    "session": day,
                    "open": opened,
                    "high": max(opened, price),
                    "low": min(opened, price),
                    "close": price,
                    "volume": 1e8,
                    "amount": 1e8 * price,
                    "basis": "raw",
                }
            )
    gone = {DELISTED: GONE} if last >= GONE else {}
    masters = [
        {
            "listing": name,
            "kind": "stock",
            "board": "main",
            "currency": "CNY",
            "list_date": date(2010, 1, 4),
            "delist_date": gone.get(name),
        }
        for name in MOVES
    ]
    statements = [
        (GROWING, date(2024, 3, 31), date(2024, 4, 28), 100.0),
        (GROWING, date(2025, 3, 31), TOLD, 300.0),
    ]
    spells = [(name, date(2010, 1, 4), "银行") for name in MOVES]
    spells.append((MOVING, MOVED, "铜"))
    tables = {
        TableName.BARS: bars,
        TableName.LISTINGS: masters,
        TableName.NAMES: [
            {"listing": name, "valid_from": date(2010, 1, 4), "name": f"股份{at}"}
            for at, name in enumerate(MOVES)
        ],
        TableName.VALUATION: [
            {"listing": row["listing"], "session": row["session"], "pb": 1.0 + at / 100}
            for at, name in enumerate(MOVES)
            for row in bars
            if row["listing"] == name
        ],
        TableName.FUNDAMENTALS: [
            {
                "listing": name,
                "period_end": end,
                "known_at": told,
                "known_by": "test",
                "currency": "CNY",
                "revenue": revenue,
            }
            for name, end, told, revenue in statements
            if told <= last
        ],
        TableName.INDUSTRIES: [
            {"listing": name, "valid_from": since, "industry": industry}
            for name, since, industry in spells
            if since <= last
        ],
        TableName.STATUS: [
            {"listing": HALTED, "session": day, "suspended": True}
            for day in days(last)
            if HALT[0] <= day <= HALT[1]
        ],
    }
    with Store.create(place.data_cache) as store:
        made = {name: table(name, rows) for name, rows in tables.items()}
        store.commit(Batch(tables=made), message="planted")
