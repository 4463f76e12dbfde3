"""Markup of pages: two languages in one text, nothing raw, places and cells as they should be."""

from __future__ import annotations

import re

import pytest

from screener.language import Language, bound, say, say_count, speaking
from screener.render.pages.cells import cell, fraction, money, shown
from screener.render.pages.charts.bars import Bar, waterfall
from screener.render.pages.charts.lines import Line, line_chart
from screener.render.pages.charts.scale import place, scale_over
from screener.render.pages.document import Page, document
from screener.render.pages.markup import Child, in_both, markup_of, node, spoken
from screener.render.pages.words import told
from screener.results.backtest import ORDERS, RETURNS
from screener.results.reports import CHECKING
from screener.results.study import TESTS
from screener.results.today import CARDS


def both(english: Child, chinese: Child) -> str:
    return in_both(english, chinese, Language.EN)


def test_what_is_the_same_is_written_once_and_what_differs_twice() -> None:
    same = node("p", "1.00 %", class_="n")
    assert both(same, same) == '<p class="n">1.00 %</p>'
    assert both(node("p", "up"), node("p", "涨")) == (
        '<p><span lang="en">up</span><span lang="zh">涨</span></p>'
    )
    assert both(node("text", "up"), node("text", "涨")) == (
        '<text><tspan lang="en">up</tspan><tspan lang="zh">涨</tspan></text>'
    )


def test_an_attribute_that_differs_is_kept_in_each_language() -> None:
    found = both(node("i", aria_label="up"), node("i", aria_label="涨"))
    assert found == '<i aria-label="up" data-en-aria-label="up" data-zh-aria-label="涨"></i>'


def test_trees_of_another_shape_stand_side_by_side() -> None:
    found = both(node("p", "a", node("b", "c")), node("p", "丙"))
    assert found == '<p lang="en">a<b>c</b></p><p lang="zh">丙</p>'


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("<b>&", "&lt;b&gt;&amp;"),
        ("\x1b[31mred\x07", "[31mred"),
        ("\u202egnp\u2066", "gnp"),
        ("</script><script>alert(1)", "&lt;/script&gt;&lt;script&gt;alert(1)"),
    ],
)
def test_text_is_cleaned_and_escaped(text: str, written: str) -> None:
    assert markup_of(node("p", text)) == f"<p>{written}</p>"
    attribute = markup_of(node("p", title=f'"{text}'))
    assert attribute == f'<p title="&quot;{written}"></p>'


def test_a_page_is_built_once_in_each_language_and_leaves_it_as_it_was() -> None:
    heard: list[Language] = []
    with speaking(Language.ZH):
        document(lambda: heard.append(bound()) or Page(title="t"))  # type: ignore[func-returns-value]
        assert bound() is Language.ZH
    assert heard == [Language.EN, Language.ZH]


def test_a_page_holds_its_policy_and_nothing_from_elsewhere() -> None:
    text = document(lambda: Page(title="<i>", parts=[node("p", "x")]))
    assert "default-src 'none'" in text
    assert text.count("<script>") == 1
    assert not re.search(r'(?:src|href)="(?!data:,")', text)
    assert "https://" not in text
    assert '<title data-en="&lt;i&gt;"' in text
    assert "style=" not in text


def test_places_are_cut_to_a_tenth_and_ticks_are_round() -> None:
    assert [place(value) for value in (1.25, 2.0, -0.04, 10.0, 0.06)] == [
        "1.2",
        "2",
        "0",
        "10",
        "0.1",
    ]
    scale = scale_over([-0.101, 0.042], holding=(0.0,))
    assert scale.ticks == (-0.15, -0.1, -0.05, 0.0, 0.05)
    flat = scale_over([1.0, 1.0])
    assert flat.low < 1.0 < flat.high
    assert scale_over([]).low < scale_over([]).high


def test_a_line_breaks_where_there_is_no_value() -> None:
    line = Line(column="a", label="a", look="paper", values=[1.0, None, 1.1, 1.2])
    text = markup_of(line_chart([line], ["1", "2", "3", "4"], caption="c", told="c"))
    *_, path = re.findall(r'<path class="paper" d="([^"]+)"', text)  # the first is its key
    assert path.count("M") == 2


def test_steps_of_a_waterfall_begin_where_the_one_before_ended() -> None:
    bars = [
        Bar(label="index", value=0.10, is_sum=True),
        Bar(label="selection", value=-0.04),
        Bar(label="paper", value=0.06, is_sum=True),
    ]
    text = markup_of(waterfall(bars, caption="c", heads=("a", "b", "c")))
    spans = re.findall(r'<rect class="\w+" x="([\d.]+)%" width="([\d.]+)%"', text)
    assert spans == [("0", "100"), ("60", "40"), ("0", "60")]


def test_a_fraction_is_in_percent_with_two_decimals() -> None:
    assert fraction(0.12345, signed=True) == "+12.35 %"
    assert fraction(-0.00001, signed=True) == "0.00 %"
    assert fraction(None) == fraction(float("nan")) == "-"
    assert shown(RETURNS["paper_return"], -0.1) == "−10.00 %"


def test_money_goes_by_wan_and_yi_in_chinese() -> None:
    assert money(1_250_000.0) == "1.25 mn"
    with speaking(Language.ZH):
        assert money(1_250_000.0) == "125万"
        assert money(-123_456_789.0) == "−1.23亿"
        assert money(999.0) == "999.00"
        assert shown(ORDERS["side"], "buy") == "买入"


def test_a_figure_is_written_in_the_unit_of_its_row() -> None:
    from screener.render.pages.cells import cell

    row = {"unit": "fraction", "printed": 0.192}
    assert markup_of(cell(CHECKING["printed"], row)) == '<td class="n" data-v="0.192">19.20 %</td>'


def test_a_small_p_value_is_not_said_to_be_nothing() -> None:
    spec = TESTS["p"]
    assert shown(spec, 0.0004) == "<0.001"
    assert shown(spec, 0.0412) == "0.041"
    assert 'data-v="0.0004"' in markup_of(cell(spec, {"p": 0.0004}))


@pytest.mark.parametrize("mark", [{"precision": "estimated"}, {"estimated": True}])
def test_an_estimated_date_says_so_in_every_table(mark: dict[str, object]) -> None:
    row = {"published": "2026-03-08", **mark}
    with speaking(Language.EN):
        assert ">2026-03-08 (estimated)<" in markup_of(cell(CARDS["published"], row))
    with speaking(Language.ZH):
        assert "2026-03-08（估计）" in markup_of(cell(CARDS["published"], row))
    plain = markup_of(cell(CARDS["published"], {"published": "2026-03-08", "precision": "day"}))
    assert "estimated" not in plain


def test_reasons_are_told_in_the_language_of_the_page_whatever_they_were_said_in() -> None:
    for language in Language:
        with speaking(language):
            said = say("not bought: {why}", why=say("delisted"))
            counted = say_count("{n} session", "{n} sessions", 2)
        with speaking(Language.ZH):
            assert (told(said), told(counted)) == ("未买入：已退市", "2 个交易日")
        with speaking(Language.EN):
            assert (told(said), told(counted)) == ("not bought: delisted", "2 sessions")
    with speaking(Language.ZH):
        assert told("suspended") == "停牌"  # a word that a stored run has in English
        assert told("BSE Trading Rules") == "北交所交易规则"  # the source of a rule
        assert told("what nobody has translated") == "what nobody has translated"


def test_both_trees_are_said_in_their_language() -> None:
    english, chinese = spoken(lambda: bound().value)
    assert (english, chinese) == ("en", "zh")
