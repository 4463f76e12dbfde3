"""Bars of securities and of indices."""

from __future__ import annotations

import re
from datetime import date

import numpy as np
import pyarrow as pa

from screener.data.lake.schema import Basis, TableName
from screener.data.sources.files.checks import (
    Normalised,
    on_sessions,
    quantities,
    required_days,
    without_repeats,
)
from screener.data.sources.files.columns.codes import is_index, price_currency
from screener.data.sources.files.lake_rows import table_of
from screener.data.sources.files.remarks import Remark
from screener.data.sources.files.request import FileQuery, ImportKind
from screener.data.sources.files.rows import Rows
from screener.data.validation.row_checks import (
    RowFault,
    missing_fault,
    off_tick_share,
    price_faults,
)
from screener.domain.arrays import FlagArray
from screener.domain.listing import Board, Listing
from screener.language import say
from screener.language.lists import listed
from screener.language.terms import named
from screener.market.trading import least_tick

__all__ = ["normalise_prices", "return_basis"]

_PRICES = ("open", "high", "low", "close")
_RANGE = _PRICES[:3]
_OFF_TICK = 0.01

# CSI writes the total-return twins of its indices 000300 and 930955 as H00300 and H20955; Hang
# Seng's own is HSITR.
_TOTAL_RETURN = re.compile(r"H[02]0\d{3}|HSITR")


def normalise_prices(rows: Rows, query: FileQuery) -> Normalised:
    """Check bars and turn them into rows of `bars`, with `status` or `listings` beside them.

    A suspended row without any price is a fact about its status and no bar. A row of a close alone
    is a bar whose open, high and low are unknown.
    """
    request = query.request
    idle = rows.flags("suspended") & _unpriced(rows)
    rows = rows.judged(_board_findings(rows, request.kind))
    rows = on_sessions(required_days(rows, query, "session"), "session")
    rows = rows.judged([*_price_findings(rows, idle), *quantities(rows, ("volume", "amount"))])
    rows, repeats, remarks = without_repeats(rows, ("session",), say("listing and session"))
    good = rows.passed & ~repeats
    bars = rows.kept(good & ~idle)
    basis = request.basis or Basis.RAW
    tables = {
        TableName.BARS: table_of(
            TableName.BARS,
            bars,
            query,
            {
                "session": bars.days("session"),
                **{name: bars.numbers(name) for name in (*_PRICES, "volume", "amount")},
                "basis": str(basis),
            },
        )
    }
    remarks += _unknown_remarks(bars)
    if request.kind is ImportKind.INDEX:
        tables[TableName.LISTINGS] = _index_listings(bars, query)
        remarks += _basis_remarks(bars)
    else:
        suspended = rows.kept(good & rows.flags("suspended"))
        tables[TableName.STATUS] = _status(suspended, query)
        remarks += _status_remarks(suspended, int((good & idle).sum()))
        remarks += _tick_remarks(bars) if basis is Basis.RAW else []
    return Normalised(
        rows=rows,
        tables={name: table for name, table in tables.items() if table.num_rows},
        remarks=remarks,
        table=TableName.BARS,
        day_field="session",
    )


def return_basis(listing: Listing) -> str:
    """Return `total` for an index known to count dividends in, else `price`."""
    return "total" if _TOTAL_RETURN.fullmatch(listing.code) else "price"


def _unpriced(rows: Rows) -> FlagArray:
    unpriced = np.ones(rows.n_rows, dtype=np.bool_)
    for name in _PRICES:
        unpriced &= np.isnan(rows.numbers(name))
    return unpriced


def _board_findings(rows: Rows, kind: ImportKind) -> list[RowFault]:
    index = rows.of_listing([is_index(item) for item in rows.listings], kind is ImportKind.INDEX)
    if kind is ImportKind.INDEX:
        return [
            RowFault(rows=~index.astype(np.bool_), reason=say("the code is not that of an index"))
        ]
    reason = say("the code is that of an index: import it with --kind index")
    return [RowFault(rows=index.astype(np.bool_), reason=reason)]


def _price_findings(rows: Rows, idle: FlagArray) -> list[RowFault]:
    prices = {name: rows.numbers(name) for name in _PRICES}
    unknown = {name: np.isnan(values) for name, values in prices.items()}
    alone = np.logical_and.reduce([unknown[name] for name in _RANGE])
    absent = [missing_fault(unknown["close"] & ~idle, "close")]
    absent += [missing_fault(unknown[name] & ~alone & ~idle, name) for name in _RANGE]
    return [*absent, *price_faults(*prices.values())]


def _unknown_remarks(bars: Rows) -> list[Remark]:
    """Say where the close alone is known."""
    unknown = {name: np.isnan(bars.numbers(name)) for name in _RANGE}
    rows = np.logical_or.reduce(list(unknown.values()))
    if not rows.any():
        return []
    names = listed(named(name) for name in _RANGE if unknown[name].any())
    text = say(
        "{n} of {total} rows know no {names}", n=int(rows.sum()), total=bars.n_rows, names=names
    )
    if unknown["open"].any():
        text = say(
            "{what}: nothing can be bought at the open of these sessions, only at the close",
            what=text,
        )
    return [Remark(text=text)]


def _status(suspended: Rows, query: FileQuery) -> pa.Table:
    return table_of(
        TableName.STATUS,
        suspended,
        query,
        {"session": suspended.days("session"), "suspended": suspended.flags("suspended")},
    )


def _status_remarks(suspended: Rows, idle: int) -> list[Remark]:
    if not suspended.n_rows:
        return []
    n_rows, table = suspended.n_rows, named(TableName.STATUS)
    told = say("{n} suspended sessions go to table {table}", n=n_rows, table=table)
    if idle:
        told = say(
            "{n} suspended sessions go to table {table}, {idle} of them without prices and so "
            "without a bar",
            n=n_rows,
            table=table,
            idle=idle,
        )
    return [Remark(text=told)]


def _index_listings(bars: Rows, query: FileQuery) -> pa.Table:
    first = np.zeros(bars.n_rows, dtype=np.bool_)
    first[np.unique(bars.listing, return_index=True)[1]] = True
    one = bars.kept(first)
    return table_of(
        TableName.LISTINGS,
        one,
        query,
        {
            "kind": "index",
            "board": str(Board.INDEX),
            "currency": one.of_listing([str(price_currency(i)) for i in one.listings], ""),
            "return_basis": one.of_listing([return_basis(i) for i in one.listings], ""),
        },
    )


def _basis_remarks(bars: Rows) -> list[Remark]:
    return [Remark(text=_taken_as(bars.listings[at])) for at in np.unique(bars.listing)]


def _taken_as(index: Listing) -> str:
    if return_basis(index) == "total":
        return say("{listing} is taken as a total index", listing=index.id)
    return say("{listing} is taken as a price index", listing=index.id)


def _tick_remarks(bars: Rows) -> list[Remark]:
    ticks = bars.of_listing([least_tick(item, date.max) for item in bars.listings], np.nan).astype(
        np.float64
    )
    share = off_tick_share(bars.numbers("close"), ticks)
    if share <= _OFF_TICK:
        return []
    return [
        Remark(
            text=say(
                "{share:.1%} of the closes are no multiple of the price tick, as prices that "
                "were traded would be: are they adjusted? then import with --basis adjusted",
                share=share,
            )
        )
    ]
