"""Everything that the page of one event shows, computed before the page is made."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from screener.backtest.run import EventResult
from screener.data.lake.store import Store
from screener.data.panels.price_panel import last_sessions_of
from screener.domain.basket import Basket, Event
from screener.domain.report import Report
from screener.errors import ScreenerError
from screener.language.lists import in_a_line
from screener.paths.windows import WindowStatus
from screener.progress import counted
from screener.workflows.backtest.run import BacktestRun
from screener.workflows.page.beside import DRAWS, Beside, bands_beside
from screener.workflows.page.valuations import Valued, valuation_rows, valued_on
from screener.workflows.report.catalog import list_baskets, list_reports
from screener.workflows.report.check import Checking, check_claims
from screener.workflows.study.verdict import Verdict, brokers_of, placebo_record, verdict_of
from screener.workspace.locate import Workspace

if TYPE_CHECKING:
    from screener.scoring.board.scores import Score
    from screener.workflows.score.run import ScoreRun

__all__ = ["BasketPage", "basket_pages"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BasketPage:
    """One event of a run, with what stands beside it on its page.

    Parameters
    ----------
    run
        The run with the results of this event alone, in its order.
    main
        The result that is drawn: the longest finished horizon, else the longest there is.
    basket, report
        Its basket, and the card of its report; `None` where there is none.
    verdict
        What is known of it.
    beside
        Random baskets beside `main`; `None` where none were asked for.
    checking
        Claims of the report; `None` without one.
    valuations
        Rows of `VALUATIONS`.
    untold
        What could not be shown, and why.
    """

    run: BacktestRun
    main: EventResult
    basket: Basket | None
    report: Report | None
    verdict: Verdict
    beside: Beside | None
    checking: Checking | None
    valuations: Sequence[Mapping[str, object]]
    untold: tuple[str, ...] = ()

    @property
    def event(self) -> Event:
        """The event."""
        return self.main.window.event


def basket_pages(
    workspace: Workspace,
    store: Store,
    run: BacktestRun,
    *,
    draws: int = DRAWS,
    compared: bool = True,
    checked: Mapping[str, Checking | None] | None = None,
    score: ScoreRun | None = None,
) -> list[BasketPage]:
    """Return what the pages of a run's events show, one for each event.

    Parameters
    ----------
    workspace, store
        Where the cards are, and the lake at the version of the run.
    run
        The run.
    draws
        Random baskets to compare each event with; 0 for none.
    compared
        Whether claims, valuations and the brokers' records are looked up too.
    checked, score
        Claims of each report and the score of all brokers, where they are known already.
    """
    groups = run.by_event
    main = [_main(results) for results in groups]
    # Random baskets are held to the horizon: beside one whose names leave early they say nothing.
    alike = draws and not run.request.settings.exits.any
    beside = bands_beside(store, run, main, draws=draws) if alike else [None] * len(main)
    known = _Known(
        store=store,
        baskets={basket.name: basket for basket in list_baskets(workspace)},
        reports={report.id: report for report in list_reports(workspace)},
        compared=compared,
        checked=dict(checked or {}),
        now=_valued_now(store, run) if compared else {},
    )
    records: Mapping[str, Score] = {}
    if compared:
        behind = {broker for item in main for broker in known.brokers(item.window.event)}
        records = _records(workspace, known, behind, score)
    begin = 0
    found = []
    for results, chosen, other in counted(list(zip(groups, main, beside, strict=True))):
        some = slice(begin, begin + len(results))
        own = replace(
            run, results=results, price_basis=run.price_basis[some], panels=run.panels[some]
        )
        found.append(_page(known, own, chosen, other, records))
        begin += len(results)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    store: Store
    baskets: Mapping[str, Basket]
    reports: Mapping[str, Report]
    compared: bool
    checked: dict[str, Checking | None]
    now: Valued

    def brokers(self, event: Event) -> tuple[str, ...]:
        """Return the brokers behind an event."""
        basket = self.baskets.get(event.basket)
        return brokers_of(self.reports.get(event.report), set(basket.themes) if basket else set())


def _records(
    workspace: Workspace, known: _Known, brokers: Collection[str], score: ScoreRun | None
) -> Mapping[str, Score]:
    """Return the record of each broker; none where no broker stands behind an event."""
    if score is not None:
        return {item.key[0]: item for item in score.board.scores}
    if not brokers:
        return {}
    from screener.workflows.study.verdicts import broker_records  # takes a second to import

    return broker_records(workspace, known.store, brokers)


def _valued_now(store: Store, run: BacktestRun) -> Valued:
    """Return the values of every name of a run by the newest data."""
    names = {member.listing for result in run.results for member in result.window.event.members}
    days = last_sessions_of(store, sorted({name.exchange for name in names})).values()
    return valued_on(store, {name.id for name in names}, max(days)) if days else {}


def _main(results: Sequence[EventResult]) -> EventResult:
    finished = [item for item in results if item.status is WindowStatus.MATURE]
    if finished:
        return max(finished, key=lambda item: item.window.horizon)
    valued = [item for item in results if len(item.path)]
    return min(valued or results, key=lambda item: item.window.horizon)


def _page(
    known: _Known,
    run: BacktestRun,
    main: EventResult,
    beside: Beside | None,
    records: Mapping[str, Score],
) -> BasketPage:
    event = main.window.event
    report, basket = known.reports.get(event.report), known.baskets.get(event.basket)
    checking, valuations, untold = _looked_up(known, event, report)
    placed = None
    if beside is not None and beside.band is not None and beside.matched is not None:
        placed = placebo_record(beside.band.placement, beside.matched)
    return BasketPage(
        run=run,
        main=main,
        basket=basket,
        report=report,
        verdict=verdict_of(
            main,
            placed,
            known.brokers(event),
            records,
            title_zh="" if basket is None else basket.title_zh,
        ),
        beside=beside,
        checking=checking,
        valuations=valuations,
        untold=tuple(untold),
    )


_LookedUp = tuple[Checking | None, Sequence[Mapping[str, object]], list[str]]


def _looked_up(known: _Known, event: Event, report: Report | None) -> _LookedUp:
    """Return the claims checked, the valuations, and what could not be looked up and why."""
    untold: list[str] = []
    checking: Checking | None = None
    valuations: Sequence[Mapping[str, object]] = ()
    if not known.compared:
        return checking, valuations, untold
    try:
        if report is not None and report.claims:
            if report.id not in known.checked:
                known.checked[report.id] = check_claims(known.store, report)
            checking = known.checked[report.id]
    except ScreenerError as error:
        untold.append(in_a_line(error))
    try:
        valuations = valuation_rows(known.store, event.members, event.published, known.now)
    except ScreenerError as error:
        untold.append(in_a_line(error))
    return checking, valuations, untold
