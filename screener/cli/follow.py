"""The command `screener follow`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from screener.api import Workspace
from screener.cli.common import (
    CsvOption,
    ExcelOption,
    ForceOption,
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
from screener.errors import InputError
from screener.language import say

if TYPE_CHECKING:
    from screener.api import FollowedResult

__all__ = ["follow", "show_followed"]


def follow(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]…", help="Baskets, or reports by their ids."),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="The events of every basket.")] = False,
    report: Annotated[
        list[str] | None,
        typer.Option("--report", metavar="ID", help="Only what this report says, or these."),
    ] = None,
    broker: Annotated[
        list[str] | None,
        typer.Option(
            "--broker", metavar="NAME", help="Only what this broker says, under any of its names."
        ),
    ] = None,
    theme: Annotated[
        list[str] | None,
        typer.Option(
            "--theme",
            metavar="WORD",
            help="Only what is said of this theme, or of an industry as notes print it.",
        ),
    ] = None,
    ratings: Annotated[
        str | None,
        typer.Option(
            "--ratings",
            metavar="GRADE",
            help="Imported ratings too, an event of one name each: all, or those that say buy, "
            "accumulate, hold, reduce or sell, or better.",
        ),
    ] = None,
    hold: Annotated[
        int,
        typer.Option("--hold", metavar="H", help="Sessions to hold each; the entry is session 1."),
    ] = 20,
    slots: Annotated[
        int,
        typer.Option(
            "--slots",
            metavar="N",
            help="Events held at once, at most; each gets what the account is worth, over N.",
        ),
    ] = 10,
    capital: Annotated[
        float, typer.Option("--capital", metavar="CNY", help="Money at the start.")
    ] = 1_000_000.0,
    chain: Annotated[
        bool,
        typer.Option(
            "--chain",
            help="The events of each basket are its versions: held one after the other, each "
            "brought about at the open of its entry, without --hold and --slots.",
        ),
    ] = False,
    first: Annotated[
        str | None,
        typer.Option("--from", metavar="D", help="Only events with their entry from this day on."),
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", metavar="D", help="End of the curve, and of entries.")
    ] = None,
    weighting: Annotated[
        str | None,
        typer.Option(
            "--weighting",
            metavar="W",
            help="equal, market-cap, float-cap, inverse-vol or custom "
            "(default: as the basket says).",
        ),
    ] = None,
    delay: Annotated[
        int, typer.Option("--delay", metavar="N", help="Sessions to wait before each entry.")
    ] = 0,
    participation: ParticipationOption = 0.1,
    slippage_bps: SlippageOption = 0.0,
    impact_bps: ImpactOption = 0.0,
    fx_spread_bps: SpreadOption = 0.0,
    commission_bps: CommissionOption = 2.5,
    commission_min: LeastCommissionOption = 5.0,
    account: WhereOption = "mainland",
    hk_account: AccountOption = "southbound",
    max_wait: WaitOption = 10,
    rights: RightsOption = "take-up",
    delisting_recovery: RecoveryOption = None,
    exit_: ExitOption = None,
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
    capacity: Annotated[
        bool,
        typer.Option(
            "--capacity",
            help="Look for the money at which the edge over the index is gone, and show the way "
            "there.",
        ),
    ] = False,
    csv: CsvOption = None,
    json: JsonOption = None,
    html: HtmlOption = None,
    excel: ExcelOption = False,
    force: ForceOption = False,
    data_version: VersionOption = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Follow a stream of events with one account: the equity curve of acting on the reports.

    The events are those of baskets and of reports by NAME, of all baskets with --all, and imported
    --ratings; --report, --broker and --theme choose among them, and by themselves from all themes
    of all reports.

    An event gets a slot at its entry if one is free, is traded under the rules and charges of each
    day, and gives its money back after its last sale.

    Example: screener follow --all --slots 4 --hold 20 --csv followed.csv
    """
    from screener.files.writing import check_targets

    chosen = names or ratings or report or broker or theme
    if (every and names) or not (every or chosen):
        raise InputError(
            say("name the baskets to follow, or say --all"),
            fix=say("`screener basket list` shows which there are"),
        )
    targets = (csv, json, ledger, paths, metrics, html)
    check_targets(*targets, force=force)
    check_excel(excel, csv, ledger, paths, metrics)
    desk = Workspace(workspace_of(workspace), broken=tell_broken)
    with working(say("following")):
        found = desk.follow(
            names,
            every=every,
            report=report,
            broker=broker,
            theme=theme,
            ratings=ratings,
            hold=hold,
            slots=slots,
            chain=chain,
            capital=capital,
            first=first,
            last=last,
            benchmark=benchmark,
            data_version=data_version,
            capacity=capacity,
            weighting=weighting,
            delay=delay,
            participation=participation,
            slippage_bps=slippage_bps,
            impact_bps=impact_bps,
            fx_spread_bps=fx_spread_bps,
            commission_bps=commission_bps,
            commission_min=commission_min,
            account=account,
            hk_account=hk_account,
            max_wait=max_wait,
            rights=rights,
            delisting_recovery=delisting_recovery,
            exit=tuple(exit_ or ()),
        )
    show_followed(
        found,
        csv=csv,
        json=json,
        ledger=ledger,
        paths=paths,
        metrics=metrics,
        html=html,
        excel=excel,
    )


def show_followed(found: FollowedResult, *, excel: bool, **files: str | None) -> None:
    """Keep the run, write the files that were asked for, show the account unless one is shown."""
    from screener.workflows.follow.rows import document_of
    from screener.workflows.kept_runs import save_run

    _write(found, excel=excel, **files)
    stored = save_run(found.place, found.run.run_id, document_of(found.run))
    if "-" not in files.values():
        from screener.render.backtest.capacity import capacity_tables
        from screener.render.follow import follow_page

        console().print(follow_page(found.run, titles=found.titles))
        if found.run.capacity is not None:
            for table in capacity_tables(
                [(found.run.request.settings.horizons[0], found.run.capacity)]
            ):
                console().print(table)
    for line in dict.fromkeys((*found.run.remarks, *stored)):
        messages().print(line, markup=False)
    ends_lacking(found.lacking)


def _write(found: FollowedResult, *, excel: bool, **files: str | None) -> None:
    from screener.files.writing import write_json, write_text
    from screener.results.backtest import ORDERS
    from screener.results.files import write_rows
    from screener.results.follow import CURVE, EVENTS, MEASURES
    from screener.workflows.follow.rows import (
        curve_rows,
        document_of,
        event_rows,
        followed_orders,
        measure_row,
    )

    run = found.run
    for name, spec, rows in (
        ("csv", EVENTS, event_rows),
        ("ledger", ORDERS, followed_orders),
        ("paths", CURVE, curve_rows),
        ("metrics", MEASURES, lambda run: [measure_row(run)]),
    ):
        target = files[name]
        if target is not None:
            write_rows(target, spec, rows(run), excel=excel)
    if (target := files["json"]) is not None:
        write_json(target, document_of(run))
    if (target := files["html"]) is not None:
        with working(say("making the page")):
            write_text(target, found.to_html())
