"""Shenwan Research: daily bars of the indices of its industries."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, ClassVar

from screener.data.lake.batch import Batch
from screener.data.sources.online.bar_rows import (
    BarSource,
    asked_listing,
    bar_batch,
    exchanges_of,
)
from screener.data.sources.online.transport.protocol import Ask, Need, Page, Query
from screener.data.sources.online.transport.upstream import endpoint
from screener.errors import SourceBlocked, SourceChanged
from screener.language import say

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ShenwanIndexBars"]

_AGENT = {"User-Agent": "Mozilla/5.0"}


class ShenwanIndexBars(BarSource):
    """Daily bars of Shenwan's indices, the whole history at once; volumes are left out."""

    name: ClassVar[str] = "shenwan"
    need: ClassVar[Need] = Need.INDEX_BARS
    upstream = endpoint("shenwan", "index_bars")
    exchanges = exchanges_of(upstream)
    hosts = upstream.hosts

    def build_query(self, ask: Ask) -> Query:
        """Turn a question into the page's address; raises as `BarSource.build_query` does."""
        arguments = self.arguments(ask)
        page = Page(url=self.upstream.url, params=arguments, headers=_AGENT, encoding="utf-8")
        return Query(ask=ask, calls=(page,))

    def normalise(self, query: Query, payload: tuple[pd.DataFrame | str, ...]) -> Batch:
        """Turn the page into rows of table `bars`.

        Raises
        ------
        SourceChanged
            If it is no list of rows, or a column is missing.
        SourceBlocked
            If it has no row, where rows are due.
        """
        import pandas as pd

        (text,) = payload
        try:
            rows = json.loads(str(text))["data"]
            frame = pd.DataFrame.from_records(rows or [])
        except (ValueError, KeyError, TypeError) as error:
            raise SourceChanged(
                say("Shenwan no longer sends a list of rows"),
                where=self.upstream.url,
                fix=say("mend {file}, or wait for a new release", file=self.upstream.place),
            ) from error
        if frame.empty:
            raise SourceBlocked(
                say("Shenwan sends no rows of {listing}", listing=asked_listing(query.ask)),
                where=self.upstream.url,
                fix=say("bring a file: `screener data import FILE --kind index`"),
            )
        return bar_batch(query.ask, frame, self.upstream, source=self.name)
