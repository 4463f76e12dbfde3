"""The rules that applied to a listing on a day, one line each, from the dated tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Protocol

from screener.domain.listing import Board, Exchange, Listing
from screener.market.calendars import calendar_of
from screener.market.charges import (
    Charge,
    Plan,
    Rounding,
    Side,
    charges_on,
    commission_bounds,
    commission_of,
    portfolio_fee,
    proportional_rate,
    round_trip_rate,
)
from screener.market.dividend_tax import Issuer, dividend_tax_rules
from screener.market.limits import DayLimit, Standing, day_limit
from screener.market.lots import lot_terms
from screener.market.rules import (
    DelistingRule,
    FirstDayRule,
    LimitRule,
    NewListingRule,
    order_cutoff,
)
from screener.market.trading import (
    holding_rule,
    settlement_rule,
    southbound_open,
    southbound_rule,
    tick_rule,
    tick_size,
)
from screener.render.rules import RuleShown
from screener.workflows.rules.listing_state import Known

__all__ = ["ORDER_SIZES", "rules_for"]

ORDER_SIZES = (5_000.0, 20_000.0, 100_000.0, 1_000_000.0)
"""Amounts of the orders whose round trip is priced, in the listing's currency."""

_TRADING, _CHARGES, _TRIP, _DIVIDEND = "trading", "charges", "round trip", "dividend tax"
_ROUNDED = {Rounding.UNIT_UP: ", rounded up to a whole dollar"}
_ISSUERS = {
    Issuer.H_SHARE: "an H share",
    Issuer.RED_CHIP: "a red chip",
    Issuer.OTHER: "any other company",
}


class _Sourced(Protocol):
    @property
    def start(self) -> date: ...
    @property
    def source(self) -> str: ...
    @property
    def verified(self) -> bool: ...


def rules_for(
    listing: Listing, session: date, *, known: Known | None = None, plan: Plan | None = None
) -> tuple[RuleShown, ...]:
    """List the rules that applied to a listing on a day, in the order of the page.

    Parameters
    ----------
    listing
        A security.
    session
        The day.
    known
        Its state; where something is not known, each rule that could apply is listed.
    plan
        The broker's terms; the usual ones when `None`.

    Raises
    ------
    InputError, DataError, DateRangeError
        If the listing is an index, its charges are not recorded, or the tables do not know the day.
    """
    state, terms = known or Known(), plan or Plan()
    return (
        *_limits(listing, session, state),
        _lot(listing, session, state),
        _tick(listing, session, state),
        *_times(listing, session, terms),
        *_charges(listing, session, state, terms),
        *_sums(listing, session, state, terms),
        *_trips(listing, session, state, terms),
        *_dividends(listing, session, terms),
    )


def _limits(listing: Listing, session: date, known: Known) -> Iterator[RuleShown]:
    states = (False, True) if known.st is None else (known.st,)
    found = {state: day_limit(listing, session, _standing(listing, session, known, st=state))
             for state in states}  # fmt: skip
    if len({(limit.rule, limit.fraction) for limit in found.values()}) == 1:
        states = states[:1]
    for state in states:
        yield _limit(listing, found[state], known)


def _standing(listing: Listing, session: date, known: Known, *, st: bool) -> Standing:
    listed, leaving = known.list_date, known.delisting_since
    begun = listed is not None and listed <= session
    return Standing(
        st=st,
        unreformed=known.unreformed,
        list_date=listed,
        nth=_sessions(listing, listed, session) if listed is not None and begun else None,
        leaving=0 if leaving is None else _sessions(listing, leaving, session),
    )


def _limit(listing: Listing, limit: DayLimit, known: Known) -> RuleShown:
    if limit.rule is None:
        return RuleShown(
            group=_TRADING,
            rule="price limit",
            text="none recorded",
            why=_board(listing),
            source="",
            verified=False,
        )
    row = _shown(
        _TRADING, "price limit", _limit_text(limit, known), _why(listing, limit, known), limit.rule
    )
    if limit.fraction is None:
        return row
    return replace(row, value=limit.fraction, unit="fraction")


def _limit_text(limit: DayLimit, known: Known) -> str:
    if isinstance(limit.rule, FirstDayRule):
        return f"+{_percent(limit.rule.up)}, -{_percent(limit.rule.down)} of the issue price"
    if limit.fraction is None:
        return "none"
    text = f"±{_percent(limit.fraction)}"
    if known.reference is not None:
        places = 3 if limit.grid.tick < 0.01 else 2
        low, high = limit.prices(known.reference)
        text += f": {low:.{places}f} to {high:.{places}f}"
    return text


def _why(listing: Listing, limit: DayLimit, known: Known) -> str:
    rule, standing, board = limit.rule, limit.standing, _board(listing)
    if isinstance(rule, DelistingRule):
        return f"{board}, delisting period under this name since {known.delisting_since}"
    if isinstance(rule, (NewListingRule, FirstDayRule)):
        return f"{board}, session {standing.nth} since its listing on {standing.list_date}"
    if isinstance(rule, LimitRule) and rule.unreformed:
        return f"{board}, S share"
    if isinstance(rule, LimitRule) and rule.codes:
        return f"{board}, code {listing.code}"
    if isinstance(rule, LimitRule) and rule.st is not None:
        return f"{board}, {_st(rule.st)}"
    return board


def _lot(listing: Listing, session: date, known: Known) -> RuleShown:
    terms = lot_terms(listing, session)
    least, step = terms.least or known.board_lot, terms.step or known.board_lot
    text = "not known: each listing has its own"
    if least is not None:
        text = f"{least:,} shares" if least == step else f"{least:,} shares or more, step {step}"
    return replace(
        _shown(_TRADING, "lot", text, _board(listing), terms),
        value=None if least is None else float(least),
        unit="shares",
    )


def _tick(listing: Listing, session: date, known: Known) -> RuleShown:
    rule = tick_rule(listing, session)
    steps = [step for _, step in rule.bands]
    price = known.reference
    if price is None and len(steps) > 1:
        text, value = f"{steps[0]:g} to {steps[-1]:g} by price", None
    else:
        value = steps[0] if price is None else tick_size(listing, session, price)
        text = f"{value:g} {listing.currency}"
    why = f"{_board(listing)}, price {price:g}" if price and len(steps) > 1 else _board(listing)
    return replace(
        _shown(_TRADING, "tick", text, why, rule),
        value=value,
        unit="price",
        currency=str(listing.currency),
    )


def _times(listing: Listing, session: date, plan: Plan) -> Iterator[RuleShown]:
    held, settled = holding_rule(listing, session), settlement_rule(listing, session)
    sold = "sold from the next session on" if held.count else "sold on the same day"
    for name, rule, text in (
        ("sale after purchase", held, f"T+{held.count}: {sold}"),
        ("settlement", settled, f"T+{settled.count}"),
    ):
        row = _shown(_TRADING, name, text, _board(listing), rule)
        yield replace(row, value=float(rule.count), unit="sessions")
    cutoff = order_cutoff(listing.exchange, session)
    why = f"exchange {listing.exchange}, to be in the opening auction"
    yield _shown(_TRADING, "order cut-off", f"{cutoff.time:%H:%M}", why, cutoff)
    days = southbound_rule(listing, session)
    if days is not None and plan.southbound:
        calendars = {"mainland": calendar_of(Exchange.SH), "hong_kong": calendar_of(Exchange.HK)}
        shut = "" if southbound_open(listing, session, **calendars) else ": not on this day"
        text = f"when both markets are open{shut}"
        yield _shown(_TRADING, "southbound days", text, "southbound account", days)


def _charges(listing: Listing, session: date, known: Known, plan: Plan) -> Iterator[RuleShown]:
    commission = commission_of(listing, plan)
    yield replace(_charge(commission, "the broker's terms"), start=None, end=None)
    if bounds := commission_bounds(listing, session):
        text = f"at most {_percent(bounds.highest)}, at least {bounds.minimum:g} {bounds.currency}"
        yield _shown(_CHARGES, "commission bounds", text, _board(listing), bounds)
    for item in charges_on(listing, session, fund=bool(known.fund)):
        why = f"{_board(listing)}, inside the commission" if item.included else _board(listing)
        yield _charge(item, why)
    if listing.exchange is Exchange.HK and plan.southbound:
        fee = portfolio_fee(listing, session)
        text = f"{_percent(fee.rate)} of the value held for a year"
        row = _shown(_CHARGES, "portfolio fee", text, "southbound account", fee)
        yield replace(row, value=fee.rate, unit="fraction a year")


def _charge(charge: Charge, why: str) -> RuleShown:
    fixed = charge.rate == 0 and charge.minimum > 0
    text = f"{charge.minimum:g} {charge.currency} an order" if fixed else _percent(charge.rate)
    if not fixed and charge.minimum:
        text += f", at least {charge.minimum:g} {charge.currency}"
    if not fixed and charge.maximum is not None:
        text += f", at most {charge.maximum:g} {charge.currency}"
    return replace(
        _shown(_CHARGES, charge.name, text + _ROUNDED.get(charge.rounding, ""), why, charge),
        side=str(charge.side or ""),
        value=charge.rate,
        unit="fraction",
        currency=str(charge.currency),
        minimum=charge.minimum or None,
        maximum=charge.maximum,
    )


def _sums(listing: Listing, session: date, known: Known, plan: Plan) -> Iterator[RuleShown]:
    bare = replace(plan, commission=0.0, hk_commission=0.0)
    for side in Side:
        fund = bool(known.fund)
        rate = proportional_rate(listing, side, session, bare, fund=fund)
        full = proportional_rate(listing, side, session, plan, fund=fund)
        for name, value in (("sum before commission", rate), ("sum with commission", full)):
            yield RuleShown(
                group=_CHARGES,
                rule=name,
                side=str(side),
                text=_percent(value),
                why="rates alone",
                value=value,
                unit="fraction",
                source="",
                verified=_all_verified(listing, session, known, side),
            )


def _trips(listing: Listing, session: date, known: Known, plan: Plan) -> Iterator[RuleShown]:
    for amount in ORDER_SIZES:
        rate = round_trip_rate(listing, session, amount, plan, fund=bool(known.fund))
        yield RuleShown(
            group=_TRIP,
            rule=f"{amount:,.0f} {listing.currency}",
            text=f"{rate * 1e4:.1f} bp",
            why="bought, sold, with minimums",
            value=round(rate * 1e4, 6),
            unit="basis points",
            currency=str(listing.currency),
            source="",
            verified=all(_all_verified(listing, session, known, side) for side in Side),
        )


def _all_verified(listing: Listing, session: date, known: Known, side: Side) -> bool:
    charges = charges_on(listing, session, fund=bool(known.fund))
    return all(item.verified for item in charges if item.applies(side))


def _dividends(listing: Listing, session: date, plan: Plan) -> Iterator[RuleShown]:
    for issuer in Issuer if listing.exchange is Exchange.HK else (Issuer.OTHER,):
        rules = dividend_tax_rules(listing, session, southbound=plan.southbound, issuer=issuer)
        before = 0
        for rule in rules:
            name = _ISSUERS[issuer] if rule.issuer else _held(rule.months, before)
            account = "southbound account" if rule.southbound else "Hong Kong account"
            why = _board(listing) if rule.southbound is None else account
            row = _shown(_DIVIDEND, name, _percent(rule.rate), why, rule)
            yield replace(row, value=rule.rate, unit="fraction")
            before = rule.months or 0


def _held(months: int | None, before: int) -> str:
    if months is not None:
        return f"held up to {months} month{'s' if months > 1 else ''}"
    return f"held for more than {before} months" if before else "held for any time"


def _shown(group: str, rule: str, text: str, why: str, row: _Sourced) -> RuleShown:
    return RuleShown(
        group=group,
        rule=rule,
        text=text,
        why=why,
        source=row.source,
        verified=row.verified,
        start=row.start,
        end=_end(row),
    )


def _end(row: _Sourced) -> date | None:
    end: date | None = getattr(row, "end", None)
    return None if end == date.max or getattr(row, "open", False) else end


def _sessions(listing: Listing, first: date, last: date) -> int:
    """Return how many sessions there are from a day to another, both included."""
    return len(calendar_of(listing.exchange).between(first, last))


def _board(listing: Listing) -> str:
    return f"board {Board(listing.board).value}"


def _st(state: bool) -> str:
    return "ST" if state else "not ST"


def _percent(fraction: float) -> str:
    return f"{fraction * 100:.6g} %"
