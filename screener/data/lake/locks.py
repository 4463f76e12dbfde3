"""One update at a time: a second one would ask the same hosts and be banned for both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from screener.data.lake.lake import storage_errors
from screener.errors import StorageBusy
from screener.files.place import Place
from screener.language import say

__all__ = ["update_lock"]


def update_lock(root: Path | Place) -> AbstractContextManager[None]:
    """Hold the lock of updates; the system gives it back when the process dies.

    Raises
    ------
    StorageBusy
        If another process is updating this lake.
    """
    place = Place.of(root)
    if not place.shared:
        return _file_lock(place.folder)
    from screener.data.lake.shared.lock import shared_update_lock

    return shared_update_lock(place)


@contextmanager
def _file_lock(root: Path) -> Iterator[None]:
    lock = FileLock(root / "update.lock")
    with storage_errors(root):
        root.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise StorageBusy(
                say("another update of this data is running"),
                where=str(root),
                fix=say("wait until it ends; it keeps what it has done"),
            ) from error
    try:
        yield
    finally:
        lock.release()
