"""Opening a lake for many: extensions, keys and catalog, then locked to its own data."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from screener.data.lake import lake
from screener.data.lake.shared.secrets import keys_of, store_secret
from screener.files.clean import clean_line
from screener.files.place import Place

__all__ = ["EXTENSIONS", "attach", "catalog_words", "lock_down", "myself"]

EXTENSIONS = (
    "duckdb_extension_postgres_scanner",
    "duckdb_extension_httpfs",
    "duckdb_extension_ducklake",
)

_SECONDS_TO_CONNECT = 10
_LONGEST_NAME = 63  # characters that the server keeps of the name of a client
_CATALOG = "postgres:"


def attach(connection: lake.Connection, place: Place, *, create: bool) -> None:
    """Attach the lake in `place` as the catalog `lake`; its extensions are loaded."""
    options = ", ".join(
        f"{name} {lake.literal(value)}" for name, value in store_secret(place, keys_of(os.environ))
    )
    connection.execute(f"CREATE SECRET lake_store (TYPE s3, {options})")
    # The commit that comes second fails on the number of its version, and the merge is done again:
    # what the lake itself would do again is the writing alone, of rows that are known by then.
    connection.execute("SET ducklake_max_retry_count = 0")
    connection.execute(
        f"ATTACH {lake.literal(f'ducklake:{_CATALOG}{catalog_words(place)}')} AS lake "
        f"(DATA_PATH {lake.literal(place.prefix)}, DATA_INLINING_ROW_LIMIT 0, "
        f"CREATE_IF_NOT_EXISTS {create})"
    )


def catalog_words(place: Place) -> str:
    """Return what the driver is told: the catalog's words, how long to try, and who asks."""
    name = myself().replace("\\", "/").replace("'", "`")
    words = place.catalog.removeprefix(_CATALOG)
    return f"{words} connect_timeout={_SECONDS_TO_CONNECT} application_name='{name}'"


def myself() -> str:
    """Return what this process calls itself on the server."""
    command = " ".join([Path(sys.argv[0]).name, *sys.argv[1:3]])
    told = clean_line(f"process {os.getpid()} ({command})")
    return told.encode("ascii", "replace").decode()[:_LONGEST_NAME]


def lock_down(connection: lake.Connection, place: Place) -> None:
    """Let no statement load an extension, or touch a file that is not the lake's."""
    connection.execute(
        f"SET allowed_directories = [{lake.literal(place.prefix)}];"
        "SET allow_unsigned_extensions = false;"
        "SET enable_external_access = false;"
        "SET lock_configuration = true"
    )
