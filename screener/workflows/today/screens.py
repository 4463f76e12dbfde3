"""Who entered and who left the saved screens of a workspace since a look."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from screener.data.lake.store import Store
from screener.results.tables import Row
from screener.workflows.screen.changes import screen_changes
from screener.workflows.screen.requests import ask_saved
from screener.workflows.today.look import Look
from screener.workspace.locate import Workspace
from screener.workspace.screens import saved_screen

__all__ = ["Screened", "screened"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Screened:
    """One saved screen, asked again.

    Parameters
    ----------
    rows
        Rows of `SCREENED`.
    keys
        What is kept of it: what it asks, and who passes.
    """

    rows: tuple[Row, ...]
    keys: frozenset[str]


def screened(
    workspace: Workspace, store: Store, name: str, before: Look, *, today: date
) -> Screened:
    """Ask a saved screen as of today, and compare it with the look, or with the day asked for.

    A screen that is new since the look, or asks otherwise now, is compared from now on.

    Parameters
    ----------
    workspace, store
        The workspace and its tables.
    name
        The screen, one of the workspace's own.
    before
        The look that it is told against.
    today
        Day of the screen.
    """
    asked = saved_screen(workspace, name)
    now = ask_saved(workspace, store, asked, today)
    # `repr` tells all that it asks, and is the same in every language.
    mark = f"{name} {hashlib.sha256(repr(asked).encode()).hexdigest()[:12]}"
    keys = {mark, *(f"{mark} {row.listing}" for row in now.passes)}
    was: Mapping[str, str] | None = None
    if before.since is not None:
        was = {
            row.listing: row.name for row in ask_saved(workspace, store, asked, before.since).passes
        }
    elif mark in before.screens:
        own = (key for key in before.screens if key.startswith(f"{mark} "))
        was = dict.fromkeys(sorted(key.removeprefix(f"{mark} ") for key in own), "")
    changes = [] if was is None else screen_changes(was, now)
    rows = tuple({"screen": name, **row} for row in changes)
    return Screened(rows=rows, keys=frozenset(keys))
