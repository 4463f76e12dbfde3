"""Definitions of ratings in the wordings that brokers use, with figures of this test's own."""

from __future__ import annotations

import pytest

from screener.domain.report import RatingLevel
from screener.reports.ratings.definitions import definition_places, definitions_in
from screener.reports.ratings.promised_returns import promised_return
from screener.reports.text.text import make_text

STOCK, INDUSTRY, CONVERTIBLE = RatingLevel.STOCK, RatingLevel.INDUSTRY, RatingLevel.CONVERTIBLE


def bands_of(text: str) -> list[tuple[RatingLevel, str, float | None, float | None]]:
    return [
        (band.level, band.rating, band.low, band.high)
        for definition in definitions_in(make_text(text), broker="甲证券")
        for band in definition.bands
    ]


class TestPromises:
    @pytest.mark.parametrize(
        ("words", "low", "high"),
        [
            ("预期涨幅在15%以上", 0.15, None),
            ("相对沪深30015%以上", 0.15, None),
            ("涨幅超过20%", 0.20, None),
            (">20%", 0.20, None),
            ("达到或超过15%", 0.15, None),
            ("10%及以上", 0.10, None),
            ("强于基准指数12.5%以上", 0.125, None),
            ("领先市场15个百分点以上", 0.15, None),
            ("涨幅5%～15%之间", 0.05, 0.15),
            ("介于5%与15%之间", 0.05, 0.15),
            ("5-15%之间", 0.05, 0.15),
            ("5%--15%", 0.05, 0.15),
            ("-5%至5%", -0.05, 0.05),
            ("-5%-5%", -0.05, 0.05),
            ("-5%--5%", -0.05, 0.05),
            ("-10-10%之间", -0.10, 0.10),
            ("(-5%,+5%)", -0.05, 0.05),
            ("介于-10%到5%之间", -0.10, 0.05),
            ("与大盘持平(±5%)", -0.05, 0.05),
            ("正负10%之间", -0.10, 0.10),
            ("介于-5%与-15%之间", -0.15, -0.05),
            ("跌幅5%-15%", -0.15, -0.05),
            ("落后市场基准5%至15%", -0.15, -0.05),
            ("落后-5%--15%之间", -0.15, -0.05),
            ("跌幅超过5%", None, -0.05),
            ("下跌幅度超过大盘在5%以上", None, -0.05),
            ("弱于市场基准10%以上", None, -0.10),
            ("弱于市场表现5%以下", None, -0.05),
            ("-5%以下", None, -0.05),
            ("弱于基准在-5%以下", None, -0.05),
            ("涨幅低于-15%以下", None, -0.15),
            ("<-10%", None, -0.10),
            ("小于-5%", None, -0.05),
            ("有10%以上的跌幅", None, -0.10),
            ("涨幅5%以上15%以下", 0.05, 0.15),
            ("高于5%但低于15%", 0.05, 0.15),
            ("跌幅5%以上15%以下", -0.15, -0.05),
            ("涨跌幅在-10%与10%之间", -0.10, 0.10),
        ],
    )
    def test_bounds(self, words: str, low: float | None, high: float | None) -> None:
        promised = promised_return(words)
        assert (promised.low, promised.high) == (low, high)

    @pytest.mark.parametrize(
        "words",
        [
            "超越基准",
            "因故暂停评级",
            "跌幅小于5%",  # from nought, or without an end?
            "-10%--5%",  # to 5 or to -5?
            "强于基准5%以下",
            "市值100亿元",
            "",
        ],
    )
    def test_what_reads_two_ways_or_not_at_all_is_left_out(self, words: str) -> None:
        promised = promised_return(words)
        assert (promised.low, promised.high) == (None, None)

    def test_directions_without_figures(self) -> None:
        assert promised_return("表现超越基准").direction == 1
        assert promised_return("表现弱于基准").direction == -1
        assert promised_return("表现与基准持平").direction == 0


PROSE = (
    "投资评级定义 以报告发布后的12个月内，相对同期沪深300指数的表现为准。"
    "公司评级：买入：超越基准18%以上；增持：超越基准6%～18%；持有：相对基准-6%～6%；"
    "卖出：弱于基准6%以上。"
    "行业评级：看好：强于基准8%以上；中性：介于-8%与8%之间；看淡：弱于基准8%以上。"
)
PROSE_BANDS = [
    (STOCK, "买入", 0.18, None),
    (STOCK, "增持", 0.06, 0.18),
    (STOCK, "持有", -0.06, 0.06),
    (STOCK, "卖出", None, -0.06),
    (INDUSTRY, "看好", 0.08, None),
    (INDUSTRY, "中性", -0.08, 0.08),
    (INDUSTRY, "看淡", None, -0.08),
]


class TestDefinitions:
    def test_prose(self) -> None:
        (definition,) = definitions_in(make_text(PROSE), broker="甲证券")
        assert definition.broker == "甲证券"
        assert (definition.months_low, definition.months_high) == (12, 12)
        assert definition.benchmarks == (("A", "沪深300"),)
        assert bands_of(PROSE) == PROSE_BANDS

    def test_traditional_characters(self) -> None:
        text = (
            "股票評級定義 評級區間：6至18個月 參考基準：恒生指數 買入 相對表現超過18% "
            "增持 相對表現介乎6%至18% 中性 相對表現介乎-6%至6% 賣出 相對表現小於-6%"
        )
        (definition,) = definitions_in(make_text(text), broker="甲")
        assert (definition.months_low, definition.months_high) == (6, 18)
        assert definition.benchmarks == (("HK", "恒生指数"),)
        assert [band.rating for band in definition.bands] == ["买入", "增持", "中性", "卖出"]

    def test_a_flattened_table(self) -> None:
        text = (
            "评级说明 类别 级别 说明 股票评级 买入 6个月内个股相对涨幅在18%以上 增持 6%与18%之间 "
            "中性 -6%与6%之间 回避 -6%以下 行业评级 强于大市 行业相对涨幅8%以上 中性 -8%与8%之间 "
            "弱于大市 -8%以下 可转债评级 推荐 可转债相对涨幅8%以上 谨慎推荐 4%与8%之间 "
            "中性 -4%与4%之间 "
            "回避 -4%以下 分析师声明 过去12个月"
        )
        found = bands_of(text)
        assert len(found) == 11
        assert found[0] == (STOCK, "买入", 0.18, None)
        assert found[4] == (INDUSTRY, "强于大市", 0.08, None)
        assert found[7:] == [
            (CONVERTIBLE, "推荐", 0.08, None),
            (CONVERTIBLE, "谨慎推荐", 0.04, 0.08),
            (CONVERTIBLE, "中性", -0.04, 0.04),
            (CONVERTIBLE, "回避", None, -0.04),
        ]

    def test_a_table_read_column_by_column(self) -> None:
        text = (
            "股票评级说明 买入 增持 中性 减持 未来6个月个股涨幅超越基准18%以上 "
            "个股涨幅超越基准6%至18% "
            "个股变动介于-6%至6% 个股跌幅6%以上"
        )
        assert bands_of(text) == [
            (STOCK, "买入", 0.18, None),
            (STOCK, "增持", 0.06, 0.18),
            (STOCK, "中性", -0.06, 0.06),
            (STOCK, "减持", None, -0.06),
        ]

    def test_a_heading_that_stands_in_the_middle_of_its_rows(self) -> None:
        text = (
            "投资评级说明 未来6个月 买入 相对涨幅18%以上 增持 相对涨幅6%~18% 股票评级 中性 -6%~6% "
            "减持 相对跌幅6%以上 增持 相对涨幅8%以上 行业评级 中性 ±8% 减持 相对跌幅8%以上"
        )
        assert [level for level, *_ in bands_of(text)] == [STOCK] * 4 + [INDUSTRY] * 3

    def test_one_ladder_for_stocks_and_industries(self) -> None:
        text = (
            "行业及公司评级体系 行业及公司评级 买入 未来6-12个月领先基准指数18%以上 "
            "中性 变动幅度相差-6%至6% 卖出 落后基准指数18%以上"
        )
        assert [level for level, *_ in bands_of(text)] == [STOCK] * 3 + [INDUSTRY] * 3

    def test_horizons_that_differ_make_two_definitions(self) -> None:
        text = (
            "行业投资评级的说明：买入：未来3－6个月内行业上涨幅度超过大盘12%以上；"
            "中性：未来3－6个月内变动幅度-4%－4%；减持：未来3－6个月内下跌幅度超过大盘4%以上。"
            "公司投资评级的说明：买入：未来6－12个月内上涨幅度12%以上；中性："
            "未来6－12个月内-4%－4%；"
            "减持：未来6－12个月内下跌幅度4%以上。"
        )
        first, second = definitions_in(make_text(text), broker="甲")
        assert (first.months_low, first.months_high) == (3, 6)
        assert {band.level for band in first.bands} == {INDUSTRY}
        assert (second.months_low, second.months_high) == (6, 12)
        assert {band.level for band in second.bands} == {STOCK}

    def test_the_figure_of_the_neutral_band_bounds_its_neighbours(self) -> None:
        text = "行业投资评级 看好 未来6个月超越大盘 中性 与大盘持平（±4%） 看淡 弱于大盘"
        assert bands_of(text) == [
            (INDUSTRY, "看好", 0.04, None),
            (INDUSTRY, "中性", -0.04, 0.04),
            (INDUSTRY, "看淡", None, -0.04),
        ]

    @pytest.mark.parametrize(
        ("printed", "months"),
        [
            ("6个月内", (6, 6)),
            ("6-12个月", (6, 12)),
            ("3－6个月", (3, 6)),
            ("6到12个月", (6, 12)),
            ("6个月至12个月", (6, 12)),
            ("6~18個月", (6, 18)),
            ("十二个月", (12, 12)),
            ("六至十二个月", (6, 12)),
            ("半年内", (6, 6)),
            ("一年内", (12, 12)),
        ],
    )
    def test_horizons(self, printed: str, months: tuple[int, int]) -> None:
        text = f"评级标准 未来{printed} 股票评级 买入 涨幅9%以上 中性 -9%至9% 卖出 跌幅9%以上"
        (definition,) = definitions_in(make_text(text), broker="甲")
        assert (definition.months_low, definition.months_high) == months

    def test_a_remark_after_the_bands_gives_the_horizon(self) -> None:
        text = (
            "股票投资评级说明 买入（Buy）预计相对强于市场18%以上；"
            "中性（Neutral）预计在-6%～+6%之间波动；"
            "减持（Underperform）预计弱于市场6%以下。备注：评级标准为报告日后的6~12个月内，"
            "A股基准指数为沪深300指数、新三板基准指数为三板成指。"
        )
        (definition,) = definitions_in(make_text(text), broker="甲")
        assert (definition.months_low, definition.months_high) == (6, 12)
        assert definition.benchmarks == (("A", "沪深300"), ("NEEQ", "三板成指"))

    def test_benchmarks_by_market(self) -> None:
        text = PROSE.replace(
            "沪深300指数",
            "上证综指、三板做市指数、中证转债指数、恒生指数、标普 500 "
            "或纳斯达克综合指数、MSCI中国指数",
        )
        (definition,) = definitions_in(make_text(text), broker="甲")
        assert definition.benchmarks == (
            ("A", "上证综指"),
            ("HK", "恒生指数"),
            ("HK", "摩根士丹利中国指数"),
            ("US", "标普500"),
            ("US", "纳斯达克综合指数"),
            ("NEEQ", "三板做市指数"),
            ("convertible", "中证转债"),
        )

    def test_a_definition_printed_twice_counts_once(self) -> None:
        assert bands_of(PROSE * 2) == PROSE_BANDS

    def test_the_rating_of_the_report_before_it_is_no_part_of_it(self) -> None:
        assert bands_of("投资评级：增持（维持）" + PROSE) == PROSE_BANDS

    def test_where_it_stands(self) -> None:
        text = make_text("正文。" + PROSE)
        first = definition_places(text)[0]
        assert text.clean[slice(*first)].startswith("买入")

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "维持买入评级，预计未来12个月收入增长15%以上；增持计划比例为1%至2%。",
            "行业评级 推荐：未来6个月行业指数强于基准；中性：与基准持平；回避：弱于基准。",
            "评级说明 买入 涨幅9%以上 中性 -9%至9% 卖出 跌幅9%以上",  # no horizon
            "投资评级：买入 目标价12个月 上涨空间20% 增持 10%",
        ],
    )
    def test_nothing_is_invented(self, text: str) -> None:
        assert definitions_in(make_text(text), broker="甲") == ()
