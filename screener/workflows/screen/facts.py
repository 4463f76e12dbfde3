"""The values of fields, as of a day: each table is read once, and only if a field needs it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import numpy as np
import pyarrow as pa

from screener.data.lake.asof import REACH, AsOf, Market, market_of
from screener.data.lake.rows import days_of, numbers_of
from screener.data.panels.fixings import Fixings, read_fixings
from screener.domain.arrays import DayArray, FlagArray, FloatVector, IntArray, TextArray
from screener.domain.listing import Currency, stored_listing
from screener.domain.report import Report
from screener.errors import DataError
from screener.language import say
from screener.screen.computed import Computed, Why
from screener.screen.fields import FIELDS, Field, FieldUnit, Rank
from screener.screen.percentiles import LEAST_DAYS, rank_among, rank_of_counts
from screener.screen.prices import Prices, price_field, sessions_needed
from screener.screen.statements import (
    DETAILED,
    STATEMENT_FIELDS,
    Statements,
    net_claims,
)
from screener.workflows.screen.expected import Expected, medians, read_expected, read_targets
from screener.workflows.screen.own_history import OwnHistory
from screener.workflows.screen.readers import (
    MANY,
    columns_of,
    last_session,
    read_prices,
    read_statements,
)
from screener.workflows.screen.told import TOLD, Told

__all__ = ["Facts", "Values"]

_LEAST = {Rank.INDUSTRY: 5, Rank.MARKET: 20}
_MARKETS = tuple(Market)

Values = Computed | TextArray
"""Values of a field: numbers, or texts and flags, `None` where unknown."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Facts:
    """Values of fields for some listings, as they could be known by the end of a day.

    Parameters
    ----------
    known
        The tables as of that day.
    ids
        Listing ids, sorted.
    peers
        `(n_ids,)` which of them a rank among listings is taken over.
    snapshots
        Last session with a valuation, by market.
    valuations
        The last row of table `valuation` of each of them that has one.
    currency
        Currency of amounts.
    currencies
        Currency by listing id, where the listing master says so.
    cards
        Report cards of the workspace.
    fields
        Fields that will be asked for, so that bars are read as far back as they need.
    """

    known: AsOf
    ids: tuple[str, ...]
    peers: FlagArray
    snapshots: Mapping[Market, date | None]
    valuations: pa.Table
    currency: Currency
    currencies: Mapping[str, Currency]
    cards: Sequence[Report] = ()
    fields: Sequence[Field] = ()
    lacks: dict[str, None] = field(default_factory=dict)
    remarks: dict[str, None] = field(default_factory=dict)
    found: dict[str, Values] = field(default_factory=dict, repr=False)

    def column(self, name: str) -> Values:
        """Return the values of a field."""
        if name not in self.found:
            self.found[name] = self._compute(FIELDS[name])
        return self.found[name]

    def number(self, name: str) -> Computed:
        """Return the values of a field that is a number."""
        found = self.column(name)
        if not isinstance(found, Computed):
            raise TypeError(name)
        return found

    def _compute(self, asked: Field) -> Values:
        if asked.rank is not None:
            return self._own_rank(asked) if asked.rank.years else self._rank_among(asked)
        if asked.stored:
            return self._valued(asked)
        if asked.name in STATEMENT_FIELDS:
            statements, currencies = self._reported
            found = STATEMENT_FIELDS[asked.name](statements)
            money = asked.unit is FieldUnit.MONEY
            return self._converted(found, currencies, self._today) if money else found
        if asked.tables == ("bars",):
            found = self._priced(asked.name)
            money = asked.unit is FieldUnit.MONEY
            return self._converted(found, self._own_currency, self._today) if money else found
        if asked.name in TOLD:
            return TOLD[asked.name](self._told)
        return _OTHERS[asked.name](self)

    @cached_property
    def _told(self) -> Told:
        return Told(known=self.known, ids=self.ids, cards=self.cards)

    # Valuation and ranks

    @cached_property
    def _valuation_places(self) -> IntArray:
        return columns_of(self.valuations, self.ids)

    def stored(self, name: str) -> FloatVector:
        """Return a column of table `valuation` as stored, in the listing's currency."""
        raw = np.full(len(self.ids), np.nan)
        kept = self._valuation_places >= 0
        raw[self._valuation_places[kept]] = numbers_of(self.valuations, name)[kept]
        return np.where(np.isfinite(raw), raw, np.nan)

    def valued_on(self) -> DayArray:
        """Return the session of each one's valuation, NaT without one."""
        days = np.full(len(self.ids), np.datetime64("NaT"), dtype="datetime64[D]")
        kept = self._valuation_places >= 0
        days[self._valuation_places[kept]] = days_of(self.valuations, "session")[kept]
        return days

    def _valued(self, asked: Field) -> Computed:
        raw = self.stored(asked.name)
        if asked.unit is FieldUnit.MONEY:
            return self._converted(Computed.of(raw), self._own_currency, self.valued_on())
        poor = (raw <= 0) if asked.positive_only else np.zeros(len(raw), dtype=bool)
        return Computed.of(raw, (poor, Why.UNDEFINED))

    def _own_rank(self, asked: Field) -> Computed:
        base, years = FIELDS[asked.base], asked.rank.years if asked.rank else None
        if not base.stored and years is not None:
            own = self._history.counts(base.name, years)
            return _ranked(*own).because_of(self.number(base.name))
        n, below, same = np.zeros((3, len(self.ids)))
        for market, session in self.snapshots.items():
            ours = [item for item in self.ids if market_of(item) is market]
            if session is None or years is None or not ours:
                continue
            rows = self.known.store.own_ranks(
                base.name,
                last=session,
                reach=REACH,
                years=years,
                suffixes=market.suffixes,
                positive=base.positive_only,
                listings=ours if len(ours) < MANY else None,
            )
            places = columns_of(rows, self.ids)
            kept = places >= 0
            for counts, name in ((n, "n"), (below, "below"), (same, "same")):
                counts[places[kept]] = numbers_of(rows, name)[kept]
        return _ranked(n, below, same).because_of(self.number(base.name))

    @cached_property
    def _history(self) -> OwnHistory:
        return OwnHistory(
            known=self.known,
            ids=self.ids,
            listed=self._told.list_dates,
            valuations=self.valuations,
            currencies=self._own_currency,
            names=tuple(name for name, item in FIELDS.items() if item.history and not item.stored),
        )

    def _rank_among(self, asked: Field) -> Computed:
        groups = self._market
        if asked.rank is Rank.INDUSTRY:
            texts = self._told.industry()
            names = {text: at for at, text in enumerate(sorted({str(t) for t in texts if t}))}
            own = np.array([names.get(text, -1) for text in texts], dtype=np.int64)
            groups = np.where(own >= 0, own * len(_MARKETS) + groups, -1)
        groups = np.where(self.peers, groups, -1)
        least = _LEAST[asked.rank] if asked.rank else 0
        return rank_among(self.number(asked.base), groups, least=least)

    # Statements, prices and money

    @cached_property
    def _reported(self) -> tuple[Statements, TextArray]:
        detailed = any((item.base or item.name) in DETAILED for item in self.fields)
        return read_statements(self.known, self.ids, detailed=detailed or not self.fields)

    @cached_property
    def _market(self) -> IntArray:
        return np.array([_MARKETS.index(market_of(item)) for item in self.ids], dtype=np.int64)

    @cached_property
    def _prices(self) -> tuple[tuple[IntArray, Prices], ...]:
        names = [item.base or item.name for item in self.fields if "bars" in item.tables]
        n_sessions = sessions_needed([*names, *(_BENEATH[n] for n in names if n in _BENEATH)])
        parts = []
        for number, market in enumerate(_MARKETS):
            own = np.flatnonzero(self._market == number)
            if len(own):
                ids = [self.ids[at] for at in own]
                listed = self._told.list_dates[own]
                parts.append((own, read_prices(self.known, ids, market, n_sessions, listed)))
        return tuple(parts)

    def _priced(self, name: str) -> Computed:
        values = np.full(len(self.ids), np.nan)
        why = np.full(len(self.ids), int(Why.MISSING))
        for own, held in self._prices:
            found = price_field(held, name)
            values[own], why[own] = found.values, found.why
        return Computed(values, why)

    @cached_property
    def _today(self) -> DayArray:
        days = np.array([last_session(self.known, market) for market in _MARKETS])
        found: DayArray = days[self._market]
        return found

    @cached_property
    def _own_currency(self) -> TextArray:
        own = [self.currencies.get(item) or stored_listing(item).currency for item in self.ids]
        return np.array([str(item) for item in own], dtype=object)

    def _converted(self, found: Computed, currencies: TextArray, days: DayArray) -> Computed:
        """Convert amounts; without a fixing there is none, which `lacks` counts."""
        rates = self._rates(found.why == Why.THERE, currencies, days)
        return Computed.of(found.values * rates).because_of(found)

    def _rates(self, there: FlagArray, currencies: TextArray, days: DayArray) -> FloatVector:
        """Return what 1 of each currency is on its day; 1 where nothing is there to convert."""
        rates = np.ones(len(there))
        foreign = np.flatnonzero(there & (currencies != str(self.currency)))
        if len(foreign):
            fixings = read_fixings(self.known.store, days[foreign].min().item(), self.known.day)
            keys = [(str(currencies[at]), days[at].item()) for at in foreign]
            known = {key: self._rate(fixings, *key) for key in dict.fromkeys(keys)}
            rates[foreign] = [known[key] for key in keys]
            self.remarks.update(dict.fromkeys(fixings.remarks()))
        return rates

    def _rate(self, fixings: Fixings, currency: str, day: date) -> float:
        try:
            return fixings.rate(Currency(currency), self.currency, day)
        except DataError as error:
            self.lacks.setdefault(str(error))
        except ValueError:  # a currency of a file that no fixing is kept of
            self.lacks.setdefault(say("there is no fixing of {currency}", currency=currency))
        return float("nan")

    # Of several tables

    def target_upside(self) -> Computed:
        """Return the median of each broker's newest target price over the price, less 1."""
        found = read_targets(self.known, self.ids)
        median = medians(found.listings, found.prices, len(self.ids))
        ratio = Computed.of(median).over(self._priced("price"))
        return Computed(ratio.values - 1, ratio.why)

    def turnover(self) -> Computed:
        """Return the mean amount over the market value of tradable shares."""
        return self._priced("amount_20").over(Computed.of(self.stored("float_cap")))

    def peg(self) -> Computed:
        """Return the trailing multiple over three years' growth of profit, in percent."""
        growth = self.number("profit_cagr_3y")
        percent = Computed(growth.values * 100, growth.why)
        return self.number("pe_ttm").over(percent)

    def pe_forward(self) -> Computed:
        """Return market value over expected profit, or price over expected earnings a share."""
        profit, eps = (self._expects(name) for name in ("profit", "eps"))
        price = self._converted(self._priced("price"), self._own_currency, self._today)
        whole, share = self.number("market_cap").over(profit), price.over(eps)
        first = np.isfinite(profit.values) & (whole.why != Why.MISSING)
        return Computed(
            np.where(first, whole.values, share.values), np.where(first, whole.why, share.why)
        )

    @cached_property
    def _expected(self) -> Expected:
        return read_expected(self.known, self.ids, self.cards)

    def _expects(self, name: str) -> Computed:
        """Return the median of what brokers expect of the fiscal year of the day."""
        found = self._expected
        values: FloatVector = getattr(found, name)
        days = self._today[found.listings]
        rates = self._rates(np.isfinite(values), found.currencies, days)
        return Computed.of(medians(found.listings, values * rates, len(self.ids)))

    def enterprise(self) -> Computed:
        """Return market value and what others claim, less cash."""
        statements, currencies = self._reported
        claims = self._converted(net_claims(statements), currencies, self._today)
        cap = self.number("market_cap")
        return Computed.of(cap.values + claims.values).because_of(cap, claims)

    def _enterprise_over(self, figure: Computed) -> Computed:
        value = self.number("ev")
        nothing = (value.why == Why.THERE) & (value.values <= 0)
        positive = Computed.of(value.values, (nothing, Why.UNDEFINED)).because_of(value)
        return positive.over(figure)

    def ev_revenue(self) -> Computed:
        """Return enterprise value over revenue of four quarters."""
        return self._enterprise_over(self.number("revenue_ttm"))

    def ev_revenue_forward(self) -> Computed:
        """Return enterprise value over the revenue that brokers expect of the year."""
        return self._enterprise_over(self._expects("revenue"))

    def ev_ebitda(self) -> Computed:
        """Return enterprise value over profit before interest, tax and depreciation."""
        return self._enterprise_over(self.number("ebitda_ttm"))


def _ranked(n: FloatVector, below: FloatVector, same: FloatVector) -> Computed:
    return Computed.of(rank_of_counts(n, below, same), (n < LEAST_DAYS, Why.SHORT))


_BENEATH = {"turnover_20": "amount_20", "target_upside": "price", "pe_forward": "price"}
_OTHERS: Mapping[str, Callable[[Facts], Values]] = {
    "pe_forward": Facts.pe_forward,
    "peg": Facts.peg,
    "ev": Facts.enterprise,
    "ev_revenue": Facts.ev_revenue,
    "ev_revenue_forward": Facts.ev_revenue_forward,
    "ev_ebitda": Facts.ev_ebitda,
    "turnover_20": Facts.turnover,
    "target_upside": Facts.target_upside,
}
