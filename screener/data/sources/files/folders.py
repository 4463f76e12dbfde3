"""A folder of files, one a listing or one a day: which of them are read, and in which pieces."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from screener.data.sources.files.columns.codes import is_index
from screener.data.sources.files.remarks import Remark
from screener.data.sources.files.request import (
    SUFFIXES,
    FileQuery,
    ImportKind,
    ImportRequest,
    checked_query,
)
from screener.data.sources.files.tables.day_files import DAY_SUFFIX
from screener.domain.listing import Kind, Listing, parse_listing
from screener.errors import InputError, ScreenerError
from screener.language import say, say_count
from screener.language.lists import listed
from screener.language.terms import named

__all__ = ["FolderPlan", "estimated_rows", "folder_plan", "is_folder"]

_PIECE_ROWS = 400_000  # committed together: what a piece takes in memory, and what a kill loses
_ROW_BYTES = {DAY_SUFFIX: 32, ".parquet": 24}
_TEXT_ROW_BYTES = 60
_KINDS = (ImportKind.BARS, ImportKind.INDEX)


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderPlan:
    """What is read of a folder.

    Parameters
    ----------
    query
        Every file that is read, those of one listing together, then those of a day by name.
    left
        What is not read, and why.
    """

    query: FileQuery
    left: tuple[Remark, ...]

    def pieces(self) -> Iterator[FileQuery]:
        """Give the files in pieces of some hundred thousand rows, the same each time."""
        paths: list[Path] = []
        labels: list[str] = []
        rows = 0.0
        for path, label in zip(self.query.request.paths, self.query.labels, strict=True):
            more = estimated_rows(path)
            if paths and rows + more > _PIECE_ROWS:
                yield self._piece(paths, labels)
                paths, labels, rows = [], [], 0.0
            paths.append(path)
            labels.append(label)
            rows += more
        if paths:
            yield self._piece(paths, labels)

    def _piece(self, paths: Sequence[Path], labels: Sequence[str]) -> FileQuery:
        request = replace(self.query.request, paths=tuple(paths))
        return FileQuery(request=request, labels=tuple(labels))


def estimated_rows(path: Path) -> float:
    """Return about how many rows of bars a file has, by its size."""
    return path.stat().st_size / _ROW_BYTES.get(path.suffix.lower(), _TEXT_ROW_BYTES)


def is_folder(path: Path) -> bool:
    """Tell whether a path is a folder; of one that cannot be reached, reading tells why."""
    try:
        return path.is_dir()
    except OSError:
        return False


def folder_plan(request: ImportRequest, *, apart: Path) -> FolderPlan:
    """Plan the import of folders, and of files named beside them.

    Parameters
    ----------
    request
        Its paths are folders or files.
    apart
        A folder that is never read: the workspace's own tables.

    Raises
    ------
    InputError
        If the kind is none that a folder may hold, or no file of it can be read.
    """
    if request.kind not in _KINDS:
        raise InputError(
            say(
                "a folder is read for {one} and {other}, not for {kind}",
                one=named(_KINDS[0]),
                other=named(_KINDS[1]),
                kind=named(request.kind),
            ),
            where=str(next(path for path in request.paths if is_folder(path))),
            fix=say("name the files"),
        )
    found = [path for given in request.paths for path in _files(given, apart)]
    kept: dict[Path, tuple[bool, str, str]] = {}
    others: dict[str, list[Path]] = {}
    for path in found:
        why = _not_read(path, request.kind)
        if why:
            others.setdefault(why, []).append(path)
        else:
            listing = _listing(path, request.kind)
            kept[path] = (listing is None, "" if listing is None else listing.id, str(path))
    if not kept:
        raise InputError(
            say(
                "no file that can be read as {kind}, of {n}", kind=named(request.kind), n=len(found)
            ),
            where=", ".join(str(path) for path in request.paths),
            fix=say(
                "give a folder with files of one of {suffixes}, named by their listing like "
                "sh600519.csv or by their day",
                suffixes=listed(SUFFIXES),
            ),
        )
    paths = tuple(sorted(kept, key=kept.__getitem__))
    return FolderPlan(
        query=checked_query(replace(request, paths=paths)),
        left=tuple(
            Remark(text=_unread(why, len(unread), unread[0].name)) for why, unread in others.items()
        ),
    )


def _unread(why: str, files: int, first: str) -> str:
    return say_count(
        "1 file is not read, {why}: {first}",
        "{n:,} files are not read, {why}: {first}",
        files,
        why=why,
        first=first,
    )


def _files(given: Path, apart: Path) -> Iterator[Path]:
    if not is_folder(given):
        yield given
        return
    own = apart.resolve()
    for folder, folders, names in os.walk(given, onerror=_unreadable):
        here = Path(folder)
        folders[:] = sorted(
            name for name in folders if not name.startswith(".") and (here / name).resolve() != own
        )
        yield from (here / name for name in sorted(names) if not name.startswith((".", "~$")))


def _unreadable(error: OSError) -> None:
    raise InputError(
        say("cannot be read: {reason}", reason=error.strerror),
        where=str(error.filename),
        fix=say("check its rights"),
    ) from error


def _not_read(path: Path, kind: ImportKind) -> str:
    """Return why a file of a folder is not read; empty if it is."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        return say("of other types")
    listing = _listing(path, kind)
    if listing is None:
        return say("of no share, fund or index") if suffix == DAY_SUFFIX else ""
    if is_index(listing) and kind is ImportKind.BARS:
        return say("of indices, which --kind index reads")
    if not is_index(listing) and kind is ImportKind.INDEX:
        return say("of securities, which --kind bars reads")
    return ""


def _listing(path: Path, kind: ImportKind) -> Listing | None:
    try:
        wanted = Kind.INDEX if kind is ImportKind.INDEX else Kind.SECURITY
        return parse_listing(path.stem, kind=wanted)
    except ScreenerError:
        return None
