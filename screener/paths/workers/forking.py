"""Workers that are copies of this process: they hold what it holds, and nothing is sent to them.

A worker that starts anew imports the program again and is sent every matrix, which takes longer
than most jobs. A forked one shares all of that in memory until it writes to it; it is told the
number of a part, and only what it found is sent. Workers use neither the database nor the terminal
of the process that they are copies of.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import sys
import threading
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from io import StringIO
from itertools import count
from multiprocessing import get_context, parent_process
from typing import Any, TypeVar

from screener.paths.workers.pickling import dumped

__all__ = ["can_fork", "forked"]

PartT = TypeVar("PartT")
FoundT = TypeVar("FoundT")

_AHEAD = 2  # parts that each worker has before it, so that it never waits for the next
_SHARED: dict[int, tuple[Callable[[Any], Any], Sequence[Any]]] = {}
_KEYS = count()


def can_fork() -> bool:
    """Tell whether workers can be copies of this process; elsewhere its libraries forbid it."""
    return sys.platform == "linux"


def forked(
    work: Callable[[PartT], FoundT],
    parts: Sequence[PartT],
    workers: int,
    meanwhile: Callable[[], object] | None = None,
) -> Iterator[FoundT]:
    """Give what `work` makes of each part, in their order, each as soon as it is done.

    However many parts there are, no more than some for each worker are found ahead of the reader.
    `meanwhile` is what this process does itself while they work on the first ones.

    Raises
    ------
    BrokenProcessPool
        If a worker was ended.
    """
    key = next(_KEYS)
    _SHARED[key] = (work, parts)
    pool = ProcessPoolExecutor(workers, mp_context=get_context("fork"), initializer=_begin)
    ahead = iter(range(len(parts)))
    waiting: deque[Future[bytes]] = deque()
    try:
        with _forking():
            for at in ahead:
                waiting.append(pool.submit(_one, key, at))
                if len(waiting) == _AHEAD * workers:
                    break
        if meanwhile is not None:
            meanwhile()
        while waiting:
            found: FoundT = pickle.loads(waiting.popleft().result())  # noqa: S301 - of our own copy
            for at in ahead:
                waiting.append(pool.submit(_one, key, at))
                break
            yield found
    finally:
        pool.shutdown(cancel_futures=True)
        del _SHARED[key]


@contextmanager
def _forking() -> Iterator[None]:
    """Keep a copy from clearing away, while it begins, what only this process may close."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        with warnings.catch_warnings():  # of threads: those of the database rest meanwhile
            warnings.simplefilter("ignore", DeprecationWarning)
            yield
    finally:
        if collecting:
            gc.enable()


def _begin() -> None:
    """Make a copy a worker: it ends with its parent, and says nothing of its own."""
    gc.freeze()
    gc.enable()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # A lock of the parent's streams may have been held by another of its threads.
    sys.stdout = sys.stderr = StringIO()
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)


def _one(key: int, at: int) -> bytes:
    work, parts = _SHARED[key]
    return dumped(work(parts[at]))
