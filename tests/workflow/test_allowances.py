"""What the coverage allows: counted for each use, told with the command that fetches more."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pytest
from rich.cells import cell_len
from rich.console import Console

from screener.data.lake.batch import Batch
from screener.data.lake.rows import make_rows
from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.domain.listing import Exchange, parse_listing
from screener.language import Language, speaking
from screener.render.data.allowances import allowance_parts
from screener.study.placebo.characteristics import HISTORY
from screener.workflows.data.allowances import Allowance, Use
from screener.workflows.data.status import read_status
from screener.workflows.report.catalog import new_basket
from screener.workspace.locate import Workspace
from tests.support.panels import sessions

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)  # a Monday, 20:00 in Shanghai
DAYS = sessions(Exchange.SH, date(2025, 1, 6), HISTORY + 200)
LAST = DAYS[-1]
INDUSTRY = {"600000.SH": "银行", "601398.SH": "银行", "601899.SH": "有色", "000630.SZ": "有色"}


def bars(listing: str, days: list[date]) -> pa.Table:
    prices = dict.fromkeys(("open", "high", "low", "close"), [10.0] * len(days))
    columns = {"listing": [listing] * len(days), "session": days, "basis": "raw", **prices}
    return make_rows(TableName.BARS, columns, source="a.csv", fetched_at=NOW)


def values(listing: str, days: list[date]) -> pa.Table:
    columns = {"listing": [listing] * len(days), "session": days, "pb": [1.0] * len(days)}
    return make_rows(TableName.VALUATION, columns, source="a.csv", fetched_at=NOW)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    place = Workspace(root=tmp_path_factory.mktemp("w"))
    place.baskets.mkdir()
    new_basket(
        place,
        name="mine",
        listings=[parse_listing("600000.SH"), parse_listing("601899.SH")],
        published=date(2026, 4, 1),
        now=NOW,
        title_zh="甲",
    )
    names = sorted(INDUSTRY)
    master = {
        "listing": names,
        "kind": "stock",
        "board": "main",
        "currency": "CNY",
        "industry": [INDUSTRY[item] for item in names],
    }
    tables = {
        TableName.LISTINGS: make_rows(TableName.LISTINGS, master, source="a.csv", fetched_at=NOW),
        TableName.BARS: pa.concat_tables(
            [
                bars("600000.SH", DAYS),
                bars("601899.SH", DAYS),
                bars("601398.SH", DAYS[-HISTORY:]),
                bars("000630.SZ", DAYS[-HISTORY + 1 :]),  # a session too few
                bars("000300.SH", DAYS[:-4]),
            ]
        ),
        TableName.VALUATION: pa.concat_tables(
            [values("600000.SH", DAYS[-250:]), values("601899.SH", DAYS[-249:])]
        ),
    }
    with Store.create(place.data_cache) as store:
        store.commit(Batch(tables=tables), message="all")
    return place


def by_use(place: Workspace) -> dict[Use, Allowance]:
    return {item.use: item for item in read_status(place, now=NOW).allowances}


def test_each_use_is_counted(place: Workspace) -> None:
    found = by_use(place)
    placebo = found[Use.PLACEBO]
    assert (placebo.held, placebo.wanted, placebo.groups) == (3, 4, 2)
    percentiles = found[Use.PERCENTILES]
    assert (percentiles.held, percentiles.wanted) == (1, 2)
    span = (DAYS[-1] - DAYS[-250]).days
    assert percentiles.years == pytest.approx(span / 365.25)
    assert (found[Use.FUNDAMENTALS].held, found[Use.FUNDAMENTALS].wanted) == (0, 2)
    score = found[Use.SCORE]
    assert (score.held, score.wanted, score.last) == (1, 1, DAYS[-5])
    today = found[Use.TODAY]
    behind = len(sessions(Exchange.SH, LAST + timedelta(days=1), 400))
    assert today.last == LAST
    assert today.behind is not None
    assert 0 < today.behind < behind


def test_listings_asked_for_have_no_uses(place: Workspace) -> None:
    status = read_status(place, now=NOW, listings=[parse_listing("600000.SH")])
    assert status.allowances == ()


def shown(place: Workspace, width: int) -> list[str]:
    console = Console(width=width, force_terminal=False, record=True, file=io.StringIO())
    for part in allowance_parts(read_status(place, now=NOW).allowances):
        console.print(part)
    return console.export_text().splitlines()


@pytest.mark.parametrize("width", [80, 160])
@pytest.mark.parametrize("language", list(Language))
def test_the_page_is_aligned_and_names_the_commands(
    place: Workspace, width: int, language: Language
) -> None:
    with speaking(language):
        lines = shown(place, width)
    assert all(cell_len(line.rstrip()) <= width for line in lines)
    text = "\n".join(lines)
    for option in ("--peers", "--only valuation", "--only fundamentals"):
        assert f"`screener data update {option}`" in text
    assert "index_bars" not in text  # its one index is there
    commands = [line for line in lines if "`screener" in line]
    assert len({cell_len(line[: line.index("`")]) for line in commands}) == 1
    if language is Language.ZH:
        assert "2 个行业的 4 只个股中，3 只" in text.replace("\n", "").replace("  ", "")


def test_without_industries_the_master_is_asked_for() -> None:
    items = [Allowance(use=Use.PLACEBO), Allowance(use=Use.FUNDAMENTALS, held=1, wanted=1)]
    console = Console(width=100, record=True, file=io.StringIO())
    for part in allowance_parts(items):
        console.print(part)
    text = console.export_text()
    assert "--only master,industries" in text
    assert "--only fundamentals" not in text
    assert allowance_parts([Allowance(use=Use.PLACEBO)]) == []
