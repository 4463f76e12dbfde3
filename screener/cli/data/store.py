"""Commands on market data."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from screener.api import Workspace
from screener.cli.common import (
    ForceOption,
    VersionOption,
    WorkspaceOption,
    console,
    messages,
    working,
    workspace_of,
)
from screener.cli.data.health import status, verify
from screener.cli.data.update import update
from screener.cli.data.versions import compact, diff, move, restore
from screener.errors import InputError
from screener.language import say
from screener.language.lists import listed

__all__ = ["data_app"]

ChoiceT = TypeVar("ChoiceT", bound=StrEnum)

data_app = typer.Typer(help="Market data: fetch it, import files, see and verify what is stored.")
for _name, _command in (
    ("update", update),
    ("status", status),
    ("verify", verify),
    ("diff", diff),
    ("restore", restore),
    ("compact", compact),
    ("move", move),
):
    data_app.command(_name)(_command)

_KINDS = (
    "bars|index|valuation|listings|names|fx|actions|factors|ratings|fundamentals|calendar|status|"
    "industries|eligibility|estimates"
)


@data_app.callback(no_args_is_help=True)
def _group() -> None:
    """Market data: fetch it, import files, see and verify what is stored."""


@data_app.command("import")
def import_(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE…",
            help="CSV, Excel or Parquet, all of one kind; or a folder of bars, one file a listing "
            "(sh600519.csv) or a day, or 通达信's vipdoc.",
        ),
    ],
    kind: Annotated[str, typer.Option("--kind", metavar=_KINDS, help="What the files hold.")],
    basis: Annotated[
        str | None,
        typer.Option(
            "--basis",
            metavar="raw|adjusted",
            help="Bars: prices as traded, or already adjusted for dividends and splits.",
        ),
    ] = None,
    listing: Annotated[
        str | None,
        typer.Option(
            "--listing", metavar="ID", help="The listing of a file that has no code column."
        ),
    ] = None,
    column_map: Annotated[
        str | None,
        typer.Option(
            "--map", metavar="COL=FIELD,…", help="Columns that are not recognised by themselves."
        ),
    ] = None,
    units: Annotated[
        str | None,
        typer.Option(
            "--unit",
            metavar="FIELD=UNIT,…",
            help="Units that are not recognised: percent, fraction, lots, shares, 万元, 1e8.",
        ),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of",
            metavar="D",
            help="Day of undated valuations, or of undated names (default for names: today).",
        ),
    ] = None,
    dedupe: Annotated[
        bool,
        typer.Option(
            "--dedupe", help="Actions: rows of one ex-date with the same terms are one action."
        ),
    ] = False,
    continues: Annotated[
        bool,
        typer.Option(
            "--continues",
            help="Adjusted bars that share no session with the stored ones go on at their level.",
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")
    ] = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Import files: rows that fit are committed together, the others are listed with reasons.

    A folder is committed in pieces: what was committed stays, and importing it again goes on.

    Example: screener data import bars.csv --kind bars --basis raw
    """
    from screener.data.sources.files import parse_column_map, parse_units
    from screener.render.data.store import import_page

    desk = Workspace(workspace_of(workspace))
    with working(say("importing")):
        outcome = desk.import_data(
            files,
            kind,
            basis=basis,
            listing=listing,
            columns=dict(parse_column_map(column_map)) if column_map else None,
            units=dict(parse_units(units)) if units else None,
            as_of=as_of or None,
            dedupe=dedupe,
            continues=continues,
            dry_run=dry_run,
        )
    console().print(import_page(outcome))


@data_app.command("export")
def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder for the files.")],
    table: Annotated[
        list[str] | None,
        typer.Option("--table", metavar="T", help="Table; repeat for several (default: all)."),
    ] = None,
    listing: Annotated[
        str | None, typer.Option("--listing", metavar="A,B,…", help="Only these listings.")
    ] = None,
    file_format: Annotated[
        str, typer.Option("--format", metavar="csv|parquet", help="Format of the files.")
    ] = "parquet",
    force: ForceOption = False,
    data_version: VersionOption = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Write tables as files, one each.

    Example: screener data export out --table bars --listing 300857.SZ --format csv
    """
    from screener.data.lake.schema import TableName
    from screener.files.writing import FileFormat
    from screener.workflows.data.export import export_tables
    from screener.workflows.listing_lookup import find_listings

    place = workspace_of(workspace)
    with working(say("writing")):
        written = export_tables(
            place,
            folder,
            tables=[_choice(TableName, item, "--table") for item in table or list(TableName)],
            file_format=_choice(FileFormat, file_format, "--format"),
            listings=None
            if listing is None
            else [item.id for item in find_listings(place, listing, parameter="--listing")],
            version=data_version,
            force=force,
        )
    if not written:
        messages().print(say("No rows to write."))
    for path in written:
        console().print(say("wrote {path}", path=path), markup=False, soft_wrap=True)


def _choice(kind: type[ChoiceT], text: str, parameter: str) -> ChoiceT:
    try:
        return kind(text)
    except ValueError:
        choice, known = f"{parameter} {text!r}", listed(kind)
        told = say("{choice} is not one of {known}", choice=choice, known=known)
        raise InputError(told) from None
