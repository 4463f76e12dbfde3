"""Today's session of a whole market by one list, in place of thousands of questions.

The list of a market is asked for where at least `MANY` of its names lack nothing but the bar of
today, and only on the day of the session itself, after its close and the vendors' lateness, by the
clock that the update is given: a list tells no day, and before the close it would pass half a
session for a whole one. Which session it is of, the closes before it prove. What it settles:

- on the mainland the exchanges' close before the session is taken down for what is distributed on
  it, so a name whose stored close it equals has no ex-date: its bar is stored at once, and its
  other questions wait until their answers are `RENEWED` old. (A distribution of less than half a
  tick hides in the rounding until then.)
- in Hong Kong nothing is taken down: each name's actions are still asked, and its bar with them.
- a name that did not trade, that is not in the list or whose closes differ is asked by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from screener.data.lake.batch import Batch
from screener.data.lake.schema import Basis, TableName
from screener.data.sources.online.transport.clock import Clock
from screener.data.sources.online.transport.protocol import Ask, Need
from screener.data.update.commit import Piece
from screener.data.update.plan import UpdatePlan
from screener.data.update.planning import LIST_MARK, Span
from screener.data.update.session import Outcome, UpdateState
from screener.domain.days import SHANGHAI
from screener.domain.listing import Exchange, Listing
from screener.errors import NetworkDown, SourceError
from screener.language import say, say_count
from screener.market.calendars import calendar_of

__all__ = ["MANY", "ask_list", "list_ask", "lists_due"]

MANY = 200
"""Names that lack today's session alone, from which on the list takes less time than they."""

_AGREEING = 0.9
"""Least part of the names whose close before the session must be the stored one."""

_HALF_TICK = 0.0005
_TOGETHER = 250
_MARKETS = (Exchange.SH, Exchange.HK)


def lists_due(plan: UpdatePlan, adjusted: frozenset[str]) -> dict[Exchange, list[Listing]]:
    """Return the markets whose list is worth asking for now, each with the names that lack today.

    Parameters
    ----------
    plan
        What was answered so far, and when the update began.
    adjusted
        Listings whose stored prices are not as traded: no list joins them.
    """
    if not plan.wants(Need.SESSION_LIST):
        return {}
    found = {}
    for market in _MARKETS:
        names = list(_lacking(plan, market, adjusted))
        if len(names) >= MANY:
            found[market] = names
    return found


def list_ask(plan: UpdatePlan, market: Exchange) -> Ask:
    """Return the question about the list of a market."""
    session = plan.over(market)
    return Ask(
        need=Need.SESSION_LIST,
        start=session,
        end=session,
        fetched_at=plan.started,
        exchange=market,
    )


def ask_list(state: UpdateState, market: Exchange, clock: Clock) -> None:
    """Ask for the list of a market, and commit or keep what it settles.

    Whatever is wrong with it becomes a remark, and the names are asked one by one.

    Raises
    ------
    NetworkDown
        If this machine has no way to anybody.
    """
    names = lists_due(state.plan, state.adjusted).get(market, [])
    ask = list_ask(state.plan, market)
    if not names or not state.sources(ask):
        return
    try:
        answer = state.answer(ask)
    except NetworkDown:
        raise
    except SourceError as error:
        _left_out(state, market, error.what)
        return
    if clock.now().astimezone(SHANGHAI).date() != ask.end:
        _left_out(state, market, say("the day was over before it was all there"))
        return
    listed = _Listed(market=market, session=ask.end, source=answer.source, batch=answer.batch)
    _settle(state, listed, names)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listed:
    """A list that was answered."""

    market: Exchange
    session: date
    source: str
    batch: Batch


def _lacking(plan: UpdatePlan, market: Exchange, adjusted: frozenset[str]) -> Iterator[Listing]:
    """Give the names of a market that lack the bar of today's session and nothing before it."""
    session = plan.over(market)
    if session != plan.started.astimezone(SHANGHAI).date() or plan.settled(market) != session:
        return
    before = calendar_of(market).offset(session, -1)
    for listing in plan.securities():
        if listing.exchange.mainland != market.mainland or listing.id in adjusted:
            continue
        known = plan.answered(Need.BARS, listing.id)
        if known is None or known.asked_from > plan.request.start or known.last != before:
            continue
        if plan.ends.get(listing.id, session) >= session:
            yield listing


def _settle(state: UpdateState, listed: _Listed, names: Sequence[Listing]) -> None:
    """Commit the bars of the mainland's names whose closes agree; keep those of Hong Kong."""
    closes = _closes(state, listed, names)
    references = listed.batch.references
    both = [item for item in names if item.id in closes and item.id in references]
    same = [item for item in both if abs(references[item.id] - closes[item.id]) < _HALF_TICK]
    if len(same) < max(1, _AGREEING * len(both)):
        share = f"{len(same)}/{len(both)}"
        told = say("only {share} of its previous closes are the stored ones", share=share)
        _left_out(state, listed.market, told)
        return
    state.note(listed.batch.remarks)
    places = _places(listed.batch.tables[TableName.BARS])
    pieces = {item: _piece(state, listed, item, places) for item in same if item.id in places}
    state.outcomes.append(_outcome(listed, len(pieces)))
    if len(pieces) < len(names):
        state.note([_one_by_one(len(names) - len(pieces), listed.market)])
    if not listed.market.mainland:
        state.plan.listed.update(item.id for item in pieces)
        state.listed |= {item.id: piece for item, piece in pieces.items()}
        return
    order = list(pieces)
    for at in range(0, len(order), _TOGETHER):
        group = order[at : at + _TOGETHER]
        own = [pieces[item] for item in group]
        values = _values(listed, group, with_rejects=at == 0)
        state.hold([*own, values], dict.fromkeys(group, listed.session))
        state.flush()


def _closes(state: UpdateState, listed: _Listed, names: Sequence[Listing]) -> dict[str, float]:
    """Return the raw closes of the session before the list's, by listing."""
    before = calendar_of(listed.market).offset(listed.session, -1)
    ids = [item.id for item in names]
    bars = state.store.read(TableName.BARS, listings=ids, start=before, end=before)
    bars = bars.filter(pc.equal(bars.column("basis"), str(Basis.RAW)))
    columns = (bars.column("listing").to_pylist(), bars.column("close").to_pylist())
    return dict(zip(*columns, strict=True))


def _places(rows: pa.Table) -> dict[str, int]:
    return {name: at for at, name in enumerate(rows.column("listing").to_pylist())}


def _piece(
    state: UpdateState, listed: _Listed, listing: Listing, places: Mapping[str, int]
) -> Piece:
    """Return the answer about one listing: its bar, joined to what was answered before."""
    known = state.plan.answered(Need.BARS, listing.id)
    bars = listed.batch.tables[TableName.BARS].slice(places[listing.id], 1)
    return Piece(
        need=Need.BARS,
        subject=listing.id,
        source=listed.source + LIST_MARK,
        span=Span(start=known.asked_to if known else listed.session, end=listed.session),
        batch=Batch(tables={TableName.BARS: bars}),
    )


def _values(listed: _Listed, group: Sequence[Listing], *, with_rejects: bool) -> Piece:
    """Return the values of some listings, and with the first of them what could not be read."""
    rows = listed.batch.tables[TableName.VALUATION]
    ids = pa.array([item.id for item in group], pa.string())
    kept = rows.filter(pc.is_in(rows.column("listing"), ids))
    return Piece(
        need=Need.SESSION_LIST,
        subject=str(listed.market),
        source=listed.source,
        span=Span(start=listed.session, end=listed.session),
        batch=replace(
            listed.batch,
            tables={TableName.VALUATION: kept},
            rejects=listed.batch.rejects if with_rejects else (),
            remarks=(),
        ),
    )


def _outcome(listed: _Listed, rows: int) -> Outcome:
    return Outcome(
        need=Need.SESSION_LIST, subject=str(listed.market), source=listed.source, rows=rows
    )


def _left_out(state: UpdateState, market: Exchange, why: str) -> None:
    text = say(
        "today's list of {market} was not used, its names are asked one by one: {why}",
        market=market,
        why=why,
    )
    state.note([text])


def _one_by_one(n: int, market: Exchange) -> str:
    return say_count(
        "{n} name of {market} is not settled by today's list and is asked by itself: it did not "
        "trade, or its previous close is another",
        "{n} names of {market} are not settled by today's list and are asked one by one: they did "
        "not trade, or their previous closes are others",
        n,
        market=market,
    )
