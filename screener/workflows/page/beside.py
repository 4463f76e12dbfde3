"""Random baskets beside the results of a backtest, as a page draws them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from screener.backtest.run import EventResult
from screener.data.lake.store import Store
from screener.domain.basket import EntryPrice, Rebalance
from screener.domain.panel import PricePanel
from screener.errors import ComputeError, DataError
from screener.language import say
from screener.study.placebo.band import PlaceboBand, run_band
from screener.study.placebo.matching import Matched, match_names
from screener.workflows.backtest.run import BacktestRun
from screener.workflows.study.placebo.market import Around, around_events, holding_of

__all__ = ["DRAWS", "SEED", "Beside", "band_rows", "bands_beside"]

DRAWS, SEED = 1_000, 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Beside:
    """Random baskets beside one result.

    Parameters
    ----------
    result
        The result.
    band, matched
        Their paths, and what they were matched on; `None` where there are none.
    why
        Why there are none.
    """

    result: EventResult
    band: PlaceboBand | None = None
    matched: Matched | None = None
    why: str = ""


def bands_beside(
    store: Store, run: BacktestRun, results: Sequence[EventResult], *, draws: int = DRAWS
) -> list[Beside]:
    """Compare some results of a run with random baskets.

    The draws are those of `screener study --placebo N`, by the seed of that workflow.

    Parameters
    ----------
    store
        The lake, at the version of the run.
    run
        The run.
    results
        Some of its results.
    draws
        Random baskets of each.
    """
    found = [Beside(result=item, why=say("no price at or after the entry")) for item in results]
    if not run.panels or run.request.settings.entry is EntryPrice.VWAP:
        why = say("random baskets are bought at the open or the close")
        return [Beside(result=item, why=why) for item in results]
    places = {id(item): at for at, item in enumerate(results)}
    for panel, some in run.by_panel(results):
        for around in around_events(store, panel, some, run.request.settings.entry):
            for result in (some[at] for at in around.places):
                try:
                    one = _beside(around, panel, result, draws)
                except (ComputeError, DataError) as error:
                    one = Beside(result=result, why=error.what)
                found[places[id(result)]] = one
    return found


def _beside(around: Around, panel: PricePanel, result: EventResult, draws: int) -> Beside:
    window = result.window
    if window.rebalance is not Rebalance.NONE or result.paper_return is None:
        raise ComputeError(
            say("random baskets are bought and held, not brought back to their weights")
        )
    holding = holding_of(around.market.prices, panel, result)
    if not holding.bought:
        raise ComputeError(say("no name was bought, so that none can be replaced"))
    market = around.market.prices
    matched = match_names(
        around.market,
        [holding.columns[at] for at in holding.bought],
        [holding.fill_rows[at] for at in holding.bought],
        excluded=[market.column(panel.listings[leg.column]) for leg in window.legs],
    )
    rows = np.array([market.row(day) for day in result.path_sessions.tolist()], dtype=np.int64)
    band = run_band(
        around.layout,
        holding,
        matched,
        result.paper_return,
        around.ids,
        rows,
        draws=draws,
        seed=SEED,
    )
    return Beside(result=result, band=band, matched=matched)


def band_rows(beside: Beside) -> list[dict[str, object]]:
    """Return one row per session with the columns of `BANDS`."""
    if beside.band is None:
        return []
    names = ("low", "lower", "middle", "upper", "high")
    return [
        {"session": day, **dict(zip(names, values, strict=True))}
        for day, values in zip(
            beside.result.path_sessions.tolist(), beside.band.values.tolist(), strict=True
        )
    ]
