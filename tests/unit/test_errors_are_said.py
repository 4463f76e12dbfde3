"""Every error that a person reads is a sentence of `say`, written out where it is raised."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from screener import errors
from tests.support.each import failing

PACKAGE = Path(__file__).resolve().parents[2] / "screener"
SAYING = {"say", "say_count", "say_all", "say_declared", "listed", "clauses", "about", "place_in"}
TREE = {
    name
    for name, item in vars(errors).items()
    if isinstance(item, type) and issubclass(item, errors.ScreenerError)
}
_CODE = re.compile(r"import \w+")
_PROSE = re.compile(r"[A-Za-z]{2,}[,:;]? [A-Za-z`'\"{]|\} [a-z]{2,}|[a-z]{3,}:? ?\{")


def prose(source: str) -> Iterator[tuple[int, str]]:
    """Yield the lines on which an error is given a text that nobody can say in Chinese."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and _called(node) in TREE:
            for part in (*node.args, *(item.value for item in node.keywords)):
                yield from ((node.lineno, text) for text in _unsaid(part))


def _called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def _unsaid(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Call) and _called(node) in SAYING:
        return
    text = _text(node)
    if text is not None:
        if not _CODE.fullmatch(text) and _PROSE.search(text):
            yield text
        return
    for child in ast.iter_child_nodes(node):
        yield from _unsaid(child)


def _text(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values
        )
    return None


def test_errors_are_said() -> None:
    assert not failing(check_errors, sorted(PACKAGE.rglob("*.py")), str)


def check_errors(path: Path) -> None:
    assert not list(prose(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('raise InputError("no such basket")', True),
        ('raise InputError(f"no basket {name!r}")', True),
        ('raise DataError(f"{n} rows are missing", where=path)', True),
        ('raise InputError(say("no basket {name}", name=name), fix="see the list")', True),
        ('raise InputError(say("a b") if x else f"{x} is wrong")', True),
        ('raise errors.InputError("no such basket")', True),
        ('raise InputError(say("no basket {name}", name=name), where="--where")', False),
        ("raise InputError(error.what, where=place)", False),
        ('raise InputError(say("left out: {why}", why=", ".join(names)))', False),
        ('raise KeyError("no such basket")', False),
    ],
)
def test_what_is_not_said_is_found(source: str, found: bool) -> None:
    assert bool(list(prose(source))) is found
