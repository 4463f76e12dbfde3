"""Versions of the lake: tables that came later, checksums, leftovers, values that do not fit."""

from __future__ import annotations

import errno
import hashlib
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from screener.data.lake import lake
from screener.data.lake import store as store_module
from screener.data.lake.batch import Batch
from screener.data.lake.compaction import Pins
from screener.data.lake.comparison import Change, VersionComparison
from screener.data.lake.differing import differing_parts
from screener.data.lake.integrity import checksums
from screener.data.lake.integrity.checksums import SUMS, Damage, DamagedFile, damaged_files
from screener.data.lake.schema import SIMULATED, TABLES, TableName
from screener.data.lake.store import Store
from screener.errors import DataError, InputError, SchemaMismatch, StorageDamaged
from tests.support.lake_rows import ARROW, FETCHED, bar, bars, table

MONDAY, TUESDAY, WEDNESDAY = (date(2026, 5, day) for day in (11, 12, 13))
LATER = {TableName.CALENDAR, TableName.FUNDAMENTALS, TableName.FETCHES}
NO_PINS = Pins(versions=frozenset())


def closed_days(*days: date) -> Batch:
    rows = [{"exchange": "SH", "session": day} for day in days]
    return Batch(tables={TableName.CALENDAR: table(TableName.CALENDAR, rows)})


def lots(size: object, kind: pa.DataType) -> Batch:
    row = {"listing": "00700.HK", "valid_from": MONDAY, "lot": size}
    return Batch(tables={TableName.BOARD_LOTS: table(TableName.BOARD_LOTS, [row], lot=kind)})


def closes(store: Store) -> dict[tuple[str, date], float]:
    rows = store.read(TableName.BARS).to_pylist()
    return {(row["listing"], row["session"]): row["close"] for row in rows}


def data_files(root: Path) -> list[Path]:
    return sorted((root / "data").rglob("*.parquet"))


def fingerprint(root: Path) -> dict[str, tuple[str, int]]:
    return {
        str(path.relative_to(root)): (
            hashlib.sha256(path.read_bytes()).hexdigest(),
            path.stat().st_mtime_ns,
        )
        for path in sorted(root.rglob("*"))
        if path.is_file() and "derived" not in path.parts
    }


def make_old_lake(root: Path) -> None:
    """Make a lake as the program did before it had these tables and told the lake its order."""
    root.mkdir(parents=True)
    connection = lake.connect(root, create=True)
    connection.execute("BEGIN")
    for spec in TABLES.values():
        if spec.name not in LATER:
            columns = ", ".join(
                f"{c.name} {c.type}{' NOT NULL' if c.required else ''}" for c in spec.columns
            )
            connection.execute(f"CREATE TABLE lake.{spec.name} ({columns})")
            if spec.by_year:
                connection.execute(
                    f"ALTER TABLE lake.{spec.name} SET PARTITIONED BY (year({spec.by_year}))"
                )
    connection.execute("COMMIT")
    for close in (10.0, 11.0):
        connection.execute(
            "INSERT INTO lake.bars SELECT '600000.SH', DATE '2026-05-11' + range::INTEGER, "
            f"{close}, {close}, {close}, {close}, NULL, NULL, 'raw', 'old.csv', TIMESTAMPTZ "
            f"'2026-06-01' FROM range({int(close) - 10} * 2, {int(close) - 10} * 2 + 2)"
        )
    connection.close()
    listed = [f"{digest}  {path}" for path, digest in hashed(root).items()]
    (root / SUMS).write_text("\n".join([*listed, f"# complete before file {len(listed)}", ""]))


@pytest.fixture(scope="module")
def old_lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("old") / "data_cache"
    make_old_lake(root)
    return root


@pytest.fixture(scope="module")
def full_lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("full") / "data_cache"
    with Store.create(root) as store:
        store.commit(bars(bar("600000.SH", MONDAY), bar("000001.SZ", MONDAY)), message="first")
        store.commit(bars(bar("600000.SH", TUESDAY, 11.0)), message="second")
    return root


@pytest.fixture
def old(old_lake: Path, tmp_path: Path) -> Path:
    return copied(old_lake, tmp_path / "old" / "data_cache")


@pytest.fixture
def root(full_lake: Path, tmp_path: Path) -> Path:
    return copied(full_lake, tmp_path / "data_cache")


@pytest.fixture
def store(root: Path) -> Iterator[Store]:
    with Store.open(root) as opened:
        yield opened


def copied(source: Path, target: Path) -> Path:
    shutil.copytree(source, target)
    return target


# Tables that came later


def test_tables_that_an_old_lake_lacks_are_empty(old: Path) -> None:
    before = fingerprint(old)
    with Store.open(old) as store:
        for name in LATER:
            found = store.read(name)
            assert tuple(found.column_names) == TABLES[name].column_names
            assert [str(item) for item in found.schema.types] == [
                str(ARROW[column.type]) for column in TABLES[name].columns
            ]
            assert found.num_rows == 0
        assert store.read(TableName.FUNDAMENTALS, listings=["600000.SH"]).num_rows == 0
        assert store.read(TableName.CALENDAR, start=MONDAY, end=TUESDAY).num_rows == 0
        assert store.last_session(TableName.CALENDAR) is None
        assert store.last_session(TableName.FUNDAMENTALS, suffixes=(".SH",)) is None
        counted = {item.table: (item.rows, item.first) for item in store.coverage()}
        assert list(counted) == list(TABLES)
        assert {counted[name] for name in LATER} == {(0, None)}
        assert counted[TableName.BARS] == (4, MONDAY)
        assert store.simulated() is False
        found = store.dry_run(closed_days(MONDAY, TUESDAY)).changes[0]
        assert (found.added, found.changed) == (2, 0)
    assert fingerprint(old) == before


def test_a_commit_makes_the_tables_that_an_old_lake_lacks(old: Path) -> None:
    with Store.open(old) as store:
        before = store.version
        done = store.commit(closed_days(MONDAY), message="calendar")
        assert done.changed
        assert store.read(TableName.CALENDAR).num_rows == 1
    with Store.open(old, version=before) as store:
        assert store.read(TableName.CALENDAR).num_rows == 0
        assert len(closes(store)) == 4
        assert store.coverage()
    with VersionComparison.open(old, before, done.version) as compared:
        assert compared.compare(TableName.CALENDAR).added == 1
        assert not compared.compare(TableName.BARS).differs
    with VersionComparison.open(old, done.version, before) as compared:
        assert compared.compare(TableName.CALENDAR).removed == 1


def test_the_tables_are_made_once(old: Path) -> None:
    Store.create(old).close()
    with Store.create(old) as store:
        version = store.version
        assert store.read(TableName.FETCHES).num_rows == 0
    with Store.create(old) as store:
        assert store.version == version


def test_an_old_lake_is_compacted_in_order(old: Path) -> None:
    with Store.open(old) as store:
        before = closes(store)
        done = store.compact(now=FETCHED, pinned=lambda: NO_PINS)
        assert done.newest_after.files == 1
        assert closes(store) == before
    assert damaged_files(old) == ()


def test_a_variable_of_the_caller_is_no_table(old: Path) -> None:
    calendar = pa.table({"exchange": ["SH"]})
    with lake.storage_errors(old), pytest.raises(lake.Error, match="calendar"):
        lake.connect(old).execute("FROM lake.calendar")
    assert calendar.num_rows == 1


@pytest.mark.parametrize("source", [SIMULATED, "real.csv"])
def test_simulated_is_told_of_the_version_read(tmp_path: Path, source: str) -> None:
    root = tmp_path / "data_cache"
    with Store.create(root) as store:
        store.commit(bars(bar("600000.SH", MONDAY) | {"source": source}), message="first")
        assert store.simulated() is (source == SIMULATED)
    with Store.open(root, version=1) as store:
        assert store.simulated() is False


# Opening


def test_opening_and_reading_write_nothing(root: Path) -> None:
    before = fingerprint(root)
    for version in (None, 1, 2):
        with Store.open(root, version=version) as store:
            store.coverage()
    assert damaged_files(root) == ()
    with VersionComparison.open(root, 1, 3) as compared:
        assert compared.compare(TableName.BARS).added == 3
    assert fingerprint(root) == before


def test_a_catalog_without_a_lake_is_not_made_one(tmp_path: Path) -> None:
    root = tmp_path / "data_cache"
    root.mkdir()
    catalog = root / "catalog.sqlite"
    link = sqlite3.connect(catalog)
    link.executescript("CREATE TABLE other (c); INSERT INTO other VALUES (1);")
    link.close()
    before = catalog.read_bytes()
    for attempt in (Store.open, damaged_files):
        with pytest.raises(DataError, match="no market data yet"):
            attempt(root)
    assert catalog.read_bytes() == before


# Checksums


def sums(root: Path) -> dict[str, str]:
    lines = (root / SUMS).read_text().splitlines()
    pairs = [line.split("  ") for line in lines if not line.startswith("#")]
    return {path: digest for digest, path in pairs}


def hashed(root: Path) -> dict[str, str]:
    return {
        path.relative_to(root / "data").as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in data_files(root)
    }


def late(root: Path) -> list[str]:
    lines = (root / SUMS).read_text().splitlines()
    marks = [at for at, line in enumerate(lines) if line.startswith("# recorded late")]
    return [lines[at + 1].split("  ")[1] for at in marks]


def checked_by_the_system(root: Path) -> int:
    command = shutil.which("sha256sum")
    if command is None:
        pytest.skip("no sha256sum command")
    return subprocess.run(
        [command, "--check", "--strict", "--quiet", f"../{SUMS}"],
        cwd=root / "data",
        capture_output=True,
        check=False,
    ).returncode


def test_every_file_has_its_hash(store: Store, root: Path) -> None:
    assert sums(root) == hashed(root)
    before = (root / SUMS).read_bytes()
    store.commit(bars(bar("600000.SH", MONDAY, 12.0)), message="a change and a delete file")
    assert len(hashed(root)) == len(data_files(root)) == 4
    assert sums(root) == hashed(root)
    assert (root / SUMS).read_bytes().startswith(before)
    assert late(root) == []
    assert checked_by_the_system(root) == 0
    assert damaged_files(root) == ()
    before = (root / SUMS).read_bytes()
    store.commit(bars(bar("600000.SH", MONDAY, 12.0)), message="nothing new")
    assert (root / SUMS).read_bytes() == before


def test_a_commit_that_was_not_recorded_is_by_the_next(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch, Store.open(root) as store:
        patch.setattr(store_module, "record_files", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            store.commit(bars(bar("600000.SH", WEDNESDAY)), message="killed after the commit")
    (new,) = set(hashed(root)) - set(sums(root))
    assert damaged_files(root) == (DamagedFile(path=new, damage=Damage.UNRECORDED),)
    with Store.open(root) as store:
        store.commit(bars(bar("600000.SH", MONDAY, 13.0)), message="next")
    assert sums(root) == hashed(root)
    assert late(root) == [new]
    assert damaged_files(root) == ()
    assert checked_by_the_system(root) == 0


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def torn(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-3])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def filled_with_zeros(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0" * 200)


@pytest.mark.parametrize("damage", [torn, filled_with_zeros])
def test_a_list_whose_last_line_was_not_finished_is_mended(
    root: Path, damage: Callable[[Path], object]
) -> None:
    damage(root / SUMS)
    with Store.open(root) as store:
        store.commit(bars(bar("600000.SH", WEDNESDAY)), message="next")
    assert sums(root) == hashed(root)
    assert checked_by_the_system(root) == 0


def replaced_by_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def without_the_oldest(path: Path) -> None:
    lines = path.read_text().splitlines(keepends=True)
    oldest = next(at for at, line in enumerate(lines) if not line.startswith("#"))
    path.write_text("".join([*lines[:oldest], *lines[oldest + 1 :]])[:-3])


@pytest.mark.parametrize("damage", [without_the_oldest, emptied, Path.unlink, replaced_by_a_folder])
def test_a_lost_list_is_told_and_never_made_anew_silently(
    root: Path, damage: Callable[[Path], object]
) -> None:
    damage(root / SUMS)
    after = fingerprint(root)
    with pytest.raises(StorageDamaged, match=r"SHA256SUMS is gone or cut") as caught:
        Store.open(root)
    assert "--rebuild-hashes" in caught.value.fix
    with pytest.raises(StorageDamaged, match=r"SHA256SUMS is gone or cut"), Store.create(root):
        pass
    assert fingerprint(root) == after


def test_a_catalog_put_back_from_a_copy(root: Path) -> None:
    catalog = root / "catalog.sqlite"
    copy = catalog.read_bytes()
    with Store.open(root) as store:
        store.commit(bars(bar("600000.SH", WEDNESDAY)), message="lost")
    catalog.write_bytes(copy)
    with Store.open(root) as store:
        store.commit(bars(bar("600000.SH", MONDAY, 14.0)), message="instead")
        assert (("600000.SH", WEDNESDAY) in closes(store)) is False
    assert sums(root) == hashed(root)
    assert damaged_files(root) == ()


def test_a_list_that_cannot_be_written_is_remarked(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch, Store.open(root) as store:
        patch.setattr(checksums.os, "fsync", full)
        done = store.commit(bars(bar("600000.SH", WEDNESDAY)), message="landed")
        assert ("600000.SH", WEDNESDAY) in closes(store)
    assert done.changed
    assert len(done.remarks) == 1
    assert "the next commit does it" in done.remarks[0]


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("harm", "damage"),
    [
        (cut, Damage.CHANGED),
        (flip_a_bit, Damage.CHANGED),
        (emptied, Damage.CHANGED),
        (Path.unlink, Damage.MISSING),
    ],
)
def test_damaged_files_are_found(
    root: Path, harm: Callable[[Path], object], damage: Damage
) -> None:
    assert damaged_files(root) == ()
    path = data_files(root)[0]
    harm(path)
    named = path.relative_to(root / "data").as_posix()
    assert damaged_files(root) == (DamagedFile(path=named, damage=damage),)
    assert checked_by_the_system(root) != 0


def test_damage_to_a_file_of_an_old_version_is_found(root: Path) -> None:
    files = set(data_files(root))
    with Store.open(root) as store:
        replaced = bars(*(bar("600000.SH", day, 20.0) for day in (MONDAY, TUESDAY)))
        store.commit(replaced, message="replaces a whole file")
    for path in files:
        flip_a_bit(path)
    assert len(damaged_files(root)) == len(files)


@pytest.mark.parametrize("name", ["a #b %41 'c\" 中文", "a?b*c[d];e=f{g}"])
def test_odd_paths(full_lake: Path, tmp_path: Path, name: str) -> None:
    root = copied(full_lake, tmp_path / name / "data_cache")
    with Store.open(root) as store:
        before = store.version
        store.commit(bars(bar("600000.SH", MONDAY, 11.0)), message="first")
        done = store.compact(
            now=FETCHED + timedelta(days=36_500), keep=timedelta(0), pinned=lambda: NO_PINS
        )
        assert done.changed
        assert len(closes(store)) == 3
    assert damaged_files(root) == ()
    assert sums(root) == hashed(root)
    assert checked_by_the_system(root) == 0
    with pytest.raises(InputError, match=f"data version {before} has expired"):
        Store.open(root, version=before)
    assert [path.name for path in tmp_path.iterdir()] == [name]


# Leftovers


def test_files_of_an_ended_writer_are_removed_by_the_next(root: Path) -> None:
    folder = root / "data" / "main" / "bars" / "year=2026"
    stray = folder / "ducklake-01a1fe77-0000-7000-8000-000000000000.parquet"
    stray.write_bytes(b"half a file")
    own = folder / "notes.parquet"
    own.write_bytes(b"what the user put there")
    with Store.open(root) as store:
        assert stray.exists(), "reading removes nothing"
        before = closes(store)
        store.commit(bars(bar("600000.SH", MONDAY)), message="nothing new")
        assert not stray.exists()
        assert closes(store) == before
    assert own.read_bytes() == b"what the user put there"
    assert damaged_files(root) == ()


def test_leftovers_are_removed_by_name_through_a_link(root: Path, tmp_path: Path) -> None:
    real = tmp_path / "elsewhere"
    (root / "data").rename(real)
    (root / "data").symlink_to(real, target_is_directory=True)
    with Store.open(root) as store:
        before = closes(store)
        store.commit(bars(bar("600000.SH", WEDNESDAY)), message="next")
        assert len(closes(store)) == len(before) + 1


# Values that do not fit


@pytest.mark.parametrize(
    ("size", "kind", "shown"),
    [(100.5, pa.float64(), "100.5"), (100.25, pa.float32(), "100.25")],
)
def test_a_fraction_of_a_share_is_not_rounded(
    store: Store, size: float, kind: pa.DataType, shown: str
) -> None:
    with pytest.raises(SchemaMismatch, match="column lot of table board_lots") as caught:
        store.commit(lots(size, kind), message="lossy")
    assert shown in caught.value.what
    assert "whole numbers" in caught.value.fix
    with pytest.raises(SchemaMismatch, match="BIGINT"):
        store.dry_run(lots(size, kind))
    assert store.read(TableName.BOARD_LOTS).num_rows == 0


@pytest.mark.parametrize(
    ("size", "kind"),
    [
        (100.0, pa.float64()),
        (100, pa.int16()),
        (100, pa.decimal128(10, 2)),
        ("100", pa.string()),
        ("100", pa.dictionary(pa.int8(), pa.string())),
    ],
)
def test_a_value_that_fits_is_taken(store: Store, size: object, kind: pa.DataType) -> None:
    store.commit(lots(size, kind), message="exact")
    assert store.read(TableName.BOARD_LOTS).column("lot").to_pylist() == [100]


def test_an_integer_beyond_a_float_is_not_rounded(store: Store) -> None:
    whole = bar("600519.SH", MONDAY) | {"volume": 2**53 + 1}
    rows = table(TableName.BARS, [whole], volume=pa.int64())
    with pytest.raises(SchemaMismatch, match=str(2**53 + 1)):
        store.commit(Batch(tables={TableName.BARS: rows}), message="lossy")


def test_a_day_does_not_lose_its_time(store: Store) -> None:
    noon = bar("600519.SH", MONDAY) | {"session": datetime(2026, 5, 11, 12)}  # noqa: DTZ001
    rows = table(TableName.BARS, [noon], session=pa.timestamp("us"))
    with pytest.raises(SchemaMismatch, match="column session"):
        store.commit(Batch(tables={TableName.BARS: rows}), message="lossy")
    midnight = noon | {"session": datetime(2026, 5, 11)}  # noqa: DTZ001
    rows = table(TableName.BARS, [midnight], session=pa.timestamp("ns"))
    assert store.commit(Batch(tables={TableName.BARS: rows}), message="exact").changed


# Differences


def test_differences_by_value(store: Store, root: Path) -> None:
    before = store.version
    store.commit(
        Batch(
            tables={
                TableName.BARS: table(
                    TableName.BARS,
                    [
                        bar("600000.SH", MONDAY, 12.0) | {"source": "other.csv"},
                        bar("600000.SH", WEDNESDAY),
                    ],
                )
            }
        ),
        message="changed and added",
    )
    with VersionComparison.open(root, before, store.version) as compared:
        diff = compared.compare(TableName.BARS)
        assert (diff.added, diff.changed, diff.removed, diff.provenance) == (1, 1, 0, 0)
        assert diff.listings == {"600000.SH"}
        told = list(compared.changes(TableName.BARS))
        assert not compared.compare(TableName.STATUS).differs
        assert list(compared.changes(TableName.STATUS)) == []
    assert [(item.key, item.change, item.column, item.old, item.new) for item in told[:5]] == [
        ("600000.SH 2026-05-11", Change.CHANGED, "open", 10.0, 12.0),
        ("600000.SH 2026-05-11", Change.CHANGED, "high", 10.0, 12.0),
        ("600000.SH 2026-05-11", Change.CHANGED, "low", 10.0, 12.0),
        ("600000.SH 2026-05-11", Change.CHANGED, "close", 10.0, 12.0),
        ("600000.SH 2026-05-11", Change.PROVENANCE, "source", "bars.csv", "other.csv"),
    ]
    assert (told[5].key, told[5].change) == ("600000.SH 2026-05-13", Change.ADDED)
    assert told[5].old is None
    assert '"close": 10.0' in str(told[5].new)
    assert len(told) == 6
    with VersionComparison.open(root, store.version, before) as compared:
        assert compared.compare(TableName.BARS).removed == 1


def test_rejected_rows_differ_with_the_listings_they_name(store: Store, root: Path) -> None:
    before = store.version
    rejected: dict[str, object] = {
        "table_name": "bars",
        "file": "bars.csv",
        "session": MONDAY,
        "reason": "no price",
        "row": "{}",
        "fetched_at": FETCHED,
    }
    rows = [rejected | {"line": 2, "listing": "600000.SH"}, rejected | {"line": 3, "listing": None}]
    store.commit(
        Batch(tables={TableName.QUARANTINE: table(TableName.QUARANTINE, rows)}), message="rejected"
    )
    for sides in ((before, store.version), (store.version, before)):
        with VersionComparison.open(root, *sides) as compared:
            diff = compared.compare(TableName.QUARANTINE)
            assert diff.added + diff.removed == 2
            assert diff.listings == {"600000.SH"}
            assert len(list(compared.changes(TableName.QUARANTINE))) == 2


def test_a_row_that_was_only_moved_is_no_difference(store: Store, root: Path) -> None:
    store.commit(bars(bar("600000.SH", MONDAY, 12.0)), message="a correction")
    before = store.version
    done = store.compact(now=FETCHED, pinned=lambda: NO_PINS)
    assert done.version > before
    with VersionComparison.open(root, before, done.version) as compared:
        assert not any(compared.compare(name).differs for name in TABLES)


def test_differences_are_looked_for_in_the_years_of_files_that_are_not_shared(
    store: Store, root: Path
) -> None:
    years = [date(year, 6, 10) for year in (2023, 2024, 2025)]
    first = store.commit(bars(*(bar("600000.SH", day) for day in years)), message="years").version
    moved = bar("600000.SH", years[0]) | {"open": 9.5, "low": 9.5}
    later = bar("600000.SH", years[0]) | {"open": 9.5, "low": 9.5, "source": "other.csv"}
    added = [bar("600519.SH", day) for day in (years[2], years[0])]
    second = store.commit(bars(moved, *added), message="two of them").version
    third = store.commit(
        Batch(tables=bars(later).tables, replaces=frozenset({"600000.SH"})), message="one"
    ).version
    parts = differing_parts(store._connection, second, first)
    assert parts == {
        "bars": tuple(
            f"session BETWEEN '{day}'::DATE AND '{day}'::DATE" for day in (years[0], years[2])
        )
    }
    assert differing_parts(store._connection, second, second) == {}
    with VersionComparison.open(root, first, third) as compared:
        diff = compared.compare(TableName.BARS)
        told = list(compared.changes(TableName.BARS))
    assert (diff.added, diff.changed, diff.removed) == (2, 1, 4)
    days = [item.key.split()[1] for item in told]
    assert days == sorted(days)


def test_what_is_only_from_elsewhere_comes_last(store: Store, root: Path) -> None:
    days = [date(year, 6, 10) for year in (2023, 2024)]
    before = store.commit(bars(bar("600000.SH", days[0])), message="one").version
    other = {"source": "other.csv"}
    store.commit(bars(bar("600000.SH", days[0], 12.0) | other), message="another close")
    store.commit(bars(*(bar("600000.SH", day) | other for day in days)), message="as it was")
    with VersionComparison.open(root, before, store.version) as compared:
        diff = compared.compare(TableName.BARS)
        told = [(item.change, item.key) for item in compared.changes(TableName.BARS)]
    assert (diff.added, diff.changed, diff.removed, diff.provenance) == (1, 0, 0, 1)
    assert told == [
        (Change.ADDED, f"600000.SH {days[1]}"),
        (Change.PROVENANCE, f"600000.SH {days[0]}"),
    ]


def test_rows_that_a_merge_has_lost_are_in_the_versions_before(store: Store, root: Path) -> None:
    early, late = date(2025, 5, 12), date(2026, 5, 20)
    whole = [bar("600000.SH", early), bar("600519.SH", early), bar("600519.SH", late)]
    before = store.commit(bars(*whole), message="whole").version
    content = store.content()
    names = frozenset({"600000.SH", "600519.SH"})
    after = Batch(tables=bars(bar("600000.SH", early)).tables, replaces=names)
    lost = store.commit(after, message="replaced").version
    store.compact(now=FETCHED, pinned=lambda: NO_PINS)
    with Store.open(root, version=before) as old:
        every = old.read(TableName.BARS).num_rows
        assert old.read(TableName.BARS, start=date(2000, 1, 1)).num_rows == every
        assert old.read(TableName.BARS, start=late).num_rows == 1
        assert old.recent_spans(["600519.SH"], late)["600519.SH"].last == late
    with VersionComparison.open(root, before, lost) as compared:
        assert (
            compared.compare(TableName.BARS).removed == every - store.read(TableName.BARS).num_rows
        )
    store.restore(before)
    assert store.content() == content


@pytest.mark.parametrize("versions", [(1, 99), (99, 1), (0, 1), (-1, 1)])
def test_versions_to_compare_must_exist(root: Path, versions: tuple[int, int]) -> None:
    with pytest.raises(InputError, match="no data version") as caught:
        VersionComparison.open(root, *versions)
    assert "the newest is 3" in caught.value.what
