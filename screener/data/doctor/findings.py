"""What the doctor says: one finding for each fault, with its likely cause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

import pyarrow as pa

from screener.data.lake.schema import TableName

__all__ = ["Check", "Finding", "Severity", "Tables", "gathered", "in_order"]

Tables = Mapping[TableName, pa.Table]
"""Rows of any table of the lake by its name, as stored."""


class Severity(StrEnum):
    """How bad a finding is, the worst first."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """Its place from the worst on, from 0."""
        return list(Severity).index(self)


class Check(StrEnum):
    """What was checked."""

    PRICE_LIMIT = "price_limit"
    IDENTITY = "identity"
    GAP = "gap"
    SESSION = "session"
    PRICES = "prices"
    UNIT = "unit"
    LIFE = "life"
    SUSPENDED = "suspended"
    DATES = "dates"
    REPEATED = "repeated"
    LOT = "lot"
    CALENDAR = "calendar"
    TERMS = "terms"
    EX_MOVE = "ex_move"
    FACTOR = "factor"
    MONOTONE = "monotone"
    SHARES = "shares"
    FX_MOVE = "fx_move"
    SPAN = "span"
    SENSE = "sense"
    REJECTED = "rejected"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that is probably wrong.

    Parameters
    ----------
    table
        Table that it is about, or `files` for damaged data files.
    listing
        Listing, or what else the rows are keyed by: pair, exchange, file; may be empty.
    session
        Day of the fault, the first one where there are several; `None` where it has none.
    value
        What was found: a move as a fraction, a ratio, or a number of rows.
    expected
        What it should be.
    """

    table: str
    listing: str
    session: date | None
    check: Check
    severity: Severity
    cause: str
    value: float | None
    expected: str


def in_order(findings: list[Finding]) -> tuple[Finding, ...]:
    """Return findings by listing, session and check."""
    return tuple(
        sorted(findings, key=lambda item: (item.listing, item.session or date.min, item.check))
    )


def gathered(parts: Sequence[Sequence[Finding]]) -> tuple[Finding, ...]:
    """Return what was found of a table some listings at a time, as of all at once.

    A day without a session is one finding for all listings of an exchange: the first of them, and
    the rows of all. Damage that stands in the way of every part is told once.
    """
    if len(parts) < 2:
        return tuple(finding for part in parts for finding in part)
    found: list[Finding] = []
    together: dict[Finding, Finding] = {}
    for finding in (finding for part in parts for finding in part):
        if finding.check is Check.DAMAGED:
            together[finding] = finding
        elif finding.check is Check.SESSION and finding.value is not None:
            key = replace(finding, listing="", value=None)
            before = together.get(key, replace(finding, value=0))
            first = min(before, finding, key=lambda item: item.listing)
            together[key] = replace(first, value=(before.value or 0) + finding.value)
        else:
            found.append(finding)
    return in_order([*found, *together.values()])
