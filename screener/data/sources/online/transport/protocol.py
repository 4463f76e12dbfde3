"""What can be asked of a source on the network, how it is asked, and what a source must offer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, Protocol

from screener.data.lake.batch import Batch
from screener.domain.listing import Exchange, Listing

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Ask", "Call", "Need", "OnlineSource", "Page", "Query", "Wire"]


class Need(StrEnum):
    """What is asked for; a source offers one of them for some exchanges."""

    MASTER = "master"
    """Listings of an exchange with today's names: tables `listings`, `names`."""
    DELISTED = "delisted"
    """Listings that an exchange no longer has: tables `listings`, `names`."""
    RENAMES = "renames"
    """Dated names, of an exchange or of one listing: table `names`."""
    CALENDAR = "calendar"
    """Sessions of an exchange: table `calendar`."""
    FX = "fx"
    """Fixings of a currency pair: table `fx`."""
    BARS = "bars"
    """Raw daily bars of a security: table `bars`."""
    INDEX_BARS = "index_bars"
    """Daily bars of an index: table `bars`."""
    ACTIONS = "actions"
    """Dividends, bonus shares and splits of a security: table `actions`."""
    RIGHTS = "rights"
    """Rights issues of a security: table `actions`."""
    VENDOR_FACTORS = "vendor_factors"
    """The vendor's own adjustment factors, to check ours against: table `factors`, never stored."""
    VALUATION = "valuation"
    """Multiples and market value by session: table `valuation`."""
    FUNDAMENTALS = "fundamentals"
    """Reported figures with the day on which they could be known: table `fundamentals`."""
    PROFILE = "profile"
    """Board lot and first trading day of a Hong Kong security: tables `board_lots`, `listings`."""
    SUSPENSIONS = "suspensions"
    """Suspensions of the whole mainland market that touch one day: table `status`."""
    RATINGS = "ratings"
    """Ratings of one mainland security by brokers: table `ratings`."""
    MARKET_RATINGS = "market_ratings"
    """Ratings of the whole mainland market, day by day: table `ratings`."""
    SESSION_LIST = "session_list"
    """Bar and value of each listing of a market, last session: tables `bars`, `valuation`."""
    INDUSTRIES = "industries"
    """Industries of the whole mainland market since when: table `industries`."""
    ELIGIBILITY = "eligibility"
    """Hong Kong securities that mainland investors may buy today: table `eligibility`."""
    STATUS = "status"
    """Suspension and special treatment of one security by session: table `status`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One question: what is needed, of which listing or exchange, for which days.

    Parameters
    ----------
    need
        What is asked for.
    start, end
        First and last day, both included; a source may send more, `normalise` keeps these.
    fetched_at
        Instant written on every row.
    listing
        The security or index, where the need is about one.
    exchange
        The exchange, where the need is about a whole one; the listing's own otherwise.
    pair
        Currency pair such as `HKDCNY`, for `Need.FX`.
    """

    need: Need
    start: date
    end: date
    fetched_at: datetime
    listing: Listing | None = None
    exchange: Exchange | None = None
    pair: str = ""

    @property
    def subject(self) -> str:
        """Listing id, exchange or pair that is asked about."""
        if self.listing is not None:
            return self.listing.id
        return self.pair or str(self.exchange)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call of one akshare function."""

    function: str
    arguments: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page that is fetched without akshare.

    Parameters
    ----------
    url, params, headers
        As for an HTTP GET.
    encoding
        Encoding of the body; the one that the server states when empty.
    """

    url: str
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    encoding: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A question in a source's own terms: the calls and pages that answer it, in order."""

    ask: Ask
    calls: tuple[Call | Page, ...]


class Wire(Protocol):
    """The way out of the machine; it paces, times out, and raises `SourceError` alone."""

    def akshare(self, call: Call, *, due: bool) -> pd.DataFrame:
        """Run an akshare function.

        Parameters
        ----------
        call
            Function and arguments.
        due
            Whether rows must exist, so that a reply without any is a fault and not an answer.

        Raises
        ------
        SourceBlocked
            If the host could not be asked, or has its circuit open after an earlier refusal.
        SourceEmpty
            If it answered that there is nothing.
        SourceChanged
            If the reply has another shape than before.
        """
        ...

    def page(self, page: Page) -> str:
        """Fetch a page as text; raises as `akshare` does."""
        ...


class OnlineSource(Protocol):
    """A source of one need, in three steps; only `fetch` may touch the outside world.

    `fetch` is all calls of the query, in order. `normalise` keeps the asked days, converts units
    to the schema's, and turns a row that cannot be read into a `Reject`; the checks that every
    source shares (sessions, prices, limits, agreement) come after it.
    """

    name: ClassVar[str]
    """Short name, written as `source` on every row: `tencent`."""
    need: ClassVar[Need]
    exchanges: ClassVar[frozenset[Exchange]]
    hosts: ClassVar[tuple[str, ...]]
    """Hosts that it asks; while the circuit of one is open, the source is passed over."""

    def __init__(self, wire: Wire) -> None: ...

    def build_query(self, ask: Ask) -> Query:
        """Turn a question into the source's own calls."""
        ...

    def fetch(self, query: Query) -> tuple[pd.DataFrame | str, ...]:
        """Ask: one frame for each `Call`, one text for each `Page`."""
        ...

    def normalise(self, query: Query, payload: tuple[pd.DataFrame | str, ...]) -> Batch:
        """Turn what came back into rows of our tables; raises `SourceChanged` if it cannot."""
        ...
