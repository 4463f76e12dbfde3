"""The lake at the size of the whole market: `python -m benchmarks.scale [LISTINGS] [YEARS]`.

5,400 listings over 20 years are about 24 million bars: making them takes a minute and 10 GB.
Every line is measured beside a bare tool on plain Parquet, one file a year, rows sorted alike.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from benchmarks.measuring import Line, command, report, seconds
from screener.data.lake.batch import Batch
from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.data.sources.simulated import SimulatedMarket, SimulationRequest

LAST_YEAR = 2025
_AT = datetime(2026, 1, 1, tzinfo=UTC)


def market(listings: int, years: int) -> pa.Table:
    """Return raw bars of a simulated market, sorted by session and listing."""
    source = SimulatedMarket()
    query = source.build_query(
        SimulationRequest(
            seed=1,
            start=date(LAST_YEAR - years + 1, 1, 1),
            end=date(LAST_YEAR, 12, 31),
            fetched_at=_AT,
            n_other=listings,
        )
    )
    bars = source.normalise(query, source.fetch(query)).tables[TableName.BARS]
    return bars.sort_by([("session", "ascending"), ("listing", "ascending")])


def fill(root: Path, plain: Path, bars: pa.Table) -> None:
    """Put bars into a lake and into plain Parquet, year by year."""
    year = pc.year(bars.column("session"))
    with Store.create(root) as lake:
        for value in sorted(pc.unique(year).to_pylist()):
            rows = bars.filter(pc.equal(year, value))
            lake.commit(Batch(tables={TableName.BARS: rows}), message=f"bars of {value}")
            with duckdb.connect() as connection:
                connection.register("rows", rows)
                connection.execute(f"COPY rows TO '{plain / f'{value}.parquet'}'")


class Bench:
    """A lake and plain Parquet with the same bars."""

    def __init__(self, folder: Path, bars: pa.Table) -> None:
        self.root = folder / "lake" / "data_cache"
        self.plain = folder / "plain"
        self.plain.mkdir()
        self.glob = str(self.plain / "*.parquet")
        self.bars = bars
        self.names = sorted(pc.unique(bars.column("listing")).to_pylist())
        self.days = sorted(pc.unique(bars.column("session")).to_pylist())
        fill(self.root, self.plain, bars)
        (folder / "lake" / "baskets").mkdir()
        (folder / "lake" / "seeds").mkdir()

    def read(self, what: str, bare: str, polars: pl.LazyFrame, **choice: object) -> list[Line]:
        """Measure one read of the lake, opening included, beside DuckDB and Polars."""

        def ours() -> None:
            with Store.open(self.root) as lake:
                lake.read(TableName.BARS, **choice)  # type: ignore[arg-type]

        def duck() -> None:
            with duckdb.connect() as connection:
                connection.execute(bare).to_arrow_table()

        with Store.open(self.root) as lake:
            opened = seconds(lambda: lake.read(TableName.BARS, **choice), 3)  # type: ignore[arg-type]
        took, plain = seconds(ours, 3), seconds(duck, 3)
        return [
            (what, took, "DuckDB on Parquet", plain),
            (f"{what}, lake open", opened, "DuckDB on Parquet", plain),
            (f"{what}, lake open", opened, "Polars on Parquet", seconds(polars.collect, 3)),
        ]

    def reads(self) -> list[Line]:
        """Measure a basket's history, one day of the market, and a matrix of closes."""
        some, two_years = self.names[:: max(1, len(self.names) // 30)][:30], self.days[-486]
        quoted = ", ".join(f"'{name}'" for name in some)
        scan = pl.scan_parquet(self.glob)
        day = self.days[-120]
        return [
            *self.read(
                "30 listings, 2 years",
                f"FROM '{self.glob}' WHERE listing IN ({quoted}) AND session >= DATE '{two_years}' "
                "ORDER BY session, listing",
                scan.filter(pl.col("listing").is_in(some), pl.col("session") >= two_years).sort(
                    "session", "listing"
                ),
                listings=some,
                start=two_years,
            ),
            *self.read(
                "one day of all listings",
                f"FROM '{self.glob}' WHERE session = DATE '{day}' ORDER BY session, listing",
                scan.filter(pl.col("session") == day).sort("session", "listing"),
                start=day,
                end=day,
            ),
            *self.matrix(),
        ]

    def matrix(self) -> list[Line]:
        """Measure five years of closes, sessions by listings."""
        first = self.days[-5 * 243 :][0]
        sql = (
            f"SELECT session, listing, close FROM '{self.glob}' WHERE session >= DATE '{first}' "
            "ORDER BY session, listing"
        )

        def ours() -> None:
            with Store.open(self.root) as lake:
                _pivot(
                    lake.read(TableName.BARS, start=first, columns=("session", "listing", "close"))
                )

        def duck() -> None:
            with duckdb.connect() as connection:
                _pivot(connection.execute(sql).to_arrow_table())

        def polars() -> None:
            frame = pl.scan_parquet(self.glob).filter(pl.col("session") >= first)
            frame.select("session", "listing", "close").collect().pivot(
                on="listing", index="session", values="close"
            )

        took = seconds(ours, 3)
        return [
            ("closes of 5 years, a matrix", took, "DuckDB on Parquet", seconds(duck, 3)),
            ("closes of 5 years, a matrix", took, "Polars, its own pivot", seconds(polars, 3)),
        ]

    def writes(self) -> list[Line]:
        """Measure a day appended, and one listing's whole history corrected."""
        rows = self.bars.filter(pc.equal(self.bars.column("session"), self.days[-1]))
        fresh = iter(range(1, 100))

        def shifted() -> pa.Table:
            moved = pa.array([date(LAST_YEAR + 1, 1, 4 + next(fresh))] * rows.num_rows)
            return rows.set_column(rows.column_names.index("session"), "session", moved)

        def new_file() -> None:
            with duckdb.connect() as connection:
                connection.register("rows", rows)
                connection.execute(f"COPY rows TO '{self.plain.parent / 'day.parquet'}'")

        last = str(self.plain / f"{LAST_YEAR}.parquet")

        def rewritten() -> None:
            pl.concat([pl.read_parquet(last), pl.from_arrow(rows)]).sort(  # type: ignore[list-item]
                "session", "listing"
            ).write_parquet(self.plain.parent / "year.parquet")

        with Store.create(self.root) as lake:
            appended = _mean(lambda: _commit(lake, shifted()), 5)
            one = self.bars.filter(pc.equal(self.bars.column("listing"), self.names[7]))
            corrected = _mean(lambda: _commit(lake, _dearer(one, next(fresh))), 3)
        target = self.plain.parent / "all.parquet"

        def everything() -> None:
            with duckdb.connect() as connection:
                connection.register("rows", one)
                connection.execute(
                    f"COPY (SELECT * FROM (FROM '{self.glob}' p ANTI JOIN rows USING (listing, "
                    f"session)) UNION ALL FROM rows) TO '{target}'"
                )

        return [
            (
                "a day of all listings appended",
                appended,
                "DuckDB writes a new file",
                seconds(new_file, 3),
            ),
            (
                "a day of all listings appended",
                appended,
                "Polars rewrites the year",
                seconds(rewritten, 3),
            ),
            (
                "one listing's history corrected",
                corrected,
                "DuckDB rewrites all files",
                seconds(everything, 1),
            ),
        ]


def _commit(lake: Store, rows: pa.Table) -> None:
    lake.commit(Batch(tables={TableName.BARS: rows}), message="bench")


def _dearer(rows: pa.Table, step: int) -> pa.Table:
    prices = {
        name: pc.multiply(rows.column(name), 1 + step / 1000)
        for name in ("open", "high", "low", "close")
    }
    for name, values in prices.items():
        rows = rows.set_column(rows.column_names.index(name), name, values)
    return rows


def _mean(job: Callable[[], object], runs: int) -> float:
    start = time.perf_counter()
    for _ in range(runs):
        job()
    return (time.perf_counter() - start) / runs


def _pivot(rows: pa.Table) -> object:
    """Return closes as an array, sessions by listings, NaN where there is none."""
    import numpy as np

    days = rows.column("session").combine_chunks().dictionary_encode()
    names = rows.column("listing").combine_chunks().dictionary_encode()
    found = np.full((len(days.dictionary), len(names.dictionary)), np.nan)
    found[days.indices.to_numpy(), names.indices.to_numpy()] = rows.column("close").to_numpy()
    return found


def main(arguments: list[str]) -> None:
    """Measure and print."""
    listings, years = (int(item) for item in (*arguments, *("5400", "20")[len(arguments) :]))
    with tempfile.TemporaryDirectory() as name:
        bars = market(listings, years)
        start = time.perf_counter()
        bench = Bench(Path(name), bars)
        print(
            f"{len(bench.names):,} listings, {len(bench.days):,} sessions, {bars.num_rows:,} bars; "
            f"lake and Parquet filled in {time.perf_counter() - start:.0f} s"
        )
        lake = bench.root.parent
        status = command("-m", "screener", "data", "status", cwd=lake)
        bare = command("-c", "import duckdb, pyarrow, typer, rich.console", cwd=lake)
        report(
            [
                *bench.reads(),
                *bench.writes(),
                ("screener data status, cold", seconds(status, 3), "its imports", seconds(bare, 3)),
            ]
        )


if __name__ == "__main__":
    main(sys.argv[1:])
