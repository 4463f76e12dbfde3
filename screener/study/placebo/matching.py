"""Which stocks a name may be replaced by: those most like it among what could be bought."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from screener.domain.arrays import FlagArray, Places
from screener.domain.market_panel import MarketPanel
from screener.errors import ComputeError
from screener.language import say
from screener.language.lists import about, listed
from screener.study.placebo.characteristics import Characteristic, Traits, traits_before
from screener.study.placebo.universe import in_market, tradable

__all__ = ["CONTROLS", "LEAST_CONTROLS", "Matched", "match_names"]


CONTROLS = 50
"""Nearest stocks among which a name's control is drawn.

Fewer are more alike, and reject a little too often (20: 7 % where 5 % is said), since what is
nearest to an unusual stock is less unusual; `benchmarks.placebo` prints how often.
"""
LEAST_CONTROLS = 10
"""With fewer there is no comparison."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Matched:
    """The controls of some names.

    Parameters
    ----------
    controls, ids
        Places of each name's controls, nearest first, and their ids.
    matched_on
        For each characteristic that names were matched on, for how many of them.
    n_universe
        Stocks that could be bought, of the names' markets, the basket's own names left out.
    remarks
        Which characteristics are missing, for all names or for some.
    """

    controls: tuple[Places, ...]
    ids: tuple[tuple[str, ...], ...]
    matched_on: Mapping[Characteristic, int]
    n_universe: int
    remarks: tuple[str, ...]

    @property
    def matched_text(self) -> str:
        """What the names were matched on, with the share of names where it is not all of them."""
        n_names = len(self.controls)
        parts = [
            str(name) if count == n_names else f"{name} {count}/{n_names}"
            for name, count in self.matched_on.items()
        ]
        return " + ".join(parts) or "nothing"

    @property
    def n_controls(self) -> int:
        """Different stocks among the controls."""
        return len(np.unique(np.concatenate(self.controls))) if self.controls else 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Pool:
    """Stocks of one market that can be bought in one session, and what they are like."""

    candidates: FlagArray
    traits: Traits


def match_names(
    market: MarketPanel,
    columns: Sequence[int],
    rows: Sequence[int],
    *,
    excluded: Sequence[int] = (),
    count: int = CONTROLS,
) -> Matched:
    """Find the controls of each name of a basket among the stocks that could be bought with it.

    A control is of the same market as its name (mainland or Hong Kong), tradable in the session in
    which the name was bought, and of its industry where that is known and has enough stocks.
    Of those, the `count` nearest by Euclidean distance are taken; equal distances go by id.

    Parameters
    ----------
    market
        The market from `characteristics.HISTORY` sessions before the first purchase on.
    columns, rows
        Each name's column, and the row in which it was bought.
    excluded
        Places that are no controls, such as those of the basket itself.
    count
        Controls of each name; at least as many as there are names, so that none is used twice.

    Raises
    ------
    ComputeError
        If a market has too few stocks to draw from.
    """
    pools: dict[tuple[bool, int], _Pool] = {}
    for column, row in zip(columns, rows, strict=True):
        key = (market.prices.listings[column].exchange.mainland, row)
        if key not in pools:
            pools[key] = _pool(market, key, excluded)
    least = max(LEAST_CONTROLS, len(columns))
    for (mainland, row), pool in pools.items():
        _check_size(market, pool, mainland, row, least)
    chooser = _Chooser(market, least, max(count, least))
    found = tuple(
        chooser.nearest(pools[market.prices.listings[column].exchange.mainland, row], column)
        for column, row in zip(columns, rows, strict=True)
    )
    everyone = np.zeros(len(market.industries), dtype=bool)
    for pool in pools.values():
        everyone |= pool.candidates
    return Matched(
        controls=found,
        ids=tuple(tuple(market.prices.listings[column].id for column in own) for own in found),
        matched_on={name: chooser.used[name] for name in Characteristic if name in chooser.used},
        n_universe=int(everyone.sum()),
        remarks=(*_lacking(pools.values()), *chooser.remarks()),
    )


def _pool(market: MarketPanel, key: tuple[bool, int], excluded: Sequence[int]) -> _Pool:
    mainland, row = key
    candidates = tradable(market.prices, row) & in_market(market.prices, mainland=mainland)
    candidates[list(excluded)] = False
    return _Pool(candidates=candidates, traits=traits_before(market, row, candidates))


def _lacking(pools: Iterable[_Pool]) -> list[str]:
    found = dict.fromkeys(why for pool in pools for why in pool.traits.lacking)
    return [say("not matched on {what}", what=why) for why in found]


def _check_size(market: MarketPanel, pool: _Pool, mainland: bool, row: int, least: int) -> None:
    found = int(pool.candidates.sum())
    if found < least:
        where = say("mainland") if mainland else say("Hong Kong")
        raise ComputeError(
            say(
                "{n} {market} stocks could be bought on {session} beside the basket's own; "
                "at least {least} are needed to draw from",
                n=found,
                market=where,
                session=market.prices.session(row),
                least=least,
            ),
            fix=say("import the bars of the whole market: `screener data import FILE --kind bars`"),
        )


class _Chooser:
    """Chooses nearest stocks, and remembers what a name could not be matched on."""

    def __init__(self, market: MarketPanel, least: int, count: int) -> None:
        prices = market.prices
        self._names = prices.once("ids", lambda: [item.id for item in prices.listings])
        self._order: Places = prices.once(
            "order of ids", lambda: np.argsort(np.argsort(np.array(self._names)))
        )
        self._least = least
        self._count = count
        self._missing: dict[str, list[str]] = {}
        self.used: Counter[Characteristic] = Counter()

    def nearest(self, pool: _Pool, column: int) -> Places:
        """Return the columns of the nearest stocks, nearest first."""
        eligible, squares = pool.candidates, np.zeros(len(self._names))
        for name, scores in pool.traits.scores.items():
            fitting = eligible & np.isfinite(scores)
            if not np.isfinite(scores[column]):
                self._note(say("{what} unknown", what=name.told), column)
            elif int(fitting.sum()) < self._least:
                self._note(about(name.told, say("too few stocks have all characteristics")), column)
            else:
                eligible, squares = fitting, squares + (scores - scores[column]) ** 2
                self.used[name] += 1
        places = np.flatnonzero(self._same_industry(pool, eligible, column))
        order = np.lexsort((self._order[places], squares[places]))
        found: Places = places[order[: self._count]]
        return found

    def _same_industry(self, pool: _Pool, eligible: FlagArray, column: int) -> FlagArray:
        industries = np.array(pool.traits.industries, dtype=object)
        own = industries[column]
        if not any(industries):
            return eligible
        if not own:
            self._note(say("{what} unknown", what=Characteristic.INDUSTRY.told), column)
            return eligible
        mates: FlagArray = eligible & (industries == own)
        if int(mates.sum()) >= self._least:
            self.used[Characteristic.INDUSTRY] += 1
            return mates
        self._note(
            say(
                "industry {industry}: {n} stocks, {needed} are needed",
                industry=own,
                n=int(mates.sum()),
                needed=self._least,
            ),
            column,
        )
        return eligible

    def remarks(self) -> list[str]:
        """Say what names could not be matched on."""
        return [about(listed(names), what) for what, names in self._missing.items()]

    def _note(self, what: str, column: int) -> None:
        self._missing.setdefault(what, []).append(self._names[column])
