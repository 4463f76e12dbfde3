"""An update under way, and what it did: what was asked, what was answered, what was committed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Protocol

from screener.data.lake.batch import Batch
from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.data.sources.online.transport.failover import (
    Answer,
    Attempt,
    ask_in_turn,
    sources_for,
)
from screener.data.sources.online.transport.protocol import Ask, Need, OnlineSource, Wire
from screener.data.update.commit import Piece, UpdateCommit
from screener.data.update.duration import Stage
from screener.data.update.plan import UpdatePlan
from screener.data.update.planning import Span, fetched_spans
from screener.domain.listing import Listing
from screener.errors import (
    DataError,
    NetworkDown,
    ScreenerError,
    SourceBlocked,
    SourceEmpty,
    SourceError,
)
from screener.language import say, say_count
from screener.language.terms import named

__all__ = ["NeedCount", "Outcome", "UpdateReport", "UpdateState", "UpdateWire"]

TOGETHER = 10
"""Subjects whose answers go into one commit: each commit makes files for every year."""

_MAY_BE_EMPTY = frozenset(
    {
        Need.ACTIONS,
        Need.RIGHTS,
        Need.FUNDAMENTALS,
        Need.DELISTED,
        Need.RENAMES,
        Need.SUSPENSIONS,
        Need.VENDOR_FACTORS,
        Need.RATINGS,
        Need.MARKET_RATINGS,
    }
)
"""Needs of which a market or a listing may truly have nothing."""


_OPTIONAL = frozenset({Need.INDUSTRIES, Need.ELIGIBILITY})
"""Needs that no price depends on, and that fail nothing unless they are named."""


class UpdateWire(Wire, Protocol):
    """A wire that also tells which circuits are open, and what was asked so far."""

    @property
    def requests_made(self) -> Mapping[str, int]:
        """Requests by host."""
        ...

    @property
    def remarks(self) -> tuple[str, ...]:
        """What the user should know of the way out."""
        ...

    def open_circuit(self, hosts: Sequence[str]) -> str:
        """Say why one of these hosts must not be asked now; empty when all may be."""
        ...

    def open_circuits(self) -> tuple[str, ...]:
        """List the hosts whose circuit is open, each with the instant until when."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one question.

    Parameters
    ----------
    source
        Who answered; empty if nobody did.
    rows
        Rows answered.
    attempts
        Sources asked in vain before.
    error
        Why there is no answer, or why it was not committed.
    """

    need: Need
    subject: str
    source: str = ""
    rows: int = 0
    attempts: tuple[Attempt, ...] = ()
    error: ScreenerError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedCount:
    """Answers to one kind of question: how many, how many failed, how many rows, from whom."""

    need: Need
    answered: int
    failed: int
    rows: int
    sources: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateReport:
    """What an update did.

    Parameters
    ----------
    outcomes
        Every question asked, in order.
    up_to_date
        Questions that needed no asking.
    before, after
        Data versions before and after.
    noted
        Rows that were rejected, or kept with a doubt.
    remarks
        What a user should know, once each.
    requests
        Requests by host.
    open_circuits
        Hosts whose circuit is open, and until when.
    cut_off
        Set if this machine lost its way to the network, so that nobody was asked any more.
    planned
        Questions that would be asked, by need, where nobody was asked.
    stages
        How many listings each part of the update has then, and how long it takes.
    """

    outcomes: tuple[Outcome, ...] = ()
    up_to_date: int = 0
    before: int = 0
    after: int = 0
    noted: int = 0
    remarks: tuple[str, ...] = ()
    requests: Mapping[str, int] = field(default_factory=dict)
    open_circuits: tuple[str, ...] = ()
    cut_off: NetworkDown | None = None
    planned: tuple[tuple[Need, int], ...] = ()
    stages: tuple[Stage, ...] = ()

    @property
    def failures(self) -> tuple[Outcome, ...]:
        """Questions without an answer that was committed."""
        return tuple(item for item in self.outcomes if item.error is not None)

    @property
    def failure(self) -> ScreenerError | None:
        """The error that it ends with when a question is left without an answer."""
        if self.cut_off is not None:
            return self.cut_off
        if not self.failures:
            return None
        subjects = list(dict.fromkeys(item.subject for item in self.failures))
        first = self.failures[0]
        what = say_count(
            "1 question was not answered (first {subject} {need})",
            "{n} questions were not answered (first {subject} {need})",
            len(self.failures),
            subject=first.subject,
            need=named(first.need),
        )
        if len(subjects) > 1:
            what = say(
                "{n} questions were not answered about {names} listings or markets "
                "(first {subject} {need})",
                n=len(self.failures),
                names=len(subjects),
                subject=first.subject,
                need=named(first.need),
            )
        waiting = any(isinstance(item.error, SourceBlocked) for item in self.failures)
        later = say("type the command again later: what is done is kept and not asked again")
        return SourceBlocked(
            what,
            where=say("data version {version}", version=self.after),
            fix=later if waiting else first.error.fix if first.error and first.error.fix else later,
        )

    @property
    def by_need(self) -> tuple[NeedCount, ...]:
        """Answers by kind of question, in the order of `Need`; the busiest source first."""
        asked = {item.need for item in self.outcomes}
        return tuple(self._counted(need) for need in Need if need in asked)

    def _counted(self, need: Need) -> NeedCount:
        mine = [item for item in self.outcomes if item.need is need]
        answered = [item for item in mine if item.error is None]
        return NeedCount(
            need=need,
            answered=len(answered),
            failed=len(mine) - len(answered),
            rows=sum(item.rows for item in answered),
            sources=tuple(Counter(item.source for item in answered).most_common()),
        )


@dataclass(slots=True, kw_only=True)
class UpdateState:
    """One update under way.

    Parameters
    ----------
    store
        The lake, open to write.
    plan
        What is still to ask.
    chains
        Sources of each need, in order of preference.
    wire
        The sources' way out.
    adjusted
        Listings whose stored prices are adjusted.
    listed
        Bars of today from a market's list, by listing, that wait for their actions.
    """

    store: Store
    plan: UpdatePlan
    chains: Mapping[Need, Sequence[OnlineSource]]
    wire: UpdateWire
    adjusted: frozenset[str] = frozenset()
    outcomes: list[Outcome] = field(default_factory=list)
    remarks: dict[str, None] = field(default_factory=dict)
    noted: int = 0
    listed: dict[str, Piece] = field(default_factory=dict)
    _held: list[Piece] = field(default_factory=list)
    _settled: dict[Listing, date] = field(default_factory=dict)

    def note(self, texts: Iterable[str]) -> None:
        """Keep remarks, each once."""
        self.remarks.update(dict.fromkeys(texts))

    def sources(self, ask: Ask) -> list[OnlineSource]:
        """List the sources that offer what is asked and may be used."""
        chain = self.chains.get(ask.need, ())
        return sources_for(chain, ask, only=self.plan.request.sources)

    def answer(self, ask: Ask) -> Answer:
        """Ask the sources in turn; raises `SourceError` when nobody can tell.

        Where there may be nothing, and all of them say so, that is the answer.
        """
        sources = self.sources(ask)
        try:
            return ask_in_turn(sources, ask, open_circuit=self.wire.open_circuit)
        except SourceEmpty:
            if ask.need not in _MAY_BE_EMPTY:
                raise
            names = "+".join(dict.fromkeys(source.name for source in sources))
            return Answer(source=names, batch=Batch(tables={}), attempts=())

    def ask(self, ask: Ask) -> Piece | None:
        """Ask the sources in turn; a failure is noted as an outcome, and `None` returned.

        Raises
        ------
        NetworkDown
            If this machine has no way to anybody.
        """
        try:
            answer = self.answer(ask)
        except NetworkDown:  # no other question would be answered
            raise
        except SourceError as error:
            if ask.need in _OPTIONAL - self.plan.request.needs:
                self.note([_not_given(ask, error)])
            else:
                self.outcomes.append(Outcome(need=ask.need, subject=ask.subject, error=error))
            return None
        piece = Piece(
            need=ask.need,
            subject=ask.subject,
            source=answer.source,
            span=Span(start=ask.start, end=ask.end),
            batch=answer.batch,
        )
        self.outcomes.append(
            Outcome(
                need=ask.need,
                subject=ask.subject,
                source=answer.source,
                rows=piece.rows,
                attempts=answer.attempts,
            )
        )
        return piece

    def hold(self, pieces: Sequence[Piece], settled: Mapping[Listing, date]) -> None:
        """Keep answers until enough are together for one commit."""
        self._held.extend(pieces)
        self._settled.update(settled)
        if len({item.subject for item in self._held}) >= TOGETHER:
            self.flush()

    def flush(self) -> None:
        """UpdateCommit the answers that are kept."""
        pieces, settled = self._held, self._settled
        self._held, self._settled = [], {}
        if pieces and not self._committed(pieces, settled):
            for subject in dict.fromkeys(item.subject for item in pieces):
                self.commit([item for item in pieces if item.subject == subject], settled)

    def commit(self, pieces: Sequence[Piece], settled: Mapping[Listing, date]) -> None:
        """UpdateCommit answers together; if they do not fit, every one of them counts as failed."""
        if pieces:
            self._committed(pieces, settled, last_try=True)

    def _committed(
        self, pieces: Sequence[Piece], settled: Mapping[Listing, date], *, last_try: bool = False
    ) -> bool:
        commit = UpdateCommit(
            pieces=pieces,
            settled=settled,
            fetched_at=self.plan.started,
            known=self.plan.standing(),
        )
        subjects = list(dict.fromkeys(item.subject for item in pieces))
        message = f"update {', '.join(subjects)}"
        try:
            self.store.commit(commit.batch(), message=message, complete=commit.complete)
        except DataError as error:
            if last_try:
                self.drop(pieces, error)
            return last_try
        self.note(commit.remarks)
        self.noted += commit.noted
        self.plan.replaced -= set(subjects)
        self.plan.known = fetched_spans(self.store.read(TableName.FETCHES))
        return True

    def drop(self, pieces: Sequence[Piece], error: ScreenerError) -> None:
        """Count answers as failed, since they are not committed."""
        keys = {(item.need, item.subject) for item in pieces}
        self.outcomes = [
            replace(item, source="", rows=0, error=error)
            if (item.need, item.subject) in keys and item.error is None
            else item
            for item in self.outcomes
        ]

    def drop_without(self, pieces: Sequence[Piece], need: Need) -> None:
        """Count answers as failed, since they must not be committed without another."""
        what = say("not stored without {need}, which nobody gave", need=named(need))
        self.drop(pieces, SourceBlocked(what))


def _not_given(ask: Ask, error: SourceError) -> str:
    return say(
        "{need} of {subject}: nobody gave it this time: {why}",
        need=named(ask.need),
        subject=ask.subject,
        why=error.what,
    )
