"""A whole market's session by one list: what it settles, and when it may be asked."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import requests

from screener.data.lake.asof import AsOf
from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.data.sources.online.registry import open_sources
from screener.data.sources.online.transport.protocol import Need
from screener.data.update import session_list
from screener.data.update.forecast import forecast_update
from screener.data.update.plan import Question, UpdatePlan, UpdateRequest
from screener.data.update.planning import fetched_spans
from screener.data.update.run import update
from screener.data.update.session import UpdateReport
from screener.domain.listing import Listing
from screener.market.calendars import calendar_of
from screener.workflows.data.targets import with_benchmarks
from screener.workspace.locate import Workspace
from tests.support.canned import eastmoney_lists
from tests.support.canned.everything import FakeTime, outside, served
from tests.support.canned.market import CannedMarket
from tests.support.soaking import soaked
from tests.support.transport import Router, Sent

START = date(2026, 2, 2)
TODAY = date(2026, 5, 27)
BEFORE = datetime(2026, 5, 26, 12, tzinfo=UTC)  # 20:00 in Shanghai
EVENING = datetime(2026, 5, 27, 12, tzinfo=UTC)
SOURCES = frozenset(
    {"sina", "cninfo", "eastmoney", "baidu"}
)  # Tencent's replies take most of the time
BARS = frozenset({Need.BARS})
NEEDS = frozenset({Need.BARS, Need.INDEX_BARS, Need.VALUATION, Need.FUNDAMENTALS})
BAR = ("session", "open", "high", "low", "close", "volume")


@pytest.fixture(scope="module")
def market() -> CannedMarket:
    return CannedMarket.make(n_other=0, start=START)


@pytest.fixture(scope="module")
def names(market: CannedMarket) -> tuple[Listing, ...]:
    """Names that traded on the last three sessions of their exchanges."""
    return tuple(
        item
        for item in market.listings
        if [row["session"] for row in market.traded(item.id)[-3:]]
        == calendar_of(item.exchange).between(date(2026, 5, 20), TODAY)[-3:].tolist()
    )


@pytest.fixture(scope="module")
def yesterday(
    tmp_path_factory: pytest.TempPathFactory, market: CannedMarket, names: tuple[Listing, ...]
) -> Path:
    place = Workspace(root=tmp_path_factory.mktemp("yesterday"))
    report = run(place, served(market), market, names, BEFORE)
    assert report.failures == ()
    return place.root


@pytest.fixture(scope="module")
def evening(
    tmp_path_factory: pytest.TempPathFactory,
    yesterday: Path,
    market: CannedMarket,
    names: tuple[Listing, ...],
) -> tuple[Workspace, Router, UpdateReport]:
    """The mainland's names, their prices brought up to date on the evening of the day."""
    root = tmp_path_factory.mktemp("evening") / "w"
    shutil.copytree(yesterday, root)
    place, router = Workspace(root=root), served(market)
    with eastmoney_lists.small():
        return place, router, run(place, router, market, inland_of(names), EVENING, needs=BARS)


@pytest.fixture
def place(tmp_path: Path, yesterday: Path) -> Workspace:
    shutil.copytree(yesterday, tmp_path / "w")
    return Workspace(root=tmp_path / "w")


@pytest.fixture(autouse=True)
def _few() -> Iterator[None]:
    with eastmoney_lists.small():
        yield


def inland_of(names: Iterable[Listing]) -> tuple[Listing, ...]:
    return tuple(item for item in names if item.exchange.mainland)


def asked(names: tuple[Listing, ...], **changes: Any) -> UpdateRequest:
    chosen: dict[str, Any] = {"needs": NEEDS, "sources": SOURCES, "start": START}
    return UpdateRequest(listings=with_benchmarks(names), **(chosen | changes))


def run(
    place: Workspace,
    router: Router,
    market: CannedMarket,
    names: tuple[Listing, ...],
    at: datetime,
    **changes: Any,
) -> UpdateReport:
    time = FakeTime(at=at)
    with (
        outside(router, market),
        open_sources(place.data_cache, time.clock, Random(1)) as sources,
    ):
        return update(
            place.data_cache,
            asked(names, **changes),
            chains=sources.chains,
            wire=sources,
            clock=time.clock,
            progress=lambda done, total, label: None,
        )


def rows(place: Workspace, table: TableName) -> pa.Table:
    with Store.open(place.data_cache) as store:
        return store.read(table)


def stored_bars(place: Workspace, name: str) -> list[tuple[Any, ...]]:
    bars = rows(place, TableName.BARS)
    own = bars.filter(pc.equal(bars["listing"], name)).to_pylist()
    return [tuple(row[field] for field in BAR) for row in own]


def true_bars(market: CannedMarket, name: str, until: date = TODAY) -> list[tuple[Any, ...]]:
    traded = [row for row in market.traded(name) if row["session"] <= until]
    return [tuple(row[field] for field in BAR) for row in traded]


def lists_sent(router: Router) -> list[Sent]:
    return [sent for sent in router.sent if "clist" in sent.url and "push2." in sent.url]


def names_sent(router: Router, names: Iterable[Listing]) -> list[Sent]:
    """Requests that ask about some securities by their codes."""
    codes = [item.code for item in names]
    return [sent for sent in router.sent if any(code in sent.url + sent.body for code in codes)]


def test_one_list_settles_the_day_of_the_mainland(
    evening: tuple[Workspace, Router, UpdateReport],
    market: CannedMarket,
    names: tuple[Listing, ...],
) -> None:
    place, router, report = evening
    inland = inland_of(names)
    assert len(inland) > 2
    assert not any(
        row["ex_session"] == TODAY
        for item in inland
        for row in market.rows(TableName.ACTIONS, item.id)
    )
    assert report.failures == ()
    assert len(lists_sent(router)) == 2  # pages of 100
    for item in inland:
        assert stored_bars(place, item.id) == true_bars(market, item.id)
    values = rows(place, TableName.VALUATION).to_pylist()
    found = {row["listing"]: row for row in values if row["session"] == TODAY}
    for item in inland:
        days = market.rows(TableName.VALUATION, item.id)
        (truth,) = [row for row in days if row["session"] == TODAY]
        for field in ("market_cap", "float_cap", "pb"):
            assert found[item.id][field] == pytest.approx(truth[field], rel=1e-12)
    assert names_sent(router, inland) == []


def test_afterwards_nothing_is_left_to_ask_that_evening(
    evening: tuple[Workspace, Router, UpdateReport],
    market: CannedMarket,
    names: tuple[Listing, ...],
) -> None:
    place, _, _ = evening
    again = served(market)
    report = run(place, again, market, inland_of(names), EVENING.replace(hour=14), needs=BARS)
    assert again.sent == []
    assert report.after == report.before


@soaked
def test_it_equals_an_update_name_by_name(
    place: Workspace,
    yesterday: Path,
    tmp_path: Path,
    market: CannedMarket,
    names: tuple[Listing, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run(place, served(market), market, names, EVENING)
    shutil.copytree(yesterday, tmp_path / "singly")
    singly = Workspace(root=tmp_path / "singly")
    monkeypatch.setattr(session_list, "MANY", 10**6)
    router = served(market)
    run(singly, router, market, names, EVENING)
    assert lists_sent(router) == []
    for table in (TableName.BARS, TableName.ACTIONS, TableName.FACTORS):
        drop = ["source", "fetched_at", *(["amount"] if table is TableName.BARS else [])]
        assert rows(place, table).drop_columns(drop).equals(rows(singly, table).drop_columns(drop))
    amounts = [rows(item, TableName.BARS)["amount"].fill_null(0) for item in (place, singly)]
    np.testing.assert_allclose(amounts[0], amounts[1], rtol=1e-6)  # vendors round them
    assert rows(place, TableName.QUARANTINE).num_rows == 0


@pytest.mark.parametrize(
    "at",
    [
        datetime(2026, 5, 27, 3, 35, tzinfo=UTC),  # the noon break: half a session
        datetime(2026, 5, 27, 7, 40, tzinfo=UTC),  # 15:40: over, but vendors are late
        datetime(2026, 5, 27, 23, 30, tzinfo=UTC),  # 07:30 on the next day: nothing tells the day
    ],
    ids=["noon", "too early", "next morning"],
)
def test_it_is_asked_after_the_close_and_on_the_day_alone(
    place: Workspace, market: CannedMarket, names: tuple[Listing, ...], at: datetime
) -> None:
    inland = inland_of(names)[:2]
    router = served(market)
    run(place, router, market, inland, at)
    assert lists_sent(router) == []


def test_a_list_of_another_session_is_never_taken(
    place: Workspace, market: CannedMarket, names: tuple[Listing, ...]
) -> None:
    inland = inland_of(names)
    router = served(market)
    eastmoney_lists.serve(router, market, date(2026, 5, 26))
    report = run(place, router, market, inland, EVENING, needs=BARS)
    assert lists_sent(router)
    assert any("previous closes" in text for text in report.remarks)
    for item in inland:  # each was asked by itself
        assert stored_bars(place, item.id) == true_bars(market, item.id)


def test_a_list_that_fails_leaves_the_names_to_themselves(
    place: Workspace, market: CannedMarket, names: tuple[Listing, ...]
) -> None:
    inland = inland_of(names)[:3]
    router = served(market)
    router.add("82.push2", requests.exceptions.ConnectionError("closed without response"))
    report = run(place, router, market, inland, EVENING, needs=BARS)
    assert report.failures == ()
    assert len(lists_sent(router)) == 1
    assert any("was not used" in text for text in report.remarks)
    for item in inland:
        assert stored_bars(place, item.id) == true_bars(market, item.id)


def test_a_name_with_another_previous_close_is_asked_by_itself(
    place: Workspace,
    market: CannedMarket,
    names: tuple[Listing, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(session_list, "_AGREEING", 0.5)
    inland = inland_of(names)
    chosen = inland[0]
    router = served(market)
    listed = eastmoney_lists.listed(market, TODAY, mainland=True)
    for row in listed:
        if row["f12"] == chosen.code:
            row["f18"] = round(row["f18"] - 0.5, 2)
    router.add("82.push2", eastmoney_lists._pages(listed))
    report = run(place, router, market, inland, EVENING, needs=BARS)
    assert report.failures == ()
    assert any("kl" in item.url for item in names_sent(router, [chosen]))
    assert not told_by(place)[chosen.id].endswith(" list")
    assert told_by(place)[inland[1].id].endswith(" list")
    assert stored_bars(place, chosen.id) == true_bars(market, chosen.id)


def told_by(place: Workspace) -> dict[str, str]:
    """Who answered last about bars, by listing."""
    fetches = rows(place, TableName.FETCHES).to_pylist()
    return {row["subject"]: row["source"] for row in fetches if row["need"] == "bars"}


def test_who_did_not_trade_is_asked_by_itself(
    place: Workspace, market: CannedMarket, names: tuple[Listing, ...]
) -> None:
    inland = inland_of(names)
    chosen = inland[0]
    router = served(market)
    listed = eastmoney_lists.listed(market, TODAY, mainland=True)
    for row in listed:
        if row["f12"] == chosen.code:
            row.update(dict.fromkeys(("f5", "f6", "f15", "f16", "f17"), "-"), f2=row["f18"])
    router.add("82.push2", eastmoney_lists._pages(listed))
    report = run(place, router, market, inland, EVENING, needs=BARS)
    assert names_sent(router, [chosen])
    assert not told_by(place)[chosen.id].endswith(" list")
    assert told_by(place)[inland[1].id].endswith(" list")
    assert any("1 name of SH is not settled" in text for text in report.remarks)


def test_hong_kong_waits_for_each_names_actions(
    place: Workspace, market: CannedMarket, names: tuple[Listing, ...]
) -> None:
    abroad = tuple(item for item in names if not item.exchange.mainland)
    assert abroad
    router = served(market)
    report = run(place, router, market, abroad, EVENING, needs=BARS)
    assert report.failures == ()
    actions = [sent for sent in router.sent if "emweb" in sent.url or "RPT_HKF10" in sent.url]
    assert actions
    for item in abroad:
        assert stored_bars(place, item.id) == true_bars(market, item.id)


def test_what_would_be_asked_counts_the_list_once(
    place: Workspace, names: tuple[Listing, ...]
) -> None:
    inland = inland_of(names)
    clock = FakeTime(at=EVENING).clock
    counts = dict(forecast_update(place.data_cache, asked(inland), clock=clock).counts)
    assert counts[Need.SESSION_LIST] == 1
    assert Need.BARS not in counts
    assert Need.ACTIONS not in counts


@pytest.mark.parametrize(("days", "waits"), [(0, True), (5, True), (7, False)])
def test_the_other_answers_wait_for_a_week(
    evening: tuple[Workspace, Router, UpdateReport],
    names: tuple[Listing, ...],
    days: int,
    waits: bool,
) -> None:
    listing = inland_of(names)[0]
    known = fetched_spans(rows(evening[0], TableName.FETCHES))
    before = EVENING - timedelta(days=days)
    aged = {
        key: item if key[0] is Need.BARS else replace(item, fetched_at=before, asked_to=START)
        for key, item in known.items()
    }
    plan = UpdatePlan(request=asked((listing,), needs=frozenset()), started=EVENING, known=aged)
    for need in (Need.ACTIONS, Need.FUNDAMENTALS, Need.VALUATION):
        question = Question(need=need, exchange=listing.exchange, listing=listing)
        assert (plan.ask(question) is None) == waits
    named = UpdatePlan(request=asked((listing,)), started=EVENING, known=aged)
    question = Question(need=Need.VALUATION, exchange=listing.exchange, listing=listing)
    assert named.ask(question) is not None  # who names it gets it


def test_a_multiple_that_the_list_lacks_is_the_last_one_told(
    evening: tuple[Workspace, Router, UpdateReport],
    market: CannedMarket,
    names: tuple[Listing, ...],
) -> None:
    with Store.open(evening[0].data_cache) as store:
        found = AsOf.after_close(store, TODAY).valuation().to_pylist()
    told = {row["listing"]: row for row in found}
    for item in inland_of(names):
        days = market.rows(TableName.VALUATION, item.id)
        (today,) = [row for row in days if row["session"] == TODAY]
        before = next(row for row in reversed(days) if row["session"] < TODAY)
        row = told[item.id]
        assert row["session"] == TODAY
        assert row["market_cap"] == pytest.approx(today["market_cap"])
        assert row["pb"] == pytest.approx(today["pb"])
        assert row["pe_ttm"] == before["pe_ttm"]
        assert row["ps_ttm"] == before["ps_ttm"]
