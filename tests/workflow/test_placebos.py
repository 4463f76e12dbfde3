"""The placebo workflow on a simulated market in a lake: rows, pages, laws and refusals."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from rich.cells import cell_len
from rich.console import Console

from screener.backtest.run import Settings
from screener.data.lake.batch import Batch
from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.data.panels.market_panel import read_market_panel
from screener.data.panels.price_panel import read_caps, read_panel
from screener.data.sources.simulated import SimulatedMarket, SimulationRequest
from screener.domain.basket import EntryPrice, Event, Member, Rebalance, Weighting
from screener.domain.listing import Exchange, parse_listing
from screener.domain.panel import PricePanel
from screener.domain.report import Precision, Publication
from screener.errors import InputError, NoTradableConstituents
from screener.files.writing import write_csv
from screener.render.study.placebo import placebo_page
from screener.results.placebo import CONTROLS, JOINT, PLACEBOS
from screener.results.tables import fits
from screener.workflows.backtest.requests import NO_BENCHMARK, BacktestRequest
from screener.workflows.backtest.run import run_events
from screener.workflows.study.placebo.joint import joint_results, largest_error
from screener.workflows.study.placebo.rows import (
    control_rows,
    joint_rows,
    placebo_document,
    placebo_rows,
)
from screener.workflows.study.placebo.run import (
    PlaceboRequest,
    PlaceboRun,
    run_placebos,
)

START, END, CUT = date(2024, 1, 2), date(2024, 12, 31), date(2024, 9, 10)
AT = datetime(2025, 1, 2, tzinfo=UTC)
REPORTS = (date(2024, 6, 3), date(2024, 6, 3), date(2024, 7, 1), date(2024, 9, 2))
OPTIONS = {"horizons": (5, 20)}


def only(table: pa.Table, last: date) -> pa.Table:
    """Return the rows that are dated up to a day."""
    for name in ("session", "valid_from", "ex_session", "known_at"):
        if name in table.column_names:
            return table.filter(pc.less_equal(table.column(name), pa.scalar(last, pa.date32())))
    return table


@pytest.fixture(scope="module")
def batch() -> Batch:
    source = SimulatedMarket()
    query = source.build_query(
        SimulationRequest(seed=5, start=START, end=END, fetched_at=AT, n_other=260)
    )
    return source.normalise(query, source.fetch(query))


@pytest.fixture(scope="module")
def lakes(batch: Batch, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return a lake that ends on `CUT`, and one that goes on to `END`."""
    found = []
    for name, last in (("cut", CUT), ("whole", END)):
        folder = tmp_path_factory.mktemp(name)
        tables = {key: only(table, last) for key, table in batch.tables.items()}
        with Store.create(folder) as store:
            store.commit(replace(batch, tables=tables), message=name)
        found.append(folder)
    return found[0], found[1]


def old_stocks(lake: Path, *, mainland: bool = True) -> list[str]:
    """Return ids of stocks that are listed from the start on."""
    with Store.open(lake) as store:
        rows = store.read(TableName.LISTINGS).to_pylist()
        spans = store.spans([row["listing"] for row in rows])
    return [
        row["listing"]
        for row in rows
        if row["kind"] == "stock"
        and row["listing"].endswith(".HK") is not mainland
        and row["listing"] in spans
        and spans[row["listing"]].first <= date(2024, 1, 5)
        and row["delist_date"] is None
    ]


def event(names: Sequence[str], day: date, basket: str = "chosen") -> Event:
    return Event(
        basket=basket,
        report=f"T{day:%m%d}",
        published=Publication(value=day, precision=Precision.DAY),
        members=tuple(Member(listing=parse_listing(name), name=name) for name in names),
        weighting=Weighting.EQUAL,
    )


@pytest.fixture(scope="module")
def events(lakes: tuple[Path, Path]) -> tuple[Event, ...]:
    names = old_stocks(lakes[0])
    return tuple(
        event(names[at * 7 : at * 7 + 6], day, "chosen" if at else "first")
        for at, day in enumerate(REPORTS)
    )


def request(events: Sequence[Event], **options: object) -> PlaceboRequest:
    backtest = BacktestRequest(events=tuple(events), settings=Settings(**OPTIONS))  # type: ignore[arg-type]
    return PlaceboRequest(backtest=backtest, draws=300, **options)  # type: ignore[arg-type]


def run(lake: Path, asked: PlaceboRequest, *, jobs: int = 1) -> PlaceboRun:
    with Store.open(lake) as store:
        return run_placebos(store, asked, program_version="1", jobs=jobs)


@pytest.fixture(scope="module")
def found(lakes: tuple[Path, Path], events: tuple[Event, ...]) -> PlaceboRun:
    return run(lakes[0], request(events))


def test_rows_tell_each_event_and_horizon(found: PlaceboRun, lakes: tuple[Path, Path]) -> None:
    rows = placebo_rows(found)
    assert len(rows) == 8
    assert not fits(PLACEBOS, rows)
    with Store.open(lakes[0]) as store:
        paper = run_events(store, found.request.backtest, program_version="1").results
    for row, real in zip(rows, paper, strict=True):
        assert row["paper_return"] == pytest.approx(real.paper_return, abs=1e-12)
        assert row["excess"] == pytest.approx(row["paper_return"] - row["placebo_mean"])
        assert row["active_return"] == pytest.approx(real.active_return)
        assert row["placebo_active_mean"] == pytest.approx(
            row["active_return"] - row["excess"]  # the index is the same on both sides
        )
        assert 0 < row["p_greater"] <= 1
        assert row["n_universe"] > row["n_controls"] > 10
        assert row["matched_on"].startswith("size (market value) + industry")
    assert [row["status"] for row in rows] == ["mature"] * 7 + ["pending"]


def test_csv_is_the_same_to_the_byte_whatever_the_workers(
    found: PlaceboRun, lakes: tuple[Path, Path], tmp_path: Path
) -> None:
    again = run(lakes[0], found.request, jobs=2)
    for name, item in (("one", found), ("two", again)):
        write_csv(str(tmp_path / name), PLACEBOS.names, placebo_rows(item))
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    other = placebo_rows(run(lakes[0], replace(found.request, seed=2)))
    assert other[0]["placebo_mean"] != placebo_rows(found)[0]["placebo_mean"]
    assert other[0]["run_id"] != found.run_id


def test_later_sessions_change_no_finished_row(found: PlaceboRun, lakes: tuple[Path, Path]) -> None:
    later = placebo_rows(run(lakes[1], found.request))
    for row, again in zip(placebo_rows(found), later, strict=True):
        assert again["status"] == "mature"
        if row["status"] == "mature":
            same = set(PLACEBOS.names) - {"data_version", "run_id"}
            assert {key: row[key] for key in same} == {key: again[key] for key in same}


def test_an_event_is_judged_alike_alone_and_with_others(
    found: PlaceboRun, lakes: tuple[Path, Path], events: tuple[Event, ...]
) -> None:
    alone = placebo_rows(run(lakes[0], request(events[2:3])))
    together = [row for row in placebo_rows(found) if row["report"] == "T0701"]
    for row, other in zip(alone, together, strict=True):
        assert {**row, "run_id": ""} == {**other, "run_id": ""}


def test_joint_tests_count_finished_events_alone(found: PlaceboRun) -> None:
    five, twenty = joint_results(found)  # the basket with one event has none
    assert (five.label, five.n_events, five.n_days, five.n_unfinished) == ("chosen", 3, 3, 0)
    assert (twenty.n_events, twenty.n_unfinished) == (2, 1)
    returns = [item.real.paper_return for item in found.results if item.real.window.horizon == 5]
    assert five.mean_return == pytest.approx(np.mean(returns[1:]))
    everything = joint_results(found, lambda _: ("all",))
    assert [item.n_events for item in everything] == [4, 3]
    rows = joint_rows(found, everything)
    assert not fits(JOINT, rows)
    assert rows[0]["draws"] == 300
    assert placebo_document(found)["joint"] == joint_rows(found, (five, twenty))
    assert [item.n_left_out for item in everything] == [0, 1]
    told = [row["p_error"] for row in (*placebo_rows(found), *rows)]
    assert largest_error(found, everything) == max(error for error in told if error is not None)


def test_every_control_can_be_traced(found: PlaceboRun) -> None:
    rows = control_rows(found)
    assert not fits(CONTROLS, rows)
    first = [row for row in rows if row["report"] == "T0701"]
    names = {member.listing.id for member in found.results[4].real.window.event.members}
    assert {row["listing"] for row in first} == names
    assert not {row["control"] for row in first} & names
    assert [row["rank"] for row in first][:3] == [1, 2, 3]


def test_pages_fit_narrow_and_wide(found: PlaceboRun) -> None:
    for width in (80, 160):
        page = shown(found, width)
        assert "SIMULATED" in page
        assert "pending 6" in page
        assert "chosen · T0902" in page
        assert "nan" not in page.lower()
        assert max(cell_len(line) for line in page.splitlines()) <= width


def shown(run_: PlaceboRun, width: int) -> str:
    out = io.StringIO()
    Console(file=out, width=width).print(placebo_page(run_, joint_results(run_)))
    return out.getvalue()


def test_nothing_finished_and_nothing_begun_give_no_numbers(
    lakes: tuple[Path, Path], events: tuple[Event, ...]
) -> None:
    names = [member.listing.id for member in events[0].members]
    young = [event(names, CUT, "young"), event(names, date(2024, 9, 4), "young")]
    both = run(lakes[0], request(young))
    assert [item.n_events for item in joint_results(both)] == [0, 0]
    rows = placebo_rows(both)
    assert not fits(PLACEBOS, rows)
    assert not fits(JOINT, joint_rows(both, joint_results(both)))
    assert rows[0]["status"] == "pending"
    assert rows[0]["placebo_mean"] is None
    assert rows[0]["p_two_sided"] is None
    assert rows[2]["status"] == "pending"
    assert rows[2]["p_two_sided"] is not None
    assert "nan" not in shown(both, 80).lower()


def test_a_small_universe_is_told_and_gives_no_numbers(
    batch: Batch, lakes: tuple[Path, Path], tmp_path: Path
) -> None:
    names = old_stocks(lakes[0])[:12]
    kept = pa.array(names)
    tables = {
        key: table.filter(pc.is_in(table.column("listing"), kept))
        if key in (TableName.BARS, TableName.STATUS)
        else table
        for key, table in batch.tables.items()
    }
    with Store.create(tmp_path) as store:
        store.commit(replace(batch, tables=tables), message="few")
    asked = request([event(names[:4], REPORTS[0])])
    asked = replace(asked, backtest=replace(asked.backtest, benchmark=NO_BENCHMARK))
    alone = run(tmp_path, asked)
    rows = placebo_rows(alone)
    assert not fits(PLACEBOS, rows)
    assert largest_error(alone, ()) == 0.0
    assert "8 mainland stocks could be bought on 2024-06-04" in rows[0]["remarks"]
    assert rows[0]["placebo_mean"] is None
    assert rows[0]["paper_return"] is not None
    assert rows[0]["random_dates_p"] is not None


def test_hong_kong_names_are_replaced_by_hong_kong_names(lakes: tuple[Path, Path]) -> None:
    mainland, foreign = old_stocks(lakes[0])[:3], old_stocks(lakes[0], mainland=False)[:3]
    result = run(lakes[0], request([event([*foreign, *mainland], REPORTS[0])])).results[0]
    assert result.matched is not None
    for member, controls in zip(result.real.window.event.members, result.matched.ids, strict=True):
        assert len(controls) >= 10
        assert {item.endswith(".HK") for item in controls} == {member.listing.id.endswith(".HK")}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda item: replace(item, draws=98), "98 placebo baskets"),
        (lambda item: replace(item, seed=-1), "seed -1"),
        (lambda item: replace(item, controls=0), "0 controls"),
        (lambda item: settings(item, entry=EntryPrice.VWAP), "not the VWAP"),
        (lambda item: settings(item, rebalance=Rebalance.MONTHLY), "monthly"),
    ],
)
def test_bad_requests_are_refused(
    lakes: tuple[Path, Path],
    events: tuple[Event, ...],
    change: Callable[[PlaceboRequest], PlaceboRequest],
    message: str,
) -> None:
    with pytest.raises(InputError, match=message):
        run(lakes[0], change(request(events)))
    with pytest.raises(NoTradableConstituents, match="no event to compare"):
        run(lakes[0], request([]))


def settings(asked: PlaceboRequest, **changes: object) -> PlaceboRequest:
    changed = replace(asked.backtest.settings, **changes)  # type: ignore[arg-type]
    return replace(asked, backtest=replace(asked.backtest, settings=changed))


def test_an_index_of_daily_weights_has_no_placebo(
    lakes: tuple[Path, Path], events: tuple[Event, ...]
) -> None:
    daily = replace(events[0], weighting=Weighting.DAILY_EQUAL)
    rows = placebo_rows(run(lakes[0], request([daily])))
    assert "daily-equal" in rows[0]["remarks"]
    assert rows[0]["p_two_sided"] is None


def test_market_panel_holds_what_the_panel_of_single_names_holds(
    lakes: tuple[Path, Path],
) -> None:
    first, last = date(2024, 5, 6), date(2024, 7, 31)
    with Store.open(lakes[0]) as store:
        market = read_market_panel(store, list(Exchange), first, last)
        whole = market.prices
        single = read_panel(
            store, list(whole.listings), first_entry=first, last_entry=last, history=0
        )
        caps = read_caps(store, single).market_cap
    assert len(whole.listings) > 200
    assert any(item.exchange is Exchange.HK for item in whole.listings)
    rows = slice(0, len(whole.sessions))
    assert (single.sessions[rows] == whole.sessions).all()
    for part in fields(PricePanel):
        one, other = getattr(whole, part.name), getattr(single, part.name)
        if isinstance(one, np.ndarray) and one.ndim == 2:
            np.testing.assert_array_equal(one, other[rows], err_msg=part.name)
    assert whole.list_dates == single.list_dates
    assert whole.delist_dates == single.delist_dates
    held = {item.exchange for item in whole.listings}
    assert {
        side: day for side, day in whole.last_sessions.items() if side in held
    } == single.last_sessions
    assert (whole.adjusted == single.adjusted).all()
    late = slice(25, len(whole.sessions))  # a value of before the panel is known to both by then
    np.testing.assert_allclose(market.market_cap[late], caps[rows][late])
    assert np.isfinite(market.turnover[np.isfinite(whole.close) & (whole.close > 0)]).all()
    assert sum(bool(item) for item in market.industries) > 200
