"""What probably made a jump, in words; where no limit holds, whether a move is one at all."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum

import numpy as np

from screener.data.validation.context import KEPT
from screener.language import in_english, say

__all__ = [
    "BAD_TICK",
    "Cause",
    "bad_tick",
    "cause_kind",
    "certain_unlimited",
    "in_words",
    "is_jump",
    "limited_cause",
    "unlimited_cause",
]

BAD_TICK = "bad tick"
"""How the stored reason of a row begins that cannot be true beside its neighbours."""


def bad_tick(jump: str, proof: str) -> str:
    """Return the reason of a row that moved so, and cannot be true by this proof."""
    return say("bad tick: {jump}, {proof}", jump=jump, proof=proof)


class Cause(StrEnum):
    """What probably made a jump."""

    ACTION = "the action or factor of that day says otherwise"
    UNIT = "unit error"
    TICK = "bad tick: the next close is back"
    BACK = "back from the bad tick before"
    SPLIT = "missed split"
    REVERSE_SPLIT = "missed reverse split"
    HALT = "first session after a halt: perhaps without a limit"
    UNEXPLAINED = "unexplained"

    @property
    def said(self) -> str:
        """The cause in words."""
        told: dict[Cause, Callable[[], str]] = {
            Cause.ACTION: lambda: say("the action or factor of that day says otherwise"),
            Cause.UNIT: lambda: say("unit error"),
            Cause.TICK: lambda: say("bad tick: the next close is back"),
            Cause.BACK: lambda: say("back from the bad tick before"),
            Cause.SPLIT: lambda: say("missed split"),
            Cause.REVERSE_SPLIT: lambda: say("missed reverse split"),
            Cause.HALT: lambda: say("first session after a halt: perhaps without a limit"),
            Cause.UNEXPLAINED: lambda: say("unexplained"),
        }
        return told[self]()


_SPLITS = (1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 2.0, 2.5, 3.0, 4.0, 5.0)
_NEAR = 0.04  # an open this near the split price is explained by it
_RARE_SPLITS = (1.45, 1.48)  # 10 for 4.5 and 4.8: taken only where the open fits them closely
_CLOSE = 0.01
# Where real moves are not limited, tenths would explain any of them.
_WHOLE_SPLITS = (1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0, 20.0, 25.0, 40.0, 50.0)
_LEAST = 1.5  # times, up or down: what moves less is no split that could be told from a move
_LARGE = 2.5  # from here on a move is worth a look without any cause
_SURE = 3.5  # from here on it is an action or a unit rather than a move: few are ever traded
_CLEAR_SPLIT = 1.9  # a third up or down in a day is traded too often to be called a split
_OPEN_NEAR = 0.04  # a split shows at the open, and the rest of the day is an ordinary one
_CLOSE_NEAR = 0.15
_BACK = 0.25
_HUNDRED = 50.0
_TENFOLD = 0.25  # in powers of ten: what lies this near 10 or 100 is a unit
_JUMP = re.compile(r" is beyond the limit of | moved [+-]\d+% from ")
_RATIO = re.compile(r",? *[\d.]+×$")


def limited_cause(previous: float, opened: float, closed: float) -> tuple[Cause, float]:
    """Name what probably made a lasting jump where a limit holds.

    Parameters
    ----------
    previous
        Close of the session before, corrected for the actions that are known.
    opened, closed
        Prices of the session.

    Returns
    -------
    tuple
        The cause, a unit, a split or nothing that explains it, and its ratio as in
        `unlimited_cause`.
    """
    power = float(np.log10(closed / previous)) if closed / previous > 0 else 0.0
    if abs(power) > 1 - _TENFOLD and abs(power - round(power)) < _TENFOLD:
        return Cause.UNIT, float(10 ** abs(round(power)))
    fall = previous / opened
    rare = [split for split in _RARE_SPLITS if abs(fall / split - 1) <= _CLOSE]
    candidates = [*_SPLITS, *(1 / split for split in _SPLITS), *rare]
    best = min(candidates, key=lambda split: abs(fall / split - 1))
    if abs(fall / best - 1) <= _NEAR:
        return (Cause.SPLIT if best > 1 else Cause.REVERSE_SPLIT), best
    return Cause.UNEXPLAINED, 1.0


def unlimited_cause(
    previous: float, opened: float, closed: float, following: float | None
) -> tuple[Cause, float] | None:
    """Name what probably made a move where no price limit holds, as in Hong Kong.

    Parameters
    ----------
    previous
        Close before, corrected for the actions that are known.
    opened, closed
        Prices of the session.
    following
        Close of the next session, `None` if there is none.

    Returns
    -------
    tuple or None
        The cause, and the shares after per share before of a split (what the price is too high or
        too low by for a unit, else 1); `None` for a move that may well have been traded.
    """
    size = max(closed / previous, previous / closed)
    if size <= _LEAST:
        return None
    if following is not None and abs(following / previous - 1) <= _BACK:
        return Cause.TICK, 1.0
    power = float(np.log10(size))
    if size >= _HUNDRED and abs(power - round(power)) < _TENFOLD:
        return Cause.UNIT, float(10 ** round(power))
    split = _nearest(previous / opened)
    fits = abs(previous / opened / split - 1) <= _OPEN_NEAR
    calm = abs(previous / closed / split - 1) <= _CLOSE_NEAR
    if (fits and calm) or size >= _SURE:
        return (Cause.SPLIT if split > 1 else Cause.REVERSE_SPLIT), split
    return (Cause.UNEXPLAINED, 1.0) if size >= _LARGE else None


def _nearest(fall: float) -> float:
    """Return the whole split, below 1 for a reverse one, that a price ratio is nearest to."""
    candidates = [*_WHOLE_SPLITS, *(1 / split for split in _WHOLE_SPLITS)]
    return min(candidates, key=lambda split: abs(float(np.log(fall / split))))


def certain_unlimited(cause: Cause, move: float) -> bool:
    """Tell whether a move without a limit is beyond doubt no trade, though none forbids it.

    Parameters
    ----------
    cause
        What probably made it.
    move
        From close to close, a fraction.
    """
    size = max(1 + move, 1 / (1 + move))
    if cause in (Cause.ACTION, Cause.UNIT):
        return True
    if cause in (Cause.SPLIT, Cause.REVERSE_SPLIT):
        return size >= _CLEAR_SPLIT
    return cause is not Cause.HALT and size >= _SURE


def is_jump(reason: str) -> bool:
    """Tell whether a stored reason says that a price moved too far."""
    return _JUMP.search(reason) is not None


def cause_kind(reason: str) -> str:
    """Return the likely cause that a reason on a jump ends with, without its ratio, in English."""
    return _RATIO.sub("", in_english(reason).removeprefix(KEPT).partition(": ")[2])


def in_words(cause: Cause, ratio: float, *, acted: bool = False) -> str:
    """Return a cause with its ratio, such as `missed split 5×`; an action of that day is one."""
    if acted:
        return Cause.ACTION.said
    if cause is Cause.UNIT:
        return say("unit error, {ratio:g}×", ratio=ratio)
    if cause is Cause.SPLIT:
        return say("missed split {ratio:g}×", ratio=ratio)
    if cause is Cause.REVERSE_SPLIT:
        return say("missed reverse split {ratio:g}×", ratio=1 / ratio)
    return cause.said
