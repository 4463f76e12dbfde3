"""Tables of valuations: a row for each company, a column for each measure."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from screener.domain.listing import Currency
from screener.domain.report import Claim, ClaimUnit
from screener.reports.claims.numbers import NUMBER, FigureKind, read_figures
from screener.reports.claims.sentences.subjects import Company, same_company
from screener.reports.claims.vocabulary import TARGET, Measure, MeasureKind, Token
from screener.reports.text.found import FoundClaim, Spotted
from screener.reports.text.text import Place, Text

__all__ = ["valuation_rows"]

_LINE = re.compile(r"[^\n]+")
_BORDER = re.compile(r"[\t|]")
_OWNER = re.compile(r"(?:股票|公司|证券|标的|上市公司)?(?:名称|简称|代码)|公司|股票|标的|证券")
_HEAD = re.compile(
    r"(?:(?P<before>20[1-4]\d)(?P<b>[EA]?)年?)?(?P<word>[^\d()]{1,12}?(?:\(TTM\))?)"
    r"(?:\((?P<label>亿元|亿港元|百万元|百万港元|万元|元|港元|倍|x|X|%)\))?"
    r"(?:\(?(?P<after>20[1-4]\d)(?P<a>[EA]?)\)?)?"
    r"(?:\((?P<last>倍|x|X)\))?"
)
_VALUE = re.compile(rf"-?{NUMBER}(?:倍|x|X|%|亿元|亿港元|元|港元)?")
_FEWEST, _MOST_CELLS = 3, 40
_MOST_ROWS = 400
_LONGEST_HEAD = 24
_UNITS = {ClaimUnit.CNY: Currency.CNY, ClaimUnit.HKD: Currency.HKD}
_DEFAULT = {MeasureKind.MULTIPLE: "倍", MeasureKind.SHARE: "%"}


@dataclass(frozen=True, slots=True)
class _Column:
    """A column: where it stands, of what it is, its unit and period."""

    at: int
    measure: Measure
    label: str
    as_of: str


@dataclass(frozen=True, slots=True)
class _Row:
    """A printed line in cells: where it begins and ends in the clean text, and each cell."""

    start: int
    end: int
    cells: tuple[tuple[int, int], ...]


def valuation_rows(
    text: Text, names: Sequence[Token], measures: Mapping[str, Measure], reference: date | None
) -> Iterator[FoundClaim]:
    """Find the claims of tables whose head names companies and measures of value.

    Parameters
    ----------
    text
        The text.
    names
        Its names, as from `name_tokens`.
    measures
        Measure by word.
    reference
        Session of the document's own market table: the day of prices without one.
    """
    starts = [name.start for name in names]
    columns: list[_Column] = []
    width = rows = 0
    for row in _rows(text):
        heads = [text.clean[slice(*cell)] for cell in row.cells]
        if any(_OWNER.fullmatch(head) for head in heads):
            columns, width, rows = _columns(heads, measures), len(heads), 0
            continue
        rows += 1
        if not columns or len(heads) != width or rows > _MOST_ROWS:
            continue
        first, last = bisect_left(starts, row.start), bisect_left(starts, row.end)
        own = [name.spotted for name in names[first:last]]
        if own and all(same_company(one, own[0]) for one in own):
            for column in columns:
                yield from _claim(text.clean, own[0], row.cells[column.at], column, reference)


def _rows(text: Text) -> Iterator[_Row]:
    for line in _LINE.finditer(text.original):
        if not _BORDER.search(line[0]):
            continue
        borders = [match.start() for match in _BORDER.finditer(text.original, *line.span())]
        if len(borders) > _MOST_CELLS:
            continue
        edges = [line.start() - 1, *borders, line.end()]
        cells = [
            (bisect_left(text.starts, first + 1), bisect_left(text.starts, last))
            for first, last in pairwise(edges)
        ]
        while cells and cells[0][0] == cells[0][1]:
            cells.pop(0)  # before a border at the line's beginning
        while cells and cells[-1][0] == cells[-1][1]:
            cells.pop()
        if len(cells) >= _FEWEST:
            yield _Row(cells[0][0], cells[-1][1], tuple(cells))


def _columns(heads: Sequence[str], measures: Mapping[str, Measure]) -> list[_Column]:
    found = []
    for at, head in enumerate(heads):
        match = _HEAD.fullmatch(head) if len(head) <= _LONGEST_HEAD else None
        measure = measures.get(match["word"]) if match else None
        if match is None or measure is None or measure.flow:
            continue
        year, mark = match["before"] or match["after"], match["b"] or match["a"]
        label = match["label"] or match["last"] or _DEFAULT.get(measure.kind, "")
        period = f"{year}{'E' * (mark == 'E')}" if year else ""
        if label and not (year and measure.undated) and measure.name != TARGET:
            found.append(_Column(at, measure, label, period))
    twice = Counter((column.measure.name, column.as_of) for column in found)
    return [column for column in found if twice[column.measure.name, column.as_of] == 1]


def _claim(
    clean: str, company: Company, cell: tuple[int, int], column: _Column, reference: date | None
) -> Iterator[FoundClaim]:
    printed = clean[slice(*cell)]
    if not _VALUE.fullmatch(printed):
        return
    figures = read_figures([printed], (), label=column.label)
    figure = figures.items[0] if figures else None
    if figure is None or figure.unit is None or not _fits(figure.kind, column.measure.kind):
        return
    line = _line(company, figure.unit)
    if line is None or not figure.value:
        return
    priced = column.measure.kind is MeasureKind.PRICE and not column.measure.undated
    day = reference.isoformat() if priced and reference else ""
    yield FoundClaim(
        claim=Claim(
            subject=line.name,
            listing=line.listing,
            measure=column.measure.name,
            value=float(figure.value),
            unit=figure.unit,
            as_of=column.as_of or day,
        ),
        place=Place(*cell),
    )


def _fits(figure: FigureKind, measure: MeasureKind) -> bool:
    money = measure in (MeasureKind.PRICE, MeasureKind.AMOUNT)
    multiple = figure is FigureKind.MULTIPLE and measure is MeasureKind.MULTIPLE
    share = figure is FigureKind.FRACTION and measure is MeasureKind.SHARE
    return multiple or share or (money and figure is FigureKind.MONEY)


def _line(company: Company, unit: ClaimUnit) -> Spotted | None:
    """Return the line whose money a figure is in; of a multiple, the only line."""
    wanted = _UNITS.get(unit)
    if wanted is None:
        return company[0] if len(company) == 1 else None
    return next((one for one in company if one.listing.currency is wanted), None)
