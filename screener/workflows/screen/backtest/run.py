"""What a screen would have earned: its names of each date, held with one account until the next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from screener.backtest.execution.delisting import with_payouts
from screener.backtest.frictions import Order, OrderStatus
from screener.backtest.rotating.account import Target
from screener.backtest.rotating.rotation import Rotation, rotate
from screener.backtest.run import Settings
from screener.data.lake.schema import SIMULATED
from screener.data.lake.store import Store
from screener.data.panels.price_panel import last_sessions_of, read_panel, read_trading
from screener.domain.arrays import FloatVector
from screener.domain.basket import Event
from screener.domain.listing import Exchange, Kind, Listing, parse_listing
from screener.domain.panel import TradingPanel
from screener.errors import DataError, InputError
from screener.language import say, say_count
from screener.market.benchmarks import DEFAULT_BENCHMARK
from screener.market.charges import Side
from screener.workflows.backtest.market import beside_account
from screener.workflows.backtest.requests import NO_BENCHMARK
from screener.workflows.run_ids import run_id
from screener.workflows.screen.backtest.dates import Every, Rhythm, rebalancing_days
from screener.workflows.screen.backtest.naming import Bias, Named, names_on
from screener.workflows.screen.run import ScreenRequest, asked_lines

__all__ = ["BiasRun", "ScreenBacktest", "ScreenBacktestRequest", "backtest_screen"]

_NONE = frozenset[Bias]()
_CHECKED = (*(frozenset({item}) for item in Bias), frozenset(Bias))


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenBacktestRequest:
    """A screen, when it is asked, and how what it names is traded.

    Parameters
    ----------
    name
        Name of the saved screen, or empty.
    screen
        What is asked; its `as_of` is the end of the span, its `top` how many names are held.
    events
        Events of the basket that is screened; empty for another universe.
    settings
        One amount of money, and the rules and charges of trading.
    every
        How often names are chosen anew.
    first, last
        The span.
    benchmark
        An index, `none`, or empty for CSI 300, Hang Seng where every name is of Hong Kong.
    biases
        Whether it is also run with what was known only later.

    Raises
    ------
    InputError
        If an option is out of its bounds.
    """

    name: str
    screen: ScreenRequest
    settings: Settings
    first: date
    last: date
    events: tuple[Event, ...] = ()
    every: Every = Every.MONTH
    benchmark: str = ""
    biases: bool = False

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise InputError(
                say("--to {last} comes before --from {first}", last=self.last, first=self.first)
            )
        if self.settings.frictions is None:
            raise InputError(say("a screen is held with money, under rules and charges"))
        if len(self.settings.capitals) > 1:
            raise InputError(say("--{option}: one value is followed", option="capital"))
        if self.benchmark and self.benchmark != NO_BENCHMARK:
            parse_listing(self.benchmark, parameter="--benchmark", kind=Kind.INDEX)

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """Exchanges of its names, those that share their sessions once."""
        if self.screen.universe is not None:
            markets = self.screen.universe.markets
            return tuple(market.exchange for market in markets)
        named = [member.listing for event in self.events for member in event.members]
        named += [member.listing for member in self.screen.members]
        mainland = {item.exchange.mainland for item in named}
        return tuple(Exchange.SH if one else Exchange.HK for one in sorted(mainland, reverse=True))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BiasRun:
    """The same screen with what was known only later.

    Parameters
    ----------
    biases
        What was known too early.
    rotation
        What the account came to.
    changed
        Rebalancings at which other names were held.
    """

    biases: frozenset[Bias]
    rotation: Rotation
    changed: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScreenBacktest:
    """What a screen would have earned, and what that rests on.

    Parameters
    ----------
    request
        What was asked.
    named
        Whom the screen named at each rebalancing.
    days
        When that was decided and traded.
    rotation
        The account.
    trading
        Prices and facts of all names.
    benchmark, benchmark_path
        The index, and its value at each close, 1 at the start; empty without one.
    data_version, run_id, simulated
        Version of the lake; hash of request, data and program; whether the prices are invented.
    remarks
        What a reader should know.
    lacking
        Whether something is missing that was asked for.
    biased
        The same with what was known only later, where that was asked for.
    """

    request: ScreenBacktestRequest
    named: tuple[Named, ...]
    days: tuple[Rhythm, ...]
    rotation: Rotation
    trading: TradingPanel
    benchmark: Listing | None
    benchmark_path: FloatVector
    data_version: int
    run_id: str
    simulated: bool
    remarks: tuple[str, ...]
    lacking: bool
    biased: tuple[BiasRun, ...] = ()

    @property
    def questions(self) -> tuple[str, ...]:
        """What the screen asks, one line each, the order last."""
        return asked_lines(self.request.screen.questions())

    @property
    def capital(self) -> float:
        """Money at the start, in CNY."""
        return self.request.settings.capitals[0]


def backtest_screen(
    store: Store, request: ScreenBacktestRequest, *, program_version: str
) -> ScreenBacktest:
    """Ask a screen at each rebalancing and hold what it names.

    Parameters
    ----------
    store
        The lake, at the version to read.
    request
        The screen, the span, money and rules.
    program_version
        Version of the program, part of the run's id.

    Raises
    ------
    DateRangeError
        If no session lies in the span.
    DataError
        If the tables do not reach the span, or hold nothing to screen on one of its days.
    """
    days, end = _days(store, request)
    named = _named(store, request, days, _NONE)
    variants = {_NONE: named}
    early: tuple[Rhythm, ...] = ()
    if request.biases:
        early = _days(store, request, early=True)[0]
        for biases in _CHECKED:
            seen = biases - {Bias.EARLY_ENTRY}
            if seen not in variants:
                variants[seen] = _named(store, request, days, seen)
    trading = _trading(store, request, variants.values(), (*days, *early), end)
    plain = _rotation(trading, request, named, days, end)
    biased = []
    for biases in _CHECKED if request.biases else ():
        own = variants[biases - {Bias.EARLY_ENTRY}]
        when = early if Bias.EARLY_ENTRY in biases else days
        biased.append(
            BiasRun(
                biases=biases,
                rotation=_rotation(trading, request, own, when, end),
                changed=sum(_ids(a) != _ids(b) for a, b in zip(named, own, strict=True)),
            )
        )
    index, path, lack = beside_account(
        store,
        request.benchmark,
        DEFAULT_BENCHMARK[any(item.mainland for item in request.exchanges)],
        trading.prices,
        (plain.first_row, plain.last_row),
        request.settings.entry,
    )
    simulated = store.simulated()
    told = _remarks(trading, request, named, plain, simulated=simulated)
    return ScreenBacktest(
        request=request,
        named=named,
        days=days,
        rotation=plain,
        trading=trading,
        benchmark=index,
        benchmark_path=path,
        data_version=store.version,
        run_id=run_id("screen-backtest", request, store, program_version, simulated=simulated),
        simulated=simulated,
        remarks=(*told, *lack),
        lacking=bool(lack),
        biased=tuple(biased),
    )


def _days(
    store: Store, request: ScreenBacktestRequest, *, early: bool = False
) -> tuple[tuple[Rhythm, ...], date]:
    """Return the rebalancings, and the last session of the span that the tables reach."""
    exchanges = request.exchanges
    reached = min(last_sessions_of(store, exchanges).values(), default=None)
    if reached is None or reached < request.first:
        raise DataError(
            say("the tables hold no session from {first} on", first=request.first),
            where=say("table bars"),
            fix=say("`screener data update` fetches what is missing"),
        )
    end = min(request.last, reached)
    delay = -1 if early else request.settings.delay
    return rebalancing_days(exchanges, request.first, end, request.every, delay=delay), end


def _named(
    store: Store,
    request: ScreenBacktestRequest,
    days: Sequence[Rhythm],
    biases: frozenset[Bias],
) -> tuple[Named, ...]:
    decided = [one.decided for one in days]
    return tuple(
        names_on(
            store,
            request.screen,
            decided,
            events=request.events,
            biases=biases,
            today=request.last,
        )
    )


def _ids(named: Named) -> tuple[str, ...]:
    return tuple(row.listing for row in named.rows)


def _trading(
    store: Store,
    request: ScreenBacktestRequest,
    variants: Iterable[tuple[Named, ...]],
    days: Sequence[Rhythm],
    end: date,
) -> TradingPanel:
    """Read prices and facts of all that is ever named."""
    ids = sorted({item for named in variants for one in named for item in _ids(one)})
    listings = [parse_listing(item) for item in ids] or [_anyone(request)]
    first = min(min(one.traded, one.decided) for one in days)
    panel = read_panel(store, listings, first_entry=first, last_entry=end)
    recovery = request.settings.recovery
    if recovery is not None:
        panel = with_payouts(panel, recovery)
    return read_trading(store, panel)


def _anyone(request: ScreenBacktestRequest) -> Listing:
    """Return an index of the market, whose sessions stand for those of nobody."""
    return DEFAULT_BENCHMARK[request.exchanges[0].mainland]


def _rotation(
    trading: TradingPanel,
    request: ScreenBacktestRequest,
    named: Sequence[Named],
    days: Sequence[Rhythm],
    end: date,
) -> Rotation:
    panel, frictions = trading.prices, request.settings.frictions
    if frictions is None:
        raise ValueError("a screen is held under rules and charges")
    column = {item.id: at for at, item in enumerate(panel.listings)}
    targets = []
    for one, day in zip(named, days, strict=False):  # one traded past the span has no day
        traded = panel.row(day.traded)
        decided = min(panel.row_after(day.decided) - 1, traded)
        columns = tuple(column[item] for item in _ids(one))
        targets.append(Target(decided=decided, traded=traded, columns=columns))
    return rotate(
        trading,
        targets,
        capital=request.settings.capitals[0],
        frictions=frictions,
        max_wait=request.settings.max_wait,
        last_row=panel.row_after(end) - 1,
    )


def _remarks(
    trading: TradingPanel,
    request: ScreenBacktestRequest,
    named: Sequence[Named],
    rotation: Rotation,
    *,
    simulated: bool,
) -> tuple[str, ...]:
    found = []
    if simulated:
        text = say("{simulated}: invented prices, no market ever had them.", simulated=SIMULATED)
        found.append(text)
    empty = sum(not one.rows for one in named)
    if empty:
        found.append(
            say_count(
                "At {n} rebalancing no name passed: the account held cash.",
                "At {n} rebalancings no name passed: the account held cash.",
                empty,
            )
        )
    found.extend(_unfilled(rotation))
    found.extend(_stuck(trading, request, rotation))
    return tuple(found)


def _unfilled(rotation: Rotation) -> Iterator[str]:
    orders = [line for line in rotation.lines if isinstance(line, Order)]
    missed = [one for one in orders if one.status is OrderStatus.UNFILLED]
    if missed:
        whys: dict[str, int] = {}
        for one in missed:
            whys[one.reason] = whys.get(one.reason, 0) + 1
        often = max(whys, key=whys.__getitem__)
        yield say_count(
            "{n} purchase was not made, its money stayed cash: {why}.",
            "{n} purchases were not made, their money stayed cash; most often: {why}.",
            len(missed),
            why=often,
        )
    late = sum(
        one.side is Side.SELL and one.session is not None and one.session > one.scheduled
        for one in orders
    )
    if late:
        yield say_count(
            "{n} sale was late: the name was suspended, locked, or too large for the day's volume.",
            "{n} sales were late: the names were suspended, locked, or too large for the day's "
            "volume.",
            late,
        )


def _stuck(
    trading: TradingPanel, request: ScreenBacktestRequest, rotation: Rotation
) -> Iterator[str]:
    """Tell of what is held at the end that is not quoted any more."""
    panel, row = trading.prices, rotation.last_row
    day = panel.session(row)
    gone = [
        at
        for at in rotation.rotated.last
        if (ended := panel.delist_dates[at]) is not None and ended <= day
    ]
    if gone and request.settings.recovery is None:
        worth = sum(rotation.rotated.last[at] for at in gone)
        yield say_count(
            "{n} name was delisted while it was held and stands at its last close, "
            "{worth:,.0f} CNY of {equity:,.0f}; --delisting-recovery says what it paid.",
            "{n} names were delisted while they were held and stand at their last closes, "
            "{worth:,.0f} CNY of {equity:,.0f}; --delisting-recovery says what they paid.",
            len(gone),
            worth=worth,
            equity=float(rotation.equity[-1]),
        )
    waiting = [at for at in rotation.rotated.due if at not in gone]
    if waiting:
        yield say_count(
            "{n} name that was to be sold is still held at the end: {names}.",
            "{n} names that were to be sold are still held at the end: {names}.",
            len(waiting),
            names=", ".join(panel.listings[at].id for at in waiting[:5]),
        )
