"""The simulated market as a source: query, random numbers, rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

import numpy as np
import pyarrow as pa

from screener.data.lake.batch import Batch
from screener.data.lake.schema import SIMULATED, Basis, TableName
from screener.data.panels.factors import total_return_factors
from screener.data.sources.simulated.draws import SimulationPayload, TraitChance, draw
from screener.data.sources.simulated.facts import facts
from screener.data.sources.simulated.indices import INDEX_NAMES, weigh
from screener.data.sources.simulated.multiples import unrated, value
from screener.data.sources.simulated.request import (
    SimulationQuery,
    SimulationRequest,
    build_query,
)
from screener.data.sources.simulated.returns import exchange_rates
from screener.data.sources.simulated.simulation import SimulatedListings, simulate
from screener.data.sources.simulated.tables import concat, make_table, repeat_ids
from screener.domain.arrays import IntArray, Places
from screener.language import say
from screener.market.calendars import calendar_of

__all__ = ["SimulatedMarket"]

_SUFFIX = "（SIMULATED）"
_LOTS = (100, 200, 400, 500, 1000, 2000)
_VALUES = (
    "pe_ttm",
    "pe_static",
    "pb",
    "ps_ttm",
    "pcf_ttm",
    "market_cap",
    "float_cap",
    "dividend_yield",
)


class SimulatedMarket:
    """A seeded market of two exchanges' calendars; it satisfies `Source`.

    The same request gives the same rows. A later `end` adds rows and changes none before, except
    that a delisting becomes known in table `listings`.
    """

    name = SIMULATED

    def build_query(self, request: SimulationRequest) -> SimulationQuery:
        """Check the request; raises `InputError` or `DateRangeError`."""
        return build_query(request)

    def fetch(self, query: SimulationQuery) -> SimulationPayload:
        """Draw the random numbers."""
        return draw(query)

    def normalise(self, query: SimulationQuery, payload: SimulationPayload) -> Batch:
        """Turn the random numbers into rows of the tables.

        Returns
        -------
        Batch
            Bars are raw; a suspended day is a flat row without volume. `status` holds only the
            days on which a listing is suspended or under special treatment. `valuation` holds the
            last session of each week, and the last one; every session if the market is detailed,
            which then has statements, industries, eligibility and estimates, too. Rows stand
            market after market, the mainland first, and are not sorted across markets.
        """
        at = query.request.fetched_at
        sides = [side for side in simulate(query, payload) if side.market.members]
        bars = concat([table for side in sides for table in _bars(side, at)])
        actions = concat([_actions(side, at) for side in sides])
        tables = {
            TableName.LISTINGS: concat([_listings(side, at) for side in sides]),
            TableName.NAMES: concat([_names(side, at) for side in sides]),
            TableName.BOARD_LOTS: concat([_board_lots(side, at) for side in sides]),
            TableName.STATUS: concat([_status(side, at) for side in sides]),
            TableName.BARS: bars,
            TableName.ACTIONS: actions,
            TableName.FACTORS: total_return_factors(actions, bars),
            TableName.VALUATION: concat([_valuation(query, side, at) for side in sides]),
            TableName.FX: _fx(query, payload, at),
        }
        if query.request.detailed:
            told = [facts(query, side, at) for side in sides]
            tables |= {name: concat([part[name] for part in told]) for name in told[0]}
        return Batch(tables=tables, remarks=tuple(_remarks(query, sides)))


def _ids(side: SimulatedListings) -> list[str]:
    return [member.listing.id for member in side.market.members]


def _known(side: SimulatedListings) -> list[int]:
    """Return the columns of the listings that have a session by the end."""
    return [int(column) for column in np.flatnonzero(side.lives.listed.any(axis=0))]


def _listings(side: SimulatedListings, at: datetime) -> pa.Table:
    index, _, _ = INDEX_NAMES[side.market.exchange]
    known = _known(side)
    members = [side.market.members[column] for column in known]
    ids = [member.listing.id for member in members]
    currency = str(side.market.exchange.currency)
    gone = [_day(side, int(side.lives.last[column])) for column in known]
    return make_table(
        TableName.LISTINGS,
        at,
        {
            "listing": [*ids, index],
            "kind": [*("stock" for _ in ids), "index"],
            "board": [*(str(member.listing.board) for member in members), "index"],
            "currency": currency,
            "list_date": [*(side.lives.list_dates[column] for column in known), None],
            "delist_date": [*gone, None],
            "industry": [*(member.sector for member in members), None],
            "name_en": [f"{item} (SIMULATED)" for item in (*ids, index)],
            "return_basis": [*(None for _ in ids), "price"],
        },
    )


def _names(side: SimulatedListings, at: datetime) -> pa.Table:
    index, index_name, _ = INDEX_NAMES[side.market.exchange]
    rows = [row for column in _known(side) for row in _names_of(side, column)]
    rows.append((index, side.market.sessions[0].item(), index_name))
    return make_table(
        TableName.NAMES,
        at,
        {
            "listing": [row[0] for row in rows],
            "valid_from": [row[1] for row in rows],
            "name": [row[2] + _SUFFIX for row in rows],
        },
    )


def _names_of(side: SimulatedListings, column: int) -> Iterator[tuple[str, date, str]]:
    """Yield the names of a listing with the day each began, as far as the end."""
    member, lives = side.market.members[column], side.lives
    leaving = lives.st_to[column] == lives.last[column]
    yield member.listing.id, lives.list_dates[column], member.name
    later = (
        (lives.renamed[column], f"新{member.name}"),
        (lives.st_from[column], f"{'*ST' if leaving else 'ST'}{member.name}"),
        (lives.st_to[column], member.name),
    )
    for row, name in later:
        day = _day(side, int(row)) if row < lives.last[column] else None
        if day is not None:
            yield member.listing.id, day, name


def _day(side: SimulatedListings, row: int) -> date | None:
    sessions = side.market.sessions
    found: date | None = sessions[row].item() if row < len(sessions) else None
    return found


def _board_lots(side: SimulatedListings, at: datetime) -> pa.Table:
    known = [] if side.market.mainland else _known(side)
    chances = side.draws.chances[known, TraitChance.LOT] if known else np.empty(0)
    return make_table(
        TableName.BOARD_LOTS,
        at,
        {
            "listing": [side.market.members[column].listing.id for column in known],
            "valid_from": [side.lives.list_dates[column] for column in known],
            "lot": [_LOTS[int(chance * len(_LOTS))] for chance in chances],
        },
    )


def _status(side: SimulatedListings, at: datetime) -> pa.Table:
    row, column = np.nonzero(side.lives.suspended | side.lives.st)
    return make_table(
        TableName.STATUS,
        at,
        {
            "listing": repeat_ids(_ids(side), column),
            "session": side.market.sessions[row],
            "suspended": side.lives.suspended[row, column],
            "st": side.lives.st[row, column],
        },
    )


def _bars(side: SimulatedListings, at: datetime) -> Iterator[pa.Table]:
    listed, trading = side.lives.listed, side.trading
    numbers = np.arange(listed.shape[1], dtype=np.int32)
    columns = np.broadcast_to(numbers, listed.shape)[listed]
    sessions = np.repeat(side.market.sessions, np.count_nonzero(listed, axis=1))
    prices = {name: getattr(trading, name)[listed] for name in ("open", "high", "low", "close")}
    yield make_table(
        TableName.BARS,
        at,
        {
            "listing": repeat_ids(_ids(side), columns),
            "session": sessions,
            **prices,
            "volume": side.volume[listed],
            "amount": side.amount[listed],
            "basis": str(Basis.RAW),
        },
    )
    index, _, level = INDEX_NAMES[side.market.exchange]
    bars = weigh(trading, side.shares, side.lives, side.amount, level)
    yield make_table(
        TableName.BARS,
        at,
        {
            "listing": index,
            "session": side.market.sessions,
            **{name: getattr(bars, name) for name in ("open", "high", "low", "close", "amount")},
            "basis": str(Basis.RAW),
        },
    )


def _happened(side: SimulatedListings) -> Places:
    """Return the planned actions that pay or issue something."""
    plan = side.plan
    return np.flatnonzero((side.trading.cash > 0) | (plan.bonus > 0) | (plan.split != 1))


def _actions(side: SimulatedListings, at: datetime) -> pa.Table:
    plan, sessions = side.plan, side.market.sessions
    kept = _happened(side)
    ex_row = plan.ex_row[kept]
    ex_session = sessions[ex_row]
    delay = timedelta(days=0 if side.market.mainland else 14)
    return make_table(
        TableName.ACTIONS,
        at,
        {
            "listing": repeat_ids(_ids(side), plan.column[kept]),
            "ex_session": ex_session,
            "cash": side.trading.cash[kept],
            "bonus": plan.bonus[kept],
            "split": plan.split[kept],
            "rights": np.zeros(len(kept)),
            "announced": plan.announced[kept],
            "record_date": sessions[ex_row - 1],
            "pay_date": ex_session + np.timedelta64(delay),
        },
    )


def _valuation(query: SimulationQuery, side: SimulatedListings, at: datetime) -> pa.Table:
    sessions = side.market.sessions
    rows = np.arange(len(sessions)) if query.request.detailed else _week_ends(side)
    multiples = value(
        sessions,
        rows,
        statements=side.statements,
        shares=side.shares,
        close=side.trading.close,
        paid=side.paid,
        unrated=unrated(side.draws),
    )
    listed = side.lives.listed[rows]
    row, column = np.nonzero(listed)
    return make_table(
        TableName.VALUATION,
        at,
        {
            "listing": repeat_ids(_ids(side), column),
            "session": sessions[rows[row]],
            **{name: getattr(multiples, name)[listed] for name in _VALUES},
        },
    )


def _week_ends(side: SimulatedListings) -> IntArray:
    """Return the rows of each week's last session by the calendar, and the last row."""
    sessions = side.market.sessions
    following = calendar_of(side.market.exchange).sessions
    after = np.searchsorted(following, sessions) + 1
    later = following[np.minimum(after, len(following) - 1)]
    # 1970-01-01 was a Thursday, so weeks from Monday change three days before a multiple of 7.
    ends = (later.astype(np.int64) + 3) // 7 > (sessions.astype(np.int64) + 3) // 7
    ends[-1] = True
    return np.flatnonzero(ends)


def _fx(query: SimulationQuery, payload: SimulationPayload, at: datetime) -> pa.Table:
    rates = exchange_rates(payload, query.request.model)
    return make_table(TableName.FX, at, {"pair": "HKDCNY", "session": query.days, "rate": rates})


def _remarks(query: SimulationQuery, sides: Sequence[SimulatedListings]) -> Iterator[str]:
    yield say(
        "SIMULATED market, seed {seed}: no price here was ever traded", seed=query.request.seed
    )
    yield say(
        "status holds only the days on which a listing is suspended or under special treatment"
    )
    absent = len([m for market in query.markets for m in market.members])
    absent -= sum(len(_known(side)) for side in sides)
    if absent:
        yield say(
            "{n} listings first trade after {day} and have no rows yet",
            n=absent,
            day=query.request.end,
        )
    for effect in query.request.effects:
        yield (
            say(
                "planted {log_return:+.6g} log return on {listing} over {n} sessions from {first}",
                log_return=effect.log_return,
                listing=effect.listing,
                n=effect.n_sessions,
                first=effect.first_session,
            )
        )
