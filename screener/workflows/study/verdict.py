"""What a basket and its broker are found to have done: the facts behind the closing sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from screener.backtest.run import EventResult
from screener.domain.report import Precision, Report
from screener.paths.windows import WindowStatus
from screener.study.placebo.matching import Matched
from screener.study.placebo.monte_carlo import Placement

if TYPE_CHECKING:
    from screener.scoring.board.scores import Score

__all__ = [
    "BrokerRecord",
    "PlaceboRecord",
    "Verdict",
    "brokers_of",
    "placebo_record",
    "verdict_of",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceboRecord:
    """How a basket stands among random ones.

    Parameters
    ----------
    excess
        Its return less the mean of theirs, as a fraction.
    p_value
        Two-sided probability of such a difference or a greater one.
    matched_on
        What they were matched on; empty for nothing.
    draws
        How many there were; 0 where it was not told.
    """

    excess: float
    p_value: float
    matched_on: str = ""
    draws: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerRecord:
    """How often a broker met its own rating.

    Parameters
    ----------
    broker
        The broker.
    met, matured
        Calls that met it, and calls that could be judged.
    interval
        Bounds of the hit rate, as fractions; `None` without a matured call.
    base_rate
        Base rate of meeting it, as a fraction; `None` where unknown.
    pending
        Calls whose horizon is not over.
    """

    broker: str
    met: int
    matured: int
    pending: int = 0
    interval: tuple[float, float] | None = None
    base_rate: float | None = None

    @property
    def rate(self) -> float | None:
        """Share of its matured calls that met it."""
        return self.met / self.matured if self.matured else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is known of one basket of a report; returns are fractions, `None` where undefined.

    Parameters
    ----------
    report, basket, title_zh
        What was published, and the basket it fed, with its Chinese title where it has one.
    estimated
        Whether the report prints no date, so that the entry is an estimate.
    horizon, sessions_held
        Sessions to hold, and how far the data reach.
    finished
        Whether the window is mature.
    paper_return, executable_return, capital
        On paper, and with that much money, in CNY.
    placebo, brokers
        Comparison with random baskets, and the record of each broker behind it.
    """

    report: str
    basket: str
    horizon: int
    sessions_held: int
    finished: bool
    paper_return: float | None
    executable_return: float | None
    capital: float | None
    placebo: PlaceboRecord | None
    brokers: tuple[BrokerRecord, ...]
    estimated: bool = False
    title_zh: str = ""


def brokers_of(report: Report | None, themes: set[str]) -> tuple[str, ...]:
    """Return the brokers whose notes of a report cover a basket's themes."""
    if report is None:
        return ()
    covering = [note.broker for note in report.notes if themes & set(note.themes)]
    return tuple(dict.fromkeys(covering or [note.broker for note in report.notes]))


def verdict_of(
    result: EventResult,
    placebo: PlaceboRecord | None,
    brokers: Sequence[str],
    records: Mapping[str, Score],
    *,
    title_zh: str = "",
) -> Verdict:
    """Return what is known of a result; a window that is not finished is not compared yet."""
    window = result.window
    finished = result.status is WindowStatus.MATURE
    return Verdict(
        report=window.event.report,
        basket=window.event.basket,
        title_zh=title_zh,
        estimated=window.event.published.precision is Precision.ESTIMATED,
        horizon=window.horizon,
        sessions_held=window.sessions_held,
        finished=finished,
        paper_return=result.paper_return,
        executable_return=result.executable_return,
        capital=result.capital,
        placebo=placebo if finished else None,
        brokers=tuple(_record(name, records.get(name)) for name in brokers),
    )


def placebo_record(placement: Placement, matched: Matched) -> PlaceboRecord | None:
    """Return what a verdict tells of random baskets; nothing where they do not differ."""
    if placement.p_two_sided is None:
        return None
    text = matched.matched_text
    return PlaceboRecord(
        excess=placement.excess,
        p_value=placement.p_two_sided,
        matched_on="" if text == "nothing" else text,
        draws=placement.draws,
    )


def _record(broker: str, score: Score | None) -> BrokerRecord:
    if score is None or score.at_end.n == 0 or score.low is None or score.high is None:
        return BrokerRecord(
            broker=broker, met=0, matured=0, pending=score.n_pending if score else 0
        )
    return BrokerRecord(
        broker=broker,
        met=score.n_met,
        matured=score.at_end.n,
        pending=score.n_pending,
        interval=(score.low, score.high),
        base_rate=score.at_end.base_rate,
    )
