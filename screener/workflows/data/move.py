"""A whole lake copied from the workspace's folder to where many use it, or back."""

from __future__ import annotations

from enum import StrEnum

from screener.data.lake.moving import Moved, copy_lake
from screener.errors import ConfigError
from screener.files.place import Place
from screener.language import say
from screener.workspace.locate import Workspace

__all__ = ["Side", "move_data"]


class Side(StrEnum):
    """Where a lake is to be."""

    SHARED = "shared"
    LOCAL = "local"


def move_data(workspace: Workspace, to: Side) -> Moved:
    """Copy the lake; the one that is copied stays.

    Parameters
    ----------
    workspace
        Whose settings name a lake for many.
    to
        Where to: that lake, or the folder of the workspace.

    Raises
    ------
    ConfigError
        If the settings name no lake for many.
    InputError, DataError, StorageError
        As `copy_lake` does.
    """
    shared, local = workspace.lake, Place(workspace.data_cache)
    if not shared.shared:
        raise ConfigError(
            say("the settings name no lake for many"),
            where=str(workspace.root / "screener.toml"),
            fix=say("write `catalog` and `data` of `[lake]` there; see the guide of a desk"),
        )
    return copy_lake(local, shared) if to is Side.SHARED else copy_lake(shared, local)
