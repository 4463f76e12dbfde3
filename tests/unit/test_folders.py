"""A folder of files is made whole or not at all, and only what has changed is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from screener.errors import InputError, StorageError
from screener.files import folders
from screener.files.folders import FolderChanges, write_folder

FILES = {"index.html": "i1", "reports/r1.html": "r1", "reports/r2.html": "r2"}


def held(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in folder.rglob("*.html")
    }


def test_only_what_has_changed_is_written_and_what_is_gone_is_taken_away(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "site"
    assert write_folder(folder, FILES, last="index.html") == FolderChanges(
        written=3, kept=0, removed=0
    )
    before = (folder / "reports/r1.html").stat()
    after = {"index.html": "i2", "reports/r1.html": "r1"}
    assert write_folder(folder, after, last="index.html") == FolderChanges(
        written=1, kept=1, removed=1
    )
    assert held(folder) == after
    same = (folder / "reports/r1.html").stat()
    assert (same.st_ino, same.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert not list(folder.glob(".screener*"))


def test_files_of_others_stay_and_a_folder_of_theirs_is_refused(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_text("x", encoding="utf-8")
    with pytest.raises(InputError, match="holds other files") as told:
        write_folder(tmp_path, FILES, last="index.html")
    assert told.value.fix == "name a new folder, or an empty one"
    assert held(tmp_path) == {}
    folder = tmp_path / "site"
    write_folder(folder, FILES, last="index.html")
    (folder / "CNAME").write_text("mine", encoding="utf-8")
    write_folder(folder, {"index.html": "i"}, last="index.html")
    assert (folder / "CNAME").read_text(encoding="utf-8") == "mine"


def test_a_file_in_its_place_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "site"
    path.write_text("x", encoding="utf-8")
    with pytest.raises(InputError, match="is a file"):
        write_folder(path, FILES, last="index.html")


def test_a_full_disk_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "site"
    write_folder(folder, FILES, last="index.html")
    real = folders._draft
    made: list[Path] = []

    def full(path: Path, text: str) -> None:
        if made:
            raise OSError(28, "No space left on device")
        made.append(path)
        real(path, text)

    monkeypatch.setattr(folders, "_draft", full)
    changed = {name: text + "!" for name, text in FILES.items()}
    with pytest.raises(StorageError, match="no space left"):
        write_folder(folder, changed, last="index.html")
    assert held(folder) == FILES
    with pytest.raises(StorageError, match="no space left"):
        write_folder(tmp_path / "new" / "site", FILES, last="index.html")
    assert not (tmp_path / "new").exists()


def test_drafts_of_a_process_that_was_ended_are_cleared(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    write_folder(folder, FILES, last="index.html")
    left = folder / ".screener-drafts-x"
    left.mkdir()
    (left / "0").write_text("half", encoding="utf-8")
    write_folder(folder, FILES, last="index.html")
    assert not left.exists()


def test_a_list_that_points_outside_is_not_ours(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    victim = tmp_path / "keep.txt"
    victim.write_text("x", encoding="utf-8")
    (folder / "site.json").write_text(
        '{"made_by": "screener", "files": ["../keep.txt"]}', encoding="utf-8"
    )
    with pytest.raises(InputError, match="holds other files"):
        write_folder(folder, FILES, last="index.html")
    assert victim.exists()
