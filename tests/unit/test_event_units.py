"""Listings and baskets around their entry sessions, by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import partial

import numpy as np
import pytest

from screener.domain.basket import Event
from screener.domain.listing import Exchange
from screener.domain.report import Precision, Publication
from screener.errors import BarsMissing
from screener.market.calendars import calendar_of
from screener.paths.known import entry_choices
from screener.study.models import Model
from screener.study.references import (
    Reference,
    factor_reference,
    index_reference,
    no_reference,
    return_reference,
)
from screener.study.units import State, StudyEvent, UnitKind, Units, study_units
from screener.study.windows import Part, StudyWindows
from screener.workflows.study.bands import DateBands, date_bands
from tests.support.panels import bars_of, event_of, panel_of, sessions

SZ, HK = Exchange.SZ, Exchange.HK
FIRST = date(2026, 1, 5)
WINDOWS = StudyWindows(estimation=(-41, -6), event=(-5, 4))
ENTRY = 45
"""Number of the entry session among those of the panels."""


def walk(seed: int, n: int) -> list[tuple[float, float]]:
    """Draw opens and closes."""
    draw = np.random.default_rng(seed)
    closes = 10 * np.cumprod(1 + draw.normal(0, 0.02, n))
    return list(zip(closes * (1 + draw.normal(0, 0.005, n)), closes, strict=True))


def studied(panel, events, model=Model.MEAN_ADJUSTED, reference=None, **options) -> Units:  # type: ignore[no-untyped-def]
    given = []
    for event in events:
        exchanges = [member.listing.exchange for member in event.members]
        entries = entry_choices(event.published, exchanges, calendar_of)[0]
        own = reference or no_reference(len(panel.sessions))
        given.append(
            StudyEvent(event=event, entries=entries, references=(own,) * len(event.members))
        )
    return study_units(panel, given, options.pop("windows", WINDOWS), model, **options)


def index_of(panel, values, *, skip=()) -> Reference:  # type: ignore[no-untyped-def]
    days = panel.sessions
    kept = np.array([row not in skip for row in range(len(days))])
    return index_reference(
        "000300.SH", days, days[kept], np.array(values)[kept], calendar_of(SZ).sessions
    )


def test_session_0_is_the_first_that_a_reader_could_trade() -> None:
    prices = walk(1, 60)
    days = sessions(SZ, FIRST, 60)
    panel = panel_of({"300857.SZ": bars_of(SZ, FIRST, prices)})
    found = studied(panel, [event_of(["300857.SZ"], days[ENTRY - 1])])
    closes = np.array([close for _, close in prices])
    returns = closes[1:] / closes[:-1] - 1
    (unit,) = found.every
    assert (unit.entry, unit.state) == (days[ENTRY], State.FINISHED)
    assert found.returns.event[0, :10] == pytest.approx(returns[ENTRY - 6 : ENTRY + 4])
    assert found.returns.estimation[0] == pytest.approx(returns[ENTRY - 42 : ENTRY - 6])
    # the reader's own day begins at the open
    assert found.returns.event[0, 10] == pytest.approx(closes[ENTRY] / prices[ENTRY][0] - 1)
    assert found.returns.event[0, 11:] == pytest.approx(returns[ENTRY : ENTRY + 4])
    mean = returns[ENTRY - 42 : ENTRY - 6].mean()
    assert found.abnormal.values[0, 5] == pytest.approx(returns[ENTRY - 1] - mean)


def test_suspension_is_nothing_and_then_all_of_it() -> None:
    prices = walk(2, 60)
    days = sessions(SZ, FIRST, 60)
    out = {ENTRY, ENTRY + 1}
    bars = bars_of(SZ, FIRST, [None if at in out else price for at, price in enumerate(prices)])
    panel = panel_of({"300857.SZ": bars}, suspended={"300857.SZ": [days[at] for at in out]})
    level = [(100 + at, 100.5 + at) for at in range(60)]
    found = studied(
        panel,
        [event_of(["300857.SZ"], days[ENTRY - 1])],
        Model.MARKET_ADJUSTED,
        index_of(panel, level),
    )
    closes = [close for _, close in prices]
    whole = closes[ENTRY + 2] / closes[ENTRY - 1] - 1
    assert found.returns.event[0, 5:8] == pytest.approx([0.0, 0.0, whole])
    assert found.returns.spans is not None
    assert found.returns.spans[0, 4:9].tolist() == [1, 0, 0, 3, 1]
    expected = (100.5 + ENTRY + 2) / (100.5 + ENTRY - 1) - 1
    assert found.abnormal.values[0, 5:8] == pytest.approx([0.0, 0.0, whole - expected])
    # the reader waits and buys at the open of the third session
    bought = closes[ENTRY + 2] / prices[ENTRY + 2][0] - 1
    own = (100.5 + ENTRY + 2) / (100 + ENTRY + 2) - 1
    assert found.abnormal.values[0, 10:13] == pytest.approx([0.0, 0.0, bought - own])


def test_suspended_sessions_of_the_estimation_window_are_no_observations() -> None:
    prices = walk(3, 60)
    days = sessions(SZ, FIRST, 60)
    bars = bars_of(SZ, FIRST, [None if at in (20, 21) else p for at, p in enumerate(prices)])
    panel = panel_of({"300857.SZ": bars}, suspended={"300857.SZ": [days[20], days[21]]})
    found = studied(panel, [event_of(["300857.SZ"], days[ENTRY - 1])])
    assert found.abnormal.observations.tolist() == [36 - 3]
    assert np.isnan(found.returns.estimation[0, 16:19]).all()


def test_basket_is_the_mean_of_its_names_and_units_are_counted_to_the_last() -> None:
    days = sessions(SZ, FIRST, 60)
    young = [None] * 30 + walk(6, 30)
    panel = panel_of(
        {
            "300857.SZ": bars_of(SZ, FIRST, walk(4, 60)),
            "002428.SZ": bars_of(SZ, FIRST, walk(5, 60)),
            "301396.SZ": bars_of(SZ, FIRST, young),
            "300870.SZ": {},
        }
    )
    names = ["300857.SZ", "002428.SZ", "301396.SZ", "300870.SZ"]
    events = [
        event_of(names, days[ENTRY - 1]),
        event_of(names[:1], days[-4]),
        event_of(names[3:], days[ENTRY - 1]),
    ]
    alone = studied(panel, events, kind=UnitKind.LISTING)
    baskets = studied(panel, events)
    assert [unit.state for unit in baskets.every] == ["finished", "pending", "dropped"]
    assert baskets.every[0].n_kept == 2
    assert [leg.reason for leg in baskets.every[0].legs] == [
        "",
        "",
        "9 returns in the estimation window, 30 are needed",
        "no bars in the tables",
    ]
    assert baskets.every[2].reason == "no bars in the tables"
    np.testing.assert_allclose(
        baskets.returns.event[0], alone.returns.event[:2].mean(axis=0), rtol=1e-12
    )
    for units in (alone, baskets):
        assert len(units.kept) == sum(unit.state is not State.DROPPED for unit in units.every)
    assert len(alone.every) == 4 + 1 + 1


def test_pending_window_keeps_what_it_has_finished() -> None:
    days = sessions(SZ, FIRST, 60)
    panel = panel_of({"300857.SZ": bars_of(SZ, FIRST, walk(7, 60))})
    found = studied(panel, [event_of(["300857.SZ"], days[57])])  # entry: session 58 of 0..59
    parts = {str(p.part): v for p, v in zip(WINDOWS.parts(), found.abnormal.car[0], strict=True)}
    assert found.every[0].state is State.PENDING
    assert np.isfinite([parts["run-up"], parts["day"]]).all()
    assert np.isnan([parts["drift"], parts["after"], parts["whole"], parts["reader"]]).all()
    assert np.isfinite(found.abnormal.values[0, :7]).all()
    assert np.isnan(found.abnormal.values[0, 7:10]).all()


def test_data_that_stop_while_others_go_on_make_a_window_partial() -> None:
    days = sessions(SZ, FIRST, 60)
    panel = panel_of(
        {
            "300857.SZ": bars_of(SZ, FIRST, walk(8, 60)),
            "002428.SZ": bars_of(SZ, FIRST, walk(9, 47)),
        }
    )
    found = studied(panel, [event_of(["300857.SZ", "002428.SZ"], days[ENTRY - 1])])
    assert found.every[0].state is State.PARTIAL
    assert np.isnan(found.abnormal.car[0, 2:]).all()


def test_each_name_goes_by_the_sessions_of_its_own_exchange() -> None:
    """Hong Kong traded on days on which the mainland did not, and the other way round."""
    mainland, hongkong = sessions(SZ, FIRST, 60), sessions(HK, FIRST, 60)
    assert mainland != hongkong
    panel = panel_of(
        {
            "300857.SZ": bars_of(SZ, FIRST, walk(10, 60)),
            "00700.HK": bars_of(HK, FIRST, walk(11, 60)),
        },
        fx=0.9,
    )
    found = studied(
        panel, [event_of(["300857.SZ", "00700.HK"], mainland[ENTRY - 1])], kind=UnitKind.LISTING
    )
    closes = np.array([close for _, close in walk(11, 60)])
    entry = hongkong.index(found.every[1].entry)
    returns = closes[1:] / closes[:-1] - 1
    assert found.returns.event[1, :9] == pytest.approx(returns[entry - 6 : entry + 3])


def test_index_with_a_gap_is_refused() -> None:
    days = sessions(SZ, FIRST, 60)
    panel = panel_of({"300857.SZ": bars_of(SZ, FIRST, walk(12, 60))})
    level = walk(13, 60)
    events = [event_of(["300857.SZ"], days[ENTRY - 1])]
    for row in (20, ENTRY + 1):
        with pytest.raises(BarsMissing, match=rf"000300\.SH has no value on {days[row]}") as info:
            studied(panel, events, Model.MARKET, index_of(panel, level, skip=(row,)))
        assert "--kind index --listing 000300.SH" in info.value.fix
    short = index_of(panel, level, skip=range(ENTRY + 2, 60))
    with pytest.raises(BarsMissing, match=r"which the windows of 300857\.SZ need"):
        studied(panel, events, Model.MARKET, short)
    late = index_of(panel, level, skip=range(30))
    found = studied(panel, events, Model.MARKET, late)
    assert found.every[0].reason == "9 returns in the estimation window, 30 are needed"


def test_what_does_not_vary_is_left_out_with_the_reason() -> None:
    days = sessions(SZ, FIRST, 60)
    flat = [(10.0, 10.0)] * 60
    panel = panel_of(
        {"300857.SZ": bars_of(SZ, FIRST, flat), "002428.SZ": bars_of(SZ, FIRST, walk(14, 60))}
    )
    events = [event_of([name], days[ENTRY - 1]) for name in ("300857.SZ", "002428.SZ")]
    still = index_of(panel, flat)
    found = studied(panel, events, Model.MARKET, still)
    assert [unit.reason for unit in found.every] == [
        "its price does not move in the estimation window",
        "what should explain it does not vary in the estimation window",
    ]
    mirror = index_of(panel, walk(14, 60))
    (one,) = studied(panel, events[1:], Model.MARKET, mirror).every
    assert one.reason == "nothing is left to vary in its estimation window"


def test_tables_of_returns_explain_too() -> None:
    days = sessions(SZ, FIRST, 60)
    panel = panel_of({"300857.SZ": bars_of(SZ, FIRST, walk(15, 60))})
    events = [event_of(["300857.SZ"], days[ENTRY - 1])]
    draw = np.random.default_rng(16)
    table = draw.normal(0, 0.01, (60, 2))
    windows = StudyWindows(estimation=(-41, -6), event=(-5, 4), reader=False)
    riskless = np.full(60, 0.0001)
    two = factor_reference("f.csv", panel.sessions, panel.sessions, table, riskless=riskless)
    found = studied(panel, events, Model.FACTORS, two, windows=windows)
    np.testing.assert_allclose(
        found.returns.event_factors[:, 0], table[ENTRY - 5 : ENTRY + 5].T, atol=1e-15
    )
    closes = np.array([close for _, close in walk(15, 60)])
    assert found.returns.event[0, 0] == pytest.approx(
        closes[ENTRY - 5] / closes[ENTRY - 6] - 1 - 0.0001
    )
    one = return_reference("m", panel.sessions, panel.sessions, table[:, 0])
    matched = studied(panel, events, Model.MATCHED, one, windows=windows)
    np.testing.assert_allclose(
        matched.returns.event_factors[0, 0], table[ENTRY - 5 : ENTRY + 5, 0], atol=1e-12
    )
    holed = factor_reference(
        "f.csv", panel.sessions, np.delete(panel.sessions, ENTRY), np.delete(table, ENTRY, axis=0)
    )
    with pytest.raises(BarsMissing, match=r"f\.csv has no value on"):
        studied(panel, events, Model.FACTORS, holed, windows=windows)


def test_the_band_runs_over_every_entry_that_an_estimated_date_allows() -> None:
    days = sessions(SZ, FIRST, 70)
    panel = panel_of({"300857.SZ": bars_of(SZ, FIRST, walk(1, 70))})
    first, last = days[ENTRY - 1], days[ENTRY + 4]
    publication = Publication(
        value=days[ENTRY + 1],
        precision=Precision.ESTIMATED,
        range_start=first,
        range_end=last,
        evidence="test",
    )
    event = event_of(["300857.SZ"], first, publication=publication)
    sure = event_of(["300857.SZ"], first)

    def allowed(item: Event) -> list[StudyEvent]:
        own = (no_reference(len(panel.sessions)),)
        choices = entry_choices(item.published, [SZ], calendar_of)
        return [StudyEvent(event=item, entries=each, references=own) for each in choices]

    def band_at(n: int) -> DateBands:
        # The panel as it stood after n sessions.
        bars = bars_of(SZ, FIRST, walk(1, 70)[:n])
        seen = panel_of({"300857.SZ": bars}, start=FIRST)
        own = (no_reference(len(seen.sessions)),)
        choices = [
            [replace(item, references=own) for item in allowed(one)] for one in (event, sure)
        ]
        study = partial(study_units, seen, windows=WINDOWS, model=Model.MEAN_ADJUSTED)
        return date_bands(study([main for main, *_ in choices]), choices, study)

    each = []
    for at in range(ENTRY, ENTRY + 6):  # known after the close of the days before
        one = studied(panel, [event_of(["300857.SZ"], days[at - 1])])
        each.append(one.abnormal.car[0])
    bands = band_at(70)
    low, high = np.min(each, axis=0), np.max(each, axis=0)
    parts = range(len(WINDOWS.parts()))
    for part in parts:
        assert bands.of_unit(0, part) == pytest.approx((low[part], high[part]), rel=1e-12)
        assert bands.of_unit(1, part) is None
        both = np.array([0, 1])
        mean = bands.of_mean(both, part, 0.0)
        assert mean == pytest.approx(
            ((low[part] + each[0][part]) / 2, (high[part] + each[0][part]) / 2), rel=1e-12
        )
        assert bands.of_mean(np.array([1]), part, 0.0) is None
    # The last entry's window ends on session ENTRY + 5 + 4; before it no band is final.
    short = band_at(ENTRY + 9)
    assert [short.of_unit(0, part) is None for part in parts] == [
        part.part not in (Part.RUN_UP, Part.DAY) for part in WINDOWS.parts()
    ]
    done = band_at(ENTRY + 10)
    for part in parts:
        assert done.of_unit(0, part) == pytest.approx(bands.of_unit(0, part), rel=1e-9)
