"""Capacity of a run: the money at which its events earn no more than their index."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from screener.backtest.capacity import Capacity, capacity_of, windows_at
from screener.backtest.run import EventResult, Settings
from screener.domain.panel import TradingPanel
from screener.errors import InputError
from screener.language import say
from screener.paths.windows import WindowStatus
from screener.workflows.backtest.requests import BacktestRequest

__all__ = [
    "HeldCapacity",
    "capacities_of",
    "capacity_remarks",
    "capacity_rows",
    "refuse_plain",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldCapacity:
    """The capacity of a number of sessions held."""

    horizon: int
    capacity: Capacity


def refuse_plain(request: BacktestRequest) -> None:
    """Refuse a capacity where any money costs the same.

    Raises
    ------
    InputError
        If the request has no rules and charges.
    """
    if request.settings.frictions is None:
        raise InputError(
            say("--capacity is found with money, under rules and charges"),
            fix=say("leave out --paper and --cost-bps"),
        )


def capacities_of(
    trading: TradingPanel | None, request: BacktestRequest, results: Sequence[EventResult]
) -> tuple[HeldCapacity, ...]:
    """Return the capacity of each horizon, of the events that are mature and have an index.

    Each event is traded with the whole money by itself; the edge is the mean of what they earn over
    the index.

    Parameters
    ----------
    trading
        What trading with money needs, with what the delisted paid out.
    request
        What was run.
    results
        Its results.
    """
    frictions = request.settings.frictions
    if trading is None or frictions is None:
        return ()
    found = []
    for horizon in request.settings.horizons:
        some = [item for item in results if item.window.horizon == horizon and _counts(item)]
        some = [item for item in some if item.capital == some[0].capital]
        if some:
            measure = partial(
                windows_at,
                trading,
                [item.window for item in some],
                [item.benchmark_return or 0.0 for item in some],
                frictions,
            )
            found.append(HeldCapacity(horizon=horizon, capacity=capacity_of(measure)))
    return tuple(found)


def _counts(item: EventResult) -> bool:
    mature = item.window.status is WindowStatus.MATURE
    return mature and item.benchmark_return is not None and len(item.traded_path) > 0


def capacity_rows(capacity: Capacity, run_id: str, horizon: int) -> list[dict[str, object]]:
    """Return one row per amount that was measured, with the columns of `CAPACITY`."""
    return [
        {
            "horizon": horizon,
            "capital": one.capital,
            "n_events": one.n_events,
            "traded_return": one.traded,
            "active_return": one.active,
            "invested": one.invested,
            "participation": one.participation,
            "state": str(capacity.state),
            "capacity": capacity.capital,
            "run_id": run_id,
        }
        for one in capacity.path
    ]


def capacity_remarks(found: Iterable[Capacity], settings: Settings) -> tuple[str, ...]:
    """Say on what a capacity rests, and where there is none to be found."""
    frictions = settings.frictions
    capacities = list(found)
    told = []
    if not capacities:
        told.append(say("No capacity: there is no index to measure it by, or no event is mature."))
    elif frictions is not None and not frictions.impact_bps:
        told.append(
            say(
                "The capacity rests on the share of the volume alone: orders move no price unless "
                "--impact-bps is given, and what finds no volume stays cash."
            )
        )
    return tuple(told)
