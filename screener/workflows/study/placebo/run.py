"""Placebo workflow: how much of a basket's return other baskets of the same days had too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from screener.backtest.run import EventResult, run_backtest
from screener.data.lake.store import Store
from screener.data.panels.price_panel import read_caps, read_panel
from screener.domain.basket import EntryPrice, Rebalance
from screener.domain.panel import PricePanel
from screener.errors import ComputeError, InputError, NoTradableConstituents
from screener.language import say
from screener.language.lists import listed
from screener.paths.kernel import load_kernel
from screener.paths.path_panel import path_panel_of
from screener.paths.windows import WindowStatus
from screener.paths.workers.parallel import Ahead, check_jobs, in_parts, mapped
from screener.progress import counting
from screener.study.placebo.matching import CONTROLS, Matched, match_names
from screener.study.placebo.placebo import (
    Holding,
    Placebo,
    check_draws,
    placebo_layout,
    placebo_returns,
    run_placebo,
)
from screener.workflows.backtest.market import (
    Benchmarks,
    DatedEvents,
    Market,
    benchmarks_for,
    dated_events,
)
from screener.workflows.backtest.remarks import Named, remarks_of
from screener.workflows.backtest.requests import BacktestRequest
from screener.workflows.run_ids import run_id
from screener.workflows.study.placebo.dates import OtherDates, other_dates
from screener.workflows.study.placebo.market import Around, around_events, holding_of

__all__ = [
    "PlaceboRequest",
    "PlaceboResult",
    "PlaceboRun",
    "run_placebos",
]

_HISTORY = 820
"""Days before the first entry that hold the 500 sessions of other dates."""
_CLOSE = 1e-9
_TOGETHER = 10  # events at most that a worker compares at a time


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceboRequest:
    """What to compare with placebo baskets, and how.

    Parameters
    ----------
    backtest
        Events, horizons and how they are bought; frictions and costs are left aside.
    draws
        Placebo baskets of each event and horizon.
    seed
        Seed of everything drawn.
    controls
        Nearest stocks among which a name's control is drawn.
    stay
        Whether p-values count baskets in which a name may stay; see `study.drawing`.
    exclude_own
        Whether no name of the basket may be a control of another one.
    """

    backtest: BacktestRequest
    draws: int = 2_000
    seed: int = 1
    controls: int = CONTROLS
    stay: bool = True
    exclude_own: bool = True


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlaceboResult:
    """One event and horizon beside its placebo baskets.

    Parameters
    ----------
    real
        The backtest's result, on paper.
    matched, placebo
        Its controls and placebo baskets; `None` where there are none.
    dates
        The same names on other dates; `None` where there are none.
    remarks
        Why something is missing, and what names could not be matched on.
    """

    real: EventResult
    matched: Matched | None
    placebo: Placebo | None
    dates: OtherDates | None
    remarks: tuple[str, ...]

    @property
    def finished(self) -> bool:
        """Whether no later session can change it."""
        return self.real.status is WindowStatus.MATURE

    @property
    def bought(self) -> tuple[str, ...]:
        """Ids of the names that were bought, in the order of their controls."""
        window = self.real.window
        members = zip(window.event.members, window.legs, window.weights, strict=True)
        return tuple(
            member.listing.id
            for member, leg, weight in members
            if weight > 0 and leg.fill_row is not None
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlaceboRun:
    """Placebo results with what they rest on; as `BacktestRun`."""

    request: PlaceboRequest
    results: tuple[PlaceboResult, ...]
    data_version: int
    run_id: str
    simulated: bool
    remarks: tuple[str, ...]


def run_placebos(
    store: Store, request: PlaceboRequest, *, program_version: str, jobs: int = 1
) -> PlaceboRun:
    """Compare events with placebo baskets, and with the same names on other dates.

    Parameters
    ----------
    store
        The lake, at the version to read.
    request
        What to compare.
    program_version
        Version of the program, part of a run's id.
    jobs
        Workers that share the events; -1 for one per processor. Every number is independent of it.

    Raises
    ------
    NoTradableConstituents
        If there is no event.
    InputError
        If there are too few draws, or names are to be bought at the VWAP or traded again.
    DateRangeError, BarsMissing, DataError
        As in `run_variants`.
    """
    _check(request, jobs)
    settings = replace(request.backtest.settings, cost=None, frictions=None)
    backtest = replace(request.backtest, settings=settings)
    dated, left_out = dated_events(backtest.events, backtest.settings.delay)
    market = _own_market(store, dated)
    benchmarks = benchmarks_for(store, backtest.events, backtest.benchmark)
    reals = run_backtest(market.panel, dated, settings, benchmarks, caps=market.caps, jobs=jobs)
    others = _OtherDays(market.panel, benchmarks, request)
    results = _all_results(store, others, reals, jobs)
    simulated = store.simulated()
    return PlaceboRun(
        request=request,
        results=results,
        data_version=store.version,
        run_id=run_id("placebo", request, store, program_version, simulated=simulated),
        simulated=simulated,
        remarks=(
            *remarks_of(
                store,
                reals,
                settings,
                Named.of(market, reals, settings),
                panels=[market.panel] * len(reals),
                simulated=simulated,
            ),
            *left_out,
        ),
    )


def _check(request: PlaceboRequest, jobs: int) -> None:
    check_jobs(jobs)
    check_draws(request.draws, request.seed)
    if request.controls < 1:
        raise InputError(
            say("{controls} controls are none", controls=request.controls),
            fix=say("give 10 or more"),
        )
    if not request.backtest.events:
        raise NoTradableConstituents(
            say("there is no event to compare: no report recommends a name under these themes"),
            fix=say("`screener basket list` shows which reports feed which basket"),
        )
    settings = request.backtest.settings
    if settings.entry is EntryPrice.VWAP:
        raise InputError(say("placebo baskets are bought at the open or the close, not the VWAP"))
    if settings.rebalance is not Rebalance.NONE:
        raise InputError(
            say(
                "placebo baskets are bought and held, not brought back to their weights "
                "({rebalance})",
                rebalance=settings.rebalance,
            ),
            fix=say("leave --rebalance out"),
        )


def _own_market(store: Store, dated: DatedEvents) -> Market:
    """Read the events' own names, from long enough before the first entry."""
    names = dict.fromkeys(member.listing for event, _ in dated for member in event.members)
    days = [day for _, choices in dated for choice in choices for _, day in choice]
    panel = read_panel(
        store, list(names), first_entry=min(days), last_entry=max(days), history=_HISTORY
    )
    caps = any(event.weighting.needs_caps for event, _ in dated)
    return Market(panel=panel, trading=None, caps=read_caps(store, panel) if caps else None)


class _OtherDays:
    """Puts the same names on other dates beside placebo baskets."""

    def __init__(self, panel: PricePanel, benchmarks: Benchmarks, request: PlaceboRequest) -> None:
        self.panel, self.request, self._benchmarks = panel, request, benchmarks
        self.layout = path_panel_of(panel, request.backtest.settings.entry)

    def __reduce__(self) -> tuple[type[_OtherDays], tuple[PricePanel, Benchmarks, PlaceboRequest]]:
        return _OtherDays, (self.panel, self._benchmarks, self.request)  # its layout is made again

    def beside(self, real: EventResult, remarks: tuple[str, ...]) -> _Dated:
        """Return the same names on other dates, `None` without any, and remarks with why."""
        if real.window.rebalance is not Rebalance.NONE:
            return None, remarks
        try:
            return self._dates(real), remarks
        except ComputeError as error:
            return None, (*remarks, say("other dates: {why}", why=error.what))

    def _dates(self, real: EventResult) -> OtherDates:
        return other_dates(
            self.panel,
            self.layout,
            holding_of(self.panel, self.panel, real),
            real,
            self._benchmarks,
            draws=self.request.draws,
            seed=self.request.seed,
        )


_Dated = tuple[OtherDates | None, tuple[str, ...]]
_Found = tuple[Matched | None, Placebo | None, tuple[str, ...]]


def _all_results(
    store: Store, others: _OtherDays, reals: Sequence[EventResult], jobs: int
) -> tuple[PlaceboResult, ...]:
    """Compare every result; workers share the events that lie in one part of the market."""
    load_kernel(others.layout)
    nothing = (say("no price at or after the entry"),)
    found = [
        PlaceboResult(real=real, matched=None, placebo=None, dates=None, remarks=nothing)
        for real in reals
    ]
    entry = others.request.backtest.settings.entry
    with counting(len(reals)) as tick:
        arounds = Ahead(around_events(store, others.panel, reals, entry))
        for around in arounds:
            parts = _parts(around.places, reals, jobs)
            work = partial(_some, around=around, others=others)
            given = [[replace(reals[at], ledger=()) for at in places] for places in parts]
            done = mapped(work, given, jobs=jobs, meanwhile=arounds.make)
            for places, some in zip(parts, done, strict=True):
                for at, (matched, placebo, dates, remarks) in zip(places, some, strict=True):
                    found[at] = PlaceboResult(
                        real=reals[at],
                        matched=matched,
                        placebo=placebo,
                        dates=dates,
                        remarks=remarks,
                    )
                tick(len(places))
            del around, work  # before the next one is read
    return tuple(found)


def _parts(places: Sequence[int], reals: Sequence[EventResult], jobs: int) -> list[list[int]]:
    """Return places in parts of some events each, all horizons of an event in one of them."""
    by_event: dict[int, list[int]] = {}
    for at in places:
        by_event.setdefault(id(reals[at].window.event), []).append(at)
    parts = in_parts(list(by_event.values()), jobs=jobs, most=_TOGETHER)
    return [[at for group in part for at in group] for part in parts]


def _some(
    reals: Sequence[EventResult], *, around: Around, others: _OtherDays
) -> list[tuple[Matched | None, Placebo | None, OtherDates | None, tuple[str, ...]]]:
    """Compare some results."""
    controls: dict[tuple[object, ...], Matched] = {}
    found = []
    for real in reals:
        try:
            matched, placebo, remarks = _placebo(
                around, others.panel, real, others.request, controls
            )
        except ComputeError as error:
            matched, placebo, remarks = None, None, (error.what,)
        dates, remarks = others.beside(real, remarks)
        found.append((matched, placebo, dates, remarks))
    return found


def _placebo(
    around: Around,
    panel: PricePanel,
    real: EventResult,
    request: PlaceboRequest,
    controls: dict[tuple[object, ...], Matched],
) -> _Found:
    if real.window.rebalance is not Rebalance.NONE or real.paper_return is None:
        raise ComputeError(
            say("weighted daily-equal, an index: placebo baskets are bought and held")
        )
    holding = holding_of(around.market.prices, panel, real)
    if not holding.bought:
        raise ComputeError(say("no name was bought, so that none can be replaced"))
    _check_same(around, holding, real, request)
    key = (id(real.window.event), holding.bought, holding.fill_rows)
    if key not in controls:
        controls[key] = _matched(around, panel, holding, real, request)
    placebo = run_placebo(
        around.layout,
        holding,
        controls[key],
        real.paper_return,
        around.ids,
        draws=request.draws,
        seed=request.seed,
        stay=request.stay,
    )
    return controls[key], placebo, (*controls[key].remarks, *_remarks(holding, placebo))


def _matched(
    around: Around,
    panel: PricePanel,
    holding: Holding,
    real: EventResult,
    request: PlaceboRequest,
) -> Matched:
    own = [around.market.prices.column(panel.listings[leg.column]) for leg in real.window.legs]
    return match_names(
        around.market,
        [holding.columns[at] for at in holding.bought],
        [holding.fill_rows[at] for at in holding.bought],
        excluded=own if request.exclude_own else (),
        count=request.controls,
    )


def _remarks(holding: Holding, placebo: Placebo) -> list[str]:
    found = []
    cash = len(holding.columns) - len(holding.bought)
    if cash:
        found.append(
            say("{n} names were not bought: as much stays in cash in every placebo basket", n=cash)
        )
    if placebo.stopped:
        found.append(
            say("{n} controls stop trading: valued at their last close", n=placebo.stopped)
        )
    if placebo.extreme:
        found.append(
            say(
                "look at the bars of {listings}: a control that gained more than 200 % or lost "
                "more than 80 % moves mean and sd, hardly p",
                listings=listed(placebo.extreme),
            )
        )
    if placebo.every:
        found.append(
            say("p-values count each of the {n} placebo baskets once", n=placebo.placement.draws)
        )
    if not placebo.placement.distinct:
        found.append(say("every placebo basket returned the same: no p-value"))
    return found


def _check_same(
    around: Around, holding: Holding, real: EventResult, request: PlaceboRequest
) -> None:
    """Make sure that the real basket has the same return in the market's panel."""
    if request.backtest.settings.recovery is not None or real.paper_return is None:
        return
    own = np.array([[holding.columns[at] for at in holding.bought]], dtype=np.intp)
    again = float(placebo_returns(placebo_layout(around.layout), holding, own)[0])
    if not abs(again - real.paper_return) <= _CLOSE:
        raise RuntimeError(
            f"the market's panel values {real.window.event.basket} at {again}, "
            f"its own at {real.paper_return}: please report it with the command you typed"
        )
