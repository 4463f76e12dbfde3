"""What was fetched, on its way into the lake: completed from what is stored, checked, recorded.

Called while nobody else can write, so that what is stored cannot change between look and write.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

import pyarrow as pa
import pyarrow.compute as pc

from screener.data.lake.batch import Batch, Reject
from screener.data.lake.merge import quarantine_rows
from screener.data.lake.rows import empty_rows, make_rows
from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.data.sources.online.known import new_vintages
from screener.data.sources.online.observed import first_observed
from screener.data.sources.online.transport.protocol import Need
from screener.data.update.action_reconciliation import reconcile_actions
from screener.data.update.bar_validation import checked_bars
from screener.data.update.eligibility import recorded_spells
from screener.data.update.factor_update import COMPUTED, with_factors
from screener.data.update.listing_master import (
    alive,
    filled,
    halts_in,
    joined,
    listings_in,
    refuse_shrunk,
)
from screener.data.update.planning import Fetched, Span, widened
from screener.data.validation.bar_checks import check_calendar, check_factors
from screener.data.validation.import_checks import resolved_doubts
from screener.data.validation.joining import join_bars
from screener.data.validation.sense_checks import without_leaps, without_nonsense
from screener.domain.days import SHANGHAI
from screener.domain.listing import Exchange, Listing, parse_listing
from screener.errors import DataError
from screener.language import in_english, say, say_count
from screener.market.benchmarks import DEFAULT_BENCHMARK
from screener.market.calendars import calendar_of

__all__ = ["Piece", "UpdateCommit"]

_OBSERVED = {TableName.NAMES: "name", TableName.BOARD_LOTS: "lot"}
"""What is seen to hold on the day of the update, without telling since when."""


_HONG_KONG = DEFAULT_BENCHMARK[False].id
_OF_A_LISTING = (
    Need.BARS,
    Need.INDEX_BARS,
    Need.VALUATION,
    Need.ACTIONS,
    Need.RIGHTS,
    Need.FUNDAMENTALS,
    Need.STATUS,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One answered question: who answered, for which days, with which rows."""

    need: Need
    subject: str
    source: str
    span: Span
    batch: Batch

    @property
    def rows(self) -> int:
        """Rows that the answer holds, all tables together."""
        return sum(table.num_rows for table in self.batch.tables.values())


@dataclass(slots=True, kw_only=True)
class UpdateCommit:
    """Answers committed together.

    Parameters
    ----------
    pieces
        The answers.
    settled
        Listings whose bars may be among them, each with the last session that may be stored.
    fetched_at
        Instant written on the rows that say what was asked.
    known
        What was answered before.
    """

    pieces: Sequence[Piece]
    settled: Mapping[Listing, date]
    fetched_at: datetime
    known: Mapping[tuple[Need, str], Fetched]
    remarks: list[str] = field(default_factory=list)
    noted: int = 0

    def batch(self) -> Batch:
        """Return the rows to commit, before they are completed."""
        tables: dict[TableName, list[pa.Table]] = {}
        for piece in self._stored():
            for name, rows in piece.batch.tables.items():
                tables.setdefault(name, []).append(rows)
        found = {name: joined(name, parts) for name, parts in tables.items()}
        rejects = tuple(item for piece in self.pieces for item in piece.batch.rejects)
        return Batch(tables=found, rejects=rejects)

    def complete(self, store: Store, batch: Batch) -> Batch:
        """Complete and check a batch against what is stored.

        Raises
        ------
        DataError
            If an action has impossible terms, or a list of listings was cut off.
        """
        self.remarks[:] = [
            text if piece.subject in text else say("{name}: {text}", name=piece.subject, text=text)
            for piece in self.pieces
            for text in piece.batch.remarks
        ]
        sensible, nonsense = without_nonsense(batch.tables)
        tables = self._completed(store, sensible)
        notes: list[Reject] = [*batch.rejects, *nonsense]
        if TableName.FX in tables:
            tables[TableName.FX], leaps = without_leaps(
                tables[TableName.FX], store.read(TableName.FX)
            )
            notes.extend(leaps)
        removes: dict[TableName, frozenset[tuple[object, ...]]] = {}
        if any(item.need is Need.ACTIONS for item in self.pieces):
            tables[TableName.ACTIONS], removes[TableName.ACTIONS] = self._reconciled(
                store, tables.get(TableName.ACTIONS, empty_rows(TableName.ACTIONS)), notes
            )
        if TableName.BARS in tables and self.settled:
            checked = checked_bars(store, tables, self.settled)
            tables[TableName.BARS], removes[TableName.BARS] = checked.bars, checked.removed
            notes.extend(checked.notes)
            self.remarks.extend(checked.remarks)
        replaces = self._joined(store, tables)
        _keep_sessions(tables)
        tables[TableName.FETCHES] = pa.concat_tables(
            [
                empty_rows(TableName.FETCHES),
                *(self._record(item, tables) for item in self._stored() if _is_answer(item)),
            ]
        )
        completed = with_factors(
            store, replace(batch, tables=tables, removes=removes, replaces=replaces)
        )
        self.remarks.extend(
            text for text in completed.remarks if not in_english(text).endswith(COMPUTED)
        )
        notes.extend(self._factor_doubts(store, completed))
        resolved = resolved_doubts(store, completed, self.fetched_at)
        completed = replace(
            completed, removes={**completed.removes, TableName.QUARANTINE: resolved}
        )
        self.noted = len(notes)
        if not notes:
            return completed
        unique = {(str(item.table), item.file, item.line): item for item in notes}
        quarantine = quarantine_rows(tuple(unique.values()), self.fetched_at)
        return replace(completed, tables={**completed.tables, TableName.QUARANTINE: quarantine})

    def _stored(self) -> list[Piece]:
        return [item for item in self.pieces if item.need is not Need.VENDOR_FACTORS]

    def _is(self, need: Need) -> bool:
        return any(item.need is need for item in self.pieces)

    @property
    def _today(self) -> date:
        return self.fetched_at.astimezone(SHANGHAI).date()

    def _completed(
        self, store: Store, tables: dict[TableName, pa.Table]
    ) -> dict[TableName, pa.Table]:
        for name, value in _OBSERVED.items():
            if name in tables and not self._is(Need.RENAMES):  # renames are dated facts
                stored = store.read(name, listings=listings_in(tables[name]))
                tables[name] = first_observed(stored, tables[name], value=value)
        if TableName.LISTINGS in tables:
            tables[TableName.LISTINGS] = self._listed(store, tables[TableName.LISTINGS])
        if TableName.FUNDAMENTALS in tables:
            fetched = tables[TableName.FUNDAMENTALS]
            stored = store.read(TableName.FUNDAMENTALS, listings=listings_in(fetched))
            tables[TableName.FUNDAMENTALS] = new_vintages(stored, fetched, today=self._today)
        if TableName.ELIGIBILITY in tables:
            tables[TableName.ELIGIBILITY] = self._eligible(store, tables[TableName.ELIGIBILITY])
        if TableName.CALENDAR in tables:
            self.remarks.extend(_calendar_remarks(tables[TableName.CALENDAR]))
        return tables

    def _eligible(self, store: Store, seen: pa.Table) -> pa.Table:
        """Return the spells that today's list begins or ends; say from when they are known."""
        before = self.known.get((Need.ELIGIBILITY, str(Exchange.HK)))
        rows = recorded_spells(
            store.read(TableName.ELIGIBILITY),
            seen,
            today=self._today,
            seen_before=None if before is None else before.fetched_at.astimezone(SHANGHAI).date(),
        )
        n_new = rows.column("valid_to").null_count
        if n_new:
            self.remarks.append(_eligible_since(n_new, self._today))
        return rows

    def _listed(self, store: Store, fetched: pa.Table) -> pa.Table:
        """Return rows of table `listings` joined with what is stored of them.

        A list of an exchange's listings wins over what is stored, and whom it names is alive; a
        profile fills gaps.
        """
        masters = [
            item.batch.tables[TableName.LISTINGS]
            for item in self.pieces
            if item.need is Need.MASTER
        ]
        for rows in masters:
            refuse_shrunk(store.read(TableName.LISTINGS), rows)
        stored = store.read(TableName.LISTINGS, listings=listings_in(fetched))
        if self._is(Need.PROFILE):
            known = filled(fetched, stored.cast(fetched.schema))
            fresh = pc.is_in(fetched.column("listing"), stored.column("listing").combine_chunks())
            return pa.concat_tables([known, fetched.filter(pc.invert(fresh))])
        named = [name for rows in masters for name in listings_in(rows)]
        return alive(filled(stored, fetched), named, self._today)

    def _reconciled(
        self, store: Store, fetched: pa.Table, notes: list[Reject]
    ) -> tuple[pa.Table, frozenset[tuple[object, ...]]]:
        """Return the actions to store and those to remove, listing by listing."""
        kept, removed = [fetched.slice(0, 0)], set[tuple[object, ...]]()
        answers = {item.subject: item for item in self.pieces if item.need is Need.ACTIONS}
        told = store.read(TableName.ACTIONS, listings=sorted(answers)).cast(fetched.schema)
        for subject, piece in answers.items():
            own = [item for item in self.pieces if item.subject == subject]
            names = [item.source for item in own if item.need in (Need.ACTIONS, Need.RIGHTS)]
            done = reconcile_actions(
                told.filter(pc.equal(told.column("listing"), subject)),
                fetched.filter(pc.equal(fetched.column("listing"), subject)),
                sources=frozenset(name for text in names for name in text.split("+")),
                span=piece.span,
                calendar=calendar_of(parse_listing(subject).exchange),
            )
            kept.append(done.rows)
            removed |= done.removed
            notes.extend(done.notes)
            self.remarks.extend(done.remarks)
        return pa.concat_tables(kept), frozenset(removed)

    def _joined(self, store: Store, tables: dict[TableName, pa.Table]) -> frozenset[str]:
        """Let bars join what is stored; return the listings whose adjusted ones they replace."""
        bars = tables.get(TableName.BARS)
        if bars is None or not bars.num_rows:
            return frozenset()
        status = tables.get(TableName.STATUS)
        joined = join_bars(store, bars, suspended=() if status is None else halts_in(status))
        for item in joined.refused:
            first = store.spans([item.listing])[item.listing].first
            raise DataError(
                item.what,
                where=item.where,
                fix=say("ask for longer history: --from {first}", first=first),
            )
        tables[TableName.BARS] = joined.bars
        self.remarks.extend(joined.remarks)
        return joined.replaces

    def _factor_doubts(self, store: Store, completed: Batch) -> tuple[Reject, ...]:
        """Return what the vendors' factors contradict in ours."""
        bars = completed.tables.get(TableName.BARS)
        found: list[Reject] = []
        for piece in self.pieces:
            if piece.need is not Need.VENDOR_FACTORS or bars is None:
                continue
            vendor = piece.batch.tables.get(TableName.FACTORS)
            own = bars.filter(pc.equal(bars.column("listing"), piece.subject))
            before = store.read(TableName.BARS, listings=[piece.subject]).cast(own.schema)
            own = pa.concat_tables([before, own])
            listing = next((item for item in self.settled if item.id == piece.subject), None)
            if vendor is None or listing is None or not own.num_rows:
                continue
            ours = completed.tables.get(TableName.FACTORS, vendor.slice(0, 0))
            found.extend(
                check_factors(
                    ours.filter(pc.equal(ours.column("listing"), piece.subject)),
                    vendor,
                    listing=listing,
                    start=pc.min(own.column("session")).as_py(),
                    end=pc.max(own.column("session")).as_py(),
                    closes=own,
                )
            )
        return tuple(found)

    def _record(self, piece: Piece, tables: Mapping[TableName, pa.Table]) -> pa.Table:
        """Return the row of table `fetches` that says what was asked, and what of it is stored."""
        stored = list(piece.batch.tables.values())
        if piece.need in _OF_A_LISTING:
            stored = [tables[name] for name in piece.batch.tables if name in tables]
            stored = [
                rows.filter(pc.equal(rows.column("listing"), piece.subject))
                for rows in stored
                if "listing" in rows.column_names
            ]
        span = widened(self.known.get((piece.need, piece.subject)), piece.span)
        return make_rows(
            TableName.FETCHES,
            {
                "need": [str(piece.need)],
                "subject": [piece.subject],
                "asked_from": [span.start],
                "asked_to": [span.end],
                "last": [self._last(piece, stored)],
                "rows": [sum(rows.num_rows for rows in stored)],
            },
            source=piece.source,
            fetched_at=self.fetched_at,
        )

    def _last(self, piece: Piece, stored: Sequence[pa.Table]) -> date | None:
        """Return the last day that is known by now, from this answer or an earlier one."""
        found = [
            pc.max(rows.column("session")).as_py()
            for rows in stored
            if "session" in rows.column_names and rows.num_rows
        ]
        before = self.known.get((piece.need, piece.subject))
        known = [] if before is None or before.last is None else [before.last]
        last = max([*found, *known], default=None)
        return None if last is None else min(last, piece.span.end)


def _eligible_since(n: int, day: date) -> str:
    return say_count(
        "{n} security is recorded as eligible for southbound trading from {day} on; before that it "
        "is not known",
        "{n} securities are recorded as eligible for southbound trading from {day} on; before that "
        "it is not known",
        n,
        day=day,
    )


def _is_answer(piece: Piece) -> bool:
    """Tell whether it answers a question of its own: a list answers those about its names."""
    return piece.need is not Need.SESSION_LIST


def _keep_sessions(tables: dict[TableName, pa.Table]) -> None:
    """Leave Hong Kong's sessions out of the calendar whose index bar was rejected."""
    calendar, bars = tables.get(TableName.CALENDAR), tables.get(TableName.BARS)
    if calendar is None or bars is None:
        return
    kept = bars.filter(pc.equal(bars.column("listing"), _HONG_KONG)).column("session")
    told = pc.is_in(calendar.column("session"), kept.combine_chunks())
    others = pc.not_equal(calendar.column("exchange"), str(Exchange.HK))
    tables[TableName.CALENDAR] = calendar.filter(pc.or_(others, told))


def _calendar_remarks(rows: pa.Table) -> list[str]:
    found: list[str] = []
    for name in pc.unique(rows.column("exchange")).to_pylist():
        own = rows.filter(pc.equal(rows.column("exchange"), name))
        found.extend(check_calendar(own, calendar_of(Exchange(name)), Exchange(name)))
    return found
