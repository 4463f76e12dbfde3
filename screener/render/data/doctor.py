"""Findings of the doctor, and the repairs that it proposes, on the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from screener.data.doctor import Finding
from screener.data.doctor.repair import Proposal, Refusal, Repair
from screener.data.lake.integrity.checksums import SUMS
from screener.data.lake.integrity.rebuilding import Rebuilt
from screener.render.tables import (
    UNDEFINED,
    Column,
    banner,
    heads,
    number,
    or_dash,
    percent,
    plain_table,
)
from screener.results.data import FINDINGS
from screener.workflows.data.repair import RepairPlan
from screener.workflows.data.verify import Verified

__all__ = ["rebuilt_lines", "repairs_page", "verify_page"]

_ROUND = (
    "ratios are the usual ones nearest to the open; where the announcement says another, import "
    "its action or repaired bars instead"
)
_AGAIN = "importing the same file again brings the faults back: correct the file, or repair again"
_FINDINGS_SHOWN = 20
_REFUSALS_SHOWN = 20


def verify_page(verified: Verified) -> RenderableType:
    """Return the findings as a page: counts by cause, then the first of them."""
    footer = f"{verified.n_rows:,} rows examined · data version {verified.data_version}"
    parts = banner(simulated=verified.simulated)
    if verified.findings:
        parts += [_counts(verified), Text(), *_findings(verified.findings)]
    else:
        parts.append(Text("Nothing found.", style="bold"))
    return Group(*parts, Text(footer, style="dim"))


def _counts(verified: Verified) -> RenderableType:
    return plain_table(
        [
            *heads(FINDINGS, "severity", "table", "check", "cause"),
            Column(header="found", numeric=True),
        ],
        [[*key, f"{count:,}"] for key, count in verified.counts()],
    )


def _findings(findings: Sequence[Finding]) -> list[RenderableType]:
    rows = [
        [
            item.table,
            or_dash(item.listing),
            UNDEFINED if item.session is None else item.session.isoformat(),
            item.check,
            UNDEFINED if item.value is None else f"{item.value:.4g}",
            item.cause,
        ]
        for item in findings[:_FINDINGS_SHOWN]
    ]
    names = ("table", "listing", "session", "check", "value", "cause")
    parts: list[RenderableType] = [plain_table(heads(FINDINGS, *names), rows)]
    hidden = len(findings) - _FINDINGS_SHOWN
    if hidden > 0:
        parts.append(Text(f"and {hidden:,} more: --csv FILE lists them all"))
    return parts


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
    parts = banner(simulated=plan.simulated)
    remarks = list(outcome)
    if proposal.repairs:
        parts.append(_repairs(proposal.repairs))
        remarks[:0] = [_ROUND, *_doubtful(proposal), _AGAIN]
    else:
        parts.append(Text("No repair is proposed.", style="bold"))
    if proposal.refusals:
        parts += [Text(), *_refusals(proposal.refusals)]
    return Group(*parts, *(Text(f"· {remark}") for remark in remarks))


def _repairs(repairs: Sequence[Repair]) -> RenderableType:
    numbers = ("ratio", "open says", "before", "after")
    return plain_table(
        ["listing", "session", *(Column(header=name, numeric=True) for name in numbers), "by"],
        [
            [
                item.listing,
                item.session.isoformat(),
                f"{item.ratio:g}×",
                f"{number(item.implied, digits=3)}×",
                percent(item.before, digits=1, signed=True),
                percent(item.after, digits=1, signed=True),
                item.method,
            ]
            for item in repairs
        ],
        title="Proposed repairs",
    )


def _refusals(refusals: Sequence[Refusal]) -> list[RenderableType]:
    rows = [
        [item.listing, item.session.isoformat(), item.cause, item.reason]
        for item in refusals[:_REFUSALS_SHOWN]
    ]
    parts: list[RenderableType] = [
        plain_table(["listing", "session", "cause", "no safe repair"], rows)
    ]
    hidden = len(refusals) - _REFUSALS_SHOWN
    if hidden > 0:
        parts.append(Text(f"and {hidden:,} more without a safe repair"))
    return parts


def _doubtful(proposal: Proposal) -> list[str]:
    """Name the repairs whose ratio is not quite what the open says."""
    far = [f"{item.listing} {item.session}" for item in proposal.repairs if item.doubtful]
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
