"""Words of a rating found on a house's scale: its own, in another language, or by their rank.

A house's own word comes first. A word of the other language leads to the one that stands for it.
Vendors sort what houses say into words of their own: where a house has other words, the best of
the vendor's is the best of the house's, the second best the second, and so on from both ends; such
a call rests on an assumption, and is marked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from screener.domain.report import Band
from screener.scoring.definitions.bands import Direction, direction_of

__all__ = ["Match", "Scale", "standing", "word_direction"]

_ENGLISH: dict[str, tuple[str, ...]] = {
    "strongbuy": ("强烈买入", "强力买入", "强烈推荐"),
    "buy": ("买入",),
    "accumulate": ("增持", "审慎增持", "谨慎增持", "收集"),
    "add": ("增持",),
    "outperform": ("优于大市", "跑赢大市", "强于大市", "领先大市", "跑赢行业", "增持"),
    "overweight": ("超配", "增持"),
    "neutral": ("中性",),
    "hold": ("持有",),
    "marketperform": ("同步大市", "中性"),
    "equalweight": ("标配", "中性"),
    "inline": ("同步大市", "中性"),
    "underperform": ("弱于大市", "跑输大市", "落后大市", "跑输行业", "减持"),
    "underweight": ("低配", "减持"),
    "reduce": ("减持",),
    "sell": ("卖出", "沽出"),
}
"""Chinese words that English ones stand for, the likelier first."""

_RANKED: dict[str, tuple[Direction, int]] = {
    "买入": (Direction.UP, 0),
    "增持": (Direction.UP, 1),
    "中性": (Direction.LEVEL, 0),
    "持有": (Direction.LEVEL, 0),
    "减持": (Direction.DOWN, 0),
    "卖出": (Direction.DOWN, 1),
}
"""Words that vendors sort ratings into, by side and distance from the middle or the top."""


_UP = (
    "强烈推荐 审慎推荐 谨慎推荐 推荐 强推 强力买入 强烈买入 买入 审慎增持 谨慎增持 增持 积极配置 "
    "强于大市 优于大市 领先大市 跑赢大市 跑赢行业 跑赢大盘 强于大盘 优于大势 强于市场 优于市场 "
    "收集 看好 超配 高配 超大市 strongbuy buy accumulate add outperform overweight"
)
_DOWN = (
    "减持 减配 卖出 沽出 沽售 回避 弱于大市 劣于大市 落后大市 跑输大市 跑输行业 跑输大盘 弱于大盘 "
    "落后大势 弱于市场 看淡 低配 underperform underweight reduce sell"
)
_SIDES = {
    **dict.fromkeys(_UP.split(), Direction.UP),
    **dict.fromkeys(_DOWN.split(), Direction.DOWN),
}
"""Words that every house means alike: more than the market, or less."""


class Match(StrEnum):
    """How a word was found on a scale."""

    OWN = "own"
    TRANSLATED = "translated"
    RANK = "rank"


@dataclass(slots=True)
class Scale:
    """Ratings of one house and level, with a place for each.

    Parameters
    ----------
    bands
        What each rating promises.
    places
        Where each of them stands among the contracts.
    """

    bands: Sequence[Band]
    places: Sequence[int]
    _own: dict[tuple[str, str], int] = field(init=False)

    def __post_init__(self) -> None:
        self._own = {
            (_key(band.rating), band.case): place
            for band, place in zip(self.bands, self.places, strict=True)
        }

    def find(self, word: str, *, case: str = "", vendor: bool = False) -> tuple[int, Match] | None:
        """Return the place of a word, and how it was found; `None` if the scale lacks it.

        Parameters
        ----------
        word
            The rating.
        case
            Risk class, for which a house may have a band of its own.
        vendor
            Whether the word is a vendor's, not the house's.
        """
        for text, how in (
            (_key(word), Match.OWN),
            *((text, Match.TRANSLATED) for text in _translations(_key(word))),
        ):
            for key in ((text, case), (text, "")):
                if key in self._own:
                    return self._own[key], how
        place = self._by_rank(word) if vendor else None
        return None if place is None else (place, Match.RANK)

    def defines_by_case(self, word: str) -> bool:
        """Tell whether the scale has a word for some risk classes alone."""
        return any(text == _key(word) and case for text, case in self._own)

    def _by_rank(self, word: str) -> int | None:
        if word not in _RANKED:
            return None
        side, rank = _RANKED[word]
        alike = [
            (band, place)
            for band, place in zip(self.bands, self.places, strict=True)
            if not band.case and direction_of(band) == side
        ]
        alike.sort(key=lambda item: -standing(item[0]))
        return alike[min(rank, len(alike) - 1)][1] if alike else None


def word_direction(word: str) -> Direction:
    """Return to which side a word points in every house's mouth; level where that is not so."""
    return _SIDES.get(_key(word), Direction.LEVEL)


def standing(band: Band) -> float:
    """Return where a band stands, so that a better rating has more."""
    bounds = [bound for bound in (band.low, band.high) if bound is not None]
    if not bounds:
        return float("-inf")
    # Of two that share a bound the open one lies beyond the other.
    return sum(bounds) / len(bounds) + 1e-6 * (band.high is None) - 1e-6 * (band.low is None)


def _key(word: str) -> str:
    return "".join(word.split()).replace("-", "").casefold()


def _translations(key: str) -> tuple[str, ...]:
    if key in _ENGLISH:
        return _ENGLISH[key]
    return tuple(text for text, words in _ENGLISH.items() if key in words)
