"""Who entered and who left a screen."""

from __future__ import annotations

from collections.abc import Mapping

from screener.language import say
from screener.language.lists import clauses
from screener.workflows.screen.run import ScreenResult

__all__ = ["screen_changes"]


def screen_changes(was: Mapping[str, str], now: ScreenResult) -> list[dict[str, str]]:
    """Compare who passed before with who passes now.

    Parameters
    ----------
    was
        Name of each listing that passed before; empty where it is not known.
    now
        The screen of now.

    Returns
    -------
    list of dict
        `change` (`entered` by rank, then `left` as in `was`), `listing`, `name` and `reason`: why a
        name that left fails now, or that it is listed no longer.
    """
    passing = {row.listing for row in now.passes}
    looked = {row.listing: row for row in now.rows}
    rows = [
        {"change": "entered", "listing": row.listing, "name": row.name, "reason": ""}
        for row in now.passes
        if row.listing not in was
    ]
    for listing, name in was.items():
        if listing not in passing:
            row = looked.get(listing)
            why = clauses(row.reasons) if row else say("no longer listed")
            known = name or (row.name if row else "")
            left = {"change": "left", "listing": listing, "name": known, "reason": why}
            rows.append(left)
    return rows
