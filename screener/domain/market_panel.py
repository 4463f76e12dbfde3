"""The whole market over a stretch of sessions: prices, and what names are told apart by."""

from __future__ import annotations

from dataclasses import dataclass

from screener.domain.panel import FloatMatrix, PricePanel
from screener.errors import DataError

__all__ = ["MarketPanel"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MarketPanel:
    """Every stock with a bar in a stretch of sessions.

    Parameters
    ----------
    prices
        Their prices. `first_bars` and `last_bars` are those within the stretch.
    turnover
        `(n_sessions, n_listings)` turnover in the base currency; NaN where there is no bar.
    market_cap
        `(n_sessions, n_listings)` value of all shares in the base currency, as known at the close
        of each session; NaN where none is known that is fresh.
    industries
        `n_listings` industries as the listing master has them, empty where unknown. They bear no
        date: today's are taken for those of every session.
    """

    prices: PricePanel
    turnover: FloatMatrix
    market_cap: FloatMatrix
    industries: tuple[str, ...]

    def __post_init__(self) -> None:
        shape = self.prices.close.shape
        for name in ("turnover", "market_cap"):
            value = getattr(self, name)
            if value.shape != shape:
                raise DataError(f"panel {name} has shape {value.shape}, not {shape}")
            value.setflags(write=False)
        if len(self.industries) != shape[1]:
            raise DataError(f"{len(self.industries)} industries for {shape[1]} listings")
