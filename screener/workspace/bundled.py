"""Find the report cards and baskets that the product ships with."""

from __future__ import annotations

from pathlib import Path

import screener
from screener.errors import ConfigError
from screener.language import say
from screener.workspace.locate import Workspace

__all__ = ["bundled_workspace"]


def bundled_workspace(package: Path | None = None) -> Workspace:
    """Return the workspace that ships with the product; it is read, never written.

    Parameters
    ----------
    package
        Folder of the package; this one by default. A wheel carries the files inside it, an
        editable install has them next to it, at the root of the repository.

    Raises
    ------
    ConfigError
        If the installation has neither.
    """
    folder = Path(screener.__file__).parent if package is None else package
    for root in (folder / "_workspace", folder.parent):
        found = Workspace(root=root)
        if found.seeds.is_dir() and found.baskets.is_dir():
            return found
    raise ConfigError(
        say("the installation lacks its report cards and baskets"),
        where=str(folder / "_workspace"),
        fix=say("install the package again"),
    )
