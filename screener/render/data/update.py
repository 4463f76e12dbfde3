"""An update on the terminal: what was asked, who answered, what failed."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from screener.data.sources.online.transport.protocol import Need
from screener.data.update.session import Outcome, UpdateReport
from screener.render.tables import UNDEFINED, Column, plain_table

__all__ = ["plan_page", "update_page"]

_FAILURES_SHOWN = 15
_REMARKS_SHOWN = 15


def plan_page(counts: Sequence[tuple[Need, int]]) -> RenderableType:
    """Return how many questions an update would ask, by kind."""
    if not counts:
        return Text("Nothing to ask: all of it is up to date.", style="bold")
    columns: list[Column | str] = ["would ask for", Column(header="questions", numeric=True)]
    total = sum(count for _, count in counts)
    table = plain_table(columns, [[str(need), f"{count:,}"] for need, count in counts])
    return Group(table, Text(f"{total:,} questions; nobody was asked.", style="bold"))


def update_page(report: UpdateReport) -> RenderableType:
    """Return what an update did: answers by need, failures, remarks, requests by host."""
    remarks = (*_noted(report), *report.remarks)
    parts: list[RenderableType] = [_needs(report)] if report.outcomes else []
    parts.extend(_failures(report.failures))
    parts.extend(Text(f"· {text}") for text in remarks[:_REMARKS_SHOWN])
    if len(remarks) > _REMARKS_SHOWN:
        parts.append(Text(f"· and {len(remarks) - _REMARKS_SHOWN} further remarks"))
    parts.extend(Text(text, style="bold") for text in report.open_circuits)
    if report.requests:
        asked = ", ".join(f"{host} {count}" for host, count in sorted(report.requests.items()))
        parts.append(Text(f"requests: {asked}", style="dim"))
    parts.append(Text(_outcome(report), style="bold"))
    return Group(*parts)


def _needs(report: UpdateReport) -> RenderableType:
    columns: list[Column | str] = [
        "asked for",
        Column(header="answered", numeric=True),
        Column(header="failed", numeric=True),
        Column(header="rows", numeric=True),
        "from",
    ]
    rows = [
        [
            str(item.need),
            f"{item.answered:,}",
            f"{item.failed:,}" if item.failed else UNDEFINED,
            f"{item.rows:,}",
            ", ".join(f"{name} {count}" for name, count in item.sources) or UNDEFINED,
        ]
        for item in report.by_need
    ]
    return plain_table(columns, rows)


def _failures(failures: Sequence[Outcome]) -> list[Text]:
    lines = [
        Text(f"  {item.subject} {item.need}: {item.error.what}")
        for item in failures[:_FAILURES_SHOWN]
        if item.error is not None
    ]
    if failures:
        lines.insert(0, Text(f"{len(failures):,} not answered", style="bold"))
    if len(failures) > _FAILURES_SHOWN:
        lines.append(Text(f"  and {len(failures) - _FAILURES_SHOWN:,} more"))
    return lines


def _noted(report: UpdateReport) -> tuple[str, ...]:
    if not report.noted:
        return ()
    rows = "1 row" if report.noted == 1 else f"{report.noted:,} rows"
    return (
        f"{rows} rejected or doubtful: `screener data export DIR --table quarantine` tells why",
    )


def _outcome(report: UpdateReport) -> str:
    kept = f"{report.up_to_date:,} answers were up to date; " if report.up_to_date else ""
    if report.before == report.after:
        return f"{kept}nothing new; data version {report.after}."
    return f"{kept}stored as data version {report.after}."
