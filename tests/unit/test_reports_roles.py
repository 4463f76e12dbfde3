"""Advised, mover, risk or only mentioned: every cue, before names, after them, over lists."""

from __future__ import annotations

from datetime import date
from functools import cache

import pytest

from screener.domain.report import Role
from screener.reports.securities.mentions import mentions_in
from screener.reports.securities.name_index import NameIndex, NameRow, build_index
from screener.reports.securities.roles import Run, runs_with_roles
from screener.reports.text.layout import lay_out
from screener.reports.text.text import make_text
from tests.support.masters import MASTER

DAY = date(2026, 5, 28)
A, B, C, D = "澄岳科技", "启沅股份", "沐川精工", "拓泠科技"
ADVISED, MOVER, RISK, NAMED = Role.RECOMMENDED, Role.MOVER, Role.RISK, Role.MENTIONED


@cache
def names() -> NameIndex:
    return build_index(
        NameRow(listing=row.listing, name=name, valid_from=since, industry=row.industry)
        for row in MASTER
        for since, name in row.dated()
    )


def runs(original: str) -> tuple[str, tuple[Run, ...]]:
    text = make_text(original)
    layout = lay_out(text.clean)
    found, _ = mentions_in(text, layout, names(), day=DAY, brokers=frozenset())
    return text.clean, runs_with_roles(text, layout, found)


def roles(original: str) -> dict[str, Role]:
    """Return each printed name with its part; the text names none twice."""
    clean, found = runs(original)
    named = [(clean[slice(*one.place)], run.role) for run in found for one in run.mentions]
    assert len(dict(named)) == len(named)
    return dict(named)


def each(original: str) -> set[Role]:
    return set(roles(original).values())


@pytest.mark.parametrize(
    "cue",
    [
        "建议关注",
        "重点推荐",
        "持续推荐",
        "推荐标的：",
        "相关标的：",
        "受益标的包括",
        "核心标的有",
        "建议配置",
        "首推",
        "看好",
        "金股：",
        "受益股：",
        "可留意",
        "建議關注",
        "建议重点关注液冷方向的",
        "标的方面，建议关注",
    ],
)
def test_words_of_advice_before_names(cue: str) -> None:
    assert roles(f"需求增长。{cue}{A}、{B}等。") == {A: ADVISED, B: ADVISED}


@pytest.mark.parametrize(
    "tail", ["有望受益", "等有望充分受益", "等公司将直接受益", "值得关注", "为首选", "可逢低布局"]
)
def test_words_of_advice_after_names(tail: str) -> None:
    assert roles(f"需求增长。{A}、{B}{tail}。") == {A: ADVISED, B: ADVISED}


@pytest.mark.parametrize(
    "cue",
    [
        "涨幅居前的有",
        "涨幅前五：",
        "跌幅前五：",
        "领涨个股：",
        "跌幅居前：",
        "龙虎榜：",
        "本周涨停：",
    ],
)
def test_movers_before_names(cue: str) -> None:
    assert each(f"{cue}{A}、{B}。") == {MOVER}


@pytest.mark.parametrize(
    "tail", ["涨幅居前", "领涨", "涨停", "分别上涨3.1%、2.0%", "跌超5%", "走强", "大跌"]
)
def test_movers_after_names(tail: str) -> None:
    assert each(f"{A}、{B}{tail}。") == {MOVER}


def test_a_move_beside_each_name() -> None:
    assert each(f"本周{A}+5.21%、{B}-3.10%。") == {MOVER}


@pytest.mark.parametrize("cue", ["警惕", "规避", "建议回避", "建议减持", "卖出："])
def test_risks_before_names(cue: str) -> None:
    assert each(f"{cue}{A}、{B}。") == {RISK}


@pytest.mark.parametrize("tail", ["被立案", "面临退市", "需警惕", "建议回避"])
def test_risks_after_names(tail: str) -> None:
    assert each(f"{A}、{B}{tail}。") == {RISK}


@pytest.mark.parametrize(
    "cue",
    [
        "客户包括",
        "供应商包括",
        "竞争对手",
        "可比公司",
        "合作伙伴",
        "参股公司",
        "不推荐",
        "暂不推荐",
        "此前推荐",
        "上周推荐",
        "调出",
    ],
)
def test_names_that_are_only_spoken_of(cue: str) -> None:
    assert each(f"{cue}{A}、{B}。") == {NAMED}


@pytest.mark.parametrize(
    "text",
    [
        f"{A}与{B}发布新品。",
        f"备受关注的{A}、{B}发布新品。",
        f"{A}拟买入{B}的股权。",
        f"关注度提升，{A}、{B}发布新品。",
    ],
)
def test_what_is_no_advice(text: str) -> None:
    assert each(text) == {NAMED}


def test_the_nearest_cue_counts() -> None:
    found = roles(f"建议关注{A}、{B}；涨幅居前的有{C}、{D}。")
    assert found == {A: ADVISED, B: ADVISED, C: MOVER, D: MOVER}
    found = roles(f"涨幅居前的有{A}、{B}。建议关注{C}、{D}。")
    assert found == {A: MOVER, B: MOVER, C: ADVISED, D: ADVISED}


def test_a_cue_ends_with_its_sentence() -> None:
    assert roles(f"建议关注{A}、{B}。{C}与{D}发布新品。") == {
        A: ADVISED,
        B: ADVISED,
        C: NAMED,
        D: NAMED,
    }


def test_a_list_that_advice_opens() -> None:
    text = f"建议关注：1）液冷：{A}、{B}；2）铜：{C}；3）锂：{D}等。风险提示：竞争。"
    assert each(text) == {ADVISED}


def test_lists_within_a_list() -> None:
    text = f"投资建议：一、液冷：1）建议关注{A}、{B}；2）{C}发布新品。二、铜：建议关注{D}。"
    assert roles(text) == {A: ADVISED, B: ADVISED, C: NAMED, D: ADVISED}


def test_the_list_ends_where_the_next_section_begins() -> None:
    text = f"建议关注：1）液冷：{A}；2）铜：{B}。行情回顾：{C}领涨，{D}领跌。"
    assert roles(text) == {A: ADVISED, B: ADVISED, C: MOVER, D: MOVER}


@pytest.mark.parametrize("separator", ["、", "，", "和", "与", "及", "/", "；"])
def test_enumerations_in_every_style(separator: str) -> None:
    text = f"建议关注{A}（301990）{separator}{B}（301991）{separator}{C}（920990）。"
    assert roles(text) == {A: ADVISED, B: ADVISED, C: ADVISED}


def test_a_stock_notes_subject_is_advised_by_its_rating_alone() -> None:
    text = f"{A}（301990）：订单饱满。公司产能扩张，客户{B}增长。我们维持“买入”评级。"
    assert roles(text) == {A: ADVISED, B: NAMED}


@pytest.mark.parametrize("rating", ["维持“中性”评级", "暂不评级", ""])
def test_a_stock_note_without_a_good_rating_advises_nothing(rating: str) -> None:
    assert each(f"{A}（301990）：业绩承压。公司产能收缩。{rating}。") == {NAMED}


def test_the_cue_is_where_it_stands() -> None:
    clean, (run,) = runs(f"需求增长。建议关注{A}、{B}。")
    assert run.cue is not None
    assert clean[slice(*run.cue)] == "建议关注"
    assert clean[slice(*run.place)] == f"{A}、{B}"


def test_no_names_no_runs() -> None:
    assert runs("需求增长，建议关注。") == ("需求增长,建议关注。", ())
    assert runs("") == ("", ())
