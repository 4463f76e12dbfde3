"""The declared tables: whole, in both languages, and told apart from what does not fit."""

from __future__ import annotations

import re
from datetime import date, datetime
from importlib import resources

import pandas as pd
import pytest

from screener.results.backtest import PATHS, RETURNS
from screener.results.data import DIFF
from screener.results.frames import frame_of
from screener.results.tables import Dtype, TableSpec, Unit, declared, fits
from tests.support.each import of_each

FILES = sorted(
    item.name.removesuffix(".toml")
    for item in (resources.files("screener.results") / "declared").iterdir()
    if item.name.endswith(".toml") and item.name != "common.toml"
)
TABLES = [spec for name in FILES for spec in declared(name).values()]
DAY = date(2026, 5, 27)
CHANGE = {**dict.fromkeys(DIFF.names, ""), "new": None}
ROW: dict[str, object] = {
    "basket": "a",
    "report": "",
    "horizon": 5,
    "capital": None,
    "session": date(2026, 5, 27),
    "paper_value": 1.01,
    "traded_value": None,
    "benchmark_value": 1.0,
    "run_id": "x",
}


@of_each(TABLES, lambda spec: spec.name)
def test_every_column_is_labelled_and_told_in_one_line(spec: TableSpec) -> None:
    assert spec.meaning.endswith(".")
    for column in spec.columns:
        assert re.fullmatch("[a-z][a-z0-9_]*", column.name)
        assert column.en
        assert re.search("[一-鿿]", column.zh), column
        assert column.meaning.endswith("."), column
        assert "\n" not in column.meaning
        numeric = column.dtype in (Dtype.NUMBER, Dtype.WHOLE)
        assert column.unit is Unit.NONE or numeric, column


TWO_TYPES = {
    "printed": {Dtype.TEXT, Dtype.NUMBER},  # what a report prints: a name, or a figure
    "session": {Dtype.DATE, Dtype.WHOLE},  # of a study: counted from the entry session
    "unit": {Dtype.TEXT, Dtype.WHOLE},  # of a study: what is observed, and which of them
}
"""Names of files that are older than the declarations, and stay."""


def test_a_name_has_one_type_wherever_it_stands() -> None:
    kinds: dict[str, set[Dtype]] = {}
    for spec in TABLES:
        for column in spec.columns:
            if column.dtype is Dtype.VALUE:  # a cell of whichever column of another table
                continue
            kinds.setdefault(column.name, set()).add(column.dtype)
    assert {name: found for name, found in kinds.items() if len(found) > 1} == TWO_TYPES


def test_what_does_not_fit_is_told() -> None:
    assert not fits(PATHS, [ROW])
    assert fits(PATHS, [{**ROW, "more": 1}]) == ("paths: more is not declared",)
    assert fits(PATHS, [{**ROW, "paper_value": None}]) == ("paths: paper_value is empty",)
    assert fits(PATHS, [{**ROW, "horizon": 5.0}]) == ("paths: horizon is a float, not whole",)
    assert fits(PATHS, [{**ROW, "horizon": True}]) == ("paths: horizon is a bool, not whole",)
    told = fits(PATHS, [{**ROW, "session": datetime(2026, 5, 27)}])  # noqa: DTZ001
    assert told == ("paths: session is a datetime, not date",)
    assert not fits(DIFF, [{**CHANGE, "old": old} for old in (None, "a", 1, 1.5, True, DAY)])
    assert fits(DIFF, [{**CHANGE, "old": b"a"}]) == ("diff: old is a bytes, not value",)
    lacks = {name: value for name, value in ROW.items() if name != "basket"}
    assert fits(PATHS, [lacks]) == ("paths: no basket",)


@pytest.mark.parametrize("rows", [[], [ROW], [ROW, {**ROW, "traded_value": 0.5}]])
def test_a_frame_has_the_declared_columns_and_types(rows: list[dict[str, object]]) -> None:
    frame = frame_of(PATHS, rows, {"run_id": "x"})
    assert tuple(frame.columns) == PATHS.names
    assert len(frame) == len(rows)
    assert frame.dtypes.astype(str).to_dict() == {
        "basket": "string",
        "report": "string",
        "horizon": "Int64",
        "capital": "float64",
        "session": "datetime64[ns]",
        "paper_value": "float64",
        "traded_value": "float64",
        "benchmark_value": "float64",
        "run_id": "string",
    }
    assert frame.attrs == {"run_id": "x"}
    with pytest.raises(KeyError, match="paper_value"):
        frame_of(PATHS, [{name: value for name, value in ROW.items() if name != "paper_value"}])
    if rows:
        assert frame["session"][0] == pd.Timestamp(2026, 5, 27)
        assert frame["traded_value"].isna()[0]


def test_tables_are_joined_and_cut() -> None:
    few = RETURNS.selected({"basket", "run_id"})
    assert list(few.row({"run_id": "x", "more": 1}).items()) == [("basket", None), ("run_id", "x")]
    assert few.names == ("basket", "run_id")
    assert few.joined(PATHS.selected({"paper_value"})).names == ("basket", "run_id", "paper_value")
    with pytest.raises(ValueError, match="declared twice"):
        few.joined(few)
