"""The event-time kernel by hand, against the backtest on a simulated market, and bad input."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pyarrow.compute as pc
import pytest
from numpy.testing import assert_array_equal

from screener.backtest.run import EventResult, Settings, run_backtest
from screener.data.lake.batch import Batch
from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.data.panels.price_panel import read_panel
from screener.data.sources.simulated import MarketModel, SimulatedMarket, SimulationRequest
from screener.domain.basket import Event
from screener.domain.listing import Exchange, parse_listing
from screener.domain.panel import PricePanel
from screener.errors import BasketDefinitionError, DataError, InputError
from screener.market.calendars import calendar_of
from screener.paths.event_tables import EventTable, event_table, events_of_legs
from screener.paths.kernel import paper_paths
from screener.paths.kernel_numpy import paper_paths_numpy
from screener.paths.known import EntrySessions, entry_choices
from screener.paths.legs import Leg, resolve_leg
from screener.paths.path_panel import PathPanel, path_panel, path_panel_of
from screener.paths.windows import WindowStatus
from tests.support.event_worlds import world
from tests.support.panels import event_of

NAN = float("nan")
HORIZONS = (1, 2, 5, 20, 60)
MAX_WAIT = 10
CLOSES = np.array([[10.0, 20.0], [11.0, 19.0], [12.0, NAN], [13.0, 21.0], [14.0, 22.0]])
OPENS = np.array([[9.0, 20.5], [10.0, 20.0], [11.5, NAN], [12.5, 20.0], [13.5, 21.5]])


def small(**changes: object) -> PathPanel:
    return path_panel(OPENS, CLOSES, **changes)  # type: ignore[arg-type]


def two_names(entry: int = 1, **changes: object) -> EventTable:
    return event_table([0, 2], [0, 1], [0.5, 0.5], [entry, entry], **changes)  # type: ignore[arg-type]


# By hand


def test_bought_at_the_open_and_valued_at_the_close_without_rebalancing() -> None:
    found = paper_paths(small(), two_names(), (1, 2, 3), paths=True)
    # the second name has no bar in row 2, where its last close counts
    one, two, three = (11 / 10 + 19 / 20) / 2, (12 / 10 + 19 / 20) / 2, (13 / 10 + 21 / 20) / 2
    assert found.returns[0] == pytest.approx([one - 1, two - 1, three - 1], abs=1e-15)
    assert found.path(0) == pytest.approx([one, two, three], abs=1e-15)
    assert found.last_rows.tolist() == [[1, 2, 3]]
    assert found.first_rows.tolist() == [1]
    assert not found.pending.any()


def test_window_past_the_data_is_pending_and_valued_at_the_last_common_close() -> None:
    found = paper_paths(small(data_ends=[4, 3]), two_names(), (3, 4, 9))
    stopped = (13 / 10 + 21 / 20) / 2 - 1
    assert found.returns[0] == pytest.approx([stopped] * 3, abs=1e-15)
    assert found.pending.tolist() == [[False, True, True]]
    assert found.sessions_held.tolist() == [[3, 3, 3]]


def test_late_purchase_is_cash_before_and_cash_over_shorter_horizons() -> None:
    table = two_names(fill_rows=[1, 3])
    found = paper_paths(small(), table, (2, 3), paths=True)
    assert found.returns[0] == pytest.approx(
        [(12 / 10 + 1) / 2 - 1, (13 / 10 + 21 / 20) / 2 - 1], abs=1e-15
    )
    assert found.path(0) == pytest.approx(
        [(1.1 + 1) / 2, (1.2 + 1) / 2, (1.3 + 1.05) / 2], abs=1e-15
    )


def test_name_in_cash_keeps_its_weight_and_one_left_out_has_none() -> None:
    table = event_table([0, 3], [0, -1, -1], [0.7, 0.3, 0.0], [1, 1, -1])
    found = paper_paths(small(), table, (2,))
    assert found.returns[0, 0] == pytest.approx(0.7 * 1.2 + 0.3 - 1, abs=1e-15)
    assert not found.pending[0, 0]


def test_delay_moves_entry_and_exit() -> None:
    found = paper_paths(small(), event_table([0, 1], [0], [1.0], [1]), (2,), delay=1)
    assert found.returns[0, 0] == pytest.approx(13 / 11.5 - 1, abs=1e-15)
    assert found.last_rows.tolist() == [[3]]


def test_exits_count_the_sessions_of_each_exchange() -> None:
    trading = np.ones(CLOSES.shape, dtype=bool)
    trading[2, 1] = False  # a holiday of the second exchange alone
    found = paper_paths(small(trading=trading), two_names(), (3,), paths=True)
    assert found.last_rows.tolist() == [[4]]
    assert found.path(0) == pytest.approx(
        [(1.1 + 0.95) / 2, (1.2 + 0.95) / 2, (1.3 + 1.05) / 2, (1.3 + 1.1) / 2], abs=1e-15
    )


def test_values_follow_the_rate_of_each_day() -> None:
    rates = np.ones(CLOSES.shape)
    rates[2:, 1] = 0.8
    found = paper_paths(small(rates=rates), event_table([0, 1], [1], [1.0], [1]), (2,))
    assert found.returns[0, 0] == pytest.approx(19 * 0.8 / 20 - 1, abs=1e-15)


def test_what_cannot_be_known_is_nan() -> None:
    # bought where there is no bar; entered past the data; nothing in it
    table = event_table([0, 1, 2, 3], [1, 0, -1], [1.0, 1.0, 0.0], [2, 7, -1])
    for run in (paper_paths, paper_paths_numpy):
        found = run(small(), table, (2,), paths=True)
        assert np.isnan(found.returns).all()
        assert found.pending.tolist() == [[False], [True], [False]]
        assert found.last_rows.tolist() == [[3], [-1], [-1]]
        assert [len(found.path(at)) for at in range(3)] == [2, 0, 0]


def test_no_events_give_empty_results() -> None:
    table = event_table([0], [], [], [])
    for run in (paper_paths, paper_paths_numpy):
        found = run(small(), table, (1, 2), paths=True)
        assert found.returns.shape == (0, 2)
        assert len(found.path_values) == 0


# Against the backtest, on a simulated market


def _with_holes(batch: Batch) -> Batch:
    """Return the batch without some listings' rows from a day on, or for two months."""
    gone = pc.field("session") >= date(2025, 10, 9)
    summer = (pc.field("session") >= date(2025, 6, 2)) & (pc.field("session") < date(2025, 8, 4))
    stopped = pc.field("listing").isin(["00005.HK", "601899.SH"]) & gone
    holed = pc.field("listing").isin(["00700.HK", "688256.SH"]) & summer
    tables = {
        name: table.filter(~(stopped | holed))
        if name in (TableName.BARS, TableName.STATUS)
        else table
        for name, table in batch.tables.items()
    }
    return replace(batch, tables=tables)


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> PricePanel:
    """Return a panel of simulated A-shares and Hong Kong names, suspensions and all."""
    source = SimulatedMarket()
    hong_kong = [
        (parse_listing(f"{code:05d}.HK"), f"HK {code}", "港股") for code in (5, 700, 1208, 9988)
    ]
    stock = [
        (parse_listing(text), text, "算力") for text in ("300857.SZ", "601899.SH", "688256.SH")
    ]
    query = source.build_query(
        SimulationRequest(
            seed=7,
            start=date(2025, 1, 2),
            end=date(2025, 12, 19),
            fetched_at=datetime(2026, 1, 5, tzinfo=UTC),
            securities=tuple(hong_kong + stock),
            n_other=40,
            model=MarketModel(suspension_rate=0.01),
        )
    )
    batch = _with_holes(source.normalise(query, source.fetch(query)))
    ids = sorted(set(batch.tables[TableName.BARS].column("listing").to_pylist()))
    listings = [parse_listing(item) for item in ids if not item.startswith(("000300.SH", "HSI"))]
    root: Path = tmp_path_factory.mktemp("market")
    with Store.create(root) as store:
        store.commit(batch, message="simulated")
        return read_panel(
            store, listings, first_entry=date(2025, 2, 10), last_entry=date(2025, 12, 31)
        )


def baskets(
    panel: PricePanel, count: int, delay: int
) -> list[tuple[Event, tuple[EntrySessions, ...]]]:
    """Draw baskets of any of the panel's names, some with weights of their own, up to the end."""
    draw = np.random.default_rng(11 + delay)
    days = panel.sessions[
        (panel.sessions >= np.datetime64("2025-02-10"))
        & (panel.sessions <= np.datetime64("2025-12-18"))
    ]
    # The last fortnight has its share: windows that cannot be over yet.
    days = np.concatenate([days, np.repeat(days[-10:], 8)])
    found = []
    for _ in range(count):
        size = int(draw.integers(1, 9))
        picked = draw.choice(len(panel.listings), size, replace=False)
        names = [panel.listings[int(at)].id for at in picked]
        weights = list(draw.random(size) + 0.1) if draw.random() < 0.5 else None
        event = event_of(names, draw.choice(days).astype(object), weights=weights)
        exchanges = [member.listing.exchange for member in event.members]
        found.append((event, entry_choices(event.published, exchanges, calendar_of, delay=delay)))
    return found


def table_of(panel: PricePanel, cases: list[tuple[Event, tuple[EntrySessions, ...]]]) -> EventTable:
    """Resolve every name for the longest horizon, and weight those that are not left out."""
    legs = [_legs(panel, event, dict(entries[0])) for event, entries in cases]
    weights = []
    for (event, _), own in zip(cases, legs, strict=True):
        given = [member.weight or 1.0 for member in event.members]
        kept = [w * (leg.state != "dropped") for w, leg in zip(given, own, strict=True)]
        weights.append([w / sum(kept) if sum(kept) else 0.0 for w in kept])
    return events_of_legs(panel, legs, weights)


def _legs(panel: PricePanel, event: Event, entries: dict[Exchange, date]) -> list[Leg]:
    reach = max(day for exchange, day in panel.last_sessions.items() if exchange in entries)
    return [
        resolve_leg(
            panel,
            panel.column(member.listing),
            entry=entries[member.listing.exchange],
            horizon=HORIZONS[-1],
            max_wait=MAX_WAIT,
            last_available=reach,
        )
        for member in event.members
    ]


def own_rows(panel: PricePanel, result: EventResult, path: np.ndarray) -> np.ndarray:
    """Return the values at the sessions of the event's exchanges, as the backtest gives them."""
    columns = [leg.column for leg in result.window.legs if leg.entry_row is not None]
    first = result.window.first_row
    return path[panel.trading[first : first + len(path), columns].any(axis=1)]


@pytest.mark.parametrize("delay", [0, 2])
def test_kernel_agrees_with_the_backtest_on_paper(market: PricePanel, delay: int) -> None:
    cases = baskets(market, 60, delay)
    options = Settings(horizons=HORIZONS, max_wait=MAX_WAIT, delay=delay)
    expected = run_backtest(market, cases, options, lambda *_: None)
    table, panel = table_of(market, cases), path_panel_of(market)
    found = paper_paths(panel, table, HORIZONS, paths=True)
    statuses = set()
    for at, result in enumerate(expected):
        event, horizon = divmod(at, len(HORIZONS))
        statuses.add(result.status)
        if result.paper_return is None:
            assert found.last_rows[event, horizon] == -1
            continue
        assert found.returns[event, horizon] == pytest.approx(result.paper_return, abs=1e-9)
        assert found.sessions_held[event, horizon] == result.window.sessions_held
        assert found.pending[event, horizon] == (result.status is not WindowStatus.MATURE)
        assert market.session(found.last_rows[event, horizon]) == result.exit_session
        assert market.session(found.first_rows[event]) == result.entry_session
        if horizon == len(HORIZONS) - 1:
            path = own_rows(market, result, found.path(event))
            assert path == pytest.approx(result.path, abs=1e-9)
    assert {WindowStatus.MATURE, WindowStatus.PENDING, WindowStatus.PARTIAL} <= statuses
    waits = [leg for result in expected for leg in result.window.legs if leg.reason]
    assert len(waits) > 20  # the market tries what the kernel is told


def test_delay_of_the_kernel_is_that_of_the_backtest_where_nothing_blocks() -> None:
    # entered again two sessions later on the exchanges' own calendars, without any waiting
    drawn = world(3, foreign=True)
    opens = np.where(np.isfinite(drawn.opens), drawn.opens, 10.0)
    panel = path_panel(opens, opens * 1.01, rates=drawn.rates, trading=drawn.trading)
    table = event_table([0, 2], [0, 1], [0.4, 0.6], [4, 4])
    own = [np.flatnonzero(drawn.trading[:, column]) for column in (0, 1)]
    later = [int(rows[rows >= 4][2]) for rows in own]
    moved = event_table([0, 2], [0, 1], [0.4, 0.6], later)
    assert_array_equal(
        paper_paths(panel, table, (1, 5), delay=2).returns,
        paper_paths(panel, moved, (1, 5)).returns,
    )


# Bad input


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0, 3], [0, 1], [0.5, 0.5], [1, 1]), "offsets must rise from 0 to the number of names"),
        (([1, 2], [0, 1], [0.5, 0.5], [1, 1]), "offsets must rise"),
        (([0, 2], [0, 1], [0.5], [1, 1]), r"weights has shape \(1,\) for 2 names"),
        (([0, 2], [0, 1], [0.5, 0.5], [1]), r"entry_rows has shape \(1,\)"),
        (([0, 2], [0.0, 1.0], [0.5, 0.5], [1, 1]), "columns must be whole numbers, not float64"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(arguments: tuple[list[int], ...], message: str) -> None:
    with pytest.raises(DataError, match=message) as info:
        event_table(*arguments)
    assert info.value.fix


@pytest.mark.parametrize("weights", [[0.5, 0.6], [1.5, -0.5], [0.5, NAN]])
def test_weights_that_are_no_fractions_of_one_are_refused(weights: list[float]) -> None:
    with pytest.raises(BasketDefinitionError, match="weights") as info:
        event_table([0, 2], [0, 1], weights, [1, 1])
    assert info.value.fix


@pytest.mark.parametrize("run", [paper_paths, paper_paths_numpy])
@pytest.mark.parametrize(
    ("table", "message"),
    [
        (event_table([0, 1], [2], [1.0], [1]), "columns of the events run from 2 to 2"),
        (two_names(fill_rows=[1, 5]), "fill_rows of the events run from 1 to 5"),
        (two_names(available_rows=[9]), "available_rows of the events"),
        (two_names(fill_rows=[1, 0]), "name 1 of the events is bought in row 0, before its entry"),
    ],
)
def test_events_of_another_panel_are_refused(run, table: EventTable, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(DataError, match=message) as info:
        run(small(), table, (1,))
    assert info.value.fix


@pytest.mark.parametrize("horizons", [(), (0, 5), (5, 1), (5, 5)])
def test_horizons_must_ascend(horizons: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="horizons must be ascending") as info:
        paper_paths(small(), two_names(), horizons)
    assert "--hold" in info.value.fix


def test_a_delay_that_looks_ahead_is_refused() -> None:
    with pytest.raises(InputError, match="delay of -1 sessions would look ahead"):
        paper_paths(small(), two_names(), (1,), delay=-1)


def test_matrices_of_a_panel_share_one_shape() -> None:
    with pytest.raises(DataError, match=r"opens has shape \(4, 2\), closes have \(5, 2\)") as info:
        path_panel(OPENS[:4], CLOSES)
    assert info.value.fix
    with pytest.raises(DataError, match=r"data_ends must hold a row of the panel's 5") as info:
        small(data_ends=[5, 4])
    assert info.value.fix


def test_listing_without_a_close_has_no_data_end() -> None:
    closes = CLOSES.copy()
    closes[:, 1] = NAN
    assert path_panel(OPENS, closes).data_ends.tolist() == [4, -1]
