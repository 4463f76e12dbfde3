"""Indices of industries: which index a report's industry is measured on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from screener.domain.listing import Listing, parse_listing
from screener.market.dated import rule_table

__all__ = ["IndustryIndex", "industry_index", "industry_indices"]

_TABLE = "industry_indices.toml"
_ENDING = re.compile(r"(?:行业|板块)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class IndustryIndex:
    """One industry of a classification, and its index.

    Parameters
    ----------
    listing
        The index, such as `801750.SI`.
    name, name_en
        The industry in Chinese and in English.
    also
        Other names that reports use for just this industry.
    """

    listing: Listing
    name: str
    name_en: str
    also: tuple[str, ...]


@cache
def industry_indices() -> tuple[IndustryIndex, ...]:
    """Return the industries of Shenwan's first level, in order of their codes."""
    return tuple(
        IndustryIndex(
            listing=parse_listing(row["index"]),
            name=row["name"],
            name_en=row["name_en"],
            also=tuple(row.get("also", ())),
        )
        for row in rule_table(_TABLE)["industries"]
    )


def industry_index(name: str) -> IndustryIndex | None:
    """Return the industry that a name means; `None` for a part of one, or a name unknown.

    Parameters
    ----------
    name
        In Simplified characters, such as `计算机`, `计算机行业` or `电子|半导体`: the part before
        the bar is the industry.
    """
    return _by_name().get(_ENDING.sub("", re.split(r"[|/]", name)[0].strip()))


@cache
def _by_name() -> dict[str, IndustryIndex]:
    return {text: item for item in industry_indices() for text in (item.name, *item.also)}
