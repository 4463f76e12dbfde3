"""Lots or shares: the amount, or turnover and float, tell in which unit a file counts volume."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from screener.data.sources.files.columns.codes import is_index
from screener.data.sources.files.columns.columns import MappedColumn
from screener.data.sources.files.remarks import Remark
from screener.data.sources.files.rows import Rows
from screener.data.validation.row_checks import RowFault
from screener.domain.arrays import FlagArray, FloatArray
from screener.domain.listing import Board, Exchange, Listing
from screener.language import say

__all__ = ["VolumeProof", "settle_volume", "volume_proof"]

_NEAR = 2.0
_LOT = 100.0
_PROOFS = ("turnover_rate", "float_shares", "float_cap")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VolumeProof:
    """What the rows of each listing tell of the unit of their volume, each array `(n_listings,)`.

    Parameters
    ----------
    ratio
        Median of amount / (volume × close); NaN without evidence.
    by_float
        The factor that turnover and float tell; NaN without evidence.
    traded
        Whether any volume is above 0.
    """

    ratio: FloatArray
    by_float: FloatArray
    traded: FlagArray

    def beside(self, other: VolumeProof) -> VolumeProof:
        """Return the proof of the same listings by other rows too, each listing's in one of both.

        Parameters
        ----------
        other
            What other rows tell.
        """
        return VolumeProof(
            ratio=np.where(np.isnan(self.ratio), other.ratio, self.ratio),
            by_float=np.where(np.isnan(self.by_float), other.by_float, self.by_float),
            traded=self.traded | other.traded,
        )


@np.errstate(over="ignore", invalid="ignore")  # what is endless is rejected, and proves nothing
def volume_proof(rows: Rows, column: MappedColumn, *, provable: bool) -> VolumeProof:
    """Return what rows tell of the unit of their volume; the parameters are `settle_volume`'s."""
    nothing = np.full(len(rows.listings), np.nan)
    guessed = provable and not column.stated
    volume = rows.numbers("volume")
    return VolumeProof(
        ratio=_ratios(rows) if provable else nothing,
        by_float=_by_float(rows, _scales(rows, column)) if guessed else nothing,
        traded=np.isfinite(_medians(rows, volume, volume > 0)),
    )


@np.errstate(over="ignore", invalid="ignore")
def settle_volume(
    rows: Rows,
    column: MappedColumn | None,
    file: str,
    *,
    provable: bool,
    proof: VolumeProof | None = None,
) -> tuple[Rows, list[Remark]]:
    """Bring the volume of raw bars to shares where the rows prove another unit.

    For each listing the median of amount / (volume × close) is about 1 if the volume is in
    shares; about 100 or 1/100 shows that it was counted in lots, or wrongly taken as lots. Where
    there is no amount, turnover rate × float / volume does the same, and a volume above the float
    is no number of lots. Vendors count by board, and several boards in two ways in one file: a
    listing without proof is taken as its board where those with proof agree, and boards without
    any are told. A unit printed in the header is never overruled: rows that contradict it are
    rejected.

    Parameters
    ----------
    rows
        Bars of one file, volume already in the unit that its header or layout tells.
    column
        The volume's column; `None` if the file has none.
    file
        Name for the remarks.
    provable
        Whether close and volume are as traded, so that the rest of the row proves anything.
    proof
        What all rows of the file tell, where these are some of them; by default what these tell.
    """
    if column is None:
        return rows.without(_PROOFS), [Remark(text=say("there is no volume"), file=file)]
    proof = proof or volume_proof(rows, column, provable=provable)
    ratio, scale = proof.ratio, _scales(rows, column)
    factor = _factors(ratio, scale, stated=column.stated)
    odd = np.isfinite(ratio) & np.isnan(factor)
    if provable and not column.stated:
        factor = np.where(np.isfinite(ratio), factor, proof.by_float)
    remarks = [
        *_changed(
            rows,
            factor == _LOT,
            say("{column} is in lots: volume multiplied by 100", column=column.header),
        ),
        *_changed(
            rows,
            factor == 1 / _LOT,
            say("{column} is in shares after all, not in lots", column=column.header),
        ),
    ]
    if not column.stated:
        factor, told = _by_board(rows, factor, proof.traded & ~odd, column)
        remarks += told
    factor = np.where(np.isnan(factor), 1.0, factor)
    scaled = rows.numbers("volume") * np.append(factor, 1.0)[rows.listing]
    findings = _findings(rows, ratio, odd, column)
    return rows.with_values(volume=scaled).without(_PROOFS).judged(findings), [
        Remark(text=text, file=file) for text in remarks
    ]


def _factors(ratio: FloatArray, scale: FloatArray, *, stated: bool) -> FloatArray:
    """`(n_listings,)` what to multiply volume by, as a ratio near 1, 100 or 1/100 tells; or NaN.

    Only the two readings of one column are exchanged, and only where the header left it open.
    """
    factor = np.where(_near(ratio, 1.0), 1.0, np.nan)
    if stated:
        return factor
    factor = np.where(_near(ratio, _LOT) & (scale == 1), _LOT, factor)
    return np.where(_near(ratio, 1 / _LOT) & (scale == _LOT), 1 / _LOT, factor)


def _by_float(rows: Rows, scale: FloatArray) -> FloatArray:
    """`(n_listings,)` the factor that the part of the float tells which was traded; NaN for none.

    The turnover rate itself is believed where its median could be one: 0.2 % to 50 % of the float
    in a session. Elsewhere it may be a fraction taken for a percentage, or the reverse.
    """
    floating = rows.numbers("float_shares")
    close = rows.numbers("close")
    by_value = rows.numbers("float_cap") / np.where(close > 0, close, np.nan)
    floating = np.where(floating > 0, floating, by_value)
    volume, rate = rows.numbers("volume"), rows.numbers("turnover_rate")
    usual = _medians(rows, rate, rate > 0)
    rate_of = np.append(np.where((usual >= 0.002) & (usual <= 0.5), 1.0, np.nan), np.nan)
    expected = rate * floating * rate_of[rows.listing]
    known = _medians(rows, expected / np.where(volume > 0, volume, np.nan), expected > 0)
    factor = _factors(known, scale, stated=False)
    crowded = np.isfinite(_medians(rows, volume, volume > floating))
    return np.where(np.isnan(factor) & crowded & (scale == _LOT), 1 / _LOT, factor)


def _by_board(
    rows: Rows, factor: FloatArray, counted: FlagArray, column: MappedColumn
) -> tuple[FloatArray, list[str]]:
    """Take listings without proof as the others of their board, and tell it by board."""
    result, told = factor.copy(), []
    boards = np.array([str(item.board) for item in rows.listings], dtype=np.str_)
    for board in dict.fromkeys(boards.tolist()):
        silent = (boards == board) & np.isnan(factor) & counted
        if not silent.any() or board == Board.INDEX:
            continue
        ways = np.unique(factor[(boards == board) & np.isfinite(factor)])
        if len(ways) == 1:
            result[silent] = ways[0]
        told.append(_told(rows, silent, board, ways.tolist(), column))
    return result, told


def _told(
    rows: Rows, silent: FlagArray, board: str, ways: list[float], column: MappedColumn
) -> str:
    first = rows.listings[int(np.flatnonzero(silent)[0])]
    lots = _scale(column, first) == _LOT
    count = int(silent.sum())
    text = say(
        "nothing proves the unit of {column} for {n} {board} listing(s), first {first}",
        column=column.header,
        n=count,
        board=_board(Board(board)),
        first=first.id,
    )
    if len(ways) == 1:
        lots = ways[0] == _LOT or (lots and ways[0] == 1)
        unit = say("lots") if lots else say("shares")
        return say("{text}: taken as {unit}, like the others of that board", text=text, unit=unit)
    unit = say("lots of 100 shares") if lots else say("shares")
    if ways:
        return say(
            "{text}: taken as {unit}, as the others of that board count in both ways; say it by "
            "--unit volume=lots or --unit volume=shares",
            text=text,
            unit=unit,
        )
    return say(
        "{text}: taken as {unit}; say it by --unit volume=lots or --unit volume=shares",
        text=text,
        unit=unit,
    )


def _board(board: Board) -> str:
    names = {
        Board.MAIN: say("main board"),
        Board.CHINEXT: say("ChiNext"),
        Board.STAR: say("STAR"),
        Board.BSE: say("Beijing"),
        Board.B_SHARE: say("B-share"),
        Board.FUND: say("fund"),
        Board.HK: say("Hong Kong"),
    }
    return names[board]


def _findings(
    rows: Rows, ratio: FloatArray, odd: FlagArray, column: MappedColumn
) -> list[RowFault]:
    """Find the rows of listings whose unit cannot be: one kind, with the median of one listing."""
    if not odd.any():
        return []
    verdict = say("neither shares (1) nor lots (100)")
    if column.stated:
        verdict = say("the unit in {column} is not true", column=column.header)
    first = int(np.flatnonzero(odd)[0])
    reason = say(
        "amount / (volume × close) has median {ratio:.3g}: {verdict}",
        ratio=ratio[first],
        verdict=verdict,
    )
    if odd.sum() > 1:
        reason = say(
            "amount / (volume × close) has median {ratio:.3g} for {listing}: {verdict}",
            ratio=ratio[first],
            listing=rows.listings[first].id,
            verdict=verdict,
        )
    return [
        RowFault(
            rows=np.append(odd, False)[rows.listing],
            reason=reason,
        )
    ]


def _ratios(rows: Rows) -> FloatArray:
    """`(n_listings,)` median of amount / (volume × close); NaN without evidence."""
    value = rows.numbers("volume") * rows.numbers("close")
    amount = rows.numbers("amount")
    traded = rows.of_listing([not is_index(item) for item in rows.listings], False)
    usable = (value > 0) & (amount > 0) & traded.astype(np.bool_)
    return _medians(rows, amount / np.where(usable, value, np.nan), usable)


def _medians(rows: Rows, values: FloatArray, usable: FlagArray) -> FloatArray:
    """`(n_listings,)` median of each listing's usable values; NaN without any."""
    usable = usable & rows.passed & (rows.listing >= 0) & np.isfinite(values)
    medians = pd.Series(values[usable]).groupby(rows.listing[usable]).median()
    found = np.full(len(rows.listings), np.nan)
    found[medians.index.to_numpy(dtype=np.int64)] = medians.to_numpy(dtype=np.float64)
    return found


def _scales(rows: Rows, column: MappedColumn) -> FloatArray:
    return np.array([_scale(column, listing) for listing in rows.listings], dtype=np.float64)


def _scale(column: MappedColumn, listing: Listing) -> float:
    return column.hong_kong if listing.exchange is Exchange.HK else column.scale


def _near(ratio: FloatArray, target: float) -> FlagArray:
    near: FlagArray = (ratio >= target / _NEAR) & (ratio <= target * _NEAR)
    return near


def _changed(rows: Rows, listings: FlagArray, text: str) -> list[str]:
    count = int(listings.sum())
    if not count:
        return []
    first = rows.listings[int(np.flatnonzero(listings)[0])].id
    return [
        say(
            "{text}, as amount / (volume × close), or turnover and float, show for {n} "
            "listing(s), first {first}",
            text=text,
            n=count,
            first=first,
        )
    ]
