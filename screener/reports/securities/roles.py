"""What part a named security plays: advised, a mover of the week, a risk, or only mentioned.

Names that stand together in an enumeration play one part. It is decided by the nearest cue that
reaches them: a word before them in the same sentence ("关注", "标的", "涨幅前五"), a list that such
a word opens, or a word right after them ("等有望受益"). A stock note advises its own subject by
its rating.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby

from screener.domain.listing import Listing
from screener.domain.report import Role
from screener.reports.documents.bounds import BOUNDS
from screener.reports.securities.mentions import Mention
from screener.reports.text.layout import Item, Layout
from screener.reports.text.spans import Spans
from screener.reports.text.text import Place, clean_name
from screener.reports.text.vocabulary import alternatives, read_table

__all__ = ["Run", "runs_with_roles"]

_LONGEST_REACH = 60
_BESIDE = 10
_HEAD = 240  # the head of a stock note: title, code, rating
_TITLE = 40
_ASIDE = re.compile(r"\([^()]{0,80}\)|\[[^\[\]]{0,60}\]|【[^【】]{0,40}】|\*\*")
_LIST_END = re.compile(
    r"$|[、,;。:!?()|/\]】”*●■▶-]|等|在内|为代表|为首|两|三家|四家|和|及|以及|\d"
)
_STUB = re.compile(
    r"(?:以及|和|及|同时|此外|另外|其次|其中|还有|并|包括|如|例如|有|为|是|主要|重点|分别为|分别是|"
    r"[^,;:。]{0,14}(?:的|如|包括|有|为|股|龙头|公司|企业|标的|厂商|领域|方面|板块|环节|方向|端|链))?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Names of one enumeration and the part they play.

    Parameters
    ----------
    mentions
        The names, in order.
    place
        From the first to the last of them.
    role
        Part that they play.
    cue
        Word that says so; `None` where none does.
    """

    mentions: tuple[Mention, ...]
    place: Place
    role: Role
    cue: Place | None = None


@dataclass(frozen=True, slots=True)
class _Cue:
    place: Place
    role: Role
    close: bool  # reaches only names that follow at once
    origin: Place | None = None  # of a list: the cue that opens it


class _Entries:
    """Stretches in which names are advised, in the order in which they are looked at."""

    def __init__(self, entries: Sequence[_Cue]) -> None:
        self._entries = entries
        self._spans = Spans([entry.place for entry in entries])

    def at(self, offset: int) -> Iterator[_Cue]:
        """Yield those that hold an offset."""
        return (self._entries[number] for number in self._spans.holding(offset))


@dataclass(frozen=True, slots=True)
class _Page:
    """A text with everything in it that can give names a part."""

    clean: str
    layout: Layout
    cues: list[_Cue]
    entries: _Entries
    catalogues: _Entries
    sections: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class _Words:
    lead: re.Pattern[str]
    roles: dict[str, Role]
    close: frozenset[str]
    negations: tuple[str, ...]
    busy: tuple[str, ...]
    not_after: tuple[str, ...]
    tails: tuple[tuple[Role, re.Pattern[str]], ...]
    rated: re.Pattern[str]
    row_rating: re.Pattern[str]
    header_rating: re.Pattern[str]
    advised: re.Pattern[str]
    own_rating: re.Pattern[str]
    poor_rating: re.Pattern[str]
    advice_heading: re.Pattern[str]
    advice_end: re.Pattern[str]
    catalogue: re.Pattern[str]
    no_theme: re.Pattern[str]
    one_by_one: frozenset[str]
    pick_table: re.Pattern[str]


def runs_with_roles(clean: str, layout: Layout, mentions: Sequence[Mention]) -> tuple[Run, ...]:
    """Return the enumerations of a text with the part that each plays."""
    groups = [tuple(group) for _, group in groupby(mentions, key=lambda one: one.run)]
    starts = [*(group[0].whole.start for group in groups[1:]), len(clean)][: len(groups)]
    cues = _cues(clean, layout)
    page = _Page(
        clean,
        layout,
        cues,
        _Entries(_entries(clean, layout, cues)),
        _Entries(_catalogues(clean, layout)),
        _sections(clean, layout),
    )
    subject = _subject(page, mentions)
    found: list[Run] = []
    for group, following in zip(groups, starts, strict=True):
        place = Place(group[0].whole.start, group[-1].whole.end)
        role, cue = _role(page, place, group, following, found)
        found.append(Run(mentions=group, place=place, role=role, cue=cue))
    advised = sum(run.role is Role.RECOMMENDED for run in found)
    if advised > 1:
        found = [_bare_list(clean, run) for run in found]
    return tuple(part for run in found for part in _with_subject(run, subject))


_BARE = re.compile(r"(?:^|[。;】)])(?:\d{1,2}[、.)])?([^,;:。】]{1,10}):$")


def _bare_list(clean: str, run: Run) -> Run:
    """Advise names that stand alone after the label of a theme, in a text that advises others."""
    if run.role is not Role.MENTIONED or run.cue is not None or len(run.mentions) < 2:
        return run
    label = _BARE.search(clean[max(0, run.place.start - 16) : run.place.start])
    ended = re.match(r"等?[;。]", clean[run.place.end : run.place.end + 2])
    if label is None or ended is None or _words().no_theme.search(label[1]):
        return run
    return replace(run, role=Role.RECOMMENDED)


def _with_subject(run: Run, subject: Listing | None) -> tuple[Run, ...]:
    """Advise a stock note's subject wherever it is named, and only it."""
    own = tuple(one for one in run.mentions if one.listings[0] == subject)
    if run.role is not Role.MENTIONED or not own:
        return (run,)
    others = tuple(one for one in run.mentions if one.listings[0] != subject)
    advised = replace(run, mentions=own, role=Role.RECOMMENDED)
    return (advised, replace(run, mentions=others)) if others else (advised,)


@cache
def _words() -> _Words:
    table = read_table("cues")
    advice, rating = table["recommended"], table["rating"]
    roles: dict[str, Role] = {}
    for role in (Role.MENTIONED, Role.MOVER, Role.RISK, Role.RECOMMENDED):
        roles.update(dict.fromkeys((clean_name(word) for word in table[role]["lead"]), role))
    good = alternatives(rating["positive"])
    verbs = alternatives(rating["verbs"])
    return _Words(
        lead=re.compile(alternatives(list(roles))),
        roles=roles,
        close=_set(advice["close_only"]),
        negations=tuple(_set(advice["negations"])),
        busy=tuple(_set(advice["busy_before"])),
        not_after=tuple(_set(advice["not_after"])),
        tails=tuple(
            (
                role,
                re.compile(
                    rf"等?[^,。;:、!?]{{0,{reach}}}?(?:{alternatives(table[role]['tail'])})"
                ),
            )
            for role, reach in ((Role.RECOMMENDED, 16), (Role.RISK, 12), (Role.MOVER, 4))
        ),
        rated=re.compile(
            rf"(?:{verbs})[^,。;]{{0,24}}?[“\"'(]?(?:{good})[”\"')]?(?:的)?(?:投资)?评级"
        ),
        row_rating=re.compile(rf"[-\d.,%()|/xXAE]{{4,80}}(?:{good})|\|(?:{good})(?=\|)"),
        header_rating=re.compile(
            rf"(?:{good})[|(/]?(?:维持|首次|上调|调高|首次覆盖|重申|调升)"
            rf"|(?:维持|首次|上调|重申|首次覆盖|上调至|调升至|调高至|上调为)[|:(“/]{{0,2}}(?:{good})"
            rf"|(?:投资评级|评级|Rating)[|:]?(?:{good})"
        ),
        advised=re.compile(
            rf"(?:^|,)(?P<all>二者|两者|三者|均|都|上述公司|以上公司|上述标的|以上标的)?"
            rf"(?:{alternatives(advice['leading_words'])}){{0,4}}"
            rf"(?:{alternatives(advice['closing'])})(?:评级|标的)?(?=$|[,(])"
        ),
        own_rating=re.compile(
            rf"(?:{verbs}|评级|评为|列为)[^,。;]{{0,12}}?[“\"'(:]?(?:{good})(?![\u4e00-\u9fff]{{0,2}}标准)"
            rf"|(?<![A-Za-z])(?:BUY|OUTPERFORM|OVERWEIGHT|ADD|ACCUMULATE|Buy|Outperform|Overweight)(?!ing|er|out)"
        ),
        poor_rating=re.compile(
            rf"(?:{verbs}|评级|评为)[^,。;]{{0,12}}?[“\"'(:]?(?:{alternatives(rating['negative'])})"
            rf"|(?<![A-Za-z])(?:HOLD|SELL|NEUTRAL|Hold|Sell|Neutral)(?![a-z])|无评级|不予评级|未评级|无覆盖"
        ),
        advice_heading=re.compile(alternatives(advice["sections"])),
        advice_end=re.compile(alternatives(advice["section_ends"])),
        catalogue=re.compile(alternatives(advice["catalogues"])),
        no_theme=re.compile(alternatives(advice["no_themes"])),
        one_by_one=_set(advice["told_one_by_one"]),
        pick_table=re.compile(alternatives(advice["pick_tables"])),
    )


def _set(words: Sequence[str]) -> frozenset[str]:
    return frozenset(clean_name(word) for word in words)


def _cues(clean: str, layout: Layout) -> list[_Cue]:
    words = _words()
    found = []
    for match in words.lead.finditer(clean):
        word, role = match[0], words.roles[match[0]]
        if layout.in_boilerplate(match.start()):
            continue
        if role is Role.RECOMMENDED:
            before = clean[max(0, match.start() - 4) : match.start()]
            if before.endswith(words.negations):
                role = Role.MENTIONED
            elif _says_nothing(clean, word, before, match.end()):
                continue
        found.append(_Cue(Place(*match.span()), role, word in words.close))
    return found


def _says_nothing(clean: str, word: str, before: str, end: int) -> bool:
    """Tell whether a cue is none here: somebody else's doing, a table's cell, a longer word."""
    words = _words()
    busy = word in words.close and (before.endswith(words.busy) or _in_row(before, word))
    return busy or clean.startswith(words.not_after, end)


def _in_row(before: str, word: str) -> bool:
    """Tell whether a word is the rating at the end of a table's row."""
    return word in ("买入", "增持", "推荐") and before[-1:] in tuple("0123456789|%)")


def _role(
    page: _Page, place: Place, group: tuple[Mention, ...], following: int, before: list[Run]
) -> tuple[Role, Place | None]:
    clean, sentence = page.clean, page.layout.sentence(place.start)
    lead = _leading(clean, sentence, place, group, page.cues, before)
    if lead is not None and lead.role is not Role.MENTIONED:
        return lead.role, lead.place
    for entry in page.entries.at(place.start):
        if _heads(clean, entry, place):
            return Role.RECOMMENDED, entry.origin
    if lead is not None:
        return lead.role, lead.place
    for entry in page.catalogues.at(place.start):
        if clean[place.start - 1] == ":":
            return Role.RECOMMENDED, entry.origin
    role, cue = _trailing(clean, sentence, place, group, following)
    if role is Role.MENTIONED and group[0].coded and _in_pick_table(page, place, before):
        return Role.RECOMMENDED, None
    if role is Role.MENTIONED and (
        _listed_as_advice(page, place, group) or _goes_on(clean, sentence, place, before)
    ):
        return Role.RECOMMENDED, None
    return role, cue


def _sections(clean: str, layout: Layout) -> tuple[Place, ...]:
    """Return the sections of advice: from such a heading to the risks or the next boilerplate."""
    words = _words()
    found: list[Place] = []
    for match in words.advice_heading.finditer(clean):
        if found and match.start() < found[-1].end:
            continue
        end = words.advice_end.search(clean, match.end())
        stop = layout.next_boilerplate(match.end())
        found.append(Place(match.end(), min(end.start() if end else len(clean), stop)))
    return tuple(found)


_LABEL = re.compile(r"[^,;:。]{1,12}:|[^,;:。]{1,8}(?:方面|环节|方向|领域|端|侧|板块)[,:]?")


def _goes_on(clean: str, sentence: Place, place: Place, before: list[Run]) -> bool:
    """Tell whether a sentence is one more labelled list after an advised one: `B:丙、丁。`."""
    if not before or before[-1].role is not Role.RECOMMENDED:
        return False
    near = 0 <= sentence.start - before[-1].place.end <= 6
    return (
        near
        and _LABEL.fullmatch(clean, sentence.start, place.start) is not None
        and _LIST_OVER.match(clean, place.end) is not None
    )


_LIST_OVER = re.compile(r"等?(?:[。;]|$)")
_ROW = 60  # the longest row of a table of picks, and its head


def _in_pick_table(page: _Page, place: Place, before: list[Run]) -> bool:
    """Tell whether a coded name is a row of a table of picks: right under its head, or a row on."""
    near = page.clean[max(0, place.start - _ROW) : place.start]
    if _words().pick_table.search(near) and not re.search(r"[。;!?]", near[-20:]):
        return True
    last = before[-1] if before else None
    return (
        last is not None
        and last.role is Role.RECOMMENDED
        and last.cue is None
        and last.mentions[-1].coded
        and place.start - last.place.end <= _ROW
        and "。" not in page.clean[last.place.end : place.start]
        and _words().advice_end.search(page.clean, last.place.end, place.start) is None
    )


def _listed_as_advice(page: _Page, place: Place, group: tuple[Mention, ...]) -> bool:
    """Tell whether names stand as a list of their own in a section of advice."""
    number = bisect_right(page.sections, place.start, key=lambda section: section.start)
    if not number or place.start >= page.sections[number - 1].end:
        return False
    before = page.clean[max(0, place.start - 2) : place.start]
    labelled = before.endswith((":", "。", "包括", "如", ";", "】", "有"))
    ended = re.match(r"等?(?:[^\w]|$)|等(?:公司|个股|标的)", page.clean[place.end : place.end + 4])
    return ended is not None and labelled and (len(group) > 1 or before.endswith(":"))


def _leading(
    clean: str,
    sentence: Place,
    place: Place,
    group: tuple[Mention, ...],
    cues: list[_Cue],
    before: list[Run],
) -> _Cue | None:
    """Return the nearest cue before the names that reaches them."""
    number = bisect_left(cues, place.start, key=lambda cue: cue.place.start) - 1
    last = max(-1, number - BOUNDS.cues)
    begin = max(sentence.start, place.start - BOUNDS.reach)
    while number > last and cues[number].place.start >= begin:
        cue = cues[number]
        if cue.place.end <= place.start and _reaches(clean, cue, place, group, before):
            return cue
        number -= 1
    return None


def _reaches(
    clean: str, cue: _Cue, place: Place, group: tuple[Mention, ...], before: list[Run]
) -> bool:
    gap = _without_names(clean, cue.place.end, place.start, before)
    ends = _LIST_END.match(clean, place.end) is not None or group[-1].coded
    chained = any(run.cue == cue.place and run.role is cue.role for run in before[-3:])
    if cue.role is Role.MENTIONED and len(gap) > _BESIDE:
        return False  # 份额, 客户 and the like speak of what stands right beside them
    opening, colon, listed = gap.partition(":")
    if colon and len(opening) <= 16 and not re.search(r"[,;。]", opening):
        stub = re.split(r"[,;:)]", listed)[-1]
        fits = _STUB.fullmatch(_unnumbered(stub)) is not None or len(stub) <= 6
        entry = chained and group[-1].coded and not re.search(r"[,;。]", listed)
        return ends and (fits or len(group) > 1 or entry)
    if len(gap) > _LONGEST_REACH:
        return False
    if ";" in gap:
        stub = gap.rpartition(";")[2]
        return chained and ends and len(stub) <= 6 and gap.count(";") == 1
    if not gap:
        return True
    head, comma, stub = gap.rpartition(",")
    if comma:
        fits = _STUB.fullmatch(stub) is not None
        return ends and fits and (chained or (len(group) > 1 and len(head) < 30 and not cue.close))
    return ends and (not cue.close or len(gap) <= 30)


def _without_names(clean: str, start: int, end: int, before: list[Run]) -> str:
    """Return a gap without asides and without the enumerations that stand in it."""
    parts, at = [], start
    for run in before[-12:]:
        if run.place.start >= at and run.place.end <= end:
            parts.append(clean[at : run.place.start])
            at = run.place.end
    parts.append(clean[at:end])
    return _ASIDE.sub("", "".join(parts)).replace("等", "")


def _unnumbered(text: str) -> str:
    return re.sub(r"^[\d一二三四五六七八九十①-⑩.、()]+", "", text)


def _entries(clean: str, layout: Layout, cues: list[_Cue]) -> list[_Cue]:
    """Return the items of every list that an advice opens: each begins with what is advised."""
    found = []
    lists = _Lists(layout)
    sections: set[int] = set()
    for cue in cues:
        if cue.role is not Role.RECOMMENDED:
            continue
        sentence = layout.sentence(cue.place.start)
        colon = clean.find(":", cue.place.end, min(sentence.end, cue.place.end + 40))
        last = (colon if colon >= 0 else cue.place.end) + 8
        for first in lists.between(cue.place.end, last):
            if _opens(clean[cue.place.end : first.mark.start]):
                found += [
                    _Cue(Place(item.mark.end, item.end), Role.RECOMMENDED, False, cue.place)
                    for item in lists.taken(first)
                ]
        word = clean[cue.place.start : cue.place.end]
        soon = colon < 0 and clean[cue.place.end : cue.place.end + 8].find(":") > 0
        if soon or word in _words().one_by_one:
            section = Place(cue.place.end, _section_end(layout, cue))
            if section.end not in sections:  # one that begins earlier holds this one
                sections.add(section.end)
                found.append(_Cue(section, cue.role, True, cue.place))
    return found


class _Lists:
    """The lists of a text, of which each item is taken once, by the first cue that opens it."""

    def __init__(self, layout: Layout) -> None:
        self._items = layout.items
        self._starts = [item.mark.start for item in layout.items]
        self._groups: dict[int, list[Item]] = defaultdict(list)
        for item in layout.items:
            self._groups[item.group].append(item)
        self._begun = {group: len(items) for group, items in self._groups.items()}
        self._bullets: set[int] = set()

    def between(self, start: int, last: int) -> Sequence[Item]:
        """Return the items whose marks begin from one offset to another."""
        return self._items[bisect_left(self._starts, start) : bisect_right(self._starts, last)]

    def taken(self, first: Item) -> Sequence[Item]:
        """Return an item and those after it in its list, without those taken; a bullet alone."""
        items = self._groups[first.group]
        if not first.number:
            fresh = first.mark.start not in self._bullets
            self._bullets.add(first.mark.start)
            return (first,) if fresh else ()
        number = bisect_left(items, first.mark.start, key=lambda item: item.mark.start)
        begun = self._begun[first.group]
        self._begun[first.group] = min(begun, number)
        return items[number:begun]


def _catalogues(clean: str, layout: Layout) -> list[_Cue]:
    """Return what a catalogue of names by theme covers: each list stands after its label."""
    found: dict[int, _Cue] = {}
    for match in _words().catalogue.finditer(clean):
        origin = Place(*match.span())
        if not layout.in_boilerplate(origin.start):
            end = _section_end(layout, _Cue(origin, Role.RECOMMENDED, True))
            entry = _Cue(Place(origin.end, end), Role.RECOMMENDED, False, origin)
            found.setdefault(end, entry)  # one that begins earlier holds this one
    return list(found.values())


_LINES = re.compile(r"[^。;!?]{0,14}(?:主线|方向|线索|逻辑|角度|标的|以下|如下)[。:]?")


def _opens(between: str) -> bool:
    """Tell whether a list opens after a cue: at once, or after a word such as 三条主线."""
    return not re.search(r"[。;!?]", between) or _LINES.fullmatch(between) is not None


def _section_end(layout: Layout, cue: _Cue) -> int:
    around = layout.around(cue.place.start)
    end = around[0].end if around else layout.length
    return min(end, layout.next_boilerplate(cue.place.end))


def _heads(clean: str, entry: _Cue, place: Place) -> bool:
    """Tell whether names stand at the head of a list's item, or before a colon in a section."""
    if entry.close:
        return clean.startswith(":", place.end) or clean[place.start - 1] in "。:"
    head = _ASIDE.sub("", clean[entry.place.start : place.start]).lstrip("*#:")
    if not head:
        return True
    label, colon, rest = head.partition(":")
    short = len(label) <= 24 and not re.search(r"[。;!?]", label)
    if colon:
        return short and _LIST_END.match(clean, place.end) is not None and len(rest) <= 14
    return short and len(head) <= 8 and _LIST_END.match(clean, place.end) is not None


_ATTACHED_MOVE = re.compile(
    r"[)\]】]?\(?[:,]?(?:周|月|日)?(?:涨|跌|升)?(?:幅)?(?:为)?[+-]?\d{1,3}\.\d{1,2}%"
)


def _trailing(
    clean: str, sentence: Place, place: Place, group: tuple[Mention, ...], following: int
) -> tuple[Role, Place | None]:
    """Decide by what follows the names: benefit, risk, a move, advice, a rating."""
    words = _words()
    for role, pattern in words.tails:
        match = pattern.match(clean, place.end, sentence.end)
        if match and (role is not Role.RECOMMENDED or len(group) > 1 or _together(match[0])):
            return role, Place(*match.span())
    moves = [_ATTACHED_MOVE.match(clean, one.whole.end) for one in group]
    if all(moves):
        return Role.MOVER, None
    advice = _advised_after(clean, sentence, place, following) or _rated_after(
        clean, sentence, place, group, following
    )
    return (Role.RECOMMENDED, advice) if advice else (Role.MENTIONED, None)


def _together(tail: str) -> bool:
    """Tell whether what follows one name puts it with others."""
    return tail.startswith("等") or any(
        word in tail for word in ("亦", "同样", "也", "首选", "核心标的")
    )


def _advised_after(clean: str, sentence: Place, place: Place, following: int) -> Place | None:
    """Return the advice that ends the clause after the names, if no other name stands between."""
    stop = re.compile(r"[;。!?]").search(clean, place.end, min(sentence.end, place.end + 140))
    end = stop.start() if stop else min(sentence.end, place.end + 140)
    for match in _words().advised.finditer(clean[place.end : end]):
        start = place.end + match.start()
        if following >= start or match["all"]:
            return Place(start, place.end + match.end())
    return None


def _rated_after(
    clean: str, sentence: Place, place: Place, group: tuple[Mention, ...], following: int
) -> Place | None:
    """Return the positive rating that follows names before any other name, and no poor one."""
    words = _words()
    row = words.row_rating.match(clean, place.end, following)
    if row and (
        group[-1].coded
        or row[0].startswith("|")
        or sum(character.isdigit() for character in row[0]) >= 8
    ):
        return Place(*row.span())
    near = min(following, place.end + 160)
    headed = group[-1].coded or clean.startswith((":", ")"), place.end)
    good = words.own_rating.search(clean, place.end, near)
    poor = words.poor_rating.search(clean, place.end, near)
    if good and headed and (poor is None or good.start() < poor.start()):
        return Place(*good.span())
    rated = words.rated.search(
        clean, max(sentence.start, place.start - 12), min(sentence.end, near, place.end + 60)
    )
    if rated and (len(group) == 1 or rated.start() < place.start):
        return Place(*rated.span())
    return None


def _subject(page: _Page, mentions: Sequence[Mention]) -> Listing | None:
    """Return the company of a stock note that its own rating advises to buy."""
    head = [one for one in mentions if one.place.start < _HEAD]
    leading = next((one for one in head if one.coded), head[0] if head else None)
    if leading is None:
        return None
    subject = leading.listings[0]
    count = Counter(one.listings[0] for one in mentions)[subject]
    named = page.clean.startswith((":", "(", "-", "|", "】"), leading.place.end)
    titled = leading.place.start < _TITLE and (leading.coded or named)
    if not titled and count < max(2, 0.4 * len(mentions)):
        return None
    alone = titled and len({one.listings for one in mentions if one.coded}) <= 2
    starts = [one.place.start for one in mentions]
    words = _words()
    for pattern in (words.header_rating, words.rated):
        for match in pattern.finditer(page.clean):
            if page.layout.in_boilerplate(match.start()):
                continue
            spoken = bisect_left(starts, match.start())
            own = alone or not spoken or mentions[spoken - 1].listings[0] == subject
            if own or "公司" in page.clean[match.start() : match.end()]:
                return subject
    return None
