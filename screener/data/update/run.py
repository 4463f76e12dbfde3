"""Update workflow: what is missing is asked of the sources in turn, committed listing by listing.

Every answer is committed in one transaction with a record of what was asked (table `fetches`), so
an interrupted update goes on where it stopped. A listing's bars are committed together with its
actions, or not at all; what could not be asked is reported and never stored as "there is none".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Protocol

import pyarrow.compute as pc

from screener.data.lake.locks import update_lock
from screener.data.lake.rows import make_rows
from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.data.sources.online.transport.clock import Clock
from screener.data.sources.online.transport.protocol import Ask, Need, OnlineSource
from screener.data.update.commit import Piece
from screener.data.update.forecast import held_adjusted, refuse_simulated
from screener.data.update.plan import (
    ESSENTIAL,
    PRICES,
    Question,
    UpdatePlan,
    UpdateRequest,
)
from screener.data.update.planning import Span, fetched_spans
from screener.data.update.session import UpdateReport, UpdateState, UpdateWire
from screener.data.update.session_list import ask_list, lists_due
from screener.data.update.suspension_gaps import explain_gaps
from screener.domain.listing import Listing
from screener.errors import NetworkDown, SourceError
from screener.files.place import Place
from screener.language import say
from screener.language.terms import named
from screener.market.benchmarks import DEFAULT_BENCHMARK

__all__ = ["Progress", "update"]


class Progress(Protocol):
    """Told how far an update is."""

    def __call__(self, done: int, total: int, label: str, /) -> None:
        """`done` of `total` steps are finished; `label` is what comes next."""
        ...


def update(
    place: Path | Place,
    request: UpdateRequest,
    *,
    chains: Mapping[Need, Sequence[OnlineSource]],
    wire: UpdateWire,
    clock: Clock,
    progress: Progress,
) -> UpdateReport:
    """Bring tables up to date from the sources.

    Parameters
    ----------
    place
        Folder of the lake, or where one for many is.
    request
        What to bring up to date.
    chains
        Sources of each need, in order of preference.
    wire
        The sources' way out, to know which circuits are open.
    clock
        What time it is.
    progress
        Told how far the update is.

    Raises
    ------
    InputError
        If the lake holds the simulated market.
    StorageError
        If another update is running, or the lake cannot be written.
    """
    with update_lock(place), Store.create(place) as store:
        refuse_simulated(store)
        known = fetched_spans(store.read(TableName.FETCHES))
        plan = UpdatePlan(request=request, started=clock.now(), known=known)
        adjusted = held_adjusted(store, request)
        state = UpdateState(store=store, plan=plan, chains=chains, wire=wire, adjusted=adjusted)
        before = store.version
        cut_off = None
        try:
            _work_off(_steps(state, clock), progress)
        except NetworkDown as error:
            cut_off = error
        finally:
            state.flush()  # what was answered stays, also when the user stops the update
        return UpdateReport(
            outcomes=tuple(state.outcomes),
            up_to_date=plan.up_to_date,
            before=before,
            after=store.version,
            noted=state.noted,
            remarks=(*wire.remarks, *state.remarks),
            requests=dict(wire.requests_made),
            open_circuits=wire.open_circuits(),
            cut_off=cut_off,
        )


_DAYS_TOGETHER = 30

_Step = tuple[str, Callable[[], None]]


def _work_off(steps: Sequence[_Step], progress: Progress) -> None:
    for done, (label, job) in enumerate(steps):
        progress(done, len(steps), label)
        job()
    progress(len(steps), len(steps), "")


def _steps(state: UpdateState, clock: Clock) -> list[_Step]:
    plan = state.plan
    steps: list[_Step] = [
        (
            say("{need} of {subject}", need=named(item.need), subject=item.subject),
            partial(_market_step, state, item),
        )
        for item in plan.market_questions()
        if item.need is not Need.DELISTED  # asked together with the exchange's own list
    ]
    steps.append((named("listings"), partial(_learn_ends, state)))
    steps.extend(
        (
            say("{need} of {subject}", need=named(Need.SESSION_LIST), subject=market),
            partial(ask_list, state, market, clock),
        )
        for market in lists_due(plan, state.adjusted)
    )
    steps.extend((item.id, partial(_listing_step, state, item)) for item in plan.request.listings)
    steps.append((say("storing"), state.flush))
    mainland = [item for item in plan.securities() if item.exchange.mainland]
    if mainland and plan.wants(Need.SUSPENSIONS):
        steps.append(("suspensions", partial(explain_gaps, state, mainland)))
    return steps


def _learn_ends(state: UpdateState) -> None:
    """Note which listings are gone, as the exchanges' lists just committed tell."""
    names = [item.id for item in state.plan.request.listings]
    rows = state.store.read(TableName.LISTINGS, listings=names).to_pylist()
    state.plan.ends = {row["listing"]: row["delist_date"] for row in rows if row["delist_date"]}


def _market_step(state: UpdateState, question: Question) -> None:
    if question.need is Need.MASTER:
        state.commit(_roster(state, question), {})
        return
    ask = state.plan.ask(question)
    for part in () if ask is None else _parts(state, ask):
        piece = state.ask(part)
        if piece is None:
            return
        state.commit([piece], {})


def _parts(state: UpdateState, ask: Ask) -> list[Ask]:
    """Split what takes a request a day into parts that are committed one by one.

    Each touches what was answered before it, so that no hole is left where the next one fails.
    """
    if ask.need is not Need.MARKET_RATINGS:
        return [ask]
    n_days = (ask.end - ask.start).days + 1
    starts = [ask.start + timedelta(days=at) for at in range(0, n_days, _DAYS_TOGETHER)]
    parts = [
        replace(ask, start=start, end=min(start + timedelta(days=_DAYS_TOGETHER - 1), ask.end))
        for start in starts
    ]
    known = state.plan.answered(ask.need, ask.subject)
    return parts if known is None or ask.start >= known.asked_from else parts[::-1]


def _roster(state: UpdateState, question: Question) -> list[Piece]:
    """Ask for an exchange's listings, and with them for those that it no longer has.

    Shanghai's list of the delisted also names companies that lost their B shares alone, so it
    counts only for those that the exchange does not name as listed on the same day.
    """
    plan = state.plan
    delisted = next(
        (
            item
            for item in plan.market_questions()
            if item.need is Need.DELISTED and item.exchange is question.exchange
        ),
        None,
    )
    gone = None if delisted is None else plan.ask(delisted)
    ask = plan.ask(question) or (plan.afresh(question) if gone else None)
    master = None if ask is None else state.ask(ask)
    if master is None:
        return []
    former = None if gone is None else state.ask(gone)
    return [master] if former is None else [master, _without(former, master)]


def _without(former: Piece, master: Piece) -> Piece:
    """Return a list of the delisted without those that are listed."""
    alive = master.batch.tables[TableName.LISTINGS].column("listing").combine_chunks()
    tables = {
        name: rows.filter(pc.invert(pc.is_in(rows.column("listing"), alive)))
        for name, rows in former.batch.tables.items()
    }
    return replace(former, batch=replace(former.batch, tables=tables))


def _listing_step(state: UpdateState, listing: Listing) -> None:
    questions = state.plan.listing_questions(listing)
    if listing.id in state.adjusted:
        if state.plan.request.replace_adjusted:
            state.plan.replaced.add(listing.id)
        else:
            told = say(
                "{listing} holds adjusted prices of an imported file: left as they are",
                listing=listing.id,
            )
            state.note([told])
            questions = [item for item in questions if item.need not in PRICES]
    pieces = _essential(state, [item for item in questions if item.need in ESSENTIAL])
    for question in questions:
        if question.need not in ESSENTIAL:
            ask = state.plan.ask(question)
            piece = None if ask is None else state.ask(ask)
            if piece is not None:
                pieces.append(_with_calendar(piece, listing))
    pieces.extend(_vendor_check(state, listing, pieces))
    state.hold(pieces, {listing: state.plan.over(listing.exchange)})


def _essential(state: UpdateState, questions: Sequence[Question]) -> list[Piece]:
    """Ask for bars and actions; nothing is kept unless every one of them is answered."""
    asks = {item.need: state.plan.ask(item) for item in questions}
    if any(asks.get(need) is not None for need in (Need.ACTIONS, Need.RIGHTS)):
        # Both tell of one table: a day may have a dividend and a rights issue.
        asks |= {
            item.need: state.plan.afresh(item)
            for item in questions
            if item.need in (Need.ACTIONS, Need.RIGHTS)
        }
    pieces: list[Piece] = []
    for question in questions:
        ask = asks[question.need]
        if question.need is Need.BARS and question.subject in state.listed:
            pieces.append(state.listed.pop(question.subject))
            continue
        if ask is None:
            continue
        piece = state.ask(ask)
        if piece is None:
            state.drop_without(pieces, question.need)
            return []
        pieces.append(piece)
    return pieces


def _with_calendar(piece: Piece, listing: Listing) -> Piece:
    """Add the sessions of Hong Kong, which no source tells, as its index has bars on them."""
    if piece.need is not Need.INDEX_BARS or listing != DEFAULT_BENCHMARK[False]:
        return piece
    bars = piece.batch.tables[TableName.BARS]
    rows = make_rows(
        TableName.CALENDAR,
        {"exchange": str(listing.exchange), "session": bars.column("session").combine_chunks()},
        source=f"{piece.source} {listing.id}",
        fetched_at=bars.column("fetched_at")[0].as_py(),
    )
    tables = {**piece.batch.tables, TableName.CALENDAR: rows}
    return replace(piece, batch=replace(piece.batch, tables=tables))


def _vendor_check(state: UpdateState, listing: Listing, pieces: Sequence[Piece]) -> list[Piece]:
    """Ask for the vendor's factors where new bars or actions could contradict them.

    It is a check only: if nobody can be asked, bars are committed without it, and a remark says so.
    """
    bars = next((item for item in pieces if item.need is Need.BARS), None)
    if bars is None or not state.plan.wants(Need.VENDOR_FACTORS):
        return []
    first = (Need.BARS, listing.id) not in state.plan.known
    if not first and not any(_acts(item) for item in pieces):
        return []
    ask = Ask(
        need=Need.VENDOR_FACTORS,
        start=state.plan.request.start,
        end=bars.span.end,
        fetched_at=state.plan.started,
        listing=listing,
    )
    if not state.sources(ask):
        return []
    try:
        answer = state.answer(ask)
    except NetworkDown:
        raise
    except SourceError as error:
        told = say(
            "{listing}: factors not checked against a vendor's: {error}",
            listing=listing.id,
            error=error.what,
        )
        state.note([told])
        return []
    span = Span(start=ask.start, end=ask.end)
    return [
        Piece(
            need=ask.need,
            subject=listing.id,
            source=answer.source,
            span=span,
            batch=answer.batch,
        )
    ]


def _acts(piece: Piece) -> bool:
    actions = piece.batch.tables.get(TableName.ACTIONS)
    return actions is not None and actions.num_rows > 0
