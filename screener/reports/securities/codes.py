"""Listing codes in a text, in every style in which reports print them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from screener.domain.listing import Board, Kind, Listing, parse_listing
from screener.errors import ScreenerError
from screener.reports.text.text import Place, Text

__all__ = ["PrintedCode", "codes_in"]

_MARK = r"(?:SH|SZ|SS|BJ|HK|XSHG|XSHE|XHKG|CH|US)"
# `clean` has no white space: `300857 SZ` reads 300857SZ, and in a table's row a number touches the
# code that follows it, and a code the number that follows. The boundaries are checked afterwards.
_MARKED = re.compile(
    rf"(?P<before>SH|SZ|BJ|HK)[.:]?(?P<first>\d{{4,6}})"
    rf"|(?P<second>\d{{1,6}})[.:]?(?P<after>{_MARK})",
    re.IGNORECASE,
)
# A mark that is none of ours makes it another thing's code: a fund's 000001.OF.
_BARE = re.compile(
    rf"(?<![\dA-Za-z])(?P<digits>\d{{5,6}})(?![\dA-Za-z%]|\.(?!{_MARK})[A-Za-z])", re.IGNORECASE
)
_OPENING = "([【<"
_CLOSING = ")]】>"


@dataclass(frozen=True, slots=True)
class PrintedCode:
    """A code as printed.

    Parameters
    ----------
    listing
        Listing it names.
    place
        Where it stands, its brackets not included.
    marked
        Whether the exchange is printed with it; bare digits may be any number.
    bracketed
        Whether it begins right after an opening bracket or ends right before a closing one.
    """

    listing: Listing
    place: Place
    marked: bool
    bracketed: bool


def codes_in(text: Text) -> tuple[PrintedCode, ...]:
    """Find every code of a security, in order; indices and other markets are left out."""
    found: list[PrintedCode] = []
    taken: set[int] = set()
    start = last = 0
    while match := _MARKED.search(text.clean, start):
        place = _whole(text, match, last)
        listing = _marked(match, text.clean[slice(*place)]) if place else None
        if place is None or listing is None:
            start = match.start() + 1
            continue
        start = last = place.end
        taken.update(range(*place))
        if _is_share(listing):
            found.append(PrintedCode(listing, place, True, _bracketed(text.clean, place)))
    for match in _BARE.finditer(text.clean):
        place = Place(*match.span())
        if place.start in taken or place.end - 1 in taken or _goes_on(text, place.start, "."):
            continue  # part of a marked code, or decimals
        listing = _parsed(match["digits"])
        if listing is not None and _is_share(listing):
            found.append(PrintedCode(listing, place, False, _bracketed(text.clean, place)))
    return tuple(sorted(found, key=lambda code: code.place))


def _marked(match: re.Match[str], written: str) -> Listing | None:
    """Return the listing of a code as written with its mark; an index is one too."""
    digits = "".join(character for character in written if character.isdigit())
    mark = (match["before"] or match["after"]).upper()
    listing = None if mark == "US" else _parsed(f"{digits}.{mark}")
    return None if listing and listing.exchange.mainland and len(digits) != 6 else listing


def _whole(text: Text, match: re.Match[str], last: int) -> Place | None:
    """Return where a marked code stands, if it is no part of a longer number or word.

    `last` is where the code before it ended: they may touch.
    """
    if match["before"]:
        if match.start() != last and _goes_on(text, match.start(), "A"):
            return None
        first = match.start("first")
        ends = (first + size for size in _sizes(match["before"]))
        end = next((one for one in ends if one <= match.end() and _ends(text, one)), None)
        return None if end is None else Place(match.start(), end)
    start, end = match.span("second")
    six = end - start == 6 and text.clean[match.end() : match.end() + 1].isdigit()
    if not six and not _ends(text, match.end()):  # six digits and a mark are a code before any
        return None
    if start == last or not _goes_on(text, start, "1." if end - start == 6 else "1.A"):
        return Place(start, match.end())
    # The last digits of `27.98` in the row before, then `300857SZ`.
    starts = (end - size for size in _sizes(match["after"]))
    known = next((one for one in starts if one > start and text.blank_before(one)), None)
    return None if known is None else Place(known, match.end())


def _sizes(mark: str) -> tuple[int, ...]:
    """Return how many digits a code with this mark has."""
    return (5, 4) if mark.upper() in ("HK", "XHKG") else (6,)


def _goes_on(text: Text, start: int, kinds: str) -> bool:
    """Tell whether what begins here goes on from what is before: a digit, a stop, a letter."""
    before = text.clean[start - 1 : start]
    if not before.isascii() or not before or text.blank_before(start):
        return False
    kind = "1" if before.isdigit() else "A" if before.isalpha() else before
    return kind in kinds


def _ends(text: Text, end: int) -> bool:
    """Tell whether a code can end here: before no digit, letter or amount, or before a blank."""
    after = text.clean[end : end + 1]
    return not (after.isascii() and (after.isalnum() or after == "$")) or text.blank_before(end)


def _is_share(listing: Listing) -> bool:
    return listing.board not in (Board.INDEX, Board.FUND)


def _parsed(written: str) -> Listing | None:
    try:
        return parse_listing(written, kind=Kind.SECURITY)
    except ScreenerError:
        return None


def _bracketed(clean: str, place: Place) -> bool:
    before = clean[place.start - 1 : place.start]
    after = clean[place.end : place.end + 1]
    return (bool(before) and before in _OPENING) or (bool(after) and after in _CLOSING)
