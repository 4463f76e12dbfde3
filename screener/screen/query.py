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
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate
from typing import cast

import duckdb
import pyarrow as pa

from screener.errors import InputError
from screener.language import say
from screener.language.lists import listed
from screener.screen.fields import PREDICATE_COLUMNS
from screener.screen.grammar import MAX_DEPTH, Node, Refused, columns_of

__all__ = ["MAX_LENGTH", "Predicate", "parse_predicate", "run_predicate"]

MAX_LENGTH = 2000
"""Longest predicate, in characters."""

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
    with _connection() as connection:
        return _checked(connection, text)


def run_predicate(
    predicate: Predicate, rows: pa.Table, *, timeout_seconds: float = 5.0
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

    Returns
    -------
    tuple
        For each row, in order: true, false, or `None` where the predicate is undefined.

    Raises
    ------
    InputError
        If it is refused, gives no true or false, fails on a row, or runs for too long.
    """
    if not (math.isfinite(timeout_seconds) and timeout_seconds > 0):
        raise InputError(
            say(
                "a time limit of {timeout_seconds} s is not positive",
                timeout_seconds=timeout_seconds,
            )
        )
    with _connection(rows) as connection:
        _checked(connection, predicate.text)
        found = _run(connection, predicate.text, timeout_seconds)
    if not pa.types.is_boolean(found.type):
        raise _refusal(
            predicate.text, say("it gives {kind} values, not true or false", kind=found.type)
        )
    if len(found) != rows.num_rows:
        raise _refusal(
            predicate.text,
            say("it gives {n} values for {rows} rows", n=len(found), rows=rows.num_rows),
        )
    return tuple(found.to_pylist())


@contextmanager
def _connection(rows: pa.Table | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect(":memory:", config=_SETTINGS)
    try:
        if rows is not None:
            columns = rows.select(list(PREDICATE_COLUMNS))
            positions = pa.array(range(rows.num_rows), type=pa.int64())
            connection.register("screen_rows", columns.append_column("position", positions))
        connection.execute("SET lock_configuration = true")
        yield connection
    finally:
        connection.close()


def _checked(connection: duckdb.DuckDBPyConnection, text: str) -> Predicate:
    try:
        _check_text(text)
        # On its own first: `a) OR (b` is balanced only by the parentheses of our statement.
        _parse(connection, f"SELECT {text}\n")
        tree = _parse(connection, _STATEMENT.format(text))
        columns = columns_of(_predicate_node(connection, tree), PREDICATE_COLUMNS)
    except Refused as reason:
        raise _refusal(text, str(reason)) from None
    return Predicate(text=text, columns=columns)


def _check_text(text: str) -> None:
    if not text.strip():
        raise Refused(say("it is empty"))
    if len(text) > MAX_LENGTH:
        raise Refused(say("it has {n} characters, more than {most}", n=len(text), most=MAX_LENGTH))
    for char in text:
        # Control, invisible and unpaired characters can hide what a predicate says.
        if unicodedata.category(char) in ("Cc", "Cf", "Cs") and char not in "\t\n\r":
            raise Refused(say("it holds the invisible character U+{code:04X}", code=ord(char)))
    # Before the parser sees it: recursive parsers have been crashed by deep brackets.
    if max(accumulate((char in "([{") - (char in ")]}") for char in text)) > MAX_DEPTH:
        raise Refused(say("it is nested more than {most} deep", most=MAX_DEPTH))


def _parse(connection: duckdb.DuckDBPyConnection, sql: str) -> dict[str, object]:
    try:
        row = connection.execute("SELECT json_serialize_sql(?::VARCHAR)", [sql]).fetchone()
        tree = cast("dict[str, object]", json.loads(row[0] if row else "{}"))
    except RecursionError:
        raise Refused(say("it is nested too deep")) from None
    except duckdb.Error as error:
        raise Refused(_said(error)) from None
    if tree.get("error") is not False:
        message = tree.get("error_message")
        raise Refused(_quoted(str(message)) if message else say("it cannot be parsed"))
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


def _run(connection: duckdb.DuckDBPyConnection, text: str, seconds: float) -> pa.ChunkedArray:
    try:
        with _deadline(connection, seconds):
            return connection.execute(_STATEMENT.format(text)).to_arrow_table().column(0)
    except duckdb.InterruptException:
        raise InputError(
            say(
                "the predicate {text} ran longer than {seconds:g} s",
                text=repr(text),
                seconds=seconds,
            ),
            where="--where",
            fix=say("ask for less, or narrow the universe"),
        ) from None
    except duckdb.Error as error:
        raise _refusal(text, _said(error)) from error


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


def _said(error: duckdb.Error) -> str:
    return _quoted(_first_line(error))


def _quoted(message: str) -> str:
    """Return what DuckDB says, which it says in English, as its own words."""
    return say("the database says `{message}`", message=message)


def _first_line(error: duckdb.Error) -> str:
    return str(error).strip().splitlines()[0]


def _refusal(text: str, reason: str) -> InputError:
    shown = text if len(text) <= 200 else text[:200] + "…"
    return InputError(
        say("the predicate {shown} is refused: {reason}", shown=repr(shown), reason=reason),
        where="--where",
        fix=say(
            "columns: {columns}; example: `pe_ttm < 20 AND pb < 0.1 * pe_ttm`",
            columns=listed(PREDICATE_COLUMNS),
        ),
    )
