"""A window that touches a quarantined row says so."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from screener.backtest.run import Settings
from screener.data.lake.batch import Batch, Reject
from screener.data.lake.merge import quarantine_rows
from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.domain.basket import Event, Member, Weighting
from screener.domain.listing import parse_listing
from screener.domain.report import Precision, Publication
from screener.workflows.backtest.requests import BacktestRequest
from screener.workflows.backtest.run import run_events
from tests.support.canned.market import CannedMarket

NOW = datetime(2026, 5, 28, tzinfo=UTC)
NAME = "601899.SH"


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("marked")
    market = CannedMarket.make(n_other=0, start=date(2025, 9, 1))
    with Store.create(root) as store:
        store.commit(Batch(tables=market.tables), message="market")
    return root


@pytest.fixture
def store(lake: Path) -> Iterator[Store]:
    with Store.create(lake) as opened:
        yield opened


def remarks(store: Store, *rows: tuple[TableName, str, date, str]) -> list[str]:
    rejects = tuple(
        Reject(
            table=table,
            file=f"vendor {listing}",
            line=int(f"{day:%Y%m%d}"),
            reason=reason,
            row="{}",
            listing=listing,
            session=day,
        )
        for table, listing, day, reason in rows
    )
    if rejects:
        batch = Batch(tables={TableName.QUARANTINE: quarantine_rows(rejects, NOW)})
        store.commit(batch, message="quarantine")
    event = Event(
        basket="mine",
        report="",
        published=Publication(value=date(2026, 3, 2), precision=Precision.DAY),
        members=(Member(listing=parse_listing(NAME), name="x"),),
        weighting=Weighting.EQUAL,
    )
    request = BacktestRequest(
        events=(event,), settings=Settings(horizons=(5, 20)), benchmark="none"
    )
    run = run_events(store, request, program_version="test")
    return [text for text in run.remarks if "quarantined" in text]


def test_a_clean_window_says_nothing(store: Store) -> None:
    assert remarks(store) == []


def test_rows_outside_the_window_or_of_others_say_nothing(store: Store) -> None:
    found = remarks(
        store,
        (TableName.BARS, NAME, date(2026, 2, 27), "before the close before the entry"),
        (TableName.BARS, NAME, date(2026, 5, 20), "after the exit"),
        (TableName.BARS, "300857.SZ", date(2026, 3, 4), "another name"),
        (TableName.BARS, NAME, date(2026, 3, 7), "a Saturday is not a session"),
        (TableName.VALUATION, NAME, date(2026, 3, 4), "no price"),
    )
    assert found == []


def test_a_window_that_touches_one_is_marked_with_its_horizons(store: Store) -> None:
    # The entry is 2026-03-03; the fifth session is 2026-03-09, the twentieth 2026-03-30.
    (both,) = remarks(store, (TableName.BARS, NAME, date(2026, 3, 5), "kept: odd"))
    assert both == (
        f"mine, held 5, 20: the window touches a quarantined row of {NAME}, 2026-03-05: kept: odd."
    )
    (more,) = remarks(store, (TableName.ACTIONS, NAME, date(2026, 3, 20), "unclear dividend"))
    assert "held 5, 20" in more
    assert "touches 2 quarantined rows" in more
