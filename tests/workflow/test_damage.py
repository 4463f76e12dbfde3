"""Damage is listed whole, hashes come back only where rows prove them, and nothing half is left."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from screener.cli.main import app
from screener.data.doctor import Check
from screener.data.lake import guards, lake
from screener.data.lake.compaction import Pins
from screener.data.lake.guards import write_lock
from screener.data.lake.integrity.content import Content
from screener.data.lake.integrity.rebuilding import rebuild_hashes
from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.errors import StorageBusy, StorageDamaged, StorageError
from screener.files.writing import FileFormat
from screener.workflows.data import export as stored
from screener.workflows.data.export import export_tables
from screener.workflows.data.verify import verify
from screener.workspace.locate import Workspace
from tests.support.lake_rows import bar, bars

MONDAY = date(2026, 5, 11)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("made") / "work"
    (root / "baskets").mkdir(parents=True)
    with Store.create(root / "data_cache") as store:
        for number in range(3):
            day = MONDAY + timedelta(days=number)
            store.commit(bars(bar("600000.SH", day), bar("600519.SH", day)), message="day")
    return root


@pytest.fixture
def place(made: Path, tmp_path: Path) -> Workspace:
    return Workspace(root=Path(shutil.copytree(made, tmp_path / "work")))


def flip(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def data_files(place: Workspace) -> list[Path]:
    return sorted((place.data_cache / "data").rglob("*.parquet"))


def typed(place: Workspace, *words: str):  # type: ignore[no-untyped-def]
    line = [*words, "--workspace", str(place.root)]
    return CliRunner().invoke(app, line, env={"COLUMNS": "160"})


# Everything is listed


def test_all_damage_is_listed_beside_a_broken_catalog(place: Workspace) -> None:
    first, second, *_ = data_files(place)
    flip(first, 100)
    second.unlink()
    catalog = place.data_cache / "catalog.sqlite"
    catalog.write_bytes(catalog.read_bytes()[:5000])
    (place.data_cache / "runs").mkdir()
    (place.data_cache / "runs" / "r.json").write_text("{")
    found = verify(place)
    assert isinstance(found.refusal, StorageDamaged)
    told = {item.listing: item.cause for item in found.findings}
    data = place.data_cache / "data"
    assert told[first.relative_to(data).as_posix()] == "file is changed"
    assert told[second.relative_to(data).as_posix()] == "file is missing"
    assert "catalog.sqlite" in told
    assert "runs/r.json" in told
    done = typed(place, "data", "verify")
    assert done.exit_code == 7
    assert "catalog.sqlite" in done.output
    assert "file is missing" in done.output


def test_every_byte_is_read_whatever_is_remembered(place: Workspace) -> None:
    with Store.open(place.data_cache) as store:
        store.read(TableName.BARS)
    path = data_files(place)[0]
    flip(path, 200)
    assert {item.check for item in verify(place).findings} >= {Check.DAMAGED}


def test_rows_that_nobody_committed_are_told(place: Workspace) -> None:
    with closing(lake.connect(place.data_cache)) as connection:
        connection.execute("UPDATE lake.bars SET close = close + 1 WHERE listing = '600000.SH'")
        connection.execute(
            "UPDATE __ducklake_metadata_lake.ducklake_snapshot_changes SET commit_extra_info = "
            "(SELECT commit_extra_info FROM __ducklake_metadata_lake.ducklake_snapshot_changes "
            " WHERE commit_extra_info IS NOT NULL ORDER BY snapshot_id DESC LIMIT 1) "
            "WHERE snapshot_id = (SELECT max(snapshot_id) "
            " FROM __ducklake_metadata_lake.ducklake_snapshot)"
        )
    (place.data_cache / "SHA256SUMS").unlink()
    with pytest.raises(StorageDamaged, match=r"not those that were committed.*bars"):
        rebuild_hashes(place.data_cache)
    assert not (place.data_cache / "SHA256SUMS").exists()


def test_compaction_keeps_what_a_version_holds_when_its_commit_expires(place: Workspace) -> None:
    with Store.open(place.data_cache) as store:
        before, version = store.content(), store.version
        assert store.holds_what_was_committed() is True
        pins = Pins(versions=frozenset({version - 1}))
        older = Store.open(place.data_cache, version=version - 1)
        with older:
            pinned = older.content()
        done = store.compact(
            now=datetime.now(UTC) + timedelta(hours=2), keep=timedelta(0), pinned=lambda: pins
        )
    assert version in done.expired
    with Store.open(place.data_cache) as store:
        assert store.content() == before != Content()
        assert store.holds_what_was_committed() is True
        store.commit(bars(bar("600009.SH", MONDAY)), message="more")
        assert store.holds_what_was_committed() is True
    with Store.open(place.data_cache, version=version - 1) as store:
        assert store.content() == pinned != before


# A lost list


def test_a_lost_list_comes_back_where_the_rows_prove_it(place: Workspace) -> None:
    sums = place.data_cache / "SHA256SUMS"
    before = {line for line in sums.read_text().splitlines() if not line.startswith("#")}
    sums.unlink()
    with pytest.raises(StorageDamaged, match="--rebuild-hashes"):
        Store.open(place.data_cache)
    done = typed(place, "data", "verify", "--rebuild-hashes")
    assert done.exit_code == 0, done.output
    assert "are those that were committed" in done.stderr
    assert "Nothing proves the rows that older versions alone hold" in done.stderr
    assert before <= set(sums.read_text().splitlines())
    with Store.open(place.data_cache) as store:
        assert store.read(TableName.BARS).num_rows == 6


def test_a_damaged_file_is_not_recorded(place: Workspace) -> None:
    (place.data_cache / "SHA256SUMS").unlink()
    path = data_files(place)[0]
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(StorageError):
        rebuild_hashes(place.data_cache)
    assert not (place.data_cache / "SHA256SUMS").exists()


def test_a_catalog_known_to_be_damaged_is_not_recorded(place: Workspace) -> None:
    with closing(sqlite3.connect(place.data_cache / "catalog.sqlite")) as link, link:
        link.execute("UPDATE ducklake_file_column_stats SET max_value = '0'")
    with pytest.raises(StorageDamaged, match=r"the catalog catalog\.sqlite is damaged"):
        rebuild_hashes(place.data_cache)


# Nothing half


def test_an_export_that_fails_leaves_no_file(
    place: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store.open(place.data_cache) as store:
        tables = [item.table for item in store.coverage() if item.rows]
    assert tables == [TableName.BARS]
    write = stored.write_table

    def interrupted(*arguments: object, **named: object) -> None:
        write(*arguments, **named)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    monkeypatch.setattr(stored, "write_table", interrupted)
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        export_tables(place, out, tables=tables, file_format=FileFormat.CSV)
    assert not out.exists()
    out.mkdir()
    (out / "bars.csv").write_text("listing,session\n")
    with pytest.raises(KeyboardInterrupt):
        export_tables(place, out, tables=tables, file_format=FileFormat.CSV)
    assert [path.name for path in out.iterdir()] == ["bars.csv"]
    assert (out / "bars.csv").read_text() == "listing,session\n"


def test_an_export_reads_every_byte(place: Workspace, tmp_path: Path) -> None:
    flip(data_files(place)[0], 300)
    with pytest.raises(StorageDamaged):
        export_tables(
            place, tmp_path / "out", tables=list(TableName), file_format=FileFormat.PARQUET
        )
    assert not (tmp_path / "out").exists()


# No path of a machine


def test_the_catalog_holds_no_path_and_moves(place: Workspace, tmp_path: Path) -> None:
    made = tmp_path / "a folder by name"
    with Store.create(made / "data_cache") as store:
        store.commit(bars(bar("600000.SH", MONDAY)), message="day")
    assert b"a folder by name" not in (made / "data_cache" / "catalog.sqlite").read_bytes()
    moved = made.rename(tmp_path / "elsewhere") / "data_cache"
    with Store.open(moved) as store:
        assert store.read(TableName.BARS).num_rows == 1
        store.commit(bars(bar("600519.SH", MONDAY)), message="more")
    assert b"a folder by name" not in (moved / "catalog.sqlite").read_bytes()
    connection = duckdb.connect(":memory:", config=lake._CONFIG)
    for extension in lake._EXTENSIONS:
        connection.execute(f"LOAD '{lake._extension_file(extension)}'")
    here = Path.cwd()
    os.chdir(moved)
    try:
        connection.execute("ATTACH 'ducklake:sqlite:catalog.sqlite' AS lake (READ_ONLY)")
        assert connection.execute("SELECT count(*) FROM lake.bars").fetchall() == [(2,)]
    finally:
        os.chdir(here)
        connection.close()


def test_the_path_in_an_older_catalog_goes_with_the_next_write(place: Workspace) -> None:
    catalog = place.data_cache / "catalog.sqlite"
    with closing(sqlite3.connect(catalog)) as link, link:
        link.execute("UPDATE ducklake_metadata SET value = '/once/here/' WHERE key = 'data_path'")
    with Store.create(place.data_cache) as store:
        store.commit(bars(bar("600009.SH", MONDAY)), message="more")
    with closing(sqlite3.connect(catalog)) as link:
        rows = link.execute("SELECT value FROM ducklake_metadata WHERE key = 'data_path'")
        assert rows.fetchall() == [("data/",)]
    assert b"/once/here/" not in catalog.read_bytes()


# Who waits


def held(root: Path, ready: object, go: object) -> None:
    sys.argv = ["/somewhere/screener", "data", "update", "--secret"]
    with write_lock(root):
        ready.set()  # type: ignore[attr-defined]
        go.wait(60)  # type: ignore[attr-defined]


def test_a_writer_that_waits_says_for_whom(
    place: Workspace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(guards, "SILENT_SECONDS", 0.1)
    monkeypatch.setattr(guards, "LOCK_SECONDS", 0.3)
    spawn = multiprocessing.get_context("spawn")
    ready, go = spawn.Event(), spawn.Event()
    other = spawn.Process(target=held, args=(place.data_cache, ready, go))
    other.start()
    assert ready.wait(60)
    try:
        who = f"process {other.pid} \\(`screener data update`\\)"
        with (
            pytest.raises(StorageBusy, match=f"{who} has been writing"),
            write_lock(place.data_cache),
        ):
            pass
    finally:
        go.set()
        other.join()
    assert f"waiting for process {other.pid} (`screener data update`)" in capsys.readouterr().err
    with write_lock(place.data_cache):
        pass
    assert capsys.readouterr().err == ""
    assert not (place.data_cache / "write.holder").exists()
