"""A reading as rows: for the screen, with its sentences, and for JSON, with facts alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from screener.domain.report import Note, Report
from screener.errors import NotFoundError
from screener.language import say
from screener.language.lists import about
from screener.reports.text.text import Place, make_text
from screener.workflows.report.add import Added
from screener.workflows.report.catalog import BasketEvents, get_report
from screener.workflows.report.doubts import sentence_at
from screener.workspace.locate import Workspace
from screener.workspace.readings import stored_reading

__all__ = ["added_document", "doubt_rows", "evidence_rows", "stored_evidence"]

EvidenceRow = Mapping[str, str]


def evidence_rows(added: Added) -> list[EvidenceRow]:
    """Return a row for each security found: listing, name, printed, role, theme, sure, sentence."""
    return [
        {
            "listing": one.listing.id,
            "name": one.name,
            "printed": one.printed if one.printed != one.name else "",
            "role": str(one.role),
            "theme": one.theme,
            "sure": f"{one.confidence:.2f}",
            "sentence": sentence_at(added.reading, one.places[0].start),
        }
        for one in added.findings
    ]


def doubt_rows(added: Added) -> list[EvidenceRow]:
    """Return a row for each mention left open: printed, why, meant, sentence."""
    return [
        {
            "printed": one.printed,
            "why": about(one.kind.told, one.reason),
            "meant": ", ".join(listing.id for listing in one.proposals) or "-",
            "sentence": sentence_at(added.reading, one.place.start),
        }
        for one in added.unresolved
    ]


def stored_evidence(place: Workspace, report_id: str) -> list[EvidenceRow]:
    """Return the sentences from which a card's securities were read, as kept on this machine.

    Raises
    ------
    ReportNotFound, AmbiguousMention
        If there is no such card.
    NotFoundError
        If its report was not read here.
    """
    report = get_report(place, report_id)
    stored = stored_reading(place, report.id)
    if stored is None:
        raise NotFoundError(
            say("no text of report {report} is kept on this machine", report=report.id),
            where=str(place.data_cache / "reports"),
            fix=say("read it here: `screener report add FILE`"),
        )
    names = {item.listing.id: item.name for item in report.securities}
    return [
        {
            "listing": row["listing"],
            "name": names.get(row["listing"], ""),
            "printed": row["printed"],
            "role": row["role"],
            "theme": row["theme"],
            "sure": f"{row['confidence']:.2f}",
            "sentence": _around(stored.text, row["places"][0]),
        }
        for row in stored.findings.get("securities", ())
    ]


def _around(text: str, span: list[int]) -> str:
    """Return the sentence around a stretch of the stored text."""
    read = make_text(text)
    inside = [number for number, start in enumerate(read.starts) if span[0] <= start < span[1]]
    place = Place(inside[0], inside[-1] + 1) if inside else Place(0, 0)
    clean = read.clean
    start = max(max(clean.rfind(mark, 0, place.start) for mark in "。!?;") + 1, place.start - 60)
    stops = [end for mark in "。!?;" if (end := clean.find(mark, place.end)) >= 0]
    end = min([*stops, place.end + 80, len(clean) - 1]) + 1
    return read.printed(Place(start, end))


def added_document(added: Added) -> dict[str, Any]:
    """Return a reading as JSON has it: facts, no sentences."""
    report = added.report
    notes = [_note(note) for note in report.notes]
    return {
        "id": report.id,
        "title": report.title,
        "broker": report.notes[0].broker if len(report.notes) == 1 else report.publisher,
        "published": report.published.text(),
        "precision": str(report.published.precision),
        "notes": notes,
        "securities": list(_securities(added)),
        "claims": [
            {
                "subject": claim.subject,
                "listing": claim.listing.id if claim.listing else None,
                "measure": claim.measure,
                "value": claim.value,
                "unit": str(claim.unit),
                "as_of": claim.as_of,
                "remark": claim.remark,
            }
            for claim in report.claims
        ],
        "unresolved": [
            {
                "printed": one.printed,
                "kind": str(one.kind),
                "proposals": [listing.id for listing in one.proposals],
                "reason": one.reason,
                "role": str(one.role),
                "theme": one.theme,
            }
            for one in added.unresolved
        ],
        "indices": [
            {
                "code": move.code,
                "name": move.name,
                "week": move.week,
                "month_to_date": move.month_to_date,
            }
            for move in report.indices
        ],
        "climate": [{"sector": sector, "outlook": outlook} for sector, outlook in report.climate],
        "estimates": [
            {
                "listing": one.listing.id,
                "fiscal_year": one.fiscal_year,
                "eps": one.eps,
                "profit": one.profit,
                "revenue": one.revenue,
                "currency": str(one.currency),
            }
            for one in report.estimates
        ],
    }


def document_rows(added: Added, part: str) -> list[dict[str, Any]]:
    """Return the `securities`, `claims` or `unresolved` of a reading as rows of their tables."""
    rows = added_document(added)[part]
    return [
        {name: ",".join(value) if isinstance(value, list) else value for name, value in row.items()}
        for row in rows
    ]


def report_rows(reports: Iterable[Report]) -> list[dict[str, object]]:
    """Return one row per report card with the columns of `REPORTS`."""
    return [
        {
            "id": report.id,
            "title": report.title,
            "broker": report.notes[0].broker if len(report.notes) == 1 else report.publisher,
            "published": report.published.text(),
            "precision": str(report.published.precision),
            "n_securities": len({item.listing for item in report.securities}),
            "n_recommended": len(
                {item.listing for theme in report.themes for item in report.recommended(theme)}
            ),
            "n_claims": len(report.claims),
            "themes": ",".join(report.themes),
        }
        for report in reports
    ]


def basket_rows(groups: Iterable[BasketEvents]) -> list[dict[str, object]]:
    """Return one row per event of each basket with the columns of `BASKETS`."""
    return [
        {
            "basket": basket.name,
            "title": basket.title_zh,
            "report": event.report,
            "published": event.published.text(),
            "precision": str(event.published.precision),
            "weighting": str(event.weighting),
            "n_named": len(event.members),
        }
        for basket, events in groups
        for event in events
    ]


def _note(note: Note) -> dict[str, Any]:
    return {
        "id": note.id,
        "broker": note.broker,
        "analysts": [{"name": one.name, "licence": one.licence} for one in note.analysts],
        "published": note.published.text(),
        "rating": note.rating,
        "rating_change": note.rating_change,
        "themes": list(note.themes),
        "repeats": note.repeats,
        "reiterates": note.reiterates,
    }


def _securities(added: Added) -> Iterator[dict[str, Any]]:
    """Yield the card's securities; those that this reading found too with their confidence."""
    sure = {(one.listing, one.theme): one.confidence for one in added.findings}
    report: Report = added.report
    for item in report.securities:
        yield {
            "listing": item.listing.id,
            "printed": item.printed,
            "role": str(item.role),
            "theme": item.theme,
            "confidence": sure.get((item.listing, item.theme)),
            "rating": item.rating,
        }
