"""The rules of the reference simulator: typed a second time, on purpose.

Nothing here is read from `screener.market`: two readings of the same rules that agree are the
proof. Rates are exact decimals, fractions of an amount. Where the official text gives no
rounding, a charge is rounded half-up to the cent.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Literal

from screener.errors import DataError, DateRangeError, InputError

__all__ = [
    "SOUTHBOUND_DIVIDEND_TAX",
    "Board",
    "Lot",
    "Side",
    "board_of",
    "cents",
    "daily_limit",
    "dividend_tax_rate",
    "free_sessions",
    "levies",
    "lot_of",
    "lower_price",
    "rounded_down",
    "upper_price",
]

Board = Literal["main", "chinext", "star", "bse", "hk"]
Side = Literal["buy", "sell"]
Dated = tuple[tuple[date, Decimal], ...]

_TICK = Decimal("0.01")
_DOLLAR = Decimal(1)
_ALWAYS = date(1990, 1, 1)

# Levies. Shanghai, Shenzhen and Beijing: stamp duty is the seller's alone.
_STAMP: Dated = ((date(2008, 9, 19), Decimal("0.001")), (date(2023, 8, 28), Decimal("0.0005")))
_TRANSFER: Dated = (
    (date(2015, 8, 1), Decimal("0.00002")),
    (date(2022, 4, 29), Decimal("0.00001")),
)
_TRANSFER_BEIJING: Dated = (
    (date(2021, 11, 15), Decimal("0.000025")),
    (date(2022, 4, 29), Decimal("0.00001")),
)
# Hong Kong: each side.
_HK_STAMP: Dated = ((date(2021, 8, 1), Decimal("0.0013")), (date(2023, 11, 17), Decimal("0.001")))
_HK_PLAIN: tuple[Dated, ...] = (
    ((date(2014, 11, 1), Decimal("0.000027")),),  # SFC
    ((_ALWAYS, Decimal(0)), (date(2022, 1, 1), Decimal("0.0000015"))),  # AFRC
    ((_ALWAYS, Decimal("0.00005")), (date(2023, 1, 1), Decimal("0.0000565"))),  # trading fee
)
_HK_SETTLEMENT: Dated = ((_ALWAYS, Decimal("0.00002")), (date(2025, 6, 30), Decimal("0.000042")))
_HK_SETTLEMENT_UNBOUNDED = date(2025, 6, 30)
_HK_SETTLEMENT_LEAST, _HK_SETTLEMENT_MOST = Decimal(2), Decimal(100)

SOUTHBOUND_DIVIDEND_TAX = Decimal("0.20")
"""Withheld from a Hong Kong dividend before it reaches a mainland investor."""

# Sessions without a price limit after listing. Before registration came, the first day had a wide
# limit of its own, which counts as none.
_FREE: dict[Board, tuple[date, int]] = {
    "main": (date(2023, 4, 10), 5),
    "chinext": (date(2020, 8, 24), 5),
    "star": (date(2019, 7, 22), 5),
    "bse": (date(2021, 11, 15), 1),
}
_ST_WIDENED = date(2026, 7, 6)
_CHINEXT_WIDENED = date(2020, 8, 24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """How many shares one order may have: `least`, and from there on multiples of `step`."""

    least: int
    step: int


def board_of(listing_id: str) -> Board:
    """Return the board of an ordinary share.

    Raises
    ------
    InputError
        For anything else, such as a fund or a B share.
    """
    code, _, exchange = listing_id.partition(".")
    if exchange == "HK" and code.isdigit():
        return "hk"
    if exchange == "BJ":
        return "bse"
    if exchange == "SH" and code.startswith(("688", "689")):
        return "star"
    if exchange == "SZ" and code.startswith("30"):
        return "chinext"
    if code.startswith({"SH": ("60",), "SZ": ("000", "001", "002", "003")}.get(exchange, ())):
        return "main"
    raise InputError(
        f"{listing_id} is no ordinary share of a board that the reference simulator knows",
        fix="give shares of SH, SZ, BJ or HK, such as 300857.SZ",
    )


def cents(amount: Decimal) -> Decimal:
    """Round an amount half-up to the cent."""
    return amount.quantize(_TICK, rounding=ROUND_HALF_UP)


def daily_limit(board: Board, session: date, *, st: bool) -> Decimal | None:
    """Return the daily price limit as a fraction, `None` in Hong Kong."""
    if board == "hk":
        return None
    if board == "bse":
        return Decimal("0.30")
    if board == "star" or (board == "chinext" and session >= _CHINEXT_WIDENED):
        return Decimal("0.20")
    narrow = st and (board == "chinext" or session < _ST_WIDENED)
    return Decimal("0.05") if narrow else Decimal("0.10")


def free_sessions(board: Board, list_date: date) -> int:
    """Return how many first sessions of a new listing have no price limit."""
    since, count = _FREE.get(board, (date.max, 1))
    return count if list_date >= since else 1


def upper_price(reference: Decimal, limit: Decimal, board: Board) -> Decimal:
    """Return the highest price of the day: half-up, in Beijing down, a tick away at least."""
    how = ROUND_FLOOR if board == "bse" else ROUND_HALF_UP
    return max((reference * (1 + limit)).quantize(_TICK, rounding=how), reference + _TICK)


def lower_price(reference: Decimal, limit: Decimal, board: Board) -> Decimal:
    """Return the lowest price of the day: half-up, in Beijing up, a tick away at least."""
    how = ROUND_CEILING if board == "bse" else ROUND_HALF_UP
    least = min((reference * (1 - limit)).quantize(_TICK, rounding=how), reference - _TICK)
    return max(least, _TICK)


def lot_of(board: Board, board_lot: int | None, *, where: str) -> Lot:
    """Return the lot rule of one session.

    Raises
    ------
    DataError
        If the listing is of Hong Kong and its board lot is not known.
    """
    if board == "hk":
        if board_lot is None:
            raise DataError(
                "no board lot is known",
                where=where,
                fix="import a file with column board_lot: `screener data import FILE "
                "--kind listings`",
            )
        return Lot(least=board_lot, step=board_lot)
    return {"star": Lot(least=200, step=1), "bse": Lot(least=100, step=1)}.get(
        board, Lot(least=100, step=100)
    )


def rounded_down(shares: Decimal, lot: Lot) -> Decimal:
    """Return the greatest number of shares up to `shares` that the lot allows, 0 if none."""
    whole = (shares / lot.step).to_integral_value(rounding=ROUND_FLOOR) * lot.step
    return whole if whole >= lot.least else Decimal(0)


def levies(listing_id: str, side: Side, session: date, amount: Decimal) -> Decimal:
    """Return stamp duty and all other levies on one order, in the listing's currency.

    Raises
    ------
    DateRangeError
        If the session is before the first rate in the table.
    """
    board = board_of(listing_id)
    if board == "hk":
        return _hong_kong_levies(session, amount)
    stamp = cents(amount * _rate(_STAMP, session)) if side == "sell" else Decimal(0)
    transfer = _TRANSFER_BEIJING if board == "bse" else _TRANSFER
    return stamp + cents(amount * _rate(transfer, session))


def dividend_tax_rate(bought: date, sold: date) -> Decimal:
    """Return the tax on mainland dividends by how long the shares were held.

    Held up to a month 20 %, up to a year 10 %, longer 0. A month ends on the day before the same
    day of the next one, and the last day held is the one before the sale.
    """
    if sold <= _months_later(bought, 1):
        return Decimal("0.20")
    return Decimal("0.10") if sold <= _months_later(bought, 12) else Decimal(0)


def _hong_kong_levies(session: date, amount: Decimal) -> Decimal:
    stamp = (amount * _rate(_HK_STAMP, session)).quantize(_DOLLAR, rounding=ROUND_CEILING)
    settlement = cents(amount * _rate(_HK_SETTLEMENT, session))
    if session < _HK_SETTLEMENT_UNBOUNDED:
        settlement = min(max(settlement, _HK_SETTLEMENT_LEAST), _HK_SETTLEMENT_MOST)
    return stamp + settlement + sum(cents(amount * _rate(rows, session)) for rows in _HK_PLAIN)


def _rate(rows: Dated, session: date) -> Decimal:
    in_force = [rate for start, rate in rows if start <= session]
    if not in_force:
        raise DateRangeError(f"no rate is noted for {session}: the first is of {rows[0][0]}")
    return in_force[-1]


def _months_later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))
