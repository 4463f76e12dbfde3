"""Which results a row can be explained of, and what the headers of their files stand for."""

from __future__ import annotations

from collections.abc import Sequence

from screener.results.backtest import (
    METRICS,
    NAMES,
    ORDERS,
    PATHS,
    REMARK,
    RETURNS,
    SHORTFALL,
    VARIANT,
)
from screener.results.files import columns_of
from screener.results.follow import CURVE, EVENTS, MEASURES
from screener.results.placebo import CONTROLS, PLACEBOS, VERDICTS
from screener.results.score import CALLS, SCORES
from screener.results.screen import screen_spec
from screener.results.study import CALIBRATION, SESSIONS, TESTS, UNITS
from screener.results.study import NAMES as STUDIED
from screener.results.tables import declared
from screener.screen.fields import FIELDS

__all__ = ["SOURCES", "explained_columns"]

SOURCES = declared("explain")["sources"]
_OTHERS = (NAMES, ORDERS, METRICS, SHORTFALL, PATHS, VERDICTS)
_RUNS = (TESTS, UNITS, SESSIONS, STUDIED, CALIBRATION, PLACEBOS, CONTROLS, EVENTS, CURVE, MEASURES)


def explained_columns(headers: Sequence[str]) -> Sequence[str]:
    """Return the columns for which the header line of such a file stands, in either language."""
    several = RETURNS.joined(VARIANT)
    returns = (RETURNS, RETURNS.joined(REMARK), several, several.joined(REMARK))
    found = columns_of(headers, (*returns, *_OTHERS, *_RUNS, SCORES, CALLS))
    return _labelled(headers) if list(found) == list(headers) else found


def _labelled(headers: Sequence[str]) -> Sequence[str]:
    """Return the columns of a table with some columns left out, as units and screens have."""
    whole = screen_spec(FIELDS.values(), set(FIELDS), scored=True, checked=True)
    for spec in (UNITS, whole):
        plain = {column.zh: column.name for column in spec.columns}
        named = {f"{column.zh}（{column.name}）": column.name for column in spec.columns}
        names = plain | named
        if set(headers) <= set(names):
            return [names[header] for header in headers]
    return headers
