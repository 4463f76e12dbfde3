"""Readings in the local cache: kept whole, found by their text, nothing lost to damage."""

from __future__ import annotations

import errno
import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from screener.errors import InputError, StorageError, StorageFull
from screener.workspace.locate import Workspace
from screener.workspace.readings import (
    StoredReading,
    find_by_hash,
    keep_reading,
    stored_reading,
    stored_readings,
)

ROOT = Path(__file__).resolve().parents[2]
READING = StoredReading(
    report_id="R6",
    text_hash="ab" * 32,
    source="晨报.pdf",
    read_at=datetime(2026, 6, 1, 9, 30, tzinfo=UTC),
    text="液冷：\r\n甲数据\u2028\x00😀",
    findings={"securities": [{"listing": "300857.SZ", "places": [[3, 6]]}], "score": 0.5},
    signature=(1, 4294967295, 0),
    card='id = "R6"\n',
)
FOLDER = Path("data_cache/reports")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(root=tmp_path)


def test_a_reading_comes_back_as_it_was(workspace: Workspace) -> None:
    path = keep_reading(workspace, READING)
    assert path == workspace.root / FOLDER / "R6.json"
    assert stored_readings(workspace).readings == (READING,)
    assert stored_reading(workspace, "R6") == READING
    assert stored_reading(workspace, "R7") is None
    assert find_by_hash(workspace, "ab" * 32) == READING
    assert find_by_hash(workspace, "cd" * 32) is None
    assert "液冷" in path.read_text("utf-8")


def test_there_is_nothing_at_first(workspace: Workspace) -> None:
    assert stored_readings(workspace).readings == ()
    assert stored_readings(workspace).remarks == ()
    assert find_by_hash(workspace, "ab" * 32) is None


def test_a_later_reading_takes_the_place_of_the_earlier(workspace: Workspace) -> None:
    keep_reading(workspace, READING)
    later = replace(READING, text_hash="cd" * 32)
    keep_reading(workspace, later)
    keep_reading(workspace, replace(READING, report_id="R10"))
    assert {item.report_id: item.text_hash[:2] for item in stored_readings(workspace).readings} == {
        "R6": "cd",
        "R10": "ab",
    }
    assert find_by_hash(workspace, "cd" * 32) == later


@pytest.mark.parametrize(
    ("content", "remark"),
    [
        (b"", "not JSON"),
        (b'{"format": "screener reading 1", "rep', "not JSON"),
        (b"\xff\xfe", "not UTF-8"),
        (b"[]", "not a reading of this program"),
        (b'{"format": "other"}', "not a reading of this program"),
        (b'{"format": "screener reading 1"}', "report_id: "),
        (b"[" * 100_000, "not a reading of this program"),
        (None, "Is a directory"),
    ],
)
def test_what_cannot_be_read_is_told_and_passed_over(
    workspace: Workspace, content: bytes | None, remark: str
) -> None:
    path = keep_reading(workspace, READING)
    other = path.with_name("R1.json")
    if content is None:
        other.mkdir()
    else:
        other.write_bytes(content)
    (path.parent / "notes.txt").write_text("mine")
    (path.parent / ".R2-half.json").write_text("{")
    found = stored_readings(workspace)
    assert found.readings == (READING,)
    (told,) = found.remarks
    assert str(other) in told
    assert remark in told
    assert "passed over" in told
    assert find_by_hash(workspace, READING.text_hash) == READING


def test_a_file_under_another_name_is_told(workspace: Workspace) -> None:
    path = keep_reading(workspace, READING)
    path.rename(path.with_name("R7.json"))
    found = stored_readings(workspace)
    assert found.readings == ()
    assert "it is the reading of report R6" in found.remarks[0]
    document = json.loads(path.with_name("R7.json").read_text("utf-8"))
    path.write_text(json.dumps({**document, "colour": "red"}))
    assert any("colour" in remark for remark in stored_readings(workspace).remarks)


@pytest.mark.parametrize(
    ("reading", "message"),
    [
        (replace(READING, report_id="../R6"), r"'\.\./R6' cannot be a file name.*use letters"),
        (replace(READING, findings={"a": {1, 2}}), r"cannot be kept: .*set.*hand in texts"),
        (replace(READING, findings={"a": float("nan")}), r"cannot be kept: .*report R6"),
        (replace(READING, text="\ud800"), "cannot be kept"),
        (replace(READING, read_at=datetime(2026, 6, 1)), "has no zone.*aware moment"),  # noqa: DTZ001
    ],
)
def test_what_cannot_be_kept_is_refused(
    workspace: Workspace, reading: StoredReading, message: str
) -> None:
    with pytest.raises(InputError, match=message) as caught:
        keep_reading(workspace, reading)
    assert caught.value.fix
    assert not (workspace.root / FOLDER).exists()


def test_a_full_disk_leaves_the_earlier_reading(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = keep_reading(workspace, READING)

    def full(*_: object) -> Path:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(StorageFull, match=r"no space.*free some space"):
        keep_reading(workspace, replace(READING, text="other"))
    assert stored_readings(workspace).readings == (READING,)
    assert [item.name for item in path.parent.iterdir()] == ["R6.json"]


def test_a_file_in_the_place_of_the_folder_is_told(workspace: Workspace) -> None:
    (workspace.root / "data_cache").write_text("x")
    with pytest.raises(StorageError, match=r"data_cache/reports/R6\.json"):
        keep_reading(workspace, READING)
    assert "no reading was read" in stored_readings(workspace).remarks[0]


WRITER = """
import itertools, sys
from datetime import UTC, datetime
from pathlib import Path
from screener.workspace.locate import Workspace
from screener.workspace.readings import StoredReading, keep_reading
own, root = sys.argv[1], Workspace(root=Path(sys.argv[2]))
for turn in itertools.count():
    for name in (own, "both"):
        keep_reading(root, StoredReading(report_id=name, text_hash=f"{turn:064x}", source=own,
            read_at=datetime(2026, 6, 1, tzinfo=UTC), text=own * 100_000, findings={"turn": turn},
            signature=(1,), card=""))
    print(turn, flush=True)
"""


def test_two_writers_and_a_kill_lose_nothing(workspace: Workspace) -> None:
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, name, str(workspace.root)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
        )
        for name in ("one", "two")
    ]
    try:
        for writer in writers:
            assert writer.stdout is not None
            writer.stdout.readline()  # each has written at least once
        time.sleep(0.3)
    finally:
        for writer in writers:
            writer.send_signal(signal.SIGKILL)
            writer.communicate()
    found = stored_readings(workspace)
    assert found.remarks == ()
    assert sorted(item.report_id for item in found.readings) == ["both", "one", "two"]
    for item in found.readings:
        assert item.text == item.source * 100_000
        assert int(item.text_hash, 16) == item.findings["turn"]
