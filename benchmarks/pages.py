"""Pages: how large, how long beyond the backtest, and a site: `python -m benchmarks.pages`.

Each page is written by the command, start to finish, in turn with the same command without it. The
largest page asked for holds 27 names over 250 sessions, and a site has 100 events; what a page
may take and weigh stands beside what it does. A tear sheet of quantstats, as far as it is
installed, is what one would send otherwise.
"""

from __future__ import annotations

import tempfile
import time
from datetime import date, timedelta
from importlib.util import find_spec
from pathlib import Path

import screener
from benchmarks.measuring import command, in_turn
from screener.api import Workspace
from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.domain.listing import parse_listing

_DAY = date(2025, 6, 3)
_SHAPES = ((10, 60, 400_000), (27, 250, 900_000))
_BEYOND, _SITE, _EVENTS = 2.0, 60.0, 100

TEAR_SHEET = """
import sys
import numpy as np, pandas as pd, quantstats as qs
days = pd.bdate_range("2025-06-03", periods=250)
rng = np.random.default_rng(1)
one, other = (pd.Series(rng.normal(0, 0.01, 250), index=days) for _ in range(2))
qs.reports.html(one, benchmark=other, output=sys.argv[1])
"""


def stocks(workspace: Workspace) -> list[str]:
    """Return ids of mainland stocks with bars throughout."""
    with Store.open(workspace.place.data_cache) as store:
        rows = store.read(TableName.LISTINGS, columns=["listing", "kind"]).to_pylist()
        spans = store.spans([row["listing"] for row in rows if row["kind"] == "stock"])
    return sorted(
        name
        for name, span in spans.items()
        if span.first < _DAY - timedelta(days=90) and parse_listing(name).exchange.mainland
    )


def measured_pages(folder: Path, desk: Workspace, names: list[str]) -> None:
    """Print the size of pages, and what they take beyond the backtest."""
    for n_names, sessions, most in _SHAPES:
        basket = f"bench-{n_names}"
        desk.new_basket(basket, names[:n_names], date=_DAY)
        asked = ("-m", "screener", "backtest", basket, "--hold", str(sessions))
        page = folder / f"{basket}.html"
        alone, whole = in_turn(
            command(*asked, cwd=desk.root),
            command(*asked, "--html", str(page), cwd=desk.root),
            runs=3,
        )
        size = page.stat().st_size
        print(
            f"page of {n_names} names × {sessions} sessions: {size / 1e3:,.0f} kB "
            f"(≤ {most / 1e3:,.0f}), {whole - alone:.2f} s (≤ {_BEYOND:.0f}) "
            f"beyond the backtest's {alone:.2f} s"
        )


def measured_site(folder: Path, desk: Workspace, names: list[str]) -> None:
    """Print what a site of many events takes, and takes again when nothing has changed."""
    for at in range(_EVENTS - len(desk.baskets())):
        day = _DAY + timedelta(days=3 * at)
        some = [names[(7 * at + step) % len(names)] for step in range(10)]
        desk.new_basket(f"event-{at}", some, date=day)
    job = command("-m", "screener", "site", str(folder / "site"), cwd=desk.root)
    taken = []
    for _ in range(2):
        start = time.perf_counter()
        job()
        taken.append(time.perf_counter() - start)
    pages = [path.stat().st_size for path in (folder / "site").rglob("*.html")]
    print(
        f"site of {_EVENTS} events: {taken[0]:.1f} s (≤ {_SITE:.0f}), again {taken[1]:.1f} s; "
        f"{len(pages)} pages, {sum(pages) / 1e6:.1f} MB, the largest {max(pages) / 1e3:,.0f} kB"
    )


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        desk = screener.demo(folder / "demo")
        names = stocks(desk)
        measured_pages(folder, desk, names)
        measured_site(folder, desk, names)
        if find_spec("quantstats"):
            sheet = folder / "sheet.html"
            start = time.perf_counter()
            command("-W", "ignore", "-c", TEAR_SHEET, str(sheet), cwd=folder)()
            took = time.perf_counter() - start
            print(f"quantstats, 1 series × 250: {sheet.stat().st_size / 1e3:,.0f} kB, {took:.1f} s")


if __name__ == "__main__":
    main()
