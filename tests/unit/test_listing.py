import re
from datetime import date

import pytest

from screener.domain.former_codes import renumbering
from screener.domain.listing import (
    INDEX_ID,
    Board,
    Currency,
    Exchange,
    Kind,
    Listing,
    parse_listing,
    stored_listing,
)
from screener.errors import AmbiguousMention, InputError
from screener.market.calendars import calendar_of
from screener.market.rules import order_cutoff
from screener.market.session_hours import session_end
from screener.workflows.listing_lookup import find_listings


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("300857", "300857.SZ"),
        ("300857.SZ", "300857.SZ"),
        ("sz300857", "300857.SZ"),
        ("300857 SZ", "300857.SZ"),
        ("SH603629", "603629.SH"),
        ("SH.603629", "603629.SH"),
        ("603629.SS", "603629.SH"),
        ("600519 CH", "600519.SH"),
        ("700.HK", "00700.HK"),
        ("0700.HK", "00700.HK"),
        ("00700", "00700.HK"),
        ("hk00700", "00700.HK"),
        ("【09888.HK】", "09888.HK"),
        ("（３００８５７）", "300857.SZ"),
        ("920002", "920002.BJ"),
        ("430047.BJ", "920047.BJ"),
        ("000300.SH", "000300.SH"),
        ("HSI.HK", "HSI.HK"),
        ("000001.SZ", "000001.SZ"),
        ("399006", "399006.SZ"),
        ("SSE:603629", "603629.SH"),
        ("SZSE:000002", "000002.SZ"),
        ("SHSE.603629", "603629.SH"),
        ("603629.XSHG", "603629.SH"),
        ("000002.SZSE", "000002.SZ"),
        ("SH#603629", "603629.SH"),
        ("sh.603629", "603629.SH"),
        ("BJSE:920002", "920002.BJ"),
        ("HKEX:700", "00700.HK"),
        ("HKEX:5", "00005.HK"),
        ("HK.00700", "00700.HK"),
        ("00700.SEHK", "00700.HK"),
        ("700 HK Equity", "00700.HK"),
        ("600519 CH Equity", "600519.SH"),
        ("'600519", "600519.SH"),
        ('="002594"', "002594.SZ"),
        ("801750.SI", "801750.SI"),
        ("801080", "801080.SI"),
        ("931160.CSI", "931160.CSI"),
        ("930050", "930050.CSI"),
        ("H00905.CSI", "H00905.CSI"),
        ("h00905", "H00905.CSI"),
        ("H00905.SH", "H00905.CSI"),
        ("000905.CSI", "000905.SH"),
        ("399975.CSI", "399975.SZ"),
        ("8841678.WI", "8841678.WI"),
        ("8841678", "8841678.WI"),
        ("881001.WI", "881001.WI"),
    ],
)
def test_every_style_gives_the_id_that_investors_write(text: str, expected: str) -> None:
    assert parse_listing(text).id == expected


@pytest.mark.parametrize("text", ["000001", "000852", "000016"])
def test_bare_code_of_a_share_and_an_index_is_ambiguous(text: str) -> None:
    with pytest.raises(
        AmbiguousMention, match="both a Shenzhen share and a Shanghai index"
    ) as info:
        parse_listing(text)
    assert f"{text}.SZ for the share or {text}.SH for the index" in info.value.fix
    assert parse_listing(text, kind=Kind.SECURITY).id == f"{text}.SZ"
    assert parse_listing(text, kind=Kind.INDEX).id == f"{text}.SH"


@pytest.mark.parametrize(
    "text", ["", "  ", "30085", "3008577", "ABC", "600519.SZ.SH", "000000.HK0", "７00", "300857.XX"]
)
def test_what_is_no_code_is_refused(text: str) -> None:
    if text == "30085":  # five digits are a Hong Kong code
        assert parse_listing(text).id == "30085.HK"
        return
    with pytest.raises(InputError, match="listing"):
        parse_listing(text)


@pytest.mark.parametrize("text", ["801750.SI", "931160.CSI", "H00905.CSI", "8841678.WI"])
def test_indices_of_compilers_are_counted_in_renminbi_on_the_mainland(text: str) -> None:
    found = parse_listing(text)
    assert (found.board, found.currency) == (Board.INDEX, Currency.CNY)
    assert found.exchange.mainland
    assert found.exchange.compiler
    assert re.fullmatch(INDEX_ID, found.id)


@pytest.mark.parametrize("text", ["600519.SI", "12.CSI", "88.WI", "ABCDEFG.CSI"])
def test_what_no_compiler_writes_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is not a code of an index of") as caught:
        parse_listing(text)
    assert "801750.SI" in caught.value.fix


def test_wrong_exchange_is_told_with_the_right_one() -> None:
    with pytest.raises(InputError, match="600519 is a code of SH, not of SZ") as info:
        parse_listing("600519.SZ", parameter="--listing")
    assert info.value.fix == "write 600519.SH"
    assert "--listing" in str(info.value)


@pytest.mark.parametrize(
    ("text", "board", "currency"),
    [
        ("601899.SH", Board.MAIN, Currency.CNY),
        ("688256.SH", Board.STAR, Currency.CNY),
        ("689009.SH", Board.STAR, Currency.CNY),
        ("301396.SZ", Board.CHINEXT, Currency.CNY),
        ("302132.SZ", Board.CHINEXT, Currency.CNY),
        ("002428.SZ", Board.MAIN, Currency.CNY),
        ("920002.BJ", Board.BSE, Currency.CNY),
        ("00700.HK", Board.HK, Currency.HKD),
        ("900901.SH", Board.B_SHARE, Currency.USD),
        ("200002.SZ", Board.B_SHARE, Currency.HKD),
        ("510300.SH", Board.FUND, Currency.CNY),
        ("000300.SH", Board.INDEX, Currency.CNY),
        ("399006.SZ", Board.INDEX, Currency.CNY),
        ("HSI.HK", Board.INDEX, Currency.HKD),
        ("80700.HK", Board.HK, Currency.CNY),
    ],
)
def test_board_and_currency_follow_from_the_code(
    text: str, board: Board, currency: Currency
) -> None:
    found = parse_listing(text)
    assert (found.board, found.currency) == (board, currency)


def test_list_of_codes_takes_any_comma_and_refuses_repeats() -> None:
    assert find_listings(None, "300857，00700.HK、sh603629", parameter="listing") == (
        parse_listing("300857.SZ"),
        parse_listing("00700.HK"),
        parse_listing("603629.SH"),
    )
    with pytest.raises(InputError, match=r"names 300857\.SZ more than once"):
        find_listings(None, "300857,sz300857", parameter="listing")
    with pytest.raises(InputError, match="listing is empty"):
        find_listings(None, " , ", parameter="listing")


def test_ids_sort_by_code() -> None:
    assert sorted([parse_listing("300857"), parse_listing("00700")])[0] == Listing(
        "00700", parse_listing("00700").exchange
    )


@pytest.mark.parametrize("exchange", list(Exchange))
def test_every_exchange_and_compiler_has_sessions_and_hours(exchange: Exchange) -> None:
    day = calendar_of(exchange).on_or_after(date(2026, 6, 18))
    assert day == date(2026, 6, 18)
    assert session_end(exchange, day).time >= order_cutoff(exchange, day).time


@pytest.mark.parametrize(
    ("former", "present"),
    [
        ("835185.BJ", "920185.BJ"),  # its three digits kept
        ("831175.BJ", "920375.BJ"),  # 920175 was taken, and 920275 too
        ("836961", "920061.BJ"),  # past 999 the hundreds begin again
        ("bj833819", "920819.BJ"),  # of the trial
        ("300114.SZ", "302132.SZ"),
    ],
)
def test_a_former_code_leads_to_its_listing(former: str, present: str) -> None:
    assert parse_listing(former).id == present
    assert parse_listing(present).id == present


def test_a_change_of_code_has_its_day_and_its_source() -> None:
    first, later = renumbering("833819"), renumbering("835185")
    assert first is not None
    assert later is not None
    assert (first.since, later.since) == (date(2025, 5, 6), date(2025, 10, 9))
    assert "BSE" in later.source


def test_the_codes_of_beijing_lead_to_248_different_listings() -> None:
    every = [f"{head}{tail:04}" for head in (43, 83, 87, 88) for tail in range(10_000)]
    found = [change for code in every if (change := renumbering(code))]
    assert len(found) == len({change.present for change in found}) == 248
    assert all(renumbering(change.present) is None for change in found)


def test_a_beijing_code_that_nobody_renumbered_stays_itself() -> None:
    assert parse_listing("833874.BJ").id == "833874.BJ"  # left for another exchange before


@pytest.mark.parametrize("text", ["113050.SH", "110059", "128034.SZ", "sz123121", "118009.SH"])
def test_a_convertible_bond_is_neither_a_share_nor_a_fund(text: str) -> None:
    with pytest.raises(InputError, match="is a convertible bond, neither a share") as info:
        parse_listing(text, kind=Kind.SECURITY)
    assert "the company's share" in info.value.fix


def test_another_bond_is_refused_as_one_and_a_fund_is_not() -> None:
    with pytest.raises(InputError, match="is a bond, neither a share nor a fund"):
        parse_listing("131810.SZ")
    assert {parse_listing(code).board for code in ("159915", "161725", "510300")} == {Board.FUND}


@pytest.mark.parametrize("text", ["000300", "000300.SZ", "SZ000300"])
def test_the_code_of_an_index_alone_is_never_a_share(text: str) -> None:
    with pytest.raises(InputError, match=r"000300.* is an index") as info:
        parse_listing(text, kind=Kind.SECURITY)
    assert "000300.SH" in info.value.fix
    assert parse_listing("000300", kind=Kind.INDEX).id == "000300.SH"


def test_what_tables_hold_is_read_as_it_is() -> None:
    assert stored_listing("835185.BJ").id == "835185.BJ"
    assert stored_listing("835185.BJ").present.id == "920185.BJ"
    assert stored_listing("600519.SH").present.id == "600519.SH"
    assert stored_listing("128034.SZ").board is Board.BOND
    assert stored_listing("H00300.SH").board is Board.INDEX
