"""Backtest workflow: events and tables in, results with their origin out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from screener.backtest.execution.delisting import with_payouts
from screener.backtest.ledger import LedgerEntry
from screener.backtest.run import EventResult, run_backtest
from screener.data.lake.store import Store
from screener.domain.panel import PricePanel, TradingPanel
from screener.errors import DataError, NoTradableConstituents
from screener.language import say
from screener.workflows.backtest.capacity import (
    HeldCapacity,
    capacities_of,
    capacity_remarks,
    refuse_plain,
)
from screener.workflows.backtest.market import (
    DatedEvents,
    Market,
    benchmarks_for,
    dated_events,
    read_market,
)
from screener.workflows.backtest.quarantine import quarantine_remarks
from screener.workflows.backtest.remarks import price_basis, remarks_of
from screener.workflows.backtest.requests import BacktestRequest
from screener.workflows.run_ids import run_id

__all__ = ["BacktestRun", "prepared", "run_events", "run_variants"]


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
    panel
        Prices that the results rest on; `None` where a run was put together otherwise.
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
    panel: PricePanel | None = None
    left_out: tuple[str, ...] = ()
    capacities: tuple[HeldCapacity, ...] = ()

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
    dated, market = prepared(store, requests)
    runs = tuple(
        _run(store, market, request, events, left_out, program_version, jobs, capacity=capacity)
        for request, (events, left_out) in zip(requests, dated, strict=True)
    )
    lacks = [lack for run in runs for lack in run.lacks]
    if all(lacks):
        raise DataError(lacks[0])
    return runs


def prepared(
    store: Store, requests: Sequence[BacktestRequest]
) -> tuple[list[tuple[DatedEvents, tuple[str, ...]]], Market]:
    """Return the entries of each request's events, what was left out and why, and their market.

    Raises as `run_variants`.
    """
    if not all(request.events for request in requests):
        raise NoTradableConstituents(
            say("there is no event to backtest: no report recommends a name under these themes"),
            fix=say("`screener basket list` shows which reports feed which basket"),
        )
    dated = [dated_events(request.events, request.settings.delay) for request in requests]
    return dated, read_market(store, requests, [events for events, _ in dated])


def _run(
    store: Store,
    market: Market,
    request: BacktestRequest,
    events: DatedEvents,
    left_out: tuple[str, ...],
    program_version: str,
    jobs: int,
    *,
    capacity: bool,
) -> BacktestRun:
    panel = market.panel
    results = run_backtest(
        panel,
        events,
        request.settings,
        benchmarks_for(store, market, request.events, request.benchmark),
        market.trading,
        market.caps,
        jobs=jobs,
    )
    simulated = store.simulated()
    capacities: tuple[HeldCapacity, ...] = ()
    told: tuple[str, ...] = ()
    if capacity:
        capacities = capacities_of(_paid_out(market.trading, request), request, results)
        told = capacity_remarks((item.capacity for item in capacities), request.settings)
    return BacktestRun(
        request=request,
        results=results,
        price_basis=tuple(price_basis(panel, result) for result in results),
        data_version=store.version,
        run_id=run_id("backtest", request, store, program_version, simulated=simulated),
        simulated=simulated,
        remarks=(
            *remarks_of(store, market, results, request.settings, simulated=simulated),
            *quarantine_remarks(store, panel, results),
            *told,
            *left_out,
        ),
        panel=panel,
        left_out=left_out,
        capacities=capacities,
    )


def _paid_out(trading: TradingPanel | None, request: BacktestRequest) -> TradingPanel | None:
    """Return the panel with what delisted shares pay out, where that is said."""
    if trading is None or request.settings.recovery is None:
        return trading
    return replace(trading, prices=with_payouts(trading.prices, request.settings.recovery))
