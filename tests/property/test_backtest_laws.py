"""Laws of the paper backtest over random panels with gaps, suspensions and early ends."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screener.backtest.run import EventResult, Settings, run_backtest
from screener.domain.listing import Exchange
from screener.domain.panel import PricePanel
from screener.domain.report import Precision, Publication
from screener.market.calendars import calendar_of
from screener.paths.known import entry_choices
from screener.paths.legs import LegState
from tests.support.laws import laws
from tests.support.panels import event_of, panel_of, sessions

FIRST = date(2026, 3, 2)
NAMES = ("300857.SZ", "601899.SH", "00700.HK")
LENGTH = 40
LAWS = laws(30)


@st.composite
def worlds(draw: st.DrawFn) -> dict[str, Any]:
    """Draw prices of three names, with gaps, suspensions, an early end, and an event."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    bars: dict[str, dict[date, tuple[float, float]]] = {}
    suspended: dict[str, list[date]] = {}
    for name in NAMES:
        exchange = Exchange(name[-2:])
        days = sessions(exchange, FIRST, LENGTH)
        begins = draw(st.sampled_from([0, 0, 0, 8, 20]))
        ends = draw(st.sampled_from([LENGTH, LENGTH, LENGTH, 10, 25]))
        closes = 10 * np.cumprod(1 + generator.normal(0, 0.06, LENGTH))
        gaps = generator.random(LENGTH) < draw(st.sampled_from([0.0, 0.1, 0.4]))
        halted = generator.random(LENGTH) < draw(st.sampled_from([0.0, 0.1, 0.4]))
        bars[name] = {
            day: (float(np.round(closes[max(at - 1, 0)], 2)), float(np.round(closes[at], 2)))
            for at, day in enumerate(days)
            if begins <= at < ends and not gaps[at]
        }
        suspended[name] = [days[at] for at in range(LENGTH) if halted[at] and begins <= at < ends]
    entry = draw(st.integers(2, LENGTH - 2))
    published = sessions(Exchange.SZ, FIRST, LENGTH)[entry]
    return {"bars": bars, "suspended": suspended, "published": published}


def cut(world: dict[str, Any], last: date) -> PricePanel | None:
    """Return the panel as the tables stood when `last` was their last session."""
    bars = {
        name: {day: price for day, price in series.items() if day <= last}
        for name, series in world["bars"].items()
    }
    if not any(bars.values()):
        return None
    reach = {
        exchange: max(days)
        for exchange in {Exchange(name[-2:]) for name in NAMES}
        if (days := [d for n, s in bars.items() if n.endswith(exchange) for d in s])
    }
    end = max(max(series) for series in bars.values() if series)
    halted = {n: [d for d in days if FIRST <= d <= end] for n, days in world["suspended"].items()}
    return panel_of(bars, suspended=halted, start=FIRST, last_sessions=reach)


def results(panel: PricePanel, published: date, horizons: tuple[int, ...]) -> list[EventResult]:
    event = event_of(
        NAMES,
        published,
        publication=Publication(
            value=published,
            precision=Precision.ESTIMATED,
            range_start=published,
            range_end=sessions(Exchange.SZ, published, 3)[-1],
            evidence="drawn",
        ),
    )
    exchanges = [member.listing.exchange for member in event.members]
    choices = entry_choices(event.published, exchanges, calendar_of)
    options = Settings(horizons=horizons, cost=0.001)
    return list(run_backtest(panel, [(event, choices)], options, lambda *_: None))


def facts(result: EventResult) -> tuple[Any, ...]:
    return (
        result.paper_return,
        result.band,
        result.executable_return,
        result.max_drawdown,
        result.fees,
        result.window.sessions_held,
        [(leg.state, leg.fill_row, leg.exit_row) for leg in result.window.legs],
        result.window.weights,
        list(result.path),
    )


@LAWS
@given(worlds(), st.integers(5, LENGTH - 1))
def test_later_sessions_change_no_mature_row(world: dict[str, Any], keep: int) -> None:
    last = sessions(Exchange.SZ, FIRST, LENGTH)[keep]
    before, after = cut(world, last), cut(world, sessions(Exchange.HK, FIRST, LENGTH)[-1])
    if before is None or after is None:
        return
    old = results(before, world["published"], (1, 3, 7))
    new = results(after, world["published"], (1, 3, 7))
    for was, now in zip(old, new, strict=True):
        if was.status == "mature":
            assert now.status == "mature"
            # the band of a mature row may still be waiting for its last allowed entry
            expected = (
                facts(now) if was.band is not None else (facts(now)[0], was.band, *facts(now)[2:])
            )
            assert facts(was) == expected


@LAWS
@given(worlds())
def test_names_add_up_and_weights_sum_to_one(world: dict[str, Any]) -> None:
    panel = cut(world, sessions(Exchange.HK, FIRST, LENGTH)[-1])
    if panel is None:
        return
    for result in results(panel, world["published"], (1, 5, 30)):
        window = result.window
        states = [window.count(state) for state in LegState]
        assert sum(states) == len(NAMES)
        total = sum(window.weights)
        assert total == pytest.approx(0 if result.status == "no_data" else 1)
        dropped = [leg.state is LegState.DROPPED for leg in window.legs]
        assert [weight == 0 for weight in window.weights] == dropped
        assert all(entry.reason for entry in result.ledger if entry.state is not LegState.HELD)
        assert (result.paper_return is None) is not window.valued


@LAWS
@given(worlds(), st.integers(0, LENGTH - 1))
def test_status_follows_from_what_the_tables_reach_and_what_is_held(
    world: dict[str, Any], keep: int
) -> None:
    last = sessions(Exchange.SZ, FIRST, LENGTH)[keep]
    panel = cut(world, last)
    if panel is None:
        return
    for result in results(panel, world["published"], (1, 4, 12)):
        legs, status = result.window.legs, result.status
        if all(leg.state is LegState.DROPPED for leg in legs):
            assert status == "no_data"
            continue
        assert status != "no_data"
        if max(panel.last_sessions.values()) <= world["published"]:
            assert (status, result.paper_return) == ("pending", None)
        if status == "partial":
            assert any(leg.stopped and leg.state is LegState.HELD for leg in legs)
        if status == "mature":
            assert all(leg.settled for leg in legs)


@LAWS
@given(worlds())
def test_path_agrees_with_a_plain_loop(world: dict[str, Any]) -> None:
    """Recompute the paper return name by name, without the engine."""
    panel = cut(world, sessions(Exchange.HK, FIRST, LENGTH)[-1])
    if panel is None:
        return
    for result in results(panel, world["published"], (2, 6)):
        if result.paper_return is None:
            continue
        value = 0.0
        for entry in result.ledger:
            if entry.state is LegState.DROPPED:
                continue
            grown = 1.0
            if entry.state is LegState.HELD:
                series = world["bars"][entry.listing]
                closes = [p[1] for d, p in sorted(series.items()) if d <= entry.exit_session]
                grown = closes[-1] / series[entry.entry_session][0]
            value += entry.weight * grown
        assert result.paper_return == pytest.approx(value - 1, abs=1e-9)


@LAWS
@given(worlds(), st.floats(0.01, 100))
def test_scaling_prices_of_hong_kong_leaves_returns_alone(
    world: dict[str, Any], scale: float
) -> None:
    # Hong Kong has no price limit, whose rounding to the tick would see the scale.
    only = {"bars": {n: world["bars"][n] if n.endswith("HK") else {} for n in NAMES}}
    scaled = {
        n: {d: (o * scale, c * scale) for d, (o, c) in s.items()} for n, s in only["bars"].items()
    }
    end = sessions(Exchange.HK, FIRST, LENGTH)[-1]
    plain = cut({**world, **only}, end)
    other = cut({**world, "bars": scaled}, end)
    if plain is None or other is None:
        return
    for one, two in zip(
        results(plain, world["published"], (4,)),
        results(other, world["published"], (4,)),
        strict=True,
    ):
        assert one.status == two.status
        if one.paper_return is not None:
            assert two.paper_return == pytest.approx(one.paper_return, abs=1e-9)


@LAWS
@given(worlds())
def test_order_of_the_names_is_irrelevant(world: dict[str, Any]) -> None:
    end = sessions(Exchange.HK, FIRST, LENGTH)[-1]
    panel = cut(world, end)
    turned = cut({**world, "bars": dict(reversed(world["bars"].items()))}, end)
    if panel is None or turned is None:
        return
    for one, two in zip(
        results(panel, world["published"], (1, 5)),
        results(turned, world["published"], (1, 5)),
        strict=True,
    ):
        assert one.status == two.status
        assert (one.paper_return is None) == (two.paper_return is None)
        if one.paper_return is not None and two.paper_return is not None:
            assert one.paper_return == pytest.approx(two.paper_return, abs=1e-12)
