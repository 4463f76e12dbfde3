"""Cells: a value as its column declares it, for people; what it sorts by, and how it looks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime

from screener.domain.report import ClaimUnit, Precision
from screener.files.clean import clean_line
from screener.language import Language, bound, say
from screener.render.pages.markup import Node, node
from screener.render.pages.words import measure, told, traits, word
from screener.render.tables import UNDEFINED, compact, number
from screener.results.tables import Column, Dtype, Unit

__all__ = [
    "MINUS",
    "cell",
    "count_text",
    "dated",
    "fraction",
    "money",
    "probability",
    "shown",
    "sign_of",
]

MINUS = "−"
_WHY = ("reason", "reasons", "remark", "remarks", "why", "note", "detail", "command")
_TOLD = {**dict.fromkeys((*_WHY, "what"), told), "matched_on": traits, "measure": measure}
"""How the texts of a column are said; those of others are words of closed sets."""
_SIGNED = (
    "return",
    "excess",
    "active",
    "effect",
    "contribution",
    "alpha",
    "drawdown",
    "car",
    "edge",
)
_LARGE = 1e6
_LEAST_P = 0.001
_UNITS = frozenset(ClaimUnit)
"""Units that stand in the row of a figure."""
_WAN, _YI, _ZHAO = 1e4, 1e8, 1e12


def fraction(value: object, *, signed: bool = False) -> str:
    """Write a fraction in percent with two decimals, `+1.23 %`."""
    if not isinstance(value, (int, float)) or not math.isfinite(value):
        return UNDEFINED
    text = number(value * 100, digits=2, signed=signed).replace("-", MINUS)
    return f"{text} %"


def money(value: object) -> str:
    """Write an amount of money with its order of magnitude, in Chinese by 万 and 亿."""
    if not isinstance(value, (int, float)) or not math.isfinite(value):
        return UNDEFINED
    if bound() is not Language.ZH:
        short = compact(float(f"{value:.6g}")) if abs(value) >= 1e6 else number(value)
        return short.replace("-", MINUS)
    for scale, unit in ((_ZHAO, "万亿"), (_YI, "亿"), (_WAN, "万")):
        if abs(value) >= scale:
            short = number(value / scale).removesuffix(".00")
            return f"{short}{unit}".replace("-", MINUS)
    return number(value).replace("-", MINUS)


def shown(column: Column, value: object) -> str:
    """Return a value as people read it; `-` where it is not defined."""
    if value is None or value == "" or (isinstance(value, float) and math.isnan(value)):
        return UNDEFINED
    if isinstance(value, bool):
        return say("yes") if value else say("no")
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="minutes")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return clean_line(_TOLD.get(column.name, word)(value))
    return _number(column, value) if isinstance(value, (int, float)) else clean_line(str(value))


def _by_unit(unit: str, value: float) -> str:
    """Write a figure in the unit that stands in its row."""
    if unit == ClaimUnit.FRACTION:
        return fraction(value)
    if unit in (ClaimUnit.CNY, ClaimUnit.HKD):
        return money(value)
    return number(value).replace("-", MINUS)


def _number(column: Column, value: float) -> str:
    if column.unit is Unit.FRACTION:
        if _probability(column.name):
            return probability(value)
        return fraction(value, signed=_signed(column.name))
    if column.unit in (Unit.CNY, Unit.MONEY) or (column.unit is Unit.LOCAL and value >= _LARGE):
        return money(value)
    if column.dtype is Dtype.WHOLE or column.unit in (Unit.SHARES, Unit.SESSIONS):
        return number(value, digits=0 if float(value).is_integer() else 2).replace("-", MINUS)
    if column.unit is Unit.CNY_PER_UNIT:
        return f"{value:.6g}"
    return number(value, digits=2 if abs(value) >= 1 else 3).replace("-", MINUS)


def cell(column: Column, row: Mapping[str, object]) -> Node:
    """Return the cell of a row in a table."""
    value = row.get(column.name)
    text = shown(column, value)
    unit = row.get("unit")
    own = unit in _UNITS and column.unit is Unit.NONE and column.dtype is Dtype.NUMBER
    if own and isinstance(value, (int, float)):
        text = _by_unit(str(unit), value)
    if column.name == "published" and _is_estimated(row):
        text = dated(text, Precision.ESTIMATED)
    if column.dtype not in (Dtype.NUMBER, Dtype.WHOLE):
        return node("td", text, class_="why" if column.name in _WHY else None)
    amounts = (Unit.CNY, Unit.MONEY, Unit.LOCAL)
    amount = (own or column.unit in amounts or text.startswith("<")) and isinstance(
        value, (int, float)
    )
    look = f"n {sign_of(value)}".strip() if _coloured(column) else "n"
    return node("td", text, class_=look, data_v=f"{value:.10g}" if amount else None)


def sign_of(value: object) -> str:
    """Return the class of a gain or a loss; empty for neither."""
    if not isinstance(value, (int, float)) or not math.isfinite(value) or round(value, 4) == 0:
        return ""
    return "up" if value > 0 else "down"


def dated(text: str, precision: Precision) -> str:
    """Mark a date that is an estimate as one."""
    return say("{day} (estimated)", day=text) if precision is Precision.ESTIMATED else text


def probability(value: float) -> str:
    """Write a p-value with three decimals, one below them as `<0.001`."""
    return f"{value:.3f}" if value >= _LEAST_P else f"<{_LEAST_P}"


def count_text(value: float) -> str:
    """Write a count with grouped thousands."""
    return f"{value:,.0f}"


def _is_estimated(row: Mapping[str, object]) -> bool:
    """Tell whether the date of a row is an estimate."""
    return row.get("precision") == Precision.ESTIMATED or row.get("estimated") is True


def _coloured(column: Column) -> bool:
    return column.unit is Unit.FRACTION and _signed(column.name)


def _signed(name: str) -> bool:
    return any(part in name for part in _SIGNED) and "value" not in name


def _probability(name: str) -> bool:
    return name == "p" or name.startswith("p_") or name.endswith("_p")
