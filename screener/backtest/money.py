"""Executable paths of many windows, for every capital, with what each friction took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from screener.backtest.attribution import Gap, gap_of
from screener.backtest.executing import Execution, execute_all
from screener.backtest.fills import resolve_orders
from screener.backtest.frictions import Frictions, Order
from screener.backtest.pricing import Exits, ValuePanel
from screener.domain.panel import TradingPanel
from screener.errors import DataError, DateRangeError
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
    orders, gap, remarks
        Its orders, what each friction took, and why it is undefined.
    """

    value: float | None
    fees: float | None
    exits: Exits | None = None
    capital: float
    pending: bool = False
    orders: tuple[Order, ...] = ()
    gap: Gap = ()
    remarks: tuple[str, ...] = ()


def with_money(
    values: ValuePanel,
    trading: TradingPanel,
    windows: Sequence[Window],
    frictions: Frictions,
    capitals: Sequence[float],
    paper: Mapping[int, float],
) -> Mapping[int, tuple[Executed, ...]]:
    """Return the executable paths of windows by identity, one for each capital.

    A window that lacks a fact (a board lot, a fixing, a rule of its day) has no executable path and
    says which.
    """
    able: list[Window] = []
    refused: dict[int, tuple[str, ...]] = {}
    for window in windows:
        try:
            resolve_orders(trading, window, capitals[0], frictions)
        except (DataError, DateRangeError) as error:
            refused[id(window)] = (f"no executable path: {error}",)
        else:
            able.append(window)
    found: dict[int, list[Executed]] = {id(window): [] for window in windows}
    for capital in capitals:
        executions = execute_all(trading, able, capital, frictions) if able else ()
        mature = [window for window in able if window.status is WindowStatus.MATURE]
        gaps = gap_of(values, trading, mature, paper, capital, frictions)
        for window, one in zip(able, executions, strict=True):
            found[id(window)].append(_executed(one, capital, gaps.get(id(window), ())))
        for key, remarks in refused.items():
            found[key].append(Executed(value=None, fees=None, capital=capital, remarks=remarks))
    return {key: tuple(paths) for key, paths in found.items()}


def _executed(one: Execution, capital: float, gap: Gap) -> Executed:
    return Executed(
        value=None if one.value is None else one.value / capital,
        fees=one.fees,
        capital=capital,
        pending=one.pending,
        orders=one.orders,
        gap=gap,
    )
