"""Scoring workflow: cards, imported histories and tables in; judged calls and a leaderboard out."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pyarrow.compute as pc

from screener.data.lake.schema import Basis, TableName
from screener.data.lake.store import Store
from screener.data.panels.grid import Grid
from screener.data.panels.total_return_panel import read_total_returns
from screener.domain.arrays import FloatArray, IntArray
from screener.domain.listing import Exchange
from screener.domain.report import Report
from screener.domain.total_return import TotalReturnPanel
from screener.errors import BasketNotFound, InputError
from screener.language import say
from screener.language.lists import listed
from screener.market.calendars import Calendar, calendar_of
from screener.scoring.board.calendar_time import CalendarTime, calendar_time
from screener.scoring.board.leaderboard import (
    Grouping,
    Leaderboard,
    Memberships,
    leaderboard,
    memberships,
)
from screener.scoring.board.persistence import Persistence, persistence
from screener.scoring.board.scores import Score, score_of
from screener.scoring.calls import CallTable
from screener.scoring.crowding import BUCKETS, Bucket, places_in_crowd
from screener.scoring.definitions.contracts import Contracts
from screener.scoring.definitions.horizons import last_on_or_before
from screener.scoring.judging.plain import PlainReturn, plain_return, plain_returns
from screener.scoring.score import Judged, judge_calls, needed_benchmarks
from screener.workflows.report.catalog import find_basket, list_baskets, list_reports
from screener.workflows.report.dating import undated_text
from screener.workflows.run_ids import run_id
from screener.workflows.score.calls import (
    broker_called,
    calls_of_cards,
    calls_of_ratings,
    definitions_of,
    industries_of,
    rows_of_brokers,
)
from screener.workflows.score.remarks import remarks_of
from screener.workspace.broken import Broken, Readable
from screener.workspace.definitions import own_definitions, shipped_definitions
from screener.workspace.locate import Workspace

__all__ = ["ScoreRequest", "ScoreRun", "parse_groupings", "run_board", "run_score"]

_LONGEST_BREAK = 15  # days without a session


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreRequest:
    """What to score.

    Parameters
    ----------
    names
        Baskets or reports whose calls are wanted; all calls when empty.
    broker
        Only calls of this broker, under any of its names; all when empty.
    by
        How calls are put together.
    min_calls
        Matured calls that a rank and a trial need.
    backdate
        Whether calls for which no definition of their broker was known on their day are judged by
        one of an earlier name of it, or by the first that was seen later.
    """

    names: tuple[str, ...] = ()
    broker: str = ""
    by: tuple[Grouping, ...] = (Grouping.BROKER,)
    min_calls: int = 20
    backdate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScoreRun:
    """A finished score.

    Parameters
    ----------
    request
        What was asked.
    judged
        Every call and how it ended, by date.
    board
        The leaderboard.
    crowd
        `(n,)` the how-manieth call on its theme each one is within 90 days; 0 without a theme.
    crowding
        Calls by that place.
    calendar
        Calendar-time portfolio of all calls, under the empty key, and of each group with enough
        matured calls.
    plain
        Returns after fixed sessions, whatever was promised: of all calls, under the empty key, and
        of each group.
    persistence
        Whether one year's ranks tell of the next one.
    data_version
        Snapshot of the lake.
    simulated
        Whether the prices are of the simulated market.
    remarks
        What a reader should know.
    broken
        Cards that could not be read.
    lacking
        Whether one of them may hold calls that were asked for.
    panels
        The markets that calls were judged in.
    run_id
        Hash of request, cards, definitions, data and program; empty where none was made.
    """

    request: ScoreRequest
    judged: Judged
    board: Leaderboard
    crowd: IntArray
    crowding: tuple[tuple[Bucket, Score], ...]
    calendar: Mapping[tuple[str, ...], CalendarTime]
    plain: Mapping[tuple[str, ...], tuple[PlainReturn, ...]]
    persistence: tuple[Persistence, ...]
    data_version: int
    simulated: bool
    remarks: tuple[str, ...]
    broken: tuple[Broken, ...] = ()
    lacking: bool = False
    panels: tuple[TotalReturnPanel, ...] = ()
    run_id: str = ""


def parse_groupings(text: str) -> tuple[Grouping, ...]:
    """Parse `--by`, one grouping or several with commas.

    Raises
    ------
    InputError
        If a part is no grouping, or comes twice.
    """
    parts = [part.strip().lower() for part in text.split(",") if part.strip()]
    known = listed(Grouping)
    for part in parts:
        if part not in set(Grouping):
            raise InputError(say("--by {part} is not one of {known}", part=repr(part), known=known))
    if not parts or len(set(parts)) < len(parts):
        raise InputError(
            say("--by {text} names nothing, or something twice", text=repr(text)),
            fix=say("give of {known}", known=known),
        )
    return tuple(Grouping(part) for part in parts)


def run_score(
    workspace: Workspace, store: Store, request: ScoreRequest, *, program_version: str = ""
) -> ScoreRun:
    """Judge the calls of a workspace and score those who made them.

    Parameters
    ----------
    workspace
        Where the cards and baskets are.
    store
        The lake, at the version to read.
    request
        What to score.
    program_version
        Version of the program, part of the run's id; without it the run has none.

    Raises
    ------
    NotFoundError
        If a name is neither a basket nor a report.
    InputError
        If no call is left to score.
    """
    reports = list_reports(workspace)
    found, judged, panels = _judged(workspace, store, request, reports)
    crowd = places_in_crowd(found.calls)
    board = _board(found, judged, request)
    members = memberships(found.calls, request.by)
    simulated = store.simulated()
    return ScoreRun(
        request=request,
        judged=judged,
        board=board,
        crowd=crowd,
        crowding=_crowding(judged, crowd),
        calendar=_calendar(judged, panels, members, board),
        plain=_plain(judged, panels, members),
        persistence=persistence(
            found.calls,
            judged.outcomes,
            members,
            min_calls=request.min_calls,
        ),
        data_version=store.version,
        simulated=simulated,
        remarks=(
            *([say("SIMULATED: invented prices, no market ever had them.")] if simulated else []),
            *found.remarks,
            *remarks_of(store, judged, panels),
        ),
        broken=reports.broken,
        lacking=found.lacking,
        panels=tuple(panel for panel, _ in panels),
        run_id=_run_id(workspace, store, request, reports, program_version),
    )


def _run_id(
    workspace: Workspace,
    store: Store,
    request: ScoreRequest,
    reports: Readable[Report],
    program_version: str,
) -> str:
    """Return the id of a score: of the cards and definitions too, that it rests on."""
    if not program_version:
        return ""
    rests_on = (request, tuple(reports), own_definitions(workspace))
    return run_id("score", rests_on, store, program_version, simulated=store.simulated())


def run_board(
    workspace: Workspace,
    store: Store,
    request: ScoreRequest,
    reports: Readable[Report],
    brokers: Collection[str] | None = None,
) -> Leaderboard:
    """Return the leaderboard of `run_score` alone, given the cards; raises as that does.

    Parameters
    ----------
    workspace, store, request, reports
        Where the calls are, and which of them are scored.
    brokers
        Brokers that alone are read, by the names under which they count; all if left out. What is
        told of one broker's calls is the same, ranks and whatever else compares brokers are not.
    """
    found, judged, _ = _judged(workspace, store, request, reports, brokers)
    return _board(found, judged, request)


def _board(found: _Gathered, judged: Judged, request: ScoreRequest) -> Leaderboard:
    return leaderboard(found.calls, judged.columns, by=request.by, min_calls=request.min_calls)


def _judged(
    workspace: Workspace,
    store: Store,
    request: ScoreRequest,
    reports: Readable[Report],
    brokers: Collection[str] | None = None,
) -> tuple[_Gathered, Judged, list[tuple[TotalReturnPanel, Calendar]]]:
    """Collect the calls that are asked for, and judge them in their markets."""
    found = _gathered(workspace, store, reports, request, brokers)
    contracts = Contracts(
        (*shipped_definitions(), *own_definitions(workspace), *definitions_of(reports))
    )
    panels = _panels(store, found.calls, contracts)
    judged = judge_calls(
        found.calls,
        contracts,
        panels,
        backdate=request.backdate,
        prices=_prices(store, found.calls, panels),
    )
    return found, judged, panels


def _calendar(
    judged: Judged,
    panels: Sequence[tuple[TotalReturnPanel, Calendar]],
    members: Memberships,
    board: Leaderboard,
) -> dict[tuple[str, ...], CalendarTime]:
    markets = [panel for panel, _ in panels]
    if not markets:
        return {}
    every = np.arange(len(judged.calls), dtype=np.int64)
    found: dict[tuple[str, ...], CalendarTime] = {(): calendar_time(judged, markets, every)}
    enough = {score.key for score in board.scores if score.at_end.n >= max(board.min_calls, 1)}
    for at, key in enumerate(members.keys):
        if key in enough:
            found[key] = calendar_time(judged, markets, members.call[members.group == at])
    return found


def _plain(
    judged: Judged, panels: Sequence[tuple[TotalReturnPanel, Calendar]], members: Memberships
) -> dict[tuple[str, ...], tuple[PlainReturn, ...]]:
    returns = plain_returns(judged, panels)
    every = np.arange(len(judged.calls), dtype=np.int64)
    return {
        (): plain_return(returns, every),
        **{
            key: plain_return(returns, members.call[members.group == at])
            for at, key in enumerate(members.keys)
        },
    }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Gathered:
    calls: CallTable
    remarks: list[str] = field(default_factory=list)
    lacking: bool = False


def _gathered(
    workspace: Workspace,
    store: Store,
    reports: Readable[Report],
    request: ScoreRequest,
    brokers: Collection[str] | None,
) -> _Gathered:
    """Collect the calls of cards and of imported histories, those asked for, by date."""
    of_cards = calls_of_cards(reports)
    rows = store.read(TableName.RATINGS)
    if brokers is not None:
        rows = rows_of_brokers(rows, brokers)
    imported = calls_of_ratings(rows, industries_of(store), of_cards.calls)
    calls = CallTable.joined([CallTable.of(of_cards.calls), imported.calls]).by_date()
    named = _named(workspace, reports, request.names) if request.names else None
    calls = calls.take(_wanted(calls, request, named, brokers))
    if not len(calls):
        raise InputError(
            say("there is no call to score of {broker}", broker=request.broker)
            if request.broker
            else say("there is no call to score"),
            fix=say(
                "`screener report add FILE` makes a card; `screener data import FILE "
                "--kind ratings` takes a history of ratings"
            ),
        )
    return _Gathered(
        calls=calls,
        lacking=any(named is None or card.mentions(named[1]) for card in reports.broken),
        remarks=[
            *_left_uncounted(of_cards.repeats, imported.twice, imported.torn),
            *(undated_text(report) for report in of_cards.undated),
        ],
    )


def _left_uncounted(repeats: int, twice: int, torn: int) -> Iterator[str]:
    """Tell how many calls are not counted, and why."""
    if repeats:
        yield say(
            "Notes that only publish an earlier call again, not counted: {n}.",
            n=format(repeats, ","),
        )
    if twice:
        yield say(
            "Imported rows that tell of the same call as another one: {n}.", n=format(twice, ",")
        )
    if torn:
        yield say(
            "Imported rows that give one broker two ratings of a listing on one day, none taken: "
            "{n}.",
            n=format(torn, ","),
        )


def _wanted(
    calls: CallTable,
    request: ScoreRequest,
    named: tuple[set[str], set[str]] | None,
    brokers: Collection[str] | None,
) -> IntArray:
    kept = np.ones(len(calls), dtype=np.bool_)
    if brokers is not None:
        kept &= np.isin(calls.broker, list(brokers))
    if request.broker:
        kept &= calls.broker == broker_called(request.broker)
    if named is not None:
        cards, themes = named
        kept &= np.array(
            [
                source in cards or not themes.isdisjoint(own)
                for source, own in zip(calls.source.tolist(), calls.themes.tolist(), strict=True)
            ],
            dtype=np.bool_,
        )
    return np.flatnonzero(kept).astype(np.int64)


def _named(
    workspace: Workspace, reports: Readable[Report], names: Sequence[str]
) -> tuple[set[str], set[str]]:
    """Return the reports and the themes that some names mean: report ids, or baskets."""
    ids = {report.id.lower(): report.id for report in reports}
    known = list_baskets(workspace)
    cards: set[str] = set()
    themes: set[str] = set()
    for name in names:
        if name.lower() in ids:
            cards.add(ids[name.lower()])
            continue
        try:
            themes.update(find_basket(known, name).themes)
        except BasketNotFound as error:
            raise InputError(
                say("{name} is neither a report nor a basket", name=repr(name)),
                fix=say("see `screener report list` and `screener basket list`"),
            ) from error
    return cards, themes


def _panels(
    store: Store, calls: CallTable, contracts: Contracts
) -> list[tuple[TotalReturnPanel, Calendar]]:
    """Read the markets that any call is on, from the first call on."""
    start: date = calls.published.min().item()
    markets = {
        item.exchange.mainland
        for listing, members in zip(calls.listing.tolist(), calls.members.tolist(), strict=True)
        for item in (listing, *members)
        if item is not None
    }
    benchmarks = needed_benchmarks(contracts)
    panels = [
        (
            read_total_returns(store, mainland=mainland, start=start, benchmarks=benchmarks),
            calendar_of(Exchange.SH if mainland else Exchange.HK),
        )
        for mainland in sorted(markets | {True}, reverse=True)
    ]
    return [(panel, calendar) for panel, calendar in panels if len(panel.sessions)]


def _prices(
    store: Store, calls: CallTable, panels: Sequence[tuple[TotalReturnPanel, Calendar]]
) -> FloatArray:
    """Return the price as traded on each call's day, where it has a target; else NaN."""
    found = np.full(len(calls), np.nan)
    rows = np.flatnonzero(np.isfinite(calls.target_price))
    ids = sorted({str(calls.listing[row]) for row in rows.tolist()})
    if not ids:
        return found
    first = calls.published[rows].min() - np.timedelta64(_LONGEST_BREAK, "D")
    bars = store.read(
        TableName.BARS,
        listings=ids,
        start=first.item(),
        columns=("listing", "session", "close", "basis"),
    )
    raw = bars.filter(pc.equal(bars.column("basis"), str(Basis.RAW)))
    for panel, calendar in panels:
        days = calendar.sessions[
            np.maximum(last_on_or_before(calendar.sessions, calls.published), 0)
        ]
        grid = Grid(np.unique(days), ids)
        closes = grid.cells(raw).matrix("close")
        for row in rows.tolist():
            listing = calls.listing[row]
            if listing is not None and listing.exchange.mainland == panel.mainland:
                found[row] = closes[np.searchsorted(grid.axis, days[row]), grid.index[str(listing)]]
    return found


def _crowding(judged: Judged, crowd: IntArray) -> tuple[tuple[Bucket, Score], ...]:
    """Score the calls by their place in the crowd on their theme."""
    columns = judged.columns
    return tuple(
        (bucket, score_of(columns, np.flatnonzero(bucket.holds(crowd)))) for bucket in BUCKETS
    )
