"""The event-time kernel: `python -m benchmarks.kernel [EVENTS] [LISTINGS]`.

Paper paths of 10,000 baskets of 10 names over 500 sessions, beside the time that memory takes to
give as many bytes, beside the plain numpy twin, and beside what one would write in pandas. The
last two run on a slice of the events, and their time is multiplied up to all of them.
"""

from __future__ import annotations

import resource
import sys

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.measuring import Line, report, seconds
from screener.paths.event_tables import EventTable, event_table
from screener.paths.kernel import paper_paths
from screener.paths.kernel_numpy import paper_paths_numpy
from screener.paths.path_panel import PathPanel, path_panel

EVENTS = 10_000
LISTINGS = 5_000
NAMES = 10
SESSIONS = 500
ROWS = 2_500
HORIZONS = (5, 20, 60, 120, SESSIONS)
SLICE = 200
LOOP = 20


def market(listings: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return opens and closes of random walks with a bar missing here and there."""
    draw = np.random.default_rng(1)
    closes = 10 * np.exp(np.cumsum(draw.normal(0, 0.02, (ROWS, listings)), axis=0))
    opens = closes * (1 + draw.normal(0, 0.005, (ROWS, listings)))
    closes[draw.random((ROWS, listings)) < 0.01] = np.nan
    return opens, closes


def baskets(events: int, listings: int) -> EventTable:
    """Return equal-weight baskets of random names, entered on random sessions."""
    draw = np.random.default_rng(2)
    return event_table(
        np.arange(events + 1) * NAMES,
        draw.integers(0, listings, events * NAMES),
        np.full(events * NAMES, 1 / NAMES),
        np.repeat(draw.integers(0, ROWS - SESSIONS, events), NAMES),
    )


def by_pandas(opens: pd.DataFrame, closes: pd.DataFrame, table: EventTable) -> list[pd.Series]:
    """Return the value paths as one would write them in pandas, one event after the other."""
    paths = []
    for event in range(len(table)):
        names = table.columns[table.offsets[event] : table.offsets[event + 1]]
        first = int(table.entry_rows[table.offsets[event]])
        window = closes.iloc[first : first + SESSIONS, names].ffill()
        paths.append((window / opens.iloc[first, names]).mean(axis=1))
    return paths


def check(found: list[pd.Series], panel: PathPanel, table: EventTable) -> None:
    """Stop if the two do not give the same numbers where no bar is missing at the entry."""
    ours = paper_paths(panel, table, (SESSIONS,), paths=True)
    for event, path in enumerate(found):
        # pandas does not see the close before the entry, and leaves such a name out of the mean
        if np.isfinite(panel.closes[table.entry_rows[event * NAMES], _names(table, event)]).all():
            np.testing.assert_allclose(path, ours.path(event), rtol=0, atol=1e-12)


def _names(table: EventTable, event: int) -> npt.NDArray[np.int64]:
    return table.columns[table.offsets[event] : table.offsets[event + 1]]


def measured(events: int, listings: int) -> list[Line]:
    """Return the measurements."""
    opens, closes = market(listings)
    panel, table = path_panel(opens, closes), baskets(events, listings)
    frames = pd.DataFrame(opens), pd.DataFrame(closes)
    few, fewer = baskets(SLICE, listings), baskets(LOOP, listings)
    check(by_pandas(*frames, fewer), panel, fewer)
    prices = np.random.default_rng(3).random(events * NAMES * SESSIONS)
    place = np.empty_like(prices)

    paths = f"{events:,} paths x {NAMES} x {SESSIONS}"
    copying = seconds(lambda: np.copy(prices))
    moving = seconds(lambda: np.copyto(place, prices))
    one = seconds(lambda: paper_paths(panel, table, (SESSIONS,), paths=True))
    twin = seconds(lambda: paper_paths_numpy(panel, few, (SESSIONS,), paths=True), 3)
    loop = seconds(lambda: by_pandas(*frames, fewer), 3)
    returns = seconds(lambda: paper_paths(panel, table, HORIZONS))
    return [
        (f"kernel, {paths}", one, "np.copy of the prices touched", copying),
        (f"kernel, {paths}", one, "np.copyto, memory at hand", moving),
        (f"numpy twin, {SLICE} events x {events // SLICE}", twin * events / SLICE, "kernel", one),
        (f"pandas loop, {LOOP} events x {events // LOOP}", loop * events / LOOP, "kernel", one),
        (f"returns at {len(HORIZONS)} horizons, no paths", returns, "kernel with paths", one),
        (
            f"panel of {listings:,} x {ROWS:,} laid out",
            seconds(lambda: path_panel(opens, closes), 3),
            "np.copy of its closes",
            seconds(lambda: np.copy(closes)),
        ),
    ]


def main() -> None:
    """Measure and print."""
    events = int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS
    listings = int(sys.argv[2]) if len(sys.argv) > 2 else LISTINGS
    report(measured(events, listings))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{events * NAMES * SESSIONS * 8 / 1e6:.0f} MB of prices touched, peak {peak:,.0f} MB")


if __name__ == "__main__":
    main()
