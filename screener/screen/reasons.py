"""Why a name passed or failed one question, in words."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from screener.language import say
from screener.language.lists import listed
from screener.screen.criteria import Criterion
from screener.screen.fields import FIELDS, Field, FieldUnit

__all__ = ["CriterionResult", "predicate_result", "range_result"]


class CriterionResult(NamedTuple):
    """Whether one question is met, and why; a tuple, since a whole market makes many."""

    passed: bool
    reason: str


def range_result(
    criterion: Criterion,
    value: float | None,
    raw: float | None,
    *,
    allow_missing: bool,
    currency: str,
) -> CriterionResult:
    """Judge one value against its range.

    Parameters
    ----------
    criterion
        The range.
    value
        The value; `None` where missing or undefined.
    raw
        The value as stored; `None` where missing.
    allow_missing
        Whether a missing value passes; an undefined one never does.
    currency
        Currency of an amount.
    """
    field = criterion.field
    if value is None:
        if raw is not None:
            why = say(
                "{field} undefined (raw {raw:.6g}: {why})",
                field=field.called,
                raw=raw,
                why=field.undefined_because,
            )
            return CriterionResult(False, why)
        return CriterionResult(
            allow_missing,
            say("{field} missing, allowed", field=field.called)
            if allow_missing
            else say("{field} missing", field=field.called),
        )
    if criterion.low is not None and value < criterion.low:
        shown = _shown(field, value, criterion.low, currency)
        why = say(
            "{field} {value} below {bound}",
            field=field.called,
            value=shown,
            bound=criterion.low_text,
        )
        return CriterionResult(False, why)
    if criterion.high is not None and value > criterion.high:
        shown = _shown(field, value, criterion.high, currency)
        why = say(
            "{field} {value} above {bound}",
            field=field.called,
            value=shown,
            bound=criterion.high_text,
        )
        return CriterionResult(False, why)
    inside = _inside(criterion, value, currency)
    why = say("{field} {value} in {range}", field=field.called, value=inside, range=criterion.text)
    return CriterionResult(True, why)


def predicate_result(
    answer: bool | None, empty: Sequence[str], stored: Collection[str]
) -> CriterionResult:
    """Judge the predicate's answer.

    Parameters
    ----------
    answer
        What the predicate gave; `None` where it is undefined.
    empty
        Columns that it read and that had no value.
    stored
        Those of its columns that have a stored value: a multiple among them is undefined, not
        missing.
    """
    if answer is not None:
        return CriterionResult(answer, say("predicate true") if answer else say("predicate false"))
    if not empty:
        return CriterionResult(False, say("predicate undefined"))
    parts = listed(
        say("{field} undefined", field=FIELDS[name].called)
        if name in stored and name in FIELDS
        else say("{field} missing", field=FIELDS[name].called if name in FIELDS else name)
        for name in empty
    )
    return CriterionResult(False, say("predicate undefined ({columns})", columns=parts))


def _inside(criterion: Criterion, value: float, currency: str) -> str:
    digits = _digits(criterion.field, value)
    number, low, high = float(digits), criterion.low, criterion.high
    rounded_out = (low is not None and number < low) or (high is not None and number > high)
    return _with_currency(criterion.field, repr(value) if rounded_out else digits, currency)


def _shown(field: Field, value: float, bound: float, currency: str) -> str:
    digits = _digits(field, value)
    number = float(digits)
    # 1.504 must not read "1.50 above 1.5".
    told_apart = number != bound and (number > bound) == (value > bound)
    return _with_currency(field, digits if told_apart else repr(value), currency)


def _digits(field: Field, value: float) -> str:
    if field.unit is FieldUnit.MONEY:
        scale = 9 if abs(value) >= 1e9 else 6
        return f"{value / 10**scale:.2f}e{scale}"
    return f"{value:.4f}" if field.unit is FieldUnit.FRACTION else f"{value:.2f}"


def _with_currency(field: Field, digits: str, currency: str) -> str:
    return f"{digits} {currency}" if field.unit is FieldUnit.MONEY else digits
