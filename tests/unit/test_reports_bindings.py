"""Codes and names joined: in rows of any make, before short codes, abbreviated, in English."""

from __future__ import annotations

from itertools import product

import pytest

from screener.reports.securities.mentions import mentions_in
from screener.reports.securities.name_index import Company
from screener.reports.securities.printed_names import printed_before
from screener.reports.text.found import DoubtKind
from screener.reports.text.layout import lay_out
from screener.reports.text.text import make_text
from tests.support.mentions import DAY, asked, ids, read, whole

ROWS = (
    ("600519", "贵州茅台", "1550.00", "20.1"),
    ("000858", "五粮液", "128.50", "18.0"),
    ("600809", "山西汾酒", "205.30", "13"),
    ("600900", "长江电力", "27.8", "22.5"),
    ("300024", "机器人", "15.2", "80"),
    ("000591", "太阳能", "5.1", "12"),
)
LISTED = sorted(f"{row[0]}.{'SH' if row[0][0] == '6' else 'SZ'}" for row in ROWS)
ORDERS = ((0, 1, 2, 3), (1, 0, 2, 3), (3, 1, 0, 2), (2, 0, 1, 3), (1, 0), (1, 2, 0), (0, 2, 1))
MAKES = ("\t", " ", "   ", "\n", "|", " | ", "│", ",")
HEAD = ("代码", "简称", "股价", "PE")


@pytest.mark.parametrize(("order", "between"), list(product(ORDERS, MAKES)))
def test_no_row_of_a_table_is_lost(order: tuple[int, ...], between: str) -> None:
    lines = [between.join(row[cell] for cell in order) for row in (HEAD, *ROWS)]
    assert sorted(ids("组合：\n" + "\n".join(lines) + "\n风险提示。")) == LISTED


def test_rows_whose_cells_nothing_parts() -> None:
    row = "600519贵州茅台1550.0020.1000858五粮液128.5018.0600809山西汾酒205.30"
    assert ids(row) == ["600519.SH", "000858.SZ", "600809.SH"]


def test_a_column_of_codes_and_one_of_names() -> None:
    cells = [row[cell] for cell in (0, 1, 3) for row in (HEAD, *ROWS)]
    assert sorted(set(ids("\n".join(cells)))) == LISTED


def test_codes_after_one_label() -> None:
    assert ids("股票代码：600519、000858、300024") == ["600519.SH", "000858.SZ", "300024.SZ"]
    assert ids("基金代码：600519") == []


def test_a_code_among_codes_is_one_though_its_name_is_unknown() -> None:
    rows = "600519\t贵州茅台\t10\n000858\t五粮液\t10\n600809\t某某旧称\t10"
    assert ids(rows) == ["600519.SH", "000858.SZ", "600809.SH"]


def test_a_number_that_may_be_a_code_is_asked_about() -> None:
    text = "600519\t贵州茅台\t10\n产量\t600809\t吨"
    assert ids(text) == ["600519.SH"]
    assert asked(text) == [(DoubtKind.NAMELESS_CODE, "600809", ["600809.SH"])]


def test_zeros_that_a_spreadsheet_dropped() -> None:
    assert ids("858\t五粮液\t128.5\n700\t腾讯控股\t380.2") == ["000858.SZ", "00700.HK"]


@pytest.mark.parametrize(
    ("text", "listing"),
    [
        ("騰訊(700)升2%", "00700.HK"),
        ("汇丰(5)跌逾1%", "00005.HK"),
        ("長和 (1) 跌逾4%", "00001.HK"),
        ("國壽(2628)跌3%", "02628.HK"),
        ("中國人壽(2628)跌3%", "02628.HK"),
        ("石藥 (1093, $8.99) 目標價10元", "01093.HK"),
        ("舜宇光學(2382)領漲", "02382.HK"),
        ("新華保險H(01336)", "01336.HK"),
        ("紫金礦業-H (2899)", "02899.HK"),
        ("Ping An (2318) gained 1%", "02318.HK"),
        ("Great Wall Motor (2333) rose", "02333.HK"),
        ("of these China Merchants Bank (3968) rose", "03968.HK"),
        ("and AAC Technologies (2018) gained", "02018.HK"),
        ("SEHK: 0700", "00700.HK"),
        ("中信建投(601066-CN)", "601066.SH"),
        ("300857 CN", "300857.SZ"),
    ],
)
def test_a_short_code_is_told_by_the_name_before_it(text: str, listing: str) -> None:
    assert ids(text) == [listing]


@pytest.mark.parametrize(
    "text",
    ["需求增长(1)，价格企稳(2)", "见注释(700)", "2026年(5)", "电话(852)3916", "集团(10)、科技(11)"],
)
def test_other_numbers_in_brackets_are_no_codes(text: str) -> None:
    assert ids(text) == []


def test_where_names_have_short_codes_an_unknown_english_name_has_one_too() -> None:
    text = "Tencent (700), Geely Auto (175), Sunny Optical (2382) and Guangzhou Auto (2238) rose"
    assert ids(text) == ["00700.HK", "00175.HK", "02382.HK", "02238.HK"]


def test_the_code_takes_the_whole_name_printed_before_it() -> None:
    text = make_text("关注洛阳钼业、紫金矿(601899.SH)。")
    mentions, questions = mentions_in(
        text, lay_out(text.clean), whole(), day=DAY, brokers=frozenset()
    )
    assert [text.printed(one.place) for one in mentions] == ["洛阳钼业", "紫金矿"]
    assert questions == ()


def test_both_lines_are_named_where_both_codes_are_printed() -> None:
    for text in (
        "紫金矿业（601899.SH/02899.HK）",
        "紫金矿业（601899/2899.HK）",
        "紫金矿业（A股：601899.SH；H股：02899.HK）",
    ):
        assert ids(text) == ["601899.SH", "02899.HK"], text


def test_an_english_name_gives_way_to_the_code_beside_it() -> None:
    assert ids("China Mobile (00728.HK) rose") == ["00728.HK"]
    assert asked("China Mobile (00728.HK) rose") == []


def test_a_word_of_a_longer_english_name_is_not_named_beside_another_code() -> None:
    assert ids("Meituan Pharma-B (01801.HK) rose. Tencent rose.") == ["01801.HK", "00700.HK"]


def test_a_name_with_its_own_code_contradicts_no_other() -> None:
    text = "关注某某（300857），宏景科技（301396）。"
    assert ids(text) == ["300857.SZ", "301396.SZ"]
    assert read(text)[1] == ()


@pytest.mark.parametrize(
    ("printed", "name", "english", "said"),
    [
        ("推荐东方海外", "东方海外国际", "", "东方海外"),
        ("跌幅最大国寿", "中国人寿", "", "国寿"),
        ("评级思摩尔", "思摩尔国际", "SMOORE INTL", "思摩尔"),
        ("和TCL电子", "TCL电子", "", "TCL电子"),
        ("up, Galaxy Entertainment", "银河娱乐", "GALAXY ENT", "GalaxyEntertainment"),
        ("buy CITIC", "中信证券", "CITIC SEC", "CITIC"),
        ("中国", "中国人寿", "", None),
        ("某某集团", "恒隆集团", "", None),
        ("需求", "需要科技", "", None),
        ("the Motor", "长城汽车", "GWMOTOR", None),
    ],
)
def test_how_a_name_is_printed_before_its_code(
    printed: str, name: str, english: str, said: str | None
) -> None:
    listing = next(iter(whole().companies))
    text = make_text(f"{printed}(1)")
    end = text.clean.index("(")
    start = printed_before(text, end, Company(listing=listing, name=name, name_en=english))
    assert (None if start is None else text.clean[start:end]) == said
