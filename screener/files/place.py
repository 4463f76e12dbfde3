"""Where a lake is: in a folder, or its catalog on a server and its data in a store for many."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["Place"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a lake is.

    Parameters
    ----------
    folder
        Folder of the lake; of one for many what this machine makes of it, which is disposable.
    catalog
        How its catalog is reached, such as `postgres:service=lake`; empty where all is in `folder`.
    data
        Where its data files are, such as `s3://bucket/prefix`; empty where all is in `folder`.
    endpoint
        Address of the object store, such as `https://store.desk:9000`; empty for that of AWS.
    """

    folder: Path
    catalog: str = ""
    data: str = ""
    endpoint: str = ""

    @classmethod
    def of(cls, where: Path | Place) -> Place:
        """Return a place as it is, and a folder as the place of the lake in it."""
        return where if isinstance(where, Place) else cls(where)

    @property
    def shared(self) -> bool:
        """Whether the lake is one for many."""
        return bool(self.catalog)

    @property
    def prefix(self) -> str:
        """What the name of each data file of a lake for many begins with."""
        return f"{self.data.rstrip('/')}/"

    def __str__(self) -> str:
        return f"{self.catalog}, {self.data}" if self.shared else str(self.folder)
