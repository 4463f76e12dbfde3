"""The session before an entry is that of the name's own exchange, whatever else a panel holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from screener.backtest.execution.pricing import value_panel
from screener.domain.listing import Exchange
from screener.domain.panel import PricePanel
from screener.market.calendars import calendar_of
from tests.support.panels import bars_of, panel_of

SHUT, ENTRY = date(2026, 5, 25), date(2026, 5, 26)
"""A session of the mainland on which Hong Kong was shut, and the next one of both."""
FIRST = date(2026, 5, 18)
HONG_KONG, MAINLAND = "00700.HK", "600000.SH"


def panel(*, both: bool) -> PricePanel:
    prices = [(float(10 + at), float(10 + at)) for at in range(12)]
    own = {day: price for day, price in bars_of(Exchange.HK, FIRST, prices).items() if day != ENTRY}
    bars = {HONG_KONG: own}
    if both:
        bars[MAINLAND] = bars_of(Exchange.SH, FIRST, prices)
    made = panel_of(bars)
    rates = np.linspace(0.90, 0.95, 30)  # a fixing of its own on each day
    days = (made.sessions - np.datetime64(FIRST, "D")).astype(int)
    return replace(made, fx=np.repeat(rates[days][:, np.newaxis], made.fx.shape[1], axis=1))


def test_the_day_between_is_a_session_of_one_exchange() -> None:
    assert calendar_of(Exchange.SH).is_session(SHUT)
    assert not calendar_of(Exchange.HK).is_session(SHUT)


@pytest.mark.parametrize("both", [False, True])
def test_the_row_before_is_of_the_listings_own_exchange(both: bool) -> None:
    made = panel(both=both)
    row = made.row(ENTRY)
    before = made.row_before(row, 0)
    assert before is not None
    assert made.session(before) == date(2026, 5, 22)
    assert made.row_before(0, 0) is None
    if both:
        assert made.row_before(row, 1) == made.row(SHUT)


def test_a_name_that_is_halted_on_its_entry_is_meant_at_its_own_last_close() -> None:
    found = []
    for both in (False, True):
        made = panel(both=both)
        assert np.isnan(made.close[made.row(ENTRY), 0])
        found.append(value_panel(made).scheduled[made.row(ENTRY), 0])
    assert found[0] == found[1]
    assert np.isfinite(found[0])
