from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from screener.domain.basket import EntryPrice, Weighting
from screener.domain.listing import Exchange
from screener.domain.panel import CapPanel, PricePanel
from screener.paths.legs import LegState, Reason, buy_block, resolve_leg, sale_block
from screener.paths.metrics.measures import max_drawdown
from screener.paths.windows import WindowStatus, resolve_window
from tests.support.panels import bars_of, event_of, listing, panel_of, sessions

SZ = Exchange.SZ
DAY = date(2026, 5, 14)  # a Thursday; sessions follow on 05-15, 05-18, 05-19, 05-20, 05-21 …
FLAT = (10.0, 10.0)


def days(count: int) -> list[date]:
    return sessions(SZ, DAY, count)


def test_a_plain_purchase_is_filled_at_the_entry_and_marked_at_session_h() -> None:
    panel = panel_of({"300857.SZ": bars_of(SZ, DAY, [FLAT] * 8)})
    leg = resolve_leg(
        panel, 0, entry=days(2)[1], horizon=5, max_wait=10, last_available=days(8)[-1]
    )
    assert (leg.state, leg.fill_row, leg.exit_row, leg.last_row) == (LegState.HELD, 1, 5, 5)
    assert leg.reached


@pytest.mark.parametrize(
    ("horizon", "max_wait", "fill"),
    [(5, 10, 3), (3, 10, 3), (2, 10, None), (5, 1, None), (5, 2, 3)],
)
def test_a_suspended_name_waits_no_longer_than_allowed(
    horizon: int, max_wait: int, fill: int | None
) -> None:
    all_days = days(8)
    panel = panel_of(
        {"300857.SZ": bars_of(SZ, DAY, [FLAT] * 8)}, suspended={"300857.SZ": all_days[1:3]}
    )
    leg = resolve_leg(
        panel, 0, entry=all_days[1], horizon=horizon, max_wait=max_wait, last_available=all_days[-1]
    )
    assert leg.fill_row == fill
    assert leg.state is (LegState.WAITING if fill is None else LegState.HELD)
    assert leg.reason is Reason.SUSPENDED
    assert leg.exit_row == horizon  # the scheduled exit does not move


def test_a_gap_without_a_bar_waits_too() -> None:
    panel = panel_of({"300857.SZ": bars_of(SZ, DAY, [FLAT, None, FLAT, FLAT, FLAT, FLAT])})
    leg = resolve_leg(
        panel, 0, entry=days(2)[1], horizon=4, max_wait=10, last_available=days(6)[-1]
    )
    assert (leg.fill_row, leg.reason) == (2, Reason.NO_BAR)


def test_a_close_alone_is_no_price_to_open_at() -> None:
    alone = (np.nan, 10.0)
    panel = panel_of({"300857.SZ": bars_of(SZ, DAY, [FLAT, alone, alone, FLAT, FLAT, FLAT])})
    entry, last_available = days(2)[1], days(6)[-1]
    leg = resolve_leg(panel, 0, entry=entry, horizon=4, max_wait=10, last_available=last_available)
    assert (leg.fill_row, leg.reason) == (3, Reason.NO_OPEN)
    assert str(leg.reason) == "no opening price that session"
    at_close = resolve_leg(
        panel,
        0,
        entry=entry,
        horizon=4,
        max_wait=10,
        last_available=last_available,
        price=EntryPrice.CLOSE,
    )
    assert (at_close.fill_row, at_close.reason) == (1, Reason.NONE)


@pytest.mark.parametrize(
    ("name", "opened", "blocked"),
    [
        ("300857.SZ", 12.00, True),  # ChiNext 20 %
        ("300857.SZ", 11.99, False),
        ("601899.SH", 11.00, True),  # main board 10 %
        ("601899.SH", 10.99, False),
        ("920002.BJ", 13.00, True),  # BSE 30 %
        ("920002.BJ", 12.99, False),
        ("00700.HK", 99.0, False),  # Hong Kong has no limit
    ],
)
def test_an_open_at_the_upper_limit_cannot_be_bought(
    name: str, opened: float, blocked: bool
) -> None:
    exchange = listing(name).exchange
    panel = panel_of({name: bars_of(exchange, DAY, [FLAT, (opened, opened)])})
    assert buy_block(panel, 0, 1) is (Reason.LIMIT_UP if blocked else Reason.NONE)


def test_st_narrows_the_limit_until_2026_07_06() -> None:
    bars = {"601899.SH": {date(2026, 7, 2): FLAT, date(2026, 7, 3): (10.5, 10.5)}}
    later = {"601899.SH": {date(2026, 7, 3): FLAT, date(2026, 7, 6): (10.5, 10.5)}}
    before, after = ({"601899.SH": [day]} for day in (date(2026, 7, 3), date(2026, 7, 6)))
    assert buy_block(panel_of(bars, st=before), 0, 1) is Reason.LIMIT_UP
    assert buy_block(panel_of(bars), 0, 1) is Reason.NONE
    assert buy_block(panel_of(later, st=after), 0, 1) is Reason.NONE


def test_the_limit_is_taken_from_the_ex_reference_price() -> None:
    # 10-for-10 bonus: the factor doubles, the reference halves to 5.00, the limit is 6.00
    day = days(2)[1]
    bars = bars_of(SZ, DAY, [FLAT, (6.0, 6.0)])
    panel = panel_of({"300857.SZ": bars}, factors={"300857.SZ": {day: 2.0}})
    assert buy_block(panel, 0, 1) is Reason.LIMIT_UP


def test_a_new_listing_has_no_limit_in_its_first_five_sessions() -> None:
    series = [FLAT, (13.0, 13.0), (16.0, 16.0), (20.0, 20.0), (25.0, 25.0), (30.0, 30.0)]
    first, *_ = days(1)
    panel = panel_of(
        {"300857.SZ": bars_of(SZ, DAY, series)},
        list_dates={"300857.SZ": first},
        start=first,
    )
    assert [buy_block(panel, 0, row) for row in range(1, 5)] == [Reason.NONE] * 4
    assert buy_block(panel, 0, 5) is Reason.LIMIT_UP


def test_adjusted_prices_are_compared_within_half_a_tick() -> None:
    bars = {"300857.SZ": bars_of(SZ, DAY, [(9.9873, 9.9873), (11.98, 11.98)])}
    assert buy_block(panel_of(bars, adjusted=["300857.SZ"]), 0, 1) is Reason.LIMIT_UP
    assert buy_block(panel_of(bars), 0, 1) is Reason.NONE


def test_a_close_at_the_lower_limit_cannot_be_sold() -> None:
    panel = panel_of({"300857.SZ": bars_of(SZ, DAY, [FLAT, (9.0, 8.0), (8.0, 8.01)])})
    assert sale_block(panel, 0, 1) is Reason.LIMIT_DOWN
    assert sale_block(panel, 0, 2) is Reason.NONE


def window(panel, names, horizon, **options):  # type: ignore[no-untyped-def]
    exchanges = {listing(name).exchange for name in names}
    entries = tuple((item, sessions(item, DAY, 2)[1]) for item in sorted(exchanges))
    event = event_of(names, DAY, **options)
    return resolve_window(panel, event, entries, horizon=horizon, max_wait=10)


def test_names_left_out_have_a_reason_and_no_weight() -> None:
    other = "002428.SZ"
    panel = panel_of(
        {
            "300857.SZ": bars_of(SZ, DAY, [FLAT] * 8),
            other: {},
            "002975.SZ": {days(8)[7]: FLAT},
            "002429.SZ": {days(1)[0]: FLAT},
        }
    )
    found = window(panel, ["300857.SZ", other, "002975.SZ", "002429.SZ"], 3)
    assert [leg.reason for leg in found.legs] == [
        Reason.NONE,
        Reason.NO_BARS,
        Reason.NOT_YET_LISTED,
        Reason.COVERAGE_ENDED,
    ]
    assert found.weights == (1.0, 0.0, 0.0, 0.0)
    assert (found.count(LegState.HELD), found.count(LegState.DROPPED)) == (1, 3)
    # One session before the entry its bars stop: they may go on after a suspension, and the
    # window waits for that. By a name that it does not hold it is never partial.
    assert found.status is WindowStatus.PENDING


@pytest.mark.parametrize(
    ("gap", "resumes", "state", "status"),
    [
        (20, False, LegState.DROPPED, WindowStatus.PENDING),
        (21, False, LegState.DROPPED, WindowStatus.MATURE),
        (20, True, LegState.WAITING, WindowStatus.MATURE),
        (21, True, LegState.DROPPED, WindowStatus.MATURE),
    ],
)
def test_coverage_is_decided_by_the_gap_before_the_entry(
    gap: int, resumes: bool, state: LegState, status: WindowStatus
) -> None:
    first = date(2026, 3, 2)
    series: list[tuple[float, float] | None] = [FLAT, *[None] * (gap + 11)]
    if resumes:
        series[-1] = FLAT
    panel = panel_of(
        {
            "300857.SZ": bars_of(SZ, first, [FLAT] * (gap + 12)),
            "002428.SZ": bars_of(SZ, first, series),
        }
    )
    all_days = sessions(SZ, first, gap + 12)
    for horizon in (1, 2, 8):  # the same whatever is held
        found = resolve_window(
            panel,
            event_of(["300857.SZ", "002428.SZ"], all_days[gap - 1]),
            ((SZ, all_days[gap]),),
            horizon=horizon,
            max_wait=10,
        )
        assert (found.legs[1].state, found.status) == (state, status)


def test_hole_at_the_exit_is_valued_at_the_last_close_once_bars_go_on() -> None:
    holed = [FLAT, FLAT, FLAT, None, FLAT]
    panel = panel_of(
        {"300857.SZ": bars_of(SZ, DAY, [FLAT] * 5), "002428.SZ": bars_of(SZ, DAY, holed)}
    )
    found = window(panel, ["300857.SZ", "002428.SZ"], 3)
    assert (found.status, found.sessions_held) == (WindowStatus.MATURE, 3)
    stopped = panel_of(
        {"300857.SZ": bars_of(SZ, DAY, [FLAT] * 5), "002428.SZ": bars_of(SZ, DAY, holed[:3])}
    )
    found = window(stopped, ["300857.SZ", "002428.SZ"], 3)
    assert (found.status, found.sessions_held) == (WindowStatus.PARTIAL, 2)


def test_waiting_name_whose_data_stop_within_its_wait_is_not_settled() -> None:
    locked = [FLAT, (12.0, 12.0)]
    names = ["300857.SZ", "002428.SZ"]
    panel = panel_of({names[1]: bars_of(SZ, DAY, [FLAT] * 8), names[0]: bars_of(SZ, DAY, locked)})
    found = window(panel, names, 5)
    assert (found.legs[0].state, found.status) == (LegState.WAITING, WindowStatus.PENDING)


def test_name_that_was_never_bought_is_cash_once_its_wait_is_over() -> None:
    names = ["300857.SZ", "002428.SZ"]
    locked = [FLAT, (12.0, 12.0), (14.4, 14.4), (17.28, 17.28)]  # of three sessions, then no more
    panel = panel_of({names[0]: bars_of(SZ, DAY, locked), names[1]: bars_of(SZ, DAY, [FLAT] * 8)})
    event, entries = event_of(names, DAY), ((SZ, days(8)[1]),)
    over = resolve_window(panel, event, entries, horizon=6, max_wait=2)
    assert (over.legs[0].state, over.status) == (LegState.WAITING, WindowStatus.MATURE)
    assert over.weights == (0.5, 0.5)
    open_ = resolve_window(panel, event, entries, horizon=6, max_wait=3)
    assert open_.status is WindowStatus.PENDING
    later = resolve_window(panel, event, entries, horizon=7, max_wait=2)
    assert later.status is WindowStatus.MATURE
    beyond = resolve_window(panel, event, entries, horizon=8, max_wait=2)
    assert beyond.status is WindowStatus.PENDING  # nobody's tables reach its exit


def test_name_whose_exchange_has_not_reached_its_entry_keeps_its_weight() -> None:
    # Golden Week 2025: Hong Kong trades from 10-02, the mainland from 10-09.
    hk, sz = "00700.HK", "300857.SZ"
    bars = {
        hk: {date(2025, 9, 30): FLAT, date(2025, 10, 2): FLAT, date(2025, 10, 3): FLAT},
        sz: {date(2025, 9, 30): FLAT},
    }
    entries = ((Exchange.HK, date(2025, 10, 2)), (SZ, date(2025, 10, 9)))
    found = resolve_window(
        panel_of(bars), event_of([hk, sz], date(2025, 9, 30)), entries, horizon=1, max_wait=10
    )
    assert found.weights == (0.5, 0.5)
    assert found.status is WindowStatus.PENDING
    assert found.legs[1].reason is Reason.DATA_END


def test_status_depends_on_the_event_alone() -> None:
    late, early = bars_of(SZ, DAY, [FLAT] * 20), bars_of(Exchange.HK, DAY, [FLAT] * 6)
    names = ["00700.HK"]
    alone = window(panel_of({"00700.HK": early}), names, 8)
    beside = window(panel_of({"00700.HK": early, "300857.SZ": late}), names, 8)
    assert alone.status is beside.status is WindowStatus.PENDING


def test_limit_is_known_from_a_close_before_the_panel_begins() -> None:
    panel = panel_of({"300857.SZ": bars_of(SZ, DAY, [(12.0, 12.0)])})
    earlier = replace(panel, prior_values=np.array([10.0]))
    assert buy_block(panel, 0, 0) is Reason.NONE
    assert buy_block(earlier, 0, 0) is Reason.LIMIT_UP


def test_window_that_the_data_do_not_reach_is_pending() -> None:
    panel = panel_of({"300857.SZ": bars_of(SZ, DAY, [FLAT] * 4)})
    found = window(panel, ["300857.SZ"], 5)
    assert (found.status, found.sessions_held) == (WindowStatus.PENDING, 3)


def test_name_whose_data_stop_first_makes_the_window_partial_and_cuts_it() -> None:
    panel = panel_of(
        {
            "300857.SZ": bars_of(SZ, DAY, [FLAT] * 8),
            "002428.SZ": bars_of(SZ, DAY, [FLAT] * 3),
        }
    )
    found = window(panel, ["300857.SZ", "002428.SZ"], 5)
    assert (found.status, found.sessions_held) == (WindowStatus.PARTIAL, 2)
    assert found.end_rows == (2, 2)  # nobody is carried flat: both stop there


def _behind(entry: date) -> PricePanel:
    """Return a panel whose mainland tables end on `DAY`, and whose sessions go on."""
    return panel_of({"300857.SZ": {DAY: FLAT}, "00700.HK": {DAY: FLAT, entry: FLAT}})


@pytest.mark.parametrize("behind", [1, 15, 40])  # 20 sessions end a name's coverage, not this
def test_entry_that_the_tables_do_not_reach_is_pending(behind: int) -> None:
    entry = days(behind + 1)[-1]
    found = resolve_window(
        _behind(entry), event_of(["300857.SZ"], DAY), ((SZ, entry),), horizon=5, max_wait=10
    )
    assert (found.status, found.sessions_held) == (WindowStatus.PENDING, 0)
    assert found.legs[0].reason is Reason.DATA_END
    assert not found.valued
    assert (found.weights, found.last_row) == ((1.0,), -1)


@pytest.mark.parametrize("weighting", [Weighting.INVERSE_VOL, Weighting.MARKET_CAP])
def test_pending_entry_loses_no_name_for_what_is_not_known_yet(weighting: Weighting) -> None:
    entry = days(3)[-1]
    panel = _behind(entry)
    unknown = np.full_like(panel.close, np.nan)
    found = resolve_window(
        panel,
        replace(event_of(["300857.SZ"], DAY), weighting=weighting),
        ((SZ, entry),),
        horizon=5,
        max_wait=10,
        caps=CapPanel(market_cap=unknown, float_cap=unknown),
    )
    assert (found.status, found.legs[0].state) == (WindowStatus.PENDING, LegState.WAITING)


def test_custom_weights_are_normalised_over_the_names_that_remain() -> None:
    panel = panel_of(
        {
            "300857.SZ": bars_of(SZ, DAY, [FLAT] * 8),
            "002428.SZ": bars_of(SZ, DAY, [FLAT] * 8),
            "002975.SZ": {},
        }
    )
    found = window(panel, ["300857.SZ", "002428.SZ", "002975.SZ"], 3, weights=[3.0, 1.0, 4.0])
    assert found.weights == pytest.approx((0.75, 0.25, 0.0))


def test_two_calendars_end_on_their_own_sessions() -> None:
    # Hong Kong closes on 2026-05-25 (Buddha's birthday), the mainland does not.
    panel = panel_of(
        {
            "601899.SH": bars_of(Exchange.SH, DAY, [FLAT] * 12),
            "01208.HK": bars_of(Exchange.HK, DAY, [FLAT] * 12),
        }
    )
    found = window(panel, ["601899.SH", "01208.HK"], 8)
    ends = [panel.session(row) for row in found.end_rows]
    assert ends == [date(2026, 5, 26), date(2026, 5, 27)]
    assert found.status is WindowStatus.MATURE


def test_drawdown_counts_a_first_day_loss() -> None:
    assert max_drawdown(np.array([0.9, 0.95, 1.2, 0.6])) == pytest.approx(-0.5)
    assert max_drawdown(np.array([0.9, 0.95])) == pytest.approx(-0.1)
    assert max_drawdown(np.array([1.1, 1.2])) == 0.0
