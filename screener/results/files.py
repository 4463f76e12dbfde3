"""Rows of a result table as a file: CSV, or a workbook where its name ends in `.xlsx`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from screener.files.workbook import SUFFIX, Heading, Sheet, write_workbook
from screener.files.writing import checked_target, write_csv
from screener.language import Language, bound
from screener.results.tables import Column, Dtype, Row, TableSpec, Unit

__all__ = ["write_rows"]

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


def write_rows(target: str, spec: TableSpec, rows: Iterable[Row], *, excel: bool = False) -> None:
    """Write rows of a table to a file.

    Parameters
    ----------
    target
        A file whose name ends in `.xlsx` for a workbook, whose headers are in the reader's
        language; any other file, or `-` for standard output, for CSV.
    spec, rows
        The table and its rows.
    excel
        Begin a CSV with a byte-order mark.

    Raises
    ------
    InputError
        If its folder does not exist, or a workbook cannot hold so much.
    StorageError
        If it cannot be written; an older file of that name is left as it was.
    """
    if not target.lower().endswith(SUFFIX):
        write_csv(target, spec.names, rows, excel=excel)
        return
    legend = [{name: str(getattr(item, name)) for name in _LEGEND} for item in spec.columns]
    sheets = (
        Sheet(name=spec.name, headings=list(_headings(spec)), rows=[dict(row) for row in rows]),
        Sheet(
            name="columns",
            headings=[Heading(header=name, key=name) for name in _LEGEND],
            rows=[dict(row) for row in legend],
        ),
    )
    write_workbook(checked_target(target), sheets)


def _headings(spec: TableSpec) -> Iterator[Heading]:
    """Give the columns; a label that several have bears the name of its column beside it."""
    in_chinese = bound() is Language.ZH
    labels = Counter(item.label() for item in spec.columns)
    for item in spec.columns:
        label = item.label() if labels[item.label()] == 1 else f"{item.label()}（{item.name}）"
        yield Heading(
            header=label if in_chinese else item.name,
            key=item.name,
            number_format=_format(item),
        )


def _format(column: Column) -> str:
    if column.dtype is Dtype.DATE:
        return _DAY
    if column.dtype not in (Dtype.NUMBER, Dtype.WHOLE):
        return "General"
    return _FORMATS.get(column.unit, _WHOLE if column.dtype is Dtype.WHOLE else "General")
