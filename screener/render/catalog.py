"""Tables of report cards and baskets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from screener.domain.basket import Basket, Event, Weighting
from screener.domain.report import (
    Band,
    Claim,
    ClaimUnit,
    Estimate,
    Note,
    Publication,
    RatingDefinition,
    Report,
    Role,
    SecurityMention,
)
from screener.language import say
from screener.render.tables import (
    Column,
    compact,
    facts,
    moment_text,
    number,
    or_dash,
    percent,
    plain_table,
    published_text,
)

__all__ = ["basket_detail", "basket_list", "published_range", "report_detail", "report_list"]

_ROLE_ORDER = tuple(Role)


def report_list(reports: Iterable[Report]) -> RenderableType:
    """Make the table of report cards; links to earlier calls are a column where there are any."""
    shown = [(report, _links(report)) for report in reports]
    linked = any(links for _, links in shown)
    return plain_table(
        [
            *("ID", "Published", "Publisher", "Title"),
            Column(header="Names", numeric=True),
            *(["Earlier calls"] * linked),
        ],
        [
            [
                report.id,
                published_text(report.published),
                report.publisher,
                report.title,
                str(report.n_recommended),
                *([or_dash(links)] * linked),
            ]
            for report, links in shown
        ],
    )


def report_detail(report: Report) -> RenderableType:
    """Show everything that a report card holds."""
    return Group(*_spaced(_report_parts(report)))


def basket_list(baskets: Iterable[tuple[Basket, Sequence[Event]]]) -> RenderableType:
    """Make the table of baskets: for each event its report and how many names it has."""
    return plain_table(
        ["Basket", "Chinese", "English", "Report: names"],
        [
            [
                basket.name,
                or_dash(basket.title_zh),
                or_dash(basket.title_en),
                or_dash(", ".join(_event_count(event) for event in events)),
            ]
            for basket, events in baskets
        ],
    )


def basket_detail(basket: Basket, events: Sequence[Event]) -> RenderableType:
    """Show a basket and the names of each of its events."""
    head = facts(
        (
            ("Basket", basket.name),
            ("Chinese", basket.title_zh),
            ("English", basket.title_en),
            ("Themes", ", ".join(basket.themes)),
            ("Weighting", str(basket.weighting)),
            ("Benchmark", basket.benchmark or "CSI 300 for mainland names, Hang Seng for HK names"),
        )
    )
    shown: list[RenderableType] = [_event_table(event) for event in events]
    if not shown:
        shown = [Text("No report recommends names under its themes yet.")]
    return Group(*_spaced([head, *shown]))


def _report_parts(report: Report) -> Iterator[RenderableType]:
    yield facts(
        (
            ("Report", report.id),
            ("Title", report.title),
            ("Publisher", report.publisher),
            ("Published", published_range(report.published)),
            ("Evidence", report.published.evidence),
        )
    )
    yield from map(_note, report.notes)
    ordered = sorted(report.securities, key=lambda item: _ROLE_ORDER.index(item.role))
    for (role, theme), group in groupby(ordered, key=lambda item: (item.role, item.theme)):
        yield _securities(role, theme, tuple(group))
    if report.indices:
        yield _indices(report)
    if report.climate:
        yield plain_table(["Sector", "Outlook"], report.climate, title="Sector climate")
    if report.claims:
        yield _claims(report.claims)
    if report.estimates:
        yield _estimates(report.estimates)
    for definition in report.rating_definitions:
        yield _definition(definition)


def _links(report: Report) -> str:
    """Tell which earlier notes a report publishes again, and on which it insists."""
    repeats = ", ".join(dict.fromkeys(note.repeats for note in report.notes if note.repeats))
    again = ", ".join(dict.fromkeys(note.reiterates for note in report.notes if note.reiterates))
    kinds = (("repeats", repeats), ("reiterates", again))
    return "; ".join(f"{kind} {ids}" for kind, ids in kinds if ids)


def published_range(published: Publication) -> str:
    """Write when a report was published, with the range of an estimated date."""
    text = published_text(published)
    if published.range_start is None or published.range_end is None:
        return text
    first, last = moment_text(published.range_start), moment_text(published.range_end)
    return f"{text} (between {first} and {last})"


def _note(note: Note) -> Table:
    rating = ", ".join(filter(None, (note.rating, note.rating_change)))
    return facts(
        (
            ("Note", f"{note.id} {note.title}".strip()),
            ("Broker", note.broker),
            ("Analysts", ", ".join(f"{who.name} {who.licence}".strip() for who in note.analysts)),
            ("Dated", published_text(note.published)),
            ("Industry", note.industry),
            ("Rating", f"{rating} ({note.rating_level})" if note.rating_level else rating),
            ("Themes", ", ".join(note.themes)),
            ("Repeats", f"{note.repeats}, the same call: counted once" if note.repeats else ""),
            ("Reiterates", f"{note.reiterates}, as a new call" if note.reiterates else ""),
        )
    )


def _securities(role: Role, theme: str, securities: Sequence[SecurityMention]) -> RenderableType:
    return plain_table(
        ["Listing", "Name", "English", "Remark"],
        [
            [item.listing.id, item.name, or_dash(item.name_en), or_dash(_remark(item))]
            for item in securities
        ],
        title=f"{theme}: {role}, {len(securities)}",
    )


def _remark(item: SecurityMention) -> str:
    printed = f"printed {item.printed}" if item.printed != item.name else ""
    rated = say("rated {rating}", rating=item.rating) if item.rating else ""
    return ", ".join(filter(None, (printed, rated, item.note)))


def _indices(report: Report) -> RenderableType:
    return plain_table(
        [
            "Index",
            "Name",
            Column(header="Week", numeric=True),
            Column(header="Month to date", numeric=True),
        ],
        [
            [
                or_dash(item.code),
                item.name,
                percent(item.week, digits=2, signed=True),
                percent(item.month_to_date, digits=2, signed=True),
            ]
            for item in report.indices
        ],
        title="Indices tracked",
    )


def _claims(claims: Iterable[Claim]) -> RenderableType:
    return plain_table(
        ["Subject", "Measure", Column(header="Value", numeric=True), "Refers to", "Remark"],
        [
            [
                claim.subject,
                claim.measure,
                _claim_value(claim),
                or_dash(claim.as_of),
                or_dash(claim.remark),
            ]
            for claim in claims
        ],
        title="Claims to check",
    )


def _estimates(estimates: Iterable[Estimate]) -> RenderableType:
    return plain_table(
        [
            "Listing",
            "Fiscal year",
            Column(header="EPS", numeric=True),
            Column(header="Net profit", numeric=True),
            "Currency",
        ],
        [
            [
                item.listing.id,
                str(item.fiscal_year),
                number(item.eps),
                or_dash("" if item.profit is None else compact(item.profit)),
                str(item.currency),
            ]
            for item in estimates
        ],
        title="Estimates",
    )


def _claim_value(claim: Claim) -> str:
    if claim.unit is ClaimUnit.FRACTION:
        return percent(claim.value, digits=2)
    if claim.unit is ClaimUnit.POINTS:
        return number(claim.value)
    if claim.unit is ClaimUnit.MULTIPLE:
        return f"{compact(claim.value)} x"
    return f"{compact(claim.value)} {claim.unit}"


def _definition(definition: RatingDefinition) -> RenderableType:
    low, high = definition.months_low, definition.months_high
    months = f"{low}" if low == high else f"{low}-{high}"
    against = ", ".join(f"{market} {name}" for market, name in definition.benchmarks)
    return plain_table(
        ["Level", "Rating", "Active return promised"],
        [[str(band.level), band.rating, _band(band)] for band in definition.bands],
        title=f"Ratings of {definition.broker}: {months} months, against {against or 'the market'}",
    )


def _band(band: Band) -> str:
    low = percent(band.low, digits=0, signed=True)
    high = percent(band.high, digits=0, signed=True)
    if band.low is None:
        return f"below {high}"
    return f"above {low}" if band.high is None else f"{low} to {high}"


def _event_count(event: Event) -> str:
    return f"{event.report or published_text(event.published)}: {len(event.members)}"


def _event_table(event: Event) -> RenderableType:
    weighted = event.weighting is Weighting.CUSTOM
    title = f"Report {event.report}" if event.report else "Own list"
    return plain_table(
        ["Listing", "Name", "English", *([Column(header="Weight", numeric=True)] * weighted)],
        [
            [
                member.listing.id,
                or_dash(member.name),
                or_dash(member.name_en),
                *([compact(member.weight)] * weighted),
            ]
            for member in event.members
        ],
        title=f"{title}, {published_text(event.published)}, {len(event.members)} names",
    )


def _spaced(parts: Iterable[RenderableType]) -> Iterator[RenderableType]:
    for place, part in enumerate(parts):
        if place:
            yield Text()
        yield part
