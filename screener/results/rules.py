"""The table of the rules that applied to a listing on a day."""

from __future__ import annotations

from screener.results.tables import declared

__all__ = ["RULES"]

RULES = declared("rules")["rules"]
