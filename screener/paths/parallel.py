"""The one door to joblib: parts of a job shared among workers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from screener.errors import InputError
from screener.language import Language, bind, bound

__all__ = ["check_jobs", "mapped"]

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
            f"--jobs {jobs} is no number of workers",
            fix="give --jobs 1 or more, or -1 for one per processor",
        )


def mapped(
    work: Callable[[PartT], FoundT], parts: Sequence[PartT], *, jobs: int, threads: bool = False
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

    Raises
    ------
    InputError
        If `jobs` is 0 or below -1.
    """
    check_jobs(jobs)
    if jobs == 1 or len(parts) < 2:
        return [work(part) for part in parts]
    import joblib

    # Wanted, not preferred: an engine chosen from outside would fill copies, in silence.
    workers = {"require": "sharedmem"} if threads else {"prefer": "processes"}
    parallel = joblib.Parallel(n_jobs=jobs, **workers)
    told = work if threads else partial(_in_language, bound(), work)
    found: list[FoundT] = parallel(joblib.delayed(told)(part) for part in parts)
    return found


def _in_language(language: Language, work: Callable[[PartT], FoundT], part: PartT) -> FoundT:
    """Do a part in the language of the program that asked: a new process knows only its locale."""
    bind(language)
    return work(part)
