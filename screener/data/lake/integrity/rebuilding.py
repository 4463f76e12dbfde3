"""Making a lost list of hashes again, from what the rows themselves can prove."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from screener.data.lake import lake
from screener.data.lake.guards import has_catalog, opened_alone
from screener.data.lake.integrity.checksums import SUMS, catalog_state, record_anew, recorded
from screener.data.lake.integrity.content import content_of, recounted
from screener.data.lake.integrity.verified import catalog_complaints, connected
from screener.data.lake.versions import latest_version
from screener.errors import StorageDamaged
from screener.files.place import Place
from screener.language import say
from screener.language.lists import listed
from screener.language.terms import named

__all__ = ["Rebuilt", "rebuild_hashes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """What was recorded.

    Parameters
    ----------
    files
        How many files.
    version
        The newest version, whose rows were compared.
    proven
        Whether they are those of their commit; `False` where an older program made it, which left
        no digest.
    """

    files: int
    version: int
    proven: bool


def rebuild_hashes(root: Path | Place) -> Rebuilt:
    """Record the files as they are if the newest version holds the rows of its commit.

    What that proves: no row of the newest version was changed, lost or added. It proves nothing of
    rows that older versions alone hold.

    Raises
    ------
    DataError
        If there is no lake.
    StorageDamaged
        If the rows are not those of the commit, or the catalog is known to be damaged.
    """
    place = Place.of(root)
    if not has_catalog(place):
        raise lake.no_data_yet(place)
    with (
        opened_alone(place, lambda: connected(place)) as connection,
        closing(connection),
        lake.storage_errors(place),
    ):
        _check_catalog(place)
        version = latest_version(connection)
        kept, found = content_of(connection, version), recounted(connection, version)
        if kept is not None and kept != found:
            names = kept.sums.keys() | found.sums.keys()
            differ = sorted(n for n in names if kept.sums.get(n) != found.sums.get(n))
            raise StorageDamaged(
                say(
                    "the rows are not those that were committed, so no hash was recorded: {tables}",
                    tables=listed(named(name) for name in differ),
                ),
                where=str(place),
                fix=_way_back(),
            )
        files = record_anew(place, connection)
        return Rebuilt(files=files, version=version, proven=kept is not None)


def _way_back() -> str:
    return say(
        "put the files and {sums} back from a copy, or import again in a new workspace", sums=SUMS
    )


def _check_catalog(place: Place) -> None:
    if place.shared:
        return
    root = place.folder
    complaints = catalog_complaints(root)
    states = recorded(root).catalogs
    if states and catalog_state(root) not in states:
        complaints = (*complaints, say("its bytes are not those of any commit"))
    for complaint in complaints:
        raise StorageDamaged(
            say("the catalog {file} is damaged: {what}", file=lake.CATALOG, what=complaint),
            where=str(root / lake.CATALOG),
            fix=_way_back(),
        )
