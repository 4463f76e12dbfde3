"""Findings of the doctor, and the repairs that it proposes, on the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from rich.console import Group, RenderableType
from rich.text import Text

from screener.render.tables import UNDEFINED, Column, number, or_dash, percent, plain_table

__all__ = ["FindingLine", "RefusalLine", "RepairLine", "findings_view", "repairs_view"]

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
