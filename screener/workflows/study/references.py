"""What explains the names of events: indices, a table of factors, or matched portfolios."""

from __future__ import annotations

import numpy as np

from screener.backtest.benchmark import BenchmarkSeries
from screener.data.panels.return_tables import ReturnTable
from screener.domain.basket import Event
from screener.domain.listing import Kind, Listing, parse_listing
from screener.domain.panel import PricePanel
from screener.errors import InputError, ScreenerError
from screener.language import say
from screener.language.lists import listed
from screener.study.models import Model
from screener.study.references import (
    Reference,
    factor_reference,
    index_reference,
    lacking_reference,
    no_reference,
    return_reference,
)
from screener.workflows.backtest.market import Benchmarks

__all__ = ["RISKLESS", "References"]

RISKLESS = ("rf", "RF", "riskless")
"""Columns of a factor table that are subtracted from the names' returns."""


class References:
    """Gives the reference of each name of an event; each series is laid out once.

    Parameters
    ----------
    panel
        The panel on whose rows they are laid.
    model
        What is expected.
    benchmarks
        Indices, for models that need them.
    table
        Factors or matched portfolios, for models that need them.
    """

    def __init__(
        self,
        panel: PricePanel,
        model: Model,
        benchmarks: Benchmarks | None,
        table: ReturnTable | None,
    ) -> None:
        self._panel, self._model = panel, model
        self._benchmarks, self._table = benchmarks, table
        self._found: dict[str, Reference] = {}
        self.series: dict[str, BenchmarkSeries] = {}

    def of(self, event: Event) -> tuple[Reference, ...]:
        """Return what explains each name of an event.

        Raises
        ------
        InputError
            If the table has no factor.
        """
        return tuple(self._one(event, member.listing) for member in event.members)

    def _one(self, event: Event, name: Listing) -> Reference:
        series = self._series(event, name)
        key = name.id if self._model is Model.MATCHED else str(series and series.listing)
        if key not in self._found:
            self._found[key] = self._laid_out(name, series)
        return self._found[key]

    def _series(self, event: Event, name: Listing) -> BenchmarkSeries | None:
        """Return the index of a name, `None` for models without one."""
        if self._model not in (Model.MARKET, Model.MARKET_ADJUSTED):
            return None
        series = None if self._benchmarks is None else self._benchmarks(event, name)
        if series is None:
            raise InputError(
                say("the model {model} needs an index", model=self._model),
                fix=say("leave `--benchmark none` out, or take --model mean-adjusted"),
            )
        self.series[series.listing.id] = series
        return series

    def _laid_out(self, name: Listing, series: BenchmarkSeries | None) -> Reference:
        axis = self._panel.sessions
        if series is not None:
            calendar = series.calendar.sessions
            return index_reference(
                series.listing.id, axis, series.sessions, series.values, calendar
            )
        table = self._table
        if self._model is Model.MEAN_ADJUSTED:
            return no_reference(len(axis))
        if table is None:
            raise InputError(
                say("the model {model} needs a table of returns", model=self._model),
                fix=say("give one with --factors FILE or --matched FILE"),
            )
        if self._model is Model.MATCHED:
            return _matched(self._panel, table, name)
        return _factors(self._panel, table)


def _matched(panel: PricePanel, table: ReturnTable, name: Listing) -> Reference:
    column = next((item for item in table.columns if _names(item, name)), None)
    if column is None:
        lack = table.lacks.get(name.id) or InputError(
            say("{table} has no column {name}", table=table.name, name=name.id),
            where=say("its columns are {columns}…", columns=listed(table.columns[:5])),
            fix=say("give each listing a column with the returns of its matched portfolio"),
        )
        return lacking_reference(len(panel.sessions), lack)
    return return_reference(
        say("the portfolio of {listing}", listing=name.id),
        panel.sessions,
        table.days,
        table.column(column),
    )


def _names(column: str, listing: Listing) -> bool:
    """Tell whether a column's header is a code of the listing, however written."""
    try:
        return parse_listing(column, kind=Kind.SECURITY) == listing
    except ScreenerError:
        return False


def _factors(panel: PricePanel, table: ReturnTable) -> Reference:
    riskless = next((item for item in RISKLESS if item in table.columns), None)
    factors = [item for item in table.columns if item != riskless]
    if not factors:
        raise InputError(
            say("{table} has no factor besides {riskless}", table=table.name, riskless=riskless)
        )
    values = np.column_stack([table.column(item) for item in factors])
    if not np.isfinite(values).all():
        row, column = np.argwhere(~np.isfinite(values))[0]
        raise InputError(
            say("{factors} is empty on {days}", factors=factors[column], days=table.days[row]),
            where=table.name,
            fix=say("give every factor a value on every day"),
        )
    return factor_reference(
        table.name,
        panel.sessions,
        table.days,
        values,
        riskless=None if riskless is None else table.column(riskless),
    )
