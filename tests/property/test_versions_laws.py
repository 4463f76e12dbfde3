"""Laws of versions: compaction and expiry lose nothing, and differences are those of the rows.

A plain dictionary of rows by version says what every version that is kept must hold, whatever was
merged, rewritten and expired in between.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from screener.data.lake import compaction
from screener.data.lake.batch import Batch
from screener.data.lake.compaction import Pins
from screener.data.lake.comparison import Change, VersionComparison
from screener.data.lake.integrity.checksums import damaged_files
from screener.data.lake.schema import TABLES, Basis, TableName
from screener.data.lake.store import Store
from screener.files.place import Place
from tests.support.laws import laws
from tests.support.soaking import soaked

LAWS = laws(9, unchecked=(HealthCheck.function_scoped_fixture, HealthCheck.too_slow))
NUMBERS = dict.fromkeys(("open", "high", "low", "close", "volume", "amount", "rate"), pa.float64())
TYPES = NUMBERS | {
    "session": pa.date32(),
    "fetched_at": pa.timestamp("us", tz="UTC"),
    "suspended": pa.bool_(),
    "st": pa.bool_(),
}
FAR = datetime(2100, 1, 1, tzinfo=UTC)
TURN = count(1)

LISTINGS = ["600001.SH", "600002.SH", "000003.SZ", "00700.HK"]
DAYS = [date(2025, 12, 30), date(2025, 12, 31), date(2026, 1, 5), date(2026, 1, 6)]
VALUES = [1.0, 2.0, 2.5]

Key = tuple[str, date]
Bars = dict[Key, tuple[float, str]]
Held = dict[str, dict[Key, tuple[float, str]]]
Fresh = Callable[[], Path]


@dataclass(frozen=True)
class Commit:
    """Bars and fixings that land together; a whole history replaces its listings' bars."""

    bars: dict[Key, float]
    fixings: dict[date, float]
    whole: bool


@dataclass(frozen=True)
class Compact:
    """A compaction that keeps every so many days, with some of the versions pinned."""

    days: int
    pins: tuple[int, ...]


@dataclass
class Model:
    """What every version that can be read must hold."""

    held: dict[int, Held] = field(default_factory=dict)
    newest: Held = field(default_factory=lambda: {"bars": {}, "fx": {}})


keys = st.tuples(st.sampled_from(LISTINGS), st.sampled_from(DAYS))
commits = st.builds(
    Commit,
    bars=st.dictionaries(keys, st.sampled_from(VALUES), min_size=1, max_size=8),
    fixings=st.dictionaries(st.sampled_from(DAYS), st.sampled_from(VALUES), max_size=3),
    whole=st.booleans(),
)
compactions = st.builds(
    Compact,
    days=st.sampled_from([0, 0, 90]),
    pins=st.lists(st.integers(1, 12), max_size=3).map(tuple),
)
histories = st.lists(st.one_of(commits, commits, compactions), min_size=2, max_size=8)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("versions") / "data_cache"
    Store.create(root).close()
    return root


@pytest.fixture(autouse=True, scope="module")
def soon_many() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:  # so that commits merge too
        patch.setattr(compaction, "MANY_FILES", 5)
        yield


@pytest.fixture
def fresh(empty: Path, tmp_path: Path) -> Fresh:
    def make() -> Path:
        root = tmp_path / f"{next(TURN)}" / "data_cache"
        shutil.copytree(empty, root)
        return root

    return make


def rows_of(name: TableName, rows: list[dict[str, object]]) -> pa.Table:
    names = TABLES[name].column_names
    schema = pa.schema([(item, TYPES.get(item, pa.string())) for item in names])
    return pa.Table.from_pylist(rows, schema=schema)


def batch_of(commit: Commit, source: str) -> Batch:
    origin = {"source": source, "fetched_at": datetime(2026, 6, 1, tzinfo=UTC)}
    bars = [
        {"listing": listing, "session": day, "basis": str(Basis.RAW), "volume": None, **origin}
        | dict.fromkeys(("open", "high", "low", "close"), close)
        for (listing, day), close in commit.bars.items()
    ]
    fixings = [
        {"pair": "HKDCNY", "session": day, "rate": rate, **origin}
        for day, rate in commit.fixings.items()
    ]
    return Batch(
        tables={
            TableName.BARS: rows_of(TableName.BARS, bars),
            TableName.FX: rows_of(TableName.FX, fixings),
        },
        replaces=frozenset(name for name, _ in commit.bars) if commit.whole else frozenset(),
    )


def held(store: Store) -> Held:
    bars = store.read(TableName.BARS).to_pylist()
    fixings = store.read(TableName.FX).to_pylist()
    found: Held = {
        "bars": {(r["listing"], r["session"]): (r["close"], r["basis"]) for r in bars},
        "fx": {(r["pair"], r["session"]): (r["rate"], "") for r in fixings},
    }
    assert len(found["bars"]) == len(bars), "a bar came twice"
    assert len(found["fx"]) == len(fixings), "a fixing came twice"
    return found


def after(before: Held, commit: Commit) -> Held:
    """Say what a commit must give: rows by key, or whole listings."""
    basis = str(Basis.RAW)
    replaced = {name for name, _ in commit.bars} if commit.whole else set()
    bars = {key: value for key, value in before["bars"].items() if key[0] not in replaced}
    bars |= {key: (close, basis) for key, close in commit.bars.items()}
    fixings = {("HKDCNY", day): (rate, "") for day, rate in commit.fixings.items()}
    return {"bars": bars, "fx": before["fx"] | fixings}


def check_versions(store: Store, model: Model) -> None:
    newest = store.version
    for version, expected in model.held.items():
        store._version = version  # opening it anew each time would take most of the test
        assert held(store) == expected, f"version {version} changed"
    store._version = newest


def check_files(root: Path | Place) -> None:
    """Check that every file is sorted, of its own year, recorded and as it was written."""
    assert damaged_files(root) == ()
    if isinstance(root, Place):  # its files are not at hand
        return
    for path in (root / "data").rglob("*.parquet"):
        if path.name.endswith("-delete.parquet"):
            continue
        name = TableName(path.relative_to(root / "data").parts[1])
        rows = pq.ParquetFile(path).read(columns=list(TABLES[name].sort)).to_pylist()
        found = [tuple(row.values()) for row in rows]
        assert found == sorted(found), f"{path} is not sorted"
        if TABLES[name].by_year:
            years = {f"year={row['session'].year}" for row in rows}
            assert years == {path.parent.name}


def carry_out(store: Store, model: Model, step: Commit | Compact) -> None:
    if isinstance(step, Commit):
        before = store.version
        version = store.commit(batch_of(step, "law.csv"), message="step").version
        model.newest = after(model.newest, step)
        for made in range(min(before + 1, version), version + 1):  # its own, and that of a merge
            model.held[made] = model.newest
        return
    pins = frozenset(step.pins)
    found = store.compact(
        now=FAR if step.days == 0 else datetime(2026, 1, 1, tzinfo=UTC),
        keep=timedelta(days=step.days),
        pinned=lambda: Pins(versions=pins),
    )
    assert not set(found.expired) & pins, "a pinned version expired"
    assert set(found.kept) >= {found.version} | (pins & set(model.held))
    for version in found.expired:
        model.held.pop(version, None)
    for version in range(found.version_before + 1, found.version + 1):
        if version in found.kept:
            model.held[version] = model.newest
    if step.days:
        assert not found.expired


@LAWS
@given(history=histories)
def test_compaction_and_expiry_change_no_row_of_a_kept_version(
    fresh: Fresh, history: list[Commit | Compact]
) -> None:
    root = fresh()
    model = Model()
    with Store.open(root) as store:
        for step in [*history, Compact(days=90, pins=())]:
            carry_out(store, model, step)
            check_versions(store, model)
    check_files(root)


@LAWS
@given(history=histories, days=st.sampled_from([0, 90]))
@soaked
def test_compacting_twice_does_nothing_the_second_time(
    fresh: Fresh, history: list[Commit | Compact], days: int
) -> None:
    root = fresh()
    with Store.open(root) as store:
        model = Model()
        for step in history:
            carry_out(store, model, step)
        foreseen, first, second = (
            store.compact(
                now=FAR,
                keep=timedelta(days=days),
                pinned=lambda: Pins(versions=frozenset({2, 3})),
                dry_run=dry,
            )
            for dry in (True, False, False)
        )
    assert foreseen.newest_after.files == first.newest_after.files
    assert foreseen.version == foreseen.version_before == first.version_before
    # That the newest version is replaced by the merge itself cannot be foreseen.
    assert set(foreseen.expired) <= set(first.expired)
    assert {v for v in first.expired if v < foreseen.version} <= set(foreseen.expired)
    assert not second.changed
    assert second.expired == ()
    assert (second.version, second.kept) == (first.version, first.kept)
    assert second.disk_after == first.disk_after


@LAWS
@given(history=histories, data=st.data())
@soaked
def test_differences_are_those_of_the_rows(
    fresh: Fresh, history: list[Commit | Compact], data: st.DataObject
) -> None:
    root = fresh()
    model = Model()
    start = Commit(bars={(LISTINGS[0], DAYS[0]): 1.0}, fixings={}, whole=False)
    with Store.open(root) as store:
        for step in [start, *history]:
            carry_out(store, model, step)
    old, new = (data.draw(st.sampled_from(sorted(model.held))) for _ in range(2))
    with VersionComparison.open(root, old, new) as compared:
        for name in ("bars", "fx"):
            before, now = model.held[old][name], model.held[new][name]
            diff = compared.compare(TableName(name))
            assert diff.added == len(now.keys() - before.keys())
            assert diff.removed == len(before.keys() - now.keys())
            both = now.keys() & before.keys()
            changed = {key for key in both if now[key] != before[key]}
            assert diff.changed == len(changed)
            assert diff.provenance == 0, "a row that was only moved counts as changed"
            if name == "bars":
                differing = (now.keys() ^ before.keys()) | changed
                assert diff.listings == {key[0] for key in differing}
            told = list(compared.changes(TableName(name)))
            assert len({item.key for item in told}) == diff.added + diff.changed + diff.removed
            for item in told:
                if item.change is Change.CHANGED and item.column in ("close", "rate"):
                    first, _, second = item.key.partition(" ")
                    key = (first, date.fromisoformat(second))
                    assert (item.old, item.new) == (before[key][0], now[key][0])
        for name in set(TableName) - {TableName.BARS, TableName.FX}:
            assert not compared.compare(name).differs
