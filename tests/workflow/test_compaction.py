"""Compaction and expiry: what stays readable, what is pinned, what is told, what cannot be done."""

from __future__ import annotations

import hashlib
import io
import json
import resource
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from screener.cli.data.versions import compact
from screener.data.lake import compaction
from screener.data.lake.batch import Batch
from screener.data.lake.compaction import Compaction, FileCount
from screener.data.lake.comparison import VersionComparison
from screener.data.lake.integrity.checksums import damaged_files
from screener.data.lake.rows import make_rows
from screener.data.lake.schema import TABLES, TableName
from screener.data.lake.store import Store
from screener.errors import DataError, InputError
from screener.render.data.versions import compaction_page
from screener.workflows.data.compact import compact_data
from screener.workspace.locate import Workspace
from tests.support.locked_folders import read_only, without_override
from tests.support.soaking import SOAK, soaked

SOURCES = Path(__file__).resolve().parents[2]
FETCHED = datetime(2026, 6, 1, tzinfo=UTC)
FAR = datetime(2100, 1, 1, tzinfo=UTC)
DAYS = [date(2025, 12, 30) + timedelta(days=at) for at in range(6)]
NEWEST = len(DAYS) + 1
NAMES = ["600000.SH", "000001.SZ", "00700.HK"]
RUNNER = CliRunner()
PATIENCE = 60.0
PAGES = (0, 1, 2, 3, 4, 6, 8, 12, 16, 400) if SOAK else (0, 2, 6, 400)  # free on a full disk


def batch(day: date, close: float) -> Batch:
    prices = dict.fromkeys(("open", "high", "low", "close"), [close] * len(NAMES))
    bars = {"listing": NAMES, "session": [day] * len(NAMES), "basis": "raw", **prices}
    fixings = {"pair": ["HKDCNY"], "session": [day], "rate": [0.9]}
    return Batch(
        tables={
            name: make_rows(name, rows, source="day.csv", fetched_at=FETCHED)
            for name, rows in ((TableName.BARS, bars), (TableName.FX, fixings))
        }
    )


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace with six days of bars, each a version of its own, from version 2 on."""
    place = Workspace(root=tmp_path_factory.mktemp("compaction") / "work")
    place.baskets.mkdir(parents=True)
    with Store.create(place.data_cache) as store:
        for at, day in enumerate(DAYS):
            store.commit(batch(day, 10.0 + at), message="day")
        assert store.version == NEWEST
    return place


@pytest.fixture
def workspace(example: Workspace, tmp_path: Path) -> Workspace:
    place = Workspace(root=tmp_path / "work")
    shutil.copytree(example.root, place.root)
    return place


def closes(place: Workspace, version: int | None = None) -> dict[tuple[str, date], float]:
    with Store.open(place.data_cache, version=version) as store:
        rows = store.read(TableName.BARS).to_pylist()
    found = {(row["listing"], row["session"]): row["close"] for row in rows}
    assert len(found) == len(rows)
    return found


def data_files(place: Workspace) -> list[Path]:
    return sorted((place.data_cache / "data").rglob("*.parquet"))


def fingerprint(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.name != "verified.json"  # what was found right, remembered
    }


def store_run(place: Workspace, name: str, content: object) -> Path:
    folder = place.data_cache / "runs"
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


# What it does


def test_small_files_are_merged_and_every_version_stays(workspace: Workspace) -> None:
    before = {version: closes(workspace, version) for version in range(1, NEWEST + 1)}
    done = compact_data(workspace, now=FETCHED)
    assert done.newest_before.files == 2 * len(DAYS)
    assert done.newest_after.files == 3  # bars of two years, and fixings
    assert done.newest_after.size < done.newest_before.size
    assert (done.version_before, done.version) == (NEWEST, NEWEST + 1)
    assert (done.expired, done.pinned, done.remarks) == ((), (), ())
    assert done.kept == tuple(range(1, NEWEST + 2))
    assert done.waiting.files == 2 * len(DAYS)
    assert {version: closes(workspace, version) for version in before} == before
    assert closes(workspace) == before[NEWEST]
    with VersionComparison.open(workspace.data_cache, NEWEST, done.version) as compared:
        assert not any(compared.compare(name).differs for name in TableName)
    assert damaged_files(workspace.data_cache) == ()


def test_merged_files_are_sorted_and_by_year(workspace: Workspace) -> None:
    with Store.open(workspace.data_cache) as store:  # days that come late, between the others
        store.commit(batch(date(2025, 12, 1), 9.0), message="late")
        store.commit(batch(date(2026, 1, 2), 12.5), message="corrected")
    compact_data(workspace, now=FAR, keep_days=0)
    kept = [path for path in data_files(workspace) if "delete" not in path.name]
    assert len(kept) == 3
    for path in kept:
        name = TableName(path.relative_to(workspace.data_cache / "data").parts[1])
        rows = pq.ParquetFile(path).read(columns=list(TABLES[name].sort)).to_pylist()
        assert [tuple(row.values()) for row in rows] == sorted(tuple(row.values()) for row in rows)
        if path.parent.name.startswith("year="):
            assert {f"year={row['session'].year}" for row in rows} == {path.parent.name}


def test_files_with_many_deleted_rows_are_rewritten(workspace: Workspace) -> None:
    compact_data(workspace, now=FETCHED)
    with Store.open(workspace.data_cache) as store:
        store.commit(batch(DAYS[-1], 99.0), message="corrected")
    before = closes(workspace)
    assert any("delete" in path.name for path in data_files(workspace))
    done = compact_data(workspace, now=FAR, keep_days=0)
    assert closes(workspace) == before
    assert done.newest_after.files == 3
    assert not any("delete" in path.name for path in data_files(workspace))


def test_replaced_files_stay_for_a_while(workspace: Workspace) -> None:
    files = set(data_files(workspace))
    done = compact_data(workspace, now=FETCHED)
    assert files <= set(data_files(workspace))
    assert done.waiting == FileCount(
        files=len(files), size=sum(path.stat().st_size for path in files)
    )
    later = datetime.now(UTC) + timedelta(minutes=45)
    assert compact_data(workspace, now=later).waiting == done.waiting
    later += timedelta(minutes=16)
    done = compact_data(workspace, now=later)
    assert done.waiting.files == 0
    assert done.disk_after == done.newest_after
    assert not files & set(data_files(workspace))
    assert damaged_files(workspace.data_cache) == ()


def test_twice_does_nothing_the_second_time(workspace: Workspace) -> None:
    compact_data(workspace, now=FAR, keep_days=0)
    before = fingerprint(workspace.data_cache)
    done = compact_data(workspace, now=FAR, keep_days=0)
    assert not done.changed
    assert fingerprint(workspace.data_cache) == before


def test_a_dry_run_tells_what_would_be_done(workspace: Workspace) -> None:
    store_run(workspace, "run", {"data_version": 4})
    before = fingerprint(workspace.data_cache)
    foreseen = compact_data(workspace, now=FAR, dry_run=True)
    assert fingerprint(workspace.data_cache) == before
    done = compact_data(workspace, now=FAR)
    assert foreseen.newest_after.files == done.newest_after.files
    assert foreseen.newest_before == done.newest_before
    # That merging itself replaces the newest version is no news to anybody.
    assert foreseen.expired == done.expired[:-1] == (1, 2, 3, 5, 6)
    assert foreseen.pinned == done.pinned == (4,)
    assert foreseen.changed


@soaked
def test_a_commit_merges_small_files_when_there_are_many(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compaction, "MANY_FILES", 10)
    before = {version: closes(workspace, version) for version in range(1, NEWEST + 1)}
    more = [date(2026, 2, day) for day in range(1, 8)]
    with Store.open(workspace.data_cache) as store:
        done = [store.commit(batch(day, 50.0), message="more") for day in more]
        merging = [item.version for last, item in pairwise(done) if item.version > last.version + 1]
        assert len(merging) == 1
        assert all(item.remarks == () for item in done)
        assert store.version == done[-1].version
    after = closes(workspace)
    assert len(after) == (len(DAYS) + len(more)) * len(NAMES)
    assert {version: closes(workspace, version) for version in before} == before
    assert closes(workspace, merging[0]) == closes(workspace, merging[0] - 1)
    assert damaged_files(workspace.data_cache) == ()
    with Store.open(workspace.data_cache) as store:
        assert not store.commit(batch(more[-1], 50.0), message="nothing new").changed
        assert store.version == done[-1].version


def test_a_merge_that_fails_after_a_commit_is_remarked(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(compaction, "MANY_FILES", 1)
    monkeypatch.setattr(compaction, "_call", refuse)
    with Store.open(workspace.data_cache) as store:
        done = store.commit(batch(date(2026, 2, 1), 50.0), message="more")
    assert done.changed
    assert done.remarks == (
        "Small files were not merged: no space left on the disk: "
        "[Errno 28] No space left on device",
    )
    assert len(closes(workspace)) == (len(DAYS) + 1) * len(NAMES)


# Which versions expire


def test_versions_expire_when_they_were_replaced_long_ago(workspace: Workspace) -> None:
    now = datetime.now(UTC)
    assert compact_data(workspace, now=now + timedelta(days=89)).expired == ()
    done = compact_data(workspace, now=now + timedelta(days=91))
    assert done.expired == tuple(range(1, NEWEST + 1))
    assert done.kept == (NEWEST + 1,)


def test_an_old_version_that_was_the_newest_until_now_is_kept(workspace: Workspace) -> None:
    link = sqlite3.connect(workspace.data_cache / "catalog.sqlite")
    with link:
        link.execute(
            "UPDATE ducklake_snapshot SET snapshot_time = '2020-01-01 00:00:00+00' "
            "WHERE snapshot_id < ?",
            [NEWEST],
        )
    link.close()
    done = compact_data(workspace, now=datetime.now(UTC))
    assert NEWEST - 1 in done.kept, "it was read as the newest until a moment ago"
    assert done.expired == tuple(range(1, NEWEST - 1))


def test_an_expired_version_says_so(workspace: Workspace) -> None:
    store_run(workspace, "run", {"data_version": 5})
    done = compact_data(workspace, now=FAR, keep_days=0)
    for attempt in (
        lambda: Store.open(workspace.data_cache, version=3),
        lambda: VersionComparison.open(workspace.data_cache, 3, 5),
    ):
        with pytest.raises(InputError, match="data version 3 has expired") as caught:
            attempt()
        assert "90 days" in caught.value.what
        assert "--keep-days" in caught.value.what
        assert f"the newest is {done.version}" in caught.value.what
        assert "the next one that is kept, 5" in caught.value.fix
    with pytest.raises(InputError, match=f"no data version {done.version + 1}; the newest"):
        Store.open(workspace.data_cache, version=done.version + 1)


def test_a_reader_whose_version_expires_is_told(workspace: Workspace) -> None:
    with Store.open(workspace.data_cache, version=3) as reader:
        expected = reader.read(TableName.BARS)
        compact_data(workspace, now=FETCHED)
        assert reader.read(TableName.BARS).equals(expected), "merging leaves it alone"
        compact_data(workspace, now=FAR, keep_days=0)
        with pytest.raises(InputError, match="expired meanwhile") as caught:
            reader.read(TableName.BARS)
        assert "again" in caught.value.fix


def test_versions_that_stored_runs_name_are_kept(workspace: Workspace) -> None:
    before = {version: closes(workspace, version) for version in (2, 5)}
    kinds: list[dict[str, object]] = [
        {"data_version": 2, "scores": []},
        {"data_version": 5, "rows": [], "screen": {"as_of": "2026-05-27", "universe": "a"}},
        {"data_version": 5, "results": []},
        {"data_version": NEWEST, "tests": []},
        {"data_version": 77, "events": []},  # of another lake
    ]
    for name, document in zip("abcde", kinds, strict=True):
        store_run(workspace, name, document)
    for _ in range(2):
        done = compact_data(workspace, now=FAR, keep_days=0)
        assert set(done.kept) == {2, 5, NEWEST, done.version}
        assert set(done.pinned) == {2, 5, NEWEST}
    assert {version: closes(workspace, version) for version in before} == before
    (workspace.data_cache / "runs" / "a.json").unlink()
    assert compact_data(workspace, now=FAR, keep_days=0).expired == (2,)


def folder_in_its_place(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda path: path.write_text('{"data_version": 3, "res'),
        lambda path: path.write_text("[3]"),
        lambda path: path.write_text('{"run_id": "x"}'),
        lambda path: path.write_text('{"data_version": "3"}'),
        lambda path: path.write_text('{"data_version": true}'),
        lambda path: path.write_bytes(b"\xff\xfe\x00"),
        lambda path: path.write_bytes(b""),
        folder_in_its_place,
    ],
)
def test_a_run_that_cannot_be_read_keeps_every_version(
    workspace: Workspace, spoil: Callable[[Path], object]
) -> None:
    store_run(workspace, "good", {"data_version": 2})
    spoil(store_run(workspace, "spoiled", {"data_version": 3}))
    done = compact_data(workspace, now=FAR, keep_days=0)
    assert done.expired == ()
    assert set(done.kept) >= set(range(1, NEWEST + 1))
    assert done.newest_after.files == 3, "merging hurts no version"
    assert "spoiled.json" in done.remarks[0]
    assert "No version was expired" in done.remarks[1]


def test_what_is_no_run_pins_nothing(workspace: Workspace) -> None:
    folder = store_run(workspace, "run", {"data_version": 3}).parent
    (folder / ".half.123").write_text('{"data_ver')
    (folder / "notes.txt").write_text("3")
    assert compact_data(workspace, now=FAR, keep_days=0).pinned == (3,)


@pytest.mark.parametrize("days", [-1, 36_501])
def test_days_out_of_range(workspace: Workspace, days: int) -> None:
    with pytest.raises(InputError, match=f"--keep-days {days} is outside 0 to 36500"):
        compact_data(workspace, now=FETCHED, keep_days=days)


def test_no_lake_yet(tmp_path: Path) -> None:
    place = Workspace(root=tmp_path)
    with pytest.raises(DataError, match="no market data yet"):
        compact_data(place, now=FETCHED)
    assert list(tmp_path.iterdir()) == []


# Full disks and read-only folders

# Compacts, and says with which error it ended and how many bars there are then.
CHILD = """
import json, sys
from datetime import UTC, datetime
from pathlib import Path
from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.errors import ScreenerError
from screener.workflows.data.compact import compact_data
from screener.workspace.locate import Workspace

def tried(root, **more):
    place, kind, code, text = Workspace(root=Path(root)), "", 0, ""
    try:
        compact_data(place, now=datetime(2100, 1, 1, tzinfo=UTC), keep_days=0, **more)
    except ScreenerError as error:
        kind, code, text = type(error).__name__, error.exit_code, str(error)
    with Store.open(place.data_cache) as store:
        rows = store.read(TableName.BARS).num_rows
    print(json.dumps([kind, code, text, rows]), flush=True)
"""
TRIED = CHILD + "\ntried(sys.argv[1], dry_run=len(sys.argv) > 2)\n"
FILLED = (
    CHILD
    + """
import os, shutil, subprocess
source, disk = Path(sys.argv[1]), Path(sys.argv[2])
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)], check=True)
shutil.copytree(source, disk / "work")
filler = disk / "filler"
for pages in json.loads(sys.argv[3]):
    filler.unlink(missing_ok=True)
    with filler.open("wb") as out:
        os.posix_fallocate(out.fileno(), 0, shutil.disk_usage(disk).free - 4096 * pages)
    tried(disk / "work")
"""
)


def child(
    code: str, *arguments: object, restrict: Callable[[], None] | None = None
) -> list[list[Any]]:
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=SOURCES,
        text=True,
        capture_output=True,
        check=False,
        timeout=PATIENCE,
        preexec_fn=restrict,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@soaked
def test_no_room_for_the_merged_file(workspace: Workspace) -> None:
    def restrict() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    before, files = closes(workspace), data_files(workspace)
    ((kind, code, text, rows),) = child(TRIED, workspace.root, restrict=restrict)
    assert (kind, code, rows) == ("StorageFull", 7, len(before))
    assert "free some space" in text
    assert data_files(workspace) == files, "what could not be finished still takes room"
    assert compact_data(workspace, now=FAR, keep_days=0).newest_after.files == 3
    assert closes(workspace) == before


@pytest.mark.soak
@soaked
def test_full_disk(example: Workspace, tmp_path: Path) -> None:
    """Compact on a disk with ever more pages free, in a mount that nobody else sees."""
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("no unshare command to mount a small disk with")
    private = [unshare, "--mount", "--map-root-user"]
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)]
    if subprocess.run([*private, *mount], capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk is not permitted here")
    done = subprocess.run(
        [*private, sys.executable, "-c", FILLED, str(example.root), str(disk), json.dumps(PAGES)],
        cwd=SOURCES,
        text=True,
        capture_output=True,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    failed = [item for item in found if item[0]]
    assert len(failed) >= 3
    for kind, code, text, _ in failed:
        assert (kind, code) == ("StorageFull", 7), text
        assert "free some space" in text
    assert {item[3] for item in found} == {len(DAYS) * len(NAMES)}, "rows were lost"
    assert found[-1][0] == "", "with room enough it works"


@pytest.fixture
def locked_away(workspace: Workspace) -> Iterator[Workspace]:
    with read_only(workspace.data_cache):
        yield workspace


VERSIONS = """
import sys
from pathlib import Path
from screener.data.lake.integrity.checksums import damaged_files
from screener.data.lake.schema import TableName
from screener.data.lake.comparison import VersionComparison
root = Path(sys.argv[1]) / "data_cache"
with VersionComparison.open(root, 2, 3) as compared:
    print(compared.compare(TableName.BARS).added)
print(len(damaged_files(root)))
path = next((root / "data").rglob("*.parquet"))
print(path.stat().st_mode & 0o222)
"""


@soaked
def test_read_only_folder(locked_away: Workspace) -> None:
    before = fingerprint(locked_away.data_cache)
    ((kind, code, text, _),) = child(TRIED, locked_away.root, restrict=without_override)
    assert (kind, code) == ("StorageReadOnly", 7), text
    assert "cannot be written" in text
    ((kind, _, text, _),) = child(TRIED, locked_away.root, "dry", restrict=without_override)
    assert kind == "", text
    found = child(VERSIONS, locked_away.root, restrict=without_override)
    assert found == [len(NAMES), 0, 0]
    assert fingerprint(locked_away.data_cache) == before


# On the terminal


def typed(place: Workspace, *arguments: object) -> Any:
    app = typer.Typer()
    app.command("compact")(compact)
    words = [*map(str, arguments), "--workspace", str(place.root)]
    return RUNNER.invoke(app, words, env={"COLUMNS": "100"})


def test_the_command_says_what_it_did(workspace: Workspace) -> None:
    store_run(workspace, "run", {"data_version": 4})
    done = typed(workspace, "--dry-run", "--keep-days", 0)
    assert done.exit_code == 0, done.output
    assert "Dry run: nothing was changed." in done.stdout
    assert "versions would expire" in done.stdout
    done = typed(workspace, "--keep-days", 0)
    assert done.exit_code == 0, done.output
    assert "files of the newest version" in done.stdout
    assert "1 of them for stored runs alone: 4" in done.stdout
    assert "the same rows as 7, in fewer files" in " ".join(done.stdout.split())
    assert "stay for 60 minutes" in done.stdout
    assert "Compacted." in done.stdout
    done = typed(workspace, "--keep-days", 0)
    assert "Nothing to do." in done.stdout
    done = typed(workspace, "--keep-days", -3)
    assert isinstance(done.exception, InputError)


@pytest.mark.parametrize("width", [80, 160])
def test_the_page_fits(width: int) -> None:
    many = FileCount(files=12_345, size=987_654_321)
    done = Compaction(
        version_before=7_000,
        version=7_001,
        newest_before=many,
        newest_after=many,
        disk_before=many,
        disk_after=many,
        waiting=many,
        kept=tuple(range(6_000, 7_002)),
        pinned=(3, 4),
        expired=tuple(range(6_000)),
        dry_run=False,
        remarks=("A stored run cannot be read: /中文/runs/x.json: it names no data version.",),
    )
    screen = Console(width=width, file=io.StringIO(), highlight=False)
    screen.print(compaction_page(done))
    assert isinstance(screen.file, io.StringIO)
    text = screen.file.getvalue()
    assert max(len(line) for line in text.splitlines()) <= width
    for part in ("12,345", "987.65", "1,002 versions kept", "2 of them", "6,000 versions expired"):
        assert part in text
