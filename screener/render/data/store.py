"""The lake on the terminal: what an import did, and what a restoring did."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from screener.data.lake.merge import TableChange
from screener.data.lake.store import Commit
from screener.render.tables import Column, plain_table
from screener.workflows.data.importing import ImportOutcome

__all__ = ["import_page", "restore_page"]

_REASONS_SHOWN = 10


def import_page(done: ImportOutcome) -> RenderableType:
    """Return what an import did: rows by table, reasons of rejects, remarks, the outcome."""
    return _page(done.changes, list(_rejected(done)), done.remarks, _imported(done))


def restore_page(done: Commit, version: int, *, dry_run: bool) -> RenderableType:
    """Return what a restoring did as a page: rows by table, and the version that holds them."""
    if not done.changed and not done.remarks:
        outcome = f"The newest data version, {done.version}, holds what version {version} held."
    elif dry_run:
        outcome = "Dry run: nothing was changed."
    else:
        outcome = (
            f"What data version {version} held is current again, as data version {done.version}; "
            "the versions between are kept."
        )
    return _page(done.changes, [], done.remarks, outcome)


def _page(
    changes: Sequence[TableChange], rejected: Sequence[Text], remarks: Sequence[str], outcome: str
) -> RenderableType:
    names = ("added", "changed", "removed", "unchanged")
    return Group(
        plain_table(
            ["table", *(Column(header=name, numeric=True) for name in names)],
            [[item.table, *(f"{getattr(item, name):,}" for name in names)] for item in changes],
        ),
        *rejected,
        *(Text(f"· {remark}") for remark in remarks),
        Text(outcome, style="bold"),
    )


def _rejected(done: ImportOutcome) -> Iterator[Text]:
    if not done.rejects:
        return
    yield Text(
        f"{len(done.rejects):,} rejected; see them with: "
        "screener data export DIR --table quarantine",
        style="bold",
    )
    reasons = done.reasons
    for reason, count, place in reasons[:_REASONS_SHOWN]:
        yield Text(f"  {count:,} × {reason} (first: {place})")
    if len(reasons) > _REASONS_SHOWN:
        yield Text(f"  and {len(reasons) - _REASONS_SHOWN} further reasons")


def _imported(done: ImportOutcome) -> str:
    if done.dry_run:
        return "Dry run: nothing was changed."
    if not done.changed:
        return f"All of it was there already; data version {done.version}."
    return f"Stored as data version {done.version}."
