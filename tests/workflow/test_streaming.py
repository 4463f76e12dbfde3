"""Rows that are written some events at a time: those of a run that is held whole."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from screener.backtest import run as run_module
from screener.backtest.frictions import Frictions
from screener.backtest.run import Settings
from screener.data.lake.batch import Batch
from screener.data.lake.store import Store
from screener.domain.basket import Event, Member, Rebalance, Weighting
from screener.domain.listing import parse_listing
from screener.domain.report import Precision, Publication
from screener.errors import DataError, InputError
from screener.files import growing
from screener.results.arrow import arrow_rows
from screener.results.backtest import METRICS, NAMES, ORDERS, SHORTFALL
from screener.workflows.backtest.measures import metric_rows
from screener.workflows.backtest.order_rows import order_rows
from screener.workflows.backtest.requests import BacktestRequest, Variants, variant_requests
from screener.workflows.backtest.rows import ledger_rows, result_table, shortfall_rows
from screener.workflows.backtest.run import run_variants
from screener.workflows.backtest.streaming import Streamed, stream_variants
from screener.workflows.run_ids import run_id
from tests.support.canned.market import CannedMarket
from tests.support.soaking import soaked

NAMED = ("601899.SH", "300857.SZ", "00700.HK", "600000.SH")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    market = CannedMarket.make(n_other=0, start=date(2025, 9, 1))
    with Store.create(tmp_path_factory.mktemp("streamed")) as opened:
        opened.commit(Batch(tables=market.tables), message="market")
        yield opened


def published(day: date, *, sure: bool) -> Publication:
    if sure:
        return Publication(value=day, precision=Precision.DAY)
    return Publication(
        value=day,
        precision=Precision.ESTIMATED,
        range_start=day,
        range_end=date(2026, 12, 1),  # past the tables: a remark on the band
        evidence="none",
    )


def request(count: int, *, money: bool) -> BacktestRequest:
    """Ask for events on one day after the other; one name is not in the tables."""
    events = tuple(
        Event(
            basket="mine",
            report=f"R{at}",
            published=published(date(2026, 1, 5) + timedelta(days=at), sure=at % 2 == 0),
            members=tuple(Member(listing=parse_listing(name), name=name) for name in NAMED),
            weighting=Weighting.EQUAL,
        )
        for at in range(count)
    )
    settings = Settings(horizons=(1, 5), frictions=Frictions() if money else None)
    return BacktestRequest(events=events, settings=settings)


def streamed(
    store: Store, asked: tuple[BacktestRequest, ...], folder: Path, jobs: int = 1
) -> Streamed:
    return stream_variants(store, asked, folder, program_version="test", jobs=jobs)


@pytest.mark.parametrize("money", [False, True])
@soaked
def test_the_rows_are_those_of_a_run_that_is_held(
    store: Store, money: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    variants = Variants(delays=(0, 2), rebalances=(Rebalance.NONE, Rebalance.MONTHLY))
    asked = variant_requests(request(7, money=money), variants)
    runs = run_variants(store, asked, program_version="test")
    defaults = run_module.backtest_pieces.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "chunk", 3)
    found = streamed(store, asked, tmp_path / "new" / "rows")
    table = result_table(runs, whole=True)
    expected = {"returns": arrow_rows(table.spec, table.rows)}
    made = {METRICS: metric_rows, SHORTFALL: shortfall_rows}
    made[ORDERS if money else NAMES] = order_rows if money else ledger_rows
    for spec, rows in made.items():
        expected[spec.name] = arrow_rows(spec, [row for run in runs for row in rows(run)])
    files = sorted(path.name for path in found.folder.iterdir())
    assert files == sorted([*(f"{name}.parquet" for name in expected), "remarks.txt"])
    for name, wanted in expected.items():
        assert pq.read_table(found.folder / f"{name}.parquet").equals(wanted), name
        assert found.rows[name] == wanted.num_rows
    assert found.run_ids == tuple(run.run_id for run in runs)
    assert found.lacking == any(run.lacking for run in runs)
    told = set((found.folder / "remarks.txt").read_text(encoding="utf-8").splitlines())
    said = {line for run in runs for line in run.remarks}
    assert said <= {*told, *found.remarks}
    assert told <= said
    assert told
    assert found.rows["remarks"] == len(told)


@soaked
def test_two_workers_write_the_same(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    defaults = run_module.backtest_pieces.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "chunk", 2)
    asked = (request(5, money=True),)
    one = streamed(store, asked, tmp_path / "one")
    two = streamed(store, asked, tmp_path / "two", jobs=2)
    assert one == replace(two, folder=one.folder)
    for path in one.folder.iterdir():
        assert path.read_bytes() == (two.folder / path.name).read_bytes()
    monkeypatch.setitem(defaults, "chunk", 3)  # other pieces: other groups of the same rows
    three = streamed(store, asked, tmp_path / "three")
    assert one == replace(three, folder=one.folder)
    remarks = [(run.folder / "remarks.txt").read_bytes() for run in (one, three)]
    assert remarks[0] == remarks[1]
    for path in one.folder.glob("*.parquet"):
        assert pq.read_table(path).equals(pq.read_table(three.folder / path.name)), path.name


def test_small_pieces_make_large_row_groups(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(growing, "_HELD", 4_000)
    pieces = [pa.table({"number": range(at, at + 10)}) for at in range(0, 2_500, 10)]
    with growing.growing_folder(tmp_path / "out") as written:
        for piece in pieces:
            written.add("numbers", piece)
        with pytest.raises(ValueError, match="do not belong"):
            written.add("numbers", pa.table({"number": ["text"]}))
    assert written.rows == {"numbers": 2_500}
    path = tmp_path / "out" / "numbers.parquet"
    assert pq.read_table(path).column("number").to_pylist() == list(range(2_500))
    held = pq.ParquetFile(path).metadata
    groups = [held.row_group(at).num_rows for at in range(held.num_row_groups)]
    assert groups == [500, 500, 500, 500, 500]  # of 8 bytes a row


def test_a_folder_that_holds_something_is_refused_and_stays(store: Store, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep", encoding="utf-8")
    for name in ("mine", "mine/notes.txt"):
        with pytest.raises(InputError, match="holds something already") as error:
            streamed(store, (request(1, money=False),), tmp_path / name)
        assert "empty" in str(error.value.fix)
    assert (tmp_path / "mine" / "notes.txt").read_text(encoding="utf-8") == "keep"
    (tmp_path / "empty").mkdir()
    assert streamed(store, (request(1, money=False),), tmp_path / "empty").rows["returns"] == 2


def test_nothing_is_left_where_it_fails(store: Store, tmp_path: Path) -> None:
    without_index = replace(request(2, money=False), benchmark="000905.SH")
    with pytest.raises(DataError) as alone:
        run_variants(store, [without_index], program_version="test")
    with pytest.raises(DataError, match="000905") as error:
        streamed(store, (without_index,), tmp_path / "rows")
    assert str(error.value) == str(alone.value)
    assert not list(tmp_path.iterdir())


def test_a_run_id_is_that_of_its_settings_as_json(store: Store) -> None:
    asked = request(3, money=True)
    inputs = ["backtest", asdict(asked), store.content().digest, "test"]
    text = json.dumps(inputs, default=str, sort_keys=True)
    expected = hashlib.sha256(text.encode()).hexdigest()[:12]
    assert run_id("backtest", asked, store, "test", simulated=False) == expected
