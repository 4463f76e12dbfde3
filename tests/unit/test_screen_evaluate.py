from datetime import date

import pyarrow as pa
import pytest

from screener.errors import InputError
from screener.screen.criteria import parse_criteria, parse_fields, parse_order
from screener.screen.evaluate import Questions, evaluate, row_schema
from screener.screen.fields import FIELDS
from screener.screen.query import parse_predicate

DAY = date(2026, 5, 27)
SCHEMA = row_schema(field for field in FIELDS.values() if field.stored)


def rows(*items):
    blank = dict.fromkeys(SCHEMA.names)
    full = [
        blank | {"name": item["listing"], "session": None if "absent" in item else DAY} | item
        for item in items
    ]
    return pa.Table.from_pylist(full, schema=SCHEMA)


def ask(*, where=None, sort=None, allow_missing=None, currency="CNY", **ranges):
    return Questions(
        criteria=parse_criteria(ranges),
        predicate=None if where is None else parse_predicate(where),
        order=None if sort is None else parse_order(sort),
        allow_missing=parse_fields(allow_missing, parameter="--allow-missing"),
        currency=currency,
    )


def only(found):
    (row,) = found.rows
    return row


@pytest.mark.parametrize(
    ("item", "ranges", "passed", "reason"),
    [
        ({"pe_static": 4.8978}, {"pe_static": "0..15"}, True, "pe_static 4.90 in 0..15"),
        ({"pb": 3.1}, {"pb": "..1.5"}, False, "pb 3.10 above 1.5"),
        ({"pb": 1.504}, {"pb": "..1.5"}, False, "pb 1.504 above 1.5"),
        ({"pb": 1.4999}, {"pb": "..1.5"}, True, "pb 1.50 in ..1.5"),
        ({"pb": 0.996}, {"pb": "..0.999"}, True, "pb 0.996 in ..0.999"),
        ({"pb": 1.5}, {"pb": "1.5..1.5"}, True, "pb 1.50 in 1.5..1.5"),
        ({"pb": 0.2}, {"pb": "0.5.."}, False, "pb 0.20 below 0.5"),
        ({"pb": 0.4999}, {"pb": "0.5.."}, False, "pb 0.4999 below 0.5"),
        (
            {"pe_static": -12.3},
            {"pe_static": "..15"},
            False,
            "pe_static undefined (raw -12.3: loss)",
        ),
        (
            {"pb": -1.0},
            {"pb": "-5..15"},
            False,
            "pb undefined (raw -1: no positive book value)",
        ),
        ({"pe_ttm": 0.0}, {"pe_ttm": "0..15"}, False, "pe_ttm undefined (raw 0: loss)"),
        ({}, {"pe_ttm": "0..15"}, False, "pe_ttm missing"),
        ({"pe_ttm": float("nan")}, {"pe_ttm": "0.."}, False, "pe_ttm missing"),
        ({"pe_ttm": float("inf")}, {"pe_ttm": "0.."}, False, "pe_ttm missing"),
        (
            {"market_cap": 208.807e9},
            {"market_cap": "10e9.."},
            True,
            "market_cap 208.81e9 CNY in 10e9..",
        ),
        (
            {"float_cap": 8.2e6},
            {"float_cap": "10e9.."},
            False,
            "float_cap 8.20e6 CNY below 10e9",
        ),
        (
            {"dividend_yield": 0.0312},
            {"dividend_yield": "0.03.."},
            True,
            "dividend_yield 0.0312 in 0.03..",
        ),
        ({"dividend_yield": 0.0}, {"dividend_yield": "..0.01"}, True, None),
    ],
)
def test_reason_of_a_range(item, ranges, passed, reason):
    row = only(evaluate(rows({"listing": "000001.SZ"} | item), ask(**ranges)))
    assert row.passed is passed
    assert row.rank == (1 if passed else None)
    assert reason is None or row.reasons == (reason,)


def test_every_question_gets_its_reason():
    row = only(
        evaluate(
            rows({"listing": "000001.SZ", "pe_static": 4.9, "pb": 3.1}),
            ask(pe_static="0..15", pb="..1.5", where="pb > 1"),
        )
    )
    assert not row.passed
    assert row.reasons == ("pe_static 4.90 in 0..15", "pb 3.10 above 1.5", "predicate true")


def test_missing_passes_only_where_allowed_and_undefined_never():
    table = rows(
        {"listing": "A", "pe_ttm": None},
        {"listing": "B", "pe_ttm": -3.0},
        {"listing": "C", "pe_ttm": 9.0},
    )
    strict = evaluate(table, ask(pe_ttm="..20"))
    assert [row.listing for row in strict.passes] == ["C"]
    allowed = evaluate(table, ask(pe_ttm="..20", allow_missing="pe_ttm"))
    assert [(row.listing, row.reasons) for row in allowed.passes] == [
        ("C", ("pe_ttm 9.00 in ..20",)),
        ("A", ("pe_ttm missing, allowed",)),
    ]
    assert [row.reasons for row in allowed.failures] == [("pe_ttm undefined (raw -3: loss)",)]


def test_allowing_a_field_that_no_range_asks_for_is_refused():
    with pytest.raises(InputError, match="pb may be missing, but has no range") as error:
        ask(pe_ttm="..20", allow_missing="pb")
    assert "IS NULL" in error.value.fix


def test_a_negative_multiple_is_not_cheap_for_the_predicate_either():
    table = rows({"listing": "A", "pe_ttm": -3.0}, {"listing": "B"}, {"listing": "C", "pe_ttm": 3})
    found = evaluate(table, ask(where="pe_ttm < 20"))
    assert {row.listing: row.reasons for row in found.rows} == {
        "A": ("predicate undefined (pe_ttm undefined)",),
        "B": ("predicate undefined (pe_ttm missing)",),
        "C": ("predicate true",),
    }
    losses = evaluate(table, ask(where="pe_ttm_raw < 0"))
    assert [row.listing for row in losses.passes] == ["A"]
    assert losses.failures[0].reasons == ("predicate undefined (pe_ttm_raw missing)",)


def test_the_predicate_reads_only_a_name_known_by_then():
    table = rows(
        {"listing": "A", "name": "*ST 甲", "known_name": None},
        {"listing": "B", "name": "*ST 乙", "known_name": "*ST 乙"},
    )
    found = evaluate(table, ask(where="name LIKE '*ST%'"))
    assert [row.listing for row in found.passes] == ["B"]
    assert found.failures[0].reasons == ("predicate undefined (name missing)",)


def test_a_name_without_valuation_fails_whatever_is_asked():
    table = rows({"listing": "A", "absent": "no valuation within 7 days of 2026-05-27"})
    for questions in (
        ask(),
        ask(pb="..3", allow_missing="pb"),
        ask(where="pb IS NULL"),
    ):
        row = only(evaluate(table, questions))
        assert not row.passed
        assert row.reasons == ("no valuation within 7 days of 2026-05-27",)


def test_default_order_is_the_first_range_else_market_cap_descending():
    table = rows(
        {"listing": "A", "pb": 2.0, "pe_ttm": 5.0, "market_cap": 1e9},
        {"listing": "B", "pb": 1.0, "pe_ttm": 9.0, "market_cap": 3e9},
        {"listing": "C", "pb": 1.0, "pe_ttm": 7.0, "market_cap": None},
    )
    by_range = evaluate(table, ask(pb="..3", pe_ttm="..20"))
    assert [(row.rank, row.listing) for row in by_range.rows] == [(1, "B"), (2, "C"), (3, "A")]
    by_cap = evaluate(table, ask(where="pb < 3"))
    assert [row.listing for row in by_cap.rows] == ["B", "A", "C"]
    assert evaluate(table, ask()).rows[0].reasons == ("nothing asked",)


@pytest.mark.parametrize(
    ("sort", "expected"),
    [("pe_ttm", "CABDE"), ("-pe_ttm", "BACDE"), ("pe_ttm desc", "BACDE")],
)
def test_undefined_and_missing_rank_last_in_either_direction(sort, expected):
    table = rows(
        {"listing": "E", "pb": 1.0},
        {"listing": "D", "pb": 1.0, "pe_ttm": -50.0},
        {"listing": "C", "pb": 1.0, "pe_ttm": 5.0},
        {"listing": "B", "pb": 1.0, "pe_ttm": 9.0},
        {"listing": "A", "pb": 1.0, "pe_ttm": 7.0},
    )
    found = evaluate(table, ask(pb="..3", sort=sort))
    assert "".join(row.listing for row in found.passes) == expected


def test_fields_asked_for_are_those_of_ranges_order_and_predicate():
    questions = ask(pb="..3", sort="-market_cap", where="pe_ttm_raw < 0 OR ps_ttm < pb")
    assert [field.name for field in questions.fields] == ["pb", "market_cap", "pe_ttm", "ps_ttm"]
    row = only(evaluate(rows({"listing": "A", "pb": 1.0, "pe_ttm": -2.0, "pcf_ttm": 7}), questions))
    assert dict(row.values) == {"pb": 1.0, "market_cap": None, "pe_ttm": None, "ps_ttm": None}
    assert dict(row.raw) == {"pb": 1.0, "pe_ttm": -2.0, "ps_ttm": None}


def test_a_predicate_that_fails_on_a_row_says_so():
    with pytest.raises(InputError, match="cannot take logarithm of zero") as error:
        evaluate(rows({"listing": "A", "dividend_yield": 0.0}), ask(where="ln(dividend_yield) > 0"))
    assert "columns:" in error.value.fix
