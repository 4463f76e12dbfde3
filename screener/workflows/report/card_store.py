"""Cards and readings on disk: a new card, one that exists already, one that is read again."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from screener.domain.report import Note, Report
from screener.errors import BasketDefinitionError, ScreenerError
from screener.language import say
from screener.reports.documents.reading import Document
from screener.reports.reader import Reading
from screener.reports.repeats import linked_notes, same_report, signature, text_hash
from screener.reports.text.found import Finding
from screener.reports.text.layout import lay_out
from screener.workspace.broken import Readable
from screener.workspace.cards.layout import parsed_card
from screener.workspace.cards.reading import read_card, readable_cards
from screener.workspace.cards.writing import card_path, card_text, reread_card, write_card
from screener.workspace.locate import Workspace
from screener.workspace.readings import StoredReading, keep_reading, stored_reading
from screener.workspace.toml_files import toml_paths

__all__ = ["CardState", "Kept", "file_of", "next_id", "store_card"]

_NUMBERED = re.compile(r"R(\d+)", re.IGNORECASE)
_TRIES = 20


class CardState(StrEnum):
    """What adding a report came to."""

    WRITTEN = "written"
    READ = "read"  # a dry run
    KNOWN = "known"  # its card exists already
    REREAD = "re-read"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is kept of a reading beside the card.

    Parameters
    ----------
    reading, findings
        What was read, and the securities that went onto the card.
    document
        The document.
    read_at
        When, as an aware moment.
    """

    reading: Reading
    findings: Sequence[Finding]
    document: Document
    read_at: datetime


def store_card(
    place: Workspace, report: Report, kept: Kept, *, known: str, dry_run: bool, again: bool
) -> tuple[CardState, Report | None]:
    """Write a card, or bring one up to date.

    Parameters
    ----------
    place
        The workspace.
    report, kept
        The card to write and what is kept beside it.
    known
        Id of the card that is this report; empty if there is none.
    dry_run
        Write nothing.
    again
        Bring the known card up to this reading.

    Returns
    -------
    tuple of Outcome and Report
        What was done, and the card as it stands; `None` after a dry run of a new one.

    Raises
    ------
    BasketDefinitionError
        If the card breaks a rule.
    StorageError
        If something cannot be written.
    """
    if known:
        path = file_of(place, known)
        if dry_run or not again:
            if not dry_run and stored_reading(place, known) is None:
                _keep(place, report, kept)
            return (CardState.READ if dry_run else CardState.KNOWN), read_card(
                path, root=place.root
            )
        changed = reread_card(path, root=place.root, base=_base(place, known), fresh=report)
        _keep(place, report, kept)
        outcome = CardState.REREAD if changed else CardState.UNCHANGED
        return outcome, read_card(path, root=place.root)
    if dry_run:
        return CardState.READ, None
    written, twin = _write_new(place, report)
    if twin:
        return CardState.KNOWN, read_card(file_of(place, twin), root=place.root)
    _keep(place, written, kept)
    return CardState.WRITTEN, written


def next_id(cards: Readable[Report]) -> str:
    """Return the id of the next card: R6 after R5, whether that can be read or not."""
    ids = [*(card.id for card in cards), *(card.name for card in cards.broken)]
    numbers = [int(match[1]) for one in ids if (match := _NUMBERED.fullmatch(one))]
    return f"R{max(numbers, default=0) + 1}"


def _write_new(place: Workspace, report: Report) -> tuple[Report, str]:
    """Write a new card; where another process took its id meanwhile, take the next one.

    Returns
    -------
    tuple of Report and str
        The card, and the id of the one that another process wrote of this very report meanwhile,
        if it did: then nothing was written.
    """
    for _ in range(_TRIES):
        if not card_path(place, report.id).exists():
            try:
                write_card(place, report)
            except BasketDefinitionError:
                if not card_path(place, report.id).exists():
                    raise
            else:
                return report, ""
        cards = readable_cards(place)
        twin = same_report(report, cards)
        if twin:
            return report, twin
        report, _ = linked_notes(_renamed(report, next_id(cards)), cards)
    raise BasketDefinitionError(
        say("no free id after {report}", report=report.id),
        fix=say("see `screener report list`, and try again"),
    )


def _renamed(report: Report, report_id: str) -> Report:
    def rename(note: Note) -> Note:
        return replace(note, id=note.id.replace(report.id, report_id, 1))

    return replace(report, id=report_id, notes=tuple(rename(note) for note in report.notes))


def file_of(place: Workspace, report_id: str) -> Path:
    """Return the file of a card, which may be named otherwise than its report."""
    for path in toml_paths(place.seeds):
        with suppress(BasketDefinitionError):  # of another card, which is told
            if read_card(path, root=place.root).id == report_id:
                return path
    return card_path(place, report_id)


def _base(place: Workspace, report_id: str) -> Report | None:
    """Return the card as the reader wrote it last time, if that is known and can be read."""
    stored = stored_reading(place, report_id)
    if stored is None:
        return None
    try:
        return parsed_card(stored.card, where=say("reading of report {report}", report=report_id))
    except ScreenerError:
        return None  # written by another version: nothing of the user's card is then changed


def _keep(place: Workspace, report: Report, kept: Kept) -> None:
    text = kept.reading.text
    boilerplate = lay_out(text.clean).boilerplate
    keep_reading(
        place,
        StoredReading(
            report_id=report.id,
            text_hash=text_hash(text),
            source=kept.document.name,
            read_at=kept.read_at.astimezone(UTC),
            text=kept.document.text,
            findings=_findings(kept),
            signature=signature(text, boilerplate=boilerplate),
            card=card_text(report),
        ),
    )


def _findings(kept: Kept) -> Mapping[str, Any]:
    """Return findings and claims with their offsets in the document's text."""
    text = kept.reading.text
    return {
        "securities": [
            {
                "listing": one.listing.id,
                "printed": one.printed,
                "role": str(one.role),
                "theme": one.theme,
                "confidence": one.confidence,
                "places": [list(text.span(place)) for place in one.places],
            }
            for one in kept.findings
        ],
        "claims": [
            {
                "subject": found.claim.subject,
                "measure": found.claim.measure,
                "as_of": found.claim.as_of,
                "places": [list(text.span(found.place))],
            }
            for found in kept.reading.claims
        ],
    }
