"""Laws of the arrival checks: no row is lost, order is nothing, a bad row harms no good one."""

from __future__ import annotations

import tempfile
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screener.data.lake.batch import Batch
from screener.data.lake.schema import Basis, TableName
from screener.data.sources.files import FileSource, ImportKind, ImportRequest
from screener.data.validation.row_checks import Rejections, duplicate_faults, price_faults
from screener.errors import DataError
from tests.support.laws import laws

HEAD = "code,date,open,high,low,close,volume\n"
SAFE = "600000.SH,2025-03-03,5,5,5,5,1"
PRICE = st.one_of(st.floats(0.01, 1e4, allow_nan=False), st.sampled_from([-1.0, 0.0, float("nan")]))
PRICES = st.lists(st.tuples(PRICE, PRICE, PRICE, PRICE), min_size=1, max_size=20)
LINES = st.lists(
    st.tuples(
        st.sampled_from(["600519", "300857.SZ", "00700.HK", "x", "600519.SZ", ""]),
        st.sampled_from(["2025-03-03", "20250304", "2025-03-01", "2031-01-01", "soon", ""]),
        st.sampled_from(["10", "10.5", "11", "-1", "", "n/a", "ten"]),
        st.sampled_from(["9", "10", "12"]),
    ).map(lambda cells: f"{cells[0]},{cells[1]},{cells[2]},12,{cells[3]},10.5,100"),
    min_size=1,
    max_size=15,
)
LAWS = laws(40)


def imported(lines: list[str]) -> Batch:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "f.csv"
        path.write_text(HEAD + "\n".join([SAFE, *lines]) + "\n", encoding="utf-8")
        source = FileSource()
        query = source.build_query(
            ImportRequest(
                paths=(path,),
                kind=ImportKind.BARS,
                basis=Basis.ADJUSTED,
                fetched_at=datetime(2026, 3, 2, tzinfo=UTC),
                today=date(2026, 3, 2),
            )
        )
        return source.normalise(query, source.fetch(query))


def accepted(batch: Batch) -> set[tuple[object, ...]]:
    names = ("listing", "session", "open", "high", "low", "close", "volume")
    columns = [batch.tables[TableName.BARS].column(name).to_pylist() for name in names]
    return set(zip(*columns, strict=True))


def repeats(batch: Batch) -> int:
    found = [line for line in batch.remarks if "repeat another row" in line]
    return int(found[0].split()[0]) if found else 0


@LAWS
@given(LINES)
def test_every_row_is_accepted_repeated_or_rejected(lines: list[str]) -> None:
    batch = imported(lines)
    kept = batch.tables[TableName.BARS].num_rows
    assert kept + repeats(batch) + len(batch.rejects) == len(lines) + 1
    assert len({item.line for item in batch.rejects}) == len(batch.rejects)
    assert all(item.reason for item in batch.rejects)


@LAWS
@given(LINES, st.randoms(use_true_random=False))
def test_order_of_rows_does_not_matter(lines: list[str], random: object) -> None:
    shuffled = list(lines)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    first, second = imported(lines), imported(shuffled)
    assert accepted(first) == accepted(second)
    assert sorted(item.reason for item in first.rejects) == sorted(
        item.reason for item in second.rejects
    )


@LAWS
@given(LINES)
def test_a_bad_row_harms_no_good_one(lines: list[str]) -> None:
    bad = "600519,2025-03-03,10,8,9,10,100"  # high below low
    assert accepted(imported([*lines, bad])) == accepted(imported(lines))


@LAWS
@given(LINES)
def test_what_was_accepted_is_accepted_again_alone(lines: list[str]) -> None:
    kept = accepted(imported(lines))
    again = [",".join(str(cell) for cell in row) for row in kept if row[0] != "600000.SH"]
    batch = imported(again)
    assert batch.rejects == ()
    assert accepted(batch) == kept


@laws(100)
@given(PRICES, st.sampled_from([0.5, 2.0, 1024.0]))
def test_a_change_of_currency_changes_no_verdict(
    prices: list[tuple[float, float, float, float]], rate: float
) -> None:
    columns = np.array(prices).T
    plain = Rejections.clean(len(prices)).also(price_faults(*columns))
    scaled = Rejections.clean(len(prices)).also(price_faults(*(columns * rate)))
    assert plain.passed.tolist() == scaled.passed.tolist()


@laws(100)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.booleans()), max_size=30))
def test_duplicates_against_a_plain_dictionary(rows: list[tuple[int, int, bool]]) -> None:
    groups: dict[int, list[int]] = {}
    for place, (key, _, considered) in enumerate(rows):
        if considered:
            groups.setdefault(key, []).append(place)
    conflict, repeated = set(), set()
    for places in groups.values():
        if len({rows[place][1] for place in places}) > 1:
            conflict |= set(places)
        else:
            repeated |= set(places[1:])
    keys = np.array([row[0] for row in rows], dtype=np.int64)
    values = np.array([row[1] for row in rows], dtype=np.float64)
    considered = np.array([row[2] for row in rows], dtype=np.bool_)
    found, finding = duplicate_faults([keys], [values], considered, key_name="key")
    assert set(np.flatnonzero(found).tolist()) == repeated
    assert set(np.flatnonzero(finding.rows).tolist()) == conflict


def test_a_file_without_a_good_row_is_an_error() -> None:
    with pytest.raises(DataError, match="all 2 rows are rejected"):
        imported([SAFE.replace(",5,1", ",5,2")])
