"""Laws of cards: written and read they are the same; read again they keep what was edited."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from screener.domain.basket import Basket, events_of
from screener.domain.listing import Currency, parse_listing
from screener.domain.report import (
    Analyst,
    Band,
    Claim,
    ClaimUnit,
    Estimate,
    IndexMove,
    Note,
    Precision,
    Publication,
    RatingDefinition,
    RatingLevel,
    Report,
    Role,
    SecurityMention,
)
from screener.workspace.cards.reading import read_card
from screener.workspace.cards.writing import card_text, merged_card, write_card
from screener.workspace.locate import Workspace
from tests.support.laws import laws

CHINA = timezone(timedelta(hours=8))
LAWS = laws(60)
LISTINGS = tuple(
    map(parse_listing, ("300857.SZ", "603629.SH", "920002.BJ", "00700.HK", "688256.SH"))
)
THEMES = ("alpha", "beta", "gamma-2")
ODD = "\"\\\n\r\t\x00\x1f\x7f\u0085\u2028\ufeff#'[]{}=,算😀é"

characters = st.one_of(st.sampled_from(ODD), st.characters(exclude_categories=["Cs"]))
texts = st.text(characters, min_size=1, max_size=12)
maybe = st.one_of(st.just(""), texts)
ids = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,6}", fullmatch=True)
floats = st.floats(allow_nan=False, allow_infinity=False)
days = st.dates(date(2000, 1, 1), date(2030, 1, 1))
zones = st.sampled_from([UTC, CHINA, timezone(-timedelta(hours=3, minutes=30))])
times = st.builds(
    lambda moment, zone: moment.replace(tzinfo=zone),
    st.datetimes(datetime.fromisoformat("2000-01-01"), datetime.fromisoformat("2030-01-01")),
    zones,
)


@st.composite
def publications(draw: st.DrawFn) -> Publication:
    received = draw(st.none() | times)
    precision = draw(st.sampled_from(Precision))
    if precision is Precision.UNKNOWN:
        return Publication(precision=precision, received_at=received)
    if precision is Precision.EXACT:
        return Publication(value=draw(times), precision=precision, received_at=received)
    value = draw(days)
    if precision is Precision.DAY:
        return Publication(value=value, precision=precision, received_at=received)
    start = value - timedelta(days=draw(st.integers(0, 20)))
    timed = datetime(start.year, start.month, start.day, tzinfo=CHINA)
    return Publication(
        value=value,
        precision=precision,
        range_start=draw(st.sampled_from([start, timed])),
        range_end=value + timedelta(days=draw(st.integers(0, 20))),
        evidence=draw(texts),
        received_at=received,
    )


@st.composite
def notes(draw: st.DrawFn, note_id: str, published: Publication) -> Note:
    analysts = st.builds(Analyst, name=texts, licence=maybe)
    link = draw(st.sampled_from(["", "Q1", "Q-2"]))
    repeated = draw(st.booleans())
    return Note(
        id=note_id,
        broker=draw(texts),
        analysts=tuple(draw(st.lists(analysts, max_size=3))),
        published=draw(st.just(published) | publications()),
        themes=tuple(draw(st.lists(st.sampled_from(THEMES), unique=True))),
        title=draw(maybe),
        rating=draw(maybe),
        rating_change=draw(maybe),
        rating_level=draw(st.none() | st.sampled_from(RatingLevel)),
        industry=draw(maybe),
        repeats=link if repeated else "",
        reiterates="" if repeated else link,
    )


@st.composite
def definitions(draw: st.DrawFn) -> RatingDefinition:
    low = draw(st.integers(1, 14))
    bands = []
    for level, rating in draw(
        st.lists(
            st.tuples(st.sampled_from(RatingLevel), texts), unique=True, min_size=1, max_size=3
        )
    ):
        a, b = sorted(draw(st.lists(floats, unique=True, min_size=2, max_size=2)))
        kind = draw(st.sampled_from("lhb"))
        bands.append(
            Band(
                level=level,
                rating=rating,
                low=None if kind == "h" else a,
                high=None if kind == "l" else b,
            )
        )
    return RatingDefinition(
        broker=draw(texts),
        months_low=low,
        months_high=low + draw(st.integers(0, 6)),
        benchmarks=tuple(draw(st.lists(st.tuples(texts, texts), max_size=2))),
        bands=tuple(bands),
    )


@st.composite
def reports(draw: st.DrawFn) -> Report:
    published = draw(publications())
    own = draw(st.lists(st.sampled_from(["N1", "N-2", "n3"]), unique=True, min_size=1))
    found = tuple(draw(notes(note_id, published)) for note_id in own)
    covered = sorted({theme for note in found for theme in note.themes})
    pairs = (
        draw(
            st.lists(
                st.tuples(st.sampled_from(LISTINGS), st.sampled_from(covered)),
                unique=True,
                max_size=5,
            )
        )
        if covered
        else []
    )
    claims = st.builds(
        Claim,
        subject=st.sampled_from(["s", "t"]) | texts,
        measure=st.sampled_from(["m", "n"]),
        value=floats,
        unit=st.sampled_from(ClaimUnit),
        as_of=maybe,
        remark=maybe,
        listing=st.none() | st.sampled_from(LISTINGS),
    )
    moves = st.builds(
        IndexMove, code=maybe, name=texts, week=floats, month_to_date=st.none() | floats
    )
    estimates = st.builds(
        Estimate,
        listing=st.sampled_from(LISTINGS),
        fiscal_year=st.integers(2020, 2035),
        eps=st.none() | floats,
        profit=floats,
        revenue=st.none() | floats,
        currency=st.sampled_from([Currency.CNY, Currency.HKD]),
    )
    return Report(
        id="T1",
        title=draw(texts),
        publisher=draw(texts),
        language=draw(texts),
        published=published,
        notes=found,
        securities=tuple(
            SecurityMention(
                listing=listing,
                printed=draw(texts),
                role=draw(st.sampled_from(Role)),
                theme=theme,
                name=draw(texts),
                name_en=draw(maybe),
                note=draw(maybe),
                rating=draw(maybe),
            )
            for listing, theme in pairs
        ),
        claims=tuple(draw(st.lists(claims, max_size=4))),
        indices=tuple(draw(st.lists(moves, max_size=2))),
        climate=tuple(draw(st.lists(st.tuples(texts, texts), max_size=2))),
        estimates=tuple(draw(st.lists(estimates, max_size=2))),
        rating_definitions=tuple(draw(st.lists(definitions(), max_size=2))),
        text_hash=draw(st.sampled_from(["", "0" * 64, "a1" * 32])),
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ws")


def content(text: str) -> Any:
    """Return what a card says, without the order of its lists."""

    def ordered(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: ordered(item) for key, item in sorted(value.items())}
        if isinstance(value, list):
            return sorted(map(ordered, value), key=repr)
        return value

    return ordered({key: value for key, value in tomllib.loads(text).items() if value != []})


@LAWS
@given(reports())
def test_a_card_read_is_the_report_written(folder: Path, report: Report) -> None:
    path = write_card(Workspace(root=folder), report)
    try:
        assert read_card(path, root=folder) == report
        assert path.read_bytes().decode() == card_text(report)
    finally:
        path.unlink()


@LAWS
@given(reports(), reports())
def test_an_untouched_card_becomes_the_new_reading(base: Report, fresh: Report) -> None:
    merged = merged_card(card_text(base), base, fresh)
    assert content(merged) == content(card_text(fresh))
    assert merged_card(merged, base, fresh) == merged


@LAWS
@given(reports(), st.booleans(), st.booleans())
def test_the_same_reading_changes_not_a_byte(report: Report, windows: bool, mark: bool) -> None:
    text = card_text(report).replace("\n", "\r\n" if windows else "\n")
    text = "\ufeff" * mark + text.rstrip("\r\n") + "  # mine"
    assert merged_card(text, report, report) == text


def _retitle(card: Any) -> None:
    card["title"] = "my title"


def _rename(card: Any) -> None:
    for item in card.get("securities", ()):
        item["name_en"] = "my name"


def _reverse(card: Any) -> None:
    for name in ("claims", "securities"):
        if name in card:
            card[name] = [dict(item) for item in reversed(card[name].unwrap())]


def _remove(card: Any) -> None:
    for name in ("securities", "claims"):
        if card.get(name):
            del card[name][0]


def _add(card: Any) -> None:
    card["notes"][0]["themes"].append("my-theme")
    row = {"listing": "600000.SH", "printed": "mine", "role": "risk", "theme": "my-theme"}
    card["securities"] = [*card.get("securities", tomlkit.array()).unwrap(), row]


def _redate(card: Any) -> None:
    del card["published"]
    card["published"] = {"value": date(2026, 1, 2), "precision": "day"}


def _rate(card: Any) -> None:
    for note in card["notes"]:
        note["rating"] = "my rating"
        note["broker"] = "my broker"


EDITS: tuple[Callable[[Any], None], ...] = (
    *(_retitle, _rename, _reverse, _remove, _add, _redate, _rate),
)


@laws(100)
@given(reports(), reports(), st.lists(st.sampled_from(EDITS), unique=True, min_size=1))
def test_no_edit_is_ever_lost(
    base: Report, fresh: Report, edits: list[Callable[[Any], None]]
) -> None:
    card = tomlkit.parse(card_text(base))
    for edit in edits:
        edit(card)
    text = "# mine: first\n" + tomlkit.dumps(card) + "# mine: last\n"
    before, after = tomllib.loads(text), tomllib.loads(merged_card(text, base, fresh))
    assert _lost(tomllib.loads(card_text(base)), before, after) == []
    assert merged_card(text, base, fresh).count("# mine: ") == 2


def _undelivered(card: Any) -> Any:
    # When a report was received is a fact of its own: it follows the reader beside an edited date.
    published = {key: item for key, item in card["published"].items() if key != "received_at"}
    return {**card, "published": published}


def _lost(base: Any, mine: Any, merged: Any) -> list[str]:
    """List the user's changes that the merged card does not show."""
    base, mine, merged = (_undelivered(card) for card in (base, mine, merged))
    lost = [
        name
        for name in ("title", "published")
        if mine[name] != base[name] and merged[name] != mine[name]
    ]
    keys = {"securities": ("listing", "theme"), "notes": ("id",)}
    for name, parts in keys.items():
        old, now, new = (
            {tuple(item[part] for part in parts): item for item in card.get(name, ())}
            for card in (base, mine, merged)
        )
        lost += [f"{key} came back" for key in old if key not in now and key in new]
        for key, item in now.items():
            touched = [part for part, value in item.items() if old.get(key, {}).get(part) != value]
            kept = new.get(key, {})
            for part in touched:
                same = kept.get(part) == item[part]
                if part == "themes":
                    same = set(item[part]) - set(old[key][part]) <= set(kept.get(part, ()))
                lost += [] if same else [f"{name} {key} {part}"]
    return lost


@LAWS
@given(reports(), reports())
def test_without_a_base_only_items_are_added(card: Report, fresh: Report) -> None:
    text = card_text(card)
    merged = merged_card(text, None, fresh)
    left = iter(merged.splitlines())
    for line in text.splitlines():
        if not line.startswith("themes = ") and not line.endswith("= []"):
            assert line in left, line  # in this order
    after = tomllib.loads(merged)
    lists = ("claims", "securities", "notes", "indices", "climate", "estimates")
    for name in (*lists, "rating_definitions"):
        assert len(after.get(name, ())) >= len(tomllib.loads(text).get(name, ()))


@st.composite
def calls(draw: st.DrawFn) -> tuple[Report, ...]:
    made = []
    for number in range(draw(st.integers(1, 6))):
        first = date(2026, 1, 1) + timedelta(days=draw(st.integers(0, 8)))
        published = Publication(value=first, precision=Precision.DAY)
        own = []
        for place in (1, 2):
            link = draw(st.sampled_from(["", *(f"C{n}-{p}" for n in range(7) for p in (1, 2))]))
            own.append(
                Note(
                    id=f"C{number}-{place}",
                    broker="b",
                    analysts=(),
                    published=published,
                    themes=tuple(draw(st.lists(st.sampled_from(THEMES), unique=True))),
                    repeats=link if link != f"C{number}-{place}" else "",
                )
            )
        covered = sorted({theme for note in own for theme in note.themes})
        made.append(
            Report(
                id=f"C{number}",
                title="t",
                publisher="p",
                language="en",
                published=published,
                notes=tuple(own),
                securities=tuple(
                    SecurityMention(
                        listing=LISTINGS[0], printed="x", role=Role.RECOMMENDED, theme=t, name="x"
                    )
                    for t in covered
                ),
            )
        )
    return tuple(made)


BASKET = Basket(name="b", title_zh="", title_en="", themes=THEMES[:2])


@LAWS
@given(calls())
def test_a_later_report_changes_no_earlier_event(given_reports: tuple[Report, ...]) -> None:
    everything = events_of(BASKET, given_reports)
    for last in {report.published.day for report in given_reports}:
        known = tuple(report for report in given_reports if report.published.day <= last)
        expected = tuple(event for event in everything if event.published.day <= last)
        assert events_of(BASKET, known) == expected


@LAWS
@given(calls())
def test_links_only_ever_take_events_away(given_reports: tuple[Report, ...]) -> None:
    free = tuple(
        replace(report, notes=tuple(replace(note, repeats="") for note in report.notes))
        for report in given_reports
    )
    linked, unlinked = events_of(BASKET, given_reports), events_of(BASKET, free)
    assert linked == tuple(event for event in unlinked if event in linked)
    assert linked[:1] == unlinked[:1]  # the earliest publication of a call always counts


@LAWS
@given(calls(), st.randoms(use_true_random=False))
def test_the_order_in_which_reports_are_given_is_irrelevant(
    given_reports: tuple[Report, ...], random: Any
) -> None:
    shuffled = list(given_reports)
    random.shuffle(shuffled)
    assert events_of(BASKET, tuple(shuffled)) == events_of(BASKET, given_reports)
