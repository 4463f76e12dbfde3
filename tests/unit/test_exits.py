"""Early exits against figures worked by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from screener.backtest.frictions import Frictions
from screener.backtest.run import EventResult, Settings, run_backtest
from screener.domain.basket import Leaves
from screener.domain.exits import ExitKind, ExitRules, parse_exits
from screener.domain.listing import Exchange
from screener.domain.panel import PricePanel
from screener.errors import InputError
from screener.market.calendars import calendar_of
from screener.paths.known import entry_choices
from screener.study.legs import leg_returns, total_returns
from screener.study.references import Reference
from screener.study.windows import StudyWindows
from tests.support.panels import bars_of, event_of, panel_of, sessions
from tests.unit.test_executing import trading_of

DAY = date(2026, 5, 14)
FREE = Frictions(participation=None, commission=False, levies=False)
NAME = "000001.SZ"
# Bought at 10.00; 9.50 at the close of session 2 is -5 %, 11.60 at that of session 4 is +16 %.
PRICES = [(10.0, 10.0), (10.0, 9.5), (9.4, 10.2), (10.5, 11.6), (11.8, 11.0), (11.0, 10.0)]
DAYS = sessions(Exchange.SZ, date(2026, 5, 15), len(PRICES))


def run(panel: PricePanel, rules: ExitRules, leaves: Leaves = (), hold: int = 6) -> EventResult:
    event = event_of([item.id for item in panel.listings], DAY)
    event = replace(event, members=tuple(replace(item, leaves=leaves) for item in event.members))
    entries = entry_choices(event.published, [Exchange.SZ], calendar_of)
    asked = Settings(horizons=(hold,), frictions=FREE, capitals=(10_000.0,), exits=rules)
    return run_backtest(panel, [(event, entries)], asked, lambda *_: None, trading_of(panel))[0]


def market(
    prices: list[tuple[float, float] | None] | list[tuple[float, float]] = PRICES, **given: object
) -> PricePanel:
    return panel_of({NAME: bars_of(Exchange.SZ, DAYS[0], prices)}, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rules", "leaves", "day", "price", "kind"),
    [
        (ExitRules(stop=-0.05), (), 2, 9.4, ExitKind.STOP),
        (ExitRules(stop=-0.06, take=0.15), (), 4, 11.8, ExitKind.TAKE),
        (ExitRules(stop=-0.06, take=0.17), (), 5, 10.0, ExitKind.HORIZON),
        # Published after the close of the third session: sold at the fourth's open.
        (ExitRules(next_report=True), ((DAYS[3], ExitKind.NEXT_REPORT),), 3, 10.5, "next-report"),
        # The first to fire wins.
        (ExitRules(stop=-0.05), ((DAYS[3], ExitKind.RATING_CUT),), 2, 9.4, ExitKind.STOP),
        # One for the day of the purchase waits for the next session (T+1).
        (ExitRules(rating_cut=True), ((DAYS[0], ExitKind.RATING_CUT),), 1, 10.0, "rating-cut"),
    ],
)
def test_a_name_is_sold_at_the_open_after_its_rule_fires(
    rules: ExitRules, leaves: Leaves, day: int, price: float, kind: str
) -> None:
    found = run(market(), rules, leaves)
    assert found.status == "mature"
    assert found.paper_return == pytest.approx(price / 10 - 1, abs=1e-12)
    assert found.executable_return == pytest.approx(price / 10 - 1, abs=1e-12)
    assert found.exit_session == DAYS[day]
    assert found.ledger[0].exit == kind
    assert found.ledger[0].exit_price == price
    assert found.ledger[0].scheduled_exit == DAYS[day]


def test_a_price_limit_at_the_open_delays_the_sale_with_money() -> None:
    """9.50 fires; the next open, 8.55, is at the lower limit: sold at the open after it, 8.80."""
    prices = [(10.0, 10.0), (10.0, 9.5), (8.55, 8.7), (8.8, 9.0), (9.0, 9.0), (9.0, 9.0)]
    found = run(market(prices), ExitRules(stop=-0.05))
    assert found.paper_return == pytest.approx(-0.145, abs=1e-12)
    assert found.executable_return == pytest.approx(-0.12, abs=1e-12)
    sale = found.orders[-1]
    assert (sale.scheduled, sale.session) == (DAYS[2], DAYS[3])
    assert sale.reason == "stop loss; waited: open at the lower limit"


def test_a_suspension_delays_the_sale_and_paper_keeps_the_last_close() -> None:
    prices = [(10.0, 10.0), (10.0, 9.5), None, (9.0, 9.1), (9.0, 9.0), (9.0, 9.0)]
    panel = market(prices, suspended={NAME: [DAYS[2]]})
    found = run(panel, ExitRules(stop=-0.05))
    assert found.paper_return == pytest.approx(-0.05, abs=1e-12)
    assert found.executable_return == pytest.approx(-0.1, abs=1e-12)


def test_a_rule_that_fires_at_the_last_close_known_is_still_pending() -> None:
    found = run(market(PRICES[:2]), ExitRules(stop=-0.05))
    assert found.status == "pending"
    assert found.paper_return == pytest.approx(-0.05)


def test_the_reader_s_window_of_a_study_ends_at_the_open_of_the_exit() -> None:
    """By hand: to the close of session 2, then to session 3's open; the index 100, 101, 102."""
    panel = market()
    prices = total_returns(panel)
    levels = np.array([[100.0, 101.0, 102.0, 103.0, 104.0, 105.0]])
    reference = Reference(
        name="index",
        levels=levels,
        opens=levels - 0.5,
        compounded=True,
        missing=np.zeros(6, dtype=bool),
    )
    found = leg_returns(
        panel,
        prices,
        0,
        DAYS[0],
        reference,
        StudyWindows(estimation=(-40, -5), event=(-1, 5)),
        last_available=DAYS[-1],
        max_wait=5,
        exits=ExitRules(stop=-0.05),
    )
    reader = slice(7, None)  # after the columns around session 0
    np.testing.assert_allclose(found.event[reader], [0.0, -0.05, 9.4 / 9.5 - 1, 0, 0, 0])
    index = [100 / 99.5 - 1, 0.01, 101.5 / 101 - 1, 0, 0, 0]
    np.testing.assert_allclose(found.event_factors[0, reader], index)
    np.testing.assert_array_equal(found.spans[reader], [1, 1, 1, 0, 0, 0])


@pytest.mark.parametrize(
    "text", ["stop", "stop:0.1", "stop:-2", "take:-0.1", "soon", "take:0.1,take:0.2", "horizon:3"]
)
def test_what_is_no_rule_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="--exit"):
        parse_exits(text)


def test_rules_are_read_as_they_are_told() -> None:
    rules = parse_exits(["stop:-10%", "take:0.2,next-report", "rating-cut", "horizon"])
    assert rules == ExitRules(next_report=True, rating_cut=True, stop=-0.1, take=0.2)
    assert parse_exits(rules.told()) == rules
