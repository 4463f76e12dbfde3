import re
from dataclasses import replace
from datetime import date, timedelta

import pyarrow as pa
import pytest
from rich.console import Console

from screener.data.lake.schema import TABLES, TableName, Type
from screener.domain.basket import Event, Member, Weighting
from screener.domain.listing import Currency, parse_listing
from screener.domain.report import Precision, Publication
from screener.errors import DataError, InputError
from screener.render.screen.table import screen_view
from screener.results.screen import screen_spec
from screener.results.tables import fits
from screener.screen.criteria import parse_criteria, parse_fields, parse_order
from screener.screen.fields import FIELDS
from screener.workflows.screen.run import (
    ScreenRequest,
    Universe,
    members_as_of,
    parse_universe,
    run_screen,
)
from screener.workflows.screen.table import screen_document, screen_table
from tests.support.each import of_each

DAY = date(2026, 5, 27)
EARLY = date(2000, 1, 1)


class FakeStore:
    """Rows by table behind the reading methods of a store."""

    version = 7

    def __init__(self, tables, *, simulated=False):
        self.tables = tables
        self._simulated = simulated
        self.was_read = []

    def simulated(self):
        return self._simulated

    def read(self, table, *, listings=None, start=None, end=None):
        self.was_read.append(table)
        spec = TABLES[table]
        day = next((name for name in ("session", "valid_from") if name in spec.column_names), None)
        kept = [
            dict.fromkeys(spec.column_names) | row
            for row in self.tables.get(table, [])
            if (listings is None or row["listing"] in listings)
            and (start is None or row[day] >= start)
            and (end is None or row[day] <= end)
        ]
        kept.sort(key=lambda row: [row[name] for name in spec.sort])
        types = {Type.TEXT: pa.string(), Type.DATE: pa.date32(), Type.NUMBER: pa.float64()}
        schema = [(item.name, types.get(item.type, pa.string())) for item in spec.columns]
        return pa.Table.from_pylist(kept, schema=pa.schema(schema))

    def last_session(self, table, *, on_or_before=None, suffixes=()):
        days = [
            row["session"]
            for row in self.tables.get(table, [])
            if (on_or_before is None or row["session"] <= on_or_before)
            and row["listing"].endswith(tuple(suffixes))
        ]
        return max(days, default=None)


def value(listing, session=DAY, **fields):
    return {"listing": listing, "session": session, **fields}


def stock(listing, *, kind="stock", currency="CNY", start=EARLY, end=None):
    return {
        "listing": listing,
        "kind": kind,
        "currency": currency,
        "list_date": start,
        "delist_date": end,
    }


def name(listing, text, start=EARLY):
    return {"listing": listing, "valid_from": start, "name": text}


def store(valuation, listings=(), names=(), fx=(), **options):
    tables = {
        TableName.VALUATION: list(valuation),
        TableName.LISTINGS: list(listings),
        TableName.NAMES: list(names),
        TableName.FX: [{"pair": pair, "session": day, "rate": rate} for pair, day, rate in fx],
    }
    return FakeStore(tables, **options)


def request(*, universe="a", members=(), as_of=DAY, allow_missing=None, sort=None, **rest):
    ranges = {key: rest.pop(key) for key in list(rest) if key in ("pb", "pe_static", "market_cap")}
    return ScreenRequest(
        as_of=as_of,
        universe=None if members else Universe(universe),
        members=tuple(Member(listing=parse_listing(code), name=text) for code, text in members),
        criteria=parse_criteria(ranges),
        allow_missing=parse_fields(allow_missing, parameter="--allow-missing"),
        sort=None if sort is None else parse_order(sort),
        **rest,
    )


def by_listing(result):
    return {row.listing: row for row in result.rows}


def text_of(result, width=100):
    console = Console(width=width, record=True, file=None, quiet=False, force_terminal=False)
    with console.capture() as captured:
        console.print(screen_view(result))
    return captured.get()


def test_the_snapshot_is_the_last_on_or_before_the_day():
    tables = store(
        [
            value("000001.SZ", date(2026, 5, 20), pb=9.0),
            value("000001.SZ", date(2026, 5, 22), pb=1.0),
            value("000001.SZ", date(2026, 5, 28), pb=9.0),
        ]
    )
    result = run_screen(tables, request(pb="..3"))
    assert result.sessions == {"mainland": date(2026, 5, 22)}
    assert by_listing(result)["000001.SZ"].values == {"pb": 1.0}
    assert result.data_version == 7
    assert result.remarks == ()


def test_each_name_uses_its_own_last_value_within_seven_days():
    snapshot = [value("000001.SZ", pb=1.0)]
    at_edge = value("000002.SZ", DAY - timedelta(days=7), pb=2.0)
    beyond = value("000006.SZ", DAY - timedelta(days=8), pb=0.1)
    tables = store(
        [*snapshot, at_edge, beyond],
        [stock(item) for item in ("000001.SZ", "000002.SZ", "000006.SZ", "000007.SZ")],
    )
    result = run_screen(tables, request(pb="..3"))
    rows = by_listing(result)
    assert rows["000002.SZ"].passed
    assert rows["000002.SZ"].session == date(2026, 5, 20)
    assert rows["000006.SZ"].reasons == (
        "no valuation within 7 days of 2026-05-27 (last 2026-05-19)",
    )
    assert rows["000006.SZ"].values == {"pb": None}
    assert rows["000007.SZ"].reasons == (
        "no valuation within 7 days of 2026-05-27 (none in 366 days)",
    )
    assert result.remarks == (
        "2 of 4 names have no valuation within 7 days: they fail",
        "1 name is valued on a session before the snapshot's, within 7 days",
    )


def test_missing_for_every_name_is_said_of_what_is_missing_alone():
    rows = [
        value("000001.SZ", pb=-2.0, market_cap=3e9),
        value("000002.SZ", pb=-1.0, market_cap=5e9),
    ]
    assert run_screen(store(rows), request(pb="..3", market_cap="1e9..")).remarks == ()
    for row in rows:
        row["market_cap"] = None
    assert run_screen(store(rows), request(pb="..3", market_cap="1e9..")).remarks == (
        "market_cap is missing for every name: the tables have no such values that day",
    )


def test_an_old_snapshot_is_said_to_be_old():
    tables = store([value("000001.SZ", date(2026, 5, 1), pb=1.0)])
    result = run_screen(tables, request(pb="..3"))
    assert by_listing(result)["000001.SZ"].passed
    assert "the mainland snapshot of 2026-05-01 is 26 days older than 2026-05-27" in result.remarks


def test_no_snapshot_yet_names_the_first_and_the_fix():
    tables = store([value("000001.SZ", date(2026, 6, 1), pb=1.0), value("00700.HK", pb=1.0)])
    with pytest.raises(DataError, match="no mainland valuation on or before 2026-05-27") as error:
        run_screen(tables, request(pb="..3"))
    assert "the first is of 2026-06-01" in error.value.what
    assert "--as-of 2026-06-01 or later" in error.value.fix
    assert "screener data import FILE --kind valuation" in error.value.fix
    assert error.value.exit_code == 4


def test_no_snapshot_at_all_says_how_to_import_one():
    with pytest.raises(DataError, match=r"no Hong Kong valuation .* and none later") as error:
        run_screen(store([]), request(universe="hk", pb="..3"))
    assert error.value.fix == "import a snapshot: `screener data import FILE --kind valuation`"


def test_a_universe_holds_the_stocks_listed_that_day_and_whatever_is_valued():
    tables = store(
        [value(f"00000{at}.SZ", pb=1.0) for at in range(1, 10) if at not in (4, 8)],
        [
            stock("000001.SZ"),
            stock("000002.SZ", end=DAY),
            stock("000003.SZ", end=DAY + timedelta(days=1)),
            stock("000004.SZ", start=DAY + timedelta(days=1)),
            stock("000005.SZ", kind="fund"),
            stock("000006.SZ", kind="index"),
            stock("000008.SZ", start=None),
            stock("00700.HK", currency="HKD"),
        ],
    )
    result = run_screen(tables, request(pb="..3"))
    assert sorted(by_listing(result)) == [
        *("000001.SZ", "000003.SZ", "000007.SZ", "000008.SZ", "000009.SZ"),
    ]


def test_an_empty_universe_is_an_error():
    tables = store([value("000001.SZ", pb=1.0)], [stock("000001.SZ", end=DAY)])
    with pytest.raises(DataError, match="universe a holds no listing on 2026-05-27") as error:
        run_screen(tables, request(pb="..3"))
    assert "--kind listings" in error.value.fix


def test_two_markets_have_two_snapshots():
    tables = store([value("000001.SZ", pb=1.0), value("00700.HK", date(2026, 5, 26), pb=2.0)])
    result = run_screen(tables, request(universe="all", pb="..3"))
    assert result.sessions == {"mainland": DAY, "Hong Kong": date(2026, 5, 26)}
    assert [row.listing for row in result.rows] == ["000001.SZ", "00700.HK"]


def test_a_market_without_snapshot_fails_by_name_where_the_other_has_one():
    tables = store([value("000001.SZ", pb=1.0)], [stock("00700.HK", currency="HKD")])
    result = run_screen(tables, request(universe="all", pb="..3"))
    assert by_listing(result)["00700.HK"].reasons == (
        "no Hong Kong valuation on or before 2026-05-27",
    )
    assert "no Hong Kong valuation on or before 2026-05-27" in result.remarks[0]


def test_names_are_those_of_the_day_and_later_ones_decide_nothing():
    tables = store(
        [value(item, pb=1.0) for item in ("000001.SZ", "000002.SZ", "000006.SZ")],
        names=[
            name("000001.SZ", "旧名"),
            name("000001.SZ", "当时名", DAY),
            name("000001.SZ", "新名", DAY + timedelta(days=1)),
            name("000002.SZ", "后来名", date(2026, 6, 2)),
            name("000002.SZ", "更后名", date(2026, 6, 9)),
        ],
    )
    result = run_screen(tables, request(pb="..3", where="name LIKE '%名'"))
    rows = by_listing(result)
    assert [rows[item].name for item in sorted(rows)] == ["当时名", "后来名", ""]
    assert [rows[item].passed for item in sorted(rows)] == [True, False, False]
    assert rows["000002.SZ"].reasons[-1] == "predicate undefined (name missing)"
    assert result.remarks == (
        "names of 2026-06-02 for 1 of 3 listings: no earlier name is known; "
        "shown only, never used to decide",
    )


def test_every_member_of_a_basket_is_looked_at():
    tables = store(
        [value("000001.SZ", pb=1.0), value("000002.SZ", pb=9.0)],
        names=[name("000002.SZ", "万科A")],
    )
    members = [("601899.SH", "紫金矿业"), ("000002.SZ", "另名"), ("000001.SZ", "平安银行")]
    result = run_screen(tables, request(members=members, basket="copper", pb="..3"))
    assert [(row.rank, row.listing, row.name) for row in result.rows] == [
        (1, "000001.SZ", "平安银行"),
        (None, "000002.SZ", "万科A"),
        (None, "601899.SH", "紫金矿业"),
    ]
    assert result.rows[2].reasons[0].startswith("no valuation within 7 days of 2026-05-27")
    assert result.is_basket
    assert result.label == "basket copper"


FX = [("HKDCNY", DAY - timedelta(days=5), 0.9), ("HKDCNY", DAY + timedelta(days=1), 0.5)]


def test_amounts_are_converted_with_the_last_fixing_on_or_before_the_session():
    tables = store(
        [value("00700.HK", market_cap=100e9), value("000001.SZ", market_cap=80e9)], fx=FX
    )
    result = run_screen(tables, request(universe="all", market_cap="85e9.."))
    assert [row.listing for row in result.rows if row.passed] == ["00700.HK"]
    assert by_listing(result)["00700.HK"].values["market_cap"] == pytest.approx(90e9)
    assert f"amounts converted with HKDCNY 0.9 of {FX[0][1]}" in result.remarks


@pytest.mark.parametrize(
    ("currency", "fx", "expected"),
    [
        (Currency.HKD, [("HKDCNY", DAY, 0.8)], {"00700.HK": 8.0, "000001.SZ": 10.0}),
        (
            Currency.USD,
            [("HKDCNY", DAY, 0.9), ("USDCNY", DAY, 7.2)],
            {"00700.HK": 1.0, "000001.SZ": 8 / 7.2, "900901.SH": 4.0},
        ),
        (
            Currency.CNY,
            [("CNYHKD", DAY, 1.25), ("USDCNY", DAY, 7.0)],
            {"00700.HK": 6.4, "000001.SZ": 8.0, "900901.SH": 28.0},
        ),
    ],
)
def test_any_of_the_currencies_can_be_asked(currency, fx, expected):
    caps = {"00700.HK": 8.0, "000001.SZ": 8.0, "900901.SH": 4.0}
    tables = store([value(item, market_cap=caps[item]) for item in expected], fx=fx)
    result = run_screen(tables, request(universe="all", currency=currency))
    found = {row.listing: row.values["market_cap"] for row in result.rows}
    assert found == pytest.approx(expected)
    assert result.currency == currency


@pytest.mark.parametrize("fx", [[], [("HKDCNY", DAY - timedelta(days=6), 0.9)]])
def test_a_missing_fixing_names_the_pair_and_the_fix(fx):
    tables = store([value("00700.HK", market_cap=1e9)], fx=fx)
    with pytest.raises(DataError, match="no HKDCNY fixing within 5 days") as error:
        run_screen(tables, request(universe="hk", market_cap="1e9.."))
    assert error.value.fix == "import one: `screener data import FILE --kind fx`"
    assert "2026-05-27" in error.value.what


def test_a_missing_fixing_costs_the_names_that_need_it():
    rows = [
        value("00700.HK", market_cap=1e9),
        value("09988.HK"),  # no amount: no fixing is needed
        value("000001.SZ", market_cap=3e9),
    ]
    result = run_screen(store(rows, fx=[]), request(universe="all", market_cap="1e9.."))
    found = by_listing(result)
    assert [row.listing for row in result.rows if row.passed] == ["000001.SZ"]
    assert found["00700.HK"].values["market_cap"] is None
    assert result.lacking
    assert any(
        line.startswith("1 name has no amounts in CNY: no HKDCNY fixing") for line in result.remarks
    )


def test_no_fixing_is_needed_where_no_amount_is_asked():
    tables = store([value("00700.HK", pb=1.0, market_cap=1e9)])
    result = run_screen(tables, request(universe="hk", pb="..3"))
    assert by_listing(result)["00700.HK"].passed
    assert TableName.FX not in tables.was_read


def test_a_refused_predicate_stops_before_anything_is_read():
    tables = store([value("000001.SZ", pb=1.0)])
    with pytest.raises(InputError, match="getenv"):
        run_screen(tables, request(where="getenv('HOME') = 'x'"))
    assert tables.was_read == []


@pytest.mark.parametrize("members", [(), (Member(listing=parse_listing("000001.SZ")),)])
def test_a_request_names_a_universe_or_members_not_both_not_neither(members):
    with pytest.raises(InputError, match="one of them") as error:
        ScreenRequest(as_of=DAY, universe=Universe.A if members else None, members=members)
    assert "--basket NAME" in error.value.fix


def test_top_below_one_is_refused():
    with pytest.raises(InputError, match="top is 0, less than 1"):
        request(top=0)


def test_universe_is_parsed():
    assert parse_universe(" HK ") is Universe.HK
    with pytest.raises(InputError, match="'us' is none of a, hk, all") as error:
        parse_universe("us")
    assert "hk" in error.value.fix


def event(day, *codes, basket="copper"):
    return Event(
        basket=basket,
        report=f"r-{day}",
        published=Publication(value=day, precision=Precision.DAY),
        members=tuple(Member(listing=parse_listing(code), name=f"{day}") for code in codes),
        weighting=Weighting.EQUAL,
    )


def test_members_are_those_named_by_the_day_each_once():
    events = [
        event(date(2026, 5, 1), "000001.SZ", "00700.HK"),
        event(DAY, "00700.HK", "000002.SZ"),
        event(DAY + timedelta(days=1), "601899.SH"),
    ]
    found = members_as_of(events, DAY)
    assert [item.listing.id for item in found] == ["000001.SZ", "00700.HK", "000002.SZ"]
    assert found[1].name == "2026-05-01"


def test_no_member_by_the_day_is_an_error():
    with pytest.raises(DataError, match="by 2026-05-27; the first is of 2026-05-28") as error:
        members_as_of([event(DAY + timedelta(days=1), "000001.SZ")], DAY)
    assert error.value.fix == "write --as-of 2026-05-28 or later"
    with pytest.raises(DataError, match="no security was named"):
        members_as_of([], DAY)


MARKET = [
    value("000001.SZ", pb=1.0, pe_static=5.0),
    value("000002.SZ", pb=2.0, pe_static=-4.0),
    value("000006.SZ", pb=9.0),
    value("000007.SZ", pb=1.5, pe_static=30.0),
    value("000008.SZ", pe_static=3.0),
]


def test_csv_rows_hold_every_name_with_its_reason():
    result = run_screen(store(MARKET), request(pb="..3", sort="-pe_static"))
    table = screen_table(result)
    assert not fits(table.spec, table.rows)
    assert table.spec.names == (
        *("rank", "listing", "name", "session", "pb", "pe_static", "pe_static_raw"),
        *("passed", "reasons", "run_id"),
    )
    assert [list(row.values()) for row in table.rows] == [
        [1, "000007.SZ", "", DAY, 1.5, 30.0, 30.0, True, "pb 1.50 in ..3", ""],
        [2, "000001.SZ", "", DAY, 1.0, 5.0, 5.0, True, "pb 1.00 in ..3", ""],
        [3, "000002.SZ", "", DAY, 2.0, None, -4.0, True, "pb 2.00 in ..3", ""],
        [None, "000006.SZ", "", DAY, 9.0, None, None, False, "pb 9.00 above 3", ""],
        [None, "000008.SZ", "", DAY, None, 3.0, 3.0, False, "pb missing", ""],
    ]


def test_csv_columns_without_raw_where_no_multiple_is_undefined():
    result = run_screen(store(MARKET), request(pb="..3"))
    table = screen_table(result)
    assert not fits(table.spec, table.rows)
    names = ("rank", "listing", "name", "session", "pb", "passed", "reasons", "run_id")
    assert table.spec.names == names


def test_a_screen_without_a_name_has_its_columns_and_no_row():
    found = screen_table(replace(run_screen(store(MARKET), request(pb="..3")), rows=()))
    assert found.spec.names == (
        *("rank", "listing", "name", "session", "pb", "passed", "reasons", "run_id"),
    )
    assert not found.rows


@of_each([*FIELDS.values()], lambda field: field.name)
def test_every_field_is_declared_as_a_column_with_its_value_as_stored(field):
    spec = screen_spec([field], {field.name})
    for column in (spec[field.name], spec[field.raw_name]):
        assert re.search("[一-鿿]", column.zh)
        assert re.fullmatch(r"[A-Z][^\n]*\.", column.meaning)
        assert column.nullable
    assert spec[field.name].label("en") == field.name
    assert field.meaning[1:] in spec[field.name].meaning


def test_top_and_passed_only_shorten_the_csv():
    everything = run_screen(store(MARKET), request(pb="..3"))
    passed = screen_table(everything, passed_only=True).rows
    assert [row["rank"] for row in passed] == [1, 2, 3]
    best = replace(everything, top=2)
    assert [row["listing"] for row in screen_table(best).rows] == ["000001.SZ", "000007.SZ"]
    assert len(screen_table(replace(everything, top=9)).rows) == 3


def test_json_document_says_what_was_asked_and_holds_the_rows():
    result = run_screen(store(MARKET, simulated=True), request(pb="..3", allow_missing="pb"))
    document = screen_document(result)
    assert document["questions"] == ["pb ..3", "sorted by pb ascending"]
    assert document["snapshots"] == {"mainland": DAY}
    assert (document["looked_at"], document["passed"]) == (5, 4)
    assert document["simulated"] is True
    assert [list(row) for row in document["rows"]] == [document["columns"]] * 5


@pytest.mark.parametrize("width", [80, 160])
def test_view_is_readable_at_any_width(width):
    tables = store(
        MARKET,
        names=[name("000001.SZ", "平安银行"), name("000002.SZ", "[bold]万科Ａ[/bold]")],
        simulated=True,
    )
    result = run_screen(tables, request(pb="..3", sort="pe_static", top=2))
    shown = text_of(result, width)
    assert shown.startswith("SIMULATED market")
    assert any("SIMULATED" in line for line in result.remarks)
    assert "snapshot: mainland 2026-05-27 (data version 7)" in shown
    assert "3 of 5 passed; the first 2 are shown" in shown
    assert "a missing value never passes" in " ".join(shown.split())
    assert "平安银行" in shown
    assert "000006.SZ" not in shown
    assert "[bold]" in text_of(replace(result, top=3), width)


def test_view_of_a_basket_shows_the_failures_with_their_reason():
    members = [("000001.SZ", "平安银行"), ("000006.SZ", "深振业Ａ"), ("601899.SH", "紫金矿业")]
    result = run_screen(store(MARKET), request(members=members, basket="mine", pb="..3"))
    shown = text_of(result)
    assert "1 of 3 passed" in shown
    assert "深振业Ａ" in shown
    assert "pb 9.00 above 3" in shown
    assert "no valuation within 7 days of 2026-05-27 (none in 366 days)" in shown


def test_a_long_list_is_cut_in_the_view_and_says_so():
    many = [value(f"{600000 + at}.SH", pb=1.0 + at) for at in range(30)]
    result = run_screen(store(many), request(pb="..100"))
    assert "30 of 30 passed; the first 20 are shown, all with --csv FILE or --top N" in text_of(
        result, 160
    )
