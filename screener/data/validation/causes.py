"""How a jump of an arriving bar is put into words, and how its reason is read again."""

from __future__ import annotations

import re

import numpy as np

from screener.data.doctor.causes import Cause
from screener.data.validation.context import KEPT

__all__ = ["BAD_TICK", "cause_kind", "in_words", "is_jump", "likely_cause"]

BAD_TICK = "bad tick"
"""How the reason of a row begins that cannot be true beside its neighbours."""

_SPLITS = (1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 2.0, 2.5, 3.0, 4.0, 5.0)
_NEAR = 0.04  # an open this near the split price is explained by it
_TENFOLD = 0.25  # in powers of ten: what lies this near 10 or 100 is a unit
_JUMP = re.compile(r" is beyond the limit of | moved [+-]\d+% from ")
_RATIO = re.compile(r",? *[\d.]+×$")


def is_jump(reason: str) -> bool:
    """Tell whether a reason says that a price moved too far."""
    return _JUMP.search(reason) is not None


def cause_kind(reason: str) -> str:
    """Return the likely cause that a reason on a jump ends with, without its ratio."""
    return _RATIO.sub("", reason.removeprefix(KEPT).partition(": ")[2])


def in_words(cause: Cause, ratio: float, *, acted: bool = False) -> str:
    """Return a cause with its ratio, such as `missed split 5×`; an action of that day is one."""
    if acted:
        return str(Cause.ACTION)
    if cause is Cause.UNIT:
        return f"{cause}, {ratio:g}×"
    if cause is Cause.SPLIT:
        return f"{cause} {ratio:g}×"
    return f"{cause} {1 / ratio:g}×" if cause is Cause.REVERSE_SPLIT else str(cause)


def likely_cause(previous: float, opened: float, closed: float) -> str:
    """Name what probably made a lasting jump where a limit holds.

    Parameters
    ----------
    previous
        Close of the session before, corrected for the actions that are known.
    opened, closed
        Prices of the session.

    Returns
    -------
    str
        `unit error, 100×`, `missed split 1.4×`, `missed reverse split 5×` or `unexplained`.
    """
    power = float(np.log10(closed / previous))
    if abs(power) > 1 - _TENFOLD and abs(power - round(power)) < _TENFOLD:
        return in_words(Cause.UNIT, 10 ** abs(round(power)))
    fall = previous / opened
    candidates = [*_SPLITS, *(1 / split for split in _SPLITS)]
    best = min(candidates, key=lambda split: abs(fall / split - 1))
    if abs(fall / best - 1) > _NEAR:
        return str(Cause.UNEXPLAINED)
    return in_words(Cause.SPLIT if best > 1 else Cause.REVERSE_SPLIT, best)
