"""Ratings that a text prints, each with how it stands: in a cell, in a sentence, by a label."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum
from functools import cache
from typing import NamedTuple

from screener.reports.authors.brokers import broker_named
from screener.reports.ratings.ratings import Stance, stances
from screener.reports.roles.names_around import ROW, NamesAround, verbs_of_rating
from screener.reports.securities.name_index import Trust
from screener.reports.text.layout import Layout
from screener.reports.text.text import Place, Text
from screener.reports.text.vocabulary import WordList, alternatives, read_table

__all__ = ["ROWS", "Form", "Rated", "RatingMark", "rating_marks"]

_CLOSE = 16  # characters before and after a rating that tell how it stands there


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


class Form(Enum):
    """How a rating stands in a text."""

    CELL = "cell"  # in a row, a cell, a bracket
    PROSE = "prose"  # a sentence gives it
    LINE = "line"  # ends a line that a name heads, or heads it
    LABEL = "label"  # after a label or before its change: of the report, or of a name right before
    BESIDE = "beside"  # touches a name, and nothing else tells


ROWS = (Form.CELL, Form.BESIDE)


class RatingMark(NamedTuple):
    """A rating, and how it stands in the text."""

    rated: Rated
    form: Form


_SHARE = r"(?:-[AB](?![A-Za-z]))?"  # the share that a rating is of: 增持-A


@cache
def _words() -> _Words:
    table = read_table("ratings")
    changes = alternatives([word for words in table["changes"].values() for word in words])
    verbs = verbs_of_rating()
    bare = alternatives(
        [
            *table["changes"]["maintained"],
            *table["changes"]["initiated"],
            *table["verbs"]["giving"],
            *table["verbs"]["stock"],
        ]
    )
    chinese = [word for stance in Stance for word in table[stance]["chinese"]]
    english = [word for words in ("good", "neutral", "poor") for word in table[words]["english"]]
    return _Words(
        ratings=WordList([*chinese, *english]),
        token=re.compile(rf"(?:{alternatives([*chinese, *english])}){_SHARE}"),
        share=re.compile(_SHARE),
        old=re.compile(
            r"[”\"'’)]?(?:的?评级)?(?:-{0,3}>|→|=>|⇒|(?:上调|下调|调高|调低|调升|调降|调整|下降|上升|提高|降低|"
            r"降级|升级|上修|下修|降|升)?(?:至|到|为(?=[“\"'])))[“\"'(]?"
        ),
        called=re.compile(r"[”\"'’)]{0,2}的?(?:投资|股票)?(?:评级|等级)(?!标准|说明|体系|定义)"),
        label=re.compile(
            rf"(?:评级|等级|建议(?=[:|])|(?<![A-Za-z])[Rr]ating|RATING)(?:由|从|为|是|至|到|:|\||{verbs}|[()]){{0,4}}"
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
            r"[”\"'’]?(?:评级)?\d{1,3}[家次]|[”\"'’]?(?:评级)?[:\-(]{0,2}(?:预期|预计|预测|相对|未来|指|表示|代表|股价|行业指数)|[”\"'’]?[:=]?[><≥≤](?!/)"
        ),
        industry=re.compile(r"(?:行业|板块|产业)[^,。;:]{0,8}$"),
        told=re.compile(
            r"(?:at|to|a|with|an|is|rated|[Rr]ating|ratings|RATING|[Rr]ecommendation|maintain|maintained|maintains|keep|keeps|kept|"
            r"remain|remains|remained|stay|stays|stayed|still|reiterate|reiterated|reiterates|initiate|"
            r"initiated|upgrade|upgraded|downgrade|downgraded|our|its|as|retain|retains|retained|assign)"
            r"[:“\"']{0,2}$|(?:HK|CH|SH|SZ|\d)\)?[:-]?$",
        ),
        moving=re.compile(rf"(?:{verbs}|将|把|对)$"),
        english=frozenset(english),
    )


class _Words(NamedTuple):
    ratings: WordList
    share: re.Pattern[str]
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
    told: re.Pattern[str]
    moving: re.Pattern[str]
    english: frozenset[str]


class _Spot(NamedTuple):
    """What stands around a rating."""

    text: Text
    start: int
    end: int
    before: str
    after: str
    names: NamesAround
    left: int | None  # the last name before it

    @property
    def gap(self) -> str | None:
        """What stands between the name before it and the rating, in one row."""
        if self.left is None or self.start - self.names.ends[self.left] > ROW:
            return None
        return self.text.clean[self.names.ends[self.left] : self.start]


def rating_marks(text: Text, layout: Layout, names: NamesAround) -> Iterable[RatingMark]:
    """Yield the ratings that stand in a text, in order, those left out that another replaces."""
    clean, words, known = text.clean, _words(), stances()
    for word, start, after_word in words.ratings.find(clean):
        share = words.share.match(clean, after_word)
        end = share.end() if share else after_word
        if _is_old(clean, end):
            continue
        after = clean[end : end + _CLOSE]
        if words.explained.match(after) or words.industry.search(clean, max(0, start - 12), start):
            continue
        before = clean[max(0, start - _CLOSE) : start]
        spot = _Spot(text, start, end, before, after, names, names.before(start))
        printed = clean[start:end]
        rating = printed if printed in known else word
        if _in_line(spot):
            form: Form | None = Form.LINE
        else:
            form = _english_form(spot) if rating in words.english else _form(spot)
        if form is not None and not layout.in_boilerplate(start):
            yield RatingMark(Rated(printed, known[rating], Place(start, end)), form)


_BULLET = 3  # characters of a mark before the name that heads a line


def _in_line(spot: _Spot) -> bool:
    """Tell whether a rating ends a line that a name heads, or heads one before its name."""
    text, names = spot.text, spot.names
    cell = text.blank_before(spot.start) and re.search(r"[\d%]$", spot.before) is not None
    ends = text.blank_before(spot.end) and (cell or spot.before[-1:] in (",", "|", ";", "-"))
    right = names.after(spot.end)
    begins = right is not None and names.starts[right] == spot.end
    if not ends and not (begins and text.blank_before(spot.start)):
        return False
    line = text.line(Place(spot.start, spot.end))
    if line is None:
        return False
    if begins and line.start == spot.start:
        return text.blank_before(spot.end) and line.end > spot.end
    head = names.after(line.start)
    if not ends or line.end != spot.end or head is None or spot.left is None or head > spot.left:
        return False
    named = names.coded(head) or names.mentions[head].trust in (Trust.DISTINCT, Trust.LATIN)
    return named and names.starts[head] - line.start <= _BULLET


def _is_old(clean: str, end: int) -> bool:
    """Tell whether a rating is the one that another takes the place of."""
    arrow = _words().old.match(clean, end)
    return arrow is not None and _words().token.match(clean, arrow.end()) is not None


_MOVED = re.compile(r"[)\]】]?(?:的?(?:投资)?评级)?(?:[至为到][“\"'‘]?|[“\"'‘])")
_INSIDE = (",", "、", "/", ";", ":", "-", ",评级:", ",评级")
_CLOSING = (")", "]", "】", ",", "/", ";")
_PAST = ("此前", "曾", "原", "前次", "上次", "不", "未", "由", "从", "取消")
_LINE = re.compile(r"(?:-[A-Z]{1,2})?")
_ARROWS = ("->", "→", "=>", "⇒")


def _form(spot: _Spot) -> Form | None:
    """Tell how a rating in Chinese stands in the text; `None` where the word is no rating."""
    advised = spot.before.endswith(("建议:", "建议|"))  # 投资建议:推荐甲
    goes_on = _HAN.match(spot.after) and not spot.text.blank_before(spot.end)
    if spot.before.endswith(_PAST) or (advised and goes_on):
        return None
    if _in_cell(spot):
        return Form.CELL
    if _in_prose(spot):
        return Form.PROSE
    if _words().label.search(spot.before) or _words().changed.match(spot.after):
        return Form.LABEL
    return _row_form(spot)


def _in_cell(spot: _Spot) -> bool:
    before, next_one = spot.before, spot.after[:1]
    opened = before.endswith(("|", ">"))
    if before.endswith(_ARROWS) or (opened and next_one in ("", "|", "<", "(")):
        return True
    if before[-1:] in ("(", "[", "【") and _words().bracket.match(spot.after):
        return True
    if spot.gap == "":  # (600000.SH 买入)
        return next_one == ")"
    gap = spot.gap.lstrip(")]】") if spot.gap else None
    if gap == "" and spot.left is not None and spot.names.coded(spot.left):  # 甲(386)中性。
        return next_one in ("", "。", *_CLOSING)
    return gap in _INSIDE and next_one in ("", "。", *_CLOSING)  # (600000.SH,买入)


def _in_prose(spot: _Spot) -> bool:
    words, before, after = _words(), spot.before, spot.after
    quoted = before[-1:] in ("“", '"', "‘")
    if words.called.match(after) or (quoted and words.label.search(before)):
        return True
    if spot.left is not None and _MOVED.fullmatch(spot.gap or ""):  # 上调甲至“买入”
        begin = spot.names.starts[spot.left]
        if words.moving.search(spot.text.clean, max(0, begin - _CLOSE), begin):
            return True
    if words.given.search(before) and after[:1] in "”\"'’":
        return True
    alone = spot.end - spot.start >= 4 or not _HAN.match(after) or spot.text.blank_before(spot.end)
    return alone and words.bare.search(before) is not None


_HAN = re.compile(r"[\u4e00-\u9fff]")
_TARGET = re.compile(r"[,|(]?(?:目标价|目标|TP|现价)")
_HEAD = re.compile(r"(?:评级|目标价|代码|名称|简称|公司|股票|股份|元\))$")
_FIGURES = re.compile(r"[-+\d.,%()|/xXAEN倍元:$亿万千百\u4e00-\u9fffA-Z]{1,120}")


def _row_form(spot: _Spot) -> Form | None:
    """Tell whether a rating ends a row of figures, or stands right between two names."""
    clean, start, end = spot.text.clean, spot.start, spot.end
    right = spot.names.after(end)
    parted = clean[end : end + 1] == "|"
    begins_next = right is not None and spot.names.starts[right] == end + parted
    targeted = _TARGET.match(clean, end) is not None
    closes = (
        begins_next
        or targeted
        or clean[end : end + 1] in tuple("0123456789|(-/;")
        or (end == len(clean) or _words().token.match(clean, end) is not None)
    )
    opens = start == 0 or clean[start - 1] in "0123456789|%" or _HEAD.search(spot.before)
    beside = Form.BESIDE if begins_next and opens else None
    if spot.gap is None or not closes:
        return beside
    gap = _words().token.sub("", spot.gap)
    if gap and len(gap) <= _CLOSE and broker_named(gap.strip(")]】|")) is not None:
        return Form.CELL  # 甲(00700)高盛买入 701
    if not gap or gap in (")", "|"):
        return Form.CELL if targeted else Form.BESIDE
    digits = sum(character.isdigit() for character in gap)
    words = len(_HAN.findall(gap))
    in_row = digits >= 3 and words <= 12 and _FIGURES.fullmatch(gap) is not None
    return Form.CELL if in_row else beside


_KEPT = re.compile(
    r"(?:rating)?(?:is|was)?(?:maintained|reiterated|unchanged|retained)|[.](?:$|[A-Z\u4e00-\u9fff])"
)


def _english_form(spot: _Spot) -> Form | None:
    """Tell how an English rating stands, whose word must be whole: `BUY`, `keeps … at Buy`."""
    clean, before = spot.text.clean, spot.before
    if not _whole(spot) or "from" in before[-5:]:
        return None
    if before[-1:] in ("|", "(", "[", ">") or before.endswith(_ARROWS):
        return Form.CELL
    word = clean[spot.start : spot.end]
    gap = spot.gap
    if before[-1:] in (",", ";", "/") and spot.after[:1] in (")", "]") and gap is not None:
        return Form.CELL  # (700 HK; Buy)
    if gap is not None and before[-1:] == "," == spot.after[:1]:
        return Form.CELL if len(gap) <= _CLOSE else None
    if word.isupper() and gap is not None and len(gap) <= 4:
        return Form.CELL
    kept = before[-1:] in (",", ";", "-") and _KEPT.match(spot.after)
    told = (
        kept or word.isupper() or _words().told.search(before) or _words().called.match(spot.after)
    )
    if not told and spot.left is not None and _LINE.fullmatch(gap or ""):  # kept 甲-W Neutral
        begin = spot.names.starts[spot.left]
        told = _words().told.search(clean, max(0, begin - _CLOSE), begin)
    return Form.PROSE if told else None


def _whole(spot: _Spot) -> bool:
    """Tell whether an English rating is no part of a longer word."""
    text = spot.text

    def letter(offset: int) -> bool:
        return (
            text.clean[offset : offset + 1].isascii() and text.clean[offset : offset + 1].isalpha()
        )

    left = spot.start and letter(spot.start - 1) and not text.blank_before(spot.start)
    return not left and not (letter(spot.end) and not text.blank_before(spot.end))
