"""Make a workspace: a folder with the shipped cards and baskets, complete or not at all."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from screener.errors import ConfigError
from screener.workspace.locate import Workspace
from screener.workspace.toml_files import storage_error, toml_paths

__all__ = ["create_workspace"]

_IGNORED = b"data_cache/"
_PARTS = ("seeds", "baskets", "data_cache")


def create_workspace(target: Path, source: Workspace) -> Workspace:
    """Copy the cards and baskets of `source` into `target`.

    The files are copied beside the target and then renamed into place, so that an error or an
    interruption leaves the target as it was. A `.gitignore` keeps the market data out of git;
    one that is there already gets that one line.

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
        _check_free(target)
        made = _missing_parents(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".screener-init-") as folder:
            draft = Path(folder) / "workspace"
            _fill(draft, source, target / ".gitignore")
            _publish(draft, target)
        done = True
    except OSError as error:
        raise storage_error(error, target) from error
    finally:
        if not done:
            _remove_empty(made)
    return Workspace(root=target)


def _check_free(target: Path) -> None:
    if target.exists() and not target.is_dir():
        raise ConfigError(f"{target} is a file, not a folder", fix="give the name of a new folder")
    held = [name for name in _PARTS if (target / name).exists()]
    if held:
        raise ConfigError(
            f"{target} holds {', '.join(f'{name}/' for name in held)} already",
            where="nothing was changed",
            fix="give another folder, or use that workspace with --workspace",
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
            shutil.copyfile(path, draft / name / path.name)
    kept = gitignore.read_bytes() if gitignore.exists() else b""
    if _IGNORED not in kept.splitlines():
        kept += (b"" if not kept or kept.endswith(b"\n") else b"\n") + _IGNORED + b"\n"
    (draft / ".gitignore").write_bytes(kept)


def _publish(draft: Path, target: Path) -> None:
    if not target.exists():
        draft.rename(target)
        return
    moved: list[Path] = []
    done = False
    try:
        for name in ("seeds", "baskets"):
            (draft / name).rename(target / name)
            moved.append(target / name)
        (draft / ".gitignore").replace(target / ".gitignore")
        done = True
    finally:
        if not done:
            for path in moved:
                shutil.rmtree(path, ignore_errors=True)
