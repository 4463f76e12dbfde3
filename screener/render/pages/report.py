"""The page of a report: its card, its notes, the securities, definitions and claims, checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from screener.domain.report import Band, Note, Precision, RatingDefinition, Report
from screener.files.clean import clean_line
from screener.language import say, say_count
from screener.language.lists import listed
from screener.render.pages.cells import dated, fraction, sign_of
from screener.render.pages.document import Page, Way, document, section, ways
from screener.render.pages.markup import Child, Node, node
from screener.render.pages.tables import facts, plain_table, result_table
from screener.render.pages.words import told, word
from screener.render.report.catalog import market_name
from screener.render.tables import UNDEFINED, or_dash
from screener.results.reading import CLAIMS, SECURITIES
from screener.results.reports import CHECKING
from screener.results.tables import Row
from screener.workflows.page.basket import BasketPage
from screener.workflows.report.check import Checking, checking_rows

__all__ = ["report_document"]

_CLAIMS = (
    "subject",
    "listing",
    "measure",
    "as_of",
    "unit",
    "printed",
    "found",
    "verdict",
    "reason",
)
_STATED = ("subject", "listing", "measure", "value", "unit", "as_of", "remark")


def report_document(
    report: Report,
    checking: Checking | None = None,
    *,
    events: Sequence[tuple[BasketPage, str]] = (),
    way: Sequence[Way] = (),
    links: Mapping[str, str] | None = None,
) -> str:
    """Return the page of a report card as one HTML file.

    Parameters
    ----------
    report
        The card.
    checking
        Its claims, checked; without them they are shown as they are stated.
    events
        What its baskets returned, each with the address of its page.
    way
        Links to the pages around it.
    links
        Address of each broker's page, where there are such pages.
    """

    def build() -> Page:
        return Page(
            title=f"{report.id} · {clean_line(report.title)}",
            under=tuple(_under(report)),
            simulated=checking is not None and checking.simulated,
            way=ways(way),
            parts=tuple(_parts(report, checking, events, links or {})),
        )

    return document(build)


def _under(report: Report) -> Iterator[str]:
    published = report.published
    text = published.text().replace("T", " ")
    if published.precision is not Precision.ESTIMATED:
        day = text or say("date unknown")
        yield say("{publisher} · published {day}", publisher=report.publisher, day=day)
        return
    yield say(
        "{publisher} · published {day}, an estimate between {first} and {last}",
        publisher=report.publisher,
        day=text,
        first=str(published.range_start)[:10],
        last=str(published.range_end)[:10],
    )
    yield say("Evidence: {evidence}", evidence=clean_line(published.evidence))


def _parts(
    report: Report,
    checking: Checking | None,
    events: Sequence[tuple[BasketPage, str]],
    links: Mapping[str, str],
) -> Iterator[Node]:
    if events:
        yield section(say("What its baskets returned"), _returned(events), name="events")
    yield section(
        say("Notes"),
        plain_table(
            [
                say("note"),
                say("broker"),
                say("analysts"),
                say("date"),
                say("rating"),
                say("themes"),
            ],
            [_note(note, links) for note in report.notes],
            caption=say("Notes"),
        ),
        name="notes",
    )
    rows = _securities(report)
    title = say("Securities")
    yield section(
        title,
        result_table(
            SECURITIES,
            rows,
            name="securities",
            caption=title,
            columns=(
                *("listing", "printed", "role", "theme"),
                *(("rating",) if any(row["rating"] for row in rows) else ()),
            ),
        ),
        name="securities",
    )
    if report.claims:
        yield _claims(report, checking)
    if report.rating_definitions:
        yield section(
            say("What its ratings promise"),
            [_definition(item) for item in report.rating_definitions],
            name="definitions",
        )
    yield section(
        say("Sources and versions"),
        facts(
            [
                (say("report"), report.id),
                (say("language"), word(report.language)),
                (say("fingerprint of the text"), report.text_hash),
                (say("data version"), str(checking.data_version) if checking else ""),
            ]
        ),
        node("ul", (node("li", told(line)) for line in checking.remarks)) if checking else None,
        name="sources",
    )


def _returned(events: Sequence[tuple[BasketPage, str]]) -> Node:
    rows: list[list[Child]] = []
    for page, address in events:
        main = page.main
        values = (main.paper_return, main.executable_return, main.active_return)
        rows.append(
            [
                node("a", page.event.basket, href=address),
                str(main.window.horizon),
                word(str(main.status)),
                *(
                    node("span", fraction(value, signed=True), class_=sign_of(value) or None)
                    for value in values
                ),
            ]
        )
    heads = [
        say("basket"),
        say("sessions held"),
        say("status"),
        say("on paper"),
        say("as traded"),
        say("active"),
    ]
    return plain_table(heads, rows, caption=say("What its baskets returned"), numeric=(1, 3, 4, 5))


def _note(note: Note, links: Mapping[str, str]) -> list[Child]:
    broker, address = clean_line(note.broker), links.get(note.broker)
    rating = " ".join(part for part in (note.rating, word(note.rating_change or "")) if part)
    return [
        clean_line(note.title) or note.id,
        node("a", broker, href=address) if address else or_dash(broker),
        or_dash(", ".join(clean_line(item.name) for item in note.analysts)),
        or_dash(dated(note.published.text().replace("T", " "), note.published.precision)),
        or_dash(clean_line(rating)),
        or_dash(", ".join(note.themes)),
    ]


def _securities(report: Report) -> list[Row]:
    return [
        {
            "listing": item.listing.id,
            "printed": item.printed,
            "role": str(item.role),
            "theme": item.theme,
            "confidence": None,
            "rating": clean_line(item.rating),
        }
        for item in report.securities
    ]


def _claims(report: Report, checking: Checking | None) -> Node:
    if checking is not None:
        title = say("Claims, checked")
        table = result_table(
            CHECKING, checking_rows(checking), name="claims", caption=title, columns=_CLAIMS
        )
        return section(title, table, name="claims")
    title = say("Claims")
    rows: list[Row] = [
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
    ]
    return section(
        title,
        result_table(CLAIMS, rows, name="claims", caption=title, columns=_STATED),
        name="claims",
    )


def _definition(item: RatingDefinition) -> Node:
    title = say(
        "{broker}: within {months}",
        broker=clean_line(item.broker),
        months=_months(item),
    )
    against = listed(f"{market_name(market)} {index}" for market, index in item.benchmarks)
    return node(
        "div",
        node("h3", title),
        node("p", say("against {index}", index=clean_line(against)), class_="note")
        if against
        else None,
        plain_table(
            [say("rating of"), say("rating"), say("promised active return")],
            [[word(str(band.level)), clean_line(band.rating), _band(band)] for band in item.bands],
            caption=title,
        ),
    )


def _months(item: RatingDefinition) -> str:
    if item.months_low == item.months_high:
        return say_count("{n} month", "{n} months", item.months_high)
    return say("{low} to {high} months", low=item.months_low, high=item.months_high)


def _band(band: Band) -> str:
    if band.low is None and band.high is None:
        return UNDEFINED
    low, high = (fraction(end, signed=True) for end in (band.low, band.high))
    if band.high is None:
        return say("{low} or more", low=low)
    return say("{high} or less", high=high) if band.low is None else f"{low} … {high}"
