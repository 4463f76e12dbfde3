"""Reasons and remarks of results with names and numbers in them, as each language says them."""

from __future__ import annotations

import re
from collections.abc import Callable

from screener.language import Language, Said, bound, say, say_count
from screener.render import score_words
from screener.render.pages.words import word
from screener.screen.fields import FIELDS

__all__ = ["sentence", "told"]

_AND = ("; ", " + ")
_MORE = re.compile(r"(?P<begin>[^()]+) \((?P<more>[^()]+)\)")

_Say = Callable[[dict[str, str]], str]

_FIELD = r"(?P<field>[a-z_]+)"

_SENTENCES: tuple[tuple[str, _Say], ...] = (
    (
        r"(?P<what>.+) growth, year on year",
        lambda held: say("{what}, growth year on year", what=sentence(held["what"])),
    ),
    (
        r"(?P<what>.+), low end",
        lambda held: say("{what} (low end)", what=sentence(held["what"])),
    ),
    (
        r"(?P<what>.+), high end",
        lambda held: say("{what} (high end)", what=sentence(held["what"])),
    ),
    (
        r"(?P<market>mainland|Hong Kong) (?P<table>\w+)",
        lambda held: say(
            "{market} {table}", market=word(held["market"]), table=word(held["table"])
        ),
    ),
    (
        r"(?P<kind>basket|card) (?P<name>[^;]+)",
        lambda held: say("{kind} {name}", kind=word(held["kind"]), name=held["name"]),
    ),
    (
        r"ends (?P<day>[\d-]+), (?P<n>\d+) sessions? behind",
        lambda held: say_count(
            "ends {day}, {n} session behind",
            "ends {day}, {n} sessions behind",
            int(held["n"]),
            day=held["day"],
        ),
    ),
    (
        r"last bar (?P<day>[\d-]+), market (?P<market>[\d-]+)",
        lambda held: say("last bar {day}, that of the market {market}", **held),
    ),
    (r"not bought: (?P<why>.+)", lambda held: say("not bought: {why}", why=told(held["why"]))),
    (r"bought late: (?P<why>.+)", lambda held: say("bought late: {why}", why=told(held["why"]))),
    (
        r"close of (?P<first>[\d-]+) to (?P<last>[\d-]+), with dividends",
        lambda held: say("close of {first} to {last}, with dividends", **held),
    ),
    (
        r"close of (?P<first>[\d-]+) to (?P<last>[\d-]+), price alone",
        lambda held: say("close of {first} to {last}, price alone", **held),
    ),
    (
        r"close of (?P<first>[\d-]+) to (?P<last>[\d-]+)",
        lambda held: say("close of {first} to {last}", **held),
    ),
    (r"close of (?P<day>[\d-]+)", lambda held: say("close of {day}", **held)),
    (
        r"(?P<what>industry|momentum|volatility|size \(.+\)) (?P<n>\d+)/(?P<all>\d+)",
        lambda held: f"{word(held['what'])} {held['n']}/{held['all']}",
    ),
    (
        _FIELD + r" is missing for every name: the tables have no such values that day",
        lambda held: say(
            "{field} is missing for every name: the tables have no such values that day",
            **_labelled(held),
        ),
    ),
    (
        r"names of (?P<days>.+) for (?P<n>\d+) of (?P<all>\d+) listings: no earlier name is known; "
        r"shown only, never used to decide",
        lambda held: say(
            "names of {days} for {n} of {all} listings: no earlier name is known; shown only, "
            "never used to decide",
            **held,
        ),
    ),
    (r"last bar (?P<day>\S+)", lambda held: say("last bar {day}", **held)),
    (
        r"(?P<n>\d+) dates? of entry, (?P<least>\d+) are needed",
        lambda held: say("{n} dates of entry, {least} are needed", **held),
    ),
    (
        r"(?P<n>\d+) sessions in the portfolio, (?P<least>\d+) are needed",
        lambda held: say("{n} sessions in the portfolio, {least} are needed", **held),
    ),
    (
        r"(?P<n>\d+) sessions, lag (?P<lag>\d+)",
        lambda held: say("{n} sessions, lag {lag}", **held),
    ),
    (r"expected (?P<share>[\d.]+)", lambda held: say("expected {share}", **held)),
    (
        r"The publication date of (?P<reports>.+) is an estimate: so is its session 0\.",
        lambda held: say(
            "The publication date of {reports} is an estimate: so is its session 0.", **held
        ),
    ),
    (
        r"(?P<event>.+): band not final: (?P<n>\d+) of (?P<all>\d+) allowed entries are not mature",
        lambda held: say(
            "{event}: band not final, {n} of {all} allowed entries are not mature", **held
        ),
    ),
    (
        r"(?P<n>\d+) of (?P<all>\d+) names have no valuation within 7 days: they fail",
        lambda held: say("{n} of {all} names have no valuation within 7 days: they fail", **held),
    ),
    (
        r"prices of (?P<n>\d+) listings \(first (?P<first>\S+)\) are adjusted for dividends and "
        r"splits: .+",
        lambda held: say(
            "Prices of {n} listings (first {first}) are adjusted for dividends and splits: their "
            "levels are approximate where one came later, and moves include dividends.",
            **held,
        ),
    ),
    (r"to check more: `(?P<command>.+)`", lambda held: say("To check more: {command}", **held)),
    (
        r"(?P<n>\d+) listings with raw prices have no corporate actions in the tables: .+",
        lambda held: say(
            "{n} listings with raw prices have no corporate actions in the tables: their returns "
            "leave dividends and splits out.",
            **held,
        ),
    ),
    (
        _FIELD + r" (?P<value>[^;]+) below (?P<end>\S+)",
        lambda held: say("{field} {value} below {end}", **_labelled(held)),
    ),
    (
        _FIELD + r" (?P<value>[^;]+) above (?P<end>\S+)",
        lambda held: say("{field} {value} above {end}", **_labelled(held)),
    ),
    (
        _FIELD + r" (?P<value>[^;]+) in (?P<range>\S+)",
        lambda held: say("{field} {value} in {range}", **_labelled(held)),
    ),
    (
        _FIELD + r" undefined \(raw (?P<raw>\S+): (?P<why>.+)\)",
        lambda held: say(
            "{field} undefined (as stored {raw}: {why})",
            **{**_labelled(held), "why": word(held["why"])},
        ),
    ),
    (_FIELD + r" missing", lambda held: say("{field} missing", **_labelled(held))),
    (
        _FIELD + r" missing, allowed",
        lambda held: say("{field} missing, allowed", **_labelled(held)),
    ),
    (r"predicate true", lambda _: say("the condition holds")),
    (r"predicate false", lambda _: say("the condition does not hold")),
    (
        r"sorted by (?P<field>[a-z_]+) ascending",
        lambda held: say("sorted by {field}, ascending", **_labelled(held)),
    ),
    (
        r"sorted by (?P<field>[a-z_]+) descending",
        lambda held: say("sorted by {field}, descending", **_labelled(held)),
    ),
    (
        _FIELD + r" (?P<range>\S*\.\.\S*)",
        lambda held: say("{field} {range}", **_labelled(held)),
    ),
    (
        r"(?P<broker>.+) names no benchmark: (?P<index>.+) is taken\.",
        lambda held: say("{broker} names no benchmark: {index} is taken.", **held),
    ),
    (
        r"Without its dividends a price index flatters what is measured against it: "
        r"(?P<index>.+)\.",
        lambda held: say(
            "Without its dividends a price index flatters what is measured against it: {index}.",
            **held,
        ),
    ),
    (
        r"Older than any definition of their broker, .+: (?P<n>[\d,]+) calls\.",
        lambda held: say(
            "Older than any definition of their broker, and judged by its first known one as "
            "asked: {n} calls.",
            **held,
        ),
    ),
    (
        r"Base rates rest on the (?P<n>[\d,]+) of (?P<all>[\d,]+) (?P<market>.+) listings that "
        r"have bars: the market as a whole may differ\.",
        lambda held: say(
            "Base rates rest on the {n} of {all} {market} listings that have bars: the market as "
            "a whole may differ.",
            **{**held, "market": word(held["market"])},
        ),
    ),
    (
        r"its bars run from (?P<first>\S+) to (?P<last>\S+)",
        lambda held: say("its bars run from {first} to {last}", **held),
    ),
)


def _labelled(held: dict[str, str]) -> dict[str, str]:
    """Return what a reason holds with its field by the name that people of the language know."""
    field = FIELDS.get(held["field"])
    if field is None or bound() is not Language.ZH:
        return held
    return {**held, "field": field.title_zh}


def sentence(text: str) -> str:
    """Return a sentence in the reader's language; one that is not known stays as it is."""
    for pattern, said in _SENTENCES:
        found = re.fullmatch(pattern, text)
        if found is not None:
            return said(found.groupdict())
    return score_words.sentence(word(text), bound())


def told(text: str) -> str:
    """Return reasons in the reader's language, part by part, as far as they are known.

    What was said by `say` is said again; of other texts, those that are known by their pattern.
    """
    if isinstance(text, Said):
        return text.again()
    whole = sentence(text)
    if whole != text:
        return whole
    for between in _AND:
        if between in text:
            return between.join(told(part) for part in text.split(between))
    found = _MORE.fullmatch(text)
    if found is None:
        return text
    return f"{sentence(found['begin'])} ({sentence(found['more'])})"
