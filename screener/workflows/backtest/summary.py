"""Many events in one table: which horizon each is shown at, in which order, and which are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from types import MappingProxyType
from typing import Any

from screener.backtest.run import EventResult
from screener.domain.amounts import parse_amount
from screener.domain.basket import Weighting
from screener.domain.days import parse_day
from screener.errors import InputError
from screener.language import say
from screener.language.lists import listed
from screener.paths.legs import LegState
from screener.paths.windows import WindowStatus
from screener.reports.text.spoken import in_dictionary
from screener.results.backtest import RETURNS, VARIANT
from screener.results.tables import Column, Dtype
from screener.workflows.backtest.rows import result_rows
from screener.workflows.backtest.run import BacktestRun

__all__ = ["ReportTotal", "Shown", "Summary", "SummaryLine", "parse_shown", "summarise"]

_NUMBERS = (Dtype.NUMBER, Dtype.WHOLE)

Value = str | float | date
Test = Callable[[object], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryLine:
    """One event and capital.

    Parameters
    ----------
    row
        Its row of `RETURNS` and `VARIANT` at the horizon that is shown: the shortest mature one,
        else the shortest.
    others
        Its rows at the longer horizons.
    result
        The result behind `row`.
    """

    row: dict[str, object]
    others: tuple[dict[str, object], ...]
    result: EventResult


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTotal:
    """What all names of a report's baskets came to on paper, each with the same money.

    Parameters
    ----------
    report, horizon
        Report, and sessions held.
    n_names
        Names with a part of the money.
    paper, index
        Return, and that of their index; `None` where that of a basket is not known.
    """

    report: str
    horizon: int
    n_names: int
    paper: float
    index: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The lines of some runs, and how many were left out by what was asked.

    Parameters
    ----------
    totals
        One for each report, horizon and way of buying that several mature lines of equally
        weighted baskets are of.
    """

    lines: tuple[SummaryLine, ...]
    hidden: int
    totals: tuple[ReportTotal, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Which lines of a summary are shown, and in which order.

    Parameters
    ----------
    by
        Column to sort by, `None` for the run's order.
    upside_down
        Whether the usual order of that column is turned round.
    tests
        Columns with what their values must pass.
    """

    by: Column | None = None
    upside_down: bool = False
    tests: tuple[tuple[Column, Test], ...] = ()


def parse_shown(sort: str | None, only: Sequence[str]) -> Shown:
    """Parse `--sort FIELD`, `--sort -FIELD` and `--filter FIELD=A..B`.

    Numbers are sorted greatest first, days newest first, text by the alphabet.

    Raises
    ------
    InputError
        If a field or a range is none.
    """
    by = None if sort is None else _column(sort.removeprefix("-"), "--sort")
    return Shown(
        by=by,
        upside_down=sort is not None and sort.startswith("-"),
        tests=tuple(_test(text) for text in only),
    )


def summarise(
    runs: Sequence[BacktestRun],
    shown: Shown,
    *,
    horizon: int | None = None,
    titles: Mapping[str, str] = MappingProxyType({}),
) -> Summary:
    """Return a line for each event, run and capital.

    Parameters
    ----------
    runs
        The runs.
    shown
        Which lines, in which order.
    horizon
        The one horizon to show; for each event the shortest mature one if left out.
    titles
        What baskets are called beside their names.
    """
    found = [line for run in runs for line in _lines(run, horizon)]
    places = {key: at for at, key in enumerate(dict.fromkeys(map(_event, found)))}
    every = sorted(found, key=lambda line: places[_event(line)])
    lines = [line for line in every if all(_passes(line, *test, titles) for test in shown.tests)]
    if shown.by is not None:
        lines = _sorted(lines, shown.by, titles, upside_down=shown.upside_down)
    return Summary(lines=tuple(lines), hidden=len(every) - len(lines), totals=tuple(_totals(lines)))


def _totals(lines: Sequence[SummaryLine]) -> Iterator[ReportTotal]:
    """Put the baskets of a report together, name by name; a name of two baskets counts twice."""
    keys = ("report", "horizon", "capital", *VARIANT.names)
    groups: dict[tuple[object, ...], list[SummaryLine]] = {}
    for line in lines:
        groups.setdefault(tuple(line.row[name] for name in keys), []).append(line)
    for own in groups.values():
        results = [line.result for line in own]
        alike = all(
            item.status is WindowStatus.MATURE
            and item.paper_return is not None
            and item.window.event.weighting is Weighting.EQUAL
            for item in results
        )
        if len(own) == 1 or not alike or not results[0].window.event.report:
            continue
        counts = [len(item.window.legs) - item.window.count(LegState.DROPPED) for item in results]
        n_names = sum(counts)
        worth = sum(n * (item.paper_return or 0.0) for n, item in zip(counts, results, strict=True))
        beside = [item.benchmark_return for item in results]
        index = sum(n * (one or 0.0) for n, one in zip(counts, beside, strict=True)) / n_names
        yield ReportTotal(
            report=results[0].window.event.report,
            horizon=results[0].window.horizon,
            n_names=n_names,
            paper=worth / n_names,
            index=None if None in beside else index,
        )


def _passes(line: SummaryLine, column: Column, test: Test, titles: Mapping[str, str]) -> bool:
    """Tell whether a line passes a test; a basket may be called by its title, too."""
    value = line.row[column.name]
    return test(value) or (column.name == "basket" and test(titles.get(str(value))))


def _event(line: SummaryLine) -> tuple[object, ...]:
    return tuple(line.row[name] for name in ("basket", "report", "published"))


def _lines(run: BacktestRun, horizon: int | None) -> Iterator[SummaryLine]:
    settings = run.request.settings
    ways = (str(settings.entry), settings.delay, str(settings.rebalance))
    variant = dict(zip(VARIANT.names, ways, strict=True))
    rows = ({**row, **variant} for row in result_rows(run))
    every = zip(run.results, rows, strict=True)
    paired = (item for item in every if horizon in (None, item[0].window.horizon))
    for _, group in groupby(paired, key=lambda item: id(item[0].window.event)):
        by_capital: dict[float | None, list[tuple[EventResult, dict[str, object]]]] = {}
        for result, row in group:
            by_capital.setdefault(result.capital, []).append((result, row))
        for held in by_capital.values():
            ordered = sorted(held, key=lambda item: item[0].window.horizon)
            mature = (item for item in ordered if item[0].status is WindowStatus.MATURE)
            result, row = next(mature, ordered[0])
            longer = (
                other for item, other in ordered if item.window.horizon > result.window.horizon
            )
            yield SummaryLine(row=row, others=tuple(longer), result=result)


def _sorted(
    lines: Sequence[SummaryLine], by: Column, titles: Mapping[str, str], *, upside_down: bool
) -> list[SummaryLine]:
    """Sort lines, baskets by what they are called; those without a value come last."""
    known = [line for line in lines if line.row[by.name] is not None]
    empty = [line for line in lines if line.row[by.name] is None]
    greatest_first = by.dtype is not Dtype.TEXT

    def place(line: SummaryLine) -> Any:
        value = line.row[by.name]
        if by.name != "basket" or not titles:
            return value
        return in_dictionary(titles.get(str(value)) or str(value))

    return [*sorted(known, key=place, reverse=greatest_first != upside_down), *empty]


def _column(text: str, parameter: str) -> Column:
    """Return the column of returns that a name or a label means; a number before a text."""
    wanted = text.strip().casefold()
    ordered = sorted(RETURNS.columns, key=lambda item: item.dtype not in _NUMBERS)
    for column in ordered:
        if wanted in (column.name, column.en.casefold(), column.zh.casefold()):
            return column
    labels = dict.fromkeys(column.label() for column in RETURNS.columns)
    option = f"{parameter} {text!r}"
    raise InputError(
        say("{option} is no column of the returns", option=option),
        fix=say("one of {known}", known=listed(labels)),
    )


def _test(text: str) -> tuple[Column, Test]:
    option = f"--filter {text!r}"
    name, equals, asked = text.partition("=")
    if not equals or not asked.strip():
        raise InputError(say("{option} asks nothing", option=option), fix=_example())
    column = _column(name, "--filter")
    low, dots, high = asked.partition("..")
    if column.dtype is Dtype.TEXT:
        wanted = {part.strip().casefold() for part in asked.split(",") if part.strip()}
        return column, lambda value: str(value).casefold() in wanted
    ends = [_value(end, column, text) for end in ((low, high) if dots else (low, low))]
    first, last = ends
    if first is None and last is None:
        raise InputError(
            say("{option} has no end, so it asks nothing", option=option), fix=_example()
        )
    if first is not None and last is not None and first > last:  # type: ignore[operator]
        turned = f"{high}..{low}"
        raise InputError(
            say("{option} is reversed", option=option), fix=say("write {range}", range=turned)
        )
    return column, lambda value: _within(value, first, last)


def _example() -> str:
    return say(
        "write it like {examples}",
        examples="active=0.., paper=-5%..10%, entry=2026-05-01.., status=mature",
    )


def _within(value: object, first: Value | None, last: Value | None) -> bool:
    """Tell whether a value lies in a range; an undefined one never does."""
    if value is None:
        return False
    return (first is None or value >= first) and (last is None or value <= last)  # type: ignore[operator]


def _value(text: str, column: Column, whole: str) -> Value | None:
    if not text.strip():
        return None
    if column.dtype is Dtype.DATE:
        return parse_day(text, parameter=f"--filter {column.name}")
    return parse_amount(text, parameter=f"--filter {whole!r}:", units="%元", fix=_example())
