"""`screener screen`: which names were cheap as of a day, and why each one passed or failed."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

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
from screener.cli.screen_backtest import hold_screen, refuse_alone, refuse_beside
from screener.cli.screen_report import screen_report
from screener.cli.trading_options import TRADING, BenchmarkOption, trading_parameters
from screener.domain.listing import Currency
from screener.language import Language, say
from screener.screen.fields import FIELDS, Field

if TYPE_CHECKING:
    from datetime import date

    from screener.workflows.screen.run import ScreenResult
    from screener.workspace.locate import Workspace as Place
    from screener.workspace.screens import SavedScreen

__all__ = ["screen"]


_SHOWN = frozenset(
    {
        *("pe_ttm", "pe_static", "pb", "ps_ttm", "pcf_ttm", "market_cap", "float_cap"),
        *("dividend_yield", "roe_ttm", "revenue_yoy", "profit_yoy", "return_60", "pe_ttm_pct"),
    }
)
"""Fields whose options the help shows; it names the way to all others."""


def _run(
    saved: Annotated[
        str | None, typer.Argument(metavar="SAVED", help="Name of a saved screen.")
    ] = None,
    basket: Annotated[
        str | None, typer.Option("--basket", metavar="NAME", help="Screen the names of a basket.")
    ] = None,
    universe: Annotated[
        str | None,
        typer.Option("--universe", metavar="a|hk|all", help="Screen a whole market."),
    ] = None,
    listing: Annotated[
        str | None,
        typer.Option("--listing", metavar="A,B,…", help="Screen listings, by code or name."),
    ] = None,
    report: Annotated[
        str | None,
        typer.Option(
            "--report",
            metavar="ID",
            help="Screen the names of a report when it could be known and now, side by side.",
        ),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option("--as-of", metavar="DATE", help="Use nothing after this day (today)."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--since", metavar="DATE", help="Tell who entered and who left since this day."
        ),
    ] = None,
    where: Annotated[
        str | None,
        typer.Option(
            "--where",
            metavar="CONDITION",
            help="Condition over all fields, in SQL or in Chinese words.",
        ),
    ] = None,
    sort: Annotated[
        str | None,
        typer.Option(
            "--sort",
            metavar="FIELD",
            help="Rank by a field, -FIELD for descending (default: the first range's field).",
        ),
    ] = None,
    rank: Annotated[
        str | None,
        typer.Option(
            "--rank", metavar="EXPRESSION", help="Rank by an expression, with asc or desc behind."
        ),
    ] = None,
    top: Annotated[
        int | None, typer.Option("--top", metavar="N", help="Only the N best that passed.")
    ] = None,
    industry: Annotated[
        str | None,
        typer.Option("--industry", metavar="NAME", help="Only this industry, as of the day."),
    ] = None,
    exclude: Annotated[
        str | None,
        typer.Option(
            "--exclude",
            metavar="st,suspended,new",
            help="Leave out ST, suspended names, those listed for less than a year.",
        ),
    ] = None,
    fields: Annotated[
        str | None,
        typer.Option("--fields", metavar="A,B,…", help="Fields to show besides."),
    ] = None,
    list_fields: Annotated[
        bool,
        typer.Option("--list-fields", help="List the fields, or those that SAVED is a word of."),
    ] = False,
    list_screens: Annotated[
        bool, typer.Option("--list-screens", help="List the saved screens.")
    ] = False,
    save: Annotated[
        str | None,
        typer.Option("--save", metavar="NAME", help="Save what is asked, under this name."),
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
        Currency | None,
        typer.Option("--currency", help="Currency of the amounts (CNY).", case_sensitive=False),
    ] = None,
    csv: CsvOption = None,
    excel: ExcelOption = False,
    headers: HeadersOption = None,
    force: ForceOption = False,
    json: JsonOption = None,
    html: HtmlOption = None,
    workspace: WorkspaceOption = None,
    data_version: VersionOption = None,
    backtest: Annotated[
        bool,
        typer.Option("--backtest", help="Hold what it names from date to date, with one account."),
    ] = False,
    first: Annotated[
        str | None, typer.Option("--from", metavar="D", help="First day of a backtest.")
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", metavar="D", help="Last day of a backtest.")
    ] = None,
    every: Annotated[
        str | None,
        typer.Option(
            "--every", metavar="month|quarter", help="How often names are chosen anew (month)."
        ),
    ] = None,
    bias_check: Annotated[
        bool,
        typer.Option("--bias-check", help="Tell what knowing too early would have added."),
    ] = False,
    capital: Annotated[
        float | None, typer.Option("--capital", metavar="CNY", help="Money at the start.")
    ] = None,
    benchmark: BenchmarkOption = "",
    ledger: Annotated[
        str | None,
        typer.Option("--ledger", metavar="FILE", help="Write every order, filled or not, as CSV."),
    ] = None,
    paths: Annotated[
        str | None,
        typer.Option("--paths", metavar="FILE", help="Write the account at every close as CSV."),
    ] = None,
    metrics: Annotated[
        str | None,
        typer.Option("--metrics", metavar="FILE", help="Write the measures of the account as CSV."),
    ] = None,
    delay: Annotated[
        int | None,
        typer.Option("--delay", metavar="N", help="Sessions to wait before names are traded."),
    ] = None,
    **ranges: Any,
) -> None:
    """List the names that were cheap as of a day, ranked, each with the reason.

    Ranges A..B include both ends; either may be left out. Every field of --list-fields has one.

    A multiple of zero or less (a loss) is undefined and never passes.

    A missing value never passes unless allowed.

    Example: screener screen --universe a --pe-static 0..15 --pb ..1.5 --market-cap 100亿..

    Example: screener screen --basket copper --where "pb < 3 OR dividend_yield > 3%" --csv -

    Example: screener screen --report R5

    Example: screener screen dividend --backtest --from 2026-01-01 --to 2026-06-30 --top 10
    """
    from screener.files.writing import check_targets, write_text

    trading = {name: ranges.pop(name) for name in (*TRADING,) if name in ranges}
    held = {"every": every, "bias_check": bias_check, "capital": capital, "delay": delay, **trading}
    held = {name: value for name, value in held.items() if value not in (None, False)}

    if list_fields:
        _list_fields(saved or "")
        return
    check_targets(csv, json, html, ledger, paths, metrics, force=force)
    if not backtest:
        spans = {"from": first, "to": last, "benchmark": benchmark}
        refuse_alone({**spans, "ledger": ledger, "paths": paths, "metrics": metrics, **held})
    check_excel(excel, csv)
    place = workspace_of(workspace)
    if list_screens:
        _list_screens(place)
        return
    from screener.workspace.screens import SavedScreen, saved_screen

    typed = SavedScreen(
        universe=universe,
        basket=basket,
        listings=listing,
        ranges={name: text for name, text in ranges.items() if text is not None},
        where=where,
        sort=sort,
        rank=rank,
        top=top,
        industry=industry,
        exclude=exclude,
        fields=fields,
        allow_missing=allow_missing,
        currency=None if currency is None else str(currency),
    )
    asked = typed if saved is None else saved_screen(place, saved).with_typed(typed)
    desk = Workspace(place, broken=tell_broken)
    if backtest:
        refuse_beside({"as_of": as_of, "since": since})
        named = ("csv", "json", "html", "ledger", "paths", "metrics")
        hold_screen(
            desk,
            {
                **asked.arguments(),
                **held,
                "benchmark": benchmark,
                "data_version": data_version,
            },
            saved=saved,
            first=first,
            last=last,
            files=dict(zip(named, (csv, json, html, ledger, paths, metrics), strict=True)),
            excel=excel,
            headers=headers,
        )
        _save(place, save, asked, force=force)
        return
    day = _day(as_of)
    if report is not None:
        screen_report(
            desk,
            asked.arguments(),
            report=report,
            day=day,
            data_version=data_version,
            files={"csv": csv, "json": json, "html": html},
            excel=excel,
            headers=headers,
        )
        return
    found = desk.screen(as_of=day, data_version=data_version, **asked.arguments())
    _save(place, save, asked, force=force)
    if html is not None:
        from screener.workflows.page.site import screen_title

        write_text(html, found.to_html(called="" if saved is None else screen_title(place, saved)))
    _store(place, found.result, day, asked)
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
    if since is not None:
        before = desk.screen(as_of=_day(since), data_version=data_version, **asked.arguments())
        _show_changes(before.result, found.result)
    ends_lacking(found.lacking)


def _save(place: Place, name: str | None, asked: SavedScreen, *, force: bool) -> None:
    if name is None:
        return
    from screener.workspace.screens import write_screen

    path = write_screen(place, name, asked, force=force)
    messages().print(say("Saved {file}", file=path), markup=False, soft_wrap=True)


def _store(place: Place, result: ScreenResult, day: date, asked: SavedScreen) -> None:
    """Keep the screen, so that it can be explained and compared at another data version."""
    from screener.workflows.kept_runs import save_run
    from screener.workflows.screen.table import screen_run_document

    for line in save_run(place, result.run_id, screen_run_document(result, day, asked.kept())):
        messages().print(line, markup=False)


def _help(field: Field) -> str:
    return f"{field.meaning_en[0].upper()}{field.meaning_en[1:]}."


def _with_ranges(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command an option for the range of each field that is a number."""
    signature = inspect.signature(command)
    own = [item for item in signature.parameters.values() if item.kind is not item.VAR_KEYWORD]
    hints = get_type_hints(command, include_extras=True)
    hints.pop("ranges")
    for item in trading_parameters():
        hints[item.name] = item.annotation
        own.append(item)
    for field in FIELDS.values():
        if not field.unit.numeric:
            continue
        option = typer.Option(
            field.flag,
            metavar="A..B",
            help=_help(field) if field.name in _SHOWN else None,
            hidden=field.name not in _SHOWN,
        )
        hints[field.name] = Annotated[str | None, option]
        own.append(
            inspect.Parameter(
                field.name,
                inspect.Parameter.POSITIONAL_OR_KEYWORD,
                default=None,
                annotation=hints[field.name],
            )
        )

    def run(**given: Any) -> None:
        command(**given)

    run.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[item.replace(annotation=hints[item.name]) for item in own]
    )
    run.__annotations__ = hints
    run.__name__, run.__doc__ = "screen", command.__doc__
    return run


screen = _with_ranges(_run)


def _list_fields(word: str) -> None:
    from screener.render.screen.table import fields_view

    console().print(fields_view(word))


def _list_screens(place: Place) -> None:
    from screener.render.screen.table import screens_view
    from screener.workspace.screens import list_screens

    console().print(screens_view(list_screens(place)))


def _show_changes(before: ScreenResult, now: ScreenResult) -> None:
    from screener.render.screen.table import changes_view

    console().print(changes_view(before, now))


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
    from screener.render.screen.table import screen_view
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
