"""Requests of a backtest: events and settings, one for each variant asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

from screener.backtest.run import Settings
from screener.domain.basket import EntryPrice, Event, Rebalance, Weighting
from screener.domain.listing import Kind, parse_listing
from screener.errors import InputError
from screener.language import say
from screener.workflows.report.catalog import BasketEvents, basket_events, needed_events
from screener.workspace.broken import Readable
from screener.workspace.locate import Workspace

__all__ = [
    "NO_BENCHMARK",
    "BacktestRequest",
    "Variants",
    "request_for",
    "request_of",
    "variant_requests",
]

NO_BENCHMARK = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestRequest:
    """What to backtest: events, settings, and a benchmark for all names (empty for the default)."""

    events: tuple[Event, ...]
    settings: Settings
    benchmark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variants:
    """Ways to buy and keep the same baskets; every combination is run.

    Parameters
    ----------
    delays
        Sessions to wait before the entry.
    weightings
        Weightings that replace that of the baskets; `None` for what each basket says.
    entries
        Prices at which names are bought.
    rebalances
        How often baskets are brought back to their weights.
    """

    delays: tuple[int, ...] = (0,)
    weightings: tuple[Weighting | None, ...] = (None,)
    entries: tuple[EntryPrice, ...] = (EntryPrice.OPEN,)
    rebalances: tuple[Rebalance, ...] = (Rebalance.NONE,)


def request_for(
    workspace: Workspace,
    names: Sequence[str] | None,
    report: str | None,
    settings: Settings,
    *,
    benchmark: str = "",
) -> BacktestRequest:
    """Collect the events of baskets into a request.

    Parameters
    ----------
    workspace
        Where the cards and baskets are.
    names
        Baskets wanted; all of them when `None`.
    report
        Only the events of this report.
    settings
        Settings of the backtest.
    benchmark
        One index for all names, `none`, or empty for the defaults.

    Raises
    ------
    NotFoundError
        If a basket or the report does not exist.
    InputError
        If the benchmark is no index.
    """
    groups = basket_events(workspace, names, report)
    return request_of(groups, settings, benchmark=benchmark)


def request_of(
    groups: Readable[BasketEvents], settings: Settings, *, benchmark: str = ""
) -> BacktestRequest:
    """Put the events of some baskets into a request; see `request_for`."""
    if benchmark and benchmark != NO_BENCHMARK:
        parse_listing(benchmark, parameter="--benchmark", kind=Kind.INDEX)
    return BacktestRequest(events=needed_events(groups), settings=settings, benchmark=benchmark)


def variant_requests(request: BacktestRequest, variants: Variants) -> tuple[BacktestRequest, ...]:
    """Return a request for each combination, in the order of the variants.

    Raises
    ------
    InputError
        If a weighting is custom for a basket without weights, or an index is to be rebalanced
        otherwise than daily.
    """
    return tuple(
        _variant(request, weighting, entry, delay, rebalance)
        for weighting, entry, delay, rebalance in product(
            variants.weightings, variants.entries, variants.delays, variants.rebalances
        )
    )


def _variant(
    request: BacktestRequest,
    weighting: Weighting | None,
    entry: EntryPrice,
    delay: int,
    rebalance: Rebalance,
) -> BacktestRequest:
    events = request.events
    if weighting is not None:
        events = tuple(replace(event, weighting=weighting) for event in events)
    index = [event.basket for event in events if not event.weighting.tradable]
    if index and rebalance not in (Rebalance.NONE, Rebalance.DAILY):
        raise InputError(
            say(
                "--rebalance {rebalance}: {index} is weighted daily-equal, every day anew",
                rebalance=rebalance,
                index=index[0],
            ),
            fix=say("give another --weighting, or leave --rebalance out"),
        )
    if request.settings.exits.any and (index or rebalance is not Rebalance.NONE):
        raise InputError(
            say(
                "--exit {exit}: a basket brought back to its weights sells no name for good",
                exit=request.settings.exits.told(),
            ),
            where=index[0] if index else "",
            fix=say("leave --exit out, or --rebalance and the weighting daily-equal"),
        )
    settings = replace(request.settings, entry=entry, delay=delay, rebalance=rebalance)
    return replace(request, events=events, settings=settings)
