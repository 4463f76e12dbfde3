"""Files read in pieces: the same lake as from reading them whole, in one transaction."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from screener.data.lake import merge
from screener.data.lake.schema import Basis, TableName
from screener.data.lake.store import Store
from screener.data.sources.files import ImportKind, ImportRequest, large
from screener.data.sources.files.tables import parquet, text
from screener.data.update import factor_update
from screener.data.validation import import_parts
from screener.domain.listing import Exchange
from screener.errors import DataError, InputError
from screener.files.spilled import Spilled
from screener.workflows.data import importing
from screener.workflows.data.importing import ImportOutcome, import_files
from screener.workspace.locate import Workspace
from tests.support.panels import sessions
from tests.support.soaking import SEED, in_child, share, soaked
from tests.support.update_kills import in_child as killed_in

NOW = datetime(2025, 9, 1, tzinfo=UTC)
DAYS = sessions(Exchange.SH, date(2024, 11, 18), 50)  # two years, so two spans
LISTINGS = 24
KILLS = share(8, 40)


@pytest.fixture
def in_pieces(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Let files of a few hundred rows be large ones, or none."""

    def chosen(yes: bool) -> None:
        monkeypatch.setattr(large, "LARGE", 100 if yes else 1 << 40)

    monkeypatch.setattr(large, "_PIECE_ROWS", 150)
    monkeypatch.setattr(large, "_AT_ONCE", 300)
    monkeypatch.setattr(parquet, "_PIECE", 128)
    monkeypatch.setattr(text, "_AT_ONCE", 6_000)
    return chosen


def run(
    folder: Path, *paths: Path, basis: Basis = Basis.RAW, dry_run: bool = False
) -> ImportOutcome:
    workspace = Workspace(root=folder)
    (folder / "baskets").mkdir(parents=True, exist_ok=True)
    request = ImportRequest(
        paths=paths, kind=ImportKind.BARS, basis=basis, fetched_at=NOW, today=NOW.date()
    )
    return import_files(workspace, request, dry_run=dry_run)


def digest(folder: Path) -> str:
    with Store.open(folder / "data_cache") as store:
        assert store.holds_what_was_committed() is True
        return store.content().digest


def market(seed: int, *, amount: bool = True) -> pa.Table:
    """Bars by session with what files have: spellings, lots, bad rows, repeats, halts, a jump."""
    random = np.random.default_rng(seed)
    codes = [f"6{at:05d}" for at in range(LISTINGS // 2)] + [
        f"00{at:04d}" for at in range(1, LISTINGS // 2 + 1)
    ]
    price = random.uniform(8, 40, LISTINGS)
    rows: dict[str, list[object]] = {
        name: [] for name in ("date", "code", "open", "high", "low", "close", "volume", "amount")
    }
    for at, day in enumerate(DAYS):
        price = np.round(np.clip(price * random.uniform(0.97, 1.03, LISTINGS), 2, 90), 2)
        for own, code in enumerate(codes):
            market_of = "sh" if code.startswith("6") else "sz"
            spelled = [code, f"{market_of}{code}", f"{code}.{market_of.upper()}"][at % 3]
            value = 10 * price[own] if own == 3 and at == 20 else price[own]  # a bad tick
            low = -1.0 if own == 5 and at == 7 else value
            volume = 0.0 if own == 7 and at == 9 else float(random.integers(100, 9_000))
            told = amount and own % 3  # the others have no proof of their own
            cells = (day, spelled, value, value, low, value, volume)
            money = volume * 100 * value if told and volume else None
            for name, cell in zip(rows, (*cells, money), strict=True):
                rows[name].append(cell)
    rows["code"][11] = "no code"
    table = pa.table(rows)
    return pa.concat_tables([table, table.slice(40, 3)])


def written(folder: Path, table: pa.Table, suffix: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"market.{suffix}"
    if suffix == "parquet":
        pq.write_table(table, path, row_group_size=200)
    else:
        pa_csv.write_csv(table, path)
    return path


def told(done: ImportOutcome) -> list[tuple[object, ...]]:
    return sorted(
        (item.file, item.line, item.reason, item.row, item.listing or "", item.session or date.min)
        for item in done.rejects
    )


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
@pytest.mark.parametrize("seed", [1, 2])
@soaked
def test_pieces_give_the_lake_that_the_whole_file_gives(
    tmp_path: Path, in_pieces: Callable[[bool], None], suffix: str, seed: int
) -> None:
    path = written(tmp_path, market(seed), suffix)
    done = {}
    for yes in (False, True):
        in_pieces(yes)
        done[yes] = run(tmp_path / str(yes), path)
    whole, pieces = done[False], done[True]
    assert digest(tmp_path / "False") == digest(tmp_path / "True")
    assert told(whole) == told(pieces)
    assert set(whole.changes) == set(pieces.changes)
    assert whole.reasons == pieces.reasons
    assert set(whole.remarks) == set(pieces.remarks)
    assert any("multiplied by 100" in remark for remark in pieces.remarks)
    assert any("taken as lots, like the others" in remark for remark in pieces.remarks)
    again = run(tmp_path / "True", path)
    assert not again.changed
    assert again.version == pieces.version


@soaked
def test_unit_without_any_proof_is_decided_over_all_pieces(
    tmp_path: Path, in_pieces: Callable[[bool], None]
) -> None:
    path = written(tmp_path, market(3, amount=False), "parquet")
    remarks = []
    for yes in (False, True):
        in_pieces(yes)
        remarks.append(set(run(tmp_path / str(yes), path).remarks))
    assert remarks[0] == remarks[1]
    assert digest(tmp_path / "False") == digest(tmp_path / "True")


@soaked
def test_adjusted_history_is_replaced_year_by_year_as_at_once(
    tmp_path: Path, in_pieces: Callable[[bool], None]
) -> None:
    table = market(4).drop_columns(["amount"])
    path = written(tmp_path, table, "parquet")
    prices = ("open", "high", "low", "close")
    other = table
    for name in prices:
        column = pa.array(np.asarray(table.column(name)) / 2)
        other = other.set_column(other.column_names.index(name), name, column)
    second = written(tmp_path / "second", other, "parquet")
    changes = []
    for yes in (False, True):
        in_pieces(yes)
        run(tmp_path / str(yes), path, basis=Basis.ADJUSTED)
        changes.append(set(run(tmp_path / str(yes), second, basis=Basis.ADJUSTED).changes))
    assert changes[0] == changes[1]
    assert any(item.changed for item in changes[0] if item.table is TableName.BARS)
    assert digest(tmp_path / "False") == digest(tmp_path / "True")


@soaked
def test_dry_run_in_pieces_tells_the_same_and_writes_nothing(
    tmp_path: Path, in_pieces: Callable[[bool], None]
) -> None:
    path = written(tmp_path, market(1), "parquet")
    in_pieces(False)
    whole = run(tmp_path / "w", path, dry_run=True)
    in_pieces(True)
    pieces = run(tmp_path / "w", path, dry_run=True)
    assert set(whole.changes) == set(pieces.changes)
    assert not (tmp_path / "w" / "data_cache").exists()


@soaked
def test_file_of_which_nothing_is_left_is_refused_after_its_last_piece(
    tmp_path: Path, in_pieces: Callable[[bool], None]
) -> None:
    table = market(1)
    wrong = table.set_column(5, "close", pa.array(np.full(table.num_rows, -1.0)))
    path = written(tmp_path, wrong, "csv")
    in_pieces(True)
    with pytest.raises(DataError, match=r"all \d+ rows are rejected: close is not positive"):
        run(tmp_path / "w", path)


@soaked
def test_simulated_rows_in_a_large_file_are_refused(
    tmp_path: Path, in_pieces: Callable[[bool], None]
) -> None:
    table = market(1)
    marked = table.append_column("source", pa.array(["SIMULATED"] * table.num_rows))
    path = written(tmp_path, marked, "parquet")
    in_pieces(True)
    with pytest.raises(InputError, match="simulated market"):
        run(tmp_path / "v", path)


@pytest.mark.parametrize("how", ["quote", "gb18030", "alone"])
@soaked
def test_what_cannot_be_read_in_blocks_is_read_whole(
    tmp_path: Path, in_pieces: Callable[[bool], None], how: str
) -> None:
    table = market(5)
    path = written(tmp_path, table, "csv")
    if how == "quote":  # the line end in the cell may be where a block ends
        lines = path.read_text().splitlines(keepends=True)
        lines = [line.rstrip("\n") + ',"a\nb"\n' for line in lines]
        lines[0] = lines[0].replace('"a\nb"', '"note"')
        path.write_text("".join(lines))
    elif how == "gb18030":
        path.write_bytes(path.read_text().replace("date", "日期").encode("gb18030"))
    else:
        one = table.filter(pa.compute.equal(table.column("code"), "600000")).drop_columns(["code"])
        path = written(tmp_path / "one", pa.concat_tables([one] * 9), "csv")
        path = path.rename(path.parent / "600000.csv")
    done = {}
    for yes in (False, True):
        in_pieces(yes)
        done[yes] = run(tmp_path / str(yes), path)
    assert told(done[False]) == told(done[True])
    assert digest(tmp_path / "False") == digest(tmp_path / "True")


@pytest.mark.parametrize("at", [0, 1, 2])
@soaked
def test_killed_between_spans_nothing_is_stored_and_the_import_can_be_made_again(
    tmp_path: Path, in_pieces: Callable[[bool], None], at: int
) -> None:
    path = written(tmp_path, market(1), "parquet")
    in_pieces(True)
    child = os.fork()
    if not child:
        kept = merge._merge_table
        merged = [0]

        def killed(*arguments: object, **named: object) -> object:
            done = kept(*arguments, **named)  # type: ignore[arg-type]
            merged[0] += 1
            if merged[0] > at:
                os.kill(os.getpid(), signal.SIGKILL)
            return done

        merge._merge_table = killed  # type: ignore[assignment]
        run(tmp_path / "w", path)
        os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    with Store.open(tmp_path / "w" / "data_cache") as store:
        assert not store.read(TableName.BARS).num_rows
    run(tmp_path / "w", path)
    in_pieces(False)
    run(tmp_path / "v", path)
    assert digest(tmp_path / "w") == digest(tmp_path / "v")
    left = [item.name for item in (tmp_path / "w" / "data_cache").iterdir() if item.is_file()]
    assert not [name for name in left if name.startswith("tmp")]


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@soaked
def test_killed_at_any_moment_and_made_again_it_is_as_undisturbed(
    tmp_path: Path, in_pieces: Callable[[bool], None], suffix: str
) -> None:
    """Reading, setting down, judging or storing: all of the rows are there, or none."""
    path = written(tmp_path, market(1), suffix)
    in_pieces(True)
    begun = time.monotonic()
    assert killed_in(lambda: run(tmp_path / "v", path), None) == 0
    whole = time.monotonic() - begun
    undisturbed = in_child(lambda: digest(tmp_path / "v")).value
    random, killed = Random(f"large {SEED} {suffix}"), 0
    for number in range(KILLS):
        folder = tmp_path / f"w{number % 2}"  # each import begins on what the last one left
        begun = time.monotonic()
        status = killed_in(partial(run, folder, path), random.uniform(0, whole))
        killed += os.WIFSIGNALED(status)
        if status == 0:  # faster than the first time: the next moments lie within it
            whole = min(whole, time.monotonic() - begun)
        assert os.WIFSIGNALED(status) or status == 0
        found = in_child(partial(stored_digest, folder))
        assert found.value in ("", undisturbed), found.wrong
        if found.value:
            shutil.rmtree(folder)
    assert killed > KILLS // 2
    for folder in (tmp_path / "w0", tmp_path / "w1"):
        again = in_child(lambda folder=folder: [run(folder, path).dry_run, digest(folder)])
        assert again.value == [False, undisturbed], again.wrong
        left = [item.name for item in (folder / "data_cache").iterdir()]
        assert not [name for name in left if name.startswith("tmp")]


def stored_digest(folder: Path) -> str:
    """Return the digest of what is stored; empty where nothing is."""
    try:
        store = Store.open(folder / "data_cache")
    except DataError:
        return ""
    with store:
        assert store.holds_what_was_committed() is not False
        return store.content().digest if store.read(TableName.BARS).num_rows else ""


@soaked
def test_busy_catalog_gathers_the_pieces_again(
    tmp_path: Path, in_pieces: Callable[[bool], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, market(1), "parquet")
    in_pieces(True)
    kept = importing._committed

    def twice(*arguments: object, **named: object) -> object:
        workspace, batch, message, complete = arguments

        def again(store: object, given: object) -> object:
            complete(store, given)  # type: ignore[operator]
            return complete(store, given)  # type: ignore[operator]

        return kept(workspace, batch, message, again, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(importing, "_committed", twice)
    run(tmp_path / "w", path)
    in_pieces(False)
    monkeypatch.setattr(importing, "_committed", kept)
    run(tmp_path / "v", path)
    assert digest(tmp_path / "w") == digest(tmp_path / "v")


@soaked
def test_spilled_rows_come_back_in_their_order_and_leave_no_file(tmp_path: Path) -> None:
    rows = pa.table({"a": [5, 1, 4, 2], "b": ["x", None, "y", "z"]})
    with Spilled[str](tmp_path) as spilled:
        spilled.spread(rows, np.array([1, 0, 1, 0]), "ab".__getitem__)
        spilled.put("a", rows.slice(0, 1))
        assert spilled.take("a").to_pylist() == [
            {"a": 1, "b": None},
            {"a": 2, "b": "z"},
            {"a": 5, "b": "x"},
        ]
        assert spilled.take("b").column("a").to_pylist() == [5, 4]
        assert "c" not in spilled
        assert not list(tmp_path.iterdir())


@soaked
def test_actions_of_many_listings_are_judged_as_those_of_few(
    tmp_path: Path, in_pieces: Callable[[bool], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    bars = written(tmp_path, market(6), "parquet")
    codes = sorted({str(code)[:6] for code in market(6).column("code").to_pylist()} - {"no cod"})
    codes = [code for code in codes if code.isdigit()]
    rows = [f"{code},{DAYS[30]},{0.1 + at / 100}" for at, code in enumerate(codes)]
    actions = tmp_path / "actions.csv"
    actions.write_text("\n".join(["listing,ex_session,cash", *rows]))
    in_pieces(False)
    for few in (False, True):
        if few:
            monkeypatch.setattr(import_parts, "_LISTINGS", 2)
            monkeypatch.setattr(factor_update, "_AT_ONCE", 3)
        run(tmp_path / str(few), bars)
        request = ImportRequest(
            paths=(actions,), kind=ImportKind.ACTIONS, fetched_at=NOW, today=NOW.date()
        )
        done = import_files(Workspace(root=tmp_path / str(few)), request)
        assert any(item.table is TableName.FACTORS and item.added for item in done.changes)
    assert digest(tmp_path / "False") == digest(tmp_path / "True")
