"""What a window would have come to with other frictions, told by its ledger alone.

No engine takes part: what the rows of a ledger add to the money sums to its gain. Where only
charges differ most names keep their orders, and only those are resolved again whose purchase the
money that is not charged makes larger.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby

from screener.backtest.execution.dealing import Dealing
from screener.backtest.execution.fills import resolve_name, resolve_orders
from screener.backtest.execution.shares import Outcome
from screener.backtest.frictions import Entitlement, EntitlementKind, Frictions, Line, Order
from screener.domain.panel import TradingPanel
from screener.market.charges import Side
from screener.paths.windows import Window

__all__ = ["told_by", "with_less_charges", "without_rights", "without_tax"]


def told_by(trading: TradingPanel, window: Window, capital: float, frictions: Frictions) -> Outcome:
    """Resolve the orders of a mature window that is not rebalanced.

    Raises
    ------
    DataError
        If a Hong Kong name has no board lot, or a foreign one no fresh fixing.
    """
    orders = resolve_orders(trading, window, capital, frictions)
    gain = sum(line.cash for line in orders.lines)
    value = None if orders.open else capital + gain
    return Outcome(value=value, lines=orders.lines, capped=orders.capped)


def without_rights(one: Outcome) -> Outcome | None:
    """Return the run with rights that need no money; `None` where shares held were offered some."""
    return None if any(_is(line, EntitlementKind.RIGHTS) for line in one.lines) else one


def without_tax(one: Outcome) -> Outcome:
    """Return the run without tax on dividends: no order depends on it."""
    taxes = [line.cash for line in one.lines if _is(line, EntitlementKind.TAX)]
    if not taxes:
        return one
    lines = tuple(line for line in one.lines if not _is(line, EntitlementKind.TAX))
    value = None if one.value is None else one.value - sum(taxes)
    return Outcome(value=value, lines=lines, capped=one.capped)


def _is(line: Line, kind: EntitlementKind) -> bool:
    return isinstance(line, Entitlement) and line.kind is kind


def with_less_charges(
    trading: TradingPanel, window: Window, one: Outcome, capital: float, frictions: Frictions
) -> Outcome:
    """Return the run in which orders cost less.

    Parameters
    ----------
    trading
        Prices, volumes and lots.
    window
        A mature window that is not rebalanced.
    one
        What it comes to with higher charges, and without tax on dividends.
    capital
        Money at its start, in CNY.
    frictions
        Those of `one`, but for its charges.
    """
    lines: list[Line] = []
    saved, capped, waits = 0.0, one.capped, one.value is None
    for number, group in groupby(one.lines, key=lambda line: line.leg):
        own = list(group)
        leg, budget = window.legs[number], window.weights[number] * capital
        dealing = Dealing(trading, leg.column, frictions)
        found: list[Line] = list(_recharged(own, dealing, window, budget))
        if not found:
            again = resolve_name(dealing, number, window, budget)
            found, waits = list(again.lines), waits or again.open
        capped |= dealing.capped
        saved += sum(line.cash for line in found) - sum(line.cash for line in own)
        lines += found
    value = None if waits or one.value is None else one.value + saved
    return Outcome(value=value, lines=tuple(lines), capped=capped)


def _recharged(
    lines: list[Line], dealing: Dealing, window: Window, budget: float
) -> Iterator[Line]:
    """Give the rows of a name with other fees; none where its purchase may be another one."""
    bought = lines[0]
    if not isinstance(bought, Order) or not bought.filled:
        return
    aimed = float(dealing.panel.paid(window.price)[bought.row, dealing.column])
    shares, paid, _ = dealing.affordable(budget, bought.row, bought.rate, aimed)
    if (shares, paid) != (bought.shares, bought.price):
        return
    early = window.legs[bought.leg].early
    for line in lines:
        if not isinstance(line, Order) or not line.filled:
            yield line
            continue
        price = paid
        if line.side is Side.SELL:
            price = dealing.sold_at(line.row, line.shares, opening=early)
        fees = dealing.fees(line.side, line.row, line.shares, price) * line.rate
        yield replace(line, fees=fees)
