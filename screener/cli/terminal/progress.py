"""How far work is, on standard error: count, rate and time left, on a terminal alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from screener.language import say
from screener.progress import listening

if TYPE_CHECKING:
    from rich.progress import Task

__all__ = ["shown", "working"]

_LABEL = 24  # columns that a label keeps, so that the bar stands still
_SECONDS = 60
Told = Callable[[int, int, str], None]
"""Told how many of how many are done, and what is next; an empty label leaves the last one."""


@contextmanager
def working(what: str) -> Iterator[None]:
    """Show that work goes on, and how far it is wherever it counts; nothing on no terminal."""
    with shown(what) as told, listening(lambda done, total: told(done, total, "")):
        yield


@contextmanager
def shown(what: str) -> Iterator[Told]:
    """Show how far work is that is told of by calling what is given."""
    from screener.cli.terminal.screens import clean_console

    screen = clean_console(stderr=True)
    if not screen.is_terminal:
        yield _unseen
        return
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

    bar = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=20),
        TextColumn("{task.fields[far]}", markup=False),
        console=screen,
        transient=True,
    )
    with bar:
        task = bar.add_task(f"{what} …", total=None, far="")

        def told(done: int, total: int, label: str) -> None:
            if done == 0:
                bar.reset(task, total=total)
            bar.update(task, completed=done, total=total)
            text = f"{label:{_LABEL}}" if label else None
            bar.update(task, description=text, far=far(bar.tasks[0], done, total))

        yield told


def far(task: Task, done: int, total: int) -> str:
    """Write the count, and once they can be told the rate and the time left."""
    count = f"{done:,}/{total:,}"
    speed = task.finished_speed or task.speed
    if not speed or done >= total:
        return count
    left = say("{time} left", time=clock((total - done) / speed))
    return f"{count} · {rate(speed)} · {left}"


def rate(speed: float) -> str:
    """Write a rate by the second, or by the minute where it is slow."""
    if speed >= 1:
        n = f"{speed:,.1f}"
        return say("{n}/s", n=n)
    n = f"{speed * _SECONDS:,.1f}"
    return say("{n}/min", n=n)


def clock(seconds: float) -> str:
    """Write a span of time, `0:42` or `1:05:00`."""
    minutes, rest = divmod(round(seconds), _SECONDS)
    hours, minutes = divmod(minutes, _SECONDS)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _unseen(_done: int, _total: int, _label: str) -> None:
    """Show nothing."""
