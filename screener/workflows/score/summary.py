"""What is first told of judged calls: how many ended how, what is due first, what is missing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

import numpy as np

from screener.scoring.judging.outcomes import CallState
from screener.scoring.score import Judged

__all__ = ["Unjudged", "first_due", "unjudged", "verdict_counts"]

_PARTICULAR = re.compile(r"\d{4}-\d\d-\d\d|[0-9A-Z]+\.(?:SH|SZ|BJ|HK|CSI|SI|WI)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unjudged:
    """Calls that cannot be judged for one reason, or for reasons that differ by listing or day.

    Parameters
    ----------
    reason
        The reason, the most frequent of them.
    calls
        Ids of the calls that any of them concerns.
    n_alike
        How many reasons like it there are besides.
    """

    reason: str
    calls: tuple[str, ...]
    n_alike: int


def verdict_counts(judged: Judged) -> dict[CallState, int]:
    """Count the calls by how they ended."""
    return {item: int((judged.outcomes.verdict == item).sum()) for item in CallState}


def first_due(judged: Judged) -> tuple[date, str] | None:
    """Return the day on which the first pending call falls due, and its id; `None` without one."""
    rows = np.flatnonzero(judged.outcomes.verdict == CallState.PENDING)
    if not len(rows):
        return None
    first = rows[np.argmin(judged.due[rows])]
    day: date = judged.due[first].item()
    return day, str(judged.calls.id[first])


def unjudged(judged: Judged) -> tuple[Unjudged, ...]:
    """Return why calls cannot be judged, what concerns most of them first."""
    who: dict[str, list[str]] = {}
    for row in np.flatnonzero(judged.outcomes.why != "").tolist():
        who.setdefault(judged.outcomes.why[row], []).append(str(judged.calls.id[row]))
    alike: dict[str, list[str]] = {}
    for reason in sorted(who, key=lambda text: (-len(who[text]), text)):
        alike.setdefault(_PARTICULAR.sub("", reason), []).append(reason)
    found = [
        Unjudged(
            reason=some[0],
            calls=tuple(item for reason in some for item in who[reason]),
            n_alike=len(some) - 1,
        )
        for some in alike.values()
    ]
    return tuple(sorted(found, key=lambda item: (-len(item.calls), item.reason)))
