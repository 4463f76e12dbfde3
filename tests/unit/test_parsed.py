"""What TOML files said before is what they say: a copy saves time and changes nothing."""

from __future__ import annotations

import tomllib
import weakref
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from screener.files.derived import FOLDER
from screener.workspace import parsed
from screener.workspace.broken import Broken
from screener.workspace.cards import reading
from screener.workspace.cards.reading import readable_cards
from screener.workspace.locate import Workspace

MANY = parsed.LEAST_FILES
CARD = """
id = "R{number}"
title = "算力"
publisher = "p"
language = "zh"
published = {{ value = 2026-05-14T19:48:00+08:00, precision = "exact" }}
notes = [{{ id = "R{number}-1", broker = "b", themes = ["copper"] }}]
"""
ZONES = st.sampled_from([None, UTC, timezone(timedelta(hours=8)), timezone(-timedelta(minutes=90))])
KEYS = st.text(st.characters(codec="utf-8"), max_size=6) | st.sampled_from(["\0day", "\0time"])
MOMENTS = st.builds(
    lambda moment, zone: moment.replace(tzinfo=zone),
    st.datetimes(),
    ZONES,
)
PLAIN = (
    st.text(st.characters(codec="utf-8"), max_size=9)
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats()
    | st.dates()
    | st.times()
    | MOMENTS
    | st.just("2026-05-14")
)
DOCUMENTS = st.dictionaries(
    KEYS,
    st.recursive(
        PLAIN,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
        max_leaves=6,
    ),
    max_size=4,
)


def read(root: Path, contents: list[bytes]) -> list[str]:
    with parsed.kept_documents(root, "cards", MANY, {}) as documents:
        return [documents.value(content, repr) for content in contents]


def copy_of(root: Path) -> Path:
    return root / FOLDER / "cards.jsonl"


@settings(max_examples=60, deadline=None)
@given(document=DOCUMENTS)
def test_every_document_comes_back_as_toml_reads_it(
    document: dict[str, object], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Texts, days, moments with their offsets, NaN, times of day, and keys like our own marks."""
    root = tmp_path_factory.mktemp("lake")
    content = tomlkit.dumps(document).encode()
    told = repr(tomllib.loads(content.decode()))
    assert [read(root, [content]), read(root, [content])] == [[told], [told]]


def test_what_is_kept_is_not_parsed_again_and_what_changed_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads, asked = tomllib.loads, list[str]()
    monkeypatch.setattr(parsed.tomllib, "loads", lambda text: asked.append(text) or loads(text))
    contents = [f"a = {number}".encode() for number in range(5)]
    told = read(tmp_path, contents)
    assert len(asked) == 5
    assert (read(tmp_path, contents), len(asked)) == (told, 5)
    contents[3] = b"a = 30"
    assert read(tmp_path, contents)[3] == "{'a': 30}"
    assert asked[5:] == ["a = 30"]
    kept = copy_of(tmp_path).read_bytes()
    assert b'{"a": 30}' in kept
    assert b'{"a": 3}' not in kept, "what no file says any more goes"
    assert (read(tmp_path, contents[:1]), read(tmp_path, contents[:1])) == (["{'a': 0}"],) * 2
    assert b"30" not in copy_of(tmp_path).read_bytes().partition(b"\n")[2]


def test_what_a_process_has_made_stays_in_the_copy(tmp_path: Path) -> None:
    made: dict[str, str] = {}
    contents = [b"a = 1", b"a = 2", b"a = 3", b"a = 4"]
    for files in (contents, contents, [*contents, b"a = 5"]):
        with parsed.kept_documents(tmp_path, "cards", MANY, made) as documents:
            assert [documents.value(one, repr) for one in files] == [
                f"{{'a': {number}}}" for number in range(1, len(files) + 1)
            ]
        assert len(copy_of(tmp_path).read_bytes().splitlines()) == 1 + len(files)


def test_damage_costs_time_and_no_more(tmp_path: Path) -> None:
    contents = [f"a = {number}".encode() for number in range(9)]
    told = read(tmp_path, contents)
    good = copy_of(tmp_path).read_bytes()
    for at in range(0, len(good), 29):
        for bad in (good[:at], good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :]):
            copy_of(tmp_path).write_bytes(bad)
            assert read(tmp_path, contents) == told
            assert copy_of(tmp_path).read_bytes() == good
    copy_of(tmp_path).unlink()
    copy_of(tmp_path).mkdir()
    assert read(tmp_path, contents) == told


def test_nothing_is_made_where_there_is_no_lake_and_for_few_files(tmp_path: Path) -> None:
    assert read(tmp_path / "none", [b"a = 1"]) == ["{'a': 1}"]
    with parsed.kept_documents(tmp_path, "cards", MANY - 1, {}) as documents:
        assert documents.value(b"a = 1", repr) == "{'a': 1}"
    assert list(tmp_path.iterdir()) == []


def test_cards_by_their_copy_are_the_cards(tmp_path: Path) -> None:
    place = Workspace(root=tmp_path)
    place.seeds.mkdir()
    for number in range(MANY):
        text = CARD.format(number=number)
        (place.seeds / f"R{number}.toml").write_text(text, encoding="utf-8")
    (place.seeds / "R7.toml").write_text("id = ", encoding="utf-8")
    alone = readable_cards(place)
    reading._MADE.clear()
    place.data_cache.mkdir()
    for _ in range(3):
        found = readable_cards(place)
        assert found == alone
        reading._MADE.clear()
        assert [one.told() for one in found.broken] == [one.told() for one in alone.broken]
    assert len(copy_of(place.data_cache).read_bytes().splitlines()) == MANY  # a head, one broken
    assert alone[0].published.value == datetime(2026, 5, 14, 11, 48, tzinfo=UTC)
    assert date(2026, 5, 14).isoformat() in copy_of(place.data_cache).read_text()


def test_a_card_that_cannot_be_read_does_not_hold_what_its_reader_held(tmp_path: Path) -> None:
    place = Workspace(root=tmp_path)
    place.seeds.mkdir()
    text = CARD.format(number=1) + 'securities = [{ listing = "000300.SZ", printed = "x" }]\n'
    (place.seeds / "R1.toml").write_text(text, encoding="utf-8")

    def asked() -> tuple[tuple[Broken, ...], weakref.ref[set[int]]]:
        held: set[int] = Held()
        return readable_cards(place).broken, weakref.ref(held)

    broken, held = asked()
    assert "000300" in broken[0].told()
    assert held() is None


class Held(set[int]):
    """What is worked on while cards are read."""
