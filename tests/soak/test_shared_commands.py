"""The commands on a lake for many: what they do, and that nothing they say or store is a secret."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from typer.testing import CliRunner

from screener.cli.main import app
from screener.data.sources.online.registry import open_sources
from screener.errors import InputError
from screener.files.place import Place
from screener.workflows.kept_runs import save_run
from screener.workspace.locate import Workspace
from tests.support.desk import KEY, PASSWORD, SECRET, Desk, closes
from tests.support.wire_clock import FakeClock

WRONG = "another-wrong-password"
BARS = "listing,session,open,high,low,close,volume\n" + "".join(
    f"600000.SH,2026-05-{day:02d},{day},{day},{day},{day},100\n" for day in (11, 12, 13, 14, 15)
)
COMMANDS = (
    "data status",
    "data verify",
    "data compact",
    "data restore 2",
    "data diff 1 2",
    "data import bars.csv --kind bars --basis raw",
    "data move local",
    "rules --at 2026-05-12 --listing 600000.SH",
)


@pytest.fixture
def workspace(
    desk: Desk, place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Workspace:
    found = Workspace(root=tmp_path)
    for name in ("baskets", "seeds", "data_cache"):
        (found.root / name).mkdir(exist_ok=True)
    (found.root / "screener.toml").write_text(desk.settings(place))
    (found.root / "bars.csv").write_text(BARS)
    monkeypatch.chdir(found.root)
    return found


def run(words: str, codes: set[int]) -> str:
    done = CliRunner().invoke(app, words.split())
    assert done.exit_code in codes, f"{words}: {done.exit_code}\n{done.output}"
    return " ".join(done.output.split())


def check_secrets(workspace: Workspace, said: list[str]) -> None:
    texts = [*said, *(path.read_bytes().decode("latin-1") for path in _files(workspace))]
    for secret in (PASSWORD, SECRET, KEY, WRONG):
        assert not [text for text in texts if secret in text]


def _files(workspace: Workspace) -> list[Path]:
    return [path for path in workspace.root.rglob("*") if path.is_file()]


def test_a_desk_at_work(desk: Desk, place: Place, workspace: Workspace) -> None:
    database = place.catalog.rpartition("=")[2]
    said = [run("data import bars.csv --kind bars --basis raw", {0})]
    assert place.data in run("data status", {0})
    said.append(run("data verify", {0}))
    assert save_run(workspace, "0123456789abcdef", {"data_version": 2, "rows": []}) == ()
    assert desk.sql("SELECT version, who FROM screener_pins", database) == "2|owner"
    (workspace.root / "bars.csv").write_text(BARS.replace(",15,", ",16,"))
    said.append(run("data import bars.csv --kind bars --basis raw", {0}))
    said.append(run("data compact --keep-days 0", {0}))
    assert closes(place, 2)[-1] == 15.0
    with pytest.raises(InputError, match="has expired"):
        closes(place, 1)
    said.append(run("data move local", {0}))
    assert "the same on both sides" in said[-1]
    clock = FakeClock().clock
    with open_sources(place, clock, Random(1)) as sources:
        sources.breaker.failed("sina", "refused", opens_after=1)
    with open_sources(place, clock, Random(1)) as sources:
        assert sources.breaker.wait_until("sina") is not None, "another desk is not told"
    check_secrets(workspace, said)


@pytest.mark.parametrize("state", ["stopped", "refuse", "drop", "wrong", "roles"])
def test_no_error_holds_a_secret(
    desk: Desk,
    place: Place,
    workspace: Workspace,
    state: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run("data import bars.csv --kind bars --basis raw", {0})
    said = []
    try:
        if state == "stopped":
            desk.stop()
        elif state == "wrong":
            monkeypatch.setenv("PGPASSFILE", "/dev/null")
            monkeypatch.setenv("PGPASSWORD", WRONG)
        elif state == "roles":
            name = f"nobody_{place.catalog.rpartition('=')[2]}"
            other = desk.role(name, place, "REFERENCES")
            (workspace.root / "screener.toml").write_text(desk.settings(other))
        else:
            desk.tell(state)
        for words in COMMANDS:
            said.append(run(words, {7}))
            fit = {"stopped": "cannot be reached", "drop": "is not there"}
            assert fit.get(state, "does not let you in") in said[-1], words
            assert "restore the folder" not in said[-1]
    finally:
        desk.tell("allow")
        if state == "stopped":
            desk.start()
    check_secrets(workspace, said)
