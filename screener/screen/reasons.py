"""Why a name passed or failed one question, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from screener.language import say
from screener.language.lists import listed
from screener.screen.computed import Why
from screener.screen.criteria import Criterion
from screener.screen.fields import FIELDS, Field, FieldUnit

__all__ = ["CriterionResult", "check_result", "predicate_result", "range_result"]


class CriterionResult(NamedTuple):
    """Whether one question is met, and why; a tuple, since a whole market makes many."""

    passed: bool
    reason: str


def range_result(
    criterion: Criterion,
    value: float | None,
    raw: float | None,
    why: Why,
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
        The value; `None` where there is none.
    raw
        The value as stored, of a field that is stored; `None` where missing.
    why
        Why there is no value.
    allow_missing
        Whether a missing value passes; an undefined one never does.
    currency
        Currency of an amount.
    """
    field = criterion.field
    if value is None:
        lack = _lack(field, raw, why)
        if allow_missing and why is not Why.UNDEFINED:
            return CriterionResult(True, say("{lack}, allowed", lack=lack))
        return CriterionResult(False, lack)
    if criterion.low is not None and value < criterion.low:
        shown = _shown(field, value, criterion.low, currency)
        bound = criterion.low_text
        told = say("{field} {value} below {bound}", field=field.called, value=shown, bound=bound)
        return CriterionResult(False, told)
    if criterion.high is not None and value > criterion.high:
        shown = _shown(field, value, criterion.high, currency)
        bound = criterion.high_text
        told = say("{field} {value} above {bound}", field=field.called, value=shown, bound=bound)
        return CriterionResult(False, told)
    shown = _inside(criterion, value, currency)
    told = say("{field} {value} in {range}", field=field.called, value=shown, range=criterion.text)
    return CriterionResult(True, told)


def predicate_result(answer: bool | None, empty: Sequence[tuple[str, Why]]) -> CriterionResult:
    """Judge the predicate's answer.

    Parameters
    ----------
    answer
        What the predicate gave; `None` where it is undefined.
    empty
        Columns that it read and that had no value, and why.
    """
    if answer is not None:
        return CriterionResult(answer, say("predicate true") if answer else say("predicate false"))
    if not empty:
        return CriterionResult(False, say("predicate undefined"))
    why = listed(_lack_of(name, reason) for name, reason in empty)
    return CriterionResult(False, say("predicate undefined ({why})", why=why))


def check_result(
    name: str, answer: bool | None, empty: Sequence[tuple[str, Why]]
) -> CriterionResult:
    """Judge a named check; parameters as those of `predicate_result`."""
    if answer:
        return CriterionResult(True, say("{check}: passed", check=name))
    if answer is False:
        return CriterionResult(False, say("{check}: failed", check=name))
    why = listed(_lack_of(column, reason) for column, reason in empty)
    return CriterionResult(False, say("{check}: cannot be told ({why})", check=name, why=why))


def _lack_of(column: str, why: Why) -> str:
    field = FIELDS.get(column)
    shown = field.called if field else column
    return {
        Why.UNDEFINED: lambda: say("{field} undefined", field=shown),
        Why.STALE: lambda: say("{field} stale", field=shown),
        Why.SHORT: lambda: say("{field} too short a history", field=shown),
    }.get(why, lambda: say("{field} missing", field=shown))()


def _lack(field: Field, raw: float | None, why: Why) -> str:
    if raw is not None:
        stored = f"{raw:.6g}"
        return say(
            "{field} undefined (raw {value}: {why})",
            field=field.called,
            value=stored,
            why=field.undefined_because,
        )
    if why is Why.UNDEFINED and field.undefined_because:
        return say("{field} undefined: {why}", field=field.called, why=field.undefined_because)
    return _lack_of(field.name, why)


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
    if field.unit in (FieldUnit.COUNT, FieldUnit.DAYS):
        return f"{value:.0f}"
    return f"{value:.4f}" if field.unit is FieldUnit.FRACTION else f"{value:.2f}"


def _with_currency(field: Field, digits: str, currency: str) -> str:
    return f"{digits} {currency}" if field.unit is FieldUnit.MONEY else digits
