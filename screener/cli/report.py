"""Commands on report cards."""

from __future__ import annotations

from typing import Annotated

import typer

from screener.cli.common import WorkspaceOption, console, messages, tell_broken, workspace_of
from screener.cli.report_add import add, check
from screener.cli.report_edit import edit, remove

__all__ = ["report_app"]

report_app = typer.Typer(help="Report cards: what each report says, who wrote it and when.")


@report_app.callback(no_args_is_help=True)
def _group() -> None:
    """Report cards: what each report says, who wrote it and when."""


@report_app.command("list")
def list_cards(workspace: WorkspaceOption = None) -> None:
    """List the report cards; an estimated date says est.

    Example: screener report list
    """
    from screener.render.catalog import report_list
    from screener.workflows.report.catalog import list_reports

    place = workspace_of(workspace)
    reports = list_reports(place)
    tell_broken(reports.broken)
    if not reports:
        if not reports.broken:
            messages().print(f"No report cards in {place.seeds}.", markup=False)
        return
    console().print(report_list(reports))


@report_app.command("show")
def show_card(
    report: Annotated[
        str, typer.Argument(metavar="ID", help="Id of the report, or the beginning of one id.")
    ],
    evidence: Annotated[
        bool,
        typer.Option(
            "--evidence",
            help="Show the sentences from which its securities were read, where they are kept.",
        ),
    ] = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Show one report card: notes, securities, claims and rating definitions.

    Example: screener report show R2
    """
    from screener.render.catalog import report_detail
    from screener.workflows.report.catalog import get_report

    place = workspace_of(workspace)
    if evidence:
        from screener.render.reading import evidence_table
        from screener.workflows.report.rows import stored_evidence

        console().print(evidence_table(stored_evidence(place, report), wide=True))
        return
    console().print(report_detail(get_report(place, report)))


report_app.command("add")(add)
report_app.command("check")(check)
report_app.command("edit")(edit)
report_app.command("rm")(remove)
