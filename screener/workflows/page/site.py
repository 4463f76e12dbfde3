"""Everything that the pages of a workspace show, read and computed once for all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from screener.data.lake.store import Store
from screener.domain.basket import Basket
from screener.domain.listing import Exchange
from screener.domain.report import Report
from screener.errors import InputError, ScreenerError
from screener.language import say
from screener.language.lists import in_a_line
from screener.language.saying import say_by
from screener.workflows.backtest.run import BacktestRun
from screener.workflows.page.basket import BasketPage, basket_pages
from screener.workflows.page.beside import DRAWS
from screener.workflows.report.catalog import list_baskets, list_reports
from screener.workflows.report.check import Checking, check_claims
from screener.workflows.score.run import ScoreRequest, ScoreRun, run_score
from screener.workflows.screen.backtest.requests import held_screen_request
from screener.workflows.screen.backtest.run import ScreenBacktest, backtest_screen
from screener.workflows.screen.requests import ask_saved
from screener.workflows.screen.run import ScreenResult
from screener.workspace.locate import Workspace
from screener.workspace.screens import own_screens, saved_screen

__all__ = [
    "HELD_MONTHS",
    "HELD_NAMES",
    "SiteFacts",
    "screen_title",
    "screened",
    "site_facts",
]

HELD_MONTHS = 12
"""Months over which each saved screen is held, the last one included."""
HELD_NAMES = 30
"""Names that it holds at most, where it says no number itself."""


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
    screens
        The workspace's own saved screens by name, as of the last session.
    titles
        What those screens are called, by name.
    held
        What they would have earned over the last `HELD_MONTHS`, the `HELD_NAMES` best where a
        screen says no number itself, chosen anew each month.
    left_out
        What could not be read, and why.
    """

    pages: Sequence[BasketPage]
    reports: Sequence[tuple[Report, Checking | None]]
    baskets: Sequence[Basket]
    score: ScoreRun | None
    screens: Sequence[tuple[str, ScreenResult]] = ()
    titles: Mapping[str, str] = field(default_factory=dict)
    held: Sequence[tuple[str, ScreenBacktest]] = ()
    left_out: Sequence[str]


def site_facts(
    workspace: Workspace,
    store: Store,
    run: BacktestRun,
    *,
    draws: int = DRAWS,
    defaults: Mapping[str, Any] | None = None,
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
    defaults
        Options of trading that the settings say.
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
    screens, held, missing = screened(workspace, store, defaults or {})
    return SiteFacts(
        pages=sorted(pages, key=lambda page: page.event.published.day, reverse=True),
        reports=checked,
        baskets=list_baskets(workspace),
        score=score,
        screens=screens,
        titles={name: screen_title(workspace, name) for name, _ in screens},
        held=held,
        left_out=[*left_out, *missing],
    )


def screen_title(workspace: Workspace, name: str) -> str:
    """Return what a saved screen is called, in the language in which it is said again."""
    asked = saved_screen(workspace, name)
    return say_by(asked.titled, name, asked.titled(name))


def screened(
    workspace: Workspace, store: Store, defaults: Mapping[str, Any]
) -> tuple[list[tuple[str, ScreenResult]], list[tuple[str, ScreenBacktest]], list[str]]:
    """Ask the workspace's own screens as of the last session, and hold them up to it.

    Returns
    -------
    tuple
        Screens and what they would have earned, by name, and why others are left out.
    """
    screens: list[tuple[str, ScreenResult]] = []
    held: list[tuple[str, ScreenBacktest]] = []
    left_out: list[str] = []
    names = own_screens(workspace)
    last = store.last_available(tuple(f".{item}" for item in Exchange)) if names else None
    if last is None:
        return screens, held, left_out
    year, month = divmod(last.year * 12 + last.month - HELD_MONTHS, 12)
    for name in names:
        try:
            asked = saved_screen(workspace, name)
            screens.append((name, ask_saved(workspace, store, asked, last)))
            request, _ = held_screen_request(
                workspace,
                name,
                first=date(year, month + 1, 1),
                last=last,
                every="month",
                top=asked.top or HELD_NAMES,
                benchmark="",
                biases=False,
                asked={},
                defaults=defaults,
            )
            held.append((name, backtest_screen(store, request, program_version="")))
        except ScreenerError as error:
            left_out.append(say("screen {name}: {error}", name=name, error=in_a_line(error)))
    return screens, held, left_out
