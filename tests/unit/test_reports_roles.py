"""Advised, mover, risk or only mentioned: every cue, before names, after them, over lists."""

from __future__ import annotations

import pytest

from screener.domain.report import Role
from tests.support.roles import ADVISED, MOVER, NAMED, RISK, A, B, C, D, runs


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
    "tail",
    [
        *("涨幅居前", "领涨", "涨停", "分别上涨3.1%、2.0%", "跌超5%", "走强", "大跌"),
        *("为通信板块涨幅前五大公司", "等位居电子(申万)跌幅榜前列", "是板块涨幅最大的两家公司"),
        "为家电板块涨幅前三的公司",
    ],
)
def test_movers_after_names(tail: str) -> None:
    assert each(f"{A}、{B}{tail}。") == {MOVER}


def test_what_moved_most_may_be_no_price() -> None:
    assert MOVER not in each(f"{A}、{B}为营收涨幅前五大公司。")


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


@pytest.mark.parametrize(
    "text",
    [
        f"建议关注：（a）光伏：{A}、{B}；（b）风电：{C}；（c）储能：{D}等。",
        f"建议关注光伏龙头{A}；风电龙头{B}；储能龙头{C}；逆变器龙头{D}。",
        f"我们关注规模领先的制造企业，包括{A}、{B}、{C}、{D}。",
        f"看好优质公司，如光伏龙头{A}，风电龙头{B}，以及处于合理估值的储能龙头{C}、{D}。",
        f"推荐龙头企业{A}、{B}；核心供应商{C}、{D}。",
        f"首推{A}、{B} 其次为{C} 关注{D}等 [2]",
        f"关注光伏（{A}、{B}等）、风电（{C}）、储能（{D}）等相关标的。",
        f"相关标的：{A}，{B}\n储能：需求回升。相关标的：{C}，{D}\n风电：价格平稳。",
        f"推荐光伏龙头{A}、其他公司、另一家等；风电龙头{B}；储能龙头{C}、{D}。",
        f"投资标的：\n光伏：{A}、{B}\n风电：{C}\n储能：{D}\n风险提示：需求不及预期",
        f"推荐标的及理由\n{A}：订单饱满。\n{B}：份额提升。\n{C}：产能扩张。\n{D}：成本领先。",
        f"建议关注：【光伏】{A}、{B}；【风电】{C}；【储能】{D}。",
        f"光伏建议关注{A}、{B}，风电建议关注{C}，储能建议关注{D}。",
        f"本月{A}、{B}、{C}、{D}各得5家券商推荐。",
        f"我们认为{A}、{B}、{C}、{D}具备配置价值。",
        f"{A}、{B}、{C}、{D}值得重视。",
    ],
)
def test_advice_goes_through_lists_of_every_make(text: str) -> None:
    assert each(text) == {ADVISED}
    assert set(roles(text)) == {A, B, C, D}


@pytest.mark.parametrize(
    "text",
    [
        f"受损标的：{A}、{B}。",
        f"受损公司包括{A}、{B}。",
        f"利空标的：{A}、{B}。",
        f"风险标的：{A}、{B}应收账款较高。",
        f"建议回避估值过高的{A}、{B}。",
        f"受损的相关标的：{A}、{B}。",
        f"最不看好{A}、{B}。",
        f"{A}、{B}或受损于出口下滑。",
    ],
)
def test_what_loses_is_a_risk(text: str) -> None:
    assert each(text) == {RISK}


@pytest.mark.parametrize(
    "text",
    [
        f"推荐{A}；{B}的订单已反映，不在首选之列。",
        f"推荐{A}；{B}以代工为主，我们暂未覆盖。",
        f"推荐{A}，公司客户{B}需求增长。",
        f"建议关注{A}；持有{B}。",
    ],
)
def test_advice_ends_where_the_text_takes_it_back(text: str) -> None:
    assert roles(text) == {A: ADVISED, B: NAMED}


def test_a_valuation_table_after_a_label_advises_nothing() -> None:
    text = (
        f"推荐{D}。\n重点公司估值表\n公司 股价 EPS PE\n"
        f"{A} 20.11 1.02 19.7\n{B} 12.50 0.60 20.8\n{C} 9.31 0.20 46.5"
    )
    assert roles(text) == {A: NAMED, B: NAMED, C: NAMED, D: ADVISED}


def test_a_rise_of_target_prices_is_no_move() -> None:
    assert each(f"目标价涨幅居前的有{A}、{B}。") == {NAMED}


@pytest.mark.parametrize("moved", ["升2.5%", "跌逾3%", "各升14%", "rose 3.2%", "fell 2.1%"])
def test_a_figure_right_after_names_is_a_move(moved: str) -> None:
    assert each(f"{A}(301990)、{B}(301991){moved}。") == {MOVER}


def test_rows_of_picks_with_their_days() -> None:
    head = "最新买入评级\n研究员 推荐股票 所属行业 起评日"
    text = f"{head}\n{A} 计算机行业 2026-03-04 16.40\n客户{B}扩产。"
    assert roles(text) == {A: ADVISED, B: NAMED}


COMPARED, EXAMPLE = Role.COMPARED, Role.EXAMPLE


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (f"我们选取{A}、{B}作为可比公司。", COMPARED),
        (f"可比公司包括{A}、{B}，平均PE为30倍。", COMPARED),
        (f"对标海外龙头{A}、{B}，费用率仍高。", COMPARED),
        (f"与{A}、{B}相比，周转更慢。", COMPARED),
        (f"可比公司估值 公司 PE {A} 20 {B} 25", COMPARED),
        (f"出海的案例增多，例如{A}、{B}在海外建厂。", EXAMPLE),
        (f"消费品牌出海如{A}、{B}等已进入收获期。", EXAMPLE),
        (f"以{A}、{B}为例，产能利用率回升。", EXAMPLE),
        (f"业绩不如{A}、{B}。", NAMED),
        (f"正如{A}、{B}所说，需求回升。", NAMED),
        (f"投资者可参考{A}、{B}的公告。", NAMED),
        (f"与{A}、{B}签订合同。", NAMED),
        (f"以{A}、{B}为主。", NAMED),
    ],
)
def test_names_beside_what_a_text_is_about(text: str, part: Role) -> None:
    assert roles(text) == {A: part, B: part}


@pytest.mark.parametrize(
    "text",
    [
        f"我们推荐水电龙头，例如{A}、{B}。",
        f"建议关注高股息标的，如{A}、{B}等。",
        f"推荐{A}、{B}，对标{C}。",
    ],
)
def test_advice_outweighs_an_example(text: str) -> None:
    found = roles(text)
    assert (found[A], found[B]) == (ADVISED, ADVISED)
    assert found.get(C, COMPARED) is COMPARED
