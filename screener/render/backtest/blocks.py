"""Backtest results on the terminal: one block per event, one line per horizon."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.text import Text

from screener.backtest.frictions import Entitlement, EntitlementKind, Order
from screener.backtest.ledger import LedgerEntry
from screener.backtest.run import EventResult
from screener.domain.basket import Event
from screener.domain.report import Precision
from screener.language import say, say_all, say_count
from screener.language.lists import listed
from screener.market.charges import Side
from screener.paths.windows import WindowStatus
from screener.render.backtest.shortfall import waterfall_table
from screener.render.local import told, word
from screener.render.tables import (
    UNDEFINED,
    banner,
    heads,
    moment_text,
    money_short,
    money_whole,
    percent,
    plain_table,
    points,
    published_text,
)
from screener.results.backtest import RETURNS
from screener.workflows.backtest.run import BacktestRun

__all__ = [
    "NAMES_TOLD",
    "backtest_page",
    "event_title",
    "footer_of",
    "held_only",
    "n_names",
    "run_text",
    "sparkline",
    "status_label",
    "status_text",
]

NAMES_TOLD = 3
"""Names with the same fate that are told one by one; more are counted."""

_LEVELS = "▁▂▃▄▅▆▇█"
_PATH_WIDTH = 60
_DIGITS = 2
_STATUS = {
    WindowStatus.MATURE: lambda: say("mature"),
    WindowStatus.PENDING: lambda: say("pending"),
    WindowStatus.PARTIAL: lambda: say("partial"),
    WindowStatus.NO_DATA: lambda: say("no_data"),
}


# ---- pages ---------------------------------------------------------------------------------------


def backtest_page(run: BacktestRun, titles: Mapping[str, str] | None = None) -> RenderableType:
    """Return a run as a page: a block per event, with every name left out and why.

    `titles` are what to call baskets instead of their names.
    """
    parts = banner(simulated=run.simulated)
    for results in run.by_event:
        parts += [*_block(results, titles or {}), Text()]
    return Group(*parts, Text(f"{footer_of(run)} · {run_text(run)}", style="dim"))


def event_title(event: Event, titles: Mapping[str, str] | None = None) -> str:
    """Name an event by its basket and its report; `titles` are what to call baskets instead."""
    basket = (titles or {}).get(event.basket) or event.basket
    return " · ".join(part for part in (basket, event.report) if part)


def footer_of(run: BacktestRun) -> str:
    """Tell units, money and data version of a run."""
    settings = run.request.settings
    capitals = " / ".join(money_whole(capital) for capital in settings.capitals)
    version = run.data_version
    if settings.frictions is None:
        return say("returns in %, in CNY · data version {version}", version=version)
    return say(
        "returns in %, in CNY · with {capitals} · data version {version}",
        capitals=capitals,
        version=version,
    )


def run_text(run: BacktestRun) -> str:
    """Tell the id of a run."""
    return say("run {id}", id=run.run_id)


def status_label(status: str) -> str:
    """Return a status in the reader's language."""
    return _STATUS[WindowStatus(status)]()


def status_text(result: EventResult) -> str:
    """Write a status, with the sessions held so far of a window that is not mature."""
    held = result.window.sessions_held
    status = status_label(result.status)
    return status if result.status is WindowStatus.MATURE or not held else f"{status} {held}"


def sparkline(values: Sequence[float], *, width: int = _PATH_WIDTH) -> str:
    """Draw values as a line of blocks, at most `width` wide; a flat path is drawn low."""
    if not values:
        return ""
    step = max(1, -(-len(values) // width))
    shown = [*values[::step], values[-1]] if (len(values) - 1) % step else list(values[::step])
    low, high = min(shown), max(shown)
    span = high - low
    top = len(_LEVELS) - 1
    return "".join(_LEVELS[round((v - low) / span * top) if span else 0] for v in shown)


def _held(result: EventResult) -> str:
    return f"{result.n_held}/{result.n_named}"


# ---- one event -----------------------------------------------------------------------------------


def _block(results: Sequence[EventResult], titles: Mapping[str, str]) -> Iterator[RenderableType]:
    yield Text(event_title(results[0].window.event, titles), style="bold")
    yield Text(_subtitle(results))
    amounts = len({result.capital for result in results if result.capital is not None}) > 1
    # With several amounts the second table has what each came to.
    costed = not amounts and any(result.executable_return is not None for result in results)
    traded = ("executable_return",) if costed else ()
    names = ("n_held", "paper_return", *traded, "benchmark_return", "active_return", "max_drawdown")
    columns = heads(RETURNS, "horizon", "exit_session", "status", *names)
    shown = list({result.window.horizon: result for result in reversed(results)}.values())[::-1]
    yield plain_table(columns, [_cells(result, costed=costed) for result in shown])
    if amounts:
        yield _by_amount(results)
    yield from waterfall_table(results, amounts=amounts)
    for result in shown:
        if result.band is not None:
            low, high = (percent(end, digits=_DIGITS, signed=True) for end in result.band)
            told_ = say(
                "hold {n}: {low} to {high} over every entry the range allows",
                n=result.window.horizon,
                low=low,
                high=high,
            )
            yield Text(f"  {told_}")
    path = [float(value) for value in results[-1].path]
    if len(path) > 1:
        drawn = say("path {line} 1 to {last:.3f}", line=sparkline((1.0, *path)), last=path[-1])
        yield Text(f"  {drawn}")
    for note in _notes(results):
        yield Text(f"  {note}")


def _subtitle(results: Sequence[EventResult]) -> str:
    window = results[0].window
    event = window.event
    named = {member.listing.exchange for member in event.members}
    entries = sorted({day for exchange, day in window.entries if exchange in named})
    benchmarks = dict.fromkeys(name for result in results for name in result.benchmarks)
    return say_all(
        " · ",
        (
            say("published {day}", day=_published(event)),
            say("entry {days}", days=" / ".join(day.isoformat() for day in entries)),
            *([say("index {names}", names=" + ".join(benchmarks))] if benchmarks else []),
        ),
    )


def _published(event: Event) -> str:
    published = event.published
    day = published_text(published)
    if published.precision is not Precision.ESTIMATED:
        return day
    start, end = (
        moment_text(bound) if isinstance(bound, datetime) else say("the close of {day}", day=bound)
        for bound in (published.range_start, published.range_end)
    )
    return say("{day} (from {start} to {end})", day=day, start=start, end=end)


def _cells(result: EventResult, *, costed: bool) -> list[str]:
    returns = [
        result.paper_return,
        *([result.executable_return] if costed else []),
        result.benchmark_return,
        result.active_return,
    ]
    return [
        str(result.window.horizon),
        result.exit_session.isoformat() if result.exit_session else UNDEFINED,
        status_text(result),
        _held(result),
        *(points(value, signed=True) for value in returns),
        points(result.max_drawdown),
    ]


def _by_amount(results: Sequence[EventResult]) -> RenderableType:
    """Show what each amount of money came to."""
    names = ("horizon", "capital", "paper_return", "executable_return")
    rows = [
        [
            str(item.window.horizon),
            money_short(item.capital),
            points(item.paper_return, signed=True),
            points(item.executable_return, signed=True),
        ]
        for item in results
        if item.capital is not None
    ]
    return plain_table(heads(RETURNS, *names), rows)


# ---- what to know about it -----------------------------------------------------------------------


def _notes(results: Sequence[EventResult]) -> Iterator[str]:
    """List names that were left out, waited or sold late, once each with the horizons concerned."""
    every = len({result.window.horizon for result in results})
    alike: dict[tuple[str, str, tuple[int, ...]], list[str]] = {}
    for (state, listing, name, reason), horizons in _told(results).items():
        key = (state, reason, tuple(dict.fromkeys(horizons)))
        alike.setdefault(key, []).append(f"{listing} {name}".strip())
    for (state, reason, concerned), some in alike.items():
        for names in [n_names(len(some))] if len(some) > NAMES_TOLD else some:
            line = say("{state} {names}: {reason}", state=word(state), names=names, reason=reason)
            yield line if len(concerned) == every else held_only(line, concerned)


def _told(results: Sequence[EventResult]) -> dict[tuple[str, str, str, str], list[int]]:
    """Return state, listing, name and reason of what to tell, with the horizons of each.

    The reason is as the reader's language has it.
    """
    found: dict[tuple[str, str, str, str], list[int]] = {}
    for result in results:
        for entry in result.ledger:
            if entry.reason:
                found.setdefault(_note_key(entry), []).append(entry.horizon)
        for order in result.orders:
            if _worth_telling(result, order):
                found.setdefault(_order_key(result, order), []).append(result.window.horizon)
        for line in result.lines:
            if isinstance(line, Entitlement) and line.kind is EntitlementKind.RIGHTS:
                found.setdefault(_rights_key(result, line), []).append(result.window.horizon)
    return found


def _worth_telling(result: EventResult, order: Order) -> bool:
    told = order.reason == result.window.legs[order.leg].reason.told
    usual = order.rebalances or (order.side is Side.BUY and order.session is not None)
    return bool(order.reason) and not told and not usual


def _rights_key(result: EventResult, line: Entitlement) -> tuple[str, str, str, str]:
    name = result.window.event.members[line.leg].name
    why = say("{why} ({more})", why=told(line.reason), more=_with(result, str(line.session)))
    return "held", line.listing.id, name, why


def _with(result: EventResult, text: str) -> str:
    """Add the money of the path, where there is any."""
    if result.capital is None:
        return text
    return say("{text}, with {money}", text=text, money=money_whole(result.capital))


def _order_key(result: EventResult, order: Order) -> tuple[str, str, str, str]:
    """Tell of an order that was not filled as meant; the ledger has every one."""
    name = result.window.event.members[order.leg].name
    why = told(order.reason)
    if order.session:
        why = say("sold on {day}: {why}", day=order.session, why=why)
    verb = say("not bought") if order.side is Side.BUY else say("sale")
    return verb, order.listing.id, name, _with(result, why)


def _note_key(entry: LedgerEntry) -> tuple[str, str, str, str]:
    return (str(entry.state), entry.listing, entry.name, told(entry.reason))


def n_names(count: int) -> str:
    """Count names."""
    return say_count("{n} name", "{n} names", count)


def held_only(text: str, horizons: Iterable[int]) -> str:
    """Add to a line the only horizons that it is about."""
    return say("{text} (hold {horizons})", text=text, horizons=listed(horizons))
