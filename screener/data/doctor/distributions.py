"""Checks on corporate actions and on the factors that follow from them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from screener.data.doctor.bar_columns import BarColumns
from screener.data.doctor.findings import Check, Finding, Severity, Tables
from screener.data.doctor.jumps import MARGIN
from screener.data.lake.schema import Basis, TableName
from screener.data.panels.factors import (
    GIVEN,
    ex_reference,
    total_return_factors,
    with_stand_ins,
)
from screener.domain.listing import Board, Listing, stored_listing
from screener.errors import DataError
from screener.language import say
from screener.language.terms import named
from screener.market.calendars import calendar_name, calendar_of
from screener.market.rules import price_limit

__all__ = ["denied_actions", "examine_actions", "examine_factors", "following_factors"]

_TERMS = {"cash": 0.0, "bonus": 0.0, "split": 1.0, "rights": 0.0, "rights_price": 0.0}
_MOST_NEW = 10.0  # new shares per share: more was never issued at once
_UNLIMITED = 0.25  # how far the open may be from its reference where no limit holds
_UNTRADED = 2.5  # times, up or down, that hardly a share moves in a session without a limit
_SAME = 1e-6  # relative: factors are stored unrounded

_Row = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Around:
    """Raw prices around an ex-session: the close before it, and the first open from it on.

    `adjacent` tells whether the two sessions follow each other, so that a limit holds.
    """

    previous: float
    opened: float
    session: date
    adjacent: bool


def examine_actions(tables: Tables) -> Iterator[Finding]:
    """Find actions with impossible dates or terms, and those that the prices contradict."""
    rows = tables[TableName.ACTIONS]
    if not rows.num_rows:
        return
    around = _prices_around(rows, tables[TableName.BARS])
    for at, row in enumerate(rows.to_pylist()):
        listing = stored_listing(row["listing"])
        yield from _wrong_dates(listing, row)
        faults = list(_wrong_terms(row, around.get(at)))
        yield from faults
        if not faults and at in around:
            yield from _contradicted(listing, row, around[at])


def denied_actions(actions: pa.Table, bars: pa.Table) -> Iterator[Finding]:
    """Find the actions that the move of their ex-session denies.

    Parameters
    ----------
    actions, bars
        Rows of those tables; actions without raw bars on both sides are passed over.
    """
    around = _prices_around(actions, bars) if actions.num_rows else {}
    for at, row in enumerate(actions.to_pylist()):
        if at in around and not list(_wrong_terms(row, around[at])):
            listing = stored_listing(row["listing"])
            yield from _contradicted(listing, row, around[at])


def examine_factors(tables: Tables) -> Iterator[Finding]:
    """Find factors that do not follow from actions and raw closes, or fall without a reason."""
    stored = tables[TableName.FACTORS]
    actions = with_stand_ins(tables[TableName.ACTIONS], tables[TableName.EX_FACTORS])
    if not (stored.num_rows or actions.num_rows):
        return
    bars = tables[TableName.BARS]
    raw = bars.filter(pc.equal(bars.column("basis"), str(Basis.RAW)))
    yield from _not_following(stored, _recomputed(actions, raw))
    yield from _falling(stored, actions)


def _wrong_dates(listing: Listing, row: _Row) -> Iterator[Finding]:
    ex_session = row["ex_session"]
    assert isinstance(ex_session, date)  # noqa: S101 - a required column of the schema
    calendar = calendar_of(listing.exchange)
    if ex_session <= calendar.last and not calendar.is_session(ex_session):
        yield _finding(
            row,
            Check.SESSION,
            say(
                "ex_session is not a session (calendar {name})",
                name=calendar_name(listing.exchange),
            ),
            None,
            say("a session"),
        )
    for name in ("record_date", "announced"):
        day = row[name]
        if isinstance(day, date) and day > ex_session:
            yield _finding(
                row,
                Check.DATES,
                say("{name} is after the ex-session", name=named(name)),
                float((day - ex_session).days),
                say("{day} or before", day=ex_session),
                Severity.ERROR if name == "record_date" else Severity.WARNING,
            )


def _wrong_terms(row: _Row, around: _Around | None) -> Iterator[Finding]:
    terms = _terms(row)
    for name in ("cash", "bonus", "rights", "rights_price"):
        if not terms[name] >= 0:
            yield _finding(
                row,
                Check.TERMS,
                say("{name} is negative", name=named(name)),
                terms[name],
                say("0 or more"),
            )
    if not terms["split"] > 0:
        yield _finding(
            row,
            Check.TERMS,
            say("{name} is not positive", name=named("split")),
            terms["split"],
            say("above 0"),
        )
    if terms["rights"] > 0 and row["rights_price"] is None:
        yield _finding(
            row, Check.TERMS, say("rights without a price"), terms["rights"], named("rights_price")
        )
    new = terms["bonus"] + terms["rights"]
    if new > _MOST_NEW:
        yield _finding(
            row,
            Check.TERMS,
            say("new shares per share: per ten shares?"),
            new,
            say("up to {most:g}", most=_MOST_NEW),
        )
    if around is not None and terms["cash"] >= around.previous:
        yield _finding(
            row,
            Check.TERMS,
            say("cash is worth more than the share"),
            terms["cash"],
            say("below the previous close, {close:g}", close=around.previous),
        )


def _contradicted(listing: Listing, row: _Row, around: _Around) -> Iterator[Finding]:
    """Find an action that the ex-day's open denies: impossible with it, or right upside down."""
    terms = _terms(row)
    reference = float(ex_reference(np.array([around.previous]), **terms)[0])
    if not reference > 0 or listing.board is Board.INDEX:
        return
    rule = price_limit(listing, around.session, st=False)
    most = (rule.limit if rule else _UNLIMITED) + MARGIN
    with_it, without = around.opened / reference - 1, around.opened / around.previous - 1
    if not abs(with_it) > most:
        return
    upside_down = float(ex_reference(np.array([around.previous]), **_inverted(terms))[0])
    if abs(without) <= min(most, abs(with_it) / 2):
        cause = say("the price did not move as the action says: wrong terms, or a wrong day")
    elif terms["split"] != 1 and abs(around.opened / upside_down - 1) <= min(most, abs(with_it)):
        cause = say(
            "the split is upside down: {value:g}, not {told:g}",
            value=1 / terms["split"],
            told=terms["split"],
        )
    elif around.adjacent and (rule or max(1 + with_it, 1 / (1 + with_it)) > _UNTRADED):
        cause = say(
            "the price moved otherwise than the action says: wrong terms, or an action more"
        )
    else:
        return
    yield _finding(
        row,
        Check.EX_MOVE,
        cause,
        without,
        say(
            "within ±{limit:.0%} of {move:+.1%}",
            limit=most - MARGIN,
            move=reference / around.previous - 1,
        ),
    )


def _inverted(terms: Mapping[str, float]) -> dict[str, float]:
    return {**terms, "split": 1 / terms["split"]}


def _terms(row: _Row) -> dict[str, float]:
    found = {}
    for name, neutral in _TERMS.items():
        value = row[name]
        found[name] = float(value) if isinstance(value, int | float) else neutral
    return found


def _finding(
    row: _Row,
    check: Check,
    cause: str,
    value: float | None,
    expected: str,
    severity: Severity = Severity.ERROR,
    table: TableName = TableName.ACTIONS,
) -> Finding:
    day = row["ex_session"]
    return Finding(
        table=table,
        listing=str(row["listing"]),
        session=day if isinstance(day, date) else None,
        check=check,
        severity=severity,
        cause=cause,
        value=value,
        expected=expected,
    )


def _prices_around(actions: pa.Table, bars: pa.Table) -> dict[int, _Around]:
    """Return the raw prices around each action that has bars on both sides, by its row."""
    wanted = pc.and_(
        pc.is_in(bars.column("listing"), value_set=pc.unique(actions.column("listing"))),
        pc.equal(bars.column("basis"), str(Basis.RAW)),
    )
    columns = BarColumns.of(bars.filter(wanted))
    place_of = {item.id: at for at, item in enumerate(columns.listings)}
    found = {}
    for at, row in enumerate(actions.select(["listing", "ex_session"]).to_pylist()):
        own = place_of.get(row["listing"])
        if own is None:
            continue
        first, end = columns.starts[own], columns.starts[own + 1]
        place = first + np.searchsorted(columns.days[first:end], np.datetime64(row["ex_session"]))
        if first < place < end:
            before, session = (day.item() for day in columns.days[place - 1 : place + 1])
            opened, closed = columns.open[place], columns.close[place]
            calendar = calendar_of(columns.listings[own].exchange)
            found[at] = _Around(
                previous=float(columns.close[place - 1]),
                opened=float(closed if np.isnan(opened) else opened),
                session=session,
                adjacent=len(calendar.between(before, session)) == 2,
            )
    return found


def _counting_actions(actions: pa.Table, raw: pa.Table) -> pa.Table:
    """Return the actions that make a factor: a raw bar before, and one on or after the day."""
    ends = raw.group_by("listing").aggregate([("session", "min"), ("session", "max")])
    joined = actions.join(ends, keys="listing", join_type="inner")
    inside = pc.and_(
        pc.less(joined.column("session_min"), joined.column("ex_session")),
        pc.less_equal(joined.column("ex_session"), joined.column("session_max")),
    )
    return joined.filter(inside).select(actions.column_names)


def following_factors(actions: pa.Table, raw: pa.Table, stored: pa.Table) -> pa.Table:
    """Return the factors that follow from actions; the stored ones where no action counts.

    Raises
    ------
    DataError
        If an action has impossible terms.
    """
    usable = _counting_actions(actions, raw)
    return total_return_factors(usable, raw) if usable.num_rows else stored


def _recomputed(actions: pa.Table, raw: pa.Table) -> dict[tuple[str, date], float]:
    """Compute the factors of every listing whose actions allow it."""
    usable = _counting_actions(actions, raw)
    try:
        return _factors(total_return_factors(usable, raw))
    except DataError:  # of one listing at least; its fault is a finding of `examine_actions`
        return _one_by_one(usable, raw)


def _one_by_one(actions: pa.Table, raw: pa.Table) -> dict[tuple[str, date], float]:
    found: dict[tuple[str, date], float] = {}
    for name in pc.unique(actions.column("listing")).to_pylist():
        own = [table.filter(pc.equal(table.column("listing"), name)) for table in (actions, raw)]
        try:
            found.update(_factors(total_return_factors(*own)))
        except DataError:
            found.update({(name, day): np.nan for day in own[0].column("ex_session").to_pylist()})
    return found


def _factors(rows: pa.Table) -> dict[tuple[str, date], float]:
    names, days, values = (
        rows.column(name).to_pylist() for name in ("listing", "ex_session", "factor")
    )
    return dict(zip(zip(names, days, strict=True), values, strict=True))


def _not_following(
    stored: pa.Table, expected: Mapping[tuple[str, date], float]
) -> Iterator[Finding]:
    known = _factors(stored)
    for key in sorted({*known, *expected}):
        ours, theirs = known.get(key), expected.get(key)
        row = {"listing": key[0], "ex_session": key[1]}
        if theirs is None:
            cause, wanted = say("no action that a factor follows from"), say("no factor")
        elif ours is None and np.isfinite(theirs):
            cause, wanted = say("factor is missing: its action is stored"), f"{theirs:.8g}"
        elif ours is not None and np.isfinite(theirs) and abs(ours / theirs - 1) > _SAME:
            cause, wanted = (
                say("factor does not follow from actions and raw closes"),
                f"{theirs:.8g}",
            )
        else:
            continue
        yield _finding(row, Check.FACTOR, cause, ours, wanted, table=TableName.FACTORS)


def _falling(stored: pa.Table, actions: pa.Table) -> Iterator[Finding]:
    """Find factors that fall where there is neither a reverse split nor a rights issue."""
    allowed = {
        (row["listing"], row["ex_session"])
        for row in actions.select(["listing", "ex_session", "split", "rights", GIVEN]).to_pylist()
        if (row["split"] or 1) < 1 or (row["rights"] or 0) > 0 or (row[GIVEN] or 1) < 1
    }
    rows = stored.select(["listing", "ex_session", "factor"]).to_pylist()
    for before, row in pairwise([None, *rows]):
        same = before is not None and before["listing"] == row["listing"]
        last = before["factor"] if same else 1.0
        if (
            row["factor"] < last * (1 - _SAME)
            and (row["listing"], row["ex_session"]) not in allowed
        ):
            yield _finding(
                row,
                Check.MONOTONE,
                say("factor falls without a reverse split"),
                row["factor"],
                say("{value:.8g} or more", value=last),
                table=TableName.FACTORS,
            )
