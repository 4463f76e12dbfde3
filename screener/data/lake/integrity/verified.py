"""What is read is what was written: files are compared with their recorded hash before a query.

A file whose bytes were found right is remembered by its size, its times and its inode for seven
days, so that the next command reads none of them again. The memory is derived: a copy of it that
is damaged or gone costs time and no more.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, nullcontext, suppress
from pathlib import Path

from screener.data.lake import lake
from screener.data.lake.guards import is_writing, write_lock
from screener.data.lake.integrity.checksums import (
    SUMS,
    Damage,
    Recorded,
    catalog_files,
    catalog_state,
    file_digest,
    file_digests,
    next_file,
    record_files,
    recorded,
)
from screener.data.lake.integrity.content import content_of, recounted
from screener.data.lake.schema import TABLES
from screener.data.lake.versions import latest_version
from screener.errors import (
    ScreenerError,
    StorageBusy,
    StorageDamaged,
    StorageFull,
    StorageReadOnly,
    StorageRefused,
)
from screener.files.derived import FOLDER
from screener.files.place import Place
from screener.files.whole import write_whole
from screener.language import say
from screener.language.terms import named

__all__ = ["MEMORY", "Verifier", "catalog_complaints", "connected", "place_of_file"]

MEMORY = 7 * 86_400.0
"""Seconds for which a file that was found right is not read again, while it looks the same."""

_BEHIND = 2.0  # seconds that a list may be behind the commit before it

_FILES = """
    SELECT t.table_name, s.path || t.path || f.path, f.begin_snapshot, f.end_snapshot
    FROM (
        SELECT table_id, path, begin_snapshot, end_snapshot
        FROM __ducklake_metadata_lake.ducklake_data_file
        UNION ALL
        SELECT table_id, path, begin_snapshot, end_snapshot
        FROM __ducklake_metadata_lake.ducklake_delete_file
    ) f
    JOIN __ducklake_metadata_lake.ducklake_table t ON t.table_id = f.table_id
    JOIN __ducklake_metadata_lake.ducklake_schema s ON s.schema_id = t.schema_id
"""
_AT = " WHERE f.begin_snapshot <= {0} AND (f.end_snapshot IS NULL OR f.end_snapshot > {0})"
_DAYS = """
    SELECT min(v.min_value), max(v.max_value)
    FROM __ducklake_metadata_lake.ducklake_data_file f
    JOIN __ducklake_metadata_lake.ducklake_file_column_stats v ON v.data_file_id = f.data_file_id
    JOIN __ducklake_metadata_lake.ducklake_column c
        ON c.table_id = f.table_id AND c.column_id = v.column_id
    WHERE ends_with(f.path, ?) AND c.column_name = ?
"""
_Look = tuple[int, int, int, int]
"""Size, both times and inode of a file."""


class Verifier:
    """Compares the files of a lake with their recorded hashes, each once.

    Parameters
    ----------
    root
        Folder of the lake, or where one for many is.
    connection
        The lake.
    now
        Returns the seconds since 1970.
    """

    def __init__(
        self,
        root: Path | Place,
        connection: lake.Connection,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._place = Place.of(root)
        self._root = self._place.folder
        self._connection = connection
        self._memory = _Memory(self._root / FOLDER / "verified.json", now)
        self._looks: dict[str, _Look] | None = None
        self._recorded: Recorded | None = None
        self._files: dict[int, dict[str, list[str]]] = {}
        self._done: set[tuple[str, int]] = set()

    def table(self, table: str, version: int) -> None:
        """Compare the files that a table has at a version, unless that was done.

        Raises
        ------
        StorageDamaged
            Naming the file, its table and its days, and the way back.
        """
        if (table, version) in self._done:
            return
        self._compare(table, self._listed(version).get(table, []))
        self._done.add((table, version))

    def has_files(self, table: str, version: int) -> bool:
        """Tell whether a table has any file at a version; without one it has no row."""
        return bool(self._listed(version).get(table))

    def catalog(self, *, alone: bool = False) -> None:
        """Compare the catalog with what was recorded at its commits.

        A process that was ended between its commit and its record leaves a catalog that has
        changed since: it is examined, and recorded.

        Parameters
        ----------
        alone
            Whether the caller keeps other writers away.

        Raises
        ------
        StorageDamaged
            If its bytes differ and nothing was committed since, or the list of hashes is gone.
        """
        if self._place.shared:
            return  # its server has checksums of its own, and lets nobody in between
        with _told_of_damage(self._place):
            next_file(self._connection)  # SQLite takes back what an ended writer left half done
        look = _look(self._root / lake.CATALOG)
        if self._memory.knows(lake.CATALOG, look):
            return
        if not self.is_recorded():
            self._look_again(alone=alone)
        if look is not None:
            self._memory.add({lake.CATALOG: look})

    def _look_again(self, *, alone: bool) -> None:
        """Read the list anew: perhaps a writer was between its commit and the list."""
        with nullcontext() if alone else self._waited():
            self.forget()
            if not self.is_recorded():
                self._catch_up()

    def is_recorded(self) -> bool:
        """Tell whether the catalog is as it was after one of its commits."""
        found = self._list()
        if self._place.shared:
            return found.complete_before == next_file(self._connection)
        if not found.catalogs and found.complete_before is not None:
            return True  # the list of an older program
        return catalog_state(self._root) in found.catalogs

    def every_byte(self) -> None:
        """Compare all files that any version needs, whatever is remembered of them.

        Raises
        ------
        StorageDamaged
            Of the first that is not what was written.
        """
        self._memory.distrust()
        self.catalog(alone=True)
        for table, path, *_ in self._connection.execute(_FILES).fetchall():
            self._compare(table, [path])

    def distrust(self) -> None:
        """Read every byte of what is asked for from here on, whatever is remembered."""
        self._memory.distrust()
        self._done = set()

    def hashes(self, version: int) -> list[tuple[str, str, str]] | None:
        """Return table, path and hash of each file of a version; `None` if any lacks its hash."""
        entries = self._list().entries
        files = [(t, path) for t, paths in self._listed(version).items() for path in paths]
        if any(path not in entries for _, path in files):
            return None
        return [(table, path, entries[path].digest) for table, path in files]

    def forget(self) -> None:
        """Forget the list of hashes and of files, which a commit has made longer."""
        self._recorded = None
        self._files = {}
        self._looks = None

    def _compare(self, table: str, paths: Iterable[str]) -> None:
        fresh: dict[str, _Look] = {}
        unknown = [path for path in paths if not self._memory.knows(path, self._look(path))]
        seen = {path: self._look(path) for path in unknown}
        for path, digest in zip(unknown, self._digests(unknown), strict=True):
            if damage := self._damage(path, digest):
                raise self._told(path, table, damage)
            look = seen[path]
            if look is not None:
                fresh[path] = look
        self._memory.add(fresh)

    def _look(self, path: str) -> _Look | None:
        """Return how a data file looks now; those of a lake for many are looked at together."""
        if not self._place.shared:
            return _look(self._root / lake.DATA / path)
        if self._looks is None:
            from screener.data.lake.shared.objects import looks

            self._looks = looks(self._place, self._connection)
        return self._looks.get(path)

    def _digests(self, paths: Sequence[str]) -> Iterable[str | None]:
        if not self._place.shared:
            return (file_digest(self._root, path) for path in paths)
        return file_digests(self._place, self._connection, paths)

    def _damage(self, path: str, digest: str | None) -> Damage | None:
        if digest is None:
            return Damage.MISSING
        if path not in self._list().entries and not is_writing(self._place):
            self._look_again(alone=False)  # perhaps it was committed since the list was read
        entry = self._list().entries.get(path)
        if entry is None:
            return Damage.UNRECORDED
        return None if entry.digest == digest else Damage.CHANGED

    def _told(self, path: str, table: str, damage: Damage) -> StorageDamaged:
        if damage is Damage.UNRECORDED and not self._list().there:
            return _lost_list(self._place)
        return StorageDamaged(
            _harm(damage, self._file_of(path, table), _list_of(self._place)),
            where=place_of_file(self._place, path),
            fix=_way_back(),
        )

    def _file_of(self, path: str, table: str) -> str:
        """Name a file by its table, and by its days where they are known."""
        by_day = next((name for name in TABLES if name == table), None)
        day = None if by_day is None else TABLES[by_day].by_year
        with suppress(lake.Error):
            rows = self._connection.execute(_DAYS, [Path(path).name, day]).fetchall()
            for first, last in rows:
                if first and last:
                    return say(
                        "a file of table {table}, {first} to {last},",
                        table=named(table),
                        first=first,
                        last=last,
                    )
        return say("a file of table {table}", table=named(table))

    def _list(self) -> Recorded:
        if self._recorded is None:
            self._recorded = recorded(self._place, self._connection)
        return self._recorded

    def _listed(self, version: int) -> Mapping[str, list[str]]:
        if version not in self._files:
            found: dict[str, list[str]] = {}
            for table, path, *_ in self._connection.execute(
                _FILES + _AT.format(version)
            ).fetchall():
                found.setdefault(table, []).append(path)
            self._files = {version: found}
        return self._files[version]

    @contextmanager
    def _waited(self) -> Iterator[None]:
        """Keep writers away, where the folder can be written at all."""
        with ExitStack() as stack:
            try:
                stack.enter_context(write_lock(self._place, self._connection))
            except StorageReadOnly:
                pass
            except StorageRefused:  # of who may only read: the list is a moment behind the commit
                time.sleep(_BEHIND)
            yield

    def _catch_up(self) -> None:
        found = self._list()
        if not found.there and not next_file(self._connection):
            return  # a lake that is being made
        if not self._place.shared:
            self._check_catalog(found)
        with _told_of_damage(self._place):
            files = catalog_files(self._connection)
        # What came after the last record was not listed; what came before it was.
        if found.last is None or any(
            item.id < found.last and item.path not in found.entries for item in files
        ):
            raise _lost_list(self._place)
        self._recount()
        record_files(self._place, self._connection, fresh=next_file(self._connection))
        self.forget()

    def _check_catalog(self, found: Recorded) -> None:
        if catalog_state(self._root).changes in {state.changes for state in found.catalogs}:
            raise _catalog_damaged(self._place, say("its bytes are not those of any commit"))
        for complaint in catalog_complaints(self._place):
            raise _catalog_damaged(self._place, complaint)

    def _recount(self) -> None:
        """Compare the rows of the newest version with the digest of their commit."""
        version = latest_version(self._connection)
        with _told_of_damage(self._place):
            told = content_of(self._connection, version)
            if told is not None and told != recounted(self._connection, version):
                raise _catalog_damaged(
                    self._place, say("the rows of the newest version are not those of its commit")
                )


@contextmanager
def _told_of_damage(place: Place) -> Iterator[None]:
    """Tell of any failure in a lake whose catalog is not as recorded that the catalog is damaged.

    Parameters
    ----------
    place
        Where the lake is; the server of one for many tells of damage itself.
    """
    root = place.folder
    try:
        yield
    except (StorageBusy, StorageFull, StorageReadOnly):
        raise
    except (ScreenerError, lake.Error) as error:
        if place.shared:
            raise
        with suppress(OSError):
            states = recorded(root).catalogs
            if states and catalog_state(root) not in states:
                said = str(error).splitlines()[0]
                raise _catalog_damaged(place, said) from error
        raise


def connected(root: Path | Place, *, create: bool = False) -> lake.Connection:
    """Open a lake like `lake.connect`; a failure for its catalog's damage is told as that."""
    with _told_of_damage(Place.of(root)):
        return lake.connect(root, create=create)


def place_of_file(place: Place, path: str) -> str:
    """Return where a data file is."""
    return place.prefix + path if place.shared else str(place.folder / lake.DATA / path)


class _Memory:
    """How the files looked that were found right, and when; kept in a file that may be lost."""

    def __init__(self, path: Path, now: Callable[[], float]) -> None:
        self._path = path
        self._now = now
        self._known = self._read()

    def knows(self, name: str, look: _Look | None) -> bool:
        """Tell whether a file was found right and looks the same since."""
        return name in self._known and self._known[name][0] == look

    def distrust(self) -> None:
        """Take nothing for right that was found so before."""
        self._known = {}

    def add(self, looks: Mapping[str, _Look]) -> None:
        """Remember files; where the folder cannot be written, in this process alone."""
        if not looks:
            return
        at = self._now()
        self._known = {**self._read(), **self._known, **{n: (v, at) for n, v in looks.items()}}
        text = json.dumps({name: [*look, at] for name, (look, at) in self._known.items()})
        with suppress(OSError):
            self._path.parent.mkdir(exist_ok=True)
            write_whole(self._path, text)

    def _read(self) -> dict[str, tuple[_Look, float]]:
        now = self._now()
        with suppress(OSError, ValueError, TypeError, RecursionError, AttributeError):
            return {
                name: ((size, modified, changed, inode), at)
                for name, (size, modified, changed, inode, at) in json.loads(
                    self._path.read_bytes()
                ).items()
                if 0 <= now - at < MEMORY
            }
        return {}


def catalog_complaints(root: Path | Place) -> tuple[str, ...]:
    """Return what SQLite's own check finds wrong with the catalog, in its words; else nothing."""
    place = Place.of(root)
    if place.shared:
        return ()
    address = f"{(place.folder / lake.CATALOG).absolute().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(address, uri=True)) as link:
            rows = link.execute("PRAGMA integrity_check(5)").fetchall()
    except sqlite3.Error as error:
        return (str(error),)
    return tuple(str(row[0]) for row in rows if row[0] != "ok")


def _way_back() -> str:
    return say(
        "put the file back from a copy of the folder, or go back to a version before it: "
        "`screener data restore N`, or import its rows again in a new workspace; "
        "`screener data verify` lists all damage"
    )


def _harm(damage: Damage, file: str, sums: str) -> str:
    """Say what is wrong with a file."""
    if damage is Damage.MISSING:
        return say("{file} is missing", file=file)
    if damage is Damage.CHANGED:
        return say(
            "{file} is not what was written: its bytes differ from their recorded hash", file=file
        )
    return say(
        "{file} has no hash in {sums}: nothing tells whether it is what was written",
        file=file,
        sums=sums,
    )


def _look(path: Path) -> _Look | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


def _list_of(place: Place) -> str:
    """Name what keeps the hashes: a file, or a table of a server."""
    return "screener_file_sums" if place.shared else SUMS


def _lost_list(place: Place) -> StorageDamaged:
    return StorageDamaged(
        say(
            "the list of hashes {file} is gone or cut: nothing tells whether the data "
            "files are what was written",
            file=_list_of(place),
        ),
        where=str(place),
        fix=say(
            "put {file} back from a copy; without one, `screener data verify "
            "--rebuild-hashes` compares the rows with the digest of their commit and "
            "records the files as they are",
            file=_list_of(place),
        ),
    )


def _catalog_damaged(place: Place, what: str) -> StorageDamaged:
    return StorageDamaged(
        say("the catalog {file} is damaged: {what}", file=lake.CATALOG, what=what),
        where=str(place) if place.shared else str(place.folder / lake.CATALOG),
        fix=say(
            "put {catalog} and {sums} back from a copy of the folder, or import again in "
            "a new workspace",
            catalog=lake.CATALOG,
            sums=SUMS,
        ),
    )
