"""A card's text as items that can be changed one by one, everything else left as it is."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from screener.workspace.cards.toml_pieces import Bracket, Document, Element, Section, Statement

__all__ = ["CardItems", "Fields", "Inline", "Item", "Key", "Lined", "Plain"]

_KEYS: Mapping[str, tuple[str, ...]] = {
    "securities": ("listing", "theme"),
    "claims": ("subject", "measure", "as_of"),
    "indices": ("code", "name"),
    "climate": ("sector",),
    "estimates": ("listing", "fiscal_year"),
    "notes": ("id",),
    "rating_definitions": ("broker",),
}
_ARRAYS = ("securities", "claims", "indices", "climate", "estimates")

Plain = Mapping[str, Any]
Key = tuple[object, ...]


class Fields(Protocol):
    """Pairs of a table that can be changed one by one."""

    def pairs(self) -> Iterator[tuple[str, str, str]]:
        """Yield each pair: name, value as written, and what stands behind it on its line."""

    def put(self, name: str, value: str, before: Sequence[str]) -> None:
        """Write a value; a new one goes behind the last pair of `before` that is there."""

    def drop(self, name: str) -> None:
        """Remove a pair."""


@dataclass(slots=True)
class Inline:
    """Pairs of an inline table in an array."""

    element: Element

    def pairs(self) -> Iterator[tuple[str, str, str]]:
        """Yield each pair: name, value as written, nothing."""
        for item in Bracket.of(self.element.body).elements:
            name, _, value = item.pair()
            yield name, value, ""

    def put(self, name: str, value: str, before: Sequence[str]) -> None:
        """Write a value; a new one goes behind the last pair of `before` that is there."""
        table = Bracket.of(self.element.body)
        names = [item.pair()[0] for item in table.elements]
        if name in names:
            item = table.elements[names.index(name)]
            item.body = item.pair()[1] + value
        else:
            table.insert(_behind(names, before), f"{name} = {value}")
        self.element.body = table.text

    def drop(self, name: str) -> None:
        """Remove a pair."""
        table = Bracket.of(self.element.body)
        table.remove([item.pair()[0] for item in table.elements].index(name))
        self.element.body = table.text


@dataclass(slots=True)
class Lined:
    """Pairs on lines of their own: under a header, or with a dotted prefix."""

    body: list[Statement]
    prefix: str = ""

    def pairs(self) -> Iterator[tuple[str, str, str]]:
        """Yield each pair: name, value as written, comment and line end."""
        for item in self.body:
            if item.name.startswith(self.prefix) and item.name:
                _, value, tail = item.split()
                yield item.name.removeprefix(self.prefix), value, tail

    def put(self, name: str, value: str, before: Sequence[str]) -> None:
        """Write a value; a new one goes behind the last pair of `before` that is there."""
        names = [item.name for item in self.body]
        if self.prefix + name in names:
            self.body[names.index(self.prefix + name)].replace(value)
            return
        at = _behind(names, [self.prefix + other for other in before])
        self.body.insert(at, Statement(f"{self.prefix}{name} = {value}\n", self.prefix + name))

    def drop(self, name: str) -> None:
        """Remove a pair with its line."""
        self.body[:] = [item for item in self.body if item.name != self.prefix + name]


@dataclass(slots=True)
class Item:
    """An item of a list: what it says, its pairs, its text with the comments at its side."""

    key: Key
    plain: Plain
    fields: Fields
    text: str
    place: Element | Section


class CardItems:
    """A card's text, what it says, and its lists as items."""

    def __init__(self, text: str) -> None:
        self.plain: Plain = tomllib.loads(text)
        self._document = Document.of(text)
        self._arrays: dict[str, tuple[Statement, Bracket]] = {}

    @property
    def text(self) -> str:
        """The text with all changes."""
        for statement, bracket in self._arrays.values():
            statement.replace(bracket.text)
        return self._document.text

    @property
    def top(self) -> list[Statement]:
        """The lines in front of the first header."""
        return self._document.sections[0].body

    def published(self) -> Fields | None:
        """Return the pairs of the publication; `None` if they are an inline table."""
        if any(item.name.startswith("published.") for item in self.top):
            return Lined(self.top, "published.")
        sections = (item for item in self._document.sections if item.path == "published")
        return next((Lined(section.body) for section in sections), None)

    def comments(self) -> set[str]:
        """Return the comments that stand on lines of their own."""
        return {item.text.strip() for item in self._trivia()} - {""}

    def drop_comments(self, comments: set[str]) -> None:
        """Remove comments that stand on lines of their own."""
        for section in self._document.sections:
            for lines in (section.lead, section.body):
                lines[:] = [
                    item for item in lines if item.name or item.text.strip() not in comments
                ]

    def items(self, name: str) -> dict[Key, Item]:
        """Return a list by what tells its items apart; what comes twice is counted."""
        seen: Counter[Key] = Counter()
        found = {}
        for plain, place, fields, text in self._entries(name):
            key = tuple(plain.get(part, "") for part in _KEYS[name])
            numbered = (*key, seen[key])
            found[numbered] = Item(numbered, plain, fields, text, place)
            seen[key] += 1
        return found

    def add(self, name: str, item: Item, behind: Element | Section | None) -> Element | Section:
        """Add an item of another card to a list, behind one of its own or as its first."""
        bracket = self._bracket(name)
        if bracket is None and (name not in _ARRAYS or self._blocks(name)):
            return self._add_block(name, item, behind)
        if bracket is None:
            bracket = self._new_array(name)
        pairs = ", ".join(f"{key} = {value}" for key, value, _ in item.fields.pairs())
        at = 0
        if isinstance(behind, Element):
            at = _place(bracket.elements, behind) + 1
        bracket.insert(at, f"{{ {pairs} }}")
        return bracket.elements[at]

    def remove(self, name: str, item: Item) -> None:
        """Remove an item with its line or its block."""
        bracket = self._bracket(name)
        if bracket is not None and isinstance(item.place, Element):
            bracket.remove(_place(bracket.elements, item.place))
            return
        sections = self._document.sections
        first = next(at for at, section in enumerate(sections) if section is item.place)
        del sections[first : self._end(first)]

    def _entries(self, name: str) -> Iterator[tuple[Plain, Element | Section, Fields, str]]:
        plains: Sequence[Plain] = self.plain.get(name, ())
        bracket = self._bracket(name)
        if bracket is not None:
            for plain, element in zip(plains, bracket.elements, strict=True):
                yield plain, element, Inline(element), element.before + element.body + element.after
            return
        for plain, at in zip(plains, self._blocks(name), strict=True):
            sections = self._document.sections[at : self._end(at)]
            text = "".join(section.text for section in sections)
            yield plain, sections[0], Lined(sections[0].body), text

    def _trivia(self) -> Iterator[Statement]:
        for section in self._document.sections:
            yield from section.lead
            yield from (item for item in section.body if not item.name)

    def _bracket(self, name: str) -> Bracket | None:
        if name not in self._arrays:
            for statement in self.top:
                if statement.name == name:
                    self._arrays[name] = (statement, Bracket.of(statement.split()[1]))
        return self._arrays[name][1] if name in self._arrays else None

    def _blocks(self, name: str) -> list[int]:
        sections = enumerate(self._document.sections)
        return [at for at, item in sections if item.path == name and item.repeated]

    def _end(self, first: int) -> int:
        """Return the section behind a block and the tables inside it."""
        sections = self._document.sections
        end = first + 1
        while end < len(sections) and sections[end].path.startswith(f"{sections[first].path}."):
            end += 1
        return end

    def _new_array(self, name: str) -> Bracket:
        earlier = _ARRAYS[: _ARRAYS.index(name)]
        names = [item.name for item in self.top]
        at = _behind(names, [*earlier, *(item for item in names if item.startswith("published."))])
        statement = Statement(f"{name} = []\n", name)
        self.top[at:at] = [Statement("\n"), statement]
        self._arrays[name] = (statement, Bracket.of("[]"))
        return self._arrays[name][1]

    def _add_block(self, name: str, item: Item, behind: Element | Section | None) -> Section:
        sections = self._document.sections
        own = self._blocks(name)
        at = self._end(own[-1]) if own else len(sections)
        for place, section in enumerate(sections):
            if section is behind:
                at = self._end(place)
        new = Section(path=name, header=f"[[{name}]]\n", repeated=True, lead=[Statement("\n")])
        if name == "rating_definitions" and isinstance(item.place, Section):
            new.lead = list(item.place.lead)  # tells the horizon of this very definition
        new.body = [Statement(f"{key} = {value}\n", key) for key, value, _ in item.fields.pairs()]
        sections.insert(at, new)
        return new


def _behind(names: Sequence[str], before: Sequence[str]) -> int:
    return max((at + 1 for at, name in enumerate(names) if name in before), default=0)


def _place(elements: Sequence[Element], wanted: Element) -> int:
    return next(at for at, element in enumerate(elements) if element is wanted)
