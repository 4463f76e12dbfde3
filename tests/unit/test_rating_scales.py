"""Words of ratings: read out of what sources print, and found on a house's scale."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screener.domain.report import Band, RatingLevel
from screener.scoring.definitions.scales import Match, Scale
from screener.workflows.score.words import read_rating
from tests.support.laws import laws
from tests.support.score_worlds import band


def scale(*words: tuple[str, float | None, float | None]) -> Scale:
    return Scale([band(*word) for word in words], range(len(words)))


FOUR = scale(("推荐", 0.2, None), ("谨慎推荐", 0.1, 0.2), ("中性", -0.1, 0.1), ("回避", None, -0.1))
FIVE = scale(
    ("买入", 0.15, None),
    ("增持", 0.05, 0.15),
    ("中性", -0.05, 0.05),
    ("减持", -0.15, -0.05),
    ("卖出", None, -0.15),
)
THREE = scale(("跑赢大市", 0.1, None), ("中性", -0.1, 0.1), ("跑输大市", None, -0.1))
ENGLISH = scale(("Overweight", 0.05, None), ("Neutral", -0.05, 0.05), ("Underweight", None, -0.05))


@pytest.mark.parametrize(
    ("text", "word", "change", "risk"),
    [
        ("买入", "买入", "", ""),
        ("買入", "买入", "", ""),
        ("买 入", "买入", "", ""),
        ("增持（维持）", "增持", "maintained", ""),
        ("首次增持", "增持", "initiated", ""),
        ("增持(首次)", "增持", "initiated", ""),
        ("推荐/维持", "推荐", "maintained", ""),
        ("下调至中性", "中性", "lowered", ""),
        ("上調至買入", "买入", "raised", ""),
        ("谨慎推荐-B", "谨慎推荐", "", "B"),
        ("买入A", "买入", "", "A"),
        ("“增持”评级", "增持", "", ""),
        ("2.增持", "增持", "", ""),
        ("outperform", "Outperform", "", ""),
        ("BUY (维持)", "Buy", "maintained", ""),
        ("Market Perform", "MarketPerform", "", ""),
        ("无评级", "", "", ""),
    ],
)
def test_a_printed_rating_is_read(text: str, word: str, change: str, risk: str) -> None:
    assert read_rating(text) == (word, change, risk)


@pytest.mark.parametrize("text", ["推荐(买入)", "2", "不推荐", "买入-H股", "加码", "买入 增持"])
def test_what_is_no_rating_or_two_stays_as_it_is(text: str) -> None:
    assert read_rating(text) == (text, "", "")


@given(
    word=st.sampled_from(["买入", "增持", "谨慎推荐", "强于大市", "卖出"]),
    change=st.sampled_from(["", "维持", "首次", "上调"]),
    grade=st.sampled_from(["", "A", "-B"]),
    marks=st.sampled_from([("(", ")"), ("（", "）"), ("/", ""), ("-", ""), (";", "")]),
)
@laws(60)
def test_remarks_and_grades_leave_the_word_as_it_is(
    word: str, change: str, grade: str, marks: tuple[str, str]
) -> None:
    remark = f"{marks[0]}{change}{marks[1]}" if change else ""
    found = read_rating(f"{word}{grade}{remark}")
    assert (found.word, found.risk) == (word, grade.strip("-"))
    assert bool(found.change) == bool(change)


@pytest.mark.parametrize(
    ("on", "word", "place", "how"),
    [
        (FIVE, "增持", 1, Match.OWN),
        (FIVE, "Buy", 0, Match.TRANSLATED),
        (FIVE, "Outperform", 1, Match.TRANSLATED),
        (FIVE, "SELL", 4, Match.TRANSLATED),
        (THREE, "Outperform", 0, Match.TRANSLATED),
        (THREE, "Underperform", 2, Match.TRANSLATED),
        (ENGLISH, "OVERWEIGHT", 0, Match.OWN),
        (ENGLISH, "增持", 0, Match.TRANSLATED),
        (ENGLISH, "减持", 2, Match.TRANSLATED),
    ],
)
def test_a_word_is_found_as_it_is_or_in_the_other_language(
    on: Scale, word: str, place: int, how: Match
) -> None:
    assert on.find(word) == (place, how)


@pytest.mark.parametrize(
    ("on", "word", "place"),
    [
        (FOUR, "买入", 0),
        (FOUR, "增持", 1),
        (FOUR, "持有", 2),
        (FOUR, "减持", 3),
        (FOUR, "卖出", 3),
        (THREE, "买入", 0),
        (THREE, "增持", 0),
        (scale(("增持", 0.15, None), ("谨慎增持", 0.05, 0.15)), "买入", 0),
    ],
)
def test_a_vendors_word_is_mapped_by_its_rank_and_a_houses_never(
    on: Scale, word: str, place: int
) -> None:
    assert on.find(word, vendor=True) == (place, Match.RANK)
    assert on.find(word) is None


@pytest.mark.parametrize("word", ["增持", "卖出", "中性"])
def test_a_word_that_the_house_has_is_never_mapped(word: str) -> None:
    assert FIVE.find(word, vendor=True) == FIVE.find(word)


def test_a_rank_without_its_side_is_not_on_the_scale() -> None:
    up = scale(("增持", 0.15, None), ("谨慎增持", 0.05, 0.15))
    assert up.find("卖出", vendor=True) is None
    assert up.find("买进", vendor=True) is None


def test_in_line_in_words_is_the_middle() -> None:
    words: Sequence[Band] = [
        Band(level=RatingLevel.STOCK, rating="看好", low=0.0, high=None, qualitative=True),
        Band(level=RatingLevel.STOCK, rating="看平", low=0.0, high=0.0, qualitative=True),
        Band(level=RatingLevel.STOCK, rating="看淡", low=None, high=0.0, qualitative=True),
    ]
    found = Scale(words, range(3))
    assert [found.find(word, vendor=True) for word in ("增持", "中性", "减持")] == [
        (0, Match.RANK),
        (1, Match.RANK),
        (2, Match.RANK),
    ]
