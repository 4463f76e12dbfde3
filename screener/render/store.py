"""The lake on the terminal: what an import did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.text import Text

from screener.render.tables import Column, plain_table

__all__ = ["ChangeLine", "import_view"]

_REASONS_SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeLine:
    """Rows of a table that an import added, changed, removed or found already there."""

    table: str
    added: int
    changed: int
    removed: int
    unchanged: int


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
