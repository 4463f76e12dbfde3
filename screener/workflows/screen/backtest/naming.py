"""Whom a screen names on each of many days, as it would have then, or with hindsight."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from enum import StrEnum

import pyarrow as pa
import pyarrow.compute as pc

from screener.data.lake.asof import AsOf
from screener.data.lake.schema import TableName
from screener.data.lake.stepping import SteppedStore
from screener.data.lake.store import Store
from screener.domain.basket import Event
from screener.domain.days import SHANGHAI
from screener.errors import DataError
from screener.language import say
from screener.progress import counted
from screener.screen.evaluate import ScreenedRow, passing
from screener.screen.query import locked
from screener.workflows.screen.run import ScreenRequest, gathered_rows, members_as_of

__all__ = ["Bias", "Hindsight", "Named", "names_on"]


class Bias(StrEnum):
    """What a backtest knows that nobody knew then."""

    PERIOD_END = "period_end"
    SURVIVORS = "survivors"
    LABELS = "labels"
    EARLY_ENTRY = "early_entry"

    @property
    def told(self) -> str:
        """What it is, in the reader's language."""
        return {
            Bias.PERIOD_END: lambda: say("statements known when their period ends"),
            Bias.SURVIVORS: lambda: say("only names that are still listed at the end"),
            Bias.LABELS: lambda: say("industries and names as at the end"),
            Bias.EARLY_ENTRY: lambda: say("traded a session early"),
        }[self]()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hindsight(AsOf):
    """The tables as of an instant, with some of what was known only later.

    Parameters
    ----------
    biases
        What is known too early.
    today
        The day from which is looked back.
    """

    biases: frozenset[Bias]
    today: date

    def vintages(
        self, *, columns: Sequence[str], listings: Sequence[str] | None = None
    ) -> pa.Table:
        """Return statements as of the end of their period, the newest vintage there ever was."""
        if Bias.PERIOD_END not in self.biases:
            return AsOf.vintages(self, columns=columns, listings=listings)
        wanted = dict.fromkeys(("listing", "period_end", "known_at", *columns))
        rows = self.store.read(TableName.FUNDAMENTALS, listings=listings, columns=tuple(wanted))
        ended = rows.filter(pc.less_equal(rows.column("period_end"), pa.scalar(self.day)))
        at = ended.column_names.index("known_at")
        return ended.set_column(at, "known_at", ended.column("period_end"))

    def listings_alive(self) -> pa.Table:
        """Return the listings of the day, without those that were delisted later."""
        rows = AsOf.listings_alive(self)
        if Bias.SURVIVORS not in self.biases:
            return rows
        gone = self.listings_gone().column("listing")
        return rows.filter(pc.invert(pc.is_in(rows.column("listing"), gone)))

    def listings_gone(self) -> pa.Table:
        """Return the listings that are delisted, by today."""
        return AsOf.listings_gone(self._looking_back(Bias.SURVIVORS))

    def names_on(self, day: date | None = None) -> pa.Table:
        """Return today's name of each listing."""
        if Bias.LABELS not in self.biases:
            return AsOf.names_on(self, day)
        return AsOf.names_on(self._looking_back(Bias.LABELS))

    def st_on(self, day: date | None = None) -> frozenset[str]:
        """Return who is under special treatment today."""
        if Bias.LABELS not in self.biases:
            return AsOf.st_on(self, day)
        return AsOf.st_on(self._looking_back(Bias.LABELS))

    def industries_on(self) -> pa.Table:
        """Return today's industry of each listing."""
        return AsOf.industries_on(self._looking_back(Bias.LABELS))

    def _looking_back(self, bias: Bias) -> AsOf:
        if bias not in self.biases:
            return AsOf(self.store, self.at, self._tables)
        return AsOf(self.store, _evening(self.today), self._tables)


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Whom a screen names on a day.

    Parameters
    ----------
    day
        The day: nothing later is known.
    looked_at, passed
        How many names were looked at, and how many passed.
    rows
        Those that are held, by rank.
    """

    day: date
    looked_at: int
    passed: int
    rows: tuple[ScreenedRow, ...]


def names_on(
    store: Store,
    screen: ScreenRequest,
    days: Sequence[date],
    *,
    events: Sequence[Event] = (),
    biases: frozenset[Bias] = frozenset(),
    today: date | None = None,
) -> Iterator[Named]:
    """Give whom a screen names on each of some days.

    Parameters
    ----------
    store
        Tables to read.
    screen
        What is asked; each day stands for its own.
    days
        The days.
    events
        Events of the basket that is screened, whose names of the day are looked at.
    biases, today
        What is known too early, and the day from which is looked back.

    Raises
    ------
    DataError
        If the tables do not hold what a day needs.
    """
    questions = screen.questions()
    last = max(days) if today is None else today
    tables: dict[TableName, pa.Table] = {}
    stepped = SteppedStore(store)
    with locked() as connection:
        for day in counted(days):
            known = (
                Hindsight(stepped, _evening(day), tables, biases=biases, today=last)
                if biases
                else AsOf(stepped, _evening(day), tables)
            )
            asked = screen
            if events:
                try:
                    asked = replace(screen, members=members_as_of(events, day))
                except DataError:  # nobody is named yet
                    yield Named(day=day, looked_at=0, passed=0, rows=())
                    continue
            _, gathered = gathered_rows(known, asked, questions)
            found = passing(gathered.rows, questions, within=connection)
            yield Named(
                day=day,
                looked_at=gathered.rows.num_rows,
                passed=len(found),
                rows=found[: screen.top],
            )


def _evening(day: date) -> datetime:
    return datetime.combine(day, time.max, SHANGHAI)
