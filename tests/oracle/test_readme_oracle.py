"""The program against a backtest that was written from the README alone.

The suite draws a fixed few windows; the soak draws others every day, and with FULL=1 a thousand of
each market, over years.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from tests.oracle import readme_compare, readme_market, readme_rules, readme_tables, readme_windows
from tests.oracle.readme_workspaces import imported, in_process, simulated
from tests.support.soaking import FULL, drawn_by, rounds

WINDOWS = rounds(12, 40, 1_000)
MOST_DRAWS = 10
LOCAL = timezone(timedelta(hours=8))


def agree(workspace: Path, scratch: Path, n_windows: int, seed: int) -> pd.DataFrame:
    count, found, rows = readme_compare.whole(
        in_process, workspace, scratch, n_windows=n_windows, seed=seed
    )
    assert count >= n_windows
    assert not found, "\n".join(str(item) for item in found[:20])
    return rows


@pytest.mark.soak
def test_simulated_windows_agree(tmp_path: Path) -> None:
    place = simulated(
        tmp_path / "workspace",
        7,
        first=date(2023, 9, 11) if FULL else date(2025, 4, 1),
        last=date(2026, 10, 30) if FULL else date(2025, 10, 31),
        n_listings=250 if FULL else 40,
    )
    rows = agree(place, tmp_path, WINDOWS, drawn_by(1))
    assert (rows["status"] == "mature").sum() > 0.5 * len(rows)


@pytest.mark.soak
@pytest.mark.parametrize("number", range(len(readme_market.SPANS)) if FULL else [1])
def test_windows_of_the_markets_where_everything_happens_agree(tmp_path: Path, number: int) -> None:
    span = readme_market.SPANS[number]
    files = readme_market.write(tmp_path / "files", 100 + number, span, each=2 if FULL else 1)
    place = imported(tmp_path / "workspace", files, in_process, span[0])
    rows = agree(place, tmp_path, WINDOWS, drawn_by(1))
    # The windows of the day need not have a name that waits: then more of them are drawn.
    for more in range(1, MOST_DRAWS):
        if rows["n_waiting"].sum():
            break
        scratch = tmp_path / f"more{more}"
        scratch.mkdir()
        rows = pd.concat([rows, agree(place, scratch, WINDOWS, drawn_by(1) + more)])
    assert rows["n_waiting"].sum() > 0
    assert rows["executable_return"].notna().sum() > 0.5 * len(rows)


def test_a_difference_is_seen() -> None:
    days = readme_rules.sessions("SH")
    first = readme_rules.place("SH", date(2025, 6, 3))
    bar = readme_tables.Bar(opened=Decimal(10), closed=Decimal(11), volume=1e9, raw=True)
    held = readme_tables.Story(
        listing="600000.SH", bars=dict.fromkeys(days[first - 30 : first + 30], bar)
    )
    index = replace(held, listing="000300.SH")
    store = readme_tables.Tables(
        stories={item.listing: item for item in (held, index)},
        fixings={},
        reach={"SH": days[first + 29]},
    )
    basket = readme_windows.Basket(name="one", published=days[first - 1], listings=("600000.SH",))
    group = readme_windows.Group(baskets=(basket,), horizons=(5,), capitals=(20_000,))
    row = {
        "basket": "one",
        "horizon": 5,
        "capital": 20_000.0,
        "status": "mature",
        "n_held": 1,
        "n_waiting": 0,
        "entry_session": str(days[first]),
        "exit_session": str(days[first + 4]),
        "sessions_held": 5,
        "paper_return": 0.1,
        "benchmark_return": 0.1,
        # 1,900 shares: 19,000 and 5.19 to buy; 20,900 less 5.23 + 0.21 + 10.45 = 15.89 to sell
        "executable_return": (1_900 - 5.19 - 15.89) / 20_000,
        "fees": 21.08,
    }
    ledger = pd.DataFrame(
        [
            ("one", 5, 20_000.0, "600000.SH", "buy", str(days[first]), 1_900, 10.0, 19_000.0, 5.19),
            (
                "one",
                5,
                20_000.0,
                "600000.SH",
                "sell",
                str(days[first + 4]),
                1_900,
                11.0,
                20_900.0,
                15.89,
            ),
        ],
        columns=[
            "basket",
            "horizon",
            "capital",
            "listing",
            "side",
            "session",
            "shares",
            "price",
            "amount",
            "fees",
        ],
    )

    def differences(**changed: object) -> list[str]:
        told = readme_windows.Told(rows=pd.DataFrame([row | changed]), ledger=ledger)
        return [item.what for item in readme_compare.compare(store, group, told)[1]]

    assert differences() == []
    assert differences(paper_return=0.1 + 2e-9) == ["paper_return"]
    assert differences(fees=21.09) == ["fees"]
    assert differences(executable_return=row["executable_return"] + 0.01 / 20_000) == [
        "executable_return",
        "return by the ledger",
    ]
    assert differences(status="pending") == ["status"]


@pytest.mark.parametrize(
    ("exchange", "published", "entry"),
    [
        ("SH", date(2026, 5, 15), date(2026, 5, 18)),  # a Friday alone: known after its close
        ("SH", datetime(2026, 5, 15, 9, 14, tzinfo=LOCAL), date(2026, 5, 15)),
        ("SH", datetime(2026, 5, 15, 9, 15, tzinfo=LOCAL), date(2026, 5, 18)),
        ("HK", datetime(2026, 5, 15, 9, 14, tzinfo=LOCAL), date(2026, 5, 18)),
        ("HK", datetime(2026, 5, 15, 0, 59, tzinfo=UTC), date(2026, 5, 15)),
        ("HK", date(2023, 8, 31), date(2023, 9, 4)),  # typhoon Saola on Friday
    ],
)
def test_entries(exchange: str, published: date, entry: date) -> None:
    found = readme_rules.entry_place(exchange, published)
    assert readme_rules.sessions(exchange)[found] == entry


@pytest.mark.parametrize(
    ("board", "special", "day", "reference", "low", "high"),
    [
        ("main", True, date(2026, 7, 3), "10.05", "9.55", "10.55"),
        ("main", True, date(2026, 7, 6), "10.05", "9.05", "11.06"),
        ("bse", False, date(2026, 3, 3), "13.49", "9.45", "17.53"),
        ("star", True, date(2026, 3, 3), "10.00", "8.00", "12.00"),
    ],
)
def test_limits(board: str, special: bool, day: date, reference: str, low: str, high: str) -> None:
    standing = readme_rules.Standing(board=board, special=special)
    rate = readme_rules.limit_rate(standing, day)
    assert rate is not None
    assert readme_rules.limits(Decimal(reference), rate, board=board) == (
        Decimal(low),
        Decimal(high),
    )


def test_charges_of_the_days_round_a_change() -> None:
    terms = readme_rules.Terms()

    def paid(board: str, day: date) -> Decimal:
        return readme_rules.charges(board, Decimal(100_050), day, sale=True, terms=terms)

    # commission 25.01, transfer 1.00; stamp duty 100.05, then 50.03
    assert paid("main", date(2023, 8, 25)) == Decimal("126.06")
    assert paid("main", date(2023, 8, 28)) == Decimal("76.04")
    # 25.01, SFC 2.70, AFRC 0.15, trading 5.65; duty 131, then 101; settlement 2.00, then 4.20
    assert paid("hk", date(2023, 11, 16)) == Decimal("166.51")
    assert paid("hk", date(2023, 11, 17)) == Decimal("136.51")
    assert paid("hk", date(2025, 6, 30)) == Decimal("138.71")
