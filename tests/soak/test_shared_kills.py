"""Kills and crowds on a lake for many: nothing lost, torn or done twice."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from screener.data.lake.integrity.checksums import damaged_files
from screener.data.lake.store import Store
from screener.files.place import Place
from screener.workspace.locate import Workspace
from tests.support.desk import Desk
from tests.support.soaking import share
from tests.workflow.test_kills import Nursery, check_kills, claimed, kill, newest, whole

ROUNDS = share(3, 300)
WRITERS = READERS = 4
COMMITS = share(6, 200)
PATIENCE = 600.0


@pytest.fixture
def nursery(desk: Desk) -> Iterator[Nursery]:
    """Start processes that have the desk's environment."""
    opened = Nursery()
    yield opened
    opened.close()


@pytest.fixture
def workspace(desk: Desk, place: Place, tmp_path: Path) -> Workspace:
    found = Workspace(root=tmp_path)
    (found.root / "baskets").mkdir()
    found.data_cache.mkdir(exist_ok=True)
    (found.root / "screener.toml").write_text(desk.settings(place))
    assert found.lake == place
    return found


def test_killed_while_committing_and_compacting(
    workspace: Workspace, nursery: Nursery, tmp_path: Path
) -> None:
    check_kills(workspace, nursery, tmp_path, ROUNDS)


def test_four_writers_and_four_readers(
    workspace: Workspace, nursery: Nursery, tmp_path: Path
) -> None:
    logs = [tmp_path / f"{at}.log" for at in range(WRITERS + READERS)]
    roles = ["write"] * WRITERS + ["read"] * READERS
    crowd = [nursery.start(workspace, *pair) for pair in zip(roles, logs, strict=True)]
    until = time.monotonic() + PATIENCE
    while not _all_have_worked(logs) and time.monotonic() < until:
        time.sleep(0.05)
    for child in crowd:
        kill(child)
    told = [claimed(log) for log in logs]
    version, number = newest(workspace)
    assert number >= max(told)
    assert number >= COMMITS
    assert min(told[WRITERS:]) > 0, "a reader that never saw a commit"
    assert version > number  # each number is a version of its own
    landed = [line for log in logs[:WRITERS] for line in log.read_text().split()]
    assert len(landed) == len(set(landed)), "one number was written twice"
    with Store.open(workspace.lake) as store:
        assert whole(store) == number
        assert store.holds_what_was_committed()
    assert {item.damage for item in damaged_files(workspace.lake)} <= {"unrecorded"}


def _all_have_worked(logs: list[Path]) -> bool:
    texts = [log.read_text() if log.exists() else "" for log in logs]
    return all(texts[WRITERS:]) and sum(text.count("\n") for text in texts[:WRITERS]) >= COMMITS
