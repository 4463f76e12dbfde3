"""A whole report read: head, notes, securities, claims and definitions, and the card of it all."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from functools import cache

import opencc
import pytest

from screener.domain.report import (
    Note,
    Precision,
    Publication,
    RatingLevel,
    Role,
    SecurityMention,
)
from screener.reports.reader import UNKNOWN, Reading, broker_listings, read_report, report_of
from screener.reports.securities.name_index import NameIndex, NameRow, build_index
from screener.reports.text.found import Finding
from screener.reports.text.text import make_text
from tests.support.masters import MASTER

TODAY = date(2026, 6, 1)
DAY = Publication(value=date(2026, 5, 28), precision=Precision.DAY)

WEEKLY = (
    "液冷行业周报：机柜功率上行 2026年5月26日 行业投资评级：强于大市|维持 "
    "中邮证券 分析师：张甲乙 SAC登记编号：S1340525000001 "
    "投资建议：建议关注澄岳科技（301990.SZ）、启沅股份等。风险提示：竞争加剧。"
)
DIGEST = (
    "晚间速览 2026-05-27 19:30 "
    "一、液冷：国盛证券指出，机柜功率上行，建议关注澄岳科技、启沅股份。"
    "二、铜：银河证券指出，矿端偏紧，受益标的包括拓泠科技、云砚微。"
    "研报来源：1、国盛证券，张甲乙，S0680526000001，液冷专题：功率上行。2026年5月26日 "
    "2、银河证券，李丙丁，S0130516000002，铜：矿端偏紧。2026年5月25日"
)


@cache
def master() -> NameIndex:
    return build_index(
        NameRow(listing=row.listing, name=name, valid_from=since, industry=row.industry)
        for row in MASTER
        for since, name in row.dated()
    )


def read(original: str, *, file_name: str = "", published: Publication | None = None) -> Reading:
    return read_report(
        make_text(original), names=master(), today=TODAY, file_name=file_name, published=published
    )


def test_an_industry_weekly() -> None:
    reading = read(WEEKLY)
    assert reading.published == Publication(value=date(2026, 5, 26), precision=Precision.DAY)
    assert (reading.publisher, reading.language) == ("中邮证券", "zh-Hans")
    assert reading.title.startswith("液冷行业周报")
    ((note, themes),) = reading.notes
    assert themes == ("liquid-cooling",)
    assert [(who.name, who.licence) for who in note.analysts] == [("张甲乙", "S1340525000001")]
    assert (note.rating, note.rating_change) == ("强于大市", "maintained")
    assert note.rating_level is RatingLevel.INDUSTRY
    assert [(one.listing.id, one.role, one.theme) for one in reading.securities.findings] == [
        ("301990.SZ", Role.RECOMMENDED, "liquid-cooling"),
        ("301991.SZ", Role.RECOMMENDED, "liquid-cooling"),
    ]


def test_a_digest_gives_each_note_its_own_themes() -> None:
    reading = read(DIGEST)
    assert reading.published.value == datetime.fromisoformat("2026-05-27T19:30+08:00")
    assert [(note.broker, themes) for note, themes in reading.notes] == [
        ("国盛证券", ("liquid-cooling",)),
        ("银河证券", ("copper",)),
    ]
    assert {one.listing.id: one.theme for one in reading.securities.findings} == {
        "301990.SZ": "liquid-cooling",
        "301991.SZ": "liquid-cooling",
        "688991.SH": "copper",
        "688990.SH": "copper",
    }


@pytest.mark.parametrize("conversion", ["s2t", "s2hk", "s2tw"])
def test_a_traditional_title_speaks_as_a_simplified_one(conversion: str) -> None:
    """Its theme is read from the title alone."""
    text = "锂电行业周报：景气回升 2026年5月26日 需求增长。建议关注澄岳科技、启沅股份。"
    converted = opencc.OpenCC(conversion).convert(text)
    assert converted.startswith("鋰電")
    for original, language in ((text, "zh-Hans"), (converted, "zh-Hant")):
        reading = read(original)
        assert reading.language == language
        assert {one.theme for one in reading.securities.findings} == {"batteries"}
    assert read(converted).title.startswith("鋰電")  # as printed


def test_the_day_decides_what_is_known() -> None:
    text = "建议关注韦尔股份（603501）。"
    for day, name in ((date(2025, 2, 3), "韦尔股份"), (date(2026, 2, 3), "豪威集团")):
        published = Publication(value=day, precision=Precision.DAY)
        (finding,) = read(text, published=published).securities.findings
        assert finding.name == name


def test_what_the_user_says_of_the_day_counts_before_what_is_printed() -> None:
    assert read(WEEKLY, published=DAY).published == DAY


def test_a_text_without_a_day_is_read_all_the_same() -> None:
    reading = read("建议关注液冷方向的澄岳科技、启沅股份。")
    assert reading.published.precision is Precision.UNKNOWN
    assert [one.role for one in reading.securities.findings] == [Role.RECOMMENDED] * 2
    assert reading.day == TODAY


def test_the_files_name_may_carry_the_day() -> None:
    reading = read("建议关注澄岳科技、启沅股份。", file_name="纪要_20260525.txt")
    assert reading.published.day == date(2026, 5, 25)


def test_a_report_that_names_no_broker() -> None:
    reading = read("建议关注液冷方向的澄岳科技、启沅股份。", published=DAY)
    assert reading.publisher == UNKNOWN
    assert [note.broker for note, _ in reading.notes] == [UNKNOWN]


def test_a_report_without_a_title_is_called_after_its_themes_or_its_file() -> None:
    named = read("建议关注液冷方向的澄岳科技、启沅股份。", published=DAY)
    assert named.title
    assert len(named.title) <= 60
    assert read("。", published=DAY, file_name="纪要.v2.txt").title == "纪要.v2"
    assert read("。", published=DAY).title == "untitled"


def test_only_mentioned_names_follow_the_themes_that_are_advised() -> None:
    text = "液冷方向建议关注澄岳科技、启沅股份。铜价上行，拓泠科技发布新品，沐川精工领涨。"
    findings = read(text, published=DAY).securities.findings
    assert len(findings) == 4
    assert {one.theme for one in findings} == {"liquid-cooling"}


def test_claims_and_definitions() -> None:
    text = (
        "澄岳科技（301990）：订单饱满 2026年5月26日 中邮证券研究所 分析师：张甲乙 S1340525000001 "
        "2026年一季度公司实现营收12.50亿元，同比增长30.5%。维持“买入”评级。"
        "投资评级说明 未来6个月 股票评级 买入 涨幅18%以上 中性 -6%至6% 卖出 跌幅6%以上 "
        "A股以沪深300为基准"
    )
    reading = read(text)
    assert [found.claim.measure for found in reading.claims] == [
        "revenue",
        "revenue growth, year on year",
    ]
    assert reading.claims[0].claim.value == pytest.approx(1.25e9)
    assert [(one.broker, len(one.bands)) for one in reading.definitions] == [("中邮证券", 3)]


def test_brokers_of_the_master() -> None:
    found = {listing.id for listing in broker_listings(master())}
    assert {"600030.SH", "06030.HK", "601099.SH", "300059.SZ"} <= found
    assert not {"601318.SH", "300857.SZ"} & found


# ---- the card ------------------------------------------------------------------------------------


def card(reading: Reading, findings: tuple[Finding, ...] | None = None):  # type: ignore[no-untyped-def]
    return report_of(reading, "R9", reading.securities.findings if findings is None else findings)


def test_the_card_of_a_reading() -> None:
    report = card(read(DIGEST))
    assert (report.id, report.language) == ("R9", "zh-Hans")
    assert [note.id for note in report.notes] == ["R9-1", "R9-2"]
    assert [note.published.value for note in report.notes] == [date(2026, 5, 26), date(2026, 5, 25)]
    assert report.themes == ("liquid-cooling", "copper")
    assert len(report.text_hash) == 64
    assert report.securities[0] == SecurityMention(
        listing=report.securities[0].listing,
        printed="澄岳科技",
        role=Role.RECOMMENDED,
        theme="liquid-cooling",
        name="澄岳科技",
    )


def test_a_second_line_is_noted_on_the_card() -> None:
    (item,) = card(read("资源方向建议关注紫金矿业（601899）。", published=DAY)).securities
    assert item.note == "also 02899.HK"


def test_securities_of_no_note_stay_off_the_card() -> None:
    reading = read(DIGEST)
    first = reading.securities.findings[0]
    report = card(reading, (first, replace(first, theme="nowhere")))
    assert [item.theme for item in report.securities] == ["liquid-cooling"]


def test_a_note_is_no_younger_than_its_digest() -> None:
    reading = read(DIGEST, published=Publication(value=date(2026, 5, 25), precision=Precision.DAY))
    first, second = card(reading).notes
    assert isinstance(first, Note)
    assert first.published == reading.published  # its own day, the 26th, comes later
    assert second.published.value == date(2026, 5, 25)


def test_a_report_that_names_nothing_has_a_card_too() -> None:
    report = card(read("需求平稳增长。", published=DAY))
    assert report.securities == ()
    assert [note.themes for note in report.notes] == [("unsorted",)]


def test_a_report_that_names_no_security_has_its_titles_theme() -> None:
    reading = read("液冷行业周报：机柜功率上行\n2026年5月14日\n需求增长。价格上行。\n")
    assert [themes for _, themes in reading.notes] == [("liquid-cooling",)]


def test_a_report_that_advises_sectors_has_these_for_themes() -> None:
    text = "# 通信行业研究\n行业周报\n## 海外开支上调\n建议关注服务器、光模块等板块。\n"
    reading = read(text, published=DAY)
    assert reading.title == "海外开支上调"
    assert [themes for _, themes in reading.notes] == [("servers", "optical-modules")]


def test_names_of_companies_and_footers_make_no_theme() -> None:
    text = "今日市场震荡。澄岳科技、启沅股份收平。资料来源：某证券研究所\n五、相关标的：澄岳科技。"
    themes = {one.theme for one in read(text, published=DAY).securities.findings}
    assert not any("suo" in theme for theme in themes)


def test_the_card_has_the_rating_that_the_text_gives_each_name() -> None:
    text = (
        "买入评级：澄岳科技（301990.SZ）维持“买入”评级。"
        "寒武纪（688256.SH）下调至“中性”评级。紫金矿业（601899.SH）昨日公告。"
    )
    rated = {item.name: item.rating for item in card(read(text, published=DAY)).securities}
    assert rated["澄岳科技"] == "买入"
    assert rated["寒武纪"] == "中性"
    assert rated["紫金矿业"] == ""
