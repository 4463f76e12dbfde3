"""Listings by name: as borne now, once, without marks; never guessed between two."""

from datetime import date

import pytest

from screener.data.lake.batch import Batch
from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.domain.listing import Kind
from screener.errors import AmbiguousMention, InputError, NotFoundError
from screener.workflows.listing_lookup import find_listing, find_listings
from tests.support.lake_rows import table
from tests.support.report_lake import empty_workspace

NAMES = [
    ("600519.SH", date(2001, 8, 27), "贵州茅台"),
    ("000002.SZ", date(1991, 1, 29), "万科A"),
    ("688287.SH", date(2022, 5, 25), "观典防务"),
    ("688287.SH", date(2025, 4, 30), "*ST观典"),
    ("601899.SH", date(2008, 4, 25), "紫金矿业"),
    ("02899.HK", date(2003, 12, 23), "紫金矿业"),
    ("00700.HK", date(2004, 6, 16), "腾讯控股"),
    ("000001.SZ", date(1991, 4, 3), "深发展A"),
    ("000001.SZ", date(2012, 8, 2), "平安银行"),
]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    place = empty_workspace(tmp_path_factory.mktemp("named") / "w")
    rows = [dict(zip(("listing", "valid_from", "name"), row, strict=True)) for row in NAMES]
    abroad = {"listing": "00700.HK", "kind": "stock", "board": "hk", "currency": "HKD"}
    tables = {
        TableName.NAMES: table(TableName.NAMES, rows),
        TableName.LISTINGS: table(TableName.LISTINGS, [abroad | {"name_en": "Tencent Holdings"}]),
    }
    with Store.create(place.data_cache) as store:
        store.commit(Batch(tables=tables), message="names")
    return place


@pytest.mark.parametrize(
    ("text", "listing"),
    [
        ("贵州茅台", "600519.SH"),
        ("貴州茅臺", "600519.SH"),
        (" 贵州 茅台 ", "600519.SH"),
        ("万科Ａ", "000002.SZ"),
        ("万科", "000002.SZ"),
        ("*ST观典", "688287.SH"),
        ("ST观典", "688287.SH"),
        ("观典防务", "688287.SH"),
        ("深发展A", "000001.SZ"),
        ("tencent holdings", "00700.HK"),
        ("700.HK", "00700.HK"),
        ("sh600519", "600519.SH"),
    ],
)
def test_a_name_leads_to_its_listing(place, text, listing):
    assert find_listing(place, text, parameter="--listing").id == listing


def test_several_are_read_in_their_order(place):
    found = find_listings(place, "腾讯控股，600519、平安银行", parameter="--listing")
    assert [item.id for item in found] == ["00700.HK", "600519.SH", "000001.SZ"]


def test_a_name_of_two_listings_is_not_guessed(place):
    with pytest.raises(AmbiguousMention, match="'紫金矿业' may be several") as info:
        find_listing(place, "紫金矿业", parameter="--listing")
    assert info.value.where == "02899.HK, 601899.SH"
    assert "write the code" in info.value.fix


def test_a_name_of_nobody_is_told_with_what_is_near(place):
    with pytest.raises(
        NotFoundError, match="--listing '贵州茅苔': no listing is called so"
    ) as info:
        find_listing(place, "贵州茅苔", parameter="--listing")
    assert info.value.where == "near: 贵州茅台"
    assert info.value.exit_code == 3


def test_a_listing_named_twice_is_refused(place):
    with pytest.raises(InputError, match=r"600519\.SH more than once"):
        find_listings(place, "贵州茅台,600519", parameter="--listing")


@pytest.mark.parametrize("text", ["6005", "1234567", "300857.HK5"])
def test_what_looks_like_a_code_stays_one(place, text):
    with pytest.raises(InputError):
        find_listing(place, text, parameter="--listing")


def test_an_ambiguous_code_stays_ambiguous(place):
    with pytest.raises(AmbiguousMention):
        find_listing(place, "000001", parameter="--listing", kind=None)
    assert find_listing(place, "000001", parameter="x", kind=Kind.SECURITY).id == "000001.SZ"


def test_without_data_the_names_of_the_cards_are_known(tmp_path):
    from screener.workflows.report.catalog import init_workspace

    fresh = init_workspace(tmp_path / "w")
    assert find_listing(fresh, "利通电子", parameter="--listing").id == "603629.SH"
    with pytest.raises(NotFoundError, match="no listing is called so") as info:
        find_listing(fresh, "贵州茅台", parameter="--listing")
    assert "screener data update" in info.value.fix
