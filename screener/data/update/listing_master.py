"""Rows of several answers made one: joined by key, gaps filled, cut lists refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from screener.data.lake.schema import TABLES, TableName, Type
from screener.errors import DataError
from screener.language import say
from screener.language.terms import named

__all__ = ["alive", "filled", "halts_in", "joined", "listings_in", "refuse_shrunk"]

_SHRUNK = 0.95
"""A list of all listings that is shorter than this part of the stored one was cut off."""


def listings_in(rows: pa.Table) -> list[str]:
    """Return the listing ids of a table, sorted, each once."""
    return sorted(pc.unique(rows.column("listing")).to_pylist())


def halts_in(status: pa.Table) -> list[tuple[str, date]]:
    """Return the listing and session of each suspension in rows of table `status`."""
    halted = status.filter(pc.fill_null(status.column("suspended"), False))
    return list(
        zip(halted.column("listing").to_pylist(), halted.column("session").to_pylist(), strict=True)
    )


def joined(name: TableName, parts: Sequence[pa.Table]) -> pa.Table:
    """Join answers of one table; where two tell of one key, the later adds what it knows."""
    whole = pa.concat_tables(parts)
    key = list(TABLES[name].key)
    if len(parts) == 1 or whole.group_by(key).aggregate([]).num_rows == whole.num_rows:
        return whole
    rows: dict[tuple[object, ...], dict[str, object]] = {}
    for row in whole.to_pylist():
        known = rows.setdefault(tuple(row[column] for column in key), row)
        known.update(_told(name, row))
    return pa.Table.from_pylist(list(rows.values()), schema=whole.schema)


def _told(name: TableName, row: Mapping[str, object]) -> dict[str, object]:
    """Return what a row adds to another of its key: nothing that is empty or says nothing."""
    acts = name is TableName.ACTIONS
    terms = {column.name for column in TABLES[name].columns if column.type is Type.NUMBER}
    neutral = {term: 1.0 if term == "split" else 0.0 for term in terms} if acts else {}
    return {
        column: value
        for column, value in row.items()
        if value is not None and value != neutral.get(column) and column != "source"
    }


def filled(fallback: pa.Table, rows: pa.Table) -> pa.Table:
    """Return rows with their empty cells filled from another table's row of the same listing."""
    known = {row["listing"]: row for row in fallback.to_pylist()}
    found = [
        {
            column: known.get(row["listing"], {}).get(column) if value is None else value
            for column, value in row.items()
        }
        for row in rows.to_pylist()
    ]
    return pa.Table.from_pylist(found, schema=rows.schema)


def alive(rows: pa.Table, named: Sequence[str], today: date) -> pa.Table:
    """Return listings in which those that an exchange names have no delisting in the past."""
    ended = pc.and_(
        pc.is_in(rows.column("listing"), pa.array(named, pa.string())),
        pc.less_equal(rows.column("delist_date"), pa.scalar(today)),
    )
    days = pc.if_else(pc.fill_null(ended, False), None, rows.column("delist_date"))
    return rows.set_column(rows.column_names.index("delist_date"), "delist_date", days)


def refuse_shrunk(stored: pa.Table, fetched: pa.Table) -> None:
    """Refuse a list that lost many listings at once.

    Raises
    ------
    DataError
        If it has less than 95 % of the stored listings that trade on its exchange.
    """
    suffix = str(fetched.column("listing")[0]).rpartition(".")[2]
    trading = pc.and_(
        pc.ends_with(stored.column("listing"), f".{suffix}"),
        pc.and_(pc.is_null(stored.column("delist_date")), pc.equal(stored.column("kind"), "stock")),
    )
    before = stored.filter(trading).num_rows
    if fetched.num_rows < _SHRUNK * before:
        raise DataError(
            say(
                "the list of {exchange} has {n:,} listings where {stored:,} are stored: it was "
                "cut off",
                exchange=suffix,
                n=fetched.num_rows,
                stored=before,
            ),
            where=say("table {table}", table=named(TableName.LISTINGS)),
            fix=say("update again later; nothing was changed"),
        )
