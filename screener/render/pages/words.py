"""Words of closed sets, as people of each language say them; CSV and JSON keep the English."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache

from screener.language import Language, Said, bound, say, say_declared
from screener.language.lists import listed

__all__ = ["measure", "told", "traits", "word"]


def word(text: str) -> str:
    """Return a word of a closed set, or what was said, as the reader's language has it."""
    return text.again() if isinstance(text, Said) else _words(bound()).get(text, text)


def told(text: str) -> str:
    """Return a reason or a remark in the reader's language.

    What was said by `say` is said again; other text is looked up as it stands, as the sources of
    market rules are, or a remark that a stored run keeps in English.
    """
    return word(text) if isinstance(text, Said) or text in _words(bound()) else say_declared(text)


def measure(text: str) -> str:
    """Return what a claim measures in the reader's language: `PE, low end` as PE（下限）.

    The words of a card are English, whoever reads it.
    """
    for ending, said in _MEASURES.items():
        if text.endswith(ending):
            return said(measure(text.removesuffix(ending)))
    return word(text)


_MEASURES: Mapping[str, Callable[[str], str]] = {
    " growth, year on year": lambda what: say("{what}, growth year on year", what=what),
    ", low end": lambda what: say("{what} (low end)", what=what),
    ", high end": lambda what: say("{what} (high end)", what=what),
}


def traits(text: str) -> str:
    """Return by which traits random baskets are matched: their words, joined by ` + `."""
    named = (re.fullmatch(r"(.*?)( \d+/\d+)?", part) for part in text.split(" + "))
    return listed(f"{word(part[1])}{part[2] or ''}" for part in named if part)


@cache
def _words(language: Language) -> dict[str, str]:  # noqa: ARG001 - each language has its own
    return {
        "kept": say("kept"),
        "entered": say("entered"),
        "month": say("month"),
        "quarter": say("quarter"),
        "mature": say("mature"),
        "pending": say("pending"),
        "partial": say("partial"),
        "no_data": say("no data"),
        "finished": say("finished"),
        "held": say("held"),
        "waiting": say("waiting"),
        "sold": say("sold"),
        "no_slot": say("no slot"),
        "not_bought": say("not bought"),
        "ratings": say("rating"),
        "no_money": say("no money"),
        "not_reached": say("yet to come"),
        "not_tradable": say("not tradable"),
        "dropped": say("left out"),
        "buy": say("buy"),
        "sell": say("sell"),
        "dividend": say("dividend"),
        "dividend tax": say("dividend tax"),
        "rights": say("rights issue"),
        "fx": say("conversion"),
        "filled": say("filled"),
        "unfilled": say("not filled"),
        "agrees": say("agrees"),
        "differs": say("differs"),
        "cannot be checked": say("cannot be checked"),
        "met": say("met"),
        "missed": say("missed"),
        "cannot be judged": say("cannot be judged"),
        "recommended": say("recommended"),
        "mentioned": say("mentioned"),
        "mover": say("mover"),
        "risk": say("risk"),
        "compared": say("compared"),
        "example": say("example"),
        "exact": say("exact"),
        "day": say("entry session"),
        "fraction": say("fraction"),
        "points": say("points"),
        "x": say("times"),
        "mainland": say("mainland"),
        "Hong Kong": say("Hong Kong"),
        "estimated": say("estimated"),
        "equal": say("equal weights"),
        "custom": say("own weights"),
        "market-cap": say("market-cap weights"),
        "float-cap": say("float-cap weights"),
        "inverse-vol": say("inverse-volatility weights"),
        "daily-equal": say("index of equal weights each day"),
        "textbook": say("textbook"),
        "the broker's terms: no rule": say("the broker's terms: no rule"),
        "open": say("open"),
        "close": say("close"),
        "none": say("none"),
        "report": say("at the report"),
        "now": say("now"),
        "raw": say("raw prices"),
        "adjusted": say("adjusted prices"),
        "price": say("price"),
        "total": say("total return"),
        "mixed": say("mixed"),
        "stock": say("stock"),
        "industry": say("industry"),
        "convertible": say("convertible bond"),
        "all": say("all"),
        "run-up": say("run-up"),
        "drift": say("drift"),
        "after": say("day and drift"),
        "whole": say("whole window"),
        "reader": say("from the reader's open"),
        "no bars in the tables": say("no bars in the tables"),
        "no bars at or before the entry session": say("no bars at or before the entry session"),
        "delisted": say("delisted"),
        "coverage ended before the entry session": say("coverage ended before the entry session"),
        "the tables end before its entry session": say("the tables end before its entry session"),
        "suspended": say("suspended"),
        "no bar that session": say("no bar that session"),
        "no opening price that session": say("no opening price that session"),
        "nothing traded that session": say("nothing traded that session"),
        "open at the upper limit": say("open at the upper limit"),
        "close at the upper limit": say("close at the upper limit"),
        "close at the lower limit": say("close at the lower limit"),
        "no southbound trading that session": say("no southbound trading that session"),
        "no northbound trading that session": say("no northbound trading that session"),
        "not eligible for southbound trading": say("not eligible for southbound trading"),
        "not eligible for northbound trading": say("not eligible for northbound trading"),
        "its basket cannot be valued": say("its basket cannot be valued"),
        "loss": say("loss"),
        "no positive book value": say("no positive book value"),
        "no positive sales": say("no positive sales"),
        "cash outflow": say("cash outflow"),
        "size (market value)": say("size (market value)"),
        "size (turnover)": say("size (turnover)"),
        "momentum": say("momentum"),
        "volatility": say("volatility"),
        "cross-sectional t": say("cross-sectional t"),
        "Patell": say("Patell"),
        "Corrado rank": say("Corrado rank"),
        "generalised sign": say("generalised sign"),
        "stationary bootstrap": say("stationary bootstrap"),
        "skewness-adjusted t": say("skewness-adjusted t"),
        "bootstrapped skewness-adjusted t": say("bootstrapped skewness-adjusted t"),
        "calendar time": say("calendar time"),
        "revenue": say("revenue"),
        "net profit": say("net profit"),
        "operating cash flow": say("operating cash flow"),
        "market cap": say("market value"),
        "52-week low": say("52-week low"),
        "52-week high": say("52-week high"),
        "level at writing": say("level at writing"),
        "return over the week to that day": say("return over the week to that day"),
        "a forecast: no table holds forecasts": say("a forecast: no table holds forecasts"),
        "it is about no listing": say("it is about no listing"),
        "no reported figures of it": say("no reported figures of it"),
        "no valuation of it": say("no valuation of it"),
        "no bars of it": say("no bars of it"),
        "the claim names no day": say("the claim names no day"),
        "market": say("market model"),
        "new": say("new"),
        "repost": say("repost"),
        "reiteration": say("reiteration"),
        "stale": say("stale"),
        "missing": say("missing"),
        "broken": say("broken"),
        "bars": say("bars"),
        "valuation": say("valuations"),
        "actions": say("corporate actions"),
        "basket": say("basket"),
        "card": say("report card"),
        "initiated": say("first rating"),
        "maintained": say("maintained"),
        "raised": say("raised"),
        "lowered": say("lowered"),
        "no rows": say("no rows"),
        "zh-Hans": say("Simplified Chinese"),
        **_remarks(),
    }


def _remarks() -> dict[str, str]:
    """Return what results tell most often."""
    return {
        "Prices are adjusted by whoever made the file: limits, lots and fees are approximate.": say(
            "Prices are adjusted by whoever made the file: limits, lots and fees are approximate."
        ),
        "The benchmark is a price index: without its dividends it flatters the basket.": say(
            "The benchmark is a price index: without its dividends it flatters the basket."
        ),
        "Prices are adjusted by whoever made the file: whether a purchase was "
        "blocked at the limit is approximate.": say(
            "Prices are adjusted by whoever made the file: whether a purchase was "
            "blocked at the limit is approximate."
        ),
        "The index is a price index: without its dividends it flatters the names.": say(
            "The index is a price index: without its dividends it flatters the names."
        ),
        "Calls with an estimated date are judged from the estimate: shown as est.": say(
            "Calls with an estimated date are judged from the estimate: shown as est."
        ),
        "No mainland listing has corporate actions in the tables: returns of "
        "raw prices leave dividends and splits out.": say(
            "No mainland listing has corporate actions in the tables: returns of "
            "raw prices leave dividends and splits out."
        ),
        "No Hong Kong listing has corporate actions in the tables: returns of "
        "raw prices leave dividends and splits out.": say(
            "No Hong Kong listing has corporate actions in the tables: returns of "
            "raw prices leave dividends and splits out."
        ),
        "Industries bear no date in the tables: today's are taken for every session.": say(
            "Industries bear no date in the tables: today's are taken for every session."
        ),
        "Industries are those of each session where the tables date them, else today's are "
        "taken.": say(
            "Industries are those of each session where the tables date them, else today's are "
            "taken."
        ),
        "SIMULATED: invented prices, no market ever had them.": say(
            "SIMULATED: invented prices, no market ever had them."
        ),
        "SIMULATED market: every number is made up": say(
            "SIMULATED market: every number is made up"
        ),
        "SIMULATED market: every number of the tables is made up": say(
            "SIMULATED market: every number of the tables is made up"
        ),
    }
