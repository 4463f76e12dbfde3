"""What part a named security plays: advised, a mover of the week, a risk, or only mentioned.

Names that stand together in an enumeration play one part. It is decided by the nearest cue that
reaches them: a word before them in the same sentence ("关注", "标的", "涨幅前五"), a list that such
a word opens, or a word right after them ("等有望受益"). A stock note advises its own subject by
its rating.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from screener.domain.listing import Listing
from screener.domain.report import Role
from screener.reports.ratings.ratings import Stance
from screener.reports.roles.asides import aside_of
from screener.reports.roles.levelled import levelled
from screener.reports.roles.rated import Ratings, ratings_in
from screener.reports.roles.rating_marks import Rated
from screener.reports.roles.role_lists import (
    Cue,
    Entries,
    advice_sections,
    catalogues,
    entries,
    heads,
)
from screener.reports.roles.role_reach import leading_cue
from screener.reports.roles.role_words import LIST_END, role_words
from screener.reports.roles.runs import Run
from screener.reports.roles.subject import subject_of
from screener.reports.securities.mentions import Mention
from screener.reports.securities.name_index import capitals
from screener.reports.text.layout import Layout, lay_out
from screener.reports.text.text import Place, Text
from screener.reports.text.vocabulary import WordList

__all__ = ["Run", "runs_with_roles"]

_LONGEST_LINK = 60
_DECLINE = 80  # characters after names in which advice is taken back
_SECTION = 250  # characters from one pick that is told of to the next
_ROLES = {Stance.GOOD: Role.RECOMMENDED, Stance.NEUTRAL: Role.MENTIONED, Stance.POOR: Role.RISK}


@dataclass(frozen=True, slots=True)
class _Page:
    """A text with everything in it that can give names a part."""

    clean: str
    layout: Layout
    cues: list[Cue]
    entries: Entries
    catalogues: Entries
    sections: tuple[Place, ...]
    english: tuple[int, ...]  # where English words for a list of picks begin


def runs_with_roles(text: Text, layout: Layout, mentions: Sequence[Mention]) -> tuple[Run, ...]:
    """Return the enumerations of a text with the part that each plays."""
    level = levelled(text, mentions)
    if level.offsets is None:
        return tuple(_runs(text, layout, mentions))
    found = _runs(level.text, lay_out(level.text.clean), level.mentions)
    own = {id(moved): one for moved, one in zip(level.mentions, mentions, strict=True)}
    return tuple(
        Run(
            mentions=tuple(own[id(one)] for one in run.mentions),
            place=level.back(run.place),
            role=run.role,
            cue=level.back(run.cue) if run.cue else None,
            ratings=tuple(one._replace(place=level.back(one.place)) for one in run.ratings),
        )
        for run in found
    )


def _runs(text: Text, layout: Layout, mentions: Sequence[Mention]) -> list[Run]:
    clean = text.clean
    subject = subject_of(clean, mentions)
    ratings = ratings_in(text, layout, mentions, subject)
    groups = _groups(clean, mentions)
    starts = [*(group[0].whole.start for group in groups[1:]), len(clean)][: len(groups)]
    cues = _cues(clean, layout, ratings.taken)
    page = _Page(
        clean,
        layout,
        cues,
        Entries(entries(clean, layout, cues)),
        Entries(catalogues(clean, layout)),
        advice_sections(clean, layout),
        tuple(start for _, start, _ in _ENGLISH_PICKS.find(capitals(clean))),
    )
    found: list[Run] = []
    for group, following in zip(groups, starts, strict=True):
        place = Place(group[0].whole.start, group[-1].whole.end)
        role, cue = _role(page, place, group, following, found)
        if role is Role.RECOMMENDED and _declined(page, place, following):
            role, cue = Role.MENTIONED, None
        found.append(Run(mentions=group, place=place, role=role, cue=cue))
    advised = sum(run.role is Role.RECOMMENDED for run in found)
    if advised > 1:
        found = [_bare_list(clean, run) for run in found]
    found = _rated(_moved_together(clean, found), ratings)
    advice = None if subject is None or ratings.own else _advice_on_subject(page)
    if subject is not None and advice is not None:
        found = [
            replace(run, role=Role.RECOMMENDED, cue=advice)
            if run.role is Role.MENTIONED and run.mentions[0].listings[0] == subject.listing
            else run
            for run in found
        ]
    return [_in_aside(clean, run) for run in found]


def _in_aside(clean: str, run: Run) -> Run:
    """Let names that are only named be compared with or an example, if the text says so."""
    if run.role is not Role.MENTIONED or run.ratings:
        return run
    aside = aside_of(clean, run.place)
    return replace(run, role=aside) if aside else run


def _advice_on_subject(page: _Page) -> Place | None:
    """Return the advice of a note that rates its subject by no word of a rating: 建议申购."""
    for match in role_words().subjects.finditer(page.clean):
        if not page.layout.in_boilerplate(match.start()):
            return Place(*match.span())
    return None


# What parts the names of one enumeration where a page or a comma breaks it.
_BROKEN = re.compile(r"[)\]】]?(?:(?P<page>[、,]\d{1,3}[、.]|、)|,)[(\[【]?")


def _groups(clean: str, mentions: Sequence[Mention]) -> list[tuple[Mention, ...]]:
    """Return the enumerations, those joined that only a comma or a page's number parts."""
    found: list[tuple[Mention, ...]] = []
    for _, run in groupby(mentions, key=lambda one: one.run):
        group = tuple(run)
        end = found[-1][-1].whole.end if found else 0
        asked = group[0].run < 0 or (found and found[-1][0].run < 0)  # one that may be no name
        gap = None if asked or not found else _BROKEN.fullmatch(clean, end, group[0].whole.start)
        # After a comma a clause may begin with names; a list of them ends with a mark.
        if gap and (gap["page"] or LIST_END.match(clean, group[-1].whole.end)):
            found[-1] += group
        else:
            found.append(group)
    return found


_BARE = re.compile(r"(?:^|[。;】)])(?:\d{1,2}[、.)])?([^,;:。】]{1,10}):$")


def _bare_list(clean: str, run: Run) -> Run:
    """Advise names that stand alone after the label of a theme, in a text that advises others."""
    if run.role is not Role.MENTIONED or run.cue is not None or len(run.mentions) < 2:
        return run
    label = _BARE.search(clean[max(0, run.place.start - 16) : run.place.start])
    ended = re.match(r"等?[;。]", clean[run.place.end : run.place.end + 2])
    if label is None or ended is None or role_words().no_theme.search(label[1]):
        return run
    return replace(run, role=Role.RECOMMENDED)


# Between two enumerations of one list: joints, and names that no master knows.
_LINKED = re.compile(
    r"[)\]】]{0,2}(?:\(\d{1,5}\))?(?:[、及和与,]|以及|and)"
    r"(?:[^、,。;:()]{2,12}(?:\(\d{1,5}(?:\.?HK)?\))?(?:[、及和与]|and)){0,4}"
)


def _moved_together(clean: str, runs: list[Run]) -> list[Run]:
    """Let names share the move that ends their list."""
    found = runs[-1:]
    for run in reversed(runs[:-1]):
        following = found[-1]
        end, start = run.place.end, following.place.start
        moved = following.role is Role.MOVER and run.role is Role.MENTIONED and run.cue is None
        linked = moved and start - end <= _LONGEST_LINK and _LINKED.fullmatch(clean, end, start)
        found.append(replace(run, role=Role.MOVER, cue=following.cue) if linked else run)
    return found[::-1]


def _rated(runs: Sequence[Run], ratings: Ratings) -> list[Run]:
    """Give each name the part of its rating, and a stock note's subject that of the note's."""
    found: list[Run] = []
    number = 0
    for run in runs:
        last_one = number + len(run.mentions)
        if not ratings.own and ratings.of.keys().isdisjoint(range(number, last_one)):
            number = last_one
            found.append(run)
            continue
        parts: list[Run] = []
        for mention in run.mentions:
            part = _part(run, mention, ratings.of.get(number, ()), ratings.own)
            number += 1
            last = parts[-1] if parts else None
            if last and (last.role, last.cue, last.ratings) == (part.role, part.cue, part.ratings):
                parts[-1] = replace(last, mentions=(*last.mentions, mention))
            else:
                parts.append(part)
        found += parts
    return found


def _part(
    run: Run, mention: Mention, given: tuple[Rated, ...], own: Mapping[Listing, Rated]
) -> Run:
    """Return one name's own part in its enumeration."""
    role, cue, ratings = run.role, run.cue, given
    rated = None if given else own.get(mention.listings[0])
    if given:
        first = given[0]
        role = _ROLES.get(first.stance, run.role)
        cue = run.cue if first.stance is Stance.NONE else first.place
    elif rated is not None:
        role = _ROLES[rated.stance] if run.role is Role.MENTIONED else run.role
        ratings = (rated,)
    else:
        ratings = run.ratings
    return Run(mentions=(mention,), place=run.place, role=role, cue=cue, ratings=ratings)


def _cues(clean: str, layout: Layout, taken: frozenset[int]) -> list[Cue]:
    """Return the words that can give names a part; a word that is somebody's rating is none."""
    words = role_words()
    found = []
    legal, covered, number = sorted(layout.boilerplate), 0, 0
    for word, start, end in words.lead.find(clean):
        role = words.roles[word]
        while number < len(legal) and legal[number].start <= start:
            covered = max(covered, legal[number].end)
            number += 1
        if start < covered:
            continue
        if role is Role.RECOMMENDED:
            before = clean[max(0, start - 8) : start]
            if before.endswith(words.negations):
                role = Role.MENTIONED
            elif words.against.search(before):
                role = Role.RISK
            elif start in taken or _says_nothing(clean, word, before, end):
                continue
        elif role is Role.MOVER and clean.endswith(words.not_prices, 0, start):
            continue
        found.append(Cue(Place(start, end), role, word in words.close, weak=word in words.weak))
    return found


def _says_nothing(clean: str, word: str, before: str, end: int) -> bool:
    """Tell whether a cue is none here: somebody else's doing, a longer word."""
    words = role_words()
    busy = word in words.close and before.endswith(words.busy) and "建议" not in before
    if word.endswith(("公司", "企业", "个股")) and _NO_LIST.match(clean, end):
        return True
    return busy or clean.startswith(words.not_after, end)


# After 公司 or 个股, what makes them a count or news: A股公司超过80家, 重点公司业绩.
_NO_LIST = re.compile(r"[^,;:。、\d]{0,4}\d{1,4}[多余]?[家只]|业绩|财报|公告|动态|新闻|要闻|行情")


def _role(
    page: _Page, place: Place, group: tuple[Mention, ...], following: int, before: list[Run]
) -> tuple[Role, Place | None]:
    clean, sentence = page.clean, page.layout.sentence(place.start)
    lead = leading_cue(clean, page.layout, page.cues, group, before, following)
    if lead is not None and lead.role is not Role.MENTIONED:
        return lead.role, lead.place
    for entry in page.entries.at(place.start):
        if heads(clean, entry, place) and _near(entry, place, before):
            return Role.RECOMMENDED, entry.origin
    role, cue = _trailing(clean, sentence, place, group, following)
    if lead is not None and not lead.weak:
        return lead.role, lead.place
    if role is Role.MENTIONED and _is_pick(page, place, group, before):
        return Role.RECOMMENDED, None
    if lead is not None and role is not Role.RECOMMENDED:
        return lead.role, lead.place
    for entry in page.catalogues.at(place.start):
        if clean[place.start - 1] == ":":
            return Role.RECOMMENDED, entry.origin
    if role is Role.MENTIONED and (
        _listed_as_advice(page, place, group)
        or _goes_on(clean, sentence, place, before)
        or _told_on(page, sentence, place, group, before)
    ):
        return Role.RECOMMENDED, None
    return role, cue


def _declined(page: _Page, place: Place, following: int) -> bool:
    """Tell whether what follows names, up to the next one, takes back that they are advised."""
    end = min(page.layout.sentence(place.start).end, following, place.end + _DECLINE)
    stop = page.clean.find(";", place.end, end)
    found = role_words().declined.search(page.clean, place.end, stop if stop >= 0 else end)
    return found is not None and found.end() < following


def _near(entry: Cue, place: Place, before: list[Run]) -> bool:
    """Tell whether names of a section stand near its word, or near others that it advises."""
    if not entry.close or entry.origin is None:
        return True
    last = next((run for run in reversed(before) if run.cue == entry.origin), None)
    begin = last.place.end if last else entry.origin.end
    return place.start - begin <= _SECTION


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


def _told_on(
    page: _Page, sentence: Place, place: Place, group: tuple[Mention, ...], before: list[Run]
) -> bool:
    """Tell whether a pick is told of like the one before it, each at the head of its sentence."""
    last = before[-1] if before else None
    if (
        last is None
        or last.role is not Role.RECOMMENDED
        or len(group) > 1
        or len(last.mentions) > 1
    ):
        return False
    clean = page.clean
    return (
        (sentence.start == place.start or clean[place.start - 1] in "-●■▶➢")
        and clean[last.place.end : last.place.end + 1] == clean[place.end : place.end + 1] == ":"
        and place.start - last.place.end <= _SECTION
        and role_words().advice_end.search(clean, last.place.end, place.start) is None
    )


_LIST_OVER = re.compile(r"等?(?:[。;]|$)")
_DATED_HEAD = 400  # from the head of a list of picks with their days to its rows
_ENGLISH_ROWS = 240  # from the head of an English list of picks to its first row with a code
# The head of an English table of picks, and its columns.
_ENGLISH_HEAD = re.compile(
    r"(?i:focus(?:list|stocks)|convictionlist|toppicks)(?:(?![.][A-Z][a-z]|[。;!?]).){0,200}?"
    r"[|:](?:(?![.][A-Z][a-z]|[。;!?]).){0,120}$"
)
_ENGLISH_PICKS = WordList(["FOCUSLIST", "FOCUSSTOCKS", "CONVICTIONLIST", "TOPPICKS"])
_ROW = 60  # the longest row of a table of picks, and its head


_DATED = re.compile(r"[^\d。;]{0,14}20\d\d-\d\d-\d\d")


def _is_pick(page: _Page, place: Place, group: tuple[Mention, ...], before: list[Run]) -> bool:
    """Tell whether names are a row of a list of picks: by its head, its code or its day."""
    clean, start = page.clean, place.start
    if _DATED.match(clean, place.end):
        return (
            role_words().dated_picks.search(clean, max(0, start - _DATED_HEAD), start) is not None
        )
    listed = group[0].coded or clean[start - 1 : start] in ("-", "|", "●", "■")
    return listed and _in_pick_table(page, place, before)


def _under_a_head(page: _Page, start: int) -> bool:
    """Tell whether the head of a list of picks stands right before a name, or with columns."""
    clean, words = page.clean, role_words()
    near = max(0, start - _ROW)
    head = words.pick_table.search(clean, near, start)
    if head and not re.search(r"[。;!?]", clean[max(near, start - 20) : start]):
        return words.advice_end.search(clean, head.end(), start) is None
    begin = max(0, start - _ENGLISH_ROWS)
    if bisect_left(page.english, begin) == bisect_left(page.english, start):
        return False
    head = _ENGLISH_HEAD.search(clean, begin, start)
    return head is not None and words.advice_end.search(clean, head.start(), start) is None


def _in_pick_table(page: _Page, place: Place, before: list[Run]) -> bool:
    """Tell whether a coded name is a row of a table of picks: right under its head, or a row on."""
    if _under_a_head(page, place.start):
        return True
    last = before[-1] if before else None
    return (
        last is not None
        and last.role is Role.RECOMMENDED
        and last.cue is None
        and any(one.coded for one in last.mentions)
        and place.start - last.place.end <= _ROW
        and "。" not in page.clean[last.place.end : place.start]
        and role_words().advice_end.search(page.clean, last.place.end, place.start) is None
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


_ATTACHED_MOVE = re.compile(
    r"[)\]】]?\(?[:,]?(?:周|月|日)?(?:涨|跌|升)?(?:幅)?(?:为)?[+-]?\d{1,3}\.\d{1,2}%"
)


# Right after names: 甲、乙为通信板块涨幅前五大公司.
_MOST_MOVED = re.compile(
    r"[)\]】]?等?(?:\d{1,2}[家只])?(?:为|是|成为|位列|位居|列|居|跻身|进入)[^,。;!?]{0,12}"
    r"(?P<move>[涨跌升]幅)(?:榜|前|居前|最|靠前|第)"
)


# Right after names: 甲、乙等各被推荐5次, 甲、乙值得关注.
_PUT_FORWARD = re.compile(
    r"(?:-[A-Z]{1,2})?[)\]】]?(?:等(?:公司|标的|个股|企业|龙头)?)?[各均亦也都]?"
    r"(?:[被获]得?(?:\d{1,3}家)?(?:券商|机构)?(?:联合|共同)?推荐(?:了)?\d{1,3}次"
    r"|(?:将|有望|最为?|更为?|充分|直接)?受益(?=[,。;!)]|$)"
    r"|(?:to|in|on)(?:the|its|our)?[A-Za-z]{0,12}(?:focus|conviction|buy|Focus|Conviction|Buy)[Ll]ist"
    r"|as(?:the)?(?:best|well)(?:positioned|placed)"
    r"|(?:are|is)(?:the|our|its)?(?:key|main|major|direct)?beneficiar(?:y|ies)"
    r"|值得(?:重点|持续|长期|积极)?(?:关注|重视|布局|配置)(?=[,。;!)]|$))"
)


def _trailing(
    clean: str, sentence: Place, place: Place, group: tuple[Mention, ...], following: int
) -> tuple[Role, Place | None]:
    """Decide by what follows the names: benefit, risk, a move, advice, a rating."""
    words = role_words()
    for role, pattern in words.tails:
        match = pattern.match(clean, place.end, sentence.end)
        if match is None or match.end() == following:
            continue  # a word right before the next names speaks of them
        if role is Role.MOVER and any(word in match[0] for word in words.not_prices):
            continue
        if role is not Role.RECOMMENDED or len(group) > 1 or _together(match[0]):
            return role, Place(*match.span())
    if moved := words.moves.match(clean, place.end, sentence.end):
        return Role.MOVER, Place(*moved.span())
    most = _MOST_MOVED.match(clean, place.end, sentence.end)
    if most and not clean.endswith(words.not_prices, 0, most.start("move")):
        return Role.MOVER, Place(*most.span())
    picked = words.picked.match(clean, place.end) or _PUT_FORWARD.match(clean, place.end)
    if picked and (picked.end() != following or following == len(clean)):
        return Role.RECOMMENDED, Place(*picked.span())
    moves = [_ATTACHED_MOVE.match(clean, one.whole.end) for one in group]
    if all(moves):
        return Role.MOVER, None
    advice = _advised_after(clean, sentence, place, following)
    return (Role.RECOMMENDED, advice) if advice else (Role.MENTIONED, None)


_CLAUSE_END = re.compile(r"[;。!?]")


def _together(tail: str) -> bool:
    """Tell whether what follows one name puts it with others."""
    return tail.startswith("等") or any(
        word in tail for word in ("亦", "同样", "也", "首选", "核心标的")
    )


def _advised_after(clean: str, sentence: Place, place: Place, following: int) -> Place | None:
    """Return the advice that ends the clause after the names, if no other name stands between."""
    stop = _CLAUSE_END.search(clean, place.end, min(sentence.end, place.end + 140))
    end = stop.start() if stop else min(sentence.end, place.end + 140)
    for match in role_words().advised.finditer(clean[place.end : end]):
        start = place.end + match.start()
        if following >= start or match["all"]:
            return Place(start, place.end + match.end())
    return None
