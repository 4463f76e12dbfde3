"""Check claims against a lake small enough to be worked out by hand."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from rich.cells import cell_len
from rich.console import Console

from screener.data.lake.batch import Batch
from screener.data.lake.rows import make_rows
from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.domain.listing import parse_listing
from screener.domain.report import (
    Analyst,
    Claim,
    ClaimUnit,
    Note,
    Precision,
    Publication,
    Report,
)
from screener.errors import DataError, ReportNotFound
from screener.files.writing import csv_text, write_json
from screener.render.report.checking import checking_view
from screener.reports.claims.cases import PAYBACK
from screener.results.reports import CHECKING
from screener.results.tables import fits
from screener.workflows.report.check import (
    Checked,
    Checking,
    ClaimState,
    check_claims,
    check_report,
    checking_document,
    checking_rows,
)
from screener.workflows.report.check_cases import answer_without_listing
from screener.workflows.report.check_values import printed_step
from screener.workspace.locate import Workspace

NOW = datetime(2026, 6, 1, tzinfo=UTC)
STAR, BAY, ISLE, INDEX = "300901.SZ", "000901.SZ", "00901.HK", "HSI.HK"
# The mainland's sessions from 2026-04-20 (a Monday) to 2026-05-08; 05-01 to 05-05 are holidays.
SESSIONS = [
    *(date(2026, 4, day) for day in (20, 21, 22, 23, 24, 27, 28, 29, 30)),
    *(date(2026, 5, day) for day in (6, 7, 8)),
]
STAR_CLOSES = [20.0, 20.5, 21.0, 22.0, 26.18, 25.0, 25.3, 27.0, 26.0, 28.0, 28.6, 29.0]
DAY = date(2026, 4, 28)
PUBLISHED = Publication(value=date(2026, 4, 29), precision=Precision.DAY)


def bars(listing: str, closes: Sequence[float], basis: str = "raw"):  # type: ignore[no-untyped-def]
    prices = {name: list(closes) for name in ("open", "high", "low", "close")}
    days = SESSIONS[: len(closes)]
    columns = {"listing": [listing] * len(days), "session": days, "basis": basis, **prices}
    return make_rows(TableName.BARS, columns, source="a.csv", fetched_at=NOW)


def rows(table: TableName, **columns: Sequence[object]):  # type: ignore[no-untyped-def]
    return make_rows(table, columns, source="b.csv", fetched_at=NOW)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import pyarrow as pa

    folder = tmp_path_factory.mktemp("checked") / "data_cache"
    every_bar = [
        bars(STAR, STAR_CLOSES),
        bars(BAY, [10, 10, 10, 10, 10, 11, 11, 11, 11.5], basis="adjusted"),
        bars(ISLE, [8.0] * 12),
        bars(INDEX, [25_000.0] * 6 + [25_679.78] * 6),
    ]
    ends = [date(2025, 3, 31), date(2025, 6, 30), date(2026, 3, 31), date(2026, 3, 31)]
    known = [date(2025, 4, 20), date(2025, 8, 20), date(2026, 4, 25), date(2026, 5, 20)]
    tables = {
        TableName.BARS: pa.concat_tables(every_bar),
        TableName.FACTORS: rows(
            TableName.FACTORS, listing=[STAR], ex_session=[date(2026, 5, 7)], factor=[1.1]
        ),
        TableName.VALUATION: rows(
            TableName.VALUATION,
            listing=[STAR, BAY, ISLE],
            session=[DAY, date(2026, 4, 24), DAY],
            pe_ttm=[30.04, None, 9.0],
            pe_static=[35.5, 20.0, 8.0],
            pb=[None, 2.0, 1.0],
            market_cap=[1.2803e11, 5e10, 1e10],
            dividend_yield=[0.0123, None, None],
        ),
        TableName.FUNDAMENTALS: rows(
            TableName.FUNDAMENTALS,
            listing=[STAR] * 4,
            period_end=ends,
            known_at=known,
            known_by=["test"] * 4,
            currency=["CNY"] * 4,
            revenue=[1e9, 2.5e9, 1.2e9, 9e9],
            net_profit=[-1e8, 1e8, 2.04e8, 9e9],
        ),
        TableName.FX: rows(TableName.FX, pair=["HKDCNY"], session=[DAY], rate=[0.9]),
    }
    with Store.create(folder) as store:
        store.commit(Batch(tables=tables), message="market")
    return folder


@pytest.fixture(scope="module")
def store(root: Path) -> Iterator[Store]:
    with Store.open(root) as opened:
        yield opened


def claim(
    measure: str,
    value: float,
    unit: ClaimUnit = ClaimUnit.MULTIPLE,
    as_of: str = "",
    listing: str | None = STAR,
    remark: str = "",
) -> Claim:
    return Claim(
        subject="晨星科技",
        measure=measure,
        value=value,
        unit=unit,
        as_of=as_of,
        remark=remark,
        listing=None if listing is None else parse_listing(listing),
    )


def report(*claims: Claim, published: Publication = PUBLISHED) -> Report:
    note = Note(
        id="T-1",
        broker="北辰证券",
        analysts=(Analyst(name="甲"),),
        published=published,
        themes=("theme",),
    )
    return Report(
        id="T",
        title="测试",
        publisher="北辰证券",
        language="zh-Hans",
        published=published,
        notes=(note,),
        securities=(),
        claims=claims,
    )


def check(store: Store, *claims: Claim, published: Publication = PUBLISHED) -> Checking:
    return check_claims(store, report(*claims, published=published))


def only(store: Store, one: Claim, *, published: Publication = PUBLISHED) -> Checked:
    (row,) = check(store, one, published=published).rows
    return row


WEEK = "return over the week to that day"
CNY, HKD, FRACTION = ClaimUnit.CNY, ClaimUnit.HKD, ClaimUnit.FRACTION


def test_a_price_of_another_day_is_traced(store: Store) -> None:
    row = only(store, claim("price", 26.18, CNY, "2026-04-28"))
    assert row.verdict is ClaimState.DIFFERS
    assert row.found == 25.3
    assert row.difference == pytest.approx(0.88)
    assert row.reason == "not the close of 2026-04-28 (25.3) but of 2026-04-24"


def test_a_price_after_the_day_is_traced(store: Store) -> None:
    row = only(store, claim("price", 28.0, CNY, "2026-04-28"))
    assert row.reason == "not the close of 2026-04-28 (25.3) but of 2026-05-06"


def test_a_price_of_no_day_near(store: Store) -> None:
    row = only(store, claim("price", 29.01, CNY, "2026-04-28"))
    assert row.verdict is ClaimState.DIFFERS
    assert "no close from 10 sessions before to 3 after equals it" in row.reason


@pytest.mark.parametrize(
    ("one", "verdict"),
    [
        (claim("price", 25.3, CNY, "2026-04-28"), ClaimState.AGREES),
        (claim("price", 25.3, CNY), ClaimState.AGREES),  # the last session before publication
        (claim("price", 25.0, CNY), ClaimState.AGREES),  # to whole yuan: 25.3 rounds to it
        (claim("price", 25.0, CNY, "2026-04-26"), ClaimState.DIFFERS),  # a Sunday: 26.18 of Friday
        (claim("price", 25.3, HKD), ClaimState.UNKNOWN),
        (claim("price", 8.0, HKD, "2026-04-28", ISLE), ClaimState.AGREES),
        (claim("price", 25.3, CNY, "2027-04-28"), ClaimState.UNKNOWN),
        (claim("price", 25.3, CNY, "2020-04-28"), ClaimState.UNKNOWN),
        (claim("price", 1.0, CNY, "", "600000.SH"), ClaimState.UNKNOWN),
        (claim("close", 25_680.0, ClaimUnit.POINTS, "2026-04-28", INDEX), ClaimState.AGREES),
        (claim("PE", 30.0), ClaimState.AGREES),  # on the trailing twelve months
        (claim("PE", 35.5), ClaimState.AGREES),  # static
        (claim("PE", 33.0), ClaimState.DIFFERS),
        (claim("PE (TTM)", 35.5), ClaimState.DIFFERS),
        (claim("PE, low end", 29.0), ClaimState.AGREES),
        (claim("PE, high end", 29.0), ClaimState.DIFFERS),
        (claim("PE", 20.0, as_of="2026E"), ClaimState.UNKNOWN),
        (claim("PE", 20.0, as_of="2026", remark="forecast year"), ClaimState.UNKNOWN),
        (claim("PE", 20.0, as_of="2025"), ClaimState.UNKNOWN),
        (claim("PB", 2.0), ClaimState.UNKNOWN),
        (claim("PB", 2.0, listing=BAY), ClaimState.AGREES),  # of four days before
        (claim("dividend yield", 0.012, FRACTION), ClaimState.AGREES),
        (claim("market cap", 1.28e11, CNY), ClaimState.AGREES),
        (claim("market cap", 1.3e11, CNY), ClaimState.AGREES),  # two digits
        (claim("market cap", 1.27e11, CNY), ClaimState.DIFFERS),
        (claim("market cap", 1.2e11, CNY, remark="more than"), ClaimState.AGREES),
        (claim("market cap", 1.2e11, CNY, remark="less than"), ClaimState.DIFFERS),
        (claim("market cap", 1e10, HKD, listing=ISLE), ClaimState.AGREES),
        (claim("market cap", 9e9, CNY, listing=ISLE), ClaimState.AGREES),  # at 0.9
        (claim("market cap", 1.28e11, CNY, "2026-05-29"), ClaimState.UNKNOWN),
        (claim("EV/revenue", 7.8, as_of="2026E"), ClaimState.UNKNOWN),
        (claim("target price", 30.0, CNY), ClaimState.UNKNOWN),
        (claim("investment", 7e9, CNY, listing=None), ClaimState.UNKNOWN),
        (claim("number of cards", 7.0), ClaimState.UNKNOWN),
        (claim("revenue", 1.2e9, CNY, "2026Q1"), ClaimState.AGREES),  # the vintage then known
        (claim("net profit", 2.0e8, CNY, "2026Q1"), ClaimState.AGREES),
        (claim("net profit", 2.1e8, CNY, "2026Q1"), ClaimState.DIFFERS),
        (claim("revenue", 1.5e9, CNY, "2025Q2"), ClaimState.AGREES),  # half year less first quarter
        (claim("revenue", 1.2e9, HKD, "2026Q1"), ClaimState.UNKNOWN),
        (claim("revenue growth, year on year", 0.2, FRACTION, "2026Q1"), ClaimState.AGREES),
        (claim("net profit growth, year on year", 0.2, FRACTION, "2026Q1"), ClaimState.UNKNOWN),
        (claim("revenue", 1e9, CNY, "2025Q3"), ClaimState.UNKNOWN),
        (claim("revenue", 1e9, CNY), ClaimState.UNKNOWN),
        (claim("revenue", 1e9, CNY, "2026Q1", BAY), ClaimState.UNKNOWN),
        (claim("operating cash flow", 1e9, CNY, "2026Q1"), ClaimState.UNKNOWN),
        (claim("revenue", 1e9, CNY, "2026Q2"), ClaimState.UNKNOWN),  # not over when published
    ],
    ids=lambda item: f"{item.measure} {item.value} {item.as_of}" if isinstance(item, Claim) else "",
)
def test_verdicts(store: Store, one: Claim, verdict: ClaimState) -> None:
    row = only(store, one)
    assert row.verdict is verdict, row.reason
    assert row.reason
    assert (row.found is None) is (verdict is ClaimState.UNKNOWN)


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (claim("PE", 20.0, as_of="2026E"), "a forecast: no table holds forecasts"),
        (claim("EV/revenue", 7.8, as_of="2026E"), "no table holds enterprise values"),
        (claim("price", 1.0, CNY, "", "600000.SH"), "no bars of it"),
        (claim("PE", 35.5), "PE on the last annual profit (static) of 2026-04-28"),
        (
            claim("PE", 33.0),
            "PE on the trailing twelve months of 2026-04-28; "
            "PE on the last annual profit (static) of 2026-04-28 is 35.5",
        ),
        (
            claim("close", 25_679.0, ClaimUnit.POINTS, "2026-04-28", INDEX),
            "printed with its last digits cut off, not rounded",
        ),
        (
            claim("market cap", 1.28e11, CNY, "2026-05-29"),
            "no valuation of it on 2026-05-29 or within 7 days before, only 2026-04-28",
        ),
        (claim("revenue", 1.2e9, CNY, "2026Q1"), "published 2026-04-25"),
        (
            claim("net profit growth, year on year", 0.2, FRACTION, "2026Q1"),
            "net profit of 2025Q1 is no gain: a growth is not defined",
        ),
    ],
)
def test_reasons(store: Store, one: Claim, reason: str) -> None:
    assert reason in only(store, one).reason


@pytest.mark.parametrize(
    ("measure", "day", "value", "reason"),
    [
        # 26.00 of Thursday 04-30 (Friday is a holiday) over 26.18 of 04-24.
        (WEEK, "2026-05-01", -0.0069, "close of 2026-04-24 to 2026-04-30"),
        # 29 x 1.1 / 26 - 1: the week after the holidays, with the dividend.
        (WEEK, "2026-05-08", 0.2269, "close of 2026-04-30 to 2026-05-08, with dividends"),
        (WEEK, "2026-05-08", 0.1154, "close of 2026-04-30 to 2026-05-08, price alone"),
        ("return on that day", "2026-04-28", 0.012, "close of 2026-04-27 to 2026-04-28"),
        (
            "return over the month to that day",
            "2026-05-06",
            0.0769,
            "close of 2026-04-30 to 2026-05-06",
        ),
    ],
)
def test_moves(store: Store, measure: str, day: str, value: float, reason: str) -> None:
    row = only(store, claim(measure, value, FRACTION, day))
    assert (row.verdict, row.reason) == (ClaimState.AGREES, reason)


def test_a_move_of_another_week_is_traced(store: Store) -> None:
    row = only(store, claim(WEEK, -0.0069, FRACTION, "2026-05-08"))
    assert row.verdict is ClaimState.DIFFERS
    assert row.reason.endswith("it is the move of the week 2026-04-27 to 2026-05-01")


@pytest.mark.parametrize(
    "one",
    [
        claim(WEEK, 0.1, FRACTION),
        claim(WEEK, 0.1, FRACTION, "2026-04-24"),  # no bar before that week
        claim("return over the year to that day", 0.1, FRACTION, "2026-04-24"),
        claim(WEEK, 0.1, FRACTION, "2026-05-08", BAY),  # its bars end on 04-30
    ],
)
def test_moves_that_cannot_be_checked(store: Store, one: Claim) -> None:
    assert only(store, one).verdict is ClaimState.UNKNOWN


def test_adjusted_prices_are_told_once(store: Store) -> None:
    both = [
        claim("price", 11.0, CNY, "2026-04-28", BAY),
        claim(WEEK, 0.15, FRACTION, "2026-05-01", BAY),
    ]
    result = check(store, *both)
    assert [row.verdict for row in result.rows] == [ClaimState.AGREES] * 2
    assert result.rows[1].reason == "close of 2026-04-24 to 2026-04-30, with dividends"
    (remark,) = result.remarks
    assert "prices of 1 listings (first 000901.SZ) are adjusted" in remark
    assert check(store, claim("price", 25.3, CNY)).remarks == ()


def test_what_to_fetch_is_told_once(store: Store) -> None:
    result = check(
        store,
        claim("price", 1.0, CNY, "", "600000.SH"),
        claim("PE", 20.0, listing="600000.SH"),
        claim("revenue", 1e9, CNY, "2026Q1", ISLE),
    )
    assert result.remarks == (
        "to check more: `screener data update --listing 600000.SH,00901.HK "
        "--only bars,valuation,fundamentals`",
    )


def test_decimals_lost_in_a_number_are_told_by_its_like(store: Store) -> None:
    alone = claim(WEEK, 0.23, FRACTION, "2026-05-08")
    beside = claim(WEEK, -0.0069, FRACTION, "2026-05-01")
    assert only(store, alone).verdict is ClaimState.AGREES  # 22.69 % to whole percents
    first, second = check(store, alone, beside).rows
    assert (first.verdict, second.verdict) == (ClaimState.DIFFERS, ClaimState.AGREES)
    assert str(printed_step(alone, [alone, beside])) == "0.0001"


def test_an_evening_report_knows_the_close_of_its_day(store: Store) -> None:
    def at(hour: int) -> Publication:
        moment = datetime(2026, 4, 29, hour, tzinfo=ZoneInfo("Asia/Shanghai"))
        return Publication(value=moment, precision=Precision.EXACT)

    one = claim("price", 27.0, CNY)
    assert only(store, one, published=at(20)).verdict is ClaimState.AGREES
    row = only(store, one, published=at(8))
    assert row.reason == "not the close of 2026-04-28 (25.3) but of 2026-04-29"


def test_later_rows_change_no_reported_figure(store: Store) -> None:
    """The vintage of May is not that which a report of April could print."""
    later = Publication(value=date(2026, 5, 29), precision=Precision.DAY)
    one = claim("revenue", 1.2e9, CNY, "2026Q1")
    assert only(store, one).verdict is ClaimState.AGREES
    assert only(store, one, published=later).verdict is ClaimState.DIFFERS


def test_rows_and_document(store: Store, tmp_path: Path) -> None:
    result = check(
        store, claim("price", 26.18, CNY, "2026-04-28"), claim("investment", 7e9, CNY, listing=None)
    )
    assert not fits(CHECKING, checking_rows(result))
    assert not checking_rows(check(store))
    text = csv_text(CHECKING.names, checking_rows(result))
    first, second = csv.DictReader(io.StringIO(text))
    assert list(first) == [
        *("report", "listing", "subject", "measure", "as_of", "unit"),
        *("printed", "found", "difference", "verdict", "reason"),
    ]
    assert (first["report"], first["listing"], first["as_of"]) == ("T", STAR, "2026-04-28")
    assert (first["printed"], first["found"], first["verdict"]) == ("26.18", "25.3", "differs")
    assert (second["listing"], second["found"], second["difference"]) == ("", "", "")
    document = checking_document(result)
    assert document["verdicts"] == {"differs": 1, "cannot be checked": 1}
    write_json(str(tmp_path / "check.json"), document)
    assert '"found": null' in (tmp_path / "check.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [80, 160])
def test_the_table_fits(store: Store, width: int) -> None:
    result = check(
        store,
        claim("price", 26.18, CNY, "2026-04-28"),
        claim(WEEK, 0.2269, FRACTION, "2026-05-08"),
        claim("revenue growth, year on year", 0.2, FRACTION, "2026Q1"),
        claim("market cap", 1.28e11, CNY),
    )
    console = Console(width=width, file=io.StringIO(), record=True)
    console.print(checking_view(result))
    text = console.export_text()
    assert all(cell_len(line) <= width for line in text.splitlines())
    for word in (
        "Security",
        "Printed",
        "Found",
        "Verdict",
        "Why",
        "26.18 CNY",
        "22.69 %",
        "128 bn",
    ):
        assert word in text
    assert "Of 4 claims 3 agree with the tables, 1 differ, 0 cannot be checked." in text


def test_a_card_without_claims(store: Store) -> None:
    console = Console(file=io.StringIO(), record=True)
    console.print(checking_view(check(store)))
    assert "The card holds no claims." in console.export_text()


def test_by_id_in_a_workspace(root: Path) -> None:
    place = Workspace(root=root.parent)
    place.seeds.mkdir(exist_ok=True)
    (place.seeds / "T7.toml").write_text(
        'id = "T7"\ntitle = "t"\npublisher = "p"\nlanguage = "zh-Hans"\n'
        'published = { value = 2026-04-29, precision = "day" }\n'
        'claims = [{ subject = "s", listing = "300901.SZ", measure = "price", value = 25.3, '
        'unit = "CNY" }]\n'
        '[[notes]]\nid = "T7-1"\nbroker = "b"\nthemes = ["x"]\n',
        encoding="utf-8",
    )
    result = check_report(place, "t")
    assert (result.report, result.count(ClaimState.AGREES)) == ("T7", 1)
    assert result.rows[0].as_of == "2026-04-28"
    with pytest.raises(ReportNotFound, match="no report 'X'") as error:
        check_report(place, "X")
    assert "screener report list" in error.value.fix


def test_without_data(tmp_path: Path) -> None:
    place = Workspace(root=tmp_path)
    place.seeds.mkdir()
    (place.seeds / "T7.toml").write_text(
        'id = "T7"\ntitle = "t"\npublisher = "p"\nlanguage = "zh-Hans"\n'
        'published = { value = 2026-04-29, precision = "day" }\n'
        '[[notes]]\nid = "T7-1"\nbroker = "b"\nthemes = ["x"]\n',
        encoding="utf-8",
    )
    with pytest.raises(DataError, match="no market data") as error:
        check_report(place, "T7")
    assert error.value.fix


def test_a_case_is_held_against_its_own_figures() -> None:
    def claim(measure: str, value: float, unit: ClaimUnit = ClaimUnit.CNY) -> Claim:
        return Claim(subject="cluster", measure=measure, value=value, unit=unit)

    cost = claim("investment", 7e9)
    rents = (claim("rent a year, low end", 1.4e9), claim("rent a year, high end", 1.5e9))
    short, long = (claim(PAYBACK, years, ClaimUnit.MULTIPLE) for years in (3.0, 4.8))
    other = Claim(subject="x", measure=PAYBACK, value=3.0, unit=ClaimUnit.MULTIPLE)
    every = (cost, *rents, short, long, other)
    contradicted = answer_without_listing(short, every)
    assert contradicted.verdict is ClaimState.DIFFERS
    assert contradicted.found == pytest.approx(7 / 1.45)
    assert "contradicted by its own figures: 7.0 bn / 1.45 bn a year is 4.8" in contradicted.reason
    assert answer_without_listing(long, every).verdict is ClaimState.AGREES
    assert answer_without_listing(other, every).verdict is ClaimState.UNKNOWN
    assert answer_without_listing(cost, every).verdict is ClaimState.UNKNOWN
