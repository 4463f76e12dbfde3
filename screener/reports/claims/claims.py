"""Claims: the figures of a report that data can check, bound to whose, of what and of when."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import date

from screener.domain.listing import Currency
from screener.domain.report import Claim, ClaimUnit, Publication
from screener.reports.claims.cases import cases_in
from screener.reports.claims.estimates import forecast_rows
from screener.reports.claims.numbers import Figure, number_breaks
from screener.reports.claims.periods import Period
from screener.reports.claims.price_moves import (
    Told,
    index_closes,
    moves_in,
    moving,
    span_told,
)
from screener.reports.claims.sectors import Sectors, industry_levels
from screener.reports.claims.sentences.bindings import Stated
from screener.reports.claims.sentences.reading import Reading
from screener.reports.claims.sentences.subjects import Company, SubjectOf, Subjects, same_company
from screener.reports.claims.surroundings import Surroundings
from screener.reports.claims.targets.prices import Targets
from screener.reports.claims.valuation_tables import valuation_rows
from screener.reports.claims.vocabulary import (
    Measure,
    MeasureKind,
    Token,
    Vocabulary,
    name_tokens,
    tokens,
    vocabulary,
)
from screener.reports.text.found import FoundClaim, Spotted
from screener.reports.text.text import Place, Text

__all__ = ["Reader", "claims_in"]

_ENDS = re.compile(r"[。!?]|$")
_HEADING = re.compile(r"(?:[(【][^)】]{0,60}[)】])?[*】]{0,4}:")
_SPAN_KEPT = 2  # sentences without a move for which the span told before them holds
_AROUND = 40  # characters around the names of indices
_CURRENCY: dict[ClaimUnit | None, Currency] = {
    ClaimUnit.CNY: Currency.CNY,
    ClaimUnit.HKD: Currency.HKD,
}


def claims_in(
    text: Text,
    spotted: Sequence[Spotted],
    *,
    published: Publication | None,
    reference: date | None,
) -> tuple[FoundClaim, ...]:
    """Find the claims of a report that data can check.

    Parameters
    ----------
    text
        The report.
    spotted
        Every place at which a listing is named, sorted by place; several at one place are lines
        of one company.
    published
        When it was published, as far as known: tells years left out, forecasts and weeks.
    reference
        Session of the document's own market table, for which prices without a date and closes of
        indices are claimed.

    Returns
    -------
    tuple of FoundClaim
        In the order of the text, each claim once. A figure whose subject, period or unit is not
        clear gives none, nor does one in a currency other than CNY and HKD.
    """
    return Reader(text, spotted, published, reference).claims()


class Reader:
    """A report read sentence by sentence, with what one sentence leaves to the next."""

    def __init__(
        self,
        text: Text,
        spotted: Sequence[Spotted],
        published: Publication | None,
        reference: date | None,
    ) -> None:
        self.text, self.clean = text, text.clean
        self.breaks = number_breaks(text)
        self.words: Vocabulary = vocabulary()
        self.names = name_tokens(spotted)
        self.told = Surroundings(self.clean, self.names, self.words, published, reference)
        self.telling = [start for _, start, _ in self.words.telling.find(self.clean)]
        self.headings = [match.span() for match in self.words.heading.finditer(self.clean)]
        self.reference = reference
        self.item: Company | None = None
        self.said: Company | None = None
        self.span: Told | None = None
        self.span_age = 0
        self.open: list[Place] = []  # figures of which it is not clear whose or which they are
        self.targets = Targets(text, self.names, self.told, self.words, self.breaks)
        self.sectors = Sectors(self.clean, self.words, self.told)

    def claims(self) -> tuple[FoundClaim, ...]:
        """Return the claims of the whole document in its order, each once."""
        kept: dict[tuple[object, ...], FoundClaim] = {}
        for item in sorted(self._every(), key=lambda item: item.place):
            claim = item.claim
            subject = claim.listing or claim.subject
            key = (subject, claim.measure, claim.as_of, claim.value, claim.unit)
            kept.setdefault(key, item)
        return tuple(kept.values())

    def _every(self) -> Iterator[FoundClaim]:
        yield from index_closes(self.clean, self.words, self.reference)
        yield from self.targets.claims()
        yield from self.sectors.read().claims
        yield from industry_levels(self.clean)
        yield from cases_in(self.clean)
        yield from valuation_rows(self.text, self.names, self.words.measures, self.reference)
        yield from forecast_rows(self.clean, self.breaks, self.told, self.words.measures)
        start = at = 0
        for match in _ENDS.finditer(self.clean):
            end = match.end()
            last = at
            while last < len(self.names) and self.names[last].start < end:
                last += 1
            yield from self._sentence(start, end, self.names[at:last])
            start, at = end, last

    def _sentence(self, start: int, end: int, names: Sequence[Token]) -> Iterator[FoundClaim]:
        telling = bisect_left(self.telling, start) < bisect_left(self.telling, end)
        if telling and not names and not (self.item or self.said or self.told.about(end)):
            yield from self._indices_alone(start, end)
            telling = False
        if not telling:
            self._pass_over(start, end, names)
            return
        if self._turns_away(start, end, names):
            self.item = self.said = None
        found = tuple(tokens(self.clean, start, end, names, self.breaks))
        reading = self._reading(found, start, end)
        for stated in reading.read():
            yield from self._paired(stated)
        self.open += reading.open
        yield from moves_in(self.clean, found, self.words, self.told.days(end), self.span)
        self._carry(found, reading)

    def _turns_away(self, start: int, end: int, names: Sequence[Token]) -> bool:
        """Tell whether a heading that names nobody known begins something new."""
        number = bisect_left(self.headings, (start, start))
        begun, over = self.headings[number] if number < len(self.headings) else (end, end)
        if begun >= end or not (self.item or self.said):
            return False
        return not any(begun <= name.start < over for name in names)

    def _indices_alone(self, start: int, end: int) -> Iterator[FoundClaim]:
        """Find the moves of indices where no company can be meant: tables can be long."""
        places = [
            match.span() for match in self.words.index_pattern.finditer(self.clean, start, end)
        ]
        if places:
            first, last = max(start, places[0][0] - _AROUND), min(end, places[-1][1] + _AROUND)
            found = tuple(tokens(self.clean, first, last))
            yield from moves_in(self.clean, found, self.words, self.told.days(end), self.span)

    def _pass_over(self, start: int, end: int, names: Sequence[Token]) -> None:
        """Take from a sentence without figures only what it leaves to the next."""
        known = self.item or self.said
        closed = known and self.words.closing.search(self.clean, start, end)
        if closed or self._turns_away(start, end, names):
            self.item = self.said = None
        headings = [name for name in names if _HEADING.match(self.clean, name.end, end)]
        if headings:
            self.item = headings[-1].spotted
        self._remember([name.spotted for name in names])
        spanned = self.words.span_pattern.search(self.clean, start, end)
        self._age_span(tuple(tokens(self.clean, start, end, names)) if spanned else ())

    def _age_span(self, found: Sequence[Token]) -> None:
        """Keep the span last told over the sentences that go on with moves, and a few between."""
        told = span_told(found)
        self.span_age = 0 if told or moving(found) else self.span_age + 1
        self.span = told or (self.span if self.span_age <= _SPAN_KEPT else None)

    def _reading(self, found: Sequence[Token], start: int, end: int) -> Reading:
        inherited = SubjectOf(
            item=self.item,
            said=self.said,
            alone=self.told.alone(end) or (self.said and self.told.only(end)),
            whole=self.told.about(end),
        )
        subjects = Subjects(self.clean, self.words, found, start, inherited)
        return Reading(subjects, self.told.today)

    def _carry(self, found: Sequence[Token], reading: Reading) -> None:
        if reading.subjects.closed:
            self.item = self.said = None
        if reading.headed is not None:
            self.item = reading.headed
        self._remember(reading.subjects.named)
        self._age_span(found)

    def _remember(self, named: Sequence[Company]) -> None:
        if named:
            alone = all(same_company(company, named[0]) for company in named)
            self.said = named[0] if alone else None

    # --- pairing -------------------------------------------------------------------------------

    def _paired(self, stated: Stated) -> Iterator[FoundClaim]:
        count = len(stated.figures.items)
        if stated.figures.is_range:
            yield from self._range(stated)
            return
        sizes = [len(stated.companies), len(stated.measures), max(1, len(stated.periods))]
        if sorted(sizes) != sorted([1, 1, count]):
            return
        for number, figure in enumerate(stated.figures.items):
            company = stated.companies[number % sizes[0]]
            measure = stated.measures[number % sizes[1]]
            period = stated.periods[number % sizes[2]] if stated.periods else None
            yield from self._claim(stated, company, measure, period, figure)

    def _range(self, stated: Stated) -> Iterator[FoundClaim]:
        if len(stated.companies) > 1 or len(stated.measures) > 1 or len(stated.periods) > 1:
            return
        period = stated.periods[0] if stated.periods else None
        ends = zip(stated.figures.items, ("low end", "high end"), strict=True)
        for figure, end in ends:
            yield from self._claim(
                stated, stated.companies[0], stated.measures[0], period, figure, end=end
            )

    def _claim(
        self,
        stated: Stated,
        company: Company,
        measure: Measure,
        period: Period | None,
        figure: Figure,
        *,
        end: str = "",
    ) -> Iterator[FoundClaim]:
        if figure.unit is None or (measure.flow and period is None):
            return
        line = _line(company, measure, figure, self.clean[stated.place.start : stated.place.end])
        if line is None:
            return
        name = f"{measure.name} growth, year on year" if stated.growth else measure.name
        as_of, remark = self._as_of(stated, measure, period)
        value = -abs(figure.value) if stated.sign < 0 else figure.value
        yield FoundClaim(
            claim=Claim(
                subject=line.name,
                listing=line.listing,
                measure=f"{name}, {end}" if end else name,
                value=float(value),
                unit=ClaimUnit.FRACTION if stated.growth else figure.unit,
                as_of=as_of,
                remark=", ".join(filter(None, (stated.remark, remark))),
            ),
            place=stated.place,
        )

    def _as_of(self, stated: Stated, measure: Measure, period: Period | None) -> tuple[str, str]:
        if period is not None:
            return self._of_period(stated, period)
        day = stated.day
        if measure.kind is MeasureKind.PRICE and not measure.undated:
            day = day or self.reference
        return (day.isoformat() if day else ""), ""

    def _of_period(self, stated: Stated, period: Period) -> tuple[str, str]:
        ahead = self.told.published is None or period.end >= self.told.published
        if period.expected or (stated.forecast and ahead):
            return f"{period.code}E", ""
        if self.told.published is not None and ahead:
            return period.code, "forecast year" if period.is_year else "forecast"
        return period.code, "expected" if stated.forecast else ""


def _line(company: Company, measure: Measure, figure: Figure, printed: str) -> Spotted | None:
    """Return the line of a company that a figure speaks of, `None` if its unit does not fit."""
    per_line = measure.kind is MeasureKind.PRICE or (
        measure.kind is MeasureKind.AMOUNT and not measure.flow
    )
    if not per_line:
        return company[0]
    wanted = _CURRENCY.get(figure.unit)
    for line in company:
        if line.listing.currency is wanted:
            return line
    # A market value may be told in another currency than the price, if that is said in words.
    said = any(word in printed for word in ("人民币", "RMB", "港"))
    return company[0] if said and measure.kind is MeasureKind.AMOUNT else None
