"""A whole report read: when, who, which securities under which themes, ratings and claims."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache, lru_cache

from screener.domain.listing import Listing, parse_listing
from screener.domain.report import (
    Claim,
    Note,
    Precision,
    Publication,
    RatingDefinition,
    Report,
    Role,
    SecurityMention,
)
from screener.language import say
from screener.reports.authors.brokers import UNKNOWN_BROKER, brokers, brokers_in
from screener.reports.authors.notes import notes_in, publisher_of, title_of
from screener.reports.authors.titles import file_title
from screener.reports.claims.facts import Facts, facts_in
from screener.reports.dates.publication import (
    Closes,
    index_levels,
    publication_of,
    reference_session,
)
from screener.reports.documents.bounds import BOUNDS
from screener.reports.ratings.definitions import definitions_in
from screener.reports.ratings.ratings import industry_in
from screener.reports.repeats import text_hash
from screener.reports.securities.listing_lines import traditional_share
from screener.reports.securities.name_index import NameIndex
from screener.reports.securities.securities import FALLBACK_THEME, Securities, securities_in
from screener.reports.securities.themes import ThemeIndex, make_slug, theme_index
from screener.reports.text.found import Finding, FoundClaim, FoundNote
from screener.reports.text.layout import Item, lay_out
from screener.reports.text.text import Text, clean_name

__all__ = ["UNKNOWN", "Reading", "broker_listings", "read_report", "report_of"]

UNKNOWN = UNKNOWN_BROKER

_TRADITIONAL_LEAST = 0.08
_LONGEST_TITLE = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a report says.

    Parameters
    ----------
    text
        The text that was read; every place below is one of its `clean` form.
    title, publisher, language
        As the card will have them.
    published
        When it could first be read.
    day
        Day as of which names count: that of publication, today where it is unknown.
    notes
        Broker notes with the themes that each covers.
    securities
        Findings, doubts and every place at which a listing is named.
    facts
        Its figures: claims, indices, climate, estimates.
    definitions
        The brokers' definitions of their ratings.
    remarks
        What lies beyond a bound of the reader, and what became of it.
    """

    text: Text
    title: str
    publisher: str
    language: str
    published: Publication
    day: date
    notes: tuple[tuple[FoundNote, tuple[str, ...]], ...]
    securities: Securities
    facts: Facts
    definitions: tuple[RatingDefinition, ...]
    remarks: tuple[str, ...] = ()

    @property
    def claims(self) -> tuple[FoundClaim, ...]:
        """Figures that data can check."""
        return self.facts.claims


def read_report(
    text: Text,
    *,
    names: NameIndex,
    today: date,
    themes: ThemeIndex | None = None,
    file_name: str = "",
    closes: Closes | None = None,
    published: Publication | None = None,
) -> Reading:
    """Read a report.

    Parameters
    ----------
    text
        Its text.
    names
        Names of the listings.
    today
        The latest day on which it can have been published.
    themes
        Known themes; the bundled ones without.
    file_name
        Its file's name, which may carry the day.
    closes
        Index closes by listing id and session, which date a market table.
    published
        When it was published, if the user says so.

    """
    themes = themes or _bundled()
    moment = published or publication_of(text, file_name=file_name, today=today, closes=closes)
    day = moment.day if moment.known else today
    title = title_of(text)
    securities = securities_in(
        text,
        names,
        themes,
        day=day,
        brokers=broker_listings(names),
        title=clean_name(title),
        industry=industry_in(text.clean),
    )
    every_note = notes_in(text, others_ratings=securities.others_ratings)
    notes = every_note[: BOUNDS.notes]
    securities = _titled(_under_advised_themes(securities), themes.titled(title))
    securities, unsorted = _within_themes(securities)
    reference = reference_session(index_levels(text), closes) if closes else None
    publisher = publisher_of(text, notes) or UNKNOWN
    advised = _sectors(text, title, securities, themes)
    paired = _with_themes(text, _signed(notes, publisher), securities, advised)
    facts = facts_in(
        text,
        securities.spotted,
        published=moment if moment.known else None,
        reference=reference,
    )
    return Reading(
        text=text,
        title=_title(title, securities, themes, file_name),
        publisher=publisher,
        language="zh-Hant" if traditional_share(text) >= _TRADITIONAL_LEAST else "zh-Hans",
        published=moment,
        day=day,
        notes=paired,
        securities=securities,
        facts=facts,
        definitions=_definitions(text, [note.broker for note, _ in paired]),
        remarks=(*_notes_left(len(every_note)), *unsorted, *facts.questions),
    )


def _notes_left(count: int) -> tuple[str, ...]:
    if count <= BOUNDS.notes:
        return ()
    return (
        say(
            "of {all:,} notes the first {n} were taken: split the document",
            all=count,
            n=BOUNDS.notes,
        ),
    )


def _within_themes(securities: Securities) -> tuple[Securities, tuple[str, ...]]:
    """Put what stands under more themes than a report has under none."""
    themes = list(dict.fromkeys(one.theme for one in securities.findings))
    themes = list(dict.fromkeys([*themes, *(one.theme for one in securities.doubts)]))
    beyond = frozenset(themes[BOUNDS.themes :])
    if not beyond:
        return securities, ()

    def kept(theme: str) -> str:
        return FALLBACK_THEME if theme in beyond else theme

    findings: dict[tuple[Listing, str], Finding] = {}
    for one in securities.findings:
        findings.setdefault((one.listing, kept(one.theme)), replace(one, theme=kept(one.theme)))
    within = replace(
        securities,
        findings=tuple(findings.values()),
        doubts=tuple(replace(one, theme=kept(one.theme)) for one in securities.doubts),
        theme_places=tuple((kept(theme), place) for theme, place in securities.theme_places),
    )
    remark = say(
        "{n:,} themes beyond the first {most} are put under {theme}: split the document",
        n=len(beyond),
        most=BOUNDS.themes,
        theme=FALLBACK_THEME,
    )
    return within, (remark,)


def _signed(notes: Sequence[FoundNote], publisher: str) -> tuple[FoundNote, ...]:
    """Give a note that nobody signs the publisher for its broker: a card's note has one."""
    found = tuple(note if note.broker else replace(note, broker=publisher) for note in notes)
    return found or (FoundNote(broker=publisher),)


@cache
def _bundled() -> ThemeIndex:
    return theme_index()


@lru_cache(maxsize=4)
def broker_listings(names: NameIndex) -> frozenset[Listing]:
    """Return the listings that are securities firms, by the table of brokers and by industry."""
    known = {parse_listing(listing) for broker in brokers() for listing in broker.listings}
    firms = {
        listing
        for listing, company in names.companies.items()
        if company.industry == "证券" or company.name.endswith("证券")
    }
    return frozenset(known | firms)


def _definitions(text: Text, named: Sequence[str]) -> tuple[RatingDefinition, ...]:
    signing = [broker for broker in dict.fromkeys(named) if broker != UNKNOWN]
    return definitions_in(text, broker=signing[0]) if len(signing) == 1 else ()


def _under_advised_themes(securities: Securities) -> Securities:
    """Put what is only mentioned under the themes that the report advises."""
    advised = dict.fromkeys(
        one.theme for one in securities.findings if one.role is Role.RECOMMENDED
    )
    if not advised:
        return securities
    first = next(iter(advised))
    kept = tuple(
        one if one.theme in advised else replace(one, theme=first) for one in securities.findings
    )
    doubts = tuple(
        one if one.theme in advised or one.role is Role.RECOMMENDED
        else replace(one, theme=first)
        for one in securities.doubts
    )  # fmt: skip
    return replace(securities, findings=kept, doubts=doubts)


def _titled(securities: Securities, theme: str) -> Securities:
    """Put what stands under no theme under the title's."""
    if not theme or all(one.theme != FALLBACK_THEME for one in securities.findings):
        return securities
    have = {(one.listing, one.theme) for one in securities.findings}

    def named(one: Finding) -> Finding:
        free = one.theme == FALLBACK_THEME and (one.listing, theme) not in have
        return replace(one, theme=theme) if free else one

    return replace(securities, findings=tuple(map(named, securities.findings)))


def _sectors(text: Text, title: str, securities: Securities, themes: ThemeIndex) -> tuple[str, ...]:
    """Return the sectors that a report of no recommended name advises, else its title's theme."""
    if any(one.role is Role.RECOMMENDED for one in securities.findings):
        return ()
    found = themes.advised(text.clean)[: BOUNDS.themes]
    if found or securities.findings or securities.doubts:
        return found
    own = themes.titled(title) or themes.titled(industry_in(text.clean)) or make_slug(title)
    return (own,) if own else ()


def _with_themes(
    text: Text, notes: Sequence[FoundNote], securities: Securities, advised: Sequence[str]
) -> tuple[tuple[FoundNote, tuple[str, ...]], ...]:
    """Give each note the themes of the sections that speak of it."""
    every = dict.fromkeys(
        [one.theme for one in securities.findings]
        + [one.theme for one in securities.doubts]
        + list(advised)
    )
    themes = tuple(every) or (FALLBACK_THEME,)
    if len(notes) == 1:
        return ((notes[0], themes),)
    owners = _owners(text, notes, securities)
    kept: dict[int, list[str]] = defaultdict(list)
    for theme in themes:
        for number in owners.get(theme, range(len(notes))):
            kept[number].append(theme)
    return tuple((note, tuple(kept[number])) for number, note in enumerate(notes))


def _owners(
    text: Text, notes: Sequence[FoundNote], securities: Securities
) -> dict[str, tuple[int, ...]]:
    """Return for each advised theme the number of the note that it comes from."""
    layout = lay_out(text.clean)
    votes: dict[str, Counter[int]] = defaultdict(Counter)
    sections = _Sections(notes, [(one.place.start, one.name) for one in brokers_in(text.clean)])
    for theme, place in securities.theme_places:
        number = sections.owner(layout.around(place))
        if number is not None:
            votes[theme][number] += 1
    return {theme: (count.most_common(1)[0][0],) for theme, count in votes.items()}


class _Sections:
    """Which note the sections of a digest belong to; each is looked at once."""

    def __init__(self, notes: Sequence[FoundNote], named: Sequence[tuple[int, str]]) -> None:
        self._by_broker: dict[str, list[int]] = defaultdict(list)
        self._by_number: dict[int, int] = {}
        for number, note in enumerate(notes):
            self._by_broker[note.broker].append(number)
            self._by_number.setdefault(note.number, number)
        self._named = sorted(one for one in named if one[1] in self._by_broker)
        self._own: dict[tuple[int, int], int | None] = {}

    def owner(self, around: Sequence[Item]) -> int | None:
        """Return the note whose broker a section names, else the one with the section's number."""
        for item in around:
            key = item.mark.start, item.end
            if key not in self._own:
                self._own[key] = self._alone_in(*key)
            own = self._own[key]
            if own is not None:
                return own
        numbers = [item.number for item in around if item.number]
        return self._by_number.get(numbers[-1]) if numbers else None

    def _alone_in(self, start: int, end: int) -> int | None:
        first, last = bisect_left(self._named, (start, "")), bisect_left(self._named, (end, ""))
        brokers = {broker for _, broker in self._named[first:last]}
        fitting = [number for broker in brokers for number in self._by_broker[broker][:2]]
        return fitting[0] if len(fitting) == 1 else None


def _title(printed: str, securities: Securities, themes: ThemeIndex, file_name: str) -> str:
    if printed:
        return printed[:_LONGEST_TITLE]
    named = {one.listing: one.name for one in securities.findings}
    if len(named) == 1:
        return " ".join(f"{name}({listing.id})" for listing, name in named.items())
    advised = [one.theme for one in securities.findings if one.role is Role.RECOMMENDED]
    words = [
        themes.themes[slug].words[0] for slug in dict.fromkeys(advised) if slug in themes.themes
    ]
    return "、".join(words) or file_title(file_name) or "untitled"


def report_of(reading: Reading, report_id: str, findings: Sequence[Finding]) -> Report:
    """Return the card of a reading.

    Parameters
    ----------
    reading
        What was read.
    report_id
        Id of the card; its notes are numbered after it.
    findings
        The securities to be written: those of the reading and those settled by the user.
    """
    covered = {theme for _, themes in reading.notes for theme in themes}
    return Report(
        id=report_id,
        title=reading.title,
        publisher=reading.publisher,
        language=reading.language,
        published=reading.published,
        notes=tuple(
            _note(note, themes, f"{report_id}-{number}", reading.published)
            for number, (note, themes) in enumerate(reading.notes, start=1)
        ),
        securities=tuple(_security(one) for one in findings if one.theme in covered),
        claims=tuple(_claim(found.claim, findings) for found in reading.claims),
        indices=reading.facts.indices,
        climate=reading.facts.climate,
        estimates=reading.facts.estimates,
        rating_definitions=reading.definitions,
        text_hash=text_hash(reading.text),
    )


def _claim(claim: Claim, findings: Sequence[Finding]) -> Claim:
    """Give a claim about a name that was in doubt the listing that settled it."""
    if claim.listing is not None:
        return claim
    settled = (one for one in findings if clean_name(one.printed) == claim.subject)
    one = next(settled, None)
    return claim if one is None else replace(claim, subject=one.name, listing=one.listing)


def _note(note: FoundNote, themes: tuple[str, ...], note_id: str, published: Publication) -> Note:
    own = note.published
    if own is not None and published.known and own.day > _day(published):
        own = None  # a note is no younger than the digest that carries it
    return Note(
        id=note_id,
        broker=note.broker,
        analysts=note.analysts,
        published=own or published,
        themes=themes,
        title=note.title,
        rating=note.rating,
        rating_change=note.rating_change,
        rating_level=note.rating_level,
        industry=note.industry,
    )


def _day(published: Publication) -> date:
    last = published.range_end if published.precision is Precision.ESTIMATED else None
    if isinstance(last, datetime):
        return last.date()
    return last or published.day


def _security(one: Finding) -> SecurityMention:
    others = ", ".join(listing.id for listing in one.also)
    return SecurityMention(
        listing=one.listing,
        printed=one.printed,
        role=one.role,
        theme=one.theme,
        name=one.name,
        name_en=one.name_en,
        note=f"also {others}" if others else "",
        rating=one.rating,
    )
