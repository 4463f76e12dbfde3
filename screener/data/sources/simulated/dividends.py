"""The schedule of corporate actions: what is paid or issued, and when; amounts come later."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from screener.data.sources.simulated.draws import ListingDraws, TraitChance
from screener.data.sources.simulated.lives import Lives
from screener.data.sources.simulated.request import MarketQuery
from screener.domain.arrays import DayArray, FloatArray, IntArray

__all__ = ["ActionPlan", "plan_actions"]


_NOTICE = 25  # calendar days between announcement and the planned ex-date
_FIRST_EX_DAY, _EX_DAYS = 130, 80  # 10 May to late July, when most annual dividends are paid
_PAYERS = 0.75
_MAINLAND_BONUS = (0.1, 0.2, 0.3, 0.4, 0.5, 1.0)
_BONUS_CHANCE = 0.10
_HK_SPLITS = (2.0, 4.0, 5.0, 10.0, 0.1)  # the last one is a consolidation
_SPLIT_CHANCE = 0.04


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ActionPlan:
    """Planned actions in order of ex-row, then column; all arrays `(n_actions,)`.

    Parameters
    ----------
    column
        Listing's place among the market's members.
    year
        Place in the query's years; the accounts of the year before pay for it.
    announced
        Calendar day of the announcement.
    announced_row
        Last session on or before that day: its close bounds the cash.
    ex_row
        Ex-session, moved behind a suspension.
    payout
        Share of last year's profit paid as cash; 0 for none.
    bonus, split
        New shares per share, and shares after per share before.
    """

    column: IntArray
    year: IntArray
    announced: DayArray
    announced_row: IntArray
    ex_row: IntArray
    payout: FloatArray
    bonus: FloatArray
    split: FloatArray


def plan_actions(
    market: MarketQuery, draws: ListingDraws, lives: Lives, years: range
) -> ActionPlan:
    """Plan at most one action a year for each listing that trades when it is announced."""
    n, n_years = draws.issues.shape
    column, year = (grid.ravel() for grid in np.mgrid[0:n, 0:n_years])
    bonus, split = _issues(draws.issues.ravel(), mainland=market.mainland)
    payout = _payouts(draws.chances[:, TraitChance.PAYOUT])[column]
    planned = _planned_days(years, draws.chances[:, TraitChance.EX_DAY])[column, year]
    announced = planned - np.timedelta64(_NOTICE, "D")
    announced_row = np.searchsorted(market.sessions, announced, side="right") - 1
    ex_row = _after_suspension(np.searchsorted(market.sessions, planned), column, lives)
    happens = (
        (announced_row >= lives.first[column])
        & (ex_row < np.minimum(lives.last, len(market.sessions))[column])
        & ((payout > 0) | (bonus > 0) | (split != 1))
    )
    order = np.flatnonzero(happens)
    order = order[np.lexsort((column[order], ex_row[order]))]
    return ActionPlan(
        column=column[order],
        year=year[order],
        announced=announced[order],
        announced_row=announced_row[order],
        ex_row=ex_row[order],
        payout=payout[order],
        bonus=bonus[order],
        split=split[order],
    )


def _payouts(chances: FloatArray) -> FloatArray:
    return np.where(chances < _PAYERS, 0.15 + 0.5 * chances / _PAYERS, 0.0)


def _planned_days(years: range, chances: FloatArray) -> DayArray:
    new_year = np.array([date(year, 1, 1) for year in years], dtype="datetime64[D]")
    offset = (_FIRST_EX_DAY + _EX_DAYS * chances).astype("timedelta64[D]")
    days: DayArray = new_year[None, :] + offset[:, None]
    return days


def _issues(chances: FloatArray, *, mainland: bool) -> tuple[FloatArray, FloatArray]:
    sizes = np.array(_MAINLAND_BONUS if mainland else _HK_SPLITS)
    limit = _BONUS_CHANCE if mainland else _SPLIT_CHANCE
    chosen = sizes[np.minimum(chances / limit * len(sizes), len(sizes) - 1).astype(np.int64)]
    happens = chances < limit
    bonus = np.where(happens & mainland, chosen, 0.0)
    return bonus, np.where(happens & (not mainland), chosen, 1.0)


def _after_suspension(ex_row: IntArray, column: IntArray, lives: Lives) -> IntArray:
    """Move ex-rows to the first session on which the listing trades."""
    moved = ex_row.astype(np.int64)
    n_sessions = len(lives.suspended)
    while True:
        inside = moved < n_sessions
        held = np.zeros(len(moved), dtype=np.bool_)
        held[inside] = lives.suspended[moved[inside], column[inside]]
        if not held.any():
            return moved
        moved[held] += 1
