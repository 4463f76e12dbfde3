"""What imported bars are judged by: the facts of their listings as they will stand."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from screener.data.doctor import known_dates
from screener.data.doctor.bar_columns import Marks
from screener.data.lake.batch import Batch
from screener.data.lake.rows import ARROW, numbers_of
from screener.data.lake.schema import TABLES, TableName
from screener.data.lake.store import Store
from screener.data.validation.file_checks import FileFacts
from screener.domain.days import SHANGHAI

__all__ = ["file_facts"]

_KEY = ["listing", "ex_session"]


def file_facts(
    store: Store, batch: Batch, *, raw: list[str], adjusted: list[str], fetched_at: datetime
) -> FileFacts:
    """Read what is known about the listings of a batch, stored and brought by it.

    Parameters
    ----------
    store, batch
        The lake, and the rows about to be merged.
    raw, adjusted
        Listings whose bars are judged; actions are read of those with raw prices alone.
    fetched_at
        Instant of the import.
    """
    names = sorted({*raw, *adjusted})
    tables = {TableName.LISTINGS: store.read(TableName.LISTINGS, listings=names)}
    status = store.read(TableName.STATUS, listings=names)
    fresh = batch.tables.get(TableName.STATUS)
    if fresh is not None:
        status = pa.concat_tables([status, fresh.cast(status.schema)])
    return FileFacts(
        actions=_actions(store, batch, raw),
        list_dates=known_dates(tables, "list_date"),
        suspended=Marks.of(status.filter(status.column("suspended"))),
        today=fetched_at.astimezone(SHANGHAI).date(),
    )


def _actions(store: Store, batch: Batch, names: list[str]) -> pa.Table:
    """Return the actions of some listings as they will stand, and steps that only factors tell."""
    actions = _standing(store, batch, TableName.ACTIONS, names)
    steps = _steps(store, batch, names)
    alone = _others(steps, actions).select(actions.column_names).cast(actions.schema)
    return pa.concat_tables([actions, alone])


def _steps(store: Store, batch: Batch, names: list[str]) -> pa.Table:
    """Return the steps of factors as splits: what a source told that tells no actions."""
    factors = _standing(store, batch, TableName.FACTORS, names)
    code = pc.rank(factors.column("listing"), tiebreaker="dense").to_numpy()
    factor = numbers_of(factors, "factor")
    before = np.ones_like(factor)
    before[1:] = np.where(code[1:] == code[:-1], factor[:-1], 1.0)
    split = pa.array(factor / before, pa.float64(), from_pandas=True)
    steps = factors.append_column("split", split)
    columns = {
        name: steps.column(name)
        if name in steps.column_names
        else pa.nulls(steps.num_rows, ARROW[TABLES[TableName.ACTIONS].column(name).type])
        for name in TABLES[TableName.ACTIONS].column_names
    }
    gone = batch.removes.get(TableName.ACTIONS, frozenset())  # a factor goes with its action
    return _without(pa.table(columns), gone)


def _standing(store: Store, batch: Batch, table: TableName, names: list[str]) -> pa.Table:
    """Return rows of some listings as the batch will leave them, by listing and ex-session."""
    rows = _without(store.read(table, listings=names), batch.removes.get(table, frozenset()))
    fresh = batch.tables.get(table)
    if fresh is not None:
        wanted = pc.is_in(fresh.column("listing"), pa.array(names, pa.string()))
        told = fresh.filter(wanted).select(rows.column_names).cast(rows.schema)
        rows = pa.concat_tables([_others(rows, told), _last(told)])
    return rows.sort_by([(name, "ascending") for name in _KEY])


def _others(rows: pa.Table, known: pa.Table) -> pa.Table:
    """Return the rows of which no row of `known` has listing and ex-session."""
    if not rows.num_rows or not known.num_rows:
        return rows
    left = rows.join(known.select(_KEY), keys=_KEY, join_type="left anti")
    return left.select(rows.column_names)


def _without(rows: pa.Table, gone: frozenset[tuple[object, ...]]) -> pa.Table:
    if not gone:
        return rows
    keys = zip(*(rows.column(name).to_pylist() for name in _KEY), strict=True)
    return rows.filter(pa.array([key not in gone for key in keys], pa.bool_()))


def _last(rows: pa.Table) -> pa.Table:
    """Return the last row of each listing and ex-session."""
    keys = zip(*(rows.column(name).to_pylist() for name in _KEY), strict=True)
    at = {key: place for place, key in enumerate(keys)}
    return rows if len(at) == rows.num_rows else rows.take(sorted(at.values()))
