"""Panels and benchmarks against lakes small enough to be worked out by hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.testing import assert_array_equal

from screener.data.lake.batch import Batch
from screener.data.lake.schema import TABLES, Basis, TableName
from screener.data.lake.store import Store
from screener.data.panels.fixings import read_fixings
from screener.data.panels.price_panel import last_sessions_of, read_benchmark, read_panel
from screener.domain.listing import Currency, Exchange, Kind, Listing, parse_listing
from screener.domain.panel import PricePanel, known_places

ARROW = {
    "VARCHAR": pa.string(),
    "DATE": pa.date32(),
    "DOUBLE": pa.float64(),
    "BIGINT": pa.int64(),
    "BOOLEAN": pa.bool_(),
    "TIMESTAMP WITH TIME ZONE": pa.timestamp("us", tz="UTC"),
}
NAN = float("nan")

# 2026-05-25 is a holiday in Hong Kong (the day after the Buddha's Birthday, a Sunday), not on the
# mainland; 2026-06-19 (Dragon Boat) is one in both.
WED, THU, FRI, MON, TUE = (date(2026, 5, day) for day in (20, 21, 22, 25, 26))
SHANGHAI, SHENZHEN, HONG_KONG, ADJUSTED, STOPPED, UNKNOWN = (
    parse_listing(text)
    for text in ("600000.SH", "300857.SZ", "00700.HK", "600519.SH", "600036.SH", "601398.SH")
)
CSI, HANG_SENG = (parse_listing(text, kind=Kind.INDEX) for text in ("000300.SH", "HSI.HK"))

Row = dict[str, Any]


def table(name: TableName, rows: Sequence[Row]) -> pa.Table:
    origin = {"source": "hand.csv", "fetched_at": datetime(2026, 6, 1, tzinfo=UTC)}
    spec = TABLES[name]
    schema = pa.schema([(item.name, ARROW[item.type]) for item in spec.columns])
    full = [dict.fromkeys(spec.column_names) | origin | row for row in rows]
    return pa.Table.from_pylist(full, schema=schema)


def bars(
    listing: str, days: dict[date, tuple[float, float]], basis: Basis = Basis.RAW
) -> list[Row]:
    return [
        {
            "listing": listing,
            "session": day,
            "open": opened,
            "high": max(opened, closed),
            "low": min(opened, closed),
            "close": closed,
            "basis": str(basis),
        }
        for day, (opened, closed) in days.items()
    ]


BARS = [
    *bars("600000.SH", {WED: (10, 11), THU: (12, 13), MON: (14, 15), TUE: (16, 17)}),
    *bars("300857.SZ", {date(2026, 1, 5): (1, 2), FRI: (20, 21), date(2026, 5, 24): (8, 8)}),
    *bars("00700.HK", {THU: (300, 310), FRI: (320, 330), TUE: (340, 350)}),
    *bars("600519.SH", {date(2026, 1, 5): (4, 3), WED: (5, 6), TUE: (7, 8)}, Basis.ADJUSTED),
    *bars("600036.SH", {date(2026, 1, 5): (30, 31), date(2026, 1, 7): (32, 33)}),
    *bars("000300.SH", {FRI: (4000, 4100), MON: (4200, 4300), date(2026, 5, 27): (4400, 4500)}),
    *bars("HSI.HK", {FRI: (20000, 21000), TUE: (22000, 23000), date(2026, 5, 29): (24000, 25000)}),
]
FACTORS = {
    "600000.SH": {date(2026, 1, 6): 1.5, THU: 2.0, date(2026, 5, 24): 3.0},
    "600519.SH": {date(2026, 1, 5): 9.0},
    "600036.SH": {date(2026, 1, 6): 1.25},
}
FIXINGS = {date(2026, 5, 17): 0.90, FRI: 0.92}
STATUS = [
    {"listing": "600000.SH", "session": FRI, "suspended": True, "st": None},
    {"listing": "600000.SH", "session": MON, "suspended": False, "st": True},
    {"listing": "300857.SZ", "session": date(2026, 5, 24), "suspended": True, "st": True},
]
LISTINGS = [
    {"listing": "600000.SH", "kind": "stock", "list_date": date(1999, 11, 10)},
    {"listing": "300857.SZ", "kind": "stock", "list_date": None},
    {"listing": "HSI.HK", "kind": "index", "return_basis": "total"},
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    factors = [
        {"listing": name, "ex_session": day, "factor": value}
        for name, steps in FACTORS.items()
        for day, value in steps.items()
    ]
    fixings = [
        {"pair": "HKDCNY", "session": day, "rate": rate} for day, rate in FIXINGS.items()
    ] + [{"pair": "CNYUSD", "session": FRI, "rate": 0.125}]
    listings = [{"board": "main", "currency": "CNY"} | row for row in LISTINGS]
    batch = Batch(
        tables={
            TableName.BARS: table(TableName.BARS, BARS),
            TableName.FACTORS: table(TableName.FACTORS, factors),
            TableName.FX: table(TableName.FX, fixings),
            TableName.STATUS: table(TableName.STATUS, STATUS),
            TableName.LISTINGS: table(TableName.LISTINGS, listings),
        }
    )
    root: Path = tmp_path_factory.mktemp("panels") / "data_cache"
    with Store.create(root) as opened:
        opened.commit(batch, message="by hand")
        yield opened


def panel_of(
    store: Store, listings: Sequence[Listing], *, first: date = FRI, last: date | None = None
) -> PricePanel:
    return read_panel(store, listings, first_entry=first, last_entry=last or first)


def week(panel: PricePanel, matrix: Any) -> np.ndarray:
    """Return the rows of the five days of the example."""
    return np.asarray(matrix[np.isin(panel.sessions, np.array([WED, THU, FRI, MON, TUE], "M8[D]"))])


def test_axis_is_the_union_of_the_exchanges(store: Store) -> None:
    both = panel_of(store, [SHANGHAI, HONG_KONG])
    assert both.sessions[-1].item() == TUE
    assert both.sessions[0].item() == date(2026, 3, 23)  # the Monday 60 days before, a Sunday's
    assert_array_equal(week(both, both.trading), [[1, 1], [1, 1], [1, 1], [1, 0], [1, 1]])
    alone = panel_of(store, [HONG_KONG])
    assert MON not in alone.sessions.tolist()
    assert alone.trading.all()


def test_prices_are_as_stored_with_holes(store: Store) -> None:
    panel = panel_of(store, [SHANGHAI, SHENZHEN, HONG_KONG, UNKNOWN])
    assert_array_equal(
        week(panel, panel.open),
        [
            [10, NAN, NAN, NAN],
            [12, NAN, 300, NAN],
            [NAN, 20, 320, NAN],
            [14, NAN, NAN, NAN],
            [16, NAN, 340, NAN],
        ],
    )
    assert_array_equal(week(panel, panel.close)[:, 0], [11, 13, NAN, 15, 17])
    # a bar on a Sunday has no row; nothing slides onto a neighbour
    assert np.isfinite(panel.open[:, 1]).sum() == 1


def test_columns_follow_the_listings_asked_for(store: Store) -> None:
    forth = panel_of(store, [SHANGHAI, HONG_KONG])
    back = panel_of(store, [HONG_KONG, SHANGHAI])
    for name in ("open", "close", "factor", "fx", "trading", "suspended", "st"):
        assert_array_equal(getattr(forth, name), getattr(back, name)[:, ::-1])


def test_factors_step_on_their_day(store: Store) -> None:
    panel = panel_of(store, [SHANGHAI, SHENZHEN])
    # one step lies before the axis, one on a session, one on a Sunday: in force on Monday
    assert_array_equal(week(panel, panel.factor)[:, 0], [1.5, 2, 2, 3, 3])
    assert panel.factor[0, 0] == 1.5
    assert (panel.factor[:, 1] == 1).all()
    early = panel_of(store, [SHANGHAI], first=date(2026, 2, 2))
    assert early.factor[early.row(date(2026, 1, 5)), 0] == 1
    assert early.factor[early.row(date(2026, 1, 6)), 0] == 1.5


def test_adjusted_prices_take_no_factor(store: Store) -> None:
    panel = panel_of(store, [ADJUSTED, SHANGHAI, UNKNOWN])
    assert panel.adjusted.tolist() == [True, False, False]
    assert (panel.factor[:, 0] == 1).all()


def test_facts_of_the_day(store: Store) -> None:
    panel = panel_of(store, [SHANGHAI, SHENZHEN])
    assert_array_equal(week(panel, panel.suspended)[:, 0], [0, 0, 1, 0, 0])
    assert_array_equal(week(panel, panel.st)[:, 0], [0, 0, 0, 1, 0])
    assert not panel.suspended[:, 1].any()  # said of a Sunday


def test_special_treatment_follows_from_the_name_in_force(tmp_path: Path) -> None:
    names = ["平安银行", "ＳＴ平安", "XD*ST平", "平安银行", "DR平安"]
    rows = [
        {"listing": SHANGHAI.id, "valid_from": day, "name": name}
        for day, name in zip([WED, THU, FRI, MON, TUE], names, strict=True)
    ]
    prices = bars(SHANGHAI.id, dict.fromkeys((WED, THU, FRI, MON, TUE), (10.0, 10.0)))
    tables = {
        TableName.NAMES: table(TableName.NAMES, rows),
        TableName.BARS: table(TableName.BARS, prices),
    }
    with Store.create(tmp_path / "lake") as lake:
        lake.commit(Batch(tables=tables), message="names")
        panel = panel_of(lake, [SHANGHAI])
    assert_array_equal(week(panel, panel.st)[:, 0], [0, 1, 1, 0, 0])


def test_reach_of_each_listing(store: Store) -> None:
    panel = panel_of(store, [SHANGHAI, SHENZHEN, HONG_KONG, UNKNOWN])
    assert panel.list_dates == (date(1999, 11, 10), None, None, None)
    # bars before the axis count: they say since when a listing has been covered
    assert panel.first_bars == (WED, date(2026, 1, 5), THU, None)
    assert panel.last_bars == (TUE, date(2026, 5, 24), TUE, None)
    assert panel.last_sessions == {Exchange.SH: TUE, Exchange.SZ: TUE, Exchange.HK: TUE}


def test_last_sessions_leave_out_indices(store: Store) -> None:
    found = last_sessions_of(store, [Exchange.BJ, Exchange.HK, Exchange.BJ])
    assert found == {Exchange.BJ: TUE, Exchange.HK: TUE}  # the indices reach further


def test_fixings_are_carried_five_days(store: Store) -> None:
    panel = panel_of(store, [HONG_KONG, SHANGHAI])
    assert (panel.fx[:, 1] == 1).all()
    # 0.90 of Sunday the 17th holds until Friday the 22nd, which has a fixing of its own
    assert_array_equal(week(panel, panel.fx)[:, 0], [0.90, 0.90, 0.92, 0.92, 0.92])
    first = panel.row(date(2026, 5, 18))
    assert np.isnan(panel.fx[:first, 0]).all()  # no fixing of a later day is used


@pytest.mark.parametrize(
    ("currency", "expected"),
    [
        (Currency.CNY, [1, 1, 1, 1, 1]),
        (Currency.HKD, [NAN, 0.92, 0.92, NAN, NAN]),
        (Currency.USD, [NAN, 8, 8, NAN, NAN]),  # from the inverse pair
    ],
)
def test_fixings_by_calendar_day(store: Store, currency: Currency, expected: list[float]) -> None:
    known = read_fixings(store, FRI, FRI + timedelta(days=7))
    days = [date(2026, 5, 16), FRI, FRI + timedelta(days=5), FRI + timedelta(days=6)]
    sessions = np.array([*days, FRI + timedelta(days=7)], dtype="datetime64[D]")
    assert_array_equal(known.to_pivot(currency, sessions), expected)


def test_benchmark_in_the_base_currency(store: Store) -> None:
    sessions, values, basis = read_benchmark(store, HANG_SENG)
    assert sessions.tolist() == [FRI, TUE, date(2026, 5, 29)]
    expected = [[20000 * 0.92, 21000 * 0.92], [22000 * 0.92, 23000 * 0.92], [NAN, NAN]]
    np.testing.assert_allclose(values, expected, rtol=1e-15)
    assert basis == "total"


def test_benchmark_of_the_mainland(store: Store) -> None:
    sessions, values, basis = read_benchmark(store, CSI)
    assert sessions.tolist()[-2:] == [MON, date(2026, 5, 27)]
    assert_array_equal(values[-2:], [[4200, 4300], [4400, 4500]])
    assert basis == "price"  # nothing said: a price index


def test_benchmark_without_bars(store: Store) -> None:
    sessions, values, basis = read_benchmark(store, Listing("HSTECH", Exchange.HK))
    assert (len(sessions), values.shape, basis) == (0, (0, 2), "price")


def test_last_value_before_the_panel(store: Store) -> None:
    panel = panel_of(store, [SHANGHAI, SHENZHEN, STOPPED, ADJUSTED, UNKNOWN])
    # 33 × 1.25, of the last bar and not the first; an adjusted close is a value by itself
    assert_array_equal(panel.prior_values, [NAN, 2, 41.25, 3, NAN])


def test_panel_past_the_end_of_the_tables(store: Store) -> None:
    last = date(2026, 12, 1)
    panel = panel_of(store, [HONG_KONG], first=date(2026, 11, 30), last=last)
    assert panel.sessions[-1].item() == last
    assert np.isnan(panel.open).all()
    assert np.isnan(panel.fx).all()
    assert panel.trading.all()
    assert panel.last_bars == (TUE,)
    assert panel.last_sessions == {Exchange.HK: TUE}


def test_later_bars_change_no_earlier_row(store: Store) -> None:
    before = panel_of(store, [SHANGHAI, HONG_KONG])
    later = Batch(
        tables={
            TableName.BARS: table(
                TableName.BARS,
                [
                    *bars("600000.SH", {date(2026, 5, 27): (99, 99)}),
                    *bars("00700.HK", {date(2026, 5, 28): (99, 99)}),
                ],
            ),
            TableName.FACTORS: table(
                TableName.FACTORS,
                [{"listing": "600000.SH", "ex_session": date(2026, 5, 27), "factor": 7.0}],
            ),
            TableName.FX: table(
                TableName.FX, [{"pair": "HKDCNY", "session": date(2026, 5, 27), "rate": 5.0}]
            ),
        }
    )
    with Store.open(store._root) as writer:
        writer.commit(later, message="later")
    with Store.open(store._root) as reader:
        after = panel_of(reader, [SHANGHAI, HONG_KONG])
    assert len(after.sessions) == len(before.sessions) + 2
    for name in ("sessions", "open", "close", "factor", "fx", "trading", "suspended", "st"):
        assert_array_equal(getattr(after, name)[: len(before.sessions)], getattr(before, name))


def test_the_last_known_place_is_the_same_however_wide_a_matrix_is() -> None:
    dice = np.random.default_rng(1)
    wide = np.where(dice.random((40, 200)) < 0.3, np.nan, 1.0)
    found = known_places(wide)
    for column in range(200):
        last, expected = 0, []
        for row in range(40):
            last = row if np.isfinite(wide[row, column]) else last
            expected.append(last)
        assert found[:, column].tolist() == expected
    assert_array_equal(known_places(wide[:, :5]), found[:, :5])
    assert_array_equal(known_places(wide.T, axis=1), found.T)
