"""Where a number came from: one result evaluated again, with the rows that it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

from screener.backtest.attribution import FRICTION_STEPS
from screener.backtest.frictions import Line
from screener.backtest.run import EventResult
from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.domain.basket import Rebalance
from screener.domain.panel import PricePanel
from screener.errors import ComputeError, InputError
from screener.language import say
from screener.language.lists import about, listed
from screener.paths.exits import end_quote
from screener.paths.legs import LegState
from screener.workflows.backtest.order_rows import side_of
from screener.workflows.backtest.requests import BacktestRequest
from screener.workflows.backtest.rows import result_rows
from screener.workflows.backtest.run import BacktestRun, run_events
from screener.workflows.explain.kinds import backtest_request
from screener.workflows.explain.rows import RESULT_KEYS, Difference, differences_of, is_same
from screener.workspace.runs import StoredRun

__all__ = ["Explanation", "NameShare", "Quote", "explain", "explanation_document", "names_of"]

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A price of a table, in the listing's currency, and where it came from.

    `factor` is the total-return multiplier of its day, and `rate` CNY for one unit of its currency.
    """

    session: date
    field: str
    price: float
    factor: float
    rate: float
    source: str
    fetched_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NameShare:
    """What one name adds to the paper return; returns are fractions, `None` where undefined."""

    listing: str
    name: str
    weight: float
    bought: Quote | None
    valued: Quote | None
    total_return: float | None
    adds: float | None
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One result with what it rests on.

    Parameters
    ----------
    run, result, row
        The run evaluated again, the result, and its row.
    names
        What each name adds; they sum to the paper return unless the basket was rebalanced.
    benchmark
        First and last value of each benchmark.
    orders
        Orders with money, dividends, taxes and rights.
    differences
        Values of the given row that come out otherwise now.
    """

    run: BacktestRun
    result: EventResult
    row: Mapping[str, object]
    names: tuple[NameShare, ...]
    benchmark: tuple[tuple[str, Quote, Quote], ...]
    orders: tuple[Line, ...]
    differences: tuple[Difference, ...]


def explain(
    store: Store, stored: StoredRun, wanted: Mapping[str, str], *, program_version: str
) -> Explanation:
    """Evaluate one result of a stored run again, and gather what it rests on.

    Parameters
    ----------
    store
        The lake, at the version that the run names.
    stored
        The run.
    wanted
        The row, as a CSV of `explained_rows` has it; `basket`, `report`, `horizon` and `capital`
        choose the result.
    program_version
        Version of the program that evaluates it.

    Raises
    ------
    InputError
        If the run has no such result, or cannot be read.
    ComputeError
        If what the names add does not sum to the result.
    """
    request = request_of(stored)
    run = run_events(store, request, program_version=program_version)
    rows = result_rows(run)
    at = _chosen(rows, wanted, stored.run_id)
    result, panel = run.results[at], run.panels[at]
    names = names_of(store, panel, result)
    _check_sum(result, names)
    return Explanation(
        run=run,
        result=result,
        row=rows[at],
        names=names,
        benchmark=_benchmark(store, result),
        orders=result.lines,
        differences=differences_of(run, wanted),
    )


def request_of(stored: StoredRun) -> BacktestRequest:
    """Build the request of a stored backtest again.

    Raises
    ------
    InputError
        If the document holds no request of a backtest, or one that this program cannot read.
    """
    where = say("stored run {run}", run=stored.run_id)
    if "request" not in stored.document:
        raise InputError(
            say("it keeps no request of a backtest"),
            where=where,
            fix=say("type the command that made it again"),
        )
    return backtest_request(stored.document["request"], where)


def _chosen(rows: Sequence[Mapping[str, object]], wanted: Mapping[str, str], run_id: str) -> int:
    found = [
        at
        for at, row in enumerate(rows)
        if all(is_same(row[key], wanted[key]) for key in RESULT_KEYS if key in wanted)
    ]
    if not found:
        told = listed(f"{key} {wanted[key]}" for key in RESULT_KEYS if wanted.get(key))
        raise InputError(say("run {run_id} has no result of {told}", run_id=run_id, told=told))
    return found[0]


def _check_sum(result: EventResult, names: Sequence[NameShare]) -> None:
    if result.paper_return is None or result.window.rebalance is not Rebalance.NONE:
        return
    total = sum(share.adds or 0.0 for share in names)
    if abs(total - result.paper_return) > _ROUNDING:
        raise ComputeError(
            say(
                "the names add up to {total}, the paper return is {paper_return}",
                total=total,
                paper_return=result.paper_return,
            ),
            fix=say("this is a fault of the program: please report it with the command you typed"),
        )


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
        "gap": _gap(found.result),
        "shortfall": dict(found.result.shortfall),
        "differences": [asdict(item) for item in found.differences],
    }


def _gap(result: EventResult) -> dict[str, float]:
    """Return the steps from the paper return to the traded one."""
    told = dict(result.shortfall)
    if not told or result.paper_return is None:
        return {}
    steps = {step: told[step] for step in FRICTION_STEPS}
    scheduled = sum(effect for step, effect in told.items() if step not in steps)
    steps[FRICTION_STEPS[0]] += scheduled - result.paper_return  # paper waits, too
    return steps


# ---- the names -----------------------------------------------------------------------------------


def names_of(store: Store, panel: PricePanel, result: EventResult) -> tuple[NameShare, ...]:
    """Return what each name of a result adds, with the prices that it rests on."""
    window = result.window
    rows = {
        row
        for at, leg in enumerate(window.legs)
        if leg.fill_row is not None
        for row in (leg.fill_row, end_quote(panel, leg, window.end_rows[at]).row)
    }
    bars = _bars(store, panel, [panel.session(row) for row in sorted(rows)])
    return tuple(_share(panel, result, at, bars) for at in range(len(window.legs)))


def _share(panel: PricePanel, result: EventResult, at: int, bars: _Bars) -> NameShare:
    window, entry = result.window, result.ledger[at]
    leg, end = window.legs[at], window.end_rows[at]
    if leg.state is not LegState.HELD or leg.fill_row is None:
        return NameShare(
            listing=entry.listing,
            name=entry.name,
            weight=entry.weight,
            bought=None,
            valued=None,
            total_return=None,
            adds=None if leg.state is LegState.DROPPED else 0.0,
            why=about(_state(leg.state), entry.reason),
        )
    quote = end_quote(panel, leg, end)
    paid = float(panel.paid(window.price)[leg.fill_row, leg.column])
    bought = _quote(panel, leg.column, leg.fill_row, str(window.price), paid, bars)
    kind = "open" if quote.opening else "close"
    # Carried over a hole, a close keeps its own day's factor and takes the end's rate.
    valued = _quote(panel, leg.column, quote.row, kind, quote.price, bars, rate_row=end)
    total = valued.price * valued.factor * valued.rate
    total /= bought.price * bought.factor * bought.rate
    return NameShare(
        listing=entry.listing,
        name=entry.name,
        weight=entry.weight,
        bought=bought,
        valued=valued,
        total_return=total - 1,
        adds=entry.weight * (total - 1),
        why=entry.reason,
    )


_Bars = Mapping[tuple[str, date], Mapping[str, object]]


def _bars(store: Store, panel: PricePanel, sessions: Sequence[date]) -> _Bars:
    """Return the stored bars of the panel's listings on some sessions."""
    ids = [listing.id for listing in panel.listings]
    found: dict[tuple[str, date], Mapping[str, object]] = {}
    for session in sessions:
        rows = store.read(TableName.BARS, listings=ids, start=session, end=session)
        found.update({(row["listing"], session): row for row in rows.to_pylist()})
    return found


def _quote(
    panel: PricePanel,
    column: int,
    row: int,
    field: str,
    price: float,
    bars: _Bars,
    *,
    rate_row: int | None = None,
) -> Quote:
    session = panel.session(row)
    bar = bars.get((panel.listings[column].id, session), {})
    fetched = bar.get("fetched_at")
    return Quote(
        session=session,
        field=field,
        price=price,
        factor=float(panel.factor[row, column]),
        rate=float(panel.fx[row if rate_row is None else rate_row, column]),
        source=str(bar.get("source", "")),
        fetched_at=fetched if isinstance(fetched, datetime) else None,
    )


def _state(state: LegState) -> str:
    return say("dropped") if state is LegState.DROPPED else say("waiting")


def _benchmark(store: Store, result: EventResult) -> tuple[tuple[str, Quote, Quote], ...]:
    """Return the bars of each benchmark on the first and the last session of the window."""
    if result.exit_session is None:
        return ()
    found = []
    for index in result.benchmarks:
        table = store.read(
            TableName.BARS, listings=[index], start=result.entry_session, end=result.exit_session
        )
        rows = sorted(table.to_pylist(), key=lambda row: row["session"])
        if rows:
            first = "close" if str(result.window.price) == "close" else "open"
            found.append((index, _index_quote(rows[0], first), _index_quote(rows[-1], "close")))
    return tuple(found)


def _index_quote(row: Mapping[str, object], field: str) -> Quote:
    session, fetched = row["session"], row["fetched_at"]
    if not isinstance(session, date):
        raise ComputeError(say("a bar without a session: {row}", row=row))
    return Quote(
        session=session,
        field=field,
        price=float(str(row[field])),
        factor=1.0,
        rate=1.0,
        source=str(row["source"]),
        fetched_at=fetched if isinstance(fetched, datetime) else None,
    )
