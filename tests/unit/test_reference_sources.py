"""Listings, names, calendar, fixings, profiles and suspensions, through akshare's own code."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

import akshare
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screener.data.lake.batch import Batch
from screener.data.lake.rows import make_rows
from screener.data.lake.schema import TABLES, TableName
from screener.data.sources.online.observed import day_of, first_observed
from screener.data.sources.online.providers.calendars import SinaCalendar
from screener.data.sources.online.providers.exchanges import (
    BseMaster,
    SinaRenames,
    SseDelisted,
    SseMaster,
    SzseDelisted,
    SzseMaster,
    SzseRenames,
)
from screener.data.sources.online.providers.fx import BocFx, EastmoneyFx
from screener.data.sources.online.providers.hk_master import (
    EastmoneyHkProfile,
    SinaHkMaster,
)
from screener.data.sources.online.providers.suspensions import EastmoneySuspensions
from screener.data.sources.online.transport.protocol import (
    Ask,
    Call,
    Need,
    OnlineSource,
    Page,
    Query,
)
from screener.domain.listing import Exchange, parse_listing
from screener.errors import SourceChanged, SourceEmpty, SourceError
from screener.market.calendars import calendar_of
from tests.support.canned import calendars, exchanges, fx, hk_master, suspensions
from tests.support.canned.market import CannedMarket
from tests.support.laws import laws
from tests.support.transport import Router, offline
from tests.support.wire_clock import FakeClock, make_wire

AT = datetime(2026, 5, 27, 17, 30, tzinfo=UTC)  # past midnight in Shanghai
TODAY = date(2026, 5, 28)
START, END = date(2024, 3, 1), date(2026, 5, 27)
Payload = tuple[pd.DataFrame | str, ...]
Kind = Callable[[Any], OnlineSource]


class PlainWire:
    """A wire without limiter: what the daily cap of a host would not let through."""

    def akshare(self, call: Call, *, due: bool) -> pd.DataFrame:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            frame: pd.DataFrame = getattr(akshare, call.function)(**call.arguments)
        return frame

    def page(self, page: Page) -> str:
        raise NotImplementedError


@dataclass
class Outside:
    """The canned outside, and what akshare made of it."""

    market: CannedMarket
    router: Router
    seen: dict[tuple[object, str], tuple[Query, Payload]] = field(default_factory=dict)

    def fetch(self, kind: Kind, ask: Ask, router: Router | None = None) -> tuple[Query, Payload]:
        wire, _ = make_wire(FakeClock())
        source = kind(wire)
        query = source.build_query(ask)
        with offline(router or self.router):
            return query, source.fetch(query)

    def payload(self, kind: Kind, ask: Ask) -> tuple[Query, Payload]:
        """Fetch once; the frames are copies, to be changed by a test."""
        key = (kind, repr(ask))
        if key not in self.seen:
            self.seen[key] = self.fetch(kind, ask)
        query, payload = self.seen[key]
        return query, copy.deepcopy(payload)

    def batch(self, kind: Kind, ask: Ask) -> Batch:
        query, payload = self.payload(kind, ask)
        return kind(None).normalise(query, payload)

    def with_route(self, fragment: str, answer: Any) -> Router:
        return Router(routes=[*self.router.routes]).add(fragment, answer)

    def row(self, table: TableName, listing: str) -> dict[str, Any]:
        (row,) = self.market.rows(table, listing)
        return row


@pytest.fixture(scope="module")
def outside() -> Outside:
    market, router = CannedMarket.make(n_other=45), Router()
    for vendor in (calendars, exchanges, fx, hk_master, suspensions):
        vendor.serve(router, market)
    return Outside(market, router)


def ask_for(need: Need, about: Exchange | str, **changes: Any) -> Ask:
    listing = None if isinstance(about, Exchange) else parse_listing(about)
    exchange = listing.exchange if listing else about
    ask = Ask(
        need=need,
        start=START,
        end=END,
        fetched_at=AT,
        listing=listing,
        exchange=exchange,  # type: ignore[arg-type]
    )
    return replace(ask, **changes)


def frame_in(payload: Payload) -> pd.DataFrame:
    frame = payload[0]
    assert isinstance(frame, pd.DataFrame)
    return frame


def rows_of(batch: Batch, table: TableName) -> list[dict[str, Any]]:
    rows = batch.tables[table]
    assert rows.column_names == list(TABLES[table].column_names)
    assert rows.num_rows == len(
        {tuple(row[key] for key in TABLES[table].key) for row in rows.to_pylist()}
    )
    found: list[dict[str, Any]] = rows.to_pylist()
    return found


def by_listing(batch: Batch, table: TableName) -> dict[str, dict[str, Any]]:
    return {row["listing"]: row for row in rows_of(batch, table)}


MASTERS = [
    (SseMaster, Exchange.SH, False),
    (SzseMaster, Exchange.SZ, True),
    (BseMaster, Exchange.BJ, True),
    (SinaHkMaster, Exchange.HK, False),
]


def check_master(outside: Outside, batch: Batch, exchange: Exchange, *, industry: bool) -> None:
    listings, names = by_listing(batch, TableName.LISTINGS), by_listing(batch, TableName.NAMES)
    own = [item for item in outside.market.listings if item.exchange is exchange]
    assert own
    assert not batch.rejects
    for item in own:
        truth = outside.row(TableName.LISTINGS, item.id)
        if truth["delist_date"] is not None:
            assert item.id not in listings
            continue
        found = listings[item.id]
        for column in ("kind", "board", "currency", "delist_date"):
            assert found[column] == truth[column]
        if exchange is not Exchange.HK:
            assert found["list_date"] == truth["list_date"]
        assert found["industry"] == (truth["industry"] if industry else None)
        assert found["fetched_at"] == AT
        assert names[item.id]["name"] == outside.market.name(item.id)
        assert names[item.id]["valid_from"] == TODAY


@pytest.mark.parametrize(("kind", "exchange", "industry"), MASTERS)
def test_a_master_tells_the_listings_and_todays_names(
    outside: Outside, kind: Kind, exchange: Exchange, industry: bool
) -> None:
    batch = outside.batch(kind, ask_for(Need.MASTER, exchange))
    check_master(outside, batch, exchange, industry=industry)


def test_hong_kong_has_english_names_and_no_first_days(outside: Outside) -> None:
    batch = outside.batch(SinaHkMaster, ask_for(Need.MASTER, Exchange.HK))
    listings = by_listing(batch, TableName.LISTINGS)
    assert listings["00700.HK"]["name_en"] == hk_master.english("00700")
    assert listings["00700.HK"]["list_date"] is None
    assert batch.remarks == ()  # it never tells them


@pytest.mark.parametrize(("kind", "exchange", "industry"), MASTERS)
def test_a_truncated_changed_or_empty_list_is_never_stored(
    outside: Outside, kind: Kind, exchange: Exchange, industry: bool
) -> None:
    query, payload = outside.payload(kind, ask_for(Need.MASTER, exchange))
    frame, source = frame_in(payload), kind(None)
    with pytest.raises(SourceChanged, match=r"fewer than .*truncated") as truncated:
        source.normalise(query, (frame.head(90), *payload[1:]))
    assert "lower floor in" in truncated.value.fix
    with pytest.raises(SourceChanged, match="no longer sends") as changed:
        source.normalise(query, (frame.iloc[:, :1], *payload[1:]))
    assert "correct the columns in" in changed.value.fix
    with pytest.raises(SourceEmpty, match="no rows"):
        source.normalise(query, (pd.DataFrame(), *payload[1:]))


def test_a_full_last_page_of_hong_kong_is_a_cut(outside: Outside) -> None:
    query, payload = outside.payload(SinaHkMaster, ask_for(Need.MASTER, Exchange.HK))
    frame = pd.concat([frame_in(payload)] * 3, ignore_index=True).head(5940)
    with pytest.raises(SourceChanged, match="5940 are all it can hold"):
        SinaHkMaster(PlainWire()).normalise(query, (frame,))


def test_both_lists_of_shanghai_are_asked_for_and_each_must_be_whole(outside: Outside) -> None:
    query, payload = outside.payload(SseMaster, ask_for(Need.MASTER, Exchange.SH))
    assert [call.arguments for call in query.calls if isinstance(call, Call)] == [
        {"symbol": "主板A股"},
        {"symbol": "科创板"},
    ]
    main, star = payload
    assert isinstance(star, pd.DataFrame)
    with pytest.raises(SourceChanged, match="sent 499 rows, fewer than 500"):
        SseMaster(PlainWire()).normalise(query, (main, star.head(499)))


def test_each_source_names_its_hosts() -> None:
    assert SseMaster.hosts == ("query.sse.com.cn",)
    assert SzseRenames.hosts == SzseMaster.hosts == ("www.szse.cn",)
    assert SinaHkMaster.hosts == SinaRenames.hosts == ("vip.stock.finance.sina.com.cn",)


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        ({"result": []}, SourceError),
        ({"result": [{"CODE": "600000"}]}, SourceChanged),
        ("<html>404</html>", SourceError),
    ],
)
def test_a_broken_reply_of_an_exchange_is_a_source_error(
    outside: Outside, reply: Any, error: type[SourceError]
) -> None:
    router = outside.with_route("sseQuery/commonQuery.do", reply)
    with pytest.raises(error):
        outside.fetch(SseMaster, ask_for(Need.MASTER, Exchange.SH), router)


def test_an_update_never_gets_the_answer_of_an_earlier_one(outside: Outside) -> None:
    ask = ask_for(Need.MASTER, Exchange.SH)
    outside.fetch(SseMaster, ask)
    with pytest.raises(SourceError):
        outside.fetch(SseMaster, ask, Router())


def test_names_lose_their_padding_and_keep_their_wide_letters(outside: Outside) -> None:
    query, payload = outside.payload(SzseMaster, ask_for(Need.MASTER, Exchange.SZ))
    frame = frame_in(payload)
    frame.loc[frame["A股代码"] == "300857", "A股简称"] = " 万  科Ａ "
    batch = SzseMaster(PlainWire()).normalise(query, (frame,))
    assert by_listing(batch, TableName.NAMES)["300857.SZ"]["name"] == "万科Ａ"


def test_rows_that_cannot_be_read_are_rejected_and_the_rest_stays(outside: Outside) -> None:
    query, payload = outside.payload(SzseMaster, ask_for(Need.MASTER, Exchange.SZ))
    frame = frame_in(payload)
    frame.loc[0, "A股代码"] = "600000"
    frame.loc[1, "A股代码"] = ""
    frame.loc[2, "A股上市日期"] = "soon"
    frame.loc[3, "A股代码"] = frame.loc[4, "A股代码"]
    frame.loc[5, ["A股简称", "A股上市日期"]] = None
    batch = SzseMaster(PlainWire()).normalise(query, (frame,))
    assert [item.line for item in batch.rejects] == [1, 2, 3, 5]
    assert [item.file for item in batch.rejects] == ["szse SZ master"] * 4
    reasons = [item.reason for item in batch.rejects]
    assert "a code of SH, not of SZ" in reasons[0]
    assert "is not a listing code" in reasons[1]
    assert reasons[2] == "list_date 'soon' is no date"
    assert reasons[3].endswith("comes twice")
    assert f'"code": "{frame.loc[2, "A股代码"]}"' in batch.rejects[2].row
    assert '"list_date": "soon"' in batch.rejects[2].row
    assert len(rows_of(batch, TableName.LISTINGS)) == len(frame) - 4
    assert len(rows_of(batch, TableName.NAMES)) == len(frame) - 5
    assert batch.remarks == (
        "1 listings have no name",
        "1 listings have no first trading day",
    )


def test_hong_kongs_types_counters_and_currencies(outside: Outside) -> None:
    query, payload = outside.payload(SinaHkMaster, ask_for(Need.MASTER, Exchange.HK))
    frame = frame_in(payload)
    frame.loc[0, "交易类型"] = "WRNT"
    frame.loc[1, "交易类型"] = "TRST"
    frame.loc[2, "代码"] = "82800"
    frame.loc[3, ["代码", "英文名称"]] = ["09834", "SAMPLE-U"]
    batch = SinaHkMaster(PlainWire()).normalise(query, (frame,))
    assert [item.reason for item in batch.rejects] == ["its type 'WRNT' is no stock or fund"]
    listings = by_listing(batch, TableName.LISTINGS)
    assert listings[f"{frame.loc[1, '代码']}.HK"]["kind"] == "fund"
    assert listings["82800.HK"]["currency"] == "CNY"
    assert listings["09834.HK"]["currency"] == "USD"
    assert listings["00700.HK"]["currency"] == "HKD"


LEFT = [(SseDelisted, Exchange.SH, "暂停上市日期"), (SzseDelisted, Exchange.SZ, "终止上市日期")]


@pytest.mark.parametrize(("kind", "exchange", "column"), LEFT)
def test_listings_that_left_say_when(
    outside: Outside, kind: Kind, exchange: Exchange, column: str
) -> None:
    query, payload = outside.payload(kind, ask_for(Need.DELISTED, exchange))
    batch = kind(None).normalise(query, payload)
    listings, names = by_listing(batch, TableName.LISTINGS), by_listing(batch, TableName.NAMES)
    truth = {
        row["listing"]: row
        for row in outside.market.tables[TableName.LISTINGS].to_pylist()
        if row["delist_date"] is not None and row["listing"].endswith(f".{exchange}")
    }
    assert truth
    assert truth.keys() < listings.keys()
    for name, row in truth.items():
        assert listings[name]["list_date"] == row["list_date"]
        assert listings[name]["delist_date"] == row["delist_date"]
        assert names[name]["valid_from"] == row["delist_date"]
        assert names[name]["name"] == outside.market.name(name)
    frame = frame_in(payload)
    frame[column] = None
    refused = kind(None).normalise(query, (frame,)).rejects
    assert {item.reason for item in refused} == {"it left, and nothing tells when"}


def test_a_full_page_of_leavers_is_a_cut_list(outside: Outside) -> None:
    query, payload = outside.payload(SseDelisted, ask_for(Need.DELISTED, Exchange.SH))
    row = frame_in(payload).head(1)
    full = pd.concat([row] * 500, ignore_index=True)
    with pytest.raises(SourceChanged, match="500 are all it can hold") as error:
        SseDelisted(PlainWire()).normalise(query, (full,))
    assert "screener data import" in error.value.fix


def test_renames_are_dated_and_the_first_name_is_left_out(outside: Outside) -> None:
    batch = outside.batch(SzseRenames, ask_for(Need.RENAMES, Exchange.SZ))
    found = {
        (row["listing"], row["valid_from"]): row["name"] for row in rows_of(batch, TableName.NAMES)
    }
    truth = {}
    renamed = 0
    for listing in outside.market.listings:
        names = outside.market.rows(TableName.NAMES, listing.id)
        if listing.exchange is Exchange.SZ and len(names) > 1:
            renamed += 1
            for row in names[1:]:
                truth[listing.id, row["valid_from"]] = exchanges.name(row)
    assert renamed > 1
    assert {key: name for key, name in found.items() if key[0] != "002001.SZ"} == truth
    assert not batch.rejects
    text = f"{renamed + 1} former names are left out: nothing tells since when they were borne"
    assert batch.remarks == (text,)


def renames(outside: Outside, *changes: tuple[date | None, str, str]) -> Batch:
    query, _ = outside.payload(SzseRenames, ask_for(Need.RENAMES, Exchange.SZ))
    frame = pd.DataFrame(
        [(day, "000630", "x", before, after) for day, before, after in changes],
        columns=["变更日期", "证券代码", "证券简称", "变更前简称", "变更后简称"],
    )
    return SzseRenames(PlainWire()).normalise(query, (frame,))


def named(batch: Batch) -> list[tuple[date, str]]:
    return [(row["valid_from"], row["name"]) for row in rows_of(batch, TableName.NAMES)]


FIRST, SECOND, THIRD = date(2021, 5, 6), date(2022, 5, 5), date(2023, 5, 4)


def test_renames_come_in_any_order_and_names_come_back(outside: Outside) -> None:
    batch = renames(
        outside, (THIRD, "*ST甲", "甲"), (FIRST, "甲", "ＳＴ甲"), (SECOND, "ST甲", "*ST甲")
    )
    assert named(batch) == [(FIRST, "ＳＴ甲"), (SECOND, "*ST甲"), (THIRD, "甲")]
    assert batch.remarks[0].startswith("1 former names")


def test_a_name_that_no_change_tells_of_is_not_dated(outside: Outside) -> None:
    batch = renames(outside, (FIRST, "甲", "乙"), (THIRD, "丙", "丁"))
    assert named(batch) == [(FIRST, "乙"), (THIRD, "丁")]
    assert batch.remarks[0].startswith("2 former names")


def test_two_renames_on_one_day_leave_the_last(outside: Outside) -> None:
    batch = renames(outside, (FIRST, "乙", "丙"), (FIRST, "甲", "乙"))
    assert named(batch) == [(FIRST, "丙")]
    assert [(item.line, item.reason) for item in batch.rejects] == [
        (2, "another change of name on the same day")
    ]


def test_a_rename_without_a_day_is_rejected(outside: Outside) -> None:
    batch = renames(outside, (None, "甲", "乙"), (FIRST, "乙", "丙"))
    assert named(batch) == [(FIRST, "丙")]
    assert [item.reason for item in batch.rejects] == [
        "a change of name needs its day and the new name"
    ]


def test_undated_former_names_are_rejected_one_by_one(outside: Outside) -> None:
    ask = ask_for(Need.RENAMES, "605133.SH")
    query, payload = outside.payload(SinaRenames, ask)
    batch = SinaRenames(PlainWire()).normalise(query, payload)
    (reject,) = batch.rejects
    assert not batch.tables
    assert (reject.table, reject.file, reject.line) == (TableName.NAMES, "sina 605133.SH", 1)
    assert reject.reason == "former name without a date"
    assert reject.listing == "605133.SH"
    truth = outside.market.rows(TableName.NAMES, "605133.SH")
    assert f'"{exchanges.name(truth[0])}"' in reject.row
    longer = pd.concat([frame_in(payload)] * 3, ignore_index=True)
    lines = [item.line for item in SinaRenames(PlainWire()).normalise(query, (longer,)).rejects]
    assert lines == [1, 2, 3]
    assert SinaRenames(PlainWire()).normalise(query, (pd.DataFrame(),)).rejects == ()


def test_a_listing_without_former_names_is_an_empty_answer(outside: Outside) -> None:
    with pytest.raises(SourceEmpty):
        outside.fetch(SinaRenames, ask_for(Need.RENAMES, "601899.SH"))
    router = outside.with_route("vCI_CorpInfo", "<html><body>no tables</body></html>")
    with pytest.raises(SourceChanged):
        outside.fetch(SinaRenames, ask_for(Need.RENAMES, "601899.SH"), router)
    with pytest.raises(SourceEmpty, match="one listing at a time"):
        SinaRenames(PlainWire()).build_query(ask_for(Need.RENAMES, Exchange.SH))


def test_shifted_columns_are_a_change_and_not_thousands_of_bad_rows(outside: Outside) -> None:
    query, payload = outside.payload(BseMaster, ask_for(Need.MASTER, Exchange.BJ))
    frame = frame_in(payload)
    shifted = frame.assign(证券代码=frame["证券简称"], 证券简称=frame["证券代码"])
    with pytest.raises(SourceChanged, match="250 of 250 rows cannot be read") as error:
        BseMaster(PlainWire()).normalise(query, (shifted,))
    assert "correct the columns in" in error.value.fix
    rows = [suspensions.halt(f"00063{place}", MONDAY, MONDAY, "公告") for place in range(5)]
    with pytest.raises(SourceChanged, match="5 of 5 rows cannot be read"):
        halts(outside, halts_ask(MONDAY, MONDAY), *rows)
    _, payload = outside.payload(BocFx, fx_ask())
    blank = frame_in(payload).assign(央行中间价=None)
    with pytest.raises(SourceChanged, match="rows cannot be read"):
        BocFx(PlainWire()).normalise(Query(ask=fx_ask(), calls=()), (blank,))


@pytest.mark.parametrize("exchange", [Exchange.SH, Exchange.SZ, Exchange.BJ])
def test_the_calendar_is_the_one_we_know(outside: Outside, exchange: Exchange) -> None:
    whole = ask_for(Need.CALENDAR, Exchange.SH, start=date(1990, 1, 1), end=date(2030, 1, 1))
    query, payload = outside.payload(SinaCalendar, whole)
    query = replace(query, ask=replace(query.ask, exchange=exchange))
    batch = SinaCalendar(PlainWire()).normalise(query, payload)
    rows = rows_of(batch, TableName.CALENDAR)
    known = calendar_of(exchange)
    # One session of 1992 that the vendor lacks and the wrapper adds: it must not come twice.
    assert [row["session"] for row in rows] == known.sessions.tolist()
    assert {row["exchange"] for row in rows} == {str(exchange)}
    assert {row["half_day"] for row in rows} == {None}
    assert batch.remarks == (
        f"the calendar ends on {known.last}, before 2030-01-01: what follows is not known",
    )


def test_the_calendar_is_cut_to_the_asked_days(outside: Outside) -> None:
    batch = outside.batch(SinaCalendar, ask_for(Need.CALENDAR, Exchange.SH))
    rows = rows_of(batch, TableName.CALENDAR)
    assert [row["session"] for row in rows] == calendar_of(Exchange.SH).between(START, END).tolist()
    assert batch.remarks == ()


def test_a_broken_calendar_is_refused(outside: Outside) -> None:
    query, payload = outside.payload(SinaCalendar, ask_for(Need.CALENDAR, Exchange.SH))
    frame, source = frame_in(payload), SinaCalendar(PlainWire())
    with pytest.raises(SourceChanged, match="truncated"):
        source.normalise(query, (frame.head(700),))
    with pytest.raises(SourceChanged, match="no longer sends trade_date"):
        source.normalise(query, (frame.rename(columns={"trade_date": "day"}),))
    with pytest.raises(SourceChanged, match="session 'soon' is no date"):
        source.normalise(query, (frame.astype(object).replace({frame.iloc[5, 0]: "soon"}),))
    with pytest.raises(SourceError):
        outside.fetch(SinaCalendar, query.ask, outside.with_route("klc_td_sh.txt", "busy"))


def fx_ask(**changes: Any) -> Ask:
    return ask_for(Need.FX, Exchange.HK, **{"pair": "HKDCNY", **changes})


@pytest.mark.parametrize("kind", [BocFx, EastmoneyFx])
def test_fixings_are_yuan_for_one_dollar(outside: Outside, kind: Kind) -> None:
    batch = outside.batch(kind, fx_ask())
    rows = rows_of(batch, TableName.FX)
    truth = [item for item in fx.fixings(outside.market) if START <= item[0] <= END]
    assert [row["session"] for row in rows] == [day for day, _ in truth]
    assert [row["rate"] for row in rows] == pytest.approx([rate for _, rate in truth], rel=1e-5)
    assert {row["pair"] for row in rows} == {"HKDCNY"}
    assert not batch.rejects
    assert not batch.remarks


@pytest.mark.parametrize(
    ("kind", "column", "factor"), [(BocFx, "央行中间价", 0.01), (EastmoneyFx, "最新价", 100)]
)
def test_a_rate_told_per_hundred_is_refused_not_guessed(
    outside: Outside, kind: Kind, column: str, factor: float
) -> None:
    query, payload = outside.payload(kind, fx_ask())
    frame = frame_in(payload)
    frame.loc[frame.index[-3:], column] *= factor
    with pytest.raises(SourceChanged, match=r"outside 0.5 to 1.5: its unit has changed") as error:
        kind(None).normalise(query, (frame,))
    assert "units or band" in error.value.fix
    with pytest.raises(SourceChanged, match=f"no longer sends {column}"):
        kind(None).normalise(query, (frame.drop(columns=column),))
    with pytest.raises(SourceEmpty):
        kind(None).normalise(query, (frame.head(0),))


def test_only_sessions_have_fixings(outside: Outside) -> None:
    query, payload = outside.payload(BocFx, fx_ask())
    frame = frame_in(payload)
    saturday = frame.tail(1).assign(日期=date(2026, 5, 23))
    again = frame.tail(1)
    other = frame.head(40).tail(1).assign(央行中间价=91.0)
    frame.loc[50, "央行中间价"] = float("nan")
    batch = BocFx(PlainWire()).normalise(
        query, (pd.concat([frame, saturday, again, other], ignore_index=True),)
    )
    assert batch.remarks == ("1 rates of HKDCNY on days without a fixing are left out",)
    assert sorted(item.reason for item in batch.rejects) == [
        f"{other.iloc[0]['日期']} has another rate already",
        "rate '' is no rate",
    ]
    assert {item.line for item in batch.rejects} == {
        int(f"{day:%Y%m%d}") for day in (other.iloc[0]["日期"], frame.loc[50, "日期"])
    }
    sessions = {row["session"] for row in rows_of(batch, TableName.FX)}
    assert not sessions & {date(2026, 5, 23), frame.loc[50, "日期"]}


def test_a_holiday_has_no_fixing_and_is_no_error(outside: Outside) -> None:
    holiday = fx_ask(start=date(2025, 10, 2), end=date(2025, 10, 6))
    assert rows_of(outside.batch(BocFx, holiday), TableName.FX) == []


def test_another_pair_is_not_asked_for() -> None:
    with pytest.raises(SourceEmpty, match="no fixings of 'USDCNY'"):
        BocFx(PlainWire()).build_query(fx_ask(pair="USDCNY"))


def test_a_profile_tells_lot_and_first_day(outside: Outside) -> None:
    batch = outside.batch(EastmoneyHkProfile, ask_for(Need.PROFILE, "00700.HK"))
    (lot,), (listed,) = (
        rows_of(batch, TableName.BOARD_LOTS),
        rows_of(batch, TableName.LISTINGS),
    )
    truth = outside.row(TableName.LISTINGS, "00700.HK")
    assert lot["lot"] == outside.row(TableName.BOARD_LOTS, "00700.HK")["lot"]
    assert lot["valid_from"] == TODAY
    assert {key: listed[key] for key in ("kind", "board", "currency", "list_date")} == {
        key: truth[key] for key in ("kind", "board", "currency", "list_date")
    }
    assert listed["name_en"] is None


@pytest.mark.parametrize("lot", [0, -100, 2.5, None, "many"])
def test_a_lot_that_is_no_number_of_shares_is_rejected(outside: Outside, lot: object) -> None:
    query, payload = outside.payload(EastmoneyHkProfile, ask_for(Need.PROFILE, "00700.HK"))
    frame = frame_in(payload).astype(object)
    frame.loc[0, "每手股数"] = lot
    batch = EastmoneyHkProfile(PlainWire()).normalise(query, (frame,))
    (reject,) = batch.rejects
    assert reject.table is TableName.BOARD_LOTS
    assert "is no number of shares" in reject.reason
    assert (reject.file, reject.line) == ("eastmoney 00700.HK", 20260528)
    assert rows_of(batch, TableName.BOARD_LOTS) == []
    assert len(rows_of(batch, TableName.LISTINGS)) == 1


def test_a_profile_of_another_security_is_refused(outside: Outside) -> None:
    query, payload = outside.payload(EastmoneyHkProfile, ask_for(Need.PROFILE, "00700.HK"))
    other = frame_in(payload).assign(证券代码="00701.HK")
    with pytest.raises(SourceChanged, match=r"asked for 00700.HK, got the profile of '00701.HK'"):
        EastmoneyHkProfile(PlainWire()).normalise(query, (other,))
    undated = frame_in(payload).assign(上市日期=None, 证券类型="房地产投资信托基金")
    batch = EastmoneyHkProfile(PlainWire()).normalise(query, (undated,))
    assert [item.reason for item in batch.rejects] == ["no first trading day"]
    with pytest.raises(SourceError):
        outside.fetch(EastmoneyHkProfile, ask_for(Need.PROFILE, "09999.HK"))
    with pytest.raises(SourceEmpty, match="one listing at a time"):
        EastmoneyHkProfile(PlainWire()).build_query(ask_for(Need.PROFILE, Exchange.HK))


def halts_ask(start: date, end: date, about: Exchange | str = Exchange.SH) -> Ask:
    return ask_for(Need.SUSPENSIONS, about, start=start, end=end)


def suspended(batch: Batch) -> set[tuple[str, date]]:
    rows = rows_of(batch, TableName.STATUS)
    assert {(row["suspended"], row["st"]) for row in rows} <= {(True, None)}
    return {(row["listing"], row["session"]) for row in rows}


def test_suspended_sessions_of_the_asked_days(outside: Outside) -> None:
    truth = {
        (listing.id, day)
        for listing in outside.market.listings
        if listing.exchange.mainland
        for day in outside.market.suspended(listing.id)
    }
    busy = max(day for _, day in truth)
    start, end = busy - timedelta(days=12), busy + timedelta(days=2)
    batch = outside.batch(EastmoneySuspensions, halts_ask(start, end))
    found = {item for item in truth if start <= item[1] <= end}
    assert len(found) > 2
    assert suspended(batch) == found
    n_sessions = len(calendar_of(Exchange.SH).between(start, end))
    assert batch.remarks == (f"{n_sessions} halts within a session are no suspension of it",)
    assert not batch.rejects


MONDAY, FRIDAY = date(2025, 6, 9), date(2025, 6, 13)


def halts(outside: Outside, ask: Ask, *rows: dict[str, Any]) -> Batch:
    router = outside.with_route("RPT_CUSTOM_SUSPEND_DATA_INTERFACE", suspensions.reply([*rows]))
    query, payload = outside.fetch(EastmoneySuspensions, ask, router)
    return EastmoneySuspensions(PlainWire()).normalise(query, payload)


def days_of(batch: Batch) -> list[date]:
    return sorted(day for _, day in suspended(batch))


def test_a_suspension_lasts_from_its_first_to_its_last_day(outside: Outside) -> None:
    spell = suspensions.halt("000630", date(2025, 6, 5), date(2025, 6, 11), "连续停牌")
    batch = halts(outside, halts_ask(MONDAY, FRIDAY), spell)
    assert days_of(batch) == [MONDAY, date(2025, 6, 10), date(2025, 6, 11)]
    # A weekend inside it is no session.
    batch = halts(outside, halts_ask(date(2025, 6, 5), MONDAY), spell)
    assert days_of(batch) == [date(2025, 6, 5), date(2025, 6, 6), MONDAY]


def test_an_open_suspension_is_known_to_the_asked_day(outside: Outside) -> None:
    spell = suspensions.halt("000630", date(2025, 6, 5), None, "连续停牌")
    assert days_of(halts(outside, halts_ask(MONDAY, MONDAY), spell)) == [MONDAY]


def test_the_day_of_resumption_is_not_suspended(outside: Outside) -> None:
    spell = suspensions.halt("000630", MONDAY, FRIDAY, "连续停牌", resume=date(2025, 6, 12))
    batch = halts(outside, halts_ask(MONDAY, FRIDAY), spell)
    assert days_of(batch)[-1] == date(2025, 6, 11)


@pytest.mark.parametrize("term", ["盘中停牌", "停牌半天", "上午停牌", "停牌1小时", "停牌30分钟"])
def test_a_halt_within_a_session_is_no_suspension(outside: Outside, term: str) -> None:
    batch = halts(
        outside, halts_ask(MONDAY, MONDAY), suspensions.halt("000630", MONDAY, MONDAY, term)
    )
    assert days_of(batch) == []
    assert batch.remarks == ("1 halts within a session are no suspension of it",)


@pytest.mark.parametrize("term", ["停牌一天", "停牌1天", "停牌5个交易日", "今起停牌", "连续停牌"])
def test_a_halt_of_whole_sessions_is_one(outside: Outside, term: str) -> None:
    batch = halts(
        outside, halts_ask(MONDAY, MONDAY), suspensions.halt("000630", MONDAY, MONDAY, term)
    )
    assert suspended(batch) == {("000630.SZ", MONDAY)}


def test_halts_that_are_not_understood_are_rejected(outside: Outside) -> None:
    batch = halts(
        outside,
        halts_ask(MONDAY, MONDAY),
        suspensions.halt("000630", MONDAY, MONDAY, "停牌若干"),
        suspensions.halt("00700", MONDAY, MONDAY, "连续停牌"),
        suspensions.halt("000631", FRIDAY, MONDAY, "连续停牌"),
        suspensions.halt("601899", MONDAY, MONDAY, "停牌一天"),
    )
    assert suspended(batch) == {("601899.SH", MONDAY)}
    reasons = [item.reason for item in batch.rejects]
    assert "term '停牌若干' is not understood" in reasons[0]
    assert reasons[1] == "00700.HK is not a mainland listing"
    assert "before it starts" in reasons[2]
    assert {(item.line, item.session) for item in batch.rejects} == {(20250609, MONDAY)}


def test_one_listing_can_be_asked_about(outside: Outside) -> None:
    spells = [suspensions.halt(code, MONDAY, MONDAY, "停牌一天") for code in ("000630", "601899")]
    batch = halts(outside, halts_ask(MONDAY, MONDAY, "601899.SH"), *spells)
    assert suspended(batch) == {("601899.SH", MONDAY)}


def test_nobody_suspended_is_an_answer(outside: Outside) -> None:
    with pytest.raises(SourceEmpty, match="nobody is suspended"):
        halts(outside, halts_ask(MONDAY, FRIDAY))
    weekend = halts_ask(date(2025, 6, 14), date(2025, 6, 15))
    assert suspended(halts(outside, weekend)) == set()


def test_a_changed_list_of_halts_is_refused(outside: Outside) -> None:
    query, payload = outside.payload(EastmoneySuspensions, halts_ask(MONDAY, MONDAY))
    frame = frame_in(payload).drop(columns="停牌期限")
    with pytest.raises(SourceChanged, match="no longer sends 停牌期限"):
        EastmoneySuspensions(PlainWire()).normalise(query, (frame,))


def test_the_day_of_an_ask_is_the_exchanges() -> None:
    assert day_of(fx_ask()) == TODAY


Facts = list[tuple[str, date, str]]
ORIGIN = date(2024, 1, 1)
NAMES = st.sampled_from(["甲", "ST甲", "ＳＴ甲", "ST 甲", "乙"])
FACTS = st.lists(
    st.tuples(
        st.sampled_from(["000630.SZ", "601899.SH"]),
        st.integers(0, 9).map(lambda day: ORIGIN + timedelta(days=day)),
        NAMES,
    ),
    max_size=8,
    unique_by=lambda fact: fact[:2],
)


def table(facts: Facts) -> pa.Table:
    columns = {
        "listing": [fact[0] for fact in facts],
        "valid_from": [fact[1] for fact in facts],
        "name": [fact[2] for fact in facts],
    }
    return make_rows(TableName.NAMES, columns, source="test", fetched_at=AT)


def facts_of(rows: pa.Table) -> Facts:
    return [(row["listing"], row["valid_from"], row["name"]) for row in rows.to_pylist()]


def in_force(facts: Facts, listing: str, day: date) -> str | None:
    known = sorted((fact[1], fact[2]) for fact in facts if fact[0] == listing and fact[1] <= day)
    return known[-1][1].replace("ＳＴ", "ST").replace(" ", "") if known else None


@cache
def every_day() -> list[tuple[str, date]]:
    return [
        (listing, ORIGIN + timedelta(days=day))
        for listing in ("000630.SZ", "601899.SH")
        for day in range(12)
    ]


@laws(100)
@given(stored=FACTS, fetched=FACTS)
def test_observations_add_only_what_is_new(stored: Facts, fetched: Facts) -> None:
    added = facts_of(first_observed(table(stored), table(fetched), value="name"))
    assert set(added) <= set(fetched)
    assert not {fact[:2] for fact in added} & {fact[:2] for fact in stored}
    both = stored + added
    for listing, day, name in fetched:
        if (listing, day) not in {fact[:2] for fact in stored}:
            assert in_force(both, listing, day) == name.replace("ＳＴ", "ST").replace(" ", "")
    for listing, day in every_day():
        last = max(
            (fact[1] for fact in stored if fact[0] == listing and fact[1] <= day), default=None
        )
        later = [fact for fact in added if fact[0] == listing and fact[1] <= day]
        if last is not None and all(fact[1] <= last for fact in later):
            # A later dated fact is not overridden by an older observation.
            assert in_force(both, listing, day) == in_force(stored, listing, day)
    for listing, day, name in added:
        before = [fact for fact in both if fact[1] < day]
        assert in_force(before, listing, day) != name.replace("ＳＴ", "ST").replace(" ", "")


@laws(100)
@given(stored=FACTS, fetched=FACTS)
def test_what_was_added_once_is_not_added_again(stored: Facts, fetched: Facts) -> None:
    first = first_observed(table(stored), table(fetched), value="name")
    both = table(stored + facts_of(first))
    assert first_observed(both, table(fetched), value="name").num_rows == 0
    backwards = first_observed(table(stored[::-1]), table(fetched[::-1]), value="name")
    assert facts_of(backwards) == facts_of(first)


def test_an_unchanged_lot_is_not_dated_again() -> None:
    def lots(day: date, lot: int) -> pa.Table:
        columns = {"listing": ["00700.HK"], "valid_from": [day], "lot": [lot]}
        return make_rows(TableName.BOARD_LOTS, columns, source="test", fetched_at=AT)

    stored = lots(ORIGIN, 100)
    assert first_observed(stored, lots(TODAY, 100), value="lot").num_rows == 0
    assert first_observed(stored, lots(TODAY, 500), value="lot").num_rows == 1
    assert first_observed(stored, lots(ORIGIN, 500), value="lot").num_rows == 0
