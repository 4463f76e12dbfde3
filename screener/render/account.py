"""What one account came to, on the terminal: its measures, whatever it held."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from screener.language import say
from screener.render.tables import UNDEFINED, money_short, number, percent
from screener.results.tables import Row, TableSpec

__all__ = ["as_float", "closing_facts", "opening_facts", "told_number"]

_PERCENTS = ("total_return", "annualised_return", "volatility", "max_drawdown", "exposure")


def opening_facts(spec: TableSpec, row: Row) -> Iterator[tuple[str, str]]:
    """Yield what the account was worth, with its label."""
    equity = f"{row['equity']:,.0f}"
    capital = money_short(as_float(row["capital"]))
    yield (
        spec["equity"].label(),
        say("{equity}, from {capital} at the start", equity=equity, capital=capital),
    )


def closing_facts(
    spec: TableSpec, row: Row, numbers: Iterable[str] = ("sharpe", "turnover")
) -> Iterator[tuple[str, str]]:
    """Yield the measures with their labels; what rests on too few sessions is left empty.

    Parameters
    ----------
    spec, row
        Measures, and their one row.
    numbers
        Those of them that are plain numbers.
    """
    for name in _PERCENTS:
        yield spec[name].label(), _percent(row[name])
    for name in numbers:
        yield spec[name].label(), told_number(row[name])
    yield spec["fees"].label(), f"{row['fees']:,.0f}"
    if row.get("capacity") is not None:
        yield spec["capacity"].label(), money_short(as_float(row["capacity"]))
    if row["benchmark"]:
        index = _percent(row["benchmark_return"]) or UNDEFINED
        yield spec["benchmark_return"].label(), f"{index} ({row['benchmark']})"
    if row["alpha_t"] is not None:
        yield (
            spec["alpha"].label(),
            say(
                "{alpha} a year, t {t}, p {p}, beta {beta}",
                alpha=_percent(row["alpha"]) or UNDEFINED,
                t=told_number(row["alpha_t"]),
                p=told_number(row["alpha_p"]),
                beta=told_number(row["beta"]),
            ),
        )


def as_float(value: object) -> float | None:
    """Return a value as a number, `None` where it is none."""
    return float(value) if isinstance(value, int | float) else None


def told_number(value: object) -> str:
    """Write a plain number, empty where there is none."""
    found = as_float(value)
    return "" if found is None else number(found)


def _percent(value: object) -> str:
    found = as_float(value)
    return "" if found is None else percent(found, digits=2)
