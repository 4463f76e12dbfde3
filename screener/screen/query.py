"""The one place that runs SQL written by a user: a predicate over rows handed in.

A predicate is first parsed by DuckDB itself (`json_serialize_sql`, fed by a bound parameter) and
checked against an allow-list; then the very statement that was checked runs in a fresh in-memory
database without files, network, extensions or settings to change, under a timer.
See https://duckdb.org/docs/stable/operations_manual/securing_duckdb/overview.
"""

from __future__ import annotations

import json
import math
import threading
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from itertools import accumulate
from typing import cast

import duckdb
import pyarrow as pa

from screener.errors import InputError
from screener.language import say
from screener.screen.fields import PREDICATE_COLUMNS, Field, predicate_field
from screener.screen.grammar import MAX_DEPTH, Node, Refused, columns_of
from screener.screen.spoken import as_sql

__all__ = [
    "MAX_LENGTH",
    "Locked",
    "Predicate",
    "locked",
    "parse_predicate",
    "parse_score",
    "run_predicate",
    "run_score",
]

MAX_LENGTH = 2000
_NAMED = 11  # columns that a refusal names
"""Longest predicate, in characters."""

WHERE, RANK = "--where", "--rank"
"""Options that an error names."""

_STATEMENT = "SELECT ({}\n) AS passed FROM screen_rows ORDER BY position"
_SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "allow_persistent_secrets": "false",
    "python_enable_replacements": "false",
    "memory_limit": "512MB",
    "temp_directory": "",
    "threads": "1",
}


@dataclass(frozen=True, slots=True)
class Locked:
    """A connection on which nothing can be set any more, and the SQL that it has checked."""

    connection: duckdb.DuckDBPyConnection
    checked: dict[str, tuple[Predicate, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicate:
    """A predicate that passed the allow-list.

    Parameters
    ----------
    text
        As the user wrote it.
    columns
        Columns it reads, in order, each once.
    """

    text: str
    columns: tuple[str, ...]

    @property
    def fields(self) -> tuple[Field, ...]:
        """Fields that it reads, each once."""
        found = (predicate_field(name) for name in self.columns)
        return tuple({field.name: field for field in found if field is not None}.values())


def parse_predicate(text: str) -> Predicate:
    """Check a predicate without running it.

    Parameters
    ----------
    text
        A SQL condition over `fields.PREDICATE_COLUMNS`, such as `pe_ttm < 20 AND pb < 2`.

    Raises
    ------
    InputError
        If it is too long, is no single condition, or says anything not on the allow-list.
    """
    with locked() as held:
        return _checked(held, text, where=WHERE)[0]


def run_predicate(
    predicate: Predicate,
    rows: pa.Table,
    *,
    timeout_seconds: float = 5.0,
    within: Locked | None = None,
) -> tuple[bool | None, ...]:
    """Evaluate a predicate on every row.

    Parameters
    ----------
    predicate
        From `parse_predicate`; it is checked again on the connection that runs it.
    rows
        Table with the columns of `fields.PREDICATE_COLUMNS`; a missing value is null.
    timeout_seconds
        Longest run; positive.
    within
        Connection of `locked`, for very many runs; one of its own otherwise.

    Returns
    -------
    tuple
        For each row, in order: true, false, or `None` where the predicate is undefined.

    Raises
    ------
    InputError
        If it is refused, gives no true or false, fails on a row, or runs for too long.
    """
    found = _column(predicate, rows, timeout_seconds, where=WHERE, within=within)
    if not pa.types.is_boolean(found.type):
        told = say("it gives {type} values, not true or false", type=found.type)
        raise _refusal(predicate.text, told, WHERE)
    return tuple(found.to_pylist())


def parse_score(text: str) -> Predicate:
    """Check an expression that ranks names without running it, as `parse_predicate` does.

    Raises
    ------
    InputError
        If it is refused; by the same rules as a predicate.
    """
    with locked() as held:
        return _checked(held, text, where=RANK)[0]


def run_score(
    expression: Predicate,
    rows: pa.Table,
    *,
    timeout_seconds: float = 5.0,
    within: Locked | None = None,
) -> tuple[float | None, ...]:
    """Evaluate an expression on every row; parameters as those of `run_predicate`.

    Returns
    -------
    tuple
        For each row, in order, a number, or `None` where it is undefined.

    Raises
    ------
    InputError
        If it is refused, gives no number, fails on a row, or runs for too long.
    """
    found = _column(expression, rows, timeout_seconds, where=RANK, within=within)
    kind = found.type
    number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    if not number:
        told = say("it gives {type} values, no numbers", type=kind)
        raise _refusal(expression.text, told, RANK)
    return tuple(None if value is None else float(value) for value in found.to_pylist())


def _column(
    predicate: Predicate, rows: pa.Table, seconds: float, *, where: str, within: Locked | None
) -> pa.ChunkedArray:
    if not (math.isfinite(seconds) and seconds > 0):
        raise InputError(say("a time limit of {s} s is not positive", s=seconds))
    with nullcontext(within) if within else locked() as held, _rows_on(held.connection, rows):
        _, sql = _checked(held, predicate.text, where=where)
        found = _run(held.connection, predicate.text, sql, seconds, where)
    if len(found) != rows.num_rows:
        told = say("it gives {n} values for {rows} rows", n=len(found), rows=rows.num_rows)
        raise _refusal(predicate.text, told, where)
    return found


@contextmanager
def locked() -> Iterator[Locked]:
    """Open a fresh database without files, network, extensions or settings to change."""
    connection = duckdb.connect(":memory:", config=_SETTINGS)
    try:
        connection.execute("SET lock_configuration = true")
        yield Locked(connection)
    finally:
        connection.close()


@contextmanager
def _rows_on(connection: duckdb.DuckDBPyConnection, rows: pa.Table) -> Iterator[None]:
    """Let a connection read some rows, and forget them."""
    columns = rows.select([n for n in PREDICATE_COLUMNS if n in rows.column_names])
    positions = pa.array(range(rows.num_rows), type=pa.int64())
    connection.register("screen_rows", columns.append_column("position", positions))
    try:
        yield
    finally:
        connection.unregister("screen_rows")


def _checked(held: Locked, text: str, *, where: str) -> tuple[Predicate, str]:
    """Return the predicate, and the SQL that was checked: once on each connection."""
    if text not in held.checked:
        held.checked[text] = _check(held.connection, text, where=where)
    return held.checked[text]


def _check(
    connection: duckdb.DuckDBPyConnection, text: str, *, where: str
) -> tuple[Predicate, str]:
    try:
        _check_text(text)
        sql = as_sql(text)
        _check_text(sql)
        # On its own first: `a) OR (b` is balanced only by the parentheses of our statement.
        _parse(connection, f"SELECT {sql}\n")
        tree = _parse(connection, _STATEMENT.format(sql))
        columns = columns_of(_predicate_node(connection, tree), PREDICATE_COLUMNS)
    except Refused as reason:
        raise _refusal(text, str(reason), where) from None
    return Predicate(text=text, columns=columns), sql


def _check_text(text: str) -> None:
    if not text.strip():
        raise Refused(say("it is empty"))
    if len(text) > MAX_LENGTH:
        raise Refused(
            say("it has {n} characters, more than {bound}", n=len(text), bound=MAX_LENGTH)
        )
    for char in text:
        # Control, invisible and unpaired characters can hide what a predicate says.
        if unicodedata.category(char) in ("Cc", "Cf", "Cs") and char not in "\t\n\r":
            code = f"U+{ord(char):04X}"
            raise Refused(say("it holds the invisible character {code}", code=code))
    # Before the parser sees it: recursive parsers have been crashed by deep brackets.
    if max(accumulate((char in "([{") - (char in ")]}") for char in text)) > MAX_DEPTH:
        raise Refused(say("it is nested more than {n} deep", n=MAX_DEPTH))


def _parse(connection: duckdb.DuckDBPyConnection, sql: str) -> dict[str, object]:
    try:
        row = connection.execute("SELECT json_serialize_sql(?::VARCHAR)", [sql]).fetchone()
        tree = cast("dict[str, object]", json.loads(row[0] if row else "{}"))
    except RecursionError:
        raise Refused(say("it is nested too deep")) from None
    except duckdb.Error as error:
        raise Refused(repr(_first_line(error))) from None
    if tree.get("error") is not False:
        message = tree.get("error_message")
        raise Refused(repr(message) if message else say("it cannot be parsed"))
    return tree


def _predicate_node(connection: duckdb.DuckDBPyConnection, tree: dict[str, object]) -> Node:
    # Everything around the predicate must be as in our own statement with a plain NULL in it.
    plain = _parse(connection, _STATEMENT.format("NULL"))
    node = _take_predicate(tree)
    _take_predicate(plain)
    if _without_locations(tree) != _without_locations(plain):
        raise Refused(say("it is not one plain condition"))
    return node


def _take_predicate(tree: dict[str, object]) -> Node:
    statements = cast("Sequence[dict[str, dict[str, object]]]", tree["statements"])
    select = statements[0]["node"].pop("select_list", None) if len(statements) == 1 else None
    if not isinstance(select, list) or len(select) != 1:
        raise Refused(say("it is not one plain condition"))
    return cast(Node, select[0])


def _without_locations(value: object) -> object:
    if isinstance(value, dict):
        return {
            key: _without_locations(item) for key, item in value.items() if key != "query_location"
        }
    return [_without_locations(item) for item in value] if isinstance(value, list) else value


def _run(
    connection: duckdb.DuckDBPyConnection, text: str, sql: str, seconds: float, where: str
) -> pa.ChunkedArray:
    try:
        with _deadline(connection, seconds):
            return connection.execute(_STATEMENT.format(sql)).to_arrow_table().column(0)
    except duckdb.InterruptException:
        told = f"{seconds:g}"
        raise InputError(
            say("the predicate {text} ran longer than {s} s", text=repr(text), s=told),
            where=where,
            fix=say("ask for less, or narrow the universe"),
        ) from None
    except duckdb.Error as error:
        raise _refusal(text, repr(_first_line(error)), where) from error


@contextmanager
def _deadline(connection: duckdb.DuckDBPyConnection, seconds: float) -> Iterator[None]:
    finished = threading.Event()

    def watch() -> None:
        # Again and again: an interrupt that comes between two steps of DuckDB is lost.
        waiting = seconds
        while not finished.wait(waiting):
            connection.interrupt()
            waiting = 0.02

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        finished.set()
        watcher.join()


def _first_line(error: duckdb.Error) -> str:
    return str(error).strip().splitlines()[0]


def _refusal(text: str, reason: str, where: str) -> InputError:
    shown = text if len(text) <= 200 else text[:200] + "…"
    told = say("the predicate {text} is refused: {reason}", text=repr(shown), reason=reason)
    hint = say(
        "columns: {columns} and all fields of `screener screen --list-fields`; example: {example}",
        columns=", ".join([*PREDICATE_COLUMNS][:_NAMED]),
        example="pe_ttm < 20 AND pb < 0.1 * pe_ttm",
    )
    return InputError(told, where=where, fix=hint)
