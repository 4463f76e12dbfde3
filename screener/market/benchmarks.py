"""The indices that baskets are held against by default, one a market."""

from __future__ import annotations

from screener.domain.listing import Exchange, Listing

__all__ = ["DEFAULT_BENCHMARK", "default_benchmark"]


DEFAULT_BENCHMARK = {True: Listing("000300", Exchange.SH), False: Listing("HSI", Exchange.HK)}


def default_benchmark(listing: Listing) -> Listing:
    """Return the default benchmark of a name: CSI 300 on the mainland, Hang Seng in Hong Kong."""
    return DEFAULT_BENCHMARK[listing.exchange.mainland]
