"""What the reference simulator reads and writes: days, names, choices, booked orders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from screener.errors import InputError
from tests.oracle.reference_rules import Side

__all__ = ["Booked", "Choices", "Day", "Name", "Simulated", "Status"]

Status = Literal["filled", "partial", "unfilled"]
_RHYTHMS = ("none", "daily", "monthly", "quarterly")


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """Market data of one name on one day, in the listing's currency.

    Parameters
    ----------
    session
        The day.
    open, high, low, close
        Prices as stored, `None` without a bar.
    volume, amount
        Shares traded and turnover, `None` where unknown.
    suspended, st
        Facts of the day.
    trading
        Whether the listing's exchange has a session at all; other days are passed over.
    share_ratio
        By how much a holding of shares multiplies that morning.
    dividend
        Cash for each share held at the close before, before tax.
    rights, rights_price
        Shares offered for each share held at the close before, and what one of them costs.
    fx
        CNY for 1 of the listing's currency by the last fixing; `None` where none is known.
    board_lot
        Shares of a Hong Kong board lot in force.
    southbound
        Whether a mainland account may trade it that day.
    """

    session: date
    open: float | None
    high: float | None
    low: float | None
    close: float | None
    volume: float | None
    amount: float | None
    suspended: bool = False
    st: bool = False
    trading: bool = True
    share_ratio: float = 1.0
    dividend: float = 0.0
    rights: float = 0.0
    rights_price: float = 0.0
    fx: float | None = 1.0
    board_lot: int | None = None
    southbound: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """One name of a window.

    Parameters
    ----------
    listing_id
        Id such as `300857.SZ`.
    weight
        Fraction of the capital.
    days
        Every day from before the entry to the end of the tables, in order.
    adjusted
        Whether the prices are adjusted already: then there are no actions and no tick.
    list_date
        First trading day, `None` where unknown.
    entry
        Scheduled entry session on its own exchange, session 1.
    taken
        Shares that other positions of the account trade, by session and side: they share its part
        of the volume.
    """

    listing_id: str
    weight: float
    days: tuple[Day, ...]
    adjusted: bool = False
    list_date: date | None = None
    entry: date
    taken: Mapping[tuple[date, Side], float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """How the window is traded.

    Parameters
    ----------
    capital
        CNY.
    horizon
        Sessions to hold, the entry being session 1.
    max_wait
        Sessions that a blocked purchase may wait.
    entry
        Price of the purchase: the open, the day's average (of raw prices only) or the close. The
        open at the upper limit keeps one from buying at the open and at the average.
    rebalance
        How often the names are brought back to their weights with the cash that they then share:
        `none`, `daily`, or at the first common session of a month or quarter (`monthly`,
        `quarterly`).
    participation
        Greatest fraction of a session's volume that one order may be; `None` for no cap.
    slippage_bps, impact_bps
        Worse price in basis points: always, and times the root of shares / volume.
    fx_spread_bps
        Worse rate of each purchase's and sale's conversion; none for CNY.
    rate, minimum
        Broker's commission on the mainland, fraction and CNY an order.
    hk_rate, hk_minimum
        The same in Hong Kong, fraction and HKD an order.
    lots
        Whole lots, dividends in cash. Without, shares are real numbers and dividends are
        reinvested at the ex-reference price; there is no commission and no levy then.
    late_sales
        Whether a blocked sale waits. Without, all is sold at the scheduled exit's last close.
    commission, levies
        Whether they are charged; dividend tax is a levy.
    take_up
        Whether rights are taken up: paid with the cash of the name, and beyond it with money from
        outside that is given back at the end. Without lots nothing is paid in: the holding keeps
        what it is worth at the ex-reference price.

    Raises
    ------
    InputError
        If a number is out of its range, the rhythm is unknown, or fees are asked without lots.
    """

    capital: float
    horizon: int
    max_wait: int = 10
    entry: Literal["open", "vwap", "close"] = "open"
    rebalance: str = "none"
    participation: float | None = 0.1
    slippage_bps: float = 0.0
    impact_bps: float = 0.0
    fx_spread_bps: float = 0.0
    rate: float = 0.00025
    minimum: float = 5.0
    hk_rate: float = 0.00025
    hk_minimum: float = 5.0
    lots: bool = True
    late_sales: bool = True
    commission: bool = True
    levies: bool = True
    take_up: bool = True

    def __post_init__(self) -> None:
        if self.capital <= 0 or self.horizon < 1 or self.max_wait < 0:
            raise InputError(
                f"capital {self.capital}, horizon {self.horizon} and max_wait {self.max_wait} "
                "must be above 0, at least 1 and at least 0"
            )
        if self.rebalance not in _RHYTHMS:
            raise InputError(
                f"rebalance {self.rebalance!r} is no rhythm", fix=f"give one of {_RHYTHMS}"
            )
        if self.participation is not None and not 0 < self.participation <= 1:
            raise InputError(f"participation {self.participation} is not in (0, 1]")
        if not self.lots and (self.commission or self.levies):
            raise InputError(
                "commission and levies are charged on whole lots only",
                fix="switch lots on, or commission and levies off",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """One order as booked.

    Parameters
    ----------
    listing_id, side, session
        What, which way and when; for a first purchase that never came about, its scheduled
        session. A rebalancing order of which nothing was traded is not booked.
    shares, price
        What was traded at which price in the listing's currency; 0 and `None` if nothing was.
    fees
        Commission and levies in the listing's currency.
    dividend_tax
        Mainland tax on earlier dividends that this sale made due, in CNY; the shares bought first
        leave first.
    status
        `filled`, `partial` (the volume cap bound) or `unfilled`.
    reason
        Why it is late, partial or unfilled.
    """

    listing_id: str
    side: Side
    session: date
    shares: float
    price: float | None
    fees: float
    dividend_tax: float = 0.0
    status: Status
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """What became of the window.

    Parameters
    ----------
    value
        CNY at the end; `None` while a sale that was due is still open.
    orders
        The orders, name after name, each name's in the order of its sessions.
    fees
        Commissions, levies and dividend taxes in CNY.
    pending
        Whether later sessions can still change the value.
    """

    value: float | None
    orders: tuple[Booked, ...]
    fees: float
    pending: bool
