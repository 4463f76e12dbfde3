"""Fetched bars against stored ones: two sources must agree, one may correct itself."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from screener.data.lake.schema import Basis
from screener.data.validation.context import Bars, ValidationContext, tick_of
from screener.domain.arrays import FlagArray, FloatArray, IntArray
from screener.language import say
from screener.language.terms import named

__all__ = ["StoredComparison", "compare_with_stored", "raw_rows"]

_VOLUME_TOLERANCE = 0.01
# A volume told in hands of 100 is off by up to half a hand, and so is the one it is compared with.
_VOLUME_SLACK = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredComparison:
    """Reasons by row for fetched rows that another source contradicts, and remarks."""

    rejected: dict[int, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


def raw_rows(stored: pa.Table) -> pa.Table:
    """Return the rows whose prices are as traded; others cannot be compared with fetched ones."""
    return stored.filter(pc.equal(stored.column("basis"), str(Basis.RAW)))


def compare_with_stored(
    rows: pa.Table, bars: Bars, kept: FlagArray, context: ValidationContext
) -> StoredComparison:
    """Compare fetched bars with the stored ones of the same sessions.

    Parameters
    ----------
    rows, bars
        Fetched rows and their columns, sorted by session.
    kept
        `(n_rows,)` of bool, rows that passed so far, at most one for each session.
    context
        What is stored.

    Returns
    -------
    StoredComparison
        Where another source stored another price (by more than half a tick) or another volume (by
        more than 1 % and a hand of 100), the fetched row is rejected. What the same source stored
        is corrected by the fetched row, with a remark.
    """
    stored = raw_rows(context.stored).sort_by("session")
    old = Bars.of(stored)
    here, there = _pairs(bars, kept, old)
    if not len(here):
        return StoredComparison()
    sources = np.array(rows.column("source").to_pylist(), dtype=object)[here]
    told = np.array(stored.column("source").to_pylist(), dtype=object)[there]
    rejected, corrected = {}, []
    for at, text in _differences(bars, here, old, there, tick_of(context.listing)).items():
        new, was = text
        if sources[at] != told[at]:
            rejected[int(here[at])] = say(
                "{source} says {new}, stored from {other} {old}",
                source=sources[at],
                new=new,
                other=told[at],
                old=was,
            )
        else:
            day = bars.days[here[at]]
            corrected.append(say("{day}: {new}, was {old}", day=day, new=new, old=was))
    remarks: tuple[str, ...] = ()
    if corrected:
        source = sources[0]
        remarks = (
            say(
                "{listing}: {source} corrected {n} sessions, first {first}",
                listing=context.listing.id,
                source=source,
                n=len(corrected),
                first=corrected[0],
            ),
        )
    return StoredComparison(rejected=rejected, remarks=remarks)


def _pairs(bars: Bars, kept: FlagArray, old: Bars) -> tuple[IntArray, IntArray]:
    """Return the places of the same sessions, among the fetched and among the stored rows."""
    chosen = np.flatnonzero(kept)
    _, left, right = np.intersect1d(bars.days[chosen], old.days, return_indices=True)
    return chosen[left].astype(np.int64), right.astype(np.int64)


def _differences(
    bars: Bars, here: IntArray, old: Bars, there: IntArray, tick: float
) -> dict[int, tuple[str, str]]:
    """Return the first difference of each pair in words: what is fetched, what is stored."""
    found: dict[int, tuple[str, str]] = {}
    for name in ("close", "open", "high", "low"):
        new, was = bars.prices[name][here], old.prices[name][there]
        for at in np.flatnonzero(np.abs(new - was) > tick / 2 + 1e-9):
            told = say("{name} {value:g}", name=named(name), value=new[at])
            found.setdefault(int(at), (told, f"{was[at]:g}"))
    volume, known = bars.volume[here], old.volume[there]
    for at in np.flatnonzero(_unlike(volume, known)):
        told = say("volume {volume:.12g}", volume=volume[at])
        found.setdefault(int(at), (told, f"{known[at]:.12g}"))
    return dict(sorted(found.items()))


def _unlike(volume: FloatArray, known: FloatArray) -> FlagArray:
    allowed = np.maximum(_VOLUME_TOLERANCE * np.maximum(volume, known), _VOLUME_SLACK)
    unlike: FlagArray = np.abs(volume - known) > allowed
    return unlike
