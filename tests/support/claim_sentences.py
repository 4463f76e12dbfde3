"""Sentences about invented companies with the claims that they make."""

from __future__ import annotations

import re
from datetime import date

from screener.domain.listing import parse_listing
from screener.reports.text.found import Spotted
from screener.reports.text.text import Place, clean_name

__all__ = [
    "BAY",
    "CASE",
    "CASES",
    "CELLS",
    "DAY",
    "FORECAST",
    "GROWTH",
    "HILL",
    "ISLE",
    "MAP",
    "STAR",
    "SUNDAY",
    "THURSDAY",
    "VALUATIONS",
    "WEEK",
    "spotted",
]

STAR, HILL, BAY, ISLE, MAP = "晨星科技", "远山电子", "蓝湾股份", "海岳集团", "河图软件"
CODES = {
    STAR: ("300901.SZ",),
    HILL: ("603901.SH",),
    BAY: ("000901.SZ",),
    ISLE: ("00901.HK",),
    MAP: ("688901.SH", "00988.HK"),  # listed in both markets
}
THURSDAY, SUNDAY = date(2026, 5, 14), date(2026, 5, 24)
WEEK, DAY = "return over the week to that day", "return on that day"
GROWTH = " growth, year on year"


def spotted(clean: str) -> list[Spotted]:
    """Return every place at which a text names one of the companies."""
    return [
        Spotted(listing=parse_listing(code), name=match[0], place=Place(match.start(), match.end()))
        for match in re.finditer("|".join(map(clean_name, CODES)), clean)
        for code in CODES[match[0]]
    ]


# Subject, measure, value, unit, as_of, remark.
CASES: list[tuple[str, list[tuple[str, str, float, str, str, str]]]] = [
    (
        f"{STAR}2026Q1营收12.34亿元，同比+192.90%；归母净利润1.50亿元，同比+343.45%；"
        "另采购设备超212亿元。",
        [
            (STAR, "revenue", 1.234e9, "CNY", "2026Q1", ""),
            (STAR, f"revenue{GROWTH}", 1.929, "fraction", "2026Q1", ""),
            (STAR, "net profit", 1.5e8, "CNY", "2026Q1", ""),
            (STAR, f"net profit{GROWTH}", 3.4345, "fraction", "2026Q1", ""),
        ],
    ),
    (
        f"1. {STAR} (300901 SZ, 股价 26.18 元人民币, 市值 1,280 亿元人民币)："
        "消息显示，该公司拥有设备。"
        "2026 年第一季度，收入按年增长 193% 至 60.9 亿元人民币，"
        "净利润按年增长约 3.4 倍至 7.5 亿元人民币。"
        "该股目前对应 2026 年预测 EV/Revenue 为 7.8 倍。",
        [
            (STAR, "price", 26.18, "CNY", "", ""),
            (STAR, "market cap", 1.28e11, "CNY", "", ""),
            (STAR, "revenue", 6.09e9, "CNY", "2026Q1", ""),
            (STAR, f"revenue{GROWTH}", 1.93, "fraction", "2026Q1", ""),
            (STAR, "net profit", 7.5e8, "CNY", "2026Q1", ""),
            (STAR, f"net profit{GROWTH}", 3.4, "fraction", "2026Q1", "about"),
            (STAR, "EV/revenue", 7.8, "x", "2026E", ""),
        ],
    ),
    (
        f"{STAR}26Q1经营活动现金流量净额3.48亿元，同比+1260.75%。",
        [
            (STAR, "operating cash flow", 3.48e8, "CNY", "2026Q1", ""),
            (STAR, f"operating cash flow{GROWTH}", 12.6075, "fraction", "2026Q1", ""),
        ],
    ),
    (f"{STAR}：光学积累深，2026年PE仅11.63倍", [(STAR, "PE", 11.63, "x", "2026", "forecast year")]),
    (
        f"{STAR}2026年预测PE为11-12倍。",
        [
            (STAR, "PE, low end", 11.0, "x", "2026E", ""),
            (STAR, "PE, high end", 12.0, "x", "2026E", ""),
        ],
    ),
    (
        f"我们预计{STAR}2026-2028年归母净利润分别为10.2、15.3、20.1亿元，对应PE分别为30/20/15倍。",
        [
            (STAR, "net profit", 1.02e9, "CNY", "2026E", ""),
            (STAR, "net profit", 1.53e9, "CNY", "2027E", ""),
            (STAR, "net profit", 2.01e9, "CNY", "2028E", ""),
            (STAR, "PE", 30.0, "x", "2026E", ""),
            (STAR, "PE", 20.0, "x", "2027E", ""),
            (STAR, "PE", 15.0, "x", "2028E", ""),
        ],
    ),
    (
        f"预计{STAR}对应26/27年PE 20/15倍，给予2026年25倍PE，目标价30.5元。",
        [
            (STAR, "PE", 20.0, "x", "2026E", ""),
            (STAR, "PE", 15.0, "x", "2027E", ""),
            (STAR, "target price", 30.5, "CNY", "", ""),
        ],
    ),
    (
        f"{STAR}目前对应2026年15倍PE，PB仅1.2x，股息率5.3%。",
        [
            (STAR, "PE", 15.0, "x", "2026", "forecast year"),
            (STAR, "PB", 1.2, "x", "", ""),
            (STAR, "dividend yield", 0.053, "fraction", "", ""),
        ],
    ),
    (
        f"截至2026年4月28日收盘，{STAR}股价264.18元，总市值1,280亿元，PE（TTM）为35.2倍。",
        [
            (STAR, "price", 264.18, "CNY", "2026-04-28", ""),
            (STAR, "market cap", 1.28e11, "CNY", "2026-04-28", ""),
            (STAR, "PE (TTM)", 35.2, "x", "2026-04-28", ""),
        ],
    ),
    (
        f"{STAR}股价264.18元（2026年4月28日收盘价）。",
        [(STAR, "price", 264.18, "CNY", "2026-04-28", "")],
    ),
    (f"以5月12日收盘价计，{STAR}现价12.5元。", [(STAR, "price", 12.5, "CNY", "2026-05-12", "")]),
    (
        f"{ISLE}（0901.HK）现价HK$45.20，市值约800亿港元，目标价由40港元上调至55港元。",
        [
            (ISLE, "price", 45.2, "HKD", "", ""),
            (ISLE, "market cap", 8e10, "HKD", "", "about"),
            (ISLE, "target price", 55.0, "HKD", "", ""),
        ],
    ),
    (f"{ISLE}股价45.2元。", []),  # of which currency is not told
    (f"{STAR}股价45.2港元。", []),  # trades in CNY
    (f"{STAR}总市值约12亿美元，股价15.2美元。", []),
    (f"{MAP}股价45.2港元。", [(MAP, "price", 45.2, "HKD", "", "")]),
    (
        f"{STAR}2025年实现营业收入45.6亿元，同比下滑12.3%，归母净利润亏损2.1亿元。",
        [
            (STAR, "revenue", 4.56e9, "CNY", "2025", ""),
            (STAR, f"revenue{GROWTH}", -0.123, "fraction", "2025", ""),
            (STAR, "net profit", -2.1e8, "CNY", "2025", ""),
        ],
    ),
    (f"{STAR}2025年营收同比-12.3%。", [(STAR, f"revenue{GROWTH}", -0.123, "fraction", "2025", "")]),
    (f"{STAR}2025年营收同比−12.3%。", [(STAR, f"revenue{GROWTH}", -0.123, "fraction", "2025", "")]),
    (
        f"{STAR}26Q1实现营收/归母净利润12.3/2.1亿元，同比+20.1%/-30.2%，环比+5%/+6%。",
        [
            (STAR, "revenue", 1.23e9, "CNY", "2026Q1", ""),
            (STAR, "net profit", 2.1e8, "CNY", "2026Q1", ""),
            (STAR, f"revenue{GROWTH}", 0.201, "fraction", "2026Q1", ""),
            (STAR, f"net profit{GROWTH}", -0.302, "fraction", "2026Q1", ""),
        ],
    ),
    (
        f"{STAR}2025年前三季度营收30.1亿元，扣非归母净利润2.05亿元，经营活动现金流量净额-1.2亿元。",
        [
            (STAR, "revenue", 3.01e9, "CNY", "2025Q1-Q3", ""),
            (STAR, "net profit, without non-recurring items", 2.05e8, "CNY", "2025Q1-Q3", ""),
            (STAR, "operating cash flow", -1.2e8, "CNY", "2025Q1-Q3", ""),
        ],
    ),
    (f"{STAR}2025年1-9月营收30亿元。", [(STAR, "revenue", 3e9, "CNY", "2025Q1-Q3", "")]),
    (f"{STAR}25H1收入30亿元。", [(STAR, "revenue", 3e9, "CNY", "2025H1", "")]),
    (f"{STAR}一季度营收3亿元。", [(STAR, "revenue", 3e8, "CNY", "2026Q1", "")]),
    (f"{STAR}营收3亿元。", []),  # no period
    (f"{STAR}2025年营收由10亿元增长至12.5亿元。", [(STAR, "revenue", 1.25e9, "CNY", "2025", "")]),
    (f"{STAR}2025年净利润同比增加2.3亿元。", []),
    (
        f"{STAR}2025年营业收入超过100亿元，净利润近5亿元。",
        [
            (STAR, "revenue", 1e10, "CNY", "2025", "more than"),
            (STAR, "net profit", 5e8, "CNY", "2025", "about"),
        ],
    ),
    (
        f"事件：{STAR}发布2026年一季报，26Q1营收12.34亿元1，YoY+20.1%，QoQ-3%；归母净利润1.2亿元。",
        [
            (STAR, "revenue", 1.234e9, "CNY", "2026Q1", ""),
            (STAR, f"revenue{GROWTH}", 0.201, "fraction", "2026Q1", ""),
            (STAR, "net profit", 1.2e8, "CNY", "2026Q1", ""),
        ],
    ),
    # Not the company's own, or not that measure.
    (f"{STAR}光模块业务2025年收入12.3亿元，毛利率改善4.43pct，净利率5.2%。", []),
    (f"租赁贡献约90%收入，{STAR}2025年净利润率5%，收入占比20%。", []),
    (f"可比公司2026年平均PE为30倍，{STAR}估值较低。", []),
    (f"{STAR}子公司2025年营收12亿元。", []),
    (f"{STAR}股价上涨20%，市值管理持续推进，市值空间1500亿元，PET铜箔20倍。", []),
    (f"{STAR}的EPS为1.2元，ROE为12%，订单50亿元。", []),
    # Whose.
    (
        f"{STAR}与{HILL}签订50亿元合同，2026Q1收入同比增长42%至9.97亿元。",
        [
            (STAR, "revenue", 9.97e8, "CNY", "2026Q1", ""),
            (STAR, f"revenue{GROWTH}", 0.42, "fraction", "2026Q1", ""),
        ],
    ),
    (
        f"{STAR}主要客户包括{BAY}，2026年一季度营收同比增长20%。",
        [(STAR, f"revenue{GROWTH}", 0.2, "fraction", "2026Q1", "")],
    ),
    (
        f"{STAR}：为{HILL}供货，并向{BAY}供货。2026年第一季度，收入9.97亿元。",
        [(STAR, "revenue", 9.97e8, "CNY", "2026Q1", "")],
    ),
    (f"{STAR}持有{HILL}5%股权，市值12亿元。", []),
    (
        f"{STAR}：持有{HILL}5%股权，2025年营收3亿元。",
        [(STAR, "revenue", 3e8, "CNY", "2025", "")],
    ),
    (
        f"上周板块上涨2.3%，其中{STAR}（+5.2%）、{HILL}（+4.1%）领涨。",
        [
            (STAR, WEEK, 0.052, "fraction", "2026-05-08", ""),
            (HILL, WEEK, 0.041, "fraction", "2026-05-08", ""),
        ],
    ),
    (f"{HILL}和{STAR}合作。公司2026Q1归母净利润3,200万元。", []),
    (
        f"{STAR}是龙头。公司2026Q1归母净亏损3,200万元，同比转亏。",
        [(STAR, "net profit", -3.2e7, "CNY", "2026Q1", "")],
    ),
    (f"关注{STAR}、{HILL}等。2026Q1营收3亿元。", []),
    (
        f"{STAR}、{HILL}2026年PE分别为20倍、15倍。",
        [
            (STAR, "PE", 20.0, "x", "2026", "forecast year"),
            (HILL, "PE", 15.0, "x", "2026", "forecast year"),
        ],
    ),
    (f"{STAR}、{HILL}、{BAY}2026年PE分别为20倍、15倍。", []),
    (
        f"{STAR}（300901.SZ，股价30.2元，PE 20倍）、{HILL}（603901.SH，股价15.5元）值得关注。",
        [
            (STAR, "price", 30.2, "CNY", "", ""),
            (STAR, "PE", 20.0, "x", "", ""),
            (HILL, "price", 15.5, "CNY", "", ""),
        ],
    ),
    (
        f"{STAR}：2025年营收3亿元。风险提示：2025年营收5亿元。",
        [(STAR, "revenue", 3e8, "CNY", "2025", "")],
    ),
    (
        f"{STAR}（300901）基本数据 收盘价(元)12.34 总市值(亿元)123.45 市盈率(倍)20.5"
        " 流通市值(亿元)100.2",
        [
            (STAR, "price", 12.34, "CNY", "", ""),
            (STAR, "market cap", 1.2345e10, "CNY", "", ""),
            (STAR, "PE", 20.5, "x", "", ""),
            (STAR, "float market cap", 1.002e10, "CNY", "", ""),
        ],
    ),
    # Moves.
    (
        f"上周涨幅前五为{STAR}（27.98%）、{HILL}（17.00%）；跌幅前五为{BAY}（-9.22%）、{ISLE}（9.31%）。",
        [
            (STAR, WEEK, 0.2798, "fraction", "2026-05-08", ""),
            (HILL, WEEK, 0.17, "fraction", "2026-05-08", ""),
            (BAY, WEEK, -0.0922, "fraction", "2026-05-08", ""),
            (ISLE, WEEK, -0.0931, "fraction", "2026-05-08", ""),
        ],
    ),
    (
        f"上周涨幅居前的有{STAR}、{HILL}，分别上涨5.2%、4.1%。",
        [
            (STAR, WEEK, 0.052, "fraction", "2026-05-08", ""),
            (HILL, WEEK, 0.041, "fraction", "2026-05-08", ""),
        ],
    ),
    (f"上周{STAR}、{HILL}、{BAY}分别上涨5.2%、4.1%。", []),
    (
        f"本周（5月4日-5月8日）个股涨跌：{STAR}（+27.98%）、{HILL}(-17.00%)涨跌幅居前。",
        [
            (STAR, WEEK, 0.2798, "fraction", "2026-05-08", ""),
            (HILL, WEEK, -0.17, "fraction", "2026-05-08", ""),
        ],
    ),
    (
        f"今日{STAR}收涨3.2%，{HILL}下跌1.5%。",
        [
            (STAR, DAY, 0.032, "fraction", "2026-05-14", ""),
            (HILL, DAY, -0.015, "fraction", "2026-05-14", ""),
        ],
    ),
    (
        f"年初至今{STAR}累计上涨45.6%。",
        [(STAR, "return over the year to that day", 0.456, "fraction", "2026-05-14", "")],
    ),
    (f"近一个月{STAR}上涨45.6%。", []),
    (f"{STAR}上涨45.6%。", []),  # over what time is not told
    (f"上周{STAR}产品价格上涨45.6%，{HILL}上涨空间30%。", []),
    (f"禾苗计划：{STAR}（27.98%）持股。", []),
    ("上周沪深300指数上涨1.2%。", [("沪深300", WEEK, 0.012, "fraction", "2026-05-08", "")]),
    ("", []),
]

CELLS = [
    ["代码", "名称", "评级", "目标价（元）", "空间"],
    ["300901", STAR, "买入", "25.5", "20%"],
    ["603901", HILL, "增持", "30.25", "11%"],
    ["000901", BAY, "买入", "7->8.25", "9%"],
]
"""A table of target prices."""

CASE = (
    "以2,000个GPU的集群为例：总投资额约需10亿元，其中8亿元用于约200台服务器，2亿元用于基础设施。"
    "约20%为股权资本，80%来自银行贷款，借款成本约5%，签订4年合约，每年租金2至3亿元，回本期约为{}年。"
)
"""A worked case, but for its payback."""

FORECAST = [["指标", "2024A", "2025A", "2026E", "2027E"],
            ["营业收入（百万元）", "5,876", "6,271", "5727", "6882"],
            ["增长率", "33.6%", "6.7%", "-8.7%", "20.2%"],
            ["归母净利润（百万元）", "70", "429", "363", "481"],
            ["每股收益（元）", "0.06", "0.37", "0.31", "-0.41"]]  # fmt: skip
"""A table of forecasts."""

VALUATIONS = [
    ["公司名称", "代码", "股价(元)", "市值(亿元)", "EV/Revenue 2026E", "PE(TTM)"],
    [STAR, "300901", "264.18", "1,280", "7.8", "35.2"],
    [HILL, "603901", "335.99", "516", "17.4x", "-"],
]
"""A table of valuations."""
