"""Prices of listings, as the Python API gives them."""

from __future__ import annotations

from screener.results.tables import declared

__all__ = ["PRICES"]

PRICES = declared("prices")["prices"]
