"""Amounts as people write them: one reader for options, settings, ranges and conditions."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screener.domain.amounts import parse_amount, parse_amounts
from screener.domain.choices import parse_answer
from screener.errors import InputError
from tests.support.laws import laws

POWERS = {"千": 3, "万": 4, "十万": 5, "百万": 6, "千万": 7, "亿": 8, "百亿": 10, "万亿": 12}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1000000", 1e6),
        ("1e6", 1e6),
        (" 20万 ", 2e5),
        ("20 萬元", 2e5),
        ("２０．５万", 205_000.0),
        ("0.3亿", 3e7),
        ("1.5万亿元", 1.5e12),
        ("-2千万", -2e7),
        ("1_000", 1000.0),
    ],
)
def test_an_amount_is_read(text, value):
    assert parse_amount(text, parameter="--capital") == value


@laws(60)
@given(st.decimals(0, 10**6, places=3), st.sampled_from(sorted(POWERS)))
def test_orders_of_magnitude_are_exact(number, power):
    told = parse_amount(f"{number}{power}", parameter="x")
    assert told == float(number * Decimal(10) ** POWERS[power])


@pytest.mark.parametrize(
    "text",
    ["", "much", "20%", "3倍", "1,000", "2万3", "亿", "3²", "一亿", "20亿亿", "nan", "1..2", "+-3"],
)
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(InputError, match=r"--capital .* is no number") as info:
        parse_amount(text, parameter="--capital")
    assert "100万" in info.value.fix


@pytest.mark.parametrize("text", ["1e999", "9e301亿"])
def test_what_is_not_finite_is_refused(text):
    with pytest.raises(InputError, match=f"{text} is not finite"):
        parse_amount(text, parameter="x")


def test_units_are_those_that_are_asked_for():
    assert parse_amount("3%", parameter="x", units="%") == 0.03
    assert parse_amount("７％", parameter="x", units="%") == 0.07
    with pytest.raises(InputError, match="no number"):
        parse_amount("3元", parameter="x", units="%")


def test_several_amounts():
    assert parse_amounts("2万，10万、1e6;20000", parameter="x") == (2e4, 1e5, 1e6)
    assert parse_amounts(" , ", parameter="x") == ()
    with pytest.raises(InputError, match="'1,000,000' may be one amount or several"):
        parse_amounts("1,000,000", parameter="x")


@pytest.mark.parametrize(
    ("text", "answer"),
    [("是", True), (" Y ", True), ("否", False), ("No", False), ("不", False), ("也许", None)],
)
def test_answers_in_both_languages(text, answer):
    assert parse_answer(text) is answer
