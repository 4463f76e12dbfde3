"""Which security each rating in a text belongs to.

A rating stands beside a name in a row, a cell, a bracket or after an arrow, or a sentence gives it.
It belongs to the name of its row, before it or after it, up to the next name; that of a sentence to
the names that the sentence speaks of. Of 增持→买入 the last one counts.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from enum import Enum
from functools import cache
from typing import NamedTuple

from screener.domain.listing import Listing
from screener.reports.ratings.ratings import Stance, rating_words, stances
from screener.reports.securities.mentions import Mention
from screener.reports.securities.subject import Subject
from screener.reports.text.layout import Layout
from screener.reports.text.text import Place, Text
from screener.reports.text.vocabulary import alternatives, read_table

__all__ = ["QUOTE", "Rated", "Ratings", "ratings_in"]

_ROW = 200  # characters of a row from its name to its rating
_PROSE = 300  # characters from the name that is spoken of to its rating, over sentences
_LABELLED = 40  # characters from a name to the label of its rating
_LONGEST_LIST = 60  # names that one rating is given to
_CLOSE = 16  # characters before and after a rating that tell how it stands there

QUOTE = (
    r"[+-]?\d{1,6}\.\d{1,4}\([+-]?\d{1,6}\.\d{1,4}%\)"
    r"(?:沽空\$\d{1,6}(?:\.\d{1,4})?[百千万亿]{0,2};?比率\d{1,3}(?:\.\d{1,4})?%)?"
)
"""A regular expression for the live price that a news site puts after a name."""


class Rated(NamedTuple):
    """A rating that a text gives to a security.

    Parameters
    ----------
    rating
        In Simplified characters, as `Text.clean` reads.
    stance
        What it advises.
    place
        Where it stands in `Text.clean`.
    """

    rating: str
    stance: Stance
    place: Place


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


class _Form(Enum):
    CELL = "cell"  # in a row, a cell, a bracket
    PROSE = "prose"  # a sentence gives it
    LABEL = "label"  # after a label or before its change: of the report, or of a name right before
    BESIDE = "beside"  # touches a name, and nothing else tells


_ROWS = (_Form.CELL, _Form.BESIDE)


class _Token(NamedTuple):
    rated: Rated
    form: _Form


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
    names = _Names(text.clean, mentions)
    tokens = [*_tokens(text, layout, names)]
    rows = sum(token.form in _ROWS for token in tokens)
    headed = _words().head.search(text.clean) is not None
    kept = [one for one in tokens if one.form is not _Form.BESIDE or (rows > 1 and headed)]
    kept = _latest(text.clean, kept)
    of, free = _bound(text.clean, layout, names, kept, subject)
    others = [rated for rated in free if not _is_subjects(names, subject, rated)]
    own = _own(names, subject, [rated for rated in free if rated not in others], of)
    for rated in sorted(others, key=lambda rated: rated.place):
        for one in _told_before(names, rated):
            of[one] = (*of.get(one, ()), rated)
    return Ratings(of, own, frozenset(one.rated.place.start for one in kept))


def _latest(clean: str, tokens: Sequence[_Token]) -> list[_Token]:
    """Return the ratings without those before another in one row: the last one is in force."""
    found: list[_Token] = []
    for token in tokens:
        if found and found[-1].form in _ROWS and token.form in _ROWS:
            between = clean[found[-1].rated.place.end : token.rated.place.start]
            if re.fullmatch(r"[|,/-]{0,3}", between):
                found.pop()
        found.append(token)
    return found


def _bound(
    clean: str, layout: Layout, names: _Names, tokens: Sequence[_Token], subject: Subject | None
) -> tuple[dict[int, tuple[Rated, ...]], list[Rated]]:
    """Return the ratings by the number of the name that each belongs to, and those of nobody."""
    of: dict[int, tuple[Rated, ...]] = {}
    free: list[Rated] = []
    rows = [one for one in tokens if one.form in _ROWS]
    for token, number in zip(rows, _rows(clean, names, rows), strict=True):
        for one in names.lines(number) if number is not None else ():
            of[one] = (token.rated,)
        if number is None:
            free.append(token.rated)
    for token in tokens:
        if token.form not in _ROWS:
            spoken = _spoken_of(clean, layout, names, token, subject)
            for one in spoken:
                of[one] = (*of.get(one, ()), token.rated)
            if not spoken:
                free.append(token.rated)
    return of, free


def _own(
    names: _Names,
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


def _is_subjects(names: _Names, subject: Subject | None, rated: Rated) -> bool:
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


def _told_before(names: _Names, rated: Rated) -> tuple[int, ...]:
    """Return the name that the sentences before a rating speak of: it heads them."""
    number = names.rated_by(rated.place.start)
    if number is None or rated.place.start - names.ends[number] > _PROSE:
        return ()
    if rated.rating in read_table("ratings")["levels"]["industry_words"]:
        return ()
    clean, start, end = names.clean, names.starts[number], names.ends[number]
    if _TOGETHER.search(clean[max(0, rated.place.start - 8) : rated.place.start]):
        return names.listed(number)
    headed = start == 0 or clean[start - 1] in _HEADS or clean.startswith((":", "-"), end)
    alone = names.coded(number) and names.alone(number)
    return names.lines(number) if (headed or alone) and len(names.listed(number)) == 1 else ()


@cache
def _words() -> _Words:
    table = read_table("ratings")
    changes = alternatives([word for words in table["changes"].values() for word in words])
    verbs = alternatives(
        [
            *(word for words in table["changes"].values() for word in words),
            *table["verbs"]["giving"],
            *table["verbs"]["stock"],
        ]
    )
    bare = alternatives(
        [
            *table["changes"]["maintained"],
            *table["changes"]["initiated"],
            *table["verbs"]["giving"],
            *table["verbs"]["stock"],
        ]
    )
    english = [word for words in ("good", "neutral", "poor") for word in table[words]["english"]]
    return _Words(
        token=re.compile(rf"(?:{rating_words()}|{alternatives(english)})(?:-[AB](?![A-Za-z]))?"),
        old=re.compile(
            r"[”\"'’)]?(?:的?评级)?(?:-{0,3}>|→|=>|⇒|(?:上调|下调|调高|调低|调升|调降|调整|下降|上升|提高|降低|"
            r"降级|升级|上修|下修|降|升)?(?:至|到|为(?=[“\"'])))[“\"'(]?"
        ),
        called=re.compile(r"[”\"'’)]{0,2}的?(?:投资|股票)?(?:评级|等级)(?!标准|说明|体系|定义)"),
        label=re.compile(
            rf"(?:评级|等级|(?<![A-Za-z])[Rr]ating|RATING)(?:由|从|为|是|至|到|:|\||{verbs}|[()]){{0,4}}"
            r"[“\"'‘(]{0,3}$"
        ),
        given=re.compile(
            rf"(?:{verbs})(?:其|该股|公司|的)?(?:投资)?(?:评级)?(?:至|为|到|于)?,?[“\"'‘]$"
        ),
        bare=re.compile(
            rf"(?:{bare}"
            r"|(?:调|降|升)[高低升降]?(?:至|到|为))$"
        ),
        changed=re.compile(
            rf"[”\"]?(?:评级)?[|(\[【/·,-]{{1,3}}(?:{changes})(?!至|目标|盈利|预测)"
        ),
        bracket=re.compile(rf"(?:[,、/;]?(?:{changes}))?[)\]】]"),
        explained=re.compile(
            r"[”\"'’]?(?:评级)?[:\-(]{0,2}(?:预期|预计|预测|相对|未来|指|表示|代表|股价|行业指数)|[”\"'’]?[:=]?[><≥≤](?!/)"
        ),
        industry=re.compile(r"(?:行业|板块|产业)[^,。;:]{0,8}$"),
        head=re.compile(r"评级|Rating|rating"),
        told=re.compile(
            r"(?:at|to|a|with|an|is|rated|rating|ratings|maintain|maintained|maintains|keep|keeps|kept|"
            r"remain|remains|remained|stay|stays|stayed|still|reiterate|reiterated|reiterates|initiate|"
            r"initiated|upgrade|upgraded|downgrade|downgraded|our|its|as|retain|retains|retained|assign)"
            r"[:“\"']{0,2}$|[\w-]\)?$",
        ),
        agent=re.compile(rf"(?:对|于)?[^,。;]{{0,4}}?(?:{verbs}|研报|报告|认为|预计|指|料|称)"),
        moving=re.compile(rf"(?:{verbs}|将|把|对)$"),
        english=frozenset(english),
    )


class _Words(NamedTuple):
    token: re.Pattern[str]
    old: re.Pattern[str]
    called: re.Pattern[str]
    label: re.Pattern[str]
    given: re.Pattern[str]
    bare: re.Pattern[str]
    changed: re.Pattern[str]
    bracket: re.Pattern[str]
    explained: re.Pattern[str]
    industry: re.Pattern[str]
    head: re.Pattern[str]
    told: re.Pattern[str]
    agent: re.Pattern[str]
    moving: re.Pattern[str]
    english: frozenset[str]


class _Names:
    """The names of a text, to be found from either side."""

    def __init__(self, clean: str, mentions: Sequence[Mention]) -> None:
        self.mentions = mentions
        self.starts = [one.whole.start for one in mentions]
        self.ends = [one.whole.end for one in mentions]
        self.clean = clean

    def before(self, offset: int) -> int | None:
        """Return the last name that ends by an offset."""
        number = bisect_right(self.ends, offset) - 1
        return number if number >= 0 else None

    def rated_by(self, offset: int) -> int | None:
        """Return the last name that ends by an offset and is not that of a house that rates."""
        number = self.before(offset)
        while number is not None and _gives(self.clean, self, number):
            number = number - 1 if number and self.ends[number] > offset - _PROSE else None
        return number

    def after(self, offset: int) -> int | None:
        """Return the first name that begins from an offset on."""
        number = bisect_left(self.starts, offset)
        return number if number < len(self.starts) else None

    def coded(self, number: int) -> bool:
        """Tell whether a company's code is printed with its name, or as the name before it."""
        one = self.mentions[number]
        before = self.mentions[number - 1] if number else one
        return one.coded or (before.coded and before.listings == one.listings)

    def alone(self, number: int) -> bool:
        """Tell whether no other company is named before a name in its sentence."""
        start = self.starts[number]
        begin = max(start - _PROSE, 0)
        first = bisect_left(self.starts, max(begin, self.clean.rfind("。", begin, start)))
        own = self.mentions[number].listings
        return all(self.mentions[one].listings == own for one in range(first, number))

    def lines(self, number: int) -> tuple[int, ...]:
        """Return a name with the other line of its company that is printed before it."""
        found = [number]
        while len(found) < _LONGEST_LIST and found[-1] and self._same(found[-1] - 1, found[-1]):
            found.append(found[-1] - 1)
        return tuple(found)

    def together(self, number: int) -> tuple[int, ...]:
        """Return a name with the other lines of its company that are printed around it."""
        found = [*self.lines(number)]
        last = min(len(self.mentions) - 1, number + _LONGEST_LIST)
        while number < last and self._same(number, number + 1):
            number += 1
            found.append(number)
        return tuple(found)

    def listed(self, number: int) -> tuple[int, ...]:
        """Return a name with those before it in its list."""
        found = [number]
        while len(found) < _LONGEST_LIST and found[-1] and self._joined(found[-1] - 1, found[-1]):
            found.append(found[-1] - 1)
        return tuple(found)

    def listed_after(self, number: int) -> tuple[int, ...]:
        """Return a name with those after it in its list."""
        last = min(len(self.mentions) - 1, number + _LONGEST_LIST)
        end = number
        while end < last and self._joined(end, end + 1):
            end += 1
        return tuple(range(number, end + 1))

    def _same(self, left: int, right: int) -> bool:
        if self.starts[right] - self.ends[left] > _ROW:
            return False
        gap = _plain(self.clean[self.ends[left] : self.starts[right]])
        return gap in ("", ")(", "(", ")", "/", ",", "、") and self._alone(right)

    def _alone(self, number: int) -> bool:
        one = self.mentions[number]
        return one.trust is None  # a code without a name of its own goes with the name before it

    def _joined(self, left: int, right: int) -> bool:
        if self.starts[right] - self.ends[left] > _ROW // 2:
            return False
        gap = _plain(self.clean[self.ends[left] : self.starts[right]])
        return _JOINT.fullmatch(gap) is not None or self._same(left, right)


_JOINT = re.compile(r"[)\]】]?(?:[、,/]|以及|和|与|及|and){1,2}(?:\d{1,3}[、.])?[(\[【]?")
_QUOTED = re.compile(QUOTE)


def _plain(gap: str) -> str:
    """Return what stands between two names without live prices."""
    return _QUOTED.sub("", gap)


def _tokens(text: Text, layout: Layout, names: _Names) -> Iterable[_Token]:
    clean, words = text.clean, _words()
    known = stances()
    for match in words.token.finditer(clean):
        start, end = match.span()
        if layout.in_boilerplate(start):
            continue
        before = clean[max(0, start - _CLOSE) : start]
        after = clean[end : end + _CLOSE]
        if words.explained.match(after) or _is_old(clean, end):
            continue
        rating = re.sub(r"-[AB]$", "", match[0]) if match[0] not in known else match[0]
        if match[0] in words.english or rating in words.english:
            form = _english_form(text, start, end, before, names)
        else:
            form = _form(text, start, end, before, after, names)
        if form is None or words.industry.search(clean, max(0, start - 12), start):
            continue
        yield _Token(Rated(match[0], known[rating], Place(start, end)), form)


def _is_old(clean: str, end: int) -> bool:
    """Tell whether a rating is the one that another takes the place of."""
    words = _words()
    arrow = words.old.match(clean, end)
    return arrow is not None and words.token.match(clean, arrow.end()) is not None


_MOVED = re.compile(r"[)\]】]?(?:的?(?:投资)?评级)?(?:[至为到][“\"'‘]?|[“\"'‘])")
_INSIDE = (",", "、", "/", ";", ":", "-", ",评级:", ",评级")
_CLOSING = (")", "]", "】", ",", "/", ";")
_PAST = ("此前", "曾", "原", "前次", "上次", "不", "未", "由", "从", "取消")


def _form(text: Text, start: int, end: int, before: str, after: str, names: _Names) -> _Form | None:
    """Tell how a rating in Chinese stands in the text; `None` where the word is no rating."""
    clean = text.clean
    if before.endswith(_PAST):
        return None
    if _in_cell(clean, start, before, after, names):
        return _Form.CELL
    if _in_prose(text, start, end, before, after, names):
        return _Form.PROSE
    if _words().label.search(before) or _words().changed.match(after):
        return _Form.LABEL
    return _row_form(clean, start, end, names)


def _in_cell(clean: str, start: int, before: str, after: str, names: _Names) -> bool:
    if before.endswith(("->", "→", "=>", "⇒")):
        return True
    if before.endswith(("|", ">")) and after[:1] in ("", "|", "<"):
        return True
    if before[-1:] in ("(", "[", "【") and _words().bracket.match(after):
        return True
    left = names.before(start)  # (600000.SH,买入)
    near = left is not None and start - names.ends[left] <= _CLOSE
    inside = left is not None and near and clean[names.ends[left] : start] in _INSIDE
    return (inside and after[:1] in _CLOSING) or (
        left is not None and names.ends[left] == start and after[:1] == ")"
    )


def _in_prose(text: Text, start: int, end: int, before: str, after: str, names: _Names) -> bool:
    clean = text.clean
    words = _words()
    left = names.before(start)
    quoted = before[-1:] in ("“", '"', "‘")
    if words.called.match(after) or (quoted and words.label.search(before)):
        return True
    moved = left is not None and _MOVED.fullmatch(clean, names.ends[left], start)
    if left is not None and moved:  # 上调甲至“买入”
        begin = names.starts[left]
        if words.moving.search(clean, max(0, begin - _CLOSE), begin):
            return True
    if words.given.search(before) and after[:1] in "”\"'’":
        return True
    alone = end - start >= 4 or not _HAN.match(after) or text.blank_before(end)
    return alone and words.bare.search(before) is not None


_HAN = re.compile(r"[\u4e00-\u9fff]")
_TARGET = re.compile(r"[,|(]?(?:目标价|目标|TP|现价)")
_HEAD = re.compile(r"(?:评级|目标价|代码|名称|简称|公司|股票|股份|元\))$")
_FIGURES = re.compile(r"[-+\d.,%()|/xXAEN倍元:$亿万千百\u4e00-\u9fffA-Z]{1,120}")


def _row_form(clean: str, start: int, end: int, names: _Names) -> _Form | None:
    """Tell whether a rating ends a row of figures, or stands right between two names."""
    left, right = names.before(start), names.after(end)
    begins_next = right is not None and names.starts[right] == end + (clean[end : end + 1] == "|")
    closes = end == len(clean) or begins_next or clean[end] in "0123456789|(-/;"
    closes = closes or _TARGET.match(clean, end) is not None
    closes = closes or _words().token.match(clean, end) is not None
    opens = (
        start == 0
        or clean[start - 1] in "0123456789|%"
        or _HEAD.search(clean, max(0, start - 4), start)
    )
    if left is None or not closes or start - names.ends[left] > _ROW:
        return _Form.BESIDE if begins_next and opens else None
    gap = _words().token.sub("", clean[names.ends[left] : start])
    if not gap or gap in (")", "|"):
        return _Form.CELL if _TARGET.match(clean, end) else _Form.BESIDE
    digits = sum(character.isdigit() for character in gap)
    words = sum(_HAN.match(character) is not None for character in gap)
    if len(gap) <= 120 and digits >= 3 and words <= 12 and _FIGURES.fullmatch(gap):
        return _Form.CELL
    return _Form.BESIDE if begins_next and opens else None


def _english_form(text: Text, start: int, end: int, before: str, names: _Names) -> _Form | None:
    """Tell how an English rating stands, whose word must be whole: `BUY`, `keeps … at Buy`."""
    clean = text.clean

    def letter(offset: int) -> bool:
        return 0 <= offset < len(clean) and clean[offset].isascii() and clean[offset].isalpha()

    if (letter(start - 1) and not text.blank_before(start)) or (
        letter(end) and not text.blank_before(end)
    ):
        return None
    word = clean[start:end]
    if before.endswith(("from", "|from")) or "from" in before[-5:]:
        return None
    if before[-1:] in ("|", "(", "[", ">") or before.endswith(("->", "→")):
        return _Form.CELL
    left = names.before(start)
    if before[-1:] == clean[end : end + 1] == "," and left is not None:
        return _Form.CELL if start - names.ends[left] <= _CLOSE else None
    if word.isupper() and left is not None and start - names.ends[left] <= 4:
        return _Form.CELL
    told = word.isupper() or _words().told.search(before) or _words().called.match(clean, end)
    return _Form.PROSE if told else None


def _rows(clean: str, names: _Names, rows: Sequence[_Token]) -> list[int | None]:
    """Return the name that each rating of a row belongs to.

    In most tables the name stands before its rating. Where each rating is followed by a name, and
    the first of them by none before it, the name stands after it.
    """
    found: list[int | None] = []
    for group in _tables(rows):
        found += _one_table(clean, names, group)
    return found


def _tables(rows: Sequence[_Token]) -> Iterable[list[_Token]]:
    group: list[_Token] = []
    for token in rows:
        if group and token.rated.place.start - group[-1].rated.place.end > _ROW:
            yield group
            group = []
        group.append(token)
    if group:
        yield group


def _one_table(clean: str, names: _Names, group: list[_Token]) -> list[int | None]:
    back: list[int | None] = []
    ahead: list[int | None] = []
    begin = max(0, group[0].rated.place.start - _ROW)
    for number, token in enumerate(group):
        place = token.rated.place
        stop = group[number + 1].rated.place.start if number + 1 < len(group) else place.end + _ROW
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
    return end - start > _ROW or re.search(r"[。!?]", clean[start:end]) is not None


_OPENS = re.compile(
    r"[”\"'’)]{0,2}(?:的?(?:投资)?评级|ratings?)?(?:on|for)?的?(?:个股|公司|标的|股票|股份)?(?:分别)?(?:有|为|包括|是|:|予|给)?[“(]?"
)
_OWN = re.compile(r"公司|该股|集团")


def _spoken_of(
    clean: str, layout: Layout, names: _Names, token: _Token, subject: Subject | None
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
    reach = _PROSE if token.form is _Form.PROSE else _LABELLED
    if left is None or place.start - names.ends[left] > reach:
        return ()
    between = clean[names.ends[left] : place.start]
    other = subject and names.mentions[left].listings[0] != subject.listing
    begin = names.starts[left]  # 甲:…,维持“买入”评级
    told = begin == sentence.start or clean[begin - 1] in _HEADS
    if subject and subject.alone and other and "," in between and not told:
        return ()
    if names.starts[left] >= sentence.start:
        return () if _OWN.search(between[-12:]) and "、" in between else names.listed(left)
    return ()


_AGENT = re.compile(r"证券|证劵|中金|国泰|海通|银河|国信|信达|Securities")
_TAKES = ("获", "由", "被", "经", "据", "得", "得到", "因")


def _gives(clean: str, names: _Names, number: int) -> bool:
    """Tell whether a name is that of the house that gives the rating."""
    one = names.mentions[number]
    printed = clean[one.place.start : one.place.end]
    before = clean[max(0, one.whole.start - 2) : one.whole.start]
    follows = _words().agent.match(clean, one.whole.end)
    return _AGENT.search(printed) is not None and (follows is not None or before.endswith(_TAKES))
