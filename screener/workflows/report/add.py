"""Read reports into cards: a document in; a card, its baskets and its open questions out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from screener.domain.days import SHANGHAI
from screener.domain.report import Moment, Publication, Report
from screener.errors import InputError
from screener.files.budget import OutOfTime, within
from screener.language import say
from screener.language.lists import listed
from screener.reports.documents.bounds import BOUNDS
from screener.reports.documents.reading import Document, read_bytes, read_document
from screener.reports.reader import Reading, read_report, report_of
from screener.reports.repeats import linked_notes, near_copies, same_report, signature, text_hash
from screener.reports.securities.securities import FALLBACK_THEME
from screener.reports.text.found import Doubt, Finding
from screener.reports.text.layout import lay_out
from screener.reports.text.text import make_text
from screener.workflows.report.card_store import CardState, Kept, next_id, store_card
from screener.workflows.report.dating import undated_text
from screener.workflows.report.doubts import Answer, Settle, settle_doubts
from screener.workflows.report.edit import Said, known_themes, publication_said, reading_with
from screener.workflows.report.name_master import Masters, read_masters
from screener.workspace.baskets import proposed_basket, readable_baskets, write_basket
from screener.workspace.broken import Readable
from screener.workspace.cards.reading import readable_cards
from screener.workspace.cards.writing import card_path
from screener.workspace.locate import Workspace
from screener.workspace.readings import find_by_hash, stored_readings

__all__ = ["Added", "Source", "add_report", "make_theme_basket"]

_SHOWN = 5  # rows of a difference


@dataclass(frozen=True, slots=True)
class Source:
    """A document to read: a file, or bytes from standard input."""

    path: Path | None
    content: bytes = b""

    @classmethod
    def of_stream(cls, stream: BinaryIO) -> Source:
        """Take what a stream holds: no more of it than is read, and one byte that shows it."""
        return cls(None, stream.read(BOUNDS.file + 1))

    def document(self) -> Document:
        """Return its text."""
        return read_document(self.path) if self.path else read_bytes(self.content)


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """What came of one document.

    Parameters
    ----------
    outcome
        Whether a card was written.
    report
        The card as it is read; of a new report, as it was written.
    reading
        What was read.
    findings
        Securities with their confidence and places.
    unresolved
        Doubtful mentions that were not settled.
    path
        File of the card.
    baskets
        Recommended themes with the baskets that they feed; none means that one is missing.
    made
        Baskets written for themes that had none.
    known
        Id of the card that is this very report; empty if there was none.
    remarks
        What else the user should know.
    """

    outcome: CardState
    report: Report
    reading: Reading
    findings: tuple[Finding, ...]
    unresolved: tuple[Doubt, ...]
    path: Path
    baskets: tuple[tuple[str, tuple[str, ...]], ...]
    made: tuple[str, ...] = ()
    known: str = ""
    remarks: tuple[str, ...] = ()


def add_report(
    place: Workspace,
    source: Source,
    *,
    now: datetime,
    published: Moment | None = None,
    said: Said | None = None,
    settle: Settle = Settle.LEAVE,
    ask: Answer | None = None,
    ask_date: Callable[[str], Moment | None] | None = None,
    dry_run: bool = False,
    again: bool = False,
    masters: Callable[[Workspace], Masters] = read_masters,
) -> Added:
    """Read a document into a card.

    Parameters
    ----------
    place
        The workspace.
    source
        The document.
    now
        Present moment, aware.
    published
        When it was published, if the user says so.
    said
        What the user says of it besides: title, broker, themes.
    ask_date
        Asks with `Settle.ASK` for the date of a report, by its title, where nothing tells it; what
        it returns may be `None`.
    settle, ask
        What becomes of doubtful mentions; `ask` is called for each with `Settle.ASK`.
    dry_run
        Write nothing.
    again
        Bring the card of a report that was read before up to this reading; edits are kept.
    masters
        Gives the names and index closes; who adds many reports reads them once.

    Raises
    ------
    InputError, NotFoundError
        If the document cannot be read, or what is said of it is no theme.
    DataError
        If there is no listing master.
    StorageError
        If something cannot be written; the card is whole or not there.
    """
    document = source.document()
    known_names = masters(place)
    reading = _read(place, document, known_names, now, publication_said(published, now))
    if not reading.published.known and ask_date is not None and settle is Settle.ASK:
        told = publication_said(ask_date(reading.title), now)
        reading = _read(place, document, known_names, now, told) if told else reading
    reading = reading_with(reading, (said or Said()).corrections(place))
    settled, unresolved = settle_doubts(reading, known_names.names, settle, ask)
    findings = (*reading.securities.findings, *settled)
    cards = readable_cards(place)
    known = _known(place, reading, findings, cards)
    report_id = known or next_id(cards)
    report, turned = linked_notes(report_of(reading, report_id, findings), cards)
    remarks = [*document.remarks, *reading.remarks]
    remarks += [
        say(
            "note {note} of card {report} now repeats {repeats}: set its `repeats` key",
            note=one.note,
            report=one.report,
            repeats=one.repeats,
        )
        for one in turned
    ]
    remarks += [item.told() for item in (*cards.broken, *readable_baskets(place).broken)]
    kept = Kept(reading=reading, findings=findings, document=document, read_at=now)
    outcome, written = store_card(place, report, kept, known=known, dry_run=dry_run, again=again)
    if written is not None and not known:
        report = written
    remarks += _copies(place, reading, report_id) if not known else _differences(report, written)
    if not (written or report).published.known:
        remarks.append(undated_text(report.id, written=written is not None))
    made = _make_baskets(place, report, enabled=settle is Settle.YES and not dry_run)
    return Added(
        outcome=outcome,
        report=report,
        reading=reading,
        findings=findings,
        unresolved=unresolved,
        path=card_path(place, report.id),
        baskets=_fed(place, report),
        made=made,
        known=known,
        remarks=tuple(remarks),
    )


def _read(
    place: Workspace,
    document: Document,
    masters: Masters,
    now: datetime,
    published: Publication | None,
) -> Reading:
    themes = known_themes(place)
    try:
        with within(BOUNDS.seconds):
            return read_report(
                make_text(document.text),
                names=masters.names,
                themes=themes,
                today=now.astimezone(SHANGHAI).date(),
                file_name=document.name,
                closes=masters.closes,
                published=published,
            )
    except OutOfTime:
        raise InputError(
            say(
                "this text is not read within {seconds:.0f} seconds of the processor",
                seconds=BOUNDS.seconds,
            ),
            where=document.name,
            fix=say("give the report's own text alone, without what surrounds it"),
        ) from None


def _differences(report: Report, card: Report | None) -> list[str]:
    """Tell in which securities a card that stays as it is differs from this reading."""
    if card is None:
        return []
    read = {(one.listing.id, one.theme, str(one.role)) for one in report.securities}
    held = {(one.listing.id, one.theme, str(one.role)) for one in card.securities}
    found = []
    if new := read - held:
        found.append(
            say("{n} found here and not on the card: {rows}", n=len(new), rows=_first_of(new))
        )
    if gone := held - read:
        found.append(say("{n} only on the card: {rows}", n=len(gone), rows=_first_of(gone)))
    return found


def _first_of(rows: set[tuple[str, str, str]]) -> str:
    """Return some rows, and a mark where there are more."""
    told = listed(sorted(" ".join(row) for row in rows)[:_SHOWN])
    return told if len(rows) <= _SHOWN else f"{told} …"


def _known(
    place: Workspace, reading: Reading, findings: Sequence[Finding], cards: Readable[Report]
) -> str:
    """Return the id of the card that is this very report; empty if none is.

    Raises
    ------
    BasketDefinitionError
        If that card breaks its rules.
    """
    stored = find_by_hash(place, text_hash(reading.text))
    for card in cards.broken if stored is not None else ():
        if stored is not None and card.name == stored.report_id:
            raise card.error
    if stored is not None and any(card.id == stored.report_id for card in cards):
        return stored.report_id
    return same_report(report_of(reading, "R0", findings), cards)


def _fed(place: Workspace, report: Report) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return each recommended theme with the baskets that it feeds."""
    baskets = readable_baskets(place)
    return tuple(
        (theme, tuple(one.name for one in baskets if theme in one.themes))
        for theme in report.themes
    )


def _make_baskets(place: Workspace, report: Report, *, enabled: bool) -> tuple[str, ...]:
    """Write a basket for every recommended theme that feeds none."""
    if not enabled:
        return ()
    made = []
    for theme, names in _fed(place, report):
        if not names and theme != FALLBACK_THEME:
            make_theme_basket(place, theme)
            made.append(theme)
    return tuple(made)


def make_theme_basket(place: Workspace, theme: str) -> Path:
    """Write the basket of a theme, named after it.

    Raises
    ------
    BasketDefinitionError
        If there is a basket of that name.
    """
    known = known_themes(place).themes.get(theme)
    title = known.words[0] if known else ""
    return write_basket(place, proposed_basket(theme, title, known.title_en if known else ""))


def _copies(place: Workspace, reading: Reading, report_id: str) -> list[str]:
    """Tell which known reports have nearly the same text."""
    stored = stored_readings(place)
    known = {one.report_id: one.signature for one in stored.readings if one.report_id != report_id}
    if not known:
        return list(stored.remarks)
    own = signature(reading.text, boilerplate=lay_out(reading.text.clean).boilerplate)
    return [
        *stored.remarks,
        *(
            say(
                "{share:.0%} of its text is that of report {report}: probably the same report once "
                "more; if so, delete one of the two cards",
                share=copy.score,
                report=copy.report,
            )
            for copy in near_copies(own, known)
        ),
    ]
