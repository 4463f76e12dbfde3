"""The same names bought on other days: what they returned before the report."""

from __future__ import annotations

import numpy as np

from screener.domain.arrays import FloatArray, Places
from screener.domain.panel import PricePanel
from screener.errors import ComputeError
from screener.language import say
from screener.paths.event_tables import CASH, EventTable, event_table
from screener.paths.kernel import paper_paths
from screener.paths.path_panel import NONE, PathPanel
from screener.study.placebo.placebo import Holding
from screener.study.placebo.universe import tradable_in

__all__ = ["LEAST_DATES", "SESSIONS_BACK", "dated_returns", "earlier_dates"]


LEAST_DATES = 20
"""With fewer days there is no comparison."""
SESSIONS_BACK = 500
"""Sessions before an entry among which days are looked for."""


def earlier_dates(
    panel: PricePanel, holding: Holding, sessions: int, *, draws: int, seed: int
) -> Places:
    """Find sessions on which all names of a basket could be bought, and be held, before it was.

    A window that begins there ends before the real one begins: they do not overlap, and no later
    data ever change it. Every such session among the last 500 is taken where there are no more
    than draws.

    Parameters
    ----------
    panel
        Prices and facts of the names, from well before the real purchase on.
    holding
        The real basket, in rows of this panel.
    sessions
        Sessions that a window takes: those that the real one was held.
    draws
        Most sessions wanted; of more, so many are drawn without repetition.
    seed
        Seed of that choice.

    Returns
    -------
    numpy.ndarray
        `(n_dates,)` rows, ascending.

    Raises
    ------
    ComputeError
        If there are fewer than 20, or no name was bought.
    """
    columns = [holding.columns[at] for at in holding.bought]
    if not columns:
        raise ComputeError(say("no name was bought"))
    first = min(row for row in holding.entry_rows if row >= 0)
    rows = np.flatnonzero(panel.trading[:first, columns].all(axis=1))[-SESSIONS_BACK:]
    ends = _ends(panel, columns, rows, sessions)
    rows = rows[ends < first]
    fitting: Places = rows[tradable_in(panel, rows, columns).all(axis=1)]
    if len(fitting) < LEAST_DATES:
        raise ComputeError(
            say(
                "{n} earlier sessions on which all names could be bought and held for "
                "{sessions} sessions before their entry; {least_dates} are needed",
                n=len(fitting),
                sessions=sessions,
                least_dates=LEAST_DATES,
            ),
            fix=say("import an earlier history of the names"),
        )
    if len(fitting) <= draws:
        return fitting
    return np.sort(np.random.default_rng(seed).choice(fitting, draws, replace=False))


def dated_returns(panel: PathPanel, holding: Holding, rows: Places, sessions: int) -> FloatArray:
    """Return `(n_dates,)` paper returns of the basket bought on other days.

    Parameters
    ----------
    panel
        Its names, or indices in their places, as the kernel reads them; a window that lacks a
        price is NaN.
    holding
        The real basket; a name that was not bought stays in cash here too.
    rows
        `(n_dates,)` rows of purchase.
    sessions
        Sessions that each window takes.
    """
    found = paper_paths(panel, _table(holding, rows), (sessions,))
    returns: FloatArray = found.returns[:, 0]
    return returns


def _ends(panel: PricePanel, columns: list[int], rows: Places, sessions: int) -> Places:
    """Return the last row of a window from each row on: that of the name that ends last."""
    beyond = len(panel.sessions)
    ends = np.zeros(len(rows), dtype=np.intp)
    for column in columns:
        own = panel.own_rows(column)
        at = np.searchsorted(own, rows) + sessions - 1
        last = np.where(at < len(own), own[np.minimum(at, len(own) - 1)], beyond)
        ends = np.maximum(ends, last)
    return ends


def _table(holding: Holding, rows: Places) -> EventTable:
    n_names = len(holding.columns)
    bought = np.zeros(n_names, dtype=bool)
    bought[list(holding.bought)] = True
    columns = np.where(bought, holding.columns, CASH)
    entries = np.where(bought, rows[:, np.newaxis], NONE)
    return event_table(
        np.arange(len(rows) + 1) * n_names,
        np.tile(columns, len(rows)),
        np.tile(holding.weights, len(rows)),
        entries.ravel(),
    )
