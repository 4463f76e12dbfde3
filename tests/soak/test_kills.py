"""Ended before and after each rename, sync, removal and statement that writes: nothing torn."""

from __future__ import annotations

import shutil
from pathlib import Path
from random import Random

import pytest

from tests.support.fault_points import JOBS, faults, moments, number_in, settled
from tests.support.soaking import SEED, in_child, keep, modules, share, warm

ROUNDS = share(50, 200) // len(JOBS)
KILLED = "ended by SIGKILL"


@pytest.fixture(scope="module", autouse=True)
def _warmed(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("warming")

    def once() -> list[str]:
        for job in JOBS.values():
            job(folder)
        return modules()

    done = in_child(once, cpu=300)
    assert not done.wrong, done.wrong
    assert isinstance(done.value, list)
    warm(done.value)


@pytest.mark.parametrize("job", list(JOBS))
def test_ended_at_the_moments_that_matter(tmp_path: Path, job: str) -> None:
    random = Random(f"kills {SEED} {job}")
    folder = tmp_path / "work"
    folder.mkdir()
    found = []
    left: list[int] = []  # each moment once, in random order, then again
    if job != "init":  # making the tables has moments that never come again
        in_child(lambda: moments(folder, job, -1), cpu=120)
    killed = 0
    for number in range(ROUNDS):
        if not left:
            whole = in_child(lambda: moments(folder, job, -1), cpu=120)
            assert isinstance(whole.value, int), whole.wrong
            left = random.sample(range(whole.value), whole.value)
            if job == "init":
                in_child(lambda: _swept(folder))
        before = in_child(lambda: number_in(folder)).value
        assert isinstance(before, int)
        at = left.pop()
        ended = in_child(lambda: moments(folder, job, at), cpu=120)  # noqa: B023
        killed += ended.wrong == KILLED
        if ended.wrong not in ("", KILLED):
            found.append(f"{number}: {ended.wrong}")
        wrong = in_child(lambda: faults(folder, before), cpu=120)  # noqa: B023
        lines = wrong.value if isinstance(wrong.value, list) else [wrong.wrong]
        found.extend(f"moment {at} of {job}: {line}" for line in lines)
        if job == "init":
            in_child(lambda: _swept(folder))
    done = in_child(lambda: settled(folder), cpu=300)
    found.extend(done.value if isinstance(done.value, list) else [done.wrong])
    if found:
        keep(f"kills-{SEED}-{job}.txt", "\n".join(found).encode(), found[0])
    assert not found
    assert killed >= ROUNDS // 2, "the moments are not where they were counted"


def _swept(folder: Path) -> bool:
    """Make the workspace if it is not there, and take it away again."""
    if not (folder / "made").exists():
        JOBS["init"](folder)
    shutil.rmtree(folder / "made")
    left = [path.name for path in folder.iterdir() if path.name.startswith(".screener-init-")]
    assert not left, left
    return True
