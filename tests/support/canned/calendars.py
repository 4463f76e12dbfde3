"""Sina's calendar: runs of weekdays with a session, each ended by a weekday without one.

The text is a run of bits, least significant first, six to a character: the kind of packing (139),
the scale (63), the first and the last day counted from the exchange's opening, then the runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache

import numpy as np

from screener.domain.arrays import SessionAxis
from screener.domain.listing import Exchange
from screener.market.calendars import calendar_of
from tests.support.canned.market import CannedMarket
from tests.support.transport import Router

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
OPENED = date(1990, 12, 19)
RUN_BITS = 12
WIDER = [1, 1, 1, 1, 1, 0]
"""The length of a run has eight bits unless told otherwise: here, four more."""


def serve(router: Router, market: CannedMarket) -> None:
    """Answer with all sessions that are recorded for Shanghai."""

    @cache
    def text() -> str:
        return f'var datelist="{encode_days(calendar_of(Exchange.SH).sessions)}";'

    router.add("finance.sina.com.cn/realstock/company/klc_td_sh.txt", lambda _: text())


def encode_days(sessions: SessionAxis) -> str:
    """Return the packed text for sessions, ascending, none of them at a weekend."""
    first, last = sessions[0].item(), sessions[-1].item()
    bits = [*_bits(139, 12), *_bits(63, 6)]
    bits += [*_bits((first - OPENED).days, 18), *_bits((last - OPENED).days, 18)]
    for place, run in enumerate(_runs(sessions)):
        bits += [*(WIDER if place == 0 else [0]), *_bits(run, RUN_BITS)]
    bits += [0] * (-len(bits) % 6)
    return "".join(ALPHABET[_number(bits[at : at + 6])] for at in range(0, len(bits), 6))


def _runs(sessions: SessionAxis) -> Iterator[int]:
    days = np.arange(sessions[0], sessions[-1] + 1)
    weekdays = days[np.is_busday(days)]
    without = np.flatnonzero(~np.isin(weekdays, sessions))
    before = -1
    for at in [*without.tolist(), len(weekdays)]:
        yield at - before - 1
        before = at


def _bits(value: int, width: int) -> list[int]:
    return [value >> place & 1 for place in range(width)]


def _number(bits: Sequence[int]) -> int:
    return sum(bit << place for place, bit in enumerate(bits))
