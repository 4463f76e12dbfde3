"""Weights at entry, from what was known before it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np

from screener.domain.basket import Event, Weighting
from screener.domain.panel import CapPanel, PricePanel
from screener.errors import DataError
from screener.language import say
from screener.paths.legs import Leg, LegState, Reason, left_out

__all__ = ["LEAST_RETURNS", "VOLATILITY_DAYS", "VOLATILITY_RETURNS", "weighted", "without_weight"]

VOLATILITY_RETURNS = 60
"""Returns before the entry that inverse-volatility weights are made of."""
VOLATILITY_DAYS = 200
"""Days before the entry in which these lie: they hold 60 of a name that is halted now and then."""
LEAST_RETURNS = 20
"""Fewer returns than that give no volatility."""

_LACKING = {
    Weighting.MARKET_CAP: Reason.NO_CAP,
    Weighting.FLOAT_CAP: Reason.NO_CAP,
    Weighting.INVERSE_VOL: Reason.NO_VOLATILITY,
}


def without_weight(
    panel: PricePanel,
    caps: CapPanel | None,
    event: Event,
    legs: tuple[Leg, ...],
    entries: tuple[date, ...],
) -> tuple[Leg, ...]:
    """Leave out the names for which nothing is known that their weight could be made of.

    Parameters
    ----------
    panel, caps
        Prices, and market values if the weighting needs them.
    event
        The event; its weighting decides.
    legs, entries
        Each name's leg and its scheduled entry.

    Raises
    ------
    DataError
        If the weighting needs market values and none were read.
    """
    reason = _LACKING.get(event.weighting)
    if reason is None:
        return legs
    sizes = _sizes(panel, caps, event, legs, entries)
    return tuple(
        # Of one whose entry is still to come its size may yet be known.
        leg
        if leg.entry_row is None or size > 0
        else left_out(leg.column, reason, known_row=leg.entry_row)
        for leg, size in zip(legs, sizes, strict=True)
    )


def weighted(
    panel: PricePanel,
    caps: CapPanel | None,
    event: Event,
    legs: tuple[Leg, ...],
    entries: tuple[date, ...],
) -> tuple[float, ...]:
    """Return the weight of each leg as a fraction, 0 for one left out; see `without_weight`.

    Market values are the last ones known before the entry session. Inverse volatility is 1 over
    the standard deviation of the name's last 60 total returns from close to close before it.
    """
    sizes = _sizes(panel, caps, event, legs, entries)
    total = sum(sizes)
    return tuple(size / total if total else 0.0 for size in sizes)


def _sizes(
    panel: PricePanel,
    caps: CapPanel | None,
    event: Event,
    legs: tuple[Leg, ...],
    entries: tuple[date, ...],
) -> tuple[float, ...]:
    """Return what the weights are in proportion to; 0 for a leg left out or unknown."""
    size_of = _size_of(panel, caps, event)
    return tuple(
        0.0 if leg.state is LegState.DROPPED else size_of(at, leg.column, panel.row(entry))
        for at, (leg, entry) in enumerate(zip(legs, entries, strict=True))
    )


def _size_of(
    panel: PricePanel, caps: CapPanel | None, event: Event
) -> Callable[[int, int, int], float]:
    """Return what gives the size of a name by its number, its column and its entry row."""
    weighting = event.weighting
    if weighting is Weighting.CUSTOM:
        return lambda at, _column, _row: event.members[at].weight or 0.0
    if weighting.needs_caps:
        if caps is None:
            raise DataError(
                say(
                    "weighting {weighting} needs market values, and none were read",
                    weighting=weighting,
                )
            )
        values = caps.market_cap if weighting is Weighting.MARKET_CAP else caps.float_cap

        def value(_at: int, column: int, row: int) -> float:
            before = panel.row_before(row, column)
            return 0.0 if before is None else _known(values[before, column])

        return value
    if weighting is Weighting.INVERSE_VOL:
        return lambda _at, column, row: _inverse_volatility(panel, column, row)
    return lambda _at, _column, _row: 1.0


def _known(value: float) -> float:
    return float(value) if np.isfinite(value) and value > 0 else 0.0


def _inverse_volatility(panel: PricePanel, column: int, row: int) -> float:
    """Return 1 / the deviation of the last returns before a row; 0 if they are too few or flat.

    Only those of the last `VOLATILITY_DAYS` count: a halt reaches back no further.
    """
    first = panel.row(panel.session(row) - timedelta(days=VOLATILITY_DAYS)) if row else 0
    closes = panel.close[first:row, column] * panel.factor[first:row, column]
    known = closes[np.isfinite(closes)][-(VOLATILITY_RETURNS + 1) :]
    returns = known[1:] / known[:-1] - 1
    if len(returns) < LEAST_RETURNS or np.ptp(returns) == 0:
        return 0.0
    return float(1 / np.std(returns, ddof=1))
