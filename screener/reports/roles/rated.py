"""Which security each rating in a text belongs to.

A rating stands beside a name in a row, a cell, a bracket or after an arrow, or a sentence gives it.
It belongs to the name of its row, before it or after it, up to the next name; that of a sentence to
the names that the sentence speaks of. Of 增持→买入 the last one counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from screener.domain.listing import Listing
from screener.reports.ratings.ratings import Stance
from screener.reports.roles.names_around import PROSE, ROW, NamesAround
from screener.reports.roles.rating_marks import ROWS, Form, Rated, RatingMark, rating_marks
from screener.reports.roles.subject import Subject
from screener.reports.securities.mentions import Mention
from screener.reports.text.layout import Layout
from screener.reports.text.text import Place, Text
from screener.reports.text.vocabulary import read_table

__all__ = ["Ratings", "ratings_in"]

_HEADED = re.compile(r"评级|[Rr]ating|RATING")
_LABELLED = 40  # characters from a name to the label of its rating


class Ratings(NamedTuple):
    """The ratings of a text.

    Parameters
    ----------
    of
        By the number of the mention that they belong to, the first counts.
    own
        A stock note's rating of its own subject, by the line of the company.
    taken
        Offsets at which the ratings begin.
    """

    of: dict[int, tuple[Rated, ...]]
    own: dict[Listing, Rated]
    taken: frozenset[int]


def ratings_in(
    text: Text, layout: Layout, mentions: Sequence[Mention], subject: Subject | None
) -> Ratings:
    """Return the ratings that a text gives, each with the mention that it belongs to.

    Parameters
    ----------
    text, layout
        The text and its layout.
    mentions
        The names in it, in order.
    subject
        The company that the note is on, if it is on one.
    """
    names = NamesAround(text.clean, mentions)
    tokens = [*rating_marks(text, layout, names)]
    rows = sum(token.form in ROWS for token in tokens)
    headed = _HEADED.search(text.clean) is not None
    kept = [one for one in tokens if one.form is not Form.BESIDE or (rows > 1 and headed)]
    kept = _latest(text.clean, kept)
    of, free = _bound(text, layout, names, kept, subject)
    others = [rated for rated in free if not _is_subjects(names, subject, rated)]
    own = _own(names, subject, [rated for rated in free if rated not in others], of)
    for rated in sorted(others, key=lambda rated: rated.place):
        for one in _told_before(names, rated):
            of[one] = (*of.get(one, ()), rated)
    return Ratings(of, own, frozenset(one.rated.place.start for one in kept))


# The head of two columns of ratings of which the first is in force.
_NEWEST_FIRST = re.compile(
    r"(?:最新|本次|当前|现)评级[|,/]{0,3}(?:前次|上次|此前|原|前)(?:次)?评级"
)


def _latest(clean: str, tokens: Sequence[RatingMark]) -> list[RatingMark]:
    """Return the ratings without those before another in one row: the last one is in force."""
    found: list[RatingMark] = []
    cells = (*ROWS, Form.LINE)
    newest_first = _NEWEST_FIRST.search(clean) is not None
    for token in tokens:
        if found and found[-1].form in cells and token.form in cells:
            between = clean[found[-1].rated.place.end : token.rated.place.start]
            if re.fullmatch(r"[|,/-]{0,3}", between):
                if newest_first:
                    continue
                found.pop()
        found.append(token)
    return found


def _bound(
    text: Text,
    layout: Layout,
    names: NamesAround,
    tokens: Sequence[RatingMark],
    subject: Subject | None,
) -> tuple[dict[int, tuple[Rated, ...]], list[Rated]]:
    """Return the ratings by the number of the name that each belongs to, and those of nobody."""
    clean = text.clean
    of: dict[int, tuple[Rated, ...]] = {}
    free: list[Rated] = []
    rows = [one for one in tokens if one.form in ROWS]
    for token, number in zip(rows, _rows(clean, names, rows), strict=True):
        for one in names.lines(number) if number is not None else ():
            of[one] = (token.rated,)
        if number is None:
            free.append(token.rated)
    for token in tokens:
        if token.form not in ROWS:
            headed = token.form is Form.LINE
            spoken = (
                _heading(text, names, token)
                if headed
                else _spoken_of(clean, layout, names, token, subject)
            )
            for one in spoken:
                of[one] = (*of.get(one, ()), token.rated)
            if not spoken:
                free.append(token.rated)
    return of, free


def _own(
    names: NamesAround,
    subject: Subject | None,
    free: Iterable[Rated],
    of: dict[int, tuple[Rated, ...]],
) -> dict[Listing, Rated]:
    """Return the ratings of a note's subject: its own, and those that name nobody."""
    if subject is None:
        return {}
    mentions = names.mentions
    lines = {
        mentions[one].listings[0]
        for number, mention in enumerate(mentions)
        if mention.listings[0] == subject.listing
        for one in names.together(number)
    }
    given = [
        (rated, mentions[number].listings[0]) for number, ratings in of.items() for rated in ratings
    ]
    for rated in free:
        market = _MARKET.search(names.clean, max(0, rated.place.start - 12), rated.place.start)
        given += [
            (rated, line)
            for line in lines
            if market is None or line.exchange.mainland == (market[1] == "A")
        ]
    own: dict[Listing, Rated] = {}
    for rated, line in sorted(given, key=lambda one: one[0].place):
        if rated.stance is not Stance.NONE and line in lines:
            own.setdefault(line, rated)
    return own


def _is_subjects(names: NamesAround, subject: Subject | None, rated: Rated) -> bool:
    """Tell whether a rating that names nobody is that of the note's subject."""
    if subject is None or subject.alone:
        return subject is not None
    start = rated.place.start
    left = names.before(start)
    near = left is None or names.mentions[left].listings[0] == subject.listing
    return near or "公司" in names.clean[max(0, start - 12) : start]


_MARKET = re.compile(r"([AH])股[^,。;、]{0,6}$")
_HEADS = ("。", ";", "!", "?", "】", "●", "■", "◆", "▶", "▲", "★", "·", "-", "*")
_TOGETHER = re.compile(r"[两二三四]者|均|同予|都|分别")


def _told_before(names: NamesAround, rated: Rated) -> tuple[int, ...]:
    """Return the name that the sentences before a rating speak of: it heads them."""
    number = names.rated_by(rated.place.start)
    if number is None or rated.place.start - names.ends[number] > PROSE:
        return ()
    if rated.rating in read_table("ratings")["levels"]["industry_words"]:
        return ()
    clean, start, end = names.clean, names.starts[number], names.ends[number]
    if _TOGETHER.search(clean[max(0, rated.place.start - 8) : rated.place.start]):
        return names.listed(number)
    headed = start == 0 or clean[start - 1] in _HEADS or clean.startswith((":", "-"), end)
    alone = names.coded(number) and names.alone(number)
    return names.lines(number) if (headed or alone) and len(names.listed(number)) == 1 else ()


def _rows(clean: str, names: NamesAround, rows: Sequence[RatingMark]) -> list[int | None]:
    """Return the name that each rating of a row belongs to.

    In most tables the name stands before its rating. Where each rating is followed by a name, and
    the first of them by none before it, the name stands after it.
    """
    found: list[int | None] = []
    for group in _tables(rows):
        found += _one_table(clean, names, group)
    return found


def _tables(rows: Sequence[RatingMark]) -> Iterable[list[RatingMark]]:
    group: list[RatingMark] = []
    for token in rows:
        if group and token.rated.place.start - group[-1].rated.place.end > ROW:
            yield group
            group = []
        group.append(token)
    if group:
        yield group


def _one_table(clean: str, names: NamesAround, group: list[RatingMark]) -> list[int | None]:
    back: list[int | None] = []
    ahead: list[int | None] = []
    begin = max(0, group[0].rated.place.start - ROW)
    for number, token in enumerate(group):
        place = token.rated.place
        stop = group[number + 1].rated.place.start if number + 1 < len(group) else place.end + ROW
        left, right = names.before(place.start), names.after(place.end)
        inside = left is not None and names.starts[left] >= begin
        back.append(
            left if inside and not _parted(clean, names.ends[left or 0], place.start) else None
        )
        inside = right is not None and names.ends[right] <= stop
        ahead.append(
            right if inside and not _parted(clean, place.end, names.starts[right or 0]) else None
        )
        begin = place.end
    missing = sum(one is None for one in back)
    if len(group) > 1 and missing and sum(one is None for one in ahead) < missing:
        return ahead
    return back


def _parted(clean: str, start: int, end: int) -> bool:
    return end - start > ROW or re.search(r"[。!?]", clean[start:end]) is not None


_OPENS = re.compile(
    r"[”\"'’)]{0,2}(?:的?(?:投资)?评级|ratings?)?(?:on|for)?的?(?:个股|公司|标的|股票|股份)?(?:分别)?(?:有|为|包括|是|:|予|给)?[“(]?"
)
_OWN = re.compile(r"公司|该股|集团")
_PEERS = re.compile(r"(?:可比公司|可比标的|可比|同业|同行|竞争对手)(?:包括|有|为|如|:)?$")
_PEER = 8  # characters that say before names that they are only compared with
_OTHERS = re.compile(r"[为可]可比|可比公司|(?:给予|维持|对|重申)公司")


def _spoken_of(
    clean: str, layout: Layout, names: NamesAround, token: RatingMark, subject: Subject | None
) -> tuple[int, ...]:
    """Return the names that a sentence's rating is given to."""
    place = token.rated.place
    sentence = layout.sentence(place.start)
    right = names.after(place.end)
    left = names.rated_by(place.start)
    heads = left is None or names.starts[left] < sentence.start
    opening = _OPENS.match(clean, place.end)
    if right is not None and opening and opening.end() == names.starts[right]:
        closed = clean[opening.end() - 1] == ":" or opening[0].endswith(
            ("有", "为", "包括", "是", "on", "for")
        )
        if closed or (heads and opening.end() - place.end <= 3):
            return names.listed_after(right)
    reach = PROSE if token.form is Form.PROSE else _LABELLED
    if left is None or place.start - names.ends[left] > reach:
        return ()
    return _told_of(names, left, Place(sentence.start, place.start), subject)


def _heading(text: Text, names: NamesAround, token: RatingMark) -> tuple[int, ...]:
    """Return the name that heads the line that a rating ends, or that follows it there."""
    place = token.rated.place
    line = text.line(place)
    begins = line is not None and line.start == place.start
    number = names.after(place.end if begins else line.start) if line else None
    return names.lines(number) if number is not None else ()


_TARGETED = re.compile(r"[)\]】]?的?(?:目标价|投资评级|评级)")  # 把甲的目标价升至10元,维持“买入”


def _told_of(
    names: NamesAround, left: int, clause: Place, subject: Subject | None
) -> tuple[int, ...]:
    """Return the names that a sentence gives a rating after them: the nearest, or its subject."""
    clean, start = names.clean, names.starts[left]
    if start < clause.start:
        return ()
    between = clean[names.ends[left] : clause.end]
    own = subject is not None and names.mentions[left].listings[0] == subject.listing
    if own:
        return names.listed(left)
    listed = names.starts[names.listed(left)[-1]]
    if _PEERS.search(clean, max(0, listed - _PEER), listed):
        return ()  # 参考可比公司甲、乙,给予“买入”评级
    if _OTHERS.search(between) or (_OWN.search(between[-12:]) and "、" in between):
        return ()  # 选取甲作为可比公司,给予公司“买入”评级
    if "," not in between or _TARGETED.match(between) or _TOGETHER.search(between[-8:]):
        return names.listed(left)
    begin = max(clause.start, clean.rfind(";", clause.start, clause.end) + 1)
    first = names.after(begin)
    if first is not None and first <= left and names.starts[first] == begin:
        return names.listed(left) if first in names.listed(left) else names.lines(first)
    told = clean[start - 1] in _HEADS
    return () if subject and subject.alone and not told else names.listed(left)
