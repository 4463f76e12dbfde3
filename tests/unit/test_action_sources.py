"""Sources of corporate actions: akshare's real code on canned replies, and what we read in them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screener.data.lake.batch import Batch
from screener.data.lake.schema import TABLES, TableName
from screener.data.sources.online.action_rows import ActionSource
from screener.data.sources.online.providers.cninfo import CninfoActions
from screener.data.sources.online.providers.eastmoney_actions import EastmoneyActions
from screener.data.sources.online.providers.hk_actions import EastmoneyHkActions, read_plan
from screener.data.sources.online.providers.sina_actions import SinaActions, SinaRights
from screener.data.sources.online.transport.protocol import Ask, Call, Need
from screener.domain.listing import Exchange, parse_listing
from screener.errors import InputError, SourceBlocked, SourceChanged, SourceEmpty
from tests.support.canned import cninfo, eastmoney_actions, hk_actions, sina_actions
from tests.support.canned.market import CannedMarket
from tests.support.laws import laws
from tests.support.transport import Router, offline
from tests.support.wire_clock import FakeClock, make_wire

AT = datetime(2026, 5, 27, 12, tzinfo=UTC)
START, END = date(2024, 1, 2), date(2026, 5, 27)
EX = date(2025, 6, 12)
A_SHARES: tuple[type[ActionSource], ...] = (CninfoActions, EastmoneyActions, SinaActions)
VENDORS = (cninfo, eastmoney_actions, sina_actions, hk_actions)
ADDRESS = {
    CninfoActions: "p_sysapi1139",
    EastmoneyActions: "RPT_SHAREBONUS_DET",
    SinaActions: "vISSUE_ShareBonus",
    SinaRights: "vISSUE_ShareBonus",
    EastmoneyHkActions: "RPT_HKF10_MAIN_DIVBASIC",
}
TERMS = ("cash", "bonus", "split")
DATES = ("ex_session", "announced", "record_date")


@pytest.fixture(scope="module")
def market() -> CannedMarket:
    return CannedMarket.make(n_other=20)


@pytest.fixture(scope="module")
def router(market: CannedMarket) -> Router:
    router = Router()
    for vendor in VENDORS:
        vendor.serve(router, market)
    return router


def ask_for(listing: str, *, need: Need = Need.ACTIONS, **changes: Any) -> Ask:
    ask = Ask(need=need, start=START, end=END, fetched_at=AT, listing=parse_listing(listing))
    return replace(ask, **changes)


def fetched(kind: type[ActionSource], ask: Ask, router: Router) -> Batch:
    wire, _ = make_wire(FakeClock(instant=AT))
    source = kind(wire)
    query = source.build_query(ask)
    with offline(router):
        payload = source.fetch(query)
    return source.normalise(query, payload)


def answered(kind: type[ActionSource], reply: Any, **changes: Any) -> Batch:
    """What a source makes of one reply, through akshare."""
    listing = "00700.HK" if kind is EastmoneyHkActions else "300857.SZ"
    ask = ask_for(listing, need=kind.need, **changes)
    return fetched(kind, ask, Router().add(ADDRESS[kind], reply))


def rows_of(batch: Batch) -> list[dict[str, Any]]:
    rows = batch.tables[TableName.ACTIONS]
    assert rows.column_names == list(TABLES[TableName.ACTIONS].column_names)
    found: list[dict[str, Any]] = rows.to_pylist()
    return found


def action(**changes: Any) -> dict[str, Any]:
    """An action as table `actions` has it, for the canned vendors to tell."""
    return {
        "listing": "300857.SZ",
        "ex_session": EX,
        "cash": 0.5,
        "bonus": 0.0,
        "split": 1.0,
        "announced": date(2025, 6, 5),
        "record_date": date(2025, 6, 11),
        "pay_date": date(2025, 6, 12),
        **changes,
    }


def told(kind: type[ActionSource], actions: Sequence[dict[str, Any]], **cells: Any) -> Any:
    """A vendor's reply with some actions; `cells` change each of its rows."""
    if kind is CninfoActions:
        return {"records": [cninfo.record(item) | cells for item in actions]}
    if kind is EastmoneyActions:
        plans = [eastmoney_actions.plan(item) | cells for item in actions]
        return {"result": {"pages": 1, "data": plans}}
    return sina_actions.page([sina_actions.dividend(item) for item in actions])


def hk_reply(*plans: str, **cells: Any) -> dict[str, Any]:
    return hk_actions.reply([hk_actions.record(action(), text) | cells for text in plans])


# --- every source tells the market as it is ---


def check_truth(kind: type[ActionSource], market: CannedMarket, router: Router) -> int:
    n_actions = 0
    for listing in market.listings:
        if listing.exchange not in kind.exchanges:
            continue
        truth = market.rows(TableName.ACTIONS, listing.id)
        if not truth:
            with pytest.raises(SourceEmpty):
                fetched(kind, ask_for(listing.id), router)
            continue
        batch = fetched(kind, ask_for(listing.id), router)
        found = rows_of(batch)
        assert not batch.rejects
        for term in TERMS:
            expected = [row[term] for row in truth]
            assert [row[term] for row in found] == pytest.approx(expected, rel=1e-9, abs=1e-9)
        for day in DATES:
            assert [row[day] for row in found] == [row[day] for row in truth]
        assert {(row["listing"], row["source"]) for row in found} == {(listing.id, kind.name)}
        assert {row["fetched_at"] for row in found} == {AT}
        if kind in {CninfoActions, EastmoneyHkActions}:
            assert [row["pay_date"] for row in found] == [row["pay_date"] for row in truth]
        n_actions += len(found)
    return n_actions


@pytest.mark.parametrize("kind", [*A_SHARES, EastmoneyHkActions])
def test_actions_are_those_of_the_market(
    kind: type[ActionSource], market: CannedMarket, router: Router
) -> None:
    assert check_truth(kind, market, router) >= 5


def test_the_market_holds_what_is_to_be_told(market: CannedMarket) -> None:
    rows = market.tables[TableName.ACTIONS].to_pylist()
    assert any(row["bonus"] for row in rows)
    assert any(row["cash"] == 0 for row in rows)
    assert {row["listing"][-2:] for row in rows} == {"SH", "SZ", "BJ", "HK"}


@pytest.mark.parametrize("kind", A_SHARES)
def test_only_the_asked_days_are_kept(kind: type[ActionSource]) -> None:
    reply = told(kind, [action(), action(ex_session=date(2023, 6, 12))])
    assert [row["ex_session"] for row in rows_of(answered(kind, reply))] == [EX]
    assert rows_of(answered(kind, reply, end=date(2025, 6, 11))) == []
    assert len(rows_of(answered(kind, reply, start=date(2023, 6, 12), end=EX))) == 2


# --- terms ---


@pytest.mark.parametrize("kind", A_SHARES)
def test_terms_are_told_for_ten_shares(kind: type[ActionSource]) -> None:
    """10 送 2 转增 3 派 1.09: the new shares of both kinds add up."""
    reply = told(kind, [action(cash=0.109, bonus=0.5)])
    (row,) = rows_of(answered(kind, reply))
    assert (row["cash"], row["bonus"], row["split"]) == (0.109, 0.5, 1.0)
    assert row["rights"] is None


@pytest.mark.parametrize("kind", A_SHARES)
def test_plans_of_one_ex_date_add_up(kind: type[ActionSource]) -> None:
    late = action(cash=0.3, bonus=0.4, announced=date(2025, 6, 9))
    (row,) = rows_of(answered(kind, told(kind, [action(), late])))
    assert (row["cash"], row["bonus"], row["split"]) == (0.8, 0.4, 1.0)
    assert row["announced"] == date(2025, 6, 9)
    assert row["record_date"] == date(2025, 6, 11)


@pytest.mark.parametrize("kind", A_SHARES)
def test_a_row_that_comes_twice_counts_once(kind: type[ActionSource]) -> None:
    batch = answered(kind, told(kind, [action(), action()]))
    assert [row["cash"] for row in rows_of(batch)] == [0.5]
    assert batch.remarks == (f"{kind.name}: rows that came twice, counted once: 1",)


def test_plans_that_were_not_carried_out_are_left_out() -> None:
    for state in ("董事会决议通过", "股东大会决议通过", "不分配", "停止实施"):
        reply = told(EastmoneyActions, [action()], ASSIGN_PROGRESS=state)
        assert rows_of(answered(EastmoneyActions, reply)) == []
    page = sina_actions.page([sina_actions.dividend(action(), "预案")])
    assert rows_of(answered(SinaActions, page)) == []


@pytest.mark.parametrize(
    ("kind", "cells"),
    [(CninfoActions, {"F020D": None}), (EastmoneyActions, {"EX_DIVIDEND_DATE": None})],
)
def test_a_carried_out_plan_without_an_ex_date_is_counted(
    kind: type[ActionSource], cells: dict[str, Any]
) -> None:
    batch = answered(kind, told(kind, [action()], **cells))
    assert rows_of(batch) == []
    assert batch.remarks == (f"{kind.name}: plans without an ex-date, left out: 1",)
    before = answered(kind, told(kind, [action()], **cells), start=date(2025, 6, 6))
    assert before.remarks == ()


def test_an_ex_date_without_terms_is_left_out_and_counted() -> None:
    batch = answered(CninfoActions, told(CninfoActions, [action(cash=0.0)]))
    assert batch.rejects == ()
    assert batch.tables[TableName.ACTIONS].num_rows == 0
    assert "cninfo: plans without cash or shares, left out: 1" in batch.remarks


def test_a_negative_dividend_is_rejected() -> None:
    batch = answered(CninfoActions, told(CninfoActions, [action()], F012N=-5.0, F007V=""))
    (reject,) = batch.rejects
    assert reject.reason == "cash of -0.5 per share is negative"
    assert (reject.file, reject.line) == ("cninfo 300857.SZ", 20250612)
    assert (reject.listing, reject.session) == ("300857.SZ", EX)
    assert json.loads(reject.row)["ex_session"] == "2025-06-12"


def test_new_shares_that_do_not_add_up_are_rejected() -> None:
    reply = told(EastmoneyActions, [action(bonus=0.5)], BONUS_IT_RATIO=7.0)
    batch = answered(EastmoneyActions, reply)
    assert [item.reason for item in batch.rejects] == [
        "new shares of 0.5 per share do not add up to 0.7"
    ]
    alone = told(EastmoneyActions, [action(bonus=0.5)], BONUS_RATIO=None, IT_RATIO=None)
    assert [row["bonus"] for row in rows_of(answered(EastmoneyActions, alone))] == [0.5]


def test_rejects_of_one_day_are_told_apart() -> None:
    batch = answered(EastmoneyHkActions, hk_reply("实物分派", "以股代息"))
    assert [item.file for item in batch.rejects] == ["eastmoney 00700.HK", "eastmoney 00700.HK #2"]


@pytest.mark.parametrize(
    ("kind", "cells"),
    [(CninfoActions, {"F012N": 0.5}), (EastmoneyActions, {"PRETAX_BONUS_RMB": 0.5})],
)
def test_cash_per_share_where_the_plan_says_ten_is_a_change(
    kind: type[ActionSource], cells: dict[str, Any]
) -> None:
    with pytest.raises(SourceChanged, match=r"0\.05 per share where the plan says 0\.5") as caught:
        answered(kind, told(kind, [action()], **cells))
    assert "correct the units in sources/online/upstream_tables/" in caught.value.fix


# --- rights ---


def rights_page(*rows: Sequence[Any]) -> str:
    return sina_actions.page([sina_actions.dividend(action())], rows)


RIGHTS = (
    *("2025-06-03", "3", "7.25", "1000000", "2025-06-12", "2025-06-11", "2025-06-13", "2025-06-19"),
    *("2025-07-01", "217500000", "查看"),
)


def test_rights_are_told_for_ten_shares() -> None:
    batch = answered(SinaRights, rights_page(RIGHTS))
    (row,) = rows_of(batch)
    assert (row["rights"], row["rights_price"]) == (0.3, 7.25)
    assert (row["ex_session"], row["announced"]) == (EX, date(2025, 6, 3))
    assert (row["record_date"], row["pay_date"]) == (date(2025, 6, 11), date(2025, 6, 19))
    assert [row[term] for term in TERMS] == [None] * 3
    assert not batch.rejects


def test_rights_of_one_day_weigh_their_prices() -> None:
    other = (RIGHTS[0], "1", "9.25", *RIGHTS[3:])
    (row,) = rows_of(answered(SinaRights, rights_page(RIGHTS, other)))
    assert (row["rights"], row["rights_price"]) == (0.4, 7.75)


@pytest.mark.parametrize(
    ("ratio", "price", "reason"),
    [
        ("3", "--", "rights are offered without a price"),
        ("3", "0", "rights are offered without a price"),
        ("--", "7.25", "a rights issue without its ratio"),
    ],
)
def test_rights_that_lack_a_term_are_rejected(ratio: str, price: str, reason: str) -> None:
    batch = answered(SinaRights, rights_page((RIGHTS[0], ratio, price, *RIGHTS[3:])))
    assert [item.reason for item in batch.rejects] == [reason]


def test_a_share_without_rights_has_none(router: Router) -> None:
    with pytest.raises(SourceEmpty):
        fetched(SinaRights, ask_for("300857.SZ", need=Need.RIGHTS), router)


# --- Hong Kong's sentences ---

HKD = "HKD"


@pytest.mark.parametrize(
    ("text", "cash", "bonus", "split"),
    [
        ("每股派港币3.4元", 3.4, 0, 1),
        ("每股派港元3.4元", 3.4, 0, 1),
        ("每股派3.4港元", 3.4, 0, 1),
        ("每股派 港币 3.4 元", 3.4, 0, 1),
        ("每股派港币１.５元", 1.5, 0, 1),
        ("每股派5港仙", 0.05, 0, 1),
        ("每股派港币10仙", 0.1, 0, 1),
        ("每10股派港币1.5元", 0.15, 0, 1),
        ("10派港币3.2元", 0.32, 0, 1),
        ("每股派港币1,234.5元", 1234.5, 0, 1),
        ("每股派发末期股息港币0.12元", 0.12, 0, 1),
        ("特别股息每股港币1元", 1, 0, 1),
        ("每股派港币0.5元(含税)", 0.5, 0, 1),
        ("每股派港币0.5元及特别股息港币0.2元", 0.7, 0, 1),
        ("每10股派港币5元,特别股息港币2元", 0.7, 0, 1),
        ("每股派港币0.5元(可选择以股代息)", 0.5, 0, 1),
        ("每股派港币0.5元，可以股代息", 0.5, 0, 1),
        ("每股派人民币2.51元(相当于港币2.9003元)", 2.9003, 0, 1),
        ("每股派美元10仙(相当于港币0.78元)", 0.78, 0, 1),
        ("每股派息2.51元(相当于港币2.9003元)", 2.9003, 0, 1),
        ("每10股派人民币3元(相当于每股派港币0.33元)", 0.33, 0, 1),
        ("每股派港币1.582元(相当于人民币1.322元)", 1.582, 0, 1),
        ("每10股送1股", 0, 0.1, 1),
        ("每10股送红股2股", 0, 0.2, 1),
        ("每10股派送8股,每10股转12股", 0, 2, 1),
        ("每10股送1股,每股派港币0.3元", 0.3, 0.1, 1),
        ("每1股拆细为5股", 0, 0, 5),
        ("每10股合并为1股", 0, 0, 0.1),
        ("每股派港币0.3元,每1股拆细为5股", 0.3, 0, 5),
    ],
)
def test_a_plan_is_read(text: str, cash: float, bonus: float, split: float) -> None:
    batch = answered(EastmoneyHkActions, hk_reply(text))
    (row,) = rows_of(batch)
    assert not batch.rejects
    assert (row["cash"], row["bonus"], row["split"]) == pytest.approx((cash, bonus, split))


@pytest.mark.parametrize(
    "text",
    [
        "特殊说明:每21股腾讯股份分派1股京东集团A类普通股股份",
        "特殊说明:每10股分派1股美团B类普通股股份(相当于每股派18.13港元)",
        "实物分派",
        "以股代息",
        "每股派2元",
        "每股派港币",
        "派港币0.5元",
        "每股派约港币0.5元",
        "每股派港币0.5元或美元0.06元",
        "每股派港币0.5元美元",
        "每股派不少于港币0.5元",
        "每10股派1股",
        "每10股送1份认股权证",
        "每0股送1股",
        "每2股供1股,供股价港币1元",
        "末期息，股息率5.8%",
        "每股派港币0.1元送1股",
        "每股派某币0.5元",
        "特别股息",
        "资料缺失",
    ],
)
def test_a_plan_that_cannot_be_read_whole_is_rejected(text: str) -> None:
    batch = answered(EastmoneyHkActions, hk_reply(text))
    assert rows_of(batch) == []
    (reject,) = batch.rejects
    assert reject.reason == f"cannot read the plan: {text}"
    assert (reject.file, reject.line) == ("eastmoney 00700.HK", 20250612)
    assert json.loads(reject.row)["plan"] == text


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("每股派人民币0.5元", "CNY"),
        ("每股派0.5元人民币", "CNY"),
        ("10派人民币3.2元", "CNY"),
        ("每股派美元0.1元", "USD"),
        ("每股派美元0.1元(相当于港币0.784234元(计算值))", "USD"),
        ("每股派美元0.1元(相当于人民币0.7元)", "USD"),
        ("每股派港币0.5元及人民币0.1元", "CNY"),
        ("每股派新加坡元0.1元", "SGD"),
    ],
)
def test_a_dividend_in_another_currency_is_rejected(text: str, currency: str) -> None:
    batch = answered(EastmoneyHkActions, hk_reply(text))
    assert rows_of(batch) == []
    assert [item.reason for item in batch.rejects] == [
        f"dividend in {currency}: no rate at the ex-date: {text}"
    ]


def test_a_renminbi_counter_takes_the_renminbi() -> None:
    text = "每股派港币1.582元(相当于人民币1.322元)"
    ask = ask_for("80700.HK")
    batch = fetched(EastmoneyHkActions, ask, Router().add("DIVBASIC", hk_reply(text)))
    assert [row["cash"] for row in rows_of(batch)] == [1.322]
    batch = fetched(EastmoneyHkActions, ask, Router().add("DIVBASIC", hk_reply("每股派港币1元")))
    assert [item.reason[:16] for item in batch.rejects] == ["dividend in HKD:"]


def test_an_amount_taken_from_an_equivalent_is_counted() -> None:
    reply = hk_reply("每股派人民币2.51元(相当于港币2.9003元)", "每股派港币1元")
    batch = answered(EastmoneyHkActions, reply)
    assert [row["cash"] for row in rows_of(batch)] == pytest.approx([3.9003])
    assert batch.remarks == (
        "eastmoney: dividends in another currency, taken at the amount that the plan states: 1",
    )


def test_plans_that_pay_nothing_or_are_not_dated_are_left_out() -> None:
    nothing = answered(EastmoneyHkActions, hk_reply("不派息", "未派发或宣派股息"))
    assert (rows_of(nothing), nothing.rejects, nothing.remarks) == ([], (), ())
    undated = answered(EastmoneyHkActions, hk_reply("每股派港币1元", EX_DIVIDEND_DATE=None))
    assert rows_of(undated) == []
    assert undated.remarks == ("eastmoney: plans without an ex-date, left out: 1",)


@pytest.mark.parametrize(
    ("told_day", "record_date"),
    [
        ("2025/06/16-2025/06/20", date(2025, 6, 20)),
        ("2025/06/16", date(2025, 6, 16)),
        ("2025-06-16 00:00:00", date(2025, 6, 16)),
        (None, None),
        ("--", None),
    ],
)
def test_the_record_date_is_the_last_closed_day(
    told_day: str | None, record_date: date | None
) -> None:
    reply = hk_reply("每股派港币1元", TRANSFER_END_DATE=told_day)
    (row,) = rows_of(answered(EastmoneyHkActions, reply))
    assert row["record_date"] == record_date
    assert (row["announced"], row["pay_date"]) == (date(2025, 6, 5), date(2025, 6, 12))


@laws(60)
@given(
    st.integers(1, 10_000_000),
    st.integers(1, 100),
    st.sampled_from(["港币{}元", "{}港元", "HK${}元", "{}元港币"]),
    st.sampled_from(["", "(可选择以股代息)", ",每10股送1股"]),
)
def test_an_amount_is_read_as_it_is_written(
    thousandths: int, base: int, form: str, more: str
) -> None:
    amount = thousandths / 1000
    plan = read_plan(f"每{base}股派{form.format(f'{amount:.3f}')}{more}")
    assert plan.dividends[0].amounts == {HKD: pytest.approx(amount / base)}
    assert plan.bonus == (0.1 if "送" in more else 0)


@laws(120)
@given(st.text("每股派港币人民元仙10.5()送拆细为,及某X ", max_size=14))
def test_any_text_is_read_whole_or_refused(text: str) -> None:
    try:
        read_plan(text)
    except InputError as error:
        told = error.what
    else:
        told = ""
    assert told in {"", f"cannot read the plan: {text}"}
    assert told or not {"某", "X"} & set(text)


# --- what cannot be asked, is not there, or has changed ---


@pytest.mark.parametrize("kind", [*A_SHARES, SinaRights])
@pytest.mark.parametrize("listing", ["510300.SH", "200012.SZ", "00700.HK"])
def test_what_a_source_does_not_know_is_not_taken_for_nothing(
    kind: type[ActionSource], listing: str
) -> None:
    with pytest.raises(SourceBlocked, match="cannot be asked for") as caught:
        kind(None).build_query(ask_for(listing, need=kind.need))  # type: ignore[arg-type]
    assert "screener data import" in caught.value.fix


EMPTY = {
    CninfoActions: {"records": []},
    EastmoneyActions: {"result": None, "success": False},
    SinaActions: sina_actions.page([]),
    SinaRights: sina_actions.page([]),
    EastmoneyHkActions: {"result": None, "success": False},
}


@pytest.mark.parametrize("kind", list(EMPTY))
def test_a_listing_may_have_none(kind: type[ActionSource]) -> None:
    with pytest.raises(SourceEmpty):
        answered(kind, EMPTY[kind])


@pytest.mark.parametrize("kind", list(EMPTY))
def test_an_empty_frame_is_empty_and_a_missing_column_a_change(kind: type[ActionSource]) -> None:
    listing = "00700.HK" if kind is EastmoneyHkActions else "300857.SZ"
    source = kind(None)  # type: ignore[arg-type]
    query = source.build_query(ask_for(listing, need=kind.need))
    names = list(source.upstream.columns.values())
    with pytest.raises(SourceEmpty, match="sent no rows"):
        source.normalise(query, (pd.DataFrame(columns=names),))
    for name in names:
        frame = pd.DataFrame([dict.fromkeys(names)]).drop(columns=name)
        with pytest.raises(SourceChanged, match=f"no longer sends {re.escape(name)}") as caught:
            source.normalise(query, (frame,))
        assert "correct the columns in sources/online/upstream_tables/" in caught.value.fix


@pytest.mark.parametrize(
    ("kind", "reply"),
    [
        (CninfoActions, {"records": [{"X": 1}]}),
        (EastmoneyActions, {"result": {"pages": 1, "data": [{"X": 1}]}}),
        (EastmoneyHkActions, {"result": {"pages": 1, "data": [{"X": 1}]}}),
        (SinaActions, "<html><body><table><tr><td>1</td></tr></table></body></html>"),
    ],
)
def test_another_shape_is_a_change(kind: type[ActionSource], reply: Any) -> None:
    with pytest.raises(SourceChanged):
        answered(kind, reply)


def test_classes_say_what_they_offer() -> None:
    mainland = {Exchange.SH, Exchange.SZ, Exchange.BJ}
    for kind in (*A_SHARES, SinaRights):
        assert kind.exchanges == mainland
        assert not kind.due
    assert EastmoneyHkActions.exchanges == {Exchange.HK}
    assert SinaRights.need is Need.RIGHTS
    query = SinaRights(None).build_query(ask_for("601899.SH", need=Need.RIGHTS))  # type: ignore[arg-type]
    assert query.calls == (
        Call(
            function="stock_history_dividend_detail",
            arguments={"symbol": "601899", "indicator": "配股"},
        ),
    )
