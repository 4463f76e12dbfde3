"""Eastmoney: daily bars of securities and indices. It bans busy addresses; ask it last."""

from __future__ import annotations

from typing import ClassVar

from screener.data.sources.online.bar_rows import BarSource, exchanges_of
from screener.data.sources.online.transport.protocol import Need
from screener.data.sources.online.transport.upstream import endpoint

__all__ = [
    "EastmoneyBars",
    "EastmoneyHkBars",
    "EastmoneyHkIndexBars",
    "EastmoneyIndexBars",
]

_SOURCE = "eastmoney_prices"


class EastmoneyBars(BarSource):
    """Raw daily bars of mainland shares."""

    name: ClassVar[str] = "eastmoney"
    need: ClassVar[Need] = Need.BARS
    upstream = endpoint(_SOURCE, "bars")
    exchanges = exchanges_of(upstream)
    hosts = upstream.hosts


class EastmoneyHkBars(BarSource):
    """Raw daily bars of Hong Kong securities."""

    name: ClassVar[str] = "eastmoney"
    need: ClassVar[Need] = Need.BARS
    upstream = endpoint(_SOURCE, "hk_bars")
    exchanges = exchanges_of(upstream)
    hosts = upstream.hosts


class EastmoneyIndexBars(BarSource):
    """Daily bars of Shanghai and Shenzhen indices; the volume's unit is not told."""

    name: ClassVar[str] = "eastmoney"
    need: ClassVar[Need] = Need.INDEX_BARS
    upstream = endpoint(_SOURCE, "index_bars")
    exchanges = exchanges_of(upstream)
    hosts = upstream.hosts


class EastmoneyHkIndexBars(BarSource):
    """Daily bars of Hong Kong indices: prices alone."""

    name: ClassVar[str] = "eastmoney"
    need: ClassVar[Need] = Need.INDEX_BARS
    upstream = endpoint(_SOURCE, "hk_index_bars")
    exchanges = exchanges_of(upstream)
    hosts = upstream.hosts
