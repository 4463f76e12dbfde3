"""The ledger of a run with money as rows, each in one currency, which sum to what was gained.

`cash_cny` is what a row adds to the money. The rows of an event, horizon and capital whose sales
are done sum to its gain, so that `1 + sum(cash_cny) / capital` is its traded value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from screener.backtest.frictions import Entitlement, Line, Order, OrderStatus
from screener.backtest.ledger import LedgerEntry
from screener.backtest.run import EventResult
from screener.language import say
from screener.paths.legs import LegState
from screener.paths.windows import Window
from screener.workflows.backtest.run import BacktestRun

__all__ = ["keys_of", "line_rows", "lines_as_rows", "order_rows", "side_of"]

Row = dict[str, object]

_HOME = "CNY"
_PLACES = 8  # of money: what is beyond are roundings of floats


def order_rows(run: BacktestRun) -> list[Row]:
    """Return the rows of a run with money, with the columns of `ORDERS`.

    One for each order, filled or not, each dividend, tax and rights issue, each conversion of money
    that they asked for, and each name for which no order was placed.
    """
    return [row for result in run.results for row in _rows(run, result)]


def keys_of(run: BacktestRun, result: EventResult) -> Row:
    """Return the columns that tell a result of a run from all others."""
    return {
        "basket": result.window.event.basket,
        "report": result.window.event.report,
        "horizon": result.window.horizon,
        "capital": result.capital,
        "run_id": run.run_id,
    }


def side_of(line: Line) -> str:
    """Return what a line of the ledger is: `buy`, `sell`, `dividend`, `dividend tax`, `rights`."""
    return str(line.kind if isinstance(line, Entitlement) else line.side)


def _rows(run: BacktestRun, result: EventResult) -> Iterator[Row]:
    common = keys_of(run, result)
    told = {line.leg for line in result.lines}
    for at, entry in enumerate(result.ledger):
        if at not in told:
            yield {**common, **_without_order(entry, result.no_orders or result.lack)}
    yield from line_rows(common, result.window, result.lines)


def line_rows(common: Row, window: Window, lines: Sequence[Line]) -> Iterator[Row]:
    """Yield the rows of the ledger of a window's money, with the columns of `ORDERS`.

    Parameters
    ----------
    common
        Columns that all of them share.
    window, lines
        The window, and what it ordered and was paid.
    """
    for line in lines:
        named: Row = {
            "name": window.event.members[line.leg].name,
            "weight": window.weights[line.leg],
        }
        for row in lines_as_rows([line]):
            yield {**common, **named, **row}


def lines_as_rows(lines: Iterable[Line]) -> Iterator[Row]:
    """Yield what is told of each line of a ledger, and of the money that it exchanged."""
    for line in lines:
        listing: Row = {"listing": line.listing.id}
        yield {**listing, **_line(line)}
        if line.listing.currency != _HOME and line.amount:
            yield {**listing, **_conversion(line)}


def _without_order(entry: LedgerEntry, why: str) -> Row:
    """Return the row of a name for which no order was placed."""
    if entry.state is LegState.DROPPED:
        status, reason = "dropped", entry.reason
    elif entry.entry_session is None and not why:
        status, reason = str(OrderStatus.WAITING), entry.reason
    else:
        status, reason = str(OrderStatus.UNFILLED), why
    return {
        "listing": entry.listing,
        "name": entry.name,
        "side": "" if status == "dropped" else "buy",
        "status": status,
        "weight": 0.0 if status == "dropped" else entry.weight,
        "scheduled_session": entry.scheduled_entry,
        "currency": entry.currency,
        "reason": reason,
        "rule": entry.rule,
    }


def _line(line: Line) -> Row:
    done = line.status in (OrderStatus.FILLED, OrderStatus.PARTIAL)
    row: Row = {
        "side": side_of(line),
        "status": str(line.status),
        "session": line.session,
        "shares": line.shares or None,
        "price": None if line.price is None else round(line.price, _PLACES),
        "currency": str(line.listing.currency),
        "reason": line.reason,
    }
    if isinstance(line, Order):
        row |= {
            "scheduled_session": line.scheduled,
            "rule": line.rule,
            "source": line.source,
            "fees": round(line.fees / line.rate, _PLACES) if done else None,
            "fees_cny": round(line.fees, _PLACES) if done else None,
        }
    if done:
        row |= {
            "amount": round(line.amount / line.rate, _PLACES) or None,
            "fx": line.rate,
            "amount_cny": round(line.amount, _PLACES),
            "cash_cny": round(line.cash, _PLACES),
        }
    return row


def _conversion(line: Line) -> Row:
    """Return the exchange of money that a line in foreign currency asks for."""
    foreign = str(line.listing.currency)
    pair = (foreign, _HOME) if line.cash > 0 else (_HOME, foreign)
    return {
        "side": "fx",
        "status": str(OrderStatus.FILLED),
        "session": line.session,
        "price": round(line.rate, _PLACES),
        "currency": _HOME,
        "amount": round(abs(line.cash), _PLACES),
        "reason": say(
            "{sold} to {bought}: {amount:,.2f} {currency} at {rate:.6g}",
            sold=pair[0],
            bought=pair[1],
            amount=abs(line.cash) / line.rate,
            currency=foreign,
            rate=line.rate,
        ),
    }
