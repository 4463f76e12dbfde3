"""Invented markets and calls for scoring: random walks, houses with known skill."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
import numpy.typing as npt

from screener.domain.listing import Exchange, Listing
from screener.domain.report import Band, RatingDefinition, RatingLevel
from screener.domain.total_return import IndexSeries, Peers, TotalReturnPanel
from screener.market.calendars import calendar_of
from screener.scoring.calls import Call, CallTable
from screener.scoring.definitions.contracts import Contracts, DatedDefinition

INDEX = Listing("000300", Exchange.SH)
HSI = Listing("HSI", Exchange.HK)


def sessions_between(start: date, end: date, exchange: Exchange = Exchange.SH) -> list[date]:
    """Return the sessions of an exchange."""
    return [day.item() for day in calendar_of(exchange).between(start, end)]


def share(number: int) -> Listing:
    """Return the listing of a number: a share of Shanghai's main board."""
    return Listing(f"60{number:04d}", Exchange.SH)


def panel_of(
    start: date,
    end: date,
    closes: Mapping[Listing, npt.NDArray[np.float64] | float],
    *,
    index: npt.NDArray[np.float64] | float = 100.0,
    opens: Mapping[Listing, npt.NDArray[np.float64]] | None = None,
    traded: npt.NDArray[np.bool_] | None = None,
    peers: Mapping[Listing, int] | None = None,
    industries: Mapping[Listing, str] | None = None,
) -> TotalReturnPanel:
    """Return a panel of closes by listing; a number stands on every session."""
    names = tuple(closes)
    exchange = names[0].exchange if names else Exchange.SH
    days = np.array(sessions_between(start, end, exchange), dtype="datetime64[D]")
    close = np.column_stack([_on(closes[name], len(days)) for name in names])
    close = np.array(close, dtype=np.float64).reshape(len(days), len(names))
    opened = close.copy()
    for name, values in (opens or {}).items():
        opened[:, names.index(name)] = _on(values, len(days))
    level = _on(index, len(days))
    benchmark = INDEX if exchange.mainland else HSI
    return TotalReturnPanel(
        sessions=days,
        listings=names,
        open=opened,
        close=close,
        traded=np.isfinite(close) if traded is None else traded,
        peers=np.array([(peers or {}).get(name, Peers.STOCKS) for name in names], dtype=np.int8),
        indices={benchmark: IndexSeries(listing=benchmark, basis="price", open=level, close=level)},
        industries=dict(industries or {}),
    )


def _on(values: npt.NDArray[np.float64] | float, n: int) -> npt.NDArray[np.float64]:
    """Spread a number over n sessions, or cut what reaches further."""
    given = np.asarray(values, dtype=np.float64)
    return np.full(n, float(given)) if given.ndim == 0 else given[:n].copy()


def band(
    rating: str,
    low: float | None,
    high: float | None = None,
    level: RatingLevel = RatingLevel.STOCK,
) -> Band:
    """Return a band."""
    return Band(level=level, rating=rating, low=low, high=high)


LADDER = (
    band("买入", 0.20),
    band("增持", 0.10, 0.20),
    band("中性", -0.10, 0.10),
    band("回避", None, -0.10),
    band("看好", 0.10, None, RatingLevel.INDUSTRY),
)


def definition(
    broker: str = "甲证券",
    since: date = date(2015, 1, 1),
    *,
    months: tuple[int, int] = (6, 6),
    bands: Sequence[Band] = LADDER,
    benchmarks: tuple[tuple[str, str], ...] = (("A", "沪深300"), ("HK", "恒生指数")),
    card: str = "D1",
    absolute: bool = False,
) -> DatedDefinition:
    """Return a dated definition."""
    return DatedDefinition(
        since=since,
        card=card,
        definition=RatingDefinition(
            broker=broker,
            months_low=months[0],
            months_high=months[1],
            benchmarks=benchmarks,
            bands=tuple(bands),
            absolute=absolute,
        ),
    )


def call(
    published: date,
    listing: Listing | None,
    *,
    broker: str = "甲证券",
    rating: str = "买入",
    level: str = "stock",
    number: int = 0,
    analysts: tuple[str, ...] = ("A",),
    themes: tuple[str, ...] = ("theme",),
    **more: object,
) -> Call:
    """Return a call, known after the close of its day."""
    return Call(
        id=f"{broker} {published} {listing} {number}",
        source="test",
        broker=broker,
        published=published,
        act_from=more.pop("act_from", date.fromordinal(published.toordinal() + 1)),  # type: ignore[arg-type]
        rating=rating,
        level=level,
        listing=listing,
        analysts=analysts,
        themes=themes,
        **more,  # type: ignore[arg-type]
    )


def random_market(
    n_listings: int, start: date, end: date, *, seed: int = 1, missing: float = 0.01
) -> TotalReturnPanel:
    """Return random walks around an index; here and there a session without a bar."""
    draw = np.random.default_rng(seed)
    days = np.array(sessions_between(start, end), dtype="datetime64[D]")
    shape = (len(days), n_listings)
    market = draw.normal(0.0002, 0.01, len(days))
    close = 10 * np.exp(np.cumsum(market[:, None] + draw.normal(0, 0.02, shape), axis=0))
    opened = close * (1 + draw.normal(0, 0.005, shape))
    gap = draw.random(shape) < missing
    close[gap], opened[gap] = np.nan, np.nan
    level = 4000 * np.exp(np.cumsum(market))
    return TotalReturnPanel(
        sessions=days,
        listings=tuple(share(number) for number in range(n_listings)),
        open=opened,
        close=close,
        traded=np.isfinite(close),
        peers=np.full(n_listings, Peers.STOCKS, dtype=np.int8),
        indices={INDEX: IndexSeries(listing=INDEX, basis="total", open=level, close=level)},
    )


def random_calls(
    panel: TotalReturnPanel,
    n_calls: int,
    brokers: Mapping[str, float],
    *,
    months: int = 6,
    seed: int = 2,
) -> CallTable:
    """Return calls of houses that know the future with a given chance.

    A house's call is, with its chance of skill, of a listing that will beat the index by more than
    20 % over the horizon (of those drawn), and else of any listing.
    """
    draw = np.random.default_rng(seed)
    n_sessions, n_listings = panel.close.shape
    houses = list(brokers)
    house = draw.integers(0, len(houses), n_calls)
    row = draw.integers(0, max(n_sessions - 23 * months, 1), n_calls)
    column = draw.integers(0, n_listings, n_calls)
    later = np.minimum(row + 21 * months, n_sessions - 1)
    level = panel.indices[INDEX].close
    skilled = draw.random(n_calls) < np.array([brokers[name] for name in houses])[house]
    for _ in range(12):
        gain = panel.close[later, column] / panel.close[row, column] - level[later] / level[row]
        again = np.flatnonzero(skilled & ~(gain > 0.2))
        column[again] = draw.integers(0, n_listings, len(again))
    return CallTable.of(
        [
            call(
                panel.sessions[at].item(),
                panel.listings[name],
                broker=houses[by],
                number=number,
                analysts=(f"{houses[by]}{number % 3}",),
                themes=(f"theme {name % 7}",),
                repeated=bool(number % 4),
            )
            for number, (at, name, by) in enumerate(zip(row, column, house, strict=True))
        ]
    ).by_date()


def contracts_of(brokers: Sequence[str], months: tuple[int, int] = (6, 6)) -> Contracts:
    """Return one definition for each house."""
    return Contracts([definition(name, date(2000, 1, 1), months=months) for name in brokers])
