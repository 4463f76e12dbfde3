"""Commands on report cards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from screener.cli.common import (
    ForceOption,
    HtmlOption,
    WorkspaceOption,
    console,
    messages,
    tell_broken,
    workspace_of,
)
from screener.cli.report_add import add, check
from screener.cli.report_edit import edit, remove
from screener.language import say

if TYPE_CHECKING:
    from screener.domain.report import Report
    from screener.workspace.locate import Workspace as Place

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
    from screener.render.report.catalog import report_list
    from screener.workflows.report.catalog import list_reports

    place = workspace_of(workspace)
    reports = list_reports(place)
    tell_broken(reports.broken)
    if not reports:
        if not reports.broken:
            told = say("No report cards in {folder}.", folder=place.seeds)
            messages().print(told, markup=False)
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
    html: HtmlOption = None,
    force: ForceOption = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Show one report card: notes, securities, claims and rating definitions.

    Example: screener report show R2
    """
    from screener.render.report.catalog import report_detail
    from screener.workflows.report.catalog import get_report

    place = workspace_of(workspace)
    if evidence:
        from screener.render.report.reading import evidence_table
        from screener.workflows.report.rows import stored_evidence

        console().print(evidence_table(stored_evidence(place, report), wide=True))
        return
    card = get_report(place, report)
    if html is not None:
        _write_page(place, card, html, force=force)
    if html != "-":
        console().print(report_detail(card))


def _write_page(place: Place, card: Report, target: str, *, force: bool) -> None:
    """Write the page of a card; its claims are checked where there are data to check them by."""
    from screener.errors import ScreenerError
    from screener.files.writing import check_targets, write_text
    from screener.render.pages.report import report_document
    from screener.workflows.report.check import Checking, check_report

    check_targets(target, force=force)
    checking: Checking | None = None
    if card.claims:
        try:
            checking = check_report(place, card.id)
        except ScreenerError as error:
            messages().print(str(error), markup=False)
    write_text(target, report_document(card, checking))


report_app.command("add")(add)
report_app.command("check")(check)
report_app.command("edit")(edit)
report_app.command("rm")(remove)
