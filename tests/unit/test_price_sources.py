"""Sources of prices: akshare's real code on canned replies, and what our parsers make of it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screener.data.lake.batch import Batch
from screener.data.lake.schema import TABLES, TableName
from screener.data.sources.online.bar_rows import BarSource, volume_unit
from screener.data.sources.online.providers.csindex import CsindexIndexBars
from screener.data.sources.online.providers.eastmoney_prices import (
    EastmoneyBars,
    EastmoneyHkBars,
    EastmoneyHkIndexBars,
    EastmoneyIndexBars,
)
from screener.data.sources.online.providers.shenwan import ShenwanIndexBars
from screener.data.sources.online.providers.sina import (
    SinaBars,
    SinaFactors,
    SinaHkBars,
    SinaHkIndexBars,
    SinaIndexBars,
)
from screener.data.sources.online.providers.tencent import TencentBars, TencentIndexBars
from screener.data.sources.online.transport.circuit_breaker import CircuitBreaker
from screener.data.sources.online.transport.client import OnlineWire
from screener.data.sources.online.transport.clock import Clock
from screener.data.sources.online.transport.protocol import Ask, Call, Need, Page, Query
from screener.domain.listing import Kind, parse_listing
from screener.errors import SourceBlocked, SourceChanged, SourceEmpty, SourceError
from tests.support.canned import csindex, eastmoney_prices, shenwan, sina, tencent
from tests.support.canned.market import CannedMarket
from tests.support.canned.sina import bars_of
from tests.support.canned.sina_codec import encode_with_amount, encode_without_amount
from tests.support.laws import laws
from tests.support.transport import Router, offline

FETCHED_AT = datetime(2026, 5, 28, 8, tzinfo=UTC)
START, END = date(2024, 3, 1), date(2026, 5, 27)
MAINLAND = ("000630.SZ", "300857.SZ", "601899.SH", "688256.SH")
HONG_KONG = ("00700.HK", "03079.HK")


@pytest.fixture(scope="module")
def market() -> CannedMarket:
    return CannedMarket.make()


@pytest.fixture(scope="module")
def served(market: CannedMarket) -> Router:
    router = Router()
    for vendor in (tencent, sina, eastmoney_prices, csindex, shenwan):
        vendor.serve(router, market)
    return router


@pytest.fixture
def router(served: Router) -> Router:
    return Router(routes=list(served.routes))


@pytest.fixture
def wire() -> OnlineWire:
    now = [FETCHED_AT]

    def sleep(seconds: float) -> None:
        now[0] += timedelta(seconds=seconds)

    clock = Clock(now=lambda: now[0], sleep=sleep)
    return OnlineWire(clock, CircuitBreaker(None, clock), Random(0))


def ask_for(listing: str, *, need: Need = Need.BARS, start: date = START, end: date = END) -> Ask:
    kind = Kind.INDEX if need is Need.INDEX_BARS else Kind.SECURITY
    return Ask(
        need=need,
        start=start,
        end=end,
        fetched_at=FETCHED_AT,
        listing=parse_listing(listing, kind=kind),
    )


def fetched(source: Any, ask: Ask, router: Router) -> Batch:
    query = source.build_query(ask)
    with offline(router):
        payload = source.fetch(query)
    return source.normalise(query, payload)


def read(source: Any, ask: Ask, frame: pd.DataFrame) -> Batch:
    return source.normalise(source.build_query(ask), (frame,))


def rows_of(batch: Batch, table: TableName = TableName.BARS) -> list[dict[str, Any]]:
    found = batch.tables[table]
    assert found.column_names == list(TABLES[table].column_names)
    return found.to_pylist()


def truth(market: CannedMarket, listing: str, start: date = START) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = market.traded(listing)
    return [row for row in rows if start <= row["session"] <= END]


def told(rows: list[dict[str, Any]], *fields: str) -> list[tuple[Any, ...]]:
    return [tuple(row[field] for field in fields) for row in rows]


PRICES = ("session", "open", "high", "low", "close")


def frame_of(rows: list[dict[str, Any]], **changes: Any) -> pd.DataFrame:
    """A frame in akshare's own names for Tencent and Sina."""
    frame = pd.DataFrame(rows).rename(columns={"session": "date"})
    columns = ["date", "open", "high", "low", "close", "volume", "amount"]
    return frame[columns].assign(**changes)


# --- every source tells the market as it is ---


@pytest.mark.parametrize(
    ("source", "listing", "amount_step"),
    [
        *((TencentBars, listing, 100) for listing in MAINLAND),
        *((SinaBars, listing, 1) for listing in (*MAINLAND, "920002.BJ")),
        *((SinaHkBars, listing, 1) for listing in HONG_KONG),
        *((EastmoneyBars, listing, 0.01) for listing in (*MAINLAND, "920002.BJ")),
        *((EastmoneyHkBars, listing, 0.01) for listing in HONG_KONG),
    ],
)
def test_bars_are_those_of_the_market(
    source: type[BarSource],
    listing: str,
    amount_step: float,
    market: CannedMarket,
    router: Router,
    wire: OnlineWire,
) -> None:
    batch = fetched(source(wire), ask_for(listing), router)
    found, expected = rows_of(batch), truth(market, listing)
    assert told(found, *PRICES, "volume") == told(expected, *PRICES, "volume")
    np.testing.assert_allclose(
        told(found, "amount"), told(expected, "amount"), rtol=0, atol=amount_step / 2 + 1e-6
    )
    assert {(row["listing"], row["basis"], row["source"]) for row in found} == {
        (listing, "raw", source.name)
    }
    assert {row["fetched_at"] for row in found} == {FETCHED_AT}
    assert not batch.rejects
    assert not batch.replaces


@pytest.mark.parametrize(
    ("source", "index"),
    [
        (TencentIndexBars, "000300.SH"),
        (SinaIndexBars, "000300.SH"),
        (EastmoneyIndexBars, "000300.SH"),
        (CsindexIndexBars, "000300.SH"),
        (SinaHkIndexBars, "HSI.HK"),
        (EastmoneyHkIndexBars, "HSI.HK"),
        (ShenwanIndexBars, "801750.SI"),
    ],
)
def test_index_bars_are_those_of_the_market(
    source: type[BarSource], index: str, market: CannedMarket, router: Router, wire: OnlineWire
) -> None:
    batch = fetched(source(wire), ask_for(index, need=Need.INDEX_BARS), router)
    told_as = shenwan.TOLD_AS if source is ShenwanIndexBars else index
    found, expected = rows_of(batch), truth(market, told_as)
    assert told(found, *PRICES) == told(expected, *PRICES)
    assert not batch.rejects
    assert not batch.remarks
    if source is CsindexIndexBars:  # 0.01 of 10,000 lots, 0.01 of 100 million yuan
        np.testing.assert_allclose(
            told(found, "volume"), np.array(told(expected, "amount")) / 10, rtol=0, atol=5_001
        )
        np.testing.assert_allclose(
            told(found, "amount"), told(expected, "amount"), rtol=0, atol=500_001
        )
        return
    assert {row["volume"] for row in found} == {None}  # its unit differs by index
    if source is EastmoneyIndexBars:
        assert told(found, "amount") == told(expected, "amount")
    else:
        assert {row["amount"] for row in found} == {None}


def test_a_growth_board_index_is_asked_in_each_vendors_style(wire: OnlineWire) -> None:
    ask = ask_for("399006.SZ", need=Need.INDEX_BARS)
    for source in (TencentIndexBars(wire), SinaIndexBars(wire), EastmoneyIndexBars(wire)):
        (call,) = source.build_query(ask).calls
        assert isinstance(call, Call)
        assert call.arguments["symbol"] == "sz399006"


# --- units ---


def test_lots_of_old_shenzhen_codes_are_told_by_the_amount(
    market: CannedMarket, router: Router, wire: OnlineWire
) -> None:
    """akshare leaves the volume of sz000 in lots and that of sh688, rightly, as it comes."""
    batch = fetched(TencentBars(wire), ask_for("000630.SZ"), router)
    (remark,) = batch.remarks
    assert remark.startswith("tencent, 000630.SZ: volume multiplied by 100 to be in shares")
    assert told(rows_of(batch), "volume") == told(truth(market, "000630.SZ"), "volume")
    star = fetched(TencentBars(wire), ask_for("688256.SH"), router)
    assert not star.remarks
    assert told(rows_of(star), "volume") == told(truth(market, "688256.SH"), "volume")


def test_shares_multiplied_as_lots_are_brought_back(market: CannedMarket, wire: OnlineWire) -> None:
    rows = truth(market, "601899.SH")
    frame = frame_of(rows, volume=[row["volume"] * 100 for row in rows])
    batch = read(TencentBars(wire), ask_for("601899.SH"), frame)
    assert told(rows_of(batch), "volume") == told(rows, "volume")
    assert "multiplied by 0.01" in batch.remarks[0]


def test_a_volume_of_no_known_unit_rejects_every_row(
    market: CannedMarket, wire: OnlineWire
) -> None:
    rows = truth(market, "601899.SH")[:5]
    frame = frame_of(rows, volume=[row["volume"] * 10 for row in rows])
    batch = read(TencentBars(wire), ask_for("601899.SH"), frame)
    assert rows_of(batch) == []
    assert len(batch.rejects) == 5
    reject = batch.rejects[0]
    assert reject.reason.startswith("amount / (volume × close) is 0.")
    assert reject.reason.endswith("neither shares nor lots")
    assert reject.file == "tencent 601899.SH"
    assert reject.line == int(f"{rows[0]['session']:%Y%m%d}")
    assert reject.session == rows[0]["session"]
    assert json.loads(reject.row)["close"] == rows[0]["close"]


def test_a_volume_without_any_amount_is_left_empty(market: CannedMarket, wire: OnlineWire) -> None:
    rows = truth(market, "601899.SH")[:5]
    batch = read(TencentBars(wire), ask_for("601899.SH"), frame_of(rows, amount=0.0))
    assert {row["volume"] for row in rows_of(batch)} == {None}
    assert batch.remarks == (
        "tencent, 601899.SH: volume left empty, its unit cannot be told without an amount",
    )


@given(
    st.lists(
        st.tuples(st.floats(1, 1e9), st.floats(0.01, 5_000), st.floats(0.55, 1.9), st.booleans()),
        min_size=1,
        max_size=30,
    ),
    st.sampled_from([1.0, 100.0, 0.01]),
)
@laws(100)
def test_any_near_price_tells_the_unit(
    rows: list[tuple[float, float, float, bool]], unit: float
) -> None:
    shares, close, ratio = (np.array([row[place] for row in rows]) for place in range(3))
    found = volume_unit(shares / unit, shares * close * ratio, close)
    assert found.factor == unit
    silent = volume_unit(np.zeros_like(shares), shares, close)
    assert (silent.factor, np.isnan(silent.ratio)) == (1.0, True)
    assert volume_unit(shares / 10, shares * close, close).factor is None


# --- days ---


def test_only_the_asked_days_are_kept(
    market: CannedMarket, router: Router, wire: OnlineWire
) -> None:
    start, end = date(2025, 1, 10), date(2025, 2, 14)
    for source in (TencentBars(wire), SinaBars(wire), EastmoneyBars(wire)):
        batch = fetched(source, ask_for("300857.SZ", start=start, end=end), router)
        expected = [row["session"] for row in truth(market, "300857.SZ", start)]
        assert [row["session"] for row in rows_of(batch)] == [day for day in expected if day <= end]


def test_days_without_trading_are_an_empty_answer_not_a_fault(
    router: Router, wire: OnlineWire
) -> None:
    weekend = ask_for("300857.SZ", start=date(2025, 3, 8), end=date(2025, 3, 9))
    for source in (TencentBars(wire), SinaBars(wire), EastmoneyBars(wire)):
        batch = fetched(source, weekend, router)
        assert rows_of(batch) == []
        assert not batch.rejects


def test_one_request_is_made_for_each_year(router: Router, wire: OnlineWire) -> None:
    fetched(TencentBars(wire), ask_for("300857.SZ"), router)
    years = [sent.query["_var"] for sent in router.sent if "newfqkline" in sent.url]
    assert years == ["kline_day2024", "kline_day2025", "kline_day2026"]


@pytest.mark.parametrize(
    "days",
    [
        ["2024-03-01", "2024-03-04"],
        [20240301, 20240304],
        [date(2024, 3, 1), date(2024, 3, 4)],
        pd.to_datetime(["2024-03-01", "2024-03-04"]).to_numpy("datetime64[s]"),
    ],
)
def test_a_day_is_read_in_any_type(days: Any, market: CannedMarket, wire: OnlineWire) -> None:
    rows = truth(market, "601899.SH")[:2]
    frame = frame_of(rows, date=days, close=[str(row["close"]) for row in rows])
    batch = read(SinaBars(wire), ask_for("601899.SH"), frame)
    assert told(rows_of(batch), "session") == [(date(2024, 3, 1),), (date(2024, 3, 4),)]
    assert told(rows_of(batch), "close") == told(rows, "close")


def sina_klc(router: Router, rows: list[dict[str, Any]], shares: str) -> None:
    packed = encode_with_amount(bars_of(rows))
    router.add("/hisdata_klc2/klc_kl.js", f'var KLC="{packed}";')
    router.add("StockService.getAmountBySymbol", f"var S=([{shares}]);")


def test_a_saturday_bar_of_sina_is_passed_on_to_the_checks(
    market: CannedMarket, router: Router, wire: OnlineWire
) -> None:
    """What Sina itself sends stays, for the calendar to refuse; what akshare makes up does not."""
    rows = truth(market, "300857.SZ")[:6]
    saturday, sunday = date(2024, 3, 2), date(2024, 3, 3)
    ghost = {**rows[0], "session": saturday, "close": rows[0]["low"]}
    count = f'{{date:"{sunday}",amount:"19405.5"}},{{date:"2024-01-02",amount:"19405.1"}}'
    sina_klc(router, [rows[0], ghost, *rows[1:]], count)
    sessions = [
        row["session"] for row in rows_of(fetched(SinaBars(wire), ask_for("300857.SZ"), router))
    ]
    assert saturday in sessions
    assert sunday not in sessions  # it would be a bar, had the history been asked for from then
    assert len(sessions) == 7


def test_equal_flat_rows_of_sina_come_as_one(
    market: CannedMarket, router: Router, wire: OnlineWire
) -> None:
    """akshare drops the second of two equal rows; the calendar has to tell the day."""
    rows = truth(market, "300857.SZ")[:4]
    close = rows[0]["close"]
    flat = dict.fromkeys(("open", "high", "low", "close"), close) | {"volume": 0.0, "amount": 0.0}
    rows = [rows[0], {**rows[1], **flat}, {**rows[2], **flat}, rows[3]]
    sina_klc(router, rows, '{date:"2024-01-02",amount:"19405.1"}')
    found = rows_of(fetched(SinaBars(wire), ask_for("300857.SZ"), router))
    assert [row["session"] for row in found] == [rows[place]["session"] for place in (0, 1, 3)]


# --- what a reply must have ---


@pytest.mark.parametrize(
    ("source", "listing", "column", "table"),
    [
        (TencentBars, "601899.SH", "volume", "tencent.toml, [bars]"),
        (SinaBars, "601899.SH", "amount", "sina.toml, [bars]"),
        (SinaHkBars, "00700.HK", "close", "sina.toml, [hk_bars]"),
        (EastmoneyBars, "601899.SH", "成交量", "eastmoney_prices.toml, [bars]"),
        (CsindexIndexBars, "000300.SH", "收盘", "csindex.toml, [index_bars]"),
    ],
)
def test_a_renamed_column_names_itself_and_the_table_to_mend(
    source: type[BarSource], listing: str, column: str, table: str, wire: OnlineWire
) -> None:
    ask = ask_for(listing, need=source.need)
    frame = pd.DataFrame({name: [1.0] for name in source.upstream.columns.values()})
    frame = frame.rename(columns={column: "x"})
    with pytest.raises(SourceChanged, match=f"no longer sends {column}; it sends") as caught:
        read(source(wire), ask, frame)
    assert table in caught.value.fix


@pytest.mark.parametrize("text", ["<html>", '{"data": 7}', '{"rows": []}', '{"data": [{"x": 1}]}'])
def test_a_page_of_shenwan_that_is_not_what_it_was_says_so(text: str, wire: OnlineWire) -> None:
    source = ShenwanIndexBars(wire)
    query = source.build_query(ask_for("801750.SI", need=Need.INDEX_BARS))
    with pytest.raises(SourceChanged, match="no longer sends"):
        source.normalise(query, (text,))


def test_an_index_is_asked_of_its_own_compiler(wire: OnlineWire) -> None:
    ask = ask_for("931160.CSI", need=Need.INDEX_BARS)
    (call,) = CsindexIndexBars(wire).build_query(ask).calls
    assert isinstance(call, Call)
    assert call.arguments["symbol"] == "931160"
    with pytest.raises(SourceBlocked, match="cannot be asked for"):
        ShenwanIndexBars(wire).build_query(ask)


def test_numbers_that_cannot_be_read_are_rejects(market: CannedMarket, wire: OnlineWire) -> None:
    rows = truth(market, "601899.SH")[:6]
    frame = frame_of(rows).astype(object)
    frame.loc[0, "close"] = "--"
    frame.loc[1, "open"] = float("inf")
    frame.loc[2, "volume"] = None
    frame.loc[3, "date"] = "soon"
    batch = read(SinaBars(wire), ask_for("601899.SH"), frame)
    assert [row["session"] for row in rows_of(batch)] == [row["session"] for row in rows[4:]]
    assert [(item.line, item.reason) for item in batch.rejects] == [
        (20240301, "close is missing or no number"),
        (20240304, "open is missing or no number"),
        (20240305, "volume is missing or no number"),
        (4, "session is missing or no date"),
    ]
    assert {item.listing for item in batch.rejects} == {"601899.SH"}
    assert json.loads(batch.rejects[0].row)["close"] == "--"
    assert json.loads(batch.rejects[1].row)["open"] is None
    assert batch.rejects[3].session is None


@pytest.mark.parametrize(
    ("source", "listing"),
    [
        (TencentBars, "601000.SH"),
        (SinaBars, "601000.SH"),
        (SinaHkBars, "09999.HK"),
        (EastmoneyBars, "601000.SH"),
        (EastmoneyHkBars, "09999.HK"),
        (SinaIndexBars, "000906.SH"),
        (TencentIndexBars, "000906.SH"),
        (EastmoneyIndexBars, "000906.SH"),
        (EastmoneyHkIndexBars, "HSCEI.HK"),
        (CsindexIndexBars, "000906.SH"),
        (ShenwanIndexBars, "801001.SI"),
        (SinaFactors, "601000.SH"),
    ],
)
def test_an_unknown_code_is_an_error_of_the_source(
    source: Any, listing: str, router: Router, wire: OnlineWire
) -> None:
    with pytest.raises(SourceError) as caught:
        fetched(source(wire), ask_for(listing, need=source.need), router)
    assert caught.value.where
    assert caught.value.fix


@pytest.mark.parametrize(
    ("source", "listing"),
    [
        (TencentBars, "920002.BJ"),  # accepted by akshare, unknown to Tencent
        (SinaBars, "510300.SH"),  # akshare rounds its third decimal away
        (SinaBars, "900901.SH"),
        (EastmoneyBars, "510300.SH"),  # akshare would ask Shenzhen for it
        (SinaBars, "000300.SH"),  # an index
    ],
)
def test_what_a_source_would_get_wrong_is_not_asked(
    source: type[BarSource], listing: str, wire: OnlineWire
) -> None:
    with pytest.raises(SourceBlocked, match=f"{source.name} cannot be asked for") as caught:
        source(wire).build_query(replace(ask_for("601899.SH"), listing=parse_listing(listing)))
    assert "screener data import" in caught.value.fix


def test_no_source_asks_for_adjusted_prices(wire: OnlineWire) -> None:
    for source in (TencentBars, SinaBars, SinaHkBars, EastmoneyBars, EastmoneyHkBars):
        listing = "00700.HK" if "Hk" in source.__name__ else "601899.SH"
        (call,) = source(wire).build_query(ask_for(listing)).calls
        assert isinstance(call, Call)
        assert call.arguments["adjust"] == ""


# --- single vendors ---


def test_tencent_history_cut_to_the_newest_sessions_is_refused(
    router: Router, wire: OnlineWire
) -> None:
    """Without a first week akshare begins at the oldest of the newest 320 sessions."""
    router.add("weekTrends", 'trend_qfq={"code":0,"msg":"","data":[]}')
    with pytest.raises(SourceChanged, match="newest 320 sessions alone") as caught:
        fetched(TencentBars(wire), ask_for("601899.SH"), router)
    assert caught.value.where == "601899.SH"
    recent = ask_for("601899.SH", start=date(2026, 4, 1))
    assert rows_of(fetched(TencentBars(wire), recent, router))


def test_tencent_may_miss_the_days_before_the_first_weeks_mark(
    market: CannedMarket, router: Router, wire: OnlineWire
) -> None:
    router.add("weekTrends", 'trend_qfq={"data":[["2024-03-15","0.1"],["2024-03-22","0.2"]]}')
    batch = fetched(TencentBars(wire), ask_for("601899.SH"), router)
    assert rows_of(batch)[0]["session"] == date(2024, 3, 15)
    assert "begins on 2024-03-15; earlier sessions of that week may be missing" in batch.remarks[0]


def test_a_depositary_receipt_has_its_own_function(
    market: CannedMarket, router: Router, wire: OnlineWire
) -> None:
    rows = truth(market, "688256.SH")
    router.add("/sh689009/", f'var KLC="{encode_with_amount(bars_of(rows))}";')
    batch = fetched(SinaBars(wire), ask_for("689009.SH"), router)
    assert told(rows_of(batch), *PRICES, "volume") == told(rows, *PRICES, "volume")
    assert [sent.url for sent in router.sent if "getAmountBySymbol" in sent.url] == []


def test_hong_kong_bars_may_come_without_an_amount(
    market: CannedMarket, router: Router, wire: OnlineWire
) -> None:
    rows = truth(market, "00700.HK")
    packed = encode_without_amount(bars_of(rows), decimals=3)
    router.add("/00700/klc2_kl.js", f'var KLC="{packed}";')
    batch = fetched(SinaHkBars(wire), ask_for("00700.HK"), router)
    assert told(rows_of(batch), *PRICES, "volume") == told(rows, *PRICES, "volume")
    assert {row["amount"] for row in rows_of(batch)} == {None}
    assert not batch.remarks


# --- factors ---


def factors(text: str, listing: str = "300857.SZ", **days: date) -> list[tuple[date, float]]:
    source = SinaFactors(None)  # type: ignore[arg-type]
    ask = ask_for(listing, need=Need.VENDOR_FACTORS, **{"start": date(1990, 1, 1), **days})
    batch = source.normalise(source.build_query(ask), (text,))
    return [(row["ex_session"], row["factor"]) for row in rows_of(batch, TableName.FACTORS)]


@pytest.mark.parametrize("listing", [*MAINLAND, "920002.BJ", *HONG_KONG])
def test_vendor_factors_are_the_markets(
    listing: str, market: CannedMarket, router: Router, wire: OnlineWire
) -> None:
    ask = ask_for(listing, need=Need.VENDOR_FACTORS, start=date(2024, 1, 1))
    found = rows_of(fetched(SinaFactors(wire), ask, router), TableName.FACTORS)
    expected: list[dict[str, Any]] = market.rows(TableName.FACTORS, listing)
    assert expected
    assert told(found, "ex_session") == told(expected, "ex_session")
    ratios, truth_ratios = (
        np.array([1.0, *(row["factor"] for row in rows)]) for rows in (found, expected)
    )
    np.testing.assert_allclose(
        ratios[1:] / ratios[:-1], truth_ratios[1:] / truth_ratios[:-1], rtol=1e-6
    )


HFQ = (
    'var sz300857hfq={"total":3,"data":[{"d":"2025-06-06","f":"120.0"},'
    '{"d":"2024-06-05","f":"105.0"},{"d":"1900-01-01","f":"100.0"}]}\n/* a note */\n'
)


def test_factors_ascend_from_one_before_the_first_kept_step() -> None:
    assert factors(HFQ) == [(date(2024, 6, 5), 1.05), (date(2025, 6, 6), 1.2)]
    later = factors(HFQ, start=date(2025, 1, 1))
    assert later == [(date(2025, 6, 6), pytest.approx(120 / 105))]


def test_a_hong_kong_factor_multiplies_as_well() -> None:
    """Prices before the ex-date are multiplied by 0.2: a split of 1 into 5."""
    text = (
        'var 00700qfq={"total":2,"data":[{"d":"2024-06-18","f":"1.0000"},'
        '{"d":"1900-01-01","f":"0.2000"}]}\n'
    )
    assert factors(text, "00700.HK") == [(date(2024, 6, 18), 5.0)]


def test_a_base_alone_is_no_step_and_says_so(router: Router, wire: OnlineWire) -> None:
    router.add("/hfq.js", 'var x={"total":1,"data":[{"d":"1900-01-01","f":"1.0"}]}\n')
    ask = ask_for("300857.SZ", need=Need.VENDOR_FACTORS)
    batch = fetched(SinaFactors(wire), ask, router)
    assert rows_of(batch, TableName.FACTORS) == []
    assert batch.remarks == ("sina, 300857.SZ: the factor file holds its base alone, no step",)


def test_no_factor_at_all_is_an_empty_answer() -> None:
    with pytest.raises(SourceEmpty, match=r"sina has no factors of 300857\.SZ"):
        factors('var sz300857hfq={"total":0,"data":[]}\n')


BASE = '{"d":"1900-01-01","f":"1.0"}'


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "is not what it was"),
        ("<html>a page</html>", "is not what it was"),
        ('var x=[{"d":"1900-01-01","f":"1.0"}]\n', "is not what it was"),
        (HFQ[:60], "is not what it was"),
        ('var x={"data":[}\n', "is no JSON"),
        ('var x={"data":' + "[" * 100_000 + "}\n", "is no JSON"),
        ('var x={"data":{}}\n', "has no list `data`"),
        ('var x={"total":0}\n', "has no list `data`"),
        ('var x={"data":["2024-06-05"]}\n', "has the row 2024-06-05"),
        (f'var x={{"data":[{{"d":"2024-06-05"}},{BASE}]}}\n', "has the row"),
        (f'var x={{"data":[{{"d":"2024-13-05","f":"2"}},{BASE}]}}\n', "has the row"),
        (f'var x={{"data":[{{"d":20240605,"f":"2"}},{BASE}]}}\n', "has the row"),
        (f'var x={{"data":[{{"d":"2024-06-05","f":"--"}},{BASE}]}}\n', "has the row"),
        (f'var x={{"data":[{{"d":"2024-06-05","f":"0"}},{BASE}]}}\n', r"has the factor 0\.0"),
        (f'var x={{"data":[{{"d":"2024-06-05","f":"nan"}},{BASE}]}}\n', "has the factor nan"),
        (f'var x={{"data":[{{"d":"2024-06-05","f":NaN}},{BASE}]}}\n', "has the factor nan"),
        (f'var x={{"data":[{BASE},{BASE}]}}\n', "holds a day twice"),
        ('var x={"data":[{"d":"2024-06-05","f":"2"}]}\n', "begins on 2024-06-05, not on 1900"),
        (
            f'var x={{"data":[{{"d":"2024-06-05","f":"1","c":"2.5"}},{BASE}]}}\n',
            "adds cash on 2024-06-05: such an adjustment is no factor",
        ),
    ],
)
def test_a_malformed_factor_file_is_a_changed_source(text: str, what: str) -> None:
    with pytest.raises(SourceChanged, match=what) as caught:
        factors(text)
    assert caught.value.where == "300857.SZ"
    assert "sina.toml, [factors]" in caught.value.fix


@pytest.mark.parametrize(
    "code",
    [
        'var x={{"data":[__import__("pathlib").Path("{path}").touch()]}}\n',
        'var x=__import__("pathlib").Path("{path}").touch()\n',
        'var x={{"data":[{{"d":"1900-01-01","f":open("{path}","w").name}}]}}\n',
    ],
)
def test_a_factor_file_is_never_run(
    code: str, tmp_path: Path, router: Router, wire: OnlineWire
) -> None:
    marker = tmp_path / "run"
    router.add("/hfq.js", code.format(path=marker))
    ask = ask_for("300857.SZ", need=Need.VENDOR_FACTORS)
    with pytest.raises(SourceChanged):
        fetched(SinaFactors(wire), ask, router)
    assert not marker.exists()


def test_factor_files_are_pages_of_our_own(wire: OnlineWire) -> None:
    for listing, url in (
        ("300857.SZ", "https://finance.sina.com.cn/realstock/company/sz300857/hfq.js"),
        ("00700.HK", "https://finance.sina.com.cn/stock/hkstock/00700/qfq.js"),
    ):
        query = SinaFactors(wire).build_query(ask_for(listing, need=Need.VENDOR_FACTORS))
        assert query == Query(ask=query.ask, calls=(Page(url=url),))
