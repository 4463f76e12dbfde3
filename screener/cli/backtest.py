"""The command `screener backtest`."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from screener.cli.common import (
    CsvOption,
    ExcelOption,
    JsonOption,
    VersionOption,
    WorkspaceOption,
    console,
    messages,
    program_version,
    working,
    workspace_of,
)
from screener.errors import InputError

__all__ = ["backtest"]

_MOST_SESSIONS = 2_500
_MOST_MONEY = 1e12


def backtest(
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
        int, typer.Option("--delay", metavar="N", help="Sessions to wait before the entry.")
    ] = 0,
    weighting: Annotated[
        str | None,
        typer.Option("--weighting", help="equal or custom (default: as the basket says)."),
    ] = None,
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
    csv: CsvOption = None,
    json: JsonOption = None,
    excel: ExcelOption = False,
    data_version: VersionOption = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Backtest baskets from the first session in which a reader could act.

    Example: screener backtest crossover-appliance --hold 5,20 --csv returns.csv
    """
    from screener.backtest.frictions import Frictions
    from screener.backtest.ledger import LEDGER_COLUMNS, ORDER_COLUMNS
    from screener.backtest.run import Settings
    from screener.data.store import Store
    from screener.market.charges import Plan
    from screener.render.files import check_targets, write_csv, write_json
    from screener.workflows.backtesting import (
        BACKTEST_COLUMNS,
        ledger_rows,
        order_rows,
        request_for,
        result_rows,
        run_document,
        run_events,
    )
    from screener.workflows.pages import backtest_page
    from screener.workspace.runs import save_run

    check_targets(csv, json, ledger)
    place = workspace_of(workspace)
    frictions = Frictions(
        plan=Plan(
            commission=_fraction(commission_bps, "--commission-bps"),
            minimum=_positive(commission_min, "--commission-min", zero=True),
            hk_commission=_fraction(commission_bps, "--commission-bps"),
            hk_minimum=_positive(commission_min, "--commission-min", zero=True),
        ),
        participation=participation,
        slippage_bps=slippage_bps,
        impact_bps=impact_bps,
        fx_spread_bps=fx_spread_bps,
    )
    settings = Settings(
        horizons=_horizons(hold),
        max_wait=_at_least(max_wait, 0, "--max-wait"),
        delay=_at_least(delay, 0, "--delay"),
        cost=None if paper or cost_bps is None else _cost(cost_bps),
        frictions=None if paper or cost_bps is not None else frictions,
        capitals=_capitals(capital) if cost_bps is None else _capitals(capital)[:1],
    )
    request = request_for(
        place, names or None, report, settings, benchmark=benchmark, weighting=weighting
    )
    with working("backtesting"), Store.open(place.data_cache, version=data_version) as store:
        run = run_events(store, request, program_version=program_version())
    rows = result_rows(run)
    if csv is not None:
        write_csv(csv, BACKTEST_COLUMNS, rows, excel=excel)
    if json is not None:
        write_json(json, rows)
    if ledger is not None:
        if settings.frictions is None:
            write_csv(ledger, LEDGER_COLUMNS, ledger_rows(run), excel=excel)
        else:
            write_csv(ledger, ORDER_COLUMNS, order_rows(run), excel=excel)
    remark = save_run(place, run.run_id, run_document(run))
    if "-" not in (csv, json, ledger):
        console().print(backtest_page(run))
    for line in (*run.remarks, *remark):
        messages().print(line, markup=False)


def _horizons(text: str) -> tuple[int, ...]:
    try:
        found = sorted({int(part) for part in text.split(",") if part.strip()})
    except ValueError:
        found = []
    if not found or found[0] < 1 or found[-1] > _MOST_SESSIONS:
        raise InputError(
            f"--hold {text!r}: sessions to hold are whole numbers from 1 to {_MOST_SESSIONS}",
            fix="write them like --hold 5,20,60",
        )
    return tuple(found)


def _at_least(value: int, bound: int, parameter: str) -> int:
    if value < bound:
        raise InputError(f"{parameter} {value} is below {bound}")
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


def _fraction(basis_points: float, parameter: str) -> float:
    if not 0 <= basis_points < 10_000:
        raise InputError(f"{parameter} {basis_points:g} is outside 0 to 10000 basis points")
    return basis_points / 10_000


def _cost(basis_points: float) -> float:
    if not 0 <= basis_points < 10_000:
        raise InputError(f"--cost-bps {basis_points:g} is outside 0 to 10000 basis points")
    return basis_points / 10_000
