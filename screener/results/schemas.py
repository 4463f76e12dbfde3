"""What a program finds in the JSON of a command: JSON Schemas, written from the result tables.

`python -m screener.results.schemas DIR` writes one file for each command.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping

from screener.errors import NotFoundError
from screener.files.writing import write_json
from screener.language import say
from screener.language.lists import listed
from screener.results import (
    backtest,
    follow,
    reports,
    rules,
    score,
    screen,
    screen_backtest,
    study,
    today,
)
from screener.results.tables import Column, Dtype, TableSpec, Unit

__all__ = ["COMMANDS", "json_schema", "write_schemas"]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TYPES: Mapping[Dtype, tuple[str, ...]] = {
    Dtype.TEXT: ("string",),
    Dtype.WHOLE: ("integer",),
    Dtype.NUMBER: ("number",),
    Dtype.DATE: ("string",),
    Dtype.FLAG: ("boolean",),
    Dtype.VALUE: ("string", "number", "boolean"),
}

Schema = dict[str, object]


def json_schema(command: str) -> Schema:
    """Return the JSON Schema of what a command writes with `--json`.

    Raises
    ------
    NotFoundError
        If the command writes none.
    """
    if command not in _SCHEMAS:
        raise NotFoundError(
            say("{command} writes no JSON that is declared", command=repr(command)),
            fix=say("one of {known}", known=listed(_SCHEMAS)),
        )
    return {"$schema": _DIALECT, "title": f"screener {command} --json", **_SCHEMAS[command]}


def write_schemas(folder: str) -> None:
    """Write the schema of each command to a file of its name."""
    for command in COMMANDS:
        write_json(f"{folder}/{command.replace(' ', '-')}.schema.json", json_schema(command))


def _rows(spec: TableSpec, *more: TableSpec, others: Schema | None = None) -> Schema:
    """Return the schema of an array of rows; the columns of `more` may be lacking."""
    maybe = [column for item in more for column in item.columns]
    columns = [*spec.columns, *maybe]
    row: Schema = {
        "type": "object",
        "properties": {column.name: _cell(column) for column in columns},
        "required": list(spec.names),
        "additionalProperties": False if others is None else others,
    }
    return {"type": "array", "description": spec.meaning, "items": row}


def _cell(column: Column) -> Schema:
    kinds = [*_TYPES[column.dtype], *(["null"] if column.nullable else [])]
    cell: Schema = {
        "type": kinds if len(kinds) > 1 else kinds[0],
        "title": column.en,
        "description": column.meaning,
    }
    if column.dtype is Dtype.DATE:
        cell["format"] = "date"
    if column.unit is not Unit.NONE:
        cell["x-unit"] = str(column.unit)
    return cell


def _document(facts: Iterable[str] = (), **parts: Schema) -> Schema:
    """Return the schema of an object: arrays of rows, and facts beside them."""
    known = {**{name: {} for name in facts}, **_IDENTITY, **parts}
    return {"type": "object", "properties": known, "required": sorted(known)}


_IDENTITY: Mapping[str, Schema] = {
    "data_version": {"type": "integer", "description": "Snapshot of the lake that was read."},
    "simulated": {"type": "boolean", "description": "Whether the prices are invented."},
    "remarks": {"type": "array", "items": {"type": "string"}},
}
_FIELD: Schema = {"type": ["number", "null"], "description": "A field that was asked for."}
_SCREENED = screen.screen_spec((), ())

_SCHEMAS: Mapping[str, Schema] = {
    "backtest": _rows(backtest.RETURNS, backtest.VARIANT, backtest.REMARK),
    "follow": _document(
        ("run_id",),
        measures=_rows(follow.MEASURES),
        events=_rows(follow.EVENTS),
        curve=_rows(follow.CURVE),
    ),
    "study": _document(
        ("run_id", "study"),
        tests=_rows(study.TESTS),
        reversals=_rows(study.REVERSALS),
        sessions=_rows(study.SESSIONS),
        units=_rows(study.UNITS, others={}),
        names=_rows(study.NAMES),
    ),
    "score": _document(
        ("by", "broker", "names", "calls", "min_calls", "trials"),
        rows=_rows(score.SCORES),
        crowding=_rows(score.CROWDING),
        persistence=_rows(score.PERSISTENCE),
    ),
    "screen": _document(
        ("screened", "as_of", "questions", "currency", "looked_at", "passed", "columns"),
        rows=_rows(_SCREENED, others=_FIELD),
    ),
    "screen report": _document(
        ("report", "known", "as_of", "currency", "questions"),
        rows=_rows(screen.BESIDE),
    ),
    "screen backtest": _document(
        ("run_id",),
        measures=_rows(screen_backtest.MEASURES),
        rebalances=_rows(screen_backtest.REBALANCES),
        names=_rows(screen_backtest.NAMES),
        curve=_rows(screen_backtest.CURVE),
        biases=_rows(screen_backtest.BIASES),
    ),
    "rules": _document(("listing", "board", "at", "session"), rows=_rows(rules.RULES)),
    "today": _document(
        ("since", "now", "data_version_before", "has_news"),
        data_version={"type": ["integer", "null"], "description": "Snapshot that was read."},
        cards=_rows(today.CARDS),
        matured=_rows(today.MATURED),
        judged=_rows(today.JUDGED),
        screened=_rows(today.SCREENED),
        changed=_rows(today.RUN_DIFF),
        lacks=_rows(today.LACKS),
    ),
    "report check": _document(("report", "published", "verdicts"), rows=_rows(reports.CHECKING)),
}

COMMANDS = tuple(_SCHEMAS)
"""Commands whose JSON is declared."""


if __name__ == "__main__":
    write_schemas(sys.argv[1])
