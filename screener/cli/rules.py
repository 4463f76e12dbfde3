"""`screener rules`: which trading rules, costs and taxes applied on a day, and their source."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from screener.cli.common import (
    CsvOption,
    ExcelOption,
    ForceOption,
    HeadersOption,
    JsonOption,
    VersionOption,
    WorkspaceOption,
    console,
    messages,
)
from screener.domain.days import parse_day
from screener.errors import InputError
from screener.language import say

__all__ = ["rules"]


def rules(
    at: Annotated[str, typer.Option("--at", metavar="DATE", help="The day, such as 2026-07-06.")],
    listing: Annotated[
        str, typer.Option("--listing", metavar="ID", help="A share or a fund, such as 300857.SZ.")
    ],
    account: Annotated[
        str,
        typer.Option(
            "--account",
            metavar="WHERE",
            help="Where your account is: mainland, or hongkong, which buys A shares northbound.",
        ),
    ] = "mainland",
    csv: CsvOption = None,
    excel: ExcelOption = False,
    headers: HeadersOption = None,
    force: ForceOption = False,
    json: JsonOption = None,
    workspace: WorkspaceOption = None,
    data_version: VersionOption = None,
) -> None:
    """Show what applied to a listing on a day: limit, lot, T+n, tick, charges, dividend tax.

    Each with its source; what nobody has compared with the official text says so.

    Name, ST, suspension, lot and last close are those of the tables as of that day.

    Without market data it tells what it could not know.

    Example: screener rules --at 2026-07-06 --listing 600745.SH

    Example: screener rules --at 2026-07-06 --listing 00700.HK --csv rules.csv
    """
    from screener.domain.choices import choice
    from screener.files.writing import check_targets, write_json
    from screener.market.charges import Account, Plan
    from screener.render.rules import rules_view
    from screener.results.files import write_rows
    from screener.results.rules import RULES
    from screener.workflows.listing_lookup import find_listing
    from screener.workflows.rules.rows import rules_document, rules_rows
    from screener.workflows.rules.run import lake_of, place_if_any, run_ruling

    check_targets(csv, json, force=force)
    if excel and csv is None:
        raise InputError(
            say("{option} needs {other}", option="--excel", other="--csv"),
            fix=say("write --csv FILE --excel"),
        )
    place = place_if_any(workspace, environ=os.environ, cwd=Path.cwd())
    wanted = find_listing(place, listing, parameter="--listing")
    lake = lake_of(place)
    abroad = choice(Account, account, parameter="--account") is Account.HONGKONG
    page = run_ruling(
        lake,
        wanted,
        parse_day(at, parameter="--at"),
        plan=Plan(southbound=False, northbound=True) if abroad else None,
        version=data_version,
    )
    if "-" not in (csv, json):
        console().print(rules_view(page))
    if csv is not None:
        write_rows(csv, RULES, rules_rows(page), excel=excel, headers=headers)
    if json is not None:
        write_json(json, rules_document(page))
    for remark in page.remarks:
        messages().print(remark, markup=False)
