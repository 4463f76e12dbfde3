"""Central parity of the renminbi: one fixing for each mainland session."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar

import numpy as np
import pandas as pd

from screener.data.lake.batch import Batch, Reject
from screener.data.lake.rows import make_rows
from screener.data.lake.schema import TableName
from screener.data.sources.online.observed import (
    Row,
    day_in,
    frames_of,
    readable,
    records_of,
    rejected,
    text_in,
    whole_list,
)
from screener.data.sources.online.transport.fetching import fetch_all
from screener.data.sources.online.transport.protocol import Ask, Call, Need, Query, Wire
from screener.data.sources.online.transport.upstream import Endpoint, endpoint
from screener.domain.listing import Exchange
from screener.errors import InputError, SourceChanged, SourceEmpty
from screener.language import say
from screener.market.calendars import calendar_of

__all__ = ["BocFx", "EastmoneyFx"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fixing:
    session: date
    rate: float


class _Fx:
    """The steps that both sources of fixings share."""

    name: ClassVar[str]
    need: ClassVar[Need] = Need.FX
    exchanges: ClassVar[frozenset[Exchange]] = frozenset(Exchange)
    hosts: ClassVar[tuple[str, ...]]
    place: ClassVar[Endpoint]

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def build_query(self, ask: Ask) -> Query:
        """Ask for the pair; `SourceEmpty` if the source does not fix it."""
        symbol = self.place.extra["pairs"].get(ask.pair)
        if symbol is None:
            raise SourceEmpty(say("no fixings of {pair!r}", pair=ask.pair), where=self.name)
        arguments = {"symbol": symbol, **self.span(ask)}
        return Query(ask=ask, calls=(Call(function=self.place.function, arguments=arguments),))

    def span(self, ask: Ask) -> Mapping[str, object]:  # noqa: ARG002 - one source takes no days
        """Return the days in the source's own terms."""
        return {}

    def fetch(self, query: Query) -> tuple[pd.DataFrame | str, ...]:
        """Ask; raises as the wire does."""
        return fetch_all(self._wire, query)

    def normalise(self, query: Query, payload: tuple[pd.DataFrame | str, ...]) -> Batch:
        """Turn the fixings of the asked days into rows of `fx`.

        There is a fixing on mainland sessions alone: what a source sends for other days is an
        earlier one again, left out and counted.

        Raises
        ------
        SourceEmpty, SourceChanged
            If there is none, a column is missing, or a rate is outside the band in which it has
            always been, as when it is told per 100 instead of per 1.
        """
        (frame,) = frames_of(payload)
        whole_list(self.place, frame)
        ask = query.ask
        fixings, rejects = self._fixings(records_of(self.place.select(frame)), ask)
        readable(self.place, [*fixings, *rejects], rejects)
        self._check(fixings, ask)
        kept = _on_sessions(fixings)
        columns = {
            "pair": [ask.pair] * len(kept),
            "session": [fixing.session for fixing in kept],
            "rate": [fixing.rate for fixing in kept],
        }
        rows = make_rows(TableName.FX, columns, source=self.name, fetched_at=ask.fetched_at)
        carried = len(fixings) - len(kept)
        text = say(
            "{n} rates of {pair} on days without a fixing are left out", n=carried, pair=ask.pair
        )
        return Batch(
            tables={TableName.FX: rows},
            rejects=tuple(rejects),
            remarks=(text,) if carried else (),
        )

    def _fixings(self, rows: Iterable[Row], ask: Ask) -> tuple[list[_Fixing], list[Reject]]:
        """Return the asked days' fixings, one a day, and the rows that cannot be read."""
        found: dict[date, _Fixing] = {}
        rejects: list[Reject] = []
        for line, row in enumerate(rows, start=1):
            day: date | None = None
            try:
                day = day_in(row, "session")
                fixing = _fixing(row, day, found)
                found[fixing.session] = fixing
            except InputError as error:
                place = line if day is None else int(day.strftime("%Y%m%d"))
                file = f"{self.name} {ask.pair}"
                reject = rejected(TableName.FX, file, place, row, error.what, session=day)
                rejects.append(reject)
        kept = [found[day] for day in sorted(found) if ask.start <= day <= ask.end]
        asked = [
            item for item in rejects if item.session is None or ask.start <= item.session <= ask.end
        ]
        return kept, asked

    def _check(self, fixings: Iterable[_Fixing], ask: Ask) -> None:
        low, high = self.place.extra["band"]
        for fixing in fixings:
            if not low <= fixing.rate <= high:
                raise SourceChanged(
                    say(
                        "{source} gives {pair} {rate:g} on {session}, outside {low:g} to {high:g}: "
                        "its unit has changed",
                        source=self.name,
                        pair=ask.pair,
                        rate=fixing.rate,
                        session=fixing.session,
                        low=low,
                        high=high,
                    ),
                    where=self.place.function,
                    fix=say(
                        "check the rate, then correct units or band in {file}",
                        file=self.place.place,
                    ),
                )


class BocFx(_Fx):
    """Central parity from the Bank of China's table."""

    name = "boc"
    place = endpoint("fx", "boc")
    hosts = place.hosts

    def span(self, ask: Ask) -> Mapping[str, object]:
        """Return the days, from some earlier on: a short range over a holiday would be empty."""
        start = ask.start - timedelta(days=self.place.extra["lead_days"])
        return {"start_date": f"{start:%Y%m%d}", "end_date": f"{ask.end:%Y%m%d}"}


class EastmoneyFx(_Fx):
    """Central parity from Eastmoney, the whole history at once."""

    name = "eastmoney"
    place = endpoint("fx", "eastmoney")
    hosts = place.hosts


def _fixing(row: Row, day: date | None, found: Mapping[date, _Fixing]) -> _Fixing:
    if day is None:
        raise InputError(say("a rate without a day"))
    rate = pd.to_numeric(text_in(row, "rate"), errors="coerce")
    if not rate > 0:
        raise InputError(say("rate {rate!r} is no rate", rate=text_in(row, "rate")))
    fixing = _Fixing(session=day, rate=float(rate))
    if found.get(day, fixing) != fixing:
        raise InputError(say("{session} has another rate already", session=day))
    return fixing


def _on_sessions(fixings: list[_Fixing]) -> list[_Fixing]:
    days = np.array([fixing.session for fixing in fixings], dtype="datetime64[D]")
    held = calendar_of(Exchange.SH).known(days)
    return [fixing for fixing, session in zip(fixings, held, strict=True) if session]
