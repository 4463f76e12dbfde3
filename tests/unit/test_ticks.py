"""Raw prices go on their tick: noise of a type is taken out, nothing else is touched."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screener.data.lake.rows import empty_rows, make_rows
from screener.data.lake.schema import TableName
from screener.data.validation.ticks import on_ticks, tick_remarks
from tests.support.laws import laws

DAY = date(2024, 3, 4)


def bars(listing: str, *closes: float, basis: str = "raw") -> pa.Table:
    days = [date(2024, 3, 4 + at) for at in range(len(closes))]
    columns = {name: list(closes) for name in ("open", "high", "low", "close")}
    return make_rows(
        TableName.BARS,
        {**columns, "session": days, "listing": listing, "basis": basis},
        source="prices.parquet",
        fetched_at=datetime(2024, 3, 20, tzinfo=UTC),
    )


def single(price: float) -> float:
    return float(np.float32(price))


@pytest.mark.parametrize(
    ("listing", "given", "stored"),
    [
        ("600000.SH", single(220.01), 220.01),
        ("600000.SH", 10.0009, 10.0),  # less than a tenth of a tick of 0.01
        ("600000.SH", 10.0011, 10.0011),
        ("600000.SH", 10.005, 10.005),  # half a tick is no noise
        ("510300.SH", single(3.973), 3.973),  # funds move by 0.001
        ("510300.SH", 3.97305, 3.973),
        ("900901.SH", single(0.437), 0.437),
        ("00700.HK", single(512.5), 512.5),
        ("08001.HK", single(0.137), 0.137),
        ("000300.SH", single(4012.37), single(4012.37)),  # points have no tick
    ],
)
def test_noise_below_a_tenth_of_a_tick_is_taken_out(
    listing: str, given: float, stored: float
) -> None:
    assert on_ticks(bars(listing, given)).bars["close"].to_pylist() == [stored]


def test_adjusted_prices_stay_as_they_are() -> None:
    rows = bars("600000.SH", single(10.1), basis="adjusted")
    assert on_ticks(rows).bars is rows
    assert on_ticks(empty_rows(TableName.BARS)).changed == 0


def test_what_was_rounded_is_counted_and_told_once() -> None:
    found = on_ticks(bars("600000.SH", 10.0, single(10.1), single(10.3)))
    assert found.changed == 2
    assert tick_remarks(found) == [
        "prices of 2 bars were off their tick by less than a tenth of it and were rounded to it "
        "(first 600000.SH 2024-03-05, open 10.10000038 to 10.1)"
    ]
    assert tick_remarks(on_ticks(found.bars)) == []  # done once, nothing is left to do


@laws(100)
@given(st.integers(1, 200_000))
def test_every_quoted_price_comes_back_from_32_bits(ticks: int) -> None:
    quoted = ticks / 100
    assert on_ticks(bars("600000.SH", single(quoted))).bars["low"].to_pylist() == [quoted]
    assert on_ticks(bars("600000.SH", quoted)).changed == 0
