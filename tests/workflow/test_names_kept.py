"""The index of names beside the lake: the same as one made anew, whatever became of the copy."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from screener.data.lake.store import Store
from screener.files.derived import keep, kept
from screener.reports.securities.name_index import NameIndex
from screener.reports.securities.stored_index import index_of_bytes, index_to_bytes
from screener.workflows.report import name_master as masters
from screener.workspace.locate import Workspace
from tests.support.masters import MASTER
from tests.support.report_lake import SMALL, empty_workspace, fill_lake

SOURCES = Path(__file__).resolve().parents[2]
NEW = replace(SMALL[0], listing="600999.SH", name="玥岑新材", name_en="", former=())


@pytest.fixture(autouse=True)
def fresh_process() -> Iterator[None]:
    """Forget what was read, as a new process would."""
    masters._masters.cache_clear()
    yield
    masters._masters.cache_clear()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("made") / "work"
    place = empty_workspace(root)
    fill_lake(place.data_cache)
    masters.read_masters(place)
    return root


@pytest.fixture
def place(made: Path, tmp_path: Path) -> Workspace:
    return Workspace(root=Path(shutil.copytree(made, tmp_path / "work")))


def copy_of(place: Workspace) -> Path:
    return place.data_cache / "derived" / "names.json"


def read_anew(place: Workspace) -> NameIndex:
    masters._masters.cache_clear()
    return masters.read_masters(place).names


def fresh(place: Workspace) -> NameIndex:
    with Store.open(place.data_cache) as store:
        return masters._made_names(store)


def check_same(found: NameIndex, wanted: NameIndex) -> None:
    assert list(found.companies.items()) == list(wanted.companies.items())
    assert list(found.ways.items()) == list(wanted.ways.items())
    assert (found.blockers, found.others) == (wanted.blockers, wanted.others)
    assert list(found.twins.items()) == list(wanted.twins.items())
    assert found.holes == wanted.holes


def refuse_making(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(store: Store) -> NameIndex:
        raise AssertionError("the index is made anew")

    monkeypatch.setattr(masters, "_made_names", refuse)


def test_it_is_made_once_and_read_back_the_same(
    place: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = fresh(place)
    refuse_making(monkeypatch)
    check_same(read_anew(place), wanted)


def test_every_kind_of_name_survives(tmp_path: Path) -> None:
    place = empty_workspace(tmp_path / "whole")
    fill_lake(place.data_cache, MASTER)
    wanted = fresh(place)
    found = index_of_bytes(index_to_bytes(wanted))
    check_same(found, wanted)
    text = "关注" + "、".join([*wanted.ways][:400])
    assert found.find(text) == wanted.find(text)
    assert any(way.cut for ways in wanted.ways.values() for way in ways)
    assert wanted.twins


def flip(content: bytes) -> bytes:
    return content[:-40] + bytes([content[-40] ^ 1]) + content[-39:]


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: b"\n",
        lambda content: content[: len(content) // 2],
        flip,
        lambda content: content + b" ",
        lambda content: content.replace(b"screener ", b"screener 9", 1),  # of another program
        lambda content: content.split(b"\n")[0],
        lambda content: b"[" * 100_000,
    ],
)
def test_a_damaged_or_foreign_copy_is_made_anew(
    place: Workspace, damage: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    content = copy_of(place).read_bytes()
    copy_of(place).write_bytes(damage(content))
    wanted = fresh(place)
    check_same(read_anew(place), wanted)
    assert copy_of(place).read_bytes() == content
    refuse_making(monkeypatch)
    check_same(read_anew(place), wanted)


@pytest.mark.parametrize("content", [b"{}", b"[]", b"no JSON", b'{"companies": [[1]]}', b"null"])
def test_whole_but_no_index_is_made_anew(place: Workspace, content: bytes) -> None:
    origin = json.loads(copy_of(place).read_bytes().partition(b"\n")[0])["origin"]
    keep(place.data_cache, "names.json", origin, content)
    assert kept(place.data_cache, "names.json", origin) == content
    check_same(read_anew(place), fresh(place))


def test_another_lakes_copy_is_not_believed(place: Workspace, tmp_path: Path) -> None:
    other = empty_workspace(tmp_path / "other")
    fill_lake(other.data_cache, (*SMALL[:5], NEW))
    read_anew(other)
    shutil.copy(copy_of(other), copy_of(place))
    found = read_anew(place)
    assert "玥岑新材" not in found.ways
    check_same(found, fresh(place))


def test_a_changed_lake_has_its_names_at_once(place: Workspace) -> None:
    assert "玥岑新材" not in read_anew(place).ways
    fill_lake(place.data_cache, [NEW])
    found = read_anew(place)
    assert "玥岑新材" in found.ways
    check_same(found, fresh(place))


def test_a_folder_that_cannot_be_written_keeps_nothing(place: Workspace) -> None:
    shutil.rmtree(place.data_cache / "derived")
    (place.data_cache / "derived").write_text("a file", encoding="utf-8")
    check_same(read_anew(place), fresh(place))


def test_two_processes_that_make_it_at_once_leave_a_whole_one(
    place: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = copy_of(place).read_bytes()
    copy_of(place).unlink()
    script = (
        "import sys\nfrom pathlib import Path\n"
        "from screener.workflows.report.name_master import read_masters\n"
        "from screener.workspace.locate import Workspace\n"
        "print(len(read_masters(Workspace(root=Path(sys.argv[1]))).names.ways))\n"
    )
    both = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(place.root)], cwd=SOURCES, stdout=subprocess.PIPE
        )
        for _ in range(2)
    ]
    told = {one.communicate(timeout=300)[0] for one in both}
    assert [one.returncode for one in both] == [0, 0]
    assert told == {f"{len(fresh(place).ways)}\n".encode()}
    assert copy_of(place).read_bytes() == content
    assert [path.name for path in copy_of(place).parent.glob("names*")] == ["names.json"]
    refuse_making(monkeypatch)
    read_anew(place)
