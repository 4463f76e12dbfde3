"""Whether new bars may join what is stored of their listing: no session is lost that they lack.

Raw prices of one listing merge session by session. Adjusted ones have a level of their own, which
moves with every new anchor, so that new rows beside old ones would be a jump that never was:

- a file that covers every stored session replaces them;
- one that shares at least `LEAST_SHARED` sessions, all at one ratio to the stored closes, joins
  them: its prices are divided by the ratio, so that what is stored keeps its level and no result
  of an earlier session moves;
- one that shares fewer joins at the same level, if the user says that it continues the history and
  the step at each seam is within the board's price limit;
- anything else is refused, listing by listing. Raw and adjusted prices never join.

Closes alone are no news where a session is stored with its open, high and low.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from screener.data.lake.batch import Reject
from screener.data.lake.rows import days_of
from screener.data.lake.schema import Basis, TableName
from screener.data.lake.store import Store
from screener.data.validation.row_checks import ROUNDING
from screener.domain.arrays import DayArray, FlagArray, FloatArray, Places
from screener.domain.listing import stored_listing
from screener.errors import DataError
from screener.language import in_english, say, say_count
from screener.language.lists import clauses
from screener.language.terms import named
from screener.market.rules import price_limit

__all__ = ["LEAST_SHARED", "Joined", "Refusal", "join_bars"]

LEAST_SHARED = 5
"""Sessions that adjusted histories must share to be joined by their ratio."""

_FREE = 0.3
"""Step at a seam that is taken on boards without a price limit."""
_TICK = 0.01  # to which limits are rounded
_GRAINS = (0.01, 0.001, 0.0001)
_RANGE = ("open", "high", "low")
_SCALED = (*_RANGE, "close")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why the bars of one listing are not committed.

    Parameters
    ----------
    listing, source
        Whose bars, and the file or source that brings them.
    first, last, rows
        Their first and last session, and how many they are.
    reason
        The kind of reason with what to do, the same for every listing that has it.
    what, where, fix
        The same of this listing alone, as an error tells it.
    """

    listing: str
    source: str
    first: date
    last: date
    rows: int
    reason: str
    what: str
    where: str
    fix: str

    def error(self, others: int) -> DataError:
        """Return it as an error; `others` more listings were refused with it."""
        where = self.where
        if others:
            where = say("{where} and {n} more listings", where=where, n=others)
        return DataError(self.what, where=where, fix=self.fix)

    def reject(self) -> Reject:
        """Return it as one row of table `quarantine` that stands for all of the listing's rows."""
        why = in_english(self.what)  # it is stored
        told = {"from": str(self.first), "to": str(self.last), "rows": self.rows, "why": why}
        return Reject(
            table=TableName.BARS,
            file=f"{self.source} {self.listing}",
            line=int(self.first.strftime("%Y%m%d")),
            reason=self.reason,
            row=json.dumps(told, ensure_ascii=False),
            listing=self.listing,
            session=self.first,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """Bars that may be committed.

    Parameters
    ----------
    bars
        Rows of table `bars`, rescaled where they join at a ratio.
    replaces
        Listings whose stored bars they cover and replace.
    refused
        Listings whose bars are not among them, and why.
    remarks
        What was joined, replaced or left as it was.
    """

    bars: pa.Table
    replaces: frozenset[str] = frozenset()
    refused: tuple[Refusal, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Side:
    """Bars of one listing, oldest first; NaN where a value is empty.

    `told` is `(n, 3)` whether open, high and low are known.
    """

    days: DayArray
    told: FlagArray
    close: FloatArray
    volume: FloatArray
    basis: str
    source: str

    @property
    def first(self) -> date:
        found: date = self.days[0].item()
        return found

    @property
    def last(self) -> date:
        found: date = self.days[-1].item()
        return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Pair:
    """Stored and new bars of one listing.

    `old_at` and `new_at` are the places of the shared sessions on either side, `lost` the stored
    sessions that the new bars do not cover, `broken` the rows of them that were rejected.
    """

    listing: str
    old: _Side
    new: _Side
    old_at: Places
    new_at: Places
    lost: DayArray
    broken: tuple[Reject, ...]

    @property
    def poorer(self) -> FlagArray:
        """`(n_shared,)` whether a session is stored with an open, high or low that is not new."""
        lacks = self.old.told[self.old_at] & ~self.new.told[self.new_at]
        found: FlagArray = np.logical_or.reduce(lacks, axis=1)
        return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Outcome:
    """What becomes of a listing's new bars: the rows to commit, and by what they are divided."""

    keep: FlagArray
    ratio: float = 1.0
    volume_ratio: float = 1.0
    replaces: bool = False
    refusal: Refusal | None = None
    kind: str = ""
    told: str = ""


def join_bars(
    store: Store,
    bars: pa.Table,
    *,
    continues: bool = False,
    suspended: Iterable[tuple[str, date]] = (),
    rejects: Sequence[Reject] = (),
) -> Joined:
    """Decide which new bars are committed beside what is stored, and at which level.

    Parameters
    ----------
    store
        The lake, at its newest version.
    bars
        Rows of table `bars`, of one basis a listing.
    continues
        Whether the user says that adjusted prices continue the stored ones at their level.
    suspended
        Listing and session of what came without a bar since nothing was traded.
    rejects
        Rows that came with them and did not pass.
    """
    held = _to_be_joined(store, bars)
    if not held:
        return Joined(bars=bars)
    halts, broken = _by_listing(suspended), _broken(rejects)
    ordered = bars.sort_by([("listing", "ascending"), ("session", "ascending")])
    stored = _sides(store.read(TableName.BARS, listings=sorted(held)))
    new = _sides(ordered)
    keep, divisor, volumes, found = [], [], [], {}
    for name, side in new.items():
        outcome = _Outcome(keep=np.ones(len(side.days), dtype=np.bool_))
        if name in stored:
            pair = _pair(name, stored[name], side, halts.get(name, set()), broken.get(name, ()))
            outcome = found[name] = _decide(pair, continues)
        keep.append(outcome.keep)
        divisor.append(np.full(len(side.days), outcome.ratio))
        volumes.append(np.full(len(side.days), outcome.volume_ratio))
    return Joined(
        bars=_rescaled(ordered, np.concatenate(divisor), np.concatenate(volumes)).filter(
            pa.array(np.concatenate(keep))
        ),
        replaces=frozenset(name for name, item in found.items() if item.replaces),
        refused=tuple(item.refusal for item in found.values() if item.refusal is not None),
        remarks=_remarks(found),
    )


def _to_be_joined(store: Store, bars: pa.Table) -> set[str]:
    """Return the stored listings that cannot simply be merged: adjusted, or given in part."""
    names = pc.unique(bars.column("listing")).to_pylist()
    spans = store.spans(names)
    adjusted = {name for name, span in spans.items() if span.basis is Basis.ADJUSTED}
    odd = pc.equal(bars.column("basis"), str(Basis.ADJUSTED))
    for name in _RANGE:
        odd = pc.or_(odd, pc.is_null(bars.column(name)))
    found = set(pc.unique(bars.filter(odd).column("listing")).to_pylist())
    return (found & spans.keys()) | adjusted


def _by_listing(pairs: Iterable[tuple[str, date]]) -> dict[str, set[date]]:
    found: dict[str, set[date]] = {}
    for name, day in pairs:
        found.setdefault(name, set()).add(day)
    return found


def _broken(rejects: Sequence[Reject]) -> dict[str, tuple[Reject, ...]]:
    found: dict[str, tuple[Reject, ...]] = {}
    for item in rejects:
        if item.table is TableName.BARS and item.listing and item.session:
            found[item.listing] = (*found.get(item.listing, ()), item)
    return found


def _sides(rows: pa.Table) -> dict[str, _Side]:
    """Return the bars of each listing; the table is sorted here, since files are not."""
    rows = rows.sort_by([("listing", "ascending"), ("session", "ascending")])
    names = rows.column("listing").to_pylist()
    days = days_of(rows, "session")
    values = {name: _floats(rows, name) for name in ("close", "volume")}
    told = np.column_stack([np.isfinite(_floats(rows, name)) for name in _RANGE])
    bounds = [at for at in range(len(names)) if not at or names[at] != names[at - 1]]
    found = {}
    for low, high in zip(bounds, [*bounds[1:], len(names)], strict=True):
        found[names[low]] = _Side(
            days=days[low:high],
            told=told[low:high],
            basis=str(rows.column("basis")[low]),
            source=str(rows.column("source")[low]),
            **{name: column[low:high] for name, column in values.items()},
        )
    return found


def _floats(rows: pa.Table, name: str) -> FloatArray:
    column = pc.fill_null(rows.column(name).cast(pa.float64()), np.nan)
    values: FloatArray = column.to_numpy()
    return values


def _pair(name: str, old: _Side, new: _Side, halts: set[date], broken: tuple[Reject, ...]) -> _Pair:
    _, old_at, new_at = np.intersect1d(old.days, new.days, return_indices=True)
    given = np.array(sorted(halts), dtype="datetime64[D]")
    covered = np.isin(old.days, new.days) | np.isin(old.days, given)
    # A flat row without volume says that nothing was traded: no loss where others have no row.
    within = (old.days > new.days[0]) & (old.days < new.days[-1])
    covered |= (old.volume == 0) & within
    lost = old.days[~covered]
    days = {day.item() for day in lost}
    return _Pair(
        listing=name,
        old=old,
        new=new,
        old_at=old_at,
        new_at=new_at,
        lost=lost,
        broken=tuple(item for item in broken if item.session in days),
    )


def _decide(pair: _Pair, continues: bool) -> _Outcome:
    both_raw = pair.old.basis == pair.new.basis == str(Basis.RAW)
    if both_raw:
        return _merged(pair)
    if not len(pair.lost) and not pair.poorer.any():
        return _replaced(pair)
    if pair.old.basis != pair.new.basis:
        return _refused(pair, *_mixed(pair))
    ratios = pair.new.close[pair.new_at] / pair.old.close[pair.old_at]
    if len(ratios) >= LEAST_SHARED:
        return _by_ratio(pair, ratios)
    if pair.broken or not continues:
        return _refused(pair, *_too_few(pair))
    if not _agree(pair, ratios, 1.0).all():
        return _refused(pair, *_unlike(pair, ratios))
    return _continued(pair)


def _merged(pair: _Pair) -> _Outcome:
    """Leave raw sessions as they are that are stored with more than a close."""
    keep = np.ones(len(pair.new.days), dtype=np.bool_)
    keep[pair.new_at[pair.poorer]] = False
    left = int(np.count_nonzero(~keep))
    if not left:
        return _Outcome(keep=keep)
    other = np.abs(pair.new.close[pair.new_at] - pair.old.close[pair.old_at]) > _TICK / 2
    apart = int(np.count_nonzero(other & pair.poorer))
    told = say("{listing} {n}", listing=pair.listing, n=left)
    if apart:
        told = say(
            "{listing} {n}, {apart} of them at another close",
            listing=pair.listing,
            n=left,
            apart=apart,
        )
    return _Outcome(keep=keep, kind=_LEFT, told=told)


def _replaced(pair: _Pair) -> _Outcome:
    keep = np.ones(len(pair.new.days), dtype=np.bool_)
    same = (
        pair.old.basis == pair.new.basis
        and len(pair.old_at) == len(pair.old.days)
        and np.array_equal(pair.new.close[pair.new_at], pair.old.close[pair.old_at])
    )
    told = "" if same else f"{pair.listing} {pair.old.first}..{pair.old.last}"
    return _Outcome(keep=keep, replaces=True, kind=_REPLACED if told else "", told=told)


def _by_ratio(pair: _Pair, ratios: FloatArray) -> _Outcome:
    level, shared = _agree(pair, ratios, 1.0).all(), len(ratios)
    ratio = (
        1.0
        if level
        else float(pair.new.close[pair.new_at].sum() / pair.old.close[pair.old_at].sum())
    )
    if not _agree(pair, ratios, ratio).all():
        return _refused(pair, *_unlike(pair, ratios))
    told = say("{listing} at the same level ({n} sessions shared)", listing=pair.listing, n=shared)
    if ratio != 1:
        told = say(
            "{listing} divided by {ratio:.6g} ({n} sessions shared)",
            listing=pair.listing,
            ratio=ratio,
            n=shared,
        )
    return _Outcome(
        keep=_fresh(pair), ratio=ratio, volume_ratio=_volume_ratio(pair), kind=_JOINED, told=told
    )


def _fresh(pair: _Pair) -> FlagArray:
    """Return the new rows that are stored not at all, or with less than they tell."""
    keep = np.ones(len(pair.new.days), dtype=np.bool_)
    more = pair.new.told[pair.new_at] & ~pair.old.told[pair.old_at]
    richer = np.logical_or.reduce(more, axis=1)
    keep[pair.new_at] = richer & ~pair.poorer
    return keep


def _volume_ratio(pair: _Pair) -> float:
    """Return by what volumes differ where they differ by one ratio, else 1."""
    new, old = pair.new.volume[pair.new_at], pair.old.volume[pair.old_at]
    both = (new > 0) & (old > 0)
    if np.count_nonzero(both) < LEAST_SHARED:
        return 1.0
    ratios = new[both] / old[both]
    middle = float(np.median(ratios))
    one = np.abs(ratios / middle - 1).max() < _LIKE_VOLUME < abs(middle - 1)
    return middle if one else 1.0


def _agree(pair: _Pair, ratios: FloatArray, ratio: float) -> FlagArray:
    """Tell which shared sessions are at a ratio, to the rounding of both prices."""
    new, old = pair.new.close, pair.old.close
    allowed = ROUNDING + _grain(new) / new[pair.new_at] + _grain(old) / old[pair.old_at]
    found: FlagArray = np.abs(ratios / ratio - 1) <= allowed
    return found


def _grain(prices: FloatArray) -> float:
    """Return half of the unit to which prices are rounded, 0 where they are not."""
    for unit in _GRAINS:
        steps = prices / unit
        if (np.abs(steps - np.round(steps)) < 1e-4).all():
            return unit / 2
    return 0.0


def _continued(pair: _Pair) -> _Outcome:
    keep = _fresh(pair)
    days = np.concatenate([pair.old.days, pair.new.days[keep]])
    close = np.concatenate([pair.old.close, pair.new.close[keep]])
    fresh = np.concatenate([np.zeros(len(pair.old.days)), np.ones(int(keep.sum()))])
    order = np.argsort(days, kind="stable")
    days, close, fresh = days[order], close[order], fresh[order]
    seams = np.flatnonzero(fresh[1:] != fresh[:-1])
    told = []
    for at in seams.tolist():
        step = float(close[at + 1] / close[at] - 1)
        before, after = days[at].item(), days[at + 1].item()
        shown = say(
            "{before} {close:g} to {after} {next:g} ({step:+.2%})",
            before=before,
            close=close[at],
            after=after,
            next=close[at + 1],
            step=step,
        )
        limit = _limit(pair.listing, after)
        if not abs(step) <= limit + (_TICK + 2 * _grain(close)) / close[at]:
            return _refused(pair, *_beyond(shown, limit))
        told.append(shown)
    shown = say("{listing} {steps}", listing=pair.listing, steps=clauses(told))
    return _Outcome(keep=keep, kind=_CONTINUED, told=shown)


def _limit(listing: str, day: date) -> float:
    rule = price_limit(stored_listing(listing), day, st=False)
    return _FREE if rule is None else float(rule.limit)


def _refused(pair: _Pair, reason: str, what: str, fix: str) -> _Outcome:
    new = pair.new
    where = f"{new.source}, {pair.listing}"
    if pair.broken:
        first = pair.broken[0]
        reason = say("a bad row for a stored session: correct the file")
        what = say(
            "{n} stored bars would be lost: the new history has a bad row for them "
            "(first {listing} on {session}: {reason})",
            n=len(pair.broken),
            listing=first.listing,
            session=first.session,
            reason=first.reason,
        )
        where = say("{file}, line {line}", file=first.file, line=first.line)
        fix = say("correct the file and import it again")
    refusal = Refusal(
        listing=pair.listing,
        source=new.source,
        first=new.first,
        last=new.last,
        rows=len(new.days),
        reason=reason,
        what=what,
        where=where,
        fix=clauses([fix, say("nothing of {listing} was changed", listing=pair.listing)]),
    )
    return _Outcome(keep=np.zeros(len(new.days), dtype=np.bool_), refusal=refusal)


def _held(pair: _Pair) -> str:
    return say(
        "{basis} prices of {first}..{last} are stored",
        basis=named(pair.old.basis),
        first=pair.old.first,
        last=pair.old.last,
    )


def _mixed(pair: _Pair) -> tuple[str, str, str]:
    new, old = named(pair.new.basis), named(pair.old.basis)
    lacks = say("the new ones lack opens, highs or lows")
    if len(pair.lost):
        lacks = say("{n} of these sessions are not among the new ones", n=len(pair.lost))
    return (
        say(
            "{new} prices do not join {old} ones: give {new} prices of all stored sessions, or "
            "these as {old} ones",
            new=new,
            old=old,
        ),
        say(
            "{new} prices do not join {old} ones: {held}, {lacks} ({first}..{last})",
            new=new,
            old=old,
            held=_held(pair),
            lacks=lacks,
            first=pair.new.first,
            last=pair.new.last,
        ),
        say(
            "import {new} prices from {first} to {last} and on, or these sessions as {old} prices, "
            "or use a workspace of its own: `screener init DIR`",
            new=new,
            first=pair.old.first,
            last=pair.old.last,
            old=old,
        ),
    )


def _too_few(pair: _Pair) -> tuple[str, str, str]:
    back = pair.old.days[-LEAST_SHARED:][0].item()
    return (
        say(
            "adjusted prices share fewer than {least} sessions with the stored ones: give a file "
            "that shares more, or add --continues if they are at the same level",
            least=LEAST_SHARED,
        ),
        say(
            "adjusted prices that share {n} sessions with the stored ones, {least} are needed to "
            "tell their level: {held}, {lost} of these sessions are not among the new ones",
            n=len(pair.old_at),
            least=LEAST_SHARED,
            held=_held(pair),
            lost=len(pair.lost),
        ),
        say(
            "give a file that reaches back to {back}, or all of the history, or, if the prices go "
            "on at the stored level, add --continues",
            back=back,
        ),
    )


def _unlike(pair: _Pair, ratios: FloatArray) -> tuple[str, str, str]:
    low, high = int(np.argmin(ratios)), int(np.argmax(ratios))
    days = pair.new.days[pair.new_at]
    return (
        say(
            "adjusted prices at no one ratio to the stored ones: give a file that covers all "
            "stored sessions"
        ),
        say(
            "the prices are at no one ratio to the stored ones: {low:.5g} on {low_day}, "
            "{high:.5g} on {high_day}; {held}",
            low=ratios[low],
            low_day=days[low],
            high=ratios[high],
            high_day=days[high],
            held=_held(pair),
        ),
        say(
            "a forward adjustment that subtracts is never stored; import prices adjusted by "
            "multiplying, or a file with open, high, low and close of {first} to {last}",
            first=pair.old.first,
            last=pair.old.last,
        ),
    )


def _beyond(shown: str, limit: float) -> tuple[str, str, str]:
    return (
        say(
            "the step from the stored prices to the new ones is beyond the price limit: they are "
            "at another level"
        ),
        say(
            "the new prices do not go on at the stored level: {shown}, where {limit:.0%} is the "
            "most",
            shown=shown,
            limit=limit,
        ),
        say("give a file that shares at least {n} sessions with the stored ones", n=LEAST_SHARED),
    )


def _rescaled(bars: pa.Table, divisor: FloatArray, volumes: FloatArray) -> pa.Table:
    for names, by in ((_SCALED, divisor), (("volume",), volumes)):
        if (by == 1).all():
            continue
        for name in names:
            column = pc.divide(bars.column(name).cast(pa.float64()), pa.array(by))
            bars = bars.set_column(bars.column_names.index(name), name, column)
    return bars


_LIKE_VOLUME = 1e-3
_REPLACED, _JOINED, _CONTINUED, _LEFT = "replaced", "joined", "continued", "left"


def _remarks(found: Mapping[str, _Outcome]) -> tuple[str, ...]:
    remarks = []
    for kind in (_REPLACED, _JOINED, _CONTINUED, _LEFT):
        told = [item.told for item in found.values() if item.kind == kind]
        if told:
            shown = told[0]
            if len(told) > 1:
                shown = say("{shown} and {n} more", shown=shown, n=len(told) - 1)
            remarks.append(_remark(kind, len(told), shown))
    return tuple(remarks)


def _remark(kind: str, count: int, shown: str) -> str:
    if kind == _REPLACED:
        return say_count(
            "{n} listing replaced as a whole, since the new prices cover all stored sessions: "
            "{shown}",
            "{n} listings replaced as a whole, since the new prices cover all stored sessions: "
            "{shown}",
            count,
            shown=shown,
        )
    if kind == _JOINED:
        return say_count(
            "{n} listing joined to the stored history at one ratio, so that the series goes on at "
            "its level: {shown}",
            "{n} listings joined to the stored history at one ratio, so that the series goes on "
            "at its level: {shown}",
            count,
            shown=shown,
        )
    if kind == _CONTINUED:
        return say_count(
            "{n} listing taken to continue the stored history at its level, as told: {shown}",
            "{n} listings taken to continue the stored history at its level, as told: {shown}",
            count,
            shown=shown,
        )
    return say(
        "sessions left as they are stored, since the new rows lack an open, high or low: {shown}",
        shown=shown,
    )
