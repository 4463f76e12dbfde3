"""The one door to vectorbt: orders that are already resolved, in; records of fills and values, out.

`import vectorbt` takes seconds, its engine in Rust milliseconds. The engine asks vectorbt for no
more than the types of its two kinds of records: they stand in for it while the engine runs, and are
taken away again. With another version than the one that this was tried with, or whatever else goes
wrong, vectorbt itself does the same, slowly.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from threading import Lock
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from screener.domain.arrays import FloatMatrix, FloatVector, SessionAxis

__all__ = ["LOG_TYPE", "ORDER_TYPE", "Asked", "Filled", "fill", "holding_of"]

_TRIED = "1.2.0"  # of both packages
_ASKED_FOR = ("vectorbt", "vectorbt.portfolio", "vectorbt.portfolio.enums")
_LONG_ONLY, _BOTH = 0, 2  # directions, by the engine's numbers
_AMOUNT = 0  # its kind of size
_IN_ORDER = 0  # its kind of sequence
_FLOOR = 1e-8  # units below which it takes no order
_LOCK = Lock()
_FATAL = (KeyboardInterrupt, SystemExit, MemoryError)


def _record(*fields: tuple[str, str]) -> np.dtype[np.void]:
    """Return the type of records whose fields are given as names by type."""
    return np.dtype([(name, kind) for names, kind in fields for name in names.split()], align=True)


ORDER_TYPE = _record(("id col idx", "i8"), ("size price fees", "f8"), ("side", "i8"))
"""`order_dt` of vectorbt."""
LOG_TYPE = _record(
    ("id group col idx", "i8"),
    ("cash position debt free_cash val_price value req_size req_price", "f8"),
    ("req_size_type req_direction", "i8"),
    ("req_fees req_fixed_fees req_slippage req_min_size req_max_size", "f8"),
    ("req_size_granularity req_reject_prob", "f8"),
    ("req_lock_cash req_allow_partial req_raise_reject req_log", "?"),
    ("new_cash new_position new_debt new_free_cash new_val_price new_value", "f8"),
    ("res_size res_price res_fees", "f8"),
    ("res_side res_status res_status_info order_id", "i8"),
)
"""`log_dt` of vectorbt."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Asked:
    """Orders as the engine takes them.

    Parameters
    ----------
    marks
        `(n_rows, n_columns)` value of one unit at the close of each row, finite everywhere.
    sizes, prices
        `(n_rows, n_columns)` units bought, negative if sold, and the money for one; NaN without an
        order.
    rates
        Proportional cost of each order as a fraction, of any shape that goes with `sizes`.
    fixed
        Money that each order costs besides, likewise.
    cash
        Money at the start, of each column; with `groups` of each portfolio.
    groups
        `(n_columns,)` portfolio of each column, ascending from 0 without gaps, whose columns spend
        each other's money; `None` where each spends its own.
    most
        Orders at most.
    """

    marks: FloatMatrix
    sizes: FloatMatrix
    prices: FloatMatrix
    rates: FloatMatrix | float
    fixed: FloatMatrix | float
    cash: npt.NDArray[np.float64]
    groups: npt.NDArray[np.int64] | None
    most: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Filled:
    """What the engine did.

    Parameters
    ----------
    orders
        Records of the type `ORDER_TYPE`, one for each order that it filled.
    values
        `(n_rows, n_columns)` value at each close, cash included; with groups a column for each.
    """

    orders: npt.NDArray[np.void]
    values: FloatMatrix


def fill(asked: Asked) -> Filled:
    """Let the engine fill orders; those that it cannot fill it leaves out without a word."""
    try:
        return _filled_by_engine(asked)
    except _FATAL:
        raise
    except BaseException:  # noqa: BLE001  a panic of Rust is no Exception
        return _filled_by_vectorbt(asked)


def _filled_by_engine(asked: Asked) -> Filled:
    import vectorbt_rust

    found = vectorbt_rust.__version__, version("vectorbt")
    if found != (_TRIED, _TRIED):
        raise ImportError(f"vectorbt's engine and vectorbt are of versions {found}")
    orders = _simulated(vectorbt_rust.portfolio, asked)
    places = vectorbt_rust.records.col_map_rs(orders["col"], asked.marks.shape[1])
    return Filled(orders=orders, values=_values(vectorbt_rust.portfolio, asked, orders, places))


def _simulated(engine: Any, asked: Asked) -> npt.NDArray[np.void]:
    shape, number = asked.marks.shape, np.asarray
    lengths = _lengths(asked)
    sequence = engine.build_call_seq_rs(shape, lengths, _IN_ORDER)
    with _record_types():
        orders, _ = engine.simulate_from_orders_rs(
            shape,
            lengths,
            asked.cash,
            sequence,
            size=asked.sizes,
            price=asked.prices,
            size_type=number(_AMOUNT),
            direction=number(_LONG_ONLY),
            fees=number(asked.rates),
            fixed_fees=number(asked.fixed),
            slippage=number(0.0),
            min_size=number(_FLOOR),
            max_size=number(np.inf),
            size_granularity=number(np.nan),
            reject_prob=number(0.0),
            lock_cash=number(False),
            allow_partial=number(False),
            raise_reject=number(False),
            log=number(False),
            val_price=number(np.inf),
            close=asked.marks,
            max_orders=asked.most,
            max_logs=1,
        )
    found: npt.NDArray[np.void] = orders
    return found


def _values(engine: Any, asked: Asked, orders: npt.NDArray[np.void], places: Any) -> FloatMatrix:
    shape, lengths = asked.marks.shape, _lengths(asked)
    flow = engine.cash_flow_rs(orders, *places, shape, False)
    held = engine.assets_rs(engine.asset_flow_rs(orders, *places, shape, _BOTH))
    worth = engine.asset_value_rs(asked.marks, held)
    if asked.groups is None:
        cash = engine.cash_rs(flow, asked.cash)
    else:
        flow = engine.cash_flow_grouped_rs(flow, lengths)
        cash = engine.cash_grouped_rs(shape, flow, lengths, asked.cash)
        worth = engine.asset_value_grouped_rs(worth, lengths)
    values: FloatMatrix = engine.value_rs(cash, worth)
    return values


def _lengths(asked: Asked) -> npt.NDArray[np.int64]:
    """Return the number of columns that spend the same money, for each cash account."""
    if asked.groups is None:
        return np.ones(asked.marks.shape[1], dtype=np.int64)
    return np.bincount(asked.groups).astype(np.int64)


@contextmanager
def _record_types() -> Iterator[None]:
    """Let the engine find the types of its records, unless vectorbt itself is there to ask."""
    with _LOCK:
        if any(name in sys.modules for name in _ASKED_FOR):
            yield
            return
        stand_ins = {name: ModuleType(name) for name in _ASKED_FOR}
        vars(stand_ins[_ASKED_FOR[-1]]).update(order_dt=ORDER_TYPE, log_dt=LOG_TYPE)
        sys.modules.update(stand_ins)
        try:
            yield
        finally:
            for name, stand_in in stand_ins.items():
                if sys.modules.get(name) is stand_in:
                    del sys.modules[name]


def _filled_by_vectorbt(asked: Asked) -> Filled:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import pandas as pd
        import vectorbt as vbt

        portfolio = vbt.Portfolio.from_orders(
            pd.DataFrame(asked.marks),
            size=asked.sizes,
            size_type="amount",
            price=asked.prices,
            fees=asked.rates,
            fixed_fees=asked.fixed,
            direction="longonly",
            init_cash=asked.cash,
            group_by=asked.groups,
            cash_sharing=asked.groups is not None,
            allow_partial=False,
            max_orders=asked.most,
            freq="1D",
        )
        # One column alone comes back as a series, several as a frame.
        values = np.asarray(portfolio.value(), dtype=np.float64).reshape(len(asked.marks), -1)
        return Filled(orders=portfolio.orders.values, values=values)


def holding_of(sessions: SessionAxis, values: FloatVector, capital: float) -> Any:
    """Return a path of money as a `vectorbt.Portfolio`: the whole basket as one holding.

    Parameters
    ----------
    sessions
        `(n_sessions,)` sessions, ascending.
    values
        `(n_sessions,)` money at each close, relative to the start.
    capital
        Money at the start.

    Returns
    -------
    vectorbt.Portfolio
        It buys one unit for all the money in the first session; `value()` is the path in money.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pandas as pd
        import vectorbt as vbt

        closes = pd.Series(values * capital, index=pd.DatetimeIndex(sessions), name="basket")
        sizes = np.full(len(values), np.nan)
        sizes[0] = 1.0
        return vbt.Portfolio.from_orders(
            closes, size=sizes, price=capital, init_cash=capital, freq="1D"
        )
