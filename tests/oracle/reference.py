"""The reference simulator: one window played session by session, as a person with a notebook would.

It is there to be compared with the fast path and shares no code with it: rules from
`reference_rules`, exact decimals, one name after the other, one session after the other. Names do
not touch each other's cash, so that each has a page of its own; only a basket that is brought
back to its weights has its pages played together.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from tests.oracle.reference_basket import Basket
from tests.oracle.reference_book import Booked, Choices, Day, Name, Outcome
from tests.oracle.reference_page import Page

__all__ = ["Booked", "Choices", "Day", "Name", "Outcome", "play"]

_ZERO = Decimal(0)


def play(names: Sequence[Name], choices: Choices) -> Outcome:
    """Play one window.

    Parameters
    ----------
    names
        Names that the tables cover at their entry, with the weights they have there.
    choices
        Money and manners.

    Raises
    ------
    InputError
        If a listing is no ordinary share.
    DataError
        If a board lot, a fixing or a volume that an order needs is missing.
    """
    pages = [Page(name, choices) for name in names]
    mature = all(page.reached for page in pages)
    cut = date.max if mature else _cut(pages)
    shared = _play(pages, choices, cut=cut, sell=mature)
    open_sale = mature and any(page.parcels for page in pages)
    return Outcome(
        value=None if open_sale else float(sum((page.worth(cut) for page in pages), shared)),
        orders=tuple(order for page in pages for order in page.orders),
        fees=float(sum((page.fees for page in pages), _ZERO)),
        pending=not mature or open_sale,
    )


def _play(pages: Sequence[Page], choices: Choices, *, cut: date, sell: bool) -> Decimal:
    """Play the pages; return the cash that belongs to no single one of them."""
    if choices.rebalance == "none":
        for page in pages:
            page.play(cut=cut, sell=sell)
        return _ZERO
    basket = Basket(pages, choices)
    basket.play(cut=cut, sell=sell)
    return basket.cash


def _cut(pages: Sequence[Page]) -> date:
    """Return how far an unfinished window is valued: to where every name held so far has data."""
    ends = [
        page.days[min(page.last_covered, page.window[-1])].session
        for page in pages
        if page.fill is not None and not page.reached
    ]
    return min(ends, default=max(page.name.days[-1].session for page in pages))
