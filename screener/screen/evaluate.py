"""Rows and questions in, a ranked list with reasons out; no I/O, no clock."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import pyarrow as pa

from screener.errors import InputError
from screener.language import say
from screener.language.lists import listed
from screener.screen.criteria import Criterion, Order
from screener.screen.fields import FIELDS, PREDICATE_COLUMNS, Field, predicate_field
from screener.screen.query import Predicate, run_predicate
from screener.screen.reasons import CriterionResult, predicate_result, range_result

__all__ = ["ROW_SCHEMA", "Evaluation", "Questions", "ScreenedRow", "evaluate"]

ROW_SCHEMA = pa.schema(
    [
        ("listing", pa.string()),
        ("name", pa.string()),
        ("known_name", pa.string()),
        ("session", pa.date32()),
        ("absent", pa.string()),
        *((name, pa.float64()) for name in FIELDS),
    ]
)
"""Columns of the rows to screen, one row per listing.

`name` is shown; `known_name` (null if no name was known by then) is what a predicate reads.
`absent` says why there is no valuation, null where there is one; `session` is the valuation's.
"""

Value = float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """What a screen asks.

    Parameters
    ----------
    criteria
        Ranges; all must hold.
    predicate
        Condition that must hold too, or `None`.
    order
        Ranking of what passed; default: the first criterion's field ascending, else market_cap
        descending.
    allow_missing
        Fields whose missing value does not fail their range. An undefined multiple still does.
    currency
        Currency of the amounts, for the reasons.
    timeout_seconds
        Longest run of the predicate.

    Raises
    ------
    InputError
        If a field may be missing that no range asks for.
    """

    criteria: tuple[Criterion, ...] = ()
    predicate: Predicate | None = None
    order: Order | None = None
    allow_missing: tuple[Field, ...] = ()
    currency: str = "CNY"
    timeout_seconds: float = 5.0

    def __post_init__(self) -> None:
        asked = {item.field.name for item in self.criteria}
        unasked = [field.name for field in self.allow_missing if field.name not in asked]
        if unasked:
            raise InputError(
                say("{unasked} may be missing, but has no range", unasked=listed(unasked)),
                where="--allow-missing",
                fix=say(
                    "give its range too, or leave it out; in --where write `pb IS NULL OR pb < 2`"
                ),
            )

    @property
    def ranking(self) -> Order:
        """The order that applies, asked for or by default."""
        if self.order is not None:
            return self.order
        if self.criteria:
            return Order(field=self.criteria[0].field)
        return Order(field=FIELDS["market_cap"], descending=True)

    @property
    def fields(self) -> tuple[Field, ...]:
        """Fields asked for: by the ranges, the order and the predicate, each once."""
        columns = self.predicate.columns if self.predicate else ()
        found = [item.field for item in self.criteria]
        found.append(self.ranking.field)
        found.extend(field for name in columns if (field := predicate_field(name)) is not None)
        return tuple({field.name: field for field in found}.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenedRow:
    """One name that was looked at.

    Parameters
    ----------
    rank
        1 for the best that passed; `None` for a name that failed.
    listing, name
        Who it is.
    session
        Session of its valuation, `None` without one.
    values
        Value by field asked for; `None` where missing or undefined.
    raw
        Value as stored by multiple asked for; `None` where missing.
    passed
        Whether everything asked holds.
    reasons
        Why it passed or failed, one entry for each question.
    """

    rank: int | None
    listing: str
    name: str
    session: date | None
    values: Mapping[str, Value]
    raw: Mapping[str, Value]
    passed: bool
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Every name looked at: first those that passed, by rank, then the others, by listing."""

    fields: tuple[Field, ...]
    rows: tuple[ScreenedRow, ...]

    @property
    def passes(self) -> tuple[ScreenedRow, ...]:
        """The names that passed, by rank."""
        return tuple(row for row in self.rows if row.passed)

    @property
    def failures(self) -> tuple[ScreenedRow, ...]:
        """The names that failed, by listing."""
        return tuple(row for row in self.rows if not row.passed)


def evaluate(rows: pa.Table, questions: Questions) -> Evaluation:
    """Screen rows.

    Parameters
    ----------
    rows
        Table of `ROW_SCHEMA`, one row per listing, in any order; amounts in
        `questions.currency`. Null, NaN and infinite values are missing.
    questions
        What is asked.

    Returns
    -------
    Evaluation
        Every row with its reasons. Ties are ranked by listing id; a missing value ranks last.

    Raises
    ------
    InputError
        If the predicate fails while it runs.
    """
    raw = {name: _finite(rows.column(name)) for name in FIELDS}
    values = {name: _defined(FIELDS[name], column) for name, column in raw.items()}
    verdicts = _range_verdicts(questions, raw, values)
    if questions.predicate is not None:
        verdicts.append(_predicate_verdicts(rows, questions, questions.predicate, raw, values))
    found = _rows(rows, questions.fields, raw, values, verdicts)
    return Evaluation(fields=questions.fields, rows=_ranked(found, questions.ranking))


def _finite(column: pa.ChunkedArray) -> list[Value]:
    return [
        value if value is not None and math.isfinite(value) else None
        for value in column.to_pylist()
    ]


def _defined(field: Field, column: list[Value]) -> list[Value]:
    if not field.positive_only:
        return column
    return [value if value is not None and value > 0 else None for value in column]


def _range_verdicts(
    questions: Questions, raw: Mapping[str, list[Value]], values: Mapping[str, list[Value]]
) -> list[list[CriterionResult]]:
    allowed = {field.name for field in questions.allow_missing}
    return [
        [
            range_result(
                criterion,
                value,
                stored,
                allow_missing=criterion.field.name in allowed,
                currency=questions.currency,
            )
            for value, stored in zip(
                values[criterion.field.name], raw[criterion.field.name], strict=True
            )
        ]
        for criterion in questions.criteria
    ]


def _predicate_verdicts(
    rows: pa.Table,
    questions: Questions,
    predicate: Predicate,
    raw: Mapping[str, list[Value]],
    values: Mapping[str, list[Value]],
) -> list[CriterionResult]:
    table = _predicate_table(rows, raw, values)
    answers = run_predicate(predicate, table, timeout_seconds=questions.timeout_seconds)
    read = [(name, table.column(name).to_pylist()) for name in predicate.columns]
    stored = {name: raw[field.name] for name in predicate.columns if (field := FIELDS.get(name))}
    return [
        predicate_result(
            answer,
            # Only an undefined answer has to be explained by what was not there.
            [] if answer is not None else [name for name, column in read if column[at] is None],
            {name for name, column in stored.items() if column[at] is not None},
        )
        for at, answer in enumerate(answers)
    ]


def _predicate_table(
    rows: pa.Table, raw: Mapping[str, list[Value]], values: Mapping[str, list[Value]]
) -> pa.Table:
    columns: dict[str, pa.Array] = {
        "listing": rows.column("listing"),
        "name": rows.column("known_name"),
        "session": rows.column("session"),
    }
    for field in FIELDS.values():
        columns[field.name] = pa.array(values[field.name], pa.float64())
        if field.positive_only:
            columns[field.raw_name] = pa.array(raw[field.name], pa.float64())
    return pa.table({name: columns[name] for name in PREDICATE_COLUMNS})


def _rows(
    rows: pa.Table,
    fields: Sequence[Field],
    raw: Mapping[str, list[Value]],
    values: Mapping[str, list[Value]],
    verdicts: Sequence[Sequence[CriterionResult]],
) -> list[ScreenedRow]:
    names = ("listing", "name", "session", "absent")
    identities = zip(*(rows.column(name).to_pylist() for name in names), strict=True)
    found = []
    for at, (listing, name, session, absent) in enumerate(identities):
        mine = [CriterionResult(False, absent)] if absent else [column[at] for column in verdicts]
        found.append(
            ScreenedRow(
                rank=None,
                listing=listing,
                name=name or "",
                session=session,
                values={field.name: values[field.name][at] for field in fields},
                raw={field.name: raw[field.name][at] for field in fields if field.positive_only},
                passed=all(verdict.passed for verdict in mine),
                reasons=tuple(verdict.reason for verdict in mine) or (say("nothing asked"),),
            )
        )
    return found


def _ranked(rows: Sequence[ScreenedRow], order: Order) -> tuple[ScreenedRow, ...]:
    passes = sorted((row for row in rows if row.passed), key=lambda row: _sort_key(row, order))
    failures = sorted((row for row in rows if not row.passed), key=lambda row: row.listing)
    ranked = (replace(row, rank=rank) for rank, row in enumerate(passes, start=1))
    return (*ranked, *failures)


def _sort_key(row: ScreenedRow, order: Order) -> tuple[bool, float, str]:
    value = row.values[order.field.name]
    number = 0.0 if value is None else -value if order.descending else value
    return (value is None, number, row.listing)
