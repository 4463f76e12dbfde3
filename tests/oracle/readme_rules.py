"""Market rules of the oracle: calendars, cut-offs, limits, lots, charges and taxes.

Written from the texts of the rules alone; nothing here comes from the program. Money is decimal,
so that a cent is a cent.
"""

from __future__ import annotations

import bisect
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_HALF_UP, ROUND_UP, Decimal
from functools import cache

import exchange_calendars

LOCAL = timezone(timedelta(hours=8))
CENT = Decimal("0.01")
_CLOSED = {date(2023, 9, 1), date(2023, 9, 8)}  # typhoon Saola, black rainstorm: Hong Kong
_CUT_OFF = {"HK": time(9, 0)}  # the others take orders for the opening auction until 09:15
_FIRST_DAY = date(2015, 1, 1)


# --- sessions


@cache
def sessions(exchange: str) -> tuple[date, ...]:
    """Return all sessions of an exchange, SH, SZ, BJ or HK, in order."""
    hong_kong = exchange == "HK"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of that package with this version of pandas
        calendar = exchange_calendars.get_calendar(
            "XHKG" if hong_kong else "XSHG", start=str(_FIRST_DAY), end="2026-12-31"
        )
    days = [item.date() for item in calendar.sessions]
    return tuple(day for day in days if not (hong_kong and day in _CLOSED))


def place(exchange: str, day: date) -> int:
    """Return the place of the first session on or after `day`."""
    return bisect.bisect_left(sessions(exchange), day)


def entry_place(exchange: str, published: date | datetime) -> int:
    """Return the place of the first session whose order cut-off comes after publication.

    A date alone is known after that day's close, so that the next day is the first.
    """
    if not isinstance(published, datetime):
        return place(exchange, published + timedelta(days=1))
    known = published.astimezone(LOCAL)
    at = place(exchange, known.date())
    days = sessions(exchange)
    if at < len(days) and days[at] == known.date():
        cut_off = datetime.combine(days[at], _CUT_OFF.get(exchange, time(9, 15)), LOCAL)
        if cut_off <= known:
            return at + 1
    return at


# --- what a listing is


def exchange_of(listing: str) -> str:
    """Return the exchange of a listing id."""
    return listing.rsplit(".", 1)[1]


def board_of(listing: str) -> str:
    """Return the board that a code belongs to: main, chinext, star, bse or hk."""
    code, exchange = listing.rsplit(".", 1)
    if exchange == "HK":
        return "hk"
    if exchange == "BJ":
        return "bse"
    if code.startswith(("300", "301", "302")):
        return "chinext"
    return "star" if code.startswith(("688", "689")) else "main"


# --- daily limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What decides a listing's daily limit on one day.

    Parameters
    ----------
    board
        One of `board_of`.
    fund
        Whether it is a fund.
    special
        Under special treatment (ST).
    unreformed
        A share whose non-tradable shares were never reformed (S).
    leaving
        In its delisting period.
    age
        Sessions since the first trading day, which is 0; empty if that day is not known.
    leaving_age
        Sessions since the first one of the delisting period.
    listed
        First trading day.
    """

    board: str
    fund: bool = False
    special: bool = False
    unreformed: bool = False
    leaving: bool = False
    age: int | None = None
    leaving_age: int | None = None
    listed: date | None = None


def limit_rate(standing: Standing, day: date) -> Decimal | None:
    """Return the daily limit as a fraction; `None` for none."""
    if standing.board == "hk" or _free(standing):
        return None
    wide = {"star": Decimal("0.20"), "bse": Decimal("0.30")}
    if standing.board in wide:
        return wide[standing.board]
    if standing.board == "chinext" and day >= date(2020, 8, 24):
        return Decimal("0.20")
    if standing.leaving:
        return Decimal("0.10")
    if standing.unreformed or (standing.special and day < date(2026, 7, 6)):
        return Decimal("0.05")
    return Decimal("0.10")


def _free(standing: Standing) -> bool:
    if standing.leaving and standing.leaving_age == 0:
        return True
    if standing.age is None or standing.listed is None or standing.fund:
        return False
    since = {"main": date(2023, 4, 10), "chinext": date(2020, 8, 24), "star": date(2019, 7, 22)}
    if standing.board == "bse":
        return standing.age == 0 and standing.listed >= date(2021, 11, 15)
    return standing.age < 5 and standing.listed >= since[standing.board]


def limits(
    reference: Decimal, rate: Decimal, *, board: str, fund: bool = False
) -> tuple[Decimal, Decimal]:
    """Return the lowest and the highest price of a day.

    Rounded half up to the tick, cut off towards the reference in Beijing, a tick from the
    reference at least.
    """
    tick = tick_of(board, fund=fund)
    low, high = reference * (1 - rate), reference * (1 + rate)
    if board == "bse":
        down, up = step(low, tick, ROUND_CEILING), step(high, tick, ROUND_DOWN)
    else:
        down, up = step(low, tick, ROUND_HALF_UP), step(high, tick, ROUND_HALF_UP)
    return max(min(down, reference - tick), tick), max(up, reference + tick)


def tick_of(board: str, *, fund: bool) -> Decimal:
    """Return the tick of mainland prices: a tenth of a cent for funds."""
    return Decimal("0.001") if fund and board != "hk" else CENT


def step(value: Decimal, tick: Decimal, rounding: str) -> Decimal:
    """Return a price in whole ticks."""
    return (value / tick).quantize(Decimal(1), rounding=rounding) * tick


# --- lots


def whole_lots(board: str, shares: int, lot: int) -> int:
    """Return the most shares, at most `shares`, that one purchase may ask for."""
    least = {"star": 200, "bse": 100}.get(board)
    if least is not None:
        return shares if shares >= least else 0
    return shares // lot * lot


# --- charges


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Commission of the broker: rate, and least amount an order in the listing's currency."""

    rate: Decimal = Decimal("0.00025")
    least: Decimal = Decimal(5)


def charges(
    board: str, amount: Decimal, day: date, *, sale: bool, terms: Terms, fund: bool = False
) -> Decimal:
    """Return all charges of an order in the listing's currency, each rounded to its cent."""
    commission = _cents(max(amount * terms.rate, terms.least))
    if board == "hk":
        return commission + _hong_kong(amount, day, fund=fund)
    if fund:
        return commission
    stamp = Decimal("0.0005") if day >= date(2023, 8, 28) else Decimal("0.001")
    transfer = Decimal("0.00001") if day >= date(2022, 4, 29) else Decimal("0.00002")
    return commission + _cents(amount * transfer) + (_cents(amount * stamp) if sale else 0)


def _hong_kong(amount: Decimal, day: date, *, fund: bool) -> Decimal:
    stamp = Decimal("0.001") if day >= date(2023, 11, 17) else Decimal("0.0013")
    duty = Decimal(0) if fund else (amount * stamp).quantize(Decimal(1), rounding=ROUND_UP)
    levies = sum(_cents(amount * Decimal(rate)) for rate in ("0.000027", "0.0000015", "0.0000565"))
    if day >= date(2025, 6, 30):
        settlement = amount * Decimal("0.000042")
    else:
        settlement = min(max(amount * Decimal("0.00002"), Decimal(2)), Decimal(100))
    return duty + levies + _cents(settlement)


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


SOUTHBOUND_TAX = Decimal("0.20")
"""Withheld from the cash dividends that a mainland investor is paid in Hong Kong."""


def dividend_tax(bought: date, sold: date) -> Decimal:
    """Return the tax on a mainland share's cash dividends: held to a month, a year, longer."""
    if sold <= _months_later(bought, 1):
        return Decimal("0.20")
    return Decimal("0.10") if sold <= _months_later(bought, 12) else Decimal(0)


def _months_later(day: date, months: int) -> date:
    total = day.year * 12 + day.month - 1 + months
    year, month = divmod(total, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, min(day.day, last))
        except ValueError:
            continue
    raise AssertionError


def decimals(values: Sequence[float]) -> list[Decimal]:
    """Return numbers as they are printed."""
    return [Decimal(repr(float(value))) for value in values]
