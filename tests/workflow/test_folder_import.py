"""Folders of bars: one file a listing, one a day, and 通达信's daily records."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from screener.cli.main import app
from screener.data.lake.schema import Basis, TableName
from screener.data.lake.store import Store
from screener.data.sources.files import ImportKind, ImportRequest, folders
from screener.domain.listing import Exchange
from screener.errors import DataError, InputError
from screener.progress import listening
from screener.workflows.data.folder_import import import_folder
from screener.workflows.data.importing import ImportOutcome, import_files
from screener.workspace.locate import Workspace
from tests.support.day_files import DayBar, write_day_file
from tests.support.panels import sessions
from tests.support.soaking import rounds, soaked

NOW = datetime(2025, 9, 1, tzinfo=UTC)
DAYS = sessions(Exchange.SH, date(2025, 3, 3), 6)
LONG = sessions(Exchange.SH, date(2025, 3, 3), 10)
SOURCES = Path(__file__).resolve().parents[2]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    (tmp_path / "desk" / "baskets").mkdir(parents=True)
    return Workspace(root=tmp_path / "desk")


def request(*paths: Path, kind: ImportKind, basis: Basis | None) -> ImportRequest:
    return ImportRequest(paths=paths, kind=kind, fetched_at=NOW, today=NOW.date(), basis=basis)


def run(
    workspace: Workspace,
    folder: Path,
    kind: ImportKind = ImportKind.BARS,
    *,
    basis: Basis | None = Basis.RAW,
    dry_run: bool = False,
) -> ImportOutcome:
    basis = basis if kind is ImportKind.BARS else None
    return import_folder(workspace, request(folder, kind=kind, basis=basis), dry_run=dry_run)


def steady(price: float, *, volume: int = 12_300, days: Sequence[date] = DAYS) -> list[DayBar]:
    """Bars that rise by a hundredth of the price a session, amount true to volume and close."""
    bars = []
    for at, day in enumerate(days):
        close = round(price * (1 + at / 100), 3)
        bars.append(DayBar(day, close, close, close, close, close * volume, volume))
    return bars


def write(folder: Path, name: str, bars: Sequence[DayBar], scale: int = 100) -> Path:
    return write_day_file(folder / "vipdoc" / name[:2] / "lday" / f"{name}.day", bars, scale)


def stored(workspace: Workspace, *columns: str) -> list[tuple[object, ...]]:
    with Store.open(workspace.data_cache) as store:
        rows = store.read(TableName.BARS, columns=columns).to_pylist()
    return sorted(tuple(row[name] for name in columns) for row in rows)


VALUES = ("listing", "session", "open", "high", "low", "close", "volume", "amount")


def as_float32(value: float) -> float:
    found: float = struct.unpack("<f", struct.pack("<f", value))[0]
    return found


@pytest.mark.parametrize(
    ("name", "listing", "scale", "price"),
    [
        ("sh600519", "600519.SH", 100, 1450.25),
        ("sz300857", "300857.SZ", 100, 21.4),
        ("bj920002", "920002.BJ", 100, 9.87),
        ("sh510300", "510300.SH", 1000, 3.912),
        ("sh900901", "900901.SH", 1000, 0.471),
    ],
)
def test_daily_records_are_stored_at_the_scale_of_their_board(
    workspace: Workspace, tmp_path: Path, name: str, listing: str, scale: int, price: float
) -> None:
    bars, expected = [], []
    for at, day in enumerate(DAYS[:4]):
        volume = 3_000_000_000 if at == 1 else 12_345 + at  # beyond what 31 bits hold
        ticks = [round(price * scale) + more for more in (0, 3, -1, at)]
        opened, high, low, close = (value / scale for value in ticks)
        bars.append(DayBar(day, opened, high, low, close, close * volume, volume))
        amount = as_float32(close * volume)
        expected.append((listing, day, opened, high, low, close, float(volume), amount))
    write(tmp_path, name, bars, scale)
    done = run(workspace, tmp_path / "vipdoc")
    assert not done.rejects
    assert stored(workspace, *VALUES) == expected


def test_volume_of_an_index_is_in_lots(workspace: Workspace, tmp_path: Path) -> None:
    write(tmp_path, "sh000001", [DayBar(DAYS[0], 3300.12, 3310.5, 3290.25, 3301, 4e11, 321_000)])
    write(tmp_path, "sh600519", steady(1450))
    done = run(workspace, tmp_path / "vipdoc", ImportKind.INDEX)
    assert stored(workspace, "listing", "open", "close", "volume") == [
        ("000001.SH", 3300.12, 3301.0, 32_100_000.0)
    ]
    assert any("of securities, which --kind bars reads: sh600519.day" in x for x in done.remarks)


def test_what_is_no_share_is_told_and_left_out(workspace: Workspace, tmp_path: Path) -> None:
    for name in ("sh000001", "sz399001", "sh113050", "sh999999", "sz000001"):
        write(tmp_path, name, steady(10))
    (tmp_path / "vipdoc" / "sh" / "readme.doc").write_text("x")
    done = run(workspace, tmp_path / "vipdoc")
    assert {row[0] for row in stored(workspace, "listing")} == {"000001.SZ"}
    told = "\n".join(done.remarks)
    assert "2 files are not read, of indices, which --kind index reads: sh000001.day" in told
    assert "2 files are not read, of no share, fund or index: sh113050.day" in told
    assert "1 file is not read, of other types: readme.doc" in told


def test_a_damaged_file_is_told_and_stops_no_other(workspace: Workspace, tmp_path: Path) -> None:
    write(tmp_path, "sh600000", steady(10))
    cut = write(tmp_path, "sh600004", steady(10))
    cut.write_bytes(cut.read_bytes()[:-5])
    write(tmp_path, "sh600006", []).write_bytes(b"")
    odd = steady(10)
    odd[1] = DayBar(20250345, 10.1, 10.1, 10.1, 10.1, 1010, 100)
    odd[3] = DayBar(DAYS[3], 0, 0, 0, 0, 0, 100)
    write(tmp_path, "sz000002", odd)
    done = run(workspace, tmp_path / "vipdoc")
    told = "\n".join(done.remarks)
    assert "sh600004.day: left out: 187 bytes are no whole number of records of 32 bytes" in told
    assert "sh600006.day: left out: the file is empty" in told
    assert {(item.file, item.line, item.reason) for item in done.rejects} == {
        ("sz000002.day", 2, "session is not a date"),
        ("sz000002.day", 4, "open is not positive"),
    }
    assert [row[0] for row in stored(workspace, "listing")] == ["000002.SZ"] * 4 + ["600000.SH"] * 6


def test_amounts_prove_the_scale(workspace: Workspace, tmp_path: Path) -> None:
    write(tmp_path, "sh600000", steady(10))
    write(tmp_path, "sh510300", steady(4), scale=100)  # ten times too small, as a fund is read
    done = run(workspace, tmp_path / "vipdoc")
    assert {row[0] for row in stored(workspace, "listing")} == {"600000.SH"}
    (reason,) = {item.reason for item in done.rejects}
    assert "amount / (volume × close) has median 10" in reason


@pytest.mark.parametrize("scale", [100, 1000])
def test_stored_closes_prove_the_scale(workspace: Workspace, tmp_path: Path, scale: int) -> None:
    text = "code,date,open,high,low,close,volume\n" + "".join(
        f"510300.SH,{bar.day},{bar.close},{bar.close},{bar.close},{bar.close},12300\n"
        for bar in steady(4)[:3]
    )
    other = tmp_path / "other.csv"
    other.write_text(text, encoding="utf-8")
    import_files(workspace, request(other, kind=ImportKind.BARS, basis=Basis.RAW))
    before = stored(workspace, *VALUES)
    silent = [DayBar(b.day, b.open, b.high, b.low, b.close, 0, b.volume) for b in steady(4)]
    write(tmp_path, "sh510300", silent, scale=scale)
    write(tmp_path, "sh600000", steady(10))
    done = run(workspace, tmp_path / "vipdoc")
    refused = [item for item in done.rejects if item.listing == "510300.SH"]
    if scale == 1000:
        assert not refused
        assert len(stored(workspace, "session")) == 12
        return
    (item,) = refused
    assert item.reason == "the prices are at another scale than those stored of the same sessions"
    assert "closes are 0.1 times those stored from other.csv on 3 shared sessions" in item.row
    assert [row for row in stored(workspace, *VALUES) if row[0] == "510300.SH"] == before


def table(bars: Sequence[DayBar], code: str = "") -> str:
    head, cell = ("code,", f"{code},") if code else ("", "")
    return f"{head}date,open,high,low,close,volume\n" + "".join(
        f"{cell}{bar.day},{bar.open},{bar.high},{bar.low},{bar.close},{bar.volume}\n"
        for bar in bars
    )


def test_files_are_named_by_their_listing(workspace: Workspace, tmp_path: Path) -> None:
    folder = tmp_path / "bars"
    folder.mkdir()
    for name in ("sh600519.csv", "600000.SH.csv", "000001.csv"):
        (folder / name).write_text(table(steady(10)), encoding="utf-8")
    bars = steady(10)
    columns = {name: [getattr(bar, name) for bar in bars] for name in ("open", "high", "low")}
    columns |= {"date": [bar.day for bar in bars], "close": [bar.close for bar in bars]}
    pq.write_table(pa.table(columns), folder / "sz300857.parquet")
    (folder / "sh600004.csv").write_text("these,are\nno,bars\n", encoding="utf-8")
    done = run(workspace, folder)
    found = {row[0] for row in stored(workspace, "listing")}
    assert found == {"600519.SH", "600000.SH", "000001.SZ", "300857.SZ"}
    assert len(stored(workspace, "listing")) == 4 * len(DAYS)
    (left,) = [line for line in done.remarks if "left out" in line]
    assert left.startswith("sh600004.csv: left out: no column for session")


@pytest.mark.parametrize("dated", [True, False])
def test_files_are_named_by_their_day(workspace: Workspace, tmp_path: Path, dated: bool) -> None:
    folder = tmp_path / "days"
    folder.mkdir()
    for at, day in enumerate(DAYS):
        head = "code,date,open,high,low,close\n" if dated else "code,open,high,low,close\n"
        cell = f"{day}," if dated else ""
        price = 10 + at / 10
        rows = [f"{code},{cell}" + ",".join([f"{price:g}"] * 4) for code in ("600519", "000001")]
        (folder / f"{day:%Y%m%d}.csv").write_text(head + "\n".join(rows), encoding="utf-8")
    run(workspace, folder)
    expected = [
        (listing, day, 10 + at / 10)
        for listing in ("000001.SZ", "600519.SH")
        for at, day in enumerate(DAYS)
    ]
    assert stored(workspace, "listing", "session", "close") == expected


def market(tmp_path: Path) -> Path:
    """Files of nine listings; in one, a price that leaves its neighbours and comes back."""
    for at in range(9):
        bars = steady(10 + at, days=LONG)
        if at == 4:
            bars[7] = DayBar(LONG[7], 30, 30, 30, 30, 30 * 12_300, 12_300)
        write(tmp_path, f"sh60000{at}", bars)
    return tmp_path / "vipdoc"


def everything(workspace: Workspace) -> dict[TableName, list[dict[str, object]]]:
    with Store.open(workspace.data_cache) as store:
        return {name: store.read(name).to_pylist() for name in TableName}


def test_pieces_hold_what_one_import_does(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = market(tmp_path)
    whole = run(workspace, folder)
    assert whole.version is not None
    again = Workspace(root=tmp_path / "again")
    monkeypatch.setattr(folders, "_PIECE_ROWS", 2 * len(LONG))
    heard: list[tuple[int, int]] = []
    with listening(lambda done, total: heard.append((done, total))):
        pieces = run(again, folder)
    assert heard == [(0, 9), (2, 9), (4, 9), (6, 9), (8, 9), (9, 9)]
    assert pieces.version == whole.version + 4
    assert everything(again) == everything(workspace)
    assert len([item for item in pieces.rejects if item.listing == "600004.SH"]) == 1
    assert (pieces.changes, pieces.reasons) == (whole.changes, whole.reasons)


def test_again_all_is_there(workspace: Workspace, tmp_path: Path) -> None:
    folder = market(tmp_path)
    dry = run(workspace, folder, dry_run=True)
    assert not workspace.data_cache.exists()
    first = run(workspace, folder)
    assert dry.changes == first.changes
    again = run(workspace, folder)
    assert (again.changed, again.version) == (False, first.version)
    assert sum(item.unchanged for item in again.changes if item.table is TableName.BARS) == 89


KILLED = """
import sys
from pathlib import Path
from screener.data.sources.files import folders
from tests.support.fault_points import Points
from tests.workflow.test_folder_import import Workspace, run
folders._PIECE_ROWS = 20
points = Points(int(sys.argv[3]))
points.install()
run(Workspace(root=Path(sys.argv[1])), Path(sys.argv[2]))
print(points.passed)
"""


def killed_at(moment: int, root: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", KILLED, str(root), str(folder), str(moment)]
    env = {**os.environ, "PYTHONPATH": str(SOURCES)}
    return subprocess.run(command, capture_output=True, text=True, env=env, check=False)


@soaked
def test_killed_and_resumed_it_is_as_undisturbed(workspace: Workspace, tmp_path: Path) -> None:
    folder = market(tmp_path)
    undisturbed = killed_at(-1, workspace.root, folder)
    assert undisturbed.returncode == 0, undisturbed.stderr
    moments = int(undisturbed.stdout)
    tries = rounds(2, 6, 40)
    for at in range(tries):
        other = Workspace(root=tmp_path / f"killed-{at}")
        died = killed_at(moments * (2 * at + 1) // (2 * tries), other.root, folder)
        assert died.returncode == -9, died.stderr
        run(other, folder)
        assert everything(other) == everything(workspace)


def test_what_a_folder_cannot_hold_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    folder = market(tmp_path)
    with pytest.raises(InputError, match="a folder is read for bars and index, not for valuation"):
        run(workspace, folder, ImportKind.VALUATION)
    with pytest.raises(InputError, match="prices of daily records are as traded") as caught:
        run(workspace, folder, basis=Basis.ADJUSTED)
    assert "--basis raw" in caught.value.fix
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(InputError, match="no file that can be read as bars, of 0"):
        run(workspace, empty)
    assert not workspace.data_cache.exists()


def test_nothing_left_of_a_folder_is_an_error(workspace: Workspace, tmp_path: Path) -> None:
    write(tmp_path, "sh600000", steady(10)).write_bytes(b"x" * 33)
    with pytest.raises(DataError, match=r"no row of any file fits: sh600000\.day: left out: 33"):
        run(workspace, tmp_path / "vipdoc")


def test_it_is_typed_as_a_file_is(tmp_path: Path) -> None:
    write(tmp_path, "sh600000", steady(10))
    write(tmp_path, "sh600004", steady(20)).write_bytes(b"x")
    folder, desk = tmp_path / "vipdoc", str(tmp_path / "desk")
    assert CliRunner().invoke(app, ["init", desk]).exit_code == 0
    typed = ["data", "import", str(folder), "--kind", "bars", "--workspace", desk]
    done = CliRunner().invoke(app, [*typed, "--basis", "raw"])
    assert done.exit_code == 0, done.output
    assert "Stored as data version 2." in done.output
    assert "sh600004.day: left out: 1 bytes are no whole number" in done.output
    again = CliRunner().invoke(app, [*typed, "--basis", "raw"])
    assert "All of it was there already; data version 2." in again.output
    assert CliRunner().invoke(app, typed).exit_code == 2  # which basis?


def test_the_workspace_is_never_read(workspace: Workspace, tmp_path: Path) -> None:
    run(workspace, market(tmp_path))
    again = run(workspace, tmp_path)
    assert not again.changed
    assert not [line for line in again.remarks if "parquet" in line]
