"""Windows that touch a quarantined row are marked: the row may be why a return looks odd."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from screener.backtest.run import EventResult
from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.domain.panel import PricePanel
from screener.language import say_count
from screener.language.lists import listed
from screener.market.calendars import calendar_of
from screener.paths.legs import Leg
from screener.workflows.backtest.remarks import on_panels

__all__ = ["Noted", "quarantine_remarks", "quarantined", "touched_remarks"]

_MARKING = frozenset({TableName.BARS, TableName.ACTIONS, TableName.FACTORS})

Noted = dict[str, list[tuple[date, str]]]
"""Quarantined rows by listing: their days and why."""


def quarantine_remarks(
    store: Store, panels: Sequence[PricePanel], results: Sequence[EventResult]
) -> tuple[str, ...]:
    """Return a remark for every name of an event whose window touches a quarantined row.

    Parameters
    ----------
    store
        The lake.
    panels
        Prices that each result rests on.
    results
        Results of a backtest, those of one panel in a row.

    Returns
    -------
    tuple
        One remark for each event and name, with the horizons it concerns and the first reason.
    """
    noted = {key: quarantined(store, one) for key, one in {id(one): one for one in panels}.items()}
    return tuple(
        remark
        for panel, some in on_panels(panels, results)
        for remark in touched_remarks(panel, some, noted[id(panel)])
    )


def touched_remarks(
    panel: PricePanel, results: Sequence[EventResult], noted: Noted
) -> tuple[str, ...]:
    """Return the remarks of `quarantine_remarks`, given the rows that `quarantined` returned."""
    if not noted:
        return ()
    horizons: dict[tuple[str, str, str], list[int]] = {}
    reasons: dict[tuple[str, str, str], dict[tuple[date, str], None]] = {}
    for result in results:
        window = result.window
        for name, row in _touched(panel, window.legs, noted):
            key = (window.event.basket, window.event.report, name)
            if window.horizon not in horizons.setdefault(key, []):
                horizons[key].append(window.horizon)
            reasons.setdefault(key, {})[row] = None
    return tuple(_remark(key, horizons[key], list(rows)) for key, rows in reasons.items())


def quarantined(store: Store, panel: PricePanel) -> Noted:
    """Read the quarantined rows of the panel's names, on days that are sessions."""
    names = {listing.id: calendar_of(listing.exchange) for listing in panel.listings}
    found: Noted = {}
    for row in store.read(TableName.QUARANTINE, listings=sorted(names)).to_pylist():
        day = row["session"]
        if row["table_name"] in _MARKING and day and names[row["listing"]].is_session(day):
            found.setdefault(row["listing"], []).append((day, row["reason"]))
    return found


def _touched(
    panel: PricePanel, legs: Sequence[Leg], noted: Noted
) -> Iterator[tuple[str, tuple[date, str]]]:
    for leg in legs:
        if leg.entry_row is None or leg.last_row is None:
            continue
        name = panel.listings[leg.column].id
        # The close before the entry decides whether the open is at its limit.
        before = panel.row_before(leg.entry_row, leg.column)
        first = panel.session(leg.entry_row if before is None else before)
        last = panel.sessions[leg.last_row].item()
        for row in noted.get(name, ()):
            if first <= row[0] <= last:
                yield name, row


def _remark(key: tuple[str, str, str], horizons: list[int], rows: list[tuple[date, str]]) -> str:
    basket, report, name = key
    day, reason = min(rows)
    event = f"{basket} {report}".strip()
    return say_count(
        "{event}, held {held}: the window touches a quarantined row of {name}, {day}: {reason}.",
        "{event}, held {held}: the window touches {n} quarantined rows of {name}, the first of "
        "{day}: {reason}.",
        len(rows),
        event=event,
        held=listed(sorted(horizons)),
        name=name,
        day=day,
        reason=reason,
    )
