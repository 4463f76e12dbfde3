"""Amounts as people write them (`20万`, `1.5亿`, `3%`, `1e6`), read once, at the edge."""

from __future__ import annotations

import math
import re
from decimal import Decimal

from screener.errors import InputError
from screener.language import say

__all__ = ["AMOUNT", "parse_amount", "parse_amounts", "plain_signs", "scaled"]

_POWERS = {"千": 3, "万": 4, "十万": 5, "百万": 6, "千万": 7}
_POWERS |= {"亿": 8, "十亿": 9, "百亿": 10, "千亿": 11, "万亿": 12}
_NUMBER = r"(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?"
_UNITS = "|".join(sorted(_POWERS, key=len, reverse=True))

AMOUNT = rf"({_NUMBER})(?:\s*({_UNITS}))?(?:\s*([%元倍天日]))?"
"""Regular expression of an amount without its sign: number, order of magnitude, unit."""

_AMOUNT = re.compile(rf"\s*([+-]?)\s*{AMOUNT}\s*")
_WIDE = {ord("　"): " ", **{code + 0xFEE0: chr(code) for code in range(0x21, 0x7F)}}
_PLAIN = {ord("萬"): "万", ord("億"): "亿", ord("−"): "-", **_WIDE}


def plain_signs(text: str) -> str:
    """Make wide signs and digits (`＜`, `％`, `２０`) and traditional 萬, 億 those that are read.

    Each character stays one character.
    """
    return text.translate(_PLAIN)


def parse_amount(text: str, *, parameter: str, units: str = "元", fix: str = "") -> float:
    """Parse a number that may carry an order of magnitude (千, 万, 百万, 亿, 万亿 …) and a unit.

    Parameters
    ----------
    text
        `200000`, `2e5`, `20万`, `1.5 亿元`, `3%`, `２０万`. It is scaled as decimal: 0.3亿 is
        30000000, and 3% the fraction 0.03.
    parameter
        Name of what is being parsed, for the error message.
    units
        Which of `%`, `元`, `倍`, `天` and `日` may end it.
    fix
        How to write it, for the error message.

    Raises
    ------
    InputError
        If it is no such amount, or not finite.
    """
    match = _AMOUNT.fullmatch(plain_signs(text).replace("_", ""))
    if match is not None and (match[4] or "") in ("", *units):
        value = float(scaled(match[2], match[3] or "", match[4] or ""))
        if math.isfinite(value):
            return -value if match[1] == "-" else value
        told = say("{parameter} {text} is not finite", parameter=parameter, text=text.strip())
    else:
        told = say("{parameter} {text} is no number", parameter=parameter, text=repr(text))
    raise InputError(told, fix=fix or say("write it like 1000000, 1e6 or 100万"))


def parse_amounts(text: str, *, parameter: str) -> tuple[float, ...]:
    """Parse several amounts of money with commas between them, each once; none in an empty text.

    Raises
    ------
    InputError
        If one is no amount, or the commas may stand between thousands.
    """
    plain = plain_signs(text)
    if re.fullmatch(r"\s*\d{1,3}(,000)+\s*", plain):
        raise InputError(
            say(
                "{parameter} {text} may be one amount or several",
                parameter=parameter,
                text=repr(text),
            ),
            fix=say("write 1000000, or 20000,100000"),
        )
    parts = (part for part in re.split(r"[,、;]", plain) if part.strip())
    return tuple(dict.fromkeys(parse_amount(part, parameter=parameter) for part in parts))


def scaled(number: str, power: str, unit: str) -> Decimal:
    """Return the exact value of the parts that `AMOUNT` matches."""
    return Decimal(number).scaleb(_POWERS.get(power, 0) - (2 if unit == "%" else 0))
