"""Commands that look after what is stored: what there is, what is wrong with it, and repairs."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from screener.cli.common import (
    CsvOption,
    ExcelOption,
    ForceOption,
    HeadersOption,
    VersionOption,
    WorkspaceOption,
    console,
    messages,
    working,
    workspace_of,
)
from screener.cli.terminal.asking import agreed
from screener.errors import DataError, InputError
from screener.language import say, say_count
from screener.language.lists import listed

if TYPE_CHECKING:
    from screener.data.lake.schema import TableName
    from screener.domain.listing import Listing
    from screener.workflows.data.repair import RepairPlan
    from screener.workflows.data.verify import Verified
    from screener.workspace.locate import Workspace

__all__ = ["status", "verify"]

ListingOption = Annotated[
    str | None, typer.Option("--listing", metavar="A,B,…", help="Only these listings.")
]


def status(
    listing: ListingOption = None,
    csv: CsvOption = None,
    excel: ExcelOption = False,
    headers: HeadersOption = None,
    force: ForceOption = False,
    data_version: VersionOption = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Show what every table holds, how fresh it is, and what the baskets lack.

    --csv writes the whole map: every name of every basket, table by table.

    Example: screener data status --csv lacking.csv
    """
    from screener.files.writing import check_targets
    from screener.render.data.coverage import status_page
    from screener.results.data import COVERAGE
    from screener.results.files import write_rows
    from screener.workflows.data.status import coverage_rows, read_status

    check_targets(csv, force=force)
    place = workspace_of(workspace)
    found = read_status(
        place,
        now=datetime.now(UTC),
        version=data_version,
        listings=_listings(place, listing),
    )
    if csv is not None:
        write_rows(csv, COVERAGE, coverage_rows(found), excel=excel, headers=headers)
    if csv != "-":
        console().print(status_page(found))


def verify(
    table: Annotated[
        list[str] | None,
        typer.Option("--table", metavar="T", help="Only this table; repeat for several."),
    ] = None,
    listing: ListingOption = None,
    repair: Annotated[
        bool,
        typer.Option("--repair", help="Propose repairs of missed splits and wrong units."),
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="With --repair: make the repairs without asking.")
    ] = False,
    rebuild_hashes: Annotated[
        bool,
        typer.Option(
            "--rebuild-hashes",
            help="Where the list of hashes is lost: record the files as they are, if the rows are "
            "those of their commit.",
        ),
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="End with exit code 4 if there is any error.")
    ] = False,
    csv: CsvOption = None,
    excel: ExcelOption = False,
    headers: HeadersOption = None,
    force: ForceOption = False,
    data_version: VersionOption = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Look for what cannot be right in the tables, with its likely cause; propose repairs.

    Repairs make a new data version; --data-version reads the rows as they were before.

    Example: screener data verify --repair
    """
    from screener.files.writing import check_targets
    from screener.render.data.doctor import verify_page
    from screener.results.data import FINDINGS
    from screener.results.files import write_rows
    from screener.workflows.data.verify import finding_rows
    from screener.workflows.data.verify import verify as examine

    check_targets(csv, force=force)
    tables = _tables(table)
    _check_repair(tables, repair=repair, yes=yes, data_version=data_version)
    place = workspace_of(workspace)
    if rebuild_hashes:
        _rebuild(place)
    chosen = _listings(place, listing)
    names = None if chosen is None else [item.id for item in chosen]
    with working(say("examining")):
        verified = examine(place, data_version, tables=tables, listings=names)
    if repair and _repaired(place, verified, yes=yes, quiet=csv == "-"):
        with working(say("examining again")):
            verified = examine(place, tables=tables, listings=names)
    if csv is not None:
        write_rows(csv, FINDINGS, finding_rows(verified), excel=excel, headers=headers)
    if csv != "-":
        console().print(verify_page(verified))
    if verified.refusal is not None:
        raise verified.refusal
    if strict and verified.n_errors:
        raise DataError(
            say(
                "{n} errors found in data version {version}",
                n=verified.n_errors,
                version=verified.data_version,
            ),
            where=str(place.lake),
            fix=say(
                "`screener data verify --repair` proposes repairs; or correct the files and import "
                "them again"
            ),
        )


def _rebuild(place: Workspace) -> None:
    """Record the files as they are, and say aloud what that proves."""
    from screener.render.data.doctor import rebuilt_lines
    from screener.workflows.data.verify import rebuild

    with working(say("comparing the rows with their commit")):
        done = rebuild(place)
    for line in rebuilt_lines(done):
        messages().print(line, markup=False, soft_wrap=True)


def _repaired(place: Workspace, verified: Verified, *, yes: bool, quiet: bool) -> bool:
    """Propose repairs, make them if they are agreed to, and tell whether they were made."""
    from screener.render.data.doctor import repairs_page
    from screener.workflows.data.repair import apply_repairs, plan_repairs

    screen = messages() if quiet else console()
    if verified.refusal is not None:
        return False
    with working(say("looking for repairs")):
        plan = plan_repairs(place, verified)
    if not plan.proposal.repairs:
        screen.print(repairs_page(plan, outcome=[]))
        return False
    asked = not yes and _interactive()
    if not (yes or asked):
        told = say("nothing was changed: add --yes to make these repairs")
        screen.print(repairs_page(plan, outcome=[told]))
        return False
    screen.print(repairs_page(plan, outcome=[]))
    if asked and not _agreed(plan):
        screen.print(say("Nothing was changed."))
        return False
    with working(say("repairing")):
        done = apply_repairs(place, plan, now=datetime.now(UTC))
    for remark in done.remarks:
        messages().print(remark, markup=False)
    told = say(
        "Stored as data version {version}; --data-version {before} reads the rows as they were.",
        version=done.version,
        before=plan.data_version,
    )
    screen.print(f"{told}\n")
    return True


def _interactive() -> bool:
    return sys.stdin.isatty()


def _agreed(plan: RepairPlan) -> bool:
    return agreed(
        say_count(
            "Make this repair as a new data version?",
            "Make these {n} repairs as a new data version?",
            len(plan.proposal.repairs),
        )
    )


def _check_repair(
    tables: list[TableName] | None, *, repair: bool, yes: bool, data_version: int | None
) -> None:
    if yes and not repair:
        raise InputError(
            say("--yes answers a question of --repair"), fix=say("add --repair, or drop --yes")
        )
    if repair and data_version is not None:
        raise InputError(
            say("--repair repairs the newest data version"),
            fix=say("drop --data-version, or --repair"),
        )
    if repair and tables is not None and "bars" not in tables:
        raise InputError(
            say("--repair repairs bars alone"), fix=say("write --table bars, or drop --table")
        )


def _listings(place: Workspace, text: str | None) -> tuple[Listing, ...] | None:
    from screener.workflows.listing_lookup import find_listings

    return None if text is None else find_listings(place, text, parameter="--listing")


def _tables(texts: list[str] | None) -> list[TableName] | None:
    from screener.data.lake.schema import TableName

    if not texts:
        return None
    for text in texts:
        if text not in set(TableName):
            choice, known = f"--table {text!r}", listed(TableName)
            raise InputError(say("{choice} is not one of {known}", choice=choice, known=known))
    return [TableName(text) for text in dict.fromkeys(texts)]
