"""The doctor finds planted faults, names them, and leaves a sound market alone."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pyarrow as pa
import pytest

from screener.data.doctor import Check, Severity, examine_bars, examine_fixings
from screener.data.schema import TableName
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
        ("601899.SH", 0.111, 0),  # inside the margin for rounding
        ("601899.SH", 0.113, 1),
        ("300857.SZ", 0.20, 0),
        ("688256.SH", 0.22, 1),
        ("920002.BJ", 0.30, 0),
        ("00700.HK", 0.60, 0),  # no limit in Hong Kong
    ],
)
def test_limits_are_those_of_the_board(listing: str, move: float, errors: int) -> None:
    closes: list[float | None] = [*SOUND, 10 * (1 + move), 10 * (1 + move)]
    assert len(found(bars(listing, closes))) == errors


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
    middle = date(2025, 7, 1)
    keep = pa.array([day <= middle for day in rows.column("session").to_pylist()])
    early = examine_bars(rows.filter(keep), **options)
    assert set(early) <= set(whole)
