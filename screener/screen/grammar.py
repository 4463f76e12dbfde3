"""What a predicate may say: an allow-list over DuckDB's own parse tree.

Whatever is not listed here is refused, so a construct that a later DuckDB adds is refused too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import cast

from screener.language import say

__all__ = ["JOINED", "MAX_DEPTH", "MAX_TEXT", "Node", "Refused", "columns_of"]

Node = Mapping[str, object]

MAX_DEPTH = 50
MAX_TEXT = 100
_MAX_WILDCARDS = 3
JOINED = frozenset({"named_in", "themes"})
"""Columns whose texts are lists, and so are long."""

_FUNCTIONS = frozenset(
    {
        *("+", "-", "*", "/", "//", "%", "^", "**", "^@", "~~", "!~~", "~~*", "!~~*"),
        *("abs", "ceil", "ceiling", "exp", "floor", "greatest", "least", "ln", "log", "log10"),
        *("log2", "nullif", "pow", "power", "round", "sign", "sqrt", "trunc"),
        *("contains", "ends_with", "left", "length", "lower", "prefix", "right", "starts_with"),
        *("substr", "substring", "suffix", "trim", "upper"),
    }
)
_LIKE = frozenset({"~~", "!~~", "~~*", "!~~*"})
_OPERATORS = frozenset(
    {
        *("OPERATOR_NOT", "OPERATOR_IS_NULL", "OPERATOR_IS_NOT_NULL", "OPERATOR_COALESCE"),
        *("COMPARE_IN", "COMPARE_NOT_IN"),
    }
)
_CAST_TYPES = frozenset({"BOOLEAN", "INTEGER", "BIGINT", "DOUBLE", "VARCHAR", "DATE"})
_CONSTANT_TYPES = frozenset(
    {
        *("NULL", "BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UHUGEINT"),
        *("DECIMAL", "DOUBLE", "VARCHAR"),
    }
)


class Refused(Exception):
    """Why a predicate is refused; `query` turns it into an `InputError`."""


def columns_of(root: Node, known: Collection[str]) -> tuple[str, ...]:
    """Check a parse tree and list the columns it reads, in order, each once.

    Parameters
    ----------
    root
        The predicate's node in the output of `json_serialize_sql`.
    known
        Columns that may be read, in lower case.

    Raises
    ------
    Refused
        If anything in the tree is not on the allow-list.
    """
    found: dict[str, None] = {}
    visited = 0
    waiting = [(root, 1)]
    while waiting:
        node, depth = waiting.pop()
        visited += 1
        if depth > MAX_DEPTH:
            raise Refused(say("it is nested more than {n} deep", n=MAX_DEPTH))
        children = _children(node, known)
        if node["class"] == "COLUMN_REF":
            found[_column(node)] = None
        waiting.extend((child, depth + 1) for child in reversed(children))
    # A node in a place that no rule above looks at would make the two counts differ.
    if visited != sum(1 for _ in _nodes(root)):
        raise Refused(say("it has a part that is not allowed"))
    return tuple(found)


def _children(node: Node, known: Collection[str]) -> list[Node]:
    kind = str(node.get("class"))
    rule = _RULES.get(kind)
    if rule is None:
        raise _not_allowed(kind)
    if node.get("alias") not in ("", "passed"):
        raise Refused(say("the alias {name} is not allowed", name=repr(node.get("alias"))))
    if kind == "COLUMN_REF" and _column(node) not in known:
        raise Refused(say("there is no column {name}", name=repr(_column(node))))
    return rule(node)


def _not_allowed(kind: str) -> Refused:
    return Refused(say("{part} is not allowed", part=kind.lower().replace("_", " ")))


def _column(node: Node) -> str:
    return ".".join(str(part) for part in _list(node, "column_names")).lower()


def _no_children(_: Node) -> list[Node]:
    return []


def _constant(node: Node) -> list[Node]:
    value = cast(Node, node["value"])
    kind = str(cast(Node, value["type"])["id"])
    if kind not in _CONSTANT_TYPES:
        raise Refused(say("a constant of type {type} is not allowed", type=kind))
    if kind == "VARCHAR" and len(str(value.get("value", ""))) > MAX_TEXT:
        raise Refused(say("a text is longer than {n} characters", n=MAX_TEXT))
    return []


def _comparison(node: Node) -> list[Node]:
    return [_node(node, "left"), _node(node, "right")]


def _between(node: Node) -> list[Node]:
    return [_node(node, "input"), _node(node, "lower"), _node(node, "upper")]


def _conjunction(node: Node) -> list[Node]:
    return _list(node, "children")


def _operator(node: Node) -> list[Node]:
    kind = str(node["type"])
    if kind not in _OPERATORS:
        raise _not_allowed(kind)
    return _list(node, "children")


def _case(node: Node) -> list[Node]:
    checks = _list(node, "case_checks")
    pairs = [_node(check, key) for check in checks for key in ("when_expr", "then_expr")]
    return [*pairs, _node(node, "else_expr")]


def _cast(node: Node) -> list[Node]:
    target = cast(Node, node["cast_type"])
    if target["id"] not in _CAST_TYPES or target["type_info"] is not None:
        raise Refused(say("a cast to {type} is not allowed", type=target["id"]))
    return [_node(node, "child")]


def _function(node: Node) -> list[Node]:
    name = str(node["function_name"]).lower()
    if name not in _FUNCTIONS or node["schema"] not in ("", "main") or node["catalog"]:
        qualified = ".".join(str(part) for part in (node["schema"], name) if part)
        raise Refused(say("the function {name} is not allowed", name=repr(qualified)))
    orders = cast(Node, node["order_bys"])["orders"]
    if node["distinct"] or node["filter"] or node["export_state"] or orders:
        raise Refused(say("{name} takes no DISTINCT, FILTER or ORDER BY", name=repr(name)))
    children = _list(node, "children")
    if name in _LIKE:
        _check_like(children)
    return children


def _check_like(children: Sequence[Node]) -> None:
    # Matching takes time in the power of the number of wildcards, and one match cannot be
    # interrupted: short subjects and few wildcards keep it small.
    subject, pattern = children
    while subject.get("class") == "FUNCTION" and subject.get("function_name") in (
        *("lower", "upper", "trim"),
    ):
        subject = _list(subject, "children")[0]
    if subject.get("class") != "COLUMN_REF" or pattern.get("class") != "CONSTANT":
        raise Refused(say("LIKE compares a column with a text, such as name LIKE '%银行%'"))
    text = str(cast(Node, pattern["value"]).get("value", ""))
    if text.count("%") > _MAX_WILDCARDS:
        raise Refused(say("a LIKE pattern has at most {n} '%'", n=_MAX_WILDCARDS))
    column = _column(subject)
    if column in JOINED and ("%" in text[1:-1] or "_" in text):
        told = say("{column} is a list: its LIKE has '%' at the ends alone, no '_'", column=column)
        raise Refused(told)


_RULES: dict[str, Callable[[Node], list[Node]]] = {
    "COLUMN_REF": _no_children,
    "CONSTANT": _constant,
    "COMPARISON": _comparison,
    "BETWEEN": _between,
    "CONJUNCTION": _conjunction,
    "OPERATOR": _operator,
    "CASE": _case,
    "CAST": _cast,
    "FUNCTION": _function,
}


def _node(node: Node, key: str) -> Node:
    return cast(Node, node[key])


def _list(node: Node, key: str) -> list[Node]:
    return list(cast("Sequence[Node]", node[key]))


def _nodes(value: object) -> Iterator[Node]:
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, Mapping):
            if "class" in item or "node" in item:
                yield item
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
