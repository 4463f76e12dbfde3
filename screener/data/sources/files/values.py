"""Cells to values: codes, dates, numbers, flags and text, each cell read or marked unreadable."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from screener.data.quality import BoolArray, DayArray, FloatArray, IntArray
from screener.domain.former_codes import Renumbering, renumbering
from screener.domain.listing import Kind, Listing, parse_listing
from screener.errors import ScreenerError

__all__ = [
    "CodeColumn",
    "ObjectArray",
    "parse_day",
    "read_codes",
    "read_days",
    "read_flags",
    "read_numbers",
    "read_texts",
]

ObjectArray = npt.NDArray[np.object_]
ValueT = TypeVar("ValueT")

_BLANK = frozenset(
    {"", "-", "--", "---", "—", "——", "nan", "nat", "none", "null", "n/a", "na", "#n/a"}
)
_EXCHANGE_ZONE = timezone(timedelta(hours=8))  # Shanghai and Hong Kong, no summer time

_DAY = re.compile(
    r"(\d{4})(?:([-/.])(\d{1,2})\2(\d{1,2})|年(\d{1,2})月(\d{1,2})日|(\d{2})(\d{2}))(?:\.0)?",
    re.ASCII,
)
_CLOCK = re.compile(r"[T ]?(\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?) ?(Z|[+-]\d{2}:?\d{2})?", re.ASCII)
_NUMBER = r"^[+-]?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)?(\.[0-9]*)?([eE][+-]?[0-9]+)?$"

_YES = frozenset(
    {"true", "t", "1", "1.0", "yes", "y", "是", "停牌", "停牌一天", "盘中停牌", "suspended"}
)
_SIX = re.compile(r"(?<![0-9])([0-9]{6})(?![0-9])")
_NO = frozenset({"false", "f", "0", "0.0", "no", "n", "否", "交易", "正常", "正常交易", "trading"})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CodeColumn:
    """Listings of a column.

    Parameters
    ----------
    listings
        The distinct listings.
    index
        `(n_rows,)` index into `listings`; −1 where there is none.
    absent
        `(n_rows,)` of bool, True for a blank cell.
    faults
        Pairs of rows and what is wrong with their code.
    """

    listings: tuple[Listing, ...]
    index: IntArray
    absent: BoolArray
    faults: tuple[tuple[BoolArray, str], ...]


def parse_day(text: str) -> date | None:
    """Parse a day: ISO, `YYYYMMDD`, `YYYY/M/D`, `YYYY年M月D日`, each with or without a time.

    A time with an offset from UTC is taken to the exchanges' own zone, UTC+8. `None` if the text
    is no day.
    """
    match = _DAY.match(text)
    if match is None:
        return None
    parts = [int(part) for part in (match[1], *match.groups()[2:]) if part]
    try:
        day = date(*parts)
    except ValueError:
        return None
    rest = text[match.end() :]
    return day if not rest else _with_clock(day, rest)


def read_codes(column: pa.ChunkedArray, kind: Kind) -> CodeColumn:
    """Read a column of listing codes; each distinct text is parsed once."""
    codes, texts = _distinct(column)
    listings: dict[Listing, int] = {}
    index_of = np.full(len(texts) + 1, -1, dtype=np.int64)
    wrong: dict[str, list[int]] = {}
    for place, text in enumerate(texts):
        if text.lower() in _BLANK:
            continue
        try:
            listing = parse_listing(text, parameter="code", kind=kind)
        except ScreenerError as error:
            wrong.setdefault(error.what, []).append(place)
        else:
            index_of[place] = listings.setdefault(listing, len(listings))
    blank = np.array([text.lower() in _BLANK for text in texts] + [True], dtype=np.bool_)
    return CodeColumn(
        listings=tuple(listings),
        index=index_of[codes],
        absent=blank[codes],
        faults=tuple((np.isin(codes, places), reason) for reason, places in wrong.items()),
    )


def renumbered_in(column: pa.ChunkedArray) -> tuple[Renumbering, ...]:
    """Return the changes of code of the listings that a column names by a former one."""
    _, texts = _distinct(column)
    bare = (match[1] for text in texts if (match := _SIX.search(text)))
    return tuple(change for code in dict.fromkeys(bare) if (change := renumbering(code)))


def read_days(column: pa.ChunkedArray) -> tuple[DayArray, BoolArray]:
    """Read a column of days.

    Returns
    -------
    days : numpy.ndarray
        `(n_rows,)` `datetime64[D]`, NaT where blank or unreadable.
    unreadable : numpy.ndarray
        `(n_rows,)` of bool, True where a cell is neither a day nor blank.
    """
    kind = column.type
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        return _typed_days(column), np.zeros(len(column), dtype=np.bool_)
    codes, texts = _distinct(column)
    days = np.full(len(texts) + 1, np.datetime64("NaT"), dtype="datetime64[D]")
    bad = np.zeros(len(texts) + 1, dtype=np.bool_)
    for place, text in enumerate(texts):
        day = parse_day(text)
        if day is not None:
            days[place] = np.datetime64(day, "D")
        else:
            bad[place] = text.lower() not in _BLANK
    return days[codes], bad[codes]


def read_numbers(column: pa.ChunkedArray) -> tuple[FloatArray, BoolArray]:
    """Read a column of numbers.

    Thousands separators in threes, wide digits and signs are read; a decimal comma is not.

    Returns
    -------
    values : numpy.ndarray
        `(n_rows,)` of float, NaN where blank or unreadable.
    unreadable : numpy.ndarray
        `(n_rows,)` of bool, True where a cell is neither a finite number nor blank.
    """
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind):
        values, bad = _text_numbers(column.cast(pa.string()))
    elif pa.types.is_null(kind) or pa.types.is_boolean(kind):
        values = np.full(len(column), np.nan)
        bad = np.full(len(column), pa.types.is_boolean(kind), dtype=np.bool_)
    elif _numeric(kind):
        values = _floats(column.cast(pa.float64(), safe=False))
        bad = np.zeros(len(column), dtype=np.bool_)
    else:
        return np.full(len(column), np.nan), np.ones(len(column), dtype=np.bool_)
    endless = np.isinf(values)
    return np.where(endless, np.nan, values), bad | endless


def read_flags(column: pa.ChunkedArray) -> tuple[BoolArray, BoolArray]:
    """Read a column of yes or no; a blank is no. Returns values and unreadable cells."""
    if pa.types.is_boolean(column.type):
        values: BoolArray = pc.fill_null(column, False).to_numpy()
        return values, np.zeros(len(column), dtype=np.bool_)
    codes, texts = _distinct(column)
    words = [text.lower() for text in texts]
    yes = np.array([word in _YES for word in words] + [False], dtype=np.bool_)
    known = [word in _YES or word in _NO or word in _BLANK for word in words] + [True]
    return yes[codes], ~np.array(known, dtype=np.bool_)[codes]


def read_texts(column: pa.ChunkedArray, clean: Callable[[str], str]) -> ObjectArray:
    """Read a column of text, each distinct cell cleaned once.

    Returns
    -------
    numpy.ndarray
        `(n_rows,)` of str, `None` where blank.
    """
    codes, texts = _distinct(column, normal=False)
    cleaned = [None if text.strip().lower() in _BLANK else clean(text) for text in texts]
    values = np.array([*cleaned, None], dtype=np.object_)
    return values[codes]


def _with_clock(day: date, rest: str) -> date | None:
    match = _CLOCK.fullmatch(rest)
    if match is None:
        return None
    try:
        moment = datetime.fromisoformat(f"{day}T{match[1].zfill(5)}{match[2] or ''}")
    except ValueError:
        return None
    return moment.astimezone(_EXCHANGE_ZONE).date() if match[2] else day


def _distinct(column: pa.ChunkedArray, *, normal: bool = True) -> tuple[IntArray, list[str]]:
    """Return each row's place in the list of distinct texts; a null is one past the end."""
    encoded = _as_text(column).combine_chunks().dictionary_encode()
    texts: Sequence[str] = encoded.dictionary.to_pylist()
    codes = pc.fill_null(encoded.indices, len(texts)).to_numpy(zero_copy_only=False)
    if normal:
        texts = [unicodedata.normalize("NFKC", text).strip() for text in texts]
    return codes.astype(np.int64), list(texts)


def _as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
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
    if pa.types.is_timestamp(column.type) and column.type.tz is not None:
        instants = column.cast(pa.timestamp("us", tz="UTC")).cast(pa.timestamp("us"))
        shifted: DayArray = instants.to_numpy() + np.timedelta64(8, "h")
        return shifted.astype("datetime64[D]")
    days: DayArray = column.cast(pa.timestamp("ms"), safe=False).to_numpy().astype("datetime64[D]")
    return days


def _numeric(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    )


def _text_numbers(column: pa.ChunkedArray) -> tuple[FloatArray, BoolArray]:
    trimmed = pc.utf8_trim_whitespace(column)
    given = _without_blanks(trimmed)
    try:
        values = _floats(given.cast(pa.float64()))
    except pa.ArrowInvalid:
        return _odd_numbers(trimmed)
    return values, np.zeros(len(values), dtype=np.bool_)


def _odd_numbers(column: pa.ChunkedArray) -> tuple[FloatArray, BoolArray]:
    plain = pc.utf8_trim_whitespace(pc.utf8_normalize(column, form="NFKC"))
    given = _without_blanks(plain)
    fits = pc.and_(
        pc.match_substring_regex(given, _NUMBER), pc.match_substring_regex(given, "[0-9]")
    )
    readable = pc.if_else(fits, given, pa.scalar(None, pa.string()))
    digits = pc.replace_substring(pc.ascii_ltrim(readable, characters="+"), ",", "")
    bad: BoolArray = pc.fill_null(pc.invert(fits), False).to_numpy()
    return _floats(digits.cast(pa.float64())), bad


def _without_blanks(column: pa.ChunkedArray) -> pa.ChunkedArray:
    blank = pc.is_in(pc.utf8_lower(column), value_set=pa.array(sorted(_BLANK)))
    return pc.if_else(blank, pa.scalar(None, pa.string()), column)


def _floats(column: pa.ChunkedArray) -> FloatArray:
    values: FloatArray = column.to_numpy()
    return values if values.dtype == np.float64 else values.astype(np.float64)
