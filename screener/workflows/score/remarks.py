"""What a reader of a score should know: assumed benchmarks, estimates, thin tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.domain.total_return import Peers, TotalReturnPanel
from screener.market.calendars import Calendar
from screener.scoring.score import Judged

__all__ = ["remarks_of"]

_Panels = Sequence[tuple[TotalReturnPanel, Calendar]]
_MARKETS = {True: "mainland", False: "Hong Kong"}


def remarks_of(store: Store, judged: Judged, panels: _Panels) -> Iterator[str]:
    """Yield what a reader of judged calls should know, by the tables that they rest on."""
    outcomes = judged.outcomes
    told = np.isfinite(outcomes.active_return) | np.isfinite(judged.proxy_active)
    yield from _benchmark_remarks(judged, panels, told)
    if judged.calls.estimated[told].any():
        yield "Calls with an estimated date are judged from the estimate: shown as est."
    older = _backdated(judged)
    if older:
        yield (
            f"Older than any definition of their broker, and judged by its first known one as "
            f"asked: {older:,} calls."
        )
    if told.any():
        yield from _action_remarks(store, panels)
    if outcomes.matured.any():
        yield from _coverage_remarks(store, panels)


def _benchmark_remarks(
    judged: Judged, panels: _Panels, told: npt.NDArray[np.bool_]
) -> Iterator[str]:
    assumed = told & judged.assumed
    for broker in sorted(set(judged.calls.broker[assumed].tolist())):
        names = sorted(set(judged.benchmark[assumed & (judged.calls.broker == broker)].tolist()))
        yield f"{broker} names no benchmark: {', '.join(names)} is taken."
    flat = sorted(
        str(series.listing)
        for panel, _ in panels
        for series in panel.indices.values()
        if series.basis == "price"
    )
    if flat and told.any():
        yield (
            f"Without its dividends a price index flatters what is measured against it: "
            f"{', '.join(flat)}."
        )


def _backdated(judged: Judged) -> int:
    since = np.array([item.since for item in judged.contracts] + [date.min], dtype="datetime64[D]")
    return int((since[judged.contract] > judged.calls.published).sum())


def _coverage_remarks(store: Store, panels: _Panels) -> Iterator[str]:
    master = store.read(TableName.LISTINGS, columns=("listing", "kind"))
    stocks = master.filter(pc.equal(master.column("kind"), "stock")).column("listing").to_pylist()
    for panel, _ in panels:
        held = int((panel.peers == Peers.STOCKS).sum())
        known = sum(name.endswith(".HK") != panel.mainland for name in stocks)
        if 0 < held < known:
            yield (
                f"Base rates rest on the {held:,} of {known:,} {_MARKETS[panel.mainland]} "
                "listings that have bars: the market as a whole may differ."
            )


def _action_remarks(store: Store, panels: _Panels) -> Iterator[str]:
    acted = set(store.read(TableName.FACTORS, columns=("listing",)).column("listing").to_pylist())
    for panel, _ in panels:
        ids = {
            item.id
            for item, peers in zip(panel.listings, panel.peers, strict=True)
            if peers == Peers.STOCKS
        }
        if ids and acted.isdisjoint(ids):
            yield (
                f"No {_MARKETS[panel.mainland]} listing has corporate actions in the tables: "
                "returns of raw prices leave dividends and splits out."
            )
