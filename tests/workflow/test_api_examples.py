"""Every example in the docstrings of the library runs, on a copy of the demonstration."""

from __future__ import annotations

import doctest
from datetime import date

import pytest

import screener
from screener import api, api_results
from screener.demo import demo_workspace, simulate

OPTIONS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


@pytest.fixture(scope="module")
def ws(tmp_path_factory: pytest.TempPathFactory) -> api.Workspace:
    """A demonstration's workspace, for every example in turn: none undoes what another shows."""
    place = demo_workspace(tmp_path_factory.mktemp("examples") / "demo")
    simulate(place, start=date(2025, 1, 2))
    return screener.open(place.root)


@pytest.fixture(scope="module")
def found(ws: api.Workspace) -> api_results.BacktestResult:
    return ws.backtest(["copper"], hold=(5, 20), capital=1e6)


@pytest.fixture(scope="module")
def followed(ws: api.Workspace) -> api_results.FollowedResult:
    return ws.follow(hold=20, slots=4)


@pytest.fixture(scope="module")
def held(ws: api.Workspace) -> api_results.HeldScreenResult:
    return ws.screen_backtest(
        universe="a", pb=(None, 3), top=5, first="2026-04-20", last="2026-06-30"
    )


@pytest.fixture(scope="module")
def beside(ws: api.Workspace) -> api_results.BesideResult:
    return ws.screen_report("R5", as_of="2026-06-30")


def examples() -> list[doctest.DocTest]:
    finder = doctest.DocTestFinder(exclude_empty=True)
    found = [test for module in (api, api_results) for test in finder.find(module)]
    return [test for test in found if test.examples]


def test_the_methods_that_the_design_names_have_examples() -> None:
    told = {test.name.rsplit(".", 1)[-1] for test in examples()}
    methods = {name for name, value in vars(api.Workspace).items() if callable(value)}
    assert {name for name in methods if not name.startswith("_")} <= told


@pytest.mark.parametrize("test", examples(), ids=lambda test: test.name)
def test_the_example_runs(
    test: doctest.DocTest,
    ws: api.Workspace,
    found: api_results.BacktestResult,
    followed: api_results.FollowedResult,
    held: api_results.HeldScreenResult,
    beside: api_results.BesideResult,
) -> None:
    test.globs = {
        "screener": screener,
        "ws": ws,
        "found": found,
        "followed": followed,
        "held": held,
        "beside": beside,
    }
    told: list[str] = []
    doctest.DocTestRunner(optionflags=OPTIONS).run(test, out=told.append)
    assert not told, "".join(told)
