"""Tables of the comparison with random baskets, and of the verdicts that rest on it."""

from __future__ import annotations

from screener.results.tables import declared

__all__ = ["CONTROLS", "JOINT", "PLACEBOS", "VERDICTS"]

_TABLES = declared("placebo")
PLACEBOS = _TABLES["placebos"]
JOINT = _TABLES["joint"]
CONTROLS = _TABLES["controls"]
VERDICTS = _TABLES["verdicts"]
