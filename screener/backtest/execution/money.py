"""Executable paths of many windows, for every capital, with what each friction took."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from screener.backtest.attribution import Shortfall, shortfall_of
from screener.backtest.decision import Decided
from screener.backtest.execution.executing import execute_all
from screener.backtest.execution.pricing import Exits, ValuePanel
from screener.backtest.execution.shares import Execution
from screener.backtest.frictions import Frictions, Line
from screener.domain.arrays import FloatVector
from screener.domain.panel import TradingPanel
from screener.errors import DataError, DateRangeError
from screener.language import say
from screener.paths.windows import Window, WindowStatus

__all__ = ["Executed", "with_money"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Executed:
    """The executable path of one window.

    Parameters
    ----------
    value
        Money at the end relative to the capital; `None` where undefined.
    fees
        Commission, levies and taxes, in CNY; `None` where undefined.
    exits
        Sales under a plain proportional cost.
    capital
        Money at the start, in CNY.
    pending
        Whether a sale that was due still waits.
    lines, shortfall
        Rows of its ledger, and what each friction took from `decided`.
    decided
        What it came to before any order; `None` unless both paths are finished.
    remarks, no_orders
        Why it is undefined, and why no order was placed.
    path
        `(n_rows,)` money at the close of each row from the window's first on, relative to the
        capital; `None` where it is not known.
    """

    value: float | None
    fees: float | None
    exits: Exits | None = None
    capital: float
    pending: bool = False
    lines: tuple[Line, ...] = ()
    shortfall: Shortfall = ()
    decided: Decided | None = None
    remarks: tuple[str, ...] = ()
    no_orders: str = ""
    path: FloatVector | None = None


def with_money(
    values: ValuePanel,
    trading: TradingPanel,
    windows: Sequence[Window],
    frictions: Frictions,
    capitals: Sequence[float],
    decide: Callable[[Sequence[Window]], Mapping[int, Decided]],
) -> Mapping[int, tuple[Executed, ...]]:
    """Return the executable paths of windows by identity, one for each capital.

    `decide` gives what mature windows come to before any order. A window that lacks a fact (a
    board lot, a fixing, a rule of its day) has no executable path and says which.
    """
    found: dict[int, list[Executed]] = {id(window): [] for window in windows}
    mature = [window for window in windows if window.status is WindowStatus.MATURE]
    decided = decide(mature) if mature else {}
    for capital in capitals:
        done, refused = _each_or_refused(trading, windows, capital, frictions)
        finished = [window for window in mature if id(window) in done]
        shortfalls = _shortfalls(values, trading, finished, decided, capital, frictions, done)
        for window in windows:
            key = id(window)
            if key in done:
                own = _executed(done[key], capital, shortfalls.get(key, ()), decided.get(key))
                found[key].append(own)
            else:
                why = refused[key]
                found[key].append(
                    Executed(value=None, fees=None, capital=capital, remarks=(why,), no_orders=why)
                )
    return {key: tuple(paths) for key, paths in found.items()}


def _each_or_refused(
    trading: TradingPanel, windows: Sequence[Window], capital: float, frictions: Frictions
) -> tuple[dict[int, Execution], dict[int, str]]:
    """Execute windows together; where one lacks a fact, each by itself, so that it alone fails."""
    try:
        together = execute_all(trading, windows, capital, frictions) if windows else ()
    except (DataError, DateRangeError):
        done, refused = {}, {}
        for window in windows:
            try:
                done[id(window)] = execute_all(trading, [window], capital, frictions)[0]
            except (DataError, DateRangeError) as error:
                refused[id(window)] = say("no executable path: {why}", why=error)
        return done, refused
    return {id(window): one for window, one in zip(windows, together, strict=True)}, {}


def _shortfalls(
    values: ValuePanel,
    trading: TradingPanel,
    windows: Sequence[Window],
    decided: Mapping[int, Decided],
    capital: float,
    frictions: Frictions,
    done: Mapping[int, Execution],
) -> Mapping[int, Shortfall]:
    """Return the shortfall of each window; none where a run without frictions lacks a fact."""
    due = {key: one.scheduled for key, one in decided.items()}
    try:
        return shortfall_of(values, trading, windows, due, capital, frictions, done)
    except (DataError, DateRangeError):
        found: dict[int, Shortfall] = {}
        for window in windows:
            with suppress(DataError, DateRangeError):  # told by its executable path, if it has one
                one = shortfall_of(values, trading, [window], due, capital, frictions, done)
                found.update(one)
        return found


def _executed(
    one: Execution, capital: float, shortfall: Shortfall, decided: Decided | None
) -> Executed:
    return Executed(
        value=None if one.value is None else one.value / capital,
        fees=one.fees,
        capital=capital,
        pending=one.pending,
        lines=one.lines,
        shortfall=shortfall,
        decided=decided if shortfall else None,
        path=one.path / capital,
    )
