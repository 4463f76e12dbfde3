"""The publication dates of the three real texts, where they are beside the project."""

from __future__ import annotations

import csv
from datetime import date, datetime
from pathlib import Path

import pytest

from screener.domain.report import Precision
from screener.reports.dates.publication import (
    Closes,
    index_levels,
    publication_of,
    reference_session,
)
from screener.reports.text.text import Text, make_text

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
TODAY = date(2026, 11, 21)
pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(
        not (SHARED / "reports").is_dir() or not (SHARED / "data" / "index").is_dir(),
        reason="the real reports and index closes are not beside the project",
    ),
]


def text_of(number: str) -> tuple[Text, str]:
    (path,) = (SHARED / "reports").glob(f"{number}_*.txt")
    return make_text(path.read_text(encoding="utf-8")), path.name


@pytest.fixture(scope="module")
def closes() -> Closes:
    files = {"000300.SH": "csi300", "HSI.HK": "hsi"}
    table: dict[str, dict[date, float]] = {}
    for listing, name in files.items():
        with (SHARED / "data" / "index" / f"{name}.csv").open(encoding="utf-8") as file:
            rows = csv.DictReader(file)
            table[listing] = {date.fromisoformat(r["date"]): float(r["close"]) for r in rows}
    return table


def test_the_digest_prints_its_time() -> None:
    text, name = text_of("000")
    found = publication_of(text, file_name=name, today=TODAY)
    assert found.precision is Precision.EXACT
    assert found.value == datetime.fromisoformat("2026-05-14T19:48+08:00")


def test_the_industry_note_is_of_the_second_half_of_april() -> None:
    text, name = text_of("001")
    found = publication_of(text, file_name=name, today=TODAY)
    assert found.precision is Precision.ESTIMATED
    assert date(2026, 4, 15) <= found.day <= date(2026, 4, 30)
    assert found.range_start == date(2026, 4, 1)
    assert found.range_end == date(2026, 4, 30)


def test_the_morning_note_is_dated_by_its_calendars() -> None:
    text, name = text_of("004")
    found = publication_of(text, file_name=name, today=TODAY)
    assert (found.value, found.precision) == (date(2026, 4, 29), Precision.ESTIMATED)


def test_the_morning_note_is_dated_by_its_market_table(closes: Closes) -> None:
    text, name = text_of("004")
    assert reference_session(index_levels(text), closes) == date(2026, 4, 28)
    found = publication_of(text, file_name=name, today=TODAY, closes=closes)
    assert found.value == found.range_end == date(2026, 4, 29)
    assert found.range_start == datetime.fromisoformat("2026-04-29T00:00+08:00")
    assert "2026-04-28" in found.evidence
