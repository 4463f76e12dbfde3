"""The tables as of an instant: before and after each close, with facts on either side of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from screener.data.lake.asof import AsOf, Market, market_of
from screener.data.lake.batch import Batch
from screener.data.lake.rows import make_rows
from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.domain.days import SHANGHAI
from screener.errors import InputError
from screener.market.special_treatment import bears_st_name

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAY = date(2026, 4, 21)  # a Tuesday
EVE, NEXT = DAY - timedelta(days=1), DAY + timedelta(days=1)
SH, HK = "603629.SH", "00700.HK"


def local(text: str) -> datetime:
    return datetime.combine(DAY, time.fromisoformat(text), SHANGHAI)


def rows(table: TableName, *given: dict[str, object]) -> pa.Table:
    columns = {key: [row.get(key) for row in given] for key in {k for row in given for k in row}}
    return make_rows(table, columns, source="test", fetched_at=NOW)


def figures(listing: str, known: date, revenue: float, period: date = date(2025, 12, 31)):  # type: ignore[no-untyped-def]
    return {
        "listing": listing,
        "period_end": period,
        "known_at": known,
        "known_by": "announcement",
        "currency": "CNY",
        "revenue": revenue,
    }


def stock(listing: str, start: date | None, end: date | None, kind: str = "stock"):  # type: ignore[no-untyped-def]
    return {
        "listing": listing,
        "kind": kind,
        "board": "main",
        "currency": "HKD" if listing.endswith("HK") else "CNY",
        "list_date": start,
        "delist_date": end,
    }


TABLES = (
    (
        TableName.FUNDAMENTALS,
        figures(SH, EVE, 1.0),
        figures(SH, DAY, 2.0),
        figures(SH, NEXT, 3.0),
        figures(HK, DAY, 5.0),
        figures(HK, EVE, 4.0, date(2024, 12, 31)),
    ),
    (
        TableName.NAMES,
        {"listing": SH, "valid_from": EVE, "name": "利通电子"},
        {"listing": SH, "valid_from": DAY, "name": "*ST利通"},
        {"listing": SH, "valid_from": NEXT, "name": "新名"},
        {"listing": HK, "valid_from": NEXT, "name": "腾讯控股"},
    ),
    (
        TableName.STATUS,
        {"listing": "000001.SZ", "session": DAY, "suspended": False, "st": True},
        {"listing": "000002.SZ", "session": EVE, "suspended": False, "st": True},
        {"listing": "000004.SZ", "session": DAY, "suspended": True, "st": None},
    ),
    (
        TableName.BOARD_LOTS,
        {"listing": HK, "valid_from": EVE, "lot": 100},
        {"listing": HK, "valid_from": NEXT, "lot": 500},
    ),
    (
        TableName.LISTINGS,
        stock("000001.SZ", None, None),
        stock("000002.SZ", date(2000, 1, 4), DAY),
        stock("000004.SZ", date(2000, 1, 4), NEXT),
        stock("000005.SZ", NEXT, None),
        stock("000006.SZ", DAY, None),
        stock("000300.SH", None, None, kind="index"),
    ),
    (
        TableName.ACTIONS,
        {"listing": SH, "ex_session": date(2026, 6, 3), "cash": 0.1, "announced": DAY},
        {"listing": HK, "ex_session": date(2026, 6, 4), "cash": 0.2, "announced": DAY},
        {"listing": "000001.SZ", "ex_session": DAY, "cash": 0.3},
        {"listing": "000002.SZ", "ex_session": NEXT, "cash": 0.4},
    ),
    (
        TableName.VALUATION,
        {"listing": SH, "session": DAY, "pb": 2.0},
        {"listing": SH, "session": EVE, "pb": 1.0},
        {"listing": HK, "session": DAY, "pb": 4.0},
        {"listing": HK, "session": EVE, "pb": 3.0},
        {"listing": "000001.SZ", "session": EVE - timedelta(days=7), "pb": 7.0},
        {"listing": "000002.SZ", "session": EVE - timedelta(days=8), "pb": 8.0},
    ),
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    root: Path = tmp_path_factory.mktemp("lake")
    tables = {name: rows(name, *given) for name, *given in TABLES}
    with Store.create(root) as made:
        made.commit(Batch(tables=tables), message="test")
    with Store.open(root) as opened:
        yield opened


def values(table: pa.Table, column: str) -> dict[str, object]:
    return dict(zip(table["listing"].to_pylist(), table[column].to_pylist(), strict=True))


def test_an_instant_needs_a_zone(store: Store) -> None:
    with pytest.raises(InputError, match="has no zone") as error:
        AsOf(store, datetime(2026, 4, 21))  # noqa: DTZ001 - the point of the test
    assert error.value.fix == "write it with +08:00"


@pytest.mark.parametrize(
    ("clock", "mainland", "hong_kong"),
    [
        ("00:00", EVE, EVE),
        ("14:59", EVE, EVE),
        ("15:00", DAY, EVE),
        ("16:09", DAY, EVE),
        ("16:10", DAY, DAY),
        ("23:59", DAY, DAY),
    ],
)
def test_a_day_is_over_at_the_close_of_its_own_exchange(
    store: Store, clock: str, mainland: date, hong_kong: date
) -> None:
    known = AsOf(store, local(clock))
    closed = tuple(known.closed_day(market.exchange) for market in Market)
    assert closed == (mainland, hong_kong)
    assert known.snapshots() == {Market.MAINLAND: mainland, Market.HONG_KONG: hong_kong}
    later = AsOf(store, local(clock).astimezone(UTC))
    assert (later.day, later.snapshots()) == (DAY, known.snapshots())


@pytest.mark.parametrize(
    ("clock", "revenue"),
    [("14:59", {SH: 1.0, HK: None}), ("15:30", {SH: 2.0, HK: None}), ("16:10", {SH: 2.0, HK: 5.0})],
)
def test_figures_are_known_after_the_close_of_their_day(
    store: Store, clock: str, revenue: dict[str, float | None]
) -> None:
    found = AsOf(store, local(clock)).fundamentals()
    latest = {(row["listing"], row["period_end"].year): row["revenue"] for row in found.to_pylist()}
    assert latest.pop((HK, 2024)) == 4.0
    assert latest == {(key, 2025): value for key, value in revenue.items() if value is not None}
    assert found.column_names == store.read(TableName.FUNDAMENTALS).column_names


def test_one_vintage_of_each_period_and_only_of_the_listings_asked_for(store: Store) -> None:
    found = AsOf.after_close(store, NEXT).fundamentals(listings=[SH])
    assert found["revenue"].to_pylist() == [3.0]


def test_multiples_that_a_row_lacks_are_the_last_ones_told(tmp_path: Path) -> None:
    def valued(listing: str, session: date, **numbers: float) -> dict[str, object]:
        return {"listing": listing, "session": session, **numbers}

    week = timedelta(days=7)
    given = rows(
        TableName.VALUATION,
        valued("600000.SH", EVE - timedelta(days=3), pe_ttm=9.0, ps_ttm=3.0, market_cap=8e9),
        valued("600000.SH", EVE, pe_ttm=10.0, dividend_yield=0.04, market_cap=9e9, pb=1.0),
        valued("600000.SH", DAY, market_cap=1e10, pb=1.1),  # as a market's list tells it
        valued("600001.SH", EVE, pe_ttm=10.0, market_cap=9e9),
        valued(
            "600001.SH", DAY, ps_ttm=2.0, market_cap=1e10
        ),  # its earnings are not told: a whole row
        valued("600002.SH", DAY - week - timedelta(days=1), pe_ttm=10.0),  # too old
        valued("600002.SH", DAY, market_cap=1e10),
        valued("600003.SH", DAY, market_cap=1e10),
    )
    with Store.create(tmp_path) as store:
        store.commit(Batch(tables={TableName.VALUATION: given}), message="values")
        found = AsOf.after_close(store, DAY).valuation()
        before = AsOf.after_close(store, EVE).valuation()
    assert values(found, "market_cap") == dict.fromkeys(values(found, "market_cap"), 1e10)
    assert values(found, "pe_ttm") == {
        "600000.SH": 10.0,
        "600001.SH": None,
        "600002.SH": None,
        "600003.SH": None,
    }
    assert values(found, "ps_ttm")["600000.SH"] is None  # never from an older row than the others
    assert values(found, "ps_ttm")["600001.SH"] == 2.0
    assert values(found, "dividend_yield")["600000.SH"] == 0.04
    assert values(found, "pb")["600000.SH"] == 1.1
    assert values(before, "pe_ttm")["600000.SH"] == 10.0


def test_valuation_is_each_names_last_one_within_seven_days(store: Store) -> None:
    morning = AsOf(store, local("09:00")).valuation()
    assert values(morning, "pb") == {SH: 1.0, HK: 3.0, "000001.SZ": 7.0}
    afternoon = AsOf(store, local("15:00")).valuation()
    assert values(afternoon, "pb") == {SH: 2.0, HK: 3.0}
    assert values(AsOf.after_close(store, DAY).valuation(listings=[HK]), "pb") == {HK: 4.0}
    assert AsOf.after_close(store, date(2020, 1, 1)).valuation().num_rows == 0


def test_last_valued_looks_back_as_far_as_it_is_told(store: Store) -> None:
    known = AsOf(store, local("15:00"))
    names = [SH, HK, "000001.SZ", "000002.SZ"]
    assert known.last_valued(names, within=timedelta(days=8)) == {
        SH: DAY,
        HK: EVE,
        "000001.SZ": EVE - timedelta(days=7),
    }


def test_names_hold_from_their_day_on_and_earlier_days_can_be_asked(store: Store) -> None:
    known = AsOf(store, local("09:00"))
    assert values(known.names_on(), "name") == {SH: "*ST利通"}
    assert values(known.names_on(EVE), "name") == {SH: "利通电子"}
    assert values(known.names_on(NEXT), "name") == {SH: "*ST利通"}  # tomorrow is not known
    assert values(known.names_after(), "name") == {SH: "新名", HK: "腾讯控股"}


def test_special_treatment_by_name_or_by_the_days_status(store: Store) -> None:
    assert AsOf(store, local("09:00")).st_on() == {SH, "000001.SZ"}
    assert AsOf(store, local("09:00")).st_on(EVE) == {"000002.SZ"}


@pytest.mark.parametrize(
    ("name", "special"),
    [
        ("ST华铁", True),
        ("*ST新潮", True),
        ("＊ＳＴ新潮", True),
        ("XDST华铁", True),
        ("S*ST昌鱼", True),
        ("东方财富", False),
        ("BEST控股", False),
    ],
)
def test_names_under_special_treatment(name: str, special: bool) -> None:
    assert bears_st_name(name) is special


def test_lots_in_force(store: Store) -> None:
    assert values(AsOf(store, local("09:00")).board_lots(), "lot") == {HK: 100}
    assert values(AsOf.after_close(store, NEXT).board_lots(), "lot") == {HK: 500}


def test_who_is_alive_knows_no_later_delisting(store: Store) -> None:
    known = AsOf(store, local("09:00"))
    assert values(known.listings_alive(), "delist_date") == {
        "000001.SZ": None,
        "000004.SZ": None,  # delisted on the next day, which nobody knows yet
        "000006.SZ": None,
        "000300.SH": None,
    }
    assert known.listings_gone()["listing"].to_pylist() == ["000002.SZ"]
    assert known.currencies()["000005.SZ"] == "CNY"


def test_actions_are_known_once_announced(store: Store) -> None:
    morning, evening = (
        AsOf(store, local(clock)).actions()["listing"].to_pylist() for clock in ("09:00", "17:00")
    )
    assert morning == ["000001.SZ"]  # its announcement is not known, its ex-session is
    assert evening == ["000001.SZ", HK, SH]
    assert AsOf(store, local("15:00")).actions(listings=[HK, SH])["listing"].to_pylist() == [SH]


def test_before_the_first_session_there_ever_was_nothing_is_known(store: Store) -> None:
    known = AsOf(store, datetime(1980, 1, 1, tzinfo=UTC))
    assert known.valuation().num_rows == known.names_on().num_rows == 0


def test_markets() -> None:
    assert market_of(HK) is Market.HONG_KONG
    assert market_of("920002.BJ") is Market.MAINLAND
