"""Text as it may reach a person: without characters that command a terminal or turn a line."""

from __future__ import annotations

import re

__all__ = ["COMMANDS", "clean", "clean_line"]

_BREAKS = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
COMMANDS = (
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 without tab and line feed, DEL, C1
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"  # marks that turn the direction of writing
)
"""Characters that command a terminal or turn a line, as a regular expression."""

_COMMANDS = re.compile(COMMANDS)
_HALVES = re.compile("[\ud800-\udfff]")  # of a name that is no text in the system's encoding


def clean(text: str) -> str:
    """Return text without control characters and marks of direction, its lines ended alike.

    Escape sequences lose what makes them commands; their letters stay, so that nothing that was
    written is hidden. Half of a surrogate pair becomes U+FFFD.
    """
    return _HALVES.sub("\ufffd", _COMMANDS.sub("", _BREAKS.sub("\n", text)))


def clean_line(text: str) -> str:
    """Return `clean` text in one line: each break or tab becomes a space."""
    return clean(text).replace("\n", " ").replace("\t", " ")
