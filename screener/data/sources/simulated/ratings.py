"""Ratings of a simulated market: invented houses, one that sees ahead, one that sees wrongly."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from screener.data.lake.rows import days_of, make_rows
from screener.data.lake.schema import SIMULATED, TableName
from screener.domain.arrays import DayArray, FloatMatrix, IntArray

__all__ = ["DEFINITIONS", "HOUSES", "simulated_ratings"]

HOUSES: Mapping[str, float] = {
    "甲证券": 0.7,
    "乙证券": 0.0,
    "丙证券": 0.0,
    "丁证券": -0.7,
    "戊证券": 0.35,
    "己证券": 0.0,
}
"""Share of its calls in which a house picks from the best tenth of what follows; below zero from
the worst."""
_AHEAD = 120  # sessions that a house with foresight sees
_WARM_UP = 5  # sessions before the first call
_TENTH = 0.1
_WORDS = ("买入", "买入(维持)", "买入-A", "首次买入", "增持")
_TARGET = 1.2  # times the price, in every other call

DEFINITIONS = """# What the invented houses of the simulated market promise: no real house does.
""" + "".join(
    f"""
[[rating_definitions]]
broker = "{house}（{SIMULATED}）"
seen = ["2018-12-31"]
months_low = 6
months_high = 6
benchmarks = [{{ market = "A", benchmark = "沪深300" }}]
bands = [
  {{ level = "stock", rating = "买入", low = 0.1 }},
  {{ level = "stock", rating = "增持", low = 0.03, high = 0.1 }},
  {{ level = "stock", rating = "中性", low = -0.03, high = 0.03 }},
  {{ level = "stock", rating = "减持", high = -0.03 }},
]
"""
    for house in HOUSES
)


def simulated_ratings(
    tables: Mapping[TableName, pa.Table],
    *,
    seed: int,
    at: datetime,
    since: date = date.min,
    calls: int = 60,
) -> pa.Table:
    """Return ratings of the mainland shares of a simulated market.

    Parameters
    ----------
    tables
        Listings and bars of the market.
    seed
        Of what the houses pick.
    at
        When the rows are made.
    since
        First day on which a house may call.
    calls
        Of each house.

    Returns
    -------
    pyarrow.Table
        Rows of table `ratings`; the same for the same market and seed.
    """
    ids, days, closes = _closes(tables)
    draw = np.random.default_rng(seed)
    columns: dict[str, list[object]] = {
        name: [] for name in ("listing", "published", "broker", "title", "rating", "target_price")
    }
    first = max(_WARM_UP, int(np.searchsorted(days, np.datetime64(since, "D"))))
    for house, skill in HOUSES.items():
        rows = np.sort(draw.integers(first, len(days) - 1, calls))
        for number, row in enumerate(rows.tolist()):
            column = _picked(draw, closes, row, skill)
            price = float(closes[row, column])
            told = (
                ids[column],
                days[row].item(),
                f"{house}（{SIMULATED}）",
                f"{SIMULATED} {house} {number}",
                _WORDS[number % len(_WORDS)],
                round(price * _TARGET, 2) if number % 2 else None,
            )
            for name, value in zip(columns, told, strict=True):
                columns[name].append(value)
    columns["analyst"] = [""] * len(columns["listing"])
    return make_rows(TableName.RATINGS, columns, source=SIMULATED, fetched_at=at)


def _picked(draw: np.random.Generator, closes: FloatMatrix, row: int, skill: float) -> int:
    """Return the column that a house picks on a session."""
    traded: IntArray = np.flatnonzero(np.isfinite(closes[row]))
    if draw.random() >= abs(skill):
        return int(traded[draw.integers(len(traded))])
    end = min(row + _AHEAD, len(closes) - 1)
    moves = closes[end, traded] / closes[row, traded]
    ranked = traded[np.argsort(np.where(np.isfinite(moves), moves, 1.0), kind="stable")]
    few = max(int(len(ranked) * _TENTH), 1)
    some = ranked[-few:] if skill > 0 else ranked[:few]
    return int(some[draw.integers(len(some))])


def _closes(
    tables: Mapping[TableName, pa.Table],
) -> tuple[list[str], DayArray, FloatMatrix]:
    """Return closes by session and listing: the mainland's shares, NaN where none traded."""
    master = tables[TableName.LISTINGS]
    shares = pc.and_(
        pc.equal(master.column("kind"), "stock"),
        pc.invert(pc.ends_with(master.column("listing"), ".HK")),
    )
    ids = sorted(master.filter(shares).column("listing").to_pylist())
    bars = tables[TableName.BARS]
    bars = bars.filter(pc.is_in(bars.column("listing"), value_set=pa.array(ids)))
    bars = bars.filter(pc.greater(bars.column("volume"), 0))
    days, place = np.unique(days_of(bars, "session"), return_inverse=True)
    column = pc.index_in(bars.column("listing"), value_set=pa.array(ids)).to_numpy()
    found = np.full((len(days), len(ids)), np.nan)
    found[place, column] = bars.column("close").to_numpy()
    return ids, days, found
