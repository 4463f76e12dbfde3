"""Whether any call of some brokers can be mature: told without prices, which take long to read."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.domain.report import Report
from screener.reports.authors.brokers import broker_named
from screener.scoring.calls import CallTable
from screener.scoring.contracts import Contracts
from screener.scoring.horizons import add_months
from screener.workflows.score.calls import calls_of_cards, calls_of_ratings, definitions_of

__all__ = ["may_be_mature"]

_CLOSED = np.timedelta64(14, "D")
"""Longest that exchanges are closed: a horizon may end within it, after the last session."""


def may_be_mature(store: Store, reports: Iterable[Report], brokers: Iterable[str]) -> bool:
    """Tell whether a call of one of some brokers may be mature; if not, none has a record.

    Parameters
    ----------
    store
        The lake, at the version to read.
    reports
        All report cards.
    brokers
        The brokers, by any of their names.
    """
    names = {text for item in brokers for text in (item, _known(item))}
    cards = tuple(reports)
    of_cards = calls_of_cards(cards)
    imported = calls_of_ratings(store.read(TableName.RATINGS), {}, of_cards.calls)
    calls = CallTable.joined([CallTable.of(of_cards.calls), imported.calls])
    calls = calls.take(np.flatnonzero([item in names for item in calls.broker.tolist()]))
    last = store.last_session(TableName.BARS)
    if not len(calls) or last is None:
        return False
    contracts = Contracts(definitions_of(cards))
    held, _ = contracts.resolve(calls.broker, calls.level, calls.rating, calls.published)
    months = np.array([*(item.months_high for item in contracts.contracts), 0], dtype=np.int64)
    due = add_months(calls.published, months[held])
    return bool(((held >= 0) & (due <= np.datetime64(last, "D") + _CLOSED)).any())


def _known(name: str) -> str:
    found = broker_named(name)
    return name if found is None else found.name
