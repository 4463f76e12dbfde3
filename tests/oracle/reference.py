"""The reference simulator: one window played session by session, by rules of its own.

It is there to be compared with the fast path and shares no code with it: rules from
`reference_rules`, exact decimals, one name after the other, one session after the other. Names do
not touch each other's cash, so that each has a position of its own; only a basket that is brought
back to its weights has its positions played together.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from tests.oracle.reference_basket import Basket
from tests.oracle.reference_book import Booked, Choices, Day, Name, Simulated
from tests.oracle.reference_position import Position

__all__ = ["Booked", "Choices", "Day", "Name", "Simulated", "play"]

_ZERO = Decimal(0)


def play(names: Sequence[Name], choices: Choices) -> Simulated:
    """Play one window.

    Parameters
    ----------
    names
        Names that the tables cover at their entry, with the weights they have there.
    choices
        Money and how it is traded.

    Raises
    ------
    InputError
        If a listing is no ordinary share.
    DataError
        If a board lot, a fixing or a volume that an order needs is missing.
    """
    positions = [Position(name, choices) for name in names]
    mature = all(position.reached for position in positions)
    cut = date.max if mature else _cut(positions)
    shared = _play(positions, choices, cut=cut, sell=mature)
    open_sale = mature and any(position.tax_lots for position in positions)
    return Simulated(
        value=None
        if open_sale
        else float(sum((position.worth(cut) for position in positions), shared)),
        orders=tuple(order for position in positions for order in position.orders),
        fees=float(sum((position.fees for position in positions), _ZERO)),
        pending=not mature or open_sale,
    )


def _play(positions: Sequence[Position], choices: Choices, *, cut: date, sell: bool) -> Decimal:
    """Play the positions; return the cash that belongs to no single one of them."""
    if choices.rebalance == "none":
        for position in positions:
            position.play(cut=cut, sell=sell)
        return _ZERO
    basket = Basket(positions, choices)
    basket.play(cut=cut, sell=sell)
    return basket.cash


def _cut(positions: Sequence[Position]) -> date:
    """Return how far an unfinished window is valued: to where every name held so far has data."""
    ends = [
        position.days[min(position.last_covered, position.window[-1])].session
        for position in positions
        if position.fill is not None and not position.reached
    ]
    return min(ends, default=max(position.name.days[-1].session for position in positions))
