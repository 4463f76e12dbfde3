"""Imported bars and actions checked on their way into the lake, beside what is stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
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
from screener.data.lake.schema import Basis, TableName
from screener.data.lake.store import Store
from screener.data.update.action_reconciliation import same_terms, terms
from screener.data.update.listing_master import joined, listings_in
from screener.data.validation.context import KEPT, make_note, told_apart
from screener.data.validation.file_checks import FileFacts, Judged, judge_bars
from screener.data.validation.import_facts import file_facts
from screener.data.validation.price_jumps import cause_kind, is_jump
from screener.data.validation.ticks import on_ticks, tick_remarks
from screener.domain.listing import stored_listing

__all__ = ["CheckedImport", "checked_import", "resolved_doubts"]

_DENIED = KEPT + "denied by its ex-session: "
_VERIFY = "`screener data verify` lists them"

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
    work = _Work.of(store, batch, rounded.bars, fetched_at)
    judged = work.judged()
    incoming = set(_rows_at(work.fresh, set(judged.rejected))) if rejecting else set()
    rejected = {key: judged.rejected[key] for key in incoming}
    doubted = {**judged.doubted}
    doubted.update({key: text for key, text in judged.rejected.items() if key not in incoming})
    rejects = work.notes(rejected, "")
    doubts = work.notes(doubted, KEPT)
    denied = work.denied({(note.listing, note.session) for note in doubts})
    remarks = [
        *tick_remarks(rounded),
        *work.replaced(),
        *_jump_remarks(doubts),
        *_denied_remark(denied),
    ]
    bars = _without(rounded.bars, set(rejected))
    return CheckedImport(
        batch=work.committed(bars, (*rejects, *doubts, *denied)),
        rejects=rejects,
        remarks=tuple(remarks),
    )


_JUDGED = (TableName.BARS, TableName.ACTIONS, TableName.FACTORS)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """One import under way.

    Parameters
    ----------
    raw, adjusted
        Bars to judge: raw ones with those stored of the same listings.
    fresh
        Bars that the batch brings.
    """

    store: Store
    batch: Batch
    fetched_at: datetime
    raw: pa.Table
    adjusted: pa.Table
    fresh: pa.Table
    facts: FileFacts

    @classmethod
    def of(cls, store: Store, batch: Batch, fresh: pa.Table, fetched_at: datetime) -> _Work:
        raw_rows = _of_basis(fresh, Basis.RAW)
        names = set(listings_in(raw_rows))
        for table in (TableName.ACTIONS, TableName.FACTORS):
            if table in batch.tables:
                names |= set(listings_in(batch.tables[table]))
            names |= {str(key[0]) for key in batch.removes.get(table, ())}
        stored = store.read(TableName.BARS, listings=sorted(names)).cast(fresh.schema)
        raw = _latest(_of_basis(stored, Basis.RAW), raw_rows)
        adjusted = _of_basis(fresh, Basis.ADJUSTED)
        return cls(
            store=store,
            batch=batch,
            fetched_at=fetched_at,
            raw=raw,
            adjusted=adjusted,
            fresh=fresh,
            facts=file_facts(
                store,
                batch,
                raw=listings_in(raw),
                adjusted=listings_in(adjusted),
                fetched_at=fetched_at,
            ),
        )

    def judged(self) -> Judged:
        """Return what is made of the bars."""
        return judge_bars(self.raw, self.adjusted, self.facts)

    def notes(self, reasons: Mapping[_Key, str], prefix: str) -> tuple[Reject, ...]:
        """Make a note on each bar with a reason."""
        rows = {
            **_rows_at(self.raw, set(reasons)),
            **_rows_at(self.adjusted, set(reasons)),
        }
        notes = [
            make_note(
                rows[key],
                prefix + reasons[key],
                table=TableName.BARS,
                listing=stored_listing(key[0]),
                day=key[1],
            )
            for key in sorted(reasons)
        ]
        return told_apart(notes)

    def denied(self, told: set[tuple[str | None, date | None]]) -> tuple[Reject, ...]:
        """Make a note on each action that its ex-session denies, where no bar is doubted yet."""
        rows = {(row["listing"], row["ex_session"]): row for row in self.facts.actions.to_pylist()}
        notes = []
        for finding in denied_actions(self.facts.actions, self.raw):
            key = (finding.listing, finding.session)
            if key in rows and key not in told:
                notes.append(
                    make_note(
                        rows[key],
                        f"{_DENIED}{finding.cause}",
                        table=TableName.ACTIONS,
                        listing=stored_listing(finding.listing),
                        day=finding.session,
                    )
                )
        return told_apart(notes)

    def replaced(self) -> list[str]:
        """Say which stored actions the batch tells otherwise: an action of a day has one row."""
        fresh = self.batch.tables.get(TableName.ACTIONS)
        if fresh is None:
            return []
        stored = self.store.read(TableName.ACTIONS, listings=listings_in(fresh)).to_pylist()
        known = {(row["listing"], row["ex_session"]): row for row in stored}
        found = []
        for row in fresh.to_pylist():
            before = known.get((row["listing"], row["ex_session"]))
            if before is not None and not same_terms(row, before):
                day = f"{row['listing']} {row['ex_session']}"
                found.append(f"{day}: {terms(row)}, was {terms(before)}")
        if not found:
            return []
        return [
            f"{len(found):,} stored actions are told otherwise and were replaced (first "
            f"{found[0]}); import all actions of one ex-date in one file"
        ]

    def committed(self, bars: pa.Table, notes: Sequence[Reject]) -> Batch:
        """Return the batch with its checked bars and notes, less the doubts that are resolved."""
        tables = dict(self.batch.tables)
        if TableName.BARS in tables:
            tables[TableName.BARS] = bars
        if notes:
            fresh = quarantine_rows(tuple(notes), self.fetched_at)
            known = tables.get(TableName.QUARANTINE)
            tables[TableName.QUARANTINE] = (
                fresh if known is None else joined(TableName.QUARANTINE, [known, fresh])
            )
        settled = self._resolved({(str(note.table), note.file, note.line) for note in notes})
        removes = dict(self.batch.removes)
        if settled:
            already = removes.get(TableName.QUARANTINE, frozenset())
            removes[TableName.QUARANTINE] = already | settled
        return replace(self.batch, tables=tables, removes=removes)

    def _resolved(self, kept: set[tuple[str, str, int]]) -> frozenset[tuple[object, ...]]:
        """Return keys of stored doubts that an action, a factor or another bar has resolved."""
        names = sorted({*listings_in(self.raw), *listings_in(self.adjusted)})
        doubts = {
            (row["table_name"], row["file"], row["line"]): (row["listing"], row["session"])
            for row in self.store.read(TableName.QUARANTINE, listings=names).to_pylist()
            if _judged_here(row)
        }
        open_ = {key: at for key, at in doubts.items() if key not in kept}
        told = set(_rows_at(self.fresh, set(open_.values())))
        told |= {(row["listing"], row["ex_session"]) for row in self.facts.actions.to_pylist()}
        told |= {
            (str(key[0]), key[1])
            for key in self.batch.removes.get(TableName.ACTIONS, ())
            if isinstance(key[1], date)
        }
        return frozenset(key for key, at in open_.items() if at in told)


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


def _of_basis(bars: pa.Table, basis: Basis) -> pa.Table:
    return bars.filter(pc.equal(bars.column("basis"), str(basis)))


def _latest(stored: pa.Table, fresh: pa.Table) -> pa.Table:
    """Return bars as they will stand: the fresh ones over the stored ones of the same session."""
    if not stored.num_rows:
        return fresh
    key = ["listing", "session"]
    kept = stored.join(fresh.select(key), keys=key, join_type="left anti")
    return pa.concat_tables([kept.select(fresh.column_names), fresh])


def _rows_at(bars: pa.Table, keys: set[_Key]) -> dict[_Key, dict[str, Any]]:
    """Return the rows of some listings and sessions."""
    rows = bars.filter(_near(bars, keys)).to_pylist() if keys and bars.num_rows else []
    found = {(row["listing"], row["session"]): row for row in rows}
    return {key: row for key, row in found.items() if key in keys}


def _without(bars: pa.Table, keys: set[_Key]) -> pa.Table:
    """Return the rows but those of some listings and sessions."""
    if not keys:
        return bars
    near = np.flatnonzero(_near(bars, keys).to_numpy(zero_copy_only=False))
    rows = bars.select(["listing", "session"]).take(pa.array(near)).to_pylist()
    kept = np.ones(bars.num_rows, dtype=np.bool_)
    for at, row in zip(near, rows, strict=True):
        kept[at] = (row["listing"], row["session"]) not in keys
    return bars.filter(pa.array(kept))


def _near(bars: pa.Table, keys: set[_Key]) -> pa.ChunkedArray:
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
        f"{count:,} bars stored with a doubt, {kind} (first {first[kind].listing} on "
        f"{first[kind].session}: {first[kind].reason.removeprefix(KEPT)}); {_VERIFY}"
        for kind, count in sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    ]


def _denied_remark(denied: Sequence[Reject]) -> list[str]:
    if not denied:
        return []
    first = denied[0]
    return [
        f"{len(denied):,} actions stored with a doubt, the prices deny them (first "
        f"{first.listing} on {first.session}: {first.reason.removeprefix(_DENIED)}); {_VERIFY}"
    ]
