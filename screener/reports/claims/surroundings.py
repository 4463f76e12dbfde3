"""What a text tells up to a place of what stands there: whom it is about, which week it reviews.

Nothing that stands behind a place plays a part: a report with more text after it reads the same.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from screener.domain.days import SHANGHAI
from screener.domain.report import Publication
from screener.reports.claims.periods import DAY
from screener.reports.claims.price_moves import MovePeriod, SpanDays, week_of
from screener.reports.claims.sentences.subjects import Company
from screener.reports.claims.vocabulary import Token, Vocabulary

__all__ = ["Surroundings"]

_DAY_RANGES = re.compile(rf"(?=\d)({DAY})[-~至]({DAY})")
_SHORT_RANGE = re.compile(r"周\((\d\d\.\d\d)[-~](\d\d\.\d\d)\)")
_WEEK_WORDS = ("本周(", "上周(", "一周(", "当周(")
_CODED = re.compile(r"\((?:[A-Z]{2}:?)?\d{3,6}")
_TITLE = 400  # characters of a document's beginning that tell what kind it is
_CLOSE_HOUR = 16  # of the later of both markets


@dataclass(frozen=True, slots=True)
class _Week:
    start: int
    last: date | None
    printed: bool


class Surroundings:
    """What a document tells up to each of its places.

    Parameters
    ----------
    clean, names, words
        The text, its names, and the vocabulary.
    published
        When it was published, as far as known.
    reference
        Session of its own market table, `None` if not known.
    """

    def __init__(
        self,
        clean: str,
        names: Sequence[Token],
        words: Vocabulary,
        published: Publication | None,
        reference: date | None,
    ) -> None:
        self._starts = [name.start for name in names]
        self._subjects = list(_subjects(clean, names))
        self.published = _day_of(published)
        self.today = self.published or reference
        self._closed = _closed_before(published) or self.today
        self._reference = reference
        self._weekly = _first(clean, words.words["weekly_reports"])
        self._longer = _first(clean, words.words["longer_reports"])
        moves = any(sign in clean for sign in ("涨", "跌", "升", "%"))
        self._weeks = list(_weeks(clean, self.today)) if moves else []
        self._week_starts = [week.start for week in self._weeks]
        self._made: dict[tuple[int, bool], SpanDays] = {}

    def about(self, at: int) -> Company | None:
        """Return the company that the text up to a place is about, `None` for none."""
        return self._subject(at)[0]

    def alone(self, at: int) -> Company | None:
        """Return the only company that the text up to a place names: with its code, or twice."""
        return self._subject(at)[1]

    def only(self, at: int) -> Company | None:
        """Return the only company that the text up to a place names, even once."""
        return self._subject(at)[2]

    def _subject(self, at: int) -> tuple[Company | None, Company | None, Company | None]:
        place = bisect_left(self._starts, at)
        return self._subjects[place - 1] if place else (None, None, None)

    def days(self, at: int) -> SpanDays:
        """Return the days to which moves refer that are told before a place."""
        place = bisect_left(self._week_starts, at) - 1
        weekly = 0 <= self._weekly < at and not 0 <= self._longer < at
        key = (place, weekly)
        if key not in self._made:
            unmarked, _ = week_of((), self.today)
            week = self._weeks[place] if place >= 0 else _Week(0, unmarked, False)
            self._made[key] = SpanDays(
                today=self.today,
                closed=self._closed,
                reference=self._reference,
                week=week.last,
                printed_week=week.printed,
                usual=MovePeriod.WEEK if weekly else None,
            )
        return self._made[key]


def _subjects(
    clean: str, names: Sequence[Token]
) -> Iterator[tuple[Company | None, Company | None, Company | None]]:
    """Yield after each name whom the text is about so far, whom alone it names, and whom once."""
    counts: Counter[str] = Counter()
    coded = bool(names) and bool(_CODED.match(clean, names[0].end))
    first = names[0].spotted if names else ()
    for number, name in enumerate(names, start=1):
        counts[name.spotted[0].name] += 1
        times = counts[first[0].name]
        only = first if len(counts) == 1 else None
        alone = only if coded or times > 1 else None
        about = times >= 3 and 3 * times >= 2 * number
        yield alone or (first if about else None), alone, only


def _weeks(clean: str, today: date | None) -> Iterator[_Week]:
    """Yield the weeks that a text prints; after one that words tell, only such count."""
    told = False
    for start, pair, marked in sorted(_ranges(clean)):
        last, printed = week_of((pair,), today)
        if not printed or (told and not marked):
            continue
        if marked or not told:
            yield _Week(start, last, True)
        told = True


def _ranges(clean: str) -> Iterator[tuple[int, tuple[str, str], bool]]:
    for match in _SHORT_RANGE.finditer(clean):
        first, last = (f"{int(part[:2])}月{int(part[-2:])}日" for part in match.groups())
        yield match.start(), (first, last), True
    for match in _DAY_RANGES.finditer(clean):
        marked = clean.endswith(_WEEK_WORDS, 0, match.start())
        yield match.start(), (match[1], match[2]), marked


def _first(clean: str, words: frozenset[str]) -> int:
    """Return where a title first shows one of some words, -1 if it shows none."""
    places = [clean.find(word, 0, _TITLE) for word in words]
    return min((place for place in places if place >= 0), default=-1)


def _day_of(published: Publication | None) -> date | None:
    known = published is not None and published.precision != "unknown"
    return published.day if published is not None and known else None


def _closed_before(published: Publication | None) -> date | None:
    """Return the day before a moment of publication that lies before the close, else `None`."""
    moment = published.value if published is not None else None
    if not isinstance(moment, datetime) or moment.astimezone(SHANGHAI).hour >= _CLOSE_HOUR:
        return None
    return moment.astimezone(SHANGHAI).date() - timedelta(days=1)
