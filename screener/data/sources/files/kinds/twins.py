"""Rows of actions that share an ex-date: told twice, or two actions to be taken together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from screener.data.sources.files.remarks import Remark
from screener.data.sources.files.request import FileQuery
from screener.data.sources.files.rows import Rows
from screener.data.update.action_reconciliation import terms
from screener.domain.arrays import FlagArray, FloatArray
from screener.errors import DataError
from screener.language import say
from screener.language.lists import listed

__all__ = ["together_remarks", "told_twice"]

_NEUTRAL = {"cash": 0.0, "bonus": 0.0, "split": 1.0, "rights": 0.0, "rights_price": 0.0}


def told_twice(rows: Rows, query: FileQuery) -> tuple[FlagArray, list[Remark]]:
    """Find rows that tell what another row of the same listing and ex-date tells.

    Two rows of equal terms may be one dividend that the file tells twice (as a plan and as carried
    out), or a final and a special dividend of the same size. Only a kind of their own on each row
    makes them two, and only `--dedupe` makes them one.

    Parameters
    ----------
    rows
        Rows of actions, judged.
    query
        Whether rows told twice are to be taken once.

    Returns
    -------
    repeats : numpy.ndarray
        `(n_rows,)` of bool, True for the rows that are not taken.
    remarks : list of Remark
        How many these are.

    Raises
    ------
    DataError
        If there are such rows and the user has not said what they are.
    """
    repeats = np.zeros(rows.n_rows, dtype=np.bool_)
    twins = _twins(rows)
    if not twins:
        return repeats, []
    if not query.request.dedupe:
        raise _question(rows, twins, query)
    kinds = rows.texts("kind")
    for group in twins:
        seen: set[str] = set()
        for row in group:
            repeats[row] = _kind(kinds[row]) in seen or (bool(seen) and not _kind(kinds[row]))
            seen.add(_kind(kinds[row]))
    told = say(
        "{n} rows tell an action that another row tells and were taken once", n=int(repeats.sum())
    )
    return repeats, [Remark(text=told)]


def together_remarks(several: Sequence[Sequence[Mapping[str, Any]]]) -> list[Remark]:
    """Say for how many ex-dates several actions were taken together, and which is the first."""
    if not several:
        return []
    first = several[0]
    sums = " + ".join(terms(row) for row in first)
    told = say(
        "{n} ex-dates have several actions, taken together (first {listing} {day}: {sums})",
        n=len(several),
        listing=first[0]["listing"],
        day=first[0]["ex_session"],
        sums=sums,
    )
    return [Remark(text=told)]


def _twins(rows: Rows) -> list[list[int]]:
    """Return the rows of each listing, ex-date and terms of which no kind makes several actions."""
    days = rows.days("ex_session")
    columns = _terms(rows).values()
    groups: dict[tuple[object, ...], list[int]] = {}
    for row in np.flatnonzero(rows.passed).tolist():
        key = (rows.listing[row], days[row], *(column[row] for column in columns))
        groups.setdefault(key, []).append(row)
    kinds = rows.texts("kind")
    return [
        group
        for group in groups.values()
        if len(group) > 1 and not _told_apart([_kind(kinds[row]) for row in group])
    ]


def _terms(rows: Rows) -> dict[str, FloatArray]:
    """Return `(n_rows,)` of each term, neutral where it is not told."""
    told = {name: rows.numbers(name) for name in _NEUTRAL}
    return {
        name: np.where(np.isnan(values), _NEUTRAL[name], values) for name, values in told.items()
    }


def _told_apart(kinds: list[str]) -> bool:
    return all(kinds) and len(set(kinds)) == len(kinds)


def _kind(text: object) -> str:
    return "" if text is None else str(text).strip().casefold()


def _question(rows: Rows, twins: list[list[int]], query: FileQuery) -> DataError:
    first = twins[0]
    listing = rows.listings[rows.listing[first[0]]].id
    told = terms({name: values[first[0]] for name, values in _terms(rows).items()})
    what = say(
        "{n} rows of {listing} have the ex-date {day} and the same terms ({terms}): one action "
        "told {n} times, or as many actions?",
        n=len(first),
        listing=listing,
        day=rows.days("ex_session")[first[0]],
        terms=told,
    )
    if len(twins) > 1:
        what = say(
            "{question} So have the rows of {n} more ex-dates", question=what, n=len(twins) - 1
        )
    return DataError(
        what,
        where=listed(sorted({query.labels[rows.file[row]] for row in first})),
        fix=say(
            "add --dedupe to take such an action once; to take all of them, add a column "
            "`kind` that tells them apart, such as final and special"
        ),
    )
