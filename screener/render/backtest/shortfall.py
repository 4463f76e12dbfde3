"""The implementation shortfall on the terminal and on pages: its steps, and many events' means."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from rich.console import RenderableType
from rich.text import Text

from screener.backtest.run import EventResult
from screener.language import say, say_count
from screener.render.tables import Column, money_short, plain_table, points
from screener.results.backtest import RETURNS
from screener.workflows.backtest.rows import MeanShortfall

__all__ = ["means_table", "step_name", "waterfall_table"]

_STEPS: Mapping[str, Callable[[], str]] = {
    "market": lambda: say("index"),
    "theme": lambda: say("theme (industry)"),
    "selection": lambda: say("selection"),
    "theme and selection": lambda: say("theme and selection"),
    "market, theme and selection": lambda: say("index, theme and selection"),
    "delay": lambda: say("delay to the entry"),
    "waiting and unfilled": lambda: say("waiting and unfilled"),
    "lots and cash": lambda: say("lots and cash"),
    "rights": lambda: say("rights"),
    "participation": lambda: say("share of the volume"),
    "slippage and impact": lambda: say("slippage and impact"),
    "commission": lambda: say("commission"),
    "taxes and fees": lambda: say("taxes and fees"),
    "dividend tax": lambda: say("dividend tax"),
    "FX": lambda: say("currency exchange"),
}
_ALWAYS = ("market", "delay", "waiting and unfilled")
_WIDE = 6  # columns of numbers beside each other


def step_name(step: str) -> str:
    """Return a step in the reader's language."""
    return _STEPS[step]()


def waterfall_table(results: Sequence[EventResult], *, amounts: bool) -> Iterator[RenderableType]:
    """Show the steps from the index to the money, for the windows that both paths finished.

    Parameters
    ----------
    results
        Results of one event.
    amounts
        Whether there are several amounts of money, so that each is named.
    """
    told = [item for item in results if item.shortfall]
    for at in range(0, len(told), _WIDE):
        some = told[at : at + _WIDE]
        names = [_column(item, amounts=amounts) for item in some]
        ends = [item.executable_return for item in some]
        title = say("implementation shortfall: from the index to the money")
        yield _table(names, [dict(item.shortfall) for item in some], ends, title)


def means_table(means: Sequence[MeanShortfall]) -> Iterator[RenderableType]:
    """Show the mean steps of many events, by sessions held and money."""
    amounts = len({item.capital for item in means}) > 1
    for at in range(0, len(means), _WIDE):
        some = means[at : at + _WIDE]
        names = [_head(item.horizon, item.capital, amounts=amounts) for item in some]
        title = say("from the index to the money: mean of the events whose paths are finished")
        yield _table(names, [item.steps for item in some], [item.traded for item in some], title)
        counts = ", ".join(
            f"{name}: " + say_count("{n} event", "{n} events", item.n_events)
            for name, item in zip(names, some, strict=True)
        )
        yield Text(counts, style="dim")


def _column(item: EventResult, *, amounts: bool) -> str:
    return _head(item.window.horizon, item.capital, amounts=amounts)


def _head(horizon: int, capital: float | None, *, amounts: bool) -> str:
    held = say("hold {n}", n=horizon)
    return f"{held}, {money_short(capital)}" if amounts else held


def _table(
    names: Sequence[str],
    steps: Sequence[Mapping[str, float]],
    ends: Sequence[float | None],
    title: str,
) -> RenderableType:
    shown = [
        step
        for step in _STEPS
        if any(own.get(step) for own in steps)
        or (step in _ALWAYS and any(step in own for own in steps))
    ]
    rows = [
        [step_name(step), *(points(own.get(step), signed=True) for own in steps)] for step in shown
    ]
    rows.append([RETURNS["executable_return"].label(), *(points(end, signed=True) for end in ends)])
    columns = [
        Column(header=say("step"), numeric=False),
        *(Column(header=name, numeric=True) for name in names),
    ]
    return plain_table(columns, rows, title=title)
