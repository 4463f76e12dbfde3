"""`screener screen`: which names were cheap as of a day, and why each one passed or failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

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
    titles_of,
    workspace_of,
)
from screener.domain.listing import Currency, parse_listings
from screener.language import Language

if TYPE_CHECKING:
    from datetime import date

    from screener.workflows.screen.run import ScreenResult

__all__ = ["screen"]


def _range(flag: str, what: str) -> typer.models.OptionInfo:
    found: typer.models.OptionInfo = typer.Option(flag, metavar="A..B", help=what)
    return found


def screen(
    basket: Annotated[
        str | None, typer.Option("--basket", metavar="NAME", help="Screen the names of a basket.")
    ] = None,
    universe: Annotated[
        str | None,
        typer.Option("--universe", metavar="a|hk|all", help="Screen a whole market."),
    ] = None,
    listing: Annotated[
        str | None,
        typer.Option("--listing", metavar="A,B,…", help="Screen listings, by their codes."),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", metavar="DATE", help="Use nothing after this day (today)."),
    ] = None,
    pe_ttm: Annotated[str | None, _range("--pe-ttm", "Price over trailing profit.")] = None,
    pe_static: Annotated[
        str | None, _range("--pe-static", "Price over last annual profit.")
    ] = None,
    pb: Annotated[str | None, _range("--pb", "Price over book value.")] = None,
    ps_ttm: Annotated[str | None, _range("--ps-ttm", "Price over trailing sales.")] = None,
    pcf_ttm: Annotated[str | None, _range("--pcf-ttm", "Price over operating cash flow.")] = None,
    market_cap: Annotated[str | None, _range("--market-cap", "Total market value.")] = None,
    float_cap: Annotated[str | None, _range("--float-cap", "Market value of free shares.")] = None,
    dividend_yield: Annotated[
        str | None, _range("--dividend-yield", "Fraction: 0.03.. is 3 % or more.")
    ] = None,
    where: Annotated[
        str | None,
        typer.Option("--where", metavar="SQL", help="Condition over the same fields."),
    ] = None,
    sort: Annotated[
        str | None,
        typer.Option(
            "--sort",
            metavar="FIELD",
            help="Rank by a field, -FIELD for descending (default: the first range's field).",
        ),
    ] = None,
    top: Annotated[
        int | None, typer.Option("--top", metavar="N", help="Only the N best that passed.")
    ] = None,
    allow_missing: Annotated[
        str | None,
        typer.Option(
            "--allow-missing", metavar="FIELDS", help="Fields whose missing value may pass."
        ),
    ] = None,
    passed_only: Annotated[
        bool, typer.Option("--passed-only", help="Leave the failures out of CSV and JSON.")
    ] = False,
    currency: Annotated[
        Currency, typer.Option("--currency", help="Currency of the amounts.", case_sensitive=False)
    ] = Currency.CNY,
    csv: CsvOption = None,
    excel: ExcelOption = False,
    headers: HeadersOption = None,
    force: ForceOption = False,
    json: JsonOption = None,
    html: HtmlOption = None,
    workspace: WorkspaceOption = None,
    data_version: VersionOption = None,
) -> None:
    """List the names that were cheap as of a day, ranked, each with the reason.

    Ranges A..B include both ends; either may be left out.

    A multiple of zero or less (a loss) is undefined and never passes.

    A missing value never passes unless allowed.

    Example: screener screen --universe a --pe-static 0..15 --pb ..1.5 --market-cap 10e9..

    Example: screener screen --basket copper --where "pb < 3 OR dividend_yield > 0.03" --csv -
    """
    from screener.files.writing import check_targets, write_text

    check_targets(csv, json, html, force=force)
    check_excel(excel, csv)
    ranges = {
        "pe_ttm": pe_ttm,
        "pe_static": pe_static,
        "pb": pb,
        "ps_ttm": ps_ttm,
        "pcf_ttm": pcf_ttm,
        "market_cap": market_cap,
        "float_cap": float_cap,
        "dividend_yield": dividend_yield,
    }
    desk = Workspace(workspace_of(workspace), broken=tell_broken)
    found = desk.screen(
        as_of=_day(as_of),
        universe=universe,
        basket=basket,
        listings=None if listing is None else parse_listings(listing, parameter="--listing"),
        where=where,
        sort=sort,
        top=top,
        allow_missing=() if allow_missing is None else (allow_missing,),
        currency=currency,
        data_version=data_version,
        **{name: text for name, text in ranges.items() if text is not None},
    )
    if html is not None:
        write_text(html, found.to_html())
    _show(
        found.result,
        desk,
        html=html,
        csv=csv,
        json=json,
        excel=excel,
        headers=headers,
        passed_only=passed_only,
    )
    ends_lacking(found.lacking)


def _show(
    result: ScreenResult,
    desk: Workspace,
    *,
    csv: str | None,
    json: str | None,
    html: str | None,
    excel: bool,
    headers: Language | None,
    passed_only: bool,
) -> None:
    from screener.files.writing import write_json
    from screener.render.screen import screen_view
    from screener.results.files import write_rows
    from screener.workflows.screen.table import screen_document, screen_table

    for remark in result.remarks:
        messages().print(remark, markup=False)
    if "-" not in (csv, json, html):
        console().print(screen_view(result, titles_of(desk.place)))
    if csv is not None:
        table = screen_table(result, passed_only=passed_only)
        write_rows(csv, table.spec, table.rows, excel=excel, headers=headers)
    if json is not None:
        write_json(json, screen_document(result, passed_only=passed_only))


def _day(text: str | None) -> date:
    from datetime import datetime

    from screener.domain.days import SHANGHAI, parse_past

    now = datetime.now(SHANGHAI)
    return now.date() if text is None else parse_past(text, parameter="--as-of", now=now)
