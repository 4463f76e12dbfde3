"""The reference of messages: every sentence of the program, by the part that says it."""

from __future__ import annotations

import ast
from collections import defaultdict
from functools import cache

from babel.messages.extract import extract_from_dir

from docs.making.words import ROOT, cell, heading, table
from hatch_build import KEYWORDS, catalogs, read_catalog
from screener.language import Language, bound

__all__ = ["ROOMS", "messages_index", "messages_page"]

_PACKAGE = ROOT / "screener"
ROOMS = tuple(
    path.name
    for path in sorted(_PACKAGE.iterdir())
    if (path / "__init__.py").exists() and any(extract_from_dir(str(path), keywords=KEYWORDS))
)
"""Rooms with a page of messages each."""

_LEAD = (
    "Every sentence that the program can say, in both languages, by the part that says it: search "
    "here for the words of a remark or an error. `{braces}` stand for what is filled in."
)


def messages_page(room: str) -> str:
    """Return the page of the sentences that one room can say."""
    (path,) = catalogs(ROOT)
    chinese = read_catalog(path)
    lines = heading(
        "Messages",
        _LEAD,
        source=f"from screener/{room} and the catalog",
    )
    lines[1] += f": {room}"
    for file, sentences in _sentences(room):
        lines += [f"## {file}", "", _about(room, file), ""]
        rows = []
        for english in sentences:
            found = chinese.get(english)
            told = found.string if found is not None else ""
            rows.append((cell(_one(english)), cell(_one(told))))
        heads = ("Chinese", "English") if bound() is Language.ZH else ("English", "Chinese")
        lines += table(heads, (row[::-1] if bound() is Language.ZH else row for row in rows))
    return "\n".join(lines)


def _one(text: str | tuple[str, ...] | list[str]) -> str:
    return text if isinstance(text, str) else " / ".join(text)


@cache
def _sentences(room: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for file, _, message, _, _ in extract_from_dir(
        str(ROOT / "screener" / room), keywords=KEYWORDS
    ):
        found[file].setdefault(message[0] if isinstance(message, tuple) else message)
    return tuple((file, tuple(found[file])) for file in sorted(found))


def _about(room: str, file: str) -> str:
    """Return the first line of a module's docstring: what this part does."""
    tree = ast.parse((ROOT / "screener" / room / file).read_text(encoding="utf-8"))
    return (ast.get_docstring(tree) or "").split("\n\n")[0].replace("\n", " ")


def messages_index() -> str:
    """Return the page that leads to those of the rooms."""
    lines = heading("Messages", _LEAD, source="from screener and the catalog")
    rows = []
    for room in ROOMS:
        sentences = sum(len(found) for _, found in _sentences(room))
        rows.append(
            (f"[{room}](messages/{room}.md)", cell(_about(room, "__init__.py")), str(sentences))
        )
    return "\n".join([*lines, *table(("part", "meaning", "sentences"), rows)])
