"""Every kind of error of every room is told in Chinese, with where and fix, and no stray English.

What each room raises is read from its source: a kind of error that is new in a room must be
provoked here, too. What is told from where nobody can come to is held to the catalog.
"""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeAlias, cast

import numpy as np
import pytest
from babel.messages.pofile import read_po

from screener import api, errors
from screener.api_results import BacktestResult
from screener.backtest.benchmark import BenchmarkSeries, benchmark_return
from screener.backtest.execution.dealing import Dealing
from screener.backtest.frictions import Frictions
from screener.backtest.run import Settings
from screener.domain.choices import choice
from screener.domain.days import parse_day
from screener.domain.listing import Exchange, Kind, Listing, parse_listing
from screener.domain.panel import PricePanel
from screener.domain.report import Precision, Publication
from screener.errors import ScreenerError
from screener.files.memory import memory_error
from screener.files.regular import read_regular
from screener.files.writing import checked_target
from screener.language import Language, check_choice, speaking
from screener.market.calendars import calendar_of
from screener.market.charges import Side
from screener.market.dated import check_tradable
from screener.market.lots import lot_rule
from screener.paths.event_tables import event_table
from screener.paths.known import entry_choices
from screener.paths.metrics.series import vector
from screener.paths.windows import resolve_window
from screener.paths.workers import cluster
from screener.paths.workers.packing import Packed
from screener.paths.workers.parallel import mapped
from screener.reports.documents.reading import read_bytes, read_document
from screener.reports.securities.name_index import build_index
from screener.results.schemas import json_schema
from screener.screen.criteria import parse_criterion
from screener.screen.query import parse_predicate
from screener.study.references import index_reference
from screener.study.returns import EventReturns
from screener.study.statistics.regression import least_squares
from screener.study.windows import StudyWindows
from screener.workflows.backtest.options import BacktestOptions
from screener.workflows.backtest.requests import BacktestRequest
from screener.workflows.backtest.run import run_events
from screener.workflows.report.catalog import basket_events, get_report, new_basket
from screener.workflows.report.name_master import read_masters
from screener.workflows.report.rows import stored_evidence
from screener.workflows.settings import known_setting
from screener.workflows.study import calibration
from screener.workflows.today.look import last_look
from screener.workspace.baskets import delete_basket, read_basket
from screener.workspace.locate import Workspace, find_workspace
from screener.workspace.runs import load_run, result_row
from screener.workspace.sealed import keep_state, kept_state
from tests.support.latin import stray
from tests.support.panels import bars_of, event_of, panel_of

PACKAGE = Path(__file__).resolve().parents[2] / "screener"
PO = PACKAGE / "language/locale/zh/LC_MESSAGES/screener.po"
ELSEWHERE = ("data/", "workflows/data/", "render/", "cli/", "demo.py")
"""Rooms whose errors their own tests provoke."""
Provoked: TypeAlias = Callable[[Workspace], object]
DAY = date(2026, 5, 14)
NOW = datetime(2026, 6, 1, tzinfo=UTC)
TYPED = ("date,market,size", "percent", "fraction", "shares", "lots")
"""Headers and units that a message tells to type."""


def _panel() -> PricePanel:
    bars = {"300857.SZ": bars_of(Exchange.SZ, DAY, [(10.0, 10.0)] * 6)}
    return panel_of(bars)


def _benchmark_that_ends(_: Workspace) -> object:
    panel, event = _panel(), event_of(["300857.SZ"], DAY)
    entries = entry_choices(event.published, [Exchange.SZ], calendar_of)[0]
    window = resolve_window(panel, event, entries, horizon=3, max_wait=10)
    short = BenchmarkSeries(
        listing=Listing("000300", Exchange.SH),
        basis="price",
        calendar=calendar_of(Exchange.SH),
        sessions=np.array([DAY], dtype="datetime64[D]"),
        values=np.array([[100.0, 101.0]]),
    )
    return benchmark_return(panel, window, {parse_listing("300857.SZ"): short})


def _volume_that_is_not_known(_: Workspace) -> object:
    panel = _panel()
    nowhere = np.full((len(panel.sessions), 1), np.nan)
    trading = SimpleNamespace(prices=panel, volume=nowhere, funds=())
    return Dealing(cast(Any, trading), 0, Frictions()).volume_cap(2, Side.BUY)


def _index_without_a_day(_: Workspace) -> None:
    days = np.array(["2026-05-14", "2026-05-15", "2026-05-18"], dtype="datetime64[D]")
    bars = np.array([[1.0, 1.0], [1.0, 1.0]])
    found = index_reference("000300.SH", days, days[:2], bars, days)
    found.check(np.array([2]), days, "300857.SZ")


def _returns_that_do_not_fit(_: Workspace) -> object:
    nothing = np.empty((1, 1))
    return EventReturns(
        windows=StudyWindows(),
        estimation=nothing,
        estimation_factors=nothing[np.newaxis],
        event=nothing,
        event_factors=nothing[np.newaxis],
    )


def _panel_that_does_not_fit(_: Workspace) -> object:
    from dataclasses import replace

    return replace(_panel(), open=np.empty((1, 1)))


def _basket(text: str) -> Provoked:
    def read(place: Workspace) -> object:
        path = place.root / "baskets" / "mine.toml"
        path.write_text(text, encoding="utf-8")
        try:
            return read_basket(path, root=place.root)
        finally:
            path.unlink()

    return read


def _new(**changes: Any) -> Provoked:
    asked = {"name": "mine", "listings": [parse_listing("300857.SZ")], "published": DAY, "now": NOW}
    return lambda place: new_basket(place, **{**asked, **changes})


def _look_of_another_form(place: Workspace) -> object:
    keep_state(place, "looked", {"at": "never"})
    return last_look(place)


def _damaged_state(place: Workspace) -> object:
    keep_state(place, "broken", {"key": 1})
    path = place.data_cache / "state" / "broken.json"
    path.write_text(path.read_text(encoding="utf-8").replace("1", "2"), encoding="utf-8")
    return kept_state(place, "broken")


def _bought_beyond_the_calendar(_: Workspace) -> object:
    event = event_of(["300857.SZ"], date(2040, 1, 2))
    return entry_choices(event.published, [Exchange.SZ], calendar_of)


def _of_no_event(_: Workspace) -> object:
    request = BacktestRequest(events=(), settings=Settings(horizons=(5,)))
    return run_events(cast(Any, None), request, program_version="0")


def _end_process(_: int) -> None:
    os._exit(1)


def _no_certificates(_: Workspace) -> None:
    nobody = dict.fromkeys(("tls_ca_file", "tls_client_cert", "tls_client_key"), "")
    library = SimpleNamespace(Security=lambda **_: SimpleNamespace(**nobody))
    with cluster._connected(library, "tls://desk:8786"):
        pass


def _market_without_a_bar(_: Workspace) -> None:
    settings = SimpleNamespace(windows=StudyWindows())
    run = SimpleNamespace(request=SimpleNamespace(settings=settings))
    calibration._span(cast("Any", None), [], cast("Any", run))


PROVOKED: dict[tuple[str, str], list[Provoked]] = {
    ("api", "InputError"): [
        lambda place: api.Workspace(place).prices(["300857.SZ"], adjust="mean"),
        lambda place: api.Workspace(place).backtest(["copper"], hold=0),
        lambda place: api.Workspace(place).backtest(["copper"], capital=-1),
        lambda place: api.Workspace(place).study(["copper"], window=(5, -5)),
        lambda place: api.Workspace(place).screen(as_of=DAY, universe="moon"),
        lambda place: api.Workspace(place).screen(as_of=DAY, universe="a", pe_ttm="15..0"),
        lambda place: api.Workspace(place).screen(as_of=DAY, universe="a", pe_ttm="-5..0"),
        lambda place: api.Workspace(place).score(by="moon"),
    ],
    ("api_results", "InputError"): [
        lambda place: BacktestResult(place=place, runs=()).portfolio(3),
    ],
    ("backtest", "BarsMissing"): [_benchmark_that_ends],
    ("backtest", "DataError"): [_volume_that_is_not_known],
    ("backtest", "InputError"): [
        lambda _: Frictions(participation=2.0),
        lambda _: Frictions(slippage_bps=-1.0),
    ],
    ("domain", "AmbiguousMention"): [lambda _: parse_listing("000001")],
    ("domain", "BasketDefinitionError"): [
        lambda _: Publication(value=DAY, precision=Precision.EXACT),
        lambda _: Publication(value=None, precision=Precision.DAY),
        lambda _: event_of(["300857.SZ", "300857.SZ"], DAY),
    ],
    ("domain", "DataError"): [_panel_that_does_not_fit],
    ("domain", "DateRangeError"): [
        lambda _: parse_day("2026-13-40", parameter="--as-of"),
        lambda _: Publication(value=None, precision=Precision.UNKNOWN).moment,
    ],
    ("domain", "InputError"): [
        lambda _: choice(Kind, "moon", parameter="--kind"),
        lambda _: parse_listing("3008571"),
        lambda _: parse_listing("00700.SZ"),
        lambda _: parse_listing("300857.HK"),
        lambda _: parse_listing("113050"),
    ],
    ("files", "InputError"): [
        lambda place: read_regular(place.root, 10, where="report.pdf", fix="report.pdf"),
        lambda place: checked_target(str(place.root / "none" / "x.csv")),
        lambda place: checked_target(str(place.root / "baskets" / "x.csv")),
    ],
    ("files", "OutOfMemory"): [lambda _: _raise(memory_error(MemoryError()))],
    ("language", "InputError"): [lambda _: check_choice("fr", {})],
    ("market", "DataError"): [lambda _: lot_rule(parse_listing("00700.HK"), DAY, None)],
    ("market", "DateRangeError"): [
        lambda _: lot_rule(parse_listing("300857.SZ"), date(1985, 1, 2), None),
        _bought_beyond_the_calendar,
    ],
    ("market", "InputError"): [lambda _: check_tradable(Listing("000300", Exchange.SH))],
    ("paths", "BasketDefinitionError"): [lambda _: event_table([0, 1], [0], [0.5], [0])],
    ("paths", "ClusterFailed"): [lambda _: cluster._done({}, Packed(abs), 1)],
    ("paths", "ComputeError"): [lambda _: vector([[1.0], [2.0]])],  # type: ignore[list-item]
    ("paths", "ConfigError"): [_no_certificates],
    ("paths", "DataError"): [lambda _: event_table([0, 2], [0], [1.0], [0])],
    ("paths", "InputError"): [
        lambda _: mapped(str, [1], jobs=0),
        lambda _: cluster.check_cluster("tcp://desk:8786"),
    ],
    ("paths", "OutOfMemory"): [lambda _: mapped(_end_process, range(400), jobs=2)],
    ("reports", "DataError"): [lambda _: build_index([])],
    ("reports", "InputError"): [
        lambda _: read_bytes(b"", name="empty.txt"),
        lambda _: read_bytes(b"%PDF-1.7 nothing", name="report.pdf"),
        lambda _: read_bytes(b"\x89PNG\r\n\x1a\n" + bytes(99), name="page.png"),
        lambda _: read_bytes(b"\x1f\x8b" + bytes(9), name="report.gz"),
        lambda _: read_bytes(b"a\0b" * 99, name="report.txt"),
    ],
    ("reports", "NotFoundError"): [lambda place: read_document(place.root / "none.pdf")],
    ("reports", "StorageError"): [lambda place: read_document(place.root / ("x" * 300))],
    ("results", "NotFoundError"): [lambda _: json_schema("moon")],
    ("screen", "InputError"): [
        lambda _: parse_criterion("pe_ttm", "15"),
        lambda _: parse_criterion("pe_ttm", "15..0"),
        lambda _: parse_criterion("pe_ttm", "..0"),
        lambda _: parse_criterion("moon", "0..15"),
        lambda _: parse_predicate("pe_ttm <"),
        lambda _: parse_predicate("read_csv(1) > 1"),
        lambda _: parse_predicate("pe_ttm < (SELECT 1)"),
    ],
    ("study", "BarsMissing"): [_index_without_a_day],
    ("study", "ComputeError"): [
        lambda _: least_squares(np.array([1.0]), np.array([[1.0]]), lag=0),
    ],
    ("study", "DataError"): [_returns_that_do_not_fit],
    ("study", "InputError"): [
        lambda _: StudyWindows(event=(5, 1)),
        lambda _: StudyWindows(estimation=(-30, -5)),
        lambda _: StudyWindows(event=(1, 9)),
    ],
    ("workflows", "AmbiguousMention"): [lambda place: get_report(place, "r")],
    ("workflows", "BarsMissing"): [_market_without_a_bar],
    ("workflows", "BasketDefinitionError"): [
        _new(name="My Basket"),
        _new(weights=[0.5, 0.5]),
        _new(listings=[Listing("000300", Exchange.SH)]),
    ],
    ("workflows", "BasketNotFound"): [lambda place: basket_events(place, names=["cooper"])],
    ("workflows", "ConfigError"): [lambda _: known_setting("moon", where="screener.toml")],
    ("workflows", "DataError"): [read_masters],
    ("workflows", "DateRangeError"): [_new(published=date(2026, 7, 1))],
    ("workflows", "InputError"): [
        lambda _: BacktestOptions(max_wait=-1),
        lambda _: BacktestOptions(hold=(0,)),
        lambda _: BacktestOptions(capital=(0.0,)),
    ],
    ("workflows", "NoTradableConstituents"): [_of_no_event],
    ("workflows", "NotFoundError"): [lambda place: stored_evidence(place, "R1")],
    ("workflows", "ReportNotFound"): [lambda place: get_report(place, "Z99")],
    ("workflows", "StorageDamaged"): [_look_of_another_form],
    ("workspace", "BasketDefinitionError"): [
        _basket("name = 'mine'\nthemes = ['copper'\n"),
        _basket("name = 'mine'\n"),
        _basket("name = 'other'\nthemes = ['copper']\n"),
        _basket("name = 'mine'\ntheme = ['copper']\n"),
        _basket("name = 'mine'\nthemes = 'copper'\n"),
        _basket("name = 'mine'\nthemes = ['Copper!']\n"),
        _basket("name = 'mine'\nthemes = ['copper']\nweighting = 'best'\n"),
        _basket("name = 5\nthemes = []\nunknown = 1\n"),
        _basket("[[events]]\npublished = 'soon'\nlistings = []\n"),
    ],
    ("workspace", "BasketNotFound"): [lambda place: delete_basket(place, "cooper")],
    ("workspace", "ConfigError"): [
        lambda place: find_workspace(place.root / "baskets", environ={}, cwd=place.root),
        lambda _: find_workspace(None, environ={}, cwd=Path("/")),
    ],
    ("workspace", "InputError"): [lambda place: result_row(place.root / "none.csv", 1)],
    ("workspace", "NotFoundError"): [lambda place: load_run(place, "0123456789ab")],
    ("workspace", "StorageDamaged"): [_damaged_state],
}
NOBODY_SEES = {
    ("backtest", "ComputeError"),  # a fault of the program
    ("workflows", "ComputeError"),  # a fault of the program, or caught and told as a remark
    ("paths", "DateRangeError"),  # refused before by Publication
}


def _raise(error: ScreenerError) -> None:
    raise error


def _classes() -> set[str]:
    return {
        name
        for name, item in vars(errors).items()
        if isinstance(item, type) and issubclass(item, ScreenerError)
    }


@cache
def _sources() -> dict[str, ast.Module]:
    """Return what every module of the program is made of, by its place."""
    return {
        path.relative_to(PACKAGE).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(PACKAGE.rglob("*.py"))
    }


def _raised() -> Iterator[tuple[str, str]]:
    known = _classes()
    for place, tree in _sources().items():
        if place.startswith(ELSEWHERE):
            continue
        for node in ast.walk(tree):
            called = node.func if isinstance(node, ast.Call) else None
            if isinstance(called, ast.Name) and called.id in known:
                yield place.split("/")[0].removesuffix(".py"), called.id


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace that what is provoked leaves as it is."""
    return Workspace(root=api.init(tmp_path_factory.mktemp("chinese") / "w").root)


def test_every_kind_of_error_of_every_room_is_provoked() -> None:
    assert set(_raised()) - NOBODY_SEES == set(PROVOKED)


@pytest.mark.parametrize(
    ("kind", "provoke"),
    [(kind, provoke) for kind, every in PROVOKED.items() for provoke in every],
    ids=lambda item: " ".join(item) if isinstance(item, tuple) else "",
)
def test_an_error_is_told_in_chinese(
    place: Workspace, kind: tuple[str, str], provoke: Provoked
) -> None:
    with speaking(Language.ZH), pytest.raises(ScreenerError) as caught:
        provoke(place)
    error = caught.value
    assert isinstance(error, getattr(errors, kind[1]))
    own = [str(place.root)]
    for text in filter(None, (error.what, error.where, error.fix)):
        assert not stray(text, own), text
    assert re.search("[\u4e00-\u9fff]", error.what)


def _sentences() -> set[str]:
    """Return every sentence that stands within an error, wherever it is raised."""
    known, found = _classes(), set()
    for tree in _sources().values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _name(node) in known:
                found |= {
                    text.value
                    for said in ast.walk(node)
                    if isinstance(said, ast.Call) and _name(said) in ("say", "say_count")
                    for text in said.args
                    if isinstance(text, ast.Constant) and isinstance(text.value, str)
                }
    return found


def _name(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else ""


def test_no_sentence_of_an_error_has_english_left_in_its_chinese() -> None:
    with PO.open("rb") as file:
        told = {
            english: chinese
            for message in read_po(file, locale="zh")
            for english, chinese in zip(_all(message.id), _all(message.string), strict=False)
        }
    sentences = _sentences()
    left = {
        text: words
        for text in sentences
        if (words := stray(re.sub(r"\{[^{}]*\}", "9", told[text]), TYPED))
    }
    assert len(sentences) > 500
    assert not left


def _all(texts: Any) -> tuple[str, ...]:
    return (texts,) if isinstance(texts, str) else tuple(texts)
