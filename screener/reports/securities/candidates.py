"""Possible mentions of a listing while their evidence is gathered: names with a score."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from operator import itemgetter

from screener.domain.listing import Listing
from screener.reports.securities.name_index import KIND_WORD, NameIndex, Trust, Way
from screener.reports.text.found import DoubtKind
from screener.reports.text.layout import Layout
from screener.reports.text.text import Place, Text
from screener.reports.text.vocabulary import cut_points, names_a_place

__all__ = [
    "ALONE",
    "EDGE",
    "SURE",
    "Candidate",
    "PossibleMention",
    "in_use",
    "named",
    "same_company",
]

SURE = 0.7
"""Least confidence of a mention that is taken without a question."""

EDGE = 0.15
"""What a clean edge on one side of a name adds."""

ALONE = {
    Trust.DISTINCT: 0.8,
    Trust.LATIN: 0.6,
    Trust.COMPOUND: 0.45,
    Trust.RARE: 0.58,
    Trust.SHORT: 0.42,
    Trust.LETTERS: 0.3,
    Trust.NICK: 0.42,
    Trust.BESIDE: 0.42,
    Trust.WORD: 0.1,
}
"""Confidence in a written form of which nothing else is known."""

_LAST_CHARACTERS = frozenset("承技份业团子力源网气电股能材药钢铝锂光铜控信械金学化重机压胶轴工")
_SIDE = "方面"
_WARNED = re.compile(r"\*?ST(?=[\u4e00-\u9fff]{2})")
_LONGEST = 8  # characters on each side of a cut in which a name is looked for
_MASTER_LAG = timedelta(days=200)  # between two copies of a master
_ENDING_ANYWHERE = (Trust.DISTINCT, Trust.LATIN)  # what is in no dictionary is not cut from one
_NO_PLACE = 0.12  # what it adds that a name made of words does not begin with a place
_MISPLACED = 0.35  # what it costs to begin or end inside another word


@dataclass(frozen=True, slots=True, kw_only=True)
class PossibleMention:
    """A stretch that may name a listing and is not taken without asking."""

    kind: DoubtKind
    place: Place
    proposals: tuple[Listing, ...]
    reason: str


@dataclass(slots=True)
class Candidate:
    """A possible mention while its evidence is being gathered."""

    place: Place
    whole: Place
    trust: Trust | None
    score: float
    listings: tuple[Listing, ...]
    coded: bool = False
    broker: bool = False
    run: int = -1
    strangers: int = 0
    ways: tuple[Way, ...] = field(default=(), repr=False)

    @property
    def longer(self) -> bool:
        """Whether it is longer than an ordinary word of two characters."""
        return self.place.end - self.place.start > 2

    @property
    def alias(self) -> bool:
        """Whether it is a short name that research uses, and no name of a master."""
        return bool(self.ways) and not self.ways[0].name and self.trust is not Trust.NICK


def named(
    text: Text, layout: Layout, index: NameIndex, day: date, brokers: frozenset[Listing]
) -> list[Candidate]:
    """Return the names in the text that can mean a listing of that day, outside boilerplate."""
    found = []
    cuts = cut_points(text.clean)
    across = _across_numbers(text, index)
    covered = {at for _, start, end in across for at in range(start, end)}
    whole = [one for one in index.find(text.clean, cuts) if one[1] not in covered]
    used: dict[str, tuple[Way, ...]] = {}
    for form, start, end in sorted([*whole, *across], key=itemgetter(1)):
        if (
            form.endswith(_SIDE[0])
            and text.clean.startswith(_SIDE[1], end)
            and form[:-1] in index.ways
        ):
            form, end = form[:-1], end - 1  # 京东方面 speaks of 京东
        if form not in used:
            used[form] = in_use(index.ways[form], index, day)
        ways = used[form]
        if not ways or layout.in_boilerplate(start) or not _whole_letters(text, start, end):
            continue
        trust = ways[0].trust
        score = ALONE[trust]
        listings = tuple(way.listing for way in ways)
        broker = bool(brokers.intersection(listings))
        if ways[0].cut:
            more = _completion(text.clean, end, trust)
            if more and trust is Trust.NICK:  # others bear such a name, too: its neighbours tell
                trust, score = Trust.SHORT, ALONE[Trust.LETTERS] - EDGE
            elif more:
                score += EDGE
            end += more
        if trust not in _ENDING_ANYWHERE and not (start in cuts and end in cuts):
            score -= _MISPLACED
        item = Candidate(Place(start, end), Place(start, end), trust, score, listings, ways=ways)
        item.broker = broker
        if trust is Trust.COMPOUND and not names_a_place(form):
            item.score += _NO_PLACE
        found.append(item)
    return found


_CUT_BY_NUMBER = re.compile(r"\d(?<=[\u4e00-\u9fff].)\d?、(?=[\u4e00-\u9fff])")


def _across_numbers(text: Text, index: NameIndex) -> list[tuple[str, int, int]]:
    """Return the names that a page cuts in two where it begins a part with its number.

    Pages that show a document in parts write `2、` before each, wherever a part begins.
    """
    found = []
    for match in _CUT_BY_NUMBER.finditer(text.clean):
        cut, after = match.span()
        if text.blank_before(cut):
            begin = max(0, cut - _LONGEST)
            joined = text.clean[begin:cut] + text.clean[after : after + _LONGEST]
            size = after - cut
            found += [
                (form, begin + start, begin + end + size)
                for form, start, end in index.find(joined)
                if begin + start < cut < begin + end and end - start > 3
            ]
    return found


def _completion(clean: str, end: int, trust: Trust) -> int:
    """Return how many characters after a cut name belong to it: 技 of 协创科, 通信 of ST元道."""
    if trust is Trust.NICK:
        word = KIND_WORD.match(clean, end)
        return len(word[0]) if word else 0
    return int(clean[end : end + 1] in _LAST_CHARACTERS)


def in_use(ways: Sequence[Way], index: NameIndex, day: date) -> tuple[Way, ...]:
    """Return the ways in use on a day: of listings listed then, those that bore the name."""
    listed = [way for way in ways if index.companies[way.listing].listed_on(day)]
    borne = [way for way in listed if _borne(way, index, day)]
    if len(borne) < 2:
        return tuple(borne)
    bearing = [way for way in borne if _bears(way, index, day)]
    return tuple(sorted(bearing or borne, key=lambda way: way.listing))


def _borne(way: Way, index: NameIndex, day: date) -> bool:
    """Tell whether a listing had borne the name by a day, as far as a master tells.

    The first name that is known of it counts from ever, since a master rarely reaches back to its
    listing, and a later one some months before it was first seen: a rename lies anywhere between
    two copies of a master.
    """
    if not way.name:
        return True
    names = index.companies[way.listing].names
    warned = _WARNED.match(names[0][1]) if names and "ST" in names[0][1] else None
    if warned and way.name.startswith(names[0][1][warned.end() :]):
        return True  # it bore the name before it was warned of, too
    return any(
        name == way.name and (number == 0 or since is None or since <= day + _MASTER_LAG)
        for number, (since, name) in enumerate(names)
    )


def _bears(way: Way, index: NameIndex, day: date) -> bool:
    """Tell whether a listing bore the name on a day; an alias holds at any time."""
    return not way.name or index.companies[way.listing].name_on(day) == way.name


def _whole_letters(text: Text, start: int, end: int) -> bool:
    """Tell whether a name does not begin or end inside a longer word of Latin letters.

    A capital after a small letter begins a word: `KuaishouMarket` are two that lost their blank.
    """
    clean = text.clean

    def joined(left: int, right: int) -> bool:
        if left < 0 or right >= len(clean):
            return False
        if not all(clean[place].isascii() and clean[place].isalnum() for place in (left, right)):
            return False
        return not (text.blank_before(right) or (clean[left].islower() and clean[right].isupper()))

    return not joined(start - 1, start) and not joined(end - 1, end)


def same_company(listing: Listing, listings: Sequence[Listing], index: NameIndex) -> bool:
    """Tell whether a listing is one of these, or another line of one of them."""
    return listing in listings or any(listing in index.twins.get(one, ()) for one in listings)
