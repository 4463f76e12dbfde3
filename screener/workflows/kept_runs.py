"""Storing a run, with its data version pinned where the lake is one for many."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping

from screener.errors import StorageError
from screener.language import say
from screener.workspace.locate import Workspace
from screener.workspace.runs import save_run as saved

__all__ = ["desk_of", "save_run"]


def save_run(workspace: Workspace, run_id: str, document: Mapping[str, object]) -> tuple[str, ...]:
    """Store a run; see `workspace.runs.save_run`.

    Compaction of a lake for many keeps what the runs of any desk name.

    Returns
    -------
    tuple
        Remarks if the run could not be stored or its version not be pinned.
    """
    remarks = saved(workspace, run_id, document)
    version, place = document.get("data_version"), workspace.lake
    if not place.shared or not isinstance(version, int):
        return remarks
    from screener.data.lake.store import Store

    try:
        with Store.open(place) as store:
            store.pin(desk_of(workspace), [version])
    except StorageError as error:
        told = say("Data version {version} was not pinned: {why}", version=version, why=error.what)
        return (*remarks, told)
    return remarks


def desk_of(workspace: Workspace) -> str:
    """Return the name under which a workspace pins versions: no name of a person or a folder."""
    text = f"{platform.node()}:{workspace.root.resolve()}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]
