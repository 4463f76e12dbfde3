"""Texts read up to the parts of their names, over the master of the tests."""

from __future__ import annotations

from screener.domain.report import Role
from screener.reports.roles.roles import runs_with_roles
from screener.reports.roles.runs import Run
from screener.reports.securities.mentions import mentions_in
from screener.reports.text.layout import lay_out
from screener.reports.text.text import make_text
from tests.support.mentions import DAY, whole

__all__ = ["ADVISED", "MOVER", "NAMED", "RISK", "A", "B", "C", "D", "runs"]

A, B, C, D = "澄岳科技", "启沅股份", "沐川精工", "拓泠科技"
ADVISED, MOVER, RISK, NAMED = Role.RECOMMENDED, Role.MOVER, Role.RISK, Role.MENTIONED


def runs(original: str) -> tuple[str, tuple[Run, ...]]:
    """Return a text as it is read, and its enumerations with their parts."""
    text = make_text(original)
    layout = lay_out(text.clean)
    found, _ = mentions_in(text, layout, whole(), day=DAY, brokers=frozenset())
    return text.clean, runs_with_roles(text, layout, found)
