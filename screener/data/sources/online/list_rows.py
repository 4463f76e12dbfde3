"""Every listing of a market with its bar and value of the session that is over, from one list.

`SessionList` is what all lists share; a source adds its table in `upstream_tables/`, in which,
beside the keys of every endpoint, stand

    exchanges   exchanges that the list is of
    boards      boards whose rows are taken; the others are left out
    floor       fewer rows than this are a list that was cut off
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from screener.data.lake.batch import Batch, Reject
from screener.data.lake.rows import make_rows
from screener.data.lake.schema import Basis, TableName
from screener.data.sources.online.action_rows import number_in, read_rows
from screener.data.sources.online.bar_rows import volume_unit
from screener.data.sources.online.observed import (
    Row,
    frames_of,
    readable,
    rejected,
    text_in,
    whole_list,
)
from screener.data.sources.online.transport.fetching import fetch_all
from screener.data.sources.online.transport.protocol import Ask, Call, Need, Query, Wire
from screener.data.sources.online.transport.upstream import Endpoint
from screener.domain.arrays import FloatArray
from screener.domain.listing import Exchange, Kind, Listing, parse_listing, parse_listing_on
from screener.errors import InputError, SourceChanged
from screener.language import say
from screener.language.terms import named

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SessionList"]

_PRICES = ("open", "high", "low", "close")
_BAR = (*_PRICES, "volume", "amount")
_VALUES = ("market_cap", "float_cap", "pb")
_UNIT_BAND = 2.0


class SessionList:
    """What the lists of both markets share: one call, one frame."""

    name: ClassVar[str]
    need: ClassVar[Need] = Need.SESSION_LIST
    upstream: ClassVar[Endpoint]
    exchanges: ClassVar[frozenset[Exchange]]
    hosts: ClassVar[tuple[str, ...]]

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def build_query(self, ask: Ask) -> Query:
        """Ask for the whole market."""
        return Query(ask=ask, calls=(Call(function=self.upstream.function),))

    def fetch(self, query: Query) -> tuple[pd.DataFrame | str, ...]:
        """Ask; raises as the wire does, and a page that fails loses them all."""
        return fetch_all(self._wire, query)

    def normalise(self, query: Query, payload: tuple[pd.DataFrame | str, ...]) -> Batch:
        """Turn the list into rows of `bars` and `valuation` of the asked session, raw.

        A listing that did not trade has no row: its list has a price alone, or nothing. Whether
        the list is of the asked session, the caller must prove by `Batch.references`.

        Returns
        -------
        Batch
            Rows by listing. A row whose code or number cannot be read, that comes twice with other
            values, or whose amount belongs to another volume is a `Reject`.

        Raises
        ------
        SourceEmpty, SourceChanged
            If the list is empty or cut off, a column is missing, most rows cannot be read, or the
            volume is neither in shares nor in lots.
        """
        (frame,) = frames_of(payload)
        whole_list(self.upstream, frame)
        rows = read_rows(self.upstream, frame)
        rejects: list[Reject] = []
        found = self._by_listing(rows, query.ask, rejects)
        readable(self.upstream, rows, rejects)
        traded = {name: row for name, row in found.items() if _traded(row)}
        remarks = _in_shares(traded, self.upstream)
        rejects += [
            _reject(self.name, query.ask, name, traded.pop(name), _other_volume())
            for name in [name for name, row in traded.items() if not _one_trade(row)]
        ]
        return self._batch(query.ask, traded, found, rejects, remarks)

    def _batch(
        self,
        ask: Ask,
        traded: Mapping[str, Mapping[str, float | None]],
        found: Mapping[str, Mapping[str, float | None]],
        rejects: Sequence[Reject],
        remarks: Sequence[str],
    ) -> Batch:
        names = sorted(traded)
        valued = [name for name in names if any(traded[name].get(key) for key in _VALUES)]
        tables = {
            table: make_rows(
                table,
                {
                    "listing": kept,
                    "session": [ask.end] * len(kept),
                    "basis": Basis.RAW.value,
                    **{key: [traded[name].get(key) for name in kept] for key in fields},
                },
                source=self.name,
                fetched_at=ask.fetched_at,
            )
            for table, kept, fields in (
                (TableName.BARS, names, _BAR),
                (TableName.VALUATION, valued, _VALUES),
            )
        }
        references = {
            name: value for name, row in found.items() if (value := row["reference"]) is not None
        }
        return Batch(
            tables=tables, rejects=tuple(rejects), remarks=tuple(remarks), references=references
        )

    def _by_listing(
        self, rows: Sequence[Row], ask: Ask, rejects: list[Reject]
    ) -> dict[str, dict[str, float | None]]:
        """Return the numbers of each listing; rows of kinds that are not asked for are left out."""
        fields = [name for name in self.upstream.columns if name not in ("code", "name")]
        found: dict[str, dict[str, float | None]] = {}
        twice: dict[str, None] = {}
        for line, row in enumerate(rows, start=2):
            name: str | None = None
            try:
                listing = self._listing(text_in(row, "code"))
                if str(listing.board) not in self.upstream.extra["boards"]:
                    continue
                name = listing.id
                numbers = {field: number_in(self.upstream, row, field) for field in fields}
                _whole(numbers)
            except InputError as error:
                rejects.append(
                    rejected(
                        TableName.BARS,
                        f"{self.name} list of {ask.subject}",
                        line,
                        row,
                        error.what,
                        listing=name,
                        session=ask.end,
                    )
                )
                continue
            if found.setdefault(name, numbers) != numbers:
                twice[name] = None
        rejects += [_reject(self.name, ask, name, found.pop(name), _twice()) for name in twice]
        return found

    def _listing(self, code: str) -> Listing:
        """Return the listing of a bare code; raises `InputError` if it is none."""
        if self.exchanges == {Exchange.HK}:
            return parse_listing_on(code, Exchange.HK, parameter="code")
        return parse_listing(code, parameter="code", kind=Kind.SECURITY)


def _twice() -> str:
    return say("the listing comes twice with different values")


def _other_volume() -> str:
    return say("amount and volume do not belong together")


def _whole(numbers: Mapping[str, float | None]) -> None:
    """Refuse a row that has some numbers of a bar and lacks others."""
    moving = [numbers[name] for name in ("open", "high", "low")]
    volume = numbers["volume"]
    if any(value is not None and value > 0 for value in moving) and volume:
        lacking = [name for name in _BAR if numbers[name] is None]
        if lacking:
            raise InputError(say("{field} is missing", field=named(lacking[0])))


def _traded(numbers: Mapping[str, float | None]) -> bool:
    return bool(numbers["volume"]) and all(numbers[name] for name in _PRICES)


def _in_shares(traded: dict[str, dict[str, float | None]], upstream: Endpoint) -> list[str]:
    """Turn the volumes into whole shares, as amount and price tell; return the remark on it."""
    volume, amount, close = (_column(traded, name) for name in ("volume", "amount", "close"))
    unit = volume_unit(volume, amount, close)
    if unit.factor is None:
        raise SourceChanged(
            say(
                "the median of amount / (volume × close) is {ratio:.4g}: the volume is neither in "
                "shares nor in lots",
                ratio=unit.ratio,
            ),
            where=upstream.function,
            fix=say(
                "correct the units in {place}, or wait for a new release", place=upstream.place
            ),
        )
    for row in traded.values():
        row["volume"] = round((row["volume"] or 0) * unit.factor)
    if unit.factor == 1:
        return []
    return [
        say(
            "{function}: volumes multiplied by {factor:g} to be in shares",
            function=upstream.function,
            factor=unit.factor,
        )
    ]


def _one_trade(row: Mapping[str, float | None]) -> bool:
    volume, amount, close = row["volume"], row["amount"], row["close"]
    if not (volume and amount and close):
        return False
    return 1 / _UNIT_BAND <= amount / (volume * close) <= _UNIT_BAND


def _column(rows: Mapping[str, Mapping[str, float | None]], name: str) -> FloatArray:
    return np.array([row[name] for row in rows.values()], dtype=np.float64)


def _reject(source: str, ask: Ask, name: str, row: Row, reason: str) -> Reject:
    return rejected(
        TableName.BARS,
        f"{source} {name}",
        int(f"{ask.end:%Y%m%d}"),
        row,
        reason,
        listing=name,
        session=ask.end,
    )
