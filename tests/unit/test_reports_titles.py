"""Headlines: the line of a head that is its title, whole, and nothing that stands around it."""

from __future__ import annotations

import pytest

from screener.reports.authors.notes import title_of
from screener.reports.authors.titles import file_title
from screener.reports.text.text import make_text

BODY = "\n核心观点\n- 公司深耕液冷设备多年，订单充足，产能爬坡顺利。\n- 我们维持盈利预测不变。\n"


@pytest.mark.parametrize(
    ("head", "title"),
    [
        (
            "可控核聚变\n搜索文档\n液冷行业周报（2026年第10周）：订单落地-20260309\n"
            "国金证券· 2026-03-09 16:18",
            "液冷行业周报（2026年第10周）：订单落地-20260309",
        ),
        ("液冷渗透率提升2026年5月24日\n行业研究\n买入（维持）", "液冷渗透率提升2026年5月24日"),
        (
            "2026年5月24日 大行报告点评汇总\n液冷 ~ 某行\n某行认为需求增长。",
            "2026年5月24日大行报告点评汇总",
        ),
        (
            "# 通信行业研究\n买入（维持评级）\n分析师：甲一\n## 海外云商上调开支，液冷迎来拐点",
            "海外云商上调开支，液冷迎来拐点",
        ),
        (
            "行业基本情况\n收盘点位 5179.19\n近期研究报告\n《液冷的前夜与拐点》 - 2026.03.26\n"
            "液冷需求引致机柜紧缺",
            "液冷需求引致机柜紧缺",
        ),
        (
            "您的位置：首页 >> 行业研究\n液冷行业周报：价差扩大\n加入日期：2026-5-24",
            "液冷行业周报：价差扩大",
        ),
        (
            "股票代码 :\n股票简称 :\n报告名称 :液冷行业周报：供需格局浅析\n行业:",
            "液冷行业周报：供需格局浅析",
        ),
        (
            "上海某站\n星河液冷-首次覆盖：转型见效-260514(18页).pdf\n编号：79484 PDF 18页",
            "星河液冷-首次覆盖：转型见效",
        ),
        (
            "1、证券研究报告 行业研究 分析师：甲一 请务必阅读正文 Table_Main "
            "本周专题： 液冷订单落地，冷板报价企稳 "
            "增持 （ 维持 ） 投资要点 本周策略观点",
            "本周专题：液冷订单落地，冷板报价企稳",
        ),
        (
            "恒生指数 20100.10 101.10\n09999 某某银行\n即时报价: 12.300\n评级日期：2026年5月4日\n"
            "某行：某某银行全年派息胜预期 上调目标价",
            "某行：某某银行全年派息胜预期上调目标价",
        ),
        (
            "Tuesday, May 5th, 2026\n"
            "📢 Cooling Orders & Rack Prices Lift Mainland Suppliers\nHK:00001",
            "Cooling Orders & Rack Prices Lift Mainland Suppliers",
        ),
        (
            "【原报告在线阅读和下载】:20260309【Some.com】"
            "液冷行业点评报告：政策助力，布局机柜 | 某某读报\n提取码",
            "液冷行业点评报告：政策助力，布局机柜",
        ),
        (
            "机柜订单翻倍，冷板厂商满产，报价有\n望再升——\n0514液冷内参\n2026/05/14 19:48",
            "0514液冷内参",
        ),
        (
            "非银行业周报：市场交投活跃，\n看好龙头板块\n2026年5月24日\n",
            "非银行业周报：市场交投活跃，看好龙头板块",
        ),
        ("液冷需求回暖订单落地_某某财经\n来源：某报\n作者：某某\n", "液冷需求回暖订单落地"),
        ("20260524-国金证券-液冷行业周报\n页数\n下载\n", "液冷行业周报"),
        ("原标题：液冷迎来拐点\n某报记者\n正文开始\n", "液冷迎来拐点"),
        (
            "怎么回(huí)事？六家公司目(mù)标价调低\n来源：某报\n作者：某某",
            "怎么回事？六家公司目标价调低",
        ),
    ],
)
def test_the_headline_of_a_head(head: str, title: str) -> None:
    assert title_of(make_text(head + BODY)) == title


@pytest.mark.parametrize(
    "text",
    [
        "某行最新报告称，液冷需求向好。\n该行维持买入评级。\n某站新闻\n",
        "研究员 推荐股票 起评价* 目标价 目标空间\n星河液冷 10.10 12.12 1.77% 15.80 11.15%\n详细\n",
        "投资评级：买入（维持）\n强于大市|维持\n分析师：甲一\nzhang.jia.yi.bing@some.com.cn\n",
        "首页 股票 基金 研报 公告\n国金证券研究所\n国金证券股份有限公司\n",
    ],
)
def test_what_is_no_headline(text: str) -> None:
    assert title_of(make_text(text)) == ""


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("20260514-国金证券-液冷行业一周回顾.pdf", "液冷行业一周回顾"),
        (
            "【公司研究】星河液冷-聚焦机柜与特色工艺-20260228[24页].pdf",
            "星河液冷-聚焦机柜与特色工艺",
        ),
        ("20260730-西部证券-液冷高频数据跟踪_10页_502kb.pdf", "液冷高频数据跟踪"),
        ("纪要.v2.txt", "纪要.v2"),
    ],
)
def test_a_files_name_without_what_is_the_files(name: str, title: str) -> None:
    assert file_title(name) == title


@pytest.mark.parametrize(
    "line", [".SZ）、甲股份、乙股份；2）铜", "、丙股份等公司", "跌幅8%以上A股以沪深300为基准"]
)
def test_a_torn_line_or_what_a_rating_means_is_no_headline(line: str) -> None:
    assert title_of(make_text(f"{line}\n液冷需求上行点评\n订单增长。")) == "液冷需求上行点评"
