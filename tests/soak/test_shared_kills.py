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

ROUNDS = share(6, 300)
WRITERS = READERS = 4
SECONDS = share(6, 60)


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
    time.sleep(SECONDS)
    for child in crowd:
        kill(child)
    told = [claimed(log) for log in logs]
    assert min(told[WRITERS:]) > 0, "a reader that never saw a commit"
    version, number = newest(workspace)
    assert number >= max(told)
    assert number >= WRITERS, "hardly anything was committed"
    assert version > number  # each number is a version of its own
    landed = [line for log in logs[:WRITERS] for line in log.read_text().split()]
    assert len(landed) == len(set(landed)), "one number was written twice"
    with Store.open(workspace.lake) as store:
        assert whole(store) == number
        assert store.holds_what_was_committed()
    assert {item.damage for item in damaged_files(workspace.lake)} <= {"unrecorded"}
