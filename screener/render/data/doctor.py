"""Findings of the doctor, and the repairs that it proposes, on the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from screener.data.doctor import Finding
from screener.data.doctor.repair import Proposal, Refusal, Repair
from screener.data.lake.integrity.checksums import SUMS
from screener.data.lake.integrity.rebuilding import Rebuilt
from screener.data.lake.schema import TableName
from screener.language import say
from screener.language.lists import listed
from screener.language.terms import named
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

_FINDINGS_SHOWN = 20
_REFUSALS_SHOWN = 20


def verify_page(verified: Verified) -> RenderableType:
    """Return the findings as a page: counts by cause, then the first of them."""
    footer = say(
        "{n:,} rows examined · data version {version}",
        n=verified.n_rows,
        version=verified.data_version,
    )
    parts = banner(simulated=verified.simulated)
    if verified.findings:
        parts += [_counts(verified), Text(), *_findings(verified.findings)]
    else:
        parts.append(Text(say("Nothing found."), style="bold"))
    return Group(*parts, Text(footer, style="dim"))


def _counts(verified: Verified) -> RenderableType:
    return plain_table(
        [
            *heads(FINDINGS, "severity", "table", "check", "cause"),
            Column(header=say("found"), numeric=True),
        ],
        [
            [named(severity), named(table), named(check), cause, f"{count:,}"]
            for (severity, table, check, cause), count in verified.counts()
        ],
    )


def _findings(findings: Sequence[Finding]) -> list[RenderableType]:
    rows = [
        [
            named(item.table),
            or_dash(named(item.listing) if item.listing in set(TableName) else item.listing),
            UNDEFINED if item.session is None else item.session.isoformat(),
            named(item.check),
            UNDEFINED if item.value is None else f"{item.value:.4g}",
            item.cause,
        ]
        for item in findings[:_FINDINGS_SHOWN]
    ]
    names = ("table", "listing", "session", "check", "value", "cause")
    parts: list[RenderableType] = [plain_table(heads(FINDINGS, *names), rows)]
    hidden = len(findings) - _FINDINGS_SHOWN
    if hidden > 0:
        parts.append(Text(say("and {n:,} more: --csv FILE lists them all", n=hidden)))
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
        usual = say(
            "ratios are the usual ones nearest to the open; where the announcement says another, "
            "import its action or repaired bars instead"
        )
        again = say(
            "importing the same file again brings the faults back: correct the file, or repair "
            "again"
        )
        remarks[:0] = [usual, *_doubtful(proposal), again]
    else:
        parts.append(Text(say("No repair is proposed."), style="bold"))
    if proposal.refusals:
        parts += [Text(), *_refusals(proposal.refusals)]
    return Group(*parts, *(Text(f"· {remark}") for remark in remarks))


def _repairs(repairs: Sequence[Repair]) -> RenderableType:
    numbers = (say("ratio"), say("open says"), say("before"), say("after"))
    columns = [Column(header=name, numeric=True) for name in numbers]
    return plain_table(
        [named("listing"), say("session"), *columns, say("by")],
        [
            [
                item.listing,
                item.session.isoformat(),
                f"{item.ratio:g}×",
                f"{number(item.implied, digits=3)}×",
                percent(item.before, digits=1, signed=True),
                percent(item.after, digits=1, signed=True),
                named(item.method),
            ]
            for item in repairs
        ],
        title=say("Proposed repairs"),
    )


def _refusals(refusals: Sequence[Refusal]) -> list[RenderableType]:
    rows = [
        [item.listing, item.session.isoformat(), item.cause, item.reason]
        for item in refusals[:_REFUSALS_SHOWN]
    ]
    parts: list[RenderableType] = [
        plain_table([named("listing"), say("session"), say("cause"), say("no safe repair")], rows)
    ]
    hidden = len(refusals) - _REFUSALS_SHOWN
    if hidden > 0:
        parts.append(Text(say("and {n:,} more without a safe repair", n=hidden)))
    return parts


def _doubtful(proposal: Proposal) -> list[str]:
    """Name the repairs whose ratio is not quite what the open says."""
    far = [f"{item.listing} {item.session}" for item in proposal.repairs if item.doubtful]
    told = say("look these up first, the open is over 2 % off: {names}", names=listed(far))
    return [told] if far else []


def rebuilt_lines(done: Rebuilt) -> list[str]:
    """Say what was recorded, and what was proven and what not."""
    proof = say(
        "Nothing proves that the rows of data version {version} are those that were committed: an "
        "older program wrote it, which left no digest.",
        version=done.version,
    )
    if done.proven:
        proof = say(
            "The rows of data version {version} are those that were committed.",
            version=done.version,
        )
    return [
        say(
            "{n:,} data files and the catalog were recorded in {file} as they are.",
            n=done.files,
            file=SUMS,
        ),
        proof,
        say("Nothing proves the rows that older versions alone hold."),
    ]
