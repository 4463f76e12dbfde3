"""What the system says of a file, in words that tell what to do."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from screener.errors import StorageError, StorageFull, StorageReadOnly

__all__ = ["error_number", "storage_error"]

_WORDS: dict[int, tuple[type[StorageError], str, str]] = {
    errno.ENOSPC: (StorageFull, "no space left on the disk", "free some space"),
    errno.EDQUOT: (StorageFull, "your quota of the disk is used up", "free some space"),
    errno.EFBIG: (
        StorageFull,
        "the file would be larger than this process may write",
        "raise the limit (`ulimit -f unlimited`)",
    ),
    errno.EACCES: (
        StorageReadOnly,
        "cannot be written or read: permission denied",
        "make it accessible to this user",
    ),
    errno.EPERM: (
        StorageReadOnly,
        "cannot be written: not permitted",
        "make it accessible to this user",
    ),
    errno.EROFS: (
        StorageReadOnly,
        "cannot be written: the disk is read-only",
        "use a folder that can be written",
    ),
    errno.ENAMETOOLONG: (StorageError, "the name or the path is too long", "use a shorter one"),
    errno.ENOTDIR: (
        StorageError,
        "a part of the path is a file, not a folder",
        "move that file away or name another folder",
    ),
    errno.EISDIR: (StorageError, "a folder is in the place of the file", "name another file"),
    errno.EMFILE: (
        StorageError,
        "this process may open no more files",
        "raise the limit (`ulimit -n 4096`)",
    ),
}


def storage_error(error: OSError, path: Path | str) -> StorageError:
    """Translate an error of the file system; only damage is called damage, and none is here."""
    kind, what, fix = _WORDS.get(
        error.errno or 0,
        (StorageError, f"{error.strerror or error}", "check the path, or name another folder"),
    )
    return kind(what, where=str(path), fix=f"{fix}; nothing was changed")


def error_number(text: str) -> int | None:
    """Return the number of the system's error that a library tells in words; `None` for none."""
    said = text.lower()
    return next((number for number in _WORDS if os.strerror(number).lower() in said), None)
