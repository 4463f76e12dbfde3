"""Questions about claims, and the answers that the tables give."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from screener.domain.listing import Listing
from screener.domain.report import Claim
from screener.language import say
from screener.language.lists import clauses
from screener.workflows.report.check_tables import Tables
from screener.workflows.report.check_values import agrees, cut_off

__all__ = ["Answer", "ClaimQuestion", "ClaimState", "unknown"]


class ClaimState(StrEnum):
    """What a check says of a claim."""

    AGREES = "agrees"
    DIFFERS = "differs"
    UNKNOWN = "cannot be checked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the tables say of a claim.

    Parameters
    ----------
    verdict
        Whether they agree.
    reason
        What it was compared with, where the printed figure comes from, or why nothing can be said.
    found
        The tables' value, in the claim's unit; `None` where they have none.
    lacks
        What to fetch to check it, as `screener data update --only` names it; empty for nothing.
    """

    verdict: ClaimState
    reason: str
    found: float | None = None
    lacks: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimQuestion:
    """A claim about a listing, and what is needed to check it.

    Parameters
    ----------
    claim, listing
        The claim and the listing it is about.
    day
        Day to which it refers; the last before publication where it names none.
    published
        Day of publication.
    step
        Unit of the last digit printed.
    tables
        Rows of the lake.
    """

    claim: Claim
    listing: Listing
    day: date
    published: date
    step: Decimal
    tables: Tables

    def compared(self, found: float, reason: str) -> Answer:
        """Compare a value with the printed one, as exactly as that was printed."""
        if self.agrees(found):
            return Answer(verdict=ClaimState.AGREES, reason=reason, found=found)
        if cut_off(self.claim, found, self.step):
            reason = clauses([reason, say("printed with its last digits cut off, not rounded")])
        return Answer(verdict=ClaimState.DIFFERS, reason=reason, found=found)

    def agrees(self, found: float) -> bool:
        """Tell whether a value is the printed one; "more than" and "less than" are bounds."""
        told = self.claim.remark
        if told.startswith("more than") or self.claim.measure.endswith(", low end"):
            return agrees(self.claim, found, self.step) or found > self.claim.value
        if told.startswith("less than") or self.claim.measure.endswith(", high end"):
            return agrees(self.claim, found, self.step) or found < self.claim.value
        return agrees(self.claim, found, self.step)


def unknown(reason: str, *, lacks: str = "") -> Answer:
    """Return the answer that a claim cannot be checked, and what would have to be fetched."""
    return Answer(verdict=ClaimState.UNKNOWN, reason=reason, lacks=lacks)
