"""What a shell offers for the tab key, and the example in each command's help."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from docs.making.commands import every_command
from docs.making.features import features
from screener.cli.main import app
from screener.cli.terminal import completing
from screener.demo import demo_workspace, simulate
from screener.workflows.report.catalog import init_workspace
from tests.support.soaking import drawn, soaked

RUNNER = CliRunner()
_EXAMPLE = "Example: "
_OWN_FILES = {"data update": "a network", "report add": "a report", "data import": "a file"}
_BEFORE = {
    "report rm": [],  # R6 is not there: told so
    "data restore": [],
    "data move": [],  # no lake for many is named
    "data diff": [],
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return init_workspace(tmp_path_factory.mktemp("completing") / "work").root


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("backtest co", ["compute-hardware", "compute-leasing", "copper"]),
        ("report show R", ["R1", "R2", "R3", "R4", "R5"]),
        ("screen div", ["dividend"]),
        ("screen --fields pe_ttm,pb_pct_", ["pe_ttm,pb_pct_3y", "pe_ttm,pb_pct_10y"]),
        ("backtest copper --weighting equal,in", ["equal,inverse-vol"]),
        ("data verify --table board", ["board_lots"]),
        ("config cap", ["capital"]),
        ("data import x --basis a", ["adjusted"]),
        ("score --broker 银", ["银河证券"]),
        ("backtest no-such", []),
    ],
)
def test_a_shell_is_offered_what_can_be_typed(
    place: Path, monkeypatch: pytest.MonkeyPatch, typed: str, offered: list[str]
) -> None:
    monkeypatch.chdir(place)
    words = f"screener {typed}"
    asked = {
        "_SCREENER_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - 1),
    }
    done = RUNNER.invoke(app, [], prog_name="screener", env=asked)
    assert done.output.split() == offered


def test_outside_a_workspace_nothing_is_offered_and_nothing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = {"COMP_WORDS": "screener backtest co", "COMP_CWORD": "2"}
    done = RUNNER.invoke(
        app, [], prog_name="screener", env={"_SCREENER_COMPLETE": "complete_bash", **words}
    )
    assert done.output.strip() == ""


def test_what_is_offered_belongs_to_options_that_there_are() -> None:
    commands = dict(every_command())
    names = {item.name for command in commands.values() for item in command.params}
    typed = {name for command in commands.values() for item in command.params for name in item.opts}
    for words, name in completing._ARGUMENTS:
        command = commands[f"screener {words}"]
        assert name in [item.name for item in command.params], words
    assert not set(completing._OPTIONS) - typed
    assert names


def example(command: object) -> list[str]:
    lines = [line.strip() for line in str(command.help or "").splitlines()]  # type: ignore[attr-defined]
    return [line.removeprefix(_EXAMPLE) for line in lines if line.startswith(_EXAMPLE)]


def test_each_command_has_an_example() -> None:
    assert not [words for words, command in every_command() if not example(command)]


@soaked
def test_each_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    demo = demo_workspace(tmp_path / "demo")
    simulate(demo)
    monkeypatch.chdir(demo.root)
    made = RUNNER.invoke(app, ["backtest", "copper", "--hold", "5,20", "--csv", "returns.csv"])
    assert made.exit_code == 0, made.output
    kept = {words for words, _ in drawn([*every_command()], 0.5)} | _FOR_OTHERS
    for words, command in every_command():
        if words not in kept:
            continue
        if words.removeprefix("screener ") in _OWN_FILES:
            continue
        for typed in example(command):
            done = RUNNER.invoke(app, shlex.split(typed)[1:])
            told = f"{typed}\n{done.output}"
            assert done.exception is None or isinstance(done.exception, SystemExit), told
            lacking = {2, 3} if words.removeprefix("screener ") in _BEFORE else {4}
            assert done.exit_code in {0, 10, *lacking}, told


_FOR_OTHERS = {"screener basket new"}
"""Commands whose example makes what those of others need."""
_ELSEWHERE = (
    "basket new",
    "report add",
    "report show R6",
    "data update",
    "data import",
    "--benchmark 000905.SH",
)
_TAKE_LONG = (" --to ", "--placebo 2000", "screener demo")


@soaked
def test_each_feature_of_the_table_is_shown_by_its_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    demo = demo_workspace(tmp_path / "demo")
    simulate(demo)
    monkeypatch.chdir(demo.root)
    listing = ["--listing", "300857,00700.HK", "--date", "2026-05-14"]
    for words in (
        ["basket", "new", "mine", *listing],
        ["backtest", "copper", "--hold", "5,20", "--csv", "returns.csv"],
        ["data", "export", "out", "--table", "fx", "--format", "csv"],
    ):
        done = RUNNER.invoke(app, words)
        assert done.exit_code == 0, done.output
    typed = [one for row in features() for one in row["by"].split("; ")]
    shown = [
        one
        for one in dict.fromkeys(typed)
        if one.startswith("screener ")
        and not any(part in one for part in (*_ELSEWHERE, *_TAKE_LONG))
    ]
    assert len(shown) > 40
    for one in drawn(shown, 0.5):
        done = RUNNER.invoke(app, shlex.split(one.replace("data diff 3 5", "data diff 1 2"))[1:])
        told = f"{one}\n{done.output}"
        assert done.exception is None or isinstance(done.exception, SystemExit), told
        assert done.exit_code in {0, 4, 10}, told
