"""What reading a report brings to light: securities, notes and claims, each with its evidence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from screener.domain.listing import Listing
from screener.domain.report import Analyst, Claim, Publication, RatingLevel, Role
from screener.language import say
from screener.reports.text.text import Place

__all__ = ["Doubt", "DoubtKind", "Finding", "FoundClaim", "FoundNote", "Spotted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spotted:
    """One place at which the text names a listing.

    Parameters
    ----------
    listing
        The listing meant.
    name
        Its short name in force.
    place
        Where the name or the code stands in `Text.clean`.
    """

    listing: Listing
    name: str
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A security that the report names, with the part it plays under one theme.

    Parameters
    ----------
    listing
        The listing meant.
    also
        Other listings of the same company that the printed name fits as well.
    name, name_en
        Its short name in force, and its English name (empty if not known).
    printed
        The name as printed, or the code where only that is.
    role
        Part it plays.
    theme
        Slug of the theme; empty for a security that belongs to none.
    confidence
        From 0 to 1.
    places
        Where it stands in `Text.clean`; the first is the best evidence.
    rating
        The rating that the text gives it, as printed; empty where it gives none or several.
    """

    listing: Listing
    also: tuple[Listing, ...] = ()
    name: str
    name_en: str = ""
    printed: str
    role: Role
    theme: str
    confidence: float
    places: tuple[Place, ...]
    rating: str = ""


class DoubtKind(StrEnum):
    """Why a mention is not taken without a question."""

    NEAR_MISS = "near miss"  # spelled almost like a listed name
    MISMATCH = "mismatch"  # the code printed with a name belongs to another
    AMBIGUOUS = "ambiguous"  # the name fits several companies
    WORD = "common word"  # the name is also an ordinary word
    UNKNOWN_CODE = "unknown code"  # a code that no master lists
    NAMELESS_CODE = "code without a name"  # a number that may be the code of what is not named

    @property
    def told(self) -> str:
        """The kind in the reader's language; its value is what files call it."""
        return _KINDS[self]()


_KINDS: dict[DoubtKind, Callable[[], str]] = {
    DoubtKind.NEAR_MISS: lambda: say("near miss"),
    DoubtKind.MISMATCH: lambda: say("mismatch"),
    DoubtKind.AMBIGUOUS: lambda: say("ambiguous"),
    DoubtKind.WORD: lambda: say("common word"),
    DoubtKind.UNKNOWN_CODE: lambda: say("unknown code"),
    DoubtKind.NAMELESS_CODE: lambda: say("code without a name"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A mention that the reader does not settle by itself.

    Parameters
    ----------
    kind
        Why it is in doubt.
    printed
        As printed.
    proposals
        Listings that it could mean, the likeliest first; empty if none is known.
    reason
        What speaks for and against, for the user.
    role, theme
        Part and theme that it would have.
    place
        Where it stands in `Text.clean`.
    """

    kind: DoubtKind
    printed: str
    proposals: tuple[Listing, ...]
    reason: str
    role: Role
    theme: str
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundNote:
    """A broker note as the text tells of it; a digest has several.

    Parameters
    ----------
    number
        Its number in a digest's list of sources, counted from 1; 0 for the only note of a report.
    broker, analysts, title, industry
        As printed; empty if not printed.
    published
        Its own date if one is printed, else `None`.
    rating, rating_change, rating_level
        As printed (`强于大市`), one of `maintained`, `raised`, `lowered`, `initiated` or empty, and
        what the rating speaks of.
    """

    number: int = 0
    broker: str
    analysts: tuple[Analyst, ...] = ()
    title: str = ""
    published: Publication | None = None
    rating: str = ""
    rating_change: str = ""
    rating_level: RatingLevel | None = None
    industry: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundClaim:
    """A figure that data can check, and where the text states it."""

    claim: Claim
    place: Place
