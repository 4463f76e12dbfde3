"""Metadata and definitions of the shared reports, against the cards in `seeds/`."""

from __future__ import annotations

import time
import tomllib
from pathlib import Path

import pytest

from screener.domain.report import Precision
from screener.reports.authors.notes import notes_in, publisher_of
from screener.reports.ratings.definitions import definitions_in
from screener.reports.text.text import Text, make_text

ROOT = Path(__file__).resolve().parents[2]
REPORTS = ROOT.parent / "shared" / "reports"
SECURITIES = ROOT.parent / "shared" / "data" / "securities"

pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(not REPORTS.is_dir(), reason="no shared reports beside the project"),
]


def report(number: str) -> Text:
    (path,) = REPORTS.glob(f"{number}_*.txt")
    return make_text(path.read_text(encoding="utf-8"))


def card(name: str) -> dict:
    return tomllib.loads((ROOT / "seeds" / f"{name}.toml").read_text(encoding="utf-8"))


def analysts_of(note) -> list[tuple[str, str]]:
    return [(item.name, item.licence) for item in note.analysts]


def expected_analysts(note: dict) -> list[tuple[str, str]]:
    return [(item["name"], item.get("licence", "")) for item in note["analysts"]]


def test_the_digest_has_the_four_notes_of_its_card() -> None:
    text, facts = report("000"), card("R1")
    notes = notes_in(text)
    assert [note.number for note in notes] == [1, 2, 3, 4]
    assert [note.broker for note in notes] == [note["broker"] for note in facts["notes"]]
    for note, expected in zip(notes, facts["notes"], strict=True):
        assert analysts_of(note) == expected_analysts(expected)
        assert note.published is not None
        assert note.published.value == expected["published"]["value"]
        assert note.published.precision is Precision.DAY
    # The card shortens the titles; the last one it words by itself.
    for note, expected in zip(notes[:3], facts["notes"], strict=False):
        assert expected["title"] in note.title
    assert "家电" in notes[3].title
    assert publisher_of(text, notes) == facts["publisher"]


def test_the_industry_note_is_that_of_its_card() -> None:
    text, facts = report("001"), card("R2")
    (note,) = notes_in(text)
    (expected,) = facts["notes"]
    assert note.broker == publisher_of(text, (note,)) == facts["publisher"]
    assert analysts_of(note) == expected_analysts(expected)
    assert note.rating == expected["rating"]
    assert note.rating_change == expected["rating_change"]
    assert note.rating_level == expected["rating_level"]


def test_its_rating_definition_is_that_of_its_card() -> None:
    (definition,) = definitions_in(report("001"), broker="中邮证券")
    (expected,) = card("R2")["rating_definitions"]
    assert definition.broker == expected["broker"]
    assert definition.months_low == expected["months_low"]
    assert definition.months_high == expected["months_high"]
    assert list(definition.benchmarks) == [
        (item["market"], item["benchmark"]) for item in expected["benchmarks"]
    ]
    assert [(b.level, b.rating, b.low, b.high) for b in definition.bands] == [
        (b["level"], b["rating"], b.get("low"), b.get("high")) for b in expected["bands"]
    ]


def test_the_morning_note_is_that_of_its_card() -> None:
    text, facts = report("004"), card("R5")
    (note,) = notes_in(text)
    (expected,) = facts["notes"]
    assert note.broker == publisher_of(text, (note,)) == facts["publisher"]
    assert analysts_of(note) == expected_analysts(expected)
    assert (note.rating, note.rating_change, note.rating_level) == ("", "", None)


@pytest.mark.parametrize("number", ["000", "004"])
def test_the_others_define_no_ratings(number: str) -> None:
    assert definitions_in(report(number), broker="") == ()


def test_a_report_is_read_in_milliseconds() -> None:
    texts = [report(number) for number in ("000", "001", "004")]
    best = float("inf")
    for _ in range(5):
        start = time.perf_counter()
        for text in texts:
            notes = notes_in(text)
            publisher_of(text, notes)
            definitions_in(text, broker=notes[0].broker)
        best = min(best, (time.perf_counter() - start) / len(texts))
    assert best < 0.010  # 0.0005 to 0.002 on one core; the rest is room for a busy one


@pytest.mark.skipif(not SECURITIES.is_dir(), reason="no shared masters beside the project")
def test_listings_of_houses_are_in_the_masters() -> None:
    from screener.reports.authors.brokers import brokers

    rows = (SECURITIES / "a_share_name_snapshots.csv").read_text(encoding="utf-8").splitlines()
    rows += (SECURITIES / "a_share_2026-05.csv").read_text(encoding="utf-8").splitlines()
    mainland = {row.split(",")[0] for row in rows}
    named = {listing for broker in brokers() for listing in broker.listings}
    assert {item for item in named if not item.endswith(".HK")} <= mainland
