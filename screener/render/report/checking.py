"""How a report's claims compare with the tables, on the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from screener.data.lake.schema import SIMULATED
from screener.domain.report import Claim, ClaimUnit
from screener.language import say
from screener.render.local import measure, told, word
from screener.render.tables import (
    UNDEFINED,
    compact,
    heads,
    in_unit,
    number,
    percent,
    plain_table,
    published_text,
    times,
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
        yield Text(
            say("{mark} market: every figure found below is made up", mark=SIMULATED), style="bold"
        )
    published = published_text(result.published)
    yield Text(
        say(
            "Claims of {report}, published {day} (data version {version})",
            report=result.report,
            day=published,
            version=result.data_version,
        ),
        style="bold",
    )


def _table(rows: Sequence[Checked]) -> RenderableType:
    return plain_table(
        [
            say("Security"),
            say("Claim"),
            *heads(CHECKING, "printed", "found", "verdict", "reason"),
        ],
        [
            [
                _security(row.claim),
                _claim(row),
                _value(row.claim, row.claim.value),
                _found(row),
                word(str(row.verdict)),
                told(row.reason),
            ]
            for row in rows
        ],
    )


def _security(claim: Claim) -> str:
    if claim.listing is None:
        return claim.subject
    return f"{claim.subject} {claim.listing.id}"


def _claim(row: Checked) -> str:
    what = measure(row.claim.measure)
    return say("{measure}, {day}", measure=what, day=row.as_of) if row.as_of else what


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
        return times(float(f"{value:.5g}"))
    return in_unit(value, claim.unit)


def _summary(result: Checking) -> str:
    if not result.rows:
        return say("The card holds no claims.")
    agree, differ, unknown = (
        result.count(verdict)
        for verdict in (ClaimState.AGREES, ClaimState.DIFFERS, ClaimState.UNKNOWN)
    )
    return say(
        "Of {n} claims {agree} agree with the tables, {differ} differ, {unknown} cannot be "
        "checked.",
        n=len(result.rows),
        agree=agree,
        differ=differ,
        unknown=unknown,
    )
