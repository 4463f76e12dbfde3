"""Places at which a text names a listing: by name, by code, or by both, each with its evidence."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from screener.domain.listing import Listing
from screener.reports.securities.candidates import (
    ALONE,
    SURE,
    Candidate,
    PossibleMention,
    in_use,
    named,
)
from screener.reports.securities.code_binding import bind_codes
from screener.reports.securities.codes import codes_in
from screener.reports.securities.edges import weigh_edges
from screener.reports.securities.name_index import NameIndex, Trust, capitals
from screener.reports.text.found import DoubtKind
from screener.reports.text.layout import Layout
from screener.reports.text.text import Place, Text
from screener.reports.text.vocabulary import sounds_alike

__all__ = ["SURE", "Mention", "PossibleMention", "mentions_in"]

_BESIDE = 0.35  # what a certain name beside it in an enumeration adds
_CODED = 0.5  # what the same listing's code elsewhere in the text adds


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
    _weigh_company(candidates)
    _enumerate(text.clean, candidates)
    taken = [item for item in candidates if item.score >= SURE]
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


def _weigh_company(candidates: list[Candidate]) -> None:
    """Raise names whose code stands elsewhere in the text."""
    coded = {item.listings[0] for item in candidates if item.coded}
    for item in candidates:
        named = not item.coded and not item.broker and coded.intersection(item.listings)
        if named and (item.score >= ALONE[Trust.SHORT] or item.trust is not Trust.WORD):
            item.score += _CODED


_ASIDE = re.compile(
    r"\([^()]{0,60}\)|\[[^\[\]]{0,60}\]|【[^【】]{0,40}】|[+-]?\d{1,9}(?:\.\d{1,9})?%|[*]{2}"
)
_CONNECTOR = re.compile(r"(?:[、/|·&+]|以及|和|与|及|或){1,2}")
_STRANGER = re.compile(r"(?:[、/|]|以及|和|与|及)?([^、,。;:!?/|()]{2,10})[、/|和与及]")


def _enumerate(clean: str, candidates: list[Candidate]) -> None:
    """Count the enumerations, and let certain names vouch for the doubtful ones beside them."""
    runs: list[list[Candidate]] = []
    for item in candidates:
        gap = clean[runs[-1][-1].whole.end : item.whole.start] if runs else None
        joined = gap is not None and _links(gap, runs[-1][-1], item)
        if joined:
            runs[-1].append(item)
        else:
            runs.append([item])
    for number, run in enumerate(runs):
        for item in run:
            item.run = number
        _vouch(run)


def _links(gap: str, left: Candidate, right: Candidate) -> bool:
    if len(gap) > 90:
        return False
    bare = _ASIDE.sub("", gap).strip(")]】")
    if not bare:
        return bool(gap) or left.coded or right.coded or left.trust is right.trust is Trust.DISTINCT
    if _CONNECTOR.fullmatch(bare) or (bare in (",", ";") and left.coded and right.coded):
        return True
    stranger = _STRANGER.fullmatch(bare)
    if stranger:
        right.strangers = 1
    return stranger is not None


def _vouch(run: list[Candidate]) -> None:
    """Raise names beside certain names, unless the list is one of ordinary words."""
    if len(run) < 2:
        return
    sure = [item for item in run if item.score >= SURE]
    strangers = sum(item.strangers for item in run)
    brokers = [item for item in run if item.broker and item.score > 0]
    houses = all(item.broker and not item.coded for item in run)
    if houses and any(item.score <= 0 for item in run):
        for item in run:  # 据甲证券、乙证券…, or …联合推荐的: all of them are sources
            item.score = 0.0
        return
    for item in run:
        if item.score >= SURE or item.score <= 0:
            continue
        if item.broker:
            item.score += _BESIDE if len(brokers) > 1 or sure else 0.0
        elif item.trust is Trust.WORD:
            item.score += 0.5 if len(sure) > strangers and item.score > 0 else 0.0
        elif sure or _mutual(run):
            item.score += _BESIDE


def _mutual(run: list[Candidate]) -> bool:
    """Three and more likely names in one enumeration vouch for one another."""
    return sum(item.score >= 0.5 for item in run) >= 3


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
_JOINT_BEFORE = re.compile(
    r"([\u4e00-\u9fffA-Z]{2,8})(?:\([^()]{0,40}\))?(?:[、/|]|以及|和|与|及)$"
)


def _beside(clean: str, place: Place, last: int, following: int) -> list[tuple[int, int]]:
    """Return stretches that begin right after a joint, or end right before one (start is -1)."""
    found = []
    after = _JOINT.match(clean, place.end)
    if after and after.end() < following:
        found.append((after.end(), -1))
    before = _JOINT_BEFORE.search(clean, max(last, place.start - 60), place.start)
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
        reason=f"no listing is called so; {company.name} sounds the same",
    )


def _nearly(word: str, index: NameIndex) -> tuple[str, ...]:
    """Return the written forms that differ from a word in one character."""
    keys = (f"{word[:gap]}_{word[gap + 1 :]}" for gap in range(len(word)))
    return tuple(dict.fromkeys(form for key in keys for form in index.holes.get(key, ())))
