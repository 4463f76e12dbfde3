"""What brokers expect of listings, as known on a day: profit, earnings a share, target prices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from screener.data.lake.asof import AsOf
from screener.data.lake.rows import days_of, numbers_of
from screener.domain.arrays import DayArray, FlagArray, FloatVector, IntArray, TextArray
from screener.domain.report import Report
from screener.workflows.screen.readers import columns_of

__all__ = ["Expected", "Targets", "medians", "read_expected", "read_targets"]

_FRESH = timedelta(days=180)
"""What a broker said longer ago no longer counts."""

_SHARES = ("bonus", "split")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Targets:
    """Newest target price of each broker on each listing, sorted by listing.

    Parameters
    ----------
    listings
        `(n_rows,)` place of the listing.
    prices
        `(n_rows,)` in the listing's currency, for a share of today.
    """

    listings: IntArray
    prices: FloatVector


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Expected:
    """Newest estimate of each broker for the running fiscal year, or the consensus alone.

    Parameters
    ----------
    listings
        `(n_rows,)` place of the listing.
    currencies
        `(n_rows,)` currency of the figures.
    profit, eps, revenue
        `(n_rows,)` net profit, earnings for a share of today, and revenue; NaN where not told.
    """

    listings: IntArray
    currencies: TextArray
    profit: FloatVector
    eps: FloatVector
    revenue: FloatVector


def read_targets(known: AsOf, ids: Sequence[str]) -> Targets:
    """Return the target prices of the last 180 days."""
    columns = ("listing", "published", "broker", "target_price")
    rows = known.ratings_since(known.day - _FRESH, columns=columns)
    rows = rows.filter(pc.is_valid(rows.column("target_price")))
    places = columns_of(rows, ids)
    rows = rows.append_column("place", pa.array(places)).filter(pa.array(places >= 0))
    places, days = rows.column("place").to_numpy(), days_of(rows, "published")
    last = _newest(places, rows.column("broker").to_pylist(), days)
    prices = numbers_of(rows, "target_price") / _shares_since(known, ids, places, days)
    return Targets(listings=places[last], prices=prices[last])


def read_expected(known: AsOf, ids: Sequence[str], cards: Sequence[Report]) -> Expected:
    """Return the estimates of the last 180 days for the fiscal year in which the day lies.

    A consensus (a row without a broker) stands for all brokers of its listing. A card counts as
    its publisher's estimate of the day on which it was published.
    """
    rows = known.estimates(known.day.year, since=known.day - _FRESH)
    told = pa.Table.from_pylist(list(_carded(known, cards)), schema=rows.schema)
    rows = pa.concat_tables([rows, told])
    places = columns_of(rows, ids)
    kept = pa.array(places >= 0)
    rows, places = rows.filter(kept), places[places >= 0]
    days, brokers = days_of(rows, "known_at"), rows.column("broker").to_pylist()
    last = _newest(places, brokers, days)
    last = last[_counting(places[last], np.array(brokers, dtype=object)[last] == "", len(ids))]
    shares = _shares_since(known, ids, places, days)
    return Expected(
        listings=places[last],
        currencies=np.array(rows.column("currency").to_pylist(), dtype=object)[last],
        profit=numbers_of(rows, "profit")[last],
        eps=(numbers_of(rows, "eps") / shares)[last],
        revenue=numbers_of(rows, "revenue")[last],
    )


def medians(listings: IntArray, values: FloatVector, n_listings: int) -> FloatVector:
    """Return the median of each listing's values that are there.

    Parameters
    ----------
    listings, values
        `(n_rows,)` place of the listing, and the value; NaN for none.
    n_listings
        Number of listings.

    Returns
    -------
    numpy.ndarray
        `(n_listings,)`, NaN for none.
    """
    there = np.isfinite(values)
    listings, values = listings[there], values[there]
    ordered = np.append(values[np.lexsort((values, listings))], np.nan)
    n = np.bincount(listings, minlength=n_listings)
    start = np.cumsum(n) - n
    low, high = (np.minimum(start + half, len(values)) for half in ((n - 1) // 2, n // 2))
    return np.where(n > 0, (ordered[low] + ordered[high]) / 2, np.nan)


def _carded(known: AsOf, cards: Sequence[Report]) -> Iterator[dict[str, object]]:
    for card in cards:
        if card.published.value is None:
            continue
        day = card.published.day
        for item in card.estimates:
            if item.fiscal_year == known.day.year and known.day - _FRESH <= day <= known.day:
                yield {
                    "listing": item.listing.id,
                    "broker": card.publisher or card.id,
                    "known_at": day,
                    "currency": str(item.currency),
                    "eps": item.eps,
                    "profit": item.profit,
                    "revenue": item.revenue,
                }


def _newest(places: IntArray, brokers: Sequence[str], days: DayArray) -> IntArray:
    """Return the row of the newest word of each broker on each listing, by listing."""
    names = {name: at for at, name in enumerate(dict.fromkeys(brokers))}
    broker = np.array([names[name] for name in brokers], dtype=np.int64)
    order = np.lexsort((days, broker, places))
    pairs = np.stack([places[order], broker[order]])
    last = np.append((pairs[:, 1:] != pairs[:, :-1]).any(axis=0), True)[: len(order)]
    found: IntArray = order[last]
    return found


def _counting(places: IntArray, consensus: FlagArray, n_listings: int) -> FlagArray:
    """Tell which rows count: where a listing has a consensus, that one alone."""
    has = np.zeros(n_listings, dtype=bool)
    has[places[consensus]] = True
    counts: FlagArray = consensus | ~has[places]
    return counts


def _shares_since(known: AsOf, ids: Sequence[str], places: IntArray, days: DayArray) -> FloatVector:
    """Return how many shares of today one of a day has become, by bonus issues and splits.

    Parameters
    ----------
    places, days
        `(n_rows,)` place of the listing, and the day of which a figure for one share is.
    """
    ratio = np.ones(len(places))
    actions = known.actions()
    ex = days_of(actions, "ex_session")
    bonus, split = (numbers_of(actions, name) for name in _SHARES)
    made = (1 + np.nan_to_num(bonus)) * np.where(np.isfinite(split), split, 1.0)
    today = np.datetime64(known.day, "D")
    recent = (made != 1) & (ex <= today) & (ex >= today - np.timedelta64(_FRESH.days, "D"))
    order = np.argsort(places, kind="stable")
    own = columns_of(actions, ids)
    for at in np.flatnonzero(recent & (own >= 0)):
        low, high = (np.searchsorted(places[order], own[at], side=s) for s in ("left", "right"))
        rows = order[low:high]
        ratio[rows[days[rows] < ex[at]]] *= made[at]
    return ratio
