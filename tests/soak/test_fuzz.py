"""Mutated inputs of every kind: an answer or a refusal, in bounded time and memory."""

from __future__ import annotations

import shutil
from pathlib import Path
from random import Random

import pytest

from screener.workflows.report.catalog import init_workspace
from tests.support.fuzzing import INPUTS, Mutator, tried
from tests.support.report_lake import fill_lake
from tests.support.soaking import SEED, in_child, keep, modules, share, warm

PARTS = 8
ROUNDS = share(240, 2400) // PARTS
SECONDS = 10
MEMORY = 500 << 20


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fuzz") / "work"

    def make() -> list[str]:
        place = init_workspace(folder)
        fill_lake(place.data_cache)
        for name, content in INPUTS.items():
            tried(folder, name, content, folder.parent)
        return modules()

    made = in_child(make, cpu=300)
    assert not made.wrong, made.wrong
    assert isinstance(made.value, list)
    warm(made.value)
    return folder


def as_given(workspace: Path, name: str, content: bytes, folder: Path) -> str:
    """Return what the program makes of an input, in a copy of the workspace where it writes one."""
    if not name.startswith("toml"):
        return tried(workspace, name, content, folder)
    copy = folder / "copy"
    for part in ("seeds", "baskets"):
        shutil.copytree(workspace / part, copy / part, dirs_exist_ok=True)
    (copy / "data_cache").mkdir(exist_ok=True)
    return tried(copy, name, content, folder)


@pytest.mark.parametrize("name", sorted(INPUTS))
def test_the_inputs_themselves_are_right(workspace: Path, tmp_path: Path, name: str) -> None:
    ended = in_child(lambda: as_given(workspace, name, INPUTS[name], tmp_path), cpu=SECONDS * 6)
    assert (ended.wrong, ended.value) == ("", "")


@pytest.mark.parametrize("part", range(PARTS))
def test_mutations_end_in_an_answer_or_a_refusal(
    workspace: Path, tmp_path: Path, part: int
) -> None:
    random = Random(f"fuzz {SEED} {part}")
    mutator, names = Mutator(random), sorted(INPUTS)
    found = []
    for number in range(ROUNDS):
        name = names[(part + number * PARTS) % len(names)]
        content = mutator.mutated(INPUTS[name])
        ended = in_child(
            lambda: as_given(workspace, name, content, tmp_path),  # noqa: B023
            cpu=SECONDS,
            memory=MEMORY,
        )
        if wrong := ended.wrong or ended.value:
            file = f"fuzz-{SEED}-{part}-{number}-{Path(name.partition(' ')[2]).name}"
            found.append(keep(file, content, f"{name}: {wrong}"))
    assert not found
