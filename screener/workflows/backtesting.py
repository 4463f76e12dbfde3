"""Backtest workflow: events and tables in, results with their origin out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace

from screener.backtest.benchmark import BenchmarkSeries, default_benchmark
from screener.backtest.ledger import LedgerEntry
from screener.backtest.run import EventResult, Settings, run_backtest
from screener.data.panels import read_benchmark, read_panel, read_trading
from screener.data.schema import SIMULATED, TableName
from screener.data.store import Store
from screener.domain.basket import Event, Weighting
from screener.domain.listing import Kind, Listing, parse_listing
from screener.domain.panel import PricePanel
from screener.errors import DateRangeError, InputError, NoTradableConstituents
from screener.market.calendars import calendar_of
from screener.paths.known import EntrySessions, entry_choices
from screener.paths.legs import LegState
from screener.workflows.catalog import basket_events
from screener.workflows.marking import quarantine_remarks
from screener.workspace.locate import Workspace

__all__ = [
    "BACKTEST_COLUMNS",
    "NO_BENCHMARK",
    "BacktestRequest",
    "BacktestRun",
    "ledger_rows",
    "order_rows",
    "request_for",
    "result_rows",
    "run_document",
    "run_events",
]

NO_BENCHMARK = "none"
_CURRENCY = "CNY"

BACKTEST_COLUMNS = (
    "basket",
    "report",
    "published",
    "precision",
    "entry_session",
    "exit_session",
    "horizon",
    "sessions_held",
    "status",
    "n_named",
    "n_held",
    "n_waiting",
    "n_dropped",
    "weighting",
    "currency",
    "paper_return",
    "band_low",
    "band_high",
    "executable_return",
    "benchmark",
    "benchmark_basis",
    "benchmark_return",
    "active_return",
    "max_drawdown",
    "capital",
    "fees",
    "price_basis",
    "data_version",
    "run_id",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestRequest:
    """What to backtest: events, settings, and a benchmark for all names (empty for the default)."""

    events: tuple[Event, ...]
    settings: Settings
    benchmark: str = ""


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
    """

    request: BacktestRequest
    results: tuple[EventResult, ...]
    price_basis: tuple[str, ...]
    data_version: int
    run_id: str
    simulated: bool
    remarks: tuple[str, ...]

    @property
    def ledger(self) -> tuple[LedgerEntry, ...]:
        """Every name of every result."""
        return tuple(entry for result in self.results for entry in result.ledger)


def run_events(store: Store, request: BacktestRequest, *, program_version: str) -> BacktestRun:
    """Backtest events on the tables of `store`.

    Parameters
    ----------
    store
        The lake, at the version to read.
    request
        Events and settings.
    program_version
        Version of the program, part of the run's id.

    Raises
    ------
    DateRangeError
        If an entry is past the sessions that its calendar records.
    BarsMissing
        If a benchmark does not cover a window.
    DataError
        If a name in foreign currency has no fresh fixing.
    """
    events = [(event, _choices(event, request.settings.delay)) for event in request.events]
    if not events:
        raise NoTradableConstituents(
            "there is no event to backtest: no report recommends a name under these themes",
            fix="`screener basket list` shows which reports feed which basket",
        )
    listings = list(
        dict.fromkeys(member.listing for event, _ in events for member in event.members)
    )
    days = [day for _, choices in events for choice in choices for _, day in choice]
    first = min(days)
    panel = read_panel(store, listings, first_entry=first, last_entry=max(days))
    trading = read_trading(store, panel) if request.settings.frictions is not None else None
    benchmarks = _Benchmarks(store, request.benchmark)
    results = run_backtest(panel, events, request.settings, benchmarks, trading)
    simulated = store.simulated()
    return BacktestRun(
        request=request,
        results=results,
        price_basis=tuple(_price_basis(panel, result) for result in results),
        data_version=store.version,
        run_id=_run_id(request, store.version, program_version, simulated),
        simulated=simulated,
        remarks=(
            *_remarks(store, panel, results, simulated),
            *quarantine_remarks(store, panel, results),
        ),
    )


def result_rows(run: BacktestRun) -> list[dict[str, object]]:
    """Return one row per event and horizon with the columns of `BACKTEST_COLUMNS`."""
    return [
        _row(run, result, basis) for result, basis in zip(run.results, run.price_basis, strict=True)
    ]


def request_for(
    workspace: Workspace,
    names: Sequence[str] | None,
    report: str | None,
    settings: Settings,
    *,
    benchmark: str = "",
    weighting: str | None = None,
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
    weighting
        Weighting that replaces that of the basket files.

    Raises
    ------
    NotFoundError
        If a basket or the report does not exist.
    InputError
        If the weighting is unknown, or custom without weights.
    """
    if benchmark and benchmark != NO_BENCHMARK:
        parse_listing(benchmark, parameter="--benchmark", kind=Kind.INDEX)
    events = tuple(event for _, group in basket_events(workspace, names, report) for event in group)
    if weighting is not None:
        events = tuple(replace(event, weighting=_weighting(weighting)) for event in events)
    return BacktestRequest(events=events, settings=settings, benchmark=benchmark)


def ledger_rows(run: BacktestRun) -> list[dict[str, object]]:
    """Return one row per event, horizon and name with the columns of the ledger."""
    return [{**asdict(entry), "run_id": run.run_id} for entry in run.ledger]


def order_rows(run: BacktestRun) -> list[dict[str, object]]:
    """Return one row per order, filled or not, and per name left out, of a run with money."""
    return [row for result in run.results for row in _orders(run, result)]


def _orders(run: BacktestRun, result: EventResult) -> Iterator[dict[str, object]]:
    common = {
        "basket": result.window.event.basket,
        "report": result.window.event.report,
        "horizon": result.window.horizon,
        "capital": result.capital,
        "run_id": run.run_id,
    }
    for entry in result.ledger:
        if entry.state is LegState.DROPPED:
            yield {
                **common,
                "listing": entry.listing,
                "name": entry.name,
                "status": "dropped",
                "weight": 0.0,
                "scheduled_session": entry.scheduled_entry,
                "currency": entry.currency,
                "reason": entry.reason,
                "rule": entry.rule,
            }
    for order in result.orders:
        yield {
            **common,
            "listing": order.listing.id,
            "name": result.window.event.members[order.leg].name,
            "side": str(order.side),
            "status": str(order.status),
            "weight": result.window.weights[order.leg],
            "scheduled_session": order.scheduled,
            "session": order.session,
            "shares": order.shares or None,
            "price": order.price,
            "currency": str(order.listing.currency),
            "amount": order.amount or None,
            "fees": order.fees if order.session else None,
            "reason": order.reason,
            "rule": order.rule,
            "source": order.source,
        }


def run_document(run: BacktestRun) -> dict[str, object]:
    """Return all that a stored run keeps: its inputs, results and ledger."""
    return {
        "run_id": run.run_id,
        "data_version": run.data_version,
        "simulated": run.simulated,
        "request": json.loads(json.dumps(asdict(run.request), default=str)),
        "results": result_rows(run),
        "ledger": ledger_rows(run),
        "orders": order_rows(run),
        "gaps": [dict(result.gap) for result in run.results],
        "remarks": list(run.remarks),
    }


class _Benchmarks:
    """Benchmark of each name, read once each."""

    def __init__(self, store: Store, asked: str) -> None:
        self._store = store
        self._asked = asked
        self._series: dict[Listing, BenchmarkSeries] = {}

    def __call__(self, event: Event, name: Listing) -> BenchmarkSeries | None:
        asked = self._asked or event.benchmark
        if asked == NO_BENCHMARK:
            return None
        wanted = (
            parse_listing(asked, parameter="--benchmark", kind=Kind.INDEX)
            if asked
            else default_benchmark(name)
        )
        if wanted not in self._series:
            sessions, values, basis = read_benchmark(self._store, wanted)
            self._series[wanted] = BenchmarkSeries(
                listing=wanted,
                basis=basis,
                calendar=calendar_of(wanted.exchange),
                sessions=sessions,
                values=values,
            )
        return self._series[wanted]


def _weighting(text: str) -> Weighting:
    try:
        return Weighting(text)
    except ValueError:
        raise InputError(
            f"--weighting {text!r} is not one of {', '.join(Weighting)}",
        ) from None


def _choices(event: Event, delay: int) -> tuple[EntrySessions, ...]:
    exchanges = [member.listing.exchange for member in event.members]
    try:
        return entry_choices(event.published, exchanges, calendar_of, delay=delay)
    except DateRangeError as error:
        where = f"basket {event.basket}, published {event.published.text()}"
        raise DateRangeError(error.what, where=where, fix=error.fix) from error


def _price_basis(panel: PricePanel, result: EventResult) -> str:
    kinds = {
        bool(panel.adjusted[leg.column])
        for leg in result.window.legs
        if leg.state is not LegState.DROPPED
    }
    if len(kinds) > 1:
        return "mixed"
    return "" if not kinds else ("adjusted" if kinds.pop() else "raw")


def _run_id(
    request: BacktestRequest, data_version: int, program_version: str, simulated: bool
) -> str:
    inputs = [asdict(request), data_version, program_version]
    content = json.dumps(inputs, default=str, sort_keys=True)
    digest = hashlib.sha256(content.encode()).hexdigest()[:12]
    return f"{SIMULATED}-{digest}" if simulated else digest


def _row(run: BacktestRun, result: EventResult, basis: str) -> dict[str, object]:
    window, event = result.window, result.window.event
    low, high = result.band or (None, None)
    return {
        "basket": event.basket,
        "report": event.report,
        "published": event.published.text(),
        "precision": str(event.published.precision),
        "entry_session": result.entry_session,
        "exit_session": result.exit_session,
        "horizon": window.horizon,
        "sessions_held": window.sessions_held or None,
        "status": str(result.status),
        "n_named": len(window.legs),
        "n_held": window.count(LegState.HELD),
        "n_waiting": window.count(LegState.WAITING),
        "n_dropped": window.count(LegState.DROPPED),
        "weighting": str(event.weighting),
        "currency": _CURRENCY,
        "paper_return": result.paper_return,
        "band_low": low,
        "band_high": high,
        "executable_return": result.executable_return,
        "benchmark": "+".join(result.benchmarks),
        "benchmark_basis": result.benchmark_basis,
        "benchmark_return": result.benchmark_return,
        "active_return": result.active_return,
        "max_drawdown": result.max_drawdown,
        "capital": result.capital,
        "fees": result.fees,
        "price_basis": basis,
        "data_version": run.data_version,
        "run_id": run.run_id,
    }


def _remarks(
    store: Store, panel: PricePanel, results: Sequence[EventResult], simulated: bool
) -> tuple[str, ...]:
    found = [f"{SIMULATED}: invented prices, no market ever had them."] if simulated else []
    if panel.adjusted.any():
        found.append(
            "Prices are adjusted by whoever made the file: limits, lots and fees are approximate."
        )
    raw = [
        listing.id
        for at, listing in enumerate(panel.listings)
        if not panel.adjusted[at] and panel.first_bars[at] is not None
    ]
    if simulated:
        raw = []
    covered = store.read(TableName.ACTIONS, listings=raw).column("listing").to_pylist()
    bare = len(set(raw) - set(covered))
    if bare:
        found.append(
            f"{bare} listings with raw prices have no corporate actions in the tables: "
            "their returns leave dividends and splits out."
        )
    if any(result.benchmark_basis in ("price", "mixed") for result in results):
        found.append(
            "The benchmark is a price index: without its dividends it flatters the basket."
        )
    found += dict.fromkeys(
        f"{result.window.event.basket} {result.window.event.report} {result.window.horizon}: {text}"
        for result in results
        for text in result.remarks
    )
    return tuple(found)
