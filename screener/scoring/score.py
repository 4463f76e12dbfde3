"""Scoring in one go: calls and definitions in, outcomes and a leaderboard out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from screener.domain.arrays import DayArray, FlagArray, FloatArray, IntArray, TextArray
from screener.domain.listing import Exchange, Listing
from screener.domain.total_return import Peers, TotalReturnPanel
from screener.language import say
from screener.market.calendars import Calendar
from screener.market.industries import industry_index
from screener.scoring.board.scores import CallColumns
from screener.scoring.calls import CallTable
from screener.scoring.changes import changes_of
from screener.scoring.definitions.bands import Bands
from screener.scoring.definitions.contracts import Benchmark, Contract, Contracts, benchmark_of
from screener.scoring.definitions.horizons import add_months
from screener.scoring.judging.judge import judge
from screener.scoring.judging.outcomes import CallState, Outcomes, Terms
from screener.scoring.judging.targets import Targets, judge_targets

__all__ = ["Judged", "judge_calls", "needed_benchmarks"]

_SAMPLES = (
    ("600000", Exchange.SH),
    ("000001", Exchange.SZ),
    ("300001", Exchange.SZ),
    ("920002", Exchange.BJ),
    ("00001", Exchange.HK),
)
"""A listing of each exchange or board for which a broker may name a benchmark of its own."""
_ItemT = TypeVar("_ItemT")
_Panels = Sequence[tuple[TotalReturnPanel, Calendar]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judged:
    """Calls with their contracts and how they ended, `(n,)` each.

    Parameters
    ----------
    calls
        The calls.
    contract, contracts
        Each call's place among the contracts; −1 for none.
    ranked
        Whether a vendor's word was mapped by its rank onto words of the house.
    benchmark
        Name of what it is measured against; empty where there is no contract, or an absolute one.
    assumed
        Whether that stands in for what the broker prints, or where it prints none.
    printed
        What the broker prints there.
    targets
        What became of their target prices.
    subject, index
        What each call is judged on and against, of `Listing`; `None` where nothing is.
    outcomes
        How they ended.
    proxy_verdict, proxy_active, proxy_names
        What the names that an industry call recommends came to, equally weighted: never counted.
        Empty text, NaN and 0 where there is no proxy.
    """

    calls: CallTable
    contract: IntArray
    contracts: tuple[Contract, ...]
    ranked: FlagArray
    benchmark: TextArray
    assumed: FlagArray
    printed: TextArray
    subject: TextArray
    index: TextArray
    outcomes: Outcomes
    targets: Targets
    proxy_verdict: TextArray
    proxy_active: FloatArray
    proxy_names: IntArray

    @property
    def directions(self) -> npt.NDArray[np.int8]:
        """`(n,)` of `bands.Direction`; 0 where there is no contract."""
        known = np.array([*(int(item.direction) for item in self.contracts), 0], dtype=np.int8)
        return known[self.contract]

    @property
    def months(self) -> IntArray:
        """`(n,)` horizon in months; 0 where there is no contract."""
        return _months(self.contracts)[self.contract]

    @property
    def columns(self) -> CallColumns:
        """What groups of the calls are scored by."""
        return CallColumns(
            self.calls,
            self.outcomes,
            self.directions,
            self.months,
            ranked=self.ranked,
            targets=self.targets,
        )

    @property
    def due(self) -> DayArray:
        """`(n,)` day on which the horizon ends; NaT where there is no contract."""
        days = add_months(self.calls.published, self.months)
        days[self.contract < 0] = np.datetime64("NaT")
        return days


def needed_benchmarks(contracts: Contracts) -> tuple[Listing, ...]:
    """Return the indices that any contract is measured against, on either market."""
    samples = [None, *(Listing(code, exchange) for code, exchange in _SAMPLES)]
    found = [benchmark_of(item, one).index for item in contracts.contracts for one in samples]
    return tuple(sorted({item for item in found if item is not None}))


def judge_calls(
    calls: CallTable,
    contracts: Contracts,
    panels: _Panels,
    *,
    backdate: bool = False,
    prices: FloatArray | None = None,
) -> Judged:
    """Hold each call to its broker's own definition.

    Parameters
    ----------
    calls
        The calls.
    contracts
        All definitions.
    panels
        Panels of both markets with their calendars.
    backdate
        Whether calls older than a broker's first known definition are judged by that one, and
        those of a house that bore another name by what it printed under that.
    prices
        `(n,)` price as traded of each call's security at the close of the last session on or
        before the call's day; without them no target price is judged.
    """
    resolved = contracts.resolve(calls, backdate=backdate)
    contract, found = resolved.contract, tuple(contracts.contracts)
    subjects = _subjects(calls, panels)
    measured = _measured(calls, subjects, contract, found)
    outcomes = Outcomes.empty(len(calls))
    outcomes.why[:] = resolved.why
    open_ = (contract >= 0) & (resolved.why == "")
    lacking = open_ & np.array([item is None for item in subjects], dtype=np.bool_)
    for row in np.flatnonzero(lacking).tolist():
        outcomes.why[row] = _no_subject(calls, row)
    rows = np.flatnonzero(open_ & ~lacking)
    if len(rows):
        terms = _terms(calls, subjects, measured.index, contract, found, rows)
        outcomes.put(rows, judge(terms, panels))
    proxies = _proxies(calls, contract, found, panels, np.flatnonzero(lacking))
    months = _months(found)[contract]
    return Judged(
        calls=replace(calls, change=changes_of(calls, contract, found)),
        contract=contract,
        contracts=found,
        ranked=resolved.ranked,
        benchmark=measured.name,
        assumed=measured.assumed,
        printed=measured.printed,
        subject=subjects,
        index=measured.index,
        outcomes=outcomes,
        targets=judge_targets(
            calls.listing,
            calls.published,
            months,
            calls.target_price,
            np.full(len(calls), np.nan) if prices is None else prices,
            panels,
        ),
        proxy_verdict=proxies[0],
        proxy_active=proxies[1],
        proxy_names=proxies[2],
    )


def _months(contracts: Sequence[Contract]) -> IntArray:
    """Return the horizons of contracts in months; the last is 0, for none."""
    return np.array([*(item.months_high for item in contracts), 0], dtype=np.int64)


def _no_subject(calls: CallTable, row: int) -> str:
    if calls.level[row] != "industry":
        return say("it names no security")
    industry = calls.industry[row]
    if not industry:
        return say("no index of its industry in the tables")
    return say("no index of industry {industry} in the tables", industry=industry)


def _subjects(calls: CallTable, panels: _Panels) -> TextArray:
    """Return what each call is judged on: its listing, else an index of its industry."""
    by_industry: dict[str, Listing] = {}
    for panel, _ in panels:
        for at in np.flatnonzero(panel.peers == Peers.INDUSTRIES).tolist():
            by_industry.setdefault(panel.industries[panel.listings[at]], panel.listings[at])
    found = calls.listing.copy()
    wanting = [at for at, item in enumerate(found.tolist()) if item is None]
    for row in wanting:
        name = calls.industry[row]
        known = industry_index(name)
        found[row] = by_industry.get(name) or (by_industry.get(known.name) if known else None)
    return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Measured:
    # What each call is measured against, `(n,)` each: see `contracts.Benchmark`.
    index: TextArray
    name: TextArray
    assumed: FlagArray
    printed: TextArray


def _measured(
    calls: CallTable, subjects: TextArray, contract: IntArray, contracts: Sequence[Contract]
) -> _Measured:
    known: dict[tuple[int, object], Benchmark] = {}
    rows = []
    for at, item in zip(contract.tolist(), subjects.tolist(), strict=True):
        key = (at, item)
        if key not in known:
            known[key] = Benchmark(index=None) if at < 0 else benchmark_of(contracts[at], item)
        rows.append(known[key])
    index = np.empty(len(calls), dtype=np.object_)
    index[:] = [row.index for row in rows]
    return _Measured(
        index=index,
        name=np.array([row.name for row in rows], dtype=np.object_),
        assumed=np.array([row.assumed for row in rows], dtype=np.bool_),
        printed=np.array([row.printed for row in rows], dtype=np.object_),
    )


def _terms(
    calls: CallTable,
    subjects: TextArray,
    index: TextArray,
    contract: IntArray,
    contracts: Sequence[Contract],
    rows: IntArray,
) -> Terms:
    listings, listing = _coded(subjects[rows].tolist())
    benchmarks, benchmark = _coded(index[rows].tolist())
    mine = contract[rows]
    return Terms(
        listings=listings,
        listing=listing,
        published=calls.published[rows],
        act_from=calls.act_from[rows],
        months_low=np.array([item.months_low for item in contracts], dtype=np.int64)[mine],
        months_high=np.array([item.months_high for item in contracts], dtype=np.int64)[mine],
        bands=Bands(
            low=np.array([_bound(item.band.low) for item in contracts])[mine],
            high=np.array([_bound(item.band.high) for item in contracts])[mine],
            direction=np.array([item.direction for item in contracts], dtype=np.int8)[mine],
        ),
        benchmarks=benchmarks,
        benchmark=benchmark,
    )


def _proxies(
    calls: CallTable,
    contract: IntArray,
    contracts: Sequence[Contract],
    panels: _Panels,
    rows: IntArray,
) -> tuple[TextArray, FloatArray, IntArray]:
    """Judge the names that industry calls without an index recommend, as if each were the call."""
    verdict = np.full(len(calls), "", dtype=np.object_)
    active = np.full(len(calls), np.nan)
    count = np.zeros(len(calls), dtype=np.int64)
    pairs = [(row, name) for row in rows.tolist() for name in calls.members[row]]
    if not pairs:
        return verdict, active, count
    owner = np.array([row for row, _ in pairs], dtype=np.int64)
    names = np.empty(len(pairs), dtype=np.object_)
    names[:] = [name for _, name in pairs]
    spread = calls.take(owner)
    index = _measured(spread, names, contract[owner], contracts).index
    every = np.arange(len(pairs), dtype=np.int64)
    terms = _terms(spread, names, index, contract[owner], contracts, every)
    outcomes = judge(terms, panels)
    for row in dict.fromkeys(owner.tolist()):
        mine = np.flatnonzero((owner == row) & np.isfinite(outcomes.active_return))
        if len(mine):
            count[row] = len(mine)
            active[row] = outcomes.active_return[mine].mean()
            verdict[row] = _of_proxy(outcomes, terms, mine, active[row])
    return verdict, active, count


def _of_proxy(outcomes: Outcomes, terms: Terms, rows: IntArray, active: float) -> str:
    if not outcomes.matured[rows].all():
        return str(CallState.PENDING)
    kept = terms.bands.take(rows[:1]).keeps(np.array([active]))[0]
    return str(CallState.MET if kept else CallState.MISSED)


def _coded(items: Sequence[_ItemT]) -> tuple[tuple[_ItemT, ...], IntArray]:
    places: dict[_ItemT, int] = {}
    codes = [places.setdefault(item, len(places)) for item in items]
    return tuple(places), np.array(codes, dtype=np.int64)


def _bound(value: float | None) -> float:
    return np.nan if value is None else value
