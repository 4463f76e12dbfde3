"""Checks on fetched bars before they are stored: functions from rows to rows and notes.

A row that cannot be true is rejected; a row that may be true but looks wrong is kept with a
doubt. No value is ever changed, and later sessions change no verdict on earlier ones, but for the
last row: whether a jump is a bad tick shows on the next session, and until then it is kept.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from screener.data.lake.schema import TABLES, Basis, TableName, Type
from screener.data.validation.context import (
    KEPT,
    Bars,
    ValidatedBars,
    ValidationContext,
    kept,
    make_note,
    told_apart,
)
from screener.data.validation.jumps import validate_jumps
from screener.data.validation.row_checks import (
    Rejections,
    RowFault,
    duplicate_faults,
    missing_fault,
    negative_fault,
    price_faults,
    session_faults,
)
from screener.data.validation.sense import numbers_beyond
from screener.data.validation.series import check_calendar, check_factors, gaps
from screener.data.validation.stored import compare_with_stored
from screener.domain.arrays import FlagArray, among
from screener.domain.listing import Board, Exchange
from screener.language import say
from screener.language.lists import clauses

__all__ = [
    "KEPT",
    "ValidatedBars",
    "ValidationContext",
    "check_bars",
    "check_calendar",
    "check_factors",
    "gaps",
]

_VALUES = ("open", "high", "low", "close", "volume", "amount")

# Raw prices: what was paid lies between low and high; vendors round and add a little of their own.
_RANGE = ("open", "high", "low")
_VWAP_RANGE = (0.99, 1.01)
# Hong Kong's turnover counts manual trades that its high and low leave out: only units show there.
_VWAP_RANGE_HK = (0.5, 2.0)
# Volume in hands of 100 is off by half a hand, amount in 0.01 of 10,000 by half of that.
_VOLUME_SLACK = 50.0
_AMOUNT_SLACK = 50.0


@dataclass(slots=True, kw_only=True, eq=False)
class _Findings:
    """Reasons by row while the checks run."""

    rejected: dict[int, str] = field(default_factory=dict)
    doubted: dict[int, list[str]] = field(default_factory=dict)

    def reject(self, found: dict[int, str]) -> None:
        """Note rejects; a row keeps its first reason."""
        for row, reason in found.items():
            self.rejected.setdefault(row, reason)

    def doubt(self, found: dict[int, str]) -> None:
        """Note doubts; a row may have several."""
        for row, reason in found.items():
            self.doubted.setdefault(row, []).append(reason)


def check_bars(rows: pa.Table, context: ValidationContext) -> ValidatedBars:
    """Check the bars of one listing from one source.

    Parameters
    ----------
    rows
        Rows of table `bars`, raw, in any order.
    context
        What is known about the listing.

    Returns
    -------
    ValidatedBars
        Every fetched row is kept, rejected, an exact repeat of another, or of a session that is
        not finished; repeats and unfinished sessions are counted in the remarks.
    """
    if not rows.num_rows:
        return ValidatedBars(rows=rows)
    rows, remarks = _finished(_ordered(rows), context)
    bars = Bars.of(rows)
    verdict = _impossible(rows, bars, context)
    repeats, verdict = _without_conflicts(bars, verdict)
    if repeats.any():
        told = say(
            "{listing}: {n} rows repeat another exactly and were taken once",
            listing=context.listing.id,
            n=int(repeats.sum()),
        )
        remarks.append(told)
    found = _Findings()
    bad = np.flatnonzero(~verdict.passed).tolist()
    found.reject({row: verdict.reason(row) for row in bad})
    passed = verdict.passed & ~repeats
    compared = compare_with_stored(rows, bars, passed, context)
    remarks.extend(compared.remarks)
    found.reject(compared.rejected)
    passed[list(compared.rejected)] = False
    jumps = validate_jumps(bars, passed, context)
    found.reject(jumps.rejected)
    passed[list(jumps.rejected)] = False
    for doubts in (_off_price(bars, context), _on_suspension(bars, context), jumps.doubted):
        found.doubt({row: reason for row, reason in doubts.items() if passed[row]})
    return _validated(rows, passed, found, remarks, context)


def _ordered(rows: pa.Table) -> pa.Table:
    # All values sort, not the session alone, so that the order in which they come shows nowhere.
    columns = ("session", "listing", *_VALUES, "source")
    return rows.sort_by([(name, "ascending") for name in columns])


def _finished(rows: pa.Table, context: ValidationContext) -> tuple[pa.Table, list[str]]:
    late = pc.fill_null(pc.greater(rows.column("session"), pa.scalar(context.today)), False)
    count = pc.sum(late).as_py() or 0
    if not count:
        return rows, []
    told = say(
        "{listing}: {n} sessions after {day} left out, not finished yet",
        listing=context.listing.id,
        n=count,
        day=context.today,
    )
    return rows.filter(pc.invert(late)), [told]


def _impossible(rows: pa.Table, bars: Bars, context: ValidationContext) -> Rejections:
    """Find rows that no session of this listing can have."""
    exchange = context.listing.exchange
    places = np.full(rows.num_rows, list(Exchange).index(exchange), dtype=np.int64)
    verdict = Rejections.clean(rows.num_rows).also(_missing(rows))
    other = say("row is not of {listing}", listing=context.listing.id)
    verdict = verdict.also(
        [
            _differs(rows, "listing", context.listing.id, other),
            _differs(rows, "basis", str(Basis.RAW), say("prices are not raw")),
        ]
    )
    verdict = verdict.also(session_faults(bars.days, places, {exchange: context.calendar}))
    verdict = verdict.also(price_faults(bars.open, bars.high, bars.low, bars.close))
    verdict = verdict.also(
        [negative_fault(bars.volume, "volume"), negative_fault(bars.amount, "amount")]
    )
    values = {**bars.prices, "volume": bars.volume, "amount": bars.amount}
    return verdict.also(
        [finding for name, column in values.items() for finding in numbers_beyond(name, column)]
    )


def _missing(rows: pa.Table) -> list[RowFault]:
    found = []
    for column in TABLES[TableName.BARS].columns:
        if column.required:
            values = rows.column(column.name)
            absent = pc.is_null(values)
            if column.type is Type.NUMBER:
                absent = pc.or_(absent, pc.invert(pc.fill_null(pc.is_finite(values), False)))
            found.append(missing_fault(absent.to_numpy(), column.name))
    # Of a close alone all three are unknown; one that lacks beside others is a fault.
    unknown = {name: ~np.isfinite(_numbers(rows, name)) for name in _RANGE}
    alone = np.logical_and.reduce(list(unknown.values()))
    return [*found, *(missing_fault(absent & ~alone, name) for name, absent in unknown.items())]


def _numbers(rows: pa.Table, column: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    values = pc.fill_null(rows.column(column).cast(pa.float64()), np.nan)
    return np.asarray(values.to_numpy(), dtype=np.float64)


def _differs(rows: pa.Table, column: str, wanted: str, reason: str) -> RowFault:
    unlike = pc.fill_null(pc.not_equal(rows.column(column), wanted), False)
    return RowFault(rows=unlike.to_numpy(), reason=reason)


def _without_conflicts(bars: Bars, verdict: Rejections) -> tuple[FlagArray, Rejections]:
    values = [*bars.prices.values(), bars.volume, bars.amount]
    repeats, conflict = duplicate_faults(
        [bars.days], values, verdict.passed, key_name=say("the session")
    )
    return repeats, verdict.also([conflict])


def _off_price(bars: Bars, context: ValidationContext) -> dict[int, str]:
    """Find rows whose amount does not fit their volume and prices."""
    if context.listing.board is Board.INDEX:  # its points are no money
        return {}
    hong_kong = context.listing.exchange is Exchange.HK
    least, most = _VWAP_RANGE_HK if hong_kong else _VWAP_RANGE
    volume, amount = bars.volume, bars.amount
    above = amount - _AMOUNT_SLACK > bars.high * most * (volume + _VOLUME_SLACK)
    below = amount + _AMOUNT_SLACK < bars.low * least * (volume - _VOLUME_SLACK)
    return {
        int(row): say(
            "amount {amount:.12g} for volume {volume:.12g} is not within low {low:g} and high "
            "{high:g}",
            amount=amount[row],
            volume=volume[row],
            low=bars.low[row],
            high=bars.high[row],
        )
        for row in np.flatnonzero(above | below)
    }


def _on_suspension(bars: Bars, context: ValidationContext) -> dict[int, str]:
    halted = among(bars.days, np.array(sorted(context.suspended), dtype="datetime64[D]"))
    return {
        int(row): say(
            "volume {volume:.12g} on a session recorded as suspended", volume=bars.volume[row]
        )
        for row in np.flatnonzero(halted & (bars.volume > 0))
    }


def _validated(
    rows: pa.Table,
    passed: FlagArray,
    found: _Findings,
    remarks: list[str],
    context: ValidationContext,
) -> ValidatedBars:
    reasons = dict(found.rejected)
    doubted = {row: clauses(doubts) for row, doubts in found.doubted.items()}
    reasons.update({row: kept(doubt) for row, doubt in doubted.items()})
    noted = sorted(reasons)
    notes = []
    for row, values in zip(noted, rows.take(pa.array(noted, pa.int64())).to_pylist(), strict=True):
        notes.append(
            make_note(
                values,
                reasons[row],
                table=TableName.BARS,
                listing=context.listing,
                day=values["session"],
                doubt=doubted.get(row, ""),
            )
        )
    numbered = told_apart(notes)
    return ValidatedBars(
        rows=rows.filter(pa.array(passed)),
        rejects=tuple(note for note in numbered if not note.doubt),
        doubts=tuple(note for note in numbered if note.doubt),
        remarks=tuple(remarks),
    )
