"""The written forms of dates: what a stretch of text says, before anybody asks what it means.

Text comes without white space, so a time or a page number may be glued to a day
(`2026/05/1419:48`); the reading that makes a valid day and a valid time is taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, time, timedelta, timezone

from screener.reports.text.text import Place

__all__ = ["Form", "Written", "forms_in"]

_Y, _M, _D = r"(?:19|20)\d\d", r"(?:1[0-2]|0?[1-9])", r"(?:3[01]|[12]\d|0?[1-9])"
_TO = "[-~至到]"
_ZH_DIGITS = {
    "零": 0,
    "一": 1,
    "二": 2,
    "三": 3,
    "四": 4,
    "五": 5,
    "六": 6,
    "七": 7,
    "八": 8,
    "九": 9,
}
_QUARTERS = {"一": 1, "二": 2, "三": 3, "四": 4, "首": 1} | {str(n): n for n in range(1, 5)}
_ENGLISH = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MON = rf"(?P<mon>{'|'.join(_ENGLISH)})[a-z]*"
_SHIFTS = {"今": 0, "本": 0, "当": 0, "去": -1, "上": -1, "前": -2, "明": 1}
_WEEKDAYS = {name: n for n, name in enumerate("一二三四五六日")} | {"天": 6}

_YEAR = re.compile(_Y)
_NUMERIC = re.compile(
    rf"({_Y})([-/.])({_M})\2({_D})(?:{_TO}(?:({_Y})\2)?({_M})\2({_D})(?![\d.%]))?"
)
# A heavy type that a document draws twice is read twice: 20262026年年0505月月1414日日.
_DOUBLED = re.compile(r"(20\d\d)\1年年?(\d{1,2})\2月月?(\d{1,2})\3日日?")
_HOUR_AT_DAY = re.compile(r"(\d):\d\d")
_COMPACT = re.compile(
    r"(20\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])"
    rf"(?:{_TO}(20\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01]))?(?=\d\d:\d\d|(?!\d|\.\d|[%万亿元股]))"
)
_ENGLISH_BEFORE_YEAR = re.compile(
    rf"(?:(?P<d1>{_D})(?:st|nd|rd|th)?-?{_MON}[.,-]*|{_MON.replace('mon', 'mon2')}\.?"
    rf"(?P<d2>{_D})(?:st|nd|rd|th)?,?)$",
    re.IGNORECASE,
)
_DAY_BEFORE_YEAR = re.compile(r"(?<![\d/.])(\d{1,2})/(\d{1,2})/$")
_ENGLISH_SHORT = re.compile(
    rf"(?<![A-Za-z\d-])(?P<d>{_D})-{_MON.replace('[a-z]*', '')}-(?P<y>[12]\d)(?!\d)", re.IGNORECASE
)
_BEFORE_MONTH = re.compile(
    rf"(?:(?:({_Y})|(?<!\d)(\d\d))年|([今去本明前上当])年)?(?:(?<![\d.])({_M}){_TO})?({_M})$"
)
_ZH_BEFORE_MONTH = re.compile(
    r"([一二][零一二三四五六七八九]{3})年(十[一二]?|[一二三四五六七八九])$"
)
_AFTER_MONTH = re.compile(
    rf"份?(?:({_D})[日号]?(?:\(?(?:周|星期)[一二三四五六日天]\)?)?{_TO}"
    rf"(?:(?:({_Y})年)?({_M})月)?({_D})[日号]|({_D})[日号]|(初|上旬|中旬|下旬|末|底))?"
)
_ZH_AFTER_MONTH = re.compile(
    r"([一二三]?十[一二三四五六七八九]?|廿[一二三四五六七八九]?|[一二三四五六七八九])[日号]"
)
_NO_MONTH_BEFORE = re.compile(r"(?:[近后每前+/.\-]|未来|历年|往年|每年|年内|同期)$")
_NO_MONTH_AFTER = re.compile(r"[内期度均线后]|龄|报|\d{1,2}月")
_MONTH_13 = re.compile(r"年\d$")
_WEEKDAY = re.compile(r",?\(?(?:周|星期|礼拜)([一二三四五六日天])\)?")
_TIME = re.compile(
    r"T?,?\(?(上午|下午|中午|晚上|晚间|晚|早上|早间|凌晨)?(\d{1,2})(?::|时|点)([0-5]\d)(?::([0-5]\d))?分?"
    r"(Z|[+-]\d\d:\d\d)?"
)
_SPAN = re.compile(
    rf"(?<![\d.])(?:({_M})([./])({_D}){_TO}({_M})\2({_D})(?![\d%/元倍万亿港美]|\.\d)"
    r"|(0[1-9]|1[0-2])([0-3]\d)[-~](0[1-9]|1[0-2])([0-3]\d)(?!\d|\.\d|[%万亿元]))"
)
_SPAN_MIDDLE = re.compile(rf"(?<=\d){_TO}(?=\d)")
_PERIOD_SIGN = re.compile(r"[QHqh季]|半年|年报|中报|前三|全年|年度")
_PERIOD = re.compile(
    rf"(?:(?P<y1>{_Y}|(?<!\d)\d\d)年?(?:[Qq](?P<q1>[1-4])|[Hh](?P<h1>[12]))"
    rf"|(?P<q2>[1-4])[Qq](?P<y2>20\d\d|\d\d)|(?P<h2>[12])[Hh](?P<y3>20\d\d|\d\d)"
    rf"|(?P<y4>{_Y}|(?<!\d)\d\d)年?第?(?:(?P<q4>[一二三四1-4首])季[度报]?|(?P<nine>前三季度?)"
    r"|(?P<half>上半年|中报|半年报|半年度)|(?P<year>年报|全年|年度)))"
)


@dataclass(frozen=True, slots=True)
class Written:
    """A day or a month as written; what is not written is `None`.

    Parameters
    ----------
    year
        Year, four digits.
    month, day
        Month and day of the month.
    part
        Part of the month, such as 上旬 or 底; empty for all of it.
    shift
        Years from the text's own year: 0 for 今年, -1 for 去年.
    """

    year: int | None
    month: int
    day: int | None = None
    part: str = ""
    shift: int | None = None


@dataclass(frozen=True, slots=True)
class Form:
    """A date or a span of dates as written.

    Parameters
    ----------
    place
        Where it stands, a time after it included.
    first, last
        Its first day or month, and its last if it is a span.
    weekday
        Weekday written after it, 0 for Monday.
    time
        Time of the day written after it.
    period
        Whether it is a reporting period: a quarter, a half, January to April.
    week
        Whether only its being a working week tells it from a range of numbers.
    """

    place: Place
    first: Written
    last: Written | None = None
    weekday: int | None = None
    time: time | None = None
    period: bool = False
    week: bool = False

    @property
    def full_day(self) -> bool:
        """Tell whether it is one day, written with its year."""
        return self.last is None and self.first.year is not None and self.first.day is not None


def forms_in(clean: str) -> list[Form]:
    """Return the dates written in a text without white space, in order, none overlapping."""
    found = [
        *_short_english(clean),
        *_around_years(clean),
        *_around_months(clean),
        *_periods(clean),
        *_week_spans(clean),
    ]
    found.sort(key=lambda form: (form.place.start, -form.place.end))
    kept: list[Form] = []
    for form in found:
        if not kept or form.place.start >= kept[-1].place.end:
            kept.append(form)
    return [_with_time(clean, form) for form in kept]


def _around_years(clean: str) -> Iterator[Form]:
    for match in _YEAR.finditer(clean):
        start = match.start()
        if doubled := _DOUBLED.match(clean, start):
            year, month, day = (int(part) for part in doubled.groups())
            if 1 <= month <= 12:
                yield Form(Place(*doubled.span()), Written(year, month, day))
        elif numeric := _NUMERIC.match(clean, start):
            yield _numeric(clean, numeric)
        elif (compact := _COMPACT.match(clean, start)) and not _glued_before(clean, start):
            parts = [int(part) for part in compact.groups() if part]
            days = [Written(*three) for three in zip(*[iter(parts)] * 3, strict=True)]
            yield Form(Place(*compact.span()), days[0], days[1] if len(days) > 1 else None)
        elif written := _DAY_BEFORE_YEAR.search(clean[max(0, start - 6) : start]):
            if form := _day_first(written, start, int(match[0])):
                yield form
        elif english := _ENGLISH_BEFORE_YEAR.search(clean[max(0, start - 16) : start]):
            month = _ENGLISH.index((english["mon"] or english["mon2"]).lower()) + 1
            day = int(english["d1"] or english["d2"])
            begin = start - len(english[0])
            yield Form(Place(begin, match.end()), Written(int(match[0]), month, day))


def _day_first(match: re.Match[str], start: int, year: int) -> Form | None:
    """Return 28/4/2025 or 4/28/2025; `None` where nothing tells the day from the month."""
    first, second = int(match[1]), int(match[2])
    if not (first > 12) ^ (second > 12) and first != second:
        return None
    day, month = (first, second) if second <= 12 else (second, first)
    if month > 12 or not 1 <= day <= 31 or month < 1:
        return None
    place = Place(start - len(match[0]), start + 4)
    return Form(place, Written(year, month, day))


def _short_english(clean: str) -> Iterator[Form]:
    for match in _ENGLISH_SHORT.finditer(clean):
        month = _ENGLISH.index(match["mon"].lower()) + 1
        yield Form(Place(*match.span()), Written(2000 + int(match["y"]), month, int(match["d"])))


def _glued_before(clean: str, start: int) -> bool:
    before = clean[start - 1 : start]
    return before.isascii() and (before.isalnum() or before in ".,%+") and before != ""


def _numeric(clean: str, match: re.Match[str]) -> Form:
    year, _, month, day, last_year, last_month, last_day = match.groups()
    end = match.end()
    if last_month:
        last = Written(_number(last_year), int(last_month), int(last_day))
        return Form(Place(match.start(), end), Written(int(year), int(month), int(day)), last)
    # A glued hour takes the day's second digit where the day would leave it without hours, or
    # where the month shows that this print has no leading zeros.
    glued = len(day) == 2 and (
        clean.startswith(":", end) or (len(month) == 1 and _HOUR_AT_DAY.match(clean, end))
    )
    if glued and day[0] != "0":
        day, end = day[0], end - 1
    return Form(Place(match.start(), end), Written(int(year), int(month), int(day)))


def _number(printed: str | None) -> int | None:
    return int(printed) if printed else None


def _around_months(clean: str) -> Iterator[Form]:
    at = clean.find("月")
    while at >= 0:
        before = clean[max(0, at - 14) : at]
        if match := _BEFORE_MONTH.search(before):
            if form := _month(clean, at, match):
                yield form
        elif match := _ZH_BEFORE_MONTH.search(before):
            yield _zh_month(clean, at, match)
        at = clean.find("月", at + 1)


def _month(clean: str, at: int, match: re.Match[str]) -> Form | None:
    if match.start() > 1 and _MONTH_13.search(match.string, 0, match.start()):
        return None
    year = int(match[1]) if match[1] else 2000 + int(match[2]) if match[2] else None
    shift = _SHIFTS[match[3]] if match[3] else None
    first = Written(year, int(match[5]), shift=shift)
    start = at - len(match[0])
    tail = _AFTER_MONTH.match(clean, at + 1)
    if tail is None:  # every part of it may be missing, so it always matches
        return None
    from_day, last_year, last_month, last_day, day, part = tail.groups()
    if match[4] and not (day or last_day):
        return _months(clean, Place(start, tail.end()), first, int(match[4]))
    if match[4]:  # a number with a dash before a day is no month
        start = at - len(match[5])
    place = Place(start, tail.end())
    if last_day:
        last = Written(_number(last_year), int(last_month or match[5]), int(last_day))
        return Form(place, replace(first, day=int(from_day)), last)
    if day or part:
        return Form(place, replace(first, day=int(day) if day else None, part=part or ""))
    loose = year is None and shift is None and _no_month(clean, start, tail.end())
    return None if loose else Form(place, first)


def _months(clean: str, place: Place, last: Written, first_month: int) -> Form | None:
    # Months counted from January are a period of figures; 3-6月 may as well be a horizon.
    if first_month != 1 or last.month == 1 or _no_month(clean, place.start, place.end):
        return None
    return Form(place, replace(last, month=1), last, period=True)


def _no_month(clean: str, start: int, end: int) -> bool:
    before = clean[max(0, start - 2) : start]
    axis = re.search(r"\d月$", before)  # 1月2月3月… are the marks of a chart
    return bool(axis or _NO_MONTH_BEFORE.search(before) or _NO_MONTH_AFTER.match(clean, end))


def _zh_month(clean: str, at: int, match: re.Match[str]) -> Form:
    year = int("".join(str(_ZH_DIGITS[digit]) for digit in match[1]))
    tail = _ZH_AFTER_MONTH.match(clean, at + 1)
    day = _zh_number(tail[1]) if tail else None
    place = Place(at - len(match[0]), tail.end() if tail else at + 1)
    return Form(place, Written(year, _zh_number(match[2]), day))


def _zh_number(written: str) -> int:
    tens, ten, ones = written.replace("廿", "二十").rpartition("十")
    high = (_ZH_DIGITS[tens] if tens else 1) * 10 if ten else 0
    return high + (_ZH_DIGITS[ones] if ones else 0)


def _periods(clean: str) -> Iterator[Form]:
    last_end = 0
    for sign in _PERIOD_SIGN.finditer(clean):
        match = _PERIOD.search(clean, max(last_end, sign.start() - 7), sign.end() + 4)
        if match:
            last_end = match.end()
            year = int(match["y1"] or match["y2"] or match["y3"] or match["y4"])
            first, last = _period_months(match)
            years = year if year > 99 else 2000 + year
            place = Place(*match.span())
            yield Form(place, Written(years, first), Written(years, last), period=True)


def _period_months(match: re.Match[str]) -> tuple[int, int]:
    if quarter := match["q1"] or match["q2"] or match["q4"]:
        number = _QUARTERS[quarter]
        return 3 * number - 2, 3 * number
    if half := match["h1"] or match["h2"]:
        return 6 * int(half) - 5, 6 * int(half)
    if match["nine"]:
        return 1, 9
    return (1, 6) if match["half"] else (1, 12)


def _week_spans(clean: str) -> Iterator[Form]:
    last_end = 0
    for middle in _SPAN_MIDDLE.finditer(clean):
        match = _SPAN.search(clean, max(last_end, middle.start() - 5), middle.end() + 7)
        if match:
            last_end = match.end()
            parts = [int(part) for part in match.groups() if part and part.isdigit()]
            first, last = (Written(None, month, day) for month, day in (parts[:2], parts[2:]))
            yield Form(Place(*match.span()), first, last, week=True)


def _with_time(clean: str, form: Form) -> Form:
    end = form.place.end
    if weekday := _WEEKDAY.match(clean, end):
        form = replace(form, weekday=_WEEKDAYS[weekday[1]])
        end = weekday.end()
    match = _TIME.match(clean, end)
    if match is None or form.last is not None or form.first.day is None:
        return form
    hour = int(match[2]) + (12 if match[1] in _AFTERNOON and int(match[2]) < 12 else 0)
    if hour > 23:
        return form
    zone = _zone(match[5])
    moment = time(hour, int(match[3]), int(match[4] or 0), tzinfo=zone)
    return replace(form, time=moment, place=Place(form.place.start, match.end()))


_AFTERNOON = frozenset({"下午", "晚上", "晚间", "晚"})


def _zone(printed: str | None) -> timezone | None:
    if not printed or printed == "Z":
        return UTC if printed else None
    hours, minutes = int(printed[:3]), int(printed[4:])
    return timezone(timedelta(hours=hours, minutes=minutes if hours >= 0 else -minutes))
