"""What other programs say of a fault, in the reader's language.

The system, Python's readers of TOML and JSON, and pydantic speak English. Here stands all of theirs
that a person can meet; what is not here is told as it came.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Callable, Mapping
from typing import Any

from screener.language import say, say_count
from screener.language.lists import listed

__all__ = ["fault_of", "value_fault"]

_PLACE = re.compile(
    r"(?P<fault>.+) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)"
)
_NAMED = re.compile(
    r"(?P<begin>Cannot declare|Cannot mutate immutable namespace|Cannot redefine namespace"
    r"|Duplicate inline table key|Expected|Found invalid character|Illegal character)"
    r" (?P<name>.+?)(?: twice)?"
)


def fault_of(error: Exception) -> str:
    """Return why a file cannot be read or written, or why its text is none, no TOML or no JSON."""
    import json  # loaded already where one of its errors comes from

    if isinstance(error, UnicodeDecodeError):
        return say(
            "byte 0x{byte:02x} at position {at} is not text in {encoding}",
            byte=error.object[error.start],
            at=error.start,
            encoding=error.encoding.upper(),
        )
    if isinstance(error, json.JSONDecodeError):
        said = _JSON.get(error.msg)
        return say(
            "{fault}: line {line} column {column} (char {at})",
            fault=said() if said else error.msg,
            line=error.lineno,
            column=error.colno,
            at=error.pos,
        )
    if isinstance(error, OSError):
        said = _SYSTEM.get(error.errno or 0)
        return said() if said else str(error.strerror or error)
    return _toml_fault(str(error))


def value_fault(detail: Mapping[str, Any]) -> str:
    """Return why a value does not fit its key.

    Parameters
    ----------
    detail
        An error as pydantic tells it, with `type`, `msg` and `ctx`.
    """
    said = _VALUES.get(detail["type"])
    return said(detail.get("ctx", {})) if said else str(detail["msg"])


def _toml_fault(text: str) -> str:
    place = _PLACE.fullmatch(text)
    if place is None:
        return text
    fault = _toml_words(place["fault"])
    if place["line"] is None:
        return say("{fault} (at end of document)", fault=fault)
    return say(
        "{fault} (at line {line}, column {column})",
        fault=fault,
        line=place["line"],
        column=place["column"],
    )


def _toml_words(text: str) -> str:
    plain, named = _TOML.get(text), _NAMED.fullmatch(text)
    if plain is not None:
        return plain()
    return text if named is None else _TOML_NAMED[named["begin"]](named["name"])


def _one_of(expected: str) -> str:
    """Return a choice of quoted values, such as `'a', 'b' or 'c'`."""
    values = re.findall(r"'[^']*'", expected)
    if len(values) < 2:
        return expected
    return say("{first} or {last}", first=listed(values[:-1]), last=values[-1])


_SYSTEM: dict[int, Callable[[], str]] = {
    errno.EACCES: lambda: say("Permission denied"),
    errno.EEXIST: lambda: say("File exists"),
    errno.EIO: lambda: say("Input/output error"),
    errno.EISDIR: lambda: say("Is a directory"),
    errno.ELOOP: lambda: say("Too many levels of symbolic links"),
    errno.EMFILE: lambda: say("Too many open files"),
    errno.ENAMETOOLONG: lambda: say("File name too long"),
    errno.ENOENT: lambda: say("No such file or directory"),
    errno.ENOSPC: lambda: say("No space left on device"),
    errno.ENOTDIR: lambda: say("Not a directory"),
    errno.EPERM: lambda: say("Operation not permitted"),
    errno.EROFS: lambda: say("Read-only file system"),
}

_TOML: dict[str, Callable[[], str]] = {
    "Cannot overwrite a value": lambda: say("Cannot overwrite a value"),
    "Escaped character is not a Unicode scalar value": lambda: say(
        "Escaped character is not a Unicode scalar value"
    ),
    "Expected '=' after a key in a key/value pair": lambda: say(
        "Expected '=' after a key in a key/value pair"
    ),
    "Expected ']' at the end of a table declaration": lambda: say(
        "Expected ']' at the end of a table declaration"
    ),
    "Expected ']]' at the end of an array declaration": lambda: say(
        "Expected ']]' at the end of an array declaration"
    ),
    "Expected newline or end of document after a statement": lambda: say(
        "Expected newline or end of document after a statement"
    ),
    "Invalid date or datetime": lambda: say("Invalid date or datetime"),
    "Invalid hex value": lambda: say("Invalid hex value"),
    "Invalid initial character for a key part": lambda: say(
        "Invalid initial character for a key part"
    ),
    "Invalid statement": lambda: say("Invalid statement"),
    "Invalid value": lambda: say("Invalid value"),
    "Unclosed array": lambda: say("Unclosed array"),
    "Unclosed inline table": lambda: say("Unclosed inline table"),
    "Unescaped '\\' in a string": lambda: say("Unescaped '\\' in a string"),
    "Unterminated string": lambda: say("Unterminated string"),
}

_TOML_NAMED: dict[str, Callable[[str], str]] = {
    "Cannot declare": lambda name: say("Cannot declare {name} twice", name=name),
    "Cannot mutate immutable namespace": lambda name: say(
        "Cannot mutate immutable namespace {name}", name=name
    ),
    "Cannot redefine namespace": lambda name: say("Cannot redefine namespace {name}", name=name),
    "Duplicate inline table key": lambda name: say("Duplicate inline table key {name}", name=name),
    "Expected": lambda name: say("Expected {name}", name=name),
    "Found invalid character": lambda name: say("Found invalid character {name}", name=name),
    "Illegal character": lambda name: say("Illegal character {name}", name=name),
}

_JSON: dict[str, Callable[[], str]] = {
    "Expecting value": lambda: say("Expecting value"),
    "Expecting property name enclosed in double quotes": lambda: say(
        "Expecting property name enclosed in double quotes"
    ),
    "Expecting ':' delimiter": lambda: say("Expecting ':' delimiter"),
    "Expecting ',' delimiter": lambda: say("Expecting ',' delimiter"),
    "Extra data": lambda: say("Extra data"),
    "Invalid \\escape": lambda: say("Invalid \\escape"),
    "Invalid \\uXXXX escape": lambda: say("Invalid \\uXXXX escape"),
    "Invalid control character at": lambda: say("Invalid control character at"),
    "Unterminated string starting at": lambda: say("Unterminated string starting at"),
}

_VALUES: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "bool_type": lambda _: say("Input should be a valid boolean"),
    "date_type": lambda _: say("Input should be a valid date"),
    "datetime_type": lambda _: say("Input should be a valid datetime"),
    "dict_type": lambda _: say("Input should be a valid dictionary"),
    "enum": lambda held: say("Input should be {expected}", expected=_one_of(held["expected"])),
    "extra_forbidden": lambda _: say("Extra inputs are not permitted"),
    "finite_number": lambda _: say("Input should be a finite number"),
    "float_type": lambda _: say("Input should be a valid number"),
    "greater_than": lambda held: say("Input should be greater than {gt:g}", gt=held["gt"]),
    "greater_than_equal": lambda held: say(
        "Input should be greater than or equal to {ge:g}", ge=held["ge"]
    ),
    "int_from_float": lambda _: say(
        "Input should be a valid integer, got a number with a fractional part"
    ),
    "int_type": lambda _: say("Input should be a valid integer"),
    "less_than": lambda held: say("Input should be less than {lt:g}", lt=held["lt"]),
    "less_than_equal": lambda held: say(
        "Input should be less than or equal to {le:g}", le=held["le"]
    ),
    "list_type": lambda _: say("Input should be a valid list"),
    "literal_error": lambda held: say(
        "Input should be {expected}", expected=_one_of(held["expected"])
    ),
    "missing": lambda _: say("Field required"),
    "model_type": lambda held: say(
        "Input should be a valid dictionary or instance of {name}", name=held["class_name"]
    ),
    "string_pattern_mismatch": lambda held: say(
        "String should match pattern '{pattern}'", pattern=held["pattern"]
    ),
    "string_too_long": lambda held: say_count(
        "String should have at most {n} character",
        "String should have at most {n} characters",
        held["max_length"],
    ),
    "string_too_short": lambda held: say_count(
        "String should have at least {n} character",
        "String should have at least {n} characters",
        held["min_length"],
    ),
    "string_type": lambda _: say("Input should be a valid string"),
    "too_short": lambda held: say_count(
        "Input should have at least {n} item, not {found}",
        "Input should have at least {n} items, not {found}",
        held["min_length"],
        found=held["actual_length"],
    ),
    "tuple_type": lambda _: say("Input should be a valid tuple"),
}
