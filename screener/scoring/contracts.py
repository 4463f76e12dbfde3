"""Rating contracts: what a broker's rating promised on a day, from the definitions it printed.

A definition holds from the day of the card that carries it. Within a broker, the definition in
force for a kind of rating (stock, industry, convertible) is the newest one that has bands of that
kind: a card that defines industry ratings alone leaves the older stock ratings as they were.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np

from screener.domain.arrays import DayArray, IntArray, TextArray
from screener.domain.listing import Exchange, Listing
from screener.domain.report import Band, RatingDefinition, RatingLevel
from screener.scoring.bands import Direction, direction_of

__all__ = ["Contract", "Contracts", "DatedDefinition", "benchmark_of"]

_INDICES = {
    "沪深300": Listing("000300", Exchange.SH),
    "中证800": Listing("000906", Exchange.SH),
    "中证500": Listing("000905", Exchange.SH),
    "中证全指": Listing("000985", Exchange.SH),
    "中证A500": Listing("000510", Exchange.SH),
    "上证综指": Listing("000001", Exchange.SH),
    "上证指数": Listing("000001", Exchange.SH),
    "深证成指": Listing("399001", Exchange.SZ),
    "恒生指数": Listing("HSI", Exchange.HK),
    "恒生综合指数": Listing("HSCI", Exchange.HK),
    "恒生中国企业指数": Listing("HSCEI", Exchange.HK),
    "恒生科技指数": Listing("HSTECH", Exchange.HK),
}
"""Index of each benchmark that cards name and tables can hold, by its name on the card."""

_MARKETS = {True: "A", False: "HK"}
_DEFAULTS = {True: "沪深300", False: "恒生指数"}


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedDefinition:
    """A broker's definition of its ratings, the day from which it holds, and where it stands."""

    since: date
    card: str
    definition: RatingDefinition


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """What one rating of a broker promises.

    Parameters
    ----------
    broker, level, rating
        Whose rating it is, what it speaks of, and its word.
    since, card
        Day from which it holds, and the card that says so.
    months_low, months_high
        Horizon in calendar months.
    benchmarks
        Pairs of market and benchmark, as printed; empty where the broker names none.
    band
        Promised active return.
    """

    broker: str
    level: RatingLevel
    rating: str
    since: date
    card: str
    months_low: int
    months_high: int
    benchmarks: tuple[tuple[str, str], ...]
    band: Band

    @property
    def direction(self) -> Direction:
        """To which side of the benchmark it points."""
        return direction_of(self.band)


def benchmark_of(contract: Contract, *, mainland: bool) -> tuple[Listing | None, str, bool]:
    """Return what a contract is measured against on a market.

    Returns
    -------
    tuple
        The index, `None` if no table can hold it; its name; and whether the name is assumed,
        because the broker prints none for this market.
    """
    printed = [name for market, name in contract.benchmarks if market == _MARKETS[mainland]]
    name = printed[0] if printed else _DEFAULTS[mainland]
    return _INDICES.get(name), name, not printed


@dataclass(frozen=True, slots=True, eq=False)
class _History:
    # Contracts of one broker and level, by the day from which they hold.
    days: DayArray
    ladders: tuple[dict[str, int], ...]


class Contracts:
    """Definitions of all brokers, by date.

    Parameters
    ----------
    definitions
        In any order; of two that begin on one day, the one of the later card id holds.
    """

    def __init__(self, definitions: Iterable[DatedDefinition]) -> None:
        self.contracts: list[Contract] = []
        self._histories: dict[tuple[str, str], _History] = {}
        self._brokers: set[str] = set()
        found: dict[tuple[str, str], dict[date, dict[str, int]]] = {}
        for item in sorted(definitions, key=lambda one: (one.since, one.card)):
            self._brokers.add(item.definition.broker)
            for level in dict.fromkeys(band.level for band in item.definition.bands):
                self._add(found, item, level)
        for key, ladders in found.items():
            days = np.array(sorted(ladders), dtype="datetime64[D]")
            self._histories[key] = _History(days, tuple(ladders[day] for day in sorted(ladders)))

    def resolve(
        self,
        brokers: TextArray,
        levels: TextArray,
        ratings: TextArray,
        days: DayArray,
        *,
        backdate: bool = False,
    ) -> tuple[IntArray, TextArray]:
        """Find the contract of each call.

        Parameters
        ----------
        brokers, levels, ratings
            `(n,)` of str.
        days
            `(n,)` day of each call.
        backdate
            Whether calls older than a broker's first known definition are judged by that one.

        Returns
        -------
        contracts : numpy.ndarray
            `(n,)` place in `contracts`; −1 where there is none.
        reasons : numpy.ndarray
            `(n,)` of str: why there is none; empty where there is one.
        """
        found = np.full(len(days), -1, dtype=np.int64)
        reasons = np.full(len(days), "", dtype=np.object_)
        for (broker, level, rating), rows in _kinds(brokers, levels, ratings).items():
            found[rows], reasons[rows] = self._of_kind(
                broker, level, rating, days[rows], backdate=backdate
            )
        return found, reasons

    def _of_kind(
        self, broker: str, level: str, rating: str, days: DayArray, *, backdate: bool
    ) -> tuple[IntArray, TextArray]:
        none = np.full(len(days), -1, dtype=np.int64)
        history = self._histories.get((broker, level))
        if not rating or broker not in self._brokers or history is None:
            return none, np.full(len(days), self._lacking(broker, level, rating), np.object_)
        at = np.searchsorted(history.days, days, side="right") - 1
        early = at < 0
        if backdate:
            at, early = np.maximum(at, 0), np.zeros(len(days), dtype=np.bool_)
        places = np.array([ladder.get(rating, -1) for ladder in history.ladders], dtype=np.int64)
        found = np.where(early, -1, places[np.maximum(at, 0)])
        reasons = np.where(
            found >= 0, "", f"{broker} does not define {rating} as a rating of a {level}"
        ).astype(np.object_)
        reasons[early] = (
            f"no definition of {broker} known before {history.days[0]} for a rating of a {level}"
        )
        return found, reasons

    def _lacking(self, broker: str, level: str, rating: str) -> str:
        if not rating:
            return "no rating given"
        if broker not in self._brokers:
            return f"no definition of {broker} known"
        return f"no definition of {broker} known for a rating of a {level}"

    def _add(
        self,
        found: dict[tuple[str, str], dict[date, dict[str, int]]],
        item: DatedDefinition,
        level: RatingLevel,
    ) -> None:
        definition = item.definition
        ladder = found.setdefault((definition.broker, str(level)), {}).setdefault(item.since, {})
        for band in definition.bands:
            if band.level is level:
                ladder[band.rating] = len(self.contracts)
                self.contracts.append(
                    Contract(
                        broker=definition.broker,
                        level=level,
                        rating=band.rating,
                        since=item.since,
                        card=item.card,
                        months_low=definition.months_low,
                        months_high=definition.months_high,
                        benchmarks=definition.benchmarks,
                        band=band,
                    )
                )


def _kinds(*columns: TextArray) -> dict[tuple[str, ...], IntArray]:
    """Return the rows of each distinct combination, in order of appearance."""
    rows: dict[tuple[str, ...], list[int]] = {}
    for at, key in enumerate(zip(*(column.tolist() for column in columns), strict=True)):
        rows.setdefault(key, []).append(at)
    return {key: np.array(places, dtype=np.int64) for key, places in rows.items()}
