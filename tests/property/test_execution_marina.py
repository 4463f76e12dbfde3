"""Every mainland order of random markets under the rules of another package, strictly."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from screener.backtest.execution.executing import execute
from screener.backtest.frictions import Frictions, Order
from screener.domain.basket import EntryPrice, Rebalance
from screener.domain.listing import Board
from screener.paths.legs import LegState
from screener.paths.windows import resolve_window
from tests.support.random_markets import Market, random_market
from tests.support.soaking import drawn_by, rounds

marina = pytest.importorskip("marina_rules.check", reason="marina-rules is not installed")

MARKETS = rounds(80, 250, 2_500)
_FREE_SESSIONS = 5
# Of Beijing that package has no rule that it calls verified, so that nothing passes strictly.
_SCOPES = {
    Board.MAIN: ("main_board", "st_main"),
    Board.CHINEXT: ("chinext", "st_chinext"),
    Board.STAR: ("star", "st_star"),
}
_MARKET_OF = {"SH": "XSHG", "SZ": "XSHE"}


def order_rows(market: Market) -> list[dict[str, Any]]:
    """Return the filled mainland orders of a market, as that package's fill log has them."""
    choices = market.choices
    window = resolve_window(
        market.trading.prices,
        market.event,
        market.entries,
        horizon=choices.horizon,
        max_wait=choices.max_wait,
        price=EntryPrice(choices.entry),
        rebalance=Rebalance(choices.rebalance),
    )
    if all(leg.state is LegState.DROPPED for leg in window.legs):
        return []
    done = execute(market.trading, window, choices.capital, replace(Frictions(), impact_bps=0.0))
    rows = (_row(market, order) for order in done.orders if order.session is not None)
    return [row for row in rows if row is not None]


def _row(market: Market, order: Order) -> dict[str, Any] | None:
    listing, panel = order.listing, market.trading.prices
    column = panel.column(listing)
    if listing.board not in _SCOPES or panel.adjusted[column]:
        return None
    earlier = np.flatnonzero(np.isfinite(panel.close[: order.row, column]))
    if len(earlier) < _FREE_SESSIONS:
        return None
    since = slice(int(earlier[-1]) + 1, order.row + 1)
    if (market.trading.dividend[since, column] > 0).any():
        return None  # the reference of an ex-date is not the close before it
    if (market.trading.rights[since, column] > 0).any():
        return None
    if (market.trading.share_ratio[since, column] != 1).any():
        return None
    listed = panel.list_dates[column]
    if listed is not None and panel.row(listed) > order.row - 2 * _FREE_SESSIONS:
        return None
    st = bool(panel.st[order.row, column])
    return {
        "date": str(order.session),
        "code": listing.code,
        "side": str(order.side),
        "price": order.price,
        "prev_close": float(panel.close[earlier[-1], column]),
        "scope": _SCOPES[listing.board][st],
        "market": _MARKET_OF[str(listing.exchange)],
        "fee": order.fees,
        "turnover": order.amount,
    }


@pytest.mark.soak
def test_every_mainland_order_passes_strictly() -> None:
    first = drawn_by(0)
    seeds = range(first, first + MARKETS)
    rows = [row for seed in seeds for row in order_rows(random_market(seed))]
    assert len(rows) > MARKETS
    assert {"main_board", "chinext", "star"} <= {row["scope"] for row in rows}
    found = marina.check_rows(rows, strict=True)
    assert found["findings"] == []
    assert found["rules_verified"]
