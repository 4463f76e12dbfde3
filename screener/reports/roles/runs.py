"""Names of one enumeration, with the part that they play."""

from __future__ import annotations

from dataclasses import dataclass

from screener.domain.report import Role
from screener.reports.roles.rating_marks import Rated
from screener.reports.securities.mentions import Mention
from screener.reports.text.text import Place

__all__ = ["Run"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Names of one enumeration and the part they play.

    Parameters
    ----------
    mentions
        The names, in order.
    place
        From the first to the last of them.
    role
        Part that they play.
    cue
        Word that says so; `None` where none does.
    ratings
        The ratings that the text gives them here, the first counts.
    """

    mentions: tuple[Mention, ...]
    place: Place
    role: Role
    cue: Place | None = None
    ratings: tuple[Rated, ...] = ()
