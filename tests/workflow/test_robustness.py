"""The lake under kills, crowds, full disks, read-only folders and Ctrl-C, in real processes."""

from __future__ import annotations

import hashlib
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from screener.cli.main import app
from screener.data.lake.schema import TABLES, Basis, TableName
from screener.data.lake.store import Store
from screener.data.sources.files import ImportKind, ImportRequest
from screener.workflows.data.importing import import_files
from screener.workspace.locate import Workspace
from tests.support.locked_folders import read_only, without_override
from tests.support.soaking import SOAK, drawn_by, rounds, soaked

SOURCES = Path(__file__).resolve().parents[2]
DAYS = [date(2026, 5, day) for day in (11, 12, 13, 14, 15, 18, 19, 20, 21, 22)]
LISTINGS_OF_A_FILE = 3
BARS_OF_A_FILE = (LISTINGS_OF_A_FILE + 1) * len(DAYS)
FILES = 60
PATIENCE = 60.0
ROUNDS = rounds(4, 15, 15)
PAGES = (0, 1, 2, 4, 8, 16, 80) if SOAK else (0, 1, 4, 80)  # free on a full disk

# Starts a process for every line it reads, so that libraries are loaded once: a workspace, a log,
# and files to import, each written to the log when it is done. Says the process's id.
NURSERY = """
import json, os, sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from screener.data.lake.schema import Basis
from screener.data.sources.files import ImportKind, ImportRequest
from screener.workflows.data.importing import import_files
from screener.workspace.locate import Workspace

def work(root, log, *files):
    now = datetime(2026, 6, 1, tzinfo=UTC)
    for name in files:
        request = ImportRequest(paths=(Path(name),), kind=ImportKind.BARS, fetched_at=now,
                                today=now.date(), basis=Basis.RAW)
        import_files(Workspace(root=Path(root)), request)
        log.write(Path(name).stem + "\\n")
        log.flush()

for line in sys.stdin:
    root, log, *files = json.loads(line)
    child = os.fork()
    if child:
        print(child, flush=True)
        continue
    with open(log, "w") as out:
        try:
            work(root, out, *files)
        finally:
            out.write("end\\n")
    os._exit(0)
"""


class Nursery:
    """Starts processes that import files."""

    def __init__(self) -> None:
        command = [sys.executable, "-c", NURSERY]
        self._process = subprocess.Popen(
            command, cwd=SOURCES, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._started: list[int] = []

    def start(self, workspace: Workspace, log: Path, *numbers: int) -> int:
        files = [str(file(workspace, number)) for number in numbers]
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        log.touch()
        self._process.stdin.write(json.dumps([str(workspace.root), str(log), *files]) + "\n")
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


def write_file(folder: Path, number: int) -> Path:
    """Write import `number`: three listings of its own, and one that every import rewrites."""
    own = [600001 + 3 * number + extra for extra in range(LISTINGS_OF_A_FILE)]
    lines = ["code,date,open,high,low,close,volume,suspended"]
    for code in (600000, *own):
        price = 10 + number
        lines += [
            f"{code},{day},{price},{price},{price},{price},100,{int(day == DAYS[-1])}"
            for day in DAYS
        ]
    path = folder / f"{number}.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def do_import(workspace: Workspace, path: Path) -> None:
    now = datetime(2026, 6, 1, tzinfo=UTC)
    request = ImportRequest(
        paths=(path,), kind=ImportKind.BARS, fetched_at=now, today=now.date(), basis=Basis.RAW
    )
    import_files(workspace, request)


def screener(
    workspace: Workspace,
    *arguments: str | Path,
    before: str = "",
    restrict: Callable[[], None] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own, after the statements `before`."""
    code = f"{before}\nfrom screener.cli.main import run\nrun()"
    command = [sys.executable, "-c", code, *map(str, arguments), "--workspace", workspace.root]
    return subprocess.run(
        command,
        cwd=SOURCES,
        text=True,
        capture_output=True,
        check=False,
        timeout=PATIENCE,
        preexec_fn=restrict,
    )


def typed(workspace: Workspace, *arguments: str | Path) -> Any:
    """Run the command line in this process."""
    words = [*map(str, arguments), "--workspace", str(workspace.root)]
    return CliRunner().invoke(app, words)


def import_command(path: Path, *more: str) -> tuple[str | Path, ...]:
    return ("data", "import", path, "--kind", "bars", "--basis", "raw", *more)


def stored(workspace: Workspace) -> set[int]:
    """Return the numbers of the imports that are there, after checking that none is so by half."""
    with Store.open(workspace.data_cache) as store:
        tables = {name: store.read(name).to_pylist() for name in TABLES}
    for name, rows in tables.items():
        keys = [tuple(row[part] for part in TABLES[name].key) for row in rows]
        assert len(set(keys)) == len(keys), f"table {name} repeats a key"
    bars = Counter(row["listing"] for row in tables[TableName.BARS])
    status = Counter(row["listing"] for row in tables[TableName.STATUS])
    assert set(bars.values()) <= {len(DAYS)}
    assert status == dict.fromkeys(bars, 1)
    own = Counter((int(name[:6]) - 600001) // LISTINGS_OF_A_FILE for name in bars)
    shared = own.pop(-1, 0)
    assert shared == bool(own)
    assert set(own.values()) <= {LISTINGS_OF_A_FILE}
    last = {row["close"] for row in tables[TableName.BARS] if row["listing"] == "600000.SH"}
    assert len(last) == shared, f"the shared listing is of several imports: {last}"
    assert last <= {10.0 + number for number in own}
    return set(own)


def fingerprint(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file() and "derived" not in path.parts
    }


def data_files(workspace: Workspace) -> list[Path]:
    return sorted((workspace.data_cache / "data").rglob("*.parquet"))


def assert_clear(done: subprocess.CompletedProcess[str], exit_code: int) -> None:
    assert done.returncode == exit_code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("error: ")
    assert "\nfix:   " in done.stderr


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace with import 0, and files for more."""
    root = tmp_path_factory.mktemp("robust") / "work"
    (root / "baskets").mkdir(parents=True)
    (root / "files").mkdir()
    workspace = Workspace(root=root)
    for number in range(FILES):
        write_file(root / "files", number)
    do_import(workspace, root / "files" / "0.csv")
    return workspace


@pytest.fixture
def workspace(example: Workspace, tmp_path: Path) -> Workspace:
    root = tmp_path / "work"
    shutil.copytree(example.root, root)
    return Workspace(root=root)


def file(workspace: Workspace, number: int) -> Path:
    return workspace.root / "files" / f"{number}.csv"


# Kills


@pytest.mark.soak
@soaked
def test_killed_at_any_point(workspace: Workspace, nursery: Nursery, tmp_path: Path) -> None:
    draws = random.Random(drawn_by(20260521))
    there = stored(workspace)
    assert there == {0}
    for turn in range(ROUNDS):
        first = max(there) + 1
        log = tmp_path / f"{turn}.log"
        child = nursery.start(workspace, log, *range(first, FILES - 1))
        time.sleep(draws.uniform(0.0, 0.7))
        os.kill(child, signal.SIGKILL)
        wait_for_the_end_of(child)
        claimed = {int(line) for line in log.read_text().split()}
        there = stored(workspace)
        assert claimed <= there, "an import that was reported as done is gone"
        assert there == set(range(max(there) + 1)), "an import in the middle is missing"
        assert len(there) <= first + len(claimed) + 1
    do_import(workspace, file(workspace, FILES - 1))  # no lock is left behind
    assert stored(workspace) == there | {FILES - 1}


def wait_for_the_end_of(process: int) -> None:
    # Not ours to wait for: its parent leaves it as a zombie, which holds no file and no lock.
    status = Path(f"/proc/{process}/status")
    until = time.monotonic() + PATIENCE
    while status.exists() and "\nState:\tZ" not in status.read_text():
        assert time.monotonic() < until
        time.sleep(0.005)


# Crowds


def race(nursery: Nursery, workspace: Workspace, logs: Path, *crowd: tuple[int, ...]) -> None:
    """Let processes import at once, and read all tables all the time."""
    paths = [logs / f"{turn}.log" for turn in range(len(crowd))]
    for path, numbers in zip(paths, crowd, strict=True):
        nursery.start(workspace, path, *numbers)
    until = time.monotonic() + PATIENCE
    reads = 0
    while not all(path.read_text().endswith("end\n") for path in paths):
        assert time.monotonic() < until
        stored(workspace)
        reads += 1
    assert reads
    for path, numbers in zip(paths, crowd, strict=True):
        assert path.read_text().split() == [*map(str, numbers), "end"]


def versions(workspace: Workspace) -> int:
    with Store.open(workspace.data_cache) as store:
        return store.version


@pytest.mark.parametrize(
    "crowd",
    [
        pytest.param(((1,), (1,)), id="the-same-file"),
        pytest.param(((1, 2), (3, 4)), id="different-files"),
    ],
)
@soaked
def test_two_processes_at_once(
    workspace: Workspace, nursery: Nursery, tmp_path: Path, crowd: tuple[tuple[int, ...], ...]
) -> None:
    before = versions(workspace)
    race(nursery, workspace, tmp_path, *crowd)
    numbers = {number for each in crowd for number in each}
    assert stored(workspace) == {0, *numbers}
    assert versions(workspace) == before + len(numbers)


# Full disks

FILLED = """
import json, os, shutil, subprocess, sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

source, disk = Path(sys.argv[1]), Path(sys.argv[2])
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)], check=True)
shutil.copytree(source, disk / "work")

from screener.data.lake.schema import Basis, TableName
from screener.data.sources.files import ImportKind, ImportRequest
from screener.data.lake.store import Store
from screener.errors import ScreenerError
from screener.workflows.data.importing import import_files
from screener.workspace.locate import Workspace

workspace = Workspace(root=disk / "work")
now = datetime(2026, 6, 1, tzinfo=UTC)
request = ImportRequest(paths=(workspace.root / "files" / "1.csv",), kind=ImportKind.BARS,
                        fetched_at=now, today=now.date(), basis=Basis.RAW)
filler = disk / "filler"
for pages in json.loads(sys.argv[3]):
    filler.unlink(missing_ok=True)
    with filler.open("wb") as out:
        os.posix_fallocate(out.fileno(), 0, shutil.disk_usage(disk).free - 4096 * pages)
    kind, code, text = "", 0, ""
    try:
        import_files(workspace, request)
    except ScreenerError as error:
        kind, code, text = type(error).__name__, error.exit_code, str(error)
    with Store.open(workspace.data_cache) as store:
        rows = store.read(TableName.BARS).num_rows
    print(json.dumps([pages, kind, code, text, rows]), flush=True)
"""


@pytest.mark.soak
@soaked
def test_full_disk(example: Workspace, tmp_path: Path) -> None:
    """Import on a disk with ever more pages free, in a mount that nobody else sees."""
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("no unshare command to mount a small disk with")
    private = [unshare, "--mount", "--map-root-user"]
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)]
    if subprocess.run([*private, *mount], capture_output=True, check=False).returncode:
        pytest.skip("mounting a small disk is not permitted here")
    filled = [str(example.root), str(disk), json.dumps(PAGES)]
    command = [*private, sys.executable, "-c", FILLED, *filled]
    done = subprocess.run(
        command, cwd=SOURCES, text=True, capture_output=True, check=False, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    failed = [item for item in found if item[1]]
    assert len(failed) >= 3
    for pages, kind, code, text, rows in failed:
        assert (kind, code) == ("StorageFull", 7), (pages, text)
        assert "free some space" in text
        assert rows == BARS_OF_A_FILE, f"{pages} pages free: earlier data changed"
    assert found[-1][1] == "", "with room enough the import works"
    assert found[-1][4] == 2 * BARS_OF_A_FILE - len(DAYS)


@soaked
def test_no_room_for_a_file_through_the_command_line(workspace: Workspace) -> None:
    def restrict() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    files = data_files(workspace)
    done = screener(workspace, *import_command(file(workspace, 1)), restrict=restrict)
    assert_clear(done, 7)
    assert "no space left" in done.stderr
    assert stored(workspace) == {0}
    assert data_files(workspace) == files, "what could not be finished still takes room"
    do_import(workspace, file(workspace, 1))
    assert stored(workspace) == {0, 1}


# Read-only folders


@pytest.fixture
def locked_away(workspace: Workspace) -> Iterator[Workspace]:
    with read_only(workspace.data_cache):
        yield workspace


@soaked
def test_read_only_folder(locked_away: Workspace) -> None:
    before = fingerprint(locked_away.data_cache)
    read = screener(locked_away, "data", "status", restrict=without_override)
    assert read.returncode == 0, read.stderr
    assert "bars" in read.stdout
    command = import_command(file(locked_away, 1))
    foreseen = screener(locked_away, *command, "--dry-run", restrict=without_override)
    assert foreseen.returncode == 0, foreseen.stderr
    refused = screener(locked_away, *command, restrict=without_override)
    assert_clear(refused, 7)
    assert "cannot be written" in refused.stderr
    assert fingerprint(locked_away.data_cache) == before


# Ctrl-C

INTERRUPT = """
import os, signal, sys, threading, time
from screener.data.lake import store

# A job started in the background inherits an ignored interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)
merge = store.merge_batch

def merge_batch(connection, *arguments, **options):
    found = merge(connection, *arguments, **options)
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    {work}
    return found

store.merge_batch = merge_batch
"""


@pytest.mark.parametrize(
    "work",
    [
        pytest.param("time.sleep(30)", id="between-queries"),
        pytest.param(
            "connection.execute('SELECT sum(range) FROM range(1000000000)')", id="in-a-query"
        ),
    ],
)
@soaked
def test_ctrl_c_with_all_rows_written_but_not_committed(workspace: Workspace, work: str) -> None:
    command = import_command(file(workspace, 1))
    done = screener(workspace, *command, before=INTERRUPT.format(work=work))
    assert done.returncode == 130, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("interrupted")
    assert stored(workspace) == {0}
    do_import(workspace, file(workspace, 1))  # the lock is free again
    assert stored(workspace) == {0, 1}


# Dry runs


def test_dry_run_leaves_every_byte(workspace: Workspace) -> None:
    before = fingerprint(workspace.root)
    done = typed(workspace, *import_command(file(workspace, 1), "--dry-run"))
    assert done.exit_code == 0, done.stderr
    assert "nothing was changed" in done.stdout
    assert fingerprint(workspace.root) == before


def test_dry_run_makes_no_lake(workspace: Workspace) -> None:
    shutil.rmtree(workspace.data_cache)
    before = fingerprint(workspace.root)
    done = typed(workspace, *import_command(file(workspace, 1), "--dry-run"))
    assert done.exit_code == 0, done.stderr
    assert not workspace.data_cache.exists()
    assert fingerprint(workspace.root) == before
