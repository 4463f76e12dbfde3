"""Moves of securities over a day, a week, a month or a year, and closes of indices in tables."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from screener.domain.listing import Listing
from screener.domain.report import Claim, ClaimUnit
from screener.reports.claims.numbers import NUMBER, FigureKind, Figures
from screener.reports.claims.periods import read_day
from screener.reports.claims.sentences.figure_runs import figure_run
from screener.reports.claims.sentences.name_groups import Group, Unread, continues, group_from
from screener.reports.claims.vocabulary import Kind, Token, Vocabulary
from screener.reports.text.found import FoundClaim
from screener.reports.text.text import Place

__all__ = [
    "MovePeriod",
    "SpanDays",
    "Told",
    "index_closes",
    "moves_in",
    "moving",
    "span_of",
    "span_told",
    "week_of",
]


Told: TypeAlias = "tuple[MovePeriod | None, str]"
"""A span as words tell it, and the word."""


class MovePeriod(StrEnum):
    """How far back a move reaches; the value is its measure."""

    DAY = "return on that day"
    WEEK = "return over the week to that day"
    MONTH = "return over the month to that day"
    YEAR = "return over the year to that day"


_SPAN_OF = {
    Kind.SPAN_DAY: MovePeriod.DAY,
    Kind.WEEK: MovePeriod.WEEK,
    Kind.MONTH: MovePeriod.MONTH,
    Kind.YEAR: MovePeriod.YEAR,
}
_NO_SPAN = frozenset({Kind.OTHER_SPAN, Kind.FORECAST})
_SPAN_WORDS = frozenset({*_SPAN_OF, *_NO_SPAN})
_MOVES = frozenset({Kind.UP, Kind.DOWN, Kind.SIGNED_MOVE, Kind.MOVE_LIST})
_BETWEEN = frozenset({Kind.CODE, Kind.FILLER, Kind.RESPECTIVELY, Kind.ABOUT, Kind.CLOSE})
_OF_A_GROUP = frozenset({Kind.PRONOUN, Kind.NOT_THE_COMPANY})
_MONDAY, _FRIDAY = 0, 4
_WEEKDAYS = "一二三四五"
_FALL = re.compile("跌|下|降|回落|减")
_PRICE = frozenset({"股价"})
_NEAR, _FAR = 9, 16  # tokens from names to their figures
_LEAPS = frozenset({"等", "等个股", "等公司", "等标的", "五", "十", "三", "指数"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanDays:
    """Days to which moves refer, told once for a document.

    Parameters
    ----------
    today
        Day of publication, `None` if not known.
    closed
        The last day whose close it could tell: the day before, if it came out before the close.
    reference
        Session of the document's own market table, `None` if not known.
    week
        Last weekday of the week reviewed, `None` if it cannot be told.
    printed_week
        Whether its days are printed.
    usual
        What a move without a word for its span is over, `None` for nothing.
    """

    today: date | None
    closed: date | None
    reference: date | None
    week: date | None
    printed_week: bool
    usual: MovePeriod | None

    def of(self, span: MovePeriod, word: str, day: date | None) -> str:
        """Return the day to which a move refers, in ISO form; empty if it cannot be told."""
        found = day or self._of(span, word)
        return found.isoformat() if found else ""

    def _of(self, span: MovePeriod, word: str) -> date | None:
        if span is MovePeriod.WEEK:
            return self._of_week(word)
        if span is MovePeriod.DAY:
            return self._of_day(word)
        usual = self.week if self.usual else None
        return self.reference or usual or (_weekday(self.closed) if self.closed else None)

    def _of_day(self, word: str) -> date | None:
        if self.closed is None or self.today is None:
            return self.reference
        if word[-1] in _WEEKDAYS and "周" in word:
            back = (self.closed.weekday() - _WEEKDAYS.index(word[-1])) % 7
            found = self.closed - timedelta(days=back)
            monday = self.today - timedelta(days=self.today.weekday())
            return found if not word.startswith("上周") else _before(found, monday)
        if self.reference:
            return self.reference
        before = word.startswith(("昨", "上", "前"))
        return _weekday(self.today - timedelta(days=1)) if before else _weekday(self.closed)

    def _of_week(self, word: str) -> date | None:
        if self.printed_week or self.today is None:
            return self.week
        present = self.today.weekday()
        if present == _FRIDAY and word.startswith("上"):
            return self.today - timedelta(days=7)
        unclear = _MONDAY < present < _FRIDAY and not word.startswith("上") and not self.usual
        return None if unclear else self.week


def _before(day: date, monday: date) -> date:
    return day if day < monday else day - timedelta(days=7)


def week_of(ranges: Sequence[tuple[str, str]], today: date | None) -> tuple[date | None, bool]:
    """Return the last weekday of the week that a document reviews, and whether it is printed.

    Parameters
    ----------
    ranges
        Pairs of days that the text prints as a range, in order.
    today
        Day of publication.

    Returns
    -------
    tuple
        The end of the first range of up to a week; else the last Friday up to `today`; `None`
        without either.
    """
    for first_text, last_text in ranges:
        first, last = read_day(first_text, today), read_day(last_text, today)
        if first and last and timedelta(days=2) <= last - first <= timedelta(days=6):
            return _weekday(last), True
    if today is None:
        return None, False
    return today - timedelta(days=(today.weekday() - _FRIDAY) % 7), False


def moves_in(
    clean: str,
    found: Sequence[Token],
    words: Vocabulary,
    days: SpanDays,
    before: Told | None,
) -> Iterator[FoundClaim]:
    """Find the moves that a sentence states.

    Parameters
    ----------
    clean
        The text.
    found
        Tokens of the sentence.
    words
        The vocabulary.
    days
        Days that they refer to.
    before
        Span told by what goes before the sentence and its word, `None` for none.
    """
    if not moving(found):
        return
    marks = _Marks(found)
    for at, token in enumerate(found):
        if token.kind not in (Kind.NAME, Kind.INDEX) or continues(clean, found, at):
            continue
        group = group_from(clean, found, at)
        match = _figures_after(clean, found, group.last, several=len(group.parts) > 1)
        if match is None:
            continue
        figures, first, last, fallen = match
        yield from _claims(marks, group, figures, (first, last), fallen, words, days, before)


class _Marks:
    """Where a sentence tells spans, signs and days, found without reading it again."""

    def __init__(self, found: Sequence[Token]) -> None:
        self.found = found
        self.spans = _numbers_of(found, {*_SPAN_OF, *_NO_SPAN})
        self.signs = _numbers_of(found, {*_MOVES, Kind.MEASURE})
        self.lists = _numbers_of(found, {Kind.MOVE_LIST, Kind.SIGNED_MOVE})
        self.days = _numbers_of(found, {Kind.DAY})

    def before(self, numbers: Sequence[int], at: int) -> Token | None:
        """Return the last of some tokens that stands before one."""
        place = bisect_left(numbers, at)
        return self.found[numbers[place - 1]] if place else None

    def after(self, numbers: Sequence[int], at: int) -> Token | None:
        """Return the first of some tokens from one on."""
        place = bisect_left(numbers, at)
        return self.found[numbers[place]] if place < len(numbers) else None


def _numbers_of(found: Sequence[Token], kinds: Set[Kind]) -> list[int]:
    return [number for number, token in enumerate(found) if token.kind in kinds]


def span_told(found: Sequence[Token]) -> Told | None:
    """Return the span that the last word for one tells and that word; `None` without a word."""
    return _told(next((one for one in reversed(found) if one.kind in _SPAN_WORDS), None))


def span_of(words: Vocabulary, stretch: str) -> Told | None:
    """Return the span that the last word for one in a stretch tells; `None` without one."""
    found = list(words.span_pattern.finditer(stretch))
    return (_SPAN_OF.get(words.kinds[found[-1][0]]), found[-1][0]) if found else None


def moving(found: Sequence[Token]) -> bool:
    """Tell whether a sentence speaks of moves."""
    return any(token.kind in _MOVES for token in found)


def _told(token: Token | None) -> Told | None:
    return (_SPAN_OF.get(token.kind), token.text) if token else None


def _claims(
    marks: _Marks,
    group: Group,
    figures: Figures,
    at: tuple[int, int],
    fallen: int,
    words: Vocabulary,
    days: SpanDays,
    before: Told | None,
) -> Iterator[FoundClaim]:
    if figures.is_range or len(figures.items) != len(group.parts):
        return
    found, spans = marks.found, marks.spans
    told = _told(marks.before(spans, at[0]) or marks.before(spans, len(found)))
    span, word = told or before or (days.usual, "")
    sign = fallen or _sign_of_list(marks, group.first)
    if span is None or sign is None:
        return
    day = _day_of(marks.before(marks.days, group.first), days.today)
    as_of = days.of(span, word, day)
    for part, figure in zip(group.parts, figures.items, strict=True):
        for listing, name in _listings(part, found, words):
            value = -abs(figure.value) if sign < 0 else figure.value
            start = part.start if isinstance(part, Unread) else found[part].start
            yield FoundClaim(
                claim=Claim(
                    subject=name,
                    listing=listing,
                    measure=str(span),
                    value=float(value),
                    unit=ClaimUnit.FRACTION,
                    as_of=as_of,
                ),
                place=Place(start, found[at[1]].end),
            )


def _listings(
    part: int | Unread, found: Sequence[Token], words: Vocabulary
) -> list[tuple[Listing | None, str]]:
    """Return the line meant; none where a name has lines on several exchanges."""
    if isinstance(part, Unread):
        return [(None, part.text)]
    token = found[part]
    if token.kind is Kind.INDEX:
        return [(words.indices[token.text], token.text)]
    if len(token.spotted) != 1:
        return []
    return [(token.spotted[0].listing, token.spotted[0].name)]


def _figures_after(
    clean: str, found: Sequence[Token], at: int, *, several: bool
) -> tuple[Figures, int, int, int] | None:
    """Return the percentages that follow names, their first and last token, and -1 for a fall.

    Where several names are enumerated, words that are not known may stand between them and their
    figures, if 分别 says that each has one.
    """
    fallen, listed, loose, end = 0, False, False, found[at].end
    for number in range(at + 1, min(at + (_FAR if several else _NEAR), len(found))):
        token = found[number]
        gap = clean[end : token.start]
        if gap and gap not in _LEAPS:
            if not several:
                return None
            loose = True
        end = token.end
        if token.kind is Kind.FIGURE:
            figures, last = figure_run(clean, found, number, commas=listed)
            if figures is None or figures.kind is not FigureKind.FRACTION:
                return None
            return None if loose and not listed else (figures, number, last, fallen)
        fallen = _turn(token) or fallen
        listed = listed or token.kind is Kind.RESPECTIVELY or token.text == "分别为"
        if not _passes(token, several=several) or (loose and token.kind is Kind.NAME):
            return None
    return None


def _turn(token: Token) -> int:
    """Return -1 for a word that tells of a fall, 1 for a rise, 0 for any other."""
    if token.kind is Kind.DOWN or (token.kind is Kind.MOVE_LIST and _FALL.search(token.text)):
        return -1
    return int(token.kind in (Kind.UP, Kind.MOVE_LIST))


def _passes(token: Token, *, several: bool) -> bool:
    if _turn(token) or (several and token.kind in _OF_A_GROUP):
        return True
    if token.kind is Kind.MEASURE:
        return token.text in _PRICE
    if token.kind is Kind.COMMA:
        return True
    spans = (*_SPAN_OF, Kind.SIGNED_MOVE, Kind.OPEN, Kind.NAME)
    return token.kind in _BETWEEN or token.kind in spans


def _sign_of_list(marks: _Marks, at: int) -> int | None:
    """Return the sign that the words before a list give to unsigned figures, `None` for none."""
    token = marks.before(marks.signs, at)
    if token is not None and token.kind is Kind.MEASURE:
        return None
    token = token or marks.after(marks.lists, at)
    if token is None:
        return None
    return -1 if token.kind is not Kind.SIGNED_MOVE and _FALL.search(token.text) else 1


def _day_of(token: Token | None, today: date | None) -> date | None:
    """Return the day, or the last day of the range, printed last before a move."""
    day = read_day(token.text, today) if token else None
    return _weekday(day) if day else None


def _weekday(day: date) -> date:
    return day - timedelta(days=max(0, day.weekday() - _FRIDAY))


_CLOSE = re.compile(
    rf"(?:指数)?(?:\([A-Z\d.]+\))?(?P<verb>收报|收于|报收|收盘|收市|报|:)?"
    rf"(?P<value>\d{{1,3}}(?:,\d{{3}})+(?:\.\d\d)?|\d{{3,5}}\.\d\d|\d{{3,5}}(?=[+-点]))"
    rf"(?P<point>点)?(?:,?[(]?(?:涨|跌|上涨|下跌|升)?[+-]?{NUMBER}%)?(?P<move>%)?"
)


def index_closes(clean: str, words: Vocabulary, reference: date | None) -> Iterator[FoundClaim]:
    """Find the closes of indices in a market table whose session is known."""
    if reference is None:
        return
    seen: set[Listing] = set()
    for match in words.index_pattern.finditer(clean):
        value = _CLOSE.match(clean, match.end())
        listing = words.indices[match[0]]
        if value is None or listing in seen or not _is_close(clean, value):
            continue
        seen.add(listing)
        yield FoundClaim(
            claim=Claim(
                subject=match[0],
                listing=listing,
                measure="close",
                value=float(Decimal(value["value"].replace(",", ""))),
                unit=ClaimUnit.POINTS,
                as_of=reference.isoformat(),
            ),
            place=Place(match.start(), value.end("value")),
        )


def _is_close(clean: str, value: re.Match[str]) -> bool:
    """Tell a close, which a verb or a change beside it shows, from a level somebody expects."""
    told = value["verb"] not in (None, ":")
    return told or clean[value.end("value") : value.end()].endswith("%")
