"""One update at a time: a second one would ask the same hosts and be banned for both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from screener.data.lake.lake import storage_errors
from screener.errors import StorageBusy
from screener.language import say

__all__ = ["update_lock"]


@contextmanager
def update_lock(root: Path) -> Iterator[None]:
    """Hold the lock of updates; the system gives it back when the process dies.

    Raises
    ------
    StorageBusy
        If another process is updating this lake.
    """
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
