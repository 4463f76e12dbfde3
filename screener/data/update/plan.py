"""Which questions an update asks, and for which days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from screener.data.sources.online.transport.protocol import Ask, Need
from screener.data.update.planning import (
    LIST_MARK,
    ON_REQUEST,
    REFRESH,
    RENEWED,
    SETTLED_BY_LISTS,
    Fetched,
    Span,
    listing_needs,
    open_span,
)
from screener.domain.listing import Board, Exchange, Listing
from screener.market.calendars import calendar_of
from screener.market.session_hours import settled_session

__all__ = ["ESSENTIAL", "PRICES", "Question", "UpdatePlan", "UpdateRequest"]

LATENESS = timedelta(minutes=45)
"""How long after a session's end vendors are given before its bar is asked for."""

ESSENTIAL = (Need.ACTIONS, Need.RIGHTS, Need.BARS)
"""They are committed together or not at all: bars without their actions are wrong returns."""

PRICES = (*ESSENTIAL, Need.INDEX_BARS)

_PAIR = "HKDCNY"
_DAILY = frozenset(
    {
        *(Need.BARS, Need.INDEX_BARS, Need.VALUATION, Need.FX, Need.CALENDAR),
        Need.MARKET_RATINGS,
    }
)
_MARKET = (
    (Need.MASTER, frozenset(Exchange)),
    (Need.DELISTED, frozenset({Exchange.SH, Exchange.SZ})),
    (Need.RENAMES, frozenset({Exchange.SZ})),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateRequest:
    """What to bring up to date.

    Parameters
    ----------
    listings
        Indices and securities.
    start
        First day of history wanted.
    end
        Last day wanted; each exchange's last finished session when `None`.
    needs
        What to ask for; everything when empty.
    sources
        Names of the sources to use; all when empty.
    replace_adjusted
        Whether the adjusted prices of an imported file give way to raw ones.
    stages
        Where the parts of `listings` end that are worked off one after the other; one part when
        empty.
    """

    listings: tuple[Listing, ...]
    start: date
    end: date | None = None
    needs: frozenset[Need] = frozenset()
    sources: frozenset[str] = frozenset()
    replace_adjusted: bool = False
    stages: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked, of which listing, exchange or pair."""

    need: Need
    exchange: Exchange
    listing: Listing | None = None
    pair: str = ""

    @property
    def subject(self) -> str:
        """Listing id, pair or exchange."""
        return self.listing.id if self.listing is not None else self.pair or str(self.exchange)


@dataclass(slots=True, kw_only=True)
class UpdatePlan:
    """What is still to ask, given what was answered.

    Parameters
    ----------
    request
        What is wanted.
    started
        Instant of the update.
    known
        What was answered so far, by need and subject.
    replaced
        Listings whose prices are asked for afresh, since raw ones replace adjusted ones.
    ends
        First day on which a listing was no longer listed, of those that are gone.
    listed
        Listings whose bar of today a market's list gives in this update.
    """

    request: UpdateRequest
    started: datetime
    known: Mapping[tuple[Need, str], Fetched]
    replaced: set[str] = field(default_factory=set)
    ends: Mapping[str, date] = field(default_factory=dict)
    up_to_date: int = field(default=0)
    listed: set[str] = field(default_factory=set)

    def wants(self, need: Need) -> bool:
        """Tell whether a need is asked for; who asks for bars asks for all that they depend on."""
        needs = self.request.needs
        implied = {
            Need.ACTIONS: {Need.BARS, Need.RIGHTS},
            Need.RIGHTS: {Need.BARS, Need.ACTIONS},
            Need.INDEX_BARS: {Need.BARS},
            Need.SESSION_LIST: {Need.BARS},
        }
        asked = not needs and need not in ON_REQUEST
        return asked or need in needs or bool(needs & implied.get(need, set()))

    def over(self, exchange: Exchange) -> date:
        """Return the last session of an exchange that is over."""
        return settled_session(exchange, self.started, calendar_of(exchange), margin=LATENESS)

    def settled(self, exchange: Exchange) -> date:
        """Return the last session of an exchange that is wanted and over."""
        end = self.request.end
        return self.over(exchange) if end is None else min(self.over(exchange), end)

    def securities(self) -> list[Listing]:
        """List the listings that are no indices."""
        return [item for item in self.request.listings if item.board is not Board.INDEX]

    def market_questions(self) -> list[Question]:
        """List the questions about whole markets, of those that the listings are on."""
        exchanges = sorted({item.exchange for item in self.securities()})
        found = [
            Question(need=need, exchange=exchange)
            for need, offered in _MARKET
            for exchange in exchanges
            if exchange in offered
        ]
        if any(item.mainland for item in exchanges):
            found.append(Question(need=Need.CALENDAR, exchange=Exchange.SH))
            found.append(Question(need=Need.MARKET_RATINGS, exchange=Exchange.SH))
            found.append(Question(need=Need.INDUSTRIES, exchange=Exchange.SH))
        if Exchange.HK in exchanges:
            found.append(Question(need=Need.FX, exchange=Exchange.HK, pair=_PAIR))
            found.append(Question(need=Need.ELIGIBILITY, exchange=Exchange.HK))
        return [item for item in found if self.wants(item.need)]

    def listing_questions(self, listing: Listing) -> list[Question]:
        """List the questions about a listing, in the order in which they are asked."""
        return [
            Question(need=need, exchange=listing.exchange, listing=listing)
            for need in listing_needs(listing)
            if self.wants(need)
        ]

    def ask(self, question: Question) -> Ask | None:
        """Return what is still to ask, or `None` if it is up to date (and counts it)."""
        settled = self.settled(question.exchange)
        wanted = Span(
            start=self.request.start, end=min(settled, self.ends.get(question.subject, settled))
        )
        if wanted.start > wanted.end:
            return None
        if self._settled_by_list(question):
            self.up_to_date += 1
            return None
        span = open_span(
            wanted,
            self.answered(question.need, question.subject),
            calendar_of(question.exchange),
            self.started,
            daily=question.need in _DAILY,
            refresh=REFRESH.get(question.need, timedelta(0)),
        )
        if span is None:
            self.up_to_date += 1
            return None
        return self._asked(question, span)

    def _settled_by_list(self, question: Question) -> bool:
        """Tell whether a market's list answers a question, or lets its last answer do."""
        listing = question.listing
        if listing is None or not self._in_list(listing):
            return False
        if question.need is Need.BARS:
            return listing.id in self.listed
        waits = SETTLED_BY_LISTS[listing.exchange.mainland] - self.request.needs
        known = self.answered(question.need, listing.id) if question.need in waits else None
        return known is not None and timedelta(0) <= self.started - known.fetched_at < RENEWED

    def _in_list(self, listing: Listing) -> bool:
        bars = self.answered(Need.BARS, listing.id)
        today = bars is not None and bars.last == self.over(listing.exchange)
        told = bars is not None and bars.source.endswith(LIST_MARK)
        return listing.id in self.listed or (today and told)

    def answered(self, need: Need, subject: str) -> Fetched | None:
        """Return what was answered so far that still stands."""
        if subject in self.replaced and need in PRICES:
            return None
        return self.known.get((need, subject))

    def standing(self) -> dict[tuple[Need, str], Fetched]:
        """Return all that was answered so far and still stands."""
        return {key: item for key, item in self.known.items() if self.answered(*key) is not None}

    def afresh(self, question: Question) -> Ask:
        """Return a question about all that is wanted, whatever was answered."""
        span = Span(start=self.request.start, end=self.settled(question.exchange))
        return self._asked(question, span)

    def _asked(self, question: Question, span: Span) -> Ask:
        return Ask(
            need=question.need,
            start=span.start,
            end=span.end,
            fetched_at=self.started,
            listing=question.listing,
            exchange=question.exchange,
            pair=question.pair,
        )
