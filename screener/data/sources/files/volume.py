"""Lots or shares: the amount traded tells in which unit a file counts its volume."""

from __future__ import annotations

import numpy as np
import pandas as pd

from screener.data.quality import BoolArray, Finding, FloatArray
from screener.data.sources.files.columns import MappedColumn
from screener.data.sources.files.remarks import Remark
from screener.data.sources.files.rows import Rows
from screener.domain.listing import Exchange, Listing

__all__ = ["settle_volume"]

_NEAR = 2.0
_LOT = 100.0
_NEITHER = "neither shares (1) nor lots (100)"


def settle_volume(
    rows: Rows, column: MappedColumn | None, file: str, *, provable: bool
) -> tuple[Rows, list[Remark]]:
    """Bring the volume of raw bars to shares where the amount proves another unit.

    For each listing the median of amount / (volume × close) is about 1 if the volume is in
    shares. About 100 or 1/100 shows that it was counted in lots, or wrongly taken as lots.
    A unit printed in the header is never overruled: rows that contradict it are rejected.

    Parameters
    ----------
    rows
        Raw bars of one file, volume already in the unit that its header or layout tells.
    column
        The volume's column; `None` if the file has none.
    file
        Name for the remarks.
    provable
        Whether close and volume are as traded, so that the amount proves anything.
    """
    if column is None:
        return rows, [Remark(text="there is no volume", file=file)]
    ratio = _ratios(rows)
    if not (provable and np.isfinite(ratio).any()):
        return rows, _unproved(column, file)
    return _proved(rows, column, file, ratio)


def _proved(
    rows: Rows, column: MappedColumn, file: str, ratio: FloatArray
) -> tuple[Rows, list[Remark]]:
    scale = np.array([_scale(column, listing) for listing in rows.listings])
    # Only the two readings of one column are exchanged, and only where the header left it open.
    lots = _near(ratio, _LOT) & (scale == 1) & (not column.stated)
    shares = _near(ratio, 1 / _LOT) & (scale == _LOT) & (not column.stated)
    odd = np.isfinite(ratio) & ~(_near(ratio, 1.0) | lots | shares)
    factor = np.where(lots, _LOT, 1.0) / np.where(shares, _LOT, 1.0)
    scaled = rows.numbers("volume") * np.append(factor, 1.0)[rows.listing]
    verdict = f"the unit in {column.header} is not true" if column.stated else _NEITHER
    findings = [
        Finding(
            rows=rows.listing == number,
            reason=f"amount / (volume × close) has median {ratio[number]:.3g}: {verdict}",
        )
        for number in np.flatnonzero(odd)
    ]
    remarks = [
        *_changed(rows, lots, f"{column.header} is in lots: volume multiplied by 100", file),
        *_changed(rows, shares, f"{column.header} is in shares after all, not in lots", file),
        *_partly(ratio, column, file),
    ]
    return rows.with_values(volume=scaled).judged(findings), remarks


def _ratios(rows: Rows) -> FloatArray:
    """`(n_listings,)` median of amount / (volume × close); NaN without evidence."""
    value = rows.numbers("volume") * rows.numbers("close")
    amount = rows.numbers("amount")
    usable = rows.passed & (value > 0) & (amount > 0)
    ratios = pd.Series(amount[usable] / value[usable])
    medians = ratios.groupby(rows.listing[usable]).median()
    found = np.full(len(rows.listings), np.nan)
    found[medians.index.to_numpy(dtype=np.int64)] = medians.to_numpy(dtype=np.float64)
    return found


def _scale(column: MappedColumn, listing: Listing) -> float:
    return column.hong_kong if listing.exchange is Exchange.HK else column.scale


def _near(ratio: FloatArray, target: float) -> BoolArray:
    near: BoolArray = (ratio >= target / _NEAR) & (ratio <= target * _NEAR)
    return near


def _changed(rows: Rows, listings: BoolArray, text: str, file: str) -> list[Remark]:
    count = int(listings.sum())
    if not count:
        return []
    first = rows.listings[int(np.flatnonzero(listings)[0])].id
    told = f"{text}, as amount / (volume × close) shows for {count} listing(s), first {first}"
    return [Remark(text=told, file=file)]


def _partly(ratio: FloatArray, column: MappedColumn, file: str) -> list[Remark]:
    silent = int(np.isnan(ratio).sum())
    if not silent or column.stated:
        return []
    text = f"{silent} listing(s) have no amount that could prove the unit of volume"
    return [Remark(text=text, file=file)]


def _unproved(column: MappedColumn, file: str) -> list[Remark]:
    if column.stated or column.unit:
        return []
    return [
        Remark(text=f"no amount proves the unit of {column.header}: taken as shares", file=file)
    ]
