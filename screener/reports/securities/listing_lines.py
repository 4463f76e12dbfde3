"""Which line of a company is meant, where it is listed on the mainland and in Hong Kong."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from datetime import date
from functools import lru_cache

from screener.domain.listing import Listing
from screener.reports.securities.mentions import Mention
from screener.reports.securities.name_index import NameIndex
from screener.reports.text.text import Text

__all__ = ["all_lines", "choose_line", "speaks_of_hong_kong", "traditional_share"]

_HONG_KONG_AFTER = re.compile(r"[(\[-]?(?:H股|港股|HK|H(?![A-Za-z0-9/+]))|-(?:W|S|SW)\b")
_MAINLAND_AFTER = re.compile(r"[(\[-]?(?:A股|A[/+]?H|A(?![A-Za-z0-9]))")
_LINES_BEFORE = re.compile(r"A/H|AH股|A\+H|A股|H股|港股通?|南[下向]资金|[沪深陆]股通|北[上向]资金")
_OFFSHORE = re.compile(r"H股|港股|南")
_HONG_KONG_WORDS = re.compile(r"港股(?!通)|H股|恒生|香港市场|海外中资")
_MAINLAND_WORDS = re.compile(r"A股|沪深|科创板|创业板|北交所|证监会|SAC|S\d{13}|执业证书")
_TRADITIONAL_LEAST = 0.08
_MANY, _FEW = 3, 4  # companies of one market; how many times as many as of the other
_LICENCE = re.compile(r"S\d{13}|执业证书")  # of an analyst of the mainland
_HAN_LEAST = 0.1  # of the characters of a text that is not in English
_HEAD = 600  # characters whose words tell a market
_SAMPLE = 1_000  # characters that tell a script


@lru_cache(maxsize=2)  # asked for by several readers of one text
def traditional_share(text: Text) -> float:
    """Return the share of Han characters that are printed in their Traditional form."""
    pairs = (
        (text.original[offset], character)
        for offset, character in zip(text.starts[:_SAMPLE], text.clean[:_SAMPLE], strict=True)
        if "\u4e00" <= character <= "\u9fff"
    )
    changed = [printed != character for printed, character in pairs]
    return sum(changed) / len(changed) if changed else 0.0


def speaks_of_hong_kong(text: Text, mentions: Sequence[Mention], index: NameIndex) -> bool:
    """Tell whether a report writes for the Hong Kong market.

    Companies of one line that it names tell best, then its script, then its words.
    """
    named = {one.listings[0] for one in mentions}
    sides = [one.exchange.mainland for one in named if not index.twins.get(one)]
    mainland, offshore = sides.count(True), sides.count(False)
    if max(mainland, offshore) >= _MANY and _FEW * min(mainland, offshore) < max(
        mainland, offshore
    ):
        return offshore > mainland
    coded = {one.listings[0].exchange.mainland for one in mentions if one.coded}
    if coded == {True}:
        return False
    if traditional_share(text) >= _TRADITIONAL_LEAST or _in_english(text):
        return _LICENCE.search(text.clean) is None
    opening = text.clean[:_HEAD]
    spoken = len(_HONG_KONG_WORDS.findall(opening))
    return spoken > 1 and spoken > 2 * len(_MAINLAND_WORDS.findall(text.clean))


def _in_english(text: Text) -> bool:
    sample = text.clean[:_SAMPLE]
    return sum("\u4e00" <= character <= "\u9fff" for character in sample) < _HAN_LEAST * len(sample)


def all_lines(mention: Mention, index: NameIndex, day: date) -> tuple[Listing, ...]:
    """Return the listings that a mention fits, the other lines of each company included."""
    if len(mention.listings) == 1 and mention.listings[0] not in index.twins:
        return mention.listings if mention.listings[0] in index.companies else ()
    found = list(mention.listings)
    for listing in mention.listings:
        found += index.twins.get(listing, ())
    known = [one for one in dict.fromkeys(found) if one in index.companies]
    listed = [one for one in known if index.companies[one].listed_on(day)]
    return tuple(listed or known)


def choose_line(
    clean: str,
    mention: Mention,
    index: NameIndex,
    *,
    day: date,
    hong_kong: bool,
    lead: str,
    coded: Set[Listing] = frozenset(),
) -> tuple[Listing, tuple[Listing, ...]]:
    """Return the listing that a mention means, and the others that it fits.

    Parameters
    ----------
    clean, mention
        The text and the mention.
    index, day
        Names of the listings, and the day of the report.
    hong_kong
        Whether the report writes for the Hong Kong market.
    lead
        What stands before the mention's enumeration in the same sentence.
    coded
        Listings whose code the text prints anywhere.

    Returns
    -------
    tuple of Listing and tuple
        The listing, and the other lines of the same company.
    """
    lines = all_lines(mention, index, day)
    chosen = _chosen(clean, mention, lines, hong_kong=hong_kong, lead=lead, coded=coded)
    twins = index.twins.get(chosen, ())
    return chosen, tuple(one for one in lines if one in twins)


def _chosen(
    clean: str,
    mention: Mention,
    lines: Sequence[Listing],
    *,
    hong_kong: bool,
    lead: str,
    coded: Set[Listing],
) -> Listing:
    if mention.coded:
        return mention.listings[0]
    printed = [one for one in lines if one in coded]
    if len(printed) == 1 and _own_line(clean, mention) is None:
        return printed[0]
    mainland = [one for one in lines if one.exchange.mainland]
    offshore = [one for one in lines if not one.exchange.mainland]
    if not mainland or not offshore:
        return mention.listings[0] if mention.listings[0] in lines else lines[0]
    wanted = _wanted(clean, mention, hong_kong=hong_kong, lead=lead)
    pool: Sequence[Listing] = offshore if wanted else mainland
    return pool[0]


def _wanted(clean: str, mention: Mention, *, hong_kong: bool, lead: str) -> bool:
    """Tell whether the Hong Kong line is meant."""
    own = _own_line(clean, mention)
    if own is not None:
        return own
    spoken = _LINES_BEFORE.findall(lead)
    if spoken:
        return _OFFSHORE.match(spoken[-1]) is not None
    return hong_kong


def _own_line(clean: str, mention: Mention) -> bool | None:
    """Tell whether a mark right after the name says Hong Kong; `None` where no mark stands."""
    if _HONG_KONG_AFTER.match(clean, mention.place.end):
        return True
    return False if _MAINLAND_AFTER.match(clean, mention.place.end) else None
