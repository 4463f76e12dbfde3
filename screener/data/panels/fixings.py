"""Convert amounts with the last fixing on or before a session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np

from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.domain.arrays import FloatArray, SessionAxis
from screener.domain.listing import Currency, Exchange
from screener.errors import DataError
from screener.language import say
from screener.language.terms import named
from screener.market.calendars import calendar_of

__all__ = ["MAX_AGE", "Fixings", "fixing_days", "read_fixings", "read_rates"]

MAX_AGE = timedelta(days=5)
"""How much older than the last day that had to have a fixing the one taken may be."""

_PIVOT = Currency.CNY


def fixing_days(sessions: SessionAxis) -> SessionAxis:
    """Return the last day on or before each session on which a fixing was due.

    The People's Bank fixes CNY on mainland sessions alone, while Hong Kong trades on through some
    mainland holidays: a fixing holds until the next mainland session, however far that is.

    Parameters
    ----------
    sessions
        `(n,)` days in any order.

    Returns
    -------
    numpy.ndarray
        `(n,)` days; the session itself where the mainland's calendar does not reach.
    """
    calendar = calendar_of(Exchange.SH).sessions
    at = np.searchsorted(calendar, sessions, side="right") - 1
    known = (at >= 0) & (sessions <= calendar[-1])
    return np.where(known, calendar[np.maximum(at, 0)], sessions)


def _due(session: date) -> date:
    found: date = fixing_days(np.array([session], dtype="datetime64[D]"))[0].item()
    return found


@dataclass(frozen=True, slots=True)
class Fixings:
    """Fixings by pair (`HKDCNY`: CNY for 1 HKD), oldest first, and which of them were used."""

    by_pair: dict[str, list[tuple[date, float]]]
    _used: dict[tuple[str, date], tuple[date, float]] = field(default_factory=dict)
    _rates: dict[tuple[Currency, Currency, date], float] = field(default_factory=dict)

    @classmethod
    def none(cls) -> Fixings:
        """Return no fixings, where nothing has to be converted."""
        return cls({})

    def rate(self, base: Currency, quote: Currency, session: date) -> float:
        """Return the units of `quote` for 1 of `base` on a session.

        Raises
        ------
        DataError
            If there is no fixing on or before the session that still holds: see `to_pivot`.
        """
        if base is quote:
            return 1.0
        key = (base, quote, session)
        if key not in self._rates:
            self._rates[key] = self._to_pivot(base, session) / self._to_pivot(quote, session)
        return self._rates[key]

    def to_pivot(self, currency: Currency, sessions: SessionAxis) -> FloatArray:
        """Return CNY for 1 of `currency` on each session: the last fixing on or before it.

        Parameters
        ----------
        currency
            Currency to value.
        sessions
            `(n,)` days, ascending.

        Returns
        -------
        numpy.ndarray
            `(n,)`; NaN where the last fixing is more than five days older than the last day on
            which one was due, or there is none.
        """
        if currency is _PIVOT:
            return np.ones(len(sessions))
        direct = self._carried(f"{currency}{_PIVOT}", sessions)
        inverse = self._carried(f"{_PIVOT}{currency}", sessions)
        return np.where(np.isfinite(direct), direct, 1.0 / inverse)

    def _carried(self, pair: str, sessions: SessionAxis) -> FloatArray:
        known = self.by_pair.get(pair, [])
        days = np.array([day for day, _ in known], dtype="datetime64[D]")
        rates = np.array([np.nan, *(rate for _, rate in known)])
        at = np.searchsorted(days, sessions, side="right")
        ages = fixing_days(sessions) - np.concatenate([[np.datetime64(date.min)], days])[at]
        return np.where(ages <= np.timedelta64(MAX_AGE.days, "D"), rates[at], np.nan)

    def remarks(self) -> tuple[str, ...]:
        """Say which fixings were used, by pair, for the latest session that needed them."""
        latest = {pair: self._used[pair, session] for pair, session in sorted(self._used)}
        return tuple(
            say("amounts converted with {pair} {rate:g} of {day}", pair=pair, rate=rate, day=day)
            for pair, (day, rate) in latest.items()
        )

    def _to_pivot(self, currency: Currency, session: date) -> float:
        if currency is _PIVOT:
            return 1.0
        direct, inverse = f"{currency}{_PIVOT}", f"{_PIVOT}{currency}"
        if (found := self._last(direct, session)) is not None:
            self._used[direct, session] = found
            return found[1]
        if (found := self._last(inverse, session)) is not None:
            self._used[inverse, session] = found
            return 1.0 / found[1]
        raise DataError(
            say(
                "no {pair} fixing within {days} days on or before {day}",
                pair=direct,
                days=MAX_AGE.days,
                day=_due(session),
            ),
            where=say("table {table}", table=named(TableName.FX)),
            fix=say("import one: `screener data import FILE --kind fx`"),
        )

    def _last(self, pair: str, session: date) -> tuple[date, float] | None:
        known = [item for item in self.by_pair.get(pair, ()) if item[0] <= session]
        return known[-1] if known and _due(session) - known[-1][0] <= MAX_AGE else None


def read_fixings(store: Store, first: date, last: date) -> Fixings:
    """Read the fixings that sessions from `first` to `last` may need."""
    table = store.read(TableName.FX, start=_due(first) - MAX_AGE, end=last)
    found: dict[str, list[tuple[date, float]]] = {}
    for pair, session, rate in zip(
        *(table.column(name).to_pylist() for name in ("pair", "session", "rate")), strict=True
    ):
        found.setdefault(pair, []).append((session, rate))
    return Fixings(found)


def read_rates(store: Store, currencies: Sequence[Currency], sessions: SessionAxis) -> FloatArray:
    """Return CNY for 1 of each currency on each session, `(n_sessions, n_currencies)`.

    NaN without a fixing that still holds: see `Fixings.to_pivot`.
    """
    if not len(sessions):
        return np.ones((0, len(currencies)))
    fixings = read_fixings(store, sessions[0].item(), sessions[-1].item())
    kinds = list(dict.fromkeys(currencies))
    rates = np.column_stack([fixings.to_pivot(kind, sessions) for kind in kinds])
    found: FloatArray = rates[:, [kinds.index(item) for item in currencies]]
    return found
