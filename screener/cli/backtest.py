"""The command `screener backtest`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from screener.api import Workspace
from screener.cli.common import (
    MOST_SESSIONS,
    ClusterOption,
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
    given,
    horizons_of,
    messages,
    sharing,
    tell_broken,
    working,
    workspace_of,
)
from screener.cli.trading_options import (
    AccountOption,
    BenchmarkOption,
    CommissionOption,
    ExitOption,
    ImpactOption,
    LeastCommissionOption,
    ParticipationOption,
    RecoveryOption,
    RightsOption,
    SlippageOption,
    SpreadOption,
    WaitOption,
    WhereOption,
)
from screener.domain.amounts import parse_amounts
from screener.errors import InputError
from screener.language import Language, say

if TYPE_CHECKING:
    from rich.console import RenderableType

    from screener.api import BacktestResult
    from screener.workflows.backtest.summary import Shown

__all__ = ["backtest"]

_OF_FRICTIONS = (
    "participation",
    "slippage_bps",
    "impact_bps",
    "fx_spread_bps",
    "commission_bps",
    "commission_min",
)


def backtest(
    context: typer.Context,
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]…", help="Baskets; every basket when none is named."),
    ] = None,
    report: Annotated[
        str | None, typer.Option("--report", metavar="ID", help="Only the events of this report.")
    ] = None,
    hold: Annotated[
        str,
        typer.Option("--hold", metavar="H,…", help="Sessions to hold; the entry is session 1."),
    ] = "5,20,60,120",
    paper: Annotated[
        bool, typer.Option("--paper", help="Paper returns only, whatever else is said.")
    ] = False,
    capital: Annotated[
        str,
        typer.Option(
            "--capital",
            metavar="CNY,…",
            help="Money of the executable path, under the rules and charges of each day; several "
            "amounts give a row each.",
        ),
    ] = "1000000",
    participation: ParticipationOption = 0.1,
    slippage_bps: SlippageOption = 0.0,
    impact_bps: ImpactOption = 0.0,
    fx_spread_bps: SpreadOption = 0.0,
    commission_bps: CommissionOption = 2.5,
    commission_min: LeastCommissionOption = 5.0,
    account: WhereOption = "mainland",
    hk_account: AccountOption = "southbound",
    cost_bps: Annotated[
        float | None,
        typer.Option(
            "--cost-bps",
            metavar="N",
            help="A plain cost of each order in basis points, instead of rules and charges.",
        ),
    ] = None,
    max_wait: WaitOption = 10,
    delay: Annotated[
        str, typer.Option("--delay", metavar="N,…", help="Sessions to wait before the entry.")
    ] = "0",
    weighting: Annotated[
        str | None,
        typer.Option(
            "--weighting",
            metavar="W,…",
            help="equal, market-cap, float-cap, inverse-vol, custom, or the index daily-equal "
            "(default: as the basket says).",
        ),
    ] = None,
    entry: Annotated[
        str,
        typer.Option(
            "--entry", metavar="P,…", help="Buy at the open, vwap or close of the entry session."
        ),
    ] = "open",
    rebalance: Annotated[
        str,
        typer.Option(
            "--rebalance",
            metavar="R,…",
            help="Back to the weights at the close of each first session, by the closes before it: "
            "monthly, quarterly, daily, or none.",
        ),
    ] = "none",
    benchmark: BenchmarkOption = "",
    ledger: Annotated[
        str | None,
        typer.Option(
            "--ledger",
            metavar="FILE",
            help="Write every order, filled or not, as CSV; on paper every name of every window.",
        ),
    ] = None,
    rights: RightsOption = "take-up",
    delisting_recovery: RecoveryOption = None,
    exit_: ExitOption = None,
    metrics: Annotated[
        str | None,
        typer.Option(
            "--metrics",
            metavar="FILE",
            help="Write annualised return, volatility, Sharpe, beta and more of each paper path "
            "as CSV.",
        ),
    ] = None,
    paths: Annotated[
        str | None,
        typer.Option(
            "--paths",
            metavar="FILE",
            help="Write the values of basket, money and index at every close as CSV, 1 at the "
            "start.",
        ),
    ] = None,
    shortfall: Annotated[
        str | None,
        typer.Option(
            "--shortfall",
            metavar="FILE",
            help="Write the steps from the index to the money of each event as CSV, or as JSON "
            "where the name ends in .json.",
        ),
    ] = None,
    capacity: Annotated[
        bool,
        typer.Option(
            "--capacity",
            help="Look for the money at which the edge over the index is gone, and show the way "
            "there.",
        ),
    ] = False,
    chain: Annotated[
        bool,
        typer.Option(
            "--chain",
            help="Hold the events of each basket as its versions, one after the other, with one "
            "account to the end of the tables: as `screener follow --chain` does.",
        ),
    ] = False,
    jobs: Annotated[
        int,
        typer.Option("--jobs", metavar="N", help="Processes that share the events; -1 for all."),
    ] = 1,
    cluster: ClusterOption = None,
    detail: Annotated[
        bool,
        typer.Option("--detail", help="A block for each event instead of one table of them all."),
    ] = False,
    sort: Annotated[
        str | None,
        typer.Option(
            "--sort",
            metavar="FIELD",
            help="Sort the table, the greatest or newest first; -FIELD turns it round.",
        ),
    ] = None,
    filter_: Annotated[
        list[str] | None,
        typer.Option(
            "--filter",
            metavar="FIELD=A..B",
            help="Show some lines of the table alone, such as active=0.. or status=mature; files "
            "hold every row.",
        ),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="DIR",
            help="For very many events: write all rows as Parquet into a new folder, some events "
            "at a time, and keep and show none.",
        ),
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
    """Backtest baskets from the first session in which a reader could act.

    Several values of --delay, --weighting, --entry or --rebalance run every combination.

    Example: screener backtest crossover-appliance --hold 5,20 --csv returns.csv

    Example: screener backtest copper --hold 20 --impact-bps 100 --capacity
    """
    from screener.files.writing import check_targets
    from screener.render.backtest.capacity import capacity_tables
    from screener.render.backtest.performance import metrics_page
    from screener.workflows.backtest.summary import parse_shown

    shown = parse_shown(sort, filter_ or [])
    check_targets(csv, json, ledger, metrics, paths, shortfall, html, force=force)
    check_excel(excel, csv, ledger, metrics, paths, shortfall)
    _check_cost(context, cost_bps)
    if detail and (unread := given(context, "sort", "filter_")):
        raise InputError(
            say("{option} is read by the table of many events alone", option=unread[0]),
            fix=say("leave out --detail, or {option}", option=unread[0]),
        )
    options = {
        "paper": paper,
        "participation": participation,
        "slippage_bps": slippage_bps,
        "impact_bps": impact_bps,
        "fx_spread_bps": fx_spread_bps,
        "commission_bps": commission_bps,
        "commission_min": commission_min,
        "account": account,
        "hk_account": hk_account,
        "cost_bps": cost_bps,
        "max_wait": max_wait,
        "delay": _delays(delay),
        "weighting": None if weighting is None else _some(weighting, "--weighting"),
        "entry": _some(entry, "--entry"),
        "rebalance": _some(rebalance, "--rebalance"),
        "rights": rights,
        "delisting_recovery": delisting_recovery,
        "exit": tuple(exit_ or ()),
    }
    desk = Workspace(workspace_of(workspace), broken=tell_broken)
    asked: dict[str, Any] = {
        "report": report,
        "hold": horizons_of(hold),
        "capital": _capitals(capital),
        "benchmark": benchmark,
        "data_version": data_version,
        **sharing(context, jobs, cluster),
        "capacity": capacity,
        **options,
    }
    if chain:
        files = {"csv": csv, "json": json, "ledger": ledger, "paths": paths, "metrics": metrics}
        _chain(context, desk, names, asked, {**files, "html": html}, excel=excel)
        return
    if to is not None:
        _stream(context, desk, to, names, asked)
        return
    with working(say("backtesting")):
        found = desk.backtest(names, **asked)
    runs = found.runs
    _write(
        found,
        csv=csv,
        json=json,
        ledger=ledger,
        metrics=metrics,
        paths=paths,
        shortfall=shortfall,
        html=html,
        excel=excel,
        headers=headers,
    )
    remarks = [*(line for run in runs for line in run.remarks), *found.save()]
    if "-" not in (csv, json, ledger, metrics, paths, shortfall, html):
        console().print(_page(found, shown, detail=detail))
        for run in runs:
            for table in capacity_tables([(one.horizon, one.capacity) for one in run.capacities]):
                console().print(table)
        if metrics is not None and len(runs) == 1:
            console().print(metrics_page(runs[0], found.titles))
    for line in dict.fromkeys(remarks):
        messages().print(line, markup=False)
    ends_lacking(found.lacking)


_NOT_CHAINED = (
    *("hold", "paper", "cost_bps", "entry", "rebalance", "jobs", "detail", "sort", "filter_", "to"),
    *("cluster", "headers", "exit_", "shortfall"),
)


def _chain(
    context: typer.Context,
    desk: Workspace,
    names: list[str] | None,
    asked: dict[str, Any],
    files: dict[str, str | None],
    *,
    excel: bool,
) -> None:
    """Hold the versions of baskets with one account, and show it."""
    from screener.cli.follow import show_followed

    if unread := given(context, *_NOT_CHAINED):
        raise InputError(
            say("--chain holds versions to the end: {option} is not read", option=unread[0]),
            fix=say("leave out {option}, or --chain", option=unread[0]),
        )
    of_windows = {"hold", "paper", "cost_bps", "entry", "rebalance", "exit", "jobs", "cluster"}
    options = {name: value for name, value in asked.items() if name not in of_windows}
    with working(say("following")):
        found = desk.follow(names, every=not names, chain=True, **options)
    show_followed(found, excel=excel, **files)


_NOT_STREAMED = (
    *("ledger", "metrics", "paths", "shortfall", "csv", "json", "html", "excel", "detail", "sort"),
)


def _stream(
    context: typer.Context,
    desk: Workspace,
    folder: str,
    names: list[str] | None,
    asked: dict[str, Any],
) -> None:
    """Write the rows of very many events, and say where they are."""
    asked.pop("capacity")
    if unread := given(context, *_NOT_STREAMED, "capacity", "detail", "sort", "filter_"):
        raise InputError(
            say("--to writes every row and shows none: {option} is not read", option=unread[0]),
            fix=say("leave out {option}, or --to", option=unread[0]),
        )
    from screener.render.widths import beside

    with working(say("backtesting")):
        found = desk.backtest_to(folder, names, **asked)
    for line in beside([(f"{count:,}", name) for name, count in found.rows.items()]):
        console().print(line, markup=False)
    console().print(say("written to {folder}", folder=str(found.folder)), markup=False)
    for line in found.remarks:
        messages().print(line, markup=False)
    ends_lacking(found.lacking)


def _write(
    found: BacktestResult,
    *,
    csv: str | None,
    json: str | None,
    ledger: str | None,
    metrics: str | None,
    paths: str | None,
    shortfall: str | None,
    html: str | None,
    excel: bool,
    headers: Language | None,
) -> None:
    """Write the files that were asked for."""
    from screener.files.writing import write_json, write_text
    from screener.results.backtest import METRICS, NAMES, ORDERS, PATHS, SHORTFALL
    from screener.results.files import write_rows
    from screener.workflows.backtest.measures import metric_rows
    from screener.workflows.backtest.order_rows import order_rows
    from screener.workflows.backtest.rows import (
        ledger_rows,
        path_rows,
        result_table,
        shortfall_rows,
    )

    runs = found.runs
    table = result_table(runs)
    if csv is not None:
        write_rows(csv, table.spec, table.rows, excel=excel, headers=headers)
    if json is not None:
        write_json(json, table.rows)
    if ledger is not None:
        on_paper = runs[0].request.settings.frictions is None
        told = [row for run in runs for row in (ledger_rows if on_paper else order_rows)(run)]
        write_rows(ledger, (NAMES if on_paper else ORDERS), told, excel=excel, headers=headers)
    if metrics is not None:
        measured = [row for run in runs for row in metric_rows(run)]
        write_rows(metrics, METRICS, measured, excel=excel, headers=headers)
    if paths is not None:
        write_rows(
            paths,
            PATHS,
            [row for run in runs for row in path_rows(run)],
            excel=excel,
            headers=headers,
        )
    if shortfall is not None:
        steps = [row for run in runs for row in shortfall_rows(run)]
        if shortfall.lower().endswith(".json"):
            write_json(shortfall, steps)
        else:
            write_rows(shortfall, SHORTFALL, steps, excel=excel, headers=headers)
    if html is not None:
        with working(say("making the page")):
            write_text(html, found.to_html())


def _page(found: BacktestResult, shown: Shown, *, detail: bool) -> RenderableType:
    """Return the page of a result: one table of many events, else a block for each."""
    from screener.render.backtest.blocks import backtest_page
    from screener.render.backtest.summary import summary_page
    from screener.render.backtest.variants import variants_page
    from screener.workflows.backtest.summary import summarise
    from screener.workflows.study.known import known_verdicts

    run = found.runs[0]
    if detail or len(run.by_event) == 1:
        if len(found.runs) == 1:
            return backtest_page(run, found.titles)
        return variants_page(found.runs, found.titles)
    # Verdicts are of baskets that are held to the horizon.
    events = () if run.request.settings.exits.any else run.request.events
    verdicts, told = known_verdicts(found.place, run.data_version, events)
    for line in told:
        messages().print(line, markup=False)
    return summary_page(
        found.runs,
        summarise(found.runs, shown, titles=found.titles),
        titles=found.titles,
        verdicts=verdicts,
        beside="screener study --all --placebo 2000",
    )


def _check_cost(context: typer.Context, cost_bps: float | None) -> None:
    """Refuse what a plain cost would leave unread."""
    unread = [] if cost_bps is None else given(context, *_OF_FRICTIONS)
    if unread:
        raise InputError(
            say(
                "--cost-bps is a plain cost instead of rules and charges: {option} is not read",
                option=unread[0],
            ),
            fix=say("leave out --cost-bps, or {options}", options=", ".join(unread)),
        )


def _delays(text: str) -> tuple[int, ...]:
    try:
        found = tuple(dict.fromkeys(int(part) for part in text.split(",") if part.strip()))
    except ValueError:
        found = ()
    if not found or min(found) < 0 or max(found) > MOST_SESSIONS:
        raise InputError(
            say(
                "{option} {text}: sessions to wait are whole numbers from 0 to {most}",
                option="--delay",
                text=repr(text),
                most=MOST_SESSIONS,
            ),
            fix=say("write them like {example}", example="--delay 0,1,5"),
        )
    return found


def _some(text: str, parameter: str) -> tuple[str, ...]:
    asked = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if not asked:
        raise InputError(
            say("{option} is empty", option=parameter),
            fix=say("`{command}` shows the choices", command="screener backtest --help"),
        )
    return asked


def _capitals(text: str) -> tuple[float, ...]:
    if found := parse_amounts(text, parameter="--capital"):
        return found
    raise InputError(say("--capital is empty"), fix=say("write it like 20万 or 20000,1000000"))
