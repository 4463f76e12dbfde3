"""Small tables beside the catalog of a lake for many: locks, hashes, pins, what is remembered.

All of them are asked of the server itself, each by one statement, so that one statement is one
transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from screener.data.lake import lake
from screener.errors import ConfigError
from screener.language import say

__all__ = [
    "LOCK",
    "UPDATE_LOCK",
    "add_sums",
    "asked",
    "forget_sums",
    "in_parts",
    "keep_remembered",
    "make_small_tables",
    "mark_sums",
    "pinned_versions",
    "remembered",
    "replace_pins",
    "sums",
    "sums_mark",
    "told",
]

LOCK = "screener_lock"
"""Table that whoever writes locks."""

UPDATE_LOCK = "screener_update_lock"
"""Table that whoever updates locks, so that one desk asks the vendors at a time."""

ItemT = TypeVar("ItemT")

_CATALOG = "__ducklake_metadata_lake"
_MARK = "sums complete before file"
_ENGLISH = ("C", "POSIX", "en")
_AT_ONCE = 500  # rows of one statement
_MAKE = f"""
    CREATE TABLE IF NOT EXISTS {LOCK} (held boolean);
    CREATE TABLE IF NOT EXISTS {UPDATE_LOCK} (held boolean);
    CREATE TABLE IF NOT EXISTS screener_file_sums (
        path text PRIMARY KEY, digest text NOT NULL, late boolean NOT NULL
    );
    CREATE TABLE IF NOT EXISTS screener_pins (
        desk text NOT NULL, version bigint NOT NULL, who text NOT NULL DEFAULT session_user,
        PRIMARY KEY (desk, version)
    );
    CREATE TABLE IF NOT EXISTS screener_state (name text PRIMARY KEY, value text NOT NULL)
"""


def told(connection: lake.Connection, sql: str) -> None:
    """Let the server do something."""
    connection.execute(f"CALL postgres_execute('{_CATALOG}', {lake.literal(sql)})")


def asked(connection: lake.Connection, sql: str) -> list[tuple[Any, ...]]:
    """Ask the server."""
    return connection.execute(f"FROM postgres_query('{_CATALOG}', {lake.literal(sql)})").fetchall()


def in_parts(items: Sequence[ItemT], most: int) -> Iterator[Sequence[ItemT]]:
    """Give items some at a time."""
    return (items[at : at + most] for at in range(0, len(items), most))


def make_small_tables(connection: lake.Connection) -> None:
    """Make the tables where they are not there yet; who may not make tables need not.

    Raises
    ------
    ConfigError
        If the server does not speak English: what it refuses could not be told apart.
    """
    ((language,),) = asked(connection, "SELECT current_setting('lc_messages')")
    if not language.startswith(_ENGLISH):
        raise ConfigError(
            say("the server of the lake tells its errors in {language}", language=language),
            fix=say("set `lc_messages = 'C'` in `postgresql.conf`, and reload it"),
        )
    ((there,),) = asked(
        connection, "SELECT count(*) FROM pg_class WHERE oid = to_regclass('screener_state')"
    )
    if not there:
        told(connection, _MAKE)


def sums(connection: lake.Connection) -> Sequence[tuple[str, str, bool]]:
    """Return path, hash and whether it was recorded late of every file."""
    return asked(connection, "SELECT path, digest, late FROM screener_file_sums ORDER BY path")


def sums_mark(connection: lake.Connection) -> int | None:
    """Return the number of the file before which all are recorded; `None` if nothing ever was."""
    text = remembered(connection, _MARK)
    return None if text is None else int(text)


def mark_sums(connection: lake.Connection, following: int) -> None:
    """Tell that all files before a number are recorded."""
    keep_remembered(connection, _MARK, str(following))


def add_sums(connection: lake.Connection, found: Mapping[str, tuple[str, bool]]) -> None:
    """Record files that are not recorded: hash, and whether that is late."""
    for part in in_parts(list(found.items()), _AT_ONCE):
        rows = ", ".join(
            f"({lake.literal(path)}, {lake.literal(digest)}, {late})"
            for path, (digest, late) in part
        )
        told(
            connection,
            f"INSERT INTO screener_file_sums VALUES {rows} ON CONFLICT (path) DO NOTHING",
        )


def forget_sums(connection: lake.Connection, paths: Iterable[str]) -> None:
    """Forget the hashes of some files."""
    for part in in_parts(sorted(paths), _AT_ONCE):
        names = ", ".join(map(lake.literal, part))
        told(connection, f"DELETE FROM screener_file_sums WHERE path IN ({names})")


def remembered(connection: lake.Connection, name: str) -> str | None:
    """Return what is remembered under a name."""
    rows = asked(connection, f"SELECT value FROM screener_state WHERE name = {lake.literal(name)}")
    return next((str(value) for (value,) in rows), None)


def keep_remembered(connection: lake.Connection, name: str, value: str) -> None:
    """Remember something for all desks."""
    told(
        connection,
        f"INSERT INTO screener_state VALUES ({lake.literal(name)}, {lake.literal(value)}) "
        "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    )


def pinned_versions(connection: lake.Connection) -> frozenset[int]:
    """Return the versions that the stored runs of any desk name."""
    return frozenset(row[0] for row in asked(connection, "SELECT version FROM screener_pins"))


def replace_pins(
    connection: lake.Connection, desk: str, versions: Iterable[int], *, others: bool = True
) -> None:
    """Pin versions for a desk; without `others` those that it pinned before are let go.

    Parameters
    ----------
    connection
        The lake.
    desk
        Name of the desk.
    versions
        The versions.
    others
        Whether other versions of the desk stay pinned.
    """
    name, wanted = lake.literal(desk), sorted(set(versions))
    if not others:
        kept = ", ".join(map(str, wanted)) or "-1"
        told(
            connection,
            f"DELETE FROM screener_pins WHERE desk = {name} AND version NOT IN ({kept})",
        )
    for part in in_parts(wanted, _AT_ONCE):
        rows = ", ".join(f"({name}, {version})" for version in part)
        told(
            connection,
            f"INSERT INTO screener_pins (desk, version) VALUES {rows} ON CONFLICT DO NOTHING",
        )
