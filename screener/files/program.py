"""What program this is."""

from __future__ import annotations

from pathlib import Path

__all__ = ["program_digest", "program_version"]

_PACKAGE = Path(__file__).parents[1]
_KINDS = (".py", ".toml")  # code, and the rules that it reads
_SHIPPED = "_workspace"  # cards and baskets that a wheel brings along


def program_version() -> str:
    """Return the version of the installed program."""
    from importlib.metadata import version

    return version("screener")


def program_digest() -> str:
    """Return the SHA-256 of the program's code and rules: two that are alike compute alike."""
    from hashlib import sha256

    found = sha256()
    for path in sorted(_PACKAGE.rglob("*")):
        place = path.relative_to(_PACKAGE)
        if path.suffix in _KINDS and place.parts[0] != _SHIPPED:
            found.update(f"{place.as_posix()}\0".encode())
            found.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return found.hexdigest()
