"""A folder of files that grow by pieces, put in place whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from screener.errors import InputError
from screener.files.failures import storage_error
from screener.language import say

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["GrowingFolder", "growing_folder"]

_HELD = 16_000_000
"""Bytes of rows that make a row group: each costs memory until its file is closed."""


class GrowingFolder:
    """Tables as Parquet and lines as text, each in a file that pieces are added to.

    Attributes
    ----------
    rows
        Rows, or lines, so far by name.
    """

    def __init__(self, folder: Path, files: ExitStack) -> None:
        self._folder, self._files = folder, files
        self._tables: dict[str, _Growing] = {}
        self._texts: dict[str, TextIO] = {}
        self._told: defaultdict[str, set[bytes]] = defaultdict(set)
        self.rows: dict[str, int] = {}

    def add(self, name: str, rows: pa.Table) -> None:
        """Add rows to `NAME.parquet`, all of the types of the first ones."""
        if name not in self._tables:
            growing = _Growing(self._folder / f"{name}.parquet", rows.schema)
            self._tables[name] = self._files.enter_context(growing)
        self._tables[name].add(rows)
        self.rows[name] = self.rows.get(name, 0) + rows.num_rows

    def tell(self, name: str, lines: Iterable[str]) -> None:
        """Add lines to `NAME.txt`, each the first time that it is told."""
        if name not in self._texts:
            file = (self._folder / f"{name}.txt").open("w", encoding="utf-8")
            self._texts[name] = self._files.enter_context(file)
        for line in lines:
            digest = blake2b(line.encode(), digest_size=16).digest()  # lines may be very many
            if digest not in self._told[name]:
                self._told[name].add(digest)
                self._texts[name].write(f"{line}\n")
        self.rows[name] = len(self._told[name])


class _Growing:
    """A file of Parquet whose row groups are of some size, however small the pieces are."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        from pyarrow.parquet import ParquetWriter

        self._schema = schema
        self._writer: ParquetWriter = ParquetWriter(path, schema)
        self._held: list[pa.Table] = []
        self._bytes = 0

    def __enter__(self) -> _Growing:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._write()
        self._writer.close()

    def add(self, rows: pa.Table) -> None:
        """Add rows, which must be of the file's types."""
        if rows.schema != self._schema:
            raise ValueError(f"rows of {rows.schema} do not belong into a file of {self._schema}")
        self._held.append(rows)
        self._bytes += rows.nbytes
        if self._bytes >= _HELD:
            self._write()

    def _write(self) -> None:
        import pyarrow as pa

        if self._held:
            self._writer.write_table(pa.concat_tables(self._held).combine_chunks())
        self._held, self._bytes = [], 0


@contextmanager
def growing_folder(folder: Path) -> Iterator[GrowingFolder]:
    """Give files to add to, which are in a folder once all went well, and nowhere otherwise.

    Parameters
    ----------
    folder
        Where they will be: not there yet, or empty.

    Raises
    ------
    InputError
        If something is there.
    StorageError
        If it cannot be written.
    """
    try:
        if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
            raise InputError(
                say("{folder} holds something already", folder=str(folder)),
                fix=say("name a new folder, or an empty one"),
            )
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name[:40]}-"))
        try:
            with ExitStack() as files:
                yield GrowingFolder(draft, files)
            draft.chmod(0o755)
            if folder.exists():
                folder.rmdir()
            draft.rename(folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    except OSError as error:
        raise storage_error(error, folder) from error
