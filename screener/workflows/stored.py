"""What the lake holds: a page of its tables, and their rows as files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from screener.data.schema import SIMULATED, TABLES, TableName
from screener.data.store import Store
from screener.errors import InputError
from screener.render.files import FileFormat, write_table
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
) -> tuple[Path, ...]:
    """Write tables as files, one each; a table without rows gives no file.

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

    Returns
    -------
    tuple
        The files written.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file, not a folder", fix="name a folder for the files")
    written = []
    with Store.open(workspace.data_cache, version=version) as store:
        mark = f"_{SIMULATED}" if store.simulated() else ""
        for table in tables:
            by_listing = "listing" in TABLES[table].column_names
            rows = store.read(table, listings=listings if by_listing else None)
            if rows.num_rows:
                target = folder / f"{table}{mark}.{file_format}"
                write_table(target, rows, file_format=file_format)
                written.append(target)
    return tuple(written)
