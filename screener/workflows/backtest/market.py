"""What backtests read from the tables, once for all that are run together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from screener.backtest.benchmark import BenchmarkSeries, index_path
from screener.data.lake.store import Store
from screener.data.panels.price_panel import (
    LEAST_HISTORY,
    read_benchmark,
    read_caps,
    read_panel,
    read_trading,
)
from screener.data.panels.theme_panel import read_themes
from screener.domain.arrays import FloatVector
from screener.domain.basket import EntryPrice, Event, Weighting
from screener.domain.listing import Kind, Listing, parse_listing
from screener.domain.panel import CapPanel, PricePanel, TradingPanel
from screener.errors import BarsMissing, DateRangeError
from screener.language import say
from screener.market.benchmarks import default_benchmark
from screener.market.calendars import calendar_of
from screener.paths.known import EntrySessions, entry_choices
from screener.paths.weights import VOLATILITY_DAYS
from screener.workflows.backtest.requests import NO_BENCHMARK, BacktestRequest

__all__ = [
    "Benchmarks",
    "DatedEvent",
    "DatedEvents",
    "Market",
    "benchmark_series",
    "benchmarks_for",
    "beside_account",
    "dated_events",
    "entries_of",
    "read_market",
]

DatedEvent = tuple[Event, tuple[EntrySessions, ...]]
"""An event with every entry that its publication allows, the main one first."""
DatedEvents = list[DatedEvent]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Benchmarks:
    """Benchmark of each name: one for all, or that of its market.

    Parameters
    ----------
    asked
        One index for all names, `none`, or empty for what an event or a market says.
    series
        What was read, by index.
    """

    asked: str
    series: Mapping[Listing, BenchmarkSeries]

    def __call__(self, event: Event, name: Listing) -> BenchmarkSeries | None:
        """Return the series for a name of an event, `None` if none is wanted."""
        wanted = _wanted(self.asked or event.benchmark, name)
        return None if wanted is None else self.series[wanted]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Market:
    """Tables as some requests need them.

    Parameters
    ----------
    panel, trading, caps
        Prices; what money and market-value weights need, where anything asks for it.
    """

    panel: PricePanel
    trading: TradingPanel | None
    caps: CapPanel | None


def dated_events(events: Sequence[Event], delay: int) -> tuple[DatedEvents, tuple[str, ...]]:
    """Return events with their allowed entries, and those that have none with the reason.

    Raises
    ------
    DateRangeError
        If the entries of all of them are past the sessions that their calendars record.
    """
    found: DatedEvents = []
    left_out: list[DateRangeError] = []
    for event in events:
        try:
            found.append((event, entries_of(event, delay)))
        except DateRangeError as error:
            left_out.append(error)
    if left_out and not found:
        raise left_out[0]
    return found, tuple(say("left out: {why}", why=error) for error in left_out)


def entries_of(event: Event, delay: int) -> tuple[EntrySessions, ...]:
    """Return every entry that an event's publication allows, the main one first.

    Raises
    ------
    DateRangeError
        If an entry is past the sessions that its calendar records.
    """
    exchanges = [member.listing.exchange for member in event.members]
    try:
        return entry_choices(event.published, exchanges, calendar_of, delay=delay)
    except DateRangeError as error:
        where = f"basket {event.basket}, published {event.published.text()}"
        raise DateRangeError(error.what, where=where, fix=error.fix) from error


def read_market(
    store: Store,
    requests: Sequence[BacktestRequest],
    dated: Sequence[DatedEvents],
    *,
    until: date | None = None,
) -> Market:
    """Read the prices and facts of all names of some requests.

    Parameters
    ----------
    store
        The lake, at the version to read.
    requests, dated
        The requests and their events; at least one event.
    until
        Day with which the tables are taken to end, if they go on.
    """
    events = [item for some in dated for item in some]
    names = dict.fromkeys(member.listing for event, _ in events for member in event.members)
    days = [day for _, choices in events for choice in choices for _, day in choice]
    weightings = {event.weighting for event, _ in events}
    # The close at which a report was known lies as many sessions before its entry as that waits.
    delay = 2 * max(request.settings.delay for request in requests)
    least = VOLATILITY_DAYS if Weighting.INVERSE_VOL in weightings else LEAST_HISTORY
    panel = read_panel(
        store,
        list(names),
        first_entry=min(days),
        last_entry=max(days),
        vwap=any(request.settings.entry is EntryPrice.VWAP for request in requests),
        history=least + delay,
        until=until,
    )
    money = any(request.settings.frictions is not None for request in requests)
    return Market(
        panel=panel,
        trading=_trading(store, panel) if money else None,
        caps=read_caps(store, panel) if any(item.needs_caps for item in weightings) else None,
    )


def _trading(store: Store, panel: PricePanel) -> TradingPanel:
    return replace(read_trading(store, panel), themes=read_themes(store, panel))


def benchmarks_for(
    store: Store,
    events: Sequence[Event],
    asked: str,
    known: Mapping[Listing, BenchmarkSeries] | None = None,
) -> Benchmarks:
    """Return the benchmarks of events, each index read once.

    Parameters
    ----------
    store
        The lake.
    events
        The events.
    asked
        One index for all names, `none`, or empty for the defaults.
    known
        Series that were read before, which are not read again.
    """
    series = dict(known or {})
    for event in events:
        for member in event.members:
            wanted = _wanted(asked or event.benchmark, member.listing)
            if wanted is not None and wanted not in series:
                series[wanted] = benchmark_series(store, wanted)
    return Benchmarks(asked=asked, series=series)


def benchmark_series(store: Store, wanted: Listing) -> BenchmarkSeries:
    """Read the bars of one benchmark."""
    sessions, values, basis = read_benchmark(store, wanted)
    return BenchmarkSeries(
        listing=wanted,
        basis=basis,
        calendar=calendar_of(wanted.exchange),
        sessions=sessions,
        values=values,
    )


def beside_account(
    store: Store,
    asked: str,
    default: Listing,
    panel: PricePanel,
    rows: tuple[int, int],
    entry: EntryPrice,
) -> tuple[Listing | None, FloatVector, tuple[str, ...]]:
    """Return the index of an account, its path, and what it lacks if anything.

    Parameters
    ----------
    asked, default
        An index, `none`, or empty for the default.
    rows
        First and last row of the panel on which the account is valued.
    entry
        The price at which the account buys.
    """
    none = np.empty(0)
    index = _chosen(asked, default)
    if index is None:
        return None, none, ()
    first, last = rows
    try:
        path = index_path(
            benchmark_series(store, index),
            panel.session(first),
            panel.session(last),
            panel.sessions[first : last + 1],
            entry,
        )
    except BarsMissing as error:
        return index, none, (str(error),)
    return index, none if path is None else path, ()


def _wanted(asked: str, name: Listing) -> Listing | None:
    return _chosen(asked, default_benchmark(name))


def _chosen(asked: str, default: Listing) -> Listing | None:
    if asked == NO_BENCHMARK:
        return None
    return parse_listing(asked, parameter="--benchmark", kind=Kind.INDEX) if asked else default
