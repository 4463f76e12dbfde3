"""One question, several sources: the first that answers is taken, and why the others did not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from screener.data.lake.batch import Batch
from screener.data.sources.online.transport.protocol import Ask, Need, OnlineSource
from screener.domain.listing import Exchange
from screener.errors import (
    NetworkDown,
    SourceBlocked,
    SourceChanged,
    SourceEmpty,
    SourceError,
)
from screener.language import say
from screener.language.lists import clauses
from screener.language.terms import named

__all__ = ["Answer", "Attempt", "ask_in_turn", "sources_for"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A source that did not answer, and why."""

    source: str
    error: SourceError


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a source answered, and which were asked in vain before it."""

    source: str
    batch: Batch
    attempts: tuple[Attempt, ...]


def sources_for(
    chain: Sequence[OnlineSource], ask: Ask, *, only: frozenset[str] = frozenset()
) -> list[OnlineSource]:
    """Return the sources of a chain that offer what is asked, in order.

    Parameters
    ----------
    chain
        Sources in order of preference.
    ask
        The question.
    only
        Names of the sources to use; all when empty.
    """
    return [
        source
        for source in chain
        if source.need is ask.need
        and (_exchange(ask) is None or _exchange(ask) in source.exchanges)
        and (not only or source.name in only)
    ]


def ask_in_turn(
    sources: Sequence[OnlineSource],
    ask: Ask,
    *,
    open_circuit: Callable[[Sequence[str]], str],
) -> Answer:
    """Ask the sources in turn until one answers.

    Parameters
    ----------
    sources
        Sources that offer what is asked, in order of preference.
    ask
        The question.
    open_circuit
        Says why the hosts of a source must not be asked now; empty when they may.

    Raises
    ------
    SourceEmpty
        If every source answered, and none knows anything.
    SourceBlocked, SourceChanged
        If one of them could not be asked, or is not understood: nobody knows then.
    NetworkDown
        If this machine has no way to any of them.
    """
    attempts: list[Attempt] = []
    for source in sources:
        try:
            reason = open_circuit(source.hosts)
            if reason:
                raise SourceBlocked(reason, where=source.name)
            query = source.build_query(ask)
            batch = _usable(ask, source.normalise(query, source.fetch(query)))
        except NetworkDown:  # the next source cannot be asked either
            raise
        except SourceError as error:
            attempts.append(Attempt(source=source.name, error=error))
        else:
            return Answer(source=source.name, batch=batch, attempts=tuple(attempts))
    raise _nobody(ask, attempts)


def _usable(ask: Ask, batch: Batch) -> Batch:
    """Return a batch; a reply that cannot be relied on is a changed one, and no answer.

    Of actions every row counts: one that cannot be read may be a dividend. Hong Kong's plans are
    prose, and only one source tells them: what cannot be read or priced goes to quarantine.
    """
    if ask.need is Need.RENAMES or not batch.rejects:  # names without a date are rejected
        return batch
    if ask.need in (Need.ACTIONS, Need.RIGHTS):
        if ask.listing is not None and not ask.listing.exchange.mainland:
            return batch
    elif any(rows.num_rows for rows in batch.tables.values()):
        return batch
    raise SourceChanged(
        say(
            "{n} rows cannot be used, the first: {reason}",
            n=len(batch.rejects),
            reason=batch.rejects[0].reason,
        ),
        where=ask.subject,
    )


def _nobody(ask: Ask, attempts: Sequence[Attempt]) -> SourceError:
    if not attempts:
        return SourceBlocked(
            say(
                "no source that may be asked offers {need} of {subject}",
                need=named(ask.need),
                subject=ask.subject,
            ),
            where=ask.subject,
            fix=say("name more of them with --source, or bring a file: `screener data import`"),
        )
    told = clauses(
        say("{name}: {text}", name=item.source, text=item.error.what) for item in attempts
    )
    fixes = [item.error.fix for item in attempts if item.error.fix]
    return _kind(attempts)(
        say("no source gave {need}: {told}", need=named(ask.need), told=told),
        where=ask.subject,
        fix=fixes[0] if fixes else "",
    )


def _kind(attempts: Sequence[Attempt]) -> type[SourceError]:
    kinds: Mapping[type[SourceError], bool] = {
        kind: any(isinstance(item.error, kind) for item in attempts)
        for kind in (SourceBlocked, SourceChanged)
    }
    return next((kind for kind, found in kinds.items() if found), SourceEmpty)


def _exchange(ask: Ask) -> Exchange | None:
    if ask.listing is not None:
        return ask.listing.exchange
    return None if ask.need is Need.FX else ask.exchange
