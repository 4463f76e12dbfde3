"""Laws of an account that follows a stream: the reference simulator, vectorbt, no look-ahead."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
import vectorbt as vbt
from hypothesis import HealthCheck, assume, example, given
from hypothesis import strategies as st

from screener.backtest.execution.executing import execute
from screener.backtest.following.curve import curve_of
from screener.backtest.following.slots import Followed, Skip
from screener.backtest.frictions import Order
from screener.domain.listing import parse_listing
from screener.domain.panel import PricePanel
from screener.market.calendars import calendar_of
from screener.market.charges import Side
from screener.paths.windows import WindowStatus, resolve_window
from tests.oracle.reference import Name, Simulated, play
from tests.oracle.reference_position import Position
from tests.property.test_execution_laws import cut
from tests.support.laws import laws
from tests.support.streams import Stream, followed, random_stream

SEEDS = st.integers(0, 2**32 - 1)
CENT = 0.005


class ReferenceAccount:
    """Slots by the book: what an account gives each event, by the reference simulator alone."""

    def __init__(self, stream: Stream) -> None:
        self.stream, self.cash = stream, stream.settings.capitals[0]
        self.open: list[tuple[list[Name], float, date]] = []
        self.taken: dict[str, dict[tuple[date, str], float]] = {}

    def beside(self, names: list[Name]) -> list[Name]:
        """Return names with what the account trades of them already."""
        return [
            replace(name, taken=dict(self.taken.get(name.listing_id, {})))  # type: ignore[arg-type]
            for name in names
        ]

    def worth(self, names: list[Name], money: float, day: date) -> float:
        """Return what some money has come to by the close of the last day before another."""
        seen = [
            replace(name, days=tuple(item for item in name.days if item.session < day))
            for name in names
        ]
        if not any(item.session >= name.entry for name in seen for item in name.days):
            return money
        found = play(seen, replace(self.stream.market.choices, capital=money)).value
        assume(found is not None)  # due, but not sold yet: the simulator has no value for it
        return float(found or 0.0)

    def give(self, names: list[Name], day: date) -> float | None:
        """Return the money that an event gets on a day; nothing if every slot is taken."""
        for held in list(self.open):
            if held[2] < day:
                self.cash += self.worth(*held[:2], date.max)
                self.open.remove(held)
        if len(self.open) >= self.stream.slots:
            return None
        worth = self.cash + sum(self.worth(*held[:2], day) for held in self.open)
        return min(self.cash, worth / self.stream.slots)

    def take(self, names: list[Name], money: float, found: Simulated) -> None:
        self.cash -= money
        for order in found.orders:
            traded = self.taken.setdefault(order.listing_id, {})
            key = order.session, order.side
            traded[key] = traded.get(key, 0.0) + order.shares
        bought = any(order.side == "buy" and order.shares for order in found.orders)
        days = [order.session for order in found.orders if order.side == "sell" and order.session]
        days += [self.over(name, money, bought=bought) for name in names]
        self.open.append((names, money, date.max if found.pending and bought else max(days)))

    def over(self, name: Name, money: float, *, bought: bool) -> date:
        """Return the day with which a name is over: its exit, or when it is bought no more.

        That is when its money proved too little for a lot, or with the last session that it may
        wait; one that only its market keeps from trading waits to its exit. What was left out at
        its entry was so then.
        """
        choices = replace(self.stream.market.choices, capital=money)
        position, waits = Position(name, choices), min(choices.max_wait, choices.horizon - 1)
        within = position.window[: waits + 1]
        last = choices.horizon - 1
        if not bought and position.fill is not None:
            return position.days[position.fill].session
        if not bought and all(position.market.why_not_buyable(at) for at in within):
            last = waits
        calendar = calendar_of(parse_listing(name.listing_id).exchange)
        return calendar.offset(name.entry, last) or date.max


@laws(150)
@given(SEEDS)
@example(563309)  # rights while a sale waits
@example(43)  # two slots buy one name in one session
@example(761)  # nothing bought, and a name left out: the slot is free for the next
def test_every_slot_has_the_money_of_the_reference_to_the_cent(seed: int) -> None:
    stream = random_stream(seed)
    # On a day of other exchanges alone the simulator has no price, and no fixing, of a name.
    panel = stream.market.trading.prices
    held = {member.listing for event, _ in stream.events for member in event.members}
    assume(panel.trading[:, [panel.column(item) for item in held]].all())
    account = ReferenceAccount(stream)
    for one in followed(stream):
        names = account.beside(stream.names(one.event, one.entries))
        money = account.give(names, min(day for _, day in one.entries))
        if money is None:
            assert one.skip is Skip.NO_SLOT
            continue
        if not names:
            assert one.skip is Skip.NO_DATA
            continue
        assume(one.skip not in (Skip.NO_MONEY, Skip.NO_DATA))
        assert one.skip is Skip.NONE
        assert one.money == pytest.approx(money, abs=CENT)
        found = play(names, replace(stream.market.choices, capital=money))
        if one.bought or not found.pending:  # what is given up may be known before its horizon is
            assert found.pending is (one.last_row is None)
        if found.value is not None and not found.pending:
            assert one.worth(one.last_row or 0) == pytest.approx(found.value, abs=CENT)
        account.take(names, money, found)
        if one.last_row is not None:
            assert panel.session(one.last_row) == account.open[-1][2]


@laws(60)
@given(SEEDS)
@example(43)  # a slot gets what another one leaves
def test_all_slots_together_keep_to_their_share_of_the_volume(seed: int) -> None:
    stream = random_stream(seed)
    assume(stream.market.choices.participation is not None)
    traded: dict[tuple[str, date | None, Side], float] = {}
    for one in followed(stream):
        for order in one.execution.orders if one.execution else ():
            key = order.listing.id, order.session, order.side
            traded[key] = traded.get(key, 0.0) + order.shares
    listings = stream.market.trading.prices.listings
    days = {item.id: own for item, own in zip(listings, stream.market.days, strict=True)}
    for (item, day, side), shares in traded.items():
        volume = sum(one.volume or 0.0 for one in days[item] if one.session == day)
        most = (stream.market.choices.participation or 0.0) * volume
        assert shares <= most * (1 + 1e-12), side


@laws(60)
@given(SEEDS, st.randoms(use_true_random=False))
def test_the_order_of_the_events_is_irrelevant(seed: int, dice: random.Random) -> None:
    stream = random_stream(seed)
    events = list(stream.events)
    dice.shuffle(events)
    assert told(followed(replace(stream, events=tuple(events)))) == told(followed(stream))


@laws(60)
@given(SEEDS, st.floats(0, 1))
@example(479, 0.375)  # a holiday of one exchange
@example(40715031, 0.5)  # no southbound trading at the entry
def test_later_sessions_change_no_earlier_value(seed: int, part: float) -> None:
    stream = random_stream(seed)
    panel = stream.market.trading.prices
    first = min(day for _, entries in stream.events for _, day in entries)
    end = max(panel.last_sessions.values())
    days = [item.item() for item in panel.sessions if first <= item.item() <= end]
    last = days[int(part * (len(days) - 1))]
    earlier = cut(stream.market, last)
    early, late = followed(stream, earlier), followed(stream)
    rows = panel.row(first), panel.row(last)
    capital = stream.settings.capitals[0]
    then = curve_of(earlier.prices, early, capital, *rows)
    now = curve_of(panel, late, capital, *rows)
    np.testing.assert_allclose(then.equity, now.equity, rtol=0, atol=1e-6)
    np.testing.assert_allclose(then.cash, now.cash, rtol=0, atol=1e-6)
    np.testing.assert_array_equal(then.slots, now.slots)


@laws(60)
@given(SEEDS)
def test_one_event_in_one_slot_is_its_backtest(seed: int) -> None:
    stream = random_stream(seed)
    event, entries = stream.events[0]
    panels, asked = stream.market.trading, stream.settings
    window = resolve_window(
        panels.prices, event, entries, horizon=asked.horizons[0], max_wait=asked.max_wait
    )
    assume(window.status is WindowStatus.MATURE and asked.frictions is not None)
    one = followed(replace(stream, events=((event, entries),), slots=1))[0]
    assume(not one.skip)
    done = execute(panels, window, asked.capitals[0], asked.frictions)  # type: ignore[arg-type]
    assert one.execution is not None
    assert one.money == asked.capitals[0]
    assert one.execution.lines == done.lines
    assume(not done.pending)
    assert one.execution.value == done.value


@laws(30, unchecked=(HealthCheck.filter_too_much,))
@given(SEEDS)
@example(38030)  # nothing bought
def test_it_is_vectorbt_s_portfolio_of_one_cash_account(seed: int) -> None:
    """All orders of all slots in one portfolio with shared cash come to the same money."""
    stream = random_stream(seed)
    panel = stream.market.trading.prices
    met = followed(stream)
    assume(any(one.execution is not None for one in met))
    assume(all(one.skip or one.last_row is not None for one in met))
    lines = [line for one in met if one.execution for line in one.execution.lines]
    orders = [line for line in lines if isinstance(line, Order) and line.shares]
    assume(orders)
    beside = sum(line.cash for line in lines if not isinstance(line, Order))
    for item in {order.listing for order in orders}:  # it knows of no splits and no rights
        signed = [
            o.shares if o.side is Side.BUY else -o.shares for o in orders if o.listing == item
        ]
        assume(sum(signed) == 0)
    first, last = min(one.first_row for one in met), len(panel.sessions) - 1
    capital = stream.settings.capitals[0]
    curve = curve_of(panel, met, capital, first, last)
    value = value_of(orders, panel, capital + max(beside, 0.0), first) - max(beside, 0.0)
    assert value + beside == pytest.approx(curve.equity[-1], rel=1e-9)


def value_of(orders: Sequence[Order], panel: PricePanel, capital: float, first: int) -> float:
    """Return the end value of a `vbt.Portfolio` whose columns, one an order, share their cash."""
    n_rows = 2 * (len(panel.sessions) - first)
    columns = sorted({order.listing.id for order in orders})
    sizes = pd.DataFrame(np.nan, index=range(n_rows), columns=columns)
    prices, fees = sizes.copy(), pd.DataFrame(0.0, index=range(n_rows), columns=columns)
    for order in orders:  # purchases in the morning, sales in the evening
        cell = 2 * (order.row - first) + (order.side is Side.SELL), order.listing.id
        sign = 1 if order.side is Side.BUY else -1
        before = sizes.loc[cell]
        assume(np.isnan(before))  # two slots that trade a name in one session are one order there
        sizes.loc[cell], prices.loc[cell] = sign * order.shares, order.amount / order.shares
        fees.loc[cell] = order.fees
    portfolio = vbt.Portfolio.from_orders(
        prices.ffill().bfill(),
        size=sizes,
        price=prices.ffill().bfill(),
        fixed_fees=fees,
        init_cash=capital * (1 + 1e-9),
        cash_sharing=True,
        group_by=True,
        call_seq="auto",
        freq="1D",
    )
    assert portfolio.orders.count() == len(orders)
    return float(portfolio.final_value()) - capital * 1e-9


def told(met: Sequence[Followed]) -> list[tuple[object, ...]]:
    return [
        (one.event.report, one.skip, one.money, one.last_row, one.execution and one.execution.lines)
        for one in met
    ]
