"""The backtest of many events at once: every horizon, every allowed entry, in few engine calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from typing import Any, TypeVar

import numpy as np

from screener.backtest.attribution import Shortfall
from screener.backtest.benchmark import BenchmarkSeries, benchmark_path, benchmark_return
from screener.backtest.decision import Decided, decided_of
from screener.backtest.execution.delisting import with_payouts
from screener.backtest.execution.money import Executed, with_money
from screener.backtest.execution.pricing import ValuePanel, executed_exits, value_panel
from screener.backtest.execution.resolving import resolved_window
from screener.backtest.frictions import Frictions, Line, Order
from screener.backtest.ledger import LedgerEntry, ledger_entries
from screener.backtest.paper import FEW_WINDOWS, PaperPath, own_rows, paper_values
from screener.backtest.plain import sold_values
from screener.domain.arrays import FloatVector, IntArray, SessionAxis
from screener.domain.basket import EntryPrice, Event, Rebalance
from screener.domain.exits import ExitRules
from screener.domain.listing import Listing
from screener.domain.panel import CapPanel, PricePanel, TradingPanel
from screener.errors import BarsMissing
from screener.language import say
from screener.language.lists import in_a_line
from screener.paths.kernel import load_kernel
from screener.paths.known import EntrySessions
from screener.paths.legs import LegState
from screener.paths.limits import quoted_beyond
from screener.paths.metrics.measures import max_drawdown
from screener.paths.path_panel import path_panel_of
from screener.paths.windows import NO_EXITS, Window, WindowStatus
from screener.paths.workers.parallel import each, in_parts
from screener.progress import counted, is_heard

__all__ = ["EventResult", "Settings", "backtest_pieces", "many_windows", "run_backtest"]

PieceT = TypeVar("PieceT")

BenchmarkOf = Callable[[Event, Listing], BenchmarkSeries | None]

EVENTS_AT_ONCE = 250
"""Events whose windows and orders are in memory together."""
_LEAST_EVENTS, _LEAST_ON_PAPER = 20, 100  # that are worth handing to another worker


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Settings of a backtest.

    Parameters
    ----------
    horizons
        Sessions to hold, ascending.
    max_wait
        Sessions that a blocked purchase may wait.
    delay
        Sessions to wait before the entry.
    cost
        A plain proportional cost of each order as a fraction, instead of rules and charges.
    frictions
        Rules and charges of the executable path; without them and `cost` there is none.
    capitals
        Money of the executable path, in CNY: one result for each.
    entry
        At which price of its session each name is bought.
    rebalance
        How often a basket is brought back to its weights.
    recovery
        What a delisted share pays out, as a fraction of its last close; without it a window whose
        name is delisted is partial.
    exits
        Rules by which names are sold before their horizon.
    """

    horizons: tuple[int, ...]
    max_wait: int = 10
    delay: int = 0
    cost: float | None = None
    frictions: Frictions | None = None
    capitals: tuple[float, ...] = (1_000_000.0,)
    entry: EntryPrice = EntryPrice.OPEN
    rebalance: Rebalance = Rebalance.NONE
    recovery: float | None = None
    exits: ExitRules = NO_EXITS


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EventResult:
    """Result of one event, horizon and capital; returns are fractions, `None` where undefined.

    Parameters
    ----------
    window
        The main window, with its legs.
    status
        Its status; pending too while a sale of the executable path still waits.
    path
        `(sessions,)` paper value at each close from the entry on, 1 before it; empty without data.
    path_sessions, benchmark_path
        `(sessions,)` session of each value of `path`, and the benchmark's value at it; the latter
        is empty where `benchmark_return` is `None`, or a session of its exchange is missing.
    traded_path
        `(sessions,)` money at each close relative to the capital, before a sale that is late;
        empty without an executable path, or under a plain proportional cost.
    bought
        `(sessions,)` worth of what was bought in each session on paper, 1 being the start.
    entry_session, exit_session
        Earliest scheduled entry and last session valued of any name with a weight; without data
        the earliest scheduled entry of all, and `None`.
    capital
        Money of the executable path, in CNY; `None` on paper alone.
    lines
        Rows of its ledger: orders, filled or not, dividends, taxes and rights.
    shortfall
        Steps from the index to the money, which sum to `executable_return`; empty unless both
        paths are finished.
    unthemed
        Names whose industry's stocks are not known over the window, so that theme and selection
        are one step for them.
    unlimited
        Column and row of each purchase in a session whose quotes prove that no limit held.
    no_orders
        Why no order was placed at all, if so.
    unfinished
        Further entries that its publication allows and whose windows are not mature.
    benchmarks, benchmark_basis
        Ids of the benchmarks, and `price`, `total` or `mixed`.
    end_index
        Of a partial window, the benchmark's return up to each name's own exit, where it is known.
    remarks
        What a reader should know about this row.
    lack, index_lack
        What is missing that its value, or its benchmark's return, needs; empty if nothing is.
    """

    window: Window
    status: WindowStatus
    path: FloatVector
    path_sessions: SessionAxis
    benchmark_path: FloatVector
    bought: FloatVector
    entry_session: date
    exit_session: date | None
    paper_return: float | None
    band: tuple[float, float] | None
    executable_return: float | None
    benchmarks: tuple[str, ...]
    benchmark_basis: str
    benchmark_return: float | None
    max_drawdown: float | None
    fees: float | None
    ledger: tuple[LedgerEntry, ...]
    remarks: tuple[str, ...]
    capital: float | None = None
    lines: tuple[Line, ...] = ()
    shortfall: Shortfall = ()
    unthemed: tuple[Listing, ...] = ()
    unlimited: tuple[tuple[int, int], ...] = ()
    lack: str = ""
    index_lack: str = ""
    end_index: float | None = None
    no_orders: str = ""
    unfinished: int = 0
    traded_path: FloatVector = field(default_factory=lambda: np.empty(0))

    @property
    def finished(self) -> bool:
        """Whether no later session can change it."""
        return self.status is WindowStatus.MATURE and not self.unfinished

    @property
    def n_named(self) -> int:
        """Names of the event."""
        return len(self.window.legs)

    @property
    def n_held(self) -> int:
        """Names bought at their scheduled entry or after waiting."""
        return self.window.count(LegState.HELD)

    @property
    def orders(self) -> tuple[Order, ...]:
        """Its orders, filled or not."""
        return tuple(line for line in self.lines if isinstance(line, Order))

    @property
    def active_return(self) -> float | None:
        """Paper return less the benchmark's."""
        if self.paper_return is None or self.benchmark_return is None:
            return None
        return self.paper_return - self.benchmark_return


def run_backtest(
    panel: PricePanel,
    events: Sequence[tuple[Event, tuple[EntrySessions, ...]]],
    settings: Settings,
    benchmark_of: BenchmarkOf,
    trading: TradingPanel | None = None,
    caps: CapPanel | None = None,
    *,
    jobs: int = 1,
    chunk: int = EVENTS_AT_ONCE,
) -> tuple[EventResult, ...]:
    """Backtest events over every horizon, some at a time.

    Parameters
    ----------
    panel
        Prices of all names of all events.
    events
        Each event with its allowed entries, the main one first.
    settings
        Horizons, waiting, costs.
    benchmark_of
        Gives the benchmark of a name of an event, or `None` for none.
    trading
        What trading with money needs; needed with `settings.frictions`.
    caps
        Market values; needed where a weighting is made of them.
    jobs
        Workers, each a process; -1 for one per processor.
    chunk
        Events at a time.

    Returns
    -------
    tuple
        One result per event, horizon and capital, in that order. They are independent of `jobs`
        and `chunk`.
    """
    pieces = backtest_pieces(
        panel,
        events,
        settings,
        benchmark_of,
        list,
        trading,
        caps,
        jobs=jobs,
        chunk=chunk,
        one_by_one=is_heard(),
    )
    return tuple(result for results in pieces for result in results)


def backtest_pieces(
    panel: PricePanel,
    events: Sequence[tuple[Event, tuple[EntrySessions, ...]]],
    settings: Settings,
    benchmark_of: BenchmarkOf,
    make: Callable[[Sequence[EventResult]], PieceT],
    trading: TradingPanel | None = None,
    caps: CapPanel | None = None,
    *,
    jobs: int = 1,
    chunk: int = EVENTS_AT_ONCE,
    one_by_one: bool = True,
    compiled: bool | None = None,
    meanwhile: Callable[[], object] | None = None,
) -> Iterator[PieceT]:
    """Give what is made of the results of some events at a time, in their order.

    However many events there are, no more results are held than those of one piece a worker.

    Parameters
    ----------
    panel, events, settings, benchmark_of, trading, caps, jobs, chunk
        As in `run_backtest`.
    make
        Makes something smaller of the results of one piece, where they were computed; with more
        than one job it and what it makes can be pickled.
    one_by_one, meanwhile
        As in `paths.workers.parallel.each`.
    compiled
        Whether the compiled kernel values the windows, which may move a last digit; by default if
        they are `many_windows`.
    """
    least = _LEAST_EVENTS if settings.frictions is not None else _LEAST_ON_PAPER
    parts = in_parts(events, jobs=jobs, most=chunk, least=least)
    compiled = many_windows(events, settings) if compiled is None else compiled
    if settings.recovery is not None:
        panel = with_payouts(panel, settings.recovery)
        trading = None if trading is None else replace(trading, prices=panel)
    priced = _Priced(panel, settings.entry)
    if compiled and len(parts) > 1:
        load_kernel(priced.layout)
    work = partial(
        _piece,
        make=make,
        priced=priced,
        settings=settings,
        benchmark_of=benchmark_of,
        trading=trading,
        caps=caps,
        compiled=compiled,
    )
    yield from each(work, parts, jobs=jobs, size=len, one_by_one=one_by_one, meanwhile=meanwhile)


def many_windows(
    events: Sequence[tuple[Event, tuple[EntrySessions, ...]]], settings: Settings
) -> bool:
    """Tell whether events have so many windows that it is worth loading the compiled kernel."""
    return sum(len(entries) for _, entries in events) * len(settings.horizons) > FEW_WINDOWS


class _Priced:
    """The values of a panel for both engines; sent as the panel alone, and made of it again."""

    def __init__(self, panel: PricePanel, entry: EntryPrice) -> None:
        self._of = panel, entry
        self.values = value_panel(panel, entry)
        self.layout = path_panel_of(panel, entry)

    def __reduce__(self) -> tuple[type[_Priced], tuple[PricePanel, EntryPrice]]:
        return _Priced, self._of


def _piece(
    events: Sequence[tuple[Event, tuple[EntrySessions, ...]]],
    *,
    make: Callable[[Sequence[EventResult]], PieceT],
    **settled: Any,
) -> PieceT:
    return make(_some(events, **settled))


def _some(
    events: Sequence[tuple[Event, tuple[EntrySessions, ...]]],
    *,
    priced: _Priced,
    settings: Settings,
    benchmark_of: BenchmarkOf,
    trading: TradingPanel | None,
    caps: CapPanel | None,
    compiled: bool,
) -> list[EventResult]:
    """Backtest some of the events."""
    values = priced.values
    panel = values.prices
    main: list[Window] = []
    others: dict[int, tuple[Window, ...]] = {}
    lacks: dict[int, str] = {}
    for event, entries in counted(events):
        for horizon in settings.horizons:
            found = [
                resolved_window(
                    values,
                    event,
                    entry,
                    horizon=horizon,
                    max_wait=settings.max_wait,
                    price=settings.entry,
                    rebalance=settings.rebalance,
                    caps=caps,
                    exits=settings.exits,
                )
                for entry in entries
            ]
            windows = tuple(window for window, _ in found)
            lacks[id(windows[0])] = found[0][1]
            others[len(main)] = windows[1:]
            main.append(windows[0])
    every = [*main, *(window for group in others.values() for window in group)]
    paths = paper_values(values, priced.layout, every, compiled=compiled)
    decide = partial(
        decided_of,
        values,
        benchmark_of=lambda window, name: benchmark_of(window.event, name),
        themes=None if trading is None else trading.themes,
        delay=settings.delay,
    )
    executed = _all_executed(values, trading, main, settings, decide)
    return [
        _result(panel, window, others[at], paths, one, benchmark_of, lacks[id(window)])
        for at, window in enumerate(main)
        for one in executed.get(id(window), _without(settings, window))
    ]


def _without(settings: Settings, window: Window) -> tuple[Executed | None, ...]:
    """Return what stands for a window without an executable path: a row for each capital still."""
    if settings.frictions is None:
        return (None,)
    why = _why_not_traded(window)
    return tuple(
        Executed(value=None, fees=None, capital=capital, no_orders=why)
        for capital in settings.capitals
    )


def _why_not_traded(window: Window) -> str:
    if not window.event.weighting.tradable:
        return say("{weighting} is an index: not tradable", weighting=window.event.weighting)
    if window.horizon == 1:
        return say("one session: what is bought that day is sold the next at the earliest (T+1)")
    return ""


def _all_executed(
    values: ValuePanel,
    trading: TradingPanel | None,
    windows: Sequence[Window],
    settings: Settings,
    decide: Callable[[Sequence[Window]], Mapping[int, Decided]],
) -> Mapping[int, tuple[Executed, ...]]:
    """Return the executable paths of each window by its identity, one for each capital."""
    priced = [window for window in windows if window.valued and not _why_not_traded(window)]
    if settings.frictions is not None and trading is not None:
        return with_money(values, trading, priced, settings.frictions, settings.capitals, decide)
    if settings.cost is None or not priced:
        return {}
    return {key: (found,) for key, found in _plainly(values, priced, settings).items()}


def _plainly(
    values: ValuePanel, priced: Sequence[Window], settings: Settings
) -> Mapping[int, Executed]:
    """Return the executable path of each window under a plain proportional cost."""
    exits = [executed_exits(values.prices, window) for window in priced]
    runs = sold_values(values, priced, exits, cost=settings.cost or 0.0)
    return {
        id(window): Executed(
            value=run.value,
            fees=run.fees * settings.capitals[0],
            exits=own,
            capital=settings.capitals[0],
            pending=own.open,
        )
        for window, own, run in zip(priced, exits, runs, strict=True)
    }


def _result(
    panel: PricePanel,
    window: Window,
    others: tuple[Window, ...],
    paths: Mapping[int, PaperPath],
    executed: Executed | None,
    benchmark_of: BenchmarkOf,
    lack: str,
) -> EventResult:
    found = paths.get(id(window))
    path = np.empty(0) if found is None else found.values
    paper = float(path[-1]) - 1 if len(path) else None
    waits = executed is not None and executed.pending
    status = (
        WindowStatus.PENDING if waits and window.status is WindowStatus.MATURE else window.status
    )
    unfinished = sum(other.status is not WindowStatus.MATURE for other in others)
    band, remarks = _band(window, others, paths, paper, unfinished)
    series = _series(panel, window, benchmark_of)
    rows = own_rows(panel, window) if len(path) else np.empty(0, dtype=np.int64)
    beside = _beside(panel, window, series if len(path) else {}, rows)
    remarks = (*((say("not valued: {why}", why=lack),) if lack else ()), *remarks, *beside.remarks)
    return EventResult(
        window=window,
        status=status,
        path=path,
        bought=np.empty(0) if found is None else found.bought,
        path_sessions=panel.sessions[rows + (window.first_row if len(path) else 0)],
        benchmark_path=beside.path,
        entry_session=panel.session(window.first_row) if len(path) else _first_entry(window),
        exit_session=panel.session(window.last_row) if len(path) else None,
        paper_return=paper,
        band=band,
        executable_return=_return_of(executed),
        benchmarks=tuple(dict.fromkeys(item.listing.id for item in series.values())),
        benchmark_basis=_basis(series),
        benchmark_return=beside.index_return,
        max_drawdown=max_drawdown(path) if len(path) else None,
        fees=None if executed is None else executed.fees,
        ledger=ledger_entries(panel, window, None if executed is None else executed.exits),
        remarks=remarks if executed is None else (*remarks, *executed.remarks),
        capital=None if executed is None else executed.capital,
        lines=() if executed is None else executed.lines,
        shortfall=() if executed is None else _waterfall(executed, beside.index_return),
        unthemed=_unthemed(executed),
        unlimited=tuple(
            (leg.column, leg.fill_row)
            for leg in window.legs
            if leg.fill_row is not None and quoted_beyond(panel, leg.column, leg.fill_row)
        ),
        lack=lack,
        index_lack=beside.lack,
        end_index=_end_index(panel, window, series),
        no_orders="" if executed is None else executed.no_orders,
        unfinished=unfinished,
        traded_path=_traded(executed, rows),
    )


def _end_index(
    panel: PricePanel, window: Window, series: Mapping[Listing, BenchmarkSeries]
) -> float | None:
    """Return the benchmark's return over a partial window as if all names reached their exits."""
    ends = [leg.exit_row for leg in window.legs if leg.state is not LegState.DROPPED]
    if window.status is not WindowStatus.PARTIAL or not series or None in ends:
        return None
    rows = tuple(-1 if leg.exit_row is None else leg.exit_row for leg in window.legs)
    try:
        return benchmark_return(panel, replace(window, end_rows=rows), series)
    except BarsMissing:
        return None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Beside:
    """The benchmark of one window: its return, its path, and why either is missing."""

    index_return: float | None
    path: FloatVector
    remarks: tuple[str, ...] = ()
    lack: str = ""


def _beside(
    panel: PricePanel,
    window: Window,
    series: Mapping[Listing, BenchmarkSeries],
    rows: IntArray,
) -> _Beside:
    empty = np.empty(0)
    if not series:
        return _Beside(index_return=None, path=empty)
    try:
        found = benchmark_return(panel, window, series)
    except BarsMissing as error:
        told = (say("no index return: {why}", why=error),)
        return _Beside(index_return=None, path=empty, remarks=told, lack=in_a_line(error))
    if found is None:
        remark = say("no session of the benchmark's exchange in the window of a name")
        return _Beside(index_return=None, path=empty, remarks=(remark,))
    try:
        path = benchmark_path(panel, window, series, rows)
    except BarsMissing as error:  # its ends are known, so that its return is; not what lies between
        told = (say("no beta, no alpha: {why}", why=error.what),)
        return _Beside(index_return=found, path=empty, remarks=told)
    return _Beside(index_return=found, path=path)


def _waterfall(executed: Executed, index_return: float | None) -> Shortfall:
    """Return the steps from the index to the money."""
    if executed.decided is None:
        return ()
    return (*executed.decided.steps(index_return), *executed.shortfall)


def _unthemed(executed: Executed | None) -> tuple[Listing, ...]:
    if executed is None or executed.decided is None or executed.decided.index is None:
        return ()
    return executed.decided.unknown


def _return_of(executed: Executed | None) -> float | None:
    if executed is None or executed.pending or executed.value is None:
        return None
    return executed.value - 1


def _traded(executed: Executed | None, rows: IntArray) -> FloatVector:
    if executed is None or executed.path is None:
        return np.empty(0)
    return executed.path[rows]


def _first_entry(window: Window) -> date:
    return min(day for _, day in window.entries)


def _band(
    window: Window,
    others: tuple[Window, ...],
    paths: Mapping[int, PaperPath],
    paper: float | None,
    unfinished: int,
) -> tuple[tuple[float, float] | None, tuple[str, ...]]:
    """Return the least and the greatest paper return over every entry that an estimate allows.

    A mature window keeps its band empty until the windows of all allowed entries are mature: a
    number that later sessions would still move has no place in it.
    """
    if not others or paper is None:
        return None, ()
    if window.status is WindowStatus.MATURE and unfinished:
        return None, (
            say(
                "band not final: {n} of {all} allowed entries are not mature",
                n=unfinished,
                all=len(others) + 1,
            ),
        )
    known = [paths[id(other)].values for other in others if id(other) in paths]
    found = [paper, *(float(path[-1]) - 1 for path in known)]
    return (min(found), max(found)), ()


def _series(
    panel: PricePanel, window: Window, benchmark_of: BenchmarkOf
) -> dict[Listing, BenchmarkSeries]:
    """Return the benchmark of every name whose window has begun; empty when none is wanted."""
    found = {}
    for leg in window.legs:
        if leg.entry_row is not None:
            name = panel.listings[leg.column]
            series = benchmark_of(window.event, name)
            if series is None:
                return {}
            found[name] = series
    return found


def _basis(series: Mapping[Listing, BenchmarkSeries]) -> str:
    kinds = sorted({item.basis for item in series.values()})
    return kinds[0] if len(kinds) == 1 else ("mixed" if kinds else "")
