"""The root command in the reader's language: `--lang` anywhere on the line, help translated."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import partial
from inspect import cleandoc
from pathlib import Path
from typing import Any

from typer.core import TyperArgument, TyperGroup

from screener.language import (
    Language,
    Said,
    bind_process,
    bound,
    say,
    say_all,
    say_declared,
    split_option,
)
from screener.workspace.settings import spoken_environ

__all__ = ["TYPED", "SpeakingGroup", "help_texts"]

TYPED = "screener.typed"
"""Where the context keeps the arguments of the command line."""

_COMPLETE = "_SCREENER_COMPLETE"  # set by a shell that asks what could be typed next
_USAGE = "Usage:"  # the framework does not translate it
_HELP = {"-h", "--help"}
_EXAMPLE = "Example: "  # a command to type follows


class SpeakingGroup(TyperGroup):
    """A root command that binds the language before it reads anything else."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Bind the language, and read `--lang` as the root's option wherever it stands."""
        bind_process(args, spoken_environ(args, os.environ, Path.cwd()))
        ctx.meta[TYPED] = list(args)
        _untyped(self)
        if bound() is not Language.EN or isinstance(self.help, Said):
            _translate(self, ctx)
        option, rest = split_option(args)
        if _HELP & set(rest[1:]):  # of a command
            from screener.cli.terminal.legends import add_legend

            add_legend(self, rest)
        if len(option) != 1:  # else its value is missing, which is said before all else
            option = [*option, *rest] if rest else []
        return super().parse_args(ctx, option)

    def _main_shell_completion(self, *args: Any, **kwargs: Any) -> None:
        if _COMPLETE in os.environ:
            from screener.cli.terminal.completing import add_completion

            add_completion(self)
        super()._main_shell_completion(*args, **kwargs)


def help_texts(command: Any, ctx: Any) -> Iterator[str]:
    """Give every text that the help of a command and of all below it shows, in English.

    The language that is bound must be English, too: in another one they are translated already.
    """
    yield from (text for text in _paragraphs(command.help) if not text.startswith(_EXAMPLE))
    yield from (option.metavar for option in command.params if _is_worded(option.metavar))
    yield from (_line(option.help) for option in _options(command, ctx))
    for inner in _below(command):
        yield from (panel for panel in (inner.rich_help_panel,) if isinstance(panel, str))
        yield from help_texts(inner, ctx)


def _untyped(command: Any) -> None:
    """Leave out of the help the types of what says them by itself: flags and arguments."""
    for option in command.params:
        if option.metavar is None or isinstance(option, TyperArgument):
            option.display_type_rich = _no_type
    for inner in _below(command):
        _untyped(inner)


def _no_type(ctx: Any) -> str:  # noqa: ARG001 - what the framework calls with its context
    return ""


def _translate(command: Any, ctx: Any) -> None:
    """Say the texts of a command, those said in another language before as well."""
    if not isinstance(command.help, Said):  # the first time
        command.help = say_all("\n\n", map(_paragraph, _paragraphs(command.help)))
        command.get_usage = partial(_usage, command.get_usage)
    else:
        command.help = command.help.again()
    command.options_metavar = say("[OPTIONS]")
    for option in command.params:
        if _is_worded(option.metavar):
            option.metavar = _said(option.metavar)
    for option in _options(command, ctx):
        option.help = _said(option.help)
    if isinstance(command, TyperGroup):
        command.subcommand_metavar = say("COMMAND [ARGS]...")
    for inner in _below(command):
        if isinstance(inner.rich_help_panel, str):
            inner.rich_help_panel = _said(inner.rich_help_panel)
        _translate(inner, ctx)


def _said(text: str) -> str:
    return text.again() if isinstance(text, Said) else say_declared(_line(text))


def _paragraph(text: str) -> str:
    if text.startswith(_EXAMPLE):
        return say("Example: {command}", command=text.removeprefix(_EXAMPLE))
    return say_declared(text)


def _is_worded(metavar: str | None) -> bool:
    """Tell whether a placeholder is a word, not a letter or the values to choose from."""
    return isinstance(metavar, Said) or re.search("[A-Z]{2}", metavar or "") is not None


def _usage(get_usage: Any, ctx: Any) -> str:
    told = say("Usage:")
    line = str(get_usage(ctx)).removeprefix(_USAGE)
    return told + (line if told.isascii() else line.lstrip())


def _below(command: Any) -> Iterator[Any]:
    yield from getattr(command, "commands", {}).values()


def _options(command: Any, ctx: Any) -> Iterator[Any]:
    for option in (*command.params, command.get_help_option(ctx)):
        if getattr(option, "help", None):
            yield option


def _paragraphs(text: str | None) -> Iterator[str]:
    return (_line(part) for part in cleandoc(text or "").split("\n\n"))


def _line(text: str) -> str:
    return " ".join(text.split())
