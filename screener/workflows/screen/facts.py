"""The values of fields, as of a day: each table is read once, and only if a field needs it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
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
from screener.market.special_treatment import in_delisting_period
from screener.screen.computed import Computed, Why
from screener.screen.fields import FIELDS, Field, FieldUnit, Rank
from screener.screen.percentiles import LEAST_DAYS, rank_among, rank_of_counts
from screener.screen.prices import Prices, price_field, sessions_needed
from screener.screen.statements import STATEMENT_FIELDS, Statements, net_claims
from screener.workflows.screen.expected import medians, read_expected, read_targets
from screener.workflows.screen.readers import (
    MANY,
    columns_of,
    last_session,
    read_prices,
    read_statements,
)

__all__ = ["Facts", "Values"]

_LEAST = {Rank.INDUSTRY: 5, Rank.MARKET: 20}
_MARKETS = tuple(Market)
_RATED, _TARGETED = timedelta(days=90), timedelta(days=180)

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
        return _OTHERS[asked.name](self)

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
        ranks = rank_of_counts(n, below, same)
        return Computed.of(ranks, (n < LEAST_DAYS, Why.SHORT)).because_of(self.number(base.name))

    def _rank_among(self, asked: Field) -> Computed:
        groups = self._market
        if asked.rank is Rank.INDUSTRY:
            texts = self.industry()
            names = {text: at for at, text in enumerate(sorted({str(t) for t in texts if t}))}
            own = np.array([names.get(text, -1) for text in texts], dtype=np.int64)
            groups = np.where(own >= 0, own * len(_MARKETS) + groups, -1)
        groups = np.where(self.peers, groups, -1)
        least = _LEAST[asked.rank] if asked.rank else 0
        return rank_among(self.number(asked.base), groups, least=least)

    # Statements, prices and money

    @cached_property
    def _reported(self) -> tuple[Statements, TextArray]:
        return read_statements(self.known, self.ids)

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
                listed = self._list_dates[own]
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

    # What is told of a listing

    @cached_property
    def _list_dates(self) -> DayArray:
        alive = self.known.listings_alive()
        days = np.full(len(self.ids), np.datetime64("NaT"), dtype="datetime64[D]")
        places = columns_of(alive, self.ids)
        kept = places >= 0
        days[places[kept]] = days_of(alive, "list_date")[kept]
        return days

    @cached_property
    def _names(self) -> dict[str, str]:
        rows = self.known.names_on()
        columns = (rows.column(name).to_pylist() for name in ("listing", "name"))
        return dict(zip(*columns, strict=True))

    def days_listed(self) -> Computed:
        """Return the days since the first session."""
        dates = self._list_dates
        days = (np.datetime64(self.known.day, "D") - dates).astype(np.float64)
        return Computed.of(np.where(np.isnat(dates), np.nan, days))

    def industry(self) -> TextArray:
        """Return the industry in force on the day."""
        rows = self.known.industries_on()
        columns = (rows.column(name).to_pylist() for name in ("listing", "industry"))
        return self._texts(dict(zip(*columns, strict=True)).get)

    def board(self) -> TextArray:
        """Return the board that each code tells."""
        return self._texts(lambda item: str(stored_listing(item).board))

    def exchange(self) -> TextArray:
        """Return the exchange of each listing."""
        return self._texts(lambda item: item.rpartition(".")[2])

    def southbound(self) -> TextArray:
        """Tell who may be bought southbound; unknown in Hong Kong before the first record."""
        found = self.known.southbound_on()
        return self._texts(
            lambda item: (
                None if found is None and item.endswith(".HK") else (found or {}).get(item, False)
            )
        )

    def special(self) -> TextArray:
        """Tell who is under special treatment; unknown without a name or a status."""
        marked = self.known.st_on()
        return self._texts(
            lambda item: True if item in marked else (False if item in self._names else None)
        )

    def delisting(self) -> TextArray:
        """Tell who is in its delisting period, by its name."""
        return self._texts(
            lambda item: in_delisting_period(self._names[item]) if item in self._names else None
        )

    def suspended(self) -> TextArray:
        """Tell who was not traded in its market's last session; unknown without bar and status."""
        found: dict[str, bool] = {}
        for market in _MARKETS:
            last = self.known.last_bar_session(market)
            if last is not None:
                found.update(self.known.suspensions(last, market))
        return self._texts(found.get)

    def _texts(self, told: Callable[[str], object]) -> TextArray:
        return np.array([told(item) for item in self.ids] or [], dtype=object)

    # Reports and ratings

    @cached_property
    def _known_cards(self) -> list[Report]:
        return [
            card
            for card in self.cards
            if card.published.value is not None and card.published.day <= self.known.day
        ]

    @cached_property
    def _naming(self) -> dict[str, list[tuple[date, str]]]:
        """Return of each listing the day and theme of each card that named it by then."""
        found: dict[str, list[tuple[date, str]]] = defaultdict(list)
        for card in self._known_cards:
            for item in card.securities:
                found[item.listing.id].append((card.published.day, item.theme))
        return found

    @cached_property
    def _carded(self) -> dict[str, int]:
        counts: dict[str, int] = defaultdict(int)
        for card in self._known_cards:
            for listing in {item.listing.id for item in card.securities}:
                counts[listing] += 1
        return counts

    def reports(self) -> Computed:
        """Count the cards that name each listing; none is 0."""
        return Computed.of(np.array([float(self._carded.get(i, 0)) for i in self.ids]))

    def themes(self) -> TextArray:
        """Return the themes under which cards name each listing."""
        return self._texts(
            lambda item: (
                ",".join(dict.fromkeys(t for _, t in self._naming.get(item, ()) if t)) or None
            )
        )

    def named_in(self) -> TextArray:
        """Return the ids of the cards that name each listing, the oldest first."""
        names: dict[str, dict[str, None]] = defaultdict(dict)
        for card in sorted(self._known_cards, key=lambda card: (card.published.day, card.id)):
            for item in card.securities:
                names[item.listing.id][card.id] = None
        return self._texts(lambda item: ",".join(names.get(item, ())) or None)

    def days_since_report(self) -> Computed:
        """Return the days since the newest card that names each listing."""
        last = {item: max(day for day, _ in held) for item, held in self._naming.items()}
        days = [(self.known.day - last[i]).days if i in last else np.nan for i in self.ids]
        return Computed.of(np.array(days, dtype=np.float64))

    def brokers(self) -> Computed:
        """Count the brokers that rated each listing within 90 days; missing without any rating."""
        columns = ("listing", "published", "broker")
        rows = self.known.ratings_since(self.known.day - _TARGETED, columns=columns)
        bound = np.datetime64(self.known.day - _RATED, "D")
        names: dict[str, set[str]] = defaultdict(set)
        told = (rows.column(name).to_pylist() for name in ("listing", "broker"))
        for listing, broker, day in zip(*told, days_of(rows, "published"), strict=True):
            if day > bound:
                names[listing].add(broker)
        counts = np.array([float(len(names.get(item, ()))) for item in self.ids])
        return Computed.of(counts if rows.num_rows else np.full(len(counts), np.nan))

    def target_upside(self) -> Computed:
        """Return the median of each broker's newest target price over the price, less 1."""
        found = read_targets(self.known, self.ids)
        median = medians(found.listings, found.prices, len(self.ids))
        ratio = Computed.of(median).over(self._priced("price"))
        return Computed(ratio.values - 1, ratio.why)

    # Of two tables

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
        found = read_expected(self.known, self.ids, self.cards)
        rates = self._rates(
            np.isfinite(found.profit) | np.isfinite(found.eps),
            found.currencies,
            self._today[found.listings],
        )
        profit, eps = (
            Computed.of(medians(found.listings, values * rates, len(self.ids)))
            for values in (found.profit, found.eps)
        )
        price = self._converted(self._priced("price"), self._own_currency, self._today)
        whole, share = self.number("market_cap").over(profit), price.over(eps)
        first = np.isfinite(profit.values) & (whole.why != Why.MISSING)
        return Computed(
            np.where(first, whole.values, share.values), np.where(first, whole.why, share.why)
        )

    def enterprise(self) -> Computed:
        """Return market value and what others claim, less cash."""
        statements, currencies = self._reported
        claims = self._converted(net_claims(statements), currencies, self._today)
        cap = self.number("market_cap")
        return Computed.of(cap.values + claims.values).because_of(cap, claims)

    def _enterprise_over(self, name: str) -> Computed:
        value, figure = self.number("ev"), self.number(name)
        nothing = (value.why == Why.THERE) & (value.values <= 0)
        positive = Computed.of(value.values, (nothing, Why.UNDEFINED)).because_of(value)
        return positive.over(figure)

    def ev_revenue(self) -> Computed:
        """Return enterprise value over revenue of four quarters."""
        return self._enterprise_over("revenue_ttm")

    def ev_ebitda(self) -> Computed:
        """Return enterprise value over profit before interest, tax and depreciation."""
        return self._enterprise_over("ebitda_ttm")


_BENEATH = {"turnover_20": "amount_20", "target_upside": "price", "pe_forward": "price"}
_OTHERS: Mapping[str, Callable[[Facts], Values]] = {
    "pe_forward": Facts.pe_forward,
    "peg": Facts.peg,
    "ev": Facts.enterprise,
    "ev_revenue": Facts.ev_revenue,
    "ev_ebitda": Facts.ev_ebitda,
    "turnover_20": Facts.turnover,
    "industry": Facts.industry,
    "board": Facts.board,
    "exchange": Facts.exchange,
    "days_listed": Facts.days_listed,
    "southbound": Facts.southbound,
    "st": Facts.special,
    "delisting": Facts.delisting,
    "suspended": Facts.suspended,
    "reports": Facts.reports,
    "named_in": Facts.named_in,
    "themes": Facts.themes,
    "days_since_report": Facts.days_since_report,
    "brokers_90": Facts.brokers,
    "target_upside": Facts.target_upside,
}
