"""Commands on data versions: what differs between two, back to an old one, less on disk."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Annotated

import typer

from screener.cli.common import (
    CsvOption,
    ExcelOption,
    ForceOption,
    HeadersOption,
    WorkspaceOption,
    console,
    working,
    workspace_of,
)
from screener.errors import InputError
from screener.files.program import program_version
from screener.language import say
from screener.language.lists import listed

__all__ = ["compact", "diff", "move", "restore"]

_KEEP_DAYS = 90


def diff(
    old: Annotated[int, typer.Argument(metavar="A", help="Data version to compare from.")],
    new: Annotated[int, typer.Argument(metavar="B", help="Data version to compare to.")],
    table: Annotated[
        list[str] | None,
        typer.Option("--table", metavar="T", help="Table; repeat for several (default: all)."),
    ] = None,
    top: Annotated[
        int, typer.Option("--top", metavar="N", help="Values to show of each table and of runs.")
    ] = 10,
    csv: CsvOption = None,
    runs_csv: Annotated[
        str | None,
        typer.Option(
            "--runs-csv",
            metavar="FILE",
            help="Write what changes in the stored runs as CSV; - is standard output.",
        ),
    ] = None,
    excel: ExcelOption = False,
    headers: HeadersOption = None,
    force: ForceOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Show which rows were added, changed or removed, and which stored runs change because of it.

    Example: screener data diff 3 5 --table bars --csv changes.csv
    """
    from screener.data.lake.schema import TableName
    from screener.files.writing import check_targets
    from screener.render.data.versions import diff_page
    from screener.results.data import DIFF, RUN_DIFF
    from screener.results.files import write_rows
    from screener.workflows.data.diff import diff_versions, run_diff_rows

    if top < 0:
        raise InputError(say("--top {n} is below 0", n=top))
    check_targets(csv, runs_csv, force=force)
    known = {str(name): name for name in TableName}
    for name in table or ():
        if name not in known:
            choice = f"--table {name!r}"
            raise InputError(
                say("{choice} is not one of {known}", choice=choice, known=listed(known))
            )
    place = workspace_of(workspace)
    with ExitStack() as stack:
        with working(say("comparing")):
            found = stack.enter_context(
                diff_versions(
                    place,
                    old,
                    new,
                    program_version=program_version(),
                    tables=[known[name] for name in table or ()],
                )
            )
        if csv is not None:
            write_rows(csv, DIFF, found.rows(), excel=excel, headers=headers)
        if runs_csv is not None:
            write_rows(runs_csv, RUN_DIFF, run_diff_rows(found), excel=excel, headers=headers)
        if "-" not in (csv, runs_csv):
            console().print(diff_page(found, top=top))


def restore(
    version: Annotated[int, typer.Argument(metavar="N", help="Data version to go back to.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")
    ] = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Make an old data version current again: a new version with its rows in every table.

    Example: screener data restore 3
    """
    from screener.render.data.store import restore_page
    from screener.workflows.data.restore import restore_data

    with working(say("restoring")):
        done = restore_data(workspace_of(workspace), version, dry_run=dry_run)
    console().print(restore_page(done, version, dry_run=dry_run))


def compact(
    keep_days: Annotated[
        int,
        typer.Option(
            "--keep-days",
            metavar="N",
            help="Days for which a data version is kept after it was replaced; "
            "versions that stored runs name are always kept.",
        ),
    ] = _KEEP_DAYS,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and change nothing.")
    ] = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Merge small files, drop data versions that are old, remove files that nobody needs.

    No row of a version that is kept changes.

    Example: screener data compact --keep-days 30 --dry-run
    """
    from screener.render.data.versions import compaction_page
    from screener.workflows.data.compact import compact_data

    now = datetime.now(UTC)
    with working(say("compacting")):
        done = compact_data(workspace_of(workspace), now=now, keep_days=keep_days, dry_run=dry_run)
    console().print(compaction_page(done))


def move(
    to: Annotated[
        str,
        typer.Argument(
            metavar="TO",
            help="shared: to the lake for many that `[lake]` of screener.toml names; local: from "
            "it into the folder of the workspace.",
        ),
    ],
    workspace: WorkspaceOption = None,
) -> None:
    """Copy the whole lake, all versions, to where many use it, or back; the old one stays.

    Example: screener data move shared
    """
    from screener.render.data.moving import moved_page
    from screener.workflows.data.move import Side, move_data

    known = {str(side): side for side in Side}
    if to not in known:
        raise InputError(
            say("{choice} is not one of {known}", choice=repr(to), known=listed(known))
        )
    place = workspace_of(workspace)
    with working(say("copying")):
        done = move_data(place, known[to])
    console().print(moved_page(done))
