"""How a report's claims compare with the tables, on the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from screener.domain.report import Claim, ClaimUnit
from screener.render.tables import (
    UNDEFINED,
    compact,
    heads,
    number,
    percent,
    plain_table,
    published_text,
)
from screener.results.reports import CHECKING
from screener.workflows.report.check import Checked, Checking, ClaimState

__all__ = ["checking_view"]


def checking_view(result: Checking) -> RenderableType:
    """Show the claims with the figure that the tables have, and how many agree.

    Remarks are not part of it: they belong on standard error.
    """
    parts: list[RenderableType] = list(_heading(result))
    if result.rows:
        parts.append(_table(result.rows))
    parts.append(Text(_summary(result), style="bold"))
    return Group(*parts)


def _heading(result: Checking) -> Iterator[Text]:
    if result.simulated:
        yield Text("SIMULATED market: every figure found below is made up", style="bold")
    published = published_text(result.published)
    yield Text(
        f"Claims of {result.report}, published {published} (data version {result.data_version})",
        style="bold",
    )


def _table(rows: Sequence[Checked]) -> RenderableType:
    return plain_table(
        [
            "Security",
            "Claim",
            *heads(CHECKING, "printed", "found", "verdict", "reason"),
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


def _claim(row: Checked) -> str:
    return f"{row.claim.measure}, {row.as_of}" if row.as_of else row.claim.measure


def _found(row: Checked) -> str:
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


def _summary(result: Checking) -> str:
    if not result.rows:
        return "The card holds no claims."
    agree, differ, unknown = (
        result.count(verdict)
        for verdict in (ClaimState.AGREES, ClaimState.DIFFERS, ClaimState.UNKNOWN)
    )
    return (
        f"Of {len(result.rows)} claims {agree} agree with the tables, {differ} differ, "
        f"{unknown} cannot be checked."
    )
