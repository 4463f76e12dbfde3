"""Report cards on disk: one TOML file of facts per report in `seeds/`."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from screener.domain.listing import parse_listing
from screener.domain.report import (
    Analyst,
    Band,
    Claim,
    Estimate,
    IndexMove,
    Note,
    Publication,
    RatingDefinition,
    Report,
    SecurityMention,
)
from screener.errors import BasketDefinitionError
from screener.language import say
from screener.language.lists import place_in
from screener.workspace.broken import Readable, read_each
from screener.workspace.locate import Workspace
from screener.workspace.models import (
    CardModel,
    ClaimModel,
    EstimateModel,
    NoteModel,
    RatingDefinitionModel,
    SecurityModel,
)
from screener.workspace.parsed import Documents, kept_documents
from screener.workspace.toml_files import read_made, shown, toml_paths

__all__ = ["read_card", "readable_cards", "report_of"]

_MADE: dict[str, Report] = {}  # a command asks for the cards several times
_MOST_MADE = 20_000


def readable_cards(workspace: Workspace) -> Readable[Report]:
    """Read every report card that can be read, in the natural order of the file names.

    Of two cards that share an id the first is taken.
    """
    owner: dict[str, Path] = {}

    def read(path: Path, documents: Documents[Report]) -> Report:
        report = read_card(path, root=workspace.root, documents=documents)
        first = owner.setdefault(report.id.casefold(), path)
        if first is not path:
            raise BasketDefinitionError(
                say(
                    "id = {report} is also the id of {shown}",
                    report=repr(report.id),
                    shown=shown(first, workspace.root),
                ),
                where=place_in(shown(path, workspace.root), "id"),
                fix=say("give each card an id of its own"),
            )
        return report

    paths = toml_paths(workspace.seeds)
    if len(_MADE) > _MOST_MADE:
        _MADE.clear()
    with kept_documents(workspace.data_cache, "cards", len(paths), _MADE) as documents:
        return read_each(paths, partial(read, documents=documents), kind="card", key="id")


def read_card(path: Path, *, root: Path, documents: Documents[Report] | None = None) -> Report:
    """Read one report card.

    Parameters
    ----------
    path
        TOML file.
    root
        Folder from which the file is named in messages.
    documents
        What was made or parsed before; nothing when `None`.

    Raises
    ------
    BasketDefinitionError
        If the card breaks its rules.
    StorageError
        If the file cannot be read.
    """
    return read_made(path, CardModel, report_of, documents or Documents({}, {}), root=root)


def report_of(card: CardModel) -> Report:
    """Return a card's content as a value."""
    published = card.published.to_domain()
    return Report(
        id=card.id,
        title=card.title,
        publisher=card.publisher,
        language=card.language,
        published=published,
        notes=tuple(_note(item, published) for item in card.notes),
        securities=tuple(_security(item) for item in card.securities),
        claims=tuple(_claim(item) for item in card.claims),
        indices=tuple(IndexMove(**item.model_dump()) for item in card.indices),
        climate=tuple((item.sector, item.outlook) for item in card.climate),
        estimates=tuple(_estimate(item) for item in card.estimates),
        rating_definitions=tuple(_definition(item) for item in card.rating_definitions),
        text_hash=card.text_sha256,
    )


def _note(note: NoteModel, published: Publication) -> Note:
    return Note(
        id=note.id,
        broker=note.broker,
        analysts=tuple(Analyst(name=item.name, licence=item.licence) for item in note.analysts),
        published=note.published.to_domain() if note.published else published,
        themes=note.themes,
        title=note.title,
        rating=note.rating,
        rating_change=note.rating_change,
        rating_level=note.rating_level,
        industry=note.industry,
        repeats=note.repeats,
        reiterates=note.reiterates,
    )


def _security(item: SecurityModel) -> SecurityMention:
    return SecurityMention(
        listing=parse_listing(item.listing),
        printed=item.printed,
        role=item.role,
        theme=item.theme,
        name=item.name or item.printed,
        name_en=item.name_en,
        note=item.note,
        rating=item.rating,
    )


def _claim(item: ClaimModel) -> Claim:
    return Claim(
        subject=item.subject,
        measure=item.measure,
        value=item.value,
        unit=item.unit,
        as_of=item.as_of,
        remark=item.remark,
        listing=parse_listing(item.listing) if item.listing else None,
    )


def _estimate(item: EstimateModel) -> Estimate:
    return Estimate(
        listing=parse_listing(item.listing),
        fiscal_year=item.fiscal_year,
        eps=item.eps,
        profit=item.profit,
        revenue=item.revenue,
        currency=item.currency,
    )


def _definition(item: RatingDefinitionModel) -> RatingDefinition:
    return RatingDefinition(
        broker=item.broker,
        months_low=item.months_low,
        months_high=item.months_high,
        benchmarks=tuple((pair.market, pair.benchmark) for pair in item.benchmarks),
        bands=tuple(
            Band(level=band.level, rating=band.rating, low=band.low, high=band.high)
            for band in item.bands
        ),
    )
