"""The commands `report add` and `report check`."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Any

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
    working,
    workspace_of,
)
from screener.cli.report_options import (
    BrokerOption,
    PublishedOption,
    ThemeOption,
    TitleOption,
)
from screener.domain.choices import parse_answer
from screener.domain.days import parse_moment
from screener.errors import (
    BasketDefinitionError,
    DateRangeError,
    InputError,
    NotFoundError,
    ScreenerError,
    StorageError,
)
from screener.files.memory import require_memory
from screener.language import say, say_count

if TYPE_CHECKING:
    from screener.domain.listing import Listing
    from screener.workflows.report.add import Added, Source
    from screener.workflows.report.doubts import Answer, Settle
    from screener.workflows.report.inputs import Given

__all__ = ["add", "check"]

_OF_ONE_INPUT = (InputError, NotFoundError, StorageError, BasketDefinitionError)
"""What one document can lack while the others can be read: not a full disk, nor a lake."""

_WIDE = 130  # columns from which there is room for sentences


def add(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE…",
            help="Texts, PDFs, Word documents, web pages, Markdown, or folders of them; - reads "
            "stdin.",
        ),
    ],
    published: PublishedOption = None,
    title: TitleOption = "",
    broker: BrokerOption = "",
    theme: ThemeOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be written; write nothing.")
    ] = False,
    yes: Annotated[
        bool,
        typer.Option("--yes", help="Take the likeliest meaning of every doubtful mention, and make "
                     "the baskets that are missing."),
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Leave every doubtful mention out.")
    ] = False,
    again: Annotated[
        bool,
        typer.Option("--again", help="Bring the card of a report read before up to date; your "
                     "edits stay."),
    ] = False,
    json: JsonOption = None,
    force: ForceOption = False,
    workspace: WorkspaceOption = None,
) -> None:  # fmt: skip
    """Read reports into cards: securities, themes, dates, authors, ratings and claims.

    Example: screener report add note.pdf
    """
    require_memory()
    from functools import cache

    from screener.files.writing import check_targets, write_json
    from screener.workflows.report.add import add_report
    from screener.workflows.report.edit import Said
    from screener.workflows.report.inputs import given_inputs, is_several
    from screener.workflows.report.name_master import read_masters
    from screener.workflows.report.rows import added_document

    if yes and strict:
        raise InputError(
            say("{one} and {other} exclude each other", one="--yes", other="--strict"),
            fix=say("give one of them"),
        )
    if title and len(files) > 1:
        raise InputError(
            say("--title is about one report"), fix=say("add the others by themselves")
        )
    moment = parse_moment(published, parameter="--published") if published else None
    said = Said(title=title, broker=broker, themes=tuple(theme or ()))
    check_targets(json, force=force)
    place = workspace_of(workspace)
    settle = _settle(yes=yes, strict=strict)
    documents = []
    masters = cache(read_masters)
    inputs, remarks = given_inputs(files)
    for line in remarks:
        messages().print(line, markup=False, soft_wrap=True, highlight=False)
    failed: list[ScreenerError] = []
    for at, given in enumerate(inputs, start=1):
        told = say("reading {name} ({n}/{total})", name=given.name, n=at, total=len(inputs))
        try:
            source = _source(given)
            with nullcontext() if settle == "ask" else working(told):
                added = add_report(  # it asks where a terminal can answer
                    place,
                    source,
                    now=datetime.now(UTC),
                    published=moment,
                    said=said,
                    settle=settle,
                    ask=_ask(),
                    ask_date=_ask_date,
                    dry_run=dry_run,
                    again=again,
                    masters=masters,
                )
        except (InputError, NotFoundError, StorageError) as error:
            if len(inputs) == 1 or type(error) not in _OF_ONE_INPUT:
                raise
            failed.append(error)
            _tell_failed(given.name, error)
            continue
        documents.append(added_document(added))
        _show(added, quiet=json == "-")
    if json:
        write_json(json, documents if is_several(files) else documents[0])
    if failed:
        messages().print(
            say("{failed} of {total} inputs were not read", failed=len(failed), total=len(inputs))
        )
        raise typer.Exit(failed[0].exit_code)


def _source(given: Given) -> Source:
    from screener.workflows.report.add import Source

    if given.error is not None:
        raise given.error
    return Source(given.path) if given.path else Source.of_stream(sys.stdin.buffer)


def _tell_failed(name: str, error: ScreenerError) -> None:
    messages().print(
        say("{name} was not read: {error}", name=name, error=error),
        markup=False,
        soft_wrap=True,
        highlight=False,
    )


def _settle(*, yes: bool, strict: bool) -> Settle:
    from screener.workflows.report.doubts import Settle

    if yes:
        return Settle.YES
    if strict:
        return Settle.STRICT
    return Settle.ASK if sys.stdin.isatty() and sys.stderr.isatty() else Settle.LEAVE


def _ask() -> Answer:
    """Return what asks about one doubtful mention on the terminal."""
    from screener.render.report.reading import doubt_text

    def ask(doubt: Any, sentence: str) -> Listing | None:
        screen = messages()
        screen.print(doubt_text(doubt.printed, sentence, doubt.reason))
        choices = {str(number): one for number, one in enumerate(doubt.proposals, start=1)}
        for number, listing in choices.items():
            screen.print(f"  {number}  {listing.id}", markup=False, highlight=False)
        answer = ""
        asked = "  " + say("which is meant (n: none)")
        while answer not in choices and parse_answer(answer) is not False:
            answer = typer.prompt(asked, default="n", err=True).strip()
        return choices.get(answer)

    return ask


def _ask_date(title: str) -> date | None:
    """Ask when a report was published that does not say so."""
    messages().print(
        say("Nothing tells when this report was published: {title}", title=title),
        markup=False,
        highlight=False,
    )
    while True:
        answer = typer.prompt(
            "  " + say("its date (Enter: not known yet)"), default="", show_default=False, err=True
        ).strip()
        if not answer:
            return None
        try:
            return parse_moment(answer, parameter="date")
        except DateRangeError as error:
            messages().print(str(error), markup=False, soft_wrap=True)


def _show(added: Added, *, quiet: bool) -> None:
    from screener.render.report.reading import added_view, open_questions
    from screener.workflows.report.rows import doubt_rows

    out, remarks = console(), messages()
    if not quiet:
        wide = out.width >= _WIDE
        out.print(added_view(added, wide=wide))
        doubts = doubt_rows(added)
        if doubts:
            out.print()
            out.print(open_questions(doubts))
    for line in _closing(added):
        remarks.print(line, markup=False, soft_wrap=True, highlight=False)


def _closing(added: Added) -> list[str]:
    from screener.render.report.catalog import NOT_NAMED

    report = added.report
    said = {
        "written": say("Written to {path}", path=added.path),
        "read": say(
            "Nothing was written (--dry-run); report {report} is this report", report=added.known
        )
        if added.known
        else say("Nothing was written (--dry-run)"),
        "known": say(
            "Report {report} is this report: its card stays as it is (--again brings it up to "
            "date)",
            report=report.id,
        ),
        "re-read": say("Brought up to date: {path}", path=added.path),
        "unchanged": say("Read again; card {report} stays as it is", report=report.id),
    }
    missing = [theme for theme, names in added.baskets if not names and theme not in added.made]
    lines = [said[str(added.outcome)]]
    if added.unresolved:
        lines.append(
            say_count(
                "{n} doubtful mention(s) left out: --yes takes the likeliest meaning, a terminal "
                "asks",
                "{n} doubtful mention(s) left out: --yes takes the likeliest meaning, a terminal "
                "asks",
                len(added.unresolved),
            )
        )
    lines += [say("Made basket {name}", name=name) for name in added.made]
    lines += [
        say(
            "Theme {theme} feeds no basket yet: {command}",
            theme=theme,
            command=" ".join(("screener basket new", theme, "--theme", theme)),
        )
        for theme in missing
    ]
    if report.notes[0].broker == NOT_NAMED:
        lines.append(
            say(
                "No broker is named, and it is scored by it: "
                "screener report edit {report} --broker NAME",
                report=report.id,
            )
        )
    return [*lines, *added.remarks]


def check(
    report: Annotated[
        str, typer.Argument(metavar="ID", help="Id of the report, or the beginning of one id.")
    ],
    csv: CsvOption = None,
    excel: ExcelOption = False,
    headers: HeadersOption = None,
    force: ForceOption = False,
    json: JsonOption = None,
    version: VersionOption = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Compare the figures that a report states with the tables.

    Example: screener report check R5
    """
    require_memory()
    from screener.files.writing import check_targets, write_json
    from screener.render.report.checking import checking_view
    from screener.results.files import write_rows
    from screener.results.reports import CHECKING
    from screener.workflows.report.check import check_report, checking_document, checking_rows

    if excel and not csv:
        raise InputError(say("--excel is about the CSV file"), fix=say("give --csv FILE as well"))
    check_targets(csv, json, force=force)
    place = workspace_of(workspace)
    with working(say("Checking claims")):
        result = check_report(place, report, version=version)
    for remark in result.remarks:
        messages().print(remark, markup=False, soft_wrap=True)
    if "-" not in (csv, json):
        console().print(checking_view(result))
    if csv:
        write_rows(csv, CHECKING, checking_rows(result), excel=excel, headers=headers)
    if json:
        write_json(json, checking_document(result))
