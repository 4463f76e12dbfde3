"""Baostock: the package's real code against a server in memory, and what is made of its rows."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pyarrow as pa
import pytest

from screener.data.lake.batch import Batch
from screener.data.lake.schema import TABLES, TableName
from screener.data.panels.factors import total_return_factors
from screener.data.sources.online.providers.baostock import (
    BaostockBars,
    BaostockFactors,
    BaostockStatus,
    BaostockValuation,
)
from screener.data.sources.online.providers.baostock_reports import BaostockFundamentals
from screener.data.sources.online.transport.baostock_client import BaostockConnection
from screener.data.sources.online.transport.circuit_breaker import CircuitBreaker
from screener.data.sources.online.transport.clock import Clock
from screener.data.sources.online.transport.protocol import Ask, Call, Need, OnlineSource
from screener.domain.listing import Listing, parse_listing
from screener.errors import SourceBlocked, SourceChanged, SourceEmpty
from tests.support.canned.baostock import Fault, Server
from tests.support.canned.eastmoney_values import mainland_reports
from tests.support.canned.market import CannedMarket

HOST = "public-api.baostock.com"
START, END = date(2014, 1, 2), date(2026, 5, 27)
NOW = datetime(2026, 5, 28, 1, 0, tzinfo=UTC)
ZIJIN = parse_listing("601899.SH")
HISTORY = "query_history_k_data_plus"
SOURCES = (BaostockStatus, BaostockValuation, BaostockBars, BaostockFactors)


@dataclass
class Time:
    """A clock that moves only while somebody sleeps."""

    now: datetime = NOW
    slept: list[float] = field(default_factory=list)

    @property
    def clock(self) -> Clock:
        return Clock(now=lambda: self.now, sleep=self.sleep)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)


@pytest.fixture(scope="module")
def market() -> CannedMarket:
    return CannedMarket.make(start=START, end=END, n_other=8)


@pytest.fixture
def server(market: CannedMarket) -> Iterator[Server]:
    with Server(market).online() as server:
        yield server


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def connection(server: Server, time: Time) -> Iterator[BaostockConnection]:
    with BaostockConnection(time.clock, CircuitBreaker(None, time.clock)) as connection:
        yield connection


def ask(need: Need, listing: Listing = ZIJIN, start: date = START, end: date = END) -> Ask:
    return Ask(need=need, start=start, end=end, fetched_at=NOW, listing=listing)


def days(start: date = START, end: date = END, code: str = "sh.601899") -> Call:
    arguments = {"code": code, "fields": "date,close", "adjustflag": "3", "frequency": "d"}
    return Call(
        function=HISTORY,
        arguments={**arguments, "start_date": str(start), "end_date": str(end)},
    )


WEEK = days(date(2026, 5, 20), END)


def batch(source: OnlineSource, question: Ask) -> Batch:
    query = source.build_query(question)
    return source.normalise(query, source.fetch(query))


def halted_listing(market: CannedMarket) -> Listing:
    mainland = [item for item in market.listings if item.id.endswith((".SH", ".SZ"))]
    return next(item for item in mainland if market.suspended(item.id))


def longest_listing(market: CannedMarket) -> Listing:
    mainland = [item for item in market.listings if item.id.endswith((".SH", ".SZ"))]
    return max(mainland, key=lambda item: len(market.rows(TableName.BARS, item.id)))


# What the sources make of it


def test_bars_are_the_market_s_own(market: CannedMarket, connection: BaostockConnection) -> None:
    listing = halted_listing(market)
    found = batch(BaostockBars(connection), ask(Need.BARS, listing))
    truth = market.traded(listing.id)
    for name in ("session", "open", "high", "low", "close", "volume"):
        told = found.tables[TableName.BARS][name].to_pylist()
        assert told == [row[name] for row in truth]
    halted = len(market.suspended(listing.id))
    assert found.remarks == (f"baostock, {listing.id}: {halted} suspended sessions have no bar",)
    assert found.rejects == ()


def test_more_than_a_page_comes_whole(market: CannedMarket, connection: BaostockConnection) -> None:
    longest = longest_listing(market)
    frame = connection.query(days(code=f"{longest.exchange.lower()}.{longest.code}"))
    expected = [str(row["session"]) for row in market.rows(TableName.BARS, longest.id)]
    assert len(expected) > 2000
    assert frame["date"].tolist() == expected


def test_status_tells_suspension_and_special_treatment(
    market: CannedMarket, connection: BaostockConnection
) -> None:
    listing = halted_listing(market)
    rows = batch(BaostockStatus(connection), ask(Need.STATUS, listing)).tables[TableName.STATUS]
    halted = {row["session"] for row in rows.to_pylist() if row["suspended"]}
    special = {row["session"] for row in rows.to_pylist() if row["st"]}
    truth = market.rows(TableName.STATUS, listing.id)
    assert halted == market.suspended(listing.id)
    assert special == {row["session"] for row in truth if row["st"]}
    assert rows.num_rows == len(market.rows(TableName.BARS, listing.id))


def test_multiples_without_cash_flow_and_without_zeros(
    market: CannedMarket, connection: BaostockConnection
) -> None:
    found = batch(BaostockValuation(connection), ask(Need.VALUATION)).tables[TableName.VALUATION]
    told = {row["session"]: row for row in found.to_pylist()}
    for row in market.rows(TableName.VALUATION, ZIJIN.id):
        assert told[row["session"]]["pb"] == pytest.approx(row["pb"], abs=1e-6)
    assert found["pcf_ttm"].null_count == found.num_rows
    assert 0 not in found["pb"].to_pylist()


def test_factors_agree_with_ours(market: CannedMarket, connection: BaostockConnection) -> None:
    vendor = batch(BaostockFactors(connection), ask(Need.VENDOR_FACTORS)).tables[TableName.FACTORS]
    own = [market.rows(name, ZIJIN.id) for name in (TableName.ACTIONS, TableName.BARS)]
    schemas = [market.tables[name].schema for name in (TableName.ACTIONS, TableName.BARS)]
    actions, bars = (
        pa.Table.from_pylist(rows, schema=schema) for rows, schema in zip(own, schemas, strict=True)
    )
    ours = total_return_factors(actions, bars)
    assert vendor["factor"].to_pylist()[0] == 1
    assert vendor["factor"].to_pylist()[1:] == pytest.approx(ours["factor"].to_pylist(), abs=1e-6)
    assert vendor["ex_session"].to_pylist()[1:] == ours["ex_session"].to_pylist()


def test_documented_factors_are_read_as_cumulative() -> None:
    # The example of baostock's own documentation of query_adjust_factor; fore × a constant is back,
    # so back is cumulative and its steps are the ratios on the ex-dates.
    frame = pd.DataFrame(
        {
            "code": ["sh.600000"] * 3,
            "dividOperateDate": ["2015-06-23", "2016-06-23", "2017-05-25"],
            "foreAdjustFactor": ["0.663792", "0.751598", "0.989551"],
            "backAdjustFactor": ["6.295967", "7.128788", "9.385732"],
            "adjustFactor": ["6.295967", "7.128788", "9.385732"],
        }
    )
    question = ask(
        Need.VENDOR_FACTORS,
        parse_listing("600000.SH"),
        start=date(2017, 1, 1),
        end=date(2017, 12, 31),
    )
    source = BaostockFactors(Recorded(frame))
    rows = batch(source, question).tables[TableName.FACTORS]
    assert rows["factor"].to_pylist() == [1.0, 6.295967, 7.128788, 9.385732]
    steps = [float(b) / float(f) for b, f in zip(frame.iloc[:, 3], frame.iloc[:, 2], strict=True)]
    assert steps == pytest.approx([9.48485] * 3, abs=2e-5)


def test_reports_are_known_on_the_day_of_their_publication(
    market: CannedMarket, connection: BaostockConnection, server: Server
) -> None:
    question = ask(Need.FUNDAMENTALS, start=date(2024, 1, 2))
    rows = batch(BaostockFundamentals(connection), question).tables[TableName.FUNDAMENTALS]
    told = {row["period_end"]: row for row in rows.to_pylist()}
    # 750 days before the first asked day and on, up to the last quarter that had ended
    assert (min(told), max(told)) == (date(2021, 12, 31), date(2026, 3, 31))
    assert server.methods.count("query_dupont_data") == 18
    sent = {
        date.fromisoformat(row["REPORT_DATE"][:10]): row
        for row in mainland_reports(ZIJIN, START, END)
    }
    for period, row in told.items():
        truth = sent[period]
        assert row["known_at"] == date.fromisoformat(truth["NOTICE_DATE"][:10])
        assert (row["known_by"], row["currency"]) == ("notice", "CNY")
        assert row["net_profit"] == pytest.approx(truth["PARENTNETPROFIT"], rel=1e-6)
        profit = truth["PARENTNETPROFIT"] / 0.95
        # a quarter of the profit before tax of which four fifths are kept
        assert row["income_tax"] == pytest.approx(profit / 4, rel=1e-6)
        coarse = abs(profit / truth["TOTALOPERATEREVE"]) < 0.01
        assert (row["revenue"] is None) == coarse
        assert coarse or row["revenue"] == pytest.approx(truth["TOTALOPERATEREVE"], rel=1e-4)
        assert {row[name] for name in ("debt", "equity", "roe", "eps", "gross_margin")} == {None}


@pytest.mark.parametrize(
    ("profits", "parts", "told"),
    [
        ({}, {}, (125.0, 95.0, 25.0)),
        ({}, {"dupontNitogr": "-0.004"}, (None, 95.0, 25.0)),
        ({"netProfit": "-100"}, {"dupontNitogr": "-0.8"}, (125.0, -95.0, -25.0)),
        ({}, {"dupontTaxBurden": ""}, (125.0, 95.0, None)),
        ({"netProfit": ""}, {}, (None, None, None)),
    ],
)
def test_amounts_follow_from_the_profit_of_all_owners(
    profits: dict[str, str], parts: dict[str, str], told: tuple[float | None, ...]
) -> None:
    day = {"code": "sh.601899", "pubDate": "2026-04-20", "statDate": "2026-03-31"}
    ratios = {"dupontPnitoni": "0.95", "dupontNitogr": "0.8", "dupontTaxBurden": "0.8"}
    sent = {
        "query_profit_data": {**day, "netProfit": "100", "gpMargin": "0.3", **profits},
        "query_dupont_data": {**day, **ratios, **parts},
    }
    wire = Quarterly({name: pd.DataFrame([row]) for name, row in sent.items()})
    (row,) = (
        batch(BaostockFundamentals(wire), ask(Need.FUNDAMENTALS, start=date(2026, 3, 1)))
        .tables[TableName.FUNDAMENTALS]
        .to_pylist()
    )
    assert (row["revenue"], row["net_profit"], row["income_tax"]) == told
    assert (row["gross_margin"], row["known_at"]) == (0.3, date(2026, 4, 20))


def test_a_report_of_a_quarter_that_nobody_can_read_is_a_reject() -> None:
    cells = {"pubDate": "2026-04-20", "statDate": "2026-03-31", "gpMargin": "0.3"}
    wire = Quarterly({"query_profit_data": pd.DataFrame([{**cells, "netProfit": "viel"}])})
    found = batch(BaostockFundamentals(wire), ask(Need.FUNDAMENTALS))
    assert found.tables[TableName.FUNDAMENTALS].num_rows == 0
    assert {item.reason for item in found.rejects} == {"net_profit 'viel' is no number"}
    with pytest.raises(SourceChanged, match="no longer sends netProfit"):
        batch(
            BaostockFundamentals(Quarterly({"query_profit_data": pd.DataFrame([cells])})),
            ask(Need.FUNDAMENTALS),
        )
    with pytest.raises(SourceEmpty):
        batch(BaostockFundamentals(Quarterly({})), ask(Need.FUNDAMENTALS))


class Quarterly:
    """A wire that gives the last quarter alone, of each function."""

    def __init__(self, frames: dict[str, pd.DataFrame]) -> None:
        self.frames = frames

    def query(self, call: Call) -> pd.DataFrame:
        told = self.frames.get(call.function)
        if told is None or (call.arguments["year"], call.arguments["quarter"]) != ("2026", "1"):
            raise SourceEmpty("nothing", where=call.function)
        return told


class Recorded:
    """A wire that gives one frame."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self.frame = frame
        self.calls: list[Call] = []

    def query(self, call: Call) -> pd.DataFrame:
        self.calls.append(call)
        return self.frame


@pytest.mark.parametrize("kind", SOURCES)
def test_rows_fit_the_schema_and_the_asked_days(
    kind: type[BaostockBars], connection: BaostockConnection
) -> None:
    start, end = date(2025, 1, 2), date(2025, 6, 30)
    found = batch(kind(connection), ask(kind.need, start=start, end=end))
    (name, rows) = next(iter(found.tables.items()))
    assert rows.column_names == list(TABLES[name].column_names)
    assert set(rows["source"].to_pylist()) == {"baostock"}
    if name is not TableName.FACTORS:
        sessions = rows["session"].to_pylist()
        assert sessions == sorted(sessions)
        assert start <= sessions[0] <= sessions[-1] <= end


@pytest.mark.parametrize("kind", SOURCES)
@pytest.mark.parametrize("listing", ["920002.BJ", "00700.HK", "900901.SH", "510300.SH"])
def test_other_listings_are_not_asked(kind: type[BaostockBars], listing: str) -> None:
    wire = Recorded(pd.DataFrame())
    with pytest.raises(SourceBlocked, match="cannot be asked for") as caught:
        kind(wire).build_query(ask(kind.need, parse_listing(listing)))
    assert caught.value.fix == "ask another source"
    assert wire.calls == []


@pytest.mark.parametrize("kind", SOURCES)
def test_a_missing_column_is_a_change(kind: type[BaostockBars]) -> None:
    source = kind(Recorded(pd.DataFrame({"date": ["2026-05-27"], "close": ["1"]})))
    with pytest.raises(SourceChanged, match="no longer sends") as caught:
        batch(source, ask(kind.need))
    assert "baostock.toml" in caught.value.fix


def test_unreadable_cells_are_rejects() -> None:
    frame = pd.DataFrame(
        {
            "date": ["2026-05-25", "2026-05-26", "soon", "2026-05-27"],
            "tradestatus": ["1", "2", "1", "0"],
            "isST": ["", "0", "0", "yes"],
        }
    )
    found = batch(BaostockStatus(Recorded(frame)), ask(Need.STATUS))
    assert [(item.line, item.reason) for item in found.rejects] == [
        (20260526, "tradestatus is '2'"),
        (3, "day is missing or no date"),
        (20260527, "isST is 'yes'"),
    ]
    (kept,) = found.tables[TableName.STATUS].to_pylist()
    assert (kept["session"], kept["suspended"], kept["st"]) == (date(2026, 5, 25), False, None)


def test_unreadable_multiples_and_factors_are_rejects() -> None:
    multiples = pd.DataFrame(
        {"date": ["2026-05-26", "2026-05-27"], "peTTM": ["-3.5", "x"], "pbMRQ": "", "psTTM": "0"}
    )
    found = batch(BaostockValuation(Recorded(multiples)), ask(Need.VALUATION))
    assert [item.reason for item in found.rejects] == ["pe_ttm is 'x'"]
    (kept,) = found.tables[TableName.VALUATION].to_pylist()
    assert (kept["pe_ttm"], kept["pb"], kept["ps_ttm"]) == (-3.5, None, None)
    steps = pd.DataFrame({"dividOperateDate": ["2026-05-26"], "backAdjustFactor": ["0"]})
    found = batch(BaostockFactors(Recorded(steps)), ask(Need.VENDOR_FACTORS))
    assert [item.reason for item in found.rejects] == ["factor is '0'"]


# The connection


def test_one_connection_paced_and_silent(
    server: Server, time: Time, capsys: pytest.CaptureFixture[str]
) -> None:
    with BaostockConnection(time.clock, CircuitBreaker(None, time.clock)) as connection:
        connection.query(WEEK)
        connection.query(WEEK)
    assert server.methods == ["login", HISTORY, HISTORY, "logout"]
    assert server.connections == 1
    assert server.timeouts == [20.0]
    assert time.slept == [1.0, 1.0]
    assert connection.requests_made == 3
    assert capsys.readouterr().out == ""


def test_the_time_out_is_the_caller_s(server: Server, time: Time) -> None:
    with BaostockConnection(
        time.clock, CircuitBreaker(None, time.clock), timeout=3.0
    ) as connection:
        connection.query(WEEK)
    assert server.timeouts == [3.0]


def test_baostock_s_own_sockets_are_given_back(server: Server, time: Time) -> None:
    import baostock.util.socketutil as module

    before = module.socket
    with BaostockConnection(time.clock, CircuitBreaker(None, time.clock)) as connection:
        connection.query(WEEK)
        assert module.socket is before


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (Fault.DROP, "dropped the connection"),
        (Fault.CUT_OFF, "dropped the connection"),
        (Fault.TIME_OUT, "did not answer in time"),
    ],
)
@pytest.mark.parametrize("at", ["login", "query"])
def test_a_lost_line_is_blocked(
    server: Server, connection: BaostockConnection, fault: Fault, text: str, at: str
) -> None:
    server.faults = [fault] if at == "login" else [None, fault]
    with pytest.raises(SourceBlocked, match=text) as caught:
        connection.query(WEEK)
    assert "port 10030" in caught.value.fix
    assert connection.query(WEEK)["date"].tolist()[-1] == "2026-05-27"
    assert server.connections == 2


def test_a_refused_connection_is_blocked(server: Server, connection: BaostockConnection) -> None:
    server.refuses = ConnectionRefusedError("no")
    with pytest.raises(SourceBlocked, match="ConnectionRefusedError"):
        connection.query(WEEK)


def test_a_line_that_was_dropped_while_idle_is_opened_again(
    server: Server, connection: BaostockConnection
) -> None:
    connection.query(WEEK)
    server.faults = [Fault.DROP]
    assert not connection.query(WEEK).empty
    assert server.methods == ["login", HISTORY, HISTORY, "login", HISTORY]


def test_an_ended_session_is_begun_again(server: Server, connection: BaostockConnection) -> None:
    connection.query(WEEK)
    server.faults = ["10001001"]
    assert not connection.query(WEEK).empty
    assert server.connections == 2


@pytest.mark.parametrize("fault", [Fault.GARBAGE, Fault.OTHER_SHAPE])
def test_another_shape_is_a_change(
    server: Server, connection: BaostockConnection, fault: Fault
) -> None:
    server.faults = [None, fault]
    with pytest.raises(SourceChanged, match="another reply than it used to") as caught:
        connection.query(WEEK)
    assert "baostock.toml" in caught.value.fix


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.DROP, SourceBlocked),
        (Fault.TIME_OUT, SourceBlocked),
        (Fault.GARBAGE, SourceChanged),
        ("10005001", SourceBlocked),
    ],
)
def test_a_history_never_ends_silently_at_a_page(
    market: CannedMarket,
    server: Server,
    connection: BaostockConnection,
    fault: Fault | str,
    error: type[Exception],
) -> None:
    longest = longest_listing(market)
    server.faults = [None, None, fault]
    with pytest.raises(error):
        connection.query(days(code=f"{longest.exchange.lower()}.{longest.code}"))
    assert server.methods.count(HISTORY) == 2


def test_a_blacklisted_address_opens_the_circuit(server: Server, time: Time) -> None:
    breaker = CircuitBreaker(None, time.clock)
    with BaostockConnection(time.clock, breaker) as connection:
        server.faults = ["10001011"]
        with pytest.raises(SourceBlocked, match="10001011: 黑名单用户") as caught:
            connection.query(WEEK)
        assert "in parallel" in caught.value.fix
        with pytest.raises(SourceBlocked, match="circuit open until 2026-05-28 02:00 UTC"):
            connection.query(WEEK)
        assert server.methods == ["login"]
        assert breaker.wait_until(HOST) == NOW + timedelta(hours=1)
        time.now += timedelta(hours=1)
        assert not connection.query(WEEK).empty
        assert breaker.wait_until(HOST) is None


def test_two_lost_lines_open_the_circuit(server: Server, connection: BaostockConnection) -> None:
    server.faults = [Fault.DROP, Fault.DROP]
    for text in ("dropped", "dropped", "circuit open until"):
        with pytest.raises(SourceBlocked, match=text):
            connection.query(WEEK)
    assert server.connections == 2


@pytest.mark.parametrize(
    ("code", "error", "fix"),
    [
        ("10001006", SourceBlocked, "wait until"),
        ("10002005", SourceBlocked, "wait until"),
        ("10001004", SourceChanged, "--upgrade"),
        ("10004011", SourceEmpty, "another source"),
        ("10004012", SourceChanged, "baostock.toml"),
    ],
)
def test_error_codes(
    server: Server, connection: BaostockConnection, code: str, error: type[Exception], fix: str
) -> None:
    server.faults = [None, code]
    with pytest.raises(error, match=code) as caught:
        connection.query(WEEK)
    assert fix in str(caught.value)


def test_no_rows_are_an_answer(server: Server, connection: BaostockConnection) -> None:
    with pytest.raises(SourceEmpty, match="has no rows") as caught:
        connection.query(days(date(1999, 1, 1), date(1999, 12, 31)))
    assert HISTORY in caught.value.where


def test_a_missing_package_tells_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, time: Time
) -> None:
    monkeypatch.setitem(sys.modules, "baostock", None)
    connection = BaostockConnection(time.clock, CircuitBreaker(None, time.clock))
    with pytest.raises(SourceBlocked, match="optional package baostock") as caught:
        connection.query(WEEK)
    assert caught.value.fix == "pip install 'screener[baostock]'"


def test_a_missing_function_is_a_change(connection: BaostockConnection) -> None:
    with pytest.raises(SourceChanged, match="no longer has query_nothing") as caught:
        connection.query(Call(function="query_nothing"))
    assert "constraints.txt" in caught.value.fix


def test_nothing_is_imported_before_it_is_asked(time: Time) -> None:
    connection = BaostockConnection(time.clock, CircuitBreaker(None, time.clock))
    connection.close()
    assert connection.requests_made == 0
