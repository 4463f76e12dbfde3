"""Beside which stored bars those of an import are judged, some hundred listings at a time.

A listing is judged over its whole history, since a bar can make another one wrong. Where all its
new bars come after the stored ones, and nothing else is told of it, its last two stored bars are
enough: the last is what the next is compared with, and the one before shows that the last is
beyond doubt. Then no verdict on a stored bar can change, and the stored doubts stand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from screener.data.lake.batch import Batch
from screener.data.lake.rows import days_of
from screener.data.lake.scattering import scattered
from screener.data.lake.schema import Basis, TableName
from screener.data.lake.store import Store
from screener.data.update.listing_master import listings_in
from screener.data.validation.file_checks import FileFacts, suspected
from screener.data.validation.import_facts import file_facts

__all__ = ["Part", "parts_of"]

_LISTINGS = 200  # judged at a time over their whole history
_END = timedelta(days=30)  # within which the last two stored bars are looked for
_YOUNG = timedelta(days=60)  # a listing younger than that has its own rules
_TELLING = (TableName.ACTIONS, TableName.FACTORS, TableName.STATUS, TableName.LISTINGS)

_Day = dict[str, date]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """Some listings of an import.

    Parameters
    ----------
    raw
        Their raw bars as they will stand: all of them, or the end of them.
    adjusted
        Adjusted bars that the batch brings.
    fresh
        All bars that the batch brings.
    facts
        What is known about the listings.
    settled
        Last stored session of each listing on whose stored bars no verdict can change: only what
        comes after it is among `raw`, and two bars before.
    """

    raw: pa.Table
    adjusted: pa.Table
    fresh: pa.Table
    facts: FileFacts
    settled: _Day

    @property
    def listings(self) -> list[str]:
        """Listings whose bars are judged."""
        return sorted({*listings_in(self.raw), *listings_in(self.adjusted)})


def parts_of(store: Store, batch: Batch, fresh: pa.Table, fetched_at: datetime) -> Iterator[Part]:
    """Give the listings of a batch part by part: those of which the end is enough, then the others.

    Parameters
    ----------
    store
        The lake, at its newest version.
    batch
        Rows about to be merged.
    fresh
        The bars among them, on their tick.
    fetched_at
        Instant of the import.
    """
    raw = _of_basis(fresh, Basis.RAW)
    explained = _explained(batch)
    ends = _ends(store, batch, raw, fetched_at)
    if ends is not None:
        yield ends
    whole = set(listings_in(raw)) | explained
    settled = ends.settled.keys() if ends is not None else set()
    rest = sorted((whole | set(listings_in(fresh))) - settled)
    groups = [rest[low : low + _LISTINGS] for low in range(0, len(rest), _LISTINGS)]
    judged = [sorted(whole.intersection(names)) for names in groups]
    with scattered(store, TableName.BARS, judged) as stored:
        for at, names in enumerate(groups):
            own = fresh if len(names) == len(rest) and not settled else _among(fresh, names)
            yield _whole(store, batch, own, stored(at), fetched_at)


def _explained(batch: Batch) -> set[str]:
    """Return the listings whose actions or factors the batch changes."""
    names: set[str] = set()
    for table in (TableName.ACTIONS, TableName.FACTORS):
        if table in batch.tables:
            names |= set(listings_in(batch.tables[table]))
        names |= {str(key[0]) for key in batch.removes.get(table, ())}
    return names


def _whole(
    store: Store, batch: Batch, fresh: pa.Table, stored: pa.Table, fetched_at: datetime
) -> Part:
    """Return a part whose listings are judged over all their bars."""
    stored = stored.cast(fresh.schema)
    raw = _latest(_of_basis(stored, Basis.RAW), _of_basis(fresh, Basis.RAW))
    adjusted = _of_basis(fresh, Basis.ADJUSTED)
    facts = file_facts(
        store, batch, raw=listings_in(raw), adjusted=listings_in(adjusted), fetched_at=fetched_at
    )
    return Part(raw=raw, adjusted=adjusted, fresh=fresh, facts=facts, settled={})


def _ends(store: Store, batch: Batch, raw: pa.Table, fetched_at: datetime) -> Part | None:
    """Return the listings of which the last two stored bars are enough; `None` if there are none.

    Both of these bars and all new ones are of sessions with trades, and the last stored one is not
    suspected of anything: then it is what the next is compared with, whatever comes.
    """
    last = _continued(store, batch, raw)
    if not last:
        return None
    start = max(last.values()) - _END
    halts = store.read(TableName.STATUS, listings=sorted(last), start=start)
    halted = set(listings_in(halts.filter(halts.column("suspended"))))
    stored = store.read(TableName.BARS, listings=sorted(last), start=start).cast(raw.schema)
    pairs, before = _last_two(stored)
    quiet = {*halted, *_untraded(pairs), *_untraded(raw)}
    names = sorted((last.keys() & before.keys()) - quiet)
    facts = file_facts(store, batch, raw=names, adjusted=[], fetched_at=fetched_at)
    acted = _acting(facts.actions, before, last)
    doubtful = suspected(_among(pairs, names), replace(facts, actions=acted)) if names else ()
    settled = {name: last[name] for name in sorted(set(names).difference(doubtful))}
    if not settled:
        return None
    fresh = _among(raw, list(settled))
    later = _acting(facts.actions, settled, dict.fromkeys(settled, date.max))
    return Part(
        raw=pa.concat_tables([_among(pairs, list(settled)), fresh]),
        adjusted=fresh.slice(0, 0),
        fresh=fresh,
        facts=replace(facts, actions=later, older=frozenset(settled)),
        settled=settled,
    )


def _continued(store: Store, batch: Batch, raw: pa.Table) -> _Day:
    """Return the last stored session of the listings that the batch tells later bars of alone."""
    told = {name for table in _TELLING for name in _told(batch, table)} | _explained(batch)
    firsts = raw.group_by("listing").aggregate([("session", "min")]).to_pylist()
    first = {row["listing"]: row["session_min"] for row in firsts if row["listing"] not in told}
    since = min(first.values(), default=date.max) - _END - 2 * _YOUNG
    spans = store.recent_spans(sorted(first), since)
    if not spans:  # nothing was stored for long: what is there is older
        spans = store.spans(sorted(first))
    found = {
        name: span.last
        for name, span in spans.items()
        if span.basis is Basis.RAW
        and span.last < first[name]
        and first[name] - span.first > _YOUNG
        and name not in batch.replaces
    }
    newest = max(found.values(), default=date.min)
    return {name: day for name, day in found.items() if newest - day < _END}


def _told(batch: Batch, table: TableName) -> list[str]:
    rows = batch.tables.get(table)
    return [] if rows is None else listings_in(rows)


def _last_two(stored: pa.Table) -> tuple[pa.Table, _Day]:
    """Return the last two bars of each listing that has two, and the session of the first."""
    ordered = stored.sort_by([("listing", "ascending"), ("session", "ascending")])
    names = ordered.column("listing").combine_chunks().dictionary_encode().indices.to_numpy()
    ends = np.flatnonzero(np.append(names[1:] != names[:-1], True)) if len(names) else names
    ends = ends[(ends > 0) & (names[ends - 1] == names[ends])]
    pairs = ordered.take(pa.array(np.sort(np.concatenate([ends - 1, ends]))))
    first = ordered.take(pa.array(ends - 1))
    days = days_of(first, "session").tolist()
    return pairs, dict(zip(first.column("listing").to_pylist(), days, strict=True))


def _untraded(bars: pa.Table) -> list[str]:
    """Return the listings with a bar that is no trade, or has no close."""
    close = pc.fill_null(pc.is_finite(bars.column("close")), False)
    quiet = pc.fill_null(pc.equal(bars.column("volume"), 0.0), False)
    return listings_in(bars.filter(pc.or_(quiet, pc.invert(close))))


def _acting(actions: pa.Table, after: _Day, until: _Day) -> pa.Table:
    """Return the actions of each listing after one day, until another one."""
    if not after:
        return actions.slice(0, 0)
    code = pc.index_in(actions.column("listing"), value_set=pa.array(list(after), pa.string()))
    known = code.is_valid().to_numpy()
    at = pc.fill_null(code, 0).to_numpy()
    low, high = (
        np.array([days.get(name, date.min) for name in after], "datetime64[D]")[at]
        for days in (after, until)
    )
    day = days_of(actions, "ex_session")
    return actions.filter(pa.array(known & (low < day) & (day <= high)))


def _among(bars: pa.Table, names: list[str]) -> pa.Table:
    return bars.filter(pc.is_in(bars.column("listing"), pa.array(names, pa.string())))


def _of_basis(bars: pa.Table, basis: Basis) -> pa.Table:
    return bars.filter(pc.equal(bars.column("basis"), str(basis)))


def _latest(stored: pa.Table, fresh: pa.Table) -> pa.Table:
    """Return bars as they will stand: the fresh ones over the stored ones of the same session."""
    if not stored.num_rows:
        return fresh
    key = ["listing", "session"]
    kept = stored.join(fresh.select(key), keys=key, join_type="left anti")
    return pa.concat_tables([kept.select(fresh.column_names), fresh])
