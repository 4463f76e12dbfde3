"""A folder of files that belong together: all of them are made before the first is put in place."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from screener.errors import InputError
from screener.files.failures import storage_error
from screener.files.whole import write_whole
from screener.language import say

__all__ = ["FolderChanges", "check_folder", "write_folder"]

_LIST = "site.json"
_DRAFTS = ".screener-drafts-"
_OWN = "screener"


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderChanges:
    """What became of the files of a folder: how many of each."""

    written: int
    kept: int
    removed: int


def check_folder(folder: Path) -> None:
    """Refuse a folder that holds other things than what was written to it before.

    Raises
    ------
    InputError
        If it is a file, lies in a workspace's own folder, or is neither new, empty nor ours.
    StorageError
        If it cannot be read.
    """
    try:
        if folder.exists() and not folder.is_dir():
            raise InputError(say("{folder} is a file", folder=folder), fix=say("name a folder"))
        if folder.is_dir() and any(_foreign(folder)) and _known(folder) is None:
            raise InputError(
                say("{folder} holds other files", folder=folder),
                fix=say("name a new folder, or an empty one"),
            )
    except OSError as error:
        raise storage_error(error, folder) from error


def write_folder(folder: Path, files: Mapping[str, str], *, last: str) -> FolderChanges:
    """Make the files of a folder what they are to be; those that are so already are not touched.

    Every new file is on the disk before any is put in its place, the one that leads to all others
    last; then those of before that are none any more are taken away. Files that were not written
    by this function stay as they are.

    Parameters
    ----------
    folder
        The folder; made if there is none.
    files
        Text of each file by its path in the folder, with `/`.
    last
        The file that is put in place last.

    Raises
    ------
    InputError
        As `check_folder`.
    StorageError
        If it cannot be written; no file has changed if not all of them could be made.
    """
    check_folder(folder)
    before = _known(folder) or frozenset()
    try:
        made = [part for part in (folder, *folder.parents) if not part.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        try:
            written = _replace(folder, files, last)
        except BaseException:
            for part in made:
                if part.is_dir() and not any(part.iterdir()):
                    part.rmdir()
            raise
        gone = sorted(before - files.keys())
        for name in gone:
            (folder / name).unlink(missing_ok=True)
        _list(folder, files)
    except OSError as error:
        raise storage_error(error, folder) from error
    return FolderChanges(written=written, kept=len(files) - written, removed=len(gone))


def _replace(folder: Path, files: Mapping[str, str], last: str) -> int:
    for left in folder.glob(f"{_DRAFTS}*"):  # of a process that was ended
        shutil.rmtree(left)
    changed = [name for name, text in files.items() if _text(folder / name) != text]
    changed.sort(key=lambda name: (name == last, name))
    drafts = Path(tempfile.mkdtemp(dir=folder, prefix=_DRAFTS))
    try:
        for at, name in enumerate(changed):
            _draft(drafts / str(at), files[name])
        if not _listed(folder, files):
            _list(folder, files)  # so that what is half in place is known as ours
        for at, name in enumerate(changed):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (drafts / str(at)).replace(folder / name)
    finally:
        shutil.rmtree(drafts, ignore_errors=True)
    return len(changed)


def _listed(folder: Path, files: Mapping[str, str]) -> bool:
    return files.keys() <= (_known(folder) or frozenset())


def _draft(path: Path, text: str) -> None:
    with path.open("wb") as file:
        file.write(text.encode("utf-8"))
        file.flush()
        os.fsync(file.fileno())
    path.chmod(0o644)


def _list(folder: Path, files: Mapping[str, str]) -> None:
    there = {name for name in _known(folder) or () if (folder / name).exists()}
    names = sorted(files.keys() | there)
    text = json.dumps({"made_by": _OWN, "files": names}, indent=1, ensure_ascii=False) + "\n"
    if _text(folder / _LIST) != text:
        write_whole(folder / _LIST, text)


def _known(folder: Path) -> frozenset[str] | None:
    """Return the files that were written here before; `None` if nothing was."""
    text = _text(folder / _LIST)
    if text is None:
        return None
    try:
        found = json.loads(text)
        ours = found["made_by"] == _OWN
        names = frozenset(str(name) for name in found["files"])
    except (ValueError, TypeError, KeyError):
        return None
    inside = all(".." not in Path(name).parts and not Path(name).is_absolute() for name in names)
    return names if ours and inside else None


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8") if path.is_file() else None
    except UnicodeDecodeError:
        return None


def _foreign(folder: Path) -> list[Path]:
    return [item for item in folder.iterdir() if not item.name.startswith(".")]
