"""The commands `report edit` and `report rm`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from screener.cli.common import WorkspaceOption, console, messages, workspace_of
from screener.cli.report_options import (
    BrokerOption,
    PublishedOption,
    ThemeOption,
    TitleOption,
)
from screener.cli.terminal.asking import agreed
from screener.domain.days import parse_moment
from screener.errors import InputError
from screener.language import say

__all__ = ["edit", "remove"]

ReportArgument = Annotated[
    str, typer.Argument(metavar="ID", help="Id of the report, or the beginning of one id.")
]


def edit(
    report: ReportArgument,
    published: PublishedOption = None,
    title: TitleOption = "",
    broker: BrokerOption = "",
    theme: ThemeOption = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Correct a report card: its date, title, broker or themes; the rest of it stays.

    Example: screener report edit R2 --published 2026-04-21
    """
    from screener.render.report.catalog import report_detail
    from screener.workflows.report.edit import Said, edit_report, publication_said

    place = workspace_of(workspace)
    moment = parse_moment(published, parameter="--published") if published else None
    said = Said(title=title, broker=broker, themes=tuple(theme or ()))
    edited = edit_report(
        place, report, said.corrections(place, publication_said(moment, datetime.now(UTC)))
    )
    console().print(report_detail(edited.report))
    told = (
        say("Changed {file}", file=edited.path)
        if edited.changed
        else say("Card {report} says so already", report=edited.report.id)
    )
    messages().print(told, markup=False, soft_wrap=True, highlight=False)


def remove(
    report: ReportArgument,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask first.")] = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Take a report card away, with what is kept of its text on this machine.

    Example: screener report rm R6 --yes
    """
    from screener.workflows.report.catalog import get_report
    from screener.workflows.report.edit import remove_report

    place = workspace_of(workspace)
    card = get_report(place, report)
    if not yes:
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise InputError(
                say("report {report} is not removed without being sure", report=card.id),
                fix=say("add --yes"),
            )
        if not agreed(say("Remove report {report}: {title}?", report=card.id, title=card.title)):
            raise typer.Abort
    removed = remove_report(place, card.id)
    messages().print(
        say("Removed {file}", file=removed.path), markup=False, soft_wrap=True, highlight=False
    )
