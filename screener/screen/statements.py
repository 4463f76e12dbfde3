"""Fields of reported figures: four quarters of cumulative statements, growth, margins, streaks.

Figures run from the start of the fiscal year, which is that of the calendar: a company with
another one has its annual figures in another quarter, so that a year's end is missing, and with it
every figure that needs one. Nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from screener.domain.arrays import DayArray, FlagArray, FloatMatrix, FloatVector, IntArray
from screener.screen.computed import Computed, Why

__all__ = [
    "DETAILED",
    "DETAILS",
    "STALE_MONTHS",
    "STATEMENT_FIELDS",
    "SUMMARY",
    "TELLING",
    "Statements",
    "net_claims",
    "place_statements",
]

STALE_MONTHS = 15
"""A statement whose period ended longer ago says nothing of today."""

SUMMARY = (
    *("revenue", "net_profit", "net_profit_deducted"),
    *("operating_cash_flow", "equity", "gross_margin"),
)
"""Figures that every source tells."""

DETAILS = (
    *("ebit", "income_tax", "depreciation", "interest_expense", "total_assets"),
    *("total_liabilities", "cash_equivalents", "debt", "minorities"),
)
"""Figures of the income statement and the balance sheet that some sources tell."""

DETAILED = frozenset(
    {
        *("ebit_ttm", "ebitda_ttm", "roic_ttm", "debt_ratio", "interest_cover", "net_cash"),
        *("ev", "ev_revenue", "ev_ebitda"),
    }
)
"""Fields that read `DETAILS`."""

TELLING = {"ebitda_ttm": ("ebit", "depreciation")}
"""Fields that end with the last statement that tells these: quarters may tell no depreciation."""

_YEAR = 4  # quarters
_SPAN = 3  # years of compound growth


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Statements:
    """Figures of listings by quarter, as known on a day.

    Parameters
    ----------
    as_of
        The day.
    figures
        `(n_listings, n_quarters)` by column of `fundamentals`; NaN where not reported. The last
        vintage known counts, whole: of `SUMMARY` the last that tells any of it, and so of
        `DETAILS`, since sources tell one of them alone.
    latest
        `(n_listings,)` place of the last quarter that was reported; -1 for none.
    quarter
        `(n_listings,)` its number in the year, 1 to 4.
    published
        `(n_listings,)` day on which it was published in the vintage that counts; NaT for none.
    ends
        `(n_listings,)` month in which the last period ended, as `datetime64[M]`.
    """

    as_of: date
    figures: Mapping[str, FloatMatrix]
    latest: IntArray
    quarter: IntArray
    published: DayArray
    ends: DayArray

    def at(self, name: str, back: IntArray | int = 0) -> FloatVector:
        """Return a figure so many quarters before the latest, NaN where there is none."""
        places = self.latest - back
        figures = self.figures[name]
        inside = (self.latest >= 0) & (places >= 0)
        found = figures[np.arange(len(figures)), np.where(inside, places, 0)]
        return np.where(inside, found, np.nan)

    def given(self, values: FloatVector, *reasons: tuple[FlagArray, Why]) -> Computed:
        """Return values of listings whose statements are not stale."""
        return Computed.of(values, (self.stale, Why.STALE), *reasons)

    def since_year_end(self) -> IntArray:
        """Return how many quarters after a year's end the latest is, 0 to 3."""
        return self.quarter % _YEAR

    def telling(self, *names: str) -> Statements:
        """Return the same with the last quarter that tells some figures as the latest.

        Without such a quarter there is none, and the figures are missing.
        """
        there = np.all([np.isfinite(self.figures[name]) for name in names], axis=0)
        n_quarters = there.shape[1]
        last = np.where(there.any(axis=1), n_quarters - 1 - there[:, ::-1].argmax(axis=1), -1)
        back = self.latest - last
        ends = np.where(last >= 0, self.ends - 3 * back, self.ends)
        return replace(self, latest=last, ends=ends, quarter=(self.quarter - 1 - back) % _YEAR + 1)

    @property
    def stale(self) -> FlagArray:
        """Whether the last period ended more than 15 months before, `(n_listings,)`."""
        days = (self.ends + 1).astype("datetime64[D]") - 1
        found: FlagArray = (self.latest >= 0) & (days < _months_before(self.as_of, STALE_MONTHS))
        return found

    def trailing(self, name: str) -> Computed:
        """Return a figure over the last four quarters."""
        part = self.since_year_end()
        with_part = self.at(name) + self.at(name, part) - self.at(name, _YEAR)
        return self.given(np.where(part == 0, self.at(name), with_part))


def place_statements(
    *,
    listings: IntArray,
    n_listings: int,
    period_end: DayArray,
    known_at: DayArray,
    figures: Mapping[str, FloatVector],
    as_of: date,
) -> Statements:
    """Place rows of `fundamentals` by listing and quarter.

    Parameters
    ----------
    listings
        `(n_rows,)` place of each row's listing. Rows are sorted by listing, period and `known_at`,
        and all were known on the day.
    n_listings
        Number of listings.
    period_end, known_at
        `(n_rows,)` days. A period that ends on no quarter's last day is left out.
    figures
        `(n_rows,)` by column of `SUMMARY`, and of `DETAILS` where a field of `DETAILED` is to be
        computed; NaN where empty.
    as_of
        The day.
    """
    months = period_end.astype("datetime64[M]")
    whole = (months + 1).astype("datetime64[D]") - 1 == period_end
    number = months.astype(np.int64)
    kept = whole & (number % 3 == 2)
    rows, quarters = listings[kept], number[kept] // 3
    first = int(quarters.min()) if len(quarters) else 0
    n_quarters = int(quarters.max()) - first + 1 if len(quarters) else 1
    places = quarters - first
    latest = np.full(n_listings, -1)
    np.maximum.at(latest, rows, places)
    published = np.full(n_listings, np.datetime64("NaT"), dtype="datetime64[D]")
    last = places == latest[rows]
    published[rows[last]] = known_at[kept][last]
    ends = ((latest + first) * 3 + 2).astype("datetime64[M]")
    placed = {}
    telling = {
        name: np.any([np.isfinite(figures[one][kept]) for one in group], axis=0)
        for group in (SUMMARY, DETAILS)
        if group[0] in figures
        for name in group
    }
    for name, values in figures.items():
        matrix = np.full((n_listings, n_quarters), np.nan)
        told = telling[name]
        matrix[rows[told], places[told]] = values[kept][told]  # of two vintages the later stays
        placed[name] = matrix
    return Statements(
        as_of=as_of,
        figures=placed,
        latest=latest,
        quarter=(latest + first) % _YEAR + 1,
        published=published,
        ends=ends,
    )


def _months_before(day: date, months: int) -> np.datetime64:
    """Return the same day so many months before, or the last day of a shorter month."""
    month = np.datetime64(day, "M") - months
    last = (month + 1).astype("datetime64[D]") - 1
    return min(month.astype("datetime64[D]") + (day.day - 1), last)


def _total(name: str) -> Callable[[Statements], Computed]:
    return lambda held: held.trailing(name)


def _latest(name: str) -> Callable[[Statements], Computed]:
    return lambda held: held.given(held.at(name))


def _yoy(name: str) -> Callable[[Statements], Computed]:
    def growth(held: Statements) -> Computed:
        now, before = held.given(held.at(name)), held.given(held.at(name, _YEAR))
        return _less_one(now.over(before))

    return growth


def _compound(name: str) -> Callable[[Statements], Computed]:
    def growth(held: Statements) -> Computed:
        back = held.since_year_end()
        last = held.given(held.at(name, back))
        ratio = last.over(held.given(held.at(name, back + _YEAR * _SPAN)))
        with np.errstate(all="ignore"):
            rate = ratio.values ** (1 / _SPAN) - 1
        there = ratio.why == Why.THERE
        return Computed.of(rate, (there & (last.values <= 0), Why.UNDEFINED)).because_of(ratio)

    return growth


def _less_one(ratio: Computed) -> Computed:
    return Computed(ratio.values - 1, ratio.why)


def _roe(held: Statements) -> Computed:
    now, before = held.at("equity"), held.at("equity", _YEAR)
    poor = (now <= 0) | (before <= 0)
    return held.trailing("net_profit").over(held.given((now + before) / 2, (poor, Why.UNDEFINED)))


def _sum(*parts: Computed) -> Computed:
    total = np.sum([part.values for part in parts], axis=0)
    return Computed.of(total).because_of(*parts)


def _less(one: Computed, other: Computed) -> Computed:
    return _sum(one, Computed(-other.values, other.why))


def _ebitda(held: Statements) -> Computed:
    whole = held.telling(*TELLING["ebitda_ttm"])
    return _sum(whole.trailing("ebit"), whole.trailing("depreciation"))


def _roic(held: Statements) -> Computed:
    parts = ("equity", "minorities", "debt")
    now, before = (np.sum([held.at(name, back) for name in parts], axis=0) for back in (0, _YEAR))
    poor = (now <= 0) | (before <= 0)
    earned = _less(held.trailing("ebit"), held.trailing("income_tax"))
    return earned.over(held.given((now + before) / 2, (poor, Why.UNDEFINED)))


def net_claims(held: Statements) -> Computed:
    """Return what others than its owners claim of a company, less its cash: debt and minorities."""
    claims = _sum(*(held.given(held.at(name)) for name in ("debt", "minorities")))
    return _less(claims, held.given(held.at("cash_equivalents")))


def _streak(*, grows: bool) -> Callable[[Statements], Computed]:
    def count(held: Statements) -> Computed:
        back = held.since_year_end()
        known = np.isfinite(held.at("net_profit", back))
        if grows:
            known &= np.isfinite(held.at("net_profit", back + _YEAR))
        going, years = known, np.zeros(len(known))
        for year in range(held.figures["net_profit"].shape[1] // _YEAR + 1):
            value = held.at("net_profit", back + _YEAR * year)
            against = held.at("net_profit", back + _YEAR * (year + 1)) if grows else 0.0
            going = going & (value > against)
            years += going
        return held.given(np.where(known, years, np.nan))

    return count


def _days(held: Statements) -> Computed:
    days = (np.datetime64(held.as_of, "D") - held.published).astype(float)
    return held.given(np.where(np.isnat(held.published), np.nan, days))


STATEMENT_FIELDS: Mapping[str, Callable[[Statements], Computed]] = {
    "revenue_ttm": _total("revenue"),
    "net_profit_ttm": _total("net_profit"),
    "core_profit_ttm": _total("net_profit_deducted"),
    "operating_cash_flow_ttm": _total("operating_cash_flow"),
    "equity": _latest("equity"),
    "roe_ttm": _roe,
    "gross_margin": _latest("gross_margin"),
    "net_margin": lambda held: held.trailing("net_profit").over(held.trailing("revenue")),
    "revenue_yoy": _yoy("revenue"),
    "profit_yoy": _yoy("net_profit"),
    "core_profit_yoy": _yoy("net_profit_deducted"),
    "revenue_cagr_3y": _compound("revenue"),
    "profit_cagr_3y": _compound("net_profit"),
    "core_profit_cagr_3y": _compound("net_profit_deducted"),
    "ebit_ttm": _total("ebit"),
    "ebitda_ttm": _ebitda,
    "roic_ttm": _roic,
    "debt_ratio": lambda held: held.given(held.at("total_liabilities")).over(
        held.given(held.at("total_assets"))
    ),
    "interest_cover": lambda held: held.trailing("ebit").over(held.trailing("interest_expense")),
    "net_cash": lambda held: _less(
        held.given(held.at("cash_equivalents")), held.given(held.at("debt"))
    ),
    "cash_to_profit": lambda held: held.trailing("operating_cash_flow").over(
        held.trailing("net_profit")
    ),
    "profit_years": _streak(grows=False),
    "growth_years": _streak(grows=True),
    "statement_days": _days,
}
"""How each field of reported figures is computed."""
