"""What else is told of a simulated market: statements, industries, eligibility and estimates."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pyarrow as pa

from screener.data.lake.rows import Values
from screener.data.lake.schema import SIMULATED, SOUTHBOUND, TABLES, TableName
from screener.data.sources.simulated.draws import Entry, Way
from screener.data.sources.simulated.lives import NEVER
from screener.data.sources.simulated.request import SimulationQuery
from screener.data.sources.simulated.simulation import SimulatedListings
from screener.data.sources.simulated.statements import QUARTERS
from screener.data.sources.simulated.tables import concat, make_table, repeat_ids
from screener.domain.arrays import DayArray, FlagArray, FloatMatrix, IntArray

__all__ = ["OUTLOOKS", "facts"]

_KNOWN_BY = "simulated announcement"
_MOVED = 0.1
_MOVES_AFTER, _MOVES_WITHIN = 200, 2400  # calendar days from the start
_ELIGIBLE = 0.8
_WAITS = 60  # sessions between listing and eligibility, at most
_LOST = 0.1
OUTLOOKS = ("甲证券", "乙证券", "丙证券", "丁证券")
"""Invented houses that estimate profits, twice a year each."""
_COVERED = (0.2, 0.45, 0.7, 0.9)
_AFTER = 30  # days after the report that a house waits, at most
_GROWTH = 0.08


def facts(
    query: SimulationQuery, side: SimulatedListings, at: datetime
) -> dict[TableName, pa.Table]:
    """Return these tables of one market.

    Parameters
    ----------
    query, side
        The request, and the market simulated.
    at
        Instant written on every row, aware, UTC.

    Returns
    -------
    dict
        Rows known by the end of the request; a later end adds rows and changes none before, except
        that the end of an eligibility becomes known.
    """
    return {
        TableName.FUNDAMENTALS: _fundamentals(query, side, at),
        TableName.INDUSTRIES: _industries(query, side, at),
        TableName.ELIGIBILITY: _eligibility(query, side, at),
        TableName.ESTIMATES: _estimates(query, side, at),
    }


def _rows(
    name: TableName, side: SimulatedListings, column: IntArray, at: datetime, **columns: Values
) -> pa.Table:
    ids = [member.listing.id for member in side.market.members]
    return make_table(name, at, {"listing": repeat_ids(ids, column), **columns})


def _currency(side: SimulatedListings) -> str:
    return str(side.market.exchange.currency)


def _fundamentals(query: SimulationQuery, side: SimulatedListings, at: datetime) -> pa.Table:
    held, end = side.statements, np.datetime64(query.request.end, "D")
    told = [name for name in TABLES[TableName.FUNDAMENTALS].column_names if name in held.final]
    parts = []
    for days, figures in ((held.known, held.first), (held.restated, held.final)):
        period, column = np.nonzero(days <= end)
        values = {name: figures[name][period, column] for name in told}
        rows = _rows(
            TableName.FUNDAMENTALS,
            side,
            column,
            at,
            period_end=held.ends[period],
            known_at=days[period, column],
            known_by=_KNOWN_BY,
            currency=_currency(side),
            **values,
        )
        parts.append(rows)
    return concat(parts)


def _industries(query: SimulationQuery, side: SimulatedListings, at: datetime) -> pa.Table:
    """Give the industry of each listing from its first day on; a few change it once."""
    ways, members = side.draws.ways, side.market.members
    here = side.lives.first != NEVER
    listed = _listed(side)
    days = (_MOVES_AFTER + _MOVES_WITHIN * ways[:, Way.MOVED_ON]).astype("timedelta64[D]")
    on = np.datetime64(query.request.start, "D") + days
    asked = {listing for listing, _, _ in query.request.securities}
    free = np.array([member.listing not in asked for member in members])
    moves = here & free & (ways[:, Way.MOVED] < _MOVED) & (listed < on)
    moves &= on <= np.datetime64(query.request.end, "D")
    kept, moved = np.flatnonzero(here), np.flatnonzero(moves)
    names = [members[place].sector for place in kept]
    for place in moved:
        others = [sector for sector in query.sectors if sector != members[place].sector]
        names.append(others[int(ways[place, Way.MOVED_TO] * len(others))])
    return _rows(
        TableName.INDUSTRIES,
        side,
        np.concatenate([kept, moved]),
        at,
        valid_from=np.concatenate([listed[kept], on[moved]]),
        industry=names,
    )


def _eligibility(query: SimulationQuery, side: SimulatedListings, at: datetime) -> pa.Table:
    """Let mainland investors buy most Hong Kong shares; some of the others lose it again."""
    ways, sessions = side.draws.ways, side.market.sessions
    asked = {listing for listing, _, _ in query.request.securities}
    own = np.array([member.listing in asked for member in side.market.members], dtype=np.bool_)
    first = side.lives.first
    new = _listed(side) >= sessions[0]
    begin = np.where(new & ~own, first + (_WAITS * ways[:, Way.ELIGIBLE_FOR]).astype(int), first)
    lasts = 250 + (4000 * ways[:, Way.ELIGIBLE_FOR]).astype(np.int64)
    ends = np.where(own | (ways[:, Way.ELIGIBLE] > _LOST), NEVER, begin + lasts)
    ends = np.minimum(ends, side.lives.last) - 1
    chosen = (own | (ways[:, Way.ELIGIBLE] < _ELIGIBLE)) & (begin < np.minimum(ends, len(sessions)))
    column = np.flatnonzero(chosen if not side.market.mainland else np.zeros_like(chosen))
    over = ends[column] < len(sessions)
    ends = np.minimum(ends[column], len(sessions) - 1)
    return _rows(
        TableName.ELIGIBILITY,
        side,
        column,
        at,
        programme=SOUTHBOUND,
        valid_from=sessions[begin[column]],
        valid_to=np.where(over, sessions[ends], np.datetime64("NaT", "D")),
    )


def _estimates(query: SimulationQuery, side: SimulatedListings, at: datetime) -> pa.Table:
    """Let houses estimate this year's profit and the next's, after the annual and half-year report.

    An estimate lies between last year's profit and this one's, and errs; a new one is made of the
    same year half a year later.
    """
    end = np.datetime64(query.request.end, "D")
    held, years = side.statements, np.array(query.years)
    true, n_years = side.accounts.profit, len(query.years)
    parts: list[tuple[IntArray, IntArray, str, DayArray, FloatMatrix]] = []
    for house, name in enumerate(OUTLOOKS):
        covered = side.draws.ways[:, Way.COVERED] > _COVERED[house]
        for late in (0, 1):
            noise = side.draws.entries[:, 1:, Entry.OUTLOOK + late * len(OUTLOOKS) + house].T
            reported = held.known[(5 if late else 3) :: QUARTERS][: n_years - 1]
            days = reported + np.floor(_AFTER * (noise * 97 % 1)).astype("timedelta64[D]")
            share = 0.75 if late else 0.4
            error = 1 + (0.15 if late else 0.3) * (noise - 0.5)
            this = ((1 - share) * true[:-1] + share * true[1:]) * error
            # What a prospectus tells is not estimated again.
            chosen: FlagArray = (days <= end) & covered & (reported > _listed(side))
            year, column = np.nonzero(chosen)
            for ahead, values in enumerate((this, this + _GROWTH * np.abs(this))):
                fiscal = years[1:][year] + ahead
                told = (column, fiscal, name, days[year, column], values[year, column])
                parts.append(told)
    column, fiscal, known, profit = (
        np.concatenate([part[item] for part in parts]) for item in (0, 1, 3, 4)
    )
    brokers = [f"{part[2]}（{SIMULATED}）" for part in parts for _ in range(len(part[0]))]
    row = np.maximum(np.searchsorted(side.market.sessions, known, side="right") - 1, 0)
    return _rows(
        TableName.ESTIMATES,
        side,
        column,
        at,
        fiscal_year=fiscal,
        broker=brokers,
        known_at=known,
        currency=_currency(side),
        eps=np.round(profit / side.shares.total[row, column], 4),
        profit=np.round(profit, 2),
    )


def _listed(side: SimulatedListings) -> DayArray:
    return np.array(side.lives.list_dates, dtype="datetime64[D]")
