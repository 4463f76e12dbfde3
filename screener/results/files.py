"""Rows of a result table as a file: CSV, or a workbook where its name ends in `.xlsx`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from screener.files.workbook import SUFFIX, Heading, Sheet, write_workbook
from screener.files.writing import OUR_COLUMNS, checked_target, write_csv
from screener.language import Language, bound
from screener.results.tables import Column, Dtype, Row, TableSpec, Unit

__all__ = ["columns_of", "headings", "write_rows"]

_FORMATS = {
    Unit.FRACTION: "0.00%",
    Unit.CNY: "#,##0.00",
    Unit.MONEY: "#,##0.00",
    Unit.LOCAL: "#,##0.00##",
    Unit.CNY_PER_UNIT: "0.0000",
    Unit.RATIO: "0.0000",
    Unit.SHARES: "#,##0",
    Unit.ROWS: "#,##0",
}
_DAY, _WHOLE = "yyyy-mm-dd", "0"
_LEGEND = ("name", "en", "zh", "unit", "meaning")


def write_rows(
    target: str,
    spec: TableSpec,
    rows: Iterable[Row],
    *,
    excel: bool = False,
    headers: Language | None = None,
) -> None:
    """Write rows of a table to a file.

    Parameters
    ----------
    target
        A file whose name ends in `.xlsx` for a workbook; any other file, or `-` for standard
        output, for CSV.
    spec, rows
        The table and its rows.
    excel
        Begin a CSV with a byte-order mark.
    headers
        Language of the headers; if none is given, CSV has the names of the columns and a workbook
        the reader's language.

    Raises
    ------
    InputError
        If its folder does not exist, or a workbook cannot hold so much.
    StorageError
        If it cannot be written; an older file of that name is left as it was.
    """
    if not target.lower().endswith(SUFFIX):
        told = list(headings(spec)) if headers is Language.ZH else None
        write_csv(target, spec.names, rows, excel=excel, headers=told)
        return
    language = headers or bound()
    legend = [_legend(item) for item in spec.columns]
    sheets = (
        Sheet(
            name=spec.name,
            headings=list(_headings(spec, language)),
            rows=[dict(row) for row in rows],
        ),
        Sheet(
            name="columns",
            headings=[Heading(header=name, key=name) for name in _LEGEND],
            rows=[dict(row) for row in legend],
        ),
    )
    write_workbook(checked_target(target), sheets)


def headings(spec: TableSpec) -> Iterator[str]:
    """Give the Chinese headers of a CSV.

    A label bears the name of its column beside it where several columns have it, and where that
    name tells a file of this program from those of others.
    """
    labels = Counter(item.zh for item in spec.columns)
    for item in spec.columns:
        is_named = labels[item.zh] > 1 or item.name in OUR_COLUMNS
        yield f"{item.zh}（{item.name}）" if is_named else item.zh


def columns_of(headers: Sequence[str], tables: Iterable[TableSpec]) -> Sequence[str]:
    """Return the names of the columns for which the header line of one of some tables stands."""
    found = (table.names for table in tables if list(headings(table)) == list(headers))
    return next(found, headers)


def _legend(column: Column) -> dict[str, str]:
    told = {name: str(getattr(column, name)) for name in _LEGEND}
    return {**told, "meaning": column.told()}


def _headings(spec: TableSpec, language: Language) -> Iterator[Heading]:
    """Give the columns of a workbook; a label that several have bears its column's name."""
    labels = Counter(item.zh for item in spec.columns)
    for item in spec.columns:
        label = item.zh if labels[item.zh] == 1 else f"{item.zh}（{item.name}）"
        yield Heading(
            header=label if language is Language.ZH else item.name,
            key=item.name,
            number_format=_format(item),
        )


def _format(column: Column) -> str:
    if column.dtype is Dtype.DATE:
        return _DAY
    if column.dtype not in (Dtype.NUMBER, Dtype.WHOLE):
        return "General"
    return _FORMATS.get(column.unit, _WHOLE if column.dtype is Dtype.WHOLE else "General")
