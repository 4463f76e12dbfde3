"""The figures of the real texts beside the project, against the shipped cards: none invented."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from benchmarks.extraction import _real_masters
from benchmarks.extraction_labels import SHARED, SHARED_CARDS
from screener.domain.report import Report
from screener.reports.claims.facts import Facts
from screener.reports.reader import read_report
from screener.reports.text.text import make_text
from screener.workspace.cards.reading import read_card

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [
    pytest.mark.realdata,
    pytest.mark.skipif(
        not (SHARED.is_dir() and (SHARED.parent / "data" / "securities").is_dir()),
        reason="the real reports and masters are not beside the project",
    ),
]
BY_HAND = {
    "R1": {"leading A/H copper names"},  # the text prints multiples without saying of what
    "R3": {"润建股份"},  # printed with another character: a doubt until somebody settles it
    "R5": {"price"},  # one is not of the session of the document's table: only prices tell
}
"""What a card has that the reader does not claim by itself: subjects, or a measure."""


@pytest.fixture(scope="module")
def read() -> dict[str, Facts]:
    masters = _real_masters()
    return {
        card: read_report(
            make_text((SHARED / name).read_text(encoding="utf-8")),
            names=masters.names,
            today=date(2026, 11, 30),
            closes=masters.closes,
            published=shipped(card).published,
        ).facts
        for card, name in SHARED_CARDS.items()
    }


def shipped(card: str) -> Report:
    return read_card(ROOT / "seeds" / f"{card}.toml", root=ROOT)


@pytest.mark.parametrize("card", SHARED_CARDS)
def test_every_claim_of_the_card_is_found(read: dict[str, Facts], card: str) -> None:
    found = {
        (c.claim.subject, c.claim.listing, c.claim.measure, c.claim.value, c.claim.as_of)
        for c in read[card].claims
    }
    for claim in shipped(card).claims:
        if BY_HAND.get(card, set()).isdisjoint({claim.subject, claim.measure}):
            key = (claim.subject, claim.listing, claim.measure, claim.value, claim.as_of)
            assert key in found


@pytest.mark.parametrize("card", SHARED_CARDS)
def test_no_claim_is_another_than_the_cards(read: dict[str, Facts], card: str) -> None:
    known = {(c.listing or c.subject, c.measure, c.as_of): c.value for c in shipped(card).claims}
    for found in read[card].claims:
        claim = found.claim
        key = (claim.listing or claim.subject, claim.measure, claim.as_of)
        assert known.get(key, claim.value) == claim.value


def test_the_weekly_tells_all_ten_movers_its_indices_and_the_climate(
    read: dict[str, Facts],
) -> None:
    report = shipped("R3")
    moves = [c.claim.value for c in read["R3"].claims if c.claim.measure.startswith("return ")]
    assert sorted(moves) == sorted(claim.value for claim in report.claims)
    assert read["R3"].indices == report.indices
    assert read["R3"].climate == report.climate


def test_nothing_of_a_foreign_company_is_given_to_another(read: dict[str, Facts]) -> None:
    told = {(c.claim.subject, c.claim.measure) for c in read["R3"].claims if c.claim.listing}
    told = {pair for pair in told if not pair[1].startswith("return ")}
    assert told <= {("百度集团", "revenue"), ("百度集团-SW", "revenue")}
    assert read["R2"].estimates == read["R4"].estimates == ()
