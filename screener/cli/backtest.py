"""The command `screener backtest`."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, TypeVar

import typer

from screener.cli.common import (
    MOST_SESSIONS,
    CsvOption,
    ExcelOption,
    ForceOption,
    JsonOption,
    VersionOption,
    WorkspaceOption,
    at_least,
    check_excel,
    console,
    ends_lacking,
    given,
    horizons_of,
    messages,
    program_version,
    tell_broken,
    working,
    workspace_of,
)
from screener.errors import InputError

__all__ = ["backtest"]

ChoiceT = TypeVar("ChoiceT", bound=StrEnum)

_MOST_MONEY = 1e12
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
    participation: Annotated[
        float,
        typer.Option(
            "--participation",
            metavar="P",
            help="Greatest share of a session's volume that one order takes; 1 for all of it.",
        ),
    ] = 0.1,
    slippage_bps: Annotated[
        float,
        typer.Option("--slippage-bps", metavar="N", help="How much worse than the open or close."),
    ] = 0.0,
    impact_bps: Annotated[
        float,
        typer.Option(
            "--impact-bps",
            metavar="N",
            help="Further cost of an order of a whole session's volume; smaller ones pay by the "
            "square root of their share.",
        ),
    ] = 0.0,
    fx_spread_bps: Annotated[
        float,
        typer.Option("--fx-spread-bps", metavar="N", help="What each conversion of money loses."),
    ] = 0.0,
    commission_bps: Annotated[
        float,
        typer.Option("--commission-bps", metavar="N", help="Your broker's commission."),
    ] = 2.5,
    commission_min: Annotated[
        float,
        typer.Option(
            "--commission-min", metavar="M", help="Its least amount an order, in CNY or HKD."
        ),
    ] = 5.0,
    hk_account: Annotated[
        str,
        typer.Option(
            "--hk-account",
            metavar="A",
            help="How your money reaches Hong Kong: southbound, from a mainland account with its "
            "days, taxes and fees, or direct.",
        ),
    ] = "southbound",
    cost_bps: Annotated[
        float | None,
        typer.Option(
            "--cost-bps",
            metavar="N",
            help="A plain cost of each order in basis points, instead of rules and charges.",
        ),
    ] = None,
    max_wait: Annotated[
        int,
        typer.Option(
            "--max-wait",
            metavar="N",
            help="Sessions that a purchase may wait when suspended or locked at the upper limit.",
        ),
    ] = 10,
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
    benchmark: Annotated[
        str,
        typer.Option(
            "--benchmark",
            metavar="ID",
            help="One index for all names, or none "
            "(default: CSI 300 on the mainland, Hang Seng in Hong Kong).",
        ),
    ] = "",
    ledger: Annotated[
        str | None,
        typer.Option(
            "--ledger",
            metavar="FILE",
            help="Write every order, filled or not, as CSV; on paper every name of every window.",
        ),
    ] = None,
    rights: Annotated[
        str,
        typer.Option(
            "--rights",
            metavar="WHAT",
            help="Rights issues: take-up at their price (beyond the cash with money from outside), "
            "or lapse.",
        ),
    ] = "take-up",
    delisting_recovery: Annotated[
        float | None,
        typer.Option(
            "--delisting-recovery",
            metavar="P",
            help="What a delisted share pays out, as a fraction of its last close "
            "(default: its window is partial).",
        ),
    ] = None,
    metrics: Annotated[
        str | None,
        typer.Option(
            "--metrics",
            metavar="FILE",
            help="Write annualised return, volatility, Sharpe, beta and more of each paper path "
            "as CSV.",
        ),
    ] = None,
    jobs: Annotated[
        int,
        typer.Option("--jobs", metavar="N", help="Processes that share the events; -1 for all."),
    ] = 1,
    csv: CsvOption = None,
    json: JsonOption = None,
    excel: ExcelOption = False,
    force: ForceOption = False,
    data_version: VersionOption = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Backtest baskets from the first session in which a reader could act.

    Several values of --delay, --weighting, --entry or --rebalance run every combination.

    Example: screener backtest crossover-appliance --hold 5,20 --csv returns.csv
    """
    from screener.backtest.frictions import Frictions, Rights
    from screener.backtest.run import Settings
    from screener.data.lake.store import Store
    from screener.data.panels.calendar_cache import recorded_sessions
    from screener.domain.basket import EntryPrice, Rebalance, Weighting
    from screener.files.writing import check_targets, write_csv, write_json
    from screener.market.charges import Plan
    from screener.render.backtest import backtest_page
    from screener.render.performance import metrics_page
    from screener.render.variants import variants_page
    from screener.results.backtest import METRICS, NAMES, ORDERS
    from screener.workflows.backtest.measures import metric_rows
    from screener.workflows.backtest.order_rows import order_rows
    from screener.workflows.backtest.requests import Variants, request_of, variant_requests
    from screener.workflows.backtest.rows import (
        ledger_rows,
        result_table,
        run_document,
    )
    from screener.workflows.backtest.run import run_variants
    from screener.workflows.report.catalog import basket_events
    from screener.workspace.runs import save_run

    check_targets(csv, json, ledger, metrics, force=force)
    check_excel(excel, csv, ledger, metrics)
    _check_cost(context, cost_bps, _capitals(capital))
    place = workspace_of(workspace)
    frictions = Frictions(
        plan=Plan(
            commission=_fraction(commission_bps, "--commission-bps"),
            minimum=_positive(commission_min, "--commission-min", zero=True),
            hk_commission=_fraction(commission_bps, "--commission-bps"),
            hk_minimum=_positive(commission_min, "--commission-min", zero=True),
            southbound=_southbound(hk_account),
        ),
        participation=participation,
        slippage_bps=slippage_bps,
        impact_bps=impact_bps,
        fx_spread_bps=fx_spread_bps,
        rights=_one_of(Rights, rights, "--rights"),
    )
    settings = Settings(
        horizons=horizons_of(hold),
        max_wait=at_least(max_wait, 0, "--max-wait"),
        cost=None if paper or cost_bps is None else _cost(cost_bps),
        frictions=None if paper or cost_bps is not None else frictions,
        recovery=_recovery(delisting_recovery),
        capitals=_capitals(capital),
    )
    variants = Variants(
        delays=_delays(delay),
        weightings=(None,) if weighting is None else _some_of(Weighting, weighting, "--weighting"),
        entries=_some_of(EntryPrice, entry, "--entry"),
        rebalances=_some_of(Rebalance, rebalance, "--rebalance"),
    )
    groups = basket_events(place, names or None, report)
    tell_broken(groups.broken)
    request = request_of(groups, settings, benchmark=benchmark)
    requests = variant_requests(request, variants)
    with (
        working("backtesting"),
        Store.open(place.data_cache, version=data_version) as store,
        recorded_sessions(place.data_cache),
    ):
        runs = run_variants(store, requests, program_version=program_version(), jobs=jobs)
    table = result_table(runs)
    if csv is not None:
        write_csv(csv, table.spec.names, table.rows, excel=excel)
    if json is not None:
        write_json(json, table.rows)
    if ledger is not None:
        on_paper = settings.frictions is None
        told = [row for run in runs for row in (ledger_rows if on_paper else order_rows)(run)]
        write_csv(ledger, NAMES.names if on_paper else ORDERS.names, told, excel=excel)
    if metrics is not None:
        measured = [row for run in runs for row in metric_rows(run)]
        write_csv(metrics, METRICS.names, measured, excel=excel)
    remarks = [line for run in runs for line in run.remarks]
    for run in runs:
        remarks += save_run(place, run.run_id, run_document(run))
    if "-" not in (csv, json, ledger, metrics):
        console().print(backtest_page(runs[0]) if len(runs) == 1 else variants_page(runs))
        if metrics is not None and len(runs) == 1:
            console().print(metrics_page(runs[0]))
    for line in dict.fromkeys(remarks):
        messages().print(line, markup=False)
    ends_lacking(groups.lacking or any(run.lacking for run in runs))


def _check_cost(
    context: typer.Context, cost_bps: float | None, capitals: tuple[float, ...]
) -> None:
    """Refuse what a plain cost would leave unread."""
    if cost_bps is None:
        return
    unread = given(context, *_OF_FRICTIONS)
    if unread:
        raise InputError(
            f"--cost-bps is a plain cost instead of rules and charges: {unread[0]} is not read",
            fix=f"leave out --cost-bps, or {', '.join(unread)}",
        )
    if len(capitals) > 1:
        raise InputError(
            "--cost-bps costs the same at any size: several amounts of --capital change nothing",
            fix="give one amount",
        )


def _delays(text: str) -> tuple[int, ...]:
    try:
        found = tuple(dict.fromkeys(int(part) for part in text.split(",") if part.strip()))
    except ValueError:
        found = ()
    if not found or min(found) < 0 or max(found) > MOST_SESSIONS:
        raise InputError(
            f"--delay {text!r}: sessions to wait are whole numbers from 0 to {MOST_SESSIONS}",
            fix="write them like --delay 0,1,5",
        )
    return found


def _some_of(kind: type[ChoiceT], text: str, parameter: str) -> tuple[ChoiceT, ...]:
    asked = dict.fromkeys(part.strip() for part in text.split(",") if part.strip())
    known = [str(choice) for choice in kind]
    for part in asked:
        if part not in known:
            raise InputError(f"{parameter} {part!r} is not one of {', '.join(known)}")
    if not asked:
        raise InputError(f"{parameter} is empty", fix=f"give one of {', '.join(known)}")
    return tuple(kind(part) for part in asked)


def _one_of(kind: type[ChoiceT], text: str, parameter: str) -> ChoiceT:
    found, *others = _some_of(kind, text, parameter)
    if others:
        raise InputError(f"{parameter} {text!r} is more than one", fix=f"give {found} alone")
    return found


def _recovery(value: float | None) -> float | None:
    if value is not None and not 0 <= value <= 1:
        raise InputError(
            f"--delisting-recovery {value:g} is no fraction of a price",
            fix="give 0 for nothing, up to 1 for the whole last close",
        )
    return value


def _positive(value: float, parameter: str, *, zero: bool = False) -> float:
    if not 0 < value < float("inf") and not (zero and value == 0):
        bound = "an amount of 0 or more" if zero else "a positive amount"
        raise InputError(f"{parameter} {value:g} is not {bound}")
    return value


def _capitals(text: str) -> tuple[float, ...]:
    if re.fullmatch(r"\s*\d{1,3}(,000)+\s*", text):
        raise InputError(
            f"--capital {text!r} may be one amount or several", fix="write 1000000, or 20000,100000"
        )
    try:
        found = tuple(dict.fromkeys(float(part) for part in text.split(",") if part.strip()))
    except ValueError:
        found = ()
    if not found:
        raise InputError(
            f"--capital {text!r} is no amount of money", fix="write it like 20000,1000000"
        )
    if max(found) > _MOST_MONEY:
        raise InputError(f"--capital {max(found):g} is above {_MOST_MONEY:g}, more than any market")
    return tuple(_positive(value, "--capital") for value in found)


def _southbound(account: str) -> bool:
    if account not in ("southbound", "direct"):
        raise InputError(
            f"--hk-account {account!r} is no kind of account", fix="say southbound or direct"
        )
    return account == "southbound"


def _fraction(basis_points: float, parameter: str) -> float:
    if not 0 <= basis_points < 10_000:
        raise InputError(f"{parameter} {basis_points:g} is outside 0 to 10000 basis points")
    return basis_points / 10_000


def _cost(basis_points: float) -> float:
    if not 0 <= basis_points < 10_000:
        raise InputError(f"--cost-bps {basis_points:g} is outside 0 to 10000 basis points")
    return basis_points / 10_000
