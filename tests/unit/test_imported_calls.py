"""Calls of imported histories: what the house said, and what a vendor made of it."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest

from screener.data.lake.rows import make_rows
from screener.data.lake.schema import TableName
from screener.scoring.definitions.contracts import Contracts
from screener.workflows.score.calls import calls_of_ratings
from screener.workspace.definitions import shipped_definitions
from tests.support.score_worlds import band, definition

AT = datetime(2026, 5, 27, 12, tzinfo=UTC)
DAY = date(2025, 3, 3)


def imported(source: str, *rows: dict[str, object]):  # type: ignore[no-untyped-def]
    names = ("listing", "published", "broker", "analyst", "title", "rating", "target_price")
    common = {"listing": "600000.SH", "published": DAY, "analyst": "", "target_price": None}
    told = [{**common, "title": f"note {at}", **row} for at, row in enumerate(rows)]
    columns = {name: [row[name] for row in told] for name in names}
    columns["initiated"] = [row.get("initiated") for row in told]
    table = make_rows(TableName.RATINGS, columns, source=source, fetched_at=AT)
    return calls_of_ratings(table, {}).calls


@pytest.mark.parametrize(
    ("source", "vendor"), [("eastmoney", True), ("cninfo", True), ("a.csv", False)]
)
def test_words_of_online_sources_are_a_vendors_and_those_of_files_without_one_the_houses(
    source: str, vendor: bool
) -> None:
    calls = imported(source, {"broker": "东兴证券", "rating": "买入"})
    assert calls.vendor.tolist() == [vendor]
    found = Contracts(shipped_definitions()).resolve(calls)
    if vendor:
        contract = Contracts(shipped_definitions()).contracts[found.contract[0]]
        assert (contract.rating, found.ranked.tolist()) == ("强烈推荐", [True])
    else:
        assert found.why[0] == "东兴证券 does not define 买入 as a rating of a stock"


def test_a_vendors_word_that_the_house_uses_is_its_own() -> None:
    calls = imported("eastmoney", {"broker": "国泰君安", "rating": "增持"})
    contracts = Contracts(shipped_definitions())
    found = contracts.resolve(calls)
    assert found.ranked.tolist() == [False]
    assert contracts.contracts[found.contract[0]].band.low == 0.15  # its best word


def test_what_is_printed_is_kept_beside_what_is_read() -> None:
    calls = imported(
        "a.csv",
        {"broker": "国投证券", "rating": "買入-A（首次）", "target_price": 12.5},
        {"broker": "国投证券研究中心", "rating": "增持", "published": date(2025, 3, 4)},
        {"broker": "中信证券-研究部", "rating": "暂无评级", "published": date(2025, 3, 5)},
    )
    assert calls.rating.tolist() == ["买入", "增持", ""]
    assert calls.risk.tolist() == ["A", "", ""]
    assert calls.change.tolist() == ["initiated", "", ""]
    assert calls.printed.tolist() == ["買入-A（首次）", "增持", "暂无评级"]
    assert calls.broker.tolist() == ["国投证券", "国投证券", "中信证券"]
    assert calls.target_price[0] == 12.5
    assert np.isnan(calls.target_price[1:]).all()


def test_a_vendors_own_word_of_a_first_rating_is_taken() -> None:
    calls = imported("cninfo", {"broker": "国投证券", "rating": "买入", "initiated": True})
    assert (calls.change[0], calls.repeated[0]) == ("initiated", False)


def test_remarks_do_not_make_two_ratings_of_one() -> None:
    calls = imported(
        "a.csv",
        {"broker": "国投证券", "rating": "买入-A"},
        {"broker": "国投证券", "rating": "买入(维持)"},
    )
    assert len(calls) == 1


def test_definitions_of_a_card_come_after_the_tables_of_that_day() -> None:
    shipped = next(item for item in shipped_definitions() if item.definition.broker == "华西证券")
    card = definition("华西证券", shipped.since, bands=[band("买入", 0.5)], card="A1")
    contracts = Contracts([card, *shipped_definitions()])
    calls = imported("a.csv", {"broker": "华西证券", "rating": "买入"})
    assert contracts.contracts[contracts.resolve(calls).contract[0]].card == "A1"
