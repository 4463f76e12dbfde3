"""Tables of a screen whose names are held: rebalancings, names, curve, measures, biases."""

from __future__ import annotations

from screener.results import backtest
from screener.results.tables import declared

__all__ = ["BIASES", "CURVE", "MEASURES", "NAMES", "ORDERS", "REBALANCES"]

_TABLES = declared("screen_backtest")
REBALANCES = _TABLES["rebalances"]
NAMES = _TABLES["names"]
CURVE = _TABLES["curve"]
MEASURES = _TABLES["measures"]
BIASES = _TABLES["biases"]
ORDERS = backtest.ORDERS.without("basket", "report", "horizon", "weight")
