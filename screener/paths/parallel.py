"""The one door to joblib: parts of a job shared among workers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeVar

from screener.errors import InputError
from screener.language import Language, bind, bound, say
from screener.progress import counting, is_heard

__all__ = ["check_jobs", "each", "mapped"]

PartT = TypeVar("PartT")
FoundT = TypeVar("FoundT")


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


def mapped(
    work: Callable[[PartT], FoundT],
    parts: Sequence[PartT],
    *,
    jobs: int,
    threads: bool = False,
    size: Callable[[PartT], int] | None = None,
) -> list[FoundT]:
    """Return what `work` makes of each part, in their order.

    Inside `joblib.parallel_config` processes are those of whatever engine is chosen there; threads
    stay threads of this process, for their work may write into memory that they share.

    Parameters
    ----------
    work
        What to do with a part; for processes it can be pickled.
    parts
        Independent parts.
    jobs
        Workers; -1 for one per processor.
    threads
        Whether they are threads: `work` releases the interpreter's lock, and may fill arrays that
        it was given.
    size
        How many things a part counts for in what is told of the progress; one if left out.

    Raises
    ------
    InputError
        If `jobs` is 0 or below -1.
    """
    one_by_one = is_heard()
    return list(each(work, parts, jobs=jobs, threads=threads, size=size, one_by_one=one_by_one))


def each(
    work: Callable[[PartT], FoundT],
    parts: Sequence[PartT],
    *,
    jobs: int,
    threads: bool = False,
    size: Callable[[PartT], int] | None = None,
    one_by_one: bool = True,
) -> Iterator[FoundT]:
    """Give what `mapped` returns, one after the other: what was given need not be kept.

    Parameters
    ----------
    work, parts, jobs, threads, size
        As in `mapped`.
    one_by_one
        Whether each is given as soon as it and those before it are done.
    """
    check_jobs(jobs)
    if len(parts) < 2:
        yield from map(work, parts)
        return
    sizes = [1 if size is None else size(part) for part in parts]
    done = _done(work, parts, jobs, threads=threads, one_by_one=one_by_one)
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
) -> Iterator[FoundT]:
    """Give what is made of each part, as soon as it and those before it are done if one by one."""
    if jobs == 1:
        yield from map(work, parts)
        return
    import joblib

    given = "generator" if one_by_one else "list"
    # Wanted, not preferred: an engine chosen from outside would fill copies, in silence.
    workers = {"require": "sharedmem"} if threads else {"prefer": "processes"}
    parallel = joblib.Parallel(n_jobs=jobs, return_as=given, **workers)
    told = work if threads else partial(_in_language, bound(), work)
    yield from parallel(joblib.delayed(told)(part) for part in parts)


def _in_language(language: Language, work: Callable[[PartT], FoundT], part: PartT) -> FoundT:
    """Do a part in the language of the program that asked: a new process knows only its locale."""
    bind(language)
    return work(part)
