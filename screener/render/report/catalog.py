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
from screener.language import Language, bound, say, say_count
from screener.language.lists import clauses, listed
from screener.render.local import measure, word
from screener.render.tables import (
    Column,
    compact,
    facts,
    in_unit,
    moment_text,
    number,
    or_dash,
    percent,
    plain_table,
    published_text,
    times,
)

__all__ = [
    "NOT_NAMED",
    "basket_detail",
    "basket_list",
    "broker_name",
    "market_name",
    "published_range",
    "report_detail",
    "report_list",
]

_ROLE_ORDER = tuple(Role)
_MARKETS = {
    "A": lambda: say("A shares"),
    "HK": lambda: say("Hong Kong shares"),
    "US": lambda: say("US shares"),
    "NEEQ": lambda: say("NEEQ"),
}
NOT_NAMED = "unknown"
"""What a card says of a broker that its report does not name."""


def report_list(reports: Iterable[Report]) -> RenderableType:
    """Make the table of report cards; links to earlier calls are a column where there are any."""
    shown = [(report, _links(report)) for report in reports]
    linked = any(links for _, links in shown)
    return plain_table(
        [
            *(say("ID"), say("Published"), say("Publisher"), say("Title")),
            Column(header=say("Names"), numeric=True),
            *([say("Earlier calls")] * linked),
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
    titles = [say("Title")] if bound() is Language.ZH else ["Chinese", "English"]
    return plain_table(
        [say("Basket"), *titles, say("Report: names")],
        [
            [
                basket.name,
                or_dash(basket.title_zh),
                *([] if bound() is Language.ZH else [or_dash(basket.title_en)]),
                or_dash(", ".join(_event_count(event) for event in events)),
            ]
            for basket, events in baskets
        ],
    )


def basket_detail(basket: Basket, events: Sequence[Event]) -> RenderableType:
    """Show a basket and the names of each of its events."""
    head = facts(
        (
            (say("Basket"), basket.name),
            (say("Chinese"), basket.title_zh),
            (say("English"), "" if bound() is Language.ZH else basket.title_en),
            (say("Themes"), ", ".join(basket.themes)),
            (say("Weighting"), word(str(basket.weighting))),
            (
                say("Benchmark"),
                basket.benchmark or say("CSI 300 for mainland names, Hang Seng for HK names"),
            ),
        )
    )
    shown: list[RenderableType] = [_event_table(event) for event in events]
    if not shown:
        shown = [Text(say("No report recommends names under its themes yet."))]
    return Group(*_spaced([head, *shown]))


def _report_parts(report: Report) -> Iterator[RenderableType]:
    yield facts(
        (
            (say("Report"), report.id),
            (say("Title"), report.title),
            (say("Publisher"), report.publisher),
            (say("Published"), published_range(report.published)),
            (say("Evidence"), report.published.evidence),
        )
    )
    yield from map(_note, report.notes)
    ordered = sorted(report.securities, key=lambda item: _ROLE_ORDER.index(item.role))
    for (role, theme), group in groupby(ordered, key=lambda item: (item.role, item.theme)):
        yield _securities(role, theme, tuple(group))
    if report.indices:
        yield _indices(report)
    if report.climate:
        yield plain_table(
            [say("Sector"), say("Outlook")], report.climate, title=say("Sector climate")
        )
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
    told_ = (
        say("repeats {ids}", ids=repeats) if repeats else "",
        say("reiterates {ids}", ids=again) if again else "",
    )
    return clauses(told_)


def published_range(published: Publication) -> str:
    """Write when a report was published, with the range of an estimated date."""
    text = published_text(published)
    if published.range_start is None or published.range_end is None:
        return text
    first, last = moment_text(published.range_start), moment_text(published.range_end)
    return say("{day} (between {first} and {last})", day=text, first=first, last=last)


def _note(note: Note) -> Table:
    rating = ", ".join(filter(None, (note.rating, word(note.rating_change))))
    return facts(
        (
            (say("Note"), f"{note.id} {note.title}".strip()),
            (say("Broker"), broker_name(note.broker)),
            (say("Analysts"), _people(note)),
            (say("Dated"), published_text(note.published)),
            (say("Industry"), note.industry),
            (
                say("Rating"),
                f"{rating} ({word(level)})" if (level := note.rating_level) else rating,
            ),
            (say("Themes"), ", ".join(note.themes)),
            (
                say("Repeats"),
                say("{id}, the same call: counted once", id=note.repeats) if note.repeats else "",
            ),
            (
                say("Reiterates"),
                say("{id}, as a new call", id=note.reiterates) if note.reiterates else "",
            ),
        )
    )


def _people(note: Note) -> str:
    return ", ".join(f"{who.name} {who.licence}".strip() for who in note.analysts)


def broker_name(name: str) -> str:
    """Return a broker's name; that nobody names it is said in the reader's language."""
    return say("not named") if name == NOT_NAMED and bound() is Language.ZH else name


def _securities(role: Role, theme: str, securities: Sequence[SecurityMention]) -> RenderableType:
    return plain_table(
        [say("Listing"), say("Name"), *_english_head(), say("Remark")],
        [
            [item.listing.id, item.name, *_english(item.name_en), or_dash(_remark(item))]
            for item in securities
        ],
        title=say("{theme}: {role}, {n}", theme=theme, role=word(str(role)), n=len(securities)),
    )


def _english_head() -> list[str]:
    """Return the heading of English names, which people who read Chinese do not need."""
    return [] if bound() is Language.ZH else ["English"]


def _english(name: str) -> list[str]:
    return [] if bound() is Language.ZH else [or_dash(name)]


def _remark(item: SecurityMention) -> str:
    printed = say("printed {name}", name=item.printed) if item.printed != item.name else ""
    rated = say("rated {rating}", rating=item.rating) if item.rating else ""
    return ", ".join(filter(None, (printed, rated, item.note)))


def _indices(report: Report) -> RenderableType:
    return plain_table(
        [
            say("Index"),
            say("Name"),
            Column(header=say("Week"), numeric=True),
            Column(header=say("Month to date"), numeric=True),
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
        title=say("Indices tracked"),
    )


def _claims(claims: Iterable[Claim]) -> RenderableType:
    return plain_table(
        [
            say("Subject"),
            say("Measure"),
            Column(header=say("Value"), numeric=True),
            say("Refers to"),
            say("Remark"),
        ],
        [
            [
                claim.subject,
                measure(claim.measure),
                _claim_value(claim),
                or_dash(claim.as_of),
                or_dash(claim.remark),
            ]
            for claim in claims
        ],
        title=say("Claims to check"),
    )


def _estimates(estimates: Iterable[Estimate]) -> RenderableType:
    return plain_table(
        [
            say("Listing"),
            say("Fiscal year"),
            Column(header=say("EPS"), numeric=True),
            Column(header=say("Net profit"), numeric=True),
            Column(header=say("Revenue"), numeric=True),
            say("Currency"),
        ],
        [
            [
                item.listing.id,
                str(item.fiscal_year),
                number(item.eps),
                *(
                    or_dash("" if value is None else compact(value))
                    for value in (item.profit, item.revenue)
                ),
                str(item.currency),
            ]
            for item in estimates
        ],
        title=say("Estimates"),
    )


def _claim_value(claim: Claim) -> str:
    if claim.unit is ClaimUnit.FRACTION:
        return percent(claim.value, digits=2)
    if claim.unit is ClaimUnit.POINTS:
        return number(claim.value)
    if claim.unit is ClaimUnit.MULTIPLE:
        return times(claim.value)
    return in_unit(claim.value, claim.unit)


def _definition(definition: RatingDefinition) -> RenderableType:
    low, high = definition.months_low, definition.months_high
    months = f"{low}" if low == high else f"{low}-{high}"
    against = listed(f"{market_name(market)} {name}" for market, name in definition.benchmarks)
    return plain_table(
        [say("Level"), say("Rating"), say("Active return promised")],
        [[word(str(band.level)), band.rating, _band(band)] for band in definition.bands],
        title=say(
            "Ratings of {broker}: {months} months, against {index}",
            broker=definition.broker,
            months=months,
            index=against or say("the market"),
        ),
    )


def market_name(market: str) -> str:
    """Return what a market is called whose index a rating is measured against."""
    return _MARKETS[market]() if market in _MARKETS and bound() is Language.ZH else word(market)


def _band(band: Band) -> str:
    low = percent(band.low, digits=0, signed=True)
    high = percent(band.high, digits=0, signed=True)
    if band.low is None:
        return say("below {high}", high=high)
    if band.high is None:
        return say("above {low}", low=low)
    return say("{low} to {high}", low=low, high=high)


def _event_count(event: Event) -> str:
    return f"{event.report or published_text(event.published)}: {len(event.members)}"


def _event_table(event: Event) -> RenderableType:
    weighted = event.weighting is Weighting.CUSTOM
    title = say("Report {report}", report=event.report) if event.report else say("Own list")
    weights = [Column(header=say("Weight"), numeric=True)] * weighted
    return plain_table(
        [say("Listing"), say("Name"), *_english_head(), *weights],
        [
            [
                member.listing.id,
                or_dash(member.name),
                *_english(member.name_en),
                *([compact(member.weight)] * weighted),
            ]
            for member in event.members
        ],
        title=say_count(
            "{title}, {day}, {n} name",
            "{title}, {day}, {n} names",
            len(event.members),
            title=title,
            day=published_text(event.published),
        ),
    )


def _spaced(parts: Iterable[RenderableType]) -> Iterator[RenderableType]:
    for place, part in enumerate(parts):
        if place:
            yield Text()
        yield part
