"""Kills at any instant of commits and compactions, alone and in a crowd, in real processes.

Every batch writes one number, one more than the last, into rows of four tables, and a bar for a
session of its own: a snapshot in which two numbers meet, or in which a session is missing, is torn.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from screener.data.lake.integrity.checksums import Damage, damaged_files
from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.errors import InputError
from screener.workflows.data.compact import compact_data
from screener.workspace.locate import Workspace
from tests.support.soaking import drawn_by, rounds, soaked

SOURCES = Path(__file__).resolve().parents[2]
ROUNDS = rounds(2, 8, 1000)
PATIENCE = 60.0
SHARED = 20

# Starts a process for every line it reads, so that libraries are loaded once: a workspace, what to
# do until killed, and a log for each number that has landed. Says the process's id.
NURSERY = """
import json, os, sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from screener.data.lake import compaction
from screener.data.lake.rows import make_rows
from screener.data.lake.schema import TableName
from screener.data.lake.batch import Batch
from screener.data.lake.store import Store
from screener.workflows.data.compact import compact_data
from screener.workspace.locate import Workspace

compaction.MANY_FILES = 12  # so that commits merge too
FIRST = date(2024, 6, 1)
SHARED = int(sys.argv[1])
ORIGIN = {"source": "kill.csv", "fetched_at": datetime(2026, 6, 1, tzinfo=UTC)}

def batch_of(number):
    names = [f"60{at:04d}.SH" for at in range(SHARED)]
    day, value = FIRST + timedelta(days=number), float(number)
    closes = [value] * (SHARED + 1)
    tables = {
        TableName.BARS: {
            "listing": [*names, "000001.SZ"], "session": [FIRST] * SHARED + [day], "basis": "raw",
            **dict.fromkeys(("open", "high", "low", "close"), closes)},
        TableName.STATUS: {"listing": ["000001.SZ"], "session": [day], "suspended": [False]},
        TableName.FX: {"pair": ["HKDCNY"], "session": [FIRST], "rate": [value]},
        TableName.VALUATION: {
            "listing": names, "session": [FIRST] * SHARED, "pb": [value] * SHARED},
    }
    return Batch(tables={name: make_rows(name, rows, **ORIGIN) for name, rows in tables.items()})

def following(store, _):
    (row,) = store.read(TableName.FX).to_pylist() or [{"rate": 0.0}]
    return batch_of(int(row["rate"]) + 1)

def write(workspace, log):
    with Store.open(workspace.lake) as store:
        store.commit(Batch(tables={}), message="kill", complete=following)
        number = store.read(TableName.FX).column("rate").to_pylist()[0]
    log.write(f"{number:.0f}\\n")
    log.flush()

def compact(workspace, later):
    now = datetime.now(UTC) + timedelta(hours=later)
    compact_data(workspace, now=now, keep_days=0)

def read(workspace, log):
    with Store.open(workspace.lake) as store:
        numbers = {
            *store.read(TableName.FX).column("rate").to_pylist(),
            *store.read(TableName.VALUATION).column("pb").to_pylist(),
        }
    assert len(numbers) < 2, numbers
    log.write("".join(f"{number:.0f}\\n" for number in numbers))
    log.flush()

def work(root, role, log):
    workspace = Workspace(root=Path(root))
    while True:
        if role == "read":
            read(workspace, log)
        if role in ("write", "both"):
            write(workspace, log)
        if role in ("both", "compact"):
            compact(workspace, 2 if role == "both" else 0)

for line in sys.stdin:
    root, role, log = json.loads(line)
    child = os.fork()
    if child:
        print(child, flush=True)
        continue
    with open(log, "w") as out, open(log + ".error", "w") as errors:
        os.dup2(errors.fileno(), 2)
        work(root, role, out)
    os._exit(0)
"""


class Nursery:
    """Starts processes that write or compact until they are killed."""

    def __init__(self) -> None:
        command = [sys.executable, "-c", NURSERY, str(SHARED)]
        self._process = subprocess.Popen(
            command, cwd=SOURCES, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._started: list[int] = []

    def start(self, workspace: Workspace, role: str, log: Path) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([str(workspace.root), role, str(log)]) + "\n")
        self._process.stdin.flush()
        self._started.append(int(self._process.stdout.readline()))
        return self._started[-1]

    def close(self) -> None:
        """End what a test that failed has left: it would write for ever, and be waited for."""
        for process in self._started:  # nobody has waited for them: their numbers are still theirs
            os.kill(process, signal.SIGKILL)
        self._process.communicate()


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    opened = Nursery()
    yield opened
    opened.close()


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    place = Workspace(root=tmp_path / "work")
    (place.root / "baskets").mkdir(parents=True)
    Store.create(place.data_cache).close()
    return place


def whole(store: Store) -> int:
    """Return the one number that a snapshot holds, after checking that it holds no other."""
    tables = {
        name: store.read(name).to_pylist()
        for name in (TableName.BARS, TableName.FX, TableName.VALUATION, TableName.STATUS)
    }
    rates = [row["rate"] for row in tables[TableName.FX]]
    own = [row for row in tables[TableName.BARS] if row["listing"] == "000001.SZ"]
    number = len(own)
    assert rates == [float(number)] * bool(number)
    assert [row["close"] for row in own] == [float(at + 1) for at in range(number)]
    assert len({row["session"] for row in own}) == number
    assert [row["session"] for row in tables[TableName.STATUS]] == [r["session"] for r in own]
    shared = [row for row in tables[TableName.BARS] if row["listing"] != "000001.SZ"]
    assert len(shared) == len({row["listing"] for row in shared}) == SHARED * bool(number)
    values = {row["close"] for row in shared} | {row["pb"] for row in tables[TableName.VALUATION]}
    assert values == set(rates)
    assert len(tables[TableName.VALUATION]) == len(shared)
    return number


def newest(workspace: Workspace) -> tuple[int, int]:
    """Return the newest version that could be read whole, and its number."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            with Store.open(workspace.lake) as store:
                return store.version, whole(store)
        except InputError as error:  # replaced and expired while it was being read
            if "expired" not in str(error) or time.monotonic() > until:
                raise


def pin(workspace: Workspace, version: int) -> None:
    folder = workspace.data_cache / "runs"
    folder.mkdir(exist_ok=True)
    (folder / f"{version}.json").write_text(json.dumps({"data_version": version}))


def kill(process: int) -> None:
    """Kill a process, and wait until it holds no file and no lock."""
    os.kill(process, signal.SIGKILL)
    status = Path(f"/proc/{process}/status")
    until = time.monotonic() + PATIENCE
    while status.exists() and "\nState:\tZ" not in status.read_text():
        assert time.monotonic() < until
        time.sleep(0.005)


def pace_of(workspace: Workspace, nursery: Nursery, role: str, log: Path) -> float:
    """Return the seconds in which the first number lands, on this machine as it is now."""
    begun = time.monotonic()
    child = nursery.start(workspace, role, log)
    while not log.exists() or not log.read_text():
        assert time.monotonic() < begun + PATIENCE
        time.sleep(0.005)
    kill(child)
    return time.monotonic() - begun


def claimed(log: Path) -> int:
    told = Path(f"{log}.error").read_text().splitlines()
    assert not [line for line in told if not line.startswith("waiting for ")]
    lines = log.read_text().split() if log.exists() else []
    return int(lines[-1]) if lines else 0


def check_versions(workspace: Workspace, pinned: dict[int, int]) -> None:
    for version, number in pinned.items():
        with Store.open(workspace.lake, version=version) as store:
            assert whole(store) == number, "a pinned version changed"


def check_settled(workspace: Workspace, pinned: dict[int, int]) -> None:
    """Check that one more compaction leaves a lake with nothing missing and nothing left over."""
    before = newest(workspace)[1]
    done = compact_data(workspace, now=datetime(2100, 1, 1, tzinfo=UTC), keep_days=0)
    assert newest(workspace) == (done.version, before)
    assert set(done.kept) == {done.version, *pinned}
    assert done.waiting.files == 0
    assert damaged_files(workspace.lake) == ()
    check_versions(workspace, pinned)
    if workspace.lake.shared:  # its orphans stay for a day
        return
    listed = {
        line.split("  ")[1]
        for line in (workspace.data_cache / "SHA256SUMS").read_text().splitlines()
        if not line.startswith("#")
    }
    data = workspace.data_cache / "data"
    assert listed == {path.relative_to(data).as_posix() for path in data.rglob("*.parquet")}


@pytest.mark.soak
@soaked
def test_killed_while_committing_and_compacting(
    workspace: Workspace, nursery: Nursery, tmp_path: Path
) -> None:
    check_kills(workspace, nursery, tmp_path, ROUNDS)


def check_kills(workspace: Workspace, nursery: Nursery, tmp_path: Path, rounds: int) -> None:
    draws = random.Random(drawn_by(20260521))
    pinned: dict[int, int] = {}
    number = 0
    pace = pace_of(workspace, nursery, "both", tmp_path / "pace.log")
    for turn in range(rounds):
        log = tmp_path / f"{turn}.log"
        child = nursery.start(workspace, "both", log)
        time.sleep(draws.uniform(0.0, 2.5 * pace))
        kill(child)
        version, found = newest(workspace)
        assert found >= max(number, claimed(log)), "a number that was reported as landed is gone"
        number = found
        check_versions(workspace, pinned)
        kinds = {item.damage for item in damaged_files(workspace.lake)}
        assert kinds <= {Damage.UNRECORDED}  # until the next commit
        if turn % max(1, rounds // 4) == 0:
            pinned[version] = number
            pin(workspace, version)
    assert number
    check_settled(workspace, pinned)


@pytest.mark.soak
@soaked
def test_two_writers_and_a_compactor_at_once(
    workspace: Workspace, nursery: Nursery, tmp_path: Path
) -> None:
    draws = random.Random(drawn_by(20260522))
    pinned: dict[int, int] = {}
    number = reads = 0
    pace = pace_of(workspace, nursery, "write", tmp_path / "pace.log")
    for turn in range(max(1, min(ROUNDS, 200) // 3)):
        roles = ("write", "write", "compact")
        logs = [tmp_path / f"{turn}.{at}.log" for at in range(len(roles))]
        crowd = [nursery.start(workspace, *pair) for pair in zip(roles, logs, strict=True)]
        until = time.monotonic() + draws.uniform(0.5, 4.0) * pace
        while time.monotonic() < until:
            found = newest(workspace)[1]
            assert found >= number, "a later reader sees less"
            number = found
            reads += 1
        for child in draws.sample(crowd, len(crowd)):
            kill(child)
            time.sleep(draws.uniform(0.0, 0.4) * pace)  # the others go on
        version, found = newest(workspace)
        assert found >= max(number, *(claimed(log) for log in logs))
        number = found
        check_versions(workspace, pinned)
        pinned[version] = number
        pin(workspace, version)
    assert number
    assert reads
    check_settled(workspace, pinned)


def test_a_copy_made_between_two_kills_is_a_lake(
    workspace: Workspace, nursery: Nursery, tmp_path: Path
) -> None:
    pace_of(workspace, nursery, "both", tmp_path / "pace.log")
    number = newest(workspace)[1]
    copy = Workspace(root=tmp_path / "copy of 中文 #1")
    shutil.copytree(workspace.root, copy.root)
    shutil.rmtree(workspace.root)
    assert newest(copy)[1] == number
    check_settled(copy, {})
