"""What stands beside a name: verbs, figures, other names, blanks, houses that are quoted."""

from __future__ import annotations

import pytest

from tests.support.mentions import ids


@pytest.mark.parametrize(
    "parted",
    ["{}、{}、{}", "{},{},{}", "{};{};{}", "{} {} {}", "{}\n{}\n{}", "{}丨{}丨{}", "{}│{}│{}",
     "{}/{}/{}", "- {}\n- {}\n- {}", "1. {} 2. {} 3. {}", "{}（买入）、{}（增持）、{}"],
)  # fmt: skip
def test_a_list_in_any_make(parted: str) -> None:
    text = parted.format("中国软件", "东阳光", "英维克")
    assert ids(f"推荐标的：{text}\n风险提示：需求不足") == ["600536.SH", "600673.SH", "002837.SZ"]


def test_names_that_touch_are_names() -> None:
    assert ids("重点推荐中国软件太极股份英维克。") == ["600536.SH", "002368.SZ", "002837.SZ"]


def test_a_word_between_commas_is_a_name_beside_certain_ones() -> None:
    assert ids("推荐亿纬锂能,太阳能,英维克。") == ["300014.SZ", "000591.SZ", "002837.SZ"]
    assert ids("亿纬锂能扩产,太阳能装机提升。") == ["300014.SZ"]


@pytest.mark.parametrize(
    ("text", "listings"),
    [
        ("英维克公布一季报。", ["002837.SZ"]),
        ("公告：老百姓：回购股份。三棵树公布分红方案。", ["603883.SH", "603737.SH"]),
        ("老百姓消费意愿回升。三棵树下开会。", []),
        ("4月29日双汇发展召开会议。", ["000895.SZ"]),
        ("个股：中国软件+4.27%，太极股份-3.5%。", ["600536.SH", "002368.SZ"]),
        ("周报\n中国软件 计算机 2022-10-27 67.44", ["600536.SH"]),
        ("申报\n太极股份\n电子行业", ["002368.SZ"]),
        ("2025年 中国电影 市场规模", []),
    ],
)
def test_what_follows_tells_a_company(text: str, listings: list[str]) -> None:
    assert ids(text) == listings


def test_words_that_fill_cells_beside_certain_names() -> None:
    rows = "简称 EPS 评级\n亿纬锂能 11.2 买入\n太阳能 0.4 增持\n英维克 1.1 买入"
    assert ids(rows) == ["300014.SZ", "000591.SZ", "002837.SZ"]


@pytest.mark.parametrize(
    "text",
    [
        "瑞博生物递表港交所。",
        "公司向港交所提交上市申请。",
        "在香港交易所主板挂牌。",
    ],
)
def test_an_exchange_where_something_is_listed_is_no_security(text: str) -> None:
    assert ids(text) == []


def test_an_exchange_that_is_spoken_of_is_one() -> None:
    assert ids("推荐香港交易所，维持买入评级。") == ["00388.HK"]


@pytest.mark.parametrize(
    "text",
    [
        "中信证券（600030）研报表示，需求回升。",
        "中国银河（601881）证券研报表示，需求回升。",
        "天风证券（601162）对赛力斯的评级从增持调高至买入。",
        "赛力斯获西部证券（002673）给予“买入”评级。",
        "中信证券（600030）：维持赛力斯买入评级。",
        "其次为长江证券和东方证券联合推荐的赛力斯。",
        "赛力斯获中信证券、华泰证券、国泰海通推荐。",
        "参与调研的机构包括中信证券、华泰证券、广发证券等。",
        "招商证券、中信证券、华泰证券等多家券商推荐赛力斯。",
        "华泰证券· 2025-09-15 10:00",
        "机构 评级 目标价\n中信证券 50.5 买入\n华泰证券 48.5 增持",
    ],
)
def test_a_house_that_is_quoted_is_no_security(text: str) -> None:
    assert set(ids(text)) <= {"601127.SH", "09927.HK"}


@pytest.mark.parametrize(
    ("text", "listings"),
    [
        ("中信证券+3.54%，中国太保+2.72%。", ["600030.SH", "601601.SH"]),
        ("简称 股价 EPS\n中信证券 21.7 0.86\n华泰证券 17.4 0.88", ["600030.SH", "601688.SH"]),
        ("维持中信证券“买入”评级。", ["600030.SH"]),
        ("中信证券发布三季报，净利润增长。", ["600030.SH"]),
        ("推荐中信证券,东方财富。", ["600030.SH", "300059.SZ"]),
        ("头部券商：中信证券、华泰证券。", ["600030.SH", "601688.SH"]),
        ("中信证券（600030）：业绩增长，维持买入评级。", ["600030.SH"]),
        ("中国银河证券（601881.SH）业绩大增。", ["601881.SH"]),
    ],
)
def test_a_firm_that_is_spoken_of_is_one(text: str, listings: list[str]) -> None:
    """The mainland line stands first where nothing tells."""
    mainland = {"06030.HK": "600030.SH", "02601.HK": "601601.SH", "06886.HK": "601688.SH",
                "06881.HK": "601881.SH"}  # fmt: skip
    assert [mainland.get(one, one) for one in ids(text)] == listings


def test_english_names_in_english() -> None:
    assert ids("We prefer Tencent and Kuaishou Technology, then Sunny Optical.") == [
        "00700.HK",
        "01024.HK",
        "02382.HK",
    ]
    assert ids("Value5) KuaishouMarket value6) TencentMarket value") == ["01024.HK", "00700.HK"]
    assert ids("Tencent Video and Baidu Cloud grow; the tencent of toys.") == []


def test_a_name_that_a_page_cuts_with_the_number_of_its_part() -> None:
    text = "看好贵州茅\n2、台和中国软\n3、件，其次\n4、泸州老窖"
    assert ids(text) == ["600519.SH", "600536.SH", "000568.SZ"]
    assert ids("1、海外需求\n2、软件出口增长") == []


def test_what_a_company_spends_is_no_other_body() -> None:
    assert ids("腾讯资本开支增长，五粮液基金持仓下降。") == ["00700.HK", "000858.SZ"]
    assert ids("腾讯资本、五粮液基金成立。") == []


def test_a_name_of_a_firm_may_be_followed_by_anything() -> None:
    assert ids("太极股份产品中标。") == ["002368.SZ"]
    assert ids("中国软件产品中标。") == []


def test_abbreviations_in_capitals() -> None:
    assert ids("SMIC and CATL are our picks; ABC of growth") == ["00981.HK", "03750.HK"]
