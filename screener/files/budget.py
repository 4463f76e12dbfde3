"""Work that ends when its share of the processor's time is used up."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["OutOfTime", "within"]

_AGAIN = 0.25  # seconds after which it is said once more to who took no notice


class OutOfTime(BaseException):
    """The time is used up: no error, so that nothing that catches errors takes it for one."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """End what is done inside when it has used the processor for so long.

    Nothing is bounded outside the main thread, and where the system has no such clock.

    Raises
    ------
    OutOfTime
        When the time is used up.
    """
    if not hasattr(signal, "setitimer") or (
        threading.current_thread() is not threading.main_thread()
    ):
        yield
        return

    def stop(_number: int, _frame: object) -> None:
        raise OutOfTime

    before = signal.signal(signal.SIGPROF, stop)
    left, _ = signal.setitimer(signal.ITIMER_PROF, seconds, _AGAIN)
    try:
        yield
    finally:
        rest, _ = signal.setitimer(signal.ITIMER_PROF, 0.0)
        signal.signal(signal.SIGPROF, before)
        if left:  # the bound around this one goes on
            signal.setitimer(signal.ITIMER_PROF, max(left - (seconds - rest), _AGAIN), _AGAIN)
