"""Several actions of one listing on one ex-session, taken together as one.

Exchanges compute one reference price for a day: all cash, new shares and rights are per share held
before it, so that cash adds to cash, bonus to bonus and rights to rights (SSE Trading Rules and
SZSE Trading Rules, chapter on ex-rights and ex-dividends). Splits multiply.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from typing import Any

import pyarrow as pa

__all__ = ["one_a_day", "together"]

_DIGITS = 12  # of a term; a tenth of two decimals leaves a floating tail
_KEY = ("listing", "ex_session")
_DAYS = ("announced", "record_date", "pay_date")

_Row = dict[str, Any]


def together(first: Mapping[str, Any], second: Mapping[str, Any]) -> _Row:
    """Return the terms and dates of two actions of one ex-session as one action's.

    Parameters
    ----------
    first, second
        Terms and dates as table `actions` has them; `None` is not told.

    Returns
    -------
    dict
        The same keys; of two dates the later: by then both are known, recorded and paid.
    """
    rights = _sum(first["rights"], second["rights"])
    paid = sum((item["rights"] or 0) * (item["rights_price"] or 0) for item in (first, second))
    splits = [item["split"] for item in (first, second) if item["split"] is not None]
    return {
        "cash": _sum(first["cash"], second["cash"]),
        "bonus": _sum(first["bonus"], second["bonus"]),
        "split": math.prod(splits) if splits else None,
        "rights": rights,
        "rights_price": round(paid / rights, _DIGITS) if rights else None,
        **{name: _latest(first[name], second[name]) for name in _DAYS},
    }


def one_a_day(actions: pa.Table) -> tuple[pa.Table, tuple[tuple[_Row, ...], ...]]:
    """Take the actions of one listing and ex-session together.

    Parameters
    ----------
    actions
        Rows of table `actions`, any number for a listing and ex-session.

    Returns
    -------
    pyarrow.Table
        At most one row for each listing and ex-session, in the order of the first ones.
    tuple
        The rows that were taken together, for each day that has several.
    """
    groups: dict[tuple[str, date], list[_Row]] = {}
    if actions.group_by(list(_KEY)).aggregate([]).num_rows == actions.num_rows:
        return actions, ()
    for row in actions.to_pylist():
        groups.setdefault((row["listing"], row["ex_session"]), []).append(row)
    rows = []
    for found in groups.values():
        one = found[0]
        for other in found[1:]:
            one = {**one, **together(one, other)}
        rows.append(one)
    several = tuple(tuple(found) for found in groups.values() if len(found) > 1)
    return pa.Table.from_pylist(rows, schema=actions.schema), several


def _sum(first: float | None, second: float | None) -> float | None:
    told = [value for value in (first, second) if value is not None]
    return round(sum(told), _DIGITS) if told else None


def _latest(first: date | None, second: date | None) -> date | None:
    return max((day for day in (first, second) if day is not None), default=None)
