"""Scoring of rating histories: `python -m benchmarks.score [CALLS] [LISTINGS]`.

100,000 calls of 40 houses over ten years on 5,400 listings: half of the houses promise at six
months, half at any time within three to six, so that each session's base rates need every close
between. Beside it stands what one would write in pandas, call by call, for the hits alone; it
runs on a slice of the calls, and its time is multiplied up to all of them.
"""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd

from benchmarks.measuring import Line, report, seconds
from screener.domain.listing import Exchange
from screener.domain.total_return import TotalReturnPanel
from screener.market.calendars import calendar_of
from screener.scoring.board.calendar_time import calendar_time
from screener.scoring.board.leaderboard import Grouping, leaderboard, memberships
from screener.scoring.board.persistence import persistence
from screener.scoring.calls import CallTable
from screener.scoring.crowding import places_in_crowd
from screener.scoring.definitions.contracts import Contracts
from screener.scoring.judging.outcomes import CallState
from screener.scoring.judging.plain import plain_returns
from screener.scoring.score import Judged, judge_calls
from tests.support.score_worlds import INDEX, contracts_of, definition, random_calls, random_market

CALLS = 100_000
LISTINGS = 5_400
HOUSES = 40
START, END = date(2016, 1, 4), date(2025, 12, 31)
SLICE = 500


def houses() -> dict[str, float]:
    """Return the houses with their skill: none, save every tenth."""
    return {f"house {at:02d}": 0.3 if at % 10 == 0 else 0.0 for at in range(HOUSES)}


def definitions() -> Contracts:
    """Return their definitions: six months, or any time within three to six."""
    since = date(2000, 1, 1)
    return Contracts(
        [
            definition(name, since, months=(6, 6) if at % 2 else (3, 6))
            for at, name in enumerate(houses())
        ]
    )


def by_pandas(panel: TotalReturnPanel, calls: CallTable) -> list[bool]:
    """Return the hits as one would write them in pandas, one call after the other."""
    closes = pd.DataFrame(panel.close, index=pd.DatetimeIndex(panel.sessions))
    closes.columns = pd.Index([item.id for item in panel.listings])
    level = pd.Series(panel.indices[INDEX].close, index=closes.index)
    hits = []
    for at in range(len(calls)):
        day = pd.Timestamp(calls.published[at])
        span = slice(day, day + pd.DateOffset(months=6))
        own = closes.loc[span, calls.listing[at].id]
        market = level.loc[span]
        active = own.iloc[-1] / own.iloc[0] - market.iloc[-1] / market.iloc[0]
        hits.append(bool(active > 0.2))
    return hits


def check(judged: Judged, hits: list[bool]) -> None:
    """Stop if the two do not agree on the calls that could be judged."""
    verdict = judged.outcomes.verdict[: len(hits)]
    for ours, theirs in zip(verdict, hits, strict=True):
        if ours in (CallState.MET, CallState.MISSED) and (ours == CallState.MET) != theirs:
            raise SystemExit("a call ends differently in pandas")


def measured(n_calls: int, n_listings: int) -> list[Line]:
    """Return the measurements."""
    panel = random_market(n_listings, START, END)
    calls = random_calls(panel, n_calls, houses())
    contracts, panels = definitions(), [(panel, calendar_of(Exchange.SH))]
    judged = judge_calls(calls, contracts, panels)
    slice_of = calls.take(np.arange(min(SLICE, n_calls)))
    check(judge_calls(slice_of, contracts_of(list(houses())), panels), by_pandas(panel, slice_of))
    loop = seconds(lambda: by_pandas(panel, slice_of), 1) * n_calls / len(slice_of)
    board = [Grouping.BROKER, Grouping.ANALYST, Grouping.THEME]

    def scored() -> object:
        return leaderboard(calls, judged.columns, by=board, min_calls=20)

    jobs: tuple[tuple[str, Callable[[], object]], ...] = (
        ("returns after fixed sessions", lambda: plain_returns(judged, panels)),
        (
            f"judge {n_calls:,} calls, with base rates",
            lambda: judge_calls(calls, contracts, panels),
        ),
        ("leaderboard by house, analyst and theme", scored),
        (
            "calendar-time portfolio of all calls",
            lambda: calendar_time(judged, [panel], np.arange(n_calls)),
        ),
        ("crowding", lambda: places_in_crowd(calls)),
        (
            "does one year tell of the next",
            lambda: persistence(calls, judged.outcomes, memberships(calls, board), min_calls=5),
        ),
    )
    return [(what, seconds(job, 2), "hits alone, in pandas", loop) for what, job in jobs]


def main() -> None:
    """Print the measurements."""
    asked = [int(text) for text in sys.argv[1:]]
    n_calls, n_listings = (*asked, *(CALLS, LISTINGS)[len(asked) :])
    report(measured(n_calls, n_listings))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory {peak:,.0f} MB, {n_listings:,} listings from {START} to {END}")


if __name__ == "__main__":
    main()
