"""`screener score` from cards, imported histories and a lake to the page and its files."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
from rich.cells import cell_len
from typer.testing import CliRunner, Result

from screener.cli.main import app
from screener.data.rows import make_rows
from screener.data.schema import SIMULATED, TableName
from screener.data.sources.base import Batch
from screener.data.sources.simulated import PlantedEffect, SimulatedMarket, SimulationRequest
from screener.data.store import Store
from screener.domain.listing import Exchange, Listing
from screener.market.calendars import calendar_of
from screener.workflows.catalog import init_workspace
from screener.workspace.locate import Workspace

START, END = date(2018, 1, 3), date(2025, 6, 30)
AT = datetime(2025, 6, 30, 10, tzinfo=UTC)
SHARES = tuple(Listing(f"60{number:04d}", Exchange.SH) for number in range(100, 160))
HOUSES = ("天风证券", "华泰证券", "国盛证券", "东吴证券")
SKILLED = HOUSES[0]
CARD = """
id = "K1"
title = "definitions"
publisher = "天风证券"
language = "zh-Hans"
published.value = 2018-01-03
published.precision = "day"
securities = []

[[notes]]
id = "K1-1"
broker = "天风证券"
themes = []
"""
DEFINITION = """
[[rating_definitions]]
broker = "{broker}"
months_low = {low}
months_high = 6
benchmarks = [{{ market = "A", benchmark = "沪深300" }}]
bands = [
  {{ level = "stock", rating = "买入", low = 0.20 }},
  {{ level = "stock", rating = "增持", low = 0.10, high = 0.20 }},
  {{ level = "stock", rating = "中性", low = -0.10, high = 0.10 }},
  {{ level = "stock", rating = "卖出", high = -0.10 }},
]
"""


def invented_calls() -> tuple[dict[str, list[object]], list[PlantedEffect]]:
    """Calls of four houses; after those of the skilled one its share rises by half."""
    draw = np.random.default_rng(20)
    days = calendar_of(Exchange.SH).between(date(2018, 2, 1), date(2024, 11, 29))
    columns: dict[str, list[object]] = {
        name: []
        for name in ("listing", "published", "broker", "analyst", "title", "rating", "industry")
    }
    effects = []
    for number in range(480):
        house = HOUSES[number % 4]
        day: date = days[int(draw.integers(len(days)))].item()
        skilled = house == SKILLED and number % 8 == 0
        share = SHARES[int(draw.integers(30)) + (0 if skilled else 30)]
        told = (share.id, day, house, f"{house[:2]}{number % 3}", f"note {number}", "买入", "测试")
        for name, value in zip(columns, told, strict=True):
            columns[name].append(value)
        if skilled:
            first = calendar_of(Exchange.SH).offset(calendar_of(Exchange.SH).after(day), 5)
            assert first is not None
            effects.append(
                PlantedEffect(listing=share, first_session=first, log_return=0.5, n_sessions=60)
            )
    return columns, effects


@pytest.fixture(scope="module")
def skilled_world(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = init_workspace(tmp_path_factory.mktemp("score") / "planted 中文")
    text = CARD + "".join(
        DEFINITION.format(broker=house, low=3 if house == HOUSES[1] else 6) for house in HOUSES
    )
    (workspace.root / "seeds" / "K1.toml").write_text(text, encoding="utf-8")
    columns, effects = invented_calls()
    source = SimulatedMarket()
    query = source.build_query(
        SimulationRequest(
            seed=5,
            start=START,
            end=END,
            fetched_at=AT,
            securities=tuple((share, f"样本{share.code}", "测试") for share in SHARES),
            n_other=40,
            effects=tuple(effects),
        )
    )
    batch = source.normalise(query, source.fetch(query))
    ratings = make_rows(TableName.RATINGS, columns, source=SIMULATED, fetched_at=AT)
    with Store.create(workspace.data_cache) as store:
        store.commit(
            Batch(tables={**batch.tables, TableName.RATINGS: ratings}), message="planted skill"
        )
    return workspace


@pytest.fixture
def real_cards(tmp_path: Path) -> Iterator[Workspace]:
    """The five cards, and a lake that holds one share and the index."""
    workspace = init_workspace(tmp_path / "cards")
    days = calendar_of(Exchange.SH).between(date(2026, 3, 2), date(2026, 5, 29)).tolist()
    rows = [(name, day) for name in ("000300.SH", "300857.SZ", "600673.SH") for day in days]
    price = {name: [10.0] * len(rows) for name in ("open", "high", "low", "close")}
    bars = make_rows(
        TableName.BARS,
        {
            "listing": [name for name, _ in rows],
            "session": [day for _, day in rows],
            "basis": "raw",
            **price,
        },
        source="test",
        fetched_at=AT,
    )
    with Store.create(workspace.data_cache) as store:
        store.commit(Batch(tables={TableName.BARS: bars}), message="test")
    return workspace


def run(workspace: Workspace, *arguments: str, width: int = 160) -> Result:
    return CliRunner().invoke(
        app, ["score", *arguments, "--workspace", str(workspace.root)], env={"COLUMNS": str(width)}
    )


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_the_five_reports_say_plainly_that_nothing_can_be_scored(
    real_cards: Workspace,
) -> None:
    found = run(real_cards)
    assert found.exit_code == 0, found.output
    assert "8 calls: 0 mature, 0 pending, 8 cannot be judged." in found.stdout
    assert "No call is mature: the hit rate is empty, and nobody can be ranked." in found.stdout
    assert "R5-1, R1-2, R1-3, R1-4, R1-1: no rating given" in found.stdout
    assert "R4-1: no index of industry 计算机 in the tables" in found.stdout
    assert "R4-1: proxy, never counted: 2 of 27 recommended names" in found.stdout
    assert "国金证券 names no benchmark: 沪深300 is taken." in found.stderr
    assert "nan" not in found.output.lower()


def test_the_page_in_chinese(real_cards: Workspace) -> None:
    found = run(real_cards, "--lang", "zh")
    assert "共8条评级：0条到期，0条未到期，8条无法判断。" in found.stdout
    assert "没有到期的评级：达标率为空，不作排名。" in found.stdout
    assert "数据表中没有“计算机”行业的指数" in found.stdout
    assert "cannot be judged" not in found.stdout


def test_an_empty_score_has_empty_cells(real_cards: Workspace) -> None:
    (total, *groups) = rows_of(run(real_cards, "--csv", "-").stdout)
    assert (total["scope"], total["calls"], total["matured"]) == ("all", "8", "0")
    assert [total[name] for name in ("hit_rate", "hit_low", "base_rate", "p", "rank")] == [""] * 5
    assert len(groups) == 7
    document = json.loads(run(real_cards, "--json", "-").stdout)
    assert document["calls"]["cannot be judged"] == 8
    assert document["persistence"] == []


@pytest.mark.parametrize("width", [80, 160])
def test_planted_skill_gives_the_full_table(skilled_world: Workspace, width: int) -> None:
    found = run(skilled_world, "--min-calls", "15", width=width)
    assert found.exit_code == 0, found.output
    assert SIMULATED in found.stdout
    assert "where chance alone gives" in " ".join(found.stdout.split())
    line = next(line for line in found.stdout.splitlines() if SKILLED in line)
    assert line.split()[0] == "1"
    assert all(cell_len(line) <= width for line in found.stdout.splitlines())
    assert "nan" not in found.stdout.lower()
    assert "4 of 9 groups" in found.stdout


def test_rows_of_a_group_and_of_its_calls_agree(skilled_world: Workspace, tmp_path: Path) -> None:
    groups, calls = tmp_path / "groups.csv", tmp_path / "calls.csv"
    found = run(skilled_world, "--csv", str(groups), "--calls", str(calls), "--min-calls", "15")
    assert found.exit_code == 0, found.output
    told = {row["broker"]: row for row in rows_of(groups.read_text("utf-8"))}
    single = [row for row in rows_of(calls.read_text("utf-8")) if row["broker"] == SKILLED]
    matured = [row for row in single if row["status"] in ("met", "missed")]
    met = [row for row in matured if row["status"] == "met"]
    skilled = told[SKILLED]
    assert (int(skilled["matured"]), int(skilled["met"])) == (len(matured), len(met))
    rates = [float(row["base_rate"]) for row in matured]
    assert float(skilled["base_rate"]) == pytest.approx(sum(rates) / len(rates))
    active = [float(row["active_return"]) for row in matured]
    assert float(skilled["mean_active"]) == pytest.approx(sum(active) / len(active))
    assert float(skilled["worst_active"]) == min(active)
    assert float(skilled["hit_rate"]) > float(skilled["base_rate"]) + 0.15
    assert float(skilled["p_adjusted"]) < 0.05
    assert {row["definition_card"] for row in matured} == {"K1"}
    assert all(row["start_session"] == row["published"] for row in matured)
    assert all(row["entry_session"] > row["published"] for row in matured)


def test_same_inputs_give_the_same_bytes(skilled_world: Workspace, tmp_path: Path) -> None:
    written = []
    for name in ("a", "b"):
        target, calls = tmp_path / f"{name}.csv", tmp_path / f"{name}-calls.csv"
        run(skilled_world, "--by", "analyst,theme", "--csv", str(target), "--calls", str(calls))
        written.append((target.read_bytes(), calls.read_bytes()))
    assert written[0] == written[1]


def test_one_house_under_its_short_name(skilled_world: Workspace) -> None:
    (total, *groups) = rows_of(run(skilled_world, "--broker", "天风", "--csv", "-").stdout)
    assert {row["broker"] for row in groups} == {SKILLED}
    assert int(total["calls"]) == 121  # 120 of the history, and the card's own note


def test_only_the_calls_of_a_report_or_a_basket(skilled_world: Workspace) -> None:
    found = json.loads(run(skilled_world, "R2", "copper", "--json", "-").stdout)
    assert sum(found["calls"].values()) == 2


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["nothing"], 2, "neither a report nor a basket"),
        (["--broker", "无此证券"], 2, "there is no call to score of 无此证券"),
        (["--by", "colour"], 2, "--by 'colour' is not one of"),
        (["--by", "broker,broker"], 2, "names nothing, or something twice"),
        (["--lang", "fr"], 2, "--lang 'fr' is not one of en, zh"),
        (["--min-calls", "0"], 2, "--min-calls 0 is below 1"),
        (["--csv", "-", "--calls", "-"], 2, "two outputs go to the same place"),
    ],
)
def test_bad_input(skilled_world: Workspace, arguments: list[str], code: int, text: str) -> None:
    found = run(skilled_world, *arguments)
    assert found.exit_code == code
    assert text in found.output


def test_a_workspace_without_data_says_how_to_get_some(tmp_path: Path) -> None:
    found = run(init_workspace(tmp_path / "empty"))
    assert found.exit_code == 4
    assert "screener data" in found.output


def test_older_versions_give_the_older_score(skilled_world: Workspace) -> None:
    with Store.open(skilled_world.data_cache) as store:
        version = store.version
    found = json.loads(run(skilled_world, "--json", "-", "--data-version", str(version)).stdout)
    assert found["data_version"] == version
