"""Laws of reading notes and definitions: line breaks and scripts change nothing."""

from __future__ import annotations

from dataclasses import replace

import opencc
from hypothesis import given
from hypothesis import strategies as st

from screener.reports.authors.brokers import brokers
from screener.reports.authors.notes import notes_in, publisher_of
from screener.reports.ratings.definitions import definitions_in
from screener.reports.text.text import clean_name, make_text
from tests.support.laws import laws

REPORT = (
    "通信行业周报：液冷需求上行 2026年5月14日 行业投资评级 强于大市|维持 "
    "分析师:张一 SAC 登记编号:S0000000000001 分析师：李二乙 执业证书编号："
    "S0000000000002 联系人：王三 "
    "正文：中信证券研报指出，需求增长。维持行业“强于大市”评级。资料来源：国金证券研究所 "
    "投资评级说明 未来6个月 股票评级 买入 涨幅18%以上 中性 -6%至6% 卖出 跌幅6%以上 "
    "行业评级 强于大市 涨幅8%以上 中性 -8%～8% 弱于大市 跌幅8%以上 A股以沪深300为基准 "
    "免责声明 国金证券股份有限公司（以下简称“国金证券”）"
)
DIGEST = (
    "0514脱水研报 2026/05/14 19:48 国盛证券研报指出，需求增长。研报来源：1、国盛证券，"
    "张一，S0000000000001，"
    "液冷专题：景气上行。2026年5月14日 2、银河证券，李二乙，S0000000000002，供需偏紧，"
    "缺口扩大。2026年5月12日"
)
NEUTRAL = st.text(alphabet="需求供给价格上行景气，数据增长环比。\n ", max_size=60)


def facts(text: str):
    made = make_text(text)
    notes = notes_in(made)
    return notes, publisher_of(made, notes), definitions_in(made, broker="甲")


def untitled(text: str):
    """All but the headline, which is as long as its line."""
    notes, publisher, definitions = facts(text)
    digest = [note.number for note in notes] != [0]  # its list of sources gives the titles
    kept = [note if digest else replace(note, title="") for note in notes]
    return kept, publisher, definitions


def without_script(text: str):
    notes, publisher, definitions = facts(text)
    read = [
        (
            note.number,
            note.broker,
            [(clean_name(item.name), item.licence) for item in note.analysts],
            clean_name(note.title),
            note.published,
            (note.rating, note.rating_change, note.rating_level, note.industry),
        )
        for note in notes
    ]
    return read, publisher, definitions


@laws(60)
@given(st.sampled_from((REPORT, DIGEST)), st.data())
def test_line_breaks_anywhere_change_nothing(text: str, data: st.DataObject) -> None:
    offsets = data.draw(st.sets(st.integers(0, len(text)), max_size=40))
    broken = "".join(
        character + ("\n" if offset in offsets else "") for offset, character in enumerate(text)
    )
    assert untitled(broken) == untitled(text)


def test_the_number_of_an_index_on_its_own_line_is_no_page() -> None:
    assert facts(REPORT.replace("沪深300", "沪深\n300\n")) == facts(REPORT)


def test_every_character_on_its_own_line() -> None:
    for text in (REPORT, DIGEST):
        assert untitled("\n".join(text)) == untitled(text)


def test_both_scripts_read_the_same() -> None:
    for name in ("s2t", "s2hk", "s2tw"):
        for text in (REPORT, DIGEST):
            assert without_script(opencc.OpenCC(name).convert(text)) == without_script(text)


@laws(40)
@given(NEUTRAL)
def test_more_text_after_a_digest_removes_no_note(more: str) -> None:
    assert notes_in(make_text(DIGEST + "。" + more)) == notes_in(make_text(DIGEST))


@laws(40)
@given(NEUTRAL)
def test_more_text_in_the_body_changes_no_metadata(more: str) -> None:
    longer = REPORT.replace("正文：", "正文：" + more)
    assert facts(longer) == facts(REPORT)


@laws(40)
@given(st.sampled_from(brokers()), st.sampled_from(("研报指出", "认为", "预计")))
def test_quoting_any_house_makes_it_no_author(broker, verb: str) -> None:
    quoted = REPORT.replace("中信证券研报指出", broker.names[0] + verb)
    assert [note.broker for note in facts(quoted)[0]] == ["国金证券"]


@laws(60)
@given(
    st.integers(1, 20),
    st.integers(1, 20),
    st.sampled_from(("～", "-", "至", "与", "—", "%-", "%至")),
)
def test_figures_come_out_as_printed(inner: int, more: int, dash: str) -> None:
    outer = inner + more
    text = (
        f"评级说明 未来12个月 股票评级 买入 涨幅{outer}%以上 增持 涨幅{inner}{dash}{outer}% "
        f"中性 -{inner}%～{inner}% 减持 跌幅{inner}%以上"
    )
    (definition,) = definitions_in(make_text(text), broker="甲")
    assert [(band.low, band.high) for band in definition.bands] == [
        (outer / 100, None),
        (inner / 100, outer / 100),
        (-inner / 100, inner / 100),
        (None, -inner / 100),
    ]
