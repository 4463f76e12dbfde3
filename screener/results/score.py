"""Tables of a score: groups, calls, crowding, persistence."""

from __future__ import annotations

from screener.results.tables import declared

__all__ = ["CALLS", "CROWDING", "PERSISTENCE", "PLAIN", "SCORES"]

_TABLES = declared("score")
SCORES = _TABLES["scores"]
CALLS = _TABLES["calls"]
CROWDING = _TABLES["crowding"]
PLAIN = _TABLES["plain"]
PERSISTENCE = _TABLES["persistence"]
