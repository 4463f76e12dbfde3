"""Laws of merging, against a plain dictionary.

All examples share one lake, since a lake costs half a second: each has listings of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import count, zip_longest

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screener.data.lake.batch import Batch
from screener.data.lake.schema import TABLES, Basis, TableName
from screener.data.lake.store import Store
from tests.support.laws import laws

FEW = laws(8)
FEWER = laws(4)
NUMBERS = dict.fromkeys(("open", "high", "low", "close", "volume", "amount"), pa.float64())
TYPES = NUMBERS | {"session": pa.date32(), "fetched_at": pa.timestamp("us", tz="UTC")}
EXAMPLE = count(1)

Key = tuple[str, date]
Rows = dict[Key, float]
Held = dict[Key, tuple[float, str]]

keys = st.tuples(
    st.sampled_from(["SH", "SZ", "HK"]),
    st.sampled_from([date(2025, 12, 31), date(2026, 1, 5), date(2026, 1, 6)]),
)
tables = st.dictionaries(keys, st.sampled_from([1.0, 2.0, 2.5]), min_size=1)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store.create(tmp_path_factory.mktemp("laws") / "data_cache") as opened:
        yield opened


def named(rows: Rows, example: int) -> Rows:
    """Give the rows of an example listings that no other has."""
    return {(f"{example:06d}.{mark}", day): close for (mark, day), close in rows.items()}


def plain(rows: Held) -> dict[Key, tuple[float, str]]:
    return {(listing.partition(".")[2], day): value for (listing, day), value in rows.items()}


def batch_of(rows: Rows, basis: Basis = Basis.RAW) -> Batch:
    full = [
        {
            "listing": listing,
            "session": session,
            **dict.fromkeys(("open", "high", "low", "close"), close),
            "basis": str(basis),
            "source": "law.csv",
            "fetched_at": datetime(2026, 6, 1, tzinfo=UTC),
        }
        for (listing, session), close in rows.items()
    ]
    names = TABLES[TableName.BARS].column_names
    schema = pa.schema([(name, TYPES.get(name, pa.string())) for name in names])
    return Batch(tables={TableName.BARS: pa.Table.from_pylist(full, schema=schema)})


def held(store: Store, example: int) -> Held:
    names = [f"{example:06d}.{mark}" for mark in ("SH", "SZ", "HK")]
    rows = store.read(TableName.BARS, listings=names).to_pylist()
    found = {(row["listing"], row["session"]): (row["close"], row["basis"]) for row in rows}
    assert len(found) == len(rows), "a key came twice"
    order = [(session, listing) for listing, session in found]
    assert order == sorted(order)
    return found


@FEW
@given(rows=tables, data=st.data())
def test_disjoint_batches_merge_in_any_order(store: Store, rows: Rows, data: st.DataObject) -> None:
    part_of = {key: data.draw(st.integers(0, 2)) for key in rows}
    parts = [
        {key: value for key, value in rows.items() if part_of[key] == number}
        for number in sorted(set(part_of.values()))
    ]
    whole, one, other = (next(EXAMPLE) for _ in range(3))
    streams = ([rows], parts, data.draw(st.permutations(parts)))
    for step in zip_longest(*streams, fillvalue={}):
        batch = {}
        for part, example in zip(step, (whole, one, other), strict=True):
            batch |= named(part, example)
        store.commit(batch_of(batch), message="part")
    expected = plain(held(store, whole))
    assert len(expected) == len(rows)
    assert plain(held(store, one)) == plain(held(store, other)) == expected


@FEWER
@given(rows=tables, basis=st.sampled_from(Basis))
def test_merging_twice_changes_nothing(store: Store, rows: Rows, basis: Basis) -> None:
    example = next(EXAMPLE)
    batch = batch_of(named(rows, example), basis)
    first = store.commit(batch, message="first")
    before = held(store, example)
    second = store.commit(batch, message="second")
    assert first.changed
    assert not second.changed
    assert second.version == first.version
    assert second.changes[0].unchanged == len(rows)
    assert held(store, example) == before


@FEW
@given(
    sequence=st.lists(st.tuples(tables, st.sampled_from(Basis)), min_size=2, max_size=4),
)
def test_the_last_writer_wins_and_the_counts_add_up(
    store: Store, sequence: list[tuple[Rows, Basis]]
) -> None:
    example = next(EXAMPLE)
    model: Held = {}
    for step, basis in sequence:
        rows = named(step, example)
        after = model_of(model, rows, basis)
        history = replace(batch_of(rows, basis), replaces=replaced_by(model, rows, basis))
        (change,) = store.commit(history, message="step").changes
        assert change.added == len(after.keys() - model.keys())
        assert change.removed == len(model.keys() - after.keys())
        assert change.changed == sum(
            model[key] != after[key] for key in after.keys() & model.keys()
        )
        assert change.added + change.changed + change.unchanged == len(rows)
        assert len(model) + change.added - change.removed == len(after)
        assert held(store, example) == after
        model = after


def replaced_by(model: Held, rows: Rows, basis: Basis) -> frozenset[str]:
    """Name the listings whose history is to be replaced: all but raw over raw."""
    incoming = {listing for listing, _ in rows}
    return frozenset(
        listing
        for (listing, _), (_, old) in model.items()
        if listing in incoming and (old, basis) != (Basis.RAW, Basis.RAW)
    )


def model_of(model: Held, rows: Rows, basis: Basis) -> Held:
    """Say what a merge must give: raw over raw by key, all else listing by listing."""
    replaced = replaced_by(model, rows, basis)
    kept = {key: value for key, value in model.items() if key[0] not in replaced}
    return kept | {key: (close, str(basis)) for key, close in rows.items()}


@FEWER
@given(first=tables, second=tables)
def test_a_version_stays_as_it_was(store: Store, first: Rows, second: Rows) -> None:
    example = next(EXAMPLE)
    version = store.commit(batch_of(named(first, example)), message="first").version
    before = held(store, example)
    store.commit(batch_of(named(second, example)), message="second")
    with Store.open(store.place, version=version) as reader:
        assert held(reader, example) == before
