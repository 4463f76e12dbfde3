"""The rule for each measure: which value of the tables a claim is compared with."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, TypeAlias

from screener.data.lake.asof import REACH
from screener.domain.listing import Currency
from screener.domain.report import Claim, ClaimUnit
from screener.errors import DataError
from screener.language import say
from screener.language.amounts import Amount
from screener.language.lists import clauses, place_in
from screener.workflows.report.check_answers import Answer, ClaimQuestion, ClaimState, unknown
from screener.workflows.report.check_tables import Series, last_due
from screener.workflows.report.check_values import agrees

__all__ = ["answer", "day_of"]


_Rule: TypeAlias = Callable[[ClaimQuestion], Answer]
_BEFORE, _AFTER = 10, 3  # sessions in which the origin of a printed price is looked for
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}")
_PERIOD = re.compile(r"(\d{4})(Q[1-4]|H1|Q1-Q3|)")
_CURRENCY = {ClaimUnit.CNY: Currency.CNY, ClaimUnit.HKD: Currency.HKD}
_MONTHS = {"Q1": 3, "H1": 6, "Q1-Q3": 9, "": 12}
_QUARTERS = {"Q2": ("H1", "Q1"), "Q3": ("Q1-Q3", "H1"), "Q4": ("", "Q1-Q3")}
_FLOWS = {
    "revenue": "revenue",
    "net profit": "net_profit",
    "net profit, without non-recurring items": "net_profit_deducted",
    "operating cash flow": "operating_cash_flow",
}
_GROWTH = " growth, year on year"
_COLUMNS = {
    "market cap": ("market_cap",),
    "float market cap": ("float_cap",),
    "PE": ("pe_ttm", "pe_static"),
    "PE (TTM)": ("pe_ttm",),
    "PE (static)": ("pe_static",),
    "PB": ("pb",),
    "PS": ("ps_ttm",),
    "PS (TTM)": ("ps_ttm",),
    "dividend yield": ("dividend_yield",),
}
_SHOWN: dict[str, Callable[[], str]] = {
    "market_cap": lambda: say("market value"),
    "float_cap": lambda: say("market value of free shares"),
    "pe_ttm": lambda: say("PE on the trailing twelve months"),
    "pe_static": lambda: say("PE on the last annual profit (static)"),
    "pb": lambda: say("PB"),
    "ps_ttm": lambda: say("PS on the trailing twelve months"),
    "dividend_yield": lambda: say("dividend yield"),
}
_TOLD: dict[str, Callable[[], str]] = {
    "revenue": lambda: say("revenue"),
    "net profit": lambda: say("net profit"),
    "net profit, without non-recurring items": lambda: say(
        "net profit, without non-recurring items"
    ),
    "operating cash flow": lambda: say("operating cash flow"),
}
_NEVER: dict[str, Callable[[], str]] = {
    "EV/revenue": lambda: say("no table holds enterprise values"),
    "EV/EBITDA": lambda: say("no table holds enterprise values"),
    "target price": lambda: say("a target is an opinion, no fact"),
}


def day_of(claim: Claim, before: date) -> date:
    """Return the day to which a claim refers: its own, else the last before publication."""
    return date.fromisoformat(claim.as_of) if _ISO.fullmatch(claim.as_of) else before


def answer(question: ClaimQuestion) -> Answer:
    """Compare a claim with the tables."""
    claim = question.claim
    measure = re.sub(r", (low|high) end$", "", claim.measure)
    if measure in _NEVER:
        return unknown(_NEVER[measure]())
    if _is_forecast(claim, question.published):
        return unknown(say("a forecast: no table holds forecasts"))
    rule = _RULES.get(measure)
    if rule is not None:
        return rule(question)
    return unknown(say("no table holds {measure}", measure=repr(claim.measure)))


def _is_forecast(claim: Claim, published: date) -> bool:
    """Tell whether a claim speaks of a period that was not over when it was published."""
    if claim.as_of.endswith("E") or claim.remark.startswith("forecast"):
        return True
    parts = _PERIOD.fullmatch(claim.as_of)
    if parts is None:
        return False
    return _period_end(int(parts[1]), _MONTHS.get(parts[2], 12)) >= published


# --- levels ------------------------------------------------------------------------------------


def _level(question: ClaimQuestion) -> Answer:
    listing, claim = question.listing, question.claim
    currency = _CURRENCY.get(claim.unit)
    if currency is not None and currency is not listing.currency:
        return unknown(
            say(
                "claimed in {claimed}, while {listing} trades in {currency}",
                claimed=currency,
                listing=listing,
                currency=listing.currency,
            )
        )
    placed = _bar_on(question)
    if isinstance(placed, Answer):
        return placed
    series, at, remark = placed
    session, close = series.sessions[at], series.closes[at]
    if question.agrees(close):
        return question.compared(close, _close_of(session, remark))
    other = _same_close(question, series, at)
    if other is None:
        searched = say(
            "no close from {before} sessions before to {after} after equals it",
            before=_BEFORE,
            after=_AFTER,
        )
        return question.compared(close, clauses([_close_of(session, remark), searched]))
    told = say(
        "not the close of {session} ({close:,.10g}) but of {other}",
        session=session,
        close=close,
        other=series.sessions[other],
    )
    told = place_in(told, remark)
    return Answer(verdict=ClaimState.DIFFERS, reason=told, found=close)


def _close_of(session: date, remark: str) -> str:
    return place_in(say("close of {session}", session=session), remark)


def _same_close(question: ClaimQuestion, series: Series, at: int) -> int | None:
    """Return the nearest bar around one whose close is the printed figure, the earlier first."""
    around = range(max(0, at - _BEFORE), min(len(series.closes), at + _AFTER + 1))
    for number in sorted(around, key=lambda item: (abs(item - at), item)):
        if agrees(question.claim, series.closes[number], question.step):
            return number
    return None


def _bar_on(question: ClaimQuestion) -> tuple[Series, int, str] | Answer:
    """Return the bar of the day asked for, or the last before it where there is none that day."""
    listing, day = question.listing, question.day
    span = question.tables.spans.get(listing.id)
    if span is None:
        return unknown(say("no bars of it"), lacks="bars")
    due = last_due(listing, day) or day
    if due > span[1] or day < span[0]:
        run = say("its bars run from {first} to {last}", first=span[0], last=span[1])
        return unknown(run, lacks="bars")
    series = question.tables.series[listing.id]
    at = series.at(day)
    if at is None:
        return unknown(say("no bar within a year before {day}", day=day), lacks="bars")
    found = series.sessions[at]
    return series, at, "" if found == day else say("the last on or before {day}", day=day)


# --- moves -------------------------------------------------------------------------------------


def _first_of_day(day: date) -> date:
    return day


def _first_of_week(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _first_of_month(day: date) -> date:
    return day.replace(day=1)


def _first_of_year(day: date) -> date:
    return date(day.year, 1, 1)


def _move_since(first_day: Callable[[date], date]) -> _Rule:
    def move(question: ClaimQuestion) -> Answer:
        if not question.claim.as_of:
            return unknown(say("the claim names no day"))
        placed = _bar_on(question)
        if isinstance(placed, Answer):
            return placed
        series, end, _ = placed
        found = _moves(series, end, first_day(question.day))
        if isinstance(found, Answer):
            return found
        fitting = [item for item in found if question.agrees(item[0])] or found[:1]
        answer = question.compared(*fitting[0])
        if answer.verdict is ClaimState.DIFFERS and first_day is _first_of_week:
            return _other_week(question, series, answer)
        return answer

    return move


def _moves(series: Series, end: int, first: date) -> list[tuple[float, str]] | Answer:
    """Return the moves up to a bar from the last one before a day, the likeliest first."""
    base = bisect_left(series.sessions, first) - 1
    if base < 0:
        return unknown(say("no bar before {day} to start from", day=first))
    if series.sessions[end] < first:
        return unknown(say("no bar from {day} on in that time", day=first))
    days = say("close of {first} to {last}", first=series.sessions[base], last=series.sessions[end])
    price = series.closes[end] / series.closes[base] - 1
    if series.adjusted:
        return [(price, say("{days}, with dividends", days=days))]
    total = (1 + price) * series.factor(end) / series.factor(base) - 1
    if total == price:
        return [(price, days)]
    return [
        (total, say("{days}, with dividends", days=days)),
        (price, say("{days}, price alone", days=days)),
    ]


def _other_week(question: ClaimQuestion, series: Series, answer: Answer) -> Answer:
    """Look whether the printed move is that of the week before or after."""
    for weeks in (-1, 1):
        day = question.day + timedelta(weeks=weeks)
        first = _first_of_week(day)
        end = series.at(first + timedelta(days=6))
        found = _moves(series, end, first) if end is not None else None
        if isinstance(found, list) and any(question.agrees(value) for value, _ in found):
            week = say(
                "it is the move of the week {first} to {last}",
                first=first,
                last=first + timedelta(days=4),
            )
            told = clauses([answer.reason, week])
            return Answer(verdict=ClaimState.DIFFERS, reason=told, found=answer.found)
    return answer


# --- valuation ---------------------------------------------------------------------------------


def _valuation(question: ClaimQuestion) -> Answer:
    claim, day = question.claim, question.day
    if _PERIOD.fullmatch(claim.as_of):
        return unknown(say("the tables hold none on the figures of {period}", period=claim.as_of))
    rows = question.tables.valuation.get(question.listing.id, ())
    known = [row for row in rows if day - REACH <= row["session"] <= day]
    if not known:
        return _no_valuation(question, rows)
    row = known[-1]
    measure = re.sub(r", (low|high) end$", "", claim.measure)
    values = [(name, row[name]) for name in _COLUMNS[measure] if row[name] is not None]
    if not values:
        first, *rest = (_SHOWN[name]() for name in _COLUMNS[measure])
        names = say("{first} or {last}", first=first, last=rest[0]) if rest else first
        lack = say("no {measure} on {session}", measure=names, session=row["session"])
        return unknown(lack, lacks="valuation")
    return _best_value(question, row["session"], values)


def _best_value(
    question: ClaimQuestion, session: date, values: Sequence[tuple[str, float]]
) -> Answer:
    answers = []
    for name, value in values:
        converted = _in_unit(question, value, session)
        if converted is None:
            return unknown(
                say(
                    "no exchange rate for {currency} on {session}",
                    currency=question.listing.currency,
                    session=session,
                )
            )
        measured = say("{measure} of {session}", measure=_SHOWN[name](), session=session)
        answers.append(question.compared(converted, measured))
    for found in answers:
        if found.verdict is ClaimState.AGREES:
            return found
    first = answers[0]
    if len(answers) == 1:
        return first
    also = (
        say("{measure} is {value:,.4g}", measure=item.reason, value=item.found)
        for item in answers[1:]
    )
    return Answer(verdict=first.verdict, reason=clauses([first.reason, *also]), found=first.found)


def _in_unit(question: ClaimQuestion, value: float, session: date) -> float | None:
    currency = _CURRENCY.get(question.claim.unit)
    if currency is None:
        return value
    try:
        return value * question.tables.fixings.rate(question.listing.currency, currency, session)
    except DataError:
        return None


def _no_valuation(question: ClaimQuestion, rows: Sequence[Mapping[str, Any]]) -> Answer:
    if not rows:
        return unknown(say("no valuation of it"), lacks="valuation")
    first, last = rows[0]["session"], rows[-1]["session"]
    held = str(first) if first == last else say("{first} to {last}", first=first, last=last)
    reason = say(
        "no valuation of it on {day} or within {n} days before, only {held}",
        day=question.day,
        n=REACH.days,
        held=held,
    )
    return unknown(reason, lacks="valuation")


# --- reported figures --------------------------------------------------------------------------


def _reported(question: ClaimQuestion) -> Answer:
    claim = question.claim
    rows = question.tables.fundamentals.get(question.listing.id, ())
    if not rows:
        return unknown(say("no reported figures of it"), lacks="fundamentals")
    parts = _PERIOD.fullmatch(claim.as_of)
    if parts is None:
        return unknown(
            say("the tables hold no figures of {period}", period=claim.as_of)
            if claim.as_of
            else say("the tables hold no figures of a period not named")
        )
    year, span = int(parts[1]), parts[2]
    growth = claim.measure.endswith(_GROWTH)
    flow = claim.measure.removesuffix(_GROWTH)
    column, told = _FLOWS[flow], _TOLD[flow]()
    now = _figure(rows, column, year, span, question.published)
    if now is None:
        lack = say("no {measure} of {period}", measure=told, period=claim.as_of)
        return unknown(lack, lacks="fundamentals")
    value, known, currency = now
    if not growth:
        return _amount(question, value, say("published {day}", day=known), currency)
    before = f"{year - 1}{span}"
    past = _figure(rows, column, year - 1, span, question.published)
    if past is None:
        lack = say("no {measure} of {period} to compare with", measure=told, period=before)
        return unknown(lack, lacks="fundamentals")
    if past[0] <= 0:
        return unknown(
            say(
                "{measure} of {period} is no gain: a growth is not defined",
                measure=told,
                period=before,
            )
        )
    amounts = say(
        "{earlier} to {later}, published {day}",
        earlier=Amount(past[0]),
        later=Amount(value),
        day=known,
    )
    return question.compared(value / past[0] - 1, amounts)


def _amount(question: ClaimQuestion, value: float, told: str, currency: str) -> Answer:
    wanted = _CURRENCY.get(question.claim.unit)
    if wanted is not None and str(wanted) != currency:
        return unknown(
            say("claimed in {claimed}, reported in {currency}", claimed=wanted, currency=currency)
        )
    return question.compared(value, told)


def _figure(
    rows: Sequence[Mapping[str, Any]], column: str, year: int, span: str, published: date
) -> tuple[float, date, str] | None:
    """Return a figure as known at publication, else as first published later."""
    if span in _QUARTERS:  # reported figures run from the start of the year
        whole, before = (_figure(rows, column, year, s, published) for s in _QUARTERS[span])
        if whole is None or before is None:
            return None
        return whole[0] - before[0], whole[1], whole[2]
    end = _period_end(year, _MONTHS[span])
    found = [row for row in rows if row["period_end"] == end and row[column] is not None]
    if not found:
        return None
    known = [row for row in found if row["known_at"] <= published]
    row = known[-1] if known else found[0]
    return row[column], row["known_at"], row["currency"]


def _period_end(year: int, month: int) -> date:
    following = date(year + month // 12, month % 12 + 1, 1)
    return following - timedelta(days=1)


_RULES: dict[str, _Rule] = {
    "price": _level,
    "close": _level,
    "return on that day": _move_since(_first_of_day),
    "return over the week to that day": _move_since(_first_of_week),
    "return over the month to that day": _move_since(_first_of_month),
    "return over the year to that day": _move_since(_first_of_year),
    **dict.fromkeys(_COLUMNS, _valuation),
    **dict.fromkeys(_FLOWS, _reported),
    **{f"{name}{_GROWTH}": _reported for name in _FLOWS},
}
