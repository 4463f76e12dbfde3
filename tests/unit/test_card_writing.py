"""Cards written and read again: the layout, what stays, what follows, what is refused."""

from __future__ import annotations

import difflib
import errno
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from screener.domain.listing import parse_listing
from screener.domain.report import (
    Claim,
    ClaimUnit,
    Note,
    Precision,
    Publication,
    Report,
    Role,
    SecurityMention,
)
from screener.errors import BasketDefinitionError, StorageFull
from screener.render.report.catalog import report_detail, report_list
from screener.workspace.baskets import basket_text, proposed_basket, read_basket, write_basket
from screener.workspace.cards.reading import read_card
from screener.workspace.cards.writing import card_text, merged_card, reread_card, write_card
from screener.workspace.locate import Workspace

ROOT = Path(__file__).resolve().parents[2]
# Lines of the shipped cards that are written otherwise: digits without a meaning, a remark.
REWRITTEN = {"R1": 2, "R2": 0, "R3": 2, "R4": 0, "R5": 0}
DAY = Publication(value=date(2026, 5, 14), precision=Precision.DAY)

CARD = """\
# Facts of one report, never its sentences. Dates: a date alone is known after that day's close.
id = "T1"
title = "液冷"
publisher = "晨星证券"
language = "zh-Hans"

published.value = 2026-05-14
published.precision = "day"

securities = [
  { listing = "300857.SZ", printed = "甲数据", name = "甲数据", role = "recommended", theme = "chips" },
  { listing = "603629.SH", printed = "乙电子", name = "乙电子", role = "recommended", theme = "chips" },
  { listing = "00700.HK", printed = "丙", name = "丙控股", role = "mentioned", theme = "chips" },
]

claims = [
  { subject = "甲数据", listing = "300857.SZ", measure = "market cap", value = 12.5e9, unit = "CNY", as_of = "2026-05-13" },
  { subject = "甲数据", listing = "300857.SZ", measure = "PE", value = 21.0, unit = "x" },
]

[[notes]]
id = "T1-1"
broker = "晨星证券"
themes = ["chips"]
"""  # noqa: E501


def mention(listing: str, printed: str, **changes: object) -> SecurityMention:
    item = SecurityMention(
        listing=parse_listing(listing),
        printed=printed,
        role=Role.RECOMMENDED,
        theme="chips",
        name=printed,
    )
    return replace(item, **changes)  # type: ignore[arg-type]


@pytest.fixture
def base() -> Report:
    data = parse_listing("300857.SZ")
    return Report(
        id="T1",
        title="液冷",
        publisher="晨星证券",
        language="zh-Hans",
        published=DAY,
        notes=(Note(id="T1-1", broker="晨星证券", analysts=(), published=DAY, themes=("chips",)),),
        securities=(
            mention("300857.SZ", "甲数据"),
            mention("603629.SH", "乙电子"),
            mention("00700.HK", "丙", name="丙控股", role=Role.MENTIONED),
        ),
        claims=(
            Claim(
                subject="甲数据",
                measure="market cap",
                value=12.5e9,
                unit=ClaimUnit.CNY,
                as_of="2026-05-13",
                listing=data,
            ),
            Claim(subject="甲数据", measure="PE", value=21, unit=ClaimUnit.MULTIPLE, listing=data),
        ),
    )


def changed(before: str, after: str) -> list[str]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    return [line for line in lines if line[:1] in "+-" and line[:3] not in ("+++", "---")]


def test_the_layout_of_a_card(base: Report) -> None:
    assert card_text(base) == CARD


@pytest.mark.parametrize("name", REWRITTEN)
def test_the_shipped_cards_are_written_as_they_are(name: str, tmp_path: Path) -> None:
    path = ROOT / "seeds" / f"{name}.toml"
    report = read_card(path, root=ROOT)
    text = card_text(report)
    copy = write_card(Workspace(root=tmp_path), report)
    assert copy == tmp_path / "seeds" / f"{name}.toml"
    assert read_card(copy, root=tmp_path) == report
    assert len(changed(path.read_text("utf-8"), text)) == 2 * REWRITTEN[name]


def test_links_and_hash_are_written(base: Report, tmp_path: Path) -> None:
    note = replace(base.notes[0], repeats="R1-1", themes=("chips", "cooling"))
    other = replace(base.notes[0], id="T1-2", reiterates="R2-1")
    report = replace(base, notes=(note, other), text_hash="ab" * 32)
    text = card_text(report)
    assert f'language = "zh-Hans"\ntext_sha256 = "{"ab" * 32}"\n\n' in text
    assert 'themes = ["chips", "cooling"]\nrepeats = "R1-1"\n' in text
    assert text.endswith('themes = ["chips"]\nreiterates = "R2-1"\n')
    assert "\n# A digest: " in text
    assert read_card(write_card(Workspace(root=tmp_path), report), root=tmp_path) == report


def test_a_card_is_never_overwritten(base: Report, tmp_path: Path) -> None:
    path = write_card(Workspace(root=tmp_path), base)
    with pytest.raises(BasketDefinitionError, match=r"'T1' has a card already.*choose another id"):
        write_card(Workspace(root=tmp_path), replace(base, title="other"))
    assert path.read_text("utf-8") == CARD
    assert [item.name for item in path.parent.iterdir()] == ["T1.toml"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"id": "a b"}, r"id: String should match.*card of report a b, id"),
        ({"title": "\ud800"}, r"half a character.*with its right encoding"),
        ({"securities": (mention("300857.SZ", "x", theme="none"),)}, "theme of no note"),
        ({"securities": (mention("300857.SZ", "x", name=""),)}, "give every security a name"),
        ({"notes": ()}, "notes: Field required"),
        ({"text_hash": "abc"}, r"text_sha256: String should match"),
    ],
)
def test_a_report_that_no_card_can_hold(
    base: Report, tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(BasketDefinitionError, match=message) as caught:
        write_card(Workspace(root=tmp_path), replace(base, **changes))  # type: ignore[arg-type]
    assert caught.value.fix
    assert not (tmp_path / "seeds").exists()


def test_what_the_reader_newly_finds_is_added_in_its_place(base: Report) -> None:
    first, second, third = base.securities
    fresh = replace(
        base,
        title="液冷与算力",
        text_hash="ab" * 32,
        published=replace(
            DAY,
            precision=Precision.ESTIMATED,
            range_start=date(2026, 5, 13),
            range_end=date(2026, 5, 15),
            evidence="newest event cited",
        ),
        notes=(replace(base.notes[0], rating="买入", themes=("chips", "cooling")),),
        securities=(
            first,
            mention("688256.SH", "丁"),
            replace(second, note="also 01347.HK"),
            replace(third, role=Role.RISK),
            mention("600000.SH", "戊", theme="cooling"),
        ),
        claims=(replace(base.claims[0], value=12.6e9),),
    )
    fresh = replace(fresh, notes=(replace(fresh.notes[0], published=fresh.published),))
    text = CARD.replace("]\n\nclaims", "] # names\n\n# mine\nclaims")
    assert changed(text, merged_card(text, base, fresh)) == [
        '-title = "液冷"',
        '+title = "液冷与算力"',
        f'+text_sha256 = "{"ab" * 32}"',
        '-published.precision = "day"',
        '+published.precision = "estimated"',
        "+published.range_start = 2026-05-13",
        "+published.range_end = 2026-05-15",
        '+published.evidence = "newest event cited"',
        '-  { listing = "603629.SH", printed = "乙电子", name = "乙电子", role = "recommended", '
        'theme = "chips" },',
        '-  { listing = "00700.HK", printed = "丙", name = "丙控股", role = "mentioned", '
        'theme = "chips" },',
        '+  { listing = "688256.SH", printed = "丁", name = "丁", role = "recommended", '
        'theme = "chips" },',
        '+  { listing = "603629.SH", printed = "乙电子", name = "乙电子", role = "recommended", '
        'theme = "chips", note = "also 01347.HK" },',
        '+  { listing = "00700.HK", printed = "丙", name = "丙控股", role = "risk", '
        'theme = "chips" },',
        '+  { listing = "600000.SH", printed = "戊", name = "戊", role = "recommended", '
        'theme = "cooling" },',
        '-  { subject = "甲数据", listing = "300857.SZ", measure = "market cap", value = 12.5e9, '
        'unit = "CNY", as_of = "2026-05-13" },',
        '-  { subject = "甲数据", listing = "300857.SZ", measure = "PE", value = 21.0, '
        'unit = "x" },',
        '+  { subject = "甲数据", listing = "300857.SZ", measure = "market cap", value = 12.6e9, '
        'unit = "CNY", as_of = "2026-05-13" },',
        '-themes = ["chips"]',
        '+rating = "买入"',
        '+themes = ["chips", "cooling"]',
    ]


def _edit(old: str, new: str) -> Callable[[str], str]:
    assert old in CARD
    return lambda text: text.replace(old, new)


@pytest.mark.parametrize(
    ("edit", "kept"),
    [
        (_edit('title = "液冷"', 'title = "我的" # 改'), 'title = "我的" # 改'),
        (_edit('"甲数据", role = "recommended"', '"甲数据", role = "risk"'), 'role = "risk"'),
        (_edit("value = 12.5e9,", "value = 13e9,"), "value = 13e9,"),
        (_edit('unit = "x" },', 'unit = "x" }, # checked by hand'), "# checked by hand"),
        (_edit("  { subject = ", "  # by hand\n  { subject = "), "  # by hand\n  { subject = "),
        (_edit("2026-05-14", "2026-05-13"), "published.value = 2026-05-13"),
        (_edit('broker = "晨星证券"', "broker = '晨星'  # short"), "broker = '晨星'  # short"),
        (
            _edit('[[notes]]\nid = "T1-1"', '[[notes]]\nrating = "中性"\nid = "T1-1"'),
            '[[notes]]\nrating = "中性"\nid = "T1-1"',
        ),
        (
            _edit("published.value = 2026-05-14\npublished.precision", "published.precision"),
            '[published]\nvalue = 2026-05-14 # moved\nprecision = "day"\n',
        ),
    ],
)
def test_what_the_user_changed_stays(base: Report, edit: Callable[[str], str], kept: str) -> None:
    text = edit(CARD)
    if kept.startswith("[published]"):
        text = text.replace('published.precision = "day"\n', "") + "\n" + kept
    fresh = replace(
        base,
        title="新题",
        published=replace(DAY, value=date(2026, 5, 20)),
        notes=(
            replace(
                base.notes[0],
                broker="辰星",
                rating="买入",
                published=replace(DAY, value=date(2026, 5, 20)),
            ),
        ),
        securities=tuple(replace(item, role=Role.MOVER) for item in base.securities),
        claims=(replace(base.claims[0], value=14e9),),
    )
    merged = merged_card(text, base, fresh)
    assert kept.replace("05-14 # moved", "05-20 # moved") in merged
    assert 'role = "mover"' in merged
    assert merged_card(merged, base, fresh) == merged


def test_what_the_user_removed_stays_away(base: Report) -> None:
    text = "".join(
        line for line in CARD.splitlines(keepends=True) if "乙电子" not in line and "PE" not in line
    )
    fresh = replace(base, securities=(*base.securities, mention("688256.SH", "丁")))
    merged = merged_card(text, base, fresh)
    assert [line[:27] for line in changed(text, merged)] == ['+  { listing = "688256.SH",']


def test_a_theme_that_the_user_took_away_gets_no_names(base: Report) -> None:
    text = CARD.replace('"chips"', '"my-theme"')
    fresh = replace(base, securities=(*base.securities, mention("688256.SH", "丁")))
    assert merged_card(text, base, fresh) == text


def test_what_the_reader_finds_no_more_goes_unless_it_is_edited(base: Report) -> None:
    fresh = replace(base, securities=base.securities[:1], claims=())
    text = CARD.replace('name = "乙电子"', 'name = "乙"')
    merged = merged_card(text, base, fresh)
    assert 'name = "乙"' in merged
    assert "00700.HK" not in merged
    assert "claims = []" in merged


def test_a_note_stays_while_a_security_needs_its_theme(base: Report) -> None:
    other = replace(base.notes[0], id="T1-2", themes=("cooling",), published=DAY)
    text = CARD.replace('"乙电子", role', '"我", role')
    merged = merged_card(text, base, replace(base, notes=(other,), securities=()))
    assert merged.index('id = "T1-1"') < merged.index('id = "T1-2"')
    assert "300857" not in merged.split("claims")[0]


def test_without_a_base_items_are_added_and_nothing_is_changed(base: Report) -> None:
    fresh = replace(
        base,
        title="x",
        text_hash="ab" * 32,
        notes=(replace(base.notes[0], rating="买入", themes=("chips", "cooling", "unused")),),
        securities=(
            replace(base.securities[0], name="x"),
            mention("688256.SH", "丁", theme="cooling"),
        ),
        climate=(("液冷", "向上"),),
    )
    assert changed(CARD, merged_card(CARD, None, fresh)) == [
        '+  { listing = "688256.SH", printed = "丁", name = "丁", role = "recommended", '
        'theme = "cooling" },',
        "+climate = [",
        '+  { sector = "液冷", outlook = "向上" },',
        "+]",
        "+",
        '-themes = ["chips"]',
        '+themes = ["chips", "cooling"]',
    ]


def test_lists_as_blocks_and_notes_as_an_array_are_kept_so(base: Report) -> None:
    rows = "\n".join(
        f'[[securities]]\nlisting = "{item.listing}"\nprinted = "{item.printed}"\n'
        f'name = "{item.name}"\nrole = "{item.role}"\ntheme = "{item.theme}"\n'
        for item in base.securities
    )
    head, tail = CARD.split("securities = [")
    head += 'notes = [{ id = "T1-1", broker = "晨星证券", themes = ["chips"] }]\n'
    text = f"{head}{tail[tail.index('claims') : tail.index('[[notes]]')]}{rows}"
    fresh = replace(
        base,
        securities=(*base.securities[:2], mention("688256.SH", "丁")),
        notes=(base.notes[0], replace(base.notes[0], id="T1-2", title="新")),
    )
    merged = merged_card(text, base, fresh)
    assert merged.endswith(
        '\n\n[[securities]]\nlisting = "688256.SH"\nprinted = "丁"\nname = "丁"\n'
        'role = "recommended"\ntheme = "chips"\n'
    )
    assert "00700" not in merged
    assert '}, { id = "T1-2", title = "新", broker = "晨星证券", themes = ["chips"] }]' in merged


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id = ", "not valid TOML"),
        (CARD.replace('role = "mentioned"', 'role = "buy"'), r"securities\.3\.role"),
    ],
)
def test_a_broken_card_is_left_alone(base: Report, tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "T1.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BasketDefinitionError, match=message) as caught:
        reread_card(path, root=tmp_path, base=base, fresh=replace(base, title="x"))
    assert caught.value.fix
    assert path.read_text("utf-8") == text


def test_a_card_read_again_is_replaced_whole(
    base: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "T1.toml"
    path.write_bytes(CARD.replace("\n", "\r\n").encode())
    path.chmod(0o600)
    fresh = replace(base, title="新")
    assert not reread_card(path, root=tmp_path, base=base, fresh=base)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", _full)
        with pytest.raises(StorageFull, match=r"no space.*free some space"):
            reread_card(path, root=tmp_path, base=base, fresh=fresh)
    assert path.read_bytes() == CARD.replace("\n", "\r\n").encode()
    assert reread_card(path, root=tmp_path, base=base, fresh=fresh)
    assert path.read_bytes() == CARD.replace("液冷", "新", 1).replace("\n", "\r\n").encode()
    assert path.stat().st_mode & 0o777 == 0o600
    assert [item.name for item in tmp_path.iterdir()] == ["T1.toml"]


def _full(*_: object) -> Path:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_what_is_no_utf8_is_told(base: Report, tmp_path: Path) -> None:
    path = tmp_path / "T1.toml"
    path.write_bytes(CARD.encode("gb18030"))
    with pytest.raises(BasketDefinitionError, match=r"not UTF-8.*T1\.toml.*save the file as UTF-8"):
        reread_card(path, root=tmp_path, base=None, fresh=base)


def test_a_basket_is_proposed_for_a_theme(tmp_path: Path) -> None:
    basket = proposed_basket("liquid-cooling", "液冷", "Liquid cooling")
    (tmp_path / "baskets").mkdir()
    path = write_basket(Workspace(root=tmp_path), basket)
    assert path.read_text("utf-8") == basket_text(basket)
    assert read_basket(path, root=tmp_path) == basket
    shipped = (ROOT / "baskets" / "copper.toml").read_text("utf-8").splitlines()
    for old, new in (("copper", "liquid-cooling"), ("铜", "液冷"), ("Copper", "Liquid cooling")):
        shipped = [line.replace(f'"{old}"', f'"{new}"') for line in shipped]
    assert basket_text(basket).splitlines()[1:] == shipped[1:]


@pytest.mark.parametrize("width", [80, 160])
def test_links_are_shown_where_there_are_any(base: Report, width: int) -> None:
    console = Console(width=width, file=io.StringIO(), record=True)
    linked = replace(
        base,
        id="T2",
        notes=tuple(
            replace(base.notes[0], id=f"T2-{number}", repeats=repeats, reiterates=again)
            for number, repeats, again in ((1, "T1-1", ""), (2, "T0-1", ""), (3, "", "T9-1"))
        ),
    )
    assert base.n_recommended == 2
    console.print(report_list([base]))
    assert "Earlier calls" not in console.export_text()
    console.print(report_list([base, linked]))
    shown = console.export_text()
    column = shown.splitlines()[0].index("Earlier calls")
    told = [line[column - 6 :].strip() for line in shown.splitlines()[2:]]  # 6 wide letters before
    assert " ".join(told).strip("0123456789 ").endswith("repeats T1-1, T0-1; reiterates T9-")
    assert told[0] == "-"
    assert max(map(cell_len, shown.splitlines())) <= width
    console.print(report_detail(linked))
    detail = console.export_text()
    assert "Repeats  T1-1, the same call: counted once" in detail
    assert "Reiterates  T9-1, as a new call" in detail
