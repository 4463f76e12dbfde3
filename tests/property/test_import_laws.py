"""New bars judged beside the end of what is stored are judged as beside all of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screener.data.lake.batch import Batch
from screener.data.lake.rows import make_rows
from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.data.validation import import_parts
from screener.data.validation.import_checks import CheckedImport, checked_import
from screener.domain.listing import Exchange, parse_listing
from screener.market.calendars import calendar_of
from screener.workflows.data.importing import import_batch
from screener.workspace.locate import Workspace
from tests.support.laws import laws
from tests.support.soaking import soaked

LAWS = laws(60)
ORIGIN = {"source": "bars.csv", "fetched_at": datetime(2025, 6, 2, tzinfo=UTC)}
FIRST, STORED = date(2025, 1, 2), 60
PAUSE = 120  # sessions: more than the days before a new bar that are looked at first
NAMES = [
    *(f"60{at:04d}.SH" for at in range(16)),
    *(f"30{at:04d}.SZ" for at in range(1, 9)),
    *(f"68800{at}.SH" for at in range(1, 7)),
    *(f"{at:05d}.HK" for at in range(1, 13)),
    *("510300.SH", "159915.SZ", "900901.SH", "920002.BJ"),
]
Rows = dict[TableName, list[dict[str, Any]]]


def days_of(name: str) -> list[date]:
    exchange: Exchange = parse_listing(name).exchange
    days = calendar_of(exchange).between(FIRST, date(2025, 12, 31))
    return list(days.astype(object))


def bar(name: str, day: date, close: float, rng: np.random.Generator) -> dict[str, Any]:
    """A bar, now and then one without a trade or whose high nobody paid."""
    drawn = rng.random()
    volume = 0.0 if drawn < 0.03 else None if drawn < 0.06 else 1e6
    high = close * 1.5 if drawn > 0.98 else close
    values = {"open": close, "high": round(high, 2), "low": close, "close": close}
    return {"listing": name, "session": day, **values, "volume": volume, "basis": "raw"}


def walked(
    name: str, days: list[date], close: float, rng: np.random.Generator, *, odd: float
) -> Iterator[tuple[TableName, dict[str, Any]]]:
    """Bars that walk, some leaping for a day or for good; actions that explain some, or nothing."""
    for day in days:
        close = max(round(close * rng.uniform(0.97, 1.03), 2), 0.5)
        shown, drawn = close, rng.random() / odd
        if drawn < 0.25:
            shown = round(close * rng.choice([1.5, 7.0, 0.1]), 2)
        elif drawn < 0.5:
            shown = close = round(close / 2, 2)
        yield TableName.BARS, bar(name, day, shown, rng)
        if 0.4 < drawn < 0.75:
            yield TableName.ACTIONS, {"listing": name, "ex_session": day, "split": 2.0}


def ended(last: list[dict[str, Any]], way: int, rng: np.random.Generator) -> list[dict[str, Any]]:
    """Make the last two stored bars of a listing such as only what comes next explains.

    The last one leaps, or an action of its session is not followed, or the one before it leaps
    and the last is no trade. Returns the actions.
    """
    leap = float(rng.choice([1.5, 7.0, 0.1, 0.5]))
    if way in (1, 3):
        row = last[1 if way == 1 else 0]
        row.update({name: round(row[name] * leap, 2) for name in ("open", "high", "low", "close")})
    if way == 3:
        last[1]["volume"] = 0.0
    unfollowed = [{"listing": last[1]["listing"], "ex_session": last[1]["session"], "split": 2.0}]
    return unfollowed if way == 2 else []


def batch_of(rows: Rows) -> Batch:
    tables = {}
    for table, given_rows in rows.items():
        columns = {name: [row[name] for row in given_rows] for name in given_rows[0]}
        tables[table] = make_rows(table, columns, **ORIGIN)
    return Batch(tables=tables)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A lake with leaps, actions, denied actions and doubts, of bars imported in two pieces."""
    workspace = Workspace(root=tmp_path_factory.mktemp("desk"))
    pieces: list[Rows] = [{}, {}]
    for at, name in enumerate(NAMES):
        rng = np.random.default_rng(at)
        days = days_of(name)[: STORED - at % 3]
        for table, row in walked(name, days, 20.0, rng, odd=[0.02, 0.1][at % 2]):
            late = days.index(row.get("session") or row["ex_session"]) >= STORED // 2
            pieces[late].setdefault(table, []).append(row)
        actions = ended(pieces[1][TableName.BARS][-2:], at % 5, rng)
        pieces[1].setdefault(TableName.ACTIONS, []).extend(actions)
    for rows in pieces:
        import_batch(workspace, batch_of(rows), "stored", ORIGIN["fetched_at"])
    with Store.open(workspace.data_cache) as opened:
        assert opened.read(TableName.QUARANTINE).num_rows > 10
        yield opened


def later(store: Store, seed: int, pause: int = 0, again: int = 0) -> Batch:
    """Bars of the next sessions; with some, another stored one, an action, or a suspension.

    They come so many sessions after the stored ones, or with so many stored sessions once more: as
    they were, or otherwise.
    """
    rng = np.random.default_rng(seed)
    closes = store.last_values(NAMES, before=date(2026, 1, 1))
    level: dict[str, list[float]] = {}
    stored: dict[str, list[dict[str, Any]]] = {}
    for row in reversed(store.read(TableName.BARS, listings=NAMES).to_pylist()):
        level.setdefault(row["listing"], []).append(row["close"])
        stored.setdefault(row["listing"], []).append(row)
    rows: Rows = {}
    for name in NAMES:
        last, _ = closes[name]
        close = level[name][int(rng.integers(0, 3))]  # goes on, or is back
        days = [day for day in days_of(name) if day > last][pause:]
        days = days[int(rng.random() < 0.1) :][: int(rng.integers(1, 4))]
        for table, row in walked(name, days, close, rng, odd=0.3):
            rows.setdefault(table, []).append(row)
        for row in stored[name][:again]:
            moved = float(rng.choice([1.0, 1.0, 1.0, 1.02, 1.5, 0.1]))
            other = bar(name, row["session"], round(row["close"] * moved, 2), rng)
            if rng.random() < 0.9:
                known = {column: row[column] for column in other}
                rows[TableName.BARS].append(known if moved == 1 else other)
        if not again and rng.random() < 0.05:
            rows[TableName.BARS].append(bar(name, last, round(close * 1.01, 2), rng))
        if rng.random() < 0.05:
            state = {"listing": name, "session": days[0], "suspended": True}
            rows.setdefault(TableName.STATUS, []).append(state)
    if rng.random() < 0.4:
        rows.pop(TableName.ACTIONS, None)
    return batch_of(rows)


def told(found: CheckedImport) -> tuple[object, ...]:
    """Return everything about a checked import, in one order."""
    tables = {
        name: sorted(map(repr, table.drop_columns(["fetched_at"]).to_pylist()))
        for name, table in found.batch.tables.items()
    }
    return tables, dict(found.batch.removes), found.rejects, found.remarks


@given(
    seed=st.integers(0, 1 << 32),
    place=st.sampled_from([(0, 0), (0, 0), (PAUSE, 0), (0, 1), (0, 1), (0, 4)]),
)
@LAWS
@soaked
def test_the_end_of_what_is_stored_is_enough(
    store: Store, seed: int, place: tuple[int, int]
) -> None:
    batch = later(store, seed, *place)
    at = ORIGIN["fetched_at"]
    found = checked_import(store, batch, at)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(import_parts, "_ends", lambda *_: None)
        whole = checked_import(store, batch, at)
        patch.setattr(import_parts, "_LISTINGS", 7)
        pieces = checked_import(store, batch, at)
    assert told(pieces) == told(whole)
    assert told(found) == told(whole)


def stored_days(store: Store) -> pa.ChunkedArray:
    return store.read(TableName.BARS, columns=("session",)).column("session")


@pytest.mark.parametrize(("pause", "again"), [(0, 0), (PAUSE, 0), (0, 1)])
def test_what_is_quiet_is_judged_beside_its_end(store: Store, pause: int, again: int) -> None:
    bars = later(store, 1, pause, again).tables[TableName.BARS]
    if pause:  # without the stored ones that come again
        bars = bars.filter(pc.greater(bars["session"], pc.max(stored_days(store))))
    batch = Batch(tables={TableName.BARS: bars})
    first, *_ = import_parts.parts_of(store, batch, bars, ORIGIN["fetched_at"])
    assert len(first.settled) > len(NAMES) / 4  # the others end oddly, or were halted
    days = zip(first.raw["listing"].to_pylist(), first.raw["session"].to_pylist(), strict=True)
    before = [name for name, day in days if day <= first.settled[name]]
    assert sorted(before) == sorted([*first.settled] * 2)
    if again:
        newest = pc.max(stored_days(store)).as_py()
        assert min(first.settled.values()) < newest - timedelta(days=1)


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    return Workspace(root=tmp_path)


NAME = "600000.SH"
SPLIT = {"listing": NAME, "ex_session": days_of(NAME)[45], "split": 2.0}


def brought(place: Workspace, first: int, *closes: float, actions: Any = ()) -> list[str]:
    """Import bars of sessions one after the other; return what is noted then."""
    days = days_of(NAME)[first:]
    rows: Rows = {
        TableName.BARS: [flat(day, close) for day, close in zip(days, closes, strict=False)]
    }
    import_batch(
        place,
        batch_of({**rows, **({TableName.ACTIONS: list(actions)} if actions else {})}),
        "bars",
        ORIGIN["fetched_at"],
    )
    with Store.open(place.data_cache) as store:
        notes = store.read(TableName.QUARANTINE).to_pylist()
    return sorted(f"{row['table_name']} {row['session']} {row['reason'][:14]}" for row in notes)


def flat(day: date, close: float) -> dict[str, Any]:
    prices = dict.fromkeys(("open", "high", "low", "close"), close)
    return {"listing": NAME, "session": day, **prices, "volume": 1e6, "basis": "raw"}


def test_a_stored_bar_that_comes_once_more_keeps_its_doubt(place: Workspace) -> None:
    brought(place, 0, *[10.0] * 50, 15.0)
    doubt = [f"bars {days_of(NAME)[50]} kept: bad tick"]
    assert brought(place, 51, *[10.0] * 5) == doubt
    assert brought(place, 50, 15.0, *[10.0] * 5) == doubt
    assert brought(place, 55, 10.0, 10.1) == doubt
    other = brought(place, 50, 16.0, *[10.0] * 5)  # left out: the stored one stays, doubted
    assert other == sorted([*doubt, f"bars {days_of(NAME)[50]} bad tick: clos"])
    assert brought(place, 50, 10.0) == other[:1]  # another one takes its place


def test_what_is_left_out_of_a_batch_denies_no_action(place: Workspace) -> None:
    brought(place, 0, *[10.0] * 45)
    noted = brought(place, 45, 10.0, *[5.0] * 4, actions=[SPLIT])
    assert noted == [f"bars {days_of(NAME)[45]} bad tick: clos"]
    assert brought(place, 50, 5.0, 5.1) == noted
