"""What a user gives to be read: files, folders, standard input; a web address is refused."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from screener.errors import InputError, ScreenerError
from screener.language import say
from screener.language.lists import listed
from screener.reports.documents.bounds import BOUNDS
from screener.reports.documents.reading import ENDINGS

__all__ = ["Given", "given_inputs", "is_several"]

_ADDRESS = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]{1,20}:/{1,2}|www\.)\S", re.ASCII)


class Given(NamedTuple):
    """One document to read.

    Parameters
    ----------
    name
        As messages call it; `-` for standard input.
    path
        Its file, `None` for standard input.
    error
        Why it is none after all, `None` for nothing.
    """

    name: str
    path: Path | None
    error: ScreenerError | None = None


def is_several(names: Sequence[str]) -> bool:
    """Tell whether what is given may be several documents: a result of it is a list."""
    return len(names) != 1 or Path(names[0]).is_dir()


def given_inputs(names: Sequence[str]) -> tuple[list[Given], list[str]]:
    """Return the documents that some names stand for, and what was left out of folders.

    Parameters
    ----------
    names
        Files, folders, or `-` for standard input. Of a folder every file with the ending of a
        report is taken, those of its folders as well, in the order of their names.
    """
    found: list[Given] = []
    remarks: list[str] = []
    for name in names:
        if name == "-":
            found.append(Given(name, None))
        elif _ADDRESS.match(name) and not Path(name).exists():
            found.append(Given(name, None, _address_error(name)))
        elif Path(name).is_dir():
            found += _in_folder(name, remarks)
        else:
            found.append(Given(name, Path(name)))
    return found, remarks


def _address_error(name: str) -> InputError:
    return InputError(
        say("this is a web address: reports are read from files, and nothing is fetched"),
        where=name,
        fix=say("open it in a browser, save the page or the PDF, and give that file"),
    )


def _in_folder(name: str, remarks: list[str]) -> list[Given]:
    files: list[Path] = []
    others: list[Path] = []
    for path in _files(Path(name)):
        (files if path.suffix.lower() in ENDINGS else others).append(path)
        if len(files) + len(others) > BOUNDS.folder:
            error = InputError(
                say("this folder holds more than {most} files", most=format(BOUNDS.folder, ",")),
                where=name,
                fix=say("give a folder of reports alone"),
            )
            return [Given(name, None, error)]
    if others:
        remarks.append(
            say(
                "{count} file(s) of {folder} are no reports by their ending and were left out, "
                "first {first}",
                count=len(others),
                folder=name,
                first=others[0].name,
            )
        )
    if not files:
        error = InputError(
            say("this folder holds no report"),
            where=name,
            fix=say("give a folder with {endings} files", endings=listed(sorted(ENDINGS))),
        )
        return [Given(name, None, error)]
    return [Given(str(path), path) for path in files]


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder and of those inside, hidden ones left out, by name."""
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(one for one in folders if not one.startswith("."))
        yield from (Path(root) / one for one in sorted(names) if not one.startswith((".", "~$")))
