"""Markup as a tree, made once in each language and written as one text that holds both.

A page is a function that returns a tree. It runs once in English and once in Chinese; where the two
trees say the same it is written once, where they differ both stand there, marked by language, and
the page shows one of them. Whatever is text is cleaned and escaped here, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from screener.files.clean import clean
from screener.files.writing import csv_text
from screener.language import Language, bound, in_english, speaking

__all__ = ["Child", "Node", "csv_rows", "in_both", "markup_of", "node", "spoken"]

_VOID = frozenset({"br", "hr", "input", "link", "meta"})
_INSIDE = {"text": "tspan", "tspan": "tspan"}  # what holds a piece of text of one language
_WHOLE = frozenset({"option", "template", "title", "script", "style"})  # hold text alone


@dataclass(frozen=True, slots=True)
class Node:
    """An element: its name, its attributes (`None` and `False` are left out) and what it holds."""

    tag: str
    attributes: Mapping[str, object]
    children: tuple[Child, ...]


Child = Node | str


def node(tag: str, *children: Child | Iterable[Child | None] | None, **attributes: object) -> Node:
    """Return an element.

    Parameters
    ----------
    tag
        Its name.
    *children
        Elements and texts, or iterables of them; `None` is left out.
    **attributes
        Its attributes; `class_` is `class`, and an underscore stands for a hyphen.
    """
    named = {
        name.rstrip("_").replace("_", "-"): value
        for name, value in attributes.items()
        if value is not None and value is not False
    }
    return Node(tag, named, tuple(_flat(children)))


def _flat(children: Iterable[Child | Iterable[Child | None] | None]) -> Iterator[Child]:
    for child in children:
        if child is None:
            continue
        if isinstance(child, (str, Node)):
            yield child
        else:
            yield from (item for item in child if item is not None)


def csv_rows(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> Node:
    """Return rows as CSV that nobody sees, from which the page copies and reads.

    They are the same in each language: the tree in English has them, and `in_both` takes that.
    """
    text = csv_text(columns, in_english(list(rows))) if bound() is Language.EN else ""
    return node("template", text, class_="csv")


def spoken(build: Callable[[], Child]) -> tuple[Child, Child]:
    """Return what is built in English and in Chinese."""
    with speaking(Language.EN):
        english = build()
    with speaking(Language.ZH):
        return english, build()


def in_both(english: Child, chinese: Child, shown: Language) -> str:
    """Return markup that holds two trees, each part that they share once.

    Parameters
    ----------
    english, chinese
        The same content in each language.
    shown
        Language of attributes until the reader asks for the other.
    """
    out: list[str] = []
    _write(out, english, chinese, shown, "")
    return "".join(out)


def markup_of(tree: Child) -> str:
    """Return the markup of one tree."""
    out: list[str] = []
    _write(out, tree, tree, Language.EN, "")
    return "".join(out)


def _write(out: list[str], one: Child, other: Child, shown: Language, inside: str) -> None:
    if isinstance(one, str) and isinstance(other, str):
        _write_text(out, one, other, inside)
    elif isinstance(one, Node) and isinstance(other, Node) and _alike(one, other):
        _write_node(out, one, other, shown)
    else:
        for language, tree in ((Language.EN, one), (Language.ZH, other)):
            wrapped = tree if isinstance(tree, Node) else node("span", tree)
            marked = Node(wrapped.tag, {**wrapped.attributes, "lang": language}, wrapped.children)
            _write_node(out, marked, marked, shown)


def _alike(one: Node, other: Node) -> bool:
    same = one.tag == other.tag and len(one.children) == len(other.children)
    return same and one.attributes.keys() == other.attributes.keys()


def _write_text(out: list[str], one: str, other: str, inside: str) -> None:
    if one == other or inside in _WHOLE:
        out.append(escape(clean(one), quote=False))
        return
    tag = _INSIDE.get(inside, "span")
    for language, text in ((Language.EN, one), (Language.ZH, other)):
        out.append(f'<{tag} lang="{language}">{escape(clean(text), quote=False)}</{tag}>')


def _write_node(out: list[str], one: Node, other: Node, shown: Language) -> None:
    out.append(f"<{one.tag}")
    for name, value in one.attributes.items():
        _write_attribute(out, name, value, other.attributes[name], shown)
    out.append(">")
    if one.tag in _VOID:
        return
    if one is other:
        for child in one.children:
            _write(out, child, child, shown, one.tag)
    else:
        for child, twin in zip(one.children, other.children, strict=True):
            _write(out, child, twin, shown, one.tag)
    out.append(f"</{one.tag}>")


def _write_attribute(
    out: list[str], name: str, one: object, other: object, shown: Language
) -> None:
    if one is True:
        out.append(f" {name}")
        return
    told = other if shown is Language.ZH else one
    out.append(f' {name}="{escape(clean(str(told)))}"')
    if one != other:
        for language, text in ((Language.EN, one), (Language.ZH, other)):
            out.append(f' data-{language}-{name}="{escape(clean(str(text)))}"')
