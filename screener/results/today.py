"""Tables of what happened since the last look."""

from __future__ import annotations

from screener.results.data import RUN_DIFF
from screener.results.tables import declared

__all__ = ["CARDS", "JUDGED", "LACKS", "MATURED", "RUN_DIFF", "SCREENED"]

_TABLES = declared("today")
CARDS = _TABLES["cards"]
MATURED = _TABLES["matured"]
JUDGED = _TABLES["judged"]
LACKS = _TABLES["lacks"]
SCREENED = _TABLES["screened"]
