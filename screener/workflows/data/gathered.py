"""What the pieces of a large import come to: one batch, its bars on disk by year."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import pyarrow as pa

from screener.data.lake.batch import Batch, Reject, Span
from screener.data.lake.rows import days_of, empty_rows
from screener.data.lake.schema import TableName
from screener.data.sources.files.remarks import Remark, lines_alike
from screener.files.spilled import Spilled

__all__ = ["Gathered"]


class Gathered:
    """Batches that together are one; a context manager, and the spans of that batch.

    Parameters
    ----------
    folder
        On the disk that bars are set down on until they are committed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._begin()

    def _begin(self) -> None:
        self._bars: Spilled[int] = Spilled(self._folder)
        self._tables: dict[TableName, list[pa.Table]] = {}
        self._removes: dict[TableName, frozenset[tuple[object, ...]]] = {}
        self._replaces: frozenset[str] = frozenset()
        self._remarks: list[Remark] = []
        self.rejects: list[Reject] = []
        self.n_bars = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.__exit__(kind, error, trace)

    def clear(self) -> None:
        """Forget what was gathered: it is gathered again."""
        self.__exit__(None, None, None)
        self._begin()

    def add(self, batch: Batch, remarks: Sequence[Remark]) -> None:
        """Add a batch of other listings than those before, and what was said of its files."""
        for name, rows in batch.tables.items():
            if name is TableName.BARS:
                self._set_down(rows)
            elif rows.num_rows:
                self._tables.setdefault(name, []).append(rows)
        for name, keys in batch.removes.items():
            self._removes[name] = self._removes.get(name, frozenset()) | keys
        self._replaces |= batch.replaces
        self.rejects += batch.rejects
        self._remarks += [*remarks, *(Remark(text=text) for text in batch.remarks)]

    def batch(self) -> Batch:
        """Return all of it."""
        order = {name: at for at, name in enumerate(TableName)}
        tables: Mapping[TableName, pa.Table] = {
            name: pa.concat_tables([rows.cast(parts[0].schema) for rows in parts])
            for name, parts in sorted(self._tables.items(), key=lambda item: order[item[0]])
        }
        return Batch(
            tables=tables,
            rejects=tuple(sorted(self.rejects, key=lambda item: (item.file, item.line))),
            remarks=lines_alike(self._remarks),
            replaces=self._replaces,
            removes=self._removes,
            spans=self,
        )

    def __iter__(self) -> Iterator[Span]:
        """Give the bars year by year; the first and the last span reach as far as days do."""
        years = sorted(self._bars.keys())
        for at, year in enumerate(years):
            yield Span(
                first=date(year, 1, 1) if at else date.min,
                last=date(years[at + 1] - 1, 12, 31) if at + 1 < len(years) else date.max,
                rows=self._bars.take(year),
            )
        if not years:
            yield Span(date.min, date.max, empty_rows(TableName.BARS))

    def _set_down(self, bars: pa.Table) -> None:
        self.n_bars += bars.num_rows
        years = days_of(bars, "session").astype("datetime64[Y]").astype(np.int64) + 1970
        self._bars.spread(bars, years, int)
