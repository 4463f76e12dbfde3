"""Raw prices from latent paths: ticks, daily limits, suspensions and ex-dates, day by day.

Prices chase the latent path: what a limit cuts off one day is made up on the next, and rounding
never adds up. On any day, raw close times factor is the latent total return, unless a limit, a
suspension or the lowest price stands in the way.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from screener.data.panels.factors import ex_reference
from screener.data.sources.simulated.dividends import ActionPlan
from screener.data.sources.simulated.draws import ListingDraws, Move, Trait
from screener.data.sources.simulated.lives import Lives
from screener.data.sources.simulated.request import MarketQuery
from screener.data.sources.simulated.returns import Paths
from screener.domain.arrays import FlagArray, FloatMatrix
from screener.domain.listing import Listing
from screener.market.limits import price_grid
from screener.market.rules import free_sessions, price_limit

__all__ = ["Trading", "limit_band", "limit_rates", "round_to_tick", "starting_prices", "trade"]


_HAIR = 1e-7  # of a tick, at which is decided what binary fractions miss
_HALF = 0.5 + _HAIR
_WICK = 0.35  # of own daily volatility
_MOST_CASH = 0.06  # of the close at the announcement


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trading:
    """Raw prices of one market, in its currency.

    Parameters
    ----------
    open, high, low, close
        `(n_sessions, n_listings)`; before listing and after delisting they mean nothing.
    locked
        `(n_sessions, n_listings)` whether all of the day is at a limit.
    cash
        `(n_actions,)` cash per share of the plan's actions.
    """

    open: FloatMatrix
    high: FloatMatrix
    low: FloatMatrix
    close: FloatMatrix
    locked: FlagArray
    cash: FloatMatrix


def starting_prices(market: MarketQuery, draws: ListingDraws) -> FloatMatrix:
    """Return the price before each listing's first session, `(n_listings,)`."""
    traits = draws.traits[:, Trait.PRICE]
    if market.mainland:
        prices = np.clip(18 * np.exp(0.7 * traits), 2.5, 400)
    else:
        prices = np.clip(12 * np.exp(1.0 * traits), 0.6, 500)
    return round_to_tick(prices, mainland=market.mainland)


def round_to_tick(prices: FloatMatrix, *, mainland: bool) -> FloatMatrix:
    """Round half-up to the tick, and up to the lowest price.

    The tick is 0.01 on the mainland. In Hong Kong it is 0.001 below 0.25, 0.005 below 0.50 and
    0.01 from there; the wider ticks of higher prices are left out.
    """
    if mainland:
        return np.asarray(np.maximum(np.floor(prices * 100 + _HALF), 1) / 100)
    steps = np.where(prices < 0.25, 1000.0, np.where(prices < 0.5, 200.0, 100.0))
    return np.asarray(np.maximum(np.floor(prices * steps + _HALF), 1) / steps)


def limit_rates(market: MarketQuery, lives: Lives) -> FloatMatrix:
    """Return the daily limit as a fraction, `(n_sessions, n_listings)`; infinite for none."""
    rates = np.full(lives.listed.shape, np.inf)
    boards = [member.listing.board for member in market.members]
    for board in sorted(set(boards)):
        columns = np.flatnonzero([item is board for item in boards])
        one = market.members[int(columns[0])].listing
        plain, special = (_board_rates(market, one, st=st) for st in (False, True))
        rates[:, columns] = np.where(lives.st[:, columns], special[:, None], plain[:, None])
    free = np.array(
        [free_sessions(board, day) for board, day in zip(boards, lives.list_dates, strict=True)],
        dtype=np.int64,
    )
    since = np.arange(len(market.sessions))[:, None] + lives.age
    rates[since < free] = np.inf
    return rates


def limit_band(
    reference: FloatMatrix, rate: FloatMatrix, inward: FlagArray
) -> tuple[FloatMatrix, FloatMatrix]:
    """Return the lowest and the highest price allowed, at least a tick from the reference.

    Parameters
    ----------
    reference
        `(n,)` ex-reference price in CNY; it is rounded to the tick first, as exchanges publish it.
    rate
        `(n,)` limit as a fraction, infinite for none.
    inward
        `(n,)` whether limits are cut to the tick, and not rounded half up.
    """
    cents = np.floor(reference * 100 + _HALF)
    high, low = cents * (1 + rate), cents * (1 - rate)
    up = np.floor(high + np.where(inward, _HAIR, _HALF))
    down = np.where(inward, np.ceil(low - _HAIR), np.floor(low + _HALF))
    return np.maximum(np.minimum(down, cents - 1), 1) / 100, np.maximum(up, cents + 1) / 100


def trade(
    market: MarketQuery,
    draws: ListingDraws,
    lives: Lives,
    paths: Paths,
    plan: ActionPlan,
    *,
    earnings: FloatMatrix,
    price_limits: bool,
) -> Trading:
    """Walk through the sessions, all listings at once.

    Parameters
    ----------
    market, draws, lives, paths, plan
        What was worked out before.
    earnings
        `(n_actions,)` last year's profit per share, from which the cash is paid.
    price_limits
        Whether daily limits hold.
    """
    rates = limit_rates(market, lives) if price_limits and market.mainland else None
    day = _Day(market, starting_prices(market, draws), paths, draws)
    starts = np.searchsorted(plan.ex_row, np.arange(len(market.sessions) + 1))
    for row in range(len(market.sessions)):
        if starts[row] < starts[row + 1]:
            day.go_ex(plan, earnings, slice(int(starts[row]), int(starts[row + 1])))
        day.trade(row, None if rates is None else rates[row], lives.suspended[row])
    return day.result()


class _Day:
    """State carried from one session to the next: last close and factor of every listing."""

    def __init__(
        self, market: MarketQuery, prices: FloatMatrix, paths: Paths, draws: ListingDraws
    ) -> None:
        shape = paths.close.shape
        self._mainland = market.mainland
        last = market.sessions[-1].item()
        grids = [price_grid(member.listing, last) for member in market.members]
        self._inward = np.array([grid.inward for grid in grids], dtype=np.bool_)
        self._base = prices
        self._previous = prices
        self._reference = prices.copy()
        self._factor = np.ones(shape[1])
        self._paths = paths
        self._moves = draws.moves
        self._cash: list[FloatMatrix] = []
        self._open, self._high, self._low, self._close = (np.empty(shape) for _ in range(4))
        self._locked = np.zeros(shape, dtype=np.bool_)

    def go_ex(self, plan: ActionPlan, earnings: FloatMatrix, which: slice) -> None:
        """Set the reference price and the factor of the listings that go ex this session."""
        column = plan.column[which]
        known = self._close[plan.announced_row[which], column]
        most = np.minimum(plan.payout[which] * earnings[which], _MOST_CASH * known)
        cash = np.floor(np.maximum(most, 0.0) * 1000) / 1000
        previous = self._previous[column]
        reference = ex_reference(
            previous, cash=cash, bonus=plan.bonus[which], split=plan.split[which]
        )
        self._reference[column] = reference
        self._factor[column] *= previous / reference
        self._cash.append(cash)

    def trade(self, row: int, rate: FloatMatrix | None, suspended: FlagArray) -> None:
        """Trade one session."""
        unit = self._base / self._factor
        opened = self._round(unit * np.exp(self._paths.open[row]))
        closed = self._round(unit * np.exp(self._paths.close[row]))
        high, low = self._extremes(row, opened, closed)
        if rate is not None:
            bottom, top = limit_band(self._reference, rate, self._inward)
            opened, closed, high, low = (
                np.clip(price, bottom, top) for price in (opened, closed, high, low)
            )
            locked = (opened == closed) & ((closed == top) | (closed == bottom)) & ~suspended
            self._locked[row] = locked
            high, low = np.where(locked, closed, high), np.where(locked, closed, low)
        flat = self._previous
        for target, price in zip(
            (self._open, self._high, self._low, self._close),
            (opened, high, low, closed),
            strict=True,
        ):
            target[row] = np.where(suspended, flat, price)
        self._previous = self._close[row]
        self._reference[:] = self._previous

    def result(self) -> Trading:
        """Return all that was traded."""
        return Trading(
            open=self._open,
            high=self._high,
            low=self._low,
            close=self._close,
            locked=self._locked,
            cash=np.concatenate(self._cash) if self._cash else np.empty(0),
        )

    def _extremes(
        self, row: int, opened: FloatMatrix, closed: FloatMatrix
    ) -> tuple[FloatMatrix, FloatMatrix]:
        scale = _WICK * self._paths.volatility
        up = scale * np.abs(self._moves[:, row, Move.WICK_UP])
        down = scale * np.abs(self._moves[:, row, Move.WICK_DOWN])
        high = self._round(np.maximum(opened, closed) * np.exp(up))
        return high, self._round(np.minimum(opened, closed) * np.exp(-down))

    def _round(self, prices: FloatMatrix) -> FloatMatrix:
        return round_to_tick(prices, mainland=self._mainland)


def _board_rates(market: MarketQuery, listing: Listing, *, st: bool) -> FloatMatrix:
    days = market.sessions.tolist()
    rules = (price_limit(listing, day, st=st) for day in days)
    return np.array([np.inf if rule is None else rule.limit for rule in rules])
