"""An update on the terminal: what was asked, who answered, what failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.text import Text

from screener.render.tables import UNDEFINED, Column, plain_table

__all__ = ["FailureLine", "NeedLine", "plan_view", "update_view"]

_FAILURES_SHOWN = 15
_REMARKS_SHOWN = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedLine:
    """Answers to one kind of question: how many, how many rows, from whom, how many failed."""

    need: str
    answered: int
    failed: int
    rows: int
    sources: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureLine:
    """A question without an answer."""

    subject: str
    need: str
    reason: str


def plan_view(counts: Sequence[tuple[str, int]]) -> RenderableType:
    """Return how many questions an update would ask, by kind."""
    if not counts:
        return Text("Nothing to ask: all of it is up to date.", style="bold")
    columns: list[Column | str] = ["would ask for", Column(header="questions", numeric=True)]
    total = sum(count for _, count in counts)
    table = plain_table(columns, [[need, f"{count:,}"] for need, count in counts])
    return Group(table, Text(f"{total:,} questions; nobody was asked.", style="bold"))


def update_view(
    needs: Sequence[NeedLine],
    failures: Sequence[FailureLine],
    remarks: Sequence[str],
    *,
    requests: Sequence[tuple[str, int]],
    resting: Sequence[str],
    outcome: str,
) -> RenderableType:
    """Return what an update did: answers by need, failures, remarks, requests by host."""
    columns: list[Column | str] = [
        "asked for",
        Column(header="answered", numeric=True),
        Column(header="failed", numeric=True),
        Column(header="rows", numeric=True),
        "from",
    ]
    rows = [
        [
            line.need,
            f"{line.answered:,}",
            f"{line.failed:,}" if line.failed else UNDEFINED,
            f"{line.rows:,}",
            ", ".join(f"{name} {count}" for name, count in line.sources) or UNDEFINED,
        ]
        for line in needs
    ]
    parts: list[RenderableType] = [plain_table(columns, rows)] if rows else []
    parts.extend(_failures(failures))
    parts.extend(Text(f"· {text}") for text in remarks[:_REMARKS_SHOWN])
    if len(remarks) > _REMARKS_SHOWN:
        parts.append(Text(f"· and {len(remarks) - _REMARKS_SHOWN} further remarks"))
    parts.extend(Text(text, style="bold") for text in resting)
    if requests:
        asked = ", ".join(f"{host} {count}" for host, count in requests)
        parts.append(Text(f"requests: {asked}", style="dim"))
    parts.append(Text(outcome, style="bold"))
    return Group(*parts)


def _failures(failures: Sequence[FailureLine]) -> list[Text]:
    lines = [
        Text(f"  {item.subject} {item.need}: {item.reason}") for item in failures[:_FAILURES_SHOWN]
    ]
    if failures:
        lines.insert(0, Text(f"{len(failures):,} not answered", style="bold"))
    if len(failures) > _FAILURES_SHOWN:
        lines.append(Text(f"  and {len(failures) - _FAILURES_SHOWN:,} more"))
    return lines
