"""Write a file whole or not at all: the one place where files are put in place."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

__all__ = ["put_new", "put_whole", "write_whole"]


def write_whole(path: Path, content: str | bytes, *, mode: int | None = None) -> None:
    """Put content in the place of a file, or where there is none, whole or not at all.

    The bytes are on the disk before the name points to them, so that neither a process that is
    ended nor a machine that stops leaves half a file.

    Parameters
    ----------
    path
        The file.
    content
        Its bytes, or text for UTF-8.
    mode
        Its permissions; by default those of the file that is there, else what the process allows.

    Raises
    ------
    OSError
        If it cannot be written; what was there is left as it was, and nothing beside it.
    """
    raw = content.encode("utf-8") if isinstance(content, str) else content
    put_whole(path, lambda draft: _fill(draft, raw), mode=mode)


def put_whole(path: Path, write: Callable[[Path], object], *, mode: int | None = None) -> None:
    """Let `write` make a draft beside a file, then put it in the file's place; see `write_whole`.

    Raises
    ------
    OSError
        If it cannot be written; whatever `write` raises passes through.
    """
    _put(path, write, mode, lambda draft: draft.replace(path))


def put_new(path: Path, content: str, *, mode: int | None = None) -> None:
    """Write a text file that must not exist yet, whole or not at all.

    Raises
    ------
    FileExistsError
        If the file exists.
    OSError
        If it cannot be written.
    """
    raw = content.encode("utf-8")
    _put(path, lambda draft: _fill(draft, raw), mode, lambda draft: _link(draft, path))


def _put(
    path: Path,
    write: Callable[[Path], object],
    mode: int | None,
    publish: Callable[[Path], object],
) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}.", suffix=".tmp")
    os.close(handle)
    draft = Path(name)
    try:
        write(draft)
        draft.chmod(_mode_of(path) if mode is None else mode)
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        publish(draft)
    finally:
        draft.unlink(missing_ok=True)


def _fill(draft: Path, raw: bytes) -> None:
    draft.write_bytes(raw)


def _mode_of(path: Path) -> int:
    if path.exists():
        return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _link(draft: Path, path: Path) -> None:
    try:
        os.link(draft, path)  # unlike a rename, refuses to overwrite
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        if path.exists():
            raise FileExistsError(errno.EEXIST, "file exists", str(path)) from None
        draft.replace(path)
