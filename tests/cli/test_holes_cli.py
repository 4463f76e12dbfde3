"""What is missing costs the rows that need it: the others come out, and the exit code says so."""

from __future__ import annotations

import csv
import shutil
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from screener.cli.main import app
from screener.domain.listing import Exchange
from tests.support.panels import sessions

RUNNER = CliRunner()
FIRST = date(2025, 7, 14)  # ten weeks before the entries, which come before the Golden Week
COUNT = 80
HOLE = date(2025, 9, 22)


def typed(place: Path, *words: object, code: int = 0) -> tuple[str, str]:
    line = [*map(str, words), "--workspace", str(place)]
    done = RUNNER.invoke(app, line, env={"COLUMNS": "160"})
    assert done.exit_code == code, done.output
    return done.stdout, done.stderr


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def bars_text(exchange: Exchange, ids: list[str], count: int = COUNT) -> str:
    lines = ["code,date,open,high,low,close,volume"]
    for number, name in enumerate(ids):
        for at, day in enumerate(sessions(exchange, FIRST, count)):
            price = 20 + number + 0.1 * (at % 7)
            lines.append(f"{name},{day},{price:.2f},{price:.2f},{price:.2f},{price:.2f},1000000")
    return "\n".join(lines) + "\n"


def index_text(exchange: Exchange, *, hole: date | None = None, end: date | None = None) -> str:
    lines = ["date,open,high,low,close"]
    for at, day in enumerate(sessions(exchange, FIRST, COUNT)):
        if day != hole and (end is None or day <= end):
            price = 4000 + 3 * (at % 5)
            lines.append(f"{day},{price},{price},{price},{price}")
    return "\n".join(lines) + "\n"


def fx_text(*, without: tuple[date, date] | None = None) -> str:
    lines = ["pair,date,rate"]
    for at, day in enumerate(sessions(Exchange.SH, FIRST, COUNT)):
        if without is None or not without[0] <= day <= without[1]:
            lines.append(f"HKDCNY,{day},{0.91 + at / 10_000:.4f}")
    return "\n".join(lines) + "\n"


def bring(place: Path, text: str, *words: str) -> None:
    file = place / "in.csv"
    file.write_text(text, encoding="utf-8")
    typed(place, "data", "import", file, *words)
    file.unlink()


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a workspace with two baskets of own names, bars of both markets, and no index yet."""
    place = tmp_path_factory.mktemp("holes") / "空 ws"
    assert RUNNER.invoke(app, ["init", str(place)]).exit_code == 0
    for folder in ("seeds", "baskets"):
        for file in (place / folder).glob("*.toml"):
            file.unlink()
    bars = ("--kind", "bars", "--basis", "raw")
    bring(place, bars_text(Exchange.SH, ["600111.SH", "600112.SH"]), *bars)
    bring(place, bars_text(Exchange.HK, ["01111.HK"]), *bars)
    day = "2025-09-18"
    typed(place, "basket", "new", "land", "--listing", "600111.SH,600112.SH", "--date", day)
    typed(place, "basket", "new", "port", "--listing", "01111.HK", "--date", day)
    return place


@pytest.fixture(scope="module")
def complete(market: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = Path(shutil.copytree(market, tmp_path_factory.mktemp("complete") / "ws"))
    indices(place)
    bring(place, fx_text(), "--kind", "fx")
    return place


@pytest.fixture
def whole(complete: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(complete, tmp_path / "copy"))


@pytest.fixture
def place(market: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(market, tmp_path / "copy"))


def indices(place: Path, **hole: date) -> None:
    bring(place, index_text(Exchange.SH, **hole), "--kind", "index", "--listing", "000300.SH")
    bring(place, index_text(Exchange.HK), "--kind", "index", "--listing", "HSI.HK")


def test_missing_fixing_costs_its_rows_and_ends_with_4(place: Path) -> None:
    indices(place)
    bring(place, fx_text(without=(date(2025, 9, 23), date(2025, 10, 30))), "--kind", "fx")
    file = place / "out.csv"
    out, err = typed(
        place, "backtest", "land", "port", "--hold", "2,15", "--paper", "--csv", file, code=4
    )
    found = {(row["basket"], row["horizon"]): row for row in rows(file)}
    assert {key for key, row in found.items() if row["status"] == "mature"} == {
        ("land", "2"),
        ("land", "15"),
        ("port", "2"),
    }
    lost = found["port", "15"]
    assert (lost["status"], lost["paper_return"], lost["n_held"]) == ("no_data", "", "0")
    assert "01111.HK is quoted in HKD and no HKD/CNY fixing holds on" in lost["remark"]
    assert "--kind fx" in lost["remark"]
    assert found["land", "2"]["remark"] == ""
    assert "port  15: not valued" in err
    assert "no_data" in out


def test_holiday_of_the_fixings_costs_nothing(whole: Path) -> None:
    place = whole
    file = place / "out.csv"
    typed(place, "backtest", "--hold", "10,15", "--paper", "--csv", file)
    found = rows(file)
    assert {row["status"] for row in found} == {"mature"}
    assert "remark" not in found[0]
    # port: bought 2025-09-19, session 10 of Hong Kong is 2025-10-03, in the mainland's holiday:
    # the fixing of 09-30 is carried to it
    fixed = {day: 0.91 + at / 10_000 for at, day in enumerate(sessions(Exchange.SH, FIRST, COUNT))}
    days = sessions(Exchange.HK, FIRST, COUNT)
    entry, last = days.index(date(2025, 9, 19)), days.index(date(2025, 10, 3))
    assert last == entry + 9
    worth = (20 + 0.1 * (last % 7)) * round(fixed[date(2025, 9, 30)], 4)
    paid = (20 + 0.1 * (entry % 7)) * round(fixed[date(2025, 9, 19)], 4)
    port = next(row for row in found if (row["basket"], row["horizon"]) == ("port", "10"))
    assert port["exit_session"] == "2025-10-03"
    assert float(port["paper_return"]) == pytest.approx(worth / paid - 1, abs=1e-9)


@pytest.mark.parametrize(
    ("hole", "told"),
    [({"hole": HOLE}, "no bar on 2025-09-22"), ({"end": date(2025, 9, 10)}, "to 2025-09-22")],
)
def test_index_that_does_not_cover_leaves_its_columns_empty(
    place: Path, hole: dict[str, date], told: str
) -> None:
    indices(place, **hole)
    bring(place, fx_text(), "--kind", "fx")
    file = place / "out.csv"
    _, err = typed(place, "backtest", "--hold", "2,3", "--paper", "--csv", file)
    found = {(row["basket"], row["horizon"]): row for row in rows(file)}
    assert {row["status"] for row in found.values()} == {"mature"}
    assert all(row["paper_return"] for row in found.values())
    row = found["land", "2"]
    assert (row["benchmark"], row["benchmark_return"], row["active_return"]) == (
        "000300.SH",
        "",
        "",
    )
    assert told in row["remark"]
    assert "--kind index" in row["remark"]
    assert found["port", "3"]["active_return"]
    assert "no index return" in err
    typed(place, "backtest", "land", "--hold", "2", "--paper", "--benchmark", "none")


def test_report_whose_entry_the_tables_do_not_reach_is_pending(whole: Path) -> None:
    place = whole
    day = sessions(Exchange.SH, FIRST, COUNT)[-1]
    typed(place, "basket", "new", "late", "--listing", "600111.SH", "--date", day)
    file = place / "out.csv"
    out, _ = typed(place, "backtest", "late", "--hold", "5", "--csv", file)
    (row,) = rows(file)
    assert (row["status"], row["paper_return"], row["n_dropped"]) == ("pending", "", "0")
    assert "pending" in out
    metrics = place / "metrics.csv"
    typed(place, "backtest", "late", "--hold", "5", "--paper", "--metrics", metrics)
    assert rows(metrics)[0]["status"] == "pending"
    typed(place, "backtest", "late", "--hold", "5", "--rebalance", "daily", "--csv", file)
    typed(place, "backtest", "late", "--hold", "5", "--cost-bps", "5", "--csv", file)
    assert rows(file)[0]["executable_return"] == ""


def study(place: Path, *words: object, code: int = 0) -> tuple[str, str]:
    windows = ("--window=-5..5", "--estimation=-40..-6", "--least", "30")
    return typed(place, "study", *words, *windows, code=code)


def test_study_leaves_out_what_an_index_does_not_explain(place: Path) -> None:
    indices(place, hole=HOLE)
    bring(place, fx_text(), "--kind", "fx")
    events = place / "events.csv"
    out, err = study(place, "--all", "--unit", "listing", "--events", events, code=4)
    found = {row["listing"]: row for row in rows(events)}
    assert {name: row["status"] for name, row in found.items()} == {
        "600111.SH": "dropped",
        "600112.SH": "dropped",
        "01111.HK": "finished",
    }
    assert "000300.SH has no value on 2025-09-22" in found["600111.SH"]["reason"]
    assert "left out: 600111.SH: 000300.SH has no value on 2025-09-22" in err
    assert "--kind index" in err
    assert "1 finished" in out
    _, err = study(place, "land", code=4)  # nothing is left: the reason itself
    assert err.startswith("error: 000300.SH has no value")


def test_study_leaves_out_a_name_without_a_matched_portfolio(place: Path) -> None:
    table = place / "table.csv"
    lines = ["date,600111.SH"]
    for at, day in enumerate(sessions(Exchange.SH, FIRST, COUNT)):
        lines.append(f"{day},{0.001 * (at % 3)}")
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    ledger = place / "ledger.csv"
    words = ("--matched", table, "--unit", "listing", "--ledger", ledger)
    _, err = study(place, "land", *words, code=4)
    assert [row["status"] for row in rows(ledger)] == ["finished", "dropped"]
    assert "table.csv has no column 600112.SH" in err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("study", "--all", "--hold", "5"), "--hold is read with --placebo alone"),
        (("study", "--all", "--excel"), "--excel needs"),
        (
            ("study", "--all", "--model", "mean-adjusted", "--benchmark", "000905.SH"),
            "--benchmark is read by no part",
        ),
        (("backtest", "--excel"), "--excel needs"),
        (("backtest", "--cost-bps", "5", "--slippage-bps", "0"), "--slippage-bps is not read"),
        (("backtest", "--cost-bps", "5", "--capital", "1e5,1e6"), "change nothing"),
        (("score", "--excel"), "--excel needs"),
    ],
)
def test_options_that_nothing_reads_are_refused(
    market: Path, words: tuple[str, ...], told: str
) -> None:
    _, err = typed(market, *words, code=2)
    assert told in err
    assert "fix:" in err


TYPO = (
    'id = "T9"\ntitle = "x"\npublisher = "x"\nlanguage = "zh"\n[published]\n'
    'value = 2025-09-18\nprecision = "day"\n[[notes]]\nid = "T9-1"\nbrokr = "x"\n'
    '[[securities]]\nlisting = "600111.SH"\nprinted = "x"\nrole = "recommended"\ntheme = "ships"\n'
)
FED = 'name = "ships"\ntitle_zh = "x"\ntitle_en = "x"\nthemes = ["ships"]\nweighting = "equal"\n'


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("report", "list"), 0),
        (("basket", "list"), 0),
        (("basket", "show", "land"), 0),
        (("backtest", "land", "--hold", "2"), 0),
        (("backtest", "--hold", "2"), 4),  # what the card may feed was asked for, too
        (("backtest", "ships", "--hold", "2"), 2),  # and here nothing else
        (("backtest", "--report", "T9", "--hold", "2"), 2),
        (("data", "update", "--dry-run", "--basket", "land"), 0),
        (("report", "show", "T9"), 2),
        (("rules", "--at", "2025-09-18", "--listing", "600111.SH"), 0),
    ],
)
def test_one_typo_in_one_card_stops_only_what_needs_it(
    whole: Path, words: tuple[str, ...], code: int
) -> None:
    place = whole
    (place / "seeds" / "T9.toml").write_text(TYPO, encoding="utf-8")
    (place / "baskets" / "ships.toml").write_text(FED, encoding="utf-8")
    out, err = typed(place, *words, code=code)
    if words[0] != "rules":
        assert "brokr" in err
        assert "broker" in err
    if words[:2] != ("report", "list"):  # there is no other card
        assert bool(out) is (code != 2)
