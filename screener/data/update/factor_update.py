"""Factors follow from actions and raw closes: recomputed whenever an import brings either."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from screener.data.lake.batch import Batch
from screener.data.lake.schema import TABLES, Basis, TableName
from screener.data.lake.store import Store
from screener.data.panels.factors import contradicted, total_return_factors, with_stand_ins

__all__ = ["COMPUTED", "keys_of", "with_factors"]

COMPUTED = "factors computed from actions and raw closes"
"""Remark on what follows from a batch, after the number of factors."""

_ACTION_KEY = ("listing", "ex_session")
_BAR_KEY = ("listing", "session")


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
    listings = sorted(set(actions.column("listing").to_pylist()))
    bars = _merged(store, batch, TableName.BARS, listings, _BAR_KEY)
    raw = bars.filter(pc.equal(bars.column("basis"), str(Basis.RAW)))
    usable = _within(actions, raw)
    waiting = actions.num_rows - usable.num_rows
    remarks = [*batch.remarks]
    if waiting:
        remarks.append(f"{waiting} actions wait for raw bars on both sides of their ex-session")
    factors = total_return_factors(usable, raw) if usable.num_rows else stored.slice(0, 0)
    stale = keys_of(stored, _ACTION_KEY) - keys_of(factors, _ACTION_KEY)
    batch = replace(batch, removes={**batch.removes, TableName.FACTORS: stale})
    if not factors.num_rows:
        return replace(batch, remarks=tuple(remarks))
    remarks.append(f"{factors.num_rows} {COMPUTED}")
    remarks.extend(_contradictions(factors, given))
    tables = {**batch.tables, TableName.FACTORS: factors}
    return replace(batch, tables=tables, remarks=tuple(remarks))


def _contradictions(factors: pa.Table, given: pa.Table) -> list[str]:
    found = contradicted(factors, given)
    if not found:
        return []
    name, day, own, other = found[0]
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    return [
        f"the terms of {name} on {day} make a factor of {own:.5g}, the one given is {other:.5g}"
        f"{more}: the terms are taken"
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
    stored = _without(store.read(name, listings=listings), batch, name)
    incoming = batch.tables.get(name)
    if incoming is None:
        return stored
    incoming = incoming.cast(stored.schema)
    incoming = incoming.filter(
        pc.is_in(incoming.column("listing"), pa.array(listings, pa.string()))
    )
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


def _within(actions: pa.Table, raw: pa.Table) -> pa.Table:
    """Return the actions whose ex-session has a raw bar before it, and one on it or after it."""
    ends = raw.group_by("listing").aggregate([("session", "min"), ("session", "max")])
    joined = actions.join(ends, keys="listing", join_type="inner")
    inside = pc.and_(
        pc.less(joined.column("session_min"), joined.column("ex_session")),
        pc.less_equal(joined.column("ex_session"), joined.column("session_max")),
    )
    return joined.filter(inside).select(actions.column_names)
