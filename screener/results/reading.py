"""Tables of reports, baskets, and of what was read from a report."""

from __future__ import annotations

from screener.results.tables import declared

__all__ = ["BASKETS", "CLAIMS", "REPORTS", "SECURITIES", "UNRESOLVED"]

_TABLES = declared("reading")
REPORTS = _TABLES["reports"]
BASKETS = _TABLES["baskets"]
SECURITIES = _TABLES["securities"]
CLAIMS = _TABLES["claims"]
UNRESOLVED = _TABLES["unresolved"]
