"""The reference of commands, from the command line itself."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import cleandoc
from typing import Any

from docs.making.words import cell, code, heading, table, word
from screener.language import Language, bound, say_declared

__all__ = ["commands_page", "every_command"]

_EXAMPLE = "Example: "


def every_command() -> Iterator[tuple[str, Any]]:
    """Give each command with the words that one types for it, groups left out."""
    from typer.main import get_command

    from screener.cli.main import app

    yield from _below("screener", get_command(app))


def _below(words: str, command: Any) -> Iterator[tuple[str, Any]]:
    inner = getattr(command, "commands", None)
    if inner is None:
        yield words, command
        return
    for name, item in inner.items():
        yield from _below(f"{words} {name}", item)


def commands_page() -> str:
    """Return the page of all commands, in the language that is bound."""
    lines = heading(
        "Commands",
        "Every command, with all of its options, as `--help` tells them.",
        source="from screener/cli",
    )
    for words, command in every_command():
        lines += [f"## {words}", "", *_help(command)]
        lines += table(("argument", "meaning"), _arguments(command)) if _has(command, False) else []
        lines += table(("option", "default", "meaning"), _options(command))
    return "\n".join(lines)


def _help(command: Any) -> Iterator[str]:
    for part in cleandoc(command.help or "").split("\n\n"):
        text = " ".join(part.split())
        if text.startswith(_EXAMPLE):
            yield from (f"{word('Example')}:", "", "```text", text.removeprefix(_EXAMPLE), "```")
        else:
            yield _said(text)
        yield ""


def _said(text: str) -> str:
    return str(say_declared(" ".join(text.split()))) if bound() is Language.ZH else text


def _has(command: Any, option: bool) -> bool:
    return any(
        item.param_type_name == ("option" if option else "argument") for item in command.params
    )


def _arguments(command: Any) -> Iterator[tuple[str, str]]:
    for item in command.params:
        if item.param_type_name == "argument":
            yield code(item.metavar or item.name), cell(_said(item.help or ""))


def _options(command: Any) -> Iterator[tuple[str, str, str]]:
    for item in command.params:
        if item.param_type_name == "option" and not item.hidden:
            name = ", ".join((*item.opts, *item.secondary_opts))
            shape = "" if item.metavar is None else f" {item.metavar}"
            yield code(name + shape), _default(item), cell(_said(item.help or ""))


def _default(item: Any) -> str:
    value = item.default
    if callable(value) or value in (None, False, True, ()) or not item.show_default:
        return ""
    return code(getattr(value, "value", value))
