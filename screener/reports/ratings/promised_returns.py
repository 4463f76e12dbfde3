"""The promised return: what the words of one rating say, such as 相对基准指数涨幅在5%~15%之间."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from screener.reports.text.vocabulary import alternatives, read_table

__all__ = ["PromisedReturn", "promised_return"]

_NUMBER = r"[+-]?\d{1,9}(?:\.\d{1,9})?"
_PERCENT = r"(?:%|个?百分点)"
_RANGE = re.compile(
    rf"(?P<low>{_NUMBER}){_PERCENT}?(?:\(含\))?(?P<to>[~～至到与和及、,/]{{1,4}}|"
    rf"-{{1,2}}(?=[\d.+-]))(?P<high>{_NUMBER}){_PERCENT}"
)
_SPREAD = re.compile(rf"(?:±|\+/?-|正负|上下)(?P<spread>\d{{1,9}}(?:\.\d{{1,9}})?){_PERCENT}")
_LEAST = "达到或超过|大于或?等于|不低于|不少于|超过|高于|大于|≥|>=|>"
_MOST = "小于或?等于|不超过|不高于|低于|小于|少于|不足|≤|<=|<"
_ONE = re.compile(
    rf"(?:(?P<least>{_LEAST})|(?P<most>{_MOST}))?(?P<value>{_NUMBER}){_PERCENT}"
    r"(?:\(不?含\)|\(含|[及或含]){0,6}(?:(?P<over>[以之]上)|(?P<under>[以之][下内]))?"
)
_AND = re.compile(r"[,且并但而和、]*")
_LEVEL = re.compile(r"持平|同步|相当|一致|接近")
_FALL_AFTER = re.compile(r".{0,2}(?:跌幅|下跌)")
_SLIDE = re.compile(r"跌幅|下跌|下降|回落")  # a fall by itself, not against something


class PromisedReturn(NamedTuple):
    """The return that a rating promises.

    Parameters
    ----------
    low, high
        Bounds as fractions; both `None` where no figure is given or it reads two ways.
    direction
        Without figures: 1 better than the benchmark, -1 worse, 0 level with it or not said.
    end
        Offset after the words that were read.
    """

    low: float | None
    high: float | None
    direction: int
    end: int


class _Sides(NamedTuple):
    # What is said of the direction before a figure.
    up: bool
    down: bool
    slide: bool


def promised_return(words: str) -> PromisedReturn:
    """Return the promised return of the words that follow a rating.

    Parameters
    ----------
    words
        The rating's own clause, without white space, in Simplified characters.

    Returns
    -------
    PromisedReturn
        Only the first figure, or range, is read.
    """
    # 沪深300 15%以上 loses its space: an index's own number must not run into the figure.
    plain = _indices().sub(lambda match: "基" * len(match[0]), words)
    plain = plain.replace("涨跌幅", "变动幅").replace("升跌幅", "变动幅")
    found = [
        (match.start(), order, match)
        for order, pattern in enumerate((_SPREAD, _RANGE, _ONE))
        if (match := pattern.search(plain)) is not None
    ]
    if not found:
        return PromisedReturn(None, None, _direction(_sides(plain), plain), len(words))
    start, order, match = min(found, key=lambda item: item[:2])
    sides = _sides(plain[:start], after=plain[match.end() : match.end() + 4])
    if order == 0:
        size = _fraction(match["spread"])
        return PromisedReturn(-size, size, 0, match.end())
    if order == 1:
        return PromisedReturn(*_range(match, sides), 0, match.end())
    low, high, end = _one(match, sides)
    return PromisedReturn(low, high, 0, end)


def _range(match: re.Match[str], sides: _Sides) -> tuple[float | None, float | None]:
    low, high = _fraction(match["low"]), _fraction(match["high"])
    if match["to"] == "--" and abs(low) == abs(high):
        low, high = -abs(low), abs(high)  # one dash is a sign, whichever
    elif match["to"] == "--" and low < 0:
        if not sides.down:
            return None, None  # -10%--5% may end at 5 or at -5
        high = -abs(high)
    elif sides.down and low >= 0 and high >= 0:
        low, high = -high, -low
    low, high = min(low, high), max(low, high)
    return (low + 0.0, high + 0.0) if low < high else (None, None)


def _one(match: re.Match[str], sides: _Sides) -> tuple[float | None, float | None, int]:
    value = _fraction(match["value"])
    over = bool(match["least"] or match["over"])
    under = bool(match["most"] or match["under"])
    if over and under:
        return (None, value, match.end()) if value < 0 else (None, None, match.end())
    if value < 0:
        below = under or sides.down
        return (None, value, match.end()) if below else (value if over else None, None, match.end())
    if sides.down:
        return _fall(match, value, sides, under)
    if over:
        second = _ONE.match(match.string, _AND.match(match.string, match.end()).end())  # type: ignore[union-attr]
        if second and (second["most"] or second["under"]):
            return value, _fraction(second["value"]), second.end()
        return value, None, match.end()
    if under:
        return None, None if sides.up else value, match.end()
    return value if sides.up else None, None, match.end()


def _fall(
    match: re.Match[str], value: float, sides: _Sides, under: bool
) -> tuple[float | None, float | None, int]:
    # "Weaker by 5 % or below" means beyond 5 %; "a fall of less than 5 %" may begin at nought.
    if under and sides.slide:
        return None, None, match.end()
    second = _ONE.match(match.string, _AND.match(match.string, match.end()).end())  # type: ignore[union-attr]
    if second and (second["most"] or second["under"]):
        return -_fraction(second["value"]), 0.0 - value, second.end()
    return None, 0.0 - value, match.end()


def _sides(lead: str, after: str = "") -> _Sides:
    down = _down().search(lead) is not None or _FALL_AFTER.match(after) is not None
    slide = _SLIDE.search(lead) is not None or _FALL_AFTER.match(after) is not None
    return _Sides(up=_up().search(lead) is not None, down=down, slide=slide)


def _direction(sides: _Sides, words: str) -> int:
    if _LEVEL.search(words) or sides.up == sides.down:
        return 0
    return 1 if sides.up else -1


def _fraction(number: str) -> float:
    # Decimal places of the report, not of the division: 5.5 % is 0.055.
    return round(float(number) / 100, 6)


@cache
def _up() -> re.Pattern[str]:
    return re.compile(alternatives(read_table("ratings")["definitions"]["up"]))


@cache
def _down() -> re.Pattern[str]:
    return re.compile(alternatives(read_table("ratings")["definitions"]["down"]))


@cache
def _indices() -> re.Pattern[str]:
    names = [
        name
        for row in read_table("ratings")["benchmarks"]
        for index in row["indices"]
        for name in (index["name"], *index.get("written", ()))
    ]
    return re.compile(alternatives(names))
