"""Events whose prices memory does not hold at once: every row is that of one market for all."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import screener
from screener.api import BacktestResult, Workspace
from screener.data.lake.batch import Batch
from screener.data.lake.rows import make_rows
from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.data.panels import bars, kept_bars
from screener.domain.listing import Exchange
from screener.market.calendars import calendar_of
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


HALTED = {
    "601899.SH": (date(2026, 2, 20), date(2026, 5, 18)),  # from before its panel to its entry
    "300442.SZ": (date(2025, 11, 15), date(2026, 4, 1)),
    "603993.SH": (date(2026, 2, 20), date(2026, 5, 22)),  # and never again: delisted
}
GONE = {"603993.SH": date(2026, 5, 22)}


@pytest.fixture(scope="module")
def holes(ws: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A market with names that are halted as a panel begins, and one that is delisted."""
    root = tmp_path_factory.mktemp("holes") / "research"
    shutil.copytree(ws.root, root)
    found = screener.open(root)
    with Store.open(found.place.lake) as store:
        stored = store.read(TableName.BARS, listings=sorted(HALTED)).to_pylist()
        shut = [
            (row["listing"], row["session"])
            for row in stored
            for first, last in [HALTED[row["listing"]]]
            if first <= row["session"] and (row["session"] < last or row["listing"] in GONE)
        ]
        states = [(name, day) for name, day in shut if day < HALTED[name][1]]
        masters = store.read(TableName.LISTINGS, listings=sorted(GONE))
        gone = [{**row, "delist_date": GONE[row["listing"]]} for row in masters.to_pylist()]
        tables = {
            TableName.STATUS: make_rows(
                TableName.STATUS,
                {
                    "listing": [name for name, _ in states],
                    "session": [day for _, day in states],
                    "suspended": [True] * len(states),
                    "st": [False] * len(states),
                },
                source=gone[0]["source"],
                fetched_at=gone[0]["fetched_at"],
            ),
            TableName.LISTINGS: pa.Table.from_pylist(gone, schema=masters.schema),
        }
        removed = {TableName.BARS: frozenset(shut)}
        store.commit(Batch(tables=tables, removes=removed), message="holes")
    return found


def test_closes_before_a_panel_are_the_same_from_the_kept_copy(
    holes: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bars, "_MANY", 1)
    monkeypatch.setattr(kept_bars, "LEAST_ROWS", 1)
    with Store.open(holes.place.lake) as store:
        assert kept_bars.kept_bars(store) is not None
        names = store.read(TableName.LISTINGS, columns=("listing",)).column("listing").to_pylist()
        for day in (date(2019, 1, 2), date(2024, 2, 12), date(2026, 4, 1), date(2030, 1, 1)):
            asked = store.last_values(names, before=day)
            assert bars.last_closes(store, names, before=day) == asked
        assert len(asked) > 50


def waits_for_hong_kong() -> int:
    """Return the delay of 21 April's report that enters after Hong Kong was shut for a day."""
    sessions = calendar_of(Exchange.HK).sessions.astype(object).tolist()
    return int(sessions.index(date(2026, 5, 26)) - sessions.index(date(2026, 4, 22)))


ROUGH: tuple[dict[str, Any], ...] = (
    {"hold": (5, 20), "capital": 1e6, "delisting_recovery": 0.5},
    {"hold": 20, "weighting": "inverse-vol"},
    {"hold": 40, "rebalance": "monthly"},
    {"hold": (5, 20), "entry": "close", "delay": 3},
    {"hold": 5, "weighting": "market-cap", "delay": waits_for_hong_kong()},
)


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
    for cells, events in ((FEW, 2), (FEW, 1_000), (ONE, 1_000)):
        ends.clear()
        monkeypatch.setattr(stretches, "CELLS", cells)
        monkeypatch.setattr(stretches, "EVENTS", events)
        parts = all_rows(ws.backtest(**asked))
        assert len(ends) > 1
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


def test_what_lies_before_a_panel_is_the_same_for_each(
    holes: Workspace, monkeypatch: pytest.MonkeyPatch, ends: list[date | None]
) -> None:
    check_equal(holes, monkeypatch, ends, ROUGH[0])


@pytest.mark.parametrize("asked", ROUGH[1:], ids=str)
@soaked
def test_what_lies_before_a_panel_is_the_same_however_one_buys(
    holes: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    ends: list[date | None],
    asked: dict[str, Any],
) -> None:
    check_equal(holes, monkeypatch, ends, asked)


@soaked
def test_pages_are_those_of_one_market(
    ws: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made = {}
    for cells in (ALL, ONE):
        monkeypatch.setattr(stretches, "CELLS", cells)
        folder = tmp_path / str(cells)
        ws.site(folder, hold=(5, 20), placebo=99)
        made[cells] = {
            str(path.relative_to(folder)): path.read_text(encoding="utf-8")
            for path in folder.rglob("*.html")
        }
    assert made[ONE] == made[ALL]
    assert len(made[ALL]) > 20


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
