"""Backtest workflow: events and tables in, results with their origin out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from screener.backtest.execution.delisting import with_payouts
from screener.backtest.ledger import LedgerEntry
from screener.backtest.run import EventResult
from screener.data.lake.store import Store
from screener.domain.panel import PricePanel, TradingPanel
from screener.errors import DataError
from screener.progress import is_heard
from screener.workflows.backtest.capacity import (
    HeldCapacity,
    capacities_of,
    capacity_remarks,
    refuse_plain,
)
from screener.workflows.backtest.market import Market
from screener.workflows.backtest.quarantine import quarantine_remarks
from screener.workflows.backtest.remarks import Named, price_basis, remarks_of
from screener.workflows.backtest.requests import BacktestRequest
from screener.workflows.backtest.stretches import Asked, in_stretches
from screener.workflows.run_ids import run_id

__all__ = ["BacktestRun", "run_events", "run_variants"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BacktestRun:
    """Results of a backtest with what they rest on.

    Parameters
    ----------
    request
        What was asked.
    results
        One per event and horizon.
    price_basis
        `raw`, `adjusted` or `mixed` by result.
    data_version
        Snapshot of the lake.
    run_id
        Hash of request, data version and program version; the same inputs give the same id.
    simulated
        Whether the prices are of the simulated market.
    remarks
        What a reader should know.
    panels
        Prices that each result rests on, one panel for many of them; empty where a run was put
        together otherwise.
    left_out
        Events without an entry session, and why.
    capacities
        The money at which the edge is gone, by sessions held; empty where that was not asked.
    """

    request: BacktestRequest
    results: tuple[EventResult, ...]
    price_basis: tuple[str, ...]
    data_version: int
    run_id: str
    simulated: bool
    remarks: tuple[str, ...]
    panels: tuple[PricePanel, ...] = ()
    left_out: tuple[str, ...] = ()
    capacities: tuple[HeldCapacity, ...] = ()

    def by_panel(
        self, results: Sequence[EventResult] | None = None
    ) -> Iterator[tuple[PricePanel, list[EventResult]]]:
        """Give panels, each with the results that rest on it; of all results, or of some."""
        wanted = {id(item) for item in (self.results if results is None else results)}
        held: dict[int, tuple[PricePanel, list[EventResult]]] = {}
        for panel, item in zip(self.panels, self.results if self.panels else (), strict=True):
            if id(item) in wanted:
                held.setdefault(id(panel), (panel, []))[1].append(item)
        yield from held.values()

    @property
    def by_event(self) -> tuple[tuple[EventResult, ...], ...]:
        """Its results, those of one event together."""
        grouped = groupby(self.results, key=lambda item: id(item.window.event))
        return tuple(tuple(results) for _, results in grouped)

    @property
    def lacking(self) -> bool:
        """Whether something is missing that was asked for: an event's value, or one index."""
        return bool(self.left_out) or any(self.lacks)

    @property
    def lacks(self) -> tuple[str, ...]:
        """What is missing of what was asked for, by result; empty where nothing is."""
        asked = bool(self.request.benchmark)
        return tuple(item.lack or (item.index_lack if asked else "") for item in self.results)

    @property
    def ledger(self) -> tuple[LedgerEntry, ...]:
        """Every name of every result."""
        return tuple(entry for result in self.results for entry in result.ledger)


def run_events(store: Store, request: BacktestRequest, *, program_version: str) -> BacktestRun:
    """Backtest events on the tables of `store`; see `run_variants`."""
    return run_variants(store, [request], program_version=program_version)[0]


def run_variants(
    store: Store,
    requests: Sequence[BacktestRequest],
    *,
    program_version: str,
    jobs: int = 1,
    capacity: bool = False,
) -> tuple[BacktestRun, ...]:
    """Run several requests on the same tables, which are read once.

    Parameters
    ----------
    store
        The lake, at the version to read.
    requests
        Events and settings; each becomes a run of its own.
    program_version
        Version of the program, part of a run's id.
    jobs
        Workers that share the events; -1 for one per processor.
    capacity
        Whether to look for the money at which the edge is gone.

    Raises
    ------
    InputError
        If a capacity is asked for without rules and charges.
    NoTradableConstituents
        If there is no event.
    DateRangeError
        If the entries of all events are past the sessions that their calendars record.
    DataError
        What is missing, if no row at all comes out as it was asked for.
    """
    for request in requests if capacity else ():
        refuse_plain(request)
    asked = in_stretches(
        store, requests, _listed, jobs=jobs, one_by_one=is_heard(), together=capacity
    )
    runs = tuple(_run(store, one, program_version, capacity=capacity) for one in asked)
    lacks = [lack for run in runs for lack in run.lacks]
    if all(lacks):
        raise DataError(lacks[0])
    return runs


def _listed(
    _request: BacktestRequest, _market: Market
) -> Callable[[Sequence[EventResult]], list[EventResult]]:
    return list


def _run(
    store: Store, asked: Asked[list[EventResult]], program_version: str, *, capacity: bool
) -> BacktestRun:
    request, settings = asked.request, asked.request.settings
    results: list[EventResult] = []
    panels: list[PricePanel] = []
    named = Named()
    trading: TradingPanel | None = None
    for market, some in asked.pieces:
        results += some
        panels += [market.panel] * len(some)
        named |= Named.of(market, some, settings)
        trading = market.trading if capacity else None
        del market  # before the next one is read
    told: tuple[str, ...] = ()
    capacities: tuple[HeldCapacity, ...] = ()
    if capacity:
        capacities = capacities_of(_paid_out(trading, request), request, results)
        told = capacity_remarks((item.capacity for item in capacities), settings)
    simulated = store.simulated()
    return BacktestRun(
        request=request,
        results=tuple(results),
        price_basis=tuple(map(price_basis, panels, results)),
        data_version=store.version,
        run_id=run_id("backtest", request, store, program_version, simulated=simulated),
        simulated=simulated,
        remarks=(
            *remarks_of(store, results, settings, named, panels=panels, simulated=simulated),
            *quarantine_remarks(store, panels, results),
            *told,
            *asked.left_out,
        ),
        panels=tuple(panels),
        left_out=asked.left_out,
        capacities=capacities,
    )


def _paid_out(trading: TradingPanel | None, request: BacktestRequest) -> TradingPanel | None:
    """Return the panel with what delisted shares pay out, where that is said."""
    if trading is None or request.settings.recovery is None:
        return trading
    return replace(trading, prices=with_payouts(trading.prices, request.settings.recovery))
