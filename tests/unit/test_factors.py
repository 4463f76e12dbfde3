"""Total-return factors against published worked examples, and what they refuse."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import numpy as np
import pyarrow as pa
import pytest

from screener.data.lake.schema import TABLES, TableName
from screener.data.panels.factors import ex_reference, total_return_factors
from screener.errors import DataError

FETCHED = datetime(2026, 6, 1, tzinfo=UTC)


def make_actions(*rows: dict[str, object]) -> pa.Table:
    names = TABLES[TableName.ACTIONS].column_names
    kinds = {
        "listing": pa.string(),
        "source": pa.string(),
        "fetched_at": pa.timestamp("us", tz="UTC"),
        **{n: pa.date32() for n in ("ex_session", "announced", "record_date", "pay_date")},
    }
    base = {"listing": "600000.SH", "source": "test.csv", "fetched_at": FETCHED}
    return pa.table(
        {
            n: pa.array([{**base, **r}.get(n) for r in rows], kinds.get(n, pa.float64()))
            for n in names
        }
    )


def make_closes(*rows: tuple[str, str, float | None]) -> pa.Table:
    return pa.table(
        {
            "listing": pa.array([r[0] for r in rows], pa.string()),
            "session": pa.array([date.fromisoformat(r[1]) for r in rows], pa.date32()),
            "close": pa.array([r[2] for r in rows], pa.float64()),
        }
    )


ONE_CLOSE = make_closes(("600000.SH", "2024-06-12", 12.0))
EX = date(2024, 6, 13)


@pytest.mark.parametrize(
    ("terms", "published"),
    [
        # Worked examples of investor-education pages, rounded to 0.01 as exchanges publish them:
        # 10 for 3 bonus, 2 CNY cash and 10 for 2 rights at 5 (at 8) after a close of 12.
        ({"cash": 0.2, "bonus": 0.3, "rights": 0.2, "rights_price": 5.0}, 8.53),
        ({"cash": 0.2, "bonus": 0.3, "rights": 0.2, "rights_price": 8.0}, 8.93),
        # By hand: cash alone, 10 for 10 bonus, and the same thing as a split.
        ({"cash": 0.3}, 11.70),
        ({"bonus": 1.0}, 6.00),
        ({"split": 2.0}, 6.00),
        # A 10-into-1 consolidation multiplies the price.
        ({"split": 0.1}, 120.00),
        # Cash is per share held before the split: (12 - 2) / 2.
        ({"cash": 2.0, "split": 2.0}, 5.00),
    ],
)
def test_ex_reference_matches_published_examples(terms: dict[str, float], published: float) -> None:
    assert ex_reference(np.array([12.0]), **terms)[0] == pytest.approx(published, abs=0.005)


def test_factor_is_the_ratio_of_close_to_reference_and_cumulates() -> None:
    closes = make_closes(
        ("600000.SH", "2024-06-12", 10.0),
        ("600000.SH", "2024-06-13", 9.6),
        ("600000.SH", "2025-06-12", 8.0),
        ("00700.HK", "2025-06-11", 300.0),
    )
    actions = make_actions(
        {"ex_session": date(2025, 6, 13), "bonus": 1.0},
        {"ex_session": date(2024, 6, 13), "cash": 0.5},
        {"listing": "00700.HK", "ex_session": date(2025, 6, 12), "cash": 3.0},
    )
    found = total_return_factors(actions, closes)
    assert found["listing"].to_pylist() == ["00700.HK", "600000.SH", "600000.SH"]
    assert found["ex_session"].to_pylist() == [date(2025, 6, 12), EX, date(2025, 6, 13)]
    # 300 / 297; 10 / 9.5; (10 / 9.5) * (8 / 4)
    assert found["factor"].to_pylist() == pytest.approx([300 / 297, 10 / 9.5, 20 / 9.5], rel=1e-15)


def test_columns_are_those_of_the_schema_and_provenance_is_the_actions() -> None:
    found = total_return_factors(make_actions({"ex_session": EX, "cash": 0.1}), ONE_CLOSE)
    assert tuple(found.column_names) == TABLES[TableName.FACTORS].column_names
    assert found["source"].to_pylist() == ["test.csv"]
    assert found["fetched_at"].to_pylist() == [FETCHED]
    assert [str(f.type) for f in found.schema][:3] == ["string", "date32[day]", "double"]


def test_the_last_close_before_the_ex_session_counts_even_after_a_gap() -> None:
    closes = make_closes(
        ("600000.SH", "2024-05-10", 20.0),
        ("600000.SH", "2024-06-12", None),
        ("600000.SH", "2024-06-11", float("nan")),
        ("600000.SH", "2024-06-13", 9.0),
    )
    found = total_return_factors(make_actions({"ex_session": EX, "cash": 4.0}), closes)
    assert found["factor"].to_pylist() == [20 / 16]


def test_no_actions_give_no_factors() -> None:
    assert total_return_factors(make_actions(), ONE_CLOSE).num_rows == 0


@pytest.mark.parametrize(
    ("rows", "what", "fix"),
    [
        ([{"ex_session": date(2024, 6, 12), "cash": 1.0}], "no close before", "start before"),
        ([{"listing": "000001.SZ", "ex_session": EX, "cash": 1.0}], "no close before", "leave"),
        ([{"ex_session": EX, "cash": 12.0}], "ex-reference price is 0, not positive", "correct"),
        ([{"ex_session": EX, "cash": 13.0}], "cash 13 against a previous close of 12", "correct"),
        ([{"ex_session": EX, "cash": 1.0}] * 2, "comes twice", "import it again"),
        ([{"ex_session": EX, "cash": -1.0}], "cash is not a number of 0 or more", "correct"),
        ([{"ex_session": EX, "split": 0.0}], "split is not a positive", "correct"),
        ([{"ex_session": EX, "rights": 0.3}], "without a rights_price", "correct"),
    ],
)
def test_impossible_actions_are_refused(rows: list[dict[str, object]], what: str, fix: str) -> None:
    with pytest.raises(DataError, match=re.escape(what)) as error:
        total_return_factors(make_actions(*rows), ONE_CLOSE)
    assert fix in error.value.fix
    assert "ex-session 2024-06-1" in error.value.where


def test_adjusted_closes_are_refused() -> None:
    adjusted = ONE_CLOSE.append_column("basis", pa.array(["adjusted"]))
    with pytest.raises(DataError, match="adjusted already") as error:
        total_return_factors(make_actions({"ex_session": EX, "cash": 0.1}), adjusted)
    assert "raw bars" in error.value.fix
    assert error.value.where == "600000.SH"


def test_a_second_action_without_a_close_between_starts_from_the_first_ones_reference() -> None:
    # 10 split in two is worth 5; a dividend of 1 while it still rests leaves 4: 2 x 5 / 4 = 2.5
    actions = make_actions(
        {"ex_session": date(2026, 3, 3), "split": 2.0},
        {"ex_session": date(2026, 3, 4), "cash": 1.0},
        {"ex_session": date(2026, 3, 9), "cash": 0.5},
    )
    closes = make_closes(("600000.SH", "2026-03-02", 10.0), ("600000.SH", "2026-03-06", 4.5))
    found = total_return_factors(actions, closes)
    assert found["factor"].to_pylist() == pytest.approx([2.0, 2.5, 2.5 * 4.5 / 4.0])
