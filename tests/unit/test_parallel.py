"""Parts shared among workers: the same numbers, whatever engine is chosen around them."""

from __future__ import annotations

import os
import pickle
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path

import joblib
import numpy as np
import pytest

from screener.errors import InputError, OutOfMemory
from screener.language import Language, again, say
from screener.language.reader import speaking
from screener.paths.workers.forking import can_fork
from screener.paths.workers.parallel import Ahead, each, in_parts, mapped
from screener.paths.workers.pickling import dumped

_PARTS = range(12)


@dataclass(frozen=True, slots=True)
class _Base:
    name: str


@dataclass(frozen=True, slots=True)
class _Held(_Base):
    of: tuple[object, ...]
    made: list[int] = field(init=False, compare=False, default_factory=list)


@dataclass(frozen=True, slots=True)
class _Own:
    value: int
    more: int = 0

    def __reduce__(self) -> tuple[type[_Own], tuple[int]]:
        return _Own, (self.value,)


def test_what_workers_find_comes_back_as_it_was() -> None:
    told = say("orders of {n} shares and more", n=3)
    one = _Held("one", (told, date(2026, 1, 5), np.arange(3.0), _Base("base")))
    one.made.append(7)
    found = pickle.loads(dumped([one, one, _Own(1, 2), told]))
    assert found[0] is found[1]
    assert (found[0].name, found[0].made, found[0].of[3]) == ("one", [7], _Base("base"))
    assert found[0].of[:2] == (told, date(2026, 1, 5))
    assert found[0].of[2].tolist() == [0, 1, 2]
    assert found[2] == _Own(1)  # as its own reduction has it
    with speaking(Language.ZH):
        assert again(found[3]) == again(told) != told


@contextmanager
def _dask() -> Iterator[None]:
    distributed = pytest.importorskip("distributed", reason="dask.distributed is not installed")
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as own,
        distributed.Client(own),
        joblib.parallel_config(backend="dask"),
    ):
        yield


ENGINES = {
    "none": nullcontext,
    "threading": lambda: joblib.parallel_config(backend="threading"),
    "loky": lambda: joblib.parallel_config(backend="loky"),
    "dask": _dask,
}


@pytest.mark.allow_hosts(["127.0.0.1"])
@pytest.mark.parametrize("engine", sorted(ENGINES))
def test_threads_fill_the_array_that_they_share(engine: str) -> None:
    filled = np.zeros(len(_PARTS))

    def work(part: int) -> None:
        filled[part] = part**2

    with ENGINES[engine]():
        mapped(work, _PARTS, jobs=2, threads=True)
    assert filled.tolist() == [part**2 for part in _PARTS]


@pytest.mark.parametrize("engine", ["none", "threading", "loky"])
def test_processes_return_what_they_found_in_order(engine: str) -> None:
    with ENGINES[engine]():
        assert mapped(abs, range(-5, 0), jobs=2) == [5, 4, 3, 2, 1]


@pytest.mark.parametrize("jobs", [0, -2])
def test_no_number_of_workers_is_refused(jobs: int) -> None:
    with pytest.raises(InputError, match=f"--jobs {jobs} is no number of workers"):
        mapped(abs, range(3), jobs=jobs)


copies = pytest.mark.skipif(not can_fork(), reason="workers are no copies of this process here")


@copies
def test_workers_hold_what_this_process_holds() -> None:
    held = object()  # what cannot be sent to a process that starts anew
    found = mapped(lambda part: (os.getpid(), id(held), part), _PARTS, jobs=2)
    assert [part for _, _, part in found] == list(_PARTS)
    assert {at for _, at, _ in found} == {id(held)}
    assert os.getpid() not in {process for process, _, _ in found}


@copies
def test_no_more_is_found_ahead_than_some_parts_for_each_worker() -> None:
    read, write = os.pipe()
    for one in each(lambda part: os.write(write, b"x") * part, range(40), jobs=2):
        if one == 10:
            break
    os.close(write)
    with os.fdopen(read, "rb") as told:
        assert 11 <= len(told.read()) <= 11 + 2 * 2 + 1


@copies
def test_the_next_is_made_while_copies_work_on_this_one(tmp_path: Path) -> None:
    made: list[int] = []

    def things() -> Iterator[int]:
        for at in range(3):
            made.append(at)
            (tmp_path / str(at)).touch()
            yield at

    def waits(thing: int, part: int) -> int:
        until = time.monotonic() + 30
        while thing < 2 and not (tmp_path / str(thing + 1)).exists():  # the next one is awaited
            assert time.monotonic() < until, "nothing was made meanwhile"
            time.sleep(0.01)
        return 10 * thing + part

    ahead = Ahead(things())
    found = []
    for thing in ahead:
        assert made == list(range(thing + 1)), "no more than one ahead"
        found += mapped(partial(waits, thing), [0, 1, 2], jobs=2, meanwhile=ahead.make)
        assert made == list(range(min(thing + 2, 3)))
    assert found == [0, 1, 2, 10, 11, 12, 20, 21, 22]


def test_nothing_is_made_ahead_by_one_process() -> None:
    made: list[int] = []
    ahead = Ahead(made.append(at) or at for at in range(2))
    for thing in ahead:
        mapped(str, [0, 1], jobs=1, meanwhile=ahead.make)
        assert made == list(range(thing + 1))


@copies
def test_an_error_of_a_part_is_that_of_the_whole() -> None:
    def work(part: int) -> int:
        raise InputError(f"part {part}")

    with pytest.raises(InputError, match="part 0"):
        mapped(work, _PARTS, jobs=2)


@copies
def test_a_worker_that_is_ended_is_told() -> None:
    with pytest.raises(OutOfMemory, match="ended before its part was done"):
        mapped(lambda _: os._exit(1), _PARTS, jobs=2)


@pytest.mark.parametrize(
    ("n", "jobs", "sizes"),
    [
        (1_000, 1, [250] * 4),
        (1_000, 2, [125] * 8),
        (5_000, 2, [250] * 20),
        (30, 2, [20, 10]),
        (3, 2, [3]),
        (0, 2, []),
    ],
)
def test_parts_are_alike_and_worth_handing_over(n: int, jobs: int, sizes: list[int]) -> None:
    parts = in_parts(range(n), jobs=jobs, most=250, least=20)
    assert [len(part) for part in parts] == sizes
    assert [item for part in parts for item in part] == list(range(n))
