"""Stored runs: what was asked, of which data version, and what came out."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping

from screener.workspace.locate import Workspace

__all__ = ["RUNS", "save_run"]

RUNS = "runs"
"""Folder of the stored runs, within the market data."""


def save_run(workspace: Workspace, run_id: str, document: Mapping[str, object]) -> tuple[str, ...]:
    """Store a run under its id, whole or not at all; the same run again changes nothing.

    Returns
    -------
    tuple
        A remark if it could not be stored; results do not depend on it.
    """
    folder = workspace.data_cache / RUNS
    target = folder / f"{run_id}.json"
    temporary = folder / f".{run_id}.{os.getpid()}"
    try:
        folder.mkdir(exist_ok=True)
        text = json.dumps(document, ensure_ascii=False, indent=1, default=str)
        temporary.write_text(text + "\n", encoding="utf-8")
        temporary.replace(target)
    except OSError as error:
        return (f"The run was not stored in {folder}: {error.strerror}.",)
    return ()
