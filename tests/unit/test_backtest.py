"""Paper and executable returns against figures worked by hand."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from screener.backtest.benchmark import BenchmarkSeries
from screener.backtest.portfolio import OrderBook, simulate
from screener.backtest.run import Settings, run_backtest
from screener.domain.basket import EntryPrice, Rebalance
from screener.domain.listing import Exchange
from screener.domain.report import Precision, Publication
from screener.errors import ComputeError
from screener.market.calendars import calendar_of
from screener.paths.known import entry_choices
from tests.support.panels import bars_of, event_of, listing, panel_of, sessions

SZ = Exchange.SZ
DAY = date(2026, 5, 14)
RISING = [(10.0, 10.0), (10.0, 10.5), (10.6, 11.0), (11.0, 11.5), (11.4, 12.0)]
FALLING = [(20.0, 20.0), (20.0, 19.0), (19.0, 18.0), (18.1, 17.0), (17.0, 16.0)]


def run(panel, event, **settings):  # type: ignore[no-untyped-def]
    exchanges = [member.listing.exchange for member in event.members]
    choices = entry_choices(event.published, exchanges, calendar_of)
    options = {"horizons": (2, 3), **settings}
    return run_backtest(panel, [(event, choices)], Settings(**options), lambda *_: None)


def test_equal_weights_bought_at_the_open_and_held_without_rebalancing() -> None:
    panel = panel_of(
        {"300857.SZ": bars_of(SZ, DAY, RISING), "002428.SZ": bars_of(SZ, DAY, FALLING)}
    )
    two, three = run(panel, event_of(["300857.SZ", "002428.SZ"], DAY))
    assert two.paper_return == pytest.approx((11.0 / 10.0 + 18.0 / 20.0) / 2 - 1, abs=1e-12)
    assert three.paper_return == pytest.approx((11.5 / 10.0 + 17.0 / 20.0) / 2 - 1, abs=1e-12)
    assert three.path == pytest.approx([(1.05 + 0.95) / 2, (1.1 + 0.9) / 2, (1.15 + 0.85) / 2])


def test_total_return_counts_a_dividend_through_the_factor() -> None:
    # ex-dividend of 0.5 on session 2: factor 10.5 / 10.0 on it
    series = [(10.0, 10.0), (10.0, 10.5), (10.0, 10.0)]
    ex_day = sessions(SZ, DAY, 3)[2]
    panel = panel_of(
        {"300857.SZ": bars_of(SZ, DAY, series)},
        factors={"300857.SZ": {ex_day: 10.5 / 10.0}},
    )
    (found,) = run(panel, event_of(["300857.SZ"], DAY), horizons=(2,))
    assert found.paper_return == pytest.approx(0.05, abs=1e-12)


def test_waiting_name_keeps_its_weight_in_cash() -> None:
    days = sessions(SZ, DAY, 5)
    panel = panel_of(
        {"300857.SZ": bars_of(SZ, DAY, RISING), "002428.SZ": bars_of(SZ, DAY, FALLING)},
        suspended={"002428.SZ": days[1:]},
    )
    (found,) = run(panel, event_of(["300857.SZ", "002428.SZ"], DAY), horizons=(3,))
    assert found.paper_return == pytest.approx((11.5 / 10.0 + 1) / 2 - 1, abs=1e-12)
    assert [entry.reason for entry in found.ledger] == ["", "not bought: suspended"]


def test_late_purchase_pays_the_later_open() -> None:
    days = sessions(SZ, DAY, 5)
    panel = panel_of({"300857.SZ": bars_of(SZ, DAY, RISING)}, suspended={"300857.SZ": [days[1]]})
    (found,) = run(panel, event_of(["300857.SZ"], DAY), horizons=(3,))
    assert found.paper_return == pytest.approx(11.5 / 10.6 - 1, abs=1e-12)
    assert found.ledger[0].entry_session == days[2]
    assert found.ledger[0].reason == "bought late: suspended"


def test_hong_kong_names_are_valued_in_the_base_currency() -> None:
    panel = panel_of({"01208.HK": bars_of(Exchange.HK, DAY, RISING)}, fx=0.9)
    rates = np.array([[0.9], [0.9], [0.8], [0.8], [0.8]])
    panel = panel_of({"01208.HK": bars_of(Exchange.HK, DAY, RISING)})
    moved = replace(panel, fx=rates)
    (found,) = run(moved, event_of(["01208.HK"], DAY), horizons=(2,))
    assert found.paper_return == pytest.approx(11.0 * 0.8 / (10.0 * 0.9) - 1, abs=1e-12)


@pytest.mark.parametrize("extra", [{}, {"cost": 0.001}, {"rebalance": Rebalance.DAILY}])
def test_missing_fixing_costs_the_rows_that_need_it(extra: dict[str, object]) -> None:
    panel = panel_of(
        {"01208.HK": bars_of(Exchange.HK, DAY, RISING), "300857.SZ": bars_of(SZ, DAY, RISING)}
    )
    rates = np.where(np.arange(2) == 0, 0.9, 1.0) * np.ones((len(panel.sessions), 1))
    rates[3, 0] = np.nan  # session 3: the first two are known
    holed = replace(panel, fx=rates)
    event, other = event_of(["01208.HK"], DAY), event_of(["300857.SZ"], DAY)
    settings = Settings(horizons=(2, 3), **extra)  # type: ignore[arg-type]
    dated = [
        (item, entry_choices(item.published, [item.members[0].listing.exchange], calendar_of))
        for item in (event, other)
    ]
    short, lost, *others = run_backtest(holed, dated, settings, lambda *_: None)
    assert (short.status, short.lack) == ("mature", "")
    assert short.paper_return == pytest.approx(11.0 / 10.0 - 1, abs=1e-12)
    assert (lost.status, lost.paper_return, lost.executable_return) == ("no_data", None, None)
    assert "01208.HK is quoted in HKD and no HKD/CNY fixing holds on" in lost.lack
    assert "--kind fx" in lost.lack
    assert [entry.reason for entry in lost.ledger] == ["no fixing of its currency in its window"]
    assert {item.status for item in others} == {"mature"}
    assert not any(item.lack for item in others)


def test_adjusted_prices_without_a_vwap_cost_their_own_rows_alone() -> None:
    panel = panel_of(
        {"300857.SZ": bars_of(SZ, DAY, RISING), "002428.SZ": bars_of(SZ, DAY, RISING)},
        adjusted=["300857.SZ"],
    )
    panel = replace(panel, vwap=np.where([[True, False]], np.nan, panel.close))
    dated = [
        (item, entry_choices(item.published, [SZ], calendar_of))
        for item in (event_of(["300857.SZ"], DAY), event_of(["002428.SZ"], DAY))
    ]
    settings = Settings(horizons=(2,), entry=EntryPrice.VWAP)
    lost, found = run_backtest(panel, dated, settings, lambda *_: None)
    assert (lost.status, found.status) == ("no_data", "mature")
    assert "they give no VWAP" in lost.lack
    assert lost.ledger[0].reason == "its basket cannot be valued"


def test_cost_touches_the_executable_return_only() -> None:
    panel = panel_of({"300857.SZ": bars_of(SZ, DAY, RISING)})
    event = event_of(["300857.SZ"], DAY)
    (free,) = run(panel, event, horizons=(3,))
    (costed,) = run(panel, event, horizons=(3,), cost=0.001, capitals=(1e6,))
    assert costed.paper_return == free.paper_return
    assert free.executable_return is None
    # buy and sell each cost 10 bp of their amount, the purchase sized with its cost reserved
    expected = 11.5 / 10.0 / 1.001 * 0.999
    assert costed.executable_return == pytest.approx(expected - 1, abs=1e-12)
    bought = 1e6 / 1.001
    assert costed.fees == pytest.approx(bought * 0.001 + bought * 1.15 * 0.001)


def test_one_session_cannot_be_executed_and_a_pending_window_pays_no_exit() -> None:
    panel = panel_of({"300857.SZ": bars_of(SZ, DAY, RISING)})
    one, far = run(panel, event_of(["300857.SZ"], DAY), horizons=(1, 50), cost=0.001)
    assert (one.executable_return, one.fees) == (None, None)
    assert one.paper_return == pytest.approx(0.05, abs=1e-12)
    assert far.status == "pending"
    assert far.executable_return == pytest.approx(1.2 / 1.001 - 1, abs=1e-12)


def test_sale_waits_at_the_lower_limit_while_paper_marks_the_exit() -> None:
    series = [(10.0, 10.0), (10.0, 10.0), (9.0, 8.0), (8.0, 8.4), (8.0, 9.0)]
    panel = panel_of({"300857.SZ": bars_of(SZ, DAY, series)})
    (found,) = run(panel, event_of(["300857.SZ"], DAY), horizons=(2,), cost=0.0)
    assert found.paper_return == pytest.approx(-0.2, abs=1e-12)
    assert found.executable_return == pytest.approx(-0.16, abs=1e-12)
    assert "sold late" in found.ledger[0].reason
    assert found.ledger[0].rule


def test_sale_that_still_waits_makes_the_row_pending() -> None:
    series = [(10.0, 10.0), (10.0, 10.0), (9.0, 8.0)]
    panel = panel_of({"300857.SZ": bars_of(SZ, DAY, series)})
    (found,) = run(panel, event_of(["300857.SZ"], DAY), horizons=(2,), cost=0.0)
    assert (found.status, found.executable_return) == ("pending", None)
    assert "not sold yet" in found.ledger[0].reason


def estimated(start: date, value: date, end: date) -> Publication:
    return Publication(
        value=value,
        precision=Precision.ESTIMATED,
        range_start=start,
        range_end=end,
        evidence="by its contents",
    )


def test_band_spans_every_entry_that_the_range_allows() -> None:
    days = sessions(SZ, DAY, 6)
    # bought at the open of session k and marked at its close: 1.00, 0.50, 2.00
    series = [(10.0, 10.0), (10.0, 10.0), (10.0, 10.0), (8.0, 4.0), (4.0, 8.0), (8.0, 8.0)]
    panel = panel_of({"00700.HK": bars_of(Exchange.HK, DAY, series)}, fx=1.0)
    event = event_of(["00700.HK"], DAY, publication=estimated(days[0], days[1], days[4]))
    (found,) = run(panel, event, horizons=(1,))
    assert found.paper_return == pytest.approx(0.0, abs=1e-12)
    assert found.band == pytest.approx((-0.5, 1.0), abs=1e-12)


def test_band_of_a_mature_row_waits_until_all_its_entries_are_mature() -> None:
    days = sessions(SZ, DAY, 6)
    panel = panel_of({"300857.SZ": bars_of(SZ, DAY, RISING)})
    event = event_of(["300857.SZ"], DAY, publication=estimated(days[0], days[0], days[2]))
    (found,) = run(panel, event, horizons=(3,))
    assert (found.status, found.band) == ("mature", None)
    assert "1 of 3 allowed entries are not mature" in found.remarks[0]


def index(values: list[tuple[float, float]], basis: str = "price") -> BenchmarkSeries:
    days = sessions(SZ, DAY, len(values))
    return BenchmarkSeries(
        listing=listing("000300.SH"),
        basis=basis,
        calendar=calendar_of(SZ),
        sessions=np.array(days, dtype="datetime64[D]"),
        values=np.array(values),
    )


def test_benchmark_runs_from_the_open_of_the_entry_to_the_close_of_the_exit() -> None:
    panel = panel_of({"300857.SZ": bars_of(SZ, DAY, RISING)})
    event = event_of(["300857.SZ"], DAY)
    choices = entry_choices(event.published, [SZ], calendar_of)
    series = index([(100.0, 101.0), (102.0, 103.0), (104.0, 105.0), (106.0, 107.0)])
    (found,) = run_backtest(panel, [(event, choices)], Settings(horizons=(2,)), lambda *_: series)
    assert found.benchmark_return == pytest.approx(105 / 102 - 1, abs=1e-12)
    assert found.active_return == pytest.approx(0.1 - (105 / 102 - 1), abs=1e-12)


@pytest.mark.parametrize("hole", [1, 2])
def test_hole_in_the_benchmark_leaves_the_index_out_and_never_takes_the_next_bar(hole: int) -> None:
    panel = panel_of({"300857.SZ": bars_of(SZ, DAY, RISING)})
    event = event_of(["300857.SZ"], DAY)
    choices = entry_choices(event.published, [SZ], calendar_of)
    whole = index([(100.0, 101.0)] * 5)
    keep = np.arange(5) != hole
    holed = replace(whole, sessions=whole.sessions[keep], values=whole.values[keep])
    (found,) = run_backtest(panel, [(event, choices)], Settings(horizons=(2,)), lambda *_: holed)
    assert (found.status, found.benchmark_return, found.active_return) == ("mature", None, None)
    assert found.paper_return == pytest.approx(0.1, abs=1e-12)
    assert f"no bar on {whole.sessions[hole]}" in found.index_lack
    assert found.lack == ""


def test_window_without_a_session_of_the_benchmark_has_none_and_says_so() -> None:
    # Hong Kong enters on 2025-10-02, in the mainland's Golden Week
    day = date(2025, 9, 30)
    panel = panel_of({"00700.HK": bars_of(Exchange.HK, day, RISING)})
    event = event_of(["00700.HK"], day)
    choices = entry_choices(event.published, [Exchange.HK], calendar_of)
    (found,) = run_backtest(
        panel, [(event, choices)], Settings(horizons=(1,)), lambda *_: index([(1.0, 1.0)])
    )
    assert (found.benchmark_return, found.active_return) == (None, None)
    assert "no session of the benchmark's exchange" in found.remarks[0]


def test_nothing_is_sold_before_the_window_is_mature() -> None:
    stops = {"002428.SZ": bars_of(SZ, DAY, FALLING[:3])}
    panel = panel_of({"300857.SZ": bars_of(SZ, DAY, RISING), **stops})
    names = ["300857.SZ", "002428.SZ"]
    (found,) = run(panel, event_of(names, DAY), horizons=(4,), cost=0.001)
    assert found.status == "partial"
    # both marked at the cut, session 2, after the purchase's cost alone
    assert found.executable_return == pytest.approx((1.1 + 0.9) / 2 / 1.001 - 1, abs=1e-12)
    assert {entry.sold_session for entry in found.ledger} == {None}


def test_path_runs_over_the_sessions_of_its_own_exchanges() -> None:
    hk = {"00700.HK": bars_of(Exchange.HK, date(2026, 5, 21), [(10.0, 10.0)] * 6)}
    # the mainland trades on 2026-05-25, Hong Kong does not
    both = {**hk, "300857.SZ": bars_of(SZ, date(2026, 5, 21), [(10.0, 10.0)] * 6)}
    event = event_of(["00700.HK"], date(2026, 5, 21))
    (alone,) = run(panel_of(hk), event, horizons=(4,))
    (beside,) = run(panel_of(both), event, horizons=(4,))
    assert len(alone.path) == len(beside.path) == 4


def test_benchmark_that_ends_before_the_window_leaves_the_index_out() -> None:
    panel = panel_of({"300857.SZ": bars_of(SZ, DAY, RISING)})
    event = event_of(["300857.SZ"], DAY)
    choices = entry_choices(event.published, [SZ], calendar_of)
    short = index([(100.0, 101.0), (102.0, 103.0)])
    settings = Settings(horizons=(1, 2))
    known, lost = run_backtest(panel, [(event, choices)], settings, lambda *_: short)
    assert known.benchmark_return == pytest.approx(103 / 102 - 1, abs=1e-12)
    assert (lost.paper_return, lost.benchmark_return) == (pytest.approx(0.1, abs=1e-12), None)
    assert "000300.SH does not cover 2026-05-15 to 2026-05-18" in lost.index_lack
    assert "--kind index" in lost.index_lack


def book(**changes: object) -> OrderBook:
    given: dict[str, object] = {
        "marks": np.array([[10.0], [11.0]]),
        "groups": np.array([0]),
        "cash": np.array([1.0]),
        "buy_rows": np.array([0]),
        "buy_prices": np.array([10.0]),
        "sell_rows": np.array([-1]),
        "sell_prices": np.array([-1.0]),
        "fees": np.array([0.0]),
    }
    return OrderBook(**{**given, **changes})  # type: ignore[arg-type]


def test_order_that_the_engine_ignores_is_an_error() -> None:
    with pytest.raises(ComputeError, match="filled 0 of 1 orders"):
        simulate(book(buy_prices=np.array([np.nan])))


def test_chunks_give_the_same_values(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(7)
    n = 30
    marks = generator.uniform(5, 15, size=(12, n))
    many = book(
        marks=marks,
        groups=np.sort(generator.integers(0, 7, n)),
        cash=generator.uniform(0.1, 1, n),
        buy_rows=generator.integers(0, 4, n),
        buy_prices=generator.uniform(5, 15, n),
        sell_rows=generator.integers(5, 12, n),
        sell_prices=generator.uniform(5, 15, n),
        fees=np.full(n, 0.002),
    )
    groups = np.unique(many.groups, return_inverse=True)[1]
    many = replace(many, groups=groups)
    whole = simulate(many)
    monkeypatch.setattr("screener.backtest.portfolio._CELLS_PER_CALL", 60)
    parts = simulate(many)
    assert np.array_equal(whole.values, parts.values)
    assert np.array_equal(whole.fees, parts.fees)
    # and by hand: cash / (price (1 + fee)) units, sold at their price less the fee
    units = many.cash / (many.buy_prices * 1.002)
    final = np.bincount(groups, weights=units * many.sell_prices * 0.998)
    assert whole.values[-1] == pytest.approx(final, rel=1e-12)
