"""What imported bars are judged by: the facts of their listings as they will stand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from screener.data.doctor import known_dates
from screener.data.doctor.bar_columns import Marks
from screener.data.lake.batch import Batch
from screener.data.lake.schema import TABLES, TableName
from screener.data.lake.store import Store
from screener.data.validation.file_checks import FileFacts
from screener.domain.days import SHANGHAI

__all__ = ["file_facts"]

_Key = tuple[str, date]
_Row = dict[str, Any]


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
    rows = dict(_standing(store, batch, TableName.ACTIONS, names))
    for key, step in _steps(store, batch, names).items():
        rows.setdefault(key, step)
    schema = store.read(TableName.ACTIONS, listings=[]).schema
    return pa.Table.from_pylist(list(rows.values()), schema=schema)


def _steps(store: Store, batch: Batch, names: list[str]) -> dict[_Key, _Row]:
    """Return the steps of factors as splits: what a source told that tells no actions."""
    gone = batch.removes.get(TableName.ACTIONS, frozenset())
    found: dict[_Key, _Row] = {}
    before: dict[str, float] = {}
    empty = dict.fromkeys(TABLES[TableName.ACTIONS].column_names)
    for key, row in sorted(_standing(store, batch, TableName.FACTORS, names)):
        split = row["factor"] / before.get(key[0], 1.0)
        before[key[0]] = row["factor"]
        if key not in gone:  # a factor goes with its action
            told = {name: row[name] for name in ("listing", "ex_session", "source", "fetched_at")}
            found[key] = {**empty, **told, "split": split}
    return found


def _standing(
    store: Store, batch: Batch, table: TableName, names: list[str]
) -> Iterator[tuple[_Key, _Row]]:
    """Give rows of some listings by listing and ex-session as the batch will leave them."""
    gone = batch.removes.get(table, frozenset())
    rows = {
        (row["listing"], row["ex_session"]): row
        for row in store.read(table, listings=names).to_pylist()
    }
    known = {key: row for key, row in rows.items() if key not in gone}
    fresh = batch.tables.get(table)
    if fresh is not None:
        wanted = pc.is_in(fresh.column("listing"), pa.array(names, pa.string()))
        for row in fresh.filter(wanted).to_pylist():
            known[row["listing"], row["ex_session"]] = row
    yield from known.items()
