"""Claims about no listing: what a worked case prints is held against its own figures."""

from __future__ import annotations

from collections.abc import Iterable

from screener.domain.report import Claim
from screener.reports.claims.cases import PAYBACK, pays_back
from screener.workflows.report.check_answers import Answer, ClaimState, unknown

__all__ = ["answer_without_listing"]


def answer_without_listing(claim: Claim, claims: Iterable[Claim]) -> Answer:
    """Compare a case's payback with its investment divided by a year's rent.

    Parameters
    ----------
    claim
        The claim.
    claims
        All claims of its report.
    """
    if claim.measure != PAYBACK:
        return unknown("it is about no listing")
    own = [one for one in claims if one.subject == claim.subject]
    costs = [one.value for one in own if one.measure == "investment"]
    rents = [one.value for one in own if one.measure.startswith("rent a year")]
    if len(costs) != 1 or not rents or sum(rents) <= 0:
        return unknown("its investment or its rent is not told")
    rent = sum(rents) / len(rents)
    years = costs[0] / rent
    sum_ = f"{costs[0] / 1e9:,.1f} bn / {rent / 1e9:,.3g} bn a year"
    if pays_back(years, claim.value):
        return Answer(verdict=ClaimState.AGREES, reason=sum_, found=years)
    reason = f"contradicted by its own figures: {sum_} is {years:.1f} years"
    return Answer(verdict=ClaimState.DIFFERS, reason=reason, found=years)
