"""Files that a transaction writes, kept until its commit is known to have done or failed.

A lake removes what it has written when it hears of no success. Where only the server's answer was
lost, though, the files belong to a version by then: they are put back. Those of a commit that has
truly failed are orphans, which compaction removes. Their hashes are recorded before the commit, so
that nobody ever meets a file without one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from screener.data.lake import lake
from screener.data.lake.shared.objects import bytes_of, looks, put_object
from screener.data.lake.shared.tables import add_sums
from screener.files.place import Place

__all__ = ["Written"]


class Written:
    """What is written from now on to the next commit of a connection.

    Parameters
    ----------
    place
        Where the lake is.
    connection
        Connection to it, before its transaction.
    """

    def __init__(self, place: Place, connection: lake.Connection) -> None:
        self._place = place
        self._connection = connection
        self._before = looks(place, connection).keys()

    def commit(self) -> None:
        """Commit the transaction; whatever comes of it, no version lacks a file."""
        self._place.folder.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=self._place.folder, prefix=".written-") as folder:
            kept = self._kept(Path(folder))
            self._record(kept)
            try:
                self._connection.execute("COMMIT")
            except BaseException:
                with suppress(lake.Error):
                    self._put_back(kept)
                raise

    def _kept(self, folder: Path) -> dict[str, Path]:
        """Copy what was written to this machine."""
        found: dict[str, Path] = {}
        for path in sorted(looks(self._place, self._connection).keys() - self._before):
            found[path] = folder / str(len(found))
            found[path].write_bytes(bytes_of(self._place, self._connection, path))
        return found

    def _record(self, kept: Mapping[str, Path]) -> None:
        # Beside the transaction, which writes to the lake alone.
        with self._connection.cursor() as beside:
            add_sums(beside, {path: (_digest(copy), False) for path, copy in kept.items()})

    def _put_back(self, kept: Mapping[str, Path]) -> None:
        there = looks(self._place, self._connection)
        for path, copy in kept.items():
            if path not in there:
                put_object(self._place, self._connection, path, copy.read_bytes())


def _digest(file: Path) -> str:
    with file.open("rb") as held:
        return hashlib.file_digest(held, "sha256").hexdigest()
