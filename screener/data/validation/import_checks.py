"""Imported bars and actions checked on their way into the lake, beside what is stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from screener.data.doctor.distributions import denied_actions
from screener.data.lake.batch import Batch, Reject
from screener.data.lake.merge import quarantine_rows
from screener.data.lake.rows import empty_rows
from screener.data.lake.schema import TABLES, TableName
from screener.data.lake.store import Store
from screener.data.lake.versions import facts_of
from screener.data.update.action_reconciliation import same_terms, terms
from screener.data.update.listing_master import joined, listings_in
from screener.data.validation.context import KEPT, kept, make_note, told_apart
from screener.data.validation.file_checks import judge_bars
from screener.data.validation.import_parts import Part, parts_of
from screener.data.validation.price_jumps import Cause, cause_kind, is_jump
from screener.data.validation.ticks import on_ticks, tick_remarks
from screener.domain.listing import stored_listing
from screener.language import say
from screener.language.stored import retold

__all__ = ["CheckedImport", "checked_import", "resolved_doubts"]

_FACTS = facts_of(TABLES[TableName.BARS])
_DENIED = KEPT + "denied by its ex-session: "

_Key = tuple[str, date]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedImport:
    """A batch after its checks.

    Parameters
    ----------
    batch
        The batch: raw prices on their tick, without rows that cannot be true, with what is to be
        noted in table `quarantine`, and without doubts stored earlier that hold no longer.
    rejects
        Bars left out.
    remarks
        What was rounded, left out and doubted, one line for each kind.
    """

    batch: Batch
    rejects: tuple[Reject, ...] = ()
    remarks: tuple[str, ...] = ()


def checked_import(
    store: Store, batch: Batch, fetched_at: datetime, *, rejecting: bool = True
) -> CheckedImport:
    """Check the bars of a batch, and the stored ones that its actions or factors explain.

    Raw bars are judged together with the stored ones around them, by the checks of fetched bars;
    of adjusted ones only what is beyond doubt is left out. A stored bar is never taken out: what
    cannot be true of one is a doubt.

    Parameters
    ----------
    store
        The lake, at its newest version.
    batch
        Rows about to be merged.
    fetched_at
        Aware instant written on the notes.
    rejecting
        Whether a bar of the batch that cannot be true is left out, or doubted as a stored one is.
    """
    if not any(name in batch.tables for name in _JUDGED):
        return CheckedImport(batch=batch)
    rounded = on_ticks(batch.tables.get(TableName.BARS, empty_rows(TableName.BARS)))
    found = _Found.together(
        [
            _Work(store=store, batch=batch, part=part).found(rejecting=rejecting)
            for part in parts_of(store, batch, rounded.bars, fetched_at)
        ]
    )
    remarks = [
        *tick_remarks(rounded),
        *_replaced(store, batch),
        *_jump_remarks(found.doubts),
        *_denied_remark(found.denied),
    ]
    return CheckedImport(
        batch=_committed(batch, _without(rounded.bars, found.left_out), found, fetched_at),
        rejects=found.rejects,
        remarks=tuple(remarks),
    )


_JUDGED = (TableName.BARS, TableName.ACTIONS, TableName.FACTORS)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What is found of some listings.

    Parameters
    ----------
    left_out
        Bars of the batch that cannot be true.
    rejects, doubts, denied
        Notes on these, on bars that are kept, and on actions, by listing and day.
    resolved
        Keys of table `quarantine`: doubts that hold no longer.
    """

    left_out: frozenset[_Key] = frozenset()
    rejects: tuple[Reject, ...] = ()
    doubts: tuple[Reject, ...] = ()
    denied: tuple[Reject, ...] = ()
    resolved: frozenset[tuple[object, ...]] = frozenset()

    @classmethod
    def together(cls, parts: Sequence[_Found]) -> _Found:
        """Return what is found of all listings."""
        return cls(
            left_out=frozenset().union(*(part.left_out for part in parts)),
            rejects=_in_order(note for part in parts for note in part.rejects),
            doubts=_in_order(note for part in parts for note in part.doubts),
            denied=_in_order(note for part in parts for note in part.denied),
            resolved=frozenset().union(*(part.resolved for part in parts)),
        )


def _in_order(notes: Iterable[Reject]) -> tuple[Reject, ...]:
    return tuple(sorted(notes, key=lambda note: (note.listing or "", note.session or date.min)))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """Some listings of one import under way."""

    store: Store
    batch: Batch
    part: Part

    def found(self, *, rejecting: bool) -> _Found:
        """Judge the bars, and the actions by them."""
        judged = judge_bars(self.part.raw, self.part.adjusted, self.part.facts)
        left_out = self._left_out(set(judged.rejected)) if rejecting else set()
        rejected = {key: judged.rejected[key] for key in left_out}
        doubted = {**judged.doubted}
        doubted.update({key: text for key, text in judged.rejected.items() if key not in left_out})
        noted = self._noted()
        standing = self._standing(noted)
        doubts = _told_once(self._notes(doubted, doubted=True), standing, TableName.BARS)
        denied = self._denied({(note.listing, note.session) for note in doubts}, left_out)
        denied = _told_once(denied, standing, TableName.ACTIONS)
        rejects = _beside(self._notes(rejected, doubted=False), noted)
        told = {(str(note.table), note.file, note.line) for note in (*rejects, *doubts, *denied)}
        return _Found(
            left_out=frozenset(rejected),
            rejects=rejects,
            doubts=doubts,
            denied=denied,
            resolved=self._resolved(noted, told, left_out),
        )

    def _left_out(self, keys: set[_Key]) -> set[_Key]:
        """Return of the bars that cannot be true those of the batch: what is stored stays there."""
        stored = _rows_at(self.part.replaced, keys)
        fresh = _rows_at(self.part.fresh, keys)
        return {key for key, row in fresh.items() if not _alike(row, stored.get(key))}

    def _notes(self, reasons: Mapping[_Key, str], *, doubted: bool) -> tuple[Reject, ...]:
        """Make a note on each bar with a reason."""
        rows = {
            **_rows_at(self.part.raw, set(reasons)),
            **_rows_at(self.part.adjusted, set(reasons)),
        }
        notes = [
            make_note(
                rows[key],
                kept(reasons[key]) if doubted else reasons[key],
                table=TableName.BARS,
                listing=stored_listing(key[0]),
                day=key[1],
                doubt=reasons[key] if doubted else "",
            )
            for key in sorted(reasons)
        ]
        return told_apart(notes)

    def _denied(
        self, told: set[tuple[str | None, date | None]], left_out: set[_Key]
    ) -> tuple[Reject, ...]:
        """Make a note on each action that its ex-session denies, where no bar is doubted yet."""
        actions = self.part.facts.actions
        rows = {(row["listing"], row["ex_session"]): row for row in actions.to_pylist()}
        notes = []
        for finding in denied_actions(actions, _without(self.part.raw, left_out)):
            key = (finding.listing, finding.session)
            if key in rows and key not in told:
                notes.append(
                    make_note(
                        rows[key],
                        kept(say("denied by its ex-session: {cause}", cause=finding.cause)),
                        table=TableName.ACTIONS,
                        listing=stored_listing(finding.listing),
                        day=finding.session,
                        doubt=finding.cause,
                    )
                )
        return told_apart(notes)

    def _noted(self) -> list[dict[str, Any]]:
        """Return the stored doubts that these checks have made."""
        rows = self.store.read(TableName.QUARANTINE, listings=self.part.listings).to_pylist()
        return [row for row in rows if _judged_here(row)]

    def _standing(self, noted: Sequence[Mapping[str, Any]]) -> list[Reject]:
        """Return the stored doubts on what is not judged again."""
        settled = self.part.settled
        return [
            Reject(
                table=TableName(row["table_name"]),
                **{name: row[name] for name in ("file", "line", "reason", "row")},
                listing=row["listing"],
                session=row["session"],
                doubt=row["reason"].removeprefix(_DENIED).removeprefix(KEPT),
            )
            for row in noted
            if row["listing"] in settled and row["session"] <= settled[row["listing"]]
        ]

    def _resolved(
        self,
        noted: Sequence[Mapping[str, Any]],
        told: set[tuple[str, str, int]],
        left_out: set[_Key],
    ) -> frozenset[tuple[object, ...]]:
        """Return keys of stored doubts that an action, a factor or another bar has resolved."""
        doubts = {
            (row["table_name"], row["file"], row["line"]): (row["listing"], row["session"])
            for row in noted
        }
        open_ = {key: at for key, at in doubts.items() if key not in told}
        fresh = set(_rows_at(self.part.fresh, set(open_.values()))) - left_out
        actions = self.part.facts.actions
        fresh |= {(row["listing"], row["ex_session"]) for row in actions.to_pylist()}
        fresh |= {
            (str(key[0]), key[1])
            for key in self.batch.removes.get(TableName.ACTIONS, ())
            if isinstance(key[1], date)
        }
        return frozenset(key for key, at in open_.items() if at in fresh)


def _told_once(
    fresh: Sequence[Reject], standing: Sequence[Reject], table: TableName
) -> tuple[Reject, ...]:
    """Return the doubts of now, and those of before that still stand."""
    told = {(note.file, note.line) for note in fresh}
    again = (note for note in standing if note.table is table)
    return (*fresh, *(note for note in again if (note.file, note.line) not in told))


def _alike(row: Mapping[str, Any], stored: Mapping[str, Any] | None) -> bool:
    """Tell whether a bar is the one that is stored."""
    return stored is not None and all(row[name] == stored[name] for name in _FACTS)


def _beside(notes: Sequence[Reject], noted: Sequence[Mapping[str, Any]]) -> tuple[Reject, ...]:
    """Return notes on bars that are left out, beside the doubts on those stored in their place."""
    taken = {(row["table_name"], row["file"], row["line"]) for row in noted}
    return tuple(
        replace(note, file=f"{note.file} (2)")
        if (str(note.table), note.file, note.line) in taken
        else note
        for note in notes
    )


def _replaced(store: Store, batch: Batch) -> list[str]:
    """Say which stored actions the batch tells otherwise: an action of a day has one row."""
    fresh = batch.tables.get(TableName.ACTIONS)
    if fresh is None:
        return []
    stored = store.read(TableName.ACTIONS, listings=listings_in(fresh)).to_pylist()
    known = {(row["listing"], row["ex_session"]): row for row in stored}
    found = []
    for row in fresh.to_pylist():
        before = known.get((row["listing"], row["ex_session"]))
        if before is not None and not same_terms(row, before):
            told = say(
                "{listing} {day}: {new}, was {old}",
                listing=row["listing"],
                day=row["ex_session"],
                new=terms(row),
                old=terms(before),
            )
            found.append(told)
    if not found:
        return []
    return [
        say(
            "{n:,} stored actions are told otherwise and were replaced (first {first}); import "
            "all actions of one ex-date in one file",
            n=len(found),
            first=found[0],
        )
    ]


def _committed(batch: Batch, bars: pa.Table, found: _Found, fetched_at: datetime) -> Batch:
    """Return the batch with its checked bars and notes, less the doubts that are resolved."""
    tables, notes = dict(batch.tables), (*found.rejects, *found.doubts, *found.denied)
    if TableName.BARS in tables:
        tables[TableName.BARS] = bars
    if notes:
        fresh = quarantine_rows(notes, fetched_at)
        known = tables.get(TableName.QUARANTINE)
        tables[TableName.QUARANTINE] = (
            fresh if known is None else joined(TableName.QUARANTINE, [known, fresh])
        )
    removes = dict(batch.removes)
    if found.resolved:
        already = removes.get(TableName.QUARANTINE, frozenset())
        removes[TableName.QUARANTINE] = already | found.resolved
    return replace(batch, tables=tables, removes=removes)


def resolved_doubts(
    store: Store, batch: Batch, fetched_at: datetime
) -> frozenset[tuple[object, ...]]:
    """Return keys of table `quarantine`: doubts on jumps that a batch of any source explains.

    Parameters
    ----------
    store, batch, fetched_at
        As for `checked_import`.
    """
    names = {
        name
        for table in _JUDGED
        if table in batch.tables
        for name in listings_in(batch.tables[table])
    }
    noted = store.read(TableName.QUARANTINE, listings=sorted(names)).to_pylist()
    if not any(_judged_here(row) for row in noted):
        return frozenset()
    checked = checked_import(store, batch, fetched_at, rejecting=False)
    return checked.batch.removes.get(TableName.QUARANTINE, frozenset())


def _judged_here(row: Mapping[str, Any]) -> bool:
    reason = row["reason"]
    if row["table_name"] == TableName.ACTIONS:
        return bool(reason.startswith(_DENIED))
    doubt = row["table_name"] == TableName.BARS and reason.startswith(KEPT)
    return bool(doubt and is_jump(reason) and "; " not in reason)


def _rows_at(bars: pa.Table, keys: Set[_Key]) -> dict[_Key, dict[str, Any]]:
    """Return the rows of some listings and sessions."""
    rows = bars.filter(_near(bars, keys)).to_pylist() if keys and bars.num_rows else []
    found = {(row["listing"], row["session"]): row for row in rows}
    return {key: row for key, row in found.items() if key in keys}


def _without(bars: pa.Table, keys: Set[_Key]) -> pa.Table:
    """Return the rows but those of some listings and sessions."""
    if not keys:
        return bars
    near = np.flatnonzero(_near(bars, keys).to_numpy(zero_copy_only=False))
    rows = bars.select(["listing", "session"]).take(pa.array(near)).to_pylist()
    kept = np.ones(bars.num_rows, dtype=np.bool_)
    for at, row in zip(near, rows, strict=True):
        kept[at] = (row["listing"], row["session"]) not in keys
    return bars.filter(pa.array(kept))


def _near(bars: pa.Table, keys: Set[_Key]) -> pa.ChunkedArray:
    """Tell which rows are of one of the listings and of one of the sessions."""
    names = pa.array(sorted({name for name, _ in keys}), pa.string())
    days = pa.array(sorted({day for _, day in keys}), pa.date32())
    return pc.and_(pc.is_in(bars.column("session"), days), pc.is_in(bars.column("listing"), names))


def _jump_remarks(doubts: Sequence[Reject]) -> list[str]:
    """Say how many bars jump, one line for each likely cause."""
    counted = Counter(cause_kind(note.reason) for note in doubts)
    first: dict[str, Reject] = {}
    for note in doubts:
        first.setdefault(cause_kind(note.reason), note)
    return [
        say(
            "{n:,} bars stored with a doubt, {cause} (first {listing} on {session}: {doubt}); "
            "`screener data verify` lists them",
            n=count,
            cause=Cause(kind).said if kind in set(Cause) else retold(kind),
            listing=first[kind].listing,
            session=first[kind].session,
            doubt=retold(first[kind].doubt),
        )
        for kind, count in sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    ]


def _denied_remark(denied: Sequence[Reject]) -> list[str]:
    if not denied:
        return []
    first = denied[0]
    return [
        say(
            "{n:,} actions stored with a doubt, the prices deny them (first {listing} on "
            "{session}: {doubt}); `screener data verify` lists them",
            n=len(denied),
            listing=first.listing,
            session=first.session,
            doubt=retold(first.doubt),
        )
    ]
