"""Units that make no sense: asked about before a value is stored, never guessed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from screener.data.sources.files.columns.columns import MappedColumn
from screener.data.sources.files.columns.units import Measure
from screener.data.sources.files.columns.values import Numbers
from screener.data.sources.files.tables.raw import RawFile
from screener.data.validation.sense import NUMBERS
from screener.domain.arrays import FlagArray, FloatArray
from screener.errors import InputError
from screener.language import say
from screener.language.terms import named

__all__ = ["refuse_odd_unit", "refuse_two_readings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Usual:
    """Bounds of a column's median in the right unit: of mainland listings below, of all above."""

    low: float
    high: float = np.inf


_READABLE = 1e18  # above, digits say nothing

# No mainland company is worth 500 million at its median; the dearest of all, in 万, is below that.
_MEDIANS = {
    "dividend_yield": _Usual(low=0.002, high=0.2),
    "market_cap": _Usual(low=5e8),
    "float_cap": _Usual(low=1e8),
}


def refuse_two_readings(numbers: Numbers, column: MappedColumn, raw: RawFile) -> None:
    """Refuse fractions of which some have a percent sign and others, plain, may be either.

    Raises
    ------
    InputError
        If they do and nothing says the unit of the plain ones.
    """
    plain = np.isfinite(numbers.values) & (numbers.values != 0) & ~numbers.percent
    known = column.stated or column.scale != 1 or column.field.measure is not Measure.FRACTION
    if known or not (numbers.percent.any() and plain.any()):
        return
    name = column.field.name
    raise InputError(
        say(
            "{column} has percent signs in some rows and none in others (first line {line})",
            column=column.header,
            line=raw.lines[np.flatnonzero(plain)[0]],
        ),
        where=raw.label,
        fix=say(
            "say what the plain ones are: --unit {name}=percent or --unit {name}=fraction",
            name=name,
        ),
    )


def refuse_odd_unit(
    values: FloatArray, column: MappedColumn, raw: RawFile, hong_kong: FlagArray
) -> None:
    """Refuse a column whose unit nobody said, if its values make no sense in the assumed one.

    Raises
    ------
    InputError
        If a value is out of range, or the median is.
    """
    name = column.field.name
    usual = _MEDIANS.get(name)
    if usual is None:
        return
    given = np.isfinite(values) & (values > 0)
    odd = given & NUMBERS[name].lacks(values)
    home = given & ~hong_kong
    if not odd.any() and home.any() and np.median(values[home]) < usual.low:
        odd = home & (values < usual.low)
    if not odd.any() and given.any() and np.median(values[given]) > usual.high:
        odd = given & (values > usual.high)
    if not odd.any():
        return
    row = int(np.flatnonzero(odd)[0])
    raise InputError(
        say(
            "{column} of line {line} would be a {name} of {value} ({n} row(s) like it): "
            "in which unit is it?",
            column=column.header,
            line=raw.lines[row],
            name=named(name),
            value=_shown(name, values[row]),
            n=int(odd.sum()),
        ),
        where=raw.label,
        fix=_advice(name, values[row]),
    )


def _advice(name: str, value: float) -> str:
    if name == "dividend_yield":
        return say(
            "--unit dividend_yield=percent where 3.5 means 3.5 %, --unit "
            "dividend_yield=fraction where 0.035 does"
        )
    if NUMBERS[name].lacks(np.array(value)):
        return say("--unit {name}=亿元 (or 1e8), --unit {name}=万元 (or 1e4)", name=name)
    return say(
        "--unit {name}=亿元 (or 1e8), --unit {name}=万元 (or 1e4), --unit {name}=1 if it is true",
        name=name,
    )


def _shown(name: str, value: float) -> str:
    if value > _READABLE:
        return f"{value:.4g}"
    return f"{value:.4g} ({value:.2%})" if name == "dividend_yield" else f"{value:,.0f}"
