"""A whole market's history: what comes first, how long it takes, and what a stop leaves behind."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pytest
import requests
from typer.testing import CliRunner

import screener
from screener.cli.data import update as update_command
from screener.cli.main import app
from screener.data.lake.batch import Batch
from screener.data.lake.rows import make_rows
from screener.data.lake.schema import TABLES, TableName
from screener.data.lake.store import Store
from screener.data.sources.online.registry import open_sources
from screener.data.sources.online.transport.protocol import Need
from screener.data.update import duration
from screener.data.update.forecast import forecast_update
from screener.data.update.plan import UpdateRequest
from screener.data.update.run import update
from screener.domain.listing import Listing, parse_listing
from screener.errors import InputError
from screener.workflows.data.targets import with_benchmarks
from screener.workflows.data.update import UpdateWish, update_request
from screener.workflows.report.catalog import new_basket
from screener.workspace.locate import Workspace
from tests.support.canned import eastmoney_lists
from tests.support.canned.everything import FakeTime, outside, served
from tests.support.canned.market import CannedMarket
from tests.support.soaking import soaked
from tests.support.transport import Router

START = date(2025, 5, 6)
NOW = datetime(2026, 5, 27, 12, tzinfo=UTC)
BASKET = ("601899.SH", "000630.SZ")  # both 铜
SOURCES = frozenset({"sina", "cninfo", "eastmoney"})
NEEDS = frozenset({Need.BARS, Need.INDEX_BARS, Need.VALUATION})
INDUSTRY = {
    "000630.SZ": "铜",
    "601899.SH": "铜",
    "688256.SH": "铜",
    "300857.SZ": "算力",
    "920002.BJ": "机械",
}


@pytest.fixture(scope="module")
def market() -> CannedMarket:
    return CannedMarket.make(n_other=0, start=START)


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace of one basket whose table `listings` is filled."""
    folder = tmp_path_factory.mktemp("begun")
    place = Workspace(root=folder)
    (folder / "baskets").mkdir()
    listings = [parse_listing(item) for item in BASKET]
    new_basket(
        place, name="mine", listings=listings, published=date(2026, 4, 1), now=NOW, title_zh="甲"
    )
    columns = {
        "listing": sorted(INDUSTRY),
        "kind": "stock",
        "board": [str(parse_listing(item).board) for item in sorted(INDUSTRY)],
        "currency": "CNY",
        "industry": [INDUSTRY[item] for item in sorted(INDUSTRY)],
    }
    rows = make_rows(TableName.LISTINGS, columns, source="a.csv", fetched_at=NOW)
    with Store.create(place.data_cache) as store:
        store.commit(Batch(tables={TableName.LISTINGS: rows}), message="listings")
    return folder


@pytest.fixture(scope="module")
def undisturbed(
    tmp_path_factory: pytest.TempPathFactory, begun: Path, market: CannedMarket
) -> Workspace:
    root = tmp_path_factory.mktemp("undisturbed") / "w"
    shutil.copytree(begun, root)
    place = Workspace(root=root)
    run(place, served(market), market, whole(place))
    return place


@pytest.fixture
def place(tmp_path: Path, begun: Path) -> Workspace:
    shutil.copytree(begun, tmp_path / "w")
    return Workspace(root=tmp_path / "w")


def whole(place: Workspace, **changes: Any) -> UpdateRequest:
    wish: dict[str, Any] = {"everything": True, "needs": [str(item) for item in NEEDS]}
    wish |= {"sources": SOURCES, "start": START, **changes}
    request, broken = update_request(place, UpdateWish(**wish), today=NOW.date())
    assert broken == ()
    return request


def names(items: tuple[Listing, ...]) -> list[str]:
    return [item.id for item in items]


def run(place: Workspace, router: Router, market: CannedMarket, request: UpdateRequest) -> float:
    """Bring a workspace up to date; return how long the hosts made it wait."""
    time = FakeTime()
    with (
        outside(router, market),
        open_sources(place.data_cache, time.clock, Random(1)) as sources,
    ):
        update(
            place.data_cache,
            request,
            chains=sources.chains,
            wire=sources,
            clock=time.clock,
            progress=lambda done, total, label: None,
        )
    return time.slept


def tables(place: Workspace) -> dict[TableName, pa.Table]:
    with Store.open(place.data_cache) as store:
        return {name: store.read(name) for name in TABLES}


def stopping(router: Router, after: int) -> Router:
    class Stopped(Router):
        def send(self, request_: Any, timeout: Any) -> Any:
            if len(self.sent) == after:
                raise KeyboardInterrupt
            return super().send(request_, timeout)

    return Stopped(routes=router.routes)


def test_the_baskets_names_come_first_and_then_their_industries(place: Workspace) -> None:
    request = whole(place)
    ends = (0, *request.stages)
    parts = [names(request.listings[a:b]) for a, b in zip(ends, request.stages, strict=False)]
    assert parts == [
        ["000300.SH", "000630.SZ", "601899.SH"],
        ["688256.SH"],
        ["300857.SZ", "920002.BJ"],
    ]
    some = whole(place, everything=False, peers=True)
    assert names(some.listings) == parts[0] + parts[1]


def test_an_industry_of_a_later_day_wins_over_the_master(place: Workspace) -> None:
    columns = {
        "listing": ["688256.SH", "300857.SZ", "300857.SZ"],
        "valid_from": [date(2026, 1, 5), date(2020, 1, 2), date(2026, 1, 5)],
        "industry": ["算力", "算力", "铜"],
    }
    rows = make_rows(TableName.INDUSTRIES, columns, source="a.csv", fetched_at=NOW)
    with Store.create(place.data_cache) as store:
        store.commit(Batch(tables={TableName.INDUSTRIES: rows}), message="industries")
    found = names(whole(place, everything=False, peers=True).listings)
    assert found == ["000300.SH", "000630.SZ", "601899.SH", "300857.SZ"]


def test_peers_of_listings_are_refused(place: Workspace) -> None:
    with pytest.raises(InputError, match="--peers is for the names of baskets"):
        whole(place, everything=False, peers=True, listings=["600519.SH"])


@pytest.mark.parametrize("at", [4, 14])
@soaked
def test_a_stop_keeps_what_came_first_and_goes_on_to_the_same_tables(
    place: Workspace, undisturbed: Workspace, market: CannedMarket, at: int
) -> None:
    request = whole(place)
    with pytest.raises(KeyboardInterrupt):
        run(place, stopping(served(market), at), market, request)
    held = set(tables(place)[TableName.BARS]["listing"].to_pylist())
    order = names(request.listings)
    assert held == set(order[: len(held)])  # in the order in which they are asked, none left out
    assert len(held) >= at // 6
    run(place, served(market), market, request)
    expected, found = tables(undisturbed), tables(place)
    for name in TABLES:
        assert found[name].equals(expected[name]), name


def test_the_time_foretold_is_that_of_the_paces(
    place: Workspace, market: CannedMarket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duration, "_LATENCY", 0.0)  # the canned hosts answer at once
    duration.listing_seconds.cache_clear()
    request = whole(place, sources=(), needs=["bars", "valuation", "fundamentals"])
    found = forecast_update(place.data_cache, request, clock=FakeTime().clock)
    duration.listing_seconds.cache_clear()
    assert [item.n_listings for item in found.stages] == [3, 1, 2]
    assert sum(item.n_questions for item in found.stages) == sum(n for _, n in found.counts)
    slept = run(place, served(market), market, request)
    assert found.seconds == pytest.approx(slept, rel=0.35)


def test_ctrl_c_says_that_all_of_it_stays(
    place: Workspace, market: CannedMarket, monkeypatch: pytest.MonkeyPatch
) -> None:
    time = FakeTime()
    monkeypatch.setattr("screener.api._clock", lambda: time.clock)
    monkeypatch.setattr("screener.workflows.data.update.way_out", lambda: None)
    monkeypatch.setattr(update_command, "_WORTH_SAYING", 1)
    (place.baskets / "bad.toml").write_text("nonsense", encoding="utf-8")
    options = ["--all", "--from", f"{START}", "--only", "bars", "--workspace", str(place.root)]
    with outside(stopping(served(market), 22), market):
        ended = CliRunner().invoke(app, ["data", "update", *options])
    assert ended.exit_code == 130
    assert "Stopped: what was fetched is stored" in ended.stderr
    assert "in this order" in ended.stderr
    assert ended.stderr.count("bad.toml") == 1  # though it is planned first, and then done
    assert "601899.SH" in tables(place)[TableName.BARS]["listing"].to_pylist()


def test_a_dry_run_tells_the_parts_and_their_time(
    place: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("screener.api._clock", lambda: FakeTime().clock)
    planned = screener.open(place.root).update(everything=True, dry_run=True)
    assert [item.n_listings for item in planned.stages] == [3, 1, 2]
    assert all(item.seconds > 5 for item in planned.stages)


def asked_at(place: Workspace, router: Router, market: CannedMarket, day: int, **wish: Any) -> Any:
    """Bring Hong Kong's and Shanghai's names up to date on the evening of a day of May."""
    time = FakeTime(at=datetime(2026, 5, day, 12, tzinfo=UTC))
    listings = with_benchmarks([parse_listing("00700.HK"), parse_listing("601899.SH")])
    with (
        outside(router, market),
        open_sources(place.data_cache, time.clock, Random(1)) as sources,
    ):
        return update(
            place.data_cache,
            UpdateRequest(listings=listings, start=date(2026, 5, 4), **wish),
            chains=sources.chains,
            wire=sources,
            clock=time.clock,
            progress=lambda done, total, label: None,
        )


def test_eligibility_is_recorded_from_the_day_it_is_first_seen(
    tmp_path: Path, market: CannedMarket
) -> None:
    place, only = Workspace(root=tmp_path), {"needs": frozenset({Need.ELIGIBILITY})}
    first = asked_at(place, served(market), market, 18, **only)
    assert any("recorded as eligible" in text and "2026-05-18" in text for text in first.remarks)
    assert asked_at(place, served(market), market, 20, **only).outcomes == ()  # a week is enough
    router = served(market)
    rows = eastmoney_lists.eligible(market, without=["00700"])
    router.add("33.push2", eastmoney_lists._pages(rows))
    later = asked_at(place, router, market, 27, **only)
    assert later.failures == ()
    spells = {
        row["listing"]: (row["valid_from"], row["valid_to"])
        for row in tables(place)[TableName.ELIGIBILITY].to_pylist()
    }
    seen = date(2026, 5, 18)
    assert spells["00700.HK"] == (seen, seen)  # what came after it was last seen does not count
    assert spells["00001.HK"] == (seen, None)


def test_what_no_price_depends_on_fails_nothing_unless_it_is_named(
    tmp_path: Path, market: CannedMarket
) -> None:
    router = served(market).add("swsresearch", requests.exceptions.ConnectionError("closed"))
    place, only = Workspace(root=tmp_path), {"sources": frozenset({"shenwan"})}
    report = asked_at(place, router, market, 27, **only)
    assert Need.INDUSTRIES not in {item.need for item in report.failures}
    assert any("industries of SH: nobody gave it" in text for text in report.remarks)
    named = asked_at(place, router, market, 28, needs=frozenset({Need.INDUSTRIES}), **only)
    assert [item.need for item in named.failures] == [Need.INDUSTRIES]
