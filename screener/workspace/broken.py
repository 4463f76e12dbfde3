"""Files of a workspace that break their rules: named and left out, so that they stop nothing else.

A command that names such a file by its id gets the file's own error instead.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from screener.errors import BasketDefinitionError, InputError, ScreenerError, StorageError
from screener.files.budget import OutOfTime, within
from screener.files.regular import read_regular
from screener.language import say
from screener.workspace.toml_files import LARGEST, SECONDS

__all__ = ["Broken", "Readable", "read_each"]

ItemT_co = TypeVar("ItemT_co", covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Broken:
    """A card or a basket that cannot be read.

    Parameters
    ----------
    kind
        `card` or `basket`.
    name
        What it is asked for by: the id or name that it gives itself, else that of its file.
    text
        Its text, as far as it can be read.
    error
        What is wrong with it, where, and how to correct it.
    """

    kind: str
    name: str
    text: str
    error: ScreenerError

    def told(self) -> str:
        """Say that it is left out, and why."""
        return say("left out: {why}", why=self.error)

    def mentions(self, themes: Iterable[str]) -> bool:
        """Tell whether one of some themes stands in it: it may recommend names under it."""
        return any(re.search(rf"""["']{re.escape(theme)}["']""", self.text) for theme in themes)


class Readable(tuple[ItemT_co, ...]):
    """Items that could be read, with the files that could not.

    Parameters
    ----------
    items
        What could be read.
    broken
        What could not.
    lacking
        Whether a file that could not be read may hold some of what was asked for.
    """

    broken: tuple[Broken, ...]
    lacking: bool

    def __new__(
        cls, items: Iterable[ItemT_co], broken: Iterable[Broken] = (), *, lacking: bool = False
    ) -> Readable[ItemT_co]:
        """Return the items as a tuple that knows what is missing from it."""
        made = super().__new__(cls, items)
        made.broken, made.lacking = tuple(broken), lacking
        return made


def read_each(
    paths: Iterable[Path], read: Callable[[Path], ItemT_co], *, kind: str, key: str
) -> Readable[ItemT_co]:
    """Read some files, each by itself.

    Parameters
    ----------
    paths
        The files.
    read
        Reads one, or raises what is wrong with it.
    kind
        What they are, `card` or `basket`.
    key
        The key under which a file gives itself a name.
    """
    items: list[ItemT_co] = []
    broken: list[Broken] = []
    for path in paths:
        try:
            items.append(read(path))
        except (BasketDefinitionError, StorageError) as error:
            text = _text(path)
            name = _name(text, key) or path.stem
            broken.append(Broken(kind=kind, name=name, text=text, error=error.bare()))
    return Readable(items, broken)


def _text(path: Path) -> str:
    try:
        content = read_regular(path, LARGEST, where=str(path), fix="")
    except (InputError, OSError):
        return ""
    return content.decode("utf-8-sig", errors="replace")


def _name(text: str, key: str) -> str:
    try:
        with within(SECONDS):
            found = tomllib.loads(text).get(key)
    except (ValueError, RecursionError, OutOfTime):  # what is wrong with it is told already
        return ""
    return found if isinstance(found, str) else ""
