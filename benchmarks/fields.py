"""Fields of a whole market at one date: `python -m benchmarks.fields [LISTINGS]`.

30 fields of 5,400 listings, as the screen computes them, in turn with the bare queries that fetch
the same rows of the same tables as of the same day, both from one open lake and both to Arrow.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

from benchmarks.measuring import Line, in_turn, report
from screener.data.lake.asof import AsOf
from screener.data.lake.store import Store
from screener.data.sources.simulated import SimulatedMarket, SimulationRequest
from screener.domain.listing import Currency, Exchange
from screener.market.calendars import calendar_of
from screener.screen.fields import FIELDS
from screener.workflows.screen.facts import Facts

_AT = datetime(2024, 12, 31, tzinfo=UTC)
DAY = date(2024, 9, 17)
ASKED = (
    *("pe_ttm", "pe_static", "pb", "ps_ttm", "pcf_ttm", "market_cap", "dividend_yield"),
    *("revenue_ttm", "net_profit_ttm", "roe_ttm", "gross_margin", "net_margin", "revenue_yoy"),
    *("profit_yoy", "core_profit_yoy", "revenue_cagr_3y", "cash_to_profit", "profit_years"),
    *("price", "return_20", "return_60", "return_250", "volatility_60", "from_high_250"),
    *("amount_20", "turnover_20", "days_listed", "pe_ttm_market_pct", "roe_ttm_market_pct"),
    "return_60_market_pct",
)


def fill(folder: Path, n_listings: int) -> None:
    """Simulate a market with statements; its listings are repeated under other codes."""
    source = SimulatedMarket()
    request = SimulationRequest(
        seed=1,
        start=date(2023, 1, 3),
        end=date(2024, 12, 31),
        fetched_at=_AT,
        n_other=600,
        detailed=True,
    )
    query = source.build_query(request)
    batch = source.normalise(query, source.fetch(query))
    tables = {name: repeated(rows, n_listings) for name, rows in batch.tables.items()}
    with Store.create(folder) as store:
        store.commit(replace(batch, tables=tables), message="simulated, repeated")


def repeated(rows: pa.Table, n_listings: int) -> pa.Table:
    """Return rows of as many listings, the mainland's own repeated under other codes."""
    if "listing" not in rows.column_names:
        return rows
    listings = np.array(rows.column("listing").to_pylist(), dtype=object)
    kept = np.array([item.endswith((".SH", ".SZ")) for item in listings])
    plain = rows.filter(pa.array(kept))
    own = sorted(set(listings[kept]))
    place = {item: at for at, item in enumerate(own)}
    at = np.array([place[item] for item in listings[kept]])
    if not own:
        return plain
    parts = []
    for copy in range(-(-n_listings // len(own))):
        codes = copy * len(own) + at
        ids = [f"{600000 + code:06d}.SH" for code in codes]
        column = plain.column_names.index("listing")
        part = plain.set_column(column, plain.field("listing"), pa.array(ids, pa.string()))
        parts.append(part.filter(pa.array(codes < n_listings)))
    return pa.concat_tables(parts)


def facts_of(store: Store, day: date, names: Iterable[str]) -> Facts:
    """Return what the screen computes some fields from, of every stock of a day."""
    known = AsOf.after_close(store, day)
    alive = known.listings_alive()
    rows = zip(alive.column("listing").to_pylist(), alive.column("kind").to_pylist(), strict=True)
    ids = tuple(sorted(listing for listing, kind in rows if kind == "stock"))
    snapshots = known.snapshots()
    return Facts(
        known=known,
        ids=ids,
        peers=np.ones(len(ids), dtype=bool),
        snapshots=snapshots,
        valuations=known.valuation(snapshots),
        currency=Currency.CNY,
        currencies={item: Currency(text) for item, text in known.currencies().items()},
        fields=tuple(FIELDS[name] for name in names),
    )


def compute(store: Store) -> pa.Table:
    """Return the fields of every stock of the day."""
    facts = facts_of(store, DAY, ASKED)
    return pa.table({"listing": facts.ids, **{name: facts.number(name).values for name in ASKED}})


def bare(store: Store) -> list[pa.Table]:
    """Fetch what the fields are computed from, in plain queries on the same connection."""
    days = calendar_of(Exchange.SH).sessions
    last = int(np.searchsorted(days, np.datetime64(DAY), side="right"))
    first = days[last - 251].item()
    version = store.version
    table = "lake.{} AT (VERSION => " + str(version) + ")"
    queries = (
        f"SELECT listing, session, close, amount, basis FROM {table.format('bars')} "
        f"WHERE session BETWEEN '{first}' AND '{DAY}' ORDER BY session, listing",
        f"SELECT * FROM {table.format('factors')} ORDER BY listing, ex_session",
        f"SELECT * FROM {table.format('valuation')} WHERE session BETWEEN "
        f"'{DAY - timedelta(days=14)}' AND '{DAY}' ORDER BY session, listing",
        f"SELECT listing, period_end, known_at, currency, revenue, net_profit, "
        f"net_profit_deducted, operating_cash_flow, equity, gross_margin FROM "
        f"{table.format('fundamentals')} WHERE known_at <= '{DAY}' "
        "ORDER BY listing, period_end, known_at",
        f"SELECT * FROM {table.format('listings')} ORDER BY listing",
    )
    connection = store._connection
    return [connection.execute(text).to_arrow_table() for text in queries]


def measured(n_listings: int) -> list[Line]:
    """Return the seconds of the fields beside those of the bare queries."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "data_cache"
        fill(root, n_listings)
        with Store.open(root) as store:
            found = compute(store)
            plain, ours = in_turn(lambda: bare(store), lambda: compute(store))
        return [
            (
                f"{found.num_rows:,} listings × {len(ASKED)} fields at one date",
                ours,
                "bare DuckDB fetching the same inputs, ≤ 2 ×",
                plain,
            )
        ]


if __name__ == "__main__":
    report(measured(int(sys.argv[1]) if len(sys.argv) > 1 else 5_400))
