"""Repairs of what the doctor found: proposed with what remains once they are made, then made.

A missed split of raw prices is repaired by the action that is missing, whose factor follows; of
adjusted prices by dividing every earlier bar. A unit error is repaired by dividing the bars between
the two jumps that bound it. What does not leave every move within its limit is not proposed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from itertools import groupby

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from screener.data.doctor.bar_columns import BarColumns, Marks, factor_steps
from screener.data.doctor.distributions import following_factors
from screener.data.doctor.jumps import MARGIN, Cause, Jump, find_jumps
from screener.data.lake.rows import days_of, empty_rows, make_rows
from screener.data.lake.schema import SIMULATED, Basis, TableName
from screener.data.panels.factors import with_stand_ins
from screener.errors import DataError
from screener.language import say

__all__ = [
    "REPAIR",
    "Method",
    "Proposal",
    "Refusal",
    "Repair",
    "TablesUnderRepair",
    "propose_repairs",
    "repair_actions",
    "repaired_bars",
]

REPAIR = "repair"
"""Value of `source` on an action that a repair made."""

_FAR = 0.02  # how far a ratio may be from what the open says
_PRICES = ("open", "high", "low", "close")


class Method(StrEnum):
    """How a repair is made."""

    ACTION = "new action"
    """A split is added to `actions`, and its factor follows."""
    EARLIER = "earlier bars"
    """Every bar before the session is divided, its volume multiplied."""
    RUN = "run of bars"
    """Prices from the session to the end of the run are divided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """One repair.

    Parameters
    ----------
    listing
        Listing id.
    session
        First session at the new price: that of the finding.
    until
        First session after a run in another unit; `None` for a split.
    ratio
        What prices are divided by: earlier ones for a split, those of the run for a unit.
    implied
        What the close before and the open say the ratio is.
    before, after
        The move of that session, found and remaining, as fractions.
    limit
        What is allowed.
    method
        How it is made.
    """

    listing: str
    session: date
    until: date | None = None
    ratio: float
    implied: float
    before: float
    after: float
    limit: float
    method: Method

    @property
    def text(self) -> str:
        """The repair in a few characters, as it stands in `source`: `1.4× 2026-05-28`."""
        return f"{self.ratio:g}× {self.session}"

    @property
    def doubtful(self) -> bool:
        """Whether the ratio is not quite what the open says."""
        return abs(self.implied / self.ratio - 1) > _FAR


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A jump that no repair is proposed for, and why."""

    listing: str
    session: date
    move: float
    cause: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Repairs proposed, and jumps without a safe one, both by listing and session."""

    repairs: tuple[Repair, ...]
    refusals: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TablesUnderRepair:
    """Rows of the listings that may be repaired, and what is known about them.

    Parameters
    ----------
    bars, actions, factors
        Rows of those tables, of these listings alone.
    suspended
        Known suspensions.
    list_dates
        First trading days, where known.
    start
        First session of all bars stored.
    ex_factors
        Rows of that table, of these listings.
    """

    bars: pa.Table
    actions: pa.Table
    factors: pa.Table
    suspended: Marks
    list_dates: Mapping[str, date]
    start: date
    ex_factors: pa.Table = field(default_factory=lambda: empty_rows(TableName.EX_FACTORS))

    def jumps(self) -> tuple[Jump, ...]:
        """Return the moves beyond the limit."""
        columns = BarColumns.of(self.bars)
        return find_jumps(
            columns,
            halted=columns.marked(self.suspended),
            list_dates=self.list_dates,
            steps=factor_steps(self.factors),
            start=self.start,
        )

    def repaired(self, repairs: Sequence[Repair]) -> TablesUnderRepair:
        """Return the rows as they are once the repairs are made.

        Raises
        ------
        DataError
            If the factors of a listing cannot be computed.
        """
        new = repair_actions(repairs, fetched_at=_NO_TIME)
        bars = repaired_bars(self.bars, repairs)
        actions = pa.concat_tables([self.actions, new.cast(self.actions.schema)])
        raw = bars.filter(pc.equal(bars.column("basis"), str(Basis.RAW)))
        steps = with_stand_ins(actions, self.ex_factors)
        factors = following_factors(steps, raw, self.factors)
        return replace(self, bars=bars, actions=actions, factors=factors)


_NO_TIME = datetime.fromisoformat("1970-01-01T00:00:00+00:00")  # of rows that are never stored


def propose_repairs(under_repair: TablesUnderRepair) -> Proposal:
    """Propose a repair for every missed split and every run in another unit.

    Parameters
    ----------
    under_repair
        Rows of the listings to repair.

    Returns
    -------
    Proposal
        A repair is proposed only if the move that remains is within the limit, if no action is
        stored for that day, and if once it is made the same jump is gone and no new one there.
    """
    jumps = under_repair.jumps()
    basis = _bases(under_repair.bars)
    acted = {*_pairs(under_repair.actions), *_pairs(under_repair.ex_factors)}
    repairs: list[Repair] = []
    refusals: list[Refusal] = []
    for name, group in groupby(jumps, key=lambda jump: jump.listing):
        own = tuple(group)
        good, bad = _of_listing(own, basis[name], acted)
        good, unsafe = _safe(_only(under_repair, name), own, good)
        repairs.extend(good)
        refusals.extend([*bad, *unsafe])
    return Proposal(
        repairs=tuple(sorted(repairs, key=_place)), refusals=tuple(sorted(refusals, key=_place))
    )


def repaired_bars(bars: pa.Table, repairs: Iterable[Repair]) -> pa.Table:
    """Return bars with prices and volume divided as repairs of adjusted prices and units say.

    Parameters
    ----------
    bars
        Rows of table `bars`, in any order.
    repairs
        Repairs; those by an action change no bar.

    Returns
    -------
    pyarrow.Table
        The same rows in the same order. What was changed says so in its source.
    """
    made = [repair for repair in repairs if repair.method is not Method.ACTION]
    if not made:
        return bars
    names = bars.column("listing").to_numpy(zero_copy_only=False)
    days = days_of(bars, "session")
    price, volume = np.ones(bars.num_rows), np.ones(bars.num_rows)
    notes: dict[int, list[str]] = {}
    for repair in made:
        rows = np.flatnonzero((names == repair.listing) & _span(repair, days))
        price[rows] /= repair.ratio
        if repair.method is Method.EARLIER:
            volume[rows] *= repair.ratio
        for row in rows:
            notes.setdefault(int(row), []).append(repair.text)
    columns = {name: pc.multiply(bars.column(name), pa.array(price)) for name in _PRICES}
    columns["volume"] = pc.multiply(bars.column("volume"), pa.array(volume))
    columns["source"] = _noted(bars.column("source"), notes)
    return pa.table(
        [columns.get(name, bars.column(name)) for name in bars.column_names], schema=bars.schema
    )


def repair_actions(
    repairs: Iterable[Repair], *, fetched_at: datetime, source: str = REPAIR
) -> pa.Table:
    """Return the actions that repairs of raw prices add.

    Parameters
    ----------
    repairs
        Repairs; only those by an action give a row.
    fetched_at
        Instant of the repair.
    source
        What stands in `source`.
    """
    made = [repair for repair in repairs if repair.method is Method.ACTION]
    columns = {
        "listing": [repair.listing for repair in made],
        "ex_session": [repair.session for repair in made],
        "split": [repair.ratio for repair in made],
    }
    return make_rows(TableName.ACTIONS, columns, source=source, fetched_at=fetched_at)


def _of_listing(
    jumps: Sequence[Jump], basis: Basis, acted: set[tuple[str, date]]
) -> tuple[list[Repair], list[Refusal]]:
    repairs: list[Repair] = []
    refusals: list[Refusal] = []
    ends: set[date] = set()
    for at, jump in enumerate(jumps):
        if jump.session in ends:  # the second end of a run that is repaired
            continue
        found: Repair | str
        if not jump.limited:
            found = say("no limit tells what may remain: look for the announcement")
        elif jump.cause is Cause.SPLIT:
            found = _split_repair(jump, basis, acted)
        elif jump.cause is Cause.UNIT:
            found = _unit_repair(jump, jumps[at + 1 :])
        elif jump.cause is Cause.REVERSE_SPLIT:
            found = say(
                "reverse splits hardly exist where a limit holds: look for the announcement"
            )
        else:
            found = say("no split and no unit explains it")
        if isinstance(found, str):
            refusals.append(_refusal(jump, found))
        else:
            repairs.append(found)
            if found.until is not None:
                ends.add(found.until)
    return repairs, refusals


def _split_repair(jump: Jump, basis: Basis, acted: set[tuple[str, date]]) -> Repair | str:
    after = (1 + jump.move) * jump.ratio - 1
    if abs(after) > jump.limit + MARGIN:
        return say(
            "a move of {after:+.1%} would remain, beyond ±{limit:.0%}",
            after=after,
            limit=jump.limit,
        )
    raw = basis is Basis.RAW
    if raw and (jump.listing, jump.session) in acted:
        return say("an action is stored for that day, and is not overwritten: correct it")
    return Repair(
        listing=jump.listing,
        session=jump.session,
        ratio=jump.ratio,
        implied=jump.implied,
        before=jump.move,
        after=after,
        limit=jump.limit,
        method=Method.ACTION if raw else Method.EARLIER,
    )


def _unit_repair(jump: Jump, later: Sequence[Jump]) -> Repair | str:
    """Return the repair of the run that begins with a jump and ends with its opposite."""
    end = next((item for item in later if item.cause is Cause.UNIT), None)
    if end is None or end.ratio != jump.ratio or (end.move > 0) == (jump.move > 0):
        return say("the run has no other end: nothing tells which side is in the right unit")
    ratio = jump.ratio if jump.move > 0 else 1 / jump.ratio
    after = (1 + jump.move) / ratio - 1
    back = (1 + end.move) * ratio - 1
    if max(abs(after), abs(back)) > jump.limit + MARGIN:
        return say(
            "moves of {after:+.1%} and {back:+.1%} would remain, beyond ±{limit:.0%}",
            after=after,
            back=back,
            limit=jump.limit,
        )
    return Repair(
        listing=jump.listing,
        session=jump.session,
        until=end.session,
        ratio=ratio,
        implied=1 / jump.implied,
        before=jump.move,
        after=after,
        limit=jump.limit,
        method=Method.RUN,
    )


def _safe(
    under_repair: TablesUnderRepair, jumps: Sequence[Jump], repairs: list[Repair]
) -> tuple[list[Repair], list[Refusal]]:
    """Keep a listing's repairs if no jump that they repair is left and no other comes up."""
    if not repairs:
        return [], []
    repaired = {repair.session for repair in repairs} | {
        repair.until for repair in repairs if repair.until
    }
    expected = {jump.session for jump in jumps} - repaired
    try:
        left = {jump.session for jump in under_repair.repaired(repairs).jumps()}
    except DataError as error:
        reason = say("its factors cannot be computed: {error}", error=error.what)
    else:
        if left <= expected:
            return repairs, []
        reason = say("a jump on {day} would come up", day=min(left - expected))
    by_session = {jump.session: jump for jump in jumps}
    return [], [_refusal(by_session[repair.session], reason) for repair in repairs]


def _refusal(jump: Jump, reason: str) -> Refusal:
    return Refusal(
        listing=jump.listing,
        session=jump.session,
        move=jump.move,
        cause=jump.text,
        reason=reason,
    )


def _place(item: Repair | Refusal) -> tuple[str, date]:
    return item.listing, item.session


def _span(repair: Repair, days: np.typing.NDArray[np.datetime64]) -> np.typing.NDArray[np.bool_]:
    session = np.datetime64(repair.session, "D")
    if repair.method is Method.EARLIER:
        return np.asarray(days < session)
    return np.asarray((days >= session) & (days < np.datetime64(repair.until, "D")))


def _noted(source: pa.ChunkedArray, notes: Mapping[int, Sequence[str]]) -> pa.Array:
    texts = source.to_pylist()
    for row, repairs in notes.items():
        # Simulated rows keep their mark alone: it is what tells them from real ones.
        if texts[row] != SIMULATED:
            texts[row] += "; repair " + ", ".join(repairs)
    return pa.array(texts, pa.string())


def _bases(bars: pa.Table) -> dict[str, Basis]:
    pairs = zip(bars.column("listing").to_pylist(), bars.column("basis").to_pylist(), strict=True)
    return {name: Basis(text) for name, text in pairs}


def _pairs(actions: pa.Table) -> list[tuple[str, date]]:
    names, days = (actions.column(name).to_pylist() for name in ("listing", "ex_session"))
    return list(zip(names, days, strict=True))


def _only(under_repair: TablesUnderRepair, listing: str) -> TablesUnderRepair:
    tables = {
        name: table.filter(pc.equal(table.column("listing"), listing))
        for name, table in (
            ("bars", under_repair.bars),
            ("actions", under_repair.actions),
            ("factors", under_repair.factors),
            ("ex_factors", under_repair.ex_factors),
        )
    }
    return replace(under_repair, **tables)
