"""Ranks of computed fields among a listing's own days: statements, and prices over them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import pyarrow as pa

from screener.data.lake.asof import AsOf, Market, market_of
from screener.data.lake.rows import days_of, numbers_of
from screener.data.lake.schema import TableName
from screener.data.panels.fixings import read_fixings
from screener.domain.arrays import DayArray, FlagArray, FloatVector, IntArray, TextArray
from screener.domain.listing import Currency
from screener.errors import DataError
from screener.market.calendars import calendar_of
from screener.screen.histories import Counts, Steps, count_steps, counted, steps_of
from screener.screen.statements import STATEMENT_FIELDS, net_claims
from screener.workflows.screen.readers import MANY, columns_of, last_session, read_rows

__all__ = ["OVER_EV", "OwnHistory"]

OVER_EV: Mapping[str, str] = {"ev_revenue": "revenue_ttm", "ev_ebitda": "ebitda_ttm"}
"""Fields that are enterprise value over a field of statements."""

_CLAIMS = "net_claims"
_LONGEST = 10  # years
_SLICE = np.timedelta64(366, "D")  # days of table `valuation` that are held together


@dataclass(frozen=True, kw_only=True, eq=False)
class OwnHistory:
    """Own days of computed fields, as of a day.

    Parameters
    ----------
    known
        The tables as of that day.
    ids
        Listing ids, sorted.
    listed
        `(n_ids,)` first day listed, NaT where it is not told.
    valuations
        The last row of table `valuation` of each that has one.
    currencies
        `(n_ids,)` currency of each listing's price.
    names
        Fields that will be asked for.
    """

    known: AsOf
    ids: tuple[str, ...]
    listed: DayArray
    valuations: pa.Table
    currencies: TextArray
    names: tuple[str, ...]

    def counts(self, name: str, years: int) -> Counts:
        """Count how a field stands among its own days of so many years; `(n_ids,)` each."""
        if name in OVER_EV:
            return self._of_days(OVER_EV[name], years)
        found = np.zeros((3, len(self.ids)))
        steps, _ = self._steps
        markets = np.array([market_of(item) for item in self.ids], dtype=object)
        for market in Market:
            last = last_session(self.known, market)
            days = calendar_of(market.exchange).sessions
            days = days[(days <= last) & (days > _years_before(last, years))]
            counts = count_steps(steps, name, days, self.listed, self.known.day)
            found = np.where(markets == market, counts, found)
        n, below, same = found
        return n, below, same

    @cached_property
    def _steps(self) -> tuple[Steps, TextArray]:
        """Return the steps of every field that is needed, and the currency of each step."""
        needed = {name for name in self.names if name in STATEMENT_FIELDS}
        needed |= {OVER_EV[name] for name in self.names if name in OVER_EV}
        fields = {name: STATEMENT_FIELDS[name] for name in needed} | {_CLAIMS: net_claims}
        rows, currencies = read_rows(self.known, self.ids)
        first = _years_before(np.datetime64(self.known.day, "D"), _LONGEST + 1)
        found = steps_of(rows, fields, first=first)
        return found, currencies[found.last_rows]

    def _of_days(self, figure: str, years: int) -> Counts:
        """Count enterprise value over a figure, day by day, some days of the table at a time."""
        places = columns_of(self.valuations, self.ids)
        kept = places >= 0
        last = np.full(len(self.ids), np.datetime64("NaT"), dtype="datetime64[D]")
        last[places[kept]] = days_of(self.valuations, "session")[kept]
        caps = np.full(len(self.ids), np.nan)
        caps[places[kept]] = numbers_of(self.valuations, "market_cap")[kept]
        there = np.flatnonzero(~np.isnat(last))
        now = np.full(len(self.ids), np.nan)
        now[there] = self._ratios(figure, there, last[there], caps[there], last)
        totals = np.zeros((3, len(self.ids)))
        if not len(there):
            return totals[0], totals[1], totals[2]
        first = np.full(len(self.ids), np.datetime64("NaT"), dtype="datetime64[D]")
        first[there] = [_years_before(day, years) for day in last[there]]
        end = last[there].max()
        while end > first[there].min():
            begin = max(end - _SLICE, first[there].min())
            rows = self._valued(begin + 1, end)
            at, days = columns_of(rows, self.ids), days_of(rows, "session")
            own = at >= 0
            own[own] = (days[own] <= last[at[own]]) & (days[own] > first[at[own]])
            at, days, caps = at[own], days[own], numbers_of(rows, "market_cap")[own]
            values = self._ratios(figure, at, days, caps, last)
            weights = np.isfinite(values).astype(float)
            against = now[at]
            totals += counted(at, weights, values < against, values == against, len(self.ids))
            end = begin
        return totals[0], totals[1], totals[2]

    def _valued(self, first: np.datetime64, last: np.datetime64) -> pa.Table:
        start, end = (day.astype(object) for day in (first, last))
        return self.known.store.read(
            TableName.VALUATION,
            listings=self.ids if len(self.ids) < MANY else None,
            start=start,
            end=end,
            columns=("listing", "session", "market_cap"),
            ordered=False,
        )

    def _ratios(
        self, figure: str, at: IntArray, days: DayArray, caps: FloatVector, last: DayArray
    ) -> FloatVector:
        """Return enterprise value over a figure on some days; the last one is that of the screen.

        Parameters
        ----------
        at, days, caps
            `(n_rows,)` place of the listing, session, and market value in its currency.
        last
            `(n_ids,)` last session of each.
        """
        steps, currencies = self._steps
        known = np.where(days == last[at], np.datetime64(self.known.day, "D"), days)
        step = steps.at(at, known)
        claims, over = (steps.told(name, step, known) for name in (_CLAIMS, figure))
        of_step = currencies[np.maximum(step, 0)] if len(currencies) else self.currencies[at]
        rates = self._rates(self.currencies[at], of_step, days, step >= 0)
        value: FloatVector = caps * rates + claims
        with np.errstate(all="ignore"):
            return np.where((value > 0) & (over > 0), value / over, np.nan)

    def _rates(
        self, one: TextArray, other: TextArray, days: DayArray, asked: FlagArray
    ) -> FloatVector:
        """Return what 1 of a currency is in another on each day, NaN without a fixing."""
        rates = np.ones(len(days))
        foreign = np.flatnonzero((one != other) & asked)
        if len(foreign):
            fixings = read_fixings(self.known.store, days[foreign].min().item(), self.known.day)
            known: dict[tuple[str, str, date], float] = {}
            for place in foreign:
                key = str(one[place]), str(other[place]), days[place].item()
                if key not in known:
                    try:
                        known[key] = fixings.rate(Currency(key[0]), Currency(key[1]), key[2])
                    except (DataError, ValueError):
                        known[key] = float("nan")
                rates[place] = known[key]
        return rates


def _years_before(day: np.datetime64, years: int) -> np.datetime64:
    """Return the same day so many years before, the last of February for its 29th."""
    month = day.astype("datetime64[M]")
    before = month - 12 * years
    last = (before + 1).astype("datetime64[D]") - 1
    found: np.datetime64 = min(before.astype("datetime64[D]") + (day - month), last)
    return found
