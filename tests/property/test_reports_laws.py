"""Laws of reading securities: breaks, scripts, neighbours, repetition, order, later knowledge."""

from __future__ import annotations

from datetime import date
from functools import cache
from random import Random

import opencc
from hypothesis import given
from hypothesis import strategies as st

from screener.domain.report import Precision, Publication
from screener.reports.reader import Reading, read_report
from screener.reports.securities.name_index import NameIndex, NameRow, build_index
from screener.reports.securities.securities import Securities
from screener.reports.text.text import Text, clean_name, make_text
from tests.support.laws import laws
from tests.support.masters import MASTER

DAY = date(2026, 5, 28)
PUBLISHED = Publication(value=DAY, precision=Precision.DAY)
LAW = laws(40)

STRATEGY = (
    "策略晨会：两条主线 2026年5月27日 晨星证券 分析师：甲乙 执业证书编号：S0000000000001 "
    "投资建议：1）液冷：建议关注澄岳科技（301990.SZ）、启沅股份、英维克；2）铜：云砚微-U、"
    "拓泠科技等有望受益；3）钙钛矿：德业股份（605117）、锦浪科技。"
    "本周涨幅前五：沐川精工+8.10%、衡屿智能+5.02%。风险提示：竞争加剧，ST芷澜被立案。"
)
DIGEST = (
    "脱水晚报 一、算力租赁：东吴证券研报指出，租金回升，重点推荐协创数据、宏景科技，"
    "相关标的还有利通电子、润健股份等。二、机器人：机器人订单增长，受益标的包括绿的谐波、"
    "机器人、埃斯顿。三、光模块：据中信证券、华泰证券测算，出货上调，中际旭创、新易盛值得关注。"
    "资料来源：国金证券研究所。免责声明：本公司可能持有澄岳科技的股份。"
)
NOTE = (
    "澄岳科技（301990）：订单饱满，产能释放 维持“买入”评级 2026年5月26日 晨星证券 分析师：甲乙 "
    "公司客户包括启沅股份、*ST暮山，竞争对手为沐川精工。宏景科技（300857.SZ）供货。"
    "可比公司：拓泠科技、云砚微。"
)
HONG_KONG = (
    "港股晨报：恒生指数走高，港股通净流入。看好腾讯控股（0700.HK）、阿里巴巴-W、MiniMax，"
    "腾讯云收入提速。资源股推荐紫金矿业、洛阳钼业（03993.HK）、五矿资源；"
    "代码 名称 300857 SZ 协创数据 264.10 301396 SZ 宏景科技 335.90。"
)
TEXTS = (STRATEGY, DIGEST, NOTE, HONG_KONG)
NEUTRAL = (
    "需求平稳增长。",
    "海外库存回落，价格企稳。",
    "上证指数收涨，成交温和放大。",
    "我们认为景气度仍将延续。",
    "太阳能装机提升，农产品价格上行。",
    "据东吴证券测算，缺口小幅扩大。",
    "全年资本开支同比增长12.5%。",
)


def rows() -> list[NameRow]:
    return [
        NameRow(
            listing=row.listing,
            name=name,
            valid_from=since,
            name_en=row.name_en,
            industry=row.industry,
        )
        for row in MASTER
        for since, name in row.dated()
    ]


@cache
def master() -> NameIndex:
    return build_index(rows())


def read(original: str, names: NameIndex | None = None) -> Reading:
    return read_report(make_text(original), names=names or master(), today=DAY, published=PUBLISHED)


def facts(reading: Reading) -> tuple[list[object], list[object]]:
    """Return findings and doubts without places and without the script of the print."""
    securities = reading.securities
    findings: list[object] = [
        (one.listing, one.also, one.name, clean_name(one.printed), one.role, one.theme)
        for one in securities.findings
    ]
    doubts: list[object] = [
        (one.kind, clean_name(one.printed), one.proposals, one.role, one.theme)
        for one in securities.doubts
    ]
    return findings, doubts


def named(securities: Securities) -> set[object]:
    return {(one.listing, one.role) for one in securities.findings}


def test_the_texts_have_something_to_say() -> None:
    counts = [len(read(text).securities.findings) for text in TEXTS]
    assert counts == [10, 8, 6, 8]
    assert [len(read(text).securities.doubts) for text in TEXTS] == [0, 1, 1, 0]


@LAW
@given(st.sampled_from(TEXTS), st.data())
def test_line_breaks_anywhere_change_nothing(text: str, data: st.DataObject) -> None:
    breaks = data.draw(
        st.dictionaries(st.integers(0, len(text)), st.sampled_from("\n\r\f"), max_size=60)
    )
    broken = "".join(breaks.get(at, "") + character for at, character in enumerate(text))
    assert facts(read(broken)) == facts(read(text))


@LAW
@given(st.sampled_from(TEXTS), st.sampled_from((8, 12, 20, 31)))
def test_lines_of_any_width_change_nothing(text: str, width: int) -> None:
    lines = [text[at : at + width] for at in range(0, len(text), width)]
    assert facts(read("\n".join(lines))) == facts(read(text))


@LAW
@given(st.sampled_from(TEXTS), st.sampled_from(("s2t", "s2hk", "s2tw")))
def test_both_scripts_name_the_same(text: str, conversion: str) -> None:
    """The script may speak for Hong Kong, which tells the lines of one company apart."""
    plain, other = (read(one).securities for one in (text, opencc.OpenCC(conversion).convert(text)))

    def companies(found: Securities) -> list[object]:
        return [
            (frozenset((one.listing, *one.also)), clean_name(one.printed), one.role, one.theme)
            for one in found.findings
        ]

    assert companies(plain) == companies(other)
    assert [(one.kind, one.role, one.theme) for one in plain.doubts] == [
        (one.kind, one.role, one.theme) for one in other.doubts
    ]


@LAW
@given(
    st.sampled_from(TEXTS),
    st.lists(st.sampled_from(NEUTRAL), min_size=1, max_size=4).map("".join),
    st.booleans(),
)
def test_irrelevant_sentences_remove_no_finding(text: str, neutral: str, before: bool) -> None:
    body = text if text.endswith("。") else f"{text}。"
    longer = f"{neutral}{body}" if before else f"{body}{neutral}"
    assert named(read(body).securities) <= named(read(longer).securities)


@LAW
@given(st.sampled_from(NEUTRAL), st.lists(st.sampled_from(NEUTRAL), max_size=6).map("".join))
def test_irrelevant_sentences_alone_name_nothing(first: str, more: str) -> None:
    securities = read(first + more).securities
    assert (securities.findings, securities.doubts) == ((), ())


@LAW
@given(st.permutations(TEXTS).map("".join))
def test_the_same_text_reads_the_same_twice(text: str) -> None:
    assert read(text) == read(text)


@LAW
@given(st.permutations(TEXTS).map("".join))
def test_a_text_twice_names_what_it_names_once(text: str) -> None:
    assert named(read(text).securities) <= named(read(text + text).securities)


@LAW
@given(st.sampled_from(TEXTS), st.data())
def test_every_place_leads_back_to_what_is_printed(text: str, data: st.DataObject) -> None:
    offsets = data.draw(st.sets(st.integers(0, len(text)), max_size=40))
    broken = "".join("\n" * (at in offsets) + character for at, character in enumerate(text))
    reading = read(broken)
    made, securities = reading.text, reading.securities
    assert made.original == broken
    for one in securities.findings:
        assert one.printed in made.printed(one.places[0])
        for place in one.places:
            _check_place(made, place.start, place.end)
    for doubt in securities.doubts:
        assert doubt.printed == made.printed(doubt.place)
        _check_place(made, doubt.place.start, doubt.place.end)
    starts = [one.place.start for one in securities.spotted]
    assert len(starts) >= len(securities.findings)
    for spot in securities.spotted:
        _check_place(made, spot.place.start, spot.place.end)


def _check_place(text: Text, start: int, end: int) -> None:
    assert 0 <= start < end <= len(text.clean)


@laws(8)
@given(st.integers(0, 2**31))
def test_the_order_of_the_master_is_irrelevant(seed: int) -> None:
    shuffled = rows()
    Random(seed).shuffle(shuffled)
    names = build_index(shuffled)
    for text in TEXTS:
        assert facts(read(text, names)) == facts(read(text))


LATER = date(2026, 6, 1)
COINED = [
    f"{first}{second}" for first in ("珩玥", "澔昕", "翊宸") for second in ("科技", "股份", "智能")
]


@laws(8)
@given(
    st.lists(
        st.tuples(st.sampled_from([row.listing for row in MASTER[:40]]), st.sampled_from(COINED)),
        min_size=1,
        max_size=6,
        unique_by=lambda pair: pair[0],
    )
)
def test_names_known_only_later_change_nothing(renamed: list[tuple[str, str]]) -> None:
    added = [NameRow(listing=one, name=name, valid_from=LATER) for one, name in renamed]
    names = build_index([*rows(), *added])
    for text in TEXTS:
        assert facts(read(text, names)) == facts(read(text))


def test_listings_that_come_later_change_nothing() -> None:
    added = [
        NameRow(listing="301989.SZ", name="算力租赁", valid_from=LATER, list_date=LATER),
        NameRow(listing="301988.SZ", name="需求科技", valid_from=LATER, list_date=LATER),
    ]
    names = build_index([*rows(), *added])
    for text in (*TEXTS, "建议关注需求科技、算力租赁、澄岳科技。"):
        assert facts(read(text, names)) == facts(read(text))


# ---- what stands after, and what stands around ---------------------------------------------------

AFTER = (
    *NEUTRAL,
    "本周另关注锦浪科技（300763）。",
    "代码 名称 601899 紫金矿业 18.2 300458 全志科技 35.1",
    "海外同业如Tencent、快手收入提速。",
    "据中信证券、华泰证券测算。",
)
ROWS = (
    ("300857", "协创数据", "264.10"),
    ("301396", "宏景科技", "335.90"),
    ("600536", "中国软件", "48.2"),
    ("300024", "机器人", "15.1"),
    ("002837", "英维克", "33.0"),
)
FURNITURE = ("第 3 页 共 18 页", "请务必阅读正文之后的免责声明", "3 / 18", "证券研究报告")


@LAW
@given(st.sampled_from(TEXTS[:3]), st.lists(st.sampled_from(AFTER), min_size=1, max_size=4))
def test_what_stands_after_takes_no_security_away(text: str, after: list[str]) -> None:
    plain = {one.listing for one in read(text).securities.findings}
    longer = {one.listing for one in read(f"{text}{''.join(after)}").securities.findings}
    assert plain <= longer


@LAW
@given(st.lists(st.sampled_from(NEUTRAL), min_size=1, max_size=4), st.sampled_from(TEXTS))
def test_what_says_nothing_and_stands_after_changes_nothing(after: list[str], text: str) -> None:
    plain = read(text).securities.findings
    longer = read(f"{text}{''.join(after)}").securities.findings
    assert [one.listing for one in plain] == [one.listing for one in longer]


@LAW
@given(
    st.permutations(ROWS),
    st.permutations((0, 1, 2)),
    st.sampled_from(("\t", " ", "  ", "|", " | ", "\n", "丨", "│")),
    st.booleans(),
)
def test_the_borders_of_a_table_lose_no_row(
    rows: list[tuple[str, ...]], order: list[int], between: str, framed: bool
) -> None:
    lines = [between.join(row[cell] for cell in order) for row in rows]
    if framed:
        lines = [f"| {line} |" for line in lines]
    found = read("本周组合：\n" + "\n".join(lines) + "\n风险提示：需求不足。").securities.findings
    assert {one.listing.code for one in found} == {row[0] for row in ROWS}


@LAW
@given(st.sampled_from(TEXTS), st.sampled_from(FURNITURE), st.data())
def test_page_furniture_between_sentences_changes_no_security(
    text: str, furniture: str, data: st.DataObject
) -> None:
    stops = [at + 1 for at, character in enumerate(text) if character == "。"]
    at = data.draw(st.sampled_from(stops))
    broken = f"{text[:at]}\n{furniture}\n{text[at:]}"
    assert named(read(broken).securities) == named(read(text).securities)
