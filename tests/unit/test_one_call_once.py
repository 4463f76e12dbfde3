"""A call that is published again counts once: in events, in scores, beside imported histories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screener.data.lake.rows import make_rows
from screener.data.lake.schema import TableName
from screener.domain.basket import published_again
from screener.domain.listing import parse_listing
from screener.domain.report import (
    Analyst,
    Note,
    Precision,
    Publication,
    Report,
    Role,
    SecurityMention,
)
from screener.reports.repeats import linked_notes, same_report
from screener.workflows.score.calls import calls_of_cards, calls_of_ratings
from tests.support.laws import laws

CODES = ("00700.HK", "00981.HK", "01810.HK", "09988.HK", "02382.HK", "00388.HK", "03690.HK")
R, M = Role.RECOMMENDED, Role.MENTIONED


def report(
    report_id: str,
    day: int,
    named: Sequence[tuple[int, Role]] = tuple((place, R) for place in range(4)),
    *,
    publisher: str = "港湾证券",
    authors: Sequence[str] = (),
    title: str = "",
    repeats: str = "",
    rating: str = "买入",
) -> Report:
    published = Publication(value=date(2026, 4, day), precision=Precision.DAY)
    note = Note(
        id=f"{report_id}-1",
        broker="港湾证券",
        analysts=tuple(Analyst(name=name) for name in authors),
        published=published,
        themes=("platforms",),
        title=title,
        rating=rating,
        repeats=repeats,
    )
    return Report(
        id=report_id,
        title=title or f"title of {report_id}",
        publisher=publisher,
        language="zh-Hant",
        published=published,
        notes=(note,),
        securities=tuple(
            SecurityMention(
                listing=parse_listing(CODES[place]),
                printed="x",
                role=role,
                theme="platforms" if role is R else "",
                name="x",
            )
            for place, role in named
        ),
    )


def in_parts(text: str) -> tuple[tuple[int, Role], ...]:
    """Read `0R1M` as the part of each name."""
    return tuple((int(text[at]), R if text[at + 1] == "R" else M) for at in range(0, len(text), 2))


KNOWN = report("A", 7, in_parts("0R1R2R3R4R5M6M"))


@pytest.mark.parametrize(
    "fresh",
    [
        report("X", 7, in_parts("0R1R2R3R4R5M6M")),
        report("X", 7, in_parts("0R1R2R3M4M5M6M")),  # five of seven in the same part
        report("X", 7, in_parts("0R1R2R3R4R")),  # five of seven names
        report("X", 7, in_parts("0R1R2R3R4R5M6M"), authors=["陳一"]),
    ],
)
def test_other_words_are_no_other_report(fresh: Report) -> None:
    assert same_report(fresh, (KNOWN,)) == "A"
    again = replace(fresh, publisher="某財經")
    assert same_report(again, (KNOWN,)) == ""
    assert [note.repeats for note in linked_notes(again, (KNOWN,))[0].notes] == ["A-1"]


@pytest.mark.parametrize(
    "fresh",
    [
        report("X", 8, in_parts("0R1R2R3R4R5M6M")),  # the next day
        report("X", 7, in_parts("0R1M2M3M4R5M6M")),  # four of seven in the same part
        report("X", 7, in_parts("0R1R2R3R")),  # four of seven names
        report("X", 7, in_parts("5R6R")),
    ],
)
def test_other_names_other_parts_or_another_day_are_another_report(fresh: Report) -> None:
    assert same_report(fresh, (KNOWN,)) == ""
    linked, turned = linked_notes(fresh, (KNOWN,))
    assert [note.repeats for note in linked.notes] == [""]
    assert turned == ()


def test_two_houses_that_nobody_names_are_not_one() -> None:
    def nameless(item: Report) -> Report:
        return replace(item, notes=(replace(item.notes[0], broker="unknown"),))

    fresh = replace(report("X", 7), publisher="某財經")
    known = report("A", 7)
    assert linked_notes(fresh, (known,))[0].notes[0].repeats == "A-1"
    assert linked_notes(nameless(fresh), (nameless(known),))[0].notes[0].repeats == ""


def test_authors_that_are_others_make_another_report() -> None:
    known, fresh = report("A", 7, authors=["陳一"]), report("X", 7, authors=["李二"])
    assert same_report(fresh, (known,)) == ""
    assert linked_notes(fresh, (known,))[0].notes[0].repeats == ""


def test_a_column_of_one_title_speaks_of_other_names_the_same_day() -> None:
    known = report("A", 7, in_parts("0R1R2R"), title="港股快評")
    for names, repeats in (("3R4R", ""), ("0R3R4R", ""), ("0R1R", "A-1")):
        fresh = report("X", 7, in_parts(names), title="港股快評", publisher="某財經")
        assert linked_notes(fresh, (known,))[0].notes[0].repeats == repeats


def test_a_repost_is_scored_once_whichever_cards_are_at_hand() -> None:
    call = report("A", 7, in_parts("0R"))
    repost = report("B", 9, in_parts("0R"), repeats="A-1")
    both = calls_of_cards([repost, call])
    assert [(item.source, item.published) for item in both.calls] == [("A", date(2026, 4, 7))]
    assert both.repeats == 1
    alone = calls_of_cards([repost])
    assert [item.source for item in alone.calls] == ["B"]  # as its basket has its event
    assert alone.repeats == 0
    third = replace(repost, id="C", notes=(replace(repost.notes[0], id="C-1"),))
    assert [item.source for item in calls_of_cards([third, repost]).calls] == ["B"]


@laws(50)
@given(st.lists(st.tuples(st.integers(1, 28), st.integers(0, 6)), min_size=1, max_size=7))
def test_of_linked_notes_exactly_one_counts(drawn: list[tuple[int, int]]) -> None:
    reports = []
    for number, (day, link) in enumerate(sorted(drawn)):
        repeats = f"K{link}-1" if link < number else ""  # an earlier note, as links name
        reports.append(report(f"K{number}", day, in_parts("0R"), repeats=repeats))
    groups = {f"K{number}": {f"K{number}"} for number in range(7)}
    for item in reports:
        if item.notes[0].repeats:
            joined = groups[item.id] | groups[item.notes[0].repeats.removesuffix("-1")]
            for name in joined:
                groups[name] = joined
    calls = {frozenset(groups[item.id]) for item in reports}
    again = published_again(reports)
    assert len(reports) - len(again) == len(calls)
    assert published_again(reports[::-1]) == again


def test_a_vendor_that_tells_of_a_card_s_call_tells_nothing_new() -> None:
    rows = make_rows(
        TableName.RATINGS,
        {
            "broker": ["港湾证券", "港湾证券", "別家證券"],
            "analyst": ["", "", ""],
            "listing": ["00700.HK", "00700.HK", "00700.HK"],
            "published": [date(2026, 4, 7), date(2026, 4, 8), date(2026, 4, 7)],
            "rating": ["增持", "增持", "增持"],
            "rating_level": ["stock", "stock", "stock"],
            "title": ["", "", ""],
            "industry": ["", "", ""],
        },
        source="vendor",
        fetched_at=datetime(2026, 5, 1, tzinfo=UTC),
    )
    cards = calls_of_cards([report("A", 7, in_parts("0R"))])
    found = calls_of_ratings(rows, {}, cards.calls)
    assert found.twice == 1
    assert sorted(zip(found.calls.broker, found.calls.published.astype(str), strict=True)) == [
        ("別家證券", "2026-04-07"),
        ("港湾证券", "2026-04-08"),
    ]
    assert calls_of_ratings(rows, {}).twice == 0
