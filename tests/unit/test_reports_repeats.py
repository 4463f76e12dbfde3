"""The same report again, reposts and reiterations, near-duplicate texts."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screener.domain.basket import Basket, events_of
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
from screener.reports.repeats import (
    NEAR_COPY,
    KnownRepeat,
    linked_notes,
    near_copies,
    same_report,
    signature,
    similarity,
    text_hash,
)
from screener.reports.text.text import Place, Text, make_text
from screener.workspace.locate import Workspace
from tests.support.laws import laws
from tests.support.strict_reading import read_cards

ROOT = Path(__file__).resolve().parents[2]
CHINA = timezone(timedelta(hours=8))
CODES = ("300857.SZ", "603629.SH", "688256.SH", "00700.HK", "600000.SH", "000967.SZ")


def day(number: int) -> Publication:
    return Publication(value=date(2026, 5, number), precision=Precision.DAY)


def between(first: int, likely: int, last: int) -> Publication:
    return Publication(
        value=date(2026, 5, likely),
        precision=Precision.ESTIMATED,
        range_start=date(2026, 5, first),
        range_end=date(2026, 5, last),
        evidence="newest event",
    )


def report(
    report_id: str,
    published: Publication,
    names: str | Sequence[str] = "012",
    *,
    theme: str = "chips",
    broker: str = "晨星证券",
    publisher: str = "",
    licence: str = "S0000000000001",
    author: str = "",
    title: str = "",
    dated: Publication | None = None,
) -> Report:
    return Report(
        id=report_id,
        title=title or f"title of {report_id}",
        publisher=publisher or broker,
        language="zh-Hans",
        published=published,
        notes=(
            Note(
                id=f"{report_id}-1",
                broker=broker,
                analysts=(Analyst(name=author or f"甲{licence}", licence=licence),),
                published=dated or published,
                themes=(theme,),
                title=title,
            ),
        ),
        securities=tuple(
            SecurityMention(
                listing=parse_listing(CODES[int(place)]),
                printed="x",
                role=Role.RECOMMENDED,
                theme=theme,
                name="x",
            )
            for place in names
        ),
    )


def links(found: Report) -> list[tuple[str, str]]:
    return [(note.repeats, note.reiterates) for note in found.notes]


# --- this very report


@pytest.fixture(scope="module")
def cards() -> dict[str, Report]:
    return {item.id: item for item in read_cards(Workspace(root=ROOT))}


def reread(card: Report, published: Publication, **changes: object) -> Report:
    """Return a card as a reader may see its report: other words, one name more, one less."""
    notes = tuple(
        replace(
            note,
            id=f"X-{number}",
            title=f"{note.title}（深度报告）" if note.title else "",
            published=published if note.published == card.published else note.published,
        )
        for number, note in enumerate(card.notes, start=1)
    )
    more = replace(card.securities[0], listing=parse_listing("600000.SH"))
    securities = card.securities
    if len(securities) > 20:
        securities = (*securities[1:], more)
    fresh = replace(
        card,
        id="X",
        title="printed title",
        published=published,
        notes=notes,
        securities=securities,
        text_hash="cd" * 32,
    )
    return replace(fresh, **changes)  # type: ignore[arg-type]


def test_the_shipped_cards_are_recognised(cards: dict[str, Report]) -> None:
    known = tuple(cards.values())
    exact = cards["R1"].published
    assert same_report(reread(cards["R1"], exact), known) == "R1"
    to_the_day = Publication(value=exact.day, precision=Precision.DAY)
    assert same_report(reread(cards["R1"], to_the_day), known) == "R1"
    shifted = replace(cards["R4"].published, value=date(2026, 3, 9))
    assert same_report(reread(cards["R4"], shifted), known) == "R4"
    vague = Publication(
        value=date(2026, 4, 20),
        precision=Precision.ESTIMATED,
        range_start=date(2026, 4, 1),
        range_end=date(2026, 4, 30),
        evidence="a month",
    )
    assert same_report(reread(cards["R2"], vague), known) == "R2"
    unknown = Publication(precision=Precision.UNKNOWN)
    assert same_report(reread(cards["R2"], unknown), known) == "R2"
    morning = Publication(value=date(2026, 4, 29), precision=Precision.DAY)
    authors = replace(
        cards["R5"].notes[0], analysts=(Analyst(name="王学宏"), Analyst(name="李旭佳"))
    )
    fresh = reread(cards["R5"], morning, notes=(authors,), publisher="汇富金融", language="zh-Hans")
    assert same_report(fresh, known) == "R5"
    for name, card in cards.items():
        assert same_report(replace(card, id="X", text_hash="cd" * 32), known) == name


def test_the_shipped_cards_are_no_repeats_of_each_other(cards: dict[str, Report]) -> None:
    for name, card in cards.items():
        others = [item for item in cards.values() if item.id != name]
        assert same_report(card, others) == ""
        linked, turned = linked_notes(card, others)
        assert turned == ()
        assert all(note.repeats == "" for note in linked.notes)


def test_the_same_text_is_the_same_report() -> None:
    known = replace(report("A", day(5)), text_hash="ab" * 32)
    other = report("X", day(9), "45", broker="别家证券")
    assert same_report(replace(other, text_hash="ab" * 32), (known,)) == "A"
    assert same_report(other, (known,)) == ""
    assert same_report(replace(other, text_hash=""), (replace(known, text_hash=""),)) == ""


@pytest.mark.parametrize(
    "fresh",
    [
        report("X", day(5), "345"),  # the same author, other names
        report("X", day(5), licence="S0000000000002"),  # the same names, another author
        report("X", day(6)),  # another day
        report("X", day(5), broker="别家证券"),
        report("X", day(5), publisher="某财经"),  # another medium: a repost, not the report
        report("X", between(6, 7, 9)),
    ],
)
def test_another_report_of_the_day_is_another(fresh: Report) -> None:
    assert same_report(fresh, (report("A", day(5)),)) == ""


def test_morning_and_evening_digests_are_two() -> None:
    def at(hour: int) -> Publication:
        moment = datetime(2026, 5, 5, hour, tzinfo=CHINA)
        return Publication(value=moment, precision=Precision.EXACT)

    assert same_report(report("X", at(19)), (report("A", at(8)),)) == ""
    assert same_report(report("X", at(19)), (report("A", at(19)),)) == "A"


def test_a_vague_date_needs_more_agreement() -> None:
    known = report("A", between(1, 8, 15), "01234")
    assert same_report(report("X", day(10), "0123"), (known,)) == "A"
    assert same_report(report("X", day(10), "012"), (known,)) == ""


# --- notes


def test_a_note_in_a_digest_is_a_repost() -> None:
    known = report("A", day(5), "012345", title="算力专题（一）")
    digest = report("X", day(6), "01", publisher="某财经", dated=day(5))
    undated = report("X", day(8), "01", publisher="某财经")
    titled = report(
        "X", day(6), "0", publisher="某财经", licence="", dated=day(5), title="算力专题(一)"
    )
    for fresh in (digest, undated, titled):
        linked, turned = linked_notes(fresh, (known,))
        assert links(linked) == [("A-1", "")]
        assert turned == ()
        assert replace(linked, notes=fresh.notes) == fresh


def test_an_earlier_copy_makes_the_known_card_the_repeat() -> None:
    digest = report("A", day(6), "01", publisher="某财经", dated=day(5))
    linked, turned = linked_notes(report("X", day(5)), (digest,))
    assert links(linked) == [("", "")]
    assert turned == (KnownRepeat(report="A", note="A-1", repeats="X-1"),)
    settled = replace(digest, notes=(replace(digest.notes[0], repeats="X-1"),))
    assert linked_notes(report("X", day(5)), (settled,)) == (linked, ())


def test_the_first_publication_is_the_call() -> None:
    first = report("A", day(5))
    second = report("B", day(6), publisher="某财经", dated=day(5))
    third = report("X", day(7), publisher="另一媒体", dated=day(5))
    for known in ((first, second), (second, first)):
        assert links(linked_notes(third, known)[0]) == [("A-1", "")]
    alone = replace(second, notes=(replace(second.notes[0], repeats="elsewhere-1"),))
    assert links(linked_notes(third, (alone,))[0]) == [("elsewhere-1", "")]


@pytest.mark.parametrize(
    "fresh",
    [
        report("X", day(5), "5"),  # another note of the same author on the same day
        report("X", day(5), "05"),
        report("X", day(5), broker="别家证券"),
        report("X", day(5), licence="S0000000000002"),
        report("X", day(6)),  # a day later: a new call
    ],
)
def test_other_notes_are_no_reposts(fresh: Report) -> None:
    linked, turned = linked_notes(fresh, (report("A", day(5), "012"),))
    assert linked.notes[0].repeats == ""
    assert turned == ()


def test_a_new_call_on_much_the_same_names_reiterates_the_latest_one() -> None:
    known = (
        report("A", day(5), "012"),
        report("B", day(9), "0123"),
        report("C", day(20)),
        report("D", day(10), broker="别家证券"),
    )
    for names, expected in (("01", "B-1"), ("0145", "B-1"), ("045", ""), ("45", "")):
        fresh = report("X", day(12), names, licence="S0000000000002")
        assert links(linked_notes(fresh, known)[0]) == [("", expected)]
    other = report("X", day(12), theme="copper")
    assert links(linked_notes(other, known)[0]) == [("", "")]
    of_nothing = report("X", day(12), "")
    assert links(linked_notes(of_nothing, known)[0]) == [("", "")]


def test_the_report_itself_is_passed_over() -> None:
    known = report("A", day(5))
    assert linked_notes(known, (known,)) == (known, ())


def test_a_repost_is_not_counted_again() -> None:
    basket = Basket(name="b", title_zh="", title_en="", themes=("chips",))
    call = report("A", day(5))
    repost, _ = linked_notes(report("X", day(7), publisher="某财经", dated=day(5)), (call,))
    again, _ = linked_notes(report("Y", day(20)), (call,))
    both = events_of(basket, (repost, again, call))
    assert [event.report for event in both] == ["A", "Y"]
    assert again.notes[0].reiterates == "A-1"
    assert [event.report for event in events_of(basket, (repost,))] == ["X"]
    wider = replace(repost, notes=(replace(repost.notes[0], themes=("chips", "cooling")),))
    other = replace(
        wider, securities=(*wider.securities, replace(wider.securities[0], theme="cooling"))
    )
    new = Basket(name="b", title_zh="", title_en="", themes=("cooling",))
    assert [event.report for event in events_of(new, (call, other))] == ["X"]
    third = replace(repost, id="Z", notes=(replace(repost.notes[0], id="Z-1"),))
    assert [event.report for event in events_of(basket, (repost, third))] == ["X"]


# --- texts


def prose(seed: int, length: int) -> str:
    """Return text that repeats itself about as much as prose does: words of a common stock."""
    source = random.Random(seed)
    stock = random.Random(0)
    words = ["".join(chr(0x4E00 + stock.randrange(2000)) for _ in range(2)) for _ in range(800)]
    return "".join(source.choice(words) for _ in range(length // 2))


def signed(text: str) -> tuple[int, ...]:
    return signature(make_text(text))


def edited(text: str, words: int) -> str:
    source = random.Random(7)
    letters = list(text)
    for _ in range(words):
        at = source.randrange(len(letters) - 2)
        letters[at : at + 2] = "改动"
    return "".join(letters)


def shingles(text: str) -> set[str]:
    return {text[at : at + 5] for at in range(len(text) - 4)}


def test_near_copies_are_told_from_other_reports() -> None:
    text = prose(1, 3200)
    house = prose(9, 900)  # headings and phrases of a house
    texts = {
        "edited": edited(text, 20),
        "header": prose(2, 300) + edited(text, 20),
        "many": edited(text, 90),
        "cut": text[:2400],
        "other": prose(3, 3200),
        "house": house + prose(4, 2300),
    }
    known = {name: signed(other) for name, other in texts.items()}
    found = near_copies(signed(text), known)
    assert {item.report for item in found} == {"edited", "header", "many", "cut"}
    assert [item.score for item in found] == sorted((i.score for i in found), reverse=True)
    assert [item.report for item in near_copies(signed(house + prose(5, 2300)), known)] == []
    for item in found:
        a, b = shingles(text), shingles(texts[item.report])
        assert item.score == pytest.approx(len(a & b) / len(a | b), abs=0.13)
        assert item.score >= NEAR_COPY


def test_signatures_do_not_change_between_versions() -> None:
    # Stored beside the cards: another library or seed must not make them silently incomparable.
    assert signed("算力租赁与液冷的需求持续增长")[:4] == (92546208, 197586355, 609456044, 430757989)


def test_signature_of_next_to_nothing() -> None:
    assert signed("") == ()
    assert len(signed("算力")) == 128
    assert similarity(signed("算力"), signed("算力")) == 1.0
    assert similarity((), ()) == 0.0
    assert near_copies((), {"A": signed("算力")}) == ()
    with pytest.raises(ValueError, match="of 2 and 1 numbers"):
        similarity((1, 2), (1,))


def test_boilerplate_is_passed_over() -> None:
    own, other, legal = prose(1, 1500), prose(2, 1500), prose(3, 3000)
    places = [Place(1500, 4500), Place(1600, 1700)]
    a, b = (signature(make_text(text + legal), boilerplate=places) for text in (own, other))
    assert similarity(a, b) < 0.1
    assert similarity(signed(own + legal), signed(other + legal)) > 0.4
    assert a == signed(own)
    assert signature(make_text(legal), boilerplate=[Place(0, 3000)]) == ()


@laws(30)
@given(st.text(st.sampled_from("算力租賃資訊液冷abc。 "), max_size=40), st.integers(0, 40))
def test_line_breaks_and_script_change_nothing(text: str, at: int) -> None:
    broken = text[:at] + "\n\n " + text[at:]
    for other in (broken, text.replace("資訊", "资讯").replace("賃", "赁")):
        assert text_hash(make_text(other)) == text_hash(make_text(text))
        assert signed(other) == signed(text)


def test_text_hash_is_that_of_the_clean_text() -> None:
    # printf '算力租赁' | sha256sum
    assert text_hash(make_text("算力 租賃\n")) == (
        "3789359ac86f6830c672abec684c063e0b1de9c401a339a1847531e3d8e4fda0"
    )


def test_a_signature_costs_a_few_milliseconds() -> None:
    texts: list[Text] = [make_text(prose(seed, 5000)) for seed in range(5)]
    signature(texts[0])  # the library is loaded once
    best = min(_timed(text) for text in texts)
    assert best < 0.1  # about 5 ms where nothing else runs


def _timed(text: Text) -> float:
    start = time.perf_counter()
    signature(text)
    return time.perf_counter() - start


def test_the_library_is_loaded_for_signatures_only() -> None:
    script = (
        "import sys, screener.reports.repeats\n"
        "assert not {'numpy', 'scipy', 'datasketch'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)


def test_a_digest_with_one_more_call_is_another_report() -> None:
    known = report("A", day(5), "012")
    assert same_report(report("X", day(5), "012"), (known,)) == "A"
    assert same_report(report("X", day(5), "01234"), (known,)) == ""
