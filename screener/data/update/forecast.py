"""What an update would ask and how long it would take, told before it begins; nobody is asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise

from screener.data.lake.schema import Basis, TableName
from screener.data.lake.store import Store
from screener.data.sources.online.transport.clock import Clock
from screener.data.sources.online.transport.protocol import Ask, Need
from screener.data.update.duration import Stage, list_seconds, staged
from screener.data.update.plan import UpdatePlan, UpdateRequest
from screener.data.update.planning import fetched_spans
from screener.data.update.session_list import lists_due
from screener.domain.listing import Listing
from screener.errors import DataError, InputError
from screener.files.place import Place
from screener.language import say

__all__ = ["Forecast", "forecast_update", "held_adjusted", "refuse_simulated"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What an update would ask.

    Parameters
    ----------
    counts
        Questions by need. Those that follow from answers (suspensions, the vendor's factors) are
        not among them.
    stages
        The parts of the update, in order, of those that the request has; see `UpdateRequest`.
    """

    counts: tuple[tuple[Need, int], ...]
    stages: tuple[Stage, ...]

    @property
    def seconds(self) -> float:
        """How long all of it takes, about."""
        return sum(item.seconds for item in self.stages)


def forecast_update(place: Place, request: UpdateRequest, *, clock: Clock) -> Forecast:
    """Count the questions that an update would ask, and say how long they take.

    Raises
    ------
    InputError
        If the lake holds the simulated market.
    """
    plan = UpdatePlan(request=request, started=clock.now(), known={})
    counted = Counter[Need]()
    waiting = 0.0
    with suppress(DataError), Store.open(place) as store:  # no lake yet: all is open
        refuse_simulated(store)
        plan.known = fetched_spans(store.read(TableName.FETCHES))
        for market, names in lists_due(plan, held_adjusted(store, request)).items():
            plan.listed.update(item.id for item in names)
            counted[Need.SESSION_LIST] += 1
            waiting += list_seconds(market)
    market_asks = [plan.ask(item) for item in plan.market_questions()]
    counted.update(ask.need for ask in market_asks if ask is not None)
    stages: list[Stage] = []
    for first, last in pairwise((0, *(request.stages or (len(request.listings),)))):
        asks = [_asks(plan, item) for item in request.listings[first:last]]
        counted.update(ask.need for own in asks for ask in own)
        stages.append(staged(asks, checked=plan.wants(Need.VENDOR_FACTORS)))
    stages[0] = replace(stages[0], seconds=stages[0].seconds + waiting)
    counts = tuple((need, counted[need]) for need in Need if counted[need])
    return Forecast(counts=counts, stages=tuple(stages))


def held_adjusted(store: Store, request: UpdateRequest) -> frozenset[str]:
    """Return the listings whose stored prices are adjusted."""
    spans = store.spans([item.id for item in request.listings])
    return frozenset(name for name, item in spans.items() if item.basis is Basis.ADJUSTED)


def refuse_simulated(store: Store) -> None:
    """Refuse a lake of the simulated market, which real prices must not join.

    Raises
    ------
    InputError
        If the lake holds it.
    """
    if store.simulated():
        raise InputError(
            say("this lake holds the simulated market, and real prices must not join it"),
            where=str(store.place),
            fix=say("use another folder: `screener init DIR`, then `--workspace DIR`"),
        )


def _asks(plan: UpdatePlan, listing: Listing) -> list[Ask]:
    found: Iterable[Ask | None] = (plan.ask(item) for item in plan.listing_questions(listing))
    return [ask for ask in found if ask is not None]
