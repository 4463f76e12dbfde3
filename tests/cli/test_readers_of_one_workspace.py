"""One workspace, readers of two languages: what is stored is the same, and either reads it."""

from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from typer.testing import CliRunner

from screener import api
from screener.backtest.frictions import Order, OrderStatus
from screener.cli.main import app
from screener.domain.listing import parse_listing
from screener.language import Language, speaking
from screener.market.charges import Side
from screener.paths.legs import Reason
from screener.render.backtest.blocks import _worth_telling
from tests.support.soaking import soaked

RUNNER = CliRunner()
CHINESE = re.compile("[\u4e00-\u9fff]")
BOTH = pytest.mark.parametrize(("writer", "reader"), [("zh", "en"), ("en", "zh")])


@pytest.fixture(autouse=True)
def _english_again() -> Iterator[None]:
    """Speak English after commands that were typed in Chinese."""
    with speaking(Language.EN):
        yield


def fine(language: str, place: Path, *arguments: object) -> str:
    env = {"COLUMNS": "120", "SCREENER_LANG": language, "SCREENER_WORKSPACE": str(place)}
    done = RUNNER.invoke(app, [str(item) for item in arguments], env=env)
    assert done.exit_code in (0, 4, 10), done.output
    return str(done.stdout)


@pytest.fixture(scope="module")
def made(shared_demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("read") / "w"
    shutil.copytree(shared_demo, folder)
    for name, listings in (("mine", "300857,00700.HK"), ("gone", "300857,600999")):
        fine("en", folder, "basket", "new", name, "--listing", listings, "--date", "2026-05-14")
    return folder


@pytest.fixture
def place(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "w"))


def table(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8-sig", newline="") as text:
        return list(csv.DictReader(text))


def documents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.json"))}


@BOTH
@soaked
def test_a_row_of_another_readers_file_comes_out_again(
    place: Path, writer: str, reader: str
) -> None:
    csv_file, ledger = place / "returns.csv", place / "ledger.csv"
    asked = ("mine", "gone", "--hold", "5", "--capital", "1000")
    fine(writer, place, "backtest", *asked, "--csv", csv_file, "--ledger", ledger)
    reasons = [row["reason"] for row in table(ledger) if row["reason"]]
    assert len(set(reasons)) > 1
    assert all(bool(CHINESE.search(text)) is (writer == "zh") for text in reasons)
    for file in (csv_file, ledger):
        for number, row in enumerate(table(file), start=1):
            told = json.loads(fine(reader, place, "explain", file, number, "--json", "-"))
            assert told["differences"] == [], row


def test_a_stored_run_is_the_same_whoever_made_it_and_is_explained_to_either(
    place: Path, tmp_path: Path
) -> None:
    place, other = (Path(shutil.copytree(place, tmp_path / name)) for name in ("one", "other"))
    for copied in (place, other):  # other tests may have run here before
        shutil.rmtree(copied / "data_cache" / "runs", ignore_errors=True)
    asked = ("backtest", "mine", "gone", "--hold", "5", "--capital", "1000")
    study = ("study", "mine", "--draws", "100")
    for one, language in ((place, "zh"), (other, "en")):
        fine(language, one, *asked)
        fine(language, one, *study)
    stored = documents(place / "data_cache" / "runs")
    assert stored == documents(other / "data_cache" / "runs")
    assert len(stored) == 2
    (run,) = (name for name, text in stored.items() if '"orders"' in text)
    for reader in ("zh", "en"):
        told = json.loads(fine(reader, place, "explain", run.removesuffix(".json"), "--json", "-"))
        assert told["differences"] == []


def test_what_was_looked_at_is_known_in_either_language(tmp_path: Path) -> None:
    place = api.init(tmp_path / "w").root
    fine("zh", place, "today")
    (kept,) = (place / "data_cache" / "state").glob("looked.json")
    before = json.loads(kept.read_text(encoding="utf-8"))
    fine("en", place, "today")
    after = json.loads(kept.read_text(encoding="utf-8"))
    changing = {"at", "sha256"}
    assert {key: value for key, value in after.items() if key not in changing} == {
        key: value for key, value in before.items() if key not in changing
    }


@pytest.mark.parametrize("language", Language)
def test_what_the_ledger_tells_of_a_name_is_not_told_again_by_its_order(language: Language) -> None:
    leg = SimpleNamespace(reason=Reason.LIMIT_UP)
    result = SimpleNamespace(window=SimpleNamespace(legs=[leg]))
    with speaking(language):
        for reason, told in ((Reason.LIMIT_UP, False), (Reason.SUSPENDED, True)):
            order = Order(
                leg=0,
                listing=parse_listing("300857.SZ"),
                side=Side.BUY,
                scheduled=date(2026, 5, 14),
                session=None,
                status=OrderStatus.UNFILLED,
                reason=reason.told,
            )
            assert _worth_telling(cast(Any, result), order) is told
