"""One flipped bit anywhere: the answer of before, or a refusal that names damage."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random

import pytest

from tests.support.flips import (
    COMMANDS,
    Answer,
    answers,
    flipped,
    make_world,
    read_by,
    refused,
    silent,
    targets,
)
from tests.support.soaking import SEED, in_child, keep, modules, share, warm

PARTS = 10
ROUNDS = share(20, 500) // PARTS

World = tuple[Path, Mapping[str, str], Mapping[str, Answer], Mapping[str, list[str]]]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("flips") / "made"
    names = in_child(lambda: make_world(folder), cpu=300)
    assert not names.wrong, names.wrong
    assert isinstance(names.value, dict)
    stands: dict[str, str] = names.value
    copy = folder.parent / "before"
    shutil.copytree(folder, copy)
    before = in_child(lambda: (*read_by(copy, stands), modules()), cpu=300)
    assert not before.wrong, before.wrong
    assert isinstance(before.value, list)
    answered, readers, loaded = before.value
    warm(loaded)
    for name, answer in answered.items():
        assert not answer["bug"], answer
        assert answer["code"] == 0, (name, answer)
    return folder, stands, answered, readers


def chosen(folder: Path, random: Random) -> Path:
    """Choose a kind of file first, so that the few of a kind are hit as often as the many."""
    groups: dict[str, list[Path]] = {}
    for path in targets(folder):
        kind = path.parts[1] + ("-delete" if path.stem.endswith("-delete") else "")
        groups.setdefault(f"{kind}{path.parts[3] if kind == 'data' else ''}", []).append(path)
    return random.choice(groups[random.choice(sorted(groups))])


@pytest.mark.parametrize("part", range(PARTS))
def test_no_flipped_bit_passes_in_silence(
    world: World, tmp_path: Path, part: int, record_property: Callable[[str, int], None]
) -> None:
    folder, names, before, readers = world
    random = Random(f"flips {SEED} {part}")
    found = []
    counts = Counter(flips=ROUNDS)
    for number in range(ROUNDS):
        copy = tmp_path / "copy"
        shutil.copytree(folder, copy)
        path = chosen(copy, random)
        what = flipped(copy, path, random)
        among = readers.get(str(path), COMMANDS)
        ended = in_child(lambda: answers(copy, names, among), cpu=300)  # noqa: B023
        after: Mapping[str, Answer] = ended.value if isinstance(ended.value, dict) else {}
        wrong = [ended.wrong] if ended.wrong else silent(before, after)
        if wrong:
            text = "\n".join([what, *wrong])
            found.append(keep(f"flip-{SEED}-{part}-{number}.txt", text.encode(), text))
        counts["silent" if wrong else "refused" if refused(after) else "equal answers"] += 1
        counts["commands typed"] += len(after)
        counts["of them refused"] += refused(after)
        shutil.rmtree(copy)
    for name, count in counts.items():
        record_property(name, count)
    assert not found
