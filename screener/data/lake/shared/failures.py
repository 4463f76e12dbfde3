"""What a server or an object store says, in our words: unreachable, refused, missing, or else.

Servers must speak English (`lc_messages = C`); what they say in another language is passed on.
"""

from __future__ import annotations

import re

from screener.data.lake import lake
from screener.data.lake.shared.secrets import redacted
from screener.errors import (
    ConfigError,
    InputError,
    ScreenerError,
    StorageBusy,
    StorageError,
    StorageFull,
    StorageMissing,
    StorageNewer,
    StorageReadOnly,
    StorageRefused,
    StorageUnreachable,
)
from screener.files.clean import clean_line
from screener.files.place import Place
from screener.language import say

__all__ = ["failure"]

_LONGEST = 300  # characters of what was said that are passed on
_NOISE = (
    re.compile(r'Failed to attach DuckLake MetaData "[^"]*" at path \+ "[^"]*"'),
    re.compile(r'Unable to connect to Postgres at "[^"]*": '),
    re.compile(r"(?is)Failed to (?:execute|prepare) \w*\s*(?:query )?\"(?:.*)\": *"),
    re.compile(r"(?i)^(?:\w+ )?(?:TransactionContext |IO |HTTP |Invalid Input )?Error: "),
    re.compile(r"(?i)Failed to commit(?: DuckLake transaction)?[.:] *"),
)
_NO_LAKE = ("creating a new ducklake is explicitly disabled",)
_EXPIRED = ("no snapshot found at version",)
_ELSEWHERE = ("does not match existing data path",)
_SETTINGS = (
    "definition of service",
    "service file",
    "invalid connection option",
    'missing "=" after',
    "invalid integer value",
)
_BUSY = ("retry count", "transaction conflict", "could not serialize", "deadlock detected")
_FULL = ("no space left", "could not extend file", "disk full", "disk quota")
_READ_ONLY = ("read-only transaction", "recovery is in progress")
_NEWER = ("catalog version is", "newer version of ducklake")
_REFUSED = (
    "password authentication failed",
    "authentication failed",
    "no password supplied",
    "permission denied",
    "must be owner of",
    "no pg_hba.conf entry",
    "is not permitted to log in",
    "http 401",
    "http 403",
    "accessdenied",
    "signaturedoesnotmatch",
    "invalidaccesskeyid",
)
_MISSING = ("nosuchbucket", "http 404", "screener_")
_NOBODY = re.compile(r'role "[^"]*" does not exist')
_NO_DATABASE = re.compile(r'database "[^"]*" does not exist')
_UNREACHABLE = (
    "connection refused",
    "could not translate host name",
    "could not resolve",
    "couldn't resolve",
    "couldn't connect",
    "could not connect",
    "could not establish connection",
    "failed to connect",
    "timeout expired",
    "timed out",
    "timeout was reached",
    "server closed the connection",
    "closed unexpectedly",
    "connection reset",
    "no connection to the server",
    "terminating connection",
    "is starting up",
    "is shutting down",
    "no route to host",
    "network is unreachable",
    "too many clients",
    "remaining connection slots",
    "ssl connection",
    "http 500",
    "http 502",
    "http 503",
    "http 504",
)


def failure(error: Exception, place: Place) -> ScreenerError:
    """Return what went wrong with a lake for many, without a secret in any part of it."""
    whole = _told(redacted(str(error)))
    said = whole.lower()
    if any(word in said for word in _NO_LAKE):
        return lake.no_data_yet(place)
    if any(word in said for word in _EXPIRED):
        return InputError(
            say("the data version that was being read has expired meanwhile"),
            where=str(place),
            fix=say("type the command again to read the newest version"),
        )
    return _of_settings(said, whole, place) or _of_servers(said, whole, place)


def _of_settings(said: str, whole: str, place: Place) -> ScreenerError | None:
    if any(word in said for word in _ELSEWHERE):
        return ConfigError(
            say(
                "the catalog keeps the data of its lake in another place than {data}",
                data=place.data,
            ),
            where=str(place),
            fix=say("correct `data` of `[lake]`, or name another catalog"),
        )
    if any(word in said for word in _SETTINGS):
        return ConfigError(
            say("the catalog of the lake cannot be looked for: {error}", error=_short(whole)),
            where=str(place),
            fix=say("correct `catalog` of `[lake]`, or the file `pg_service.conf`"),
        )
    return None


def _of_servers(said: str, whole: str, place: Place) -> StorageError:
    kind: type[StorageError]
    kind, fix, short = StorageError, "", _short(whole)
    what = say("the lake cannot be used: {error}", error=short)
    if any(word in said for word in _FULL):
        kind, fix = StorageFull, say("free some space on the server; nothing was changed")
    elif _NOBODY.search(said) or any(word in said for word in _REFUSED):
        kind, what = (
            StorageRefused,
            say("the lake does not let you in: {error}", error=_short(whole)),
        )
        fix = say(
            "ask whoever keeps the lake for the right, or correct your keys: `.pgpass` for the "
            "catalog, the AWS environment for the data; nothing was changed"
        )
    elif any(word in said for word in _UNREACHABLE):
        kind = StorageUnreachable
        what = say("the lake cannot be reached: {error}", error=short)
        fix = say(
            "see whether the server runs and this machine reaches it, then type the command "
            "again: what was committed is not done twice"
        )
    elif _NO_DATABASE.search(said) or any(word in said for word in _MISSING):
        kind, what = (
            StorageMissing,
            say("a part of the lake is not there: {error}", error=_short(whole)),
        )
        fix = say("correct `[lake]`, or let whoever keeps the lake make or restore it")
    elif any(word in said for word in _READ_ONLY):
        kind, fix = StorageReadOnly, say("write to the first server, not to a copy of it")
    elif any(word in said for word in _NEWER):
        kind, fix = StorageNewer, say("use one program for all: `pip install -U screener`")
    elif any(word in said for word in _BUSY):
        kind, what = StorageBusy, say("others were writing all the time")
        fix = say("type the command again; nothing was changed")
    return kind(what, where=str(place), fix=fix)


def _told(text: str) -> str:
    """Return what was said without the statement that it was said of."""
    for pattern in _NOISE:
        text = pattern.sub("", text)
    # Of a transaction whose server is gone the driver says nothing at all.
    return text.strip() or "server closed the connection"


def _short(text: str) -> str:
    return clean_line(next(line for line in text.splitlines() if line.strip()))[:_LONGEST]
