"""Take TOML text apart and put it together again without losing a byte.

A TOML library that keeps comments (tomlkit) still decides where a new key goes and how it is
spaced: behind the comment of the next table, without blanks. A card that people edit needs both in
the style of the card, so its text is cut into the pieces below, each of which is changed by itself.
The text must be valid TOML; what it means is always told by `tomllib`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field

__all__ = ["Bracket", "Document", "Element", "Section", "Statement", "comments_in"]

_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?:"{0,2})'
    r"|'''.*?'''(?:'{0,2})"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'"
    r"|\#[^\n]*"
    r"|[\[\]{}=,\n]"
    r"|[^\S\n]+"
    r"|[^\[\]{}=,\n\"'\#\s]+",
    re.DOTALL,
)
_DEEPER = {"[": 1, "{": 1, "]": -1, "}": -1}


def comments_in(text: str) -> tuple[str, ...]:
    """Return the comments that a piece of TOML holds."""
    if "#" not in text:
        return ()
    return tuple(piece.strip() for piece, _ in _tokens(text) if piece.startswith("#"))


@dataclass(slots=True)
class Element:
    """A value of an array, or a pair of an inline table.

    `before` is the white space and the comments in front of it; `after` those behind it on its
    line, with the comma.
    """

    before: str
    body: str
    after: str

    def pair(self) -> tuple[str, str, str]:
        """Take `key = value` apart: the key, all in front of the value, the value."""
        head = _head(self.body)
        return _name(head), head, self.body[len(head) :]


@dataclass(slots=True)
class Bracket:
    """An array or an inline table."""

    opening: str
    elements: list[Element]
    closing: str

    @classmethod
    def of(cls, text: str) -> Bracket:
        """Take an array or an inline table apart."""
        inner = text[1:-1]
        elements = []
        at = 0
        for end in (*_commas(inner), len(inner)):
            chunk = inner[at:end]
            start, stop = _bounds(chunk)
            if start == stop:
                break
            tail = re.match(r",(?:[^\S\n]*\#[^\n]*)?", inner[end:])
            after = chunk[stop:] + (tail[0] if tail else "")
            elements.append(Element(chunk[:start], chunk[start:stop], after))
            at = end + (tail.end() if tail else 0)
        if elements and "," not in _bare(elements[-1].after):
            # Behind the last value its own line is its own, the rest belongs to the bracket.
            line, feed, rest = elements[-1].after.partition("\n")
            elements[-1].after = line if comments_in(line) else ""
            closing = ("" if comments_in(line) else line) + feed + rest
        else:
            closing = inner[at:]
        return cls(text[0], elements, closing + text[-1])

    @property
    def text(self) -> str:
        """The text put together again."""
        parts = (item.before + item.body + item.after for item in self.elements)
        return "".join((self.opening, *parts, self.closing))

    def insert(self, at: int, body: str) -> None:
        """Insert an element, laid out as those that are there."""
        trailing = not self.elements or "," in _bare(self.elements[-1].after)
        new = Element(self._gap(), body, ",")
        if not self.elements:
            inline = self.opening == "{"
            new.before, new.after = (" ", "") if inline else ("\n  ", ",")
            if not comments_in(self.closing):
                self.closing = " }" if inline else "\n]"
        elif at == len(self.elements):
            last = self.elements[-1]
            if not trailing:
                last.after, new.after = "," + last.after, ""
        elif at == 0:
            first = self.elements[0]
            if not comments_in(first.before):
                new.before = first.before
                first.before = self._gap()
        self.elements.insert(at, new)

    def remove(self, at: int) -> None:
        """Remove an element with its comma."""
        gone = self.elements.pop(at)
        if self.elements and at == len(self.elements) and "," not in _bare(gone.after):
            last = self.elements[-1]
            last.after = last.after.replace(",", "", 1)
        elif self.elements and at == 0 and "\n" not in gone.before:
            self.elements[0].before = gone.before
        elif not self.elements and not comments_in(self.closing):
            self.closing = self.closing[-1]

    def _gap(self) -> str:
        lined = [item.before for item in self.elements if "\n" in item.before]
        return "\n" + lined[-1].rsplit("\n", 1)[1] if lined else " "


@dataclass(slots=True)
class Statement:
    """A logical line: a pair, a comment or a blank line, with its line end.

    `name` is the dotted key of a pair, and empty for the rest.
    """

    text: str
    name: str = ""

    @classmethod
    def of(cls, text: str) -> Statement:
        """Read a logical line that is no header."""
        stripped = text.lstrip()
        pair = bool(stripped) and not stripped.startswith("#")
        return cls(text, _name(_head(text)) if pair else "")

    def split(self) -> tuple[str, str, str]:
        """Take a pair apart: all in front of the value, the value, all behind it."""
        head = _head(self.text)
        rest = self.text[len(head) :]
        stop = _bounds(rest)[1]
        return head, rest[:stop], rest[stop:]

    def replace(self, value: str) -> None:
        """Put another value into a pair."""
        head, _, tail = self.split()
        self.text = head + value + tail


@dataclass(slots=True)
class Section:
    """A header with what stands under it; the first section of a document has no header.

    `lead` are the blank lines and comments in front of the header that belong to it.
    """

    path: str = ""
    header: str = ""
    repeated: bool = False
    lead: list[Statement] = field(default_factory=list)
    body: list[Statement] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text put together again."""
        return (
            "".join(item.text for item in self.lead)
            + self.header
            + "".join(item.text for item in self.body)
        )


@dataclass(slots=True)
class Document:
    """A whole TOML file."""

    sections: list[Section]

    @classmethod
    def of(cls, text: str) -> Document:
        """Take a file apart."""
        sections = [Section()]
        for line in _logical_lines(text):
            if line.lstrip().startswith("["):
                sections.append(_section(line, _lead(sections[-1].body)))
            else:
                sections[-1].body.append(Statement.of(line))
        return cls(sections)

    @property
    def text(self) -> str:
        """The text put together again."""
        return "".join(section.text for section in self.sections)


def _tokens(text: str) -> Iterator[tuple[str, int]]:
    """Yield each smallest piece with the depth of brackets around it."""
    depth = 0
    for match in _TOKEN.finditer(text):
        piece = match[0]
        change = _DEEPER.get(piece, 0)
        yield piece, depth + min(change, 0)
        depth += change


def _logical_lines(text: str) -> Iterator[str]:
    parts: list[str] = []
    for piece, depth in _tokens(text):
        parts.append(piece)
        if piece == "\n" and depth == 0:
            yield "".join(parts)
            parts = []
    if parts:
        yield "".join(parts)


def _commas(inner: str) -> list[int]:
    found = []
    at = 0
    for piece, depth in _tokens(inner):
        if piece == "," and depth == 0:
            found.append(at)
        at += len(piece)
    return found


def _bounds(text: str) -> tuple[int, int]:
    """Return the first and the last character that are neither white space nor comment."""
    first, last, at = -1, 0, 0
    for piece, _ in _tokens(text):
        if not piece.isspace() and not piece.startswith("#"):
            first = at if first < 0 else first
            last = at + len(piece)
        at += len(piece)
    return (first, last) if first >= 0 else (0, 0)


def _bare(text: str) -> str:
    return "".join(piece for piece, _ in _tokens(text) if not piece.startswith("#"))


def _head(pair: str) -> str:
    """Return all that stands in front of the value of a pair."""
    at = 0
    seen = False
    for piece, _ in _tokens(pair):
        if seen and not piece.isspace():
            break
        seen = seen or piece == "="
        at += len(piece)
    return pair[:at]


def _name(head: str) -> str:
    return ".".join(_path(tomllib.loads(head.strip() + " 0")))


def _path(document: object) -> Iterator[str]:
    while isinstance(document, dict | list) and document:
        if isinstance(document, list):
            document = document[0]
            continue
        key, document = next(iter(document.items()))
        yield key


def _section(line: str, lead: list[Statement]) -> Section:
    return Section(
        path=".".join(_path(tomllib.loads(line))),
        header=line,
        repeated=line.lstrip().startswith("[["),
        lead=lead,
    )


def _lead(body: list[Statement]) -> list[Statement]:
    """Take from the end of a section what belongs to the header that follows it."""
    at = len(body)
    while at and not body[at - 1].name:
        at -= 1
    blank = [place for place in range(at, len(body)) if not body[place].text.strip()]
    start = blank[-1] if blank else at
    while start > at and not body[start - 1].text.strip():
        start -= 1
    lead = body[start:]
    del body[start:]
    return lead
