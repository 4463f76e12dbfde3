"""The rating that a report gives, what changed it, what it speaks of, and the industry."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Sequence
from enum import StrEnum
from functools import cache, lru_cache
from typing import NamedTuple

from screener.domain.report import RatingLevel
from screener.reports.text.spans import Spans
from screener.reports.text.text import Place, clean_name
from screener.reports.text.vocabulary import alternatives, read_table

__all__ = [
    "SPOKEN",
    "FoundRating",
    "Stance",
    "industry_in",
    "rating_in",
    "rating_words",
    "stances",
]

_HEAD = 2_000  # the first page
_TOP = 400  # of the first page: where a rating may stand without a label
_TITLE = 80
_GAP = 34  # between the verb of a sentence and the rating
SPOKEN = r"\([a-zü]{0,5}[āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜ][a-z]{0,3}\)"
"""A regular expression for how a character is spoken, which some sites print after it."""
_NEXT_TO_VERB = re.compile(r"(?:公司|行业)?(?:投资)?(?:评级)?(?:至|为|到)?")
_LONG = 4  # characters of a rating that is no ordinary word
_HAN = re.compile(r"[一-龥]")
_FORMER = re.compile(r"[从由][“\"‘]?$")  # 从“增持”调高至…
_ANOTHER_OBJECT = re.compile(r"目标价|盈利|预测|预期|EPS|PE|估值")
# After a rating without a colon before it: a row of a table of definitions, not a rating.
_DEFINING = (
    r"(?!评级|[:\-(]*(?:预期|预计|预测|相对|未来|指|股价|行业|公司|个股|分析师|报告|投资|表示|>))"
)
_EXPLAINED = r"(?![:\-]*(?:预期|预计|预测|相对|未来|股价|行业指数|指|>))"
_CODE = re.compile(r"\d{6}\.(?:SZ|SH|BJ|SS)|\(\d{6}(?:S[HZ]|BJ)?\)|\d{4,5}\.HK|\(\d{4,5}HK\)")


class Stance(StrEnum):
    """What a rating advises: to buy, neither, to sell; or that there is no rating."""

    GOOD = "good"
    NEUTRAL = "neutral"
    POOR = "poor"
    NONE = "none"


class FoundRating(NamedTuple):
    """A rating as the text gives it.

    Parameters
    ----------
    rating
        In Simplified characters.
    change
        `maintained`, `raised`, `lowered`, `initiated` or empty.
    level
        What it speaks of, if the text tells.
    place
        Where it stands in `Text.clean`.
    """

    rating: str
    change: str
    level: RatingLevel | None
    place: Place


class _Seen(NamedTuple):
    weight: int
    match: re.Match[str]
    change: str


def rating_words() -> str:
    """Return a regular expression for every rating in Chinese, the longer ones first."""
    return alternatives([word for words in _chinese().values() for word in words])


@cache
def stances() -> dict[str, Stance]:
    """Return what each rating advises, by the rating as it is read."""
    table = read_table("ratings")
    return {
        clean_name(word): stance
        for stance in Stance
        for word in (*table[stance]["chinese"], *table[stance]["english"])
    }


def _chinese() -> dict[Stance, list[str]]:
    return {stance: read_table("ratings")[stance]["chinese"] for stance in Stance}


def rating_in(clean: str, skip: Sequence[Place] = ()) -> FoundRating | None:
    """Return the rating that a report gives.

    Parameters
    ----------
    clean
        `Text.clean`.
    skip
        Stretches that define ratings and give none.

    Returns
    -------
    FoundRating or None
        `None` if it gives none, or several that contradict each other.
    """
    skipped = Spans(skip)
    clean, offsets = _plain(clean)
    seen = [
        item
        for item in (*_printed_in_head(clean), *_told_in_prose(clean))
        if not skipped.holding(offsets[item.match.start("rating")])
    ]
    kind = _kind(clean)
    best = _best(clean, [item for item in seen if _speaks_for_all(clean, item, kind)], kind)
    if best is None:
        return None
    change = best.change or _change_elsewhere(best, seen)
    level = _level(clean, best.match, kind)
    start, end = best.match.span("rating")
    place = Place(offsets[start], offsets[end - 1] + 1)
    return FoundRating(best.match["rating"], change, level, place)


def _plain(clean: str) -> tuple[str, Sequence[int]]:
    """Return a text without marks of print and words printed twice, and the way back."""
    parts, offsets, at = [], array("I"), 0
    for match in _printed_twice().finditer(clean):
        parts.append(clean[at : match.start()])
        offsets.extend(range(at, match.start()))
        at = match.end()
    if not parts:
        return clean, range(len(clean))
    offsets.extend(range(at, len(clean)))
    return "".join((*parts, clean[at:])), offsets


@lru_cache(maxsize=4)  # asked for by several readers of one text
def industry_in(clean: str) -> str:
    """Return the industry that a report's head names, in Simplified characters.

    Parameters
    ----------
    clean
        `Text.clean`.

    Returns
    -------
    str
        Such as `通信` or `电子|半导体`; empty if unclear.
    """
    head = clean[:_HEAD]
    for pattern in _industry_patterns():
        match = pattern.search(head)
        if match:
            return match["industry"]
    return ""


def _best(clean: str, seen: list[_Seen], kind: RatingLevel | None) -> _Seen | None:
    if not seen:
        return None
    top = max(item.weight for item in seen)
    first = [item for item in seen if item.weight == top]
    if top >= _Weight.LABEL:
        fitting = [item for item in first if _level(clean, item.match, kind) is kind]
        named = [item for item in fitting if _is_industrys(item)]
        return ((kind is RatingLevel.INDUSTRY and named) or first)[0]
    if _agree(first) or kind is RatingLevel.STOCK:
        return first[0]
    # Sentences on several companies: only one on the industry speaks for the report.
    own = [item for item in first if _level(clean, item.match, None) is RatingLevel.INDUSTRY]
    return own[0] if len({item.match["rating"] for item in own}) == 1 else None


def _is_industrys(item: _Seen) -> bool:
    return item.match["rating"] in read_table("ratings")["levels"]["industry_words"]


def _agree(seen: Sequence[_Seen]) -> bool:
    """Tell whether ratings are one, in one language or in two."""
    words = {item.match["rating"] for item in seen}
    han = [word for word in words if _HAN.match(word)]
    return len(words) == 1 or (
        len(han) <= 1 < len(words) and len({stances()[word] for word in words}) == 1
    )


def _speaks_for_all(clean: str, item: _Seen, kind: RatingLevel | None) -> bool:
    # A sentence of a report on many companies rates one of them, unless it says otherwise.
    if item.weight not in (_Weight.SENTENCE, _Weight.BARE_LABEL) or kind is RatingLevel.STOCK:
        return True
    start = item.match.start("rating")
    before = re.split(r"[。;■]", clean[max(0, start - 2 * _GAP) : start])[-1]
    if kind is None and _is_roundup(clean):
        return False
    if re.search(r"行业|板块", before[-_GAP:]):
        return True
    if _is_industrys(item):
        return True
    return kind is None and _CODE.search(before) is None


def _is_roundup(clean: str) -> bool:
    return _roundup().search(clean, 0, _TITLE) is not None


def _change_elsewhere(best: _Seen, seen: list[_Seen]) -> str:
    # A label without a change, and a sentence about the same rating with one.
    same = [item for item in seen if item.match["rating"] == best.match["rating"]]
    return next((item.change for item in same if item.change), "")


class _Weight:
    CHANGED = 100  # 买入(维持) on the first page
    LABEL = 80  # 评级:买入
    SENTENCE = 60  # 维持“买入”评级
    CHANGED_LATER = 50
    BARE_LABEL = 40  # 投资评级 买入
    STANDING = 30  # 优于大市, by itself under a date or a code


def _printed_in_head(clean: str) -> Iterator[_Seen]:
    for match in _changed().finditer(clean):
        early = match.start() < _HEAD
        weight = _Weight.CHANGED if early else _Weight.CHANGED_LATER
        yield _Seen(weight, match, _kind_of_change(match["change"]))
    for match in _labelled().finditer(clean, 0, _HEAD):
        weight = _Weight.LABEL if match["colon"] else _Weight.BARE_LABEL
        change = match["before"] or match["inside"] or match["change"] or match["after"] or ""
        yield _Seen(weight, match, _kind_of_change(change))
    for match in _standing().finditer(clean, 0, _TOP):
        yield _Seen(_Weight.STANDING, match, "")


def _told_in_prose(clean: str) -> Iterator[_Seen]:
    for match in _sentence().finditer(clean):
        if _FORMER.search(clean, max(0, match.start("rating") - 2), match.start("rating")):
            continue
        if match["close"] or match["tail"] or _is_bare_rating(clean, match):
            yield _Seen(_Weight.SENTENCE, match, _change_in_sentence(clean, match))


def _is_bare_rating(clean: str, match: re.Match[str]) -> bool:
    # 维持强于大市 gives a rating; 维持推荐逻辑 and 首次增持股份 do not.
    if not _NEXT_TO_VERB.fullmatch(match["gap"]):
        return False
    rating = match["rating"]
    unmistakable = len(rating) >= _LONG or (
        rating in ("买入", "增持", "中性", "减持") and match["verb"] in ("维持", "重申")
    )
    return unmistakable or not _HAN.match(clean, match.end())


def _change_in_sentence(clean: str, match: re.Match[str]) -> str:
    change = _kind_of_change(match["verb"])
    if change in ("raised", "lowered") and _ANOTHER_OBJECT.search(match["gap"]):
        return ""
    if change:
        return change
    before = clean[max(0, match.start() - _GAP) : match.start("rating")]
    return "initiated" if _initiated().search(before.rpartition("。")[2]) else ""


def _kind_of_change(word: str) -> str:
    for change, words in read_table("ratings")["changes"].items():
        if word in words:
            return str(change)
    return ""


def _kind(clean: str) -> RatingLevel | None:
    head = clean[:_HEAD]
    found = [
        (match.start(), level)
        for level, pattern in _report_kinds()
        if (match := pattern.search(head)) is not None
    ]
    code = _CODE.search(clean, 0, _TITLE)
    if _is_roundup(clean):
        found = [item for item in found if item[1] is RatingLevel.INDUSTRY]
    elif code:
        found.append((code.start(), RatingLevel.STOCK))
    return min(found, default=(0, None))[1]


def _level(clean: str, match: re.Match[str], kind: RatingLevel | None) -> RatingLevel | None:
    start = match.start("rating")
    near = clean[max(match.start() - 8, 0) : start].rpartition("。")[2]
    spots = [
        (near.rfind(word), level)
        for level in RatingLevel
        for word in read_table("ratings")["levels"][level.value]
        if word in near
    ]
    if _CODE.search(near):
        spots.append((start, RatingLevel.STOCK))
    if spots:
        return max(spots)[1]
    if kind is not None:
        return kind
    named = match["rating"] in read_table("ratings")["levels"]["industry_words"]
    return RatingLevel.INDUSTRY if named else None


@cache
def _any_rating() -> str:
    shown = [word for word, stance in stances().items() if stance is not Stance.NONE]
    return rf"(?P<rating>{alternatives(shown)})(?:-[AB](?![A-Za-z]))?"


@cache
def _any_change() -> str:
    return alternatives(
        [word for words in read_table("ratings")["changes"].values() for word in words]
    )


@cache
def _changed() -> re.Pattern[str]:
    # Parted from its change by a bar, a bracket or a stroke; glued to it only before 评级.
    return re.compile(
        rf"{_any_rating()}[”\"]?(?:评级)?"
        rf"(?:[|(\[【/·-]+|(?=(?:维持|首次|上调|下调)评级(?!至|为|到)))"
        rf"(?P<change>{_any_change()})(?!至|目标|盈利|预测)"
    )


@cache
def _labelled() -> re.Pattern[str]:
    change = _any_change()
    return re.compile(
        rf"(?P<before>{change})?(?<!上次)(?<!前次)(?<!原)(?<!此前)"
        rf"(?:(?:投资|行业|公司|股票|个股|板块|最新|当前|本次|综合){{0,6}}评级|Rating|rating|RATING)"
        rf"(?:\((?P<inside>{change})\))?(?P<colon>[:|](?:\)?[:|])?|为|-(?=[^-]{{1,4}}评级)|-(?:全面|继续|坚定|持续)?(?=看))?[“\"(]*(?P<change>{change})?[“\"]?{_any_rating()}"
        rf"[”\")]?(?(colon){_EXPLAINED}|{_DEFINING})[|(/]?(?P<after>{change})?"
    )


@cache
def _standing() -> re.Pattern[str]:
    long = [word for word in stances() if len(word) >= _LONG and _HAN.match(word)]
    capitals = [word for word in stances() if word.isupper()]
    return re.compile(
        rf"(?:(?<=[日\d)】|])(?={alternatives(long)})|(?<=[:(|])(?=(?:{alternatives(capitals)})"
        rf"(?:[,;)|(]|TP|Target))){_any_rating()}{_DEFINING}"
    )


@cache
def _sentence() -> re.Pattern[str]:
    table = read_table("ratings")
    words = [word for words in table["changes"].values() for word in words]
    strong = [word for word in words if word not in table["verbs"]["weak"]]
    verb = alternatives([*strong, *table["verbs"]["giving"]])
    return re.compile(
        rf"(?P<verb>{verb})(?P<gap>(?:(?!{verb})[^。;!?]){{0,{_GAP}}}?)"
        rf"[“\"‘]?{_any_rating()}(?P<close>[”\"’])?(?P<tail>的?(?:投资|股票)?(?:评级|等级)|rating)?"
    )


@cache
def _printed_twice() -> re.Pattern[str]:
    words = ["投资评级", "评级", "维持", "首次", *stances()]
    first = "".join({re.escape(word[0]) for word in words})  # most characters begin none
    return re.compile(
        rf"(?=[*(\[{first}])(?:[*]{{2}}|{SPOKEN}|\[\d{{1,3}}\]|\[Table_[A-Za-z]{{1,20}}\]"
        rf"|(?P<word>{alternatives(words)})(?=(?P=word)))"
    )


@cache
def _roundup() -> re.Pattern[str]:
    return re.compile(alternatives(read_table("ratings")["levels"]["roundups"]))


@cache
def _initiated() -> re.Pattern[str]:
    return re.compile(alternatives(read_table("ratings")["changes"]["initiated"]))


@cache
def _report_kinds() -> tuple[tuple[RatingLevel, re.Pattern[str]], ...]:
    table = read_table("ratings")["levels"]
    kinds = alternatives(table["report_kinds"])
    named = alternatives(read_table("ratings")["industries"])
    periodical = re.compile(rf"(?:{named})(?:双周报|周报|月报|日报)")
    by_words = tuple(
        (
            level,
            re.compile(
                rf"(?:{alternatives(table[key])})(?:证券|投资|定期|事件|[^一-龥]){{0,2}}(?:{kinds})"
            ),
        )
        for level, key in (
            (RatingLevel.INDUSTRY, "industry_reports"),
            (RatingLevel.STOCK, "stock_reports"),
        )
    )
    return (*by_words, (RatingLevel.INDUSTRY, periodical))


@cache
def _industry_patterns() -> tuple[re.Pattern[str], ...]:
    table = read_table("ratings")
    word = rf"(?:{alternatives(table['industries'])})"
    named = rf"(?P<industry>{word}(?:[|/·与和及]{word}){{0,6}})"
    kinds = alternatives(table["levels"]["report_kinds"])
    return (
        re.compile(rf"(?:行业(?:名称|分类)?[:|]|(?:投资评级|所属|基本数据)行业){named}(?!行业)"),
        re.compile(
            rf"{named}(?:Ⅱ|Ⅲ)?行业(?:\d{{4}}年?)?(?:证券|投资|定期|事件|[^一-龥]){{0,2}}(?:{kinds})"
        ),
        re.compile(rf"行业(?:证券|投资)?(?:{kinds})[|/·:-]+{named}"),
        re.compile(rf"(?:研究报告|行业研究)[|/·:-]*{named}(?:行业)?(?=[|/·:(\[]|行业)"),
        re.compile(rf"{named}(?:行业)?(?:周报|双周报|月报|日报|组(?=分析师|[|:(]))"),
        re.compile(rf"(?<![一-龥]){named}[|·/-]*证券研究报告"),
        re.compile(
            rf"行业(?:{kinds})[^。]{{0,16}}?{named}(?=20\d\d|维持|首次|评级|强于|买入|增持|推荐)"
        ),
        re.compile(rf"(?:走势|表现)[^。]{{0,6}}?{named}沪深300"),
        re.compile(rf"{named}行业(?:首席|分析师)"),
    )
