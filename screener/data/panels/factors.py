"""Total-return factors from corporate actions and raw closes.

The factor is the multiplicative one (后复权): the total-return index after session t is
`close[t] * factor[t]`, counted in shares held before the first action, when every distribution
is reinvested at the ex-reference price. At each ex-session

    ex_reference = (previous close - cash + rights_price * rights) / ((1 + bonus + rights) * split)
    factor      *= previous close / ex_reference

where the previous close is the last raw close before the ex-session, or the reference of an action
since then. This is the exchanges' own
formula for the ex-right reference price: SSE Trading Rules and SZSE Trading Rules, chapter on
ex-rights and ex-dividends: (前收盘价 − 现金红利 + 配股价 × 股份变动比例) ÷ (1 + 股份变动比例).
The share change is that of bonus and rights; a split is the same thing as a bonus of `split - 1`.
The two multiply where a day has both; cash, bonus and rights are per share held before the split.
Exchanges publish the reference rounded to the tick; the factor keeps it unrounded, so that no
return is lost to rounding.

Where a source tells no terms, only `previous close / ex_reference` itself, that stands in for them
(`with_stand_ins`): terms are taken first, since they alone say what a holder got.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from screener.data.lake.schema import TABLES, Basis, TableName
from screener.domain.arrays import FlagArray, FloatArray, IntArray, Places, TextArray
from screener.errors import DataError
from screener.language import say
from screener.language.terms import named

__all__ = [
    "GIVEN",
    "contradicted",
    "ex_reference",
    "total_return_factors",
    "with_stand_ins",
]

GIVEN = "given"
"""Column of actions with a factor that a source gave in place of terms."""


_DAYS = 1 << 22  # twice any date in days since 1970, so a listing and a day make one number
_UNLIKE = 2e-3  # relative: a factor given rests on a reference price rounded to the tick


@dataclass(frozen=True, slots=True, kw_only=True)
class _Actions:
    """Actions sorted by listing and ex-session, missing terms replaced by their neutral value."""

    listing: TextArray
    day: IntArray
    cash: FloatArray
    bonus: FloatArray
    split: FloatArray
    rights: FloatArray
    rights_price: FloatArray
    given: FloatArray

    def where(self, row: int) -> str:
        """Name an action for an error message."""
        return say(
            "{listing}, ex-session {day}",
            listing=self.listing[row],
            day=np.datetime64(int(self.day[row]), "D"),
        )


def ex_reference(
    previous_close: FloatArray,
    *,
    cash: FloatArray | float = 0.0,
    bonus: FloatArray | float = 0.0,
    split: FloatArray | float = 1.0,
    rights: FloatArray | float = 0.0,
    rights_price: FloatArray | float = 0.0,
) -> FloatArray:
    """Compute the ex-right reference price, unrounded.

    Parameters
    ----------
    previous_close
        `(n,)` last raw close before the ex-session, in the listing's currency.
    cash
        Cash per share held, before tax, in the same currency.
    bonus
        New shares per share held.
    split
        Shares after per share before.
    rights, rights_price
        Rights shares offered per share held, and what one costs.

    Returns
    -------
    numpy.ndarray
        `(n,)` reference price; not positive where the terms are worth more than the share. NaN
        goes through. The formula and its source stand in the module's docstring.
    """
    held = (1.0 + np.asarray(bonus) + np.asarray(rights)) * np.asarray(split)
    worth = previous_close - np.asarray(cash) + np.asarray(rights_price) * np.asarray(rights)
    reference: FloatArray = np.asarray(worth / held, dtype=np.float64)
    return reference


def with_stand_ins(actions: pa.Table, ex_factors: pa.Table) -> pa.Table:
    """Return actions, and a row for each ex-day of which only a factor is known.

    Parameters
    ----------
    actions
        Rows of table `actions`.
    ex_factors
        Rows of table `ex_factors`.

    Returns
    -------
    pyarrow.Table
        The actions' columns and `GIVEN`, which is empty where terms are known.
    """
    key = ["listing", "ex_session"]
    alone = ex_factors.join(actions.select(key), keys=key, join_type="left anti")
    blank = pa.nulls(actions.num_rows, pa.float64())
    if not alone.num_rows:
        return actions.append_column(GIVEN, blank)
    columns = {
        field.name: alone.column(field.name).cast(field.type)
        if field.name in alone.column_names
        else pa.nulls(alone.num_rows, field.type)
        for field in actions.schema
    }
    rows = pa.table(columns).append_column(GIVEN, alone.column("factor"))
    return pa.concat_tables(
        [
            actions.append_column(GIVEN, blank),
            rows.cast(actions.schema.append(pa.field(GIVEN, pa.float64()))),
        ]
    )


def contradicted(factors: pa.Table, ex_factors: pa.Table) -> list[tuple[str, date, float, float]]:
    """Return the ex-days whose terms make another factor than the one that a source gave.

    Parameters
    ----------
    factors
        Rows of table `factors`, cumulative.
    ex_factors
        Rows of table `ex_factors`, each of its own ex-day.

    Returns
    -------
    list of tuple
        Listing, ex-session, factor of the terms, factor given; in order.
    """
    known = {(row["listing"], row["ex_session"]): row["factor"] for row in ex_factors.to_pylist()}
    if not known:
        return []
    names, days, values = (
        factors.column(name).to_pylist() for name in ("listing", "ex_session", "factor")
    )
    found, last = [], ("", 1.0)
    for name, day, value in zip(names, days, values, strict=True):
        step = value / (last[1] if last[0] == name else 1.0)
        last = (name, value)
        given = known.get((name, day))
        if given is not None and abs(step / given - 1) > _UNLIKE:
            found.append((name, day, step, given))
    return found


def total_return_factors(actions: pa.Table, closes: pa.Table) -> pa.Table:
    """Compute the cumulative total-return factor of every listing that has actions.

    Parameters
    ----------
    actions
        Rows of table `actions`, in any order; a column `GIVEN` holds factors in place of terms.
    closes
        Columns `listing`, `session` and `close` (raw, in the listing's currency), in any order,
        such as rows of table `bars`. Empty closes are passed over; a column `basis` is checked.

    Returns
    -------
    pyarrow.Table
        Rows of table `factors`, sorted by listing and ex-session: one for each action, with the
        action's own `source` and `fetched_at`. The factor is 1 before a listing's first row.

    Raises
    ------
    DataError
        If an action repeats, has impossible terms, has no earlier close, has terms worth more
        than the share, or if the closes of its listing are already adjusted.
    """
    ordered = actions.sort_by([("listing", "ascending"), ("ex_session", "ascending")])
    read = _read_actions(ordered)
    _check_actions(read, ordered)
    previous, at = _previous_closes(read, closes)
    reference = _references(read, previous)
    # While a listing rests, one action follows another without a close between: the second one's
    # previous close is the reference of the first.
    for row in np.flatnonzero((at[1:] == at[:-1]) & (read.listing[1:] == read.listing[:-1])) + 1:
        previous[row] = reference[row - 1]
        reference[row] = _references(read, previous, slice(row, row + 1))[0]
    _check_reference(read, previous, reference)
    factor = _cumulate(read.listing, previous / reference)
    columns = [ordered["listing"], ordered["ex_session"], pa.array(factor, pa.float64())]
    names = TABLES[TableName.FACTORS].column_names
    return pa.table([*columns, ordered["source"], ordered["fetched_at"]], names=list(names))


def _read_actions(ordered: pa.Table) -> _Actions:
    return _Actions(
        listing=_objects(ordered["listing"]),
        day=_days(ordered["ex_session"]),
        cash=_numbers(ordered["cash"], 0.0),
        bonus=_numbers(ordered["bonus"], 0.0),
        split=_numbers(ordered["split"], 1.0),
        rights=_numbers(ordered["rights"], 0.0),
        rights_price=_numbers(ordered["rights_price"], 0.0),
        given=_numbers(ordered[GIVEN], np.nan)
        if GIVEN in ordered.column_names
        else np.full(ordered.num_rows, np.nan),
    )


def _check_actions(read: _Actions, ordered: pa.Table) -> None:
    same = (read.listing[1:] == read.listing[:-1]) & (read.day[1:] == read.day[:-1])
    _refuse(read, np.append(same, False), say("an action comes twice"))
    for name in ("cash", "bonus", "rights", "rights_price"):
        terms: FloatArray = getattr(read, name)
        _refuse(
            read,
            ~(np.isfinite(terms) & (terms >= 0)),
            say("{name} is not a number of 0 or more", name=named(name)),
        )
    _refuse(
        read, ~(np.isfinite(read.split) & (read.split > 0)), say("split is not a positive number")
    )
    unpriced = ordered["rights_price"].is_null().to_numpy() & (read.rights > 0)
    _refuse(read, unpriced, say("rights are offered without a rights_price"))


def _references(read: _Actions, previous: FloatArray, rows: slice = slice(None)) -> FloatArray:
    by_terms = ex_reference(
        previous[rows],
        cash=read.cash[rows],
        bonus=read.bonus[rows],
        split=read.split[rows],
        rights=read.rights[rows],
        rights_price=read.rights_price[rows],
    )
    given = read.given[rows]
    return np.where(np.isnan(given), by_terms, previous[rows] / given)


def _previous_closes(read: _Actions, closes: pa.Table) -> tuple[FloatArray, Places]:
    """Find each action's last close before its ex-session, and which close that is."""
    names = pa.array(np.unique(read.listing.astype(str)), pa.string())
    kept = closes.filter(
        pc.and_(pc.is_in(closes["listing"], value_set=names), pc.is_finite(closes["close"]))
    )
    _check_basis(kept)
    key = _keys(kept["listing"], names, _days(kept["session"]))
    close = kept["close"].to_numpy().astype(np.float64)
    if len(key) and not bool((key[1:] > key[:-1]).all()):
        order = np.argsort(key, kind="stable")
        key, close = key[order], close[order]
    wanted = _keys(pa.array(read.listing, pa.string()), names, read.day)
    at = np.searchsorted(key, wanted, side="left") - 1
    hangs = (at >= 0) & (key[at] // _DAYS == wanted // _DAYS) if len(key) else at >= 0
    _refuse(
        read,
        ~hangs,
        say("no close before an action, so its factor cannot be computed"),
        fix=say("import bars that start before the ex-session, or leave the action out"),
    )
    found: FloatArray = close[at]
    return found, at


def _check_basis(kept: pa.Table) -> None:
    if "basis" not in kept.column_names:
        return
    adjusted = kept.filter(pc.equal(kept["basis"], str(Basis.ADJUSTED)))
    if adjusted.num_rows:
        raise DataError(
            say("factors need raw closes, and these are adjusted already"),
            where=f"{adjusted['listing'][0]}",
            fix=say("import its raw bars, or leave out its actions"),
        )


def _check_reference(read: _Actions, previous: FloatArray, reference: FloatArray) -> None:
    broken = ~(np.isfinite(reference) & (reference > 0))
    if broken.any():
        row = int(np.argmax(broken))
        raise DataError(
            say(
                "the ex-reference price is {reference:.6g}, not positive: cash {cash:.6g} "
                "against a previous close of {previous:.6g}",
                reference=reference[row],
                cash=read.cash[row],
                previous=previous[row],
            ),
            where=read.where(row),
            fix=_fix_action(),
        )


def _refuse(read: _Actions, broken: FlagArray, what: str, *, fix: str = "") -> None:
    count = int(np.count_nonzero(broken[: len(read.day)]))
    if count:
        where = read.where(int(np.argmax(broken)))
        if count > 1:
            where = say("{shown} and {n} more", shown=where, n=count - 1)
        raise DataError(what, where=where, fix=fix or _fix_action())


def _fix_action() -> str:
    return say("correct the action and import it again: `screener data import FILE --kind actions`")


def _cumulate(listing: TextArray, ratio: FloatArray) -> FloatArray:
    # A product per listing, not one over all of them divided by its start: no rounding crosses
    # from one listing to another, so another listing's actions cannot move a factor's last digit.
    factor = np.empty_like(ratio)
    changes = np.flatnonzero(listing[1:] != listing[:-1]) + 1
    for first, last in pairwise([0, *changes.tolist(), len(ratio)]):
        np.multiply.accumulate(ratio[first:last], out=factor[first:last])
    return factor


def _keys(listing: pa.ChunkedArray | pa.Array, names: pa.Array, day: IntArray) -> IntArray:
    code = pc.index_in(listing, value_set=names).to_numpy(zero_copy_only=False)
    return np.asarray(code, dtype=np.int64) * _DAYS + day + _DAYS // 2


def _days(column: pa.ChunkedArray) -> IntArray:
    days: IntArray = column.cast(pa.int32()).to_numpy().astype(np.int64)
    return days


def _numbers(column: pa.ChunkedArray, missing: float) -> FloatArray:
    values: FloatArray = pc.fill_null(column.cast(pa.float64()), missing).to_numpy()
    return values


def _objects(column: pa.ChunkedArray) -> TextArray:
    values: TextArray = np.array(column.to_pylist(), dtype=object)
    return values
