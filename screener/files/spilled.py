"""Rows set down on disk by key, and taken up again: what does not fit in memory all at once.

The file has no name, so that nothing of it stays, however the process ends.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Hashable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Generic, Self, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

__all__ = ["Spilled"]

IntArray = npt.NDArray[np.int64]
KeyT = TypeVar("KeyT", bound=Hashable)

_PACKED = pa.ipc.IpcWriteOptions(compression="lz4")


class Spilled(Generic[KeyT]):
    """Tables on disk; a context manager.

    Parameters
    ----------
    folder
        On the disk to use; that for temporary files where it cannot be written.

    Raises
    ------
    OSError
        If the disk cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        place = folder if os.access(folder, os.W_OK) else None
        self._file = tempfile.TemporaryFile(dir=place)  # noqa: SIM115 - closed by `__exit__`
        self._places: dict[KeyT, list[tuple[int, int]]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(OSError):
            self._file.close()

    def __contains__(self, key: KeyT) -> bool:
        return key in self._places

    def keys(self) -> list[KeyT]:
        """Return the keys that have rows, in the order in which they came."""
        return list(self._places)

    def put(self, key: KeyT, rows: pa.Table) -> None:
        """Set down rows behind those that the key has, of the same columns."""
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, rows.schema, options=_PACKED) as stream:
            stream.write_table(rows)
        packed = sink.getvalue()
        start = self._file.seek(0, os.SEEK_END)
        self._file.write(packed)
        self._places.setdefault(key, []).append((start, packed.size))

    def spread(self, rows: pa.Table, groups: IntArray, key: Callable[[int], KeyT]) -> None:
        """Set down each row behind those of its group.

        Parameters
        ----------
        rows
            The rows.
        groups
            `(n_rows,)` number of each row's group.
        key
            Gives the key of a group.
        """
        order = np.argsort(groups, kind="stable")
        rows, groups = rows.take(pa.array(order)), groups[order]
        held, starts = np.unique(groups, return_index=True)
        ends = [*starts[1:].tolist(), len(order)]
        for group, low, high in zip(held.tolist(), starts.tolist(), ends, strict=True):
            self.put(key(group), rows.slice(low, high - low))

    def take(self, key: KeyT) -> pa.Table:
        """Return the rows of a key, in the order in which they came; they stay there."""
        parts = []
        for start, size in self._places[key]:
            self._file.seek(start)
            with pa.ipc.open_stream(pa.py_buffer(self._file.read(size))) as stream:
                parts.append(stream.read_all())
        return pa.concat_tables(parts)
