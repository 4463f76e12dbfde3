"""Vendors that correct, move, withdraw or garble what they told, and ranges asked out of order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from screener.data.lake.batch import Batch
from screener.data.lake.schema import TABLES, TableName
from screener.data.lake.store import Store
from screener.data.sources.online.registry import BREAKER_FILE, open_sources
from screener.data.sources.online.transport.protocol import Need
from screener.data.update.plan import UpdateRequest
from screener.data.update.run import update
from screener.data.update.session import UpdateReport
from screener.domain.listing import parse_listing
from screener.errors import SourceBlocked
from screener.language import Language, speaking
from screener.workspace.locate import Workspace
from tests.support.canned.everything import FakeTime, outside, served
from tests.support.canned.market import CannedMarket
from tests.support.latin import stray
from tests.workflow.test_updating import _adjusted

NAME = "601899.SH"
START = date(2025, 6, 2)
OWN = ("tencent", "sina", "cninfo", "eastmoney")
NEEDS = frozenset({Need.BARS, Need.ACTIONS, Need.RIGHTS})
DAY = datetime(2026, 5, 20, 12, tzinfo=UTC)
NEXT = datetime(2026, 5, 21, 12, tzinfo=UTC)
Change = Callable[[Batch], Batch]


@dataclass
class Twisted:
    """A source whose answers are changed on their way."""

    source: Any
    change: Change

    def __getattr__(self, name: str) -> Any:
        return getattr(self.source, name)

    def normalise(self, query: Any, payload: Any) -> Batch:
        return self.change(self.source.normalise(query, payload))


@dataclass
class Invented(Twisted):
    """A source whose answer is made here, and which asks nobody."""

    def fetch(self, query: Any) -> tuple[Any, ...]:
        return ()

    def normalise(self, query: Any, payload: Any) -> Batch:
        return self.change(Batch(tables={}))


@pytest.fixture(scope="module")
def market() -> CannedMarket:
    return CannedMarket.make(n_other=0, start=date(2025, 1, 2))


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    return Workspace(root=tmp_path)


def run(
    place: Workspace,
    market: CannedMarket,
    at: datetime = DAY,
    twists: dict[tuple[Need, str], Change] | None = None,
    **changes: Any,
) -> UpdateReport:
    time = FakeTime(at=at)
    asked = UpdateRequest(
        **{"listings": (parse_listing(NAME),), "start": START, "needs": NEEDS, **changes}
    )
    with (
        outside(served(market), market),
        open_sources(place.data_cache, time.clock, Random(1)) as sources,
    ):
        chains = {
            need: [
                (Invented if need is Need.RIGHTS else Twisted)(
                    item, (twists or {})[need, item.name]
                )
                if (need, item.name) in (twists or {})
                else item
                for item in chain
            ]
            for need, chain in sources.chains.items()
        }
        return update(
            place.data_cache,
            asked,
            chains=chains,  # type: ignore[arg-type]
            wire=sources,
            clock=time.clock,
            progress=lambda done, total, label: None,
        )


def rows(place: Workspace, table: TableName) -> list[dict[str, Any]]:
    with Store.open(place.data_cache) as store:
        if "listing" in TABLES[table].column_names:
            return store.read(table, listings=[NAME]).to_pylist()  # type: ignore[no-any-return]
        return store.read(table).to_pylist()  # type: ignore[no-any-return]


def edited(table: TableName, edit: Callable[[dict[str, Any]], dict[str, Any] | None]) -> Change:
    """Return a change that edits rows; `None` takes a row away."""

    def change(batch: Batch) -> Batch:
        given = batch.tables[table]
        made = [row for row in map(edit, given.to_pylist()) if row is not None]
        tables = {**batch.tables, table: pa.Table.from_pylist(made, schema=given.schema)}
        return replace(batch, tables=tables)

    return change


def blocked(_: Batch) -> Batch:
    raise SourceBlocked("down")


def truth(market: CannedMarket, until: date) -> list[date]:
    return [row["session"] for row in market.traded(NAME) if START <= row["session"] <= until]  # type: ignore[misc,operator]


def test_raw_prices_replace_adjusted_ones_whole(place: Workspace, market: CannedMarket) -> None:
    run(place, market)
    adjusted = _adjusted()
    adjusted = adjusted.set_column(0, "listing", pa.array([NAME]))
    adjusted = adjusted.set_column(1, "session", pa.array([truth(market, date(2026, 5, 20))[-1]]))
    with Store.create(place.data_cache) as store:
        whole = Batch(tables={TableName.BARS: adjusted}, replaces=frozenset({NAME}))
        store.commit(whole, message="a file")
    assert len(rows(place, TableName.BARS)) == 1
    run(place, market, NEXT, replace_adjusted=True)
    found = [row["session"] for row in rows(place, TableName.BARS)]
    assert found == truth(market, date(2026, 5, 21))


def test_a_shorter_history_replaces_nothing(place: Workspace, market: CannedMarket) -> None:
    adjusted = _adjusted().set_column(0, "listing", pa.array([NAME]))
    adjusted = adjusted.set_column(1, "session", pa.array([date(2025, 7, 1)]))
    with Store.create(place.data_cache) as store:
        store.commit(Batch(tables={TableName.BARS: adjusted}), message="a file")
    report = run(place, market, replace_adjusted=True, start=date(2026, 1, 5))
    assert report.failures
    assert "--from 2025-07-01" in str(report.failures[0].error)
    assert [row["source"] for row in rows(place, TableName.BARS)] == ["mine.csv"]


def test_a_plan_that_cannot_be_read_is_asked_of_the_next(
    place: Workspace, market: CannedMarket
) -> None:
    from screener.data.lake.batch import Reject

    bad = Reject(table=TableName.ACTIONS, file="cninfo", line=1, reason="cash 'n/a'", row="{}")

    def unreadable(batch: Batch) -> Batch:
        empty = batch.tables[TableName.ACTIONS].slice(0, 0)
        return replace(batch, tables={TableName.ACTIONS: empty}, rejects=(bad,))

    report = run(place, market, twists={(Need.ACTIONS, "cninfo"): unreadable})
    answer = next(item for item in report.outcomes if item.need is Need.ACTIONS)
    assert answer.source == "eastmoney"
    assert len(rows(place, TableName.ACTIONS)) == 1


def test_rights_and_dividend_of_one_day_are_told_together(
    place: Workspace, market: CannedMarket
) -> None:
    day = market.rows(TableName.ACTIONS, NAME)[-1]["ex_session"]

    def offered(batch: Batch) -> Batch:
        from screener.data.lake.rows import make_rows

        row = make_rows(
            TableName.ACTIONS,
            {"listing": [NAME], "ex_session": [day], "rights": [0.3], "rights_price": [5.0]},
            source="sina",
            fetched_at=DAY,
        )
        return Batch(tables={TableName.ACTIONS: row})

    # Sina tells of no rights issue in this market, so its answer is made here.
    twist = {(Need.RIGHTS, "sina"): offered}
    whole = run(place, market, twists=twist)
    assert whole.failures == ()
    before = rows(place, TableName.ACTIONS), rows(place, TableName.FACTORS)
    terms = {name: before[0][-1][name] for name in ("cash", "rights", "rights_price")}
    assert terms["cash"] > 0
    assert (terms["rights"], terms["rights_price"]) == (0.3, 5.0)
    for only in (Need.ACTIONS, Need.RIGHTS):
        run(place, market, NEXT, twist, needs=frozenset({only}))
        after = rows(place, TableName.ACTIONS)[-1]
        assert {name: after[name] for name in terms} == terms
    assert rows(place, TableName.FACTORS) == before[1]


def test_an_action_that_moves_is_not_counted_twice(place: Workspace, market: CannedMarket) -> None:
    run(place, market)
    (old,) = rows(place, TableName.ACTIONS)
    day = old["ex_session"]
    later = next(item for item in truth(market, date(2026, 5, 20)) if item > day)
    moved = edited(TableName.ACTIONS, lambda row: {**row, "ex_session": later})
    report = run(place, market, NEXT, {(Need.ACTIONS, "cninfo"): moved})
    assert [row["ex_session"] for row in rows(place, TableName.ACTIONS)] == [later]
    assert [row["ex_session"] for row in rows(place, TableName.FACTORS)] == [later]
    assert any("no longer tells" in text for text in report.remarks)


def test_another_source_does_not_overrule(place: Workspace, market: CannedMarket) -> None:
    run(place, market)
    before = rows(place, TableName.ACTIONS), rows(place, TableName.FACTORS)
    tenfold = edited(TableName.ACTIONS, lambda row: {**row, "cash": 10 * row["cash"]})
    twists = {(Need.ACTIONS, "cninfo"): blocked, (Need.ACTIONS, "eastmoney"): tenfold}
    report = run(place, market, NEXT, twists)
    assert (rows(place, TableName.ACTIONS), rows(place, TableName.FACTORS)) == before
    assert report.noted == 1
    (note,) = rows(place, TableName.QUARANTINE)
    assert "eastmoney says cash" in note["reason"]
    corrected = run(
        place, market, datetime(2026, 5, 22, 12, tzinfo=UTC), {(Need.ACTIONS, "cninfo"): tenfold}
    )
    assert any("cninfo corrected" in text for text in corrected.remarks)
    assert rows(place, TableName.ACTIONS)[0]["cash"] == pytest.approx(10 * before[0][0]["cash"])


def test_an_answer_without_any_action_erases_none(place: Workspace, market: CannedMarket) -> None:
    run(place, market)
    nothing = edited(TableName.ACTIONS, lambda row: None)
    report = run(place, market, NEXT, {(Need.ACTIONS, "cninfo"): nothing})
    assert "taken for a refusal" in str(report.failures[0].error)
    assert len(rows(place, TableName.ACTIONS)) == 1
    assert rows(place, TableName.BARS)[-1]["session"] == date(2026, 5, 20)


def test_an_ex_date_without_a_session_is_refused(place: Workspace, market: CannedMarket) -> None:
    saturday = edited(TableName.ACTIONS, lambda row: {**row, "ex_session": date(2025, 7, 5)})
    run(place, market, twists={(Need.ACTIONS, "cninfo"): saturday})
    assert rows(place, TableName.ACTIONS) == []
    assert "no session" in rows(place, TableName.QUARANTINE)[0]["reason"]


def test_ranges_asked_out_of_order_leave_no_hole(place: Workspace, market: CannedMarket) -> None:
    run(place, market, start=date(2026, 1, 5))
    run(place, market, start=START, end=date(2025, 7, 31))
    assert [row["session"] for row in rows(place, TableName.BARS)] == truth(
        market, date(2026, 5, 20)
    )
    run(place, market, NEXT, start=date(2026, 5, 21))
    assert [row["session"] for row in rows(place, TableName.BARS)] == truth(
        market, date(2026, 5, 21)
    )


def test_a_bad_tick_of_the_last_session_goes_again(place: Workspace, market: CannedMarket) -> None:
    last = date(2026, 5, 20)

    def tick(row: dict[str, Any]) -> dict[str, Any]:
        if row["session"] != last:
            return row
        return {**row, "high": 1.5 * row["close"], "close": 1.5 * row["close"]}

    twist = {(Need.BARS, "tencent"): edited(TableName.BARS, tick)}
    run(place, market, twists=twist)
    assert rows(place, TableName.BARS)[-1]["session"] == last
    run(place, market, NEXT, twist)
    assert [row["session"] for row in rows(place, TableName.BARS)] == [
        day for day in truth(market, date(2026, 5, 21)) if day != last
    ]
    run(place, market, datetime(2026, 5, 22, 12, tzinfo=UTC))
    assert [row["session"] for row in rows(place, TableName.BARS)] == truth(
        market, date(2026, 5, 22)
    )


def test_an_answer_that_fails_its_checks_is_no_answer(
    place: Workspace, market: CannedMarket
) -> None:
    swap = edited(TableName.BARS, lambda row: {**row, "high": row["low"], "low": row["high"]})
    report = run(place, market, twists={(Need.BARS, "tencent"): swap})
    assert "fail the checks" in str(report.failures[0].error)
    assert rows(place, TableName.BARS) == []
    assert [row for row in rows(place, TableName.FETCHES) if row["subject"] == NAME] == []
    run(place, market)
    assert len(rows(place, TableName.BARS)) == len(truth(market, date(2026, 5, 20)))


def test_a_hole_that_nobody_explains_is_told(place: Workspace, market: CannedMarket) -> None:
    gone = {date(2026, 3, 10), date(2026, 3, 11)}
    hole = edited(TableName.BARS, lambda row: None if row["session"] in gone else row)
    needs = NEEDS | {Need.SUSPENSIONS, Need.STATUS}
    report = run(place, market, twists={(Need.BARS, "tencent"): hole}, needs=needs)
    assert f"{NAME}: no bar and no recorded suspension on 2 sessions, first 2026-03-10" in (
        report.remarks
    )


def test_records_claim_what_landed(place: Workspace, market: CannedMarket) -> None:
    run(place, market)
    with Store.open(place.data_cache) as store:
        bars = store.read(TableName.BARS, listings=[NAME])
        records = {row["need"]: row for row in store.read(TableName.FETCHES).to_pylist()}
    assert records["bars"]["rows"] == bars.num_rows
    assert records["bars"]["last"] == pc.max(bars["session"]).as_py()
    assert records["actions"]["rows"] == 1


def test_two_sources_that_agree_leave_the_first_in_charge(
    place: Workspace, market: CannedMarket
) -> None:
    run(place, market)
    more = edited(TableName.BARS, lambda row: {**row, "volume": row["volume"] + 40})
    run(place, market, NEXT, {(Need.BARS, "tencent"): blocked, (Need.BARS, "sina"): more})
    stored = {row["session"]: row["source"] for row in rows(place, TableName.BARS)}
    assert stored[date(2026, 5, 20)] == "tencent"
    assert stored[date(2026, 5, 21)] == "sina"


def test_what_an_update_stores_is_the_same_in_any_language(
    tmp_path: Path, market: CannedMarket
) -> None:
    tenfold = edited(TableName.ACTIONS, lambda row: {**row, "cash": 10 * row["cash"]})
    last = date(2026, 5, 20)

    def tick(row: dict[str, Any]) -> dict[str, Any]:
        far = {"high": 1.5 * row["close"], "close": 1.5 * row["close"]}
        return {**row, **far} if row["session"] == last else row

    doubted = {(Need.BARS, "tencent"): edited(TableName.BARS, tick)}
    other = {(Need.ACTIONS, "cninfo"): blocked, (Need.ACTIONS, "eastmoney"): tenfold}
    stored = []
    for language in Language:
        place = Workspace(root=tmp_path / language)
        with speaking(language):
            told = [run(place, market, twists=doubted), run(place, market, NEXT, other)]
        with Store.open(place.data_cache) as store:
            tables = {name: store.read(name).to_pylist() for name in TABLES}
            stored.append((tables, store.content()))
        hosts = (place.data_cache / BREAKER_FILE).read_text(encoding="utf-8")
        assert hosts.isascii()
        assert tables[TableName.QUARANTINE]
        if language is Language.ZH:
            assert not [text for report in told for text in report.remarks if stray(text, OWN)]
    assert stored[0] == stored[1]
