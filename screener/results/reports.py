"""Tables of what reports say: their claims, checked."""

from __future__ import annotations

from screener.results.tables import declared

__all__ = ["CHECKING"]

CHECKING = declared("reports")["checking"]
