"""Doubtful mentions of a report: asked, taken or left out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from enum import StrEnum

from screener.domain.listing import Listing
from screener.reports.reader import Reading
from screener.reports.securities.name_index import NameIndex
from screener.reports.text.found import Doubt, Finding

__all__ = ["Answer", "Settle", "sentence_at", "settle_doubts"]

Answer = Callable[[Doubt, str], Listing | None]
"""Asks the user what a doubtful mention means, given its sentence; `None` leaves it out."""

_ANSWERED = 0.75
"""Confidence of a security that the user settled."""


class Settle(StrEnum):
    """What becomes of doubtful mentions."""

    ASK = "ask"
    YES = "yes"  # take the likeliest proposal
    STRICT = "strict"  # leave them out
    LEAVE = "leave"  # leave them out and say so


def settle_doubts(
    reading: Reading, names: NameIndex, settle: Settle, ask: Answer | None
) -> tuple[list[Finding], tuple[Doubt, ...]]:
    """Settle the doubtful mentions as the user wishes; return those taken and those left open.

    Parameters
    ----------
    reading
        The reading.
    names
        Names of the listings.
    settle, ask
        What becomes of them; `ask` is called for each with `Settle.ASK`.
    """
    taken: list[Finding] = []
    left: list[Doubt] = []
    have = {one.listing for one in reading.securities.findings}
    for doubt in reading.securities.doubts:
        listing = _answer(doubt, reading, settle, ask)
        if listing is None:
            left.append(doubt)
        elif listing not in have and listing in names.companies:
            have.add(listing)
            taken.append(_finding(doubt, listing, names, reading.day))
    return taken, tuple(left)


def _answer(doubt: Doubt, reading: Reading, settle: Settle, ask: Answer | None) -> Listing | None:
    if not doubt.proposals:
        return None
    if settle is Settle.YES:
        return doubt.proposals[0]
    if settle is Settle.ASK and ask is not None:
        return ask(doubt, sentence_at(reading, doubt.place.start))
    return None


def sentence_at(reading: Reading, offset: int) -> str:
    """Return the sentence at an offset, as printed, for showing on screen."""
    clean = reading.text.clean
    start = max(clean.rfind(mark, 0, offset) for mark in "。!?;") + 1
    stops = [end for mark in "。!?;" if (end := clean.find(mark, offset)) >= 0]
    end = min(stops, default=len(clean) - 1) + 1
    start, end = max(start, offset - 60), min(end, offset + 80)
    first, last = reading.text.starts[start], reading.text.starts[end - 1] + 1
    return "".join(reading.text.original[first:last].split())


def _finding(doubt: Doubt, listing: Listing, names: NameIndex, day: date) -> Finding:
    company = names.companies[listing]
    return Finding(
        listing=listing,
        name=company.name_on(day),
        name_en=company.name_en,
        printed=doubt.printed,
        role=doubt.role,
        theme=doubt.theme,
        confidence=_ANSWERED,
        places=(doubt.place,),
    )
