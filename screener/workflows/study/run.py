"""Study workflow: events and tables in, abnormal returns and their tests out."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from functools import partial

import numpy as np

from screener.data.lake.store import Store
from screener.data.panels.price_panel import read_panel
from screener.data.panels.return_tables import ReturnTable
from screener.domain.basket import Event
from screener.domain.exits import ExitRules
from screener.domain.panel import PricePanel
from screener.domain.report import Precision
from screener.errors import InputError, NoTradableConstituents
from screener.language import say
from screener.language.lists import about, listed
from screener.paths.windows import NO_EXITS
from screener.study.evaluating import Evaluation, StudySettings, evaluate
from screener.study.models import Model
from screener.study.results import Statistic, TestResult
from screener.study.returns import EventReturns
from screener.study.statistics.multiple_testing import benjamini_hochberg, holm
from screener.study.units import State, StudyEvent, UnitKind, Units, study_units
from screener.study.windows import PartWindow
from screener.workflows.backtest.market import (
    Benchmarks,
    DatedEvents,
    benchmarks_for,
    dated_events,
)
from screener.workflows.run_ids import run_id
from screener.workflows.study.bands import DateBands, date_bands
from screener.workflows.study.portfolios import Match, matched_portfolios
from screener.workflows.study.references import References

__all__ = ["ALL", "Grouping", "StudyGroup", "StudyRequest", "StudyRun", "run_study"]

ALL = "all"
"""Name of the group of all units."""

_DAYS_PER_SESSION = 1.6  # more than 366 / 242, long holidays included
_SPARE_DAYS = 60
_TOLD = 5  # of the names left out for what is missing


class Grouping(StrEnum):
    """By what units are studied apart."""

    NONE = "none"
    BASKET = "basket"
    REPORT = "report"

    def key(self, event: Event) -> str:
        """Return the group of an event."""
        if self is Grouping.NONE:
            return ALL
        return event.basket if self is Grouping.BASKET else event.report or "own"


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyRequest:
    """What to study.

    Parameters
    ----------
    events
        The events.
    settings
        Windows, model, seed.
    unit
        What counts as one observation.
    benchmark
        One index for all names; empty for the defaults.
    by
        By what units are studied apart, beside all together.
    max_wait
        Sessions that a blocked purchase of the reader's may wait.
    table
        Name of the table of factors or matched portfolios, with a digest of its values.
    peers
        What the stocks of portfolios made from the tables have in common with each name; empty if
        none are made.
    exits
        Rules by which the reader sells a name before the window ends.
    """

    events: tuple[Event, ...]
    settings: StudySettings = field(default_factory=StudySettings)
    unit: UnitKind = UnitKind.BASKET
    benchmark: str = ""
    by: Grouping = Grouping.NONE
    max_wait: int = 10
    table: str = ""
    peers: str = ""
    exits: ExitRules = NO_EXITS


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StudyGroup:
    """Units studied together.

    Parameters
    ----------
    name
        `all`, or the basket or report.
    units
        Numbers of its units, dropped ones included.
    evaluation
        What the tests answer.
    holm, benjamini_hochberg
        Adjusted p of each part and test, by part and statistic.
    trials
        Questions asked of each statistic in the whole study.
    """

    name: str
    units: tuple[int, ...]
    evaluation: Evaluation
    holm: dict[tuple[str, Statistic], float | None]
    benjamini_hochberg: dict[tuple[str, Statistic], float | None]
    trials: dict[Statistic, int]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StudyRun:
    """Results of a study with what they rest on.

    Parameters
    ----------
    request
        What was asked.
    panel, units
        Prices, and every unit with its returns.
    groups
        All units together, then each group apart.
    benchmarks
        Indices that were used.
    bands
        What the units return over every entry that an estimated date allows.
    data_version, run_id, simulated, remarks, left_out
        As in a backtest's run.
    """

    request: StudyRequest
    panel: PricePanel
    units: Units
    groups: tuple[StudyGroup, ...]
    benchmarks: tuple[str, ...]
    bands: DateBands
    data_version: int
    run_id: str
    simulated: bool
    remarks: tuple[str, ...]
    left_out: tuple[str, ...] = ()

    @property
    def lacking(self) -> bool:
        """Whether a name was asked for and something is missing that its returns need."""
        legs = (leg for unit in self.units.every for leg in unit.legs)
        return bool(self.left_out) or any(leg.lack is not None for leg in legs)

    def band(self, group: StudyGroup, part: PartWindow) -> tuple[float, float] | None:
        """Return the least and the greatest mean CAR of a part that estimated dates allow."""
        at = self.request.settings.windows.parts().index(part)
        units, kept = self.units, np.isin(self.units.kept, group.units)
        counted = units.kept[kept & np.isfinite(units.abnormal.car[:, at])]
        return self.bands.of_mean(counted, at, self.request.settings.winsor)

    def counts(self, group: StudyGroup) -> dict[State, int]:
        """Return how many units of a group are in each state."""
        found = Counter(self.units.every[at].state for at in group.units)
        return {state: found[state] for state in State}


def run_study(
    store: Store,
    request: StudyRequest,
    *,
    program_version: str,
    table: ReturnTable | None = None,
    jobs: int = 1,
) -> StudyRun:
    """Study events on the tables of `store`.

    Parameters
    ----------
    store
        The lake, at the version to read.
    request
        Events and settings.
    program_version
        Version of the program, part of the run's id.
    table
        Factors, or matched portfolios by listing, for the models that need them.
    jobs
        Workers; the results are independent of it.

    Raises
    ------
    NoTradableConstituents
        If there is no event.
    InputError
        If the model and what was given do not fit.
    ScreenerError
        What is missing (an index, a fixing, a matched portfolio), if that leaves no event at all.
    """
    if not request.events:
        raise NoTradableConstituents(
            say("there is no event to study: no report recommends a name under these themes"),
            fix=say("`screener basket list` shows which reports feed which basket"),
        )
    choices, left_out = dated_events(request.events, 0)
    request = replace(request, events=tuple(event for event, _ in choices))
    panel = _panel(store, request, choices)
    made = ""
    if request.peers:
        first, last = panel.session(0), panel.session(len(panel.sessions) - 1)
        match = Match(request.peers)
        table, made = matched_portfolios(store, panel.listings, first, last, match)
    request = _fitting(request, table)
    benchmarks = _benchmarks(store, request)
    references = References(panel, request.settings.model, benchmarks, table)
    allowed = [
        [
            StudyEvent(event=event, entries=entries, references=references.of(event))
            for entries in each
        ]
        for event, each in choices
    ]
    study = partial(
        study_units,
        panel,
        windows=request.settings.windows,
        model=request.settings.model,
        kind=request.unit,
        convention=request.settings.convention,
        max_wait=request.max_wait,
        exits=request.exits,
    )
    units = study([main for main, *_ in allowed], jobs=jobs)
    simulated, groups = store.simulated(), _groups(units, request)
    return StudyRun(
        request=request,
        panel=panel,
        units=units,
        groups=groups,
        benchmarks=tuple(references.series),
        bands=date_bands(units, allowed, study),
        data_version=store.version,
        run_id=run_id("study", request, store, program_version, simulated=simulated),
        simulated=simulated,
        remarks=(
            *_remarks(
                panel,
                request,
                references,
                simulated,
                made,
            ),
            *_winsorised(request, groups[0]),
            *_lacks(panel, units),
            *left_out,
        ),
        left_out=left_out,
    )


def _fitting(request: StudyRequest, table: ReturnTable | None) -> StudyRequest:
    """Return the request with what its model allows: no reader's window without opens."""
    model = request.settings.model
    if (table is None) == (model in (Model.FACTORS, Model.MATCHED)):
        raise InputError(
            say("the model {model} needs a table of returns", model=model)
            if table is None
            else say("the model {model} takes no table ({table})", model=model, table=table.name),
            fix=say(
                "--model factors goes with --factors FILE, --model matched with --matched FILE"
            ),
        )
    if table is None:
        return request
    if request.exits.any:
        raise InputError(
            say(
                "--exit {exit}: a table of returns knows no opens, and no reader's window",
                exit=request.exits.told(),
            ),
            fix=say("leave --exit out, or take --model market"),
        )
    digest = hashlib.sha256(table.values.tobytes()).hexdigest()[:12]
    windows = replace(request.settings.windows, reader=False)
    return replace(
        request,
        settings=replace(request.settings, windows=windows),
        table=f"{table.name} {digest}",
    )


def _panel(store: Store, request: StudyRequest, dated: DatedEvents) -> PricePanel:
    names = dict.fromkeys(member.listing for event, _ in dated for member in event.members)
    days: list[date] = [day for _, each in dated for entries in each for _, day in entries]
    back = 1 - request.settings.windows.estimation[0]
    return read_panel(
        store,
        list(names),
        first_entry=min(days),
        last_entry=max(days),
        history=int(back * _DAYS_PER_SESSION) + _SPARE_DAYS,
    )


def _benchmarks(store: Store, request: StudyRequest) -> Benchmarks | None:
    if request.settings.model not in (Model.MARKET, Model.MARKET_ADJUSTED):
        return None
    return benchmarks_for(store, request.events, request.benchmark)


def _groups(units: Units, request: StudyRequest) -> tuple[StudyGroup, ...]:
    events = request.events
    names = [ALL]
    if request.by is not Grouping.NONE:
        names += list(dict.fromkeys(request.by.key(event) for event in events))
    members = [
        tuple(
            at
            for at, unit in enumerate(units.every)
            if name == ALL or request.by.key(events[unit.event]) == name
        )
        for name in names
    ]
    found = [
        _evaluated(units, some, request.settings, number) for number, some in enumerate(members)
    ]
    adjusted = _adjusted(found)
    return tuple(
        StudyGroup(name=name, units=some, evaluation=evaluation, **given)
        for name, some, evaluation, given in zip(names, members, found, adjusted, strict=True)
    )


def _evaluated(
    units: Units, some: Sequence[int], settings: StudySettings, number: int
) -> Evaluation:
    rows = np.flatnonzero(np.isin(units.kept, some))
    returns = EventReturns(
        windows=units.returns.windows,
        estimation=units.returns.estimation[rows],
        estimation_factors=units.returns.estimation_factors[:, rows],
        event=units.returns.event[rows],
        event_factors=units.returns.event_factors[:, rows],
        spans=None if units.returns.spans is None else units.returns.spans[rows],
    )
    return evaluate(
        returns, units.abnormal.take(rows), units.timeline.take(rows), settings, group=number
    )


def _adjusted(found: Sequence[Evaluation]) -> list[dict[str, dict]]:  # type: ignore[type-arg]
    """Return for each group its adjusted p and the number of trials, over all groups together."""
    told: list[dict[str, dict]] = [  # type: ignore[type-arg]
        {"holm": {}, "benjamini_hochberg": {}, "trials": {}} for _ in found
    ]
    for statistic in Statistic:
        asked: list[tuple[int, str, TestResult]] = [
            (number, str(part.window.part), test)
            for number, evaluation in enumerate(found)
            for part in evaluation.parts
            for test in part.tests
            if test.statistic is statistic
        ]
        p_values = [test.p for _, _, test in asked]
        for name, values in (
            ("holm", holm(p_values)),
            ("benjamini_hochberg", benjamini_hochberg(p_values)),
        ):
            for (number, part, _), value in zip(asked, values, strict=True):
                told[number][name][part, statistic] = value
        for item in told:
            item["trials"][statistic] = sum(p is not None for p in p_values)
    return told


def _remarks(
    panel: PricePanel,
    request: StudyRequest,
    references: References,
    simulated: bool,
    made: str,
) -> tuple[str, ...]:
    found = [say("SIMULATED: invented prices, no market ever had them.")] if simulated else []
    if panel.adjusted.any():
        found.append(
            say(
                "Prices are adjusted by whoever made the file: whether a purchase was blocked at "
                "the limit is approximate."
            )
        )
    if any(series.basis == "price" for series in references.series.values()):
        found.append(
            say("The index is a price index: without its dividends it flatters the names.")
        )
    guessed = [
        event.report or event.basket
        for event in request.events
        if event.published.precision is Precision.ESTIMATED
    ]
    if guessed:
        found.append(
            say(
                "The publication date of {reports} is an estimate: so is its session 0.",
                reports=listed(dict.fromkeys(guessed)),
            )
        )
    if made:
        found.append(made)
    if request.exits.any:
        found.append(
            say(
                "The reader's window ends at the exits ({rules}); the other parts do not.",
                rules=request.exits.told(),
            )
        )
    if not request.settings.windows.reader:
        found.append(say("There is no reader's window: the table of returns knows no opens."))
    return tuple(found)


def _winsorised(request: StudyRequest, group: StudyGroup) -> list[str]:
    """Say what was winsorised, and how many events that set."""
    if not request.settings.winsor:
        return []
    most = max(part.n_winsorised for part in group.evaluation.parts)
    return [
        say(
            "Winsorised at {share:.4g} % of the events in each tail: sums, buy-and-hold and "
            "standardised returns, {n} events at most in a part; ranks, signs, calendar time and "
            "the returns of single events are as they were.",
            share=100 * request.settings.winsor,
            n=most,
        )
    ]


def _lacks(panel: PricePanel, units: Units) -> list[str]:
    """Say which names are left out for what is missing."""
    lacks = dict.fromkeys(
        say("left out: {why}", why=about(panel.listings[leg.column], leg.lack))
        for unit in units.every
        for leg in unit.legs
        if leg.lack is not None
    )
    told = list(lacks)[:_TOLD]
    if len(lacks) > _TOLD:
        more = len(lacks) - _TOLD
        told.append(say("left out for what is missing: {n} more, named by --ledger", n=more))
    return told
