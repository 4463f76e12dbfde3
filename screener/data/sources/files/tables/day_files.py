"""Daily bars of 通达信: files of fixed records without a header, as tables like any other."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from screener.data.sources.files.tables.raw import RawFile
from screener.domain.arrays import IntArray
from screener.domain.listing import Board, Kind, parse_listing
from screener.errors import InputError, SchemaMismatch
from screener.language import say
from screener.language.terms import named

__all__ = ["DAY_SUFFIX", "read_day_file"]

DAY_SUFFIX = ".day"

_RECORD = np.dtype(
    [
        *((name, "<i4") for name in ("date", "open", "high", "low", "close")),
        ("amount", "<f4"),
        ("volume", "<u4"),
        ("reserved", "<i4"),
    ]
)
_PRICES = ("open", "high", "low", "close")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    """What a price of 1 is in the files of a board, and the unit of their volume."""

    price: float
    volume: str


def read_day_file(content: bytes, *, stem: str, label: str) -> RawFile:
    """Read a file of daily bars, its numbers in the units that its headers print.

    Parameters
    ----------
    content
        The records.
    stem
        File name without its suffix: the listing, such as `sh600519`, whose board tells the units.
    label
        Name for messages.

    Raises
    ------
    InputError
        If the name is no listing, or of a board whose units are not recorded.
    SchemaMismatch
        If the file holds nothing, or no whole number of records.
    """
    rule = _rule_of(stem, label)
    if not content:
        raise SchemaMismatch(say("the file is empty"), where=label, fix=say("leave it out"))
    if len(content) % _RECORD.itemsize:
        raise SchemaMismatch(
            say(
                "{n:,} bytes are no whole number of records of {size} bytes: the file is cut off",
                n=len(content),
                size=_RECORD.itemsize,
            ),
            where=label,
            fix=say("let the program that wrote it download the data again"),
        )
    records = np.frombuffer(content, dtype=_RECORD)
    columns = {
        "date": _days(records["date"].astype(np.int64)),
        **{name: records[name] / rule.price for name in _PRICES},
        "amount(元)": records["amount"].astype(np.float64),
        f"volume({rule.volume})": records["volume"].astype(np.float64),
    }
    return RawFile(
        label=label,
        stem=stem,
        headers=tuple(columns),
        columns=tuple(pa.chunked_array([pa.array(values)]) for values in columns.values()),
        lines=np.arange(1, len(records) + 1, dtype=np.int64),
    )


def _days(numbers: IntArray) -> npt.NDArray[np.generic]:
    """Return numbers such as 20250303 as days; as they are, to be told, if one of them is none."""
    month, day = numbers // 100 % 100, numbers % 100
    months = ((numbers // 10_000 - 1970) * 12 + month - 1).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + (day - 1)
    true = (month >= 1) & (month <= 12) & (day >= 1) & (days.astype("datetime64[M]") == months)
    return days if true.all() else numbers


def _rule_of(stem: str, label: str) -> _Rule:
    try:
        board = parse_listing(stem, parameter=say("the file name"), kind=Kind.SECURITY).board
    except InputError as error:
        raise InputError(error.what, where=label, fix=error.fix) from error
    rule = _rules().get(board)
    if rule is None:
        raise InputError(
            say("units of {board} files are not recorded", board=named(board)),
            where=label,
            fix=say("leave it"),
        )
    return rule


@cache
def _rules() -> dict[Board, _Rule]:
    text = resources.files(__package__).joinpath("day_files.toml").read_text("utf-8")
    return {
        Board(board): _Rule(price=float(row["price"]), volume=row["volume"])
        for row in tomllib.loads(text)["rule"]
        for board in row["boards"]
    }
