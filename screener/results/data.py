"""Tables of what looks after the lake: findings, differences, coverage."""

from __future__ import annotations

from screener.results.tables import declared

__all__ = ["COVERAGE", "DIFF", "FINDINGS", "RUN_DIFF"]

_TABLES = declared("data")
FINDINGS = _TABLES["findings"]
DIFF = _TABLES["diff"]
RUN_DIFF = _TABLES["run_diff"]
COVERAGE = _TABLES["coverage"]
