"""Everything of a report that is figures: claims, tracked indices, climate, estimates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from screener.domain.report import Estimate, IndexMove, Publication
from screener.language import say
from screener.reports.claims.claims import Reader
from screener.reports.claims.climate import climate_in
from screener.reports.claims.estimates import estimates_of
from screener.reports.text.found import FoundClaim, Spotted
from screener.reports.text.text import Text

__all__ = ["Facts", "facts_in"]

_MOST = 5  # figures in doubt that are shown
_LONGEST = 40  # characters of one


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
        questions=_questions(text, reader),
    )


def _questions(text: Text, reader: Reader) -> tuple[str, ...]:
    """Return one line for each figure in doubt, the first of them by name."""
    shown = list(dict.fromkeys(text.printed(place) for place in reader.open))
    lines = [
        say(
            "a figure is not taken, for it is not clear which or whose: {figure}",
            figure=one[:_LONGEST],
        )
        for one in shown[:_MOST]
    ]
    if len(shown) > _MOST:
        more = len(shown) - _MOST
        lines.append(say("{n} more figures are not taken for the same reason", n=more))
    return tuple(dict.fromkeys([*reader.targets.questions(), *lines]))
