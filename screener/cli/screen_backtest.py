"""`screener screen SAVED --backtest`: what a screen would have earned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from screener.api import Workspace
from screener.cli.common import check_excel, console, ends_lacking, messages, working
from screener.errors import InputError
from screener.language import Language, say

if TYPE_CHECKING:
    from screener.api import HeldScreenResult

__all__ = ["hold_screen", "refuse_alone", "refuse_beside"]


def refuse_alone(given: Mapping[str, object]) -> None:
    """Refuse options that only a screen that is held reads.

    Raises
    ------
    InputError
        If one of them is given.
    """
    some = [name for name, value in given.items() if value]
    if some:
        option = "--" + some[0].replace("_", "-")
        raise InputError(
            say("{option} is read with --backtest alone", option=option),
            fix=say("add --backtest, or leave out {option}", option=option),
        )


def refuse_beside(given: Mapping[str, str | None]) -> None:
    """Refuse options that a screen that is held does not read.

    Raises
    ------
    InputError
        If one of them is given.
    """
    for name, value in given.items():
        if value is not None:
            option = "--" + name.replace("_", "-")
            raise InputError(
                say("{option} and --backtest exclude each other", option=option),
                fix=say("write {example}", example="--from D --to D"),
            )


def hold_screen(
    desk: Workspace,
    asked: Mapping[str, Any],
    *,
    saved: str | None,
    first: str | None,
    last: str | None,
    files: Mapping[str, str | None],
    excel: bool,
    headers: Language | None,
) -> None:
    """Hold a screen, write the files that were asked for, and show it.

    Raises
    ------
    InputError
        If the span is not given.
    """
    if first is None or last is None:
        raise InputError(
            say("--backtest needs a span"), fix=say("write {example}", example="--from D --to D")
        )
    check_excel(excel, *(files[name] for name in ("csv", "ledger", "paths", "metrics")))
    with working(say("asking the screen at each date")):
        found = desk.screen_backtest(saved, first=first, last=last, **asked)
    _write(found, files, excel=excel, headers=headers)
    if "-" not in files.values():
        from screener.render.screen.backtest import screen_backtest_view

        console().print(screen_backtest_view(found.run))
    for line in dict.fromkeys(found.run.remarks):
        messages().print(line, markup=False)
    ends_lacking(found.lacking)


def _write(
    found: HeldScreenResult,
    files: Mapping[str, str | None],
    *,
    excel: bool,
    headers: Language | None,
) -> None:
    from screener.files.writing import write_json, write_text
    from screener.results import screen_backtest as tables
    from screener.results.files import write_rows
    from screener.workflows.screen.backtest import rows

    run = found.run
    made = {
        "csv": (tables.REBALANCES, rows.rebalance_rows),
        "ledger": (tables.ORDERS, rows.order_rows),
        "paths": (tables.CURVE, rows.curve_rows),
        "metrics": (tables.MEASURES, rows.measure_rows),
    }
    for name, (spec, make) in made.items():
        path = files[name]
        if path is not None:
            write_rows(path, spec, make(run), excel=excel, headers=headers)
    if (path := files["json"]) is not None:
        write_json(path, rows.document_of(run))
    if (path := files["html"]) is not None:
        with working(say("making the page")):
            write_text(path, found.to_html())
