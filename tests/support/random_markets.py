"""Small random markets, told twice: as panels of the fast path and days of the reference simulator.

Everything follows from one seed. The days are made first; the panels are written off from them.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from screener.backtest.frictions import Frictions
from screener.domain.basket import Event
from screener.domain.listing import Exchange
from screener.domain.panel import PricePanel, TradingPanel
from screener.market.calendars import calendar_of
from screener.market.charges import Plan
from screener.paths.known import EntrySessions
from tests.oracle.reference import Choices, Day, Name
from tests.support.panels import event_of, listing
from tests.support.random_names import CODES, Story, empty_day, factors, scaled

RULE_DATES = (
    date(2023, 8, 28),  # stamp duty of the mainland halved
    date(2023, 11, 17),  # stamp duty of Hong Kong
    date(2025, 6, 30),  # Hong Kong's settlement fee without bounds
    date(2026, 7, 6),  # ST on the main boards at 10 %
)
FIRST, LAST = date(2023, 7, 3), date(2026, 9, 30)
RULES_END = date(2026, 12, 31)  # no rule is recorded for later days


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Market:
    """One random market with one event.

    Parameters
    ----------
    seed
        What it follows from.
    trading
        Panels, prices included.
    event, entries
        What is bought, and when on each exchange.
    choices
        How it is traded; horizon and wait included.
    days
        Days of each name up to the end of the tables, in the event's order.
    """

    seed: int
    trading: TradingPanel
    event: Event
    entries: EntrySessions
    choices: Choices
    days: tuple[tuple[Day, ...], ...]

    def __repr__(self) -> str:
        return f"random_market({self.seed})"

    def names(self, weights: Sequence[float] | None = None) -> tuple[Name, ...]:
        """Return the reference simulator's names, with `weights` or those of the event."""
        given = weights or [member.weight or 1.0 for member in self.event.members]
        total = sum(given)
        panel, entry = self.trading.prices, dict(self.entries)
        return tuple(
            Name(
                listing_id=member.listing.id,
                weight=weight / total,
                days=days,
                adjusted=bool(panel.adjusted[at]),
                list_date=panel.list_dates[at],
                entry=entry[member.listing.exchange],
            )
            for at, (member, days, weight) in enumerate(
                zip(self.event.members, self.days, given, strict=True)
            )
        )


def random_market(seed: int, *, late: bool = False) -> Market:
    """Make the market of a seed; `late` lets some names be listed after the entry, or never."""
    return _Maker(seed, late=late).market()


def frictions_of(choices: Choices) -> Frictions:
    """Return the fast path's settings for the reference simulator's choices."""
    return Frictions(
        plan=Plan(
            commission=choices.rate,
            minimum=choices.minimum,
            hk_commission=choices.hk_rate,
            hk_minimum=choices.hk_minimum,
        ),
        participation=choices.participation,
        slippage_bps=choices.slippage_bps,
        impact_bps=choices.impact_bps,
        fx_spread_bps=choices.fx_spread_bps,
        commission=choices.commission,
        levies=choices.levies,
    )


class _Maker:
    def __init__(self, seed: int, *, late: bool) -> None:
        self.seed, self.late = seed, late
        self.dice = random.Random(seed)
        dice = self.dice
        self.horizon = dice.choice([1, 2, 3, 5, 5, 10, 10, 20, 20, 60])
        if dice.random() < 0.06:
            self.horizon = 260  # held for more than a year
        self.ids = self._ids()
        self.around = self._entry_day()
        self.exchanges = sorted({listing(item).exchange for item in self.ids})
        self.entries = tuple(
            (exchange, calendar_of(exchange).on_or_after(self.around))
            for exchange in self.exchanges
        )
        self._span()
        self.fx = self._fixings()
        self.choices = self._choices()

    def market(self) -> Market:
        average = self.choices.entry == "vwap"  # adjusted prices have none
        adjusted = [not average and self.dice.random() < 0.07 for _ in self.ids]
        listed = [self._list_date(item) for item in self.ids]
        days = [
            scaled(self._days(item, born), self.dice) if flag else self._days(item, born)
            for item, flag, born in zip(self.ids, adjusted, listed, strict=True)
        ]
        if self.late:
            days, listed = self._listed_late(days, listed)
        panel = self._panel(days, adjusted, listed)
        custom = self.dice.random() < 0.4
        weights = [self.dice.choice([1.0, 2.0, 3.0, 0.5]) for _ in self.ids] if custom else None
        published = self.around - timedelta(days=1)
        return Market(
            seed=self.seed,
            trading=panel,
            event=event_of(self.ids, published, weights=weights),
            entries=self.entries,
            choices=self.choices,
            days=tuple(tuple(day for day in one if day.session <= self.reach) for one in days),
        )

    # --- frame

    def _ids(self) -> list[str]:
        wanted = self.dice.randint(1, 6)
        kinds = [self.dice.choice(list(CODES)) for _ in range(wanted)]
        return list(dict.fromkeys(self.dice.choice(CODES[kind]) for kind in kinds))

    def _entry_day(self) -> date:
        if self.dice.random() < 0.5:
            back = self.dice.randint(0, int(self.horizon * 1.5) + 3)
            day = self.dice.choice(RULE_DATES) - timedelta(days=back)
        else:
            day = FIRST + timedelta(days=self.dice.randint(0, (LAST - FIRST).days))
        return max(min(day, LAST), FIRST)

    def _span(self) -> None:
        """Choose where the tables begin and, by calendar, where they end."""
        self.ends = {}
        after = self.dice.choice([-3, 0, 1, 5, 15, 30, 30, 30])
        for mainland in (True, False):
            calendar = calendar_of(Exchange.SH if mainland else Exchange.HK)
            own = after + (self.dice.randint(-3, 3) if self.dice.random() < 0.2 else 0)
            entry = calendar.on_or_after(self.around)
            count = max(self.horizon - 1 + own, 0)
            bound: date = calendar.between(LAST, RULES_END)[-1].item()
            self.ends[mainland] = min(calendar.offset(entry, count) or bound, bound)
        self.start = self.around - timedelta(days=self.dice.choice([12, 20, 45]))
        self.reach = max(self.ends[item.mainland] for item in self.exchanges)
        last = max(self.reach, *(day for _, day in self.entries))
        self.axis = np.unique(
            np.concatenate([calendar_of(item).between(self.start, last) for item in self.exchanges])
        )

    def _fixings(self) -> dict[date, float]:
        rate, found = self.dice.uniform(0.88, 0.95), {}
        for label in self.axis:
            rate *= 1 + self.dice.gauss(0, 0.002)
            found[label.item()] = round(rate, 5)
        return found

    def _choices(self) -> Choices:
        dice = self.dice
        step = dice.choice([1, 2, 3, 4, 5, 6, 7, 7, 7, 7, 7, 7])  # of the published order
        return Choices(
            capital=round(10 ** dice.uniform(3.7, 7.7), 2),
            horizon=self.horizon,
            max_wait=dice.choice([0, 1, 3, 10]),
            entry=dice.choice(["open", "open", "close", "vwap"]),
            participation=dice.choice([None, 0.1, 0.1, 0.05, 0.29, 0.01]) if step > 2 else None,
            slippage_bps=dice.choice([0.0, 5.0, 12.5]) if step > 3 else 0.0,
            impact_bps=dice.choice([0.0, 0.0, 50.0, 120.0]) if step > 3 else 0.0,
            fx_spread_bps=dice.choice([0.0, 10.0, 35.0]) if step > 6 else 0.0,
            rate=dice.choice([0.00025, 0.000115, 0.003]),
            minimum=dice.choice([5.0, 5.0, 0.0]),
            hk_rate=dice.choice([0.00025, 0.001]),
            hk_minimum=dice.choice([5.0, 50.0, 0.0]),
            rebalance=self._rhythm(),
            lots=step > 1,
            commission=step > 4,
            levies=step > 5,
        )

    def _rhythm(self) -> str:
        """Draw from dice of its own, so that everything else of a seed stays as it was."""
        dice = random.Random(f"{self.seed}-rebalance")
        if self.horizon < 3:  # no session between entry and exit
            return "none"
        if self.horizon < 60:
            return dice.choice(["none"] * 6 + ["daily", "monthly"])
        return dice.choice(["none", "none", "daily", "monthly", "quarterly"])

    # --- one name

    def _list_date(self, item: str) -> date | None:
        draw = self.dice.random()
        if draw < 0.6:
            return None
        if draw < 0.8:
            return date(2015, 6, 1)
        own = self._sessions(item)
        before = [day for day in own if day < dict(self.entries)[listing(item).exchange]]
        return self.dice.choice(before[-7:])

    def _listed_late(
        self, days: list[list[Day]], listed: list[date | None]
    ) -> tuple[list[list[Day]], list[date | None]]:
        """List some names after the entry, by dice of their own: the others stay as they were."""
        dice = random.Random(f"{self.seed}-born-late")
        for at, one in enumerate(days):
            if dice.random() < 0.75:
                continue
            entry = dict(self.entries)[listing(self.ids[at]).exchange]
            later = [day.session for day in one if day.session > entry and day.close is not None]
            born = dice.choice([*later[:15], date.max])
            days[at] = [
                replace(
                    empty_day(day.session, trading=day.trading, fx=day.fx or 1.0, lot=None),
                    board_lot=day.board_lot,
                    southbound=day.southbound,
                    st=day.st,
                )
                if day.session < born
                else replace(day, share_ratio=1.0, dividend=0.0, rights=0.0)
                if day.session == born
                else day
                for day in one
            ]
            listed[at] = None if born == date.max else born
        return days, listed

    def _sessions(self, item: str) -> list[date]:
        calendar = calendar_of(listing(item).exchange)
        last = self.axis[-1].item()
        return [label.item() for label in calendar.between(self.start, last)]

    def _days(self, item: str, born: date | None) -> list[Day]:
        own = self._sessions(item)
        entry = dict(self.entries)[listing(item).exchange]
        end = self._last_bar(item, entry, own)
        first = next((at for at, day in enumerate(own) if born and day >= born), 0)
        first = first if born and born >= own[0] else 0
        quiet = self.choices.participation is not None and self.choices.entry != "vwap"
        at = own.index(entry)
        story = Story(self.dice, item, born, own, at, self.horizon, quiet=quiet)
        made = {
            day: story.day(at, day, self.fx[day])
            for at, day in enumerate(own)
            if at >= first and day <= end
        }
        found = [
            made.get(day)
            or empty_day(day, trading=day in set(own), fx=self._rate(item, day), lot=story.lot)
            for day in (label.item() for label in self.axis)
        ]
        mainland = calendar_of(Exchange.SH)  # southbound days need both markets
        return [
            replace(day, southbound=not item.endswith(".HK") or mainland.is_session(day.session))
            for day in found
        ]

    def _rate(self, item: str, day: date) -> float:
        return self.fx[day] if item.endswith(".HK") else 1.0

    def _last_bar(self, item: str, entry: date, own: list[date]) -> date:
        end = self.ends[listing(item).exchange.mainland]
        if self.dice.random() < 0.06:  # taken off the exchange
            inside = [day for day in own if entry <= day <= end]
            return self.dice.choice(inside) if inside else end
        return end

    # --- panels

    def _panel(
        self, days: list[list[Day]], adjusted: list[bool], listed: list[date | None]
    ) -> TradingPanel:
        def matrix(name: str, dtype: Any = np.float64) -> npt.NDArray[Any]:
            columns = [[getattr(day, name) for day in one] for one in days]
            return np.array(columns, dtype=dtype).T.copy()

        bars = [[day.session for day in one if day.close is not None] for one in days]
        names = tuple(listing(item) for item in self.ids)
        volume, amount = matrix("volume"), matrix("amount")
        with np.errstate(divide="ignore", invalid="ignore"):
            average = np.where(volume > 0, amount / volume, np.where(volume == 0, 0.0, np.nan))
        average[:, np.array(adjusted)] = np.nan
        prices = PricePanel(
            sessions=self.axis,
            listings=names,
            open=matrix("open"),
            close=matrix("close"),
            factor=np.column_stack([factors(one) for one in days]),
            fx=matrix("fx"),
            prior_values=np.full(len(names), np.nan),
            trading=matrix("trading", bool),
            suspended=matrix("suspended", bool),
            st=matrix("st", bool),
            adjusted=np.array(adjusted),
            list_dates=tuple(listed),
            first_bars=tuple(min(one, default=None) for one in bars),
            last_bars=tuple(max(one, default=None) for one in bars),
            last_sessions={item: self.ends[item.mainland] for item in self.exchanges},
            vwap=average,
            untraded=volume == 0,
        )
        return TradingPanel(
            prices=prices,
            volume=volume,
            amount=amount,
            share_ratio=matrix("share_ratio"),
            dividend=matrix("dividend"),
            rights=matrix("rights"),
            rights_price=matrix("rights_price"),
            board_lot=matrix("board_lot"),
            southbound=matrix("southbound", bool),
        )
