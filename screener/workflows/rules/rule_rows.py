"""The rules that applied to a listing on a day, one line each, from the dated tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Protocol

from screener.domain.eligibility import Eligibility, Programme
from screener.domain.listing import Exchange, Listing
from screener.language import say, say_count
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
from screener.market.names import board_name, charge_name
from screener.market.rules import (
    DelistingRule,
    FirstDayRule,
    LimitRule,
    NewListingRule,
    order_cutoff,
)
from screener.market.trading import (
    holding_rule,
    northbound_rule,
    settlement_rule,
    southbound_open,
    southbound_rule,
    tick_rule,
    tick_size,
)
from screener.workflows.rules.listing_state import Known
from screener.workflows.rules.result import RuleShown

__all__ = ["ORDER_SIZES", "rules_for"]

ORDER_SIZES = (5_000.0, 20_000.0, 100_000.0, 1_000_000.0)
"""Amounts of the orders whose round trip is priced, in the listing's currency."""

_TRADING, _CHARGES, _TRIP, _DIVIDEND = "trading", "charges", "round trip", "dividend tax"


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
        *_times(listing, session, state, terms),
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
            rule=say("price limit"),
            text=say("none recorded"),
            why=_board(listing),
            source="",
            verified=False,
        )
    row = _shown(
        _TRADING,
        say("price limit"),
        _limit_text(limit, known),
        _why(listing, limit, known),
        limit.rule,
    )
    if limit.fraction is None:
        return row
    return replace(row, value=limit.fraction, unit="fraction")


def _limit_text(limit: DayLimit, known: Known) -> str:
    if isinstance(limit.rule, FirstDayRule):
        return say(
            "+{up}, -{down} of the issue price",
            up=_percent(limit.rule.up),
            down=_percent(limit.rule.down),
        )
    if limit.fraction is None:
        return say("none")
    text = f"±{_percent(limit.fraction)}"
    if known.reference is None:
        return text
    places = 3 if limit.grid.tick < 0.01 else 2
    low, high = (f"{price:.{places}f}" for price in limit.prices(known.reference))
    return say("{limit}: {low} to {high}", limit=text, low=low, high=high)


def _why(listing: Listing, limit: DayLimit, known: Known) -> str:
    rule, standing, board = limit.rule, limit.standing, _board(listing)
    if isinstance(rule, DelistingRule):
        return say(
            "{board}, delisting period under this name since {since}",
            board=board,
            since=known.delisting_since,
        )
    if isinstance(rule, (NewListingRule, FirstDayRule)):
        return say(
            "{board}, session {n} since its listing on {listed}",
            board=board,
            n=standing.nth,
            listed=standing.list_date,
        )
    if isinstance(rule, LimitRule) and rule.unreformed:
        return say("{board}, S share", board=board)
    if isinstance(rule, LimitRule) and rule.codes:
        return say("{board}, code {code}", board=board, code=listing.code)
    if isinstance(rule, LimitRule) and rule.st is not None:
        return say("{board}, ST", board=board) if rule.st else say("{board}, not ST", board=board)
    return board


def _lot(listing: Listing, session: date, known: Known) -> RuleShown:
    terms = lot_terms(listing, session)
    least, step = terms.least or known.board_lot, terms.step or known.board_lot
    text = say("not known: each listing has its own")
    if least is not None:
        text = (
            say("{n:,} shares", n=least)
            if least == step
            else say("{n:,} shares or more, step {step}", n=least, step=step)
        )
    return replace(
        _shown(_TRADING, say("lot"), text, _board(listing), terms),
        value=None if least is None else float(least),
        unit="shares",
    )


def _tick(listing: Listing, session: date, known: Known) -> RuleShown:
    rule = tick_rule(listing, session)
    steps = [step for _, step in rule.bands]
    price = known.reference
    if price is None and len(steps) > 1:
        text = say("{least:g} to {most:g} by price", least=steps[0], most=steps[-1])
        value = None
    else:
        value = steps[0] if price is None else tick_size(listing, session, price)
        text = f"{value:g} {listing.currency}"
    why = _board(listing)
    if price and len(steps) > 1:
        why = say("{board}, price {price:g}", board=why, price=price)
    return replace(
        _shown(_TRADING, say("tick"), text, why, rule),
        value=value,
        unit="price",
        currency=str(listing.currency),
    )


def _times(listing: Listing, session: date, known: Known, plan: Plan) -> Iterator[RuleShown]:
    held, settled = holding_rule(listing, session), settlement_rule(listing, session)
    sold = (
        say("T+{n}: sold from the next session on", n=held.count)
        if held.count
        else say("T+0: sold on the same day")
    )
    for name, rule, text in (
        (say("sale after purchase"), held, sold),
        (say("settlement"), settled, f"T+{settled.count}"),
    ):
        row = _shown(_TRADING, name, text, _board(listing), rule)
        yield replace(row, value=float(rule.count), unit="sessions")
    cutoff = order_cutoff(listing.exchange, session)
    why = say("exchange {exchange}, to be in the opening auction", exchange=listing.exchange)
    yield _shown(_TRADING, say("order cut-off"), f"{cutoff.time:%H:%M}", why, cutoff)
    days = southbound_rule(listing, session)
    if days is not None and plan.southbound:
        calendars = {"mainland": calendar_of(Exchange.SH), "hong_kong": calendar_of(Exchange.HK)}
        text = (
            say("when both markets are open")
            if southbound_open(listing, session, **calendars)
            else say("when both markets are open: not on this day")
        )
        yield _shown(_TRADING, say("southbound days"), text, say("southbound account"), days)
    days = northbound_rule(listing, session)
    if days is not None and plan.northbound:
        open_ = calendar_of(Exchange.SH).is_session(session) and calendar_of(
            Exchange.HK
        ).is_session(session)
        text = (
            say("when both markets are open")
            if open_
            else say("when both markets are open: not on this day")
        )
        yield _shown(_TRADING, say("northbound days"), text, say("Hong Kong account"), days)
    yield from _eligible(listing, session, known.eligibility, plan)


def _eligible(
    listing: Listing, session: date, eligibility: Eligibility, plan: Plan
) -> Iterator[RuleShown]:
    """Tell whether an account may buy a listing across the border; every one may sell it."""
    programme = plan.programme(listing)
    if programme is None:
        return
    south = programme is Programme.SOUTHBOUND
    known = eligibility.on(session)
    recorded = eligibility.recorded
    if not south and listing.exchange is Exchange.BJ:
        text = say("not bought: shares of Beijing are not in it")
    elif known:
        first = next(day for day, last in eligibility.spells if last is None or last >= session)
        text = say("in the list since {day}", day=first)
    elif known is False:
        text = say("not bought: not in the list, which is recorded since {day}", day=recorded)
    elif recorded is None:
        text = say("not known: no list is recorded; it is bought, and that is told")
    else:
        text = say(
            "not known: lists are recorded since {day} alone; it is bought, and that is told",
            day=recorded,
        )
    yield RuleShown(
        group=_TRADING,
        rule=say("southbound eligibility") if south else say("northbound eligibility"),
        text=text,
        why=say("southbound account") if south else say("Hong Kong account"),
        source=say("table eligibility"),
        verified=False,
    )


def _charges(listing: Listing, session: date, known: Known, plan: Plan) -> Iterator[RuleShown]:
    commission = commission_of(listing, plan)
    yield replace(_charge(commission, say("the broker's terms")), start=None, end=None)
    if bounds := commission_bounds(listing, session):
        text = say(
            "at most {rate}, at least {least:g} {currency}",
            rate=_percent(bounds.highest),
            least=bounds.minimum,
            currency=bounds.currency,
        )
        yield _shown(_CHARGES, say("commission bounds"), text, _board(listing), bounds)
    for item in charges_on(listing, session, fund=bool(known.fund)):
        why = _board(listing)
        if item.included:
            why = say("{board}, inside the commission", board=why)
        yield _charge(item, why)
    if listing.exchange is Exchange.HK and plan.southbound:
        fee = portfolio_fee(listing, session)
        text = say("{rate} of the value held for a year", rate=_percent(fee.rate))
        row = _shown(_CHARGES, say("portfolio fee"), text, say("southbound account"), fee)
        yield replace(row, value=fee.rate, unit="fraction a year")


def _charge(charge: Charge, why: str) -> RuleShown:
    return replace(
        _shown(_CHARGES, charge_name(charge.name), _charge_text(charge), why, charge),
        side=str(charge.side or ""),
        value=charge.rate,
        unit="fraction",
        currency=str(charge.currency),
        minimum=charge.minimum or None,
        maximum=charge.maximum,
    )


def _charge_text(charge: Charge) -> str:
    least = f"{charge.minimum:g} {charge.currency}"
    if charge.rate == 0 and charge.minimum > 0:
        text = say("{amount} an order", amount=least)
    else:
        text = _percent(charge.rate)
        if charge.minimum:
            text = say("{rate}, at least {amount}", rate=text, amount=least)
        if charge.maximum is not None:
            most = f"{charge.maximum:g} {charge.currency}"
            text = say("{rate}, at most {amount}", rate=text, amount=most)
    if charge.rounding is Rounding.UNIT_UP:
        text = say("{charge}, rounded up to a whole dollar", charge=text)
    return text


def _sums(listing: Listing, session: date, known: Known, plan: Plan) -> Iterator[RuleShown]:
    bare = replace(plan, commission=0.0, hk_commission=0.0)
    for side in Side:
        fund = bool(known.fund)
        rate = proportional_rate(listing, side, session, bare, fund=fund)
        full = proportional_rate(listing, side, session, plan, fund=fund)
        for name, value in (
            (say("sum before commission"), rate),
            (say("sum with commission"), full),
        ):
            yield RuleShown(
                group=_CHARGES,
                rule=name,
                side=str(side),
                text=_percent(value),
                why=say("rates alone"),
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
            why=say("bought, sold, with minimums"),
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
        rules = dividend_tax_rules(
            listing,
            session,
            southbound=plan.southbound,
            northbound=plan.northbound,
            issuer=issuer,
        )
        before = 0
        for rule in rules:
            name = _issuer(issuer) if rule.issuer else _held(rule.months, before)
            account = say("southbound account") if rule.southbound else say("Hong Kong account")
            mainland = rule.southbound is None and not rule.northbound
            why = _board(listing) if mainland else account
            row = _shown(_DIVIDEND, name, _percent(rule.rate), why, rule)
            yield replace(row, value=rule.rate, unit="fraction")
            before = rule.months or 0


def _held(months: int | None, before: int) -> str:
    if months is not None:
        return say_count("held up to {n} month", "held up to {n} months", months)
    if before:
        return say("held for more than {n} months", n=before)
    return say("held for any time")


def _issuer(issuer: Issuer) -> str:
    return {
        Issuer.H_SHARE: lambda: say("an H share"),
        Issuer.RED_CHIP: lambda: say("a red chip"),
        Issuer.OTHER: lambda: say("any other company"),
    }[issuer]()


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
    return say("board {board}", board=board_name(listing.board))


def _percent(fraction: float) -> str:
    return f"{fraction * 100:.6g} %"
