"""What a broker means by its ratings: horizon, benchmarks, and the band of each rating.

A definition is a ladder: ratings in falling order, each followed by the return that it promises.
Prose, lists and flattened tables all come out as that once white space is gone. What a ladder does
not say in figures is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise

from screener.domain.report import Band, RatingDefinition, RatingLevel
from screener.reports.ratings.promised_returns import PromisedReturn, promised_return
from screener.reports.ratings.ratings import rating_words
from screener.reports.text.text import Place, Text
from screener.reports.text.vocabulary import alternatives, read_table

__all__ = ["definition_places", "definitions_in"]

_CLAUSE = 90  # a rating's own words
_STEP = 160  # from one rating of a ladder to the next
_PREFACE = 700
_REACH = 1_500  # a definition from its first word to its last
_REMARKS = 500
_ADJACENT = 14
_ENOUGH = 2
_CLAUSE_END = re.compile(r"[。;●•◆■]")
_SUBJECTS = (
    (RatingLevel.CONVERTIBLE, re.compile(r"可?转债")),
    (RatingLevel.INDUSTRY, re.compile(r"行业|板块")),
    (RatingLevel.STOCK, re.compile(r"股票|公司|个股|股价|证券(?=相对|涨|表现)")),
)
_HEADING = re.compile(
    r"(?P<words>(?:(?:股票|公司|个股|证券|行业|板块|可转债|转债)[及和与、/或]?){1,8})"
    r"(?:的)?(?:投资)?(?:的)?(?:评级|投资建议)"
)
_COMPARES = re.compile(r"(?:大市|大盘|市场|大势|行业)$")
_DIGITS = {"一": 1, "两": 2, "二": 2, "三": 3, "六": 6, "九": 9, "十二": 12, "十八": 18}
_COUNT = r"(?:\d{1,2}|十二|十八|[一二两三六九])"
_MONTHS = re.compile(
    r"(?<!过去)(?<!最近)(?<!此前)(?<!前)(?<!\d)(?:"
    rf"(?P<low>{_COUNT})(?:个?月)?(?:[~～至到、/]|-{{1,2}})(?P<high>{_COUNT})个?月"
    rf"|(?P<one>{_COUNT})个月|(?P<half>半年)(?=内|后|期|的)|(?P<year>[一1]年)(?=内|后|期|的))"
)


@dataclass(frozen=True, slots=True)
class _Rung:
    # One rating of a ladder: where it stands, where its words end, and the promised return.
    rating: str
    start: int
    body: int
    end: int
    promised: PromisedReturn

    @property
    def bounded(self) -> bool:
        return self.promised.low is not None or self.promised.high is not None


_Ladder = list[_Rung]
_Months = tuple[int, int]


def definitions_in(text: Text, *, broker: str) -> tuple[RatingDefinition, ...]:
    """Return what a broker's report says that its ratings mean.

    Parameters
    ----------
    text
        The report.
    broker
        Whose definition it is.

    Returns
    -------
    tuple of RatingDefinition
        One for each horizon; empty where the text defines nothing in figures. A rating that the
        text does not define in figures, or not unambiguously, is left out.
    """
    clean = text.clean
    ladders = _ladders(clean)
    gaps = [_gap(clean, ladders, number) for number in range(len(ladders))]
    elsewhere = _told_elsewhere(clean, ladders, gaps)
    found: dict[tuple[RatingLevel, str], tuple[_Months, Band]] = {}
    for number, ladder in enumerate(ladders):
        gap = gaps[number]
        months = _told_months(clean, ladder) or _last_months(clean, *gap) or elsewhere
        if months is None:
            continue
        for level in _levels(clean, ladder, gap):
            for band in _bands(ladder, level):
                found.setdefault((level, band.rating), (months, band))
    benchmarks = _benchmarks(clean, ladders) if found else ()
    return tuple(
        RatingDefinition(
            broker=broker,
            months_low=low,
            months_high=high,
            benchmarks=benchmarks,
            bands=tuple(band for months, band in found.values() if months == (low, high)),
        )
        for low, high in dict.fromkeys(months for months, _ in found.values())
    )


def definition_places(text: Text) -> tuple[Place, ...]:
    """Return the stretches of `Text.clean` that define ratings, one for each ladder."""
    return tuple(Place(ladder[0].start, ladder[-1].end) for ladder in _ladders(text.clean))


@lru_cache(maxsize=4)  # asked for the definition itself and for where it stands
def _ladders(clean: str) -> tuple[_Ladder, ...]:
    ladders: list[_Ladder] = []
    for rung in _rungs(clean):
        if ladders and _continues(ladders[-1], rung):
            ladders[-1].append(rung)
        else:
            ladders.append([rung])
    return tuple(ladder for ladder in ladders if _is_definition(clean, ladder))


def _rungs(clean: str) -> list[_Rung]:
    heads: list[re.Match[str]] = []
    terms = read_table("ratings")["definitions"]["terms"]
    for match in _after_anchors(clean):
        explained = heads and match["rating"] in terms and match.start() - heads[-1].end() <= 1
        if not explained and _opens(clean, match):
            heads.append(match)
    limits = [*(following.start() for following in heads), len(clean)][1:]
    rungs: list[_Rung] = []
    bare: list[re.Match[str]] = []
    for match, limit in zip(heads, limits, strict=True):
        bare.append(match)
        if limit - match.end() <= 1:
            continue  # a column of ratings: their words follow after the last of them
        rungs.extend(_column(clean, bare, limit))
        bare = []
    return rungs


def _after_anchors(clean: str) -> Iterator[re.Match[str]]:
    # Ratings near words that announce a definition; the body of a report is not looked at.
    end = 0
    for anchor in _anchor().finditer(clean):
        start, end = max(end, anchor.end()), anchor.end() + _REACH
        yield from _head().finditer(clean, start, end)


def _column(clean: str, heads: Sequence[re.Match[str]], limit: int) -> list[_Rung]:
    rungs = []
    body = heads[-1].end()
    for match in heads:
        end = min(limit, body + _CLAUSE)
        stop = _CLAUSE_END.search(clean, body, end)
        words = clean[body : stop.start() if stop else end]
        promised = promised_return(words)
        rungs.append(_Rung(match["rating"], match.start(), body, body + promised.end, promised))
        body = min(limit, body + promised.end + bool(stop and promised.end == len(words)))
    return rungs


def _opens(clean: str, match: re.Match[str]) -> bool:
    # 表现强于大市 compares; 强于大市 alone is a rating.
    if not _COMPARES.search(match["rating"]):
        return True
    start = match.start()
    return _comparing().search(clean, max(0, start - 4), start) is None


def _continues(ladder: _Ladder, rung: _Rung) -> bool:
    last = ladder[-1]
    if rung.start - last.start > _STEP or any(rung.rating == item.rating for item in ladder):
        return False
    bounded = [item for item in ladder if item.bounded]
    if not bounded:
        return last.promised.direction > 0  # else the rating of the report itself, not a definition
    lowest = bounded[-1].promised
    if not rung.bounded:
        return not (rung.promised.direction > 0 and _bottom(lowest) < 0)
    return _falls(lowest, rung.promised)


def _falls(above: PromisedReturn, below: PromisedReturn) -> bool:
    if above.low is None and below.low is None:
        return (below.high or 0.0) < (above.high or 0.0)
    return below.low is None or (above.low is not None and below.low < above.low)


def _bottom(promised: PromisedReturn) -> float:
    # The middle of a band tells on which side of the benchmark it lies.
    low = promised.low if promised.low is not None else -1.0
    high = promised.high if promised.high is not None else 1.0
    return low + high


def _is_definition(clean: str, ladder: _Ladder) -> bool:
    bounded = [rung.promised for rung in ladder if rung.bounded]
    if len(_bands(ladder, RatingLevel.STOCK)) < _ENOUGH:
        return False
    # Prose that promises growth beside a rating never promises a fall.
    if not any(promised.low is None or promised.low < 0 for promised in bounded):
        return False
    before = max(0, ladder[0].start - _PREFACE)
    return _anchor().search(clean, before, ladder[-1].end) is not None


def _gap(clean: str, ladders: Sequence[_Ladder], number: int) -> Place:
    start = ladders[number][0].start
    floor = ladders[number - 1][-1].end if number else 0
    first = max(floor, start - _PREFACE)
    anchor = _anchor().search(clean, first, start)
    if anchor and not number:
        first = max(first, anchor.start() - _ADJACENT)
    return Place(first, start)


def _levels(clean: str, ladder: _Ladder, gap: Place) -> tuple[RatingLevel, ...]:
    near = _headed(clean, max(gap.start, gap.end - _ADJACENT), gap.end)
    inside = [
        level
        for above, below in pairwise(ladder)
        for level in _headed(clean, above.end, below.start)
    ]
    spoken = _spoken(clean, ladder)
    headed = _headed(clean, gap.start, gap.end)
    for levels in (near, tuple(dict.fromkeys(inside)), spoken, headed):
        if levels:
            return levels
    words = read_table("ratings")["levels"]["industry_words"]
    industry = all(rung.rating in words for rung in ladder if rung.promised.low is None)
    return (RatingLevel.INDUSTRY if industry else RatingLevel.STOCK,)


def _headed(clean: str, start: int, end: int) -> tuple[RatingLevel, ...]:
    headings = list(_HEADING.finditer(clean, start, end))
    return _named_levels(headings[-1]["words"]) if headings else ()


def _named_levels(words: str) -> tuple[RatingLevel, ...]:
    named = {level for level, pattern in _SUBJECTS if pattern.search(words)}
    if "证券" in words:
        named.add(RatingLevel.STOCK)
    return tuple(level for level in RatingLevel if level in named)


def _spoken(clean: str, ladder: _Ladder) -> tuple[RatingLevel, ...]:
    votes = []
    for rung in ladder:
        words = clean[rung.body : rung.end]
        votes.extend([level for level, pattern in _SUBJECTS if pattern.search(words)][:1])
    return (max(votes, key=votes.count),) if votes else ()


def _told_elsewhere(
    clean: str, ladders: Sequence[_Ladder], gaps: Sequence[Place]
) -> _Months | None:
    """Return the horizon of a ladder beside which none is told."""
    if not ladders:
        return None
    for place in (*gaps, _remarks(clean, ladders)):
        months = _last_months(clean, *place)
        if months:
            return months
    others = [months for ladder in ladders if (months := _told_months(clean, ladder))]
    return others[0] if len(set(others)) == 1 else None


def _told_months(clean: str, ladder: _Ladder) -> _Months | None:
    told = [months for rung in ladder if (months := _last_months(clean, rung.start, rung.end))]
    return max(told, key=told.count) if told else None


def _remarks(clean: str, ladders: Sequence[_Ladder]) -> Place:
    start = ladders[-1][-1].end
    end = min(len(clean), start + _REMARKS)
    stop = _stop().search(clean, start, end)
    return Place(start, stop.start() if stop else end)


def _last_months(clean: str, start: int, end: int) -> _Months | None:
    printed = list(_MONTHS.finditer(clean, start, end))
    if not printed:
        return None
    match = printed[-1]
    if match["half"] or match["year"]:
        return (6, 6) if match["half"] else (12, 12)
    low = _count(match["low"] or match["one"])
    high = _count(match["high"] or match["one"])
    return (low, high) if 1 <= low <= high else None


def _count(printed: str) -> int:
    return int(printed) if printed.isdigit() else _DIGITS[printed]


def _bands(ladder: _Ladder, level: RatingLevel) -> list[Band]:
    bands = []
    for number, rung in enumerate(ladder):
        low, high = rung.promised.low, rung.promised.high
        if not rung.bounded:
            low, high = _edge(ladder, number)
        if low is not None or high is not None:
            bands.append(Band(level=level, rating=rung.rating, low=low, high=high))
    return bands


def _edge(ladder: _Ladder, number: int) -> tuple[float | None, float | None]:
    # "Beats the market" beside "level with it, within 5 %" says: by more than 5 %.
    direction = ladder[number].promised.direction
    other = number + direction
    if direction and 0 <= other < len(ladder):
        low, high = ladder[other].promised.low, ladder[other].promised.high
        if low is not None and high is not None and low < 0 < high:
            return (high, None) if direction > 0 else (None, low)
    return None, None


def _benchmarks(clean: str, ladders: Sequence[_Ladder]) -> tuple[tuple[str, str], ...]:
    region = clean[_gap(clean, ladders, 0).start : _remarks(clean, ladders).end]
    named = {_index_names()[match[0]] for match in _indices().finditer(region)}
    return tuple(
        (row["market"], index["name"])
        for row in read_table("ratings")["benchmarks"]
        for index in row["indices"]
        if index["name"] in named
    )


@cache
def _head() -> re.Pattern[str]:
    return re.compile(
        rf"(?P<rating>{rating_words()})[”\"]?(?:评级(?=[:(]))?(?:\([A-Za-z/-]+\)|[A-Za-z]{{3,15}})?"
        r"(?:[:|=、.,]|--(?=[\d+-])|-(?![\d.-]))*"
    )


@cache
def _comparing() -> re.Pattern[str]:
    words = alternatives(read_table("ratings")["definitions"]["comparing"])
    return re.compile(rf"(?:{words})$")


@cache
def _anchor() -> re.Pattern[str]:
    return re.compile(alternatives(read_table("ratings")["definitions"]["anchors"]))


@cache
def _stop() -> re.Pattern[str]:
    return re.compile(alternatives(read_table("ratings")["definitions"]["stops"]))


@cache
def _index_names() -> dict[str, str]:
    return {
        written: index["name"]
        for row in read_table("ratings")["benchmarks"]
        for index in row["indices"]
        for written in (index["name"], *index.get("written", ()))
    }


@cache
def _indices() -> re.Pattern[str]:
    return re.compile(alternatives(list(_index_names())))
