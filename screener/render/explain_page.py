"""An explanation as a page, and as a document."""

from __future__ import annotations

from dataclasses import asdict

from rich.console import RenderableType

from screener.backtest.frictions import Line, Order, OrderStatus
from screener.data.lake.schema import SIMULATED
from screener.domain.basket import Rebalance
from screener.render.explaining import (
    ExplainedName,
    ExplainedOrder,
    ExplainedPage,
    explained_view,
)
from screener.render.tables import UNDEFINED, number, percent, published_text
from screener.workflows.backtest.order_rows import side_of
from screener.workflows.explain.explain import Explanation, NameShare, Quote

__all__ = ["explanation_document", "explanation_page"]

_RETURNS = ("paper_return", "executable_return", "benchmark_return", "active_return")


def explanation_page(found: Explanation) -> RenderableType:
    """Return an explanation as a page."""
    window, run = found.result.window, found.run
    event = window.event
    title = " · ".join(part for part in (event.basket, event.report) if part)
    page = ExplainedPage(
        title=f"{title} · hold {window.horizon}",
        facts=(
            ("Run", f"{run.run_id}, data version {run.data_version}"),
            ("Published", f"{published_text(event.published)} {event.published.evidence}".strip()),
            ("Bought", f"at the {window.price} of {found.result.entry_session} or later"),
            ("Status", f"{found.result.status}, {window.sessions_held} sessions held"),
            ("Weights", f"{event.weighting}, rebalanced: {window.rebalance}"),
            *(
                (name.replace("_", " ").capitalize(), _percent(found.row[name]))
                for name in _RETURNS
            ),
            ("Again", _same(found)),
        ),
        names=tuple(_name(share) for share in found.names),
        total=found.result.paper_return,
        sums=window.rebalance is Rebalance.NONE,
        orders=tuple(_order(found, line) for line in found.orders),
        origins=_origins(found),
        remarks=found.result.remarks,
    )
    return explained_view(page, banner=f" {SIMULATED}: invented prices " if run.simulated else "")


def explanation_document(found: Explanation) -> dict[str, object]:
    """Return an explanation as plain values."""
    return {
        "row": dict(found.row),
        "names": [asdict(share) for share in found.names],
        "benchmark": [
            {"index": index, "first": asdict(first), "last": asdict(last)}
            for index, first, last in found.benchmark
        ],
        "orders": [
            {**asdict(line), "listing": line.listing.id, "side": side_of(line)}
            for line in found.orders
        ],
        "gap": dict(found.result.gap),
        "differences": [asdict(item) for item in found.differences],
    }


def _percent(value: object) -> str:
    return percent(None if value is None else float(str(value)), signed=True)


def _same(found: Explanation) -> str:
    if not found.differences:
        return "every value of the row comes out again"
    told = (f"{item.column} was {item.told}, is {item.now}" for item in found.differences)
    return "no: " + "; ".join(told)


def _name(share: NameShare) -> ExplainedName:
    return ExplainedName(
        name=f"{share.listing} {share.name}".strip(),
        weight=share.weight,
        bought=_text(share.bought),
        valued=_text(share.valued),
        total_return=share.total_return,
        adds=share.adds,
        why=share.why,
    )


def _text(quote: Quote | None) -> str:
    """Write a price: `open 16.17 on 2026-05-15`, with its multiplier and rate if it has any."""
    if quote is None:
        return ""
    factor = "" if quote.factor == 1 else f" x {quote.factor:.6g}"
    rate = "" if quote.rate == 1 else f" x {quote.rate:.5g}"
    return f"{quote.session} {quote.field} {quote.price:.10g}{factor}{rate}"


def _order(found: Explanation, line: Line) -> ExplainedOrder:
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
    return ExplainedOrder(
        name=f"{line.listing} {name}".strip(),
        order=f"{session} {side_of(line)} {told}",
        money=money if done else UNDEFINED,
        why="; ".join(part for part in why if part),
    )


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
        f"{step} {number(taken * 100, signed=True)}" for step, taken in found.result.gap
    )
    return (*lines, f"from paper to traded, in %: {steps}") if steps else tuple(lines)
