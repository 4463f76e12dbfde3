"""The command `screener score`."""

from __future__ import annotations

from typing import Annotated

import typer

from screener.api import Workspace
from screener.cli.common import (
    CsvOption,
    ExcelOption,
    ForceOption,
    HeadersOption,
    HtmlOption,
    JsonOption,
    VersionOption,
    WorkspaceOption,
    check_excel,
    console,
    ends_lacking,
    messages,
    tell_broken,
    working,
    workspace_of,
)
from screener.errors import InputError
from screener.language import say

__all__ = ["score"]


def score(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME]…", help="Baskets or reports; every call when none is named."
        ),
    ] = None,
    broker: Annotated[
        str | None, typer.Option("--broker", metavar="B", help="Only calls of this broker.")
    ] = None,
    by: Annotated[
        str,
        typer.Option(
            "--by",
            metavar="broker|analyst|theme|rating",
            help="What calls are put together by; several with commas for every combination.",
        ),
    ] = "broker",
    min_calls: Annotated[
        int,
        typer.Option("--min-calls", metavar="N", help="Matured calls that a rank needs."),
    ] = 20,
    backdate: Annotated[
        bool,
        typer.Option(
            "--backdate",
            help="Judge calls for which no definition of their broker was known by then by one of "
            "an earlier name of it, or by the first that was seen later.",
        ),
    ] = False,
    calls: Annotated[
        str | None,
        typer.Option("--calls", metavar="FILE", help="Write every call and how it ended as CSV."),
    ] = None,
    csv: CsvOption = None,
    json: JsonOption = None,
    html: HtmlOption = None,
    excel: ExcelOption = False,
    headers: HeadersOption = None,
    force: ForceOption = False,
    data_version: VersionOption = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Hold ratings to their brokers' own definitions, beside the base rate.

    Calls come from the report cards and from imported rating histories.

    Example: screener score --by broker,rating --calls calls.csv
    """
    from screener.files.writing import check_targets, write_json, write_text
    from screener.render.score.board import score_page
    from screener.results.files import write_rows
    from screener.results.score import CALLS, SCORES
    from screener.workflows.kept_runs import save_run
    from screener.workflows.score.rows import (
        call_rows,
        score_document,
        score_rows,
        score_run_document,
    )

    check_targets(csv, json, calls, html, force=force)
    check_excel(excel, csv, calls)
    if min_calls < 1:
        raise InputError(
            say("{option} {n} is below {least}", option="--min-calls", n=min_calls, least=1)
        )
    desk = Workspace(workspace_of(workspace), broken=tell_broken)
    with working(say("scoring")):
        found = desk.score(
            names or (),
            broker=broker or "",
            by=by,
            min_calls=min_calls,
            backdate=backdate,
            data_version=data_version,
        )
    run = found.run
    if html is not None:
        write_text(html, found.to_html())
    if csv is not None:
        write_rows(csv, SCORES, score_rows(run), excel=excel, headers=headers)
    if json is not None:
        write_json(json, score_document(run))
    if calls is not None:
        write_rows(calls, CALLS, call_rows(run), excel=excel, headers=headers)
    if "-" not in (csv, json, calls, html):
        out = console()
        out.print(score_page(run, width=out.width))
    stored = save_run(desk.place, run.run_id, score_run_document(run))
    for line in (*run.remarks, *stored):
        messages().print(line, markup=False)
    ends_lacking(run.lacking)
