"""Special treatment by date, and what else the short name of a listing says of its price limit.

The exchanges print marks before a name: XD, XR and DR on an ex-date, S without a share reform, ST
and *ST under special treatment. A listing in its delisting period is 退市XX in Shanghai, XX退 in
Shenzhen and Beijing.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable
from datetime import date
from typing import TypeAlias

__all__ = [
    "SpecialTreatment",
    "bears_st_name",
    "in_delisting_period",
    "is_s_share",
    "special_by_name",
    "special_on",
]

SpecialTreatment: TypeAlias = tuple[tuple[date, bool], ...]
"""Whether a listing is under special treatment, from each day on: steps sorted by date."""

_EX = r"(?:XD|XR|DR)?"
_ST = re.compile(rf"{_EX}S?\*?ST")
_S_SHARE = re.compile(rf"{_EX}S(?:\*?ST)?[\u4e00-\u9fff]")


def bears_st_name(name: str) -> bool:
    """Tell from a name whether its listing is under special treatment (ST, *ST)."""
    return _ST.match(_folded(name)) is not None


def is_s_share(name: str) -> bool:
    """Tell from a name whether its listing is an S share: S and then the Chinese name."""
    return _S_SHARE.match(_folded(name)) is not None


def in_delisting_period(name: str) -> bool:
    """Tell from a name whether its listing is in its delisting period."""
    folded = _folded(name)
    return folded.startswith("退市") or folded.endswith("退")


def special_by_name(names: Iterable[tuple[date, str]]) -> SpecialTreatment:
    """Return what the names of a listing, each from its day on, say of special treatment."""
    return tuple((day, bears_st_name(name)) for day, name in names)


def special_on(steps: SpecialTreatment, day: date) -> bool | None:
    """Tell whether a listing is under special treatment; `None`, unknown, before the first step."""
    at = bisect_right(steps, day, key=lambda step: step[0])
    return steps[at - 1][1] if at else None


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name).upper()
