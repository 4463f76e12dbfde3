"""Which listings the simulated market has: those asked for, and others by fixed slots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from screener.domain.listing import Board, Exchange, Listing

__all__ = ["BOARD_OPENED", "MAX_OTHERS", "SECTORS", "Fate", "Member", "other_members"]

SECTORS = (
    "电子（模拟）",
    "计算机（模拟）",
    "通信（模拟）",
    "有色金属（模拟）",
    "家用电器（模拟）",
    "医药生物（模拟）",
    "机械设备（模拟）",
    "银行（模拟）",
    "食品饮料（模拟）",
    "公用事业（模拟）",
)
"""Sectors of the other listings, in turn."""

BOARD_OPENED = {
    Board.CHINEXT: date(2009, 10, 30),
    Board.STAR: date(2019, 7, 22),
    Board.BSE: date(2021, 11, 15),
}
"""First session of the boards that are younger than the calendars; nothing lists on one before."""

MAX_OTHERS = 9000
"""Most other listings that the code ranges below can tell apart."""


class Fate(StrEnum):
    """What sets an other listing apart from one that just goes on trading."""

    PLAIN = "plain"
    ST = "st"
    RENAMED = "renamed"
    DELISTED = "delisted"
    NEW = "new"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One simulated listing."""

    listing: Listing
    name: str
    sector: str
    fate: Fate = Fate.PLAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class _CodeRange:
    """Codes of one kind: `count` of them after `prefix`, scattered by `stride`."""

    exchange: Exchange
    prefixes: tuple[str, ...]
    count: int
    stride: int

    def listing(self, nth: int) -> Listing:
        """Return the `nth` listing of the range; the stride visits every code once."""
        step = nth * self.stride % self.count
        if self.exchange is Exchange.HK:
            return Listing(f"{step:05d}", self.exchange)
        per_prefix = self.count // len(self.prefixes)
        return Listing(f"{self.prefixes[step // per_prefix]}{step % per_prefix:03d}", self.exchange)


_RANGES = {
    "main_sh": _CodeRange(
        exchange=Exchange.SH, prefixes=("600", "601", "603", "605"), count=4000, stride=1237
    ),
    "main_sz": _CodeRange(
        exchange=Exchange.SZ, prefixes=("000", "001", "002", "003"), count=4000, stride=1237
    ),
    "chinext": _CodeRange(exchange=Exchange.SZ, prefixes=("300", "301"), count=2000, stride=617),
    "star": _CodeRange(exchange=Exchange.SH, prefixes=("688",), count=1000, stride=307),
    "bse": _CodeRange(exchange=Exchange.BJ, prefixes=("920",), count=1000, stride=307),
    "hk": _CodeRange(exchange=Exchange.HK, prefixes=(), count=9998, stride=3079),
}
# Twenty slots in about the boards' real proportions, with Hong Kong at three.
_BOARD_TURNS = (
    *("main_sh", "main_sz", "chinext", "hk", "main_sh", "star", "main_sz", "chinext", "main_sh"),
    *("main_sz", "hk", "chinext", "main_sh", "bse", "main_sz", "star", "chinext", "main_sh"),
    *("hk", "main_sz"),
)
_FATE_TURNS = {6: Fate.ST, 9: Fate.RENAMED, 14: Fate.DELISTED, 3: Fate.NEW, 11: Fate.NEW}
_FATE_PERIOD = 23  # coprime to the twenty boards, so every board meets every fate


def other_members(count: int, taken: Sequence[Listing]) -> tuple[Member, ...]:
    """Choose the first `count` other listings whose codes are not in `taken`.

    A slot decides code, sector and fate, so a listing is the same whatever else is asked for.
    """
    avoided = set(taken)
    found: list[Member] = []
    nth = dict.fromkeys(_RANGES, 0)
    slot = 0
    while len(found) < count:
        kind = _BOARD_TURNS[slot % len(_BOARD_TURNS)]
        nth[kind] += 1  # from 1, as no exchange has a code of zeros
        listing = _RANGES[kind].listing(nth[kind])
        if listing not in avoided:
            found.append(_other(slot, listing))
        slot += 1
    return tuple(found)


def _other(slot: int, listing: Listing) -> Member:
    fate = _FATE_TURNS.get(slot % _FATE_PERIOD, Fate.PLAIN)
    if fate is Fate.ST and listing.exchange is Exchange.HK:
        fate = Fate.PLAIN  # Hong Kong has no special treatment
    return Member(
        listing=listing,
        name=f"模拟{slot:04d}",
        sector=SECTORS[slot * 7 % len(SECTORS)],
        fate=fate,
    )
