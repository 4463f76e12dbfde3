"""Every outside source at once, told from one simulated market."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from unittest import mock

from akshare.utils import demjson

from screener.data.sources.online.transport.clock import Clock
from tests.support.canned import (
    baidu,
    baostock,
    calendars,
    cninfo,
    csindex,
    eastmoney_actions,
    eastmoney_lists,
    eastmoney_prices,
    eastmoney_values,
    exchanges,
    fx,
    hk_actions,
    hk_master,
    ratings,
    shenwan,
    sina,
    sina_actions,
    suspensions,
    tencent,
)
from tests.support.canned.market import CannedMarket
from tests.support.transport import Router, offline

_VENDORS = (
    baidu,
    calendars,
    cninfo,
    csindex,
    eastmoney_actions,
    eastmoney_lists,
    eastmoney_prices,
    eastmoney_values,
    exchanges,
    fx,
    hk_actions,
    hk_master,
    ratings,
    shenwan,
    sina,
    sina_actions,
    suspensions,
    tencent,
)


# akshare's own parser of some replies takes longer than all the rest: each text once.
_decoded = cache(demjson.decode)


@dataclass
class FakeTime:
    """A clock that moves only when somebody sleeps."""

    at: datetime = datetime(2026, 5, 27, 12, tzinfo=UTC)  # 20:00 in Shanghai
    slept: float = 0.0
    started: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.started = self.at

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        self.at += timedelta(seconds=seconds)

    @property
    def clock(self) -> Clock:
        return Clock(now=lambda: self.at, sleep=self.sleep)


def served(market: CannedMarket) -> Router:
    """Return a router that answers for every vendor."""
    router = Router()
    for vendor in _VENDORS:
        vendor.serve(router, market)
    return router


@contextmanager
def outside(router: Router, market: CannedMarket) -> Iterator[Router]:
    """Put the canned outside in the place of the network."""
    curl = getattr(baidu, "curl", None)
    with (
        offline(router),
        baostock.Server(market).online(),
        curl(router, market) if curl else nullcontext(),
        mock.patch.object(demjson, "decode", _decoded),
    ):
        yield router
