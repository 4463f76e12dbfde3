"""A score on the terminal: who keeps their own promises, beside what chance gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from rich.console import Group, RenderableType
from rich.text import Text

from screener.render.score_words import Language, sentence, word
from screener.render.tables import UNDEFINED, Column, number, plain_table

__all__ = ["CallLine", "PlaceLine", "ScoreLine", "ScoreView", "YearLine", "score_view"]

_MIDDLE, _WIDE = 100, 144
_KEY = 14  # columns that a further key takes
_SHOWN_AT_MOST = 30
_LEAST_P = 0.001


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreLine:
    """One group; rates and returns are fractions, `None` where undefined."""

    key: tuple[str, ...]
    rank: int | None
    n_calls: int
    n_matured: int
    hit: float | None
    low: float | None
    high: float | None
    base: float | None
    shrunk: float | None
    mean: float | None
    median: float | None
    worst: float | None
    tradable: float | None
    tradable_base: float | None
    any_time: float | None
    any_time_base: float | None
    first: float | None
    repeated: float | None
    q: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLine:
    """One call; `active` is its active return, to date where it is pending."""

    call: str
    published: date
    estimated: bool
    broker: str
    rating: str
    subject: str
    due: date | None
    active: float | None
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceLine:
    """Calls by their place in the crowd."""

    place: str
    n: int
    hit: float | None
    base: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class YearLine:
    """One pair of years; `years` is empty for all of them together."""

    years: str
    n_groups: int
    correlation: float | None
    p: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreView:
    """What the page shows.

    Parameters
    ----------
    banner
        Line above everything; empty for none.
    headline
        Sentences first told.
    by
        Groupings.
    total, lines
        All calls together, and the groups; no line without a matured call.
    calls
        Single calls, where they are few.
    reasons
        A reason or a proxy, the calls that it concerns, and how many reasons like it there are
        besides.
    places, years
        Crowding and persistence; empty without matured calls.
    notes
        Sentences below the tables.
    footer
        Facts of the run.
    """

    banner: str
    headline: tuple[str, ...]
    by: tuple[str, ...]
    total: ScoreLine | None
    lines: tuple[ScoreLine, ...]
    calls: tuple[CallLine, ...] = ()
    reasons: tuple[tuple[str, str, int], ...] = ()
    places: tuple[PlaceLine, ...] = ()
    years: tuple[YearLine, ...] = ()
    notes: tuple[str, ...] = ()
    footer: str = ""


def score_view(view: ScoreView, language: Language, *, width: int) -> RenderableType:
    """Show a score; a narrow terminal keeps what matters most."""
    parts: list[RenderableType] = []
    if view.banner:
        parts += [Text(view.banner, style="bold reverse"), Text()]
    parts += [Text(sentence(line, language), style="bold") for line in view.headline]
    if view.total is not None:
        parts += [Text(), _board(view, language, _columns(width - _KEY * (len(view.by) - 1)))]
    if view.calls:
        parts += [Text(), _calls(view.calls, language)]
    if view.reasons:
        parts += [Text(), *_reasons(view.reasons, language)]
    if view.places:
        parts += [Text(), _places(view.places, language)]
    if view.years:
        parts += [Text(), _years(view.years, language)]
    parts += [Text(), *(Text(sentence(line, language)) for line in view.notes)]
    parts.append(Text(view.footer, style="dim"))
    return Group(*parts)


def _columns(width: int) -> list[tuple[str, Callable[[ScoreLine], str]]]:
    """Return the columns of numbers that a width has room for, with what writes their cells."""
    middle, wide = width >= _MIDDLE, width >= _WIDE
    every: tuple[tuple[bool, str, Callable[[ScoreLine], str]], ...] = (
        (middle, "calls", lambda line: f"{line.n_calls:,}"),
        (True, "mature", lambda line: f"{line.n_matured:,}"),
        (True, "hit %", lambda line: _tenth(line.hit)),
        (True, "interval", _interval),
        (True, "chance %", lambda line: _tenth(line.base)),
        (True, "active %", lambda line: _tenth(line.mean, signed=True)),
        (middle, "median", lambda line: _tenth(line.median, signed=True)),
        (middle, "worst", lambda line: _tenth(line.worst, signed=True)),
        (wide, "shrunk %", lambda line: _tenth(line.shrunk)),
        (wide, "any time %", lambda line: _tenth(line.any_time)),
        (wide, "chance", lambda line: _tenth(line.any_time_base)),
        (wide, "trade %", lambda line: _tenth(line.tradable)),
        (wide, "chance", lambda line: _tenth(line.tradable_base)),
        (wide, "first %", lambda line: _tenth(line.first)),
        (wide, "repeat %", lambda line: _tenth(line.repeated)),
        (True, "q", lambda line: _small(line.q)),
    )
    return [(name, cell) for shown, name, cell in every if shown]


def _board(
    view: ScoreView,
    language: Language,
    numbers: Sequence[tuple[str, Callable[[ScoreLine], str]]],
) -> RenderableType:
    columns: list[Column | str] = [_numeric("rank", language)]
    columns += [word(name, language) for name in view.by]
    columns += [_numeric(name, language) for name, _ in numbers]
    rows = [
        [UNDEFINED if line.rank is None else str(line.rank), *_key(line), *_cells(line, numbers)]
        for line in view.lines[:_SHOWN_AT_MOST]
    ]
    if view.total is not None:
        key = (word("all", language), *[""] * (len(view.by) - 1))
        rows.append(["", *key, *_cells(view.total, numbers)])
    return plain_table(columns, rows)


def _cells(line: ScoreLine, numbers: Sequence[tuple[str, Callable[[ScoreLine], str]]]) -> list[str]:
    return [cell(line) for _, cell in numbers]


def _key(line: ScoreLine) -> list[str]:
    return [text or UNDEFINED for text in line.key]


def _interval(line: ScoreLine) -> str:
    return UNDEFINED if line.low is None else f"{_tenth(line.low)}–{_tenth(line.high)}"


def _calls(lines: Sequence[CallLine], language: Language) -> RenderableType:
    columns: list[Column | str] = [
        *(word(name, language) for name in ("call", "date", "broker", "rating", "due")),
        _numeric("active %", language),
        word("status", language),
    ]
    return plain_table(columns, [_call(line, language) for line in lines])


def _call(line: CallLine, language: Language) -> list[str]:
    return [
        line.call,
        f"{line.published}" + (f" {word('est.', language)}" if line.estimated else ""),
        line.broker,
        " ".join(part for part in (line.rating, line.subject) if part) or UNDEFINED,
        UNDEFINED if line.due is None else line.due.isoformat(),
        _tenth(line.active, signed=True),
        word(line.status, language),
    ]


def _reasons(told: Sequence[tuple[str, str, int]], language: Language) -> Iterator[Text]:
    for reason, who, alike in told:
        more = f" ({word('and more like it', language)}: {alike:,})" if alike else ""
        yield Text(f"{who}: {sentence(reason, language)}{more}")


def _places(lines: Sequence[PlaceLine], language: Language) -> RenderableType:
    columns: list[Column | str] = [
        word("place on the theme within 90 days", language),
        *(_numeric(name, language) for name in ("mature", "hit %", "chance %")),
    ]
    rows = [[line.place, f"{line.n:,}", _tenth(line.hit), _tenth(line.base)] for line in lines]
    return plain_table(columns, rows)


def _years(lines: Sequence[YearLine], language: Language) -> RenderableType:
    columns: list[Column | str] = [
        word("years", language),
        *(_numeric(name, language) for name in ("groups", "correlation", "p")),
    ]
    rows = [
        [
            line.years or word("all pairs", language),
            str(line.n_groups),
            number(line.correlation, signed=True),
            _small(line.p),
        ]
        for line in lines
    ]
    return plain_table(columns, rows)


def _numeric(name: str, language: Language) -> Column:
    return Column(header=word(name, language), numeric=True)


def _small(value: float | None) -> str:
    """Write a p-value; below a thousandth it says only that."""
    return "<0.001" if value is not None and value < _LEAST_P else number(value, digits=3)


def _tenth(value: float | None, *, signed: bool = False) -> str:
    return number(None if value is None else value * 100, digits=1, signed=signed)
