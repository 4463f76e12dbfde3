"""Tencent: daily bars of mainland securities and indices; one request for each calendar year."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from screener.data.lake.batch import Batch
from screener.data.lake.schema import TableName
from screener.data.sources.online.bar_rows import BarSource, asked_listing, exchanges_of
from screener.data.sources.online.transport.protocol import Need, Query
from screener.data.sources.online.transport.upstream import endpoint
from screener.errors import SourceChanged
from screener.language import say

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["TencentBars", "TencentIndexBars"]


_FRIDAY = 4


class TencentBars(BarSource):
    """Raw daily bars of Shanghai and Shenzhen securities.

    akshare multiplies the volume by 100 for some code prefixes and not for others, wrongly for
    `sz000`; the amount tells which it was.
    """

    name: ClassVar[str] = "tencent"
    need: ClassVar[Need] = Need.BARS
    upstream = endpoint("tencent", "bars")
    exchanges = exchanges_of(upstream)
    hosts = upstream.hosts

    def normalise(self, query: Query, payload: tuple[pd.DataFrame | str, ...]) -> Batch:
        """Turn the frame into rows of table `bars`.

        Raises
        ------
        SourceChanged
            If a column is missing, or the history was cut to the newest sessions.
        """
        batch = super().normalise(query, payload)
        listing = asked_listing(query.ask).id
        sessions = batch.tables[TableName.BARS]["session"]
        first = sessions[0].as_py() if len(sessions) else query.ask.start
        if first <= query.ask.start:
            return batch
        cut_at = self.upstream.extra["newest_sessions"]
        if len(payload[0]) == cut_at:
            raise SourceChanged(
                say(
                    "tencent sent its newest {n} sessions alone, from {first}, though {start} "
                    "was asked for",
                    n=cut_at,
                    first=first,
                    start=query.ask.start,
                ),
                where=listing,
                fix=say(
                    "ask another source; where tencent tells no first week, akshare cuts there"
                ),
            )
        if first.weekday() != _FRIDAY:
            return batch
        # akshare begins at the first week's mark, which is that week's last session
        told = say(
            "tencent, {listing}: begins on {first}; earlier sessions of that week may be missing",
            listing=listing,
            first=first,
        )
        return replace(batch, remarks=(*batch.remarks, told))


class TencentIndexBars(BarSource):
    """Daily bars of Shanghai and Shenzhen indices: prices alone, the volume's unit is not told."""

    name: ClassVar[str] = "tencent"
    need: ClassVar[Need] = Need.INDEX_BARS
    upstream = endpoint("tencent", "index_bars")
    exchanges = exchanges_of(upstream)
    hosts = upstream.hosts
