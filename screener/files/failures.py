"""What the system says of a file, in words that tell what to do."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

from screener.errors import StorageError, StorageFull, StorageReadOnly
from screener.language import say
from screener.language.lists import clauses

__all__ = ["error_number", "storage_error"]

_WORDS: dict[int, tuple[type[StorageError], Callable[[], str], Callable[[], str]]] = {
    errno.ENOSPC: (
        StorageFull,
        lambda: say("no space left on the disk"),
        lambda: say("free some space"),
    ),
    errno.EDQUOT: (
        StorageFull,
        lambda: say("your quota of the disk is used up"),
        lambda: say("free some space"),
    ),
    errno.EFBIG: (
        StorageFull,
        lambda: say("the file would be larger than this process may write"),
        lambda: say("raise the limit (`ulimit -f unlimited`)"),
    ),
    errno.EACCES: (
        StorageReadOnly,
        lambda: say("cannot be written or read: permission denied"),
        lambda: say("make it accessible to this user"),
    ),
    errno.EPERM: (
        StorageReadOnly,
        lambda: say("cannot be written: not permitted"),
        lambda: say("make it accessible to this user"),
    ),
    errno.EROFS: (
        StorageReadOnly,
        lambda: say("cannot be written: the disk is read-only"),
        lambda: say("use a folder that can be written"),
    ),
    errno.ENAMETOOLONG: (
        StorageError,
        lambda: say("the name or the path is too long"),
        lambda: say("use a shorter one"),
    ),
    errno.ENOTDIR: (
        StorageError,
        lambda: say("a part of the path is a file, not a folder"),
        lambda: say("move that file away or name another folder"),
    ),
    errno.EISDIR: (
        StorageError,
        lambda: say("a folder is in the place of the file"),
        lambda: say("name another file"),
    ),
    errno.EMFILE: (
        StorageError,
        lambda: say("this process may open no more files"),
        lambda: say("raise the limit (`ulimit -n 4096`)"),
    ),
}


def storage_error(error: OSError, path: Path | str) -> StorageError:
    """Translate an error of the file system; only damage is called damage, and none is here."""
    kind, what, fix = _WORDS.get(
        error.errno or 0,
        (
            StorageError,
            lambda: str(error.strerror or error),
            lambda: say("check the path, or name another folder"),
        ),
    )
    return kind(what(), where=str(path), fix=clauses([fix(), say("nothing was changed")]))


def error_number(text: str) -> int | None:
    """Return the number of the system's error that a library tells in words; `None` for none."""
    said = text.lower()
    return next((number for number in _WORDS if os.strerror(number).lower() in said), None)
