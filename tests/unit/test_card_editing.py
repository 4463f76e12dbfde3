"""Cards corrected by command: the value that is meant changes, everything else stays as it is."""

from __future__ import annotations

import difflib
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from screener.domain.basket import Basket, events_of, published_again
from screener.domain.report import Precision, Publication, Report, Role
from screener.errors import BasketDefinitionError, DateRangeError
from screener.workflows.score.calls import calls_of_cards, definitions_of
from screener.workspace.cards.editing import Corrections, corrected, edit_card
from screener.workspace.cards.reading import read_card

DAY = Publication(value=date(2026, 5, 20), precision=Precision.DAY)
CARD = """\
# Facts of one report.
id = "T1"   # mine
title = "液冷"
publisher = "晨星证券"
language = "zh-Hans"

published.precision = "unknown"
published.evidence = "nothing"  # not yet

securities = [
  # the first
  { listing = "300857.SZ", printed = "甲数据", role = "recommended", theme = "chips" },
  { listing = "603629.SH", printed = "乙电子", role = "mentioned", theme = "chips" },  # odd
  { listing = "603629.SH", printed = "乙电子", role = "recommended", theme = "racks" },
]

[[notes]]
id = "T1-1"
broker = "晨星证券"
themes = ["chips", "racks"]  # two
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "T1.toml"
    file.write_text(CARD, encoding="utf-8")
    return file


def edited(path: Path, said: Corrections) -> tuple[Report, list[str]]:
    """The card after an edit, and the lines that it took away and put in."""
    before = path.read_text(encoding="utf-8").splitlines()
    card = read_card(path, root=path.parent)
    edit_card(path, root=path.parent, card=card, wanted=corrected(card, said), said=said)
    after = path.read_text(encoding="utf-8").splitlines()
    changes = [line for line in difflib.ndiff(before, after) if line[:2] in ("- ", "+ ")]
    return read_card(path, root=path.parent), changes


def test_a_date_is_given_to_a_card_that_has_none(path: Path) -> None:
    card, changes = edited(path, Corrections(published=DAY))
    assert card.published == card.notes[0].published == DAY
    assert sorted(changes) == [
        '+ published.precision = "day"',
        "+ published.value = 2026-05-20",
        '- published.evidence = "nothing"  # not yet',
        '- published.precision = "unknown"',
    ]


def test_a_title_and_a_broker(path: Path) -> None:
    card, changes = edited(path, Corrections(title='他"的', broker="国金证券"))
    assert (card.title, card.publisher, card.notes[0].broker) == ('他"的', "国金证券", "国金证券")
    assert sorted(changes) == [
        '+ broker = "国金证券"',
        '+ publisher = "国金证券"',
        '+ title = "他\\"的"',
        '- broker = "晨星证券"',
        '- publisher = "晨星证券"',
        '- title = "液冷"',
    ]


def test_themes_that_become_one_keep_the_advice(path: Path) -> None:
    card, _ = edited(path, Corrections(themes={"": "cooling"}))
    assert card.notes[0].themes == ("cooling",)
    assert [(one.listing.id, one.role) for one in card.securities] == [
        ("300857.SZ", Role.RECOMMENDED),
        ("603629.SH", Role.RECOMMENDED),
    ]
    text = path.read_text(encoding="utf-8")
    assert "# the first" in text
    assert "# two" in text


def test_one_theme_is_renamed_and_the_other_stays(path: Path) -> None:
    card, changes = edited(path, Corrections(themes={"racks": "cabinets"}))
    assert card.notes[0].themes == ("chips", "cabinets")
    assert len(changes) == 4
    assert "# odd" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "form",
    [
        CARD.replace("\n", "\r\n"),
        "\ufeff" + CARD,
        CARD.replace(
            'published.precision = "unknown"\npublished.evidence = "nothing"  # not yet\n',
            'published = { precision = "unknown" }\n',
        ),
    ],
    ids=["windows", "mark", "inline"],
)
def test_other_forms_of_a_card(path: Path, form: str) -> None:
    path.write_bytes(form.encode())
    card = read_card(path, root=path.parent)
    said = Corrections(published=DAY)
    assert edit_card(path, root=path.parent, card=card, wanted=corrected(card, said), said=said)
    assert read_card(path, root=path.parent).published == DAY
    content = path.read_bytes()
    assert content.startswith(form.encode()[:3])
    assert (b"\r\n" in content) == ("\r\n" in form)


def test_a_theme_that_the_card_does_not_have(path: Path) -> None:
    card = read_card(path, root=path.parent)
    with pytest.raises(BasketDefinitionError, match="'no' is no theme of report T1") as caught:
        corrected(card, Corrections(themes={"no": "other"}))
    assert "OLD=NEW" in caught.value.fix


def test_a_report_of_unknown_date_feeds_nothing(path: Path) -> None:
    undated = read_card(path, root=path.parent)
    dated = corrected(undated, Corrections(published=DAY))
    basket = Basket(name="b", title_zh="", title_en="", themes=("chips",))
    assert events_of(basket, (undated,)) == ()
    assert [event.report for event in events_of(basket, (dated,))] == ["T1"]
    other = replace(dated, id="T2", notes=(replace(dated.notes[0], id="T2-1", repeats="T1-1"),))
    assert published_again((undated, other)) == frozenset()
    assert published_again((dated, other)) == {("T2", "T2-1")}
    assert (calls_of_cards((undated,)).calls, definitions_of((undated,))) == ((), ())
    assert calls_of_cards((undated, dated)).undated == ("T1",)
    assert len(calls_of_cards((dated,)).calls) == 1


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"precision": Precision.UNKNOWN, "value": date(2026, 5, 20)}, "has a moment, or"),
        ({"precision": Precision.DAY}, "has a moment, or"),
        ({"precision": Precision.UNKNOWN, "range_start": date(2026, 5, 20)}, "has a range"),
    ],
)
def test_a_publication_is_known_or_not(wrong: dict[str, object], message: str) -> None:
    with pytest.raises(BasketDefinitionError, match=message):
        Publication(**wrong)  # type: ignore[arg-type]
    with pytest.raises(DateRangeError, match="unknown"):
        Publication(precision=Precision.UNKNOWN).day  # noqa: B018 (asking is the point)
