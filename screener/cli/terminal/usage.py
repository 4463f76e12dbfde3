"""What the command framework says of wrong options, in the reader's language.

It says it in English alone, as finished sentences: they are read here, and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from screener.language import say

__all__ = ["usage_text"]

_Found = dict[str, str]

_KNOWN: tuple[tuple[str, Callable[[_Found], str]], ...] = (
    (
        r"Got unexpected extra argument\(s\) \((?P<extra>.*)\)",
        lambda found: say("Got unexpected extra argument(s) ({extra})", **found),
    ),
    (
        r"No such option: (?P<option>\S+) \(Possible options: (?P<near>.*)\)",
        lambda found: say("No such option: {option} (Possible options: {near})", **found),
    ),
    (
        r"No such option: (?P<option>\S+)",
        lambda found: say("No such option: {option}", **found),
    ),
    (
        r"Missing option '(?P<option>.*)'\.",
        lambda found: say("Missing option '{option}'.", **found),
    ),
    (
        r"Missing argument '(?P<argument>.*)'\.",
        lambda found: say("Missing argument '{argument}'.", **found),
    ),
    (
        r"Invalid value for '(?P<option>.*)': Input should be a valid integer\b.*",
        lambda found: say("Invalid value for '{option}': not a whole number", **found),
    ),
    (
        r"Invalid value for '(?P<option>.*)': Input should be a (?:valid|finite) number\b.*",
        lambda found: say("Invalid value for '{option}': not a number", **found),
    ),
    (
        r"Invalid value for '(?P<option>.*)': (?P<why>.*)",
        lambda found: say("Invalid value for '{option}': {why}", **found),
    ),
    (
        r"Option '(?P<option>.*)' requires an argument\.",
        lambda found: say("Option '{option}' requires an argument.", **found),
    ),
    (
        r"Option '(?P<option>.*)' does not take a value\.",
        lambda found: say("Option '{option}' does not take a value.", **found),
    ),
    (
        r"(?P<what>.*?)[.。]*\. Did you mean (?P<near>.*)\?",
        lambda found: say("{what}. Did you mean {near}?", **found),
    ),
)


def usage_text(text: str) -> str:
    """Return a sentence of the command framework in the reader's language; others as they are."""
    for pattern, told in _KNOWN:
        if found := re.fullmatch(pattern, text, flags=re.DOTALL):
            return told(found.groupdict())
    return text
