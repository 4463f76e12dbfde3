"""The lake on the terminal: what an import did."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.text import Text

from screener.data.lake.store import Commit
from screener.render.tables import Column, plain_table
from screener.workflows.data.importing import ImportOutcome

__all__ = ["ChangeLine", "change_lines", "import_view", "outcome_text", "restore_page"]

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


def change_lines(outcome: ImportOutcome) -> list[ChangeLine]:
    """Return an outcome's changes as lines for the terminal."""
    return [
        ChangeLine(
            table=item.table,
            added=item.added,
            changed=item.changed,
            removed=item.removed,
            unchanged=item.unchanged,
        )
        for item in outcome.changes
    ]


def outcome_text(outcome: ImportOutcome) -> str:
    """Return an outcome as one line."""
    if outcome.dry_run:
        return "Dry run: nothing was changed."
    if not any(item.added or item.changed or item.removed for item in outcome.changes):
        return f"All of it was there already; data version {outcome.version}."
    return f"Stored as data version {outcome.version}."


def restore_page(done: Commit, version: int, *, dry_run: bool) -> RenderableType:
    """Return what a restoring did as a page: rows by table, and the version that holds them."""
    lines = [
        ChangeLine(
            table=item.table,
            added=item.added,
            changed=item.changed,
            removed=item.removed,
            unchanged=item.unchanged,
        )
        for item in done.changes
    ]
    if not done.changed and not done.remarks:
        outcome = f"The newest data version, {done.version}, holds what version {version} held."
    elif dry_run:
        outcome = "Dry run: nothing was changed."
    else:
        outcome = (
            f"What data version {version} held is current again, as data version {done.version}; "
            "the versions between are kept."
        )
    return import_view(lines, (), done.remarks, outcome=outcome)
