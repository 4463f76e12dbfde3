"""Findings of the doctor, and the repairs that it proposes, on the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from rich.console import Group, RenderableType
from rich.text import Text

from screener.data.doctor.repair import (
    Proposal,
)
from screener.data.lake.integrity.checksums import (
    SUMS,
)
from screener.data.lake.integrity.rebuilding import Rebuilt
from screener.data.lake.schema import SIMULATED
from screener.render.tables import UNDEFINED, Column, number, or_dash, percent, plain_table
from screener.workflows.data.repair import RepairPlan
from screener.workflows.data.verify import Verified

__all__ = [
    "FindingLine",
    "RefusalLine",
    "RepairLine",
    "findings_view",
    "rebuilt_lines",
    "repairs_page",
    "repairs_view",
    "verify_page",
]


_FAR = 0.02

_ROUND = (
    "ratios are the usual ones nearest to the open; where the announcement says another, import "
    "its action or mended bars instead"
)

_AGAIN = "importing the same file again brings the faults back: mend the file, or repair again"

_FINDINGS_SHOWN = 20
_REFUSALS_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingLine:
    """One finding of the doctor."""

    table: str
    listing: str
    session: date | None
    check: str
    severity: str
    cause: str
    value: float | None
    expected: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairLine:
    """One proposed repair: moves as fractions, the ratio, and what the open says it is."""

    listing: str
    session: date
    ratio: float
    implied: float
    before: float
    after: float
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalLine:
    """A jump that no repair is proposed for, and why."""

    listing: str
    session: date
    cause: str
    reason: str


def findings_view(
    counts: Sequence[tuple[tuple[str, str, str, str], int]],
    lines: Sequence[FindingLine],
    *,
    banner: str,
    footer: str,
) -> RenderableType:
    """Return findings: how many of each severity, table, check and cause, then the first ones."""
    parts: list[RenderableType] = [Text(banner, style="bold reverse"), Text()] if banner else []
    if not lines:
        return Group(*parts, Text("Nothing found.", style="bold"), Text(footer, style="dim"))
    summary: list[Column | str] = [
        "severity",
        "table",
        "check",
        "cause",
        Column(header="found", numeric=True),
    ]
    parts.append(plain_table(summary, [[*key, f"{count:,}"] for key, count in counts]))
    parts.append(Text())
    columns: list[Column | str] = [
        "table",
        "listing",
        "session",
        "check",
        Column(header="value", numeric=True),
        "cause",
    ]
    rows = [
        [
            line.table,
            or_dash(line.listing),
            UNDEFINED if line.session is None else line.session.isoformat(),
            line.check,
            UNDEFINED if line.value is None else f"{line.value:.4g}",
            line.cause,
        ]
        for line in lines[:_FINDINGS_SHOWN]
    ]
    parts.append(plain_table(columns, rows))
    hidden = len(lines) - _FINDINGS_SHOWN
    if hidden > 0:
        parts.append(Text(f"and {hidden:,} more: --csv FILE lists them all"))
    return Group(*parts, Text(footer, style="dim"))


def repairs_view(
    repairs: Sequence[RepairLine],
    refusals: Sequence[RefusalLine],
    *,
    banner: str,
    remarks: Sequence[str],
) -> RenderableType:
    """Return the repairs proposed, all of them, and the jumps that have no safe one."""
    parts: list[RenderableType] = [Text(banner, style="bold reverse"), Text()] if banner else []
    if repairs:
        columns: list[Column | str] = [
            "listing",
            "session",
            *(
                Column(header=name, numeric=True)
                for name in ("ratio", "open says", "before", "after")
            ),
            "by",
        ]
        rows = [
            [
                line.listing,
                line.session.isoformat(),
                f"{line.ratio:g}×",
                f"{number(line.implied, digits=3)}×",
                percent(line.before, digits=1, signed=True),
                percent(line.after, digits=1, signed=True),
                line.method,
            ]
            for line in repairs
        ]
        parts.append(plain_table(columns, rows, title="Proposed repairs"))
    else:
        parts.append(Text("No repair is proposed.", style="bold"))
    if refusals:
        parts.append(Text())
        parts.append(
            plain_table(
                ["listing", "session", "cause", "no safe repair"],
                [
                    [line.listing, line.session.isoformat(), line.cause, line.reason]
                    for line in refusals[:_REFUSALS_SHOWN]
                ],
            )
        )
        hidden = len(refusals) - _REFUSALS_SHOWN
        if hidden > 0:
            parts.append(Text(f"and {hidden:,} more without a safe repair"))
    return Group(*parts, *(Text(f"· {remark}") for remark in remarks))


def repairs_page(plan: RepairPlan, *, outcome: Sequence[str]) -> RenderableType:
    """Return a plan as a page.

    Parameters
    ----------
    plan
        What is proposed, and what is not.
    outcome
        What was done with it, line by line.
    """
    proposal = plan.proposal
    remarks = list(outcome)
    if proposal.repairs:
        remarks[:0] = [_ROUND, *_doubtful(proposal), _AGAIN]
    return repairs_view(
        [
            RepairLine(
                listing=item.listing,
                session=item.session,
                ratio=item.ratio,
                implied=item.implied,
                before=item.before,
                after=item.after,
                method=str(item.method),
            )
            for item in proposal.repairs
        ],
        [
            RefusalLine(
                listing=item.listing,
                session=item.session,
                cause=item.cause,
                reason=item.reason,
            )
            for item in proposal.refusals
        ],
        banner=f" {SIMULATED}: invented prices " if plan.simulated else "",
        remarks=remarks,
    )


def _doubtful(proposal: Proposal) -> list[str]:
    """Name the repairs whose ratio is not quite what the open says."""
    far = [
        f"{item.listing} {item.session}"
        for item in proposal.repairs
        if abs(item.implied / item.ratio - 1) > _FAR
    ]
    return [f"look these up first, the open is over 2 % off: {', '.join(far)}"] if far else []


def rebuilt_lines(done: Rebuilt) -> list[str]:
    """Say what was recorded, and what was proven and what not."""
    proof = (
        f"The rows of data version {done.version} are those that were committed."
        if done.proven
        else f"Nothing proves that the rows of data version {done.version} are those that were "
        "committed: an older program wrote it, which left no digest."
    )
    return [
        f"{done.files:,} data files and the catalog were recorded in {SUMS} as they are.",
        proof,
        "Nothing proves the rows that older versions alone hold.",
    ]


def verify_page(verified: Verified) -> RenderableType:
    """Return the findings as a page: counts by cause, then the first of them."""
    counts = Counter(
        (item.severity, str(item.table), str(item.check), item.cause) for item in verified.findings
    )
    ordered = sorted(counts.items(), key=lambda entry: (entry[0][0].rank, entry[0][1:]))
    lines = [
        FindingLine(
            table=item.table,
            listing=item.listing,
            session=item.session,
            check=str(item.check),
            severity=str(item.severity),
            cause=item.cause,
            value=item.value,
            expected=item.expected,
        )
        for item in verified.findings
    ]
    return findings_view(
        [((str(key[0]), *key[1:]), count) for key, count in ordered],
        lines,
        banner=f" {SIMULATED}: invented prices " if verified.simulated else "",
        footer=f"{verified.n_rows:,} rows examined · data version {verified.data_version}",
    )
