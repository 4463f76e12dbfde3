"""From mentions to securities: one line for each listing and theme, with the doubts left over."""

from __future__ import annotations

from datetime import date
from functools import cache

import opencc
import pytest

from screener.domain.report import Role
from screener.reports.reader import broker_listings
from screener.reports.securities.name_index import NameIndex, NameRow, build_index
from screener.reports.securities.securities import FALLBACK_THEME, Securities, securities_in
from screener.reports.securities.themes import Theme, theme_index
from screener.reports.text.found import DoubtKind, Finding
from screener.reports.text.text import make_text
from tests.support.masters import MASTER

DAY = date(2026, 5, 28)
THEMES = theme_index()
ADVISED = Role.RECOMMENDED


@cache
def master() -> NameIndex:
    return build_index(
        NameRow(
            listing=row.listing,
            name=name,
            valid_from=since,
            name_en=row.name_en,
            industry=row.industry,
        )
        for row in MASTER
        for since, name in row.dated()
    )


def read(
    original: str,
    *,
    names: NameIndex | None = None,
    day: date = DAY,
    themes: object = THEMES,
    title: str = "",
) -> Securities:
    index = names or master()
    return securities_in(
        make_text(original),
        index,
        themes,  # type: ignore[arg-type]
        day=day,
        brokers=broker_listings(index),
        title=title,
    )


def found(original: str, **more: object) -> list[tuple[str, str, str]]:
    securities = read(original, **more)  # type: ignore[arg-type]
    return [(one.listing.id, str(one.role), one.theme) for one in securities.findings]


def themes_of(original: str, **more: object) -> dict[str, str]:
    return {listing: theme for listing, _, theme in found(original, **more)}


def one(original: str, **more: object) -> Finding:
    (finding,) = read(original, **more).findings  # type: ignore[arg-type]
    return finding


# ---- themes --------------------------------------------------------------------------------------


def test_each_lists_label_is_its_theme() -> None:
    text = "建议关注：1）算力租赁/IDC：澄岳科技、启沅股份等；2）液冷：沐川精工；3）铜：拓泠科技。"
    assert themes_of(text) == {
        "301990.SZ": "compute-leasing",
        "301991.SZ": "compute-leasing",
        "920990.BJ": "liquid-cooling",
        "688991.SH": "copper",
    }


@pytest.mark.parametrize(
    "text",
    [
        "建议关注液冷方向的澄岳科技、启沅股份。",
        "液冷受益标的：澄岳科技、启沅股份。",
        "液冷板块建议关注澄岳科技、启沅股份。",
        "液冷：建议关注澄岳科技、启沅股份。",
        "液冷产业链的澄岳科技、启沅股份有望受益。",
        "一、液冷：需求上行。建议关注澄岳科技、启沅股份。二、风险提示：竞争。",
        "（一）液冷景气上行\n建议关注澄岳科技、启沅股份。\n（二）光伏回落\n需求偏弱。",
        "【液冷】建议关注澄岳科技、启沅股份。",
    ],
)
def test_a_theme_beside_the_cue_or_in_the_heading(text: str) -> None:
    assert themes_of(text) == {"301990.SZ": "liquid-cooling", "301991.SZ": "liquid-cooling"}


def test_the_nearer_label_counts_before_the_heading() -> None:
    text = (
        "一、光伏：需求回升。1）液冷：建议关注澄岳科技；2）铜：建议关注启沅股份。"
        "二、银行：建议关注拓泠科技。"
    )
    assert themes_of(text) == {
        "301990.SZ": "liquid-cooling",
        "301991.SZ": "copper",
        "688991.SH": "banks",
    }


def test_the_title_speaks_for_lists_that_say_nothing() -> None:
    text = "需求增长，建议关注澄岳科技、启沅股份。"
    assert set(themes_of(text, title="液冷行业周报").values()) == {"liquid-cooling"}


def test_a_label_that_no_theme_knows_gets_a_slug() -> None:
    text = "建议关注：1）钙钛矿：澄岳科技、启沅股份；2）液冷：拓泠科技。"
    assert themes_of(text)["301990.SZ"] == "gaitaikuang"


def test_a_workspaces_own_theme() -> None:
    own = theme_index([Theme(slug="my-theme", words=("钙钛矿",))])
    text = "建议关注：1）钙钛矿：澄岳科技、启沅股份；2）液冷：拓泠科技。"
    assert themes_of(text, themes=own)["301990.SZ"] == "my-theme"


def test_without_any_theme_it_is_unsorted() -> None:
    names = build_index([NameRow(listing="301990.SZ", name="澄岳科技")])
    assert one("建议关注澄岳科技（301990）。", names=names).theme == FALLBACK_THEME


def test_one_listing_under_two_themes_is_two_lines() -> None:
    text = "建议关注：1）液冷：澄岳科技、启沅股份；2）光模块：澄岳科技、拓泠科技。"
    assert found(text) == [
        ("301990.SZ", "recommended", "liquid-cooling"),
        ("301991.SZ", "recommended", "liquid-cooling"),
        ("301990.SZ", "recommended", "optical-modules"),
        ("688991.SH", "recommended", "optical-modules"),
    ]


# ---- one line for each listing -------------------------------------------------------------------


def test_the_weightiest_part_counts() -> None:
    text = "本周澄岳科技领涨。澄岳科技发布新品。液冷方向建议关注澄岳科技、启沅股份。"
    assert found(text) == [
        ("301990.SZ", "recommended", "liquid-cooling"),
        ("301991.SZ", "recommended", "liquid-cooling"),
    ]


def test_every_place_is_kept_the_best_first() -> None:
    text = "澄岳科技发布新品。液冷方向建议关注澄岳科技（301990）、启沅股份。澄岳科技领涨。"
    securities = read(text)
    clean = make_text(text).clean
    finding = securities.findings[0]
    assert [clean[slice(*place)] for place in finding.places] == [
        "澄岳科技(301990",
        "澄岳科技",
        "澄岳科技",
    ]
    assert [spot.listing.id for spot in securities.spotted] == [
        "301990.SZ",
        "301990.SZ",
        "301991.SZ",
        "301990.SZ",
    ]
    assert finding.confidence == 1.0


def test_what_a_finding_carries() -> None:
    finding = one("建議關注衡嶼智能－Ｗ（07990.HK）。")
    assert (finding.name, finding.name_en) == ("衡屿智能", "HENGYU AI-W")
    assert finding.printed == "衡嶼智能"
    assert one("关注07990.HK。").printed == "07990.HK"


def test_the_name_shown_is_that_of_the_day() -> None:
    assert one("建议关注韦尔股份（603501）。", day=date(2025, 3, 1)).name == "韦尔股份"
    finding = one("建议关注韦尔股份（603501）。")
    assert (finding.name, finding.printed) == ("豪威集团", "韦尔股份")


# ---- lines of one company ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "listing", "other"),
    [
        ("建议关注紫金矿业、澄岳科技。", "601899.SH", "02899.HK"),
        ("建议关注紫金矿业H股、澄岳科技。", "02899.HK", "601899.SH"),
        ("建议关注紫金矿业（H）、澄岳科技。", "02899.HK", "601899.SH"),
        ("建议关注紫金矿业（2899.HK）、澄岳科技。", "02899.HK", "601899.SH"),
        ("H股建议关注紫金矿业、五矿资源。", "02899.HK", "601899.SH"),
        (
            "恒生指数走高，港股情绪回暖，H股领先。建议关注紫金矿业、五矿资源。",
            "02899.HK",
            "601899.SH",
        ),
        ("A股沪深两市放量，港股回落。建议关注紫金矿业、澄岳科技。", "601899.SH", "02899.HK"),
        ("建議關注紫金礦業、五礦資源。", "02899.HK", "601899.SH"),
        ("建议关注比亚迪、澄岳科技。", "002594.SZ", "01211.HK"),
        ("建议关注紫金矿业H、澄岳科技。", "02899.HK", "601899.SH"),
        ("建议关注紫金矿业-H、澄岳科技。", "02899.HK", "601899.SH"),
        ("建议关注紫金矿业A/H、澄岳科技。", "601899.SH", "02899.HK"),
        ("港股通净买入紫金矿业。", "02899.HK", "601899.SH"),
        ("港股走强，北向资金净买入紫金矿业。", "601899.SH", "02899.HK"),
        ("推薦紫金礦業、澄岳科技、啟沅股份、拓泠科技。", "601899.SH", "02899.HK"),  # by company
        ("看好紫金矿业、腾讯控股、小米集团、快手。", "02899.HK", "601899.SH"),
        ("Buy Zijin Mining. Gold prices keep rising, we think.", "02899.HK", "601899.SH"),
    ],
)
def test_the_line_that_is_meant_and_the_other_kept(text: str, listing: str, other: str) -> None:
    (finding,) = [item for item in read(text).findings if item.listing.id in (listing, other)]
    assert finding.listing.id == listing
    assert [item.id for item in finding.also] == [other]


def test_equal_names_of_different_companies_are_told_apart_by_market() -> None:
    assert found("建议关注中国稀土、北方稀土。")[0][0] == "000831.SZ"
    assert one("中国稀土（00769.HK）增长。").listing.id == "00769.HK"


def test_a_line_that_is_not_listed_yet_is_not_meant() -> None:
    names = build_index(
        [
            NameRow(listing="301904.SZ", name="澔巍科技", list_date=date(2020, 1, 1)),
            NameRow(listing="07904.HK", name="澔巍科技", list_date=date(2026, 3, 1)),
        ]
    )
    text = "建議關注澔巍科技(301904)。港股、H股走高。"
    before = one(text, names=names, day=date(2026, 2, 1))
    assert (before.listing.id, before.also) == ("301904.SZ", ())
    after = one(text, names=names, day=date(2026, 3, 1))
    assert [item.id for item in after.also] == ["07904.HK"]


# ---- doubts --------------------------------------------------------------------------------------


def test_a_doubt_has_the_part_and_theme_of_its_list() -> None:
    text = "1）铜：建议关注拓泠科技。2）算力租赁：建议关注润健股份、协创数据、利通电子。"
    (doubt,) = read(text).doubts
    assert (doubt.kind, doubt.printed) == (DoubtKind.NEAR_MISS, "润健股份")
    assert (doubt.role, doubt.theme) == (ADVISED, "compute-leasing")
    assert [item.id for item in doubt.proposals] == ["002929.SZ"]


def test_a_misprint_is_not_asked_about_where_the_text_spells_it_rightly_elsewhere() -> None:
    text = "算力租赁标的：润健股份、协创数据、利通电子。润建股份（002929）中标。"
    assert read(text).doubts == ()


def test_each_question_is_asked_once() -> None:
    text = "算力租赁标的：润健股份、协创数据。" * 3
    assert len(read(text).doubts) == 1


def test_a_mismatch_takes_neither_and_keeps_the_rest() -> None:
    securities = read("算力租赁标的：宏景科技（300857.SZ）、利通电子、大位科技。")
    assert [item.listing.id for item in securities.findings] == ["603629.SH", "600589.SH"]
    (doubt,) = securities.doubts
    assert (doubt.kind, doubt.role, doubt.theme) == (DoubtKind.MISMATCH, ADVISED, "compute-leasing")
    assert [item.id for item in doubt.proposals] == ["301396.SZ", "300857.SZ"]


# ---- scripts -------------------------------------------------------------------------------------


def test_traditional_characters_read_the_same() -> None:
    text = "建议关注：1）液冷：澄岳科技、启沅股份；2）铜：拓泠科技。警惕ST芷澜。"
    for conversion in ("s2t", "s2hk", "s2tw"):
        assert found(opencc.OpenCC(conversion).convert(text)) == found(text)


def test_nothing_is_found_in_nothing() -> None:
    assert read("") == Securities(findings=(), doubts=(), spotted=(), theme_places=())
    assert read("需求增长。").findings == ()
