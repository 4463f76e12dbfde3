"""Targets, movers, sectors, climate, cases and estimates, read out of invented sentences."""

from __future__ import annotations

import time
from datetime import date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from screener.domain.listing import Currency, parse_listing
from screener.domain.report import Estimate, IndexMove, Precision, Publication
from screener.reports.claims.cases import PAYBACK
from screener.reports.claims.facts import Facts, facts_in
from screener.reports.claims.numbers import number_breaks
from screener.reports.text.text import make_text
from tests.support.claim_sentences import (
    BAY,
    CASE,
    CELLS,
    DAY,
    FORECAST,
    GROWTH,
    HILL,
    ISLE,
    MAP,
    STAR,
    SUNDAY,
    VALUATIONS,
    WEEK,
    spotted,
)

FRIDAY = date(2026, 5, 22)
DAILY = Publication(value=SUNDAY, precision=Precision.DAY)


def facts(text: str, published: Publication | None = DAILY) -> Facts:
    made = make_text(text)
    return facts_in(made, spotted(made.clean), published=published, reference=None)


def rows(text: str, published: Publication | None = DAILY) -> list[tuple[str, str, float]]:
    return [
        (c.claim.subject, c.claim.measure, c.claim.value) for c in facts(text, published).claims
    ]


def targets(text: str) -> list[tuple[str, float, str]]:
    return [
        (str(c.claim.listing), c.claim.value, c.claim.measure.removeprefix("target price"))
        for c in facts(text).claims
        if c.claim.measure.startswith("target price")
    ]


# --- target prices --------------------------------------------------------------------------------

STAR_ID, HILL_ID, BAY_ID, ISLE_ID = "300901.SZ", "603901.SH", "000901.SZ", "00901.HK"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"{STAR}目标价28.8元。", [(STAR_ID, 28.8, "")]),
        (f"维持{STAR}目标价28.80元不变。", [(STAR_ID, 28.8, "")]),
        (f"{STAR}目标价由27.80元上调至28.80元。", [(STAR_ID, 28.8, "")]),
        (f"{STAR}目标价：27.8元->28.8元（较前收市价有16.6%潜在升幅）。", [(STAR_ID, 28.8, "")]),
        (f"我们将{STAR}的目标价上调3.6%至28.8元，续予买入。", [(STAR_ID, 28.8, "")]),
        (f"{STAR}12个月目标价为28.8元/股，现价20元。", [(STAR_ID, 28.8, "")]),
        (f"{STAR}合理股价在13.86-17.33元/股。",
         [(STAR_ID, 13.86, ", low end"), (STAR_ID, 17.33, ", high end")]),
        (f"{STAR}目标价28至32元。", [(STAR_ID, 28.0, ", low end"), (STAR_ID, 32.0, ", high end")]),
        (f"{STAR}（300901）深度。给予30倍估值，对应目标价45元。", [(STAR_ID, 45.0, "")]),
        (f"{STAR}、{HILL}走强。{STAR}目标价20元；{HILL}目标价30元。",
         [(STAR_ID, 20.0, ""), (HILL_ID, 30.0, "")]),
        (f"{MAP}H股目标价45港元，A股目标价60元。",
         [("00988.HK", 45.0, ""), ("688901.SH", 60.0, "")]),
        (f"给予{MAP}目标价RMB60(A)/HKD45(H)。", [("688901.SH", 60.0, ""), ("00988.HK", 45.0, "")]),
        (f"港股走强，{ISLE}目标价55元。", [(ISLE_ID, 55.0, "")]),
        (f"{ISLE}目标价$10.0，止损价$8.5。", [(ISLE_ID, 10.0, "")]),
        (f"BUY {STAR}. Target Price RMB 29.45 (Previous TP RMB 33.69)", [(STAR_ID, 29.45, "")]),
        (f"{STAR}: TP edges up from RMB5.3 to RMB5.8. {HILL}: TP RMB9",
         [(STAR_ID, 5.8, ""), (HILL_ID, 9.0, "")]),
        (f"目標價（港幣）：411.00 {ISLE}", []),  # no company before it
        (f"{ISLE} 目標價（港幣）：411.00 2026年", [(ISLE_ID, 411.0, "")]),
        (f"{STAR}（300901）深度。客户包括{HILL}。给予目标价28元。", [(STAR_ID, 28.0, "")]),
        (f"{STAR}业绩好。公司向{HILL}供货，目标价28元。", [(STAR_ID, 28.0, "")]),
        (f"买入{STAR}（目标价28元）、{HILL}（目标价30元）。",
         [(STAR_ID, 28.0, ""), (HILL_ID, 30.0, "")]),
        (f"{STAR}目标价25元上调12%至28元。", [(STAR_ID, 28.0, "")]),
        (f"{STAR}目标价由25元大升12%至28元（原评级中性）。", [(STAR_ID, 28.0, "")]),
        (f"Raise {STAR} TP to RMB45 from RMB40. BUY.", [(STAR_ID, 45.0, "")]),
        (f"{STAR}(300901) 买入 目标价 28.80 现价 24.5", [(STAR_ID, 28.8, "")]),
        (f"{ISLE}(0901.HK)目标价：45.50，评级买入", [(ISLE_ID, 45.5, "")]),
        (f"看好{STAR}，目标28元，止损20元。", [(STAR_ID, 28.0, "")]),
        (f"{ISLE}：上望HK$45。", [(ISLE_ID, 45.0, "")]),
        (f"给予{STAR}28元目标价。", [(STAR_ID, 28.0, "")]),
        (f"{STAR}评级及目标价分别为“买入”及28元。", [(STAR_ID, 28.0, "")]),
        (f"{STAR}目标价由25元上调逾一成至28元。", [(STAR_ID, 28.0, "")]),
        (f"{ISLE}(0901.HK)目标价由40元升至55元。", [(ISLE_ID, 55.0, "")]),
        (f"{STAR}: fair value RMB28", [(STAR_ID, 28.0, "")]),
        (f"将{STAR}及{HILL}目标价分别由25元及30元升至28元及33元。",
         [(STAR_ID, 28.0, ""), (HILL_ID, 33.0, "")]),
        (f"{STAR}（300901）、{HILL}（603901）目标价分别为28元、33元。",
         [(STAR_ID, 28.0, ""), (HILL_ID, 33.0, "")]),
        (f"名称 评级 目标价（旧） 目标价（新）\n{STAR} 买入 25 28", [(STAR_ID, 28.0, "")]),
        # None: which, whose, or in which money is not told.
        (f"{STAR}目标价27.80 28.80元。", []),
        (f"{STAR}目标价\n27.80\n28.80", []),
        (f"看好{STAR}和{HILL}，目标价30元。", []),
        (f"{STAR}目标30家门店，目标增速20%。", []),
        (f"{STAR}目标价：1、估值修复 2、业绩", []),
        (f"{STAR}目标价涨幅超82%，原目标价20元。", []),
        (f"{STAR}目标价由20元。", []),
        (f"{STAR}、{HILL}、{BAY}目标价分别为28元、33元。", []),
        (f"{STAR}上次目标价20元。", []),
        (f"推荐股票 行业 起评价 目标价 空间\n{STAR} 电子 28.3 39.0 34.21% 9 8%", []),
        (f"推荐股票 行业 起评价 目标价 目标空间\n{STAR} 电子 16.40 -- -- 26.58 62.07% 39.85", []),
        (f"{STAR}目标价下调43%至上调13%不等。", []),
        (f"{STAR}目标价对应30倍PE、2000亿元市值。", []),
        (f"{ISLE}目标价55元。", []),
        (f"{STAR}目标价55港元。", []),
        (f"{ISLE}目标价10美元，每ADS目标价$10.0。", []),
        (f"{STAR}提升HTTPS能力，PTA价差28元。", []),
    ],
)  # fmt: skip
def test_targets(text: str, expected: list[tuple[str, float, str]]) -> None:
    assert targets(text) == expected


TABLED = [(STAR_ID, 25.5, ""), (HILL_ID, 30.25, ""), (BAY_ID, 8.25, "")]


@pytest.mark.parametrize(
    "text",
    [
        "\n".join("\t".join(row) for row in CELLS),
        "\n".join("|".join(row) for row in CELLS),
        "\n".join(f"| {' | '.join(row)} |" for row in CELLS),
        "\n".join("\t".join(row[1:]) for row in CELLS),
        "\r\n".join(" | ".join(row[1:]) for row in CELLS),
        "\n".join(" ".join(row) for row in CELLS),
        "\n".join(" ".join(row[1:]) for row in CELLS),
        "\n".join(cell for row in CELLS for cell in row[1:]),
        "\n".join(cell for row in CELLS for cell in row),
    ],
)
def test_a_column_of_targets_whatever_its_borders(text: str) -> None:
    assert targets(text) == TABLED


def test_a_row_whose_upside_adds_up() -> None:
    head = "Target price Stock Rating (HKD) Price Target upside "
    assert targets(f"{head}{ISLE} 901 HK BUY 19.28 25.80 34%") == [(ISLE_ID, 25.8, "")]
    assert targets(f"{head}{ISLE} 901 HK BUY 19.28 25.80 20%") == []
    assert targets(f"{ISLE} 901 HK BUY 19.28 25.80 34%") == []  # no word of a target


def test_a_target_in_doubt_is_asked_about() -> None:
    (line,) = facts(f"看好{STAR}和{HILL}，目标价30元。").questions
    assert "30元" in line
    assert facts(f"{STAR}目标价27.80 28.80元。{STAR}目标价28.80元。").questions == ()


# --- numbers side by side -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("original", "parted"),
    [
        ("27.80 28.80", ["27.80", "28.80"]),
        ("27.80\n28.80\n", ["27.80", "28.80"]),
        ("总计12.\n34亿", ["总计12.34亿"]),
        ("总计12\n34亿", ["总计1234亿"]),  # a number broken by a line's end
        ("5876 6271\t5727", ["5876", "6271", "5727"]),
        ("1\n2\n3", ["123"]),  # a character a line is no table
    ],
)
def test_where_numbers_part(original: str, parted: list[str]) -> None:
    text = make_text(original)
    edges = [0, *number_breaks(text), len(text.clean)]
    assert [text.clean[start:end] for start, end in pairwise(edges)] == parted


# --- the grammar of a sentence --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"NVIDIA一季度营收816亿元，同比增长85%，{STAR}发布新品。", []),
        (f"{STAR}发布新品。英伟达2026Q1业绩超预期，营收81亿元，同比增长85%。", []),
        (
            f"{STAR}发布新品；英伟达营收81亿元，同比增长85%；{HILL}2026Q1营收3亿元。",
            [(HILL, "revenue", 3e8)],
        ),
        (f"{STAR}：业务高增。台积电：2026Q1净利润58亿元，同比增长21%。", []),
        (f"{STAR}：业务高增。某家云厂：2026Q1净利润58亿元，同比增长21%。", []),
        (f"{STAR}：业务高增。业绩：2026Q1净利润5亿元。", [(STAR, "net profit", 5e8)]),
        (f"{STAR}向英伟达供货，2026Q1营收9亿元。", [(STAR, "revenue", 9e8)]),
        (f"{STAR}2026Q1经调整净利润5亿元，同比+20%。", []),
        (f"{STAR}2026Q1营收9亿元，超过市场预期的8亿元。", [(STAR, "revenue", 9e8)]),
        (
            f"{STAR} - 2025年营收9亿元 [1]- 2024年营收8亿元 [2]",
            [(STAR, "revenue", 9e8), (STAR, "revenue", 8e8)],
        ),
        (f"{STAR}（300901）深度。供应链传闻称英伟达2026Q1净利润5亿元。", []),
        (
            f"{STAR}（300901）点评。核心观点 {STAR}业务放量 [1]- 2025年营收9亿元。",
            [(STAR, "revenue", 9e8)],
        ),
        (f"{STAR}（300901）点评 增持（维持） 2025年营收9亿元。", [(STAR, "revenue", 9e8)]),
        (f"{STAR}2025年营收9亿元，去年同期净利润3亿元。", [(STAR, "revenue", 9e8)]),
        (f"{STAR}市值27.80 28.80亿元。", []),
        (f"{STAR}\n代码\t收盘价（元）\t\n300308\t12.5", []),
        (f"{STAR}（300901）\n收盘价（元）\t总市值（亿元）\n12.5\t300", []),
        (
            f"{STAR}（300901）\n收盘价（元）\t12.5\n总市值（亿元）\t300",
            [(STAR, "price", 12.5), (STAR, "market cap", 3e10)],
        ),
    ],
)
def test_whose_a_figure_is(text: str, expected: list[tuple[str, str, float]]) -> None:
    assert rows(text) == expected


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"{STAR}（300901）点评。市场担忧{HILL}扩产，2026Q1营收3亿元。", "营收3亿元"),
        (f"{STAR}市值27.80 28.80亿元。", "市值27.80"),
    ],
)
def test_a_figure_in_doubt_is_asked_about(text: str, shown: str) -> None:
    found = facts(text)
    assert found.claims == ()
    (line,) = found.questions
    assert line.startswith("a figure is not taken")
    assert line.endswith(shown)


def test_of_many_figures_in_doubt_a_few_are_shown() -> None:
    many = "".join(f"{STAR}市值{number}.80 28.90亿元。" for number in range(11, 20))
    lines = facts(many).questions
    assert len(lines) == 6
    assert lines[-1] == "4 more figures are not taken for the same reason"


def test_figures_of_nobody_known_are_no_question() -> None:
    assert facts(f"{STAR}（300901）点评。英伟达2026Q1净利润5亿元，行业收入30亿元。").questions == ()


# --- tables of valuations -------------------------------------------------------------------------


@pytest.mark.parametrize("border", ["\t", " | "])
def test_a_table_of_valuations(border: str) -> None:
    found = facts("\n".join(border.join(row) for row in VALUATIONS)).claims
    told = [(c.claim.subject, c.claim.measure, c.claim.value, c.claim.as_of) for c in found]
    assert told == [
        (STAR, "price", 264.18, ""),
        (STAR, "market cap", 1.28e11, ""),
        (STAR, "EV/revenue", 7.8, "2026E"),
        (STAR, "PE (TTM)", 35.2, ""),
        (HILL, "price", 335.99, ""),
        (HILL, "market cap", 5.16e10, ""),
        (HILL, "EV/revenue", 17.4, "2026E"),
    ]


@pytest.mark.parametrize(
    "rows",
    [
        [["名称", "PE", "PE"], [STAR, "20", "15"]],  # of which years is not told
        [["名称", "2026E", "2027E"], [STAR, "20", "15"]],  # of what is not told
        [["名称", "PE", "PB"], [STAR, "20", "15", "2"]],  # a cell too many
        [["名称", "评级", "股价"], [STAR, "买入", "20"]],  # in which money is not told
        [["名称", "股价(元)", "评级"], [ISLE, "20", "买入"]],
        [["名称", "PE", "PB"], [f"{STAR}/{HILL}", "20", "2"]],
        [["行业", "PE", "PB"], [STAR, "20", "2"]],
        [["名称", "PE", "PB"], ["可比公司平均", "20", "2"]],
    ],
)
def test_no_valuations(rows: list[list[str]]) -> None:
    assert facts("\n".join("\t".join(row) for row in rows)).claims == ()


# --- moves ----------------------------------------------------------------------------------------


def test_movers_with_a_name_misspelled_among_them() -> None:
    text = (
        f"本周{STAR}、{HILL}为机械（申万）涨幅前二公司，涨跌幅分别为+26.41%、+15.30%。"
        f"机械（申万）跌幅前三为{BAY}、蓝弯股分、{ISLE}，涨跌幅分别为-8.15%、-8.42%、-11.06%。"
    )
    assert rows(text) == [
        (STAR, WEEK, 0.2641),
        (HILL, WEEK, 0.153),
        (BAY, WEEK, -0.0815),
        ("蓝弯股分", WEEK, -0.0842),
        (ISLE, WEEK, -0.1106),
    ]


@pytest.mark.parametrize(
    "text",
    [
        f"本周{STAR}、{HILL}为涨幅前二公司，涨跌幅分别为+26.41%。",
        f"本周{STAR}、{HILL}为涨幅前二公司，板块上涨2.00%、3.00%。",
        f"今年以来龙头走强。3月份涨幅最高的是{STAR}，上涨58.69%。",
        f"指数创年内低位。{STAR}升2.5%。",
        f"机械行业双周报。涨幅前二为{STAR}（27.98%）、{HILL}（17.00%）。",
    ],
)
def test_no_moves(text: str) -> None:
    assert rows(text) == []


def test_before_the_close_a_day_is_the_day_before() -> None:
    early = datetime(2026, 5, 21, 8, 30, tzinfo=ZoneInfo("Asia/Shanghai"))  # a Thursday
    published = Publication(value=early, precision=Precision.EXACT)
    for words, day in ((f"周三{STAR}上涨2%。", "20"), (f"当日{STAR}上涨2%。", "20"),
                       (f"上周五{STAR}上涨2%。", "15")):  # fmt: skip
        (found,) = facts(words, published).claims
        assert (found.claim.measure, found.claim.as_of) == (DAY, f"2026-05-{day}")


def test_a_week_is_that_which_words_tell() -> None:
    text = f"上周（05.11-05.15）走弱，跌幅前二为{STAR}（-2%）、{HILL}（-3%）。"
    assert {found.claim.as_of for found in facts(text).claims} == {"2026-05-15"}


# --- sectors, indices, climate --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "name", "value", "remark"),
    [
        ("本周（5月18日-5月22日）回顾：依申万一级行业分类，机械板块涨跌幅为-0.97%，居全行业第9。",
         "申万机械", -0.0097, "9th of the industries"),
        ("上周（5月18日-5月22日）申万机械指数跌2.21%。", "申万机械", -0.0221, ""),
        ("本周机械指数（申万）+1.70%，在31个行业里第21。",
         "申万机械", 0.017, "21st of the industries"),
        ("本周，机械（申万）收2861.48，跌3.49%。", "申万机械", -0.0349, ""),
    ],
)  # fmt: skip
def test_sectors(text: str, name: str, value: float, remark: str) -> None:
    found = facts(text)
    (item,) = found.claims
    claim = item.claim
    assert (claim.subject, claim.listing, claim.value) == (name, None, value)
    assert (claim.measure, claim.as_of, claim.remark) == (WEEK, FRIDAY.isoformat(), remark)
    assert found.indices == (IndexMove(code="", name=name, week=value),)


@pytest.mark.parametrize(
    "text",
    ["申万机械指数跌2.21%。", "本周申万机械指数2.21%。", "本周机械板块跌2.21%。",
     "申万宏源研报称上涨5%。"],
)  # fmt: skip
def test_no_sectors(text: str) -> None:
    assert facts(text) == Facts()


def test_tracked_indices() -> None:
    text = (
        "本周卫星指数+0.86%，本月以来，卫星指数+11.47%。本周阀门指数-2.61%。本周锂电指数+1.00%。"
        "图表1：卫星指数（8841099.WI）走势 图表2：阀门（CPO）指数 （8841299.WI） 图表3：锂电走势"
    )
    assert facts(text).indices == (
        IndexMove(code="8841099.WI", name="卫星", week=0.0086, month_to_date=0.1147),
        IndexMove(code="8841299.WI", name="阀门", week=-0.0261),
    )


CLIMATE = [["板块", "景气度指标", "说明"], ["卫星", "稳健向上", "发射提速。"],
           ["阀门", "加速向上", ""], ["风机", "高景气维持", "招标高增"]]  # fmt: skip


@pytest.mark.parametrize("border", ["\t", " | ", "\n"])
def test_the_climate_of_sectors(border: str) -> None:
    text = "本周景气度\n" + "\n".join(border.join(cell for cell in row if cell) for row in CLIMATE)
    assert facts(text).climate == tuple((row[0], row[1]) for row in CLIMATE[1:])


@pytest.mark.parametrize(
    "text",
    ["景气度：卫星加速向上，阀门稳健向上。", "卫星\t稳健向上\n阀门\t加速向上",
     "景气度\n卫星\t稳健向上"],
)  # fmt: skip
def test_no_climate(text: str) -> None:
    assert facts(text).climate == ()


def test_the_level_of_the_industrys_index() -> None:
    text = "收盘点位\t3179.19\n52周最高\t4151.34\n52周最低\t2368.05\n"
    assert rows(text) == [
        ("industry index", "level at writing", 3179.19),
        ("industry index", "52-week high", 4151.34),
        ("industry index", "52-week low", 2368.05),
    ]


# --- worked cases ---------------------------------------------------------------------------------


def test_a_case_and_what_contradicts_it() -> None:
    subject = "GPU cluster of 2,000 cards"
    found = [item.claim for item in facts(CASE.format(3)).claims]
    assert {claim.subject for claim in found} == {subject}
    assert {claim.measure: claim.value for claim in found} == {
        "investment": 1e9,
        "investment in servers": 8e8,
        "investment in infrastructure": 2e8,
        "share of equity": 0.2,
        "share of debt": 0.8,
        "interest on debt": 0.05,
        "rent a year, low end": 2e8,
        "rent a year, high end": 3e8,
        PAYBACK: 3.0,
    }
    (payback,) = (claim for claim in found if claim.measure == PAYBACK)
    assert payback.remark == "about 3 as printed; 1.0 / 0.25 is 4.0: to be checked"


def test_a_case_that_adds_up() -> None:
    (payback,) = (c.claim for c in facts(CASE.format(4)).claims if c.claim.measure == PAYBACK)
    assert payback.remark == "about 4 as printed"


def test_no_case() -> None:
    assert rows("项目总投资额10亿元，回本期约为3年。") == []
    assert rows("2,000个GPU的集群，总投资额10亿美元，每年租金3亿元，回本期3年。") == []


# --- estimates ------------------------------------------------------------------------------------


def estimate(
    code: str, year: int, eps: float | None, profit: float | None, revenue: float | None = None
) -> Estimate:
    return Estimate(
        listing=parse_listing(code),
        fiscal_year=year,
        eps=eps,
        profit=profit,
        revenue=revenue,
        currency=Currency.CNY,
    )


def test_estimates_told_in_a_sentence() -> None:
    text = f"预计{STAR}2026-2027年归母净利润分别为1.5/2.1亿元，EPS分别为0.98\\1.27元。"
    assert facts(text).estimates == (
        estimate(STAR_ID, 2026, 0.98, 1.5e8),
        estimate(STAR_ID, 2027, 1.27, 2.1e8),
    )


@pytest.mark.parametrize("border", ["\t", " ", " | ", "\n"])
def test_estimates_of_a_table_whatever_its_borders(border: str) -> None:
    text = f"{STAR}（300901）盈利预测\n" + "\n".join(border.join(row) for row in FORECAST)
    found = facts(text)
    assert found.estimates == (
        estimate(STAR_ID, 2026, 0.31, 3.63e8, 5.727e9),
        estimate(STAR_ID, 2027, -0.41, 4.81e8, 6.882e9),
    )
    told = {(c.claim.measure, c.claim.as_of): c.claim.value for c in found.claims}
    assert told[("revenue", "2024")] == 5.876e9
    assert told[("net profit", "2025")] == 4.29e8
    assert told[("EPS", "2027E")] == -0.41
    assert not any(measure.endswith(GROWTH) for measure, _ in told)


def test_revenue_alone_is_no_estimate() -> None:
    """It may be that of a part of the company."""
    assert facts(f"预计{STAR}2026年营收15亿元。").estimates == ()
    text = f"预计{STAR}2026年营收15亿元，归母净利润1.5亿元。"
    assert facts(text).estimates == (estimate(STAR_ID, 2026, None, 1.5e8, 1.5e9),)


def test_no_estimates() -> None:
    short = "\n".join(["\t".join(FORECAST[0]), "归母净利润（百万元）\t70\t429\t363"])
    assert facts(f"{STAR}（300901）\n{short}").estimates == ()
    whole = "\n".join("\t".join(row) for row in FORECAST)
    assert facts(whole).estimates == ()  # of nobody
    assert facts(f"{STAR}、{HILL}\n{whole}").estimates == ()  # of whom is not told
    two = f"预计{STAR}2026年净利润1.5亿元。预计{STAR}2026年净利润1.6亿元，EPS为0.5元。"
    assert facts(two).estimates == (estimate(STAR_ID, 2026, 0.5, None),)


# --- bounds ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "unit",
    ["TP ", "| 目标价 ", "名称\n目标价\n", f"名称 目标价 {STAR}\n", "回本期3年", "稳健向上\n",
     "景气度\t", f"{STAR}、", f"{STAR} 12.5 13.5 8%\n", "2024A2025E", "申万机械指数跌2%",
     "服务器指数(8841058.WI)", "本周(5月18日-5月22日)", "英伟达", "目标价由", "1 2 3 ", "28\n"],
)  # fmt: skip
def test_what_is_repeated_without_end_is_read_soon(unit: str) -> None:
    began = time.process_time()
    facts(unit * (40_000 // len(unit)))
    assert time.process_time() - began < 3.0  # a tenth of it on a free machine
