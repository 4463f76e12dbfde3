"""How much of a file is read: every bound, in one table, and what is said of a file beyond one."""

from __future__ import annotations

from dataclasses import dataclass

from screener.errors import SchemaMismatch
from screener.language import say

__all__ = ["BOUNDS", "Bounds", "too_much"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Bounds of a table in a file; a file beyond one is refused before it is unpacked.

    Parameters
    ----------
    file
        Bytes of a text file.
    day_file
        Bytes of a file of daily records: a thousand years of sessions.
    rows, columns
        Rows and columns of any file.
    cell
        Characters of a cell.
    line
        Bytes of a line of text, of all its lines where quotes hold several together.
    broken
        Lines of text that do not fit the header.
    rejects
        Rows that go to quarantine from one import.
    unpacked
        Bytes of a Parquet file's columns in memory.
    parquet, workbook
        Bytes of such a file.
    workbook_unpacked
        Bytes of all parts of a workbook together.
    workbook_parts
        Parts of a workbook.
    sheet_rows, sheet_cells
        Rows and cells of a sheet, blank ones before others counted in.
    """

    file: int = 4_000_000_000
    day_file: int = 10_000_000
    rows: int = 50_000_000
    columns: int = 20_000
    cell: int = 100_000
    line: int = 1 << 20
    broken: int = 200_000
    rejects: int = 1_000_000
    unpacked: int = 10_000_000_000
    parquet: int = 20_000_000_000
    workbook: int = 200_000_000
    workbook_unpacked: int = 2_000_000_000
    workbook_parts: int = 10_000
    sheet_rows: int = 1_048_576
    sheet_cells: int = 30_000_000


BOUNDS = Bounds()
"""The bounds in force."""


def too_much(what: str, most: str, *, where: str, part: str = "") -> SchemaMismatch:
    """Return the refusal of a file that holds more than is read.

    Parameters
    ----------
    what
        How much it holds, in words.
    most
        The bound that it breaks, in words.
    where
        The file, and the place in it.
    part
        What the bound is for, if not the file, in words.
    """
    told = say("{what}, and up to {most} are read", what=what, most=most)
    if part:
        told = say("{what}, and up to {most} are read {part}", what=what, most=most, part=part)
    return SchemaMismatch(
        told,
        where=where,
        fix=say("check the export, or give it in several files"),
    )


def rows(n: float) -> str:
    """Return a number of rows in words."""
    return say("{n:,.0f} rows", n=n)


def columns(n: float) -> str:
    """Return a number of columns in words."""
    return say("{n:,.0f} columns", n=n)


def megabytes(n_bytes: float) -> str:
    """Return a size in words."""
    return say("{n:,.0f} MB", n=n_bytes / 1e6)


def size_in_bytes(n: float) -> str:
    """Return a size in words, to the byte."""
    return say("{n:,.0f} bytes", n=n)
