"""Moves of sectors and of the indices that a report tracks, and the level of its industry's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from screener.domain.report import Claim, ClaimUnit, IndexMove
from screener.reports.claims.price_moves import MovePeriod, span_of
from screener.reports.claims.surroundings import Surroundings
from screener.reports.claims.vocabulary import Vocabulary
from screener.reports.text.found import FoundClaim
from screener.reports.text.text import Place

__all__ = ["Sectors", "industry_levels"]

_HAN = "\u4e00-\u9fff"
_CODED = re.compile(
    rf"(?:图表?\d{{1,3}})?(?P<name>[A-Za-z{_HAN}][A-Za-z0-9{_HAN}]{{0,11}})(?:\([A-Z]{{1,6}}\))?(?:指数)?"
    r"\((?P<code>\d{6,7}\.(?:WI|SI|CSI|CI|HI))\)"
)
_SUFFIXES = (".WI)", ".SI)", ".CSI)", ".CI)", ".HI)")
_SIGNED = r"[+-]\d{1,3}(?:\.\d{1,4})?%"
_TRACKED = re.compile(rf"(?:\([A-Z]{{1,6}}\))?指数(?P<value>{_SIGNED})")
_WEEK = re.compile(r"(?:本周|上周),?$")
_MONTH = re.compile(r"(?:本月以来|本月|月初以来|月初至今),?$")
_LONGEST = 16  # characters of an index's name and what stands around it
_MOVE = (
    r"(?:收\d{2,6}\.\d\d点?,)?(?P<turn>(?:周|整体|累计)?(?:涨跌幅|涨幅|跌幅|上涨|下跌|收涨|收跌|涨|跌))?"
    r"(?:为|达|约)?(?P<value>[+-]?\d{1,3}(?:\.\d{1,4})?%)"
    r"(?:[,(](?:在\d{1,3}个(?:申万)?(?:一级)?(?:行业)?[里中]?,?)?(?:排名?|位列|位居|居|列)?"
    r"(?:(?:全|全部|所有|申万一级|各)行业)?(?:中)?第(?P<rank>\d{1,3})(?![\d%.]))?"
)
_SECTOR = re.compile(rf"申万(?:一级)?(?P<after>[{_HAN}]{{2,6}}?)(?:行业)?(?:指数|板块){_MOVE}")
_BRACKETED = re.compile(
    rf"(?<![{_HAN}])(?:本周|上周)?(?P<after>[{_HAN}]{{2,6}}?)(?:行业|板块|指数)?"
    rf"\(申万(?:一级)?(?:行业)?\)(?:指数)?{_MOVE}"
)
_CLASSED = re.compile(
    rf"申万一级行业(?:划分|分类|指数)?,(?P<after>[{_HAN}]{{2,6}}?)(?:行业)?(?:板块|行业|指数){_MOVE}"
)
_ENDS = "。!?"
_SENTENCE = 400  # characters before a move in which its span is told
_LEVELS = re.compile(
    r"收盘点位(?P<now>\d{2,6}\.\d\d)52周最高(?P<high>\d{2,6}\.\d\d)52周最低(?P<low>\d{2,6}\.\d\d)(?!\d)"
)
_LEVEL_NAMES = (("now", "level at writing"), ("high", "52-week high"), ("low", "52-week low"))


@dataclass(slots=True)
class Sectors:
    """The tracked indices of a document, and what it says of sectors.

    Parameters
    ----------
    clean, words, told
        The text, the vocabulary, and what the text tells up to each place.
    indices
        Tracked indices with their moves: those with a code as printed, then the sectors.
    claims
        Moves of sectors by the Shenwan classification.
    """

    clean: str
    words: Vocabulary
    told: Surroundings
    indices: list[IndexMove] = field(default_factory=list)
    claims: list[FoundClaim] = field(default_factory=list)

    def read(self) -> Sectors:
        """Read the document."""
        self.indices += self._tracked()
        seen: set[tuple[str, str]] = set()
        if "申万" in self.clean:
            patterns = (_CLASSED, _SECTOR, _BRACKETED)
            found = (match for pattern in patterns for match in pattern.finditer(self.clean))
            for match in sorted(found, key=lambda match: match.start("value")):
                self._sector(match, seen)
        return self

    def _tracked(self) -> Iterator[IndexMove]:
        if not any(suffix in self.clean for suffix in _SUFFIXES):
            return
        codes = {_name(match["name"]): match["code"] for match in _CODED.finditer(self.clean)}
        weeks: dict[str, float] = {}
        months: dict[str, float] = {}
        for match in _TRACKED.finditer(self.clean):
            before = self.clean[max(0, match.start() - _LONGEST) : match.start()]
            ends = (before[-size:] for size in range(len(before), 0, -1))
            name = next((one for one in ends if one in codes), "")
            ahead = before.removesuffix(name) if name else ""
            for pattern, found in ((_WEEK, weeks), (_MONTH, months)):
                if pattern.search(ahead):
                    found.setdefault(name, _fraction(match["value"]))
        for name, code in codes.items():
            if name in weeks:
                yield IndexMove(
                    code=code, name=name, week=weeks[name], month_to_date=months.get(name)
                )

    def _sector(self, match: re.Match[str], seen: set[tuple[str, str]]) -> None:
        turn, printed = match["turn"] or "", match["value"]
        signed = printed[0] in "+-"
        if not signed and (not turn or turn.endswith("涨跌幅")):
            return
        least = max(0, match.start() - _SENTENCE)
        ends = (self.clean.rfind(mark, least, match.start()) + 1 for mark in _ENDS)
        start = max(least, *ends)
        days = self.told.days(match.end())
        told = span_of(self.words, self.clean[start : match.start("value")])
        span, word = told or (days.usual, "")
        if span is None:
            return
        value = _fraction(printed)
        value = -abs(value) if "跌" in turn and not turn.endswith("涨跌幅") else value
        name = f"申万{match['after']}"
        if (name, str(span)) in seen:
            return
        seen.add((name, str(span)))
        self.claims.append(
            FoundClaim(
                claim=Claim(
                    subject=name,
                    measure=str(span),
                    value=value,
                    unit=ClaimUnit.FRACTION,
                    as_of=days.of(span, word, None),
                    remark=_ranked(match["rank"]),
                ),
                place=Place(match.start("after"), match.end("value")),
            )
        )
        if span is MovePeriod.WEEK:
            self.indices.append(IndexMove(code="", name=name, week=value))


def industry_levels(clean: str) -> Iterator[FoundClaim]:
    """Find the level of the industry's index beside a note, and its range over 52 weeks."""
    match = _LEVELS.search(clean)
    if match is None:
        return
    for group, measure in _LEVEL_NAMES:
        yield FoundClaim(
            claim=Claim(
                subject="industry index",
                measure=measure,
                value=float(Decimal(match[group])),
                unit=ClaimUnit.POINTS,
            ),
            place=Place(*match.span(group)),
        )


def _name(printed: str) -> str:
    return printed.removesuffix("指数")


def _fraction(printed: str) -> float:
    return float(Decimal(printed.rstrip("%")).scaleb(-2))


def _ranked(rank: str | None) -> str:
    if not rank:
        return ""
    tens = rank[-2:-1] == "1"
    end = "th" if tens else {"1": "st", "2": "nd", "3": "rd"}.get(rank[-1], "th")
    return f"{rank}{end} of the industries"
