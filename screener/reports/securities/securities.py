"""From mentions to securities: one line for each listing, with its part, its theme and evidence."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain, islice

from screener.domain.listing import Listing
from screener.domain.report import Role
from screener.reports.authors.brokers import brokers_in
from screener.reports.documents.bounds import BOUNDS
from screener.reports.roles.rating_marks import Rated
from screener.reports.roles.roles import Run, runs_with_roles
from screener.reports.roles.subject import subject_of
from screener.reports.securities.listing_lines import choose_line, speaks_of_hong_kong
from screener.reports.securities.mentions import Mention, PossibleMention, mentions_in
from screener.reports.securities.name_index import NameIndex, capitals
from screener.reports.securities.themes import ThemeIndex, label_words, make_slug, says_nothing
from screener.reports.text.found import Doubt, DoubtKind, Finding, Spotted
from screener.reports.text.layout import Item, Layout, lay_out
from screener.reports.text.text import Place, Text

__all__ = ["FALLBACK_THEME", "Securities", "securities_in"]

FALLBACK_THEME = "unsorted"
"""Theme of what the text puts under none."""

_EXACT, _INLINE, _PHRASE, _HEADING, _WEAK = 1.0, 0.9, 0.7, 0.6, 0.2
_RANK = {
    role: rank
    for rank, role in enumerate(
        (Role.MENTIONED, Role.EXAMPLE, Role.COMPARED, Role.MOVER, Role.RISK, Role.RECOMMENDED)
    )
}
_BESIDE = 4  # enumerations on either side among which the nearest one is
_LEAD = 80  # characters before an enumeration that tell which line of a company is meant
_NEAR = 600  # characters before an enumeration, or after its cue, in which its theme is named
_LABEL_END = re.compile(r"[:(。;,!?】]|\*\*")
_NEXT_LABEL = re.compile(r"([^,;:。()】!?❗●]{1,12}):$")
_CLAUSE_LABEL = re.compile(
    r"(?:\(?\d{1,2}[、.)]|\(?[一二三四五六七八九十]{1,2}[、)]|[①-⑩])?"
    r"(?:([^,;:。()【】]{1,10}):|([^,;:。()【】]{1,8}?)(?:方面|环节|方向|领域|板块),)"
)
_ASIDE = re.compile(r"\([^()]{0,80}\)|\*\*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Securities:
    """What a text says of securities.

    Parameters
    ----------
    findings
        One for each listing and theme, in the order of the text.
    doubts
        What the reader does not settle by itself.
    spotted
        Every place at which a listing is named, in order.
    theme_places
        Where each theme's names are advised, for telling which note they belong to.
    others_ratings
        Where ratings stand that are given to named companies, and not to a note's own subject.
    """

    findings: tuple[Finding, ...]
    doubts: tuple[Doubt, ...]
    spotted: tuple[Spotted, ...]
    theme_places: tuple[tuple[str, int], ...]
    others_ratings: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class _Seen:
    """One mention with its listing, part and theme."""

    mention: Mention
    listing: Listing
    also: tuple[Listing, ...]
    role: Role
    theme: str
    weight: float
    ratings: tuple[Rated, ...] = ()


def securities_in(
    text: Text,
    names: NameIndex,
    themes: ThemeIndex,
    *,
    day: date,
    brokers: frozenset[Listing] = frozenset(),
    title: str = "",
    industry: str = "",
) -> Securities:
    """Find the securities that a text names.

    Parameters
    ----------
    text
        The text.
    names, themes
        Names of the listings, and known themes.
    day
        Day of the report: names count as of it.
    brokers
        Listings that are securities firms.
    title
        Title of the report, for lists that say no theme of their own.
    industry
        Industry that the report prints for its own, for a title that names no theme.
    """
    layout = lay_out(text.clean)
    mentions, questions = mentions_in(text, layout, names, day=day, brokers=brokers)
    runs, asked = _runs(text, layout, mentions, questions)
    seen = _seen(text, layout, runs, names, themes, day=day, titles=(title, industry))
    in_force = {one: names.companies[one].name_on(day) for one in {one.listing for one in seen}}
    return Securities(
        findings=_findings(text, seen, names, day),
        doubts=_doubts(text, layout, questions, runs, asked, seen, themes, names),
        spotted=tuple(
            Spotted(
                listing=one.listing,
                name=in_force[one.listing],
                place=one.mention.place,
            )
            for one in seen
        ),
        theme_places=tuple(
            (one.theme, one.mention.place.start) for one in seen if one.role is Role.RECOMMENDED
        ),
        others_ratings=_others_ratings(text.clean, mentions, runs, names),
    )


def _others_ratings(
    clean: str, mentions: Sequence[Mention], runs: Sequence[Run], names: NameIndex
) -> tuple[Place, ...]:
    """Return where the ratings of companies stand that a note is not on, on none of its lines."""
    subject = subject_of(clean, mentions)
    own = () if subject is None else (subject.listing, *names.twins.get(subject.listing, ()))
    return tuple(
        rated.place
        for run in runs
        if run.mentions[0].listings[0] not in own
        for rated in run.ratings
    )


def _runs(
    text: Text, layout: Layout, mentions: Sequence[Mention], questions: Sequence[PossibleMention]
) -> tuple[tuple[Run, ...], dict[Place, Run]]:
    """Return the enumerations, and the part that each doubtful mention would play by itself."""
    named = bytearray(len(text.clean))
    for one in mentions:
        named[one.whole.start : one.whole.end] = b"\1" * (one.whole.end - one.whole.start)
    alone = [
        Mention(
            listings=question.proposals,
            place=question.place,
            whole=question.place,
            confidence=0.0,
            run=-2 - number,
        )
        for number, question in enumerate(questions)
        if question.proposals and not any(named[question.place.start : question.place.end])
    ]
    runs = runs_with_roles(text, layout, mentions)
    if not alone:
        return runs, {}
    asked = {
        run.place: run
        for run in runs_with_roles(
            text, layout, sorted([*mentions, *alone], key=lambda one: one.place)
        )
        if run.mentions[0].run < -1
    }
    return runs, asked


def _seen(
    text: Text,
    layout: Layout,
    runs: Sequence[Run],
    names: NameIndex,
    themes: ThemeIndex,
    *,
    day: date,
    titles: Sequence[str],
) -> list[_Seen]:
    mentions = [one for run in runs for one in run.mentions]
    hong_kong = speaks_of_hong_kong(text, mentions, names)
    coded = frozenset(one.listings[0] for one in mentions if one.coded)
    overall: str | None = None
    headings: _Headings = {}
    found = []
    for run in runs:
        begin = max(layout.sentence(run.place.start).start, run.place.start - _LEAD)
        lead = text.clean[begin : run.place.start]
        lead = lead[max(lead.rfind(";"), 0) :]
        lines = [
            choose_line(
                text.clean, one, names, day=day, hong_kong=hong_kong, lead=lead, coded=coded
            )
            for one in run.mentions
        ]
        theme, weight = "", 0.0
        if run.role is Role.RECOMMENDED:  # what is only named belongs to what is advised
            theme, weight = _theme(text.clean, layout, run, themes, names, headings)
        if not theme:
            if overall is None:
                overall = _overall_theme(text.clean, layout, runs, titles, themes)
            theme, weight = _of_company(lines[0][0], names, themes, overall)
        found += [
            _Seen(one, listing, also, run.role, theme, weight, run.ratings[:1])
            for one, (listing, also) in zip(run.mentions, lines, strict=True)
        ]
    return found


def _overall_theme(
    clean: str, layout: Layout, runs: Sequence[Run], titles: Sequence[str], themes: ThemeIndex
) -> str:
    """Return the theme of the whole text: its title's, its industry's, else what it speaks of most.

    What stands in the name of a company or a broker, or in a footer, speaks of nothing.
    """
    for title in titles:
        if named := themes.within(title, wider=clean) if title else "":
            return named
    body = list(clean[:_BODY].upper())
    places = [one.whole for run in runs for one in run.mentions]
    for place in (*places, *(one.place for one in brokers_in(clean[:_BODY]))):
        body[place.start : place.end] = "·" * len(body[place.start : place.end])
    hits: dict[str, list[float]] = defaultdict(list)
    for word, start, _ in themes.words.find("".join(body)):
        if not layout.in_boilerplate(start):
            hits[themes.by_word[word]].append(len(word) ** 1.5)
    often = {slug: sum(found) for slug, found in hits.items() if len(found) > 1}
    weights = often or {slug: sum(found) for slug, found in hits.items() if len(clean) < _SHORT}
    return max(weights, key=weights.__getitem__) if weights else ""


def _of_company(
    listing: Listing, names: NameIndex, themes: ThemeIndex, overall: str
) -> tuple[str, float]:
    if overall:
        return overall, _WEAK
    industry = names.companies[listing].industry
    slug = themes.exactly(industry) or themes.within(industry) or make_slug(industry)
    return slug or FALLBACK_THEME, _WEAK


_BODY, _SHORT = 6000, 150
_Headings = dict[int, tuple[str, float]]


def _theme(
    clean: str,
    layout: Layout,
    run: Run,
    themes: ThemeIndex,
    names: NameIndex,
    headings: _Headings,
) -> tuple[str, float]:
    """Return the theme of an enumeration and how plainly the text says so."""
    begin = run.cue.start if run.cue and run.cue.start < run.place.start else run.place.start
    around = [item for item in layout.around(run.place.start) if item.style != "hash"]
    inner = [item for item in around if item.mark.start >= begin]
    outer = [item for item in around if item.mark.start < begin]
    beside = _NEXT_LABEL.search(clean[max(0, run.place.start - 16) : run.place.start])
    labels = [_item_label(clean, item, run.place.start) for item in inner]
    for label in [beside[1] if beside else "", *labels]:
        slug = _of_label(label, themes, names)
        if slug:
            return slug, _EXACT
    slug = _of_clause(clean, run, themes, outer[0].mark.end if outer else 0)
    if slug:
        return slug, _EXACT
    for item in outer:
        if item.mark.start not in headings:
            headings[item.mark.start] = _of_heading(clean, item, themes)
    headed = [headings[item.mark.start] for item in outer]
    inline = _inline_labels(clean, layout, run)
    plainest_first = chain(
        (one for one in headed if one[1] == _EXACT),
        ((themes.exactly(label), _INLINE) for label in inline),
        ((themes.within(label), _PHRASE) for label in inline),
        headed,
    )
    return next(((slug, weight) for slug, weight in plainest_first if slug), ("", 0.0))


def _of_label(label: str, themes: ThemeIndex, names: NameIndex) -> str:
    """Return the theme of a list's label, a new one if need be; empty if it names none."""
    known = themes.exactly(label)
    if known or says_nothing(label) or capitals(label) in names.ways:
        return known
    return themes.within(label) or make_slug(label)


def _of_clause(clean: str, run: Run, themes: ThemeIndex, begin: int) -> str:
    """Return the known theme of the label with which the clause of a list begins: `水电:…推荐A`."""
    first = min(run.place.start, run.cue.start if run.cue else run.place.start)
    start = max(clean.rfind(mark, max(0, first - 120), first) for mark in "。;!?】*") + 1
    if start < begin:  # the item that the list stands in begins later, and has a heading of its own
        return ""
    match = _CLAUSE_LABEL.match(clean, start, first)
    return themes.exactly(match[1] or match[2]) if match else ""


def _item_label(clean: str, item: Item, stop: int) -> str:
    """Return what an item's mark is followed by, up to a colon, a bracket or its names."""
    text = clean[item.mark.end : min(stop, item.mark.end + 40)].lstrip("*#:")
    end = _LABEL_END.search(text)
    label = text[: end.start()] if end else text
    return label if len(label_words(label)) > 1 or label in ("铜", "铝", "锂", "云") else ""


def _of_heading(clean: str, item: Item, themes: ThemeIndex) -> tuple[str, float]:
    under = clean[item.mark.start : item.end]
    label = _item_label(clean, item, item.end)
    slug = themes.exactly(label, wider=under)
    if slug:
        return slug, _EXACT
    heading = clean[item.mark.end : min(item.end, item.mark.end + 60)]
    heading = re.split(r"[。;]", heading)[0]
    slug = themes.within(heading, wider=under)
    return slug, _HEADING


def _inline_labels(clean: str, layout: Layout, run: Run) -> list[str]:
    """Return the words beside the cue that may name the theme: after it, then before it."""
    sentence = layout.sentence(run.place.start)
    cue = run.cue
    if cue is None:
        return []
    if cue.start >= run.place.end:  # the cue follows the names: what leads to them names the theme
        return [_last_clause(_led(clean, sentence.start, run.place.start))]
    before = _led(clean, layout.sentence(cue.start).start, cue.start)
    own = re.split(r"[;。]", _led(clean, cue.end, run.place.start))[-1]
    opening = _ASIDE.sub("", clean[cue.end : min(run.place.start, cue.end + _NEAR)]).split(":")[0]
    labels = [own if len(own) <= 24 else "", opening[:30], _last_clause(before)]
    return [label for label in labels if len(label) > 1]


def _led(clean: str, start: int, end: int) -> str:
    """Return the last of a stretch, without asides."""
    return _ASIDE.sub("", clean[max(start, end - _NEAR) : end])


def _last_clause(text: str) -> str:
    parts = [part for part in re.split(r"[,;。]", text) if part.strip(":")]
    return parts[-1][-30:] if parts else ""


def _findings(
    text: Text, seen: Sequence[_Seen], names: NameIndex, day: date
) -> tuple[Finding, ...]:
    """Return one finding for each listing and theme: its weightiest part, its plainest themes."""
    by_listing: dict[Listing, list[_Seen]] = defaultdict(list)
    for one in seen:
        by_listing[one.listing].append(one)
    found: list[tuple[int, Finding]] = []
    for listing, group in by_listing.items():
        role = max((one.role for one in group), key=_RANK.__getitem__)
        ruling: dict[str, list[_Seen]] = defaultdict(list)
        for one in group:
            if one.role is role:
                ruling[one.theme].append(one)
        for theme in _themes_of([one for one in group if one.role is role]):
            placed = ruling[theme]
            best = max(placed, key=lambda one: one.mention.confidence)
            rest = (one for one in group if one.role is not role or one.theme != theme)
            others = (one for one in placed if one is not best)
            company = names.companies[listing]
            finding = Finding(
                listing=listing,
                also=best.also,
                name=company.name_on(day),
                name_en=company.name_en,
                printed=text.printed(best.mention.place),
                role=role,
                theme=theme,
                confidence=max(one.mention.confidence for one in placed),
                rating=_rating_of(text, group),
                places=tuple(
                    one.mention.whole for one in islice(chain((best,), others, rest), BOUNDS.places)
                ),
            )
            found.append((placed[0].mention.place.start, finding))
    return tuple(finding for _, finding in sorted(found, key=lambda item: item[0]))


def _rating_of(text: Text, group: Sequence[_Seen]) -> str:
    """Return the one rating that the text gives a listing, as printed."""
    given = {rated.rating: rated.place for one in group for rated in one.ratings}
    return text.printed(*given.values()) if len(given) == 1 else ""


def _themes_of(group: Sequence[_Seen]) -> tuple[str, ...]:
    """Return the themes that are said plainly, else the one that is said best."""
    plain = [one.theme for one in group if one.weight >= _INLINE]
    if plain and group[0].role is Role.RECOMMENDED:
        exact = [one.theme for one in group if one.weight >= _EXACT]
        return tuple(dict.fromkeys(exact or plain))
    weights: dict[str, float] = defaultdict(float)
    for one in group:
        weights[one.theme] += one.weight
    return (max(weights, key=weights.__getitem__),)


def _doubts(
    text: Text,
    layout: Layout,
    questions: Sequence[PossibleMention],
    runs: Sequence[Run],
    asked: Mapping[Place, Run],
    seen: Sequence[_Seen],
    themes: ThemeIndex,
    names: NameIndex,
) -> tuple[Doubt, ...]:
    """Give each question the part and theme of the enumeration beside it, else its own."""
    themed = {id(one.mention): one for one in seen}
    starts = [run.place.start for run in runs]
    headings: _Headings = {}
    found = []
    for question in questions:
        if layout.in_boilerplate(question.place.start):
            continue
        near = _nearest(runs, starts, question.place)
        beside = themed[id(near.mentions[0])].theme if near else ""
        own = asked.get(question.place)
        if own is not None and (near is None or near.role is not Role.RECOMMENDED):
            theme, _ = _theme(text.clean, layout, own, themes, names, headings)
            near, beside = own, beside or theme
        found.append(
            Doubt(
                kind=question.kind,
                printed=text.printed(question.place),
                proposals=question.proposals,
                reason=question.reason,
                role=near.role if near else Role.MENTIONED,
                theme=beside or FALLBACK_THEME,
                place=question.place,
            )
        )
    return _once(found, seen)


def _nearest(runs: Sequence[Run], starts: Sequence[int], place: Place) -> Run | None:
    def distance(run: Run) -> int:
        return max(run.place.start - place.end, place.start - run.place.end, 0)

    after = bisect_left(starts, place.start)
    near = min(runs[max(0, after - _BESIDE) : after + _BESIDE], key=distance, default=None)
    return near if near is not None and distance(near) <= 40 else None


def _once(doubts: Sequence[Doubt], seen: Sequence[_Seen]) -> tuple[Doubt, ...]:
    """Ask each question once, and none whose answer the text gives elsewhere."""
    known = {one.listing for one in seen}
    kept: dict[tuple[DoubtKind, str], Doubt] = {}
    for doubt in doubts:
        if doubt.kind is DoubtKind.NEAR_MISS and known.intersection(doubt.proposals):
            continue
        first = kept.setdefault((doubt.kind, doubt.printed), doubt)
        if doubt.role is Role.RECOMMENDED and first.role is not Role.RECOMMENDED:
            kept[doubt.kind, doubt.printed] = replace(first, role=doubt.role, theme=doubt.theme)
    return tuple(kept.values())
