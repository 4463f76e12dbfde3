"""The page of one event: what its basket returned, why, and what that rests on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from screener.files.clean import clean_line
from screener.files.program import program_version
from screener.language import Language, bound, say, say_count
from screener.render.pages.cells import dated, fraction, money, sign_of
from screener.render.pages.charts.bars import (
    bar,
    bar_scale,
)
from screener.render.pages.charts.lines import spark, spark_scale
from screener.render.pages.document import Page, Way, document, section, ways
from screener.render.pages.event_charts import (
    column_of,
    dates_part,
    drawdowns_part,
    shortfall_part,
    values_part,
)
from screener.render.pages.markup import Child, Node, node
from screener.render.pages.tables import copied_rows, facts, result_table
from screener.render.pages.words import told, word
from screener.render.study.verdict import verdict_text
from screener.results.backtest import NAMES, ORDERS
from screener.results.pages import VALUATIONS
from screener.results.reports import CHECKING
from screener.results.tables import Row
from screener.workflows.backtest.name_paths import drawdown_rows, name_path_rows
from screener.workflows.backtest.order_rows import order_rows
from screener.workflows.backtest.rows import ledger_rows, path_rows
from screener.workflows.backtest.rows import result_table as results_of
from screener.workflows.page.basket import BasketPage
from screener.workflows.page.beside import band_rows
from screener.workflows.report.check import checking_rows

__all__ = ["EventFacts", "basket_document", "basket_title", "event_parts"]

_COLUMNS = (
    "horizon",
    "exit_session",
    "status",
    "n_held",
    "paper_return",
    "executable_return",
    "benchmark_return",
    "active_return",
    "max_drawdown",
    "fees",
)
_NAMES = ("listing", "name", "state", "weight", "entry_session", "exit_session", "return_local")
_ORDERS = (
    "listing",
    "name",
    "side",
    "status",
    "scheduled_session",
    "session",
    "shares",
    "price",
    "currency",
    "amount_cny",
    "fees_cny",
    "reason",
)
_CLAIMS = ("subject", "measure", "as_of", "unit", "printed", "found", "verdict", "reason")
_VALUES = (
    "listing",
    "name",
    "moment",
    "session",
    "pe_ttm",
    "pe_static",
    "pb",
    "ps_ttm",
    "dividend_yield",
    "market_cap",
    "currency",
)


def basket_document(page: BasketPage, *, way: Sequence[Way] = ()) -> str:
    """Return the page of an event as one HTML file.

    Parameters
    ----------
    page
        What it shows.
    way
        Links to the pages around it: English label, Chinese label, address.
    """
    found = EventFacts(page)

    def build() -> Page:
        return Page(
            title=basket_title(page),
            under=tuple(_under(page)),
            parts=tuple(event_parts(page, found)),
            simulated=page.run.simulated,
            way=ways(way),
        )

    return document(build)


def basket_title(page: BasketPage) -> str:
    """Return the basket's name for people, and its report."""
    name = page.event.basket
    if page.basket is not None:
        titles = (page.basket.title_zh, page.basket.title_en)
        name = titles[bound() is not Language.ZH] or name
    return " · ".join(part for part in (name, page.event.report) if part)


class EventFacts:
    """Rows that both languages show, made once."""

    def __init__(self, page: BasketPage) -> None:
        main = page.main
        self.table = results_of((page.run,))
        self.own = [
            row
            for row in path_rows(page.run)
            if row["horizon"] == main.window.horizon and row["capital"] == main.capital
        ]
        self.names = [
            row for row in ledger_rows(page.run) if row["horizon"] == main.window.horizon
        ][: len(page.event.members)]
        self.orders = [
            row
            for row in order_rows(page.run)
            if row["horizon"] == main.window.horizon and row["capital"] == main.capital
        ]
        self.falls = drawdown_rows(main)
        self.band = [] if page.beside is None else band_rows(page.beside)
        self.claims = [] if page.checking is None else checking_rows(page.checking)
        self.paths: dict[str, list[Row]] = defaultdict(list)
        for row in name_path_rows(page.run):
            if row["horizon"] == main.window.horizon:
                self.paths[str(row["listing"])].append(row)


def _under(page: BasketPage) -> Iterator[str]:
    report, event = page.report, page.event
    if report is not None:
        brokers = ", ".join(page_broker.broker for page_broker in page.verdict.brokers)
        yield " · ".join(part for part in (clean_line(report.title), brokers) if part)
    published = dated(event.published.text().replace("T", " "), event.published.precision)
    yield say(
        "published {published} · first entry {entry} · {index}",
        published=published,
        entry=page.main.entry_session,
        index=" + ".join(page.main.benchmarks) or say("no index"),
    )


def event_parts(page: BasketPage, held: EventFacts) -> Iterator[Node]:
    """Yield the parts of an event's page, the verdict first."""
    yield node("p", verdict_text(page.verdict), class_="verdict")
    yield _tiles(page)
    yield _returns(held)
    if held.own:
        yield values_part(page, held.own, held.band)
        yield drawdowns_part(held.falls)
    yield _names(held)
    if page.main.paper_return is not None:
        yield shortfall_part(page)
    if any(item.band for item in page.run.results):
        yield dates_part(page)
    if held.orders:
        yield _orders(held)
    if page.checking is not None and held.claims:
        yield _claims(page, held)
    if page.valuations:
        yield _valuations(page)
    yield _sources(page)


def _tiles(page: BasketPage) -> Node:
    main = page.main

    def tile(label: str, value: float | None) -> Node:
        look = sign_of(value)
        return node(
            "div",
            node("b", node("span", fraction(value, signed=True), class_=look or None)),
            node("span", label),
            class_="tile",
        )

    horizon = say_count("held {n} session", "held {n} sessions", main.window.horizon)
    status = word(str(main.status))
    tiles = [
        tile(say("on paper"), main.paper_return),
        tile(say("as traded"), main.executable_return) if main.capital is not None else None,
        tile(say("index"), main.benchmark_return),
        tile(say("active"), main.active_return),
        tile(say("drawdown"), main.max_drawdown),
    ]
    amount = say("with {money} CNY", money=money(main.capital)) if main.capital else ""
    line = " · ".join(part for part in (horizon, status, amount) if part)
    return node("div", node("p", line, class_="note"), node("div", tiles, class_="tiles"))


def _returns(held: EventFacts) -> Node:
    columns = list(_COLUMNS)
    if len({row["capital"] for row in held.table.rows}) > 1:
        columns.insert(1, "capital")
    if not any(row["fees"] for row in held.table.rows):
        columns.remove("fees")
    return section(
        say("Returns by holding period"),
        result_table(
            held.table.spec,
            held.table.rows,
            name="returns",
            caption=say("Returns by holding period"),
            columns=columns,
        ),
        name="returns",
    )


def _names(held: EventFacts) -> Node:
    values = {name: column_of(rows, "value") for name, rows in held.paths.items()}
    scale = spark_scale(list(values.values()))
    added = {name: rows[-1]["contribution"] for name, rows in held.paths.items()}
    known = [value for value in added.values() if isinstance(value, float)]
    bars = bar_scale(known)
    sparks: list[Child] = []
    contributions: list[Child] = []
    drawn: list[Child] = []
    for row in held.names:
        listing = str(row["listing"])
        value = added.get(listing)
        own = value if isinstance(value, float) else None
        told_ = say("{name}: path", name=clean_line(str(row["name"])))
        sparks.append(spark(values[listing], scale, told=told_) if listing in values else "-")
        look = sign_of(own)
        contributions.append(node("span", fraction(own, signed=True), class_=look or None))
        drawn.append(bar(own, bars) if own is not None else "")
    last = [(say("path"), sparks)]
    if known:
        last += [(say("contribution"), contributions), ("", drawn)]
    if any(row["reason"] for row in held.names):
        reasons = (row["reason"] for row in held.names)
        lines = [told(text) if isinstance(text, str) else "" for text in reasons]
        last.append((NAMES["reason"].label(), [node("span", line) for line in lines]))
    return section(
        say("Names: paths and contributions"),
        result_table(
            NAMES,
            held.names,
            name="names",
            caption=say("Names: paths and contributions"),
            columns=_NAMES,
            last=last,
        ),
        node("p", say("Contributions add up to the return on paper."), class_="note")
        if known
        else None,
        _daily(held) if held.paths else None,
        name="names",
    )


def _daily(held: EventFacts) -> Node:
    """Return what copies a row for each session with the value of every name, to six decimals."""
    names = list(held.paths)
    values = {name: column_of(rows, "value") for name, rows in held.paths.items()}
    rows = [
        {"session": row["session"]} | {name: _rounded(values[name][at]) for name in names}
        for at, row in enumerate(held.paths[names[0]])
    ]
    return copied_rows(["session", *names], rows, say("Copy the daily paths"))


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)


def _orders(held: EventFacts) -> Node:
    title = say("Orders and their reasons")
    return section(
        title,
        result_table(ORDERS, held.orders, name="orders", caption=title, columns=_ORDERS),
        name="orders",
    )


def _claims(page: BasketPage, held: EventFacts) -> Node:
    own = {member.listing.id for member in page.event.members}
    rows = [row for row in held.claims if row["listing"] in own or row["listing"] is None]
    title = say("Claims of the report, checked")
    if not rows:
        none = say("None of its claims is about a name of this basket.")
        return section(title, node("p", none, class_="note"), name="claims")
    return section(
        title,
        result_table(CHECKING, rows, name="claims", caption=title, columns=_CLAIMS),
        name="claims",
    )


def _valuations(page: BasketPage) -> Node:
    title = say("Valuation at the report and now")
    rows: list[Mapping[str, object]] = [*page.valuations]
    columns = [
        name
        for name in _VALUES
        if name in ("listing", "name", "moment", "session") or any(row[name] for row in rows)
    ]
    return section(
        title,
        result_table(VALUATIONS, rows, name="valuations", caption=title, columns=columns),
        name="valuations",
    )


def _sources(page: BasketPage) -> Node:
    run, report = page.run, page.report
    rules = dict.fromkeys(str(row["source"]) for row in order_rows(run) if row.get("source"))
    remarks = dict.fromkeys(
        (*run.remarks, *page.untold, *(page.checking.remarks if page.checking else ()))
    )
    settings = run.request.settings
    pairs: list[tuple[str, Child]] = [
        (say("report"), _report_line(page)),
        (say("weighting"), word(str(page.event.weighting))),
        (say("entry price"), word(str(settings.entry))),
        (say("prices"), word(run.price_basis[0]) if run.price_basis else ""),
        (say("data version"), str(run.data_version)),
        (say("run"), run.run_id),
        (say("program"), f"screener {program_version()}"),
        (say("fingerprint of the text"), report.text_hash if report else ""),
    ]
    return section(
        say("Sources and versions"),
        facts(pairs),
        node("ul", (node("li", told(line)) for line in remarks)) if remarks else None,
        node(
            "details",
            node("summary", say("Market rules that were applied")),
            node("ul", (node("li", line) for line in rules)),
        )
        if rules
        else None,
        name="sources",
    )


def _report_line(page: BasketPage) -> str:
    report = page.report
    if report is None:
        return ""
    parts = (report.id, clean_line(report.title), clean_line(report.publisher))
    return " · ".join(part for part in parts if part)
