"""What a call changed: a first rating, a raised or lowered one, or the same again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from screener.domain.arrays import IntArray, TextArray
from screener.domain.report import Band
from screener.scoring.calls import CallTable
from screener.scoring.definitions.contracts import Contract
from screener.scoring.definitions.scales import standing

__all__ = ["CHANGES", "changes_of"]

CHANGES = ("initiated", "raised", "lowered", "maintained")


def changes_of(calls: CallTable, contract: IntArray, contracts: Sequence[Contract]) -> TextArray:
    """Return what each call changed: as its source says, else by the call before it.

    A call is compared with the last one of the same broker on the same listing on an earlier day:
    by what both promise, where both have a contract, else by their words. The first call in the
    tables has none before it, and nothing is said of it: an older one may lie before the tables.

    Parameters
    ----------
    calls, contract
        `(n,)` calls and the place of each one's contract, −1 for none.
    contracts
        All contracts.

    Returns
    -------
    numpy.ndarray
        `(n,)` of one of `CHANGES`, or an empty text.
    """
    found = calls.change.copy()
    last: dict[tuple[object, ...], int] = {}
    for row in np.lexsort((np.arange(len(calls)), calls.published)).tolist():
        if calls.listing[row] is None:
            continue
        key = (calls.broker[row], calls.level[row], calls.listing[row])
        before = last.get(key)
        last[key] = row
        if found[row] or before is None or calls.published[before] == calls.published[row]:
            continue
        bands = [_band(contracts, int(contract[at])) for at in (before, row)]
        if calls.rating[before] == calls.rating[row]:
            found[row] = "maintained"
        elif bands[0] is not None and bands[1] is not None:
            found[row] = _compared(bands[0], bands[1])
    return found


def _band(contracts: Sequence[Contract], at: int) -> Band | None:
    return None if at < 0 else contracts[at].band


def _compared(before: Band, after: Band) -> str:
    step = standing(after) - standing(before)
    return "raised" if step > 0 else "lowered" if step < 0 else "maintained"
