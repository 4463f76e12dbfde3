"""DuckLake in a folder: connection, extensions from the installed wheels, errors in our words."""

from __future__ import annotations

import contextlib
import errno
import importlib.util
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import duckdb

from screener.errors import (
    DataError,
    InputError,
    ScreenerError,
    StorageBusy,
    StorageDamaged,
    StorageError,
    StorageFull,
    StorageNewer,
    StorageReadOnly,
)
from screener.files.failures import error_number, storage_error
from screener.files.memory import memory_error, require_memory, tells_of_memory
from screener.files.place import Place
from screener.language import say

__all__ = [
    "CATALOG",
    "DATA",
    "Connected",
    "Connection",
    "Error",
    "connect",
    "literal",
    "no_data_yet",
    "retried",
    "storage_errors",
]

ResultT = TypeVar("ResultT")

Connection = duckdb.DuckDBPyConnection
"""Connection with the lake attached as `lake`, and its catalog as `__ducklake_metadata_lake`."""
Error = duckdb.Error
"""What every complaint of the database is."""

CATALOG = "catalog.sqlite"
DATA = "data"
_PAUSES = tuple(0.02 * 1.6**attempt for attempt in range(12))  # nine seconds in all
_BUSY = ("locked", "conflict", "failed to commit")
_FULL = ("no space left", "disk is full", "file too large")
_LONGEST_PATH = 500  # SQLite's own bound is below the system's
_LITTLE = 1 << 20  # bytes free
_EXTENSIONS = ("duckdb_extension_sqlite_scanner", "duckdb_extension_ducklake")
# Nothing is ever downloaded at run time: extensions come from wheels of duckdb's own version.
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    # Hashing 70 MB for their signatures takes longer than all the rest of opening, and pip has
    # compared both files with their hashes: until `_locked` they are loaded without.
    "allow_unsigned_extensions": True,
    "allow_community_extensions": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    # Else a table that a version lacks is looked for among the variables of the caller.
    "python_enable_replacements": False,
    # It takes the statistics of a table as it is now for those of every version of it: rows that a
    # later version lost are then left out (https://github.com/duckdb/ducklake/issues/1377).
    "disabled_optimizers": "statistics_propagation",
}
_NO_LAKE = "creating a new ducklake is explicitly disabled"
_NO_VERSION = "no snapshot found at version"
_OTHER_VERSION = re.compile(
    r"catalog version is ([0-9]\S*), but the extension requires version ([0-9]\S*?)\.?\s"
)
_NEWER = ("unsupported file format", "newer version of duckdb", "more recent version of duckdb")
_NAMED_FILE = re.compile(r"[\"'](/[^\"'\n]+)[\"']")
_NOT_OPENED = "unable to open database file"  # all that SQLite says, whatever stands in the way


class Connected:
    """What holds a connection, and closes it at the end of its `with`."""

    _connection: Connection

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def connect(root: Path | Place, *, create: bool = False) -> Connection:
    """Open a lake as the catalog `lake`.

    Parameters
    ----------
    root
        Folder of the lake, or where one for many is.
    create
        Whether to make its files if there are none; else nothing is ever written by opening.

    Raises
    ------
    DataError
        If there is no lake and none is to be made.
    StorageError
        If the folder cannot be read or written, or a file of the lake is damaged; of a lake for
        many, if it cannot be reached or does not let this user in.
    """
    place = Place.of(root)
    return _connected(place, create) if place.shared else _in_folder(place.folder, create)


def _connected(place: Place, create: bool) -> Connection:
    """Open a lake for many."""
    from screener.data.lake.shared.attaching import EXTENSIONS, attach, lock_down
    from screener.data.lake.shared.tables import make_small_tables

    require_memory()
    with storage_errors(place):
        connection = duckdb.connect(":memory:", config=_CONFIG)
        try:
            for extension in EXTENSIONS:
                connection.execute(f"LOAD {literal(_extension_file(extension))}")
            attach(connection, place, create=create)
            if create:
                make_small_tables(connection)
            connection.execute("SET TimeZone = 'UTC'")
            lock_down(connection, place)
        except BaseException:
            connection.close()
            raise
        return connection


def _in_folder(root: Path, create: bool) -> Connection:
    if "\\" in str(root):
        raise InputError(
            say(
                "the path {path} holds a backslash, which the lake cannot store data under",
                path=root,
            ),
            fix=say("use a folder without one"),
        )
    require_memory()
    with storage_errors(root):
        connection = duckdb.connect(":memory:", config=_CONFIG)
        try:
            for extension in _EXTENSIONS:
                connection.execute(f"LOAD {literal(_extension_file(extension))}")
            # The catalog remembers an absolute data path; the folder may have been moved since.
            connection.execute(
                f"ATTACH {literal(f'ducklake:sqlite:{root / CATALOG}')} AS lake "
                f"(DATA_PATH {literal(f'{root / DATA}/')}, OVERRIDE_DATA_PATH true, "
                f"DATA_INLINING_ROW_LIMIT 0, CREATE_IF_NOT_EXISTS {create})"
            )
            connection.execute("SET TimeZone = 'UTC'")
            _lock(connection, root)
        except BaseException:
            connection.close()
            raise
        return connection


def _lock(connection: Connection, root: Path) -> None:
    """Let no statement load or install an extension, or touch a file that is not the lake's."""
    # Links are followed before a path is compared: the data may lie on another disk.
    folders = dict.fromkeys(f"{folder}/" for folder in (root, (root / DATA).resolve()))
    connection.execute(
        f"SET allowed_directories = [{', '.join(literal(folder) for folder in folders)}];"
        "SET allow_unsigned_extensions = false;"
        "SET enable_external_access = false;"
        "SET lock_configuration = true"
    )


def no_data_yet(root: Path | Place) -> DataError:
    """Return the error that tells a newcomer how to bring data."""
    return DataError(
        say("there is no market data yet"),
        where=str(root),
        fix=say(
            "bring your own: `screener data import FILE --kind bars --basis raw`, or see "
            "a simulated market: `screener demo`"
        ),
    )


def literal(value: object) -> str:
    """Quote `value` as an SQL string literal."""
    return "'" + str(value).replace("'", "''") + "'"


def retried(root: Path | Place, job: Callable[[], ResultT]) -> ResultT:
    """Do a job again, after a growing pause, while another process holds the catalog.

    Writers exclude each other by a lock of ours; a reader holds SQLite's for some milliseconds.
    A server makes its clients wait by itself.
    """
    place = Place.of(root)
    if place.shared:
        return job()
    root = place.folder
    for pause in _PAUSES:
        try:
            return job()
        except duckdb.Error as error:
            if not _is_busy(error, root) or _is_full(root):
                raise
            time.sleep(pause)
    return job()


def _said(error: Exception, root: Path) -> str:
    """Return what an error says, without the folder's name, whose words are no cause."""
    return str(error).replace(str(root), "").lower()


def _is_busy(error: Exception, root: Path) -> bool:
    text = _said(error, root)
    return any(word in text for word in _BUSY) and not any(word in text for word in _FULL)


@contextlib.contextmanager
def storage_errors(root: Path | Place) -> Iterator[None]:
    """Translate DuckDB's and the system's complaints about files into storage errors."""
    place = Place.of(root)
    root = place.folder
    try:
        yield
    except duckdb.InterruptException as error:
        raise KeyboardInterrupt from error
    except (duckdb.ParserException, duckdb.BinderException, duckdb.ConversionException):
        raise  # wrong SQL or rows are not the disk's fault
    except RuntimeError as error:
        if "interrupted" in str(error).lower():  # Ctrl-C within a query
            raise KeyboardInterrupt from error
        if not isinstance(error, duckdb.Error):
            raise
        raise _translated(error, place) from error
    except OSError as error:
        if error.errno not in (None, errno.ENOSPC):
            raise storage_error(error, error.filename or root) from error
        raise _translated(error, place) from error
    except duckdb.Error as error:
        raise _translated(error, place) from error


def _translated(error: Exception, place: Place) -> ScreenerError:
    if place.shared and isinstance(error, duckdb.Error):
        from screener.data.lake.shared.failures import failure

        return memory_error(error) if tells_of_memory(error) else failure(error, place)
    root = place.folder
    if _NO_LAKE in _said(error, root):
        return no_data_yet(root)
    if _NO_VERSION in _said(error, root):
        return InputError(
            say("the data version that was being read has expired meanwhile"),
            where=str(root),
            fix=say("type the command again to read the newest version"),
        )
    if _is_busy(error, root) and not _is_full(root):
        return StorageBusy(
            say("another process kept the catalog busy"),
            where=str(root),
            fix=say("type the command again; nothing was changed"),
        )
    return _broken(error, root)


def _broken(error: Exception, root: Path) -> StorageError:
    if tells_of_memory(error):
        return memory_error(error)
    return _newer(error, root) or _hindered(error, root) or _damaged(error, root)


def _newer(error: Exception, root: Path) -> StorageError | None:
    """Tell of a lake whose version this program does not read."""
    match = _OTHER_VERSION.search(f"{error} ")
    if match is not None and _numbers(match[1]) < _numbers(match[2]):
        return StorageError(
            say(
                "this lake is of version {version}; this program reads {known}",
                version=match[1],
                known=match[2],
            ),
            where=str(root),
            fix=say("use the program that wrote it, or move it away and import the files again"),
        )
    if match is None and not any(words in _said(error, root) for words in _NEWER):
        return None
    what = say("this lake was written by a newer program: update it")
    if match:
        what = say(
            "this lake was written by a newer program (its catalog is of version {version}, read "
            "is {known}): update it",
            version=match[1],
            known=match[2],
        )
    return StorageNewer(
        what,
        where=str(root),
        fix=say("`pip install -U screener`, or use the program that wrote it; nothing was changed"),
    )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"[0-9]+", version)[:2])


def _hindered(error: Exception, root: Path) -> StorageError | None:
    """Tell of what the system refuses, where the database passes on its words or hides them."""
    number = error_number(_said(error, root))
    if number is None and _NOT_OPENED in _said(error, root):
        try:
            os.close(os.open(root / CATALOG, os.O_RDWR))
        except OSError as reason:
            number = reason.errno
        if len(str((root / CATALOG).absolute())) > _LONGEST_PATH:
            number = errno.ENAMETOOLONG
    if number is None or number in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT):
        return None
    named = _NAMED_FILE.search(str(error))
    return storage_error(OSError(number, os.strerror(number)), named[1] if named else root)


def _damaged(error: Exception, root: Path) -> StorageError:
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    said = _said(error, root)
    if any(word in said for word in _FULL) or _is_busy(error, root):
        return StorageFull(
            say("no space left on the disk: {error}", error=text),
            where=str(root),
            fix=say("free some space and type the command again; nothing was changed"),
        )
    if any(word in said for word in ("read-only", "readonly", "permission denied")):
        return StorageReadOnly(
            say("the lake cannot be written: {error}", error=text),
            where=str(root),
            fix=say("give yourself write access to the folder; nothing was changed"),
        )
    return StorageDamaged(
        say("the lake cannot be used: {error}", error=text),
        where=str(root),
        fix=say("restore the folder from a copy, or move it away and import the files again"),
    )


def _is_full(root: Path) -> bool:
    """Tell whether the disk is full: SQLite may then say no more than that it could not commit."""
    with contextlib.suppress(OSError):
        return shutil.disk_usage(root).free < _LITTLE
    return False


def _extension_file(package: str) -> Path:
    """Return an extension from where its wheel was installed, as large as it was then."""
    spec = importlib.util.find_spec(package)
    folders = [] if spec is None else list(spec.submodule_search_locations or [])
    for folder in map(Path, folders):
        for file in sorted(folder.rglob(f"v{duckdb.__version__}/*.duckdb_extension")):
            if _is_installed(file, folder):
                return file
    raise InputError(
        say(
            "package {package} for duckdb {version} is not installed",
            package=package.replace("_", "-"),
            version=duckdb.__version__,
        ),
        fix=say(
            "install it: `pip install --force-reinstall {package}=={version}`",
            package=package.replace("_", "-"),
            version=duckdb.__version__,
        ),
    )


def _is_installed(file: Path, package: Path) -> bool:
    """Tell whether the record that an installer leaves beside a package names this very file."""
    name = file.relative_to(package.parent).as_posix()
    line = re.compile(rf"^{re.escape(name)},sha256=[^,]+,{file.stat().st_size}$", re.MULTILINE)
    records = package.parent.glob(f"{package.name}-*.dist-info/RECORD")
    return any(line.search(record.read_text(encoding="utf-8")) for record in records)
