"""Writes 通达信's files of daily bars, from the layout alone: 32 bytes a session."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

__all__ = ["DayBar", "day_record", "write_day_file"]


@dataclass(frozen=True, slots=True)
class DayBar:
    """One session: prices in the listing's currency, volume in the unit of the file."""

    day: date | int
    open: float
    high: float
    low: float
    close: float
    amount: float
    volume: int


def day_record(bar: DayBar, scale: int) -> bytes:
    """Return the record of a session; `scale` is what a price of 1 is in the file."""
    day = bar.day if isinstance(bar.day, int) else int(bar.day.strftime("%Y%m%d"))
    prices = (round(value * scale) for value in (bar.open, bar.high, bar.low, bar.close))
    return struct.pack("<iiiiifIi", day, *prices, bar.amount, bar.volume, 65536)


def write_day_file(path: Path, bars: Sequence[DayBar], scale: int = 100) -> Path:
    """Write a file of sessions, oldest first, and its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(day_record(bar, scale) for bar in bars))
    return path
