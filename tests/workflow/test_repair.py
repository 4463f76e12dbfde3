"""Repairs: proposed with what remains, applied in one version, refused where they are not safe."""

from __future__ import annotations

import csv
import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from screener.cli.data import health as data_health
from screener.data.doctor import Check
from screener.data.doctor.bar_columns import Marks
from screener.data.doctor.repair import Method, TablesUnderRepair, propose_repairs, repaired_bars
from screener.data.lake import reading
from screener.data.lake.batch import Batch
from screener.data.lake.rows import empty_rows, make_rows
from screener.data.lake.schema import SIMULATED, TableName
from screener.data.lake.store import Store
from screener.data.sources.simulated import SimulatedMarket, SimulationRequest
from screener.domain.listing import Exchange
from screener.errors import DataError, InputError, StaleCache
from screener.render.data.doctor import repairs_page
from screener.results.data import FINDINGS
from screener.results.tables import fits
from screener.workflows.data.importing import import_batch
from screener.workflows.data.repair import RepairPlan, apply_repairs, plan_repairs
from screener.workflows.data.verify import Verified, finding_rows, verify
from screener.workspace.locate import Workspace
from tests.support.panels import sessions

NOW = datetime(2026, 6, 1, tzinfo=UTC)
START = date(2026, 3, 2)
DAYS = sessions(Exchange.SH, START, 20)
NAME, OTHER = "601899.SH", "600000.SH"
RUNNER = CliRunner()


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    (tmp_path / "baskets").mkdir()
    return Workspace(root=tmp_path)


def bars(
    listing: str, closes: list[float], *, basis: str = "raw", opens: dict[int, float] | None = None
) -> pa.Table:
    opened = [(opens or {}).get(at, close) for at, close in enumerate(closes)]
    return make_rows(
        TableName.BARS,
        {
            "listing": [listing] * len(closes),
            "session": DAYS[: len(closes)],
            "open": opened,
            "high": [max(pair) for pair in zip(opened, closes, strict=True)],
            "low": [min(pair) for pair in zip(opened, closes, strict=True)],
            "close": closes,
            "volume": [1000.0] * len(closes),
            "basis": basis,
        },
        source="prices.csv",
        fetched_at=NOW,
    )


def action(listing: str, day: date, **terms: float) -> pa.Table:
    columns = {"listing": [listing], "ex_session": [day], "split": [1.0]}
    columns |= {key: [value] for key, value in terms.items()}
    return make_rows(TableName.ACTIONS, columns, source="actions.csv", fetched_at=NOW)


def fill(workspace: Workspace, *tables: pa.Table, actions: pa.Table | None = None) -> None:
    rows = {TableName.BARS: pa.concat_tables(tables)}
    if actions is not None:
        rows[TableName.ACTIONS] = actions
    import_batch(workspace, Batch(tables=rows), "test", NOW)


def read(
    workspace: Workspace, table: TableName, version: int | None = None
) -> list[dict[str, object]]:
    with Store.open(workspace.data_cache, version=version) as store:
        return store.read(table).to_pylist()


def checked(workspace: Workspace, version: int | None = None) -> Verified:
    return verify(workspace, version, tables=[TableName.BARS])


def moves(workspace: Workspace) -> list[tuple[str, date | None]]:
    found = checked(workspace).findings
    return [(item.listing, item.session) for item in found if item.check is Check.PRICE_LIMIT]


STEADY = [10.0] * 10


def test_a_split_of_raw_prices_becomes_an_action_and_its_factor(workspace: Workspace) -> None:
    fill(workspace, bars(NAME, [*STEADY, 7.2, 7.3]), bars(OTHER, [5.0] * 12))
    before = checked(workspace)
    plan = plan_repairs(workspace, before)
    (repair,) = plan.proposal.repairs
    assert (repair.listing, repair.session, repair.ratio) == (NAME, DAYS[10], 1.4)
    assert (repair.method, repair.until) == (Method.ACTION, None)
    # by hand: 7.2 is 28 % below 10, and 0.8 % above 10 / 1.4
    assert (repair.before, repair.after) == (pytest.approx(-0.28), pytest.approx(0.008))
    done = apply_repairs(workspace, plan, now=NOW)
    assert done.version == before.data_version + 1
    (row,) = read(workspace, TableName.ACTIONS)
    assert (row["listing"], row["ex_session"], row["split"]) == (NAME, DAYS[10], 1.4)
    assert (row["source"], row["fetched_at"], row["cash"]) == ("repair", NOW, None)
    (factor,) = read(workspace, TableName.FACTORS)
    assert factor["factor"] == pytest.approx(1.4)
    assert not checked(workspace).findings
    assert read(workspace, TableName.BARS) == read(workspace, TableName.BARS, before.data_version)
    assert read(workspace, TableName.ACTIONS, before.data_version) == []


def test_a_plan_made_some_listings_at_a_time_is_that_of_all_at_once(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [f"6000{at:02d}.SH" for at in range(9)]
    fill(workspace, *(bars(name, [*STEADY, 7.2, 7.3 - at / 50]) for at, name in enumerate(names)))
    before = checked(workspace)
    whole = plan_repairs(workspace, before)
    assert [item.listing for item in whole.proposal.repairs] == names
    monkeypatch.setattr(reading, "AT_ONCE", 25)  # of 12 bars each: five groups, set down apart
    assert plan_repairs(workspace, before) == whole


def test_a_split_of_adjusted_prices_divides_every_earlier_bar(workspace: Workspace) -> None:
    fill(
        workspace,
        bars(NAME, [*STEADY, 5.0, 5.0, 5.0, 4.17, 4.17], basis="adjusted"),
        bars(OTHER, [5.0] * 15, basis="adjusted"),
    )
    before = checked(workspace)
    plan = plan_repairs(workspace, before)
    assert [(r.ratio, r.method) for r in plan.proposal.repairs] == [
        (2.0, Method.EARLIER),
        (1.2, Method.EARLIER),
    ]
    apply_repairs(workspace, plan, now=NOW)
    assert not checked(workspace).findings
    rows = {(r["listing"], r["session"]): r for r in read(workspace, TableName.BARS)}
    # by hand: 10 / (2 × 1.2), 5 / 1.2, and the rest as it was
    first, middle, last = (rows[NAME, DAYS[at]] for at in (0, 10, 13))
    assert (first["close"], first["open"]) == (pytest.approx(10 / 2.4), pytest.approx(10 / 2.4))
    assert first["volume"] == pytest.approx(2400.0)
    assert (middle["close"], middle["volume"]) == (pytest.approx(5 / 1.2), pytest.approx(1200.0))
    assert (last["close"], last["volume"], last["source"]) == (4.17, 1000.0, "prices.csv")
    assert first["source"] == f"prices.csv; repair 2× {DAYS[10]}, 1.2× {DAYS[13]}"
    assert {row["source"] for key, row in rows.items() if key[0] == OTHER} == {"prices.csv"}
    old = read(workspace, TableName.BARS, before.data_version)
    assert {row["close"] for row in old if row["listing"] == NAME} == {10.0, 5.0, 4.17}
    assert read(workspace, TableName.ACTIONS) == []


def under_repair(rows: pa.Table, actions: pa.Table | None = None) -> TablesUnderRepair:
    """Return rows as they lie in memory, for what needs no lake."""
    return TablesUnderRepair(
        bars=rows,
        actions=empty_rows(TableName.ACTIONS) if actions is None else actions,
        factors=empty_rows(TableName.FACTORS),
        suspended=Marks.on_days(frozenset()),
        list_dates={},
        start=START,
    )


@pytest.mark.parametrize("scale", [100.0, 0.01])
@pytest.mark.parametrize("basis", ["raw", "adjusted"])
def test_a_run_in_another_unit_is_divided(scale: float, basis: str) -> None:
    closes = [10.0, 10.1, 10.2, 10.2 * scale, 10.3 * scale, 10.2, 10.1]
    broken = under_repair(bars(NAME, closes, basis=basis))
    (repair,) = propose_repairs(broken).repairs
    assert (repair.session, repair.until, repair.ratio) == (DAYS[3], DAYS[5], pytest.approx(scale))
    well = broken.repaired([repair])
    assert not well.jumps()
    rows = well.bars.to_pylist()
    assert [row["close"] for row in rows] == pytest.approx([10, 10.1, 10.2, 10.2, 10.3, 10.2, 10.1])
    assert {row["volume"] for row in rows} == {1000.0}
    assert ["repair" in row["source"] for row in rows] == [False] * 3 + [True] * 2 + [False] * 2


@pytest.mark.parametrize(
    ("closes", "opens", "terms", "reason"),
    [
        ([*STEADY, 8.3, 8.3], {10: 7.15}, None, "a move of +16.2% would remain, beyond ±10%"),
        ([*STEADY, 7.2, 7.2], {}, {"cash": 0.1}, "an action is stored for that day"),
        ([*STEADY, 1000.0, 1010.0], {}, None, "the run has no other end"),
        ([*STEADY, 20.0, 20.0], {}, None, "reverse splits hardly exist"),
        ([*STEADY, 2.3, 2.3], {}, None, "no split and no unit explains it"),
        ([*STEADY, 13.3, 10.1, 10.0], {}, None, "no split and no unit explains it"),
        ([*STEADY, 1000.0, 15.0, 15.0], {}, None, "moves of +0.0% and +50.0% would remain"),
    ],
)
def test_what_is_not_safe_is_refused_with_its_reason(
    closes: list[float], opens: dict[int, float], terms: dict[str, float] | None, reason: str
) -> None:
    acted = None if terms is None else action(NAME, DAYS[10], **terms)
    broken = under_repair(bars(NAME, closes, opens=opens), acted)
    proposal = propose_repairs(broken)
    assert not proposal.repairs
    assert proposal.refusals[0].reason.startswith(reason)
    assert {item.session for item in proposal.refusals} == {item.session for item in broken.jumps()}


def test_an_absurd_action_of_the_listing_stops_its_repairs_alone() -> None:
    rows = pa.concat_tables([bars(NAME, [*STEADY, 7.2, 7.2]), bars(OTHER, [*STEADY, 5.0, 5.0])])
    proposal = propose_repairs(under_repair(rows, action(NAME, DAYS[5], cash=99.0)))
    assert [item.listing for item in proposal.repairs] == [OTHER]
    (refusal,) = proposal.refusals
    assert refusal.listing == NAME
    assert refusal.reason.startswith("its factors cannot be computed: the ex-reference price")


def test_a_plan_of_older_rows_is_refused(workspace: Workspace) -> None:
    fill(workspace, bars(NAME, [*STEADY, 7.2, 7.2]))
    verified = checked(workspace)
    plan = plan_repairs(workspace, verified)
    fill(workspace, bars(OTHER, [5.0] * 3))
    for stale in (
        lambda: plan_repairs(workspace, verified),
        lambda: apply_repairs(workspace, plan, now=NOW),
    ):
        with pytest.raises(StaleCache, match="at data version 3, and 2 was examined") as error:
            stale()
        assert error.value.fix == "type the command again"
    assert read(workspace, TableName.ACTIONS) == []


@pytest.fixture(scope="module")
def simulated() -> dict[TableName, pa.Table]:
    source = SimulatedMarket()
    request = SimulationRequest(
        seed=3, start=date(2024, 1, 2), end=date(2025, 12, 31), fetched_at=NOW, n_other=60
    )
    query = source.build_query(request)
    return dict(source.normalise(query, source.fetch(query)).tables)


def test_planted_faults_of_a_simulated_market_are_mended(
    workspace: Workspace, simulated: dict[TableName, pa.Table]
) -> None:
    """Leave out every large bonus issue: the doctor finds them, and the repair puts them back."""
    actions = simulated[TableName.ACTIONS]
    mainland = pc.invert(pc.ends_with(actions["listing"], ".HK"))
    large = pc.and_(pc.greater_equal(actions["bonus"], 0.3), mainland)
    lost = {(row["listing"], row["ex_session"]): row for row in actions.filter(large).to_pylist()}
    assert len(lost) >= 3
    kept = actions.filter(pc.invert(large))
    tables = {
        name: rows
        for name, rows in simulated.items()
        if name not in (TableName.FACTORS, TableName.VALUATION)
    }
    import_batch(workspace, Batch(tables={**tables, TableName.ACTIONS: kept}), "planted", NOW)
    before = verify(workspace)
    *jumps, doubts = before.findings
    assert doubts.cause.startswith("rows for bars stored with a doubt")  # the import told of them
    found = {(item.listing, item.session) for item in jumps}
    assert found
    assert found <= set(lost)
    plan = plan_repairs(workspace, before)
    assert {(item.listing, item.session) for item in plan.proposal.repairs} == found
    for repair in plan.proposal.repairs:
        bonus = lost[repair.listing, repair.session]["bonus"]
        assert repair.ratio == pytest.approx(1 + bonus, rel=0.04)  # as near as the open tells
    apply_repairs(workspace, plan, now=NOW)
    assert not verify(workspace).findings
    with Store.open(workspace.data_cache) as store:
        assert store.simulated()
        repaired = store.read(TableName.ACTIONS)
        assert pc.unique(repaired["source"]).to_pylist() == [SIMULATED]
    with Store.open(workspace.data_cache, version=before.data_version) as store:
        assert store.read(TableName.ACTIONS).num_rows == kept.num_rows


def test_simulated_adjusted_prices_keep_their_mark() -> None:
    rows = bars(NAME, [*STEADY, 5.0, 5.0], basis="adjusted")
    at = rows.column_names.index("source")
    marked = rows.set_column(at, "source", pa.array([SIMULATED] * rows.num_rows))
    repaired = repaired_bars(marked, propose_repairs(under_repair(marked)).repairs)
    assert pc.unique(repaired["source"]).to_pylist() == [SIMULATED]
    assert pc.unique(repaired["close"]).to_pylist() == [5.0]


# The command: nothing is written unless it is asked for.

APP = typer.Typer()
APP.command("verify")(data_health.verify)
APP.command("status")(data_health.status)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template")
    (folder / "baskets").mkdir()
    fill(Workspace(root=folder), bars(NAME, [*STEADY, 7.2, 7.2]), bars(OTHER, [*STEADY, 5.0, 5.0]))
    return folder


@pytest.fixture
def faulty(template: Path, tmp_path: Path) -> Workspace:
    return Workspace(root=Path(shutil.copytree(template, tmp_path / "工作 #1")))


def typed(workspace: Workspace, *arguments: object):  # type: ignore[no-untyped-def]
    words = ["verify", *map(str, arguments), "--workspace", str(workspace.root)]
    return RUNNER.invoke(APP, words, env={"COLUMNS": "80"})


def test_without_a_terminal_and_without_yes_nothing_is_changed(faulty: Workspace) -> None:
    done = typed(faulty, "--repair", "--table", "bars")
    assert done.exit_code == 0, done.output
    assert "nothing was changed: add --yes to make these repairs" in done.stdout
    assert "importing the same file again brings the faults back" in done.stdout
    assert "1.4×" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert checked(faulty).data_version == 2
    assert len(moves(faulty)) == 2


def test_yes_repairs_and_the_errors_are_gone(faulty: Workspace) -> None:
    done = typed(faulty, "--repair", "--yes", "--strict", "--table", "bars")
    assert done.exit_code == 0, done.output
    assert "Stored as data version 3; --data-version 2 reads the rows" in done.stdout
    assert "Nothing found." in done.stdout
    assert not moves(faulty)
    again = typed(faulty, "--repair", "--yes", "--table", "bars")
    assert "No repair is proposed." in again.stdout
    assert checked(faulty).data_version == 3


@pytest.mark.parametrize(("answer", "left"), [("y", 0), ("n", 2), ("是", 0), ("否", 2), ("", 2)])
def test_on_a_terminal_it_asks(
    faulty: Workspace, monkeypatch: pytest.MonkeyPatch, answer: str, left: int
) -> None:
    answers = iter(["perhaps", answer])

    def prompt(text: str, **_: object) -> str:
        assert text == "Make these 2 repairs as a new data version? [y/N]"
        return next(answers)

    monkeypatch.setattr(typer, "prompt", prompt)
    monkeypatch.setattr(data_health, "_interactive", lambda: True)
    done = typed(faulty, "--repair", "--table", "bars")
    assert done.exit_code == 0, done.output
    assert ("Nothing was changed." in done.stdout) is bool(left)
    assert len(moves(faulty)) == left


def test_only_the_listings_asked_for_are_mended(faulty: Workspace) -> None:
    done = typed(faulty, "--repair", "--yes", "--listing", OTHER, "--table", "bars")
    assert done.exit_code == 0, done.output
    assert moves(faulty) == [(NAME, DAYS[10])]


def test_only_the_tables_asked_for_are_examined(faulty: Workspace, tmp_path: Path) -> None:
    target = tmp_path / "found.csv"
    done = typed(faulty, "--table", "names", "--csv", target)
    assert done.exit_code == 0, done.output
    assert "Nothing found." in done.stdout
    done = typed(faulty, "--table", "bars", "--csv", "-")
    rows = list(csv.DictReader(done.stdout.splitlines()))
    assert tuple(rows[0]) == FINDINGS.names
    assert [(row["table"], row["listing"], row["severity"]) for row in rows] == [
        ("bars", OTHER, "error"),
        ("bars", NAME, "error"),
    ]


def test_strict_ends_with_an_error_that_names_the_repair(faulty: Workspace) -> None:
    done = typed(faulty, "--strict")
    assert isinstance(done.exception, DataError)
    assert done.exception.what == "2 errors found in data version 2"
    verified = verify(faulty)
    counts = verified.counts()
    assert [(*key[:3], count) for key, count in counts[:2]] == [
        ("error", "bars", "price_limit", 1)
    ] * 2
    assert sum(count for _, count in counts) == len(verified.findings)
    assert [key[0].rank for key, _ in counts] == sorted(key[0].rank for key, _ in counts)
    assert "screener data verify --repair" in done.exception.fix


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--yes"], "--yes answers a question of --repair"),
        (["--repair", "--data-version", "1"], "--repair repairs the newest data version"),
        (["--repair", "--table", "names"], "--repair repairs bars alone"),
        (["--table", "what"], "--table 'what' is not one of listings"),
        (["--listing", "what"], "--listing 'what' is not a listing code"),
    ],
)
def test_bad_input(faulty: Workspace, arguments: list[str], words: str) -> None:
    done = typed(faulty, *arguments)
    assert isinstance(done.exception, InputError)
    assert done.exception.what.startswith(words)


def test_page_names_what_to_look_up_first() -> None:
    proposal = propose_repairs(under_repair(bars(NAME, [*STEADY, 7.4, 7.4])))
    plan = RepairPlan(proposal=proposal, data_version=2, simulated=True)
    assert [item.doubtful for item in proposal.repairs] == [True]
    (exact,) = propose_repairs(under_repair(bars(NAME, [*STEADY, 5.0, 5.0]))).repairs
    assert not exact.doubtful
    console = Console(width=80)
    with console.capture() as captured:
        console.print(repairs_page(plan, outcome=["done"]))
    page = captured.get()
    assert "the open is over 2 % off" in page
    assert "SIMULATED" in page
    assert page.rstrip().endswith("· done")


@pytest.mark.parametrize("cut", [True, False])
def test_a_damaged_data_file_is_told_and_the_rest_examined(faulty: Workspace, cut: bool) -> None:
    (file,) = (faulty.data_cache / "data").rglob("bars/**/*.parquet")
    file.chmod(0o644)
    if cut:
        file.write_bytes(file.read_bytes()[:-100])
    else:
        file.unlink()
    verified = verify(faulty)
    assert not fits(FINDINGS, finding_rows(verified))
    *findings, doubts = verified.findings
    assert doubts.check is Check.REJECTED  # what the import doubted is in a table of its own
    assert {item.check for item in findings} == {Check.DAMAGED}
    damaged, unreadable, *_ = findings
    assert (damaged.table, Path(damaged.listing).name) == ("files", file.name)
    assert damaged.cause == ("file is changed" if cut else "file is missing")
    assert unreadable.cause.startswith("cannot be examined: a file of table bars")
