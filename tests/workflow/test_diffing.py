"""What differs between two versions, and which stored runs change because of it."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import hypothesis
import pyarrow as pa
import pytest
import typer
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from rich.console import Console
from typer.testing import CliRunner

from screener.backtest.frictions import Frictions
from screener.backtest.run import Settings
from screener.cli.data.versions import diff
from screener.data.lake.batch import Batch
from screener.data.lake.comparison import VersionComparison
from screener.data.lake.schema import TABLES, Basis, TableName
from screener.data.lake.store import Store
from screener.domain.basket import Event, Member, Weighting
from screener.domain.listing import Exchange, parse_listing
from screener.domain.report import Precision, Publication
from screener.errors import InputError, OutOfMemory, ScreenerError
from screener.language import Language
from screener.language.reader import speaking
from screener.market.calendars import calendar_of
from screener.render.data.versions import diff_page
from screener.results.backtest import RETURNS
from screener.results.data import DIFF, RUN_DIFF
from screener.results.tables import fits
from screener.workflows.backtest import documents
from screener.workflows.backtest.documents import encoded_document, run_document
from screener.workflows.backtest.requests import BacktestRequest
from screener.workflows.backtest.rows import result_rows
from screener.workflows.backtest.run import run_events
from screener.workflows.data.diff import (
    diff_versions,
    run_diff_rows,
)
from screener.workflows.explain.explain import request_of
from screener.workflows.explain.kinds import KINDS
from screener.workflows.explain.rerun import may_change, moved_last_sessions
from screener.workspace.locate import Workspace
from screener.workspace.runs import StoredRun, load_run, rebuilt, save_run, stored_runs
from tests.support.laws import laws
from tests.support.soaking import soaked

ARROW = {
    "VARCHAR": pa.string(),
    "DATE": pa.date32(),
    "DOUBLE": pa.float64(),
    "BIGINT": pa.int64(),
    "BOOLEAN": pa.bool_(),
    "TIMESTAMP WITH TIME ZONE": pa.timestamp("us", tz="UTC"),
}
FETCHED = datetime(2026, 6, 1, tzinfo=UTC)
SHANGHAI = timezone(timedelta(hours=8))
PUBLISHED = date(2026, 3, 6)
NAMES = ("600000.SH", "300857.SZ", "00700.HK", "600519.SH")
INDICES = ("000300.SH", "HSI.HK")

Row = dict[str, Any]
RUNNER = CliRunner()


def table(name: TableName, rows: Sequence[Row]) -> pa.Table:
    origin = {"source": "hand.csv", "fetched_at": FETCHED}
    spec = TABLES[name]
    schema = pa.schema([(item.name, ARROW[item.type]) for item in spec.columns])
    full = [dict.fromkeys(spec.column_names) | origin | row for row in rows]
    return pa.Table.from_pylist(full, schema=schema)


def days_of(name: str) -> list[date]:
    """Return the thirty sessions from the day of publication on."""
    exchange = Exchange.HK if name.endswith(".HK") else Exchange.SH
    found = calendar_of(exchange).between(PUBLISHED, PUBLISHED + timedelta(days=60))
    return [day.item() for day in found[:30]]  # the second is the entry, [h] the exit


def bar(name: str, day: date, close: float) -> Row:
    prices = {"open": close - 0.1, "high": close + 0.2, "low": close - 0.2, "close": close}
    return {"listing": name, "session": day, **prices, "basis": str(Basis.RAW)}


def market() -> Batch:
    bars = [
        bar(name, day, 10 + at + 0.1 * step)
        for at, name in enumerate((*NAMES, *INDICES))
        for step, day in enumerate(days_of(name))
    ]
    fixings = [
        {"pair": "HKDCNY", "session": PUBLISHED + timedelta(days=at), "rate": 0.9}
        for at in range(60)
    ]
    return Batch(
        tables={
            TableName.BARS: table(TableName.BARS, bars),
            TableName.FX: table(TableName.FX, fixings),
        }
    )


def event(*names: str, **more: Any) -> Event:
    given = {
        "basket": "-".join(name[:6] for name in names),
        "report": "R9",
        "published": Publication(value=PUBLISHED, precision=Precision.DAY),
        "members": tuple(Member(listing=parse_listing(name)) for name in names),
        "weighting": Weighting.EQUAL,
    }
    return Event(**(given | more))


def request(*names: str, horizons: tuple[int, ...] = (5, 10), **more: Any) -> BacktestRequest:
    return BacktestRequest(events=(event(*names),), settings=Settings(horizons=horizons), **more)


REQUESTS = {
    "one": request("600000.SH"),
    "two": request("300857.SZ", "00700.HK"),
    "bare": request("600519.SH", benchmark="none"),
    "pending": request("300857.SZ", horizons=(60,), benchmark="none"),
}


def evaluated(store: Store, asked: BacktestRequest) -> list[Row]:
    rows = result_rows(run_events(store, asked, program_version="1"))
    return [
        {name: row[name] for name in RETURNS.names if name not in ("data_version", "run_id")}
        for row in rows
    ]


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace with a market at version 2 and four stored runs."""
    place = Workspace(root=tmp_path_factory.mktemp("diffing") / "work")
    place.baskets.mkdir(parents=True)
    with Store.create(place.data_cache) as store:
        store.commit(market(), message="market")
        for name, asked in REQUESTS.items():
            run = run_events(store, asked, program_version="1")
            assert save_run(place, name, encoded_document(run)) == ()
    return place


def test_what_is_stored_is_the_same_whoever_makes_it(
    example: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "_LEAST", 1)
    asked = request("300857.SZ", "00700.HK", horizons=(1, 2, 3, 5, 10))
    stored = []
    for language, jobs in ((Language.EN, 1), (Language.ZH, 1), (Language.EN, 2), (Language.ZH, 2)):
        with speaking(language), Store.open(example.data_cache) as store:
            run = run_events(store, asked, program_version="1")
            plain, encoded = run_document(run), encoded_document(run, jobs=jobs)
        for name, document in (("plain", plain), ("encoded", encoded)):
            place = Workspace(root=tmp_path / f"{name}-{language}-{jobs}")
            place.data_cache.mkdir(parents=True)
            assert save_run(place, "run", document) == ()
            stored.append((place.data_cache / "runs" / "run.json").read_bytes())
    assert len(stored) == 8
    assert len(set(stored)) == 1

    def lost(*_: object, **__: object) -> list[object]:
        raise OutOfMemory("a worker was ended")

    with monkeypatch.context() as patch:
        patch.setattr(documents, "mapped", lost)
        again = encoded_document(run, jobs=2)
    assert {**again, "remarks": []} == {**encoded, "remarks": []}
    nothing = replace(run, results=(), price_basis=())
    assert save_run(example, "nothing", encoded_document(nothing)) == ()
    found = load_run(example, "nothing").document
    (example.data_cache / "runs" / "nothing.json").unlink()
    assert [found[name] for name in ("results", "ledger", "orders", "gaps")] == [[], [], [], []]


@pytest.fixture
def workspace(example: Workspace, tmp_path: Path) -> Workspace:
    place = Workspace(root=tmp_path / "work")
    shutil.copytree(example.root, place.root)
    return place


def put(place: Workspace, name: TableName, *rows: Row) -> int:
    with Store.open(place.data_cache) as store:
        return store.commit(Batch(tables={name: table(name, rows)}), message="test").version


# Requests and documents

moments = st.one_of(
    st.dates(date(2000, 1, 1), date(2026, 12, 1)).map(
        lambda day: Publication(value=day, precision=Precision.DAY)
    ),
    st.datetimes(datetime(2000, 1, 1), datetime(2026, 12, 1)).map(  # noqa: DTZ001
        lambda at: Publication(
            value=at.replace(tzinfo=SHANGHAI), precision=Precision.EXACT, received_at=FETCHED
        )
    ),
    st.datetimes(datetime(2000, 1, 1), datetime(2026, 12, 1)).map(  # noqa: DTZ001
        lambda at: Publication(
            value=at.date(),
            precision=Precision.ESTIMATED,
            range_start=at.date() - timedelta(days=2),
            range_end=at.replace(tzinfo=UTC) + timedelta(days=2),
            evidence="a chart ends there ‘一’",
        )
    ),
)
sizes = st.floats(1e-6, 1e6)
members = st.lists(st.sampled_from(NAMES), min_size=1, unique=True).flatmap(
    lambda names: st.lists(sizes, min_size=len(names), max_size=len(names)).map(
        lambda weights: tuple(
            Member(listing=parse_listing(name), name="名", name_en="N", weight=weight)
            for name, weight in zip(names, weights, strict=True)
        )
    )
)
events = st.builds(
    Event,
    basket=st.text(min_size=1, max_size=8),
    report=st.sampled_from(["", "R1"]),
    published=moments,
    members=members,
    weighting=st.sampled_from(Weighting),
    benchmark=st.sampled_from(["", "none", "000300.SH"]),
)
requests = st.builds(
    BacktestRequest,
    events=st.lists(events, max_size=3).map(tuple),
    settings=st.builds(
        Settings,
        horizons=st.lists(st.integers(1, 2500), min_size=1, max_size=4).map(tuple),
        max_wait=st.integers(0, 20),
        delay=st.integers(0, 20),
        cost=st.one_of(st.none(), st.just(0.0), st.floats(0, 1)),
        capitals=st.lists(sizes, min_size=1, max_size=3).map(tuple),
        frictions=st.one_of(
            st.none(),
            st.builds(
                Frictions,
                participation=st.one_of(st.none(), st.floats(0.01, 1)),
                slippage_bps=st.floats(0, 50),
                commission=st.booleans(),
            ),
        ),
    ),
    benchmark=st.sampled_from(["", "none", "000300.SH"]),
)


def document_of(asked: BacktestRequest) -> Any:
    return json.loads(json.dumps(asdict(asked), default=str))


@laws(60)
@given(asked=requests)
def test_a_request_comes_back_from_its_document(asked: BacktestRequest) -> None:
    run = StoredRun(run_id="x", data_version=1, document={"request": document_of(asked)})
    again = request_of(run)
    assert again == asked
    assert document_of(again) == document_of(asked)


def test_a_request_comes_back_from_its_file(workspace: Workspace) -> None:
    found = stored_runs(workspace)
    assert found.unreadable == ()
    assert {run.run_id: request_of(run) for run in found.runs} == REQUESTS
    assert {run.data_version for run in found.runs} == {2}


def spoiled(document: Row, *path: object, value: object) -> Row:
    changed = json.loads(json.dumps(document))
    inner = changed
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return changed


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("settings", "rules"), "dated", "settings.rules has no meaning"),
        (("events", 0, "members", 0, "pages"), [3], "events.0.members.0.pages has no meaning"),
        (("settings", "horizons"), ["five"], r"settings\.horizons"),
        (("settings",), None, "settings"),
        (("events", 0, "weighting"), "by-moon", "weighting"),
        (("events", 0, "members"), [], "has no names"),
        (("events", 0, "published", "value"), "some day", "published"),
        (("events", 0, "published", "precision"), "exact", "needs a time"),
    ],
)
def test_a_document_of_another_program_is_refused(
    path: tuple[object, ...], value: object, said: str
) -> None:
    document = spoiled(document_of(REQUESTS["one"]), *path, value=value)
    with pytest.raises(InputError, match=said) as caught:
        rebuilt(BacktestRequest, document, where="stored run x")
    assert caught.value.where == "stored run x"
    assert "type the command that made it again" in caught.value.fix


def test_a_setting_that_is_newer_than_the_document_gets_its_default() -> None:
    document = document_of(REQUESTS["one"])
    del document["settings"]["delay"]
    assert rebuilt(BacktestRequest, document, where="") == REQUESTS["one"]


# Runs that change


def test_a_correction_changes_the_runs_that_read_it(workspace: Workspace) -> None:
    day = days_of("600000.SH")[5]
    version = put(workspace, TableName.BARS, bar("600000.SH", day, 10.35) | {"source": "new"})
    with diff_versions(workspace, 2, version, program_version="1") as found:
        changed = {item.table: item for item in found.tables if item.differs}
        assert set(changed) == {TableName.BARS}
        assert changed[TableName.BARS].changed == 1
        rows = list(found.rows())
        assert (found.runs.runs, found.runs.evaluated) == (4, 1)
        assert found.runs.failures == ()
        results = run_diff_rows(found)
        assert found.runs.changed == 1
    assert not fits(DIFF, rows)
    assert not fits(RUN_DIFF, results)
    assert {row["column"] for row in rows} == {"open", "high", "low", "close", "source"}
    assert {row["key"] for row in rows} == {f"600000.SH {day}"}
    with (
        Store.open(workspace.data_cache, version=2) as old,
        Store.open(workspace.data_cache, version=version) as new,
    ):
        before, after = (evaluated(store, REQUESTS["one"]) for store in (old, new))
    expected = [
        {"run_id": "one", "basket": "600000", "report": "R9", "horizon": first["horizon"]}
        | {"capital": first["capital"]}
        | {"column": column, "old": first[column], "new": second[column]}
        | {"kind": "backtest", "table": "results", "row": f"600000 R9 {first['horizon']}"}
        for first, second in zip(before, after, strict=True)
        for column in RETURNS.names
        if column in first and first[column] != second[column]
    ]
    assert results == expected
    assert expected, "the correction changes something"


def test_a_correction_after_the_window_changes_no_result(workspace: Workspace) -> None:
    version = put(workspace, TableName.BARS, bar("600000.SH", days_of("600000.SH")[20], 99.0))
    with diff_versions(workspace, 2, version, program_version="1") as found:
        assert found.runs.evaluated == 1
        assert found.runs.differences == ()


def test_a_benchmark_and_a_fixing_are_inputs(workspace: Workspace) -> None:
    day = days_of("HSI.HK")[5]
    index = put(workspace, TableName.BARS, bar("HSI.HK", day, 18.0))
    with diff_versions(workspace, 2, index, program_version="1") as found:
        assert {item.run_id for item in found.runs.differences} == {"two"}
        assert found.runs.evaluated == 1
    fixing = put(workspace, TableName.FX, {"pair": "HKDCNY", "session": day, "rate": 0.95})
    with diff_versions(workspace, index, fixing, program_version="1") as found:
        assert {item.run_id for item in found.runs.differences} == {"two"}
        assert found.runs.evaluated == 4


def test_another_listing_that_goes_on_lets_windows_go_on(workspace: Workspace) -> None:
    following = calendar_of(Exchange.SH).after(days_of("600000.SH")[-1])
    version = put(workspace, TableName.BARS, bar("600036.SH", following, 5.0))
    with diff_versions(workspace, 2, version, program_version="1") as found:
        assert {item.run_id for item in found.runs.differences} == {"pending"}
        assert {item.column for item in found.runs.differences} >= {"status"}


def test_tables_asked_for_are_told_and_all_are_judged_by(workspace: Workspace) -> None:
    version = put(
        workspace,
        TableName.STATUS,
        *({"listing": "600519.SH", "session": d, "suspended": True} for d in days_of("600519.SH")),
    )
    with diff_versions(
        workspace, 2, version, program_version="1", tables=[TableName.BARS]
    ) as found:
        assert [item.table for item in found.tables] == [TableName.BARS]
        assert list(found.rows()) == []
        assert {item.run_id for item in found.runs.differences} == {"bare"}


def test_runs_that_cannot_be_evaluated_are_told(workspace: Workspace) -> None:
    folder = workspace.data_cache / "runs"
    (folder / "cut.json").write_text('{"run_id": "cu')
    (folder / "alien.json").write_text('{"data_version": 2, "kind": "ranking"}')
    with diff_versions(workspace, 1, 2, program_version="1") as found:
        reasons = {item.run_id: item.reason for item in found.runs.failures}
        assert found.runs.runs == 6
        first, second = "at data version 1", "cut.json"
    assert "keeps no request" in reasons.pop("alien")
    assert second in reasons.pop("")
    assert all(first in text for text in reasons.values())
    assert set(reasons) <= set(REQUESTS)


def test_the_same_version_differs_in_nothing(workspace: Workspace) -> None:
    with diff_versions(workspace, 2, 2, program_version="1") as found:
        assert not any(item.differs for item in found.tables)
        assert found.runs.evaluated == 0


def test_no_such_version(workspace: Workspace) -> None:
    with (
        pytest.raises(InputError, match="no data version 77; the newest is 2"),
        diff_versions(workspace, 2, 77, program_version="1"),
    ):
        pass


# The filter never hides a run whose results differ

ALL = (*NAMES, *INDICES, "600036.SH")
sessions = st.integers(0, 29)
names = st.sampled_from(ALL)
edits = st.one_of(
    st.tuples(st.just(TableName.BARS), names, sessions, st.sampled_from([8.0, 30.0])),
    st.tuples(st.just(TableName.BARS), names, st.integers(30, 33), st.just(12.0)),
    st.tuples(st.just(TableName.STATUS), names, sessions, st.just(1.0)),
    st.tuples(st.just(TableName.FACTORS), names, sessions, st.just(1.5)),
    st.tuples(st.just(TableName.NAMES), names, sessions, st.just(0.0)),
    st.tuples(st.just(TableName.LISTINGS), names, sessions, st.just(0.0)),
    st.tuples(st.just(TableName.FX), names, sessions, st.just(0.8)),
    st.tuples(st.just(TableName.CALENDAR), names, sessions, st.just(0.0)),
    st.tuples(st.just(TableName.QUARANTINE), names, sessions, st.just(0.0)),
)


def edited(kind: TableName, name: str, at: int, value: float) -> Row:
    exchange = Exchange(name[-2:])
    day = calendar_of(exchange).offset(days_of(name)[0], at) or PUBLISHED
    return {
        TableName.BARS: bar(name, day, value),
        TableName.STATUS: {"listing": name, "session": day, "suspended": True},
        TableName.FACTORS: {"listing": name, "ex_session": day, "factor": value},
        TableName.NAMES: {"listing": name, "valid_from": day, "name": "ST 名"},
        TableName.LISTINGS: {
            "listing": name,
            "kind": "stock",
            "board": "main",
            "currency": "CNY",
            "list_date": day,
            "return_basis": "total",
        },
        TableName.FX: {"pair": "HKDCNY", "session": day, "rate": value},
        TableName.CALENDAR: {"exchange": str(exchange), "session": day},
        TableName.QUARANTINE: {
            "table_name": "bars",
            "file": "x.csv",
            "line": at + 2,
            "listing": name,
            "session": day,
            "reason": "odd",
            "row": "{}",
        },
    }[kind]


@pytest.fixture(scope="module")
def shared(example: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    place = Workspace(root=tmp_path_factory.mktemp("filter") / "work")
    shutil.copytree(example.root, place.root)
    return place


SEEN = {"differ": 0, "same": 0}


@laws(12, unchecked=(HealthCheck.too_slow,))
@given(changes=st.lists(edits, min_size=1, max_size=3))
@hypothesis.example(changes=[(TableName.BARS, NAMES[0], at, 30.0) for at in range(30)])
@soaked
def test_the_filter_hides_no_run_that_differs(
    shared: Workspace, changes: list[tuple[TableName, str, int, float]]
) -> None:
    batches: dict[TableName, dict[tuple[object, ...], Row]] = {}
    for kind, name, at, value in changes:
        row = edited(kind, name, at, value)
        key = tuple(row[part] for part in TABLES[kind].key)
        batches.setdefault(kind, {})[key] = row
    tables = {kind: table(kind, list(rows.values())) for kind, rows in batches.items()}
    with Store.open(shared.data_cache) as store:
        old = store.version
        new = store.commit(Batch(tables=tables), message="edit").version
    root = shared.data_cache
    with (
        VersionComparison.open(root, old, new) as compared,
        Store.open(root, version=old) as first,
        Store.open(root, version=new) as second,
    ):
        differing = [compared.compare(kind) for kind in TableName]
        moved = moved_last_sessions(first, second)
        for asked in REQUESTS.values():
            if may_change(KINDS[0].reads(asked), differing, moved):
                SEEN["differ"] += outcome(first, asked) != outcome(second, asked)
                continue
            SEEN["same"] += 1
            assert outcome(first, asked) == outcome(second, asked)


def outcome(store: Store, asked: BacktestRequest) -> object:
    try:
        return evaluated(store, asked)
    except ScreenerError as error:
        return str(error)


@soaked
def test_the_law_above_saw_both_cases() -> None:
    assert SEEN["differ"]
    assert SEEN["same"]


# On the terminal and as CSV


@pytest.fixture
def corrected(workspace: Workspace) -> Workspace:
    put(workspace, TableName.BARS, bar("600000.SH", days_of("600000.SH")[5], 10.35))
    put(workspace, TableName.STATUS, {"listing": "600000.SH", "session": PUBLISHED} | SUSPENDED)
    return workspace


SUSPENDED = {"suspended": True}


def typed(place: Workspace, *arguments: object) -> Any:
    app = typer.Typer()
    app.command("diff")(diff)
    words = [*map(str, arguments), "--workspace", str(place.root)]
    return RUNNER.invoke(app, words, env={"COLUMNS": "120"})


def read_csv(text: str) -> tuple[tuple[str, ...], list[Row]]:
    reader = csv.DictReader(io.StringIO(text))
    return tuple(reader.fieldnames or ()), list(reader)


def test_the_command_writes_what_differs(corrected: Workspace, tmp_path: Path) -> None:
    rows, results = tmp_path / "rows.csv", tmp_path / "runs.csv"
    done = typed(corrected, 2, 4, "--csv", rows, "--runs-csv", results)
    assert done.exit_code == 0, done.output
    assert "data version 2 → 4" in done.stdout
    assert "4 stored runs, 1 of them evaluated again at both versions: 1 change" in done.stdout
    columns, found = read_csv(rows.read_text(encoding="utf-8"))
    assert columns == DIFF.names
    with diff_versions(corrected, 2, 4, program_version="1") as whole:  # rows that came, too
        assert not fits(DIFF, whole.rows())
    assert [row for row in found if row["column"] == "close"] == [
        {
            "table": "bars",
            "key": f"600000.SH {days_of('600000.SH')[5]}",
            "change": "changed",
            "column": "close",
            "old": "10.5",
            "new": "10.35",
        }
    ]
    (added,) = (row for row in found if row["change"] == "added")
    assert (added["table"], added["column"], added["old"]) == ("status", "", "")
    assert json.loads(added["new"])["suspended"] is True
    columns, found = read_csv(results.read_text(encoding="utf-8"))
    assert columns == RUN_DIFF.names
    assert {row["run_id"] for row in found} == {"one"}
    assert "paper_return" in {row["column"] for row in found}


def test_csv_on_standard_output_is_alone_there(corrected: Workspace) -> None:
    done = typed(corrected, 2, 3, "--csv", "-", "--table", "bars")
    columns, found = read_csv(done.stdout)
    assert columns == DIFF.names
    assert {row["column"] for row in found} == {"open", "high", "low", "close"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((2, 99), "no data version 99"),
        ((2, 3, "--table", "prices"), "--table 'prices' is not one of"),
        ((2, 3, "--top", -1), "--top -1 is below 0"),
        ((2, 3, "--csv", "-", "--runs-csv", "-"), "two outputs go to the same place"),
    ],
)
def test_bad_input(workspace: Workspace, arguments: tuple[object, ...], said: str) -> None:
    put(workspace, TableName.BARS, bar("600000.SH", days_of("600000.SH")[5], 10.35))
    done = typed(workspace, *arguments)
    assert isinstance(done.exception, InputError)
    assert said in str(done.exception)


@pytest.mark.parametrize("width", [80, 160])
def test_the_page_fits(corrected: Workspace, width: int) -> None:
    screen = Console(width=width, file=io.StringIO(), highlight=False)
    with diff_versions(corrected, 2, 4, program_version="1") as found:
        screen.print(diff_page(found, top=2))
        none = replace(found, tables=())
        screen.print(diff_page(none, top=0))
    assert isinstance(screen.file, io.StringIO)
    text = screen.file.getvalue()
    assert max(len(line) for line in text.splitlines()) <= width
    assert "more values: --runs-csv FILE" in text
    assert "No row differs." in text
