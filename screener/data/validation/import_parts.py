"""Beside which stored bars those of an import are judged, some hundred listings at a time.

A listing is judged over its whole history, since a bar can make another one wrong. Where its new
bars are of the last weeks alone, those of stored sessions among them, and nothing else is told of
it, the last two stored bars before them are enough: the later one is what the next is compared
with, and the one before shows that it is beyond doubt. Then no verdict on a bar up to there can
change, and the stored doubts on these stand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from screener.data.lake.batch import Batch
from screener.data.lake.rows import days_of
from screener.data.lake.scattering import scattered
from screener.data.lake.schema import Basis, TableName
from screener.data.lake.store import Store
from screener.data.update.listing_master import listings_in
from screener.data.validation.file_checks import FileFacts, suspected
from screener.data.validation.import_facts import file_facts

__all__ = ["Part", "parts_of"]

_LISTINGS = 200  # judged at a time over their whole history
_END = timedelta(days=30)  # within which the last two stored bars are looked for
_YOUNG = timedelta(days=60)  # a listing younger than that has its own rules
_TELLING = (TableName.ACTIONS, TableName.FACTORS, TableName.STATUS, TableName.LISTINGS)

_Day = dict[str, date]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """Some listings of an import.

    Parameters
    ----------
    raw
        Their raw bars as they will stand: all of them, or the end of them.
    adjusted
        Adjusted bars that the batch brings.
    fresh
        All bars that the batch brings.
    replaced
        Stored bars of the same sessions as these.
    facts
        What is known about the listings.
    settled
        Last stored session before the new bars of each listing on whose bars until then no verdict
        can change: only that bar, the one before and what comes after them are among `raw`.
    """

    raw: pa.Table
    adjusted: pa.Table
    fresh: pa.Table
    replaced: pa.Table
    facts: FileFacts
    settled: _Day

    @property
    def listings(self) -> list[str]:
        """Listings whose bars are judged."""
        return sorted({*listings_in(self.raw), *listings_in(self.adjusted)})


def parts_of(store: Store, batch: Batch, fresh: pa.Table, fetched_at: datetime) -> Iterator[Part]:
    """Give the listings of a batch part by part: those of which the end is enough, then the others.

    Parameters
    ----------
    store
        The lake, at its newest version.
    batch
        Rows about to be merged.
    fresh
        The bars among them, on their tick.
    fetched_at
        Instant of the import.
    """
    raw = _of_basis(fresh, Basis.RAW)
    explained = _explained(batch)
    ends = _ends(store, batch, raw, fetched_at)
    if ends is not None:
        yield ends
    whole = set(listings_in(raw)) | explained
    settled = ends.settled.keys() if ends is not None else set()
    rest = sorted((whole | set(listings_in(fresh))) - settled)
    groups = [rest[low : low + _LISTINGS] for low in range(0, len(rest), _LISTINGS)]
    judged = [sorted(whole.intersection(names)) for names in groups]
    with scattered(store, TableName.BARS, judged) as stored:
        for at, names in enumerate(groups):
            own = fresh if len(names) == len(rest) and not settled else _among(fresh, names)
            yield _whole(store, batch, own, stored(at), fetched_at)


def _explained(batch: Batch) -> set[str]:
    """Return the listings whose actions or factors the batch changes."""
    names: set[str] = set()
    for table in (TableName.ACTIONS, TableName.FACTORS):
        if table in batch.tables:
            names |= set(listings_in(batch.tables[table]))
        names |= {str(key[0]) for key in batch.removes.get(table, ())}
    return names


def _whole(
    store: Store, batch: Batch, fresh: pa.Table, stored: pa.Table, fetched_at: datetime
) -> Part:
    """Return a part whose listings are judged over all their bars."""
    stored = stored.cast(fresh.schema)
    raw = _latest(_of_basis(stored, Basis.RAW), _of_basis(fresh, Basis.RAW))
    adjusted = _of_basis(fresh, Basis.ADJUSTED)
    facts = file_facts(
        store, batch, raw=listings_in(raw), adjusted=listings_in(adjusted), fetched_at=fetched_at
    )
    return Part(
        raw=raw,
        adjusted=adjusted,
        fresh=fresh,
        replaced=_joined(stored, fresh, "left semi"),
        facts=facts,
        settled={},
    )


def _ends(store: Store, batch: Batch, raw: pa.Table, fetched_at: datetime) -> Part | None:
    """Return the listings whose last two bars before the new ones are enough; `None` without any.

    Both of these bars and all later ones are of sessions with trades, and the second of them is not
    suspected of anything: then it is what the next is compared with, whatever comes.
    """
    first, start = _continued(store, batch, raw)
    if not first:
        return None
    raw = _among(raw, list(first))
    halts = store.read(TableName.STATUS, listings=sorted(first), start=start)
    halted = set(listings_in(halts.filter(halts.column("suspended"))))
    stored = store.read(TableName.BARS, listings=sorted(first), start=start).cast(raw.schema)
    known = _before(stored, first)
    pairs, before, last = _last_two(stored.filter(known))
    again = stored.filter(pc.invert(known))
    later = _latest(again, raw)
    quiet = {*halted, *_untraded(pairs), *_untraded(later)}
    names = sorted(before.keys() - quiet)
    facts = file_facts(store, batch, raw=names, adjusted=[], fetched_at=fetched_at)
    acted = _acting(facts.actions, before, last)
    doubtful = suspected(_among(pairs, names), replace(facts, actions=acted)) if names else ()
    own = sorted(set(names).difference(doubtful))
    if not own:
        return None
    settled = {name: last[name] for name in own}
    acting = _acting(facts.actions, settled, dict.fromkeys(own, date.max))
    return Part(
        raw=pa.concat_tables([_among(pairs, own), _among(later, own)]),
        adjusted=raw.slice(0, 0),
        fresh=_among(raw, own),
        replaced=_joined(_among(again, own), _among(raw, own), "left semi"),
        facts=replace(facts, actions=acting, older=frozenset(own)),
        settled=settled,
    )


def _continued(store: Store, batch: Batch, raw: pa.Table) -> tuple[_Day, date]:
    """Return the first new session of the listings of whose last weeks alone the batch tells bars.

    With it comes the day from which on their stored bars are to be looked at.
    """
    told = {name for table in _TELLING for name in _told(batch, table)} | _explained(batch)
    firsts = raw.group_by("listing").aggregate([("session", "min")]).to_pylist()
    first = {row["listing"]: row["session_min"] for row in firsts if row["listing"] not in told}
    since = min(first.values(), default=date.max) - _END - 2 * _YOUNG
    spans = store.recent_spans(sorted(first), since)
    if not spans:  # nothing was stored for long: what is there is older
        spans = store.spans(sorted(first))
    ends = {
        name: min(span.last, first[name])
        for name, span in spans.items()
        if span.basis is Basis.RAW
        and span.last - first[name] < _END
        and first[name] - span.first > _YOUNG
        and name not in batch.replaces
    }
    newest = max(ends.values(), default=date.min)
    found = {name: first[name] for name, day in ends.items() if newest - day < _END}
    return found, newest - _END if found else newest


def _told(batch: Batch, table: TableName) -> list[str]:
    rows = batch.tables.get(table)
    return [] if rows is None else listings_in(rows)


def _before(bars: pa.Table, first: _Day) -> pa.Array:
    """Tell which bars come before the first new one of their listing."""
    names = pa.array(list(first), pa.string())
    days = pa.array(list(first.values()), pa.date32())
    return pc.less(bars.column("session"), days.take(pc.index_in(bars.column("listing"), names)))


def _last_two(stored: pa.Table) -> tuple[pa.Table, _Day, _Day]:
    """Return the last two bars of each listing that has two, and the sessions of either."""
    ordered = stored.sort_by([("listing", "ascending"), ("session", "ascending")])
    names = ordered.column("listing").combine_chunks().dictionary_encode().indices.to_numpy()
    ends = np.flatnonzero(np.append(names[1:] != names[:-1], True)) if len(names) else names
    ends = ends[(ends > 0) & (names[ends - 1] == names[ends])]
    pairs = ordered.take(pa.array(np.sort(np.concatenate([ends - 1, ends]))))
    own = ordered.column("listing").take(pa.array(ends)).to_pylist()
    days = days_of(ordered, "session")
    before, last = (dict(zip(own, days[at].tolist(), strict=True)) for at in (ends - 1, ends))
    return pairs, before, last


def _untraded(bars: pa.Table) -> list[str]:
    """Return the listings with a bar that is no trade, or has no close."""
    close = pc.fill_null(pc.is_finite(bars.column("close")), False)
    quiet = pc.fill_null(pc.equal(bars.column("volume"), 0.0), False)
    return listings_in(bars.filter(pc.or_(quiet, pc.invert(close))))


def _acting(actions: pa.Table, after: _Day, until: _Day) -> pa.Table:
    """Return the actions of each listing after one day, until another one."""
    if not after:
        return actions.slice(0, 0)
    code = pc.index_in(actions.column("listing"), value_set=pa.array(list(after), pa.string()))
    known = code.is_valid().to_numpy()
    at = pc.fill_null(code, 0).to_numpy()
    low, high = (
        np.array([days.get(name, date.min) for name in after], "datetime64[D]")[at]
        for days in (after, until)
    )
    day = days_of(actions, "ex_session")
    return actions.filter(pa.array(known & (low < day) & (day <= high)))


def _among(bars: pa.Table, names: list[str]) -> pa.Table:
    return bars.filter(pc.is_in(bars.column("listing"), pa.array(names, pa.string())))


def _of_basis(bars: pa.Table, basis: Basis) -> pa.Table:
    return bars.filter(pc.equal(bars.column("basis"), str(basis)))


def _latest(stored: pa.Table, fresh: pa.Table) -> pa.Table:
    """Return bars as they will stand: the fresh ones over the stored ones of the same session."""
    if not stored.num_rows:
        return fresh
    return pa.concat_tables([_joined(stored, fresh, "left anti"), fresh])


def _joined(stored: pa.Table, fresh: pa.Table, how: str) -> pa.Table:
    """Return the stored bars of sessions that are among the fresh ones, or that are not."""
    if not stored.num_rows:
        return stored
    key = ["listing", "session"]
    found = stored.join(fresh.select(key), keys=key, join_type=how)
    return found.select(stored.column_names)
