"""What is read is what was written: files and catalog are compared with their recorded hashes."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from screener.data.lake import compaction, reading
from screener.data.lake import store as store_module
from screener.data.lake.batch import Batch
from screener.data.lake.compaction import Pins
from screener.data.lake.comparison import VersionComparison
from screener.data.lake.integrity import verified
from screener.data.lake.integrity.content import Content, recounted
from screener.data.lake.integrity.counted import keep_count, kept_count
from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.errors import StorageDamaged
from tests.support.lake_rows import bar, bars, table

MONDAY, TUESDAY = date(2026, 5, 11), date(2026, 5, 12)
NO_PINS = Pins(versions=frozenset())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("made") / "data_cache"
    with Store.create(root) as store:
        for number in range(3):
            store.commit(bars(bar(f"60000{number}.SH", MONDAY)), message=f"number {number}")
    return root


@pytest.fixture
def root(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "data_cache")
    return tmp_path / "data_cache"


def flip(path: Path, at: int, bit: int = 0) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1 << bit
    path.write_bytes(content)


def flip_a_value(path: Path) -> None:
    """Flip one bit such that the file still opens and gives another number."""
    right, before = path.read_bytes(), pq.read_table(path)
    for at in range(4, len(right) - 8):
        for bit in range(8):
            flip(path, at, bit)
            try:
                if not pq.read_table(path).equals(before):
                    return
            except (pa.ArrowException, OSError):
                pass
            path.write_bytes(right)
    pytest.fail("no bit changes a value and leaves the file readable")


def data_files(root: Path) -> list[Path]:
    return sorted((root / "data").rglob("*.parquet"))


def read_all(root: Path) -> int:
    with Store.open(root) as store:
        return store.read(TableName.BARS).num_rows


def test_a_flipped_value_is_never_read(root: Path) -> None:
    assert read_all(root) == 3
    named = data_files(root)[0]
    flip_a_value(named)
    with pytest.raises(
        StorageDamaged,
        match=r"a file of table bars, 2026-05-11 to 2026-05-11, is not what was written",
    ) as caught:
        read_all(root)
    assert caught.value.where == str(named)
    assert "screener data restore" in caught.value.fix


def test_a_missing_file_is_named(root: Path) -> None:
    data_files(root)[0].unlink()
    with pytest.raises(StorageDamaged, match=r"a file of table bars.* is missing"):
        read_all(root)


def test_a_commit_since_the_list_was_read_is_no_damage(root: Path) -> None:
    with Store.open(root) as reader:
        assert reader._verifier.is_recorded()
        with Store.open(root) as writer:
            writer.commit(bars(bar("600009.SH", TUESDAY)), message="more")
            newest = writer.version
        reader._verifier.table(TableName.BARS, newest)


def test_tables_that_are_not_damaged_are_read(root: Path) -> None:
    flip_a_value(data_files(root)[0])
    with Store.open(root) as store:
        assert store.read(TableName.LISTINGS).num_rows == 0


def test_versions_without_the_damaged_file_are_read(root: Path) -> None:
    with Store.open(root) as store:
        first = store.version - 2
        store.commit(bars(bar("600009.SH", TUESDAY)), message="more")
    newest = max(data_files(root), key=lambda path: path.stat().st_mtime_ns)
    flip_a_value(newest)
    with Store.open(root, version=first) as store:
        assert store.read(TableName.BARS).num_rows == 1
    with pytest.raises(StorageDamaged), VersionComparison.open(root, first, first + 3) as compared:
        compared.compare(TableName.BARS)


def test_a_commit_on_a_damaged_table_is_refused(root: Path) -> None:
    flip_a_value(data_files(root)[0])
    with Store.open(root) as store, pytest.raises(StorageDamaged):
        store.commit(bars(bar("600009.SH", TUESDAY)), message="over damage")


def test_compaction_rewrites_nothing_damaged_and_expires_nothing(root: Path) -> None:
    flip_a_value(data_files(root)[0])
    before = sorted(path.name for path in data_files(root))
    with Store.open(root) as store, pytest.raises(StorageDamaged):
        store.compact(
            now=datetime.now(UTC) + timedelta(days=400),
            keep=timedelta(0),
            pinned=lambda: NO_PINS,
        )
    assert sorted(path.name for path in data_files(root)) == before
    with Store.open(root, version=2) as store:
        assert store.version == 2


def test_what_was_found_right_is_not_read_again(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert read_all(root) == 3
    with monkeypatch.context() as patch:
        patch.setattr(verified, "file_digest", lambda *_: pytest.fail("read a second time"))
        patch.setattr(verified, "catalog_state", lambda *_: pytest.fail("read a second time"))
        assert read_all(root) == 3


def test_it_is_read_again_after_seven_days(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_all(root) == 3
    later = verified.time.time() + verified.MEMORY + 1
    seen: list[str] = []
    digest = verified.file_digest

    def told(root: Path, path: str) -> str | None:
        seen.append(path)
        return digest(root, path)

    monkeypatch.setattr(verified, "file_digest", told)
    with Store.open(root) as store:
        again = verified.Verifier(root, store._connection, lambda: later)
        again.table(TableName.BARS, store.version)
    assert len(seen) == 3


@pytest.mark.parametrize("text", ["", "[", "[]", '{"a": 1}', '{"a": [1, 2]}', "\x00", "[" * 9_000])
def test_a_damaged_memory_costs_time_alone(root: Path, text: str) -> None:
    assert read_all(root) == 3
    (root / "derived" / "verified.json").write_text(text)
    assert read_all(root) == 3
    flip_a_value(data_files(root)[0])
    with pytest.raises(StorageDamaged):
        read_all(root)


# The catalog


def changed_by_sql(root: Path, sql: str) -> None:
    """Change the catalog and leave SQLite's count of changes as it was, as damage would."""
    path = root / "catalog.sqlite"
    count = path.read_bytes()[24:28]
    with closing(sqlite3.connect(path)) as link:
        link.execute(sql)
        link.commit()
    content = bytearray(path.read_bytes())
    content[24:28] = count
    path.write_bytes(content)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE ducklake_data_file SET end_snapshot = 1 WHERE data_file_id = 0",
        "DELETE FROM ducklake_data_file WHERE data_file_id = 1",
        "UPDATE ducklake_file_column_stats SET max_value = '0' WHERE max_value LIKE '2026%'",
        "UPDATE ducklake_data_file SET record_count = 0",
        "UPDATE ducklake_snapshot SET schema_version = 99",
        "DROP TABLE ducklake_table",
        "DROP TABLE ducklake_metadata",
    ],
)
def test_a_catalog_that_was_changed_by_nobody_is_refused(root: Path, sql: str) -> None:
    changed_by_sql(root, sql)
    with pytest.raises(StorageDamaged, match=r"the catalog catalog.sqlite is damaged") as caught:
        read_all(root)
    assert "copy" in caught.value.fix


@pytest.fixture(scope="module")
def flips(made: Path) -> list[tuple[int, int]]:
    size = (made / "catalog.sqlite").stat().st_size
    return [(at * 7919 % size, at % 8) for at in range(60)]


def test_no_bit_of_the_catalog_flips_silently(root: Path, flips: list[tuple[int, int]]) -> None:
    catalog = root / "catalog.sqlite"
    right = catalog.read_bytes()
    for at, bit in flips:
        flip(catalog, at, bit)
        with pytest.raises(StorageDamaged):
            read_all(root)
        catalog.write_bytes(right)
    assert read_all(root) == 3


@pytest.fixture
def ended(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A lake whose last writer was ended between its commit and its record."""
    with monkeypatch.context() as patch, Store.open(root) as store:
        patch.setattr(store_module, "record_files", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            store.commit(bars(bar("600009.SH", TUESDAY)), message="ended")
    return root


def test_a_commit_that_was_not_recorded_is_read_and_recorded(ended: Path) -> None:
    assert read_all(ended) == 4
    flip_a_value(data_files(ended)[-1])
    with pytest.raises(StorageDamaged):
        read_all(ended)


def test_a_damaged_catalog_after_a_commit_that_was_not_recorded(ended: Path) -> None:
    content = bytearray((ended / "catalog.sqlite").read_bytes())
    content[4096:4160] = bytes(64)  # the head of a page
    (ended / "catalog.sqlite").write_bytes(content)
    with pytest.raises(StorageDamaged, match=r"the catalog catalog.sqlite is damaged"):
        read_all(ended)


# The content


def content(root: Path, version: int | None = None) -> Content:
    with Store.open(root, version=version) as store:
        return store.content()


def counted(root: Path) -> Content:
    with Store.open(root) as store:
        return recounted(store._connection, store.version)


def test_equal_rows_have_one_digest_in_any_lake_and_any_order(tmp_path: Path) -> None:
    rows = [bar(f"60000{at}.SH", day, 10.0 + at) for at in range(3) for day in (MONDAY, TUESDAY)]
    found = []
    for number, order in enumerate((rows, rows[::-1])):
        with Store.create(tmp_path / f"{number}") as store:
            if number:
                store.commit(bars(*order), message="at once")
            else:
                for row in order:
                    store.commit(bars(row), message="row by row")
                store.commit(bars(rows[0] | {"close": 11.0}), message="changed")
                store.commit(bars(rows[0] | {"source": "other.csv"}), message="changed back")
            found.append(store.content())
            assert store.content() == recounted(store._connection, store.version)
    assert found[0].digest == found[1].digest


def test_compaction_changes_no_digest_and_each_version_keeps_its_own(root: Path) -> None:
    before = {version: content(root, version).digest for version in (2, 3, 4)}
    assert len(set(before.values())) == 3
    with Store.open(root) as store:
        store.commit(bars(bar("600000.SH", MONDAY, 12.0)), message="changed")
        held = store.content().digest
        done = store.compact(now=datetime.now(UTC), pinned=lambda: NO_PINS)
        assert done.changed
        assert store.content().digest == held == counted(root).digest
    assert {version: content(root, version).digest for version in (2, 3, 4)} == before


def test_a_change_that_is_undone_gives_the_digest_back(root: Path) -> None:
    before = content(root).digest
    with Store.open(root) as store:
        store.commit(bars(bar("600000.SH", MONDAY, 12.0)), message="changed")
        assert store.content().digest != before
        store.commit(bars(bar("600000.SH", MONDAY, 10.0)), message="undone")
        assert store.content().digest == before
        store.restore(store.version - 1)
        assert store.content().digest == counted(root).digest != before


def without_digests(root: Path) -> None:
    """Leave a lake as an older program would have: recorded, and no digest beside a commit."""
    with closing(sqlite3.connect(root / "catalog.sqlite")) as link:
        link.execute("UPDATE ducklake_snapshot_changes SET commit_extra_info = NULL")
        link.commit()
    read_all(root)


def test_what_an_older_program_committed_is_counted(root: Path) -> None:
    without_digests(root)
    assert content(root) == counted(root)
    with Store.open(root) as store:
        store.commit(bars(bar("600009.SH", TUESDAY)), message="by this one")
    assert content(root) == counted(root)


def test_what_was_counted_is_kept_for_each_version(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_digests(root)
    found = {version: content(root, version) for version in (3, 4)}
    assert found[3] != found[4] == counted(root)
    with monkeypatch.context() as patch:
        patch.setattr(reading, "recounted", lambda *_, **__: pytest.fail("counted a second time"))
        assert {version: content(root, version) for version in (3, 4)} == found


def test_what_was_counted_of_another_lake_is_not_read(root: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    with Store.create(other) as store:
        for number in range(3):
            store.commit(bars(bar(f"60051{number}.SH", MONDAY)), message=f"number {number}")
    for place in (root, other):
        without_digests(place)
    name = Path("derived") / "content-4.json"
    assert content(root) != content(other)
    shutil.copy(other / name, root / name)
    assert content(root) == counted(root)


def test_what_was_counted_is_not_read_when_the_lake_changed(root: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(root, copy)
    counts = []
    for place, close in ((root, 11.0), (copy, 12.0)):  # the same numbers of version and of file
        with Store.open(place) as store:
            store.commit(bars(bar("600009.SH", TUESDAY, close)), message="on its own")
        without_digests(place)
        counts.append(content(place))
    assert counts[0] != counts[1]
    shutil.copytree(copy / "derived", root / "derived", dirs_exist_ok=True)
    assert content(root) == counts[0]
    with Store.open(root) as store:
        store.compact(now=datetime.now(UTC), pinned=lambda: NO_PINS)
    assert content(root) == counts[0]


def test_no_byte_of_what_was_counted_is_believed_once_damaged(root: Path) -> None:
    without_digests(root)
    right = content(root)
    kept = root / "derived" / "content-4.json"
    text = kept.read_bytes()
    with Store.open(root) as store:
        state = store._state()
    assert state is not None
    assert kept_count(root, 4, state) == right
    for at in range(len(text)):
        flip(kept, at, at % 7)
        assert kept_count(root, 4, state) in (None, right), text[at : at + 1]
        kept.write_bytes(text)
    for other in ("", "[]", "{}", '{"content": 1}', "[" * 9_000, "\x00"):
        kept.write_text(other)
        assert content(root) == right


def test_a_commit_believes_nothing_that_was_kept(root: Path) -> None:
    without_digests(root)
    right = content(root)
    with Store.open(root) as store:
        state = store._state()
        assert state is not None
        keep_count(root, 4, state, Content({"bars": (1, 2, 3)}))
        assert store.content() != right
        store.commit(bars(bar("600009.SH", TUESDAY)), message="by this one")
        assert store.content() == recounted(store._connection, store.version)


def test_restoring_is_a_way_back_from_damage(root: Path) -> None:
    with Store.open(root) as store:
        whole = store.version
        store.commit(bars(bar("600009.SH", TUESDAY)), message="more")
    flip_a_value(max(data_files(root), key=lambda path: path.stat().st_mtime_ns))
    with Store.open(root) as store:
        with pytest.raises(StorageDamaged):
            store.read(TableName.BARS)
        done = store.restore(whole)
        assert done.changed
        assert store.read(TableName.BARS).num_rows == 3
        store.commit(bars(bar("600009.SH", TUESDAY)), message="imported again")
        assert store.read(TableName.BARS).num_rows == 4
    assert content(root) == counted(root)


def test_a_damaged_version_is_not_restored(root: Path) -> None:
    flip_a_value(data_files(root)[0])
    with Store.open(root) as store, pytest.raises(StorageDamaged):
        store.restore(4)


def test_a_compaction_that_was_ended_between_its_steps_is_read(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store.open(root) as store:
        store.commit(bars(bar("600000.SH", MONDAY, 12.0)), message="a file and its deletes")
        lots = table(
            TableName.BOARD_LOTS, [{"listing": "00700.HK", "valid_from": MONDAY, "lot": 1}]
        )
        store.commit(Batch(tables={TableName.BOARD_LOTS: lots}), message="a later file that stays")

    def ended(*_: object, **__: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patch, Store.open(root) as store:
        patch.setattr(compaction, "_expire", ended)
        patch.setattr(compaction, "remove_leftovers", ended)
        patch.setattr(store_module, "record_files", ended)
        with pytest.raises(SystemExit):
            store.compact(
                now=datetime.now(UTC) + timedelta(days=400),
                keep=timedelta(0),
                pinned=lambda: NO_PINS,
            )
    assert read_all(root) == 3
    with Store.open(root) as store:
        store.commit(bars(bar("600009.SH", TUESDAY)), message="next")
    assert content(root) == counted(root)
