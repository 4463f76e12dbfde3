"""Parts of a job shared among workers; the one door to joblib."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from itertools import islice
from typing import Any, Generic, TypeVar

from screener.errors import InputError, OutOfMemory
from screener.language import Language, bind, bound, say
from screener.paths.workers.cluster import chosen_cluster
from screener.paths.workers.forking import can_fork, forked
from screener.progress import counting, is_heard

__all__ = ["Ahead", "check_jobs", "each", "in_parts", "mapped"]

PartT = TypeVar("PartT")
FoundT = TypeVar("FoundT")

_EACH = 4
"""Parts that each worker does: some take longer than others."""


class Ahead(Generic[PartT]):
    """Things one after the other, of which the next may be made while others work on this one.

    At most one is made ahead: each may be as large as memory allows.
    """

    def __init__(self, things: Iterator[PartT]) -> None:
        self._things = things
        self._made: list[PartT] = []

    def make(self) -> None:
        """Make the next one, if there is one and it is not made yet."""
        if not self._made:
            self._made.extend(islice(self._things, 1))

    def __iter__(self) -> Iterator[PartT]:
        return self

    def __next__(self) -> PartT:
        self.make()
        if not self._made:
            raise StopIteration
        return self._made.pop()


def check_jobs(jobs: int) -> None:
    """Refuse what is no number of workers.

    Raises
    ------
    InputError
        If `jobs` is 0 or below -1.
    """
    if jobs == 0 or jobs < -1:
        raise InputError(
            say("--jobs {jobs} is no number of workers", jobs=jobs),
            fix=say("give --jobs 1 or more, or -1 for one per processor"),
        )


def in_parts(
    items: Sequence[PartT], *, jobs: int, most: int, least: int = 1
) -> list[Sequence[PartT]]:
    """Return items in parts for `mapped`, as alike in size as they can be.

    Parameters
    ----------
    items
        What is worked on.
    jobs
        Workers; -1 for one per processor.
    most
        Items of a part at most: what bounds the memory.
    least
        Items of a part at least: what is worth handing over.
    """
    check_jobs(jobs)
    workers = _workers(jobs)
    shared = workers * _EACH if workers > 1 else 1
    size = max(min(most, -(-len(items) // shared)), min(least, most), 1)
    return [items[at : at + size] for at in range(0, len(items), size)]


def mapped(
    work: Callable[[PartT], FoundT],
    parts: Sequence[PartT],
    *,
    jobs: int,
    threads: bool = False,
    size: Callable[[PartT], int] | None = None,
    meanwhile: Callable[[], object] | None = None,
) -> list[FoundT]:
    """Return what `work` makes of each part, in their order.

    Processes are copies of this one where the system can make them, those of joblib elsewhere;
    within `on_cluster` they are its workers, whatever `jobs` is, and inside
    `joblib.parallel_config` those of whatever engine is chosen there. Threads stay threads of this
    process, for their work may write into memory that they share.

    Parameters
    ----------
    work
        What to do with a part; for processes it and what it returns can be pickled.
    parts
        Independent parts.
    jobs
        Workers; -1 for one per processor.
    threads
        Whether they are threads: `work` releases the interpreter's lock, and may fill arrays that
        it was given.
    size
        How many things a part counts for in what is told of the progress; one if left out.
    meanwhile
        What this process may do itself while copies of it work; see `Ahead`.

    Raises
    ------
    InputError
        If `jobs` is 0 or below -1.
    OutOfMemory
        If a worker was ended by the system.
    ClusterFailed
        If a cluster cannot do it.
    """
    one_by_one = is_heard()
    done = each(
        work,
        parts,
        jobs=jobs,
        threads=threads,
        size=size,
        one_by_one=one_by_one,
        meanwhile=meanwhile,
    )
    return list(done)


def each(
    work: Callable[[PartT], FoundT],
    parts: Sequence[PartT],
    *,
    jobs: int,
    threads: bool = False,
    size: Callable[[PartT], int] | None = None,
    one_by_one: bool = True,
    meanwhile: Callable[[], object] | None = None,
) -> Iterator[FoundT]:
    """Give what `mapped` returns, one after the other: what was given need not be kept.

    Parameters
    ----------
    work, parts, jobs, threads, size, meanwhile
        As in `mapped`.
    one_by_one
        Whether each is given as soon as it and those before it are done.
    """
    check_jobs(jobs)
    if len(parts) < 2:
        yield from map(work, parts)
        return
    sizes = [1 if size is None else size(part) for part in parts]
    done = _done(work, parts, jobs, threads=threads, one_by_one=one_by_one, meanwhile=meanwhile)
    with counting(sum(sizes)) as tick:
        for one, count in zip(done, sizes, strict=True):
            yield one
            tick(count)


def _done(
    work: Callable[[PartT], FoundT],
    parts: Sequence[PartT],
    jobs: int,
    *,
    threads: bool,
    one_by_one: bool,
    meanwhile: Callable[[], object] | None,
) -> Iterator[FoundT]:
    """Give what is made of each part, as soon as it and those before it are done if one by one."""
    cluster = None if threads else chosen_cluster()
    if cluster is not None:
        yield from cluster.each(work, parts)
        return
    if jobs == 1:
        yield from map(work, parts)
        return
    joblib = sys.modules.get("joblib")
    if not threads and can_fork() and not (joblib and _is_chosen(joblib)):
        done = forked(work, parts, min(_workers(jobs), len(parts)), meanwhile)
    else:
        done = _by_joblib(work, parts, jobs, threads=threads, one_by_one=one_by_one)
    try:
        yield from done
    except BrokenProcessPool as error:
        raise OutOfMemory(
            say("one of the workers was ended before its part was done"),
            fix=say("give fewer of them with --jobs: each needs memory of its own"),
        ) from error


def _by_joblib(
    work: Callable[[PartT], FoundT],
    parts: Sequence[PartT],
    jobs: int,
    *,
    threads: bool,
    one_by_one: bool,
) -> Iterator[FoundT]:
    import joblib

    given = "generator" if one_by_one else "list"
    # Wanted, not preferred: an engine chosen from outside would fill copies, in silence.
    workers = {"require": "sharedmem"} if threads else {"prefer": "processes"}
    parallel = joblib.Parallel(n_jobs=jobs, return_as=given, **workers)
    told = work if threads else partial(_in_language, bound(), work)
    yield from parallel(joblib.delayed(told)(part) for part in parts)


def _is_chosen(joblib: Any) -> bool:
    """Tell whether an engine is chosen by `joblib.parallel_config`: then no hint changes it."""
    found = {
        type(joblib.parallel.get_active_backend(prefer=hint)[0])
        for hint in ("threads", "processes")
    }
    return len(found) == 1


def _workers(jobs: int) -> int:
    """Return how many workers are meant, -1 being one for each processor that this process has."""
    if (cluster := chosen_cluster()) is not None:
        return cluster.n_workers
    if jobs != -1:
        return jobs
    return len(os.sched_getaffinity(0)) if can_fork() else os.cpu_count() or 1


def _in_language(language: Language, work: Callable[[PartT], FoundT], part: PartT) -> FoundT:
    """Do a part in the language of the program that asked: a new process knows only its locale."""
    bind(language)
    return work(part)
