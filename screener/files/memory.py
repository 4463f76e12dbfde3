"""Memory that ran out, or is not there to begin with, in words that tell what to do."""

from __future__ import annotations

import sys

from screener.errors import OutOfMemory
from screener.language import say

__all__ = ["memory_error", "require_memory", "tells_of_memory"]

_LEAST = 3 << 30
"""Bytes of address space that the database and its threads take before they read anything."""
_SAID = 200  # characters of a library's own words
_MEMORY = (
    "out of memory",
    "cannot allocate memory",
    "failed to allocate",
    "could not allocate",
    "unable to allocate",
    "failed to map segment",  # a library that does not fit in any more
    "bad_alloc",
    "can't start new thread",
)


def tells_of_memory(error: BaseException) -> bool:
    """Tell whether an error says that memory ran out, in whichever library's words."""
    said = str(error).lower()
    return isinstance(error, MemoryError) or any(words in said for words in _MEMORY)


def memory_error(error: BaseException) -> OutOfMemory:
    """Translate what a library says when memory ran out."""
    said = (str(error).splitlines() or [""])[0][:_SAID]
    return OutOfMemory(
        say(
            "this machine has not enough memory for it: {said}",
            said=said or say("no more was given"),
        ),
        fix=_fix(),
    )


def _fix() -> str:
    return say(
        "close other programs, raise the limit (`ulimit -v unlimited`) or ask for less at once "
        "(fewer listings, a shorter span, a part of the file); nothing was changed"
    )


def require_memory() -> None:
    """Check that this process may use as much memory as the database needs to start.

    With less, its threads cannot be made, and it ends the whole process without a word.

    Raises
    ------
    OutOfMemory
        If a limit on its address space (`ulimit -v`) is below that.
    """
    if sys.platform == "win32":
        return
    import resource

    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit != resource.RLIM_INFINITY and limit < _LEAST:
        raise OutOfMemory(
            say(
                "this machine has not enough memory for it: this process may use {limit:,.0f} "
                "MB, and the database needs {least:,.0f} MB",
                limit=limit / 1e6,
                least=_LEAST / 1e6,
            ),
            fix=_fix(),
        )
