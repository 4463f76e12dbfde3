"""Sentences, numbered lists within lists, and the stretches that a lawyer wrote."""

from __future__ import annotations

import pytest

from screener.reports.text.layout import Layout, lay_out
from screener.reports.text.text import make_text

NEUTRAL = "需求平稳增长。" * 60


def laid(original: str) -> tuple[str, Layout]:
    clean = make_text(original).clean
    return clean, lay_out(clean)


def items(original: str) -> list[tuple[str, int, str]]:
    clean, layout = laid(original)
    return [(item.style, item.number, clean[item.mark.start : item.end]) for item in layout.items]


def around(original: str, word: str) -> list[str]:
    clean, layout = laid(original)
    held = layout.around(clean.index(word))
    return [clean[slice(*item.mark)] for item in held]


def boilerplate(original: str) -> list[str]:
    clean, layout = laid(original)
    return [clean[slice(*place)] for place in layout.boilerplate]


def test_sentences_end_at_their_stops_and_quotes() -> None:
    clean, layout = laid("他说“价格上行！”随后回落。供给呢？！平稳")
    begun = [clean[slice(*layout.sentence(offset))] for offset in layout.sentences]
    assert begun == ["他说“价格上行!”", "随后回落。", "供给呢?!", "平稳"]
    assert clean[slice(*layout.sentence(len(clean)))] == "平稳"


@pytest.mark.parametrize(
    ("style", "marks"),
    [
        ("han", ("一、", "二、", "三、")),
        ("han", ("第一，", "第二，", "第三，")),
        ("han_bracket", ("（一）", "（二）", "（三）")),
        ("digit_stop", ("1、", "2、", "3、")),
        ("digit_stop", ("1.", "2.", "3.")),
        ("digit_bracket", ("1）", "2）", "3）")),
        ("digit_bracket", ("（1）", "（2）", "（3）")),
        ("circled", ("①", "②", "③")),
        ("bullet", ("●", "●", "●")),
        ("bold", ("**", "**", "**")),
    ],
)
def test_lists_in_every_style(style: str, marks: tuple[str, ...]) -> None:
    closing = "**" if style == "bold" else ""
    text = "".join(f"{mark}方向{closing}：甲类、乙类；" for mark in marks)
    found = items(text)
    assert [name for name, _, _ in found] == [style] * 3
    assert [body.count("甲类") for _, _, body in found] == [1, 1, 1]
    if style not in ("bullet", "bold"):
        assert [number for _, number, _ in found] == [1, 2, 3]


def test_numbers_beyond_ten() -> None:
    han = "一二三四五六七八九"
    marks = [*han, "十", *(f"十{one}" for one in han), "二十", "二十一"]
    found = items("".join(f"{mark}、方向甲。" for mark in marks))
    assert [number for _, number, _ in found] == list(range(1, 22))


def test_a_list_inside_another_ends_with_the_item_around_it() -> None:
    text = "1、液冷：1）泵；2）阀。2、铜：1）矿；2）线缆。3、锂：盐湖。"
    assert around(text, "阀") == ["2)", "1、"]
    assert around(text, "线缆") == ["2)", "2、"]
    assert around(text, "盐湖") == ["3、"]


def test_a_list_of_the_same_style_inside_another() -> None:
    text = "一、方向。1、泵。2、阀。二、风险。1、竞争。2、价格。"
    assert around(text, "阀") == ["2、", "一、"]
    assert around(text, "竞争") == ["1、", "二、"]


def test_an_item_holds_its_mark_and_all_before_the_next() -> None:
    clean, layout = laid("1、泵。2、阀。")
    first, second = layout.items
    assert (first.mark.start, first.end) == (0, second.mark.start)
    assert first.holds(0)
    assert not first.holds(second.mark.start)
    assert second.end == len(clean)


@pytest.mark.parametrize(
    "text",
    [
        "1）甲类",  # one item is no list
        "收入1.5亿元，利润2.3亿元，增长3.1%。",
        "2026年1、2月需求增长。",
        "增长（1）倍。",
        "上涨1%、2%、3%。",
        "2、乙类；3、丙类",  # does not begin at 1
        "十、甲类。十一、乙类。",
    ],
)
def test_figures_are_no_list(text: str) -> None:
    assert items(text) == []


def test_bold_words_are_paired() -> None:
    text = "**液冷：**泵、阀。**铜：**矿、线缆。"
    assert [body for _, _, body in items(text)] == ["**液冷:**泵、阀。", "**铜:**矿、线缆。"]
    long = f"**{'很长的一段话' * 10}**泵、阀**铜**线缆"
    assert [body for _, _, body in items(long)] == ["**铜**线缆"]


@pytest.mark.parametrize(
    "heading",
    ["免责声明", "分析师声明", "投资评级说明", "重要声明", "联系我们", "Disclaimer", "免責聲明"],
)
def test_from_a_heading_on_it_is_boilerplate(heading: str) -> None:
    clean, layout = laid(f"需求增长。{heading}：甲公司不保证。乙公司亦然。")
    assert not layout.in_boilerplate(clean.index("需求"))
    assert layout.in_boilerplate(clean.index("甲公司"))
    assert layout.in_boilerplate(clean.index("乙公司"))


def test_a_proper_section_ends_it() -> None:
    clean, layout = laid("免责声明：甲公司不保证。投资要点：乙公司增长。")
    assert layout.in_boilerplate(clean.index("甲公司"))
    assert not layout.in_boilerplate(clean.index("乙公司"))


@pytest.mark.parametrize(
    "reference",
    [
        "请务必阅读正文之后的免责声明。",
        "详见免责声明。",
        "参见末页的重要声明。",
        "《投资评级说明》另发。",
        "见“免责声明”。",
    ],
)
def test_a_reference_to_it_is_no_heading(reference: str) -> None:
    clean, layout = laid(f"{reference}甲公司增长。")
    assert not layout.in_boilerplate(clean.index("甲公司"))


@pytest.mark.parametrize("before", ["", NEUTRAL, NEUTRAL + "需求、"])
def test_a_lawyers_clause_is_boilerplate_wherever_it_stands(before: str) -> None:
    clause = "本报告版权归甲公司所有。"
    clean, layout = laid(f"{before}{clause}乙公司增长。")
    assert layout.in_boilerplate(clean.index("甲公司"))
    assert not layout.in_boilerplate(clean.index("乙公司"))
    if before:
        assert not layout.in_boilerplate(0)


def test_only_the_clause_itself_is() -> None:
    clean, layout = laid("甲公司增长，以上内容仅供参考，不构成建议。")
    assert not layout.in_boilerplate(clean.index("甲公司"))
    assert layout.in_boilerplate(clean.index("仅供参考"))


def test_a_disclaimer_at_the_head_ends_where_the_text_begins() -> None:
    head = "特别声明：本资料只供专业投资者使用。其他客户请勿转发。"
    body = "甲公司订单增长，需求平稳，产能释放，价格企稳。" * 20
    tail = "免责声明：乙公司不保证。丙公司亦然。"
    clean, layout = laid(head + body + tail)
    assert layout.in_boilerplate(clean.index("转发"))
    assert not layout.in_boilerplate(clean.index("甲公司"))
    assert layout.in_boilerplate(clean.index("丙公司"))


@pytest.mark.parametrize(
    "reference",
    [
        "免责声明和披露以及分析师声明是报告的一部分，请务必一起阅读。",
        "敬请关注文后特别声明与免责条款。",
        "免责声明请见末页。",
    ],
)
def test_a_sentence_that_refers_to_a_disclaimer_is_none(reference: str) -> None:
    clean, layout = laid(f"{reference}甲公司增长。")
    assert not layout.in_boilerplate(clean.index("甲公司"))


def test_an_empty_text() -> None:
    layout = lay_out("")
    assert (layout.items, layout.boilerplate, layout.length) == ((), (), 0)
    assert layout.sentence(0) == (0, 0)
    assert layout.around(0) == ()
    assert boilerplate("") == []


def test_a_footer_that_refers_to_a_disclaimer_does_not_hide_it() -> None:
    text = make_text(
        "订单增长。请务必阅读正文之后的免责声明\n免责声明：本公司可能持有甲股份的证券。"
    ).clean
    assert lay_out(text).in_boilerplate(text.index("甲股份"))
