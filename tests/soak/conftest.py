"""Says with which seed the soak runs, to run it again, where findings go, and what came."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from tests.support.soaking import FINDINGS, FULL, SEED, spared


@pytest.fixture(scope="session", autouse=True)
def _spared() -> Iterator[None]:
    with spared():
        yield


def pytest_report_header() -> str:
    return f"soak: SEED={SEED} FULL={int(FULL)}, findings in {FINDINGS}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    counts: Counter[str] = Counter()
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, ()):
            counts.update(dict(report.user_properties))
    if counts:
        told = ", ".join(f"{count:,} {name}" for name, count in counts.items())
        terminalreporter.write_line(f"soak: SEED={SEED}: {told}")
