"""Charts of values through time: lines, and bands of many paths behind them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from screener.language import say
from screener.render.pages.cells import MINUS, fraction
from screener.render.pages.charts.scale import Scale, place, scale_over
from screener.render.pages.markup import Child, Node, csv_rows, node
from screener.render.tables import number

__all__ = ["Band", "Line", "line_chart", "spark", "spark_scale"]

Values = Sequence[float | None]

_WIDTH = 1000  # of the drawing, stretched to whatever there is
_SPARK = (150, 34)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line: the name of its column, its label, its look, and a value at each place."""

    column: str
    label: str
    look: str
    values: Values


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Space between two lines."""

    look: str
    label: str
    low: Values
    high: Values


def line_chart(
    lines: Sequence[Line],
    places: Sequence[str],
    *,
    caption: str,
    told: str,
    start: float = 1.0,
    bands: Sequence[Band] = (),
    marks: Mapping[int, str] | None = None,
    height: int = 240,
) -> Node:
    """Return a chart of values relative to `start`, read in percent.

    Parameters
    ----------
    lines, bands
        What is drawn; a value that is `None` is not drawn.
    places
        Label of each place, a date or a number.
    caption, told
        What it shows, and the same for who cannot see it.
    start
        The value that counts as nothing: 1 for values, 0 for fractions.
    marks
        Labels of places that are told apart, by number.
    height
        In pixels.
    """
    every = [value for line in lines for value in line.values]
    every += [value for band in bands for side in (band.low, band.high) for value in side]
    scale = scale_over((_less(value, start) for value in every), holding=(0.0,))
    drawn = [
        *(_area(band, scale, start, height, len(places)) for band in bands),
        *(
            node("path", class_=line.look, d=_path(line.values, scale, start, height, _WIDTH))
            for line in lines
        ),
    ]
    plot = node(
        "svg",
        _grid(scale, height),
        node(
            "svg",
            drawn,
            width="100%",
            height=height,
            viewBox=f"0 0 {_WIDTH} {height}",
            preserveAspectRatio="none",
        ),
        _marked(marks or {}, len(places), height),
        node("line", class_="cursor", y1=0, y2=height, x1=0, x2=0, visibility="hidden"),
        _places(places, height),
        height=height + 22,
        role="img",
        aria_label=told,
    )
    side = node("svg", _ticks(scale, height), height=height + 22, aria_hidden="true")
    rows = [
        {"place": label, **{line.column: line.values[at] for line in lines}}
        for at, label in enumerate(places)
    ]
    columns = ["place", *(line.column for line in lines)]
    return node(
        "figure",
        node(
            "figcaption",
            node("span", caption),
            node(
                "button",
                say("Copy"),
                type="button",
                data_copy="",
                aria_label=say("{table}: copy as CSV", table=caption),
            ),
        ),
        _keys(lines, bands, start),
        node("div", plot, side, class_="plot"),
        node("div", "", class_="readout"),
        csv_rows(columns, rows),
        data_read=f"{start:g}",
        class_="held",
    )


def spark(values: Values, scale: Scale, *, told: str, start: float = 1.0) -> Node:
    """Return a small line on a scale that it shares with others."""
    width, height = _SPARK
    zero = place(height * (1 - scale.share(0.0)))
    return node(
        "svg",
        node("line", class_="grid", x1=0, x2=width, y1=zero, y2=zero),
        node("path", d=_path(values, scale, start, height, width)),
        class_="spark",
        viewBox=f"0 0 {width} {height}",
        preserveAspectRatio="none",
        role="img",
        aria_label=told,
    )


def spark_scale(every: Sequence[Values], *, start: float = 1.0) -> Scale:
    """Return the scale that small lines share."""
    return scale_over((_less(value, start) for one in every for value in one), holding=(0.0,))


def _less(value: float | None, start: float) -> float | None:
    return None if value is None else value - start


def _across(at: int, n: int, width: float) -> float:
    return width * at / max(1, n - 1)


def _path(values: Values, scale: Scale, start: float, height: float, width: float) -> str:
    return _drawn(tuple(values), scale, start, height, width)


@lru_cache(maxsize=512)
def _drawn(
    values: tuple[float | None, ...], scale: Scale, start: float, height: float, width: float
) -> str:
    """Return a path; the page in the other language draws the same one again."""
    parts: list[str] = []
    pen = "M"
    for at, value in enumerate(values):
        if value is None:
            pen = "M"
            continue
        down = height * (1 - scale.share(value - start))
        parts.append(f"{pen}{place(_across(at, len(values), width))} {place(down)}")
        pen = "L"
    return "".join(parts)


def _area(band: Band, scale: Scale, start: float, height: float, n: int) -> Node:
    known = [
        (at, low, high)
        for at, (low, high) in enumerate(zip(band.low, band.high, strict=True))
        if low is not None and high is not None
    ]
    there = [(_across(at, n, _WIDTH), scale.share(high - start)) for at, _, high in known]
    back = [(_across(at, n, _WIDTH), scale.share(low - start)) for at, low, _ in reversed(known)]
    corners = [f"{place(x)} {place(height * (1 - up))}" for x, up in (*there, *back)]
    return node("path", class_=band.look, d=f"M{'L'.join(corners)}Z" if corners else "")


def _grid(scale: Scale, height: int) -> Iterator[Node]:
    for tick in scale.ticks:
        y = place(height * (1 - scale.share(tick)))
        look = "zero" if abs(tick) < 1e-12 else "grid"
        yield node("line", class_=look, x1=0, x2="100%", y1=y, y2=y)


def _ticks(scale: Scale, height: int) -> Iterator[Node]:
    digits = 0 if scale.step >= 0.01 - 1e-12 and not (scale.step * 100) % 1 > 1e-9 else 1
    for tick in scale.ticks:
        y = place(height * (1 - scale.share(tick)) + 4)
        text = number(tick * 100, digits=digits, signed=True).replace("-", MINUS)
        yield node("text", f"{text} %", x=6, y=y)


def _marked(marks: Mapping[int, str], n: int, height: int) -> Iterator[Node]:
    for at, label in marks.items():
        x = f"{place(_across(at, n, 100))}%"
        side = "end" if at > n / 2 else "start"
        yield node("line", class_="mark", x1=x, x2=x, y1=0, y2=height)
        yield node("text", label, x=x, y=11, text_anchor=side, dx=-4 if side == "end" else 4)


def _places(places: Sequence[str], height: int) -> Iterator[Node]:
    n = len(places)
    some = sorted({0, n // 2, n - 1}) if n > 4 else sorted({0, n - 1})
    for at in some:
        side = "start" if at == 0 else "end" if at == n - 1 else "middle"
        x = f"{place(_across(at, n, 100))}%"
        yield node("text", places[at], x=x, y=height + 17, text_anchor=side)


def _keys(lines: Sequence[Line], bands: Sequence[Band], start: float) -> Node:
    def last(values: Values) -> Child:
        known = [value for value in values if value is not None]
        return node("b", fraction(known[-1] - start, signed=True) if known else "")

    items = [
        node(
            "li",
            node("svg", node("path", class_=line.look, d="M0 5L22 5"), aria_hidden="true"),
            node("span", line.label, data_column=line.column),
            " ",
            last(line.values),
        )
        for line in lines
    ]
    items += [
        node(
            "li",
            node(
                "svg",
                node("rect", class_=band.look, width=22, height=10),
                aria_hidden="true",
            ),
            band.label,
        )
        for band in bands
    ]
    return node("ul", items, class_="keys")
