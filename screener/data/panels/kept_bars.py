"""All bars of a lake as matrices in one file beside it, mapped into memory by whoever reads them.

Reading the bars of a whole market out of its tables, sorting and placing them takes seconds, and
each worker and each command would do so again. The file holds sessions by listings, one matrix
after the other. It is named by the digest of the bars that it was made from, and its index bears
the hash of each matrix: one of other bars, or damaged, is not used. It is put in place whole, so
that two processes may make it at once; those of earlier bars are removed.
"""

from __future__ import annotations

import hashlib
import json
import mmap
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import IO
from weakref import WeakKeyDictionary

import numpy as np
import pyarrow.compute as pc

from screener.data.lake.rows import days_of
from screener.data.lake.schema import Basis, TableName
from screener.data.lake.store import Store
from screener.data.panels.grid import Grid
from screener.domain.arrays import FlagArray, FloatMatrix, SessionAxis
from screener.files.derived import FOLDER, keep, kept
from screener.files.whole import put_whole

__all__ = ["FIELDS", "LEAST_ROWS", "KeptBars", "kept_bars"]

FIELDS = ("open", "close", "volume", "amount")
"""Columns of bars that are kept."""
LEAST_ROWS = 500_000
"""Fewer bars are read from the tables as fast."""
_FIRST_YEAR = 1990  # of any exchange here
_EARLIER = 1  # copies of other bars that stay, for whoever reads an earlier version by turns
_ITEM = 8  # bytes of a number
_OPENED: WeakKeyDictionary[Store, dict[str, KeptBars | None]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KeptBars:
    """The bars of a lake, mapped into memory.

    Parameters
    ----------
    days
        `(n_days,)` every day with a bar, ascending.
    ids
        Every listing with a bar, ascending.
    adjusted
        `(n_listings,)` whether its prices are adjusted.
    """

    days: SessionAxis
    ids: tuple[str, ...]
    adjusted: FlagArray
    _bytes: mmap.mmap
    _hashes: dict[str, str]
    _checked: set[str] = field(default_factory=set)

    def matrix(self, name: str) -> FloatMatrix:
        """Return `(n_days, n_listings)` one of `FIELDS`, read-only; NaN without a bar or a value.

        Raises
        ------
        OSError
            If the file is not what was written.
        """
        found = _matrix(self._bytes, name, (len(self.days), len(self.ids)))
        if name not in self._checked:
            if _hash(found) != self._hashes[name]:
                raise OSError(f"the kept bars are damaged: {name}")
            self._checked.add(name)
            self.release()
        return found

    def release(self) -> None:
        """Let go of the memory of what was read; it is mapped again when it is looked at."""
        if hasattr(mmap, "MADV_DONTNEED"):
            self._bytes.madvise(mmap.MADV_DONTNEED)


def kept_bars(store: Store) -> KeptBars | None:
    """Return the kept copy of the bars that a store reads; it is made if it is not there.

    Returns
    -------
    KeptBars or None
        `None` where there are few bars, an older program made the lake, or nothing can be kept.
    """
    content = store.told_content([TableName.BARS])
    rows = 0 if content is None else content.sums.get(TableName.BARS, (0, 0, 0))[0]
    if content is None or rows < LEAST_ROWS:
        return None
    folder, name = store.root / FOLDER, f"bars-{content.digest[:32]}"
    origin = f"bars {content.digest}: {', '.join(FIELDS)}"
    opened = _OPENED.setdefault(store, {})
    with suppress(OSError, ValueError, KeyError, TypeError):
        if name not in opened:
            found = _opened(store.root, name, origin)
            if found is None:
                folder.mkdir(exist_ok=True)
                _make(store, name, origin)
                _remove_others(folder, name)
                found = _opened(store.root, name, origin)
            opened[name] = found
    return opened.get(name)


def _opened(root: Path, name: str, origin: str) -> KeptBars | None:
    index = kept(root, f"{name}.json", origin)
    if index is None:
        return None
    told = json.loads(index)
    path = root / FOLDER / f"{name}.f64"
    days = np.array(told["days"], dtype=np.int64).astype("datetime64[D]")
    if path.stat().st_size != len(FIELDS) * len(days) * len(told["ids"]) * _ITEM:
        return None
    return KeptBars(
        days=days,
        ids=tuple(told["ids"]),
        adjusted=np.array(told["adjusted"], dtype=bool),
        _bytes=_mapped(path),
        _hashes=told["sha256"],
    )


def _make(store: Store, name: str, origin: str) -> None:
    """Write the matrices, then the index that says what they are."""
    days, adjusted = _axes(store)
    ids = sorted(adjusted)
    path = store.root / FOLDER / f"{name}.f64"
    put_whole(path, lambda draft: _fill(store, draft, days, ids))
    shape = len(days), len(ids)
    written = _mapped(path)
    hashes = {item: _hash(_matrix(written, item, shape)) for item in FIELDS}
    told = {
        "days": days.astype(np.int64).tolist(),
        "ids": ids,
        "adjusted": [adjusted[item] for item in ids],
        "sha256": hashes,
    }
    keep(store.root, f"{name}.json", origin, json.dumps(told).encode())


def _axes(store: Store) -> tuple[SessionAxis, dict[str, bool]]:
    """Return every day with a bar, and every listing with whether its prices are adjusted."""
    days: list[SessionAxis] = []
    adjusted: dict[str, bool] = {}
    for start, end in _years(store):
        rows = store.read(
            TableName.BARS,
            start=start,
            end=end,
            columns=("listing", "session", "basis"),
            ordered=False,
        )
        days.append(np.unique(days_of(rows, "session")))
        names = rows.column("listing")
        mine = rows.filter(pc.equal(rows.column("basis"), str(Basis.ADJUSTED))).column("listing")
        adjusted |= {item: adjusted.get(item, False) for item in pc.unique(names).to_pylist()}
        adjusted |= dict.fromkeys(pc.unique(mine).to_pylist(), True)
    return np.concatenate(days), adjusted


def _fill(store: Store, draft: Path, days: SessionAxis, ids: Sequence[str]) -> None:
    """Write the matrices, the sessions of one year at a time."""
    width = len(ids) * _ITEM
    with draft.open("r+b") as file:
        for start, end in _years(store):
            first, last = np.searchsorted(days, [np.datetime64(start), np.datetime64(end)])
            last += int(last < len(days) and days[last] == np.datetime64(end))
            if first < last:
                _write_year(store, file, Grid(days[first:last], ids), int(first), width, len(days))


def _write_year(
    store: Store, file: IO[bytes], grid: Grid, first: int, width: int, n_days: int
) -> None:
    rows = store.read(
        TableName.BARS,
        start=grid.axis[0].item(),
        end=grid.axis[-1].item(),
        columns=("listing", "session", *FIELDS),
        ordered=False,
    )
    cells = grid.cells(rows)
    for at, name in enumerate(FIELDS):
        file.seek((at * n_days + first) * width)
        cells.matrix(name).tofile(file)


def _mapped(path: Path) -> mmap.mmap:
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def _matrix(held: mmap.mmap, name: str, shape: tuple[int, int]) -> FloatMatrix:
    count = shape[0] * shape[1]
    at = FIELDS.index(name) * count * _ITEM
    return np.frombuffer(held, np.float64, count, at).reshape(shape)


def _hash(matrix: FloatMatrix) -> str:
    return hashlib.sha256(matrix.data).hexdigest()


def _years(store: Store) -> list[tuple[date, date]]:
    last = store.last_session(TableName.BARS)
    years = range(_FIRST_YEAR, last.year + 1) if last is not None else range(0)
    return [(date(year, 1, 1), date(year, 12, 31)) for year in years]


def _remove_others(folder: Path, name: str) -> None:
    """Remove the copies of other bars but the newest; whoever has one mapped keeps it."""
    others = [path for path in folder.glob("bars-*.f64") if path.stem != name]
    others.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for path in others[_EARLIER:]:
        path.with_suffix(".json").unlink(missing_ok=True)
        path.unlink(missing_ok=True)
