"""The exception tree: everything that a user can correct.

ScreenerError                 never raised itself
├─ InputError (ValueError)     exit 2   ConfigError, BasketDefinitionError, DateRangeError
├─ NotFoundError (LookupError) exit 3   AmbiguousMention, BasketNotFound,
│                                      ReportNotFound
├─ DataError                   exit 4   BarsMissing, SchemaMismatch, StaleCache
├─ SourceError                 exit 5   SourceBlocked, SourceEmpty, SourceChanged
├─ ComputeError                exit 6   ClusterFailed, NoTradableConstituents
└─ StorageError                exit 7   StorageFull, StorageReadOnly, StorageDamaged, StorageBusy,
                                       StorageNewer, OutOfMemory

A command whose other rows came out ends with 4, too, if something is missing that a row needs.

Each error answers three questions: what happened, where, and how to correct it. Exit 1 is left for
bugs and 130 for an interrupted command. Standard library only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Self

__all__ = [
    "AmbiguousMention",
    "BarsMissing",
    "BasketDefinitionError",
    "BasketNotFound",
    "ClusterFailed",
    "ComputeError",
    "ConfigError",
    "DataError",
    "DateRangeError",
    "InputError",
    "NoTradableConstituents",
    "NotFoundError",
    "OutOfMemory",
    "ReportNotFound",
    "SchemaMismatch",
    "ScreenerError",
    "SourceBlocked",
    "SourceChanged",
    "SourceEmpty",
    "SourceError",
    "StaleCache",
    "StorageBusy",
    "StorageDamaged",
    "StorageError",
    "StorageFull",
    "StorageMissing",
    "StorageNewer",
    "StorageReadOnly",
    "StorageRefused",
    "StorageUnreachable",
]


class ScreenerError(Exception):
    """Base of every error that a user can correct.

    Parameters
    ----------
    what
        What happened, with the value that was found and the bound it broke.
    where
        File, key, listing or table in which it happened; empty when `what` says it.
    fix
        How to correct it, usually a command to type; empty when there is nothing to do.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, where: str = "", fix: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.fix = fix

    def __str__(self) -> str:
        return self.told(str)

    def told(self, turned: Callable[[str], str]) -> str:
        """Return its parts in one line, each as `turned` has it."""
        return " / ".join(turned(part) for part in (self.what, self.where, self.fix) if part)

    def bare(self) -> Self:
        """Return it without the frames that it was raised in: they hold what they worked on."""
        self.__cause__ = self.__context__ = None
        return self.with_traceback(None)


class InputError(ScreenerError, ValueError):
    """What the user gave is not valid."""

    exit_code = 2


class ConfigError(InputError):
    """A setting or a workspace is not usable."""


class BasketDefinitionError(InputError):
    """A card or a basket file breaks its rules."""


class DateRangeError(InputError):
    """A date or a range of dates is empty, reversed or beyond what the calendar records."""


class NotFoundError(ScreenerError, LookupError):
    """A name that the user gave matches nothing, or too much."""

    exit_code = 3


class AmbiguousMention(NotFoundError):
    """A code or a name fits more than one listing."""


class BasketNotFound(NotFoundError):
    """No such basket in the workspace."""


class ReportNotFound(NotFoundError):
    """No such report card in the workspace."""


class DataError(ScreenerError):
    """The tables, or a file on its way into them, do not hold what is needed."""

    exit_code = 4


class BarsMissing(DataError):
    """Prices that the request needs are not in the tables."""


class SchemaMismatch(DataError):
    """A file's columns are not those of the table it is meant for."""


class StaleCache(DataError):
    """A stored value no longer matches what it was derived from."""


class SourceError(ScreenerError):
    """An outside source failed."""

    exit_code = 5


class SourceBlocked(SourceError):
    """The source could not be asked."""


class NetworkDown(SourceError):
    """The machine has no way to any source: nobody can be asked, whoever it is."""


class SourceEmpty(SourceError):
    """The source answered, with nothing."""


class SourceChanged(SourceError):
    """The source answered in a shape that is not the one it used to have."""


class ComputeError(ScreenerError):
    """A calculation cannot be done, or failed its own cross-check."""

    exit_code = 6


class ClusterFailed(ComputeError):
    """The workers of a cluster cannot do the work, or not all of it."""


class NoTradableConstituents(ComputeError):
    """No name of a basket can be held."""


class StorageError(ScreenerError):
    """The lake on disk cannot be read or written."""

    exit_code = 7


class StorageFull(StorageError):
    """No space left for the write."""


class StorageReadOnly(StorageError):
    """The lake's folder cannot be written."""


class StorageDamaged(StorageError):
    """A file of the lake is missing or unreadable."""


class StorageBusy(StorageError):
    """Another process kept the lake busy for too long."""


class StorageNewer(StorageError):
    """The lake was written by a newer program than this one."""


class StorageUnreachable(StorageError):
    """The server of a lake for many, or its object store, does not answer."""


class StorageRefused(StorageError):
    """The server of a lake for many, or its object store, does not let this user in."""


class StorageMissing(StorageError):
    """What should hold a lake for many is not there: its database, its bucket, its tables."""


class OutOfMemory(StorageError):
    """The machine, or what this process may use of it, has not enough memory."""
