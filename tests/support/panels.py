"""Small price panels for tests, written as prices by session."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import numpy as np

from screener.domain.basket import Event, Member, Weighting
from screener.domain.listing import Exchange, Listing, parse_listing
from screener.domain.panel import PricePanel
from screener.domain.report import Precision, Publication
from screener.market.calendars import calendar_of

Bars = Mapping[date, tuple[float, float]]
"""Open and close by session."""


def listing(text: str) -> Listing:
    return parse_listing(text)


def sessions(exchange: Exchange, first: date, count: int) -> list[date]:
    days = calendar_of(exchange).between(first, first + timedelta(days=3 * count + 30))
    return [day.item() for day in days[:count]]


def bars_of(
    exchange: Exchange, first: date, prices: Sequence[tuple[float, float] | None]
) -> dict[date, tuple[float, float]]:
    days = sessions(exchange, first, len(prices))
    return {day: price for day, price in zip(days, prices, strict=True) if price is not None}


def panel_of(
    bars: Mapping[str, Bars],
    *,
    suspended: Mapping[str, Sequence[date]] | None = None,
    st: Mapping[str, Sequence[date]] | None = None,
    factors: Mapping[str, Mapping[date, float]] | None = None,
    adjusted: Sequence[str] = (),
    fx: float = 0.9,
    list_dates: Mapping[str, date] | None = None,
    start: date | None = None,
    last_sessions: Mapping[Exchange, date] | None = None,
) -> PricePanel:
    """Make a panel whose axis runs over all sessions of the exchanges in `bars`."""
    names = [listing(text) for text in bars]
    days = [day for series in bars.values() for day in series]
    first, last = start or min(days), max(days)
    axis = np.unique(
        np.concatenate([calendar_of(name.exchange).between(first, last) for name in names])
    )
    at = {day.item(): row for row, day in enumerate(axis)}
    shape = (len(axis), len(names))
    matrices = {key: np.full(shape, np.nan) for key in ("open", "close")}
    factor = np.ones(shape)
    flags = {key: np.zeros(shape, dtype=bool) for key in ("suspended", "st", "trading")}
    for column, (text, series) in enumerate(bars.items()):
        for day, (opened, closed) in series.items():
            matrices["open"][at[day], column] = opened
            matrices["close"][at[day], column] = closed
        for day, value in (factors or {}).get(text, {}).items():
            factor[at[day] :, column] = value
        for key, given in (("suspended", suspended), ("st", st)):
            for day in (given or {}).get(text, ()):
                flags[key][at[day], column] = True
        sessions_of = calendar_of(names[column].exchange).sessions
        flags["trading"][:, column] = np.isin(axis, sessions_of)
    reach: dict[Exchange, date] = {}
    for name, series in zip(names, bars.values(), strict=True):
        if series:
            reach[name.exchange] = max(reach.get(name.exchange, date.min), *series)
    return PricePanel(
        sessions=axis,
        listings=tuple(names),
        open=matrices["open"],
        close=matrices["close"],
        factor=factor,
        fx=np.column_stack(
            [np.full(len(axis), 1.0 if name.exchange.mainland else fx) for name in names]
        ),
        prior_values=np.full(len(names), np.nan),
        trading=flags["trading"],
        suspended=flags["suspended"],
        st=flags["st"],
        adjusted=np.array([text in adjusted for text in bars]),
        list_dates=tuple((list_dates or {}).get(text) for text in bars),
        first_bars=tuple(min(series, default=None) for series in bars.values()),
        last_bars=tuple(max(series, default=None) for series in bars.values()),
        last_sessions=dict(last_sessions or reach),
    )


def event_of(
    names: Sequence[str],
    published: date,
    *,
    weights: Sequence[float] | None = None,
    publication: Publication | None = None,
) -> Event:
    given = weights or [None] * len(names)
    return Event(
        basket="test",
        report="T1",
        published=publication or Publication(value=published, precision=Precision.DAY),
        members=tuple(
            Member(listing=listing(name), name=name, weight=weight)
            for name, weight in zip(names, given, strict=True)
        ),
        weighting=Weighting.CUSTOM if weights else Weighting.EQUAL,
    )
