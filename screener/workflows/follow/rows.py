"""A followed stream as rows: its events, its curve, its orders, its measures."""

from __future__ import annotations

from collections.abc import Iterator

from screener.backtest.following.slots import Followed
from screener.backtest.frictions import Order
from screener.language.lists import clauses
from screener.market.charges import Side
from screener.results.follow import MEASURES
from screener.workflows.backtest.capacity import capacity_rows
from screener.workflows.backtest.order_rows import line_rows
from screener.workflows.follow.measures import account_curve, account_measures
from screener.workflows.follow.run import FollowRun
from screener.workspace.plain import plain_of

__all__ = ["curve_rows", "document_of", "event_rows", "followed_orders", "measure_row", "status_of"]

Row = dict[str, object]


def status_of(one: Followed) -> str:
    """Return `held`, `sold`, `not_bought`, or why an event was skipped."""
    if one.skip:
        return str(one.skip)
    if one.last_row is None:
        return "held"
    return "sold" if one.bought else "not_bought"


def event_rows(run: FollowRun) -> list[Row]:
    """Return one row per event of the span, in the order in which the account met them."""
    return [_event(run, one) for one in run.followed]


def _event(run: FollowRun, one: Followed) -> Row:
    done, event = one.execution, one.event
    row: Row = {
        "basket": event.basket,
        "report": event.report,
        "published": event.published.text(),
        "precision": str(event.published.precision),
        "entry_session": min(day for _, day in one.entries),
        "status": status_of(one),
        "exit_session": None if one.last_row is None else run.panel.session(one.last_row),
        "exit": "",
        "n_named": len(event.members),
        "n_bought": 0,
        "money": None,
        "gain": None,
        "gain_return": None,
        "fees": None,
        "reason": one.why,
        "run_id": run.run_id,
    }
    if done is not None:
        gain = one.worth(run.panel.row(run.curve.sessions[-1].item())) - one.money
        row |= {
            "money": one.money,
            "gain": gain,
            "gain_return": gain / one.money,
            "n_bought": len({order.leg for order in _filled(one) if order.side is Side.BUY}),
            "fees": done.fees,
            "exit": _exits(one),
        }
        if one.last_row is not None and not one.bought:
            blocks = dict.fromkeys(order.reason for order in done.orders)
            row["reason"] = clauses(list(blocks))
    return row


def _exits(one: Followed) -> str:
    """Return the rules by which the names that were bought leave, each once."""
    legs = () if one.window is None else one.window.legs
    bought = {order.leg for order in _filled(one) if order.side is Side.BUY}
    return ";".join(sorted({str(leg.exit) for at, leg in enumerate(legs) if at in bought}))


def _filled(one: Followed) -> Iterator[Order]:
    orders = () if one.execution is None else one.execution.orders
    return (order for order in orders if order.shares)


def curve_rows(run: FollowRun) -> list[Row]:
    """Return one row per session: the account, its fall from its peak, and the index."""
    curve = run.curve
    return account_curve(
        curve.sessions,
        curve.equity,
        run.capital,
        run.benchmark_path,
        run.run_id,
        cash=curve.cash,
        exposure=curve.exposure,
        slots=curve.slots,
        chain_level=run.level,
    )


def followed_orders(run: FollowRun) -> list[Row]:
    """Return every order, dividend, tax and rights issue, with the columns of `ORDERS`."""
    return [row for one in run.taken for row in _orders(run, one)]


def _orders(run: FollowRun, one: Followed) -> Iterator[Row]:
    if one.execution is None or one.window is None:
        return
    common: Row = {
        "basket": one.event.basket,
        "report": one.event.report,
        "horizon": one.window.horizon,
        "capital": one.money,
        "run_id": run.run_id,
    }
    yield from line_rows(common, one.window, one.execution.lines)


def document_of(run: FollowRun) -> Row:
    """Return all that a run found, with what it rests on, as JSON holds it."""
    return {
        "run_id": run.run_id,
        "data_version": run.data_version,
        "simulated": run.simulated,
        "remarks": list(run.remarks),
        "follow": plain_of(run.request),
        "measures": [measure_row(run)],
        "events": event_rows(run),
        "curve": curve_rows(run),
        "capacity": []
        if run.capacity is None
        else capacity_rows(run.capacity, run.run_id, run.request.settings.horizons[0]),
    }


def measure_row(run: FollowRun) -> Row:
    """Return the one row of `MEASURES`; what rests on too few sessions is `None`."""
    curve, request = run.curve, run.request
    fees = [one.execution.fees for one in run.taken if one.execution is not None]
    exchanges = {item.exchange for item in run.panel.listings}
    row = account_measures(
        curve.sessions, curve.equity, run.capital, curve.bought, run.benchmark_path, exchanges
    ) | {
        "slots": len(run.followed) if request.chain else request.slots,
        "versions": run.versions,
        "horizon": None if request.chain else request.settings.horizons[0],
        "n_events": len(run.followed),
        "n_followed": len(run.taken),
        "n_open": sum(one.last_row is None for one in run.taken),
        "exposure": float(curve.exposure.mean()),
        "fees": float(sum(fees)),
        "benchmark": "" if run.benchmark is None else run.benchmark.id,
        "data_version": run.data_version,
        "run_id": run.run_id,
    }
    return {name: row.get(name) for name in MEASURES.names}
