"""When a document was published: printed, named by the file, or estimated with its evidence."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest

from screener.domain.report import Precision, Publication
from screener.errors import DateRangeError
from screener.reports.dates.publication import index_levels, publication_of, reference_session
from screener.reports.text.text import make_text

TODAY = date(2026, 11, 21)
CHINA = timezone(timedelta(hours=8))
BODY = "公司深耕液冷设备多年,订单充足,产能爬坡顺利。我们维持盈利预测不变。风险提示:需求不及预期。"
LONG = BODY * 8


def published(words: str, *, file_name: str = "", today: date = TODAY) -> Publication:
    return publication_of(make_text(words), file_name=file_name, today=today)


def moment(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=CHINA)


PRINTED = {
    "label and time": ("星河液冷点评 发布时间：2026/05/14 19:48\n" + BODY, "2026-05-14 19:48"),
    "glued time": ("晚间内参2026/05/1419:48今日内容" + BODY, "2026-05-14 19:48"),
    "one-digit month, glued time": ("内参 2026/5/4 19:48 今日内容" + BODY, "2026-05-04 19:48"),
    "one-digit day, one-digit hour": ("内参 2026/5/4 9:48 今日内容" + BODY, "2026-05-04 09:48"),
    "two-digit hour kept whole": ("内参 2026/5/1 12:30 今日内容" + BODY, "2026-05-01 12:30"),
    "seconds": ("星河液冷深度\n2026-05-14 08:31:17 - 投研资讯\n" + BODY, "2026-05-14 08:31:17"),
    "iso with another zone": ("发布时间 2026-05-14T11:48:00Z " + BODY, "2026-05-14 19:48"),
    "iso with zone": ("发布时间 2026-05-14T19:48:00+08:00 " + BODY, "2026-05-14 19:48"),
    "spelled time": ("发表于 2026年5月14日 19时48分 " + BODY, "2026-05-14 19:48"),
    "afternoon": ("发布于2026年5月14日 星期四 下午3:15 " + BODY, "2026-05-14 15:15"),
    "compact with time": ("发布时间：20260514 19:48 " + BODY, "2026-05-14 19:48"),
    "wide letters": ("发布时间：２０２６／０５／１４　１９：４８ " + BODY, "2026-05-14 19:48"),
    "head before a list of notes": (
        "0514内参\n2026/05/14 19:48\n"
        + LONG
        + "研报来源：1、东山证券，甲某，S0000520010001，液冷专题。"
        "2026年5月12日 2、西山证券，乙某，S0000520010002，铜矿专题。2026年5月13日",
        "2026-05-14 19:48",
    ),
    "two labels, one timed": (
        "更新时间:2026-05-14 07:30 报告日期:2026-05-14 " + BODY,
        "2026-05-14 07:30",
    ),
}


@pytest.mark.parametrize(("words", "expected"), PRINTED.values(), ids=PRINTED.keys())
def test_a_printed_time_is_exact(words: str, expected: str) -> None:
    found = published(words)
    assert found.precision is Precision.EXACT
    assert found.value == moment(expected)
    assert found.text().endswith("+08:00")


DAYS = {
    "label": ("星河液冷首次覆盖 报告日期：2026年05月14日 " + BODY, "2026-05-14"),
    "label of an outlet": (
        LONG * 3 + "证券研究报告：《液冷专题》 对外发布时间：2026年5月14日",
        "2026-05-14",
    ),
    "label written by": ("撰写日期:2026.05.14 " + BODY, "2026-05-14"),
    "two-digit year": ("報告日期：26年4月29日 " + BODY, "2026-04-29"),
    "compact": ("出版日期 20260514 " + BODY, "2026-05-14"),
    "chinese digits": ("二〇二六年五月十四日 证券研究报告 " + BODY, "2026-05-14"),
    "chinese digits, zero": ("证券研究报告 二零二六年十一月二十日 " + BODY, "2026-11-20"),
    "chinese tens": ("证券研究报告 二○二六年十月三十日".replace("○", "〇") + BODY, "2026-10-30"),
    "english day first": ("Morning Note 14 May 2026 " + BODY, "2026-05-14"),
    "english month first": ("Equity Research May 14, 2026 " + BODY, "2026-05-14"),
    "english abbreviated": ("Published: 4-Sep-2026 " + BODY, "2026-09-04"),
    "beside the kind of report": (
        "证券研究报告 | 行业周报\n2026年5月24日\n光模块需求旺盛\n" + BODY,
        "2026-05-24",
    ),
    "alone in the head": ("液冷渗透率提升\n2026-05-14\n买入（维持）\n" + BODY, "2026-05-14"),
    "weekday in the head": ("东山证券晨会\n2026年5月14日 星期四\n" + BODY, "2026-05-14"),
    "foot of a page": (
        LONG * 6 + "请务必阅读正文之后的免责条款 2026年05月14日 " + BODY,
        "2026-05-14",
    ),
    "beside the price's day": (
        "证券研究报告 2026年05月14日 收盘价(2026年5月13日) 35.20元 " + BODY,
        "2026-05-14",
    ),
    "before earlier reports": (
        "证券研究报告 2026年05月14日 相关研究 《液冷迎来拐点》2026.04.02 《订单高增》2026.03.11 "
        + BODY,
        "2026-05-14",
    ),
    "after earlier reports": (
        "相关研究 1.《液冷迎来拐点》2026-04-02 2.《订单高增》2026-03-11 报告日期:2026-05-14 "
        + BODY,
        "2026-05-14",
    ),
    "an older label further down": (
        "报告日期:2026-05-14 " + LONG + "更新日期:2026-05-13 " + BODY,
        "2026-05-14",
    ),
    "midnight is no time": ("发布时间:2026-05-14 00:00:00 " + BODY, "2026-05-14"),
    "month and day of a daily": (
        "0514复盘：液冷走强 " + BODY + "2026年5月13日，公司公告中标。",
        None,
    ),
    "later events announced": (
        "报告日期:2026-05-14 " + BODY + "公司将于2026年6月18日召开股东大会。",
        "2026-05-14",
    ),
}


@pytest.mark.parametrize(("words", "expected"), DAYS.values(), ids=DAYS.keys())
def test_a_printed_day_is_a_day(words: str, expected: str | None) -> None:
    found = published(words)
    if expected is None:
        assert date(2026, 5, 13) <= found.day <= date(2026, 5, 15)
        return
    assert (found.value, found.precision) == (date.fromisoformat(expected), Precision.DAY)
    assert found.range_start is None


NAMES = {
    "20260514-东山证券-液冷.pdf": "2026-05-14",
    "东山证券_2026-05-14_液冷.txt": "2026-05-14",
    "液冷深度（2026.05.14）.html": "2026-05-14",
    "2026年5月14日晨报.txt": "2026-05-14",
    "H3_AP202605141823456789_1.pdf": "2026-05-14",
    "通信行业深度报告-260514（35页）.pdf": "2026-05-14",
    "0514内参.txt": "2026-05-14",
    "folder/0514.txt": "2026-05-14",
}


@pytest.mark.parametrize(("name", "expected"), NAMES.items())
def test_the_file_name_tells_the_day(name: str, expected: str) -> None:
    found = published(BODY + "2026年5月12日，公司公告中标。" + BODY, file_name=name)
    assert (found.value, found.precision) == (date.fromisoformat(expected), Precision.DAY)
    assert name in found.evidence


@pytest.mark.parametrize(
    "name",
    ["000_1c6f3903afa05a7c.txt", "004_43f4848faf021758.txt", "300857.txt", "601899深度.pdf", ""],
)
def test_codes_and_hashes_in_a_file_name_are_no_dates(name: str) -> None:
    found = published(BODY + "2026年5月12日，公司公告中标。", file_name=name)
    assert (found.value, found.precision) == (date(2026, 5, 13), Precision.ESTIMATED)


def test_an_event_after_the_file_name_rules() -> None:
    found = published(BODY + "5月16日，公司公告中标。", file_name="20260514.txt")
    assert (found.value, found.precision) == (date(2026, 5, 17), Precision.ESTIMATED)
    assert "2026-05-14" in found.evidence
    assert "2026-05-16" in found.evidence


ESTIMATES = {
    # words: estimate, start of the range, end of the range
    "day of an event": (
        BODY + "2026年5月12日，公司公告中标。" + BODY,
        ("2026-05-13", "2026-05-12", "2026-05-15"),
    ),
    "day without a year": (
        "2025年10月，公司完成扩产。" + BODY + "3月18日，公司发布新品。",
        ("2026-03-19", "2026-03-18", "2026-03-21"),
    ),
    "year from the newest dated fact": (
        "2024年3月5日，公司公告中标。去年12月30日，公司签署协议。2月28日，公司披露进展。",
        ("2024-03-06", "2024-03-05", "2024-03-08"),
    ),
    "day of the price": (
        "星河液冷（301999）买入 收盘价(2026年5月13日) 35.20元 总市值 120亿元 " + BODY,
        ("2026-05-14", "2026-05-13", "2026-05-16"),
    ),
    "prices as of": (
        BODY + "截至2026年5月13日收盘，公司市值120亿元。" + BODY,
        ("2026-05-14", "2026-05-13", "2026-05-16"),
    ),
    "notes of a digest": (
        BODY + "研报来源：1、东山证券，甲某，液冷专题。2026年5月12日 "
        "2、西山证券，乙某，铜矿。2026年5月13日",
        ("2026-05-14", "2026-05-13", "2026-05-16"),
    ),
    "labels of several notes": (
        LONG * 4 + "报告一 发布日期:2026年5月12日 " + LONG + "报告二 发布日期:2026年5月13日",
        ("2026-05-14", "2026-05-13", "2026-05-16"),
    ),
    "month only": (
        "往期报告 《液冷迎来拐点》 2026.03.26 " + BODY + "4月北美云厂商上调报价。" + BODY,
        ("2026-04-20", "2026-04-01", "2026-04-30"),
    ),
    "part of a month": (
        BODY + "2026年4月下旬，北美云厂商上调报价。" + BODY,
        ("2026-04-27", "2026-04-21", "2026-04-30"),
    ),
    "season of reports over": (
        BODY + "2026年4月多家厂商涨价。一季报已披露完毕，板块利润高增。" + BODY,
        ("2026-05-30", "2026-05-01", "2026-06-29"),
    ),
    "figures of a quarter": (
        BODY + "公司26Q1营收12亿元，同比增长40%。" + BODY,
        ("2026-04-30", "2026-04-01", "2026-05-30"),
    ),
    "law and founding count for nothing": (
        BODY
        + "2026年5月12日，公司公告中标。《适当性办法》自2026年7月1日起施行。公司于1998年3月设立。",
        ("2026-05-13", "2026-05-12", "2026-05-15"),
    ),
    "earlier reports only": (
        "相关报告 《液冷迎来拐点》 2026.03.26 《订单高增》 2026.02.11 " + BODY,
        ("2026-04-02", "2026-03-27", "2026-04-26"),
    ),
    "week reviewed": (
        "液冷板块周观点：本周（5月18日-5月22日）板块上涨。2026年5月20日，公司公告中标。" + BODY,
        ("2026-05-24", "2026-05-23", "2026-05-25"),
    ),
    "week reviewed, news of the saturday": (
        "一周回顾：2026年5月18日至5月22日板块下跌0.97%。5月23日，海外厂商发布新一代交换机。" + BODY,
        ("2026-05-24", "2026-05-23", "2026-05-25"),
    ),
    "week in short form": (
        "液冷周报（0518-0522）：算力需求旺盛，2026年景气上行。" + BODY + "5月21日，公司公告中标。",
        ("2026-05-24", "2026-05-23", "2026-05-25"),
    ),
    "week with dots": (
        "周跟踪(2026.05.18-2026.05.22)：算力需求旺盛。" + BODY,
        ("2026-05-24", "2026-05-23", "2026-05-25"),
    ),
    "weekly without its week": (
        "国产算力行业周报 本周板块震荡。2026年3月4日，某厂商发布新品；3月6日，某云厂商宣布提价。"
        + BODY
        + "下周(3月9日-3月13日)关注某大会。预计2026年6月新品量产。",
        ("2026-03-08", "2026-03-07", "2026-03-09"),
    ),
    "weekly with a calendar": (
        "算力周报。本周市场回顾：3月6日，某云厂商宣布提价。2026年2月国内产量增长。"
        + BODY
        + "下周重要事件：3月10日 行业大会；3月12日 财报；3月16日 技术大会。",
        ("2026-03-08", "2026-03-07", "2026-03-09"),
    ),
    "this week, told on its friday": (
        "本周大模型密集更新。3月4日，某公司公告签约。3月6日，某海外厂商发布新模型。2026年2月调用量大增。"
        "3月16日-19日将举办技术大会。" + BODY,
        ("2026-03-08", "2026-03-07", "2026-03-09"),
    ),
    "this week, told on its wednesday": (
        "本周大模型密集更新。2026年3月4日，某公司公告签约。" + BODY,
        ("2026-03-05", "2026-03-04", "2026-03-07"),
    ),
    "sunday's news": (
        "算力周报。2026年3月8日，某云厂商宣布提价。" + BODY,
        ("2026-03-08", "2026-03-08", "2026-03-09"),
    ),
    "first releases expected": (
        BODY + "美国经济发布表 指标 预计公布日期 消费者信心指数 26年4月28日 批发库存 26年4月29日 "
        "中国经济发布表 指标 预计公布日期 采购经理人指数 26年4月30日 外汇储备 26年5月7日",
        ("2026-04-29", "2026-04-26", "2026-04-29"),
    ),
}


@pytest.mark.parametrize(("words", "expected"), ESTIMATES.values(), ids=ESTIMATES.keys())
def test_an_estimate_has_its_range_and_evidence(words: str, expected: tuple[str, str, str]) -> None:
    found = published(words)
    assert found.precision is Precision.ESTIMATED
    assert (found.value, found.range_start, found.range_end) == tuple(
        date.fromisoformat(day) for day in expected
    )
    assert found.evidence.startswith("no date printed; ")


@pytest.mark.parametrize(
    "later",
    [
        "公司将于2026年8月18日召开股东大会。",
        "预计2026年9月新品量产。",
        "公司计划于8月投产二期项目。",
        "有望在2026年10月完成交付。",
        "公司宣布自6月1日起上调报价。",
        "财经日历：6月3日 采购经理人指数；6月9日 通胀数据。",
        "目标在2026年底前达到年产十万台。",
        "我们给出2026E/2027E/2028E盈利预测。",
    ],
)
def test_what_is_still_to_come_changes_nothing(later: str) -> None:
    words = BODY + "2026年5月12日，公司公告中标。" + BODY
    assert published(words + later) == published(words)


def test_traditional_and_broken_lines_give_the_same() -> None:
    words = "報告日期：二〇二六年五月十四日，收市價(2026年5月13日)。「液冷」週報。"
    broken = "\n".join(words)
    assert published(words).value == published(broken).value == date(2026, 5, 14)


@pytest.mark.parametrize(
    "words",
    [
        BODY,
        BODY + "5月12日，公司公告中标。",  # no year, and none to be guessed
        BODY + "液冷股份 +1.2% 沽空资料截至 2026-05-14 16:25。",  # of the page around it
    ],
)
def test_a_text_that_tells_no_day_has_none(words: str) -> None:
    found = published(words, file_name="notes.txt")
    assert (found.value, found.precision, found.range_start) == (None, Precision.UNKNOWN, None)
    assert found.evidence.startswith("no date printed")
    assert found.text() == ""
    with pytest.raises(DateRangeError, match="unknown") as caught:
        found.day  # noqa: B018 (asking is the point)
    assert "report edit" in caught.value.fix


def test_nothing_lies_after_today() -> None:
    words = "报告日期:2026-05-14 " + BODY + "2026年5月12日，公司公告中标。"
    found = published(words, today=date(2026, 5, 12))
    assert found.day == date(2026, 5, 12)
    assert found.range_end == date(2026, 5, 12)


# --- market tables

TABLE = (
    "香港及中国市场指数 收市 每日升跌 恒生指数 20,114 -0.9% "
    "中资企业指数 7,044 -1.3% 沪深300指数 3,958 -0.3%"
)
CLOSES = {
    "HSI.HK": {
        date(2026, 2, 5): 20050.11,
        date(2026, 2, 6): 20114.87,
        date(2026, 2, 9): 20300.0,
    },
    "000300.SH": {
        date(2026, 2, 5): 3958.4,
        date(2026, 2, 6): 3957.6,
        date(2026, 2, 9): 3990.0,
    },
}


def test_index_levels_of_a_table() -> None:
    levels = index_levels(make_text(TABLE))
    assert [(one.listing, one.value, one.decimals) for one in levels] == [
        ("HSI.HK", 20114.0, 0),
        ("HSCEI.HK", 7044.0, 0),
        ("000300.SH", 3958.0, 0),
    ]
    assert make_text(TABLE).clean[slice(*levels[0].place)] == "20,114"


@pytest.mark.parametrize(
    ("words", "listing", "value", "decimals"),
    [
        ("上证指数收于3,312.55点", "000001.SH", 3312.55, 2),
        ("沪深300下跌0.35%，报收4758.21点", "000300.SH", 4758.21, 2),
        ("創業板指 2101.3 1.2%", "399006.SZ", 2101.3, 1),
        ("沪深300 4758.21 -0.3%", "000300.SH", 4758.21, 2),
        ("恒生科技指数跌1.2%，收报4,812.33点", "HSTECH.HK", 4812.33, 2),
    ],
)
def test_index_levels_of_a_sentence(words: str, listing: str, value: float, decimals: int) -> None:
    (level,) = index_levels(make_text(words))
    assert (level.listing, level.value, level.decimals) == (listing, value, decimals)


@pytest.mark.parametrize(
    "words",
    ["沪深300指数上涨0.97%", "以沪深300指数为基准", "恒生指数涨120%", "跑赢沪深300指数20%以上"],
)
def test_moves_and_benchmarks_are_no_levels(words: str) -> None:
    assert index_levels(make_text(words)) == ()


def test_the_session_is_the_one_that_fits_every_level() -> None:
    # CSI 300 alone fits two sessions when rounded; the Hang Seng level is cut off, not rounded.
    levels = index_levels(make_text(TABLE))
    assert reference_session(levels, CLOSES) == date(2026, 2, 6)
    only = {"000300.SH": CLOSES["000300.SH"]}
    assert reference_session(levels, only) is None
    assert reference_session(levels, {}) is None


def test_an_exchange_at_rest_stands_at_its_last_close() -> None:
    closes = {
        "HSI.HK": {date(2026, 2, 5): 20114.2},
        "000300.SH": {date(2026, 2, 5): 3900.0, date(2026, 2, 6): 3958.0},
    }
    assert reference_session(index_levels(make_text(TABLE)), closes) == date(2026, 2, 6)


def test_a_market_table_dates_the_note_to_the_next_weekday() -> None:
    found = publication_of(make_text(TABLE + BODY), file_name="", today=TODAY, closes=CLOSES)
    assert found.value == date(2026, 2, 9)  # 02-06 is a Friday
    assert found.range_start == moment("2026-02-09 00:00")
    assert found.range_end == date(2026, 2, 9)
    assert "2026-02-06" in found.evidence
    assert "holidays are not looked up" in found.evidence


def test_an_event_after_the_table_rules() -> None:
    words = TABLE + BODY + "2026年2月11日，公司公告中标。"
    found = publication_of(make_text(words), file_name="", today=TODAY, closes=CLOSES)
    assert found.value == date(2026, 2, 12)


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("2026-05-07 07:42\n\n①某部门拟就低空出台指引；推荐甲。", "2026-05-07T07:42+08:00"),
        ("2026-04-13 20:15\n\n1、有色\n测试甲 登记编号S0", "2026-04-13T20:15+08:00"),
        ("2026.04.12\n[Table_Invest] 评级：增持", "2026-04-12"),
    ],
)
def test_a_stamp_in_the_head_stands_whatever_follows_it(printed: str, expected: str) -> None:
    found = publication_of(make_text(printed), file_name="x.txt", today=date(2026, 11, 21))
    assert found.text() == expected


CLOSE = "星河液冷（301999）经营稳健。公司于2025年4月8日发布经营数据公告。" + BODY
HEADLINES = [
    "东山证券\n食品饮料行业周报\n2025年4月29日\n",
    "电力点评：一季度业绩超预期\n2025年4月29日\n",
    "2025年4月29日\n公司点评：静待花开\n",
    "建筑材料行业点评\n2025-04-29\n当前股价：28元\n",
    "股权激励计划落地 2025-04-29 前次评级：买入 ",
    "回购计划彰显信心，目标价30元\n2025/04/29\n预计三年翻番\n",
    "新材料平台成形，拐点将至 2025-04-29 对标海外龙头 ",
    "需求展望 2025年4月29日 在手订单充足 ",
    "星河液冷(301999) 买入(维持) 2025年4月29日 ",
    "Galaxy Cooling (301999 CH) BUY (Maintain) 1 29 Apr 2025 Target price RMB 30 ",
    "20252025年年0404月月2929日日 液冷深度 ",
    "2025年4月29日 大行报告 液冷 ~ 某行 ",
    "20250429【某站】液冷行业点评报告：静待花开 | 某站 ",
    "上传时间：2025-05-03 页数：十页 20250429-东山证券-液冷点评.pdf 下载积分 ",
    "发布时间: 2025年05月02日 栏目:行业研报 液冷点评 | 行业周报 | 2025.04.29 ",
    "原文 https://www.example.com/2025-04-29/1.html ",
    "原文 https://www.example.com/report/2025/0429/index.html ",
    "原文 https://www.example.com/t20250429_1.html ",
    "29-Apr-25 | Galaxy Cooling\n",
    "液冷日报 29/4/2025\n行情\n",
]


@pytest.mark.parametrize("head", HEADLINES)
def test_the_date_of_a_heading_is_printed_whatever_words_stand_beside_it(head: str) -> None:
    found = published(head + CLOSE)
    assert (found.value, found.precision) == (date(2025, 4, 29), Precision.DAY)


@pytest.mark.parametrize("signed", ["国金证券· ", "开源证券研究所 | ", "招银国际·"])
def test_a_broker_and_a_stamp_sign_what_they_stand_under(signed: str) -> None:
    head = f"搜索文档\n液冷行业：订单超预期\n{signed}2025-04-29 08:16\n"
    found = published(head + CLOSE + f"\n铜行业深度\n{signed}2025-04-29 09:40\n")
    assert (found.value, found.precision) == (moment("2025-04-29 08:16"), Precision.EXACT)


def test_the_days_of_a_list_of_notes_are_not_those_of_the_list() -> None:
    listed = "".join(f"【某业】{name}-20250428 " for name in ("需求回暖", "格局优化", "景气上行"))
    found = published("【朝闻东山0429】资金面宽松 今日概览 " + listed + BODY)
    assert (found.value, found.precision) == (date(2025, 4, 29), Precision.DAY)


@pytest.mark.parametrize(
    "sentence",
    [
        "公司拟于2025年4月29日召开大会。",
        "公司将于2025年4月29日复牌。",
        "计划于2025年4月29日投产。",
        "东山证券2025年4月29日发布研报。",
    ],
)
def test_a_day_in_the_first_sentence_is_no_heading(sentence: str) -> None:
    assert published(sentence + BODY).precision is not Precision.DAY


@pytest.mark.parametrize(
    "words",
    [
        "会议时间：2025年4月28日 参会人员 ",
        "上市日期：2025-04-28 ",
        "调研日期：2025-04-28 接待人员 ",
        "股价（2025-04-28）20元 ",
        "市场数据（2025-04-28） 收盘价 20.1 ",
        "事件：2025年4月28日公司发布一季报。",
        "公司2025年4月28日晚公告中标。",
    ],
)
def test_the_day_of_something_else_is_not_printed_as_the_reports(words: str) -> None:
    assert published(words + BODY).precision in (Precision.ESTIMATED, Precision.UNKNOWN)
