"""Codes in every style, where they touch other digits, and what only looks like one."""

from __future__ import annotations

import pytest

from screener.reports.securities.codes import codes_in
from screener.reports.text.text import make_text


def found(original: str) -> list[tuple[str, str]]:
    text = make_text(original)
    return [(code.listing.id, text.printed(code.place)) for code in codes_in(text)]


def ids(original: str) -> list[str]:
    return [listing for listing, _ in found(original)]


@pytest.mark.parametrize(
    ("printed", "listing"),
    [
        ("300857.SZ", "300857.SZ"),
        ("300857.sz", "300857.SZ"),
        ("300857 SZ", "300857.SZ"),
        ("300857．ＳＺ", "300857.SZ"),
        ("３００８５７．ＳＺ", "300857.SZ"),
        ("30085\n7.S\nZ", "300857.SZ"),
        ("sz300857", "300857.SZ"),
        ("SZ:300857", "300857.SZ"),
        ("SZ.300857", "300857.SZ"),
        ("300857.XSHE", "300857.SZ"),
        ("300857 CH", "300857.SZ"),
        ("SH600519", "600519.SH"),
        ("600519.SS", "600519.SH"),
        ("600519.XSHG", "600519.SH"),
        ("920808.BJ", "920808.BJ"),
        ("835185.BJ", "920185.BJ"),
        ("09888.HK", "09888.HK"),
        ("0700.HK", "00700.HK"),
        ("700 HK", "00700.HK"),
        ("5 HK", "00005.HK"),
        ("HK.00700", "00700.HK"),
        ("HK0700", "00700.HK"),
        ("700.XHKG", "00700.HK"),
    ],
)
def test_codes_with_their_exchange(printed: str, listing: str) -> None:
    for around in ("{}", "（{}）", "【{}】", "关注{}，", "甲公司{}：", "代码：{}。"):
        (code,) = codes_in(make_text(around.format(printed)))
        assert (code.listing.id, code.marked) == (listing, True), around


@pytest.mark.parametrize(
    ("printed", "listing"),
    [
        ("300857", "300857.SZ"),
        ("600519", "600519.SH"),
        ("920808", "920808.BJ"),
        ("00700", "00700.HK"),
    ],
)
def test_bare_digits_are_told_apart_from_marked_codes(printed: str, listing: str) -> None:
    for around, bracketed in (("（{}）", True), ("【{}】", True), ("代码：{}。", False)):
        (code,) = codes_in(make_text(around.format(printed)))
        assert (code.listing.id, code.marked, code.bracketed) == (listing, False, bracketed)


def test_several_codes_in_one_bracket() -> None:
    assert ids("（301396/002929）") == ["301396.SZ", "002929.SZ"]
    assert ids("（601899.SH/2899.HK）") == ["601899.SH", "02899.HK"]
    assert ids("（601899/2899.HK）") == ["601899.SH", "02899.HK"]


@pytest.mark.parametrize(
    ("row", "listings"),
    [
        ("27.98 300857 SZ", ["300857.SZ"]),  # the row before ends in a number
        ("27.98\n300857.SZ 264.18 128", ["300857.SZ"]),  # and the code's own row goes on in one
        ("12,345\n09888.HK 7.8", ["09888.HK"]),
        ("7.8 0700.HK 3.2", ["00700.HK"]),
        ("7.8 0700 HK 3.2", ["00700.HK"]),
        ("300857.SZ 301396.SZ\n603629.SH", ["300857.SZ", "301396.SZ", "603629.SH"]),
        ("300857 SZ 301396 SZ\n603629 SH", ["300857.SZ", "301396.SZ", "603629.SH"]),
        ("SZ300857 SH600519 17.2", ["300857.SZ", "600519.SH"]),
        ("600519 SZ300857", ["600519.SH", "300857.SZ"]),  # the first is bare
        ("HK0700 380.2", ["00700.HK"]),
        ("HK 00700 380.2", ["00700.HK"]),
        ("0700.HK 0981.HK 688981.SH", ["00700.HK", "00981.HK", "688981.SH"]),
        ("300857.SZ264.18", ["300857.SZ"]),  # a PDF that lost its spaces
        ("300857.SZ300858.SZ", ["300857.SZ", "300858.SZ"]),
        ("Sharetronic 300857 SZ", ["300857.SZ"]),
        ("27.98 30\n0857SZ", ["300857.SZ"]),
    ],
)
def test_codes_in_tables_that_were_flattened(row: str, listings: list[str]) -> None:
    assert ids(row) == listings


@pytest.mark.parametrize(
    "text",
    [
        "上证指数（000001.SH）",  # indices, one of which shares its digits with a bank
        "000300.SH",
        "（399006.SZ）",
        "8841058.WI",
        "（000300.CSI）",
        "510300.SH",  # funds
        "（000001.OF）",
        "AAPL.US",
        "PUSH600519",
        "600519USD",
        "27.98300857SZ",
        "1300857.SZ",
        "300857%",
        "S1340525080003",
        "电话010-85678888",
        "20260514SH",
        "1,234,567",
        "（2026）",
        "股息5HK$",
        "H20HK版",
        "12345678.HK",
        "0.5HK",
    ],
)
def test_what_only_looks_like_a_code(text: str) -> None:
    assert found(text) == []


def test_an_exchange_that_contradicts_the_digits_leaves_them_bare() -> None:
    (code,) = codes_in(make_text("（300857.SH）"))
    assert (code.listing.id, code.marked) == ("300857.SZ", False)


def test_places_lead_back_to_what_is_printed() -> None:
    text = "甲（300857.SZ）、乙[09888.HK]、丙 SH600519、丁（002837）"
    assert found(text) == [
        ("300857.SZ", "300857.SZ"),
        ("09888.HK", "09888.HK"),
        ("600519.SH", "SH600519"),
        ("002837.SZ", "002837"),
    ]


def test_nothing_in_nothing() -> None:
    assert found("") == found("需求增长。") == []
