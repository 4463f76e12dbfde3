"""Places at which a text names a listing: by name, by code, or by both, each with its evidence."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from screener.domain.listing import Listing
from screener.language import say
from screener.reports.securities.candidates import (
    SURE,
    Candidate,
    PossibleMention,
    in_use,
    named,
)
from screener.reports.securities.code_binding import bind_codes
from screener.reports.securities.codes import codes_in
from screener.reports.securities.edges import weigh_edges
from screener.reports.securities.enumerations import weigh_company, weigh_neighbours
from screener.reports.securities.name_index import NameIndex, Trust, capitals
from screener.reports.text.found import DoubtKind
from screener.reports.text.layout import Layout
from screener.reports.text.spoken import sounds_alike
from screener.reports.text.text import Place, Text

__all__ = ["SURE", "Mention", "PossibleMention", "mentions_in"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """One place at which a listing is named.

    Parameters
    ----------
    listings
        Listings that the name or the code fits, the likeliest first.
    place
        Where the name stands, or the code where only that is printed.
    whole
        The same with a code that belongs to it, brackets included.
    confidence
        From 0 to 1.
    coded
        Whether its code is printed with it.
    trust
        How far the written form can be trusted alone; `None` for a code alone.
    run
        Number of the enumeration it stands in; mentions of one enumeration share it.
    """

    listings: tuple[Listing, ...]
    place: Place
    whole: Place
    confidence: float
    coded: bool = False
    trust: Trust | None = None
    run: int = -1


def mentions_in(
    text: Text, layout: Layout, index: NameIndex, *, day: date, brokers: frozenset[Listing]
) -> tuple[tuple[Mention, ...], tuple[PossibleMention, ...]]:
    """Find every mention of a listing, and what may be one.

    Parameters
    ----------
    text, layout
        The text to read and its layout.
    index
        Names of the listings.
    day
        Day of the report: a name counts if it was in use by then, and the listing was listed.
    brokers
        Listings that are securities firms: named as a source, they are no security.

    Returns
    -------
    tuple of mentions in the order of the text, all surer than `SURE`, and of open questions.
    """
    codes = [code for code in codes_in(text) if not layout.in_boilerplate(code.place.start)]
    candidates = named(text, layout, index, day, brokers)
    candidates, questions = bind_codes(text, candidates, codes, index)
    weigh_edges(text, candidates)
    weigh_company(candidates)
    doubtful = weigh_neighbours(text, candidates)
    taken = [item for item in candidates if item.score >= SURE]
    named_surely = {item.listings[0] for item in taken}
    questions += [_worded(item) for item in doubtful if item.listings[0] not in named_surely]
    questions += _misprints(text, taken, index, day)
    return tuple(_mention(item) for item in taken), tuple(questions)


def _mention(item: Candidate) -> Mention:
    return Mention(
        listings=item.listings,
        place=item.place,
        whole=item.whole,
        confidence=round(min(item.score, 1.0), 2),
        coded=item.coded,
        trust=item.trust,
        run=item.run,
    )


def _worded(item: Candidate) -> PossibleMention:
    return PossibleMention(
        kind=DoubtKind.WORD,
        place=item.place,
        proposals=item.listings,
        reason=say("a name in a row among names, and a word or a source as well"),
    )


def _misprints(
    text: Text, taken: list[Candidate], index: NameIndex, day: date
) -> list[PossibleMention]:
    """Propose a listing for what stands beside certain names and sounds like a listed name."""
    found: dict[Place, PossibleMention] = {}
    for number, item in enumerate(taken):
        last = taken[number - 1].whole.end if number else 0
        following = taken[number + 1].whole.start if number + 1 < len(taken) else len(text.clean)
        for start, end in _beside(text.clean, item.whole, last, following):
            for place in _windows(start, end, last, following):
                question = _sounding(text.clean, place, index, day)
                if question is not None:
                    found.setdefault(place, question)
    return list(found.values())


_JOINT = re.compile(r"(?:\([^()]{0,40}\))?(?:[+-]?\d{1,9}(?:\.\d{1,9})?%)?(?:[、/|]|以及|和|与|及)")
_JOINTS = ("、", "/", "|", "和", "与", "及")
_JOINT_BEFORE = re.compile(
    r"([\u4e00-\u9fffA-Z]{2,8})(?:\([^()]{0,40}\))?(?:[、/|]|以及|和|与|及)$"
)


def _beside(clean: str, place: Place, last: int, following: int) -> list[tuple[int, int]]:
    """Return stretches that begin right after a joint, or end right before one (start is -1)."""
    found = []
    after = _JOINT.match(clean, place.end)
    if after and after.end() < following:
        found.append((after.end(), -1))
    joined = clean.endswith(_JOINTS, 0, place.start)
    before = joined and _JOINT_BEFORE.search(clean, max(last, place.start - 60), place.start)
    if before:
        found.append((-1, before.end(1)))
    return found


def _windows(start: int, end: int, last: int, following: int) -> list[Place]:
    """Return what may be a name of four to six characters there."""
    if start >= 0:
        return [Place(start, start + size) for size in (4, 5, 6) if start + size <= following]
    return [Place(end - size, end) for size in (4, 5, 6) if end - size >= last]


def _sounding(clean: str, place: Place, index: NameIndex, day: date) -> PossibleMention | None:
    word = clean[place.start : place.end]
    if capitals(word) in index.ways or capitals(word) in index.blockers:
        return None
    forms = [form for form in _nearly(word, index) if sounds_alike(word, form)]
    ways = [way for form in forms for way in in_use(index.ways[form], index, day)]
    proposals = tuple(dict.fromkeys(way.listing for way in ways))
    if not proposals:
        return None
    company = index.companies[proposals[0]]
    return PossibleMention(
        kind=DoubtKind.NEAR_MISS,
        place=place,
        proposals=proposals[:3],
        reason=say("no listing is called so; {name} sounds the same", name=company.name),
    )


def _nearly(word: str, index: NameIndex) -> tuple[str, ...]:
    """Return the written forms that differ from a word in one character."""
    keys = (f"{word[:gap]}_{word[gap + 1 :]}" for gap in range(len(word)))
    return tuple(dict.fromkeys(form for key in keys for form in index.holes.get(key, ())))
