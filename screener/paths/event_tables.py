"""What the event-time kernel takes and gives: a table of events, and their paper paths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from screener.domain.arrays import FlagMatrix, FloatMatrix, FloatVector, IntArray
from screener.domain.panel import PricePanel
from screener.errors import BasketDefinitionError, DataError
from screener.language import say
from screener.paths.legs import Leg
from screener.paths.path_panel import NONE, whole_numbers

__all__ = [
    "CASH",
    "EventTable",
    "PaperPaths",
    "event_table",
    "events_of_legs",
]

CASH = -1
"""Column of money that is in no listing."""
_WEIGHT_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EventTable:
    """Many baskets, each bought once: their names one after the other; made by `event_table`.

    Parameters
    ----------
    offsets
        `(n_events + 1,)` where each event's names begin; the last one is the number of names.
    columns
        `(n_names,)` column of the panel, `CASH` for money that stays cash from the start.
    weights
        `(n_names,)` fractions at entry that sum to 1 in each event, or to 0 if nothing is in it.
    entry_rows
        `(n_names,)` scheduled entry before any delay, session 1; -1 where the data end before it
        (the name waits), and for `CASH` that stands for a name left out.
    fill_rows
        `(n_names,)` row of the purchase, -1 for never; `None` if each is bought at its delayed
        entry. It holds for every horizon that ends on it or later: before that the money is cash.
    available_rows
        `(n_events,)` last available row on any exchange of the event; `None` for the
        last row of any data in the panel.
    """

    offsets: IntArray
    columns: IntArray
    weights: FloatVector
    entry_rows: IntArray
    fill_rows: IntArray | None
    available_rows: IntArray | None

    def __len__(self) -> int:
        return len(self.offsets) - 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PaperPaths:
    """Paper returns of events, one row per event, one column per horizon.

    Parameters
    ----------
    returns
        `(n_events, n_horizons)` fractions; for a pending row to the last row at which every name
        held still has data. NaN where nothing has begun, or a price or a rate is missing.
    sessions_held
        `(n_events, n_horizons)` sessions from entry to the last one valued, of the name that got
        least far.
    pending
        `(n_events, n_horizons)` whether later data may still change the row.
    last_rows
        `(n_events, n_horizons)` last row valued of any name, -1 if nothing has begun.
    first_rows
        `(n_events,)` first delayed entry of any name, -1 if nothing has begun.
    path_offsets
        `(n_events + 1,)` where each event's path begins; all 0 if no paths were asked for.
    path_values
        Values of each event's longest horizon at the close of every row of the panel from
        `first_rows` to its last, 1 before it, one event after the other.
    """

    returns: FloatMatrix
    sessions_held: IntArray
    pending: FlagMatrix
    last_rows: IntArray
    first_rows: IntArray
    path_offsets: IntArray
    path_values: FloatVector

    def path(self, event: int) -> FloatVector:
        """Return the value path of one event, empty if nothing has begun."""
        return self.path_values[self.path_offsets[event] : self.path_offsets[event + 1]]


def event_table(
    offsets: npt.ArrayLike,
    columns: npt.ArrayLike,
    weights: npt.ArrayLike,
    entry_rows: npt.ArrayLike,
    *,
    fill_rows: npt.ArrayLike | None = None,
    available_rows: npt.ArrayLike | None = None,
) -> EventTable:
    """Check and make a table of events; see `EventTable` for what each array holds.

    Raises
    ------
    DataError
        If the arrays do not fit together.
    BasketDefinitionError
        If weights are negative, not finite, or sum to neither 0 nor 1.
    """
    table = EventTable(
        offsets=whole_numbers(offsets, "offsets"),
        columns=whole_numbers(columns, "columns"),
        weights=np.ascontiguousarray(weights, dtype=np.float64),
        entry_rows=whole_numbers(entry_rows, "entry_rows"),
        fill_rows=None if fill_rows is None else whole_numbers(fill_rows, "fill_rows"),
        available_rows=None
        if available_rows is None
        else whole_numbers(available_rows, "available_rows"),
    )
    _check_lengths(table)
    _check_weights(table)
    return table


def events_of_legs(
    prices: PricePanel, legs: Sequence[Sequence[Leg]], weights: Sequence[Sequence[float]]
) -> EventTable:
    """Make the table of events whose legs are resolved for the longest horizon.

    Parameters
    ----------
    prices
        Panel in which the legs were resolved.
    legs
        Legs of each event, as `resolve_leg` gives them for the longest horizon.
    weights
        Weight of each leg, 0 for one left out.
    """
    names = [leg for event in legs for leg in event]
    return event_table(
        np.cumsum([0, *(len(event) for event in legs)]),
        # One left out for good is out of sight; while that is open it keeps the row pending.
        [CASH if leg.entry_row is None and leg.settled else leg.column for leg in names],
        [weight for event in weights for weight in event],
        [NONE if leg.entry_row is None else leg.entry_row for leg in names],
        fill_rows=[NONE if leg.fill_row is None else leg.fill_row for leg in names],
        available_rows=[_available_row(prices, event) for event in legs],
    )


def _check_lengths(table: EventTable) -> None:
    offsets, n_names = table.offsets, len(table.columns)
    ascending = len(offsets) and offsets[0] == 0 and (np.diff(offsets) >= 0).all()
    if not ascending or offsets[-1] != n_names:
        raise DataError(
            say("offsets must rise from 0 to the number of names, {n_names}", n_names=n_names),
            fix=say("give where each event begins, and the number of names at the end"),
        )
    for name in ("weights", "entry_rows", "fill_rows"):
        array = getattr(table, name)
        if array is not None and array.shape != (n_names,):
            raise DataError(
                say(
                    "{name} has shape {shape} for {n_names} names",
                    name=name,
                    shape=array.shape,
                    n_names=n_names,
                ),
                fix=say("give one value for each"),
            )
    if table.available_rows is not None and len(table.available_rows) != len(table):
        raise DataError(
            say(
                "available_rows has {n} rows for {events} events",
                n=len(table.available_rows),
                events=len(table),
            ),
            fix=say("give one value for each"),
        )


def _check_weights(table: EventTable) -> None:
    if not (np.isfinite(table.weights) & (table.weights >= 0)).all():
        raise BasketDefinitionError(
            say("weights must be fractions, none negative or missing"),
            fix=say("give 0 for a name left out"),
        )
    sums = np.diff(np.concatenate([[0.0], np.cumsum(table.weights)])[table.offsets])
    wrong = np.minimum(np.abs(sums), np.abs(sums - 1)) > _WEIGHT_TOLERANCE
    if wrong.any():
        event = int(np.flatnonzero(wrong)[0])
        raise BasketDefinitionError(
            say(
                "weights of event {event} sum to {sum:.6g}, not to 1",
                event=event,
                sum=sums[event],
            ),
            fix=say("divide them by their sum, cash included"),
        )


def _available_row(prices: PricePanel, legs: Sequence[Leg]) -> int:
    exchanges = {prices.listings[leg.column].exchange for leg in legs}
    return prices.row_after(prices.last_available(exchanges)) - 1
