"""Figures as Chinese research prints them: 60.85亿元, HK$45.2, 11-12倍, +343.45%, 20/15x."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from screener.domain.report import ClaimUnit
from screener.reports.text.text import Text

__all__ = [
    "NUMBER",
    "QUANTITY",
    "UNIT_LABEL",
    "Figure",
    "FigureKind",
    "Figures",
    "number_breaks",
    "read_figures",
]


class FigureKind(StrEnum):
    """What a printed figure counts."""

    MONEY = "money"
    MULTIPLE = "multiple"
    FRACTION = "fraction"
    POINTS = "points"
    PLAIN = "plain"  # no unit printed


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One printed figure.

    Parameters
    ----------
    value
        In whole units of money; a percentage as a fraction.
    kind
        What it counts.
    currency
        Unit of an amount; `None` where no claim is made: other kinds, other currencies.
    scaled
        Whether a scale such as 亿 is printed.
    """

    value: Decimal
    kind: FigureKind
    currency: ClaimUnit | None = None
    scaled: bool = False

    @property
    def unit(self) -> ClaimUnit | None:
        """Unit of a claim about it, `None` where none can be made."""
        if self.kind is FigureKind.MULTIPLE:
            return ClaimUnit.MULTIPLE
        return ClaimUnit.FRACTION if self.kind is FigureKind.FRACTION else self.currency


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Figures printed as one: a list `20/15倍`, or the two ends of a range `11-12倍`."""

    items: tuple[Figure, ...]
    is_range: bool = False

    @property
    def kind(self) -> FigureKind:
        """Kind of every item."""
        return self.items[0].kind


_SCALES = {
    "万亿": 12, "千亿": 11, "百亿": 10, "十亿": 9, "亿": 8, "千万": 7, "百万": 6, "万": 4,
    "billion": 9, "bn": 9, "million": 6, "mn": 6,
}  # fmt: skip
_CURRENCIES = {
    "元人民币": ClaimUnit.CNY, "人民币元": ClaimUnit.CNY, "人民币": ClaimUnit.CNY,
    "RMB": ClaimUnit.CNY, "Rmb": ClaimUnit.CNY, "CNY": ClaimUnit.CNY, "¥": ClaimUnit.CNY,
    "元": ClaimUnit.CNY,
    "元港币": ClaimUnit.HKD, "港币": ClaimUnit.HKD, "港元": ClaimUnit.HKD, "HK$": ClaimUnit.HKD,
    "HKD": ClaimUnit.HKD, "美元": None, "US$": None, "USD": None, "$": None, "欧元": None,
    "日元": None, "韩元": None, "新台币": None, "台币": None, "英镑": None, "卢比": None,
}  # fmt: skip
_FRACTIONS = {"%": 2, "‰": 3}
_CHANGES = ("pct", "pp", "个百分点", "百分点", "个pct")  # of a rate: no growth and no move
_TIMES = ("倍", "x", "X")
_RANGES = frozenset("-~至到")


def _any(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


NUMBER = r"(?:\d{1,3}(?:,\d{3}){1,6}(?![\d,])|\d{1,20})(?:\.\d{1,20})?"
"""Regular expression of a number without its sign, of no more digits than a figure can have."""

_MONEY = rf"(?:(?:{_any(_SCALES)})(?:{_any(_CURRENCIES)})?|{_any(_CURRENCIES)})"
_OTHER = rf"(?:{_any([*_FRACTIONS, *_CHANGES, '倍'])}|[xX](?![A-Za-z])|点)"
_CURRENCY_BEFORE = rf"(?:(?:{_any(_CURRENCIES)})(?=[+-]?\d))?"
QUANTITY = rf"{_CURRENCY_BEFORE}(?<![\d.])[+-]?{NUMBER}(?![\d月日年]|\.\d)(?:{_MONEY}|{_OTHER})?"
"""Regular expression of a figure with its unit and currency, if it has them."""

UNIT_LABEL = rf"\((?:单位:)?(?:人民币)?(?P<label>{_MONEY}|%|倍|x|X)\)"
"""Regular expression of a unit that a table's label states, such as (亿元)."""

_PARTS = re.compile(
    rf"(?P<before>{_any(_CURRENCIES)})?(?P<number>[+-]?{NUMBER})"
    rf"(?P<scale>{_any(_SCALES)})?(?P<after>{_any(_CURRENCIES)})?(?P<other>{_OTHER})?"
)


_BLANK = re.compile(r"(?<=\d)\s+(?=\d)")
_CELL = re.compile(r"[+-]?[\d,]{1,15}(?:\.\d{1,9})?%?")
_LONGEST_CELL = 20


def number_breaks(text: Text) -> tuple[int, ...]:
    """Return the places of `Text.clean` at which one number ends and another begins.

    Blanks between digits part two numbers; a line's end does only between two lines that are
    nothing but a number, as in a table with a cell on each line: elsewhere it stands inside one.
    """
    found = []
    original, at = text.original, 0
    for match in _BLANK.finditer(original):
        if "\n" in match[0] and not _parts_cells(original, match):
            continue
        at = bisect_left(text.starts, match.end(), at)
        if at < len(text.starts) and text.starts[at] == match.end():
            found.append(at)
    return tuple(found)


def _parts_cells(original: str, match: re.Match[str]) -> bool:
    first = original.rfind("\n", max(0, match.start() - _LONGEST_CELL), match.start())
    last = original.find("\n", match.end(), match.end() + _LONGEST_CELL)
    if first < 0 and match.start() > _LONGEST_CELL:
        return False
    before = original[first + 1 : match.start()].strip()
    end = last if last >= 0 else min(len(original), match.end() + _LONGEST_CELL)
    after = original[match.end() : end].strip()
    whole = _CELL.fullmatch(before) and _CELL.fullmatch(after)
    return bool(whole) and min(len(before), len(after)) > 1


def read_figures(
    texts: Sequence[str], separators: Sequence[str], *, label: str = ""
) -> Figures | None:
    """Read figures printed in a row.

    Parameters
    ----------
    texts
        Matches of `QUANTITY`; one without a unit has that of the next that has one.
    separators
        What stands between them, one fewer; empty before a minus sign that is a dash.
    label
        Unit that stands apart from them, in a table's label.

    Returns
    -------
    Figures or None
        `None` for what makes no sense together, and for changes in percentage points.
    """
    marks, parts = list(separators), []
    for at, text in enumerate(texts):
        if at and not marks[at - 1] and text.startswith("-"):
            marks[at - 1], text = "-", text[1:]
        match = _PARTS.fullmatch(text)
        if match is None or match["other"] in _CHANGES:
            return None
        parts.append(match)
    ranged = any(mark in _RANGES for mark in marks)
    items = tuple(_figures(parts, label))
    if len({item.kind for item in items}) > 1 or (ranged and not _is_range(items)):
        return None
    return Figures(items=items, is_range=ranged)


def _figures(parts: Sequence[re.Match[str]], label: str) -> Iterable[Figure]:
    named = re.fullmatch(UNIT_LABEL, f"({label})")
    unit = _PARTS.fullmatch(f"0{label}") if named else None
    currency = next((part["before"] for part in parts if part["before"]), None)
    found = []
    for part in reversed(parts):
        if part["scale"] or part["after"] or part["other"]:
            unit = part
        found.append(_figure(part, unit, currency))
    return reversed(found)


def _figure(part: re.Match[str], unit: re.Match[str] | None, currency: str | None) -> Figure:
    value = Decimal(part["number"].replace(",", ""))
    other = unit["other"] if unit else None
    scale = unit["scale"] if unit else None
    money = currency or (unit["after"] if unit else None)
    if other in _FRACTIONS:
        return Figure(value=value.scaleb(-_FRACTIONS[other]), kind=FigureKind.FRACTION)
    if other in _TIMES:
        return Figure(value=value, kind=FigureKind.MULTIPLE)
    if other:
        return Figure(value=value, kind=FigureKind.POINTS)
    if not (scale or money):
        return Figure(value=value, kind=FigureKind.PLAIN)
    return Figure(
        value=value.scaleb(_SCALES[scale] if scale else 0),
        kind=FigureKind.MONEY,
        currency=_CURRENCIES[money] if money else ClaimUnit.CNY,
        scaled=bool(scale),
    )


def _is_range(items: Sequence[Figure]) -> bool:
    return len(items) == 2 and items[0].value < items[1].value
