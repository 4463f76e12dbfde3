"""The root command in the reader's language: `--lang` anywhere on the line, help translated."""

from __future__ import annotations

import os
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path
from typing import Any

from typer.core import TyperGroup

from screener.language import Language, bind_process, bound, say, split_option
from screener.workspace.settings import spoken_environ

__all__ = ["TYPED", "SpeakingGroup", "top_texts"]

TYPED = "screener.typed"
"""Where the context keeps the arguments of the command line."""

_USAGE = "Usage:"  # the framework does not translate it


class SpeakingGroup(TyperGroup):
    """A root command that binds the language before it reads anything else."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Bind the language, and read `--lang` as the root's option wherever it stands."""
        bind_process(args, spoken_environ(args, os.environ, Path.cwd()))
        ctx.meta[TYPED] = list(args)
        if bound() is not Language.EN:
            _translate(self, ctx)
        option, rest = split_option(args)
        if len(option) != 1:  # else its value is missing, which is said before all else
            option = [*option, *rest] if rest else []
        return super().parse_args(ctx, option)

    def get_usage(self, ctx: Any) -> str:
        """Return the line of usage."""
        return say("Usage:") + super().get_usage(ctx).removeprefix(_USAGE)


def top_texts(root: Any, ctx: Any) -> Iterator[str]:
    """Give every text that the help of the root command shows; the language must be English."""
    yield from _paragraphs(root.help)
    yield from (_line(option.help) for option in _options(root, ctx))
    yield from (next(_paragraphs(command.help)) for command in root.commands.values())


def _translate(command: Any, ctx: Any) -> None:
    command.help = "\n\n".join(say(text) for text in _paragraphs(command.help))
    command.options_metavar = say("[OPTIONS]")
    for option in _options(command, ctx):
        option.help = say(_line(option.help))
    if isinstance(command, TyperGroup):
        command.subcommand_metavar = say("COMMAND [ARGS]...")
        for inner in command.commands.values():
            _translate(inner, ctx)


def _options(command: Any, ctx: Any) -> Iterator[Any]:
    for option in (*command.params, command.get_help_option(ctx)):
        if getattr(option, "help", None):
            yield option


def _paragraphs(text: str | None) -> Iterator[str]:
    return (_line(part) for part in cleandoc(text or "").split("\n\n"))


def _line(text: str) -> str:
    return " ".join(text.split())
