"""Random panels and events for the event-time kernel: gaps, early ends, late fills, cash."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from screener.paths.event_tables import EventTable, event_table
from screener.paths.path_panel import PathPanel, path_panel


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class World:
    """Prices of some listings on two calendars, and the facts that a panel is made of."""

    opens: npt.NDArray[np.float64]
    closes: npt.NDArray[np.float64]
    rates: npt.NDArray[np.float64] | None
    trading: npt.NDArray[np.bool_]
    ends: npt.NDArray[np.int64]

    def panel(self, n_rows: int | None = None) -> PathPanel:
        """Return the panel as it stood when it had `n_rows` sessions."""
        n = len(self.closes) if n_rows is None else n_rows
        covered = [np.flatnonzero(np.isfinite(column)) for column in self.closes[:n].T]
        known = np.array([rows[-1] if len(rows) else -1 for rows in covered])
        ends = np.where(self.ends < n, self.ends, np.maximum(known, -1))
        return path_panel(
            self.opens[:n],
            self.closes[:n],
            rates=None if self.rates is None else self.rates[:n],
            trading=self.trading[:n],
            data_ends=ends,
        )


def world(seed: int, *, n_rows: int = 40, n_listings: int = 6, foreign: bool = True) -> World:
    """Draw prices with gaps and early ends; half of the listings trade on a second calendar."""
    draw = np.random.default_rng(seed)
    shape = (n_rows, n_listings)
    closes = 10 * np.cumprod(1 + draw.normal(0, 0.04, shape), axis=0)
    opens = closes * (1 + draw.normal(0, 0.01, shape))
    trading = np.ones(shape, dtype=bool)
    second = np.arange(n_listings) % 2 == 1
    trading[:, second] = (draw.random(n_rows) > 0.1)[:, np.newaxis]
    trading[:, ~second] = (draw.random(n_rows) > 0.05)[:, np.newaxis]
    gaps = draw.random(shape) < draw.choice([0.0, 0.1, 0.3])
    ends = np.where(
        draw.random(n_listings) < 0.3, draw.integers(-1, n_rows, n_listings), n_rows - 1
    )
    missing = gaps | ~trading | (np.arange(n_rows)[:, np.newaxis] > ends)
    closes[missing], opens[missing] = np.nan, np.nan
    rates = 0.9 * np.cumprod(1 + draw.normal(0, 0.003, shape), axis=0)
    rates[:, ~second] = 1.0
    return World(
        opens=opens, closes=closes, rates=rates if foreign else None, trading=trading, ends=ends
    )


def events(
    world: World, seed: int, *, n_events: int = 12, resolved: bool = True, delay: int = 0
) -> EventTable:
    """Draw baskets; resolved ones have fill rows (some late, some never) and names in cash."""
    draw = np.random.default_rng(seed)
    n_rows, n_listings = world.closes.shape
    sizes = draw.integers(1, 5, n_events)
    n_names = int(sizes.sum())
    entries = np.repeat(draw.integers(0, n_rows + 3, n_events), sizes)
    columns = draw.integers(0, n_listings, n_names)
    fills = None
    if resolved:
        fills = np.array(
            [
                _fill(world, int(column), int(entry), delay, draw)
                for column, entry in zip(columns, entries, strict=True)
            ]
        )
        in_cash = draw.random(n_names) < 0.1
        columns, fills = np.where(in_cash, -1, columns), np.where(in_cash, -1, fills)
        entries = np.where(draw.random(n_names) < 0.05, -1, entries)
        fills = np.where(entries < 0, -1, fills)
    raw = draw.random(n_names) + 0.1
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    weights = raw / np.repeat(np.add.reduceat(raw, offsets[:-1]), sizes)
    return event_table(offsets, columns, weights, entries, fill_rows=fills)


def _fill(world: World, column: int, entry: int, delay: int, draw: np.random.Generator) -> int:
    own = np.flatnonzero(world.trading[:, column])
    start = own[own >= entry][delay:]
    wait = int(draw.choice([0, 0, 0, 1, 4]))
    bars = [row for row in start[wait:] if np.isfinite(world.opens[row, column])]
    return int(bars[0]) if bars and draw.random() > 0.05 else -1
