"""Options of a backtest as a user gives them, checked, and what they come to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

from screener.backtest.frictions import Frictions, Rights
from screener.backtest.run import Settings
from screener.domain.amounts import parse_amounts
from screener.domain.basket import EntryPrice, Rebalance, Weighting
from screener.domain.choices import check_known, choice
from screener.domain.days import MOST_SESSIONS
from screener.domain.exits import parse_exits
from screener.errors import InputError
from screener.language import say
from screener.market.charges import Account, Plan
from screener.workflows.backtest.requests import Variants

__all__ = ["BacktestOptions"]

_MOST_MONEY = 1e12
_ROUTES = ("southbound", "direct")
_SEVERAL = ("hold", "capital", "delay", "weighting", "entry", "rebalance", "exit")


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestOptions:
    """How baskets are bought, kept and paid for.

    Parameters
    ----------
    hold
        Sessions to hold; the entry is session 1.
    capital
        Money of the traded path in CNY, one row each.
    paper
        Paper returns only, whatever else is said.
    participation
        Greatest share of a session's volume that the purchases, or sales, of a name take.
    slippage_bps, impact_bps, fx_spread_bps
        Basis points by which an order's price is worse, that an order of a whole session's volume
        adds, and that each conversion of money loses.
    commission_bps, commission_min
        The broker's commission, and its least amount an order, in CNY or HKD.
    account
        `mainland`, or `hongkong`, which trades Hong Kong at home and the mainland northbound.
    hk_account
        How a mainland account reaches Hong Kong: `southbound`, or `direct`.
    cost_bps
        A plain cost of each order, instead of rules and charges.
    max_wait
        Sessions that a blocked purchase may wait.
    delay, weighting, entry, rebalance
        Sessions to wait before the entry; weighting, `None` for what each basket says; price that
        is paid; how often baskets are brought back to their weights. Every combination is run.
    rights
        Rights issues: `take-up` or `lapse`.
    delisting_recovery
        What a delisted share pays out, as a fraction of its last close; `None` leaves its window
        partial.
    exit
        Rules by which a name is sold before its horizon, the first to fire: `next-report`,
        `rating-cut`, `stop:-0.1`, `take:0.2`; `horizon` for none.

    Raises
    ------
    InputError
        If one of them is out of its bounds.
    """

    hold: tuple[int, ...] = (5, 20, 60, 120)
    capital: tuple[float, ...] = (1e6,)
    paper: bool = False
    participation: float = 0.1
    slippage_bps: float = 0.0
    impact_bps: float = 0.0
    fx_spread_bps: float = 0.0
    commission_bps: float = 2.5
    commission_min: float = 5.0
    account: str = "mainland"
    hk_account: str = "southbound"
    cost_bps: float | None = None
    max_wait: int = 10
    delay: tuple[int, ...] = (0,)
    weighting: tuple[str | None, ...] = (None,)
    entry: tuple[str, ...] = ("open",)
    rebalance: tuple[str, ...] = ("none",)
    rights: str = "take-up"
    delisting_recovery: float | None = None
    exit: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_sessions(self.hold, "--hold", least=1)
        _check_sessions(self.delay, "--delay", least=0)
        if self.max_wait < 0:
            raise InputError(say("--max-wait {max_wait} is below 0", max_wait=self.max_wait))
        for amount in self.capital:
            _check_money(amount, "--capital")
        if not self.capital:
            raise InputError(say("--capital is empty"), fix=say("give an amount such as 1000000"))
        if max(self.capital) > _MOST_MONEY:
            raise InputError(
                say(
                    "--capital {capital:g} is above {most_money:g}, more than any market",
                    capital=max(self.capital),
                    most_money=_MOST_MONEY,
                )
            )
        if self.cost_bps is not None:
            _check_points(self.cost_bps, "--cost-bps")
            if len(self.capital) > 1:
                raise InputError(
                    say(
                        "--cost-bps costs the same at any size: several amounts of --capital "
                        "change nothing"
                    ),
                    fix=say("give one amount"),
                )
        _check_points(self.commission_bps, "--commission-bps")
        _check_money(self.commission_min, "--commission-min", zero=True)
        choice(Account, self.account, parameter="--account")
        if self.hk_account not in _ROUTES:
            raise InputError(
                say(
                    "--hk-account {hk_account} is no kind of account",
                    hk_account=repr(self.hk_account),
                ),
                fix=say("say southbound or direct"),
            )
        if self.delisting_recovery is not None and not 0 <= self.delisting_recovery <= 1:
            raise InputError(
                say(
                    "--delisting-recovery {delisting_recovery:g} is no fraction of a price",
                    delisting_recovery=self.delisting_recovery,
                ),
                fix=say("give 0 for nothing, up to 1 for the whole last close"),
            )

    @classmethod
    def of(cls, **given: Any) -> Self:
        """Make options; what may be several is taken alone, too.

        Raises
        ------
        InputError
            If there is no such option, or one is out of its bounds.
        """
        check_known(given, (item.name for item in fields(cls)))
        if isinstance(given.get("capital"), str):
            given["capital"] = parse_amounts(given["capital"], parameter="capital")
        ready: dict[str, Any] = {
            name: _several(value) if name in _SEVERAL else value for name, value in given.items()
        }
        return cls(**ready)

    def settings(self) -> Settings:
        """Return the settings of the first variant."""
        commission = self.commission_bps / 10_000
        at_home = choice(Account, self.account, parameter="--account") is Account.MAINLAND
        plain = self.paper or self.cost_bps is not None
        frictions = Frictions(
            plan=Plan(
                commission=commission,
                minimum=self.commission_min,
                hk_commission=commission,
                hk_minimum=self.commission_min,
                southbound=at_home and self.hk_account == "southbound",
                northbound=not at_home,
            ),
            participation=self.participation,
            slippage_bps=self.slippage_bps,
            impact_bps=self.impact_bps,
            fx_spread_bps=self.fx_spread_bps,
            rights=choice(Rights, self.rights, parameter="--rights"),
        )
        cost = None if self.paper or self.cost_bps is None else self.cost_bps / 10_000
        return Settings(
            horizons=self.hold,
            max_wait=self.max_wait,
            cost=cost,
            frictions=None if plain else frictions,
            recovery=self.delisting_recovery,
            capitals=self.capital,
            exits=parse_exits(self.exit),
        )

    def variants(self) -> Variants:
        """Return the ways to buy and keep that are asked for."""
        return Variants(
            delays=self.delay,
            weightings=tuple(
                None if item is None else choice(Weighting, item, parameter="--weighting")
                for item in self.weighting
            ),
            entries=tuple(choice(EntryPrice, item, parameter="--entry") for item in self.entry),
            rebalances=tuple(
                choice(Rebalance, item, parameter="--rebalance") for item in self.rebalance
            ),
        )


def _several(value: object) -> tuple[object, ...]:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return tuple(dict.fromkeys(value))
    return (value,)


def _check_sessions(values: Sequence[int], parameter: str, *, least: int) -> None:
    whole = all(isinstance(value, int) for value in values)
    if not values or not whole or min(values) < least or max(values) > MOST_SESSIONS:
        told = ",".join(str(value) for value in values)
        raise InputError(
            say(
                "{parameter} {told}: sessions are whole numbers from {least} to {most_sessions}",
                parameter=parameter,
                told=repr(told),
                least=least,
                most_sessions=MOST_SESSIONS,
            ),
            fix=say("write them like {parameter} 5,20,60", parameter=parameter),
        )


def _check_money(value: float, parameter: str, *, zero: bool = False) -> None:
    if not 0 < value < float("inf") and not (zero and value == 0):
        raise InputError(
            say(
                "{parameter} {value:g} is not an amount of 0 or more",
                parameter=parameter,
                value=value,
            )
            if zero
            else say(
                "{parameter} {value:g} is not a positive amount", parameter=parameter, value=value
            )
        )


def _check_points(value: float, parameter: str) -> None:
    if not 0 <= value < 10_000:
        raise InputError(
            say(
                "{parameter} {value:g} is outside 0 to 10000 basis points",
                parameter=parameter,
                value=value,
            )
        )
