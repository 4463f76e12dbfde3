"""Charts in rows: bars from nothing, waterfalls, intervals; each row bears its label and value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from screener.render.pages.cells import fraction, sign_of
from screener.render.pages.charts.scale import Scale, place, scale_over
from screener.render.pages.markup import Child, Node, node

__all__ = ["Bar", "Interval", "bar", "bar_scale", "histogram", "intervals", "waterfall"]

_SAME = 1e-12
_ABOVE = 16  # pixels above the highest bar of a distribution, for labels


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A step of a waterfall: what it adds; a sum stands from nothing to where the steps are."""

    label: str
    value: float
    is_sum: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A value with its interval, beside another one; `None` where there is none."""

    label: Child
    value: float | None
    low: float | None
    high: float | None
    base: float | None = None
    shown: Child = ""


def waterfall(bars: Sequence[Bar], *, caption: str, heads: tuple[str, str, str]) -> Node:
    """Return steps that lead from sums to sums, as a table of bars."""
    reached = 0.0
    ends: list[tuple[float, float]] = []
    for item in bars:
        begin = 0.0 if item.is_sum else reached
        reached = item.value if item.is_sum else reached + item.value
        ends.append((begin, reached))
    scale = _close([end for pair in ends for end in pair])
    rows = [
        node(
            "tr",
            node("th", item.label, scope="row"),
            node("td", _span(scale, *pair, _look(item)), class_="barcell"),
            node(
                "td", fraction(item.value, signed=True), class_=f"n {sign_of(item.value)}".strip()
            ),
            class_="sum" if item.is_sum else None,
        )
        for item, pair in zip(bars, ends, strict=True)
    ]
    return _table(caption, heads, rows)


def bar_scale(values: Sequence[float | None]) -> Scale:
    """Return the scale that bars from nothing share."""
    return _close([value for value in values if value is not None])


def bar(value: float | None, scale: Scale) -> Node:
    """Return one bar from nothing to a value."""
    drawn = _span(scale, 0.0, value or 0.0, sign_of(value) or "bar")
    return node("div", drawn, class_="barcell")


def intervals(
    items: Sequence[Interval], *, caption: str, heads: tuple[str, str, str], signed: bool = True
) -> Node:
    """Return values with their intervals, one in a row; a short line marks what each is against."""
    known = [
        end
        for item in items
        for end in (item.value, item.low, item.high, item.base)
        if end is not None
    ]
    scale = scale_over(known, holding=(0.0,))
    rows = [
        node(
            "tr",
            node("th", item.label, scope="row"),
            node("td", _interval(item, scale), class_="barcell"),
            node("td", item.shown or fraction(item.value, signed=signed), class_="n"),
        )
        for item in items
    ]
    return _table(caption, heads, rows)


def histogram(
    counts: Sequence[int],
    edges: Sequence[str],
    *,
    caption: str,
    told: str,
    marks: Sequence[tuple[float, str]] = (),
    kept: Sequence[bool] = (),
    height: int = 150,
) -> Node:
    """Return how often values lie between edges.

    Parameters
    ----------
    counts
        How many lie in each part, from low to high; all parts are equally wide.
    edges
        Labels of the lowest and the highest edge.
    caption, told
        What it shows, and the same for who cannot see it.
    marks
        Places that are told apart, from 0 to 1, and their labels.
    kept
        Whether each part is within what was asked for.
    height
        In pixels.
    """
    most, n = max([*counts, 1]), max(1, len(counts))
    drawn = [
        node(
            "rect",
            class_="kept" if not kept or kept[at] else "bar",
            x=f"{place(100 * at / n)}%",
            width=f"{place(92 / n)}%",
            y=place(height - (height - _ABOVE) * count / most),
            height=place((height - _ABOVE) * count / most),
        )
        for at, count in enumerate(counts)
        if count
    ]
    flagged = [
        part
        for at, label in marks
        for part in (
            node("line", class_="base", x1=_percent(at), x2=_percent(at), y1=0, y2=height),
            node(
                "text",
                label,
                x=_percent(at),
                y=10,
                dx=-4 if at > 0.5 else 4,
                text_anchor="end" if at > 0.5 else "start",
            ),
        )
    ]
    low, high = edges
    return node(
        "figure",
        node("figcaption", caption),
        node(
            "div",
            node(
                "svg",
                node("line", class_="grid", x1=0, x2="100%", y1=height, y2=height),
                drawn,
                flagged,
                node("text", low, x=0, y=height + 16),
                node("text", high, x="100%", y=height + 16, text_anchor="end"),
                height=height + 20,
                role="img",
                aria_label=told,
            ),
            class_="plot",
        ),
    )


def _percent(share: float) -> str:
    return f"{place(100 * min(1.0, max(0.0, share)))}%"


def _close(values: Sequence[float]) -> Scale:
    """Return a scale without empty ends: its bars bear their values beside them."""
    low, high = min([*values, 0.0]), max([*values, 0.0])
    if high - low < _SAME:
        high = low + 0.01
    return Scale(low=low, high=high, ticks=())


def _look(item: Bar) -> str:
    return "index" if item.is_sum else sign_of(item.value) or "bar"


def _span(scale: Scale, begin: float, end: float, look: str) -> Node:
    left, right = sorted((scale.share(begin), scale.share(end)))
    zero = _percent(scale.share(0.0))
    return node(
        "svg",
        node("line", class_="grid", x1=zero, x2=zero, y1=0, y2=18),
        node(
            "rect",
            class_=look,
            x=_percent(left),
            width=f"{place(max(0.4, 100 * (right - left)))}%",
            y=3,
            height=12,
        ),
        height=18,
        aria_hidden="true",
    )


def _interval(item: Interval, scale: Scale) -> Node:
    def at(value: float) -> str:
        return _percent(scale.share(value))

    parts = [node("line", class_="grid", x1=at(0.0), x2=at(0.0), y1=0, y2=18)]
    if item.low is not None and item.high is not None:
        parts.append(node("line", class_="span", x1=at(item.low), x2=at(item.high), y1=9, y2=9))
    if item.base is not None:
        parts.append(node("line", class_="base", x1=at(item.base), x2=at(item.base), y1=1, y2=17))
    if item.value is not None:
        parts.append(node("circle", class_="paper", cx=at(item.value), cy=9, r=5))
    return node("svg", parts, height=18, aria_hidden="true")


def _heads(heads: tuple[str, str, str]) -> list[Node]:
    looks = (None, None, "n")
    return [
        node("th", head, scope="col", class_=look) for head, look in zip(heads, looks, strict=True)
    ]


def _table(caption: str, heads: tuple[str, str, str], rows: Sequence[Node]) -> Node:
    return node(
        "div",
        node(
            "table",
            node("caption", caption),
            node("thead", node("tr", _heads(heads))),
            node("tbody", rows),
            class_="bars",
        ),
        class_="scroll",
        tabindex="0",
        role="region",
        aria_label=caption,
    )
