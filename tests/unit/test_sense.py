"""Bounds of sense: what no market has seen, and fixings that leave those beside them."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screener.data.lake.schema import TABLES, TableName, Type
from screener.data.validation.sense import NUMBERS, days_beyond, fixing_jumps, numbers_beyond
from screener.data.validation.sense_checks import without_leaps, without_nonsense
from tests.support.laws import laws

DAY = np.datetime64("2025-03-03", "D")


def beyond(name: str, *values: float) -> list[bool]:
    (finding,) = numbers_beyond(name, np.array(values))
    return finding.rows.tolist()


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("close", (1e-4, 0.01, 1e7), (9e-5, 1.1e7, 1e-320, 1e308)),
        ("volume", (0.0, 1.0, 1e13), (1.1e13, 1e308)),
        ("split", (0.001, 0.5, 1000.0), (0.0009, 1001.0, 1e-300)),
        ("cash", (0.0, 1e-5, 51.9), (1e6,)),
        ("pe_ttm", (-5e5, 0.0, 1e8), (-1e10, 1e300)),
        ("market_cap", (1e7, 2.5e12), (9e6, 1e15)),
    ],
)
def test_values_beyond_their_bounds(
    name: str, good: tuple[float, ...], bad: tuple[float, ...]
) -> None:
    assert not any(beyond(name, *good, np.nan))
    assert all(beyond(name, *bad))


def test_every_number_that_is_stored_has_bounds() -> None:
    exempt = {"rate"}  # judged by pair
    computed = {TableName.FACTORS}  # cumulative, made by the program itself
    stored = {
        column.name
        for table in TABLES.values()
        if table.name not in computed
        for column in table.columns
        if column.type is Type.NUMBER
    }
    assert stored - exempt <= NUMBERS.keys()


def test_days_have_bounds_by_column() -> None:
    days = np.array(["1989-12-31", "1990-01-01", "2100-12-31", "2101-01-01", "NaT"], "M8[D]")
    assert days_beyond("session", days).rows.tolist() == [True, False, False, True, False]
    assert days_beyond("list_date", days).rows.tolist() == [False, False, False, True, False]


def leaps(rates: list[float], *, gaps: list[int] | None = None) -> list[bool]:
    steps = np.cumsum([0, *(gaps or [1] * (len(rates) - 1))])
    values = np.array(rates)
    return fixing_jumps(values, DAY + steps, np.ones(len(values), dtype=bool)).tolist()


def test_a_fixing_that_leaves_its_neighbours_is_found() -> None:
    assert leaps([0.92, 0.92, 0.80, 0.93, 0.92]) == [False, False, True, False, False]
    assert leaps([0.80, 0.92, 0.92]) == [True, False, False]
    assert leaps([0.92, 0.85, 0.79, 0.74]) == [False] * 4  # slow, each near the one before


def test_over_a_hole_nothing_is_concluded() -> None:
    assert leaps([0.92, 0.80], gaps=[40]) == [False, False]
    assert leaps([0.92, 0.92, 0.80], gaps=[1, 10]) == [False, False, True]


@laws(100)
@given(st.lists(st.floats(0.9, 0.94), min_size=1, max_size=30), st.randoms())
def test_rates_within_a_tenth_pass_in_any_order(rates: list[float], random: object) -> None:
    values = np.array(rates)
    order = np.arange(len(values))
    random.shuffle(order)  # type: ignore[attr-defined]
    days = DAY + np.arange(len(values))
    good = np.ones(len(values), dtype=bool)
    assert not fixing_jumps(values[order], days[order], good).any()


def fixings(*rows: tuple[date, float]) -> pa.Table:
    return pa.table(
        {
            "pair": ["HKDCNY"] * len(rows),
            "session": pa.array([day for day, _ in rows], pa.date32()),
            "rate": pa.array([rate for _, rate in rows], pa.float64()),
            "source": ["desk.csv"] * len(rows),
        }
    )


def test_fixings_are_held_against_the_stored_ones() -> None:
    stored = fixings(*((date(2025, 3, day), 0.93) for day in (3, 4, 5)))
    kept, rejects = without_leaps(
        fixings((date(2025, 3, 6), 0.78), (date(2025, 3, 7), 0.93)), stored
    )
    assert kept.column("rate").to_pylist() == [0.93]
    (reject,) = rejects
    assert reject.reason == "the rate is more than a tenth from the fixing beside it"
    assert (reject.line, reject.session) == (20250306, date(2025, 3, 6))


def test_fetched_rows_beyond_sense_are_noted_not_stored() -> None:
    rows = pa.table(
        {
            "listing": ["600036.SH", "601398.SH"],
            "ex_session": pa.array([date(2025, 6, 5)] * 2, pa.date32()),
            "cash": [1.972, 1e9],
            "split": [1.0, 1.0],
            "source": ["vendor"] * 2,
        }
    )
    kept, rejects = without_nonsense({TableName.ACTIONS: rows})
    assert kept[TableName.ACTIONS].column("listing").to_pylist() == ["600036.SH"]
    assert [item.reason for item in rejects] == ["cash is above 100,000, as no market has seen"]
