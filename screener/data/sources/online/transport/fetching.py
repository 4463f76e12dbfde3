"""The middle step that all online sources share: every call and page of a query, in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from screener.data.sources.online.transport.protocol import Page, Query, Wire

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["fetch_all"]


def fetch_all(wire: Wire, query: Query, *, due: bool = True) -> tuple[pd.DataFrame | str, ...]:
    """Ask everything that a query holds.

    Parameters
    ----------
    wire
        The way out.
    query
        Calls and pages.
    due
        Whether rows must exist: a listing trades, a market has members. Where an empty answer is
        possible (no dividend yet, nobody suspended) pass False.

    Raises
    ------
    SourceError
        As the wire raises.
    """
    return tuple(
        wire.page(item) if isinstance(item, Page) else wire.akshare(item, due=due)
        for item in query.calls
    )
