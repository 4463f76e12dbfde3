"""What a basket and its broker are found to have done: the facts behind the closing sentence."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["BrokerRecord", "PlaceboRecord", "Verdict"]


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
    """

    excess: float
    p_value: float
    matched_on: str = ""


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
    report, basket
        What was published, and the basket it fed.
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
