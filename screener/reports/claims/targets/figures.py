"""What stands behind the words for a target price: figures, and what leads from one to another."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from screener.reports.claims.numbers import NUMBER
from screener.reports.text.related import related_headlines
from screener.reports.text.text import Text

__all__ = ["Cue", "TargetFigures", "TargetReading", "Value"]

_CURRENCIES = r"人民币|RMB|Rmb|CNY|¥|港元|港币|HK\$|HKD|美元|US\$|USD|欧元|日元|元|yuan|\$"
_CUE = re.compile(
    r"(?=[目合上原前此先之旧TtPpFfO])(?P<old>原有?|原来|此?前|之前|先前|上次|旧|[Pp]revious|[Pp]rior|Old)?"
    r"(?P<cue>目标(?:价(?:格|位|值)?|股价)|合理(?:股价|价格|价值区间|价值|估值|价)"
    r"|(?:Target|target)[Pp]rice|[Pp]rice(?:[Tt]arget|[Oo]bjective)|[Ff]air[Vv]alue|TP|PT"
    r"|(?P<weak>目标|上望|Target|target))"
)
_NUMBER = rf"(?:{NUMBER})(?!\.?\d)"
_FIGURE = re.compile(
    rf"(?P<before>(?:{_CURRENCIES}){{1,2}})?(?P<number>{_NUMBER})"
    rf"(?![%‰倍xX亿万千百个月年日点号家、])(?P<after>{_CURRENCIES})?(?:/股)?"
    r"(?:\((?P<line>[AH])股?\))?"
)
_CHANGE = re.compile(
    rf"[+-]?{_NUMBER}(?:%|个百分点)|(?:逾|超过|超|近|约)?[一二两三四五六七八九]成半?"
)
_AHEAD = re.compile(
    rf"(?:(?P<before>{_CURRENCIES})(?P<number>{_NUMBER})"
    rf"|(?P<plain>{_NUMBER})(?P<after>{_CURRENCIES}))"
    r"(?:/股)?的?(?:12个月|6个月)?(?:新)?$"
)
"""A figure right before the words, with its money: 28元目标价."""
_LABEL = re.compile(
    rf"\([^()\d]{{0,12}}\)|\(\d{{1,2}}(?:-\d{{1,2}})?个月\)|\((?:{_CURRENCIES})(?:/股)?\)"
)
_MONEY = re.compile(_CURRENCIES)
_TO = re.compile(
    r"-{0,2}>|→|⇒|➔|(?:上调|下调|调升|调降|调高|调低|调整|提升|提高|上移|升|降|加|减|涨|削|抬升)?[至到]|to"
)
_FROM = re.compile(r"由|从|自|from")
_RANGE = re.compile(r"[-~]")
_SLASH = re.compile(r"/")
_FILLER = re.compile(
    r"为|是|[:)|=(]|仍|均|分别|约|近|上调|下调|调升|调降|调高|调低|调整|提升|提高|升|降|微|轻微|大|小幅|幅|"
    r"[“\"'《]?(?:强烈推荐|买入|增持|推荐|跑赢大市|优于大市|持有|中性|减持|卖出|沽售|跑赢行业)[”\"'》]?(?:评级)?|"
    r"及|和|再|亦|也|给予|设定|设|定|上看|看|维持|保持|不变|在|于|达|每股|区间|的|我们|目前|原来|最新|高|"
    r"moved?|moves|goes|edge[sd]|raised|lifted|cut|lowered|trimmed|remains?|unchanged|up|down|is|was|"
    r"of|at|by|set|our|new|the"
)
_STEPS = (
    ("label", _LABEL), ("change", _CHANGE), ("figure", _FIGURE), ("to", _TO), ("from", _FROM),
    ("range", _RANGE), ("slash", _SLASH), ("filler", _FILLER),
)  # fmt: skip
_OLD_LABEL = re.compile(r"旧|前|原|[Oo]ld|[Pp]rev")
_JOIN = re.compile(r"[、及和与]|以及")
_LISTED = re.compile(r"(?:均|皆)?分别|各")
_MOST_STEPS = 16
_MOST_LISTED = 12  # figures of one enumeration
_LONGEST_AHEAD = 24  # characters


@dataclass(frozen=True, slots=True)
class Value:
    """A figure, the money and the line printed with it, and where it ends."""

    number: Decimal
    money: str
    line: str
    end: int


@dataclass(frozen=True, slots=True)
class Cue:
    """Words for a target price: where they begin and end.

    Parameters
    ----------
    old
        Whether they speak of an earlier target.
    weak
        Whether they mean a target price only with money behind them.
    """

    start: int
    end: int
    old: bool
    weak: bool


@dataclass(slots=True)
class TargetReading:
    """What stands behind a cue: figures, and what leads from one to the next."""

    values: list[Value] = field(default_factory=list)
    links: list[str] = field(default_factory=list)  # before each value
    label: str = ""
    started: str = ""
    old: bool = False  # a label says that it is an earlier target

    def told(self) -> tuple[Value, ...]:
        """Return the target, or one for each line; else nothing."""
        if not self.values:
            return ()
        if len(self.values) == 1:
            return () if self.links[0] == "from" else (self.values[0],)
        if all(value.line for value in self.values):
            return tuple(self.values)
        if len(self.values) == 2 and self.links[1] == "to":
            return (self.values[1],)
        return ()

    def range(self) -> tuple[Value, ...]:
        """Return both ends of a range; nothing if it is none."""
        if len(self.values) != 2 or self.links[1] != "range":
            return ()
        return tuple(self.values) if self.values[0].number < self.values[1].number else ()


class TargetFigures:
    """Reads the figures of target prices in a text.

    Parameters
    ----------
    text
        The text.
    breaks
        Where one number ends and another begins, as from `number_breaks`.
    """

    def __init__(self, text: Text, breaks: Sequence[int]) -> None:
        self.text, self.clean, self.breaks = text, text.clean, breaks

    def cues(self) -> Iterator[Cue]:
        """Yield the words for target prices, in order; a headline of other news has none."""
        others = related_headlines(self.text)
        for match in _CUE.finditer(self.clean):
            related = any(one.start <= match.start() < one.end for one in others)
            if not related and self._stands(match):
                start, end = match.span("cue")
                yield Cue(start, end, bool(match["old"]), bool(match["weak"]))

    def _stands(self, match: re.Match[str]) -> bool:
        """Tell whether a Latin cue is a word of its own, as printed."""
        start, end = match.span("cue")
        if not match["cue"].isascii():
            return True
        before = self.clean[start - 1 : start]
        apart = self.text.blank_before(start) or not (before.isascii() and before.isalpha())
        following = self.clean[end : end + 1]
        whole = not (following.isascii() and following.isalpha()) or self.text.blank_before(end)
        return (apart or bool(match["old"])) and (whole or bool(_MONEY.match(self.clean, end)))

    def read(self, at: int, limit: int | None = None) -> TargetReading:
        """Read the figures from a place on, up to another if it is given."""
        found, link, moved = TargetReading(), "", False
        limit = len(self.clean) if limit is None else limit
        for _ in range(_MOST_STEPS):
            kind, match = self._step(at, limit)
            if match is None or (found.values and kind in ("from", "label")):
                break
            if kind == "figure":
                if found.values and not link:
                    found.values.append(found.values[-1])  # side by side: not told which is meant
                    found.links.append("")
                    break
                found.values.append(_value(match))
                found.links.append(found.started if len(found.values) == 1 else link)
                link = ""
            elif kind == "label":
                found.label = _last(_MONEY.findall(match[0])) or found.label
                found.old = found.old or bool(_OLD_LABEL.search(match[0]))
            elif kind in ("to", "range", "slash") and found.values:
                spans = kind == "to" and not moved and _spans(found, match)
                link = "range" if spans else kind
            elif kind == "from":
                found.started = "from"
            moved = moved or (bool(found.values) and kind in ("filler", "change"))
            at = match.end()
        return found

    def listed(self, at: int) -> tuple[Value, ...]:
        """Read one figure for each of several names: 分别由25元及30元升至28元及33元."""
        lists: list[list[Value]] = [[]]
        if not _LISTED.match(self.clean, at):
            return ()
        for _ in range(2 * _MOST_LISTED + _MOST_STEPS):
            kind, match = self._step(at, len(self.clean))
            if joined := _JOIN.match(self.clean, at):
                kind, match = "join", joined
            if match is None:
                break
            if kind == "figure":
                lists[-1].append(_value(match))
            elif kind == "to" and lists[-1]:
                lists.append([])
            elif kind not in ("join", "filler", "from", "change", "label") or len(lists) > 2:
                break
            at = match.end()
        told = [one for one in lists if one]
        same = len({len(one) for one in told}) == 1 and len(told) <= 2
        return tuple(told[-1]) if same and len(told[-1]) > 1 else ()

    def before(self, cue: Cue) -> TargetReading:
        """Read the figure that stands right before the words, if one does."""
        least = max(0, cue.start - _LONGEST_AHEAD)
        match = _AHEAD.search(self.clean, least, cue.start)
        found = TargetReading()
        if match is not None:
            number = Decimal((match["number"] or match["plain"]).replace(",", ""))
            money = match["before"] or match["after"]
            found.values.append(Value(number, money, "", cue.end))
            found.links.append("")
        return found

    def _step(self, at: int, limit: int) -> tuple[str, re.Match[str] | None]:
        cut = bisect_right(self.breaks, at)
        end = min(self.breaks[cut] if cut < len(self.breaks) else limit, limit)
        for kind, pattern in _STEPS:
            if match := pattern.match(self.clean, at, end):
                return kind, match
        return "", None


def _value(match: re.Match[str]) -> Value:
    money = _MONEY.findall(match["before"] or "") or [match["after"] or ""]
    return Value(
        Decimal(match["number"].replace(",", "")), money[0], match["line"] or "", match.end()
    )


def _spans(found: TargetReading, match: re.Match[str]) -> bool:
    """Tell whether 至 joins two ends, as in 28至30元, and leads not from old to new."""
    return match[0] in ("至", "到") and found.links[0] != "from"


def _last(found: Sequence[str]) -> str:
    return found[-1] if found else ""
