"""Where a text names a listing: names, codes, both at odds, and all that only looks like a name."""

from __future__ import annotations

from datetime import date

import pytest

from screener.domain.listing import parse_listing
from screener.reports.securities.mentions import SURE
from screener.reports.securities.name_index import NameIndex, NameRow, build_index
from screener.reports.text.found import DoubtKind
from screener.reports.text.text import make_text
from tests.support.mentions import asked, ids, read, small

# ---- names with their marks ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "listings"),
    [
        ("关注*ST暮山、ST芷澜。", ["301992.SZ", "301993.SZ"]),
        ("关注暮山、芷澜与澄岳科技。", ["301992.SZ", "301993.SZ", "301990.SZ"]),
        ("关注＊ＳＴ暮山、澄岳科技。", ["301992.SZ", "301990.SZ"]),
        ("关注云砚微-U、澄岳科技。", ["688990.SH", "301990.SZ"]),
        ("关注云砚微－Ｕ（688990）。", ["688990.SH"]),
        ("关注衡屿智能-W、澄岳科技。", ["07990.HK", "301990.SZ"]),
        ("关注百度集团-SW、小米集团。", ["09888.HK", "01810.HK"]),
        ("关注万科Ａ、京东方A、深天马A。", ["000002.SZ", "000725.SZ", "000050.SZ"]),
        ("关注万科、京东方、格力电器。", ["000002.SZ", "000725.SZ", "000651.SZ"]),
        ("关注澄 岳\n科 技、启沅\n股份。", ["301990.SZ", "301991.SZ"]),
        ("關注澄岳科技、啟沅股份。", ["301990.SZ", "301991.SZ"]),
    ],
)
def test_names_with_marks_blanks_and_wide_letters(text: str, listings: list[str]) -> None:
    assert ids(text) == listings


def test_the_printed_name_may_go_on_where_the_master_cut_it() -> None:
    text = "建议关注怡球资源、正帆科技（688596）。正帆科技订单增长。"
    mentions, _ = read(text)
    clean = make_text(text).clean
    assert [clean[slice(*one.place)] for one in mentions] == ["怡球资源", "正帆科技", "正帆科技"]


def test_a_cut_name_is_completed_from_its_own_code_in_the_text() -> None:
    """A new share's three characters, of which the master has two."""
    text = "关注长进光子（688635.SH）。长进光子新品放量，长进光子的订单增长。"
    mentions, _ = read(text)
    clean = make_text(text).clean
    assert [one.listings[0].id for one in mentions] == ["688635.SH"] * 3
    assert {clean[slice(*one.place)] for one in mentions} == {"长进光子"}


# ---- as of the day -------------------------------------------------------------------------------


def renamed() -> NameIndex:
    """A name that moved from one company to another."""
    return small(
        NameRow(listing="301901.SZ", name="珩岑股份", valid_from=date(2025, 1, 1)),
        NameRow(listing="301901.SZ", name="玥坤科技", valid_from=date(2026, 1, 1)),
        NameRow(listing="301902.SZ", name="翊峤股份", valid_from=date(2025, 1, 1)),
        NameRow(listing="301902.SZ", name="珩岑股份", valid_from=date(2026, 3, 1)),
    )


def test_a_name_means_the_company_that_bore_it_on_the_day() -> None:
    names = renamed()
    assert ids("关注珩岑股份、协创数据。", names, date(2025, 6, 1)) == ["301901.SZ", "300857.SZ"]
    assert ids("关注珩岑股份、协创数据。", names, date(2026, 4, 1)) == ["301902.SZ", "300857.SZ"]


def test_a_former_name_is_still_understood() -> None:
    assert ids("关注玥坤科技、翊峤股份。", renamed(), date(2026, 4, 1)) == [
        "301901.SZ",
        "301902.SZ",
    ]
    assert ids("关注韦尔股份、北方华创。") == ["603501.SH", "002371.SZ"]


def test_a_company_that_is_not_listed_yet_is_no_security() -> None:
    names = small(NameRow(listing="301903.SZ", name="澔巍科技", list_date=date(2026, 3, 10)))
    text = "关注澔巍科技、协创数据。"
    assert ids(text, names, date(2026, 3, 9)) == ["300857.SZ"]
    assert ids(text, names, date(2026, 3, 10)) == ["301903.SZ", "300857.SZ"]


def test_a_company_that_has_left_the_exchange_is_none_either() -> None:
    names = small(NameRow(listing="301903.SZ", name="澔巍科技", delist_date=date(2026, 3, 10)))
    text = "关注澔巍科技、协创数据。"
    assert ids(text, names, date(2026, 3, 9)) == ["301903.SZ", "300857.SZ"]
    assert ids(text, names, date(2026, 3, 10)) == ["300857.SZ"]


# ---- codes beside names --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "printed",
    [
        "协创数据（300857）",
        "协创数据（300857.SZ）",
        "协创数据(300857 SZ)",
        "协创数据【300857.SZ】",
        "协创数据300857.SZ",
        "协创数据（股票代码：300857）",
        "协创数据：300857",
        "300857 协创数据",
        "300857.SZ 协创数据",
        "（300857）协创数据",
        "SZ300857协创数据",
    ],
)
def test_a_name_with_its_code_is_certain(printed: str) -> None:
    mentions, questions = read(f"关注{printed}。")
    (only,) = mentions
    assert (only.listings[0].id, only.coded, only.confidence) == ("300857.SZ", True, 1.0)
    assert questions == ()


def test_the_code_decides_between_companies_of_one_name() -> None:
    for code in ("000831.SZ", "00769.HK"):
        (only,) = read(f"中国稀土（{code}）增长。")[0]
        assert only.listings[0].id == code


def test_the_code_decides_between_the_lines_of_one_company() -> None:
    for code in ("601899.SH", "02899.HK"):
        (only,) = read(f"紫金矿业（{code}）增长。")[0]
        assert only.listings[0].id == code


@pytest.mark.parametrize(
    "text",
    ["关注300857.SZ。", "关注（300857）。", "关注【300857】、300990.SZ。", "300857 SZ 264.18"],
)
def test_a_code_alone_is_taken_where_its_exchange_or_a_bracket_is_printed(text: str) -> None:
    assert ids(text)[0] == "300857.SZ"


@pytest.mark.parametrize(
    "text",
    [
        "产量300857吨。",  # bare digits
        "上证指数（000001.SH）上涨。",  # an index that shares its digits with a bank
        "华夏成长（000001.OF）净值上升。",
        "沪深300（000300.SH）走平。",
    ],
)
def test_a_number_or_an_index_is_no_security(text: str) -> None:
    assert ids(text) == []


def test_codes_in_rows_that_touch() -> None:
    text = "代码 现价\n300857.SZ 264.18\n301396.SZ 335.99\n603629.SH 119.35\n"
    assert ids(text) == ["300857.SZ", "301396.SZ", "603629.SH"]


def test_a_code_that_belongs_to_another_name_is_asked_and_neither_taken() -> None:
    text = "关注宏景科技（300857.SZ）、利通电子。"
    assert ids(text) == ["603629.SH"]
    ((kind, printed, proposals),) = asked(text)
    assert (kind, printed) == (DoubtKind.MISMATCH, "宏景科技")
    assert proposals == ["301396.SZ", "300857.SZ"]
    (question,) = read(text)[1]
    assert question.reason == "the name is that of 301396.SZ, but 300857.SZ is 协创数据"


def test_a_code_of_nothing_beside_a_name_is_asked() -> None:
    (question,) = read("关注宏景科技（600000.SH）。")[1]
    assert [one.id for one in question.proposals] == ["301396.SZ"]
    assert question.reason == "the name is that of 301396.SZ, but 600000.SH is not listed"


def test_a_code_of_nothing_alone_is_asked() -> None:
    assert asked("关注603999.SH。") == [(DoubtKind.UNKNOWN_CODE, "603999.SH", [])]


def test_digits_in_a_bracket_after_a_name_that_are_no_code_say_nothing() -> None:
    assert ids("关注宏景科技（20260）、利通电子。") == ["301396.SZ", "603629.SH"]
    assert asked("关注宏景科技（20260）、利通电子。") == []


# ---- near misses ---------------------------------------------------------------------------------


def test_a_name_that_is_spelled_as_it_sounds_is_proposed() -> None:
    text = "算力租赁标的：协创数据、润健股份、利通电子。"
    assert ids(text) == ["300857.SZ", "603629.SH"]
    assert asked(text) == [(DoubtKind.NEAR_MISS, "润健股份", ["002929.SZ"])]


@pytest.mark.parametrize(
    "text",
    [
        "润健股份业绩增长。",  # nothing beside it says that it is a name
        "算力租赁标的：协创数据、润玉股份、利通电子。",  # it sounds otherwise
        "算力租赁标的：协创数据、润建股份、利通电子。",  # rightly spelled
    ],
)
def test_no_near_miss(text: str) -> None:
    assert asked(text) == []


# ---- names that are words, and names inside longer ones ------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "机器人订单增长，太阳能装机提升，农产品价格上行。",
        "新产业加速落地，数据港口吞吐量提升。",
        "老百姓的消费意愿回升，太平洋地区需求偏弱。",
        "推荐机器人、太阳能、农产品方向。",
        "腾讯云收入增长，百度地图用户增加，京东物流提速。",
        "阿里云、腾讯云、百度云竞争。",
        "沪深300与恒生指数走高，恒生科技指数领涨。",
        "中国移动通信集团招标，中国银行业协会发文。",
        "澄岳科技大厦落成，澄岳科技转债上市，澄岳科技基金会捐赠。",
        "AMINIMAXB与MMGX发布新品。",
    ],
)
def test_words_products_indices_and_longer_names_are_no_securities(text: str) -> None:
    assert ids(text) == []


def test_a_word_beside_certain_names_is_a_name() -> None:
    assert ids("关注机器人、绿的谐波、鸣志电器。") == ["300024.SZ", "688017.SH", "603728.SH"]
    assert ids("关注机器人（300024.SZ）。") == ["300024.SZ"]


def test_a_name_made_of_words_needs_a_clean_edge() -> None:
    assert ids("关注中国软件、太极股份。") == ["600536.SH", "002368.SZ"]
    assert ids("中国软件业收入增长，中国软件产业规模提升。") == []


def test_english_names_end_at_letters() -> None:
    assert ids("看好MiniMax与Tencent。") == ["00100.HK", "00700.HK"]
    assert ids("MiniMax发布新模型，minimax用户增长。") == ["00100.HK", "00100.HK"]


@pytest.mark.parametrize(
    ("text", "listing"),
    [
        ("宁王、天赐材料走强。", "300750.SZ"),
        ("茅台、五粮液提价。", "600519.SH"),
        ("腾讯、阿里巴巴加大投入。", "00700.HK"),
        ("旭创、新易盛、天孚通信领涨。", "300308.SZ"),
    ],
)
def test_nicknames_and_short_forms(text: str, listing: str) -> None:
    assert ids(text)[0] == listing


# ---- brokers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "东吴证券研报指出，需求增长。",
        "据东吴证券测算，缺口扩大。",
        "据东吴证券、中信证券、华泰证券测算，缺口扩大。",
        "资料来源：国金证券研究所整理。",
        "太平洋证券认为，供需偏紧。",
        "国泰君安研报称需求增长。",
        "银河证券首席分析师表示乐观。",
    ],
)
def test_a_broker_as_the_source_is_no_security(text: str) -> None:
    assert ids(text) == []


def test_a_broker_that_is_recommended_is_one() -> None:
    assert ids("券商板块推荐东吴证券、浙商证券、财通证券。") == [
        "601555.SH",
        "601878.SH",
        "601108.SH",
    ]
    assert ids("东吴证券（601555.SH）业绩大增。") == ["601555.SH"]


# ---- boilerplate and what a mention carries ------------------------------------------------------


def test_nothing_is_named_in_boilerplate() -> None:
    text = "关注澄岳科技（301990）。免责声明：本公司可能持有协创数据（300857.SZ）的股份。"
    assert ids(text) == ["301990.SZ"]
    assert asked("免责声明：宏景科技（300857.SZ）、603999.SH。") == []


def test_an_enumeration_is_one_run() -> None:
    mentions, _ = read("关注澄岳科技、启沅股份（301991）、协创数据等。另外，宏景科技增长。")
    assert [one.listings[0].id for one in mentions] == [
        "301990.SZ",
        "301991.SZ",
        "300857.SZ",
        "301396.SZ",
    ]
    first, second, third, other = (one.run for one in mentions)
    assert first == second == third != other


def test_every_mention_is_sure_and_within_the_text() -> None:
    text = "关注澄岳科技、启沅股份（301991）。机器人订单增长，茅台提价，MiniMax发布。"
    mentions, _ = read(text)
    clean = make_text(text).clean
    for one in mentions:
        assert SURE <= one.confidence <= 1.0
        assert (
            0 <= one.whole.start <= one.place.start < one.place.end <= one.whole.end <= len(clean)
        )
    assert [one.place for one in mentions] == sorted(one.place for one in mentions)


def test_the_whole_includes_the_code() -> None:
    text = "关注澄岳科技（301990.SZ）等"
    (only,) = read(text)[0]
    clean = make_text(text).clean
    assert clean[slice(*only.place)] == "澄岳科技"
    assert clean[slice(*only.whole)].startswith("澄岳科技(301990.SZ")


def test_listings_that_are_no_shares_raise_no_question() -> None:
    fund = parse_listing("300999.SZ")
    names = build_index([NameRow(listing="300857.SZ", name="协创数据")], others=[fund])
    assert read("关注300999.SZ。", names) == ((), ())


def test_nothing_in_nothing() -> None:
    assert read("") == ((), ())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("中国平安（601318）银保增长最快。我们看好平安和中国太保。", True),
        ("我们看好平安和中国太保。", False),
        ("中国平安（601318）银保增长最快。祝大家一路平安健康。", False),
        ("平安观点：中国平安（601318）银保增长最快。", False),
    ],
)
def test_a_word_is_a_company_where_the_text_names_it_in_full(text: str, found: bool) -> None:
    clean = make_text(text).clean
    taken = {clean[slice(*one.place)] for one in read(text)[0]}
    assert ("平安" in taken) is found
