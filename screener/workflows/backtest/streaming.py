"""A backtest of very many events: rows go to Parquet some events at a time, and are let go."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from itertools import groupby
from pathlib import Path

import numpy as np
import pyarrow as pa

from screener.backtest.run import EventResult, Settings
from screener.data.lake.store import Store
from screener.domain.listing import Listing
from screener.domain.panel import PricePanel
from screener.errors import DataError
from screener.files.growing import growing_folder
from screener.results.arrow import arrow_rows
from screener.results.backtest import METRICS, NAMES, ORDERS, RETURNS, SHORTFALL
from screener.results.tables import TableSpec
from screener.workflows.backtest.market import Market
from screener.workflows.backtest.measures import metric_rows
from screener.workflows.backtest.order_rows import order_rows
from screener.workflows.backtest.quarantine import Noted, quarantined, touched_remarks
from screener.workflows.backtest.remarks import (
    Named,
    price_basis,
    remarks_of,
    row_remarks,
    unlisted,
)
from screener.workflows.backtest.requests import BacktestRequest
from screener.workflows.backtest.rows import ledger_rows, result_table, shortfall_rows
from screener.workflows.backtest.run import BacktestRun
from screener.workflows.backtest.stretches import in_stretches
from screener.workflows.run_ids import run_id

__all__ = ["Streamed", "stream_variants"]

_REMARKS = "remarks"
_TABLES: Mapping[TableSpec, Callable[[BacktestRun], list[dict[str, object]]]] = {
    NAMES: ledger_rows,
    ORDERS: order_rows,
    METRICS: metric_rows,
    SHORTFALL: shortfall_rows,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Streamed:
    """What was written.

    Parameters
    ----------
    folder
        Where it is.
    rows
        Rows of each table, and lines of `remarks.txt`, which are on single rows.
    run_ids
        One for each combination that was run.
    lacking
        Whether something is missing that was asked for: an event's value, or one index.
    remarks
        What a reader should know of all of them.
    """

    folder: Path
    rows: Mapping[str, int]
    run_ids: tuple[str, ...]
    lacking: bool
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Piece:
    """Rows of some events of one run, by file, and what is told of them.

    Parameters
    ----------
    examples
        One result of each kind that the general remarks tell apart, without its paths and ledgers.
    unlisted
        As in `Named`.
    """

    tables: Mapping[str, pa.Table]
    remarks: tuple[str, ...]
    lacks: tuple[str, ...]
    examples: Mapping[tuple[object, ...], EventResult]
    unlisted: Mapping[Listing, date | None]


def stream_variants(
    store: Store,
    requests: Sequence[BacktestRequest],
    folder: Path,
    *,
    program_version: str,
    jobs: int = 1,
) -> Streamed:
    """Run several requests as `run_variants` does, and write their rows instead of keeping them.

    The rows are those of `run_variants`, in its order: returns, names (paper) or orders (money),
    metrics and shortfall, a file each. Memory grows with neither events nor combinations.

    Parameters
    ----------
    store, requests, program_version, jobs
        As in `run_variants`.
    folder
        A folder that is not there yet, or empty.

    Raises
    ------
    InputError
        If the folder holds something.
    StorageError
        If it cannot be written.
    NoTradableConstituents, DateRangeError, DataError
        As in `run_variants`.
    """
    simulated = store.simulated()
    shells = {
        id(request): _shell(store, request, program_version, simulated=simulated)
        for request in requests
    }

    def make(request: BacktestRequest, market: Market) -> Callable[[Sequence[EventResult]], _Piece]:
        noted = quarantined(store, market.panel)
        return partial(_piece, shell=shells[id(request)], market=market, noted=noted)

    remarks: list[str] = []
    lacks: list[str] = []
    left_out: list[str] = []
    with growing_folder(folder) as written:
        for asked in in_stretches(store, requests, make, jobs=jobs):
            settings = asked.request.settings
            examples: dict[tuple[object, ...], EventResult] = {}
            named = Named()
            for market, piece in asked.pieces:
                for name, rows in piece.tables.items():
                    written.add(name, rows)
                written.tell(_REMARKS, piece.remarks)
                lacks += piece.lacks
                examples = {**piece.examples, **examples}
                named |= Named.of(market, (), settings) | Named(unlisted=piece.unlisted)
                del market  # before the next one is read
            some = tuple(examples.values())
            remarks += remarks_of(store, some, settings, named, simulated=simulated)
            left_out += asked.left_out
        if len(lacks) == written.rows[RETURNS.name]:
            raise DataError(lacks[0])
    return Streamed(
        folder=folder,
        rows=written.rows,
        run_ids=tuple(shells[id(request)].run_id for request in requests),
        lacking=bool(lacks or left_out),
        remarks=tuple(dict.fromkeys((*remarks, *left_out))),
    )


def _shell(
    store: Store, request: BacktestRequest, program_version: str, *, simulated: bool
) -> BacktestRun:
    """Return a run without events and results, for rows to take its settings and its id from."""
    return BacktestRun(
        request=replace(request, events=()),
        results=(),
        price_basis=(),
        data_version=store.version,
        run_id=run_id("backtest", request, store, program_version, simulated=simulated),
        simulated=simulated,
        remarks=(),
    )


def _piece(
    results: Sequence[EventResult], *, shell: BacktestRun, market: Market, noted: Noted
) -> _Piece:
    """Make rows of some results, where they were computed."""
    panel, settings = market.panel, shell.request.settings
    basis = tuple(price_basis(panel, result) for result in results)
    run = replace(shell, results=tuple(results), price_basis=basis)
    table = result_table([run], whole=True)
    tables = {RETURNS.name: arrow_rows(table.spec, table.rows)}
    tables |= {spec.name: arrow_rows(spec, rows(run)) for spec, rows in _kept(shell).items()}
    return _Piece(
        tables=tables,
        remarks=tuple(_told(results, panel, settings, noted)),
        lacks=tuple(lack for lack in run.lacks if lack),
        examples={_kind(result): _bare(result) for result in results},
        unlisted=unlisted(market.trading, results, settings),
    )


def _told(
    results: Sequence[EventResult], panel: PricePanel, settings: Settings, noted: Noted
) -> Iterator[str]:
    """Give the remarks of one event after the other: the same ones however pieces are cut."""
    for _, group in groupby(results, key=lambda result: id(result.window.event)):
        own = tuple(group)
        yield from row_remarks(panel, own, settings)
        yield from touched_remarks(panel, own, noted)


def _kept(shell: BacktestRun) -> dict[TableSpec, Callable[[BacktestRun], list[dict[str, object]]]]:
    """Return the tables of a run: orders tell of money what names tell of paper."""
    without = NAMES if shell.request.settings.frictions is not None else ORDERS
    return {spec: rows for spec, rows in _TABLES.items() if spec is not without}


def _kind(result: EventResult) -> tuple[object, ...]:
    tradable = result.window.event.weighting.tradable
    return result.benchmark_basis, bool(result.benchmarks), tradable


def _bare(result: EventResult) -> EventResult:
    nothing = np.empty(0)
    return replace(
        result,
        window=replace(result.window, legs=()),
        path=nothing,
        bought=nothing,
        benchmark_path=nothing,
        traded_path=nothing,
        path_sessions=result.path_sessions[:0],
        ledger=(),
        lines=(),
        remarks=(),
    )
