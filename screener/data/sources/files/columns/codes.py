"""Facts of a listing that a file's rows need, also for index codes that belong to no board."""

from __future__ import annotations

from screener.domain.listing import Board, Currency, Listing

__all__ = ["is_index", "price_currency"]


def is_index(listing: Listing) -> bool:
    """Tell whether a listing is an index; a code that starts with a letter always is."""
    return listing.code[0].isalpha() or listing.board is Board.INDEX


def price_currency(listing: Listing) -> Currency:
    """Return the currency in which prices and amounts of a listing are counted."""
    return listing.exchange.currency if is_index(listing) else listing.currency
