"""The doctor finds planted faults, names them, and leaves a sound market alone."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pytest

from screener.data.doctor import Check, Finding, Severity, examine, examine_bars, examine_fixings
from screener.data.doctor.beyond import examine_beyond
from screener.data.doctor.ids import examine_ids
from screener.data.lake.rows import empty_rows, make_rows
from screener.data.lake.schema import TABLES, TableName, Type
from screener.data.sources.simulated import SimulatedMarket, SimulationRequest
from screener.domain.listing import Exchange
from tests.support.panels import sessions

START = date(2026, 3, 2)
NO_FACTORS = pa.table(
    {
        "listing": pa.array([], pa.string()),
        "ex_session": pa.array([], pa.date32()),
        "factor": pa.array([], pa.float64()),
    }
)


def bars(
    listing: str, closes: list[float | None], *, basis: str = "raw", first: date = START
) -> pa.Table:
    days = sessions(Exchange(listing[-2:]), first, len(closes))
    rows = [(day, close) for day, close in zip(days, closes, strict=True) if close is not None]
    return pa.table(
        {
            "listing": [listing] * len(rows),
            "session": pa.array([day for day, _ in rows], pa.date32()),
            "open": [close for _, close in rows],
            "close": [close for _, close in rows],
            "basis": [basis] * len(rows),
        }
    )


def found(*tables: pa.Table, **options):  # type: ignore[no-untyped-def]
    given = {"suspended": frozenset(), "list_dates": {}, "factors": NO_FACTORS, **options}
    return examine_bars(pa.concat_tables(tables), **given)


SOUND = [10.0] * 12


@pytest.mark.parametrize(
    ("closes", "cause"),
    [
        ([*SOUND, 7.15, 7.2, 7.2], "missed split 1.4×"),
        ([*SOUND, 5.0, 5.0, 5.0], "missed split 2×"),
        ([*SOUND, 20.0, 20.0, 20.0], "missed reverse split 2×"),
        ([*SOUND, 1000.0, 1000.0, 1000.0], "unit error, 100×"),
        ([*SOUND, 13.3, 10.1, 10.0], "bad tick: the next close is back"),
        ([*SOUND, 2.3, 2.3], "unexplained"),
    ],
)
def test_a_planted_fault_is_found_and_named(closes: list[float | None], cause: str) -> None:
    first, *_ = found(bars("601899.SH", closes))
    assert (first.check, first.severity, first.cause) == (Check.PRICE_LIMIT, Severity.ERROR, cause)
    assert first.session == sessions(Exchange.SH, START, 13)[12]
    assert first.expected == "within ±10%"
    assert first.value == pytest.approx(closes[12] / 10 - 1)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("listing", "move", "errors"),
    [
        ("601899.SH", 0.102, 0),  # two ticks: the reference and the limit are both rounded
        ("601899.SH", 0.103, 1),
        ("300857.SZ", 0.20, 0),
        ("688256.SH", 0.22, 1),
        ("920002.BJ", 0.30, 0),
        ("00700.HK", 0.60, 0),  # no limit in Hong Kong
    ],
)
def test_limits_are_those_of_the_board(listing: str, move: float, errors: int) -> None:
    closes: list[float | None] = [*SOUND, 10 * (1 + move), 10 * (1 + move)]
    assert len(found(bars(listing, closes))) == errors


def test_adjusted_prices_have_a_margin_for_their_rounding() -> None:
    for move, errors in ((0.111, 0), (0.113, 1)):
        closes: list[float | None] = [*SOUND, 10 * (1 + move), 10 * (1 + move)]
        assert len(found(bars("601899.SH", closes, basis="adjusted"))) == errors


HK = "02020.HK"


@pytest.mark.parametrize("basis", ["raw", "adjusted"])
@pytest.mark.parametrize(
    ("closes", "cause", "severity"),
    [
        ([1.0, 1.0], "missed split 10×", Severity.ERROR),
        ([100.0, 100.0], "missed reverse split 10×", Severity.ERROR),
        ([46.0, 45.0], "missed reverse split 5×", Severity.ERROR),  # and it lost 8 % that day
        ([1000.0, 1000.0], "unit error, 100×", Severity.ERROR),
        ([6.6, 6.6], "missed split 1.5×", Severity.WARNING),  # or it was traded down to there
        ([27.0, 27.0], "unexplained", Severity.WARNING),
    ],
)
def test_without_a_limit_splits_units_and_sizes_are_found(
    closes: list[float | None], cause: str, severity: Severity, basis: str
) -> None:
    (jump,) = found(bars(HK, [*SOUND, *closes], basis=basis))
    assert (jump.check, jump.cause, jump.severity) == (Check.PRICE_LIMIT, cause, severity)
    assert jump.session == sessions(Exchange.HK, START, 13)[12]
    assert jump.expected == "an action that explains it"


@pytest.mark.parametrize("close", [14.9, 17.0, 24.0, 7.0, 4.5])
def test_without_a_limit_an_ordinary_large_move_is_none(close: float) -> None:
    assert not found(bars(HK, [*SOUND, close, close]))


def test_without_a_limit_a_row_that_comes_back_is_one_and_so_is_the_way_back() -> None:
    tick, back = found(bars(HK, [*SOUND, 1000.0, 10.1, 10.0]))
    assert (tick.cause, back.cause) == (
        "moved away and back: a bad tick?",
        "back from the bad tick before",
    )


def test_a_factor_that_the_move_denies_is_the_cause() -> None:
    closes: list[float | None] = [*SOUND, 50.0, 50.0]  # five into one, entered upside down
    ex_day = sessions(Exchange.HK, START, 13)[12]
    for factor, causes in (
        (5.0, ["the action or factor of that day says otherwise"]),
        (0.2, []),
    ):
        factors = rows_of(
            TableName.FACTORS, {"listing": HK, "ex_session": ex_day, "factor": factor}
        )
        assert [item.cause for item in found(bars(HK, closes), factors=factors)] == causes


def test_a_session_that_an_index_lacks_is_named() -> None:
    days = sessions(Exchange.SH, START, 5)
    lacking = bars("000905.SH", [10.0, 10.1, None, 10.2, 10.3])
    for halts in (frozenset(), frozenset({("600000.SH", days[2])})):
        (gap,) = found(lacking, suspended=halts)
        assert (gap.listing, gap.session, gap.check) == ("000905.SH", days[2], Check.GAP)
        assert gap.cause == "missing rows: an index is never suspended"
    assert not found(bars("000905.SH", [10.0, 50.0, 10.0]))  # its points have no limit


def test_first_sessions_of_a_listing_are_left_alone() -> None:
    young: list[float | None] = [10.0, 25.0, 18.0, 30.0, 22.0, 31.0, 31.0, 31.0]
    later = sessions(Exchange.SH, START, 4)[3]
    assert not found(bars("601899.SH", SOUND), bars("601111.SH", young, first=later))
    assert found(bars("601899.SH", SOUND), bars("601111.SH", young))
    assert not found(bars("601111.SH", young), list_dates={"601111.SH": START})


def test_factors_explain_a_split_of_raw_prices_alone() -> None:
    closes: list[float | None] = [*SOUND, 5.0, 5.0]
    ex_day = sessions(Exchange.SH, START, 13)[12]
    factors = pa.table(
        {
            "listing": ["601899.SH"],
            "ex_session": pa.array([ex_day], pa.date32()),
            "factor": [2.0],
        }
    )
    assert not found(bars("601899.SH", closes), factors=factors)
    assert found(bars("601899.SH", closes, basis="adjusted"), factors=factors)


def test_gap_is_one_warning_with_its_length() -> None:
    (gap,) = found(bars("601899.SH", [10.0, None, None, None, 10.0, 10.0]))
    assert (gap.check, gap.severity, gap.value) == (Check.GAP, Severity.WARNING, 3)
    assert gap.session == sessions(Exchange.SH, START, 2)[1]


def test_fixing_that_jumps() -> None:
    days = sessions(Exchange.SH, START, 3)
    fx = pa.table(
        {
            "pair": ["HKDCNY"] * 3,
            "session": pa.array(days, pa.date32()),
            "rate": [0.92, 0.93, 9.3],
        }
    )
    (jump,) = examine_fixings(fx)
    assert (jump.session, jump.severity) == (days[2], Severity.WARNING)


def test_the_way_back_from_a_bad_tick_is_no_split() -> None:
    tick, back = found(bars("601899.SH", [*SOUND, 13.3, 10.1, 10.0]))
    assert (tick.cause, back.cause) == (
        "bad tick: the next close is back",
        "back from the bad tick before",
    )


def test_a_recorded_suspension_is_no_gap() -> None:
    days = sessions(Exchange.SH, START, 6)
    rows = bars("601899.SH", [10.0, None, None, None, 10.0, 10.0])
    assert not found(rows, suspended=frozenset(("601899.SH", day) for day in days[1:4]))
    (gap,) = found(rows, suspended=frozenset({("601899.SH", days[1])}))
    assert (gap.session, gap.value) == (days[2], 2)


NOW = datetime(2026, 6, 1, tzinfo=UTC)
NAME = "601899.SH"


def rows_of(table: TableName, *rows: dict[str, object]) -> pa.Table:
    """Return rows of a table, each given by what matters in it."""
    blank = {
        Type.TEXT: "x",
        Type.NUMBER: None,
        Type.DATE: None,
        Type.COUNT: 1,
        Type.FLAG: False,
        Type.INSTANT: None,
    }
    names = TABLES[table].column_names
    columns = {
        column.name: [row.get(column.name, blank[column.type]) for row in rows]
        for column in TABLES[table].columns
        if column.name not in ("source", "fetched_at")
    }
    made = make_rows(table, columns, source="test", fetched_at=NOW) if rows else empty_rows(table)
    return made.select(names)


def full_bars(*rows: tuple[date, float, float, float, float, float | None, float | None], **rest):  # type: ignore[no-untyped-def]
    names = ("session", "open", "high", "low", "close", "volume", "amount")
    given = {"listing": NAME, "basis": "raw", **rest}
    return rows_of(
        TableName.BARS, *({**given, **dict(zip(names, row, strict=True))} for row in rows)
    )


def examined(table: TableName, **tables: pa.Table) -> tuple[Finding, ...]:
    given = {TableName(name): rows for name, rows in tables.items()}
    return examine(table, {name: given.get(name, empty_rows(name)) for name in TableName})


def told(findings: tuple[Finding, ...]) -> list[tuple[str, date | None, Check, Severity]]:
    return [(item.listing, item.session, item.check, item.severity) for item in findings]


def test_bars_on_a_day_without_session_are_one_error() -> None:
    sunday = date(2026, 3, 8)
    rows = full_bars((sunday, 10, 10, 10, 10, 100, None))
    (ghost,) = examined(TableName.BARS, bars=rows)
    assert told((ghost,)) == [(NAME, sunday, Check.SESSION, Severity.ERROR)]
    assert "XSHG" in ghost.cause


@pytest.mark.parametrize(
    ("prices", "cause"),
    [
        ((10, 9, 11, 10), "high is below low"),
        ((10, 11, 9, 12), "close is outside low and high"),
        ((10, 11, 0, 10), "low is not positive"),
    ],
)
def test_prices_that_no_session_can_have(
    prices: tuple[float, float, float, float], cause: str
) -> None:
    findings = examined(TableName.BARS, bars=full_bars((START, *prices, 100, None)))
    assert cause in {item.cause for item in findings}
    assert {item.check for item in findings} == {Check.PRICES}


@pytest.mark.parametrize(
    ("volume", "amount", "severity"),
    [
        (1_000_000, 10_000_000, None),
        (10_000, 10_000_000, Severity.ERROR),  # lots for shares
        (1_000_000, 1_000, Severity.ERROR),  # ten thousands for units
        (1_000_000, 12_000_000, Severity.WARNING),
        (100, 1_200, None),  # too few shares to tell
    ],
)
def test_what_a_share_cost_tells_the_unit_of_volume_and_amount(
    volume: float, amount: float, severity: Severity | None
) -> None:
    rows = full_bars((START, 10, 10.2, 9.9, 10, volume, amount))
    findings = examined(TableName.BARS, bars=rows)
    assert [item.severity for item in findings] == ([severity] if severity else [])
    assert all(item.check is Check.UNIT for item in findings)


def test_adjusted_prices_are_judged_by_the_change_of_their_unit_alone() -> None:
    days = sessions(Exchange.SH, START, 4)
    steady = [(day, 10, 10, 10, 10, 1e6, 4e7) for day in days]
    assert not examined(TableName.BARS, bars=full_bars(*steady, basis="adjusted"))
    steady[2] = (days[2], 10, 10, 10, 10, 1e4, 4e7)
    (unit,) = examined(TableName.BARS, bars=full_bars(*steady, basis="adjusted"))
    assert (unit.check, unit.session) == (Check.UNIT, days[2])


def test_bars_outside_a_listings_life() -> None:
    days = sessions(Exchange.SH, START, 4)
    rows = full_bars(*((day, 10, 10, 10, 10, 1e6, None) for day in days))
    listings = rows_of(
        TableName.LISTINGS, {"listing": NAME, "list_date": days[1], "delist_date": days[3]}
    )
    early, late = examined(TableName.BARS, bars=rows, listings=listings)
    assert (early.session, early.value, early.check) == (days[0], 1, Check.LIFE)
    assert (late.session, late.value, late.check) == (days[3], 1, Check.LIFE)


def test_volume_on_a_suspended_session() -> None:
    days = sessions(Exchange.SH, START, 2)
    rows = full_bars((days[0], 10, 10, 10, 10, 5, None), (days[1], 10, 10, 10, 10, 0, None))
    status = rows_of(
        TableName.STATUS, *({"listing": NAME, "session": day, "suspended": True} for day in days)
    )
    (halted,) = examined(TableName.BARS, bars=rows, status=status)
    assert (halted.check, halted.session, halted.value) == (Check.SUSPENDED, days[0], 1)


def test_status_on_a_day_without_session() -> None:
    status = rows_of(
        TableName.STATUS,
        {"listing": "00700.HK", "session": date(2026, 3, 8), "suspended": True},
        {"listing": NAME, "session": START, "suspended": True},
    )
    (ghost,) = examined(TableName.STATUS, status=status)
    assert told((ghost,)) == [("00700.HK", date(2026, 3, 8), Check.SESSION, Severity.ERROR)]


def test_names_that_repeat_are_counted_once_and_wide_letters_do_not_matter() -> None:
    days = [START + timedelta(days=step) for step in range(4)]
    texts = ["万科Ａ", "万科A", "万 科 A", "ST万科"]
    names = rows_of(
        TableName.NAMES,
        *(
            {"listing": NAME, "valid_from": day, "name": text}
            for day, text in zip(days, texts, strict=True)
        ),
    )
    (repeated,) = examined(TableName.NAMES, names=names)
    assert (repeated.severity, repeated.value) == (Severity.INFO, 2)
    twice = rows_of(
        TableName.NAMES,
        *({"listing": NAME, "valid_from": START, "name": text} for text in ("甲", "乙")),
    )
    assert told(examined(TableName.NAMES, names=twice)) == [
        (NAME, START, Check.REPEATED, Severity.ERROR)
    ]


def test_a_listing_delisted_before_it_was_listed() -> None:
    listings = rows_of(
        TableName.LISTINGS,
        {"listing": NAME, "list_date": START, "delist_date": START - timedelta(days=1)},
        {"listing": "601111.SH", "list_date": START},
    )
    assert told(examined(TableName.LISTINGS, listings=listings)) == [
        (NAME, START - timedelta(days=1), Check.DATES, Severity.ERROR)
    ]


def test_lots_that_are_none_or_jump() -> None:
    lots = rows_of(
        TableName.BOARD_LOTS,
        *(
            {"listing": "00700.HK", "valid_from": START + timedelta(days=step), "lot": lot}
            for step, lot in enumerate((100, 500, 100_000, 0))
        ),
    )
    findings = examined(TableName.BOARD_LOTS, board_lots=lots)
    assert [(item.value, item.severity) for item in findings] == [
        (100_000, Severity.WARNING),
        (0, Severity.ERROR),
    ]


def test_calendar_is_compared_both_ways() -> None:
    days = sessions(Exchange.HK, START, 5)
    stored = [days[0], days[1], date(2026, 3, 8), days[4]]
    calendar = rows_of(
        TableName.CALENDAR, *({"exchange": "HK", "session": day} for day in sorted(stored))
    )
    findings = examined(TableName.CALENDAR, calendar=calendar)
    assert {(item.session, item.cause) for item in findings} == {
        (date(2026, 3, 8), "no session of calendar XHKG"),
        (days[2], "session of calendar XHKG is missing"),
        (days[3], "session of calendar XHKG is missing"),
    }


ACTED = sessions(Exchange.SH, START, 3)


def acted(opened: float, **terms: object) -> tuple[Finding, ...]:
    """Examine an action on the second session, whose open is given; the close before is 10."""
    rows = full_bars(
        (ACTED[0], 10, 10, 10, 10, 100, None),
        (ACTED[1], opened, opened, opened, opened, 100, None),
        (ACTED[2], opened, opened, opened, opened, 100, None),
    )
    action = rows_of(
        TableName.ACTIONS, {"listing": NAME, "ex_session": ACTED[1], "split": 1.0, **terms}
    )
    return examined(TableName.ACTIONS, bars=rows, actions=action)


@pytest.mark.parametrize(
    ("opened", "terms", "cause"),
    [
        (9.5, {"cash": 0.5}, ""),
        (5.0, {"bonus": 1.0}, ""),
        (9.9, {"bonus": 1.0}, "the price did not move as the action says"),
        (10.0, {"cash": 12.0}, "cash is worth more than the share"),
        (10.0, {"cash": -1.0}, "cash is negative"),
        (10.0, {"split": 0.0}, "split is not positive"),
        (10.0, {"rights": 0.3}, "rights without a price"),
        (10.0, {"bonus": 12.0}, "new shares per share"),
        (10.0, {"cash": 0.1, "record_date": ACTED[2]}, "record_date is after the ex-session"),
        (10.0, {"cash": 0.1, "announced": ACTED[2]}, "announced is after the ex-session"),
        (10.0, {"cash": 0.1, "ex_session": date(2026, 3, 8)}, "ex_session is not a session"),
    ],
)
def test_actions_with_impossible_dates_or_terms_or_denied_by_the_price(
    opened: float, terms: dict[str, object], cause: str
) -> None:
    findings = acted(opened, **terms)
    assert len(findings) == bool(cause)
    assert all(item.cause.startswith(cause) for item in findings)


@pytest.mark.parametrize(
    ("listing", "opened", "terms", "cause"),
    [
        ("02020.HK", 50.0, {"split": 5.0}, "the split is upside down: 0.2, not 5"),
        ("02020.HK", 50.0, {"split": 0.2}, ""),
        ("02020.HK", 2.0, {"split": 0.2}, "the split is upside down: 5, not 0.2"),
        ("02020.HK", 10.0, {"split": 0.2}, "the price did not move as the action says"),
        ("02020.HK", 50.0, {"cash": 0.1}, "the price moved otherwise than the action says"),
        ("02020.HK", 6.0, {"cash": 0.1}, ""),  # it may have been traded down to there
        ("601899.SH", 5.0, {"bonus": 0.1}, "the price moved otherwise than the action says"),
        ("601899.SH", 20.0, {"split": 2.0}, "the split is upside down: 0.5, not 2"),
    ],
)
def test_an_action_is_held_against_the_move_of_its_day(
    listing: str, opened: float, terms: dict[str, object], cause: str
) -> None:
    days = sessions(Exchange(listing[-2:]), START, 2)
    rows = bars(listing, [10.0, opened])
    action = rows_of(
        TableName.ACTIONS, {"listing": listing, "ex_session": days[1], "split": 1.0, **terms}
    )
    findings = examined(TableName.ACTIONS, bars=rows, actions=action)
    assert len(findings) == bool(cause)
    assert all(item.cause.startswith(cause) for item in findings)
    assert all((item.check, item.severity) == (Check.EX_MOVE, Severity.ERROR) for item in findings)


@pytest.mark.parametrize(
    ("factor", "checks"),
    [
        (2.0, []),
        (None, [Check.FACTOR]),
        (1.9, [Check.FACTOR]),
        (0.5, [Check.FACTOR, Check.MONOTONE]),
    ],
)
def test_factors_follow_from_actions_and_closes(factor: float | None, checks: list[Check]) -> None:
    # by hand: one share becomes two, so the factor doubles
    rows = full_bars((ACTED[0], 10, 10, 10, 10, 100, None), (ACTED[1], 5, 5, 5, 5, 100, None))
    action = rows_of(
        TableName.ACTIONS, {"listing": NAME, "ex_session": ACTED[1], "split": 1.0, "bonus": 1.0}
    )
    stored = [] if factor is None else [{"ex_session": ACTED[1], "factor": factor}]
    factors = rows_of(TableName.FACTORS, *({"listing": NAME, **row} for row in stored))
    findings = examined(TableName.FACTORS, bars=rows, actions=action, factors=factors)
    assert [item.check for item in findings] == checks


def test_a_factor_without_action_and_one_whose_action_is_absurd() -> None:
    rows = full_bars((ACTED[0], 10, 10, 10, 10, 100, None), (ACTED[1], 10, 10, 10, 10, 100, None))
    factors = rows_of(TableName.FACTORS, {"listing": NAME, "ex_session": ACTED[1], "factor": 1.2})
    (orphan,) = examined(TableName.FACTORS, bars=rows, factors=factors)
    assert orphan.cause == "no action that a factor follows from"
    absurd = rows_of(
        TableName.ACTIONS, {"listing": NAME, "ex_session": ACTED[1], "split": 1.0, "cash": 20.0}
    )
    # nothing can be computed from it: the fault is the action's, and told there
    assert not examined(TableName.FACTORS, bars=rows, actions=absurd, factors=factors)


def valued(*caps: float, actions: pa.Table | None = None) -> tuple[Finding, ...]:
    days = sessions(Exchange.SH, START, len(caps))
    rows = rows_of(
        TableName.VALUATION,
        *(
            {"listing": NAME, "session": day, "market_cap": cap}
            for day, cap in zip(days, caps, strict=True)
        ),
    )
    prices = full_bars(*((day, 10, 10, 10, 10, 100, None) for day in days))
    given = {} if actions is None else {"actions": actions}
    return examined(TableName.VALUATION, valuation=rows, bars=prices, **given)


def test_market_values_in_another_unit_and_shares_from_nowhere() -> None:
    assert not valued(1e9, 1.1e9, 1e9)
    up, down = valued(1e9, 1e13, 1e9)
    assert (up.check, up.severity) == (down.check, down.severity) == (Check.UNIT, Severity.ERROR)
    assert (up.value, down.value) == (pytest.approx(1e4), pytest.approx(1e-4))
    (shares,) = valued(1e9, 1.6e9)
    assert (shares.check, shares.severity) == (Check.SHARES, Severity.WARNING)
    issue = rows_of(TableName.ACTIONS, {"listing": NAME, "ex_session": ACTED[1], "bonus": 0.6})
    assert not valued(1e9, 1.6e9, actions=issue)


def published(**changes: object) -> tuple[Finding, ...]:
    first = {
        "listing": NAME,
        "period_end": date(2025, 9, 30),
        "known_at": date(2025, 10, 28),
        "currency": "CNY",
        "revenue": 3e9,
        "net_profit": 2e8,
        "equity": 5e9,
    }
    second = {
        **first,
        "period_end": date(2025, 12, 31),
        "known_at": date(2026, 4, 20),
        "revenue": 4e9,
        **changes,
    }
    rows = rows_of(TableName.FUNDAMENTALS, first, second)
    return examined(TableName.FUNDAMENTALS, fundamentals=rows)


@pytest.mark.parametrize(
    ("changes", "severities"),
    [
        ({}, []),
        ({"known_at": date(2025, 12, 1)}, [Severity.ERROR]),
        ({"known_at": date(2026, 6, 2)}, [Severity.ERROR]),  # fetched on 2026-06-01
        ({"net_profit": -2e8}, []),
        ({"revenue": 4e11}, [Severity.WARNING]),
        ({"revenue": 4e5, "net_profit": 2e4, "equity": 5e5}, [Severity.ERROR] * 3),
    ],
)
def test_published_figures(changes: dict[str, object], severities: list[Severity]) -> None:
    assert [item.severity for item in published(**changes)] == severities


def test_records_of_answers_and_rejected_rows() -> None:
    fetches = rows_of(
        TableName.FETCHES,
        {"need": "bars", "subject": NAME, "asked_from": START, "asked_to": ACTED[2], "rows": 1},
        {"need": "fx", "subject": "HKDCNY", "asked_from": ACTED[2], "asked_to": START, "rows": 1},
    )
    (span,) = examined(TableName.FETCHES, fetches=fetches)
    assert (span.listing, span.check) == ("fx HKDCNY", Check.SPAN)
    quarantine = rows_of(
        TableName.QUARANTINE,
        *(
            {"table_name": "bars", "reason": text, "line": at, "fetched_at": NOW}
            for at, text in enumerate(("a", "b", "b"))
        ),
    )
    (rejected,) = examined(TableName.QUARANTINE, quarantine=quarantine)
    assert (rejected.severity, rejected.value) == (Severity.INFO, 3)
    assert "2 of them: b" in rejected.cause


def test_sound_market_has_no_error_and_later_bars_change_no_earlier_finding() -> None:
    source = SimulatedMarket()
    query = source.build_query(
        SimulationRequest(
            seed=3,
            start=date(2025, 1, 2),
            end=date(2025, 12, 31),
            fetched_at=datetime(2026, 1, 1, tzinfo=UTC),
            n_other=80,
        )
    )
    tables = source.normalise(query, source.fetch(query)).tables
    rows = tables[TableName.BARS]
    status = tables[TableName.STATUS].to_pylist()
    options = {
        "suspended": frozenset((r["listing"], r["session"]) for r in status if r["suspended"]),
        "list_dates": {
            r["listing"]: r["list_date"] for r in tables[TableName.LISTINGS].to_pylist()
        },
        "factors": tables[TableName.FACTORS],
    }
    whole = examine_bars(rows, **options)
    assert not [item for item in whole if item.severity is Severity.ERROR]
    everything = {name: tables.get(name, empty_rows(name)) for name in TableName}
    assert not [item for name in TableName for item in examine(name, everything)]
    middle = date(2025, 7, 1)
    keep = pa.array([day <= middle for day in rows.column("session").to_pylist()])
    early = examine_bars(rows.filter(keep), **options)
    assert set(early) <= set(whole)


def test_rows_that_nothing_reads_under_their_id_are_found() -> None:
    names = ["835185.BJ", "128034.SZ", "000300.SZ", "000300.SH", "600519.SH", "HSI.HK"]
    found = {item.listing: item for item in examine_ids(pa.table({"listing": names}))}
    assert {name: item.cause for name, item in found.items()} == {
        "000300.SZ": "an index, stored as a share",
        "128034.SZ": "a bond, neither a share nor a fund",
        "835185.BJ": "a former code, 920185.BJ since 2025-10-09",
    }
    assert {item.check for item in found.values()} == {Check.IDENTITY}
    assert "import its file again" in found["835185.BJ"].expected


@pytest.mark.parametrize(
    ("table", "row", "column", "value", "fine"),
    [
        (TableName.BARS, {"session": START, "basis": "adjusted"}, "volume", 2e13, 2e12),
        (TableName.ACTIONS, {"ex_session": START}, "cash", 2e5, 0.2),
        (TableName.EX_FACTORS, {"ex_session": START}, "factor", 21.0, 1.2),
        (TableName.VALUATION, {"session": START}, "market_cap", 5e6, 5e9),
        (TableName.FUNDAMENTALS, {"period_end": START, "known_at": START}, "eps", -2e5, -2.0),
        (TableName.RATINGS, {"published": START}, "target_price", 2e7, 20.0),
    ],
)
def test_a_stored_value_that_no_market_has_seen_is_told_once(
    table: TableName, row: dict[str, object], column: str, value: float, fine: float
) -> None:
    prices = dict.fromkeys(("open", "high", "low", "close"), 10.0) if "basis" in row else {}
    later = {key: START + timedelta(1) for key, day in row.items() if day == START}
    right, wrong, again = (
        {"listing": NAME, **prices, **row, column: fine},
        {"listing": NAME, **prices, **row, column: value},
        {"listing": NAME, **prices, **row, **later, column: value},
    )
    assert not list(examine_beyond(table, rows_of(table, right)))
    (told_once,) = examine_beyond(table, rows_of(table, again, wrong))
    assert told((told_once,)) == [(NAME, START, Check.SENSE, Severity.ERROR)]
    assert told_once.value == value
    assert column in told_once.cause
    assert told_once in examined(table, **{str(table): rows_of(table, wrong)})


def test_a_stored_fixing_that_no_currency_had_is_told() -> None:
    days = [START, START + timedelta(1)]
    rates = [{"pair": "HKDCNY", "session": day, "rate": 0.9} for day in days]
    inverted = {"pair": "USDCNY", "session": START, "rate": 0.14}
    rows = rows_of(TableName.FX, *rates, inverted)
    (odd,) = (item for item in examined(TableName.FX, fx=rows) if item.check is Check.SENSE)
    assert (odd.listing, odd.session, odd.value) == ("USDCNY", START, 0.14)


def test_cumulative_factors_have_no_bound() -> None:
    row = {"listing": NAME, "ex_session": START, "factor": 150.0}
    assert not list(examine_beyond(TableName.FACTORS, rows_of(TableName.FACTORS, row)))


def test_spells_of_eligibility_that_overlap_are_told() -> None:
    given = [
        ("00001.HK", date(2020, 1, 2), date(2021, 1, 4)),
        ("00001.HK", date(2021, 1, 4), None),  # both on 2021-01-04
        ("00002.HK", date(2020, 1, 2), date(2019, 1, 2)),
        ("00003.HK", date(2020, 1, 2), date(2021, 1, 3)),
        ("00003.HK", date(2021, 1, 4), None),
    ]
    columns = dict(
        zip(("listing", "valid_from", "valid_to"), zip(*given, strict=True), strict=True)
    )
    rows = make_rows(
        TableName.ELIGIBILITY,
        {**columns, "programme": "southbound"},
        source="a.csv",
        fetched_at=datetime(2026, 5, 28, tzinfo=UTC),
    )
    found = examined(TableName.ELIGIBILITY, eligibility=rows)
    assert [(item.listing, item.cause) for item in found] == [
        ("00001.HK", "eligible twice on one day"),
        ("00002.HK", "valid_to is before valid_from"),
    ]


def test_an_estimate_of_a_year_long_past_is_told() -> None:
    columns = {
        "listing": ["600000.SH", "600000.SH"],
        "fiscal_year": [2023, 2024],
        "broker": "",
        "known_at": [date(2026, 5, 6)] * 2,
        "currency": "CNY",
        "eps": [1.0, 1.0],
    }
    at = datetime(2026, 5, 28, tzinfo=UTC)
    rows = make_rows(TableName.ESTIMATES, columns, source="a.csv", fetched_at=at)
    (found,) = examined(TableName.ESTIMATES, estimates=rows)
    assert found.cause == "an estimate of 2023, published 2026-05-06"
