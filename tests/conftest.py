"""What all tests share: which examples are drawn, and costs that each process pays once."""

from __future__ import annotations

import functools
import gc
import os
from collections import Counter
from pathlib import Path

import hypothesis
import pytest
import typer.testing

from screener.data.lake import lake
from tests.support.soaking import FINDINGS, FULL, SEED, SOAK

os.environ["SCREENER_LANG"] = "en"  # whatever the locale; a test of Chinese says so

ONLY_SOAKED = Path(__file__).parent / "soak"

hypothesis.settings.register_profile("suite", deadline=None, database=None, derandomize=not SOAK)
hypothesis.settings.load_profile("suite")

# The tree of commands is the same at each call, and making it takes longer than most commands do.
typer.testing._get_command = functools.cache(typer.testing._get_command)

# Small tables give a second thread nothing to do, and waiting for work takes a third of all time.
# The soak, and every command that is run as a process, have as many threads as the machine.
if not SOAK:
    lake._CONFIG["threads"] = 1


def pytest_report_header() -> str:
    drawn = (
        f"SEED={SEED} FULL={int(FULL)}, findings in {FINDINGS}" if SOAK else "the same each time"
    )
    return f"examples: {drawn}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    counts: Counter[str] = Counter()
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, ()):
            counts.update(dict(report.user_properties))
    if counts:
        told = ", ".join(f"{count:,} {name}" for name, count in counts.items())
        terminalreporter.write_line(f"soak: SEED={SEED}: {told}")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == ONLY_SOAKED:
            item.add_marker("soak")
        if SOAK:
            law = getattr(item, "obj", None)
            if hypothesis.is_hypothesis_test(law):
                hypothesis.seed(SEED)(getattr(law, "__func__", law))


def pytest_collection_finish() -> None:
    # Modules and tests last: the collector need not look through them again at every turn.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
