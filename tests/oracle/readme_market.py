"""A market of the oracle's own, as files to import: everything that the rules speak of, often.

Opens and closes stand at the limits, beyond them and a tick within them; sessions have no volume,
or hardly any; there are no bars at all, dividends, bonus shares, splits and rights; funds, special
treatment, unreformed shares and delisting periods on every board.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import pandas as pd

from tests.oracle import readme_rules as rules
from tests.oracle.readme_tables import Action

SPANS = (
    (date(2023, 7, 3), date(2023, 12, 29)),
    (date(2025, 4, 1), date(2025, 9, 30)),
    (date(2026, 5, 6), date(2026, 10, 30)),
)
"""Round the days on which charges, sessions and limits changed."""

_ROSTER = (
    *(("600", "SH", "stock", "甲"), ("000", "SZ", "stock", "乙"), ("301", "SZ", "stock", "丙")),
    *(("688", "SH", "stock", "丁"), ("920", "BJ", "stock", "戊"), ("601", "SH", "stock", "ST己")),
    *(
        ("002", "SZ", "stock", "*ST庚"),
        ("603", "SH", "stock", "S辛"),
        ("302", "SZ", "stock", "ST壬"),
    ),
    *(("01", "HK", "stock", "癸"), ("06", "HK", "stock", "子"), ("02", "HK", "fund", "丑")),
    *(("510", "SH", "fund", "寅"), ("159", "SZ", "fund", "卯")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One listing of the market."""

    listing: str
    kind: str
    name: str
    lot: int

    @property
    def fund(self) -> bool:
        return self.kind == "fund"

    @property
    def board(self) -> str:
        return rules.board_of(self.listing)

    @property
    def tick(self) -> Decimal:
        return rules.tick_of(self.board, fund=self.fund)


def members(dice: random.Random, each: int) -> list[Member]:
    """Draw `each` listings of every kind."""
    made: dict[str, Member] = {}
    for start, exchange, kind, name in _ROSTER:
        for number in range(each):
            digits = 5 if exchange == "HK" else 6
            code = start + str(dice.randrange(10 ** (digits - len(start)))).zfill(
                digits - len(start)
            )
            lot = dice.choice((100, 200, 500, 1000)) if exchange == "HK" else 100
            listing = f"{code}.{exchange}"
            made[listing] = Member(listing=listing, kind=kind, name=f"{name}{number}", lot=lot)
    return list(made.values())


def write(folder: Path, seed: int, span: tuple[date, date], each: int = 2) -> Path:
    """Write the files of one market: listings, names, bars, actions, fixings and indices."""
    dice = random.Random(seed)
    folder.mkdir(parents=True, exist_ok=True)
    roster = members(dice, each)
    bars: list[dict[str, object]] = []
    actions: list[dict[str, object]] = []
    for member in roster:
        paid = dict(_actions(dice, member, span))
        actions.extend(_action_row(member, day, item) for day, item in paid.items())
        bars.extend(_bars(dice, member, span, paid))
    frames = {
        "listings": _listings(roster, span[0]),
        "bars": bars,
        "actions": actions,
        "fx": [
            {"date": day, "rate": round(0.9 + 0.0001 * dice.randint(-200, 300), 5)}
            for day in _days("SH", span)
        ],
    }
    for name, rows in frames.items():
        pd.DataFrame(rows).to_csv(folder / f"{name}.csv", index=False)
    for name, exchange in (("csi300", "SH"), ("hsi", "HK")):
        pd.DataFrame(_index(dice, exchange, span)).to_csv(folder / f"{name}.csv", index=False)
    return folder


def _listings(roster: list[Member], first: date) -> list[dict[str, object]]:
    return [
        {
            "listing": item.listing,
            "name": item.name,
            "kind": item.kind,
            "board": item.board,
            "currency": "HKD" if item.board == "hk" else "CNY",
            "list_date": date(first.year - 3, 3, 1),
            "board_lot": item.lot,
        }
        for item in roster
    ]


def _days(exchange: str, span: tuple[date, date]) -> list[date]:
    return [day for day in rules.sessions(exchange) if span[0] <= day <= span[1]]


def _actions(
    dice: random.Random, member: Member, span: tuple[date, date]
) -> Iterator[tuple[date, Action]]:
    if member.fund:
        return
    days = _days(rules.exchange_of(member.listing), span)
    zero, one = Decimal(0), Decimal(1)
    for day in dice.sample(days[20:], 2):
        kind = dice.choice(("cash", "cash", "bonus", "both", "split", "rights"))
        split = kind == "split" and member.board == "hk"
        yield (
            day,
            Action(
                cash=Decimal(dice.randint(1, 40)) / 100 if kind in {"cash", "both"} else zero,
                bonus=dice.choice((Decimal("0.3"), Decimal("0.4"), one))
                if kind in {"bonus", "both"} or (kind == "split" and not split)
                else zero,
                split=dice.choice((Decimal(2), Decimal(5))) if split else one,
                rights=Decimal("0.3") if kind == "rights" else zero,
                rights_price=Decimal(2) if kind == "rights" else zero,
            ),
        )


def _action_row(member: Member, day: date, item: Action) -> dict[str, object]:
    return {
        "listing": member.listing,
        "ex_session": day,
        "cash": item.cash,
        "bonus": item.bonus,
        "split": item.split,
        "rights": item.rights,
        "rights_price": item.rights_price if item.rights else None,
    }


def _bars(
    dice: random.Random, member: Member, span: tuple[date, date], paid: dict[date, Action]
) -> Iterator[dict[str, object]]:
    close = Decimal(dice.randint(800, 4000)) / 100
    for day in _days(rules.exchange_of(member.listing), span):
        reference = close
        if day in paid:
            reference = _whole(paid[day].reference(close), member.tick)
        still = day not in paid and dice.random() < 0.03
        if still and dice.random() < 0.5:
            continue  # no bar at all
        opened = close if still else _price(dice, member, day, reference)
        closed = close if still else _price(dice, member, day, reference)
        volume = 0 if still else 100 * int(10 ** dice.uniform(2, 5.5))
        yield {
            "listing": member.listing,
            "date": day,
            "open": opened,
            "high": max(opened, closed),
            "low": min(opened, closed),
            "close": closed,
            "volume": volume,
        }
        close = closed


def _price(dice: random.Random, member: Member, day: date, reference: Decimal) -> Decimal:
    standing = rules.Standing(
        board=member.board,
        fund=member.fund,
        special="ST" in member.name,
        unreformed=member.name.startswith("S辛"),
        age=500,
        listed=date(day.year - 3, 3, 1),
    )
    rate = rules.limit_rate(standing, day)
    if rate is None:
        moved = reference * Decimal(repr(round(1 + dice.gauss(0, 0.03), 4)))
        return max(_whole(moved, member.tick), member.tick)
    low, high = rules.limits(reference, rate, board=member.board, fund=member.fund)
    chance = dice.random()
    if chance < 0.10:
        return high
    if chance < 0.20:
        return low
    if chance < 0.24:
        return high - member.tick if chance < 0.22 else low + member.tick
    spread = float(rate) * dice.uniform(-0.6, 0.6)
    return min(max(_whole(reference * Decimal(repr(1 + spread)), member.tick), low), high)


def _whole(value: Decimal, tick: Decimal) -> Decimal:
    return rules.step(value, tick, rules.ROUND_HALF_UP)


def _index(
    dice: random.Random, exchange: str, span: tuple[date, date]
) -> Iterator[dict[str, object]]:
    close = 4000.0
    for day in _days(exchange, span):
        opened = round(close * (1 + dice.gauss(0, 0.005)), 2)
        close = round(opened * (1 + dice.gauss(0, 0.01)), 2)
        yield {
            "date": day,
            "open": opened,
            "high": max(opened, close),
            "low": min(opened, close),
            "close": close,
        }
