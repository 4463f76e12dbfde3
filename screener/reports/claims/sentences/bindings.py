"""What figures are bound to: while a sentence is read, and once they are stated."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from screener.reports.claims.numbers import Figures
from screener.reports.claims.periods import Period
from screener.reports.claims.sentences.subjects import Company
from screener.reports.claims.vocabulary import Measure
from screener.reports.text.text import Place

__all__ = ["Bound", "Stated"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """Figures bound to what they are of, not yet paired.

    Parameters
    ----------
    companies, measures, periods
        Whose, of what, of which periods; one of them may be as many as the figures.
    figures
        The figures.
    growth
        Whether they are changes on the year before.
    sign
        -1 where words say that they are losses or falls.
    remark
        `about`, `more than` or `less than`, empty for none.
    day
        Day printed with them.
    forecast
        Whether words say that they are expected.
    place
        From the measure's word to the last figure; of a growth, the figures alone.
    """

    companies: tuple[Company, ...]
    measures: tuple[Measure, ...]
    periods: tuple[Period, ...]
    figures: Figures
    growth: bool
    sign: int
    remark: str
    day: date | None
    forecast: bool
    place: Place


@dataclass(slots=True)
class Bound:
    """What the next figures of a sentence are of; changed while it is read."""

    measures: tuple[Measure, ...] = ()
    label: str = ""  # unit in a table's label
    cue: int = 0  # where the measure's word begins
    done: bool = False  # whether its amount has been met
    growth: bool = False
    other_growth: bool = False
    direction: int = 0
    loss: bool = False
    approximate: str = ""
    origin: bool = False  # after 由: the figure is where it came from
    onward: bool = False  # after 至: the figure is where it got to
    listed: bool = False  # after 分别: commas part figures
