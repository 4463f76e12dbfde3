"""The files whose rows can be evaluated again: which one a row comes from, and the row today."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from screener.errors import InputError
from screener.language import Language, Said, again, say, speaking
from screener.language.lists import listed
from screener.results.backtest import METRICS, NAMES, ORDERS, RETURNS, VARIANT
from screener.results.placebo import VERDICTS
from screener.workflows.backtest.measures import metric_rows
from screener.workflows.backtest.order_rows import order_rows
from screener.workflows.backtest.rows import ledger_rows, result_rows
from screener.workflows.backtest.run import BacktestRun

__all__ = ["RESULT_KEYS", "Difference", "check_explainable", "differences_of", "is_same"]

RESULT_KEYS = ("basket", "report", "horizon", "capital")
"""What tells one result of a run from the others."""

_NAME_KEYS = ("listing", "side", "session", "scheduled_session")
_OF_THE_RUN = ("run_id", "data_version")
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A value of the row that comes out otherwise now."""

    column: str
    told: str
    now: object


@dataclass(frozen=True, slots=True)
class _File:
    """A file: its columns, those that its rows are compared in, and how they are made."""

    columns: tuple[str, ...]
    compared: tuple[str, ...]
    rows: Callable[[BacktestRun], list[dict[str, object]]]

    def share(self, header: Iterable[str]) -> float:
        """Return which share of a header is this file's."""
        names = set(header)
        return len(names & set(self.columns)) / max(len(names), 1)


_FILES = (
    _File((*RETURNS.names, *VARIANT.names), RETURNS.names, result_rows),
    _File(ORDERS.names, ORDERS.names, order_rows),
    _File(NAMES.names, NAMES.names, ledger_rows),
    _File(METRICS.names, METRICS.names, metric_rows),
    _File(VERDICTS.names, RETURNS.names, result_rows),
)
_KNOWN = 0.75  # of a header: users add columns, and take some away


def check_explainable(wanted: Mapping[str, str], where: str) -> None:
    """Refuse a row that is none of a backtest, before anything is evaluated.

    Raises
    ------
    InputError
        If its columns are those of another file, or do not tell which result it belongs to.
    """
    if "horizon" not in wanted or not wanted.get("basket") or _file(wanted) is None:
        raise InputError(
            say("its rows are not those of a backtest, which alone can be evaluated again"),
            where=where,
            fix=say(
                "give a CSV of `screener backtest` (--csv, --ledger, --metrics) or of "
                "`screener study --verdicts`"
            ),
        )


def differences_of(run: BacktestRun, wanted: Mapping[str, str]) -> tuple[Difference, ...]:
    """Return the values of a row that come out otherwise when its run is evaluated again.

    Parameters
    ----------
    run
        The run, evaluated again.
    wanted
        The row, as a CSV has it.

    Raises
    ------
    InputError
        If the run has no such row.
    """
    file = _file(wanted) or _FILES[0]
    shared = [name for name in file.compared if name in wanted and name not in _OF_THE_RUN]
    named = [row for row in file.rows(run) if _matches(row, wanted, (*RESULT_KEYS, "listing"))]
    # Several orders of one name: those of its day, where there are any.
    same = [row for row in named if _matches(row, wanted, _NAME_KEYS)] or named
    if not same:
        keys = (*RESULT_KEYS, "listing")
        told = listed(f"{key} {wanted[key]}" for key in keys if wanted.get(key))
        raise InputError(say("run {run_id} has no row of {told}", run_id=run.run_id, told=told))
    return min((_compared(row, wanted, shared) for row in same), key=len)


def is_same(value: object, text: str) -> bool:
    """Tell whether a value is what a CSV has of it, up to the rounding of floats."""
    if value is None or value == "" or (isinstance(value, float) and math.isnan(value)):
        return text == ""
    if isinstance(value, str):
        return value == text or text in _in_each_language(value)
    if isinstance(value, bool | date):
        return str(value).lower() == text.lower()  # a CSV has true, a stored row True
    try:
        number = float(text)
    except ValueError:
        return False
    return math.isclose(float(str(value)), number, rel_tol=_ROUNDING, abs_tol=_ROUNDING)


def _in_each_language(value: str) -> Iterator[str]:
    """Yield a sentence as readers of each language have it: a file may be another reader's."""
    for language in Language if isinstance(value, Said) else ():
        with speaking(language):
            yield again(value)


def _file(header: Iterable[str]) -> _File | None:
    found = max(_FILES, key=lambda item: item.share(header))
    return found if found.share(header) >= _KNOWN else None


def _matches(row: Mapping[str, object], wanted: Mapping[str, str], keys: Iterable[str]) -> bool:
    return all(is_same(row.get(key), wanted[key]) for key in keys if key in wanted)


def _compared(
    row: Mapping[str, object], wanted: Mapping[str, str], columns: Sequence[str]
) -> tuple[Difference, ...]:
    return tuple(
        Difference(column=name, told=wanted[name], now=row.get(name))
        for name in columns
        if not is_same(row.get(name), wanted[name])
    )
