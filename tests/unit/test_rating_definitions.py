"""The table of rating definitions that ships: bands, dates, words, houses; and a reader's own."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import screener
from screener.domain.report import RatingLevel
from screener.errors import BasketDefinitionError
from screener.reports.authors.brokers import broker_named
from screener.scoring.definitions.contracts import Contracts
from screener.workflows.score.words import read_rating
from screener.workspace.definitions import OWN, SHIPPED, own_definitions, shipped_definitions
from screener.workspace.locate import Workspace
from tests.support.each import of_each

TABLES = Path(screener.__file__).parent / "scoring" / "tables"
ROWS: list[dict[str, Any]] = [
    {**row, "file": path.stem}
    for path in sorted(TABLES.glob("definitions_*.toml"))
    for row in tomllib.loads(path.read_text(encoding="utf-8"))["rating_definitions"]
]
# Words that no report reader has to find in a text: of two houses alone.
PARTICULAR = {"优异", "落后", "FULLY VALUED", "Short-Term Buy", "Short-Term Sell", "Attractive"}
PARTICULAR |= {"In-Line", "Cautious", "Bullish", "Bearish", "Market-Perform"}
MARKETS = {"A", "SH", "SZ", "BJ", "chinext", "sme", "HK", "NEEQ", "US", "JP", "KR", "TW", "SG"}
MARKETS |= {"UK", "DE", "EU", "EM ex-Asia"}


def name(row: dict[str, Any]) -> str:
    return f"{row['broker']}-{row['seen'][0]}"


def ladders(row: dict[str, Any]) -> dict[str, list[tuple[float, float]]]:
    """Bands in figures that hold for every risk class, by level, from the worst up."""
    found: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for item in row["bands"]:
        if not item.get("qualitative") and not item.get("case"):
            ends = (item.get("low", float("-inf")), item.get("high", float("inf")))
            found[item["level"]].append(ends)
    return {level: sorted(bands) for level, bands in found.items()}


def oddities(row: dict[str, Any], *, words: bool) -> set[str]:
    """Tell whether bands leave a gap or overlap; with words, of levels that have some as well."""
    found = set()
    told = {item["level"] for item in row["bands"] if item.get("qualitative")}
    for level, bands in ladders(row).items():
        if level in told and not words:
            continue
        if bands[0][0] > float("-inf") or bands[-1][1] < float("inf"):
            found.add("gap")
        for (_, high), (low, _) in pairwise(bands):
            found |= {"gap"} if low > high else {"overlap"} if low < high else set()
    return found


def test_the_table_holds_what_was_gathered() -> None:
    assert len(ROWS) == 123  # 119 definitions; four print their levels against different things
    assert len({row["broker"] for row in ROWS}) == 69


@of_each(ROWS, name)
def test_bands_leave_no_gap_and_no_overlap_but_those_printed(row: dict[str, Any]) -> None:
    if "printed" in row:
        assert row["printed"] in oddities(row, words=True)
    elif row.get("unused") != "doubtful":
        assert not oddities(row, words=False)


@of_each(ROWS, name)
def test_the_days_on_which_it_was_seen_ascend_and_lie_in_the_past(row: dict[str, Any]) -> None:
    assert list(row["seen"]) == sorted(set(row["seen"]))
    assert all("2010" <= day < "2026-11" for day in row["seen"])


@of_each(ROWS, name)
def test_houses_words_and_markets_are_known(row: dict[str, Any]) -> None:
    broker = broker_named(row["broker"])
    assert broker is not None
    assert broker.name == row["broker"]
    assert {item["market"] for item in row.get("benchmarks", ())} <= MARKETS
    for item in row["bands"]:
        word = item["rating"]
        known = read_rating(word).word.replace(" ", "").casefold()
        assert word in PARTICULAR or known == word.replace(" ", "").casefold()


@of_each(ROWS, name)
def test_figures_are_of_a_size_that_ratings_have(row: dict[str, Any]) -> None:
    for item in row["bands"]:
        for end in ("low", "high"):
            assert abs(item.get(end, 0.0)) <= 0.30
    assert 3 <= row.get("months_low", 6) <= row.get("months_high", 6) <= 18


def test_no_two_definitions_of_a_house_and_level_begin_on_one_day() -> None:
    days: dict[tuple[str, RatingLevel], list[date]] = defaultdict(list)
    for item in shipped_definitions():
        if not item.former and item.last_day is None:
            for level in {band.level for band in item.definition.bands}:
                days[item.definition.broker, level].append(item.since)
    assert all(len(set(found)) == len(found) for found in days.values())


def test_horizons_that_are_not_printed_are_stood_in_for() -> None:
    found = {
        (item.definition.broker, item.definition.months_low, item.definition.months_high)
        for item in shipped_definitions()
        if item.definition.months_assumed
    }
    assert found == {
        ("国海证券", 6, 6),
        ("财通证券", 6, 6),
        ("高盛", 12, 12),
        ("摩根大通", 12, 12),
        ("海通国际", 12, 12),
    }


def test_a_month_or_a_year_is_known_from_its_end_on() -> None:
    days = {
        item.since
        for item in shipped_definitions()
        if item.definition.broker in ("中原证券", "国元证券", "高盛", "汇丰") and not item.last_day
    }
    assert days == {
        date(2020, 3, 30),
        date(2025, 5, 16),
        date(2020, 12, 31),
        date(2026, 7, 31),
        date(2026, 5, 11),
    }


def test_what_a_house_was_called_before_is_marked() -> None:
    former = {
        (item.definition.broker, item.former) for item in shipped_definitions() if item.former
    }
    assert former == {
        ("国泰海通证券", "国泰君安证券"),
        ("国投证券", "安信证券"),
        ("国联民生证券", "国联证券"),
        ("诚通证券", "新时代证券"),
        ("财信证券", "财富证券"),
    }


def test_every_shipped_definition_makes_contracts() -> None:
    found = Contracts(shipped_definitions()).contracts
    assert {item.card for item in found} == {SHIPPED}
    refused = {item.broker for item in found if "figure" not in item.refusal and item.refusal}
    assert refused == {"中泰证券", "星展", "海通国际", "瑞银", "汇丰"}


OWN_TEXT = """
[[rating_definitions]]
broker = "甲证券"
seen = ["2024-02", "2025-03-04"]
months_low = 6
months_high = 12
bands = [{ level = "stock", rating = "买入", low = 0.2 }]
"""


def test_a_workspace_adds_definitions_of_its_own(tmp_path: Path) -> None:
    place = Workspace(root=tmp_path)
    assert own_definitions(place) == ()
    (tmp_path / OWN).write_text(OWN_TEXT, encoding="utf-8")
    (found,) = own_definitions(place)
    assert (found.since, found.last_seen, found.card) == (date(2024, 2, 29), date(2025, 3, 4), OWN)
    assert found.definition.bands[0].low == 0.2


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("2024-02", "2024-13", "seen"),
        ("2024-02", "2024-02-30", "is no day"),
        ("months_low = 6", "months_low = 13", "is after months_high"),
        ("months_low = 6", "", "a horizon has two ends"),
        ("low = 0.2", "low = 0.2, high = 0.1", "is not below"),
        ("low = 0.2", "low = 0.2, qualitative = true", "has a figure"),
        ("months_low = 6\nmonths_high = 12\n", "", "has no months_low"),
        ("low = 0.2", "lo = 0.2", "lo"),
    ],
)
def test_a_definition_that_is_wrong_names_the_file_and_the_key(
    tmp_path: Path, old: str, new: str, text: str
) -> None:
    assert old in OWN_TEXT
    (tmp_path / OWN).write_text(OWN_TEXT.replace(old, new), encoding="utf-8")
    with pytest.raises(BasketDefinitionError, match=text) as caught:
        own_definitions(Workspace(root=tmp_path))
    assert OWN in str(caught.value.where)
