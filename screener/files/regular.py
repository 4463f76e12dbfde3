"""Reading a whole file, and nothing that is none: a pipe or a device may never end."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

from screener.errors import InputError
from screener.language import say

__all__ = ["check_regular", "read_regular"]


def _device() -> str:
    return say("this is a device, not a file")


_KINDS: tuple[tuple[Callable[[int], bool], Callable[[], str]], ...] = (
    (stat.S_ISDIR, lambda: say("this is a folder, not a file")),
    (stat.S_ISFIFO, lambda: say("this is a pipe, not a file")),
    (stat.S_ISCHR, _device),
    (stat.S_ISBLK, _device),
    (stat.S_ISSOCK, lambda: say("this is a socket, not a file")),
)


def read_regular(
    path: Path, most: int, *, where: str, fix: str, instead: str | None = None
) -> bytes:
    """Return what a file holds.

    Parameters
    ----------
    path
        The file.
    most
        Bytes that it may have.
    where, fix, instead
        How messages name it, and what they advise if it is too long, and if it is no file.

    Raises
    ------
    InputError
        If it is a folder, a pipe, a device or a socket (none of which is opened), or too long.
    OSError
        If the system does not let it be read.
    """
    check_regular(path, most, where=where, fix=fix, instead=instead)
    # It may have been replaced meanwhile: no waiting for who writes into a pipe.
    with os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as file:
        _check(os.fstat(file.fileno()), where, instead)
        content = file.read(most + 1)
    if len(content) > most:
        raise _too_large(max(path.stat().st_size, len(content)), most, where, fix)
    return content


def check_regular(
    path: Path, most: int, *, where: str, fix: str, instead: str | None = None
) -> None:
    """Check what a library is about to open by its name; parameters and errors of `read_regular`.

    Raises
    ------
    InputError
        If it is a folder, a pipe, a device or a socket, or too long.
    OSError
        If the system does not tell.
    """
    status = path.stat()
    _check(status, where, instead)
    if status.st_size > most:
        raise _too_large(status.st_size, most, where, fix)


def _too_large(size: int, most: int, where: str, fix: str) -> InputError:
    return InputError(
        say(
            "{size:,.0f} MB or more is too much; up to {most:,.0f} MB are read",
            size=size / 1e6,
            most=most / 1e6,
        ),
        where=where,
        fix=fix,
    )


def _check(status: os.stat_result, where: str, instead: str | None) -> None:
    for is_one, what in _KINDS:
        if is_one(status.st_mode):
            raise InputError(what(), where=where, fix=instead or say("give the file itself"))
