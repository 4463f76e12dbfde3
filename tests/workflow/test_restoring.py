"""An old data version made current again."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from screener.cli.main import app
from screener.data.lake import lake
from screener.data.lake.batch import Batch
from screener.data.lake.compaction import Pins
from screener.data.lake.rows import make_rows
from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.errors import InputError
from screener.workflows.data.restore import restore_data
from screener.workspace.locate import Workspace

NOW = datetime(2026, 6, 30, tzinfo=UTC)
FIRST, SECOND = date(2026, 6, 17), date(2026, 6, 18)


def batch(rates: dict[date, float], *, pair: str = "HKDCNY", source: str = "a.csv") -> Batch:
    rows = {"pair": [pair] * len(rates), "session": list(rates), "rate": list(rates.values())}
    made = make_rows(TableName.FX, rows, source=source, fetched_at=NOW)
    return Batch(tables={TableName.FX: made})


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    (tmp_path / "baskets").mkdir()
    place = Workspace(root=tmp_path)
    with Store.create(place.data_cache) as store:
        store.commit(batch({FIRST: 0.9}), message="first")  # version 2
        store.commit(batch({FIRST: 0.8, SECOND: 0.7}, source="b.csv"), message="second")
    return place


def rates(workspace: Workspace, version: int | None = None) -> list[tuple[object, ...]]:
    with Store.open(workspace.data_cache, version=version) as store:
        rows = store.read(TableName.FX).to_pylist()
    return [(row["session"], row["rate"], row["source"]) for row in rows]


def test_an_old_version_is_current_again_and_none_is_lost(workspace: Workspace) -> None:
    foreseen = restore_data(workspace, 2, dry_run=True)
    assert len(rates(workspace)) == 2
    done = restore_data(workspace, 2)
    assert foreseen.changes == done.changes
    ((change),) = done.changes
    assert (change.table, change.added, change.changed, change.removed) == (TableName.FX, 0, 1, 1)
    assert done.version == 4
    assert rates(workspace) == rates(workspace, 2) == [(FIRST, 0.9, "a.csv")]
    assert len(rates(workspace, 3)) == 2
    again = restore_data(workspace, 3)
    assert rates(workspace) == rates(workspace, 3)
    assert again.version == 5
    assert not restore_data(workspace, 5).changed


def test_what_an_older_program_did_not_have_is_emptied(workspace: Workspace) -> None:
    with Store.create(workspace.data_cache) as store:
        rows = make_rows(
            TableName.INDUSTRIES,
            {"listing": ["600000.SH"], "valid_from": [FIRST], "industry": ["银行"]},
            source="c.csv",
            fetched_at=NOW,
        )
        store.commit(Batch(tables={TableName.INDUSTRIES: rows}), message="third")
    restore_data(workspace, 3)
    with Store.open(workspace.data_cache) as store:
        assert store.read(TableName.INDUSTRIES).num_rows == 0


def test_versions_that_are_not_there_are_refused(workspace: Workspace) -> None:
    with pytest.raises(InputError, match="no data version 9; the newest is 3") as caught:
        restore_data(workspace, 9)
    assert "data status" in caught.value.fix
    with Store.open(workspace.data_cache) as store:
        store.compact(
            now=datetime.now(UTC) + timedelta(days=200),
            pinned=lambda: Pins(versions=frozenset()),
            keep=timedelta(0),
        )
    with pytest.raises(InputError, match="data version 2 has expired") as caught:
        restore_data(workspace, 2)
    assert "read the next one that is kept" in caught.value.fix


def test_the_command_says_what_it_did(workspace: Workspace) -> None:
    done = CliRunner().invoke(app, ["data", "restore", "2", "--workspace", str(workspace.root)])
    assert done.exit_code == 0, done.output
    assert "current again, as data version 4" in " ".join(done.output.split())


def test_columns_that_an_older_program_required_may_be_empty(workspace: Workspace) -> None:
    connection = lake.connect(workspace.data_cache)
    connection.execute("DROP TABLE lake.bars")
    connection.execute(
        "CREATE TABLE lake.bars (listing VARCHAR NOT NULL, session DATE NOT NULL, "
        "open DOUBLE NOT NULL, high DOUBLE NOT NULL, low DOUBLE NOT NULL, close DOUBLE NOT NULL, "
        "volume DOUBLE, amount DOUBLE, basis VARCHAR NOT NULL, source VARCHAR NOT NULL, "
        "fetched_at TIMESTAMP WITH TIME ZONE NOT NULL)"
    )
    connection.close()
    rows = make_rows(
        TableName.BARS,
        {"listing": ["600000.SH"], "session": [FIRST], "close": [1.0], "basis": "raw"},
        source="d.csv",
        fetched_at=NOW,
    )
    with Store.create(workspace.data_cache) as store:
        store.commit(Batch(tables={TableName.BARS: rows}), message="a close alone")
        assert store.read(TableName.BARS).column("open").to_pylist() == [None]
