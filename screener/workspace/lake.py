"""Where the lake of a workspace is: table `[lake]` of `screener.toml`, or `$SCREENER_LAKE`.

    [lake]
    catalog = "postgres:service=lake"
    data = "s3://bucket/prefix"
    endpoint = "https://store.desk:9000"

Without it the lake is in the workspace's own folder. No secret may stand here: the server's
password belongs into `.pgpass` or `pg_service.conf`, the keys of the store into the AWS
environment.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from screener.errors import ConfigError
from screener.files.place import Place
from screener.language import say
from screener.language.lists import listed, place_in

__all__ = ["KEY", "LOCAL", "VARIABLE", "lake_place"]

KEY = "lake"
"""Name of the table in `screener.toml`."""

VARIABLE = "SCREENER_LAKE"
"""Environment variable that goes before the file: the same keys, as in `{...}` of TOML."""

LOCAL = "local"
"""What the variable says for the lake in the workspace's own folder."""

_CATALOG = "postgres:"
_STORE = re.compile(r"s3://[a-z0-9][a-z0-9.-]*(/[\w./=-]*)?")
_ENDPOINT = re.compile(r"https?://[\w.-]+(:[0-9]+)?/?")
_SECRET = re.compile(r"(?i)pass(word|wd|phrase)|secret|token|://[^/\s]*@|key_id|access_?key")
_KEYS = ("catalog", "data", "endpoint")


def lake_place(folder: Path, in_file: object, environ: Mapping[str, str], *, file: str) -> Place:
    """Return where the lake is.

    Parameters
    ----------
    folder
        Folder of the market data of the workspace.
    in_file
        Table `[lake]` of the file; `None` without one.
    environ
        Environment variables.
    file
        Name of the file, for messages.

    Raises
    ------
    ConfigError
        If it is not told in full, holds what has no meaning here, or a secret.
    """
    text = environ.get(VARIABLE)
    if text == LOCAL or (not text and in_file is None):
        return Place(folder)
    where = f"${VARIABLE}" if text else place_in(file, f"[{KEY}]")
    told = _parsed(text) if text else in_file
    if not isinstance(told, Mapping) or not all(isinstance(item, str) for item in told.values()):
        raise _unusable(where)
    values = {str(key): str(value).strip() for key, value in told.items()}
    # Before anything else, and without the value: a message must not show it either.
    for key, value in values.items():
        if _SECRET.search(value) or _SECRET.search(key):
            raise ConfigError(
                say("a password or a key must not stand in the settings: {key}", key=key),
                where=where,
                fix=say(
                    "write the password into `.pgpass` or `pg_service.conf`, the keys of the store "
                    "into AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and remove it there"
                ),
            )
    if set(values) - set(_KEYS) or not {"catalog", "data"} <= set(values):
        raise _unusable(where)
    return _checked(folder, values, where)


def _parsed(text: str) -> object:
    import tomllib

    try:
        return tomllib.loads(f"lake = {{{text}}}")["lake"]
    except ValueError:
        return None


def _checked(folder: Path, values: Mapping[str, str], where: str) -> Place:
    catalog, data = values["catalog"], values["data"].rstrip("/")
    words = catalog.removeprefix(_CATALOG)
    endpoint = values.get("endpoint", "").rstrip("/")
    if not catalog.startswith(_CATALOG) or "=" not in words or "://" in words:
        raise _unfit("catalog", f"{_CATALOG}service=lake", where)
    if not _STORE.fullmatch(data):
        raise _unfit("data", "s3://bucket/prefix", where)
    if endpoint and not _ENDPOINT.fullmatch(endpoint):
        raise _unfit("endpoint", "https://store.desk:9000", where)
    return Place(folder, catalog, data, endpoint)


def _unfit(key: str, example: str, where: str) -> ConfigError:
    return ConfigError(
        say("this is no value of {key}", key=key),
        where=where,
        fix=say("write it like {example}", example=example),
    )


def _unusable(where: str) -> ConfigError:
    return ConfigError(
        say("it does not tell where the lake is"),
        where=where,
        fix=say(
            "give {keys} as text, the last only for a store that is not AWS's own",
            keys=listed(_KEYS),
        ),
    )
