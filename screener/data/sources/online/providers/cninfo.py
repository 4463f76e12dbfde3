"""Cninfo: distributions of A-shares that were carried out, with the best dates of all sources."""

from __future__ import annotations

from typing import ClassVar

from screener.data.sources.online.action_rows import ActionSource, exchanges_in
from screener.data.sources.online.transport.protocol import Need
from screener.data.sources.online.transport.upstream import endpoint

__all__ = ["CninfoActions"]


class CninfoActions(ActionSource):
    """Cash, bonus and conversion of A-shares."""

    name: ClassVar[str] = "cninfo"
    need: ClassVar[Need] = Need.ACTIONS
    upstream = endpoint("cninfo", "actions")
    exchanges = exchanges_in(upstream)
    hosts = upstream.hosts
