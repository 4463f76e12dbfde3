"""Make a workspace: a folder with the shipped cards and baskets, complete or not at all."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

from screener.errors import ConfigError
from screener.files.failures import storage_error
from screener.files.whole import write_whole
from screener.language import say
from screener.language.lists import listed
from screener.workspace.locate import Workspace
from screener.workspace.toml_files import toml_paths

__all__ = ["create_workspace"]

_IGNORED = b"data_cache/"
_DRAFT = ".screener-init-"  # and the number of the process that fills it
_READY = "ready"
_PARTS = ("seeds", "baskets", "data_cache")


def create_workspace(target: Path, source: Workspace) -> Workspace:
    """Copy the cards and baskets of `source` into `target`.

    The files are copied into a draft and then renamed into place, `baskets/`, which makes a folder
    a workspace, last: whatever ends the process, there is a whole workspace or none. What an
    earlier call left when it was ended is swept, or finished where its draft was whole. A
    `.gitignore` keeps the market data out of git; one that is there already gets that one line.

    Parameters
    ----------
    target
        New folder, or a folder without a workspace.
    source
        Workspace to copy from.

    Raises
    ------
    ConfigError
        If `target` is a file or holds a workspace, or a part of one.
    StorageError
        If it cannot be written.
    """
    made: list[Path] = []
    done = False
    try:
        target = target.resolve()
        _sweep(target.parent)
        if _sweep(target, into=target):
            return Workspace(root=target)
        _check_free(target)
        made = _missing_parents(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        _make(target, source)
        done = True
    except OSError as error:
        raise storage_error(error, target) from error
    finally:
        if not done:
            _remove_empty(made)
    return Workspace(root=target)


def _make(target: Path, source: Workspace) -> None:
    there = target.exists()
    draft = (target if there else target.parent) / f"{_DRAFT}{os.getpid()}"
    draft.mkdir()
    try:
        _fill(draft, source, target / ".gitignore")
        if there:
            write_whole(draft / _READY, b"")
            _publish(draft, target)
        else:
            draft.replace(target)
    finally:
        if there or draft.exists():
            shutil.rmtree(draft, ignore_errors=True)


def _sweep(folder: Path, *, into: Path | None = None) -> bool:
    """Remove the drafts of ended processes; tell whether one was whole, and put in its target."""
    if not folder.is_dir():
        return False
    used = False
    for draft in folder.glob(f"{_DRAFT}*"):
        if _runs(draft.name.removeprefix(_DRAFT)):
            continue
        if into is not None and (draft / _READY).exists():
            _publish(draft, into)
            used = True
        shutil.rmtree(draft)
    return used


def _runs(pid: str) -> bool:
    if not pid.isdecimal():
        return False
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return int(pid) != os.getpid()


def _check_free(target: Path) -> None:
    if target.exists() and not target.is_dir():
        raise ConfigError(
            say("{target} is a file, not a folder", target=target),
            fix=say("give the name of a new folder"),
        )
    held = [name for name in _PARTS if (target / name).exists()]
    if held:
        raise ConfigError(
            say(
                "{target} holds {held} already",
                target=target,
                held=listed(f"{name}/" for name in held),
            ),
            where=say("nothing was changed"),
            fix=say("give another folder, or use that workspace with --workspace"),
        )


def _missing_parents(target: Path) -> list[Path]:
    """List the parents that will be made, innermost first."""
    return [parent for parent in target.parents if not parent.exists()]


def _remove_empty(folders: list[Path]) -> None:
    for folder in folders:
        with suppress(OSError):
            folder.rmdir()


def _fill(draft: Path, source: Workspace, gitignore: Path) -> None:
    for origin, name in ((source.seeds, "seeds"), (source.baskets, "baskets")):
        (draft / name).mkdir(parents=True)
        for path in toml_paths(origin):
            write_whole(draft / name / path.name, path.read_bytes(), mode=0o644)
    kept = gitignore.read_bytes() if gitignore.exists() else b""
    if _IGNORED not in kept.splitlines():
        kept += (b"" if not kept or kept.endswith(b"\n") else b"\n") + _IGNORED + b"\n"
    write_whole(draft / ".gitignore", kept)


def _publish(draft: Path, target: Path) -> None:
    try:
        for name in ("seeds", ".gitignore", "baskets"):
            if (draft / name).exists():
                (draft / name).replace(target / name)
    except BaseException:
        for name in ("seeds", "baskets"):
            if not (draft / name).exists():
                shutil.rmtree(target / name, ignore_errors=True)
        raise
