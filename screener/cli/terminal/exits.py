"""Where errors end: the one place that catches them, prints them, and chooses the exit code."""

from __future__ import annotations

import errno
import os
import sys
from typing import Any

import typer

from screener.cli.terminal.defaults import defaults_of
from screener.cli.terminal.speaking import TYPED, SpeakingGroup
from screener.cli.terminal.usage import usage_fault
from screener.errors import ScreenerError, StorageError
from screener.files.clean import clean_line
from screener.files.memory import memory_error, tells_of_memory
from screener.language import Language, bound, say, split_option

__all__ = ["INTERRUPTED", "RootGroup"]

INTERRUPTED = 130
_UsageError: Any = typer.BadParameter.__base__  # what a wrong option ends in


class RootGroup(SpeakingGroup):
    """The root command: a user's error ends in a message and a code, a bug in a traceback."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the root's own options; what is wrong with them is told in the reader's language."""
        try:
            return super().parse_args(ctx, args)
        except _UsageError as error:
            _say_usage(error)
            raise

    def invoke(self, ctx: Any) -> Any:
        """Run a command and turn what a user can correct into a message on standard error."""
        try:
            _, typed = split_option(ctx.meta.get(TYPED, []))
            ctx.default_map = defaults_of(self, typed)
            return super().invoke(ctx)
        except ScreenerError as error:
            typer.echo(_message(error), err=True)
            raise typer.Exit(error.exit_code) from None
        except _UsageError as error:
            _say_usage(error)
            raise
        except KeyboardInterrupt:
            typer.echo(say("interrupted; what was not finished was not stored"), err=True)
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            # The reader of our output is gone (`| head`): not worth a word, nor a second failure.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from None
        except Exception as error:
            fault = _machine_message(error)
            if not fault:
                raise
            typer.echo(fault, err=True)
            raise typer.Exit(StorageError.exit_code) from None


def _say_usage(error: Any) -> None:
    """Let what the command framework refuses tell why in the reader's language."""
    error.message = clean_line(error.message)
    if bound() is not Language.EN:
        told = usage_fault(error)
        error.format_message = lambda: told


def _machine_message(error: Exception) -> str:
    """Return what the machine could not do; nothing for what else went wrong, a bug."""
    if tells_of_memory(error):
        return _message(memory_error(error))
    if not isinstance(error, OSError) or error.errno != errno.ENOSPC:
        return ""
    # Only standard output comes here: files and the lake have errors of their own.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return _message(StorageError(say("no space left where standard output goes")))


def _message(error: ScreenerError) -> str:
    from screener.render.widths import beside

    parts = ((say("error:"), error.what), (say("where:"), error.where), (say("fix:"), error.fix))
    return "\n".join(beside([(label, clean_line(text)) for label, text in parts if text]))
