"""Where a number came from, on the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from screener.backtest.frictions import Line, Order, OrderStatus
from screener.domain.basket import Rebalance
from screener.render.backtest import event_title
from screener.render.tables import (
    UNDEFINED,
    Column,
    banner,
    facts,
    number,
    percent,
    plain_table,
    points,
    published_text,
)
from screener.workflows.backtest.order_rows import side_of
from screener.workflows.explain.explain import Explanation, Quote

__all__ = ["explanation_page"]

_RETURNS = ("paper_return", "executable_return", "benchmark_return", "active_return")


def explanation_page(found: Explanation) -> RenderableType:
    """Return an explanation as a page."""
    window = found.result.window
    title = f"{event_title(window.event)} · hold {window.horizon}"
    parts = banner(simulated=found.run.simulated)
    parts += [Text(title, style="bold"), facts(_facts(found)), Text()]
    parts += [*_names(found), *_orders(found)]
    parts += [Text(line) for line in _origins(found)]
    parts += [Text(f"  {line}") for line in found.result.remarks]
    return Group(*parts)


def _facts(found: Explanation) -> Iterator[tuple[str, str]]:
    run, result, window = found.run, found.result, found.result.window
    published = window.event.published
    yield "Run", f"{run.run_id}, data version {run.data_version}"
    yield "Published", f"{published_text(published)} {published.evidence}".strip()
    yield "Bought", f"at the {window.price} of {result.entry_session} or later"
    yield "Status", f"{result.status}, {window.sessions_held} sessions held"
    yield "Weights", f"{window.event.weighting}, rebalanced: {window.rebalance}"
    for name in _RETURNS:
        value = getattr(result, name)
        yield name.replace("_", " ").capitalize(), percent(value, signed=True)
    yield "Again", _same(found)


def _same(found: Explanation) -> str:
    if not found.differences:
        return "every value of the row comes out again"
    told = (f"{item.column} was {item.told}, is {item.now}" for item in found.differences)
    return "no: " + "; ".join(told)


def _names(found: Explanation) -> Iterator[RenderableType]:
    columns: list[Column | str] = [
        "name",
        Column(header="weight", numeric=True),
        "bought",
        "valued",
        Column(header="return", numeric=True),
        Column(header="adds", numeric=True),
    ]
    names = [(f"{share.listing} {share.name}".strip(), share) for share in found.names]
    rows = [
        [
            name,
            points(share.weight),
            _text(share.bought) or UNDEFINED,
            _text(share.valued) or UNDEFINED,
            points(share.total_return, signed=True),
            points(share.adds, signed=True),
        ]
        for name, share in names
    ]
    alone = ", as if none had been sold or bought since"
    if found.result.window.rebalance is Rebalance.NONE:
        alone = ""
        rows.append(["sum", "", "", "", "", points(found.result.paper_return, signed=True)])
    yield plain_table(columns, rows, title=f"the paper return, name by name, in %{alone}")
    for name, share in names:
        if share.why:
            yield Text(f"  {name}: {share.why}")
    yield Text()


def _text(quote: Quote | None) -> str:
    """Write a price: `open 16.17 on 2026-05-15`, with its multiplier and rate if it has any."""
    if quote is None:
        return ""
    factor = "" if quote.factor == 1 else f" x {quote.factor:.6g}"
    rate = "" if quote.rate == 1 else f" x {quote.rate:.5g}"
    return f"{quote.session} {quote.field} {quote.price:.10g}{factor}{rate}"


def _orders(found: Explanation) -> list[RenderableType]:
    if not found.orders:
        return []
    columns: list[Column | str] = [
        "name",
        "order",
        Column(header="money and fees, CNY", numeric=True),
        "why",
    ]
    rows = [_order(found, line) for line in found.orders]
    return [plain_table(columns, rows, title="with money, order by order"), Text()]


def _order(found: Explanation, line: Line) -> list[str]:
    name = found.result.window.event.members[line.leg].name
    why: tuple[str, ...] = (line.reason,)
    session, fees = line.session, None
    if isinstance(line, Order):
        why = (line.reason, line.rule, line.source)
        session, fees = line.session or line.scheduled, line.fees
    done = line.status in (OrderStatus.FILLED, OrderStatus.PARTIAL)
    priced = line.price is not None
    told = f"{line.shares:,.10g} at {line.price:.10g}" if done and priced else str(line.status)
    money = f"{line.amount:,.2f}" + ("" if fees is None else f" + {fees:,.2f}")
    return [
        f"{line.listing} {name}".strip(),
        f"{session} {side_of(line)} {told}",
        money if done else UNDEFINED,
        "; ".join(part for part in why if part) or UNDEFINED,
    ]


def _origins(found: Explanation) -> tuple[str, ...]:
    """Tell of the benchmark's values, and which source each price came from."""
    quotes = [quote for share in found.names for quote in (share.bought, share.valued) if quote]
    lines = []
    for index, first, last in found.benchmark:
        lines.append(f"index {index}: {_text(first)} to {_text(last)}")
        quotes += [first, last]
    told = {
        f"{quote.source}, fetched {quote.fetched_at:%Y-%m-%d %H:%M} UTC"
        for quote in quotes
        if quote.source and quote.fetched_at is not None
    }
    lines += [f"prices from {text}" for text in sorted(told)]
    steps = ", ".join(
        f"{step} {number(taken * 100, signed=True)}" for step, taken in found.result.shortfall
    )
    return (*lines, f"implementation shortfall, in %: {steps}") if steps else tuple(lines)
