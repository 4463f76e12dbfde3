"""Read and write the TOML files of a workspace; errors name the file, the key and the value."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from screener.errors import BasketDefinitionError, InputError, ScreenerError
from screener.files.budget import OutOfTime, within
from screener.files.clean import clean_line
from screener.files.failures import storage_error
from screener.files.regular import read_regular
from screener.files.whole import put_new
from screener.language import say
from screener.language.lists import about, listed, place_in
from screener.language.outside import fault_of, value_fault
from screener.workspace.parsed import Documents

__all__ = ["LARGEST", "SECONDS", "read_made", "read_model", "toml_paths", "write_new"]

ItemT = TypeVar("ItemT")
ModelT = TypeVar("ModelT", bound=BaseModel)

_LONGEST_VALUE = 60
_UNKNOWN = "extra_forbidden"
_NEAR = 0.6  # likeness of two keys of which one may be the other, spelled wrong
LARGEST = 20_000_000  # bytes of a card or a basket; the largest card that is made has a tenth
SECONDS = 3.0  # of the processor, for one of them


def toml_paths(folder: Path) -> tuple[Path, ...]:
    """List the TOML files of `folder`, R2 before R10; none if there is no such folder."""
    found = (path for path in folder.glob("*.toml") if not path.name.startswith("."))
    return tuple(sorted(found, key=_natural))


def read_model(path: Path, model: type[ModelT], *, root: Path) -> ModelT:
    """Read a TOML file into `model`; parameters and errors are those of `read_made`."""
    return read_made(path, model, lambda found: found, Documents({}, {}), root=root)


def read_made(
    path: Path,
    model: type[ModelT],
    make: Callable[[ModelT], ItemT],
    documents: Documents[ItemT],
    *,
    root: Path,
) -> ItemT:
    """Read a TOML file and make what its model stands for.

    Parameters
    ----------
    path
        File to read.
    model
        Strict model of its content.
    make
        Returns the value of a model, which depends on nothing else.
    documents
        What was made or parsed before.
    root
        Folder from which the file is named in messages.

    Raises
    ------
    BasketDefinitionError
        If it is no file, too large, not UTF-8, not TOML, nested too deeply, or breaks the model.
    StorageError
        If it cannot be read.
    """
    where = shown(path, root)
    try:
        content = read_regular(path, LARGEST, where=where, fix=_smaller())
        with within(SECONDS):
            return documents.value(content, lambda found: make(model.model_validate(found)))
    except ValidationError as error:
        raise _definition_error(error, where, model) from error
    except InputError as error:
        raise BasketDefinitionError(error.what, where=where, fix=error.fix) from error
    except OutOfTime:
        raise BasketDefinitionError(
            say("not read within {seconds:.0f} seconds of the processor", seconds=SECONDS),
            where=where,
            fix=_smaller(),
        ) from None
    except RecursionError as error:
        raise BasketDefinitionError(
            say("its values are nested too deeply"), where=where, fix=_smaller()
        ) from error
    except UnicodeDecodeError as error:
        raise BasketDefinitionError(
            say("not UTF-8 text (byte {start})", start=error.start),
            where=where,
            fix=say("save the file as UTF-8"),
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise BasketDefinitionError(
            say("not valid TOML: {error}", error=fault_of(error)),
            where=where,
            fix=say("correct that line"),
        ) from error
    except ValueError as error:  # a number of more digits than Python reads
        raise BasketDefinitionError(
            say("a value that cannot be read: {error}", error=clean_line(str(error))),
            where=where,
            fix=say("correct that value"),
        ) from error
    except OSError as error:
        raise storage_error(error, path) from error


def _smaller() -> str:
    return say("keep in it what a card or a basket holds, and nothing else")


def write_new(path: Path, text: str) -> None:
    """Write a file that must not exist yet, whole or not at all.

    Raises
    ------
    FileExistsError
        If the file exists.
    StorageError
        If it cannot be written; nothing is left behind.
    """
    try:
        put_new(path, text, mode=0o644)
    except FileExistsError:
        raise
    except OSError as error:
        raise storage_error(error, path) from error


def shown(path: Path, root: Path) -> str:
    """Name a file as the user sees it: relative to the workspace."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def _natural(path: Path) -> tuple[tuple[int, str], ...]:
    parts = re.findall(r"\d+|\D+", path.stem)
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in parts)


def _definition_error(
    error: ValidationError, where: str, model: type[BaseModel]
) -> BasketDefinitionError:
    details = error.errors(include_url=False)
    first = details[0]
    key = _key(first["loc"])
    what, fix = _said(first, model)
    if wrong := _instead_of(first, details):
        what = say("{fault}: {key} stands there", fault=what, key=wrong)
        fix = say("write {key} instead of {wrong}", key=first["loc"][-1], wrong=wrong)
    if len(details) > 1:
        what = say("{fault} (and {n} more in this file)", fault=what, n=len(details) - 1)
    return BasketDefinitionError(what, where=place_in(where, key), fix=fix)


def _said(detail: ErrorDetails, model: type[BaseModel]) -> tuple[str, str]:
    """Return what is wrong and how to correct it."""
    key = _key(detail["loc"])
    kind = detail["type"]
    if kind == "missing":
        fix = say("add {key} = …", key=key.rsplit(".", 1)[-1])
        return say("key {key} is missing", key=key), fix
    if kind == _UNKNOWN:
        fix = _spelled(str(detail["loc"][-1]), _keys_at(model, detail["loc"][:-1]))
        return say("unknown key {key} = {value}", key=key, value=_short(detail["input"])), fix
    cause = detail.get("ctx", {}).get("error")
    if isinstance(cause, ScreenerError):
        return (about(key, cause.what) if key else cause.what), cause.fix or say(
            "correct the value"
        )
    fault = value_fault(detail)
    return about(f"{key} = {_short(detail['input'])}", fault), say("correct the value")


def _instead_of(missing: ErrorDetails, details: Sequence[ErrorDetails]) -> str:
    """Return the key that stands for one that is missing, spelled wrong; empty if none does."""
    if missing["type"] != "missing":
        return ""
    beside = [
        str(item["loc"][-1])
        for item in details
        if item["type"] == _UNKNOWN and item["loc"][:-1] == missing["loc"][:-1]
    ]
    near = difflib.get_close_matches(str(missing["loc"][-1]), beside, n=1, cutoff=_NEAR)
    return near[0] if near else ""


def _spelled(key: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(key.casefold(), known, n=1, cutoff=_NEAR)
    if near:
        return say("did you mean {key}? Correct its name, or remove it", key=near[0])
    if not known:
        return say("remove it or correct its name")
    return say("remove it or correct its name (known here: {known})", known=listed(known))


def _keys_at(model: type[BaseModel], location: tuple[int | str, ...]) -> tuple[str, ...]:
    """Return the keys that are known where a key stands."""
    for part in location:
        field = model.model_fields.get(str(part))
        inner = None if field is None else _model_in(field.annotation)
        model = inner or model
    return tuple(model.model_fields)


def _model_in(annotation: object) -> type[BaseModel] | None:
    """Return the model of which a value of some type is made, if it is made of one."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)


def _key(location: tuple[int | str, ...]) -> str:
    """Name a key as a reader counts: the fourth security is `securities[4]`."""
    key = ""
    for part in location:
        key += f"[{part + 1}]" if isinstance(part, int) else f".{part}"
    return key.lstrip(".")


def _short(value: object) -> str:
    try:
        text = repr(value)
    except (RecursionError, ValueError):  # nested too deeply, or a number of too many digits
        return say("a value that is too long to show ({kind})", kind=type(value).__name__)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"
