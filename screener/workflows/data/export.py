"""What the lake holds: a page of its tables, and their rows as files."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

from screener.data.lake.schema import SIMULATED, TableName
from screener.data.lake.store import Store
from screener.errors import InputError
from screener.files.failures import storage_error
from screener.files.whole import put_whole
from screener.files.writing import FileFormat, check_targets, write_table
from screener.language import say
from screener.progress import counted
from screener.workspace.locate import Workspace

__all__ = ["export_tables"]


def export_tables(
    workspace: Workspace,
    folder: Path,
    *,
    tables: Sequence[TableName],
    file_format: FileFormat,
    listings: Sequence[str] | None = None,
    version: int | None = None,
    force: bool = False,
) -> tuple[Path, ...]:
    """Write tables as files, one each; a table without rows gives no file.

    Every byte of what is read is compared with its hash first. If anything fails, no file is there
    that was not there before.

    Parameters
    ----------
    workspace
        Where the lake is.
    folder
        Folder for the files; made if there is none.
    tables
        Tables to write.
    file_format
        CSV or Parquet.
    listings
        Listing ids to keep in tables that have a listing; all when `None`.
    version
        Data version to read; the newest when `None`.
    force
        Whether files that are no results may be replaced.

    Returns
    -------
    tuple
        The files written.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(
            say("{path} is a file, not a folder", path=folder),
            fix=say("name a folder for the files"),
        )
    written = []
    with (
        Store.open(workspace.lake, version=version, every_byte=True) as store,
        _drafts(folder) as drafts,
    ):
        mark = f"_{SIMULATED}" if store.simulated() else ""
        for table in counted(tables):
            parts = store.parts(table, listings=listings)
            first = next(parts, None)
            if first is not None:
                name = f"{table}{mark}.{file_format}"
                check_targets(str(folder / name), force=force)
                write_table(drafts / name, chain([first], parts), file_format=file_format)
                written.append(name)
        return tuple(_put(drafts / name, folder / name) for name in written)


@contextmanager
def _drafts(folder: Path) -> Iterator[Path]:
    """Give a folder beside the files to come; it goes, and so does theirs if it stays empty."""
    try:
        new = not folder.exists()
        folder.mkdir(parents=True, exist_ok=True)
        drafts = Path(tempfile.mkdtemp(dir=folder, prefix=".export-"))
    except OSError as error:
        raise storage_error(error, folder) from error
    try:
        yield drafts
    finally:
        shutil.rmtree(drafts, ignore_errors=True)
        if new and not any(folder.iterdir()):
            folder.rmdir()


def _put(draft: Path, target: Path) -> Path:
    try:
        put_whole(target, draft.replace)
    except OSError as error:
        raise storage_error(error, target) from error
    return target
