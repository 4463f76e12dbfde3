"""`screener follow`: one account over a stream, its files and its refusals."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from rich.cells import cell_len
from typer.testing import CliRunner

from screener.cli.main import app
from screener.results.schemas import json_schema

RUNNER = CliRunner()


def typed(*arguments: object, columns: int = 80):  # type: ignore[no-untyped-def]
    return RUNNER.invoke(app, [str(item) for item in arguments], env={"COLUMNS": str(columns)})


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


@pytest.fixture(scope="module")
def made(shared_demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with every file of one command."""
    folder = tmp_path_factory.mktemp("followed")
    done = typed(
        *("follow", "--all", "--slots", 3, "--hold", 5, "--workspace", shared_demo),
        *("--csv", folder / "events.csv", "--paths", folder / "curve.csv"),
        *("--ledger", folder / "orders.csv", "--metrics", folder / "measures.csv"),
        *("--json", folder / "all.json"),
    )
    assert done.exit_code == 0, done.output
    (folder / "screen.txt").write_text(done.stdout, encoding="utf-8")
    return folder


def test_the_files_tell_the_same_money(made: Path) -> None:
    """By hand: the orders of all slots, added up, are the cash of the curve on its last day."""
    curve, measures = rows(made / "curve.csv"), rows(made / "measures.csv")[0]
    capital, last = float(measures["capital"]), curve[-1]
    flows = sum(float(row["cash_cny"]) for row in rows(made / "orders.csv") if row["cash_cny"])
    assert float(last["cash"]) == pytest.approx(capital + flows, abs=0.01)
    gains = sum(float(row["gain"]) for row in rows(made / "events.csv") if row["gain"])
    assert float(last["equity"]) == pytest.approx(capital + gains, abs=0.01)
    assert float(measures["total_return"]) == pytest.approx(capital and gains / capital, abs=1e-9)
    equity = np.array([capital, *(float(row["equity"]) for row in curve)])
    fall = (equity / np.maximum.accumulate(equity) - 1).min()
    assert float(measures["max_drawdown"]) == pytest.approx(fall, abs=1e-12)
    assert max(int(row["slots"]) for row in curve) == 3


def test_no_more_events_are_held_than_there_are_slots(made: Path) -> None:
    events = rows(made / "events.csv")
    skipped = [row for row in events if row["status"] == "no_slot"]
    assert skipped
    for row in skipped:
        held = [
            item
            for item in events
            if item["money"]
            and item["entry_session"] <= row["entry_session"]
            and (item["exit_session"] or "9999") >= row["entry_session"]
        ]
        assert len(held) == 3, row


def test_what_nobody_recorded_of_a_purchase_across_the_border_is_told(shared_demo: Path) -> None:
    told = "601899.SH, 603993.SH could be bought across the border is not known"
    for options, expected in ((("--account", "hongkong", "--chain"), True), ((), False)):
        done = typed("follow", "copper", *options, "--workspace", shared_demo)
        assert done.exit_code == 0, done.output
        assert (told in " ".join(done.stderr.split())) is expected


def test_json_is_as_its_schema_says(made: Path) -> None:
    document = json.loads((made / "all.json").read_text(encoding="utf-8"))
    jsonschema.validate(document, json_schema("follow"))
    assert len(document["events"]) == len(rows(made / "events.csv"))


def test_the_terminal_shows_every_event_in_eighty_columns(made: Path) -> None:
    text = (made / "screen.txt").read_text(encoding="utf-8")
    assert max(cell_len(line) for line in text.split("\n")) <= 80
    assert text.count("no slot") == len(
        [row for row in rows(made / "events.csv") if row["status"] == "no_slot"]
    )


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        ((), 2, "name the baskets to follow, or say --all"),
        (("copper", "--all"), 2, "name the baskets to follow, or say --all"),
        (("nothing-such",), 3, "nothing-such"),
        (("--all", "--slots", "0"), 2, "--slots 0 is not from 1 to"),
        (("--all", "--hold", "1"), 2, "(T+1)"),
        (("--all", "--from", "2026-06-01", "--to", "2026-05-01"), 2, "comes before --from"),
        (("--all", "--to", "1999-01-01"), 6, "no event of the stream has its entry"),
        (("--all", "--benchmark", "no-index"), 2, "no-index"),
    ],
)
def test_what_cannot_be_followed_is_refused(
    shared_demo: Path, arguments: tuple[str, ...], code: int, told: str
) -> None:
    done = typed("follow", *arguments, "--workspace", shared_demo)
    assert done.exit_code == code, done.output
    assert told in " ".join(done.stderr.split())
