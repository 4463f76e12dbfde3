"""Files of the user as a source: checked request, raw columns, rows that fit the tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pyarrow.compute as pc

from screener.data.schema import SIMULATED, Basis
from screener.data.sources.base import Batch
from screener.data.sources.files.arrival import Outcome
from screener.data.sources.files.columns import ColumnMapping, check_fields, map_columns
from screener.data.sources.files.landing import rejects_of
from screener.data.sources.files.layouts import FIELDS
from screener.data.sources.files.masters import normalise_listings, normalise_names
from screener.data.sources.files.prices import normalise_prices
from screener.data.sources.files.ratings import normalise_ratings
from screener.data.sources.files.reading import RawFile, read_raw
from screener.data.sources.files.remarks import Remark, file_remarks, lines_of
from screener.data.sources.files.request import (
    FileQuery,
    ImportKind,
    ImportRequest,
    checked_query,
)
from screener.data.sources.files.rows import Rows, concatenated, read_rows
from screener.data.sources.files.series import (
    normalise_actions,
    normalise_fx,
    normalise_valuation,
)
from screener.data.sources.files.units import normal_header
from screener.data.sources.files.volume import settle_volume
from screener.domain.listing import Kind, Listing, parse_listing
from screener.errors import DataError, InputError, ScreenerError

__all__ = ["FileSource"]

_NORMALISERS: dict[ImportKind, Callable[[Rows, FileQuery], Outcome]] = {
    ImportKind.BARS: normalise_prices,
    ImportKind.INDEX: normalise_prices,
    ImportKind.VALUATION: normalise_valuation,
    ImportKind.LISTINGS: normalise_listings,
    ImportKind.NAMES: normalise_names,
    ImportKind.FX: normalise_fx,
    ImportKind.ACTIONS: normalise_actions,
    ImportKind.RATINGS: normalise_ratings,
}
_ONE_LISTING = frozenset(
    {
        ImportKind.BARS,
        ImportKind.INDEX,
        ImportKind.VALUATION,
        ImportKind.ACTIONS,
        ImportKind.RATINGS,
    }
)
_SHOWN_REASONS = 3


class FileSource:
    """CSV and Parquet files of the user, in three steps; only `fetch` reads them."""

    name = "files"

    def build_query(self, request: ImportRequest) -> FileQuery:
        """Check a request before any file is opened.

        Raises
        ------
        InputError
            If a file is missing or of a type that is not read, `basis` is missing or out of
            place, or the column map names a field that this kind does not have.
        """
        check_fields(request.kind, request.column_map)
        return checked_query(request)

    def fetch(self, query: FileQuery) -> tuple[RawFile, ...]:
        """Read the files as they stand.

        Raises
        ------
        InputError
            If a file cannot be opened.
        SchemaMismatch
            If a file is damaged, not text, or in no known encoding.
        DataError
            If a file holds no row.
        """
        return tuple(
            read_raw(path, label=label)
            for path, label in zip(query.request.paths, query.labels, strict=True)
        )

    def normalise(self, query: FileQuery, payload: Sequence[RawFile]) -> Batch:
        """Turn the files' columns into checked rows of the tables.

        Raises
        ------
        SchemaMismatch
            If a required column is missing; names the columns found.
        InputError
            If the files are of the simulated market, or hold other listings than `--listing`.
        DataError
            If no row passes the checks; names the most frequent reasons.
        """
        parts, mappings, remarks = [], [], []
        for number, raw in enumerate(payload):
            rows, mapping, said = _one_file(raw, number, query)
            parts.append(rows)
            mappings.append(mapping)
            remarks += said
        outcome = _NORMALISERS[query.request.kind](concatenated(parts), query)
        _refuse_nothing(outcome, payload)
        return Batch(
            tables=outcome.tables,
            rejects=rejects_of(outcome.rows, payload, mappings, outcome.table, outcome.day_field),
            remarks=lines_of([*remarks, *outcome.remarks]),
            replaces=outcome.replaces,
        )


def _one_file(
    raw: RawFile, number: int, query: FileQuery
) -> tuple[Rows, ColumnMapping, list[Remark]]:
    request = query.request
    _refuse_simulated(raw)
    code_kind = Kind.INDEX if request.kind is ImportKind.INDEX else Kind.SECURITY
    alone = request.listing or _listing_of_stem(raw, request.kind, code_kind)
    mapping = map_columns(
        raw.headers,
        request.kind,
        request.column_map,
        file=raw.label,
        absent=frozenset() if alone is None else frozenset({"listing"}),
    )
    rows = read_rows(raw, mapping, file=number, kind=code_kind, listing=alone)
    remarks = file_remarks(raw, mapping)
    if "listing" in mapping.columns:
        _refuse_other_listings(rows, request.listing, raw.label)
    elif request.listing is None and alone is not None:
        remarks.append(Remark(text=f"listing {alone.id} is told by the file name", file=raw.label))
    if request.kind is ImportKind.BARS:
        volume = mapping.columns.get("volume")
        raw_basis = request.basis is Basis.RAW
        rows, said = settle_volume(rows, volume, raw.label, provable=raw_basis)
        remarks += said
    return rows, mapping, remarks


def _listing_of_stem(raw: RawFile, kind: ImportKind, code_kind: Kind) -> Listing | None:
    if kind not in _ONE_LISTING or not any(field.name == "listing" for field in FIELDS[kind]):
        return None
    try:
        return parse_listing(raw.stem, kind=code_kind)
    except ScreenerError:
        return None


def _refuse_other_listings(rows: Rows, listing: Listing | None, label: str) -> None:
    others = [item.id for item in rows.listings if item != listing]
    if listing is not None and others:
        raise InputError(
            f"the file has a listing column, with {others[0]} in it, not only {listing.id}",
            where=label,
            fix="drop --listing",
        )


def _refuse_simulated(raw: RawFile) -> None:
    for header, column in zip(raw.headers, raw.columns, strict=True):
        if normal_header(header) != "source":
            continue
        if pc.any(pc.equal(column.cast("string"), SIMULATED)).as_py():
            raise InputError(
                f"the rows are of the simulated market: their source is {SIMULATED}",
                where=raw.label,
                fix="import real prices, or see the simulated market by `screener demo`",
            )


def _refuse_nothing(outcome: Outcome, payload: Sequence[RawFile]) -> None:
    if np.any(outcome.rows.passed):
        return
    broken = sum(len(raw.broken) for raw in payload)
    reasons = [f"{reason} ({count})" for reason, count in outcome.rows.verdict.counts()]
    if broken:
        reasons.insert(0, f"wrong number of cells ({broken})")
    more = len(reasons) - _SHOWN_REASONS
    raise DataError(
        f"all {outcome.rows.n_rows + broken} rows are rejected: "
        + "; ".join(reasons[:_SHOWN_REASONS])
        + (f"; and {more} more reasons" if more > 0 else ""),
        where=", ".join(raw.label for raw in payload[:_SHOWN_REASONS]),
        fix="check --kind, --map and the file",
    )
