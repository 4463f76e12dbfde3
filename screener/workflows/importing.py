"""Import workflow: the user's files through the file source into the lake, all or nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.compute as pc

from screener.data.lake import CATALOG
from screener.data.merge import TableChange, quarantine_rows
from screener.data.schema import Basis, TableName
from screener.data.sources.base import Batch, Reject
from screener.data.sources.files import FileSource, ImportRequest
from screener.data.store import Store
from screener.errors import DataError
from screener.render.store import ChangeLine
from screener.workflows.adjusting import with_factors
from screener.workspace.locate import Workspace

__all__ = [
    "ImportOutcome",
    "change_lines",
    "import_batch",
    "import_files",
    "outcome_text",
]


_BAR_KEY = ("listing", "session")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOutcome:
    """What an import did, or would do.

    Parameters
    ----------
    version
        Data version that holds the rows; the newest one when nothing changed.
    changes
        Rows added, changed, removed and unchanged by table.
    rejects
        Rows left out.
    remarks
        What was assumed or ignored.
    dry_run
        Whether nothing was written.
    """

    version: int | None
    changes: tuple[TableChange, ...]
    rejects: tuple[Reject, ...]
    remarks: tuple[str, ...]
    dry_run: bool

    @property
    def reasons(self) -> tuple[tuple[str, int, str], ...]:
        """Reasons of the rejects, how many, and where the first is; most frequent first."""
        counted = Counter(reject.reason for reject in self.rejects)
        first: dict[str, Reject] = {}
        for reject in self.rejects:
            first.setdefault(reject.reason, reject)
        return tuple(
            (reason, count, _place(first[reason]))
            for reason, count in sorted(counted.items(), key=lambda item: (-item[1], item[0]))
        )


def _place(reject: Reject) -> str:
    what = " ".join(str(item) for item in (reject.listing, reject.session) if item)
    return f"{reject.file} line {reject.line}" + (f", {what}" if what else "")


def import_files(
    workspace: Workspace, request: ImportRequest, *, dry_run: bool = False
) -> ImportOutcome:
    """Import files in one transaction; rejected rows land in table `quarantine`.

    Raises
    ------
    InputError, DataError
        If a file cannot be read, or no row of it fits.
    StorageError
        If the lake cannot be written; nothing is changed then.
    """
    source = FileSource(master=lambda: _known_listings(workspace))
    query = source.build_query(request)
    batch = source.normalise(query, source.fetch(query))
    names = ", ".join(path.name for path in request.paths)
    return import_batch(
        workspace, batch, f"import {request.kind}: {names}", request.fetched_at, dry_run=dry_run
    )


def _known_listings(workspace: Workspace) -> frozenset[str]:
    """Return the ids of table `listings`; none where there are no tables yet."""
    if not (workspace.data_cache / CATALOG).is_file():
        return frozenset()
    with Store.open(workspace.data_cache) as store:
        return frozenset(store.read(TableName.LISTINGS).column("listing").to_pylist())


def import_batch(
    workspace: Workspace,
    batch: Batch,
    message: str,
    fetched_at: datetime,
    *,
    dry_run: bool = False,
) -> ImportOutcome:
    """Merge a batch of any source into the lake, its rejects into table `quarantine`."""
    complete = batch
    if batch.rejects:
        rows = quarantine_rows(batch.rejects, fetched_at)
        complete = replace(batch, tables={**batch.tables, TableName.QUARANTINE: rows})
    remarks: list[str] = []

    def completed(store: Store, given: Batch) -> Batch:
        _refuse_loss(store, given)
        found = with_factors(store, given)
        remarks.extend(found.remarks)
        return found

    with _opened(workspace, dry_run=dry_run) as store:
        if dry_run:
            done = store.dry_run(completed(store, complete))
        else:
            done = store.commit(complete, message=message, complete=completed)
    return ImportOutcome(
        version=done.version,
        changes=done.changes,
        rejects=batch.rejects,
        remarks=(*remarks, *_replacement(done.changes)),
        dry_run=dry_run,
    )


def _refuse_loss(store: Store, batch: Batch) -> None:
    """Refuse a new history that would drop a stored bar because its own row was rejected."""
    lost = [item for item in batch.rejects if item.table is TableName.BARS and item.listing]
    incoming = batch.tables.get(TableName.BARS)
    if not lost or incoming is None or not incoming.num_rows:
        return
    stored = store.read(TableName.BARS, listings=sorted({str(item.listing) for item in lost}))
    basis = incoming.column("basis")[0].as_py()
    if basis == Basis.RAW:  # raw over raw merges, and loses nothing
        stored = stored.filter(pc.equal(stored.column("basis"), str(Basis.ADJUSTED)))
    keys = set(zip(*(stored.column(name).to_pylist() for name in _BAR_KEY), strict=True))
    found = [item for item in lost if (item.listing, item.session) in keys]
    if found:
        first = found[0]
        raise DataError(
            f"{len(found)} stored bars would be lost: the new history has a bad row for them "
            f"(first {first.listing} on {first.session}: {first.reason})",
            where=f"{first.file}, line {first.line}",
            fix="mend the file and import it again; nothing was changed",
        )


def _replacement(changes: Sequence[TableChange]) -> tuple[str, ...]:
    removed = sum(item.removed for item in changes)
    if not removed:
        return ()
    return (
        f"{removed:,} older bars removed: prices on another basis or anchor replace a listing's "
        "whole history, so import all of it at once",
    )


def change_lines(outcome: ImportOutcome) -> list[ChangeLine]:
    """Return an outcome's changes as lines for the terminal."""
    return [
        ChangeLine(
            table=item.table,
            added=item.added,
            changed=item.changed,
            removed=item.removed,
            unchanged=item.unchanged,
        )
        for item in outcome.changes
    ]


def outcome_text(outcome: ImportOutcome) -> str:
    """Return an outcome as one line."""
    if outcome.dry_run:
        return "Dry run: nothing was changed."
    if not any(item.added or item.changed or item.removed for item in outcome.changes):
        return f"All of it was there already; data version {outcome.version}."
    return f"Stored as data version {outcome.version}."


@contextmanager
def _opened(workspace: Workspace, *, dry_run: bool) -> Iterator[Store]:
    """Open the lake to write; for a dry run to read, or an empty one elsewhere if there is none."""
    if not dry_run:
        with Store.create(workspace.data_cache) as store:
            yield store
    elif (workspace.data_cache / CATALOG).is_file():
        with Store.open(workspace.data_cache) as store:
            yield store
    else:
        with TemporaryDirectory() as folder, Store.create(Path(folder)) as store:
            yield store
