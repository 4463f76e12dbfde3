"""`screener screen --report ID`: the names of a report when it could be known, and now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from screener.api import Workspace
from screener.cli.common import check_excel, console, ends_lacking, messages
from screener.errors import InputError
from screener.language import Language, say

__all__ = ["screen_report"]


def screen_report(
    desk: Workspace,
    asked: Mapping[str, Any],
    *,
    report: str,
    day: date,
    data_version: int | None,
    files: Mapping[str, str | None],
    excel: bool,
    headers: Language | None,
) -> None:
    """Show the names of a report at both moments, and write the files that were asked for.

    Raises
    ------
    InputError
        If others are to be looked at, too.
    """
    others = ("universe", "basket", "listings")
    if any(asked[name] is not None for name in others):
        raise InputError(
            say("--report screens the names of the report, and no others"),
            fix=say("leave out {option}", option="--universe, --basket, --listing"),
        )
    check_excel(excel, files["csv"])
    given = {name: value for name, value in asked.items() if name not in others}
    found = desk.screen_report(report, as_of=day, data_version=data_version, **given)
    from screener.files.writing import write_json, write_text
    from screener.results.files import write_rows
    from screener.results.screen import BESIDE
    from screener.workflows.screen.beside import beside_document, beside_rows

    if (path := files["csv"]) is not None:
        write_rows(path, BESIDE, beside_rows(found.found), excel=excel, headers=headers)
    if (path := files["json"]) is not None:
        write_json(path, beside_document(found.found))
    if (path := files["html"]) is not None:
        write_text(path, found.to_html())
    if "-" not in files.values():
        from screener.render.screen.report import beside_view

        console().print(beside_view(found.found))
    for line in found.found.remarks:
        messages().print(line, markup=False)
    ends_lacking(found.lacking)
