"""Laws of the total-return factor."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screener.data.lake.schema import TABLES, TableName
from screener.data.panels.factors import total_return_factors
from tests.support.laws import laws

FIRST = date(2024, 1, 1)
FETCHED = datetime(2026, 6, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Action:
    day: int
    cash: float = 0.0
    bonus: float = 0.0
    split: float = 1.0
    rights: float = 0.0
    rights_price: float = 0.0


@dataclass(frozen=True)
class Case:
    closes: tuple[float, ...]
    actions: tuple[Action, ...]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    cents = draw(st.lists(st.integers(100, 50_000), min_size=3, max_size=25))
    days = draw(st.sets(st.integers(1, len(cents) - 1), max_size=5))
    actions = [
        Action(
            day=day,
            cash=draw(st.integers(0, 900)) / 1000,  # closes are 1 or more
            bonus=draw(st.sampled_from([0.0, 0.1, 0.3, 1.0])),
            split=draw(st.sampled_from([1.0, 2.0, 10.0, 0.1])),
            rights=draw(st.sampled_from([0.0, 0.0, 0.2, 0.3])),
            rights_price=draw(st.integers(1, 500)) / 10,
        )
        for day in sorted(days)
    ]
    return Case(tuple(c / 100 for c in cents), tuple(actions))


def factors(case: Case) -> np.ndarray:
    """Return the factor of each session."""
    found = total_return_factors(actions_table(case), closes_table(case))
    daily = np.ones(len(case.closes))
    for day, factor in zip(
        found["ex_session"].to_pylist(), found["factor"].to_pylist(), strict=True
    ):
        daily[(day - FIRST).days :] = factor
    return daily


def actions_table(case: Case) -> pa.Table:
    values: dict[str, list[object]] = {
        "listing": ["600000.SH"] * len(case.actions),
        "ex_session": [FIRST + timedelta(days=a.day) for a in case.actions],
        "source": ["test"] * len(case.actions),
        "fetched_at": [FETCHED] * len(case.actions),
    }
    for name in ("cash", "bonus", "split", "rights", "rights_price"):
        values[name] = [getattr(a, name) for a in case.actions]
    kinds = {
        "listing": pa.string(),
        "source": pa.string(),
        "fetched_at": pa.timestamp("us", tz="UTC"),
        **{n: pa.date32() for n in ("ex_session", "announced", "record_date", "pay_date")},
    }
    return pa.table(
        {
            name: pa.array(
                values.get(name, [None] * len(case.actions)), kinds.get(name, pa.float64())
            )
            for name in TABLES[TableName.ACTIONS].column_names
        }
    )


def closes_table(case: Case) -> pa.Table:
    days = [FIRST + timedelta(days=i) for i in range(len(case.closes))]
    return pa.table(
        {
            "listing": pa.array(["600000.SH"] * len(days), pa.string()),
            "session": pa.array(days, pa.date32()),
            "close": pa.array(case.closes, pa.float64()),
        }
    )


def holder_wealth(case: Case) -> list[float]:
    """Hold one share, in exact arithmetic: every distribution goes back in at the ex-reference."""
    shares, wealth = Fraction(1), []
    by_day = {action.day: action for action in case.actions}
    for day, close in enumerate(case.closes):
        if day in by_day:
            a = by_day[day]
            cash, bonus, split, rights, price = (
                Fraction(x) for x in (a.cash, a.bonus, a.split, a.rights, a.rights_price)
            )
            before = Fraction(case.closes[day - 1])
            reference = (before - cash + price * rights) / ((1 + bonus + rights) * split)
            received = shares * cash - shares * rights * price  # rights are paid by selling
            shares = shares * (1 + bonus + rights) * split + received / reference
        wealth.append(float(shares * Fraction(close)))
    return wealth


@laws(150)
@given(cases())
def test_factor_times_close_is_the_wealth_of_a_holder_who_reinvests(case: Case) -> None:
    wealth = factors(case) * np.array(case.closes)
    assert wealth == pytest.approx(holder_wealth(case), rel=1e-12)


@laws(100)
@given(cases(), st.sampled_from([2.0, 3.0, 10.0, 0.5]), st.data())
def test_a_split_leaves_total_return_alone(case: Case, ratio: float, data: st.DataObject) -> None:
    taken = {action.day for action in case.actions}
    free = [day for day in range(1, len(case.closes)) if day not in taken]
    if not free:
        return
    day = data.draw(st.sampled_from(free))
    closes = tuple(c if i < day else c / ratio for i, c in enumerate(case.closes))
    actions = [
        a if a.day < day else replace(a, cash=a.cash / ratio, rights_price=a.rights_price / ratio)
        for a in case.actions
    ]
    split = Case(
        closes, tuple(sorted([*actions, Action(day=day, split=ratio)], key=lambda a: a.day))
    )
    assert factors(split) * np.array(closes) == pytest.approx(
        factors(case) * np.array(case.closes), rel=1e-12
    )


@laws(100)
@given(cases(), st.integers(2, 24))
def test_later_sessions_and_actions_change_no_earlier_factor(case: Case, cut: int) -> None:
    early = Case(case.closes[:cut], tuple(a for a in case.actions if a.day < cut))
    n = len(early.closes)
    assert factors(early).tobytes() == factors(case)[:n].tobytes()


@laws(100)
@given(cases(), st.sampled_from([0.01, 0.92, 7.0, 1000.0]))
def test_scaling_prices_and_cash_together_changes_nothing(case: Case, scale: float) -> None:
    actions = (
        replace(a, cash=a.cash * scale, rights_price=a.rights_price * scale) for a in case.actions
    )
    scaled = Case(tuple(c * scale for c in case.closes), tuple(actions))
    assert factors(scaled) == pytest.approx(factors(case), rel=1e-11)
