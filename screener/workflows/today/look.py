"""What was known at the last look, kept in the workspace."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from screener.errors import StorageDamaged
from screener.language import say
from screener.workspace.locate import Workspace
from screener.workspace.sealed import keep_state, kept_state

__all__ = ["Look", "keep_look", "last_look"]

_NAME = "looked"
_PARTS = ("notes", "windows", "calls", "lacks", "screens")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What was known when somebody looked.

    Parameters
    ----------
    at
        When; `None` if nobody has looked yet.
    data_version
        Data version that was read; `None` if there was none.
    notes, windows, calls, lacks, screens
        Keys of the notes on cards, of the mature windows, of the judged calls, of what was stale
        or missing, and of the saved screens with who passed them.
    since
        Day asked for instead of the last look: what is of that day or later is new.
    """

    at: datetime | None = None
    data_version: int | None = None
    notes: frozenset[str] = frozenset()
    windows: frozenset[str] = frozenset()
    calls: frozenset[str] = frozenset()
    lacks: frozenset[str] = frozenset()
    screens: frozenset[str] = frozenset()
    since: date | None = None

    def is_new(self, part: str, key: str, day: date | None) -> bool:
        """Tell whether something of a part is new, by the day asked for or else by its key."""
        if self.since is not None:
            return day is not None and day >= self.since
        known: frozenset[str] = getattr(self, part)
        return key not in known


def last_look(workspace: Workspace) -> Look:
    """Return the last look; one that knew nothing if there was none.

    Raises
    ------
    StorageDamaged
        If what is kept of it cannot be read.
    """
    state = kept_state(workspace, _NAME)
    if not state:
        return Look()
    try:
        return Look(
            at=datetime.fromisoformat(str(state["at"])),
            data_version=_version(state["data_version"]),
            notes=_keys(state, "notes"),
            windows=_keys(state, "windows"),
            calls=_keys(state, "calls"),
            lacks=_keys(state, "lacks"),
            screens=_keys({"screens": (), **state}, "screens"),  # an older program kept none
        )
    except (KeyError, TypeError, ValueError) as error:
        raise StorageDamaged(
            say("the last look cannot be read: {error}", error=repr(str(error))),
            where=str(workspace.data_cache),
            fix=say("screener today --since 2026-05-01"),
        ) from error


def keep_look(workspace: Workspace, look: Look) -> None:
    """Keep a look, whole or not at all.

    Raises
    ------
    StorageError
        If it cannot be written; the one before is left as it was.
    """
    parts = {part: sorted(getattr(look, part)) for part in _PARTS}
    at = None if look.at is None else look.at.isoformat()
    keep_state(workspace, _NAME, {"at": at, "data_version": look.data_version, **parts})


def _keys(state: Mapping[str, object], part: str) -> frozenset[str]:
    found = state[part]
    if not isinstance(found, Iterable):
        raise TypeError(part)
    return frozenset(str(item) for item in found)


def _version(value: object) -> int | None:
    return None if value is None else int(str(value))
