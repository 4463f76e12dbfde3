"""Tables of events that were followed with one account: events, curve, measures."""

from __future__ import annotations

from screener.results.tables import declared

__all__ = ["CURVE", "EVENTS", "MEASURES"]

_TABLES = declared("follow")
EVENTS = _TABLES["events"]
CURVE = _TABLES["curve"]
MEASURES = _TABLES["measures"]
