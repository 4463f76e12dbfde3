"""Rows of an import on their way: values by field, where each row came from, what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from screener.data.sources.files.columns.codes import price_currency
from screener.data.sources.files.columns.columns import ColumnMapping, MappedColumn
from screener.data.sources.files.columns.layouts import Form
from screener.data.sources.files.columns.listings import (
    CodeColumn,
    Master,
    no_master,
    read_codes,
)
from screener.data.sources.files.columns.units import Measure
from screener.data.sources.files.columns.values import (
    Numbers,
    read_days,
    read_flags,
    read_numbers,
    read_texts,
)
from screener.data.sources.files.plausible import refuse_odd_unit, refuse_two_readings
from screener.data.sources.files.tables.raw import RawFile
from screener.data.sources.files.tables.reading import readable
from screener.data.validation.row_checks import Rejections, RowFault
from screener.domain.arrays import DayArray, FlagArray, FloatArray, IntArray, TextArray
from screener.domain.listing import Exchange, Kind, Listing
from screener.language import say
from screener.language.terms import named

__all__ = ["Array", "Rows", "clean_text", "concatenated", "read_rows"]

Array = npt.NDArray[np.generic]

_NONE: Mapping[int, pa.ChunkedArray] = {}
_EMPTY: Mapping[Form, Array] = {
    Form.DAY: np.array([np.datetime64("NaT")], dtype="datetime64[D]"),
    Form.NUMBER: np.array([np.nan]),
    Form.FLAG: np.array([False]),
    Form.TEXT: np.array([None], dtype=np.object_),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """Rows of one or more files.

    Parameters
    ----------
    listings
        The distinct listings.
    listing
        `(n_rows,)` index into `listings`; −1 where there is none.
    values
        Columns by field, each `(n_rows,)` in our units; NaN, NaT or `None` where blank.
    file
        `(n_rows,)` index of the row's file.
    place
        `(n_rows,)` index of the row in its file's columns.
    verdict
        Faults found so far.
    """

    listings: tuple[Listing, ...]
    listing: IntArray
    values: Mapping[str, Array]
    file: IntArray
    place: IntArray
    verdict: Rejections

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.listing)

    @property
    def passed(self) -> FlagArray:
        """`(n_rows,)` of bool, True for rows without fault so far."""
        return self.verdict.passed

    def numbers(self, field: str) -> FloatArray:
        """Return a column of numbers; all NaN if no file has it."""
        found = self.values.get(field)
        return (
            np.full(self.n_rows, np.nan) if found is None else found.astype(np.float64, copy=False)
        )

    def days(self, field: str) -> DayArray:
        """Return a column of days; all NaT if no file has it."""
        found = self.values.get(field)
        if found is None:
            return np.full(self.n_rows, np.datetime64("NaT"), dtype="datetime64[D]")
        return found.astype("datetime64[D]", copy=False)

    def flags(self, field: str) -> FlagArray:
        """Return a column of flags; all False if no file has it."""
        found = self.values.get(field)
        return (
            np.zeros(self.n_rows, np.bool_) if found is None else found.astype(np.bool_, copy=False)
        )

    def texts(self, field: str) -> TextArray:
        """Return a column of text; all `None` if no file has it."""
        found = self.values.get(field)
        return np.full(self.n_rows, None) if found is None else found.astype(np.object_, copy=False)

    def of_listing(self, facts: Sequence[object], missing: object) -> Array:
        """Spread a fact of each listing over its rows; `missing` where a row has no listing."""
        return np.array([*facts, missing])[self.listing]

    def exchange_index(self) -> IntArray:
        """`(n_rows,)` index of the row's exchange in `Exchange`'s order; −1 for none."""
        order = list(Exchange)
        spread = self.of_listing([order.index(item.exchange) for item in self.listings], -1)
        return spread.astype(np.int64)

    def judged(self, findings: Iterable[RowFault]) -> Rows:
        """Return the same rows with further faults."""
        return replace(self, verdict=self.verdict.also(findings))

    def with_values(self, **columns: Array) -> Rows:
        """Return the same rows with some columns replaced."""
        return replace(self, values={**self.values, **columns})

    def without(self, names: Iterable[str]) -> Rows:
        """Return the same rows without some columns."""
        left = {name: column for name, column in self.values.items() if name not in names}
        return replace(self, values=left)

    def kept(self, rows: FlagArray) -> Rows:
        """Return only the chosen rows."""
        return Rows(
            listings=self.listings,
            listing=self.listing[rows],
            values={name: column[rows] for name, column in self.values.items()},
            file=self.file[rows],
            place=self.place[rows],
            verdict=Rejections(codes=self.verdict.codes[rows], reasons=self.verdict.reasons),
        )


def clean_text(text: str) -> str:
    """Return text without outer spaces, runs of spaces made one."""
    return " ".join(text.split())


def read_rows(
    raw: RawFile,
    mapping: ColumnMapping,
    *,
    file: int,
    kind: Kind,
    listing: Listing | None,
    master: Master = no_master,
    known: Mapping[int, pa.ChunkedArray] = _NONE,
) -> tuple[Rows, tuple[str, ...]]:
    """Read the mapped columns of one file, and tell what was decided on its codes.

    Parameters
    ----------
    raw
        The file.
    mapping
        Its columns.
    file
        Its place in the import.
    kind
        What a bare code stands for.
    listing
        The listing of a file without a listing column.
    master
        Gives the ids of the listings that the workspace knows.
    known
        Of some rows of a larger file: all cells of its columns of codes and exchanges, by place.

    Raises
    ------
    InputError
        If the unit of a column makes no sense.
    """
    codes = _codes(raw, mapping, kind, listing, master, known)
    findings = [RowFault(rows=rows, reason=reason) for rows, reason in codes.faults]
    findings.append(RowFault(rows=codes.absent, reason=say("code is missing")))
    hong_kong = np.array([item.exchange is Exchange.HK for item in codes.listings] + [False])
    values: dict[str, Array] = {}
    for name, column in mapping.columns.items():
        if column.field.form in (Form.CODE, Form.EXCHANGE):
            continue
        with readable(raw.label, column.header):
            values[name], faults = _column(raw, column, hong_kong[codes.index])
        if not column.field.proof:  # a proof that cannot be read proves nothing
            findings += faults
        if column.vendor and "vendor" not in mapping.columns:
            values["vendor"] = np.full(raw.n_rows, column.vendor, dtype=np.object_)
    rows = Rows(
        listings=codes.listings,
        listing=codes.index,
        values=values,
        file=np.full(raw.n_rows, file, dtype=np.int64),
        place=np.arange(raw.n_rows, dtype=np.int64),
        verdict=Rejections.clean(raw.n_rows),
    )
    return rows.judged([*findings, *_currency_findings(rows, mapping)]), codes.notes


def concatenated(parts: Sequence[Rows]) -> Rows:
    """Join the rows of several files; a field that a file lacks is blank in its rows."""
    if len(parts) == 1:
        return parts[0]
    listings: dict[Listing, int] = {}
    indexes = []
    for part in parts:
        moved = [listings.setdefault(item, len(listings)) for item in part.listings]
        indexes.append(np.array([*moved, -1], dtype=np.int64)[part.listing])
    fields = dict.fromkeys(name for part in parts for name in part.values)
    return Rows(
        listings=tuple(listings),
        listing=np.concatenate(indexes),
        values={name: _joined(name, parts) for name in fields},
        file=np.concatenate([part.file for part in parts]),
        place=np.concatenate([part.place for part in parts]),
        verdict=Rejections.joined([part.verdict for part in parts]),
    )


def _codes(
    raw: RawFile,
    mapping: ColumnMapping,
    kind: Kind,
    listing: Listing | None,
    master: Master,
    known: Mapping[int, pa.ChunkedArray],
) -> CodeColumn:
    column, beside = mapping.columns.get("listing"), mapping.columns.get("exchange")
    if column is not None:
        cells = _behind(known.get(column.position), raw.columns[column.position])
        exchanges = None
        if beside is not None:
            exchanges = _behind(known.get(beside.position), raw.columns[beside.position])
        only = None if listing is None else frozenset({listing.id})
        found = (
            read_codes(cells, kind, exchange=exchanges, master=master)
            if only is None
            else read_codes(
                cells,
                kind,
                exchange=exchanges,
                master=lambda: only,
                told_by=say("the listing given"),
            )
        )
        return found.last(raw.n_rows)
    return CodeColumn(
        listings=() if listing is None else (listing,),
        index=np.full(raw.n_rows, -1 if listing is None else 0, dtype=np.int64),
        absent=np.zeros(raw.n_rows, dtype=np.bool_),
    )


def _behind(known: pa.ChunkedArray | None, cells: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return cells, behind those of all rows of which they are some."""
    return cells if known is None else pa.chunked_array([*known.chunks, *cells.chunks])


def _column(
    raw: RawFile, column: MappedColumn, hong_kong: FlagArray
) -> tuple[Array, list[RowFault]]:
    cells = raw.columns[column.position]
    if column.field.form is Form.TEXT:
        return read_texts(cells, clean_text), []
    if column.field.form is Form.NUMBER:
        return _number_column(raw, column, hong_kong)
    found: tuple[Array, FlagArray]
    if column.field.form is Form.DAY:
        found = read_days(cells, day_zero=raw.day_zero)
    else:
        found = read_flags(cells)
    return found[0], [RowFault(rows=found[1], reason=_not_a(column))]


def _number_column(
    raw: RawFile, column: MappedColumn, hong_kong: FlagArray
) -> tuple[Array, list[RowFault]]:
    """Return numbers in our unit: a unit behind a number goes before the column's own."""
    numbers = read_numbers(raw.columns[column.position])
    field = column.field
    misplaced = numbers.percent & (field.measure is not Measure.FRACTION)
    misplaced |= numbers.counted & (field.measure in (Measure.FRACTION, Measure.PLAIN))
    misplaced |= numbers.whole & (field.measure is not Measure.SHARES)
    scale = np.where(hong_kong, column.hong_kong, column.scale)
    # A header in 万 over a cell in 亿 may mean either; lots in 万 are plain.
    twice = numbers.counted & ~numbers.whole & ~np.isin(scale, (1.0, 100.0))
    alone = numbers.percent | numbers.whole
    if not field.proof:
        refuse_two_readings(numbers, column, raw)
    values = np.where(alone, numbers.values, _scaled(numbers.values, column, hong_kong))
    values = np.where(misplaced | twice, np.nan, values)
    if not (field.proof or column.stated or _all_told(numbers)):
        refuse_odd_unit(values, column, raw, hong_kong)
    unit_twice = say(
        "{name} has a unit in the cell and another in the header", name=named(field.name)
    )
    return values, [
        RowFault(rows=numbers.unreadable | misplaced, reason=_not_a(column)),
        RowFault(rows=twice, reason=unit_twice),
    ]


def _all_told(numbers: Numbers) -> bool:
    """Tell whether every number prints its unit itself."""
    return bool((numbers.percent | numbers.counted | ~np.isfinite(numbers.values)).all())


def _not_a(column: MappedColumn) -> str:
    return say(
        "{name} is not a {form}", name=named(column.field.name), form=named(column.field.form)
    )


@np.errstate(over="ignore")  # what is endless then is beyond every bound
def _scaled(numbers: FloatArray, column: MappedColumn, hong_kong: FlagArray) -> FloatArray:
    if column.scale == column.hong_kong:
        # Dividing keeps 0.3 per ten at 0.03: multiplying by 0.1 would leave a stray last digit.
        if column.scale < 1:
            return numbers / round(1 / column.scale)
        return numbers if column.scale == 1 else numbers * column.scale
    return numbers * np.where(hong_kong, column.hong_kong, column.scale)


def _currency_findings(rows: Rows, mapping: ColumnMapping) -> list[RowFault]:
    findings = []
    own = rows.of_listing([str(price_currency(item)) for item in rows.listings], "")
    for name, column in mapping.columns.items():
        if column.currency is not None:
            other = (own != "") & (own != str(column.currency))
            reason = say(
                "{name} is printed in {currency}, not in the listing's currency",
                name=named(name),
                currency=named(column.currency),
            )
            findings.append(RowFault(rows=other, reason=reason))
    return findings


def _joined(name: str, parts: Sequence[Rows]) -> Array:
    present = next(part.values[name] for part in parts if name in part.values)
    form = next(form for form, blank in _EMPTY.items() if blank.dtype.kind == present.dtype.kind)
    columns = [
        part.values[name] if name in part.values else np.repeat(_EMPTY[form], part.n_rows)
        for part in parts
    ]
    joined: Array = np.concatenate(columns)
    return joined
