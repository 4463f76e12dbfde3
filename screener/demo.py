"""The demonstration: the whole main job on a simulated market, offline."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from screener.backtest.frictions import Frictions
from screener.backtest.run import Settings
from screener.data.lake.schema import SIMULATED, TableName
from screener.data.lake.store import Store
from screener.data.sources.simulated import MarketModel, SimulatedMarket, SimulationRequest
from screener.data.sources.simulated.ratings import DEFINITIONS, simulated_ratings
from screener.domain.listing import Listing
from screener.errors import ConfigError
from screener.files.writing import write_csv
from screener.language import say
from screener.results.backtest import NAMES, RETURNS
from screener.screen.criteria import parse_criteria
from screener.workflows.backtest.documents import encoded_document
from screener.workflows.backtest.requests import request_for
from screener.workflows.backtest.rows import ledger_rows, result_rows
from screener.workflows.backtest.run import BacktestRun, run_events
from screener.workflows.data.importing import ImportOutcome, import_batch
from screener.workflows.kept_runs import save_run
from screener.workflows.report.catalog import init_workspace, list_reports
from screener.workflows.score.run import ScoreRequest, ScoreRun, run_score
from screener.workflows.screen.run import ScreenRequest, ScreenResult, Universe, run_screen
from screener.workflows.screen.table import screen_table
from screener.workspace.definitions import OWN
from screener.workspace.lake import LOCAL, VARIABLE
from screener.workspace.locate import Workspace, is_workspace
from screener.workspace.toml_files import write_new

__all__ = [
    "DEMO_HORIZONS",
    "DemoFiles",
    "back_test",
    "demo_workspace",
    "score",
    "screen",
    "simulate",
]

DEMO_HORIZONS = (5, 20, 60, 120)
_SEED = 20260514
_START = date(2019, 1, 2)
_END = date(2026, 10, 30)
_RATED_FROM, _CALLS = date(2021, 11, 1), 150
_MODEL = MarketModel(wait_ratio=4.0)  # something happens in each of its eight years
_OTHERS = 180
_FETCHED_AT = datetime(2026, 10, 30, 10, 0, tzinfo=UTC)  # fixed: the same demo, byte for byte
_RANGES = {"pe_ttm": "..25", "pb": "..3"}


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoFiles:
    """Files that the demonstration writes, within its workspace."""

    backtest: Path
    ledger: Path
    screen: Path

    @classmethod
    def of(cls, workspace: Workspace) -> DemoFiles:
        """Return the files of a demonstration's workspace."""
        return cls(
            backtest=workspace.root / f"backtest_{SIMULATED}.csv",
            ledger=workspace.root / f"ledger_{SIMULATED}.csv",
            screen=workspace.root / f"screen_{SIMULATED}.csv",
        )


def demo_workspace(folder: Path) -> Workspace:
    """Make the workspace of the demonstration, or return the one of an earlier run.

    Raises
    ------
    ConfigError
        If the folder holds a workspace with anything but simulated prices.
    """
    workspace = Workspace(root=folder)
    if workspace.lake.shared:
        raise ConfigError(
            say("the settings name a lake for many, where no simulated market belongs"),
            where=str(workspace.lake),
            fix=say("type it with {variable}={local} before it", variable=VARIABLE, local=LOCAL),
        )
    if not is_workspace(folder):
        return init_workspace(folder)
    if (workspace.data_cache).is_dir():
        with Store.create(workspace.lake) as store:
            empty = not any(item.rows for item in store.coverage())
            if empty or store.simulated():
                return workspace
    raise ConfigError(
        say("{folder} is a workspace of your own, not of the demonstration", folder=folder),
        fix=say("choose another folder: `screener demo --dir NEW`"),
    )


def simulate(workspace: Workspace, *, start: date = _START) -> ImportOutcome:
    """Simulate a market that holds every security of the report cards, and store it.

    Parameters
    ----------
    workspace
        Of the demonstration.
    start
        First day; a short market is made sooner.
    """
    source = SimulatedMarket()
    securities: dict[Listing, tuple[Listing, str, str]] = {}
    for report in list_reports(workspace):
        for item in report.securities:
            securities.setdefault(item.listing, (item.listing, item.name, item.theme))
    query = source.build_query(
        SimulationRequest(
            seed=_SEED,
            start=start,
            end=_END,
            fetched_at=_FETCHED_AT,
            securities=tuple(securities.values()),
            n_other=_OTHERS,
            detailed=True,
            model=_MODEL,
        )
    )
    batch = source.normalise(query, source.fetch(query))
    ratings = simulated_ratings(
        batch.tables, seed=_SEED, at=_FETCHED_AT, since=_RATED_FROM, calls=_CALLS
    )
    batch = replace(batch, tables={**batch.tables, TableName.RATINGS: ratings})
    definitions = workspace.root / OWN
    if not definitions.exists():
        write_new(definitions, DEFINITIONS)
    return import_batch(workspace, batch, f"simulated market, seed {_SEED}", _FETCHED_AT)


def back_test(workspace: Workspace, *, program_version: str) -> BacktestRun:
    """Backtest every basket of every report, and write the results and the ledger as CSV."""
    request = request_for(
        workspace, None, None, Settings(horizons=DEMO_HORIZONS, frictions=Frictions()), benchmark=""
    )
    with Store.open(workspace.lake) as store:
        run = run_events(store, request, program_version=program_version)
    files = DemoFiles.of(workspace)
    write_csv(str(files.backtest), RETURNS.names, result_rows(run))
    write_csv(str(files.ledger), NAMES.names, ledger_rows(run))
    save_run(workspace, run.run_id, encoded_document(run))
    return run


def score(workspace: Workspace) -> ScoreRun:
    """Hold the simulated market's invented houses, and the report cards, to their definitions."""
    with Store.open(workspace.lake) as store:
        return run_score(workspace, store, ScoreRequest())


def screen(workspace: Workspace) -> ScreenResult:
    """Screen the mainland universe by valuation on the simulation's last day, and write the CSV."""
    with Store.open(workspace.lake) as store:
        result = run_screen(
            store,
            ScreenRequest(
                as_of=_END, universe=Universe.A, criteria=parse_criteria(_RANGES), top=10
            ),
        )
    table = screen_table(result)
    write_csv(str(DemoFiles.of(workspace).screen), table.spec.names, table.rows)
    return result
