"""`screener score` from cards, imported histories and a lake to the page and its files."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from rich.cells import cell_len
from typer.testing import CliRunner, Result

from screener.cli.main import app
from screener.data.lake.batch import Batch
from screener.data.lake.rows import make_rows
from screener.data.lake.schema import SIMULATED, TableName
from screener.data.lake.store import Store
from screener.data.sources.simulated import PlantedEffect, SimulatedMarket, SimulationRequest
from screener.domain.listing import Exchange, Listing
from screener.market.calendars import calendar_of
from screener.results.score import CALLS, CROWDING, PERSISTENCE, PLAIN, SCORES
from screener.results.tables import fits
from screener.scoring.board.leaderboard import Grouping
from screener.workflows.data.targets import basket_targets
from screener.workflows.report.catalog import init_workspace, list_reports
from screener.workflows.score.rows import (
    call_rows,
    crowding_rows,
    persistence_rows,
    plain_rows,
    score_rows,
)
from screener.workflows.score.run import ScoreRequest, ScoreRun, run_board, run_score
from screener.workflows.study.verdicts import broker_records
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
    assert "共 8 条评级：0 条到期，0 条未到期，8 条无法判断。" in found.stdout
    assert "没有到期的评级：胜率为空，不作排名。" in found.stdout
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


def scored(workspace: Workspace, **options: object) -> ScoreRun:
    with Store.open(workspace.data_cache) as store:
        return run_score(workspace, store, ScoreRequest(**options))  # type: ignore[arg-type]


def check_rows(found: ScoreRun) -> None:
    assert not fits(SCORES, score_rows(found))
    assert not fits(CALLS, call_rows(found))
    assert not fits(CROWDING, crowding_rows(found))
    assert not fits(PERSISTENCE, persistence_rows(found))
    assert not fits(PLAIN, plain_rows(found))


def test_rows_fit_their_tables_where_nothing_is_known(real_cards: Workspace) -> None:
    found = scored(real_cards)
    assert not persistence_rows(found)
    assert not any(row["due"] for row in call_rows(found) if row["definition_from"] is None)
    check_rows(found)


def test_rows_fit_their_tables_where_calls_matured(skilled_world: Workspace) -> None:
    by = (Grouping.ANALYST, Grouping.RATING)
    found = scored(skilled_world, by=by, min_calls=15)
    total, *groups = score_rows(found)
    assert (total["scope"], total["analyst"], total["broker"]) == ("all", None, None)
    assert all(row["rating"] is not None and row["theme"] is None for row in groups)
    check_rows(found)


@pytest.mark.parametrize("width", [80, 160])
def test_planted_skill_gives_the_full_table(skilled_world: Workspace, width: int) -> None:
    found = run(skilled_world, "--min-calls", "15", width=width)
    assert found.exit_code == 0, found.output
    assert SIMULATED in found.stdout
    assert "against a base rate of" in " ".join(found.stdout.split())
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


def test_the_calendar_time_portfolio_is_that_of_a_plain_loop(
    skilled_world: Workspace, tmp_path: Path
) -> None:
    groups, calls = tmp_path / "groups.csv", tmp_path / "calls.csv"
    found = run(skilled_world, "--csv", str(groups), "--calls", str(calls), "--min-calls", "15")
    assert found.exit_code == 0, found.output
    told = {row["broker"]: row for row in rows_of(groups.read_text("utf-8"))}
    single = [row for row in rows_of(calls.read_text("utf-8")) if row["broker"] == SKILLED]
    with Store.open(skilled_world.data_cache) as store:
        bars = store.read(TableName.BARS).to_pandas().set_index(["listing", "session"])
        factors = store.read(TableName.FACTORS).to_pandas()
    own: dict[date, list[tuple[float, float]]] = {}
    for row in (row for row in single if row["status"] in ("met", "missed")):
        first, last = (date.fromisoformat(row[name]) for name in ("entry_session", "end_session"))
        share = worth(bars.loc[row["listing"]], factors[factors["listing"] == row["listing"]])
        index = bars.loc["000300.SH"]
        for day, pair in daily(share, index, first, last):
            own.setdefault(day, []).append(pair)
    days = sorted(own)
    means = np.array([np.mean(own[day], axis=0) for day in days])
    lag = int(4 * (len(days) / 100) ** (2 / 9))
    fit = sm.OLS(means[:, 0], sm.add_constant(means[:, 1])).fit(
        cov_type="HAC", cov_kwds={"maxlags": lag, "use_correction": True}
    )
    skilled = told[SKILLED]
    assert int(skilled["calendar_sessions"]) == len(days)
    assert float(skilled["calendar_alpha"]) == pytest.approx(fit.params[0], rel=1e-9)
    assert float(skilled["calendar_t"]) == pytest.approx(fit.tvalues[0], rel=1e-9)
    assert float(skilled["calendar_alpha"]) > 0
    assert float(skilled["calendar_p"]) < 0.05
    assert max(float(told[house]["calendar_t"]) for house in HOUSES[1:]) < 3


def worth(bars: pd.DataFrame, factors: pd.DataFrame) -> pd.DataFrame:
    """Return open and close times the factor of their day, the close carried while suspended."""
    steps = factors.set_index("ex_session")["factor"].sort_index()
    places = np.searchsorted(np.array(steps.index), np.array(bars.index), side="right")
    factor = np.concatenate([[1.0], steps.to_numpy()])[places]
    return pd.DataFrame({"open": bars["open"] * factor, "close": bars["close"] * factor})


def daily(
    share: pd.DataFrame, index: pd.DataFrame, first: date, last: date
) -> Iterator[tuple[date, tuple[float, float]]]:
    """Yield the returns of a share and of an index in each session of a call."""
    days = [day for day in index.index if first <= day <= last]
    closes = share["close"].reindex(index.index).ffill()
    before = (share["open"].loc[first], index["open"].loc[first])
    for day in days:
        now = (closes.loc[day], index["close"].loc[day])
        yield day, (now[0] / before[0] - 1, now[1] / before[1] - 1)
        before = now


REPORT = """
id = "K2"
title = "a report of the skilled house"
publisher = "天风证券"
language = "zh-Hans"
published.value = 2024-06-03
published.precision = "day"

[[securities]]
listing = "600100.SH"
printed = "样本600100"
name = "样本600100"
role = "recommended"
theme = "invented"

[[securities]]
listing = "600101.SH"
printed = "样本600101"
name = "样本600101"
role = "recommended"
theme = "invented"

[[notes]]
id = "K2-1"
broker = "天风证券"
published = { value = 2024-06-03, precision = "day" }
themes = ["invented"]
"""
BASKET = 'name = "invented"\ntitle_zh = "测试"\ntitle_en = "Invented"\nthemes = ["invented"]\n'


def test_planted_skill_gives_the_whole_verdict(skilled_world: Workspace, tmp_path: Path) -> None:
    place = Path(shutil.copytree(skilled_world.root, tmp_path / "verdict"))
    (place / "seeds" / "K2.toml").write_text(REPORT, encoding="utf-8")
    (place / "baskets" / "invented.toml").write_text(BASKET, encoding="utf-8")
    command = ["study", "invented", "--placebo", "200", "--hold", "20", "--workspace", str(place)]
    found = CliRunner().invoke(app, command, env={"COLUMNS": "120"})
    assert found.exit_code == 0, found.output
    text = " ".join(found.stdout.split())
    sentence = re.compile(
        r"K2 · invented returned [+−][\d.]+ % on paper in 20 sessions, [+−][\d.]+ % as you could "
        r"have traded it with 1,000,000 CNY, [\d.]+ points (more|less) than matched random baskets "
        r"\(p = [\d.]+\)\. 天风证券 has met its own rating in (\d+) % of its (\d+) matured calls "
        r"\[(\d+) %, (\d+) %\], against a base rate of (\d+) %\."
    )
    told = sentence.search(text)
    assert told is not None, text[-800:]
    rate, n, low, high, base = (int(value) for value in told.groups()[1:])
    assert n > 100
    assert low < rate < high
    assert rate > base + 15
    again = CliRunner().invoke(app, [*command, "--jobs", "2"], env={"COLUMNS": "120"})
    assert again.stdout == found.stdout


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


def test_the_record_of_a_broker_is_of_its_own_calls_alone(skilled_world: Workspace) -> None:
    with Store.open(skilled_world.data_cache) as store:
        request = ScoreRequest()
        board = run_board(skilled_world, store, request, list_reports(skilled_world)).scores
        whole = {score.key[0]: score for score in board}
        assert len(whole) > 2
        for broker, score in whole.items():
            found = broker_records(skilled_world, store, [broker])
            assert list(found) == [broker]
            own = found[broker]
            assert (own.at_end, own.n_met, own.n_pending) == (
                score.at_end,
                score.n_met,
                score.n_pending,
            )
            assert (own.low, own.high) == (score.low, score.high)
        assert not broker_records(skilled_world, store, ["nobody"])


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


def test_an_update_asks_for_the_indices_that_industry_ratings_are_judged_on(
    real_cards: Workspace,
) -> None:
    every = {item.id for item in basket_targets(real_cards, None)}
    assert {"801750.SI", "801770.SI"} <= every  # of R4 and R3
    copper = {item.id for item in basket_targets(real_cards, ["copper"])}
    assert not any(name.endswith(".SI") for name in copper)
