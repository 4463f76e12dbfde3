"""What pages show beside results: paths of names, random baskets, valuations, calls, a site."""

from __future__ import annotations

import csv
import io
import re
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from lxml import html
from typer.testing import CliRunner

import screener
from screener.api import BacktestResult, Workspace
from screener.cli.main import app
from screener.data.lake.store import Store
from screener.errors import InputError
from screener.files.program import program_version
from screener.render.pages.screen import screen_document
from screener.render.pages.site import site_files
from screener.results.pages import BANDS, DRAWDOWNS, NAME_PATHS, VALUATIONS
from screener.results.tables import fits
from screener.workflows.backtest.name_paths import drawdown_rows, name_path_rows
from screener.workflows.backtest.rows import path_rows
from screener.workflows.page import site
from screener.workflows.page.beside import SEED, band_rows, bands_beside
from screener.workflows.page.distributions import distributions_of
from screener.workflows.page.valuations import valuation_rows, valued_on
from screener.workflows.screen.requests import ask_saved
from screener.workflows.study.placebo.run import PlaceboRequest, run_placebos
from screener.workspace.screens import SavedScreen, write_screen
from tests.support.soaking import soaked

RUNNER = CliRunner()


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return screener.demo(tmp_path_factory.mktemp("pages") / "research")


@pytest.fixture(scope="module")
def found(ws: Workspace) -> BacktestResult:
    return ws.backtest(["compute-leasing", "copper"], hold=(5, 20), capital=(1e6, 2e4))


@pytest.mark.parametrize(
    "options",
    [{}, {"entry": "close"}, {"delay": 3}, {"delisting_recovery": 0.0}, {"entry": "vwap"}],
    ids=str,
)
def test_contributions_add_up_to_the_paper_path_at_every_close(
    ws: Workspace, options: dict[str, object]
) -> None:
    found = ws.backtest(["compute-leasing", "copper"], hold=(5, 20), capital=(1e6, 2e4), **options)
    run = found.runs[0]
    rows = name_path_rows(run)
    assert not fits(NAME_PATHS, rows)
    added: dict[tuple[object, ...], float] = {}
    for row in rows:
        key = (row["basket"], row["report"], row["horizon"], row["session"])
        assert isinstance(row["contribution"], float)
        added[key] = added.get(key, 0.0) + row["contribution"]
    paths = [row for row in path_rows(run) if row["capital"] == 1e6]
    assert len(paths) == len(added) > 50
    for row in paths:
        key = (row["basket"], row["report"], row["horizon"], row["session"])
        assert isinstance(row["paper_value"], float)
        assert added[key] == pytest.approx(row["paper_value"] - 1, abs=1e-12)


def test_the_last_value_of_a_name_is_its_return(found: BacktestResult) -> None:
    run = found.runs[0]
    last = {
        (row["basket"], row["report"], row["horizon"], row["listing"]): row["value"]
        for row in name_path_rows(run)
    }
    mainland = [entry for entry in run.ledger if entry.currency == "CNY" and entry.return_local]
    assert len(mainland) > 10
    for entry in mainland:
        key = (entry.basket, entry.report, entry.horizon, entry.listing)
        assert last[key] == pytest.approx(1 + (entry.return_local or 0.0), abs=1e-12)


def test_a_rebalanced_basket_has_paths_and_no_contributions(ws: Workspace) -> None:
    run = ws.backtest(["copper"], hold=40, rebalance="monthly").runs[0]
    rows = name_path_rows(run)
    assert rows
    assert {row["contribution"] for row in rows} == {None}


def test_drawdowns_end_in_the_greatest_of_the_result(found: BacktestResult) -> None:
    for result in found.runs[0].results:
        rows = drawdown_rows(result)
        assert not fits(DRAWDOWNS, rows)
        if rows:
            least = min(row["paper_drawdown"] for row in rows)  # type: ignore[type-var]
            assert least == pytest.approx(result.max_drawdown, abs=1e-12)


def test_a_band_ends_where_random_baskets_do(ws: Workspace, found: BacktestResult) -> None:
    run = ws.backtest(["compute-leasing", "copper"], hold=(5, 20)).runs[0]
    with Store.open(ws.place.data_cache) as store:
        beside = bands_beside(store, run, run.results, draws=300)
        request = PlaceboRequest(backtest=run.request, draws=300, seed=SEED)
        others = run_placebos(store, request, program_version=program_version())
    compared = 0
    for one, other in zip(beside, others.results, strict=True):
        assert (one.band is None) == (other.placebo is None)
        if one.band is None or other.placebo is None:
            continue
        compared += 1
        np.testing.assert_allclose(one.band.returns, other.placebo.returns, atol=1e-12)
        for name in ("mean", "sd", "excess", "quantile", "p_two_sided", "p_greater"):
            theirs = getattr(other.placebo.placement, name)
            assert getattr(one.band.placement, name) == pytest.approx(theirs, abs=1e-12), name
        rows = band_rows(one)
        assert not fits(BANDS, rows)
        assert len(rows) == len(one.result.path)
        ordered = [
            [row[name] for name in ("low", "lower", "middle", "upper", "high")] for row in rows
        ]
        assert all(values == sorted(values) for values in ordered)  # type: ignore[type-var]
    assert compared >= 4


def test_valuations_at_the_report_know_nothing_later(ws: Workspace, found: BacktestResult) -> None:
    event = found.runs[0].results[0].window.event
    with Store.open(ws.place.data_cache) as store:
        names = [member.listing.id for member in event.members]
        now = valued_on(store, names, date(2026, 5, 29))
        rows = valuation_rows(store, event.members, event.published, now)
    assert not fits(VALUATIONS, rows)
    assert [row["moment"] for row in rows] == ["report", "now"] * len(event.members)
    known = [row["session"] for row in rows if row["moment"] == "report" and row["session"]]
    assert known
    assert all(day <= event.published.day for day in known)  # type: ignore[operator]
    assert any(row["pb"] for row in rows)


def test_a_page_names_the_run_and_embeds_the_rows_of_the_csv(ws: Workspace, tmp_path: Path) -> None:
    page, table = tmp_path / "copper.html", tmp_path / "copper.csv"
    arguments = ["backtest", "copper", "--hold", "5,20", "--workspace", str(ws.root)]
    done = RUNNER.invoke(app, [*arguments, "--html", str(page), "--csv", str(table)])
    assert done.exit_code == 0, done.output
    text = page.read_text(encoding="utf-8")
    rows = table.read_text(encoding="utf-8")
    assert f'<template class="csv">{rows}</template>' in text
    run_id = next(csv.DictReader(io.StringIO(rows)))["run_id"]
    assert text.count(run_id) > 1
    assert len(text.encode()) < 200_000
    again = RUNNER.invoke(app, [*arguments, "--html", str(page)])
    assert again.exit_code == 0, "a page replaces a page"
    (tmp_path / "letter.html").write_text("<!doctype html><p>mine", encoding="utf-8")
    refused = RUNNER.invoke(app, [*arguments, "--html", str(tmp_path / "letter.html")])
    assert refused.exit_code == 2
    assert "is no result of this program" in refused.output
    forced = RUNNER.invoke(app, [*arguments, "--html", str(tmp_path / "letter.html"), "--force"])
    assert forced.exit_code == 0, forced.output
    assert "screener-page" in (tmp_path / "letter.html").read_text(encoding="utf-8")


def test_a_screen_shows_three_kinds_of_marks_and_why_a_name_failed(ws: Workspace) -> None:
    asked = SavedScreen(
        universe="all",
        checks={"cheap": "pb < 2", "covered": "interest_cover > 2"},
        checks_zh={"cheap": "便宜", "covered": "付得起利息"},
    )
    with Store.open(ws.place.data_cache) as store:
        result = ask_saved(ws.place, store, asked, date(2026, 5, 27))
    page = screen_document(result)
    signs = {True: "✓", False: "✗", None: "?"}
    best = screen_document(replace(result, top=2))
    order = re.findall(r"<td>(\d{5,6}\.[A-Z]{2})</td>", best)
    assert order[:2] == [row.listing for row in result.passes[:2]]
    held = {row.listing: row.marks.count(True) for row in result.failures}
    assert [held[name] for name in order[2:]] == sorted(held.values(), reverse=True)
    nothing = replace(result.rows[-1], session=None, reasons=("no valuation",))
    lacking = replace(result, rows=(*result.rows[:-1], nothing))
    assert screen_document(lacking).count('<div class="why">no valuation</div>') == 1
    met = {mark for row in result.rows for mark in row.marks}
    assert met == set(signs)
    for row in result.rows:
        cheap, covered = (signs[mark] for mark in row.marks)
        looks = {"✓": "yes", "✗": "no", "?": "none"}
        drawn = "".join(f'<i class="{looks[sign]}">{sign}</i>' for sign in (cheap, covered))
        told = f"{cheap} cheap; {covered} covered", f"{cheap} 便宜; {covered} 付得起利息"
        (line,) = re.findall(rf"<td>{row.listing}</td>.*?</tr>", page)
        assert drawn in line
        assert all(text in line for text in told)
        assert "passed" not in line  # the marks tell that
        assert ("cheap: failed" in line) == (cheap == "✗")
        assert ("covered: cannot be told" in line) == (covered == "?")


def test_saved_screens_have_pages_and_what_they_would_have_earned(
    ws: Workspace, tmp_path: Path
) -> None:
    place = replace(ws.place, root=tmp_path)
    for folder in (place.seeds, place.baskets):
        folder.mkdir()
    for name, asked in {
        "cheap": SavedScreen(
            universe="a", ranges={"pb": "0..2"}, sort="pb", title_en="Cheap", title_zh="便宜"
        ),
        "nobody": SavedScreen(basket="not there", ranges={"pb": "0..2"}),
    }.items():
        write_screen(place, name, asked)
    with Store.open(ws.place.data_cache) as store:
        screens, held, left_out = site.screened(place, store, {"capital": 5e5})
    assert [name for name, _ in screens] == [name for name, _ in held] == ["cheap"]
    assert [line.partition(":")[0] for line in left_out] == ["screen nobody"]
    (_, run) = held[0]
    assert screens[0][1].as_of == run.request.last == date(2026, 10, 30)
    assert (run.request.first, len(run.named)) == (date(2025, 11, 1), site.HELD_MONTHS)
    assert (run.request.screen.top, run.capital) == (site.HELD_NAMES, 5e5)
    assert screens[0][1].passes[:30][0].listing in {row.listing for row in run.named[-1].rows}
    files = site_files(
        site.SiteFacts(
            pages=[],
            reports=[],
            baskets=[],
            score=None,
            screens=screens,
            titles={"cheap": site.screen_title(place, "cheap")},
            held=held,
            left_out=left_out,
        )
    )
    assert set(files) == {"index.html", "screens/cheap.html", "held/cheap.html"}
    assert 'href="../held/cheap.html"' in files["screens/cheap.html"]
    assert 'href="../screens/cheap.html"' in files["held/cheap.html"]
    called = '<span lang="en">Cheap</span><span lang="zh">便宜</span></a>'
    for path in ("screens/cheap.html", "held/cheap.html"):
        assert f'href="{path}">{called}' in files["index.html"]
    assert 'data-en="Screen: Cheap" data-zh="筛选：便宜"' in files["screens/cheap.html"]
    assert "screen nobody" in files["index.html"]


@soaked
def test_pages_are_the_same_each_time_and_a_site_rewrites_nothing(
    ws: Workspace, tmp_path: Path
) -> None:
    first = ws.site(tmp_path / "site", hold=5, placebo=99)
    assert (first.removed, first.kept) == (0, 0)
    again = ws.site(tmp_path / "site", hold=5, placebo=99)
    assert (again.written, again.kept) == (0, first.written)
    index = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    days = re.findall(r"<td class=\"wrap\">(\d{4}-\d\d-\d\d)</td>", index)
    assert days == sorted(days, reverse=True)
    assert len(days) > 5


@soaked
def test_a_report_of_unknown_date_stands_last_in_a_site(ws: Workspace, tmp_path: Path) -> None:
    root = tmp_path / "research"
    shutil.copytree(ws.root, root)
    card = root / "seeds" / "R3.toml"
    lines = card.read_text(encoding="utf-8").split("\n")
    of_date = ("published.range", "published.value", "published.evidence")
    text = "\n".join(line for line in lines if not line.startswith(of_date))
    card.write_text(text.replace('"estimated"', '"unknown"'), encoding="utf-8")
    screener.open(root).site(tmp_path / "site", hold=5, placebo=0)
    index = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    links = re.findall(r'href="reports/(R\d)\.html">R', index.partition('id="reports"')[2])
    assert links[-1] == "R3"
    assert len(links) == 5
    assert "date unknown" in (tmp_path / "site" / "reports" / "R3.html").read_text("utf-8")


@soaked
def test_a_page_marks_estimates_and_counts_a_brokers_own_calls(
    ws: Workspace, tmp_path: Path
) -> None:
    ws.site(tmp_path / "site", hold=5, placebo=0)
    index = (tmp_path / "site" / "index.html").read_text(encoding="utf-8")
    assert "2026-03-08 (estimated)" in index
    assert "2026-03-08（估计）" in index
    assert "<li></li>" not in "".join(
        path.read_text("utf-8") for path in (tmp_path / "site" / "events").iterdir()
    )
    calls = ws.score().calls
    for broker, own in calls.groupby("broker"):
        (page,) = [
            text
            for path in (tmp_path / "site" / "brokers").iterdir()
            if f'<title data-en="{broker}"' in (text := path.read_text("utf-8"))
        ]
        assert f"{len(own):,} call" in page.partition('class="verdict"')[2][:200]


def test_a_verdict_in_chinese_names_the_basket_by_its_title(found: BacktestResult) -> None:
    page = found.to_html(placebo=0)
    assert "· 算力租赁：" in page
    assert "· compute-leasing：" not in page


def test_a_site_is_refused_where_other_files_are(ws: Workspace, tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_text("x", encoding="utf-8")
    done = RUNNER.invoke(app, ["site", str(tmp_path), "--workspace", str(ws.root)])
    assert done.exit_code == 2
    assert "holds other files" in done.output


def test_a_notebook_shows_charts_without_a_script(found: BacktestResult) -> None:
    shown = found._repr_html_()
    assert "<svg" in shown
    assert "<script" not in shown
    assert shown.startswith("<style>@scope(.screener-shown)")
    picture = found.plot(1)
    assert picture.svg.startswith("<figure")
    assert "<svg" in picture._repr_html_()
    with pytest.raises(InputError, match="there is no event 99"):
        found.plot(99)


def widths(page: str) -> list[set[int]]:
    """Return how many cells the rows of each table of a page have, those of its head too."""
    return [
        {
            sum(int(cell.get("colspan", "1")) for cell in row.iterchildren("td", "th"))
            for row in table.iter("tr")
        }
        for table in html.document_fromstring(page).iter("table")
    ]


def test_every_result_has_a_page(ws: Workspace, found: BacktestResult, tmp_path: Path) -> None:
    checks = {"便宜": "pb < 2"}
    for name, result in (
        ("screen", ws.screen(universe="a", as_of="2026-05-27", pb=(None, 2.0), checks=checks)),
        ("score", ws.score()),
        ("study", ws.study(["copper"])),
        ("follow", ws.follow(hold=5, slots=3)),
        ("events", found),
    ):
        text = result.to_html(tmp_path / f"{name}.html")
        assert text == (tmp_path / f"{name}.html").read_text(encoding="utf-8")
        assert "<table" in result._repr_html_()
        tables = widths(text)
        assert tables, name
        assert all(len(table) == 1 for table in tables), (name, tables)


def test_a_distribution_counts_every_value_and_marks_what_is_kept(ws: Workspace) -> None:
    found = ws.screen(universe="a", as_of="2026-05-27", pb=(1.0, 2.0)).result
    (spread,) = distributions_of(found)
    known = [row.values["pb"] for row in found.rows if row.values["pb"] is not None]
    assert sum(spread.counts) == len(known)
    assert spread.lacking == len(found.rows) - len(known)
    assert spread.share(spread.low) == 0.0
    assert spread.share(spread.high) == pytest.approx(1.0)
    assert spread.share(1.0) < spread.share(2.0)
    n = len(spread.counts)
    inside = [spread.share(1.0) <= (at + 0.5) / n <= spread.share(2.0) for at in range(n)]
    assert spread.kept == inside
    assert 0 < sum(inside) < n
