"""Names as masters print them: marks, cuts, former names, second counters, short forms, aliases."""

from __future__ import annotations

import re
from datetime import date

import pytest

from screener.domain.listing import parse_listing
from screener.errors import DataError
from screener.reports.securities.name_index import (
    NameIndex,
    NameRow,
    Trust,
    build_index,
    capitals,
)
from screener.reports.text.spoken import in_dictionary
from screener.reports.text.vocabulary import read_table
from tests.support.masters import MASTER, known

DAY = date(2026, 5, 28)
OLD, NEW = date(2025, 1, 1), date(2026, 2, 1)


def index(*rows: tuple[str, str], **more: object) -> NameIndex:
    return build_index((NameRow(listing=listing, name=name) for listing, name in rows), **more)  # type: ignore[arg-type]


def meant(names: NameIndex, form: str) -> list[str]:
    return sorted(way.listing.id for way in names.ways.get(form, ()))


def name_of(names: NameIndex, listing: str) -> str:
    return names.companies[parse_listing(listing)].name


# ---- marks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        ("澄岳科技", "澄岳科技"),
        ("XD澄岳科", "澄岳科"),
        ("XR澄岳科", "澄岳科"),
        ("DR澄岳科", "澄岳科"),
        ("N澄岳", "澄岳"),
        ("C澄岳", "澄岳"),
        ("Ｎ澄岳", "澄岳"),
        ("云砚微-U", "云砚微"),
        ("云砚微-UW", "云砚微"),
        ("衡屿智能-W", "衡屿智能"),
        ("衡屿集团－ＳＷ", "衡屿集团"),
        ("澄岳Ａ", "澄岳A"),
        ("澄 岳", "澄岳"),
        ("澄　岳", "澄岳"),
        ("*ST暮山", "*ST暮山"),
        ("XD*ST暮", "*ST暮"),
        ("TCL科技", "TCL科技"),  # letters that are no mark
        ("DRX", "X"),
    ],
)
def test_marks_that_come_and_go_are_not_shown(printed: str, shown: str) -> None:
    (company,) = index(("600001.SH", printed)).companies.values()
    assert company.name == shown


@pytest.mark.parametrize("printed", ["*ST暮山", "ST暮山", "S*ST暮山", "SST暮山"])
def test_a_share_under_special_treatment_is_found_with_the_mark_and_without(printed: str) -> None:
    names = index(("301992.SZ", printed))
    for form in ("*ST暮山", "ST暮山", "暮山"):
        assert meant(names, form) == ["301992.SZ"], form


def test_a_bare_stem_of_two_characters_is_trusted_least() -> None:
    (way,) = index(("301992.SZ", "*ST暮山")).ways["暮山"]
    assert way.trust is Trust.NICK


def test_the_letter_of_a_share_class_may_be_left_out() -> None:
    names = index(("000999.SZ", "澄岳Ａ"))
    assert meant(names, "澄岳A") == meant(names, "澄岳") == ["000999.SZ"]


def test_a_letter_of_the_name_itself_is_kept() -> None:
    names = index(("000100.SZ", "TCL科技"), ("002668.SZ", "TCL智家"))
    assert meant(names, "TCL科技") == ["000100.SZ"]
    assert "科技" not in names.ways


# ---- cut names -----------------------------------------------------------------------------------


def test_a_cut_name_is_completed_from_the_listings_own_earlier_name() -> None:
    names = build_index(
        [
            NameRow(listing="601388.SH", name="怡球资源", valid_from=OLD),
            NameRow(listing="601388.SH", name="XD怡球资", valid_from=NEW),
            NameRow(listing="600001.SH", name="怡球资本"),
        ]
    )
    assert name_of(names, "601388.SH") == "怡球资源"
    assert names.companies[parse_listing("601388.SH")].name_on(DAY) == "怡球资源"


def test_a_cut_name_is_completed_from_another_listing_of_that_name() -> None:
    names = index(("603993.SH", "XD洛阳钼"), ("03993.HK", "洛阳钼业"))
    assert name_of(names, "603993.SH") == "洛阳钼业"
    assert meant(names, "洛阳钼业") == ["03993.HK", "603993.SH"]


def test_a_cut_name_that_fits_two_others_is_completed_from_neither() -> None:
    names = index(("301192.SZ", "XD泰祥股"), ("600001.SH", "泰祥股份"), ("600002.SH", "泰祥股票"))
    assert name_of(names, "301192.SZ") == "泰祥股"
    assert meant(names, "泰祥股份") == ["600001.SH"]


def test_a_whole_name_of_three_characters_stays_as_it_is() -> None:
    names = index(("603806.SH", "XD福斯特"))
    assert meant(names, "福斯特") == ["603806.SH"]


def test_a_cut_form_is_known_to_be_cut() -> None:
    (way,) = index(("688596.SH", "XD正帆科")).ways["正帆科"]
    assert way.cut
    (whole,) = index(("688596.SH", "正帆科技")).ways["正帆科技"]
    assert not whole.cut


# ---- names and listings as of a day --------------------------------------------------------------


def test_the_name_in_force_is_that_of_the_day() -> None:
    names = build_index(
        [
            NameRow(listing="603501.SH", name="豪威集团", valid_from=date(2025, 6, 20)),
            NameRow(listing="603501.SH", name="韦尔股份", valid_from=OLD),
        ]
    )
    company = names.companies[parse_listing("603501.SH")]
    days = (date(2024, 1, 1), date(2025, 6, 19), date(2025, 6, 20), DAY)
    assert [company.name_on(day) for day in days] == [
        "韦尔股份",
        "韦尔股份",
        "豪威集团",
        "豪威集团",
    ]
    assert company.name == "豪威集团"
    assert meant(names, "韦尔股份") == meant(names, "豪威集团") == ["603501.SH"]


def test_listed_from_its_first_day_to_the_one_before_it_left() -> None:
    row = NameRow(listing="300999.SZ", name="澄岳科技", list_date=OLD, delist_date=NEW)
    company = build_index([row]).companies[parse_listing("300999.SZ")]
    days = (date(2024, 12, 31), OLD, date(2026, 1, 31), NEW)
    assert [company.listed_on(day) for day in days] == [False, True, True, False]


def test_without_dates_a_listing_counts_as_listed() -> None:
    company = index(("300999.SZ", "澄岳科技")).companies[parse_listing("300999.SZ")]
    assert company.listed_on(date(1990, 1, 1))


# ---- second counters and twins -------------------------------------------------------------------


def test_renminbi_counters_are_left_out() -> None:
    names = index(("00700.HK", "腾讯控股"), ("80700.HK", "腾讯控股-R"))
    assert [listing.id for listing in names.companies] == ["00700.HK"]
    assert names.twins == {}


def test_a_temporary_counter_is_left_out_beside_its_share_only() -> None:
    beside = index(("00700.HK", "衡屿控股"), ("02951.HK", "衡屿控股"))
    assert [listing.id for listing in beside.companies] == ["00700.HK"]
    alone = index(("02951.HK", "衡屿控股"))
    assert [listing.id for listing in alone.companies] == ["02951.HK"]


def test_lines_of_one_company_by_equal_names_and_by_stated_pairs() -> None:
    names = index(
        ("300750.SZ", "宁德时代"),
        ("03750.HK", "宁德时代"),
        ("688347.SH", "华虹公司"),
        ("01347.HK", "华虹半导体"),
    )
    twins = {one.id: [other.id for other in others] for one, others in names.twins.items()}
    assert twins == {
        "300750.SZ": ["03750.HK"],
        "03750.HK": ["300750.SZ"],
        "688347.SH": ["01347.HK"],
        "01347.HK": ["688347.SH"],
    }


def test_equal_names_of_different_companies_are_no_lines_of_one() -> None:
    names = index(("000831.SZ", "中国稀土"), ("00769.HK", "中国稀土"))
    assert names.twins == {}
    assert meant(names, "中国稀土") == ["000831.SZ", "00769.HK"]


def test_two_mainland_listings_are_no_lines_of_one_company() -> None:
    assert index(("000001.SZ", "澄岳股份"), ("600001.SH", "澄岳股份")).twins == {}


# ---- other ways to write a name ------------------------------------------------------------------


def test_a_hong_kong_name_may_be_shortened() -> None:
    names = index(("07991.HK", "衡屿控股"), ("07992.HK", "珩岑集团"))
    assert meant(names, "衡屿") == ["07991.HK"]
    assert meant(names, "珩岑") == ["07992.HK"]


def test_a_hong_kong_name_is_not_shortened_to_what_two_are_called() -> None:
    names = index(("07991.HK", "衡屿控股"), ("07992.HK", "衡屿集团"))
    assert meant(names, "衡屿") == []


def test_a_shortened_name_that_begins_others_is_none() -> None:
    assert meant(index(("00267.HK", "珩岑股份"), ("06030.HK", "珩岑证券")), "珩岑") == []


def test_a_nickname_fits_one_company_and_is_no_word() -> None:
    names = index(("002281.SZ", "光迅科技"), ("600001.SH", "玥坤电子"), ("600002.SH", "玥坤材料"))
    (way,) = names.ways["光迅"]
    assert (way.listing.id, way.trust) == ("002281.SZ", Trust.NICK)
    assert "玥坤" not in names.ways  # two companies begin with it
    assert "大众" not in index(("600611.SH", "大众科技")).ways  # a word


@pytest.mark.parametrize(
    ("alias", "listing"),
    [("腾讯", "00700.HK"), ("茅台", "600519.SH"), ("B站", "09626.HK"), ("宁王", "300750.SZ")],
)
def test_aliases_hold_where_the_master_has_the_listing(alias: str, listing: str) -> None:
    whole = build_index(NameRow(listing=row.listing, name=row.name) for row in MASTER)
    assert meant(whole, alias) == [listing]
    assert meant(index(("300999.SZ", "澄岳科技")), alias) == []


def test_an_alias_that_is_no_name_in_force_is_a_former_one() -> None:
    way = next(iter(index(("300750.SZ", "宁德时代")).ways["宁王"]))
    assert way.name == ""  # holds on any day


def test_a_name_of_before_the_master_is_understood_and_dated() -> None:
    rows = [NameRow(listing="002601.SZ", name="龙佰集团", valid_from=date(2024, 12, 16))]
    names = build_index(rows)
    assert meant(names, "龙蟒佰利") == meant(names, "龙佰集团") == ["002601.SZ"]
    company = names.companies[parse_listing("002601.SZ")]
    assert company.name == "龙佰集团"
    assert company.name_on(date(2019, 5, 6)) == "龙蟒佰利"
    assert company.name_on(date(2023, 5, 6)) == "龙佰集团"
    assert meant(index(("301990.SZ", "澄岳科技")), "龙蟒佰利") == []


def test_a_change_that_the_master_tells_is_not_told_again() -> None:
    rows = [
        NameRow(listing="002601.SZ", name=name, valid_from=since)
        for name, since in (("龙蟒佰利", date(2024, 1, 2)), ("龙佰集团", date(2025, 1, 2)))
    ]
    company = build_index(rows).companies[parse_listing("002601.SZ")]
    assert [name for _, name in company.names] == ["龙蟒佰利", "龙佰集团"]


def test_every_former_name_has_a_listing_a_year_and_no_second_owner() -> None:
    renamed = read_table("renames")["renamed"]
    for name, change in renamed.items():
        assert parse_listing(change["listing"]).id == change["listing"], name
        assert 2008 < change["year"] < 2025, name


def test_bonds_and_pilot_shares_of_hong_kong_are_no_shares() -> None:
    names = index(
        ("00700.HK", "腾讯控股"),
        ("04335.HK", "英特尔"),
        ("05555.HK", "某债"),
        ("40123.HK", "某票据"),
    )
    assert [listing.id for listing in names.companies] == ["00700.HK"]
    assert {listing.id for listing in names.others} == {"04335.HK", "05555.HK", "40123.HK"}


def test_a_name_under_special_treatment_is_known_by_its_beginning() -> None:
    names = index(("301990.SZ", "澄岳科技"), ("301991.SZ", "启沅股份"), ("301992.SZ", "启沅智能"))
    assert meant(names, "ST澄岳") == ["301990.SZ"]
    assert meant(names, "ST启沅") == []


def test_an_english_beginning_that_others_share_is_trusted_less() -> None:
    rows = [
        NameRow(listing="00267.HK", name="中信股份", name_en="HENGYU"),
        NameRow(listing="06030.HK", name="中信证券", name_en="HENGYU SEC"),
    ]
    (way,) = build_index(rows).ways["HENGYU"]
    assert way.trust is Trust.LETTERS


def test_a_second_line_counts_from_its_first_day() -> None:
    company = index(("00300.HK", "美的集团")).companies[parse_listing("00300.HK")]
    assert not company.listed_on(date(2024, 9, 16))
    assert company.listed_on(date(2024, 9, 17))


def test_english_names_of_one_word_count() -> None:
    rows = [
        NameRow(listing="00100.HK", name="MINIMAX-W", name_en="MINIMAX-W"),
        NameRow(listing="09868.HK", name="小鹏集团-W", name_en="XPENG-W"),
        NameRow(listing="00005.HK", name="汇丰控股", name_en="HSBC HOLDINGS"),
    ]
    names = build_index(rows)
    assert meant(names, "MINIMAX") == ["00100.HK"]
    assert meant(names, "XPENG") == ["09868.HK"]
    assert meant(names, "HSBC") == meant(names, "HSBC HOLDINGS") == []


@pytest.mark.parametrize(
    ("name", "trust"),
    [
        ("澄岳科技", Trust.DISTINCT),
        ("中国软件", Trust.COMPOUND),
        ("机器人", Trust.WORD),
        ("太阳能", Trust.WORD),
        ("英维克", Trust.RARE),  # 维克 is a name, and no word
        ("东阳光", Trust.SHORT),
        ("HTSC", Trust.LETTERS),
        ("MINIMAX", Trust.LATIN),
        ("五粮液", Trust.DISTINCT),  # a brand
    ],
)
def test_how_far_a_name_can_be_trusted_alone(name: str, trust: Trust) -> None:
    (way,) = index(("300999.SZ", name)).ways[name]
    assert way.trust is trust


# ---- looking for them ----------------------------------------------------------------------------


def found(names: NameIndex, clean: str) -> list[str]:
    return [clean[start:end] for _, start, end in names.find(clean)]


def test_of_names_that_overlap_the_longest_is_meant() -> None:
    names = index(("600001.SH", "澄岳科"), ("600002.SH", "澄岳科技"), ("600003.SH", "科技珩岑"))
    assert found(names, "关注澄岳科技。") == ["澄岳科技"]
    assert found(names, "关注澄岳科的、科技珩岑。") == ["澄岳科", "科技珩岑"]


def test_a_longer_word_that_is_no_name_covers_one() -> None:
    names = index(("600001.SH", "澄岳科技"), blockers=["澄岳科技园"])
    assert found(names, "澄岳科技园与澄岳科技") == ["澄岳科技"]
    assert "腾讯云" in names.blockers
    assert found(index(("00700.HK", "腾讯控股")), "腾讯云、腾讯") == ["腾讯"]


def test_a_blocker_that_is_itself_a_name_does_not_block() -> None:
    names = index(("600001.SH", "澄岳科技"), blockers=["澄岳科技"])
    assert found(names, "澄岳科技") == ["澄岳科技"]


def test_small_letters_are_found_and_offsets_kept() -> None:
    names = build_index([NameRow(listing="00100.HK", name="MINIMAX-W", name_en="MINIMAX-W")])
    assert found(names, "看好MiniMax与minimax") == ["MiniMax", "minimax"]
    assert capitals("aß中ﬁ") == "Aß中ﬁ"  # one for one, or the offsets would shift


def test_nothing_is_found_in_nothing() -> None:
    assert index(("600001.SH", "澄岳科技")).find("") == []


# ---- the master itself ---------------------------------------------------------------------------


def test_an_empty_master_tells_how_to_get_one() -> None:
    message = "no listing master: names cannot be told from other words"
    with pytest.raises(DataError, match=re.escape(message)) as caught:
        build_index([])
    assert "screener data import FILE --kind listings" in caught.value.fix
    with pytest.raises(DataError, match="no listing master"):
        index(("not a code", "澄岳科技"))


def test_rows_that_are_no_listing_are_passed_over() -> None:
    names = index(("not a code", "珩岑股份"), ("600001.SH", "澄岳科技"))
    assert [listing.id for listing in names.companies] == ["600001.SH"]
    assert "珩岑股份" not in names.ways


def test_listings_that_are_no_shares_are_kept_apart() -> None:
    fund = parse_listing("510300.SH")
    assert index(("600001.SH", "澄岳科技"), others=[fund]).others == frozenset({fund})


def test_what_is_known_of_a_company_is_kept() -> None:
    row = known("07990.HK")
    names = build_index(
        [NameRow(listing=row.listing, name=row.name, name_en=row.name_en, industry=row.industry)]
    )
    company = names.companies[parse_listing(row.listing)]
    assert (company.name, company.name_en, company.industry) == (
        "衡屿智能",
        "HENGYU AI-W",
        "虚构",
    )


def test_a_paper_is_no_company_that_is_called_so_for_short() -> None:
    names = index(("00423.HK", "经济日报集团"), ("600519.SH", "贵州茅台"))
    assert "经济日报" not in names.ways
    assert names.ways["经济日报集团"]


def test_names_are_sorted_as_in_a_chinese_dictionary() -> None:
    names = [
        "中信建投",
        "长江证券",
        "银河证券",
        "重庆路桥",
        "厦门钨业",
        "行动教育",
        "abc",
        "国金证券",
    ]
    spoken = [
        "abc",
        "长江证券",
        "重庆路桥",
        "国金证券",
        "厦门钨业",
        "行动教育",
        "银河证券",
        "中信建投",
    ]
    assert sorted(names, key=in_dictionary) == spoken
