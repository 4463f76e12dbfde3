"""Forecasts by fiscal year: the rows of a forecast table, and the estimates that claims make."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence

from screener.domain.listing import Currency, Listing
from screener.domain.report import Claim, ClaimUnit, Estimate
from screener.reports.claims.numbers import NUMBER, UNIT_LABEL, FigureKind, read_figures
from screener.reports.claims.sentences.subjects import Company
from screener.reports.claims.surroundings import Surroundings
from screener.reports.claims.vocabulary import EPS, Measure, MeasureKind
from screener.reports.text.found import FoundClaim
from screener.reports.text.text import Place

__all__ = ["estimates_of", "forecast_rows"]

PROFIT, REVENUE = "net profit", "revenue"
_YEARS = re.compile(r"(?=2)(?<![\d.])(?:20[1-4]\d[AEae]?){3,8}(?![\d.%])")
_YEAR = re.compile(r"(20[1-4]\d)([AEae]?)")
_ROW_UNIT = re.compile(UNIT_LABEL)
_NUMBER = re.compile(rf"-?{NUMBER}")
_TABLE = 2_000  # characters behind its years in which a table's rows stand
_KINDS = {MeasureKind.AMOUNT: FigureKind.MONEY, MeasureKind.PRICE: FigureKind.MONEY}
_CODE = re.compile(r"(\d{4})(E?)")
_CURRENCIES = {ClaimUnit.CNY: Currency.CNY, ClaimUnit.HKD: Currency.HKD}


def forecast_rows(
    clean: str, breaks: Sequence[int], told: Surroundings, measures: Mapping[str, Measure]
) -> Iterator[FoundClaim]:
    """Find the rows of a table whose head is years, some of them expected.

    Parameters
    ----------
    clean
        The text.
    breaks
        Where one number ends and another begins, as from `number_breaks`.
    told
        Tells whom the text is about; without anyone a table has no owner.
    measures
        Measure by word.
    """
    heads = [match for match in _YEARS.finditer(clean) if re.search("[Ee]", match[0])]
    if not heads:
        return
    flows = sorted((word for word in measures if measures[word].flow), key=len, reverse=True)
    words = re.compile("|".join(map(re.escape, flows)))
    for number, head in enumerate(heads):
        years = [(year, mark.upper()) for year, mark in _YEAR.findall(head[0])]
        end = min(head.end() + _TABLE, len(clean))
        if number + 1 < len(heads):
            end = min(end, heads[number + 1].start())
        about = told.about(head.start())
        if about is None or not _in_order([int(year) for year, _ in years]):
            continue
        for word in words.finditer(clean, head.end(), end):
            yield from _row(clean, breaks, about, measures[word[0]], word, years)


def _in_order(years: Sequence[int]) -> bool:
    return list(years) == list(range(years[0], years[0] + len(years)))


def _row(
    clean: str,
    breaks: Sequence[int],
    about: Company,
    measure: Measure,
    word: re.Match[str],
    years: Sequence[tuple[str, str]],
) -> Iterator[FoundClaim]:
    unit = _ROW_UNIT.match(clean, word.end())
    if unit is None:
        return
    texts, end = _numbers(clean, breaks, unit.end())
    if len(texts) != len(years):
        return
    figures = read_figures(texts, ["/"] * (len(texts) - 1), label=unit["label"])
    if figures is None or figures.kind is not _KINDS[measure.kind]:
        return
    scaled = all(item.scaled for item in figures.items)
    if scaled is not (measure.kind is MeasureKind.AMOUNT):
        return
    for (year, mark), figure in zip(years, figures.items, strict=True):
        line = next((one for one in about if _money(one.listing) is figure.unit), None)
        line = line or (about[0] if measure.kind is MeasureKind.AMOUNT else None)
        if line is None or figure.unit is None:
            continue
        yield FoundClaim(
            claim=Claim(
                subject=line.name,
                listing=line.listing,
                measure=measure.name,
                value=float(figure.value),
                unit=figure.unit,
                as_of=f"{year}E" if mark == "E" else year,
            ),
            place=Place(word.start(), end),
        )


def _numbers(clean: str, breaks: Sequence[int], start: int) -> tuple[list[str], int]:
    """Return the numbers in a row from a place on, parted by blanks or borders."""
    texts: list[str] = []
    at = start
    while True:
        cut = bisect_right(breaks, at)
        end = breaks[cut] if cut < len(breaks) else len(clean)
        match = _NUMBER.match(clean, at, end)
        if match is None:
            return texts, at
        texts.append(match[0])
        at = match.end()
        if clean[at : at + 1] in ("%", "."):
            return [], at
        if clean[at : at + 1] == "|":
            at += 1
        elif not (_is_break(breaks, at) or clean[at : at + 1] == "-"):
            return texts, at


def _is_break(breaks: Sequence[int], at: int) -> bool:
    place = bisect_left(breaks, at)
    return place < len(breaks) and breaks[place] == at


def _money(listing: Listing) -> ClaimUnit:
    return ClaimUnit.HKD if listing.currency is Currency.HKD else ClaimUnit.CNY


def estimates_of(claims: Sequence[Claim]) -> tuple[Estimate, ...]:
    """Return the estimates that claims make: earnings a share, profit and revenue by fiscal year.

    Where a report tells two values for one year, that figure is left out, and so is revenue that
    stands alone, which may be that of a part of the company, or in another money than the others.
    """
    values: dict[tuple[Listing, int], dict[str, set[tuple[float, ClaimUnit]]]] = {}
    for claim in claims:
        year = _CODE.fullmatch(claim.as_of)
        if claim.listing is None or claim.measure not in (EPS, PROFIT, REVENUE):
            continue
        if year is None or claim.unit not in _CURRENCIES:
            continue
        if not (year[2] or claim.remark.startswith("forecast year")):
            continue
        own = values.setdefault((claim.listing, int(year[1])), {})
        own.setdefault(claim.measure, set()).add((claim.value, claim.unit))
    return tuple(
        found
        for (listing, year), own in values.items()
        if (found := _estimate(listing, year, own)) is not None
    )


def _estimate(
    listing: Listing, year: int, own: Mapping[str, set[tuple[float, ClaimUnit]]]
) -> Estimate | None:
    clear = {name: next(iter(told)) for name, told in own.items() if len(told) == 1}
    units = {unit for name, (_, unit) in clear.items() if name != REVENUE}
    if len(units) != 1:
        return None
    (unit,) = units
    revenue, money = clear.get(REVENUE, (None, unit))
    return Estimate(
        listing=listing,
        fiscal_year=year,
        eps=clear[EPS][0] if EPS in clear else None,
        profit=clear[PROFIT][0] if PROFIT in clear else None,
        revenue=revenue if money is unit else None,
        currency=_CURRENCIES[unit],
    )
