"""Reporting periods and days as research prints them, and how a claim refers to them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

__all__ = ["DAY", "PERIOD", "Period", "read_day", "read_periods"]

_ORDINALS = {"一": 1, "二": 2, "三": 3, "四": 4, "1": 1, "2": 2, "3": 3, "4": 4}
_YEAR = r"(?:20[1-4]\d|(?<!\d)(?:2\d|3[0-5]))"
_SPAN = (
    r"Q[1-4](?:-Q?[1-4])?|H[12]|(?:前三|前3|前三个|第?[一二三四1-4])季度?(?:报|度)?|[一三]季报|"
    r"上半年度?|下半年度?|半年报|半年度|中报|中期|1-[1-9]月|1-1[0-2]月|9M|前9个月|前九个月|三季报"
)
PERIOD = (
    rf"(?:{_YEAR}年?(?:{_SPAN})|(?:[1-4]Q|[12]H|9M)(?:20)?\d\d(?!\d)|(?:FY)(?:20)?\d\d(?!\d)E?|"
    rf"{_YEAR}[EA](?:[-/、~至和]{_YEAR}[EA])*(?![A-Za-z])|"
    rf"(?:{_YEAR}[EA]?年?[-/、~至和]){{1,5}}{_YEAR}[EA]?年|"
    rf"20[1-4]\d[EA]?(?:[-/、~至和]20[1-4]\d[EA]?)+(?![\d.%倍亿万元])|"
    rf"{_YEAR}年(?!(?:\d|1[0-2])月)(?:全年|年报|年度|度)?|"
    rf"(?<![A-Za-z\d])(?:{_SPAN})(?![A-Za-z\d]))"
)
"""Regular expression of a reporting period, or of several in a row."""

_MONTH, _DATE = r"(?:1[0-2]|0?[1-9])", r"(?:3[01]|[12]\d|0?[1-9])"
DAY = (
    rf"(?:20[1-4]\d(?:年{_MONTH}月{_DATE}日?|-{_MONTH}-{_DATE}|/{_MONTH}/{_DATE}|"
    rf"\.{_MONTH}\.{_DATE})(?!\d)|(?<!\d){_MONTH}月{_DATE}日)"
)
"""Regular expression of a day, with its year or without."""

_ONE_YEAR = re.compile(rf"({_YEAR})([EA]?)")
_WHOLE = re.compile(rf"(?P<year>{_YEAR})年?(?P<span>{_SPAN})$")
_TURNED = re.compile(r"(?P<span>[1-4]Q|[12]H|9M)(?P<year>(?:20)?\d\d)$")
_NUMBERS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Period:
    """A reporting period.

    Parameters
    ----------
    code
        As a claim refers to it: `2026`, `2026Q1`, `2026H1`, `2026Q1-Q3`.
    end
        Its last day.
    expected
        Whether an E is printed with it.
    """

    code: str
    end: date
    expected: bool = False

    @property
    def is_year(self) -> bool:
        """Whether it is a whole year."""
        return self.code.isdigit()


def read_periods(text: str, today: date | None) -> tuple[Period, ...]:
    """Read a match of `PERIOD`.

    Parameters
    ----------
    text
        The match.
    today
        Day of publication, from which a period without a year is told; `None` if not known.

    Returns
    -------
    tuple of Period
        In order; empty where the year cannot be told or the text is none after all.
    """
    for pattern in (_WHOLE, _TURNED):
        if match := pattern.match(text):
            return _spans(match["span"], _year(match["year"]))
    if text.startswith("FY"):
        return (_of_year(_year(text[2:].rstrip("E")), expected=text.endswith("E")),)
    years = [(_year(year), mark == "E") for year, mark in _ONE_YEAR.findall(text)]
    if years and re.match(_YEAR, text):
        return _years(text, years)
    return _recent(text, today)


def read_day(text: str, today: date | None) -> date | None:
    """Read a match of `DAY`; without a year it is the last such day up to `today`."""
    parts = [int(item) for item in _NUMBERS.findall(text)]
    try:
        if len(parts) == 3:
            return date(*parts)
        if today is None:
            return None
        found = date(today.year, *parts)
        return found if found <= today else date(today.year - 1, *parts)
    except ValueError:
        return None


def _years(text: str, years: list[tuple[int, bool]]) -> tuple[Period, ...]:
    expected = years[-1][1]
    if len(years) == 2 and re.search(r"\d[EA]?年?[-~至]", text):
        first, last = years[0][0], years[1][0]
        if not first < last <= first + 6:
            return ()
        return tuple(_of_year(year, expected=expected) for year in range(first, last + 1))
    return tuple(_of_year(year, expected=expected or mark) for year, mark in years)


def _recent(text: str, today: date | None) -> tuple[Period, ...]:
    if today is None:
        return ()
    for year in (today.year, today.year - 1):
        found = _spans(text, year)
        if found and found[0].end < today:
            return found
    return ()


def _spans(span: str, year: int) -> tuple[Period, ...]:
    code = _span_code(span)
    if code is None:
        return ()
    if code == "":
        return (_of_year(year),)
    return (Period(f"{year}{code}", _last_day(year, _last_month(code))),)


def _span_code(span: str) -> str | None:
    """Return what follows the year in the code of a span, empty for a whole year."""
    if span in _NAMED:
        return _NAMED[span]
    if match := re.fullmatch(r"Q([1-4])-Q?([1-4])", span):
        return _CUMULATIVE.get(int(match[2])) if match[1] == "1" else None
    if match := re.fullmatch(r"1-(\d+)月", span):
        return _CUMULATIVE.get(int(match[1]) // 3) if int(match[1]) % 3 == 0 else None
    digits = re.search(r"[一二三四1-4]", span)
    if digits is None:
        return None
    number = _ORDINALS[digits[0]]
    if "H" in span:
        return f"H{number}"
    if "季报" in span:
        return _CUMULATIVE[number] if number in (1, 3) else None
    return f"Q{number}"


_CUMULATIVE = {1: "Q1", 2: "H1", 3: "Q1-Q3", 4: ""}
_NAMED = {
    **dict.fromkeys(("上半年", "上半年度", "半年报", "半年度", "中报", "中期"), "H1"),
    **dict.fromkeys(("下半年", "下半年度"), "H2"),
    **dict.fromkeys(("前三季度", "前三季", "前3季度", "前3季", "前三个季度"), "Q1-Q3"),
    **dict.fromkeys(("9M", "前9个月", "前九个月", "三季报"), "Q1-Q3"),
}


def _last_month(code: str) -> int:
    return 6 if code == "H1" else 12 if code == "H2" else 3 * int(code[-1])


def _last_day(year: int, month: int) -> date:
    following = date(year + month // 12, month % 12 + 1, 1)
    return following - timedelta(days=1)


def _of_year(year: int, *, expected: bool = False) -> Period:
    return Period(str(year), date(year, 12, 31), expected)


def _year(text: str) -> int:
    return int(text) if len(text) == 4 else 2000 + int(text)
