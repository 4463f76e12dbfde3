"""`screener today`: what is new since the last look, each thing once, and how cron hears of it."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import jsonschema
import pytest
from rich.cells import cell_len
from typer.testing import CliRunner

import screener
from screener.cli.main import app
from screener.domain.listing import Exchange
from screener.results.schemas import json_schema
from tests.support.panels import sessions

RUNNER = CliRunner()
FIRST, ENTRY, COUNT = date(2025, 7, 14), "2025-08-15", 60
IDS = ("600111.SH", "600222.SH")
DAYS = sessions(Exchange.SH, FIRST, COUNT)
START = next(at for at, day in enumerate(DAYS) if str(day) > ENTRY)


def typed(place: Path, *words: object, code: int = 0) -> str:
    line = [*map(str, words), "--workspace", str(place)]
    done = RUNNER.invoke(app, line, env={"COLUMNS": "80"})
    assert done.exit_code == code, done.output
    return str(done.stdout)


def looked(place: Path, *options: object, code: int) -> dict[str, list[dict[str, object]]]:
    file = place / "today.json"
    text = typed(place, "today", "--json", file, *options, code=code)
    assert max(cell_len(line) for line in text.split("\n")) <= 80
    found = json.loads(file.read_text(encoding="utf-8"))
    jsonschema.validate(found, json_schema("today"))
    assert found["has_news"] == (code == 10)
    return dict(found)


def bring(place: Path, until: int, *, changed: int | None = None) -> None:
    """Import bars up to a session, the close of one of them corrected."""
    lines, index = ["code,date,open,high,low,close,volume"], ["date,open,high,low,close"]
    for at, day in enumerate(DAYS[:until]):
        for number, name in enumerate(IDS):
            price = 20 + number + 0.1 * (at % 7)
            close = price + 0.5 * (at == changed)
            lines.append(f"{name},{day},{price:.2f},{close:.2f},{price:.2f},{close:.2f},1000000")
        index.append(f"{day},4000,4000,4000,4000")
    files = {"bars": lines, "index": index}
    for kind, text in files.items():
        file = place / f"{kind}.csv"
        file.write_text("\n".join(text) + "\n", encoding="utf-8")
        basis = ("--basis", "raw") if kind == "bars" else ("--listing", "000300.SH")
        typed(place, "data", "import", file, "--kind", kind, *basis)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A workspace of one basket of one's own, whose bars end in the third session held."""
    root = tmp_path / "w"
    RUNNER.invoke(app, ["init", str(root)])
    for card in (*(root / "seeds").iterdir(), *(root / "baskets").iterdir()):
        card.unlink()
    bring(root, START + 3)
    typed(root, "basket", "new", "pair", "--listing", ",".join(IDS), "--date", ENTRY)
    return root


def test_a_window_is_told_once_when_it_ends(place: Path) -> None:
    first = looked(place, code=10)
    assert (first["matured"], first["changed"], first["cards"]) == ([], [], [])
    assert {row["state"] for row in first["lacks"]} == {"stale"}
    assert not looked(place, code=0)["matured"]
    bring(place, START + 6)
    found = looked(place, code=10)
    (window,) = found["matured"]
    assert (window["basket"], window["horizon"]) == ("pair", 5)
    assert window["exit_session"] == str(DAYS[START + 4])
    opened = [20 + number + 0.1 * (START % 7) for number in (0, 1)]
    closed = [20 + number + 0.1 * ((START + 4) % 7) for number in (0, 1)]
    wanted = sum(c / o - 1 for o, c in zip(opened, closed, strict=True)) / 2
    assert window["paper_return"] == pytest.approx(wanted)
    assert window["active_return"] == pytest.approx(wanted)  # the index stands still
    assert found["changed"] == []  # pending windows went on, which is no correction
    assert not looked(place, code=0)["matured"]


def test_a_corrected_price_is_told_once_with_both_values(place: Path) -> None:
    bring(place, START + 8)
    looked(place, code=10)
    bring(place, START + 8, changed=START + 4)
    found = looked(place, code=10)
    changed = {row["column"]: row for row in found["changed"] if row["horizon"] == 5}
    assert {"paper_return", "active_return"} <= set(changed)
    paper = changed["paper_return"]
    assert paper["new"] > paper["old"]  # type: ignore[operator]
    assert found["matured"] == []
    assert looked(place, code=0)["changed"] == []


def test_a_stored_run_that_data_correct_is_told_too(place: Path) -> None:
    bring(place, START + 8)
    typed(place, "backtest", "pair", "--hold", "3", "--paper", "--benchmark", "none")
    looked(place, code=10)
    bring(place, START + 8, changed=START + 2)
    rows = looked(place, "--since", DAYS[0], code=10)["changed"]
    assert rows == []  # of that day no data are kept to compare with
    found = looked(place, code=10)
    assert {row["horizon"] for row in found["changed"]} >= {3}


def test_a_correction_is_shown_once_in_percent(place: Path) -> None:
    bring(place, START + 8)
    for hold in ("3", "3,4"):
        typed(place, "backtest", "pair", "--hold", hold, "--paper", "--benchmark", "none")
    looked(place, code=10)
    bring(place, START + 8, changed=START + 2)
    text = typed(place, "today", code=10)
    lines = [line.split() for line in text.split("\n") if line.split()[2:4] == ["3", "paper"]]
    assert len(lines) == 1
    closed = [20 + number + 0.1 * ((START + 2) % 7) for number in (0, 1)]
    opened = [20 + number + 0.1 * (START % 7) for number in (0, 1)]
    wanted = [
        sum((c + more) / o - 1 for o, c in zip(opened, closed, strict=True)) / 2
        for more in (0, 0.5)
    ]
    assert [float(cell) for cell in lines[0][-2:]] == pytest.approx(
        [100 * value for value in wanted], abs=6e-5
    )


def test_a_day_asked_for_tells_what_is_of_it_or_later_and_moves_nothing(place: Path) -> None:
    bring(place, START + 8)
    ended = DAYS[START + 4]
    assert looked(place, "--since", ended, code=10)["matured"]
    assert not looked(place, "--since", DAYS[START + 5], code=0)["matured"]
    assert not (place / "data_cache/state/looked.json").exists()
    assert looked(place, code=10)["matured"]


def test_new_cards_and_reposts_are_told(place: Path, shared_demo: Path) -> None:
    looked(place, code=10)
    shutil.copy(shared_demo / "seeds/R1.toml", place / "seeds/R1.toml")
    cards = looked(place, code=10)["cards"]
    assert {row["report"] for row in cards} == {"R1"}
    assert {row["kind"] for row in cards} == {"new"}
    text = (place / "seeds/R1.toml").read_text(encoding="utf-8")
    first = text.split('[[notes]]\nid = "', 1)[1].split('"', 1)[0]
    again = text.replace('id = "R1', 'id = "R9')
    again = again.replace(
        f'[[notes]]\nid = "{first.replace("R1", "R9")}"',
        f'[[notes]]\nrepeats = "{first}"\nid = "{first.replace("R1", "R9")}"',
    )
    (place / "seeds/R9.toml").write_text(again, encoding="utf-8")
    told = {str(row["note"]): row for row in looked(place, code=10)["cards"]}
    assert {row["report"] for row in told.values()} == {"R9"}
    repost = told[first.replace("R1", "R9")]
    assert (repost["kind"], repost["earlier"]) == ("repost", first)
    assert looked(place, code=0)["cards"] == []


def test_a_broken_card_is_told_with_what_is_wrong_and_stops_nothing(place: Path) -> None:
    looked(place, code=10)
    (place / "seeds/R8.toml").write_text("id = 8\n", encoding="utf-8")
    (row,) = [row for row in looked(place, code=10)["lacks"] if row["state"] == "broken"]
    assert row["what"] == "card R8"
    assert row["is_new"]
    (row,) = [row for row in looked(place, code=0)["lacks"] if row["state"] == "broken"]
    assert not row["is_new"]


def test_what_could_not_be_told_is_not_taken_for_seen(place: Path) -> None:
    looked(place, code=10)
    bring(place, START + 6)
    typed(place, "today", "--json", place / "nowhere/a.json", code=2)
    assert looked(place, code=10)["matured"]


def test_without_market_data_the_cards_are_told_and_the_lack(tmp_path: Path) -> None:
    root = tmp_path / "w"
    RUNNER.invoke(app, ["init", str(root)])
    (root / "data_cache").mkdir(exist_ok=True)
    done = RUNNER.invoke(app, ["today", "--workspace", str(root)])
    assert done.exit_code == 10
    assert "R1" in done.stdout
    assert "screener data" in done.stderr
    again = RUNNER.invoke(app, ["today", "--workspace", str(root)])
    assert again.exit_code == 4


@pytest.mark.parametrize(
    ("option", "told"),
    [("2999-01-01", "is in the future"), ("soon", "is not a date")],
)
def test_a_day_that_is_none_is_refused(place: Path, option: str, told: str) -> None:
    done = RUNNER.invoke(app, ["today", "--since", option, "--workspace", str(place)])
    assert done.exit_code == 2
    assert told in done.stderr


def test_a_damaged_memory_is_told_and_changed_by_nobody(place: Path) -> None:
    looked(place, code=10)
    kept = place / "data_cache/state/looked.json"
    kept.write_text(kept.read_text(encoding="utf-8").replace("stale", "fresh"), encoding="utf-8")
    before = kept.read_bytes()
    done = RUNNER.invoke(app, ["today", "--workspace", str(place)])
    assert done.exit_code == 7
    assert "looked.json" in done.stderr
    assert kept.read_bytes() == before


def test_in_chinese(shared_demo: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(shared_demo, tmp_path / "w"))
    text = typed(root, "today", "--lang", "zh", code=10)
    assert max(cell_len(line) for line in text.split("\n")) <= 80
    for words in ("首次查看", "新增研报", "到期窗口", "算力租赁"):
        assert words in text
    assert "以来无新消息" in typed(root, "today", "--lang", "zh")


def test_the_library_tells_the_same(place: Path) -> None:
    bring(place, START + 6)
    desk = screener.open(place)
    found = desk.today()
    assert found.has_news
    assert found.matured["horizon"].tolist() == [5]
    assert desk.today().matured["horizon"].tolist() == [5]  # nothing is seen before it is kept
    found.keep()
    assert not desk.today().has_news
    assert len(desk.today(since=str(DAYS[0])).matured) == 1


def test_a_workspace_without_data_tells_its_cards_once(tmp_path: Path) -> None:
    place = screener.init(tmp_path / "research").root
    first = looked(place, code=10)
    assert len(first["cards"]) > 0
    again = looked(place, code=4)
    assert again["cards"] == []
    assert not (place / "data_cache" / "catalog.sqlite").exists()


def test_a_card_of_unknown_date_is_told_and_stops_nothing(tmp_path: Path) -> None:
    place = screener.init(tmp_path / "research").root
    card = place / "seeds" / "R4.toml"
    text = card.read_text(encoding="utf-8")
    kept = [
        line
        for line in text.split("\n")
        if not line.startswith(("published.range", "published.value", "published.evidence"))
    ]
    text = "\n".join(kept).replace('"estimated"', '"unknown"')
    card.write_text(text, encoding="utf-8")
    found = looked(place, code=10)
    (told,) = [row for row in found["cards"] if row["report"] == "R4"]
    assert told["published"] == ""
    again = looked(place, "--since", "2026-01-01", code=10)
    assert "R4" not in {row["report"] for row in again["cards"]}


def test_news_are_a_page_that_knows_both_languages(tmp_path: Path) -> None:
    place = screener.init(tmp_path / "research").root
    page = place / "news.html"
    typed(place, "today", "--html", page, code=10)
    text = page.read_text(encoding="utf-8")
    assert "New cards" in text
    assert "新增研报" in text
    assert "2026-03-08 (estimated)" in text
    page.write_text("<p>mine", encoding="utf-8")
    typed(place, "today", "--html", page, code=2)
    assert page.read_text(encoding="utf-8") == "<p>mine"
