"""One flipped bit anywhere: the answer of before, or a refusal that names damage."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from random import Random

import pytest

from tests.support.flips import Answer, answers, flipped, make_world, silent, targets
from tests.support.soaking import SEED, in_child, keep, modules, share, warm

PARTS = 10
ROUNDS = share(30, 500) // PARTS

World = tuple[Path, Mapping[str, str], Mapping[str, Answer]]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("flips") / "made"
    names = in_child(lambda: make_world(folder), cpu=300)
    assert not names.wrong, names.wrong
    assert isinstance(names.value, dict)
    stands: dict[str, str] = names.value
    copy = folder.parent / "before"
    shutil.copytree(folder, copy)
    before = in_child(lambda: (answers(copy, stands), modules()), cpu=300)
    assert not before.wrong, before.wrong
    assert isinstance(before.value, list)
    answered, loaded = before.value
    warm(loaded)
    for name, answer in answered.items():
        assert not answer["bug"], answer
        assert answer["code"] == 0, (name, answer)
    return folder, stands, answered


def chosen(folder: Path, random: Random) -> Path:
    """Choose a kind of file first, so that the few of a kind are hit as often as the many."""
    groups: dict[str, list[Path]] = {}
    for path in targets(folder):
        kind = path.parts[1] + ("-delete" if path.stem.endswith("-delete") else "")
        groups.setdefault(f"{kind}{path.parts[3] if kind == 'data' else ''}", []).append(path)
    return random.choice(groups[random.choice(sorted(groups))])


@pytest.mark.parametrize("part", range(PARTS))
def test_no_flipped_bit_passes_in_silence(world: World, tmp_path: Path, part: int) -> None:
    folder, names, before = world
    random = Random(f"flips {SEED} {part}")
    found = []
    for number in range(ROUNDS):
        copy = tmp_path / "copy"
        shutil.copytree(folder, copy)
        what = flipped(copy, chosen(copy, random), random)
        after = in_child(lambda: answers(copy, names), cpu=300)  # noqa: B023
        wrong = [after.wrong] if after.wrong else silent(before, after.value)  # type: ignore[arg-type]
        if wrong:
            text = "\n".join([what, *wrong])
            found.append(keep(f"flip-{SEED}-{part}-{number}.txt", text.encode(), text))
        shutil.rmtree(copy)
    assert not found
