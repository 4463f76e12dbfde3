"""What a lake tells of names, volumes and codes reaches `rules` and backtests alike."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from screener.data.lake.batch import Batch
from screener.data.lake.rows import make_rows
from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.data.panels.price_panel import read_panel, read_trading
from screener.domain.listing import Board, parse_listing
from screener.errors import BasketDefinitionError
from screener.paths.legs import Reason, buy_block
from screener.paths.limits import limit_on, limit_price
from screener.workflows.rules.run import run_ruling
from screener.workspace.baskets import read_basket

NOW = datetime(2025, 12, 1, tzinfo=UTC)
DAYS = [date(2025, 9, day) for day in (24, 25, 26, 29, 30)]
LEAVING, S_SHARE, SPECIAL, BEIJING, FUND, STAR_FUND, SHARE, ETF = (
    *("600801.SH", "600182.SH", "000802.SZ", "920803.BJ", "159804.SZ"),
    *("588806.SH", "00807.HK", "02808.HK"),
)
BASKET = 'name = "old"\n[[events]]\npublished = 2025-03-10\nlistings = [{}]\n'
CLOSES = {
    LEAVING: (5.0, 5.0, 1.0, 1.1, 1.2),
    S_SHARE: (10.0, 10.0, 10.5, 10.6, 10.7),
    SPECIAL: (10.05, 10.05, 10.55, 10.5, 10.5),
    BEIJING: (13.49, 13.49, 17.53, 17.0, 17.0),
    FUND: (0.853, 0.853, 0.854, 0.855, 0.856),
    STAR_FUND: (0.853, 0.853, 1.024, 1.03, 1.03),
    SHARE: (1.0, 1.0, 1.0, 0.5, 0.5),
    ETF: (20.0, 20.0, 20.0, 20.0, 20.0),
}


def rows(table: TableName, **columns: Sequence[object]) -> pa.Table:
    return make_rows(table, columns, source="test.csv", fetched_at=NOW)


def bars(listing: str, closes: Sequence[float]) -> pa.Table:
    volumes = [0.0 if listing == SHARE and day == DAYS[2] else 1e6 for day in DAYS]
    prices = {name: list(closes) for name in ("open", "high", "low", "close")}
    return rows(
        TableName.BARS,
        listing=[listing] * len(DAYS),
        session=DAYS,
        basis=["raw"] * len(DAYS),
        volume=volumes,
        **prices,
    )


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("facts") / "data_cache"
    names = [
        (LEAVING, date(2024, 1, 2), "*ST零一"),
        (LEAVING, DAYS[2], "退市零一"),
        (LEAVING, DAYS[4], "退市零一A"),  # another source's spelling begins no second period
        (S_SHARE, date(2024, 1, 2), "S零二"),
        (SPECIAL, date(2024, 1, 2), "ST零三"),
    ]
    boards = {item: parse_listing(item) for item in CLOSES}
    funds = {FUND, STAR_FUND, ETF}
    tables = {
        TableName.LISTINGS: rows(
            TableName.LISTINGS,
            listing=list(CLOSES),
            board=[str(item.board) for item in boards.values()],
            kind=["fund" if item in funds else "stock" for item in CLOSES],
            currency=[str(item.currency) for item in boards.values()],
            list_date=[date(2015, 1, 5)] * len(CLOSES),
        ),
        TableName.NAMES: rows(
            TableName.NAMES,
            listing=[item for item, _, _ in names],
            valid_from=[day for _, day, _ in names],
            name=[name for _, _, name in names],
        ),
        TableName.BARS: pa.concat_tables([bars(*item) for item in CLOSES.items()]),
    }
    with Store.create(folder) as store:
        store.commit(Batch(tables=tables), message="test")
    return folder


@pytest.fixture(scope="module")
def store(lake: Path) -> Iterator[Store]:
    with Store.open(lake) as opened:
        yield opened


@pytest.mark.parametrize("day", DAYS[1:])
@pytest.mark.parametrize("text", [item for item in CLOSES if not item.endswith(".HK")])
def test_rules_print_the_limit_that_a_backtest_applies(
    lake: Path, store: Store, text: str, day: date
) -> None:
    listing = parse_listing(text)
    panel = read_panel(store, [listing], first_entry=DAYS[1], last_entry=DAYS[-1])
    row = panel.row(day)
    page = run_ruling(lake, listing, day)
    (shown,) = [rule for rule in page.rules if rule.rule == "price limit"]
    applied = limit_on(panel, 0, row)
    assert (shown.value, shown.source) == (applied.fraction, applied.source)
    low, high = (limit_price(panel, 0, row, upper=upper) for upper in (False, True))
    if math.isfinite(high):
        places = 3 if listing.board is Board.FUND else 2
        assert shown.text.endswith(f": {low:.{places}f} to {high:.{places}f}")


@pytest.mark.parametrize(
    ("text", "day", "fraction"),
    [
        (LEAVING, DAYS[1], 0.05),
        (LEAVING, DAYS[2], None),
        (LEAVING, DAYS[3], 0.10),
        (LEAVING, DAYS[4], 0.10),
        (S_SHARE, DAYS[2], 0.05),
        (SPECIAL, DAYS[2], 0.05),
        (BEIJING, DAYS[2], 0.30),
        (FUND, DAYS[2], 0.20),
        (STAR_FUND, DAYS[2], 0.20),
    ],
)
def test_names_and_codes_decide_the_limit(
    store: Store, text: str, day: date, fraction: float | None
) -> None:
    panel = read_panel(store, [parse_listing(text)], first_entry=DAYS[1], last_entry=DAYS[-1])
    assert limit_on(panel, 0, panel.row(day)).fraction == fraction


@pytest.mark.parametrize("text", [S_SHARE, SPECIAL, BEIJING, STAR_FUND])
def test_an_open_at_the_limit_of_its_kind_is_locked(store: Store, text: str) -> None:
    panel = read_panel(store, [parse_listing(text)], first_entry=DAYS[1], last_entry=DAYS[-1])
    assert buy_block(panel, 0, panel.row(DAYS[2])) is Reason.LIMIT_UP
    assert buy_block(panel, 0, panel.row(DAYS[3])) is Reason.NONE


def test_volumes_products_and_southbound_days_are_read(store: Store) -> None:
    names = [parse_listing(item) for item in (SHARE, ETF, SPECIAL)]
    panel = read_panel(store, names, first_entry=DAYS[1], last_entry=date(2025, 10, 9))
    assert buy_block(panel, 0, panel.row(DAYS[2])) is Reason.NO_TRADE
    trading = read_trading(store, panel)
    assert trading.funds == (False, True, False)
    assert trading.southbound is not None
    open_days = {day: trading.southbound[panel.row(day)].tolist() for day in
                 (DAYS[-1], date(2025, 10, 2), date(2025, 10, 9))}  # fmt: skip
    assert open_days == {
        DAYS[-1]: [True, True, True],
        date(2025, 10, 2): [False, False, True],  # a session of Hong Kong alone
        date(2025, 10, 9): [True, True, True],
    }


def test_rules_say_that_a_fund_may_follow_another_index(lake: Path) -> None:
    told = "whether it follows ChiNext or STAR shares alone, at ±20 %, is not recorded"
    plain = run_ruling(lake, parse_listing("159919.SZ"), DAYS[2])
    assert told in plain.remarks
    assert told not in run_ruling(lake, parse_listing(STAR_FUND), DAYS[2]).remarks


def test_rules_say_that_southbound_trading_is_closed(lake: Path) -> None:
    texts = {
        day: rule.text
        for day in (date(2025, 10, 2), date(2025, 10, 9))
        for rule in run_ruling(lake, parse_listing(SHARE), day).rules
        if rule.rule == "southbound days"
    }
    assert texts[date(2025, 10, 2)] == "when both markets are open: not on this day"
    assert texts[date(2025, 10, 9)] == "when both markets are open"


def test_a_basket_under_former_codes_holds_the_listings_of_today(tmp_path: Path) -> None:
    path = tmp_path / "old.toml"
    path.write_text(BASKET.format('"832149.BJ", "300114.SZ"'), encoding="utf-8")
    (event,) = read_basket(path, root=tmp_path).own_events
    assert [member.listing.id for member in event.members] == ["920249.BJ", "302132.SZ"]


def test_a_basket_names_no_listing_under_both_its_codes(tmp_path: Path) -> None:
    path = tmp_path / "twice.toml"
    path.write_text(BASKET.format('"832149.BJ", "920249.BJ"'), encoding="utf-8")
    with pytest.raises(BasketDefinitionError, match=r"920249\.BJ") as info:
        read_basket(path, root=tmp_path)
    assert info.value.fix
