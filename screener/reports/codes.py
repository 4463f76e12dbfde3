"""Listing codes in a text, in every style in which reports print them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from screener.domain.listing import Board, Kind, Listing, parse_listing
from screener.errors import ScreenerError
from screener.reports.text import Place, Text

__all__ = ["PrintedCode", "codes_in"]

_MARK = r"(?:SH|SZ|SS|BJ|HK|XSHG|XSHE|XHKG|CH|US)"
# `clean` has no white space: `300857 SZ` reads 300857SZ, and a number that ends a table's row
# touches the code that begins the next one. The digits' own boundary is checked afterwards.
_MARKED = re.compile(
    rf"(?:(?P<before>SH|SZ|BJ|HK)[.:]?(?P<first>\d{{4,6}})|(?P<second>\d{{1,6}})[.:]?(?P<after>{_MARK}))"
    r"(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_BARE = re.compile(r"(?<![\dA-Za-z])(?P<digits>\d{5,6})(?![\dA-Za-z%])")
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
    found = [code for match in _MARKED.finditer(text.clean) if (code := _marked(text, match))]
    taken = {offset for code in found for offset in range(*code.place)}
    for match in _BARE.finditer(text.clean):
        if match.start() in taken or match.end() - 1 in taken:
            continue
        listing = _parsed(match["digits"])
        if listing is not None:
            place = Place(match.start(), match.end())
            found.append(PrintedCode(listing, place, False, _bracketed(text.clean, place)))
    return tuple(sorted(found, key=lambda code: code.place))


def _marked(text: Text, match: re.Match[str]) -> PrintedCode | None:
    if match["before"]:
        start = match.start()
        if start and text.clean[start - 1].isascii() and text.clean[start - 1].isalpha():
            return None  # part of a longer word, as in PUSH600519
        digits, written = match["first"], f"{match['first']}.{match['before']}"
    else:
        if match["after"].upper() == "US":
            return None
        first = _first_digit(text, match)
        if first is None:
            return None
        start = first
        digits = text.clean[start : match.end("second")]
        written = f"{digits}.{match['after']}"
    listing = _parsed(written.upper())
    if listing is None or (listing.exchange.mainland and len(digits) != 6):
        return None
    place = Place(start, match.end())
    return PrintedCode(listing, place, True, _bracketed(text.clean, place))


def _first_digit(text: Text, match: re.Match[str]) -> int | None:
    """Return where the code's digits begin: at no other digit, or after white space."""
    start, end = match.span("second")
    before = text.clean[start - 1] if start else ""
    if not (before.isdigit() or before == ".") or text.blank_before(start):
        return start
    for offset in range(end - 1, start, -1):  # `27.98` of the row before, then `300857SZ`
        if text.blank_before(offset) and end - offset in (5, 6):
            return offset
    return None


def _parsed(written: str) -> Listing | None:
    try:
        listing = parse_listing(written, kind=Kind.SECURITY)
    except ScreenerError:
        return None
    return None if listing.board in (Board.INDEX, Board.FUND) else listing


def _bracketed(clean: str, place: Place) -> bool:
    before = clean[place.start - 1 : place.start]
    after = clean[place.end : place.end + 1]
    return (bool(before) and before in _OPENING) or (bool(after) and after in _CLOSING)
