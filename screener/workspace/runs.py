"""Stored runs: what was asked, of which data version, and what came out (`sealed.py`)."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from screener.errors import InputError, NotFoundError, StorageDamaged
from screener.files.program import program_version
from screener.files.regular import read_regular
from screener.files.whole import write_whole
from screener.language import in_english, say
from screener.language.lists import about
from screener.language.outside import fault_of, value_fault
from screener.market.dated import rules_digest
from screener.workspace.locate import Workspace
from screener.workspace.sealed import checked, sealed

__all__ = [
    "RUNS",
    "StoredRun",
    "StoredRuns",
    "load_run",
    "rebuilt",
    "result_row",
    "save_run",
    "stored_row",
    "stored_runs",
]

ValueT = TypeVar("ValueT")
_LARGEST = 200_000_000  # bytes of a file of results

_MAIN = ("results", "tests", "placebos", "rejections", "events", "scores", "rows")

RUNS = "runs"
"""Folder of the stored runs, within the market data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRun:
    """A run on disk: its id, the data version it names, and all that it keeps."""

    run_id: str
    data_version: int
    document: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRuns:
    """The runs of a workspace, and why some of their files could not be read."""

    runs: tuple[StoredRun, ...]
    unreadable: tuple[str, ...]


def save_run(workspace: Workspace, run_id: str, document: Mapping[str, object]) -> tuple[str, ...]:
    """Store a run under its id, whole or not at all; the same run again changes nothing.

    Beside what the document holds stand the program's version and the hash of its rule tables.

    Returns
    -------
    tuple
        A remark if it could not be stored; results do not depend on it.
    """
    folder = workspace.data_cache / RUNS
    target = folder / f"{run_id}.json"
    try:
        folder.mkdir(exist_ok=True)
        program = {"program_version": program_version(), "rules": rules_digest()}
        write_whole(target, sealed({**in_english(document), **program}))
    except OSError as error:
        why = fault_of(error)
        return (say("The run was not stored in {folder}: {why}.", folder=folder, why=why),)
    return ()


def load_run(workspace: Workspace, run_id: str) -> StoredRun:
    """Read one stored run.

    Raises
    ------
    NotFoundError
        If there is none of that id.
    StorageDamaged
        If its file is not what was written, or cannot be read.
    """
    path = workspace.data_cache / RUNS / f"{run_id}.json"
    try:
        return _run(path)
    except FileNotFoundError:
        raise NotFoundError(
            say("no run {run_id} is stored in this workspace", run_id=repr(run_id)),
            where=str(path.parent),
            fix=say("type the command that made it again, or name its workspace with --workspace"),
        ) from None
    except (OSError, ValueError) as error:
        raise StorageDamaged(
            say("the stored run cannot be read: {error}", error=fault_of(error)),
            where=str(path),
            fix=say("put the file back from a copy, or type the command again that made the run"),
        ) from error


def stored_row(run: StoredRun, number: int, table: str = "results") -> Mapping[str, str]:
    """Return one row of a table of a stored run as a CSV has it, counted from 1.

    Raises
    ------
    InputError
        If it has no such row.
    """
    rows = run.document.get(table)
    known = rows if isinstance(rows, list) else []
    if not 1 <= number <= len(known):
        raise InputError(
            say(
                "run {run_id} has {n} results, so no row {number}",
                run_id=run.run_id,
                n=len(known),
                number=number,
            ),
            fix=say("count from 1"),
        )
    return _as_text(known[number - 1])


def _as_text(row: Mapping[str, object]) -> dict[str, str]:
    return {key: "" if value is None else str(value) for key, value in row.items()}


def result_row(
    path: Path, number: int, columns_of: Callable[[Sequence[str]], Sequence[str]] = tuple
) -> Mapping[str, str]:
    """Read one row of a CSV of results, or of the main table of a JSON, counted from 1.

    `columns_of` the header line of a CSV are the names of its columns.

    Raises
    ------
    InputError
        If the file cannot be read, has no such row, or does not say which run it comes from.
    """
    fix = say("give a CSV of results")
    try:
        content = read_regular(path, _LARGEST, where=str(path), fix=fix, instead=fix)
        if path.suffix == ".json":
            rows = _rows_of_json(json.loads(content))
        else:
            text = io.StringIO(content.decode("utf-8-sig"), newline="")
            head, *lines = [line for line in csv.reader(text) if line] or [[]]
            names = columns_of(head)
            rows = [dict(zip(names, line, strict=False)) for line in lines]
    except (OSError, ValueError, csv.Error) as error:
        raise InputError(
            say("{path} cannot be read: {error}", path=path, error=fault_of(error)), fix=fix
        ) from error
    if not 1 <= number <= len(rows):
        raise InputError(
            say("{path} has {n} rows, so no row {number}", path=path, n=len(rows), number=number),
            fix=say("count from 1, without the header"),
        )
    found = rows[number - 1]
    if not found.get("run_id"):
        raise InputError(
            say(
                "{path} does not say which run its rows come from: it has no column run_id",
                path=path,
            ),
            fix=say(
                "give a CSV or JSON that a command wrote: backtest, study, follow, score, screen"
            ),
        )
    return found


def _rows_of_json(document: object) -> list[dict[str, str]]:
    """Return the rows of a JSON's main table, each with the id of its run.

    Raises
    ------
    ValueError
        If it holds none.
    """
    held: object = document
    run_id: object = ""
    if isinstance(document, dict):
        run_id = document.get("run_id", "")
        held = next(
            (document[name] for name in _MAIN if isinstance(document.get(name), list)), None
        )
    if not isinstance(held, list) or not all(isinstance(row, dict) for row in held):
        raise ValueError(say("it holds no rows of results"))
    return [_as_text({"run_id": run_id, **row}) for row in held]


def stored_runs(workspace: Workspace) -> StoredRuns:
    """Read the stored runs, by file name; a file that cannot be read is told, never passed over."""
    folder = workspace.data_cache / RUNS
    found: list[StoredRun] = []
    unreadable: list[str] = []
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix == ".json")
    except FileNotFoundError:
        return StoredRuns(runs=(), unreadable=())
    except OSError as error:
        return StoredRuns(runs=(), unreadable=(about(folder, fault_of(error)),))
    for path in paths:
        try:
            found.append(_run(path))
        except (OSError, ValueError) as error:  # ValueError: no JSON, no UTF-8, no version in it
            unreadable.append(about(path, fault_of(error)))
    return StoredRuns(runs=tuple(found), unreadable=tuple(unreadable))


def rebuilt(kind: type[ValueT], value: object, *, where: str) -> ValueT:
    """Build a dataclass again from the plain values that a document keeps of it.

    Parameters
    ----------
    kind
        The dataclass.
    value
        What `plain_of` gave, or as read from JSON; keys that are newer than the document
        get their defaults.
    where
        What the value is a part of, for the error message.

    Raises
    ------
    InputError
        If the value does not fit, or holds what the dataclass has no place for.
    """
    fix = say(
        "type the command that made it again; this version of the program cannot read its request"
    )
    written = json.dumps(value, default=str)
    try:
        found = TypeAdapter(kind).validate_json(written, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        fault = value_fault(first)
        raise InputError(about(place, fault), where=where, fix=fix) from error
    kept: dict[str, Any] = asdict(found)  # type: ignore[call-overload]
    lost = _lost(json.loads(written), json.loads(json.dumps(kept, default=str)), "")
    if lost:
        raise InputError(say("{lost} has no meaning here", lost=lost), where=where, fix=fix)
    return found


def _run(path: Path) -> StoredRun:
    document = checked(path.read_text(encoding="utf-8"))
    version = document.get("data_version") if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(version, int) or isinstance(version, bool):
        raise ValueError(say("it names no data version"))  # noqa: TRY004 - told as unreadable
    return StoredRun(run_id=path.stem, data_version=version, document=document)


def _lost(value: object, kept: object, place: str) -> str:
    """Return the first place whose value did not come back; empty if all of them did."""
    if isinstance(value, Mapping) and isinstance(kept, Mapping):
        for name, item in value.items():
            inner = f"{place}.{name}".lstrip(".")
            if name not in kept:
                return inner
            if lost := _lost(item, kept[name], inner):
                return lost
        return ""
    if isinstance(value, list) and isinstance(kept, list) and len(value) == len(kept):
        places = (
            _lost(a, b, f"{place}.{at}") for at, (a, b) in enumerate(zip(value, kept, strict=True))
        )
        return next((lost for lost in places if lost), "")
    return "" if value == kept else place
