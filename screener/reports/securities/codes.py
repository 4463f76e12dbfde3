"""Listing codes in a text, in every style in which reports print them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from screener.domain.listing import Board, Kind, Listing, parse_listing
from screener.errors import ScreenerError
from screener.reports.text.text import Place, Text

__all__ = ["PrintedCode", "codes_in"]


def _in_any_case(words: str) -> str:
    # Letter by letter, not by a flag: the engine then skips what begins none of them.
    return re.sub("[A-Z]", lambda letter: f"[{letter[0]}{letter[0].lower()}]", words)


_MARK = r"(?:SHSE|SH|SZSE|SZ|SS|BJ|HKEX|HKG|HK|XSHG|XSHE|XHKG|CH|CN|US)"
# `clean` has no white space: `300857 SZ` reads 300857SZ, and in a table's row a number touches the
# code that follows it, and a code the number that follows. The boundaries are checked afterwards.
_BEFORE = _in_any_case("SHSE|SHA|SSE|SH|SZSE|SHE|SZ|BJ|SEHK|HKEX|HKG|HK")
_MARKED = re.compile(
    rf"(?=[SsBbHh])(?P<before>{_BEFORE})[.:]?(?P<first>[0-9]{{4,6}})"
    rf"|(?P<second>[0-9]{{1,6}}+)[.:-]?(?=[A-Za-z])(?P<after>{_in_any_case(_MARK)})"
)
_PRICE = re.compile(r"\d{1,4}\.\d")
_DIGITS = re.compile("[0-9]{5,}")
# A mark that is none of ours makes it another thing's code: a fund's 000001.OF.
_NO_END = re.compile(rf"[A-Za-z%]|\.(?:\d|(?!{_MARK})[A-Za-z])", re.IGNORECASE)
_SHORT = re.compile(r"\((?<=[\u4e00-\u9fffA-Za-z.]\()(?P<digits>\d{1,4})(?=,|\)(?!\d))")
_LABEL = re.compile(r"(?P<other>基金|指数|转债|债券|产品|期货|合约|行业|份额)?(?:代码|代号)[:(]?$")
_LABELLED = 6
_AND = re.compile(r"[、,;/]?")
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
    short
        Whether it is a number in a bracket that only the name before it tells to be a code of
        Hong Kong: the 5 of `HSBC (5)`.
    labelled
        Whether a word such as 股票代码 says that it is one.
    """

    listing: Listing
    place: Place
    marked: bool
    bracketed: bool
    short: bool = False
    labelled: bool = False

    @property
    def plain(self) -> bool:
        """Whether it is a code by itself: its exchange, brackets or a label are printed."""
        if self.marked or self.short:
            return self.marked
        return (self.bracketed or self.labelled) and self.whole

    @property
    def whole(self) -> bool:
        """Whether it has the form of a code: six digits, or five of which the first is a zero."""
        size = self.place.end - self.place.start
        if self.listing.exchange.mainland:
            return size == len("600000")
        return size == len("00700") and self.listing.code.startswith("0")


def codes_in(text: Text) -> tuple[PrintedCode, ...]:
    """Find every code of a security, in order; indices and other markets are left out."""
    taken: set[int] = set()
    found = [*_marked_codes(text, taken), *_short_codes(text, taken)]
    last = None
    for place in _bare_numbers(text):
        if place.start in taken or place.end - 1 in taken:
            continue  # part of a marked code
        listing = _parsed(text.clean[slice(*place)])
        if listing is not None and _is_share(listing):
            last = _bare_code(text.clean, listing, place, last)
            found.append(last)
    return tuple(sorted(found, key=lambda code: code.place))


def _bare_code(clean: str, listing: Listing, place: Place, last: PrintedCode | None) -> PrintedCode:
    """Return a code of digits alone; what sets off the first of several sets off all of them."""
    label = _LABEL.search(clean, max(0, place.start - _LABELLED), place.start)
    labelled = label is not None and label["other"] is None
    if last is not None and _AND.fullmatch(clean, last.place.end, place.start):
        labelled = labelled or last.labelled or last.bracketed
    return PrintedCode(listing, place, False, _bracketed(clean, place), labelled=labelled)


def _marked_codes(text: Text, taken: set[int]) -> Iterator[PrintedCode]:
    """Yield the codes with their exchange, and say which characters they take."""
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
            yield PrintedCode(listing, place, True, _bracketed(text.clean, place))


def _short_codes(text: Text, taken: set[int]) -> Iterator[PrintedCode]:
    """Yield the numbers in brackets after a word that could be codes of Hong Kong."""
    for match in _SHORT.finditer(text.clean):
        place = Place(*match.span("digits"))
        listing = None if place.start in taken else _parsed(f"{match['digits']}.HK")
        if listing is not None:
            taken.update(range(*place))
            yield PrintedCode(listing, place, False, True, short=True)


def _bare_numbers(text: Text) -> Iterator[Place]:
    """Yield the whole numbers of five or six digits.

    White space inside a number means nothing, as anywhere, but where it makes no such number of it
    the parts are taken: the last digit of a row, and the code with which the next row begins.
    """
    for match in _DIGITS.finditer(text.clean):
        start, end = match.span()
        cuts = [at for at in range(start + 1, end) if text.blank_before(at)]
        whole = [] if end - start > 6 else [Place(start, end)]
        parts = whole or [Place(*part) for part in zip([start, *cuts], [*cuts, end], strict=True)]
        if _goes_on(text, start, "1A.+"):
            del parts[0]  # decimals, or part of a longer word
        for place in parts:
            size = place.end - place.start
            if size in (5, 6) and (place.end < end or _stops(text, place.end)):
                yield place


def _stops(text: Text, end: int) -> bool:
    return text.blank_before(end) or _NO_END.match(text.clean, end) is None


def _marked(match: re.Match[str], written: str) -> Listing | None:
    """Return the listing of a code as written with its mark; an index is one too."""
    digits = "".join(character for character in written if character.isdigit())
    mark = (match["before"] or match["after"]).upper()
    listing = None if mark == "US" else _parsed(f"{digits}.{'CH' if mark == 'CN' else mark}")
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
    priced = end - start < 6 and _PRICE.match(text.clean, match.end()) is not None
    if not (six or priced or _ends(text, match.end())):  # six digits and a mark are always a code
        return None
    if priced and text.clean[start - 1 : start].isalpha():
        return Place(start, match.end())  # the cells 甲, 799 HK and 10.74 of a row, glued together
    if start == last or not _goes_on(text, start, "1." if end - start == 6 else "1.A"):
        return Place(start, match.end())
    # The last digits of `27.98` in the row before, then `300857SZ`.
    starts = (end - size for size in _sizes(match["after"]))
    known = next((one for one in starts if one > start and text.blank_before(one)), None)
    return None if known is None else Place(known, match.end())


def _sizes(mark: str) -> tuple[int, ...]:
    """Return how many digits a code with this mark has."""
    return (5, 4) if "HK" in mark.upper() else (6,)


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


@lru_cache(maxsize=8_192)  # more than the numbers of any text; the same codes come again
def _parsed(written: str) -> Listing | None:
    try:
        return parse_listing(written, kind=Kind.SECURITY)
    except ScreenerError:
        return None


def _bracketed(clean: str, place: Place) -> bool:
    before = clean[place.start - 1 : place.start]
    after = clean[place.end : place.end + 1]
    return (bool(before) and before in _OPENING) or (bool(after) and after in _CLOSING)
