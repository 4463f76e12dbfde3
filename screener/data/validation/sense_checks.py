"""The last look at rows before they are stored: what no market has seen, and leaps of fixings."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from screener.data.lake.batch import Reject
from screener.data.lake.rows import days_of
from screener.data.lake.schema import TABLES, TableName, Type
from screener.data.validation.row_checks import Rejections
from screener.data.validation.sense import fixing_jumps, fixing_leap, numbers_beyond
from screener.domain.arrays import FlagArray

__all__ = ["without_leaps", "without_nonsense"]

_DAYS = ("session", "ex_session", "published", "known_at")


def without_nonsense(
    tables: Mapping[TableName, pa.Table],
) -> tuple[dict[TableName, pa.Table], tuple[Reject, ...]]:
    """Return tables without the rows that hold a number beyond `sense.NUMBERS`, and those rows."""
    kept, rejects = dict(tables), list[Reject]()
    for name, rows in tables.items():
        verdict = Rejections.clean(rows.num_rows)
        for column in TABLES[name].columns:
            if column.type is Type.NUMBER and column.name in rows.column_names:
                values = rows.column(column.name).cast(pa.float64()).to_numpy()
                verdict = verdict.also(numbers_beyond(column.name, values))
        if not verdict.passed.all():
            kept[name] = rows.filter(pa.array(verdict.passed))
            rejects += _notes(name, rows, ~verdict.passed, verdict)
    return kept, tuple(rejects)


def without_leaps(fresh: pa.Table, stored: pa.Table) -> tuple[pa.Table, tuple[Reject, ...]]:
    """Return fixings without those that leave the ones beside them, stored ones counted in.

    Parameters
    ----------
    fresh, stored
        Rows of table `fx`; a fresh one takes the place of the stored one of its day.
    """
    verdict = Rejections.clean(fresh.num_rows)
    leaps = np.zeros(fresh.num_rows, dtype=np.bool_)
    pairs = fresh.column("pair").to_numpy()
    for pair in dict.fromkeys(pairs.tolist()):
        mine = np.flatnonzero(pairs == pair)
        own = stored.filter(pc.equal(stored.column("pair"), pair))
        days = days_of(fresh, "session")[mine]
        known = days_of(own, "session")
        old = ~np.isin(known, days)
        rates = fresh.column("rate").to_numpy()[mine]
        every = np.concatenate([rates, own.column("rate").to_numpy()[old]])
        found = fixing_jumps(
            every, np.concatenate([days, known[old]]), np.ones(len(every), dtype=np.bool_)
        )
        leaps[mine] = found[: len(mine)]
    if not leaps.any():
        return fresh, ()
    return fresh.filter(pa.array(~leaps)), tuple(_notes(TableName.FX, fresh, leaps, verdict))


def _notes(name: TableName, rows: pa.Table, bad: FlagArray, verdict: Rejections) -> list[Reject]:
    notes = []
    places = np.flatnonzero(bad)
    for place, row in zip(places.tolist(), rows.take(pa.array(places)).to_pylist(), strict=True):
        day = next((row[column] for column in _DAYS if row.get(column)), None)
        subject = row.get("listing") or row.get("pair") or name
        notes.append(
            Reject(
                table=name,
                file=f"{row.get('source') or 'unnamed source'} {subject}",
                line=int(day.strftime("%Y%m%d")) if day else 0,
                reason=verdict.reason(place) or fixing_leap(),
                row=json.dumps(row, ensure_ascii=False, default=str),
                listing=row.get("listing"),
                session=day,
            )
        )
    return notes
