"""What brokers expect of listings: the year, the days, shares of today, currencies, by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from screener.data.lake.asof import AsOf
from screener.data.lake.batch import Batch
from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.domain.listing import Currency, parse_listing
from screener.domain.report import Estimate, Precision, Publication, Report
from screener.screen.computed import Why
from screener.workflows.screen.expected import medians
from screener.workflows.screen.facts import Facts
from tests.support.lake_rows import Row, bar, table

DAY = date(2024, 6, 14)
ONE, TWO, HK = "600001.SH", "600002.SH", "00700.HK"
IDS = (HK, ONE, TWO)


def estimate(listing: str, known_at: date, **more: object) -> Row:
    told = {"fiscal_year": 2024, "broker": "甲", "currency": "CNY"}
    return {"listing": listing, "known_at": known_at, **told, **more}


def facts(tmp_path: Path, rows: list[Row], cards: tuple = (), day: date = DAY, **more) -> Facts:
    tables = {
        TableName.ESTIMATES: rows,
        TableName.BARS: [bar(item, date(2024, 6, 14), 20.0) for item in IDS],
        TableName.VALUATION: [
            {"listing": item, "session": date(2024, 6, 14), "market_cap": 1000.0}
            for item in (HK, ONE)
        ],
        TableName.FX: [{"pair": "HKDCNY", "session": date(2024, 6, 14), "rate": 0.8}],
        **more,
    }
    batch = {TableName(name): table(TableName(name), held) for name, held in tables.items() if held}
    with Store.create(tmp_path / "data_cache") as store:
        store.commit(Batch(tables=batch), message="rows")
    known = AsOf.after_close(Store.open(tmp_path / "data_cache"), day)
    snapshots = known.snapshots()
    return Facts(
        known=known,
        ids=IDS,
        peers=np.ones(len(IDS), dtype=bool),
        snapshots=snapshots,
        valuations=known.valuation(snapshots),
        currency=Currency.CNY,
        currencies={},
        cards=cards,
    )


def forward(found: Facts) -> list[object]:
    held = found.number("pe_forward")
    pairs = zip(held.values, held.why, strict=True)
    return [value if why == Why.THERE else Why(why) for value, why in pairs]


def card(day: date) -> Report:
    told = {"title": "", "publisher": "甲", "language": "zh", "notes": (), "securities": ()}
    when = Publication(value=day, precision=Precision.DAY)
    return Report(id=str(day), published=when, **told)


def test_the_newest_of_each_broker_within_180_days_of_the_running_year(tmp_path: Path) -> None:
    rows = [
        estimate(ONE, date(2024, 3, 1), profit=10.0),
        estimate(ONE, date(2024, 5, 1), profit=50.0),  # the same broker's newest
        estimate(ONE, date(2024, 5, 1), profit=100.0, broker="乙"),
        estimate(ONE, date(2024, 6, 14), profit=200.0, broker="丙"),
        estimate(ONE, date(2024, 6, 15), profit=1.0, broker="丁"),  # known tomorrow
        estimate(ONE, date(2023, 12, 1), profit=1.0, broker="戊"),  # too old
        estimate(ONE, date(2024, 5, 2), profit=1.0, broker="乙", fiscal_year=2025),
    ]
    assert forward(facts(tmp_path, rows)) == [Why.MISSING, 10.0, Why.MISSING]


def test_a_consensus_stands_for_all_and_a_loss_says_nothing(tmp_path: Path) -> None:
    rows = [
        estimate(ONE, date(2024, 5, 1), profit=50.0),
        estimate(ONE, date(2024, 2, 1), profit=20.0, broker=""),
        estimate(HK, date(2024, 5, 1), profit=-1.0),
    ]
    assert forward(facts(tmp_path, rows)) == [Why.UNDEFINED, 50.0, Why.MISSING]


def test_earnings_a_share_are_of_the_shares_of_today(tmp_path: Path) -> None:
    rows = [
        estimate(TWO, date(2024, 4, 1), eps=4.0),  # two shares since: 2 a share
        estimate(HK, date(2024, 5, 1), eps=4.0),  # renminbi; the price is 20 Hong Kong dollars
        estimate(ONE, date(2024, 5, 1), eps=1.0, currency="JPY", profit=3.0),
    ]
    actions = [{"listing": TWO, "ex_session": date(2024, 5, 6), "bonus": 1.0}]
    found = facts(tmp_path, rows, actions=actions)
    assert forward(found) == [4.0, Why.MISSING, 10.0]
    assert list(found.lacks) == ["there is no fixing of JPY"]


def test_revenue_of_brokers_and_cards(tmp_path: Path) -> None:
    listing = parse_listing(ONE)
    told = Estimate(
        listing=listing,
        fiscal_year=2024,
        eps=None,
        profit=40.0,
        revenue=300.0,
        currency=Currency.CNY,
    )
    known = replace(card(date(2024, 6, 1)), estimates=(told,))
    rows = [
        estimate(ONE, date(2024, 5, 1), revenue=100.0, broker="乙"),
        estimate(HK, date(2024, 5, 1), revenue=50.0, currency="HKD"),
    ]
    figures = {"debt": 30.0, "minorities": 5.0, "cash_equivalents": 10.0, "currency": "CNY"}
    statements = [
        {
            "listing": name,
            "period_end": date(2023, 12, 31),
            "known_at": date(2024, 3, 29),
            "known_by": "x",
            **figures,
        }
        for name in (HK, ONE)
    ]
    found = facts(tmp_path, rows, (known,), fundamentals=statements).number("ev_revenue_forward")
    # Of Hong Kong all is converted at 0.8.
    assert found.values[:2].tolist() == pytest.approx([(800 + 25) / 40, (1000 + 25) / 200])
    assert found.why[2] == Why.MISSING


def test_a_card_tells_an_estimate(tmp_path: Path) -> None:
    listing = parse_listing(ONE)
    told = Estimate(listing=listing, fiscal_year=2024, eps=None, profit=40.0, currency=Currency.CNY)
    known = replace(card(date(2024, 6, 1)), estimates=(told,))
    later = replace(card(date(2024, 6, 20)), estimates=(replace(told, profit=1.0),))
    assert forward(facts(tmp_path, [], (known, later)))[1] == 25.0


def test_a_target_price_is_of_the_shares_of_today(tmp_path: Path) -> None:
    def rating(broker: str, price: float | None, day: date) -> Row:
        told = {"analyst": "", "title": "", "rating": "买入"}
        return {"listing": ONE, "published": day, "broker": broker, "target_price": price, **told}

    ratings = [
        rating("甲", 60.0, date(2024, 4, 1)),
        rating("甲", None, date(2024, 6, 3)),
        rating("乙", 40.0, date(2024, 6, 3)),
    ]
    actions = [{"listing": ONE, "ex_session": date(2024, 5, 6), "split": 2.0}]
    found = facts(tmp_path, [], ratings=ratings, actions=actions)
    assert found.number("target_upside").values[1] == pytest.approx((30 + 40) / 2 / 20 - 1)


def test_southbound_is_unknown_before_the_first_record(tmp_path: Path) -> None:
    spell = {"listing": HK, "programme": "southbound", "valid_from": date(2024, 6, 3)}
    spell["valid_to"] = date(2024, 6, 7)
    store = facts(tmp_path, [], eligibility=[spell]).known.store
    found = {}
    for day in (2, 3, 7, 8):
        known = AsOf.after_close(store, date(2024, 6, day)).southbound_on()
        found[day] = None if known is None else known.get(HK, False)
    assert found == {2: None, 3: True, 7: True, 8: False}
    early = facts(tmp_path / "early", [], day=date(2024, 6, 2), eligibility=[spell])
    assert early.column("southbound").tolist() == [None, False, False]


def test_medians_by_hand() -> None:
    places = np.array([2, 0, 2, 2, 0, 3])
    values = np.array([5.0, 1.0, np.nan, 7.0, 2.0, np.nan])
    np.testing.assert_array_equal(medians(places, values, 4), [1.5, np.nan, 6.0, np.nan])
    np.testing.assert_array_equal(medians(places[:0], values[:0], 2), [np.nan, np.nan])
