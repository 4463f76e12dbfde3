"""Rating contracts: what a broker's rating promised on a day, from the definitions it printed.

A definition is known from the day on which it was first seen printed: that of the card that carries
it, or the first one that the program's table tells. Within a broker, the definition in force for a
kind of rating (stock, industry, convertible) is the newest one that has bands of that kind: a card
that defines industry ratings alone leaves the older stock ratings as they were. What a house
printed under an earlier name, and what was first seen later, holds only where that is asked for.

What is printed without an index or a figure is read by rules, and told:

- A benchmark that no table holds (the house's own index, the stocks it covers, "the market") is
  stood in for by the CSI 300 on the mainland and the Hang Seng index in Hong Kong; of two indices
  that the house leaves open, the first that a table can hold is taken.
- "Better" and "worse" without a figure are a return above and below that of the benchmark. "In
  line" without a figure cannot be judged.
- Where no horizon is printed, the one that most houses print stands in (`months_assumed`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np

from screener.domain.arrays import DayArray, FlagArray, IntArray, TextArray
from screener.domain.listing import Exchange, Listing
from screener.domain.report import Band, DatedDefinition, RatingLevel, Unused
from screener.language import say
from screener.scoring.calls import CallTable
from screener.scoring.definitions.bands import Direction, direction_of
from screener.scoring.definitions.scales import Match, Scale

__all__ = [
    "Benchmark",
    "Contract",
    "Contracts",
    "DatedDefinition",
    "Resolved",
    "benchmark_of",
    "default_index",
]

_INDICES = {
    "沪深300": Listing("000300", Exchange.SH),
    "中证800": Listing("000906", Exchange.SH),
    "中证500": Listing("000905", Exchange.SH),
    "中证全指": Listing("000985", Exchange.SH),
    "中证A500": Listing("000510", Exchange.SH),
    "上证综指": Listing("000001", Exchange.SH),
    "上证指数": Listing("000001", Exchange.SH),
    "深证成指": Listing("399001", Exchange.SZ),
    "深证综指": Listing("399106", Exchange.SZ),
    "创业板指": Listing("399006", Exchange.SZ),
    "北证50": Listing("899050", Exchange.BJ),
    "恒生指数": Listing("HSI", Exchange.HK),
    "恒生综合指数": Listing("HSCI", Exchange.HK),
    "恒生中国企业指数": Listing("HSCEI", Exchange.HK),
    "恒生科技指数": Listing("HSTECH", Exchange.HK),
}
"""Index of each benchmark that cards name and tables can hold, by its name on the card."""

_DEFAULTS = {True: "沪深300", False: "恒生指数"}
_EITHER = re.compile(r"或|/")
_UNUSED: dict[Unused, Callable[[str, date], str]] = {
    Unused.DOUBTFUL: lambda broker, day: say(
        "the definition of {broker} seen on {day} is doubtful", broker=broker, day=day
    ),
    Unused.INCOMPLETE: lambda broker, day: say(
        "the definition of {broker} seen on {day} was not seen whole", broker=broker, day=day
    ),
    Unused.HURDLE: lambda broker, day: say(
        "the definition of {broker} seen on {day} is against a required return that no table holds",
        broker=broker,
        day=day,
    ),
}
_SUBJECTS: dict[str, Callable[[], str]] = {
    "stock": lambda: say("stock"),
    "industry": lambda: say("industry"),
    "convertible": lambda: say("convertible bond"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """What one rating of a broker promises.

    Parameters
    ----------
    broker, level, rating
        Whose rating it is, what it speaks of, and its word.
    since, card
        Day from which it is known, and the card or table that says so.
    last_seen
        Last day on which it was seen printed.
    former
        Earlier name of the house that printed it; empty for its own.
    months_low, months_high, months_assumed
        Horizon in calendar months, and whether a usual one stands in for it.
    benchmarks
        Pairs of market and benchmark, as printed; empty where the broker names none.
    absolute
        Whether it promises a return of its own, not one over a benchmark.
    band
        Promised return.
    refusal
        Why nothing is judged by it; empty where it may.
    """

    broker: str
    level: RatingLevel
    rating: str
    since: date
    card: str
    last_seen: date
    former: str
    months_low: int
    months_high: int
    months_assumed: bool
    benchmarks: tuple[tuple[str, str], ...]
    absolute: bool
    band: Band
    refusal: str

    @property
    def direction(self) -> Direction:
        """To which side of the benchmark it points."""
        return direction_of(self.band)


@dataclass(frozen=True, slots=True, kw_only=True)
class Benchmark:
    """What a contract is measured against.

    Parameters
    ----------
    index
        The index; `None` for an absolute promise.
    name
        Its name; empty for an absolute promise.
    assumed
        Whether it stands in for what the broker prints, or where it prints nothing.
    printed
        What is printed for that market; empty for nothing.
    """

    index: Listing | None
    name: str = ""
    assumed: bool = False
    printed: str = ""


def default_index(*, mainland: bool) -> Listing:
    """Return the index that stands in for what no table holds."""
    return _INDICES[_DEFAULTS[mainland]]


def benchmark_of(contract: Contract, listing: Listing | None) -> Benchmark:
    """Return what a contract is measured against on a listing; on none, in the mainland market."""
    if contract.absolute:
        return Benchmark(index=None)
    mainland = listing is None or listing.exchange.mainland
    places = [] if listing is None else [str(listing.board), str(listing.exchange)]
    names = dict(reversed(contract.benchmarks))  # the first of a market holds
    places += ["A", "SH"] if mainland else ["HK"]
    printed = next((names[key] for key in places if key in names), "")
    for name in (printed, *_EITHER.split(printed)):
        if name in _INDICES:
            return Benchmark(
                index=_INDICES[name], name=name, assumed=name != printed, printed=printed
            )
    name = _DEFAULTS[mainland]
    return Benchmark(index=_INDICES[name], name=name, assumed=True, printed=printed)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Resolved:
    """Calls with their contracts, `(n,)` each.

    Parameters
    ----------
    contract
        Place in `Contracts.contracts`; −1 where there is none.
    why
        Why there is none; empty where there is one.
    ranked
        Whether a vendor's word was mapped by its rank onto words of the house.
    """

    contract: IntArray
    why: TextArray
    ranked: FlagArray


@dataclass(frozen=True, slots=True)
class _Printed:
    # One definition's ratings of one level.
    item: DatedDefinition
    scale: Scale

    def covers(self, day: date) -> bool:
        """Tell whether it says itself that it was in force on a day before it was seen."""
        first, last = self.item.first_day, self.item.last_day
        if first is None and last is None:
            return False
        return (first is None or first <= day) and (last is None or day <= last)


@dataclass(frozen=True, slots=True, eq=False)
class _History:
    # Definitions of one broker and level: `own` by the day from which they are known, the newest of
    # a day alone, and `other`: of an earlier name of the house, or of a time that is over.
    own: tuple[_Printed, ...]
    other: tuple[_Printed, ...]
    days: DayArray

    @classmethod
    def of(cls, found: list[_Printed]) -> _History:
        held = {one.item.since: one for one in found if _holds(one.item)}
        own = tuple(held[day] for day in sorted(held))
        days = np.array([one.item.since for one in own], dtype="datetime64[D]")
        return cls(own, tuple(one for one in found if not _holds(one.item)), days)

    def earlier(self, day: date) -> _Printed | None:
        """Return what a call before the first own definition is judged by, where that is asked."""
        told = [one for one in (*self.other, *self.own) if one.covers(day)]
        former = [one for one in self.other if one.item.former and one.item.since <= day]
        later = [one for one in (*self.own, *self.other) if one.item.last_day is None]
        return next(iter((*told, *former[::-1], *later)), None)


def _holds(item: DatedDefinition) -> bool:
    return not item.former and item.last_day is None


class Contracts:
    """Definitions of all brokers, by date.

    Parameters
    ----------
    definitions
        In any order, the program's own first; of two that begin on one day, the one of the later
        card id holds, and any card before a table.
    """

    def __init__(self, definitions: Iterable[DatedDefinition]) -> None:
        self.contracts: list[Contract] = []
        found: dict[tuple[str, str], list[_Printed]] = {}
        for item in sorted(definitions, key=lambda one: (one.since, _rank(one), one.card)):
            for level in dict.fromkeys(band.level for band in item.definition.bands):
                key = (item.definition.broker, str(level))
                found.setdefault(key, []).append(_Printed(item, self._scale(item, level)))
        self._histories = {key: _History.of(ones) for key, ones in found.items()}
        self._brokers = {broker for broker, _ in found}

    def resolve(self, calls: CallTable, *, backdate: bool = False) -> Resolved:
        """Find the contract of each call.

        Parameters
        ----------
        calls
            The calls.
        backdate
            Whether calls for which no definition of their house was known on their day are judged
            by one of an earlier name of it, or by the first that was seen later.
        """
        n = len(calls)
        found = Resolved(
            contract=np.full(n, -1, dtype=np.int64),
            why=np.full(n, "", dtype=np.object_),
            ranked=np.zeros(n, dtype=np.bool_),
        )
        kinds = _kinds(calls.broker, calls.level, calls.rating, calls.risk, calls.vendor)
        for (broker, level, word, risk, vendor), rows in kinds.items():
            history = self._histories.get((broker, level))
            if not word or history is None:
                found.why[rows] = self._lacking(broker, level, word)
                continue
            for printed, mine in _by_definition(history, calls.published, rows, backdate=backdate):
                if printed is None:
                    found.why[mine] = _unknown(broker, level, history)
                    continue
                match = printed.scale.find(word, case=risk, vendor=bool(vendor))
                if match is None:
                    found.why[mine] = _undefined(printed, broker, level, word)
                    continue
                found.contract[mine], found.ranked[mine] = match[0], match[1] is Match.RANK
                found.why[mine] = self.contracts[match[0]].refusal
        return found

    def _lacking(self, broker: str, level: str, rating: str) -> str:
        if not rating:
            return say("no rating given")
        if broker not in self._brokers:
            return say("no definition of {broker} known", broker=broker)
        return say(
            "no definition of {broker} known for a rating of a {level}",
            broker=broker,
            level=_subject(level),
        )

    def _scale(self, item: DatedDefinition, level: RatingLevel) -> Scale:
        bands = [band for band in item.definition.bands if band.level is level]
        first = len(self.contracts)
        self.contracts += [_contract(item, band) for band in bands]
        return Scale(bands, range(first, len(self.contracts)))


def _contract(item: DatedDefinition, band: Band) -> Contract:
    definition = item.definition
    return Contract(
        broker=definition.broker,
        level=band.level,
        rating=band.rating,
        since=item.since,
        card=item.card,
        last_seen=item.last_seen or item.since,
        former=item.former,
        months_low=band.months or definition.months_low,
        months_high=band.months or definition.months_high,
        months_assumed=definition.months_assumed and band.months is None,
        benchmarks=definition.benchmarks,
        absolute=definition.absolute,
        band=band,
        refusal=_refusal(item, band),
    )


def _refusal(item: DatedDefinition, band: Band) -> str:
    broker = item.definition.broker
    if item.unused is not None:
        return _UNUSED[item.unused](broker, item.since)
    unbounded = band.low is None and band.high is None
    if unbounded or (direction_of(band) == Direction.LEVEL and band.qualitative):
        return say("{broker} prints no figure for {rating}", broker=broker, rating=band.rating)
    return ""


def _subject(level: str) -> str:
    return _SUBJECTS[level]() if level in _SUBJECTS else level


def _rank(item: DatedDefinition) -> int:
    """Put the table of the program before that of a workspace, and both before cards."""
    return 2 if item.last_seen is None else int(item.card.endswith(".toml"))


def _by_definition(
    history: _History, published: DayArray, rows: IntArray, *, backdate: bool
) -> Iterator[tuple[_Printed | None, IntArray]]:
    """Yield the definitions in force on the days of some calls, each with its calls."""
    at = np.searchsorted(history.days, published[rows], side="right") - 1
    for place in np.unique(at).tolist():
        mine = rows[at == place]
        if place >= 0:
            yield history.own[place], mine
        elif not backdate:
            yield None, mine
        else:
            for row in mine.tolist():
                yield history.earlier(published[row].item()), np.array([row], dtype=np.int64)


def _unknown(broker: str, level: str, history: _History) -> str:
    if not history.own:
        item = history.other[-1].item
        if item.former:
            return say(
                "no definition of {broker} known for a rating of a {level}, only one of {former}, "
                "as it was called before",
                broker=broker,
                level=_subject(level),
                former=item.former,
            )
        return say(
            "no definition of {broker} known for a rating of a {level} after {day}",
            broker=broker,
            level=_subject(level),
            day=item.last_day,
        )
    return say(
        "no definition of {broker} known before {day} for a rating of a {level}",
        broker=broker,
        day=history.days[0],
        level=_subject(level),
    )


def _undefined(printed: _Printed, broker: str, level: str, word: str) -> str:
    if printed.scale.defines_by_case(word):
        return say(
            "{broker} defines {rating} by kinds of {level}, and the call tells none",
            broker=broker,
            rating=word,
            level=_subject(level),
        )
    return say(
        "{broker} does not define {rating} as a rating of a {level}",
        broker=broker,
        rating=word,
        level=_subject(level),
    )


def _kinds(*columns: TextArray | FlagArray) -> dict[tuple[str, ...], IntArray]:
    """Return the rows of each distinct combination, in order of appearance."""
    rows: dict[tuple[str, ...], list[int]] = {}
    for at, key in enumerate(zip(*(column.tolist() for column in columns), strict=True)):
        rows.setdefault(key, []).append(at)
    return {key: np.array(places, dtype=np.int64) for key, places in rows.items()}
