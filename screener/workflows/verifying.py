"""Verify workflow: the tables as stored, examined by the doctor."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pyarrow as pa
from rich.console import RenderableType

from screener.data.checksums import SUMS, Damage, damaged_files
from screener.data.doctor import Check, Finding, Severity, examine
from screener.data.doctor.holdings import bare_bars
from screener.data.schema import SIMULATED, TABLES, TableName
from screener.data.store import Store
from screener.errors import StorageError
from screener.render.doctor import FindingLine, findings_view
from screener.workspace.locate import Workspace

__all__ = ["VERIFY_COLUMNS", "StoredTables", "Verified", "finding_rows", "verify", "verify_page"]

VERIFY_COLUMNS = (
    "table",
    "listing",
    "session",
    "check",
    "severity",
    "cause",
    "value",
    "expected",
)
_FILES = "files"
_RANK = {severity: rank for rank, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What the doctor found in one data version, errors first."""

    findings: tuple[Finding, ...]
    n_rows: int
    data_version: int
    simulated: bool

    @property
    def n_errors(self) -> int:
        """How many findings are errors."""
        return sum(item.severity is Severity.ERROR for item in self.findings)


@dataclass(frozen=True, slots=True)
class StoredTables(Mapping[TableName, pa.Table]):
    """Tables of a store, each read when it is first asked for; all bars without their origin.

    Parameters
    ----------
    store
        The lake.
    listings
        Listing ids to keep in tables that have a listing; all when `None`.
    """

    store: Store
    listings: Sequence[str] | None = None
    _known: dict[TableName, pa.Table] = field(default_factory=dict, repr=False)

    def __getitem__(self, table: TableName) -> pa.Table:
        if table not in self._known:
            self._known[table] = self._read(table)
        return self._known[table]

    def _read(self, table: TableName) -> pa.Table:
        if table is TableName.BARS and self.listings is None:
            return bare_bars(self.store)
        by_listing = "listing" in TABLES[table].column_names
        return self.store.read(table, listings=self.listings if by_listing else None)

    def n_rows(self, table: TableName) -> int:
        """Return how many rows of a table were read."""
        return self._known[table].num_rows if table in self._known else 0

    def __iter__(self) -> Iterator[TableName]:
        return iter(TABLES)

    def __len__(self) -> int:
        return len(TABLES)


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
    with Store.open(workspace.data_cache, version=version) as store:
        whole = tables is None and listings is None
        found = list(_damaged(workspace.data_cache)) if whole else []
        broken = any(item.severity is Severity.ERROR for item in found)
        stored = StoredTables(store, listings)
        for name in chosen:
            found.extend(_examined(name, stored, broken=broken))
        return Verified(
            findings=tuple(sorted(found, key=lambda item: _RANK[item.severity])),
            n_rows=sum(stored.n_rows(name) for name in chosen),
            data_version=store.version,
            simulated=_simulated(store, broken=broken),
        )


def finding_rows(verified: Verified) -> list[dict[str, object]]:
    """Return one row per finding with the columns of `VERIFY_COLUMNS`."""
    return [asdict(item) for item in verified.findings]


def verify_page(verified: Verified) -> RenderableType:
    """Return the findings as a page: counts by cause, then the first of them."""
    counts = Counter(
        (item.severity, str(item.table), str(item.check), item.cause) for item in verified.findings
    )
    ordered = sorted(counts.items(), key=lambda entry: (_RANK[entry[0][0]], entry[0][1:]))
    lines = [
        FindingLine(
            table=item.table,
            listing=item.listing,
            session=item.session,
            check=str(item.check),
            severity=str(item.severity),
            cause=item.cause,
            value=item.value,
            expected=item.expected,
        )
        for item in verified.findings
    ]
    return findings_view(
        [((str(key[0]), *key[1:]), count) for key, count in ordered],
        lines,
        banner=f" {SIMULATED}: invented prices " if verified.simulated else "",
        footer=f"{verified.n_rows:,} rows examined · data version {verified.data_version}",
    )


def _examined(table: TableName, stored: StoredTables, *, broken: bool) -> Sequence[Finding]:
    """Examine a table; where data files are damaged, one that cannot be read is a finding too."""
    try:
        return examine(table, stored)
    except StorageError as error:
        if not broken:
            raise
        return [_damage(table, error.what, Severity.ERROR, None)]


def _simulated(store: Store, *, broken: bool) -> bool:
    try:
        return store.simulated()
    except StorageError:
        if not broken:
            raise
        return False


def _damaged(root: Path) -> Iterator[Finding]:
    """Find data files that are missing, or whose bytes are no longer those that were written."""
    files = damaged_files(root)
    for file in files:
        if file.damage is not Damage.UNRECORDED:
            yield _damage(file.path, f"file is {file.damage}", Severity.ERROR, None)
    unrecorded = [file.path for file in files if file.damage is Damage.UNRECORDED]
    if unrecorded:  # a lake of an older program has none at all
        cause = "files without a recorded checksum"
        yield _damage(unrecorded[0], cause, Severity.WARNING, len(unrecorded))


def _damage(path: str, cause: str, severity: Severity, value: float | None) -> Finding:
    return Finding(
        table=_FILES,
        listing=path,
        session=None,
        check=Check.DAMAGED,
        severity=severity,
        cause=cause,
        value=value,
        expected=f"as in {SUMS}",
    )
