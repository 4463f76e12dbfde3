"""The verdict on a report's basket in one sentence, in the reader's language.

What is not known is said to be unknown: a window that is not finished, an order that nobody could
have filled, a broker none of whose calls is mature.
"""

from __future__ import annotations

from screener.language import Language, bound, say, say_count
from screener.render.tables import money_whole
from screener.workflows.study.verdict import BrokerRecord, PlaceboRecord, Verdict

__all__ = ["verdict_line", "verdict_text"]


def verdict_text(found: Verdict) -> str:
    """Return the verdict as text, two sentences at most for the basket and one for each broker."""
    text = _basket(found)
    brokers = [_broker(record) for record in found.brokers]
    for sentence in brokers or [say("No broker stands behind it whose rating could be judged.")]:
        text = say("{text} {sentence}", text=text, sentence=sentence)
    return text


def verdict_line(found: Verdict, *, called: str | None = None) -> str:
    """Return what random baskets say of a basket as one line; `called` replaces its name."""
    name = " · ".join(part for part in (called or found.basket, found.report) if part)
    if found.placebo is None:
        return say(
            "{name}, held {n}: no verdict, it has no random baskets to compare it with",
            name=name,
            n=found.horizon,
        )
    points, p_value = f"{found.placebo.excess * 100:+.2f}", f"{found.placebo.p_value:.3f}"
    return say(
        "{name}, held {n}: {points} points against random baskets, p = {p}",
        name=name,
        n=found.horizon,
        points=points.replace("-", "−"),
        p=p_value,
    )


def _percent(value: float, *, signed: bool = True) -> str:
    text = f"{value * 100:+.2f}" if signed else f"{value * 100:.0f}"
    return text.replace("-", "−") + " %"


def _name(found: Verdict) -> str:
    report = found.report
    if found.estimated:
        report = say("{report} (date estimated)", report=report)
    zh = bound() is Language.ZH
    return " · ".join(part for part in (report, (zh and found.title_zh) or found.basket) if part)


def _basket(found: Verdict) -> str:
    name = _name(found)
    if found.paper_return is None:
        return say("{name}: nothing could be held, so that there is nothing to say.", name=name)
    paper = _percent(found.paper_return)
    if not found.finished:
        return say_count(
            "{name}: {over} of {n} session is over, with {paper} on paper so far: not enough data "
            "to say.",
            "{name}: {over} of {n} sessions are over, with {paper} on paper so far: not enough "
            "data to say.",
            found.horizon,
            name=name,
            over=found.sessions_held,
            paper=paper,
        )
    returned = say_count(
        "{name} returned {paper} on paper in {n} session",
        "{name} returned {paper} on paper in {n} sessions",
        found.horizon,
        name=name,
        paper=paper,
    )
    compared, traded = _compared(found.placebo), _traded(found)
    if not traded:
        return say("{returned}, {compared}.", returned=returned, compared=compared)
    return say(
        "{returned}, {traded}, {compared}.", returned=returned, traded=traded, compared=compared
    )


def _traded(found: Verdict) -> str:
    if found.executable_return is None:
        return say("it could not be traded to the end")
    if found.capital is None:
        return ""
    traded, capital = _percent(found.executable_return), money_whole(found.capital)
    return say(
        "{traded} as you could have traded it with {capital} CNY", traded=traded, capital=capital
    )


def _compared(placebo: PlaceboRecord | None) -> str:
    if placebo is None:
        return say("and no random baskets to compare it with")
    points, p = f"{abs(placebo.excess) * 100:.2f}", f"{placebo.p_value:.3f}"
    if placebo.matched_on and placebo.excess >= 0:
        return say("{points} points more than matched random baskets (p = {p})", points=points, p=p)
    if placebo.matched_on:
        return say("{points} points less than matched random baskets (p = {p})", points=points, p=p)
    if placebo.excess >= 0:
        return say("{points} points more than random baskets (p = {p})", points=points, p=p)
    return say("{points} points less than random baskets (p = {p})", points=points, p=p)


def _broker(record: BrokerRecord) -> str:
    if not record.matured and record.pending:
        return say_count(
            "{broker}'s calls here are not matured: {n} pending.",
            "{broker}'s calls here are not matured: {n} pending.",
            record.pending,
            broker=record.broker,
        )
    if record.rate is None or record.interval is None:
        return say(
            "None of {broker}'s calls is mature: not enough data to say whether it meets its own "
            "rating.",
            broker=record.broker,
        )
    low, high = (_percent(end, signed=False) for end in record.interval)
    rate = _percent(record.rate, signed=False)
    known = {"broker": record.broker, "rate": rate, "low": low, "high": high}
    if record.base_rate is None:
        return say_count(
            "{broker} has met its own rating in {rate} of its {n} matured call [{low}, {high}], "
            "whose base rate is not known.",
            "{broker} has met its own rating in {rate} of its {n} matured calls [{low}, {high}], "
            "whose base rate is not known.",
            record.matured,
            **known,
        )
    return say_count(
        "{broker} has met its own rating in {rate} of its {n} matured call [{low}, {high}], "
        "against a base rate of {base_rate}.",
        "{broker} has met its own rating in {rate} of its {n} matured calls [{low}, {high}], "
        "against a base rate of {base_rate}.",
        record.matured,
        base_rate=_percent(record.base_rate, signed=False),
        **known,
    )
