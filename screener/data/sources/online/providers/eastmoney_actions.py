"""Eastmoney: plans of distribution of A-shares, of which those carried out are taken."""

from __future__ import annotations

from typing import ClassVar

from screener.data.sources.online.action_rows import ActionSource, exchanges_in
from screener.data.sources.online.transport.protocol import Need
from screener.data.sources.online.transport.upstream import endpoint

__all__ = ["EastmoneyActions"]


class EastmoneyActions(ActionSource):
    """Cash, bonus and conversion of A-shares; it tells no payment date."""

    name: ClassVar[str] = "eastmoney"
    need: ClassVar[Need] = Need.ACTIONS
    upstream = endpoint("eastmoney_actions", "actions")
    exchanges = exchanges_in(upstream)
    hosts = upstream.hosts
