"""Reports added to a workspace: cards, baskets, doubts, repeats, and what failures leave behind."""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from screener.domain.basket import events_of
from screener.domain.listing import Listing, parse_listing
from screener.domain.report import Precision, Role
from screener.errors import DataError, DateRangeError, InputError, NotFoundError, StorageError
from screener.reports.text.found import Doubt, DoubtKind
from screener.workflows.report.add import Added, Source, add_report, make_theme_basket
from screener.workflows.report.card_store import CardState
from screener.workflows.report.doubts import Settle
from screener.workflows.report.edit import Said, edit_report, publication_said
from screener.workflows.report.rows import (
    added_document,
    doubt_rows,
    evidence_rows,
    stored_evidence,
)
from screener.workspace.locate import Workspace
from screener.workspace.readings import stored_reading, stored_readings
from tests.support.report_lake import copy_lake, empty_workspace, fill_lake
from tests.support.soaking import drawn_by, rounds, soaked
from tests.support.strict_reading import read_baskets, read_cards

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 6, 1, 4, tzinfo=UTC)
ROUNDS = rounds(4, 12, 200)

COOLING = (
    "液冷周报：机柜功率上行\n2026年5月26日\n国盛证券 分析师：张甲乙 S0680526000001\n"
    "需求平稳增长。建议关注澄岳科技（301990.SZ）、启沅股份、沐川精工等。"
)
LATER = (
    "液冷周报：订单落地\n2026年5月28日\n国盛证券 分析师：张甲乙 S0680526000001\n"
    "价格企稳。建议关注澄岳科技（301990.SZ）、启沅股份、沐川精工等。"
)
DIGEST = (
    "晚间速览 2026-05-27 19:30\n一、液冷：国盛证券指出，机柜功率上行，"
    "建议关注澄岳科技、启沅股份、沐川精工。二、铜：银河证券指出，矿端偏紧，"
    "受益标的包括拓泠科技、云砚微。研报来源：1、国盛证券，张甲乙，S0680526000001，"
    "液冷周报：机柜功率上行。2026年5月26日 2、银河证券，李丙丁，S0130516000002，"
    "铜：矿端偏紧。2026年5月27日"
)
DOUBTFUL = (
    "算力租赁周报\n2026年5月26日\n国盛证券\n"
    "建议关注润健股份、协创数据、利通电子；另有宏景科技（300857.SZ）。"
)
NEW_THEME = (
    "钙钛矿周报\n2026年5月26日\n国盛证券\n"
    "建议关注：1）钙钛矿：澄岳科技、启沅股份；2）液冷：拓泠科技。"
)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lake") / "data_cache"
    fill_lake(folder, closes={"000300.SH": {date(2026, 5, 25): 4_000.0}})
    return folder


@pytest.fixture
def place(lake: Path, tmp_path: Path) -> Workspace:
    made = empty_workspace(tmp_path / "ws")
    copy_lake(lake, made)
    make_theme_basket(made, "liquid-cooling")
    make_theme_basket(made, "copper")
    return made


def add(place: Workspace, text: str, **more: object) -> Added:
    return add_report(place, Source(None, text.encode()), now=NOW, **more)  # type: ignore[arg-type]


def tree(place: Workspace) -> dict[str, bytes]:
    """Return every file but the lock, and what is made again from the lake."""
    return {
        str(path.relative_to(place.root)): path.read_bytes()
        for path in sorted(place.root.rglob("*"))
        if path.is_file() and path.name != "write.lock" and path.parent.name != "derived"
    }


def seeds(place: Workspace) -> dict[str, bytes]:
    return {name: content for name, content in tree(place).items() if name.startswith("seeds/")}


def members(place: Workspace, basket: str) -> list[tuple[str, list[str]]]:
    (found,) = [one for one in read_baskets(place) if one.name == basket]
    return [
        (event.report, [member.listing.id for member in event.members])
        for event in events_of(found, read_cards(place))
    ]


# ---- a card --------------------------------------------------------------------------------------


def test_a_report_becomes_a_card_and_feeds_its_basket(place: Workspace) -> None:
    added = add(place, COOLING)
    assert (added.outcome, added.report.id, added.known) == (CardState.WRITTEN, "R1", "")
    assert added.path == place.seeds / "R1.toml"
    assert read_cards(place) == (added.report,)
    assert added.report.published.value == date(2026, 5, 26)
    assert [note.broker for note in added.report.notes] == ["国盛证券"]
    names = ["301990.SZ", "301991.SZ", "920990.BJ"]
    assert [one.listing.id for one in added.findings] == names
    assert added.baskets == (("liquid-cooling", ("liquid-cooling",)),)
    assert (added.made, added.unresolved, added.remarks) == ((), (), ())
    ((report, fed),) = members(place, "liquid-cooling")
    assert (report, sorted(fed)) == ("R1", names)


DAY = date(2026, 5, 20)
DAYLESS = "液冷行业点评：需求回暖\n行业研究\n建议关注液冷方向的澄岳科技、启沅股份。\n"


def test_the_date_that_nothing_tells_is_asked_for(place: Workspace) -> None:
    asked: list[str] = []

    def tell(title: str) -> date | None:
        asked.append(title)
        return date(2026, 5, 20)

    added = add(place, DAYLESS, settle=Settle.ASK, ask=lambda *_: None, ask_date=tell)
    assert asked == ["液冷行业点评：需求回暖"]
    assert added.report.published.value == date(2026, 5, 20)
    assert [event for event, _ in members(place, "liquid-cooling")] == ["R1"]
    add(place, COOLING, settle=Settle.ASK, ask=lambda *_: None, ask_date=tell)
    assert len(asked) == 1  # the other one prints its day


def test_a_report_whose_date_nobody_tells_is_kept_and_feeds_nothing(place: Workspace) -> None:
    added = add(place, DAYLESS, settle=Settle.ASK, ask=lambda *_: None, ask_date=lambda _: None)
    assert added.outcome is CardState.WRITTEN
    assert added.report.published.precision is Precision.UNKNOWN
    assert any("report edit R1 --published" in remark for remark in added.remarks)
    assert members(place, "liquid-cooling") == []
    assert add(place, DAYLESS).outcome is CardState.KNOWN
    later = edit_report(place, "R1", Said().corrections(place, publication_said(DAY, NOW)))
    assert later.changed
    assert [event for event, _ in members(place, "liquid-cooling")] == ["R1"]
    again = add(place, DAYLESS, again=True)
    assert not any("unknown" in remark for remark in again.remarks)
    assert read_cards(place)[0].published.value == DAY


def test_what_is_said_of_a_report_stands_on_its_card_and_in_its_reading(place: Workspace) -> None:
    said = Said(title="别的", broker="国金", themes=("liquid-cooling=铜",))
    added = add(place, COOLING, said=said)
    assert (added.report.title, added.report.publisher) == ("别的", "国金证券")
    assert "copper" in added.report.themes
    assert {one.theme for one in added.findings} == set(added.report.themes)


def test_the_sentences_stay_in_the_cache(place: Workspace) -> None:
    add(place, COOLING)
    assert "需求平稳增长" not in (place.seeds / "R1.toml").read_text(encoding="utf-8")
    kept = stored_reading(place, "R1")
    assert kept is not None
    assert kept.text == COOLING
    rows = stored_evidence(place, "r1")
    assert [row["listing"] for row in rows] == ["301990.SZ", "301991.SZ", "920990.BJ"]
    for row in rows:
        assert "建议关注" in row["sentence"]
        assert row["printed"] in row["sentence"]
        assert "需求平稳增长" not in row["sentence"]


def test_evidence_of_a_card_that_was_not_read_here(place: Workspace) -> None:
    add(place, COOLING)
    (place.data_cache / "reports" / "R1.json").unlink()
    with pytest.raises(NotFoundError, match="no text of report R1 is kept") as caught:
        stored_evidence(place, "R1")
    assert "screener report add FILE" in caught.value.fix


def test_a_file_of_another_encoding_gives_the_same_card(place: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "周报.txt"
    file.write_bytes(COOLING.encode("gb18030"))
    added = add_report(place, Source(file), now=NOW)
    assert added.report.title == "液冷周报：机柜功率上行"
    assert add(place, COOLING).outcome is CardState.KNOWN
    kept = stored_reading(place, "R1")
    assert kept is not None
    assert kept.source == "周报.txt"


# ---- the same report again -----------------------------------------------------------------------


def test_the_same_report_again_changes_no_byte(place: Workspace) -> None:
    add(place, COOLING)
    before = tree(place)
    for text in (COOLING, COOLING.replace("\n", "\n\n"), "\n".join(COOLING)):
        again = add(place, text)
        assert (again.outcome, again.known, again.report.id) == (CardState.KNOWN, "R1", "R1")
        assert again.remarks == ()
    assert tree(place) == before


def test_a_card_written_by_hand_is_recognised(place: Workspace) -> None:
    add(place, COOLING)
    card = place.seeds / "R1.toml"
    text = re.sub(r'text_sha256 = "[0-9a-f]+"\n', "", card.read_text(encoding="utf-8"))
    mine = place.seeds / "mine.toml"
    mine.write_text("# by hand\n" + text.replace("R1", "mine"), encoding="utf-8")
    card.unlink()
    (place.data_cache / "reports" / "R1.json").unlink()
    before = seeds(place)
    added = add(place, COOLING)
    assert (added.outcome, added.known) == (CardState.KNOWN, "mine")
    assert seeds(place) == before
    assert stored_reading(place, "mine") is not None  # its evidence can be shown now


def test_a_card_that_differs_from_the_reading_is_told(place: Workspace) -> None:
    add(place, COOLING)
    card = place.seeds / "R1.toml"
    lines = card.read_text(encoding="utf-8").splitlines(keepends=True)
    card.write_text("".join(line for line in lines if "301991.SZ" not in line), encoding="utf-8")
    added = add(place, COOLING)
    assert added.outcome is CardState.KNOWN
    assert added.remarks == (
        "1 found here and not on the card: 301991.SZ liquid-cooling recommended",
    )


def test_reading_again_keeps_edits_and_comments(place: Workspace) -> None:
    add(place, COOLING)
    card = place.seeds / "R1.toml"
    edited = card.read_text(encoding="utf-8")
    edited = edited.replace('title = "液冷周报：机柜功率上行"', 'title = "我的标题" # mine', 1)
    edited = edited.replace('role = "recommended"', 'role = "risk"', 1)
    card.write_text("# my remark\n" + edited, encoding="utf-8")
    before = card.read_bytes()
    again = add(place, COOLING, again=True)
    assert again.outcome in (CardState.UNCHANGED, CardState.REREAD)
    text = card.read_text(encoding="utf-8")
    assert text.startswith("# my remark\n")
    assert 'title = "我的标题" # mine' in text
    (kept,) = read_cards(place)
    assert (kept.title, kept.securities[0].role) == ("我的标题", Role.RISK)
    assert card.read_bytes() == before
    assert add(place, COOLING, again=True).outcome is CardState.UNCHANGED


def test_reading_again_after_a_deleted_card_makes_a_new_one(place: Workspace) -> None:
    add(place, COOLING)
    (place.seeds / "R1.toml").unlink()
    added = add(place, COOLING)
    assert (added.outcome, added.report.id) == (CardState.WRITTEN, "R1")


def test_a_call_published_again_in_a_digest_counts_once(place: Workspace) -> None:
    add(place, COOLING)
    added = add(place, DIGEST)
    assert [(note.broker, note.repeats) for note in added.report.notes] == [
        ("国盛证券", "R1-1"),
        ("银河证券", ""),
    ]
    assert [report for report, _ in members(place, "liquid-cooling")] == ["R1"]
    assert [report for report, _ in members(place, "copper")] == ["R2"]


def test_the_digest_first_and_the_note_after_it(place: Workspace) -> None:
    add(place, DIGEST)
    added = add(place, COOLING)
    assert added.outcome is CardState.WRITTEN
    linked = [note.repeats for note in added.report.notes]
    remarked = [remark for remark in added.remarks if "repeats" in remark]
    assert linked == ["R1-1"] or remarked  # whichever came out first, the other is told


FIRST_WORDING = (
    "液冷行业点评：冷板方案放量\n2026年5月26日\n国盛证券研究所\n"
    "冷板方案在新机柜中的占比继续走高。建议关注：澄岳科技、启沅股份、沐川精工、云砚微、景霁生物。"
)
OTHER_WORDING = (
    "冷板加速，液冷链条受益\n国盛证券研究所 2026年5月26日\n"
    "新机柜采用冷板的比例上升，我们看好液冷环节。"
    "推荐云砚微、沐川精工、启沅股份、澄岳科技、景霁生物。"
)
MOST_NAMES = OTHER_WORDING.replace("、启沅股份", "")
OTHER_NAMES = OTHER_WORDING.replace("沐川精工、启沅股份、澄岳科技、", "拓泠科技、")


@pytest.mark.parametrize("other", [OTHER_WORDING, MOST_NAMES])
def test_the_same_report_in_other_words_counts_once(place: Workspace, other: str) -> None:
    add(place, FIRST_WORDING)
    added = add(place, other)
    assert (added.outcome, added.known) == (CardState.KNOWN, "R1")
    assert [report for report, _ in members(place, "liquid-cooling")] == ["R1"]


def test_the_same_note_in_the_words_of_a_medium_is_a_repost(place: Workspace) -> None:
    add(place, FIRST_WORDING)
    digest = (
        "晚间速览 2026-05-27 19:30\n一、液冷：国盛证券指出，冷板占比走高，"
        "建议关注澄岳科技、启沅股份、沐川精工、云砚微、景霁生物。"
        "二、铜：银河证券指出，矿端偏紧，受益标的包括拓泠科技。研报来源：1、国盛证券，"
        "冷板占比走高。2026年5月26日 2、银河证券，铜：矿端偏紧。2026年5月27日"
    )
    added = add(place, digest)
    assert [note.repeats for note in added.report.notes] == ["R1-1", ""]
    assert [report for report, _ in members(place, "liquid-cooling")] == ["R1"]


def test_two_notes_of_a_day_and_house_on_other_names_stay_two(place: Workspace) -> None:
    add(place, FIRST_WORDING)
    for text in (OTHER_NAMES, OTHER_WORDING.replace("5月26日", "5月27日")):
        added = add(place, text)
        assert added.outcome is CardState.WRITTEN
        assert [note.repeats for note in added.report.notes] == [""]
    assert [report for report, _ in members(place, "liquid-cooling")] == ["R1", "R2", "R3"]


def test_a_reiteration_is_a_new_call(place: Workspace) -> None:
    add(place, COOLING)
    added = add(place, LATER)
    (note,) = added.report.notes
    assert (note.repeats, note.reiterates) == ("", "R1-1")
    assert [report for report, _ in members(place, "liquid-cooling")] == ["R1", "R2"]


def test_nearly_the_same_text_is_remarked(place: Workspace) -> None:
    long = "行业需求平稳增长，渠道库存回落，订单结构改善，海外交付提速。" + "".join(
        f"第{number}季度产能利用率为{50 + number}个百分点。" for number in range(40)
    )
    add(place, COOLING + long)
    other = LATER.replace("国盛证券", "银河证券").replace("张甲乙 S0680526000001", "李丙丁")
    added = add(place, other + long)
    assert added.outcome is CardState.WRITTEN
    (remark,) = [one for one in added.remarks if "of its text is that of report R1" in one]
    assert "delete one of the two cards" in remark


# ---- nothing written -----------------------------------------------------------------------------


@pytest.mark.parametrize("text", [COOLING, DOUBTFUL, NEW_THEME])
def test_a_dry_run_writes_nothing_anywhere(place: Workspace, text: str) -> None:
    before = tree(place)
    for settle in (Settle.LEAVE, Settle.YES, Settle.STRICT):
        added = add(place, text, dry_run=True, settle=settle)
        assert (added.outcome, added.made) == (CardState.READ, ())
        assert added.report.securities
    assert tree(place) == before


def test_a_dry_run_of_a_known_report_writes_nothing_either(place: Workspace) -> None:
    add(place, COOLING)
    (place.data_cache / "reports" / "R1.json").unlink()
    before = tree(place)
    for again in (False, True):
        added = add(place, COOLING, dry_run=True, again=again)
        assert (added.outcome, added.known) == (CardState.READ, "R1")
    assert tree(place) == before


# ---- doubts --------------------------------------------------------------------------------------


def listings(added: Added) -> list[str]:
    return sorted(one.listing.id for one in added.report.securities)


def test_doubts_are_left_open_unless_settled(place: Workspace) -> None:
    for settle in (Settle.LEAVE, Settle.STRICT):
        added = add(place, DOUBTFUL, settle=settle, dry_run=True)
        assert {one.kind for one in added.unresolved} == {DoubtKind.NEAR_MISS, DoubtKind.MISMATCH}
        assert listings(added) == ["300857.SZ", "603629.SH"]
    rows = {row["printed"]: row for row in doubt_rows(added)}
    assert rows["润健股份"]["meant"] == "002929.SZ"
    assert rows["宏景科技"]["meant"] == "301396.SZ, 300857.SZ"
    assert all("建议关注" in row["sentence"] or "另有" in row["sentence"] for row in rows.values())


def test_doubts_are_settled_by_the_likeliest(place: Workspace) -> None:
    added = add(place, DOUBTFUL, settle=Settle.YES)
    assert added.unresolved == ()
    assert listings(added) == ["002929.SZ", "300857.SZ", "301396.SZ", "603629.SH"]
    (near,) = [one for one in added.findings if one.listing.id == "002929.SZ"]
    assert (near.printed, near.name, near.role) == ("润健股份", "润建股份", Role.RECOMMENDED)
    assert near.theme == "compute-leasing"


def test_doubts_are_asked_about_one_by_one(place: Workspace) -> None:
    asked: list[tuple[str, str]] = []

    def ask(doubt: Doubt, sentence: str) -> Listing | None:
        asked.append((doubt.printed, sentence))
        return doubt.proposals[0] if doubt.kind is DoubtKind.NEAR_MISS else None

    added = add(place, DOUBTFUL, settle=Settle.ASK, ask=ask)
    assert [printed for printed, _ in asked] == ["宏景科技", "润健股份"] or [
        printed for printed, _ in asked
    ] == ["润健股份", "宏景科技"]
    for printed, sentence in asked:
        assert printed in sentence
    assert listings(added) == ["002929.SZ", "300857.SZ", "603629.SH"]
    assert [one.printed for one in added.unresolved] == ["宏景科技"]


def test_an_answer_that_is_found_already_is_not_written_twice(place: Workspace) -> None:
    added = add(
        place, DOUBTFUL, settle=Settle.ASK, ask=lambda _doubt, _text: parse_listing("300857.SZ")
    )
    assert listings(added) == ["300857.SZ", "603629.SH"]
    assert added.unresolved == ()


# ---- themes and baskets --------------------------------------------------------------------------


def test_a_theme_without_a_basket_is_told_and_made_on_request(place: Workspace) -> None:
    added = add(place, NEW_THEME, dry_run=True)
    assert added.baskets == (("gaitaikuang", ()), ("liquid-cooling", ("liquid-cooling",)))
    made = add(place, NEW_THEME, settle=Settle.YES)
    assert made.made == ("gaitaikuang",)
    assert members(place, "gaitaikuang") == [("R1", ["301990.SZ", "301991.SZ"])]


def test_a_baskets_title_names_its_theme(place: Workspace) -> None:
    basket = place.baskets / "mine.toml"
    basket.write_text(
        'name = "mine"\ntitle_zh = "钙钛矿"\ntitle_en = "Mine"\nthemes = ["my-theme"]\n'
        'weighting = "equal"\n',
        encoding="utf-8",
    )
    added = add(place, NEW_THEME)
    assert added.baskets[0] == ("my-theme", ("mine",))


# ---- the day -------------------------------------------------------------------------------------


def test_the_users_day_counts(place: Workspace) -> None:
    added = add(place, COOLING, published=date(2026, 5, 20))
    assert (added.report.published.value, added.report.published.precision) == (
        date(2026, 5, 20),
        Precision.DAY,
    )
    moment = datetime.fromisoformat("2026-05-21T08:30+08:00")
    timed = add(place, LATER, published=moment)
    assert (timed.report.published.value, timed.report.published.precision) == (
        moment,
        Precision.EXACT,
    )


@pytest.mark.parametrize(
    "moment", [date(2026, 6, 2), datetime.fromisoformat("2026-06-02T00:10+08:00")]
)
def test_a_day_to_come_is_refused(place: Workspace, moment: date) -> None:
    before = tree(place)
    with pytest.raises(DateRangeError, match="is in the future") as caught:
        add(place, COOLING, published=moment)
    assert caught.value.fix == "give the day on which the report came out"
    assert tree(place) == before


def test_the_day_is_that_of_shanghai(place: Workspace) -> None:
    late = datetime(2026, 5, 31, 16, 30, tzinfo=UTC)  # already 1 June there
    added = add_report(place, Source(None, COOLING.encode()), now=late, published=date(2026, 6, 1))
    assert added.report.published.value == date(2026, 6, 1)


# ---- what is missing -----------------------------------------------------------------------------


def test_without_a_lake_it_tells_how_to_get_one(tmp_path: Path) -> None:
    bare = empty_workspace(tmp_path / "bare")
    with pytest.raises(DataError, match="no listing master") as caught:
        add(bare, COOLING)
    assert "screener data import FILE --kind listings" in caught.value.fix
    assert str(bare.data_cache) in caught.value.where
    assert tree(bare) == {}


def test_without_a_listing_it_tells_so_too(tmp_path: Path) -> None:
    bare = empty_workspace(tmp_path / "bare")
    fill_lake(bare.data_cache, (), closes={"000300.SH": {date(2026, 5, 25): 4_000.0}})
    with pytest.raises(DataError, match="no listing master") as caught:
        add(bare, COOLING)
    assert "screener data update" in caught.value.fix
    assert seeds(bare) == {}


@pytest.mark.parametrize("content", [b"", b" \n\t", "\ufeff".encode()])
def test_an_empty_document_is_refused(place: Workspace, content: bytes) -> None:
    with pytest.raises(InputError):
        add_report(place, Source(None, content), now=NOW)
    assert seeds(place) == {}


# ---- rows ----------------------------------------------------------------------------------------


def test_rows_for_the_screen_and_for_json(place: Workspace) -> None:
    added = add(place, COOLING)
    row = evidence_rows(added)[0]
    assert {key: row[key] for key in ("listing", "name", "printed", "role", "theme", "sure")} == {
        "listing": "301990.SZ",
        "name": "澄岳科技",
        "printed": "",  # it is the name
        "role": "recommended",
        "theme": "liquid-cooling",
        "sure": "1.00",
    }
    document = added_document(added)
    assert json.loads(json.dumps(document)) == document
    assert document["securities"][0] == {
        "listing": "301990.SZ",
        "printed": "澄岳科技",
        "role": "recommended",
        "theme": "liquid-cooling",
        "confidence": 1.0,
        "rating": "",
    }


# ---- failures ------------------------------------------------------------------------------------


@contextmanager
def small_files() -> Iterator[None]:
    """Let no file grow beyond a few bytes, as where the disk is full; root is held to it too."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_card_that_cannot_be_written_leaves_nothing(place: Workspace) -> None:
    before = tree(place)
    with small_files(), pytest.raises(StorageError) as caught:
        add(place, COOLING)
    assert str(place.seeds / "R1.toml") in caught.value.where
    assert tree(place) == before


def test_a_card_that_cannot_be_brought_up_to_date_stays(place: Workspace) -> None:
    add(place, COOLING)
    card = place.seeds / "R1.toml"
    lines = card.read_text(encoding="utf-8").splitlines(keepends=True)
    card.write_text("".join(line for line in lines if "text_sha256" not in line), encoding="utf-8")
    before = seeds(place)
    with small_files(), pytest.raises(StorageError):
        add(place, COOLING, again=True)
    assert seeds(place) == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written(place: Workspace) -> None:
    place.seeds.chmod(0o500)
    try:
        with pytest.raises(StorageError):
            add(place, COOLING)
    finally:
        place.seeds.chmod(0o700)
    assert seeds(place) == {}


# ---- several processes ---------------------------------------------------------------------------

_CHILD = """
import os, random, signal, sys, time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from screener.workflows.report.add import Source, add_report
from screener.workspace.locate import Workspace

NOW = datetime(2026, 6, 1, 4, tzinfo=UTC)
FIRST = datetime(2025, 2, 3, tzinfo=UTC)


def text(number):
    return (
        f"液冷周报：第{number}期\\n2026年5月26日\\n国盛证券 分析师：张甲乙 S0680526000001\\n"
        f"第{number}期需求增长。建议关注澄岳科技（301990.SZ）、启沅股份等。"
    )


def add(place, numbers):
    for number in numbers:
        content, published = text(number).encode(), FIRST + timedelta(hours=number)
        add_report(place, Source(None, content), now=NOW, published=published)


def forked(job):
    child = os.fork()
    if not child:
        code = 1
        try:
            job()
            code = 0
        finally:
            os._exit(code)
    return child
"""

_AT_ONCE = (
    _CHILD
    + """
place = Workspace(root=Path(sys.argv[1]))
halves = eval(sys.argv[2])
children = [forked(lambda numbers=numbers: add(place, numbers)) for numbers in halves]
sys.exit(sum(os.waitpid(child, 0)[1] != 0 for child in children))
"""
)

_KILLED = (
    _CHILD
    + """
place, rounds = Workspace(root=Path(sys.argv[1])), int(sys.argv[2])
chance = random.Random(int(sys.argv[3]))
for number in range(rounds):
    numbers = range(number * 20, number * 20 + 20)
    child = forked(lambda numbers=numbers: add(place, numbers))
    folder, before = place.seeds, len(os.listdir(place.seeds))
    begun = time.monotonic()
    while len(os.listdir(folder)) == before and time.monotonic() < begun + 10:  # drafts count
        time.sleep(0.001)
    time.sleep(chance.uniform(0, 0.05))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
"""
)


def run(script: str, *arguments: object) -> None:
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120 + 10 * ROUNDS,
    )
    assert done.returncode == 0, done.stderr


@soaked
def test_two_at_once_get_two_ids_and_lose_nothing(place: Workspace) -> None:
    run(_AT_ONCE, place.root, "[range(0, 4), range(10, 14)]")
    cards = read_cards(place)
    assert sorted(card.id for card in cards) == sorted(f"R{number}" for number in range(1, 9))
    assert {card.title for card in cards} == {
        f"液冷周报：第{number}期" for number in (*range(4), *range(10, 14))
    }
    for card in cards:
        kept = stored_reading(place, card.id)
        assert kept is not None
        assert kept.text_hash == card.text_hash


@soaked
def test_the_same_report_twice_at_once_is_one_card(place: Workspace) -> None:
    run(_AT_ONCE, place.root, "[[number] for number in (1, 1, 1, 1)]")
    assert [card.id for card in read_cards(place)] == ["R1"]


@pytest.mark.soak
@soaked
def test_killed_at_any_moment_leaves_whole_files_or_none(place: Workspace) -> None:
    run(_KILLED, place.root, ROUNDS, drawn_by(7))
    cards = read_cards(place)  # every card is whole
    assert cards
    assert len({card.text_hash for card in cards}) == len(cards)
    assert stored_readings(place).remarks == ()
    for card in cards:
        assert len(card.securities) == 2
    # What was cut off can be done again, and what was done is known.
    added = add(place, COOLING)
    assert added.outcome is CardState.WRITTEN
    assert len(read_cards(place)) == len(cards) + 1
