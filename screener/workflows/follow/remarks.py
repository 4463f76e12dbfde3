"""What a reader of an account that followed a stream should know about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from screener.backtest.following.slots import Followed
from screener.backtest.run import Settings
from screener.data.lake.schema import SIMULATED
from screener.domain.panel import TradingPanel
from screener.domain.report import Precision
from screener.language import say, say_count
from screener.market.charges import Side
from screener.workflows.backtest.remarks import eligibility_remarks, unlisted

__all__ = ["remarks_of"]


def remarks_of(
    followed: Sequence[Followed], trading: TradingPanel, settings: Settings, *, simulated: bool
) -> tuple[str, ...]:
    """Return what a reader of an account's curve should know, the general remarks first."""
    found = [
        say("{simulated}: invented prices, no market ever had them.", simulated=SIMULATED)
    ] * simulated
    guessed = sum(
        one.event.published.precision is Precision.ESTIMATED for one in followed if not one.skip
    )
    if guessed:
        found.append(
            say_count(
                "{n} event is of a report whose date is estimated: it is entered at the estimate.",
                "{n} events are of reports whose dates are estimated: they are entered at the "
                "estimates.",
                guessed,
            )
        )
    shared = _bought_twice(followed)
    if shared:
        found.append(
            say_count(
                "In {n} session two slots bought the same name: they kept to the share of its "
                "volume together.",
                "{n} times two slots bought the same name in one session: they kept to the share "
                "of its volume together.",
                shared,
            )
        )
    stuck = [one for one in followed if one.execution is not None and one.execution.pending]
    if stuck:
        found.append(
            say_count(
                "{n} event keeps its slot: a name that was due could not be sold yet.",
                "{n} events keep their slots: names that were due could not be sold yet.",
                len(stuck),
            )
        )
    done = [one.execution for one in followed if one.execution is not None]
    found += eligibility_remarks(unlisted(trading, done, settings))
    return tuple(found)


def _bought_twice(followed: Sequence[Followed]) -> int:
    """Return how many purchases of a name in a session there are that several slots made."""
    made = Counter(
        (order.listing, order.row)
        for one in followed
        if one.execution is not None
        for order in one.execution.orders
        if order.side is Side.BUY and order.shares
    )
    return sum(n > 1 for n in made.values())
