"""Rows and questions in, a ranked list with reasons out; no I/O, no clock."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from screener.errors import InputError
from screener.language import say
from screener.screen.computed import Why
from screener.screen.criteria import Criterion, Order
from screener.screen.fields import (
    FIELDS,
    IDENTITY,
    PREDICATE_COLUMNS,
    Field,
    predicate_field,
)
from screener.screen.query import Locked, Predicate, run_predicate, run_score
from screener.screen.reasons import CriterionResult, check_result, predicate_result, range_result

__all__ = [
    "WHY_SUFFIX",
    "Check",
    "Evaluation",
    "Questions",
    "ScreenedRow",
    "evaluate",
    "passing",
    "row_schema",
]

WHY_SUFFIX = "_why"
"""Ending of the column that says why a computed field has no value: a code of `Why`."""

_ARROW = {"VARCHAR": pa.string(), "BOOLEAN": pa.bool_(), "DOUBLE": pa.float64()}


def row_schema(fields: Iterable[Field]) -> pa.Schema:
    """Return the columns of the rows to screen, one row per listing.

    `name` is shown; `known_name` (null if no name was known by then) is what a predicate reads.
    `absent` says why there is no valuation, null where there is one; `session` is the valuation's.
    Of a field that is stored the value as stored, of a computed one its value and why there is
    none.
    """
    columns = [
        ("listing", pa.string()),
        ("name", pa.string()),
        ("known_name", pa.string()),
        ("session", pa.date32()),
        ("absent", pa.string()),
    ]
    for field in fields:
        columns.append((field.name, _ARROW[field.sql_type]))
        if not field.stored and field.unit.numeric:
            columns.append((field.name + WHY_SUFFIX, pa.int8()))
    return pa.schema(columns)


Value = float | str | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A named condition; each name shows whether it holds."""

    name: str
    predicate: Predicate


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """What a screen asks.

    Parameters
    ----------
    criteria
        Ranges; all must hold.
    predicate
        Condition that must hold too, or `None`.
    checks
        Named conditions; all must hold.
    order
        Ranking of what passed; default: the first criterion's field ascending, else market_cap
        descending.
    shown
        Fields to show that nothing asks for.
    allow_missing
        Fields whose missing value does not fail their range. An undefined multiple still does.
    currency
        Currency of the amounts, for the reasons.
    timeout_seconds
        Longest run of each condition.

    Raises
    ------
    InputError
        If a field may be missing that no range asks for.
    """

    criteria: tuple[Criterion, ...] = ()
    predicate: Predicate | None = None
    checks: tuple[Check, ...] = ()
    order: Order | None = None
    shown: tuple[Field, ...] = ()
    allow_missing: tuple[Field, ...] = ()
    currency: str = "CNY"
    timeout_seconds: float = 5.0

    def __post_init__(self) -> None:
        asked = {item.field.name for item in self.criteria}
        unasked = [field.name for field in self.allow_missing if field.name not in asked]
        if unasked:
            raise InputError(
                say("{fields} may be missing, but has no range", fields=", ".join(unasked)),
                where="--allow-missing",
                fix=say(
                    "give its range too, or leave it out; in --where write {example}",
                    example="`pb IS NULL OR pb < 2`",
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
    def asked(self) -> tuple[Field, ...]:
        """Fields that decide: of the ranges, the conditions and an order that was asked for."""
        conditions = [self.predicate, *(check.predicate for check in self.checks)]
        found = [item.field for item in self.criteria]
        if self.order is not None:
            found.extend(self.order.fields)
        for condition in conditions:
            found.extend(condition.fields if condition else ())
        return _unique(found)

    @property
    def fields(self) -> tuple[Field, ...]:
        """Fields to show: of the ranges, the order, the condition, and what else is to be shown.

        Those of checks are not among them: their marks are.
        """
        found = [item.field for item in self.criteria]
        if self.ranking.field is not None or not self.shown:  # an expression has its score
            found.extend(self.ranking.fields)
        found.extend(self.predicate.fields if self.predicate else ())
        return _unique([*found, *self.shown])

    @property
    def needed(self) -> tuple[Field, ...]:
        """Every field that has to be there: those to show, and those that decide."""
        return _unique([*self.fields, *self.asked])


def _unique(fields: Iterable[Field]) -> tuple[Field, ...]:
    return tuple({field.name: field for field in fields}.values())


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
    marks
        Whether each check holds, in their order; `None` where that cannot be told.
    score
        Value of the ranking's expression; `None` without one.
    """

    rank: int | None
    listing: str
    name: str
    session: date | None
    values: Mapping[str, Value]
    raw: Mapping[str, float | None]
    passed: bool
    reasons: tuple[str, ...]
    marks: tuple[bool | None, ...] = ()
    score: float | None = None


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


def passing(
    rows: pa.Table, questions: Questions, *, within: Locked | None = None
) -> tuple[ScreenedRow, ...]:
    """Return the names that pass, by rank, as `evaluate` does, without reasons and marks.

    Parameters
    ----------
    rows, questions
        As those of `evaluate`.
    within
        Connection of `query.locked` on which the conditions run.
    """
    kept = rows.filter(pc.is_null(rows.column("absent")))
    for criterion in questions.criteria:
        if criterion.field not in questions.allow_missing:
            kept = kept.filter(pc.fill_null(_within(kept, criterion), False))
    conditions = [check.predicate for check in questions.checks]
    if questions.predicate is not None:
        conditions.insert(0, questions.predicate)
    for condition in conditions:  # the next one is asked of what is left
        cells = {field.name: _Cells.of(kept, field) for field in condition.fields}
        answers = _answers(kept, cells, condition, questions.timeout_seconds, within)
        kept = kept.filter(pa.array([answer is True for answer in answers], pa.bool_()))
    order = questions.ranking
    wanted = (*(item.field for item in questions.criteria), *order.fields)
    cells = {field.name: _Cells.of(kept, field) for field in wanted}
    verdicts = [
        _range_verdicts(questions, item, cells[item.field.name]) for item in questions.criteria
    ]
    scores = _scores(kept, cells, questions, within)
    shown = order.fields if order.field is not None else ()
    found = _rows(kept, shown, cells, verdicts, (), scores)
    return tuple(row for row in _ranked(found, order) if row.passed)


def _within(rows: pa.Table, criterion: Criterion) -> pa.Array:
    """Tell of each row whether its value may lie in a range; null where it has none."""
    values = rows.column(criterion.field.name)
    low = -math.inf if criterion.low is None else criterion.low
    high = math.inf if criterion.high is None else criterion.high
    return pc.and_(pc.greater_equal(values, low), pc.less_equal(values, high))


def evaluate(rows: pa.Table, questions: Questions, *, within: Locked | None = None) -> Evaluation:
    """Screen rows.

    Parameters
    ----------
    rows
        Table of `row_schema` with at least the fields that `questions.needed` names, one row per
        listing, in any order; amounts in `questions.currency`. Null, NaN and infinite values are
        missing.
    questions
        What is asked.
    within
        Connection of `query.locked` on which the conditions run; one of its own for each if `None`.

    Returns
    -------
    Evaluation
        Every row with its reasons. Ties are ranked by listing id; a missing value ranks last.

    Raises
    ------
    InputError
        If a condition or the ranking's expression fails while it runs.
    """
    cells = {field.name: _Cells.of(rows, field) for field in questions.needed}
    seconds = questions.timeout_seconds
    verdicts = [
        _range_verdicts(questions, item, cells[item.field.name]) for item in questions.criteria
    ]
    if questions.predicate is not None:
        answers = _answers(rows, cells, questions.predicate, seconds, within)
        empty = _empty(rows, cells, questions.predicate)
        verdicts.append([predicate_result(*each) for each in zip(answers, empty, strict=True)])
    marks = [_answers(rows, cells, check.predicate, seconds, within) for check in questions.checks]
    for check, answers in zip(questions.checks, marks, strict=True):
        empty = _empty(rows, cells, check.predicate)
        verdicts.append(
            [check_result(check.name, *each) for each in zip(answers, empty, strict=True)]
        )
    scores = _scores(rows, cells, questions, within)
    found = _rows(rows, questions.fields, cells, verdicts, marks, scores)
    return Evaluation(fields=questions.fields, rows=_ranked(found, questions.ranking))


@dataclass(frozen=True, slots=True)
class _Cells:
    """A field's column: values, and why there is none; for a multiple what is stored, too."""

    field: Field
    values: Sequence[Value]
    raw: Sequence[float | None]
    why: Sequence[int]

    @classmethod
    def of(cls, rows: pa.Table, field: Field) -> _Cells:
        held = rows.column(field.name).to_pylist()
        if not field.unit.numeric:
            why = [Why.MISSING if value is None else Why.THERE for value in held]
            return cls(field, held, (), why)
        raw = [value if value is not None and math.isfinite(value) else None for value in held]
        if field.name + WHY_SUFFIX in rows.column_names:
            return cls(field, raw, (), rows.column(field.name + WHY_SUFFIX).to_pylist())
        values = raw
        if field.positive_only:
            values = [value if value is not None and value > 0 else None for value in raw]
        why = [
            Why.THERE if value is not None else Why.MISSING if stored is None else Why.UNDEFINED
            for value, stored in zip(values, raw, strict=True)
        ]
        return cls(field, values, raw, why)


def _range_verdicts(
    questions: Questions, criterion: Criterion, cells: _Cells
) -> list[CriterionResult]:
    allowed = criterion.field in questions.allow_missing
    stored: Sequence[float | None] = cells.raw or [None] * len(cells.values)
    return [
        range_result(
            criterion,
            value if isinstance(value, float) else None,
            raw,
            Why(why),
            allow_missing=allowed,
            currency=questions.currency,
        )
        for value, raw, why in zip(cells.values, stored, cells.why, strict=True)
    ]


def _answers(
    rows: pa.Table,
    cells: Mapping[str, _Cells],
    predicate: Predicate,
    seconds: float,
    within: Locked | None,
) -> tuple[bool | None, ...]:
    table = _table(rows, cells, predicate)
    return run_predicate(predicate, table, timeout_seconds=seconds, within=within)


def _scores(
    rows: pa.Table, cells: Mapping[str, _Cells], questions: Questions, within: Locked | None
) -> Sequence[float | None]:
    expression = questions.ranking.expression
    if expression is None:
        return [None] * rows.num_rows
    table = _table(rows, cells, expression)
    seconds = questions.timeout_seconds
    found = run_score(expression, table, timeout_seconds=seconds, within=within)
    return [value if value is not None and math.isfinite(value) else None for value in found]


def _table(rows: pa.Table, cells: Mapping[str, _Cells], predicate: Predicate) -> pa.Table:
    """Return the columns that a condition reads, and the listing."""
    columns: dict[str, pa.Array] = {"listing": rows.column("listing")}
    for name in predicate.columns:
        if name in IDENTITY:
            columns[name] = rows.column("known_name" if name == "name" else name)
            continue
        field = predicate_field(name)
        if field is None:
            raise KeyError(name)
        held = cells[field.name]
        values = held.values if name == field.name else held.raw
        columns[name] = pa.array(values, _ARROW[PREDICATE_COLUMNS[name]])
    return pa.table(columns)


def _empty(
    rows: pa.Table, cells: Mapping[str, _Cells], predicate: Predicate
) -> Iterator[list[tuple[str, Why]]]:
    """Give for each row the columns that a condition reads and that have no value, and why."""
    read: list[tuple[str, Sequence[Any]]] = []
    for name in predicate.columns:
        field = predicate_field(name)
        if field is None:
            held = rows.column("known_name" if name == "name" else name).to_pylist()
            read.append((name, [Why.MISSING if value is None else Why.THERE for value in held]))
        elif name == field.name:
            read.append((name, cells[name].why))
        else:
            held = cells[field.name].raw
            read.append((name, [Why.MISSING if value is None else Why.THERE for value in held]))
    for at in range(rows.num_rows):
        yield [(name, Why(why[at])) for name, why in read if why[at] != Why.THERE]


def _rows(
    rows: pa.Table,
    fields: Sequence[Field],
    cells: Mapping[str, _Cells],
    verdicts: Sequence[Sequence[CriterionResult]],
    marks: Sequence[Sequence[bool | None]],
    scores: Sequence[float | None],
) -> list[ScreenedRow]:
    names = ("listing", "name", "session", "absent")
    identities = zip(*(rows.column(name).to_pylist() for name in names), strict=True)
    stored = [field.name for field in fields if field.positive_only]
    found = []
    for at, (listing, name, session, absent) in enumerate(identities):
        mine = [CriterionResult(False, absent)] if absent else [column[at] for column in verdicts]
        found.append(
            ScreenedRow(
                rank=None,
                listing=listing,
                name=name or "",
                session=session,
                values={field.name: cells[field.name].values[at] for field in fields},
                raw={item: cells[item].raw[at] for item in stored},
                passed=all(verdict.passed for verdict in mine),
                reasons=tuple(verdict.reason for verdict in mine) or (say("nothing asked"),),
                marks=tuple(column[at] for column in marks),
                score=scores[at],
            )
        )
    return found


def _ranked(rows: Sequence[ScreenedRow], order: Order) -> tuple[ScreenedRow, ...]:
    passes = sorted((row for row in rows if row.passed), key=lambda row: _sort_key(row, order))
    failures = sorted((row for row in rows if not row.passed), key=lambda row: row.listing)
    ranked = (replace(row, rank=rank) for rank, row in enumerate(passes, start=1))
    return (*ranked, *failures)


def _sort_key(row: ScreenedRow, order: Order) -> tuple[bool, float, str]:
    value = row.score if order.field is None else row.values[order.field.name]
    if not isinstance(value, float):
        return (True, 0.0, row.listing)
    return (False, -value if order.descending else value, row.listing)
