"""Tax on cash dividends, by how long the shares were held and how Hong Kong is reached.

On the mainland nothing is withheld when a dividend is paid on shares held for up to a year: the
tax is taken when they are sold, at the rate of the whole time for which they were held. From what
is paid across the border, either way, it is withheld at once, at one rate.
"""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache

from screener.domain.listing import Exchange, Listing
from screener.errors import InputError
from screener.language import say
from screener.market.dated import DatedRow, in_force, row_terms, rule_table

__all__ = [
    "DividendTaxRule",
    "Issuer",
    "dividend_tax_rate",
    "dividend_tax_rule",
    "dividend_tax_rules",
]


class Issuer(StrEnum):
    """Kind of a company listed in Hong Kong, which its code does not tell."""

    H_SHARE = "h_share"
    RED_CHIP = "red_chip"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class DividendTaxRule(DatedRow):
    """Tax on a cash dividend.

    Parameters
    ----------
    months
        Longest time held, in calendar months; any time beyond the rows before it when `None`.
    southbound
        Whether it is of a mainland account that reaches Hong Kong; `None` on the mainland.
    northbound
        Whether it is of a Hong Kong account that reaches the mainland.
    issuer
        Kind of the company; `None` on the mainland.
    rate
        Fraction of the dividend before tax.
    """

    months: int | None
    southbound: bool | None
    northbound: bool
    issuer: Issuer | None
    rate: float


def dividend_tax_rate(
    listing: Listing,
    held_days: int,
    session: date,
    *,
    southbound: bool = True,
    northbound: bool = False,
    issuer: Issuer = Issuer.H_SHARE,
) -> float:
    """Return the tax on a cash dividend as a fraction of the dividend before tax.

    Parameters
    ----------
    listing
        A security.
    held_days
        Calendar days from the purchase to `session`.
    session
        Day on which the tax is reckoned: of the sale, or of the valuation while it is held.
        Months are counted from the purchase to it, so that shares bought on 01-08 and sold on
        02-08 were held for one month.
    southbound
        Whether Hong Kong is reached through a mainland account.
    northbound
        Whether the mainland is reached through a Hong Kong account.
    issuer
        Kind of the company; Hong Kong only.

    Raises
    ------
    InputError
        If `held_days` is negative, or the listing an index.
    DataError
        If the tax on the listing's board is not recorded: B shares.
    DateRangeError
        If the table knows nothing of that day.
    """
    return dividend_tax_rule(
        listing, held_days, session, southbound=southbound, northbound=northbound, issuer=issuer
    ).rate


def dividend_tax_rule(
    listing: Listing,
    held_days: int,
    session: date,
    *,
    southbound: bool = True,
    northbound: bool = False,
    issuer: Issuer = Issuer.H_SHARE,
) -> DividendTaxRule:
    """Return the rule behind `dividend_tax_rate`; parameters and errors are the same."""
    if held_days < 0:
        raise InputError(
            say("shares were held for 0 days or more, not {held_days}", held_days=held_days)
        )
    rules = dividend_tax_rules(
        listing, session, southbound=southbound, northbound=northbound, issuer=issuer
    )
    bought = session - timedelta(days=held_days)
    for rule in rules[:-1]:
        if rule.months is not None and session <= _months_later(bought, rule.months):
            return rule
    return rules[-1]


def dividend_tax_rules(
    listing: Listing,
    session: date,
    *,
    southbound: bool = True,
    northbound: bool = False,
    issuer: Issuer = Issuer.H_SHARE,
) -> tuple[DividendTaxRule, ...]:
    """Return the rules in force for a listing, by ascending time held; errors as there."""
    found = in_force(_rows(), listing, session, what=say("the tax on dividends"))
    if listing.exchange is not Exchange.HK:
        abroad = tuple(rule for rule in found if rule.northbound)
        return abroad if northbound and abroad else tuple(r for r in found if not r.northbound)
    return tuple(rule for rule in found if rule.southbound is southbound and rule.issuer is issuer)


def _months_later(day: date, months: int) -> date:
    """Return the same day of a later month, or its last day where it has no such day."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))


_SOUTHBOUND = {"southbound": True, "direct": False, "northbound": None}


@cache
def _rows() -> tuple[DividendTaxRule, ...]:
    table = rule_table("dividend_tax.toml")
    return tuple(
        DividendTaxRule(
            **row_terms(row, table["known_to"]),
            months=row.get("months"),
            southbound=_SOUTHBOUND[row["route"]] if "route" in row else None,
            northbound=row.get("route") == "northbound",
            issuer=Issuer(row["issuer"]) if "issuer" in row else None,
            rate=row["rate"],
        )
        for row in table["rows"]
    )
