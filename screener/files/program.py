"""What program this is."""

from __future__ import annotations

__all__ = ["program_version"]


def program_version() -> str:
    """Return the version of the installed program."""
    from importlib.metadata import version

    return version("screener")
