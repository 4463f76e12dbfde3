"""What an order costs: dated taxes and fees, and the commission of the user's broker.

Amounts are computed in decimals from the figures as written: 0.00025 times 20,000 is exactly 5.
Each line is bounded by its minimum and its maximum first and then rounded as its rule says, to the
cent half up or up to a whole dollar; the total is the sum of the rounded lines.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal
from enum import StrEnum
from functools import lru_cache

from screener.domain.eligibility import Programme
from screener.domain.listing import Board, Currency, Listing
from screener.errors import InputError
from screener.language import say
from screener.market.charge_table import (
    Charge,
    ChargeKind,
    CommissionBounds,
    PortfolioFee,
    Rounding,
    Side,
    charges_on,
    commission_bounds,
    portfolio_fee,
)

__all__ = [
    "Account",
    "Charge",
    "ChargeKind",
    "CommissionBounds",
    "OrderCosts",
    "Plan",
    "PortfolioFee",
    "Rounding",
    "Side",
    "charges_on",
    "commission_bounds",
    "commission_of",
    "order_costs",
    "portfolio_fee",
    "proportional_rate",
    "round_trip_rate",
]

_CENT = Decimal("0.01")
_UNIT = Decimal(1)
_GRAIN = Decimal("0.000001")
_NOTHING = Decimal(0)


class Account(StrEnum):
    """Where an account is: what lies on the other side of the border it buys by a programme."""

    MAINLAND = "mainland"
    HONGKONG = "hongkong"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the user's broker takes: no rule, the defaults are the usual terms of a small account.

    Parameters
    ----------
    commission, minimum
        Mainland orders: fraction of the amount, and the least amount an order in CNY.
    hk_commission, hk_minimum
        Hong Kong orders: fraction of the amount, and the least amount an order in HKD.
    southbound
        Whether Hong Kong is reached through a mainland account, with its taxes and holding fee.
    northbound
        Whether the mainland is reached through a Hong Kong account.

    Raises
    ------
    InputError
        If a rate is not from 0 to below 1, or a minimum is negative or not finite.
    """

    commission: float = 0.00025
    minimum: float = 5.0
    hk_commission: float = 0.00025
    hk_minimum: float = 5.0
    southbound: bool = True
    northbound: bool = False

    def programme(self, listing: Listing) -> Programme | None:
        """Return by which programme a listing is bought; `None` where it is bought at home."""
        if listing.exchange.mainland:
            foreign = self.northbound and listing.board is not Board.B_SHARE
            return Programme.NORTHBOUND if foreign else None
        return Programme.SOUTHBOUND if self.southbound else None

    def __post_init__(self) -> None:
        for name, rate in (("commission", self.commission), ("hk_commission", self.hk_commission)):
            if not 0 <= rate < 1:
                raise InputError(
                    say("{name} {rate} is not a fraction from 0 to below 1", name=name, rate=rate),
                    fix=say("write 0.025 % as 0.00025"),
                )
        for name, least in (("minimum", self.minimum), ("hk_minimum", self.hk_minimum)):
            if not 0 <= least < math.inf:
                raise InputError(
                    say("{name} {least} is not an amount of 0 or more", name=name, least=least)
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCosts:
    """What one order costs, in the listing's currency.

    Parameters
    ----------
    side
        Side of the order.
    amount
        Shares times price.
    lines
        Each charge with its rounded amount: the commission first, then the table's order.
    total
        Sum of the lines.
    currency
        The listing's currency.
    """

    side: Side
    amount: float
    lines: tuple[tuple[Charge, float], ...]
    total: float
    currency: Currency

    def of_kind(self, kind: ChargeKind) -> float:
        """Return the sum of the lines of one kind, rounded to the cent as they are."""
        paid = [amount for item, amount in self.lines if item.kind is kind]
        return paid[0] if len(paid) == 1 else float(sum(map(_exact, paid), _NOTHING))


def commission_of(listing: Listing, plan: Plan) -> Charge:
    """Return the broker's commission on a listing as a charge."""
    mainland = listing.exchange.mainland
    return _commission(
        plan.commission if mainland else plan.hk_commission,
        plan.minimum if mainland else plan.hk_minimum,
        listing.currency,
    )


def order_costs(
    listing: Listing,
    side: Side,
    session: date,
    *,
    shares: float,
    price: float,
    plan: Plan,
    fund: bool = False,
) -> OrderCosts:
    """Compute what one order costs, line by line, to the cent.

    Parameters
    ----------
    listing
        A security.
    side
        Side of the order.
    session
        Day of its execution.
    shares
        Number of shares, which may be a fraction: what is left of a bonus issue.
    price
        Price of its execution, in the listing's currency.
    plan
        The broker's terms.
    fund
        As in `charges_on`.

    Raises
    ------
    InputError
        If shares or price are not positive.
    DataError, DateRangeError
        As `charges_on`.
    """
    if not 0 < shares < math.inf:
        raise InputError(
            say(
                "an order of {listing} is for some shares, not {shares}",
                listing=listing,
                shares=shares,
            )
        )
    if not (math.isfinite(price) and price > 0):
        raise InputError(say("{price} is not a price of {listing}", price=price, listing=listing))
    amount = _amount(_exact(price) * _exact(shares))
    lines = [
        (charge, _rounded(charge, _bounded(charge, amount)))
        for charge in _lines(listing, side, session, plan, fund)
    ]
    return OrderCosts(
        side=side,
        amount=float(amount),
        lines=tuple((charge, float(paid)) for charge, paid in lines),
        total=float(sum((paid for _, paid in lines), _NOTHING)),
        currency=listing.currency,
    )


def proportional_rate(
    listing: Listing, side: Side, session: date, plan: Plan, *, fund: bool = False
) -> float:
    """Return the sum of the rates of an order, for sizing it with its costs reserved.

    Minimums and roundings come on top: a small order costs more, which `order_costs` tells.
    Raises as `charges_on`.
    """
    lines = _lines(listing, side, session, plan, fund)
    return float(sum((_exact(charge.rate) for charge in lines), _NOTHING))


def round_trip_rate(
    listing: Listing, session: date, amount: float, plan: Plan, *, fund: bool = False
) -> float:
    """Return what buying and selling for the same amount costs, as a fraction of that amount.

    Bounds and dollars rounded up are in it; cents are not rounded, since no order of whole lots is
    for exactly that amount.

    Parameters
    ----------
    listing, session, plan, fund
        As in `order_costs`; both orders on the same session.
    amount
        Amount of either order, in the listing's currency.

    Raises
    ------
    InputError
        If the amount is not positive.
    DataError, DateRangeError
        As `charges_on`.
    """
    if not 0 < amount < math.inf:
        raise InputError(say("{amount} is not an amount of an order", amount=amount))
    exact = _amount(_exact(amount))
    paid = _NOTHING
    for side in Side:
        for charge in _lines(listing, side, session, plan, fund):
            raw = _bounded(charge, exact)
            paid += raw if charge.rounding is Rounding.CENT else _rounded(charge, raw)
    return float(paid / exact)


@lru_cache(maxsize=65_536)
def _lines(
    listing: Listing, side: Side, session: date, plan: Plan, fund: bool
) -> tuple[Charge, ...]:
    charges = charges_on(listing, session, fund=fund)
    return (commission_of(listing, plan), *(item for item in charges if item.applies(side)))


def _amount(product: Decimal) -> Decimal:
    # A price that was computed as a float may carry 1e-12 too much, and a duty rounded up to a
    # whole dollar would make a dollar of it.
    return product.quantize(_GRAIN, rounding=ROUND_HALF_UP)


def _bounded(charge: Charge, amount: Decimal) -> Decimal:
    least = max(amount * _exact(charge.rate), _exact(charge.minimum))
    return least if charge.maximum is None else min(least, _exact(charge.maximum))


def _rounded(charge: Charge, raw: Decimal) -> Decimal:
    if charge.rounding is Rounding.NONE:
        return raw
    if charge.rounding is Rounding.UNIT_UP:
        return raw.quantize(_UNIT, rounding=ROUND_CEILING)
    return raw.quantize(_CENT, rounding=ROUND_HALF_UP)


@lru_cache(maxsize=65_536)
def _exact(value: float) -> Decimal:
    # The shortest decimal that reads as this float: what was written, not its binary neighbour.
    return Decimal(repr(float(value)))


@lru_cache(maxsize=1_024)
def _commission(rate: float, minimum: float, currency: Currency) -> Charge:
    return Charge(
        boards=frozenset(),
        exchanges=frozenset(),
        start=date.min,
        end=date.max,
        open=True,
        source="the broker's terms: no rule",
        verified=True,
        name="commission",
        kind=ChargeKind.COMMISSION,
        side=None,
        products=frozenset(),
        rate=rate,
        minimum=minimum,
        maximum=None,
        rounding=Rounding.CENT,
        currency=currency,
        included=False,
    )
