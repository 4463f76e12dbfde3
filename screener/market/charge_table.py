"""The dated table of what an order costs besides the broker's commission."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cache, lru_cache
from typing import Any

from screener.domain.listing import Board, Currency, Exchange, Listing
from screener.errors import DataError
from screener.language import say
from screener.market.dated import DatedRow, check_tradable, in_force, outside, row_terms, rule_table

__all__ = [
    "Charge",
    "ChargeKind",
    "CommissionBounds",
    "PortfolioFee",
    "Product",
    "Rounding",
    "Side",
    "charges_on",
    "commission_bounds",
    "portfolio_fee",
    "product_of",
]

_TABLE = "charges.toml"


class Side(StrEnum):
    """Side of an order."""

    BUY = "buy"
    SELL = "sell"


class ChargeKind(StrEnum):
    """Who takes a charge: the state, the market, or the broker."""

    TAX = "tax"
    FEE = "fee"
    COMMISSION = "commission"


class Rounding(StrEnum):
    """How a charge is rounded."""

    CENT = "cent"
    UNIT_UP = "unit_up"
    NONE = "none"


class Product(StrEnum):
    """What a listing is, as far as charges ask."""

    SHARE = "share"
    FUND = "fund"
    REIT = "reit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge(DatedRow):
    """One line of an order's costs.

    Parameters
    ----------
    name
        What it is called: `stamp duty`.
    kind
        Who takes it.
    side
        Side on which it is taken; both when `None`.
    products
        What it is charged on; everything when empty.
    rate
        Fraction of the order's amount.
    minimum, maximum
        Bounds an order, in `currency`, before rounding; no upper bound when `None`.
    rounding
        How the bounded amount is rounded.
    currency
        Currency of the bounds.
    included
        Whether it is inside the broker's commission: shown, and never added.
    """

    name: str
    kind: ChargeKind
    side: Side | None
    products: frozenset[Product]
    rate: float
    minimum: float
    maximum: float | None
    rounding: Rounding
    currency: Currency
    included: bool

    def applies(self, side: Side) -> bool:
        """Tell whether an order of a side is charged with it."""
        return not self.included and self.side in (None, side)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommissionBounds(DatedRow):
    """What a commission may be: the highest rate, and the least amount an order."""

    highest: float
    minimum: float
    currency: Currency


@dataclass(frozen=True, slots=True, kw_only=True)
class PortfolioFee(DatedRow):
    """What holding costs, as a fraction of the value held for a year."""

    rate: float


def charges_on(listing: Listing, session: date, *, fund: bool = False) -> tuple[Charge, ...]:
    """Return the charges in force for a listing, on either side, without the broker's commission.

    Those with `included` are inside the commission: to be shown, never to be added.

    Parameters
    ----------
    listing
        A security.
    session
        Day of the order.
    fund
        Whether a Hong Kong listing is an exchange-traded fund, which its code does not tell.

    Raises
    ------
    InputError
        If the listing is an index.
    DataError
        If its charges are not recorded: B shares, and Hong Kong counters in another currency.
    DateRangeError
        If the table does not know every line of that day.
    """
    product = product_of(listing, fund=fund)
    board, exchange, currency = listing.board, listing.exchange, listing.currency
    return _stack(_Asked(listing, board, exchange, currency, product, session))


def product_of(listing: Listing, *, fund: bool = False) -> Product:
    """Return what a listing is, as far as charges ask.

    Parameters
    ----------
    listing
        A security.
    fund
        Whether its master calls it a fund: Hong Kong's do so with real estate investment trusts,
        which the table knows by their codes.
    """
    if listing.id in rule_table(_TABLE)["reits"]:
        return Product.REIT
    return Product.FUND if fund or listing.board is Board.FUND else Product.SHARE


def commission_bounds(listing: Listing, session: date) -> CommissionBounds | None:
    """Return what a commission may be, or `None` where it is free or the table says nothing."""
    for row in _bounds():
        if row.concerns(listing) and row.holds(session):
            return row
    return None


def portfolio_fee(listing: Listing, session: date) -> PortfolioFee:
    """Return what a southbound account pays for holding; raises as `in_force` does."""
    return in_force(_portfolio_fees(), listing, session, what=say("the portfolio fee"))[0]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What decides about charges: the same for all listings of a board but for a message."""

    listing: Listing = field(compare=False)
    board: Board
    exchange: Exchange
    currency: Currency
    product: Product
    session: date


@lru_cache(maxsize=65_536)
def _stack(asked: _Asked) -> tuple[Charge, ...]:
    listing, session, product = asked.listing, asked.session, asked.product
    _check_complete(listing, session)
    found = in_force(_charges(), listing, session, what=say("the cost of an order"))
    fitting = tuple(item for item in found if not item.products or product in item.products)
    if any(item.currency is not listing.currency for item in fitting):
        raise DataError(
            say(
                "the cost of an order of {listing} is not recorded: it trades in {currency}, "
                "its charges are rounded in {rounded}",
                listing=listing,
                currency=listing.currency,
                rounded=fitting[0].currency,
            ),
            fix=say("use the listing of the same company that trades in the market's own currency"),
        )
    return fitting


def _check_complete(listing: Listing, session: date) -> None:
    check_tradable(listing)
    table = rule_table(_TABLE)
    starts = [row["from"] for row in table["complete"] if listing.board in row["boards"]]
    # A board without such a row is refused afterwards, by name.
    if starts and not starts[0] <= session <= table["known_to"]:
        raise outside(
            listing,
            session,
            first=starts[0],
            last=table["known_to"],
            what=say("the full cost of an order"),
        )


@cache
def _charges() -> tuple[Charge, ...]:
    table = rule_table(_TABLE)
    return tuple(_charge(row, table["known_to"]) for row in table["charges"])


def _charge(row: dict[str, Any], known_to: date) -> Charge:
    kind = ChargeKind(row["kind"])
    return Charge(
        **row_terms(row, known_to),
        name=row["name"],
        kind=kind,
        side=Side(row["side"]) if "side" in row else None,
        products=frozenset(Product(item) for item in row.get("products", ())),
        rate=row["rate"],
        minimum=row.get("minimum", 0.0),
        maximum=row.get("maximum"),
        rounding=Rounding(row["rounding"]),
        currency=Currency(row["currency"]),
        included=kind is ChargeKind.COMMISSION,
    )


@cache
def _bounds() -> tuple[CommissionBounds, ...]:
    table = rule_table(_TABLE)
    return tuple(
        CommissionBounds(
            **row_terms(row, table["known_to"]),
            highest=row["highest"],
            minimum=row["minimum"],
            currency=Currency(row["currency"]),
        )
        for row in table["commission_bounds"]
    )


@cache
def _portfolio_fees() -> tuple[PortfolioFee, ...]:
    table = rule_table(_TABLE)
    return tuple(
        PortfolioFee(**row_terms(row, table["known_to"]), rate=row["rate"])
        for row in table["portfolio_fee"]
    )
