"""An old data version made current again."""

from __future__ import annotations

from screener.data.lake.store import Commit, Store
from screener.workspace.locate import Workspace

__all__ = ["restore_data"]


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
    with Store.open(workspace.lake) as store:
        return store.restore(version, dry_run=dry_run)
