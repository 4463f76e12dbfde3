"""Write report cards: a new one, or one whose report was read again."""

from __future__ import annotations

from pathlib import Path

from screener.domain.report import Report
from screener.errors import BasketDefinitionError
from screener.files.failures import storage_error
from screener.files.whole import write_whole
from screener.language import say
from screener.workspace.cards.layout import card_text
from screener.workspace.cards.merging import merged_card
from screener.workspace.locate import Workspace
from screener.workspace.toml_files import shown, write_new

__all__ = [
    "card_path",
    "card_source",
    "card_text",
    "merged_card",
    "replace_file",
    "reread_card",
    "write_card",
]


def card_path(workspace: Workspace, report_id: str) -> Path:
    """Return the file in which a new card is written."""
    return workspace.seeds / f"{report_id}.toml"


def write_card(workspace: Workspace, report: Report) -> Path:
    """Write the card of a report that has none, whole or not at all, and return its file.

    Raises
    ------
    BasketDefinitionError
        If the report breaks a rule of the cards, or there is a card of that name; it is left as
        it is.
    StorageError
        If the file cannot be written.
    """
    text = card_text(report)
    path = card_path(workspace, report.id)
    try:
        workspace.seeds.mkdir(exist_ok=True)
        write_new(path, text)
    except FileExistsError as error:
        raise BasketDefinitionError(
            say("report {report} has a card already", report=repr(report.id)),
            where=shown(path, workspace.root),
            fix=say("choose another id, or edit or delete that file"),
        ) from error
    except OSError as error:
        raise storage_error(error, path) from error
    return path


def reread_card(path: Path, *, root: Path, base: Report | None, fresh: Report) -> bool:
    """Bring a card up to a new reading of its report, and tell whether that changed it.

    Parameters
    ----------
    path
        The card.
    root
        Folder from which the file is named in messages.
    base, fresh
        What the reader wrote last time, if that is known, and what it finds now: see `merged_card`.

    Raises
    ------
    BasketDefinitionError
        If the card is no valid card, or would be none; it is left as it is.
    StorageError
        If the file cannot be read or written.
    """
    current = card_source(path, root=root)
    merged = merged_card(current, base, fresh)
    if merged == current:
        return False
    replace_file(path, merged.encode("utf-8"))
    return True


def card_source(path: Path, *, root: Path) -> str:
    """Return a card's text as it stands, byte-order mark, line ends and all.

    Raises
    ------
    BasketDefinitionError
        If it is not UTF-8.
    StorageError
        If the file cannot be read.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise storage_error(error, path) from error
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BasketDefinitionError(
            say("not UTF-8 text (byte {start})", start=error.start),
            where=shown(path, root),
            fix=say("save the file as UTF-8"),
        ) from error


def replace_file(path: Path, content: bytes, *, mode: int | None = None) -> None:
    """Put a file in the place of another, or where there is none, whole or not at all.

    Raises
    ------
    StorageError
        If it cannot be written; the file is left as it was and nothing beside it.
    """
    try:
        write_whole(path, content, mode=mode)
    except OSError as error:
        raise storage_error(error, path) from error
