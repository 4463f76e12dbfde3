"""Cells to values: codes, dates, numbers, flags and text, each cell read or marked unreadable."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from screener.domain.arrays import DayArray, FlagArray, FloatArray, IntArray, TextArray
from screener.domain.days import SHANGHAI
from screener.domain.former_codes import Renumbering, renumbering

__all__ = [
    "BLANK",
    "Numbers",
    "as_text",
    "distinct_texts",
    "parse_day",
    "read_days",
    "read_flags",
    "read_numbers",
    "read_texts",
]


BLANK = frozenset(
    {"", "-", "--", "---", "—", "——", "nan", "nat", "none", "null", "n/a", "na", "#n/a", "亏损"}
)
"""Cells that say nothing, in small letters; a loss has no multiple."""

_DAY = re.compile(
    r"(\d{4})(?:([-/.])(\d{1,2})\2(\d{1,2})|年(\d{1,2})月(\d{1,2})日|(\d{2})(\d{2}))(?:\.0)?",
    re.ASCII,
)
_NO_DAY = np.iinfo(np.int64).min
_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_FAR_SECONDS = 10**12  # 30,000 years
_FAR_DAY = np.datetime64(10**7, "D")
_FIRST_DAY, _LAST_DAY = (np.datetime64(day, "D") for day in (date.min, date.max))
_DAY_NUMBER = re.compile(r"[1-9][0-9]{4}(\.[0-9]+)?", re.ASCII)
_WEEKDAY = re.compile(
    r"(?:[ ,，(]+(?:周|星期|週)?|周|星期|週)[一二三四五六日天]\)?$"
    r"|[ ,，(]+(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\)?$",
    re.IGNORECASE,
)
_CLOCK = re.compile(r"[T ]?(\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?) ?(Z|[+-]\d{2}:?\d{2})?", re.ASCII)
_COUNTED = re.compile(
    r"([+-]?(?=\.?[0-9])(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)?(?:\.[0-9]*)?(?:[eE][+-]?[0-9]{1,3})?)"
    r" ?(万亿|千亿|百亿|亿|千万|百万|万|千|[KkMmBb])? ?([元股手%])?",
    re.ASCII,
)
_ZEROS = {
    "": 0, "千": 3, "万": 4, "百万": 6, "千万": 7, "亿": 8, "百亿": 10, "千亿": 11, "万亿": 12,
    "k": 3, "m": 6, "b": 9,
}  # fmt: skip
_COUNTS = {
    "%": Decimal("0.01"),
    **{sign: Decimal(10) ** zeros for sign, zeros in _ZEROS.items()},
    **{f"{sign}手": Decimal(10) ** (zeros + 2) for sign, zeros in _ZEROS.items()},
}

_YES = frozenset(
    {"true", "t", "1", "1.0", "yes", "y", "是", "停牌", "停牌一天", "盘中停牌", "suspended"}
)
_SIX = re.compile(r"(?<![0-9])([0-9]{6})(?![0-9])")
_NO = frozenset({"false", "f", "0", "0.0", "no", "n", "否", "交易", "正常", "正常交易", "trading"})


class Numbers(NamedTuple):
    """A column of numbers, each array `(n_rows,)`.

    Parameters
    ----------
    values
        NaN where blank or unreadable; what a cell prints behind its number is counted in.
    unreadable
        True where a cell is neither a finite number nor blank.
    percent
        True where a cell ends in a percent sign.
    counted
        True where a cell ends in 万, 亿 and the like, or in a unit.
    whole
        True where a cell prints its whole unit: 股 or 手.
    """

    values: FloatArray
    unreadable: FlagArray
    percent: FlagArray
    counted: FlagArray
    whole: FlagArray


def parse_day(text: str) -> date | None:
    """Parse a day: ISO, `YYYYMMDD`, `YYYY/M/D`, `YYYY年M月D日`, each with or without a time.

    A weekday behind it is no matter. A time with an offset from UTC is taken to the exchanges' own
    zone, UTC+8. `None` if the text is no day.
    """
    return _remembered_day(text) if len(text) <= _SHORT else _parsed_day(text)


def _parsed_day(text: str) -> date | None:
    match = _DAY.match(_WEEKDAY.sub("", text))
    if match is None:
        return None
    parts = [int(part) for part in (match[1], *match.groups()[2:]) if part]
    try:
        day = date(*parts)
    except ValueError:
        return None
    rest = match.string[match.end() :]
    return day if not rest else _with_clock(day, rest)


# Thousands of files name the same sessions.
_SHORT = 32
_remembered_day = lru_cache(maxsize=1 << 15)(_parsed_day)


def renumbered_in(column: pa.ChunkedArray) -> tuple[Renumbering, ...]:
    """Return the changes of code of the listings that a column names by a former one."""
    _, texts = distinct_texts(column)
    bare = (match[1] for text in texts if (match := _SIX.search(text)))
    return tuple(change for code in dict.fromkeys(bare) if (change := renumbering(code)))


def read_days(
    column: pa.ChunkedArray, *, day_zero: date | None = None
) -> tuple[DayArray, FlagArray]:
    """Read a column of days.

    Parameters
    ----------
    column
        The cells.
    day_zero
        Day from which a workbook counts days that are not formatted as such; `None` for none.

    Returns
    -------
    days : numpy.ndarray
        `(n_rows,)` `datetime64[D]`, NaT where blank or unreadable.
    unreadable : numpy.ndarray
        `(n_rows,)` of bool, True where a cell is neither a day nor blank.
    """
    kind = column.type
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        typed = _typed_days(column)
        beyond = (typed < _FIRST_DAY) | (typed > _LAST_DAY)
        return np.where(beyond, np.datetime64("NaT"), typed), beyond
    codes, texts = distinct_texts(column)
    days = np.full(len(texts) + 1, np.datetime64("NaT"), dtype="datetime64[D]")
    bad = np.zeros(len(texts) + 1, dtype=np.bool_)
    for place, text in enumerate(texts):
        day = parse_day(text) or _counted_day(text, day_zero)
        if day is not None:
            days[place] = np.datetime64(day, "D")
        else:
            bad[place] = text.lower() not in BLANK
    return days[codes], bad[codes]


def read_numbers(column: pa.ChunkedArray) -> Numbers:
    """Read a column of numbers.

    Thousands separators in threes, wide digits and signs are read, and what counts behind a
    number: `3.5%`, `3023.3亿`, `12万手`, `1.2M`; a decimal comma is not.
    """
    kind = column.type
    none = np.zeros(len(column), dtype=np.bool_)
    if pa.types.is_dictionary(kind):
        found = _repeated_numbers(column)
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
        found = _text_numbers(column)
    elif pa.types.is_null(kind) or pa.types.is_boolean(kind):
        flag = np.full(len(column), pa.types.is_boolean(kind), dtype=np.bool_)
        found = Numbers(np.full(len(column), np.nan), flag, none, none, none)
    elif _numeric(kind):
        found = Numbers(_floats(column.cast(pa.float64(), safe=False)), none, none, none, none)
    else:
        return Numbers(np.full(len(column), np.nan), ~none, none, none, none)
    endless = np.isinf(found.values)
    values = np.where(endless, np.nan, found.values)
    return found._replace(values=values, unreadable=found.unreadable | endless)


def read_flags(column: pa.ChunkedArray) -> tuple[FlagArray, FlagArray]:
    """Read a column of yes or no; a blank is no. Returns values and unreadable cells."""
    if pa.types.is_boolean(column.type):
        values: FlagArray = pc.fill_null(column, False).to_numpy()
        return values, np.zeros(len(column), dtype=np.bool_)
    codes, texts = distinct_texts(column)
    words = [text.lower() for text in texts]
    yes = np.array([word in _YES for word in words] + [False], dtype=np.bool_)
    known = [word in _YES or word in _NO or word in BLANK for word in words] + [True]
    return yes[codes], ~np.array(known, dtype=np.bool_)[codes]


def read_texts(column: pa.ChunkedArray, clean: Callable[[str], str]) -> TextArray:
    """Read a column of text, each distinct cell cleaned once.

    Returns
    -------
    numpy.ndarray
        `(n_rows,)` of str, `None` where blank.
    """
    codes, texts = distinct_texts(column, normal=False)
    cleaned = [None if text.strip().lower() in BLANK else clean(text) for text in texts]
    values = np.array([*cleaned, None], dtype=np.object_)
    return values[codes]


def _counted_day(text: str, day_zero: date | None) -> date | None:
    if day_zero is None or not _DAY_NUMBER.fullmatch(text):
        return None
    return day_zero + timedelta(days=int(text.partition(".")[0]))


def _with_clock(day: date, rest: str) -> date | None:
    match = _CLOCK.fullmatch(rest)
    if match is None:
        return None
    try:
        moment = datetime.fromisoformat(f"{day}T{match[1].zfill(5)}{match[2] or ''}")
        return moment.astimezone(SHANGHAI).date() if match[2] else day
    except (ValueError, OverflowError):
        return None


def distinct_texts(column: pa.ChunkedArray, *, normal: bool = True) -> tuple[IntArray, list[str]]:
    """Return each row's place in the list of distinct texts; a null is one past the end.

    Texts are trimmed, with wide signs made narrow, unless they shall stay as printed.
    """
    if not pa.types.is_dictionary(column.type):
        column = as_text(column).dictionary_encode()
    encoded = column.unify_dictionaries().combine_chunks()
    texts: Sequence[str] = [text or "" for text in as_text(encoded.dictionary).to_pylist()]
    codes = pc.fill_null(encoded.indices, len(texts)).to_numpy(zero_copy_only=False)
    if normal:
        texts = [unicodedata.normalize("NFKC", text).strip() for text in texts]
    return codes.astype(np.int64), list(texts)


def as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column of any type as text; a whole number has no decimal point."""
    kind = column.type
    if pa.types.is_floating(kind):  # codes and dates that a spreadsheet made numbers of
        try:
            return column.cast(pa.int64()).cast(pa.string())
        except pa.ArrowInvalid:
            return column.cast(pa.string())
    try:
        return column.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):  # nested values and bytes
        texts = [None if item is None else str(item) for item in column.to_pylist()]
        return pa.chunked_array([pa.array(texts, pa.string())])


def _typed_days(column: pa.ChunkedArray) -> DayArray:
    kind = column.type
    if pa.types.is_date32(kind):
        days: DayArray = column.to_numpy().astype("datetime64[D]")
        return days
    unit = "ms" if pa.types.is_date64(kind) else kind.unit
    counted: IntArray = pc.fill_null(column.cast(pa.int64()), _NO_DAY).to_numpy()
    # Dividing never goes beyond what 64 bits hold; what is far from any day goes before adding.
    seconds = counted // _PER_SECOND[unit]
    shift = 8 * 3600 if pa.types.is_timestamp(kind) and kind.tz is not None else 0
    far = (np.abs(seconds) > _FAR_SECONDS) & (counted != _NO_DAY)
    found: DayArray = (
        (np.where(far | (counted == _NO_DAY), 0, seconds) + shift)
        .astype("datetime64[s]")
        .astype("datetime64[D]")
    )
    found = np.where(far, _FAR_DAY, found)
    return np.where(counted == _NO_DAY, np.datetime64("NaT", "D"), found)


def _numeric(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    )


def _text_numbers(column: pa.ChunkedArray) -> Numbers:
    trimmed = pc.utf8_trim_whitespace(column)
    given = _without_blanks(trimmed)
    try:
        values = _floats(given.cast(pa.float64()))
    except pa.ArrowInvalid:
        return _odd_numbers(trimmed)
    none = np.zeros(len(values), dtype=np.bool_)
    return Numbers(values, none, none, none, none)


def _repeated_numbers(column: pa.ChunkedArray) -> Numbers:
    """Read numbers of which each distinct text stands once; a null is one past the end."""
    codes, texts = distinct_texts(column, normal=False)
    found = read_numbers(pa.chunked_array([pa.array([*texts, ""], pa.string())]))
    masks = (part[codes] for part in found[1:])
    return Numbers(found.values[codes], *masks)


def _odd_numbers(column: pa.ChunkedArray) -> Numbers:
    """Read numbers of which some are not plain; each distinct text is read once."""
    codes, texts = distinct_texts(column)
    read = [_printed_number(text) for text in texts]
    read.append((np.nan, False, ""))
    values = np.array([value for value, _, _ in read], dtype=np.float64)
    bad = np.array([fault for _, fault, _ in read], dtype=np.bool_)
    ends = np.array([end for _, _, end in read], dtype=np.str_)
    masks = (bad, ends == "%", (ends != "") & (ends != "%"), np.isin(ends, ("股", "手")))
    return Numbers(values[codes], *(mask[codes] for mask in masks))


def _printed_number(text: str) -> tuple[float, bool, str]:
    """Return a cell's number, whether it is unreadable, and in which unit it ends."""
    if text.lower() in BLANK:
        return np.nan, False, ""
    match = _COUNTED.fullmatch(text.replace("−", "-"))
    if match is None:
        return np.nan, True, ""
    number, count, unit = match[1].replace(",", ""), match[2] or "", match[3] or ""
    if unit == "%" and count:
        return np.nan, True, ""
    # As text, so that 0.57 % is 0.0057 and 12.3 thousand 12300, without a stray last digit.
    value = float(Decimal(number) * _COUNTS[f"{count}{unit if unit in '%手' else ''}".lower()])
    return value, False, unit or count


def _without_blanks(column: pa.ChunkedArray) -> pa.ChunkedArray:
    blank = pc.is_in(pc.utf8_lower(column), value_set=pa.array(sorted(BLANK)))
    return pc.if_else(blank, pa.scalar(None, pa.string()), column)


def _floats(column: pa.ChunkedArray) -> FloatArray:
    values: FloatArray = column.to_numpy()
    return values if values.dtype == np.float64 else values.astype(np.float64)
