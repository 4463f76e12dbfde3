"""What the command framework says of a wrong command line, in the reader's language.

It speaks English alone. Here stands all that it says of the commands of this program; what is not
here is told as it came.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from screener.language import say
from screener.language.lists import listed

__all__ = ["usage_fault"]


def usage_fault(error: Any) -> str:
    """Return what is wrong with a command line; `error` is the framework's."""
    text = str(error.format_message())
    for pattern, told in _FAULTS.items():
        found = re.fullmatch(pattern, text, re.DOTALL)
        if found is not None:
            return told(found)
    return text


def _value(text: str) -> str:
    if text.startswith("Value error, "):
        return _choice(text.removeprefix("Value error, "))
    told = _VALUES.get(text)
    return told() if told is not None else text


def _choice(text: str) -> str:
    found = re.fullmatch(r"(?P<value>.+) is not one of (?P<known>.+)\.", text)
    if found is None:
        return text
    return say(
        "{value} is not one of {known}",
        value=found["value"],
        known=listed(re.findall("'[^']*'", found["known"])),
    )


def _possible(fault: str, names: str) -> str:
    return say("{fault} (possible: {names})", fault=fault, names=listed(names.split(", ")))


_FAULTS: Mapping[str, Callable[[re.Match[str]], str]] = {
    r"No such option: (\S+)": lambda found: say("No such option: {option}", option=found[1]),
    r"No such option: (\S+) \(Possible options: (.+)\)": lambda found: _possible(
        say("No such option: {option}", option=found[1]), found[2]
    ),
    r"(.+?)[.。]+ Did you mean (.+)\?": lambda found: _possible(found[1], found[2]),
    r"No such command (.+)\.": lambda found: say("No such command {name}.", name=found[1]),
    r"Missing option (.+)\.": lambda found: say("Missing option {name}.", name=found[1]),
    r"Missing argument (.+)\.": lambda found: say("Missing argument {name}.", name=found[1]),
    r"Option (\S+) requires (?:an argument|\d+ arguments)\.": lambda found: say(
        "Option {name} requires a value.", name=found[1]
    ),
    r"Option (\S+) does not take a value\.": lambda found: say(
        "Option {name} does not take a value.", name=found[1]
    ),
    r"Got unexpected extra argument(?:s|\(s\))? \((.+)\)": lambda found: say(
        "There is more than the command takes: {rest}", rest=found[1]
    ),
    r"Invalid value for (.+?): (.+)": lambda found: say(
        "Invalid value for {name}: {why}", name=found[1], why=_value(found[2])
    ),
}

_VALUES: Mapping[str, Callable[[], str]] = {
    "Input should be a valid integer, unable to parse string as an integer": lambda: say(
        "Input should be a valid integer"
    ),
    "Input should be a valid integer, got a number with a fractional part": lambda: say(
        "Input should be a valid integer, got a number with a fractional part"
    ),
    "Input should be a valid number, unable to parse string as a number": lambda: say(
        "Input should be a valid number"
    ),
}
