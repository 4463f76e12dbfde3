"""The verdict on each basket of a report: paper, money, random baskets, the broker's record."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from screener.backtest.frictions import Frictions
from screener.backtest.run import EventResult, Settings
from screener.data.lake.store import Store
from screener.domain.basket import Basket, Event
from screener.domain.report import Report
from screener.errors import BasketDefinitionError, InputError
from screener.paths.windows import WindowStatus
from screener.results.placebo import VERDICTS
from screener.scoring.board.leaderboard import Grouping
from screener.scoring.board.scores import Score
from screener.workflows.backtest.requests import BacktestRequest
from screener.workflows.backtest.run import BacktestRun, run_variants
from screener.workflows.report.catalog import list_reports
from screener.workflows.score.run import ScoreRequest, run_board
from screener.workflows.study.placebo.run import (
    PlaceboRequest,
    PlaceboResult,
    PlaceboRun,
    run_placebos,
)
from screener.workflows.study.run import StudyRequest
from screener.workflows.study.verdict import (
    BrokerRecord,
    PlaceboRecord,
    Verdict,
    brokers_of,
    placebo_record,
    verdict_of,
)
from screener.workspace.broken import Readable
from screener.workspace.locate import Workspace

__all__ = [
    "VerdictRun",
    "broker_records",
    "compared",
    "run_verdicts",
    "verdict_rows",
]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VerdictRun:
    """Verdicts with the runs that they rest on, one for each event."""

    backtest: BacktestRun
    placebo: PlaceboRun
    verdicts: tuple[Verdict, ...]


def run_verdicts(
    workspace: Workspace,
    store: Store,
    groups: Sequence[tuple[Basket, tuple[Event, ...]]],
    request: PlaceboRequest,
    *,
    program_version: str,
    jobs: int = 1,
) -> VerdictRun:
    """Backtest events with money, compare them with random baskets, and score their brokers.

    Parameters
    ----------
    workspace, store
        Where the cards are, and the lake at the version to read.
    groups
        Baskets with their events; those of the request.
    request
        Events, horizons, draws and seed. The executable path has the default frictions.
    program_version, jobs
        As in `run_variants`.

    Raises
    ------
    NoTradableConstituents, InputError, DateRangeError, BarsMissing, DataError
        As `run_variants` and `run_placebos` do.
    """
    asked = request.backtest
    cards = list_reports(workspace)
    reports = {report.id: report for report in cards}
    themes = {basket.name: set(basket.themes) for basket, _ in groups}
    titles = {basket.name: basket.title_zh for basket, _ in groups}
    behind = {
        (event.basket, event.report): brokers_of(
            reports.get(event.report), themes.get(event.basket, set())
        )
        for event in asked.events
    }
    brokers = {broker for some in behind.values() for broker in some}
    # Before the prices of the events are held: it reads those of every call.
    records = broker_records(workspace, store, brokers, cards) if brokers else {}
    money = replace(asked, settings=replace(asked.settings, frictions=Frictions()))
    (backtest,) = run_variants(store, [money], program_version=program_version, jobs=jobs)
    placebo = run_placebos(store, request, program_version=program_version, jobs=jobs)
    chosen: dict[tuple[str, str], tuple[EventResult, PlaceboResult]] = {}
    for result, beside in zip(backtest.results, placebo.results, strict=True):
        key = (result.window.event.basket, result.window.event.report)
        if key not in chosen or result.status is WindowStatus.MATURE:
            chosen[key] = (result, beside)  # the longest finished horizon, else the shortest
    found = tuple(
        verdict_of(result, _placebo(beside), behind[key], records, title_zh=titles.get(key[0], ""))
        for key, (result, beside) in chosen.items()
    )
    return VerdictRun(backtest=backtest, placebo=placebo, verdicts=found)


def compared(
    workspace: Workspace,
    store: Store,
    groups: Sequence[tuple[Basket, tuple[Event, ...]]],
    study: StudyRequest,
    *,
    horizons: tuple[int, ...],
    draws: int,
    program_version: str,
    jobs: int = 1,
) -> VerdictRun:
    """Compare the baskets of a study with random ones; see `run_verdicts`."""
    settings = Settings(horizons=horizons, max_wait=study.max_wait)
    request = PlaceboRequest(
        backtest=BacktestRequest(events=study.events, settings=settings, benchmark=study.benchmark),
        draws=draws,
        seed=study.settings.seed,
    )
    return run_verdicts(
        workspace, store, groups, request, program_version=program_version, jobs=jobs
    )


def verdict_rows(run: VerdictRun) -> list[dict[str, object]]:
    """Return one row per event and broker with the columns of `VERDICTS`."""
    rows = []
    for found in run.verdicts:
        common = {
            "basket": found.basket,
            "report": found.report,
            "horizon": found.horizon,
            "sessions_held": found.sessions_held,
            "finished": found.finished,
            "paper_return": found.paper_return,
            "executable_return": found.executable_return,
            "capital": found.capital,
            "placebo_excess": found.placebo.excess if found.placebo else None,
            "placebo_p": found.placebo.p_value if found.placebo else None,
            "matched_on": found.placebo.matched_on if found.placebo else "",
            "run_id": run.backtest.run_id,
            "placebo_run": run.placebo.run_id,
        }
        beside = [_broker_columns(record) for record in found.brokers] or [{}]
        rows += [VERDICTS.row({**common, **columns}) for columns in beside]
    return rows


def _broker_columns(record: BrokerRecord) -> dict[str, object]:
    low, high = record.interval or (None, None)
    return {
        "broker": record.broker,
        "met": record.met,
        "matured": record.matured,
        "interval_low": low,
        "interval_high": high,
        "base_rate": record.base_rate,
    }


def broker_records(
    workspace: Workspace,
    store: Store,
    brokers: Collection[str],
    cards: Readable[Report] | None = None,
) -> Mapping[str, Score]:
    """Return the score of some brokers, of their own calls alone; none where no call is left.

    Parameters
    ----------
    workspace, store
        Where the cards are, and the lake at the version to read.
    brokers
        The brokers, by the names that cards give them.
    cards
        The cards, where they are read already.
    """
    reports = list_reports(workspace) if cards is None else cards
    try:
        board = run_board(workspace, store, ScoreRequest(by=(Grouping.BROKER,)), reports, brokers)
    except BasketDefinitionError:  # definitions that cannot be read are no lack of calls
        raise
    except InputError:
        return {}
    return {score.key[0]: score for score in board.scores}


def _placebo(beside: PlaceboResult) -> PlaceboRecord | None:
    if beside.placebo is None or beside.matched is None:
        return None
    return placebo_record(beside.placebo.placement, beside.matched)
