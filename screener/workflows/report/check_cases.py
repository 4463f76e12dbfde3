"""Claims about no listing: what a worked case prints is held against its own figures."""

from __future__ import annotations

from collections.abc import Iterable

from screener.domain.report import Claim
from screener.language import say
from screener.language.amounts import Amount
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
        return unknown(say("it is about no listing"))
    own = [one for one in claims if one.subject == claim.subject]
    costs = [one.value for one in own if one.measure == "investment"]
    rents = [one.value for one in own if one.measure.startswith("rent a year")]
    if len(costs) != 1 or not rents or sum(rents) <= 0:
        return unknown(say("its investment or its rent is not told"))
    rent = sum(rents) / len(rents)
    years = costs[0] / rent
    sum_ = say("{cost} / {rent} a year", cost=Amount(costs[0], ",.1f"), rent=Amount(rent, ",.3g"))
    if pays_back(years, claim.value):
        return Answer(verdict=ClaimState.AGREES, reason=sum_, found=years)
    reason = say(
        "contradicted by its own figures: {sum} is {years:.1f} years", sum=sum_, years=years
    )
    return Answer(verdict=ClaimState.DIFFERS, reason=reason, found=years)
