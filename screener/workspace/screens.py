"""Saved screens: `screens/NAME.toml` of a workspace, else one that ships with the program."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from importlib import resources
from pathlib import Path
from typing import Any

from screener.errors import ConfigError, InputError, NotFoundError, ScreenerError
from screener.files.failures import storage_error
from screener.files.regular import read_regular
from screener.files.whole import write_whole
from screener.language import Language, bound, say
from screener.language.saying import say_by
from screener.workspace.locate import Workspace

__all__ = ["SavedScreen", "list_screens", "own_screens", "saved_screen", "write_screen"]

FOLDER = "screens"
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LARGEST = 100_000  # bytes
_TABLES = ("ranges", "checks", "checks_zh")
_LISTS = ("listings", "exclude", "fields", "allow_missing")


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedScreen:
    """What a screen asks, as it is typed or saved; `None` where nothing is said.

    Parameters
    ----------
    title_zh, title_en
        Its names for people.
    universe, basket, listings
        Who is looked at; `listings` are codes or names with commas between.
    ranges, checks, checks_zh
        Range by field, condition by the name of a check, and that name in Chinese.
    where, sort, rank, top, industry, exclude, fields, allow_missing, currency
        As the options of the command.
    """

    title_zh: str | None = None
    title_en: str | None = None
    universe: str | None = None
    basket: str | None = None
    listings: str | None = None
    where: str | None = None
    sort: str | None = None
    rank: str | None = None
    top: int | None = None
    industry: str | None = None
    exclude: str | None = None
    fields: str | None = None
    allow_missing: str | None = None
    currency: str | None = None
    ranges: Mapping[str, str] = field(default_factory=dict)
    checks: Mapping[str, str] = field(default_factory=dict)
    checks_zh: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Its name in the reader's language; empty if it has none."""
        zh, en = self.title_zh or "", self.title_en or ""
        return (zh or en) if bound() is Language.ZH else (en or zh)

    def titled(self, name: str) -> str:
        """Return its title in the reader's language, else its name."""
        return self.title or name

    def called(self, check: str) -> str:
        """Return the name of a check in the reader's language."""
        return self.checks_zh.get(check, check) if bound() is Language.ZH else check

    def with_typed(self, typed: SavedScreen) -> SavedScreen:
        """Return it with what was typed beside: that goes first, and its ranges come on top."""
        given = {
            item.name: value
            for item in fields(typed)
            if item.name not in _TABLES and (value := getattr(typed, item.name)) is not None
        }
        if {"universe", "basket", "listings"} & given.keys():
            given = {"universe": None, "basket": None, "listings": None, **given}
        if {"sort", "rank"} & given.keys():
            given = {"sort": None, "rank": None, **given}
        return replace(self, ranges={**self.ranges, **typed.ranges}, **given)

    def arguments(self) -> dict[str, Any]:
        """Return what the library's `screen` is called with."""
        lists = {
            name: () if value is None else (value,)
            for name in ("exclude", "fields", "allow_missing")
            for value in [getattr(self, name)]
        }
        return {
            **{name: getattr(self, name) for name in ("universe", "basket", "listings")},
            **{name: getattr(self, name) for name in ("where", "sort", "rank", "top", "industry")},
            **lists,
            "currency": self.currency or "CNY",
            "checks": {
                say_by(self.called, name, self.called(name)): condition
                for name, condition in self.checks.items()
            },
            **self.ranges,
        }

    def kept(self) -> dict[str, Any]:
        """Return the arguments with their ranges apart, as a stored run keeps them."""
        held = self.arguments()
        return {
            **{name: value for name, value in held.items() if name not in self.ranges},
            "ranges": dict(self.ranges),
        }


def saved_screen(place: Workspace, name: str) -> SavedScreen:
    """Return a saved screen by its name, or by its title in either language.

    Raises
    ------
    NotFoundError
        If there is none.
    ConfigError
        If its file breaks its rules.
    """
    wanted = name.strip().casefold()
    known: list[str] = []
    for own, content, where in _files(place):
        known.append(own)
        if own == wanted:
            return _read(content, where)
    for _, content, where in _files(place):
        try:
            found = _read(content, where)
        except ScreenerError:
            continue
        titles = (found.title_zh or "", found.title_en or "")
        if wanted in (title.casefold() for title in titles if title):
            return found
    near = difflib.get_close_matches(wanted, known, n=3) or known
    raise NotFoundError(
        say("there is no saved screen {name}", name=repr(name)),
        where=say("there are {names}", names=", ".join(dict.fromkeys(near))),
        fix=say("see {command}", command="`screener screen --list-screens`"),
    )


def own_screens(place: Workspace) -> list[str]:
    """Return the names of the screens that a workspace has saved itself."""
    return sorted(path.stem for path in (place.root / FOLDER).glob("*.toml"))


def list_screens(place: Workspace) -> list[tuple[str, SavedScreen, str]]:
    """Return every saved screen: its name, what it asks, and where it is from."""
    found: dict[str, tuple[str, SavedScreen, str]] = {}
    for name, content, where in _files(place):
        if name not in found:
            found[name] = (name, _read(content, where), where)
    return [found[name] for name in sorted(found)]


def write_screen(place: Workspace, name: str, asked: SavedScreen, *, force: bool = False) -> Path:
    """Write a screen into the workspace; return its file, relative to the workspace.

    Raises
    ------
    InputError
        If the name is none, or there is such a file and `force` is not given.
    StorageError
        If it cannot be written.
    """
    import tomlkit

    if not _NAME.fullmatch(name):
        raise InputError(
            say("{name} is no name of a screen", name=repr(name)),
            fix=say("write lowercase letters, digits and hyphens"),
        )
    path = place.root / FOLDER / f"{name}.toml"
    if path.exists() and not force:
        raise InputError(
            say("there is a screen {name}", name=repr(name)),
            where=str(path),
            fix=say("choose another name, or add --force"),
        )
    document = tomlkit.document()
    for item in fields(asked):
        value = getattr(asked, item.name)
        if item.name in _LISTS and value is not None:
            value = [part.strip() for part in re.split(r"[,，、]", value) if part.strip()]
        if value is not None and value != {}:
            document[item.name] = dict(value) if item.name in _TABLES else value
    try:
        path.parent.mkdir(exist_ok=True)
        write_whole(path, tomlkit.dumps(document))
    except OSError as error:
        raise storage_error(error, path) from error
    return path.relative_to(place.root)


def _files(place: Workspace) -> Iterator[tuple[str, str, str]]:
    """Give the name, the text and the place of each saved screen, the workspace's own first."""
    folder = place.root / FOLDER
    for path in sorted(folder.glob("*.toml")) if folder.is_dir() else ():
        try:
            content = read_regular(path, _LARGEST, where=str(path), fix=say("correct that file"))
        except OSError as error:
            raise storage_error(error, path) from error
        yield path.stem, content.decode("utf-8-sig", errors="replace"), f"{FOLDER}/{path.name}"
    shipped = resources.files("screener.screen.tables").joinpath("screens")
    for item in sorted(shipped.iterdir(), key=lambda one: one.name):
        if item.name.endswith(".toml"):
            name = item.name.removesuffix(".toml")
            yield name, item.read_text(encoding="utf-8"), say("ships with the program")


def _read(content: str, where: str) -> SavedScreen:
    try:
        held = tomllib.loads(content.replace("\r\n", "\n"))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(
            say("not valid TOML: {why}", why=error), where=where, fix=say("correct that file")
        ) from error
    known = {item.name for item in fields(SavedScreen)}
    return SavedScreen(**{key: _value(key, value, known, where) for key, value in held.items()})


def _value(key: str, value: object, known: set[str], where: str) -> Any:
    if key not in known:
        near = difflib.get_close_matches(key, known, n=1) or sorted(known)
        raise ConfigError(
            say("there is no key {key}", key=repr(key)),
            where=where,
            fix=say("one of {known}", known=", ".join(near)),
        )
    if key in _TABLES and isinstance(value, dict):
        if all(isinstance(item, str) for item in value.values()):
            return value
    elif key in _LISTS and isinstance(value, list):
        if value and all(isinstance(item, str) and "," not in item for item in value):
            return ",".join(value)
    elif key == "top":
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    elif key not in (*_TABLES, *_LISTS) and isinstance(value, str):
        return value
    raise ConfigError(
        say("{value} is no value of {key}", value=repr(value), key=key),
        where=where,
        fix=say("see a saved one: {command}", command="`screener screen --list-screens`"),
    )
