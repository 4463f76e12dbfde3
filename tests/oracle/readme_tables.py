"""Tables of the oracle: the files of `screener data export`, read with pandas alone."""

from __future__ import annotations

import bisect
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import Path

import pandas as pd

from tests.oracle import readme_rules as rules

INDICES = ("000300.SH", "HSI.HK")
_COLUMNS = {
    "status": ["listing", "session", "suspended", "st"],
    "actions": ["listing", "ex_session"],
    "names": ["listing", "valid_from", "name"],
    "board_lots": ["listing", "valid_from", "lot"],
    "fx": ["session", "rate"],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """Prices and volume of one session as they were stored."""

    opened: Decimal
    closed: Decimal
    volume: float | None
    raw: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Cash, new shares for each share held, shares after a split, and rights of one ex-date."""

    cash: Decimal
    bonus: Decimal
    split: Decimal
    rights: Decimal
    rights_price: Decimal

    def reference(self, close: Decimal) -> Decimal:
        """Return the theoretical price after the ex-date of a share that closed at `close`."""
        paid = close - self.cash + self.rights * self.rights_price
        return paid / (1 + self.bonus + self.rights) / self.split


@dataclass(kw_only=True)
class Story:
    """All that the tables know of one listing."""

    listing: str
    bars: dict[date, Bar] = field(default_factory=dict)
    suspended: set[date] = field(default_factory=set)
    special: dict[date, bool] = field(default_factory=dict)
    names: list[tuple[date, str]] = field(default_factory=list)
    lots: list[tuple[date, int]] = field(default_factory=list)
    actions: dict[date, Action] = field(default_factory=dict)
    listed: date | None = None
    currency: str = "CNY"
    fund: bool = False

    @cached_property
    def days(self) -> list[date]:
        """Sessions with a bar, in order."""
        return sorted(self.bars)

    @property
    def exchange(self) -> str:
        return rules.exchange_of(self.listing)

    @property
    def board(self) -> str:
        return rules.board_of(self.listing)

    def known(self, day: date) -> bool:
        """Tell whether there is a bar or a recorded suspension."""
        return day in self.bars or day in self.suspended

    @cached_property
    def last(self) -> date:
        """Last session with a bar or a recorded suspension."""
        return max([*self.bars, *self.suspended], default=date.min)

    def trades(self, day: date) -> bool:
        """Tell whether shares changed hands: a bar, no suspension, some volume."""
        bar = self.bars.get(day)
        return bar is not None and day not in self.suspended and bar.volume != 0

    def close_by(self, day: date) -> tuple[date, Decimal] | None:
        """Return the last close on or before a day, and its session."""
        at = bisect.bisect_right(self.days, day) - 1
        return None if at < 0 else (self.days[at], self.bars[self.days[at]].closed)

    def name_on(self, day: date) -> str:
        """Return the short name in force, empty before the first one that is known."""
        return next((name for since, name in reversed(self.names) if since <= day), "")

    def lot_on(self, day: date) -> int | None:
        """Return the board lot in force; nothing in Hong Kong where none is known by that day."""
        if self.exchange != "HK":
            return 100
        return next((lot for since, lot in reversed(self.lots) if since <= day), None)

    def growth(self, first: date, last: date) -> Decimal:
        """Return what one share of the open of `first` became by the close of `last`."""
        held = Decimal(1)
        for day, action in sorted(self.actions.items()):
            if first < day <= last:
                before = self.close_by(day - timedelta(days=1))
                assert before is not None
                held *= before[1] / action.reference(before[1])
        return held


@dataclass(kw_only=True)
class Tables:
    """Stories by listing, the fixings, and how far each exchange's bars reach."""

    stories: dict[str, Story]
    fixings: dict[date, Decimal]
    reach: dict[str, date]

    @cached_property
    def _fixed(self) -> list[date]:
        return sorted(self.fixings)

    def fx(self, currency: str, day: date) -> Decimal | None:
        """Return CNY for one unit: the fixing of the day, or the last one before.

        Days without a mainland session carry it however long they last; on one with a session a
        missing fixing is replaced by one at most five days old.
        """
        if currency == "CNY":
            return Decimal(1)
        at = bisect.bisect_right(self._fixed, day) - 1
        due = rules.sessions("SH")[bisect.bisect_right(rules.sessions("SH"), day) - 1]
        if at < 0 or due - self._fixed[at] > timedelta(days=5):
            return None
        return self.fixings[self._fixed[at]]


def read(folder: Path, listings: Iterable[str]) -> Tables:
    """Read what an export holds of some listings and of the two indices."""
    wanted = {*listings, *INDICES}
    stories = {item: Story(listing=item) for item in wanted}
    bars = table(folder, "bars")
    kinds = table(folder, "listings")
    indices = set(kinds.loc[kinds["kind"] == "index", "listing"])
    reach = (
        bars[~bars["listing"].isin(indices)]
        .groupby(bars["listing"].str[-2:])["session"]
        .max()
        .to_dict()
    )
    _bars(stories, bars[bars["listing"].isin(wanted)])
    for row in kinds[kinds["listing"].isin(wanted)].itertuples():
        story = stories[row.listing]
        story.listed = None if pd.isna(row.list_date) else row.list_date
        story.currency, story.fund = row.currency, row.kind == "fund"
    _states(stories, folder)
    _actions(stories, table(folder, "actions"))
    fx = table(folder, "fx")
    return Tables(
        stories=stories,
        fixings=dict(zip(fx["session"], rules.decimals(fx["rate"]), strict=True)),
        reach={str(item): day for item, day in reach.items()},
    )


def table(folder: Path, name: str) -> pd.DataFrame:
    """Return one table of an export; an empty one has the columns that are asked for here."""
    found = sorted(folder.glob(f"{name}*.parquet"))
    return pd.read_parquet(found[0]) if found else pd.DataFrame(columns=_COLUMNS.get(name, []))


def _bars(stories: dict[str, Story], bars: pd.DataFrame) -> None:
    for listing, session, opened, closed, volume, basis in zip(
        *(bars[name] for name in ("listing", "session", "open", "close", "volume", "basis")),
        strict=True,
    ):
        stories[listing].bars[session] = Bar(
            opened=Decimal(repr(float(opened))),
            closed=Decimal(repr(float(closed))),
            volume=None if pd.isna(volume) else float(volume),
            raw=basis == "raw",
        )


def _states(stories: dict[str, Story], folder: Path) -> None:
    for row in table(folder, "status").itertuples():
        story = stories.get(row.listing)
        if story is None:
            continue
        if row.suspended:
            story.suspended.add(row.session)
        if not pd.isna(row.st):
            story.special[row.session] = bool(row.st)
    for row in table(folder, "names").sort_values("valid_from").itertuples():
        if row.listing in stories:
            stories[row.listing].names.append((row.valid_from, row.name))
    for row in table(folder, "board_lots").sort_values("valid_from").itertuples():
        if row.listing in stories:
            stories[row.listing].lots.append((row.valid_from, int(row.lot)))


def _actions(stories: dict[str, Story], actions: pd.DataFrame) -> None:
    def number(value: float, missing: int) -> Decimal:
        return Decimal(missing) if pd.isna(value) else Decimal(repr(float(value)))

    for row in actions.itertuples():
        if row.listing in stories:
            stories[row.listing].actions[row.ex_session] = Action(
                cash=number(row.cash, 0),
                bonus=number(row.bonus, 0),
                split=number(row.split, 1),
                rights=number(row.rights, 0),
                rights_price=number(row.rights_price, 0),
            )
