"""The look-ahead law: rows that are dated or known later change nothing as of an instant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screener.data.lake.asof import AsOf
from screener.data.lake.rows import ARROW
from screener.data.lake.schema import TABLES, TableName
from screener.domain.days import SHANGHAI
from screener.domain.listing import Exchange
from tests.support.laws import laws

LAWS = laws(60)
DAY = date(2026, 4, 21)
IDS = ["600000.SH", "000001.SZ", "00700.HK", "09988.HK"]
Row = dict[str, Any]


class Rows:
    """Rows by table behind the reading methods of a store."""

    def __init__(self, tables: dict[TableName, Sequence[Row]]) -> None:
        self.tables = tables

    def read(self, table, *, listings=None, start=None, end=None):  # type: ignore[no-untyped-def]
        spec = TABLES[table]
        dated = ("session", "valid_from", "ex_session", "known_at")
        day = next((name for name in dated if name in spec.column_names), None)
        kept = [
            dict.fromkeys(spec.column_names) | row
            for row in self.tables.get(table, ())
            if (listings is None or row["listing"] in listings)
            and (start is None or row[day] >= start)
            and (end is None or row[day] <= end)
        ]
        kept.sort(key=lambda row: [row[name] for name in spec.sort])
        schema = pa.schema([(item.name, ARROW[item.type]) for item in spec.columns])
        return pa.Table.from_pylist(kept, schema=schema)

    def last_session(self, table, *, on_or_before=None, suffixes=()):  # type: ignore[no-untyped-def]
        days = [
            row["session"]
            for row in self.tables.get(table, ())
            if row["session"] <= on_or_before and row["listing"].endswith(tuple(suffixes))
        ]
        return max(days, default=None)


days = st.integers(-12, 12).map(lambda step: DAY + timedelta(days=step))
clocks = st.sampled_from(["00:00", "09:14", "14:59", "15:00", "16:09", "16:10", "23:59"])
instants = clocks.map(lambda text: datetime.combine(DAY, time.fromisoformat(text), SHANGHAI))
ids = st.sampled_from(IDS)
numbers = st.integers(1, 5)


def facts(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Row]]:
    return st.lists(st.fixed_dictionaries({"listing": ids, **fields}), max_size=12)


def over(row: Row, column: str, at: datetime) -> bool:
    """Tell by hand whether the day in a column is over on the row's exchange."""
    close = "16:10" if row["listing"].endswith(Exchange.HK) else "15:00"
    return row[column] < DAY or (row[column] == DAY and at.strftime("%H:%M") >= close)


def begun(row: Row, column: str, at: datetime) -> bool:
    return row[column] is None or row[column] <= at.date()


def announced(row: Row, at: datetime) -> bool:
    if row["announced"] is None:
        return begun(row, "ex_session", at)
    return over(row, "announced", at)


Known = Callable[[Row, datetime], bool]
Look = Callable[[AsOf], object]
CASES: dict[str, tuple[TableName, st.SearchStrategy[list[Row]], Known, Look]] = {
    "names": (
        TableName.NAMES,
        facts(valid_from=days, name=st.sampled_from(["甲", "ST甲", "乙"])),
        lambda row, at: begun(row, "valid_from", at),
        lambda known: (known.names_on().to_pylist(), known.st_on()),
    ),
    "lots": (
        TableName.BOARD_LOTS,
        facts(valid_from=days, lot=numbers),
        lambda row, at: begun(row, "valid_from", at),
        lambda known: known.board_lots().to_pylist(),
    ),
    "status": (
        TableName.STATUS,
        facts(session=days, suspended=st.just(False), st=st.booleans()),
        lambda row, at: begun(row, "session", at),
        lambda known: known.st_on(),
    ),
    "listings": (
        TableName.LISTINGS,
        facts(list_date=days, delist_date=st.none(), kind=st.just("stock")),
        lambda row, at: begun(row, "list_date", at),
        lambda known: (known.listings_alive().to_pylist(), known.listings_gone().to_pylist()),
    ),
    "actions": (
        TableName.ACTIONS,
        facts(ex_session=days, announced=st.none() | days, cash=numbers.map(float)),
        announced,
        lambda known: known.actions().to_pylist(),
    ),
    "fundamentals": (
        TableName.FUNDAMENTALS,
        facts(
            period_end=st.sampled_from([date(2025, 9, 30), date(2025, 12, 31)]),
            known_at=days,
            revenue=numbers.map(float),
        ),
        lambda row, at: over(row, "known_at", at),
        lambda known: known.fundamentals().to_pylist(),
    ),
    "valuation": (
        TableName.VALUATION,
        facts(session=days, pb=numbers.map(float)),
        lambda row, at: over(row, "session", at),
        lambda known: (
            known.valuation().to_pylist(),
            known.snapshots(),
            known.last_valued(IDS, within=timedelta(days=9)),
        ),
    ),
}


def unique(table: TableName, rows: Sequence[Row]) -> list[Row]:
    return list({tuple(row[name] for name in TABLES[table].key): row for row in rows}.values())


@pytest.mark.parametrize("case", CASES)
def test_later_rows_change_nothing(case: str) -> None:
    table, strategy, is_known, look = CASES[case]

    @LAWS
    @given(strategy, instants)
    def law(given_rows: list[Row], at: datetime) -> None:
        rows = unique(table, given_rows)
        early = [row for row in rows if is_known(row, at)]
        whole, known = (AsOf(Rows({table: part}), at) for part in (rows, early))  # type: ignore[arg-type]
        assert look(whole) == look(known)

    law()


@LAWS
@given(facts(list_date=days, kind=st.just("stock")), st.lists(days, min_size=12, max_size=12))
def test_a_later_delisting_changes_nothing(rows: list[Row], ends: list[date]) -> None:
    before = unique(TableName.LISTINGS, [{**row, "delist_date": None} for row in rows])
    after = [
        {**row, "delist_date": end if end > DAY else None}
        for row, end in zip(before, ends, strict=False)
    ]
    early, late = (
        AsOf.after_close(Rows({TableName.LISTINGS: part}), DAY)  # type: ignore[arg-type]
        for part in (before, after)
    )
    assert early.listings_alive().equals(late.listings_alive())


@pytest.mark.parametrize("case", CASES)
def test_an_instant_is_the_same_in_every_zone(case: str) -> None:
    table, strategy, _, look = CASES[case]

    @LAWS
    @given(strategy, instants)
    def law(given_rows: list[Row], at: datetime) -> None:
        store = Rows({table: unique(table, given_rows)})
        assert look(AsOf(store, at)) == look(AsOf(store, at.astimezone(UTC)))  # type: ignore[arg-type]

    law()
