"""Find the workspace that a command works in."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from screener.errors import ConfigError
from screener.files.place import Place
from screener.language import say

__all__ = ["VARIABLE", "Workspace", "find_workspace", "is_workspace"]

VARIABLE = "SCREENER_WORKSPACE"
"""Environment variable that names the workspace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A folder with report cards, baskets and market data."""

    root: Path

    @property
    def seeds(self) -> Path:
        """Folder of the report cards."""
        return self.root / "seeds"

    @property
    def baskets(self) -> Path:
        """Folder of the baskets."""
        return self.root / "baskets"

    @property
    def data_cache(self) -> Path:
        """Folder of the market data, stored runs and what is made of them."""
        return self.root / "data_cache"

    @property
    def lake(self) -> Place:
        """Where the lake is: in that folder, unless the settings name one for many.

        Raises
        ------
        ConfigError
            If they do not tell where, or hold a secret.
        """
        from screener.workspace.lake import KEY, lake_place
        from screener.workspace.settings import FILE, read_settings

        in_file = read_settings(self).get(KEY)
        return lake_place(self.data_cache, in_file, os.environ, file=FILE)


def is_workspace(folder: Path) -> bool:
    """Tell whether `folder` is a workspace: it holds `baskets/`."""
    return (folder / "baskets").is_dir()


def find_workspace(option: Path | None, *, environ: Mapping[str, str], cwd: Path) -> Workspace:
    """Find the workspace: the option, else `$SCREENER_WORKSPACE`, else the nearest parent folder.

    Parameters
    ----------
    option
        Folder given on the command line.
    environ
        Environment variables.
    cwd
        Folder in which the search for the nearest parent begins.

    Raises
    ------
    ConfigError
        If the folder named is no workspace, or no parent folder is one.
    """
    if option is not None:
        return _named(cwd / option, "--workspace")
    if value := environ.get(VARIABLE):
        return _named(cwd / Path(value).expanduser(), f"${VARIABLE}")
    for folder in (cwd, *cwd.parents):
        if is_workspace(folder):
            return Workspace(root=folder)
    raise ConfigError(
        say("no workspace found"),
        where=say("neither {cwd} nor any folder above it holds baskets/", cwd=cwd),
        fix=say(
            "make one with `screener init DIR`, or name one with --workspace DIR or ${variable}",
            variable=VARIABLE,
        ),
    )


def _named(folder: Path, origin: str) -> Workspace:
    if is_workspace(folder):
        return Workspace(root=folder)
    raise ConfigError(
        say("no workspace at {folder}: it holds no baskets/", folder=folder)
        if folder.is_dir()
        else say("no workspace at {folder}: it is not a folder", folder=folder),
        where=origin,
        fix=say("make one with `screener init {folder}`", folder=folder),
    )
