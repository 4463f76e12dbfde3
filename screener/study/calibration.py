"""How often each test finds something where nothing is: random stocks on random dates.

Brown and Warner (1985): the events of a study are drawn anew among all stocks and sessions of a
market, where their abnormal returns are 0 on average. A test that holds rejects in as many draws
as its level says. A return that is planted on session 0 shows what it would find.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from screener.domain.arrays import FlagMatrix, Places
from screener.domain.basket import Event, Member, Weighting
from screener.domain.panel import PricePanel
from screener.errors import ComputeError, ScreenerError
from screener.language import say
from screener.paths.known import EntrySessions
from screener.paths.workers.parallel import mapped
from screener.study.evaluating import Evaluation, StudySettings, evaluate
from screener.study.models import abnormal_returns
from screener.study.placebo.universe import in_market
from screener.study.references import Reference
from screener.study.results import Statistic
from screener.study.statistics.intervals import wilson
from screener.study.units import StudyEvent, UnitKind, Units, study_units
from screener.study.windows import Part, StudyWindows

__all__ = ["LEVEL", "Calibration", "Rejections", "calibrated"]

LEVEL = 0.05
"""p below which a test rejects."""
_LEAST_SESSIONS = 20

References = Callable[[Event], tuple[Reference, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejections:
    """How often one test rejects on one part of the window.

    Parameters
    ----------
    part, statistic
        Which.
    planted
        Return added to every event on session 0.
    n_draws, n_answered
        Draws, and those in which the test has an answer.
    n_rejected, n_above
        Draws with p below the level, and those among them whose estimate is above what it is
        without an effect: half of them where the test errs on both sides alike.
    """

    part: Part
    statistic: Statistic
    planted: float
    n_draws: int
    n_answered: int
    n_rejected: int
    n_above: int

    @property
    def rate(self) -> float | None:
        """Share of the answers that reject."""
        return self.n_rejected / self.n_answered if self.n_answered else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Wilson's interval of `rate`."""
        return wilson(self.n_rejected, self.n_answered) if self.n_answered else None

    @property
    def holds(self) -> bool | None:
        """Whether the level lies in it; `None` without an answer, or with something planted."""
        if self.interval is None or self.planted:
            return None
        return self.interval[0] <= LEVEL <= self.interval[1]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Calibration:
    """What random events of a study's shape came to.

    Parameters
    ----------
    rejections
        One for each effect, part and statistic.
    sessions
        `(n_sessions,)` rows of the panel from which entries were drawn.
    n_stocks
        Stocks that could be drawn on any of them.
    n_units
        Mean number of units of a draw that count.
    """

    rejections: tuple[Rejections, ...]
    sessions: Places
    n_stocks: int
    n_units: float


def calibrated(
    panel: PricePanel,
    events: Sequence[tuple[Event, EntrySessions]],
    references: References,
    settings: StudySettings,
    *,
    kind: UnitKind,
    max_wait: int,
    draws: int,
    planted: float = 0.0,
    jobs: int = 1,
) -> Calibration:
    """Draw the events of a study anew and test each draw as the study is tested.

    A draw has as many events with as many names of each market; events of one entry date stay
    together and get one random session, each date its own. A name is drawn among the stocks with a
    bar on the session before and as many in the estimation window as a model needs: nothing of the
    event window or later is looked at.

    Parameters
    ----------
    panel
        All stocks of the markets, over the sessions to draw from and their windows.
    events
        The study's events with their entries.
    references
        Gives what explains the names of an event.
    settings
        Windows, model, seed and bootstrap.
    kind, max_wait, jobs
        As in `study_units`.
    draws
        How many.
    planted
        Return to add on session 0 in a second count; 0 for none.

    Raises
    ------
    ComputeError
        If fewer than 20 sessions have windows within the panel, or too few stocks.
    """
    shape = _Shape(panel, events, settings.windows)
    work = partial(_one, shape, references, settings, kind, max_wait, planted)
    found = [item for item in mapped(work, range(draws), jobs=jobs) if item is not None]
    effects = [0.0, *([planted] if planted else [])]
    rejections = [
        item
        for at, effect in enumerate(effects)
        for item in _counted([every[at] for every in found], settings.windows, effect, draws)
    ]
    return Calibration(
        rejections=tuple(rejections),
        sessions=shape.rows,
        n_stocks=shape.n_stocks,
        n_units=float(np.mean([every[0].n for every in found])) if found else 0.0,
    )


class _Shape:
    """What of a study's events a draw keeps, and what it may draw."""

    def __init__(
        self,
        panel: PricePanel,
        events: Sequence[tuple[Event, EntrySessions]],
        windows: StudyWindows,
    ) -> None:
        self.panel, self.windows = panel, windows
        firsts = [min(day for _, day in entries) for _, entries in events]
        dates = sorted(set(firsts))
        self.group = [dates.index(day) for day in firsts]
        self.events = [event for event, _ in events]
        self.n_groups = len(dates)
        sides = {
            member.listing.exchange.mainland for event, _ in events for member in event.members
        }
        self._fit = {side: self._fitting(mainland=side) for side in sides}
        some = np.logical_and.reduce([fit.any(axis=1) for fit in self._fit.values()])
        self.rows: Places = np.flatnonzero(some)
        if len(self.rows) < _LEAST_SESSIONS:
            raise ComputeError(
                say(
                    "{n} sessions have both windows within the tables, {needed} are needed to draw "
                    "from",
                    n=len(self.rows),
                    needed=_LEAST_SESSIONS,
                ),
                fix=say("import an earlier history, or shorten --estimation and --window"),
            )
        self.n_stocks = sum(int(fit.any(axis=0).sum()) for fit in self._fit.values())

    def _fitting(self, *, mainland: bool) -> FlagMatrix:
        """Tell which stocks of a market can be drawn on which rows, `(n_sessions, n_listings)`."""
        panel, windows = self.panel, self.windows
        side = in_market(panel, mainland=mainland)
        found = np.zeros(panel.close.shape, dtype=np.bool_)
        if not side.any():
            return found
        own = panel.own_rows(int(np.argmax(side)))
        traded: FlagMatrix = np.isfinite(panel.close[own])
        counts = np.concatenate([np.zeros((1, traded.shape[1])), np.cumsum(traded, axis=0)])
        first, last = windows.estimation
        at = np.arange(max(1 - first, 1), len(own) - windows.event[1])
        learned = counts[at + last + 1] - counts[at + first]
        found[own[at]] = side & traded[at - 1] & (learned > windows.needed)
        return found

    def draw(self, number: int, seed: int) -> list[tuple[Event, EntrySessions]]:
        """Return one draw of the events."""
        random = np.random.default_rng((seed, number))
        many = self.n_groups > len(self.rows)
        rows = random.choice(self.rows, self.n_groups, replace=many)
        return [
            self._drawn(random, event, int(rows[group]))
            for event, group in zip(self.events, self.group, strict=True)
        ]

    def _drawn(
        self, random: np.random.Generator, event: Event, row: int
    ) -> tuple[Event, EntrySessions]:
        columns: list[int] = []
        for side, fit in self._fit.items():
            n = sum(member.listing.exchange.mainland == side for member in event.members)
            among = np.flatnonzero(fit[row])
            columns += random.choice(among, min(n, len(among)), replace=False).tolist()
        names = tuple(Member(listing=self.panel.listings[at]) for at in columns)
        day = self.panel.session(row)
        exchanges = sorted({name.listing.exchange for name in names})
        entries = tuple((exchange, day) for exchange in exchanges)
        return replace(event, members=names, weighting=Weighting.EQUAL), entries


def _one(
    shape: _Shape,
    references: References,
    settings: StudySettings,
    kind: UnitKind,
    max_wait: int,
    planted: float,
    number: int,
) -> list[Evaluation] | None:
    """Return the answers on one draw, without and with what is planted; `None` for no unit."""
    drawn = [
        StudyEvent(event=event, entries=entries, references=references(event))
        for event, entries in shape.draw(number, settings.seed)
    ]
    try:
        units = study_units(
            shape.panel,
            drawn,
            settings.windows,
            settings.model,
            kind=kind,
            convention=settings.convention,
            max_wait=max_wait,
        )
    except ScreenerError:  # what is missing leaves no unit of this draw
        return None
    every = [units, *([_planted(units, settings, planted)] if planted else [])]
    return [
        evaluate(item.returns, item.abnormal, item.timeline, settings, group=number, days=False)
        for item in every
    ]


def _planted(units: Units, settings: StudySettings, effect: float) -> Units:
    """Add a return to every unit on session 0, where it was traded."""
    windows = settings.windows
    places = [-windows.event[0], *([windows.n_event] if windows.reader else [])]
    event = units.returns.event.copy()
    spans = units.returns.spans
    for at in places:
        event[:, at] += effect if spans is None else np.where(spans[:, at] > 0, effect, 0.0)
    returns = replace(units.returns, event=event)
    abnormal = abnormal_returns(returns, settings.model, convention=settings.convention)
    return replace(units, returns=returns, abnormal=abnormal)


def _counted(
    found: Sequence[Evaluation], windows: StudyWindows, planted: float, draws: int
) -> Iterable[Rejections]:
    for place, part in enumerate(windows.parts()):
        for at, statistic in enumerate(Statistic):
            answers = [every.parts[place].tests[at] for every in found]
            known = [item for item in answers if item.p is not None]
            rejected = [item for item in known if item.p is not None and item.p < LEVEL]
            above = (item.value if item.value is not None else item.estimate for item in rejected)
            yield Rejections(
                part=part.part,
                statistic=statistic,
                planted=planted,
                n_draws=draws,
                n_answered=len(known),
                n_rejected=len(rejected),
                n_above=sum(value is not None and value > 0 for value in above),
            )
