"""Who may buy a listing since when, and what brokers expect it to earn."""

from __future__ import annotations

import numpy as np

from screener.data.lake.schema import SOUTHBOUND, TableName
from screener.data.sources.files.checks import Normalised, required_days
from screener.data.sources.files.columns.codes import price_currency
from screener.data.sources.files.kinds.facts import lake_rows
from screener.data.sources.files.request import FileQuery
from screener.data.sources.files.rows import Array, Rows
from screener.data.validation.row_checks import RowFault
from screener.language import say

__all__ = ["normalise_eligibility", "normalise_estimates"]

_SOUTHBOUND = frozenset(
    {"southbound", "港股通", "沪港通", "深港通", "沪港通下的港股通", "深港通下的港股通"}
)
_YEARS = (1990, 2100)


def normalise_eligibility(rows: Rows, query: FileQuery) -> Normalised:
    """Check spells of eligibility and turn them into rows of `eligibility`; both ends included.

    Without a column `programme` all are southbound, which is of Hong Kong's listings alone.
    """
    rows = required_days(rows, query, "valid_from")
    words = [text or SOUTHBOUND for text in rows.texts("programme")]
    known = np.array([word.strip().lower() in _SOUTHBOUND for word in words], dtype=np.bool_)
    mainland = [item.exchange.mainland for item in rows.listings]
    inland = rows.of_listing(mainland, missing=False).astype(np.bool_)
    rows = rows.judged(
        [
            RowFault(rows=~known, reason=say("the programme is not southbound")),
            RowFault(rows=inland, reason=say("southbound is for Hong Kong listings")),
            RowFault(
                rows=rows.days("valid_to") < rows.days("valid_from"),
                reason=say("valid_to is before valid_from"),
            ),
        ]
    )
    columns: dict[str, Array | str] = {
        "programme": SOUTHBOUND,
        "valid_to": rows.days("valid_to"),
    }
    return lake_rows(rows, query, TableName.ELIGIBILITY, "valid_from", columns)


def normalise_estimates(rows: Rows, query: FileQuery) -> Normalised:
    """Check estimates and turn them into rows of `estimates`, brokers as printed.

    Without a currency they are in that of the listing's price; without a broker they are a
    consensus.
    """
    rows = required_days(rows, query, "known_at")
    years = rows.numbers("fiscal_year")
    no_year = ~((years >= _YEARS[0]) & (years <= _YEARS[1]) & (years == np.floor(years)))
    figures = {name: rows.numbers(name) for name in ("eps", "profit", "revenue")}
    empty = np.logical_and.reduce([np.isnan(values) for values in figures.values()])
    rows = rows.judged(
        [
            RowFault(rows=no_year, reason=say("fiscal_year is no year")),
            RowFault(rows=empty, reason=say("no value in the row")),
        ]
    )
    own = rows.of_listing([str(price_currency(item)) for item in rows.listings], "")
    told = rows.texts("currency")
    currency = [
        plain if text is None else text.upper() for text, plain in zip(told, own, strict=True)
    ]
    brokers = np.array([text or "" for text in rows.texts("broker")], dtype=np.object_)
    columns: dict[str, Array | str] = {
        "fiscal_year": np.where(no_year, 0, years).astype(np.int64),
        "broker": brokers,
        "currency": np.array(currency, dtype=np.object_),
        **figures,
    }
    keys = zip(rows.listing.tolist(), years.tolist(), brokers.tolist(), strict=True)
    codes: dict[tuple[object, ...], int] = {}
    apart = np.array([codes.setdefault(key, len(codes)) for key in keys], dtype=np.int64)
    return lake_rows(rows, query, TableName.ESTIMATES, "known_at", columns, apart=apart)
