"""Each call held to its contract: met, missed, pending, or why it cannot be judged.

A call is judged from the close of its own date (the brokers' wording; the last session on or
before it) to the close of its horizon's last session. Beside that stands what a reader could have
had: from the open of the first session in which one could act, to the same end. Both are total
returns in the listing's currency, less the benchmark's over the same sessions.

Only rows dated up to a call's end decide how it ends, so that later sessions change no matured
call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from screener.domain.arrays import DayArray, FlagArray, FloatArray, IntArray, TextArray
from screener.domain.listing import Board, Exchange, Listing
from screener.domain.total_return import IndexSeries, TotalReturnPanel
from screener.language import say
from screener.market.calendars import Calendar
from screener.progress import counted
from screener.scoring.definitions.horizons import add_months, first_on_or_after, last_on_or_before
from screener.scoring.judging.base_rates import Stretch, base_rates
from screener.scoring.judging.outcomes import CallState, Outcomes, Terms

__all__ = ["judge"]


_Told: TypeAlias = Mapping[str, object]

_RETURNS = (
    "stock_return",
    "benchmark_return",
    "active_return",
    "tradable_return",
    "early_stock",
    "early_benchmark",
)
_NOTHING = Listing("000000", Exchange.SH)  # stands for no index at all


def judge(terms: Terms, panels: Sequence[tuple[TotalReturnPanel, Calendar]]) -> Outcomes:
    """Judge calls on the tables of their markets.

    Parameters
    ----------
    terms
        The calls; those of a market without a panel cannot be judged.
    panels
        Panels with the calendar of their market.
    """
    found = Outcomes.empty(len(terms))
    found.why[:] = say("no prices of its market in the tables")
    mainland = np.array([item.exchange.mainland for item in terms.listings], dtype=np.bool_)
    for panel, calendar in panels:
        rows = np.flatnonzero(mainland[terms.listing] == panel.mainland)
        if len(rows) and len(panel.sessions):
            found.put(rows, _judge_market(_Calls(terms, rows, panel, calendar)))
    return found


class _Calls:
    """Calls of one market: where they stand in its panel."""

    def __init__(
        self, terms: Terms, rows: IntArray, panel: TotalReturnPanel, calendar: Calendar
    ) -> None:
        self.panel = panel
        self.bands = terms.bands.take(rows)
        column_of = {item: at for at, item in enumerate(panel.listings)}
        columns = np.array([column_of.get(item, -1) for item in terms.listings], dtype=np.int64)
        self.names, self.name = terms.listings, terms.listing[rows]
        self.column = columns[self.name]
        self.indices, self.index = terms.benchmarks, terms.benchmark[rows]
        self.flat = _flat(len(panel.sessions))
        days = calendar.sessions
        published = terms.published[rows]
        self.start_day = _labels(days, last_on_or_before(days, published))
        reach = _reach(panel, terms.listings, columns)[self.name]
        last_day = panel.sessions[reach]
        self.begun = self.start_day <= last_day
        ends = [
            _end(days, published, months[rows]) for months in (terms.months_low, terms.months_high)
        ]
        self.end_day = ends[1]
        self.matured = (self.end_day <= last_day) & self.begun
        self.start = last_on_or_before(panel.sessions, self.start_day)
        self.end = np.where(self.matured, last_on_or_before(panel.sessions, self.end_day), reach)
        # Within a horizon that ends before its low end is a session there is its end alone.
        self.first = np.clip(last_on_or_before(panel.sessions, ends[0]), self.start, self.end)
        self.first[~self.matured] = reach[~self.matured]
        self.early_day = np.where(
            self.begun & (ends[0] < ends[1]) & (ends[0] <= last_day),
            ends[0],
            np.datetime64("NaT"),
        )
        self.early = last_on_or_before(panel.sessions, self.early_day)
        self.entry_day = _labels(days, first_on_or_after(days, terms.act_from[rows]))
        self.entry = first_on_or_after(panel.sessions, self.entry_day)
        self.entry[(self.entry > self.end) | (self.start < 0)] = -1

    def __len__(self) -> int:
        return len(self.column)

    def series(self, at: int) -> IndexSeries | None:
        """Return the levels of a benchmark; those of an absolute promise never move."""
        listing = self.indices[at]
        return self.flat if listing is None else self.panel.indices.get(listing)


def _judge_market(calls: _Calls) -> Outcomes:
    found = Outcomes.empty(len(calls))
    levels = _levels(calls)
    _fill_returns(found, calls, levels)
    found.why[:] = _reasons(calls, levels)
    found.verdict[:] = np.where(found.why == "", CallState.PENDING, CallState.UNJUDGED)
    judged = calls.matured & (found.why == "")
    _blank(found, found.why != "")
    found.verdict[judged] = np.where(
        calls.bands.keeps(found.active_return)[judged], CallState.MET, CallState.MISSED
    )
    found.in_band[judged] = calls.bands.holds(found.active_return)[judged]
    acted = judged & np.isfinite(found.tradable_return)
    found.tradable_met[acted] = calls.bands.keeps(found.tradable_return)[acted]
    for stretch, rows in counted(list(_stretches(calls, np.flatnonzero(judged)))):
        bands, columns = calls.bands.take(rows), calls.column[rows]
        rates, found.any_time[rows] = base_rates(calls.panel, stretch, bands, columns)
        found.rates.put(rows, rates)
    return found


def _fill_returns(found: Outcomes, calls: _Calls, levels: _Levels) -> None:
    panel, rows = calls.panel, np.maximum(calls.start, 0)
    columns = np.maximum(calls.column, 0)
    known = (calls.column >= 0) & (calls.start >= 0) & calls.begun
    with np.errstate(invalid="ignore", divide="ignore"):
        opened = panel.close[rows, columns]
        closed = panel.close[calls.end, columns]
        found.stock_return[:] = np.where(known, closed / opened - 1, np.nan)
        found.benchmark_return[:] = np.where(known, levels.end / levels.start - 1, np.nan)
        bought = panel.open[np.maximum(calls.entry, 0), columns]
        earned = closed / bought - levels.end / levels.entry
        found.tradable_return[:] = np.where(known & (calls.entry >= 0), earned, np.nan)
        early = known & (calls.early >= 0)
        reached = panel.close[np.maximum(calls.early, 0), columns]
        found.early_stock[:] = np.where(early, reached / opened - 1, np.nan)
        found.early_benchmark[:] = np.where(early, levels.early / levels.start - 1, np.nan)
    found.active_return[:] = found.stock_return - found.benchmark_return
    found.early_end[:] = calls.early_day
    found.start[:] = calls.start_day
    found.entry[:] = calls.entry_day
    found.end[:] = np.where(calls.matured, calls.end_day, panel.sessions[calls.end])
    found.end[~calls.begun] = np.datetime64("NaT")


def _blank(found: Outcomes, rows: FlagArray) -> None:
    """Leave what cannot be judged without returns: they would go on changing."""
    for day in (found.end, found.early_end):
        day[rows] = np.datetime64("NaT")
    for name in _RETURNS:
        getattr(found, name)[rows] = np.nan


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Levels:
    # Level of each call's benchmark at its first close, its last close, the reader's open, and the
    # close at the horizon's low end.
    start: FloatArray
    end: FloatArray
    entry: FloatArray
    early: FloatArray


def _levels(calls: _Calls) -> _Levels:
    found = {name: np.full(len(calls), np.nan) for name in ("start", "end", "entry", "early")}
    for at in range(len(calls.indices)):
        series = calls.series(at)
        mine = calls.index == at
        if series is None or not mine.any():
            continue
        for name, rows, level in (
            ("start", calls.start, series.close),
            ("end", calls.end, series.close),
            ("entry", calls.entry, series.open),
            ("early", calls.early, series.close),
        ):
            values = np.where(rows >= 0, level[np.maximum(rows, 0)], np.nan)
            found[name][mine] = values[mine]
    return _Levels(**found)


def _reasons(calls: _Calls, levels: _Levels) -> TextArray:
    """Say why calls cannot be judged; the first reason that holds is told."""
    panel = calls.panel
    at_start = panel.close[np.maximum(calls.start, 0), np.maximum(calls.column, 0)]
    at_end = panel.close[calls.end, np.maximum(calls.column, 0)]
    begun, matured = calls.begun, calls.matured
    checks: tuple[tuple[FlagArray, Callable[[_Told], str]], ...] = (
        (
            begun & (calls.column < 0),
            lambda told: say("no bars of {listing} in the tables", listing=told["listing"]),
        ),
        (
            begun & (calls.start < 0),
            lambda told: say(
                "prices of its market begin on {first}, after {start}",
                first=told["first"],
                start=told["start"],
            ),
        ),
        (
            begun & ~np.isfinite(at_start),
            lambda told: say(
                "no close of {listing} on {day}", listing=told["listing"], day=told["start"]
            ),
        ),
        (
            begun & ~np.isfinite(levels.start),
            lambda told: say(
                "benchmark {index} has no bar on {day}", index=told["index"], day=told["start"]
            ),
        ),
        (
            matured & ~np.isfinite(at_end),
            lambda told: say(
                "no bar of {listing} on {day}, and no suspension or delisting recorded",
                listing=told["listing"],
                day=told["end"],
            ),
        ),
        (
            matured & ~np.isfinite(levels.end),
            lambda told: say(
                "benchmark {index} has no bar on {day}", index=told["index"], day=told["end"]
            ),
        ),
        (
            np.isnat(calls.start_day),
            lambda _: say("published before the first session of its exchange"),
        ),
    )
    reasons = np.full(len(calls), "", dtype=np.object_)
    for holds, tell in reversed(checks):
        for row in np.flatnonzero(holds).tolist():
            reasons[row] = tell(
                {
                    "listing": calls.names[calls.name[row]],
                    "index": calls.indices[calls.index[row]],
                    "first": panel.sessions[0],
                    "start": calls.start_day[row],
                    "end": calls.end_day[row],
                }
            )
    return reasons


def _stretches(calls: _Calls, rows: IntArray) -> Iterator[tuple[Stretch, IntArray]]:
    """Yield the calls that share a stretch of sessions, a benchmark and their peers."""
    if not len(rows):
        return
    peers = calls.panel.peers[calls.column[rows]].astype(np.int64)
    keys = np.column_stack(
        [
            *(part[rows] for part in (calls.start, calls.entry, calls.first, calls.end)),
            calls.index[rows],
            peers,
        ]
    )
    order = np.lexsort(keys.T[::-1])
    breaks = np.flatnonzero((np.diff(keys[order], axis=0) != 0).any(axis=1)) + 1
    for group in np.split(order, breaks):
        start, entry, first, end, index, peer = (int(value) for value in keys[group[0]])
        series = calls.series(index)
        if series is None:  # nothing is judged against what has no bars
            continue
        yield (
            Stretch(
                start=start,
                entry=entry,
                first=first,
                end=end,
                series=series,
                peers=peer,
            ),
            rows[group],
        )


def _reach(panel: TotalReturnPanel, listings: Sequence[Listing], columns: IntArray) -> IntArray:
    """Return the last row that each listing's data reach.

    That of the market for a security, which must be told to be suspended or delisted if it has no
    bar; an index is neither, so that its data reach to its own last bar.
    """
    found = np.full(len(listings), len(panel.sessions) - 1, dtype=np.int64)
    for at, (listing, column) in enumerate(zip(listings, columns.tolist(), strict=True)):
        if column >= 0 and listing.board is Board.INDEX:
            known = np.flatnonzero(np.isfinite(panel.close[:, column]))
            found[at] = known[-1] if len(known) else found[at]
    return found


def _flat(n: int) -> IndexSeries:
    level = np.ones(n)
    return IndexSeries(listing=_NOTHING, basis="total", open=level, close=level)


def _labels(days: DayArray, places: IntArray) -> DayArray:
    found: DayArray = np.where(places >= 0, days[np.maximum(places, 0)], np.datetime64("NaT"))
    return found.astype("datetime64[D]")


def _end(days: DayArray, published: DayArray, months: IntArray) -> DayArray:
    """Return the last session of a horizon; NaT where the calendar is not recorded that far."""
    target = add_months(published, months)
    found = _labels(days, last_on_or_before(days, target))
    found[target > days[-1]] = np.datetime64("NaT")
    return found
