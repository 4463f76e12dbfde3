"""Tables of an event study: tests, sessions, units, names, reversals, calibration."""

from __future__ import annotations

from screener.results.tables import declared

__all__ = ["CALIBRATION", "NAMES", "REVERSALS", "SESSIONS", "TESTS", "UNITS"]

_TABLES = declared("study")
TESTS = _TABLES["tests"]
SESSIONS = _TABLES["sessions"]
UNITS = _TABLES["units"]
NAMES = _TABLES["names"]
REVERSALS = _TABLES["reversals"]
CALIBRATION = _TABLES["calibration"]
