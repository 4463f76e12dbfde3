"""One name of a random market: its prices, pauses and actions, session after session."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date
from decimal import ROUND_DOWN, Decimal
from typing import Any

from tests.oracle.reference import Day
from tests.oracle.reference_rules import (
    board_of,
    cents,
    daily_limit,
    free_sessions,
    lower_price,
    upper_price,
)

CODES = {
    "main": ("601899.SH", "600030.SH", "002428.SZ", "000725.SZ"),
    "st": ("600804.SH", "000981.SZ"),
    "chinext": ("300857.SZ", "301095.SZ"),
    "star": ("688981.SH", "689009.SH"),
    "bse": ("920002.BJ", "920819.BJ"),
    "hk": ("00700.HK", "01208.HK", "09988.HK"),
}
"""Invented prices under real code ranges, by what they stand for."""


class Story:
    """What happens to one name, session after session.

    Parameters
    ----------
    dice
        Source of all chance.
    item
        Listing id.
    born
        First trading day, if it falls into the sessions.
    own
        Sessions of its exchange, in order.
    entry_at, horizon
        Where a window begins, and how long it is: trouble gathers around its ends.
    quiet
        Whether there may be days without any trade.
    """

    def __init__(
        self,
        dice: random.Random,
        item: str,
        born: date | None,
        own: list[date],
        entry_at: int,
        horizon: int,
        *,
        quiet: bool,
    ) -> None:
        self.dice, self.item, self.board = dice, item, board_of(item)
        self.born = born if born and born >= own[0] else None
        self.own = own
        self.price = Decimal(str(round(10 ** dice.uniform(0.2, 2.3), 2)))
        self.last: Decimal | None = None
        self.volume = 10 ** dice.uniform(3.5, 7.5)
        self.wild = dice.choice([0.0, 0.15, 0.4])
        # Days on which nobody trades; what impact they would have is no question to ask.
        self.idle = dice.choice([0.0, 0.0, 0.05]) if quiet else 0.0
        exit_at = min(entry_at + horizon - 1, len(own) - 1)
        self.still: set[int] = set()
        self.holes: set[int] = set()
        for middle in (entry_at, exit_at, dice.randint(entry_at, exit_at)):
            if dice.random() < 0.2:
                start = max(middle - dice.randint(0, 3), 1)
                length = dice.choice([1, 1, 2, 4, 12])
                block = set(range(start, start + length))
                if dice.random() < 0.7:
                    self.still |= block
                else:
                    self.holes |= set(sorted(block)[:4])
        spots = range(1, min(exit_at + 12, len(own)))
        chosen = dice.sample(spots, min(dice.choice([0, 0, 1, 2, 3]), len(spots)))
        self.actions = {at: self._action() for at in self._apart(sorted(chosen))}
        self.rights = self._rights()
        self.st_from = 0 if item in CODES["st"] else len(own)
        if item in CODES["st"] and dice.random() < 0.3:
            self.st_from = dice.randint(0, exit_at)
        self.lot = dice.choice([100, 200, 400, 500, 1000, 2000]) if self.board == "hk" else None
        self.lot_change = dice.randint(0, len(own)) if dice.random() < 0.3 else -1

    def day(self, at: int, session: date, fx: float) -> Day:
        ratio, dividend = self.actions.get(at, (Decimal(1), Decimal(0)))
        rights, subscription = self.rights.get(at, (Decimal(0), Decimal(0)))
        if self.last is None:
            ratio, dividend, rights, subscription = Decimal(1), Decimal(0), Decimal(0), Decimal(0)
        else:
            # After falls and splits what was announced may be more than the share is worth.
            dividend = min(dividend, (self.last / 4).quantize(Decimal("0.001"), ROUND_DOWN))
            subscription = cents(self.last * subscription)
            self.last = (self.last - dividend + rights * subscription) / (ratio + rights)
        if self.board == "hk" and at == self.lot_change:
            self.lot = self.dice.choice([50, 100, 300, 1000])
        blank = empty_day(session, trading=True, fx=fx if self.board == "hk" else 1.0, lot=self.lot)
        blank = replace(
            blank, share_ratio=float(ratio), dividend=float(dividend), st=at >= self.st_from
        )
        blank = replace(blank, rights=float(rights), rights_price=float(subscription))
        if at in self.still:
            return self._suspended(replace(blank, suspended=True))
        if at in self.holes:
            return blank
        opened, closed = self._prices(at, session, st=at >= self.st_from)
        self.last = closed
        return self._bar(blank, opened, closed)

    def _apart(self, spots: list[int]) -> list[int]:
        """Keep one action where no bar lies between two: tests of their own tell those."""
        kept: list[int] = []
        for at in spots:
            dark = self.still | self.holes
            if not kept or any(other not in dark for other in range(kept[-1], at)):
                kept.append(at)
        return kept

    def _rights(self) -> dict[int, tuple[Decimal, Decimal]]:
        """Draw rights issues, by part of the price, from dice of their own: some beside an action.

        Everything else of a seed is drawn as it was.
        """
        dice, found = random.Random(f"{self.item}-{self.own[0]}-{len(self.own)}-rights"), {}
        for at in self.actions:
            if dice.random() < 0.3:
                terms = dice.choice(["0.1", "0.3", "0.25"]), dice.choice(["0.5", "0.8", "0.95"])
                found[at] = (Decimal(terms[0]), Decimal(terms[1]))
                if dice.random() < 0.6:
                    self.actions[at] = (Decimal(1), Decimal(0))
        return found

    def _action(self) -> tuple[Decimal, Decimal]:
        ratios = ["1", "1", "1.1", "1.3", "1.45", "2"]
        if self.board == "hk":
            ratios += ["0.1", "0.5", "4"]
        share = Decimal(self.dice.choice(["0", "0.003", "0.01", "0.03", "0.11"]))
        return Decimal(self.dice.choice(ratios)), (self.price * share).quantize(Decimal("0.001"))

    def _suspended(self, blank: Day) -> Day:
        if self.last is None or self.dice.random() < 0.7:
            return blank
        self.last = cents(self.last)
        flat = float(self.last)
        return replace(blank, open=flat, high=flat, low=flat, close=flat, volume=0.0, amount=0.0)

    def _prices(self, at: int, session: date, *, st: bool) -> tuple[Decimal, Decimal]:
        reference = cents(self.last) if self.last is not None else self.price
        limit = daily_limit(self.board, session, st=st)
        if limit is None or self.last is None or self._free(at):
            low, high = cents(reference * Decimal("0.8")), cents(reference * Decimal("1.25"))
        else:
            low = lower_price(reference, limit, self.board)
            high = upper_price(reference, limit, self.board)
        low = max(low, Decimal("0.05"))
        high = max(high, low)
        opened = self._between(reference, low, high, 0.015)
        closed = self._between(opened, low, high, 0.02)
        if self.dice.random() < self.wild:
            tick = Decimal("0.01")
            shape = self.dice.randrange(7)
            opened, closed = (
                (high, high),
                (low, low),
                (high, self._between(high, low, high, 0.04)),
                (opened, high),
                (opened, low),
                (max(high - tick, low), max(high - tick, low)),
                (min(low + tick, high), min(low + tick, high)),
            )[shape]
        return opened, closed

    def _between(self, middle: Decimal, low: Decimal, high: Decimal, spread: float) -> Decimal:
        moved = cents(middle * Decimal(str(round(1 + self.dice.gauss(0, spread), 4))))
        return min(max(moved, low), high)

    def _free(self, at: int) -> bool:
        if self.born is None:
            return False
        return at - self.own.index(self.born) + 1 <= free_sessions(self.board, self.born)

    def _bar(self, blank: Day, opened: Decimal, closed: Decimal) -> Day:
        shares = int(self.volume * 10 ** self.dice.gauss(0, 0.4)) + 1
        if self.idle and self.dice.random() < self.idle:
            flat = float(opened)
            bar: dict[str, Any] = {"open": flat, "high": flat, "low": flat, "close": flat}
            self.last = opened
            return replace(blank, volume=0.0, amount=0.0, **bar)
        if self.board in ("main", "chinext"):
            shares = max(shares // 100, 1) * 100
        average = min(opened, closed) + abs(closed - opened) * Decimal(
            str(round(self.dice.random(), 3))
        )
        return replace(
            blank,
            open=float(opened),
            high=float(max(opened, closed)),
            low=float(min(opened, closed)),
            close=float(closed),
            volume=float(shares),
            amount=float(cents(average * shares)),
        )


def empty_day(session: date, *, trading: bool, fx: float, lot: int | None) -> Day:
    return Day(
        session=session,
        open=None,
        high=None,
        low=None,
        close=None,
        volume=None,
        amount=None,
        trading=trading,
        fx=fx,
        board_lot=lot,
    )


def scaled(days: list[Day], dice: random.Random) -> list[Day]:
    """Return the days as an adjusted import has them: other prices, no actions."""
    anchor = dice.uniform(0.4, 3.0)
    level, made, last = anchor, [], None
    for day in days:
        if last is not None:
            level *= _growth(day, last)
        last = last if day.close is None else day.close
        moved: dict[str, Any] = {
            name: None if getattr(day, name) is None else round(getattr(day, name) * level, 4)
            for name in ("open", "high", "low", "close")
        }
        made.append(replace(day, share_ratio=1.0, dividend=0.0, rights=0.0, **moved))
    return made


def factors(days: list[Day]) -> list[float]:
    """Return the cumulative factor of each day: previous close over the ex-reference price."""
    factor, found, last = 1.0, [], None
    for day in days:
        if last is not None:
            factor *= _growth(day, last)
        last = last if day.close is None else day.close
        found.append(factor)
    return found


def _growth(day: Day, last: float) -> float:
    """Return the previous close over the reference price of a day, 1 without an action."""
    worth = last - day.dividend + day.rights * day.rights_price
    return last * (day.share_ratio + day.rights) / worth
