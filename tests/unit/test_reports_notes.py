"""Notes of reports and digests that were written for this test: invented authors and brokers."""

from __future__ import annotations

from datetime import date

import pytest

from screener.domain.report import Analyst, Precision, RatingLevel
from screener.reports.authors.analysts import analysts_in
from screener.reports.authors.brokers import (
    broker_named,
    broker_of_licence,
    brokers,
    brokers_in,
    media,
)
from screener.reports.authors.notes import notes_in, publisher_of, title_of
from screener.reports.authors.signing import signing_broker
from screener.reports.ratings.ratings import industry_in, rating_in
from screener.reports.text.text import make_text

S1, S2, S3 = "S0000000000001", "S0000000000002", "S0000000000003"


def only_note(text: str):
    (note,) = notes_in(make_text(text))
    return note


class TestTableOfBrokers:
    def test_holds_mainland_houses_and_those_of_hong_kong_and_abroad(self) -> None:
        named = {broker.name for broker in brokers()}
        assert len(named) == len(brokers())
        assert len(named) > 190
        assert {"中邮证券", "国金证券", "滙富 Sunwah Kingsway", "中金公司", "高盛"} <= named
        assert {"选股通", "财联社", "华尔街见闻", "格隆汇", "智通财经"} <= {m.name for m in media()}

    def test_no_two_houses_share_a_name(self) -> None:
        names = [name for broker in brokers() for name in broker.names]
        assert len(names) == len(set(names))

    @pytest.mark.parametrize(
        ("written", "name"),
        [
            ("银河证券", "银河证券"),
            ("中国银河证券", "银河证券"),
            ("中国银河证券股份有限公司", "银河证券"),
            ("滙富金融", "滙富 Sunwah Kingsway"),
            ("汇富", "滙富 Sunwah Kingsway"),
            ("Sunwah Kingsway", "滙富 Sunwah Kingsway"),
            ("中金", "中金公司"),
            ("中国国际金融股份有限公司", "中金公司"),
            ("國金證券", "国金证券"),
            ("东吴证券研究所", "东吴证券"),
        ],
    )
    def test_every_way_of_writing_a_house(self, written: str, name: str) -> None:
        broker = broker_named(written)
        assert broker is not None
        assert broker.name == name

    def test_the_institute_of_a_house_is_the_house(self) -> None:
        for name in ("光大证券研究所", "兴业证券经济与金融研究院", "国金证券研究", "汇丰环球研究"):
            found = broker_named(name)
            assert found is not None, name

    def test_a_name_of_no_house(self) -> None:
        assert broker_named("甲乙丙公司") is None

    @pytest.mark.parametrize(
        ("name", "listings"),
        [
            ("东吴证券", ("601555.SH",)),
            ("太平洋证券", ("601099.SH",)),
            ("银河证券", ("601881.SH", "06881.HK")),
            ("中金公司", ("601995.SH", "03908.HK")),
            ("中邮证券", ()),
        ],
    )
    def test_listings_of_the_house_itself(self, name: str, listings: tuple[str, ...]) -> None:
        broker = broker_named(name)
        assert broker is not None
        assert broker.listings == listings

    def test_a_registration_number_tells_its_house(self) -> None:
        assert [broker.name for broker in broker_of_licence("S1340000000000")] == ["中邮证券"]
        assert broker_of_licence("AXX000") == ()

    def test_the_longest_name_is_read(self) -> None:
        found = brokers_in("中信建投证券与中信证券、东方财富证券与东方证券")
        assert [mention.name for mention in found] == [
            "中信建投证券",
            "中信证券",
            "东方财富证券",
            "东方证券",
        ]


class TestAnalysts:
    @pytest.mark.parametrize(
        ("text", "pairs"),
        [
            (f"分析师:甲一 SAC 登记编号:{S1}", [("甲一", S1)]),
            (f"分析师：测试甲（执业{S1}）jia@example.com", [("测试甲", S1)]),
            (f"证券分析师 测试甲 执业证书编号：{S1}", [("测试甲", S1)]),
            (
                f"分析师:甲一 SAC登记编号:{S1} Email:a@example.com 分析师:测试乙 SAC登记编号:{S2}",
                [("甲一", S1), ("测试乙", S2)],
            ),
            (f"分析师：测试甲，测试乙 执业证书编号：{S1}，{S2}", [("测试甲", S1), ("测试乙", S2)]),
            (f"分析师 测试甲/测试乙 SAC No:{S1} SAC No:{S2}", [("测试甲", S1), ("测试乙", S2)]),
            (f"张一 分析师 SAC执业证书编号：{S1} 010-12345678 jia@example.com", [("张一", S1)]),
            (f"计算机行业首席分析师：测试甲 执业证书编号：{S1}", [("测试甲", S1)]),
            (
                f"分析师：测试甲 资格证书编号 {S1} 分析师：测试乙 证书编号 {S2}",
                [("测试甲", S1), ("测试乙", S2)],
            ),
            (
                f"作者 分析师 测试甲 执业证书编号：{S1} 分析师 测试乙 执业证书编号："
                f"{S2} 联系人 测试丙",
                [("测试甲", S1), ("测试乙", S2)],
            ),
            (
                f"分析师：测试甲 执业证书编号：{S1} 研究助理：测试乙 执业证书编号：{S2}",
                [("测试甲", S1)],
            ),
            (
                f"联系人：测试乙 执业证书编号：{S2} 分析师：测试甲 执业证书编号：{S1}",
                [("测试甲", S1)],
            ),
            (
                f"分析师：测试甲 投资咨询资格编号 {S1} 邮箱 jia@example.com 分析师："
                f"测试乙 投资咨询资格编号 {S2} 邮箱 yi@example.com",
                [("测试甲", S1), ("测试乙", S2)],
            ),
            ("分析師：測試甲（SFC CE No. AXX123）", [("測試甲", "AXX123")]),
            (f"分析师：测试甲 SAC执证编号：{S1} SFC CE No. AXX123", [("测试甲", S1)]),
            (
                "分析員 測試甲 (Ka Test) 測試乙 (Yi Test) 電郵 a@example.com",
                [("測試甲", ""), ("測試乙", "")],
            ),
            ("分析员：甲一、测试乙。", [("甲一", ""), ("测试乙", "")]),
            (f"欧阳甲乙 执业证书编号：{S1}", [("欧阳甲乙", S1)]),
            (f"分析师 张一 李二乙 执业证书编号 {S1} {S2}", [("张一", S1), ("李二乙", S2)]),
            (
                f"分析师：测试甲 {S1} 投资要点 行业景气。分析师声明 "
                f"本报告署名分析师测试甲 执业证书编号：{S1}",
                [("测试甲", S1)],
            ),
        ],
    )
    def test_layouts(self, text: str, pairs: list[tuple[str, str]]) -> None:
        expected = tuple(Analyst(name=name, licence=licence) for name, licence in pairs)
        assert only_note(text).analysts == expected

    @pytest.mark.parametrize(
        "text",
        [
            "分析师声明 本人具有执业资格，观点独立。",
            "分析师认为行业景气上行。",
            "某外资行分析师表示需求强劲。",
            "研究助理：测试乙 邮箱 yi@example.com",
            "",
        ],
    )
    def test_nobody_signs(self, text: str) -> None:
        assert only_note(text).analysts == ()


class TestBrokerOfAReport:
    @pytest.mark.parametrize(
        ("text", "broker"),
        [
            (
                "资料来源：Wind，国盛证券研究所。据中信证券研报，需求增长。中信证券认为供给偏紧。",
                "国盛证券",
            ),
            ("中信证券研报指出需求增长，华泰证券认为供给偏紧。", ""),
            ("免责声明 开源证券股份有限公司具备证券投资咨询业务资格。", "开源证券"),
            ("本报告版权归浙商证券所有，未经浙商证券授权不得转载。", "浙商证券"),
            ("证券研究报告 甲测试证券股份有限公司（以下简称“甲测试证券”）", "甲测试证券"),
            ("本报告由甲乙证券研究所撰写。", "甲乙证券"),
            ("分析师：测试甲 执业证书编号：S1130000000001", "国金证券"),
            ("滙富研究部 本報告由滙富金融服務有限公司分發", "滙富 Sunwah Kingsway"),
            (
                "东吴证券（601555.SH）年报点评 分析师：测试甲 执业证书编号："
                "S0790000000001 数据来源：开源证券研究所",
                "开源证券",
            ),
            ("券商板块普涨，东吴证券、太平洋领涨。", ""),
            ("中金公司研究部 本报告由中国国际金融股份有限公司制作", "中金公司"),
            ("来源：财联社。资料来源：iFinD，财通证券研究所", "财通证券"),
        ],
    )
    def test_who_signs(self, text: str, broker: str) -> None:
        note = only_note(text)
        assert note.broker == broker
        assert note.number == 0

    @pytest.mark.parametrize(
        ("text", "broker"),
        [
            ("搜索文档 液冷行业：订单超预期 国金证券· 2025-04-29 08:16 行业评级 看好", "国金证券"),
            ("液冷：景气上行 申港证券研究所 | 2025/04/29 投资要点", "申港证券"),
            ("（以下内容从东吴证券《液冷深度》研报附件原文摘录）投资要点", "东吴证券"),
            ("（来源：东海研究）点金股 投资要点", "东海证券"),
            ("分析师 甲一 jiayi@kysec.cn 投资要点 行业景气上行", "开源证券"),
            ("花旗最新报告称，液冷订单将在下半年放量。", "花旗"),
            ("某报讯，中国银河（601881）证券研报表示，机柜报价企稳。", "银河证券"),
            ("A Citi report looks at orders for cooling racks.", "花旗"),
            ("6 CMB International Securities | Equity Research | Company Update", "招银国际"),
            ("China Industry Focus DBS Group Research . Equity 7 Jul 2020", "星展"),
            ("汇丰环球研究 星河银行（09999）评级：买入", "汇丰"),
            ("Source: Company data, CMBIGM estimates", "招银国际"),
            ("【国盛电子】冷板报价企稳。", "国盛证券"),
            ("大和：星河液冷收入超预期 升目标价 该行预期需求增长。", "大和资本市场"),
            ("本文来自公众号“国金电子研究”，作者甲某。液冷需求向好。", "国金证券"),
            ("液冷点评-国盛证券-250428.pdf 页数", "国盛证券"),
            ("格隆汇4月28日丨大和发表研究报告指，维持某某买入评级。", "大和资本市场"),
            ("HSBC Global Research Equities 28 April 2025", "汇丰"),
            ("机构评级：中信证券、国泰君安、华泰证券给予买入评级。", ""),
            ("截至收盘，中信证券(600030)涨5%。", ""),
            ("某某期货点评 向好 南风期货· 2025-04-29 08:16 投资要点", "南风期货"),
            ("液冷点评\n高盛· 2025-04-29 08:16\n投资要点", "高盛"),
            ("《大行》高盛料机柜明年涨价 星河股份获看好", "高盛"),
            ("国元证券指出，液冷需求向好。维持买入评级。", "国元证券"),
            ("国元证券指出需求增长。东吴证券认为供给偏紧。", ""),
            (
                "09999 某某银行\n评级日期：2025年4月28日\n劵商\n\n摩通\n\n评级\n买入 买入\n",
                "摩根大通",
            ),
            ("个股研报 > 正文\n机构：天风证券\n作者：甲某\n日期：2025-04-28\n", "天风证券"),
            ("研报掘金丨东吴证券：维持某某“买入”评级", "东吴证券"),
            ("Goldman Sachs raised its target for Galaxy Cooling.", "高盛"),
            ("Goldman Sachs upgraded XX to Buy. Morgan Stanley cut YY.", ""),
            ("甲乙证券· 2025-04-29 08:16 投资要点", "甲乙证券"),
            ("东吴证券 通信行业点评 2025年4月29日 投资要点", "东吴证券"),
            ("券商板块：东吴证券、华西证券 领涨。", ""),
            ("机柜股 ~ 汇丰研究 汇丰研究的报告指需求增长。摩根大通的报告指供给偏紧。", ""),
            ("citizens report a shortage of power", ""),
            ("国泰海通宏观团队认为年内降准。", ""),
        ],
    )
    def test_a_house_is_found_where_it_signs_or_is_reported(self, text: str, broker: str) -> None:
        note = only_note(text)
        assert (note.broker, note.number) == (broker, 0)

    def test_a_number_of_a_renamed_house_is_the_name_that_the_text_gives(self) -> None:
        clean = make_text("安信证券研究中心").clean
        assert signing_broker(clean, brokers_in(clean), ["S1450000000001"]) == "安信证券"


class TestDigests:
    @pytest.mark.parametrize(
        "listing",
        [
            f"研报来源：1、国盛证券，测试甲，{S1}，液冷专题：景气上行。2026年5月14日 2、"
            f"银河证券，甲一，{S2}，供需偏紧，缺口扩大。2026年5月12日",
            f"研报来源:1.国盛证券-测试甲-{S1}-液冷专题：景气上行-2026-05-14 "
            f"2.银河证券-甲一-{S2}-供需偏紧，缺口扩大-2026-05-12",
            f"研报来源：①国盛证券|测试甲|{S1}|《液冷专题：景气上行》|20260514 "
            f"②银河证券|甲一|{S2}|《供需偏紧，缺口扩大》|20260512",
            f"报告来源：1、国盛证券《液冷专题：景气上行》，分析师：测试甲，"
            f"执业证书编号：{S1}，2026.5.14；2、银河证券《供需偏紧，缺口扩大》，分析师："
            f"甲一，执业证书编号：{S2}，2026.5.12",
            f"文章来源：（1）国盛证券（2026/05/14）：液冷专题：景气上行，测试甲，{S1} "
            f"（2）银河证券（2026/05/12）：供需偏紧，缺口扩大，甲一，{S2}",
            f"一、国盛证券，测试甲（{S1}），液冷专题：景气上行，2026-5-14。二、"
            f"银河证券，甲一（{S2}），供需偏紧，缺口扩大，2026-5-12。",
        ],
    )
    def test_lists_of_sources(self, listing: str) -> None:
        text = make_text(f"正文：需求增长，关注甲股份等。{listing}")
        notes = notes_in(text)
        assert [note.number for note in notes] == [1, 2]
        assert [note.broker for note in notes] == ["国盛证券", "银河证券"]
        assert [note.analysts for note in notes] == [
            (Analyst(name="测试甲", licence=S1),),
            (Analyst(name="甲一", licence=S2),),
        ]
        assert [note.title.replace("，", ",") for note in notes] == [
            "液冷专题：景气上行",
            "供需偏紧,缺口扩大",
        ]
        for note, day in zip(notes, (date(2026, 5, 14), date(2026, 5, 12)), strict=True):
            assert note.published is not None
            assert note.published.value == day
            assert note.published.precision is Precision.DAY

    def test_the_number_of_the_next_item_is_no_part_of_a_date(self) -> None:
        listing = (
            f"研报来源：1.国盛证券，测试甲，{S1}，专题，2026.5.1 "
            f"2.银河证券，甲一，{S2}，深度，2026.5.3"
        )
        first, second = notes_in(make_text(listing))
        assert first.published is not None
        assert first.published.value == date(2026, 5, 1)
        assert second.published is not None
        assert second.published.value == date(2026, 5, 3)

    def test_a_house_of_no_table(self) -> None:
        listing = f"研报来源：1、甲乙证券，测试甲，{S1}，专题报告。2026年5月14日"
        (note,) = notes_in(make_text(listing))
        assert note.broker == "甲乙证券"

    def test_two_analysts_of_one_note(self) -> None:
        listing = f"研报来源：1、国盛证券，测试甲、测试乙，{S1}、{S2}，专题报告。2026年5月14日"
        (note,) = notes_in(make_text(listing))
        assert [(item.name, item.licence) for item in note.analysts] == [
            ("测试甲", S1),
            ("测试乙", S2),
        ]

    def test_sections_without_a_list(self) -> None:
        text = make_text(
            "今日研报内容：1、液冷 国盛证券研报指出，需求增长。2、铜 "
            "银河证券最新研报指出，供给偏紧。"
            "国盛证券研报指出，价格上行。本文内容不代表选股通APP平台观点。"
        )
        notes = notes_in(text)
        assert [(note.number, note.broker) for note in notes] == [(1, "国盛证券"), (2, "银河证券")]
        assert publisher_of(text, notes) == "选股通"

    def test_a_quoted_house_whose_charts_a_medium_shows_is_no_author(self) -> None:
        text = make_text(
            "1、液冷 国盛证券研报指出，需求增长。资料来源：国盛证券研究所 2、铜 银河证券研报指出，"
            "供给偏紧。资料来源：银河证券研究院 本文不代表选股通APP平台观点。"
        )
        assert [note.broker for note in notes_in(text)] == ["国盛证券", "银河证券"]

    def test_two_quotations_make_no_digest(self) -> None:
        text = make_text("中信证券研报指出需求增长。华泰证券研报指出供给偏紧。")
        assert [note.number for note in notes_in(text)] == [0]

    def test_a_house_that_quotes_others_stays_the_author(self) -> None:
        text = make_text(
            "行业周报 中信证券研报指出甲。华泰证券研报指出乙。广发证券研报指出丙。"
            "资料来源：国金证券研究所 国金证券股份有限公司（以下简称“国金证券”）"
        )
        (note,) = notes_in(text)
        assert note.broker == "国金证券"
        assert publisher_of(text, (note,)) == "国金证券"

    def test_a_table_of_sources_of_figures_is_no_list(self) -> None:
        text = make_text("图1：价格 资料来源：国盛证券研究所 图2：销量 资料来源：国盛证券研究所")
        assert [note.number for note in notes_in(text)] == [0]


class TestPublisher:
    @pytest.mark.parametrize(
        ("text", "publisher"),
        [
            ("脱水研报 2026/05/14 国盛证券研报指出甲。银河证券研报指出乙。", "选股通"),
            ("智通财经APP讯，研报精选：国盛证券研报指出甲。银河证券研报指出乙。", "智通财经"),
            ("財聯社整理 機構觀點：國盛證券研報指出甲。銀河證券研報指出乙。", "财联社"),
            ("中邮证券研究所 来源：财联社、智通财经。", "中邮证券"),
            ("没有署名的文字。", ""),
            ("非银周报：国泰君安与海通证券合并，海通证券摘牌。", ""),
            ("国泰海通宏观团队认为年内降准。", ""),
        ],
    )
    def test_house_or_medium(self, text: str, publisher: str) -> None:
        made = make_text(text)
        assert publisher_of(made, notes_in(made)) == publisher


class TestRatings:
    @pytest.mark.parametrize(
        ("text", "rating", "change", "level"),
        [
            ("行业投资评级 强于大市|维持", "强于大市", "maintained", RatingLevel.INDUSTRY),
            ("买入（维持）", "买入", "maintained", None),
            ("公司点评 买入-A（维持评级）", "买入", "maintained", RatingLevel.STOCK),
            ("维持“买入”评级", "买入", "maintained", None),
            ("維持「買入」評級", "买入", "maintained", None),
            (
                "甲股份（300001.SZ）业绩增长，首次覆盖，给予“增持”评级。",
                "增持",
                "initiated",
                RatingLevel.STOCK,
            ),
            ("投资评级：买入（首次）", "买入", "initiated", None),
            ("评级：推荐（上调）", "推荐", "raised", None),
            ("我们将评级由“增持”上调至“买入”。", "买入", "raised", None),
            ("下调公司评级至“中性”。", "中性", "lowered", RatingLevel.STOCK),
            ("通信行业周报 买入（维持评级）", "买入", "maintained", RatingLevel.INDUSTRY),
            ("行业评级：看好（维持）", "看好", "maintained", RatingLevel.INDUSTRY),
            ("行业评级：中性（下调）", "中性", "lowered", RatingLevel.INDUSTRY),
            ("计算机行业点评 优于大市·维持", "优于大市", "maintained", RatingLevel.INDUSTRY),
            ("领先大市-A 维持评级", "领先大市", "maintained", RatingLevel.INDUSTRY),
            ("投资评级 优于大市 上调评级", "优于大市", "raised", None),
            ("上调盈利预测，维持公司“买入”评级。", "买入", "maintained", RatingLevel.STOCK),
            ("上调目标价至50元，给予买入评级。", "买入", "", None),
            (
                "维持行业“推荐”评级。维持甲股份“买入”评级，维持乙股份“增持”评级。",
                "推荐",
                "maintained",
                RatingLevel.INDUSTRY,
            ),
            ("公司深度报告 强烈推荐（首次）", "强烈推荐", "initiated", RatingLevel.STOCK),
            ("审慎推荐-A（维持）", "审慎推荐", "maintained", None),
            ("Rating: Outperform (Maintained)", "Outperform", "maintained", None),
            ("We maintain BUY on the name.", "BUY", "maintained", None),
            ("评级：跑赢行业 重申", "跑赢行业", "maintained", None),
            ("上次评级：买入 评级：增持", "增持", "", None),
            (
                "通信周报 维持行业“推荐”评级，首推甲股份。",
                "推荐",
                "maintained",
                RatingLevel.INDUSTRY,
            ),
            ("重申板块“超配”评级", "超配", "maintained", RatingLevel.INDUSTRY),
        ],
    )
    def test_styles(self, text: str, rating: str, change: str, level: RatingLevel | None) -> None:
        note = only_note(text)
        assert (note.rating, note.rating_change, note.rating_level) == (rating, change, level)

    @pytest.mark.parametrize(
        "text",
        [
            "建议买入并持有，推荐关注甲股份。",
            "维持甲股份“买入”评级。维持乙股份“增持”评级。",
            "控股股东计划增持股份，实控人减持完毕。",
            "评级说明 股票评级 买入 未来6个月相对涨幅15%以上 增持 相对涨幅5%至15% 中性 "
            "相对涨幅-5%至5% 减持 相对跌幅5%以上",
            "股票代码 公司 2025E 2026E 评级 300001.SZ 甲股份 1.2 1.5 买入 300002.SZ "
            "乙股份 0.8 1.1 增持",
            "维持推荐逻辑不变。",
            "每日晨报 甲股份（300001.SZ）收入增长，维持“买入”评级。",
            "通信行业周报 本周需求上行。个股方面，甲股份（300001.SZ）交付加快，维持“买入”评级。",
            "策略晨会纪要 公司动态：甲股份订单增长，我们维持“增持”评级。",
        ],
    )
    def test_no_rating_of_the_note(self, text: str) -> None:
        assert only_note(text).rating == ""

    def test_a_table_of_definitions_after_the_rating_changes_nothing(self) -> None:
        note = only_note(
            "公司点评 增持（维持） 评级说明 股票评级 买入 未来6个月相对涨幅15%以上 "
            "增持 相对涨幅5%至15% 中性 相对涨幅-5%至5% 减持 相对跌幅5%以上"
        )
        assert (note.rating, note.rating_level) == ("增持", RatingLevel.STOCK)

    def test_where_it_stands(self) -> None:
        clean = make_text("行业评级：看好（维持）").clean
        found = rating_in(clean)
        assert found is not None
        assert clean[slice(*found.place)] == "看好"


class TestIndustries:
    @pytest.mark.parametrize(
        ("text", "industry"),
        [
            ("通信行业周报：需求上行", "通信"),
            ("行业：有色金属", "有色金属"),
            ("电子|半导体行业研究", "电子|半导体"),
            ("证券研究报告|行业周报|计算机 增持（维持）", "计算机"),
            ("行业研究·電力設備 2026年5月", "电力设备"),
            ("计算机行业首席分析师：测试甲", "计算机"),
            ("所属行业：医药生物", "医药生物"),
            ("证券研究报告 甲股份年报点评", ""),
            ("今日市场普涨，电子与通信领先。", ""),
        ],
    )
    def test_as_printed(self, text: str, industry: str) -> None:
        assert industry_in(make_text(text).clean) == industry


class TestTitles:
    @pytest.mark.parametrize(
        ("text", "title"),
        [
            ("《液冷专题：景气上行》2026年5月14日", "液冷专题：景气上行"),
            ("通信行业周报：液冷需求继续上行 2026年5月14日", "通信行业周报：液冷需求继续上行"),
            ("通信行业周报：" + "很长的一段正文没有尽头" * 8, "通信行业周报"),
            ("甲股份（300001.SZ）：一季度业绩高增 投资要点", "甲股份（300001.SZ）：一季度业绩高增"),
            ("甲与乙的很长很长的一个标题——0514研报精选 2026/05/14 19:48", "0514研报精选"),
            ("近期研究报告 《液冷专题：景气上行》 - 2026.03.26", ""),
            ("《证券期货投资者管理办法》正式实施", ""),
            ("今日市场普涨。", ""),
        ],
    )
    def test_of_the_document(self, text: str, title: str) -> None:
        assert title_of(make_text(text)) == title


def test_numbers_of_two_regulators_belong_to_one_person_and_addresses_hold_none() -> None:
    printed = (
        "研究员 李测甲\nSAC No. S0570599120013\nlicejia@example.com\n"
        "研究员 王测乙\nSAC No. S0570599090027\nSFC No. ZZZ001"
    )
    found = analysts_in(make_text(printed))
    assert [one.licence for one in found] == ["S0570599120013", "S0570599090027"]
