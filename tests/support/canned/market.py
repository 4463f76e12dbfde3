"""The market behind the canned replies: simulated once, then told in each vendor's own words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc

from screener.data.lake.schema import TableName
from screener.data.sources.simulated import SimulatedMarket, SimulationRequest
from screener.domain.listing import Kind, Listing, parse_listing

NAMED = (
    (parse_listing("300857.SZ"), "协创数据", "算力"),
    (parse_listing("000630.SZ"), "铜陵有色", "铜"),
    (parse_listing("601899.SH"), "紫金矿业", "铜"),
    (parse_listing("688256.SH"), "寒武纪", "算力"),
    (parse_listing("920002.BJ"), "万达轴承", "机械"),
    (parse_listing("00700.HK"), "腾讯控股", "互联网"),
)


@dataclass(frozen=True)
class CannedMarket:
    """Rows that the canned replies are made of, as `schema.TABLES` has them.

    A suspended session is a flat bar without volume in `bars`, and stands in `status`; most
    vendors send no row for it. Names carry the suffix （SIMULATED）, which `name` takes off.
    """

    tables: dict[TableName, pa.Table]

    @classmethod
    def make(
        cls, *, n_other: int = 10, start: date = date(2024, 1, 2), end: date = date(2026, 5, 27)
    ) -> CannedMarket:
        request = SimulationRequest(
            seed=20260527,
            start=start,
            end=end,
            fetched_at=datetime(2026, 5, 28, tzinfo=UTC),
            securities=NAMED,
            n_other=n_other,
        )
        source = SimulatedMarket()
        query = source.build_query(request)
        return cls(dict(source.normalise(query, source.fetch(query)).tables))

    @cached_property
    def listings(self) -> tuple[Listing, ...]:
        """Securities, without indices."""
        rows = self.tables[TableName.LISTINGS].to_pylist()
        return tuple(parse_listing(row["listing"]) for row in rows if row["kind"] != "index")

    @cached_property
    def indices(self) -> tuple[Listing, ...]:
        rows = self.tables[TableName.LISTINGS].to_pylist()
        return tuple(
            parse_listing(row["listing"], kind=Kind.INDEX) for row in rows if row["kind"] == "index"
        )

    @cached_property
    def _rows(self) -> dict[tuple[TableName, str], list[dict[str, object]]]:
        found: dict[tuple[TableName, str], list[dict[str, object]]] = {}
        for name, table in self.tables.items():
            if "listing" in table.column_names:
                for row in table.to_pylist():
                    found.setdefault((name, row["listing"]), []).append(row)
        return found

    def rows(self, table: TableName, listing: str) -> list[dict[str, object]]:
        """Rows of one listing, in the table's order."""
        return self._rows.get((table, listing), [])

    def suspended(self, listing: str) -> set[date]:
        rows = self.rows(TableName.STATUS, listing)
        return {row["session"] for row in rows if row["suspended"]}  # type: ignore[misc]

    def traded(self, listing: str) -> list[dict[str, object]]:
        """Bars of sessions on which the listing traded."""
        halted = self.suspended(listing)
        return [row for row in self.rows(TableName.BARS, listing) if row["session"] not in halted]

    def name(self, listing: str) -> str:
        """Last known name, without the suffix."""
        return str(self.rows(TableName.NAMES, listing)[-1]["name"]).removesuffix("（SIMULATED）")

    def sessions(self, suffixes: Sequence[str]) -> list[date]:
        """Sessions on which any listing of some exchanges has a bar."""
        bars = self.tables[TableName.BARS]
        kept = [
            item
            for item in pc.unique(bars["listing"]).to_pylist()
            if item.endswith(tuple(suffixes))
        ]
        chosen = bars.filter(pc.is_in(bars["listing"], pa.array(kept)))
        return sorted(pc.unique(chosen["session"]).to_pylist())
