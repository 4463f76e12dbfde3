"""The lake on the terminal: what an import did, and what a restoring did."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from screener.data.lake.merge import TableChange
from screener.data.lake.store import Commit
from screener.language import say
from screener.language.stored import retold
from screener.language.terms import named
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
        outcome = say(
            "The newest data version, {newest}, holds what version {version} held.",
            newest=done.version,
            version=version,
        )
    elif dry_run:
        outcome = say("Dry run: nothing was changed.")
    else:
        outcome = say(
            "What data version {version} held is current again, as data version {newest}; the "
            "versions between are kept.",
            version=version,
            newest=done.version,
        )
    return _page(done.changes, [], done.remarks, outcome)


def _page(
    changes: Sequence[TableChange], rejected: Sequence[Text], remarks: Sequence[str], outcome: str
) -> RenderableType:
    names = ("added", "changed", "removed", "unchanged")
    return Group(
        plain_table(
            [say("table"), *(Column(header=named(name), numeric=True) for name in names)],
            [
                [named(item.table), *(f"{getattr(item, name):,}" for name in names)]
                for item in changes
            ],
        ),
        *rejected,
        *(Text(f"· {remark}") for remark in remarks),
        Text(outcome, style="bold"),
    )


def _rejected(done: ImportOutcome) -> Iterator[Text]:
    if not done.rejects:
        return
    told = say(
        "{n:,} rejected; see them with: screener data export DIR --table quarantine",
        n=len(done.rejects),
    )
    yield Text(told, style="bold")
    reasons = done.reasons
    for reason, count, place in reasons[:_REASONS_SHOWN]:
        told = say("{n:,} × {reason} (first: {place})", n=count, reason=retold(reason), place=place)
        yield Text(f"  {told}")
    if len(reasons) > _REASONS_SHOWN:
        told = say("and {n} further reasons", n=len(reasons) - _REASONS_SHOWN)
        yield Text(f"  {told}")


def _imported(done: ImportOutcome) -> str:
    if done.dry_run:
        return say("Dry run: nothing was changed.")
    if not done.changed:
        return say("All of it was there already; data version {version}.", version=done.version)
    return say("Stored as data version {version}.", version=done.version)
