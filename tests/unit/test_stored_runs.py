"""Stored runs: what is read is what was stored, or a refusal that says that it is damaged."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from screener.errors import StorageDamaged
from screener.workspace import runs
from screener.workspace.locate import Workspace
from screener.workspace.runs import load_run, save_run, stored_runs

DOCUMENT = {"data_version": 3, "results": [{"paper_return": -0.0884, "name": "铜"}], "none": None}


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    (tmp_path / "data_cache").mkdir()
    return Workspace(root=tmp_path)


def file_of(place: Workspace) -> Path:
    return place.data_cache / "runs" / "r.json"


def held(place: Workspace) -> dict[str, object]:
    kept = dict(load_run(place, "r").document)
    return {name: kept[name] for name in DOCUMENT}


def test_a_run_comes_back(place: Workspace) -> None:
    assert save_run(place, "r", DOCUMENT) == ()
    assert held(place) == DOCUMENT
    before = file_of(place).read_bytes()
    save_run(place, "r", DOCUMENT)
    assert file_of(place).read_bytes() == before


def test_no_flipped_bit_is_read_as_another_run(place: Workspace) -> None:
    save_run(place, "r", DOCUMENT)
    right = file_of(place).read_bytes()
    refused = 0
    for at in range(len(right)):
        for bit in range(8):
            wrong = bytearray(right)
            wrong[at] ^= 1 << bit
            file_of(place).write_bytes(wrong)
            try:
                assert held(place) == DOCUMENT
            except StorageDamaged:
                refused += 1
            else:
                pytest.fail(f"byte {at}, bit {bit} is read in silence")
    assert refused == 8 * len(right)


def test_the_refusal_says_where_and_what_to_do(place: Workspace) -> None:
    save_run(place, "r", DOCUMENT)
    text = file_of(place).read_text(encoding="utf-8")
    file_of(place).write_text(text.replace("-0.0884", "-0.0894"), encoding="utf-8")
    with pytest.raises(StorageDamaged, match="damaged: its content differs from its recorded") as e:
        load_run(place, "r")
    assert e.value.where == str(file_of(place))
    assert "type the command again" in e.value.fix
    assert stored_runs(place).runs == ()
    assert "its content differs" in stored_runs(place).unreadable[0]


@pytest.mark.parametrize("key", ["format", "sha256"])
def test_either_mark_demands_the_other(place: Workspace, key: str) -> None:
    save_run(place, "r", DOCUMENT)
    kept = json.loads(file_of(place).read_text(encoding="utf-8"))
    del kept[key]
    file_of(place).write_text(json.dumps(kept), encoding="utf-8")
    with pytest.raises(StorageDamaged):
        load_run(place, "r")


def test_runs_of_older_programs_are_read(place: Workspace) -> None:
    file_of(place).parent.mkdir()
    file_of(place).write_text(json.dumps(DOCUMENT), encoding="utf-8")
    assert held(place) == DOCUMENT


@pytest.mark.parametrize("digit", ["4", "5"])
def test_runs_that_bear_the_hash_of_their_content_are_read(place: Workspace, digit: str) -> None:
    file_of(place).parent.mkdir()
    content = {"data_version": 3, "results": [0.5, "铜"], "format": 2}
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    text = json.dumps({**content, "sha256": digest}, ensure_ascii=False)
    file_of(place).write_text(text.replace("0.5", f"0.{digit}"), encoding="utf-8")
    if digit == "5":
        assert load_run(place, "r").document["results"] == [0.5, "铜"]
    else:
        with pytest.raises(StorageDamaged):
            load_run(place, "r")


def test_nesting_without_end_is_told(place: Workspace) -> None:
    file_of(place).parent.mkdir()
    file_of(place).write_text('{"data_version": 1, "x": ' + "[" * 200_000, encoding="utf-8")
    with pytest.raises(StorageDamaged, match="cannot be read"):
        load_run(place, "r")


def test_what_fails_leaves_nothing(place: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    save_run(place, "r", DOCUMENT)
    before = file_of(place).read_bytes()

    def stop(*_: object, **__: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr(runs, "write_whole", stop)
    with pytest.raises(KeyboardInterrupt):
        save_run(place, "r", {**DOCUMENT, "data_version": 4})
    assert [path.name for path in file_of(place).parent.iterdir()] == ["r.json"]
    assert file_of(place).read_bytes() == before
