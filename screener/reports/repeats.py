"""The same report again, the same note in another medium, the same call made anew.

Three questions are kept apart. Is this very report known (`same_report`)? Is one of its notes a
known one that is published again, or a new call on much the same names (`linked_notes`)? And where
nothing else speaks, is the text nearly one that was read before (`near_copies`)?
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache

from screener.domain.basket import published_instant
from screener.domain.listing import Listing
from screener.domain.report import Moment, Note, Publication, Report, Role
from screener.language import say
from screener.reports.authors.brokers import UNKNOWN_BROKER, broker_named
from screener.reports.text.text import Place, Text, clean_name

__all__ = [
    "NEAR_COPY",
    "KnownRepeat",
    "NearCopy",
    "linked_notes",
    "near_copies",
    "same_report",
    "signature",
    "similarity",
    "text_hash",
]

NEAR_COPY = 0.6
"""Similarity from which a text is probably a copy of another.

Of 3,200 characters, 20 edited words leave 0.93, a foreign header of 300 characters as well 0.85,
and 100 edited words, or the loss of a quarter, about 0.7; reports of one broker that share but
their headings and phrases stay below 0.4. With 128 permutations the standard error is 0.04.
"""

_PERMUTATIONS = 128
_SHINGLE = 5
_REPOSTED_WITHIN = timedelta(days=7)  # how old a note is that a medium prints without its date
_SAME_MINUTES = timedelta(minutes=10)
_NARROW = timedelta(days=3)
_ANY_DAY = date(1900, 1, 1), date(2200, 1, 1)
_PUNCTUATION = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class NearCopy:
    """A known report whose text is nearly the one at hand, and how nearly (from 0 to 1)."""

    report: str
    score: float


_SAME_NAMES = 0.7
"""Of the names of two readings of one report, in the same parts: wordings differ, and readings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRepeat:
    """A note of a known card that turns out to be the repeat: `repeats` is the earlier note."""

    report: str
    note: str
    repeats: str


def text_hash(text: Text) -> str:
    """Return the SHA-256 of what is read of a text: line breaks and script change nothing."""
    return hashlib.sha256(text.clean.encode("utf-8", "surrogatepass")).hexdigest()


def signature(text: Text, *, boilerplate: Iterable[Place] = ()) -> tuple[int, ...]:
    """Return a signature by which near-duplicates are told (MinHash of stretches of 5 characters).

    About 1 ms for 1,000 characters, after 0.7 s for the first of a process (numpy, scipy).

    Parameters
    ----------
    text
        The text.
    boilerplate
        Stretches to pass over: disclaimers are alike in all reports of a broker.

    Returns
    -------
    tuple of int
        128 numbers below 2**32; none if there is nothing but boilerplate.
    """
    from datasketch import MinHash  # it loads numpy and scipy

    clean = _without(text.clean, boilerplate)
    if not clean:
        return ()
    last = max(len(clean) - _SHINGLE + 1, 1)
    parts = {clean[at : at + _SHINGLE] for at in range(last)}
    found = MinHash(num_perm=_PERMUTATIONS, seed=1, scheme="affine32", hashfunc=zlib.crc32)
    found.update_batch(part.encode("utf-8", "surrogatepass") for part in parts)
    return tuple(map(int, found.hashvalues))


def similarity(a: Sequence[int], b: Sequence[int]) -> float:
    """Estimate which share of stretches two texts have in common (Jaccard), from 0 to 1.

    Raises
    ------
    ValueError
        If the signatures are not equally long and neither is empty.
    """
    if not a or not b:
        return 0.0
    if len(a) != len(b):
        raise ValueError(
            say(
                "signatures of {first} and {second} numbers cannot be compared",
                first=len(a),
                second=len(b),
            )
        )
    return sum(one == other for one, other in zip(a, b, strict=True)) / len(a)


def near_copies(fresh: Sequence[int], known: Mapping[str, Sequence[int]]) -> tuple[NearCopy, ...]:
    """List the known reports, by id, whose text is nearly the one at hand: the nearest first."""
    scored = ((name, similarity(fresh, other)) for name, other in known.items() if other)
    found = [NearCopy(report=name, score=score) for name, score in scored if score >= NEAR_COPY]
    return tuple(sorted(found, key=lambda item: (-item.score, item.report)))


def same_report(fresh: Report, known: Sequence[Report]) -> str:
    """Return the id of the card that is this very report; empty if none is.

    It is, if the text is the same; or if publisher and time of publication agree, and the notes do
    so in broker and names, seven of ten of them in the same parts, or in most names and in authors
    or title. Authors that are printed on both and are others make another report.
    """
    if fresh.text_hash:
        for report in known:
            if report.text_hash == fresh.text_hash:
                return report.id
    return next((report.id for report in known if _same_report(fresh, report)), "")


def linked_notes(fresh: Report, known: Sequence[Report]) -> tuple[Report, tuple[KnownRepeat, ...]]:
    """Link the notes of a report to the earlier calls on known cards.

    A note published again bears the id of the call as first published (`repeats`): it agrees with
    it in day, broker and names, and no author contradicts it, whatever its wording. A new call of
    the broker on the same theme, with at least half of its names recommended before, that of the
    latest earlier one (`reiterates`).

    Parameters
    ----------
    fresh
        A report that is not among `known`; a card with its id is passed over.
    known
        The cards so far.

    Returns
    -------
    tuple of Report and tuple
        The report with its links, and the notes on known cards that are repeats themselves,
        because this report or a third one was published before them. Those cards are not changed.
    """
    if not fresh.published.known:
        return fresh, ()  # nothing tells which of two is the earlier one
    others = [report for report in known if report.id != fresh.id and report.published.known]
    notes, turned = [], []
    for note in fresh.notes:
        linked, later = _linked(fresh, note, others)
        notes.append(linked)
        turned += later
    return replace(fresh, notes=tuple(notes)), tuple(turned)


def _without(clean: str, boilerplate: Iterable[Place]) -> str:
    kept = []
    at = 0
    for place in sorted(boilerplate):
        kept.append(clean[at : max(at, place.start)])
        at = max(at, place.end)
    return "".join((*kept, clean[at:]))


def _linked(fresh: Report, note: Note, others: Sequence[Report]) -> tuple[Note, list[KnownRepeat]]:
    same = [
        (report, other)
        for report, other in _notes_of(others, note.broker)
        if other.repeats != note.id and _same_call(fresh, note, report, other)
    ]
    instant = published_instant(fresh.published)
    earlier = [pair for pair in same if published_instant(pair[0].published) <= instant]
    if earlier:
        _, first = min(earlier, key=lambda pair: published_instant(pair[0].published))
        call = first.repeats or first.id
        linked = replace(note, repeats=call, reiterates="")
    else:
        call = note.id
        before = _reiterated(fresh, note, others)
        linked = replace(note, reiterates=before) if before and not note.repeats else note
    later = [
        KnownRepeat(report=report.id, note=other.id, repeats=call)
        for report, other in same
        if published_instant(report.published) > instant and not other.repeats and other.id != call
    ]
    return linked, later


def _reiterated(fresh: Report, note: Note, others: Sequence[Report]) -> str:
    instant = published_instant(note.published)
    found = [
        (published_instant(other.published), other.repeats or other.id)
        for report, other in _notes_of(others, note.broker)
        if published_instant(other.published) < instant and _insists(fresh, note, report, other)
    ]
    return max(found, default=(None, ""), key=lambda item: item[0])[1] if found else ""


def _insists(fresh: Report, note: Note, report: Report, other: Note) -> bool:
    for theme in note.themes:
        names = _names(fresh, (theme,))
        if names and theme in other.themes:
            common = names & _names(report, (theme,))
            if 2 * len(common) >= len(names):
                return True
    return False


def _same_call(fresh: Report, note: Note, report: Report, other: Note) -> bool:
    if not _overlap(_note_span(fresh, note), _note_span(report, other)):
        return False
    own, theirs = _names(fresh, note.themes), _names(report, other.themes)
    common = len(own & theirs)
    if _title(note.title) and _title(note.title) == _title(other.title):
        # A column bears one title every day, and twice a day, on other names.
        return not own or not theirs or common >= _SAME_NAMES * min(len(own), len(theirs))
    authors = _same_authors(note, other)
    if authors is None:
        return _same_parts(fresh, note, report, other)
    if not authors or not own or not theirs:
        return authors and bool(set(note.themes) & set(other.themes))
    # A digest tells of some names only; the fewer and the vaguer the date, the more must agree.
    share = common / len(own | theirs)
    some = common / min(len(own), len(theirs)) if common > 1 else 0.0
    if _is_vague(note, other):
        return share >= 0.8 or some >= 1.0
    return share >= _SAME_NAMES or some >= _SAME_NAMES


def _same_authors(note: Note, other: Note) -> bool | None:
    """Tell whether the authors are the same; a digest may print the first of them alone."""
    licences, known = _licences(note), _licences(other)
    if licences and known:
        return licences <= known or known <= licences
    return _authors_agree(note, other)


def _same_parts(fresh: Report, note: Note, known: Report, other: Note) -> bool:
    """Tell whether two notes whose authors say nothing name the same securities in the same parts.

    A single name says something only of notes that are both dated to the same day.
    """
    own, theirs = _parts(fresh, note), _parts(known, other)
    if UNKNOWN_BROKER in (note.broker, other.broker):
        return False
    names = {listing for listing, _ in own | theirs}
    same = {listing for listing, _ in own & theirs}
    if not same or len(same) < _SAME_NAMES * len(names):
        return False
    dated = _note_span(fresh, note) == _note_span(known, other)
    return not _is_vague(note, other) and (dated or len(same) > 1)


def _parts(report: Report, note: Note) -> frozenset[tuple[Listing, Role]]:
    """Return the securities of a note with their parts; of a report's only note, all of them."""
    return frozenset(
        (item.listing, item.role)
        for item in report.securities
        if len(report.notes) == 1 or item.theme in note.themes
    )


def _is_vague(note: Note, other: Note) -> bool:
    return max(_length(_span(item.published)) for item in (note, other)) > _NARROW


def _same_report(fresh: Report, known: Report) -> bool:
    if not _same_house(fresh.publisher, known.publisher) or not _same_time(fresh, known):
        return False
    left = list(known.notes)
    matched = 0
    for note in fresh.notes:
        other = next((item for item in left if _same_note(fresh, note, known, item)), None)
        if other is not None:
            left.remove(other)
            matched += 1
    if matched and _same_heads(fresh, known):
        return True
    own, others = _all_names(fresh), _all_names(known)
    if own | others and len(own & others) < _SAME_NAMES * len(own | others):
        return False  # a digest that carries one more call is another report
    return matched > 0 and 4 * matched >= 3 * max(len(fresh.notes), len(known.notes))


def _same_heads(fresh: Report, known: Report) -> bool:
    """Tell whether two reports of one note bear one title, one author and much the same day."""
    if len(fresh.notes) != 1 or len(known.notes) != 1:
        return False
    note, other = fresh.notes[0], known.notes[0]
    narrow = all(_length(_span(item.published)) <= _NARROW for item in (fresh, known))
    titles = _titles_agree(note.title or fresh.title, other.title or known.title)
    return narrow and titles and _authors_agree(note, other) is True


def _same_note(fresh: Report, note: Note, known: Report, other: Note) -> bool:
    """Compare two notes of what may be one report, of which either may be read in part."""
    if not _same_house(note.broker, other.broker):
        return False
    agreement = _agreement(fresh, note, known, other)
    authors = _authors_agree(note, other)
    titles = _titles_agree(note.title or fresh.title, other.title or known.title)
    if authors is False and not titles:
        return False
    spans = _span(fresh.published), _span(known.published)
    loose = max(map(_length, spans)) > _NARROW
    if titles and authors and not loose:
        return agreement >= 0.25
    if titles or (authors and not loose):
        return agreement >= 0.5
    if not loose and _same_parts(fresh, note, known, other):
        return True
    return agreement >= 0.8 and (authors is True or len(_names(fresh, note.themes)) > 1)


def _agreement(fresh: Report, note: Note, known: Report, other: Note) -> float:
    """Return the share of names in common; where none is recommended, of all that are named."""
    own, theirs = _names(fresh, note.themes), _names(known, other.themes)
    if not own and not theirs:
        own, theirs = _all_names(fresh), _all_names(known)
    if not own and not theirs:
        return 0.5 if set(note.themes) & set(other.themes) else 0.0
    return len(own & theirs) / len(own | theirs)


def _authors_agree(note: Note, other: Note) -> bool | None:
    """Tell whether an author is the same; `None` where one of the notes names none."""
    licences, known = _licences(note), _licences(other)
    if licences and known:
        return bool(licences & known)
    names = {clean_name(who.name) for who in note.analysts}
    theirs = {clean_name(who.name) for who in other.analysts}
    return bool(names & theirs) if names and theirs else None


def _titles_agree(title: str, other: str) -> bool:
    a, b = _title(title), _title(other)
    return bool(a and b) and (a == b or (min(len(a), len(b)) > 3 and (a in b or b in a)))


def _same_time(fresh: Report, known: Report) -> bool:
    a, b = fresh.published.value, known.published.value
    if a is None or b is None:
        return True  # the notes decide
    exact = all(item.published.range_start is None for item in (fresh, known))
    if exact and isinstance(a, datetime) and isinstance(b, datetime):
        return abs(a - b) <= _SAME_MINUTES
    return _overlap(_span(fresh.published), _span(known.published))


def _notes_of(reports: Iterable[Report], broker: str) -> Iterator[tuple[Report, Note]]:
    for report in reports:
        for note in report.notes:
            if _same_house(note.broker, broker):
                yield report, note


def _names(report: Report, themes: Iterable[str]) -> frozenset[Listing]:
    wanted = set(themes)
    return frozenset(
        item.listing
        for item in report.securities
        if item.role is Role.RECOMMENDED and item.theme in wanted
    )


def _all_names(report: Report) -> frozenset[Listing]:
    return frozenset(item.listing for item in report.securities)


def _licences(note: Note) -> frozenset[str]:
    return frozenset(who.licence for who in note.analysts if who.licence)


@lru_cache(maxsize=4096)
def _house(name: str) -> str:
    broker = broker_named(name)
    return broker.name if broker is not None else clean_name(name).casefold()


def _same_house(name: str, other: str) -> bool:
    a, b = _house(name), _house(other)
    if a == b:
        return True
    known = broker_named(a) is not None and broker_named(b) is not None
    return not known and min(len(a), len(b)) > 2 and (a in b or b in a)


@lru_cache(maxsize=4096)
def _title(title: str) -> str:
    return _PUNCTUATION.sub("", clean_name(title)).casefold()


def _day(moment: Moment) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def _span(published: Publication) -> tuple[date, date]:
    first, last = published.range_start, published.range_end
    if not published.known:
        return _ANY_DAY
    if first is None or last is None:
        return published.day, published.day
    return _day(first), _day(last)


def _note_span(report: Report, note: Note) -> tuple[date, date]:
    """Return the days on which a note may have been published first."""
    first, last = _span(note.published)
    undated = note.published == report.published and not _same_house(report.publisher, note.broker)
    return (first - _REPOSTED_WITHIN if undated else first), last


def _overlap(a: tuple[date, date], b: tuple[date, date]) -> bool:
    return a[0] <= b[1] and b[0] <= a[1]


def _length(span: tuple[date, date]) -> timedelta:
    return span[1] - span[0]
