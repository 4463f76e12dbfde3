"""Verify workflow: the tables as stored, examined by the doctor."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from screener.data.doctor import Check, Finding, Severity, examine
from screener.data.doctor.findings import gathered
from screener.data.doctor.holdings import first_session
from screener.data.lake.integrity.checksums import (
    SUMS,
    Damage,
    damaged_files,
    file_digest,
    recorded,
)
from screener.data.lake.integrity.rebuilding import Rebuilt, rebuild_hashes
from screener.data.lake.integrity.verified import catalog_complaints
from screener.data.lake.lake import CATALOG
from screener.data.lake.schema import TABLES, TableName
from screener.data.lake.store import Store
from screener.errors import ScreenerError, StorageDamaged, StorageError
from screener.files.place import Place
from screener.language import say
from screener.progress import counted
from screener.workflows.data.stored_tables import IN_GROUPS, StoredTables, in_groups
from screener.workspace.locate import Workspace
from screener.workspace.runs import RUNS, stored_runs

__all__ = ["Verified", "finding_rows", "rebuild", "verify"]

_FILES = "files"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What the doctor found in one data version, errors first.

    Parameters
    ----------
    findings
        The findings.
    n_rows
        Rows that were examined.
    data_version
        The version; 0 where the lake could not be opened.
    simulated
        Whether it holds the simulated market.
    refusal
        Why no table could be examined; the findings list the damage that can be told all the same.
    """

    findings: tuple[Finding, ...]
    n_rows: int
    data_version: int
    simulated: bool
    refusal: StorageDamaged | None = None

    @property
    def n_errors(self) -> int:
        """How many findings are errors."""
        return sum(item.severity is Severity.ERROR for item in self.findings)

    def counts(self) -> list[tuple[tuple[Severity, str, Check, str], int]]:
        """Count the findings by severity, table, check and cause, errors first."""
        found = Counter(
            (item.severity, item.table, item.check, item.cause) for item in self.findings
        )
        return sorted(found.items(), key=lambda entry: (entry[0][0].rank, entry[0][1:]))


def verify(
    workspace: Workspace,
    version: int | None = None,
    *,
    tables: Iterable[TableName] | None = None,
    listings: Sequence[str] | None = None,
) -> Verified:
    """Examine the tables of a data version.

    Parameters
    ----------
    workspace
        Where the lake is.
    version
        Data version to read; the newest when `None`.
    tables
        Tables to examine; all of them, and the data files, when `None`.
    listings
        Listing ids to look at; all when `None`. Tables without a listing are then passed over.

    Raises
    ------
    DataError
        If there is no market data yet.
    """
    chosen = list(TABLES) if tables is None else list(tables)
    if listings is not None:
        chosen = [name for name in chosen if "listing" in TABLES[name].column_names]
    whole = tables is None and listings is None
    try:
        opened = Store.open(workspace.lake, version=version, every_byte=True)
    except StorageDamaged as error:
        if not whole:
            raise
        return _refused(workspace, error)
    with opened as store:
        found = [*_damaged(workspace.lake), *_ruined(workspace)] if whole else []
        examined, n_rows = _by_table(store, chosen, listings)
        found += examined
        if whole:
            found.extend(_miscounted(store))
        return Verified(
            findings=_ordered(found),
            n_rows=n_rows,
            data_version=store.version,
            simulated=_simulated(store),
        )


def _by_table(
    store: Store, chosen: Sequence[TableName], listings: Sequence[str] | None
) -> tuple[list[Finding], int]:
    """Examine tables, large ones some listings at a time; also gives the rows of them all."""
    with in_groups(store, chosen, listings) as groups:
        alone = [name for name in chosen if not groups or name not in IN_GROUPS]
        shared = [name for name in chosen if name not in alone]
        start = _first_session(store, listings) if groups else None
        found: dict[TableName, list[Sequence[Finding]]] = {name: [] for name in chosen}
        rows = 0
        whole = StoredTables(store, listings)
        jobs = [([name], whole) for name in alone]
        jobs += [(shared, group) for group in groups if shared]
        for names, stored in counted(jobs):
            for name in names:
                found[name].append(_examined(name, stored, start))
            rows += sum(stored.n_rows(name) for name in names)
            if stored is not whole:
                stored.forget()
    return [finding for parts in found.values() for finding in gathered(parts)], rows


def _first_session(store: Store, listings: Sequence[str] | None) -> date | None:
    with suppress(StorageDamaged):
        if listings is None:
            return first_session(store)
        return min((span.first for span in store.spans(listings).values()), default=None)
    return None


def rebuild(workspace: Workspace) -> Rebuilt:
    """Make a lost list of hashes again; see `rebuild_hashes`."""
    return rebuild_hashes(workspace.lake)


def finding_rows(verified: Verified) -> list[dict[str, object]]:
    """Return one row per finding with the columns of `FINDINGS`."""
    return [asdict(item) for item in verified.findings]


def _ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda item: item.severity.rank))


def _examined(
    table: TableName, stored: StoredTables, start: date | None = None
) -> Sequence[Finding]:
    """Examine a table; that one cannot be examined for what it holds is a finding too."""
    try:
        return examine(table, stored, start=start)
    except StorageError as error:
        if not isinstance(error, StorageDamaged):
            raise
        said = error.what
    except (ScreenerError, ValueError, OverflowError) as error:  # rows that nobody ever wrote
        said = str(error).splitlines()[0] if str(error) else type(error).__name__
    return [_damage(table, say("cannot be examined: {reason}", reason=said), Severity.ERROR, None)]


def _simulated(store: Store) -> bool:
    try:
        return store.simulated()
    except StorageDamaged:
        return False


def _refused(workspace: Workspace, error: StorageDamaged) -> Verified:
    """Tell what can be told of a lake that cannot be opened."""
    found = [_damage(CATALOG, error.what, Severity.ERROR, None), *_ruined(workspace)]
    if workspace.lake.shared:
        return _of_findings(found, error)
    root = workspace.data_cache
    found.extend(_damage(CATALOG, text, Severity.ERROR, None) for text in catalog_complaints(root))
    for path, entry in recorded(root).entries.items():
        digest = file_digest(root, path)
        if digest != entry.digest:
            damage = Damage.MISSING if digest is None else Damage.CHANGED
            found.append(_damage(path, _harm(damage), Severity.ERROR, None))
    return _of_findings(found, error)


def _of_findings(found: Sequence[Finding], error: StorageDamaged) -> Verified:
    return Verified(
        findings=_ordered(found), n_rows=0, data_version=0, simulated=False, refusal=error
    )


def _miscounted(store: Store) -> Iterator[Finding]:
    try:
        if store.holds_what_was_committed() is not False:
            return
        cause = say("rows are not those that were committed")
    except StorageDamaged as error:
        cause = say("rows cannot be counted: {reason}", reason=error.what)
    yield _damage(CATALOG, cause, Severity.ERROR, None)


def _ruined(workspace: Workspace) -> Iterator[Finding]:
    for text in stored_runs(workspace).unreadable:
        path, _, cause = text.partition(": ")
        yield _damage(f"{RUNS}/{Path(path).name}", cause, Severity.ERROR, None)


def _damaged(place: Place) -> Iterator[Finding]:
    """Find what is wrong with the catalog, files that are missing, and bytes that nobody wrote."""
    for text in catalog_complaints(place):
        yield _damage(CATALOG, text, Severity.ERROR, None)
    files = damaged_files(place)
    for file in files:
        if file.damage is not Damage.UNRECORDED:
            yield _damage(file.path, _harm(file.damage), Severity.ERROR, None)
    unrecorded = [file.path for file in files if file.damage is Damage.UNRECORDED]
    if unrecorded:  # a lake of an older program has none at all
        cause = say("files without a recorded checksum")
        yield _damage(unrecorded[0], cause, Severity.WARNING, len(unrecorded))


def _harm(damage: Damage) -> str:
    return say("file is missing") if damage is Damage.MISSING else say("file is changed")


def _damage(path: str, cause: str, severity: Severity, value: float | None) -> Finding:
    return Finding(
        table=_FILES,
        listing=path,
        session=None,
        check=Check.DAMAGED,
        severity=severity,
        cause=cause,
        value=value,
        expected=say("as in {file}", file=SUMS),
    )
