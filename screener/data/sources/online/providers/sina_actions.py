"""Sina: distributions of A-shares, and the one source of their rights issues."""

from __future__ import annotations

from typing import ClassVar

from screener.data.sources.online.action_rows import (
    Action,
    ActionSource,
    exchanges_in,
    number_in,
)
from screener.data.sources.online.observed import Row, day_in
from screener.data.sources.online.transport.protocol import Need
from screener.data.sources.online.transport.upstream import endpoint
from screener.domain.listing import Listing
from screener.errors import InputError
from screener.language import say

__all__ = ["SinaActions", "SinaRights"]

_DIGITS = 12


class SinaActions(ActionSource):
    """Cash, bonus and conversion of A-shares; it tells no payment date."""

    name: ClassVar[str] = "sina"
    need: ClassVar[Need] = Need.ACTIONS
    upstream = endpoint("sina_actions", "actions")
    exchanges = exchanges_in(upstream)
    hosts = upstream.hosts


class SinaRights(ActionSource):
    """Rights issues of A-shares; cash and shares of the same day are not told, and left empty."""

    name: ClassVar[str] = "sina"
    need: ClassVar[Need] = Need.RIGHTS
    upstream = endpoint("sina_actions", "rights")
    exchanges = exchanges_in(upstream)
    hosts = upstream.hosts

    def read(self, row: Row, listing: Listing) -> Action:  # noqa: ARG002 - Hong Kong's needs it
        """Read an issue; `InputError` if a cell cannot be read or the ratio is missing."""
        rights = number_in(self.upstream, row, "rights")
        if not rights:
            raise InputError(say("a rights issue without its ratio"))
        return Action(
            rights=round(rights, _DIGITS),
            rights_price=number_in(self.upstream, row, "rights_price"),
            announced=day_in(row, "announced"),
            record_date=day_in(row, "record_date"),
            pay_date=day_in(row, "pay_date"),
        )
