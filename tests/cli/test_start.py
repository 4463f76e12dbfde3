"""How the console command starts and ends, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from screener.cli.demo import on_path
from screener.cli.main import _COMMANDS, app
from screener.data.lake.batch import Batch
from screener.data.lake.rows import make_rows
from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.data.panels.calendar_cache import recorded_sessions
from tests.support.report_lake import SMALL, empty_workspace, fill_lake

SOURCES = Path(__file__).resolve().parents[2]


def test_the_command_spares_looking_for_cycles_and_still_looks() -> None:
    script = (
        "import atexit, gc, sys\n"
        "atexit.register(lambda: print(gc.get_freeze_count() > 1_000))\n"
        "from screener.cli.main import run\n"
        "before = gc.get_threshold()\n"
        "sys.argv = ['screener', '--version']\n"
        "try:\n"
        "    run()\n"
        "except SystemExit as end:\n"
        "    assert not end.code\n"
        "after = gc.get_threshold()\n"
        "print(gc.isenabled(), before[0] < after[0] <= 50_000, gc.get_freeze_count() == 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=SOURCES, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    # Frozen only by the end: exit handlers run in the reverse order of their registration.
    assert done.stdout.splitlines()[1:] == ["True True True", "True"]


def test_the_command_line_is_whole_for_who_asks_for_all_of_it() -> None:
    commands = [item.name or item.callback.__name__ for item in app.registered_commands]  # type: ignore[union-attr]
    assert {*commands, *(item.name for item in app.registered_groups)} == {*_COMMANDS}


def test_compiled_code_finds_no_pandas_and_python_does() -> None:
    script = (
        "import sys, datetime, importlib\n"
        "from screener.cli.terminal.sparing import spare_pandas\n"
        "spare_pandas()\n"
        "import duckdb, pyarrow as pa\n"
        "day = datetime.date(2026, 5, 27)\n"
        "print(pa.scalar(day, pa.date32()).as_py(), pa.array(['a', None]).null_count)\n"
        "print(duckdb.execute('SELECT ?', [day]).fetchall()[0][0], 'pandas' in sys.modules)\n"
        "frame = importlib.import_module('pandas').DataFrame({'a': [1.0]})\n"
        "import pandas\n"
        "print(pa.Table.from_pandas(frame).num_rows, pa.table({'a': [1]}).to_pandas().shape)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=SOURCES, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["2026-05-27 1", "2026-05-27 False", "1 (1, 1)"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("rules", "--at", "2026-05-27", "--listing", "600000.SH"),
        ("data", "status"),
        ("screen", "--universe", "a", "--as-of", "2026-05-27", "--pb", "..2"),
    ],
)
def test_everyday_commands_import_neither_pandas_nor_the_calendar_library(
    arguments: tuple[str, ...], valued: Path
) -> None:
    script = (
        "import atexit, sys\n"
        "from screener.cli.main import run\n"
        "heavy = {'pandas', 'exchange_calendars', 'numba', 'vectorbt', 'akshare', 'asyncio'}\n"
        "atexit.register(lambda: print('imported', sorted(heavy & set(sys.modules))))\n"
        f"sys.argv = ['screener', *{arguments!r}, '--workspace', {str(valued)!r}]\n"
        "run()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=SOURCES, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "imported []"


@pytest.fixture(scope="module")
def valued(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a workspace with listings, and with the sessions kept beside its lake."""
    place = empty_workspace(tmp_path_factory.mktemp("start") / "work")
    fill_lake(place.data_cache)
    columns = {"listing": [SMALL[0].listing], "session": [date(2026, 5, 27)], "pb": [1.5]}
    rows = make_rows(TableName.VALUATION, columns, source="t", fetched_at=datetime.now(UTC))
    with Store.create(place.data_cache) as store:
        store.commit(Batch(tables={TableName.VALUATION: rows}), message="valued")
    with recorded_sessions(place.data_cache):
        pass
    return place.root


@pytest.mark.parametrize("found", ["no", "another", "this"])
def test_the_demonstration_says_how_the_shell_finds_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found: str
) -> None:
    here, there = tmp_path / "a b" / "screener", tmp_path / "c" / "screener"
    for path in (here, there):
        path.parent.mkdir()
        path.write_text("#!/bin/sh\necho found\n", encoding="utf-8")
        path.chmod(0o755)
    folder = {"no": tmp_path, "another": there.parent, "this": here.parent}[found]
    monkeypatch.setenv("PATH", str(folder))
    lines = on_path(here)
    assert bool(lines) is (found != "this")
    script = "\n".join((*lines, "command -v screener"))
    told = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == str(here)
    assert on_path(tmp_path / "pytest") == ()
    told = on_path(here, windows=True)
    assert bool(told) is (found != "this")
    assert not told or told == (f'$env:Path = "{here.parent};$env:Path"',)
