"""An old data version made current again."""

from __future__ import annotations

from rich.console import RenderableType

from screener.data.lake.store import Commit, Store
from screener.render.store import ChangeLine, import_view
from screener.workspace.locate import Workspace

__all__ = ["restore_data", "restore_page"]


def restore_data(workspace: Workspace, version: int, *, dry_run: bool = False) -> Commit:
    """Give every table the rows of an old data version, as a new version.

    Raises
    ------
    DataError
        If there is no market data yet.
    InputError
        If there is no such version, or no longer.
    StorageError
        If the lake cannot be written; nothing is changed then.
    """
    with Store.open(workspace.data_cache) as store:
        return store.restore(version, dry_run=dry_run)


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
