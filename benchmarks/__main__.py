"""Run every measurement: `make bench`. Absolute times vary with the machine; read the ratios."""

from __future__ import annotations

import tempfile
from datetime import UTC, date, datetime
from pathlib import Path

from benchmarks.measuring import Line, command, in_turn, report, seconds

ONE_BASKET = """
import numpy as np, pandas as pd, vectorbt as vbt
closes = np.cumprod(1 + np.random.default_rng(1).normal(0, 0.02, (60, 10)), axis=0)
sizes = np.full(closes.shape, np.nan)
sizes[0] = 0.1
vbt.Portfolio.from_orders(
    pd.DataFrame(closes), sizes, group_by=np.zeros(10, int), init_cash=1, freq="1D"
).value()
"""
"""The least that a backtest with vectorbt can be: its import, and one call on one basket."""


def start_up(folder: Path) -> list[Line]:
    """Compare commands with the imports that they cannot do without."""
    cli = ("-m", "screener")
    bare = seconds(command("-c", "import typer, rich.console", cwd=folder))
    duckdb = seconds(command("-c", "import duckdb, pyarrow", cwd=folder))
    return [
        (
            "screener --help",
            seconds(command(*cli, "--help", cwd=folder)),
            "import typer, rich",
            bare,
        ),
        (
            "screener report list",
            seconds(command(*cli, "report", "list", cwd=folder)),
            "same",
            bare,
        ),
        (
            "screener data status",
            seconds(command(*cli, "data", "status", cwd=folder)),
            "import duckdb, pyarrow",
            duckdb,
        ),
        *backtests(folder),
    ]


def backtests(folder: Path) -> list[Line]:
    """Compare whole backtests with the import of vectorbt, and with one call of it."""
    jobs = {
        "screener backtest (9 baskets, 4 horizons)": (),
        "screener backtest copper": ("copper",),
        "screener backtest copper --paper": ("copper", "--paper"),
    }
    imported, simulated, *took = in_turn(
        command("-c", "import vectorbt", cwd=folder),
        command("-c", ONE_BASKET, cwd=folder),
        *(
            command("-m", "screener", "backtest", *names, "--csv", "-", cwd=folder)
            for names in jobs.values()
        ),
    )
    return [
        (name, found, against, other)
        for name, found in zip(jobs, took, strict=True)
        for against, other in (
            ("import vectorbt", imported),
            ("import vectorbt, one call", simulated),
        )
    ]


def store(folder: Path) -> list[Line]:
    """Compare the lake with bare DuckDB on plain Parquet: import, and one date of all listings."""
    import duckdb

    from screener.data.lake.batch import Batch
    from screener.data.lake.schema import TableName
    from screener.data.lake.store import Store
    from screener.data.sources.simulated import SimulatedMarket, SimulationRequest

    source = SimulatedMarket()
    query = source.build_query(
        SimulationRequest(
            seed=1,
            start=date(2022, 1, 4),
            end=date(2025, 12, 31),
            fetched_at=datetime(2026, 1, 1, tzinfo=UTC),
            n_other=1_000,
        )
    )
    batch = source.normalise(query, source.fetch(query))
    bars = batch.tables[TableName.BARS]
    plain = folder / "bars.parquet"

    def write_plain() -> None:
        with duckdb.connect() as connection:
            connection.register("bars", bars)
            connection.execute(f"COPY (FROM bars ORDER BY session, listing) TO '{plain}'")

    lakes = iter(range(100))

    def write_lake() -> None:
        with Store.create(folder / f"lake{next(lakes)}") as lake:
            lake.commit(Batch(tables={TableName.BARS: bars}), message="bench")

    day = date(2025, 6, 3)

    def read_plain() -> None:
        with duckdb.connect() as connection:
            sql = f"FROM '{plain}' WHERE session = DATE '{day}'"
            connection.execute(sql).to_arrow_table()

    def read_lake() -> None:
        with Store.open(folder / "lake0") as lake:
            lake.read(TableName.BARS, start=day, end=day)

    with Store.create(folder / "lake0"):
        pass
    million = bars.num_rows / 1e6
    writing = (
        f"import {million:.2f} M bars, keys checked",
        seconds(write_lake, 3),
        "DuckDB sorts and writes Parquet",
        seconds(write_plain, 3),
    )
    with Store.create(folder / "lake0") as lake:
        lake.commit(Batch(tables={TableName.BARS: bars}), message="bench")
    reading = (
        "one day of all listings, opening included",
        seconds(read_lake),
        "DuckDB on the Parquet file",
        seconds(read_plain),
    )
    return [writing, reading]


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command("-m", "screener", "demo", "--dir", "demo", cwd=folder)()
        report([*start_up(folder / "demo"), *store(folder)])


if __name__ == "__main__":
    main()
