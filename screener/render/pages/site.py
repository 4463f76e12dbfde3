"""The pages of a workspace: an index, and a page for each event, report, basket and broker."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from screener.domain.basket import Basket
from screener.files.clean import clean_line
from screener.language import Language, bound, say, say_count
from screener.progress import counted
from screener.render.pages.basket import basket_document, basket_title
from screener.render.pages.cells import dated, fraction, probability, sign_of
from screener.render.pages.document import Page, Way, document, section
from screener.render.pages.events import events_document
from screener.render.pages.markup import Child, Node, node
from screener.render.pages.report import report_document
from screener.render.pages.score import DRAWN, score_document
from screener.render.pages.screen import screen_document
from screener.render.pages.screen_backtest import screen_backtest_document
from screener.render.pages.tables import plain_table
from screener.render.pages.words import told, word
from screener.render.study.verdict import verdict_text
from screener.reports.text.spoken import in_dictionary
from screener.workflows.page.basket import BasketPage
from screener.workflows.page.calls import call_paths
from screener.workflows.page.site import SiteFacts

__all__ = ["INDEX", "site_files"]

INDEX = "index.html"
_PLAIN = re.compile(r"[a-z0-9][a-z0-9._-]{0,60}", re.IGNORECASE)
_UP = "../"
_SCORE = "score.html"
_NEWEST = 6
_HOME: Way = ("All", "总览", _UP + INDEX)

_Job = tuple[str, Callable[[], str]]


class _Names:
    """Addresses of pages: what no file system, server or mail program stumbles over."""

    def __init__(self) -> None:
        self._taken: dict[str, str] = {}

    def of(self, folder: str, key: str) -> str:
        """Return the path of a page in the site."""
        plain = _PLAIN.fullmatch(key) is not None
        path = f"{folder}/{key if plain else _digest(key)}.html"
        if self._taken.setdefault(path.casefold(), key) != key:
            path = f"{folder}/{_digest(key)}.html"
            self._taken[path] = key
        return path


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:12]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Places:
    """Path of every page in the site; of events by the identity of what they show."""

    events: Mapping[int, str]
    reports: Mapping[str, str]
    baskets: Mapping[str, str]
    brokers: Mapping[str, str]
    screens: Mapping[str, str]
    held: Mapping[str, str]


def site_files(facts: SiteFacts) -> dict[str, str]:
    """Return the text of every page by its path."""
    places = _places(facts)
    jobs: list[_Job] = [
        *_event_jobs(facts, places),
        *_report_jobs(facts, places),
        *_basket_jobs(facts, places),
        *_score_jobs(facts, places),
        *_screen_jobs(facts, places),
        (INDEX, partial(_index, facts, places)),
    ]
    return {path: make() for path, make in counted(jobs)}


def _places(facts: SiteFacts) -> _Places:
    names = _Names()
    fed = {page.event.basket for page in facts.pages}
    return _Places(
        events={
            id(page): names.of("events", key)
            for page, key in zip(facts.pages, _event_keys(facts.pages), strict=True)
        },
        reports={report.id: names.of("reports", report.id) for report, _ in facts.reports},
        baskets={
            basket.name: names.of("baskets", basket.name)
            for basket in facts.baskets
            if basket.name in fed
        },
        brokers={broker: names.of("brokers", broker) for broker in _brokers(facts)},
        screens={name: names.of("screens", name) for name, _ in facts.screens},
        held={name: names.of("held", name) for name, _ in facts.held},
    )


def _event_jobs(facts: SiteFacts, places: _Places) -> Iterator[_Job]:
    for page in facts.pages:
        way = [_HOME, *_around(page, places)]
        yield places.events[id(page)], partial(basket_document, page, way=way)


def _report_jobs(facts: SiteFacts, places: _Places) -> Iterator[_Job]:
    links = {broker: _UP + path for broker, path in places.brokers.items()}
    for report, checking in facts.reports:
        own = [
            (page, _UP + places.events[id(page)])
            for page in facts.pages
            if page.event.report == report.id
        ]
        make = partial(report_document, report, checking, events=own, way=[_HOME], links=links)
        yield places.reports[report.id], make


def _basket_jobs(facts: SiteFacts, places: _Places) -> Iterator[_Job]:
    for basket in facts.baskets:
        some = [page for page in facts.pages if page.event.basket == basket.name]
        if some:
            links = [_UP + places.events[id(page)] for page in some]
            make = partial(events_document, some, title=_title(basket), way=[_HOME], links=links)
            yield places.baskets[basket.name], make


def _score_jobs(facts: SiteFacts, places: _Places) -> Iterator[_Job]:
    score = facts.score
    if score is None:
        return
    paths = call_paths(score, most=DRAWN * max(1, len(places.brokers)))
    newest = dict(list(paths.items())[:DRAWN])
    home: Way = (*_HOME[:2], INDEX)
    yield (
        _SCORE,
        partial(score_document, score, way=[home], links=places.brokers, paths=newest),
    )
    for broker, path in places.brokers.items():
        yield path, partial(score_document, score, broker=broker, way=[_HOME], paths=paths)


def _screen_jobs(facts: SiteFacts, places: _Places) -> Iterator[_Job]:
    for name, found in facts.screens:
        way = [_HOME]
        if name in places.held:
            way.append(("What it would have earned", "历史回测", _UP + places.held[name]))
        called = facts.titles.get(name, name)
        yield places.screens[name], partial(screen_document, found, name=called, way=way)
    for name, run in facts.held:
        back: list[Way] = [_HOME, ("Screen", "选股方案", _UP + places.screens[name])]
        yield places.held[name], partial(screen_backtest_document, run, way=back)


def _event_keys(pages: Sequence[BasketPage]) -> Iterator[str]:
    """Yield a key for each event, by its basket and its report, else its day."""
    met: Counter[str] = Counter()
    for page in pages:
        event = page.event
        key = f"{event.basket}-{event.report or event.published.day.isoformat()}"
        met[key] += 1
        yield key if met[key] == 1 else f"{key}-{met[key]}"


def _title(basket: Basket) -> tuple[str, str]:
    return basket.title_en or basket.name, basket.title_zh or basket.name


def _brokers(facts: SiteFacts) -> list[str]:
    if facts.score is None:
        return []
    names = {score.key[0] for score in facts.score.board.scores if score.key[0]}
    return sorted(names, key=in_dictionary)


def _around(page: BasketPage, places: _Places) -> Iterator[Way]:
    if page.event.basket in places.baskets:
        yield "Basket", "组合", _UP + places.baskets[page.event.basket]
    if page.event.report in places.reports:
        yield "Report", "研报", _UP + places.reports[page.event.report]


def _index(facts: SiteFacts, places: _Places) -> str:
    run = facts.pages[0].run if facts.pages else None

    def build() -> Page:
        under = [say_count("{n} event", "{n} events", len(facts.pages))]
        if run is not None:
            under.append(say("data version {version}", version=run.data_version))
        return Page(
            title=say("Baskets of reports: what they returned"),
            under=[" · ".join(under)],
            simulated=run is not None and run.simulated,
            parts=[*_newest(facts, places), *_lists(facts, places)],
        )

    return document(build)


def _newest(facts: SiteFacts, places: _Places) -> Iterator[Child]:
    if not facts.pages:
        yield node("p", say("No event could be backtested yet."), class_="verdict")
        return
    yield section(
        say("Newest verdicts"),
        [_verdict(page, places) for page in facts.pages[:_NEWEST]],
        name="verdicts",
    )
    yield section(say("Events, newest report first"), _events(facts.pages, places), name="events")


def _lists(facts: SiteFacts, places: _Places) -> Iterator[Child]:
    titles = {basket.name: _title(basket)[bound() is Language.ZH] for basket in facts.baskets}
    reports = {
        report.id: f"{report.id} · {clean_line(report.title)}" for report, _ in facts.reports
    }
    screens = {name: told(title) for name, title in facts.titles.items()}
    ranked = {say("All brokers, ranked"): _SCORE} if facts.score is not None else {}
    lists: tuple[tuple[str, str, Mapping[str, str], Mapping[str, str]], ...] = (
        (say("Baskets"), "baskets", places.baskets, titles),
        (say("Reports"), "reports", places.reports, reports),
        (say("Brokers"), "brokers", {**ranked, **places.brokers}, {}),
        (say("Saved screens"), "screens", places.screens, screens),
        (say("What saved screens would have earned"), "held", places.held, screens),
    )
    for heading, anchor, paths, labels in lists:
        links = [
            node("li", node("a", labels.get(key, key), href=path)) for key, path in paths.items()
        ]
        if links:
            yield section(heading, node("ul", links), name=anchor)
    if facts.left_out:
        left = [node("li", line) for line in facts.left_out]
        yield section(say("Left out"), node("ul", left), name="left-out")


def _events(pages: Sequence[BasketPage], places: _Places) -> Node:
    rows: list[list[Child]] = []
    for page in pages:
        main, event = page.main, page.event
        placebo = page.verdict.placebo
        values = (
            main.paper_return,
            main.executable_return,
            main.benchmark_return,
            main.active_return,
        )
        report = places.reports.get(event.report)
        rows.append(
            [
                node("a", basket_title(page), href=places.events[id(page)]),
                node("a", event.report, href=report) if report else "-",
                dated(str(event.published.day), event.published.precision),
                str(main.window.horizon),
                word(str(main.status)),
                *(
                    node("span", fraction(value, signed=True), class_=sign_of(value) or None)
                    for value in values
                ),
                "-" if placebo is None else probability(placebo.p_value),
            ]
        )
    heads = [
        say("basket"),
        say("report"),
        say("published"),
        say("sessions held"),
        say("status"),
        say("on paper"),
        say("as traded"),
        say("index"),
        say("active"),
        "p",
    ]
    return plain_table(
        heads,
        rows,
        caption=say("Events, newest report first"),
        numeric=(3, 5, 6, 7, 8, 9),
        is_sorted=True,
    )


def _verdict(page: BasketPage, places: _Places) -> Node:
    return node(
        "div",
        node("h3", node("a", basket_title(page), href=places.events[id(page)])),
        node("p", verdict_text(page.verdict), class_="verdict"),
    )
