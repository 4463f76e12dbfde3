"""Screen a universe or a basket: which names were cheap as of a day, and why each one passed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from screener.data.lake.asof import AsOf
from screener.data.lake.store import Store
from screener.domain.basket import Event, Member
from screener.domain.listing import Currency, Listing
from screener.domain.report import Report
from screener.errors import DataError, InputError
from screener.language import say, say_count
from screener.screen.criteria import Criterion, Order
from screener.screen.evaluate import Check, Evaluation, Questions, evaluate
from screener.screen.fields import Field
from screener.screen.query import parse_predicate
from screener.workflows.run_ids import run_id
from screener.workflows.screen.lacks import lacking_tables
from screener.workflows.screen.rows import (
    REACH,
    Gathered,
    Looked,
    Universe,
    gather_rows,
    look_up,
    market_words,
    parse_universe,
)

__all__ = [
    "Exclusion",
    "ScreenRequest",
    "ScreenResult",
    "Universe",
    "asked_lines",
    "gathered_rows",
    "members_as_of",
    "parse_universe",
    "run_screen",
]


class Exclusion(StrEnum):
    """What a screen leaves out."""

    ST = "st"
    SUSPENDED = "suspended"
    NEW = "new"

    @property
    def label(self) -> str:
        """What stays, for the reader."""
        return {
            Exclusion.ST: lambda: say("not ST"),
            Exclusion.SUSPENDED: lambda: say("not suspended"),
            Exclusion.NEW: lambda: say("listed for a year"),
        }[self]()

    @property
    def condition(self) -> str:
        """What a name must be known to be, to stay."""
        return {
            Exclusion.ST: "NOT st AND NOT delisting",
            Exclusion.SUSPENDED: "NOT suspended",
            Exclusion.NEW: "days_listed >= 365",
        }[self]


_UNIVERSES = {
    Universe.A: lambda: say("universe a"),
    Universe.HK: lambda: say("universe hk"),
    Universe.ALL: lambda: say("universe all"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenRequest:
    """What to screen and what to ask.

    Parameters
    ----------
    as_of
        Day of the screen: nothing after it is used.
    universe
        Market to screen, or `None` for `members`.
    members
        Names of a basket, or listings, each once; empty for a universe.
    basket
        Name of that basket, for the heading; empty for listings.
    criteria, where, sort, allow_missing
        Ranges, SQL predicate, order, and fields whose missing value does not fail their range.
    checks
        Name and condition of each check; all must hold.
    exclude
        What to leave out: members of `Exclusion`.
    industry
        Industry to keep; every one when empty.
    shown
        Fields to show that nothing asks for.
    cards
        Report cards of the workspace, for the fields of reports.
    top
        How many of the best to show; all when `None`.
    currency
        Currency of the amounts, asked and shown.
    timeout_seconds
        Longest run of the predicate.
    unvalued
        Whether a name without a valuation is shown like any other, where nothing asks for one.

    Raises
    ------
    InputError
        If it names both a universe and members, or neither, or `top` is below 1.
    """

    as_of: date
    universe: Universe | None = None
    members: tuple[Member, ...] = ()
    basket: str = ""
    criteria: tuple[Criterion, ...] = ()
    where: str | None = None
    sort: Order | None = None
    top: int | None = None
    allow_missing: tuple[Field, ...] = ()
    checks: tuple[tuple[str, str], ...] = ()
    exclude: tuple[Exclusion, ...] = ()
    industry: str = ""
    shown: tuple[Field, ...] = ()
    cards: tuple[Report, ...] = ()
    currency: Currency = Currency.CNY
    timeout_seconds: float = 5.0
    unvalued: bool = False

    def __post_init__(self) -> None:
        if (self.universe is None) == (not self.members):
            raise InputError(
                say("a screen needs a universe, the names of a basket or listings, one of them"),
                fix=say(
                    "give `--universe a`, `--universe hk`, `--universe all`, `--basket NAME` or "
                    "`--listing A,B`"
                ),
            )
        if self.top is not None and self.top < 1:
            raise InputError(
                say("top is {n}, less than 1", n=self.top),
                fix=say("write {range}", range="--top 20"),
            )

    def questions(self) -> Questions:
        """Return what is asked, its conditions checked."""
        return Questions(
            checks=tuple(_checks(self)),
            shown=self.shown,
            criteria=self.criteria,
            predicate=None if self.where is None else parse_predicate(self.where),
            order=self.sort,
            allow_missing=self.allow_missing,
            currency=str(self.currency),
            timeout_seconds=self.timeout_seconds,
        )

    @property
    def label(self) -> str:
        """What is screened, for the heading."""
        if self.universe is not None:
            return _UNIVERSES[self.universe]()
        if self.basket:
            return say("basket {basket}", basket=self.basket)
        return say_count("{n} listing", "{n} listings", len(self.members))


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenResult(Evaluation):
    """A finished screen: what was found, and what it was found in.

    Parameters
    ----------
    label
        What was screened.
    as_of
        Day asked for.
    sessions
        Session of the snapshot used, by market; markets without one are absent.
    currency
        Currency of the amounts.
    questions
        What was asked, one line each, the order last.
    top
        How many of the best to show; all when `None`.
    allowed
        Fields whose missing value was allowed.
    is_basket
        Whether a basket was screened.
    data_version
        Version of the tables that were read.
    simulated
        Whether the tables hold the simulated market.
    remarks
        What the reader has to know, one line each.
    lacking
        Whether something is missing that the amounts of some names need.
    criteria
        The ranges that were asked for.
    checks
        The named conditions that were asked for.
    run_id
        Hash of request, data and program; empty where none was made.
    """

    label: str
    as_of: date
    sessions: Mapping[str, date]
    currency: str
    questions: tuple[str, ...]
    top: int | None
    allowed: tuple[str, ...]
    is_basket: bool
    data_version: int
    simulated: bool
    remarks: tuple[str, ...]
    lacking: bool = False
    criteria: tuple[Criterion, ...] = ()
    checks: tuple[Check, ...] = ()
    run_id: str = ""


def run_screen(
    store: Store,
    request: ScreenRequest,
    *,
    program_version: str = "",
    at: datetime | None = None,
) -> ScreenResult:
    """Screen a universe or a basket as of a day.

    Each market is screened on its last snapshot on or before that day, each listing on its own
    last valuation within 7 days before that snapshot.

    Parameters
    ----------
    store
        Tables to read.
    request
        What to screen and what to ask.
    program_version
        Version of the program, part of the run's id; without it the run has none.
    at
        Instant up to which things are known; after every close of its day if left out.

    Raises
    ------
    InputError
        If the predicate is refused, or the request contradicts itself.
    DataError
        If there is no snapshot on or before the day, nothing to screen, or no fixing to convert
        an amount with.
    """
    questions = request.questions()
    known = AsOf.after_close(store, request.as_of) if at is None else AsOf(store, at)
    looked, gathered = gathered_rows(known, request, questions)
    found = evaluate(gathered.rows, questions)
    simulated = store.simulated()
    return ScreenResult(
        label=request.label,
        as_of=request.as_of,
        sessions={str(market): day for market, day in looked.snapshots.items() if day},
        currency=str(request.currency),
        questions=asked_lines(questions),
        fields=found.fields,
        rows=found.rows,
        top=request.top,
        allowed=tuple(field.name for field in request.allow_missing),
        is_basket=request.universe is None,
        data_version=store.version,
        simulated=simulated,
        remarks=(
            *_remarks(looked, found, simulated=simulated),
            *lacking_tables(looked.known, questions.needed, gathered.rows, request.cards),
            *gathered.remarks,
            *gathered.lacks,
        ),
        lacking=bool(gathered.lacks),
        criteria=request.criteria,
        checks=questions.checks,
        run_id=run_id("screen", request, store, program_version, simulated=simulated)
        if program_version
        else "",
    )


def gathered_rows(
    known: AsOf, request: ScreenRequest, questions: Questions
) -> tuple[Looked, Gathered]:
    """Return who is looked at on the day of an instant, and the rows to evaluate.

    Parameters
    ----------
    known
        The tables as of that instant, which stands for the request's own day.
    request, questions
        What to screen and what to ask.

    Raises
    ------
    DataError
        As `run_screen` does.
    """
    asked = questions.asked
    looked = look_up(
        known,
        request.universe,
        request.members,
        valued=any("valuation" in field.tables for field in asked)
        or not (asked or request.unvalued),
    )
    rows = gather_rows(known.store, looked, questions.needed, request.currency, request.cards)
    return looked, rows


def members_as_of(events: Iterable[Event], as_of: date) -> tuple[Member, ...]:
    """List the names of a basket that its events had named by a day, each once, oldest first.

    Raises
    ------
    DataError
        If none was named by then.
    """
    events = tuple(events)
    found: dict[Listing, Member] = {}
    for event in events:
        if event.published.day <= as_of:
            for member in event.members:
                found.setdefault(member.listing, member)
    if found:
        return tuple(found.values())
    first = min((event.published.day for event in events), default=None)
    names = ", ".join(sorted({event.basket for event in events}))
    if first is None:
        raise DataError(
            say("no security was named by {day}", day=as_of),
            where=say("the basket has no event"),
            fix=say("see {command}", command="`screener basket list`"),
        )
    raise DataError(
        say("no security was named by {day}; the first is of {first}", day=as_of, first=first),
        where=say("basket {basket}", basket=names),
        fix=say("write --as-of {day} or later", day=first),
    )


def _checks(request: ScreenRequest) -> Iterator[Check]:
    for item in request.exclude:
        yield Check(name=item.label, predicate=parse_predicate(item.condition))
    if request.industry:
        quoted = request.industry.replace("'", "''")
        name = say("industry {industry}", industry=request.industry)
        yield Check(name=name, predicate=parse_predicate(f"industry = '{quoted}'"))
    for name, condition in request.checks:
        yield Check(name=name, predicate=parse_predicate(condition))


def asked_lines(questions: Questions) -> tuple[str, ...]:
    """Return what is asked, one line each, the order last."""
    lines = [
        say("{field} {range}", field=item.field.called, range=item.text)
        for item in questions.criteria
    ]
    if questions.predicate is not None:
        lines.append(say("where {condition}", condition=questions.predicate.text))
    lines.extend(
        say("{check}: {condition}", check=check.name, condition=check.predicate.text)
        for check in questions.checks
    )
    return (*lines, say("sorted by {order}", order=questions.ranking.text))


def _remarks(looked: Looked, found: Evaluation, *, simulated: bool) -> Iterator[str]:
    if simulated:
        yield say("SIMULATED market: every number is made up")
    for market, session in looked.snapshots.items():
        if session is None and looked.valued:
            yield say(
                "no {market} valuation on or before {day}: those names cannot pass",
                market=market_words([market]),
                day=looked.as_of,
            )
        elif session is not None and looked.as_of - session > REACH:
            yield say(
                "the {market} snapshot of {session} is {n} days older than {day}",
                market=market_words([market]),
                session=session,
                n=(looked.as_of - session) // timedelta(days=1),
                day=looked.as_of,
            )
    valued = [row for row in found.rows if row.session is not None]
    for field in (item for item in found.fields if item.stored):
        # As stored where the row keeps that: a loss is undefined, and not missing.
        stored = (row.raw.get(field.name, row.values[field.name]) for row in valued)
        if valued and all(value is None for value in stored):
            yield say(
                "{field} is missing for every name: the tables have no such values that day",
                field=field.called,
            )
    absent = sum(1 for row in found.rows if row.session is None)
    if absent and looked.valued:
        yield say(
            "{n} of {total} names have no valuation within 7 days: they fail",
            n=absent,
            total=len(found.rows),
        )
    older = sum(
        1
        for row in found.rows
        if row.session is not None and row.session not in looked.snapshots.values()
    )
    if older:
        yield say_count(
            "{n} name is valued on a session before the snapshot's, within 7 days",
            "{n} names are valued on a session before the snapshot's, within 7 days",
            older,
        )
