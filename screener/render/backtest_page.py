"""Results as pages for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from rich.console import RenderableType

from screener.backtest.execution.models import REBALANCED
from screener.backtest.frictions import Entitlement, EntitlementKind, Order
from screener.backtest.ledger import LedgerEntry
from screener.backtest.run import EventResult
from screener.data.lake.schema import SIMULATED
from screener.domain.basket import Event
from screener.domain.report import Precision
from screener.market.charges import Side
from screener.paths.legs import LegState
from screener.render.backtest import (
    EventBlock,
    HorizonLine,
    SummaryLine,
    backtest_view,
    summary_view,
)
from screener.render.tables import moment_text, published_text
from screener.render.variants import VariantBlock, VariantLine, variants_view
from screener.workflows.backtest.run import BacktestRun

_NAMES_TOLD = 3

__all__ = ["backtest_page", "summary_page", "variants_page"]


def backtest_page(run: BacktestRun) -> RenderableType:
    """Return a run as a page: a block per event, with every name left out and why."""
    blocks = [
        _block(list(results))
        for _, results in groupby(run.results, key=lambda item: id(item.window.event))
    ]
    money = run.request.settings
    amount = "" if money.frictions is None else f" · with {_amounts(money.capitals)}"
    footer = f"returns in %, in CNY{amount} · data version {run.data_version} · run {run.run_id}"
    return backtest_view(blocks, banner=_banner(run), footer=footer)


def _amounts(capitals: Sequence[float]) -> str:
    return " / ".join(f"{capital:,.0f}" for capital in capitals)


def variants_page(runs: Sequence[BacktestRun]) -> RenderableType:
    """Return several runs of the same baskets as one page: a table per event."""
    found: dict[tuple[str, str], list[VariantLine]] = {}
    left_out: dict[tuple[str, str], dict[str, dict[str, None]]] = {}
    for run in runs:
        settings = run.request.settings
        for result in run.results:
            event = result.window.event
            key, weighting = (event.basket, event.report), str(event.weighting)
            line = VariantLine(
                entry=str(settings.entry),
                delay=settings.delay,
                weighting=weighting,
                rebalance=str(result.window.rebalance),
                line=_line(result),
            )
            found.setdefault(key, []).append(line)
            for told in _left_out(result):
                left_out.setdefault(key, {}).setdefault(told, {})[weighting] = None
    money = runs[0].request.settings
    amount = "" if money.frictions is None else f" · with {_amounts(money.capitals)}"
    footer = (
        f"returns in %, in CNY{amount} · data version {runs[0].data_version} · {len(runs)} runs, "
        "each with its id in the CSV"
    )
    blocks = [
        VariantBlock(
            title=" · ".join(part for part in key if part),
            lines=tuple(lines),
            notes=_notes_of(left_out.get(key, {}), {line.weighting for line in lines}),
        )
        for key, lines in found.items()
    ]
    return variants_view(blocks, banner=_banner(runs[0]), footer=footer)


def _left_out(result: EventResult) -> list[str]:
    """Tell in a line for each reason which names a window leaves out."""
    names: dict[str, list[str]] = {}
    for entry in result.ledger:
        if entry.state is LegState.DROPPED:
            names.setdefault(entry.reason, []).append(entry.listing)
    return [f"{_some(found)}: {reason}" for reason, found in names.items()]


def _some(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= _NAMES_TOLD else f"{len(names)} names"


def _notes_of(left_out: dict[str, dict[str, None]], every: set[str]) -> tuple[str, ...]:
    """Return the notes of an event, with the weightings that one concerns unless all do."""
    return tuple(
        f"left out {told}" if set(some) == every else f"left out by {', '.join(some)} {told}"
        for told, some in left_out.items()
    )


def summary_page(run: BacktestRun, *, horizon: int) -> RenderableType:
    """Return one line per event at one horizon."""
    lines = [
        SummaryLine(
            basket=result.window.event.basket,
            report=result.window.event.report,
            entry=result.entry_session,
            line=_line(result),
        )
        for result in run.results
        if result.window.horizon == horizon
    ]
    return summary_view(lines, banner=_banner(run))


def _banner(run: BacktestRun) -> str:
    return f" {SIMULATED}: invented prices " if run.simulated else ""


def _block(results: list[EventResult]) -> EventBlock:
    window = results[0].window
    event = window.event
    named = {member.listing.exchange for member in event.members}
    entries = sorted({day for exchange, day in window.entries if exchange in named})
    benchmarks = dict.fromkeys(name for result in results for name in result.benchmarks)
    return EventBlock(
        title=" · ".join(part for part in (event.basket, event.report) if part),
        subtitle="published "
        + published_text(event.published)
        + _range(event)
        + " · entry "
        + " / ".join(day.isoformat() for day in entries)
        + (f" · index {' + '.join(benchmarks)}" if benchmarks else ""),
        lines=tuple(_line(result) for result in results),
        notes=_notes(results),
        path=tuple(float(value) for value in results[-1].path),
    )


def _range(event: Event) -> str:
    published = event.published
    if published.precision is not Precision.ESTIMATED:
        return ""
    start, end = (
        moment_text(bound) if isinstance(bound, datetime) else f"the close of {bound}"
        for bound in (published.range_start, published.range_end)
    )
    return f" (from {start} to {end})"


def _line(result: EventResult) -> HorizonLine:
    window = result.window
    return HorizonLine(
        horizon=window.horizon,
        exit_session=result.exit_session,
        status=str(result.status),
        sessions_held=window.sessions_held,
        n_held=window.count(LegState.HELD),
        n_named=len(window.legs),
        paper_return=result.paper_return,
        executable_return=result.executable_return,
        benchmark_return=result.benchmark_return,
        active_return=result.active_return,
        max_drawdown=result.max_drawdown,
        band=result.band,
        capital=result.capital,
        gap=result.gap,
    )


def _notes(results: list[EventResult]) -> tuple[str, ...]:
    """List names that were left out, waited or sold late, once each with the horizons concerned."""
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
    every = len({result.window.horizon for result in results})
    alike: dict[tuple[str, str, tuple[int, ...]], list[str]] = {}
    for (state, listing, name, reason), horizons in found.items():
        key = (state, reason, tuple(dict.fromkeys(horizons)))
        alike.setdefault(key, []).append(f"{listing} {name}".strip())
    return tuple(
        f"{state} {names}: {reason}"
        + ("" if len(horizons) == every else f" (hold {', '.join(map(str, horizons))})")
        for (state, reason, horizons), some in alike.items()
        for names in ([f"{len(some)} names"] if len(some) > _NAMES_TOLD else some)
    )


def _worth_telling(result: EventResult, order: Order) -> bool:
    told = order.reason == str(result.window.legs[order.leg].reason)
    usual = order.reason == REBALANCED or (order.side is Side.BUY and order.session is not None)
    return bool(order.reason) and not told and not usual


def _rights_key(result: EventResult, line: Entitlement) -> tuple[str, str, str, str]:
    name = result.window.event.members[line.leg].name
    return "held", line.listing.id, name, f"{line.reason} ({line.session}{_with(result)})"


def _with(result: EventResult) -> str:
    return "" if result.capital is None else f", with {result.capital:,.0f}"


def _order_key(result: EventResult, order: Order) -> tuple[str, str, str, str]:
    """Tell of an order that was not filled as meant; the ledger has every one."""
    name = result.window.event.members[order.leg].name
    when = f"sold on {order.session}: " if order.session else ""
    verb = "not bought" if order.side is Side.BUY else "sale"
    return verb, order.listing.id, name, f"{when}{order.reason}{_with(result)}"


def _note_key(entry: LedgerEntry) -> tuple[str, str, str, str]:
    return (str(entry.state), entry.listing, entry.name, entry.reason)
