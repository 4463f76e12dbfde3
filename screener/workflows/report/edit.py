"""Correct a report by what a user says of it, before it has a card or on it; take a card away."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from screener.domain.days import SHANGHAI
from screener.domain.listing import Listing
from screener.domain.report import Moment, Precision, Publication, Report, Role
from screener.errors import DateRangeError, InputError
from screener.files.failures import storage_error
from screener.language import say
from screener.reports.authors.brokers import broker_named
from screener.reports.reader import Reading
from screener.reports.repeats import linked_notes
from screener.reports.securities.themes import Theme, ThemeIndex, make_slug, theme_index
from screener.reports.text.found import Finding
from screener.workflows.report.card_store import file_of
from screener.workflows.report.catalog import get_report
from screener.workspace.baskets import readable_baskets
from screener.workspace.cards.editing import Corrections, corrected, edit_card
from screener.workspace.cards.reading import readable_cards
from screener.workspace.locate import Workspace
from screener.workspace.readings import forget_reading

__all__ = [
    "Edited",
    "Said",
    "edit_report",
    "known_themes",
    "publication_said",
    "reading_with",
    "remove_report",
]

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """What came of an edit: the card as it stands, its file, and whether that changed."""

    report: Report
    path: Path
    changed: bool


def publication_said(published: Moment | None, now: datetime) -> Publication | None:
    """Return when a user says that a report was published.

    Raises
    ------
    DateRangeError
        If it lies in the future.
    """
    if published is None:
        return None
    timed = isinstance(published, datetime)
    day = published.astimezone(SHANGHAI).date() if isinstance(published, datetime) else published
    if day > now.astimezone(SHANGHAI).date():
        raise DateRangeError(
            say("--published {published} is in the future", published=published.isoformat()),
            fix=say("give the day on which the report came out"),
        )
    return Publication(value=published, precision=Precision.EXACT if timed else Precision.DAY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a user types of a report.

    Parameters
    ----------
    title, broker
        As typed, a broker in any of its names; empty for what was read.
    themes
        `NEW` for everything, or `OLD=NEW`: slugs or words.
    """

    title: str = ""
    broker: str = ""
    themes: tuple[str, ...] = ()

    def corrections(self, place: Workspace, published: Publication | None = None) -> Corrections:
        """Return it as corrections; themes may be named by the words that a workspace knows.

        Raises
        ------
        InputError
            If something typed can be no theme.
        """
        known = broker_named(self.broker) if self.broker else None
        index = known_themes(place) if self.themes else None
        named: dict[str, str] = {}
        for old, sign, new in (text.partition("=") for text in self.themes if index):
            named[_slug(old, index) if sign else ""] = _slug(new if sign else old, index)
        return Corrections(
            title=" ".join(self.title.split()),
            broker=known.name if known else " ".join(self.broker.split()),
            published=published,
            themes=named or None,
        )


def known_themes(place: Workspace) -> ThemeIndex:
    """Return the known themes: a basket's title names the theme that feeds it alone."""
    return theme_index(
        Theme(slug=basket.themes[0], words=(basket.title_zh,), title_en=basket.title_en)
        for basket in readable_baskets(place)
        if len(basket.themes) == 1 and basket.title_zh
    )


def _slug(text: str, themes: ThemeIndex | None) -> str:
    wanted = text.strip()
    known = themes.exactly(wanted) if themes else ""
    slug = wanted if _SLUG.fullmatch(wanted) else known or make_slug(wanted)
    if not slug:
        raise InputError(
            say("{text} can be no theme", text=repr(text)),
            fix=say("write it as the cards do, such as liquid-cooling, or in a few words"),
        )
    return slug


def reading_with(reading: Reading, said: Corrections) -> Reading:
    """Return a reading with what a user says of it, but for its date, which is read before."""
    if not said:
        return reading
    single = len(reading.notes) == 1

    def noted(broker: str) -> str:
        return said.broker if said.broker and single else broker

    securities = reading.securities
    findings = (replace(one, theme=said.theme(one.theme)) for one in securities.findings)
    return replace(
        reading,
        title=said.title or reading.title,
        publisher=said.broker or reading.publisher,
        notes=tuple(
            (
                replace(note, broker=noted(note.broker)),
                tuple(dict.fromkeys(said.theme(theme) for theme in covered)),
            )
            for note, covered in reading.notes
        ),
        securities=replace(
            securities,
            findings=_once(findings),
            doubts=tuple(replace(one, theme=said.theme(one.theme)) for one in securities.doubts),
            theme_places=tuple((said.theme(t), place) for t, place in securities.theme_places),
        ),
    )


def _once(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return each listing once under a theme, where it is recommended if it is anywhere."""
    kept: dict[tuple[Listing, str], Finding] = {}
    for one in findings:
        first = kept.setdefault((one.listing, one.theme), one)
        if one.role is Role.RECOMMENDED and first.role is not Role.RECOMMENDED:
            kept[one.listing, one.theme] = one
    return tuple(kept.values())


def edit_report(place: Workspace, report_id: str, said: Corrections) -> Edited:
    """Correct a card; what else stands on it, comments too, stays.

    Parameters
    ----------
    place, report_id
        The workspace, and the report's id or the beginning of one id.
    said
        What to change.

    Raises
    ------
    ReportNotFound, AmbiguousMention
        If there is no such card.
    InputError
        If nothing is to be changed.
    BasketDefinitionError
        If the card breaks a rule, or would.
    StorageError
        If it cannot be written; it is left as it was.
    """
    card = get_report(place, report_id)
    if not said:
        raise InputError(
            say("nothing to change is given"),
            fix=say("give --published, --title, --broker or --theme"),
        )
    wanted = corrected(card, said)
    if said.published is not None:
        wanted, _ = linked_notes(wanted, readable_cards(place))
    path = file_of(place, card.id)
    changed = edit_card(path, root=place.root, card=card, wanted=wanted, said=said)
    return Edited(report=wanted, path=path, changed=changed)


def remove_report(place: Workspace, report_id: str) -> Edited:
    """Take a card away, and what is kept of its text on this machine.

    Raises
    ------
    ReportNotFound, AmbiguousMention
        If there is no such card.
    StorageError
        If it cannot be removed.
    """
    card = get_report(place, report_id)
    path = file_of(place, card.id)
    try:
        path.unlink()
    except OSError as error:
        raise storage_error(error, path) from error
    forget_reading(place, card.id)
    return Edited(report=card, path=path, changed=True)
