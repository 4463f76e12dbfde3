"""What all desks remember together, such as which vendors refused: a row beside the catalog."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from screener.data.lake import lake
from screener.data.lake.shared.tables import keep_remembered, remembered
from screener.errors import StorageError
from screener.files.place import Place

__all__ = ["SharedNotes", "shared_notes"]


class SharedNotes:
    """A text that is kept under a name in a lake for many.

    Parameters
    ----------
    place
        Where the lake is.
    connection
        Connection to it.
    name
        Under which name.
    """

    def __init__(self, place: Place, connection: lake.Connection, name: str) -> None:
        self._place = place
        self._connection = connection
        self._name = name

    def __str__(self) -> str:
        return f"{self._place}: {self._name}"

    def read(self) -> str:
        """Return the text.

        Raises
        ------
        FileNotFoundError
            If nothing is kept yet.
        OSError
            If it cannot be read.
        """
        try:
            with lake.storage_errors(self._place):
                found = remembered(self._connection, self._name)
        except StorageError as error:
            raise OSError(error.what) from error
        if found is None:
            raise FileNotFoundError(self._name)
        return found

    def write(self, text: str) -> None:
        """Keep a text; `OSError` if that cannot be done."""
        try:
            with lake.storage_errors(self._place):
                keep_remembered(self._connection, self._name, text)
        except StorageError as error:
            raise OSError(error.what) from error


@contextmanager
def shared_notes(place: Place, name: str) -> Iterator[SharedNotes]:
    """Give what is kept under a name, on a connection of its own."""
    with lake.connect(place, create=True) as connection:
        yield SharedNotes(place, connection, name)
