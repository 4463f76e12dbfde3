"""Importing a folder: thousands of files, committed piece by piece, none stopping the others.

What was committed stays, whatever ends the import. The pieces of a folder are the same each time,
so that importing it again finds them there, and goes on with the others.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from screener.data.lake.batch import Reject
from screener.data.lake.merge import TableChange
from screener.data.lake.schema import TableName
from screener.data.sources.files import FileSource, ImportRequest
from screener.data.sources.files.folders import folder_plan
from screener.data.sources.files.remarks import Remark, lines_alike
from screener.data.sources.files.request import FileQuery
from screener.errors import DataError
from screener.language import say
from screener.language.lists import clauses, listed
from screener.progress import counting
from screener.workflows.data.importing import ImportOutcome, import_batch, known_listings
from screener.workspace.locate import Workspace

__all__ = ["import_folder"]


def import_folder(
    workspace: Workspace, request: ImportRequest, *, dry_run: bool = False
) -> ImportOutcome:
    """Import the files of folders, one a listing or one a day.

    Parameters
    ----------
    workspace
        Whose lake.
    request
        Its paths are folders, or files beside them.
    dry_run
        Whether to tell only what would change; pieces do not see each other then.

    Raises
    ------
    InputError
        If the folder holds no file that is read.
    DataError
        If no row of any file fits.
    StorageError
        If the lake cannot be written; the pieces before stay.
    """
    plan = folder_plan(request, apart=workspace.data_cache)
    source = FileSource(master=lambda: known_listings(workspace))
    gathered = _Gathered(remarks=list(plan.left))
    with counting(len(plan.query.labels)) as tick:
        for piece in plan.pieces():
            batch, remarks = source.read_separately(piece)
            gathered.remarks += remarks
            if batch.tables or batch.rejects:
                gathered.add(
                    import_batch(
                        workspace,
                        batch,
                        _message(piece),
                        request.fetched_at,
                        dry_run=dry_run,
                        continues=request.continues,
                        tolerant=True,
                    )
                )
            tick(len(piece.labels))
    return gathered.outcome(request, dry_run=dry_run)


def _message(piece: FileQuery) -> str:
    first, last = piece.labels[0], piece.labels[-1]
    return f"import {piece.request.kind}: {first} to {last}, {len(piece.labels)} files"


@dataclass(slots=True, kw_only=True)
class _Gathered:
    """What the pieces did."""

    remarks: list[Remark]
    changes: dict[TableName, TableChange] = field(default_factory=dict)
    rejects: list[Reject] = field(default_factory=list)
    version: int | None = None

    def add(self, done: ImportOutcome) -> None:
        """Add what one piece did."""
        self.version = done.version
        self.rejects += done.rejects
        self.remarks += [Remark(text=text) for text in done.remarks]
        for change in done.changes:
            before = self.changes.get(change.table)
            self.changes[change.table] = change if before is None else before.plus(change)

    def outcome(self, request: ImportRequest, *, dry_run: bool) -> ImportOutcome:
        """Return what all pieces did together.

        Raises
        ------
        DataError
            If no row of any file fits.
        """
        remarks = lines_alike(self.remarks)
        done = ImportOutcome(
            version=self.version,
            changes=tuple(self.changes.values()),
            rejects=tuple(self.rejects),
            remarks=remarks,
            dry_run=dry_run,
        )
        if not any(item.table is not TableName.QUARANTINE for item in done.changes):
            reasons = [
                say("{what} ({detail})", what=reason, detail=count)
                for reason, count, _ in done.reasons
            ]
            shown = clauses([*reasons, *remarks][:3])
            raise DataError(
                say("no row of any file fits: {reasons}", reasons=shown),
                where=listed(request.paths),
                fix=say("check --kind and the files; one of them alone says more"),
            )
        return done
