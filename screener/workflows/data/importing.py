"""Import workflow: the user's files through the file source into the lake, all or nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.compute as pc

from screener.data.lake.batch import Batch, Reject
from screener.data.lake.guards import has_catalog
from screener.data.lake.merge import TableChange, quarantine_rows
from screener.data.lake.schema import TABLES, TableName, Type
from screener.data.lake.store import Store
from screener.data.sources.files import FileSource, ImportRequest
from screener.data.sources.files.large import LargeFiles
from screener.data.update.factor_update import with_factors
from screener.data.update.listing_master import halts_in, listings_in
from screener.data.validation.import_checks import CheckedImport, checked_import
from screener.data.validation.joining import join_bars
from screener.data.validation.price_jumps import BAD_TICK
from screener.data.validation.scale_checks import without_wrong_scale
from screener.data.validation.sense_checks import without_leaps
from screener.errors import DataError
from screener.language import say
from screener.language.lists import clauses
from screener.language.stored import retold
from screener.progress import counted
from screener.workflows.data.gathered import Gathered
from screener.workspace.locate import Workspace

__all__ = ["ImportOutcome", "completed_batch", "import_batch", "import_files", "known_listings"]


_SHOWN = 5  # kinds of reasons that an error names
_BAR_KEY = ("listing", "session")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOutcome:
    """What an import did, or would do.

    Parameters
    ----------
    version
        Data version that holds the rows; the newest one when nothing changed.
    changes
        Rows added, changed, removed and unchanged by table.
    rejects
        Rows left out.
    remarks
        What was assumed or ignored.
    dry_run
        Whether nothing was written.
    """

    version: int | None
    changes: tuple[TableChange, ...]
    rejects: tuple[Reject, ...]
    remarks: tuple[str, ...]
    dry_run: bool

    @property
    def changed(self) -> bool:
        """Whether any row was, or would be, added, changed or removed."""
        return any(item.differs for item in self.changes)

    @property
    def reasons(self) -> tuple[tuple[str, int, str], ...]:
        """Reasons of the rejects, how many, and where the first is; most frequent first.

        Bad ticks differ in their prices: they are one kind, told by the first of them.
        """
        counted = Counter(_kind(reject) for reject in self.rejects)
        first: dict[str, Reject] = {}
        for reject in self.rejects:
            first.setdefault(_kind(reject), reject)
        return tuple(
            (first[kind].reason, count, _place(first[kind]))
            for kind, count in sorted(counted.items(), key=lambda item: (-item[1], item[0]))
        )


def _kind(reject: Reject) -> str:
    """Return what rejects are grouped and ordered by, the same in every language."""
    reason = reject.stored_reason
    return BAD_TICK if reason.startswith(BAD_TICK) else reason


def _place(reject: Reject) -> str:
    what = " ".join(str(item) for item in (reject.listing, reject.session) if item)
    if _kind(reject) == BAD_TICK:  # found beside its neighbours, by its day
        return what
    place = say("{file} line {line}", file=reject.file, line=reject.line)
    return say("{place}, {what}", place=place, what=what) if what else place


def import_files(
    workspace: Workspace, request: ImportRequest, *, dry_run: bool = False
) -> ImportOutcome:
    """Import files in one transaction; rejected rows go into table `quarantine`.

    Raises
    ------
    InputError, DataError
        If a file cannot be read, or no row of it fits.
    StorageError
        If the lake cannot be written; nothing is changed then.
    """
    source = FileSource(master=cache(lambda: known_listings(workspace)))
    query = source.build_query(request)
    names = ", ".join(path.name for path in request.paths)
    message = f"import {request.kind}: {names}"
    large = LargeFiles.of(query, workspace.data_cache)
    if large is None:
        return import_batch(
            workspace,
            source.normalise(query, source.fetch(query)),
            message,
            request.fetched_at,
            dry_run=dry_run,
            continues=request.continues,
        )
    with large, Gathered(workspace.data_cache) as gathered:

        def completed(store: Store, _: Batch) -> Batch:
            gathered.clear()
            for batch, remarks in counted(source.pieces(query, large), len(large)):
                done = completed_batch(
                    store, batch, request.fetched_at, continues=request.continues, tolerant=True
                )
                gathered.add(done, remarks)
            if not gathered.n_bars and gathered.rejects:
                raise nothing_left(len(gathered.rejects), gathered.rejects)
            return gathered.batch()

        return _committed(workspace, Batch(tables={}), message, completed, dry_run=dry_run)


def known_listings(workspace: Workspace) -> frozenset[str]:
    """Return the ids of table `listings`; none where there are no tables yet."""
    with _open_if_there(workspace) as store:
        if store is None:
            return frozenset()
        return frozenset(store.read(TableName.LISTINGS).column("listing").to_pylist())


def import_batch(
    workspace: Workspace,
    batch: Batch,
    message: str,
    fetched_at: datetime,
    *,
    dry_run: bool = False,
    continues: bool = False,
    tolerant: bool = False,
) -> ImportOutcome:
    """Merge a batch of any source into the lake, its rejects into table `quarantine`.

    Parameters
    ----------
    workspace
        Whose lake.
    batch
        The rows.
    message
        What the commit is.
    fetched_at
        Instant written on the quarantined rows.
    dry_run
        Whether to tell only what would change.
    continues
        Whether the user says that adjusted prices continue the stored ones at their level.
    tolerant
        Whether a batch of which no row is left is one piece of many: its rejects are kept.
    """

    def completed(store: Store, given: Batch) -> Batch:
        return completed_batch(store, given, fetched_at, continues=continues, tolerant=tolerant)

    return _committed(workspace, batch, message, completed, dry_run=dry_run)


def _committed(
    workspace: Workspace,
    batch: Batch,
    message: str,
    complete: Callable[[Store, Batch], Batch],
    *,
    dry_run: bool,
) -> ImportOutcome:
    """Commit a batch as it is completed, or tell what that would do."""
    found = [batch]

    def completed(store: Store, given: Batch) -> Batch:
        found[0] = complete(store, given)  # asked again where the catalog was busy
        return found[0]

    with _opened(workspace, dry_run=dry_run) as store:
        if dry_run:
            done = store.dry_run(completed(store, batch))
        else:
            done = store.commit(batch, message=message, complete=completed)
    return ImportOutcome(
        version=done.version,
        changes=done.changes,
        rejects=found[0].rejects,
        remarks=found[0].remarks,
        dry_run=dry_run,
    )


def completed_batch(
    store: Store,
    given: Batch,
    fetched_at: datetime,
    *,
    continues: bool,
    tolerant: bool,
) -> Batch:
    """Return a batch after its checks, with all that follows from it and from what is stored.

    Parameters
    ----------
    store
        The lake, at its newest version.
    given
        The rows.
    fetched_at, continues, tolerant
        As of `import_batch`.
    """
    store.refuse_other_market(given)
    beside, leaps = _beside_stored_fixings(store, given)
    beside = _at_stored_scale(store, beside, tolerant=tolerant)
    told = _with_known_figures(store, _with_known_status(store, beside))
    checked = checked_import(store, told, fetched_at)
    if not tolerant:
        _refuse_nothing(beside, checked)
    whole = replace(
        checked.batch,
        rejects=(*beside.rejects, *leaps, *checked.rejects),
        remarks=(*given.remarks, *checked.remarks),
    )
    found = with_factors(store, _joined(store, whole, continues, tolerant=tolerant))
    noted = set(checked.rejects)  # stand in the batch already
    return _with_quarantine(
        found, tuple(item for item in found.rejects if item not in noted), fetched_at
    )


def _refuse_nothing(given: Batch, checked: CheckedImport) -> None:
    """Refuse bars of which none is left by the checks."""
    before, left = (item.tables.get(TableName.BARS) for item in (given, checked.batch))
    if before is None or not before.num_rows or (left is not None and left.num_rows):
        return
    raise nothing_left(before.num_rows, checked.rejects)


def nothing_left(n_rows: int, rejects: Sequence[Reject]) -> DataError:
    """Return the refusal of bars that are all rejected."""
    kinds = Counter(_kind(item) for item in rejects).most_common(_SHOWN)
    first = rejects[0]
    shown = clauses(say("{what} ({detail})", what=_told(kind), detail=n) for kind, n in kinds)
    return DataError(
        say("all {n} rows are rejected: {reasons}", n=n_rows, reasons=shown),
        where=say("{place}, {what}", place=first.file, what=first.session),
        fix=say("compare them with another source; `screener data status` tells what is stored"),
    )


def _told(kind: str) -> str:
    return say("bad tick") if kind == BAD_TICK else retold(kind)


def _joined(store: Store, batch: Batch, continues: bool, *, tolerant: bool) -> Batch:
    """Let new bars join what is stored; those of a listing that cannot are left out, with reasons.

    Raises
    ------
    DataError
        If no listing's bars can.
    """
    bars, status = batch.tables.get(TableName.BARS), batch.tables.get(TableName.STATUS)
    if bars is None or not bars.num_rows:
        return batch
    joined = join_bars(
        store,
        bars,
        continues=continues,
        suspended=() if status is None else halts_in(status),
        rejects=batch.rejects,
    )
    alone = len({item.listing for item in joined.refused})
    if alone and not joined.bars.num_rows and not tolerant:
        raise joined.refused[0].error(alone - 1)
    return replace(
        batch,
        tables={**batch.tables, TableName.BARS: joined.bars},
        replaces=batch.replaces | joined.replaces,
        rejects=(*batch.rejects, *(item.reject() for item in joined.refused)),
        remarks=(*batch.remarks, *joined.remarks),
    )


def _at_stored_scale(store: Store, batch: Batch, *, tolerant: bool) -> Batch:
    """Leave out listings whose prices are at another scale than the stored ones.

    Raises
    ------
    DataError
        If all are.
    """
    bars = batch.tables.get(TableName.BARS)
    if bars is None or not bars.num_rows:
        return batch
    kept, refused = without_wrong_scale(store, bars)
    if not refused:
        return batch
    if not kept.num_rows and not tolerant:
        raise refused[0].error(len(refused) - 1)
    return replace(
        batch,
        tables={**batch.tables, TableName.BARS: kept},
        rejects=(*batch.rejects, *(item.reject() for item in refused)),
    )


def _beside_stored_fixings(store: Store, batch: Batch) -> tuple[Batch, tuple[Reject, ...]]:
    """Leave out fixings that leave those stored beside them."""
    fixings = batch.tables.get(TableName.FX)
    if fixings is None:
        return batch, ()
    kept, leaps = without_leaps(fixings, store.read(TableName.FX))
    return replace(batch, tables={**batch.tables, TableName.FX: kept}), leaps


def _with_known_figures(store: Store, batch: Batch) -> Batch:
    """Keep stored figures that a file does not tell: income and balance come in several files."""
    name = TableName.FUNDAMENTALS
    rows = batch.tables.get(name)
    if rows is None or not rows.num_rows:
        return batch
    spec = TABLES[name]
    stored = store.read(name, listings=listings_in(rows))
    key, figures = [*spec.key, "currency"], [c.name for c in spec.columns if c.type is Type.NUMBER]
    both = rows.append_column("place", pa.array(range(rows.num_rows))).join(
        stored.select([*key, *figures]), keys=key, join_type="left outer", right_suffix="_stored"
    )
    both = both.sort_by("place")
    for figure in figures:
        told = pc.coalesce(both.column(figure), both.column(f"{figure}_stored"))
        rows = rows.set_column(rows.column_names.index(figure), figure, told)
    return replace(batch, tables={**batch.tables, name: rows})


def _with_known_status(store: Store, batch: Batch) -> Batch:
    """Keep what is stored of special treatment where a file tells of suspensions alone."""
    rows = batch.tables.get(TableName.STATUS)
    if rows is None or not rows.num_rows:
        return batch
    stored = store.read(TableName.STATUS, listings=listings_in(rows))
    known = {
        (row["listing"], row["session"]): row["st"]
        for row in stored.filter(pc.is_valid(stored.column("st"))).to_pylist()
    }
    if not known:
        return batch
    keys = zip(*(rows.column(name).to_pylist() for name in _BAR_KEY), strict=True)
    told = pa.array([known.get(key) for key in keys], pa.bool_())
    at = rows.column_names.index("st")
    rows = rows.set_column(at, "st", pc.coalesce(rows.column("st"), told))
    return replace(batch, tables={**batch.tables, TableName.STATUS: rows})


def _with_quarantine(batch: Batch, rejects: tuple[Reject, ...], fetched_at: datetime) -> Batch:
    if not rejects:
        return batch
    rows = quarantine_rows(rejects, fetched_at)
    if noted := batch.tables.get(TableName.QUARANTINE):
        rows = pa.concat_tables([noted, rows.cast(noted.schema)])
    return replace(batch, tables={**batch.tables, TableName.QUARANTINE: rows})


@contextmanager
def _opened(workspace: Workspace, *, dry_run: bool) -> Iterator[Store]:
    """Open the lake to write; for a dry run to read, or an empty one elsewhere if there is none."""
    if not dry_run:
        with Store.create(workspace.lake) as store:
            yield store
        return
    with _open_if_there(workspace) as there:
        if there is not None:
            yield there
            return
    with TemporaryDirectory() as folder, Store.create(Path(folder)) as store:
        yield store


@contextmanager
def _open_if_there(workspace: Workspace) -> Iterator[Store | None]:
    """Open the lake to read; nothing where there is none yet."""
    place = workspace.lake
    if not has_catalog(place):
        yield None
        return
    try:
        store = Store.open(place)
    except DataError:
        if not place.shared:
            raise
        yield None
        return
    with store:
        yield store
