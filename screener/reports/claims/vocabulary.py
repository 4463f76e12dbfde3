"""Words around figures, and a text cut into them: the vocabulary of `tables/claims.toml`."""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from screener.domain.listing import Listing, parse_listing
from screener.reports.claims.numbers import QUANTITY, UNIT_LABEL
from screener.reports.claims.periods import DAY, PERIOD
from screener.reports.text.found import Spotted
from screener.reports.text.text import clean_name
from screener.reports.text.vocabulary import WordList, alternatives, read_table

__all__ = [
    "EPS",
    "TARGET",
    "Kind",
    "Measure",
    "MeasureKind",
    "Token",
    "Vocabulary",
    "name_tokens",
    "tokens",
    "vocabulary",
]


EPS = "EPS"
"""The measure of earnings a share."""

TARGET = "target price"
"""The measure that has a reader of its own."""


class MeasureKind(StrEnum):
    """What the values of a measure are."""

    PRICE = "price"
    AMOUNT = "amount"
    MULTIPLE = "multiple"
    SHARE = "share"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A measure that claims are made of."""

    name: str
    kind: MeasureKind
    flow: bool = False
    undated: bool = False


class Kind(StrEnum):
    """What a token is."""

    STOP = "stop"
    SEMICOLON = "semicolon"
    COMMA = "comma"
    COLON = "colon"
    OPEN = "open"
    CLOSE = "close"
    MARKER = "marker"
    SECTION = "section"
    DAY = "day"
    PERIOD = "period"
    CODE = "code"
    INDEX = "index"
    NAME = "name"
    OTHER_COMPANY = "other_company"
    MEASURE = "measure"
    LOSS = "loss"
    GROWTH = "growth"
    OTHER_GROWTH = "other_growth"
    UP = "up"
    DOWN = "down"
    NO_MOVE = "no_move"
    SIGNED_MOVE = "signed_move"
    MOVE_LIST = "move_list"
    RESPECTIVELY = "respectively"
    FROM = "from"
    TO = "to"
    ABOUT = "about"
    MORE = "more"
    LESS = "less"
    FORECAST = "forecast"
    AGAINST = "against"
    ASSUMED = "assumed"
    PRONOUN = "pronoun"
    NOT_THE_COMPANY = "not_the_company"
    SINCE = "since"
    WEEK = "week"
    SPAN_DAY = "day_span"
    MONTH = "month"
    YEAR = "year"
    OTHER_SPAN = "other_span"
    FILLER = "filler"
    FIGURE = "figure"


class Token(NamedTuple):
    """A stretch of the text that means something here."""

    kind: Kind
    start: int
    end: int
    text: str
    spotted: tuple[Spotted, ...] = ()
    label: str = ""  # unit that a measure's label states


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """The words, and the expression that finds them.

    Parameters
    ----------
    measures
        Measure by word.
    words, ordered
        Words by group of the table, to look one up and to hold a text against all of them.
    indices
        Listing by name of an index.
    kinds
        Kind by word that is a token.
    pattern
        Finds every token but names; the group tells its kind, `word` is told by `kinds`.
    telling
        Finds the words without one of which no claim is made of a sentence.
    heading
        A short line that begins something new and names nobody known.
    closing
        Finds what ends the item of a security: a heading, a number or a bullet.
    index_pattern
        Finds the name of an index.
    span_pattern
        Finds a word for how far back a move reaches.
    """

    measures: Mapping[str, Measure]
    words: Mapping[str, frozenset[str]]
    ordered: Mapping[str, tuple[str, ...]]
    indices: Mapping[str, Listing]
    kinds: Mapping[str, Kind]
    pattern: re.Pattern[str]
    telling: WordList
    closing: re.Pattern[str]
    heading: re.Pattern[str]
    index_pattern: re.Pattern[str]
    span_pattern: re.Pattern[str]

    def ends_in(self, group: str, text: str) -> bool:
        """Tell whether text ends in a word of a group."""
        return text.endswith(self.ordered[group])

    def begins_with(self, group: str, text: str) -> bool:
        """Tell whether text begins with a word of a group."""
        return text.startswith(self.ordered[group])


# Groups of words that are tokens, the longest wins, then the first group.
_GROUPS: tuple[tuple[Kind, str], ...] = (
    (Kind.NOT_THE_COMPANY, "not_the_company"),
    (Kind.NO_MOVE, "no_move"),
    (Kind.MOVE_LIST, "move_list"),
    (Kind.SIGNED_MOVE, "signed_move"),
    (Kind.SECTION, "sections"),
    (Kind.LOSS, "loss"),
    (Kind.OTHER_GROWTH, "other_growth"),
    (Kind.GROWTH, "growth"),
    (Kind.OTHER_SPAN, "other_span"),
    (Kind.WEEK, "week"),
    (Kind.SPAN_DAY, "day"),
    (Kind.MONTH, "month"),
    (Kind.YEAR, "year"),
    (Kind.TO, "to"),
    (Kind.ABOUT, "about"),
    (Kind.MORE, "more"),
    (Kind.LESS, "less"),
    (Kind.FORECAST, "forecast"),
    (Kind.ASSUMED, "assumed"),
    (Kind.AGAINST, "against"),
    (Kind.PRONOUN, "pronouns"),
    (Kind.OTHER_COMPANY, "others"),
    (Kind.RESPECTIVELY, "respectively"),
    (Kind.UP, "up"),
    (Kind.DOWN, "down"),
    (Kind.FILLER, "fillers"),
    (Kind.FROM, "from"),
    (Kind.SINCE, "since"),
)
_FIXED: tuple[tuple[Kind, str], ...] = (
    (Kind.DAY, DAY),
    (Kind.PERIOD, PERIOD),
    (
        Kind.CODE,
        r"(?<![A-Za-z\d.])(?:(?:SH|SZ|BJ|HK)\.?\d{5,6}(?!\d)|"
        r"\d{4,6}\.?(?:SZ|SH|BJ|HK|CH|SS)(?![A-Za-z])|(?<=[(【\[])\d{5,6}(?=[)】\],]))",
    ),
    (Kind.FIGURE, QUANTITY),
)
_MARKER = re.compile(
    r"(?<=[。;!?*#:])\(?(?:\d{1,2}|[一二三四五六七八九十]{1,2})[、.)](?!\d)|[●▶►■◆★▪◼]"
)
_MARKER_FIRSTS = r"(0-9一二三四五六七八九十●▶►■◆★▪◼"
_FIXED_FIRSTS = "A-Za-z0-9一三半上下前第中¥$人港美欧日韩新台英卢+-"
_SIGNS = {
    **dict.fromkeys("。!?", Kind.STOP),
    **dict.fromkeys("([【<《“", Kind.OPEN),
    **dict.fromkeys(")]】>》”", Kind.CLOSE),
    ";": Kind.SEMICOLON,
    ",": Kind.COMMA,
    ":": Kind.COLON,
}
_TELLING = ("涨", "跌")
_SPANS = ("week", "day", "month", "year")
_LABEL = re.compile(UNIT_LABEL)


@cache
def vocabulary() -> Vocabulary:
    """Return the vocabulary, read once per process."""
    raw = read_table("claims")
    measures = {
        word: Measure(
            name=item["name"],
            kind=MeasureKind(item["kind"]),
            flow=item.get("flow", False),
            undated=item.get("undated", False),
        )
        for item in raw["measures"]
        for word in map(clean_name, item["words"])
    }
    words = {
        group: frozenset(clean_name(word) for word in items)
        for group, items in raw["words"].items()
    }
    indices = {
        clean_name(name): parse_listing(code)
        for code, names in raw["indices"].items()
        for name in names
    }
    kinds = _kinds(measures, words, indices)
    tell = [*measures, *words["loss"], *indices, *_TELLING]
    return Vocabulary(
        measures=measures,
        words=words,
        ordered={group: tuple(sorted(items)) for group, items in words.items()},
        indices=indices,
        kinds=kinds,
        pattern=_pattern(kinds),
        telling=WordList(tell),
        closing=re.compile(f"{_MARKER.pattern}|{alternatives([*words['sections']])}"),
        heading=re.compile(
            rf"(?<=[。!?#*])(?!{_words(words['item_headings'])})"
            r"[\u4e00-\u9fffA-Za-z][^。!?:,;、()#*]{1,11}:"
        ),
        index_pattern=re.compile(f"(?=[{_firsts(indices)}]){_words(indices)}"),
        span_pattern=re.compile(alternatives([word for group in _SPANS for word in words[group]])),
    )


def tokens(
    clean: str,
    start: int,
    end: int,
    names: Sequence[Token] = (),
    breaks: Sequence[int] = (),
) -> Iterator[Token]:
    """Cut a stretch of a text into what means something here, in order, without overlaps.

    Parameters
    ----------
    clean
        The text, as `Text.clean`.
    start, end
        The stretch.
    names
        Names in the stretch, as from `name_tokens`; they win over everything else.
    breaks
        Where a number ends and another begins with nothing between, as from `number_breaks`.
    """
    known = vocabulary()
    at, last = 0, start
    for token in _words_of(known, clean, start, end, breaks):
        while at < len(names) and names[at].start < token.end:
            yield names[at]
            last = names[at].end
            at += 1
        if token.start >= last:
            last = token.end
            yield token
    yield from names[at:]


def _words_of(
    known: Vocabulary, clean: str, start: int, end: int, breaks: Sequence[int]
) -> Iterator[Token]:
    cuts = breaks[bisect_right(breaks, start) : bisect_left(breaks, end)]
    if not cuts:
        found = (_token(known, match, 0) for match in known.pattern.finditer(clean, start, end))
        yield from (token for token in found if token is not None)
        return
    for first, last in pairwise((start, *cuts, end)):
        piece = clean[max(0, first - 1) if first == start else first : last]
        offset = last - len(piece)
        for match in known.pattern.finditer(piece, first - offset):
            token = _token(known, match, offset)
            if token is not None:
                yield token


def name_tokens(spotted: Sequence[Spotted]) -> list[Token]:
    """Return the places of names as tokens; one inside another is left out."""
    at_place: dict[tuple[int, int], list[Spotted]] = {}
    for item in spotted:
        at_place.setdefault((item.place.start, -item.place.end), []).append(item)
    found: list[Token] = []
    for (start, negative_end), items in sorted(at_place.items()):
        if not found or start >= found[-1].end:
            name = items[0].name
            found.append(Token(Kind.NAME, start, -negative_end, name, spotted=tuple(items)))
    return found


def _token(known: Vocabulary, match: re.Match[str], offset: int) -> Token | None:
    text, start, end = match[0], match.start() + offset, match.end() + offset
    group = match.lastgroup or ""
    if group == "sign":
        return Token(_SIGNS[text], start, end, text)
    if group == "marker":
        return Token(Kind.MARKER, start, end, text)
    if group not in ("word", "latin"):
        return Token(Kind(group), start, end, text)
    kind = known.kinds[text]
    if kind is not Kind.MEASURE:
        return Token(kind, start, end, text)
    if match.string.startswith(known.ordered["not_after"], match.end()):
        return None
    label = _LABEL.match(match.string, match.end())
    if label is None:
        return Token(kind, start, end, text)
    return Token(kind, start, label.end() + offset, text, label=label["label"])


def _kinds(
    measures: Iterable[str], words: Mapping[str, frozenset[str]], indices: Iterable[str]
) -> dict[str, Kind]:
    found: dict[str, Kind] = {}
    for kind, group in reversed(_GROUPS):
        found.update(dict.fromkeys(words[group], kind))
    return found | dict.fromkeys(measures, Kind.MEASURE) | dict.fromkeys(indices, Kind.INDEX)


def _pattern(kinds: Iterable[str]) -> re.Pattern[str]:
    latin = [word for word in kinds if word[0].isascii()]
    other = [word for word in kinds if not word[0].isascii()]
    signs = re.escape("".join(_SIGNS))
    fixed = "|".join(f"(?P<{kind.value}>{text})" for kind, text in _FIXED)
    parts = [
        f"(?=[{_MARKER_FIRSTS}])(?P<marker>{_MARKER.pattern})",
        # The bullet after a reference such as [2], and a rating at the head of what follows it.
        r"(?=[-买增推看中优])(?P<semicolon>(?<=\])-|(?:买入|增持|推荐|看好|中性|优于大市)\((?:维持|首次|上调|下调)[^()]{0,4}\))",
        f"(?=[{_FIXED_FIRSTS}])(?:{fixed})",
        r"(?P<other_span>(?=[1-9])(?<![\d年/.~-])(?:1[0-2]|[1-9])月份?(?![\d日~-]|至今))",
        f"(?P<sign>[{signs}])",
        f"(?P<word>{_by_first_letters(other)})|(?=[A-Za-z0-9])(?P<latin>{_words(latin)})",
    ]
    # Most characters begin none of these: told by one look, and not by one for each of them.
    firsts = f"{_MARKER_FIRSTS}买增推看优{signs}{_firsts(other)}{_FIXED_FIRSTS}"
    return re.compile(f"(?=[{firsts}])(?:{'|'.join(parts)})")


def _by_first_letters(words: Iterable[str]) -> str:
    """Return an expression for many words, looked for in the few that begin with such letters."""
    by_letter: dict[str, list[str]] = {}
    for word in words:
        by_letter.setdefault(word[0], []).append(word)
    letters = sorted(by_letter)
    size = math.isqrt(len(letters))
    groups = (letters[at : at + size] for at in range(0, len(letters), size))
    parts = (
        f"(?=[{''.join(group)}])"
        + alternatives([word for letter in group for word in by_letter[letter]])
        for group in groups
    )
    return "|".join(parts)


def _words(words: Iterable[str]) -> str:
    return f"(?:{'|'.join(_word(word) for word in sorted(words, key=lambda w: (-len(w), w)))})"


def _firsts(words: Iterable[str]) -> str:
    return "".join(sorted({word[0] for word in words}))


def _word(word: str) -> str:
    # Letters must not run on: PE is no part of PET.
    after = r"(?![A-Za-z])" if word[-1].isascii() and word[-1].isalpha() else ""
    return f"(?<![A-Za-z]){re.escape(word)}{after}"
