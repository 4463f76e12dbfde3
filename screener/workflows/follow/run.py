"""Follow workflow: a stream of events and the tables in, one equity curve with its origin out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from typing import Self

import numpy as np

from screener.backtest.capacity import Capacity, Measured, capacity_of, orders_share
from screener.backtest.execution.delisting import with_payouts
from screener.backtest.execution.pricing import ValuePanel, value_panel
from screener.backtest.following.chains import Chain
from screener.backtest.following.curve import Curve, curve_of
from screener.backtest.following.slots import Followed, Skip, follow_events
from screener.backtest.frictions import Entitlement, EntitlementKind, Order
from screener.backtest.run import Settings
from screener.data.lake.store import Store
from screener.domain.arrays import FloatVector
from screener.domain.basket import Event
from screener.domain.listing import Kind, Listing, parse_listing
from screener.domain.panel import CapPanel, PricePanel, TradingPanel
from screener.errors import DataError, InputError, NoTradableConstituents
from screener.language import say
from screener.market.benchmarks import default_benchmark
from screener.workflows.backtest.capacity import capacity_remarks
from screener.workflows.backtest.market import (
    DatedEvents,
    Market,
    beside_account,
    dated_events,
    read_market,
)
from screener.workflows.backtest.options import BacktestOptions
from screener.workflows.backtest.requests import (
    NO_BENCHMARK,
    BacktestRequest,
    variant_requests,
)
from screener.workflows.follow.chains import chains_of, followed_chains, level_of
from screener.workflows.follow.remarks import remarks_of
from screener.workflows.follow.streams import RATINGS
from screener.workflows.run_ids import run_id

__all__ = ["MOST_SLOTS", "FollowRequest", "FollowRun", "follow", "refuse_unread"]

MOST_SLOTS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowRequest:
    """What to follow, and with what.

    Parameters
    ----------
    events
        Events of the stream.
    settings
        One horizon, one amount of money, and the rules and charges of trading.
    slots
        Events held at once, at most.
    benchmark
        An index, `none`, or empty for CSI 300, Hang Seng where every name is of Hong Kong.
    first, last
        Span of entry sessions, and the end of the curve; `None` for as far as events and data go.
    chain
        Whether the events of a basket are its versions, held one after the other, each basket with
        an equal part of the money; `slots` and the horizon are not read then.
    """

    events: tuple[Event, ...]
    settings: Settings
    slots: int = 10
    benchmark: str = ""
    first: date | None = None
    last: date | None = None
    chain: bool = False

    @classmethod
    def of(
        cls,
        events: tuple[Event, ...],
        options: BacktestOptions,
        *,
        slots: int,
        benchmark: str = "",
        first: date | None = None,
        last: date | None = None,
        chain: bool = False,
    ) -> Self:
        """Put events and options of trading into a request.

        Raises
        ------
        InputError
            If an option is out of its bounds, or has several values.
        """
        asked = BacktestRequest(events=events, settings=options.settings(), benchmark=benchmark)
        variants = variant_requests(asked, options.variants())
        several = [name for name in ("hold", "capital") if len(getattr(options, name)) > 1] or [
            "delay"
        ] * (len(variants) > 1)
        if several:
            raise InputError(say("--{option}: one value is followed", option=several[0]))
        return cls(
            events=variants[0].events,
            settings=variants[0].settings,
            slots=slots,
            benchmark=benchmark,
            first=first,
            last=last,
            chain=chain,
        )

    def __post_init__(self) -> None:
        if not 1 <= self.slots <= MOST_SLOTS:
            raise InputError(
                say("--slots {slots} is not from 1 to {most}", slots=self.slots, most=MOST_SLOTS)
            )
        if self.settings.horizons[0] < 2:
            raise InputError(
                say("--hold 1: what is bought one day is sold the next at the earliest (T+1)"),
                fix=say("hold 2 sessions or more"),
            )
        if self.chain:
            self._check_chain()
        if self.first and self.last and self.last < self.first:
            raise InputError(
                say("--to {last} comes before --from {first}", last=self.last, first=self.first)
            )
        if self.benchmark and self.benchmark != NO_BENCHMARK:
            parse_listing(self.benchmark, parameter="--benchmark", kind=Kind.INDEX)

    def _check_chain(self) -> None:
        """Refuse what is no version of a basket, or does not go with versions."""
        if self.settings.exits.any:
            raise InputError(
                say("--exit is not read by --chain: a name goes when a version drops it"),
                fix=say("leave one of them out"),
            )
        for event in self.events:
            if event.basket == RATINGS or not event.weighting.tradable:
                raise InputError(
                    say("--chain: {name} has no versions to hold", name=event.basket),
                    fix=say("name baskets that are weighted at their entry, or leave --chain out"),
                )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FollowRun:
    """What an account came to, and what it rests on.

    Parameters
    ----------
    request
        What was asked.
    followed
        What became of each event of the span, in the order in which the account met them.
    curve
        The account at each close.
    level
        `(n_sessions,)` level of the chains on paper, 1 at the start; empty without `chain`.
    versions
        How many versions the chains have; `None` without `chain`.
    benchmark, benchmark_path
        The index, and its value at each close, 1 at the start; empty without one.
    data_version, run_id, simulated
        Snapshot of the lake; hash of request, data and program; whether the prices are invented.
    remarks
        What a reader should know.
    lacking
        Whether something is missing that was asked for.
    capacity
        The money at which the account earns no more than its index; `None` where that was not
        asked, or there is no index.
    """

    request: FollowRequest
    followed: tuple[Followed, ...]
    curve: Curve
    benchmark: Listing | None
    benchmark_path: FloatVector
    data_version: int
    run_id: str
    simulated: bool
    remarks: tuple[str, ...]
    lacking: bool
    panel: PricePanel
    level: FloatVector = field(default_factory=lambda: np.empty(0))
    versions: int | None = None
    capacity: Capacity | None = None

    @property
    def capital(self) -> float:
        """Money at the start, in CNY."""
        return self.request.settings.capitals[0]

    @property
    def taken(self) -> tuple[Followed, ...]:
        """The events that had a slot."""
        return tuple(one for one in self.followed if not one.skip)


def refuse_unread(options: Iterable[str]) -> None:
    """Refuse options of a backtest that an account does not read.

    Raises
    ------
    InputError
        If one of them is given.
    """
    unread = sorted(set(options) & {"paper", "cost_bps", "entry", "rebalance"})
    if unread:
        raise InputError(
            say("{option} is not read: events are followed with money", option=unread[0]),
            fix=say("leave out {option}", option=unread[0]),
        )


def follow(
    store: Store,
    request: FollowRequest,
    *,
    program_version: str,
    told: tuple[str, ...] = (),
    capacity: bool = False,
) -> FollowRun:
    """Follow a stream of events with one account.

    Parameters
    ----------
    store
        The lake, at the version to read.
    request
        Events, span, slots, money.
    program_version
        Version of the program, part of the run's id.
    told
        What of the stream was left out before.
    capacity
        Whether to look for the money at which the edge over the index is gone.

    Raises
    ------
    NoTradableConstituents
        If no event's entry lies in the span.
    DateRangeError
        If the entries of all events are past the sessions that their calendars record.
    DataError
        If the tables do not reach the span, or no event could be followed for want of data.
    """
    dated, left_out = dated_events(request.events, request.settings.delay)
    some = _within(dated, request)
    market, trading = _read(store, request, some)
    values = value_panel(market.panel, request.settings.entry)
    first, last = _span(market.panel, some, request)
    chains = chains_of(market, some, request.settings) if request.chain else ()
    play = partial(_play, values, trading, some, request, market.caps, chains)
    followed, curve = play(first, last, request.settings.capitals[0])
    index, path, lack = beside_account(
        store,
        request.benchmark,
        default_benchmark(_first_name(request.events)),
        market.panel,
        (first, last),
        request.settings.entry,
    )
    simulated = store.simulated()
    found = None
    if capacity and len(path):
        found = capacity_of(partial(_measured, play, trading, first, last, float(path[-1]) - 1))
    sized: tuple[str, ...] = ()
    if capacity:
        sized = capacity_remarks([] if found is None else [found], request.settings)
    return FollowRun(
        request=request,
        followed=followed,
        curve=curve,
        benchmark=index,
        benchmark_path=path,
        data_version=store.version,
        run_id=run_id("follow", request, store, program_version, simulated=simulated),
        simulated=simulated,
        remarks=(
            *remarks_of(followed, trading, request.settings, simulated=simulated),
            *told,
            *sized,
            *lack,
            *left_out,
        ),
        lacking=bool(left_out or lack) or any(one.skip is Skip.NO_DATA for one in followed),
        panel=market.panel,
        level=level_of(values, chains, request.settings, first, last),
        versions=sum(len(chain.versions) for chain in chains) if request.chain else None,
        capacity=found,
    )


def _play(
    values: ValuePanel,
    trading: TradingPanel,
    some: DatedEvents,
    request: FollowRequest,
    caps: CapPanel | None,
    chains: Sequence[Chain],
    first: int,
    last: int,
    capital: float,
) -> tuple[tuple[Followed, ...], Curve]:
    """Return what an account with an amount of money came to between two rows of the panel."""
    settings = replace(request.settings, capitals=(capital,))
    met = (
        followed_chains(trading, chains, settings)
        if request.chain
        else follow_events(
            values,
            trading,
            [(event, entries[0]) for event, entries in some],
            settings,
            request.slots,
            caps,
        )
    )
    _check_any(met)
    followed = tuple(_until(one, last) for one in met)
    return followed, curve_of(values.prices, followed, capital, first, last)


def _measured(
    play: Callable[[int, int, float], tuple[tuple[Followed, ...], Curve]],
    trading: TradingPanel,
    first: int,
    last: int,
    index_return: float,
    capital: float,
) -> Measured:
    """Return what an account with an amount of money came to, beside its index."""
    followed, curve = play(first, last, capital)
    done = [one.execution for one in followed if one.execution is not None]
    traded = float(curve.equity[-1]) / capital - 1
    return Measured(
        capital=capital,
        traded=traded,
        active=traded - index_return,
        participation=orders_share(trading, *done),
        invested=float(curve.exposure.mean()),
        n_events=len(done),
    )


def _within(dated: DatedEvents, request: FollowRequest) -> DatedEvents:
    first, last = request.first or date.min, request.last or date.max
    some = [
        (event, entries)
        for event, entries in dated
        if first <= min(day for _, day in entries[0]) <= last
    ]
    if not some:
        raise NoTradableConstituents(
            say("no event of the stream has its entry in the span"),
            fix=say("`screener basket list` shows which reports feed which basket"),
        )
    return some


def _read(store: Store, request: FollowRequest, some: DatedEvents) -> tuple[Market, TradingPanel]:
    asked = BacktestRequest(
        events=tuple(event for event, _ in some),
        settings=request.settings,
        benchmark=request.benchmark,
    )
    main = [(event, entries[:1]) for event, entries in some]
    market = read_market(store, [asked], [main])
    if market.trading is None:
        raise InputError(say("events are followed with money, under rules and charges"))
    if request.settings.recovery is None:
        return market, market.trading
    panel = with_payouts(market.panel, request.settings.recovery)
    return replace(market, panel=panel), replace(market.trading, prices=panel)


def _span(panel: PricePanel, some: DatedEvents, request: FollowRequest) -> tuple[int, int]:
    """Return the first and the last row of the curve.

    Raises
    ------
    DataError
        If the tables end before it begins.
    """
    entered = min(day for _, entries in some for _, day in entries[0])
    known = max(panel.last_sessions.values(), default=date.min)
    last = panel.row_after(min(known, request.last or known)) - 1
    first = panel.row(max(request.first or entered, panel.session(0)))
    if last < first:
        raise DataError(
            say("the tables end on {end}, before the first entry of {day}", end=known, day=entered),
            fix=say("`screener data update` fetches what is missing"),
        )
    return first, last


def _until(one: Followed, last: int) -> Followed:
    """Return an event as it stands at a row: what took place later has not yet."""
    done = one.execution
    if done is None or (one.last_row is not None and one.last_row <= last):
        return one
    lines = tuple(line for line in done.lines if line.row <= last)
    fees = sum(line.fees for line in lines if isinstance(line, Order))
    taxes = sum(
        line.amount
        for line in lines
        if isinstance(line, Entitlement) and line.kind is EntitlementKind.TAX
    )
    return replace(one, last_row=None, execution=replace(done, lines=lines, fees=fees + taxes))


def _check_any(met: Sequence[Followed]) -> None:
    """Refuse a stream of which nothing could be followed for want of data."""
    if all(one.skip for one in met):
        whys = dict.fromkeys(one.why for one in met if one.why)
        raise DataError(
            say("none of {n} events could be followed: {why}", n=len(met), why="; ".join(whys)),
            fix=say("`screener data status` shows what the tables hold"),
        )


def _first_name(events: Sequence[Event]) -> Listing:
    """Return a name of the mainland, if there is one."""
    names = [member.listing for event in events for member in event.members]
    return next((name for name in names if name.exchange.mainland), names[0])
