"""Workspaces for the oracle's comparisons: made and exported by the program, read by the oracle."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from typer.testing import CliRunner

from screener.cli.main import app
from screener.data.sources.simulated import MarketModel, SimulatedMarket, SimulationRequest
from screener.workflows.data.importing import import_batch
from screener.workflows.report.catalog import init_workspace
from tests.oracle.readme_windows import Program


def in_process(arguments: Sequence[str]) -> None:
    """Run the program within this process; it must end well."""
    done = CliRunner().invoke(app, [str(item) for item in arguments])
    if done.exit_code:
        raise AssertionError(f"{' '.join(arguments)}\n{done.output}")


WILD = MarketModel(
    market_volatility=0.25,
    idiosyncratic_volatility=0.9,
    suspension_rate=0.004,
    storm_share=0.3,
)
"""A market in which names open at their limits and are suspended often."""


def simulated(folder: Path, seed: int, *, first: date, last: date, n_listings: int) -> Path:
    """Make a workspace that holds a wild simulated market, and nothing else."""
    workspace = init_workspace(folder)
    fetched_at = datetime(last.year, last.month, last.day, 10, tzinfo=UTC)
    source = SimulatedMarket()
    query = source.build_query(
        SimulationRequest(
            seed=seed,
            start=first,
            end=last,
            fetched_at=fetched_at,
            securities=(),
            n_other=n_listings,
            model=WILD,
        )
    )
    batch = source.normalise(query, source.fetch(query))
    import_batch(workspace, batch, f"simulated market, seed {seed}", fetched_at)
    for item in folder.glob("baskets/*.toml"):
        item.unlink()
    return folder


def imported(folder: Path, files: Path, program: Program, first: date) -> Path:
    """Make a workspace of files that `readme_market` wrote, through the program's imports."""
    init_workspace(folder)
    for item in folder.glob("baskets/*.toml"):
        item.unlink()
    kinds = (
        ("listings", ["--kind", "listings", "--as-of", str(first)]),
        ("bars", ["--kind", "bars", "--basis", "raw"]),
        ("actions", ["--kind", "actions"]),
        ("fx", ["--kind", "fx"]),
        ("csi300", ["--kind", "index", "--listing", "000300.SH"]),
        ("hsi", ["--kind", "index", "--listing", "HSI.HK"]),
    )
    at = ["--workspace", str(folder)]
    for name, options in kinds:
        program(["data", "import", str(files / f"{name}.csv"), *options, *at])
    return folder
