"""What applied to a listing on a day, from a lake small enough to be worked out by hand."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from rich.cells import cell_len
from rich.console import Console

from screener.data.lake.batch import Batch
from screener.data.lake.rows import make_rows
from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.domain.listing import parse_listing
from screener.errors import ConfigError, DateRangeError, InputError
from screener.files.place import Place
from screener.files.writing import csv_text, write_json
from screener.market.charges import Plan
from screener.render.rules import rules_view
from screener.results.rules import RULES
from screener.results.tables import fits
from screener.workflows.rules.listing_state import Known
from screener.workflows.rules.result import RuleShown, RulesPage
from screener.workflows.rules.rows import rules_document, rules_rows
from screener.workflows.rules.run import lake_of, place_if_any, rules_for, run_ruling

NOW = datetime(2026, 7, 10, tzinfo=UTC)
SPECIAL, FRESH, LEAVING, PAYER, ISLE, FUND = (
    *("600901.SH", "601902.SH", "000903.SZ", "300904.SZ"),
    *("00905.HK", "02906.HK"),
)
FRIDAY, MONDAY = date(2026, 7, 3), date(2026, 7, 6)


def rows(table: TableName, **columns: Sequence[object] | str) -> pa.Table:
    return make_rows(table, columns, source="test.csv", fetched_at=NOW)


def bars(listing: str, closes: dict[date, float], basis: str = "raw") -> pa.Table:
    prices = {name: list(closes.values()) for name in ("open", "high", "low", "close")}
    return rows(
        TableName.BARS,
        listing=[listing] * len(closes),
        session=list(closes),
        basis=basis,
        **prices,
    )


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ruling") / "data_cache"
    before = date(2026, 7, 2)
    listed = {
        SPECIAL: ("main", "stock", date(2001, 1, 5)),
        FRESH: ("main", "stock", date(2026, 6, 29)),
        LEAVING: ("main", "stock", date(2001, 1, 5)),
        PAYER: ("chinext", "stock", date(2015, 1, 5)),
        ISLE: ("hk", "stock", date(2010, 1, 4)),
        FUND: ("hk", "fund", date(2010, 1, 4)),
    }
    names = {
        SPECIAL: ((date(2024, 1, 2), "*ST九一"), (date(2026, 8, 3), "九一股份")),
        FRESH: ((date(2026, 6, 29), "九二股份"),),
        LEAVING: ((date(2020, 1, 2), "*ST九三"), (FRIDAY, "九三退")),
        PAYER: ((date(2020, 1, 2), "九四股份"),),
    }
    tables = {
        TableName.LISTINGS: rows(
            TableName.LISTINGS,
            listing=list(listed),
            board=[item[0] for item in listed.values()],
            kind=[item[1] for item in listed.values()],
            list_date=[item[2] for item in listed.values()],
            currency=["HKD" if item.endswith("HK") else "CNY" for item in listed],
        ),
        TableName.NAMES: rows(
            TableName.NAMES,
            listing=[item for item, every in names.items() for _ in every],
            valid_from=[day for every in names.values() for day, _ in every],
            name=[name for every in names.values() for _, name in every],
        ),
        TableName.BOARD_LOTS: rows(
            TableName.BOARD_LOTS,
            listing=[ISLE, ISLE],
            valid_from=[date(2020, 1, 2), date(2026, 8, 3)],
            lot=[500, 100],
        ),
        TableName.STATUS: rows(
            TableName.STATUS, listing=[SPECIAL], session=[MONDAY], suspended=[True]
        ),
        TableName.FACTORS: rows(
            TableName.FACTORS, listing=[PAYER], ex_session=[FRIDAY], factor=[1.25]
        ),
        TableName.BARS: pa.concat_tables(
            [
                bars(SPECIAL, {before: 10.05, FRIDAY: 10.05}),
                bars(FRESH, {before: 20.0, FRIDAY: 30.0, MONDAY: 33.0}),
                bars(LEAVING, {before: 2.0, FRIDAY: 1.0, MONDAY: 0.95}),
                bars(PAYER, {before: 20.0, FRIDAY: 16.0}),
                bars(ISLE, {before: 19.98, FRIDAY: 20.1}),
            ]
        ),
    }
    with Store.create(folder) as store:
        store.commit(Batch(tables=tables), message="test")
    return folder


def page(lake: Path | None, code: str, day: date) -> RulesPage:
    return run_ruling(lake, parse_listing(code), day)


def named(found: RulesPage, rule: str) -> list[RuleShown]:
    return [item for item in found.rules if item.rule == rule]


def limits(found: RulesPage) -> list[str]:
    return [item.text for item in named(found, "price limit")]


def test_special_treatment_on_both_sides_of_2026_07_06(lake: Path) -> None:
    before, after = page(lake, SPECIAL, FRIDAY), page(lake, SPECIAL, MONDAY)
    assert limits(before) == ["±5 %: 9.55 to 10.55"]
    assert limits(after) == ["±10 %: 9.05 to 11.06"]
    (rule,) = named(after, "price limit")
    assert rule.why == "board main, ST"
    assert rule.start == MONDAY
    assert rule.verified
    assert before.known["suspended"] is False
    assert after.known["suspended"] is True
    assert after.known["name"] == "*ST九一"  # not the name that it bears later


def test_nothing_dated_later_is_told(lake: Path) -> None:
    assert page(lake, ISLE, MONDAY).known["board_lot"] == 500
    assert page(lake, ISLE, date(2026, 8, 3)).known["board_lot"] == 100
    early = page(lake, FRESH, date(2026, 6, 26))
    assert early.known["list_date"] is None
    assert early.known["name"] is None


def test_a_new_listing_is_free_for_five_sessions(lake: Path) -> None:
    fifth, sixth = page(lake, FRESH, FRIDAY), page(lake, FRESH, MONDAY)
    assert limits(fifth) == ["none"]
    assert "session 5 since its listing on 2026-06-29" in named(fifth, "price limit")[0].why
    assert limits(sixth) == ["±10 %: 27.00 to 33.00"]


def test_the_delisting_period_is_free_on_its_first_session(lake: Path) -> None:
    assert limits(page(lake, LEAVING, date(2026, 7, 2))) == ["±5 %"]
    assert limits(page(lake, LEAVING, FRIDAY)) == ["none"]
    assert limits(page(lake, LEAVING, MONDAY)) == ["±10 %: 0.90 to 1.10"]


def test_an_older_first_day_went_by_the_issue_price() -> None:
    known = Known(st=False, list_date=date(2022, 7, 5))
    shown = rules_for(parse_listing("600901.SH"), date(2022, 7, 5), known=known)
    assert shown[0].text == "+44 %, -36 % of the issue price"
    assert not shown[0].verified


@pytest.mark.parametrize(
    ("code", "listed", "nth", "free"),
    [
        ("600901.SH", date(2023, 4, 10), date(2023, 4, 14), True),
        ("600901.SH", date(2023, 4, 10), date(2023, 4, 17), False),
        ("920901.BJ", date(2025, 3, 3), date(2025, 3, 3), True),
        ("920901.BJ", date(2025, 3, 3), date(2025, 3, 4), False),
    ],
)
def test_free_sessions_by_board(code: str, listed: date, nth: date, free: bool) -> None:
    shown = rules_for(parse_listing(code), nth, known=Known(st=False, list_date=listed))
    assert (shown[0].text == "none") is free


def test_limits_go_by_the_price_after_an_ex_date(lake: Path) -> None:
    found = page(lake, PAYER, FRIDAY)
    assert (found.known["previous_close"], found.known["reference"]) == (20.0, 16.0)
    assert limits(found) == ["±20 %: 12.80 to 19.20"]


def test_hong_kong(lake: Path) -> None:
    found = page(lake, ISLE, MONDAY)
    assert limits(found) == ["none"]
    assert named(found, "lot")[0].text == "500 shares"
    assert named(found, "tick")[0].value == 0.02  # at 20.1
    assert named(found, "sale after purchase")[0].value == 0.0
    assert [round(item.value, 6) for item in named(found, "sum before commission")] == [
        0.001127,
        0.001127,
    ]
    assert named(found, "order cut-off")[0].text == "09:00"
    taxes = {item.rule: item.value for item in found.rules if item.group == "dividend tax"}
    assert taxes == {"an H share": 0.20, "a red chip": 0.28, "any other company": 0.20}
    assert not any(item.verified for item in found.rules if item.rule != "commission")


def test_a_fund_in_hong_kong_pays_no_stamp_duty(lake: Path) -> None:
    (rule,) = named(page(lake, FUND, MONDAY), "stamp duty")
    assert rule.value == 0.0
    assert "its board lot is not known" in " ".join(page(lake, FUND, MONDAY).remarks)


@pytest.mark.parametrize(
    ("code", "trips"),
    [
        (SPECIAL, ["25.2 bp", "10.2 bp", "10.2 bp", "10.2 bp"]),
        (ISLE, ["42.5 bp", "27.5 bp", "27.5 bp", "27.5 bp"]),
    ],
)
def test_round_trips_by_size(lake: Path, code: str, trips: list[str]) -> None:
    found = page(lake, code, FRIDAY)
    assert [item.text for item in found.rules if item.group == "round trip"] == trips


def test_an_account_in_hong_kong_has_no_southbound_rules() -> None:
    plan = Plan(southbound=False)
    shown = rules_for(parse_listing(ISLE), MONDAY, plan=plan)
    assert not [item for item in shown if "southbound" in item.why]
    assert [item.value for item in shown if item.group == "dividend tax"] == [0.10, 0.10, 0.0]


def test_without_a_lake_it_says_what_it_could_not_know() -> None:
    found = page(None, SPECIAL, FRIDAY)
    assert not fits(RULES, rules_rows(found))
    assert limits(found) == ["±10 %", "±5 %"]
    assert found.data_version is None
    said = "\n".join(found.remarks)
    assert "no market data are stored here" in said
    assert "limits are shown for either case" in said
    assert "its first trading day is not known" in said
    assert len(limits(page(None, SPECIAL, MONDAY))) == 2  # the same rate, from two rules
    star = page(None, "688901.SH", FRIDAY)
    assert limits(star) == ["±20 %"]  # ST makes no difference there


def test_a_day_without_trading_is_told() -> None:
    found = page(None, SPECIAL, date(2026, 7, 4))
    assert not found.session
    assert "2026-07-04 is no session of SH" in "\n".join(found.remarks)


def test_days_and_listings_that_are_refused(lake: Path) -> None:
    with pytest.raises(DateRangeError, match="from 2015-08-01 to 2026-12-31"):
        page(lake, SPECIAL, date(2014, 7, 4))
    with pytest.raises(InputError, match="is an index"):
        page(lake, "000300.SH", FRIDAY)
    with pytest.raises(InputError, match="no data version 3: no market data") as info:
        run_ruling(None, parse_listing(SPECIAL), FRIDAY, version=3)
    assert "--workspace" in info.value.fix


def test_the_lake_is_found_or_not(lake: Path, tmp_path: Path) -> None:
    root = lake.parent
    (root / "baskets").mkdir(exist_ok=True)
    assert lake_of(place_if_any(root, environ={}, cwd=tmp_path)) == Place(lake)
    assert lake_of(place_if_any(None, environ={}, cwd=root / "baskets")) == Place(lake)
    assert lake_of(place_if_any(None, environ={}, cwd=tmp_path)) is None
    (tmp_path / "baskets").mkdir()
    assert lake_of(place_if_any(tmp_path, environ={}, cwd=root)) is None  # a workspace without data
    with pytest.raises(ConfigError, match="no workspace at"):
        lake_of(place_if_any(tmp_path / "none", environ={}, cwd=root))


@pytest.mark.parametrize("code", [SPECIAL, ISLE])
def test_rows_for_programs(lake: Path, code: str, tmp_path: Path) -> None:
    found = page(lake, code, MONDAY)
    assert not fits(RULES, rules_rows(found))
    read = list(csv.DictReader(io.StringIO(csv_text(RULES.names, rules_rows(found)))))
    assert tuple(read[0]) == RULES.names
    assert len(read) == len(found.rules)
    assert {row["verified"] for row in read} == {"true", "false"}
    write_json(str(tmp_path / "rules.json"), rules_document(found))
    document = json.loads((tmp_path / "rules.json").read_text(encoding="utf-8"))
    assert document["known"]["suspended"] is (True if code == SPECIAL else None)
    assert document["rows"][0]["rule"] == "price limit"
    assert document["data_version"] == found.data_version


def test_sources_are_listed_once_and_what_is_unverified_is_counted() -> None:
    told = [("a", True), ("b", False), ("", False), ("a", False)]
    found = RulesPage(
        listing=SPECIAL,
        board="main",
        at=MONDAY,
        session=True,
        known={},
        rules=[
            RuleShown(group="g", rule="r", text="t", why="", source=source, verified=verified)
            for source, verified in told
        ],
    )
    assert found.sources == ("a", "b")
    assert found.n_unverified == 3


@pytest.mark.parametrize("code", [SPECIAL, ISLE])
@pytest.mark.parametrize("width", [80, 160])
def test_on_the_terminal(lake: Path, code: str, width: int) -> None:
    found = page(lake, code, MONDAY)
    screen = Console(width=width, record=True, file=io.StringIO())
    screen.print(rules_view(found))
    text = screen.export_text()
    assert all(cell_len(line) <= width for line in text.splitlines())
    assert "unverified" in text
    assert all(part in " ".join(text.split()) for part in _unfolded(found))


def _unfolded(found: RulesPage) -> Iterator[str]:
    yield found.listing
    yield "Sources"
    yield f"of {len(found.rules)} lines are unverified"
