"""Headers in one spelling, and the units that they print in brackets."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from screener.domain.listing import Currency

__all__ = ["UNITS", "HeaderUnit", "Measure", "normal_header", "unit_named"]


class Measure(StrEnum):
    """What a number measures, so that only fitting units are taken."""

    SHARES = "shares"
    MONEY = "money"
    FRACTION = "fraction"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderUnit:
    """A unit as a header prints it in brackets."""

    scale: float
    measures: frozenset[Measure]
    currency: Currency | None = None


_TERM = re.compile(
    r"\((单位|交易日期|报告期|币种|复权方式|截止日期|起始交易日期|截止交易日期)\)(?=.)"
)
_BRACKETS = str.maketrans("【】[]〔〕{}", "()()()()")


def normal_header(text: str) -> str:
    """Return a header as this module writes it: NFKC, small letters, no spaces, round brackets.

    Of the terms that Wind writes under a header, `[单位] 亿元`, only the unit stays.
    """
    plain = unicodedata.normalize("NFKC", text).translate(_BRACKETS)
    name, *terms = _TERM.split("".join(plain.split()).lower())
    units = [value for word, value in zip(terms[::2], terms[1::2], strict=True) if word == "单位"]
    return f"{name}({units[0]})" if units else name


def unit_named(text: str, measure: Measure) -> HeaderUnit | None:
    """Return the unit that a word (`万元`, `percent`, `lots`) or a multiplier (`1e8`) names."""
    word = normal_header(text)
    named = UNITS.get(word) or _SPOKEN.get(word)
    if named is not None:
        return named if measure in named.measures else None
    try:
        scale = float(word)
    except ValueError:
        return None
    return HeaderUnit(scale=scale, measures=frozenset({measure})) if 0 < scale < math.inf else None


def _units() -> dict[str, HeaderUnit]:
    shares, money = frozenset({Measure.SHARES}), frozenset({Measure.MONEY})
    both = shares | money
    found = {
        "股": HeaderUnit(scale=1.0, measures=shares),
        "shares": HeaderUnit(scale=1.0, measures=shares),
        "手": HeaderUnit(scale=100.0, measures=shares),
        "lots": HeaderUnit(scale=100.0, measures=shares),
        "万股": HeaderUnit(scale=1e4, measures=shares),
        "百万股": HeaderUnit(scale=1e6, measures=shares),
        "亿股": HeaderUnit(scale=1e8, measures=shares),
        "万手": HeaderUnit(scale=1e6, measures=shares),
        "千": HeaderUnit(scale=1e3, measures=both),
        "万": HeaderUnit(scale=1e4, measures=both),
        "百万": HeaderUnit(scale=1e6, measures=both),
        "亿": HeaderUnit(scale=1e8, measures=both),
        "%": HeaderUnit(scale=0.01, measures=frozenset({Measure.FRACTION})),
        "倍": HeaderUnit(scale=1.0, measures=frozenset({Measure.PLAIN})),
    }
    currencies = {
        "": None,
        "人民币": Currency.CNY,
        "港": Currency.HKD,
        "美": Currency.USD,
    }
    for amount, scale in (
        *(("", 1.0), ("千", 1e3), ("万", 1e4), ("百万", 1e6)),
        *(("千万", 1e7), ("亿", 1e8), ("十亿", 1e9)),
    ):
        for name, currency in currencies.items():
            unit = HeaderUnit(scale=scale, measures=money, currency=currency)
            found[f"{amount}{name}元"] = unit
            found[f"{name}{amount}元"] = unit
    for name, currency in (
        *(("cny", Currency.CNY), ("rmb", Currency.CNY), ("人民币", Currency.CNY)),
        *(("hkd", Currency.HKD), ("港币", Currency.HKD), ("usd", Currency.USD)),
    ):
        found[name] = HeaderUnit(scale=1.0, measures=money, currency=currency)
    return found


_FRACTIONS = frozenset({Measure.FRACTION})
_SPOKEN = {
    "percent": HeaderUnit(scale=0.01, measures=_FRACTIONS),
    "fraction": HeaderUnit(scale=1.0, measures=_FRACTIONS),
}
UNITS = _units()
"""Units that a header may print in brackets."""
