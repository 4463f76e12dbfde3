"""Random events of a study's shape: what is drawn and looked at, and how often tests reject."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache

import numpy as np
import pytest

from screener.domain.basket import Event
from screener.domain.listing import Exchange
from screener.domain.panel import PricePanel
from screener.errors import ComputeError
from screener.market.calendars import calendar_of
from screener.paths.known import EntrySessions, entry_choices
from screener.study.calibration import Calibration, _Shape, calibrated
from screener.study.evaluating import StudySettings
from screener.study.references import Reference, index_reference
from screener.study.results import Statistic
from screener.study.units import UnitKind
from screener.study.windows import Part, StudyWindows
from tests.support.panels import bars_of, event_of, panel_of, sessions
from tests.support.soaking import soaked

SZ, FIRST, N, STOCKS = Exchange.SZ, date(2024, 7, 1), 200, 40
WINDOWS = StudyWindows(estimation=(-45, -8), event=(-3, 5), least=30)


@cache
def world() -> tuple[PricePanel, Reference]:
    """Independent stocks that follow an index."""
    draw = np.random.default_rng(8)
    index = draw.normal(0, 0.01, N)
    bars = {}
    for number in range(STOCKS):
        closes = 20 * np.cumprod(1 + index + draw.normal(0, 0.01, N))
        prices = list(zip(closes, closes, strict=True))
        bars[f"00{2100 + number}.SZ"] = bars_of(SZ, FIRST, prices)
    panel = panel_of(bars)
    levels = 3000 * np.cumprod(1 + index)
    values = np.column_stack([levels, levels])
    axis = panel.sessions
    return panel, index_reference("000300.SH", axis, axis, values, calendar_of(SZ).sessions)


def events(panel: PricePanel, n: int) -> list[tuple[Event, EntrySessions]]:
    days = sessions(SZ, FIRST, N)
    found = []
    for number in range(n):
        names = [item.id for item in panel.listings[number % 5 : number % 5 + 3]]
        event = event_of(names, days[100 + 4 * (number // 2)])
        found.append((event, entry_choices(event.published, [SZ], calendar_of)[0]))
    return found


def erring(planted: float = 0.0, draws: int = 120, seed: int = 3) -> Calibration:
    panel, reference = world()
    return calibrated(
        panel,
        events(panel, 12),
        lambda event: (reference,) * len(event.members),
        StudySettings(windows=WINDOWS, draws=100, seed=seed),
        kind=UnitKind.BASKET,
        max_wait=5,
        draws=draws,
        planted=planted,
    )


@soaked
def test_tests_err_as_their_level_says_and_find_what_is_planted() -> None:
    found = erring(0.02)
    rates = {(item.part, item.statistic, item.planted): item for item in found.rejections}
    assert len(rates) == 2 * len(WINDOWS.parts()) * len(Statistic)
    assert found.n_units == 12
    for statistic in (Statistic.CROSS_SECTION, Statistic.BMP, Statistic.SKEWNESS):
        nothing = rates[Part.DAY, statistic, 0.0]
        assert nothing.n_answered == nothing.n_draws
        assert nothing.holds
        planted = rates[Part.DAY, statistic, 0.02]
        assert planted.holds is None
        assert planted.rate is not None
        assert planted.rate > 0.9
        assert planted.n_above == planted.n_rejected
        # The run-up knows nothing of session 0.
        assert rates[Part.RUN_UP, statistic, 0.02].rate == rates[Part.RUN_UP, statistic, 0.0].rate


def test_the_same_seed_draws_the_same() -> None:
    found, again, other = erring(draws=3), erring(draws=3), erring(draws=3, seed=4)
    assert again.rejections == found.rejections
    assert other.rejections != found.rejections


def test_a_draw_keeps_the_shape_and_never_looks_ahead() -> None:
    panel, _ = world()
    given = events(panel, 6)
    shape = _Shape(panel, given, WINDOWS)
    draw = shape.draw(0, seed=1)
    assert [len(event.members) for event, _ in draw] == [len(event.members) for event, _ in given]
    days = [entries[0][1] for _, entries in draw]
    assert days[0] == days[1]
    assert days[2] == days[3]
    assert len(set(days)) == 3
    for event, entries in draw:
        row = panel.row(entries[0][1])
        close = panel.close.copy()
        close[row:] = np.nan  # all that comes on its day and later
        blind = _Shape(replace(panel, close=close, open=close), given, WINDOWS)
        columns = [panel.column(member.listing) for member in event.members]
        assert blind._fit[True][row, columns].all()
        np.testing.assert_array_equal(blind._fit[True][row], shape._fit[True][row])


def test_too_short_tables_are_refused() -> None:
    panel, _ = world()
    long = StudyWindows(estimation=(-180, -8), event=(-3, 15), least=30)
    with pytest.raises(ComputeError, match="20 are needed to draw from") as told:
        _Shape(panel, events(panel, 2), long)
    assert "--estimation" in told.value.fix
