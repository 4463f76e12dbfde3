"""Tables that pages show beside those of the files."""

from __future__ import annotations

from screener.results.tables import declared

__all__ = ["BANDS", "DRAWDOWNS", "NAME_PATHS", "VALUATIONS"]

_TABLES = declared("pages")
NAME_PATHS = _TABLES["name_paths"]
DRAWDOWNS = _TABLES["drawdowns"]
BANDS = _TABLES["bands"]
VALUATIONS = _TABLES["valuations"]
