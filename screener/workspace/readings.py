"""Readings kept beside the cards: the text, the findings and their places, the card as written.

A card holds facts alone. The sentences from which they were read stay on this machine, in
`data_cache/reports/`, one JSON file for each report.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import AwareDatetime, Strict, ValidationError

from screener.errors import InputError
from screener.files.failures import storage_error
from screener.language import say
from screener.language.lists import about
from screener.language.outside import fault_of, value_fault
from screener.workspace.cards.writing import replace_file
from screener.workspace.fields import Many, Strictly
from screener.workspace.locate import Workspace

__all__ = [
    "READINGS",
    "StoredReading",
    "StoredReadings",
    "find_by_hash",
    "forget_reading",
    "keep_reading",
    "stored_reading",
    "stored_readings",
]

READINGS = "reports"
"""Folder of the readings, within the market data."""

_FORMAT = "screener reading 1"
_OWN, _OWN_FOLDER = 0o600, 0o700  # a report's text is nobody else's
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredReading:
    """One reading of a report.

    Parameters
    ----------
    report_id
        Id of its card.
    text_hash
        SHA-256 of the clean text, in hexadecimal.
    source
        Name of the document that was read.
    read_at
        When, as an aware moment.
    text
        The document's text as decoded.
    findings
        What was found, with offsets in the clean text: anything that JSON can hold.
    signature
        Signature of the text, for near-duplicates.
    card
        The card as the reader wrote it, TOML.
    """

    report_id: str
    text_hash: str
    source: str
    read_at: datetime
    text: str
    findings: Mapping[str, Any]
    signature: tuple[int, ...]
    card: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredReadings:
    """The readings of a workspace by report id, and remarks on files that were passed over."""

    readings: tuple[StoredReading, ...]
    remarks: tuple[str, ...]


class _ReadingModel(Strictly):
    """A reading as its file holds it."""

    report_id: str
    text_hash: str
    source: str
    read_at: Annotated[AwareDatetime, Strict(False)]
    text: str
    findings: dict[str, Any]
    signature: Many[int]
    card: str


def keep_reading(workspace: Workspace, reading: StoredReading) -> Path:
    """Store a reading in the place of an earlier one of the same report, whole or not at all.

    Raises
    ------
    InputError
        If the report's id cannot be a file name, the moment has no zone, or the findings hold
        what JSON cannot.
    StorageError
        If it cannot be written; an earlier reading is left as it was.
    """
    if not _ID.fullmatch(reading.report_id):
        raise InputError(
            say("report id {report_id} cannot be a file name", report_id=repr(reading.report_id)),
            fix=say("use letters, digits, hyphens and underscores"),
        )
    if reading.read_at.tzinfo is None:
        raise InputError(
            say("time {read_at} has no zone", read_at=reading.read_at),
            where=say("report {report_id}", report_id=reading.report_id),
            fix=say("hand in an aware moment"),
        )
    content = _content(reading)
    path = workspace.data_cache / READINGS / f"{reading.report_id}.json"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.parent.chmod(_OWN_FOLDER)
    except OSError as error:
        raise storage_error(error, path) from error
    replace_file(path, content, mode=_OWN)
    return path


def forget_reading(workspace: Workspace, report_id: str) -> None:
    """Remove the reading of a report, if there is one.

    Raises
    ------
    StorageError
        If it cannot be removed.
    """
    path = workspace.data_cache / READINGS / f"{report_id}.json"
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise storage_error(error, path) from error


def stored_reading(workspace: Workspace, report_id: str) -> StoredReading | None:
    """Return the reading of a report; `None` if there is none that can be read."""
    path = workspace.data_cache / READINGS / f"{report_id}.json"
    try:
        return _reading(path, path.read_bytes())
    except (OSError, ValueError):
        return None


def stored_readings(workspace: Workspace) -> StoredReadings:
    """Read every reading; a file that is none, or is damaged, is told and passed over."""
    found: list[StoredReading] = []
    remarks: list[str] = []
    for path in _paths(workspace, remarks):
        try:
            found.append(_reading(path, path.read_bytes()))
        except (OSError, ValueError) as error:  # ValueError: no JSON, or not what is kept here
            remarks.append(say("{path}: {why}; it is passed over", path=path, why=_reason(error)))
    return StoredReadings(readings=tuple(found), remarks=tuple(remarks))


def find_by_hash(workspace: Workspace, text_hash: str) -> StoredReading | None:
    """Return the reading of exactly that text; `None` if there is none."""
    wanted = text_hash.encode()
    for path in _paths(workspace, []):
        try:
            content = path.read_bytes()
            # Parsed only where the hash occurs at all: there may be thousands of files.
            reading = _reading(path, content) if wanted in content else None
        except (OSError, ValueError):
            continue
        if reading is not None and reading.text_hash == text_hash:
            return reading
    return None


def _paths(workspace: Workspace, remarks: list[str]) -> Iterator[Path]:
    folder = workspace.data_cache / READINGS
    try:
        found = sorted(path for path in folder.iterdir() if path.suffix == ".json")
    except FileNotFoundError:
        return
    except OSError as error:
        remarks.append(
            say("{folder}: {why}; no reading was read", folder=folder, why=fault_of(error))
        )
        return
    yield from (path for path in found if not path.name.startswith("."))


def _content(reading: StoredReading) -> bytes:
    document = {"format": _FORMAT, **asdict(reading), "read_at": reading.read_at.isoformat()}
    try:
        text = json.dumps(document, ensure_ascii=False, allow_nan=False)
        return (text + "\n").encode("utf-8")
    except (TypeError, ValueError) as error:  # ValueError: NaN, a circle, half a character
        raise InputError(
            say("the reading cannot be kept: {error}", error=error),
            where=say("report {report_id}", report_id=reading.report_id),
            fix=say("hand in texts, numbers, lists and mappings only"),
        ) from error


def _reading(path: Path, content: bytes) -> StoredReading:
    try:
        document = json.loads(content.decode("utf-8"))
    except RecursionError:
        raise ValueError(say("not a reading of this program")) from None
    if not isinstance(document, dict) or document.pop("format", None) != _FORMAT:
        raise ValueError(say("not a reading of this program"))
    reading = StoredReading(**_ReadingModel.model_validate(document).model_dump())
    if reading.report_id != path.stem:
        raise ValueError(
            say("it is the reading of report {report_id}", report_id=reading.report_id)
        )
    return reading


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, OSError):
        return fault_of(error)
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False)[0]
        fault = value_fault(first)
        return about(".".join(map(str, first["loc"])), fault)
    if isinstance(error, UnicodeDecodeError):
        return say("not UTF-8 text")
    if isinstance(error, json.JSONDecodeError):
        return say("not JSON ({fault})", fault=fault_of(error))
    return str(error)
