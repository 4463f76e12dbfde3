"""Histories of ratings: who rated what, when, and how."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from screener.data.lake.schema import TableName
from screener.data.sources.files.checks import Normalised, quantities, required_days
from screener.data.sources.files.lake_rows import table_of
from screener.data.sources.files.remarks import Remark
from screener.data.sources.files.request import FileQuery
from screener.data.sources.files.rows import Rows
from screener.data.validation.row_checks import RowFault, duplicate_faults, missing_fault
from screener.domain.arrays import FlagArray, IntArray, TextArray
from screener.language import say

__all__ = ["first_rating", "normalise_ratings", "rated_level"]


_LEVELS = {
    **dict.fromkeys(("stock", "公司", "个股", "股票", "个股评级", "公司评级"), "stock"),
    **dict.fromkeys(("industry", "行业", "板块", "行业评级"), "industry"),
}
_FIRST = frozenset({"是", "首次", "首次评级", "首次覆盖", "1", "true", "yes", "y"})
_AGAIN = frozenset({"否", "非首次", "不是", "0", "false", "no", "n"})
_KEY = ("broker", "analyst", "title")


def normalise_ratings(rows: Rows, query: FileQuery) -> Normalised:
    """Check ratings and turn them into rows of `ratings`, brokers and ratings as printed.

    A target price of zero is stored as none. A day may be any day: notes appear on weekends too.
    """
    rows = required_days(rows, query, "published")
    told = {name: rows.texts(name) for name in ("broker", "rating")}
    levels = rows.texts("rating_level")
    unknown = np.array([rated_level(text) is None for text in levels], dtype=np.bool_)
    target = rows.numbers("target_price")
    rows = rows.with_values(target_price=np.where(target == 0, np.nan, target))
    rows = rows.judged(
        [
            *(missing_fault(_absent(texts), name) for name, texts in told.items()),
            RowFault(rows=unknown, reason=say("rating_level is neither stock nor industry")),
            *quantities(rows, ("target_price",), zero=False),
        ]
    )
    rows, repeats, remarks = _without_repeats(rows)
    kept = rows.kept(rows.passed & ~repeats)
    table = table_of(TableName.RATINGS, kept, query, _columns(kept))
    return Normalised(
        rows=rows,
        tables={TableName.RATINGS: table} if table.num_rows else {},
        remarks=remarks,
        table=TableName.RATINGS,
        day_field="published",
    )


def rated_level(text: str | None) -> str | None:
    """Return what a rating speaks of, `stock` where nothing is said; `None` if not understood."""
    return "stock" if text is None else _LEVELS.get(text.strip().lower())


def first_rating(text: str | None) -> bool | None:
    """Tell whether a vendor calls it a broker's first rating; `None` where it does not say."""
    word = (text or "").strip().lower()
    return True if word in _FIRST else False if word in _AGAIN else None


def _columns(kept: Rows) -> dict[str, npt.NDArray[np.generic]]:
    return {
        "published": kept.days("published"),
        "broker": kept.texts("broker"),
        "rating": kept.texts("rating"),
        **{name: _filled(kept.texts(name)) for name in ("analyst", "title")},
        "rating_level": _made(rated_level, kept.texts("rating_level")),
        "target_price": kept.numbers("target_price"),
        "initiated": _made(first_rating, kept.texts("initiated")),
        **{name: kept.texts(name) for name in ("industry", "vendor")},
    }


def _without_repeats(rows: Rows) -> tuple[Rows, FlagArray, list[Remark]]:
    repeats, conflict = duplicate_faults(
        [rows.listing, rows.days("published"), *(_coded(rows.texts(name)) for name in _KEY)],
        [column for name, column in rows.values.items() if name not in (*_KEY, "published")],
        rows.passed,
        key_name=say("one note"),
    )
    count = int(repeats.sum())
    told = say("{n} rows repeat another row exactly and were taken once", n=count)
    return rows.judged([conflict]), repeats, [Remark(text=told)] if count else []


def _coded(texts: TextArray) -> IntArray:
    codes: dict[str | None, int] = {}
    return np.array([codes.setdefault(text, len(codes)) for text in texts], dtype=np.int64)


def _absent(texts: TextArray) -> FlagArray:
    return np.array([text is None for text in texts], dtype=np.bool_)


def _filled(texts: TextArray) -> TextArray:
    return np.array([text or "" for text in texts], dtype=np.object_)


def _made(read: Callable[[str | None], object], texts: TextArray) -> TextArray:
    found = np.empty(len(texts), dtype=np.object_)
    found[:] = [read(text) for text in texts]
    return found
