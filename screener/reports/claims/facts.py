"""Everything of a report that is figures: claims, tracked indices, climate, estimates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from screener.domain.report import Estimate, IndexMove, Publication
from screener.reports.claims.claims import Reader
from screener.reports.claims.climate import climate_in
from screener.reports.claims.estimates import estimates_of
from screener.reports.text.found import FoundClaim, Spotted
from screener.reports.text.text import Text

__all__ = ["Facts", "facts_in"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The figures of a report.

    Parameters
    ----------
    claims
        Those that data can check, in the order of the text, each once.
    indices
        Moves of the indices that it tracks.
    climate
        Sectors with their outlook.
    estimates
        Earnings a share and profits that it expects, by fiscal year.
    questions
        Figures that were not taken because it is not clear whose they are, one line each.
    """

    claims: tuple[FoundClaim, ...] = ()
    indices: tuple[IndexMove, ...] = ()
    climate: tuple[tuple[str, str], ...] = ()
    estimates: tuple[Estimate, ...] = ()
    questions: tuple[str, ...] = ()


def facts_in(
    text: Text,
    spotted: Sequence[Spotted],
    *,
    published: Publication | None,
    reference: date | None,
) -> Facts:
    """Find the figures of a report; the parameters are those of `claims_in`."""
    reader = Reader(text, spotted, published, reference)
    claims = reader.claims()
    return Facts(
        claims=claims,
        indices=tuple(reader.sectors.indices),
        climate=tuple(climate_in(text.original)),
        estimates=estimates_of([found.claim for found in claims]),
        questions=tuple(dict.fromkeys(reader.targets.questions())),
    )
