"""Factors follow from actions and raw closes: recomputed whenever an import brings either."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from screener.data.lake.batch import Batch
from screener.data.lake.scattering import scattered
from screener.data.lake.schema import TABLES, Basis, TableName
from screener.data.lake.store import Store
from screener.data.panels.factors import contradicted, total_return_factors, with_stand_ins
from screener.language import say

__all__ = ["COMPUTED", "keys_of", "with_factors"]

COMPUTED = "factors computed from actions and raw closes"
"""Remark on what follows from a batch, after the number of factors."""

_ACTION_KEY = ("listing", "ex_session")
_BAR_KEY = ("listing", "session")
_CLOSES = (*_BAR_KEY, "close", "basis")
_AT_ONCE = 500  # listings whose closes are held together


def with_factors(store: Store, batch: Batch) -> Batch:
    """Add to a batch the factors of every listing whose actions or raw bars it brings.

    Where no action tells the terms of an ex-day, a factor that a source gave for it stands in. An
    action counts once raw bars lie on both sides of its ex-session; until then it waits, and a
    remark says how many do. Listings with adjusted prices need no factor and get none.

    Parameters
    ----------
    store
        The lake that the batch is meant for.
    batch
        Rows about to be committed; returned as it is if it brings factors of its own.

    Raises
    ------
    DataError
        If an action has impossible terms.
    """
    if TableName.FACTORS in batch.tables:
        return batch
    affected = _affected(store, batch)
    given = _merged(store, batch, TableName.EX_FACTORS, affected, _ACTION_KEY)
    actions = with_stand_ins(_merged(store, batch, TableName.ACTIONS, affected, _ACTION_KEY), given)
    stored = store.read(TableName.FACTORS, listings=affected)
    if not actions.num_rows and not stored.num_rows:
        return batch
    usable = _within(actions, _raw_ranges(store, batch, _listings(actions)))
    waiting = actions.num_rows - usable.num_rows
    remarks = [*batch.remarks]
    if waiting:
        remarks.append(
            say("{n} actions wait for raw bars on both sides of their ex-session", n=waiting)
        )
    changed = _changed(batch, usable, stored)
    known = _of(stored, changed)
    factors = _computed(store, batch, _of(usable, changed)) or known.slice(0, 0)
    stale = keys_of(known, _ACTION_KEY) - keys_of(factors, _ACTION_KEY)
    batch = replace(batch, removes={**batch.removes, TableName.FACTORS: stale})
    if not factors.num_rows:
        return replace(batch, remarks=tuple(remarks))
    remarks.append(say("{n} factors computed from actions and raw closes", n=factors.num_rows))
    remarks.extend(_contradictions(factors, given))
    tables = {**batch.tables, TableName.FACTORS: factors}
    return replace(batch, tables=tables, remarks=tuple(remarks))


def _changed(batch: Batch, usable: pa.Table, stored: pa.Table) -> list[str]:
    """Return the listings whose factors may come out otherwise than they are stored.

    A factor follows from the actions up to it and the last close before each: bars from an
    ex-session on change none up to it.
    """
    touched = {str(key[0]) for key in batch.removes.get(TableName.BARS, ())} | batch.replaces
    for name in (TableName.ACTIONS, TableName.EX_FACTORS):
        touched |= _listings(batch.tables.get(name))
        touched |= {str(key[0]) for key in batch.removes.get(name, ())}
    own, other = (rows.select(list(_ACTION_KEY)) for rows in (stored, usable))
    for one, another in ((own, other), (other, own)):
        touched |= _listings(one.join(another, keys=list(_ACTION_KEY), join_type="left anti"))
    bars = batch.tables.get(TableName.BARS)
    if bars is not None:
        starts = bars.group_by("listing").aggregate([("session", "min")])
        both = other.join(starts, keys="listing", join_type="inner")
        touched |= _listings(both.filter(pc.greater(both["ex_session"], both["session_min"])))
    return sorted(touched)


def _computed(store: Store, batch: Batch, usable: pa.Table) -> pa.Table | None:
    """Compute factors, a bounded number of listings at a time."""
    names = sorted(_listings(usable))
    groups = [names[at : at + _AT_ONCE] for at in range(0, len(names), _AT_ONCE)]
    found = []
    with scattered(store, TableName.BARS, groups, columns=_CLOSES) as stored:
        for at, some in enumerate(groups):
            bars = _as_it_will_stand(stored(at), batch, TableName.BARS, some, _BAR_KEY)
            raw = bars.filter(pc.equal(bars.column("basis"), str(Basis.RAW)))
            found.append(total_return_factors(_of(usable, some), raw))
    return pa.concat_tables(found) if found else None


def _raw_ranges(store: Store, batch: Batch, names: set[str]) -> pa.Table:
    """Return first and last session with a raw bar of each listing, as they will stand."""
    ranges = {
        name: (span.first, span.last)
        for name, span in store.spans(sorted(names)).items()
        if span.basis is Basis.RAW
    }
    gone = {str(key[0]) for key in batch.removes.get(TableName.BARS, ())} & names
    for name in gone | (batch.replaces & names):
        ranges.pop(name, None)
    bars = batch.tables.get(TableName.BARS)
    parts = [] if bars is None else [_of(bars, sorted(names))]
    if gone:
        parts = [_merged(store, batch, TableName.BARS, sorted(gone), _BAR_KEY), *parts]
    for rows in parts:
        raw = rows.filter(pc.equal(rows.column("basis"), str(Basis.RAW)))
        ends = raw.group_by("listing").aggregate([("session", "min"), ("session", "max")])
        for row in ends.to_pylist():
            first, last = ranges.get(row["listing"], (row["session_min"], row["session_max"]))
            ranges[row["listing"]] = (
                min(first, row["session_min"]),
                max(last, row["session_max"]),
            )
    columns = (ranges, *(zip(*ranges.values(), strict=True) if ranges else ((), ())))
    kinds = (pa.string(), pa.date32(), pa.date32())
    return pa.table(
        [pa.array(list(column), kind) for column, kind in zip(columns, kinds, strict=True)],
        names=["listing", "session_min", "session_max"],
    )


def _of(rows: pa.Table, listings: Sequence[str]) -> pa.Table:
    return rows.filter(pc.is_in(rows.column("listing"), pa.array(listings, pa.string())))


def _contradictions(factors: pa.Table, given: pa.Table) -> list[str]:
    found = contradicted(factors, given)
    if not found:
        return []
    name, day, own, other = found[0]
    if len(found) > 1:
        return [
            say(
                "the terms of {name} on {day} make a factor of {own:.5g}, the one given is "
                "{given:.5g} and {n} more: the terms are taken",
                name=name,
                day=day,
                own=own,
                given=other,
                n=len(found) - 1,
            )
        ]
    return [
        say(
            "the terms of {name} on {day} make a factor of {own:.5g}, the one given is "
            "{given:.5g}: the terms are taken",
            name=name,
            day=day,
            own=own,
            given=other,
        )
    ]


def _affected(store: Store, batch: Batch) -> list[str]:
    """List the listings that have actions and get new actions or new bars."""
    barred = _listings(batch.tables.get(TableName.BARS))
    acting: set[str] = set()
    for name in (TableName.ACTIONS, TableName.EX_FACTORS):
        acting |= _listings(batch.tables.get(name))
        acting |= {str(key[0]) for key in batch.removes.get(name, ())}
        if barred:
            acting |= _listings(store.read(name, listings=sorted(barred)))
    return sorted(acting)


def _listings(table: pa.Table | None) -> set[str]:
    return set() if table is None else set(pc.unique(table.column("listing")).to_pylist())


def _merged(
    store: Store, batch: Batch, name: TableName, listings: list[str], key: tuple[str, ...]
) -> pa.Table:
    """Return the rows of some listings as they will stand once the batch is committed."""
    return _as_it_will_stand(store.read(name, listings=listings), batch, name, listings, key)


def _as_it_will_stand(
    stored: pa.Table, batch: Batch, name: TableName, listings: list[str], key: tuple[str, ...]
) -> pa.Table:
    """Return the stored rows of some listings with those that the batch brings or removes."""
    stored = _without(stored, batch, name)
    incoming = batch.tables.get(name)
    if incoming is None:
        return stored
    incoming = _of(incoming.select(stored.column_names).cast(stored.schema), listings)
    replaced = pa.array(sorted(batch.replaces), pa.string())
    if name is TableName.BARS and len(replaced):
        stored = stored.filter(pc.invert(pc.is_in(stored.column("listing"), replaced)))
    kept = stored.join(incoming.select(list(key)), keys=list(key), join_type="left anti")
    return pa.concat_tables([kept.select(stored.column_names), incoming])


def keys_of(rows: pa.Table, key: tuple[str, ...]) -> frozenset[tuple[object, ...]]:
    """Return the keys of a table's rows."""
    return frozenset(zip(*(rows.column(name).to_pylist() for name in key), strict=True))


def _without(rows: pa.Table, batch: Batch, name: TableName) -> pa.Table:
    """Return stored rows without those that the batch removes."""
    gone = batch.removes.get(name)
    if not gone:
        return rows
    key = (rows.column(column).to_pylist() for column in TABLES[name].key)
    return rows.filter(pa.array([item not in gone for item in zip(*key, strict=True)]))


def _within(actions: pa.Table, ranges: pa.Table) -> pa.Table:
    """Return the actions whose ex-session has a raw bar before it, and one on it or after it."""
    joined = actions.join(ranges, keys="listing", join_type="inner")
    inside = pc.and_(
        pc.less(joined.column("session_min"), joined.column("ex_session")),
        pc.less_equal(joined.column("ex_session"), joined.column("session_max")),
    )
    return joined.filter(inside).select(actions.column_names)
