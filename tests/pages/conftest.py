"""Pages of a simulated market, made once, and a browser to open them in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import screener
from screener.api import Workspace
from screener.data.lake.store import Store
from screener.render.pages.report import report_document
from screener.workflows.report.catalog import get_report
from screener.workflows.report.check import check_claims
from tests.support.browser import LACKING, chromium

PAGES = (
    *("basket", "events", "follow", "screen", "score", "study", "report", "today"),
    *("site/index", "site/score"),
)


@pytest.fixture(scope="session")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return screener.demo(tmp_path_factory.mktemp("pages") / "research")


@pytest.fixture(scope="session")
def pages(ws: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a page of each kind, by the names in `PAGES`."""
    folder = tmp_path_factory.mktemp("made")
    ws.backtest(["copper"], hold=(5, 20)).to_html(folder / "basket.html", placebo=200)
    ws.backtest(["compute-leasing"], hold=(5, 20)).to_html(folder / "events.html", placebo=200)
    ws.follow(hold=5, slots=3).to_html(folder / "follow.html")
    found = ws.screen(
        basket="domestic-compute",
        as_of="2026-05-27",
        pb=(0.1, 3.0),
        pe_ttm=(None, 40.0),
        checks={"便宜": "pb < 2", "现金多": "pcf_ttm < 9"},
    )
    found.to_html(folder / "screen.html")
    ws.score().to_html(folder / "score.html")
    ws.study(["compute-leasing"], placebo=200, hold=(5,)).to_html(folder / "study.html")
    report = get_report(ws.place, "R2")
    with Store.open(ws.place.data_cache) as store:
        checking = check_claims(store, report)
    (folder / "report.html").write_text(report_document(report, checking), encoding="utf-8")
    ws.today("2026-09-01").to_html(folder / "today.html")
    ws.site(folder / "site", hold=(5, 20), placebo=200)
    return folder


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    if LACKING:
        pytest.skip(LACKING)
    with chromium() as found:
        yield found
