"""Says with which seed the soak runs, so that it can be run again, and where findings go."""

from __future__ import annotations

from tests.support.soaking import FINDINGS, FULL, SEED


def pytest_report_header() -> str:
    return f"soak: SEED={SEED} FULL={int(FULL)}, findings in {FINDINGS}"
