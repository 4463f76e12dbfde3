"""A lake for many, on real servers: the same laws, and what only servers can do to it."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from screener.data.lake import guards, lake, moving
from screener.data.lake.batch import Batch
from screener.data.lake.compaction import Pins
from screener.data.lake.integrity.checksums import damaged_files
from screener.data.lake.integrity.content import Content
from screener.data.lake.integrity.rebuilding import rebuild_hashes
from screener.data.lake.locks import update_lock
from screener.data.lake.moving import copy_lake
from screener.data.lake.schema import TableName
from screener.data.lake.shared.tables import make_small_tables
from screener.data.lake.store import Store
from screener.data.lake.versions import versions_of
from screener.errors import (
    ConfigError,
    DataError,
    InputError,
    ScreenerError,
    StorageBusy,
    StorageDamaged,
    StorageError,
    StorageMissing,
    StorageRefused,
    StorageUnreachable,
)
from screener.files.place import Place
from tests.support.desk import Desk, closes
from tests.support.lake_rows import bar, bars
from tests.unit.test_lake_lock import HOSTILE

FIRST = date(2026, 5, 11)
NO_PINS = Pins(versions=frozenset())
FAR = datetime(2100, 1, 1, tzinfo=UTC)


def put(place: Place, number: int) -> int:
    day = FIRST + timedelta(days=number)
    with Store.create(place) as store:
        return store.commit(bars(bar("600000.SH", day, number + 1.0)), message="day").version


def test_opened_read_appended_compacted_and_verified(place: Place, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no data version"):
        Store.open(place, version=9)
    versions = [put(place, number) for number in range(3)]
    assert closes(place) == [1.0, 2.0, 3.0]
    assert closes(place, versions[0]) == [1.0]
    local = tmp_path / "own"
    with Store.create(local) as own, Store.open(place) as store:
        own.commit(
            bars(*(bar("600000.SH", FIRST + timedelta(days=n), n + 1.0) for n in range(3))),
            message="all",
        )
        assert own.content() == store.content()  # equal rows, equal run ids, wherever they are
        assert store.holds_what_was_committed()
    with Store.open(place) as store:
        done = store.compact(
            now=FAR, keep=timedelta(0), pinned=lambda: Pins(versions=frozenset({versions[0]}))
        )
        assert versions[0] in done.kept
        assert versions[1] in done.expired
        assert store.read(TableName.BARS).num_rows == 3
    assert closes(place, versions[0]) == [1.0]
    assert damaged_files(place) == ()
    assert not list(place.folder.rglob("*.parquet"))
    assert not (place.folder / "catalog.sqlite").exists()


def test_no_lake_yet_and_data_without_their_catalog(
    desk: Desk, place: Place, tmp_path: Path
) -> None:
    bare = desk.lake(tmp_path / "bare")
    with pytest.raises(DataError, match="no market data yet"):
        Store.open(bare)
    put(place, 0)
    astray = Place(tmp_path / "astray", bare.catalog, place.data, place.endpoint)
    with pytest.raises(StorageDamaged, match="data files of a lake are there"):
        Store.create(astray)
    elsewhere = Place(tmp_path, place.catalog, bare.data, place.endpoint)
    with pytest.raises(ConfigError, match="in another place"):
        Store.open(elsewhere)


def test_bytes_that_nobody_wrote_are_not_read(desk: Desk, place: Place) -> None:
    put(place, 0)
    (name,) = desk.objects(place)
    assert closes(place) == [1.0]
    desk.tell(f"rot {name}")
    with (
        Store.open(place, every_byte=True) as store,
        pytest.raises(StorageDamaged, match="not what was written"),
    ):
        store.read(TableName.BARS)
    assert [item.damage for item in damaged_files(place)] == ["changed"]
    desk.tell(f"remove {name}")
    with Store.open(place) as store, pytest.raises(StorageDamaged, match="is missing"):
        store.read(TableName.BARS)
    assert [item.damage for item in damaged_files(place)] == ["missing"]


def test_a_commit_whose_hashes_were_not_recorded(desk: Desk, place: Place) -> None:
    put(place, 0)
    database = place.catalog.rpartition("=")[2]
    desk.sql("DELETE FROM screener_file_sums; UPDATE screener_state SET value = '0'", database)
    assert closes(place) == [1.0]  # of an ended writer: the rows are counted, then recorded late
    assert desk.sql("SELECT late FROM screener_file_sums", database) == "t"
    desk.sql("DELETE FROM screener_file_sums", database)
    (place.folder / "derived" / "verified.json").unlink()
    with Store.open(place) as store, pytest.raises(StorageDamaged):
        store.read(TableName.BARS)
    assert rebuild_hashes(place).files == 1
    assert closes(place) == [1.0]


def test_the_lock_is_lost_in_mid_commit(desk: Desk, place: Place) -> None:
    put(place, 0)
    turns = []

    def complete(store: Store, _: Batch) -> Batch:
        count = store.read(TableName.BARS).num_rows
        turns.append(count)
        if len(turns) == 1:
            desk.sql(
                "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE mode = 'ExclusiveLock' "
                "AND relation = 'screener_lock'::regclass",
                place.catalog.rpartition("=")[2],
            )
            put(place, 1)
        return bars(bar("600000.SH", FIRST + timedelta(days=count), count + 1.0))

    with Store.open(place) as store:
        done = store.commit(Batch(tables={}), message="late", complete=complete)
        assert turns == [1, 2], "what follows from the stored rows is asked anew"
        assert store.content() is not None
        assert store.holds_what_was_committed()
    assert done.changes[0].added == 1
    assert closes(place) == [1.0, 2.0, 3.0]
    assert damaged_files(place) == ()


def test_overtaken_between_reading_and_writing(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without any lock, the number of the version is a fence."""
    put(place, 0)
    other = Store.open(place)
    begun = []
    from screener.data.lake import store as module

    merged = module.merge_batch

    def late(*arguments: object, **named: object) -> object:
        done = merged(*arguments, **named)  # type: ignore[arg-type]
        if not begun:
            begun.append(1)
            with monkeypatch.context() as patch:
                patch.setattr(module, "write_lock", lambda *_: threading.Lock())
                patch.setattr(module, "merge_batch", merged)
                other.commit(bars(bar("600000.SH", FIRST, 7.0)), message="first")
        return done

    monkeypatch.setattr(module, "merge_batch", late)
    with Store.open(place) as store, other:
        store.commit(bars(bar("600000.SH", FIRST, 8.0)), message="second")
        assert store.holds_what_was_committed()
    assert closes(place) == [8.0]


def test_a_writer_waits_and_says_for_whom(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    put(place, 0)
    monkeypatch.setattr(guards, "SILENT_SECONDS", 0.05)
    monkeypatch.setattr(guards, "LOCK_SECONDS", 0.2)
    with Store.open(place) as holder, Store.open(place) as waiting, holder._alone():
        assert closes(place) == [1.0]  # readers wait for nobody
        with pytest.raises(StorageBusy, match=r"owner, process [0-9]+ .* has been writing"):
            waiting.commit(bars(bar("600000.SH", FIRST, 2.0)), message="busy")
    assert "waiting for owner, process" in capsys.readouterr().err
    second = update_lock(place)
    with update_lock(place), pytest.raises(StorageBusy, match=r"another update .* owner"):
        second.__enter__()


def test_a_server_that_comes_back(desk: Desk, place: Place) -> None:
    put(place, 0)
    with Store.open(place) as store:
        desk.stop()
        try:
            with pytest.raises(StorageUnreachable):
                store.commit(bars(bar("600000.SH", FIRST, 5.0)), message="down")
            with pytest.raises(StorageUnreachable):
                Store.open(place)
        finally:
            desk.start()
        assert store.commit(bars(bar("600000.SH", FIRST, 5.0)), message="up").changed

        def restarted(_: Store, batch: Batch) -> Batch:
            desk.stop()
            desk.start()
            return batch

        done = store.commit(
            bars(bar("600000.SH", FIRST, 6.0)), message="restarted", complete=restarted
        )
        assert done.changed, "the lock is gone, and nobody else has written"
    assert closes(place) == [6.0]
    assert damaged_files(place) == ()


def test_unreachable_refused_and_missing_are_told_apart(
    desk: Desk, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(place, 0)

    def fails(kind: type[ScreenerError], match: str, words: str = "", endpoint: str = "") -> None:
        catalog = f"{place.catalog}{words}"
        other = Place(tmp_path / "other", catalog, place.data, endpoint or place.endpoint)
        with pytest.raises(kind, match=match) as caught:
            closes(other)
        assert caught.value.fix

    fails(StorageUnreachable, "refused", " port=1")
    fails(StorageUnreachable, "host name", " host=nowhere.invalid")
    fails(StorageMissing, 'database "none" does not exist', " dbname=none")
    fails(StorageRefused, "authentication failed", " user=nobody")
    fails(ConfigError, "catalog", " bogus=1")
    fails(StorageUnreachable, "cannot be reached", endpoint="http://127.0.0.1:1")
    desk.tell("refuse")
    fails(StorageRefused, "403")
    desk.tell("allow")
    desk.tell("drop")
    fails(StorageMissing, "NoSuchBucket|404")
    desk.tell("allow")
    monkeypatch.setenv("PGPASSFILE", "/dev/null")
    fails(StorageRefused, "no password")
    monkeypatch.setenv("PGPASSWORD", "wrong-password")
    fails(StorageRefused, "password authentication failed")


def test_who_may_only_read(desk: Desk, place: Place) -> None:
    put(place, 0)
    reader = desk.role("reader", place, "SELECT")
    assert closes(reader) == [1.0]
    with Store.open(reader) as store:
        with pytest.raises(StorageRefused, match="permission denied"):
            store.commit(bars(bar("600000.SH", FIRST, 9.0)), message="no")
        with pytest.raises(StorageRefused):
            store.pin("desk", [1])
    with pytest.raises(StorageRefused):
        Store.create(reader)
    desk.sql("GRANT INSERT, DELETE ON screener_pins TO reader", place.catalog.rpartition("=")[2])
    with Store.open(reader) as store:
        assert store.pin("desk", [1]) == {1}
    writer = desk.role("writer", place, "SELECT", "INSERT", "UPDATE", "DELETE")
    with Store.create(writer) as store:
        assert store.commit(bars(bar("600000.SH", FIRST, 9.0)), message="yes").changed
    assert closes(reader) == [9.0]


def test_a_server_of_another_language_is_refused(desk: Desk, place: Place) -> None:
    desk.sql("ALTER ROLE owner SET lc_messages = 'POSIX'")
    put(place, 0)
    connection = SimpleNamespace(
        execute=lambda _: SimpleNamespace(fetchall=lambda: [("zh_CN.UTF-8",)])
    )
    with pytest.raises(ConfigError, match=r"in zh_CN.UTF-8") as caught:
        make_small_tables(connection)  # type: ignore[arg-type]
    assert "lc_messages" in caught.value.fix


def test_pins_of_every_desk_hold(place: Place) -> None:
    versions = [put(place, number) for number in range(4)]
    with Store.open(place) as store:
        store.pin("mine", [versions[0], versions[1]])
        assert store.pin("yours", [versions[2]]) == set(versions[:3])
        assert store.pin("mine", [versions[1]], whole=True) == {versions[1], versions[2]}
        done = store.compact(
            now=FAR, keep=timedelta(0), pinned=lambda: Pins(versions=store.pinned())
        )
    assert set(done.pinned) == {versions[1], versions[2]}
    assert closes(place, versions[2]) == [1.0, 2.0, 3.0]


def test_compaction_leaves_young_orphans_and_readers_alone(desk: Desk, place: Place) -> None:
    versions = [put(place, number) for number in range(3)]
    with Store.open(place, version=versions[1]) as reader:
        with Store.open(place) as other:
            other._connection.execute("BEGIN")  # a writer that skips the lock
            other._connection.execute(
                "INSERT INTO lake.fx BY NAME SELECT 'HKDCNY' AS pair, "
                "DATE '2026-05-11' AS session, 0.9 AS rate, 'x' AS source, now() AS fetched_at"
            )
            with Store.open(place) as store:
                store.compact(
                    now=datetime.now(UTC),
                    keep=timedelta(days=90),
                    pinned=lambda: Pins(versions=frozenset()),
                )
            # What a writer has not committed yet is not another's to remove.
            assert any("/fx/" in name for name in desk.objects(place))
            other._connection.execute("ROLLBACK")
        assert reader.read(TableName.BARS).num_rows == 2


def test_a_commit_whose_answer_is_lost_stands(desk: Desk, place: Place) -> None:
    """The lake itself would remove the files of a commit of which it hears nothing."""
    put(place, 0)
    with desk.proxy() as proxy:
        through = Place(
            place.folder, f"{place.catalog} port={proxy.port}", place.data, place.endpoint
        )
        with Store.open(through) as store:
            proxy.cut()
            done = store.commit(bars(bar("600000.SH", FIRST, 6.0)), message="lost")
            assert proxy.has_cut()
        assert not done.changed, "it was committed, and is found so"
        assert "compared and merged anew" in done.remarks[0]
        assert closes(place) == [6.0]
        assert damaged_files(place) == ()
        with Store.open(place) as store:
            store.commit(bars(bar("600000.SH", FIRST + timedelta(days=1), 7.0)), message="next")
        with Store.open(through) as store:
            proxy.cut()
            with pytest.raises(StorageUnreachable):
                store.compact(now=FAR, keep=timedelta(0), pinned=lambda: NO_PINS)
            assert proxy.has_cut()
    assert closes(place) == [6.0, 7.0]
    assert damaged_files(place) == ()


def test_a_lake_is_copied_there_and_back(desk: Desk, place: Place, tmp_path: Path) -> None:
    own = tmp_path / "own"
    with Store.create(own) as store:
        for number in range(3):
            day = FIRST + timedelta(days=number)
            store.commit(bars(bar("600000.SH", day, number + 1.0)), message="day")
        store.compact(now=FAR, keep=timedelta(0), pinned=lambda: Pins(versions=frozenset({2, 3})))
        store.commit(bars(bar("600000.SH", FIRST, 9.0)), message="changed")
        kept = len(versions_of(store._connection))
        digest = store.content().digest
    bare = desk.lake(tmp_path / "bare")
    done = copy_lake(Place(own), bare)
    assert [(item.table, item.rows) for item in done.tables] == [("bars", 3)]
    assert done.versions == kept
    back = Place(tmp_path / "back")
    copy_lake(bare, back)
    for where in (bare, back):
        with Store.open(where) as store:
            assert store.version == done.version
            assert store.content().digest == digest
            assert store.holds_what_was_committed()
        assert closes(where) == [9.0, 2.0, 3.0]
        assert closes(where, 2) == [1.0]
        assert closes(where, 3) == [1.0, 2.0]
        assert damaged_files(where) == ()
        with Store.open(where) as store:
            assert store.commit(bars(bar("600000.SH", FIRST, 5.0)), message="on").changed
        assert closes(where) == [5.0, 2.0, 3.0]
    with pytest.raises(InputError, match="there is a lake already"):
        copy_lake(Place(own), bare)
    with pytest.raises(InputError, match="onto itself"):
        copy_lake(bare, bare)


def test_a_copy_goes_on_where_it_was_ended_and_refuses_damage(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own"
    with Store.create(own) as store:
        for number in range(2):
            day = FIRST + timedelta(days=number)
            store.commit(bars(bar("600000.SH", day, number + 1.0)), message="day")
    bare = desk.lake(tmp_path / "bare")
    with monkeypatch.context() as patch:
        patch.setattr(moving, "_replace", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            copy_lake(Place(own), bare)
    with pytest.raises(DataError, match="no market data yet"):
        Store.open(bare)
    seen: list[str] = []
    put_file = moving._put
    monkeypatch.setattr(moving, "_put", lambda *a: (seen.append(a[2]), put_file(*a)))
    with monkeypatch.context() as patch:
        patch.setattr(moving, "_rows", lambda *a: Content({"bars": (len(seen), id(a[0]), 1)}))
        with pytest.raises(StorageDamaged, match="does not hold the same"):
            copy_lake(Place(own), bare)
    with pytest.raises(DataError, match="no market data yet"):
        Store.open(bare)
    assert not seen, "what was there already was copied again"
    (first, _) = sorted((own / "data").rglob("*.parquet"))
    first.write_bytes(first.read_bytes()[:-1] + b"x")
    other = desk.lake(tmp_path / "other")
    with pytest.raises(StorageDamaged, match="not what was written"):
        copy_lake(Place(own), other)
    with pytest.raises(DataError, match="no market data yet"):
        Store.open(other)


def test_the_connection_reaches_its_own_data_alone(
    desk: Desk, place: Place, tmp_path: Path
) -> None:
    put(place, 0)
    (tmp_path / "planted").write_text("1")
    elsewhere = (
        "SELECT * FROM read_blob('s3://desk/other/file')",
        "SELECT * FROM read_blob('s3://desk/**')",
        "COPY (SELECT 1) TO 's3://desk/other.parquet'",
        "ATTACH 'service=lake' AS other (TYPE postgres)",
    )
    with Store.open(place) as store:
        loaded = ("LOAD httpfs", "SELECT 1; LOAD httpfs")  # it is there already
        for statement in ({*HOSTILE} - {*loaded}) | {*elsewhere}:
            with pytest.raises(lake.Error, match=r"(?i)disabled|locked|cannot (change|access)"):
                store._connection.execute(statement.format(tmp_path / "planted"))
        assert store.read(TableName.BARS).num_rows == 1


def test_a_path_that_a_writer_planted_is_not_followed(desk: Desk, place: Place) -> None:
    put(place, 0)
    (name,) = desk.objects(place)
    planted = desk.lake(place.folder.parent / "planted")
    put(planted, 5)
    (other,) = desk.objects(planted)
    desk.sql(
        f"UPDATE ducklake_data_file SET path = 's3://desk/{other}', path_is_relative = false; "
        f"INSERT INTO screener_file_sums SELECT 'main/bars/s3://desk/{other}', digest, false "
        "FROM screener_file_sums",
        place.catalog.rpartition("=")[2],
    )
    with Store.open(place) as store, pytest.raises(StorageError):
        store.read(TableName.BARS)
    assert name != other
