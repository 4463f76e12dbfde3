"""Which table a field lacks that has no value for any name, and what to fetch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import pyarrow as pa

from screener.data.lake.asof import AsOf
from screener.data.lake.schema import TableName
from screener.domain.report import Report
from screener.language import say
from screener.screen.computed import Why
from screener.screen.evaluate import WHY_SUFFIX
from screener.screen.fields import Field
from screener.workflows.data.fetching import update_command

__all__ = ["lacking_tables"]

_CARDS = "cards"


def lacking_tables(
    known: AsOf, fields: Sequence[Field], rows: pa.Table, cards: Sequence[Report]
) -> Iterator[str]:
    """Say of each computed field without any value which of its tables has nothing by the day."""
    for field in fields:
        if field.stored or rows.column(field.name).null_count < rows.num_rows:
            continue
        empty = [name for name in field.tables if _is_empty(known, name, cards)]
        for name in empty:
            yield say(
                "{field} is missing for every name: {table} holds nothing of {day} or before; "
                "fetch it: {command}",
                field=field.called,
                table=say("table {table}", table=name) if name != _CARDS else say("the workspace"),
                day=known.day,
                command=f"`{_command(name)}`",
            )
        if not empty:
            yield say(
                "{field} has no value for any name: {why}",
                field=field.called,
                why=_commonest(field, rows),
            )


def _command(name: str) -> str:
    return "screener report add FILE" if name == _CARDS else update_command(name)


def _commonest(field: Field, rows: pa.Table) -> str:
    """Return why most names have no value."""
    codes = Counter(rows.column(field.name + WHY_SUFFIX).to_pylist()) if field.unit.numeric else {}
    code = max(codes, key=codes.__getitem__, default=Why.MISSING)
    if code == Why.UNDEFINED:
        return field.undefined_because
    if code == Why.SHORT:
        return say("the history or the group is too short")
    if code == Why.STALE:
        return say("what there is, is stale")
    return say("its tables do not hold what it needs")


def _is_empty(known: AsOf, name: str, cards: Sequence[Report]) -> bool:
    if name == _CARDS:
        return not cards
    if name == TableName.LISTINGS:
        return not known.listings_alive().num_rows
    return known.store.last_session(TableName(name), on_or_before=known.day) is None
