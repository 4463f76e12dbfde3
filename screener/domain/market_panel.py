"""The whole market over a stretch of sessions: prices, and what names are told apart by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from screener.domain.arrays import FloatMatrix
from screener.domain.panel import PricePanel
from screener.errors import DataError
from screener.language import say

__all__ = ["MarketPanel", "Spell"]

Spell = tuple[int, date, date | None, str]


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
        date: today's are taken for those of every session that `spells` do not tell of.
    spells
        Dated industries: column, first day, last day (`None` while not told) and industry, in the
        order of their first days.
    """

    prices: PricePanel
    turnover: FloatMatrix
    market_cap: FloatMatrix
    industries: tuple[str, ...]
    spells: tuple[Spell, ...] = ()

    def industries_on(self, row: int) -> tuple[str, ...]:
        """Return `n_listings` industries on a session: the dated one, else the master's."""
        day, found = self.prices.session(row), list(self.industries)
        for column, first, last, industry in self.spells:
            if first <= day and (last is None or day <= last):
                found[column] = industry
        return tuple(found)

    def industry_rows(self) -> tuple[int, ...]:
        """Return the first row of every stretch of sessions in which no industry changes."""
        ends = (last + timedelta(days=1) for _, _, last, _ in self.spells if last is not None)
        days = {*(first for _, first, _, _ in self.spells), *ends}
        rows = {0, *(self.prices.row(day) for day in days)}
        return tuple(sorted(row for row in rows if row < len(self.prices.sessions)))

    def __post_init__(self) -> None:
        shape = self.prices.close.shape
        for name in ("turnover", "market_cap"):
            value = getattr(self, name)
            if value.shape != shape:
                raise DataError(
                    say(
                        "panel {name} has shape {shape}, not {wanted}",
                        name=name,
                        shape=value.shape,
                        wanted=shape,
                    )
                )
            value.setflags(write=False)
        if len(self.industries) != shape[1]:
            raise DataError(
                say("{n} industries for {all} listings", n=len(self.industries), all=shape[1])
            )
