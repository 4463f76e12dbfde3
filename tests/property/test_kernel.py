"""Laws of the event-time kernel, and its agreement with its plain twin."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from screener.paths.event_tables import EventTable, PaperPaths, event_table
from screener.paths.kernel import paper_paths
from screener.paths.kernel_numpy import paper_paths_numpy
from screener.paths.path_panel import path_panel
from tests.support.event_worlds import events, world
from tests.support.laws import laws

HORIZONS = (1, 3, 7, 20)
SEEDS = st.integers(0, 2**32 - 1)
LAWS = laws(60)


def assert_same(one: PaperPaths, two: PaperPaths, *, within: float = 0.0) -> None:
    for name in ("returns", "path_values"):
        assert_allclose(getattr(one, name), getattr(two, name), rtol=0, atol=within, err_msg=name)
    for name in ("sessions_held", "pending", "last_rows", "first_rows", "path_offsets"):
        assert_array_equal(getattr(one, name), getattr(two, name), err_msg=name)


@LAWS
@given(SEEDS, st.booleans(), st.integers(0, 3), st.booleans())
def test_kernel_and_its_plain_twin_agree(
    seed: int, resolved: bool, delay: int, foreign: bool
) -> None:
    drawn = world(seed, foreign=foreign)
    table = events(drawn, seed, resolved=resolved, delay=delay)
    panel = drawn.panel()
    fast = paper_paths(panel, table, HORIZONS, delay=delay, paths=True)
    slow = paper_paths_numpy(panel, table, HORIZONS, delay=delay, paths=True)
    assert_same(fast, slow, within=1e-12)


def as_known(table: EventTable, n_rows: int) -> EventTable:
    """Return the events without the purchases that come after the first `n_rows` sessions."""
    fills = table.fill_rows
    return replace(table, fill_rows=None if fills is None else np.where(fills < n_rows, fills, -1))


@LAWS
@given(SEEDS, st.integers(1, 39), st.integers(0, 2), st.booleans())
def test_later_sessions_change_no_mature_row(
    seed: int, keep: int, delay: int, resolved: bool
) -> None:
    drawn = world(seed)
    table = events(drawn, seed, resolved=resolved, delay=delay)
    old = paper_paths(drawn.panel(keep), as_known(table, keep), HORIZONS, delay=delay)
    new = paper_paths(drawn.panel(), table, HORIZONS, delay=delay)
    mature = ~old.pending
    assert not new.pending[mature].any()
    for name in ("returns", "sessions_held", "last_rows"):
        assert_array_equal(getattr(old, name)[mature], getattr(new, name)[mature], err_msg=name)


@LAWS
@given(SEEDS, st.integers(5, 39))
def test_later_sessions_change_no_value_before_them(seed: int, keep: int) -> None:
    """On one calendar, whose rows are all sessions: elsewhere a path ends on different days."""
    drawn = world(seed, foreign=False)
    table = events(drawn, seed)
    old_panel, new_panel = (
        path_panel(drawn.opens[:n], drawn.closes[:n]) for n in (keep, len(drawn.closes))
    )
    old = paper_paths(old_panel, as_known(table, keep), (20,), paths=True)
    new = paper_paths(new_panel, table, (20,), paths=True)
    for event in range(len(table)):
        before = old.path(event)
        if len(before) and old.first_rows[event] == new.first_rows[event]:
            assert_array_equal(before, new.path(event)[: len(before)])


@LAWS
@given(SEEDS)
def test_an_event_is_independent_of_those_beside_it(seed: int) -> None:
    drawn = world(seed)
    table, panel = events(drawn, seed), drawn.panel()
    whole = paper_paths(panel, table, HORIZONS, paths=True)
    for event in range(len(table)):
        alone = paper_paths(panel, only(table, event), HORIZONS, paths=True)
        assert_array_equal(alone.returns[0], whole.returns[event])
        assert_array_equal(alone.path(0), whole.path(event))


def only(table: EventTable, event: int) -> EventTable:
    low, high = table.offsets[event : event + 2]
    return replace(
        table,
        offsets=np.array([0, high - low]),
        **{
            name: None if (held := getattr(table, name)) is None else held[low:high]
            for name in ("columns", "weights", "entry_rows", "fill_rows")
        },
        available_rows=None
        if table.available_rows is None
        else table.available_rows[event : event + 1],
    )


@LAWS
@given(SEEDS)
def test_a_path_ends_at_the_return_of_its_longest_horizon(seed: int) -> None:
    drawn = world(seed)
    table = events(drawn, seed)
    found = paper_paths(drawn.panel(), table, HORIZONS, paths=True)
    for event in range(len(table)):
        path = found.path(event)
        assert len(path) == 0 or path[-1] - 1 == found.returns[event, -1] or np.isnan(path[-1])
        assert (len(path) == 0) == (found.first_rows[event] < 0)


@LAWS
@given(SEEDS, st.floats(0.01, 100))
def test_scaling_all_prices_leaves_returns_alone(seed: int, scale: float) -> None:
    drawn = world(seed, foreign=False)
    table = events(drawn, seed, resolved=False)
    one = paper_paths(path_panel(drawn.opens, drawn.closes), table, HORIZONS)
    two = paper_paths(path_panel(drawn.opens * scale, drawn.closes * scale), table, HORIZONS)
    assert_same(one, two, within=1e-12)


@LAWS
@given(SEEDS)
def test_order_of_names_and_of_columns_is_irrelevant(seed: int) -> None:
    drawn = world(seed)
    table, panel = events(drawn, seed, resolved=False), drawn.panel()
    order = np.random.default_rng(seed).permutation(panel.opens.shape[1])
    turned = path_panel(
        drawn.opens[:, order],
        drawn.closes[:, order],
        rates=None if drawn.rates is None else drawn.rates[:, order],
        trading=drawn.trading[:, order],
        data_ends=panel.data_ends[order],
    )
    names = np.concatenate(
        [np.arange(a, b)[::-1] for a, b in zip(table.offsets[:-1], table.offsets[1:], strict=True)]
    )
    moved = event_table(
        table.offsets,
        np.argsort(order)[table.columns[names]],
        table.weights[names],
        table.entry_rows[names],
    )
    one, two = paper_paths(panel, table, HORIZONS), paper_paths(turned, moved, HORIZONS)
    assert_same(one, two, within=1e-12)


@LAWS
@given(SEEDS)
def test_a_delay_is_the_same_as_a_later_entry(seed: int) -> None:
    drawn = world(seed, foreign=False)
    table = events(drawn, seed, resolved=False)
    panel = path_panel(drawn.opens, drawn.closes)
    later = event_table(table.offsets, table.columns, table.weights, table.entry_rows + 2)
    assert_same(paper_paths(panel, table, HORIZONS, delay=2), paper_paths(panel, later, HORIZONS))
