"""Places at which a text names a listing: by name, by code, or by both, each with its evidence."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache

from screener.domain.listing import Listing
from screener.reports.securities.codes import PrintedCode, codes_in
from screener.reports.securities.name_index import KIND_WORD, NameIndex, Trust, Way, capitals
from screener.reports.text.found import DoubtKind
from screener.reports.text.layout import Layout
from screener.reports.text.text import Place, Text, clean_name
from screener.reports.text.vocabulary import (
    alternatives,
    cut_points,
    names_a_place,
    read_table,
    sounds_alike,
)

__all__ = ["SURE", "Mention", "PossibleMention", "mentions_in"]

SURE = 0.7
"""Least confidence of a mention that is taken without a question."""

_ALONE = {
    Trust.DISTINCT: 0.8,
    Trust.LATIN: 0.6,
    Trust.COMPOUND: 0.45,
    Trust.RARE: 0.58,
    Trust.SHORT: 0.42,
    Trust.LETTERS: 0.3,
    Trust.NICK: 0.42,
    Trust.WORD: 0.1,
}
_LAST_CHARACTERS = frozenset("技份业团子力源网气电股能材药钢铝锂光铜控信械金学化重机压胶轴工")
_MASTER_LAG = timedelta(days=200)  # between two copies of a master
_EDGE = 0.15  # what a clean edge on one side of a name adds
_BESIDE = 0.35  # what a certain name beside it in an enumeration adds
_CODED = 0.5  # what the same listing's code elsewhere in the text adds
_MISPLACED = 0.35  # what it costs to begin or end inside another word


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


@dataclass(frozen=True, slots=True, kw_only=True)
class PossibleMention:
    """A stretch that may name a listing and is not taken without asking."""

    kind: DoubtKind
    place: Place
    proposals: tuple[Listing, ...]
    reason: str


@dataclass(slots=True)
class _Candidate:
    """A possible mention while its evidence is being gathered."""

    ways: tuple[Way, ...]
    place: Place
    whole: Place
    trust: Trust | None
    score: float
    coded: bool = False
    broker: bool = False
    place_like: bool = False
    run: int = -1
    strangers: int = 0
    listings: tuple[Listing, ...] = field(default=())


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
    candidates = _named(text, layout, index, day, brokers)
    candidates, questions = _coded(text, candidates, codes, index)
    _weigh_edges(text.clean, candidates)
    _weigh_company(candidates)
    _enumerate(text.clean, candidates)
    taken = [item for item in candidates if item.score >= SURE]
    questions += _misprints(text, taken, index, day)
    return tuple(_mention(item) for item in taken), tuple(questions)


def _mention(item: _Candidate) -> Mention:
    return Mention(
        listings=item.listings,
        place=item.place,
        whole=item.whole,
        confidence=round(min(item.score, 1.0), 2),
        coded=item.coded,
        trust=item.trust,
        run=item.run,
    )


def _named(
    text: Text, layout: Layout, index: NameIndex, day: date, brokers: frozenset[Listing]
) -> list[_Candidate]:
    """Return the names in the text that can mean a listing of that day, outside boilerplate."""
    found = []
    cuts = cut_points(text.clean)
    for form, start, end in index.find(text.clean, cuts):
        ways = _in_use(index.ways[form], index, day)
        if not ways or layout.in_boilerplate(start) or not _whole_letters(text, start, end):
            continue
        trust = ways[0].trust
        score = _ALONE[trust]
        if ways[0].cut:
            more = _completion(text.clean, end, trust)
            if more and trust is Trust.NICK:  # others bear such a name, too: its neighbours tell
                trust, score = Trust.SHORT, _ALONE[Trust.LETTERS] - _EDGE
            elif more:
                score += _EDGE
            end += more
        if trust is not Trust.DISTINCT and not (start in cuts and end in cuts):
            score -= _MISPLACED
        listings = tuple(way.listing for way in ways)
        item = _Candidate(ways, Place(start, end), Place(start, end), trust, score)
        item.listings = listings
        item.broker = bool(brokers.intersection(listings))
        item.place_like = trust is Trust.COMPOUND and names_a_place(form)
        found.append(item)
    return found


def _completion(clean: str, end: int, trust: Trust) -> int:
    """Return how many characters after a cut name belong to it: 技 of 协创科, 通信 of ST元道."""
    if trust is Trust.NICK:
        word = KIND_WORD.match(clean, end)
        return len(word[0]) if word else 0
    return int(clean[end : end + 1] in _LAST_CHARACTERS)


def _in_use(ways: Sequence[Way], index: NameIndex, day: date) -> tuple[Way, ...]:
    """Return the ways in use on a day: of listings listed then, those that bore the name."""
    listed = [way for way in ways if index.companies[way.listing].listed_on(day)]
    borne = [way for way in listed if _borne(way, index, day)]
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
    return any(
        name == way.name and (number == 0 or since is None or since <= day + _MASTER_LAG)
        for number, (since, name) in enumerate(names)
    )


def _bears(way: Way, index: NameIndex, day: date) -> bool:
    """Tell whether a listing bore the name on a day; an alias holds at any time."""
    return not way.name or index.companies[way.listing].name_on(day) == way.name


def _whole_letters(text: Text, start: int, end: int) -> bool:
    """Tell whether a name does not begin or end inside a longer word of Latin letters."""
    clean = text.clean

    def joined(left: int, right: int) -> bool:
        if left < 0 or right >= len(clean) or text.blank_before(right):
            return False
        return all(clean[place].isascii() and clean[place].isalnum() for place in (left, right))

    return not joined(start - 1, start) and not joined(end - 1, end)


_BETWEEN = re.compile(
    r"(?:-[A-Z]{1,3})?[(\[【<:,]*(?:股票代码|证券代码|代码|股份代号|A股|H股|港股)?[:(]?"
)
_REST = re.compile(r"[\u4e00-\u9fff]{1,4}[(\[【<:,]")
_AFTER_CODE = re.compile(r"[)\]】>:,/|-]*")


def _coded(
    text: Text, candidates: list[_Candidate], codes: Sequence[PrintedCode], index: NameIndex
) -> tuple[list[_Candidate], list[PossibleMention]]:
    """Join each code with the name beside it, check one against the other, keep lone codes."""
    starts = [item.place.start for item in candidates]
    ends = {item.place.end: item for item in candidates}
    extra: list[_Candidate] = []
    questions: list[PossibleMention] = []
    dropped: set[int] = set()
    followed = _followed(text.clean, candidates)
    for code in codes:
        item = (
            _name_before(text.clean, code, ends)
            or _name_after(text.clean, code, candidates, starts)
            or _longer_name_before(text.clean, code, ends)
        )
        if item is None or item.coded:
            extra += _lone(text.clean, code, index, item)
            questions += _unknown(code, index, item)
        elif _same_company(code.listing, item, index):
            _go_on(text.clean, item, code, followed)
            _settle(item, code)
        elif code.marked or (code.bracketed and code.listing in index.companies):
            dropped.add(id(item))
            questions.append(_mismatch(item, code, index))
    kept = [item for item in candidates if id(item) not in dropped] + extra
    return sorted(kept, key=lambda item: item.place), questions


def _name_before(clean: str, code: PrintedCode, ends: dict[int, _Candidate]) -> _Candidate | None:
    """Return the name that ends right before a code, but for brackets and a label."""
    for end in range(code.place.start, max(-1, code.place.start - 8), -1):
        if end in ends and _BETWEEN.fullmatch(clean[end : code.place.start]):
            return ends[end]
    return None


def _longer_name_before(
    clean: str, code: PrintedCode, ends: dict[int, _Candidate]
) -> _Candidate | None:
    """Return the name of the code's own listing that the text goes on with: 长进光子 for 长进."""
    for end in range(code.place.start - 1, max(-1, code.place.start - 10), -1):
        gap = clean[end : code.place.start]
        if end in ends and code.listing in ends[end].listings and _REST.fullmatch(gap):
            return ends[end]
    return None


def _name_after(
    clean: str, code: PrintedCode, candidates: list[_Candidate], starts: list[int]
) -> _Candidate | None:
    """Return the name that begins right after a code, but for a closing bracket."""
    gap = _AFTER_CODE.match(clean, code.place.end)
    start = gap.end() if gap else code.place.end
    number = bisect_left(starts, start)
    return candidates[number] if number < len(starts) and starts[number] == start else None


def _same_company(listing: Listing, item: _Candidate, index: NameIndex) -> bool:
    lines = set(item.listings)
    for one in item.listings:
        lines.update(index.twins.get(one, ()))
    return listing in lines


def _settle(item: _Candidate, code: PrintedCode) -> None:
    """Take the code's listing; the name's other lines follow it."""
    others = [one for one in item.listings if one != code.listing]
    item.listings = (code.listing, *others)
    item.score, item.coded, item.broker = 1.0, True, False
    item.whole = Place(min(item.whole.start, code.place.start), max(item.whole.end, code.place.end))


_Followed = dict[tuple[tuple[Listing, ...], str], list[_Candidate]]
_REST_OF_NAME = re.compile(r"[\u4e00-\u9fff]{1,4}(?=[(\[【<])")
_LONGEST_REST = 4


def _followed(clean: str, candidates: Sequence[_Candidate]) -> _Followed:
    """Return the names by their listings and by each of the stretches that follow them."""
    found: _Followed = defaultdict(list)
    for item in candidates:
        end = item.place.end
        for size in range(1, min(_LONGEST_REST, len(clean) - end) + 1):
            found[item.listings, clean[end : end + size]].append(item)
    return found


def _go_on(clean: str, item: _Candidate, code: PrintedCode, followed: _Followed) -> None:
    """Let every mention of a name go on as the text goes on with it before the code."""
    rest = _REST_OF_NAME.match(clean, item.place.end, code.place.start)
    if rest is None:
        return
    for other in followed.pop((item.listings, rest[0]), ()):
        if other.listings == item.listings and clean.startswith(rest[0], other.place.end):
            other.place = Place(other.place.start, other.place.end + len(rest[0]))
            other.whole = other.place
            other.score = max(other.score, _ALONE[Trust.DISTINCT])
            other.trust = Trust.DISTINCT


_INDEX_BEFORE = re.compile(r"(?:指数|综指|成指|板指|\d0|ETF|LOF|基金|转债|期货|债券)$")


def _lone(
    clean: str, code: PrintedCode, index: NameIndex, item: _Candidate | None
) -> list[_Candidate]:
    """Take a code without a name if its exchange or brackets are printed and it is listed."""
    if item is not None or code.listing not in index.companies:
        return []
    if not (code.marked or (code.bracketed and code.listing.exchange.mainland)):
        return []
    if not code.marked and _INDEX_BEFORE.search(
        clean, max(0, code.place.start - 5), max(0, code.place.start - 1)
    ):
        return []
    found = _Candidate((), code.place, code.place, None, 0.9 if code.marked else 0.75, coded=True)
    found.listings = (code.listing,)
    return [found]


def _unknown(code: PrintedCode, index: NameIndex, item: _Candidate | None) -> list[PossibleMention]:
    known = code.listing in index.companies or code.listing in index.others
    if item is not None or not code.marked or known:
        return []
    return [
        PossibleMention(
            kind=DoubtKind.UNKNOWN_CODE,
            place=code.place,
            proposals=(),
            reason=f"no listing {code.listing} in the master",
        )
    ]


def _mismatch(item: _Candidate, code: PrintedCode, index: NameIndex) -> PossibleMention:
    company = index.companies.get(code.listing)
    owner = f"{code.listing} is {company.name}" if company else f"{code.listing} is not listed"
    named = item.listings[0]
    proposals = (named, code.listing) if company else (named,)
    return PossibleMention(
        kind=DoubtKind.MISMATCH,
        place=item.place,
        proposals=proposals,
        reason=f"the name is that of {named}, but {owner}",
    )


@cache
def _edges() -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    cues = read_table("cues")

    def cleaned(words: Sequence[str]) -> tuple[str, ...]:
        return tuple(clean_name(word) for word in words)

    return (
        cleaned(cues["before"]["words"]),
        cleaned(cues["after"]["words"]),
        cleaned(cues["never_after"]["any"]),
        cleaned(cues["never_after"]["worded"]),
    )


@cache
def _sources() -> tuple[re.Pattern[str], re.Pattern[str]]:
    cues = read_table("cues")["broker"]
    after = re.compile(alternatives(cues["source_after"]))
    before = re.compile(rf"(?:{alternatives(cues['source_before'])})$")
    return before, after


def _weigh_edges(clean: str, candidates: list[_Candidate]) -> None:
    """Raise or lower each name by what stands right before and right after it."""
    before, after, never, worded = _edges()
    for item in candidates:
        if item.coded:
            continue
        start, end = item.place
        stopped = start == 0 or not _WORD.match(clean[start - 1])
        left = stopped or clean[max(0, start - 4) : start].endswith(before)
        right = end == len(clean) or not _WORD.match(clean[end]) or clean.startswith(after, end)
        item.score += _EDGE * left + _EDGE * right
        goes_on = not right and clean.startswith(worded, end)
        if clean.startswith(never, end) or (goes_on and item.trust is not Trust.DISTINCT):
            item.score = min(item.score, 0.4)
        elif left and not right and item.trust is Trust.COMPOUND:
            item.score += _EDGE  # a clause begins with it: its subject
        if item.broker:
            item.score = _broker_score(clean, item)
        if item.trust is Trust.NICK and not (left and right):
            item.score = 0.0  # two characters of a longer word


_WORD = re.compile(r"[\u4e00-\u9fffA-Za-z0-9]")


def _broker_score(clean: str, item: _Candidate) -> float:
    """Return a broker's score: it is a source unless something is told of the company."""
    if _is_source(clean, item.place):
        return 0.0
    told = clean.startswith(_told_of(), item.place.end)
    return item.score if told else min(item.score, 0.6)


@cache
def _told_of() -> tuple[str, ...]:
    return tuple(clean_name(word) for word in read_table("cues")["broker"]["company_after"])


def _is_source(clean: str, place: Place) -> bool:
    before, after = _sources()
    if after.match(clean, place.end):
        return True
    return before.search(clean, max(0, place.start - 6), place.start) is not None


def _weigh_company(candidates: list[_Candidate]) -> None:
    """Raise names whose code stands elsewhere in the text."""
    coded = {item.listings[0] for item in candidates if item.coded}
    for item in candidates:
        named = not item.coded and not item.broker and coded.intersection(item.listings)
        if named and (item.score >= _ALONE[Trust.SHORT] or item.trust is not Trust.WORD):
            item.score += _CODED


_ASIDE = re.compile(
    r"\([^()]{0,60}\)|\[[^\[\]]{0,60}\]|【[^【】]{0,40}】|[+-]?\d{1,9}(?:\.\d{1,9})?%|[*]{2}"
)
_CONNECTOR = re.compile(r"(?:[、/|·&+]|以及|和|与|及|或){1,2}")
_STRANGER = re.compile(r"(?:[、/|]|以及|和|与|及)?([^、,。;:!?/|()]{2,10})[、/|和与及]")


def _enumerate(clean: str, candidates: list[_Candidate]) -> None:
    """Count the enumerations, and let certain names vouch for the doubtful ones beside them."""
    runs: list[list[_Candidate]] = []
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


def _links(gap: str, left: _Candidate, right: _Candidate) -> bool:
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


def _vouch(run: list[_Candidate]) -> None:
    """Raise names beside certain names, unless the list is one of ordinary words."""
    if len(run) < 2:
        return
    sure = [item for item in run if item.score >= SURE]
    strangers = sum(item.strangers for item in run)
    brokers = [item for item in run if item.broker and item.score > 0]
    if brokers and run[0].broker and run[0].score <= 0 and all(item.broker for item in run):
        for item in run:  # 据甲证券、乙证券…: all of them are sources
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


def _mutual(run: list[_Candidate]) -> bool:
    """Three and more likely names in one enumeration vouch for one another."""
    return sum(item.score >= 0.5 for item in run) >= 3


def _misprints(
    text: Text, taken: list[_Candidate], index: NameIndex, day: date
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
    ways = [way for form in forms for way in _in_use(index.ways[form], index, day)]
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
