"""Laws of the event study: no look-ahead, nothing lost, scale and order do not matter."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screener.domain.listing import Exchange
from screener.domain.panel import PricePanel
from screener.market.calendars import calendar_of
from screener.paths.known import entry_choices
from screener.study.evaluating import StudySettings, evaluate
from screener.study.models import Model, abnormal_returns
from screener.study.references import index_reference
from screener.study.statistics.multiple_testing import benjamini_hochberg, holm
from screener.study.units import State, StudyEvent, UnitKind, Units, study_units
from screener.study.windows import StudyWindows
from tests.support.event_returns import event_returns, market_world
from tests.support.laws import laws
from tests.support.panels import bars_of, event_of, panel_of, sessions

SZ = Exchange.SZ
FIRST = date(2025, 10, 9)
WINDOWS = StudyWindows(estimation=(-45, -8), event=(-6, 8), least=30)
NAMES = ("300857.SZ", "002428.SZ", "301396.SZ", "300870.SZ", "002975.SZ")
N = 110
SEEDS = st.integers(0, 2**32 - 1)
MODELS = st.sampled_from([Model.MARKET, Model.MARKET_ADJUSTED, Model.MEAN_ADJUSTED])


def market(seed: int) -> tuple[PricePanel, np.ndarray]:
    """Draw names that are listed late, stop early or are suspended, and an index."""
    draw = np.random.default_rng(seed)
    days = sessions(SZ, FIRST, N)
    bars, out = {}, {}
    for number, name in enumerate(NAMES):
        closes = 10 * np.cumprod(1 + draw.normal(0, 0.02, N))
        prices = list(zip(closes * (1 + draw.normal(0, 0.01, N)), closes, strict=True))
        first = int(draw.choice([0, 0, 0, 30]))
        last = int(draw.choice([N, N, N, 95]))
        if not number:  # one name has it all, so that the axis does
            first, last = 0, N
        gone = set(
            np.flatnonzero(
                draw.random(N) < (draw.choice([0.0, 0.0, 0.1]) if number else 0.0)
            ).tolist()
        )
        kept = [p if first <= at < last and at not in gone else None for at, p in enumerate(prices)]
        bars[name] = bars_of(SZ, FIRST, kept)
        out[name] = [days[at] for at in sorted(gone) if first <= at < last]
    index = 3000 * np.cumprod(1 + draw.normal(0, 0.01, N))
    return panel_of(bars, suspended=out), np.column_stack([index, index])


def until(panel: PricePanel, n: int) -> PricePanel:
    """Return the panel as it stood after `n` sessions."""
    cut = {
        name: getattr(panel, name)[:n]
        for name in ("sessions", "open", "close", "factor", "fx", "trading", "suspended", "st")
    }
    known = [np.flatnonzero(np.isfinite(column)) for column in panel.close[:n].T]
    days = [
        [panel.session(int(row)) for row in (rows[0], rows[-1])] if len(rows) else [None, None]
        for rows in known
    ]
    ends = [day for _, day in days if day is not None]
    return replace(
        panel,
        **cut,
        first_bars=tuple(first for first, _ in days),
        last_bars=tuple(last for _, last in days),
        last_sessions={SZ: max(ends)},
    )


def studied(panel: PricePanel, index: np.ndarray, seed: int, model: Model, kind: UnitKind) -> Units:
    draw = np.random.default_rng(seed)
    reference = index_reference(
        "000300.SH",
        panel.sessions,
        panel.sessions,
        index[: len(panel.sessions)],
        calendar_of(SZ).sessions,
    )
    days = sessions(SZ, FIRST, N)
    events = []
    for at in draw.integers(50, 100, 4):
        names = list(draw.choice(NAMES, draw.integers(1, 4), replace=False))
        event = event_of(names, days[at])
        entries = entry_choices(event.published, [SZ], calendar_of)[0]
        events.append(
            StudyEvent(event=event, entries=entries, references=(reference,) * len(names))
        )
    return study_units(panel, events, WINDOWS, model, kind=kind)


@given(SEEDS, st.integers(60, N - 1), MODELS, st.sampled_from(UnitKind))
@laws(60)
def test_later_sessions_change_no_finished_window(
    seed: int, n: int, model: Model, kind: UnitKind
) -> None:
    panel, index = market(seed)
    early = studied(until(panel, n), index, seed, model, kind)
    late = studied(panel, index, seed, model, kind)
    assert len(early.every) == len(late.every)
    row_of = {int(at): row for row, at in enumerate(late.kept)}
    for row, at in enumerate(early.kept):
        known = np.isfinite(early.abnormal.car[row])
        if not known.any():
            continue
        then = row_of[int(at)]
        for name in ("car", "scar", "bhar"):
            before, after = (getattr(e.abnormal, name) for e in (early, late))
            assert before[row, known] == pytest.approx(after[then, known], rel=1e-9, abs=1e-12)
        if early.every[at].state is State.FINISHED:
            assert late.every[at].state is State.FINISHED
    for at, unit in enumerate(early.every):
        if unit.state is State.DROPPED:
            assert late.every[at].state is State.DROPPED
            assert late.every[at].reason == unit.reason


@given(SEEDS, st.sampled_from(UnitKind))
@laws(40)
def test_every_event_is_kept_or_dropped_with_a_reason(seed: int, kind: UnitKind) -> None:
    panel, index = market(seed)
    found = studied(panel, index, seed, Model.MARKET, kind)
    dropped = [unit for unit in found.every if unit.state is State.DROPPED]
    assert all(unit.reason for unit in dropped)
    assert len(found.kept) + len(dropped) == len(found.every)
    evaluation = evaluate(
        found.returns,
        found.abnormal,
        found.timeline,
        StudySettings(windows=WINDOWS, draws=100),
    )
    for part in evaluation.parts:
        assert part.n + part.n_unfinished + part.n_untraded == evaluation.n
        for test in part.tests:
            assert (test.p is None) == (test.estimate is None)
            assert test.p is not None or test.note
            for value in (test.value, test.p, test.estimate, test.low, test.high):
                assert value is None or np.isfinite(value)


@given(SEEDS, MODELS)
@laws(30)
def test_scaled_prices_give_the_same_numbers(seed: int, model: Model) -> None:
    panel, index = market(seed)
    plain = replace(panel, adjusted=np.ones(len(NAMES), dtype=bool))  # no ticks to round limits to
    scaled = replace(
        plain,
        open=panel.open * 8,
        close=panel.close * 8,
        prior_values=panel.prior_values * 8,
    )
    one, two = (
        studied(item, index, seed, model, UnitKind.BASKET).abnormal for item in (plain, scaled)
    )
    np.testing.assert_allclose(one.scar, two.scar, rtol=1e-9)


@given(SEEDS)
@laws(30)
def test_order_of_events_is_irrelevant_and_one_session_is_its_own_sum(seed: int) -> None:
    windows = StudyWindows(estimation=(-50, -11), event=(-5, 5))
    returns, index = market_world(seed, n_listings=6, n_sessions=200, theme=0.01)
    draw = np.random.default_rng(seed)
    columns, at = draw.integers(0, 6, 12), draw.integers(60, 190, 12)
    order = draw.permutation(12)
    one, when = event_returns(windows, returns, index, columns, at)
    two, again = event_returns(windows, returns, index, columns[order], at[order])
    options = StudySettings(windows=windows, draws=100)
    first, second = abnormal_returns(one), abnormal_returns(two)
    np.testing.assert_allclose(first.car[order], second.car, rtol=1e-10, atol=1e-13)
    day = [str(part.part) for part in windows.parts()].index("day")
    np.testing.assert_allclose(first.car[:, day], first.bhar[:, day], atol=1e-12)
    plain = evaluate(one, first, when, options, days=False)
    mixed = evaluate(two, second, again, options, days=False)
    for left, right in zip(plain.parts, mixed.parts, strict=True):
        for a, b in zip(left.tests, right.tests, strict=True):
            assert (a.p is None) == (b.p is None)
            assert a.p is None or a.p == pytest.approx(b.p, rel=1e-6, abs=1e-9)


@given(SEEDS, st.floats(-0.1, 0.1))
@laws(30)
def test_what_is_added_to_a_session_is_found_there(seed: int, effect: float) -> None:
    windows = StudyWindows(estimation=(-50, -11), event=(-5, 5))
    returns, index = market_world(seed, n_listings=5, n_sessions=120)
    plain, _ = event_returns(windows, returns, index, range(5), [60, 70, 80, 90, 100])
    event = plain.event.copy()
    event[:, 5] += effect
    before = abnormal_returns(plain)
    after = abnormal_returns(replace(plain, event=event))
    moved = after.values - before.values
    np.testing.assert_allclose(moved[:, 5], effect, atol=1e-12)
    assert not np.delete(moved, 5, axis=1).any()
    np.testing.assert_array_equal(before.residuals, after.residuals)
    # the market moves by as much on that day: nothing abnormal is left of it
    factors = plain.event_factors.copy()
    factors[0, :, 5] += 0.05
    event = plain.event.copy()
    event[:, 5] += 0.05 * before.coefficients[:, 1]
    both = abnormal_returns(replace(plain, event=event, event_factors=factors))
    np.testing.assert_allclose(both.values, before.values, atol=1e-12)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_adjusted_chances_are_no_smaller_and_keep_their_order(chances: list[float]) -> None:
    strict, loose = holm(chances), benjamini_hochberg(chances)
    order = np.argsort(chances, kind="stable")
    for found in (strict, loose):
        assert all(a >= p - 1e-15 for a, p in zip(found, chances, strict=True))  # type: ignore[operator]
        ordered = [found[at] for at in order]
        assert ordered == sorted(ordered)  # type: ignore[type-var]
    assert all(a >= b - 1e-15 for a, b in zip(strict, loose, strict=True))  # type: ignore[operator]
