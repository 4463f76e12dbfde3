"""Show how a report's claims compare with the tables: for people, and rows for programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Protocol

from rich.console import Group, RenderableType
from rich.text import Text

from screener.domain.report import Claim, ClaimUnit, Publication
from screener.render.tables import (
    UNDEFINED,
    Column,
    compact,
    number,
    percent,
    plain_table,
    published_text,
)

__all__ = ["CHECKING_COLUMNS", "checking_document", "checking_rows", "checking_view"]

CHECKING_COLUMNS = (
    "report",
    "listing",
    "subject",
    "measure",
    "as_of",
    "unit",
    "printed",
    "found",
    "difference",
    "verdict",
    "reason",
)
"""Columns of the rows, in order."""


class CheckedView(Protocol):
    """A claim and what the tables say of it."""

    @property
    def claim(self) -> Claim:
        """The claim."""

    @property
    def as_of(self) -> str:
        """Day or period to which it refers."""

    @property
    def verdict(self) -> str:
        """Whether the tables agree."""

    @property
    def found(self) -> float | None:
        """Their value."""

    @property
    def difference(self) -> float | None:
        """Printed minus found."""

    @property
    def reason(self) -> str:
        """What it was compared with, or why nothing can be said."""


class CheckingView(Protocol):
    """A report's claims, checked, as `workflows.checking.Checking` has them."""

    @property
    def report(self) -> str:
        """Id of the report."""

    @property
    def published(self) -> Publication:
        """When it was published."""

    @property
    def rows(self) -> Sequence[CheckedView]:
        """One for each claim."""

    @property
    def data_version(self) -> int:
        """Version of the tables."""

    @property
    def simulated(self) -> bool:
        """Whether the market is simulated."""

    @property
    def remarks(self) -> tuple[str, ...]:
        """What the reader has to know."""


def checking_view(result: CheckingView) -> RenderableType:
    """Show the claims with the figure that the tables have, and how many agree.

    Remarks are not part of it: they belong on standard error.
    """
    parts: list[RenderableType] = list(_heading(result))
    if result.rows:
        parts.append(_table(result.rows))
    parts.append(Text(_summary(result.rows), style="bold"))
    return Group(*parts)


def checking_rows(result: CheckingView) -> list[dict[str, object]]:
    """List the rows for CSV and JSON, in the claims' own units: fractions, CNY, HKD, multiples."""
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


def checking_document(result: CheckingView) -> dict[str, object]:
    """Return the check as one document for JSON: what was read, then the rows of the CSV."""
    return {
        "report": result.report,
        "published": result.published.text(),
        "precision": str(result.published.precision),
        "data_version": result.data_version,
        "simulated": result.simulated,
        "remarks": list(result.remarks),
        "verdicts": dict(Counter(str(row.verdict) for row in result.rows)),
        "columns": list(CHECKING_COLUMNS),
        "rows": checking_rows(result),
    }


def _heading(result: CheckingView) -> Iterator[Text]:
    if result.simulated:
        yield Text("SIMULATED market: every figure found below is made up", style="bold")
    published = published_text(result.published)
    yield Text(
        f"Claims of {result.report}, published {published} (data version {result.data_version})",
        style="bold",
    )


def _table(rows: Sequence[CheckedView]) -> RenderableType:
    return plain_table(
        [
            "Security",
            "Claim",
            Column(header="Printed", numeric=True),
            Column(header="Found", numeric=True),
            "Verdict",
            "Why",
        ],
        [
            [
                _security(row.claim),
                _claim(row),
                _value(row.claim, row.claim.value),
                _found(row),
                str(row.verdict),
                row.reason,
            ]
            for row in rows
        ],
    )


def _security(claim: Claim) -> str:
    if claim.listing is None:
        return claim.subject
    return f"{claim.subject} {claim.listing.id}"


def _claim(row: CheckedView) -> str:
    return f"{row.claim.measure}, {row.as_of}" if row.as_of else row.claim.measure


def _found(row: CheckedView) -> str:
    if row.found is None:
        return UNDEFINED
    if row.claim.unit in (ClaimUnit.CNY, ClaimUnit.HKD):
        return compact(float(f"{row.found:.6g}"))
    return _value(row.claim, row.found)


def _value(claim: Claim, value: float) -> str:
    if claim.unit is ClaimUnit.FRACTION:
        return percent(value, digits=2)
    if claim.unit is ClaimUnit.POINTS:
        return number(value)
    if claim.unit is ClaimUnit.MULTIPLE:
        return f"{float(f'{value:.5g}'):,.10g} x"
    return f"{compact(value)} {claim.unit}"


def _summary(rows: Sequence[CheckedView]) -> str:
    counts = Counter(str(row.verdict) for row in rows)
    if not rows:
        return "The card holds no claims."
    told = (f"{counts[name]} {name}" for name in ("agrees", "differs", "cannot be checked"))
    agree, differ, unknown = (text.split(" ", 1)[0] for text in told)
    return (
        f"Of {len(rows)} claims {agree} agree with the tables, {differ} differ, "
        f"{unknown} cannot be checked."
    )
