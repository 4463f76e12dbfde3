"""Codes of files: an exchange beside them, zeros that a spreadsheet took, ids of other systems."""

from __future__ import annotations

from pathlib import Path

import pytest

from screener.data.sources.files import ImportKind
from screener.domain.listing import Exchange, Listing, parse_exchange, parse_listing_on
from screener.errors import DataError, InputError
from tests.support.file_imports import FileImports, told, values

HEAD = "code,date,open,high,low,close\n"
BAR = ",2026-05-11,10,10.2,9.9,10.1\n"
MASTER = "601398.SH 002594.SZ 000700.SZ 00700.HK 09618.HK 300750.SZ"


@pytest.fixture
def imported(tmp_path: Path) -> FileImports:
    return FileImports(tmp_path)


def beside(*pairs: tuple[str, str]) -> str:
    rows = "".join(f"{venue},{code}{BAR}" for venue, code in pairs)
    return f"market,{HEAD}{rows}"


def test_an_exchange_in_a_column_of_its_own_decides(imported: FileImports) -> None:
    pairs = (
        ("sz", "000001"),
        ("hk", "700"),
        ("深交所", "2594"),
        ("XSHG", "601398"),
        ("", "300750"),
    )
    batch = imported(beside(*pairs))
    assert [item for (item,) in values(batch, "listing")] == [
        *("000001.SZ", "00700.HK", "002594.SZ", "601398.SH", "300750.SZ")
    ]
    assert "2 codes had lost their leading zeros (700 is 00700.HK)" in told(batch, "zeros")


def test_a_shanghai_000001_is_an_index_and_no_bank(imported: FileImports) -> None:
    text = beside(("sh", "000001"), ("SSE", "1"))
    with pytest.raises(DataError, match="the code is that of an index") as error:
        imported(text)
    assert error.value.fix == "import it with --kind index"
    assert values(imported(beside(("sh", "1")), kind=ImportKind.INDEX), "listing") == [
        ("000001.SH",)
    ]


def test_exchanges_by_number(imported: FileImports) -> None:
    pairs = (("1", "601398"), ("0", "000001"), ("0", "920002"), ("0", "2594"), ("1", "000001"))
    batch = imported(beside(*pairs, ("0", "601398")))
    assert [item for (item,) in values(batch, "listing")] == [
        *("601398.SH", "000001.SZ", "920002.BJ", "002594.SZ")
    ]
    assert [(item.line, item.reason) for item in batch.rejects] == [
        (6, "the code is that of an index: import it with --kind index"),
        (7, "code '601398': 601398 is a code of SH, not of BJ"),
    ]


def test_an_exchange_that_contradicts_its_code(imported: FileImports) -> None:
    pairs = (("sz", "601398"), ("nasdaq", "601398"), ("sh", "002594.SZ"), ("sh", "601398"))
    batch = imported(beside(*pairs))
    assert [item.reason for item in batch.rejects] == [
        "code '601398': 601398 is a code of SH, not of SZ",
        "'nasdaq' is no exchange that is known",
        "code '002594.SZ' is on SZ, its exchange is given as SH",
    ]


def test_boards_are_no_exchanges(imported: FileImports) -> None:
    batch = imported(beside(("主板", "601398"), ("创业板", "300750")))
    assert len(values(batch, "listing")) == 2
    assert told(batch, "names none: not used")


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        (("601398", "2594"), ["601398.SH", "002594.SZ"]),
        (("9618",), ["09618.HK"]),
        (("2594.0", "300750.0"), ["002594.SZ", "300750.SZ"]),
    ],
)
def test_zeros_come_back_where_the_whole_column_shows_it(
    imported: FileImports, codes: tuple[str, ...], expected: list[str]
) -> None:
    batch = imported(HEAD + "".join(code + BAR for code in codes), master=MASTER)
    assert [item for (item,) in values(batch, "listing")] == expected
    assert "restored by the master of listings" in told(batch, "zeros")


@pytest.mark.parametrize(
    ("codes", "master"),
    [
        (("601398", "700"), MASTER),  # two listings have it
        (("601398", "2594", "123"), MASTER),  # one of them is not known
        (("601398", "000001", "2594"), MASTER),  # the column has kept zeros
        (("601398", "sh600000", "2594"), MASTER),  # not all are digits
        (("601398", "2594"), ""),
    ],
)
def test_zeros_are_not_guessed(imported: FileImports, codes: tuple[str, ...], master: str) -> None:
    batch = imported(HEAD + "".join(code + BAR for code in codes), master=master)
    short = [code for code in codes if len(code) < 5]
    assert [item.listing for item in batch.rejects] == [None] * len(short)
    assert all("has lost its leading zeros: write it in full" in r.reason for r in batch.rejects)
    assert all("add a column `exchange`" in r.reason for r in batch.rejects)


def test_nothing_but_short_codes_is_refused_with_the_advice(imported: FileImports) -> None:
    with pytest.raises(DataError, match="lost its leading zeros: write it in full") as error:
        imported(HEAD + "700" + BAR, master=MASTER)
    assert error.value.fix == "restore the codes, and import the file again"


def test_the_listing_given_restores_its_own_code(imported: FileImports) -> None:
    batch = imported(HEAD + "700" + BAR, listing=Listing("00700", Exchange.HK))
    assert values(batch, "listing") == [("00700.HK",)]


def test_many_unknown_codes_stay_quick_and_short(imported: FileImports) -> None:
    codes = [f"X{number}" for number in range(3000)]
    batch = imported(HEAD + "601398" + BAR + "".join(code + BAR for code in codes))
    assert len(batch.rejects) == 3000
    assert {item.reason for item in batch.rejects} == {"code is not a listing code (first 'X0')"}


@pytest.mark.parametrize(
    ("word", "exchange"),
    [
        *(
            (word, Exchange.SH)
            for word in ("sh", "SSE", "XSHG", "上交所", "沪市", "上海证券交易所")
        ),
        *((word, Exchange.SZ) for word in ("SZ", "szse", "XSHE", "深交所", "深A", "深圳")),
        *((word, Exchange.BJ) for word in ("bj", "BSE", "北交所", "北京证券交易所")),
        *(
            (word, Exchange.HK)
            for word in ("HK", "HKEX", "SEHK", "港股", "港交所", "香港联合交易所")
        ),
        *((word, None) for word in ("", "上市", "主板", "NYSE", "北", "1", "A股")),
    ],
)
def test_words_for_exchanges(word: str, exchange: Exchange | None) -> None:
    assert parse_exchange(word) is exchange


def test_a_code_on_a_known_exchange() -> None:
    assert parse_listing_on("1", Exchange.SZ).id == "000001.SZ"
    assert parse_listing_on("000300", Exchange.SH).id == "000300.SH"
    assert parse_listing_on("5", Exchange.HK).id == "00005.HK"
    assert parse_listing_on("HSI", Exchange.HK).id == "HSI.HK"
    with pytest.raises(InputError, match="is on SH, its exchange is given as BJ") as error:
        parse_listing_on("SH601398", Exchange.BJ)
    assert error.value.fix == "correct one of the two"
