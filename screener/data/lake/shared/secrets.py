"""What opens the object store, from the environment or AWS's own files; never shown or stored.

The server's password is none of this program's business: the driver reads it from `.pgpass`, from
`pg_service.conf` or from the environment.
"""

from __future__ import annotations

import configparser
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from screener.files.place import Place

__all__ = ["Keys", "keys_of", "redacted", "store_secret"]

_HIDDEN = "***"
_SECRET_VARIABLES = (
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_ACCESS_KEY_ID",
    "PGPASSWORD",
)
_SHORTEST = 4  # of what is looked for in a text: less would hide words
_NAMED = re.compile(
    r"(?i)\b((?:ssl)?password|passwd|secret\w*|session_token)(\s*=\s*)('[^']*'|\S+)"
)
_IN_ADDRESS = re.compile(r"(://[^\s/:@]*):[^\s/@]*@")


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """What opens an object store; without a key it is asked as anybody would ask."""

    key: str = ""
    secret: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    region: str = "us-east-1"


def keys_of(environ: Mapping[str, str]) -> Keys:
    """Return the keys of the environment, else those of the profile in AWS's files."""
    region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or ""
    if environ.get("AWS_ACCESS_KEY_ID"):
        return Keys(
            key=environ["AWS_ACCESS_KEY_ID"],
            secret=environ.get("AWS_SECRET_ACCESS_KEY", ""),
            token=environ.get("AWS_SESSION_TOKEN", ""),
            region=region or Keys().region,
        )
    profile = environ.get("AWS_PROFILE") or "default"
    held = _section(environ, "AWS_SHARED_CREDENTIALS_FILE", "credentials", profile)
    name = profile if profile == "default" else f"profile {profile}"
    config = _section(environ, "AWS_CONFIG_FILE", "config", name)
    return Keys(
        key=held.get("aws_access_key_id", ""),
        secret=held.get("aws_secret_access_key", ""),
        token=held.get("aws_session_token", ""),
        region=region or config.get("region") or Keys().region,
    )


def _section(environ: Mapping[str, str], variable: str, name: str, section: str) -> dict[str, str]:
    path = environ.get(variable) or Path(environ.get("HOME", "~")).expanduser() / ".aws" / name
    found = configparser.RawConfigParser()
    with suppress(OSError, configparser.Error, UnicodeError):
        found.read(path, encoding="utf-8")
    return dict(found[section]) if found.has_section(section) else {}


def store_secret(place: Place, keys: Keys) -> Iterator[tuple[str, str]]:
    """Give name and value of each option by which the database reaches the store."""
    if keys.key:
        yield "KEY_ID", keys.key
        yield "SECRET", keys.secret
    if keys.token:
        yield "SESSION_TOKEN", keys.token
    yield "REGION", keys.region
    if place.endpoint:
        address = urlsplit(place.endpoint)
        yield "ENDPOINT", address.netloc
        yield "USE_SSL", str(address.scheme == "https").lower()
        yield "URL_STYLE", "path"


def redacted(text: str) -> str:
    """Return a text without any secret that this process may know of."""
    keys = keys_of(os.environ)
    known = {keys.secret, keys.token, keys.key, *map(os.environ.get, _SECRET_VARIABLES)}
    for value in sorted((item or "" for item in known), key=len, reverse=True):
        if len(value) >= _SHORTEST:
            text = text.replace(value, _HIDDEN)
    return _IN_ADDRESS.sub(rf"\1:{_HIDDEN}@", _NAMED.sub(rf"\1\2{_HIDDEN}", text))
