"""A column of codes as listings, with the exchange from a column beside it where there is one."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa

from screener.data.sources.files.columns.values import BLANK, distinct_texts
from screener.domain.arrays import FlagArray, IntArray
from screener.domain.listing import (
    Exchange,
    Kind,
    Listing,
    parse_exchange,
    parse_listing,
    parse_listing_on,
)
from screener.errors import InputError, ScreenerError
from screener.language import in_english, say
from screener.language.saying import _said
from screener.language.terms import named

__all__ = ["CodeColumn", "Master", "lost_zeros", "no_master", "read_codes"]

Master = Callable[[], frozenset[str]]
"""Gives the ids of the listings that the workspace knows."""

_BOARD_WORDS = re.compile("主板|中小板|创业板|科创板|新三板|A股|B股|cdr|stock", re.IGNORECASE)
# As terminals number them: 1 is Shanghai, 0 Shenzhen, and at some Beijing too.
_NUMBERED = {"1": (Exchange.SH,), "0": (Exchange.SZ, Exchange.BJ)}
_FLOAT = re.compile(r"([0-9]+)\.0")
_LOST = 4  # digits: five without a leading zero are a Hong Kong code as it is
_SHOWN = 40
_OWN = re.compile(r"[0-9A-Z]{4,}(?:\.[A-Z]{2,3})?")


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
    notes
        What was decided, in words.
    """

    listings: tuple[Listing, ...]
    index: IntArray
    absent: FlagArray
    faults: tuple[tuple[FlagArray, str], ...] = ()
    notes: tuple[str, ...] = ()

    def last(self, n_rows: int) -> CodeColumn:
        """Return the last rows, judged among all."""
        if n_rows == len(self.index):
            return self
        start = len(self.index) - n_rows
        return replace(
            self,
            index=self.index[start:],
            absent=self.absent[start:],
            faults=tuple((rows[start:], reason) for rows, reason in self.faults),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Cells:
    """Distinct pairs of code and place of its exchange's word, and each row's place in them."""

    pairs: list[tuple[str, int]]
    inverse: IntArray


@dataclass(frozen=True, slots=True)
class _Wrong:
    """Codes with one kind of fault: the first, what is wrong with it, and all their places."""

    text: str
    what: str
    places: list[int] = field(default_factory=list)

    def reason(self, kind: str) -> str:
        """Return why the rows are rejected, in one text for all of them."""
        if in_english(kind) == in_english(lost_zeros()):
            return kind
        if len(self.places) == 1:
            return self.what
        return say("{kind} (first {text!r})", kind=kind, text=self.text)


def lost_zeros() -> str:
    """Return what is wrong with a code that a spreadsheet took for a number."""
    return say(
        "code has lost its leading zeros: write it in full like 000700.SZ or 00700.HK (format the "
        "column as text before saving it), or add a column `exchange` (sh, sz, bj, hk)"
    )


def no_master() -> frozenset[str]:
    """Know no listing."""
    return frozenset()


def read_codes(
    column: pa.ChunkedArray,
    kind: Kind,
    *,
    exchange: pa.ChunkedArray | None = None,
    master: Master = no_master,
    told_by: str = say("the master of listings"),
) -> CodeColumn:
    """Read a column of listing codes; each distinct cell is parsed once.

    Codes that lost their leading zeros, as a spreadsheet makes them, are restored where the
    exchange beside them, or the whole column and the master of listings, leave one reading.

    Parameters
    ----------
    column
        The codes.
    kind
        What a bare code stands for.
    exchange
        Words that name the exchange of each row.
    master
        Gives the ids of the listings that the workspace knows; asked only where it decides.
    told_by
        What the master is, in words.
    """
    codes, printed = distinct_texts(column)
    texts = [*(_plain(text) for text in printed), ""]
    cells, words, notes = _with_exchange(codes, texts, exchange)
    restored = {} if any(words) else _restored(texts, kind, master)
    index_of = np.full(len(cells.pairs), -1, dtype=np.int64)
    listings: dict[Listing, int] = {}
    wrong: dict[str, _Wrong] = {}
    for place, (text, venue) in enumerate(cells.pairs):
        if not text:
            continue
        try:
            listing = restored.get(text) or _listing(text, words[venue], kind)
        except ScreenerError as error:
            first = _Wrong(text[:_SHOWN], _shortened(error.what, text))
            wrong.setdefault(_kind(text, error), first).places.append(place)
        else:
            index_of[place] = listings.setdefault(listing, len(listings))
            if words[venue] and text.isdigit() and len(text) < len(listing.code):
                restored[text] = listing
    blank = np.array([not text for text, _ in cells.pairs], dtype=np.bool_)
    return CodeColumn(
        listings=tuple(listings),
        index=index_of[cells.inverse],
        absent=blank[cells.inverse],
        faults=tuple(
            (np.isin(cells.inverse, one.places), one.reason(kind)) for kind, one in wrong.items()
        ),
        notes=(
            *notes,
            *_told(restored, by=told_by if words == [""] else say("the exchange beside them")),
        ),
    )


def _plain(text: str) -> str:
    """Return a code without what spreadsheets and data frames put around it; empty for none."""
    if text.lower() in BLANK:
        return ""
    number = _FLOAT.fullmatch(text)
    return number[1] if number else text


def _with_exchange(
    codes: IntArray, texts: list[str], exchange: pa.ChunkedArray | None
) -> tuple[_Cells, list[str], list[str]]:
    """Return the distinct pairs of code and exchange, the words for exchanges, and what to tell."""
    alone = _Cells(pairs=[(text, 0) for text in texts], inverse=codes)
    if exchange is None:
        return alone, [""], []
    venues, words = distinct_texts(exchange)
    words = ["" if _silent(word) else word for word in words]
    numbered = {word for word in words if word} <= _NUMBERED.keys()
    if not (any(map(parse_exchange, words)) or (numbered and any(words))):
        return alone, [""], [say("its column of exchanges or markets names none: not used")]
    words.append("")
    keys, inverse = np.unique(codes * len(words) + venues, return_inverse=True)
    pairs = [(texts[key // len(words)], key % len(words)) for key in keys.tolist()]
    return _Cells(pairs=pairs, inverse=inverse.astype(np.int64)), words, []


def _silent(word: str) -> bool:
    return word.lower() in BLANK or _BOARD_WORDS.fullmatch(word) is not None


def _listing(text: str, venue: str, kind: Kind) -> Listing:
    if not venue:
        return parse_listing(text, parameter=named("code"), kind=kind)
    if venue in _NUMBERED:
        return _numbered(text, venue)
    exchange = parse_exchange(venue)
    if exchange is None:
        raise InputError(say("{venue!r} is no exchange that is known", venue=venue))
    return parse_listing_on(text, exchange, parameter=named("code"))


def _numbered(text: str, venue: str) -> Listing:
    """Return the listing of a code whose exchange has a number; of several, the first that fits."""
    *others, last = _NUMBERED[venue]
    for exchange in others:
        try:
            return parse_listing_on(text, exchange, parameter=named("code"))
        except ScreenerError:
            continue
    return parse_listing_on(text, last, parameter=named("code"))


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _shortened(what: str, text: str) -> str:
    """Return what is wrong with a code with no more of the code than is shown, in any language."""
    if len(text) <= _SHOWN:
        return what
    return _said(what.replace(text, _cut(text)), _shortened, (what, text), {})


def _kind(text: str, error: ScreenerError) -> str:
    """Return what is wrong with a code without the code itself: the same for all of one kind."""
    if text.isdigit() and len(text) <= _LOST:
        return lost_zeros()
    return _without(error.what, text)


def _without(what: str, text: str) -> str:
    """Return what is wrong with a code without the code, in any language."""
    plain = _OWN.sub("…", re.sub(f" ?{re.escape(repr(text))}", "", what, count=1))
    return _said(plain, _without, (what, text), {})


def _restored(texts: list[str], kind: Kind, master: Master) -> dict[str, Listing]:
    """Return the listing of each code that lost its zeros, if the column shows all of them."""
    given = [text for text in texts if text]
    short = [text for text in given if len(text) <= _LOST]
    numbers = all(text.isascii() and text.isdigit() and text[0] != "0" for text in given)
    if not (short and numbers):
        return {}
    known = master()
    found = {text: [one for one in _readings(text, kind) if one.id in known] for text in short}
    if any(len(real) != 1 for real in found.values()):
        return {}
    return {text: real[0] for text, real in found.items()}


def _readings(text: str, kind: Kind) -> list[Listing]:
    if kind is Kind.INDEX:
        return [Listing(text.zfill(6), Exchange.SH)]
    return [Listing(text.zfill(6), Exchange.SZ), Listing(text.zfill(5), Exchange.HK)]


def _told(restored: dict[str, Listing], *, by: str) -> list[str]:
    if not restored:
        return []
    text, listing = next(iter(restored.items()))
    return [
        say(
            "{n} codes had lost their leading zeros ({text} is {listing}): restored by {by}",
            n=len(restored),
            text=text,
            listing=listing.id,
            by=by,
        )
    ]
