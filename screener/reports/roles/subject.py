"""The company that a stock note is on: by its title, its code, or because little else is named."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from screener.domain.listing import Listing
from screener.reports.securities.mentions import Mention

__all__ = ["Subject", "subject_of"]

_HEAD = 240  # the head of a stock note: title, code, rating
_TITLE = 40
_FIRST_PAGE = 1_500
_STOCK_NOTE = re.compile(
    r"公司(?:点评|研究|深度|报告|动态|跟踪|信息|简评|快评)|个股|总股本|流通股本|总市值|当前股价|收盘价|收市价|目标价"
)
_ROUNDUP = re.compile(r"周报|月报|日报|策略|晨会|早报|行业(?:研究|点评|深度|专题)|金股")
_MOST = 0.4  # share of the names that are the subject's, where no title says so
_ALMOST_ALL = 0.6


class Subject(NamedTuple):
    """What a stock note is on.

    Parameters
    ----------
    listing
        The company's line that the text prints.
    alone
        Whether every rating that names nobody is its own.
    """

    listing: Listing
    alone: bool


def subject_of(clean: str, mentions: Sequence[Mention]) -> Subject | None:
    """Return the company that a note is on, if it is on one."""
    if not mentions:
        return None
    counts = Counter(one.listings[0] for one in mentions)
    most, often = counts.most_common(1)[0]
    one = len(counts) == 1 and _ROUNDUP.search(clean, 0, _TITLE) is None
    if one or (often > 2 and often >= _ALMOST_ALL * len(mentions)):
        return Subject(most, alone=True)
    head = [one for one in mentions if one.place.start < _HEAD]
    leading = next((one for one in head if one.coded), head[0] if head else None)
    if leading is None:
        return None
    listing = leading.listings[0]
    named = clean.startswith((":", "(", "-", "|", "】"), leading.place.end)
    titled = leading.place.start < _TITLE and (leading.coded or named)
    coded = {one.listings for one in mentions if one.coded}
    if leading is mentions[0] and len(coded) == 1 and _STOCK_NOTE.search(clean, 0, _FIRST_PAGE):
        return Subject(listing, alone=True)
    if not titled and counts[listing] < max(2, _MOST * len(mentions)):
        return None
    return Subject(listing, alone=titled and len(coded) <= 2)
