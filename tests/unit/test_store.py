"""The store: what lands, what is refused, what a reader sees, and what damage gets.

What asks for a `folder` concerns the files of a lake in a folder; the soak holds all else of a lake
for many too.
"""

from __future__ import annotations

import hashlib
import io
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path, PurePath
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from filelock import FileLock

from screener.data.lake import guards
from screener.data.lake import store as store_module
from screener.data.lake.batch import Batch, Reject
from screener.data.lake.merge import TableChange, quarantine_rows
from screener.data.lake.schema import SIMULATED, TABLES, Basis, TableName
from screener.data.lake.store import BarRange, Store
from screener.errors import (
    DataError,
    InputError,
    SchemaMismatch,
    StorageBusy,
    StorageDamaged,
    StorageError,
)
from screener.files.place import Place

ARROW = {
    "VARCHAR": pa.string(),
    "DATE": pa.date32(),
    "DOUBLE": pa.float64(),
    "BIGINT": pa.int64(),
    "BOOLEAN": pa.bool_(),
    "TIMESTAMP WITH TIME ZONE": pa.timestamp("us", tz="UTC"),
}
FETCHED = datetime(2026, 6, 1, tzinfo=UTC)
MONDAY, TUESDAY, WEDNESDAY = (date(2026, 5, day) for day in (11, 12, 13))
LAST_YEAR = date(2025, 12, 31)

Row = dict[str, Any]


def table(name: TableName, rows: Sequence[Row], **common: Any) -> pa.Table:
    origin = {"source": "bars.csv", "fetched_at": FETCHED} | common
    spec = TABLES[name]
    schema = pa.schema([(item.name, ARROW[item.type]) for item in spec.columns])
    full = [dict.fromkeys(spec.column_names) | origin | row for row in rows]
    return pa.Table.from_pylist(full, schema=schema)


def bar(listing: str, session: date, close: float = 10.0, basis: Basis = Basis.RAW) -> Row:
    prices = dict.fromkeys(("open", "high", "low", "close"), close)
    return {"listing": listing, "session": session, **prices, "basis": str(basis)}


def bars(*rows: Row, **common: Any) -> Batch:
    return Batch(tables={TableName.BARS: table(TableName.BARS, rows, **common)})


def put(root: Path | Place, batch: Batch) -> tuple[int, tuple[TableChange, ...]]:
    with Store.open(root) as store:
        done = store.commit(batch, message="test")
    return done.version, done.changes


def change(changes: tuple[TableChange, ...]) -> tuple[int, int, int, int]:
    (only,) = changes
    return only.added, only.changed, only.removed, only.unchanged


def closes(store: Store) -> dict[tuple[str, date], float]:
    rows = store.read(TableName.BARS).to_pylist()
    found = {(row["listing"], row["session"]): row["close"] for row in rows}
    assert len(found) == len(rows)
    return found


def data_files(folder: Path) -> list[Path]:
    return sorted((folder / "data").rglob("*.parquet"))


def fill(root: Path | Place) -> None:
    """Write three bars of two listings, as version 2."""
    batch = bars(
        bar("600000.SH", TUESDAY, 11.0), bar("600000.SH", MONDAY), bar("000001.SZ", LAST_YEAR)
    )
    assert put(root, batch)[0] == 2


@pytest.fixture(scope="module")
def empty_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("empty") / "data_cache"
    Store.create(folder).close()
    return folder


@pytest.fixture(scope="module")
def full_folder(empty_folder: Path) -> Path:
    folder = empty_folder.with_name("full")
    shutil.copytree(empty_folder, folder)
    fill(folder)
    return folder


@pytest.fixture
def folder(full_folder: Path, tmp_path: Path) -> Path:
    target = tmp_path / "data_cache"
    shutil.copytree(full_folder, target)
    return target


@pytest.fixture
def empty_lake(empty_folder: Path) -> Place:
    return Place(empty_folder)


@pytest.fixture
def fresh(empty_folder: Path, tmp_path: Path) -> Callable[[], Place]:
    """Make an empty lake at each call."""
    turn = count()
    return lambda: Place(shutil.copytree(empty_folder, tmp_path / f"{next(turn)}" / "data_cache"))


@pytest.fixture
def root(folder: Path) -> Place:
    return Place(folder)


@pytest.fixture
def store(root: Place) -> Iterator[Store]:
    with Store.open(root) as opened:
        yield opened


@pytest.fixture
def stored(root: Place) -> Callable[[], dict[str, bytes]]:
    """Read all data files, by their names."""
    return lambda: {str(path): path.read_bytes() for path in data_files(root.folder)}


@pytest.fixture
def fingerprint(root: Place) -> Callable[[], dict[str, str]]:
    """Tell what the whole lake is, to the byte."""
    return lambda: {
        str(path.relative_to(root.folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.folder.rglob("*"))
        if path.is_file() and path.name != "verified.json"  # what was found right, remembered
    }


# Opening


def test_no_lake_yet(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no market data yet") as caught:
        Store.open(tmp_path / "data_cache")
    assert "screener data import" in caught.value.fix
    assert not (tmp_path / "data_cache").exists()


def begun(root: Path) -> None:
    (root / "catalog.sqlite").touch()


def begun_and_rolled_back(root: Path) -> None:
    link = sqlite3.connect(root / "catalog.sqlite")
    link.executescript("CREATE TABLE t (c); DROP TABLE t;")
    link.close()


def without_tables(root: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store_module, "make_tables", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            Store.create(root)


@pytest.mark.parametrize("state", [begun, begun_and_rolled_back, without_tables])
def test_a_first_import_that_was_killed(tmp_path: Path, state: Any) -> None:
    root = tmp_path / "data_cache"
    root.mkdir()
    state(root)
    with pytest.raises(DataError, match="no market data yet"):
        Store.open(root).coverage()
    with Store.create(root) as store:
        assert store.commit(bars(bar("600000.SH", MONDAY)), message="again").changed


def test_created_lake_has_every_table_and_no_row(empty_lake: Place) -> None:
    with Store.open(empty_lake) as store:
        for name, spec in TABLES.items():
            found = store.read(name)
            assert tuple(found.column_names) == spec.column_names
            assert found.num_rows == 0
        assert [item.rows for item in store.coverage()] == [0] * len(TABLES)
        assert store.last_session(TableName.BARS) is None
        assert store.last_available((".SH", ".SZ")) is None
        assert store.simulated() is False


def test_creating_again_keeps_everything(root: Place) -> None:
    with Store.open(root) as before, Store.create(root) as after:
        assert after.version == before.version == 2
        assert after.read(TableName.BARS).equals(before.read(TableName.BARS))


@pytest.mark.parametrize("version", [-1, 3, 99, 2**70])
def test_unknown_version(root: Place, version: int) -> None:
    with pytest.raises(InputError, match=f"no data version {version}; the newest is 2") as caught:
        Store.open(root, version=version)
    assert "screener data status" in caught.value.fix


def test_version_before_there_were_tables(root: Place) -> None:
    with pytest.raises(InputError, match="no data version 0"):
        Store.open(root, version=0).coverage()


@pytest.mark.parametrize("name", ["a #b %41", "a'b\"c", "中文 ~", "a?b*c[d];e=f{g}"])
def test_odd_paths(empty_folder: Path, tmp_path: Path, name: str) -> None:
    root = tmp_path / name / "data_cache"
    shutil.copytree(empty_folder, root)
    with Store.create(root) as store:
        store.commit(bars(bar("600000.SH", MONDAY)), message="first")
        done = store.commit(bars(bar("600000.SH", MONDAY, 11.0)), message="second")
        assert change(done.changes) == (0, 1, 0, 0)
    with Store.open(root) as store:
        assert closes(store) == {("600000.SH", MONDAY): 11.0}
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert data_files(root)


def test_moved_folder_still_opens(folder: Path, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere" / "data"
    moved.parent.mkdir()
    folder.rename(moved)
    put(moved, bars(bar("600000.SH", WEDNESDAY)))
    with Store.open(moved) as store:
        assert len(closes(store)) == 4
    assert not folder.exists()


# Reading


def test_rows_come_in_sort_order_and_by_filter(store: Store) -> None:
    rows = store.read(TableName.BARS).select(["session", "listing"]).to_pylist()
    assert [tuple(row.values()) for row in rows] == [
        (LAST_YEAR, "000001.SZ"),
        (MONDAY, "600000.SH"),
        (TUESDAY, "600000.SH"),
    ]
    assert store.read(TableName.BARS, listings=["000001.SZ"]).num_rows == 1
    assert store.read(TableName.BARS, listings=[]).num_rows == 0
    assert store.read(TableName.BARS, listings=["x' OR '1'='1"]).num_rows == 0
    assert store.read(TableName.BARS, start=MONDAY, end=MONDAY).num_rows == 1
    assert store.read(TableName.BARS, start=TUESDAY, end=MONDAY).num_rows == 0


def test_types_of_the_columns_read(store: Store) -> None:
    found = store.read(TableName.BARS)
    assert found.schema.field("session").type == pa.date32()
    assert found.column("volume").null_count == 3  # empty stays empty, never 0
    assert found.column("fetched_at")[0].as_py() == FETCHED


def test_last_session(store: Store) -> None:
    assert store.last_session(TableName.BARS) == TUESDAY
    assert store.last_session(TableName.BARS, on_or_before=MONDAY) == MONDAY
    assert store.last_session(TableName.BARS, suffixes=(".SZ", ".BJ")) == LAST_YEAR
    assert store.last_session(TableName.BARS, suffixes=(".HK",)) is None
    assert store.last_session(TableName.STATUS) is None
    bound = {"on_or_before": LAST_YEAR, "suffixes": (".SH",)}
    assert store.last_session(TableName.BARS, **bound) is None
    assert store.last_session(TableName.BARS, suffixes=(".SH",)) == TUESDAY
    store.commit(bars(bar("00700.HK", MONDAY)), message="another exchange")
    assert store.last_session(TableName.BARS, suffixes=(".HK",)) == MONDAY


def test_last_available_session_looks_past_indices(store: Store) -> None:
    indices = bars(
        *(bar(index, WEDNESDAY) for index in ("000300.SH", "399001.SZ", "HSI.HK")),
        bar("00700.HK", MONDAY),
    )
    store.commit(indices, message="indices")
    assert store.last_session(TableName.BARS) == WEDNESDAY
    assert store.last_available((".SH", ".SZ", ".BJ")) == TUESDAY
    assert store.last_available((".SZ",)) == LAST_YEAR
    assert store.last_available((".HK",)) == MONDAY
    assert store.last_available((".BJ",)) is None


@pytest.mark.parametrize("harm", ["none", "bytes", "another lake", "no JSON", "folder"])
def test_the_kept_last_sessions_are_believed_of_these_bars_alone(
    store: Store, fresh: Callable[[], Place], harm: str
) -> None:
    assert store.last_available((".SH",)) == TUESDAY
    path = store.place.folder / "derived" / "last-sessions.json"
    before = path.read_bytes()
    if harm == "bytes":
        path.write_bytes(before.replace(str(TUESDAY).encode(), str(WEDNESDAY).encode()))
    elif harm == "no JSON":
        path.write_bytes(b"\xff" + before)
    elif harm == "folder":
        path.unlink()
        path.mkdir()
    elif harm == "another lake":
        with Store.open(fresh()) as other:
            other.commit(bars(bar("600000.SH", WEDNESDAY)), message="more")
            assert other.last_available((".SH",)) == WEDNESDAY
        path.write_bytes((other.place.folder / "derived" / "last-sessions.json").read_bytes())
    else:
        store.commit(bars(bar("600000.SH", WEDNESDAY)), message="more")
        assert store.last_available((".SH",)) == WEDNESDAY
        assert path.read_bytes() != before
        return
    with Store.open(store.place) as again:
        assert again.last_available((".SH",)) == TUESDAY
    assert harm == "folder" or path.read_bytes() == before


def test_the_kept_last_sessions_spare_reading_the_bars(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert store.last_available((".SH", ".BJ")) == TUESDAY
    monkeypatch.setattr(Store, "_found_last_sessions", lambda _: pytest.fail("read again"))
    with Store.open(store.place) as again:
        assert again.last_available((".SH",)) == TUESDAY
        assert again.last_available((".BJ",)) is None


def test_few_rows_are_read_once_and_those_of_each_version_by_themselves(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = store.read(TableName.BARS, listings=["600000.SH"])
    assert store.read(TableName.BARS, listings=["600000.SH"]) is first
    store.commit(bars(bar("600000.SH", WEDNESDAY)), message="more")
    assert store.read(TableName.BARS, listings=["600000.SH"]).num_rows == first.num_rows + 1
    monkeypatch.setattr("screener.data.lake.reading._KNOWN_ROWS", 2_500)
    for name in ("a", "b", "c", "d"):
        store.read(TableName.BARS, listings=[name])
    assert len(store._known) < 3


def test_spans(store: Store) -> None:
    store.commit(bars(bar("000002.SZ", MONDAY, basis=Basis.ADJUSTED)), message="adjusted")
    assert store.spans(["600000.SH", "000002.SZ", "999999.SH"]) == {
        "600000.SH": BarRange(first=MONDAY, last=TUESDAY, basis=Basis.RAW),
        "000002.SZ": BarRange(first=MONDAY, last=MONDAY, basis=Basis.ADJUSTED),
    }


def test_spans_of_many_listings_are_those_of_each(store: Store) -> None:
    many = [f"{number:06d}.SZ" for number in range(2, 200)]
    store.commit(bars(*(bar(name, MONDAY) for name in many)), message="many")
    found = store.spans([*many, "999999.SH"])
    assert sorted(found) == many
    with Store.open(store.place) as again:  # asked for one by one
        assert found == {name: again.spans([name])[name] for name in many}


def test_recent_spans_begin_with_the_day_asked_for(store: Store) -> None:
    names = ["600000.SH", "000001.SZ", "999999.SH"]
    only = BarRange(first=TUESDAY, last=TUESDAY, basis=Basis.RAW)
    assert store.recent_spans(names, TUESDAY) == {"600000.SH": only}
    assert store.recent_spans(names, date.min) == store.spans(names)
    assert store.recent_spans([], MONDAY) == {}


def test_a_span_is_asked_for_once_and_again_at_another_version(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    rows = store._rows
    monkeypatch.setattr(store, "_rows", lambda sql: asked.append(sql) or rows(sql))
    first = store.spans(["600000.SH", "999999.SH"])
    assert store.spans(["999999.SH", "600000.SH"]) == first
    assert len(asked) == 1
    store.commit(bars(bar("600000.SH", WEDNESDAY)), message="more")
    assert store.spans(["600000.SH"])["600000.SH"].last == WEDNESDAY
    assert first["600000.SH"].last == TUESDAY


def test_many_names_are_asked_for_as_few_are(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["600000.SH", "999999.SH"]
    few = store.read(TableName.BARS, listings=names)
    monkeypatch.setattr("screener.data.lake.reading._NAMED", 1)
    assert store.read(TableName.BARS, listings=names).equals(few)
    assert few.num_rows
    unordered = store.read(TableName.BARS, listings=names, ordered=False)
    assert unordered.sort_by([("session", "ascending"), ("listing", "ascending")]).equals(few)


def test_coverage(store: Store) -> None:
    fx = table(TableName.FX, [{"pair": "HKDCNY", "session": MONDAY, "rate": 0.9}], source="fx.csv")
    store.commit(Batch(tables={TableName.FX: fx}), message="fx")
    found = {item.table: item for item in store.coverage()}
    assert list(found) == list(TABLES)
    held = found[TableName.BARS]
    assert (held.rows, held.listings) == (3, 2)
    assert (held.first, held.last, held.sources) == (LAST_YEAR, TUESDAY, ("bars.csv",))
    assert (found[TableName.FX].listings, found[TableName.FX].sources) == (None, ("fx.csv",))
    assert (found[TableName.STATUS].rows, found[TableName.STATUS].first) == (0, None)


# Versions and snapshots


def test_reads_at_a_version(root: Place) -> None:
    with Store.open(root) as store:
        store.commit(bars(bar("600000.SH", MONDAY, 99.0)), message="corrected")
        store.commit(bars(bar("600000.SH", WEDNESDAY)), message="appended")
    seen = {}
    for version in (1, 2, 3, 4):
        with Store.open(root, version=version) as store:
            assert store.version == version
            held = closes(store)
            seen[version] = (len(held), held.get(("600000.SH", MONDAY)))
            counted = {item.table: item.rows for item in store.coverage()}
            assert counted[TableName.BARS] == len(held)
    assert seen == {1: (0, None), 2: (3, 10.0), 3: (3, 99.0), 4: (4, 99.0)}


def test_an_open_store_keeps_its_snapshot(root: Place) -> None:
    with Store.open(root) as reader:
        before = closes(reader)
        put(root, bars(bar("600000.SH", MONDAY, 99.0), bar("600000.SH", WEDNESDAY)))
        assert reader.version == 2
        assert closes(reader) == before
        assert reader.last_session(TableName.BARS) == TUESDAY
        assert reader.spans(["600000.SH"])["600000.SH"].last == TUESDAY
    with Store.open(root) as reader:
        assert len(closes(reader)) == 4


def test_a_writer_sees_what_it_committed(store: Store) -> None:
    done = store.commit(bars(bar("600000.SH", WEDNESDAY)), message="it's a 'quoted' 中文 message")
    assert done.changed
    assert done.version == store.version == 3
    assert len(closes(store)) == 4


def test_importing_again_makes_no_version(store: Store) -> None:
    again = bars(
        bar("600000.SH", TUESDAY, 11.0),
        source="other.csv",
        fetched_at=datetime(2027, 1, 1, tzinfo=UTC),
    )
    done = store.commit(again, message="again")
    assert not done.changed
    assert (done.version, change(done.changes)) == (2, (0, 0, 0, 1))
    assert set(store.read(TableName.BARS).column("source").to_pylist()) == {"bars.csv"}


def test_an_empty_batch_makes_no_version(store: Store) -> None:
    assert store.commit(Batch(tables={}), message="nothing").changes == ()
    assert store.commit(bars(), message="no row").changes == ()
    assert store.version == 2


def test_changed_rows_name_their_new_source(store: Store) -> None:
    store.commit(bars(bar("600000.SH", MONDAY, 12.0), source="fixed.csv"), message="fixed")
    sources = {
        row["session"]: row["source"]
        for row in store.read(TableName.BARS, listings=["600000.SH"]).to_pylist()
    }
    assert sources == {MONDAY: "fixed.csv", TUESDAY: "bars.csv"}


def test_dry_run_counts_alike_and_touches_no_byte(
    root: Place, fingerprint: Callable[[], dict[str, str]]
) -> None:
    batch = bars(
        bar("600000.SH", MONDAY, 12.0), bar("600000.SH", TUESDAY, 11.0), bar("600519.SH", MONDAY)
    )
    before = fingerprint()
    with Store.open(root) as reader:
        foreseen = reader.dry_run(batch)
        assert len(closes(reader)) == 3
    assert fingerprint() == before
    assert foreseen.version == 2
    assert change(foreseen.changes) == (1, 1, 0, 1)
    assert put(root, batch)[1] == foreseen.changes


# Basis


def test_raw_over_raw_merges(store: Store) -> None:
    done = store.commit(bars(bar("600000.SH", WEDNESDAY)), message="raw")
    assert change(done.changes) == (1, 0, 0, 0)
    assert len(closes(store)) == 4


@pytest.mark.parametrize("basis", list(Basis))
def test_a_later_batch_never_removes_what_it_lacks(store: Store, basis: Basis) -> None:
    old = [bar("600519.SH", day, 20.0, basis) for day in (LAST_YEAR, MONDAY, TUESDAY)]
    store.commit(bars(*old), message="old")
    done = store.commit(bars(bar("600519.SH", WEDNESDAY, 6.0, basis)), message="new")
    assert change(done.changes) == (1, 0, 0, 0)
    assert len(store.read(TableName.BARS, listings=["600519.SH"])) == 4


@pytest.mark.parametrize("first", list(Basis))
def test_a_listing_never_holds_two_bases(store: Store, first: Basis) -> None:
    (second,) = set(Basis) - {first}
    store.commit(bars(bar("600519.SH", MONDAY, 20.0, first)), message="old")
    new = bars(bar("600519.SH", MONDAY, 5.0, second), bar("600519.SH", TUESDAY, 5.0, second))
    with pytest.raises(SchemaMismatch, match=r"600519\.SH mix raw and adjusted"):
        store.commit(new, message="new")
    later = bar("600519.SH", date(2027, 5, 11), 5.0, second)  # long after all that is stored
    near = bar("600000.SH", date(2027, 5, 11))
    for also in ((), (near,)):
        with pytest.raises(SchemaMismatch, match=r"600519\.SH mix raw and adjusted"):
            store.commit(bars(later, *also), message="later")
    whole = Batch(tables=new.tables, replaces=frozenset({"600519.SH"}))
    assert change(store.commit(whole, message="whole").changes) == (1, 1, 0, 0)


def test_listings_to_replace_lose_what_the_batch_does_not_bring(store: Store) -> None:
    rows = table(TableName.BARS, [bar("600000.SH", MONDAY)])
    batch = Batch(tables={TableName.BARS: rows}, replaces=frozenset({"600000.SH"}))
    assert change(store.dry_run(batch).changes) == (0, 0, 1, 1)
    assert change(store.commit(batch, message="replace").changes) == (0, 0, 1, 1)
    assert set(closes(store)) == {("600000.SH", MONDAY), ("000001.SZ", LAST_YEAR)}


def test_mixed_bases_of_a_listing_are_refused(store: Store) -> None:
    mixed = bars(bar("600519.SH", MONDAY), bar("600519.SH", TUESDAY, basis=Basis.ADJUSTED))
    with pytest.raises(SchemaMismatch, match=r"600519\.SH mix raw and adjusted"):
        store.commit(mixed, message="mixed")
    assert len(closes(store)) == 3


# Checks


def broken_batches() -> list[Any]:
    good = table(TableName.BARS, [bar("600519.SH", MONDAY)])
    twice = [bar("600519.SH", MONDAY), bar("600519.SH", MONDAY, 9.0)]
    absent = table(TableName.BARS, [bar("600519.SH", MONDAY) | {"close": None}])
    return [
        pytest.param(good.drop_columns(["amount"]), "columns .* are not those", id="missing"),
        pytest.param(good.append_column("x", [[1]]), "columns .* are not those", id="extra"),
        pytest.param(
            good.select([*reversed(good.column_names)]), "columns .* are not those", id="order"
        ),
        pytest.param(
            table(TableName.BARS, twice), r"key 600519\.SH, 2026-05-11 comes 2 times", id="key"
        ),
        pytest.param(absent, "1 rows of table bars have no close", id="required"),
    ]


@pytest.mark.parametrize(("rows", "words"), broken_batches())
def test_rows_that_do_not_fit_change_nothing(root: Place, rows: pa.Table, words: str) -> None:
    names = table(
        TableName.NAMES, [{"listing": "600519.SH", "valid_from": MONDAY, "name": "贵州茅台"}]
    )
    with Store.open(root) as store:
        batch = Batch(tables={TableName.NAMES: names, TableName.BARS: rows})
        for attempt in (store.dry_run, lambda item: store.commit(item, message="bad")):
            with pytest.raises(SchemaMismatch, match=words):
                attempt(batch)
        assert store.version == 2
        # the same store goes on working
        assert store.commit(bars(bar("600519.SH", MONDAY)), message="good").changed
        assert store.read(TableName.NAMES).num_rows == 0


def test_a_value_of_the_wrong_type_is_a_mismatch(store: Store) -> None:
    good = table(TableName.BARS, [bar("600519.SH", MONDAY)])
    at = good.column_names.index("open")
    wrong = good.set_column(at, "open", pa.array(["abc"]))
    with pytest.raises(SchemaMismatch, match="abc"):
        store.commit(Batch(tables={TableName.BARS: wrong}), message="bad")
    assert store.commit(bars(bar("600519.SH", MONDAY)), message="good").changed


def test_all_tables_of_a_batch_land_together(store: Store) -> None:
    status = [{"listing": "600000.SH", "session": MONDAY, "suspended": True}]
    batch = Batch(
        tables={
            TableName.BARS: table(TableName.BARS, [bar("600519.SH", MONDAY)]),
            TableName.STATUS: table(TableName.STATUS, status),
        }
    )
    done = store.commit(batch, message="both")
    assert [(item.table, item.added) for item in done.changes] == [
        (TableName.BARS, 1),
        (TableName.STATUS, 1),
    ]
    (row,) = store.read(TableName.STATUS).to_pylist()
    assert (row["suspended"], row["st"]) == (True, None)


def test_rejects_land_in_quarantine(store: Store) -> None:
    reject = Reject(
        table=TableName.BARS, file="b.csv", line=7, reason="high < low", row='{"code": "\'"}'
    )
    rows = quarantine_rows((reject,), FETCHED)
    for added in (1, 0):
        done = store.commit(Batch(tables={TableName.QUARANTINE: rows}), message="rejects")
        assert done.changes[0].added == added
    (kept,) = store.read(TableName.QUARANTINE).to_pylist()
    assert kept == {
        "table_name": "bars",
        "file": "b.csv",
        "line": 7,
        "listing": None,
        "session": None,
        "reason": "high < low",
        "row": '{"code": "\'"}',
        "fetched_at": FETCHED,
    }


def test_rows_are_sorted_in_every_file(
    store: Store, stored: Callable[[], dict[str, bytes]]
) -> None:
    for close in (1.0, 2.0):
        days = (WEDNESDAY, LAST_YEAR, MONDAY)
        rows = [bar(f"{code}.SH", day, close) for code in (600009, 600001, 600005) for day in days]
        store.commit(bars(*rows), message="unsorted")
    files = {PurePath(name): content for name, content in stored().items()}
    assert {path.parent.name for path in files} == {"year=2025", "year=2026"}
    for path, content in files.items():
        file = pq.ParquetFile(io.BytesIO(content))
        held = file.read().select(["session", "listing"]).to_pylist()
        keys = [tuple(row.values()) for row in held]
        assert keys == sorted(keys)
        assert {f"year={session.year}" for session, _ in keys} == {path.parent.name}


# Simulated and real


def test_simulated_and_real_bars_do_not_mix(fresh: Callable[[], Place]) -> None:
    for first, second in ((SIMULATED, "real.csv"), ("real.csv", SIMULATED)):
        with Store.open(fresh()) as store:
            store.commit(bars(bar("600000.SH", MONDAY), source=first), message="first")
            assert store.simulated() is (first == SIMULATED)
            with pytest.raises(InputError, match="must not share one lake") as caught:
                store.commit(bars(bar("600000.SH", TUESDAY), source=second), message="mix")
            assert "screener init" in caught.value.fix
            assert store.version == 2


def test_simulated_bars_do_not_join_real_fixings(fresh: Callable[[], Place]) -> None:
    rate = [{"pair": "HKDCNY", "session": MONDAY, "rate": 0.9}]
    with Store.open(fresh()) as store:
        store.commit(Batch(tables={TableName.FX: table(TableName.FX, rate)}), message="fx")
        with pytest.raises(InputError, match="must not share one lake"):
            store.commit(bars(bar("600000.SH", MONDAY), source=SIMULATED), message="mix")


def test_a_batch_is_not_half_simulated(store: Store) -> None:
    half = bars(bar("600519.SH", MONDAY), bar("600519.SH", TUESDAY) | {"source": SIMULATED})
    with pytest.raises(InputError, match="must not share one lake"):
        store.commit(half, message="half")


# Other processes


def test_another_writer(folder: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guards, "LOCK_SECONDS", 0.1)
    with (
        FileLock(folder / "write.lock"),
        pytest.raises(StorageBusy, match="another process has been writing") as caught,
    ):
        store.commit(bars(bar("600519.SH", MONDAY)), message="late")
    assert "again" in caught.value.fix
    assert store.commit(bars(bar("600519.SH", MONDAY)), message="now").changed


PROBE = """
import sqlite3, sys
link = sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None)
link.execute("BEGIN EXCLUSIVE")
"""


def catalog_is_free(folder: Path) -> bool:
    # Another process must ask: locks are the process's own.
    command = [sys.executable, "-c", PROBE, str(folder / "catalog.sqlite")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not done.returncode or "locked" in done.stderr, done.stderr
    return done.returncode == 0


def test_an_idle_store_holds_no_lock(folder: Path) -> None:
    with Store.open(folder) as store:
        assert catalog_is_free(folder), "opened"
        store.read(TableName.BARS)
        store.last_session(TableName.BARS)
        store.last_available((".SH",))
        assert catalog_is_free(folder), "read"
        store.coverage()
        assert store.simulated() is False
        assert catalog_is_free(folder), "counted"
        store.dry_run(bars(bar("600519.SH", MONDAY)))
        assert catalog_is_free(folder), "foreseen"
        store.commit(bars(bar("600519.SH", MONDAY)), message="held")
        assert catalog_is_free(folder), "committed"


# Damage


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def scribble(path: Path) -> None:
    path.write_bytes(b"\x00not what it was\xff" * (path.stat().st_size // 17 + 1))


@pytest.mark.parametrize("damage", [cut, scribble])
def test_damaged_catalog(folder: Path, damage: Any) -> None:
    damage(folder / "catalog.sqlite")
    for attempt in (Store.open, Store.create):
        with pytest.raises(StorageDamaged, match="is damaged") as caught:
            attempt(folder)
        assert caught.value.where == str(folder / "catalog.sqlite")
        assert "import again" in caught.value.fix
    assert data_files(folder)


@pytest.mark.parametrize("damage", [cut, scribble, Path.unlink])
def test_damaged_data_file(folder: Path, damage: Any) -> None:
    for path in data_files(folder):
        damage(path)
    batch = bars(bar("600000.SH", MONDAY, 12.0))
    with Store.open(folder) as store:
        for attempt in (
            lambda: store.read(TableName.BARS),
            lambda: store.spans(["600000.SH"]),
            store.simulated,
            lambda: store.dry_run(batch),
            lambda: store.commit(batch, message="over damage"),
        ):
            with pytest.raises(StorageDamaged, match="a file of table bars") as caught:
                attempt()
            assert "screener data restore" in caught.value.fix
        assert store.read(TableName.STATUS).num_rows == 0  # other tables still answer
    with Store.open(folder) as store:
        assert store.version == 2


def test_the_folder_name_is_not_the_cause(full_folder: Path, tmp_path: Path) -> None:
    root = tmp_path / "read-only, disk is full, locked" / "data_cache"
    shutil.copytree(full_folder, root)
    for path in data_files(root):
        path.unlink()
    with Store.open(root) as store, pytest.raises(StorageError, match="is missing") as caught:
        store.read(TableName.BARS)
    assert type(caught.value) is StorageDamaged


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"")])
def test_a_lost_catalog_is_not_begun_anew_beside_the_data(folder: Path, damage: Any) -> None:
    damage(folder / "catalog.sqlite")
    for attempt in (Store.open, Store.create):
        with pytest.raises(StorageDamaged, match=r"catalog\.sqlite"):
            attempt(folder)


def test_a_failed_write_says_why_and_leaves_no_file(folder: Path) -> None:
    new = folder / "data" / "main" / "valuation"
    new.write_text("in the way")
    rows = table(TableName.VALUATION, [{"listing": "600000.SH", "session": MONDAY, "pb": 1.0}])
    files = data_files(folder)
    with Store.open(folder) as store:
        batch = Batch(
            tables={
                TableName.BARS: table(TableName.BARS, [bar("600519.SH", MONDAY)]),
                TableName.VALUATION: rows,
            }
        )
        with pytest.raises(StorageError, match="valuation"):
            store.commit(batch, message="blocked")
        assert len(closes(store)) == 3
        assert data_files(folder) == files
        new.unlink()
        assert store.commit(batch, message="free").changed
