"""Calibration workflow: how often each test of a study errs on the market of the tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from screener.data.lake.store import Store
from screener.data.panels.market_panel import read_market_panel
from screener.data.panels.price_panel import last_sessions_of
from screener.data.panels.return_tables import ReturnTable
from screener.domain.listing import Exchange
from screener.errors import BarsMissing, InputError
from screener.language import say
from screener.market.calendars import calendar_of
from screener.study.calibration import LEVEL, Calibration, calibrated
from screener.study.models import Model
from screener.study.placebo.random_dates import SESSIONS_BACK
from screener.workflows.backtest.market import benchmarks_for, dated_events
from screener.workflows.run_ids import run_id
from screener.workflows.study.references import References
from screener.workflows.study.run import StudyRequest, StudyRun
from screener.workspace.plain import plain_of

__all__ = [
    "CalibrationRequest",
    "CalibrationRun",
    "calibrate",
    "calibration_document",
    "calibration_rows",
]

_LEAST_DRAWS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationRequest:
    """What to draw: the study whose events are drawn anew, how often, and what is planted."""

    study: StudyRequest
    draws: int
    planted: float = 0.0

    def __post_init__(self) -> None:
        if self.draws < _LEAST_DRAWS:
            raise InputError(
                say(
                    "{option} {n} is below {least}",
                    option="--calibrate",
                    n=self.draws,
                    least=_LEAST_DRAWS,
                )
            )
        if not abs(self.planted) < 1:
            raise InputError(
                say("a return of {planted} cannot be planted", planted=self.planted),
                fix=say("write {example}", example="--planted 1%"),
            )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CalibrationRun:
    """How often each test errs, with what it rests on.

    Parameters
    ----------
    request
        What was asked.
    found
        What the draws came to.
    first, last
        First and last session drawn from.
    data_version, run_id, simulated
        As in a study's run.
    """

    request: CalibrationRequest
    found: Calibration
    first: date
    last: date
    data_version: int
    run_id: str
    simulated: bool

    @property
    def told(self) -> str:
        """What was drawn, in a sentence."""
        events = self.request.study.events
        return say(
            "{draws} draws of {events} events with as many names and dates, of {stocks} stocks on "
            "{sessions} sessions from {first} to {last}; {units:.1f} observations counted in a "
            "draw on average; a test rejects below p = {level}.",
            draws=self.request.draws,
            events=len(events),
            stocks=self.found.n_stocks,
            sessions=len(self.found.sessions),
            first=self.first,
            last=self.last,
            units=self.found.n_units,
            level=LEVEL,
        )


def calibrate(
    store: Store,
    run: StudyRun,
    *,
    draws: int,
    planted: float = 0.0,
    program_version: str,
    table: ReturnTable | None = None,
    jobs: int = 1,
) -> CalibrationRun:
    """Draw the events of a study among all stocks and sessions of its markets.

    At most the last 500 sessions whose windows the tables hold are drawn from.

    Parameters
    ----------
    store
        The lake, at the version that the study read.
    run
        The study.
    draws, planted
        As in `CalibrationRequest`.
    program_version, table, jobs
        As in `run_study`.

    Raises
    ------
    InputError
        If its model needs portfolios, which there are for its own names alone.
    ComputeError
        If there are too few sessions.
    BarsMissing
        If the tables hold no market to draw from.
    """
    request = CalibrationRequest(study=run.request, draws=draws, planted=planted)
    settings = run.request.settings
    if settings.model is Model.MATCHED:
        raise InputError(
            say("portfolios are matched to the names of the study alone, not to random stocks"),
            fix=say("calibrate with --model market, market-adjusted, mean-adjusted or factors"),
        )
    events = run.request.events
    exchanges = list(dict.fromkeys(m.listing.exchange for item in events for m in item.members))
    panel = read_market_panel(store, exchanges, *_span(store, exchanges, run)).prices
    benchmarks = None
    if settings.model in (Model.MARKET, Model.MARKET_ADJUSTED):
        benchmarks = benchmarks_for(store, events, run.request.benchmark)
    references = References(panel, settings.model, benchmarks, table)
    dated = [(event, entries[0]) for event, entries in dated_events(events, 0)[0]]
    found = calibrated(
        panel,
        dated,
        references.of,
        settings,
        kind=run.request.unit,
        max_wait=run.request.max_wait,
        draws=draws,
        planted=planted,
        jobs=jobs,
    )
    simulated = store.simulated()
    return CalibrationRun(
        request=request,
        found=found,
        first=panel.session(int(found.sessions[0])),
        last=panel.session(int(found.sessions[-1])),
        data_version=store.version,
        run_id=run_id("calibration", request, store, program_version, simulated=simulated),
        simulated=simulated,
    )


def _span(store: Store, exchanges: list[Exchange], run: StudyRun) -> tuple[date, date]:
    """Return the days that hold the sessions to draw from, and their windows."""
    windows = run.request.settings.windows
    ends = last_sessions_of(store, exchanges)
    if not ends:
        raise BarsMissing(
            say("the tables hold no bar of the market"),
            fix=say("import bars: `screener data import FILE --kind bars`"),
        )
    back = SESSIONS_BACK + windows.event[1] + 2 - windows.estimation[0]
    starts = []
    for exchange, end in ends.items():
        sessions = calendar_of(exchange).sessions
        at = int(np.searchsorted(sessions, np.datetime64(end, "D")))
        starts.append(sessions[max(at - back, 0)].item())
    return min(starts), max(ends.values())


def calibration_rows(run: CalibrationRun) -> list[dict[str, object]]:
    """Return one row per effect, part and statistic, with the columns of `CALIBRATION`."""
    found: list[dict[str, object]] = []
    for item in run.found.rejections:
        low, high = item.interval or (None, None)
        found.append(
            {
                "part": str(item.part),
                "statistic": str(item.statistic),
                "planted": item.planted,
                "n_draws": item.n_draws,
                "n_answered": item.n_answered,
                "n_rejected": item.n_rejected,
                "n_above": item.n_above,
                "significance": LEVEL,
                "rate": item.rate,
                "low": low,
                "high": high,
                "holds": item.holds,
                "seed": run.request.study.settings.seed,
                "data_version": run.data_version,
                "run_id": run.run_id,
            }
        )
    return found


def calibration_document(run: CalibrationRun) -> dict[str, object]:
    """Return all that a stored run keeps: its inputs and results."""
    return {
        "run_id": run.run_id,
        "data_version": run.data_version,
        "simulated": run.simulated,
        "calibration": plain_of(run.request),
        "rejections": calibration_rows(run),
        "remarks": [run.told],
    }
