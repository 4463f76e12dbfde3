"""What the tables hold of the securities that a report's claims speak of."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from screener.data.lake.schema import Basis, TableName
from screener.data.lake.store import Store
from screener.data.panels.fixings import Fixings, read_fixings
from screener.domain.listing import Listing
from screener.market.calendars import calendar_of

__all__ = ["Series", "Tables", "read_tables"]

Row = Mapping[str, Any]

_BACK = timedelta(days=400)  # to the last session of the year before
_AHEAD = timedelta(days=30)
_MULTIPLES = ("pe_ttm", "pe_static", "pb", "ps_ttm", "market_cap", "float_cap", "dividend_yield")


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Closes of one listing, oldest first, and its total-return factors.

    Parameters
    ----------
    sessions, closes
        Session and close of each bar, in the listing's currency.
    factor_days, factors
        First session of each factor, and the factor; empty for adjusted prices and indices.
    adjusted
        Whether the closes are adjusted for dividends and splits already.
    """

    sessions: tuple[date, ...]
    closes: tuple[float, ...]
    factor_days: tuple[date, ...] = ()
    factors: tuple[float, ...] = ()
    adjusted: bool = False

    def at(self, day: date) -> int | None:
        """Return the number of the last bar on or before a day, `None` before the first."""
        found = bisect_right(self.sessions, day) - 1
        return None if found < 0 else found

    def factor(self, number: int) -> float:
        """Return the total-return factor in force at a bar."""
        known = bisect_right(self.factor_days, self.sessions[number])
        return self.factors[known - 1] if known else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """Rows of the securities that claims speak of.

    Parameters
    ----------
    series
        Closes by listing id, from more than a year before the claims to a month after them.
    spans
        First and last session with a bar by listing id, over the whole table.
    valuation
        Rows of table `valuation` by listing id, oldest first.
    fundamentals
        Rows of table `fundamentals` by listing id, by period and then by day of publication.
    fixings
        Exchange rates.
    """

    series: Mapping[str, Series]
    spans: Mapping[str, tuple[date, date]]
    valuation: Mapping[str, Sequence[Row]]
    fundamentals: Mapping[str, Sequence[Row]]
    fixings: Fixings = field(default_factory=Fixings.none)

    @property
    def adjusted(self) -> tuple[str, ...]:
        """Listings whose closes are adjusted."""
        return tuple(name for name, series in self.series.items() if series.adjusted)


def last_due(listing: Listing, day: date) -> date | None:
    """Return the last session of a listing's exchange on or before a day, if it is recorded."""
    calendar = calendar_of(listing.exchange)
    if day > calendar.last:
        return None
    known = calendar.between(day - timedelta(days=30), day)
    return known[-1].item() if len(known) else None


def read_tables(store: Store, listings: Iterable[Listing], days: Sequence[date]) -> Tables:
    """Read what is needed to check claims.

    Parameters
    ----------
    store
        The lake.
    listings
        Securities and indices of the claims.
    days
        Days to which the claims refer, and that of publication.
    """
    ids = sorted({listing.id for listing in listings})
    start, end = min(days) - _BACK, max(days) + _AHEAD
    bars = store.read(
        TableName.BARS,
        listings=ids,
        start=start,
        end=end,
        columns=("listing", "session", "close", "basis"),
    ).to_pylist()
    factors = _by_listing(store.read(TableName.FACTORS, listings=ids).to_pylist())
    valued = store.read(
        TableName.VALUATION, listings=ids, columns=("listing", "session", *_MULTIPLES)
    )
    spans = store.spans(ids)
    return Tables(
        series={
            name: _series(rows, factors.get(name, ())) for name, rows in _by_listing(bars).items()
        },
        spans={name: (span.first, span.last) for name, span in spans.items()},
        valuation=_by_listing(valued.to_pylist()),
        fundamentals=_by_listing(store.read(TableName.FUNDAMENTALS, listings=ids).to_pylist()),
        fixings=read_fixings(store, min(days), max(days)),
    )


def _series(bars: Sequence[Row], factors: Sequence[Row]) -> Series:
    adjusted = bars[0]["basis"] == str(Basis.ADJUSTED)
    known = () if adjusted else factors
    return Series(
        sessions=tuple(row["session"] for row in bars),
        closes=tuple(row["close"] for row in bars),
        factor_days=tuple(row["ex_session"] for row in known),
        factors=tuple(row["factor"] for row in known),
        adjusted=adjusted,
    )


def _by_listing(rows: Iterable[Row]) -> dict[str, list[Row]]:
    # Every table is sorted by time within a listing, whatever comes first.
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["listing"], []).append(row)
    return found
