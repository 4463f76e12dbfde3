"""Status: what the tables hold, how fresh it is, and what the baskets lack."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
import typer
from rich.cells import cell_len
from rich.console import Console
from typer.testing import CliRunner

from screener.cli.data import health as data_health
from screener.data.lake.asof import Market
from screener.data.lake.batch import Batch
from screener.data.lake.rows import make_rows
from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.domain.days import SHANGHAI
from screener.domain.listing import Exchange, parse_listing
from screener.errors import DataError
from screener.render.data.coverage import status_page
from screener.results.data import COVERAGE
from screener.results.tables import fits
from screener.workflows.data.status import ShortName, Status, coverage_rows, read_status
from screener.workflows.report.catalog import new_basket
from screener.workspace.locate import Workspace
from tests.support.panels import sessions

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)  # a Monday, 20:00 in Shanghai
MAINLAND = sessions(Exchange.SH, date(2026, 5, 11), 10)
HONG_KONG = sessions(Exchange.HK, date(2026, 5, 11), 10)
RUNNER = CliRunner()
BASKET = ["600000.SH", "000001.SZ", "601899.SH", "00700.HK", "09988.HK"]


def bars(listing: str, days: list[date], *, basis: str = "raw", source: str = "a.csv"):  # type: ignore[no-untyped-def]
    prices = dict.fromkeys(("open", "high", "low", "close"), [10.0] * len(days))
    columns = {"listing": [listing] * len(days), "session": days, "basis": basis, **prices}
    return make_rows(TableName.BARS, columns, source=source, fetched_at=NOW)


def row(table: TableName, **columns: object):  # type: ignore[no-untyped-def]
    given = {key: [value] for key, value in columns.items()}
    return make_rows(table, given, source="b.csv", fetched_at=NOW)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a basket of five names, for which the tables hold less and less."""
    folder = tmp_path_factory.mktemp("template")
    (folder / "baskets").mkdir()
    new_basket(
        Workspace(root=folder),
        name="mine",
        listings=[parse_listing(item) for item in BASKET],
        published=date(2026, 5, 13),
        now=NOW,
        title_zh="甲",
    )
    parts = {
        TableName.BARS: [
            bars("600000.SH", MAINLAND),
            bars("000001.SZ", MAINLAND, basis="adjusted", source="b.csv"),
            bars("601899.SH", MAINLAND[:8], source="c.csv"),
            bars("00700.HK", HONG_KONG[4:], source="d.csv"),
            bars("000300.SH", MAINLAND, source="e.csv"),
        ],
        TableName.ACTIONS: [
            row(TableName.ACTIONS, listing="600000.SH", ex_session=MAINLAND[3], cash=0.1, split=1.0)
        ],
        TableName.VALUATION: [
            row(TableName.VALUATION, listing="600000.SH", session=MAINLAND[9], pb=1.0),
            row(
                TableName.VALUATION,
                listing="000001.SZ",
                session=MAINLAND[9] - timedelta(days=8),
                pb=1.0,
            ),
        ],
        TableName.FX: [row(TableName.FX, pair="HKDCNY", session=HONG_KONG[1], rate=0.92)],
        TableName.BOARD_LOTS: [
            row(TableName.BOARD_LOTS, listing="00700.HK", valid_from=HONG_KONG[0], lot=100)
        ],
        TableName.FETCHES: [
            row(
                TableName.FETCHES,
                need="actions",
                subject="601899.SH",
                asked_from=MAINLAND[0],
                asked_to=MAINLAND[9],
                rows=0,
            )
        ],
    }
    tables = {name: pa.concat_tables(rows) for name, rows in parts.items()}
    with Store.create(folder / "data_cache") as store:
        store.commit(Batch(tables=tables), message="test")
    return folder


@pytest.fixture
def workspace(template: Path, tmp_path: Path) -> Workspace:
    return Workspace(root=Path(shutil.copytree(template, tmp_path / "工作 #1")))


def missing(status: Status) -> dict[tuple[str, str], str]:
    return {
        (str(item["listing"]), str(item["table"])): str(item["missing"])
        for item in coverage_rows(status)
    }


def page(status: Status, width: int) -> str:
    console = Console(width=width)
    with console.capture() as captured:
        console.print(status_page(status))
    return captured.get()


def test_the_map_says_what_each_name_lacks_and_why(workspace: Workspace) -> None:
    found = missing(read_status(workspace, now=NOW))
    assert found == {
        ("600000.SH", "bars"): "",
        ("600000.SH", "actions"): "",
        ("600000.SH", "factors"): "its actions wait for raw bars on both sides",
        ("600000.SH", "valuation"): "",
        ("600000.SH", "fundamentals"): "no rows",
        ("600000.SH", "names"): "no rows",
        ("600000.SH", "benchmark"): "",
        ("000001.SZ", "bars"): "",
        ("000001.SZ", "actions"): "not needed: prices are adjusted",
        ("000001.SZ", "factors"): "not needed: prices are adjusted",
        ("000001.SZ", "valuation"): f"ends {MAINLAND[9] - timedelta(days=8)}, "
        f"needed to {MAINLAND[9]}",
        ("000001.SZ", "fundamentals"): "no rows",
        ("000001.SZ", "names"): "no rows",
        ("000001.SZ", "benchmark"): "",
        ("601899.SH", "bars"): f"last bar {MAINLAND[7]}, market {MAINLAND[9]}",
        ("601899.SH", "actions"): "asked: none",
        ("601899.SH", "factors"): "not needed: no action",
        ("601899.SH", "valuation"): "no rows",
        ("601899.SH", "fundamentals"): "no rows",
        ("601899.SH", "names"): "no rows",
        ("601899.SH", "benchmark"): "",
        ("00700.HK", "bars"): f"first bar {HONG_KONG[4]}, named 2026-05-13",
        ("00700.HK", "actions"): "no rows",
        ("00700.HK", "factors"): "not needed: no action",
        ("00700.HK", "valuation"): "no rows",
        ("00700.HK", "fundamentals"): "no rows",
        ("00700.HK", "names"): "no rows",
        ("00700.HK", "board_lots"): "",
        ("00700.HK", "fx"): f"ends {HONG_KONG[1]}, needed to {HONG_KONG[9]}",
        ("00700.HK", "benchmark"): "no rows of HSI.HK",
        ("09988.HK", "bars"): "no rows",
        ("09988.HK", "actions"): "no rows",
        ("09988.HK", "factors"): "not needed: no action",
        ("09988.HK", "valuation"): "no rows",
        ("09988.HK", "fundamentals"): "no rows",
        ("09988.HK", "names"): "no rows",
        ("09988.HK", "board_lots"): "no rows",
        ("09988.HK", "fx"): "",
        ("09988.HK", "benchmark"): "no rows of HSI.HK",
    }


def test_what_baskets_hold_is_counted_and_short_names_are_told_once(workspace: Workspace) -> None:
    new_basket(
        workspace,
        name="other",
        listings=[parse_listing("09988.HK"), parse_listing("600000.SH")],
        published=date(2026, 5, 13),
        now=NOW,
    )
    status = read_status(workspace, now=NOW)
    assert not fits(COVERAGE, coverage_rows(status))
    held = status.held()
    assert list(held) == ["mine", "other"]
    assert held["mine"]["bars"] == (4, 5)
    assert held["mine"]["actions"] == (1, 3)  # adjusted prices need none, nor does a name asked for
    assert held["other"]["bars"] == (1, 2)
    first, *_, last = status.short_names()
    assert (first.listing, first.baskets) == ("00700.HK", ("mine",))
    assert last == ShortName(
        listing="601899.SH",
        name="",
        reason=f"last bar {MAINLAND[7]}, market {MAINLAND[9]}",
        baskets=("mine",),
    )
    (both,) = [item for item in status.short_names() if len(item.baskets) > 1]
    assert (both.listing, both.reason, both.baskets) == ("09988.HK", "no rows", ("mine", "other"))
    fills = {item.table: item for item in status.fills()}
    assert list(fills) == [
        "bars",
        "actions",
        "valuation",
        "fundamentals",
        "names",
        "board_lots",
        "fx",
        "benchmark",
    ]
    assert fills["bars"].listings == ("00700.HK", "09988.HK", "601899.SH")
    assert fills["bars"].command == "screener data update --only bars"
    assert status.holdings.n_listings(TableName.BARS) == 5
    assert status.holdings.n_listings(TableName.FX) is None


@pytest.mark.parametrize("width", [80, 160])
def test_page_has_a_line_for_each_basket_and_names_what_stops_early(
    workspace: Workspace, width: int
) -> None:
    text = page(read_status(workspace, now=NOW), width)
    assert max(cell_len(line) for line in text.splitlines()) <= width
    (line,) = [line for line in text.splitlines() if line.startswith("mine")]
    # bars, actions, factors, valuation, fundamentals, names, lots, fx, benchmark
    assert line.split() == ["mine", "4/5", "1/3", "0/1", "2/5", "0/5", "0/5", "1/2", "2/2", "3/5"]
    for listing, reason in (
        ("09988.HK", "no rows"),
        ("601899.SH", f"last bar {MAINLAND[7]}, market {MAINLAND[9]}"),
        ("00700.HK", f"first bar {HONG_KONG[4]}"),
    ):
        (line,) = [line for line in text.splitlines() if line.startswith(listing)]
        assert reason in line
    assert "600000.SH " not in text
    assert "a.csv 10 · b.csv 10 · e.csv 10 · and 2 more 14" in text
    assert "data version 2 · 2 readable, the oldest is 1" in text


@pytest.mark.parametrize(
    ("clock", "mainland", "hong_kong"), [("14:59", 4, 4), ("15:00", 5, 4), ("16:10", 5, 5)]
)
def test_freshness_counts_finished_sessions(
    workspace: Workspace, clock: str, mainland: int, hong_kong: int
) -> None:
    # The tables end on Friday 05-22. Monday to Thursday, and Friday 05-29 once it is over; the
    # Buddha's birthday on 05-25 is a holiday in Hong Kong alone.
    assert MAINLAND[9] == HONG_KONG[9] == date(2026, 5, 22)
    now = datetime.fromisoformat(f"2026-05-29T{clock}").replace(tzinfo=SHANGHAI)
    found = read_status(workspace, now=now).freshness
    behind = {(item.market, str(item.table)): item.behind for item in found}
    assert behind[Market.MAINLAND, "bars"] == behind[Market.MAINLAND, "valuation"] == mainland
    assert behind[Market.HONG_KONG, "bars"] == hong_kong - 1


def test_freshness_says_where_the_calendar_ends(workspace: Workspace) -> None:
    status = read_status(workspace, now=datetime(2126, 6, 1, tzinfo=UTC))
    assert {(item.finished, item.behind) for item in status.freshness} == {(None, None)}
    assert "the calendar does not reach that far" in page(status, 100)


def test_listings_instead_of_baskets(workspace: Workspace) -> None:
    asked = [parse_listing("00700.HK"), parse_listing("000300.SH")]
    status = read_status(workspace, now=NOW, listings=asked)
    assert [(cell["basket"], cell["listing"]) for cell in coverage_rows(status)] == [
        *[("", "00700.HK")] * 9,
        ("", "000300.SH"),
    ]
    assert not fits(COVERAGE, coverage_rows(status))
    text = page(status, 80)
    assert "mine" not in text
    assert "no rows of HSI.HK" in text


@pytest.mark.parametrize("damage", ["no folder", "no baskets", "bad basket"])
def test_baskets_that_are_not_there_do_not_matter(workspace: Workspace, damage: str) -> None:
    if damage == "no folder":
        shutil.rmtree(workspace.baskets)
    else:
        (file,) = workspace.baskets.iterdir()
        file.unlink() if damage == "no baskets" else file.write_text("name = 3")
    status = read_status(workspace, now=NOW)
    assert not status.cells
    assert ("the baskets cannot be read" in page(status, 80)) is (damage == "bad basket")


def test_an_empty_lake_lacks_everything(workspace: Workspace) -> None:
    shutil.rmtree(workspace.data_cache)
    with pytest.raises(DataError, match="there is no market data yet"):
        read_status(workspace, now=NOW)
    Store.create(workspace.data_cache).close()
    status = read_status(workspace, now=NOW)
    assert not status.freshness
    assert {text for (_, table), text in missing(status).items() if table == "bars"} == {"no rows"}
    assert "0/5" in page(status, 80)


APP = typer.Typer()
APP.command("status")(data_health.status)
APP.command("verify")(data_health.verify)


def typed(workspace: Workspace, *arguments: object):  # type: ignore[no-untyped-def]
    words = ["status", *map(str, arguments), "--workspace", str(workspace.root)]
    return RUNNER.invoke(APP, words, env={"COLUMNS": "80"})


def test_csv_is_the_whole_map(workspace: Workspace, tmp_path: Path) -> None:
    target = tmp_path / "map.csv"
    done = typed(workspace, "--csv", target)
    assert done.exit_code == 0, done.output
    with target.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert tuple(rows[0]) == COVERAGE.names
    assert len(rows) == 39
    assert rows[0] == {
        "basket": "mine",
        "listing": "600000.SH",
        "table": "bars",
        "first": str(MAINLAND[0]),
        "last": str(MAINLAND[9]),
        "rows": "10",
        "missing": "",
    }
    alone = typed(workspace, "--listing", "700.HK", "--csv", "-")
    assert len(list(csv.DictReader(alone.stdout.splitlines()))) == 9


def test_a_second_look_starts_no_calendar_library(workspace: Workspace) -> None:
    read_status(workspace, now=NOW)
    script = (
        "import sys\n"
        "from datetime import datetime, UTC\n"
        "from pathlib import Path\n"
        "from screener.render.data.coverage import status_page\n"
        "from screener.workflows.data.status import read_status\n"
        "from screener.workspace.locate import Workspace\n"
        f"status_page(read_status(Workspace(root=Path({str(workspace.root)!r})), "
        "now=datetime(2026, 6, 1, tzinfo=UTC)))\n"
        "found = {'exchange_calendars', 'vectorbt', 'numba', 'pandas'} & set(sys.modules)\n"
        "assert not found, found\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
