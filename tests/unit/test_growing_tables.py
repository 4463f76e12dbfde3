"""A lake whose tables an older program made with fewer columns: read, written, compared."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from screener.data.lake import reading
from screener.data.lake.batch import Batch
from screener.data.lake.compaction import Pins
from screener.data.lake.comparison import VersionComparison
from screener.data.lake.schema import TABLES, TableName
from screener.data.lake.store import Store
from tests.support.lake_rows import Row, table

NAME = TableName.FUNDAMENTALS
LATER = ("ebit", "income_tax", "depreciation", "interest_expense", "total_assets")
LATER += ("total_liabilities", "cash_equivalents", "debt", "minorities")


@contextmanager
def older_program() -> Iterator[None]:
    """Know the table as it was before it had a balance sheet."""
    spec = TABLES[NAME]
    held = tuple(column for column in spec.columns if column.name not in LATER)
    assert len(held) == len(spec.columns) - len(LATER)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(TABLES, NAME, replace(spec, columns=held))
        patch.setattr(reading, "_EMPTY", {})
        yield


def report(listing: str, revenue: float, **more: object) -> Row:
    told = {"period_end": date(2025, 12, 31), "known_at": date(2026, 4, 1), "known_by": "a file"}
    return {"listing": listing, **told, "currency": "CNY", "revenue": revenue, **more}


def batch(*rows: Row) -> Batch:
    return Batch(tables={NAME: table(NAME, rows)})


def debts(root: Path, version: int | None = None) -> dict[str, tuple[float, float | None]]:
    with Store.open(root, version=version) as store:
        rows = store.read(NAME).to_pylist()
    return {row["listing"]: (row["revenue"], row["debt"]) for row in rows}


def digest(root: Path, version: int | None = None) -> str:
    with Store.open(root, version=version) as store:
        assert store.holds_what_was_committed()
        return store.content().digest


@pytest.fixture(scope="module")
def old_lake(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    root = tmp_path_factory.mktemp("old") / "data_cache"
    with older_program():
        with Store.create(root) as store:
            store.commit(batch(report("600000.SH", 5.0), report("600001.SH", 7.0)), message="old")
        return root, digest(root)


@pytest.fixture
def root(old_lake: tuple[Path, str], tmp_path: Path) -> Path:
    shutil.copytree(old_lake[0], tmp_path / "data_cache")
    return tmp_path / "data_cache"


def test_an_old_table_is_read_with_nulls_and_the_same_digest(
    old_lake: tuple[Path, str], root: Path
) -> None:
    with Store.open(root) as store:
        rows = store.read(NAME)
        assert tuple(rows.column_names) == TABLES[NAME].column_names
        assert all(rows.column(name).null_count == 2 for name in LATER)
        assert store.read(NAME, listings=["600001.SH"], columns=("debt",)).to_pylist() == [
            {"debt": None}
        ]
        assert sum(part.num_rows for part in store.parts(NAME)) == 2
        assert sum(part.num_rows for part in store.batches(NAME, ("listing", "debt"))) == 2
        assert store.version == 2, "reading made a version"
    assert digest(root) == old_lake[1]


def test_the_next_write_adds_the_columns_and_changes_no_row(
    old_lake: tuple[Path, str], root: Path
) -> None:
    fresh = batch(report("600001.SH", 7.0, debt=3.0), report("600002.SH", 9.0, debt=0.0))
    with Store.open(root) as store:
        foreseen = store.dry_run(fresh).changes
        done = store.commit(fresh, message="new")
    assert done.changes == foreseen
    assert (done.changes[0].added, done.changes[0].changed) == (1, 1)
    assert debts(root) == {
        "600000.SH": (5.0, None),
        "600001.SH": (7.0, 3.0),
        "600002.SH": (9.0, 0.0),
    }
    assert debts(root, 2) == {"600000.SH": (5.0, None), "600001.SH": (7.0, None)}
    assert digest(root, 2) == old_lake[1] != digest(root)
    with Store.open(root) as store:  # rows are back as they were: so is the digest
        store.restore(2)
    assert debts(root) == debts(root, 2)
    assert digest(root) == old_lake[1]


def test_equal_rows_have_equal_digests_in_an_old_and_a_new_lake(
    old_lake: tuple[Path, str], root: Path, tmp_path: Path
) -> None:
    rows = report("600000.SH", 5.0, debt=1.5), report("600001.SH", 7.0)
    new = tmp_path / "new"
    with Store.create(new) as store:
        store.commit(batch(*rows[1:], report("600000.SH", 5.0)), message="as the old one")
    assert digest(new) == old_lake[1]
    for place in (root, new):
        with Store.open(place) as store:
            store.commit(batch(*rows), message="debt")
    assert digest(root) == digest(new)


def test_versions_of_both_kinds_are_compared_merged_and_restored(root: Path) -> None:
    with Store.open(root) as store:
        for at in range(3):
            fresh = batch(report(f"60001{at}.SH", 1.0, debt=float(at)))
            last = store.commit(fresh, message="more").version
    with VersionComparison.open(root, 2, last) as versions:
        found = versions.compare(NAME)
        assert (found.added, found.changed, found.removed) == (3, 0, 0)
        assert len(list(versions.changes(NAME))) == 3
    before = debts(root), digest(root)
    with Store.open(root) as store:
        pins = Pins(versions=frozenset({2}))
        store.compact(now=datetime.now(UTC), pinned=lambda: pins, keep=timedelta(0))
    assert (debts(root), digest(root)) == before
    assert len(debts(root, 2)) == 2
    with Store.open(root) as store:
        done = store.restore(2, dry_run=True)
        assert done.changes[0].removed == 3


def test_restoring_is_foreseen_before_the_columns_are_there(root: Path) -> None:
    with older_program(), Store.open(root) as store:
        store.commit(batch(report("600009.SH", 2.0)), message="by the older program, again")
    with Store.open(root) as store:
        assert store.restore(2, dry_run=True).changes[0].removed == 1
