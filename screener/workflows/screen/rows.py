"""From the tables to the rows that a screen evaluates, as of a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

import pyarrow as pa

from screener.data.lake.asof import REACH, AsOf, Market, market_of
from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.data.panels.fixings import Fixings, read_fixings
from screener.domain.basket import Member
from screener.domain.listing import Currency, parse_listing
from screener.errors import DataError, InputError
from screener.language import say
from screener.language.lists import listed
from screener.screen.evaluate import ROW_SCHEMA
from screener.screen.fields import FIELDS, MONEY_FIELDS, Field
from screener.workflows.screen.listed import ListedStocks, SecurityNames

__all__ = [
    "REACH",
    "Looked",
    "Market",
    "Universe",
    "gather_rows",
    "look_up",
    "market_text",
    "parse_universe",
    "snapshots_of",
]

_SEARCHED = timedelta(days=366)  # how far back to look for the last valuation of a stale name


class Universe(StrEnum):
    """Markets to screen."""

    A = "a"
    HK = "hk"
    ALL = "all"

    @property
    def markets(self) -> tuple[Market, ...]:
        """The markets it consists of."""
        if self is Universe.ALL:
            return (Market.MAINLAND, Market.HONG_KONG)
        return (Market.MAINLAND,) if self is Universe.A else (Market.HONG_KONG,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """Who is looked at, as of a day.

    Parameters
    ----------
    as_of
        Day of the screen.
    snapshots
        Last session with a valuation on or before that day, by market; `None` without one.
    listings
        Ids of the names to evaluate, sorted.
    given_names
        Names that the basket gives, by listing id.
    currencies
        Currency by listing id, where the listing master says so.
    valuations
        The last row of the table `valuation` of each name, within reach of its market's snapshot.
    known
        The tables as they could be known by the end of that day.
    """

    as_of: date
    snapshots: Mapping[Market, date | None]
    listings: tuple[str, ...]
    given_names: Mapping[str, str]
    currencies: Mapping[str, Currency]
    valuations: pa.Table
    known: AsOf


def parse_universe(text: str) -> Universe:
    """Parse `a`, `hk` or `all`.

    Raises
    ------
    InputError
        If it is none of them.
    """
    try:
        return Universe(text.strip().lower())
    except ValueError:
        raise InputError(
            say(
                "--universe {text} is none of {known}",
                text=repr(text),
                known=listed(Universe),
            ),
            fix=say("write a (Shanghai, Shenzhen, Beijing), hk or all"),
        ) from None


def look_up(
    store: Store, as_of: date, universe: Universe | None, members: Sequence[Member]
) -> Looked:
    """Find the names to evaluate: a basket's members, or a universe as of the day.

    A universe holds the stocks listed on or before the day and not delisted by then, and any
    other listing with a valuation within reach of the snapshot.

    Raises
    ------
    DataError
        If none of the markets has a snapshot on or before the day, or nothing is left to screen.
    """
    given = {member.listing.id: member.name for member in members}
    if universe is None:
        markets = tuple(dict.fromkeys(market_of(listing) for listing in sorted(given)))
    else:
        markets = universe.markets
    known = AsOf.after_close(store, as_of)
    snapshots = snapshots_of(known, markets)
    listed = ListedStocks.read(known)
    valuations = known.valuation(snapshots, listings=None if universe else sorted(given))
    found = set(given) if universe is None else _universe(valuations, snapshots, listed)
    if not found:
        raise DataError(
            say("universe {universe} holds no listing on {as_of}", universe=universe, as_of=as_of),
            where=say("tables listings and valuation"),
            fix=say("import a listing master: `screener data import FILE --kind listings`"),
        )
    return Looked(
        as_of=as_of,
        snapshots=snapshots,
        listings=tuple(sorted(found)),
        given_names=given,
        currencies=listed.currencies,
        valuations=valuations,
        known=known,
    )


def snapshots_of(known: AsOf, markets: Sequence[Market]) -> dict[Market, date | None]:
    """Return each market's last session with a valuation that could be known.

    Raises
    ------
    DataError
        If no market has one.
    """
    found = known.snapshots(markets)
    if any(found.values()):
        return found
    as_of = known.day
    first = _first_snapshot(known.store, as_of, markets)
    raise DataError(
        say(
            "there is no {markets} valuation on or before {as_of}; the first is of {first}",
            markets=_either(markets),
            as_of=as_of,
            first=first,
        )
        if first
        else say(
            "there is no {markets} valuation on or before {as_of}, and none later",
            markets=_either(markets),
            as_of=as_of,
        ),
        where=say("table valuation"),
        fix=say(
            "write --as-of {first} or later, or import a snapshot: `screener data import FILE "
            "--kind valuation`",
            first=first,
        )
        if first
        else say("import a snapshot: `screener data import FILE --kind valuation`"),
    )


def gather_rows(
    store: Store, looked: Looked, fields: Sequence[Field], currency: Currency
) -> tuple[pa.Table, tuple[str, ...], tuple[str, ...]]:
    """Build the rows to evaluate, one for each name, and the remarks that belong to them.

    An amount that cannot be converted stays empty.

    Parameters
    ----------
    store
        Tables to read.
    looked
        Who is looked at.
    fields
        Fields asked for; amounts that nobody asks for stay empty and need no fixing.
    currency
        Currency of the amounts.

    Returns
    -------
    tuple
        Table of `screen.evaluate.ROW_SCHEMA`, remarks, and what is missing for some names.

    Raises
    ------
    DataError
        If no amount at all can be converted.
    """
    at = _row_of(looked.valuations)
    rows = looked.valuations.take(pa.array([at.get(item) for item in looked.listings], pa.int64()))
    sessions: list[date | None] = rows.column("session").to_pylist()
    names = SecurityNames.read(looked.known, looked.given_names)
    amounts, fx_remarks, lacks = _amounts(store, looked, rows, sessions, fields, currency)
    columns = {
        "listing": pa.array(looked.listings, pa.string()),
        "name": pa.array([names.shown(item) for item in looked.listings], pa.string()),
        "known_name": pa.array([names.known.get(item) for item in looked.listings], pa.string()),
        "session": rows.column("session"),
        "absent": pa.array(_absences(looked, sessions), pa.string()),
        **{name: rows.column(name) for name in FIELDS},
        **amounts,
    }
    table = pa.table({name: columns[name] for name in ROW_SCHEMA.names}).cast(ROW_SCHEMA)
    return table, (*fx_remarks, *names.remarks(looked.listings)), lacks


def _first_snapshot(store: Store, as_of: date, markets: Sequence[Market]) -> date | None:
    table = store.read(TableName.VALUATION, start=as_of)
    ends = tuple(suffix for market in markets for suffix in market.suffixes)
    pairs = zip(
        table.column("listing").to_pylist(), table.column("session").to_pylist(), strict=True
    )
    return min((session for listing, session in pairs if listing.endswith(ends)), default=None)


def _universe(
    valuations: pa.Table, snapshots: Mapping[Market, date | None], listed: ListedStocks
) -> set[str]:
    valued = valuations.column("listing").to_pylist()
    candidates = (listed.stocks | set(valued)) - listed.excluded
    return {listing for listing in candidates if market_of(listing) in snapshots}


def _row_of(valuations: pa.Table) -> dict[str, int]:
    return {item: at for at, item in enumerate(valuations.column("listing").to_pylist())}


def _absences(looked: Looked, sessions: Sequence[date | None]) -> list[str | None]:
    missing = [item for item, day in zip(looked.listings, sessions, strict=True) if day is None]
    last = looked.known.last_valued(missing, within=_SEARCHED) if missing else {}
    reasons = {item: _absence(looked, item, last.get(item)) for item in missing}
    return [reasons.get(item) for item in looked.listings]


def market_text(market: Market) -> str:
    """Return how people call a market."""
    return say("Hong Kong") if market is Market.HONG_KONG else say("mainland")


def _either(markets: Sequence[Market]) -> str:
    first, *rest = map(market_text, markets)
    return say("{first} or {last}", first=first, last=rest[0]) if rest else first


def _absence(looked: Looked, listing: str, last: date | None) -> str:
    market = market_of(listing)
    session = looked.snapshots[market]
    if session is None:
        return say(
            "no {market} valuation on or before {as_of}",
            market=market_text(market),
            as_of=looked.as_of,
        )
    if last:
        return say(
            "no valuation within {days} days of {session} (last {last})",
            days=REACH.days,
            session=session,
            last=last,
        )
    return say(
        "no valuation within {days} days of {session} (none in {searched} days)",
        days=REACH.days,
        session=session,
        searched=_SEARCHED.days,
    )


def _amounts(
    store: Store,
    looked: Looked,
    rows: pa.Table,
    sessions: Sequence[date | None],
    fields: Sequence[Field],
    currency: Currency,
) -> tuple[dict[str, pa.Array], tuple[str, ...], tuple[str, ...]]:
    """Convert the amounts asked for and leave the others empty; say what is missing for some."""
    asked = {field.name for field in fields}.intersection(MONEY_FIELDS)
    native = {name: rows.column(name).to_pylist() for name in asked}
    days = [day for day in sessions if day is not None]
    if not (asked and days):
        nothing = pa.nulls(len(looked.listings), pa.float64())
        return dict.fromkeys(MONEY_FIELDS, nothing), (), ()
    fixings = read_fixings(store, min(days), max(days))
    needed = [
        day if any(native[name][at] is not None for name in asked) else None
        for at, day in enumerate(sessions)
    ]
    rates, lacks = _rates_of(looked, fixings, needed, currency)
    converted: dict[str, pa.Array] = {}
    for name in MONEY_FIELDS:
        amounts = native.get(name, [None] * len(looked.listings))
        converted[name] = pa.array(
            [
                None if amount is None or rate is None else amount * rate
                for amount, rate in zip(amounts, rates, strict=True)
            ],
            pa.float64(),
        )
    return converted, fixings.remarks(), lacks


def _rates_of(
    looked: Looked, fixings: Fixings, needed: Sequence[date | None], currency: Currency
) -> tuple[list[float | None], tuple[str, ...]]:
    """Return by what each name's amounts of a day are multiplied, and what is missing for some.

    Raises
    ------
    DataError
        If none of them can be converted.
    """
    rates: list[float | None] = []
    lacks: dict[str, DataError] = {}
    counts: dict[str, int] = {}
    for listing, day in zip(looked.listings, needed, strict=True):
        rate = None
        if day is not None:
            try:
                rate = fixings.rate(_currency(looked, listing), currency, day)
            except DataError as error:
                lacks.setdefault(str(error), error)
                counts[str(error)] = counts.get(str(error), 0) + 1
        rates.append(rate)
    if lacks and all(rate is None for rate in rates):
        raise next(iter(lacks.values()))
    return rates, tuple(
        say(
            "{n} names have no amounts in {currency}: {why}",
            n=counts[text],
            currency=currency,
            why=lacks[text],
        )
        for text in lacks
    )


def _currency(looked: Looked, listing: str) -> Currency:
    return looked.currencies.get(listing) or parse_listing(listing).currency
