"""The lake on the terminal: what an import did, and what the tables hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from rich.console import Group, RenderableType
from rich.text import Text

from screener.render.tables import UNDEFINED, Column, plain_table

__all__ = [
    "ChangeLine",
    "CoverageLine",
    "FindingLine",
    "coverage_view",
    "findings_view",
    "import_view",
]

_REASONS_SHOWN = 10
_SOURCES_SHOWN = 3
_FINDINGS_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeLine:
    """Rows of a table that an import added, changed, removed or found already there."""

    table: str
    added: int
    changed: int
    removed: int
    unchanged: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageLine:
    """What a table holds."""

    table: str
    rows: int
    listings: int | None
    first: date | None
    last: date | None
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingLine:
    """One finding of the doctor."""

    listing: str
    session: date
    check: str
    severity: str
    cause: str
    value: float
    expected: str


def findings_view(
    counts: Sequence[tuple[tuple[str, str, str], int]],
    lines: Sequence[FindingLine],
    *,
    banner: str,
    footer: str,
) -> RenderableType:
    """Return findings: how many of each severity, check and cause, then the first ones."""
    parts: list[RenderableType] = [Text(banner, style="bold reverse"), Text()] if banner else []
    if not lines:
        return Group(*parts, Text("Nothing found.", style="bold"), Text(footer, style="dim"))
    summary: list[Column | str] = [
        "severity",
        "check",
        "cause",
        Column(header="found", numeric=True),
    ]
    parts.append(plain_table(summary, [[*key, f"{count:,}"] for key, count in counts]))
    parts.append(Text())
    columns: list[Column | str] = [
        "listing",
        "session",
        "check",
        Column(header="value", numeric=True),
    ]
    rows = [
        [line.listing, line.session.isoformat(), line.check, f"{line.value:.4g}", line.cause]
        for line in lines[:_FINDINGS_SHOWN]
    ]
    parts.append(plain_table([*columns, "cause"], rows))
    hidden = len(lines) - _FINDINGS_SHOWN
    if hidden > 0:
        parts.append(Text(f"and {hidden:,} more: --csv FILE lists them all"))
    return Group(*parts, Text(footer, style="dim"))


def import_view(
    changes: Sequence[ChangeLine],
    reasons: Sequence[tuple[str, int, str]],
    remarks: Sequence[str],
    *,
    outcome: str,
) -> RenderableType:
    """Return what an import did: rows by table, reasons of rejects, remarks, the outcome."""
    names = ("added", "changed", "removed", "unchanged")
    columns: list[Column | str] = ["table", *(Column(header=name, numeric=True) for name in names)]
    rows = [[line.table, *(f"{getattr(line, name):,}" for name in names)] for line in changes]
    parts: list[RenderableType] = [plain_table(columns, rows)]
    if reasons:
        total = sum(count for _, count, _ in reasons)
        parts.append(
            Text(
                f"{total:,} rejected; see them with: screener data export DIR --table quarantine",
                style="bold",
            )
        )
        parts.extend(
            Text(f"  {count:,} × {reason} (first: {place})")
            for reason, count, place in reasons[:_REASONS_SHOWN]
        )
        hidden = len(reasons) - _REASONS_SHOWN
        if hidden > 0:
            parts.append(Text(f"  and {hidden} further reasons"))
    parts.extend(Text(f"· {remark}") for remark in remarks)
    parts.append(Text(outcome, style="bold"))
    return Group(*parts)


def coverage_view(lines: Sequence[CoverageLine], *, banner: str, footer: str) -> RenderableType:
    """Return what every table holds."""
    columns: list[Column | str] = [
        "table",
        Column(header="rows", numeric=True),
        Column(header="listings", numeric=True),
        "first",
        "last",
        "sources",
    ]
    rows = [
        [
            line.table,
            f"{line.rows:,}",
            UNDEFINED if line.listings is None else f"{line.listings:,}",
            line.first.isoformat() if line.first else UNDEFINED,
            line.last.isoformat() if line.last else UNDEFINED,
            _sources(line.sources),
        ]
        for line in lines
    ]
    parts: list[RenderableType] = [Text(banner, style="bold reverse"), Text()] if banner else []
    return Group(*parts, plain_table(columns, rows), Text(footer, style="dim"))


def _sources(names: tuple[str, ...]) -> str:
    if not names:
        return UNDEFINED
    hidden = len(names) - _SOURCES_SHOWN
    return ", ".join(names[:_SOURCES_SHOWN]) + (f" and {hidden} more" if hidden > 0 else "")
