"""What the reader names in a text, over the small master of the tests."""

from __future__ import annotations

from datetime import date
from functools import cache

from screener.reports.reader import broker_listings
from screener.reports.securities.mentions import Mention, PossibleMention, mentions_in
from screener.reports.securities.name_index import NameIndex, NameRow, build_index
from screener.reports.text.found import DoubtKind
from screener.reports.text.layout import lay_out
from screener.reports.text.text import make_text
from tests.support.masters import MASTER, Known

__all__ = ["DAY", "Found", "asked", "ids", "read", "small", "whole"]

DAY = date(2026, 5, 28)


def _rows_of(known: Known) -> list[NameRow]:
    return [
        NameRow(
            listing=known.listing,
            name=name,
            valid_from=since,
            name_en=known.name_en,
            industry=known.industry,
        )
        for since, name in known.dated()
    ]


@cache
def whole() -> NameIndex:
    """Return the index of the whole small master."""
    return build_index(row for known in MASTER for row in _rows_of(known))


def small(*rows: NameRow) -> NameIndex:
    """Return the index of these rows and of two listings beside them."""
    return build_index([*rows, NameRow(listing="300990.SZ", name="同飞股份"), *_rows_of(MASTER[0])])


Found = tuple[tuple[Mention, ...], tuple[PossibleMention, ...]]


def read(original: str, names: NameIndex | None = None, day: date = DAY) -> Found:
    """Return the mentions and the open questions of a text."""
    text, names = make_text(original), names or whole()
    return mentions_in(text, lay_out(text.clean), names, day=day, brokers=broker_listings(names))


def ids(original: str, names: NameIndex | None = None, day: date = DAY) -> list[str]:
    """Return the likeliest listing of each mention, in the order of the text."""
    return [mention.listings[0].id for mention in read(original, names, day)[0]]


def asked(original: str, names: NameIndex | None = None) -> list[tuple[DoubtKind, str, list[str]]]:
    """Return what is asked: its kind, what is printed, and what it may be."""
    text = make_text(original)
    return [
        (item.kind, text.printed(item.place), [listing.id for listing in item.proposals])
        for item in read(original, names)[1]
    ]
