"""Baidu: multiples and market value of Hong Kong securities, one indicator a call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import pandas as pd

from screener.data.lake.batch import Batch
from screener.data.sources.online.action_rows import ListingSource, exchanges_in
from screener.data.sources.online.observed import day_of, frames_of, whole_list
from screener.data.sources.online.providers.eastmoney_values import valuation_batch
from screener.data.sources.online.transport.protocol import Ask, Need, Query
from screener.data.sources.online.transport.upstream import endpoint
from screener.domain.listing import Listing

__all__ = ["BaiduHkValuation"]


class BaiduHkValuation(ListingSource):
    """Multiples and market value in Hong Kong dollars."""

    name: ClassVar[str] = "baidu"
    need: ClassVar[Need] = Need.VALUATION
    upstream = endpoint("baidu", "valuation")
    exchanges = exchanges_in(upstream)
    hosts = upstream.hosts
    due: ClassVar[bool] = True

    def arguments(self, ask: Ask, listing: Listing) -> Sequence[Mapping[str, object]]:
        """Return the arguments for each indicator, over the shortest period that reaches back."""
        (stated,) = super().arguments(ask, listing)
        extra = self.upstream.extra
        age = (day_of(ask) - ask.start).days
        enough = [name for name, days in extra["periods"].items() if age <= days]
        period = enough[0] if enough else extra["longest"]
        return [
            {**stated, "indicator": indicator, "period": period}
            for indicator in extra["indicators"].values()
        ]

    def normalise(self, query: Query, payload: tuple[pd.DataFrame | str, ...]) -> Batch:
        """Join the indicators by day and turn them into rows of table `valuation`.

        Raises
        ------
        SourceEmpty, SourceChanged
            If an indicator has no row, or a column is missing.
        """
        extra = self.upstream.extra
        values = {}
        for field, frame in zip(extra["indicators"], frames_of(payload), strict=True):
            whole_list(self.upstream, frame)
            told = self.upstream.select(frame).drop_duplicates()
            numbers = pd.to_numeric(told["value"], errors="coerce").astype("float64")
            # a day that comes again with another value makes a row of its own, to be rejected
            again = told.groupby("session", dropna=False).cumcount()
            days = pd.MultiIndex.from_arrays([told["session"], again], names=["session", "again"])
            factor = extra["value_units"].get(field, 1)
            values[field] = pd.Series(numbers.to_numpy() * factor, index=days)
        wide = pd.concat(values, axis=1).sort_index()
        return valuation_batch(query.ask, wide.reset_index(), source=self.name)
