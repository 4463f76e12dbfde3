"""Check the claims of a report card against the tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from screener.data.lake.store import Store
from screener.domain.days import SHANGHAI
from screener.domain.listing import Listing
from screener.domain.report import Claim, Publication, Report
from screener.errors import DateRangeError
from screener.language import say
from screener.market.session_hours import session_end
from screener.results.reports import CHECKING
from screener.workflows.report.catalog import get_report
from screener.workflows.report.check_answers import Answer, ClaimQuestion, ClaimState
from screener.workflows.report.check_cases import answer_without_listing
from screener.workflows.report.check_rules import answer, day_of
from screener.workflows.report.check_tables import Tables, last_due, read_tables
from screener.workflows.report.check_values import printed_step
from screener.workflows.report.dating import require_date
from screener.workspace.locate import Workspace

__all__ = [
    "Checked",
    "Checking",
    "ClaimState",
    "check_claims",
    "check_report",
    "checking_document",
    "checking_rows",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A claim and what the tables say of it.

    Parameters
    ----------
    claim
        The claim.
    as_of
        Day or period to which it was taken to refer.
    verdict
        Whether the tables agree.
    found
        Their value, in the claim's unit; `None` where they have none.
    reason
        What it was compared with, where the printed figure comes from, or why nothing can be said.
    lacks
        What `screener data update --only` would have to fetch to check it; empty for nothing.
    """

    claim: Claim
    as_of: str
    verdict: ClaimState
    found: float | None
    reason: str
    lacks: str = ""

    @property
    def difference(self) -> float | None:
        """Printed minus found."""
        return None if self.found is None else self.claim.value - self.found


@dataclass(frozen=True, slots=True, kw_only=True)
class Checking:
    """A report's claims, checked.

    Parameters
    ----------
    report
        Id of the report.
    published
        When it was published.
    rows
        One for each claim, in the card's order.
    data_version
        Version of the tables that were read.
    simulated
        Whether the tables hold the simulated market.
    remarks
        What the reader has to know, one line each.
    """

    report: str
    published: Publication
    rows: tuple[Checked, ...]
    data_version: int
    simulated: bool
    remarks: tuple[str, ...]

    def count(self, verdict: ClaimState) -> int:
        """Return how many claims have a verdict."""
        return sum(row.verdict is verdict for row in self.rows)


def check_report(place: Workspace, report_id: str, *, version: int | None = None) -> Checking:
    """Compare every claim of a report card with the tables.

    A value agrees when it rounds to the printed one at the digits that were printed, as
    `checking_values.printed_step` tells them. A claim without a day is taken to refer to the last
    session before publication.

    Parameters
    ----------
    place
        Workspace with the card and the tables.
    report_id
        Id of the report, or the beginning of one id.
    version
        Data version to read; the newest when `None`.

    Raises
    ------
    ReportNotFound, AmbiguousMention
        If no id, or more than one, begins so.
    DateRangeError
        If nobody has said when it was published.
    DataError
        If the workspace holds no market data yet.
    """
    report = get_report(place, report_id)
    require_date(report)
    with Store.open(place.lake, version=version) as store:
        return check_claims(store, report)


def check_claims(store: Store, report: Report) -> Checking:
    """Compare every claim of a report with the tables of an open lake; as `check_report`."""
    listings = [claim.listing for claim in report.claims if claim.listing is not None]
    days = {listing: _last_before(listing, report.published) for listing in listings}
    asked = [report.published.day, *days.values()]
    asked += [day_of(claim, report.published.day) for claim in report.claims]
    tables = read_tables(store, listings, asked)
    simulated = store.simulated()
    rows = tuple(_checked(claim, report, days, tables) for claim in report.claims)
    return Checking(
        report=report.id,
        published=report.published,
        rows=rows,
        data_version=store.version,
        simulated=simulated,
        remarks=tuple(_remarks(rows, tables, simulated=simulated)),
    )


def checking_rows(result: Checking) -> list[dict[str, object]]:
    """Return one row per claim with the columns of `CHECKING`.

    Figures are in the claims' own units: fractions, CNY, HKD, multiples.
    """
    return [
        {
            "report": result.report,
            "listing": None if row.claim.listing is None else row.claim.listing.id,
            "subject": row.claim.subject,
            "measure": row.claim.measure,
            "as_of": row.as_of or None,
            "unit": str(row.claim.unit),
            "printed": row.claim.value,
            "found": row.found,
            "difference": row.difference,
            "verdict": str(row.verdict),
            "reason": row.reason,
        }
        for row in result.rows
    ]


def checking_document(result: Checking) -> dict[str, object]:
    """Return the check as one document for JSON: what was read, then the rows of the CSV."""
    return {
        "report": result.report,
        "published": result.published.text(),
        "precision": str(result.published.precision),
        "data_version": result.data_version,
        "simulated": result.simulated,
        "remarks": list(result.remarks),
        "verdicts": dict(Counter(str(row.verdict) for row in result.rows)),
        "columns": list(CHECKING.names),
        "rows": checking_rows(result),
    }


def _checked(claim: Claim, report: Report, days: dict[Listing, date], tables: Tables) -> Checked:
    if claim.listing is None:
        return _row(claim, claim.as_of, answer_without_listing(claim, report.claims))
    day = day_of(claim, days[claim.listing])
    question = ClaimQuestion(
        claim=claim,
        listing=claim.listing,
        day=day,
        published=report.published.day,
        step=printed_step(claim, report.claims),
        tables=tables,
    )
    found = answer(question)
    dated = claim.as_of or (day.isoformat() if found.found is not None else "")
    return _row(claim, dated, found)


def _row(claim: Claim, as_of: str, found: Answer) -> Checked:
    return Checked(
        claim=claim,
        as_of=as_of,
        verdict=found.verdict,
        found=found.found,
        reason=found.reason,
        lacks=found.lacks,
    )


def _last_before(listing: Listing, published: Publication) -> date:
    """Return the last session whose close the report could know when it was published."""
    last = published.day - timedelta(days=1)
    moment = published.value
    if isinstance(moment, datetime):
        local = moment.astimezone(SHANGHAI)
        try:
            over = local.time() >= session_end(listing.exchange, local.date()).time
        except DateRangeError:  # before any recorded session: nothing can be running
            over = False
        last = local.date() if over else local.date() - timedelta(days=1)
    return last_due(listing, last) or last


def _remarks(rows: Iterable[Checked], tables: Tables, *, simulated: bool) -> Iterator[str]:
    if simulated:
        yield say("SIMULATED market: every number of the tables is made up")
    if tables.adjusted:
        yield say(
            "prices of {n} listings (first {first}) are adjusted for dividends and splits: their "
            "levels are approximate where one came later, and moves include dividends",
            n=len(tables.adjusted),
            first=tables.adjusted[0],
        )
    lacking = [row for row in rows if row.lacks and row.claim.listing is not None]
    if lacking:
        names = ",".join(dict.fromkeys(str(row.claim.listing) for row in lacking))
        needs = ",".join(dict.fromkeys(row.lacks for row in lacking))
        yield say(
            "to check more: `screener data update --listing {names} --only {needs}`",
            names=names,
            needs=needs,
        )
