"""Imports through the whole workflow: files in, tables and factors out."""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from screener.data.lake.schema import Basis, TableName
from screener.data.lake.store import Store
from screener.data.sources.files import ImportKind, ImportRequest
from screener.errors import DataError, InputError, SchemaMismatch
from screener.files.writing import FileFormat
from screener.workflows.data.export import export_tables
from screener.workflows.data.importing import import_files
from screener.workspace.locate import Workspace

NOW = datetime(2026, 6, 1, tzinfo=UTC)
BARS = """code,date,open,high,low,close,volume
300857,2026-05-13,10,10.5,9.9,10,1000
300857,2026-05-14,10,10.5,9.9,10.5,1000
300857,2026-05-15,5.2,5.4,5.1,5.3,2000
300857,2026-05-18,5.3,5.5,5.2,5.4,2000
"""
ACTIONS = """listing,ex_session,cash,bonus
300857.SZ,2026-05-15,0.5,1
300857.SZ,2026-05-25,0.1,0
300857.SZ,2020-05-15,0.1,0
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    (tmp_path / "baskets").mkdir()
    return Workspace(root=tmp_path)


def file(workspace: Workspace, name: str, text: str) -> Path:
    path = workspace.root / name
    path.write_text(text, encoding="utf-8")
    return path


def run(  # type: ignore[no-untyped-def]
    workspace: Workspace, text: str, kind: ImportKind, *, basis=None, dry_run: bool = False
):
    request = ImportRequest(
        paths=(file(workspace, f"{kind}.csv", text),),
        kind=kind,
        fetched_at=NOW,
        today=NOW.date(),
        basis=basis,
        as_of=NOW.date(),
    )
    return import_files(workspace, request, dry_run=dry_run)


def read(workspace: Workspace, table: TableName) -> list[dict[str, object]]:
    with Store.open(workspace.data_cache) as store:
        return store.read(table).to_pylist()


@pytest.mark.parametrize("actions_first", [True, False])
def test_factors_follow_whichever_comes_last(workspace: Workspace, actions_first: bool) -> None:
    steps = [(BARS, ImportKind.BARS, Basis.RAW), (ACTIONS, ImportKind.ACTIONS, None)]
    for text, kind, basis in reversed(steps) if actions_first else steps:
        done = run(workspace, text, kind, basis=basis)
    (row,) = read(workspace, TableName.FACTORS)
    # by hand: (10.5 - 0.5) / 2 = 5, so 10.5 / 5
    assert (row["ex_session"], row["factor"]) == (date(2026, 5, 15), pytest.approx(2.1))
    assert "2 actions wait for raw bars on both sides of their ex-session" in done.remarks


def test_adjusted_prices_get_no_factor(workspace: Workspace) -> None:
    run(workspace, BARS, ImportKind.BARS, basis=Basis.ADJUSTED)
    done = run(workspace, ACTIONS, ImportKind.ACTIONS)
    assert read(workspace, TableName.FACTORS) == []
    assert "3 actions wait for raw bars on both sides of their ex-session" in done.remarks


@pytest.mark.parametrize("basis", list(Basis))
def test_history_is_not_replaced_by_one_with_a_bad_row_for_it(
    workspace: Workspace, basis: Basis
) -> None:
    run(workspace, BARS, ImportKind.BARS, basis=Basis.ADJUSTED)
    bad = BARS.replace("2026-05-15,5.2,", "2026-05-15,-5.2,")
    with pytest.raises(DataError, match="1 stored bars would be lost") as caught:
        run(workspace, bad, ImportKind.BARS, basis=basis)
    assert "line 4" in caught.value.where
    assert len(read(workspace, TableName.BARS)) == 4


def test_raw_over_raw_merges_around_a_bad_row(workspace: Workspace) -> None:
    run(workspace, BARS, ImportKind.BARS, basis=Basis.RAW)
    bad = BARS.replace("2026-05-15,5.2,", "2026-05-15,-5.2,")
    assert len(run(workspace, bad, ImportKind.BARS, basis=Basis.RAW).rejects) == 1
    assert len(read(workspace, TableName.BARS)) == 4


def test_dry_run_says_the_same_and_writes_nothing(workspace: Workspace) -> None:
    dry = run(workspace, BARS, ImportKind.BARS, basis=Basis.RAW, dry_run=True)
    assert not workspace.data_cache.exists()
    wet = run(workspace, BARS, ImportKind.BARS, basis=Basis.RAW)
    assert dry.changes == wet.changes
    again = run(workspace, BARS, ImportKind.BARS, basis=Basis.RAW)
    assert [item.unchanged for item in again.changes] == [4]
    assert again.version == wet.version


def test_rejected_rows_are_kept_with_their_reason(workspace: Workspace) -> None:
    bad = BARS + "300857,2026-05-16,5,6,4,5,1\n300857,2026-05-19,-5,6,4,5,1\n"
    done = run(workspace, bad, ImportKind.BARS, basis=Basis.RAW)
    assert len(done.rejects) == 2
    kept = read(workspace, TableName.QUARANTINE)
    assert [row["line"] for row in kept] == [6, 7]
    assert len(read(workspace, TableName.BARS)) == 4


@pytest.mark.parametrize(
    ("text", "kind", "basis", "error", "words"),
    [
        (BARS, ImportKind.BARS, None, InputError, "basis"),
        ("code,date,open\n1,2,3\n", ImportKind.BARS, Basis.RAW, SchemaMismatch, "close"),
        ("code,date,open,high,low,close\n", ImportKind.BARS, Basis.RAW, DataError, "no rows|empty"),
        (
            "code,date,open,high,low,close\n300857,2026-05-15,1,1,2,1\n",
            ImportKind.BARS,
            Basis.RAW,
            DataError,
            "low",
        ),
    ],
)
def test_bad_files_change_nothing(  # type: ignore[no-untyped-def]
    workspace: Workspace, text: str, kind: ImportKind, basis, error, words: str
) -> None:
    run(workspace, BARS, ImportKind.BARS, basis=Basis.RAW)
    with Store.open(workspace.data_cache) as store:
        version = store.version
    with pytest.raises(error, match=words):
        run(workspace, text, kind, basis=basis)
    with Store.open(workspace.data_cache) as store:
        assert store.version == version
        assert store.read(TableName.BARS).num_rows == 4


def test_export_writes_what_the_tables_hold(workspace: Workspace, tmp_path: Path) -> None:
    run(workspace, BARS, ImportKind.BARS, basis=Basis.RAW)
    for suffix in FileFormat:
        (written,) = export_tables(
            workspace, tmp_path / "out", tables=list(TableName), file_format=suffix
        )
        assert written.name == f"bars.{suffix}"
    with (tmp_path / "out" / "bars.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.reader(lines))
    assert rows[1][:3] == ["300857.SZ", "2026-05-13", "10"]
    # what was exported can be imported again
    request = ImportRequest(
        paths=(tmp_path / "out" / "bars.parquet",),
        kind=ImportKind.BARS,
        fetched_at=NOW,
        today=NOW.date(),
        basis=Basis.RAW,
    )
    assert [item.unchanged for item in import_files(workspace, request).changes] == [4]


def test_the_master_of_the_workspace_restores_lost_zeros(workspace: Workspace) -> None:
    bars = BARS.replace("300857,", "2475,")
    with pytest.raises(DataError, match="lost its leading zeros"):
        run(workspace, bars, ImportKind.BARS, basis=Basis.RAW)
    run(workspace, "code,name\n002475,立讯精密\n00700,腾讯控股\n", ImportKind.LISTINGS)
    done = run(workspace, bars, ImportKind.BARS, basis=Basis.RAW)
    assert any("restored by the master of listings" in line for line in done.remarks)
    assert {row["listing"] for row in read(workspace, TableName.BARS)} == {"002475.SZ"}
    run(workspace, "code,name\n02475,某港股\n", ImportKind.LISTINGS)
    with pytest.raises(DataError, match="lost its leading zeros"):
        run(workspace, bars, ImportKind.BARS, basis=Basis.RAW)


def test_income_and_balance_come_in_two_files(workspace: Workspace) -> None:
    kind, key = ImportKind.FUNDAMENTALS, "code,period_end,known_at"
    days = "2025-12-31,2026-03-28"
    run(workspace, f"{key},revenue,net_profit\n300857,{days},900,90\n", kind)
    run(workspace, f"{key},debt,net_profit\n300857,{days},30,\n002475,{days},4,5\n", kind)
    run(workspace, f"{key},net_profit\n300857,{days},80\n", kind)
    names = ("listing", "revenue", "net_profit", "debt")
    found = [tuple(row[name] for name in names) for row in read(workspace, TableName.FUNDAMENTALS)]
    assert found == [("002475.SZ", None, 5.0, 4.0), ("300857.SZ", 900.0, 80.0, 30.0)]
