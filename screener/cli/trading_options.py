"""Options of the commands that trade: what an order costs, and when it waits."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, get_args

import typer

__all__ = [
    "TRADING",
    "AccountOption",
    "BenchmarkOption",
    "CommissionOption",
    "ExitOption",
    "ImpactOption",
    "LeastCommissionOption",
    "ParticipationOption",
    "RecoveryOption",
    "RightsOption",
    "SlippageOption",
    "SpreadOption",
    "WaitOption",
    "trading_parameters",
]

ParticipationOption = Annotated[
    float,
    typer.Option(
        "--participation",
        metavar="P",
        help="Greatest share of a session's volume that your purchases, or sales, of a name take; "
        "1 for all of it.",
    ),
]
SlippageOption = Annotated[
    float,
    typer.Option("--slippage-bps", metavar="N", help="How much worse than the open or close."),
]
ImpactOption = Annotated[
    float,
    typer.Option(
        "--impact-bps",
        metavar="N",
        help="Further cost of an order of a whole session's volume; smaller ones pay by the "
        "square root of their share.",
    ),
]
SpreadOption = Annotated[
    float,
    typer.Option("--fx-spread-bps", metavar="N", help="What each conversion of money loses."),
]
CommissionOption = Annotated[
    float,
    typer.Option("--commission-bps", metavar="N", help="Your broker's commission."),
]
LeastCommissionOption = Annotated[
    float,
    typer.Option("--commission-min", metavar="M", help="Its least amount an order, in CNY or HKD."),
]
WhereOption = Annotated[
    str,
    typer.Option(
        "--account",
        metavar="WHERE",
        help="Where your account is: mainland, which buys Hong Kong southbound, or hongkong, which "
        "buys the mainland northbound, a tenth of its dividends withheld; each on the days of both "
        "markets, and what is eligible.",
    ),
]
AccountOption = Annotated[
    str,
    typer.Option(
        "--hk-account",
        metavar="A",
        help="How your money reaches Hong Kong: southbound, from a mainland account with its "
        "days, taxes and fees, or direct.",
    ),
]
WaitOption = Annotated[
    int,
    typer.Option(
        "--max-wait",
        metavar="N",
        help="Sessions that a purchase may wait when suspended or locked at the upper limit.",
    ),
]
ExitOption = Annotated[
    list[str] | None,
    typer.Option(
        "--exit",
        metavar="RULE",
        help="Sell a name before its horizon, at the open after the rule fires: next-report, "
        "rating-cut, stop:-0.1, take:0.2; several together, the first to fire.",
    ),
]
RightsOption = Annotated[
    str,
    typer.Option(
        "--rights",
        metavar="WHAT",
        help="Rights issues: take-up at their price (beyond the cash with money from outside), "
        "or lapse.",
    ),
]
RecoveryOption = Annotated[
    float | None,
    typer.Option(
        "--delisting-recovery",
        metavar="P",
        help="What a delisted share pays out, as a fraction of its last close "
        "(default: its window is partial).",
    ),
]
BenchmarkOption = Annotated[
    str,
    typer.Option(
        "--benchmark",
        metavar="ID",
        help="One index for all names, or none "
        "(default: CSI 300 on the mainland, Hang Seng in Hong Kong).",
    ),
]

TRADING: Mapping[str, Any] = {
    "participation": ParticipationOption,
    "slippage_bps": SlippageOption,
    "impact_bps": ImpactOption,
    "fx_spread_bps": SpreadOption,
    "commission_bps": CommissionOption,
    "commission_min": LeastCommissionOption,
    "hk_account": AccountOption,
    "max_wait": WaitOption,
    "rights": RightsOption,
    "delisting_recovery": RecoveryOption,
}
"""Options of trading, by the library's names; what is left out is as the settings say."""


def trading_parameters() -> Iterator[inspect.Parameter]:
    """Give the options of trading as parameters of a command, none of them needed."""
    for name, option in TRADING.items():
        kind, told = get_args(option)[:2]
        yield inspect.Parameter(
            name,
            inspect.Parameter.POSITIONAL_OR_KEYWORD,
            default=None,
            annotation=Annotated[kind | None, told],
        )
