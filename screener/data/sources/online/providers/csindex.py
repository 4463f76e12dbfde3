"""China Securities Index: daily bars of the indices that it computes, with volume and amount."""

from __future__ import annotations

from typing import ClassVar

from screener.data.sources.online.bar_rows import BarSource, exchanges_of
from screener.data.sources.online.transport.protocol import Need
from screener.data.sources.online.transport.upstream import endpoint

__all__ = ["CsindexIndexBars"]


class CsindexIndexBars(BarSource):
    """Daily bars of indices with a Shanghai code, or one of the company that computes them."""

    name: ClassVar[str] = "csindex"
    need: ClassVar[Need] = Need.INDEX_BARS
    upstream = endpoint("csindex", "index_bars")
    exchanges = exchanges_of(upstream)
    hosts = upstream.hosts
