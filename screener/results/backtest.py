"""Tables of a backtest: returns, names, orders, metrics, shortfall, paths."""

from __future__ import annotations

from screener.results.tables import declared

__all__ = [
    "CAPACITY",
    "METRICS",
    "NAMES",
    "ORDERS",
    "PATHS",
    "REMARK",
    "RETURNS",
    "SHORTFALL",
    "SHORTFALL_MEANS",
    "VARIANT",
]

_TABLES = declared("backtest")
RETURNS = _TABLES["returns"]
NAMES = _TABLES["names"]
ORDERS = _TABLES["orders"]
METRICS = _TABLES["metrics"]
SHORTFALL = _TABLES["shortfall"]
CAPACITY = _TABLES["capacity"]
SHORTFALL_MEANS = _TABLES["shortfall_means"]
PATHS = _TABLES["paths"]
VARIANT = _TABLES["variant"]
REMARK = _TABLES["remark"]
