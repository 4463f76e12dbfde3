"""A rights issue and a dividend from files to the ledger, by the commands that a reader types."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from screener.cli.main import app
from screener.domain.listing import Exchange
from screener.market.calendars import calendar_of
from tests.support.ledger_returns import faults, gains

RUNNER = CliRunner()
BEGIN = np.datetime64("2025-03-03")
NAME = "601007.SH"
EX = 8  # of the sessions below: 2 for 10 at 6.00, and 0.40 a share; bought on number 5


def screener(*arguments: object) -> str:
    done = RUNNER.invoke(app, [str(item) for item in arguments], env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture
def place(tmp_path: Path) -> Path:
    days = [day.item() for day in calendar_of(Exchange.SH).sessions if day >= BEGIN][:16]
    # (9.00 - 0.40 + 0.2 x 6.00) / 1.2 = 8.1666..., 8.17 as published
    closes = [9.0] * EX + [8.2] * 2 + [8.6] * 6
    bars = ["code,date,open,high,low,close,volume,amount"]
    bars += [
        f"{NAME[:6]},{day},{price},{price},{price},{price},5000000,{price * 5_000_000}"
        for day, price in zip(days, closes, strict=True)
    ]
    (tmp_path / "bars.csv").write_text("\n".join(bars), encoding="utf-8")
    actions = f"code,ex_date,cash,rights,rights_price\n{NAME},{days[EX]},0.4,0.2,6\n"
    (tmp_path / "actions.csv").write_text(actions, encoding="utf-8")
    where = ("--workspace", tmp_path / "ws")
    screener("init", tmp_path / "ws")
    screener(*("data", "import", tmp_path / "bars.csv", "--kind", "bars", "--basis", "raw"), *where)
    screener("data", "import", tmp_path / "actions.csv", "--kind", "actions", *where)
    screener("basket", "new", "offer", "--listing", NAME, "--date", days[4], *where)
    return tmp_path


def traded(place: Path, *more: object) -> tuple[float, list[dict[str, str]], str]:
    table, ledger = place / "t.csv", place / "l.csv"
    asked = ("backtest", "offer", "--hold", 8, "--benchmark", "none", "--csv", table)
    told = screener(*asked, "--ledger", ledger, *more, "--workspace", place / "ws")
    (row,) = csv.DictReader(table.read_text(encoding="utf-8-sig").splitlines())
    text = ledger.read_text(encoding="utf-8-sig")
    assert row["status"] == "mature"
    assert faults(text) == []
    (gained,) = gains(text).values()
    assert gained == pytest.approx(float(row["executable_return"]) * 1e6, abs=0.005)
    return gained, list(csv.DictReader(text.splitlines())), told


def test_rights_are_taken_up_and_every_cent_is_in_the_ledger(place: Path) -> None:
    gained, rows, told = traded(place)
    # 111,000 x 9.00; 44,400 of dividend, 20 % of it due; 22,200 x 6.00; 133,200 x 8.60
    assert [(row["side"], row["amount"]) for row in rows] == [
        ("buy", "999000.0"),
        ("dividend", "44400.0"),
        ("rights", "133200.0"),
        ("sell", "1145520.0"),
        ("dividend tax", "8880.0"),
    ]
    fees = sum(float(row["fees"] or 0) for row in rows)
    assert gained == pytest.approx(1_145_520 - 999_000 - 133_200 + 44_400 - 8_880 - fees)
    assert "rights taken up: 0.2 for each share held, at 6" in told
    assert "rights" in told.split("implementation shortfall")[1]
    shown = screener("explain", place / "t.csv", "--workspace", place / "ws")
    assert "rights 22,200 at 6" in shown
    assert "every value of the row comes out again" in shown


def test_rights_may_lapse_and_that_is_told(place: Path) -> None:
    gained, rows, told = traded(place, "--rights", "lapse")
    (lapsed,) = [row for row in rows if row["side"] == "rights"]
    assert (lapsed["status"], lapsed["cash_cny"]) == ("lapsed", "")
    fees = sum(float(row["fees"] or 0) for row in rows)
    assert gained == pytest.approx(111_000 * 8.6 - 999_000 + 44_400 - 8_880 - fees)
    assert "rights not taken up" in told


@pytest.mark.parametrize("text", ["never", "take-up,lapse"])
def test_an_unknown_choice_is_refused(place: Path, text: str) -> None:
    asked = ["backtest", "offer", "--rights", text, "--workspace", str(place / "ws")]
    done = RUNNER.invoke(app, asked)
    assert done.exit_code == 2
    assert "--rights" in done.output
