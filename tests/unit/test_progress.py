"""How far work is: told to who listens, one count at a time, and shown on a terminal alone."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from rich.console import Console
from rich.progress import Progress

from screener.cli.terminal import screens
from screener.cli.terminal.progress import clock, far, rate, shown, working
from screener.language import Language, speaking
from screener.paths.workers.parallel import mapped
from screener.progress import counted, counting, is_heard, listening


@contextmanager
def heard() -> Iterator[list[tuple[int, int]]]:
    told: list[tuple[int, int]] = []
    with listening(lambda done, total: told.append((done, total))):
        yield told


def test_each_item_is_counted_and_given_as_it_is() -> None:
    with heard() as told:
        assert list(counted("abc")) == ["a", "b", "c"]
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]
    assert list(counted("abc")) == ["a", "b", "c"]
    assert not is_heard()


def test_loops_within_a_count_are_silent_and_speak_again_after_it() -> None:
    with heard() as told:
        for _ in counted(range(2)):
            list(counted(range(5)))
        assert told == [(0, 2), (1, 2), (2, 2)]
        list(counted(range(3)))
    assert told[-1] == (3, 3)


def test_a_count_of_one_leaves_the_word_to_what_is_within() -> None:
    with heard() as told:
        for _ in counted([1]):
            list(counted(range(2)))
        list(counted(iter("ab")))  # of unknown number: nothing to tell
    assert told == [(0, 2), (1, 2), (2, 2)]


def test_a_loop_that_fails_lets_the_next_one_speak() -> None:
    def fail() -> None:
        for _ in counted(range(3)):
            raise ValueError("no")

    with heard() as told:
        with pytest.raises(ValueError, match="no"):
            fail()
        with counting(2) as tick:
            tick(2)
    assert told[-1] == (2, 2)


def double(part: list[int]) -> list[int]:
    return [2 * item for item in part]


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("threads", [False, True])
def test_parts_shared_among_workers_are_counted_by_their_size(jobs: int, threads: bool) -> None:
    parts = [[1, 2, 3], [4], [5, 6]]
    wanted = [double(part) for part in parts]
    assert mapped(double, parts, jobs=jobs, threads=threads) == wanted
    with heard() as told:
        found = mapped(double, parts, jobs=jobs, threads=threads, size=len)
    assert found == wanted
    assert told == [(0, 6), (3, 6), (4, 6), (6, 6)]


def test_nothing_is_shown_where_there_is_no_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with working("looking"):
        list(counted(range(3)))
    with shown("looking") as told:
        told(1, 3, "one")
    assert capsys.readouterr() == ("", "")


def test_a_terminal_shows_count_rate_and_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=80)
    monkeypatch.setattr(screens, "clean_console", lambda **_: console)
    with working("looking"):
        for _ in counted(range(40)):
            pass
    text = screen.getvalue()
    assert "looking …" in text
    assert "40/40" in text


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_rate_and_time_left_follow_the_work() -> None:
    now = Clock()
    bar = Progress(get_time=now, console=Console(file=io.StringIO()))
    task = bar.add_task("x", total=100)
    for step in range(1, 11):
        now.now = step * 0.5
        bar.update(task, completed=step * 2)
    found: Any = bar.tasks[0]
    assert found.speed == pytest.approx(4)
    assert far(found, 20, 100) == "20/100 · 4.0/s · 0:20 left"
    assert far(found, 100, 100) == "100/100"
    with speaking(Language.ZH):
        assert "剩余 0:20" in far(found, 20, 100)
    assert rate(0.2) == "12.0/min"
    assert (clock(42.4), clock(3_900)) == ("0:42", "1:05:00")
