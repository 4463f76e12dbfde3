"""Baostock, an optional second opinion on mainland A shares: status, multiples, bars, factors.

Its sources differ from the others in one thing: what they are given is a `BaostockWire`, because
baostock is neither akshare nor a web page.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Protocol

import numpy as np

from screener.data.lake.batch import Batch, Reject
from screener.data.lake.rows import Values, make_rows
from screener.data.lake.schema import TableName
from screener.data.sources.online.bar_rows import asked_listing, bar_batch, exchanges_of
from screener.data.sources.online.transport.protocol import Ask, Call, Need, Page, Query
from screener.data.sources.online.transport.upstream import Endpoint, endpoint
from screener.domain.arrays import DayArray, FlagArray, FloatArray
from screener.domain.listing import Exchange
from screener.errors import SourceBlocked, SourceChanged
from screener.language import say
from screener.language.terms import named

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "BaostockBars",
    "BaostockFactors",
    "BaostockSource",
    "BaostockStatus",
    "BaostockValuation",
    "BaostockWire",
    "call_of",
]

_Reasons = list[str]


class BaostockWire(Protocol):
    """The way to baostock; `baostock_wire.BaostockConnection` is the real one."""

    def query(self, call: Call) -> pd.DataFrame:
        """Run one of baostock's query functions.

        Raises
        ------
        SourceBlocked
            If it could not be asked.
        SourceEmpty
            If it answered that there is nothing.
        SourceChanged
            If the reply has another shape than before.
        """
        ...


class BaostockSource:
    """What the sources share: calls for one listing, mostly one, answered by frames of text."""

    name: ClassVar[str] = "baostock"
    need: ClassVar[Need]
    exchanges: ClassVar[frozenset[Exchange]]
    hosts: ClassVar[tuple[str, ...]]
    upstream: ClassVar[Endpoint]

    def __init__(self, wire: BaostockWire) -> None:
        self._wire = wire

    def build_query(self, ask: Ask) -> Query:
        """Turn a question into baostock's own call.

        Raises
        ------
        SourceBlocked
            If the listing is none that baostock knows.
        """
        listing, extra = asked_listing(ask), self.upstream.extra
        if listing.exchange not in self.exchanges or listing.board not in extra["boards"]:
            raise SourceBlocked(
                say(
                    "baostock cannot be asked for {board} listings of {exchange}",
                    board=named(listing.board),
                    exchange=listing.exchange,
                ),
                where=listing.id,
                fix=say("ask another source"),
            )
        facts = {
            "prefix": extra["prefixes"][listing.exchange],
            "code": listing.code,
            "start": ask.start,
            "end": ask.end,
        }
        return Query(ask=ask, calls=self.calls(ask, facts))

    def calls(self, ask: Ask, facts: Mapping[str, object]) -> tuple[Call, ...]:  # noqa: ARG002 - one source needs the days
        """Return the calls that answer a question, of what is known of its listing."""
        return (call_of(self.upstream, facts),)

    def fetch(self, query: Query) -> tuple[pd.DataFrame | str, ...]:
        """Ask; raises as the wire does."""
        return tuple(self._wire.query(call) for call in query.calls if not isinstance(call, Page))


class BaostockStatus(BaostockSource):
    """Suspension and special treatment of one listing, a row for every session it tells."""

    need: ClassVar[Need] = Need.STATUS
    upstream = endpoint("baostock", "status")
    exchanges = exchanges_of(upstream)
    hosts = upstream.hosts

    def normalise(self, query: Query, payload: tuple[pd.DataFrame | str, ...]) -> Batch:
        """Turn the frame into rows of table `status`.

        Raises
        ------
        SourceChanged
            If a column is missing.
        """
        frame = _frame(payload)
        columns = self.upstream.select(frame)
        days = _days(columns["session"])
        traded, trade_faults = self._flags(columns["traded"], "tradestatus", required=True)
        special, special_faults = self._flags(columns["st"], "isST", required=False)
        suspended = [None if flag is None else not flag for flag in traded]
        faults = _first(_undated(days), trade_faults, special_faults)
        values: dict[str, Values] = {"suspended": suspended, "st": special}
        return _batch(TableName.STATUS, query.ask, days, values, faults, frame)

    def _flags(
        self, column: pd.Series, name: str, *, required: bool
    ) -> tuple[list[bool | None], _Reasons]:
        """Read yes and no; an empty cell is unknown, which a required value must not be."""
        meaning: dict[str, bool | None] = {
            self.upstream.extra["yes"]: True,
            self.upstream.extra["no"]: False,
        }
        if not required:
            meaning[""] = None
        cells = [str(cell).strip() for cell in column]
        faults = [
            "" if cell in meaning else say("{name} is {value!r}", name=named(name), value=cell)
            for cell in cells
        ]
        return [meaning.get(cell) for cell in cells], faults


class BaostockValuation(BaostockSource):
    """Multiples by session: P/E and P/S of twelve months, P/B of the last quarter.

    `pcf_ttm` stays empty: baostock's pcfNcfTTM divides by the net increase in cash and cash
    equivalents, and ours is defined on operating cash flow. It tells no market value.
    """

    need: ClassVar[Need] = Need.VALUATION
    upstream = endpoint("baostock", "valuation")
    exchanges = exchanges_of(upstream)
    hosts = upstream.hosts

    def normalise(self, query: Query, payload: tuple[pd.DataFrame | str, ...]) -> Batch:
        """Turn the frame into rows of table `valuation`.

        Raises
        ------
        SourceChanged
            If a column is missing.
        """
        frame = _frame(payload)
        columns = self.upstream.select(frame)
        days = _days(columns["session"])
        values: dict[str, Values] = {}
        faults = [_undated(days)]
        for name in ("pe_ttm", "pb", "ps_ttm"):
            numbers, wrong = _numbers(columns[name], name)
            values[name] = np.where(numbers == 0, np.nan, numbers)
            faults.append(wrong)
        return _batch(TableName.VALUATION, query.ask, days, values, _first(*faults), frame)


class BaostockBars(BaostockSource):
    """Raw daily bars; suspended sessions, which baostock sends as flat rows, have none."""

    need: ClassVar[Need] = Need.BARS
    upstream = endpoint("baostock", "bars")
    exchanges = exchanges_of(upstream)
    hosts = upstream.hosts

    def normalise(self, query: Query, payload: tuple[pd.DataFrame | str, ...]) -> Batch:
        """Turn the frame into rows of table `bars`.

        Raises
        ------
        SourceChanged
            If a column is missing.
        """
        frame = _frame(payload)
        traded, no = self.upstream.extra["traded"], self.upstream.extra["no"]
        if traded not in frame.columns:
            raise SourceChanged(
                say("baostock no longer sends {missing}", missing=traded),
                where=self.upstream.function,
                fix=say(
                    "correct the columns in {file}, or wait for a new release",
                    file=self.upstream.place,
                ),
            )
        halted = frame[traded].astype(str).str.strip() == no
        batch = bar_batch(query.ask, frame[~halted], self.upstream, source=self.name)
        count = int((halted & _asked(_days(frame["date"]), query.ask)).sum())
        told = say(
            "baostock, {listing}: {n} suspended sessions have no bar",
            listing=query.ask.subject,
            n=count,
        )
        remarks = (*batch.remarks, told) if count else batch.remarks
        return Batch(tables=batch.tables, rejects=batch.rejects, remarks=remarks)


class BaostockFactors(BaostockSource):
    """Baostock's own cumulative factors, from the listing on whatever is asked, up to its end.

    A row with factor 1 stands before the first step, so that this step is known too.
    """

    need: ClassVar[Need] = Need.VENDOR_FACTORS
    upstream = endpoint("baostock", "vendor_factors")
    exchanges = exchanges_of(upstream)
    hosts = upstream.hosts

    def normalise(self, query: Query, payload: tuple[pd.DataFrame | str, ...]) -> Batch:
        """Turn the frame into rows of table `factors`.

        Raises
        ------
        SourceChanged
            If a column is missing.
        """
        frame = _frame(payload)
        columns = self.upstream.select(frame)
        days = _days(columns["ex_session"])
        factor, faults = _numbers(columns["factor"], "factor", positive=True)
        base = np.array([self.upstream.extra["since"]], dtype="datetime64[D]")
        return _batch(
            TableName.FACTORS,
            query.ask,
            np.concatenate([base, days]),
            {"factor": np.concatenate([[1.0], factor])},
            ["", *_first(_undated(days), faults)],
            frame,
            offset=1,
        )


def call_of(place: Endpoint, facts: Mapping[str, object]) -> Call:
    """Return the call of an endpoint, with these facts in its arguments."""
    stated: Mapping[str, str] = place.extra["arguments"]
    arguments = {name: text.format_map(facts) for name, text in stated.items()}
    return Call(function=place.function, arguments=arguments)


def _batch(
    table: TableName,
    ask: Ask,
    days: DayArray,
    values: Mapping[str, Values],
    faults: _Reasons,
    frame: pd.DataFrame,
    *,
    offset: int = 0,
) -> Batch:
    """Make rows of the asked days that could be read, sorted, and rejects of the others.

    Factors are cumulative: all up to the asked end are kept. `offset` is the number of rows that
    stand before those of the frame.
    """
    day_name = "ex_session" if table is TableName.FACTORS else "session"
    wanted = _asked(days, ask) | (days < np.datetime64(ask.start, "D") if offset else False)
    fine = np.array([not fault for fault in faults], dtype=np.bool_)
    chosen = np.flatnonzero(wanted & fine)
    chosen = chosen[np.argsort(days[chosen], kind="stable")]
    columns = {
        name: np.asarray(column, dtype=object)[chosen].tolist() for name, column in values.items()
    }
    rows = make_rows(
        table,
        {day_name: days[chosen], "listing": asked_listing(ask).id, **columns},
        source=BaostockSource.name,
        fetched_at=ask.fetched_at,
    )
    bad = np.flatnonzero(~fine & (wanted | np.isnat(days)))
    rejects = [_reject(table, ask, days[row], int(row), faults[row], frame, offset) for row in bad]
    return Batch(tables={table: rows}, rejects=tuple(rejects))


def _reject(
    table: TableName,
    ask: Ask,
    day: np.datetime64,
    row: int,
    reason: str,
    frame: pd.DataFrame,
    offset: int,
) -> Reject:
    session = None if np.isnat(day) else day.astype(object)
    cells = {str(name): str(cell) for name, cell in frame.iloc[row - offset].items()}
    return Reject(
        table=table,
        file=f"{BaostockSource.name} {ask.subject}",
        # rows without a day are told apart by their place in the reply
        line=row + 1 if session is None else int(f"{session:%Y%m%d}"),
        reason=reason,
        row=json.dumps(cells, ensure_ascii=False),
        listing=ask.subject,
        session=session,
    )


def _frame(payload: tuple[pd.DataFrame | str, ...]) -> pd.DataFrame:
    (frame,) = payload
    if isinstance(frame, str):
        raise TypeError("a page came back where a frame was asked for")
    return frame


def _asked(days: DayArray, ask: Ask) -> FlagArray:
    first, last = np.datetime64(ask.start, "D"), np.datetime64(ask.end, "D")
    inside: FlagArray = (days >= first) & (days <= last)
    return inside


def _days(column: pd.Series) -> DayArray:
    import pandas as pd

    parsed = pd.to_datetime(column.astype("string"), format="ISO8601", errors="coerce")
    return np.asarray(parsed.to_numpy(dtype="datetime64[D]"))


def _undated(days: DayArray) -> _Reasons:
    return [say("day is missing or no date") if missing else "" for missing in np.isnat(days)]


def _numbers(
    column: pd.Series, name: str, *, positive: bool = False
) -> tuple[FloatArray, _Reasons]:
    """Read numbers, NaN for an empty cell, and say what is none."""
    import pandas as pd

    text = column.astype(str).str.strip()
    values = pd.to_numeric(text, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    good = np.isfinite(values) & ((values > 0) if positive else True)
    empty = (text == "").to_numpy() & (not positive)
    reasons = [
        "" if fine or blank else say("{name} is {value!r}", name=named(name), value=cell)
        for fine, blank, cell in zip(good, empty, text, strict=True)
    ]
    return np.where(good, values, np.nan), reasons


def _first(*faults: _Reasons) -> _Reasons:
    """Return each row's first reason."""
    return [next((reason for reason in row if reason), "") for row in zip(*faults, strict=True)]
