"""Actions told again: what a vendor corrects, moves or withdraws, and where vendors disagree."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import pyarrow as pa

from screener.data.lake.batch import Reject
from screener.data.lake.schema import TableName
from screener.data.update.planning import Span
from screener.data.validation.context import kept
from screener.errors import DataError
from screener.language import say
from screener.language.lists import listed
from screener.language.terms import named
from screener.market.calendars import Calendar

__all__ = ["Reconciled", "reconcile_actions"]

_NEUTRAL = {"cash": 0.0, "bonus": 0.0, "split": 1.0, "rights": 0.0, "rights_price": 0.0}
_NEAR = timedelta(days=15)
"""Two ex-dates of the same terms this near are the same action, dated differently."""

_Row = dict[str, object]
_Key = tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """What of an answer is stored, what stored row is removed, and what is to be told.

    Parameters
    ----------
    rows
        Fetched actions that are stored.
    removed
        Keys (listing, ex_session) of stored rows that the same source no longer tells.
    notes
        Rows for table `quarantine`; `kept: ` begins the reason of one that stays stored.
    remarks
        Corrections, for the user.
    """

    rows: pa.Table
    removed: frozenset[_Key]
    notes: tuple[Reject, ...]
    remarks: tuple[str, ...]


def reconcile_actions(
    stored: pa.Table,
    fetched: pa.Table,
    *,
    sources: frozenset[str],
    span: Span,
    calendar: Calendar,
) -> Reconciled:
    """Compare the fetched actions of one listing with the stored ones.

    A source may correct, move and withdraw what it told itself; it never overrules another one,
    nor what the user imported: the stored row stays, and the contradiction goes to quarantine.

    Parameters
    ----------
    stored, fetched
        Rows of table `actions` of one listing.
    sources
        Who answered.
    span
        Days that the answer covers whole.
    calendar
        Sessions of the listing's exchange.

    Raises
    ------
    DataError
        If an answer without any action would erase stored ones: a refusal in disguise.
    """
    known = {
        row["ex_session"]: row
        for row in stored.to_pylist()
        if span.start <= row["ex_session"] <= span.end
    }
    own = {day: row for day, row in known.items() if row["source"] in sources}
    if own and not fetched.num_rows:
        raise DataError(
            say(
                "no source tells an action any more where {n} are stored: taken for a refusal",
                n=len(own),
            ),
            where=str(next(iter(own.values()))["listing"]),
            fix=say(
                "update again later, or give the right ones: `screener data import --kind actions`"
            ),
        )
    told = {row["ex_session"]: row for row in fetched.to_pylist()}
    work = _Work(known=known, told=told, sources=sources)
    for day, row in told.items():
        work.take(day, row, calendar)
    for day, row in known.items():
        if day not in told:
            work.miss(day, row)
    return Reconciled(
        rows=pa.Table.from_pylist(work.rows, schema=fetched.schema),
        removed=frozenset(work.removed),
        notes=tuple(work.notes),
        remarks=tuple(work.remarks),
    )


class _Work:
    """One comparison under way."""

    def __init__(
        self,
        *,
        known: Mapping[date, _Row],
        told: Mapping[date, _Row],
        sources: frozenset[str],
    ) -> None:
        self._known = known
        self._told = told
        self._sources = sources
        self.rows: list[_Row] = []
        self.removed: list[_Key] = []
        self.notes: list[Reject] = []
        self.remarks: list[str] = []

    def take(self, day: date, row: _Row, calendar: Calendar) -> None:
        """Decide what becomes of a fetched action."""
        if calendar.first <= day <= calendar.last and not calendar.is_session(day):
            self._note(row, say("its ex-date is no session"))
            return
        before = self._known.get(day)
        if before is None:
            self._fresh(day, row)
        elif same_terms(row, before):
            self.rows.append(_filled(row, before))
        elif before["source"] in self._sources:
            self.remarks.append(
                say(
                    "{listing}: {source} corrected the action of {day}: {new}, was {old}",
                    listing=row["listing"],
                    source=row["source"],
                    day=day,
                    new=terms(row),
                    old=terms(before),
                )
            )
            self.rows.append(_filled(row, before))
        else:
            self._note(
                row,
                say(
                    "{source} says {new}, stored from {other} {old}",
                    source=row["source"],
                    new=terms(row),
                    other=before["source"],
                    old=terms(before),
                ),
            )

    def miss(self, day: date, row: _Row) -> None:
        """Decide what becomes of a stored action that nobody told."""
        names = "+".join(sorted(self._sources))
        if row["source"] in self._sources:
            self.removed.append((row["listing"], day))
            self.remarks.append(
                say(
                    "{listing}: {source} no longer tells of the action of {day} ({terms}): removed",
                    listing=row["listing"],
                    source=row["source"],
                    day=day,
                    terms=terms(row),
                )
            )
        else:
            doubt = say("{source} has no action on this day", source=names)
            self._note(row, kept(doubt), doubt)

    def _fresh(self, day: date, row: _Row) -> None:
        for other, before in self._known.items():
            near = abs(other - day) <= _NEAR and other not in self._told
            if near and before["source"] not in self._sources and same_terms(row, before):
                reason = say(
                    "{source} dates the action of {stored}, stored from {other}, {day}",
                    source=row["source"],
                    stored=other,
                    other=before["source"],
                    day=day,
                )
                self._note(row, reason)
                return
        self.rows.append(row)

    def _note(self, row: _Row, reason: str, doubt: str = "") -> None:
        day = row["ex_session"]
        if not isinstance(day, date):
            raise TypeError("an action has an ex-date")
        self.notes.append(
            Reject(
                table=TableName.ACTIONS,
                file=f"{row['source']} {row['listing']}",
                line=int(f"{day:%Y%m%d}"),
                reason=reason,
                row=json.dumps(row, ensure_ascii=False, default=str),
                listing=str(row["listing"]),
                session=day,
                doubt=doubt,
            )
        )


def same_terms(first: Mapping[str, object], second: Mapping[str, object]) -> bool:
    """Tell whether two actions give the same, an empty term being nothing."""
    return all(
        math.isclose(_term(first, name), _term(second, name), rel_tol=1e-6, abs_tol=1e-9)
        for name in _NEUTRAL
    )


def terms(row: Mapping[str, object]) -> str:
    """Return what an action gives, in words: `cash 0.267, rights 0.3 at 5`."""
    values = {name: _term(row, name) for name in _NEUTRAL}
    told = [
        say("{name} {value:g}", name=named(name), value=values[name])
        for name in ("cash", "bonus", "split")
        if values[name] != _NEUTRAL[name]
    ]
    if values["rights"] and values["rights_price"]:
        told.append(
            say(
                "rights {ratio:g} at {price:g}",
                ratio=values["rights"],
                price=values["rights_price"],
            )
        )
    elif values["rights"] or values["rights_price"]:
        told.append(say("rights {ratio:g}", ratio=values["rights"]))
    return listed(told) or say("nothing")


def _term(row: Mapping[str, object], name: str) -> float:
    value = row[name]
    return float(value) if isinstance(value, int | float) else _NEUTRAL[name]


def _filled(row: _Row, before: _Row) -> _Row:
    """Return a fetched action with the dates that only the stored one tells."""
    dates: Sequence[str] = ("announced", "record_date", "pay_date")
    return {**row, **{name: row[name] or before[name] for name in dates}}
