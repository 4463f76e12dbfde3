"""The one door to the lake: every read and every write of market data goes through `Store`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Self

import duckdb

from screener.data.lake import lake
from screener.data.lake.batch import Batch
from screener.data.lake.compaction import (
    Compaction,
    Pins,
    compact,
    merge_when_many,
    remove_leftovers,
)
from screener.data.lake.guards import (
    committing,
    has_catalog,
    is_simulated,
    make_tables,
    opened_alone,
    refuse_lost_catalog,
    refuse_mixture,
    write_lock,
)
from screener.data.lake.integrity.checksums import next_file, record_files
from screener.data.lake.integrity.content import Balance, Content
from screener.data.lake.integrity.verified import connected
from screener.data.lake.merge import TableChange, merge_batch
from screener.data.lake.reading import BarRange, Coverage, Reader
from screener.data.lake.restoring import restore_tables, what_restoring_changes
from screener.data.lake.schema import TABLES, TableName
from screener.data.lake.versions import (
    FIRST_VERSION,
    RETENTION,
    check_version,
    empty_relation,
    latest_version,
    relation,
)
from screener.errors import StorageBusy, StorageDamaged
from screener.files.place import Place
from screener.language import say
from screener.language.terms import named

__all__ = ["BarRange", "Commit", "Coverage", "Store"]


_MOST_TURNS = 5  # of a commit that others came before
_CURRENT = "FROM ducklake_current_snapshot('lake')"

Job = Callable[[Balance], tuple[TableChange, ...]]
"""What writes rows in an open transaction, and books them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """What a commit did: the data version it made (or found, when nothing changed).

    Parameters
    ----------
    version
        The newest version afterwards; where the commit also merged small files, it is one more
        than that of the rows, and holds the same.
    changes
        What became of the rows, by table.
    remarks
        What could not be done besides; the rows are committed all the same.
    """

    version: int
    changes: tuple[TableChange, ...]
    remarks: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether any row was added, changed or removed."""
        return any(item.differs for item in self.changes)


class _Overtaken(Exception):
    """Another writer committed while this one believed to be alone."""


class Store(Reader):
    """Market data of one workspace, read at one data version.

    All reads of one `Store` see the same snapshot of all tables, whatever others commit meanwhile.
    Use `open` to read and `create` to write; both are context managers.
    """

    def __init__(
        self,
        root: Path | Place,
        connection: lake.Connection,
        version: int | None,
        *,
        alone: bool = False,
    ) -> None:
        super().__init__(root, connection, version, alone=alone)
        self._settled = False

    @classmethod
    def open(
        cls, root: Path | Place, *, version: int | None = None, every_byte: bool = False
    ) -> Self:
        """Open the lake in `root` for reading, at its newest version or at `version`.

        Parameters
        ----------
        root
            Folder of the lake, or where one for many is.
        version
            Version to read; the newest when `None`.
        every_byte
            Whether to compare each file with its hash even if that was done lately.

        Raises
        ------
        DataError
            If the folder holds no lake yet.
        InputError
            If there is no such version, or no longer.
        StorageDamaged
            If the catalog is not what was written; a read raises it of the files that it touches.
        """
        place = Place.of(root)
        refuse_lost_catalog(place)
        if not has_catalog(place):
            raise lake.no_data_yet(place)
        store = cls._on(place, connected(place), version)
        if every_byte:
            store._read_every_byte()
        if store.version < FIRST_VERSION:  # a first import was ended before it made the tables
            store.close()
            raise lake.no_data_yet(place)
        if place.shared:  # who only reads has no folder yet for what this machine makes of it
            with suppress(OSError):
                place.folder.mkdir(parents=True, exist_ok=True)
        return store

    @classmethod
    def create(cls, root: Path | Place) -> Self:
        """Open the lake in `root` for reading and writing, making it if there is none."""
        place = Place.of(root)
        with lake.storage_errors(place):
            place.folder.mkdir(parents=True, exist_ok=True)

        def opened() -> lake.Connection:
            refuse_lost_catalog(place)
            return connected(place, create=True)

        with opened_alone(place, opened) as connection:
            return cls._on(place, connection, None, create=True)

    @classmethod
    def _on(
        cls, place: Place, connection: lake.Connection, version: int | None, *, create: bool = False
    ) -> Self:
        try:
            if create and place.shared:
                _refuse_lost_data(place, connection)
            store = cls(place, connection, version, alone=create)
            if create:
                with store._recording():
                    store._make_tables()
                store._version = store._latest()
        except BaseException:
            connection.close()
            raise
        return store

    def commit(
        self,
        batch: Batch,
        *,
        message: str,
        complete: Callable[[Self, Batch], Batch] | None = None,
    ) -> Commit:
        """Merge a batch into the tables in one transaction: all of it is committed, or none.

        Rows are merged by key; only the listings that the batch says it replaces lose bars that it
        lacks. A batch that changes nothing makes no new version.

        Parameters
        ----------
        batch
            Rows by table, already in the schema's columns and units.
        message
            What this commit is, kept with the version.
        complete
            Adds rows that follow from the batch and from what is stored; called while nobody else
            can write, with this store at its newest version.

        Raises
        ------
        SchemaMismatch
            If a table does not fit the schema or repeats a key, or raw bars meet adjusted ones.
        InputError
            If simulated and real rows would be mixed.
        StorageError
            If the lake cannot be written; nothing is changed then.
        """

        def merged() -> Commit:
            with self._alone():
                self._settle()
                self._version = self._latest()
                whole = complete(self, batch) if complete else batch
                self._verify(whole.touches, self._version)
                self._refuse_mixture(whole, self._version)
                return self._commit(partial(merge_batch, self._connection, whole), message)

        return self._redone(merged)

    def restore(self, version: int, *, dry_run: bool = False) -> Commit:
        """Make an old version current again, as a new one with its rows in every table.

        Parameters
        ----------
        version
            A version that can still be read.
        dry_run
            Whether to tell only what would change.

        Raises
        ------
        InputError
            If there is no such version, or no longer.
        StorageError
            If the lake cannot be written; nothing is changed then.
        """
        return self._redone(lambda: self._restored(version, dry_run))

    def _restored(self, version: int, dry_run: bool) -> Commit:
        with lake.storage_errors(self._place) if dry_run else self._alone():
            if not dry_run:
                self._settle()
            self._asked(lambda: check_version(self._connection, self._place, version))
            self._version = self._latest()
            self._verify(TABLES, version)
            lost = self._lost(self._version)
            changes = self._asked(lambda: what_restoring_changes(self._connection, version, lost))
            told = tuple(
                say("Table {table} is damaged as it is now, and is made anew.", table=named(name))
                for name in sorted(lost)
            )
            if dry_run:
                return Commit(version=self._version, changes=changes, remarks=told)
            job = partial(restore_tables, self._connection, changes, lost)
            done = self._commit(job, f"restore data version {version}", lost=lost)
            return replace(done, remarks=(*told, *done.remarks))

    def refuse_other_market(self, batch: Batch) -> None:
        """Refuse a batch of real rows for a simulated lake, and the other way round.

        Raises
        ------
        InputError
            If the batch would mix them.
        """
        self._refuse_mixture(batch, self._latest())

    def _refuse_mixture(self, batch: Batch, latest: int) -> None:
        there = self._with_source(self._tables(latest))
        places = [f"lake.{name}" for name in there if self._has_files(name, latest)]
        refuse_mixture(is_simulated(self._connection, self._place, places), batch)

    def dry_run(self, batch: Batch) -> Commit:
        """Tell what `commit` would do, and change nothing."""
        with lake.storage_errors(self._place):
            latest = self._latest()
            self._verify(batch.touches, latest)
            self._refuse_mixture(batch, latest)
            held = self._tables(latest)
            places = {
                name: relation(spec, held[name]) if name in held else empty_relation(spec)
                for name, spec in TABLES.items()
            }
            changes = merge_batch(self._connection, batch, None, places=places)
            return Commit(version=latest, changes=changes)

    def compact(
        self,
        *,
        now: datetime,
        pinned: Callable[[], Pins],
        keep: timedelta = RETENTION,
        dry_run: bool = False,
    ) -> Compaction:
        """Merge small files, expire old versions and remove the files that nobody needs.

        No row of any version that is kept changes; the store reads the newest version afterwards.

        Parameters
        ----------
        now
            Instant of the call.
        pinned
            Gives the versions that must be kept; called while nobody else can write.
        keep
            How long a version is kept after it was replaced.
        dry_run
            Whether to tell only what would be done.

        Raises
        ------
        StorageError
            If the lake cannot be written; what was done by then stays done, and is whole.
        """
        with lake.storage_errors(self._place) if dry_run else self._alone():
            if not dry_run:
                self._make_tables()
                self._verifier.every_byte()
            pins = pinned()
            job = partial(compact, self._place, self._connection, now=now, keep=keep, pins=pins)
            if dry_run:
                return lake.retried(self._place, lambda: job(dry_run=True))
            found = job(dry_run=False)
            self._version = self._latest()
            return found

    def pin(self, desk: str, versions: Iterable[int], *, whole: bool = False) -> frozenset[int]:
        """Keep versions of a lake for many from compaction, beside those of other desks.

        Parameters
        ----------
        desk
            Name of the desk whose runs name them.
        versions
            The versions.
        whole
            Whether these are all that the desk needs; what it pinned besides is let go.

        Returns
        -------
        frozenset of int
            What is pinned now, by any desk; of a lake in a folder the versions given.
        """
        wanted = frozenset(versions)
        if not self._place.shared:
            return wanted
        from screener.data.lake.shared.tables import pinned_versions, replace_pins

        with lake.storage_errors(self._place):
            replace_pins(self._connection, desk, wanted, others=not whole)
            return pinned_versions(self._connection)

    def pinned(self) -> frozenset[int]:
        """Return the versions of a lake for many that any desk has pinned."""
        if not self._place.shared:
            return frozenset()
        from screener.data.lake.shared.tables import pinned_versions

        return self._asked(lambda: pinned_versions(self._connection))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other writers away, from a catalog that is what was written to one that is recorded.

        Raises
        ------
        StorageDamaged
            If the catalog is not what was written.
        """
        with (
            lake.storage_errors(self._place),
            write_lock(self._place, self._connection),
        ):
            self._verifier.forget()
            self._verifier.catalog(alone=True)
            with self._recording():
                yield

    @contextmanager
    def _recording(self) -> Iterator[None]:
        """Record what the catalog has become, also where what was to be done has failed."""
        fresh = self._asked(lambda: next_file(self._connection))
        try:
            yield
        finally:
            self._verifier.forget()
            if not self._verifier.is_recorded():
                record_files(self._place, self._connection, fresh=fresh)
                self._verifier.forget()

    def _redone(self, job: Callable[[], Commit]) -> Commit:
        """Do a commit again, as a whole, when another writer's came first.

        Writers wait for each other; that of a lake for many may lose its lock without knowing it.
        """
        remarks: tuple[str, ...] = ()
        for _ in range(_MOST_TURNS if self._place.shared else 0):
            with suppress(_Overtaken):
                done = job()
                return replace(done, remarks=(*remarks, *done.remarks))
            remarks = (say("Another commit came first: the rows were compared and merged anew."),)
        try:
            return job()
        except _Overtaken as error:
            raise StorageBusy(
                say("others were writing all the time"),
                where=str(self._place),
                fix=say("type the command again; nothing was changed"),
            ) from error

    def _settle(self) -> None:
        """Do once what a process that was ended, or an older program, may have left undone."""
        if not self._settled:
            self._make_tables()
            remove_leftovers(self._place, self._connection)
            self._settled = True

    def _make_tables(self) -> None:
        lake.retried(self._place, lambda: make_tables(self._connection, self._place))

    def _lost(self, version: int) -> frozenset[TableName]:
        """Return the tables of a version that hold a file that is not what was written."""
        found = set()
        for name in TABLES:
            try:
                self._verify([name], version)
            except StorageDamaged:
                found.add(name)
        return frozenset(found)

    def _commit(
        self, job: Job, message: str, *, lost: frozenset[TableName] = frozenset()
    ) -> Commit:
        fresh = self._asked(lambda: next_file(self._connection))
        before = self._content(lost)
        changes = lake.retried(self._place, lambda: self._transaction(job, message, before, lost))
        remarks = record_files(self._place, self._connection, fresh=fresh)
        done = Commit(version=self._latest(), changes=changes, remarks=remarks)
        if done.changed:  # what changes nothing makes no version, not even by merging
            self._verifier.forget()
            more = merge_when_many(self._place, self._connection, self._verifier)
            done = replace(done, version=self._latest(), remarks=(*remarks, *more))
        self._version = done.version
        return done

    def _verify(self, tables: Iterable[TableName], version: int) -> None:
        """Compare the files of tables that are about to be read with their hashes."""
        there = self._tables(version)
        for name in {*tables} & {TableName(name) for name in there}:
            self._verifier.table(name, version)

    def _transaction(
        self, job: Job, message: str, before: Content, lost: frozenset[TableName]
    ) -> tuple[TableChange, ...]:
        commit = committing(self._place, self._connection)
        self._connection.execute("BEGIN")
        try:
            if self._place.shared:
                self._begin_from(self._version)
            balance = Balance(self._connection)
            changes = job(balance)
            if not lost and not any(item.differs for item in changes):
                self._connection.execute("ROLLBACK")
                return changes
            self._connection.execute(
                f"CALL lake.set_commit_message('screener', {lake.literal(message)}, "
                f"extra_info => {lake.literal(balance.after(before).as_json())})"
            )
            commit()
        except BaseException as error:
            self._rollback()
            if self._place.shared and isinstance(error, duckdb.Error) and self._is_overtaken():
                raise _Overtaken from error
            raise
        return changes

    def _begin_from(self, version: int) -> None:
        """Let the open transaction begin at a version, or not at all."""
        ((found,),) = self._connection.execute(_CURRENT).fetchall()
        if found != version:
            raise _Overtaken

    def _is_overtaken(self) -> bool:
        """Tell whether there is a version that was not there when the lock was taken."""
        with suppress(duckdb.Error):
            return latest_version(self._connection) != self._version
        return False

    def _rollback(self) -> None:
        # A failed commit has already rolled back, and the first error is the one to tell.
        with suppress(duckdb.Error):
            self._connection.execute("ROLLBACK")
        # Files of the failed transaction belong to no version; nobody else is writing now.
        with suppress(duckdb.Error, OSError):
            remove_leftovers(self._place, self._connection)


def _refuse_lost_data(place: Place, connection: lake.Connection) -> None:
    """Refuse to begin a new lake for many beside the data of one whose catalog is gone."""
    from screener.data.lake.shared.objects import looks

    with lake.storage_errors(place):
        if latest_version(connection) >= FIRST_VERSION or not looks(place, connection):
            return
    raise StorageDamaged(
        say("the catalog is empty, and data files of a lake are there"),
        where=str(place),
        fix=say("restore the catalog from a copy, or name another place for the data"),
    )
