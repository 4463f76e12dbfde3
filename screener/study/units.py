"""Units of observation: baskets or listings, what becomes of each, and its returns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import partial

import numpy as np

from screener.domain.arrays import FloatMatrix, FloatVector, IntArray
from screener.domain.basket import Event
from screener.domain.exits import ExitRules
from screener.domain.panel import PricePanel
from screener.language import say
from screener.paths.known import EntrySessions
from screener.paths.windows import NO_EXITS
from screener.paths.workers.parallel import in_parts, mapped
from screener.study.legs import LegReturns, leg_returns, total_returns
from screener.study.models import Convention, Model, abnormal_returns
from screener.study.references import Reference
from screener.study.returns import AbnormalReturns, EventReturns, Timeline
from screener.study.windows import StudyWindows

__all__ = ["Observation", "State", "StudyEvent", "UnitKind", "Units", "study_units"]

EVENTS_AT_ONCE = 250
_LEAST_EVENTS = 50  # that are worth handing to another worker


class UnitKind(StrEnum):
    """What counts as one observation."""

    BASKET = "basket"
    LISTING = "listing"


class State(StrEnum):
    """What became of a unit."""

    FINISHED = "finished"
    PENDING = "pending"
    PARTIAL = "partial"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyEvent:
    """An event with its entry sessions, and what explains each of its names."""

    event: Event
    entries: EntrySessions
    references: tuple[Reference, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Observation:
    """One observation.

    Parameters
    ----------
    event
        Number of its event.
    legs
        Its listings: all of the event's, or one.
    state
        Finished: its whole event window is known. Pending: the tables do not reach that far yet.
        Partial: the data of a kept listing stop while the tables go on. Dropped: never counted.
    reason
        Why it is dropped, else empty.
    """

    event: int
    legs: tuple[LegReturns, ...]
    state: State
    reason: str = ""

    @property
    def entry(self) -> date:
        """Its first entry session."""
        return min(leg.entry for leg in self.legs)

    @property
    def n_kept(self) -> int:
        """How many of its listings count."""
        return 0 if self.state is State.DROPPED else sum(leg.kept for leg in self.legs)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Units:
    """All units of a study, and the returns of those that are kept.

    Parameters
    ----------
    every
        Each unit, in the order of the events and their names.
    kept
        `(n_kept,)` numbers of those that are not dropped: the rows of what follows.
    returns, abnormal, timeline
        Their returns, abnormal returns and entry sessions.
    """

    every: tuple[Observation, ...]
    kept: IntArray
    returns: EventReturns
    abnormal: AbnormalReturns
    timeline: Timeline


def study_units(
    panel: PricePanel,
    events: Sequence[StudyEvent],
    windows: StudyWindows,
    model: Model = Model.MARKET,
    *,
    kind: UnitKind = UnitKind.BASKET,
    convention: Convention = Convention.TEXTBOOK,
    max_wait: int = 10,
    jobs: int = 1,
    exits: ExitRules = NO_EXITS,
) -> Units:
    """Cut the returns of all units around their entry sessions and fit the model to each.

    A basket's return is the mean of those of its kept listings, each in its own event time; its
    regression takes in each session of the estimation window the listings that have a return in it.
    As many units come out as went in.

    Parameters
    ----------
    panel
        Prices of all names of all events, from before the first estimation window on.
    events
        Events with what explains their names.
    windows, model, convention
        As in `models.abnormal_returns`.
    kind
        What counts as one observation.
    max_wait
        Sessions that a blocked purchase may wait.
    jobs
        Workers; the results are independent of it.
    exits
        Rules by which the reader sells a name before the window ends.

    Raises
    ------
    ScreenerError
        What is missing, if that leaves no unit at all.
    """
    prices = total_returns(panel)
    parts = in_parts(events, jobs=jobs, most=EVENTS_AT_ONCE, least=_LEAST_EVENTS)
    work = partial(_legs_of, panel, prices, windows, max_wait, exits)
    found = [legs for part in mapped(work, parts, jobs=jobs, size=len) for legs in part]
    units: list[Observation] = []
    for number, legs in enumerate(found):
        groups = [legs] if kind is UnitKind.BASKET else [(leg,) for leg in legs]
        units += [_unit(number, group) for group in groups]
    kept = [at for at, unit in enumerate(units) if unit.state is not State.DROPPED]
    lacks = [leg.lack for unit in units for leg in unit.legs if leg.lack is not None]
    if lacks and not kept:
        raise lacks[0]
    n_factors = 0 if model is Model.MEAN_ADJUSTED else len(_levels(events))
    returns = _returns([units[at] for at in kept], windows, n_factors)
    abnormal = abnormal_returns(returns, model, convention=convention, jobs=jobs)
    for row, at in enumerate(kept):
        unknown = (
            units[at].state is not State.FINISHED and not np.isfinite(returns.event[row]).any()
        )
        if not abnormal.fitted[row] and not unknown:
            units[at] = _refused(units[at], returns, row)
    return _kept(panel, units, kept, returns, abnormal)


def _levels(events: Sequence[StudyEvent]) -> FloatMatrix:
    return events[0].references[0].levels


def _legs_of(
    panel: PricePanel,
    prices: tuple[FloatMatrix, FloatMatrix],
    windows: StudyWindows,
    max_wait: int,
    exits: ExitRules,
    events: Sequence[StudyEvent],
) -> list[tuple[LegReturns, ...]]:
    found = []
    for item in events:
        entries = dict(item.entries)
        last_available = panel.last_available(entries)
        found.append(
            tuple(
                leg_returns(
                    panel,
                    prices,
                    panel.column(member.listing),
                    entries[member.listing.exchange],
                    reference,
                    windows,
                    last_available=last_available,
                    max_wait=max_wait,
                    exits=exits,
                    leaves=member.leaves,
                )
                for member, reference in zip(item.event.members, item.references, strict=True)
            )
        )
    return found


def _unit(number: int, legs: tuple[LegReturns, ...]) -> Observation:
    settled = all(leg.settled for leg in legs)
    kept = [leg for leg in legs if leg.kept]
    if settled and not kept:
        reasons = dict.fromkeys(leg.reason for leg in legs)
        reason = next(iter(reasons)) if len(reasons) == 1 else say("every name is left out")
        return Observation(event=number, legs=legs, state=State.DROPPED, reason=reason)
    known = settled and all(np.isfinite(leg.event).all() for leg in kept)
    if known:
        return Observation(event=number, legs=legs, state=State.FINISHED)
    stopped = any(leg.stopped for leg in kept)
    return Observation(event=number, legs=legs, state=State.PARTIAL if stopped else State.PENDING)


def _refused(unit: Observation, returns: EventReturns, row: int) -> Observation:
    known = np.isfinite(returns.estimation[row])
    factors = returns.estimation_factors[:, row][:, known]
    flat = len(factors) > 0 and float(np.std(factors, axis=1).min()) <= 1e-10
    reason = (
        say("what should explain it does not vary in the estimation window")
        if flat
        else say("nothing is left to vary in its estimation window")
    )
    return Observation(event=unit.event, legs=unit.legs, state=State.DROPPED, reason=reason)


def _kept(
    panel: PricePanel,
    units: list[Observation],
    kept: list[int],
    returns: EventReturns,
    abnormal: AbnormalReturns,
) -> Units:
    rows = np.array(
        [row for row, at in enumerate(kept) if units[at].state is not State.DROPPED], dtype=np.intp
    )
    numbers = np.array(kept, dtype=np.int64)[rows]
    return Units(
        every=tuple(units),
        kept=numbers,
        returns=EventReturns(
            windows=returns.windows,
            estimation=returns.estimation[rows],
            estimation_factors=returns.estimation_factors[:, rows],
            event=returns.event[rows],
            event_factors=returns.event_factors[:, rows],
            spans=None if returns.spans is None else returns.spans[rows],
        ),
        abnormal=abnormal.take(rows),
        timeline=_timeline(panel, [units[at] for at in numbers]),
    )


def _timeline(panel: PricePanel, units: Sequence[Observation]) -> Timeline:
    """Return the entry sessions of units, each on the calendar of its first listing."""
    calendars: dict[bytes, int] = {}
    own_rows: list[IntArray] = []
    places, numbers = [], []
    for unit in units:
        leg = next((leg for leg in unit.legs if leg.kept and leg.position >= 0), unit.legs[0])
        own = panel.own_rows(leg.column).astype(np.int64)
        number = calendars.setdefault(own.tobytes(), len(own_rows))
        if number == len(own_rows):
            own_rows.append(own)
        places.append(leg.position)
        numbers.append(number)
    return Timeline(
        positions=np.array(places, dtype=np.int64),
        calendars=np.array(numbers, dtype=np.int64),
        own_rows=tuple(own_rows),
    )


def _returns(units: Sequence[Observation], windows: StudyWindows, n_factors: int) -> EventReturns:
    n = len(units)
    estimation = np.full((n, windows.n_estimation), np.nan)
    learned = np.full((n_factors, n, windows.n_estimation), np.nan)
    event = np.full((n, windows.n_columns), np.nan)
    around = np.full((n_factors, n, windows.n_columns), np.nan)
    spans = np.ones((n, windows.n_columns))
    for row, unit in enumerate(units):
        legs = [leg for leg in unit.legs if leg.kept and leg.position >= 0]
        if not legs or not all(leg.settled for leg in unit.legs):
            continue  # who is in it, and so all of it, is not known yet
        if any(leg.kept and leg.position < 0 for leg in unit.legs):
            continue
        estimation[row], learned[:, row] = _mean_known(legs)
        event[row] = np.mean([leg.event for leg in legs], axis=0)
        around[:, row] = np.mean([leg.event_factors for leg in legs], axis=0)
        spans[row] = np.mean([leg.spans for leg in legs], axis=0)
    return EventReturns(
        windows=windows,
        estimation=estimation,
        estimation_factors=learned,
        event=event,
        event_factors=around,
        spans=spans,
    )


def _mean_known(legs: Sequence[LegReturns]) -> tuple[FloatVector, FloatMatrix]:
    """Return the mean of the returns and factors of the listings that have one, by session."""
    values = np.array([leg.estimation for leg in legs])
    factors = np.array([leg.estimation_factors for leg in legs])
    known = np.isfinite(values) & np.isfinite(factors).all(axis=1)
    count = known.sum(axis=0)
    some = np.where(count > 0, count, np.nan)
    mean: FloatVector = np.where(known, values, 0.0).sum(axis=0) / some
    explained: FloatMatrix = np.where(known[:, np.newaxis], factors, 0.0).sum(axis=0) / some
    return mean, explained
