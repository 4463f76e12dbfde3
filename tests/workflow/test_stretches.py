"""Events whose prices memory does not hold at once: every row is that of one market for all."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import screener
from screener.api import BacktestResult, Workspace
from screener.results.arrow import arrow_rows
from screener.workflows.backtest import stretches
from screener.workflows.backtest.measures import metric_rows
from screener.workflows.backtest.name_paths import name_path_rows
from screener.workflows.backtest.order_rows import order_rows
from screener.workflows.backtest.rows import ledger_rows, path_rows, result_table, shortfall_rows
from tests.support.soaking import soaked

ALL, FEW, ONE = 10**9, 5_000, 300
"""Cells of a market that hold every event of the demo, a few of them, one of them."""
MADE = (ledger_rows, order_rows, metric_rows, shortfall_rows, path_rows, name_path_rows)
SETTINGS: tuple[dict[str, Any], ...] = (
    {"hold": (5, 20, 60), "capital": (1e6, 2e4), "delay": 3, "entry": "close"},
    {"hold": (1, 120), "paper": True},
    {"hold": 40, "rebalance": "monthly"},
    {"hold": (20, 120), "weighting": "inverse-vol"},
    {"hold": (20, 60), "exit": "stop:-0.1", "capital": 1e6},
)


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return screener.demo(tmp_path_factory.mktemp("stretches") / "research")


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> list[date | None]:
    """Return a list to which each market that is read adds where its tables are taken to end."""
    found: list[date | None] = []
    read = stretches.read_market

    def noted(*given: Any, until: date | None = None) -> stretches.Market:
        found.append(until)
        return read(*given, until=until)

    monkeypatch.setattr(stretches, "read_market", noted)
    return found


def all_rows(found: BacktestResult) -> dict[str, list[dict[str, object]] | list[str]]:
    runs = found.runs
    made = {rows.__name__: [row for run in runs for row in rows(run)] for rows in MADE}
    remarks = [line for run in runs for line in run.remarks]
    return {**made, "returns": list(result_table(runs, whole=True).rows), "remarks": remarks}


def check_equal(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch, ends: list[date | None], asked: dict[str, Any]
) -> None:
    monkeypatch.setattr(stretches, "CELLS", ALL)
    whole = all_rows(ws.backtest(**asked))
    assert ends == [None]
    for cells in (FEW, ONE):
        ends.clear()
        monkeypatch.setattr(stretches, "CELLS", cells)
        parts = all_rows(ws.backtest(**asked))
        assert len(ends) > 2
        for name, rows in whole.items():
            assert repr(parts[name]) == repr(rows), name  # to the last digit


def test_every_row_is_that_of_one_market(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch, ends: list[date | None]
) -> None:
    check_equal(ws, monkeypatch, ends, SETTINGS[0])
    assert {end is None for end in ends} == {True, False}


@pytest.mark.parametrize("asked", SETTINGS[1:], ids=str)
@soaked
def test_every_row_is_that_of_one_market_however_one_buys(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch, ends: list[date | None], asked: dict[str, Any]
) -> None:
    check_equal(ws, monkeypatch, ends, asked)


def test_what_is_open_where_tables_are_taken_to_end_is_read_to_their_end(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch, ends: list[date | None]
) -> None:
    monkeypatch.setattr(stretches, "_LATE", -60)
    check_equal(ws, monkeypatch, ends, {"hold": (5, 120), "capital": 1e6})
    taken = [end for end in ends if end is not None]
    assert len(taken) > 3
    assert ends.count(None) > 3


@pytest.mark.parametrize("jobs", [1, 2])
def test_rows_that_are_written_are_those_that_are_held(
    ws: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    ends: list[date | None],
    tmp_path: Path,
    jobs: int,
) -> None:
    asked: dict[str, Any] = {"hold": (5, 120), "capital": 1e6}
    monkeypatch.setattr(stretches, "CELLS", ALL)
    whole = ws.backtest(**asked)
    ends.clear()
    monkeypatch.setattr(stretches, "CELLS", ONE)
    monkeypatch.setattr(stretches, "_LATE", -60)
    written = ws.backtest_to(tmp_path / "rows", jobs=jobs, **asked)
    assert ends.count(None) > 1
    assert len(ends) > ends.count(None)
    table = result_table(whole.runs, whole=True)
    found = pq.read_table(tmp_path / "rows" / "returns.parquet")
    assert found.equals(arrow_rows(table.spec, table.rows))
    told = set((tmp_path / "rows" / "remarks.txt").read_text(encoding="utf-8").splitlines())
    said = {line for run in whole.runs for line in run.remarks}
    merged = {line for line in said if line.startswith("Theme and selection")}  # of all events
    assert said - merged <= {*told, *written.remarks}


def test_a_capacity_is_found_on_one_market(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch, ends: list[date | None]
) -> None:
    monkeypatch.setattr(stretches, "CELLS", ONE)
    found = ws.backtest(["copper"], hold=20, capital=1e6, capacity=True)
    assert ends == [None]
    assert found.runs[0].capacities
