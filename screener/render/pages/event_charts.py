"""Charts of one event: values, random baskets, drawdown, shortfall, an estimated date."""

from __future__ import annotations

from collections.abc import Sequence

from screener.backtest.run import EventResult
from screener.language import say, say_count
from screener.render.backtest.shortfall import step_name
from screener.render.pages.cells import count_text, fraction
from screener.render.pages.charts.bars import Bar, Interval, intervals, waterfall
from screener.render.pages.charts.lines import Band, Line, line_chart
from screener.render.pages.document import section
from screener.render.pages.markup import Child, Node, node
from screener.render.pages.random_baskets import placebo_histogram
from screener.render.pages.words import told, traits
from screener.results.tables import Row
from screener.workflows.backtest.rows import path_rows
from screener.workflows.page.basket import BasketPage
from screener.workflows.page.beside import band_rows

__all__ = [
    "column_of",
    "dates_part",
    "drawdowns_part",
    "event_chart",
    "shortfall_part",
    "values_part",
]


def event_chart(page: BasketPage) -> Node | None:
    """Return the chart of an event's values alone; `None` where there are none."""
    own = [
        row
        for row in path_rows(page.run)
        if row["horizon"] == page.main.window.horizon and row["capital"] == page.main.capital
    ]
    band = [] if page.beside is None else band_rows(page.beside)
    return _value_chart(page, own, band, height=180) if own else None


def _value_chart(
    page: BasketPage, own: Sequence[Row], band: Sequence[Row], *, height: int = 260
) -> Node:
    labels = (
        ("paper_value", say("on paper"), "paper"),
        ("traded_value", say("as traded"), "traded"),
        ("benchmark_value", say("index"), "index"),
    )
    lines = [
        Line(column=name, label=label, look=look, values=[1.0, *column_of(own, name)])
        for name, label, look in labels
        if any(row[name] is not None for row in own)
    ]
    bands: list[Band] = []
    if band:
        bands = [
            Band(
                look="outer",
                label=say("random baskets, 90 % of them"),
                low=[1.0, *column_of(band, "low")],
                high=[1.0, *column_of(band, "high")],
            ),
            Band(
                look="inner",
                label=say("half of them"),
                low=[1.0, *column_of(band, "lower")],
                high=[1.0, *column_of(band, "upper")],
            ),
        ]
    days = [str(row["session"]) for row in own]
    last = page.main.window.horizon
    marks = {
        item.window.horizon: say_count("{n} session", "{n} sessions", item.window.horizon)
        for item in page.run.results
        if item.window.horizon < min(last, len(days))
    }
    days = [say("start"), *days]
    caption = say(
        "Value at each close against the start, {first} to {last}", first=days[1], last=days[-1]
    )
    return line_chart(
        lines,
        days,
        caption=caption,
        told=_path_told(lines, caption),
        bands=bands,
        marks=marks,
        height=height,
    )


def _path_told(lines: Sequence[Line], caption: str, start: float = 1.0) -> str:
    parts = []
    for line in lines:
        known = [value for value in line.values if value is not None]
        if known:
            parts.append(f"{line.label} {fraction(known[-1] - start, signed=True)}")
    return f"{caption}: {', '.join(parts)}"


def values_part(page: BasketPage, own: Sequence[Row], band: Sequence[Row]) -> Node:
    """Return the values through time, and where the basket ends among random ones."""
    beside = page.beside
    notes: list[Child] = []
    if beside is not None and beside.band is None and beside.why:
        notes.append(
            node("p", say("No random baskets: {why}.", why=told(beside.why)), class_="note")
        )
    return section(
        say("Value against the index"),
        _value_chart(page, own, band),
        notes,
        _placebo(page),
        name="value",
    )


def _placebo(page: BasketPage) -> Child | None:
    beside, real = page.beside, page.main.paper_return
    if beside is None or beside.band is None or beside.matched is None or real is None:
        return None
    placement = beside.band.placement
    returns = beside.band.returns.tolist()
    p = "-" if placement.p_two_sided is None else f"{placement.p_two_sided:.3f}"
    line = say(
        "{n} random baskets, matched by {traits}: mean {mean}, this basket {excess} beyond it, "
        "above {below} of them, p = {p}",
        n=count_text(len(returns)),
        traits=traits(beside.matched.matched_text),
        mean=fraction(placement.mean, signed=True),
        excess=fraction(placement.excess, signed=True),
        below=fraction(placement.quantile),
        p=p,
    )
    return node(
        "div",
        placebo_histogram(returns, real, say("Where this basket lies among random ones")),
        node("p", line, class_="note"),
    )


def drawdowns_part(falls: Sequence[Row]) -> Node:
    """Return how far each path is below its peak."""
    labels = (
        ("paper_drawdown", say("on paper"), "paper"),
        ("traded_drawdown", say("as traded"), "traded"),
        ("benchmark_drawdown", say("index"), "index"),
    )
    lines = [
        Line(column=name, label=label, look=look, values=column_of(falls, name))
        for name, label, look in labels
        if any(row[name] is not None for row in falls)
    ]
    caption = say("How far each path is below its peak")
    return section(
        say("Drawdown"),
        line_chart(
            lines,
            [str(row["session"]) for row in falls],
            caption=caption,
            told=_path_told(lines, caption, 0.0),
            start=0.0,
            height=140,
        ),
        name="drawdown",
    )


def shortfall_part(page: BasketPage) -> Node:
    """Return the steps from the index to the money."""
    main = page.main
    bars = _told_bars(main) if main.shortfall else _paper_bars(main)
    title = say("From the index to your money: implementation shortfall")
    none = say("Not told before both paths are finished.") if not main.shortfall else ""
    return section(
        title,
        waterfall(bars, caption=title, heads=(say("step"), say("effect"), "%")),
        node("p", none, class_="note") if none else None,
        name="shortfall",
    )


def _told_bars(main: EventResult) -> list[Bar]:
    """Return the whole waterfall; a step that took nothing is left out."""
    bars = [
        Bar(label=step_name(step), value=effect, is_sum=step == "market")
        for step, effect in main.shortfall
        if effect
    ]
    assert main.executable_return is not None  # noqa: S101 - both paths are finished
    return [*bars, Bar(label=say("as traded"), value=main.executable_return, is_sum=True)]


def _paper_bars(main: EventResult) -> list[Bar]:
    """Return what is known before both paths are finished."""
    assert main.paper_return is not None  # noqa: S101 - the caller has looked
    bars: list[Bar] = []
    if main.benchmark_return is not None and main.active_return is not None:
        bars.append(Bar(label=say("index"), value=main.benchmark_return, is_sum=True))
        bars.append(Bar(label=say("theme and selection"), value=main.active_return))
    return [*bars, Bar(label=say("on paper"), value=main.paper_return, is_sum=True)]


def dates_part(page: BasketPage) -> Node:
    """Return what the returns are for every entry that an estimated date allows."""
    items = [
        Interval(
            label=say_count("{n} session", "{n} sessions", item.window.horizon),
            value=item.paper_return,
            low=item.band[0],
            high=item.band[1],
            shown=f"{fraction(item.band[0], signed=True)} … {fraction(item.band[1], signed=True)}",
        )
        for item in page.run.results
        if item.band is not None
    ]
    published = page.event.published
    first, last = (str(item)[:10] for item in (published.range_start, published.range_end))
    caption = say(
        "Least and greatest return on paper over every entry from {first} to {last}; the dot is "
        "the likeliest date",
        first=first,
        last=last,
    )
    return section(
        say("The date is an estimate"),
        intervals(items, caption=caption, heads=(say("held"), say("band"), "%")),
        node("p", caption, class_="note"),
        name="dates",
    )


def column_of(rows: Sequence[Row], name: str) -> list[float | None]:
    """Return the numbers of a column; `None` where it is empty."""
    found: list[float | None] = []
    for row in rows:
        value = row[name]
        found.append(float(value) if isinstance(value, (int, float)) else None)
    return found
