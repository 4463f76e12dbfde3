"""The kept copy of all bars: the same matrices as the tables give, or nothing at all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from numpy.testing import assert_array_equal

from screener.data.lake.batch import Batch
from screener.data.lake.rows import make_rows
from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.data.panels import bars as bars_module
from screener.data.panels import kept_bars as kept_module
from screener.data.panels.bars import Bars, read_bars
from screener.data.panels.grid import Grid
from screener.data.panels.kept_bars import FIELDS, kept_bars

AT = datetime(2026, 6, 1, tzinfo=UTC)
IDS = ("000001.SZ", "00700.HK", "600000.SH", "600519.SH", "HSI.HK")
DAYS = np.array(
    [np.datetime64(text) for text in ("2024-12-30", "2024-12-31", "2025-01-02", "2025-01-05")]
)
START, END = date(2024, 12, 31), date(2025, 1, 5)


def rows(dice: np.random.Generator, days: np.ndarray = DAYS) -> pa.Table:
    """Return bars with gaps, two years, an index without volume, and an adjusted listing."""
    cells = [(day, name) for day in days for name in IDS if dice.random() < 0.8]
    cells = list(dict.fromkeys([*cells, (days[-1], IDS[-1])]))
    values = {name: dice.uniform(1, 9, len(cells)) for name in (*FIELDS, "high", "low")}
    values["volume"] = np.where([name == "HSI.HK" for _, name in cells], np.nan, values["volume"])
    return make_rows(
        TableName.BARS,
        {
            "listing": [name for _, name in cells],
            "session": [day.item() for day, _ in cells],
            **values,
            "basis": ["adjusted" if name == "600519.SH" else "raw" for _, name in cells],
        },
        source="hand.csv",
        fetched_at=AT,
    )


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setattr(kept_module, "LEAST_ROWS", 1)
    monkeypatch.setattr(bars_module, "_MANY", 1)
    with Store.create(tmp_path) as store:
        batch = Batch(tables={TableName.BARS: rows(np.random.default_rng(1))})
        store.commit(batch, message="bars")
        yield store


def copies(store: Store) -> list[str]:
    return sorted(path.name for path in (store.root / "derived").glob("bars-*.f64"))


def told(found: Bars, grid: Grid) -> dict[str, object]:
    cells = found.on(grid)
    return {
        **{name: cells.matrix(name).tobytes() for name in FIELDS},
        "adjusted": cells.any_adjusted().tolist(),
        "ids": found.ids(),
        "last": str(found.last_day(list(IDS[:3]))),
    }


@pytest.mark.parametrize("listings", [None, IDS[1:4], ("600519.SH", "999999.SH", "00700.HK")])
@pytest.mark.parametrize("end", [None, END, START])
def test_the_copy_gives_what_the_tables_give(
    lake: Store,
    listings: tuple[str, ...] | None,
    end: date | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    axis = np.concatenate([DAYS[1:3], [np.datetime64("2025-01-03"), np.datetime64("2025-01-06")]])
    grid = Grid(axis, listings or ("600000.SH", "600519.SH", "688001.SH"))
    of_copy = read_bars(lake, FIELDS, start=START, end=end, listings=listings)
    assert kept_bars(lake) is not None
    monkeypatch.setattr(bars_module, "kept_bars", lambda _: None)
    of_table = read_bars(lake, FIELDS, start=START, end=end, listings=listings)
    assert type(of_copy) is not type(of_table)
    assert told(of_copy, grid) == told(of_table, grid)


def test_it_is_made_once_and_again_for_other_bars_and_old_ones_are_removed(lake: Store) -> None:
    first = kept_bars(lake)
    assert first is not None
    made = copies(lake)
    stamp = (lake.root / "derived" / made[0]).stat().st_mtime_ns
    with Store.open(lake.root) as other:
        assert kept_bars(other) is not None
    assert [(lake.root / "derived" / name).stat().st_mtime_ns for name in copies(lake)] == [stamp]
    for seed in (2, 3, 4):
        later = rows(np.random.default_rng(seed), DAYS + np.timedelta64(30 * seed, "D"))
        lake.commit(Batch(tables={TableName.BARS: later}), message="more")
        again = kept_bars(lake)
        assert again is not None
        assert len(again.days) > len(first.days)
    assert len(copies(lake)) == 2
    assert made[0] not in copies(lake)
    assert_array_equal(first.days, DAYS)  # whoever has opened the removed one still reads it
    assert np.isfinite(first.matrix("close")).any()


@pytest.mark.parametrize("where", ["matrix", "index", "cut"])
def test_a_damaged_copy_is_not_used(lake: Store, where: str) -> None:
    grid = Grid(DAYS, IDS)
    right = read_bars(lake, FIELDS, start=START).on(grid).matrix("close")
    (name,) = copies(lake)
    path = lake.root / "derived" / name
    target = path.with_suffix(".json") if where == "index" else path
    raw = bytearray(target.read_bytes())
    raw[len(raw) // 3] ^= 1
    target.write_bytes(raw[:-8] if where == "cut" else raw)
    with Store.open(lake.root) as other:
        found = read_bars(other, FIELDS, start=START).on(grid)
        assert_array_equal(found.matrix("close"), right)
        if where == "matrix":
            damaged = kept_bars(other)
            assert damaged is not None
            with pytest.raises(OSError, match="damaged"):
                [damaged.matrix(field) for field in FIELDS]


def test_two_that_make_it_at_once_end_with_one(
    lake: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill = kept_module._fill

    def interrupted(store: Store, *rest: object) -> None:
        monkeypatch.setattr(kept_module, "_fill", fill)
        with Store.open(store.root) as other:  # a second process comes in the midst of the first
            assert kept_bars(other) is not None
        fill(store, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(kept_module, "_fill", interrupted)
    found = kept_bars(lake)
    assert found is not None
    assert np.isfinite(found.matrix("close")).any()
    assert len(copies(lake)) == 1
    assert not list((lake.root / "derived").glob(".bars-*"))


def test_few_bars_and_a_folder_that_cannot_be_written_keep_nothing(
    lake: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "no space left")

    with monkeypatch.context() as patch:
        patch.setattr(kept_module, "put_whole", full)
        assert kept_bars(lake) is None
        assert read_bars(lake, FIELDS, start=START).ids()
    monkeypatch.setattr(kept_module, "LEAST_ROWS", 1_000)
    with Store.open(lake.root) as other:
        assert kept_bars(other) is None
    assert not copies(lake)
