"""Sources that answer about one listing, and the corporate actions that they tell.

In a source's table in `upstream_tables/`, beside the keys of every endpoint, stand

    arguments   of akshare's function, with {code} and {id} filled in
    exchanges   exchanges that the source serves
    boards      boards of the listings that it may be asked for
    optional    columns that are taken where they are sent
    executed    states of a plan that was carried out; every plan when there is none
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, ClassVar

import pyarrow as pa

from screener.data.lake.batch import Batch, Reject
from screener.data.lake.rows import make_rows
from screener.data.lake.schema import TableName
from screener.data.panels.joint_actions import together
from screener.data.sources.online.bar_rows import asked_listing
from screener.data.sources.online.observed import (
    Row,
    day_in,
    frames_of,
    records_of,
    rejected,
    text_in,
    whole_list,
)
from screener.data.sources.online.transport.fetching import fetch_all
from screener.data.sources.online.transport.protocol import Ask, Call, Need, Query, Wire
from screener.data.sources.online.transport.upstream import Endpoint
from screener.data.validation.context import told_apart
from screener.domain.listing import Exchange, Listing
from screener.errors import InputError, SourceBlocked, SourceChanged
from screener.language import say
from screener.language.terms import named

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Action",
    "ActionSource",
    "ListingSource",
    "cash_and_shares",
    "exchanges_in",
    "number_in",
    "read_rows",
    "reject_of",
]

_DIGITS = 12  # of a term; a tenth of two decimals leaves a floating tail
_STATED_CASH = re.compile(r"10股?派(?:发现金红利|发现金|现金)?(\d+(?:\.\d+)?)元")
_STATED_BAND = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Terms and dates of one action, as table `actions` has them; `None` is not told.

    Parameters
    ----------
    cash, bonus, rights
        Per share held.
    split
        Shares after per share before.
    rights_price
        For one share, in the listing's currency.
    note
        What was assumed in reading it, counted in the batch's remarks; empty for nothing.
    """

    cash: float | None = None
    bonus: float | None = None
    split: float | None = None
    rights: float | None = None
    rights_price: float | None = None
    announced: date | None = None
    record_date: date | None = None
    pay_date: date | None = None
    note: str = ""


class ListingSource:
    """A source that answers about one listing by one or more calls of an akshare function."""

    name: ClassVar[str]
    need: ClassVar[Need]
    exchanges: ClassVar[frozenset[Exchange]]
    hosts: ClassVar[tuple[str, ...]]
    upstream: ClassVar[Endpoint]
    due: ClassVar[bool]
    """Whether every listing must have rows."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def build_query(self, ask: Ask) -> Query:
        """Turn a question into the source's own calls.

        Raises
        ------
        SourceBlocked
            If the listing is of a kind that the source cannot be asked for: nobody knows then.
        """
        listing = asked_listing(ask)
        if listing.exchange not in self.exchanges or not self._serves(listing):
            raise SourceBlocked(
                say(
                    "{source} cannot be asked for {need} of {board} listings of {exchange}",
                    source=self.name,
                    need=named(self.need),
                    board=named(listing.board),
                    exchange=listing.exchange,
                ),
                where=listing.id,
                fix=say("use another source, or bring a file: `screener data import`"),
            )
        function = self.upstream.function
        calls = (Call(function=function, arguments=item) for item in self.arguments(ask, listing))
        return Query(ask=ask, calls=tuple(calls))

    def arguments(self, ask: Ask, listing: Listing) -> Sequence[Mapping[str, object]]:  # noqa: ARG002 - one source needs the days
        """Return the arguments of each call."""
        stated = self.upstream.extra["arguments"]
        facts = {"code": listing.code, "id": listing.id}
        return [
            {name: text.format_map(facts) for name, text in item.items()}
            for item in (stated if isinstance(stated, list) else [stated])
        ]

    def fetch(self, query: Query) -> tuple[pd.DataFrame | str, ...]:
        """Ask; raises as the wire does."""
        return fetch_all(self._wire, query, due=self.due)

    def _serves(self, listing: Listing) -> bool:
        return listing.board in self.upstream.extra["boards"]


class ActionSource(ListingSource):
    """A source of corporate actions: one frame, one row for each plan."""

    due: ClassVar[bool] = False

    def normalise(self, query: Query, payload: tuple[pd.DataFrame | str, ...]) -> Batch:
        """Turn the plans of the asked days into rows of table `actions`.

        Plans that were not carried out are left out. Plans that share an ex-date add up: cash,
        bonus and rights are summed, splits multiplied, and of each date the latest stands. A row
        that comes twice, the same in every column, counts once.

        Raises
        ------
        SourceEmpty, SourceChanged
            If there is no row, a column is missing, or the cash is told per another number of
            shares than the text of the plan.
        """
        (frame,) = frames_of(payload)
        whole_list(self.upstream, frame)
        told = read_rows(self.upstream, frame.drop_duplicates())
        rows = [row for row in told if self.executed(row)]
        _check_basis(self.upstream, rows)
        reading = _Reading(query.ask, self.name, repeated=len(frame) - len(told))
        for line, row in enumerate(rows, start=1):
            reading.take(self, row, line)
        return reading.batch()

    def executed(self, row: Row) -> bool:
        """Tell whether a plan was carried out."""
        states: list[str] | None = self.upstream.extra.get("executed")
        return states is None or text_in(row, "state") in states

    def read(self, row: Row, listing: Listing) -> Action:  # noqa: ARG002 - Hong Kong's needs it
        """Read the terms and dates of a plan; `InputError` if they cannot be read."""
        return cash_and_shares(self.upstream, row)


def exchanges_in(place: Endpoint) -> frozenset[Exchange]:
    """Return the exchanges that an endpoint serves."""
    return frozenset(Exchange(name) for name in place.extra["exchanges"])


def read_rows(place: Endpoint, frame: pd.DataFrame) -> list[Row]:
    """Return the rows of a frame under our names, cells as they came.

    Raises
    ------
    SourceChanged
        If a column is missing that is not optional.
    """
    extra = place.extra.get("optional", {})
    sent = {field: name for field, name in extra.items() if name in frame.columns}
    # the units are applied by `number_in`, which tells an unreadable cell from an empty one
    plain = replace(place, units={}, columns=place.columns | sent)
    return records_of(plain.select(frame))


def number_in(place: Endpoint, row: Row, field: str) -> float | None:
    """Return a number in our unit, `None` where the cell is empty.

    Raises
    ------
    InputError
        If something stands there that is no finite number.
    """
    text = text_in(row, field)
    if text in {"", "None", "nan", "NaN", "<NA>"}:
        return None
    try:
        value = float(text.replace(",", ""))
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(say("{field} {value!r} is no number", field=named(field), value=text))
    return value * place.units.get(field, 1.0)


def cash_and_shares(place: Endpoint, row: Row) -> Action:
    """Read an A-share plan: cash, and bonus and conversion together.

    An empty cell is nothing distributed.

    Raises
    ------
    InputError
        If a cell cannot be read, or the parts do not add up to the total where one is told.
    """
    parts = [number_in(place, row, field) for field in ("bonus", "conversion")]
    shares = round(sum(part for part in parts if part is not None), _DIGITS)
    total = number_in(place, row, "shares")
    if total is not None:
        if parts == [None, None]:
            shares = round(total, _DIGITS)
        elif not math.isclose(total, shares, rel_tol=1e-6, abs_tol=1e-9):
            raise InputError(
                say(
                    "new shares of {parts:g} per share do not add up to {total:g}",
                    parts=shares,
                    total=total,
                )
            )
    return Action(
        cash=round(number_in(place, row, "cash") or 0.0, _DIGITS),
        bonus=shares,
        split=1.0,
        announced=day_in(row, "announced"),
        record_date=day_in(row, "record_date"),
        pay_date=day_in(row, "pay_date"),
    )


def reject_of(
    table: TableName,
    source: str,
    listing: Listing,
    row: Row,
    reason: str,
    *,
    day: date | None,
    line: int,
) -> Reject:
    """Return a row that is left out; its line is its day, or its place where it has none."""
    return rejected(
        table,
        f"{source} {listing.id}",
        line if day is None else int(day.strftime("%Y%m%d")),
        row,
        reason,
        listing=listing.id,
        session=day,
    )


class _Reading:
    """The plans of one reply as they are read."""

    def __init__(self, ask: Ask, source: str, *, repeated: int) -> None:
        self._ask = ask
        self._listing = asked_listing(ask)
        self._source = source
        self._found: dict[date, Action] = {}
        self._rejects: list[Reject] = []
        self._counts: Counter[str] = Counter()
        self._counts[say("rows that came twice, counted once")] = repeated

    def take(self, source: ActionSource, row: Row, line: int) -> None:
        """Read a plan; keep it, reject it, or leave it out for its day."""
        day: date | None = None
        try:
            day = day_in(row, "ex_session")
            if day is None:
                self._undated(row)
            elif self._asked(day):
                self._keep(day, source.read(row, self._listing))
        except InputError as error:
            reject = reject_of(
                TableName.ACTIONS, self._source, self._listing, row, error.what, day=day, line=line
            )
            self._rejects.append(reject)

    def batch(self) -> Batch:
        """Return what was read."""
        rows = _table(self._found, self._listing, self._source, self._ask)
        remarks = [
            say("{source}: {text}: {count}", source=self._source, text=text, count=count)
            for text, count in self._counts.items()
            if count
        ]
        return Batch(
            tables={TableName.ACTIONS: rows},
            rejects=told_apart(self._rejects),
            remarks=tuple(remarks),
        )

    def _asked(self, day: date) -> bool:
        return self._ask.start <= day <= self._ask.end

    def _undated(self, row: Row) -> None:
        announced = day_in(row, "announced")
        if announced is None or self._asked(announced):
            self._counts[say("plans without an ex-date, left out")] += 1

    def _keep(self, day: date, action: Action) -> None:
        if not any((action.cash, action.bonus, action.rights)) and action.split in {None, 1.0}:
            self._counts[say("plans without cash or shares, left out")] += 1
            return
        _check_terms(action)
        known = self._found.get(day)
        if known is not None:
            both = together(asdict(known), asdict(action))
            self._found[day] = Action(**both)
        else:
            self._found[day] = action
        if action.note:
            self._counts[action.note] += 1


def _check_terms(action: Action) -> None:
    terms = {"cash": action.cash, "bonus": action.bonus, "rights": action.rights}
    for name, value in terms.items():
        if value is not None and value < 0:
            raise InputError(
                say("{name} of {value:g} per share is negative", name=named(name), value=value)
            )
    if action.split is not None and action.split <= 0:
        raise InputError(say("a split into {shares:g} shares", shares=action.split))
    if action.rights and not (action.rights_price or 0) > 0:
        raise InputError(say("rights are offered without a price"))


def _table(found: Mapping[date, Action], listing: Listing, source: str, ask: Ask) -> pa.Table:
    days = sorted(found)
    columns: dict[str, list[object]] = {
        field: [getattr(found[day], field) for day in days]
        for field in Action.__dataclass_fields__
        if field != "note"
    }
    columns |= {"ex_session": list(days), "listing": [listing.id] * len(days)}
    return make_rows(TableName.ACTIONS, columns, source=source, fetched_at=ask.fetched_at)


def _check_basis(place: Endpoint, rows: Iterable[Row]) -> None:
    """Refuse a reply of which no row agrees with the cash that the text of its plan states."""
    told: list[tuple[float, float]] = []
    for row in rows:
        found = _STATED_CASH.findall(text_in(row, "plan"))
        cash = _cash_or_none(place, row)
        if len(found) == 1 and cash and float(found[0]):
            told.append((float(found[0]) / 10, cash))
    if told and not any(abs(cash / stated - 1) <= _STATED_BAND for stated, cash in told):
        stated, cash = told[0]
        raise SourceChanged(
            say(
                "{source} gives a cash dividend of {cash:g} per share where the plan says "
                "{stated:g}, and so in all {n} plans: its unit has changed",
                source=place.source,
                cash=cash,
                stated=stated,
                n=len(told),
            ),
            where=place.function,
            fix=say("check the dividends, then correct the units in {file}", file=place.place),
        )


def _cash_or_none(place: Endpoint, row: Row) -> float | None:
    try:
        return number_in(place, row, "cash")
    except InputError:
        return None
