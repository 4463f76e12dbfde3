"""One function says what limit held: its states, its roundings, and that every part agrees."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from screener.backtest.ledger import ledger_entries
from screener.domain.listing import Exchange, parse_listing
from screener.domain.panel import PricePanel
from screener.market.calendars import calendar_of
from screener.market.limits import PriceGrid, Standing, day_limit, price_grid
from screener.market.special_treatment import bears_st_name, in_delisting_period, is_s_share
from screener.paths.legs import Reason, buy_block, sale_block
from screener.paths.limits import limit_on, limit_price, quoted_beyond, without_limit
from screener.paths.windows import resolve_window
from screener.workflows.rules.listing_state import Known
from screener.workflows.rules.run import rules_for
from tests.support.panels import bars_of, event_of, panel_of

DAY = date(2025, 5, 14)


@pytest.mark.parametrize(
    ("reference", "limit", "upper", "lower"),
    [
        (10.05, 0.05, 10.55, 9.55),  # published worked example, 2026-07-03
        (10.05, 0.10, 11.06, 9.05),  # and 2026-07-06: half up
        (0.05, 0.10, 0.06, 0.04),  # at least one tick away
        (0.01, 0.10, 0.02, 0.01),  # and never below a tick
        (335.99, 0.20, 403.19, 268.79),
    ],
)
def test_limit_prices_round_half_up_to_the_cent(
    reference: float, limit: float, upper: float, lower: float
) -> None:
    grid = PriceGrid(tick=0.01)
    assert (grid.lower(reference, limit), grid.upper(reference, limit)) == (lower, upper)


@pytest.mark.parametrize(
    ("reference", "upper", "lower"),
    [
        (13.49, 17.53, 9.45),  # 17.537 and 9.443: down and up
        (10.0, 13.0, 7.0),  # on the tick, no further
        (7.77, 10.10, 5.44),  # 10.101 and 5.439
        (0.02, 0.03, 0.01),
    ],
)
def test_limit_prices_of_beijing_are_cut_to_the_cent(
    reference: float, upper: float, lower: float
) -> None:
    limit = day_limit(parse_listing("920010.BJ"), date(2026, 3, 3), Standing())
    assert limit.prices(reference) == (lower, upper)


def test_a_fund_moves_by_the_tenth_of_a_cent() -> None:
    limit = day_limit(parse_listing("510301.SH"), DAY, Standing())
    assert limit.prices(0.853) == (0.768, 0.938)  # 0.7677 and 0.9383
    assert limit.grid.half_up(0.8534) == 0.853
    assert price_grid(parse_listing("900901.SH"), DAY).tick == 0.001


@pytest.mark.parametrize(
    ("text", "standing", "fraction", "source"),
    [
        ("600519.SH", Standing(), 0.10, "10 %"),
        ("600519.SH", Standing(st=True), 0.05, "special treatment"),
        ("600182.SH", Standing(unreformed=True), 0.05, "S shares"),
        ("600519.SH", Standing(leaving=1), None, "delisting period"),
        ("600519.SH", Standing(leaving=2), 0.10, "delisting period"),
        ("300750.SZ", Standing(leaving=2, st=True), 0.20, "delisting period"),
        ("603900.SH", Standing(list_date=date(2025, 5, 8), nth=5), None, "registration"),
        ("603900.SH", Standing(list_date=date(2025, 5, 7), nth=6), 0.10, "10 %"),
        ("920010.BJ", Standing(list_date=DAY, nth=1), None, "BSE"),
        ("920010.BJ", Standing(list_date=date(2025, 5, 13), nth=2), 0.30, "BSE"),
        ("00700.HK", Standing(), None, "no daily price limit"),
    ],
)
def test_the_state_of_a_listing_decides(
    text: str, standing: Standing, fraction: float | None, source: str
) -> None:
    limit = day_limit(parse_listing(text), DAY, standing)
    assert limit.fraction == fraction
    assert source in limit.source
    assert limit.text == ("" if fraction is None else f"daily limit of {fraction:.0%}")


def test_the_first_day_under_the_old_rules_is_told_from_the_issue_price() -> None:
    listed = date(2022, 5, 16)
    limit = day_limit(parse_listing("600519.SH"), listed, Standing(list_date=listed, nth=1))
    assert limit.fraction is None
    assert "first day" in limit.source


@pytest.mark.parametrize(
    ("name", "st", "unreformed", "leaving"),
    [
        ("S佳通", False, True, False),
        ("SST天海", True, True, False),
        ("S*ST聚友", True, True, False),
        ("ST天海", True, False, False),
        ("XDST天海", True, False, False),
        ("*ST聚友", True, False, False),
        ("STAR重工", True, False, False),
        ("SOHO中国", False, False, False),
        ("上海电力", False, False, False),
        ("退市海润", False, False, True),
        ("欣泰退", False, False, True),
        ("ＳＴ天海", True, False, False),
    ],
)
def test_what_a_name_says(name: str, st: bool, unreformed: bool, leaving: bool) -> None:
    found = (bears_st_name(name), is_s_share(name), in_delisting_period(name))
    assert found == (st, unreformed, leaving)


# --- a panel applies it


def _panel(text: str, *prices: tuple[float, float], **more: object) -> PricePanel:
    exchange = parse_listing(text).exchange
    bars = bars_of(exchange, date(2025, 5, 12), list(prices))
    return panel_of({text: bars}, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "close", "opened"),
    [
        ("600601.SH", 200.01, 220.00999450683594),  # as 4-byte floats store 220.01
        ("600601.SH", 10.0, 11.000000001),
        ("920010.BJ", 13.49, 17.53),  # cut, and not 17.54
        ("510301.SH", 0.853, 0.938),
        ("588010.SH", 0.853, 1.024),  # 1.0236 at 20 %
    ],
)
def test_an_open_within_half_a_tick_of_the_limit_is_locked(
    text: str, close: float, opened: float
) -> None:
    panel = _panel(text, (close, close), (opened, opened))
    assert buy_block(panel, 0, 1) is Reason.LIMIT_UP
    assert without_limit(panel, 0, 1) == ""
    tick = price_grid(parse_listing(text), DAY).tick
    below = _panel(text, (close, close), (opened - tick, opened - tick))
    assert buy_block(below, 0, 1) is Reason.NONE


def test_a_close_at_the_lower_limit_of_beijing_blocks_a_sale() -> None:
    panel = _panel("920010.BJ", (13.49, 13.49), (9.45, 9.45))
    assert sale_block(panel, 0, 1) is Reason.LIMIT_DOWN


def test_a_quote_beyond_its_limit_proves_that_none_held_and_says_so() -> None:
    panel = _panel("603901.SH", (30.0, 30.0), (43.2, 54.0), (33.0, 31.0))
    assert buy_block(panel, 0, 1) is Reason.NONE
    assert limit_price(panel, 0, 1, upper=True) == math.inf
    assert "daily limit of 10% on 2025-05-13: no limit held" in without_limit(panel, 0, 1)
    assert quoted_beyond(panel, 0, 2)  # a fall to 33 from 54 too


def test_a_fall_beyond_the_limit_does_not_block_a_sale() -> None:
    panel = _panel("603901.SH", (30.0, 30.0), (20.0, 18.0))
    assert sale_block(panel, 0, 1) is Reason.NONE


def test_rounding_of_adjusted_prices_proves_nothing() -> None:
    panel = _panel("603901.SH", (30.0, 30.0), (33.015, 33.015), adjusted=["603901.SH"])
    assert buy_block(panel, 0, 1) is Reason.LIMIT_UP
    far = _panel("603901.SH", (30.0, 30.0), (35.0, 35.0), adjusted=["603901.SH"])
    assert buy_block(far, 0, 1) is Reason.NONE


def test_a_session_without_volume_is_no_session_to_trade_in() -> None:
    panel = _panel("08001.HK", (1.0, 1.0), (1.0, 1.0), (0.5, 0.5))
    quiet = replace(panel, untraded=np.array([[False], [True], [False]]))
    assert buy_block(panel, 0, 1) is Reason.NONE
    assert buy_block(quiet, 0, 1) is Reason.NO_TRADE
    assert sale_block(quiet, 0, 1) is Reason.NO_TRADE
    assert buy_block(quiet, 0, 2) is Reason.NONE


def test_the_delisting_period_begins_without_a_limit() -> None:
    panel = _panel("600600.SH", (5.0, 5.0), (3.0, 3.0), (3.3, 3.3))
    leaving = replace(panel, leaving=np.array([[False], [True], [True]]))
    assert limit_on(leaving, 0, 1).fraction is None
    assert limit_on(leaving, 0, 2).fraction == 0.10
    assert buy_block(leaving, 0, 2) is Reason.LIMIT_UP
    begun = replace(panel, leaving=np.array([[True], [True], [True]]))
    assert limit_on(begun, 0, 0).fraction == 0.10  # when it began is not in the panel


def test_an_s_share_is_locked_at_five_percent() -> None:
    panel = _panel("600182.SH", (10.0, 10.0), (10.5, 10.5))
    assert buy_block(panel, 0, 1) is Reason.NONE
    s_share = replace(panel, unreformed=np.ones((2, 1), dtype=bool))
    assert buy_block(s_share, 0, 1) is Reason.LIMIT_UP


# --- what is shown is what is applied: every rule and board, around every change

LISTINGS = (
    *("600519.SH", "000001.SZ", "300750.SZ", "688256.SH", "689009.SH", "920010.BJ"),
    *("510300.SH", "588000.SH", "159915.SZ", "159919.SZ", "00700.HK"),
)
CHANGES = (date(2020, 8, 24), date(2020, 12, 31), date(2023, 4, 10), date(2026, 7, 6))
STATES = ("plain", "st", "s_share", "leaving", "new")


@pytest.mark.parametrize("change", CHANGES, ids=str)
@pytest.mark.parametrize("text", LISTINGS)
def test_rules_show_what_a_backtest_applies(text: str, change: date) -> None:
    listing = parse_listing(text)
    days = calendar_of(listing.exchange).between(change - timedelta(6), change + timedelta(6))
    sessions = [day.item() for day in days if listing.board != "bse" or change.year > 2021]
    for start, state in ((at, state) for at in range(1, len(sessions) - 1) for state in STATES):
        if listing.board == "hk" and sessions[start] < date(2021, 8, 1):
            continue
        panel, known = _in_state(text, sessions, start, state)
        applied = limit_on(panel, 0, start + 1)
        (shown,) = [
            row for row in rules_for(listing, sessions[start + 1], known=known)
            if row.rule == "price limit"
        ]  # fmt: skip
        assert (shown.value, shown.source) == (applied.fraction, applied.source), (state, start)
        if applied.fraction is not None:
            low, high = (limit_price(panel, 0, start + 1, upper=up) for up in (False, True))
            places = 3 if listing.board == "fund" else 2
            assert shown.text.endswith(f": {low:.{places}f} to {high:.{places}f}")


def _in_state(text: str, sessions: list[date], start: int, state: str) -> tuple[PricePanel, Known]:
    """Return a panel and what `rules` knows of its name, in a state from a session on."""
    bars = dict.fromkeys(sessions, (7.77, 7.77))
    panel = panel_of(
        {text: bars},
        st={text: sessions[start:]} if state == "st" else None,
        list_dates={text: sessions[start]} if state == "new" else None,
    )
    since = np.array([[day >= sessions[start]] for day in panel.sessions.tolist()])
    panel = replace(
        panel,
        leaving=since if state == "leaving" else None,
        unreformed=since if state == "s_share" else None,
    )
    known = Known(
        st=state == "st",
        unreformed=state == "s_share",
        delisting_since=sessions[start] if state == "leaving" else None,
        list_date=sessions[start] if state == "new" else None,
        fund=False,
        reference=7.77,
    )
    return panel, known


def test_the_ledger_says_that_no_limit_held() -> None:
    panel = _panel("603901.SH", (30.0, 30.0), (43.2, 54.0), (51.0, 50.0), (50.0, 50.0))
    event = event_of(["603901.SH"], date(2025, 5, 12))
    entries = ((Exchange.SH, date(2025, 5, 13)),)
    window = resolve_window(panel, event, entries, horizon=3, max_wait=2)
    (entry,) = ledger_entries(panel, window, None)
    assert (entry.entry_session, entry.entry_price) == (date(2025, 5, 13), 43.2)
    assert entry.reason == "quoted beyond its daily limit of 10% on 2025-05-13: no limit held"
