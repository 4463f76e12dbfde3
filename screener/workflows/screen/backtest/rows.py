"""What a screen would have earned as rows: rebalancings, names, curve, orders, measures, biases."""

from __future__ import annotations

import numpy as np

from screener.backtest.frictions import Order
from screener.language import say
from screener.market.charges import Side
from screener.results.screen_backtest import MEASURES
from screener.workflows.backtest.order_rows import lines_as_rows
from screener.workflows.follow.measures import account_curve, account_measures
from screener.workflows.screen.backtest.run import BiasRun, ScreenBacktest

__all__ = [
    "bias_rows",
    "curve_rows",
    "document_of",
    "measure_row",
    "measure_rows",
    "name_rows",
    "order_rows",
    "rebalance_rows",
]

Row = dict[str, object]


def rebalance_rows(run: ScreenBacktest) -> list[Row]:
    """Return one row per rebalancing."""
    rotation, index = run.rotation, run.benchmark_path
    rows = []
    worth, level = run.capital, 1.0
    for (one, span), named, day in zip(rotation.spans(), run.named, run.days, strict=False):
        bought, sold, fees = (
            float(part[span].sum()) for part in (rotation.bought, rotation.sold, rotation.fees)
        )
        equity = float(rotation.equity[span][-1])
        risen = float(index[span][-1]) if len(index) else None
        rows.append(
            {
                "decided": day.decided,
                "traded": day.traded,
                "n_looked": named.looked_at,
                "n_passed": named.passed,
                "n_named": len(named.rows),
                "n_entered": one.entered,
                "n_left": one.left,
                "n_waiting": one.waiting,
                "n_held": int(rotation.held[span][0]),
                "bought": bought,
                "sold": sold,
                "turnover": (bought + sold) / 2 / one.worth if one.worth > 0 else None,
                "fees": fees,
                "equity": equity,
                "period_return": equity / worth - 1 if worth > 0 else None,
                "benchmark_return": None if risen is None else risen / level - 1,
                "run_id": run.run_id,
            }
        )
        worth, level = equity, level if risen is None else risen
    return rows


def name_rows(run: ScreenBacktest) -> list[Row]:
    """Return one row per rebalancing and name."""
    panel = run.trading.prices
    rows: list[Row] = []
    column = {item.id: at for at, item in enumerate(panel.listings)}
    orders = [line for line in run.rotation.lines if isinstance(line, Order)]
    purchases = {(order.leg, order.scheduled): order for order in orders if order.side is Side.BUY}
    for (one, _), named, day in zip(run.rotation.spans(), run.named, run.days, strict=False):
        for row in named.rows:
            at = column[row.listing]
            order = purchases.get((at, day.traded))
            bought = order is not None and bool(order.shares)
            kept = at in one.kept
            rows.append(
                {
                    "decided": day.decided,
                    "traded": day.traded,
                    "rank": row.rank,
                    "listing": row.listing,
                    "name": row.name,
                    "score": row.score,
                    "state": "kept" if kept else "entered" if bought else "missed",
                    "reason": "" if order is None else order.reason,
                    "run_id": run.run_id,
                }
            )
    return rows


def curve_rows(run: ScreenBacktest) -> list[Row]:
    """Return one row per session: the account, its fall from its peak, and the index."""
    rotation = run.rotation
    sessions = run.trading.prices.sessions[rotation.first_row : rotation.last_row + 1]
    return account_curve(
        sessions,
        rotation.equity,
        run.capital,
        run.benchmark_path,
        run.run_id,
        cash=rotation.cash,
        exposure=rotation.exposure,
        n_held=rotation.held,
    )


def order_rows(run: ScreenBacktest) -> list[Row]:
    """Return every order, dividend, tax and rights issue, with the columns of `ORDERS`."""
    common: Row = {"capital": run.capital, "run_id": run.run_id}
    called = {row.listing: row.name for one in run.named for row in one.rows}
    return [
        {**common, "name": called.get(str(row["listing"]), ""), **row}
        for row in lines_as_rows(run.rotation.lines)
    ]


def measure_row(run: ScreenBacktest) -> Row:
    """Return the one row of `MEASURES`; what rests on too few sessions is `None`."""
    rotation, request = run.rotation, run.request
    sessions = run.trading.prices.sessions[rotation.first_row : rotation.last_row + 1]
    row = account_measures(
        sessions,
        rotation.equity,
        run.capital,
        rotation.bought,
        run.benchmark_path,
        request.exchanges,
    ) | {
        "screen": request.name,
        "every": str(request.every),
        "top": request.screen.top,
        "n_rebalances": len(rotation.rotated.rebalanced),
        "n_names": len({row.listing for one in run.named for row in one.rows}),
        "mean_named": float(np.mean([len(one.rows) for one in run.named])),
        "exposure": float(rotation.exposure.mean()),
        "fees": float(rotation.fees.sum()),
        "capacity": rotation.capacity,
        "benchmark": "" if run.benchmark is None else run.benchmark.id,
        "data_version": run.data_version,
        "run_id": run.run_id,
    }
    return {name: row.get(name) for name in MEASURES.names}


def measure_rows(run: ScreenBacktest) -> list[Row]:
    """Return the rows of `MEASURES`: one."""
    return [measure_row(run)]


def bias_rows(run: ScreenBacktest) -> list[Row]:
    """Return one row per bias, the last for all of them; none where that was not asked for."""
    return [_bias(run, one) for one in run.biased]


def _bias(run: ScreenBacktest, one: BiasRun) -> Row:
    alone = next(iter(one.biases)) if len(one.biases) == 1 else None
    equity, plain = float(one.rotation.equity[-1]), float(run.rotation.equity[-1])
    return {
        "bias": "all" if alone is None else str(alone),
        "what": say("all of it together") if alone is None else alone.told,
        "total_return": equity / run.capital - 1,
        "added": (equity - plain) / run.capital,
        "equity": equity,
        "n_changed": one.changed,
        "run_id": run.run_id,
    }


def document_of(run: ScreenBacktest) -> Row:
    """Return all that a run found, with what it rests on, as JSON holds it."""
    return {
        "run_id": run.run_id,
        "data_version": run.data_version,
        "simulated": run.simulated,
        "remarks": list(run.remarks),
        "measures": [measure_row(run)],
        "rebalances": rebalance_rows(run),
        "names": name_rows(run),
        "curve": curve_rows(run),
        "biases": bias_rows(run),
    }
