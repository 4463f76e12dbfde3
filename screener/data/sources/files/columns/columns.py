"""Which column of a file is which field, and what its unit is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from screener.data.sources.files.columns.exports import LAYOUTS, Layout
from screener.data.sources.files.columns.layouts import COMMON, FIELDS, Field, Rule
from screener.data.sources.files.columns.units import (
    UNITS,
    HeaderUnit,
    Measure,
    normal_header,
    unit_named,
)
from screener.data.sources.files.request import ImportKind
from screener.data.sources.files.tables.raw import Fit
from screener.domain.listing import Currency
from screener.errors import InputError, SchemaMismatch
from screener.language import say
from screener.language.lists import listed
from screener.language.terms import named

__all__ = [
    "ColumnMapping",
    "MappedColumn",
    "check_fields",
    "check_units",
    "header_fit",
    "map_columns",
    "shown_names",
]

_NAMES_SHOWN, _NAME_SHOWN = 60, 60
_ELSEWHERE = frozenset({"listing", "session"})  # said by an option, a title or the file's name


@dataclass(frozen=True, slots=True, kw_only=True)
class MappedColumn:
    """A column of the file that is one of our fields.

    Parameters
    ----------
    position
        Its place in the file, from 0.
    header
        Its header as printed.
    field
        The field it is.
    scale, hong_kong
        Multipliers to our unit, on the mainland and for Hong Kong listings.
    stated
        Whether the unit is certain: printed in the header, or said by the user.
    unit
        The file's unit in words where the header does not print it.
    currency
        Currency that the header prints.
    vendor
        Vendor whose words the cells are; empty where the header tells none.
    """

    position: int
    header: str
    field: Field
    scale: float = 1.0
    hong_kong: float = 1.0
    stated: bool = False
    unit: str = ""
    currency: Currency | None = None
    vendor: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMapping:
    """Columns by field, the columns left out, and the layout that was recognised."""

    columns: Mapping[str, MappedColumn]
    ignored: tuple[str, ...]
    layout: str = ""


def check_fields(kind: ImportKind, column_map: tuple[tuple[str, str], ...]) -> None:
    """Check that `--map` names fields of this kind.

    Raises
    ------
    InputError
        If it does not; lists the fields.
    """
    known = [field.name for field in FIELDS[kind]]
    for column, field in column_map:
        if field not in known:
            raise InputError(
                say(
                    "--map {column}={field}: {kind} have no field {field!r}",
                    column=column,
                    field=field,
                    kind=named(kind),
                ),
                fix=say("the fields are {names}", names=listed(known)),
            )


def check_units(kind: ImportKind, units: tuple[tuple[str, str], ...]) -> None:
    """Check that `--unit` names fields of this kind, and units that they can have.

    Raises
    ------
    InputError
        If it does not.
    """
    measured = {
        field.name: field.measure
        for field in FIELDS[kind]
        if field.measure is not Measure.PLAIN and not field.proof
    }
    for name, text in units:
        if name not in measured:
            raise InputError(
                say(
                    "--unit {name}={unit}: {kind} have no field {name!r} with a unit",
                    name=name,
                    unit=text,
                    kind=named(kind),
                ),
                fix=say("the fields are {names}", names=listed(measured) or say("none")),
            )
        if unit_named(text, measured[name]) is None:
            raise InputError(
                say(
                    "--unit {name}={unit}: {unit!r} is no unit of {measure}",
                    name=name,
                    unit=text,
                    measure=named(measured[name]),
                ),
                fix=say(
                    "give percent or fraction, shares or lots, 万元 or 亿元, or a number to "
                    "multiply by, like 1e8"
                ),
            )


def header_fit(
    headers: tuple[str, ...], kind: ImportKind, column_map: tuple[tuple[str, str], ...] = ()
) -> Fit:
    """Tell how a line does as the header of a file of this kind.

    It is complete with two fields at least and all that are needed, but for what may be said
    elsewhere.
    """
    found = _found_fields(headers, kind, column_map)
    fields = FIELDS[kind]
    optional = _ELSEWHERE if "listing" in {field.name for field in fields} else frozenset()
    needed = {field.name for field in fields if field.required}
    if kind is not ImportKind.VALUATION:
        optional -= {"session"}
    return Fit(complete=len(found) > 1 and needed - optional <= found, fields=len(found))


def _found_fields(
    headers: tuple[str, ...], kind: ImportKind, column_map: tuple[tuple[str, str], ...]
) -> set[str]:
    normal = [normal_header(header) for header in headers]
    fields = {field.name: field for field in FIELDS[kind]}
    layout = _layout_of(set(normal), kind)
    found = set(_recognised(headers, normal, fields, _rules(kind, layout)))
    return found | {name for text, name in column_map if normal_header(text) in normal}


def map_columns(
    headers: tuple[str, ...],
    kind: ImportKind,
    column_map: tuple[tuple[str, str], ...] = (),
    *,
    file: str,
    units: tuple[tuple[str, str], ...] = (),
    absent: frozenset[str] = frozenset(),
) -> ColumnMapping:
    """Recognise the columns of a file.

    Parameters
    ----------
    headers
        Headers as printed.
    kind
        What the file holds.
    column_map
        Pairs of file column and field that override recognition.
    file
        Name for messages.
    units
        Pairs of field and unit that override what is recognised.
    absent
        Required fields that are known without a column.

    Raises
    ------
    SchemaMismatch
        If a required column is missing, or one that is needed comes twice.
    """
    normal = [normal_header(header) for header in headers]
    layout = _layout_of(set(normal), kind)
    fields = {field.name: field for field in FIELDS[kind]}
    rules = _rules(kind, layout)
    found = _recognised(headers, normal, fields, rules)
    found = _overridden(found, headers, normal, fields, column_map, rules, file)
    _refuse_twins(found, normal, file)
    found = _with_units(found, units, file)
    missing = [
        field.name
        for field in FIELDS[kind]
        if field.required and field.name not in found and field.name not in absent
    ]
    if missing:
        raise _missing_columns(missing, headers, kind, file)
    used = {column.position for column in found.values()}
    return ColumnMapping(
        columns=found,
        ignored=tuple(
            name or say("(no name)") for place, name in enumerate(headers) if place not in used
        ),
        layout=layout.name if layout else "",
    )


def _layout_of(normal: set[str], kind: ImportKind) -> Layout | None:
    for layout in LAYOUTS:
        if kind in layout.kinds and normal.issuperset(layout.signature):
            return layout
    return None


def _rules(kind: ImportKind, layout: Layout | None) -> tuple[Rule, ...]:
    own_names = tuple(Rule(field=field.name, headers=(field.name,)) for field in FIELDS[kind])
    return (*(layout.rules if layout else ()), *own_names, *COMMON[kind])


def _recognised(
    headers: tuple[str, ...],
    normal: list[str],
    fields: Mapping[str, Field],
    rules: tuple[Rule, ...],
) -> dict[str, MappedColumn]:
    found: dict[str, MappedColumn] = {}
    used: set[int] = set()
    for rule in rules:
        if rule.field in found or rule.field not in fields:
            continue
        column = _match(rule, fields[rule.field], headers, normal, used)
        if column is not None:
            found[rule.field] = column
            used.add(column.position)
    return found


def _match(
    rule: Rule, field: Field, headers: tuple[str, ...], normal: list[str], used: set[int]
) -> MappedColumn | None:
    for wanted in rule.headers:
        for position, name in enumerate(normal):
            if position in used:
                continue
            if name == wanted:
                return _by_rule(rule, field, position, headers[position])
            unit = _printed_unit(name, wanted, field)
            if unit is not None:
                return _by_unit(unit, field, position, headers[position])
    return None


def _printed_unit(name: str, base: str, field: Field) -> HeaderUnit | None:
    """Return the unit in the bracket that follows `base` in a header, if it suits the field."""
    if not (name.startswith(f"{base}(") and name.endswith(")")):
        return None
    unit = UNITS.get(name[len(base) + 1 : -1])
    return unit if unit is not None and field.measure in unit.measures else None


def _by_rule(rule: Rule, field: Field, position: int, header: str) -> MappedColumn:
    return MappedColumn(
        position=position,
        header=header,
        field=field,
        scale=rule.scale,
        hong_kong=rule.scale if rule.hong_kong is None else rule.hong_kong,
        unit=rule.unit,
        vendor=rule.vendor,
    )


def _by_unit(unit: HeaderUnit, field: Field, position: int, header: str) -> MappedColumn:
    return MappedColumn(
        position=position,
        header=header,
        field=field,
        scale=unit.scale,
        hong_kong=unit.scale,
        stated=True,
        currency=unit.currency,
    )


def _overridden(
    found: dict[str, MappedColumn],
    headers: tuple[str, ...],
    normal: list[str],
    fields: Mapping[str, Field],
    column_map: tuple[tuple[str, str], ...],
    rules: tuple[Rule, ...],
    file: str,
) -> dict[str, MappedColumn]:
    result = dict(found)
    for text, name in column_map:
        wanted = normal_header(text)
        if wanted not in normal:
            raise SchemaMismatch(
                say(
                    "there is no column {column!r}; the columns are {names}",
                    column=text,
                    names=listed(headers),
                ),
                where=file,
                fix=say("correct --map"),
            )
        position = normal.index(wanted)
        taken = [key for key, column in result.items() if column.position == position]
        if taken == [name]:
            continue  # recognised already, with its unit
        for key in taken:
            del result[key]
        result[name] = _mapped_by_hand(fields[name], position, headers[position], rules)
    return result


def _mapped_by_hand(
    field: Field, position: int, header: str, rules: tuple[Rule, ...]
) -> MappedColumn:
    normal = normal_header(header)
    vendor = next((one for one in rules if one.vendor and normal in one.headers), None)
    if vendor is not None and vendor.field == field.name:
        return _by_rule(vendor, field, position, header)
    unit = _printed_unit(normal, normal.rpartition("(")[0], field)
    if unit is not None:
        return _by_unit(unit, field, position, header)
    return MappedColumn(position=position, header=header, field=field)


def _refuse_twins(found: Mapping[str, MappedColumn], normal: list[str], file: str) -> None:
    for column in found.values():
        if normal.count(normal[column.position]) > 1:
            raise SchemaMismatch(
                say("column {column!r} comes more than once", column=column.header),
                where=file,
                fix=say("rename or remove one of them"),
            )


def _with_units(
    found: dict[str, MappedColumn], units: tuple[tuple[str, str], ...], file: str
) -> dict[str, MappedColumn]:
    result = dict(found)
    for name, text in units:
        column = result.get(name)
        unit = None if column is None else unit_named(text, column.field.measure)
        if column is None or unit is None:
            raise InputError(
                say(
                    "--unit {name}={unit}: the file has no column for {name}", name=name, unit=text
                ),
                where=file,
                fix=say("drop it, or name the column by --map"),
            )
        result[name] = replace(
            column,
            scale=unit.scale,
            hong_kong=unit.scale,
            stated=True,
            unit=say("in {unit}, as --unit says", unit=text),
            currency=unit.currency or column.currency,
        )
    return result


def shown_names(names: Iterable[str]) -> str:
    """Return the names of columns in words: the first of them, cut where they are long."""
    given = [name for name in names if name]
    shown = listed(name[:_NAME_SHOWN] for name in given[:_NAMES_SHOWN])
    if len(given) <= _NAMES_SHOWN:
        return shown
    return say("{shown} and {n} more", shown=shown, n=len(given) - _NAMES_SHOWN)


def _missing_columns(
    missing: list[str], headers: tuple[str, ...], kind: ImportKind, file: str
) -> SchemaMismatch:
    shown = shown_names(headers)
    return SchemaMismatch(
        say(
            "no column for {missing}; the columns are {shown}",
            missing=listed(named(name) for name in missing),
            shown=shown,
        ),
        where=file,
        fix=_advice(missing, headers, kind),
    )


def _advice(missing: list[str], headers: tuple[str, ...], kind: ImportKind) -> str:
    """Return what corrects a file without some columns."""
    here = header_fit(headers, kind).fields
    others = [other for other in ImportKind if other is not kind]
    best = max(others, key=lambda other: header_fit(headers, other).fields)
    fit = header_fit(headers, best)
    if fit.complete and fit.fields > here:
        undated = best is ImportKind.VALUATION and "session" not in _found_fields(headers, best, ())
        if undated:
            return say(
                "is it a file of {name}? then import it with --kind {kind} and --as-of D, the day "
                "that it is of",
                name=named(best),
                kind=str(best),
            )
        return say(
            "is it a file of {name}? then import it with --kind {kind}",
            name=named(best),
            kind=str(best),
        )
    if here == 0:
        example = ",".join(field.name for field in FIELDS[kind] if field.required)
        return say(
            "no line names the columns: put a header above the rows, like {example}",
            example=example,
        )
    example = ",".join(f"COLUMN={name}" for name in missing)
    hint = say('name it: --map "{example}"', example=example)
    if "listing" in missing:
        hint = say("{fix} (or give --listing ID for a file of one listing)", fix=hint)
    if "session" in missing and kind is ImportKind.VALUATION:
        hint = say("{fix} (or give --as-of D for values of one day)", fix=hint)
    return hint
