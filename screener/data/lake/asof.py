"""The tables as they could be known at an instant: no row that is dated or published later.

A date stands for what was known after the close of that day, 15:00 on the mainland and 16:10 in
Hong Kong; what holds from a day on (a name, a lot, a listing) is known from its morning. Adding
rows that are dated or known later changes nothing that is returned here.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from screener.data.lake.rows import empty_rows
from screener.data.lake.schema import SOUTHBOUND, TableName
from screener.data.lake.store import Store
from screener.domain.days import SHANGHAI
from screener.domain.listing import Exchange
from screener.errors import DateRangeError, InputError
from screener.language import say
from screener.market.session_hours import session_end
from screener.market.special_treatment import bears_st_name

__all__ = ["FROM_STATEMENTS", "REACH", "AsOf", "Market", "market_of"]

REACH = timedelta(days=7)
"""How far before its market's last one a listing's own valuation may lie, in calendar days."""


FROM_STATEMENTS = ("pe_ttm", "pe_static", "ps_ttm", "pcf_ttm", "dividend_yield")
"""Columns of table `valuation` that move with the statements, beside the price."""


class Market(StrEnum):
    """Exchanges that share their sessions, and so a valuation snapshot."""

    MAINLAND = "mainland"
    HONG_KONG = "Hong Kong"

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Endings of its listing ids."""
        return (".HK",) if self is Market.HONG_KONG else (".SH", ".SZ", ".BJ")

    @property
    def exchange(self) -> Exchange:
        """Exchange whose hours and sessions are its own."""
        return Exchange.HK if self is Market.HONG_KONG else Exchange.SH


def market_of(listing: str) -> Market:
    """Return the market of a listing id."""
    return Market.HONG_KONG if listing.endswith(".HK") else Market.MAINLAND


@dataclass(frozen=True, slots=True)
class AsOf:
    """What the tables hold that could be known at an instant.

    Parameters
    ----------
    store
        The lake, at the version to read.
    at
        Aware instant.

    Raises
    ------
    InputError
        If the instant has no zone.
    """

    store: Store
    at: datetime
    _tables: dict[TableName, pa.Table] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise InputError(
                say("instant {instant} has no zone", instant=self.at),
                fix=say("write it with +08:00"),
            )

    @classmethod
    def after_close(cls, store: Store, day: date) -> AsOf:
        """Return what could be known at the end of a day, after every close."""
        return cls(store, datetime.combine(day, time.max, SHANGHAI))

    @property
    def day(self) -> date:
        """The exchanges' date at the instant."""
        return self.at.astimezone(SHANGHAI).date()

    def closed_day(self, exchange: Exchange) -> date:
        """Return the last day that is over on an exchange: today once its close has come."""
        local = self.at.astimezone(SHANGHAI)
        try:
            end = session_end(exchange, local.date()).time
        except DateRangeError:  # before the first session there ever was: nothing is running
            return local.date()
        return local.date() if local.time() >= end else local.date() - timedelta(days=1)

    def names_on(self, day: date | None = None) -> pa.Table:
        """Return the row of each listing's name in force on a day.

        Parameters
        ----------
        day
            A day up to that of the instant, which stands for `None` and for every later one.

        Returns
        -------
        pyarrow.Table
            Columns of table `names`, at most one row for each listing, sorted by listing.
        """
        return _in_force(self._whole(TableName.NAMES), self._until(day))

    def names_after(self) -> pa.Table:
        """Return the first name of each listing that is known only from a later day on.

        It looks ahead: to be shown where no earlier name is known, never to decide anything.
        """
        rows = self._whole(TableName.NAMES)
        later = rows.filter(pc.greater(rows.column("valid_from"), _day(self._until(None))))
        return later.take(pa.array(_firsts(later.column("listing")), pa.int64()))

    def st_on(self, day: date | None = None) -> frozenset[str]:
        """Return the ids under special treatment on a day, by their name or by the day's status.

        Parameters
        ----------
        day
            As in `names_on`.
        """
        until = self._until(day)
        names = self.names_on(until)
        pairs = zip(
            names.column("listing").to_pylist(), names.column("name").to_pylist(), strict=True
        )
        named = {listing for listing, name in pairs if bears_st_name(name)}
        status = self.store.read(TableName.STATUS, start=until, end=until)
        marked = status.filter(pc.fill_null(status.column("st"), False))
        return frozenset(named.union(marked.column("listing").to_pylist()))

    def industries_on(self) -> pa.Table:
        """Return the row of each listing's industry in force on the day of the instant.

        A row that is known to have ended by then is none.
        """
        rows = _in_force(self._whole(TableName.INDUSTRIES), self.day)
        over = pc.fill_null(pc.less(rows.column("valid_to"), _day(self.day)), False)
        return rows.filter(pc.invert(over))

    def ratings_since(self, first: date, *, columns: Sequence[str]) -> pa.Table:
        """Return the ratings published from a day on, as known by then, by day.

        A rating counts as known after the close of the day of its note.
        """
        rows = self.store.read(TableName.RATINGS, start=first, end=self.day, columns=tuple(columns))
        return rows.filter(self._published(rows, "published"))

    def last_bar_session(self, market: Market) -> date | None:
        """Return a market's last session with a bar that was over by then."""
        return self.store.last_session(
            TableName.BARS,
            on_or_before=self.closed_day(market.exchange),
            suffixes=market.suffixes,
        )

    def suspensions(self, session: date, market: Market) -> dict[str, bool]:
        """Tell of a market's listings whether they were suspended on a session.

        A bar without volume is a suspension. A listing without bar and status is not told of.
        """
        bars = self.store.read(
            TableName.BARS, start=session, end=session, columns=("listing", "volume")
        )
        status = self.store.read(
            TableName.STATUS, start=session, end=session, columns=("listing", "suspended")
        )
        traded = pc.fill_null(pc.greater(bars.column("volume"), 0), True)
        found = zip(bars.column("listing").to_pylist(), traded.to_pylist(), strict=True)
        halted = {listing: not there for listing, there in found}
        told = zip(*(status.column(n).to_pylist() for n in status.column_names), strict=True)
        halted.update({listing: True for listing, suspended in told if suspended})
        return {item: flag for item, flag in halted.items() if market_of(item) is market}

    def board_lots(self, day: date | None = None) -> pa.Table:
        """Return the row of each listing's board lot in force on a day; `day` as in `names_on`."""
        return _in_force(self._whole(TableName.BOARD_LOTS), self._until(day))

    def listings_alive(self) -> pa.Table:
        """Return the listings that were listed on or before the day and not yet delisted.

        Those that were delisted later are among them, their `delist_date` empty, since nobody
        knew it; a listing without a list date counts as listed.

        Returns
        -------
        pyarrow.Table
            Columns of table `listings`, of every kind, sorted by listing.
        """
        rows = self._whole(TableName.LISTINGS)
        today = _day(self.day)
        listed = pc.less_equal(rows.column("list_date"), today)
        alive = rows.filter(pc.and_(pc.fill_null(listed, True), pc.invert(_gone(rows, today))))
        at = alive.column_names.index("delist_date")
        unknown = pa.nulls(alive.num_rows, alive.column("delist_date").type)
        return alive.set_column(at, alive.field("delist_date"), unknown)

    def listings_gone(self) -> pa.Table:
        """Return the listings that were delisted on or before the day."""
        rows = self._whole(TableName.LISTINGS)
        return rows.filter(_gone(rows, _day(self.day)))

    def currencies(self) -> dict[str, str]:
        """Return the currency of every listing: it holds for life, so its date does not matter."""
        rows = self._whole(TableName.LISTINGS)
        names = rows.column("listing").to_pylist()
        return dict(zip(names, rows.column("currency").to_pylist(), strict=True))

    def actions(self, *, listings: Sequence[str] | None = None) -> pa.Table:
        """Return the corporate actions announced by then.

        An announcement is known after the close of its day; without its date an action is known
        from its ex-session on.

        Parameters
        ----------
        listings
            Listing ids to keep; all when `None`.
        """
        rows = self.store.read(TableName.ACTIONS, listings=listings)
        told = self._published(rows, "announced")
        seen = pc.less_equal(rows.column("ex_session"), _day(self.day))
        return rows.filter(pc.if_else(rows.column("announced").is_null(), seen, told))

    def fundamentals(self, *, listings: Sequence[str] | None = None) -> pa.Table:
        """Return of each listing and period the latest figures published by then.

        Figures are known after the close of the day of `known_at`.

        Parameters
        ----------
        listings
            Listing ids to keep; all when `None`.

        Returns
        -------
        pyarrow.Table
            Columns of table `fundamentals`, one row for each listing and period.
        """
        rows = self.store.read(TableName.FUNDAMENTALS, listings=listings)
        known = rows.filter(self._published(rows, "known_at"))
        pairs = [known.column(name).to_pylist() for name in ("listing", "period_end")]
        return known.take(pa.array(_lasts(zip(*pairs, strict=True)), pa.int64()))

    def vintages(
        self, *, columns: Sequence[str], listings: Sequence[str] | None = None
    ) -> pa.Table:
        """Return every row of `fundamentals` published by then, older vintages included.

        Parameters
        ----------
        columns
            Columns to read; `listing`, `period_end` and `known_at` are always among them.
        listings
            Listing ids to keep; all when `None`.

        Returns
        -------
        pyarrow.Table
            Sorted by listing, period and `known_at`.
        """
        wanted = dict.fromkeys(("listing", "period_end", "known_at", *columns))
        rows = self.store.read(
            TableName.FUNDAMENTALS, listings=listings, end=self.day, columns=tuple(wanted)
        )
        return rows.filter(self._published(rows, "known_at"))

    def estimates(self, fiscal_year: int, *, since: date) -> pa.Table:
        """Return the estimates of a fiscal year that were published from a day on, known by then.

        An estimate is known after the close of the day of `known_at`.

        Returns
        -------
        pyarrow.Table
            `listing`, `broker`, `known_at`, `currency`, `eps`, `profit` and `revenue`, sorted by
            listing.
        """
        told = ("listing", "broker", "known_at", "currency", "eps", "profit", "revenue")
        columns = (*told, "fiscal_year")
        rows = self.store.read(TableName.ESTIMATES, start=since, end=self.day, columns=columns)
        rows = rows.filter(pc.equal(rows.column("fiscal_year"), fiscal_year))
        return rows.filter(self._published(rows, "known_at")).select(list(told))

    def southbound_on(self) -> dict[str, bool] | None:
        """Tell of the listings that were ever recorded whether southbound money may buy them.

        Returns
        -------
        dict or None
            Whether a recorded spell holds the day, by listing id; `None` before the first one.
        """
        rows = self._whole(TableName.ELIGIBILITY)
        rows = rows.filter(pc.equal(rows.column("programme"), SOUTHBOUND))
        rows = rows.filter(pc.less_equal(rows.column("valid_from"), _day(self.day)))
        if not rows.num_rows:
            return None
        over = pc.fill_null(pc.less(rows.column("valid_to"), _day(self.day)), False).to_pylist()
        found: dict[str, bool] = {}
        for listing, ended in zip(rows.column("listing").to_pylist(), over, strict=True):
            found[listing] = found.get(listing, False) or not ended
        return found

    def snapshots(self, markets: Iterable[Market] = tuple(Market)) -> dict[Market, date | None]:
        """Return each market's last session with a valuation whose close had come by then."""
        return {
            market: self.store.last_session(
                TableName.VALUATION,
                on_or_before=self.closed_day(market.exchange),
                suffixes=market.suffixes,
            )
            for market in markets
        }

    def valuation(
        self,
        snapshots: Mapping[Market, date | None] | None = None,
        *,
        listings: Sequence[str] | None = None,
    ) -> pa.Table:
        """Return each listing's last valuation known by then, within `REACH` of its market's last.

        A row that tells none of `FROM_STATEMENTS`, as the list of a whole market does, has them
        from the listing's last row that tells any, within the same reach.

        Parameters
        ----------
        snapshots
            What `snapshots` returned for the markets to look at; all markets when `None`.
        listings
            Listing ids to keep; all when `None`.

        Returns
        -------
        pyarrow.Table
            Columns of table `valuation`, one row for each listing that has one.
        """
        parts = [
            self._market_valuation(market, session, listings)
            for market, session in (self.snapshots() if snapshots is None else snapshots).items()
            if session is not None
        ]
        rows = pa.concat_tables(parts) if parts else empty_rows(TableName.VALUATION)
        return _with_multiples(rows)

    def last_valued(self, listings: Sequence[str], *, within: timedelta) -> dict[str, date]:
        """Return the last session with a valuation of each listing, not older than `within`."""
        rows = self.store.read(
            TableName.VALUATION, listings=listings, start=self.day - within, end=self.day
        )
        closed = {market: self.closed_day(market.exchange) for market in Market}
        pairs = zip(
            rows.column("listing").to_pylist(), rows.column("session").to_pylist(), strict=True
        )
        return {
            listing: session for listing, session in pairs if session <= closed[market_of(listing)]
        }

    def _market_valuation(
        self, market: Market, session: date, listings: Sequence[str] | None
    ) -> pa.Table:
        wanted = None if listings is None else [i for i in listings if market_of(i) is market]
        rows = self.store.read(
            TableName.VALUATION, listings=wanted, start=session - REACH, end=session
        )
        ours = [item.endswith(market.suffixes) for item in rows.column("listing").to_pylist()]
        return rows.filter(pa.array(ours, pa.bool_()))

    def _published(self, rows: pa.Table, column: str) -> pa.ChunkedArray:
        """Return for each row whether the day in a column is over on the listing's exchange."""
        mainland, hong_kong = (_day(self.closed_day(item)) for item in (Exchange.SH, Exchange.HK))
        over = pc.if_else(pc.ends_with(rows.column("listing"), ".HK"), hong_kong, mainland)
        return pc.less_equal(rows.column(column), over)

    def _until(self, day: date | None) -> date:
        return self.day if day is None else min(day, self.day)

    def _whole(self, table: TableName) -> pa.Table:
        if table not in self._tables:
            self._tables[table] = self.store.read(table)
        return self._tables[table]


def _day(day: date) -> pa.Scalar:
    return pa.scalar(day, pa.date32())


def _with_multiples(rows: pa.Table) -> pa.Table:
    """Return the last row of each listing, what moves with its statements from an earlier one.

    Parameters
    ----------
    rows
        Rows of table `valuation`, by session within each listing.
    """
    listings = rows.column("listing").to_pylist()
    last = pa.array(_lasts(listings), pa.int64())
    told = [rows.column(name).is_valid().combine_chunks() for name in FROM_STATEMENTS]
    any_told = functools.reduce(pc.or_, told)
    chosen = rows.take(last)
    if pc.all(any_told.take(last)).as_py() is not False:
        return chosen
    places = {listings[at]: at for at in np.flatnonzero(any_told.to_numpy(zero_copy_only=False))}
    before = pa.array([places.get(name) for name in chosen.column("listing").to_pylist()])
    for name in FROM_STATEMENTS:
        at = chosen.column_names.index(name)
        values = rows.column(name).combine_chunks().take(before.cast(pa.int64()))
        chosen = chosen.set_column(at, chosen.field(name), values)
    return chosen


def _gone(rows: pa.Table, today: pa.Scalar) -> pa.ChunkedArray:
    return pc.fill_null(pc.less_equal(rows.column("delist_date"), today), False)


def _in_force(rows: pa.Table, day: date) -> pa.Table:
    """Return of rows sorted by listing and first day the last one of each listing up to a day."""
    held = rows.filter(pc.less_equal(rows.column("valid_from"), _day(day)))
    return held.take(pa.array(_lasts(held.column("listing").to_pylist()), pa.int64()))


def _lasts(keys: Iterable[object]) -> list[int]:
    """Return the place of the last row of each key, in the rows' order."""
    return sorted({key: at for at, key in enumerate(keys)}.values())


def _firsts(column: pa.ChunkedArray) -> list[int]:
    found: dict[str, int] = {}
    for at, key in enumerate(column.to_pylist()):
        found.setdefault(key, at)
    return list(found.values())
