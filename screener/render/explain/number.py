"""Where a number came from, on the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.console import Group, RenderableType
from rich.text import Text

from screener.backtest.frictions import Line, Order, OrderStatus
from screener.domain.basket import Rebalance
from screener.language import Language, bound, say
from screener.language.lists import about, clauses
from screener.render.backtest.blocks import event_title
from screener.render.backtest.shortfall import step_name
from screener.render.explain.again import again_told
from screener.render.local import told, word
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


def explanation_page(found: Explanation, titles: Mapping[str, str] | None = None) -> RenderableType:
    """Return an explanation as a page; `titles` are what to call baskets instead of their names."""
    window = found.result.window
    title = say("{event} · hold {n}", event=event_title(window.event, titles), n=window.horizon)
    parts = banner(simulated=found.run.simulated)
    parts += [Text(title, style="bold"), facts(_facts(found)), Text()]
    parts += [*_names(found), *_orders(found)]
    parts += [Text(line) for line in _origins(found)]
    parts += [Text(f"  {told(line)}") for line in found.result.remarks]
    return Group(*parts)


def _facts(found: Explanation) -> Iterator[tuple[str, str]]:
    run, result, window = found.run, found.result, found.result.window
    published = window.event.published
    yield (
        say("Run"),
        say("{run}, data version {version}", run=run.run_id, version=run.data_version),
    )
    yield say("Published"), f"{published_text(published)} {published.evidence}".strip()
    yield (
        say("Bought"),
        say(
            "at the {price} of {day} or later",
            price=word(str(window.price)),
            day=result.entry_session,
        ),
    )
    yield (
        say("Status"),
        say("{status}, {n} sessions held", status=word(str(result.status)), n=window.sessions_held),
    )
    yield (
        say("Weights"),
        say(
            "{weighting}, rebalanced: {rebalance}",
            weighting=word(str(window.event.weighting)),
            rebalance=word(str(window.rebalance)),
        ),
    )
    labels = (
        say("Paper return"),
        say("Executable return"),
        say("Benchmark return"),
        say("Active return"),
    )
    for label, name in zip(labels, _RETURNS, strict=True):
        yield label, percent(getattr(result, name), signed=True)
    yield say("Again"), again_told(found.differences)


def _names(found: Explanation) -> Iterator[RenderableType]:
    columns: list[Column | str] = [
        say("name"),
        Column(header=say("weight"), numeric=True),
        say("bought"),
        say("valued"),
        Column(header=say("return"), numeric=True),
        Column(header=say("adds"), numeric=True),
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
    title = say("the paper return, name by name, in %, as if none had been sold or bought since")
    if found.result.window.rebalance is Rebalance.NONE:
        title = say("the paper return, name by name, in %")
        rows.append([say("sum"), "", "", "", "", points(found.result.paper_return, signed=True)])
    yield plain_table(columns, rows, title=title)
    for name, share in names:
        if share.why:
            yield Text(f"  {about(name, told(share.why))}")
    yield Text()


def _text(quote: Quote | None) -> str:
    """Write a price: `open 16.17 on 2026-05-15`, with its multiplier and rate if it has any."""
    if quote is None:
        return ""
    times = "×" if bound() is Language.ZH else "x"
    factor = "" if quote.factor == 1 else f" {times} {quote.factor:.6g}"
    rate = "" if quote.rate == 1 else f" {times} {quote.rate:.5g}"
    return f"{quote.session} {word(quote.field)} {quote.price:.10g}{factor}{rate}"


def _orders(found: Explanation) -> list[RenderableType]:
    if not found.orders:
        return []
    columns: list[Column | str] = [
        say("name"),
        say("order"),
        Column(header=say("money and fees, CNY"), numeric=True),
        say("why"),
    ]
    rows = [_order(found, line) for line in found.orders]
    return [plain_table(columns, rows, title=say("with money, order by order")), Text()]


def _order(found: Explanation, line: Line) -> list[str]:
    name = found.result.window.event.members[line.leg].name
    why: tuple[str, ...] = (line.reason,)
    session, fees = line.session, None
    if isinstance(line, Order):
        why = (line.reason, line.rule, line.source)
        session, fees = line.session or line.scheduled, line.fees
    done = line.status in (OrderStatus.FILLED, OrderStatus.PARTIAL)
    priced = line.price is not None
    outcome = (
        say("{shares:,.10g} at {price:.10g}", shares=line.shares, price=line.price)
        if done and priced
        else word(str(line.status))
    )
    money = f"{line.amount:,.2f}" + ("" if fees is None else f" + {fees:,.2f}")
    return [
        f"{line.listing} {name}".strip(),
        f"{session} {word(side_of(line))} {outcome}",
        money if done else UNDEFINED,
        clauses(told(part) for part in why if part) or UNDEFINED,
    ]


def _origins(found: Explanation) -> tuple[str, ...]:
    """Tell of the benchmark's values, and which source each price came from."""
    quotes = [quote for share in found.names for quote in (share.bought, share.valued) if quote]
    lines = []
    for index, first, last in found.benchmark:
        lines.append(
            say(
                "index {index}: {first} to {last}",
                index=index,
                first=_text(first),
                last=_text(last),
            )
        )
        quotes += [first, last]
    origins = {
        (quote.source, f"{quote.fetched_at:%Y-%m-%d %H:%M}")
        for quote in quotes
        if quote.source and quote.fetched_at is not None
    }
    lines += [
        say("prices from {source}, fetched {at} UTC", source=told(source), at=at)
        for source, at in sorted(origins)
    ]
    steps = ", ".join(
        f"{step_name(step)} {number(taken * 100, signed=True)}"
        for step, taken in found.result.shortfall
    )
    if steps:
        lines.append(say("from the index to the money, in %: {steps}", steps=steps))
    return tuple(lines)
