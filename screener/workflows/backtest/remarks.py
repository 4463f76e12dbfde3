"""What a reader of backtest results should know about them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby

import numpy as np

from screener.backtest.execution.shares import Execution
from screener.backtest.run import EventResult, Settings
from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.domain.basket import EntryPrice, Rebalance
from screener.domain.eligibility import Eligibility
from screener.domain.listing import Listing
from screener.domain.panel import PricePanel, TradingPanel
from screener.language import say
from screener.language.lists import about, listed
from screener.market.charges import Side
from screener.paths.exits import end_quote
from screener.paths.legs import Leg, LegState
from screener.paths.limits import without_limit
from screener.paths.windows import Window, WindowStatus
from screener.workflows.backtest.market import Market
from screener.workflows.naming import industry_remark

__all__ = [
    "Named",
    "eligibility_remarks",
    "on_panels",
    "price_basis",
    "remarks_of",
    "row_remarks",
    "unlisted",
]

_NAMES_TOLD = 5


def price_basis(panel: PricePanel, result: EventResult) -> str:
    """Return `raw`, `adjusted` or `mixed`, by the names that have a weight; empty without any."""
    kinds = {
        bool(panel.adjusted[leg.column])
        for leg in result.window.legs
        if leg.state is not LegState.DROPPED
    }
    if len(kinds) > 1:
        return "mixed"
    return "" if not kinds else ("adjusted" if kinds.pop() else "raw")


@dataclass(frozen=True, slots=True)
class Named:
    """What remarks tell of all names that were read, whether any result holds them or not.

    Parameters
    ----------
    raw
        Ids of those with raw prices.
    adjusted
        Whether any name's prices are adjusted.
    unlisted
        Names bought across the border of which nobody recorded that one could, and from when on
        lists of what is eligible are recorded at all.
    """

    raw: frozenset[str] = frozenset()
    adjusted: bool = False
    unlisted: Mapping[Listing, date | None] = field(default_factory=dict)

    @classmethod
    def of(cls, market: Market, results: Iterable[EventResult], settings: Settings) -> Named:
        """Return what is told of the names of a market and of the results on it."""
        panel = market.panel
        raw = (
            listing.id
            for at, listing in enumerate(panel.listings)
            if not panel.adjusted[at] and panel.first_bars[at] is not None
        )
        return cls(
            raw=frozenset(raw),
            adjusted=bool(panel.adjusted.any()),
            unlisted=unlisted(market.trading, results, settings),
        )

    def __or__(self, other: Named) -> Named:
        """Return what is told of the names of both."""
        return Named(
            raw=self.raw | other.raw,
            adjusted=self.adjusted or other.adjusted,
            unlisted={**self.unlisted, **other.unlisted},
        )


def remarks_of(
    store: Store,
    results: Sequence[EventResult],
    settings: Settings,
    named: Named,
    *,
    panels: Sequence[PricePanel] = (),
    simulated: bool,
) -> tuple[str, ...]:
    """Return the remarks on some results, the general ones first.

    Parameters
    ----------
    store, settings
        The lake, and how they were bought.
    results
        The results.
    named
        What is told of all names that were read for them.
    panels
        The panel that each result rests on; without them nothing is said of single prices.
    simulated
        Whether the prices are of the simulated market.
    """
    found = [say("SIMULATED: invented prices, no market ever had them.")] if simulated else []
    if named.adjusted:
        found.append(
            say(
                "Prices are adjusted by whoever made the file: limits, lots and fees are "
                "approximate."
            )
        )
    raw = [] if simulated else sorted(named.raw)
    covered, stood_in = (
        set(store.read(name, listings=raw).column("listing").to_pylist())
        for name in (TableName.ACTIONS, TableName.EX_FACTORS)
    )
    bare = len(set(raw) - covered - stood_in)
    if bare:
        found.append(
            say(
                "{n} listings with raw prices have no corporate actions in the tables: their "
                "returns leave dividends and splits out.",
                n=bare,
            )
        )
    if stood_in:
        found.append(
            say(
                "Of {n} listings factors stand in for corporate actions whose terms no table "
                "tells: money takes them as new shares.",
                n=len(stood_in),
            )
        )
    if any(result.benchmark_basis in ("price", "mixed") for result in results):
        found.append(
            say("The benchmark is a price index: without its dividends it flatters the basket.")
        )
    if any(result.shortfall for result in results):
        found += [industry_remark(store), *_theme_remarks(results)]
    found += eligibility_remarks(named.unlisted)
    held = list(on_panels(panels, results if panels else ()))
    found += [line for panel, some in held for line in _unlimited_remarks(panel, some)]
    found += _variant_remarks(results, settings)
    found += [line for panel, some in held for line in _partial_remarks(panel, some, settings)]
    return (*dict.fromkeys(found), *_own_remarks(results))


def on_panels(
    panels: Sequence[PricePanel], results: Sequence[EventResult]
) -> Iterator[tuple[PricePanel, list[EventResult]]]:
    """Give the panel of each result, those in a row on one panel together."""
    pairs = zip(panels, results, strict=True)
    for _, group in groupby(pairs, key=lambda pair: id(pair[0])):
        some = list(group)
        yield some[0][0], [result for _, result in some]


def row_remarks(
    panel: PricePanel, results: Sequence[EventResult], settings: Settings
) -> tuple[str, ...]:
    """Return those of the remarks that are on single results and purchases, each once."""
    return (
        *_theme_remarks(results),
        *_unlimited_remarks(panel, results),
        *_partial_remarks(panel, results, settings),
        *_own_remarks(results),
    )


def _own_remarks(results: Sequence[EventResult]) -> dict[str, None]:
    return dict.fromkeys(
        about(
            f"{result.window.event.basket} {result.window.event.report} {result.window.horizon}",
            text,
        )
        for result in results
        for text in result.remarks
    )


def _theme_remarks(results: Sequence[EventResult]) -> list[str]:
    """Name the listings whose industry does not part theme from selection."""
    names = sorted({item.id for result in results for item in result.unthemed})
    if not names:
        return []
    return [
        say(
            "Theme and selection are one step for {names}: too few stocks of their industry are "
            "known over the window.",
            names=_some_of(names),
        )
    ]


def _some_of(names: Sequence[str]) -> str:
    """Name a few, and count the others."""
    more = len(names) - _NAMES_TOLD
    return listed([*names[:_NAMES_TOLD], *([say("{n} more", n=more)] if more > 0 else [])])


def unlisted(
    trading: TradingPanel | None,
    results: Iterable[EventResult | Execution],
    settings: Settings,
) -> dict[Listing, date | None]:
    """Return names bought across the border of which nobody recorded that one could.

    Each comes with the day from which lists of what is eligible are recorded, `None` if none is.
    """
    if trading is None or settings.frictions is None:
        return {}
    plan = settings.frictions.plan
    names = trading.prices.listings
    known = dict(zip(names, trading.eligibility or (Eligibility(),) * len(names), strict=True))
    return {
        order.listing: known[order.listing].recorded
        for result in results
        for order in result.orders
        if order.session is not None
        and order.side is Side.BUY
        and plan.programme(order.listing)
        and known[order.listing].on(order.session) is None
    }


def eligibility_remarks(names: Mapping[Listing, date | None]) -> list[str]:
    """Say which names were bought without a list of what is eligible, those of `unlisted`."""
    if not names:
        return []
    shown = _some_of(sorted(item.id for item in names))
    since = min((day for day in names.values() if day), default=None)
    if since is None:
        return [
            say(
                "Whether {names} could be bought across the border is not known: no list of what "
                "is eligible is recorded. They are bought.",
                names=shown,
            )
        ]
    return [
        say(
            "Whether {names} could be bought across the border is not known before {day}, when "
            "lists of what is eligible begin to be recorded. They are bought.",
            names=shown,
            day=since,
        )
    ]


def _unlimited_remarks(panel: PricePanel, results: Sequence[EventResult]) -> list[str]:
    """Say once for each purchase in which session its quotes prove that no limit held."""
    cells = dict.fromkeys(cell for result in results for cell in result.unlimited)
    return [
        say(
            "{listing} was {told}.",
            listing=panel.listings[column].id,
            told=without_limit(panel, column, row),
        )
        for column, row in cells
    ]


def _variant_remarks(results: Sequence[EventResult], settings: Settings) -> list[str]:
    found = []
    if settings.entry is EntryPrice.VWAP and any(result.benchmarks for result in results):
        found.append(
            say("Names are bought at the day's VWAP, the index at its open: it has no VWAP.")
        )
    if any(not result.window.event.weighting.tradable for result in results):
        found.append(
            say(
                "daily-equal is an index, equal again at every close: not tradable, so that there "
                "is no executable path."
            )
        )
    return found


def _partial_remarks(
    panel: PricePanel, results: Sequence[EventResult], settings: Settings
) -> list[str]:
    """Say of each partial window what the names came to whose data reach its end."""
    partial = [
        item
        for item in results
        if item.status is WindowStatus.PARTIAL and item.window.rebalance is Rebalance.NONE
    ]
    found = [(item, _priced(panel, item.window, settings.entry)) for item in partial]
    return list(dict.fromkeys(_priced_text(item, *came) for item, came in found if came))


def _priced(panel: PricePanel, window: Window, price: EntryPrice) -> tuple[int, int, float] | None:
    """Return how many names reach their exit, of how many, and what their parts returned."""
    held = [
        (leg, weight)
        for leg, weight in zip(window.legs, window.weights, strict=True)
        if leg.state is not LegState.DROPPED
    ]
    growth = [
        (weight, _growth(panel, leg, price)) for leg, weight in held if _is_priced(panel, leg)
    ]
    total = sum(weight for weight, _ in growth)
    worth = sum(weight * grown for weight, grown in growth)
    if not total or not np.isfinite(worth):
        return None
    return len(growth), len(held), worth / total - 1


def _is_priced(panel: PricePanel, leg: Leg) -> bool:
    """Tell whether a name has a price, or is known to be suspended, in its exit session."""
    if not leg.reached or leg.exit_row is None:
        return False
    cell = leg.exit_row, leg.column
    return bool(np.isfinite(panel.close[cell]) or panel.suspended[cell])


def _growth(panel: PricePanel, leg: Leg, price: EntryPrice) -> float:
    """Return what 1 in a name has become at its exit; 1 for one that was never bought."""
    if leg.fill_row is None or leg.exit_row is None:
        return 1.0
    bought, column = (leg.fill_row, leg.column), leg.column
    paid = panel.paid(price)[bought] * panel.factor[bought] * panel.fx[bought]
    quote = end_quote(panel, leg, leg.exit_row)
    last = quote.price * panel.factor[quote.row, column]
    return float(last * panel.fx[leg.exit_row, column] / paid)


def _priced_text(result: EventResult, n_priced: int, n_held: int, gained: float) -> str:
    window, told = result.window, f"{gained:+.2%}"
    if result.end_index is not None:
        index = f"{result.end_index:+.2%}"
        return say(
            "{basket} {report}: {priced} of {held} names have data to session {horizon}; these "
            "alone returned {gained}, the index {index} to then; the row stops where the others "
            "do.",
            basket=window.event.basket,
            report=window.event.report,
            priced=n_priced,
            held=n_held,
            horizon=window.horizon,
            gained=told,
            index=index,
        )
    return say(
        "{basket} {report}: {priced} of {held} names have data to session {horizon}; these alone "
        "returned {gained}, the row stops where the others do.",
        basket=window.event.basket,
        report=window.event.report,
        priced=n_priced,
        held=n_held,
        horizon=window.horizon,
        gained=told,
    )
