"""From the tables to the rows that a screen evaluates, as of a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

import numpy as np
import pyarrow as pa

from screener.data.lake.asof import REACH, AsOf, Market, market_of
from screener.data.lake.schema import TableName
from screener.data.lake.store import Store
from screener.domain.basket import Member
from screener.domain.listing import Currency
from screener.domain.report import Report
from screener.errors import DataError, InputError
from screener.language import say
from screener.screen.computed import Computed
from screener.screen.evaluate import WHY_SUFFIX, row_schema
from screener.screen.fields import Field, FieldUnit
from screener.workflows.screen.amounts import converted_amounts
from screener.workflows.screen.listed import ListedStocks, SecurityNames

__all__ = [
    "REACH",
    "Gathered",
    "Looked",
    "Market",
    "Universe",
    "gather_rows",
    "look_up",
    "market_words",
    "parse_universe",
    "snapshots_of",
]

_SEARCHED = timedelta(days=366)  # how far back to look for the last valuation of a stale name


_TYPES = {FieldUnit.TEXT: pa.string(), FieldUnit.FLAG: pa.bool_()}


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
    stocks
        Ids of all stocks listed that day, among which a rank is taken.
    valued
        Whether something is asked of the table `valuation`: a name without a row then fails.
    """

    as_of: date
    snapshots: Mapping[Market, date | None]
    listings: tuple[str, ...]
    given_names: Mapping[str, str]
    currencies: Mapping[str, Currency]
    valuations: pa.Table
    known: AsOf
    stocks: frozenset[str]
    valued: bool


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
        known = ", ".join(Universe)
        raise InputError(
            say("--universe {text} is none of {known}", text=repr(text), known=known),
            fix=say("write a (Shanghai, Shenzhen, Beijing), hk or all"),
        ) from None


def look_up(
    known: AsOf,
    universe: Universe | None,
    members: Sequence[Member],
    *,
    valued: bool = True,
) -> Looked:
    """Find the names to evaluate: a basket's members, or a universe as of the day.

    A universe holds the stocks listed on or before the day and not delisted by then, and any
    other listing with a valuation within reach of the snapshot.

    Parameters
    ----------
    known
        The tables as they could be known by the end of the day.
    universe, members
        A market, or `None` for these names.
    valued
        Whether something is asked of the table `valuation`.

    Raises
    ------
    DataError
        If that is asked and none of the markets has a snapshot on or before the day, or nothing is
        left to screen.
    """
    given = {member.listing.id: member.name for member in members}
    if universe is None:
        markets = tuple(dict.fromkeys(market_of(listing) for listing in sorted(given)))
    else:
        markets = universe.markets
    as_of = known.day
    snapshots = snapshots_of(known, markets) if valued else known.snapshots(markets)
    listed = ListedStocks.read(known)
    valuations = known.valuation(snapshots, listings=None if universe else sorted(given))
    found = set(given) if universe is None else _universe(valuations, snapshots, listed)
    if not found:
        raise DataError(
            say("universe {universe} holds no listing on {day}", universe=universe, day=as_of),
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
        stocks=listed.stocks,
        valued=valued,
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
    names = market_words(markets)
    first = _first_snapshot(known.store, as_of, markets)
    command = "`screener data import FILE --kind valuation`"
    if first is None:
        raise DataError(
            say(
                "there is no {market} valuation on or before {day}, and none later",
                market=names,
                day=as_of,
            ),
            where=say("table {table}", table="valuation"),
            fix=say("import a snapshot: {command}", command=command),
        )
    raise DataError(
        say(
            "there is no {market} valuation on or before {day}; the first is of {first}",
            market=names,
            day=as_of,
            first=first,
        ),
        where=say("table {table}", table="valuation"),
        fix=say(
            "write --as-of {day} or later, or import a snapshot: {command}",
            day=first,
            command=command,
        ),
    )


def market_words(markets: Sequence[Market]) -> str:
    """Return the names of markets in the reader's language."""
    words = [say("Hong Kong") if item is Market.HONG_KONG else say("mainland") for item in markets]
    return words[0] if len(words) == 1 else say("{one} or {other}", one=words[0], other=words[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """Rows to evaluate, and what belongs to them.

    Parameters
    ----------
    rows
        Table of `screen.evaluate.row_schema`, one row for each name.
    remarks
        What the reader has to know.
    lacks
        What is missing for some names.
    """

    rows: pa.Table
    remarks: tuple[str, ...]
    lacks: tuple[str, ...]


def gather_rows(
    store: Store,
    looked: Looked,
    fields: Sequence[Field],
    currency: Currency,
    cards: Sequence[Report] = (),
) -> Gathered:
    """Build the rows to evaluate. An amount that cannot be converted stays empty.

    Parameters
    ----------
    store
        Tables to read.
    looked
        Who is looked at.
    fields
        Fields asked for; of others nothing is read.
    currency
        Currency of the amounts.
    cards
        Report cards of the workspace.

    Raises
    ------
    DataError
        If no amount at all can be converted.
    """
    at = _row_of(looked.valuations)
    rows = looked.valuations.take(pa.array([at.get(item) for item in looked.listings], pa.int64()))
    sessions: list[date | None] = rows.column("session").to_pylist()
    names = SecurityNames.read(looked.known, looked.given_names)
    stored = [field for field in fields if field.stored]
    amounts, fx_remarks, lacks = converted_amounts(store, looked, rows, sessions, stored, currency)
    computed = _computed(looked, [field for field in fields if not field.stored], currency, cards)
    absent = _absences(looked, sessions) if looked.valued else [None] * len(sessions)
    columns = {
        "listing": pa.array(looked.listings, pa.string()),
        "name": pa.array([names.shown(item) for item in looked.listings], pa.string()),
        "known_name": pa.array([names.known.get(item) for item in looked.listings], pa.string()),
        "session": rows.column("session"),
        "absent": pa.array(absent, pa.string()),
        **{field.name: rows.column(field.name) for field in stored},
        **amounts,
        **computed.columns,
    }
    schema = row_schema(fields)
    table = pa.table({name: columns[name] for name in schema.names}).cast(schema)
    remarks = (*fx_remarks, *computed.remarks, *names.remarks(looked.listings))
    return Gathered(
        rows=table,
        remarks=tuple(dict.fromkeys(remarks)),
        lacks=(*lacks, *computed.lacks),
    )


@dataclass(frozen=True, slots=True)
class _Computed:
    columns: Mapping[str, pa.Array]
    remarks: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()


def _computed(
    looked: Looked, fields: Sequence[Field], currency: Currency, cards: Sequence[Report]
) -> _Computed:
    """Compute fields, of all stocks of the markets where a rank among them is asked for."""
    if not fields:
        return _Computed({})
    from screener.workflows.screen.facts import Facts  # arrays are not loaded for stored fields

    peers = {item for item in looked.stocks if market_of(item) in looked.snapshots}
    ranked = any(field.rank and not field.rank.years for field in fields)
    ids = tuple(sorted(peers.union(looked.listings))) if ranked else looked.listings
    facts = Facts(
        known=looked.known,
        ids=ids,
        peers=np.array([item in peers for item in ids], dtype=bool),
        snapshots=looked.snapshots,
        # Of a universe they are those of every listing already.
        valuations=looked.known.valuation(looked.snapshots)
        if ranked and looked.given_names
        else looked.valuations,
        currency=currency,
        currencies=looked.currencies,
        cards=cards,
        fields=fields,
    )
    wanted = set(looked.listings)
    places = np.array([at for at, item in enumerate(ids) if item in wanted], dtype=np.intp)
    columns: dict[str, pa.Array] = {}
    for field in fields:
        found = facts.column(field.name)
        if isinstance(found, Computed):
            columns[field.name] = pa.array(found.values[places], from_pandas=True)
            columns[field.name + WHY_SUFFIX] = pa.array(found.why[places].astype(np.int8))
        else:
            columns[field.name] = pa.array(found[places].tolist(), type=_TYPES[field.unit])
    lacks = tuple(say("some amounts are missing: {why}", why=why) for why in facts.lacks)
    return _Computed(columns, tuple(facts.remarks), lacks)


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


def _absence(looked: Looked, listing: str, last: date | None) -> str:
    market = market_of(listing)
    session = looked.snapshots[market]
    if session is None:
        market_name = market_words([market])
        return say("no {market} valuation on or before {day}", market=market_name, day=looked.as_of)
    if last:
        return say(
            "no valuation within {n} days of {day} (last {last})",
            n=REACH.days,
            day=session,
            last=last,
        )
    return say(
        "no valuation within {n} days of {day} (none in {span} days)",
        n=REACH.days,
        day=session,
        span=_SEARCHED.days,
    )
