"""Events in stretches whose prices memory holds: each has a market of its own.

A market is every name of its events by every session from the first entry on. Over many years that
is mostly prices which no window ever looks at, so that events are taken in their order as many at
a time as keep it within bounds, and the tables are taken to end some time after the last of their
windows. What is mature then is as it stays: no later session changes it. Events of which something
is not are valued once more, on tables that end where they end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from itertools import groupby, islice
from typing import Generic, TypeVar

from screener.backtest.benchmark import BenchmarkSeries
from screener.backtest.run import EventResult, backtest_pieces, many_windows
from screener.data.lake.store import Store
from screener.data.panels.price_panel import last_sessions_of
from screener.domain.listing import Listing
from screener.errors import NoTradableConstituents
from screener.language import say
from screener.paths.workers.parallel import Ahead
from screener.progress import counting
from screener.workflows.backtest.market import (
    Benchmarks,
    DatedEvent,
    DatedEvents,
    Market,
    benchmarks_for,
    dated_events,
    read_market,
)
from screener.workflows.backtest.requests import BacktestRequest

__all__ = ["Asked", "in_stretches"]

PieceT = TypeVar("PieceT")
MadeT = TypeVar("MadeT")

Make = Callable[[Sequence[EventResult]], PieceT]
"""Makes something of the results of some events."""

CELLS = 3_000_000
"""Sessions times listings of a market at most, but for that of a single event."""
EVENTS = 10_000
"""Events of a stretch at most: what is made of them waits until it is known which are open."""
_LATE = 60
"""Sessions after the last window in which a sale that is late may still take place."""
_DAYS = 1.5
"""Days for each session."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Asked(Generic[PieceT]):
    """What comes of one request.

    Parameters
    ----------
    request
        The request.
    left_out
        Its events without an entry session, and why.
    pieces
        What is made of the results of some events at a time, in their order, with the market that
        they rest on; each is made when it is taken.
    """

    request: BacktestRequest
    left_out: tuple[str, ...]
    pieces: Iterator[tuple[Market, PieceT]]


def in_stretches(
    store: Store,
    requests: Sequence[BacktestRequest],
    make: Callable[[BacktestRequest, Market], Make[PieceT]],
    *,
    jobs: int = 1,
    one_by_one: bool = True,
    together: bool = False,
) -> Iterator[Asked[PieceT]]:
    """Backtest requests one after the other, on one market where memory holds it.

    Parameters
    ----------
    store, requests
        The lake, and what is asked for.
    make
        Given a request and a market, returns what makes something of results, as
        `backtest_pieces` has it.
    jobs, one_by_one
        As in `backtest_pieces`.
    together
        Whether all events are to be on one market, whatever memory that takes.

    Raises
    ------
    NoTradableConstituents
        If a request has no event.
    DateRangeError
        If the entries of all events are past the sessions that their calendars record.
    """
    if not all(request.events for request in requests):
        raise NoTradableConstituents(
            say("there is no event to backtest: no report recommends a name under these themes"),
            fix=say("`screener basket list` shows which reports feed which basket"),
        )
    dated = [dated_events(request.events, request.settings.delay) for request in requests]
    every = [event for events, _ in dated for event in events]
    store.spans(sorted({name.id for event in every for name in _names(event)}))  # of all at once
    one = together or len(list(_stretches(every, _end(store, every), None, most=len(every)))) == 1
    market = read_market(store, requests, [events for events, _ in dated]) if one else None
    benchmarks: Mapping[Listing, BenchmarkSeries] = {}
    for request, (events, left_out) in zip(requests, dated, strict=True):
        found = benchmarks_for(store, request.events, request.benchmark, benchmarks)
        benchmarks = found.series
        stretches = _Stretches(
            store=store,
            request=request,
            benchmarks=found,
            make=partial(make, request),
            jobs=jobs,
            one_by_one=one_by_one,
            compiled=many_windows(events, request.settings),
        )
        pieces = stretches.read(events) if market is None else stretches.on(market, events)
        yield Asked(request=request, left_out=left_out, pieces=pieces)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Stretches(Generic[PieceT]):
    store: Store
    request: BacktestRequest
    benchmarks: Benchmarks
    make: Callable[[Market], Make[PieceT]]
    jobs: int
    one_by_one: bool
    compiled: bool

    def on(
        self, market: Market, events: DatedEvents, meanwhile: Callable[[], object] | None = None
    ) -> Iterator[tuple[Market, PieceT]]:
        """Give the pieces of events that one market holds, in their order."""
        for piece in self._pieces(market, events, self.make(market), meanwhile):
            yield market, piece

    def read(self, events: DatedEvents) -> Iterator[tuple[Market, PieceT]]:
        """Give the pieces of any number of events, in their order, on markets read for them."""
        end = _end(self.store, events)
        windows = max(self.request.settings.horizons) + self.request.settings.max_wait + _LATE
        stretches = _stretches(events, end, timedelta(days=windows * _DAYS), most=EVENTS)
        markets = Ahead(
            (self._market(some, until if until < end else None), some, until < end)
            for some, until in stretches
        )
        with counting(len(events)) as tick:
            for market, some, cut in markets:
                if cut:
                    yield from self._taken_to_end(market, some, end, markets.make)
                else:
                    yield from self.on(market, some, markets.make)
                tick(len(some))
                del market  # before the next one is read

    def _taken_to_end(
        self, market: Market, events: DatedEvents, end: date, meanwhile: Callable[[], object]
    ) -> Iterator[tuple[Market, PieceT]]:
        """Give the pieces on tables taken to end early; of what is open then, on whole ones."""
        sort = partial(_sorted_out, make=self.make(market))
        pieces = self._pieces(market, events, sort, meanwhile)
        parts = [part for found in pieces for part in found]
        left = iter(events)
        runs = [list(islice(left, part.n_events)) for part in parts]
        if next(left, None) is not None:
            raise RuntimeError("an event is there twice: please report it with what you typed")
        waiting = [one for part, run in zip(parts, runs, strict=True) if part.open for one in run]
        again = self._whole(waiting, end)
        for part in parts:
            for _ in range(part.n_events if part.open else 0):
                yield next(again)
            for piece in part.made:
                yield market, piece

    def _whole(self, events: DatedEvents, end: date) -> Iterator[tuple[Market, PieceT]]:
        """Give a piece for each event, on tables to their end."""
        for some, _ in _stretches(events, end, None, most=EVENTS):
            market = self._market(some)
            alone = partial(_each_alone, make=self.make(market))
            for pieces in self._pieces(market, some, alone):
                yield from ((market, piece) for piece in pieces)

    def _market(self, events: DatedEvents, until: date | None = None) -> Market:
        return read_market(self.store, [self.request], [events], until=until)

    def _pieces(
        self,
        market: Market,
        events: DatedEvents,
        make: Make[MadeT],
        meanwhile: Callable[[], object] | None = None,
    ) -> Iterator[MadeT]:
        return backtest_pieces(
            market.panel,
            events,
            self.request.settings,
            self.benchmarks,
            make,
            market.trading,
            market.caps,
            jobs=self.jobs,
            one_by_one=self.one_by_one,
            compiled=self.compiled,
            meanwhile=meanwhile,
        )


@dataclass(frozen=True, slots=True)
class _Part(Generic[PieceT]):
    """Events in a row, and the piece that is made of them; none where something is still open."""

    n_events: int
    made: tuple[PieceT, ...]

    @property
    def open(self) -> bool:
        return not self.made


def _sorted_out(results: Sequence[EventResult], *, make: Make[PieceT]) -> list[_Part[PieceT]]:
    """Make pieces of events in a row that are finished; the others are only counted."""
    found = []
    for finished, group in groupby(_by_event(results), key=_is_finished):
        some = list(group)
        made = (make([result for one in some for result in one]),) if finished else ()
        found.append(_Part(len(some), made))
    return found


def _each_alone(results: Sequence[EventResult], *, make: Make[PieceT]) -> list[PieceT]:
    return [make(one) for one in _by_event(results)]


def _by_event(results: Sequence[EventResult]) -> Iterator[list[EventResult]]:
    for _, group in groupby(results, key=lambda result: id(result.window.event)):
        yield list(group)


def _is_finished(results: Sequence[EventResult]) -> bool:
    return all(result.finished for result in results)


def _stretches(
    events: DatedEvents, end: date, after: timedelta | None, *, most: int
) -> Iterator[tuple[DatedEvents, date]]:
    """Give events as many at a time as a market holds, and the day with which its tables end."""
    some: DatedEvents = []
    span = _Span(end, after)
    for event in events:
        if some and (len(some) >= most or span.cells(event) > CELLS):
            yield some, span.until()
            some, span = [], _Span(end, after)
        span.add(event)
        some.append(event)
    yield some, span.until()


class _Span:
    """Names of some events, and the days from the first entry to so long after the last one.

    Without `after` they reach to the end of all tables, as they do where that is earlier.
    """

    def __init__(self, end: date, after: timedelta | None) -> None:
        self._end, self._after = end, after
        self._names: set[Listing] = set()
        self._first, self._last = date.max, date.min

    def add(self, dated: DatedEvent) -> None:
        """Let an event in."""
        self._first, self._last = self._days(dated)
        self._names.update(_names(dated))

    def until(self) -> date:
        """Return the day with which its tables end."""
        return self._until(self._last)

    def cells(self, dated: DatedEvent) -> float:
        """Return sessions times names once an event is let in."""
        first, last = self._days(dated)
        names = len(self._names) + len(_names(dated) - self._names)
        return names * (self._until(last) - first).days / _DAYS

    def _days(self, dated: DatedEvent) -> tuple[date, date]:
        days = [day for entries in dated[1] for _, day in entries]
        return min(self._first, *days), max(self._last, *days)

    def _until(self, last: date) -> date:
        return self._end if self._after is None else min(self._end, last + self._after)


def _names(dated: DatedEvent) -> set[Listing]:
    return {member.listing for member in dated[0].members}


def _end(store: Store, events: DatedEvents) -> date:
    """Return the last session of the tables of some events' exchanges; the last entry without."""
    exchanges = {name.exchange for event in events for name in _names(event)}
    entries = (day for _, choices in events for choice in choices for _, day in choice)
    return max(last_sessions_of(store, sorted(exchanges)).values(), default=max(entries))
