"""When a printed figure equals one of the tables: the digits that it was printed with."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_DOWN, Decimal

from screener.domain.report import Claim, ClaimUnit

__all__ = ["agrees", "cut_off", "printed_step", "shares_digits"]

_FEWEST_DIGITS = 2  # of an amount: trailing zeros of 128.0e9 are digits or not, nobody can tell
_ALIKE = ("price", "close")
_SLACK = Decimal(1) + Decimal("1e-9")


def shares_digits(measure: str) -> bool:
    """Tell whether a report prints all values of a measure with one number of decimals.

    Prices, closes and moves come from one table or one terminal; a card keeps 17.00 % as 0.17,
    and only the others of its kind tell that two decimals were printed.
    """
    return measure in _ALIKE or measure.startswith("return ")


def printed_step(claim: Claim, claims: Iterable[Claim]) -> Decimal:
    """Return the unit of the last digit that a claim was printed with, in the claim's unit.

    It is told from the shortest decimal form of the value: 0.2798 has a step of 0.0001. Trailing
    zeros are lost in a number, so where `shares_digits` holds the finest step among the report's
    claims of that measure and unit is taken, and an amount has two digits at least.

    Parameters
    ----------
    claim
        The claim.
    claims
        All claims of its report.
    """
    if not shares_digits(claim.measure):
        return _step(claim)
    alike = (c for c in claims if c.measure == claim.measure and c.unit is claim.unit)
    return min((_step(item) for item in (claim, *alike)), default=_step(claim))


def agrees(claim: Claim, found: float, step: Decimal) -> bool:
    """Tell whether a value rounds to the printed one; exactly half a step counts as equal."""
    return abs(Decimal(repr(found)) - Decimal(repr(claim.value))) <= step / 2 * _SLACK


def cut_off(claim: Claim, found: float, step: Decimal) -> bool:
    """Tell whether the printed value is the one found with its last digits cut off."""
    cut = (Decimal(repr(found)) / step).quantize(Decimal(1), rounding=ROUND_DOWN) * step
    return cut == Decimal(repr(claim.value)) and cut != Decimal(repr(found))


def _step(claim: Claim) -> Decimal:
    value = Decimal(repr(claim.value)).normalize()
    exponent = int(value.as_tuple().exponent)
    if claim.unit in (ClaimUnit.CNY, ClaimUnit.HKD) and claim.measure not in (
        "price",
        "target price",
    ):
        return Decimal(1).scaleb(min(exponent, value.adjusted() + 1 - _FEWEST_DIGITS))
    limit = -2 if claim.unit is ClaimUnit.FRACTION else 0  # whole percents, whole points
    return Decimal(1).scaleb(min(exponent, limit))
