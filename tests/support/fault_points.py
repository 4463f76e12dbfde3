"""A process that kills itself at a chosen moment: before or after a rename, a sync or a commit."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from screener.data.lake import compaction, lake
from screener.data.lake.batch import Batch
from screener.data.lake.rows import make_rows
from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.errors import DataError
from screener.files.writing import FileFormat
from screener.workflows.data.compact import compact_data
from screener.workflows.data.export import export_tables
from screener.workflows.report.catalog import init_workspace
from screener.workspace.locate import Workspace, is_workspace
from screener.workspace.runs import save_run, stored_runs

__all__ = ["JOBS", "Points", "faults", "moments", "number_in", "settled"]

FIRST = date(2024, 6, 1)
ORIGIN: dict[str, Any] = {"source": "kill.csv", "fetched_at": datetime(2026, 6, 1, tzinfo=UTC)}
NAMES = ("600000.SH", "600004.SH", "00700.HK")
_TOLD = ("COMMIT", "CALL", "BEGIN", "ATTACH", "CREATE", "ALTER", "DROP", "INSERT", "DELETE")


class Points:
    """Counts the moments that matter, and ends the process at one of them.

    Parameters
    ----------
    at
        Number of the moment, counted from 0; none if negative.
    """

    def __init__(self, at: int) -> None:
        self.passed = 0
        self._at = at

    def install(self) -> None:
        """Watch renames, links, removals and syncs of files, and what the lake is told."""
        for name in ("replace", "rename", "link", "unlink", "fsync", "rmdir"):
            setattr(os, name, self._watched(getattr(os, name)))
        connect = lake.connect
        lake.connect = lambda root, *, create=False: _Watched(  # type: ignore[assignment,return-value]
            connect(root, create=create), self
        )

    def passing(self) -> None:
        """Tell of a moment."""
        if self.passed == self._at:
            os.kill(os.getpid(), signal.SIGKILL)
        self.passed += 1

    def _watched(self, job: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*arguments: Any, **named: Any) -> Any:
            self.passing()
            done = job(*arguments, **named)
            self.passing()
            return done

        return watched


class _Watched:
    """A connection whose statements that write are moments."""

    def __init__(self, connection: Any, points: Points) -> None:
        self._connection = connection
        self._points = points

    def execute(self, sql: str, *values: Any) -> Any:
        if not sql.lstrip().upper().startswith(_TOLD):
            return self._connection.execute(sql, *values)
        self._points.passing()
        done = self._connection.execute(sql, *values)
        self._points.passing()
        return done

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


def _commit(folder: Path) -> None:
    compaction.MANY_FILES = 12  # so that commits merge too
    with Store.create(folder / "data_cache") as store:
        store.commit(Batch(tables={}), message="kill", complete=_following)


def _compact(folder: Path) -> None:
    _commit(folder)
    now = datetime.now(UTC) + timedelta(hours=2)
    compact_data(Workspace(root=folder), now=now, keep_days=0)


def _restore(folder: Path) -> None:
    _commit(folder)
    with Store.open(folder / "data_cache") as store:
        store.restore(store.version)
        store.restore(store.version - 1)
        store.commit(Batch(tables={}), message="kill", complete=_following)


def _write(folder: Path) -> None:
    _commit(folder)
    place = Workspace(root=folder)
    number = number_in(folder)
    save_run(place, f"run{number}", {"data_version": 1, "results": [{"value": number}] * 40})
    export_tables(place, folder / "out", tables=list(TableName), file_format=FileFormat.PARQUET)


def _init(folder: Path) -> None:
    init_workspace(folder / "made")


JOBS: dict[str, Callable[[Path], None]] = {
    "commit": _commit,
    "compact": _compact,
    "restore": _restore,
    "write": _write,
    "init": _init,
}
"""What is done until the process ends itself, in a workspace."""


def _following(store: Store, _: Batch) -> Batch:
    (row,) = store.read(TableName.FX).to_pylist() or [{"rate": 0.0}]
    return _batch(int(row["rate"]) + 1)


def _batch(number: int) -> Batch:
    day, value = FIRST + timedelta(days=number), float(number)
    closes = [value] * (len(NAMES) + 1)
    tables: dict[TableName, dict[str, Any]] = {
        TableName.BARS: {
            "listing": [*NAMES, "000001.SZ"],
            "session": [FIRST] * len(NAMES) + [day],
            "basis": "raw",
            **dict.fromkeys(("open", "high", "low", "close"), closes),
        },
        TableName.STATUS: {"listing": ["000001.SZ"], "session": [day], "suspended": [False]},
        TableName.FX: {"pair": ["HKDCNY"], "session": [FIRST], "rate": [value]},
    }
    return Batch(tables={name: make_rows(name, rows, **ORIGIN) for name, rows in tables.items()})


def number_in(folder: Path) -> int:
    """Return the one number that the lake holds; 0 if there is none yet.

    Raises
    ------
    AssertionError
        If it holds rows of two commits, or not all of one.
    """
    try:
        store = Store.open(folder / "data_cache", every_byte=True)
    except DataError:
        return 0  # nothing has landed yet
    with store:
        rates = [row["rate"] for row in store.read(TableName.FX).to_pylist()]
        rows = store.read(TableName.BARS).to_pylist()
        status = store.read(TableName.STATUS).to_pylist()
        matches = store.holds_what_was_committed()
    own = [row["close"] for row in rows if row["listing"] == "000001.SZ"]
    assert matches is not False, "the rows are not those of their commit"
    assert own == [float(at + 1) for at in range(len(own))], "a session is missing"
    assert rates == [float(len(own))] * bool(own), "two numbers meet"
    shared = [row for row in rows if row["listing"] != "000001.SZ"]
    assert {row["close"] for row in shared} == set(rates), "two numbers meet in the bars"
    assert len(shared) == len(NAMES) * bool(own), "a bar is missing or comes twice"
    assert len(status) == len(own), "a table was left behind"
    return len(own)


def faults(folder: Path, before: int) -> list[str]:
    """Return what is wrong with what an ended process left; `before` is the number until then."""
    found = []
    try:
        number = number_in(folder)
        if not before <= number <= before + 2:
            found.append(f"the number is {number} after {before}")
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a fault
        found.append(f"the lake: {type(error).__name__}: {error}")
    if (folder / "data_cache").is_dir():
        found.extend(f"run {text}" for text in stored_runs(Workspace(root=folder)).unreadable)
    made = folder / "made"
    if made.exists() and not is_workspace(made):
        found.append("init left a folder that is no workspace")
    if made.exists() and not list((made / "seeds").glob("*.toml")):
        found.append("init left a workspace without cards")
    found.extend(
        f"half of {path.name}"
        for path in (folder / "out").glob("*.parquet")
        if path.read_bytes()[-4:] != b"PAR1"
    )
    return found


def moments(folder: Path, job: str, at: int) -> int:
    """Do a job up to moment `at`; return how many there are if it comes to its end."""
    points = Points(at)
    points.install()
    JOBS[job](folder)
    return points.passed


def settled(folder: Path) -> list[str]:
    """Do all jobs once more and return what is wrong then, or left over."""
    before = number_in(folder)
    for name, job in JOBS.items():
        if name != "init" or not (folder / "made").exists():
            job(folder)
    found = faults(folder, before + 3)
    left = [
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.name.endswith(".tmp") and "data_cache" in path.parts
    ]
    return [*found, *(f"left over: {name}" for name in left)] if found else found
