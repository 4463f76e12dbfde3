"""What the volume of bars tells: its unit, board by board, and sessions without a trade."""

from __future__ import annotations

from pathlib import Path

import pytest

from screener.data.lake.schema import Basis, TableName
from screener.errors import DataError
from tests.support.file_imports import FileImports, told, values

HEAD = "code,date,open,high,low,close,volume,amount"
DAYS = ("2026-05-11", "2026-05-12", "2026-05-13")


@pytest.fixture
def imported(tmp_path: Path) -> FileImports:
    return FileImports(tmp_path)


def bar(code: str, volume: str, amount: str = "", *more: str, day: str = DAYS[0]) -> str:
    return ",".join((code, day, "10", "10.2", "9.9", "10", volume, amount, *more)) + "\n"


def volumes(imported: FileImports, text: str, **options: object) -> dict[object, object]:
    return dict(values(imported(text, **options), "listing", "volume"))  # type: ignore[arg-type]


def test_each_board_is_counted_as_its_amounts_prove(imported: FileImports) -> None:
    text = f"{HEAD}\n" + bar("601398", "2000", "20000") + bar("920002", "20", "20000")
    text += bar("430047", "30") + bar("601288", "4000") + bar("300750", "7") + bar("00700", "9")
    batch = imported(text)
    assert dict(values(batch, "listing", "volume")) == {
        "601398.SH": 2000.0,
        "920002.BJ": 2000.0,
        "920047.BJ": 3000.0,  # like the Beijing listing whose amount proves lots
        "601288.SH": 4000.0,
        "300750.SZ": 7.0,
        "00700.HK": 9.0,
    }
    assert "first 920047.BJ: taken as lots, like the others" in told(batch, "Beijing")
    assert "first 601288.SH: taken as shares, like the others" in told(batch, "main board")
    assert "first 300750.SZ: taken as shares; say it by --unit volume=lots" in told(
        batch, "ChiNext"
    )
    assert "first 00700.HK: taken as shares" in told(batch, "Hong Kong")


def test_a_board_that_counts_in_both_ways_proves_nothing(imported: FileImports) -> None:
    text = f"{HEAD}\n" + bar("920002", "20", "20000") + bar("920008", "2000", "20000")
    batch = imported(text + bar("430047", "30"))
    assert dict(values(batch, "listing", "volume"))["920047.BJ"] == 30.0
    assert "as the others of that board count in both ways" in told(batch, "nothing proves")


def test_lots_by_header_without_proof_say_their_board(imported: FileImports) -> None:
    text = HEAD.replace("volume", "成交量") + "\n" + bar("920002", "20") + bar("00700", "500")
    batch = imported(text)
    assert dict(values(batch, "listing", "volume")) == {"920002.BJ": 2000.0, "00700.HK": 500.0}
    assert "first 920002.BJ: taken as lots of 100 shares" in told(batch, "Beijing")


@pytest.mark.parametrize(
    ("header", "volume", "more", "expected"),
    [
        # 1 % of 20 million shares are 200,000.
        ("volume,amount,换手率,流通股本", "2000", ("1.0", "20000000"), 200_000.0),
        ("volume,amount,换手率(%),流通股本", "2000", ("1.0", "20000000"), 200_000.0),
        ("volume,amount,换手率,流通市值", "2000", ("1.0", "200000000"), 200_000.0),
        ("volume,amount,换手率,流通市值", "200000", ("1.0%", "2亿"), 200_000.0),
        ("成交量,amount,换手率,流通股本", "200000", ("1.0", "20000000"), 200_000.0),
        ("volume,amount,turnover,outstanding_share", "2000", ("0.01", "20000000"), 200_000.0),
        # More than the float cannot be traded in lots.
        ("成交量,amount,换手率,流通股本", "300000", ("", "20000000"), 300_000.0),
        # A rate that may be a fraction, and a float in another unit, prove nothing.
        ("volume,amount,换手率,流通股本", "2000", ("0.01", "20000000"), 2000.0),
        ("volume,amount,换手率,流通股本", "2000", ("1.0", "2000"), 2000.0),
    ],
)
def test_turnover_and_float_prove_what_the_amount_cannot(
    imported: FileImports, header: str, volume: str, more: tuple[str, ...], expected: float
) -> None:
    head = "code,date,open,high,low,close," + header
    batch = imported(f"{head}\n" + bar("920002", volume, "", *more))
    assert values(batch, "volume") == [(expected,)]
    assert told(batch, "only to prove the unit of volume")


def test_the_unit_said_is_believed_and_checked(imported: FileImports) -> None:
    text = f"{HEAD}\n" + bar("920002", "20")
    assert volumes(imported, text, units="volume=lots") == {"920002.BJ": 2000.0}
    with pytest.raises(DataError, match="the unit in volume is not true") as error:
        imported(f"{HEAD}\n" + bar("920002", "2000", "20000"), units="volume=lots")
    assert "--unit volume=lots or --unit amount=万元" in error.value.fix


def test_adjusted_prices_prove_nothing(imported: FileImports) -> None:
    text = f"{HEAD}\n" + bar("920002", "20", "20000")
    assert volumes(imported, text, basis=Basis.ADJUSTED) == {"920002.BJ": 20.0}


# --- sessions without a trade -------------------------------------------------------------------

TRADED = "601398,2026-05-11,6,6.1,5.9,6,2000,12000\n"


def suspended(imported: FileImports, text: str) -> list[tuple[object, ...]]:
    batch = imported(text)
    if TableName.STATUS not in batch.tables:
        return []
    return values(batch, "listing", "session", table=TableName.STATUS)


@pytest.mark.parametrize(
    "idle", ["6,6,6,6,0,0", "6,6,6,6,0,", "0,0,0,6,0,0", "6.2,6.2,6.2,6.2,0,0"]
)
def test_a_mainland_session_without_a_trade_is_a_suspension(
    imported: FileImports, idle: str
) -> None:
    text = f"{HEAD}\n{TRADED}601398,2026-05-12,{idle}\n"
    assert suspended(imported, text) == [("601398.SH", "2026-05-12")]
    batch = imported(text)
    assert "1 mainland rows have volume 0 and one price" in told(batch, "taken as suspended")
    assert len(values(batch, "session")) == (1 if idle.startswith("0") else 2)
    assert batch.rejects == ()


@pytest.mark.parametrize(
    "text",
    [
        f"{HEAD}\n{TRADED}00700,2026-05-12,6,6,6,6,0,0\n",  # Hong Kong names often do not trade
        f"{HEAD}\n{TRADED}601398,2026-05-12,6,6.1,6,6,0,0\n",  # a range is no rest
        f"{HEAD}\n{TRADED}601398,2026-05-12,6,6,6,6,0,600\n",  # money was paid
        f"{HEAD}\n{TRADED}601398,2026-05-12,6,6,6,6,,\n",  # not known
        f"{HEAD},suspended\n601398,2026-05-12,6,6,6,6,0,0,否\n",  # the file says it itself
    ],
)
def test_other_sessions_are_no_suspensions(imported: FileImports, text: str) -> None:
    assert suspended(imported, text) == []


def test_a_file_without_volumes_suspends_nobody(imported: FileImports) -> None:
    rows = "".join(
        f"601398,{day},{p},{p},{p},{p},0,\n" for day, p in zip(DAYS, (6, 6.6, 6.6), strict=True)
    )
    assert suspended(imported, f"{HEAD}\n{rows}") == []
    assert "first 601398.SH" in told(imported(f"{HEAD}\n{rows}"), "no suspension is concluded")
