"""Listing masters and snapshots of names."""

from __future__ import annotations

import re
import unicodedata

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from screener.data.lake.schema import TableName
from screener.data.sources.files.checks import (
    Normalised,
    required_days,
    without_repeats,
)
from screener.data.sources.files.columns.codes import is_index, price_currency
from screener.data.sources.files.kinds.prices import return_basis
from screener.data.sources.files.lake_rows import table_of
from screener.data.sources.files.remarks import Remark
from screener.data.sources.files.request import FileQuery
from screener.data.sources.files.rows import Rows
from screener.data.validation.row_checks import RowFault, future_fault, missing_fault
from screener.domain.arrays import DayArray, FlagArray, TextArray
from screener.domain.listing import Board, Currency, Exchange, Listing
from screener.errors import InputError, SchemaMismatch
from screener.language import say

__all__ = ["normalise_listings", "normalise_names", "printed_name"]


_FUND = re.compile(r"exchange traded|reit|real estate investment|fund|etf|基金", re.IGNORECASE)
_OTHER = re.compile(r"warrant|cbbc|bond|note|权证|牛熊证|债", re.IGNORECASE)
_GAP = re.compile(r"\s+")


def printed_name(text: str) -> str:
    """Return a name as the exchange prints it, without padding.

    Spaces between two Latin characters stay; all others (`万  科Ａ`) are padding.
    """

    def gap(match: re.Match[str]) -> str:
        before, after = text[match.start() - 1], text[match.end()]
        return " " if before.isascii() and after.isascii() else ""

    text = text.strip()
    return _GAP.sub(gap, text)


def normalise_listings(rows: Rows, query: FileQuery) -> Normalised:
    """Check a master and turn it into `listings`, `names` and `board_lots`.

    Raises
    ------
    SchemaMismatch
        If no file has a name: it is no master.
    InputError
        If neither the file nor the request says as of when the names are.
    """
    if not {"name", "name_en"} & set(rows.values):
        raise SchemaMismatch(
            say("no column for name"),
            where=query.labels[0],
            fix=say('is this a master of listings? name the column: --map "COLUMN=name"'),
        )
    known = _known_from(rows, query)
    kinds = _kinds(rows)
    lots = rows.numbers("board_lot")
    rows = rows.judged(
        [
            missing_fault(np.isnat(known), "as_of"),
            future_fault(known, query.request.today),
            RowFault(rows=kinds == "other", reason=say("its type is no stock, fund or index")),
            RowFault(
                rows=(lots <= 0) | (lots % 1 > 0), reason=say("board_lot is no number of shares")
            ),
        ]
    )
    rows, repeats, remarks = without_repeats(rows, (), "listing")
    good = rows.passed & ~repeats
    kept = rows.kept(good).with_values(as_of=known[good])
    tables = _master_tables(kept, kinds[good], query)
    return Normalised(
        rows=rows,
        tables={name: table for name, table in tables.items() if table.num_rows},
        remarks=[*remarks, *_as_of_remarks(rows, query), *_master_remarks(kept)],
        table=TableName.LISTINGS,
        day_field="as_of",
    )


def normalise_names(rows: Rows, query: FileQuery) -> Normalised:
    """Check snapshots of names and turn them into `names`: one row for each change of name.

    Names are compared without regard to wide letters; what is stored is what was printed first.
    """
    rows = rows.with_values(as_of=_known_from(rows, query))
    rows = required_days(rows, query, "as_of")
    absent = np.array([name is None for name in rows.texts("name")], dtype=np.bool_)
    rows = rows.judged([missing_fault(absent, "name")])
    rows, repeats, remarks = without_repeats(rows, ("as_of",), say("listing and as_of"))
    kept = rows.kept(rows.passed & ~repeats)
    changed = kept.kept(_name_changes(kept))
    table = table_of(
        TableName.NAMES,
        changed,
        query,
        {"valid_from": changed.days("as_of"), "name": _printed_names(changed)},
    )
    same = kept.n_rows - changed.n_rows
    if same:
        remarks.append(
            Remark(text=say("{n} rows give a name that the listing already had", n=same))
        )
    return Normalised(
        rows=rows,
        tables={TableName.NAMES: table} if table.num_rows else {},
        remarks=[*remarks, *_as_of_remarks(rows, query)],
        table=TableName.NAMES,
        day_field="as_of",
    )


def _master_tables(kept: Rows, kinds: TextArray, query: FileQuery) -> dict[TableName, pa.Table]:
    names = _printed_names(kept)
    with_name = np.array([name is not None for name in names], dtype=np.bool_)
    with_lot = ~np.isnan(kept.numbers("board_lot"))
    named, traded = kept.kept(with_name), kept.kept(with_lot)
    return {
        TableName.LISTINGS: table_of(
            TableName.LISTINGS, kept, query, _listing_columns(kept, kinds)
        ),
        TableName.NAMES: table_of(
            TableName.NAMES,
            named,
            query,
            {"valid_from": named.days("as_of"), "name": names[with_name]},
        ),
        TableName.BOARD_LOTS: table_of(
            TableName.BOARD_LOTS,
            traded,
            query,
            {"valid_from": traded.days("as_of"), "lot": traded.numbers("board_lot")},
        ),
    }


def _known_from(rows: Rows, query: FileQuery) -> DayArray:
    """Return the day on which each row was known: its own, or the one of the request."""
    known = rows.days("as_of")
    known = np.where(np.isnat(known), rows.days("last_seen"), known)
    given = query.request.as_of
    if given is None and not {"as_of", "last_seen"} & set(rows.values):
        raise InputError(
            say("the file does not say as of when its names are"),
            where=query.labels[0],
            fix=say("add --as-of YYYY-MM-DD, the day on which it was made"),
        )
    # A row that was read with a wrong date must not get another one in its place.
    blank = np.isnat(known) & rows.passed
    if given is not None:
        known = np.where(blank, np.datetime64(given, "D"), known)
    return known.astype("datetime64[D]")


def _printed_names(rows: Rows) -> TextArray:
    names = [None if name is None else printed_name(name) for name in rows.texts("name")]
    return np.array(names, dtype=np.object_)


def _kinds(rows: Rows) -> TextArray:
    by_board = [_kind_of_board(item) for item in rows.listings]
    own = rows.of_listing(by_board, "stock")
    types = rows.texts("type")
    named = {text: _kind_of_type(text) for text in set(types.tolist()) if text is not None}
    told = [named.get(text, "") or kind for text, kind in zip(types, own, strict=True)]
    return np.array(told, dtype=np.object_)


def _kind_of_board(listing: Listing) -> str:
    if is_index(listing):
        return "index"
    return "fund" if listing.board is Board.FUND else "stock"


def _kind_of_type(text: str) -> str:
    if _FUND.search(text):
        return "fund"
    return "other" if _OTHER.search(text) else ""


def _listing_columns(rows: Rows, kinds: TextArray) -> dict[str, npt.NDArray[np.generic]]:
    delisted = rows.days("delist_date")
    boards = [str(Board.INDEX if is_index(item) else item.board) for item in rows.listings]
    bases = rows.of_listing([return_basis(item) for item in rows.listings], "").astype(np.object_)
    bases[kinds != "index"] = None
    return {
        "kind": kinds,
        "board": rows.of_listing(boards, ""),
        "currency": _currencies(rows),
        "list_date": rows.days("list_date"),
        "delist_date": np.where(np.isnat(delisted), rows.days("missing_by"), delisted),
        "industry": rows.texts("industry"),
        "name_en": rows.texts("name_en"),
        "return_basis": bases,
    }


def _currencies(rows: Rows) -> TextArray:
    """Return each row's currency; Hong Kong's counters in renminbi and dollars trade in those."""
    plain = _plain_currencies(rows)
    names = rows.texts("name_en")
    return np.array(
        [
            _counter_currency(rows.listings[at], name) or currency
            for at, name, currency in zip(rows.listing, names, plain, strict=True)
        ],
        dtype=np.object_,
    )


def _counter_currency(listing: Listing, name_en: str | None) -> str:
    # Exchange's allocation plan: 80000-89999 trade in renminbi; dollar counters end in -U.
    if listing.exchange is not Exchange.HK:
        return ""
    if listing.code.startswith("8") and listing.code.isdigit():
        return str(Currency.CNY)
    return str(Currency.USD) if name_en is not None and name_en.endswith("-U") else ""


def _name_changes(rows: Rows) -> FlagArray:
    days = rows.days("as_of").astype(np.int64)
    order = np.lexsort((days, rows.listing))
    folded = [unicodedata.normalize("NFKC", name) for name in _printed_names(rows)]
    names = np.array(folded, dtype=np.object_)[order]
    owner = rows.listing[order]
    change = np.ones(rows.n_rows, dtype=np.bool_)
    change[1:] = (owner[1:] != owner[:-1]) | (names[1:] != names[:-1])
    result = np.zeros(rows.n_rows, dtype=np.bool_)
    result[order] = change
    return result


def _master_remarks(kept: Rows) -> list[Remark]:
    remarks = []
    unnamed = sum(name is None for name in kept.texts("name"))
    if unnamed:
        remarks.append(Remark(text=say("{n} listings have no Chinese name", n=unnamed)))
    bracketed = int((~np.isnat(kept.days("missing_by"))).sum())
    if bracketed:
        text = say(
            "{n} delist dates are bracketed, not known: the listing was last seen on "
            "last_seen and gone by missing_by, which is stored",
            n=bracketed,
        )
        remarks.append(Remark(text=text))
    foreign = int((_currencies(kept) != _plain_currencies(kept)).sum())
    if foreign:
        text = say("{n} Hong Kong counters trade in renminbi or US dollars", n=foreign)
        remarks.append(Remark(text=text))
    return remarks


def _plain_currencies(rows: Rows) -> TextArray:
    own = [str(price_currency(item)) for item in rows.listings]
    return rows.of_listing(own, "").astype(np.object_)


def _as_of_remarks(rows: Rows, query: FileQuery) -> list[Remark]:
    given = query.request.as_of
    if given is None or {"as_of", "last_seen"} & set(rows.values):
        return []
    return [
        Remark(
            text=say("names and lots are dated {day}, as the file has no as_of column", day=given)
        )
    ]
