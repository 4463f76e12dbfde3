"""Updates through akshare's real code, from a canned market: complete, resumed, failed over."""

from __future__ import annotations

import socket
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
import requests
from typer.testing import CliRunner

import screener
from screener.cli.main import app
from screener.data.lake.batch import Batch
from screener.data.lake.rows import make_rows
from screener.data.lake.schema import TABLES, Basis, TableName
from screener.data.lake.store import Store
from screener.data.sources.online.registry import BREAKER_FILE, open_sources
from screener.data.sources.online.transport.network import Network
from screener.data.sources.online.transport.protocol import Need
from screener.data.sources.online.transport.rate_limit import group_of
from screener.data.update.forecast import forecast_update
from screener.data.update.plan import UpdateRequest
from screener.data.update.run import update
from screener.data.update.session import UpdateReport
from screener.domain.listing import Board, Exchange, Listing, parse_listing
from screener.errors import InputError, NetworkDown, SourceBlocked, StorageBusy
from screener.market.calendars import calendar_of
from screener.workflows.data.targets import with_benchmarks
from screener.workspace.locate import Workspace
from tests.support.canned.everything import FakeTime, outside, served
from tests.support.canned.market import CannedMarket
from tests.support.soaking import SOAK, rounds, soaked
from tests.support.transport import Router

START = date(2024, 1, 2)
END = date(2026, 5, 27)
OTHERS = rounds(1, 12, 54)  # listings beside those of the seeds, in an update that is stopped
SINCE = date(2016, 6, 1) if SOAK else date(2025, 9, 1)
STOPS = rounds(2, 4, 10)
PRICES = {
    "needs": frozenset({Need.BARS, Need.ACTIONS, Need.RIGHTS, Need.VENDOR_FACTORS}),
}
SOME = ("300857.SZ", "000630.SZ", "601899.SH", "688256.SH", "00700.HK")


@pytest.fixture(scope="module")
def market() -> CannedMarket:
    return CannedMarket.make()


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    return Workspace(root=tmp_path)


def request(*names: str, **changes: Any) -> UpdateRequest:
    listings = with_benchmarks(parse_listing(name) for name in names or SOME)
    return UpdateRequest(**{"listings": listings, "start": START, **changes})


def run(
    place: Workspace,
    router: Router,
    market: CannedMarket,
    asked: UpdateRequest,
    *,
    time: FakeTime | None = None,
    network: Network | None = None,
) -> UpdateReport:
    time = time or FakeTime()
    with (
        outside(router, market),
        open_sources(place.data_cache, time.clock, Random(1), network=network) as sources,
    ):
        return update(
            place.data_cache,
            asked,
            chains=sources.chains,
            wire=sources,
            clock=time.clock,
            progress=lambda done, total, label: None,
        )


def tables(place: Workspace) -> dict[TableName, pa.Table]:
    with Store.open(place.data_cache) as store:
        return {name: store.read(name) for name in TABLES}


def own(table: pa.Table, listing: str) -> pa.Table:
    return table.filter(pc.equal(table["listing"], listing))


def traded(market: CannedMarket, listing: str) -> list[tuple[Any, ...]]:
    fields = ("session", "open", "high", "low", "close", "volume")
    return [tuple(row[name] for name in fields) for row in market.traded(listing)]


@pytest.fixture(scope="module")
def landed(tmp_path_factory: pytest.TempPathFactory, market: CannedMarket) -> Any:
    """A workspace after one update of some listings."""
    place = Workspace(root=tmp_path_factory.mktemp("landed"))
    router = served(market)
    report = run(place, router, market, request())
    return place, report, router


def test_everything_asked_is_answered(landed: Any) -> None:
    _, report, _ = landed
    assert report.failures == ()
    assert report.failure is None
    assert report.open_circuits == ()


def test_bars_are_those_of_the_market(landed: Any, market: CannedMarket) -> None:
    place, _, _ = landed
    bars = tables(place)[TableName.BARS]
    for name in SOME:
        mine = own(bars, name)
        assert set(mine["basis"].to_pylist()) == {"raw"}
        fields = ("session", "open", "high", "low", "close", "volume")
        found = list(zip(*(mine[field].to_pylist() for field in fields), strict=True))
        assert found == traded(market, name)
    for index in ("000300.SH", "HSI.HK"):
        truth = [row["close"] for row in market.rows(TableName.BARS, index)]
        assert own(bars, index)["close"].to_pylist() == pytest.approx(truth, abs=0.006)


def test_factors_follow_from_the_actions(landed: Any, market: CannedMarket) -> None:
    place, _, _ = landed
    stored = tables(place)
    for name in SOME:
        truth = market.rows(TableName.ACTIONS, name)
        mine = own(stored[TableName.ACTIONS], name).to_pylist()
        assert [row["ex_session"] for row in mine] == [row["ex_session"] for row in truth]
        for term in ("cash", "bonus"):
            assert [row[term] or 0 for row in mine] == pytest.approx(
                [row[term] or 0 for row in truth]
            )
        factors = own(stored[TableName.FACTORS], name)["factor"].to_pylist()
        expected = [row["factor"] for row in market.rows(TableName.FACTORS, name)]
        assert factors == pytest.approx(expected, rel=1e-9)


def test_the_other_tables_are_filled(landed: Any, market: CannedMarket) -> None:
    place, _, _ = landed
    stored = tables(place)
    for name in SOME:
        listing = parse_listing(name)
        assert own(stored[TableName.NAMES], name)["name"].to_pylist()[-1] == market.name(name)
        assert own(stored[TableName.LISTINGS], name).num_rows == 1
        assert own(stored[TableName.VALUATION], name).num_rows > 0
        assert own(stored[TableName.FUNDAMENTALS], name).num_rows > 0
        lots = own(stored[TableName.BOARD_LOTS], name)["lot"].to_pylist()
        truth = [row["lot"] for row in market.rows(TableName.BOARD_LOTS, name)]
        assert lots == (truth if listing.exchange is Exchange.HK else [])
    rates = {row["session"]: row["rate"] for row in stored[TableName.FX].to_pylist()}
    for row in market.tables[TableName.FX].to_pylist():
        if row["session"] in rates:
            assert rates[row["session"]] == pytest.approx(row["rate"], abs=2e-4)
    assert len(rates) > 500


def test_the_calendar_is_that_of_the_exchanges(landed: Any) -> None:
    place, _, _ = landed
    rows = tables(place)[TableName.CALENDAR].to_pylist()
    for exchange in (Exchange.SH, Exchange.HK):
        days = [row["session"] for row in rows if row["exchange"] == exchange]
        expected = [day.item() for day in calendar_of(exchange).between(START, END)]
        assert days == expected


def test_gaps_are_told_from_suspensions(landed: Any, market: CannedMarket) -> None:
    place, _, _ = landed
    stored = tables(place)[TableName.STATUS].to_pylist()
    halted = {(row["listing"], row["session"]) for row in stored if row["suspended"]}
    for name in SOME:
        if parse_listing(name).exchange.mainland:
            days = market.suspended(name)
            last = market.traded(name)[-1]["session"]
            assert {(name, day) for day in days if day < last} <= halted  # type: ignore[operator]


def test_a_sound_market_leaves_nothing_in_quarantine(landed: Any) -> None:
    place, _, _ = landed
    assert tables(place)[TableName.QUARANTINE].to_pylist() == []


def test_every_request_had_a_time_out_and_hosts_were_spared(landed: Any) -> None:
    _, report, router = landed
    assert sum(report.requests.values()) >= len(router.sent)
    assert all(sent.timeout for sent in router.sent)
    assert not any(group_of(sent.host).name == "eastmoney_quotes" for sent in router.sent)


def test_a_second_update_asks_nobody(landed: Any, market: CannedMarket) -> None:
    place, first, _ = landed
    before = tables(place)
    router = served(market)
    report = run(place, router, market, request())
    assert router.sent == []
    assert report.after == first.after
    assert report.up_to_date > 0
    assert all(before[name].equals(table) for name, table in tables(place).items())
    assert forecast_update(place.data_cache, request(), clock=FakeTime().clock).counts == ()


def test_what_would_be_asked_is_told_before(place: Workspace) -> None:
    counts = dict(forecast_update(place.data_cache, request(), clock=FakeTime().clock).counts)
    assert counts[Need.BARS] == len(SOME)
    assert counts[Need.INDEX_BARS] == 2
    assert counts[Need.PROFILE] == 1
    assert not place.data_cache.exists()


def test_days_added_later_equal_one_update(place: Workspace, market: CannedMarket) -> None:
    early = FakeTime(at=datetime(2026, 3, 31, 12, tzinfo=UTC))
    run(place, served(market), market, request("601899.SH", "00700.HK", **PRICES), time=early)
    run(place, served(market), market, request("601899.SH", "00700.HK", **PRICES))
    bars = tables(place)[TableName.BARS]
    for name in ("601899.SH", "00700.HK"):
        fields = ("session", "open", "high", "low", "close", "volume")
        found = list(zip(*(own(bars, name)[field].to_pylist() for field in fields), strict=True))
        assert found == traded(market, name)


def test_an_update_asks_only_for_the_last_days(place: Workspace, market: CannedMarket) -> None:
    early = FakeTime(at=datetime(2026, 5, 20, 12, tzinfo=UTC))
    run(place, served(market), market, request("601899.SH", **PRICES), time=early)
    router = served(market)
    run(place, router, market, request("601899.SH", **PRICES))
    years = [sent.query.get("_var", "") for sent in router.sent if "newfqkline" in sent.url]
    assert years
    assert all("2026" in year for year in years)


@pytest.mark.parametrize(
    ("trouble", "word"),
    [
        (requests.exceptions.ConnectionError("closed without response"), "dropped"),
        (requests.exceptions.ReadTimeout("slow"), "time"),
        ((403, "<html>forbidden</html>"), "refused"),
        ("", "empty"),
        ({"code": 0, "data": None}, ""),
        ("<html>busy</html>", "web page"),
        ('kline_day2024={"code":0,"data":{"sz3008', ""),
    ],
    ids=["drop", "time-out", "403", "empty", "data-null", "html", "truncated"],
)
def test_a_source_that_fails_is_followed_by_the_next(
    place: Workspace, market: CannedMarket, trouble: Any, word: str
) -> None:
    router = served(market)
    for host in ("gtimg.cn", "finance.qq.com"):
        router.add(host, trouble)
    report = run(place, router, market, request("300857.SZ", **PRICES))
    bars = next(item for item in report.outcomes if item.need is Need.BARS)
    assert bars.source == "sina"
    assert bars.attempts[0].source == "tencent"
    assert word in bars.attempts[0].error.what
    assert [row[:5] for row in traded(market, "300857.SZ")] == [
        tuple(row[name] for name in ("session", "open", "high", "low", "close"))
        for row in own(tables(place)[TableName.BARS], "300857.SZ").to_pylist()
    ]


def test_could_not_ask_is_not_there_is_none(place: Workspace, market: CannedMarket) -> None:
    router = served(market)
    for host in ("cninfo", "eastmoney", "vip.stock.finance.sina", "money.finance.sina"):
        router.add(host, requests.exceptions.ConnectionError("closed"))
    report = run(place, router, market, request("300857.SZ"))
    failed = {item.need for item in report.failures}
    assert Need.ACTIONS in failed
    for need in (Need.VALUATION, Need.FUNDAMENTALS):
        second = next(item for item in report.outcomes if item.need is need)
        assert second.source == "baostock"
        assert "eastmoney" in {attempt.source for attempt in second.attempts if attempt.error}
    stored = tables(place)
    assert own(stored[TableName.BARS], "300857.SZ").num_rows == 0
    asked = {
        row["need"]
        for row in stored[TableName.FETCHES].to_pylist()
        if row["subject"] == "300857.SZ"
    }
    assert not asked & {"actions", "bars"}
    assert "fundamentals" in asked
    assert report.open_circuits
    failure = report.failure
    assert isinstance(failure, SourceBlocked)
    assert "again later" in failure.fix


def test_a_refusal_is_remembered_by_the_next_run(place: Workspace, market: CannedMarket) -> None:
    router = served(market).add("gtimg.cn", (403, "no"))
    run(place, router, market, request("300857.SZ", **PRICES))
    assert (place.data_cache / BREAKER_FILE).exists()
    time = FakeTime(at=datetime(2026, 5, 27, 12, 30, tzinfo=UTC))
    router = served(market)
    run(place, router, market, request("601899.SH", **PRICES), time=time)
    assert not any("gtimg" in sent.host for sent in router.sent)
    time = FakeTime(at=datetime(2026, 5, 27, 16, tzinfo=UTC))
    router = served(market)
    run(place, router, market, request("688256.SH", **PRICES), time=time)
    assert any("gtimg" in sent.host for sent in router.sent)


def test_a_lost_network_ends_the_update_and_keeps_what_landed(
    place: Workspace, market: CannedMarket
) -> None:
    names = ("300857.SZ", "000630.SZ", "601899.SH")
    router = served(market)
    asked: list[str] = []

    def reach(host: str) -> None:
        asked.append(host)
        if len(router.sent) >= 10:
            raise OSError(-3, "try again later")

    class Lost(Router):
        def send(self, request: Any, timeout: Any) -> requests.Response:
            if len(router.sent) >= 10:
                raise requests.exceptions.ConnectionError(socket.gaierror(-3, "not known"))
            return router.send(request, timeout)

    report = run(
        place,
        Lost(),
        market,
        request(*names, **PRICES),
        network=Network(["a.example"], reach=reach),
    )
    assert isinstance(report.cut_off, NetworkDown)
    assert report.failure is report.cut_off
    assert report.failures == ()
    assert report.open_circuits == ()
    assert len(asked) == 2  # before the first request, and when one failed
    assert sum(item.rows for item in report.outcomes) > 0
    again = run(place, served(market), market, request(*names, **PRICES))
    assert again.failures == ()
    assert again.cut_off is None


def test_adjusted_prices_of_a_file_are_left_alone(place: Workspace, market: CannedMarket) -> None:
    with Store.create(place.data_cache) as store:
        store.commit(Batch(tables={TableName.BARS: _adjusted()}), message="a file")
    router = served(market)
    report = run(place, router, market, request("300857.SZ", **PRICES))
    assert own(tables(place)[TableName.BARS], "300857.SZ")["source"].to_pylist() == ["mine.csv"]
    assert any("holds adjusted prices" in text for text in report.remarks)
    run(place, served(market), market, request("300857.SZ", replace_adjusted=True, **PRICES))
    bars = own(tables(place)[TableName.BARS], "300857.SZ")
    assert set(bars["basis"].to_pylist()) == {"raw"}
    assert bars.num_rows == len(market.traded("300857.SZ"))


def _adjusted() -> pa.Table:
    prices = {name: [10.0] for name in ("open", "high", "low", "close", "volume", "amount")}
    return make_rows(
        TableName.BARS,
        {"listing": ["300857.SZ"], "session": [END], **prices, "basis": str(Basis.ADJUSTED)},
        source="mine.csv",
        fetched_at=datetime(2026, 5, 28, tzinfo=UTC),
    )


def test_the_simulated_market_is_never_updated(place: Workspace, market: CannedMarket) -> None:
    with Store.create(place.data_cache) as store:
        store.commit(
            Batch(tables={TableName.BARS: market.tables[TableName.BARS]}), message="simulated"
        )
    with pytest.raises(InputError, match="simulated") as caught:
        run(place, served(market), market, request())
    assert "init DIR" in caught.value.fix
    with pytest.raises(InputError, match="simulated"):
        forecast_update(place.data_cache, request(), clock=FakeTime().clock)


def test_two_updates_at_once_are_refused(place: Workspace, market: CannedMarket) -> None:
    class Second(Router):
        """Starts another update in the middle of the first."""

        raised: StorageBusy | None = None

        def send(self, request_: Any, timeout: Any) -> Any:
            if self.raised is None:
                with pytest.raises(StorageBusy) as caught:
                    run(place, Router(), market, request("300857.SZ"))
                self.raised = caught.value
            return super().send(request_, timeout)

    router = Second(routes=served(market).routes)
    run(place, router, market, request("300857.SZ", needs=frozenset({Need.CALENDAR})))
    assert router.raised is not None
    assert "another update" in router.raised.what


def _interrupting(router: Router, after: int) -> Router:
    """Return a router that is interrupted at a request."""

    class Interrupted(Router):
        def send(self, request_: Any, timeout: Any) -> Any:
            if len(self.sent) == after:
                raise KeyboardInterrupt
            return super().send(request_, timeout)

    return Interrupted(routes=router.routes)


@pytest.mark.soak
@soaked
def test_many_listings_over_years_resume_to_the_same_tables(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    big = CannedMarket.make(n_other=OTHERS, start=SINCE, end=END)
    listings = with_benchmarks(item for item in big.listings if _alive(big, item))
    assert len([item for item in listings if item.board is not Board.INDEX]) > OTHERS
    # Tencent's replies take akshare's parser minutes; every other source is asked.
    names = {"sse", "szse", "bse", "sina", "boc", "cninfo", "eastmoney", "baidu", "baostock"}
    asked = UpdateRequest(listings=listings, start=SINCE, sources=frozenset(names))
    whole = Workspace(root=tmp_path_factory.mktemp("whole"))
    router = served(big)
    report = run(whole, router, big, asked)
    assert report.failures == ()
    total = len(router.sent)

    pieces = Workspace(root=tmp_path_factory.mktemp("pieces"))
    points = sorted(Random(7).sample(range(total), STOPS))
    sent = 0
    for point, before in zip(points, [0, *points], strict=False):
        stopped = _interrupting(served(big), point - before)
        with pytest.raises(KeyboardInterrupt):
            run(pieces, stopped, big, asked)
        sent += len(stopped.sent)
    last = served(big)
    run(pieces, last, big, asked)
    sent += len(last.sent)
    expected, found = tables(whole), tables(pieces)
    for name in TABLES:
        assert found[name].equals(expected[name]), name
    # Only the listing at work when it was stopped is asked again: some 20 requests each time.
    assert sent <= total + STOPS * 25


def _alive(market: CannedMarket, listing: Listing) -> bool:
    return bool(market.traded(listing.id))


def test_an_unknown_code_is_reported_and_nothing_is_stored(
    place: Workspace, market: CannedMarket
) -> None:
    report = run(place, served(market), market, request("600999.SH"))
    bars = [item for item in report.failures if item.subject == "600999.SH"]
    assert bars
    assert own(tables(place)[TableName.BARS], "600999.SH").num_rows == 0


def test_ratings_are_asked_for_only_where_they_are_named(
    place: Workspace, market: CannedMarket
) -> None:
    router = served(market)
    needs = frozenset({Need.RATINGS, Need.MARKET_RATINGS})
    days = {"start": date(2026, 4, 1), "end": date(2026, 5, 27)}
    assert (
        not {
            need
            for need, _ in forecast_update(
                place.data_cache, request("300857.SZ"), clock=FakeTime().clock
            ).counts
        }
        & needs
    )
    report = run(place, router, market, request("300857.SZ", needs=needs, **days))
    assert report.failures == ()
    rows = tables(place)[TableName.RATINGS].to_pylist()
    assert [(row["listing"], row["source"], row["analyst"]) for row in rows] == [
        ("601899.SH", "cninfo", "甲,乙"),
        ("300857.SZ", "eastmoney", ""),
        ("300857.SZ", "cninfo", "甲,乙"),
    ]
    asked = [sent.query["tdate"] for sent in router.sent if "p_sysapi1089" in sent.url]
    assert (len(asked), asked[0], asked[-1]) == (57, "2026-04-01", "2026-05-27")
    later = served(market)
    run(place, later, market, request("300857.SZ", needs=frozenset({Need.MARKET_RATINGS}), **days))
    assert later.sent == []


@soaked
def test_the_api_and_the_command_update_as_the_workflow_does(
    tmp_path: Path, market: CannedMarket, monkeypatch: pytest.MonkeyPatch, landed: Any
) -> None:
    time = FakeTime()
    monkeypatch.setattr("screener.api._clock", lambda: time.clock)
    monkeypatch.setattr("screener.workflows.data.update.way_out", lambda: None)
    ws = screener.init(tmp_path / "research")
    asked: dict[str, Any] = {"listings": SOME, "start": START}
    planned = ws.update(**asked, dry_run=True)
    assert dict(planned.planned)[Need.BARS] == len(SOME)
    assert planned.outcomes == ()
    assert not (ws.root / "data_cache" / "catalog.sqlite").exists()
    steps: list[int] = []
    with outside(served(market), market):
        report = ws.update(**asked, progress=lambda done, total, label: steps.append(done))
    assert report.failure is None
    assert steps
    assert steps == sorted(steps)
    place, _, _ = landed
    assert tables(ws.place)[TableName.BARS].equals(tables(place)[TableName.BARS])
    options = ["--listing", ",".join(SOME), "--from", f"{START}", "--workspace", str(ws.root)]
    typed = CliRunner().invoke(app, ["data", "update", *options, "--dry-run"])
    assert typed.exit_code == 0
    assert "Nothing to ask: all of it is up to date." in typed.stdout


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"listings": ["600519.SH"], "everything": True}, "exclude each other"),
        ({"listings": ["600519.SH"], "needs": ["prices"]}, "'prices' is not one of"),
        ({"listings": ["600519.SH"], "start": "2999-01-01"}, "in the future"),
        ({"listings": ["600519.SH"], "start": "20250102", "end": "20250101"}, "exchange the two"),
    ],
)
def test_what_cannot_be_asked_is_refused(tmp_path: Path, asked: dict[str, Any], told: str) -> None:
    ws = screener.init(tmp_path / "research")
    with pytest.raises(InputError) as caught:
        ws.update(**asked, dry_run=True)
    assert told in f"{caught.value} {caught.value.fix}"
