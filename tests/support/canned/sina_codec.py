"""Writers of the two bit-packed texts in which Sina sends daily bars.

Every field is a little-endian run of bits in two's complement, six bits to a character. Both
formats let the writer choose the widths; they are chosen wide and constant here, so that all rows
but the first have one layout and are packed at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

ALPHABET = np.frombuffer(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", dtype=np.uint8
)
FIRST_DAY = np.datetime64("1990-12-19", "D")
DAY_BITS = 18

IntArray = npt.NDArray[np.int64]
Bits = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Bars:
    """Daily bars; prices as sent, volume and amount in whole units."""

    days: Sequence[date]
    open: npt.NDArray[np.float64]
    high: npt.NDArray[np.float64]
    low: npt.NDArray[np.float64]
    close: npt.NDArray[np.float64]
    volume: npt.NDArray[np.float64]
    amount: npt.NDArray[np.float64]

    @property
    def day_numbers(self) -> IntArray:
        return (np.array(self.days, dtype="datetime64[D]") - FIRST_DAY).astype(np.int64)

    def price_steps(self, decimals: int) -> list[IntArray]:
        """Open from the close before, then high, low and close from the open."""
        scale = 10**decimals
        first, high, low, close = (
            np.rint(item * scale).astype(np.int64)
            for item in (self.open, self.high, self.low, self.close)
        )
        before = np.concatenate([[0], close[:-1]])
        return [first - before, high - first, first - low, close - first]


def encode_with_amount(bars: Bars, *, decimals: int = 2) -> str:
    """Pack bars with their amount, as format 3466 (mainland securities, Hong Kong ones)."""
    # The lengths start at 3 (prices) and 5 (volume, amount) and are raised once, in the first row.
    lengths = (8, 7, 7, 8, 13, 15)
    raised = [
        bit
        for length, start in zip(lengths, (3, 3, 3, 3, 5, 5), strict=True)
        for bit in (1, *_steps(length - start))
    ]
    scale = [1, *_steps(3 * (decimals - 2))] if decimals != 2 else [0]
    head = [
        *_bits(3466, 12),
        *_bits(63, 6),
        *(1, 1, 1, 1),  # a full section: its settings change, and the flags among them
        *(1, 0, 0, 0, 0),  # amounts are sent as steps, not from the average price
        *scale,
        *(0, 0),
        *(1, *raised, 1, *_bits(1, 3), *_bits(int(bars.day_numbers[0]), DAY_BITS)),
        0,  # no close of the day before
    ]
    fields = [
        *bars.price_steps(decimals),
        _steps_of(np.rint(bars.volume).astype(np.int64)),
        _steps_of(np.rint(bars.amount).astype(np.int64)),
    ]
    body = [(field, 3 * length) for field, length in zip(fields, lengths, strict=True)]
    row_mark = np.array([1, 0, 1, 1, 1, 1, 0, 0], dtype=np.uint8)  # a row with its own day
    tail = [1, 1, 0, 0, 0]
    return _text(head, row_mark, bars.day_numbers, body, tail)


def encode_without_amount(bars: Bars, *, decimals: int = 2) -> str:
    """Pack bars without amount, as format 1479 (indices, some Hong Kong securities)."""
    head = [
        *_bits(1479, 12),
        *_bits(63, 6),
        *_bits(decimals, 6),
        *_bits(0, DAY_BITS),
        *_bits(3, 3),  # price lengths are counted from 3, volume lengths from 7
        *_bits(7, 3),
        *(*_bits(32, 6), *_bits(17, 6), *_bits(int(bars.day_numbers[0]), DAY_BITS)),
        *(*_bits(63, 6), *_bits(7, 3), *_bits(7, 3)),
    ]
    volume = _steps_of(np.rint(bars.volume).astype(np.int64))
    body = [(field, 30) for field in bars.price_steps(decimals)] + [(volume, 42)]
    row_mark = np.array([*_bits(32, 6), *_bits(1, 6)], dtype=np.uint8)
    return _text(head, row_mark, bars.day_numbers, body, [])


def _text(
    head: list[int],
    row_mark: Bits,
    days: IntArray,
    body: list[tuple[IntArray, int]],
    tail: list[int],
) -> str:
    packed = [_matrix(field, width) for field, width in body]
    marks = np.repeat(row_mark[None, :], len(days), axis=0)
    rows = np.hstack([marks, _matrix(days, DAY_BITS), *packed])
    # the first row's mark and day stand in the head already
    first = rows[0, len(row_mark) + DAY_BITS :]
    bits = np.concatenate(
        [np.array(head, np.uint8), first, rows[1:].ravel(), np.array(tail, np.uint8)]
    )
    bits = np.concatenate([bits, np.zeros(-len(bits) % 6, np.uint8)]).reshape(-1, 6)
    codes = bits @ np.array([1, 2, 4, 8, 16, 32], dtype=np.uint8)
    return ALPHABET[codes].tobytes().decode("ascii")


def _matrix(values: IntArray, width: int) -> Bits:
    if np.any(np.abs(values) >= 1 << (width - 1)):
        raise ValueError(f"a value does not fit in {width} bits")
    shifts = np.arange(width, dtype=np.int64)
    return ((values[:, None] >> shifts) & 1).astype(np.uint8)


def _steps_of(values: IntArray) -> IntArray:
    return np.diff(values, prepend=0)


def _bits(value: int, width: int) -> list[int]:
    return [(value >> place) & 1 for place in range(width)]


def _steps(step: int) -> list[int]:
    """A length's change: its sign, then its size as a run of ones."""
    return [int(step > 0), *[1] * (abs(step) - 1), 0]
