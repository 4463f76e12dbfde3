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
from screener.results.placebo import VERDICTS

__all__ = ["explained_columns"]


def explained_columns(headers: Sequence[str]) -> Sequence[str]:
    """Return the columns for which the header line of such a file stands, in either language."""
    several = RETURNS.joined(VARIANT)
    returns = (RETURNS, RETURNS.joined(REMARK), several, several.joined(REMARK))
    others = (NAMES, ORDERS, METRICS, SHORTFALL, PATHS, VERDICTS)
    return columns_of(headers, (*returns, *others))
