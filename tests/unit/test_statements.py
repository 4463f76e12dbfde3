"""Four quarters, growth and streaks of cumulative statements: each rule by hand."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screener.screen.computed import Why
from screener.screen.statements import (
    DETAILED,
    DETAILS,
    STATEMENT_FIELDS,
    SUMMARY,
    net_claims,
    place_statements,
)
from tests.support.laws import laws

NAMES = (*SUMMARY, *DETAILS)
AS_OF = date(2024, 9, 17)


def company(*rows, as_of=AS_OF):
    """Return the statements of one company from (period end, known at, figures)."""
    rows = sorted((row for row in rows), key=lambda row: (row[0], row[1]))
    return place_statements(
        listings=np.zeros(len(rows), dtype=np.int64),
        n_listings=1,
        period_end=np.array([row[0] for row in rows], dtype="datetime64[D]"),
        known_at=np.array([row[1] for row in rows], dtype="datetime64[D]"),
        figures={
            name: np.array([row[2].get(name, np.nan) for row in rows], dtype=float)
            for name in NAMES
        },
        as_of=as_of,
    )


def value(held, name):
    found = STATEMENT_FIELDS[name](held)
    return found.values[0], Why(found.why[0])


HALF = ("2024-06-30", "2024-08-28", {"net_profit": 60, "revenue": 500, "equity": 1100})
AGO = ("2023-06-30", "2023-08-28", {"net_profit": 40, "revenue": 400, "equity": 900})
YEAR = ("2023-12-31", "2024-04-20", {"net_profit": 90, "revenue": 900, "equity": 1000})


def test_four_quarters_of_a_half_year():
    held = company(HALF, AGO, YEAR)
    assert value(held, "net_profit_ttm") == (60 + 90 - 40, Why.THERE)
    assert value(held, "revenue_ttm") == (1000, Why.THERE)
    assert value(held, "roe_ttm") == (110 / 1000, Why.THERE)
    assert value(held, "net_margin") == (0.11, Why.THERE)
    assert value(held, "profit_yoy") == (0.5, Why.THERE)
    assert value(held, "statement_days") == (20, Why.THERE)


def test_a_year_needs_no_other_statement():
    assert value(company(YEAR), "net_profit_ttm") == (90, Why.THERE)
    assert value(company(YEAR), "profit_yoy")[1] is Why.MISSING


@pytest.mark.parametrize("left_out", [AGO, YEAR])
def test_without_one_of_its_parts_there_is_no_year(left_out):
    held = company(*(row for row in (HALF, AGO, YEAR) if row is not left_out))
    assert value(held, "net_profit_ttm")[1] is Why.MISSING


def test_a_restatement_counts_from_the_day_on_which_it_is_known():
    first = ("2023-12-31", "2024-04-20", {"net_profit": 90})
    again = ("2023-12-31", "2024-08-28", {"net_profit": 70})
    assert value(company(first), "net_profit_ttm")[0] == 90
    assert value(company(first, again), "net_profit_ttm")[0] == 70
    assert value(company(again, first), "statement_days")[0] == 20


def test_what_a_restatement_leaves_out_is_not_taken_from_the_statement_before():
    again = ("2023-12-31", "2024-08-28", {"revenue": 900})
    assert value(company(YEAR, again), "net_profit_ttm")[1] is Why.MISSING


BALANCE = {"debt": 30, "minorities": 5, "cash_equivalents": 50, "total_assets": 2000}
SHEET = BALANCE | {"total_liabilities": 1000, "equity": 995}


def test_the_fields_that_read_details_are_known():
    held = company(HALF, AGO, YEAR)
    plain = replace(held, figures={name: held.figures[name] for name in SUMMARY})

    def fails(name):
        try:
            STATEMENT_FIELDS[name](plain)
        except KeyError:
            return True
        return False

    assert {name for name in STATEMENT_FIELDS if fails(name)} == DETAILED & set(STATEMENT_FIELDS)
    assert DETAILED - set(STATEMENT_FIELDS) == {"ev", "ev_revenue", "ev_ebitda"}


def test_a_source_that_tells_a_part_alone_takes_nothing_back():
    late = (*YEAR[:1], "2024-05-01", {"debt": 400, "total_assets": 1})
    held = company(YEAR, (*YEAR[:1], "2024-04-22", BALANCE))
    assert value(held, "net_profit_ttm") == (90, Why.THERE)
    assert value(held, "net_cash") == (20, Why.THERE)
    held = company(YEAR, (*YEAR[:1], "2024-04-22", BALANCE), late)
    assert value(held, "net_cash")[1] is Why.MISSING  # the last balance sheet counts, whole
    assert value(held, "revenue_ttm") == (900, Why.THERE)


def test_a_balance_sheet_and_what_it_earns():
    earned = {"ebit": 140, "income_tax": 30, "interest_expense": 4, "depreciation": 25}
    before = ("2022-12-31", "2023-04-20", {"equity": 800, "debt": 10, "minorities": 0, "ebit": 1})
    held = company((*YEAR[:2], YEAR[2] | SHEET | earned), before)
    assert value(held, "net_cash") == (20, Why.THERE)
    assert net_claims(held).values[0] == 30 + 5 - 50
    assert value(held, "debt_ratio") == (0.5, Why.THERE)
    assert value(held, "interest_cover") == (35, Why.THERE)
    assert value(held, "ebitda_ttm") == (165, Why.THERE)
    assert value(held, "roic_ttm") == (110 / ((995 + 30 + 5 + 810) / 2), Why.THERE)


def test_depreciation_is_told_with_the_half_year_and_the_year():
    told = {"ebit": 140, "depreciation": 25}
    third = ("2024-03-31", "2024-04-25", {"ebit": 50, "revenue": 1})
    held = company((*YEAR[:2], told), third, as_of=date(2025, 3, 31))
    assert value(held, "ebitda_ttm") == (165, Why.THERE)
    assert value(held, "ebit_ttm")[1] is Why.MISSING  # the first quarter of 2023 is not told
    stale = company((*YEAR[:2], told), third, as_of=date(2025, 4, 1))
    assert value(stale, "ebitda_ttm")[1] is Why.STALE
    assert value(stale, "ebit_ttm")[1] is Why.MISSING
    assert value(company(third), "ebitda_ttm")[1] is Why.MISSING


@pytest.mark.parametrize("left_out", ["debt", "minorities", "cash_equivalents"])
def test_what_a_balance_sheet_leaves_out_is_not_zero(left_out):
    kept = {name: figure for name, figure in SHEET.items() if name != left_out}
    assert net_claims(company((*YEAR[:2], kept))).why[0] == Why.MISSING


def test_a_statement_is_stale_after_fifteen_months():
    row = ("2023-06-30", "2023-08-28", {"equity": 5, "net_profit": 1})
    assert value(company(row, as_of=date(2024, 9, 30)), "equity") == (5, Why.THERE)
    assert value(company(row, as_of=date(2024, 10, 1)), "equity")[1] is Why.STALE


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("profit_yoy", [HALF, ("2023-06-30", "2023-08-28", {"net_profit": -5})]),
        ("profit_yoy", [HALF, ("2023-06-30", "2023-08-28", {"net_profit": 0})]),
        ("roe_ttm", [HALF, YEAR, ("2023-06-30", "2023-08-28", {"net_profit": 40, "equity": -1})]),
        ("cash_to_profit", [(*YEAR[:2], {"net_profit": -1, "operating_cash_flow": 5})]),
        ("net_margin", [(*YEAR[:2], {"net_profit": 3, "revenue": 0})]),
        ("interest_cover", [(*YEAR[:2], {"ebit": 3, "interest_expense": 0})]),
        ("interest_cover", [(*YEAR[:2], {"ebit": 3, "interest_expense": -1})]),
        ("debt_ratio", [(*YEAR[:2], {"total_liabilities": 3, "total_assets": 0})]),
        (
            "roic_ttm",
            [
                (*YEAR[:2], {"equity": -9, "minorities": 1, "debt": 2, "ebit": 3, "income_tax": 1}),
                ("2022-12-31", "2023-04-20", {"equity": 9, "minorities": 1, "debt": 2}),
            ],
        ),
        (
            "profit_cagr_3y",
            [(*YEAR[:2], {"net_profit": -1}), ("2020-12-31", "2021-04-20", {"net_profit": 5})],
        ),
    ],
)
def test_losses_and_negative_equity_say_nothing(name, rows):
    assert value(company(*rows), name)[1] is Why.UNDEFINED


def years(*profits):
    return [
        (f"{2023 - at}-12-31", f"{2024 - at}-04-20", {"net_profit": profit, "revenue": profit})
        for at, profit in enumerate(profits)
    ]


@pytest.mark.parametrize(
    ("profits", "profitable", "growing"),
    [((9, 8, 7, -1, 5), 3, 3), ((9, 9, 7), 3, 0), ((-1, 8), 0, 0), ((9, 8, 8, 3), 4, 1)],
)
def test_years_in_a_row(profits, profitable, growing):
    held = company(*years(*profits))
    assert value(held, "profit_years")[0] == profitable
    assert value(held, "growth_years")[0] == growing


def test_growth_of_a_single_year_is_not_known():
    assert value(company(*years(9)), "growth_years")[1] is Why.MISSING


def test_a_gap_ends_the_years_in_a_row():
    rows = years(9, 8, 7, 6)
    assert value(company(rows[0], rows[1], rows[3]), "profit_years")[0] == 2


def test_compound_growth():
    rate, why = value(company(*years(8, 5, 3, 1)), "profit_cagr_3y")
    assert why is Why.THERE
    assert rate == pytest.approx(1.0, rel=1e-12)


def test_another_fiscal_year_gives_no_wrong_one():
    """Annual figures in March: the calendar's year end is missing, and with it four quarters."""
    rows = [
        ("2024-03-31", "2024-06-20", {"net_profit": 100, "revenue": 1000}),
        ("2023-03-31", "2023-06-20", {"net_profit": 80, "revenue": 900}),
        ("2023-09-30", "2023-11-20", {"net_profit": 45, "revenue": 480}),
    ]
    held = company(*rows, as_of=date(2024, 7, 1))
    for name in ("net_profit_ttm", "roe_ttm", "profit_years", "revenue_cagr_3y"):
        assert value(held, name)[1] is Why.MISSING


def test_nobody_has_statements():
    held = place_statements(
        listings=np.empty(0, dtype=np.int64),
        n_listings=2,
        period_end=np.empty(0, dtype="datetime64[D]"),
        known_at=np.empty(0, dtype="datetime64[D]"),
        figures={name: np.empty(0) for name in NAMES},
        as_of=AS_OF,
    )
    for name, compute in STATEMENT_FIELDS.items():
        assert compute(held).why.tolist() == [Why.MISSING] * 2, name


rows_of_years = st.lists(
    st.tuples(st.integers(0, 11), st.floats(-100, 100), st.floats(1, 1000)), max_size=14
)


@laws(60)
@given(rows_of_years, rows_of_years)
def test_a_value_is_there_or_has_a_reason(first, second):
    def made(rows, later):
        ends = [
            f"{2021 + at // 4}-{('03-31', '06-30', '09-30', '12-31')[at % 4]}" for at, *_ in rows
        ]
        return [
            (end, f"{int(end[:4]) + 1 + later}-01-15", {"net_profit": profit, "revenue": revenue})
            for end, (_, profit, revenue) in zip(ends, rows, strict=True)
        ]

    held = company(*made(first, 0), *made(second, 1))
    for name, compute in STATEMENT_FIELDS.items():
        found = compute(held)
        assert np.isfinite(found.values[0]) == (found.why[0] == Why.THERE), name
