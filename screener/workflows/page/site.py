"""Everything that the pages of a workspace show, read and computed once for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from screener.data.lake.store import Store
from screener.domain.basket import Basket
from screener.domain.report import Report
from screener.errors import InputError, ScreenerError
from screener.language.lists import in_a_line
from screener.workflows.backtest.run import BacktestRun
from screener.workflows.page.basket import BasketPage, basket_pages
from screener.workflows.page.beside import DRAWS
from screener.workflows.report.catalog import list_baskets, list_reports
from screener.workflows.report.check import Checking, check_claims
from screener.workflows.score.run import ScoreRequest, ScoreRun, run_score
from screener.workspace.locate import Workspace

__all__ = ["SiteFacts", "site_facts"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SiteFacts:
    """What the pages of a workspace show.

    Parameters
    ----------
    pages
        The events, newest report first.
    reports
        The report cards with their claims, checked; newest first.
    baskets
        The baskets.
    score
        The score of all brokers; `None` where there is no call.
    left_out
        What could not be read, and why.
    """

    pages: Sequence[BasketPage]
    reports: Sequence[tuple[Report, Checking | None]]
    baskets: Sequence[Basket]
    score: ScoreRun | None
    left_out: Sequence[str]


def site_facts(
    workspace: Workspace,
    store: Store,
    run: BacktestRun,
    *,
    draws: int = DRAWS,
) -> SiteFacts:
    """Return what the pages of a workspace show.

    Parameters
    ----------
    workspace, store
        Where the cards are, and the lake at the version of the run.
    run
        The backtest of every event.
    draws
        Random baskets to compare each event with; 0 for none.
    """
    reports = list_reports(workspace)
    left_out = [item.told() for item in reports.broken]
    checked: list[tuple[Report, Checking | None]] = []
    for report in reports:
        try:
            checked.append((report, check_claims(store, report) if report.claims else None))
        except ScreenerError as error:
            left_out.append(in_a_line(error))
            checked.append((report, None))
    try:
        score: ScoreRun | None = run_score(workspace, store, ScoreRequest())
    except InputError:
        score = None
    known = {report.id: checking for report, checking in checked}
    pages = basket_pages(workspace, store, run, draws=draws, checked=known, score=score)
    checked.sort(key=lambda item: item[0].published.text()[:10], reverse=True)  # unknown: last
    return SiteFacts(
        pages=sorted(pages, key=lambda page: page.event.published.day, reverse=True),
        reports=checked,
        baskets=list_baskets(workspace),
        score=score,
        left_out=left_out,
    )
